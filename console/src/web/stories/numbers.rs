//! Stories of numbers that agree: whom a lift reaches, what was withdrawn, what is in force.

use super::{approved, sent_to, town::Town, withdraw::released};
use crate::office::Withdrawal;
use mingluo_model::delivery::{DeliveryState, Reason, Standing};

const ARRIVED: Standing = Standing::new(DeliveryState::Delivered, Reason::None);
const WITHDRAWN: Standing = Standing::new(DeliveryState::Withdrawn, Reason::None);

#[tokio::test]
async fn a_lift_page_says_who_got_it_and_who_never_will_in_numbers_that_add_up() {
    let town = Town::open().await;
    let id = released(&town).await;
    let town = town.closed_with(&id, &[ARRIVED, WITHDRAWN]).await;
    let zhao = town.sign_in("zhao").await;
    let page = zhao.get(&format!("/live/alerts/{id}/lift")).await.body;
    let row = "<th scope=\"row\">短信</th><td>2</td><td class=\"b\">1</td><td>1</td>";
    assert!(page.contains(row) && page.contains("等于后两个数之和"), "{page}");
}

#[tokio::test]
async fn a_lift_is_shown_with_those_it_goes_to_and_not_with_all_who_were_meant() {
    let town = Town::where_withdrawals_need(2).await;
    let id = released(&town).await;
    let town = town.closed_with(&id, &[ARRIVED, WITHDRAWN]).await;
    let (zhao, li) = (town.sign_in("zhao").await, town.sign_in("li").await);
    let words = town.prewritten(&id, Withdrawal::Lift).await;
    let lift = zhao.post(&format!("/live/alerts/{id}/lift"), &[("body", &words), ("key", "k")]).await;
    let page = lift.location().to_owned();
    let agrees = |body: &str| {
        assert!(body.contains("<dd>1 人次（可能已收到原预警）</dd>"), "{body}");
        assert!(body.contains("签署的受众（上限）</dt><dd>2 人次</dd>"), "{body}");
        assert!(body.contains("1 个对象") && !body.contains("2 个对象"), "{body}");
    };
    agrees(&li.get(&page).await.body);
    li.post(&format!("{page}/approve"), &[]).await;
    let release = zhao.get(&format!("{page}/release")).await.body;
    agrees(&release);
    assert!(release.contains("输入“签署的受众（上限）”"), "{release}");
    zhao.post(&format!("{page}/release"), &[("people", "2")]).await;
    let after = zhao.get(&page).await.body;
    agrees(&after);
    assert!(after.contains("/ 1</small>"), "and the panel counts the same: {after}");
    assert!(zhao.get("/live/alerts").await.body.contains("至多 2 人次"));
}

#[tokio::test]
async fn what_was_withdrawn_has_a_column_and_lowers_no_share() {
    let town = Town::open().await;
    let id = released(&town).await;
    let town = town.closed_with(&id, &[ARRIVED, WITHDRAWN]).await;
    let page = town.sign_in("zhao").await.get(&format!("/live/alerts/{id}")).await.body;
    assert!(page.contains(r#"<th scope="col">撤回未发</th>"#), "{page}");
    assert!(
        page.contains("<dd>100.0%</dd>") && page.contains("撤回未发 1，不计入触达率（以 1 为基数）"),
        "{page}"
    );
}

#[tokio::test]
async fn a_lift_is_no_warning_in_force() {
    let town = Town::open().await;
    let id = released(&town).await;
    let zhao = town.sign_in("zhao").await;
    let count = |body: &str, title: &str| {
        let title = format!(r#"<h2>{title}</h2><span class="pill">"#);
        let (_, rest) = body.split_once(&title)?;
        rest.chars().next()
    };
    let board = zhao.get("/live/").await.body;
    assert_eq!((count(&board, "生效预警"), count(&board, "解除与更正")), (Some('1'), None));
    let words = town.prewritten(&id, Withdrawal::Lift).await;
    let done = zhao.post(&format!("/live/alerts/{id}/lift"), &[("body", &words), ("key", "k")]).await;
    let board = zhao.get("/live/").await.body;
    assert_eq!((count(&board, "生效预警"), count(&board, "解除与更正")), (Some('0'), Some('1')));
    let card = format!("/live/?alert={}", sent_to(done.location()));
    assert!(board.contains(&card) && board.contains("当前没有生效的预警"), "{board}");
}

#[tokio::test]
async fn every_page_of_a_pretend_city_says_so() {
    let town = Town::open().await;
    let id = approved(&town, "/live").await;
    let zhao = town.sign_in("zhao").await;
    let release = format!("/live/alerts/{id}/release");
    for path in ["/live/", "/drill/", "/live/compose", "/live/alerts", &release, "/login", "/live/nothing"] {
        let body = zhao.get(path).await.body;
        assert!(body.contains("模拟对端 PRETEND"), "{path}: {body}");
    }
    let body = zhao.get(&release).await.body;
    assert!(body.contains("模拟对端 · 不会有人收到") && !body.contains("公众会收到"), "{body}");
    let english = zhao.with("cookie", "mingluo_lang=en").get("/live/").await.body;
    assert!(english.contains("PRETEND far sides"), "{english}");
}
