use super::*;
use crate::{gazetteer::tests::hills, groups::tests::duty};
use mingluo_model::region::Level;
use proptest::prelude::*;

const HEADER: &str = "region,groups,sms,wechat,email,speaker\n";

fn rows(file: &[u8]) -> Vec<Result<Recipient, RosterError>> {
    read_recipients(file, &hills(), &duty()).unwrap().collect()
}

fn refusal(row: &[u8]) -> BadRow {
    match rows(&[HEADER.as_bytes(), row, b"\n"].concat()).remove(0) {
        Err(RosterError::Row(bad)) => bad,
        other => panic!("{other:?}"),
    }
}

#[test]
fn people_and_boxes_are_read_with_their_groups() {
    let file = "\u{feff}speaker,region,sms,groups,wechat,email\r\n\
        ,210423100201,86 ,,,\r\n,210423100201,19730601234,网格员|media,,a@b.cn\r\n\
        \"34210423100201000000101\",\"210423100201\",,,,\r\n";
    let read = rows(file.as_bytes());
    assert!(matches!(&read[0], Err(RosterError::Row(bad)) if bad.line == 2 && bad.field == "sms"));
    let person = read[1].as_ref().unwrap();
    assert_eq!((person.groups, person.sms.as_ref().unwrap().expose()), (0b1001, "+8619730601234"));
    assert!(read[2].as_ref().unwrap().speaker.is_some());
}

#[test]
fn each_fault_is_named_by_field_and_problem() {
    let told = |row: &str| {
        let bad = refusal(row.as_bytes());
        (bad.field, bad.problem)
    };
    assert_eq!(told("210423100999,,19730601234,,,"), ("region", RowProblem::UnknownRegion));
    assert_eq!(told("210423100,,19730601234,,,"), ("region", RowProblem::NotAVillage(Level::Township)));
    assert_eq!(told("210423100201,nurse,19730601234,,,"), ("groups", RowProblem::UnknownGroup));
    assert_eq!(told("210423100201,,1973060123,,,"), ("sms", RowProblem::BadPhone));
    assert_eq!(told("210423100201,,,o,,"), ("wechat", RowProblem::BadOpenId));
    assert_eq!(told("210423100201,,,,nobody,"), ("email", RowProblem::BadMailbox));
    assert_eq!(told("210423100201,,,,,12345"), ("speaker", RowProblem::BadSpeakerCode));
    assert_eq!(told("210423100201,,,,,"), ("row", RowProblem::NoAddress));
    assert_eq!(told("210423100201,,"), ("row", RowProblem::ColumnCount { found: 3, wanted: 6 }));
    assert_eq!(refusal(b"210423100201,\xcd\xf8,,,,").problem, RowProblem::NotUtf8);
}

#[test]
fn a_village_numbered_as_in_the_other_list_is_told_the_right_township() {
    let said = refusal(b"210403100201,,19730601234,,,").to_string();
    assert_eq!(
        said,
        "line 2: region \"210403100201\" lies in the civil-affairs code of 章党镇; give a village inside 210403103"
    );
}

#[test]
fn a_number_in_any_column_is_never_told() {
    for row in [
        "19730601234,,19730601234,,,",
        "210423100201,19730601234,,,,",
        "210423100201,,+8519730601234,,,",
        "210423100201,,,19730 601234,,",
        "210423100201,,,,19730601234,",
        "210423100201,,,,,19730601234",
    ] {
        assert!(!format!("{:?}", refusal(row.as_bytes())).contains("0601"), "{row}");
    }
    let (list, table) = (hills(), duty());
    let no_header = read_recipients("210423100201,,19730601234,,,".as_bytes(), &list, &table);
    assert!(no_header.err().is_some_and(|error| !error.to_string().contains("0601")));
}

#[test]
fn an_address_belongs_to_one_row_and_the_second_is_told_with_both_lines() {
    let file = format!(
        "{HEADER}210423100201,,19730601234,,,\n210423101201,网格员,+8619730601234,,a@b.cn,\n\
         210423100201,,19730601235,,a@b.cn,\n"
    );
    let read = rows(file.as_bytes());
    let Err(RosterError::Row(second)) = &read[1] else { panic!("the number stands twice") };
    assert_eq!((second.line, second.field), (3, "sms"));
    assert_eq!(
        second.to_string(),
        "line 3: sms \"197***34\" stands on line 2 too; give each address once: keep one of the two rows, or empty this field"
    );
    assert!(read[2].is_ok(), "the mailbox stood in a row that was refused");
}

#[test]
fn a_file_of_another_encoding_is_told_by_its_name() {
    let refused = |file: &[u8]| match read_recipients(file, &hills(), &duty()) {
        Err(RosterError::NotUtf8 { looks }) => looks,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was read"),
    };
    assert_eq!(refused(b"\xff\xfer\0e\0"), Looks::Utf16);
    assert_eq!(refused(b"PK\x03\x04\n"), Looks::Workbook);
    assert_eq!(refused(b"\xb5\xd8\xc7\xf8,sms\n"), Looks::Gb18030);
}

#[test]
fn a_stray_quote_costs_one_row_only() {
    let file = format!("{HEADER}210423100201,,\"19730601234,,,\n210423100201,,19730601235,,,\n");
    let read = rows(file.as_bytes());
    assert!(read[0].is_err() && read[1].is_ok() && read.len() == 2);
}

#[test]
fn a_file_that_breaks_off_is_not_taken_for_whole() {
    struct Torn;
    impl std::io::Read for Torn {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("disk gone"))
        }
    }
    let (list, table) = (hills(), duty());
    let torn = std::io::Read::chain(HEADER.as_bytes(), Torn);
    let mut read = read_recipients(torn, &list, &table).unwrap();
    assert!(matches!(read.next(), Some(Err(RosterError::Unreadable(_)))));
    assert!(read.next().is_none());
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(junk in proptest::collection::vec(any::<u8>(), 0..300)) {
        rows(&[HEADER.as_bytes(), &junk].concat());
        let _ = read_recipients(&junk[..], &hills(), &duty());
    }
}
