//! Small files, read up to a limit and written whole: aside, to the disk, and then renamed over what was there.
//! Whoever reads, now or after a power cut, sees the old text or the new one.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

/// What is in a regular file of at most `length_max` octets; nothing if there is none, and else the reason.
pub(super) fn read(path: &Path, length_max: usize) -> Result<Option<Vec<u8>>, String> {
    let file = match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err("it is not a regular file".into()),
        Ok(_) => File::open(path),
        Err(error) if [ErrorKind::NotFound, ErrorKind::NotADirectory].contains(&error.kind()) => return Ok(None),
        Err(error) => Err(error),
    };
    let mut octets = Vec::new();
    let read = file.and_then(|file| file.take(length_max as u64 + 1).read_to_end(&mut octets));
    read.map_err(|error| plain(&error))?;
    if octets.len() > length_max { Err(format!("it is longer than {} KiB", length_max >> 10)) } else { Ok(Some(octets)) }
}

/// Puts these octets in the place of a file; makes its folder if that is missing, but none above it.
pub(super) fn write(path: &Path, octets: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    match fs::create_dir(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut aside = path.as_os_str().to_owned();
    aside.push(".new");
    let mut file = File::create(&aside)?;
    file.write_all(octets)?;
    file.sync_all()?;
    // Who may read and write the file stays as it was.
    if let Ok(before) = fs::metadata(path) {
        fs::set_permissions(&aside, before.permissions())?;
    }
    fs::rename(&aside, path)?;
    // The name is in the folder: without this a power cut may bring the old file back.
    File::open(folder)?.sync_all()
}

/// An error in words, without the number that the standard library appends.
pub(super) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    text.get(..end).unwrap_or(&text).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_with_its_folder_and_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/verdicts");
        assert_eq!(read(&path, 10), Ok(None));
        for text in ["first", "second"] {
            write(&path, text.as_bytes()).unwrap();
            assert_eq!(read(&path, 10), Ok(Some(text.into())));
        }
        assert_eq!(fs::read_dir(folder.path().join("state")).unwrap().count(), 1, "nothing is left aside");
        assert_eq!(read(&path, 5), Err("it is longer than 0 KiB".into()));
        assert_eq!(read(folder.path(), 10), Err("it is not a regular file".into()));
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(write(&folder.path().join("file/verdicts"), b"x").is_err());
    }
}
