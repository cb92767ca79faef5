//! What a reload costs: a changed record among many zones, and a big zone that is read again while it is asked.
//!
//! The first is timed from the start of `signpost reload` to the first answer that has the change. The second is asked at a steady
//! rate all the time; a query without a reply is a loss. Both are Signpost's alone: what the peers do at a reload differs too much.

use std::fmt::Write;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::bout::quantile;
use crate::load::{Load, Tally};
use crate::names::{self, BIG_ZONE, PLAIN};
use crate::peer::{Peer, Scene, Setting, Zone};
use crate::process::Server;
use crate::work::{self, Query, Work};
use crate::{BOTH_CORES, SERVER_CORE};

/// Where the server of many zones listens.
const MANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 5341);
/// Plain names of each zone but the one that changes, which has [`PLAIN`].
const FEW: u32 = 10;
/// The name whose address changes.
const CHANGED: u32 = 7;
/// How long a change may take.
const DEADLINE: Duration = Duration::from_secs(60);
/// How long a server rests after a reload before it is weighed: what it replaced is freed by then.
const REST: Duration = Duration::from_secs(2);
/// How long a stretch of steady questions is.
const STRETCH: Duration = Duration::from_millis(500);

/// One zone's name.
fn apex(number: u32) -> String {
    format!("z{number:05}.example")
}

/// A zone in its version `serial`, which is in the address of one name.
fn version(apex: &str, count: u32, serial: u32) -> (String, Ipv4Addr) {
    let address = Ipv4Addr::from(0x0a80_0000 | serial);
    let before = format!("{} IN A {}\n", names::label(CHANGED), names::address(CHANGED));
    let after = format!("{} IN A {address}\n", names::label(CHANGED));
    let text = names::zone(apex, count).replacen("hostmaster 1 ", &format!("hostmaster {serial} "), 1);
    (text.replacen(&before, &after, 1), address)
}

/// Writes a file aside and renames it, as deploys do.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let aside = path.with_extension("aside");
    let done = fs::write(&aside, text).and_then(|()| fs::rename(&aside, path));
    done.map_err(|error| format!("{}: {error}", path.display()))
}

