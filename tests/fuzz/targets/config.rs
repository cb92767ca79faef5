//! The text of `signpost.toml` to policies or diagnostics.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| signpost_fuzz::run("config", octets));
