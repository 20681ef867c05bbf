//! A session that is a set of hands: each unit (a mail, a call) is one task. At most `window` are taken on, of which at most
//! `hands` are at work and the others wait for one: a far side is never idle while an answer becomes durable. A unit has
//! one wire key, or many where one call carries many numbers.
//! Knows permits, reports and how such a session ends; refuses to know what a unit does.
//!
//! How it ends: a unit finds that nothing can leave any more. The hands that are at work finish and report first;
//! what was not begun is answered [`Verdict::Busy`], which costs nothing; then the inlet says that the session is
//! over. So every unit gets its answer, but for those that are cut off when the outlet is dropped.

use async_trait::async_trait;
use mingluo_model::{
    channel::{Answerer, Inlet, ReceiptToken, Report, SendError, Verdict},
    clock::SharedClock,
};
use std::{
    collections::BTreeMap,
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
};

/// How long dispatch waits with a unit that was not begun.
const NOT_BEGUN: Duration = Duration::from_secs(1);

/// How one unit of work came out.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The far side answered, or the unit could not be put to it.
    Answered(Verdict),
    /// Nothing left, and nothing more can leave: the session is over.
    NotBegun(SendError),
}

/// What one hand says of all its keys.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The answers; a key that is not here was not begun.
    pub(crate) answers: BTreeMap<u64, Verdict>,
    /// Why nothing more can leave.
    pub(crate) end: Option<SendError>,
}

impl Told {
    fn of_one(key: u64, outcome: Outcome) -> Self {
        match outcome {
            Outcome::Answered(verdict) => Self { answers: BTreeMap::from([(key, verdict)]), end: None },
            Outcome::NotBegun(reason) => Self { answers: BTreeMap::new(), end: Some(reason) },
        }
    }
}

/// The sending end of the set.
pub(crate) struct Crew {
    desk: Arc<Desk>,
    hands: JoinSet<()>,
    next_key: AtomicU64,
}

/// What the hands, the outlet and the inlet share.
struct Desk {
    window: u32,
    /// Places in the window.
    permits: Arc<Semaphore>,
    /// Those who are at work hold one; the others wait here in their order.
    hands: Semaphore,
    /// As many places as permits: when dispatch does not listen, the hands wait at it with their permits.
    reports: mpsc::Sender<Report>,
    /// Guards the reason of the end; the first one stays.
    end: Mutex<Option<SendError>>,
    wake: Notify,
}

impl Desk {
    fn end(&self, reason: SendError) {
        self.end.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
        self.wake.notify_one();
    }

    fn ended(&self) -> Option<SendError> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a unit is taken on that has not reported yet.
    fn is_under_way(&self) -> bool {
        self.permits.available_permits() < self.window as usize
    }

    /// The reason, once every hand has reported.
    fn over(&self) -> Option<SendError> {
        self.ended().filter(|_| !self.is_under_way())
    }

    async fn report(&self, keys: &[u64], mut told: Told) {
        if let Some(reason) = told.end {
            self.end(reason);
        }
        for key in keys {
            let verdict = told.answers.remove(key);
            let verdict = verdict.unwrap_or(Verdict::Busy { retry_after: NOT_BEGUN });
            // It fails only when the inlet is gone, and with it the session.
            let _gone = self.reports.send(Report::Answer { key: *key, verdict }).await;
        }
    }
}

/// A free hand.
pub(crate) struct Hand(OwnedSemaphorePermit);

/// One hand's place in the window. Given back when the hand has reported, or when it was cut off or broke, and
/// then the session is over, since its unit will have no answer.
struct Place {
    permit: Option<OwnedSemaphorePermit>,
    desk: Arc<Desk>,
    reported: bool,
}

impl Place {
    fn settle(&mut self) {
        self.reported = true;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.reported {
            self.desk.end(SendError::Unreachable { detail: "a unit of work was cut off".into() });
        }
        drop(self.permit.take());
        self.desk.wake.notify_one();
    }
}

