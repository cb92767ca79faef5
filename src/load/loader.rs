//! The loader: remembers what was good, reads what changed, and puts a snapshot together.
//! A zone that did not change is not read again; one that went bad stays as it was; a change that would lose a served zone is
//! refused whole.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::files::{Look, Noted, Seen, folder_of, is_same_list};
use super::report::Report;
use super::run::Run;
use super::versions::{Older, content, stale_serial};
use super::zones::{Setting, ZoneFile, read_zone, zone_files, zone_pattern};
use crate::config::{self, Config, ZoneRules};
use crate::diagnostic::{Diagnostic, Severity, any_error};
use crate::geo::World;
use crate::snapshot::{
    CompiledZone, Edges, Identity, LinkedZone, Policies, Snapshot, bind, blind, link, lint, lint_load, resolve,
};
use crate::wire::Name;

/// Loads one `signpost.toml` with all that it names, again and again.
#[derive(Debug)]
pub struct Loader {
    path: PathBuf,
    /// The seed of all name hashes; one for the process, so that zones need not be compiled again.
    seed: u64,
    world: Option<(Arc<[Noted]>, Arc<World>)>,
    zones: HashMap<Name, GoodZone>,
    /// Which zones there were files for, so that names need not be read again.
    listed: Arc<ListedZones>,
    policies: Option<Arc<Policies>>,
    /// When it is, in seconds since 1970, if that is not to be asked of the clock.
    now: Option<u64>,
    /// Told of each zone that was read.
    progress: Option<Progress>,
    /// Everything looked at by the last load, good or bad.
    seen: Seen,
}

/// Takes how long a load has taken so far, how many zones it has read, and how many there are.
pub type Progress = fn(Duration, usize, usize);

/// What a load brought.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Arc<Config>,
    /// What follows from it.
    pub snapshot: Arc<Snapshot>,
    /// What was found on the way; errors are about zones that keep their last good version, or are not served.
    pub report: Report,
}

/// What every zone of a load is read and linked with.
struct Plan<'a> {
    config: &'a Config,
    rules: HashMap<&'a Name, &'a ZoneRules>,
    policies: &'a Policies,
}

impl Plan<'_> {
    fn link(&self, apex: &Name, compiled: &Arc<CompiledZone>) -> Result<LinkedZone, Vec<Diagnostic>> {
        link(Arc::clone(compiled), self.rules.get(apex).copied(), self.config, self.policies)
    }
}

/// The zone files of a folder, and what they hold by their names.
#[derive(Debug, Default)]
struct ListedZones {
    paths: Arc<[PathBuf]>,
    files: Vec<ZoneFile>,
    faults: Vec<Diagnostic>,
}

/// A zone that can be served, with what is new about it; nothing where all is as it was.
type Servable = (LinkedZone, Option<GoodZone>);

/// The last good version of a zone.
#[derive(Clone, Debug)]
struct GoodZone {
    compiled: Arc<CompiledZone>,
    /// How many records its file has.
    records: usize,
    /// What they are, in a number.
    content: u64,
    /// All files that it is made of, its own first.
    files: Arc<[Noted]>,
    /// Since when its file has been refused; nothing where this is what the file says.
    refused: Option<Instant>,
    /// The bindings of the configuration that it was compiled with.
    steer: Option<Vec<(Name, String)>>,
}

impl Loader {
    /// A loader for this file; `seed` should be hard to guess, queries are hashed with it.
    pub fn new(path: impl Into<PathBuf>, seed: u64) -> Self {
        let path = path.into();
        Self {
            path,
            seed,
            world: None,
            zones: HashMap::new(),
            listed: Arc::default(),
            policies: None,
            now: None,
            progress: None,
            seen: Seen::default(),
        }
    }

    /// The same as of a time in seconds since 1970: how old a database is depends on when that is asked.
    #[must_use]
    pub fn at(self, now: u64) -> Self {
        Self { now: Some(now), ..self }
    }

