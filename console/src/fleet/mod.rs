//! The city's side of the village boxes (终端管理): what people wrote down of each, what was heard of it, what is wrong with
//! it, and what became of every broadcast in it, for one mode.
//!
//! The cast: a [`Fleet`] looks at the hub every second and keeps what it heard in the ledger, in batches; [`roll`] is all
//! boxes in memory, by pure steps; [`view`] is what officers and programs may see of them; [`visits`] is where somebody has
//! to go. The rules of what is wrong are the model's.
//!
//! The promises: a report is committed to its box only when its broadcast is kept here as well; ten thousand heartbeats are a
//! few statements; an alarm is kept and logged when it comes and when it goes, by the box's code alone.

pub mod export;
pub mod pick;
mod roll;
pub mod view;
pub mod visits;

#[cfg(test)]
mod tests;

use mingluo_channels::speaker::{MOST_UNKEPT, SpeakerHub};
use mingluo_ledger::{
    Store,
    store::{BoxOrder, StoreError},
};
use mingluo_model::{
    bulletin::{EbmId, ResourceCode},
    clock::{SharedClock, Timestamp},
    fleet::{Alarm, BroadcastState, Playout},
    mode::ModeKind,
    region::RegionCode,
};
use roll::{Change, Roll};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use view::BoxView;

/// How often the hub is looked at: a box waits no longer than this for its report to be committed.
const LOOK: Duration = Duration::from_secs(1);
/// How often mere signs of life are gathered. They are kept over as many looks, a tenth with each: ten thousand rows in one
/// go would have a warning's own writing wait behind them.
const KEEP: Duration = Duration::from_secs(10);
/// So many looks in turn are left out while a warning brings more than [`AT_ONCE`] reports: dispatch has them first. Boxes
/// keep theirs a little longer for it.
const MOST_LEFT_OUT: u32 = 3;
/// Boxes and reports that are looked at in one go: what a warning brings at once must not stand in memory twice, and those who
/// are told of it do not wait behind it.
const AT_ONCE: usize = 500;
/// Looks over which the signs of life of one gathering are kept.
const LOOKS: usize = (KEEP.as_secs() / LOOK.as_secs()) as usize;
/// Orders of the past that are looked through for those that still hold.
const MOST_ORDERS: u32 = 256;
/// Alarms of one kind in one look that are logged one by one; more are one line, or a power cut would fill the disk.
const MOST_LINES: usize = 20;

/// All boxes of one mode.
pub struct Fleet {
    mode: ModeKind,
    store: Arc<dyn Store>,
    hub: Arc<SpeakerHub>,
    clock: SharedClock,
    // Guards the roll; held for one step over it, never across an await.
    roll: Mutex<Roll>,
}

