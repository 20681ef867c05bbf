//! Stories of what a warning's page says of its mass sends. Time stands still until a story moves it.

use super::{
    approved_form, sent_to,
    town::{Fields, Town},
};
use crate::office::Withdrawal;
use axum::http::StatusCode;
use mingluo_model::{
    delivery::Reason,
    id::PlanId,
    plan::AccountName,
    receipt::{AggregateReceipt, Job, JobBegun, ProviderId},
};
use std::time::Duration;

fn account() -> AccountName {
    AccountName("live-mass".into())
}

/// A red warning to the followers is out; the plan of its mass send.
async fn released(town: &Town) -> (String, PlanId) {
    let mut form: Fields = town.red.clone();
    form.retain(|(name, _)| *name != "channels");
    form.push(("channels", "wechat"));
    let id = approved_form(town, "/live", &form).await;
    let zhao = town.sign_in("zhao").await;
    let done = zhao.post(&format!("/live/alerts/{id}/release"), &[("deliveries", "1")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let plans = town.city.store.plans(id.parse().unwrap()).await.unwrap();
    let plan = plans.iter().find(|plan| plan.fields().account == account()).unwrap();
    (id, plan.fields().id)
}

/// The platform takes so many calls of a plan.
async fn taken(town: &Town, plan: PlanId, calls: u32) {
    let begun = Some(JobBegun { plan, recipients: 1_200, at: town.city.clock.now() });
    let id = |number: u32| ProviderId::new(number.to_string().as_bytes());
    let job = |number| Job { account: account(), provider_id: id(number), begun, end: None };
    let jobs: Vec<_> = (0..calls).map(job).collect();
    town.city.store.begin_jobs(&jobs).await.unwrap();
}

/// The platform tells how the first of them ended.
async fn ended(town: &Town, refused: Option<Reason>, far_code: &str) {
    let end = AggregateReceipt {
        provider_id: ProviderId::new(b"0"),
        refused,
        targeted: Some(1_200),
        filtered: Some(200),
        reached: Some(if refused.is_some() { 0 } else { 1_000 }),
        failed: Some(0),
        far_code: far_code.into(),
        at: town.city.clock.now(),
    };
    town.city.store.end_jobs(&account(), &[end]).await.unwrap();
}

/// What the warning's page says after so long.
async fn page(town: &Town, id: &str, after: Duration) -> String {
    town.shift.advance(after);
    town.sign_in("zhao").await.get(&format!("/live/alerts/{id}")).await.body
}

const SOON: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_mass_send_that_waits_for_its_administrator_is_said_loudly_and_that_it_was_refused_as_well() {
    let town = Town::with_mass_sends().await;
    let (id, plan) = released(&town).await;
    assert!(!page(&town, &id, SOON).await.contains("微信群发用量"), "nothing was taken yet");

    taken(&town, plan, 1).await;
    let early = page(&town, &id, SOON).await;
    assert!(
        !early.contains("点“确认”") && early.contains("近 24 小时调用 1 次；近 31 天群发过 1 个预警"),
        "{early}"
    );
    let late = page(&town, &id, Duration::from_secs(20)).await;
    let loud = r#"<div class="notice bad" role="status"><span class="mk">!</span><span>微信群发：1,200 人的群发已提交"#;
    assert!(late.contains(loud) && late.contains("点“确认”"), "{late}");

    ended(&town, Some(Reason::NotAllowed), "err(40001)").await;
    let refused = page(&town, &id, SOON).await;
    assert!(
        refused.contains("公众号管理员拒绝了群发（err(40001)）") && !refused.contains("点“确认”"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_mass_send_that_waits_when_its_warning_is_lifted_is_to_be_refused_on_both_pages() {
    let town = Town::with_mass_sends().await;
    let (id, plan) = released(&town).await;
    taken(&town, plan, 1).await;
    let zhao = town.sign_in("zhao").await;
    let words = town.prewritten(&id, Withdrawal::Lift).await;
    let path = format!("/live/alerts/{id}/lift");
    let done = zhao.post(&path, &[("body", &words), ("key", "k")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let lift = sent_to(done.location());
    for one in [&id, &lift] {
        let told = page(&town, one, SOON).await;
        assert!(told.contains("点“拒绝”") && !told.contains("点“确认”"), "{told}");
    }

    ended(&town, None, "send success").await;
    let told = page(&town, &id, SOON).await;
    assert!(
        !told.contains("点“拒绝”") && told.contains("平台称发给 1,200 人中的 1,000 人（83.3%）"),
        "{told}"
    );
}

#[tokio::test]
async fn every_call_of_a_day_is_counted_however_many_there_are() {
    let town = Town::with_mass_sends().await;
    let (id, plan) = released(&town).await;
    taken(&town, plan, 1_001).await;
    let told = page(&town, &id, SOON).await;
    assert!(told.contains("近 24 小时调用 1,001 次；近 31 天群发过 1 个预警"), "{told}");
}
