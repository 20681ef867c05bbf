//! The licence of one account: the only governor of the house. One licence is shared by all sessions of the
//! account; it counts units as the gateway does.

mod pace;
mod window;

pub use window::Ticket;

use governor::{
    Quota, RateLimiter,
    clock::Clock as GovernorClock,
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};
use mingluo_model::{
    channel::{Per, Rate},
    clock::SharedClock,
};
use pace::Pace;
use std::{
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use window::Window;

/// The burst as a share of the licence: 2 %, what passes in 20 ms. A run is half of it: each needs a commit, and a disk
/// that is busy takes some milliseconds for one (measured: with runs of 5 ms the disk and not the licence sets the pace).
const BURST_SHARE: u32 = 50;

/// What a stall of the machine cost may be made up for by going this share of the licence faster: 2 %. The licence
/// itself is never exceeded (see [`Window`]).
const CATCH_UP_SHARE: u32 = 50;

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

/// A gateway's licence (限速许可): no sliding second (or minute, see [`Per`]) holds more than was granted, and what is sent is
/// spread over it.
/// The governor spreads: a bucket of `b` units, refilled slightly faster than the licence, so that what a stall cost is
/// made up for. The [`Window`] holds the licence itself.
pub struct Licence {
    limiter: Limiter,
    clock: SharedClock,
    run: u32,
    burst: u32,
    // Guards what left in the last second or minute; held for a few instructions only.
    window: Mutex<Window>,
    // Guards how much slower than the licence the gateway wants it; held for a few instructions only.
    pace: Mutex<Pace>,
    // Guards the end of a pause that the gateway asked for; held for a few instructions only.
    paused_until: Mutex<Duration>,
}

impl Licence {
    /// A licence of a rate. What a gateway counts by the minute need not be spread: all of it may leave at once.
    pub fn new(rate: Rate, clock: SharedClock) -> Self {
        let licence = rate.units.get();
        let faster = at_least_one(licence.saturating_add(licence / CATCH_UP_SHARE));
        let (quota, burst) = match rate.per {
            Per::Second => (Quota::per_second(faster), (licence / BURST_SHARE).max(2)),
            Per::Minute => (Quota::per_minute(faster), licence.max(2)),
        };
        let limiter =
            RateLimiter::direct_with_clock(quota.allow_burst(at_least_one(burst)), Ticks(clock.clone()));
        Self {
            limiter,
            clock,
            run: burst / 2,
            burst,
            window: Mutex::new(Window::new(licence, rate.period())),
            pace: Mutex::new(Pace::new(f64::from(licence) / rate.period().as_secs_f64())),
            paused_until: Mutex::default(),
        }
    }

    /// Units that are best taken at once: half of the burst.
    pub const fn run(&self) -> u32 {
        self.run
    }

    /// Waits until `units` may leave, in steps of at most [`Self::run`].
    pub async fn take(&self, units: NonZeroU32) -> Taken<'_> {
        let mut left = units.get();
        let mut taken = Taken { licence: self, ticket: None };
        while left > 0 {
            // Smaller steps while the gateway wants less: a step's price must fit into the burst.
            let step = left.min(((f64::from(self.run) / self.slow()) as u32).max(1));
            match self.try_step(at_least_one(step), taken.ticket) {
                Ok(ticket) => {
                    taken.ticket = Some(ticket);
                    left -= step;
                }
                Err(wait) => self.clock.sleep(wait).await,
            }
        }
        taken
    }

    /// Waits until no pause holds that the gateway asked for.
    pub async fn open(&self) {
        loop {
            let pause = self.pause_left();
            if pause.is_zero() {
                return;
            }
            self.clock.sleep(pause).await;
        }
    }

    /// Takes a step, or says how long to wait before the next try.
    fn try_step(&self, units: NonZeroU32, taken: Option<Ticket>) -> Result<Ticket, Duration> {
        let pause = self.pause_left();
        if !pause.is_zero() {
            return Err(pause);
        }
        let slow = self.slow();
        let mut window = self.window();
        let now = self.clock.ticks();
        let pay = |price: f64| match self.limiter.check_n(at_least_one(price as u32)) {
            Ok(Err(not_until)) => Err(not_until.wait_time_from(now)),
            Ok(Ok(())) | Err(_) => Ok(price.floor()),
        };
        let burst = f64::from(self.burst);
        // No more than the burst is paid at once: what a dear step cost beyond it comes before the next.
        while window.change >= burst {
            window.change -= pay(burst)?;
        }
        window.has_room(units.get(), taken, slow, now)?;
        let exact = f64::from(units.get()) * slow + window.change;
        window.change = exact - pay(exact.min(burst))?;
        Ok(window.take(units.get(), taken))
    }

    /// The gateway answered all of it, so that it has begun to count it: from now on for no more than a second (or minute).
    pub fn arrived(&self, tickets: &[Ticket]) {
        let now = self.clock.ticks();
        let mut window = self.window();
        for ticket in tickets {
            window.arrived(*ticket, now);
        }
    }

    /// Units that count now: those of the last second or minute, and what no answer came to for a moment longer.
    pub fn present(&self) -> u32 {
        self.window().sum(self.clock.ticks())
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A ticket of its own, whatever the licence.
    #[cfg(test)]
    pub fn ticket(&self) -> Ticket {
        let mut window = self.window();
        let ticket = window.take(1, None);
        window.left(ticket, self.clock.ticks())
    }

    /// How many times slower than the licence the gateway wants it now.
    fn slow(&self) -> f64 {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).slow()
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

/// What was taken and has not left yet. It counts until it has: a machine, a gateway or a line that is busy in between makes no
/// second hold more than was granted. What is dropped before may have left in part, and counts from then on.
pub struct Taken<'a> {
    licence: &'a Licence,
    ticket: Option<Ticket>,
}

impl Taken<'_> {
    /// It is on the wire now, and counts from now on.
    pub fn left(mut self) -> Option<Ticket> {
        self.date()
    }

    fn date(&mut self) -> Option<Ticket> {
        let ticket = self.ticket.take()?;
        Some(self.licence.window().left(ticket, self.licence.clock.ticks()))
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.date();
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
        task::{Context, Poll, Waker},
    };

    fn of(per_second: u32) -> Rate {
        Rate::per_second(NonZeroU32::new(per_second).unwrap())
    }

    /// Lets a greedy sender run for `seconds` of virtual time in steps of 1 ms; gives the units of each step. The
    /// machine stalls for `stall` steps in every hundred.
    fn greedy(per_second: u32, parts: u32, seconds: usize, stall: usize) -> Vec<u32> {
        let clock = ManualClock::at(Timestamp(0));
        let licence = Licence::new(of(per_second), clock.clone());
        let units = licence.run().max(parts) / parts * parts;
        let mut context = Context::from_waker(Waker::noop());
        let mut waiting = Box::pin(licence.take(at_least_one(units)));
        let mut taken = vec![0; seconds * 1000];
        for (step, slot) in taken.iter_mut().enumerate() {
            while step % 100 >= stall && waiting.as_mut().poll(&mut context).is_ready() {
                *slot += units;
                waiting = Box::pin(licence.take(at_least_one(units)));
            }
            clock.advance(Duration::from_millis(1));
        }
        taken
    }

    /// The most in any sliding second, and the most in any sliding tenth of one.
    fn most(taken: &[u32], steps: usize) -> u32 {
        taken.windows(steps).map(|some| some.iter().sum::<u32>()).max().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn no_sliding_second_holds_more_than_the_licence(
            per_second in 1_u32..60_000, parts in 1_u32..3, stall in 0_usize..20,
        ) {
            let taken = greedy(per_second, parts, 3, stall);
            // A message of two parts leaves as one, so the first of them may have been taken in the second before.
            prop_assert!(most(&taken, 1007) < per_second + parts, "of {per_second}");
        }
    }

    /// A greedy sender whose runs are under way for so many steps each, and are answered so many later, again and again in
    /// this order. Gives what arrived in each step.
    fn on_the_way(per_second: u32, steps: usize, ways: &[[usize; 2]]) -> Vec<u32> {
        let clock = ManualClock::at(Timestamp(0));
        let licence = Licence::new(of(per_second), clock.clone());
        let units = at_least_one(licence.run());
        let mut context = Context::from_waker(Waker::noop());
        let mut waiting = Box::pin(licence.take(units));
        let mut ways = ways.iter().cycle();
        let mut arrived = vec![0; steps + 10];
        let mut answers = vec![Vec::new(); steps + 50];
        for step in 0..steps {
            licence.arrived(&answers[step]);
            while let Poll::Ready(taken) = waiting.as_mut().poll(&mut context) {
                let [way, answer] = *ways.next().unwrap();
                arrived[step + way] += units.get();
                answers[step + way + answer].extend(taken.left());
                waiting = Box::pin(licence.take(units));
            }
            clock.advance(Duration::from_millis(1));
        }
        arrived
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn a_way_that_wavers_makes_no_second_hold_more_at_the_gateway(
            per_second in 100_u32..60_000, ways in prop::collection::vec([0_usize..8, 0_usize..40], 1..300),
        ) {
            let arrived = on_the_way(per_second, 3_000, &ways);
            prop_assert!(most(&arrived, 1_000) <= per_second, "of {per_second}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn no_sliding_minute_holds_more_than_a_licence_by_the_minute(
            per_minute in 1_u32..200, runs in prop::collection::vec((1_u32..12, 0_u64..9_000), 1..80),
        ) {
            let clock = ManualClock::at(Timestamp(0));
            let rate = Rate::per_minute(NonZeroU32::new(per_minute).unwrap());
            let licence = Licence::new(rate, clock.clone());
            let mut context = Context::from_waker(Waker::noop());
            let mut left: Vec<(Timestamp, u32)> = Vec::new();
            for (units, pause) in runs {
                let units = units.min(per_minute);
                clock.advance(Duration::from_millis(pause));
                let mut waiting = Box::pin(licence.take(at_least_one(units)));
                while waiting.as_mut().poll(&mut context).is_pending() {
                    clock.advance(Duration::from_millis(100));
                }
                drop(waiting);
                let now = clock.now();
                left.push((now, units));
                let of_late = left.iter().filter(|(at, _)| now.since(*at) < Duration::from_mins(1));
                prop_assert!(of_late.map(|(_, units)| units).sum::<u32>() <= per_minute);
            }
        }
    }

    #[test]
    fn what_a_minute_allows_leaves_at_once_and_the_rest_a_minute_later() {
        let clock = ManualClock::at(Timestamp(0));
        let licence = Licence::new(Rate::per_minute(NonZeroU32::new(18).unwrap()), clock.clone());
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..2 {
            assert!(pin!(licence.take(at_least_one(licence.run()))).poll(&mut context).is_ready());
        }
        let mut waiting = pin!(licence.take(NonZeroU32::MIN));
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        clock.advance(Duration::from_millis(59_900));
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        clock.advance(Duration::from_millis(200));
        assert!(waiting.as_mut().poll(&mut context).is_ready());
    }

    #[test]
    fn a_gateway_that_answers_at_once_gets_all_of_the_licence() {
        let used: u32 = on_the_way(20_000, 20_000, &[[0, 1], [0, 2]]).iter().sum();
        assert!(used >= 398_800, "{used} of 400,000");
    }

    #[test]
    fn nearly_all_of_the_licence_is_used_also_by_a_machine_that_stalls() {
        for per_second in [500, 5_000, 20_000] {
            for stall in [0, 1, 2] {
                let used: u32 = greedy(per_second, 2, 20, stall).iter().sum();
                let share = f64::from(used) / (f64::from(per_second) * 20.0);
                assert!(share >= 0.99, "{share} of {per_second} with stalls of {stall} ms in 100");
            }
        }
    }

    #[test]
    fn the_present_pace_is_what_left_in_the_last_second() {
        let clock = ManualClock::at(Timestamp(0));
        let licence = Licence::new(of(1_000), clock.clone());
        let mut context = Context::from_waker(Waker::noop());
        drop(pin!(licence.take(at_least_one(7))).poll(&mut context));
        assert_eq!(licence.present(), 7);
        clock.advance(Duration::from_secs(2));
        assert_eq!(licence.present(), 0);
    }

    #[test]
    fn what_took_longer_than_a_second_to_leave_counts_from_when_it_left() {
        let clock = ManualClock::at(Timestamp(0));
        let licence = Licence::new(of(1_000), clock.clone());
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(taken) = pin!(licence.take(at_least_one(7))).poll(&mut context) else {
            panic!("nothing left before")
        };
        clock.advance(Duration::from_secs(2));
        taken.left();
        assert_eq!(licence.present(), 7);
    }

    #[test]
    fn what_is_sent_is_spread_over_the_second() {
        let taken = greedy(20_000, 1, 5, 0);
        assert!(most(&taken, 100) <= 2_600, "{}", most(&taken, 100));
    }

    #[test]
    fn a_message_of_more_parts_than_the_licence_leaves_after_all() {
        assert!(greedy(1, 2, 10, 0).iter().sum::<u32>() >= 8);
    }

    /// A gateway that takes so many units in any sliding second, and answers each after 20 ms. Gives what it took and what
    /// it turned away of the last `seconds`, after ten others.
    fn against_a_gateway(per_second: u32, granted: u32, seconds: usize) -> [u32; 2] {
        const ROUND_TRIP: usize = 20;
        let clock = ManualClock::at(Timestamp(0));
        let licence = Licence::new(of(per_second), clock.clone());
        let units = (licence.run() / 2 * 2).max(2);
        let mut context = Context::from_waker(Waker::noop());
        let mut waiting = Box::pin(licence.take(at_least_one(units)));
        let steps = (10 + seconds) * 1_000;
        let (mut took, mut turned_away) = (vec![0; steps], vec![0; steps]);
        for step in 0..steps {
            while waiting.as_mut().poll(&mut context).is_ready() {
                waiting = Box::pin(licence.take(at_least_one(units)));
                let of_late: u32 = took[step.saturating_sub(999)..=step].iter().sum();
                let fits = (granted - of_late).min(units);
                took[step] += fits;
                turned_away[step] += units - fits;
            }
            if let Some(sent) = step.checked_sub(ROUND_TRIP) {
                licence.heard(took[sent] + turned_away[sent], turned_away[sent]);
            }
            clock.advance(Duration::from_millis(1));
        }
        [took, turned_away].map(|counts| counts[10_000..].iter().sum())
    }

    #[test]
    fn a_gateway_that_grants_less_gets_nearly_that_and_turns_little_away() {
        for (per_second, granted) in
            [(1_000, 500), (1_000, 430), (20_000, 10_000), (300, 290), (5_000, 1_500)]
        {
            let [took, turned_away] = against_a_gateway(per_second, granted, 30).map(f64::from);
            let share = took / f64::from(granted * 30);
            assert!(share >= 0.95, "{share} of {granted}, licence {per_second}");
            let wasted = turned_away / (took + turned_away);
            assert!(wasted <= 0.10, "{wasted} turned away of {granted}, licence {per_second}");
        }
    }

    #[test]
    fn a_gateway_that_grants_a_tenth_gets_no_more_in_the_end() {
        let clock = ManualClock::at(Timestamp(0));
        for per_second in [50, 5_000] {
            let licence = Licence::new(of(per_second), clock.clone());
            licence.pace.lock().unwrap().set_slow(10.0);
            let mut context = Context::from_waker(Waker::noop());
            let mut waiting = Box::pin(licence.take(NonZeroU32::MIN));
            let mut taken = 0;
            for _ in 0..5_000 {
                while waiting.as_mut().poll(&mut context).is_ready() {
                    taken += 1;
                    waiting = Box::pin(licence.take(NonZeroU32::MIN));
                }
                clock.advance(Duration::from_millis(1));
            }
            assert!(
                (per_second * 2 / 5..=per_second * 3 / 5).contains(&taken),
                "{taken} of {per_second} in 5 s"
            );
        }
    }

    #[test]
    fn a_small_licence_is_slowed_down_as_much_as_a_large_one() {
        let clock = ManualClock::at(Timestamp(0));
        let licence = Licence::new(of(10), clock.clone());
        licence.pace.lock().unwrap().set_slow(64.0);
        let mut context = Context::from_waker(Waker::noop());
        let mut waiting = Box::pin(licence.take(NonZeroU32::MIN));
        let mut taken = 0;
        for _ in 0..640 {
            while waiting.as_mut().poll(&mut context).is_ready() {
                taken += 1;
                waiting = Box::pin(licence.take(NonZeroU32::MIN));
            }
            clock.advance(Duration::from_millis(100));
        }
        assert!((9..=11).contains(&taken), "{taken} in 64 s");
    }

    #[test]
    fn a_brake_stops_everything_for_its_time() {
        let clock = ManualClock::at(Timestamp(0));
        let licence = Licence::new(of(1_000), Arc::clone(&clock) as SharedClock);
        licence.brake(Duration::from_secs(1));
        let mut context = Context::from_waker(Waker::noop());
        let mut waiting = pin!(licence.take(NonZeroU32::MIN));
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        clock.advance(Duration::from_millis(999));
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        clock.advance(Duration::from_millis(1));
        assert!(waiting.as_mut().poll(&mut context).is_ready());
        assert_eq!(clock.now(), Timestamp(1_000));
    }
}
