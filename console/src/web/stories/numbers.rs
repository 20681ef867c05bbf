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
        assert!(body.contains("<dd>1 条（可能已收到原预警）</dd>"), "{body}");
        assert!(body.contains("签署的条数（上限）</dt><dd>2 条</dd>"), "{body}");
        assert!(body.contains("1 条</span>") && !body.contains("2 条</span>"), "{body}");
    };
    agrees(&li.get(&page).await.body);
    li.post(&format!("{page}/approve"), &[]).await;
    let release = zhao.get(&format!("{page}/release")).await.body;
    agrees(&release);
    assert!(release.contains("输入“签署的条数（上限）”"), "{release}");
    zhao.post(&format!("{page}/release"), &[("deliveries", "2")]).await;
    let after = zhao.get(&page).await.body;
    agrees(&after);
    assert!(after.contains("/ 1</small>"), "and the panel counts the same: {after}");
    assert!(zhao.get("/live/alerts").await.body.contains("至多 2 条"));
}

#[tokio::test]
async fn what_is_typed_has_one_name_and_people_stand_beside_it() {
    let town = Town::with_all_channels().await;
    let mut both = town.red.clone();
    both.push(("channels", "email"));
    let (wang, li) = (town.sign_in("wang").await, town.sign_in("li").await);
    let numbers = ["3 条", "2 人"];
    let preview = wang.post("/live/compose/preview", &both).await.body;
    assert!(numbers.iter().all(|number| preview.contains(number)), "{preview}");
    let page = wang.post("/live/compose", &both).await.location().to_owned();
    wang.post(&format!("{page}/submit"), &[]).await;
    li.post(&format!("{page}/approve"), &[]).await;
    let zhao = town.sign_in("zhao").await;
    for path in [page.clone(), format!("{page}/release")] {
        let body = zhao.get(&path).await.body;
        assert!(body.contains("条数</dt><dd>3 条</dd>") && body.contains("人数</dt><dd>2 人</dd>"), "{body}");
    }
    let typed = zhao.post(&format!("{page}/release"), &[("deliveries", "2")]).await;
    assert!(
        typed.body.contains("您输入的条数 2 与预览所示不符"),
        "people are not what is typed: {}",
        typed.body
    );
    let done = zhao.post(&format!("{page}/release"), &[("deliveries", "3")]).await;
    let hold = zhao.get(done.location()).await.body;
    assert!(hold.contains("3 条 · 2 人"), "{hold}");
    for path in ["/live/", "/live/alerts", &format!("{page}/lift")] {
        let body = zhao.get(path).await.body;
        assert!(!body.contains("人次"), "{path}: {body}");
    }
}

#[tokio::test]
async fn what_is_held_is_told_as_held_and_nothing_of_it_is_on_its_way() {
    let town = Town::open().await;
    let id = released(&town).await;
    let (wang, zhao) = (town.sign_in("wang").await, town.sign_in("zhao").await);
    let board = zhao.get("/live/").await.body;
    assert!(board.contains("一条未发") && board.contains("秒开始发送"), "{board}");
    assert!(board.contains(&format!("/live/alerts/{id}/recall")), "{board}");
    let row = r#"<td>2</td><td>2</td><td class="hm">0</td><td class="b">0</td><td class="hm">0</td>"#;
    assert!(board.contains(row), "all are queued, none under way: {board}");
    assert!(board.contains("队列 0") && !board.contains(" 发布</span>"), "{board}");
    let others = wang.get("/live/").await.body;
    assert!(others.contains("一条未发") && !others.contains("/recall"), "an author takes nothing back");
}

#[tokio::test]
async fn an_account_at_rest_shows_no_load() {
    let town = Town::open().await;
    let board = town.sign_in("wang").await.get("/live/").await.body;
    let account = r#"<span class="v">0/100</span><span class="q">队列 0</span>"#;
    assert!(board.contains(account) && board.contains(r#"<rect class="d" width="0""#), "{board}");
}

#[tokio::test]
async fn the_path_of_signatures_shows_who_signed_and_what_it_waits_for() {
    let town = Town::open().await;
    let (wang, li) = (town.sign_in("wang").await, town.sign_in("li").await);
    let page = wang.post("/live/compose", &town.red).await.location().to_owned();
    let now = |body: &str| {
        let (_, rest) = body.split_once(r#"aria-current="step"><b>"#).unwrap();
        rest.split_once('<').unwrap().0.to_owned()
    };
    assert_eq!(now(&wang.get(&page).await.body), "拟稿");
    wang.post(&format!("{page}/submit"), &[]).await;
    let submitted = wang.get(&page).await.body;
    assert_eq!(now(&submitted), "审核");
    assert!(submitted.contains("✓</span> 拟稿</b><span>拟稿员王</span><time>"), "{submitted}");
    li.post(&format!("{page}/approve"), &[]).await;
    let approved = wang.get(&page).await.body;
    assert_eq!(now(&approved), "签发");
    assert!(approved.contains("✓</span> 审核</b><span>审核员李</span><time>"), "{approved}");
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
    let list = zhao.get("/live/alerts").await.body;
    assert!(board.contains(r#"<span class="gb g0">"#) && list.contains(r#"<span class="g g0">"#), "{list}");
    assert!(!list.contains(r#"<span class="g g1">"#), "full colour is for what holds: {list}");
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
