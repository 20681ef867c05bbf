//! Plans and their folds.

use crate::{
    cast::{NOON, account, alert, alert_id, block, edition, edition_id, line, plan, plan_id},
    house::House,
};
use mingluo_ledger::{
    chunk::Chunk,
    store::{AlertWrite, Change, StoredPlan},
};
use mingluo_model::{
    audience::ChannelKind,
    mode::{Live, ModeKind},
    plan::{Cause, Plan, PlanStatus, Target},
};

async fn live_alert_with(house: &House, plans: Vec<StoredPlan>) {
    house.store.register_accounts(&[(account(), ModeKind::Live)]).await.unwrap();
    let alerts = vec![AlertWrite { alert: alert(1, ModeKind::Live) }];
    house.store.commit(&Change { alerts, plans, ..Change::default() }).await.unwrap();
}

pub(crate) async fn plans_come_back_in_their_order(house: &House) {
    house.store.begin_edition(&edition(1, 3)).await.unwrap();
    house.store.add_blocks(edition_id(1), &[block(0, 3, "13900000000")]).await.unwrap();
    house.store.seal_edition(edition_id(1), None, line("edition.seal")).await.unwrap();
    let mut to_people = plan::<Live>(9, alert_id(1)).typed::<Live>().unwrap();
    let ordinals = (0..3).chain(1_000_000..1_500_000).collect();
    to_people.target = Target::People { edition: edition_id(1), ordinals };
    to_people.cause = Cause::FallbackOf(plan_id(7));
    to_people.instead_of = Some(plan_id(7));
    let plans = vec![
        plan::<Live>(7, alert_id(1)),
        StoredPlan::new(&to_people, PlanStatus::Stopped),
        plan::<Live>(2, alert_id(1)),
    ];
    live_alert_with(house, plans.clone()).await;
    assert_eq!(house.store.plans(alert_id(1)).await.unwrap(), plans);
    assert_eq!(house.store.open_plans(ModeKind::Live).await.unwrap(), plans);
    assert!(house.store.open_plans(ModeKind::Drill).await.unwrap().is_empty());
}

pub(crate) async fn every_channel_has_its_plans_and_addresses_and_no_other(house: &House) {
    house.store.begin_edition(&edition(1, 1)).await.unwrap();
    let mut one = block(0, 1, "13900000000");
    let column = one.columns[&ChannelKind::Sms].clone();
    one.columns = ChannelKind::ALL.into_iter().map(|channel| (channel, column.clone())).collect();
    house.store.add_blocks(edition_id(1), &[one.clone()]).await.unwrap();
    house.store.seal_edition(edition_id(1), None, line("edition.seal")).await.unwrap();
    let of = |(number, channel)| {
        let typed = plan::<Live>(number, alert_id(1)).typed::<Live>().unwrap();
        StoredPlan::new(&Plan { channel, ..typed }, PlanStatus::Open)
    };
    let plans: Vec<StoredPlan> = (1..).zip(ChannelKind::ALL).map(of).collect();
    live_alert_with(house, plans.clone()).await;
    assert_eq!(house.store.plans(alert_id(1)).await.unwrap(), plans);
    for channel in ChannelKind::ALL {
        let kept = house.store.blocks(edition_id(1), channel, 0, 0).await.unwrap();
        assert_eq!(kept[0].columns[&channel], column, "{channel:?}");
    }
    let most = ChannelKind::ALL.into_iter().map(ChannelKind::number).max().unwrap();
    for table in ["plan", "edition_column"] {
        let beyond = format!("update {table} set channel = {} where channel = {most}", most + 1);
        assert!(house.raw(&beyond).await.is_err(), "{table} takes a channel that there is not");
    }
}

fn chunk(chunk_no: u32) -> Chunk {
    Chunk {
        chunk_no,
        standings: vec![4, 0xff],
        attempts: vec![1, 0],
        t_submit_ms: vec![chunk_no, Chunk::NEVER],
        t_final_ms: vec![900, Chunk::NEVER],
    }
}

pub(crate) async fn a_closed_plan_stays_closed_and_keeps_its_fold(house: &House) {
    live_alert_with(house, vec![plan::<Live>(1, alert_id(1)), plan::<Live>(2, alert_id(1))]).await;
    let chunks: Vec<_> = (0..70).map(chunk).collect();
    house.store.close(plan_id(1), &chunks).await.unwrap();
    assert_eq!(house.store.chunks(plan_id(1)).await.unwrap(), chunks);

    let mut amended = chunk(69);
    amended.standings[0] = 7;
    house.store.close(plan_id(1), std::slice::from_ref(&amended)).await.unwrap();
    assert_eq!(house.store.chunk(plan_id(1), 69).await.unwrap(), Some(amended), "written anew by itself");
    assert_eq!(house.store.chunk(plan_id(1), 68).await.unwrap(), Some(chunk(68)));
    assert_eq!(house.store.chunk(plan_id(2), 0).await.unwrap(), None);

    let statuses = vec![(plan_id(1), PlanStatus::Open), (plan_id(2), PlanStatus::Stopped)];
    house.store.commit(&Change { statuses, ..Change::default() }).await.unwrap();
    let open = house.store.open_plans(ModeKind::Live).await.unwrap();
    assert_eq!(open.iter().map(|plan| plan.status).collect::<Vec<_>>(), [PlanStatus::Stopped]);
    let kept = house.store.plans(alert_id(1)).await.unwrap();
    assert_eq!((kept[0].status, kept[0].fields().not_before), (PlanStatus::Closed, NOON));
}
