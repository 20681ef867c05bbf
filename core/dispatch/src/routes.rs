//! Which account carries whom (号码分流): for each carrier the SMS accounts in the order in which they are asked, and the same
//! for other channels that have several. Pure; what an operator may write is judged where configurations are read.

use crate::roster::EditionMap;
use mingluo_model::{audience::ChannelKind, carrier::Carrier, plan::AccountName};
use roaring::RoaringBitmap;
use std::collections::BTreeMap;

/// The lines of all carriers, and of channels without carriers. The only account of another channel is in none of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routes {
    lines: BTreeMap<Carrier, Vec<AccountName>>,
    unknown: Vec<AccountName>,
    others: BTreeMap<ChannelKind, Vec<AccountName>>,
}

impl Routes {
    /// Lines by carrier, the first account of each sends as long as it can; `unknown` is for numbers of no known carrier.
    pub const fn new(lines: BTreeMap<Carrier, Vec<AccountName>>, unknown: Vec<AccountName>) -> Self {
        Self { lines, unknown, others: BTreeMap::new() }
    }

    /// The same, with the accounts of another channel in the order in which they are asked.
    #[must_use]
    pub fn with_line(mut self, channel: ChannelKind, line: Vec<AccountName>) -> Self {
        self.others.insert(channel, line);
        self
    }

    /// Every number leaves by this account.
    pub fn one(account: AccountName) -> Self {
        Self { lines: BTreeMap::new(), unknown: vec![account], others: BTreeMap::new() }
    }

    /// Whether it matters whose network a number is in.
    pub fn tell_carriers_apart(&self) -> bool {
        self.lines.values().any(|line| *line != self.unknown)
    }

    /// The accounts of one carrier in order; `None` for numbers of no known carrier.
    pub fn line(&self, carrier: Option<Carrier>) -> &[AccountName] {
        carrier.and_then(|carrier| self.lines.get(&carrier)).unwrap_or(&self.unknown)
    }

    /// The accounts of a channel in order where nobody's carrier is known or matters; empty where the channel has no line.
    pub fn of_channel(&self, channel: ChannelKind) -> &[AccountName] {
        match channel {
            ChannelKind::Sms => &self.unknown,
            other => self.others.get(&other).map_or(&[], Vec::as_slice),
        }
    }

    /// Whether this account is in a line.
    pub fn holds(&self, account: &AccountName) -> bool {
        self.all_lines().any(|line| line.contains(account))
    }

    /// Whether somebody else may take over from this account in one of its lines.
    pub fn has_next(&self, account: &AccountName) -> bool {
        self.all_lines().any(|line| line.contains(account) && line.len() > 1)
    }

    fn all_lines(&self) -> impl Iterator<Item = &Vec<AccountName>> {
        self.lines.values().chain([&self.unknown]).chain(self.others.values())
    }

    /// Splits a set by the first account of each of the channel's lines that `may` send. Nobody is in two of the shares;
    /// whose line has none that may is in none.
    pub fn split(
        &self,
        channel: ChannelKind,
        map: &EditionMap,
        set: &RoaringBitmap,
        may: impl Fn(&AccountName) -> bool,
    ) -> BTreeMap<AccountName, RoaringBitmap> {
        let mut shares: BTreeMap<AccountName, RoaringBitmap> = BTreeMap::new();
        let mut rest = set.clone();
        if channel != ChannelKind::Sms {
            give(&mut shares, self.of_channel(channel), rest, &may);
            return shares;
        }
        for (carrier, line) in &self.lines {
            let Some(theirs) = map.by_carrier.get(carrier) else { continue };
            let share = &rest & theirs;
            rest -= &share;
            give(&mut shares, line, share, &may);
        }
        give(&mut shares, &self.unknown, rest, &may);
        shares
    }
}

