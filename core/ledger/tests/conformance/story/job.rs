//! Jobs for many at once.

use crate::{
    cast::{NOON, account, alert, alert_id, plan, plan_id},
    house::House,
};
use mingluo_ledger::store::{AlertWrite, Change};
use mingluo_model::{
    clock::Timestamp,
    delivery::Reason,
    id::PlanId,
    mode::{Live, ModeKind},
    plan::AccountName,
    receipt::{AggregateReceipt, Job, JobBegun, JobsUsed, ProviderId},
};

const PLAN: &str = "0190163d-8694-739b-aea5-966c26f8ad91";

fn job(id: &str, recipients: u32, at: i64) -> Job {
    let begun = JobBegun { plan: PLAN.parse::<PlanId>().unwrap(), recipients, at: Timestamp(NOON.0 + at) };
    let (account, provider_id) = (AccountName("mass".into()), ProviderId::new(id.as_bytes()));
    Job { account, provider_id, begun: Some(begun), end: None }
}

fn end(id: &str, refused: Option<Reason>, at: i64) -> AggregateReceipt {
    AggregateReceipt {
        provider_id: ProviderId::new(id.as_bytes()),
        refused,
        targeted: Some(10_000),
        filtered: Some(120),
        reached: Some(9_860),
        failed: None,
        far_code: "send success".into(),
        at: Timestamp(NOON.0 + at),
    }
}

pub(crate) async fn a_job_and_its_end_are_kept_whichever_is_heard_first(house: &House) {
    let (store, mass) = (&house.store, AccountName("mass".into()));
    let accounts = [(mass.clone(), ModeKind::Live), (AccountName("drill".into()), ModeKind::Drill)];
    store.register_accounts(&accounts).await.unwrap();

    store.begin_jobs(&[job("1", 6_000, 10)]).await.unwrap();
    store.begin_jobs(&[job("1", 10_000, 20)]).await.unwrap();
    store.end_jobs(&mass, &[end("1", None, 30)]).await.unwrap();
    store.end_jobs(&mass, &[end("2", Some(Reason::NotAllowed), 40)]).await.unwrap();
    store.begin_jobs(&[job("2", 40, 50)]).await.unwrap();
    store.end_jobs(&mass, &[end("2", Some(Reason::NotAllowed), 60), end("3", None, 5)]).await.unwrap();

    let first = Job { end: Some(end("1", None, 30)), ..job("1", 10_000, 10) };
    let second = Job { end: Some(end("2", Some(Reason::NotAllowed), 40)), ..job("2", 40, 50) };
    let strange = Job { begun: None, end: Some(end("3", None, 5)), ..job("3", 0, 0) };
    let kept = store.jobs(ModeKind::Live, 10).await.unwrap();
    assert_eq!(kept, [second.clone(), first, strange], "newest first; what is said again changes no time");
    assert_eq!(store.jobs(ModeKind::Live, 1).await.unwrap(), [second]);
    assert!(store.jobs(ModeKind::Drill, 10).await.unwrap().is_empty());

    let (refused, far_code) = (Some(Reason::NoReceipt), "no end told".into());
    let told = end("1", refused, 70);
    let asked = AggregateReceipt { targeted: None, filtered: None, reached: None, far_code, ..told };
    store.end_jobs(&mass, &[asked]).await.unwrap();
    let kept = store.jobs(ModeKind::Live, 10).await.unwrap();
    assert_eq!(kept[1].end, Some(end("1", None, 30)), "who was asked later knows less than who told");
}

/// Two warnings of two plans each; the second plan of the first is folded.
async fn four_plans(house: &House) {
    let store = &house.store;
    store.register_accounts(&[(account(), ModeKind::Live)]).await.unwrap();
    let alerts = [1, 2].map(|number| AlertWrite { alert: alert(number, ModeKind::Live) }).into();
    let plans =
        [(1, 1), (2, 1), (3, 2), (4, 2)].map(|(number, of)| plan::<Live>(number, alert_id(of))).into();
    store.commit(&Change { alerts, plans, ..Change::default() }).await.unwrap();
    store.close(plan_id(2), &[]).await.unwrap();
}

/// A job of one of them.
fn job_of(number: u128, id: &str, at: i64) -> Job {
    let begun = JobBegun { plan: plan_id(number), recipients: 10, at: Timestamp(NOON.0 + at) };
    Job { account: account(), begun: Some(begun), ..job(id, 0, 0) }
}

pub(crate) async fn ends_are_remembered_of_plans_that_are_open(house: &House) {
    four_plans(house).await;
    let store = &house.store;
    let jobs = [job_of(1, "ended", 1), job_of(1, "open", 2), job_of(2, "folded", 3)];
    store.begin_jobs(&jobs).await.unwrap();
    let ends = [("ended", 10), ("folded", 10), ("strange and old", 10), ("strange", 20)];
    store.end_jobs(&account(), &ends.map(|(id, at)| end(id, None, at))).await.unwrap();

    let ended = store.ended_jobs(ModeKind::Live, Timestamp(NOON.0 + 20)).await.unwrap();

    assert_eq!(ended, ["ended", "strange"].map(|id| (account(), ProviderId::new(id.as_bytes()))));
    assert!(store.ended_jobs(ModeKind::Drill, NOON).await.unwrap().is_empty());
}

pub(crate) async fn what_is_used_of_jobs_is_counted_by_calls_and_by_warnings(house: &House) {
    four_plans(house).await;
    let store = &house.store;
    let jobs = [job_of(1, "a", 0), job_of(2, "b", 10), job_of(2, "c", 20), job_of(3, "d", 30)];
    store.begin_jobs(&jobs).await.unwrap();
    store.end_jobs(&account(), &[end("a", None, 40), end("nobody's", None, 40)]).await.unwrap();

    let used = async |mode, calls, warnings| {
        store.jobs_used(mode, Timestamp(NOON.0 + calls), Timestamp(NOON.0 + warnings)).await.unwrap()
    };

    assert_eq!(used(ModeKind::Live, 20, 0).await, JobsUsed { calls: 2, warnings: 2 });
    assert_eq!(used(ModeKind::Live, 0, 21).await, JobsUsed { calls: 4, warnings: 1 });
    assert_eq!(used(ModeKind::Live, 31, 31).await, JobsUsed::default());
    assert_eq!(used(ModeKind::Drill, 0, 0).await, JobsUsed::default());
}
