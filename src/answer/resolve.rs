//! What stands at a name, RFC 1034 §4.3.2: zone, cut, name or wildcard, CNAME, RRset; and the negative answers of RFC 2308.
//! Between the parsed question and the reply; where a name is bound, `steer.rs` decides.

use std::net::IpAddr;

use super::View;
use super::dice::Dice;
use super::dname::Prefix;
use super::edns::Ecs;
use super::question::{FoldedName, Question};
use super::reply::{Reply, Section};
use super::steer::{Chosen, Decision};
use super::subject::Subject;
use super::trace::{Step, Trace};
use crate::limits::{ANSWERS_MAX, CNAME_CHAIN_LENGTH_MAX};
use crate::snapshot::{
    CompiledPool, CompiledZone, Entry, EntryId, EntryKind, Family, Found, Link, LinkedZone, NameHash, NodeKind, Rrset, Rrsets,
};
use crate::wire::RrType;
use crate::wire::message::{HEADER_LENGTH, Rcode};

/// What resolving came to, beside the records in the reply.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resolution {
    pub rcode: Rcode,
    pub steered: bool,
    /// Bits of the client subnet for which the answer holds.
    pub scope: u8,
}

impl Default for Resolution {
    fn default() -> Self {
        Self { rcode: Rcode::NoError, steered: false, scope: 0 }
    }
}

/// Resolves the question into records of the reply.
pub(super) fn resolve<T: Trace>(
    view: &View<'_>,
    question: &Question<'_>,
    source: IpAddr,
    ecs: Option<Ecs<'_>>,
    reply: &mut Reply<'_>,
    trace: &mut T,
) -> Resolution {
    let linked = zone_of(view, question);
    // No zone of ours, or a question that no record can answer (transfers included): RFC 5936 §2.2.1.
    let meta = question.qtype.is_meta() && question.qtype != RrType::ANY;
    let Some(linked) = linked.filter(|_| !meta) else {
        return Resolution { rcode: Rcode::Refused, ..Resolution::default() };
    };
    trace.note(Step::Zone(linked));
    let mut resolver = Resolver {
        view,
        linked,
        zone: &linked.zone,
        qtype: question.qtype,
        source,
        ecs,
        apex_at: (HEADER_LENGTH + question.name.length() - linked.apex_key.len()) as u16,
        reply,
        trace,
        resolution: Resolution::default(),
    };
    resolver.follow(question.name);
    resolver.resolution
}

/// The zone nearest above the name; but DS at its apex is the parent's to answer, if that is ours, too (RFC 4035 §3.1.4.1).
fn zone_of<'a>(view: &View<'a>, question: &Question<'_>) -> Option<&'a LinkedZone> {
    let labels = question.name.labels();
    let zone = |labels| view.serving.snapshot.zone(labels, |count| question.name.suffix(count));
    let nearest = zone(labels)?;
    let at_apex = question.qtype == RrType::DS && nearest.apex_labels == labels;
    let parent = labels.checked_sub(1).filter(|_| at_apex).and_then(zone);
    Some(parent.unwrap_or(nearest))
}

struct Resolver<'a, 'o, T> {
    view: &'a View<'a>,
    linked: &'a LinkedZone,
    zone: &'a CompiledZone,
    qtype: RrType,
    source: IpAddr,
    ecs: Option<Ecs<'a>>,
    /// Where the apex stands in the reply: at the end of the question's name.
    apex_at: u16,
    reply: &'a mut Reply<'o>,
    trace: &'a mut T,
    resolution: Resolution,
}

/// What one name came to: nothing more, or a CNAME whose target stands at this offset of the reply.
type Next = Option<usize>;