    /// The same with somebody who wants to know how far a load is.
    #[must_use]
    pub fn progress(self, progress: Progress) -> Self {
        Self { progress: Some(progress), ..self }
    }

    /// Whether anything that the last load looked at is not as it was then; `now` is a look that was taken just now.
    pub fn is_changed(&self, now: Look) -> bool {
        self.seen.is_changed(now)
    }

    /// How all of that was when it was read.
    pub fn then(&self) -> Look {
        self.seen.then()
    }

    /// How all of that is now.
    pub fn look(&self) -> Look {
        self.seen.look()
    }

    /// The folders in which changes matter.
    pub fn folders(&self) -> Vec<PathBuf> {
        self.seen.folders()
    }

    /// The zones that serve an older version than their file holds, by name.
    pub fn older(&self) -> Vec<Older> {
        let older = |(apex, zone): (&Name, &GoodZone)| {
            Some(Older { apex: apex.clone(), serial: zone.compiled.serial(), refused_for: zone.refused?.elapsed() })
        };
        let mut older: Vec<Older> = self.zones.iter().filter_map(older).collect();
        older.sort_by(|a, b| a.apex.cmp(&b.apex));
        older
    }

    /// Reads everything. An error tells that nothing new can be served; then nothing that was good is forgotten.
    pub fn load(&mut self) -> Result<Loaded, Report> {
        let mut run = Run::default();
        let loaded = self.load_with(&mut run);
        self.seen = run.seen;
        match loaded {
            Some((config, snapshot)) => Ok(Loaded { config, snapshot, report: run.report }),
            None => Err(Report { is_refused: true, ..run.report }),
        }
    }

    fn load_with(&mut self, run: &mut Run) -> Option<(Arc<Config>, Arc<Snapshot>)> {
        let Some(config) = run.read_config(&self.path) else {
            // The zones' own faults are worth reporting all the same, where one can guess their folder.
            self.check_zones_alone(run);
            return None;
        };
        let world = self.load_world(&config, run);
        // Without its world nothing is served; an empty one serves to find all other faults.
        let bad_world = world.is_none();
        let (policies, faults) = Policies::compile(&config, world.unwrap_or_default(), self.policies.as_deref());
        let bad = bad_world || any_error(&faults);
        run.tell(faults);
        run.tell(config::unwatched(&config));
        if !bad_world {
            run.tell(blind(&config, policies.world()));
        }
        let zones = self.load_zones(&config, &policies, run);
        let linked = zones.filter(|_| !bad)?;
        if linked.is_empty() && !self.zones.is_empty() {
            run.refuse_to_lose_all(&config, self.zones.len());
            return None;
        }
        let bound: Vec<_> = linked.iter().flat_map(|(zone, _)| zone.links.iter().map(|link| link.node)).collect();
        // What seems unused may be named in a line that could not be read.
        if run.report.errors() == 0 {
            run.tell(config::unused(&config, &bound));
            run.tell(lint_load(&config, &bound, policies.world(), self.now.unwrap_or_else(seconds_since_1970)));
        }
        let (mut zones, news): (Vec<_>, Vec<_>) = linked.into_iter().unzip();
        let policies = bind(policies, &config, &mut zones, &Edges::default()).map_err(|fault| run.tell([fault])).ok()?;
        run.tell(self.forget_gone(&zones, &news));
        let news = zones.iter().zip(news).filter_map(|(zone, news)| Some((zone.zone.apex().clone(), news?)));
        self.zones.extend(news);
        run.report.older = self.older();
        run.report.zones = zones.len();
        run.report.names = zones.iter().map(|zone| zone.zone.name_count()).sum();
        run.report.records = self.zones.values().map(|zone| zone.records).sum();
        run.report.steered = bound.len();
        let policies = Arc::new(policies);
        self.policies = Some(Arc::clone(&policies));
        let snapshot = Snapshot::new(self.seed, zones, policies)
            .with_order(config.server.rrset_order)
            .with_identity(Identity::new(&config.server));
        Some((Arc::new(config), Arc::new(snapshot)))
    }

