//! CMPP in both versions: bit 0x20 of the first octet chooses 3.0.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| mingluo_channels_fuzz::targets::cmpp(input));
