//! BIND: one thread, no recursion, minimal responses.

use super::{Room, words};
use crate::Failure;

pub(super) fn command(room: &Room<'_>) -> Result<Vec<String>, Failure> {
    let apex = room.zone.apex();
    room.write(&format!("{apex}.zone"), &room.zone.text())?;
    let (ip, port, folder) = (room.address.ip(), room.address.port(), room.path(""));
    let config = format!(
        "options {{\n directory \"{folder}\"; pid-file \"{folder}/named.pid\"; session-keyfile \"{folder}/session.key\";\n \
         listen-on port {port} {{ {ip}; }}; listen-on-v6 {{ none; }};\n recursion no; minimal-responses yes; \
         allow-transfer {{ none; }}; notify no; tcp-clients 100;\n}};\ncontrols {{ }};\nzone \"{apex}\" {{ type primary; \
         file \"{apex}.zone\"; }};\n"
    );
    let config = room.write("named.conf", &config)?;
    Ok(words(&["named", "-g", "-n", "1", "-c", &config]))
}
