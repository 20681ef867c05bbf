//! "Playing" and "sounded" are told a moment later, each box at its own.

use super::*;

/// With [`Rules::progress_within`] of twenty seconds and the share of half of that: an input that says on or off has heard a red
/// bulletin when its tone of four seconds is over and the breath after it is silent.
fn patient() -> Village {
    let mut village = Village::new();
    village.agent.rules.progress_within = 10 * PROGRESS_WITHIN;
    village.agent.share = u16::MAX / 2;
    village
}

/// Plays until it is heard; gives what was told by then.
fn sound(village: &mut Village) -> Vec<(u64, Event)> {
    let mut told = village.hear(order(1));
    told.extend(village.pass(Duration::from_secs(5)));
    told
}

#[test]
fn what_was_heard_is_told_at_the_boxs_own_moment_and_not_before() {
    let mut village = patient();
    assert_eq!(sound(&mut village), [(1, Event::Verified)]);
    let kept: Vec<_> = village.agent.journal.book().pending().values().map(|it| it.event).collect();
    assert_eq!(kept, [Event::Verified, Event::Playing, Event::Sounded], "all of it is kept at once");
    assert_eq!(village.pass(Duration::from_millis(4_900)), []);
    assert_eq!(village.pass(Duration::from_millis(200)), [(1, Event::Playing), (1, Event::Sounded)]);
    assert_eq!(village.pass(Duration::from_secs(3)), []);
}

#[test]
fn what_comes_after_it_is_told_after_it_and_waits_for_nothing() {
    let mut village = patient();
    sound(&mut village);
    let events = village.hear(signed(&stop(2, 1)));
    let before = [(1, Event::Playing), (1, Event::Sounded)];
    assert_eq!(events[..2], before);
    assert_eq!(events[2..], [(2, Event::Verified), (1, Event::Stopped), (2, Event::Ended)]);
}

#[test]
fn a_new_link_in_between_tells_it_once() {
    let mut village = patient();
    sound(&mut village);
    village.agent.part();
    greet(&mut village.agent);
    village.agent.share = u16::MAX / 2;
    let told = village.events();
    assert_eq!(told, [(1, Event::Verified), (1, Event::Playing), (1, Event::Sounded)]);
    assert_eq!(village.pass(Duration::from_secs(3)), []);
}
