//! Invariants 1, 2, 9 and 11 of the design on generated policies, in any health, for any client.

use std::collections::BTreeSet;
use std::net::IpAddr;

use proptest::prelude::*;
use signpost::answer::{Client, Dice, View};
use signpost::health::Verdict;
use signpost::snapshot::{Circumstances, Serving, Steering};
use signpost::wire::RrType;

use super::plan::{CLIENTS, Plan, Tape, WORLD, any_octets};
use super::{TYPES, addresses_of, client, zone};
use crate::harness::allocations::ask;
use crate::scenario::echoes;
use crate::scenario::query::{Edns, OPTION_SUBNET, Query, subnet};
use crate::scenario::reply::Reply;
use crate::scenario::world::{Compiled, Texts};

/// A plan that the product takes, too.
struct World {
    plan: Plan,
    compiled: Compiled,
}

/// A way to ask for a name.
struct Asking {
    client: IpAddr,
    subnet: Option<Vec<u8>>,
    seed: u64,
}

impl World {
    /// Nothing if the product refuses the plan, which it may for one reason only.
    fn new(tape: &mut Tape<'_>) -> Option<Self> {
        let plan = Plan::new(tape);
        let mut texts = Texts::new(&plan.config(), &zone(plan.nodes.iter().map(|node| node.name.as_str())));
        texts.geo = Some(("world".to_owned(), WORLD.as_bytes().to_vec()));
        match texts.compile() {
            Ok(compiled) => Some(Self { plan, compiled }),
            Err(message) if message.contains("a strict rule's list has no IPv") => None,
            Err(message) => panic!("{message}\n{}", plan.config()),
        }
    }

    /// Some health: which addresses are down, and what answers then.
    fn serving(&self, tape: &mut Tape<'_>) -> (Serving, BTreeSet<IpAddr>) {
        let policies = &self.compiled.snapshot.policies;
        let often = tape.one_of(&[1, 2, 4]);
        let is_down: Vec<bool> = policies.probes().iter().map(|_| tape.below(4) < often).collect();
        let verdict = |probe: u32| if is_down[probe as usize] { Verdict::Down } else { Verdict::Up };
        let steering = Steering::new(policies, &Circumstances::judged(policies, verdict), None);
        let serving = Serving { generation: 1, snapshot: self.compiled.snapshot.clone(), steering };
        let down = policies.probes().iter().zip(&is_down).filter(|(_, down)| **down).map(|(probe, _)| probe.key.address);
        (serving, down.collect())
    }

    fn name(&self, node: usize) -> String {
        format!("{}.example.com.", self.plan.nodes[node].name)
    }
}

impl Asking {
    fn new(tape: &mut Tape<'_>) -> Self {
        let address = |tape: &mut Tape<'_>| tape.one_of(&CLIENTS);
        let subnet = tape.once_in(2).then(|| {
            let address = address(tape);
            let length = tape.one_of(&[24, 20, 8, 0]) + if address.contains(':') { 32 } else { 0 };
            cut(address, length)
        });
        let client = address(tape).parse().expect("an address");
        Self { client, subnet, seed: tape.below(256) as u64 }
    }

    fn ask(&self, serving: &Serving, name: &str, rtype: RrType) -> Reply {
        let mut query = Query { edns: Some(Edns::new(512)), ..Query::new(name, rtype) };
        if let Some(subnet) = &self.subnet {
            query = query.with_option(OPTION_SUBNET, subnet.clone());
        }
        let view = View { serving, dice: Dice::seeded(self.seed) };
        let octets = ask(&view, &query.octets(), &Client { address: self.client, ..client() }).expect("a reply");
        let reply = Reply::read(&octets).expect("a reply that can be decoded");
        assert!(octets.len() <= 512, "a reply of {} octets", octets.len());
        assert!(echoes(self.subnet.as_deref(), reply.subnet()) && self.subnet.is_some() == reply.subnet().is_some());
        assert_eq!((reply.rcode, reply.flags), (0, 0x8400), "NOERROR qr aa");
        reply
    }
}

/// The data of a subnet option for the network of this length around an address.
fn cut(address: &str, length: u8) -> Vec<u8> {
    let host = if address.contains(':') { subnet(&format!("{address}/128")) } else { subnet(&format!("{address}/32")) };
    let mut data = host.expect("a subnet");
    data[2] = length;
    data.truncate(4 + usize::from(length).div_ceil(8));
    if !length.is_multiple_of(8) {
        let last = data.len() - 1;
        data[last] &= 0xff << (8 - length % 8);
    }
    data
}

/// One more address in the scope around a subnet, bit for bit by chance behind it.
fn neighbour(subnet: &[u8], scope: u8, seed: u64) -> Vec<u8> {
    let length: u8 = if subnet[1] == 1 { 32 } else { 128 };
    let mut data = [&[0, subnet[1], length, 0], &subnet[4..]].concat();
    data.resize(4 + usize::from(length / 8), 0);
    for bit in scope..length {
        data[4 + usize::from(bit / 8)] ^= (Dice::seeded(seed).throw(bit.into()).draw as u8 & 1) << (7 - bit % 8);
    }
    data
}

