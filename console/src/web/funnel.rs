//! From the engine's counters to what a board shows: the funnel of each channel, the townships with the worst first,
//! the reasons of failures. Pure sums; in each row target = under way + arrived + left + silent + failed + expired +
//! withdrawn + unknown.

use mingluo_dispatch::{
    tally::arrival,
    view::{CountsView, PlanView},
};
use mingluo_model::{
    audience::ChannelKind,
    delivery::{DeliveryState, Reason},
    region::RegionCode,
};
use std::collections::BTreeMap;

/// One channel's way from target to arrival.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Funnel {
    pub(super) channel: Option<ChannelKind>,
    /// Takes over what another channel could not reach.
    pub(super) is_fallback: bool,
    pub(super) target: u64,
    /// Taken by the far side, arrived or not.
    pub(super) accepted: u64,
    /// Delivered, or sounded by a speaker; nothing of mail, WeCom and robots, since hardly a relay tells of it and the others
    /// never do.
    pub(super) arrived: u64,
    /// What the relay, or WeCom, took (已离开本方): what became of it nobody tells, but for who confirms it.
    pub(super) left: u64,
    pub(super) failed: u64,
    /// Its time ran out first.
    pub(super) expired: u64,
    /// Taken back before it was sent (撤回未发): nobody wanted it to arrive any more.
    pub(super) withdrawn: u64,
    /// What the share of arrivals is of: all that was not withdrawn, on channels that tell of arrivals.
    pub(super) countable: u64,
    /// Accepted, and the receipt was given up.
    pub(super) silent: u64,
    pub(super) unknown: u64,
    /// Nothing final is known yet: on its way, or still to be sent.
    pub(super) under_way: u64,
    /// Still to be sent by us.
    pub(super) queued: u64,
    /// Milliseconds from the end of the hold until half, 90 % and 95 % had arrived.
    pub(super) reached_ms: [Option<u64>; 3],
    /// Milliseconds from the end of the hold to the first byte.
    pub(super) first_byte_ms: Option<u64>,
}

impl Funnel {
    /// The funnel of one plan.
    pub(super) fn of(plan: &PlanView) -> Self {
        let counts = &plan.counts;
        let first = plan.first_byte.map(|at| at.since(plan.not_before).as_millis() as u64);
        Self {
            channel: Some(plan.channel),
            is_fallback: plan.is_fallback,
            reached_ms: [counts.reached_50_ms, counts.reached_90_ms, counts.reached_95_ms],
            first_byte_ms: first,
            ..Self::counted(counts, plan.channel)
        }
    }

    /// How far the row has come and of how many: arrivals, or for mail alone what has left us.
    pub(super) const fn progress(&self) -> (u64, u64) {
        if self.countable == 0 && self.left > 0 {
            return (self.left, self.target - self.withdrawn);
        }
        (self.arrived, self.countable)
    }

    /// Whether all of it is still to be sent.
    pub(super) const fn has_not_left(&self) -> bool {
        self.queued == self.target
    }

    fn counted(counts: &CountsView, channel: ChannelKind) -> Self {
        let of = |state: DeliveryState| u64::from(counts.states.get(state.word()).copied().unwrap_or(0));
        let beyond =
            of(DeliveryState::Delivered) + of(DeliveryState::Sounded) + of(DeliveryState::Acknowledged);
        let accepted = of(DeliveryState::Accepted) + beyond;
        let is_told = arrival(channel) != DeliveryState::Accepted;
        let (arrived, left) = match arrival(channel) {
            DeliveryState::Accepted => (0, accepted),
            DeliveryState::Sounded => (beyond - of(DeliveryState::Delivered), 0),
            _ => (beyond, 0),
        };
        let silent = match arrival(channel) {
            DeliveryState::Accepted => 0,
            _ => u64::from(counts.accepted_without_receipt),
        };
        let queued = of(DeliveryState::Planned) + of(DeliveryState::Queued);
        let (target, withdrawn) = (u64::from(counts.target), of(DeliveryState::Withdrawn));
        Self {
            target,
            accepted,
            arrived,
            left,
            failed: of(DeliveryState::Failed),
            expired: of(DeliveryState::Expired),
            withdrawn,
            countable: if is_told { target - withdrawn } else { 0 },
            silent,
            unknown: of(DeliveryState::Unknown),
            under_way: queued + of(DeliveryState::Submitting) + accepted - arrived - left - silent,
            queued,
            ..Self::default()
        }
    }

