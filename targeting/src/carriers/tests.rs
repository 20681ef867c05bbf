use super::*;
use proptest::prelude::*;

const TABLE: &str =
    "prefix,carrier\n130,unicom\n170,telecom\n1703,mobile\n1704,unicom\n1704780,mobile\n192,中国广电\n";

fn plan(ported: &str) -> NumberPlan {
    let ported = PortedNumbers::read(format!("number,carrier\n{ported}").as_bytes()).unwrap();
    NumberPlan::read(TABLE.as_bytes()).unwrap().with_ported(ported)
}

#[test]
fn the_longest_prefix_decides_and_what_no_prefix_covers_is_unknown() {
    let plan = plan("");
    let carriers =
        ["17000000000", "+8617030000000", "8617040000000", "17047800000", "19200000000", "13100000000"]
            .map(|number| plan.carrier(number));
    let (telecom, mobile) = (Some(Carrier::Telecom), Some(Carrier::Mobile));
    assert_eq!(carriers, [telecom, mobile, Some(Carrier::Unicom), mobile, Some(Carrier::Broadnet), None]);
    assert_eq!([plan.carrier("12345"), plan.carrier("+8529000000000")], [None, None]);
}

#[test]
fn a_number_that_moved_is_where_it_moved_to_and_its_neighbour_is_not() {
    let plan = plan("13012345678,telecom\n+8613012345670,mobile\n");
    assert_eq!(plan.carrier("+8613012345678"), Some(Carrier::Telecom));
    assert_eq!(plan.carrier("13012345670"), Some(Carrier::Mobile));
    assert_eq!(plan.carrier("13012345679"), Some(Carrier::Unicom));
    assert!(!format!("{plan:?}").contains("1301234"), "{plan:?}");
}

#[test]
fn every_bad_row_of_a_list_is_named_and_no_number_is_told_whole() {
    let list =
        "number,carrier\n1301234567,unicom\n13012345678,unicorn\n13012345679,mobile\n13012345679,telecom\n";
    let PortedError::Rows(rows) = PortedNumbers::read(list.as_bytes()).unwrap_err() else { panic!() };
    let told: Vec<_> = rows.iter().map(|row| (row.line, row.field, row.flaw)).collect();
    let (no_number, no_carrier) = (PortedFlaw::NoNumber, PortedFlaw::NoCarrier);
    let again = (5, "number", PortedFlaw::Contradicts);
    assert_eq!(told, [(2, "number", no_number), (3, "carrier", no_carrier), again]);
    assert!(rows.iter().all(|row| !row.to_string().contains("130123456")), "{rows:?}");
}

#[test]
fn a_table_with_a_prefix_twice_or_none_at_all_is_refused_by_line() {
    for (rows, flaw) in [
        ("130,unicom\n130,mobile", PrefixFlaw::Again),
        ("130,unicom\n12,mobile", PrefixFlaw::NoPrefix),
        ("130,unicom\n20000000,mobile", PrefixFlaw::NoPrefix),
        ("130,unicom\n1310000,nobody", PrefixFlaw::NoCarrier),
    ] {
        let table = format!("prefix,carrier\n{rows}\n");
        let error = NumberPlan::read(table.as_bytes()).unwrap_err();
        let PrefixError::BadLine { line: 3, flaw: found, .. } = error else { panic!("{error}") };
        assert_eq!(found, flaw);
    }
}

#[test]
fn the_demonstration_pack_covers_every_range_that_pretend_numbers_come_from() {
    let pack = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/regions/fushun");
    let plan = NumberPlan::read(std::fs::File::open(pack.join("carriers.csv")).unwrap()).unwrap();
    let ranges = std::fs::read_to_string(pack.join("phone_ranges.csv")).unwrap();
    for row in ranges.lines().skip(1) {
        let fields: Vec<&str> = row.split(',').collect();
        for segment in [fields[1], fields[2]] {
            let carrier = plan.carrier(&format!("{segment}0000"));
            assert_eq!(carrier, Carrier::named(fields[0]), "{row}");
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_and_no_number_make_the_readers_panic(junk in "\\PC{0,60}", rows in "[0-9a-z,\n\"]{0,99}") {
        let _ = plan("").carrier(&junk);
        let _ = NumberPlan::read(format!("prefix,carrier\n{rows}").as_bytes());
        let _ = PortedNumbers::read(format!("number,carrier\n{rows}").as_bytes());
    }
}