impl<'a, T: Trace> Resolver<'a, '_, T> {
    /// Answers for the name, and for where its CNAMEs lead within the zone.
    fn follow(&mut self, name: &FoldedName) {
        let Some(mut at) = self.answer_name(name, HEADER_LENGTH as u16) else { return };
        let seed = self.view.serving.snapshot.seed();
        let hash = |name: &FoldedName| NameHash::of(seed, name.whole());
        let mut visited = [hash(name); CNAME_CHAIN_LENGTH_MAX];
        for link in 0..CNAME_CHAIN_LENGTH_MAX {
            let Some(target) = FoldedName::read_compressed(self.reply.octets(), at) else { return };
            let beyond = !target.is_at_or_below(&self.linked.apex_key, self.linked.apex_labels);
            if beyond || visited.contains(&hash(&target)) {
                return;
            }
            if let Some(place) = visited.get_mut(link) {
                *place = hash(&target);
            }
            self.trace.note(Step::Followed(target.whole()));
            let Some(next) = self.answer_name(&target, at as u16) else { return };
            at = next;
        }
    }

    /// Answers for one name, which stands at `owner` in the reply.
    fn answer_name(&mut self, name: &FoldedName, owner: u16) -> Next {
        match self.zone.find(name.labels(), self.linked.apex_labels, |count| name.suffix(count)) {
            Found::Name(id) | Found::Wildcard(id) => self.answer_entry(&self.zone.entry(id)?, name, owner),
            Found::Cut { at, labels } => {
                self.answer_cut(at, name, labels, owner);
                None
            }
            Found::Moved { by, labels } => self.answer_moved(by, name, labels, owner),
            Found::Nothing => {
                // RFC 6604 §3: the RCODE tells of the last name of a chain.
                self.resolution.rcode = Rcode::NxDomain;
                self.reply.set_authoritative();
                self.push_negative();
                None
            }
        }
    }

    fn answer_entry(&mut self, entry: &Entry, name: &FoldedName, owner: u16) -> Next {
        self.reply.set_authoritative();
        let rrsets = self.zone.rrsets(entry);
        if let EntryKind::Steered(binding) = entry.kind
            && let Some(link) = self.linked.links.get(binding as usize)
        {
            self.trace.note(Step::Bound { link: *link, binding });
            self.answer_steered(*link, rrsets, owner);
            return None;
        }
        let wanted = |rrset: &Rrset| rrset.rtype == self.qtype || self.qtype == RrType::ANY;
        if let Some(rrset) = rrsets.iter().find(wanted) {
            // A chain may have come by the DNAME that is asked for.
            let is_written = rrset.rtype == RrType::DNAME && self.written_dname(name.whole(), owner).is_some();
            if !is_written {
                // RFC 8482 §4.1: one RRset is enough of an answer to ANY.
                self.push_answer(&rrset, owner);
            }
            return None;
        }
        if let Some(cname) = rrsets.iter().find(|rrset| rrset.rtype == RrType::CNAME) {
            // The target is the RDATA: behind owner, type, class, TTL and length.
            return self.push_answer(&cname, owner).map(|start| start + 12);
        }
        self.push_negative();
        None
    }

    /// A bound name: addresses by policy, or a CNAME; everything else as it stands; its own CNAME is for servers that can't steer.
    fn answer_steered(&mut self, link: Link, rrsets: Rrsets<'_>, owner: u16) {
        let family = match self.qtype {
            RrType::A => Some(Family::V4),
            RrType::AAAA => Some(Family::V6),
            // RFC 8482 §4.1: any one RRset.
            RrType::ANY => Family::ALL.into_iter().find(|family| link.decides[*family]),
            _ => None,
        };
        if link.is_cname {
            return self.push_cname(link, owner);
        }
        let mut decided = false;
        if let Some(family) = family {
            if link.decides[family] {
                if self.push_steered(link, family, owner) {
                    return;
                }
                decided = true;
            }
            self.trace.note(Step::Own(family));
        }
        // An edge without an address for now has an answer all the same: its own CNAME, if that is all that the name has.
        let own = |rtype: RrType| rrsets.iter().find(|rrset| rrset.rtype == rtype);
        if let Some(cname) = own(RrType::CNAME).filter(|_| decided) {
            self.push_answer(&cname, owner);
            return;
        }
        let wanted = |rrset: &Rrset| rrset.rtype == self.qtype || self.qtype == RrType::ANY;
        match rrsets.iter().filter(|rrset| rrset.rtype != RrType::CNAME).find(wanted) {
            Some(rrset) => drop(self.push_answer(&rrset, owner)),
            None => self.push_negative(),
        }
    }

    /// Whom a policy chooses for this client.
    fn decide(&mut self, link: Link, family: Family) -> Option<Chosen> {
        self.resolution.steered = true;
        // RFC 7871 §7.1.2: source length 0 opts out; then the resolver is the client.
        let subnet = self.ecs.filter(|ecs| link.ecs && ecs.source > 0).and_then(|ecs| ecs.address());
        let subject = Subject::new(self.source, subnet);
        let (address, hashed) = (subject.address, subject.hashed());
        self.trace.note(Step::Client { family, address, by_subnet: subnet.is_some(), hashed });
        let mut decision = Decision::new(self.view.serving, subject, self.view.dice, self.trace);
        let found = decision.choose(link.node, family);
        if subnet.is_some() {
            self.resolution.scope = decision.scope(link.node);
        }
        found.then_some(decision.chosen)
    }

    /// Addresses by policy; whether there are any for this client.
    fn push_steered(&mut self, link: Link, family: Family, owner: u16) -> bool {
        let Some(chosen) = self.decide(link, family) else { return false };
        let Some(pool) = self.pool(&chosen) else { return false };
        let ttl_seconds = self.ttl_seconds(link);
        let (at, records) = self.reply.mark();
        for &endpoint in chosen.endpoints() {
            let address = pool.endpoints.get(usize::from(endpoint)).and_then(|endpoint| endpoint.addresses[family]);
            let fits = match address {
                Some(address) => self.reply.push_address(owner, ttl_seconds, address),
                None => self.push_flattened(&chosen, endpoint, family, owner, ttl_seconds),
            };
            if !fits {
                self.reply.rewind(at, records);
                self.reply.set_truncated();
                break;
            }
        }
        true
    }

    /// The addresses of an edge, beginning at any of them; as many as leave room for those of the others.
    #[cold]
    fn push_flattened(&mut self, chosen: &Chosen, endpoint: u16, family: Family, owner: u16, ttl_seconds: u32) -> bool {
        let Some(state) = self.view.serving.steering.state(chosen.pool) else { return true };
        let addresses = state.flattened(endpoint, family);
        let first = self.view.dice.throw(Dice::ORDER_SLOT).pick(addresses.len() as u32) as usize;
        let count = (ANSWERS_MAX / chosen.endpoints().len().max(1)).max(1);
        let mut turned = addresses.iter().cycle().skip(first).take(addresses.len().min(count));
        turned.all(|address| self.reply.push_address(owner, ttl_seconds, *address))
    }

    /// RFC 1034 §3.6.2: one CNAME, whatever type is asked for. It is the policy's choice and never followed.
    #[cold]
    fn push_cname(&mut self, link: Link, owner: u16) {
        // As far as the choice goes, a name has either family.
        let Some(chosen) = self.decide(link, Family::V4) else { return self.push_negative() };
        let ttl_seconds = self.ttl_seconds(link);
        let endpoint = chosen.endpoints().first().map(|endpoint| usize::from(*endpoint));
        let edge = self.pool(&chosen).zip(endpoint).and_then(|(pool, endpoint)| pool.endpoints.get(endpoint)?.edge.as_ref());
        if edge.is_some_and(|edge| !self.reply.push_cname(owner, ttl_seconds, edge.name.as_wire())) {
            self.reply.set_truncated();
        }
    }

    fn ttl_seconds(&self, link: Link) -> u32 {
        self.view.serving.steering.state(link.node).map_or(0, |state| state.ttl_seconds)
    }

    fn pool(&self, chosen: &Chosen) -> Option<&'a CompiledPool> {
        match &self.view.serving.snapshot.policies.node(chosen.pool)?.kind {
            NodeKind::Pool(pool) => Some(pool),
            NodeKind::Policy(_) => None,
        }
    }

    /// RFC 1034 §4.2.1: where the zone ends, the way on; but DS at the cut itself is the parent's to answer (RFC 4035 §3.1.4.1).
    fn answer_cut(&mut self, cut: EntryId, name: &FoldedName, labels: usize, owner: u16) {
        let Some(entry) = self.zone.entry(cut) else { return };
        if self.qtype == RrType::DS && labels == name.labels() {
            self.reply.set_authoritative();
            match self.zone.rrsets(&entry).iter().find(|rrset| rrset.rtype == RrType::DS) {
                Some(rrset) => drop(self.push_answer(&rrset, owner)),
                None => self.push_negative(),
            }
            return;
        }
        let EntryKind::Cut(servers) = entry.kind else { return };
        let (Some(servers), Some(cut_at)) = (self.zone.rrset(servers), self.suffix_at(name, labels, owner)) else { return };
        match self.push_rrset(Section::Authority, &servers, cut_at) {
            Some(start) => self.push_additional(&servers, start, cut_at),
            None => self.reply.set_truncated(),
        }
    }

    /// Where the suffix of `labels` labels of the name at `owner` stands.
    fn suffix_at(&self, name: &FoldedName, labels: usize, owner: u16) -> Option<u16> {
        if owner == HEADER_LENGTH as u16 {
            // The question is not compressed.
            return Some(owner + (name.length() - name.suffix(labels).len()) as u16);
        }
        Prefix::read(self.reply.octets(), owner, name.labels() - labels).map(|before| before.rest_at)
    }

    /// RFC 6672 §3.2: the DNAME `by`, whose name has `labels` labels, and a CNAME made from it for the name at `name_at`.
    fn answer_moved(&mut self, by: EntryId, name: &FoldedName, labels: usize, name_at: u16) -> Next {
        self.reply.set_authoritative();
        let rrsets = self.zone.rrsets(&self.zone.entry(by)?);
        let dname = rrsets.iter().find(|rrset| rrset.rtype == RrType::DNAME)?;
        let prefix = Prefix::read(self.reply.octets(), name_at, name.labels() - labels)?;
        let dname_at = match self.written_dname(name.suffix(labels), name_at) {
            Some(written) => written,
            None => self.push_answer(&dname, prefix.rest_at)?,
        };
        let Some(target) = self.reply.rdata_at(dname_at).and_then(|target| prefix.below(target)) else {
            // RFC 6672 §2.2: a name that would be too long.
            self.resolution.rcode = Rcode::YxDomain;
            return None;
        };
        // The target's end stands in the DNAME already: without it long names would be truncated over UDP.
        let target = prefix.before(dname_at + 12).unwrap_or(target);
        let cname_at = self.reply.push_like(dname_at, name_at, RrType::CNAME, target.as_wire());
        if cname_at.is_none() {
            self.reply.set_truncated();
        }
        let asked = self.qtype == RrType::CNAME || self.qtype == RrType::ANY;
        cname_at.filter(|_| !asked).map(|at| at + 12)
    }

    /// Where the DNAME of this name stands already, if a chain passed it before: RFC 2181 §5, no record stands twice.
    fn written_dname(&self, owner: &[u8], name_at: u16) -> Option<usize> {
        let is_owner = |at: &usize| {
            let name = FoldedName::read_compressed(self.reply.octets(), *at);
            name.is_some_and(|name| name.whole() == owner)
        };
        // The first name of a chain has nothing before it.
        self.reply.answers_of(RrType::DNAME).filter(|_| name_at != HEADER_LENGTH as u16).find(is_owner)
    }

    /// An RRset as the answer, with what goes along.
    fn push_answer(&mut self, rrset: &Rrset, owner: u16) -> Option<usize> {
        let start = self.push_rrset(Section::Answer, rrset, owner);
        match start {
            // RFC 8482 §4.1: ANY gets little.
            Some(start) if rrset.additional_count > 0 && self.qtype != RrType::ANY => self.push_additional(rrset, start, owner),
            Some(_) => {}
            None => self.reply.set_truncated(),
        }
        start
    }

    /// What goes along with an RRset that stands at `start`: whole RRsets as far as they fit (RFC 2181 §9).
    fn push_additional(&mut self, rrset: &Rrset, start: usize, owner: u16) {
        for additional in self.zone.additional(rrset) {
            let owner = additional.owner.map_or(owner, |at| start as u16 + at);
            let found = self.zone.rrset(additional.rrset);
            let fits = found.is_some_and(|found| self.push_rrset(Section::Additional, &found, owner).is_some());
            if !fits && additional.is_required {
                // RFC 9471 §3.1: glue that does not fit sets TC.
                self.reply.set_truncated();
            }
        }
    }

    fn push_rrset(&mut self, section: Section, rrset: &Rrset, owner: u16) -> Option<usize> {
        let records = rrset.body.records();
        // Addresses have one length and no order of their own. MX and SRV have one, and resolvers make theirs among NS.
        let is_turned = records > 1 && self.view.serving.snapshot.rotates() && [RrType::A, RrType::AAAA].contains(&rrset.rtype);
        let first = if is_turned { self.view.dice.throw(Dice::ORDER_SLOT).pick(u32::from(records)) as u16 } else { 0 };
        self.reply.push(section, self.zone.bodies(), rrset.body, owner, first)
    }

    /// RFC 2308 §3: the SOA in the authority section tells how long a "no" may be kept.
    fn push_negative(&mut self) {
        if self.reply.push(Section::Authority, self.zone.bodies(), self.zone.negative_soa(), self.apex_at, 0).is_none() {
            self.reply.set_truncated();
        }
    }
}
