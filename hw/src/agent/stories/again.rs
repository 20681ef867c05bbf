//! Loudspeakers that take nothing for a while, and orders that may silence less than everything.

use super::*;
use crate::player::{AudioSink, Block, MuteSink, SinkError};
use mingluo_model::{
    bulletin::{Action, BroadcastClass, VerifyingEntry},
    link::Keys,
    signer::LocalSigner,
};

/// A sound card that is not there for so many tries, or is pulled out when so many blocks were played.
struct Loose {
    sink: MuteSink,
    away: u32,
    blocks: u32,
}

impl Loose {
    fn gone() -> SinkError {
        SinkError::Card { device: "usb".to_owned(), source: io::ErrorKind::BrokenPipe.into() }
    }
}

impl AudioSink for Loose {
    fn block(&self) -> Duration {
        self.sink.block()
    }

    fn begin(&mut self, ebm: EbmId) -> Result<(), SinkError> {
        if self.away > 0 {
            self.away -= 1;
            return Err(Self::gone());
        }
        self.sink.begin(ebm)
    }

    fn write(&mut self, block: Block) -> Result<(), SinkError> {
        if self.blocks == 0 {
            self.blocks = u32::MAX;
            return Err(Self::gone());
        }
        self.blocks -= 1;
        self.sink.write(block)
    }

    fn end(&mut self) -> Result<(), SinkError> {
        self.sink.end()
    }
}

fn with_card(away: u32, blocks: u32) -> Village {
    let mut village = Village::new();
    village.agent.hands.sink = Box::new(Loose { sink: MuteSink::new(village.air.clone()), away, blocks });
    village
}

#[test]
fn a_sound_card_that_comes_late_costs_no_bulletin_its_sound() {
    let mut village = with_card(3, u32::MAX);
    assert_eq!(village.hear(order(1)), [(1, Event::Verified)], "nobody says that it plays");
    assert_eq!(village.hear(signed(&blue(2))), [(2, Event::Verified)]);
    assert!(!village.air.has_power(), "the relay is open while it waits");
    let told = village.pass(10 * MINUTE);
    for seq in [1, 2] {
        let of: Vec<_> = told.iter().filter(|(it, _)| *it == seq).map(|(_, event)| *event).collect();
        assert_eq!(of, [Event::Playing, Event::Sounded, Event::Ended], "{seq}");
    }
    assert!(!village.air.has_power());
}

#[test]
fn a_card_that_is_pulled_out_in_mid_word_begins_the_round_again_and_nothing_sounds_longer_than_it_may() {
    let mut village = with_card(0, 20);
    village.hear(order(1));
    let mut told = village.pass(Duration::from_secs(1));
    told.extend(village.pass(10 * MINUTE));
    let ended: Vec<_> = told.iter().filter(|(_, event)| *event == Event::Ended).collect();
    assert_eq!(ended.len(), 1, "{told:?}");
    assert!(told.contains(&(1, Event::Sounded)) && !told.contains(&(1, Event::NotHeard)));
}

#[test]
fn a_card_that_never_comes_is_told_of_and_the_next_in_turn_is_tried() {
    let mut village = with_card(u32::MAX, u32::MAX);
    village.hear(order(1));
    village.hear(signed(&Bulletin { end: Timestamp(NOW.0 + 48 * 3_600_000), ..bulletin(2) }));
    let told = village.pass(30 * MINUTE);
    assert!(told.contains(&(1, Event::NotHeard)) && told.contains(&(1, Event::Ended)), "{told:?}");
    assert!(!told.contains(&(2, Event::Ended)), "it has its own tries");
    assert!(
        matches!(village.agent.heartbeat(), BoxFrame::Heartbeat(beat) if beat.state == DeviceState::Fault)
    );
}

/// The town's daily announcer: blue at most, never an emergency.
fn announcer() -> LocalSigner {
    LocalSigner::from_seed("daily-1".parse().unwrap(), &[9; 32])
}