fn give(
    shares: &mut BTreeMap<AccountName, RoaringBitmap>,
    line: &[AccountName],
    share: RoaringBitmap,
    may: impl Fn(&AccountName) -> bool,
) {
    let first = line.iter().find(|account| may(account));
    if let Some(account) = first.filter(|_| !share.is_empty()) {
        *shares.entry(account.clone()).or_default() |= share;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn name(name: &str) -> AccountName {
        AccountName(name.into())
    }

    fn routes() -> Routes {
        let line = |names: &[&str]| names.iter().map(|one| name(one)).collect::<Vec<_>>();
        let lines = [
            (Carrier::Mobile, line(&["cmpp", "cloud"])),
            (Carrier::Telecom, line(&["smgp", "cloud"])),
            (Carrier::Unicom, line(&["sgip"])),
        ];
        Routes::new(lines.into_iter().collect(), line(&["cloud"]))
    }

    fn map(sets: &[(Carrier, RoaringBitmap)]) -> EditionMap {
        EditionMap { by_carrier: Arc::new(sets.iter().cloned().collect()), ..EditionMap::default() }
    }

    #[test]
    fn each_carrier_has_its_account_and_what_is_unknown_has_one_as_well() {
        let map = map(&[(Carrier::Mobile, (0..10).collect()), (Carrier::Telecom, (10..14).collect())]);
        let shares = routes().split(ChannelKind::Sms, &map, &(5..20).collect(), |_| true);
        let told: Vec<_> = shares.iter().map(|(account, set)| (account.0.as_str(), set.len())).collect();
        assert_eq!(told, [("cloud", 6), ("cmpp", 5), ("smgp", 4)]);
    }

    #[test]
    fn the_next_in_line_takes_over_and_where_there_is_none_nobody_does() {
        let map = map(&[(Carrier::Mobile, (0..10).collect()), (Carrier::Unicom, (10..14).collect())]);
        let up = |account: &AccountName| account.0 == "cloud";
        let shares = routes().split(ChannelKind::Sms, &map, &(0..14).collect(), up);
        assert_eq!(shares, BTreeMap::from([(name("cloud"), (0..10).collect())]));
        assert_eq!(["cmpp", "sgip", "cloud"].map(|one| routes().has_next(&name(one))), [true, false, true]);
    }

    #[test]
    fn one_account_for_all_needs_no_carriers() {
        assert!(!Routes::one(name("sms")).tell_carriers_apart() && routes().tell_carriers_apart());
    }

    #[test]
    fn another_channel_has_a_line_of_its_own_without_carriers() {
        let line = vec![name("mass"), name("template")];
        let routes = routes().with_line(ChannelKind::WeChat, line.clone());
        let map = map(&[(Carrier::Mobile, (0..10).collect())]);
        let of = |may: &dyn Fn(&AccountName) -> bool| {
            routes.split(ChannelKind::WeChat, &map, &(0..9).collect(), may).into_keys().collect::<Vec<_>>()
        };
        assert_eq!((of(&|_| true), of(&|one| one.0 != "mass")), (vec![name("mass")], vec![name("template")]));
        assert_eq!(routes.of_channel(ChannelKind::WeChat), line);
        assert!(routes.has_next(&name("mass")) && routes.of_channel(ChannelKind::Email).is_empty());
    }

    proptest! {
        #[test]
        fn shares_add_up_to_the_set_and_nobody_is_in_two(
            set: Vec<u16>, mobile: Vec<u16>, telecom: Vec<u16>,
        ) {
            let of = |ordinals: Vec<u16>| ordinals.into_iter().map(u32::from).collect::<RoaringBitmap>();
            let (set, mobile) = (of(set), of(mobile));
            let telecom = of(telecom) - &mobile;
            let map = map(&[(Carrier::Mobile, mobile), (Carrier::Telecom, telecom)]);
            let shares = routes().split(ChannelKind::Sms, &map, &set, |_| true);
            prop_assert_eq!(shares.values().map(RoaringBitmap::len).sum::<u64>(), set.len());
            prop_assert_eq!(shares.into_values().fold(RoaringBitmap::new(), |all, share| all | share), set);
        }
    }
}
