//! Cutting a text: two octets that steer, then the text.
#![no_main]

use std::num::NonZeroU8;

use libfuzzer_sys::fuzz_target;
use mingluo_channels_fuzz::sms::segment::{Signature, segment};

fuzz_target!(|input: &[u8]| {
    let [kind, most, text @ ..] = input else { return };
    let text = String::from_utf8_lossy(text);
    let signature = match kind % 3 {
        0 => Signature::None,
        1 => Signature::GatewayAdds { units: u16::from(*kind) / 3 },
        _ => Signature::InFront(text.chars().rev().take(usize::from(*kind) / 3).collect()),
    };
    let Some(most) = NonZeroU8::new(*most) else { return };
    let Ok(segments) = segment(&text, &signature, *kind, most) else { return };

    let joined: String = segments.parts.iter().map(|part| part.text.as_str()).collect();
    assert!(joined.ends_with(&*text));
    assert!(segments.parts.len() <= usize::from(most.get()));
    for part in &segments.parts {
        assert!(part.user_data().len() <= 140 && !part.text.is_empty());
        assert_eq!(part.udh.is_some(), segments.parts.len() > 1);
    }
});
