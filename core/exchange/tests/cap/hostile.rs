//! Nothing that comes from outside makes the reader panic.

use mingluo_exchange::cap::{BYTES_MAX, CapError, NOTES_MAX, breaches, read, write};
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::alerts::{any_alert, rainstorm};

/// A change to a document: cut, double or overwrite a stretch of bytes.
#[derive(Debug, Clone)]
enum Harm {
    Cut(Index, usize),
    Double(Index, usize),
    Overwrite(Index, Vec<u8>),
}

fn harm() -> impl Strategy<Value = Harm> {
    let scraps = [
        "<",
        ">",
        "&",
        "\"",
        "</info>",
        "<info>",
        "<!DOCTYPE a>",
        "&#0;",
        "\u{FEFF}",
        "]]>",
        "<![CDATA[",
        "Z",
    ];
    let scrap = prop::sample::select(scraps.to_vec()).prop_map(|it| it.as_bytes().to_vec());
    let bytes = prop_oneof![vec(any::<u8>(), 1..4), scrap];
    prop_oneof![
        (any::<Index>(), 1..200_usize).prop_map(|(at, len)| Harm::Cut(at, len)),
        (any::<Index>(), 1..200_usize).prop_map(|(at, len)| Harm::Double(at, len)),
        (any::<Index>(), bytes).prop_map(|(at, new)| Harm::Overwrite(at, new)),
    ]
}

fn harmed(mut page: Vec<u8>, harms: &[Harm]) -> Vec<u8> {
    for harm in harms {
        let (Harm::Cut(at, len) | Harm::Double(at, len)) = harm else {
            let Harm::Overwrite(at, new) = harm else { continue };
            let start = at.index(page.len() + 1);
            let end = (start + new.len()).min(page.len());
            page.splice(start..end, new.iter().copied());
            continue;
        };
        let start = at.index(page.len() + 1);
        let end = (start + len).min(page.len());
        let piece = page[start..end].to_vec();
        let again = if matches!(harm, Harm::Double(..)) { piece.repeat(2) } else { vec![] };
        page.splice(start..end, again);
    }
    page
}

/// What reads and breaks no rule is written, and comes back the same.
fn settle(bytes: &[u8]) {
    let Ok(reading) = read(bytes) else { return };
    assert!(reading.notes.len() <= NOTES_MAX + 1);
    if breaches(&reading.alert).is_empty() {
        let page = write(&reading.alert).expect("no rule is broken");
        assert_eq!(read(page.as_bytes()).map(|it| it.alert), Ok(reading.alert));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in vec(any::<u8>(), 0..400)) {
        settle(&bytes);
    }

    #[test]
    fn any_text_in_an_alert_is_survived(inside in "\\PC{0,60}", declared in "(|gb18030|utf-16|big5|shift_jis|x)") {
        let ns = "urn:oasis:names:tc:emergency:cap:1.2";
        settle(format!("<?xml version='1.0' encoding='{declared}'?><alert xmlns='{ns}'>{inside}</alert>").as_bytes());
    }

    #[test]
    fn a_harmed_alert_is_survived(alert in any_alert(), harms in vec(harm(), 1..5)) {
        settle(&harmed(write(&alert).unwrap().into_bytes(), &harms));
    }

    #[test]
    fn a_harmed_rainstorm_is_survived(harms in vec(harm(), 1..3)) {
        settle(&harmed(write(&rainstorm()).unwrap().into_bytes(), &harms));
    }
}

#[test]
fn an_entity_bomb_is_refused_at_its_doctype() {
    let bomb = "<!DOCTYPE alert [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><alert>&b;</alert>";
    assert_eq!(read(bomb.as_bytes()), Err(CapError::Doctype));
}

#[test]
fn a_second_root_is_refused() {
    let page = write(&rainstorm()).unwrap();
    let (_, alert) = page.split_once("?>").unwrap();
    assert!(matches!(read(format!("{page}{alert}").as_bytes()), Err(CapError::Xml(_))));
}

#[test]
fn sizes_are_bounded() {
    let large = vec![b'<'; BYTES_MAX + 1];
    assert!(matches!(read(&large), Err(CapError::TooLarge { .. })));
    let deep = "<a>".repeat(100_000);
    assert!(matches!(read(deep.as_bytes()), Err(CapError::TooMuch { what: "levels of nesting", .. })));
    let wide = format!("<a {}/>", "b='' ".repeat(100_000));
    assert!(matches!(read(wide.as_bytes()), Err(CapError::TooMuch { what: "attributes in a tag", .. })));
}

#[test]
fn a_flood_of_strangers_earns_a_bounded_number_of_notes() {
    let page = write(&rainstorm()).unwrap().replace("</alert>", &("<x/>".repeat(50_000) + "</alert>"));
    let notes = read(page.as_bytes()).unwrap().notes;
    assert_eq!(notes.len(), NOTES_MAX + 1);
    assert_eq!(notes[NOTES_MAX].to_string(), "line 0, alert: 49900 more notes");
}

#[test]
fn recipients_do_not_show_in_debug() {
    let mut alert = rainstorm();
    alert.addresses.0 = vec!["13800000000".into(), "a\"b".into()];
    assert!(!format!("{alert:?}").contains("13800000000"));
    assert!(!format!("{:?}", breaches(&alert)).contains("a\\\""));
}
