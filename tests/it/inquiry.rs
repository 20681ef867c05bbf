//! Followers who ask a whole city which warnings are in force: in one answer, or in as many messages as the platform lets it send.

use crate::wechat::{Town, town};
use mingluo_console::office::{DraftOrder, Follow};
use mingluo_model::{
    alert::AlertState,
    clock::{Clock, system::SystemClock},
    id::AlertId,
};
use mingluo_rehearsal::{
    city::openid,
    sim_journal::{Entry, What},
    sim_wechat::{CustomFaults, WeChatFaults},
};
use std::time::Duration;

/// Who asks, in a village of 清原镇.
const FOLLOWER: u32 = 3;

/// Between a question and the next, of a follower who asks until they hear something: less often than who is told to wait.
const PAUSE: Duration = Duration::from_millis(400);

/// So many letters that two warnings fill an answer at once.
const LONG: usize = 220;

async fn asked(custom: CustomFaults) -> Town {
    let town = town(WeChatFaults { custom, ..WeChatFaults::default() }, 0).await;
    assert!(town.asks(FOLLOWER, "地区 清原镇").await.contains("您的地区：清原镇"));
    town
}

/// The letters of five warnings.
fn letters() -> [String; 5] {
    ["雨", "风", "雷", "雪", "雹"].map(|letter| letter.repeat(LONG))
}

impl Town {
    fn order(&self, grade: &str, body: &str) -> DraftOrder {
        self.city.order(grade, body, Duration::from_hours(1))
    }

    async fn issue(&self, grade: &str, body: &str) -> AlertId {
        self.city.issue(&self.city.console.live, &self.order(grade, body)).await.unwrap().id
    }

    /// Five warnings, too many for one answer; their letters.
    async fn issue_five(&self) -> [String; 5] {
        let bodies = letters();
        for body in &bodies {
            self.issue("red", body).await;
        }
        bodies
    }

    /// Asks until the answer says this: what is in force is read once a second.
    async fn hears(&self, words: &str) -> String {
        let ask = async || Some(self.asks(FOLLOWER, "预警").await).filter(|said| said.contains(words));
        self.city.until_told(PAUSE, ask).await.unwrap()
    }

