//! What a box lives through.

use super::{obey::MANY_PENDING, *};
use crate::{
    journal::{Medium, MemoryMedium},
    player::{MuteSink, Score},
    relay::SimulatedRelay,
    sense::{Air, SimulatedSense},
    trust::{Beliefs, ClockSource},
    village::{NOW, believed, box_code, bulletin, edition, order, root, signed},
};

#[path = "stories/again.rs"]
mod again;
#[path = "stories/beside.rs"]
mod beside;
#[path = "stories/clips.rs"]
mod clips;
#[path = "stories/clockless.rs"]
mod clockless;
#[path = "stories/hour.rs"]
mod hours;
#[path = "stories/later.rs"]
mod later;
#[path = "stories/repeated.rs"]
mod repeated;
#[path = "stories/rotation.rs"]
mod rotation;
#[path = "stories/round.rs"]
mod rounds;
#[path = "stories/selftest.rs"]
mod selftests;
#[path = "stories/siren.rs"]
mod sirens;

use mingluo_model::{
    bulletin::{Action, BroadcastClass, Bulletin, Tone},
    clock::{Clock as _, manual::ManualClock},
    grade::Grade,
    link::{Committed, Order},
    region::Level,
};
use std::{io, sync::Arc};

struct Village {
    clock: Arc<ManualClock>,
    air: Air,
    card: MemoryMedium,
    agent: Agent,
}

fn switch_on(clock: &Arc<ManualClock>, air: &Air, card: Box<dyn Medium>) -> Agent {
    assemble(clock.clone(), air, card, ClockSource::Own, Watch::default())
}

/// The village's keys as the root signed them first; the journal may know newer ones.
fn beliefs(journal: &Journal) -> Beliefs {
    let first = edition(1).sign(&root()).unwrap();
    Beliefs::newest(believed(), &first, journal.book().keys().cloned().into_iter()).unwrap()
}

fn assemble(
    shared: SharedClock,
    air: &Air,
    card: Box<dyn Medium>,
    source: ClockSource,
    watch: Watch,
) -> Agent {
    let region = "210423001001".parse().unwrap();
    let journal = Journal::open(card, shared.now()).unwrap();
    let floors = journal.book().floors();
    let trust = Trust::new(beliefs(&journal), region, ModeKind::Live, shared.clone(), source, floors);
    let relay = SimulatedRelay::new(air.clone(), shared.clone(), None);
    let hands = Hands {
        power: Power::new(Box::new(relay)).unwrap(),
        sink: Box::new(MuteSink::new(air.clone())),
        sense: Box::new(SimulatedSense::new(air.clone())),
        voice: None,
        clips: Clips::default(),
        watch,
    };
    let identity = Identity { code: box_code(), region, mode: ModeKind::Live, firmware: "test".to_owned() };
    Agent::new(identity, rules(100), shared, trust, journal, hands).unwrap()
}

fn rules(volume_most: u8) -> Rules {
    let (longest_sounding, time_scale) = (Duration::from_mins(10), NonZeroU32::MIN);
    let progress_within = Duration::ZERO;
    let most_in_an_hour = HOUR;
    Rules {
        longest_sounding,
        most_in_an_hour,
        volume_most,
        volume_grave_least: 60,
        progress_within,
        time_scale,
    }
}

impl Village {
    fn new() -> Self {
        let (clock, air, card) = (ManualClock::at(NOW), Air::default(), MemoryMedium::default());
        let mut agent = switch_on(&clock, &air, Box::new(card.clone()));
        greet(&mut agent);
        Self { clock, air, card, agent }
    }

    /// Power goes and comes back; the journal is all that is left.
    fn power_cut(mut self) -> Self {
        self.agent = switch_on(&self.clock, &self.air, Box::new(self.card.clone()));
        greet(&mut self.agent);
        self
    }

    fn hear(&mut self, order: Order) -> Vec<(u64, Event)> {
        self.agent.hear(CityFrame::Order(order)).unwrap();
        self.events()
    }

