//! PowerDNS: the bind backend, with Lua records for weights and nearness, whose Lua state is shared between queries.

use super::{Room, words};
use crate::Failure;
use crate::names::{SITES, WEIGHTED};

pub(super) fn command(room: &Room<'_>) -> Result<Vec<String>, Failure> {
    let apex = room.zone.apex();
    let mut zone = room.zone.text();
    let (ip, port, folder) = (room.address.ip(), room.address.port(), room.path(""));
    let mut launch = "bind".to_owned();
    if room.is_small() {
        let weighted = WEIGHTED.map(|(address, weight)| format!("{{{weight},'{address}'}}")).join(",");
        zone.push_str(&format!("w 30 IN LUA A \"pickwrandom({{{weighted}}})\"\n"));
    }
    if let Some(geo) = room.geo {
        let places = SITES.each_ref().map(|site| format!("'{}'", site.address)).join(",");
        zone.push_str(&format!("g 30 IN LUA A \"pickclosest({{{places}}})\"\n"));
        let none = room.write("geo.yaml", "domains: []\n")?;
        launch.push_str(&format!(",geoip\ngeoip-database-files=mmdb:{}\ngeoip-zones-file={none}", geo.display()));
    }
    let zone = room.write(&format!("{apex}.zone"), &zone)?;
    let zones = room.write("named.conf", &format!("zone \"{apex}\" {{ type master; file \"{zone}\"; }};\n"))?;
    room.write(
        "pdns.conf",
        &format!(
            "launch={launch}\nbind-config={zones}\nlocal-address={ip}\nlocal-port={port}\nenable-lua-records=shared\n\
             edns-subnet-processing=yes\nsocket-dir={folder}\nreceiver-threads=1\ndistributor-threads=1\nwebserver=no\n\
             daemon=no\nguardian=no\n"
        ),
    )?;
    Ok(words(&["pdns_server", &format!("--config-dir={folder}")]))
}
