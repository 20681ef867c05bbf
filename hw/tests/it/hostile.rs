//! A box on the line of somebody who wants it to sound, or to fall silent: what is not the city's own word makes no sound,
//! and takes none from it.

use crate::{
    city::{BOX, CityEnd, Papers, key_set, red, signer},
    link::{WHOLE_STORY, events, switch_on_with},
};
use futures_util::SinkExt as _;
use mingluo_model::{
    bulletin::{BroadcastClass, Bulletin, EbmId},
    clock::{SharedClock, Timestamp, system::SystemClock},
    link::{BoxFrame, CityFrame, Committed, Event, FRAME_LIMIT, Keys, Order, Report, Welcome},
    mode::ModeKind,
    signer::LocalSigner,
};
use mingluo_speaker::{
    player::{AudioSink, Block, MuteSink, SinkError},
    trust::ClockSource,
};
use rand::{Rng as _, RngCore as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

/// What the loudspeaker was heard to begin, whatever the box says of it.
static BEGUN: Mutex<Vec<EbmId>> = Mutex::new(Vec::new());

struct Witness(MuteSink);

impl AudioSink for Witness {
    fn block(&self) -> Duration {
        self.0.block()
    }

    fn begin(&mut self, ebm: EbmId) -> Result<(), SinkError> {
        BEGUN.lock().unwrap_or_else(PoisonError::into_inner).push(ebm);
        self.0.begin(ebm)
    }

    fn write(&mut self, block: Block) -> Result<(), SinkError> {
        self.0.write(block)
    }

    fn end(&mut self) -> Result<(), SinkError> {
        self.0.end()
    }
}

/// Hostile frames between two bulletins of the city's own, and how many times.
const FRAMES: u64 = 100;
const ROUNDS: u64 = 10;
/// How often the city's own frame is said again while it plays.
const ECHOES: usize = 50;

#[tokio::test]
async fn a_thousand_hostile_frames_make_no_sound_and_lose_no_bulletin() {
    let clock: SharedClock = SystemClock::shared();
    let (listener, papers, _stop) =
        switch_on_with(clock.clone(), ClockSource::Own, |air| Box::new(Witness(MuteSink::new(air)))).await;
    let mut chance = StdRng::seed_from_u64(20_260_705);
    let mut city = again(&listener, &papers, clock.now()).await;
    let mut sent = Vec::new();
    for round in 1..=ROUNDS {
        for _ in 0..FRAMES {
            let frame = hostile(&mut chance, clock.now(), round);
            if city.0.send(frame).await.is_err() {
                city = again(&listener, &papers, clock.now()).await;
            }
        }
        let bulletin = red(round, clock.now());
        sent.push(bulletin.ebm);
        // A link that is dead by the last frame shows when something is to be heard.
        let told = loop {
            if let Some(told) = story(&mut city, &bulletin).await {
                break told;
            }
            city = again(&listener, &papers, clock.now()).await;
        };
        assert_eq!(told, WHOLE_STORY, "round {round}");
    }
    assert_eq!(*BEGUN.lock().unwrap(), sent, "what sounded is what the city sent, each once and in order");
}

/// The box has hung up, if it was there; it comes again by itself.
async fn again(listener: &TcpListener, papers: &Papers, now: Timestamp) -> CityEnd {
    let (mut city, hello) = CityEnd::accept(listener, &papers.acceptor).await;
    city.welcome(&hello, now).await;
    city
}

/// Orders it and hears the story of it to its end, while somebody echoes the order; nothing when the link is dead.
async fn story(city: &mut CityEnd, bulletin: &Bulletin) -> Option<Vec<Event>> {
    let envelope = signer().seal(bulletin).unwrap().to_bytes();
    let order = CityFrame::Order(Order { ebm: bulletin.ebm, envelope }).write();
    city.0.send(Message::text(order.as_str())).await.ok()?;
    let mut told: Vec<Report> = Vec::new();
    loop {
        let BoxFrame::Report(report) = city.try_hear().await? else { continue };
        // What was told before and not committed is told again on each link.
        let is_news = told.iter().all(|known| known.id != report.id);
        // Forgeries used the names of coming bulletins, and were refused in them.
        if report.ebm == bulletin.ebm && report.event != Event::Refused && is_news {
            let (is_last, begins) = (report.event.is_last(), report.event == Event::Playing);
            told.push(report);
            for _ in 0..if begins { ECHOES } else { 0 } {
                city.0.send(Message::text(order.as_str())).await.ok()?;
            }
            if is_last {
                return Some(events(&told));
            }
        }
    }
}

/// One frame of somebody who sits on the line; he has seen the bulletins before this round.
fn hostile(chance: &mut StdRng, now: Timestamp, round: u64) -> Message {
    let genuine = red(round, now);
    let order = |bulletin: &Bulletin, signer: &LocalSigner| {
        let envelope = signer.seal(bulletin).unwrap().to_bytes();
        Order { ebm: bulletin.ebm, envelope }
    };
    let stranger = LocalSigner::from_seed("fushun-1".parse().unwrap(), &[8; 32]);
    let unknown = LocalSigner::from_seed("nobody-1".parse().unwrap(), &[9; 32]);
    let text = |frame: CityFrame| Message::text(frame.write());
    match chance.random_range(0..16) {
        // Forged: by a stranger's key under the city's name, by a key of another name, a bit turned, cut short.
        0 => text(CityFrame::Order(order(&genuine, &stranger))),
        1 => {
            let foreign = Bulletin { key_id: "nobody-1".parse().unwrap(), ..genuine };
            text(CityFrame::Order(order(&foreign, &unknown)))
        }
        2 => {
            let mut bent = order(&genuine, &signer());
            let at = chance.random_range(0..bent.envelope.len());
            bent.envelope[at] ^= 1 << chance.random_range(0..8);
            text(CityFrame::Order(bent))
        }
        3 => {
            let mut short = order(&genuine, &signer());
            short.envelope.truncate(chance.random_range(0..short.envelope.len()));
            text(CityFrame::Order(short))
        }
        // Genuine once, and sent again; expired; for another place; an exercise; under another bulletin's name.
        4 if round > 1 => text(CityFrame::Order(order(&red(chance.random_range(1..round), now), &signer()))),
        5 => {
            let long_ago = Timestamp(now.0 - 7_200_000);
            let expired = Bulletin { end: Timestamp(now.0 - 1), start: long_ago, ..red(9_000 + round, now) };
            text(CityFrame::Order(order(&expired, &signer())))
        }
        6 => {
            let elsewhere = Bulletin { areas: vec!["2102".parse().unwrap()], ..genuine };
            text(CityFrame::Order(order(&elsewhere, &signer())))
        }
        7 => {
            let drill = Bulletin { mode: ModeKind::Drill, class: BroadcastClass::RealDrill, ..genuine };
            text(CityFrame::Order(order(&drill, &signer())))
        }
        8 => {
            let mut renamed = order(&genuine, &signer());
            renamed.ebm = red(round + 1, now).ebm;
            text(CityFrame::Order(renamed))
        }
        // Frames that are none, and frames out of their place.
        9 => Message::text(noise(chance)),
        10 => {
            let mut octets = vec![0; chance.random_range(0..200)];
            chance.fill_bytes(&mut octets);
            Message::binary(octets)
        }
        11 => Message::text("9".repeat(FRAME_LIMIT + 1)),
        12 => text(CityFrame::Committed(Committed { ids: vec![u64::MAX, 0, chance.random()] })),
        13 => text(CityFrame::Welcome(Welcome { version: 1, time: Timestamp(0), nonce_signature: None })),
        14 => {
            let mut signed = key_set(now);
            signed.signature[0] ^= 1;
            text(CityFrame::Keys(Keys { signed }))
        }
        _ => Message::text(format!(r#"{{"kind":"sound-at-once","box":"{BOX}"}}"#)),
    }
}

fn noise(chance: &mut StdRng) -> String {
    let letters: Vec<char> = "{}[]\":,kindorder0123456789红\u{0}\u{feff}".chars().collect();
    (0..chance.random_range(0..120)).filter_map(|_| letters.choose(chance).copied()).collect()
}