    fn events(&mut self) -> Vec<(u64, Event)> {
        self.reports().iter().map(|report| (number(report.ebm), report.event)).collect()
    }

    fn reports(&mut self) -> Vec<Report> {
        std::iter::from_fn(|| self.agent.next_frame())
            .map(|frame| match frame {
                BoxFrame::Report(report) => report,
                other => panic!("no report: {other:?}"),
            })
            .collect()
    }

    fn pass(&mut self, time: Duration) -> Vec<(u64, Event)> {
        let until = self.clock.ticks() + time;
        while let Some(due) = self.agent.due().filter(|due| self.clock.ticks() + *due <= until) {
            self.clock.advance(due);
            self.agent.tick().unwrap();
        }
        self.clock.advance(until.saturating_sub(self.clock.ticks()));
        self.agent.tick().unwrap();
        self.events()
    }
}

fn greet(agent: &mut Agent) {
    agent.hello([1; 32]);
    let welcome = Welcome { version: VERSION, time: NOW, nonce_signature: None };
    agent.hear(CityFrame::Welcome(welcome)).unwrap();
}

fn number(ebm: EbmId) -> u64 {
    ebm.as_str()[31..].parse().unwrap()
}

fn blue(seq: u64) -> Bulletin {
    Bulletin { grade: Some(Grade::Blue), class: BroadcastClass::Emergency, ..bulletin(seq) }
}

fn stop(seq: u64, named: u64) -> Bulletin {
    Bulletin { action: Action::Stop(vec![bulletin(named).ebm]), ..bulletin(seq) }
}

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

#[test]
fn a_good_bulletin_is_received_verified_played_heard_and_ended() {
    let mut village = Village::new();
    assert_eq!(village.hear(order(1)), [(1, Event::Verified), (1, Event::Playing)]);
    assert!(village.air.is_loud());
    assert_eq!(village.pass(MINUTE), [(1, Event::Sounded), (1, Event::Ended)]);
    assert!(!village.air.has_power());
}

#[test]
fn sounded_needs_evidence() {
    let mut deaf = Village::new();
    deaf.air.deafen(true);
    deaf.hear(order(1));
    assert_eq!(deaf.pass(MINUTE), [(1, Event::NotHeard), (1, Event::Ended)]);
    let is_fault = |frame| matches!(frame, BoxFrame::Heartbeat(beat) if beat.state == DeviceState::Fault);
    assert!(is_fault(deaf.agent.heartbeat()));

    // An input that is on before the relay closes hears something else, or nothing at all.
    let mut stuck = Village::new();
    stuck.air.power(true);
    stuck.air.sound(true);
    stuck.hear(order(1));
    assert_eq!(stuck.pass(MINUTE), [(1, Event::NotHeard), (1, Event::Ended)]);

    let mut sound = Village::new();
    sound.hear(order(1));
    assert_eq!(sound.pass(MINUTE), [(1, Event::Sounded), (1, Event::Ended)]);
    assert!(!is_fault(sound.agent.heartbeat()));
}

#[test]
fn forged_replayed_expired_and_foreign_bulletins_are_refused() {
    let mut village = Village::new();
    let mut forged = order(1);
    *forged.envelope.last_mut().unwrap() ^= 1;
    let expired = Bulletin { start: Timestamp(NOW.0 - 2), end: NOW, ..bulletin(2) };
    let foreign = Bulletin { areas: vec!["210422".parse().unwrap()], ..bulletin(3) };
    village.hear(order(4));
    village.pass(MINUTE);
    let replayed = Bulletin { ebm: bulletin(5).ebm, ..bulletin(4) };
    let cases = [forged, signed(&expired), signed(&foreign), signed(&replayed)];
    let reasons = cases.map(|order| {
        village.agent.hear(CityFrame::Order(order)).unwrap();
        village.reports().pop().unwrap().reason
    });
    assert_eq!(reasons, ["bad-signature", "expired", "out-of-area", "replayed"]);
    assert!(!village.air.has_power());
}

