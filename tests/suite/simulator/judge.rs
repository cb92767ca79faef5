//! Judges one moment: every name, both types, by what the server answers on the wire.
//! What it may know of the product beside that are verdicts, alarms, and the weights that draws are made from.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use signpost::answer::{Dice, View};
use signpost::config::NodeId;
use signpost::health::{Act, Alarm, Forced, Standing, Verdict};
use signpost::serving::Survey;
use signpost::snapshot::{Family, Grade};
use signpost::wire::RrType;

use super::life::{Given, Life};
use super::model::{Endpoint, Model, OWN};
use super::oracle::{Fallen, Scene, Stand, weight};
use super::watch::Watch;
use crate::harness::allocations::ask;
use crate::laws::client;
use crate::scenario::query::{OPTION_SUBNET, Query, subnet};
use crate::scenario::reply::Reply;

const FAMILIES: [(Family, RrType); 2] = [(Family::V4, RrType::A), (Family::V6, RrType::AAAA)];

/// Questions of one look; the next look asks others.
const ASKED: usize = 4;

/// What was judged so far.
#[derive(Default)]
pub(super) struct Judge {
    generation: u64,
    fallen: Fallen,
    watch: Watch,
    /// Scopes by name and type.
    scopes: BTreeMap<(usize, usize), Option<u8>>,
}

impl Judge {
    /// Forgets what a reload took away.
    pub(super) fn reload(&mut self, model: &Model) {
        self.watch.reload(model);
        self.scopes.clear();
    }

    /// Judges this moment; what is wrong with it.
    pub(super) fn judge(&mut self, life: &Life, seed: u64) -> Result<(), String> {
        let survey = life.keeper.survey(life.now);
        let generation = survey.serving.generation;
        if generation < self.generation {
            return Err(format!("generation {generation} after {}", self.generation));
        }
        // Where nothing was published, one look in eight is enough.
        if generation == self.generation && !seed.is_multiple_of(8) {
            return Ok(());
        }
        self.generation = generation;
        let (scene, parts) = scene(life, &survey);
        self.watch.look(&scene)?;
        let up = scene.up(&mut self.fallen);
        for ((pool, name), part) in &parts {
            match part {
                Some(part) => self.watch.look_at_part(&scene, *pool, name, *part)?,
                None => self.watch.overlook_part(*pool, name),
            }
        }
        let all = scene.model.nodes.len() * 2;
        for question in (seed as usize % all..).take(ASKED).map(|number| number % all) {
            let (node, family) = (question / 2, question % 2);
            let reply = self.ask(life, &survey, node, family, seed)?;
            answers_right(&scene, node, family, &up, &reply).map_err(|fault| {
                let (rtype, answers) = (FAMILIES[family].1, reply.sections[0].join("; "));
                let of_the_product = survey.serving.steering.state(NodeId(node as u32));
                format!(
                    "n{node} {rtype}: {fault}\n  answers {answers}\n  stands {:?}\n  up {up:?}\n  {of_the_product:?}",
                    scene.stands
                )
            })?;
        }
        Ok(())
    }

    /// Time passed in which nobody could look.
    pub(super) fn oversleep(&mut self) {
        self.watch.oversleep();
    }

    /// The reply for a name and type; its scope is always the same.
    fn ask(&mut self, life: &Life, survey: &Survey, node: usize, family: usize, seed: u64) -> Result<Reply, String> {
        let name = format!("{}.example.com.", life.model.nodes[node].name);
        let network = subnet("198.51.100.0/24").expect("a subnet");
        let query = Query::new(&name, FAMILIES[family].1).with_option(OPTION_SUBNET, network);
        let view = View { serving: &survey.serving, dice: Dice::seeded(seed) };
        let octets = ask(&view, &query.octets(), &client()).map_err(|reason| format!("no reply: {reason:?}"))?;
        let reply = Reply::read(&octets)?;
        let scope = reply.scope();
        if *self.scopes.entry((node, family)).or_insert(scope) != scope {
            return Err(format!("the scope of {name} becomes {scope:?}"));
        }
        Ok(reply)
    }
}

/// Parts of weights by pool and endpoint; nothing where they can't be told.
type Parts = BTreeMap<(usize, String), Option<f64>>;

