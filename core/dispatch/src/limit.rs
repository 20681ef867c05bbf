//! The licence of one account: the only governor of the house. One licence is shared by all sessions of the
//! account; it counts units as the gateway does.

use governor::{
    Quota, RateLimiter,
    clock::Clock as GovernorClock,
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};
use mingluo_model::clock::SharedClock;
use std::{
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// The burst as a share of the licence: 1 %, but at least what passes in 10 ms, so that a stall of the
/// machine shorter than that costs nothing (measured: smaller bursts lose up to 15 % on busy cores).
const BURST_SHARE: u32 = 100;

/// The house clock as the governor wants to see it.
#[derive(Clone)]
struct Ticks(SharedClock);

impl std::fmt::Debug for Ticks {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Ticks")
    }
}

impl GovernorClock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Self::Instant {
        self.0.ticks()
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, Ticks, NoOpMiddleware<Duration>>;

/// A gateway's licence (限速许可), kept so that no sliding second holds more than was granted: a bucket of `b`
/// units refilled at `L - b` a second admits at most `L` in any second, and runs of `b / 2` use 99 % of it.
pub struct Licence {
    limiter: Limiter,
    clock: SharedClock,
    run: u32,
    burst: u32,
    // Guards how much slower than the licence the gateway wants it; held for a few instructions only.
    pace: Mutex<Pace>,
    // Guards the end of a pause that the gateway asked for; held for a few instructions only.
    paused_until: Mutex<Duration>,
}

impl Licence {
    /// A licence of `per_second` units; `largest` is the most units one message can have.
    pub fn new(per_second: NonZeroU32, largest: NonZeroU32, clock: SharedClock) -> Self {
        let burst = (per_second.get() / BURST_SHARE).max(2 * largest.get()).max(2);
        let rate = per_second.get().saturating_sub(burst).max(1);
        let (rate, burst) = (at_least_one(rate), at_least_one(burst));
        let quota = Quota::per_second(rate).allow_burst(burst);
        let limiter = RateLimiter::direct_with_clock(quota, Ticks(clock.clone()));
        let (run, burst) = ((burst.get() / 2).max(1), burst.get());
        Self { limiter, clock, run, burst, pace: Mutex::default(), paused_until: Mutex::default() }
    }

    /// Units that are best taken at once: half of the burst.
    pub const fn run(&self) -> u32 {
        self.run
    }

    /// Waits until `units` may leave, in steps of at most [`Self::run`].
    pub async fn take(&self, units: u32) {
        let mut left = units;
        while left > 0 {
            let step = left.min(self.run);
            self.take_step(at_least_one(step)).await;
            left -= step;
        }
    }

    async fn take_step(&self, units: NonZeroU32) {
        loop {
            let pause = self.pause_left();
            if !pause.is_zero() {
                self.clock.sleep(pause).await;
                continue;
            }
            match self.limiter.check_n(self.price(units)) {
                Ok(Err(not_until)) => self.clock.sleep(not_until.wait_time_from(self.clock.ticks())).await,
                Ok(Ok(())) | Err(_) => return,
            }
        }
    }

    /// What `units` cost now: more than their number while the gateway wants less than the licence.
    fn price(&self, units: NonZeroU32) -> NonZeroU32 {
        let slow = self.pace.lock().unwrap_or_else(PoisonError::into_inner).slow;
        at_least_one(((f64::from(units.get()) * slow).ceil() as u32).min(self.burst))
    }

    /// The gateway answered so many units, and so many of them with "busy".
    pub fn heard(&self, answers: u32, busy: u32) {
        let now = self.clock.ticks();
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).heard(now, answers, busy);
    }

    /// Nothing leaves for this long: the gateway asked for a pause.
    pub fn brake(&self, pause: Duration) {
        let until = self.clock.ticks() + pause;
        let mut paused_until = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        *paused_until = until.max(*paused_until);
    }

    fn pause_left(&self) -> Duration {
        let paused_until = *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        paused_until.saturating_sub(self.clock.ticks())
    }
}