#[test]
fn red_interrupts_blue_in_mid_word() {
    let mut village = Village::new();
    village.hear(signed(&Bulletin { tone: Tone::Blue, ..blue(1) }));
    // Two seconds of tone and half of one of breath are over, the six characters are not.
    village.pass(Duration::from_secs(3));
    assert!(village.air.has_power());
    let events = village.hear(order(2));
    assert_eq!(events[1..], [(2, Event::Playing)]);
    assert!(village.air.is_loud(), "the red tone begins at once");
    let events = village.pass(3 * MINUTE);
    assert_eq!(
        events[..3],
        [(2, Event::Sounded), (2, Event::Ended), (1, Event::Playing)],
        "then blue from its round's beginning"
    );
    assert_eq!(events[3..], [(1, Event::Sounded), (1, Event::Ended)]);
}

#[test]
fn daily_words_that_were_interrupted_are_dropped() {
    let mut village = Village::new();
    village.hear(signed(&Bulletin { class: BroadcastClass::Daily, grade: None, ..bulletin(1) }));
    village.pass(Duration::from_secs(3));
    let events = village.hear(order(2));
    assert_eq!(events[1..], [(1, Event::Preempted), (2, Event::Playing)]);
    assert_eq!(village.pass(3 * MINUTE), [(2, Event::Sounded), (2, Event::Ended)]);
}

#[test]
fn what_was_interrupted_has_only_the_rounds_left_that_were_not_over_and_is_lifted_while_it_waits() {
    let mut village = Village::new();
    let once = Bulletin { repeats: 1, ..blue(1) };
    let mut score = Score::of(&once, None, rules(100).longest_sounding, 100);
    let round: Duration = std::iter::from_fn(|| score.next(Duration::MAX)).map(|block| block.length).sum();
    village.hear(signed(&Bulletin { repeats: 3, ..once }));
    village.pass(round + Duration::from_secs(1));
    village.hear(signed(&Bulletin { repeats: 1, ..bulletin(2) }));
    assert_eq!(village.agent.queue.waiting()[0].repeats, 2, "one of three is over");
    let events = village.hear(signed(&stop(3, 1)));
    assert!(events.contains(&(1, Event::Stopped)), "{events:?}");
    assert!(!village.pass(5 * MINUTE).contains(&(1, Event::Playing)));
}

#[test]
fn what_was_interrupted_is_not_begun_again_after_a_power_cut() {
    let mut village = Village::new();
    village.hear(signed(&blue(1)));
    village.pass(Duration::from_secs(3));
    village.hear(order(2));
    let mut village = village.power_cut();
    let events = village.events();
    assert!(
        events.contains(&(1, Event::Interrupted)) && events.contains(&(2, Event::Interrupted)),
        "{events:?}"
    );
    assert!(village.pass(5 * MINUTE).is_empty() && !village.air.has_power());
}

#[test]
fn blue_waits_until_red_has_ended() {
    let mut village = Village::new();
    village.hear(order(1));
    assert_eq!(village.hear(signed(&blue(2))), [(2, Event::Verified)]);
    let events = village.pass(2 * MINUTE);
    assert_eq!(
        events,
        [(1, Event::Sounded), (1, Event::Ended), (2, Event::Playing), (2, Event::Sounded), (2, Event::Ended)]
    );
}

#[test]
fn stop_silences_at_once() {
    let mut village = Village::new();
    village.hear(order(1));
    assert!(village.air.is_loud());
    let events = village.hear(signed(&stop(2, 1)));
    assert!(!village.air.has_power());
    assert_eq!(events, [(2, Event::Verified), (1, Event::Stopped), (2, Event::Ended)]);
}

