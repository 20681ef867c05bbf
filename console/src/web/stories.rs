//! Stories of officers at their pages, told through the router: a whole city on SQLite with gateways that never answer.

mod api;
mod authority;
mod back;
mod boxes;
mod calls;
mod channels;
mod checks;
mod door;
mod followers;
mod gateways;
mod hands;
mod mass;
mod numbers;
mod restart;
mod sight;
mod speech;
mod town;
mod whole;
mod withdraw;

use crate::office::Withdrawal;
use axum::http::StatusCode;
use town::{Browser, Fields, PASSWORD, Town};

/// The id in the address that a browser was sent to.
fn sent_to(location: &str) -> String {
    location.rsplit('/').next().unwrap().to_owned()
}

/// A draft of `wang`'s, handed in and approved by `li`.
async fn approved(town: &Town, base: &str) -> String {
    approved_form(town, base, &town.red).await
}

async fn approved_form(town: &Town, base: &str, form: &Fields) -> String {
    let (wang, li) = (town.sign_in("wang").await, town.sign_in("li").await);
    let drafted = wang.post(&format!("{base}/compose"), form).await;
    assert_eq!(drafted.status, StatusCode::SEE_OTHER, "{}", drafted.body);
    let id = sent_to(drafted.location());
    for (browser, step) in [(&wang, "submit"), (&li, "approve")] {
        let done = browser.post(&format!("{base}/alerts/{id}/{step}"), &[]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{step}: {}", done.body);
    }
    id
}

async fn state(town: &Town, id: &str) -> &'static str {
    town.city.store.alert(id.parse().unwrap()).await.unwrap().unwrap().state.word()
}

