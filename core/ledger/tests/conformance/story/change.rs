//! What a click makes durable.

use crate::{
    cast::{NOON, account, alert, alert_id, line, plan},
    house::House,
};
use mingluo_ledger::{
    StoreError,
    store::{AlertWrite, Change},
};
use mingluo_model::{
    alert::{AlertState, Signature},
    area::Shape,
    mode::{Drill, Live, ModeKind},
    plan::AccountName,
};

fn written(alert: mingluo_ledger::store::StoredAlert) -> Change {
    Change { alerts: vec![AlertWrite { alert }], ..Change::default() }
}

pub(crate) async fn change_is_all_or_nothing(house: &House) {
    let mut change = written(alert(1, ModeKind::Live));
    change.audit.push(line("alert.release"));
    change.plans.push(plan::<Live>(1, alert_id(1)));
    let nobody_registered_the_account = house.store.commit(&change).await;
    assert!(matches!(nobody_registered_the_account, Err(StoreError::Database { .. })));
    assert_eq!(house.store.alert(alert_id(1)).await.unwrap(), None);

    house.store.register_accounts(&[(account(), ModeKind::Live)]).await.unwrap();
    house.store.commit(&change).await.unwrap();
    assert!(house.store.alert(alert_id(1)).await.unwrap().is_some());
    assert_eq!(house.store.plans(alert_id(1)).await.unwrap(), change.plans);
    assert_eq!(house.store.audit_rows(0, 10).await.unwrap().len(), 1);
}

pub(crate) async fn stale_revision_conflicts(house: &House) {
    house.store.commit(&written(alert(1, ModeKind::Live))).await.unwrap();
    let read = house.store.alert(alert_id(1)).await.unwrap().unwrap();
    let mut submitted = read.clone();
    submitted.state = AlertState::Expired { at: crate::cast::NOON };
    house.store.commit(&written(submitted.clone())).await.unwrap();

    let mut late = written(read);
    late.audit.push(line("alert.submit"));
    assert!(matches!(house.store.commit(&late).await, Err(StoreError::Conflict { revision: 1, .. })));
    let twice = house.store.commit(&written(alert(1, ModeKind::Live))).await;
    assert!(matches!(twice, Err(StoreError::Conflict { revision: 0, .. })));
    let kept = house.store.alert(alert_id(1)).await.unwrap().unwrap();
    assert_eq!((kept.revision, kept.state), (2, submitted.state));
    assert!(house.store.audit_rows(0, 10).await.unwrap().is_empty());
}

pub(crate) async fn what_stands_released_is_found_however_much_was_written_since(house: &House) {
    for number in 1..=4 {
        house.store.commit(&written(alert(number, ModeKind::Live))).await.unwrap();
    }
    for number in [1, 2] {
        let mut released = house.store.alert(alert_id(number)).await.unwrap().unwrap();
        let content = released.content.hash(ModeKind::Live);
        let release = Signature { officer: released.author, at: NOON, content };
        released.state = AlertState::Released { release, hold_until: NOON };
        house.store.commit(&written(released)).await.unwrap();
    }
    let mut over = house.store.alert(alert_id(2)).await.unwrap().unwrap();
    over.state = AlertState::Expired { at: NOON };
    house.store.commit(&written(over)).await.unwrap();
    let found = house.store.released_alerts(ModeKind::Live).await.unwrap();
    assert_eq!(found.iter().map(|alert| alert.id).collect::<Vec<_>>(), [alert_id(1)]);
    assert_eq!(house.store.released_alerts(ModeKind::Drill).await.unwrap(), []);

    let mut recalled = house.store.alert(alert_id(4)).await.unwrap().unwrap();
    recalled.state = AlertState::Recalled { by: recalled.author, at: NOON };
    house.store.commit(&written(recalled)).await.unwrap();
    let mut lifted = house.store.alert(alert_id(1)).await.unwrap().unwrap();
    lifted.state = AlertState::Lifted { by: alert_id(2), at: NOON };
    house.store.commit(&written(lifted)).await.unwrap();
    let ended = async |skip, limit| {
        let found = house.store.ended_alerts(ModeKind::Live, skip, limit).await.unwrap();
        found.into_iter().map(|alert| alert.id).collect::<Vec<_>>()
    };
    assert_eq!(
        ended(0, 10).await,
        [alert_id(2), alert_id(1)],
        "the newest first, and nothing that was never out"
    );
    assert_eq!((ended(0, 1).await, ended(1, 1).await), (vec![alert_id(2)], vec![alert_id(1)]));
    assert_eq!(house.store.ended_alerts(ModeKind::Drill, 0, 10).await.unwrap(), []);
}

pub(crate) async fn content_comes_back_to_the_last_bit(house: &House) {
    let mut one = alert(1, ModeKind::Live);
    let third = |n: u32| 41.0 + f64::from(n) / 3_000_017.0;
    one.content.area.shapes = vec![Shape::Polygon((0..2_000).map(|n| (third(n), third(n) * 3.0)).collect())];
    house.store.commit(&written(one.clone())).await.unwrap();
    house.store.commit(&written(alert(2, ModeKind::Live))).await.unwrap();
    house.store.commit(&written(alert(3, ModeKind::Drill))).await.unwrap();

    let kept = house.store.alerts(ModeKind::Live, 10).await.unwrap();
    assert_eq!(kept.iter().map(|alert| alert.id).collect::<Vec<_>>(), [alert_id(2), alert_id(1)]);
    assert_eq!(kept[1].content.hash(ModeKind::Live), one.content.hash(ModeKind::Live));
}

pub(crate) async fn drill_plan_cannot_hang_on_a_live_alert(house: &House) {
    let drill_account = AccountName("cmpp-drill".into());
    let accounts = [(account(), ModeKind::Live), (drill_account, ModeKind::Drill)];
    house.store.register_accounts(&accounts).await.unwrap();
    let mut change = written(alert(1, ModeKind::Live));
    change.plans.push(plan::<Live>(1, alert_id(1)));
    house.store.commit(&change).await.unwrap();

    let to_drill = house.raw("update plan set mode = 1, account = 'cmpp-drill'").await;
    assert!(to_drill.unwrap_err().to_string().to_lowercase().contains("foreign key"));
    let drill = Change { plans: vec![plan::<Drill>(2, alert_id(1))], ..Change::default() };
    assert!(house.store.commit(&drill).await.is_err());
    assert!(house.raw("update alert set mode = 1").await.is_err());
    assert!(house.store.open_plans(ModeKind::Drill).await.unwrap().is_empty());
}

pub(crate) async fn an_account_is_live_or_drill_never_both(house: &House) {
    house.store.register_accounts(&[(account(), ModeKind::Live)]).await.unwrap();
    house.store.register_accounts(&[(account(), ModeKind::Live)]).await.unwrap();
    let other = AccountName("other".into());
    let both = [(other.clone(), ModeKind::Live), (account(), ModeKind::Drill)];
    let error = house.store.register_accounts(&both).await.unwrap_err();
    assert!(matches!(error, StoreError::AccountMode { kept: ModeKind::Live, .. }), "{error}");
    house.store.register_accounts(&[(other, ModeKind::Drill)]).await.unwrap();
}
