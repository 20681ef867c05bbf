//! Boxes that were cut off, and boxes that do not know what time it is.

use super::*;
use mingluo_model::signer::{Purpose, time_bytes};

/// The city's welcome, with the time proved for the nonce of [`greet`].
fn proof(time: Timestamp) -> CityFrame {
    let signature = crate::village::signer().sign_now(Purpose::Time, &time_bytes(&[1; 32], time));
    CityFrame::Welcome(Welcome { version: VERSION, time, nonce_signature: Some(signature) })
}

fn minutes(from: i64, to: i64, seq: u64) -> Bulletin {
    let at = |minutes: i64| Timestamp(NOW.0 + minutes * 60_000);
    Bulletin { start: at(from), end: at(to), ..bulletin(seq) }
}

#[test]
fn cut_off_for_an_hour_then_plays_only_what_still_holds() {
    let mut village = Village::new();
    // Held before the cut: one comes to its turn during it, one is lifted in the city and the box cannot know.
    village.hear(signed(&minutes(10, 20, 1)));
    village.agent.part();
    village.pass(60 * MINUTE);
    let (passed, holds) = (minutes(5, 55, 2), minutes(30, 120, 3));
    greet(&mut village.agent);
    let kept = village.events();
    assert!(
        kept.contains(&(1, Event::Sounded)),
        "it sounded without a link, and its reports waited: {kept:?}"
    );
    assert_eq!(village.hear(signed(&passed)), [(2, Event::Refused)]);
    assert!(!village.air.has_power());
    let events = village.hear(signed(&holds));
    assert_eq!(events, [(3, Event::Verified), (3, Event::Playing)]);
}

#[test]
fn what_waited_is_not_played_after_a_dark_week_until_the_time_is_proved() {
    let mut village = Village::new();
    village.hear(signed(&minutes(1, 60, 1)));
    // The battery is empty: the clock begins in 1970, and the journal knows only how late it was at least.
    let clock = ManualClock::at(Timestamp(0));
    let card = || Box::new(village.card.clone());
    village.agent = assemble(clock.clone(), &village.air, card(), ClockSource::City, Watch::default());
    village.clock = clock;
    assert!(village.pass(60 * MINUTE).is_empty() && !village.air.has_power());

    village.agent.hello([1; 32]);
    village.agent.hear(proof(NOW.plus(Duration::from_hours(24 * 7)))).unwrap();
    assert_eq!(village.events().last(), Some(&(1, Event::Expired)));
    assert!(village.pass(60 * MINUTE).is_empty() && !village.air.has_power());
}

#[test]
fn what_waited_is_played_when_the_proved_time_allows_it() {
    let mut village = Village::new();
    village.hear(signed(&minutes(10, 60, 1)));
    let clock = ManualClock::at(Timestamp(0));
    let card = Box::new(village.card.clone());
    village.agent = assemble(clock.clone(), &village.air, card, ClockSource::City, Watch::default());
    village.clock = clock;
    village.agent.hello([1; 32]);
    village.agent.hear(proof(NOW.plus(5 * MINUTE))).unwrap();
    village.events();
    assert!(village.pass(4 * MINUTE).is_empty());
    assert_eq!(village.pass(MINUTE), [(1, Event::Playing)]);
}

#[test]
fn a_clock_that_ran_ahead_for_decades_is_mended_by_the_city_and_forgotten() {
    let mut village = Village::new();
    let decades = NOW.plus(Duration::from_hours(24 * 365 * 70));
    let card = || Box::new(village.card.clone());
    let ahead = ManualClock::at(decades);
    village.agent = assemble(ahead.clone(), &village.air, card(), ClockSource::Own, Watch::default());
    village.clock = ahead;
    greet(&mut village.agent);
    assert_eq!(village.hear(signed(&minutes(0, 60, 1))), [(1, Event::Refused)], "it is long over");
    village.pass(2 * 60 * MINUTE);

    // Somebody has set the clock right, and power went.
    let mended = ManualClock::at(NOW);
    let card = || Box::new(village.card.clone());
    village.agent = assemble(mended.clone(), &village.air, card(), ClockSource::Own, Watch::default());
    village.clock = mended.clone();
    greet(&mut village.agent);
    assert_eq!(village.hear(signed(&minutes(0, 60, 2))).last(), Some(&(2, Event::Refused)));
    village.agent.hear(proof(NOW)).unwrap();
    assert_eq!(village.hear(signed(&minutes(0, 60, 3))), [(3, Event::Verified), (3, Event::Playing)]);

    let reread = Journal::open(Box::new(village.card.clone()), NOW).unwrap();
    assert_eq!(reread.book().floors().latest, NOW);
    let agent =
        assemble(mended, &village.air, Box::new(village.card.clone()), ClockSource::Own, Watch::default());
    assert!(agent.knows_time(), "the next start believes its clock");
}

#[test]
fn every_refusal_of_a_box_without_the_time_says_so() {
    let mut village = Village::new();
    let clock = ManualClock::at(Timestamp(0));
    village.agent =
        assemble(clock, &village.air, Box::new(village.card.clone()), ClockSource::City, Watch::default());
    greet(&mut village.agent);
    village.agent.hear(CityFrame::Order(order(1))).unwrap();
    assert_eq!(village.reports().pop().unwrap().reason, "clock-untrusted");
    assert!(matches!(village.agent.heartbeat(), BoxFrame::Heartbeat(beat) if !beat.clock_trusted));
}

#[test]
fn the_hour_is_remembered_even_when_nothing_happens() {
    let mut village = Village::new();
    village.clock.advance(5 * 60 * MINUTE);
    village.agent.tick().unwrap();
    let reread = Journal::open(Box::new(village.card.clone()), NOW).unwrap();
    assert_eq!(reread.book().floors().latest, NOW.plus(5 * 60 * MINUTE));
}
