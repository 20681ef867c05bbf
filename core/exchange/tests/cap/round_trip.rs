//! What is written is read back the same.

use mingluo_exchange::cap::{Version, read, write};
use proptest::prelude::*;

use crate::alerts::{any_alert, rainstorm};

#[test]
fn a_chinese_warning_comes_back_word_for_word() {
    let alert = rainstorm();
    let page = write(&alert).unwrap();
    let reading = read(page.as_bytes()).unwrap();
    assert_eq!(reading.alert, alert);
    assert_eq!((reading.version, reading.signature, reading.notes), (Version::V1_2, None, vec![]));
    assert!(page.contains("<sent>2026-11-23T22:00:00+08:00</sent>"), "{page}");
    assert!(page.contains("<language>zh-CN</language>"), "{page}");
}

proptest! {
    #[test]
    fn any_valid_alert_comes_back_the_same(alert in any_alert()) {
        let page = write(&alert).unwrap();
        let reading = read(page.as_bytes()).unwrap();
        prop_assert_eq!(reading.alert, alert);
    }

    #[test]
    fn no_written_time_is_in_zulu(alert in any_alert()) {
        let page = write(&alert).unwrap();
        let sent = page.split_once("<sent>").and_then(|(_, it)| it.split_once("</sent>")).unwrap().0;
        prop_assert_eq!(sent.len(), 25);
        prop_assert!(!sent.ends_with('Z') && !sent.ends_with("+00:00"));
    }
}