impl Fleet {
    /// Reads what is kept, and hands tests and stops that still hold to the hub again.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub async fn open(
        mode: ModeKind,
        store: Arc<dyn Store>,
        hub: Arc<SpeakerHub>,
        clock: SharedClock,
    ) -> Result<Arc<Self>, StoreError> {
        let mut roll = Roll::new(clock.now(), store.boxes_seen(mode).await?);
        roll.write_down(store.boxes_mark(mode).await?, store.boxes(mode).await?);
        hub.be_witnessed();
        let fleet = Arc::new(Self { mode, store, hub, clock, roll: Mutex::new(roll) });
        fleet.give_again().await?;
        Ok(fleet)
    }

    async fn give_again(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let orders = self.store.box_orders(self.mode, MOST_ORDERS).await?;
        // By their numbers: a stop takes out of the outboxes what came before it.
        for order in orders.iter().rev() {
            let told = self.store.playouts(self.mode, &[order.ebm]).await?;
            let has = |code: &ResourceCode| {
                told.iter().any(|(it, playout)| it == code && playout.state != BroadcastState::NotHandled)
            };
            let codes = order.codes.iter().copied().filter(|code| order.until > now && !has(code));
            let codes: Vec<ResourceCode> = codes.collect();
            self.give(order, &codes);
        }
        Ok(())
    }

    /// Hands an order that is kept to the hub.
    fn give(&self, order: &BoxOrder, codes: &[ResourceCode]) {
        if let Err(error) = self.hub.give(&order.envelope, codes) {
            tracing::error!(%error, ebm = %order.ebm, "an order to boxes cannot be read; nobody gets it");
        }
    }

    /// Hands an order to all the boxes that it names. It must be kept already.
    pub(crate) fn send(&self, order: &BoxOrder) {
        self.give(order, &order.codes);
    }

    /// Goes on until it is stopped; keeps at the end what was heard by then.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let (mut gathered, mut left_out) = (self.clock.ticks(), 0);
        loop {
            let is_over = tokio::select! {
                () = self.clock.sleep(LOOK) => false,
                () = stop.cancelled() => true,
            };
            if !is_over && stands_back(self.hub.count_unkept(), left_out) {
                left_out += 1;
                continue;
            }
            left_out = 0;
            let is_time = self.clock.ticks().saturating_sub(gathered) >= KEEP;
            if is_over || is_time {
                gathered = self.clock.ticks();
                self.roll().gather_signs(if is_over { 1 } else { LOOKS });
            }
            if let Err(error) = self.look(is_over || is_time).await {
                // Everything that was to be kept is kept with the next look; no box forgets a report before.
                tracing::error!(error = &error as &dyn std::error::Error, "what boxes said cannot be kept");
            }
            if is_over {
                return;
            }
        }
    }

    /// One look at the hub, and `with_records` whether boxes were written down.
    async fn look(&self, with_records: bool) -> Result<(), StoreError> {
        if with_records {
            let mark = self.store.boxes_mark(self.mode).await?;
            if self.roll().mark() != mark {
                let boxes = self.store.boxes(self.mode).await?;
                self.roll().write_down(mark, boxes);
            }
        }
        while self.take_in().await? {
            self.keep().await?;
        }
        let (now, codes) = (self.clock.now(), self.hub.codes());
        for some in codes.chunks(AT_ONCE) {
            self.roll().hear(self.hub.states(some), now);
            tokio::task::yield_now().await;
        }
        let changes = self.roll().judge(self.hub.key_set(), now);
        log(&changes);
        self.roll().turn_to_signs();
        self.keep().await
    }

    /// Takes in the next reports; whether there are more.
    async fn take_in(&self) -> Result<bool, StoreError> {
        let unkept = self.hub.take_unkept(AT_ONCE);
        let are_more = unkept.len() == AT_ONCE;
        let strange = self.roll().take_in(unkept);
        if !strange.is_empty() {
            let known = self.store.playouts(self.mode, &strange).await?;
            self.roll().remember(&strange, known);
        }
        self.roll().apply();
        Ok(are_more)
    }

    /// Keeps what is to be kept, some at a time.
    async fn keep(&self) -> Result<(), StoreError> {
        loop {
            let heard = self.roll().unkept(AT_ONCE);
            if !heard.is_empty() {
                self.store.keep_heard(self.mode, &heard).await?;
            }
            let reports = self.roll().kept(&heard);
            self.hub.kept(&reports);
            if heard.is_empty() {
                return Ok(());
            }
        }
    }

    /// The boxes in a division, by code; those that were taken down are left out.
    pub fn boxes(&self, scope: RegionCode) -> Vec<BoxView> {
        self.roll().views(|view| view.is_in(scope) && !view.is_retired())
    }

    /// How many boxes in a division have an alarm.
    pub fn with_alarm(&self, scope: RegionCode) -> usize {
        self.roll().with_alarm(scope)
    }

    /// One box in a division, also one that was taken down.
    pub fn one(&self, scope: RegionCode, code: ResourceCode) -> Option<BoxView> {
        self.roll().view(code).filter(|view| view.is_in(scope))
    }

    /// These broadcasts in every box that told of them.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub async fn playouts(&self, ebms: &[EbmId]) -> Result<Vec<(ResourceCode, Playout)>, StoreError> {
        self.store.playouts(self.mode, ebms).await
    }

    /// When it began to listen.
    pub fn since(&self) -> Timestamp {
        self.roll().since()
    }

    fn roll(&self) -> MutexGuard<'_, Roll> {
        self.roll.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Fleet({:?})", self.mode)
    }
}

/// Whether a look is left out. Not where so many reports wait already that those of further boxes could not be taken.
fn stands_back(n_unkept: usize, left_out: u32) -> bool {
    left_out < MOST_LEFT_OUT && (AT_ONCE + 1..MOST_UNKEPT / 4).contains(&n_unkept)
}

/// Alarms that came and went, by code alone.
fn log(changes: &[Change]) {
    let mut by_kind: BTreeMap<(Alarm, bool), Vec<ResourceCode>> = BTreeMap::new();
    for change in changes {
        by_kind.entry((change.alarm, change.is_raised)).or_default().push(change.code);
    }
    for ((alarm, is_raised), codes) in by_kind {
        let alarm = alarm.word();
        if codes.len() > MOST_LINES {
            let villages = codes.iter().collect::<BTreeSet<_>>().len();
            tracing::warn!(alarm, is_raised, n_boxes = villages, "an alarm of many boxes changed at once");
            continue;
        }
        for box_code in codes {
            if is_raised {
                tracing::warn!(%box_code, alarm, "a box has an alarm");
            } else {
                tracing::info!(%box_code, alarm, "an alarm of a box is over");
            }
        }
    }
}

#[cfg(test)]
mod in_a_rush {
    use super::*;

    #[test]
    fn a_warning_goes_before_the_fleet_for_a_while_and_never_at_the_cost_of_a_link() {
        assert!(!stands_back(AT_ONCE, 0), "a quiet night");
        assert!(stands_back(AT_ONCE + 1, 0) && stands_back(10_000, MOST_LEFT_OUT - 1));
        assert!(!stands_back(10_000, MOST_LEFT_OUT), "it has waited long enough");
        assert!(!stands_back(MOST_UNKEPT / 4, 0), "further boxes would lose their links");
    }
}
