//! SMPP.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| mingluo_channels_fuzz::targets::smpp(input));
