//! Worlds at random: few labels and many kinds of records, so that wildcards, cuts, aliases and empty non-terminals meet.

use super::dice::Dice;
use super::lawful::lawful;
use super::world::{World, Zone};

const LABELS: [(usize, &str); 5] = [(4, "a"), (4, "b"), (2, "c"), (3, "*"), (1, "A")];
/// Labels below an apex.
const DEPTH_MAX: usize = 5;
/// The zone of a world that is always there, and a stranger beside it.
const APEX: &str = "w%.test.";
const OTHER: &str = "o%.test.";
/// Names that no server serves.
const OUTSIDE: [&str; 2] = ["a.outside.invalid.", "ns.outside.invalid."];
/// With it as target, a DNAME makes names that are too long of names with another label of this length.
pub(super) const LONG_LABEL_LENGTH: usize = 60;
const LONG_LABELS: usize = 3;

/// What is put at a name.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Data(&'static str),
    Cname,
    Dname,
    Cut,
    /// More addresses or texts than fit a datagram.
    Bulk,
}

const KINDS: [(usize, Kind); 14] = [
    (9, Kind::Data("A")),
    (3, Kind::Data("AAAA")),
    (6, Kind::Data("TXT")),
    (6, Kind::Data("MX")),
    (5, Kind::Data("SRV")),
    (2, Kind::Data("PTR")),
    (2, Kind::Data("TYPE731")),
    (16, Kind::Cname),
    (7, Kind::Dname),
    (13, Kind::Cut),
    (1, Kind::Bulk),
    (1, Kind::Data("CAA")),
    (1, Kind::Data("NAPTR")),
    (1, Kind::Data("HTTPS")),
];

/// The world that these dice make.
pub(super) fn world(dice: &mut Dice) -> World {
    loop {
        let has_other = dice.percent(40);
        let mut zones = vec![Builder::new(APEX, has_other, dice).build()];
        if let Some(cut) = child_apex(&zones[0], dice) {
            zones.push(Builder::new(&cut, has_other, dice).build());
        }
        if has_other {
            zones.push(Builder::new(OTHER, true, dice).build());
        }
        if let Some(world) = lawful(World { zones }) {
            return world;
        }
    }
}

/// One of the cuts, to be served, too.
fn child_apex(zone: &Zone, dice: &mut Dice) -> Option<String> {
    let is_cut = |record: &&super::world::Record| record.rtype == "NS" && !record.owner.eq_ignore_ascii_case(APEX);
    let cuts: Vec<_> = zone.records.iter().filter(is_cut).filter(|record| !record.owner.contains('*')).collect();
    (!cuts.is_empty() && dice.percent(50)).then(|| dice.pick(&cuts).owner.clone())
}

struct Builder<'d> {
    zone: Zone,
    pool: Vec<String>,
    has_other: bool,
    dice: &'d mut Dice,
}

impl<'d> Builder<'d> {
    fn new(apex: &str, has_other: bool, dice: &'d mut Dice) -> Self {
        let mut builder = Self { zone: Zone::new(apex), pool: vec![apex.to_owned()], has_other, dice };
        for _ in 0..6 + builder.dice.below(7) {
            let name = builder.new_name();
            builder.pool.push(name);
        }
        builder
    }

    /// Below the apex or below a name that there is.
    fn new_name(&mut self) -> String {
        let mut name = if self.dice.percent(50) { self.dice.pick(&self.pool).clone() } else { self.zone.apex.clone() };
        for _ in 0..1 + self.dice.below(2) {
            let depth = name.matches('.').count() - self.zone.apex.matches('.').count();
            if depth < DEPTH_MAX {
                name = format!("{}.{name}", self.dice.weighted(&LABELS));
            }
        }
        name
    }

    fn build(mut self) -> Zone {
        let apex = self.zone.apex.clone();
        match self.dice.percent(60) {
            true => self.zone.add(&apex, "NS", OUTSIDE[1]),
            false => {
                let server = self.dice.pick(&self.pool).clone();
                self.zone.add(&apex, "NS", server.clone());
                self.zone.add(&server, "A", "192.0.2.53");
            }
        }
        for _ in 0..3 + self.dice.below(12) {
            let owner = self.owner();
            let kind = *self.dice.weighted(&KINDS);
            self.put(&owner, kind);
        }
        self.zone
    }

