//! Power is cut at every byte, and the book is the same or one step younger.

use super::*;
use crate::{
    selftest::Kind,
    village::{NOW, bulletin, order},
};
use mingluo_model::{
    bulletin::EbmId,
    link::{Event, Order, Report, SelfTest},
};
use sha2::{Digest as _, Sha256};

fn taken(seq: u64) -> Record {
    let (bulletin, order) = (bulletin(seq), order(seq));
    let digest = Sha256::digest(&order.envelope).into();
    let Order { ebm, envelope } = order;
    Record::Taken { ebm, key_id: bulletin.key_id, seq, end: bulletin.end, digest, envelope }
}

fn reported(id: u64, ebm: EbmId) -> Record {
    let box_code = crate::village::box_code();
    let (reason, detail) = (String::new(), String::new());
    Record::Reported(Report { id, ebm, box_code, event: Event::Received, reason, at: NOW, detail })
}

fn open(medium: &MemoryMedium) -> Journal {
    Journal::open(Box::new(medium.clone()), NOW).unwrap()
}

#[test]
fn torn_journal_tail() {
    let ebm = bulletin(1).ebm;
    let full = frame::write(&[Record::Begun { ebm, at: NOW }]).len();
    for cut in 1..=full {
        let medium = MemoryMedium::default();
        let mut journal = open(&medium);
        journal.append(vec![taken(1), reported(1, ebm)], NOW).unwrap();
        journal.append(vec![Record::Begun { ebm, at: NOW }], NOW).unwrap();
        medium.tear(cut);
        let recovered = open(&medium);
        assert!(matches!(recovered.book().entry(ebm).unwrap().phase, Phase::Waiting(_)), "cut {cut}");
        assert_eq!(recovered.book().pending().len(), 1);
    }
}

#[test]
fn a_rewritten_journal_adds_up_to_the_same_book() {
    let medium = MemoryMedium::default();
    let mut journal = open(&medium);
    journal
        .append(vec![taken(1), taken(2), reported(1, bulletin(1).ebm), reported(2, bulletin(2).ebm)], NOW)
        .unwrap();
    journal
        .append(vec![Record::Begun { ebm: bulletin(1).ebm, at: NOW }, Record::Committed(vec![1])], NOW)
        .unwrap();
    let (first, second) = (open(&medium), open(&medium));
    assert_eq!(first.book().records(), second.book().records());
    assert_eq!(journal.book().records(), second.book().records());
    assert_eq!(second.book().next_report(), 3);
    assert!(!second.book().seen()[&bulletin(1).key_id].is_new(2));
}

#[test]
fn what_is_long_over_is_forgotten_but_its_sequence_is_not() {
    let medium = MemoryMedium::default();
    let ebm = bulletin(1).ebm;
    open(&medium).append(vec![taken(1), taken(2), Record::Closed { ebm, at: NOW }], NOW).unwrap();
    let later = Timestamp(NOW.0 + 3 * 86_400_000);
    let journal = Journal::open(Box::new(medium), later).unwrap();
    assert!(journal.book().entry(ebm).is_none());
    assert!(journal.book().entry(bulletin(2).ebm).is_some(), "how it ended has yet to be told");
    assert!(!journal.book().seen()[&bulletin(1).key_id].is_new(1));
}

#[test]
fn a_damaged_file_is_set_aside_and_what_stood_before_counts() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let medium = || Box::new(FileMedium::new(path.clone()));
    let mut journal = Journal::open(medium(), NOW).unwrap();
    journal.append(vec![taken(1)], NOW).unwrap();
    journal.append(vec![taken(2)], NOW).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let journal = Journal::open(medium(), NOW).unwrap();
    assert!(
        journal.book().entry(bulletin(1).ebm).is_some() && journal.book().entry(bulletin(2).ebm).is_none()
    );
    assert_eq!(std::fs::read(path.with_extension("damaged")).unwrap(), bytes);
}

#[test]
fn one_bad_spot_takes_back_nothing_that_was_remembered_after_it() {
    let frames: Vec<Vec<u8>> = (1..=3).map(|seq| frame::write(&[taken(seq)])).collect();
    let (first, second) = (frames[0].len(), frames[1].len());
    for spot in first..first + second {
        let mut bytes = frames.concat();
        bytes[spot] ^= 0x10;
        let book = peek(&bytes);
        let seen = &book.seen()[&bulletin(1).key_id];
        assert_eq!([1, 2, 3].map(|seq| seen.is_new(seq)), [false, true, false], "spot {spot}");
    }
}

#[test]
fn what_is_written_after_the_card_was_full_is_there_after_the_next_start() {
    let medium = MemoryMedium::default();
    let mut journal = open(&medium);
    journal.append(vec![taken(1)], NOW).unwrap();
    medium.tear(5);
    journal.append(vec![taken(2)], NOW).unwrap();
    let seen = open(&medium).book().seen()[&bulletin(1).key_id];
    assert_eq!([1, 2].map(|seq| seen.is_new(seq)), [true, false]);
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let (records, unreadable) = frame::read_all(&bytes);
        proptest::prop_assert!(!records.is_empty() || unreadable == bytes.len());
    }
}

#[test]
fn the_diary_is_bounded_and_is_the_same_after_the_journal_was_rewritten() {
    let medium = MemoryMedium::default();
    let mut journal = open(&medium);
    journal.append(vec![Record::TestBegun { kind: Kind::Silent, at: NOW }], NOW).unwrap();
    for id in 1..=150 {
        journal.append(vec![reported(id, bulletin(1).ebm)], NOW).unwrap();
    }
    let test = SelfTest { at: NOW, audible: false, passed: true, detail: String::new() };
    let note = Note { at: NOW, what: Happening::SelfTest(test.clone()) };
    journal.append(vec![Record::Noted(note.clone())], NOW).unwrap();
    let diary = open(&medium).book().diary().clone();
    assert_eq!(&diary, journal.book().diary());
    assert_eq!((diary.notes().len(), diary.notes().back()), (100, Some(&note)));
    assert_eq!((diary.tests().back(), diary.begun(Kind::Silent)), (Some(&test), Some(NOW)));
    assert_eq!(diary.begun(Kind::Audible), None);
}

#[test]
fn a_time_that_the_city_proved_wrongly_is_forgotten_and_the_numbers_are_not() {
    let medium = MemoryMedium::default();
    let mut journal = open(&medium);
    let ahead = NOW.plus(std::time::Duration::from_hours(24 * 365));
    journal.append(vec![taken(2), Record::Proven(ahead)], NOW).unwrap();
    journal.append(vec![Record::Proven(NOW)], NOW).unwrap();
    assert_eq!(open(&medium).book().floors().proven, ahead, "nothing goes back by itself");

    open(&medium).append(vec![Record::TimeForgotten], NOW).unwrap();

    let mut journal = open(&medium);
    assert!(journal.book().floors().proven < NOW);
    assert!(!journal.book().seen()[&bulletin(1).key_id].is_new(2));
    journal.append(vec![Record::Proven(NOW)], NOW).unwrap();
    assert_eq!(open(&medium).book().floors().proven, NOW);
}
