//! Whose turn it is in one speaker. Pure: bulletins and the present in, decisions out.

use mingluo_model::{
    bulletin::{Bulletin, EbmId, level_number},
    clock::Timestamp,
    region::Level,
};
use std::{cmp::Reverse, time::Duration};

/// Bulletins that wait at most; what comes when it is full and is not graver than the least is turned away.
pub const LONGEST: usize = 64;

/// What decides between two bulletins, greater first: class, level, issuing tier (上级优先).
///
/// Source: 应急广播管理暂行办法 (2021): higher level before lower, emergency before daily.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    class: u8,
    level: Reverse<u8>,
    tier: Level,
}

impl Rank {
    fn of(bulletin: &Bulletin) -> Self {
        // The standard's 0 means "default" and stands behind blue's 4.
        let level = match level_number(bulletin.grade) {
            0 => 5,
            number => number,
        };
        Self { class: bulletin.class.urgency(), level: Reverse(level), tier: bulletin.tier }
    }
}

/// Whether `by` may silence what another issuer began: nobody stops a higher tier's bulletin.
pub fn may_stop(by: Level, bulletin: &Bulletin) -> bool {
    by >= bulletin.tier
}

/// Whether a bulletin takes the speaker from another one that is being played (抢占).
pub fn is_graver(one: &Bulletin, playing: &Bulletin) -> bool {
    Rank::of(one) > Rank::of(playing)
}

/// The bulletins that wait for their start or for the speaker.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: Vec<Bulletin>,
}

impl Queue {
    /// Lets a bulletin wait. When the queue is full the least of all is given back, which may be this one.
    #[must_use = "what is turned away must be reported"]
    pub fn push(&mut self, bulletin: Bulletin) -> Option<Bulletin> {
        self.waiting.push(bulletin);
        self.waiting.sort_by_key(|waiting| (Reverse(Rank::of(waiting)), waiting.created, waiting.ebm));
        if self.waiting.len() > LONGEST { self.waiting.pop() } else { None }
    }

    /// Those whose start has come, the gravest first; of equals the one that was written first.
    pub fn ready(&self, now: Timestamp) -> impl Iterator<Item = &Bulletin> {
        self.waiting.iter().filter(move |bulletin| bulletin.start <= now)
    }

    /// Takes this one out.
    pub fn take(&mut self, ebm: EbmId) -> Option<Bulletin> {
        let at = self.waiting.iter().position(|bulletin| bulletin.ebm == ebm)?;
        Some(self.waiting.remove(at))
    }

    /// Takes out what has run out of time.
    pub fn take_expired(&mut self, now: Timestamp) -> Vec<Bulletin> {
        self.take_where(|bulletin| bulletin.end <= now)
    }

    /// Takes out what this order stops; `may` says what it may.
    pub fn take_stopped(&mut self, order: &Bulletin, may: impl Fn(&Bulletin) -> bool) -> Vec<Bulletin> {
        self.take_where(|bulletin| order.silences(bulletin.ebm) && may(bulletin))
    }

    /// Takes out all of which this holds.
    pub fn take_where(&mut self, mut is_out: impl FnMut(&Bulletin) -> bool) -> Vec<Bulletin> {
        self.waiting.extract_if(.., |bulletin| is_out(bulletin)).collect()
    }

    /// How long until a start or an end must be looked at; `None` when nothing waits. `begins_in` says in how long something
    /// whose start has come may begin, if nothing else keeps it from that: at once where it came since it was looked for last.
    pub fn due(&self, now: Timestamp, begins_in: impl Fn(&Bulletin) -> Option<Duration>) -> Option<Duration> {
        let next = |bulletin: &Bulletin| {
            if bulletin.start > now {
                return bulletin.start.since(now);
            }
            let end = bulletin.end.since(now);
            begins_in(bulletin).map_or(end, |wait| wait.min(end))
        };
        self.waiting.iter().map(next).min()
    }

    /// What waits, the next in turn first.
    pub fn waiting(&self) -> &[Bulletin] {
        &self.waiting
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::village::{NOW, bulletin};
    use mingluo_model::{
        bulletin::{Action, BroadcastClass},
        grade::Grade,
    };

    fn of(seq: u64, grade: Grade, class: BroadcastClass) -> Bulletin {
        Bulletin { grade: Some(grade), class, ..bulletin(seq) }
    }

    fn order_of(bulletins: Vec<Bulletin>) -> Vec<u64> {
        let mut queue = Queue::default();
        for bulletin in bulletins {
            assert_eq!(queue.push(bulletin), None);
        }
        queue.ready(NOW).map(|bulletin| bulletin.seq).collect()
    }

    #[test]
    fn class_then_level_then_tier_then_age_decide() {
        let daily = of(1, Grade::Red, BroadcastClass::Daily);
        let blue = of(2, Grade::Blue, BroadcastClass::Emergency);
        let county = Bulletin { tier: Level::County, ..of(3, Grade::Red, BroadcastClass::Emergency) };
        let city = of(4, Grade::Red, BroadcastClass::Emergency);
        let older = Bulletin { created: Timestamp(0), ..of(5, Grade::Red, BroadcastClass::Emergency) };
        assert_eq!(order_of(vec![daily, blue, county, city, older]), [5, 4, 3, 2, 1]);
    }

    #[test]
    fn an_equal_waits_its_turn_and_a_graver_interrupts() {
        let blue = of(1, Grade::Blue, BroadcastClass::Emergency);
        assert!(!is_graver(&blue, &of(2, Grade::Blue, BroadcastClass::Emergency)));
        assert!(is_graver(&blue, &of(2, Grade::Red, BroadcastClass::Daily)));
    }

    #[test]
    fn what_starts_later_neither_plays_nor_interrupts_yet() {
        let mut queue = Queue::default();
        let later =
            Bulletin { start: Timestamp(NOW.0 + 5_000), ..of(1, Grade::Red, BroadcastClass::Emergency) };
        assert_eq!(queue.push(later), None);
        assert!(queue.ready(NOW).next().is_none());
        let seconds = Duration::from_secs;
        assert_eq!(queue.due(NOW, |_| Some(Duration::ZERO)), Some(seconds(5)));
        let come = Timestamp(NOW.0 + 5_000);
        assert_eq!(
            queue.due(come, |_| Some(Duration::ZERO)),
            Some(Duration::ZERO),
            "it came since somebody looked"
        );
        assert_eq!(queue.due(come, |_| Some(seconds(60))), Some(seconds(60)), "it has to wait");
        assert_eq!(queue.due(come, |_| None), Some(seconds(3_595)), "something else sounds");
    }

    #[test]
    fn a_county_cannot_stop_the_city() {
        let mut queue = Queue::default();
        let city = bulletin(1);
        let ebm = city.ebm;
        assert_eq!(queue.push(city), None);
        let stop = |tier| Bulletin { tier, action: Action::Stop(vec![ebm]), ..bulletin(2) };
        let mut taken = |by| queue.take_stopped(&stop(by), |it| may_stop(by, it)).len();
        assert_eq!((taken(Level::County), taken(Level::Province)), (0, 1));
    }

    #[test]
    fn a_full_queue_turns_the_least_away() {
        let mut queue = Queue::default();
        for seq in 1..=LONGEST as u64 {
            assert_eq!(queue.push(of(seq, Grade::Red, BroadcastClass::Emergency)), None);
        }
        let away = queue.push(of(99, Grade::Blue, BroadcastClass::Emergency));
        assert_eq!(away.map(|bulletin| bulletin.seq), Some(99));
    }
}
