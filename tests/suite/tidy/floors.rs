//! Imports point down only, and some siblings never meet (DESIGN.md section 3).

use super::tree::{File, Tree};
use super::{Complaint, complain};

/// The rooms and their floors.
const ROOMS: &[(&str, u8)] = &[
    ("diagnostic", 0),
    ("wire", 0),
    ("limits", 0),
    ("room", 0),
    ("zone", 1),
    ("geo", 1),
    ("health", 1),
    ("dnssec", 1),
    ("config", 2),
    ("snapshot", 3),
    ("answer", 4),
    ("load", 5),
    ("serving", 5),
    ("metrics", 5),
    ("state", 5),
    ("transport", 6),
    ("probe", 6),
    ("resolve", 6),
    ("transfer", 6),
    ("cluster", 6),
    ("control", 6),
    ("daemon", 7),
    ("lib", 8),
    ("main", 8),
];

/// The lowest floor that does IO.
const IO_FLOOR: u8 = 5;

/// The floor whose rooms may use each other; on all others siblings are blind to each other.
const SHARED_FLOOR: u8 = 0;

/// All that `main.rs` may see.
const SEEN_BY_MAIN: &[&str] = &["control", "daemon", "diagnostic"];

/// Whether a file is above the IO line: no sockets, files, clock, dice and logs.
pub(super) fn is_above_io_line(file: &File) -> bool {
    floor(file.room()).is_some_and(|floor| floor < IO_FLOOR)
}

pub(super) fn find(tree: &Tree) -> Vec<Complaint> {
    tree.sources().flat_map(|file| complaints_about(tree, file)).collect()
}

fn complaints_about(tree: &Tree, file: &File) -> Vec<Complaint> {
    let room = file.room();
    let Some(floor) = floor(room) else {
        return vec![complain(file, 1, format!("\"{room}\" has no floor; DESIGN.md section 3 and floors.rs name the rooms"))];
    };
    let mut complaints = Vec::new();
    for mention in &file.mentions {
        let Some(target) = tree.within_crate(file, mention) else { continue };
        let Some((their_room, their_floor)) = target.first().and_then(|room| Some((room, self::floor(room)?))) else { continue };
        if let Some(why) = forbidden(room, floor, their_room, their_floor) {
            let theirs = tree.module(&target).map_or(their_room.as_str(), |(file, _)| &file.path);
            let ours = &file.path;
            complaints.push(complain(
                file,
                mention.line,
                format!("{ours} (floor {floor}) imports {theirs} (floor {their_floor}): {why}"),
            ));
        }
    }
    complaints
}

/// Why one room may not import another, if it may not.
fn forbidden(ours: &str, our_floor: u8, theirs: &str, their_floor: u8) -> Option<&'static str> {
    if ours == theirs {
        None
    } else if their_floor > our_floor {
        Some("imports point down only")
    } else if their_floor == our_floor && our_floor != SHARED_FLOOR {
        Some("siblings on this floor are blind to each other")
    } else if ours == "main" && !SEEN_BY_MAIN.contains(&theirs) {
        Some("main.rs sees control, daemon and diagnostic only")
    } else {
        None
    }
}

fn floor(room: &str) -> Option<u8> {
    ROOMS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}
