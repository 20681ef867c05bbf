//! Speech that was made for warnings.

use crate::{cast::NOON, house::House};
use mingluo_ledger::store::StoredSpeech;

pub(crate) async fn the_first_speech_of_a_content_stands_and_its_clip_comes_back(house: &House) {
    let store = &house.store;
    let made = |content: u8, digest: u8| StoredSpeech {
        content_hash: [content; 32],
        sha256: [digest; 32],
        len: 4,
        length_ms: 22_500,
        voice: "engine".to_owned(),
        made: NOON,
    };
    assert_eq!(store.speech([1; 32]).await.unwrap(), None);
    assert_eq!(store.keep_speech(&made(1, 7), b"clip").await.unwrap(), made(1, 7));
    assert_eq!(store.keep_speech(&made(1, 8), b"else").await.unwrap(), made(1, 7), "never made anew");
    assert_eq!(store.keep_speech(&made(2, 7), b"clip").await.unwrap(), made(2, 7), "one clip may serve two");
    assert_eq!(store.speech([1; 32]).await.unwrap(), Some(made(1, 7)));
    assert_eq!(store.clip([7; 32]).await.unwrap().as_deref(), Some(&b"clip"[..]));
    assert_eq!(store.clip([9; 32]).await.unwrap(), None);
}
