//! Providers that cannot be reached, what a knock does not do, and a call that comes too late, over real sockets.

use std::time::Duration;

use mingluo_model::{
    channel::{Channel, Report, SendError, Session, Unfit, Verdict},
    clock::{Clock, SharedClock, manual::ManualClock, system::SystemClock},
    misfit::Misfit,
    mode::Live,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{
    AlibabaConfig, HttpSmsConfig, TencentConfig,
    stage::{FarSide, nobody},
};
use crate::sms::session::stage::{ANNA, BERT, NOW, run, secret_file, send, so_many, soon};

type Way = Box<dyn Channel<Live>>;

/// What all accounts have, and what is one provider's own.
fn keys(own: &Value) -> Value {
    let mut keys = json!({
        "name": "cloud", "pretend": true, "calls": 4, "window": 100, "per_second": 100, "answer_seconds": 1,
        "callback_token_file": secret_file("0123456789abcdef"),
    });
    keys.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    keys
}

fn alibaba(base: &str) -> Way {
    let keys = keys(&json!({
        "api_base": base, "access_key_id": "id", "access_key_secret_file": secret_file("cloudkey"),
        "sign_name": "抚顺应急", "templates": [{"code": "SMS_1", "text": "${event}，请注意。",
            "variables": {"event": {"words": "{event}", "longest": 12}}}],
    }));
    let config: AlibabaConfig = serde_json::from_value(keys).unwrap();
    Box::new(config.build(SystemClock::shared()).unwrap())
}

fn tencent(base: &str) -> Way {
    let keys = keys(&json!({
        "api_base": base, "secret_id": "id", "secret_key_file": secret_file("cloudkey"), "pull_every_s": 1,
        "sdk_app_id": "1400000000", "sign_name": "抚顺应急", "templates": [{"code": "100001",
            "text": "{1}，请注意。", "variables": {"1": {"words": "{event}", "longest": 12}}}],
    }));
    let config: TencentConfig = serde_json::from_value(keys).unwrap();
    Box::new(config.build(SystemClock::shared()).unwrap())
}

fn gateway(base: &str, more: &str, clock: SharedClock) -> Way {
    let keys = keys(&json!({
        "url": format!("{base}/sendsms?to={{number}}&text={{text}}{more}"),
        "signature": {"placement": "in_front", "text": "抚顺应急"},
    }));
    let config: HttpSmsConfig = serde_json::from_value(keys).unwrap();
    Box::new(config.build(clock).unwrap())
}

fn kannel(base: &str) -> Way {
    gateway(base, "", SystemClock::shared())
}

/// Why there is no connection.
fn out_of_reach(said: Result<(), SendError>) -> String {
    match said {
        Err(SendError::Unreachable { detail }) => detail,
        other => panic!("{other:?}"),
    }
}

/// Nobody is left behind: all wait, at no cost, and then the session says why it is over.
async fn ends_out_of_reach(session: &mut Session<Live>) {
    let mut run = run("汛情。", &[(ANNA, 1), (BERT, 1)]);
    run.not_after = SystemClock::shared().now().plus(Duration::from_hours(1));
    send(session, &run).await;
    for report in so_many(session, 2).await {
        let Report::Answer { verdict: Verdict::Busy { retry_after }, .. } = report else {
            panic!("{report:?}")
        };
        assert!(!retry_after.is_zero(), "it was begun");
    }
    out_of_reach(soon(session.inlet.next(&mut Vec::new())).await);
}

#[tokio::test]
async fn an_account_where_nobody_listens_has_no_session() {
    let base = format!("http://{}", nobody().await);
    for way in [alibaba(&base), tencent(&base), kannel(&base)] {
        for said in [way.open().await.map(|_| ()), way.knock().await] {
            let detail = out_of_reach(said);
            assert!(detail.contains("refused"), "{detail}");
            assert!(!detail.contains("127.0.0.1"), "no address: {detail}");
        }
    }
}

/// The system takes the connection, and no handshake of TLS follows.
#[tokio::test]
async fn a_connection_that_is_never_ready_is_none() {
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://{}", mute.local_addr().unwrap());
    for way in [alibaba(&base), tencent(&base)] {
        out_of_reach(soon(way.open()).await.map(|_| ()));
    }
    let mut session = kannel(&base).open().await.unwrap();
    ends_out_of_reach(&mut session).await;
}

#[tokio::test]
async fn a_session_that_finds_nobody_any_more_ends_and_loses_nobody() {
    let there = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let way = kannel(&format!("http://{}", there.local_addr().unwrap()));
    let mut session = way.open().await.unwrap();
    drop(there);
    ends_out_of_reach(&mut session).await;
    out_of_reach(way.open().await.map(|_| ()));
}

#[tokio::test]
async fn a_provider_that_is_silent_about_templates_still_lets_in() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", silent.local_addr().unwrap());
    for way in [alibaba(&base), tencent(&base)] {
        assert!(soon(way.open()).await.is_ok());
    }
}

