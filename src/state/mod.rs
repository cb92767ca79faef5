//! What survives a restart, in the folder `[server] state`: the verdicts as a memory, and the orders as a file that operators
//! write, too.
//!
//! Every file is written aside and renamed, so that it is always whole. A folder that can't be written never stops anything:
//! whoever asks is told why, and the daemon raises the alarm. What is in force is decided elsewhere.

mod book;
mod disk;

use std::io;
use std::path::Path;
use std::time::SystemTime;

pub use book::{Book, Granted, Reading, Refusal, check_orders};

use crate::health::{Memory, read_memories, write_memories};
use crate::limits::VERDICTS_FILE_LENGTH_MAX;

const VERDICTS: &str = "verdicts";

/// Remembers these verdicts.
pub fn remember(folder: &Path, memories: &[Memory]) -> io::Result<()> {
    disk::write(&folder.join(VERDICTS), write_memories(memories, SystemTime::now()).as_bytes())
}

/// What was remembered: nothing at the first start, and the reason where the file is of no use.
pub fn remembered(folder: &Path) -> Result<Vec<Memory>, String> {
    let path = folder.join(VERDICTS);
    let memories = match disk::read(&path, VERDICTS_FILE_LENGTH_MAX) {
        Ok(None) => return Ok(Vec::new()),
        Ok(Some(octets)) => read_memories(&octets, SystemTime::now()),
        Err(why) => Err(why),
    };
    memories.map_err(|why| format!("the verdicts in \"{}\" are not remembered: {why}", path.display()))
}
