//! Calls to responsible persons, their steps, and who answered.

use crate::{
    cast::{NOON, account, alert, alert_id, line, plan, plan_id},
    house::House,
};
use mingluo_ledger::store::{
    AlertWrite, Answered, Ask, Call, CallStep, CallWrites, Change, StoredPlan, Taken,
};
use mingluo_model::{
    address::Address,
    audience::ChannelKind,
    call::{Answer, Code, Means, Rung},
    clock::Timestamp,
    id::{AskId, CallId, OfficerId},
    mode::{Live, ModeKind},
    plan::{Cause, PlanStatus},
    reply::Reply,
};
use std::time::Duration;
use uuid::Uuid;

const OFFICER: &str = "+8613900000001";

const fn call_id(number: u128) -> CallId {
    CallId(Uuid::from_u128(number))
}

const fn ask_id(number: u128) -> AskId {
    AskId(Uuid::from_u128(number))
}

fn call(number: u128, region: &str) -> Call {
    Call {
        id: call_id(number),
        mode: ModeKind::Live,
        alert: alert_id(1),
        region: region.parse().unwrap(),
        opened: NOON,
        steps: Vec::new(),
    }
}

fn ask(number: u128, code: &str) -> Ask {
    Ask {
        id: ask_id(number),
        mode: ModeKind::Live,
        alert: alert_id(1),
        ordinal: 7,
        code: Code::read(code).unwrap(),
        until: NOON.plus(Duration::from_hours(1)),
    }
}

/// A step in which the officer is asked.
fn asked(house: &House, call: u128, rung: Rung) -> (CallId, ModeKind, CallStep) {
    let address_hash = house.store.vault().address_hash(&Address::new(OFFICER));
    let (channel, plan, ordinal) = (ChannelKind::Sms, plan_id(7), 7);
    let taken = Taken::Asked { rung, ask: ask_id(1), ordinal, channel, plan, address_hash };
    (call_id(call), ModeKind::Live, CallStep { at: NOON, taken })
}

/// Two townships of one warning, for both of which the officer is asked at once.
async fn two_calls(house: &House) -> Vec<Call> {
    house.store.register_accounts(&[(account(), ModeKind::Live)]).await.unwrap();
    let mut message = plan::<Live>(7, alert_id(1)).typed::<Live>().unwrap();
    message.cause = Cause::Call;
    let mut calls = vec![call(1, "210423100"), call(2, "210423101")];
    let steps = vec![asked(house, 1, Rung::Asked), asked(house, 2, Rung::Asked)];
    let change = Change {
        alerts: vec![AlertWrite { alert: alert(1, ModeKind::Live) }],
        plans: vec![StoredPlan::new(&message, PlanStatus::Open)],
        calls: CallWrites { calls: calls.clone(), asks: vec![ask(1, "482913")], steps: steps.clone() },
        ..Change::default()
    };
    house.store.commit(&change).await.unwrap();
    for (call, (_, _, step)) in calls.iter_mut().zip(steps) {
        call.steps.push(step);
    }
    calls
}

async fn answers(house: &House) -> Vec<Option<CallStep>> {
    let calls = house.store.calls(alert_id(1)).await.unwrap();
    calls.iter().map(|call| call.answered().cloned()).collect()
}

pub(crate) async fn calls_come_back_with_their_steps(house: &House) {
    let calls = two_calls(house).await;
    assert_eq!(house.store.calls(alert_id(1)).await.unwrap(), calls);
    assert_eq!(house.store.ask(ask_id(1)).await.unwrap(), Some(ask(1, "482913")));
    assert_eq!(house.store.ask(ask_id(2)).await.unwrap(), None);
    assert_eq!(house.store.plans(alert_id(1)).await.unwrap()[0].fields().cause, Cause::Call);
    assert!(house.store.calls(alert_id(2)).await.unwrap().is_empty());
}

