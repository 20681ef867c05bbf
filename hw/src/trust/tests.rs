//! A box that wakes without a clock, one whose clock is wrong, and the keys they believe.

use super::*;
use crate::village::{NOW, believed, edition, keys, order, root, signer};
use mingluo_model::clock::{Clock, manual::ManualClock};
use std::{sync::Mutex, time::Duration};

const HOUR: Duration = Duration::from_hours(1);

fn trust(clock: SharedClock, source: ClockSource, latest: Timestamp) -> Trust {
    with_floors(clock, source, Floors { latest, ..Floors::default() })
}

fn with_floors(clock: SharedClock, source: ClockSource, floors: Floors) -> Trust {
    let region = "210423001001".parse().unwrap();
    let mut trust =
        Trust::new(Beliefs::unsigned(Arc::new(keys())), region, ModeKind::Live, clock, source, floors);
    trust.begin([5; 32]);
    trust
}

fn woken_in_1970() -> Trust {
    trust(ManualClock::at(Timestamp(60_000)), ClockSource::City, Timestamp(0))
}

fn welcome_at(nonce: [u8; 32], time: Timestamp) -> Welcome {
    let signature = signer().sign_now(Purpose::Time, &time_bytes(&nonce, time));
    Welcome { version: 1, time, nonce_signature: Some(signature) }
}

fn welcome(nonce: [u8; 32]) -> Welcome {
    welcome_at(nonce, NOW)
}

#[test]
fn a_box_without_a_clock_obeys_only_after_the_signed_time() {
    let mut trust = woken_in_1970();
    assert_eq!(trust.judge(&order(1), &Sequences::new()).unwrap_err().code(), "clock-untrusted");
    trust.learn(&welcome([5; 32]));
    assert_eq!(trust.now(), NOW);
    assert!(trust.judge(&order(1), &Sequences::new()).is_ok());
}

#[test]
fn a_welcome_recorded_in_another_session_teaches_nothing() {
    let mut trust = woken_in_1970();
    trust.learn(&welcome([6; 32]));
    assert!(!trust.is_trusted());
}

#[test]
fn a_time_before_what_was_proven_or_by_a_key_that_had_expired_or_of_another_county_teaches_nothing() {
    let proven = Floors { latest: NOW.plus(HOUR), proven: NOW.plus(HOUR) };
    let mut late = with_floors(ManualClock::at(Timestamp(0)), ClockSource::City, proven);
    late.learn(&welcome([5; 32]));
    assert!(!late.is_trusted());
    for spoil in [
        |key: &mut mingluo_model::bulletin::VerifyingEntry| key.not_after = NOW,
        |key: &mut mingluo_model::bulletin::VerifyingEntry| key.areas = vec!["210422".parse().unwrap()],
    ] {
        let mut trust = woken_in_1970();
        let mut spoilt = keys();
        spoil(&mut spoilt.keys[0]);
        trust.beliefs = Beliefs::unsigned(Arc::new(spoilt));
        trust.learn(&welcome([5; 32]));
        assert!(!trust.is_trusted());
    }
}

/// A machine's clock that can be set while it ticks.
struct Settable {
    ticking: Arc<ManualClock>,
    wall: Mutex<Timestamp>,
}

#[async_trait::async_trait]
impl Clock for Settable {
    fn now(&self) -> Timestamp {
        *self.wall.lock().unwrap()
    }

    fn ticks(&self) -> Duration {
        self.ticking.ticks()
    }

    async fn sleep(&self, duration: Duration) {
        self.ticking.sleep(duration).await;
    }
}

#[test]
fn a_clock_that_is_set_after_the_time_was_learned_changes_nothing() {
    let clock =
        Arc::new(Settable { ticking: ManualClock::at(Timestamp(0)), wall: Mutex::new(Timestamp(60_000)) });
    let mut trust = trust(clock.clone(), ClockSource::City, Timestamp(0));
    trust.learn(&welcome([5; 32]));
    *clock.wall.lock().unwrap() = NOW.plus(HOUR);
    clock.ticking.advance(HOUR);
    assert_eq!(trust.now(), NOW.plus(HOUR));
}