    /// Another plan of the same channel (责任人 and residents have plans of their own). The later of two times is when
    /// the share was reached at the latest, whatever the sizes of the two.
    fn join(&mut self, other: &Self) {
        self.add(other);
        for (mine, theirs) in self.reached_ms.iter_mut().zip(other.reached_ms) {
            *mine = mine.zip(theirs).map(|(mine, theirs)| mine.max(theirs));
        }
        self.first_byte_ms = self.first_byte_ms.into_iter().chain(other.first_byte_ms).min();
    }

    fn add(&mut self, other: &Self) {
        self.target += other.target;
        self.accepted += other.accepted;
        self.arrived += other.arrived;
        self.left += other.left;
        self.failed += other.failed;
        self.expired += other.expired;
        self.withdrawn += other.withdrawn;
        self.countable += other.countable;
        self.silent += other.silent;
        self.unknown += other.unknown;
        self.under_way += other.under_way;
        self.queued += other.queued;
    }
}

/// The funnels of some plans: a row for each channel in the pages' order, fallbacks in rows of their own.
pub(super) fn funnels(plans: &[&PlanView]) -> Vec<Funnel> {
    let mut rows: Vec<Funnel> = Vec::new();
    for funnel in plans.iter().map(|plan| Funnel::of(plan)) {
        let same = |row: &&mut Funnel| (row.channel, row.is_fallback) == (funnel.channel, funnel.is_fallback);
        match rows.iter_mut().find(same) {
            Some(row) => row.join(&funnel),
            None => rows.push(funnel),
        }
    }
    let place = |row: &Funnel| ChannelKind::ALL.iter().position(|kind| Some(*kind) == row.channel);
    rows.sort_by_key(|row| (place(row), row.is_fallback));
    rows
}

/// All rows in one. What a fallback took over is a target of the first plan already.
pub(super) fn total(rows: &[Funnel]) -> Funnel {
    let mut sum = Funnel::default();
    for row in rows {
        sum.add(row);
    }
    sum
}

/// Countable deliveries and arrivals of one township, over all channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Township {
    pub(super) code: RegionCode,
    pub(super) target: u64,
    pub(super) arrived: u64,
}

/// The townships of some plans, the smallest share of arrivals first.
pub(super) fn townships(plans: &[&PlanView]) -> Vec<Township> {
    let mut sums: BTreeMap<RegionCode, Funnel> = BTreeMap::new();
    for plan in plans {
        for (code, counts) in &plan.districts {
            sums.entry(*code).or_default().add(&Funnel::counted(counts, plan.channel));
        }
    }
    let mut townships: Vec<Township> = sums
        .into_iter()
        .filter(|(_, sum)| sum.countable > 0)
        .map(|(code, sum)| Township { code, target: sum.countable, arrived: sum.arrived })
        .collect();
    // a/b < c/d without division; ties in the order of codes.
    townships.sort_by(|a, b| (a.arrived * b.target).cmp(&(b.arrived * a.target)));
    townships
}

