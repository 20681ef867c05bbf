//! The frames of the village link, from either side.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mingluo_model::link::{BoxFrame, CityFrame};

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    // What was read and is written again must read the same, or box and city would see two different things.
    if let Ok(frame) = BoxFrame::read(text) {
        let written = frame.write();
        assert_eq!(BoxFrame::read(&written).expect("what we wrote can be read"), frame);
    }
    if let Ok(frame) = CityFrame::read(text) {
        let written = frame.write();
        assert_eq!(CityFrame::read(&written).expect("what we wrote can be read"), frame);
        if let CityFrame::Keys(keys) = frame {
            let _ = keys.signed.claimed_version();
        }
    }
});
