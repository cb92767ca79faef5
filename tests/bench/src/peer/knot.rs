//! Knot DNS: mod-geoip twice, by weight and by the continent of the client.

use super::{Room, words};
use crate::Failure;
use crate::names::{SITES, WEIGHTED};

pub(super) fn command(room: &Room<'_>) -> Result<Vec<String>, Failure> {
    let apex = room.zone.apex();
    let mut zone = room.zone.text();
    let (ip, port) = (room.address.ip(), room.address.port());
    let folder = room.path("");
    let mut config = format!(
        "server:\n  listen: {ip}@{port}\n  rundir: {folder}\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n  \
         edns-client-subnet: on\ndatabase:\n  storage: {folder}\n"
    );
    let mut modules = "";
    if room.is_small() {
        zone.push_str("w 30 IN A 10.1.0.1\n");
        let weighted = WEIGHTED.map(|(address, weight)| format!("  - weight: {weight}\n    A: {address}\n")).concat();
        let weighted = room.write("weighted.conf", &format!("w.{apex}.:\n{weighted}"))?;
        config.push_str(&format!("mod-geoip:\n  - id: weighted\n    config-file: {weighted}\n    ttl: 30\n    mode: weighted\n"));
        modules = "    module: [ mod-geoip/weighted ]\n";
    }
    if let Some(geo) = room.geo {
        zone.push_str("g 30 IN A 141.20.0.1\n");
        let places = SITES.each_ref().map(|site| format!("  - geo: \"{}\"\n    A: {}\n", site.continent, site.address)).concat();
        let places = room.write("places.conf", &format!("g.{apex}.:\n{places}"))?;
        config.push_str(&format!(
            "  - id: places\n    config-file: {places}\n    ttl: 30\n    mode: geodb\n    geodb-file: {}\n    \
             geodb-key: [ continent/code ]\n",
            geo.display()
        ));
        modules = "    module: [ mod-geoip/places, mod-geoip/weighted ]\n";
    }
    room.write(&format!("{apex}.zone"), &zone)?;
    config.push_str(&format!(
        "template:\n  - id: default\n    storage: {folder}\n    zonefile-sync: -1\n    journal-content: none\n    \
         semantic-checks: off\nzone:\n  - domain: {apex}\n    file: {apex}.zone\n{modules}"
    ));
    let config = room.write("knot.conf", &config)?;
    Ok(words(&["knotd", "-c", &config]))
}
