//! What an import changes (新旧对比): recipients in all, by channel and by group, in the city, each county and each township,
//! before and after, and how many are lost. Pure counts; knows no person, so that whoever replaces one half of a roster by
//! as many others is not noticed.

use super::counts::{Counts, Loss, Part};
use crate::{
    cli::{Table, grouped},
    region::Region,
};
use mingluo_model::{audience::ChannelKind, id::EditionId, region::RegionCode};
use std::collections::BTreeMap;

/// Losses listed; more of them is a file without a county, whose row stands above.
const LISTED: usize = 20;

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

impl Change {
    /// The first import: nothing is lost.
    pub(super) const fn first(after: Counts) -> Self {
        Self { replaced: None, before: None, after, all_lost: false }
    }

    /// Where and of what something is lost, in places of one level.
    fn in_places(&self, of: fn(&Counts) -> &BTreeMap<RegionCode, Counts>) -> Vec<Vec<Loss>> {
        let (before, after, none) = (self.before.as_ref(), self.kept(), Counts::default());
        let places = before.into_iter().flat_map(of);
        places
            .map(|(code, then)| then.losses(Some(*code), of(&after).get(code).unwrap_or(&none)).collect())
            .collect()
    }

    fn kept(&self) -> Counts {
        if self.all_lost { Counts::default() } else { self.after.clone() }
    }

    /// How many are lost: in each township the greatest loss, of its recipients, of one channel's addresses or of one
    /// group's members, and these added up. A gain at one place or on one channel makes up for no loss at another.
    pub(super) fn lost(&self) -> u64 {
        let townships = self.in_places(|counts| &counts.townships);
        townships.iter().filter_map(|losses| losses.iter().map(Loss::lost).max()).sum()
    }

    /// What is not lost without a word: more than a tenth of all or of a county, or all of a township; of recipients, a
    /// channel or a group each.
    fn much(&self) -> Vec<Loss> {
        let Some(before) = &self.before else { return Vec::new() };
        let after = self.kept();
        let counties = self.in_places(|counts| &counts.counties).into_iter().flatten();
        let townships = self.in_places(|counts| &counts.townships).into_iter().flatten();
        let tenths = before.losses(None, &after).chain(counties).filter(Loss::is_much);
        tenths.chain(townships.filter(|loss| loss.after == 0)).collect()
    }

    /// Whether something is lost that must be typed.
    pub(super) fn loses_much(&self) -> bool {
        !self.much().is_empty()
    }

    /// Old and new as a table: all, each channel, the counties that lose, and whatever else must not be lost unseen.
    pub(super) fn lines(&self, region: &Region) -> Vec<String> {
        let mut table = Table::new(["\n", "现用\nbefore", "新\nafter", "变化\nchange"]);
        let none = Counts::default();
        let before = self.before.as_ref().unwrap_or(&none);
        table.row(row("接收人 recipients".to_owned(), before.recipients, self.after.recipients));
        for channel in ChannelKind::ALL {
            let part = Part::Channel(channel);
            let (then, now) = (before.count(part), self.after.count(part));
            if then + now > 0 {
                table.row(row(format!("{} {}", channel.zh(), channel.word()), then, now));
            }
        }
        for (code, then) in &before.counties {
            let now = self.after.counties.get(code).unwrap_or(&none);
            if then.recipients > now.recipients {
                table.row(row(named(region, *code), then.recipients, now.recipients));
            }
        }
        let much = self.much();
        let more: Vec<&Loss> = much.iter().filter(|loss| !self.all_lost && !loss.is_listed()).collect();
        for loss in more.iter().take(LISTED) {
            table.row(row(loss.title(region), loss.before, loss.after));
        }
        let mut lines = table.lines();
        if let Some(unlisted @ 1..) = more.len().checked_sub(LISTED) {
            lines.push(format!("……另有 {unlisted} 项减少 and {unlisted} more losses"));
        }
        lines
    }
}

