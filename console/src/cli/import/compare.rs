//! What an import changes (新旧对比): recipients in all, by channel and by county, before and after, and how many are lost.
//! Pure counts; knows no person, so that whoever replaces one half of a roster by as many others is not noticed.

use crate::cli::{Table, grouped};
use mingluo_model::{
    audience::ChannelKind,
    id::EditionId,
    region::{Level, RegionCode},
};
use mingluo_targeting::{edition::EditionIndex, gazetteer::Gazetteer};
use serde::Serialize;
use std::{collections::BTreeMap, ops::Range};

/// What may be lost without a word, as a share: a tenth. Between two imports of a city some move away and some numbers
/// end; what is more is a part of a file, or the wrong file.
const BORNE_SHARE: u64 = 10;

/// How many there are in one place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    /// People and boxes.
    pub(super) recipients: u64,
    /// Addresses by channel.
    pub(super) channels: BTreeMap<ChannelKind, u64>,
    /// The same by county.
    #[serde(skip)]
    pub(super) counties: BTreeMap<RegionCode, Self>,
}

/// From one edition to the next.
#[derive(Debug)]
pub(super) struct Change {
    /// The edition that is replaced.
    pub(super) replaced: Option<EditionId>,
    /// Its counts; none when this is the first.
    pub(super) before: Option<Counts>,
    /// The new counts.
    pub(super) after: Counts,
    /// Real people give way to made-up ones: then nobody of the former is reached any more.
    pub(super) all_lost: bool,
}

impl Counts {
    /// The counts of an edition.
    pub(super) fn of(index: &EditionIndex) -> Self {
        let counties = index.divisions(Level::County).map(|(code, range)| (code, Self::inside(index, range)));
        Self { counties: counties.collect(), ..Self::inside(index, 0..index.n()) }
    }

    fn inside(index: &EditionIndex, range: Range<u32>) -> Self {
        let on = |channel| index.on_channel(channel).map_or(0, |set| set.range_cardinality(range.clone()));
        let channels = ChannelKind::ALL.into_iter().map(|channel| (channel, on(channel)));
        Self {
            recipients: u64::from(range.end - range.start),
            channels: channels.filter(|(_, n)| *n > 0).collect(),
            counties: BTreeMap::new(),
        }
    }

    fn on(&self, channel: ChannelKind) -> u64 {
        self.channels.get(&channel).copied().unwrap_or(0)
    }

    /// The most that is lost in one place: of its recipients, or of one channel's addresses.
    fn lost_to(&self, after: &Self) -> u64 {
        let channels = ChannelKind::ALL.into_iter().map(|channel| lost(self.on(channel), after.on(channel)));
        channels.fold(lost(self.recipients, after.recipients), u64::max)
    }
}

const fn lost(before: u64, after: u64) -> u64 {
    before.saturating_sub(after)
}

const fn is_much(before: u64, after: u64) -> bool {
    lost(before, after) * BORNE_SHARE > before
}

impl Change {
    /// The first import: nothing is lost.
    pub(super) const fn first(after: Counts) -> Self {
        Self { replaced: None, before: None, after, all_lost: false }
    }

    fn kept(&self) -> Counts {
        if self.all_lost { Counts::default() } else { self.after.clone() }
    }

    /// How many are lost: in each county the greatest loss, of its recipients or of one channel's addresses, and these
    /// added up. A gain in one county or on one channel makes up for no loss in another.
    pub(super) fn lost(&self) -> u64 {
        let (Some(before), after, none) = (&self.before, self.kept(), Counts::default()) else { return 0 };
        let each = before.counties.iter();
        each.map(|(code, then)| then.lost_to(after.counties.get(code).unwrap_or(&none))).sum()
    }

    /// Whether more than a tenth is lost of all recipients, of a county's, or of a channel's addresses.
    pub(super) fn loses_much(&self) -> bool {
        let (Some(before), after) = (&self.before, self.kept()) else { return false };
        let of_channel = |channel: &ChannelKind| is_much(before.on(*channel), after.on(*channel));
        let in_county = |(code, then): (&RegionCode, &Counts)| {
            is_much(then.recipients, after.counties.get(code).map_or(0, |now| now.recipients))
        };
        is_much(before.recipients, after.recipients)
            || ChannelKind::ALL.iter().any(of_channel)
            || before.counties.iter().any(in_county)
    }

