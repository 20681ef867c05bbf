//! Jobs for many at once.

use crate::{cast::NOON, house::House};
use mingluo_model::{
    clock::Timestamp,
    delivery::Reason,
    id::PlanId,
    mode::ModeKind,
    plan::AccountName,
    receipt::{AggregateReceipt, Job, JobBegun, ProviderId},
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
}
