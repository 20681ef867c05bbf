//! Village boxes over JSON: how they are, what became of broadcasts in them, where somebody has to go, tests and the stop of
//! everything. A key sees its organisation's division alone.

use super::{ApiError, Caller, Door, body::Body, path::Id};
use crate::{
    fleet::{
        export,
        pick::{Counts, Pick},
        view::{BoxView, Condition},
    },
    office::{Office, OfficeError, TestOrder, broadcast},
};
use axum::{
    Json,
    extract::{Query, State},
};
use mingluo_ledger::store::BoxOrder;
use mingluo_model::{
    bulletin::{EbmId, ResourceCode},
    id::AlertId,
    mode::Mode,
    owner::Officer,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

type Of<M> = State<Arc<Door<M>>>;
type Answer = Result<Json<Value>, ApiError>;

/// What must be typed to stop everything: no input method stands between an officer and this.
pub(crate) const STOP: &str = "STOP";

pub(super) async fn list<M: Mode>(State(door): Of<M>, caller: Caller, Query(pick): Query<Pick>) -> Answer {
    let boxes = door.office.boxes(&caller.0)?;
    let counts = Counts::of(&boxes);
    let name = |code| door.office.gazetteer().get(code).map(|division| division.name.to_string());
    let wanted = boxes.iter().filter(|view| pick.wants(view, name));
    let by: BTreeMap<&str, usize> =
        Condition::ALL.into_iter().map(|it| (it.word(), counts.in_condition(it))).collect();
    Ok(Json(json!({
        "counts": { "all": counts.all, "with_alarm": counts.with_alarm, "without_mains": counts.on_battery, "by_condition": by },
        "boxes": wanted.map(BoxView::told).collect::<Vec<_>>(),
    })))
}

pub(super) async fn show<M: Mode>(State(door): Of<M>, caller: Caller, Id(code): Id<ResourceCode>) -> Answer {
    let mut told = door.office.one_box(&caller.0, code)?.told();
    let timeline = door.office.timeline(&caller.0, code).await?;
    told["playouts"] = timeline
        .playouts
        .iter()
        .map(|it| {
            json!({
                "ebm_id": it.ebm, "first": it.first, "start": it.started, "end": it.ended, "heard": it.heard,
                "brd_state_code": it.state.code(), "brd_state_desc": it.state.zh(), "reason": it.reason,
            })
        })
        .collect();
    let event =
        |it: &mingluo_ledger::store::BoxEvent| json!({ "at": it.at, "kind": it.kind, "detail": it.detail });
    told["events"] = timeline.events.iter().map(event).collect();
    Ok(Json(told))
}

pub(super) async fn visits<M: Mode>(State(door): Of<M>, caller: Caller) -> Answer {
    Ok(Json(export::json(&door.office.visits(&caller.0).await?)))
}

pub(super) async fn broadcasts<M: Mode>(State(door): Of<M>, caller: Caller, Id(id): Id<AlertId>) -> Answer {
    door.office.alert_seen_by(&caller.0, id).await?;
    let (office, now) = (&door.office, door.office.clock.now());
    let broadcasts = office.broadcasts(&caller.0, id).await?;
    let told = broadcasts.iter().map(|it| it.told(now, |at| office.local_time(at)));
    Ok(Json(json!(told.collect::<Vec<_>>())))
}

pub(super) async fn test<M: Mode>(
    State(door): Of<M>,
    caller: Caller,
    Body(wanted): Body<TestOrder>,
) -> Answer {
    let order = door.office.test_boxes(&caller.0, &wanted).await?;
    Ok(Json(ordered(&order)))
}

/// The one word that is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmed {
    confirm: String,
}

pub(super) async fn stop<M: Mode>(
    State(door): Of<M>,
    caller: Caller,
    Body(Confirmed { confirm }): Body<Confirmed>,
) -> Answer {
    if !confirm.eq_ignore_ascii_case(STOP) {
        return Err(OfficeError::NotConfirmed { typed: confirm.chars().take(20).collect() }.into());
    }
    let stopped = door.office.stop_all(&caller.0).await?;
    let mut told = ordered(&stopped.order);
    told["plans"] = json!(stopped.plans);
    Ok(Json(told))
}

pub(super) async fn order<M: Mode>(State(door): Of<M>, caller: Caller, Id(ebm): Id<EbmId>) -> Answer {
    Ok(Json(order_told(&door.office, &caller.0, ebm).await?))
}

async fn order_told<M: Mode>(office: &Office<M>, officer: &Officer, ebm: EbmId) -> Result<Value, ApiError> {
    let (order, playouts) = office.box_order(officer, ebm).await?;
    let broadcast = broadcast::of_order(&order, officer.owner.scope, playouts);
    let mut told = broadcast.told(office.clock.now(), |at| office.local_time(at));
    told["kind"] = json!(order.kind.word());
    Ok(told)
}

fn ordered(order: &BoxOrder) -> Value {
    json!({ "ebm_id": order.ebm, "kind": order.kind.word(), "boxes": order.codes.len(), "at": order.at, "until": order.until })
}
