//! What became of a broadcast (播发结果), in the words and numbers of the emergency-broadcast standard: everything that a
//! platform's `EBMStateResponse` must carry.
//!
//! Source: GY/T 384-2023 (GD/J 083-2018), EBMStateResponse: RptTime, EBMID, BrdStateCode, BrdStateDesc, Coverage, ResBrdInfo.

use super::{Office, OfficeError};
use crate::render::bulletins;
use mingluo_ledger::store::BoxOrder;
use mingluo_model::{
    bulletin::{EbmId, ResourceCode},
    clock::Timestamp,
    fleet::{BroadcastState, Playout},
    id::AlertId,
    mode::Mode,
    owner::Officer,
    region::RegionCode,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// One bulletin in all its boxes.
#[derive(Debug, Clone)]
pub struct Broadcast {
    /// Its name.
    pub ebm: EbmId,
    /// The divisions that it names.
    pub areas: Vec<RegionCode>,
    /// Not played after.
    pub end: Timestamp,
    /// Its boxes, each with what it told; `None` for one that told nothing.
    pub boxes: BTreeMap<ResourceCode, Option<Playout>>,
}

impl Broadcast {
    /// The state of one of its boxes.
    pub fn state_of(playout: Option<&Playout>) -> BroadcastState {
        playout.map_or(BroadcastState::NotHandled, |playout| playout.state)
    }

    /// The states of its boxes.
    pub fn states(&self) -> impl Iterator<Item = BroadcastState> + '_ {
        self.boxes.values().map(|playout| Self::state_of(playout.as_ref()))
    }

    /// The state over all its boxes.
    pub fn state(&self, now: Timestamp) -> BroadcastState {
        BroadcastState::of_all(self.states(), now >= self.end)
    }

    /// Boxes in this state.
    pub fn count(&self, state: BroadcastState) -> usize {
        self.states().filter(|it| *it == state).count()
    }

    /// As programs read it. `at` writes an instant as the deployment's clocks show it.
    pub fn told(&self, now: Timestamp, at: impl Fn(Timestamp) -> String) -> Value {
        let state = self.state(now);
        let moment = |instant: Option<Timestamp>| instant.map(&at);
        let boxes = self.boxes.iter().map(|(code, playout)| {
            let state = Self::state_of(playout.as_ref());
            let of = playout.as_ref();
            json!({
                "resource_code": code,
                "start_time": moment(of.and_then(|it| it.started)),
                "end_time": moment(of.and_then(|it| it.ended)),
                "brd_state_code": state.code(),
                "brd_state_desc": state.zh(),
                "heard": of.and_then(|it| it.heard),
                "reason": of.map_or("", |it| it.reason.as_str()),
            })
        });
        let rate = if self.boxes.is_empty() {
            0
        } else {
            self.count(BroadcastState::Success) * 100 / self.boxes.len()
        };
        json!({
            "rpt_time": at(now),
            "ebm_id": self.ebm,
            "brd_state_code": state.code(),
            "brd_state_desc": state.zh(),
            "coverage": {
                "area_code": self.areas.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
                "coverage_rate": rate,
            },
            "res_brd_info": boxes.collect::<Vec<_>>(),
        })
    }
}

impl<M: Mode> Office<M> {
    /// The bulletins of a warning in all the boxes that an officer may see, newest first. A box that told nothing counts as
    /// one of them when it was written down in a division that the bulletin names.
    ///
    /// # Errors
    /// [`OfficeError::NoSuchAlert`]; [`OfficeError::NoAccount`] without speakers; [`OfficeError::Store`].
    pub async fn broadcasts(&self, officer: &Officer, id: AlertId) -> Result<Vec<Broadcast>, OfficeError> {
        let fleet = self.fleet()?;
        self.alert(id).await?;
        let bulletins = bulletins(self.store.as_ref(), id).await?;
        let ebms: BTreeSet<EbmId> = bulletins.iter().map(|bulletin| bulletin.ebm).collect();
        let told = fleet.playouts(&ebms.into_iter().collect::<Vec<_>>()).await?;
        let mine = fleet.boxes(officer.owner.scope);
        let mut broadcasts: BTreeMap<EbmId, Broadcast> = BTreeMap::new();
        for bulletin in bulletins {
            let (ebm, areas, end) = (bulletin.ebm, bulletin.areas, bulletin.end);
            let is_meant = |region: RegionCode| areas.iter().any(|area| area.contains(region));
            let meant =
                mine.iter().filter(|view| view.record.is_some() && view.region().is_some_and(is_meant));
            let boxes = meant.map(|view| (view.code, None)).collect();
            broadcasts.entry(ebm).or_insert(Broadcast { ebm, areas, end, boxes });
        }
        for (code, playout) in told {
            if fleet.one(officer.owner.scope, code).is_some()
                && let Some(broadcast) = broadcasts.get_mut(&playout.ebm)
            {
                broadcast.boxes.insert(code, Some(playout));
            }
        }
        Ok(broadcasts.into_values().rev().collect())
    }
}

/// An order to boxes in the same form.
pub fn of_order(order: &BoxOrder, scope: RegionCode, mut told: BTreeMap<ResourceCode, Playout>) -> Broadcast {
    let boxes = order.codes.iter().map(|code| (*code, told.remove(code))).collect();
    Broadcast { ebm: order.ebm, areas: vec![scope], end: order.until, boxes }
}