fn scene<'a>(life: &'a Life, survey: &Survey) -> (Scene<'a>, Parts) {
    let probes = survey.serving.snapshot.policies.probes().iter().zip(&survey.standings);
    let standings: BTreeMap<IpAddr, &Standing> =
        probes.filter_map(|(probe, standing)| Some((probe.key.address, standing.as_ref()?))).collect();
    let is_blind = |family: Family| {
        let mut blind = survey.alarms.raised().filter(|(alarm, ..)| *alarm == Alarm::ProberBlind);
        blind.any(|(_, subject, _)| subject.contains(if family == Family::V4 { '4' } else { '6' }))
    };
    let blind = [Family::V4, Family::V6].map(is_blind);
    let (mut stands, mut parts) = (BTreeMap::new(), Parts::new());
    for (pool, node) in life.model.nodes.iter().enumerate() {
        let Some(kind) = node.pool() else { continue };
        let id = survey.serving.snapshot.policies.find(&node.name).expect("the pool");
        let state = survey.serving.steering.state(id).expect("its state");
        for (index, endpoint) in (0..).zip(&kind.endpoints) {
            let mut stand = ordered(&life.orders, pool, &endpoint.name, life.now);
            judged(&mut stand, endpoint, &standings);
            // What a blind prober has never seen is as the endpoint's other address is.
            for family in [0, 1].into_iter().filter(|family| blind[*family] && !stand.known[*family]) {
                let other = 1 - family;
                stand.down[family] |= endpoint.addresses[other].is_some() && stand.down[other];
            }
            for (family, (kind, _)) in FAMILIES.into_iter().enumerate() {
                let is_in = state.draw(Grade::Up, Some(kind)).contains(index);
                stand.unseen[family] = blind[family] && !stand.known[family];
                stand.held[family] = stand.down[family] && !stand.out && !stand.forced_up && is_in;
            }
            stands.insert((pool, endpoint.name.as_str()), stand);
        }
        let drawn = state.draw(Grade::Up, None).members().collect();
        add_parts(pool, &kind.endpoints, &drawn, &mut stands, &mut parts);
    }
    (Scene { model: &life.model, stands, blind, now: life.now }, parts)
}

fn judged(stand: &mut Stand, endpoint: &Endpoint, standings: &BTreeMap<IpAddr, &Standing>) {
    for (family, address) in endpoint.addresses.into_iter().enumerate() {
        if let Some(standing) = address.and_then(|address| standings.get(&address)) {
            stand.known[family] = standing.verdict != Verdict::Unknown;
            stand.down[family] = standing.verdict == Verdict::Down;
            stand.uneasy[family] = standing.uneasy;
        }
    }
}

/// What the one order on an endpoint makes of it.
fn ordered(orders: &[Given], pool: usize, endpoint: &str, now: Duration) -> Stand {
    let mut stand = Stand::default();
    let mut holds = orders.iter().filter(|given| (given.pool, given.endpoint.as_str()) == (pool, endpoint));
    match holds.next().filter(|given| given.until.is_none_or(|until| now < until)).map(|given| (given.act, given.since)) {
        Some((Act::Drain { over }, since)) => {
            stand.out = now >= since + over;
            stand.leaving = !stand.out;
        }
        Some((Act::Force(Forced::Down), _)) => stand.out = true,
        Some((Act::Force(Forced::Up), _)) => stand.forced_up = true,
        Some((Act::Weight(weight), _)) => stand.weight = Some(weight.get().into()),
        None => {}
    }
    stand
}

/// Draws are made in thousandths where anybody has a part of his weight only.
fn add_parts<'a>(
    pool: usize,
    endpoints: &'a [Endpoint],
    drawn: &BTreeMap<u16, u32>,
    stands: &mut BTreeMap<(usize, &'a str), Stand>,
    parts: &mut Parts,
) {
    let members: Vec<(&Endpoint, f64)> = (0..)
        .zip(endpoints)
        .filter_map(|(index, endpoint)| {
            let whole = weight(endpoint, stands[&(pool, endpoint.name.as_str())]) as f64;
            Some((endpoint, f64::from(*drawn.get(&index)?) / whole))
        })
        .collect();
    let unit = if members.iter().all(|(_, part)| *part == 1.0) { 1.0 } else { 1000.0 };
    for endpoint in endpoints {
        let Some(stand) = stands.get_mut(&(pool, endpoint.name.as_str())) else { continue };
        let part = members.iter().find(|(member, _)| member.name == endpoint.name).map(|(_, part)| part / unit);
        let known = part.filter(|_| !stand.leaving);
        stand.growing = known.is_some_and(|part| part < 1.0);
        parts.insert((pool, endpoint.name.clone()), known);
    }
}

/// Whether a reply is what the design promises.
fn answers_right(scene: &Scene<'_>, node: usize, family: usize, up: &BTreeSet<usize>, reply: &Reply) -> Result<(), String> {
    if (reply.rcode, reply.flags) != (0, 0x8400) {
        return Err(format!("rcode {} flags {:04x}", reply.rcode, reply.flags));
    }
    let fields: Vec<Vec<&str>> = reply.sections[0].iter().map(|line| line.split_whitespace().collect()).collect();
    let answers: Vec<IpAddr> = fields.iter().filter_map(|fields| fields.last()?.parse().ok()).collect();
    let Some((rung, permitted)) = scene.permitted(node, family, up) else {
        let own: Vec<IpAddr> = if family == 0 { vec![OWN.parse().expect("an address")] } else { Vec::new() };
        return if answers == own { Ok(()) } else { Err("expected the zone's own records".to_owned()) };
    };
    let model = scene.model;
    let is_one_of_them = permitted.iter().any(|(pool, members)| {
        let is_all = model.nodes[*pool].pool().is_some_and(|pool| pool.choose == "all");
        if is_all { answers == *members } else { answers.len() == 1 && members.contains(&answers[0]) }
    });
    if !is_one_of_them {
        return Err(format!("expected, on the rung {rung:?}, one of {permitted:?}"));
    }
    let expected = model.nodes[node].ttl[usize::from(scene.is_uneasy(node))].to_string();
    if fields.iter().any(|fields| fields.get(1) != Some(&expected.as_str())) {
        return Err(format!("expected a TTL of {expected}"));
    }
    Ok(())
}
