//! Village boxes as officers see and test them (终端管理、试播): their own division's, never another's. A test is a bulletin
//! like any other, signed and answered by receipts; it wants the right to release and the number of boxes, as releases do.

use super::{Office, OfficeError};
use crate::{
    fleet::{
        Fleet,
        view::BoxView,
        visits::{Visit, visits},
    },
    render::BoxBulletin,
};
use mingluo_ledger::{
    audit::AuditLine,
    store::{BoxEvent, BoxOrder, BoxOrderKind},
};
use mingluo_model::{
    alert::AlertError,
    audience::ChannelKind,
    bulletin::{Action, EbmId, MOST_AREAS, ResourceCode},
    fleet::{Keeper, Playout},
    mode::{Mode, ModeKind},
    owner::{Officer, Role},
    region::{Level, RegionCode},
};
use serde::Deserialize;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// How long a test waits for a box that is away: whoever tests stands there and listens.
const TEST_LIFE: Duration = Duration::from_mins(10);
/// Percent of full volume of a test that sounds: heard in the yard, not over the hills.
const TEST_VOLUME: u8 = 60;
/// What a test says.
const TEST_WORDS: &str = "这是应急广播终端测试。";
/// The same in a drill.
const DRILL_WORDS: &str = "演练。这是应急广播终端测试。演练。";
/// Broadcasts and events of one box that are shown.
const TIMELINE: u32 = 100;
/// Orders of the past that are looked through for one.
const MOST_ORDERS: u32 = 1_000;

/// A test of boxes, as it is asked for on a page or on the API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestOrder {
    /// These boxes.
    #[serde(default)]
    pub codes: Vec<ResourceCode>,
    /// All boxes in these divisions, by code or name.
    #[serde(default)]
    pub regions: Vec<String>,
    /// Whether it sounds; else the amplifier is keyed and the sense input read at volume zero.
    #[serde(default)]
    pub audible: bool,
    /// How many boxes that are, as the officer has read it.
    pub boxes: u64,
}

/// What happened to one box (时间线).
#[derive(Debug)]
pub struct Timeline {
    /// The latest broadcasts, newest first.
    pub playouts: Vec<Playout>,
    /// Alarms and self-tests, newest first.
    pub events: Vec<BoxEvent>,
}

impl<M: Mode> Office<M> {
    /// The boxes of this mode.
    ///
    /// # Errors
    /// [`OfficeError::NoAccount`] where no speakers are configured.
    pub fn fleet(&self) -> Result<&Arc<Fleet>, OfficeError> {
        self.fleet.as_ref().ok_or(OfficeError::NoAccount { channel: ChannelKind::Speaker })
    }

    /// The boxes that an officer may see, by code.
    ///
    /// # Errors
    /// [`OfficeError::NoAccount`].
    pub fn boxes(&self, officer: &Officer) -> Result<Vec<BoxView>, OfficeError> {
        Ok(self.fleet()?.boxes(officer.owner.scope))
    }

    /// One box, if this officer may see it.
    ///
    /// # Errors
    /// [`OfficeError::NoSuchBox`], also for a box of another division; [`OfficeError::NoAccount`].
    pub fn one_box(&self, officer: &Officer, code: ResourceCode) -> Result<BoxView, OfficeError> {
        self.fleet()?.one(officer.owner.scope, code).ok_or(OfficeError::NoSuchBox { code })
    }

    /// What happened to a box.
    ///
    /// # Errors
    /// [`OfficeError::NoSuchBox`]; [`OfficeError::Store`].
    pub async fn timeline(&self, officer: &Officer, code: ResourceCode) -> Result<Timeline, OfficeError> {
        self.one_box(officer, code)?;
        let playouts = self.store.playouts_of(M::KIND, code, TIMELINE).await?;
        let events = self.store.box_events(M::KIND, code, TIMELINE).await?;
        Ok(Timeline { playouts, events })
    }