#[test]
fn a_stop_that_overtakes_its_bulletin_keeps_it_silent() {
    let mut village = Village::new();
    village.hear(signed(&stop(2, 1)));
    let events = village.power_cut().hear(order(1));
    assert_eq!(events.last(), Some(&(1, Event::Stopped)));
}

#[test]
fn a_stop_of_everything_that_overtakes_keeps_silent_what_was_written_before_it() {
    let mut village = Village::new();
    let at = |seq, seconds: i64| Bulletin { created: Timestamp(NOW.0 + seconds * 1_000), ..bulletin(seq) };
    village.clock.advance(Duration::from_secs(20));
    village.hear(signed(&Bulletin { action: Action::StopAll, ..at(6, 10) }));
    let mut village = village.power_cut();
    let events = village.hear(signed(&at(5, 9)));
    assert_eq!(events.last(), Some(&(5, Event::Stopped)));
    assert!(!village.air.has_power());
    let events = village.hear(signed(&at(7, 11)));
    assert_eq!(events, [(7, Event::Verified), (7, Event::Playing)], "what was written after it sounds");
}

#[test]
fn an_order_that_is_repeated_without_end_fills_no_card() {
    let mut village = Village::new();
    village.hear(order(1));
    for _ in 0..100 {
        village.hear(order(1));
    }
    let told = village.agent.journal.book().pending().len();
    assert_eq!(told, 2, "verified and playing, each once");
}

#[test]
fn a_stop_all_of_a_lower_tier_leaves_the_city_sounding() {
    let mut village = Village::new();
    village.hear(order(1));
    let mut county = Bulletin { tier: Level::County, action: Action::StopAll, ..bulletin(2) };
    assert_eq!(village.agent.silence(&county), 0);
    county.tier = Level::Province;
    assert_eq!(village.agent.silence(&county), 1);
}

#[test]
fn an_update_takes_the_place_of_what_it_updates() {
    let mut village = Village::new();
    village.hear(order(1));
    let update = Bulletin { related: vec![bulletin(1).ebm], ..bulletin(2) };
    let events = village.hear(signed(&update));
    assert_eq!(events[1..], [(1, Event::Stopped), (2, Event::Playing)]);
}

#[test]
fn a_lift_that_overtakes_all_that_it_lifts_keeps_it_silent_for_as_long_as_that_holds() {
    let mut village = Village::new();
    let long = |seq| Bulletin { end: Timestamp(NOW.0 + 48 * 3_600_000), ..bulletin(seq) };
    let related = vec![bulletin(1).ebm, bulletin(2).ebm];
    let lift = Bulletin { related, end: Timestamp(NOW.0 + 60_000), ..bulletin(3) };
    assert_eq!(village.hear(signed(&lift)).last(), Some(&(3, Event::Playing)));
    village.clock.advance(20 * 60 * MINUTE);
    let village = village.power_cut();
    // The day for which a bulletin that is over is remembered has passed for the lift itself.
    village.clock.advance(10 * 60 * MINUTE);
    let mut village = village.power_cut();
    for seq in [1, 2] {
        let events = village.hear(signed(&long(seq)));
        assert_eq!(events.last(), Some(&(seq, Event::Stopped)));
    }
    assert!(!village.air.has_power());
}

#[test]
fn a_lift_is_heard_before_the_repeats_of_what_it_lifts() {
    let mut village = Village::new();
    village.hear(signed(&Bulletin { repeats: 10, ..bulletin(1) }));
    village.hear(signed(&Bulletin { repeats: 10, ..bulletin(2) }));
    let lift = Bulletin { related: vec![bulletin(1).ebm, bulletin(2).ebm], ..bulletin(3) };
    let events = village.hear(signed(&lift));
    assert_eq!(events[1..], [(2, Event::Stopped), (1, Event::Stopped), (3, Event::Playing)]);
}

/// A card on which the power fails right after the frame that says "begun".
struct CutAfterBegun(MemoryMedium);

