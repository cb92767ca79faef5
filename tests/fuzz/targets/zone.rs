//! Zone text to records, and these to answers.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| signpost_fuzz::run("zone", octets));