    /// Who looks after a box. Looking it up leaves a line in the audit log: it is somebody's name and number.
    ///
    /// # Errors
    /// [`OfficeError::NoSuchBox`]; [`OfficeError::Store`].
    pub async fn keeper(&self, officer: &Officer, code: ResourceCode) -> Result<Option<Keeper>, OfficeError> {
        self.one_box(officer, code)?;
        self.store.audit(&[self.box_line(officer, "box.keeper", code.to_string(), json!({}))]).await?;
        Ok(self.store.box_keeper(M::KIND, code).await?)
    }

    /// Where somebody has to go, in the order in which to go.
    ///
    /// # Errors
    /// [`OfficeError::NoAccount`]; [`OfficeError::Store`].
    pub async fn visits(&self, officer: &Officer) -> Result<Vec<Visit>, OfficeError> {
        let boxes = self.boxes(officer)?;
        let indexed = self.indexed().await.ok();
        // Without a roster nobody is counted, and urgency alone orders.
        let people = |view: &BoxView| {
            let range = indexed.as_ref().zip(view.region()).map(|(it, region)| it.index.range(region));
            range.map_or(0, |range| range.end - range.start)
        };
        Ok(visits(boxes, people))
    }

    /// The boxes that a test is for, with none outside of the officer's division.
    ///
    /// # Errors
    /// [`OfficeError::NoSuchBox`] and [`OfficeError::Region`] by what was named; [`OfficeError::NoBoxes`].
    pub fn to_be_tested(
        &self,
        officer: &Officer,
        codes: &[ResourceCode],
        regions: &[String],
    ) -> Result<Vec<BoxView>, OfficeError> {
        let mut chosen = BTreeMap::new();
        for code in codes {
            let view = self.one_box(officer, *code)?;
            if view.is_retired() {
                return Err(OfficeError::NoSuchBox { code: *code });
            }
            chosen.insert(*code, view);
        }
        let regions = self.regions(regions)?;
        if !regions.is_empty() {
            let inside = |view: &BoxView| regions.iter().any(|region| view.is_in(*region));
            chosen.extend(self.boxes(officer)?.into_iter().filter(inside).map(|view| (view.code, view)));
        }
        if chosen.is_empty() {
            return Err(OfficeError::NoBoxes);
        }
        Ok(chosen.into_values().collect())
    }

    /// Tests boxes: signs one bulletin, keeps it with its audit line and hands it to them. Runs to its end even if the
    /// caller goes away.
    ///
    /// # Errors
    /// [`OfficeError::Alert`] without the right; [`OfficeError::WrongBoxes`] when another number was typed; as for
    /// [`Self::to_be_tested`]; [`OfficeError::Render`] when it cannot be signed; [`OfficeError::Store`].
    pub async fn test_boxes(&self, officer: &Officer, wanted: &TestOrder) -> Result<BoxOrder, OfficeError> {
        let (officer, wanted) = (officer.clone(), wanted.clone());
        self.whole(move |office| async move { office.test_now(&officer, &wanted).await }).await
    }

    async fn test_now(&self, officer: &Officer, wanted: &TestOrder) -> Result<BoxOrder, OfficeError> {
        may_order(officer, "tested")?;
        let boxes = self.to_be_tested(officer, &wanted.codes, &wanted.regions)?;
        if boxes.len() as u64 != wanted.boxes {
            return Err(OfficeError::WrongBoxes { typed: wanted.boxes });
        }
        let (volume, kind) = if wanted.audible {
            (TEST_VOLUME, BoxOrderKind::AudibleTest)
        } else {
            (0, BoxOrderKind::SilentTest)
        };
        let script = if M::KIND == ModeKind::Drill { DRILL_WORDS } else { TEST_WORDS };
        let regions = boxes.iter().filter_map(BoxView::region);
        let bulletin = BoxBulletin {
            tier: officer.owner.level,
            areas: areas(&regions.collect(), officer.owner.scope),
            action: Action::Play,
            end: self.clock.now().plus(TEST_LIFE),
            volume,
            script: script.to_owned(),
            mode: M::KIND,
        };
        let codes = boxes.into_iter().map(|view| view.code).collect();
        self.order_boxes(officer, kind, codes, bulletin).await
    }

