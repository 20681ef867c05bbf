//! A whole city that sends red warnings to its followers at once: its administrator, its quotas, and what is told in totals.

use crate::wechat::{PEOPLE, Town, states, town_with};
use mingluo_dispatch::view::PlanView;
use mingluo_model::{
    audience::ChannelKind,
    delivery::Reason,
    id::AlertId,
    mode::ModeKind,
    receipt::{AggregateReceipt, Job},
};
use mingluo_rehearsal::{
    sim_journal::What,
    sim_wechat::{Administrator, MassFaults, WeChatFaults},
};
use std::collections::BTreeSet;

/// Between two looks at the jobs.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(20);

const MASS: &str = "[live.wechat.mass]\nname = \"live-mass\"\n";

/// Forty people are two calls and a call to four.
const SMALL_CALLS: &str = "calls_per_minute = 60\nfollowers_per_call = 18\n";

async fn town(mass: MassFaults, dispatch: &str) -> Town {
    let faults = WeChatFaults { mass, ..WeChatFaults::default() };
    town_with(faults, 0, MASS, &format!("fallback_every_s = 1\n{dispatch}")).await
}

impl Town {
    async fn jobs(&self) -> Vec<Job> {
        self.city.console.store.jobs(ModeKind::Live, 10).await.unwrap()
    }

    /// Waits until so many jobs ended, and gives the latest.
    async fn ended(&self, count: usize) -> AggregateReceipt {
        let latest = async || {
            let ends: Vec<_> = self.jobs().await.into_iter().filter_map(|job| job.end).collect();
            (ends.len() == count).then_some(ends)?.into_iter().max_by_key(|end| end.at)
        };
        self.city.until_told(PAUSE, latest).await.unwrap()
    }

    /// Waits until the beginnings of all jobs are kept, which their ends may overtake, and gives how many people each is for.
    async fn begun(&self) -> Vec<u32> {
        let begun = async || self.jobs().await.iter().map(|job| Some(job.begun?.recipients)).collect();
        self.city.until_told(PAUSE, begun).await.unwrap()
    }

    /// Waits until the plans of one account stand so.
    async fn until(&self, alert: AlertId, account: &str, state: &str, count: u32) -> Vec<PlanView> {
        let live = &self.city.console.live;
        let there = |views: &[PlanView]| of_account(views, account, state) == count;
        self.city
            .until(|| Some(live.progress(Some(alert))).filter(|views| there(views)))
            .await
            .unwrap_or_else(|_| panic!("{:?}", live.progress(Some(alert))))
    }
}

