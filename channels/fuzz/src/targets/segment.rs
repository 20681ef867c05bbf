//! Cutting a text: two octets that steer, then the text.

use crate::sms::segment::{Alphabet, Signature, flash, segment as cut};
use std::num::NonZeroU8;

/// Tries one input on the cutting of texts.
pub fn segment(input: &[u8]) {
    let [kind, most, text @ ..] = input else { return };
    let alphabet = [Alphabet::Ucs2, Alphabet::Gsm7, Alphabet::Ascii][usize::from(*most) % 3];
    let text = String::from_utf8_lossy(text);
    let signature = match kind % 3 {
        0 => Signature::None,
        1 => Signature::GatewayAdds { units: u16::from(*kind) / 3 },
        _ => Signature::InFront(text.chars().rev().take(usize::from(*kind) / 3).collect()),
    };
    let Some(most) = NonZeroU8::new(*most) else { return };
    let Ok(segments) = cut(&text, &signature, alphabet, *kind, most) else { return };

    let shown = flash(&text, &signature).expect("what can be cut can be flashed");
    assert!(shown.user_data().len() <= 140 && shown.udh.is_none());
    let joined: String = segments.parts.iter().map(|part| part.text.as_str()).collect();
    assert!(joined.ends_with(&*text));
    assert!(segments.parts.len() <= usize::from(most.get()));
    for part in &segments.parts {
        assert!(
            part.user_data().len() <= if part.coding.0 == 8 { 140 } else { 160 } && !part.text.is_empty()
        );
        assert_eq!(part.udh.is_some(), segments.parts.len() > 1);
    }
}