fn reload(scene: &Scene, config: &Path) -> Command {
    let mut command = Command::new(scene.binary());
    command.arg("reload").arg("--config").arg(config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A changed record in one of so many zones, so many times.
pub fn many(scene: &Scene, zones: u32, changes: u32) -> Result<String, Failure> {
    let folder = scene.folder("many");
    fs::create_dir_all(folder.join("zones")).map_err(|error| format!("{}: {error}", folder.display()))?;
    let file = |number: u32| folder.join(format!("zones/{}.zone", apex(number)));
    let config = folder.join("signpost.toml");
    // Only the command reloads: it is what is timed.
    replace(&config, &format!("[server]\nlisten = \"{MANY}\"\nthreads = 1\nwatch = false\n"))?;
    (1..zones).try_for_each(|number| replace(&file(number), &names::zone(&apex(number), FEW)))?;
    replace(&file(0), &version(&apex(0), PLAIN, 1).0)?;
    let command = ["serve", "--config"].map(str::to_owned);
    let command = [vec![scene.binary().display().to_string()], command.to_vec(), vec![config.display().to_string()]].concat();
    let name = format!("{}.{}", names::label(CHANGED), apex(0));
    let first = Query::of(&name, version(&apex(0), PLAIN, 1).1);
    let server = Server::start(&command, SERVER_CORE, &scene.folder("many.log"), MANY, (&first, Peer::Signpost.judge()))?;
    let mut times = Vec::new();
    let mut costs = Vec::new();
    for serial in 2..changes + 2 {
        let (text, address) = version(&apex(0), PLAIN, serial);
        replace(&file(0), &text)?;
        // The stamp of what was written just now would be too young to be trusted.
        std::thread::sleep(Duration::from_millis(300));
        let before = server.usage();
        times.push(change(&mut reload(scene, &config), &Query::of(&name, address))?);
        std::thread::sleep(Duration::from_millis(300));
        let used = server.usage().since(before);
        costs.push((used.user + used.system) * 1e3);
    }
    let mut text = "| one record of one zone | p50 ms | max ms |\n|---|--:|--:|\n".to_owned();
    let of = |values: &[f64], share| quantile(values.iter().copied(), share);
    let _ = writeln!(text, "| from the command to the answer | {:.0} | {:.0} |", of(&times, 0.5), of(&times, 1.0));
    let _ = writeln!(text, "| CPU of the server | {:.0} | {:.0} |", of(&costs, 0.5), of(&costs, 1.0));
    let _ = writeln!(text, "\n{changes} changes among {zones} zones; the changed one has {PLAIN} names, the others {FEW}.");
    Ok(text)
}

/// Milliseconds from the start of the command to the first right answer.
fn change(command: &mut Command, question: &Query) -> Result<f64, Failure> {
    let socket = UdpSocket::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    socket.set_read_timeout(Some(Duration::from_millis(5))).map_err(|error| error.to_string())?;
    let begun = Instant::now();
    let mut child = command.spawn().map_err(|error| format!("signpost reload: {error}"))?;
    let mut room = [0; 4096];
    let mut found = None;
    while found.is_none() && begun.elapsed() < DEADLINE {
        let asked = socket.send_to(&question.octets, MANY).is_ok();
        if asked
            && let Ok((length, _)) = socket.recv_from(&mut room)
            && room.get(..length).is_some_and(|reply| question.accepts(reply, Peer::Signpost.judge()))
        {
            found = Some(begun.elapsed().as_secs_f64() * 1e3);
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    if found.is_none() {
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| format!("signpost reload: {error}"))?;
    found.filter(|_| status.success()).ok_or_else(|| format!("the change did not come: signpost reload ended with {status}"))
}

/// A zone of so many names, read again so many times while it is asked at this rate.
pub fn big(scene: &Scene, count: u32, reloads: u32, rate: f64) -> Result<String, Failure> {
    let server = scene.start(Peer::Signpost, Setting { cores: BOTH_CORES, ..Setting::of(Zone::Big(count)) })?;
    let folder = scene.folder("signpost");
    let (file, config) = (folder.join(format!("zones/{BIG_ZONE}.zone")), folder.join("signpost.toml"));
    // The name that changes has another answer from then on.
    let mut queries = work::queries(Work::Big, count, &scene.atlas);
    queries.retain(|query| !query.asks_for(&names::label(CHANGED)));
    let per_name = |octets: u64| octets as f64 / f64::from(count);
    let mut text = "| | memory octets/name | most meanwhile | took s | asked | lost | wrong | slowest ms |\n\
                    |---|--:|--:|--:|--:|--:|--:|--:|\n"
        .to_owned();
    std::thread::sleep(REST);
    let _ = writeln!(text, "| start | {:.0} | | {:.2} | | | | |", per_name(server.memory()), server.first_answer.as_secs_f64());
    for serial in 2..reloads + 2 {
        replace(&file, &version(BIG_ZONE, count, serial).0)?;
        let mut load = Load::new(server.address, 1, &queries, Peer::Signpost.judge())?.patient()?;
        let (tally, took, most) = asked_meanwhile(&server, &mut load, rate, reload(scene, &config))?;
        std::thread::sleep(REST);
        let lasted = tally.latencies.iter().copied().fold(0.0, f64::max) / 1e3;
        let _ = writeln!(
            text,
            "| reload {} | {:.0} | {:.0} | {took:.2} | {} | {} | {} | {lasted:.0} |",
            serial - 1,
            per_name(server.memory()),
            per_name(most),
            tally.answered + tally.wrong + tally.lost,
            tally.lost,
            tally.wrong,
        );
    }
    let _ = writeln!(
        text,
        "\n{count} names, {rate:.0} queries a second all the time; memory is PSS, {} s after each.",
        REST.as_secs()
    );
    Ok(text)
}

/// What came of asking while a command ran, how long that took in seconds, and the most memory that the server had.
fn asked_meanwhile(server: &Server, load: &mut Load<'_>, rate: f64, mut command: Command) -> Result<(Tally, f64, u64), Failure> {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let reloading = threads.spawn(|| {
            let begun = Instant::now();
            let status = command.status();
            let took = begun.elapsed().as_secs_f64();
            is_over.store(true, Ordering::Release);
            status.map(|status| (status, took))
        });
        let weighing = threads.spawn(|| {
            let mut most = 0;
            while !is_over.load(Ordering::Acquire) {
                most = most.max(server.memory());
                std::thread::sleep(Duration::from_millis(50));
            }
            most
        });
        let mut all = Tally::default();
        // One stretch more than the reload lasts: what comes after it counts, too.
        loop {
            let was_over = is_over.load(Ordering::Acquire);
            let tally = load.pace(rate, STRETCH)?;
            all.answered += tally.answered;
            all.wrong += tally.wrong;
            all.lost += tally.lost;
            all.latencies.extend(tally.latencies);
            if was_over {
                break;
            }
        }
        let ended = reloading.join().map_err(|_| "the thread that reloads ended".to_owned())?;
        let (status, took) = ended.map_err(|error| format!("signpost reload: {error}"))?;
        let most = weighing.join().map_err(|_| "the thread that weighs ended".to_owned())?;
        if status.success() { Ok((all, took, most)) } else { Err(format!("signpost reload ended with {status}")) }
    })
}
