//! Stories of responsible persons who are called, answer, sleep, or are not there. Time stands still until a story moves it.

use super::{approved, state, town::Town};
use crate::office::{Outcome, Withdrawal};
use axum::http::StatusCode;
use mingluo_ledger::store::{CallStep, Taken};
use mingluo_model::{
    address::Address,
    alert::AlertState,
    audience::ChannelKind,
    call::Rung,
    message::Body,
    mode::ModeKind,
    owner::Role,
    plan::{AccountName, Cause},
    reply::Reply,
};
use std::time::Duration;

const OFFICER: &str = "+8619730601240";
const DEPUTY: &str = "+8619730601241";
const COUNTY: &str = "+8619730601242";

/// The officer on duty of 清原镇 with telephone and mailbox, a deputy, and somebody of the county who sits in another town.
const ALL: &str = ",township_duty,+8619730601240,,duty@pretend.invalid,\n\
210423100002,township_duty,+8619730601241,,,\n210423101008,agency_duty,+8619730601242,,,\n";

const RED: Duration = Duration::from_mins(5);

/// A red warning is out, and the calls have begun.
async fn released(town: &Town, base: &str) -> String {
    let id = approved(town, base).await;
    let deliveries = match base {
        "/live" => town.city.live.alert(id.parse().unwrap()).await.unwrap().0.content.audience.deliveries(),
        _ => 0,
    };
    let zhao = town.sign_in("zhao").await;
    let done =
        zhao.post(&format!("{base}/alerts/{id}/release"), &[("deliveries", &deliveries.to_string())]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    look(town).await;
    id
}

async fn look(town: &Town) {
    town.city.live.look_at_calls().await.unwrap();
    town.city.drill.look_at_calls().await.unwrap();
}

async fn later(town: &Town, by: Duration) {
    town.shift.advance(by);
    look(town).await;
}

/// The steps of the only call.
async fn steps(town: &Town, id: &str) -> Vec<CallStep> {
    let calls = town.city.store.calls(id.parse().unwrap()).await.unwrap();
    assert_eq!(calls.len(), 1, "one township, one call");
    calls.into_iter().next().unwrap().steps
}

async fn rungs(town: &Town, id: &str) -> Vec<Option<Rung>> {
    let rung = |step: CallStep| match step.taken {
        Taken::Asked { rung, .. } => Some(rung),
        Taken::Nobody => Some(Rung::Nobody),
        Taken::Answered(_) => None,
    };
    steps(town, id).await.into_iter().map(rung).collect()
}

/// The words that the message of this rung says.
async fn said(town: &Town, id: &str, at: Rung) -> String {
    let plan = steps(town, id).await.into_iter().find_map(|step| match step.taken {
        Taken::Asked { rung, plan, .. } if rung == at => Some(plan),
        _ => None,
    });
    let stored = town.city.store.plan(plan.unwrap()).await.unwrap().unwrap();
    assert_eq!(stored.fields().cause, Cause::Call);
    match &stored.fields().message.body {
        Body::Sms { text } | Body::Email { text, .. } => text.clone(),
        other => panic!("{other:?}"),
    }
}

/// The path of the link in a message.
fn link(said: &str) -> String {
    let (_, rest) = said.split_once("https://warn.example").unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

fn code(said: &str) -> String {
    let (_, rest) = said.split_once("回复").unwrap();
    rest.chars().take(6).collect()
}

/// Somebody writes back to the access number of live warnings.
async fn writes(town: &Town, from: &str, words: &str) {
    let (from, words, at) = (Address::new(from), words.to_owned(), town.city.clock.now());
    let reply = Reply { from, to: "1069".into(), words, id: None, part: None, at };
    let roster = town.city.live.engine().roster();
    roster.keep_replies(&AccountName("live-sms".into()), &[reply]).await.unwrap();
}

#[tokio::test]
async fn the_township_officer_sleeps_and_the_deputy_is_asked() {
    let town = Town::with_calls(ALL).await;
    let id = released(&town, "/live").await;
    let page = format!("/live/alerts/{id}");
    let zhao = town.sign_in("zhao").await;
    assert_eq!(rungs(&town, &id).await, [Some(Rung::Asked)]);
    let shown = zhao.get(&page).await.body;
    for words in ["叫应", "清原镇 <span class=\"pill\">未应</span>", "未应：乡镇（街道）值班室"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains("19730601240") && !shown.contains("duty@pretend"), "no address on the page");

    later(&town, Duration::from_secs(299)).await;
    assert_eq!(rungs(&town, &id).await, [Some(Rung::Asked)], "not before its time");
    later(&town, Duration::from_secs(1)).await;
    let mail = said(&town, &id, Rung::Reminded).await;
    assert!(mail.contains("尚未收到您的应答") && mail.contains("预计今晚清原镇有大暴雨"), "{mail}");
    later(&town, RED).await;
    assert_eq!(rungs(&town, &id).await, [Rung::Asked, Rung::Reminded, Rung::Deputy].map(Some));
    assert!(zhao.get(&page).await.body.contains("已转副职"));

    let asked = said(&town, &id, Rung::Deputy).await;
    writes(&town, COUNTY, &code(&asked)).await;
    assert_eq!(rungs(&town, &id).await.len(), 3, "another's telephone answers for nobody");
    writes(&town, DEPUTY, &format!("收到 {}", code(&asked))).await;
    assert_eq!(rungs(&town, &id).await[3], None);
    later(&town, 3 * RED).await;
    assert_eq!(rungs(&town, &id).await.len(), 4, "who has answered is asked no more");
    town.shift.advance(Duration::from_secs(1));
    let shown = town.sign_in("zhao").await.get(&page).await.body;
    assert!(shown.contains("已应 1") && shown.contains("短信回复"), "{shown}");
}

#[tokio::test]
async fn nobody_answers_and_the_levels_above_are_asked_until_nobody_is_left() {
    let town = Town::with_calls(ALL).await;
    let id = released(&town, "/live").await;
    for _ in 0..6 {
        later(&town, RED).await;
    }
    let all = [Rung::Asked, Rung::Reminded, Rung::Deputy, Rung::County, Rung::Nobody];
    assert_eq!(rungs(&town, &id).await, all.map(Some), "the city has nobody");
    let county = said(&town, &id, Rung::County).await;
    assert!(county.contains("乡镇责任人未应答") && county.contains("清原镇"), "{county}");
    town.shift.advance(Duration::from_secs(1));
    let shown = town.sign_in("zhao").await.get(&format!("/live/alerts/{id}")).await.body;
    assert!(shown.contains("无人可叫 1") && shown.contains("市、县应急成员单位"), "{shown}");
    let lines = town.city.store.audit_rows(0, 999).await.unwrap();
    let steps = lines.iter().filter(|row| row.line.action == "call.step").count();
    assert_eq!(steps, 5, "each step left its line");
    writes(&town, OFFICER, &code(&said(&town, &id, Rung::Asked).await)).await;
    assert_eq!(rungs(&town, &id).await.last(), Some(&None), "late is better than never");
}

#[tokio::test]
async fn a_link_is_used_twice() {
    let town = Town::with_calls(ALL).await;
    let id = released(&town, "/live").await;
    let path = link(&said(&town, &id, Rung::Asked).await);
    let officer = town.stranger();
    for _ in 0..3 {
        let page = officer.get(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("已收到，马上处置") && page.body.contains("预计今晚清原镇有大暴雨"));
        assert!(page.header("cache-control").contains("no-store"));
    }
    assert_eq!(rungs(&town, &id).await, [Some(Rung::Asked)], "who only opens it answers nothing");
    let done = officer.post(&path, &[]).await.body;
    assert!(done.contains("已记下：") && done.contains("手机页面") && !done.contains("<form"), "{done}");
    let answer = steps(&town, &id).await[1].clone();
    later(&town, RED).await;
    for again in [officer.post(&path, &[]).await, officer.get(&path).await] {
        assert_eq!(again.status, StatusCode::OK);
        assert!(again.body.contains("此事已于") && !again.body.contains("<form"), "{}", again.body);
    }
    assert_eq!(steps(&town, &id).await[1..], [answer], "the first answer stands");
}

#[tokio::test]
async fn who_was_slower_than_the_deputy_is_told_that_it_is_done() {
    let town = Town::with_calls(ALL).await;
    let id = released(&town, "/live").await;
    later(&town, RED).await;
    later(&town, RED).await;
    let mail = link(&said(&town, &id, Rung::Reminded).await);
    writes(&town, DEPUTY, &code(&said(&town, &id, Rung::Deputy).await)).await;
    let late = town.stranger().post(&mail, &[]).await.body;
    assert!(late.contains("此事已于") && late.contains("短信回复"), "{late}");
}

#[tokio::test]
async fn a_mails_link_counts_as_the_mails() {
    let town = Town::with_calls(ALL).await;
    let id = released(&town, "/live").await;
    later(&town, RED).await;
    let done = town.stranger().post(&link(&said(&town, &id, Rung::Reminded).await), &[]).await.body;
    assert!(done.contains("邮件链接"), "{done}");
}

#[tokio::test]
async fn what_is_no_link_of_ours_shows_nothing() {
    let town = Town::with_calls(ALL).await;
    let id = released(&town, "/live").await;
    let path = link(&said(&town, &id, Rung::Asked).await);
    let changed = format!("{}x", &path[..path.len() - 1]);
    for wrong in [changed.as_str(), "/a/x", "/a/%E6%94%B6%E5%88%B0"] {
        for answer in [town.stranger().get(wrong).await, town.stranger().post(wrong, &[]).await] {
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{wrong}");
            assert!(!answer.body.contains("大暴雨"));
        }
    }
    town.shift.advance(Duration::from_hours(7));
    let over = town.stranger().post(&path, &[]).await;
    assert_eq!(over.status, StatusCode::GONE);
    assert!(over.body.contains("已于") && over.body.contains("失效"), "{}", over.body);
    assert!(rungs(&town, &id).await.iter().all(Option::is_some));
}

#[tokio::test]
async fn a_township_without_anybody_is_shown_at_once() {
    let town = Town::with_calls("").await;
    let id = released(&town, "/live").await;
    assert_eq!(rungs(&town, &id).await, [Some(Rung::Nobody)]);
    let shown = town.sign_in("zhao").await.get(&format!("/live/alerts/{id}")).await.body;
    assert!(shown.contains("无人可叫") && shown.contains("名册中没有可叫的责任人"), "{shown}");
}

#[tokio::test]
async fn who_wants_no_messages_is_passed_over_at_once() {
    let town = Town::with_calls(ALL).await;
    writes(&town, OFFICER, "退订").await;
    let id = released(&town, "/live").await;
    let Taken::Asked { rung, channel, .. } = steps(&town, &id).await.remove(0).taken else { panic!("asked") };
    assert_eq!((rung, channel), (Rung::Reminded, ChannelKind::Email), "by the other channel, now");
}

#[tokio::test]
async fn an_answer_that_was_heard_on_the_telephone_is_noted_with_its_officer() {
    let town = Town::with_calls(ALL).await;
    town.hire_in("2104", "sun", &[Role::Auditor]).await;
    let id = released(&town, "/live").await;
    let page = format!("/live/alerts/{id}");
    let call = town.city.store.calls(id.parse().unwrap()).await.unwrap()[0].id;
    let button = format!("{page}/calls/{call}/phone");
    let (sun, zhao) = (town.sign_in("sun").await, town.sign_in("zhao").await);
    assert!(!sun.get(&page).await.body.contains(&button) && zhao.get(&page).await.body.contains(&button));
    assert_eq!(sun.post(&button, &[]).await.status, StatusCode::FORBIDDEN);
    for _ in 0..2 {
        assert_eq!(zhao.post(&button, &[]).await.status, StatusCode::SEE_OTHER);
    }
    let shown = zhao.get(&page).await.body;
    assert!(shown.contains("签发人赵 电话") && !shown.contains(&button), "{shown}");
    let zhao = town.officer("zhao").await.id.to_string();
    let lines = town.city.store.audit_rows(0, 999).await.unwrap();
    let noted: Vec<_> = lines.iter().filter(|row| row.line.action == "call.phone").collect();
    assert_eq!((noted.len(), &noted[0].line.actor), (1, &zhao), "once");
    let wrong = format!("{page}/calls/{id}/phone");
    assert_eq!(town.sign_in("zhao").await.post(&wrong, &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_restart_goes_on_where_the_ladder_was() {
    let mut town = Town::with_calls(ALL).await;
    let id = released(&town, "/live").await;
    for rung in [Rung::Reminded, Rung::Deputy, Rung::County] {
        town = Box::pin(town.restart()).await;
        look(&town).await;
        later(&town, RED).await;
        let Some(CallStep { taken: Taken::Asked { rung: last, .. }, .. }) = steps(&town, &id).await.pop()
        else {
            panic!("asked")
        };
        assert_eq!(last, rung);
    }
    let plans = town.city.store.plans(id.parse().unwrap()).await.unwrap();
    let asking = plans.iter().filter(|plan| plan.fields().cause == Cause::Call).count();
    assert_eq!(asking, 4, "one message for each rung");
}

#[tokio::test]
async fn a_lift_ends_the_calls() {
    let town = Town::with_calls(ALL).await;
    let id = released(&town, "/live").await;
    let zhao = town.sign_in("zhao").await;
    let words = town.prewritten(&id, Withdrawal::Lift).await;
    let lifted = zhao.post(&format!("/live/alerts/{id}/lift"), &[("body", &words), ("key", "k")]).await;
    assert_eq!((lifted.status, state(&town, &id).await), (StatusCode::SEE_OTHER, "lifted"));
    later(&town, 3 * RED).await;
    assert_eq!(rungs(&town, &id).await, [Some(Rung::Asked)]);
    let lift = super::sent_to(lifted.location());
    assert!(town.city.store.calls(lift.parse().unwrap()).await.unwrap().is_empty(), "a lift calls nobody");
}

#[tokio::test]
async fn a_drill_calls_too_and_says_that_it_is_one() {
    let town = Town::with_calls(ALL).await;
    let id = released(&town, "/drill").await;
    let said = said(&town, &id, Rung::Asked).await;
    assert!(said.starts_with("【演练】叫应：") && said.ends_with("【演练】"), "{said}");
    writes(&town, OFFICER, &code(&said)).await;
    assert_eq!(rungs(&town, &id).await.len(), 1, "what is written to live warnings' number answers no drill");
    let page = town.stranger().post(&link(&said), &[]).await.body;
    assert!(page.contains(r#"<body class="drill">"#) && page.contains("已记下"), "{page}");
    let (drill, _) = town.city.drill.alert(id.parse().unwrap()).await.unwrap();
    assert!(matches!(drill.state, AlertState::Released { .. }));
    assert!(
        town.city.store.calls(id.parse().unwrap()).await.unwrap().iter().all(|c| c.mode == ModeKind::Drill)
    );
}

#[tokio::test]
async fn programs_see_the_calls_and_no_sum_counts_their_messages() {
    let town = Town::with_calls(ALL).await;
    let id = released(&town, "/live").await;
    later(&town, RED).await;
    let zhao = town.program("zhao").await;
    let told = zhao.get(&format!("/api/live/alerts/{id}")).await.json();
    let call = &told["calls"][0];
    assert_eq!((call["name"].as_str(), call["outcome"]["rung"].as_str()), (Some("清原镇"), Some("reminded")));
    assert_eq!(call["asked"].as_array().unwrap().len(), 2);
    let target: u64 =
        told["plans"].as_array().unwrap().iter().map(|plan| plan["counts"]["target"].as_u64().unwrap()).sum();
    assert_eq!(Some(target), told["deliveries"].as_u64(), "what was signed for is what is counted");
    let call = call["call"].as_str().unwrap();
    let noted = zhao.send(&format!("/api/live/alerts/{id}/calls/{call}/phone"), "").await.json();
    assert_eq!(
        (noted["outcome"]["state"].as_str(), noted["outcome"]["by"].as_str()),
        (Some("answered"), Some("phone"))
    );
    let called = town.city.live.called(id.parse().unwrap()).await.unwrap();
    assert!(matches!(called[0].outcome, Outcome::Answered { officer: Some(_), .. }));
}
