//! The city's own frame in hostile hands: genuine to the last bit, and said again and again while it plays.

use super::*;
use crate::{
    player::{AudioSink, Block, SinkError},
    window::{Answer, MayStop, Wish},
};
use beside::{ask, look, seen};
use std::sync::Mutex;

/// How often.
const TIMES: usize = 1_000;

/// What the loudspeaker was heard to begin, whatever the box says of it.
#[derive(Clone, Default)]
struct Begun(Arc<Mutex<Vec<u64>>>);

impl Begun {
    /// Listens to this box from now on.
    fn listen(village: &mut Village) -> Self {
        let begun = Self::default();
        village.agent.hands.sink = Box::new(Ear(MuteSink::new(village.air.clone()), begun.clone()));
        begun
    }

    fn heard(&self) -> Vec<u64> {
        self.0.lock().unwrap().clone()
    }
}

struct Ear(MuteSink, Begun);

impl AudioSink for Ear {
    fn block(&self) -> Duration {
        self.0.block()
    }

    fn begin(&mut self, ebm: EbmId) -> Result<(), SinkError> {
        self.1.0.lock().unwrap().push(number(ebm));
        self.0.begin(ebm)
    }

    fn write(&mut self, block: Block) -> Result<(), SinkError> {
        self.0.write(block)
    }

    fn end(&mut self) -> Result<(), SinkError> {
        self.0.end()
    }
}

impl Village {
    /// Somebody says this again and again, ten times a second, and commits whatever is reported.
    fn flooded(&mut self, with: &Order, times: usize) -> Vec<(u64, Event)> {
        let mut told = Vec::new();
        for _ in 0..times {
            look(self, 100);
            self.agent.hear(CityFrame::Order(with.clone())).unwrap();
            let reports = self.reports();
            let ids = reports.iter().map(|report| report.id).collect();
            self.agent.hear(CityFrame::Committed(Committed { ids })).unwrap();
            told.extend(reports.iter().map(|report| (number(report.ebm), report.event)));
        }
        told
    }

    fn card_bytes(&mut self) -> usize {
        self.card.read().unwrap().len()
    }
}

/// A bulletin that plays for as long as a box plays anything: ten minutes.
fn long(seq: u64) -> Bulletin {
    Bulletin {
        repeats: 10, script: "暴雨红色预警，请立即转移到高处。".repeat(8), ..bulletin(seq)
    }
}

#[test]
fn a_genuine_frame_repeated_while_it_plays_makes_no_second_sound_and_no_longer_one() {
    let alone = {
        let mut village = Village::new();
        village.hear(signed(&long(1)));
        (1_u32..600).find(|_| village.pass(Duration::from_secs(1)).contains(&(1, Event::Ended))).unwrap()
    };
    let mut village = Village::new();
    let begun = Begun::listen(&mut village);
    village.hear(signed(&long(1)));
    let whole = usize::try_from(alone).unwrap() * 10;
    let told = village.flooded(&signed(&long(1)), whole + TIMES);

    assert_eq!(begun.heard(), [1]);
    let is_over = told.iter().position(|told| *told == (1, Event::Ended)).unwrap();
    assert!(is_over.abs_diff(whole) < 20, "{is_over} tenths of a second, alone it took {whole}");
    let after = |event| told[is_over..].contains(&(1, event));
    assert!(!after(Event::Playing) && !after(Event::Sounded) && !village.air.has_power());
}

#[test]
fn a_genuine_frame_repeated_while_it_plays_fills_no_card() {
    let mut village = Village::new();
    village.hear(signed(&long(1)));
    let before = village.card_bytes();
    for _ in 0..TIMES {
        village.hear(signed(&long(1)));
    }
    assert_eq!(village.card_bytes(), before, "what stands there is only said again");
    let mut longest = 0;
    for _ in 0..10 {
        village.flooded(&signed(&long(1)), TIMES);
        longest = longest.max(village.card_bytes());
    }
    assert!(longest < 2 << 20, "{longest} bytes: with all of it committed the journal is written anew");
    assert!(village.agent.journal.book().pending().len() <= 1);
}

#[test]
fn other_bulletins_and_a_lift_come_through_a_genuine_frame_that_is_repeated() {
    let mut village = Village::new();
    let begun = Begun::listen(&mut village);
    let frame = signed(&long(1));
    village.hear(frame.clone());
    village.flooded(&frame, TIMES / 2);
    assert_eq!(village.hear(order(2)), [(2, Event::Verified)], "an equal waits for its turn");
    village.flooded(&frame, TIMES / 2);
    let lift = Bulletin { related: vec![long(1).ebm], repeats: 1, ..bulletin(3) };
    let events = village.hear(signed(&lift));
    assert!(events.contains(&(1, Event::Stopped)), "{events:?}");
    let told = village.flooded(&frame, 20 * TIMES);
    assert_eq!(begun.heard(), [1, 2, 3], "what was lifted is not begun again, what waited is not lost");
    assert!([2, 3].iter().all(|seq| told.contains(&(*seq, Event::Ended))));
    assert!(!village.air.has_power());
}

#[test]
fn the_citys_stop_holds_against_a_genuine_frame_that_is_repeated() {
    let mut village = Village::new();
    let begun = Begun::listen(&mut village);
    let frame = signed(&long(1));
    village.hear(frame.clone());
    village.flooded(&frame, TIMES);
    village.hear(signed(&Bulletin { action: Action::StopAll, ..bulletin(2) }));
    assert!(!village.air.has_power(), "at once");
    let told = village.flooded(&frame, TIMES);
    assert!(told.iter().all(|told| *told == (1, Event::Stopped)) && begun.heard() == [1]);
    let mut village = village.power_cut();
    // What was not committed is told once more.
    village.events();
    let told = village.flooded(&frame, TIMES);
    assert!(told.iter().all(|told| *told == (1, Event::Stopped)) && !village.air.has_power());
}

#[test]
fn the_stop_button_holds_against_a_genuine_frame_that_is_repeated() {
    let (mut village, outside, _) = seen(MayStop::Blue);
    let begun = Begun::listen(&mut village);
    let frame = signed(&Bulletin { repeats: 10, ..blue(1) });
    village.hear(frame.clone());
    village.flooded(&frame, 100);
    assert!(village.air.has_power());
    assert_eq!(ask(&mut village, &outside, Wish::Stop(frame.ebm)), Answer::Done);
    assert!(!village.air.has_power(), "at once");
    village.flooded(&frame, TIMES);
    assert!(begun.heard() == [1] && !village.air.has_power());
}