fn has_family(address: &IpAddr, rtype: RrType) -> bool {
    address.is_ipv4() == (rtype == RrType::A)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_is_never_empty_and_its_existence_and_scope_are_configuration(octets in any_octets()) {
        let tape = &mut Tape::new(&octets);
        let Some(world) = World::new(tape) else { return Ok(()) };
        for _ in 0..2 {
            let asking = Asking::new(tape);
            let healths = [(); 3].map(|()| world.serving(tape));
            for node in 0..world.plan.nodes.len() {
                let all = world.plan.addresses(node);
                let mut scopes = BTreeSet::new();
                for ((serving, down), rtype) in healths.iter().flat_map(|health| TYPES.map(|rtype| (health, rtype))) {
                    let reply = asking.ask(serving, &world.name(node), rtype);
                    let found = addresses_of(&reply);
                    let possible: BTreeSet<_> = all.iter().filter(|address| has_family(address, rtype)).collect();
                    if possible.is_empty() {
                        // The zone's own record, or none; good for everybody.
                        let own = if rtype == RrType::A { vec!["192.0.2.10".parse::<IpAddr>().expect("an address")] } else { vec![] };
                        prop_assert_eq!(found, own);
                        prop_assert_eq!(reply.scope().unwrap_or(0), 0);
                        continue;
                    }
                    prop_assert!(!found.is_empty(), "nothing for {} {rtype}\n{}", world.name(node), world.plan.config());
                    prop_assert!(found.iter().all(|address| possible.contains(address)), "{:?}\n{}", found, world.plan.config());
                    // Where everybody may get everything, nobody gets what is down as long as anything is up.
                    let any_up = possible.iter().any(|address| !down.contains(address));
                    let none_down = found.iter().all(|address| !down.contains(address));
                    prop_assert!(none_down || !any_up || world.plan.divides(node), "{:?}\n{}", found, world.plan.config());
                    scopes.insert(reply.scope());
                }
                prop_assert!(scopes.len() <= 1, "{:?}\n{}", scopes, world.plan.config());
            }
        }
    }

    /// RFC 7871 §7.3.1: a resolver reuses an answer for every client in its scope, so each of them must get the same.
    #[test]
    fn every_client_in_a_scope_gets_the_same_answer(octets in any_octets()) {
        let tape = &mut Tape::new(&octets);
        let Some(world) = World::new(tape) else { return Ok(()) };
        let (serving, _) = world.serving(tape);
        for _ in 0..4 {
            let mut asking = Asking { subnet: Some(cut(tape.one_of(&CLIENTS), 24)), ..Asking::new(tape) };
            for (node, rtype) in (0..world.plan.nodes.len()).flat_map(|node| TYPES.map(|rtype| (node, rtype))) {
                let first = asking.ask(&serving, &world.name(node), rtype);
                let subnet = asking.subnet.clone().unwrap_or_default();
                asking.subnet = Some(neighbour(&subnet, first.scope().unwrap_or(0), asking.seed + node as u64));
                let second = asking.ask(&serving, &world.name(node), rtype);
                prop_assert_eq!(&first.sections, &second.sections, "{:?} {:?}\n{}", subnet, asking.subnet, world.plan.config());
                prop_assert_eq!(first.scope(), second.scope());
                asking.subnet = Some(subnet);
            }
        }
    }

    /// Where everything is up and has both families, one decision serves both.
    #[test]
    fn families_stay_together_where_every_endpoint_has_both(octets in any_octets()) {
        let tape = &mut Tape::new(&octets);
        let Some(world) = World::new(tape) else { return Ok(()) };
        let serving = world.compiled.serving(&[]).expect("all up");
        let asking = Asking::new(tape);
        for node in 0..world.plan.nodes.len() {
            let all = world.plan.addresses(node);
            let twin = |address: &IpAddr| all.iter().filter(|other| machine(other) == machine(address)).count() == 2;
            if all.iter().all(twin) {
                let [v4, v6] = TYPES.map(|rtype| addresses_of(&asking.ask(&serving, &world.name(node), rtype)));
                let machines = |addresses: &[IpAddr]| addresses.iter().map(machine).collect::<Vec<_>>();
                prop_assert_eq!(machines(&v4), machines(&v6), "{}", world.plan.config());
            }
        }
    }
}

/// Pool and endpoint of an address of the plan.
fn machine(address: &IpAddr) -> (u16, u16) {
    match address {
        IpAddr::V4(v4) => (v4.octets()[2].into(), v4.octets()[3].into()),
        IpAddr::V6(v6) => (v6.segments()[2], v6.segments()[7]),
    }
}