    /// Customer-service messages that were taken, or refused.
    fn custom(&self, what: What) -> Vec<Entry> {
        self.told(what).into_iter().filter(|entry| entry.id == "custom").collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_what_is_in_force_gets_it_in_full_words() {
    let town = town(WeChatFaults::default(), 0).await;
    let said = town.asks(FOLLOWER, "预警").await;
    assert!(said.contains("请先告诉我们您在哪里"), "{said}");
    assert!(town.asks(FOLLOWER, "地区 火星").await.contains("没有找到“火星”"));
    assert!(town.asks(FOLLOWER, "地区 清原镇").await.contains("您的地区：清原镇"));
    assert!(town.asks(FOLLOWER, "预警").await.contains("清原镇当前没有生效的预警"));

    let red = town.issue("red", "请立即转移到高处。").await;
    town.issue("blue", "今夜有雨，请留意。").await;
    town.city.issue(&town.city.console.drill, &town.order("red", "这是演练内容。")).await.unwrap();
    let elsewhere =
        DraftOrder { area: vec!["210423101".into()], ..town.order("red", "红透山镇的雨。") };
    town.city.issue(&town.city.console.live, &elsewhere).await.unwrap();

    town.hears("预警 2 条：").await;
    let said = town.asks(FOLLOWER, "当前预警？").await;
    assert!(said.starts_with("清原镇当前生效的预警 2 条："), "{said}");
    let [red_at, blue_at] =
        ["请立即转移到高处。", "今夜有雨，请留意。"].map(|words| said.find(words).unwrap());
    assert!(red_at < blue_at && said.matches("影响区域：清原满族自治县").count() == 2, "{said}");
    assert!(!said.contains("演练") && !said.contains("红透山"), "{said}");
    let by_menu = town.does(FOLLOWER, r#""event": "CLICK", "key": "预警""#).await;
    assert_eq!(by_menu, said, "a key of the menu asks as words do");

    town.city.follow("yellow", "雨势减弱。", Follow::Update(red)).await.unwrap();
    let said = town.hears("雨势减弱。").await;
    assert!(!said.contains("请立即转移到高处。"), "{said}");
    assert!(town.custom(What::Accepted).is_empty(), "all of it fitted into the answers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lift_that_can_still_be_recalled_takes_nothing_from_those_who_ask() {
    let town = town(WeChatFaults::default(), 2_000).await;
    town.asks(FOLLOWER, "地区 清原镇").await;
    let red = town.issue("red", "请立即转移到高处。").await;
    town.hears("请立即转移到高处。").await;

    let lift = town.city.follow("red", "危险已经过去。", Follow::Lift(red)).await.unwrap();
    let AlertState::Released { hold_until, .. } = lift.state else { panic!("{:?}", lift.state) };
    town.hears("清原镇当前没有生效的预警").await;
    assert!(SystemClock::shared().now() >= hold_until, "until then it could have been recalled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_into_the_answer_follows_in_order_and_once() {
    let town = asked(CustomFaults::default()).await;
    let [rain, wind, thunder, snow, hail] = town.issue_five().await;

    let said = town.asks(FOLLOWER, "预警").await;
    assert!(
        said.contains(&hail) && said.contains(&snow) && !said.contains(&thunder),
        "the newest first: {said}"
    );
    assert!(said.ends_with("其余 3 条消息随后发来；如未收全，请再回复“预警”。"), "{said}");
    town.city.until(|| (town.custom(What::Accepted).len() == 3).then_some(())).await.unwrap();
    town.hears("请看上面的消息。").await;
    for _ in 0..5 {
        let said = town.asks(FOLLOWER, "预警").await;
        assert!(said.ends_with("请看上面的消息。"), "{said}");
    }

    let followed = town.custom(What::Accepted);
    assert_eq!(followed.len(), 3, "no flood for a flood");
    for (entry, words) in followed.iter().zip([&thunder, &wind, &rain]) {
        assert!(entry.to == openid(FOLLOWER) && entry.detail.contains(words), "{entry:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_is_said_again_after_a_restart_is_answered_and_its_rest_is_told_once() {
    let mut town = asked(CustomFaults { custom_most: 20, ..CustomFaults::default() }).await;
    let [.., hail] = town.issue_five().await;
    assert!(town.hears("其余 3 条消息随后发来").await.contains(&hail));
    town.city.until(|| (town.custom(What::Accepted).len() == 3).then_some(())).await.unwrap();

    town.restart().await;
    let said = town.does(FOLLOWER, r#""again": true"#).await;
    assert!(said.contains(&hail) && said.contains("其余内容可能已经发给您"), "{said}");

    town.hears("其余 3 条消息随后发来").await;
    town.city.until(|| (town.custom(What::Accepted).len() >= 6).then_some(())).await.unwrap();
    assert_eq!(
        town.custom(What::Accepted).len(),
        6,
        "three for the first question, and three for the second"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lifted_while_the_rest_is_being_sent_is_not_sent_and_what_is_new_begins_anew() {
    let town = asked(CustomFaults { custom_ms: 2_000, custom_most: 20, ..CustomFaults::default() }).await;
    let bodies = letters();
    let rain = town.issue("red", &bodies[0]).await;
    for body in &bodies[1..] {
        town.issue("red", body).await;
    }
    assert!(town.asks(FOLLOWER, "预警").await.contains("其余 3 条消息随后发来"));
    assert!(town.asks(FOLLOWER, "预警").await.contains("其余内容正在发送"), "nothing of it came yet");

    town.city.follow("red", "雨已经停了。", Follow::Lift(rain)).await.unwrap();
    town.city.until(|| (town.custom(What::Accepted).len() == 2).then_some(())).await.unwrap();
    town.hears("其余 2 条消息随后发来").await;

    town.city.until(|| (town.custom(What::Accepted).len() == 4).then_some(())).await.unwrap();
    assert!(town.custom(What::Accepted).iter().all(|entry| !entry.detail.contains(&bodies[0])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_platform_says_enough_the_rest_is_not_tried() {
    let town = asked(CustomFaults { custom_most: 1, ..CustomFaults::default() }).await;
    town.issue_five().await;
    town.asks(FOLLOWER, "预警").await;
    town.city.until(|| (!town.custom(What::Refused).is_empty()).then_some(())).await.unwrap();
    assert!(town.custom(What::Refused)[0].detail.starts_with("45047"));

    town.city.until(|| (town.custom(What::Accepted).len() == 1).then_some(())).await.unwrap();
    town.hears("随后发来").await;
    town.city.until(|| (town.custom(What::Refused).len() == 2).then_some(())).await.unwrap();
    assert_eq!(town.custom(What::Accepted).len(), 2, "one each time, and whoever asks anew is told anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_the_platform_lets_nobody_write_to_has_the_answer_at_once_all_the_same() {
    let town = asked(CustomFaults { custom_window_s: 0, ..CustomFaults::default() }).await;
    let [.., hail] = town.issue_five().await;
    assert!(town.asks(FOLLOWER, "预警").await.contains(&hail));
    town.city.until(|| (!town.custom(What::Refused).is_empty()).then_some(())).await.unwrap();
    assert!(town.custom(What::Refused)[0].detail.starts_with("45015"));
    assert!(town.custom(What::Accepted).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_without_end_is_told_to_wait_and_their_neighbour_is_answered() {
    let town = asked(CustomFaults::default()).await;
    assert!(town.asks(FOLLOWER + 1, "地区 清原镇").await.contains("您的地区：清原镇"));
    // Two minutes may share the questions, and each of them answers its share.
    let mut said = Vec::new();
    for _ in 0..41 {
        said.push(town.asks(FOLLOWER, "预警").await);
    }
    assert!(said[0].contains("清原镇当前没有生效的预警"), "{said:?}");
    assert!(said.iter().any(|words| words.contains("请过一分钟再回复")), "{said:?}");
    assert!(town.asks(FOLLOWER + 1, "预警").await.contains("清原镇当前没有生效的预警"));
}
