//! What about a box calls for a person (终端异常): two devices that hold one certificate, and bulletins that a box refuses
//! because their signature is not what it should be.

use super::pages::Caller;
use mingluo_model::{clock::Timestamp, link::Report};
use std::{collections::VecDeque, net::SocketAddr, time::Duration};

/// Within this time takeovers are counted together.
const WINDOW: Duration = Duration::from_mins(10);
/// So many takeovers in that time, one of them by a device that was cut off before, are an incident. A box that reboots is
/// another run each time and none comes back; two devices with one certificate take the link from each other in turn.
const TAKEOVERS: usize = 3;
/// Characters of a box's own words that are kept.
const LONGEST_DETAIL: usize = 200;

/// Something about a box that calls for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// What it is.
    pub kind: IncidentKind,
    /// When it was noticed first since the start.
    pub first: Timestamp,
    /// When it was noticed last.
    pub last: Timestamp,
    /// How often.
    pub count: u32,
}

/// The kinds of incidents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncidentKind {
    /// Two devices log in with one certificate and cut each other off (证书被复制): revoke it and enrol the box anew.
    Cloned {
        /// Where the two called from last; the same twice when they sit behind one address translation.
        addresses: [Option<SocketAddr>; 2],
    },
    /// A certificate was shown after its successor had been (旧证书重现): a copy of the box, or a card that was put back from a
    /// drawer. It gets its bulletins and no further certificate; who is not sure revokes the box and enrols it anew.
    Superseded {
        /// Where it called from.
        address: Option<SocketAddr>,
    },
    /// The box refused a bulletin whose signature does not fit or whose key it does not know (伪造指令): somebody forges, or
    /// the box has not got its keys.
    Forgery {
        /// `bad-signature` or `unknown-key`.
        reason: String,
        /// The bulletin, and what the box says.
        detail: String,
    },
}

impl IncidentKind {
    /// What the box's report of a refusal says about forgery, if anything.
    pub(super) fn of(report: &Report) -> Option<Self> {
        let reason = report.reason.as_str();
        if !matches!(reason, "bad-signature" | "unknown-key") {
            return None;
        }
        let words = report.detail.chars().filter(|it| !it.is_control()).take(LONGEST_DETAIL);
        let detail = format!("{}: {}", report.ebm, words.collect::<String>());
        Some(Self::Forgery { reason: reason.to_owned(), detail })
    }

    const fn is_like(&self, other: &Self) -> bool {
        matches!(
            (self, other),
            (Self::Cloned { .. }, Self::Cloned { .. })
                | (Self::Superseded { .. }, Self::Superseded { .. })
                | (Self::Forgery { .. }, Self::Forgery { .. })
        )
    }
}

/// The incidents of one box, at most one of each kind: what happens again is counted.
#[derive(Debug, Default)]
pub(super) struct Incidents(Vec<Incident>);

impl Incidents {
    pub(super) fn raise(&mut self, kind: IncidentKind, now: Timestamp) {
        if let Some(known) = self.0.iter_mut().find(|known| known.kind.is_like(&kind)) {
            (known.kind, known.last) = (kind, now);
            known.count = known.count.saturating_add(1);
        } else {
            self.0.push(Incident { kind, first: now, last: now, count: 1 });
        }
    }

    pub(super) fn list(&self) -> Vec<Incident> {
        self.0.clone()
    }
}

/// Which device speaks for a box: the run of its program, or where it calls from if it does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holder {
    run: u64,
    from: Option<SocketAddr>,
}

impl Holder {
    pub(super) fn new(run: u64, caller: &Caller) -> Self {
        Self { run, from: caller.from }
    }

    fn is(&self, other: &Self) -> bool {
        match (self.run, other.run) {
            (0, 0) => self.from.map(|it| it.ip()) == other.from.map(|it| it.ip()),
            (one, another) => one == another,
        }
    }
}

/// Who spoke for a box of late.
#[derive(Debug, Default)]
pub(super) struct Holders {
    present: Option<Holder>,
    // Those that were cut off, with the moment; bounded by what is counted.
    past: VecDeque<(Timestamp, Holder, IsBack)>,
}

/// Whether the one who cut off had been cut off before.
type IsBack = bool;

impl Holders {
    /// A device speaks for the box; `is_held` when another's link was still up. Gives the incident when that shows two.
    pub(super) fn speaks(&mut self, holder: Holder, is_held: bool, now: Timestamp) -> Option<IncidentKind> {
        let before = self.present.replace(holder)?;
        if !is_held || before.is(&holder) {
            return None;
        }
        self.past.retain(|(then, ..)| now.since(*then) <= WINDOW);
        let is_back = self.past.iter().any(|(_, cut_off, _)| cut_off.is(&holder));
        self.past.push_back((now, before, is_back));
        let flaps = self.past.len() >= TAKEOVERS && self.past.iter().any(|(_, _, is_back)| *is_back);
        if self.past.len() > TAKEOVERS {
            self.past.pop_front();
        }
        flaps.then_some(IncidentKind::Cloned { addresses: [before.from, holder.from] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn holder(run: u64, address: &str) -> Holder {
        Holder { run, from: Some(address.parse().unwrap()) }
    }

    #[test]
    fn two_that_take_the_link_in_turn_are_an_incident_with_both_addresses() {
        let (one, other) = (holder(1, "10.0.0.1:9"), holder(2, "10.0.0.2:9"));
        let mut holders = Holders::default();
        let taken = [one, other, one, other].map(|it| holders.speaks(it, true, NOW));
        assert_eq!(taken[..3], [None, None, None]);
        assert_eq!(taken[3], Some(IncidentKind::Cloned { addresses: [one.from, other.from] }));
    }

    #[test]
    fn a_box_that_reboots_again_and_again_is_one_box() {
        let mut holders = Holders::default();
        for run in 1..=9 {
            assert_eq!(holders.speaks(holder(run, "10.0.0.1:9"), true, NOW), None);
        }
    }

    #[test]
    fn a_box_whose_carrier_moves_it_about_is_one_box() {
        let mut holders = Holders::default();
        for turn in 0..9 {
            let address = format!("10.0.0.{}:9", turn % 2);
            assert_eq!(holders.speaks(holder(7, &address), true, NOW), None);
        }
    }

    #[test]
    fn boxes_that_do_not_tell_their_run_are_told_apart_by_where_they_call_from() {
        let (one, other) = (holder(0, "10.0.0.1:9"), holder(0, "10.0.0.2:9"));
        let mut holders = Holders::default();
        let last = [one, other, one, other].map(|it| holders.speaks(it, true, NOW));
        assert!(last[3].is_some());
    }

    #[test]
    fn what_happens_once_an_hour_is_no_flapping() {
        let mut holders = Holders::default();
        for hour in 0..9_i64 {
            let now = Timestamp(hour * 3_600_000);
            assert_eq!(holders.speaks(holder(hour as u64 % 2 + 1, "10.0.0.1:9"), true, now), None);
        }
    }
}
