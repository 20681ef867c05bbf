//! A loudspeaker that is asked to sound without end.

use super::*;
use mingluo_model::bulletin::BroadcastClass;

/// A village whose box may sound for half of an hour.
fn bounded() -> Village {
    let mut village = Village::new();
    village.agent.rules.most_in_an_hour = Duration::from_mins(30);
    village
}

/// A bulletin that is read until its longest time is over.
fn endless(seq: u64) -> Bulletin {
    Bulletin {
        repeats: 10,
        script: "请立即转移到高处。".repeat(40),
        end: NOW.plus(12 * HOUR),
        ..bulletin(seq)
    }
}

/// How long the loudspeaker has power in a span, looked at each second.
fn power_in(village: &mut Village, span: Duration, told: &mut Vec<(u64, Event)>) -> Duration {
    let mut seconds = 0;
    for _ in 0..span.as_secs() {
        told.extend(village.pass(Duration::from_secs(1)));
        seconds += u64::from(village.air.has_power());
    }
    Duration::from_secs(seconds)
}

#[test]
fn no_hour_has_more_sound_than_it_may_and_the_rest_is_kept_for_the_grave() {
    let (mut village, mut told) = (bounded(), Vec::new());
    for seq in 1..=9 {
        let class = BroadcastClass::Daily;
        village.hear(signed(&Bulletin { class, grade: None, ..endless(seq) }));
    }
    let spent = power_in(&mut village, 59 * MINUTE, &mut told);
    assert!(spent <= 20 * MINUTE, "others leave ten minutes: {spent:?}");
    assert!(spent >= 18 * MINUTE, "{spent:?}");
    assert!(!village.agent.queue.is_empty(), "what found no room waits");

    village.hear(signed(&endless(20)));
    assert!(village.air.has_power(), "a red one finds room at once");
    let more = power_in(&mut village, HOUR, &mut told);
    assert!(more <= 31 * MINUTE, "{more:?}");
    power_in(&mut village, 6 * HOUR, &mut told);
    let ended = told.iter().filter(|(_, event)| *event == Event::Ended).count();
    assert_eq!(ended, 10, "each had its turn: {told:?}");
}
