//! A pretend city and pretend boxes over real sockets on this machine.

use super::{
    BoxFaults, SimBoxes, Village,
    log::{self, BoxLog, BoxTruth},
    pki::{self, Made},
    read_list,
};
use crate::issuer::{account, believed, red, run};
use mingluo_channels::speaker::{SpeakerChannel, listener::serve, pages::Pages};
use mingluo_model::{
    bulletin::{Bulletin, KeySet, ResourceCode},
    channel::{Channel as _, Report as Told, Session, Verdict},
    clock::{SharedClock, system::SystemClock, within},
    delivery::Reason,
    grade::Grade,
    mode::{Live, ModeKind},
    receipt::ReceiptStatus,
    region::RegionCode,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

const DEADLINE: Duration = Duration::from_mins(1);

fn code(number: u32) -> ResourceCode {
    format!("621042300100103140{number:05}").parse().unwrap()
}

fn region() -> RegionCode {
    "210423001001".parse().unwrap()
}

/// A city of the real channel, the real listener and a dispatcher that keeps everything at once.
struct PretendCity {
    clock: SharedClock,
    address: String,
    made: Made,
    session: Session<Live>,
    served: JoinHandle<()>,
    stop: CancellationToken,
    dir: TempDir,
}

impl PretendCity {
    async fn of(boxes: u32) -> Self {
        let clock: SharedClock = SystemClock::shared();
        let dir = tempfile::tempdir().unwrap();
        let village: Vec<_> = (0..boxes).map(|number| (code(number), region())).collect();
        let made = pki::make(&dir.path().join("pki"), &village, clock.now()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listen = listener.local_addr().unwrap();
        let config = account(&made, listen, boxes);
        let tls = config.tls.server_config().unwrap();
        let channel = SpeakerChannel::<Live>::new(config, Arc::clone(&clock), None).unwrap();
        let session = channel.open().await.unwrap();
        let stop = CancellationToken::new();
        let served = tokio::spawn(serve(
            channel.hub(),
            listener,
            tls,
            Pages::default(),
            Arc::clone(&clock),
            stop.clone(),
        ));
        Self { clock, address: format!("wss://{listen}/link"), made, session, served, stop, dir }
    }

    fn switch_on(&self, faults: BoxFaults) -> SimBoxes {
        let village = Village {
            city: self.address.parse().unwrap(),
            ca: std::fs::read(&self.made.ca).unwrap(),
            keys: Arc::new(KeySet { keys: vec![believed(self.clock.now())] }),
            mode: ModeKind::Live,
            state_dir: None,
            connects_per_second: NonZeroU32::new(1_000).unwrap(),
            faults,
            log: Arc::new(BoxLog::append_to(&self.dir.path().join("boxes.jsonl")).unwrap()),
            clock: Arc::clone(&self.clock),
        };
        SimBoxes::start(village, read_list(&self.made.list).unwrap()).unwrap()
    }

    async fn order(&mut self, bulletin: &Bulletin, boxes: u32) {
        let run = run(bulletin, (0..boxes).map(code)).unwrap();
        self.session.outlet.prepare(&run).unwrap();
        self.session.outlet.send().await.unwrap();
    }

    /// Keeps what the boxes say, until this holds of it.
    async fn keep_until(&mut self, holds: impl Fn(&Outcome) -> bool) -> Outcome {
        let mut outcome = Outcome::default();
        while !holds(&outcome) {
            let mut told = Vec::new();
            let next = self.session.inlet.next(&mut told);
            within(self.clock.as_ref(), DEADLINE, next)
                .await
                .unwrap_or_else(|_| panic!("{outcome:?}"))
                .unwrap();
            let tokens: Vec<_> = told.iter().filter_map(|told| outcome.take(told)).collect();
            self.session.answerer.committed(&tokens).await.unwrap();
        }
        outcome
    }

    fn withheld(&self) -> BTreeSet<ResourceCode> {
        boxes_where(&log::read(&self.dir.path().join("boxes.jsonl")).unwrap(), |it| !it.withheld.is_empty())
    }

    async fn truth(self, boxes: SimBoxes) -> BTreeMap<ResourceCode, BoxTruth> {
        boxes.stop().await.unwrap();
        self.stop.cancel();
        self.served.await.unwrap();
        log::read(&self.dir.path().join("boxes.jsonl")).unwrap()
    }
}

/// What dispatch was told.
#[derive(Debug, Default)]
struct Outcome {
    accepted: usize,
    refused: usize,
    statuses: BTreeMap<String, Vec<ReceiptStatus>>,
}

impl Outcome {
    fn take(&mut self, told: &Told) -> Option<mingluo_model::channel::ReceiptToken> {
        match told {
            Told::Answer { verdict: Verdict::Accepted(_), .. } => self.accepted += 1,
            Told::Answer { verdict: Verdict::Permanent(refusal), .. } => {
                assert_eq!((refusal.reason, refusal.far_code.as_str()), (Reason::BoxRefused, "unknown-key"));
                self.refused += 1;
            }
            Told::Answer { verdict, .. } => panic!("{verdict:?}"),
            Told::Receipt { receipt, token } => {
                let to = receipt.to.as_ref().unwrap().expose().to_owned();
                self.statuses.entry(to).or_default().push(receipt.status);
                return *token;
            }
            Told::Reply { .. } => panic!("a box writes no messages"),
        }
        None
    }

    fn boxes_with(&self, status: ReceiptStatus) -> BTreeSet<ResourceCode> {
        let with = self.statuses.iter().filter(|(_, statuses)| statuses.contains(&status));
        with.map(|(code, _)| code.parse().unwrap()).collect()
    }
}

fn boxes_where(
    truth: &BTreeMap<ResourceCode, BoxTruth>,
    holds: impl Fn(&BoxTruth) -> bool,
) -> BTreeSet<ResourceCode> {
    truth.iter().filter(|(_, truth)| holds(truth)).map(|(code, _)| *code).collect()
}

#[tokio::test]
async fn what_the_city_is_told_is_what_happened() {
    let mut city = PretendCity::of(60).await;
    let play_ms = NonZeroU32::new(100).unwrap();
    let faults = BoxFaults {
        play_ms,
        deaf_percent: 10,
        refuse_percent: 10,
        double_percent: 30,
        ..BoxFaults::default()
    };
    let boxes = city.switch_on(faults);
    city.order(&red(1, city.clock.now()), 60).await;

    let over = |outcome: &Outcome| outcome.refused + outcome.boxes_with(ReceiptStatus::Ended).len() == 60;
    let outcome = city.keep_until(over).await;

    let truth = city.truth(boxes).await;
    let (refused, heard) =
        (boxes_where(&truth, |it| !it.refused.is_empty()), outcome.boxes_with(ReceiptStatus::Sounded));
    assert_eq!((outcome.accepted, outcome.refused), (60 - refused.len(), refused.len()));
    assert_eq!(heard, boxes_where(&truth, |it| !it.sounded.is_empty()));
    let deaf = outcome.boxes_with(ReceiptStatus::Failed(Reason::NotHeard));
    assert_eq!(deaf, boxes_where(&truth, |it| !it.not_heard.is_empty()));
    assert!(!refused.is_empty() && !deaf.is_empty() && !heard.is_empty());
    assert!(boxes_where(&truth, |it| !it.doubled.is_empty()).is_empty());
}

#[tokio::test]
async fn what_a_graver_one_interrupts_is_resumed_and_not_doubled() {
    let mut city = PretendCity::of(5).await;
    let boxes = city.switch_on(BoxFaults::default());
    let red = red(2, city.clock.now());
    let orange = Bulletin { grade: Some(Grade::Orange), repeats: 10, ..crate::issuer::red(1, red.created) };
    city.order(&orange, 5).await;
    city.order(&red, 5).await;

    let has_ended = |statuses: &&Vec<ReceiptStatus>| {
        statuses.iter().filter(|status| **status == ReceiptStatus::Ended).count() == 2
    };
    city.keep_until(|it| it.statuses.values().filter(has_ended).count() == 5).await;

    let truth = city.truth(boxes).await;
    assert_eq!(boxes_where(&truth, |it| it.resumed == BTreeSet::from([orange.ebm])).len(), 5);
    assert!(boxes_where(&truth, |it| !it.doubled.is_empty()).is_empty());
}

#[tokio::test]
async fn silent_and_absent_boxes_are_in_the_log_and_nowhere_else() {
    let mut city = PretendCity::of(40).await;
    let faults = BoxFaults { silent_percent: 20, offline_percent: 20, ..BoxFaults::default() };
    let lots = (0..40).map(|number| faults.lot(code(number))).filter(|lot| !lot.offline);
    let (silent, talking): (Vec<_>, Vec<_>) = lots.partition(|lot| lot.silent);
    let boxes = city.switch_on(faults);
    city.order(&red(1, city.clock.now()), 40).await;

    let outcome = city.keep_until(|it| it.boxes_with(ReceiptStatus::Ended).len() == talking.len()).await;
    while city.withheld().len() < silent.len() {
        city.clock.sleep(Duration::from_millis(50)).await;
    }

    let truth = city.truth(boxes).await;
    let withheld = boxes_where(&truth, |it| !it.withheld.is_empty());
    let offline = boxes_where(&truth, |it| it.offline);
    assert_eq!(outcome.accepted, 40 - withheld.union(&offline).count());
    assert!(withheld.iter().all(|code| !outcome.statuses.contains_key(code.as_str())));
    assert!(!withheld.is_empty() && !offline.is_empty() && withheld.is_disjoint(&offline));
}

#[tokio::test]
async fn a_box_that_loses_power_halfway_says_so_and_does_not_play_again() {
    let mut city = PretendCity::of(5).await;
    let faults = BoxFaults { dead_halfway_percent: 100, back_after_ms: 50, ..BoxFaults::default() };
    let boxes = city.switch_on(faults);
    let bulletin = red(1, city.clock.now());
    city.order(&bulletin, 5).await;

    let interrupted = ReceiptStatus::Failed(Reason::Other);
    let outcome = city.keep_until(|it| it.boxes_with(interrupted).len() == 5).await;

    assert_eq!(outcome.accepted, 5);
    let truth = city.truth(boxes).await;
    assert_eq!(boxes_where(&truth, |it| it.played.contains(&bulletin.ebm)).len(), 5);
    assert!(boxes_where(&truth, |it| !it.doubled.is_empty() || !it.sounded.is_empty()).is_empty());
}