/// Why deliveries failed or are unknown, by channel since the same reason has other words on each, the most frequent
/// first.
pub(super) fn reasons(plans: &[&PlanView]) -> Vec<((ChannelKind, &'static str), u64)> {
    let mut sums: BTreeMap<(ChannelKind, &'static str), u64> = BTreeMap::new();
    for plan in plans {
        for (reason, count) in plan.counts.failed.iter().chain(&plan.counts.unknown) {
            *sums.entry((plan.channel, reason)).or_default() += u64::from(*count);
        }
        let silent = u64::from(plan.counts.accepted_without_receipt);
        if silent > 0 {
            *sums.entry((plan.channel, Reason::NoReceipt.word())).or_default() += silent;
        }
    }
    let mut reasons: Vec<_> = sums.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::{
        clock::Timestamp,
        id::{AlertId, PlanId},
        plan::{AccountName, PlanStatus},
    };

    fn counts(states: &[(&'static str, u32)], silent: u32) -> CountsView {
        CountsView {
            target: states.iter().map(|(_, count)| count).sum(),
            states: states.iter().copied().collect(),
            accepted_without_receipt: silent,
            ..CountsView::default()
        }
    }

    fn plan(channel: ChannelKind, counts: CountsView, districts: &[(&str, CountsView)]) -> PlanView {
        PlanView {
            plan: PlanId(uuid::Uuid::nil()),
            alert: AlertId(uuid::Uuid::nil()),
            channel,
            account: AccountName("a".into()),
            status: PlanStatus::Open,
            settled: false,
            is_fallback: false,
            is_call: false,
            instead_of: None,
            handed_over: 0,
            parts: 1,
            not_before: Timestamp(1_000),
            first_byte: Some(Timestamp(1_020)),
            resent_in_doubt: 0,
            additions: None,
            counts,
            districts: districts
                .iter()
                .map(|(code, counts)| (code.parse().unwrap(), counts.clone()))
                .collect(),
        }
    }

    fn adds_up(row: &Funnel) -> bool {
        let over = row.expired + row.withdrawn;
        row.target == row.under_way + row.arrived + row.left + row.silent + row.failed + over + row.unknown
    }

    #[test]
    fn a_funnel_adds_up_on_every_channel() {
        let states = [
            ("planned", 10),
            ("queued", 2),
            ("submitting", 3),
            ("accepted", 20),
            ("delivered", 40),
            ("sounded", 5),
            ("failed", 6),
            ("expired", 1),
            ("withdrawn", 2),
            ("unknown", 4),
        ];
        for channel in ChannelKind::ALL {
            let row = Funnel::of(&plan(channel, counts(&states, 7), &[]));
            assert!(adds_up(&row), "{channel:?}: {row:?}");
            assert_eq!((row.target, row.accepted, row.first_byte_ms), (93, 65, Some(20)));
        }
    }

    #[test]
    fn a_speaker_has_arrived_when_it_sounded_and_mail_has_only_left() {
        let states = [("accepted", 3), ("delivered", 2), ("sounded", 1)];
        let row = |channel| Funnel::of(&plan(channel, counts(&states, 0), &[]));
        let kinds = [ChannelKind::Speaker, ChannelKind::Sms, ChannelKind::Email];
        assert_eq!(kinds.map(|channel| row(channel).arrived), [1, 3, 0]);
        assert_eq!((row(ChannelKind::Email).left, row(ChannelKind::Email).progress()), (6, (6, 6)));
    }

    #[test]
    fn neither_mail_nor_what_was_withdrawn_lowers_the_share() {
        let states = [("delivered", 9), ("failed", 1), ("withdrawn", 90)];
        let sms = plan(ChannelKind::Sms, counts(&states, 0), &[]);
        let mail = plan(ChannelKind::Email, counts(&[("accepted", 50)], 0), &[]);
        assert_eq!(total(&funnels(&[&sms, &mail])).progress(), (9, 10));
    }

    #[test]
    fn two_plans_of_a_channel_are_one_row_with_the_later_times() {
        let timed = |half, most| {
            let mut one = counts(&[("delivered", 10)], 0);
            (one.reached_50_ms, one.reached_90_ms) = (half, most);
            plan(ChannelKind::Sms, one, &[])
        };
        let rows = funnels(&[&timed(Some(1), Some(2)), &timed(Some(5), None)]);
        assert_eq!((rows.len(), rows[0].target, rows[0].reached_ms), (1, 20, [Some(5), None, None]));
    }

    #[test]
    fn the_worst_township_stands_first() {
        let good = counts(&[("delivered", 9), ("failed", 1)], 0);
        let bad = counts(&[("delivered", 71), ("failed", 29)], 0);
        let both = plan(ChannelKind::Sms, counts(&[], 0), &[("210423100", good), ("210423101", bad)]);
        let codes: Vec<String> = townships(&[&both]).iter().map(|row| row.code.to_string()).collect();
        assert_eq!(codes, ["210423101", "210423100"]);
    }

    #[test]
    fn reasons_are_counted_over_all_plans_with_the_silent_ones() {
        let mut one = counts(&[("failed", 5)], 2);
        one.failed = BTreeMap::from([("bad-address", 4), ("quota", 1)]);
        let mail = CountsView { failed: BTreeMap::from([("bad-address", 1)]), ..CountsView::default() };
        let (one, mail) = (plan(ChannelKind::Sms, one, &[]), plan(ChannelKind::Email, mail, &[]));
        let (sms, email) = (ChannelKind::Sms, ChannelKind::Email);
        let told = [((sms, "bad-address"), 8), ((sms, "no-receipt"), 4), ((sms, "quota"), 2)];
        let told: Vec<_> = told.into_iter().chain([((email, "bad-address"), 1)]).collect();
        assert_eq!(reasons(&[&one, &one, &mail]), told);
    }
}