#[tokio::test]
async fn a_stranger_is_sent_to_the_door() {
    let town = Town::open().await;
    let stranger = town.stranger();
    let answer = stranger.get("/live/compose").await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/login?next=/live/compose"));
    let door = stranger.get("/login?next=/live/compose").await;
    assert!(door.body.contains(r#"name="next" value="/live/compose""#) && door.body.contains("口令"));
}

#[tokio::test]
async fn every_answer_keeps_foreign_code_out() {
    let town = Town::open().await;
    let wang = town.sign_in("wang").await;
    for path in ["/live/", "/live/compose", "/login", "/nothing", "/assets/mingluo.css"] {
        let answer = wang.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}");
        assert!(!answer.body.contains(" style=") && !answer.body.contains("<script>"), "{path}");
        assert!(!answer.body.contains("Unknown localization"), "{path}");
    }
}

#[tokio::test]
async fn five_wrong_passwords_lock_the_account() {
    let town = Town::open().await;
    let stranger = town.stranger();
    let attempt = |password: &'static str| {
        let stranger = &stranger;
        async move { stranger.post("/login", &[("name", "wang"), ("password", password)]).await.status }
    };
    for _ in 0..5 {
        assert_eq!(attempt("wrong wrong wrong").await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(attempt(PASSWORD).await, StatusCode::TOO_MANY_REQUESTS);
    let other = stranger.post("/login", &[("name", "li"), ("password", PASSWORD)]).await;
    assert_eq!(other.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_cookie_is_closed_to_scripts_and_other_sites() {
    let town = Town::open().await;
    let name = [("name", "wang"), ("password", PASSWORD)];
    let plain = town.stranger().post("/login", &name).await;
    let cookie = plain.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains("Secure"));
    let secure = town.stranger().with("x-forwarded-proto", "https").post("/login", &name).await;
    assert!(secure.header("set-cookie").contains("; Secure"));
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server() {
    let town = Town::open().await;
    let wang = town.sign_in("wang").await;
    assert_eq!(wang.get("/live/").await.status, StatusCode::OK);
    wang.post("/logout", &[]).await;
    assert_eq!(wang.get("/live/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_click_from_another_site_is_refused() {
    let town = Town::open().await;
    let wang = town.sign_in("wang").await.with("sec-fetch-site", "cross-site");
    let answer = wang.post("/live/compose", &town.red).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.body.contains("其他网站"));
    let old = town.sign_in("wang").await.with("origin", "https://evil.example").with("host", "city.example");
    assert_eq!(old.post("/live/compose", &town.red).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_preview_shows_the_exact_words_and_keeps_nothing() {
    let town = Town::open().await;
    let wang = town.sign_in("wang").await;
    let answer = wang.post("/live/compose/preview", &town.red).await;
    assert_eq!(answer.status, StatusCode::OK);
    for words in
        ["【抚顺预警】抚顺市发布", "请立即转移", "2 条</span>", "每条拆 1 段", r##"hx-target="#impact""##]
    {
        assert!(answer.body.contains(words), "{words}");
    }
    assert!(town.city.live.alerts(10).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_wrong_is_told_in_the_officers_language() {
    let town = Town::open().await;
    let wang = town.sign_in("wang").await;
    let mut past: Fields = town.red.clone();
    past.retain(|(name, _)| *name != "expires");
    past.push(("expires", "2020-01-01T00:00"));
    let chinese = wang.post("/live/compose", &past).await;
    assert_eq!(chinese.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(chinese.body.contains("失效时间（2020-01-01 00:00）已过") && chinese.body.contains("请立即转移"));
    let english = wang.with("cookie", "mingluo_lang=en").post("/live/compose", &past).await;
    assert!(english.body.contains(r#"<html lang="en">"#) && !english.body.contains("已过"));
}

#[tokio::test]
async fn a_double_click_keeps_one_draft() {
    let town = Town::open().await;
    let wang = town.sign_in("wang").await;
    let (first, second) =
        tokio::join!(wang.post("/live/compose", &town.red), wang.post("/live/compose", &town.red));
    assert_eq!(first.location(), second.location());
    assert_eq!(town.city.live.alerts(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_author_sees_no_button_to_approve() {
    let town = Town::open().await;
    let (wang, li) = (town.sign_in("wang").await, town.sign_in("li").await);
    let id = sent_to(wang.post("/live/compose", &town.red).await.location());
    wang.post(&format!("/live/alerts/{id}/submit"), &[]).await;
    let button = format!("/live/alerts/{id}/approve");
    let path = format!("/live/alerts/{id}");
    let own = wang.get(&path).await.body;
    assert!(!own.contains(&button) && own.contains("拟稿人不能审核自己的预警"));
    assert!(li.get(&path).await.body.contains(&button));
    let tried = wang.post(&button, &[]).await;
    assert_eq!(tried.status, StatusCode::FORBIDDEN);
    assert_eq!(state(&town, &id).await, "submitted");
}

#[tokio::test]
async fn a_number_typed_wrong_releases_nothing() {
    let town = Town::open().await;
    let id = approved(&town, "/live").await;
    let zhao = town.sign_in("zhao").await;
    let page = zhao.get(&format!("/live/alerts/{id}/release")).await;
    assert!(page.body.contains(r#"name="deliveries" value="""#) && page.body.contains("签发并向公众发布"));
    assert!(!page.body.contains("autofocus"), "the page opens at its top, with grade and area");
    for typed in ["3", "all", ""] {
        let answer = zhao.post(&format!("/live/alerts/{id}/release"), &[("deliveries", typed)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        let foot = answer.body.split(r#"<div class="ft">"#).nth(1).unwrap();
        assert!(foot.contains(r#"role="alert" id="problem""#), "told beside the number");
        assert!(foot.contains(r#"aria-describedby="problem" autofocus"#));
    }
    assert_eq!(state(&town, &id).await, "approved");
    assert!(town.city.live.progress(None).is_empty());
}

#[tokio::test]
async fn a_release_holds_and_one_key_takes_it_back() {
    let town = Town::open().await;
    let id = approved(&town, "/live").await;
    let zhao = town.sign_in("zhao").await;
    let path = format!("/live/alerts/{id}/release");
    let (first, second) =
        tokio::join!(zhao.post(&path, &[("deliveries", "2")]), zhao.post(&path, &[("deliveries", "2")]));
    assert_eq!([first.status, second.status], [StatusCode::SEE_OTHER; 2]);
    let hold = zhao.get(first.location()).await;
    assert!(hold.body.contains("data-hold=") && hold.body.contains("撤回（空格键）"));
    let targets: u32 = town.city.live.progress(None).iter().map(|plan| plan.counts.target).sum();
    assert_eq!(targets, 2, "released once");
    let recalled = zhao.post(&format!("/live/alerts/{id}/recall"), &[]).await;
    assert_eq!(recalled.status, StatusCode::SEE_OTHER);
    assert_eq!(state(&town, &id).await, "recalled");
}

#[tokio::test]
async fn a_false_alarm_is_corrected_on_one_screen() {
    let town = Town::open().await;
    let id = approved(&town, "/live").await;
    let zhao = town.sign_in("zhao").await;
    zhao.post(&format!("/live/alerts/{id}/release"), &[("deliveries", "2")]).await;
    let path = format!("/live/alerts/{id}/correct");
    let page = zhao.get(&path).await;
    assert!(page.body.contains("系误发，请忽略"));
    let words = town.prewritten(&id, Withdrawal::Correct).await;
    let done = zhao.post(&path, &[("body", &words), ("key", "k")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert_eq!(state(&town, &id).await, "corrected");
    assert_eq!(state(&town, &sent_to(done.location())).await, "released");
    assert_eq!(zhao.get(&path).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_drill_looks_and_asks_otherwise() {
    let town = Town::open().await;
    let id = approved(&town, "/drill").await;
    let zhao = town.sign_in("zhao").await;
    let page = zhao.get(&format!("/drill/alerts/{id}/release")).await;
    assert!(page.body.contains(r#"<body class="drill">"#) && page.body.contains("开始演练"));
    assert!(page.body.contains("【演练】") && !page.body.contains(r#"name="deliveries""#));
    assert!(!page.body.contains("签发并向公众发布"));
    assert_eq!(zhao.get(&format!("/live/alerts/{id}")).await.status, StatusCode::NOT_FOUND);
    let started = zhao.post(&format!("/drill/alerts/{id}/release"), &[]).await;
    assert_eq!(started.status, StatusCode::SEE_OTHER, "{}", started.body);
    assert_eq!(state(&town, &id).await, "released");
}

#[tokio::test]
async fn the_board_and_its_stream_show_the_warning() {
    let town = Town::open().await;
    let id = approved(&town, "/live").await;
    let zhao = town.sign_in("zhao").await;
    assert!(zhao.get("/live/").await.body.contains(&format!("/live/alerts/{id}/release")));
    zhao.post(&format!("/live/alerts/{id}/release"), &[("deliveries", "2")]).await;
    let first = zhao.first_event("/live/events").await;
    assert!(first.starts_with("id:"), "every event has an id");
    assert!(first.contains("暴雨") && first.contains("0.0%"), "the stream begins with what is");
    assert!(first.len() < 20_000, "{} bytes go to every tab", first.len());
    let list = zhao.get("/live/alerts").await.body;
    assert!(list.contains(&id) && list.contains("撤回期内"));
}

#[tokio::test]
async fn a_stream_ends_when_the_house_closes() {
    let town = Town::open().await;
    let wang = town.sign_in("wang").await;
    let stream = wang.get("/live/events");
    town.closing.cancel();
    assert_eq!(stream.await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_page_that_is_not_there_says_so() {
    let town = Town::open().await;
    let wang = town.sign_in("wang").await;
    for path in ["/live/alerts/00000000-0000-7000-8000-000000000000", "/live/alerts/what", "/nowhere"] {
        let answer = wang.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.body.contains("没有找到"), "{path}");
        let frame = [r#"<nav class="side""#, "值班 <b>拟稿员王</b>"];
        assert!(frame.iter().all(|piece| answer.body.contains(piece)), "{path}: {}", answer.body);
        let stranger = town.stranger().get("/nowhere").await.body;
        assert!(frame.iter().all(|piece| !stranger.contains(piece)), "{stranger}");
    }
}

#[tokio::test]
async fn a_page_that_is_too_old_keeps_the_frame() {
    let town = Town::open().await;
    let id = approved(&town, "/live").await;
    let li = town.sign_in("li").await;
    let old = li.post(&format!("/live/alerts/{id}/approve"), &[("content_hash", &"0".repeat(64))]).await;
    assert_eq!(old.status, StatusCode::CONFLICT);
    let frame = ["值班 <b>审核员李</b>", r#"审批<span class="n">1</span>"#];
    assert!(frame.iter().all(|piece| old.body.contains(piece)), "{}", old.body);
}

#[tokio::test]
async fn without_an_account_for_drills_the_page_says_what_to_do() {
    let town = Town::without_drill_accounts().await;
    let wang = town.sign_in("wang").await;
    let told = [
        wang.get("/drill/compose").await,
        wang.post("/drill/compose/preview", &town.red).await,
        wang.post("/drill/compose", &town.red).await,
    ];
    for answer in &told {
        let body = &answer.body;
        assert!(body.contains("没有演练账号") && body.contains("[[drill.sms]]"), "{body}");
        assert!(!body.contains("请选择渠道"), "{body}");
    }
    let statuses = told.map(|answer| answer.status);
    assert_eq!(statuses, [StatusCode::OK, StatusCode::OK, StatusCode::UNPROCESSABLE_ENTITY]);
    assert!(!wang.get("/live/compose").await.body.contains("没有实发账号"));
}

#[tokio::test]
async fn a_request_that_makes_no_sense_gets_a_page_too() {
    let town = Town::open().await;
    let wang = town.sign_in("wang").await;
    let answer = wang.get("/live/?alert=nonsense").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains("请求不完整或格式有误"));
}

#[tokio::test]
async fn a_fragment_gets_a_fragment_back() {
    let town = Town::open().await;
    let stranger: Browser = town.stranger().with("hx-request", "true");
    let answer = stranger.post("/live/compose/preview", &town.red).await;
    assert_eq!((answer.status, answer.header("hx-redirect")), (StatusCode::UNAUTHORIZED, "/login"));
}

#[tokio::test]
async fn the_board_tells_that_receipts_are_not_handed_on() {
    use mingluo_channels::forward::Untaken;
    let town = Town::open().await;
    let wang = town.sign_in("wang").await;
    assert!(!wang.get("/live/").await.body.contains("回执转发"));
    town.city.forwards.failed(town.city.clock.now(), Untaken::Status(413));
    let board = wang.get("/live/").await.body;
    assert!(board.contains("回执转发自") && board.contains("HTTP 413"), "{board}");
    assert!(!wang.get("/drill/").await.body.contains("回执转发"), "drills are handed on to nobody");
    town.city.forwards.failed(town.city.clock.now(), Untaken::NoAnswer);
    assert!(wang.get("/live/").await.body.contains("没有应答"));
}