impl Crew {
    /// A set of this many hands with room for `window` units, and the ear that hears them.
    pub(crate) fn new(window: u32, hands: u32) -> (Self, CrewInlet) {
        let (reports, heard) = mpsc::channel(window as usize);
        let permits = Arc::new(Semaphore::new(window as usize));
        let (hands, end, wake) = (Semaphore::new(hands as usize), Mutex::default(), Notify::new());
        let desk = Arc::new(Desk { window, permits, hands, reports, end, wake });
        let crew = Self { desk: Arc::clone(&desk), hands: JoinSet::new(), next_key: AtomicU64::new(1) };
        (crew, CrewInlet { desk, heard, held: Vec::new(), gathering: None })
    }

    /// The first of `units` fresh wire keys.
    pub(crate) fn keys(&self, units: usize) -> u64 {
        self.next_key.fetch_add(units as u64, Ordering::Relaxed)
    }

    /// Where reports go that are no answers.
    pub(crate) fn reports(&self) -> mpsc::Sender<Report> {
        self.desk.reports.clone()
    }

    /// Has one unit done as soon as a hand is free.
    ///
    /// # Errors
    /// The reason of the end, when the session is over.
    pub(crate) async fn put(
        &mut self,
        key: u64,
        work: impl Future<Output = Outcome> + Send + 'static,
    ) -> Result<(), SendError> {
        self.put_all(vec![key], async move { Told::of_one(key, work.await) }).await
    }

    /// The same for a unit of many keys.
    ///
    /// # Errors
    /// The reason of the end, when the session is over.
    pub(crate) async fn put_all(
        &mut self,
        keys: Vec<u64>,
        work: impl Future<Output = Told> + Send + 'static,
    ) -> Result<(), SendError> {
        let hand = self.hand().await?;
        self.begin(hand, keys, work);
        Ok(())
    }

    /// Waits for a free hand.
    ///
    /// # Errors
    /// The reason of the end, when the session is over.
    pub(crate) async fn hand(&self) -> Result<Hand, SendError> {
        self.hands_free(1).await.map(Hand)
    }

    /// Waits until so many hands are free, or all that there are.
    ///
    /// # Errors
    /// The reason of the end, when the session is over.
    pub(crate) async fn hands_free(&self, wanted: usize) -> Result<OwnedSemaphorePermit, SendError> {
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX).min(self.desk.window);
        let permits = Arc::clone(&self.desk.permits).acquire_many_owned(wanted).await;
        permits.map_err(|_closed| self.desk.ended().unwrap_or_else(gone))
    }

    /// Has a unit of many keys done by this hand.
    pub(crate) fn begin(
        &mut self,
        hand: Hand,
        keys: Vec<u64>,
        work: impl Future<Output = Told> + Send + 'static,
    ) {
        self.work(Some(hand.0), keys, work);
    }

    /// Says what is known of these keys already; that takes no hand.
    pub(crate) fn say(&mut self, keys: Vec<u64>, told: Told) {
        self.work(None, keys, async { told });
    }

    fn work(
        &mut self,
        permit: Option<OwnedSemaphorePermit>,
        keys: Vec<u64>,
        work: impl Future<Output = Told> + Send + 'static,
    ) {
        while self.hands.try_join_next().is_some() {}
        let mut place = Place { permit, desk: Arc::clone(&self.desk), reported: false };
        self.hands.spawn(async move {
            // It fails only when it is closed, which it never is.
            let hand = if place.permit.is_some() { place.desk.hands.acquire().await.ok() } else { None };
            let told = if place.desk.ended().is_some() { Told::default() } else { work.await };
            drop(hand);
            place.desk.report(&keys, told).await;
            place.settle();
        });
    }

    /// Waits until every hand is done.
    pub(crate) async fn finish(&mut self) {
        while self.hands.join_next().await.is_some() {}
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.desk.end(SendError::Unreachable { detail: "the session was closed".into() });
    }
}

fn gone() -> SendError {
    SendError::Unreachable { detail: "the session is over".into() }
}

