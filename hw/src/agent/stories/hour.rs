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
fn endless(seq: u64, grade: Option<Grade>) -> Order {
    let class = if grade.is_some() { BroadcastClass::Emergency } else { BroadcastClass::Daily };
    let script = "请立即转移到高处。".repeat(40);
    signed(&Bulletin { grade, class, repeats: 10, script, end: NOW.plus(12 * HOUR), ..bulletin(seq) })
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
fn no_hour_has_more_sound_than_it_may_and_the_graver_have_more_of_it() {
    let (mut village, mut told) = (bounded(), Vec::new());
    for seq in 1..=3 {
        village.hear(endless(seq, None));
    }
    let daily = power_in(&mut village, 15 * MINUTE, &mut told);
    assert!((8 * MINUTE..=10 * MINUTE).contains(&daily), "two thirds are kept: {daily:?}");
    village.hear(endless(4, Some(Grade::Orange)));
    village.hear(endless(5, Some(Grade::Orange)));
    let orange = power_in(&mut village, 15 * MINUTE, &mut told);
    assert!((8 * MINUTE..=11 * MINUTE).contains(&orange), "one third is kept for red: {orange:?}");
    village.hear(endless(6, Some(Grade::Red)));
    assert!(village.air.has_power(), "it finds room at once");
    let red = power_in(&mut village, 15 * MINUTE, &mut told);
    assert!((9 * MINUTE..=11 * MINUTE).contains(&red), "{red:?}");
    assert_eq!(power_in(&mut village, 14 * MINUTE, &mut told), Duration::ZERO, "that was half of the hour");

    power_in(&mut village, 8 * HOUR, &mut told);
    let mut ended: Vec<_> =
        told.iter().filter(|(_, event)| *event == Event::Ended).map(|(seq, _)| *seq).collect();
    ended.sort_unstable();
    assert_eq!(ended, [1, 2, 3, 4, 5, 6], "each had its turn in the end: {told:?}");
}

#[test]
fn what_the_hour_cuts_off_is_played_on_when_there_is_room_again() {
    let (mut village, mut told) = (bounded(), Vec::new());
    village.agent.rules.longest_sounding = Duration::from_mins(9);
    village.agent.rules.most_in_an_hour = Duration::from_mins(22);
    village.hear(endless(1, None));
    assert!(power_in(&mut village, 30 * MINUTE, &mut told) <= 4 * MINUTE);
    assert!(!told.iter().any(|(_, event)| *event == Event::Ended), "it is not over: {told:?}");
    assert_eq!(village.agent.queue.len(), 1);
    power_in(&mut village, 3 * HOUR, &mut told);
    assert!(told.iter().any(|(_, event)| *event == Event::Ended), "{told:?}");
}

#[test]
fn a_red_one_whose_start_comes_in_a_moment_does_not_wait_behind_what_found_no_room() {
    let (mut village, mut told) = (bounded(), Vec::new());
    for seq in 1..=2 {
        village.hear(endless(seq, None));
    }
    power_in(&mut village, 12 * MINUTE, &mut told);
    assert!(!village.air.has_power() && !village.agent.queue.is_empty());
    let start = village.clock.now().plus(Duration::from_millis(50));
    village.hear(signed(&Bulletin { start, end: NOW.plus(HOUR), ..bulletin(3) }));
    assert!(!village.air.has_power(), "its start has not come");
    village.pass(Duration::from_millis(60));
    assert!(village.air.has_power());
}

#[test]
fn what_finds_no_room_cuts_nothing_off() {
    let (mut village, mut told) = (bounded(), Vec::new());
    village.hear(endless(1, Some(Grade::Orange)));
    village.hear(endless(2, Some(Grade::Orange)));
    power_in(&mut village, 18 * MINUTE, &mut told);
    village.hear(signed(&Bulletin { class: BroadcastClass::Daily, grade: None, ..bulletin(3) }));
    assert!(village.air.has_power(), "the second orange one sounds");
    village.hear(endless(4, Some(Grade::Yellow)));
    power_in(&mut village, MINUTE, &mut told);
    assert!(!told.iter().any(|(seq, event)| *seq == 2 && *event == Event::Preempted), "{told:?}");
}