#[test]
fn a_battery_that_ran_empty_is_found_out_by_the_journal() {
    let mut trust = trust(ManualClock::at(Timestamp(0)), ClockSource::Own, NOW);
    assert_eq!(trust.judge(&order(1), &Sequences::new()).unwrap_err().code(), "clock-untrusted");
    trust.learn(&welcome([5; 32]));
    assert!(trust.judge(&order(1), &Sequences::new()).is_ok());
}

#[test]
fn a_clock_of_its_own_yields_when_the_city_proves_it_wrong_and_not_for_seconds() {
    let mut trust = trust(ManualClock::at(NOW), ClockSource::Own, Timestamp(0));
    trust.learn(&welcome_at([5; 32], NOW.plus(Duration::from_secs(90))));
    assert_eq!(trust.now(), NOW);
    trust.learn(&welcome_at([5; 32], NOW.plus(HOUR)));
    assert_eq!(trust.now(), NOW.plus(HOUR));
}

#[test]
fn what_a_clock_that_ran_ahead_left_behind_yields_to_the_citys_time() {
    let ahead = Floors { latest: NOW.plus(HOUR * 24 * 365 * 70), proven: NOW };
    for source in [ClockSource::Own, ClockSource::City] {
        let mut trust = with_floors(ManualClock::at(NOW.plus(HOUR)), source, ahead);
        assert_eq!(trust.judge(&order(1), &Sequences::new()).unwrap_err().code(), "clock-untrusted");
        trust.learn(&welcome_at([5; 32], NOW.plus(HOUR)));
        assert_eq!((trust.now(), trust.floor()), (NOW.plus(HOUR), NOW.plus(HOUR)));
    }
}

#[test]
fn an_order_under_another_name_is_refused() {
    let mut trust = woken_in_1970();
    trust.learn(&welcome([5; 32]));
    let renamed = Order { ebm: order(2).ebm, ..order(1) };
    assert_eq!(trust.judge(&renamed, &Sequences::new()).unwrap_err().code(), "malformed");
}

#[test]
fn of_two_sets_the_newer_counts_and_a_strangers_does_not() {
    let signed = |version| edition(version).sign(&root()).unwrap();
    let stranger = edition(9).sign(&signer()).unwrap();
    let beliefs = Beliefs::newest(believed(), &signed(2), [signed(3), stranger, signed(1)].into_iter());
    assert_eq!(beliefs.unwrap().version, 3);
    assert_eq!(edition(1).sign(&signer()).unwrap().open(believed()).unwrap_err().code(), "bad-signature");
}

#[cfg(feature = "sm2")]
#[test]
fn a_box_without_a_clock_believes_the_time_and_the_bulletins_of_an_sm2_key() {
    let (signer, mut sm2) = (crate::village::sm2_signer(), keys());
    sm2.keys[0].public = signer.public();
    let mut trust = woken_in_1970();
    trust.beliefs = Beliefs::unsigned(Arc::new(sm2));
    trust.learn(&welcome([5; 32]));
    assert!(!trust.is_trusted(), "an Ed25519 signature under an SM2 key");
    let signature = Some(signer.sign_now(Purpose::Time, &time_bytes(&[5; 32], NOW)));
    trust.learn(&Welcome { version: 1, time: NOW, nonce_signature: signature });
    assert_eq!(trust.now(), NOW);
    let bulletin = crate::village::bulletin(1);
    let envelope = signer.seal(&bulletin).unwrap().to_bytes();
    assert_eq!(trust.judge(&Order { ebm: bulletin.ebm, envelope }, &Sequences::new()).unwrap(), bulletin);
    assert_eq!(trust.judge(&order(1), &Sequences::new()).unwrap_err().code(), "bad-signature");
}
