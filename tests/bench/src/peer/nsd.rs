//! NSD: one server process, no rate limit.

use super::{Room, words};
use crate::Failure;

pub(super) fn command(room: &Room<'_>) -> Result<Vec<String>, Failure> {
    let apex = room.zone.apex();
    room.write(&format!("{apex}.zone"), &room.zone.text())?;
    let (ip, port, folder) = (room.address.ip(), room.address.port(), room.path(""));
    let config = format!(
        "server:\n  ip-address: {ip}@{port}\n  username: \"\"\n  chroot: \"\"\n  zonesdir: \"{folder}\"\n  database: \"\"\n  \
         pidfile: \"{folder}/nsd.pid\"\n  xfrdfile: \"{folder}/xfrd.state\"\n  zonelistfile: \"{folder}/zone.list\"\n  \
         xfrdir: \"{folder}\"\n  server-count: 1\n  rrl-ratelimit: 0\n  minimal-responses: yes\n  tcp-count: 100\n\
         remote-control:\n  control-enable: no\nzone:\n  name: {apex}\n  zonefile: {apex}.zone\n"
    );
    let config = room.write("nsd.conf", &config)?;
    Ok(words(&["nsd", "-d", "-c", &config]))
}
