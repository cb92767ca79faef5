//! What the server tells about itself when asked, ready for the wire: `identity` and `version` of `[server]`.
//! Who may ask how is decided in `answer`.

use crate::config::Server;

/// Which machine this is, and its version, as far as the operator lets it be known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// RDATA of a TXT record.
    name: Option<Box<[u8]>>,
    version: Option<Box<[u8]>>,
}

impl Identity {
    /// What `[server]` says.
    pub fn new(server: &Server) -> Self {
        Self { name: server.identity.as_deref().map(text), version: server.version.as_deref().map(text) }
    }

    /// The machine as RDATA of a TXT record (RFC 4892).
    pub fn name_text(&self) -> Option<&[u8]> {
        self.name.as_deref()
    }

    /// The version as RDATA of a TXT record.
    pub fn version_text(&self) -> Option<&[u8]> {
        self.version.as_deref()
    }

    /// The machine as an NSID option holds it: without the octet that tells a string's length (RFC 5001 §2.3).
    pub fn nsid(&self) -> Option<&[u8]> {
        self.name_text()?.get(1..)
    }
}

/// One character-string; the configuration bounds it to the 255 octets of one (RFC 1035 §3.3).
fn text(written: &str) -> Box<[u8]> {
    std::iter::once(written.len() as u8).chain(written.bytes()).collect()
}
