//! The bytes of a geo database to a world or a refusal.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| signpost_fuzz::run("mmdb", octets));
