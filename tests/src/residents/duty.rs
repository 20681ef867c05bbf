//! Who holds which post (责任人): every village, township, county and city has its posts, and schools, mines and the
//! like are spread over the villages by population. Knows counts and villages, no person.

use super::{
    PackError, Village,
    chance::{Question, draw},
    sheet::{self, bad},
    spread::spread,
};
use mingluo_model::{
    audience::ChannelKind,
    region::{Level, RegionCode},
};
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path};

/// One post in one village.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Post {
    pub(super) group: String,
    pub(super) channels: Vec<ChannelKind>,
}

/// How many persons of a group there are, and where.
#[derive(Debug, Clone, Deserialize)]
struct Row {
    group: String,
    per_village: u64,
    per_township: u64,
    per_county: u64,
    per_city: u64,
    units: u64,
    persons: u64,
    counties: String,
    channels: String,
}

/// The posts of each village, by its place in the list.
pub(super) fn posts(
    file: &Path,
    villages: &[Village],
    seed: u64,
) -> Result<BTreeMap<usize, Vec<Post>>, PackError> {
    let mut posts: BTreeMap<usize, Vec<Post>> = BTreeMap::new();
    for row in sheet::rows::<Row>(file)? {
        let post = Post { group: row.group.clone(), channels: channels(file, &row.channels)? };
        let mut add = |village: usize, count: u64| {
            let here = posts.entry(village).or_default();
            here.extend((0..count).map(|_| post.clone()));
        };
        for (at, count) in per_unit(file, &row, villages)?.into_iter().enumerate() {
            add(at, count + row.per_village);
        }
        let tiers = [
            (Level::Township, row.per_township),
            (Level::County, row.per_county),
            (Level::City, row.per_city),
        ];
        for (level, count) in tiers {
            for village in seats(villages, level, count, seed) {
                add(village, 1);
            }
        }
    }
    Ok(posts)
}

/// Persons of schools, mines and the like by village.
fn per_unit(file: &Path, row: &Row, villages: &[Village]) -> Result<Vec<u64>, PackError> {
    let counties: Result<Vec<RegionCode>, _> =
        row.counties.split('|').filter(|code| !code.is_empty()).map(str::parse).collect();
    let counties = counties
        .map_err(|_| bad(file, "counties", &row.counties, "give codes of six digits with | between"))?;
    let inside = |village: &Village| {
        counties.is_empty() || counties.iter().any(|county| county.contains(village.code))
    };
    let weight = |village: &Village| if inside(village) { u64::from(village.residents) } else { 0 };
    let weights: Vec<u64> = villages.iter().map(weight).collect();
    Ok(spread(row.units, &weights).into_iter().map(|units| units * row.persons).collect())
}

/// The villages in which the persons of each township, county or city sit, drawn by chance inside it.
fn seats(villages: &[Village], level: Level, count: u64, seed: u64) -> Vec<usize> {
    let mut units: BTreeMap<RegionCode, Vec<usize>> = BTreeMap::new();
    for (at, village) in villages.iter().enumerate() {
        let unit = village.code.at(level).unwrap_or(village.code);
        units.entry(unit).or_default().push(at);
    }
    let seat = |unit: RegionCode, inside: &[usize], nth: u64| {
        inside[(draw(seed, unit.start(), nth, Question::Seat) % inside.len() as u64) as usize]
    };
    units.iter().flat_map(|(unit, inside)| (0..count).map(|nth| seat(*unit, inside, nth))).collect()
}

fn channels(file: &Path, words: &str) -> Result<Vec<ChannelKind>, PackError> {
    let known = [ChannelKind::Sms, ChannelKind::WeChat, ChannelKind::Email];
    let channel = |word: &str| known.into_iter().find(|kind| kind.word() == word);
    let channels: Option<Vec<_>> = words.split('|').map(channel).collect();
    channels.ok_or_else(|| bad(file, "channels", words, "give sms, wechat or email with | between"))
}
