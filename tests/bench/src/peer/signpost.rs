//! Signpost: the plain zone with two bindings, pools without checks.

use std::path::Path;

use super::{Room, words};
use crate::Failure;
use crate::names::{SITES, WEIGHTED};

pub(super) fn command(room: &Room<'_>, binary: &Path) -> Result<Vec<String>, Failure> {
    let mut zone = room.zone.text();
    let mut config = format!("[server]\nlisten = \"{}\"\nthreads = {}\n", room.address, room.threads);
    if room.is_small() {
        zone.push_str("w IN A 10.1.0.1\n_steer.w IN TXT \"weighted\"\n");
        if let Some(geo) = room.geo {
            zone.push_str("g IN A 141.20.0.1\n_steer.g IN TXT \"nearest\"\n");
            config.push_str(&format!("geoip = \"{}\"\n", geo.display()));
        }
        config.push_str("[pool.weighted]\nendpoints = [\n");
        for (address, weight) in WEIGHTED {
            config.push_str(&format!("  {{ name = \"w{weight}\", v4 = \"{address}\", weight = {weight} }},\n"));
        }
        config.push_str("]\n");
    }
    if room.geo.is_some() {
        config.push_str("[policy.nearest]\nchoose = \"nearest\"\nfrom = [\"eu\", \"us\", \"ap\"]\n");
        for site in &SITES {
            let (latitude, longitude) = site.point;
            config.push_str(&format!(
                "[pool.{0}]\nlocation = {{ lat = {latitude}, lon = {longitude} }}\nendpoints = {{ name = \"{0}\", v4 = \"{1}\" }}\n",
                site.name, site.address
            ));
        }
    }
    room.write(&format!("zones/{}.zone", room.zone.apex()), &zone)?;
    let config = room.write("signpost.toml", &config)?;
    Ok(words(&[&binary.display().to_string(), "serve", "--config", &config]))
}
