//! What the operator wrote, as texts, compiled the whole way: configuration, zones and geo data to a snapshot, and verdicts to
//! what answers.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use signpost::config::{Config, NodeId, Text, parse};
use signpost::diagnostic::{Diagnostic, Sources, any_error, render};
use signpost::geo::World;
use signpost::health::Verdict;
use signpost::snapshot::{
    Circumstances, Edges, Family, Identity, LinkedZone, NodeKind, PerFamily, Policies, Serving, Share, Snapshot, Stance,
    Steering, bind, bindings, compile_zone, link,
};
use signpost::wire::Name;
use signpost::zone;

/// The seed of the name hashes.
const SEED: u64 = 0x5eed;

/// All that an operator writes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    /// `signpost.toml`, by the name that messages give it.
    pub config: Written,
    /// Zones by apex.
    pub zones: Vec<(String, Written)>,
    /// What names of endpoints were found to have.
    pub edges: Edges,
    /// A database in any form.
    pub geo: Option<(String, Vec<u8>)>,
}

/// A text and the name that messages give it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written {
    pub name: String,
    pub text: String,
}

/// What the texts come to.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub snapshot: Arc<Snapshot>,
}

/// What holds of the health of some addresses, or is ordered of their endpoints.
#[derive(Clone, Debug)]
pub(crate) struct Health {
    /// `POOL/ENDPOINT`; either may be `*`.
    pub pool: String,
    pub endpoint: String,
    /// For one name, where each has a verdict of its own.
    pub name: Option<String>,
    /// For one address, of an endpoint that has several.
    pub address: Option<IpAddr>,
    /// Both families, if not one.
    pub family: Option<Family>,
    pub holds: Holds,
}

/// What that may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Holds {
    Verdict(Verdict),
    /// Failing but not yet down, or recovering.
    Uneasy,
    /// It stays in though it is down.
    Held,
    /// By order.
    Stance(Stance),
    Weight(u16),
    /// In percent.
    Share(u8),
}

impl Health {
    /// All of an endpoint is down.
    pub(crate) fn down(pool: &str, endpoint: &str) -> Self {
        Self {
            pool: pool.to_owned(),
            endpoint: endpoint.to_owned(),
            name: None,
            address: None,
            family: None,
            holds: Holds::Verdict(Verdict::Down),
        }
    }
}

impl Texts {
    /// Texts of a configuration and the zone `example.com`.
    pub(crate) fn new(config: &str, zone: &str) -> Self {
        let written = |name: &str, text: &str| Written { name: name.into(), text: text.into() };
        let zones = vec![("example.com.".to_owned(), written("example.com.zone", zone))];
        Self { config: written("signpost.toml", config), zones, ..Self::default() }
    }

    /// Compiles everything, or says all that forbids it.
    pub(crate) fn compile(&self) -> Result<Compiled, String> {
        let mut sources = Sources::default();
        let (config, policies) = self.policies(&mut sources)?;
        let zones = self.zones.iter().map(|(apex, written)| {
            let apex = Name::parse(apex.as_bytes(), Some(&Name::root())).map_err(|error| format!("\"{apex}\": {error}"))?;
            zone_of(&apex, written, &config, &policies, &mut sources)
        });
        let mut zones: Vec<LinkedZone> = zones.collect::<Result<_, _>>()?;
        let policies = bind(policies, &config, &mut zones, &self.edges).map_err(|fault| render(&fault, &sources))?;
        let snapshot = Snapshot::new(SEED, zones, Arc::new(policies))
            .with_order(config.server.rrset_order)
            .with_identity(Identity::new(&config.server));
        Ok(Compiled { snapshot: Arc::new(snapshot) })
    }

    fn policies(&self, sources: &mut Sources) -> Result<(Config, Policies), String> {
        let source = sources.add(&self.config.name, self.config.text.as_str());
        let (config, found) = parse(&[Text { source: &source, folder: Path::new("") }]);
        let config = config.ok_or_else(|| rendered(&found, sources))?;
        let files: Vec<_> = self.geo.iter().cloned().collect();
        let world = World::read(&files).map_err(|faults| faults.join("\n"))?;
        let (policies, found) = Policies::compile(&config, Arc::new(world), None);
        if any_error(&found) { Err(rendered(&found, sources)) } else { Ok((config, policies)) }
    }
}