#[tokio::test]
async fn what_the_provider_says_against_a_template_is_known_to_who_only_knocks() {
    let words = r#"{"Code":"OK","TemplateStatus":1,"TemplateContent":"${event}，请注意！"}"#;
    let unknown = r#"{"Code":"isv.SMS_TEMPLATE_ILLEGAL","Message":""}"#;
    for (status, body, problem) in [
        ("200 OK", r#"{"Code":"OK","TemplateStatus":2}"#, Some(Misfit::NotApproved)),
        ("200 OK", words, Some(Misfit::OtherWords)),
        ("200 OK", unknown, Some(Misfit::UnknownTemplate)),
        ("200 OK", r#"{"Code":"OK","TemplateStatus":1,"TemplateContent":"${event}，请注意。"}"#, None),
    ] {
        let provider = FarSide::answering(status, body).await;
        let way = alibaba(&format!("http://{}", provider.address()));
        assert_eq!(way.unready(), [], "nothing was asked yet");
        way.knock().await.unwrap();
        let wrong = problem.map(|problem| Unfit::Wrong { field: "SMS_1".into(), problem });
        assert_eq!(way.unready(), Vec::from_iter(wrong), "{body}");
    }
}

/// Tencent forgets the receipts that it told.
#[tokio::test]
async fn who_only_knocks_asks_for_no_receipts() {
    let provider = FarSide::answering("200 OK", r#"{"Response":{}}"#).await;
    let way = tencent(&format!("http://{}", provider.address()));
    let asked = |action: &str| {
        let named = format!("x-tc-action: {action}");
        provider.heads().iter().filter(|head| head.lines().any(|line| line == named)).count()
    };
    let clock = SystemClock::shared();

    way.knock().await.unwrap();
    clock.sleep(Duration::from_millis(200)).await;
    assert_eq!((asked("DescribeSmsTemplateList"), asked("PullSmsSendStatus")), (1, 0));

    let _session = way.open().await.unwrap();
    soon(async {
        while asked("PullSmsSendStatus") == 0 {
            clock.sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// What a gateway that is told a validity, or is not, says when so many seconds are left.
async fn sent_with(seconds_left: u64, more: &str) -> (Verdict, Vec<String>) {
    let far_side = FarSide::answering("202 Accepted", "0: Accepted for delivery").await;
    let way = gateway(&format!("http://{}", far_side.address()), more, ManualClock::at(NOW));
    let mut session = way.open().await.unwrap();
    let mut run = run("汛情。", &[(ANNA, 1)]);
    run.not_after = NOW.plus(Duration::from_secs(seconds_left));
    send(&mut session, &run).await;
    let Report::Answer { verdict, .. } = so_many(&mut session, 1).await.remove(0) else {
        panic!("an answer")
    };
    (verdict, far_side.heads())
}

#[tokio::test]
async fn a_validity_never_outlives_the_warning() {
    let validity = "&validity={validity_minutes}";
    for (left, told) in [(60, 1), (119, 1), (120, 2), (3_600, 60)] {
        let (verdict, heads) = sent_with(left, validity).await;
        assert!(matches!(verdict, Verdict::Accepted(_)), "{left}: {verdict:?}");
        assert!(heads[0].contains(&format!("&validity={told} ")), "{left}: {heads:?}");
    }
    let not_begun = Verdict::Busy { retry_after: Duration::ZERO };
    assert_eq!(sent_with(59, validity).await, (not_begun, Vec::new()));
    let (verdict, heads) = sent_with(59, "").await;
    assert!(
        matches!(verdict, Verdict::Accepted(_)) && heads.len() == 1,
        "it is told of no validity: {verdict:?}"
    );
}
