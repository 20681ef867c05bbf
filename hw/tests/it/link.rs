//! A box and a small pretend city over real sockets and real mutual TLS. Playing is sped up; nothing here sleeps.

use crate::city::{BOX, CityEnd, Papers, key_set, papers, red, region, root_key};
use futures_util::StreamExt as _;
use mingluo_model::{
    bulletin::ResourceCode,
    clock::{Clock, SharedClock, Timestamp, system::SystemClock},
    link::{CityFrame, Committed, Event, Report},
    mode::ModeKind,
};
use mingluo_speaker::{
    agent::{Agent, Clips, Hands, Identity, Rules, Watch},
    journal::{Journal, MemoryMedium},
    link::{
        self, Dial, Pace,
        tls::{Pem, connector},
    },
    player::{AudioSink, MuteSink},
    relay::{Power, SimulatedRelay},
    sense::{Air, SimulatedSense},
    trust::{Beliefs, ClockSource, Trust},
};
use rand::{SeedableRng as _, rngs::StdRng};
use std::{num::NonZeroU32, sync::Arc, time::Duration};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

/// A box's loudspeaker, in its pretend air.
pub(crate) type Sink = fn(Air) -> Box<dyn AudioSink>;

pub(crate) fn events(reports: &[Report]) -> Vec<Event> {
    reports.iter().map(|report| report.event).collect()
}

pub(crate) fn agent(clock: &SharedClock, source: ClockSource, real_now: Timestamp, sink: Sink) -> Agent {
    let air = Air::default();
    let journal = Journal::open(Box::new(MemoryMedium::default()), clock.now()).unwrap();
    let beliefs = Beliefs::newest(root_key(), &key_set(real_now), std::iter::empty()).unwrap();
    let trust = Trust::new(beliefs, region(), ModeKind::Live, clock.clone(), source, journal.book().floors());
    let hands = Hands {
        power: Power::new(Box::new(SimulatedRelay::new(air.clone(), clock.clone(), None))).unwrap(),
        sink: sink(air.clone()),
        sense: Box::new(SimulatedSense::new(air)),
        voice: None,
        clips: Clips::default(),
        watch: Watch::default(),
    };
    let code: ResourceCode = BOX.parse().unwrap();
    let identity = Identity { code, region: region(), mode: ModeKind::Live, firmware: "story".to_owned() };
    let time_scale = NonZeroU32::new(1_000).unwrap();
    let rules = Rules {
        longest_sounding: Duration::from_mins(10),
        most_in_an_hour: Duration::from_mins(30),
        volume_most: 100,
        volume_grave_least: 60,
        progress_within: Duration::ZERO,
        time_scale,
    };
    Agent::new(identity, rules, clock.clone(), trust, journal, hands).unwrap()
}

pub(crate) fn dial(papers: &Papers, port: u16, clock: &SharedClock) -> Dial {
    let pem =
        Pem { ca: papers.ca.as_bytes(), cert: papers.box_cert.as_bytes(), key: papers.box_key.as_bytes() };
    let pace = Pace {
        patience: Duration::from_secs(10),
        ping: Duration::from_secs(30),
        heartbeat: Duration::from_mins(1),
        backoff_first: Duration::from_millis(1),
        backoff_most: Duration::from_millis(1),
        poll: Duration::from_millis(20),
        link_again: Duration::from_millis(1),
    };
    let cities = vec![format!("wss://localhost:{port}/link").parse().unwrap()];
    Dial { cities, connector: connector(pem, clock.clone()).unwrap().into(), pace }
}

/// Switches a box on against a listening city; the token switches it off.
pub(crate) async fn switch_on(
    clock: SharedClock,
    source: ClockSource,
) -> (TcpListener, Papers, CancellationToken) {
    switch_on_with(clock, source, |air| Box::new(MuteSink::new(air))).await
}

/// With this for its loudspeaker.
pub(crate) async fn switch_on_with(
    clock: SharedClock,
    source: ClockSource,
    sink: Sink,
) -> (TcpListener, Papers, CancellationToken) {
    let papers = papers();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let dial = dial(&papers, port, &clock);
    let mut agent = agent(&clock, source, SystemClock::shared().now(), sink);
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        let mut chance = StdRng::seed_from_u64(1);
        link::run(&mut agent, &dial, clock.as_ref(), &mut chance, &token).await.unwrap();
    });
    (listener, papers, stop)
}