impl Medium for CutAfterBegun {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        self.0.read()
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.append(bytes)?;
        let begun = bytes.windows(5).any(|word| word == b"begun");
        if begun { Err(io::Error::other("power cut")) } else { Ok(()) }
    }

    fn replace(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.replace(bytes)
    }

    fn keep_damaged(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn power_cut_between_journal_and_relay_acts_at_most_once() {
    let mut village = Village::new();
    village.agent = switch_on(&village.clock, &village.air, Box::new(CutAfterBegun(village.card.clone())));
    assert!(village.agent.hear(CityFrame::Order(order(1))).is_err());
    assert!(!village.air.has_power());
    let mut village = village.power_cut();
    assert_eq!(village.events(), [(1, Event::Verified), (1, Event::Interrupted)]);
    assert_eq!(village.hear(order(1)), [(1, Event::Interrupted)]);
    assert!(village.pass(MINUTE).is_empty() && !village.air.has_power());
}

#[test]
fn what_waited_when_power_went_is_played_and_what_expired_meanwhile_is_not() {
    let mut village = Village::new();
    let later = |seq, minutes: i64| Bulletin {
        start: Timestamp(NOW.0 + 60_000),
        end: Timestamp(NOW.0 + minutes * 60_000),
        ..bulletin(seq)
    };
    village.hear(signed(&later(1, 60)));
    village.hear(signed(&later(2, 5)));
    village.clock.advance(10 * MINUTE);
    let mut village = village.power_cut();
    let events = village.pass(2 * MINUTE);
    assert!(events.contains(&(2, Event::Expired)) && events.contains(&(1, Event::Ended)));
    assert!(!events.contains(&(2, Event::Playing)));
}

#[test]
fn reports_are_kept_until_committed() {
    let mut village = Village::new();
    village.hear(order(1));
    village.pass(MINUTE);
    let mut village = village.power_cut();
    let again = village.reports();
    assert_eq!(again.len(), 4);
    let ids: Vec<u64> = again.iter().map(|report| report.id).take(3).collect();
    village.agent.hear(CityFrame::Committed(Committed { ids })).unwrap();
    let mut village = village.power_cut();
    assert_eq!(village.events(), [(1, Event::Ended)]);
    assert_eq!(village.hear(order(2))[0], (2, Event::Verified));
    assert!(village.agent.journal.book().pending().keys().all(|id| *id >= 4));
}

#[test]
fn an_order_sent_again_is_answered_and_not_played_again() {
    let mut village = Village::new();
    village.hear(order(1));
    village.pass(MINUTE);
    assert_eq!(village.hear(order(1)), [(1, Event::Ended)]);
    assert!(!village.air.has_power());
}

#[test]
fn a_flood_of_forgeries_does_not_fill_the_card() {
    let mut village = Village::new();
    let mut forged = order(1);
    *forged.envelope.last_mut().unwrap() ^= 1;
    for _ in 0..MANY_PENDING {
        village.agent.hear(CityFrame::Order(forged.clone())).unwrap();
    }
    assert!(village.agent.journal.book().pending().len() <= MANY_PENDING + 1);
    assert!(village.hear(order(2)).contains(&(2, Event::Playing)));
}

#[test]
fn the_gravest_are_not_turned_down_and_nothing_is_louder_than_the_box_may_be() {
    let asked = |grade, volume| Bulletin { grade: Some(grade), volume, ..bulletin(1) };
    let told = [(Grade::Red, 5), (Grade::Orange, 80), (Grade::Yellow, 5), (Grade::Red, 0)]
        .map(|(grade, volume)| rules(100).volume(&asked(grade, volume)));
    assert_eq!(told, [60, 80, 5, 60], "no warning is silent");
    assert_eq!(
        rules(100).volume(&Bulletin { grade: None, volume: 0, ..bulletin(1) }),
        0,
        "the silent test is"
    );
    assert_eq!(rules(40).volume(&asked(Grade::Red, 90)), 40);
}
