//! What goes on beside the box: mains, gauges, and people at its window.

use super::*;
use crate::{
    contact::{Button, SimulatedContact},
    gauge::SimulatedGauge,
    journal::Happening,
    selftest::Kind,
    window::{Answer, MayStop, Origin, Outside, Wish, window},
};
use std::task::{Context, Poll, Waker};

fn with(watch: Watch) -> Village {
    let mut village = Village::new();
    let card = Box::new(village.card.clone());
    village.agent = assemble(village.clock.clone(), &village.air, card, ClockSource::Own, watch);
    greet(&mut village.agent);
    village
}

pub(super) fn look(village: &mut Village, millis: u64) {
    for _ in 0..millis / 100 {
        village.clock.advance(Duration::from_millis(100));
        village.agent.tick().unwrap();
    }
}

fn beats(village: &mut Village) -> Vec<mingluo_model::link::Health> {
    std::iter::from_fn(|| village.agent.next_frame())
        .filter_map(|frame| match frame {
            BoxFrame::Heartbeat(beat) => Some(beat.health),
            _ => None,
        })
        .collect()
}

#[test]
fn a_box_on_battery_says_so_at_once_and_flicker_is_no_news() {
    let (mains, battery, board) =
        (SimulatedContact::default(), SimulatedGauge::default(), SimulatedGauge::default());
    mains.set(true);
    battery.set(Some(97));
    board.set(Some(-12));
    let mut village = with(Watch {
        mains: Some(Box::new(mains.clone())),
        battery: Some(Box::new(battery.clone())),
        temperature: Some(Box::new(board)),
        ..Watch::default()
    });
    look(&mut village, 1_000);
    assert!(beats(&mut village).is_empty(), "mains that is there is no news");
    mains.set(false);
    look(&mut village, 200);
    mains.set(true);
    look(&mut village, 1_000);
    assert!(beats(&mut village).is_empty(), "a flicker");
    mains.set(false);
    look(&mut village, 500);
    let told = beats(&mut village);
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].mains, told[0].battery_percent, told[0].temperature_c),
        (Some(false), Some(97), Some(-12))
    );
    battery.set(None);
    mains.set(true);
    look(&mut village, 12_000);
    assert_eq!(beats(&mut village)[0].mains, Some(true));
    let BoxFrame::Heartbeat(beat) = village.agent.heartbeat() else { panic!("no heartbeat") };
    assert_eq!(beat.health.battery_percent, None, "a gauge that cannot be read is absent");
    let notes = village.agent.journal.book().diary().notes();
    let moves: Vec<_> = notes.iter().filter(|note| matches!(note.what, Happening::Mains(_))).collect();
    assert_eq!(moves.len(), 2);
}

#[test]
fn news_that_have_not_left_are_replaced_and_do_not_pile_up() {
    let mains = SimulatedContact::default();
    let mut village = with(Watch { mains: Some(Box::new(mains.clone())), ..Watch::default() });
    for nth in 0..50 {
        mains.set(nth % 2 == 0);
        look(&mut village, 500);
    }
    assert_eq!(beats(&mut village).len(), 1);
}

/// A box with a window, and a button to sound its own alarm.
pub(super) fn seen(may_stop: MayStop) -> (Village, Outside, SimulatedContact) {
    let ((window, outside), contact) = (window(may_stop), SimulatedContact::default());
    let button = Button {
        contact: Box::new(contact.clone()),
        key: None,
        hold: Duration::from_secs(1),
        sounding: MINUTE,
    };
    (with(Watch { window: Some(window), button: Some(button), ..Watch::default() }), outside, contact)
}

/// Asks, lets the box go a round, and reads the answer.
pub(super) fn ask(village: &mut Village, outside: &Outside, wish: Wish) -> Answer {
    let mut asking = std::pin::pin!(outside.ask(wish));
    let mut context = Context::from_waker(Waker::noop());
    assert!(asking.as_mut().poll(&mut context).is_pending());
    look(village, 100);
    match asking.poll(&mut context) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("no answer"),
    }
}