    /// Signs, keeps, hands out.
    pub(super) async fn order_boxes(
        &self,
        officer: &Officer,
        kind: BoxOrderKind,
        codes: Vec<ResourceCode>,
        wanted: BoxBulletin,
    ) -> Result<BoxOrder, OfficeError> {
        let fleet = self.fleet()?;
        let (now, until) = (self.clock.now(), wanted.end);
        let broadcaster = self.renderer.broadcaster.as_ref();
        let broadcaster = broadcaster.ok_or(OfficeError::NoAccount { channel: ChannelKind::Speaker })?;
        let (bulletin, envelope) = broadcaster.order(wanted, now, &self.renderer.zone).await?;
        let actor = officer.id.to_string();
        let order =
            BoxOrder { ebm: bulletin.ebm, seq: bulletin.seq, kind, codes, envelope, actor, at: now, until };
        let detail = json!({ "boxes": order.codes.len(), "areas": bulletin.areas });
        let action = format!("box.{}", kind.word());
        let line = self.box_line(officer, &action, order.ebm.to_string(), detail);
        self.store.add_box_order(M::KIND, &order, line).await?;
        fleet.send(&order);
        tracing::info!(ebm = %order.ebm, kind = kind.word(), n_boxes = order.codes.len(), "boxes are ordered about");
        Ok(order)
    }

    /// An order to boxes, and what became of it in each of them; one of another division is not there.
    ///
    /// # Errors
    /// [`OfficeError::NoSuchOrder`]; [`OfficeError::Store`].
    pub async fn box_order(
        &self,
        officer: &Officer,
        ebm: EbmId,
    ) -> Result<(BoxOrder, BTreeMap<ResourceCode, Playout>), OfficeError> {
        let fleet = self.fleet()?;
        let orders = self.store.box_orders(M::KIND, MOST_ORDERS).await?;
        let order = orders.into_iter().find(|order| order.ebm == ebm);
        let mut order = order.ok_or(OfficeError::NoSuchOrder { ebm })?;
        order.codes.retain(|code| fleet.one(officer.owner.scope, *code).is_some());
        if order.codes.is_empty() {
            return Err(OfficeError::NoSuchOrder { ebm });
        }
        let playouts = fleet.playouts(&[ebm]).await?.into_iter().collect();
        Ok((order, playouts))
    }

    pub(super) fn box_line(
        &self,
        officer: &Officer,
        action: &str,
        subject: String,
        detail: serde_json::Value,
    ) -> AuditLine {
        let (at, actor) = (self.clock.now(), officer.id.to_string());
        AuditLine { at, actor, action: action.to_owned(), subject, detail }
    }
}

/// Whether an officer may order boxes about without a warning: who may release and stop warnings may.
pub(super) fn may_order(officer: &Officer, step: &'static str) -> Result<(), OfficeError> {
    if officer.may(Role::Releaser) {
        return Ok(());
    }
    Err(AlertError::NoRight { officer: officer.id, step }.into())
}

/// The divisions that a bulletin names for boxes in these: as narrow as there is room for.
fn areas(regions: &BTreeSet<RegionCode>, scope: RegionCode) -> Vec<RegionCode> {
    for level in [Level::Village, Level::Township, Level::County] {
        let wider = regions.iter().map(|region| region.at(level).unwrap_or(*region));
        let wider: BTreeSet<RegionCode> = wider.collect();
        if !wider.is_empty() && wider.len() <= MOST_AREAS {
            return wider.into_iter().collect();
        }
    }
    vec![scope]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bulletin_names_villages_while_there_is_room_and_townships_then() {
        let scope: RegionCode = "2104".parse().unwrap();
        let villages =
            |n: u64| (0..n).map(|it| RegionCode::village(210_423_100_001 + it)).collect::<BTreeSet<_>>();
        assert_eq!(areas(&villages(512), scope).len(), 512);
        assert_eq!(areas(&villages(513), scope), ["210423100".parse().unwrap()]);
        assert_eq!(areas(&BTreeSet::new(), scope), [scope]);
    }
}
