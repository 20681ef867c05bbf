//! Stories of a program that ends and starts again: nothing that a page shows may depend on how long it has run.

use super::{approved, town::Town};
use mingluo_model::{
    clock::within,
    delivery::{DeliveryState, Reason, Standing},
    plan::PlanStatus,
};
use std::time::Duration;

/// What the board shows of one warning's arrivals, without the clock around it.
fn panel(page: &str) -> &str {
    let start = page.find(r#"<section class="panel" id="panel""#).unwrap();
    &page[start..start + page[start..].find("</section>").unwrap()]
}

#[tokio::test]
async fn the_panel_shows_the_same_after_a_restart() {
    let town = Town::open().await;
    let id = approved(&town, "/live").await;
    let zhao = town.sign_in("zhao").await;
    zhao.post(&format!("/live/alerts/{id}/release"), &[("deliveries", "2")]).await;
    zhao.post(&format!("/live/alerts/{id}/recall"), &[]).await;
    let alert = id.parse().unwrap();
    let is_open = |view: &mingluo_dispatch::view::PlanView| view.status != PlanStatus::Closed;
    let closed = async {
        while town.city.live.progress(Some(alert)).iter().any(is_open) {
            town.city.clock.sleep(Duration::from_millis(5)).await;
        }
    };
    within(town.city.clock.as_ref(), Duration::from_secs(20), closed).await.expect("the plans are closed");
    let path = format!("/live/?alert={id}");
    let before = zhao.get(&path).await.body;
    assert!(panel(&before).contains("/ 2</small>"), "{}", panel(&before));
    let town = town.restart().await;
    assert!(town.city.live.progress(Some(alert)).is_empty(), "the plans were folded before this run");
    let after = town.sign_in("zhao").await.get(&path).await.body;
    assert_eq!(panel(&after), panel(&before));
}

#[tokio::test]
async fn a_warning_that_holds_keeps_its_share_on_the_board() {
    let town = Town::open().await;
    let id = approved(&town, "/live").await;
    let zhao = town.sign_in("zhao").await;
    zhao.post(&format!("/live/alerts/{id}/release"), &[("deliveries", "2")]).await;
    let arrived = Standing::new(DeliveryState::Delivered, Reason::None);
    let town = town.closed_with(&id, &[arrived; 2]).await;
    let board = town.sign_in("zhao").await.get("/live/").await.body;
    assert!(board.contains(r#"<b class="num">100.0%</b>"#), "{board}");
    assert!(panel(&board).contains("/ 2</small>"));
}

#[tokio::test]
async fn who_approved_is_shown_after_the_release_and_after_the_lift() {
    let town = Town::open().await;
    let id = approved(&town, "/live").await;
    let zhao = town.sign_in("zhao").await;
    zhao.post(&format!("/live/alerts/{id}/release"), &[("deliveries", "2")]).await;
    let page = format!("/live/alerts/{id}");
    let route =
        ["拟稿 <b>拟稿员王</b>", "提交 <b>拟稿员王</b>", "审核 <b>审核员李</b>", "签发 <b>签发人赵</b>"];
    let body = zhao.get(&page).await.body;
    assert!(route.iter().all(|step| body.contains(step)), "{body}");
    let words = town.prewritten(&id, crate::office::Withdrawal::Lift).await;
    zhao.post(&format!("{page}/lift"), &[("body", &words), ("key", "k")]).await;
    let town = town.restart().await;
    let body = town.sign_in("li").await.get(&page).await.body;
    assert!(
        route.iter().all(|step| body.contains(step)) && body.contains("已解除 <b>签发人赵</b>"),
        "{body}"
    );
    let told = town.program("li").await.get(&format!("/api{page}")).await.json();
    let steps: Vec<_> =
        told["steps"].as_array().unwrap().iter().map(|one| one["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["draft", "submit", "approve", "release"]);
}