/// A division as tables name it.
pub(super) fn named(region: &Region, code: RegionCode) -> String {
    let name = region.gazetteer.get(code).map_or("", |division| &*division.name);
    format!("{code} {name}")
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
    use mingluo_model::{audience::Group, region::Level};

    const WARDENS: Group = Group(3);

    fn place(recipients: u64, sms: u64, boxes: u64) -> Counts {
        let channels = BTreeMap::from([(ChannelKind::Sms, sms), (ChannelKind::Speaker, boxes)]);
        Counts { recipients, channels, ..Counts::default() }
    }

    fn with_wardens(mut place: Counts, wardens: u64) -> Counts {
        place.groups = BTreeMap::from([(WARDENS, wardens)]);
        place
    }

    fn sum(places: impl Iterator<Item = Counts>) -> Counts {
        places.fold(Counts::default(), |mut sum, place| {
            sum.recipients += place.recipients;
            place.channels.iter().for_each(|(channel, n)| *sum.channels.entry(*channel).or_default() += n);
            place.groups.iter().for_each(|(group, n)| *sum.groups.entry(*group).or_default() += n);
            sum
        })
    }

    /// A city of these townships.
    fn city(townships: &[(&str, Counts)]) -> Counts {
        let townships: BTreeMap<RegionCode, Counts> =
            townships.iter().map(|(code, place)| (code.parse().unwrap(), place.clone())).collect();
        let county = |code: &RegionCode| code.at(Level::County).unwrap();
        let inside = |wanted| townships.iter().filter(move |(code, _)| county(code) == wanted);
        let counties = townships.keys().map(county);
        let counties =
            counties.map(|code| (code, sum(inside(code).map(|(_, place)| place.clone())))).collect();
        Counts { counties, ..Counts { townships: townships.clone(), ..sum(townships.values().cloned()) } }
    }

    fn change(before: Counts, after: Counts) -> Change {
        Change { replaced: None, before: Some(before), after, all_lost: false }
    }

    fn old() -> Counts {
        city(&[("210423100", place(1_000, 990, 10)), ("210422100", place(100, 100, 0))])
    }

    #[test]
    fn a_tenth_is_borne_and_one_more_is_not() {
        let tenth = city(&[("210423100", place(900, 891, 9)), ("210422100", place(100, 100, 0))]);
        let change = change(old(), tenth);
        assert!(!change.loses_much() && change.lost() == 100);
        let more = city(&[("210423100", place(899, 890, 9)), ("210422100", place(100, 100, 0))]);
        assert!(super::tests::change(old(), more).loses_much());
    }

    #[test]
    fn a_small_county_does_not_drown_in_a_large_city() {
        let gone = city(&[("210423100", place(1_080, 1_070, 10)), ("210422100", place(20, 20, 0))]);
        let change = change(old(), gone);
        assert!(change.loses_much(), "the city as a whole is as large as before");
        assert_eq!(change.lost(), 80);
    }

    #[test]
    fn a_channel_that_falls_silent_is_a_loss_though_nobody_is_missing() {
        let no_boxes = city(&[("210423100", place(1_000, 1_000, 0)), ("210422100", place(100, 100, 0))]);
        let change = change(old(), no_boxes);
        assert!(change.loses_much());
        assert_eq!(change.lost(), 10);
    }

    /// A county of a large and a small township, and one with boxes elsewhere.
    fn two_townships(small: Counts) -> Counts {
        let large = with_wardens(place(2_000, 2_000, 60), 50);
        city(&[("210423100", large), ("210423101", small), ("210422100", place(900, 900, 60))])
    }

    #[test]
    fn a_township_does_not_drown_in_its_county() {
        let before = two_townships(with_wardens(place(40, 40, 2), 1));
        for (part, after) in [
            ("everybody", two_townships(Counts::default())),
            ("its boxes", two_townships(with_wardens(place(40, 40, 0), 1))),
            ("its only warden", two_townships(with_wardens(place(40, 40, 2), 0))),
        ] {
            assert!(change(before.clone(), after).loses_much(), "{part}");
        }
        let fewer = change(before, two_townships(with_wardens(place(20, 20, 1), 1)));
        assert!(
            !fewer.loses_much() && fewer.lost() == 20,
            "a half of a small place is no tenth of its county"
        );
    }

    #[test]
    fn wardens_and_boxes_of_one_county_do_not_drown_in_the_city() {
        let before = |boxes, wardens| {
            let county = with_wardens(place(500, 500, boxes), wardens);
            city(&[("210423100", county), ("210422100", with_wardens(place(9_000, 9_000, 900), 900))])
        };
        assert!(!change(before(50, 50), before(45, 45)).loses_much());
        for after in [before(44, 50), before(50, 44)] {
            let change = change(before(50, 50), after);
            assert!(change.loses_much() && change.lost() == 6);
        }
    }

    #[test]
    fn made_up_people_replace_nobody() {
        let change = Change { all_lost: true, ..change(old(), old()) };
        assert!(change.loses_much());
        assert_eq!(change.lost(), 1_100);
        assert!(!Change::first(old()).loses_much());
    }
}
