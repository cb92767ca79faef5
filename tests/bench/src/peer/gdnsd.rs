//! gdnsd: the weighted plugin, and the geoip plugin in its mode of automatic distance.

use std::path::Path;

use super::{Room, words};
use crate::Failure;
use crate::names::{SITES, WEIGHTED};

pub(super) fn command(room: &Room<'_>) -> Result<Vec<String>, Failure> {
    let mut zone = room.zone.text();
    let mut config = format!(
        "options => {{\n listen => \"{}\"\n run_dir => {}\n state_dir => {}\n udp_threads => 1\n tcp_threads => 1\n}}\n",
        room.address,
        room.path("run"),
        room.path("state")
    );
    room.write("run/.keep", "")?;
    room.write("state/.keep", "")?;
    if room.is_small() {
        zone.push_str("w 30 DYNA weighted!w\n");
        let weighted = WEIGHTED.map(|(address, weight)| format!("w{weight} => [ {address}, {weight} ]")).join(", ");
        config.push_str(&format!("plugins => {{\n weighted => {{ w => {{ {weighted} }} }}\n"));
        if let Some(geo) = room.geo {
            zone.push_str("g 30 DYNA geoip!g\n");
            config.push_str(&places(geo));
        }
        config.push_str("}\n");
    }
    room.write(&format!("etc/zones/{}", room.zone.apex()), &zone)?;
    room.write("etc/config", &config)?;
    Ok(words(&["gdnsd", "-c", &room.path("etc"), "start"]))
}

/// The geoip plugin, with one map and the resource that answers by it.
fn places(geo: &Path) -> String {
    let centers = SITES.each_ref().map(|site| site.name).join(", ");
    let points = SITES.each_ref().map(|site| format!("{} => [ {}, {} ]", site.name, site.point.0, site.point.1)).join(", ");
    let addresses = SITES.each_ref().map(|site| format!("{} => {}", site.name, site.address)).join(", ");
    format!(
        " geoip => {{\n  maps => {{ m => {{\n   geoip2_db => {},\n   datacenters => [ {centers} ],\n   \
         auto_dc_coords => {{ {points} }}\n  }} }}\n  resources => {{ g => {{ map => m, service_types => up, \
         dcmap => {{ {addresses} }} }} }}\n }}\n",
        geo.display()
    )
}
