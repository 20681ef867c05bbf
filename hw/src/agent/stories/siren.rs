//! The siren beside the amplifier.

use super::*;
use crate::{relay::Siren, sense::SimulatedLevels};

const SECOND: Duration = Duration::from_secs(1);

/// A village with a siren for red, ten seconds; the air says whether its relay is closed.
fn with_siren() -> (Village, Air) {
    let (mut village, own) = (Village::new(), Air::default());
    let relay = |air: &Air| Box::new(SimulatedRelay::new(air.clone(), village.clock.clone(), None));
    let siren = Siren::new(relay(&own), [(Grade::Red, 10 * SECOND)].into()).unwrap();
    let power = Power::new(relay(&village.air)).unwrap().with_siren(siren);
    village.agent.hands.power = power;
    (village, own)
}

#[test]
fn the_siren_wakes_people_before_the_tone_of_red_and_is_off_when_somebody_speaks() {
    let (mut village, siren) = with_siren();
    village.hear(order(1));
    assert!(siren.has_power() && village.air.has_power() && !village.air.is_loud());
    village.pass(Duration::from_millis(9_999));
    assert!(siren.has_power());
    village.pass(Duration::from_millis(1));
    assert!(!siren.has_power() && village.air.is_loud(), "then the tone");
    let mut moves = 0;
    for _ in 0..60 {
        village.pass(SECOND);
        moves += u32::from(siren.has_power());
    }
    assert_eq!(moves, 0, "once, whatever the rounds");
    assert!(!village.air.has_power());
}

#[test]
fn what_the_operator_has_not_listed_and_what_lifts_or_tests_sounds_no_siren() {
    let cases = [
        blue(1),
        Bulletin { tone: Tone::AllClear, ..bulletin(1) },
        Bulletin { class: BroadcastClass::Daily, grade: None, volume: 0, ..bulletin(1) },
        Bulletin { class: BroadcastClass::Daily, ..bulletin(1) },
    ];
    for silent in cases {
        let (mut village, siren) = with_siren();
        village.hear(signed(&silent));
        assert!(village.air.has_power() && !siren.has_power(), "{silent:?}");
    }
}

#[test]
fn a_stop_a_lift_and_an_end_silence_the_siren_at_once() {
    let lift = Bulletin { related: vec![bulletin(1).ebm], tone: Tone::AllClear, ..bulletin(2) };
    let all = Bulletin { action: Action::StopAll, ..bulletin(2) };
    for over in [stop(2, 1), lift, all] {
        let (mut village, siren) = with_siren();
        village.hear(order(1));
        village.pass(SECOND);
        assert!(siren.has_power());
        village.hear(signed(&over));
        assert!(!siren.has_power(), "{over:?}");
    }
    let (mut village, siren) = with_siren();
    village.hear(signed(&Bulletin { end: Timestamp(NOW.0 + 3_000), ..bulletin(1) }));
    village.pass(4 * SECOND);
    assert!(!siren.has_power() && !village.air.has_power());
    let (mut village, siren) = with_siren();
    village.hear(order(1));
    drop(village);
    assert!(!siren.has_power(), "an orderly stop");
}

#[test]
fn red_takes_the_speaker_from_blue_with_its_siren() {
    let (mut village, siren) = with_siren();
    village.hear(signed(&blue(1)));
    village.pass(SECOND);
    assert!(!siren.has_power());
    village.hear(order(2));
    assert!(siren.has_power());
    let events = village.pass(3 * MINUTE);
    assert!(events.contains(&(1, Event::Ended)) && !siren.has_power(), "{events:?}");
}

#[test]
fn what_a_microphone_hears_of_the_siren_is_not_held_against_the_words() {
    let (mut village, _siren) = with_siren();
    let ear = SimulatedLevels::new(village.air.clone(), village.clock.clone(), NonZeroU32::MIN);
    village.agent.hands.sense = Box::new(ear);
    village.hear(order(1));
    village.air.make_noise(true);
    village.pass(10 * SECOND);
    village.air.make_noise(false);
    assert_eq!(village.pass(MINUTE), [(1, Event::Sounded), (1, Event::Ended)]);
}