fn of_account(views: &[PlanView], account: &str, state: &str) -> u32 {
    let mine = views.iter().filter(|view| view.account.0 == account);
    mine.filter_map(|view| view.counts.states.get(state)).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_red_warning_is_one_call_and_its_people_have_left_us() {
    let town = town(MassFaults::default(), "").await;
    let alert = town.warn(vec![ChannelKind::Sms]).await;
    let end = town.ended(1).await;
    let totals = (end.targeted, end.reached, end.filtered);
    assert_eq!(totals, (Some(PEOPLE.into()), Some(PEOPLE.into()), Some(0)));

    let views = town.until(alert, "live-mass", "accepted", PEOPLE).await;

    let mass = views.iter().find(|view| view.account.0 == "live-mass").unwrap();
    assert!(mass.settled && mass.told_in_totals, "{mass:?}");
    assert_eq!(states(&views, ChannelKind::Sms), [].into(), "silence is good news");
    let calls: BTreeSet<_> = town.told(What::Accepted).into_iter().map(|entry| entry.id).collect();
    assert_eq!(calls.len(), 1);
    assert_eq!(town.begun().await, [PEOPLE]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mass_send_waits_for_its_administrator() {
    let faults = MassFaults {
        administrator: Administrator::Approves,
        administrator_ms: 1_500,
        ..MassFaults::default()
    };
    let town = town(faults, "").await;
    let alert = town.warn(Vec::new()).await;
    town.until(alert, "live-mass", "accepted", PEOPLE).await;
    let waiting = town.jobs().await;
    assert!(waiting.iter().all(|job| job.end.is_none()) && town.told(What::Accepted).is_empty());
    assert_eq!(town.ended(1).await.reached, Some(u64::from(PEOPLE)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_administrator_refuses_everybody_is_told_singly() {
    let faults =
        MassFaults { administrator: Administrator::Refuses, administrator_ms: 100, ..MassFaults::default() };
    let town = town(faults, "").await;
    let alert = town.warn(vec![ChannelKind::Sms]).await;

    let views = town.until(alert, "live-wechat", "delivered", PEOPLE).await;

    assert_eq!(of_account(&views, "live-mass", "failed"), PEOPLE);
    let refused: u32 = views.iter().filter_map(|view| view.counts.failed.get("not-allowed")).sum();
    assert_eq!(
        (refused, states(&views, ChannelKind::Sms)),
        (PEOPLE, [].into()),
        "no short message was needed"
    );
    assert_eq!(town.ended(1).await.far_code, "err(40001)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_nobody_tells_the_end_the_next_way_takes_over() {
    let faults = MassFaults { mass_mute: true, mass_forgotten: true, ..MassFaults::default() };
    let town = town(faults, "jobs_within_s = 1").await;
    let alert = town.warn(Vec::new()).await;
    let views = town.until(alert, "live-wechat", "delivered", PEOPLE).await;
    let silent: u32 = views.iter().filter_map(|view| view.counts.failed.get("no-receipt")).sum();
    assert_eq!(silent, PEOPLE);
    let end = town.ended(1).await;
    assert_eq!((end.refused, end.reached), (Some(Reason::NoReceipt), None), "given up once and for all");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_that_came_while_the_city_was_away_is_asked_for_and_tells_nobody_twice() {
    let faults = MassFaults { mass_mute: true, ..MassFaults::default() };
    let mut town = town(faults, "").await;
    let alert = town.warn(Vec::new()).await;
    town.until(alert, "live-mass", "accepted", PEOPLE).await;
    town.restart().await;
    let end = town.ended(1).await;
    assert_eq!((end.refused, end.targeted), (None, None), "sent; the totals are lost");
    assert_eq!(town.told(What::Accepted).len(), PEOPLE as usize);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_who_had_four_this_month_is_filtered_and_a_used_up_quota_costs_nobody_the_warning() {
    let town = town(MassFaults { mass_month: 1, mass_quota: Some(2), ..MassFaults::default() }, "").await;
    let first = town.warn(Vec::new()).await;
    town.until(first, "live-mass", "accepted", PEOPLE).await;
    assert_eq!(town.ended(1).await.filtered, Some(0));

    let second = town.warn(Vec::new()).await;
    town.until(second, "live-wechat", "delivered", PEOPLE).await;
    assert_eq!(town.ended(2).await.filtered, Some(u64::from(PEOPLE)), "sent, and to nobody");

    let third = town.warn(Vec::new()).await;
    let views = town.until(third, "live-wechat", "delivered", PEOPLE).await;

    let handed_over: u32 = views.iter().map(|view| view.handed_over).sum();
    assert_eq!((handed_over, of_account(&views, "live-mass", "failed")), (PEOPLE, 0), "{views:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_whose_answers_were_lost_go_again_as_they_were_and_tell_nobody_twice() {
    let mass = MassFaults { mass_swallowed: 2, ..MassFaults::default() };
    let faults = WeChatFaults { mass, ..WeChatFaults::default() };
    let keys = format!("{MASS}{SMALL_CALLS}");
    let town =
        town_with(faults, 1_000, &keys, "fallback_every_s = 1\nretry = { first_pause_ms = 3000 }").await;
    let alert = town.warn(Vec::new()).await;
    town.act(7, "unsubscribe").await;
    town.city.until(|| (town.told(What::Accepted).len() >= 17).then_some(())).await.unwrap();
    town.act(9, "unsubscribe").await;

    town.until(alert, "live-mass", "accepted", PEOPLE - 2).await;

    let told: Vec<_> = town.told(What::Accepted).into_iter().map(|entry| entry.to).collect();
    let each: BTreeSet<_> = told.iter().collect();
    assert_eq!((told.len(), each.len()), (PEOPLE as usize - 1, PEOPLE as usize - 1));
    assert_eq!(town.begun().await.len(), 3, "no call was another one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_left_over_alone_is_told_by_a_template_message() {
    let keys = format!("{MASS}calls_per_minute = 60\nfollowers_per_call = 39\n");
    let town = town_with(WeChatFaults::default(), 0, &keys, "fallback_every_s = 1").await;
    let alert = town.warn(vec![ChannelKind::Sms]).await;
    town.until(alert, "live-mass", "accepted", PEOPLE - 1).await;
    let views = town.until(alert, "live-wechat", "delivered", 1).await;
    assert_eq!((town.jobs().await.len(), states(&views, ChannelKind::Sms)), (1, [].into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orange_warning_costs_nobody_one_of_four() {
    let town = town(MassFaults::default(), "").await;
    let order = mingluo_console::office::DraftOrder {
        channels: vec![ChannelKind::WeChat],
        ..town.city.order("orange", "请注意避险。", std::time::Duration::from_hours(1))
    };
    let alert = town.city.issue(&town.city.console.live, &order).await.unwrap().id;
    town.until(alert, "live-wechat", "delivered", PEOPLE).await;
    assert!(town.jobs().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_city_that_stops_and_starts_sends_nobody_anything_twice_and_hears_the_end() {
    let faults = MassFaults {
        administrator: Administrator::Refuses,
        administrator_ms: 2_000,
        ..MassFaults::default()
    };
    let mut town = town(faults, "").await;
    let alert = town.warn(Vec::new()).await;
    town.until(alert, "live-mass", "accepted", PEOPLE).await;
    town.restart().await;
    let views = town.until(alert, "live-wechat", "delivered", PEOPLE).await;
    assert_eq!(of_account(&views, "live-mass", "failed"), PEOPLE);
    assert_eq!(town.told(What::Accepted).len(), PEOPLE as usize);
}