fn with_announcer() -> Village {
    let mut edition = edition(2);
    let entry = VerifyingEntry {
        id: "daily-1".parse().unwrap(),
        public: announcer().public(),
        max_level: Grade::Blue,
        classes: vec![BroadcastClass::Daily],
        ..edition.keys[0].clone()
    };
    edition.keys.push(entry);
    let mut village = Village::new();
    village.agent.hear(CityFrame::Keys(Keys { signed: edition.sign(&root()).unwrap() })).unwrap();
    while village.agent.next_frame().is_some() {}
    village
}

fn by_announcer(bulletin: Bulletin) -> Order {
    let daily = Bulletin {
        key_id: "daily-1".parse().unwrap(),
        class: BroadcastClass::Daily,
        grade: None,
        ..bulletin
    };
    Order { ebm: daily.ebm, envelope: announcer().seal(&daily).unwrap().to_bytes() }
}

#[test]
fn a_key_that_may_sign_no_emergency_silences_none_neither_now_nor_later() {
    let mut village = with_announcer();
    village.hear(order(1));
    let named = Bulletin { action: Action::Stop(vec![bulletin(1).ebm, bulletin(9).ebm]), ..bulletin(2) };
    for stop in [Bulletin { action: Action::StopAll, ..bulletin(3) }, named] {
        let told = village.hear(by_announcer(stop));
        assert!(village.air.has_power() && !told.contains(&(1, Event::Stopped)), "{told:?}");
    }
    let lift = Bulletin { related: vec![bulletin(1).ebm], ..bulletin(4) };
    village.hear(by_announcer(lift));
    assert!(village.air.has_power());
    village.pass(MINUTE);
    let mut village = village.power_cut();
    village.events();
    assert_eq!(village.hear(order(9)).last(), Some(&(9, Event::Playing)), "it was written before the stop");
}

#[test]
fn a_stop_out_of_the_future_bars_nothing_that_is_written_after_it_was_heard() {
    let mut village = Village::new();
    let century = Timestamp(NOW.0 + 100 * 365 * 86_400_000);
    village.hear(signed(&Bulletin { action: Action::StopAll, created: century, ..bulletin(1) }));
    let soon = Bulletin { created: Timestamp(NOW.0 + 60_000), ..bulletin(2) };
    assert_eq!(village.hear(signed(&soon)).last(), Some(&(2, Event::Stopped)), "clocks stand a little apart");
    let later = Bulletin { created: Timestamp(NOW.0 + 3 * 60_000), ..bulletin(3) };
    assert_eq!(village.hear(signed(&later)).last(), Some(&(3, Event::Playing)));
}

#[test]
fn a_stop_ends_with_the_key_that_said_it() {
    let second = LocalSigner::from_seed("fushun-2".parse().unwrap(), &[8; 32]);
    let entry = VerifyingEntry {
        id: "fushun-2".parse().unwrap(),
        public: second.public(),
        ..edition(1).keys[0].clone()
    };
    let mut both = edition(2);
    both.keys.push(entry);
    let mut village = Village::new();
    let rekey = |village: &mut Village, edition: mingluo_model::bulletin::KeyEdition| {
        village.agent.hear(CityFrame::Keys(Keys { signed: edition.sign(&root()).unwrap() })).unwrap();
        while village.agent.next_frame().is_some() {}
    };
    rekey(&mut village, both);
    let stop = Bulletin {
        action: Action::StopAll,
        key_id: "fushun-2".parse().unwrap(),
        created: Timestamp(NOW.0 + 1),
        ..bulletin(1)
    };
    village.hear(Order { ebm: stop.ebm, envelope: second.seal(&stop).unwrap().to_bytes() });
    assert_eq!(village.hear(order(2)).last(), Some(&(2, Event::Stopped)));
    rekey(&mut village, edition(3));
    assert_eq!(village.hear(order(3)).last(), Some(&(3, Event::Playing)), "nobody believes the key any more");
}