/// The hearing end of the set.
pub(crate) struct CrewInlet {
    desk: Arc<Desk>,
    heard: mpsc::Receiver<Report>,
    /// What was taken in and not handed on yet: whoever gives up waiting loses nothing.
    held: Vec<Report>,
    gathering: Option<Gathering>,
}

/// How long what was heard waits for more of it, so that the disk turns once for all.
struct Gathering {
    clock: SharedClock,
    pause: Duration,
    /// So many wait no more.
    enough: usize,
}

impl CrewInlet {
    /// The same, where what was heard waits for more: `pause` at most, until there are `enough`, and only while units are
    /// under way of which more may be heard. For far sides that answer each unit alone, and nobody in haste.
    pub(crate) fn gathering(self, clock: SharedClock, pause: Duration, enough: usize) -> Self {
        Self { gathering: Some(Gathering { clock, pause, enough }), ..self }
    }

    fn take_in(&mut self) {
        while let Ok(report) = self.heard.try_recv() {
            self.held.push(report);
        }
    }

    async fn gather(&mut self) {
        let Some(Gathering { clock, pause, enough }) = &self.gathering else { return };
        let mut over = clock.sleep(*pause);
        while self.held.len() < *enough && self.desk.is_under_way() {
            tokio::select! {
                Some(report) = self.heard.recv() => self.held.push(report),
                () = self.desk.wake.notified() => {}
                () = &mut over => break,
            }
        }
        drop(over);
        self.take_in();
    }
}

#[async_trait]
impl Inlet for CrewInlet {
    async fn next(&mut self, reports: &mut Vec<Report>) -> Result<(), SendError> {
        loop {
            // Asked before the queue is drained: after the last hand reported, nothing can be added.
            let over = self.desk.over();
            self.take_in();
            if !self.held.is_empty() {
                self.gather().await;
                reports.append(&mut self.held);
                return Ok(());
            }
            if let Some(reason) = over {
                self.desk.permits.close();
                return Err(reason);
            }
            tokio::select! {
                report = self.heard.recv() => match report {
                    Some(report) => self.held.push(report),
                    None => return Err(self.desk.ended().unwrap_or_else(gone)),
                },
                () = self.desk.wake.notified() => {}
            }
        }
    }
}

/// For wires whose receipts want no answer.
pub(crate) struct NoAnswer;

#[async_trait]
impl Answerer for NoAnswer {
    async fn committed(&self, _receipts: &[ReceiptToken]) -> Result<(), SendError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::clock::{Timestamp, manual::ManualClock};
    use tokio::sync::oneshot;

    fn lost() -> SendError {
        SendError::Unreachable { detail: "lost".into() }
    }

    async fn heard(inlet: &mut CrewInlet) -> Vec<(u64, Verdict)> {
        let mut all = Vec::new();
        let mut reports = Vec::new();
        while inlet.next(&mut reports).await.is_ok() {
            all.extend(reports.drain(..).filter_map(|report| match report {
                Report::Answer { key, verdict } => Some((key, verdict)),
                Report::Receipt { .. } | Report::Reply { .. } => None,
            }));
        }
        all
    }

    #[tokio::test]
    async fn the_session_ends_after_every_unit_has_its_answer() {
        let (mut crew, mut inlet) = Crew::new(4, 4);
        let (answer, slow) = oneshot::channel();
        crew.put(1, async { Outcome::Answered(slow.await.unwrap()) }).await.unwrap();
        crew.put(2, async { Outcome::NotBegun(lost()) }).await.unwrap();
        while crew.desk.ended().is_none() {
            tokio::task::yield_now().await;
        }
        crew.put(3, async { panic!("nothing is begun after the end") }).await.unwrap();
        answer.send(Verdict::Accepted(None)).unwrap();

        let mut answers = heard(&mut inlet).await;

        answers.sort_by_key(|(key, _)| *key);
        let busy = Verdict::Busy { retry_after: NOT_BEGUN };
        assert_eq!(answers, [(1, Verdict::Accepted(None)), (2, busy.clone()), (3, busy)]);
        assert_eq!(crew.put(4, async { unreachable!() }).await, Err(lost()));
    }

