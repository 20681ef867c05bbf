use super::*;
use crate::{
    edition::samples::{Someone, any_roster, edition},
    gazetteer::tests::{code, hills},
    groups::tests::duty,
};
use mingluo_model::audience::ChannelKind::{Email, Sms, Speaker};
use proptest::prelude::*;

const GRID: Group = Group(0);
const MEDIA: Group = Group(3);

fn ask(
    roster: &[Someone<'_>],
    regions: &[&str],
    groups: &[Group],
    channels: &[ChannelKind],
) -> Result<Resolved, ResolveError> {
    let draft = edition(roster);
    let roster = Roster {
        edition: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
        index: draft.index(),
        gazetteer: &hills(),
        groups: &duty(),
    };
    let regions: Vec<_> = regions.iter().map(|text| code(text)).collect();
    resolve(&roster, &Wanted { regions: &regions, groups, channels })
}

const TOWN: [Someone<'_>; 5] = [
    ("210423100201", 0b0001, true),
    ("210423100201", 0, true),
    ("210423100001", 0, true),
    ("210423100201", 0, false),
    ("210423101201", 0b1000, true),
];

#[test]
fn a_county_hears_it_with_its_responsible_persons_apart() {
    let resolved = ask(&TOWN, &["210423"], &[], &[Sms, Speaker, Email]).unwrap();
    let counts = &resolved.audience.counts;
    assert_eq!(counts[&Sms], HeadCount { recipients: 4, responsible: 1 });
    assert_eq!(counts[&Speaker], HeadCount { recipients: 1, responsible: 0 });
    assert_eq!(counts[&Email], HeadCount::default());
    assert_eq!(resolved.targets[&Sms].residents.len(), 3);
    let townships = resolved.counts_by_region(edition(&TOWN).index(), Level::Township, Sms);
    assert_eq!(townships, [(code("210423100"), 3), (code("210423101"), 1)]);
}

#[test]
fn groups_narrow_to_their_members() {
    let resolved = ask(&TOWN, &["2104"], &[MEDIA, GRID, MEDIA], &[Sms]).unwrap();
    assert_eq!(resolved.audience.counts[&Sms], HeadCount { recipients: 2, responsible: 1 });
    assert_eq!(resolved.audience.groups, [GRID, MEDIA]);
}

#[test]
fn an_empty_audience_says_what_was_empty() {
    let told = |regions: &[&str], groups: &[Group], channels: &[ChannelKind]| {
        ask(&TOWN, regions, groups, channels).unwrap_err().to_string()
    };
    assert!(
        told(&["210403103"], &[], &[Sms]).contains("no recipient in 210403103 辽宁省抚顺市东洲区章党镇;")
    );
    assert!(told(&["210423101"], &[GRID], &[Sms]).contains("no member there of 网格员;"));
    assert!(told(&["210423"], &[], &[Email]).contains("no address on email;"));
}

#[test]
fn what_is_unknown_or_missing_is_named() {
    let why = |regions: &[&str], groups: &[Group], channels: &[ChannelKind]| {
        ask(&TOWN, regions, groups, channels).unwrap_err()
    };
    assert!(matches!(why(&["210499"], &[], &[Sms]), ResolveError::UnknownRegion(_)));
    assert!(why(&["210403100"], &[], &[Sms]).to_string().contains("210403103"));
    assert_eq!(why(&["2104"], &[Group(9)], &[Sms]), ResolveError::UnknownGroup { group: Group(9) });
    assert_eq!(why(&[], &[], &[Sms]), ResolveError::NoRegion);
    assert_eq!(why(&["2104"], &[], &[]), ResolveError::NoChannel);
}

const PLACES: [&str; 8] =
    ["21", "2104", "210403", "210423", "210423100", "210423100201", "210423100001", "210423101201"];

proptest! {
    #[test]
    fn counts_equal_going_from_door_to_door(
        roster in any_roster(),
        regions in prop::collection::vec(prop::sample::select(&PLACES), 1..6),
        groups in prop::sample::subsequence(vec![GRID, MEDIA], 0..3),
    ) {
        let mask = groups.iter().fold(0, |mask, group| mask | crate::roster::bit(*group));
        let asked = |someone: &&Someone<'_>| {
            regions.iter().any(|region| code(region).contains(code(someone.0)))
                && (groups.is_empty() || someone.1 & mask != 0)
        };
        let reached: Vec<_> = roster.iter().filter(asked).filter(|someone| someone.2).collect();
        let responsible = reached.iter().filter(|someone| someone.1 & 1 == 1).count();
        match ask(&roster, &regions, &groups, &[Sms]) {
            Ok(resolved) => {
                let count = resolved.audience.counts[&Sms];
                let found = (count.recipients as usize, count.responsible as usize);
                prop_assert_eq!(found, (reached.len(), responsible));
                let targets = &resolved.targets[&Sms];
                prop_assert!(targets.responsible.is_disjoint(&targets.residents));
                prop_assert_eq!(targets.all().len() as usize, reached.len());
            }
            Err(error) => {
                prop_assert!(reached.is_empty());
                let empty = matches!(error, ResolveError::EmptyAudience { .. });
                prop_assert!(empty);
            }
        }
    }

    #[test]
    fn merged_regions_cover_the_same_villages_once(
        regions in prop::collection::vec(prop::sample::select(&PLACES), 1..8),
    ) {
        let given: Vec<_> = regions.iter().map(|text| code(text)).collect();
        let merged = merge::outermost(&given);
        for place in PLACES.map(code) {
            let holding = merged.iter().filter(|region| region.contains(place)).count();
            prop_assert_eq!(holding, usize::from(given.iter().any(|region| region.contains(place))));
        }
    }
}