    fn owner(&mut self) -> String {
        // The apex is one name of many, but a DNAME there would leave no other.
        match self.dice.percent(95) {
            true => self.dice.pick(&self.pool[1..]).clone(),
            false => self.zone.apex.clone(),
        }
    }

    fn put(&mut self, owner: &str, kind: Kind) {
        match kind {
            Kind::Data(rtype) => {
                for _ in 0..1 + self.dice.below(3) / 2 {
                    let data = self.data(rtype);
                    self.zone.add(owner, rtype, data);
                }
            }
            Kind::Cname => {
                let target = self.target();
                self.zone.add(owner, "CNAME", target);
            }
            Kind::Dname => {
                let long = format!("{}.", "l".repeat(LONG_LABEL_LENGTH)).repeat(LONG_LABELS);
                let target = if self.dice.percent(20) { format!("{long}{}", self.zone.apex) } else { self.target() };
                self.zone.add(owner, "DNAME", target);
            }
            Kind::Cut => self.put_cut(owner),
            Kind::Bulk => self.put_bulk(owner),
        }
    }

    fn put_cut(&mut self, owner: &str) {
        for _ in 0..1 + self.dice.below(2) {
            let server = match self.dice.below(4) {
                0 => format!("{}.{owner}", self.dice.pick(&["a", "b", "ns"])),
                1 => owner.to_owned(),
                _ => self.target(),
            };
            if self.dice.percent(60) {
                let rtype = *self.dice.pick(&["A", "AAAA"]);
                let data = self.data(rtype);
                self.zone.add(&server, rtype, data);
            }
            self.zone.add(owner, "NS", server);
        }
        if self.dice.percent(30) {
            self.zone.add(owner, "DS", "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118");
        }
    }

    fn put_bulk(&mut self, owner: &str) {
        match self.dice.below(3) {
            0 => (1..=40).for_each(|host| self.zone.add(owner, "A", format!("192.0.2.{host}"))),
            1 => (0..12).for_each(|line| self.zone.add(owner, "TXT", format!("\"{line:0120}\""))),
            _ => {
                for number in 0..13 {
                    let server = format!("ns{number}.{owner}");
                    self.zone.add(owner, "NS", server.clone());
                    self.zone.add(&server, "A", format!("198.51.100.{number}"));
                    self.zone.add(&server, "AAAA", format!("2001:db8::{number}"));
                }
            }
        }
    }

    fn data(&mut self, rtype: &str) -> String {
        let number = self.dice.below(4);
        match rtype {
            "A" => format!("192.0.2.{number}"),
            "AAAA" => format!("2001:db8::{number}"),
            "TXT" => format!("\"text {number}\""),
            "MX" => format!("{number} {}", self.target()),
            "SRV" => format!("{number} 1 80 {}", self.target()),
            "CAA" => format!("0 issue \"ca{number}.example\""),
            "NAPTR" => format!("{number} 1 \"u\" \"\" \"\" {}", self.target()),
            "HTTPS" => format!("{} {}", 1 + number, self.target()),
            "TYPE731" => format!("\\# 2 ab0{number}"),
            _ => self.target(),
        }
    }

    /// Where something leads: mostly into the zone, to a name of it or one below.
    fn target(&mut self) -> String {
        let name = self.dice.pick(&self.pool).clone();
        match self.dice.below(20) {
            0..8 => name,
            8..13 => format!("{}.{name}", self.dice.weighted(&LABELS)),
            13 => self.zone.apex.clone(),
            14 => name.to_ascii_uppercase().replace("W%", "w%").replace("O%", "o%"),
            15 | 16 if self.has_other => format!("{}.{OTHER}", self.dice.weighted(&LABELS)),
            17 | 18 if self.zone.apex != APEX => format!("{}.{APEX}", self.dice.weighted(&LABELS)),
            _ => (*self.dice.pick(&OUTSIDE)).to_owned(),
        }
    }
}
