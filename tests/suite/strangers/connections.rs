//! Connections that strangers misuse.
