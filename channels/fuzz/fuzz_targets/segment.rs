//! Cutting a text: two octets that steer, then the text.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| mingluo_channels_fuzz::targets::segment(input));
