//! Query bytes to answer bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| signpost_fuzz::run("query", octets));
