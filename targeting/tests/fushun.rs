//! The demonstration region pack as the crate reads it, and lists from outside when `MINGLUO_SAMPLES` names them.

use mingluo_model::{
    audience::{ChannelKind, Group},
    region::Level,
};
use mingluo_targeting::{
    edition::EditionBuilder,
    gazetteer::{Gazetteer, RegionError},
    groups::GroupTable,
    resolve::{Roster, Wanted, resolve},
    roster::read_recipients,
};
use std::{fs::File, path::Path};

fn pack(name: &str) -> File {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/regions/fushun");
    File::open(folder.join(name)).expect("the pack has the file")
}

fn fushun() -> Gazetteer {
    let list = Gazetteer::read(pack("divisions.csv")).expect("the pack's divisions are sound");
    list.with_township_codes(pack("township_codes.csv")).expect("the pack's township codes are sound")
}

#[test]
fn the_pack_holds_the_whole_city() {
    let list = fushun();
    let city = "2104".parse().unwrap();
    let count = |level| list.inside(city, level).count();
    assert_eq!([Level::County, Level::Township, Level::Village].map(count), [7, 72, 931]);
    assert_eq!(list.resolve("辽宁省抚顺市清原满族自治县清原镇").unwrap().to_string(), "210423100");
}

#[test]
fn each_township_that_the_other_list_numbers_differently_is_recognised() {
    let list = fushun();
    let others = [
        "210402200",
        "210403203",
        "210403101",
        "210403100",
        "210404200",
        "210421104",
        "210421103",
        "210423102",
    ];
    for code in others {
        assert!(matches!(list.resolve(code), Err(RegionError::OtherCodeSystem { .. })), "{code}");
    }
}

#[test]
fn the_groups_of_the_pack_are_fifteen_and_media_answer_for_nobody() {
    let table = GroupTable::read(pack("groups.csv")).unwrap();
    assert_eq!(table.entries().len(), 15);
    let media = table.named("媒体").unwrap();
    assert!(table.responsible().count() == 14 && table.responsible().all(|group| group != media));
}

#[test]
fn every_village_of_the_pack_is_a_place_to_live() {
    let list = fushun();
    let mut villages = csv::Reader::from_reader(pack("villages.csv"));
    let residents = villages.records().map(|row| {
        let row = row.unwrap();
        assert_eq!(list.check(row[0].parse().unwrap()).unwrap().code.level(), Level::Village);
        row[1].parse::<u32>().unwrap()
    });
    assert_eq!(residents.sum::<u32>(), 1_854_372);
}

#[test]
fn a_roster_file_becomes_an_audience() {
    let (gazetteer, groups) = (fushun(), GroupTable::read(pack("groups.csv")).unwrap());
    let village = gazetteer.inside("210423100".parse().unwrap(), Level::Village).next().unwrap().code;
    let file = format!(
        "region,groups,sms,wechat,email,speaker\n{village},网格员,19730601234,,,\n{village},,19730601235,,,\n\
         {village},,,,,34210423100201000000101\n210499001001,,19730601236,,,\n"
    );
    let mut builder = EditionBuilder::default();
    let read = read_recipients(file.as_bytes(), &gazetteer, &groups).unwrap();
    let bad: Vec<_> =
        read.filter_map(|row| row.map(|recipient| builder.push(&recipient).unwrap()).err()).collect();
    let draft = builder.finish();
    let edition = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
    let roster = Roster { edition, index: draft.index(), gazetteer: &gazetteer, groups: &groups };
    let wanted = Wanted {
        regions: &["210423".parse().unwrap()],
        groups: &[] as &[Group],
        channels: &ChannelKind::ALL,
    };
    let counts = resolve(&roster, &wanted).unwrap().audience.counts;
    assert_eq!((counts[&ChannelKind::Sms].recipients, counts[&ChannelKind::Sms].responsible), (2, 1));
    assert_eq!((counts[&ChannelKind::Speaker].recipients, bad.len()), (1, 1));
}

#[test]
fn a_whole_province_is_read() {
    let Some(samples) = std::env::var_os("MINGLUO_SAMPLES") else {
        println!("skipped: MINGLUO_SAMPLES names no folder of samples");
        return;
    };
    let folder = Path::new(&samples).join("divisions");
    let open = |name: &str| File::open(folder.join(name)).unwrap();
    let list = Gazetteer::read(open("divisions_liaoning.csv")).unwrap();
    let list = list.with_township_codes(open("township_codes_nbs_mca_liaoning.csv")).unwrap();
    assert_eq!((list.len(), list.inside("21".parse().unwrap(), Level::City).count()), (18_248, 14));
}