pub(crate) async fn a_step_is_taken_once_and_a_call_begun_once(house: &House) {
    two_calls(house).await;
    let again = |calls| Change { calls, audit: vec![line("call.step")], ..Change::default() };
    let step = CallWrites { steps: vec![asked(house, 1, Rung::Asked)], ..CallWrites::default() };
    assert!(house.store.commit(&again(step)).await.is_err(), "the rung was taken");
    let begun = CallWrites { calls: vec![call(3, "210423100")], ..CallWrites::default() };
    assert!(house.store.commit(&again(begun)).await.is_err(), "the division is called");
    assert!(house.store.audit_rows(0, 9).await.unwrap().is_empty(), "all or nothing");
    let nobody = CallStep { at: NOON, taken: Taken::Nobody };
    let next = vec![asked(house, 1, Rung::Reminded), (call_id(1), ModeKind::Live, nobody.clone())];
    house.store.commit(&again(CallWrites { steps: next, ..CallWrites::default() })).await.unwrap();
    assert_eq!(house.store.calls(alert_id(1)).await.unwrap()[0].steps[2], nobody);
}

pub(crate) async fn the_first_answer_stands_and_a_second_changes_nothing(house: &House) {
    two_calls(house).await;
    let store = &house.store;
    let given = |by| Answer::Given { ask: ask_id(1), by };
    let (at, later) = (NOON.plus(Duration::from_secs(40)), NOON.plus(Duration::from_secs(90)));
    let noted = Answer::Noted { call: call_id(2), by: OfficerId(Uuid::from_u128(9)) };
    let answer = |mode, answer, at| store.answer(mode, answer, at, Some(line("call.answer")));
    assert_eq!(answer(ModeKind::Drill, given(Means::Page), at).await.unwrap(), 0, "modes stay apart");
    assert_eq!(answer(ModeKind::Live, noted, at).await.unwrap(), 1);
    assert_eq!(answer(ModeKind::Live, given(Means::Page), at).await.unwrap(), 1, "the other one");
    assert_eq!(answer(ModeKind::Live, given(Means::Button), later).await.unwrap(), 0);
    let step = |answered| Some(CallStep { at, taken: Taken::Answered(answered) });
    let page = Answered::Given { ask: ask_id(1), ordinal: 7, by: Means::Page };
    let phone = Answered::Noted { by: OfficerId(Uuid::from_u128(9)) };
    assert_eq!(answers(house).await, [step(page), step(phone)]);
    assert_eq!(store.audit_rows(0, 9).await.unwrap().len(), 2, "what changed nothing left no line");
}

fn wrote(from: &str, words: &str, at: Timestamp) -> Reply {
    let (from, words) = (Address::new(from), words.into());
    Reply { from, to: "10690001".into(), words, id: None, part: None, at }
}

pub(crate) async fn a_code_answers_from_where_it_was_sent_to_and_in_time(house: &House) {
    two_calls(house).await;
    let keep = |mode, reply: Reply| async move {
        house.store.keep_replies(mode, &account(), &[reply]).await.unwrap();
    };
    let late = NOON.plus(Duration::from_hours(1));
    keep(ModeKind::Live, wrote("+8613900000002", "482913", NOON)).await;
    keep(ModeKind::Live, wrote(OFFICER, "482914", NOON)).await;
    keep(ModeKind::Drill, wrote(OFFICER, "482913", NOON)).await;
    keep(ModeKind::Live, wrote(OFFICER, "482913", late)).await;
    assert_eq!(answers(house).await, [None, None], "another's, another code, a drill's, too late");
    let at = NOON.plus(Duration::from_secs(30));
    keep(ModeKind::Live, wrote(OFFICER, "收到 ４８２９１３", at)).await;
    let reply = Taken::Answered(Answered::Given { ask: ask_id(1), ordinal: 7, by: Means::Reply });
    let step = Some(CallStep { at, taken: reply });
    assert_eq!(answers(house).await, [step.clone(), step]);
    assert_eq!(house.store.replies(ModeKind::Live, None, 9).await.unwrap().len(), 4, "all are kept");
}