    #[tokio::test]
    async fn no_more_hands_than_the_window_work_at_once() {
        let (mut crew, _inlet) = Crew::new(2, 2);
        for key in 0..2 {
            crew.put(key, std::future::pending()).await.unwrap();
        }
        let third = crew.put(2, std::future::pending());
        assert!(futures_util::FutureExt::now_or_never(third).is_none());
    }

    #[tokio::test]
    async fn what_waits_for_a_hand_is_not_begun_when_the_session_ends() {
        let (mut crew, mut inlet) = Crew::new(3, 1);
        let (answer, slow) = oneshot::channel();
        crew.put(1, async { Outcome::Answered(slow.await.unwrap()) }).await.unwrap();
        crew.put(2, async { Outcome::NotBegun(lost()) }).await.unwrap();
        crew.put(3, async { panic!("the only hand found that nothing can leave") }).await.unwrap();
        answer.send(Verdict::Accepted(None)).unwrap();
        let busy = Verdict::Busy { retry_after: NOT_BEGUN };
        let answers = heard(&mut inlet).await;
        assert_eq!(answers, [(1, Verdict::Accepted(None)), (2, busy.clone()), (3, busy)]);
    }

    /// A set whose answers wait for a second for others, of which the first was put in.
    async fn gathering(enough: usize) -> (Arc<ManualClock>, Crew, CrewInlet) {
        let clock = ManualClock::at(Timestamp(0));
        let (mut crew, inlet) = Crew::new(4, 4);
        crew.put(1, async { Outcome::Answered(Verdict::Accepted(None)) }).await.unwrap();
        (clock.clone(), crew, inlet.gathering(clock, Duration::from_secs(1), enough))
    }

    /// What is heard when everybody had their turn.
    async fn at_hand(inlet: &mut CrewInlet) -> Option<usize> {
        let mut reports = Vec::new();
        let heard = async {
            inlet.next(&mut reports).await.unwrap();
            true
        };
        let turns = async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            false
        };
        let told = tokio::select! { biased; told = heard => told, told = turns => told };
        told.then_some(reports.len())
    }

    #[tokio::test]
    async fn what_was_heard_waits_for_more_and_not_for_long() {
        let (clock, mut crew, mut inlet) = gathering(3).await;
        crew.put(2, std::future::pending()).await.unwrap();
        assert_eq!(at_hand(&mut inlet).await, None, "another may report at any moment");
        crew.put(3, async { Outcome::Answered(Verdict::Accepted(None)) }).await.unwrap();
        assert_eq!(at_hand(&mut inlet).await, None);
        clock.advance(Duration::from_secs(1));
        // Whoever gave up waiting began anew, and lost nothing.
        let more = async {
            tokio::task::yield_now().await;
            clock.advance(Duration::from_secs(1));
        };
        let (heard, ()) = tokio::join!(at_hand(&mut inlet), more);
        assert_eq!(heard, Some(2));
    }

    #[tokio::test]
    async fn what_is_enough_or_the_last_waits_for_nobody() {
        let (_clock, mut crew, mut inlet) = gathering(2).await;
        assert_eq!(at_hand(&mut inlet).await, Some(1), "nobody else is under way");
        crew.put(2, std::future::pending()).await.unwrap();
        for key in 3..5 {
            crew.put(key, async { Outcome::Answered(Verdict::Accepted(None)) }).await.unwrap();
        }
        assert_eq!(at_hand(&mut inlet).await, Some(2), "two are enough");
    }

    #[tokio::test]
    async fn when_the_outlet_is_dropped_the_inlet_says_so() {
        let (mut crew, mut inlet) = Crew::new(1, 1);
        crew.put(1, std::future::pending()).await.unwrap();
        drop(crew);
        assert_eq!(heard(&mut inlet).await, []);
    }
}
