//! Tables in Markdown, as they stand in the README.

use std::fmt::Write;

use crate::bout::{Cell, Duel, Million, Sample, Table, median, quantile};
use crate::count::Count;
use crate::peer::Peer;
use crate::work::Work;
use crate::workers::Workers;

/// The medians of rounds.
pub fn rounds(table: &Table) -> String {
    let mut text = String::new();
    for work in Work::SMALL {
        let cells: Vec<_> = table.cells.iter().filter(|cell| cell.work == work).collect();
        let floor = cells.iter().find(|cell| !cell.peer.answers()).map(|cell| cell.cost());
        let _ = writeln!(
            text,
            "\n{work}\n\n| server | answers/s | CPU us/query | spread | user | system | x floor | busy | lost | wrong | p50 us | p99 us |\n\
             |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
        );
        cells.iter().for_each(|cell| row(&mut text, cell, floor));
    }
    let _ = writeln!(text, "\n| server | first answer ms | least-most | memory MiB (PSS) |\n|---|--:|--:|--:|");
    for (peer, firsts, memory) in &table.starts {
        let first = |share| quantile(firsts.iter().map(|seconds| seconds * 1e3), share);
        let memory = *memory as f64 / f64::from(1 << 20);
        let _ = writeln!(text, "| {peer} | {:.0} | {:.0}-{:.0} | {memory:.1} |", first(0.5), first(0.0), first(1.0));
    }
    text
}

fn row(text: &mut String, cell: &Cell, floor: Option<f64>) {
    let of = |value: fn(&Sample) -> f64| median(cell.samples.iter().map(value));
    let all = |share| quantile(cell.samples.iter().map(Sample::cost), share);
    let times = floor.map_or(String::new(), |floor| format!("{:.2}", cell.cost() / floor));
    let latency = |value: fn(&(f64, f64)) -> f64| {
        if cell.latencies.is_empty() { String::new() } else { format!("{:.0}", median(cell.latencies.iter().map(value))) }
    };
    let _ = writeln!(
        text,
        "| {} | {:.0} | {:.2} | {:.2}-{:.2} | {:.2} | {:.2} | {times} | {:.0} % | {:.3} % | {:.3} % | {} | {} |",
        cell.peer,
        of(|sample| sample.rate),
        cell.cost(),
        all(0.0),
        all(1.0),
        cell.user(),
        cell.cost() - cell.user(),
        of(|sample| sample.busy) * 100.0,
        of(|sample| sample.loss) * 100.0,
        of(|sample| sample.wrong) * 100.0,
        latency(|(p50, _)| *p50),
        latency(|(_, p99)| *p99),
    );
}

/// Duels, one a line.
pub fn duels(duels: &[Duel]) -> String {
    let mut text = "| work | x | y | x / y | quartiles | x answers/s | y answers/s | x us | y us | x user us | y user us |\n\
                    |---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n"
        .to_owned();
    for duel in duels {
        let ratio = |share| quantile(duel.ratios.iter().copied(), share);
        let [one, other] = &duel.sums;
        let _ = writeln!(
            text,
            "| {} | {} | {} | {:.2} | {:.2}-{:.2} | {:.0} | {:.0} | {:.2} | {:.2} | {:.2} | {:.2} |",
            duel.work,
            duel.one,
            duel.other,
            ratio(0.5),
            ratio(0.25),
            ratio(0.75),
            one.rate,
            other.rate,
            one.cost(),
            other.cost(),
            one.user,
            other.user,
        );
    }
    text
}

/// The big zone.
pub fn million(million: &Million) -> String {
    let mut text = "| server | first answer s | least-most | memory octets/name |\n|---|--:|--:|--:|\n".to_owned();
    for (peer, firsts, octets) in &million.starts {
        let first = |share| quantile(firsts.iter().copied(), share);
        let _ = writeln!(text, "| {peer} | {:.2} | {:.2}-{:.2} | {octets:.0} |", first(0.5), first(0.0), first(1.0));
    }
    text + "\n" + &duels(std::slice::from_ref(&million.duel))
}

/// One and two workers.
pub fn workers(workers: &[Workers]) -> String {
    let mut text = "| work | instructions a query, one | two | two / one | CPU us, one | two | two / one | quartiles | user us, one | two |\n\
                    |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
        .to_owned();
    for Workers { work, instructions: [one, two], samples: [alone, both], ratios } in workers {
        let ratio = |share| quantile(ratios.iter().copied(), share);
        let _ = writeln!(
            text,
            "| {work} | {one:.0} | {two:.0} | {:.3} | {:.2} | {:.2} | {:.2} | {:.2}-{:.2} | {:.2} | {:.2} |",
            two / one,
            alone.cost(),
            both.cost(),
            ratio(0.5),
            ratio(0.25),
            ratio(0.75),
            alone.user,
            both.user,
        );
    }
    text
}

/// Instructions, one line a kind of work.
pub fn counts(counts: &[Count]) -> String {
    let mut peers: Vec<Peer> = Vec::new();
    let mut works: Vec<Work> = Vec::new();
    for count in counts {
        if !peers.contains(&count.peer) {
            peers.push(count.peer);
        }
        if !works.contains(&count.work) {
            works.push(count.work);
        }
    }
    let head: String = peers.iter().map(|peer| format!(" {peer} |")).collect();
    let mut text = format!("| instructions a query |{head}\n|---|{}\n", "--:|".repeat(peers.len()));
    for work in works {
        let row = peers.iter().map(|peer| {
            let count = counts.iter().find(|count| count.peer == *peer && count.work == work);
            let of = |count: &Count, share| quantile(count.lives.iter().copied(), share);
            let shown = |count| format!(" {:.0} ({:.0}-{:.0}) |", of(count, 0.5), of(count, 0.0), of(count, 1.0));
            count.map_or(" |".to_owned(), shown)
        });
        let _ = writeln!(text, "| {work} |{}", row.collect::<String>());
    }
    text
}
