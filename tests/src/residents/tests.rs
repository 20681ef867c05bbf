use super::*;
use std::collections::{BTreeMap, HashSet};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/regions/fushun")
}

fn pack(seed: u64) -> Pack {
    Pack::read(&folder(), seed).unwrap()
}

fn area(codes: &[&str]) -> Vec<RegionCode> {
    codes.iter().map(|code| code.parse().unwrap()).collect()
}

fn hills() -> Vec<RegionCode> {
    area(&["210423100", "210423101", "210423107"])
}

#[test]
fn as_many_phones_are_made_as_are_told() {
    let pack = pack(1);
    for asked in [10, 3_000] {
        let made = pack.people(&hills(), asked, None).unwrap().filter(|person| person.sms.is_some()).count();
        assert_eq!(pack.phones(&hills(), asked).unwrap(), made as u64);
    }
    assert!(pack.phones(&hills(), 10).unwrap() > 10, "duty persons are always there");
}

/// The unassigned segments of each network, read here by another way than the generator's.
fn segments() -> Vec<(u64, u64)> {
    let text = std::fs::read_to_string(folder().join("phone_ranges.csv")).unwrap();
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        (fields[1].parse().unwrap(), fields[2].parse().unwrap())
    };
    text.lines().skip(1).map(row).collect()
}

#[test]
fn the_same_seed_makes_the_same_people() {
    let (three, one) = (hills(), area(&["210423107"]));
    let first: Vec<Person> = pack(7).people(&three, 3_000, None).unwrap().collect();
    let again: Vec<Person> = pack(7).people(&three, 3_000, None).unwrap().collect();
    assert_eq!(first, again);
    let other: Vec<Person> = pack(8).people(&three, 3_000, None).unwrap().collect();
    assert_ne!(first, other);
    // A resident is the same one when fewer of the village are asked for, within another area.
    let all: HashSet<u64> = first.iter().filter_map(|person| person.sms).collect();
    let few: Vec<u64> = pack(7).people(&one, 300, None).unwrap().filter_map(|person| person.sms).collect();
    assert!(few.iter().all(|number| all.contains(number)));
}

#[test]
fn numbers_are_unique_and_belong_to_nobody() {
    let segments = segments();
    let people = pack(1);
    let mut seen = HashSet::new();
    for number in people.people(&area(&["2104"]), 200_000, Some(0)).unwrap().filter_map(|person| person.sms) {
        assert!(seen.insert(number), "{number} was given twice");
        let segment = number / 10_000;
        assert!(
            segments.iter().any(|(first, last)| (*first..=*last).contains(&segment)),
            "{number} is assigned"
        );
    }
    assert_eq!(seen.len(), 200_000);
}

#[test]
fn the_duty_persons_of_the_city_are_those_of_the_table() {
    let people = pack(1);
    let mut census = Census::default();
    let mut groups: BTreeMap<String, u32> = BTreeMap::new();
    let everybody = people.people(&area(&["2104"]), 20_000, None).unwrap();
    let counted = everybody.inspect(|person| *groups.entry(person.group.clone()).or_default() += 1);
    census.write(counted, &mut std::io::sink()).unwrap();
    assert_eq!((census.phones, census.duty, census.boxes), (20_000, 9_735, 931));
    let expected =
        [("disaster_info_officer", 1_091), ("grid_worker", 2_365), ("agency_duty", 360), ("media", 20)];
    for (group, count) in expected {
        assert_eq!(groups[group], count, "{group}");
    }
}

#[test]
fn phones_and_boxes_are_as_many_as_asked_for_and_spread_by_population() {
    let people = pack(1);
    let mut towns: BTreeMap<String, u32> = BTreeMap::new();
    let mut boxes = HashSet::new();
    for person in people.people(&hills(), 30_000, Some(100)).unwrap() {
        boxes.extend(person.speaker.clone());
        *towns.entry(person.region.to_string()[..9].to_owned()).or_default() +=
            u32::from(person.sms.is_some());
    }
    assert_eq!(towns.values().sum::<u32>(), 30_000);
    assert_eq!(boxes.len(), 100);
    assert!(boxes.iter().all(|code| code.len() == 23));
    // 68,921 of 99,540 residents live in 清原镇.
    assert!((19_500..21_500).contains(&towns["210423100"]), "{towns:?}");
}

#[test]
fn followers_and_networks_come_in_their_shares() {
    let people = pack(3);
    let residents: Vec<Person> = people.people(&area(&["210404"]), 50_000, Some(0)).unwrap().collect();
    let residents: Vec<_> = residents.iter().filter(|person| person.group.is_empty()).collect();
    let share = |count: usize| count as f64 / residents.len() as f64;
    let followers = share(residents.iter().filter(|person| person.wechat.is_some()).count());
    assert!((0.17..0.19).contains(&followers), "{followers}");
    let mobile =
        share(residents.iter().filter(|person| person.sms.is_some_and(|it| it >= 19_730_600_000)).count());
    assert!((0.42..0.45).contains(&mobile), "{mobile}");
    let ids: HashSet<_> = residents.iter().filter_map(|person| person.wechat.clone()).collect();
    assert!(ids.iter().all(|id| id.len() == 28 && id.starts_with('o')));
}

#[test]
fn the_file_is_a_roster_that_targeting_reads() {
    use mingluo_targeting::{gazetteer::Gazetteer, groups::GroupTable, roster::read_recipients};
    let open = |name: &str| std::fs::File::open(folder().join(name)).unwrap();
    let gazetteer = Gazetteer::read(open("divisions.csv")).unwrap();
    let groups = GroupTable::read(open("groups.csv")).unwrap();
    let mut file = Census::HEADER.as_bytes().to_vec();
    let mut census = Census::default();
    census.write(pack(1).people(&hills(), 2_000, None).unwrap(), &mut file).unwrap();
    let rows = read_recipients(&file[..], &gazetteer, &groups).unwrap();
    let good = rows.flatten().count() as u64;
    assert_eq!(good, census.rows);
}

#[test]
fn what_cannot_be_made_is_said() {
    let people = pack(1);
    let nowhere = people.people(&area(&["2201"]), 10, None).err().unwrap();
    assert!(nowhere.to_string().contains("2201"));
    let crowded = people.people(&area(&["210423100201"]), 1_600_000, None).err().unwrap();
    assert!(matches!(crowded, CrowdError::TooMany { .. }), "{crowded}");
    assert!(people.people(&hills(), 1_600_000, None).is_ok());
}