    /// Old and new as a table: all, each channel, and the counties that lose.
    pub(super) fn lines(&self, gazetteer: &Gazetteer) -> Vec<String> {
        let mut table = Table::new(["\n", "现用\nbefore", "新\nafter", "变化\nchange"]);
        let none = Counts::default();
        let before = self.before.as_ref().unwrap_or(&none);
        table.row(row("接收人 recipients".to_owned(), before.recipients, self.after.recipients));
        for channel in ChannelKind::ALL {
            let (then, now) = (before.on(channel), self.after.on(channel));
            if then + now > 0 {
                table.row(row(format!("{} {}", channel.zh(), channel.word()), then, now));
            }
        }
        for (code, then) in &before.counties {
            let now = self.after.counties.get(code).unwrap_or(&none);
            if then.recipients > now.recipients {
                let name = gazetteer.get(*code).map_or("", |division| &*division.name);
                table.row(row(format!("{code} {name}"), then.recipients, now.recipients));
            }
        }
        table.lines()
    }
}

fn row(title: String, before: u64, after: u64) -> [String; 4] {
    let change = match after.checked_sub(before) {
        Some(0) => "0".to_owned(),
        Some(more) => format!("+{}", grouped(more)),
        None => format!("-{}", grouped(before - after)),
    };
    [title, grouped(before), grouped(after), change]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(recipients: u64, sms: u64, boxes: u64) -> Counts {
        let channels = BTreeMap::from([(ChannelKind::Sms, sms), (ChannelKind::Speaker, boxes)]);
        Counts { recipients, channels, counties: BTreeMap::new() }
    }

    fn city(counties: [(&str, Counts); 2]) -> Counts {
        let sum = |of: &dyn Fn(&Counts) -> u64| counties.iter().map(|(_, county)| of(county)).sum();
        let mut city = place(
            sum(&|county| county.recipients),
            sum(&|county| county.on(ChannelKind::Sms)),
            sum(&|county| county.on(ChannelKind::Speaker)),
        );
        city.counties = counties.into_iter().map(|(code, county)| (code.parse().unwrap(), county)).collect();
        city
    }

    fn change(before: Counts, after: Counts) -> Change {
        Change { replaced: None, before: Some(before), after, all_lost: false }
    }

    fn old() -> Counts {
        city([("210423", place(1_000, 990, 10)), ("210422", place(100, 100, 0))])
    }

    #[test]
    fn a_tenth_is_borne_and_one_more_is_not() {
        let tenth = city([("210423", place(900, 891, 9)), ("210422", place(100, 100, 0))]);
        let change = change(old(), tenth);
        assert!(!change.loses_much() && change.lost() == 100);
        let more = city([("210423", place(899, 890, 9)), ("210422", place(100, 100, 0))]);
        assert!(super::tests::change(old(), more).loses_much());
    }

    #[test]
    fn a_small_county_does_not_drown_in_a_large_city() {
        let gone = city([("210423", place(1_080, 1_070, 10)), ("210422", place(20, 20, 0))]);
        let change = change(old(), gone);
        assert!(change.loses_much(), "the city as a whole is as large as before");
        assert_eq!(change.lost(), 80);
    }

    #[test]
    fn a_channel_that_falls_silent_is_a_loss_though_nobody_is_missing() {
        let no_boxes = city([("210423", place(1_000, 1_000, 0)), ("210422", place(100, 100, 0))]);
        let change = change(old(), no_boxes);
        assert!(change.loses_much());
        assert_eq!(change.lost(), 10);
    }

    #[test]
    fn made_up_people_replace_nobody() {
        let change = Change { all_lost: true, ..change(old(), old()) };
        assert!(change.loses_much());
        assert_eq!(change.lost(), 1_100);
        assert!(!Change::first(old()).loses_much());
    }
}
