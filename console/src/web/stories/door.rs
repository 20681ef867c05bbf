//! Stories of sessions that end by themselves: after a while without a click, and at the end of the shift.

use super::town::{Browser, Town};
use axum::http::StatusCode;
use std::time::Duration;

async fn is_in(browser: &Browser) -> bool {
    browser.get("/live/alerts").await.status == StatusCode::OK
}

#[tokio::test]
async fn a_quarter_of_an_hour_without_a_click_signs_a_releaser_out() {
    let town = Town::open().await;
    let zhao = town.sign_in("zhao").await;
    for _ in 0..4 {
        town.shift.advance(Duration::from_mins(14));
        assert!(is_in(&zhao).await, "a click begins the idle time anew");
    }
    town.shift.advance(Duration::from_mins(16));
    let out = zhao.get("/live/alerts").await;
    assert_eq!((out.status, out.location()), (StatusCode::SEE_OTHER, "/login?next=/live/alerts&why=over"));
    let door = zhao.get(out.location()).await.body;
    assert!(door.contains("15 分钟无操作") && door.contains(r#"value="/live/alerts""#), "{door}");
}

#[tokio::test]
async fn a_board_that_looks_by_itself_is_no_click() {
    let town = Town::open().await;
    let zhao = town.sign_in("zhao").await;
    for _ in 0..2 {
        town.shift.advance(Duration::from_mins(8));
        zhao.get("/live/?auto=true").await;
    }
    assert!(!is_in(&zhao).await);
}

#[tokio::test]
async fn a_board_on_the_wall_stays_until_the_shift_ends() {
    let town = Town::open().await;
    let li = town.sign_in("li").await;
    town.shift.advance(Duration::from_hours(11));
    assert!(is_in(&li).await, "an account without release rights");
    town.shift.advance(Duration::from_hours(2));
    assert!(!is_in(&li).await);
}

#[tokio::test]
async fn no_click_makes_a_session_longer_than_a_shift() {
    let town = Town::open().await;
    let zhao = town.sign_in("zhao").await;
    for _ in 0..71 {
        town.shift.advance(Duration::from_mins(10));
        assert!(is_in(&zhao).await);
    }
    town.shift.advance(Duration::from_mins(11));
    assert!(!is_in(&zhao).await);
}

#[tokio::test]
async fn a_verb_after_the_end_leads_back_to_the_warning() {
    let town = Town::open().await;
    let zhao = town.sign_in("zhao").await;
    town.shift.advance(Duration::from_mins(16));
    let answer = zhao.post("/live/alerts/0/approve", &[]).await;
    assert_eq!(answer.location(), "/login?next=/live/alerts/0&why=over");
    assert_eq!(zhao.get("/live/alerts/0/approve").await.status, StatusCode::NOT_FOUND, "no empty page");
}
