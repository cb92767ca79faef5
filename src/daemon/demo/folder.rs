//! The demo's files: an ordinary `signpost.toml`, a zone and a toy geo database, written into a fresh folder that goes with it.
//!
//! A folder that exists is refused: nothing of anybody's is written over.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::places::Network;

const CONFIG: &str = include_str!("signpost.toml");
const ZONE: &str = include_str!("example.com.zone");
const GEO: &str = include_str!("places.txt");

/// The folder; dropping it removes it.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Writes the files for edges on `port`; `number` makes the folder's name, which must be new.
    pub(super) fn write(network: Network, port: u16, number: u64) -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("signpost-demo-{:06x}", number >> 40));
        // Temporary folders are everybody's: what we serve is ours alone to write.
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        let folder = Self { path };
        fs::create_dir(folder.path.join("zones"))?;
        let config = network.retold(CONFIG).replace("port = 8080", &format!("port = {port}"));
        fs::write(folder.config(), config)?;
        fs::write(folder.path.join("zones/example.com.zone"), network.retold(ZONE))?;
        fs::write(folder.path.join("places.txt"), GEO)?;
        Ok(folder)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file that a server is started with.
    pub(super) fn config(&self) -> PathBuf {
        self.path.join("signpost.toml")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A visitor who moved it meanwhile may keep it.
        let _ = fs::remove_dir_all(&self.path);
    }
}
