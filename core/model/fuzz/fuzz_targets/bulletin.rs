//! The envelope and the bulletin in it; the first octet chooses which of them the rest is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mingluo_model::{
    bulletin::{Circumstances, Envelope, KeySet, Sequences, codec, verify},
    clock::Timestamp,
    mode::ModeKind,
};

fuzz_target!(|input: &[u8]| {
    let Some((steer, bytes)) = input.split_first() else { return };
    if steer & 1 == 0 {
        envelope(bytes);
    } else if let Ok(bulletin) = codec::decode(bytes) {
        // There is one way to write each bulletin: a signature must not fit two texts that mean the same.
        assert_eq!(codec::encode(&bulletin).expect("what was read keeps the rules"), bytes);
    }
});

fn envelope(bytes: &[u8]) {
    let Ok(envelope) = Envelope::from_bytes(bytes) else { return };
    assert_eq!(envelope.to_bytes(), bytes);
    let region = "210423001001".parse().expect("a village's code");
    let (keys, seen) = (KeySet::default(), Sequences::new());
    let here = Circumstances { now: Timestamp(0), region, mode: ModeKind::Live, seen: &seen };
    assert!(verify(bytes, &keys, here).is_err(), "who believes nobody obeys nothing");
}
