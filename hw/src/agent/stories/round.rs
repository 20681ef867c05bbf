//! The heart, the lid and the button.

use super::*;
use crate::{
    contact::{Button, SimulatedContact},
    heart::Heart,
};
use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Clone, Default)]
struct Counted(Arc<AtomicU32>);

impl Heart for Counted {
    fn every(&self) -> Duration {
        Duration::from_secs(2)
    }

    fn beat(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A box with a lid and a button that somebody can touch.
fn wired() -> (Village, SimulatedContact, SimulatedContact) {
    let (lid, contact) = (SimulatedContact::default(), SimulatedContact::default());
    let button = Button {
        contact: Box::new(contact.clone()),
        key: None,
        hold: Duration::from_secs(3),
        sounding: Duration::from_secs(20),
    };
    let watch = Watch { lid: Some(Box::new(lid.clone())), button: Some(button), ..Watch::default() };
    let mut village = Village::new();
    let card = Box::new(village.card.clone());
    village.agent = assemble(village.clock.clone(), &village.air, card, ClockSource::Own, watch);
    greet(&mut village.agent);
    (village, lid, contact)
}

#[test]
fn the_heart_beats_with_the_round_and_stops_with_it() {
    let mut village = Village::new();
    let heart = Counted::default();
    let watch = Watch { heart: Some(Box::new(heart.clone())), ..Watch::default() };
    let card = Box::new(village.card.clone());
    village.agent = assemble(village.clock.clone(), &village.air, card, ClockSource::Own, watch);
    village.pass(MINUTE);
    assert!((30..=32).contains(&heart.0.load(Ordering::Relaxed)));
    let before = heart.0.load(Ordering::Relaxed);
    village.clock.advance(MINUTE);
    assert_eq!(heart.0.load(Ordering::Relaxed), before, "time alone makes no heart beat");
}

#[test]
fn a_button_that_is_held_sounds_the_villages_own_alarm_once() {
    let (mut village, _, button) = wired();
    button.set(true);
    assert!(village.pass(Duration::from_millis(2_900)).is_empty());
    let events = village.pass(Duration::from_millis(200));
    assert_eq!(events.iter().map(|(_, event)| *event).collect::<Vec<_>>(), [Event::Received, Event::Playing]);
    assert!(village.air.is_loud());
    let events = village.pass(MINUTE);
    assert_eq!(events.iter().map(|(_, event)| *event).collect::<Vec<_>>(), [Event::Sounded, Event::Ended]);
    assert!(!village.air.has_power(), "a button that is stuck sounds once");
    button.set(false);
    village.pass(Duration::from_secs(1));
    button.set(true);
    assert!(!village.pass(Duration::from_secs(4)).is_empty(), "let go and held again it sounds again");
}

#[test]
fn the_villages_own_alarm_never_silences_the_city_and_gives_way_to_it() {
    let (mut village, _, button) = wired();
    button.set(true);
    village.pass(Duration::from_secs(4));
    assert!(village.air.is_loud());
    let events = village.hear(signed(&blue(1)));
    assert!(events.contains(&(1, Event::Playing)), "{events:?}");
    button.set(false);
    village.pass(Duration::from_secs(1));
    button.set(true);
    let events = village.pass(Duration::from_secs(4));
    assert!(events.iter().all(|(number, event)| *number != 1 || *event != Event::Preempted), "{events:?}");
}

#[test]
fn an_open_lid_is_told_at_once_and_deadens_the_button() {
    let (mut village, lid, button) = wired();
    lid.set(true);
    village.clock.advance(Duration::from_millis(100));
    village.agent.tick().unwrap();
    assert!(matches!(village.agent.next_frame(), Some(BoxFrame::Heartbeat(beat)) if beat.case_open));
    button.set(true);
    assert!(village.pass(MINUTE).is_empty() && !village.air.has_power());
}