pub(crate) const WHOLE_STORY: [Event; 4] = [Event::Verified, Event::Playing, Event::Sounded, Event::Ended];

#[tokio::test]
async fn a_bulletin_goes_out_and_its_reports_come_back_until_they_are_committed() {
    let clock: SharedClock = SystemClock::shared();
    let (listener, papers, _stop) = switch_on(clock.clone(), ClockSource::Own).await;
    let (mut city, hello) = CityEnd::accept(&listener, &papers.acceptor).await;
    assert_eq!((hello.box_code.as_str(), hello.holding.len()), (BOX, 0));
    city.welcome(&hello, clock.now()).await;
    city.order(&red(1, clock.now())).await;
    let reports = city.reports().await;
    assert_eq!(events(&reports), WHOLE_STORY);
    drop(city);

    let (mut city, hello) = CityEnd::accept(&listener, &papers.acceptor).await;
    assert_eq!(hello.last_seq.values().copied().collect::<Vec<_>>(), [1]);
    city.welcome(&hello, clock.now()).await;
    assert_eq!(city.reports().await, reports);
    city.say(CityFrame::Committed(Committed { ids: reports.iter().map(|report| report.id).collect() })).await;
    city.order(&red(2, clock.now())).await;
    assert_eq!(events(&city.reports().await), WHOLE_STORY);
}

/// The machine's clock, but long ago, as on a board without a battery, or in another century.
struct Since(Timestamp, Arc<SystemClock>);

#[async_trait::async_trait]
impl Clock for Since {
    fn now(&self) -> Timestamp {
        self.0.plus(self.1.ticks())
    }

    fn ticks(&self) -> Duration {
        self.1.ticks()
    }

    async fn sleep(&self, duration: Duration) {
        self.1.sleep(duration).await;
    }
}

pub(crate) fn in_1970() -> SharedClock {
    Arc::new(Since(Timestamp(0), SystemClock::shared()))
}

#[tokio::test]
async fn a_box_that_wakes_in_1970_learns_the_time_and_obeys() {
    let real = SystemClock::shared();
    let (listener, papers, _stop) = switch_on(in_1970(), ClockSource::City).await;
    let (mut city, hello) = CityEnd::accept(&listener, &papers.acceptor).await;
    assert!(!hello.boot.clock_trusted && hello.boot.time < Timestamp(60_000));
    city.welcome(&hello, real.now()).await;
    city.order(&red(1, real.now())).await;
    assert_eq!(events(&city.reports().await), WHOLE_STORY);
}

#[tokio::test]
async fn a_box_that_believes_in_another_century_is_told_the_time_by_the_city_it_would_call_expired() {
    let real = SystemClock::shared();
    let next_century = Timestamp(4_200_000_000_000);
    let clock = Arc::new(Since(next_century, real.clone()));
    let (listener, papers, _stop) = switch_on(clock, ClockSource::Own).await;
    let (mut city, hello) = CityEnd::accept(&listener, &papers.acceptor).await;
    assert!(hello.boot.clock_trusted && hello.boot.time >= next_century);
    city.welcome(&hello, real.now()).await;
    city.order(&red(1, real.now())).await;
    assert_eq!(events(&city.reports().await), WHOLE_STORY);
}

#[tokio::test]
async fn a_box_tries_again_after_a_link_that_broke_and_leaves_when_told() {
    let clock: SharedClock = SystemClock::shared();
    let (listener, papers, stop) = switch_on(clock, ClockSource::Own).await;
    for _ in 0..3 {
        drop(listener.accept().await.unwrap());
    }
    let (mut city, _) = CityEnd::accept(&listener, &papers.acceptor).await;
    stop.cancel();
    assert!(!matches!(city.0.next().await, Some(Ok(Message::Text(_)))));
}

#[tokio::test]
async fn a_city_of_another_authority_is_not_spoken_to() {
    let clock: SharedClock = SystemClock::shared();
    let (listener, _papers, _stop) = switch_on(clock, ClockSource::Own).await;
    let stranger = papers();
    let (tcp, _) = listener.accept().await.unwrap();
    assert!(stranger.acceptor.accept(tcp).await.is_err());
}
