//! One zone file to one compiled zone, with all its faults.
//! Which zones there are, and what becomes of a bad one, is decided in `loader.rs`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{self, Stamps};
use crate::config::{Config, ZoneRules};
use crate::diagnostic::{Diagnostic, Source, Sources, any_error};
use crate::limits::ZONE_FILE_LENGTH_MAX;
use crate::snapshot::{CompiledZone, bindings, compile_zone};
use crate::wire::Name;
use crate::zone;

/// The ending of zone files; the rest of the file's name is the zone's.
const ENDING: &str = ".zone";

/// A zone that was read, with the stamps of all files that it is made of.
pub(super) struct ReadZone {
    /// What the file says, and what it compiles to; nothing if it has an error.
    pub compiled: Option<(zone::Zone, CompiledZone)>,
    pub diagnostics: Vec<Diagnostic>,
    pub stamps: Stamps,
}

/// A zone file as a folder lists it.
pub(super) struct ZoneFile {
    pub path: PathBuf,
    /// The zone that its name says, or why it says none.
    pub apex: Result<Name, String>,
}

/// What reading a zone takes besides its file.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    /// The zone folder: nothing beyond it is included.
    pub root: &'a Path,
    /// What the configuration says of the zone.
    pub rules: Option<&'a ZoneRules>,
    /// The configuration that the rules are from.
    pub config: Option<&'a Config>,
    /// The seed of name hashes.
    pub seed: u64,
}

/// The zone files of a folder.
pub(super) fn zone_files(folder: &Path) -> Result<Vec<ZoneFile>, String> {
    let mut seen: HashMap<Name, PathBuf> = HashMap::new();
    let mut zones = Vec::new();
    for path in files::entries(folder)? {
        let Some(name) = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(ENDING)) else {
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        let apex = match Name::parse(name.as_bytes(), Some(&Name::root())) {
            Err(error) => Err(format!("the name of \"{}\" is no zone: {error}", path.display())),
            Ok(apex) => match seen.insert(apex.clone(), path.clone()) {
                Some(other) => Err(format!("\"{}\" and \"{}\" hold the same zone; remove one", other.display(), path.display())),
                None => Ok(apex),
            },
        };
        zones.push(ZoneFile { path, apex });
    }
    Ok(zones)
}

/// Reads, checks and compiles one zone file.
pub(super) fn read_zone(apex: &Name, path: &Path, setting: Setting<'_>, sources: &mut Sources) -> ReadZone {
    let mut stamps = Stamps::from([(path.to_owned(), files::stamp(path))]);
    let text = match files::read(path, ZONE_FILE_LENGTH_MAX) {
        Ok(text) => text,
        Err(why) => return ReadZone { compiled: None, diagnostics: vec![Diagnostic::nowhere(why)], stamps },
    };
    let source = sources.add(path.display().to_string(), text);
    let mut known = HashMap::new();
    let mut include = |written: &str, from: &Source| {
        let found = beneath(setting.root, Path::new(from.name()), written)?;
        if let Some(source) = known.get(&found) {
            return Ok(Arc::clone(source));
        }
        stamps.insert(found.clone(), files::stamp(&found));
        let source = sources.add(found.display().to_string(), files::read(&found, ZONE_FILE_LENGTH_MAX)?);
        known.insert(found, Arc::clone(&source));
        Ok(source)
    };
    let (parsed, mut diagnostics) = zone::read(apex, &source, &mut include);
    let target = |steer: &crate::config::Steer| {
        let node = setting.config.and_then(|config| config.nodes.get(steer.node.0 as usize));
        node.map(|node| node.common().name.clone()).unwrap_or_default()
    };
    let (bindings, faults) = bindings(&parsed, setting.rules, target);
    diagnostics.extend(faults);
    let compiled = if any_error(&diagnostics) {
        None
    } else {
        let compiled = compile_zone(&parsed, bindings, setting.seed).map_err(|faults| diagnostics.extend(faults));
        compiled.ok().map(|compiled| (parsed, compiled))
    };
    ReadZone { compiled, diagnostics, stamps }
}

/// What `$INCLUDE written` in the file `from` names: counted from that file's folder, and beneath the zone folder. One file has
/// one name here, however it is written.
fn beneath(root: &Path, from: &Path, written: &str) -> Result<PathBuf, String> {
    let path = from.parent().unwrap_or(root).join(written);
    let real = |path: &Path| path.canonicalize().map_err(|_| format!("can't read \"{}\": no such file", path.display()));
    let below = real(&path)?.strip_prefix(real(root)?).map(|below| root.join(below));
    below.map_err(|_| format!("\"{}\" is not beneath the zone folder \"{}\"", path.display(), root.display()))
}
