//! The picture of the README: what a query costs each server, drawn from the run's own numbers.

use std::fmt::Write;

use crate::bout::{Table, median};
use crate::work::Work;

const LABEL: f64 = 86.0;
const BAR: f64 = 14.0;
const GAP: f64 = 4.0;
const WIDTH: f64 = 760.0;
const HEAD: f64 = 26.0;

/// Bars of CPU microseconds a query, the user share dark, one block a kind of work.
pub fn draw(table: &Table) -> String {
    let cost = |cell: &crate::bout::Cell| {
        let of = |value: fn(&crate::bout::Sample) -> f64| median(cell.samples.iter().map(value));
        (of(|sample| sample.user), of(|sample| sample.system))
    };
    // A server that costs many times the others would flatten all else: its bar is cut, its number tells.
    let most = 16.0;
    let scale = (WIDTH - LABEL - 120.0) / most;
    let (mut body, mut y) = (String::new(), 30.0);
    for work in Work::SMALL {
        let _ = writeln!(body, "<text class=\"h\" x=\"0\" y=\"{y}\">{work}</text>");
        y += 8.0;
        for cell in table.cells.iter().filter(|cell| cell.work == work) {
            let (user, system) = cost(cell);
            let class = if cell.peer == crate::peer::Peer::Signpost { "us" } else { "they" };
            let dark = user.min(most) * scale;
            let light = (user + system).min(most) * scale - dark;
            let text = y + BAR - 3.0;
            let _ = writeln!(
                body,
                "<text x=\"{}\" y=\"{text}\" text-anchor=\"end\">{}</text>\
                 <rect class=\"{class} user\" x=\"{LABEL}\" y=\"{y}\" width=\"{dark:.1}\" height=\"{BAR}\"/>\
                 <rect class=\"{class}\" x=\"{:.1}\" y=\"{y}\" width=\"{light:.1}\" height=\"{BAR}\"/>\
                 <text x=\"{:.1}\" y=\"{text}\">{:.2} us ({user:.2} user)</text>",
                LABEL - 6.0,
                cell.peer,
                LABEL + dark,
                LABEL + dark + light + 6.0,
                user + system,
            );
            y += BAR + GAP;
        }
        y += HEAD;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {y:.0}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <style>text{{fill:#333}}.h{{font-weight:bold}}.us{{fill:#7bb3e0}}.they{{fill:#c8c8c8}}.us.user{{fill:#1f6fb2}}\
         .they.user{{fill:#8a8a8a}}@media(prefers-color-scheme:dark){{text{{fill:#ddd}}}}</style>\n\
         <text x=\"0\" y=\"12\">CPU microseconds a query on one core (median; dark: user mode). echo: what the kernel alone costs</text>\n\
         {body}</svg>\n"
    )
}