    /// What was served until now and is not among these, for want of a file: an operator's wish, or a folder that was not mounted.
    fn forget_gone(&mut self, now: &[LinkedZone], news: &[Option<GoodZone>]) -> Vec<Diagnostic> {
        let stays = |(zone, news): &(&LinkedZone, &Option<_>)| news.is_none() || self.zones.contains_key(zone.zone.apex());
        if now.iter().zip(news).filter(stays).count() == self.zones.len() {
            return Vec::new();
        }
        let apexes: HashSet<&Name> = now.iter().map(|zone| zone.zone.apex()).collect();
        let mut gone: Vec<Name> = self.zones.keys().filter(|apex| !apexes.contains(apex)).cloned().collect();
        gone.sort();
        gone.iter().for_each(|apex| drop(self.zones.remove(apex)));
        let tell = |apex: &Name| Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::nowhere(format!("the zone \"{apex}\" has no file any more and is no longer served"))
        };
        gone.iter().map(tell).collect()
    }

    /// The world of the configured databases: as it was, if they did not change; the last good one, if they are bad.
    fn load_world(&mut self, config: &Config, run: &mut Run) -> Option<Arc<World>> {
        let paths = config.server.geoip.iter().map(|file| file.path.as_path());
        let is_current = |files: &[Noted]| files.iter().map(Noted::path).eq(paths.clone()) && files.iter().all(Noted::is_still);
        if let Some((files, world)) = self.world.as_ref().filter(|(files, _)| is_current(files)) {
            run.seen.note_group(Arc::clone(files));
            return Some(Arc::clone(world));
        }
        let files: Arc<[Noted]> = paths.map(Noted::new).collect();
        run.seen.note_group(Arc::clone(&files));
        match run.read_world(&config.server.geoip) {
            Some(world) => {
                let world = Arc::new(world);
                self.world = Some((files, Arc::clone(&world)));
                Some(world)
            }
            None => self.world.as_ref().map(|(_, world)| Arc::clone(world)),
        }
    }

    /// Which zones the zone folder holds.
    fn list_zones(&mut self, config: &Config, run: &mut Run) -> Option<Arc<ListedZones>> {
        let paths = run.seen.note_list(&zone_pattern(&config.server.zones));
        let paths = paths.map_err(|unreadable| run.tell([unreadable.at(config.server.zones_span)])).ok()?;
        if !is_same_list(&paths, &self.listed.paths) {
            let (files, faults) = zone_files(&paths);
            self.listed = Arc::new(ListedZones { paths, files, faults });
        }
        Some(Arc::clone(&self.listed))
    }

    /// All zones that can be served, linked to the new policies; nothing if a zone that is served now would be lost.
    fn load_zones(&mut self, config: &Config, policies: &Policies, run: &mut Run) -> Option<Vec<Servable>> {
        let listed = self.list_zones(config, run)?;
        let ListedZones { files, faults, .. } = &*listed;
        run.tell(faults.iter().cloned());
        if self.zones.is_empty() {
            run.warn_of_no_zone(config, files);
        }
        run.warn_of_rules_without_zone(config, files);
        let mut linked = Vec::with_capacity(files.len());
        let mut lost = false;
        let started = Instant::now();
        let plan = Plan { config, rules: config.zones.iter().map(|rules| (&rules.apex, rules)).collect(), policies };
        for (read, file) in (1..).zip(files) {
            let texts = run.sources.count();
            match self.load_zone(file, &plan, run) {
                Some(zone) => linked.push(zone),
                None => lost |= self.zones.contains_key(&file.apex),
            }
            // All is told of this zone: the texts of all of them would fill the memory before they are compiled.
            run.sources.keep_first(texts);
            if let Some(progress) = self.progress {
                progress(started.elapsed(), read, files.len());
            }
        }
        (!lost).then_some(linked)
    }

    /// One zone: as it was if nothing changed, else as its file says, else its last good version if the new policies allow it.
    fn load_zone(&self, file: &ZoneFile, plan: &Plan<'_>, run: &mut Run) -> Option<Servable> {
        let rules = plan.rules.get(&file.apex).copied();
        let setting = Setting { root: &plan.config.server.zones, rules, config: Some(plan.config), seed: self.seed };
        let good = self.zones.get(&file.apex);
        let relink = |good: &GoodZone| plan.link(&file.apex, &good.compiled);
        if let (Ok(path), Some(good)) = (&file.path, good)
            && good.is_current(path, setting)
            && let Ok(linked) = relink(good)
        {
            run.seen.note_group(Arc::clone(&good.files));
            return Some((linked, good.refused.map(|_| GoodZone { refused: None, ..good.clone() })));
        }
        let compiled = match &file.path {
            Ok(path) => {
                let read = read_zone(&file.apex, path, setting, &mut run.sources);
                run.seen.note_group(Arc::clone(&read.files));
                run.tell(read.diagnostics);
                run.report.read += 1;
                match read.compiled {
                    Ok((parsed, compiled)) => Some((parsed, Arc::new(compiled), read.files)),
                    Err(bindings) => {
                        let faults = resolve(&file.apex, &bindings, rules, plan.config, plan.policies).err();
                        run.tell(faults.into_iter().flatten());
                        None
                    }
                }
            }
            Err(fault) => {
                run.tell([fault.clone()]);
                None
            }
        };
        let is_broken = compiled.is_none();
        if let Some((parsed, compiled, files)) = compiled {
            match plan.link(&file.apex, &compiled) {
                Ok(linked) => {
                    run.tell(lint(&parsed, &linked, plan.policies));
                    let (records, content) = (parsed.records.len(), content(&parsed));
                    let changed = good.filter(|good| good.content != content);
                    run.tell(changed.and_then(|good| stale_serial(&parsed, good.compiled.serial(), compiled.serial())));
                    let good = GoodZone { compiled, records, content, files, refused: None, steer: setting.steer() };
                    return Some((linked, Some(good)));
                }
                Err(faults) => run.tell(faults),
            }
        }
        let good = good?;
        let linked = relink(good);
        if let (Err(faults), true) = (&linked, is_broken) {
            run.tell(faults.iter().map(|fault| stuck(&file.apex, fault)));
        }
        let refused = good.refused.or_else(|| Some(Instant::now()));
        Some((linked.ok()?, Some(GoodZone { refused, ..good.clone() })))
    }

    /// Those that are served as their files say have been told of already.
    fn check_zones_alone(&self, run: &mut Run) {
        let root = folder_of(&self.path).join("zones");
        let setting = Setting { root: &root, rules: None, config: None, seed: self.seed };
        let (files, _) = zone_files(&run.seen.note_list(&zone_pattern(&root)).unwrap_or_default());
        for ZoneFile { apex, path } in files {
            let Ok(path) = path else { continue };
            if let Some(good) = self.zones.get(&apex).filter(|good| good.is_of(&path)) {
                run.seen.note_group(Arc::clone(&good.files));
            } else {
                let read = read_zone(&apex, &path, setting, &mut run.sources);
                run.seen.note_group(read.files);
                run.tell(read.diagnostics);
            }
        }
    }
}

/// Why the last good version of a zone can't go on, so that the whole load is refused. Its text is gone, so no place is told.
fn stuck(apex: &Name, fault: &Diagnostic) -> Diagnostic {
    let why = format!("the last good version of the zone \"{apex}\" can't go on: {}", fault.message);
    Diagnostic::nowhere(why).help("mend the zone file, or keep what its last good version names")
}

impl GoodZone {
    /// Whether reading `path` again would make the same of it.
    fn is_current(&self, path: &Path, setting: Setting<'_>) -> bool {
        self.steer == setting.steer() && self.is_of(path)
    }

    /// Whether this is what `path` holds.
    fn is_of(&self, path: &Path) -> bool {
        self.files.first().is_some_and(|own| own.path().as_os_str() == path.as_os_str()) && self.files.iter().all(Noted::is_still)
    }
}

fn seconds_since_1970() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
