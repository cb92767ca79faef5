//! The picture of the README: what a query costs each server, drawn from the run's own numbers.
//!
//! It has no ground of its own and takes its colours from the reader's scheme, so it stands on light and on dark pages.

use std::fmt::Write;

use crate::bout::{Cell, Table};
use crate::peer::Peer;
use crate::work::Work;

/// Two blocks side by side, each a kind of work.
const LAYOUT: [[Work; 2]; 3] = [[Work::Static, Work::Nxdomain], [Work::Weighted, Work::Geo], [Work::Mix, Work::Tcp]];
const WIDTH: f64 = 880.0;
const COLUMN: f64 = 450.0;
/// Room for names before the bars, and for numbers behind them.
const NAMES: f64 = 74.0;
const NUMBERS: f64 = 128.0;
const ROW: f64 = 19.0;
const BAR: f64 = 13.0;
/// From a block's heading to its first bar, and from its last bar to the next heading.
const HEAD: f64 = 12.0;
const FOOT: f64 = 34.0;
const TITLE: f64 = 66.0;
/// A server that costs many times the others would flatten all else: at so many microseconds a bar is cut, its number tells.
const MOST: f64 = 12.0;
const SCALE: f64 = (COLUMN - 24.0 - NAMES - NUMBERS) / MOST;

const STYLE: &str = "text{fill:#1f2328}.h{font-weight:600}.m{fill:#656d76;font-weight:400}.b{font-weight:600}\
    .they .user{fill:#7d8590}.they .system{fill:#d0d7de}.us .user{fill:#0a58ca}.us .system{fill:#79b0f5}\
    .floor{stroke:#cf222e;stroke-dasharray:3 3}\
    @media(prefers-color-scheme:dark){text{fill:#e6edf3}.m{fill:#9198a1}.they .user{fill:#9198a1}.they .system{fill:#3d444d}\
    .us .user{fill:#9ecbff}.us .system{fill:#2f6fd0}.floor{stroke:#ff7b72}}";

/// Bars of CPU microseconds a query, the user share apart, one block a kind of work.
pub fn draw(table: &Table) -> String {
    let (mut body, mut y) = (String::new(), TITLE);
    for works in LAYOUT {
        let mut rows = 0;
        for (work, x) in works.into_iter().zip([0.0, WIDTH - COLUMN + 24.0]) {
            let cells: Vec<&Cell> = table.cells.iter().filter(|cell| cell.work == work).collect();
            rows = rows.max(block(&mut body, work, &cells, (x, y)));
        }
        y += HEAD + rows as f64 * ROW + FOOT;
    }
    let height = y - FOOT + 8.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" \
         font-family=\"system-ui,sans-serif\" font-size=\"12\" role=\"img\">\n<title>CPU a query costs each server</title>\n\
         <style>{STYLE}</style>\n<text class=\"h\" x=\"0\" y=\"14\" font-size=\"15\">CPU microseconds a query, one core</text>\n\
         {}{body}</svg>\n",
        legend()
    )
}

fn legend() -> String {
    let key = |x: f64, class: &str, text: &str| {
        format!(
            "<g class=\"us\"><rect class=\"{class}\" x=\"{x}\" y=\"27\" width=\"12\" height=\"10\" rx=\"2\"/></g>\
             <text class=\"m\" x=\"{}\" y=\"36\">{text}</text>\n",
            x + 18.0
        )
    };
    let floor = "<line class=\"floor\" x1=\"345\" y1=\"26\" x2=\"345\" y2=\"39\"/>\
                 <text class=\"m\" x=\"354\" y=\"36\">what the kernel costs a responder that sends each query back</text>\n";
    key(0.0, "user", "user: the server itself") + &key(165.0, "system", "system: the kernel for it") + floor
}

/// One kind of work; returns how many rows it has.
fn block(body: &mut String, work: Work, cells: &[&Cell], (x, top): (f64, f64)) -> usize {
    let (floor, servers): (Vec<&Cell>, Vec<&Cell>) = cells.iter().partition(|cell| !cell.peer.answers());
    let _ = writeln!(body, "<text class=\"h\" x=\"{x}\" y=\"{top}\">{work}</text>");
    let mut y = top + HEAD;
    for cell in &servers {
        row(body, cell, (x, y));
        y += ROW;
    }
    if let Some(floor) = floor.first() {
        let place = x + NAMES + floor.cost() * SCALE;
        let (from, to) = (top + HEAD - 4.0, y - ROW + BAR + 4.0);
        let _ = writeln!(body, "<line class=\"floor\" x1=\"{place:.1}\" y1=\"{from:.0}\" x2=\"{place:.1}\" y2=\"{to:.0}\"/>");
        let _ = writeln!(
            body,
            "<text class=\"m\" x=\"{place:.1}\" y=\"{top}\" text-anchor=\"middle\" font-size=\"11\">{:.2}</text>",
            floor.cost()
        );
    }
    servers.len()
}

fn row(body: &mut String, cell: &Cell, (x, y): (f64, f64)) {
    let ours = cell.peer == Peer::Signpost;
    let user = cell.user().min(MOST) * SCALE;
    let system = cell.cost().min(MOST) * SCALE - user;
    let (bars, text) = (x + NAMES, y + BAR - 2.5);
    let _ = writeln!(
        body,
        "<g class=\"{}\"><text class=\"{}\" x=\"{:.0}\" y=\"{text}\" text-anchor=\"end\">{}</text>\
         <rect class=\"user\" x=\"{bars}\" y=\"{y}\" width=\"{user:.1}\" height=\"{BAR}\"/>\
         <rect class=\"system\" x=\"{:.1}\" y=\"{y}\" width=\"{system:.1}\" height=\"{BAR}\"/>\
         <text class=\"{}\" x=\"{:.1}\" y=\"{text}\">{}{:.2}<tspan class=\"m\" dx=\"6\">{:.2} user</tspan></text></g>",
        if ours { "us" } else { "they" },
        if ours { "b" } else { "m" },
        bars - 8.0,
        cell.peer,
        bars + user,
        if ours { "b" } else { "" },
        bars + user + system + 7.0,
        if cell.cost() > MOST { "» " } else { "" },
        cell.cost(),
        cell.user(),
    );
}
