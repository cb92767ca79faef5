//! One zone file to one compiled zone, with all its faults.
//! Which zones there are, and what becomes of a bad one, is decided in `loader.rs`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{self, Noted};
use crate::config::{Config, Steer, ZoneRules};
use crate::diagnostic::{Diagnostic, Source, Sources, any_error};
use crate::limits::ZONE_FILE_LENGTH_MAX;
use crate::snapshot::{Binding, CompiledZone, bindings, compile_zone};
use crate::wire::Name;
use crate::zone;

/// The ending of zone files; the rest of the file's name is the zone's.
const ENDING: &str = ".zone";

/// A zone that was read, with all files that it is made of, its own first.
pub(super) struct ReadZone {
    /// What the file says, and what it compiles to; if it has an error, the bindings that could be read all the same.
    pub compiled: Result<(zone::Zone, CompiledZone), Vec<Binding>>,
    pub diagnostics: Vec<Diagnostic>,
    pub files: Arc<[Noted]>,
}

/// A zone that the zone folder holds.
#[derive(Debug)]
pub(super) struct ZoneFile {
    pub apex: Name,
    /// Its file; or why that can't be told.
    pub path: Result<PathBuf, Diagnostic>,
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

impl Setting<'_> {
    /// The bindings that the configuration writes in place of the zone's own, by name: what an index means may change with it.
    pub(super) fn steer(&self) -> Option<Vec<(Name, String)>> {
        let written = self.rules?.steer.as_ref()?;
        Some(written.iter().map(|steer| (steer.name.clone(), self.target(steer))).collect())
    }

    fn target(&self, steer: &Steer) -> String {
        let node = self.config.and_then(|config| config.nodes.get(steer.node.0 as usize));
        node.map(|node| node.common().name.clone()).unwrap_or_default()
    }
}

/// The pattern of the zone files of a folder.
pub(super) fn zone_pattern(folder: &Path) -> PathBuf {
    folder.join(format!("*{ENDING}"))
}

/// The zones that these files hold by their names, and what is wrong with the names.
pub(super) fn zone_files(paths: &[PathBuf]) -> (Vec<ZoneFile>, Vec<Diagnostic>) {
    let mut places: HashMap<Name, usize> = HashMap::new();
    let mut zones: Vec<ZoneFile> = Vec::new();
    let mut faults = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        match Name::parse(name.strip_suffix(ENDING.as_bytes()).unwrap_or(name), Some(&Name::root())) {
            Err(error) => faults.push(
                Diagnostic::nowhere(format!("the name of \"{}\" is no zone: {error}", path.display()))
                    .help("call the file like its zone, with the ending \".zone\", or move it elsewhere"),
            ),
            Ok(apex) => {
                let place = *places.entry(apex.clone()).or_insert(zones.len());
                match zones.get_mut(place) {
                    Some(other) => other.refuse_second(path),
                    None => zones.push(ZoneFile { apex, path: Ok(path.clone()) }),
                }
            }
        }
    }
    (zones, faults)
}

impl ZoneFile {
    /// Which of two files is meant, nobody can tell: neither is read.
    fn refuse_second(&mut self, second: &Path) {
        if let Ok(first) = &self.path {
            let message = format!("\"{}\" and \"{}\" hold the same zone", first.display(), second.display());
            self.path = Err(Diagnostic::nowhere(message).help("remove one of them"));
        }
    }
}

/// Reads, checks and compiles one zone file.
pub(super) fn read_zone(apex: &Name, path: &Path, setting: Setting<'_>, sources: &mut Sources) -> ReadZone {
    let mut noted = vec![Noted::new(path)];
    let text = match files::read(path, ZONE_FILE_LENGTH_MAX) {
        Ok(text) => text,
        Err(unreadable) => {
            return ReadZone { compiled: Err(Vec::new()), diagnostics: vec![unreadable.at(None)], files: noted.into() };
        }
    };
    let source = sources.add(path.display().to_string(), text);
    let mut known = HashMap::new();
    let mut include = |written: &str, from: &Source| {
        let path = files::folder_of(Path::new(from.name())).join(written);
        // As it is written: what is not there yet may come, and a link on the way may lead elsewhere one day.
        noted.push(Noted::new(&path));
        let found = beneath(setting.root, &path)?;
        if let Some(source) = known.get(&found) {
            return Ok(Arc::clone(source));
        }
        if found != path {
            noted.push(Noted::new(&found));
        }
        let source = sources
            .add(found.display().to_string(), files::read(&found, ZONE_FILE_LENGTH_MAX).map_err(|unreadable| unreadable.why)?);
        known.insert(found, Arc::clone(&source));
        Ok(source)
    };
    let (parsed, mut diagnostics) = zone::read(apex, &source, &mut include);
    diagnostics.extend(doubt_letters(apex, &source));
    let (bindings, faults) = bindings(&parsed, !any_error(&diagnostics), setting.rules, |steer| setting.target(steer));
    diagnostics.extend(faults);
    let compiled = if any_error(&diagnostics) {
        Err(bindings)
    } else {
        let compiled = compile_zone(&parsed, bindings, setting.seed).map_err(|faults| diagnostics.extend(faults));
        compiled.map(|compiled| (parsed, compiled)).map_err(|()| Vec::new())
    };
    ReadZone { compiled, diagnostics, files: noted.into() }
}

/// Clients ask for names by their A-labels (RFC 5890): no question comes for a name as it is written on paper.
fn doubt_letters(apex: &Name, source: &Source) -> Option<Diagnostic> {
    let doubt = || Diagnostic::warning(source.span(0, 0), format!("the zone \"{apex}\" has letters beyond ASCII in its name"));
    let help = "call the file by the zone's A-labels, which begin with \"xn--\"";
    (!apex.as_wire().is_ascii()).then(|| doubt().label("nobody asks for it so").help(help))
}

/// The included file `path`, which must be beneath the zone folder. One file has one name here, however it is written.
fn beneath(root: &Path, path: &Path) -> Result<PathBuf, String> {
    let real = |path: &Path| path.canonicalize().map_err(|_| format!("can't read \"{}\": no such file", path.display()));
    let below = real(path)?.strip_prefix(real(files::shown(root))?).map(|below| root.join(below));
    below.map_err(|_| format!("\"{}\" is not beneath the zone folder \"{}\"", path.display(), root.display()))
}
