//! Octets as hexadecimal text, for `#[serde(with = …)]` where they are long or many: the text is made as a whole, while
//! `hex::serde` builds it letter by letter, which of an order's envelope takes longer than all the rest of its frame.

pub use hex::serde::deserialize;
use serde::{Serializer, ser::Error as _};

/// Writes them as small letters, as `hex::serde` does.
///
/// # Errors
/// The serializer's.
pub fn serialize<S: Serializer>(octets: impl AsRef<[u8]>, out: S) -> Result<S::Ok, S::Error> {
    let octets = octets.as_ref();
    let mut text = vec![0; 2 * octets.len()];
    hex::encode_to_slice(octets, &mut text).map_err(S::Error::custom)?;
    out.serialize_str(std::str::from_utf8(&text).map_err(S::Error::custom)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    struct Ours(#[serde(with = "super")] Vec<u8>);
    #[derive(Serialize)]
    struct Theirs(#[serde(with = "hex::serde")] Vec<u8>);

    proptest! {
        #[test]
        fn it_is_the_text_of_the_library_and_reads_back(octets in prop::collection::vec(any::<u8>(), 0..600)) {
            let text = serde_json::to_string(&Ours(octets.clone())).unwrap();
            prop_assert_eq!(&text, &serde_json::to_string(&Theirs(octets.clone())).unwrap());
            prop_assert_eq!(serde_json::from_str::<Ours>(&text).unwrap().0, octets);
        }
    }
}
