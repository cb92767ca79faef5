//! Which records a zone may hold so that every server loads it: what is more is taken away until nothing is.
//!
//! A zone that one of them refuses would say nothing about answers; zone files are another test's matter.

use std::collections::BTreeSet;

use super::world::{Record, World, Zone, is_within, suffixes};

/// The world without what some server refuses; `None` if a zone is left without a name server, or has names below another one's
/// DNAME.
pub(super) fn lawful(mut world: World) -> Option<World> {
    (world.zones.iter_mut().all(tidy) && !has_names_below_dname(&world)).then_some(world)
}

/// Whether a zone has names below a DNAME of another one: NSD keeps all names in one tree and refuses that, glue included.
fn has_names_below_dname(world: &World) -> bool {
    let records = || world.zones.iter().flat_map(|zone| &zone.records);
    let is_below = |name: &str, dname: &str| name.len() > dname.len() && is_within(name, dname);
    let dnames = records().filter(|record| record.rtype == "DNAME");
    dnames.into_iter().any(|dname| records().any(|record| is_below(&record.owner, &dname.owner)))
}

pub(super) fn is_lawful(world: &World) -> bool {
    lawful(world.clone()).as_ref() == Some(world)
}

/// Takes away what may not stand; whether a name server is left.
fn tidy(zone: &mut Zone) -> bool {
    loop {
        let before = View::of(zone);
        let mut seen = BTreeSet::new();
        let keep: Vec<bool> = zone.records.iter().map(|record| before.admits(record) && is_new(record, &mut seen)).collect();
        let count = zone.records.len();
        let mut keep = keep.into_iter();
        zone.records.retain(|_| keep.next().unwrap());
        if zone.records.len() == count {
            return before.has(&before.apex, "NS");
        }
    }
}

/// Whether it is the first of its kind: a name has one CNAME and one DNAME, and no record twice.
fn is_new(record: &Record, seen: &mut BTreeSet<(String, &'static str, String)>) -> bool {
    let is_single = matches!(record.rtype, "CNAME" | "DNAME");
    let data = if is_single { String::new() } else { record.data.to_ascii_lowercase() };
    seen.insert((record.owner.to_ascii_lowercase(), record.rtype, data))
}

/// What a zone has where, in lower case.
struct View {
    apex: String,
    types: BTreeSet<(String, &'static str)>,
}

impl View {
    fn of(zone: &Zone) -> Self {
        let types = zone.records.iter().map(|record| (record.owner.to_ascii_lowercase(), record.rtype)).collect();
        Self { apex: zone.apex.to_ascii_lowercase(), types }
    }

    fn has(&self, name: &str, rtype: &'static str) -> bool {
        self.types.contains(&(name.to_owned(), rtype))
    }

    fn is_cut(&self, name: &str) -> bool {
        name != self.apex && self.has(name, "NS")
    }

    /// Names between this one and the apex, that included.
    fn above<'n>(&self, name: &'n str) -> impl Iterator<Item = &'n str> {
        suffixes(name).skip(1).filter(|name| is_within(name, &self.apex))
    }

    fn admits(&self, record: &Record) -> bool {
        let owner = record.owner.to_ascii_lowercase();
        // RFC 6672 §2.4: nothing exists below a DNAME.
        let moved = self.above(&owner).any(|above| self.has(above, "DNAME") && self.may_move(above));
        let occluded = self.above(&owner).any(|above| self.is_cut(above));
        let is_wildcard = owner.starts_with("*.");
        if moved || !is_within(&owner, &self.apex) {
            return false;
        }
        match record.rtype {
            // What a zone file holds below a cut is glue, or text that somebody forgot there.
            rtype if occluded => matches!(rtype, "A" | "AAAA" | "TXT" | "NS") && !(rtype == "NS" && is_wildcard),
            // RFC 1034 §3.6.2.
            "CNAME" => owner != self.apex && !self.types.iter().any(|(name, rtype)| *name == owner && *rtype != "CNAME"),
            "DNAME" => self.may_move(&owner),
            // RFC 4592 §4.2: undefined, and refused.
            "NS" if is_wildcard => false,
            "NS" if owner == self.apex => self.has_address(&record.data.to_ascii_lowercase()),
            "DS" => self.is_cut(&owner),
            rtype if self.is_cut(&owner) => matches!(rtype, "A" | "AAAA" | "TXT" | "NS"),
            _ => true,
        }
    }

    /// RFC 6672 §2.3 and RFC 4592 §4.4: a DNAME stands neither beside a cut nor at a wildcard, where servers refuse it.
    fn may_move(&self, owner: &str) -> bool {
        !owner.starts_with("*.") && !self.is_cut(owner)
    }

    /// A name server of the zone itself needs an address there, or BIND does not load it.
    fn has_address(&self, server: &str) -> bool {
        let below_cut = suffixes(server).any(|name| self.is_cut(name));
        let has = self.has(server, "A") || self.has(server, "AAAA");
        !is_within(server, &self.apex) || has && !below_cut
    }
}

#[test]
fn what_some_server_refuses_is_taken_away() {
    let mut zone = Zone::new("w%.test.");
    let (apex, cut) = ("w%.test.", "cut.w%.test.");
    let kept = [
        (apex, "NS", "a.w%.test."),
        ("a.w%.test.", "A", "192.0.2.1"),
        (cut, "NS", "ns.cut.w%.test."),
        (cut, "DS", "1 8 2 00"),
        ("ns.cut.w%.test.", "A", "192.0.2.2"),
        ("alias.w%.test.", "CNAME", "a.w%.test."),
        ("moved.w%.test.", "DNAME", "x."),
    ];
    let refused = [
        (apex, "NS", "nobody.w%.test."),
        (apex, "CNAME", "x."),
        ("A.w%.test.", "CNAME", "x."),
        ("ALIAS.w%.test.", "CNAME", "y."),
        ("*.w%.test.", "NS", "x."),
        ("*.w%.test.", "DNAME", "x."),
        ("a.Moved.w%.test.", "A", "192.0.2.3"),
        ("mx.cut.w%.test.", "MX", "0 x."),
        (cut, "DNAME", "x."),
        ("a.w%.test.", "DS", "1 8 2 00"),
    ];
    kept.iter().chain(&refused).for_each(|(owner, rtype, data)| zone.add(owner, rtype, *data));
    let world = lawful(World { zones: vec![zone] }).unwrap();
    let left: Vec<_> =
        world.zones[0].records.iter().map(|record| (record.owner.as_str(), record.rtype, record.data.as_str())).collect();
    assert_eq!(left, kept);
    assert!(is_lawful(&world));
}

#[test]
fn no_zone_has_names_below_the_dname_of_another() {
    let mut parent = Zone::new("w%.test.");
    let mut child = Zone::new("b.w%.test.");
    parent.add("w%.test.", "NS", "x.");
    child.add("b.w%.test.", "NS", "x.");
    child.add("b.w%.test.", "DNAME", "y.");
    assert!(is_lawful(&World { zones: vec![parent.clone(), child.clone()] }));
    parent.add("ns.b.w%.test.", "A", "192.0.2.1");
    assert!(!is_lawful(&World { zones: vec![parent, child] }));
}