/// How many times slower than the licence the account runs, found by what the gateway says.
#[derive(Debug)]
struct Pace {
    slow: f64,
    since: Duration,
    answers: u32,
    busy: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { slow: 1.0, since: Duration::ZERO, answers: 0, busy: 0 }
    }
}

impl Pace {
    /// Answers are judged together for this long.
    const WINDOW: Duration = Duration::from_millis(200);

    /// A share of "busy" that is borne: below it the pace recovers, above it it falls.
    const BORNE: f64 = 0.05;

    /// The most that an account is slowed down.
    const SLOWEST: f64 = 64.0;

    fn heard(&mut self, now: Duration, answers: u32, busy: u32) {
        self.answers += answers;
        self.busy += busy;
        if now.saturating_sub(self.since) < Self::WINDOW || self.answers == 0 {
            return;
        }
        let share = f64::from(self.busy) / f64::from(self.answers);
        let factor = if share > Self::BORNE { 1.0 + share } else { 0.95 };
        *self =
            Self { slow: (self.slow * factor).clamp(1.0, Self::SLOWEST), since: now, answers: 0, busy: 0 };
    }
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::clock::{Clock, Timestamp, manual::ManualClock};
    use proptest::prelude::*;
    use std::{
        future::Future,
        pin::pin,
        sync::Arc,
        task::{Context, Waker},
    };

    /// Lets a greedy sender run for `seconds` of virtual time in steps of 1 ms; gives the units of each step.
    fn greedy(per_second: u32, parts: u32, seconds: usize) -> Vec<u32> {
        let clock = ManualClock::at(Timestamp(0));
        let largest = NonZeroU32::new(parts).unwrap();
        let licence = Licence::new(NonZeroU32::new(per_second).unwrap(), largest, clock.clone());
        let units = licence.run().max(parts) / parts * parts;
        let mut context = Context::from_waker(Waker::noop());
        let mut waiting = Box::pin(licence.take(units));
        let mut taken = vec![0; seconds * 1000];
        for slot in &mut taken {
            while waiting.as_mut().poll(&mut context).is_ready() {
                *slot += units;
                waiting = Box::pin(licence.take(units));
            }
            clock.advance(Duration::from_millis(1));
        }
        taken
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn no_sliding_second_holds_more_than_the_licence(per_second in 400_u32..60_000, parts in 1_u32..3) {
            let taken = greedy(per_second, parts, 3);
            let most = taken.windows(1000).map(|second| second.iter().sum::<u32>()).max().unwrap();
            prop_assert!(most <= per_second, "{} in one second of {}", most, per_second);
        }
    }

    #[test]
    fn nearly_all_of_the_licence_is_used() {
        for per_second in [500, 5_000, 20_000] {
            let used: u32 = greedy(per_second, 2, 10).iter().sum();
            assert!(f64::from(used) >= 0.985 * f64::from(per_second) * 10.0, "{used} of {per_second}");
        }
    }

    #[test]
    fn a_gateway_that_grants_half_is_not_run_into_for_long() {
        let mut pace = Pace::default();
        for step in 1..=50 {
            let (sent, granted) = (1_000.0 / pace.slow, 500.0);
            let busy = f64::max(sent - granted, 0.0);
            pace.heard(Duration::from_millis(step * 200), sent as u32, busy as u32);
        }
        assert!((1.6..2.4).contains(&pace.slow), "{}", pace.slow);
    }

    #[test]
    fn a_brake_stops_everything_for_its_time() {
        let clock = ManualClock::at(Timestamp(0));
        let licence =
            Licence::new(NonZeroU32::new(1_000).unwrap(), NonZeroU32::MIN, Arc::clone(&clock) as SharedClock);
        licence.brake(Duration::from_secs(1));
        let mut context = Context::from_waker(Waker::noop());
        let mut waiting = pin!(licence.take(1));
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        clock.advance(Duration::from_millis(999));
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        clock.advance(Duration::from_millis(1));
        assert!(waiting.as_mut().poll(&mut context).is_ready());
        assert_eq!(clock.now(), Timestamp(1_000));
    }
}