fn zone_of(
    apex: &Name,
    written: &Written,
    config: &Config,
    policies: &Policies,
    sources: &mut Sources,
) -> Result<LinkedZone, String> {
    let source = sources.add(&written.name, written.text.as_str());
    let rules = config.zones.iter().find(|rules| rules.apex == *apex);
    let (parsed, mut found) = zone::read(apex, &source, &mut |path, _| Err(format!("\"{path}\" is not included here")));
    let (bindings, faults) = bindings(&parsed, true, rules, |steer| config.nodes[steer.node.0 as usize].common().name.clone());
    found.extend(faults);
    if any_error(&found) {
        return Err(rendered(&found, sources));
    }
    let compiled = compile_zone(&parsed, bindings, SEED).map_err(|found| rendered(&found, sources))?;
    link(Arc::new(compiled), rules, config, policies).map_err(|found| rendered(&found, sources))
}

fn rendered(found: &[Diagnostic], sources: &Sources) -> String {
    found.iter().map(|diagnostic| render(diagnostic, sources)).collect()
}

impl Compiled {
    /// What answers while health is as told; all that is not told of is up.
    pub(crate) fn serving(&self, health: &[Health]) -> Result<Serving, String> {
        self.serving_to(health, PerFamily::default())
    }

    /// The same while the prober is blind for these families.
    pub(crate) fn serving_to(&self, health: &[Health], blind: PerFamily<bool>) -> Result<Serving, String> {
        let policies = &self.snapshot.policies;
        let mut circumstances = Circumstances { blind, ..Circumstances::judged(policies, |_| Verdict::Up) };
        for one in health {
            let probes: Vec<u32> = self.probes(one).collect();
            if probes.is_empty() {
                return Err(format!("no address of \"{}/{}\" is probed", one.pool, one.endpoint));
            }
            match one.holds {
                Holds::Verdict(verdict) => probes.iter().for_each(|probe| circumstances.verdicts[*probe as usize] = verdict),
                Holds::Uneasy => circumstances.uneasy.extend(probes),
                Holds::Held | Holds::Stance(_) | Holds::Weight(_) | Holds::Share(_) => self.treat(one, &mut circumstances),
            }
        }
        let steering = Steering::new(policies, &circumstances, None);
        Ok(Serving { generation: 1, snapshot: Arc::clone(&self.snapshot), steering })
    }

    fn treat(&self, health: &Health, circumstances: &mut Circumstances) {
        let fits = |pattern: &str, name: &str| pattern == "*" || pattern == name;
        for (id, node) in (0..).map(NodeId).zip(self.snapshot.policies.nodes()) {
            let NodeKind::Pool(pool) = &node.kind else { continue };
            for (index, endpoint) in (0..).zip(&pool.endpoints) {
                if !fits(&health.pool, &node.name) || !fits(&health.endpoint, &endpoint.name) {
                    continue;
                }
                let treatment = circumstances.treatments.entry((id, index)).or_default();
                match health.holds {
                    Holds::Stance(stance) => treatment.stance = stance,
                    Holds::Weight(weight) => treatment.weight = Some(weight),
                    Holds::Share(percent) => treatment.share = Share::new(percent.into(), 100),
                    Holds::Held => treatment.spared = PerFamily::new(|family| health.family.is_none_or(|only| only == family)),
                    Holds::Verdict(_) | Holds::Uneasy => {}
                }
            }
        }
    }

    fn probes<'a>(&'a self, health: &'a Health) -> impl Iterator<Item = u32> + 'a {
        let fits = |pattern: &str, name: &str| pattern == "*" || pattern == name;
        let pools = self.snapshot.policies.nodes().iter().filter(move |node| fits(&health.pool, &node.name));
        let endpoints = pools.flat_map(|node| match &node.kind {
            NodeKind::Pool(pool) => &*pool.endpoints,
            NodeKind::Policy(_) => &[],
        });
        let named = endpoints.filter(move |endpoint| fits(&health.endpoint, &endpoint.name));
        let families = move |family: &Family| health.family.is_none_or(|only| only == *family);
        let known = named.flat_map(move |endpoint| {
            Family::ALL.into_iter().filter(families).flat_map(|family| endpoint.known(family)).collect::<Vec<_>>()
        });
        let judged =
            known.filter(|(address, _)| health.address.is_none_or(|only| only == *address)).filter_map(|(_, probe)| probe);
        let all = self.snapshot.policies.probes();
        judged.filter(move |probe| health.name.is_none() || all[*probe as usize].key.name.as_deref() == health.name.as_deref())
    }
}