#[test]
fn nobody_at_the_box_silences_a_red_one() {
    for policy in [MayStop::Own, MayStop::Daily, MayStop::Orange] {
        let (mut village, outside, _) = seen(policy);
        village.hear(order(1));
        look(&mut village, 1_100);
        let playing = outside.view().unwrap().playing.clone().unwrap();
        assert!(!playing.may_be_stopped && playing.script.contains("暴雨"));
        assert_eq!(ask(&mut village, &outside, Wish::Stop(playing.ebm)), Answer::NotAllowed);
        assert!(village.air.has_power());
    }
}

#[test]
fn what_is_stopped_at_the_box_is_silent_at_once_and_the_city_is_told() {
    let (mut village, outside, _) = seen(MayStop::Blue);
    village.hear(signed(&blue(1)));
    let ebm = blue(1).ebm;
    assert_eq!(ask(&mut village, &outside, Wish::Stop(bulletin(9).ebm)), Answer::NotPlayed);
    assert_eq!(ask(&mut village, &outside, Wish::Stop(ebm)), Answer::Done);
    assert!(!village.air.has_power());
    let report = village.reports().pop().unwrap();
    assert_eq!((report.event, report.ebm), (Event::Stopped, ebm));
    assert!(report.detail.contains("by hand"), "{report:?}");
    assert!(outside.view().unwrap().playing.is_none());
    let mut village = village.power_cut();
    village.pass(MINUTE);
    assert!(!village.air.has_power(), "what was stopped stays so");
}

#[test]
fn the_villages_own_alarm_can_always_be_stopped_at_the_box() {
    let (mut village, outside, button) = seen(MayStop::Own);
    button.set(true);
    look(&mut village, 1_500);
    let playing = outside.view().and_then(|view| view.playing.clone());
    look(&mut village, 1_000);
    let playing = outside.view().unwrap().playing.clone().or(playing).unwrap();
    assert_eq!(playing.origin, Origin::Button);
    assert_eq!(ask(&mut village, &outside, Wish::Stop(playing.ebm)), Answer::Done);
    assert!(!village.air.has_power());
}

#[test]
fn a_test_is_asked_for_at_the_box_when_nothing_sounds_and_can_be_stopped() {
    let (mut village, outside, _) = seen(MayStop::Own);
    village.hear(order(1));
    assert_eq!(ask(&mut village, &outside, Wish::Test(Kind::Audible)), Answer::Occupied);
    look(&mut village, 60_000);
    assert_eq!(ask(&mut village, &outside, Wish::Test(Kind::Audible)), Answer::Done);
    assert!(village.air.is_loud());
    look(&mut village, 1_000);
    let playing = outside.view().unwrap().playing.clone().unwrap();
    assert_eq!((playing.origin, playing.may_be_stopped), (Origin::Test(Kind::Audible), true));
    assert_eq!(ask(&mut village, &outside, Wish::Stop(playing.ebm)), Answer::Done);
    assert!(!village.air.has_power());
}

#[test]
fn a_box_whose_agent_hangs_keeps_no_visitor() {
    let (_village, outside, _) = seen(MayStop::Own);
    let mut context = Context::from_waker(Waker::noop());
    let mut waiting: Vec<_> = (0..4).map(|_| Box::pin(outside.ask(Wish::Test(Kind::Silent)))).collect();
    assert!(waiting.iter_mut().all(|asking| asking.as_mut().poll(&mut context).is_pending()));
    let mut fifth = std::pin::pin!(outside.ask(Wish::Test(Kind::Silent)));
    assert!(matches!(fifth.as_mut().poll(&mut context), Poll::Ready(Answer::Busy)));
}

#[test]
fn without_the_key_the_button_is_dead() {
    let (contact, key) = (SimulatedContact::default(), SimulatedContact::default());
    let button = Button {
        contact: Box::new(contact.clone()),
        key: Some(Box::new(key.clone())),
        hold: Duration::from_secs(3),
        sounding: Duration::from_secs(20),
    };
    let mut village = with(Watch { button: Some(button), ..Watch::default() });
    contact.set(true);
    assert!(village.pass(MINUTE).is_empty() && !village.air.has_power());
    key.set(true);
    village.pass(Duration::from_secs(2));
    key.set(false);
    village.pass(Duration::from_secs(2));
    assert!(!village.air.has_power(), "the key must stay turned for as long as the button is held");
    key.set(true);
    assert!(!village.pass(Duration::from_secs(4)).is_empty());
    assert!(village.air.has_power());
}
