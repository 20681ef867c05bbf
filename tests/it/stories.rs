//! Stories of a city at work: officers' verbs at one end, a pretend SMS centre at the other, the real house between.
//! Each runs on SQLite, and on PostgreSQL where `MINGLUO_TEST_POSTGRES` names a server.

use mingluo_console::office::{DraftOrder, Follow, OfficeError};
use mingluo_model::{alert::AlertError, id::NodeId, mode::ModeKind, owner::Role};
use mingluo_rehearsal::{
    city::{City, CityOrder, faults, number},
    sim_smsc::log::Arrived,
};
use rand::{SeedableRng, rngs::StdRng};
use std::{collections::BTreeSet, time::Duration};

const HOUR: Duration = Duration::from_hours(1);

/// Texts that arrived, each by the hash the centre gives it, in the order of their first arrival.
fn texts(arrived: &[Arrived]) -> Vec<u32> {
    let mut seen = BTreeSet::new();
    arrived.iter().map(|part| part.text).filter(|text| seen.insert(*text)).collect()
}

/// The numbers on which a text arrived.
fn who_got(arrived: &[Arrived], text: u32) -> BTreeSet<u64> {
    arrived.iter().filter(|part| part.text == text).map(|part| part.destination).collect()
}

fn count(views: &[mingluo_dispatch::view::PlanView], state: &str) -> u32 {
    views.iter().filter_map(|view| view.counts.states.get(state)).sum()
}

async fn red_overtakes_blue(order: CityOrder) {
    let city = City::start(CityOrder { recipients: 600, licence: 400, window: 16, ..order }).await.unwrap();
    let live = &city.console.live;
    let blue = city.issue(live, &city.order("blue", "蓝色", HOUR)).await.unwrap();
    city.until(|| (city.live_smsc.counts().taken > 20).then_some(())).await.unwrap();
    let red = city.issue(live, &city.order("red", "红色", HOUR)).await.unwrap();
    city.settled(live, red.id).await.unwrap();
    assert!(live.progress(Some(blue.id)).iter().any(|view| view.counts.states.contains_key("planned")));
    let arrived = city.end().await.unwrap().live;
    let [blue, red] = texts(&arrived)[..] else { panic!("two texts arrived") };
    let first_red = arrived.iter().position(|part| part.text == red).unwrap();
    let last_red = arrived.iter().rposition(|part| part.text == red).unwrap();
    let blue_between = arrived[first_red..last_red].iter().filter(|part| part.text == blue).count();
    assert!(blue_between <= 16, "{blue_between} blue parts among the red ones: more than the window");
}

async fn lift_stops_the_rest(order: CityOrder) {
    let city = City::start(CityOrder { recipients: 600, licence: 400, window: 16, ..order }).await.unwrap();
    let live = &city.console.live;
    let red = city.issue(live, &city.order("red", "红色", HOUR)).await.unwrap();
    city.until(|| (city.live_smsc.counts().taken > 40).then_some(())).await.unwrap();
    let lift = city.follow("red", "险情解除", Follow::Lift(red.id)).await.unwrap();
    let lifted = city.settled(live, lift.id).await.unwrap();
    let stopped = city.settled(live, red.id).await.unwrap();
    let reached: u32 = lifted.iter().map(|view| view.counts.target).sum();
    assert!(count(&stopped, "withdrawn") > 0 && reached > 0);
    assert_eq!(live.alert(red.id).await.unwrap().0.state.word(), "lifted");
    let arrived = city.end().await.unwrap().live;
    let [red, lift] = texts(&arrived)[..] else { panic!("two texts arrived") };
    let (warned, told) = (who_got(&arrived, red), who_got(&arrived, lift));
    assert_eq!(count(&stopped, "withdrawn") + warned.len() as u32, 600, "each was warned or is withdrawn");
    assert!(warned.is_subset(&told), "whom the warning reached hears that it is over");
    assert_eq!(told.len() as u32, reached);
    assert!(told.len() - warned.len() <= 16, "and nobody else, but whose turn was next");
}

async fn correction_overtakes_red(order: CityOrder) {
    let city = City::start(CityOrder { recipients: 300, licence: 400, window: 16, ..order }).await.unwrap();
    let live = &city.console.live;
    let wrong = city.issue(live, &city.order("blue", "错误的一条", HOUR)).await.unwrap();
    city.settled(live, wrong.id).await.unwrap();
    let red = city.issue(live, &city.order("red", "红色", HOUR)).await.unwrap();
    city.until(|| (city.live_smsc.counts().taken > 320).then_some(())).await.unwrap();
    let correction = city.follow("blue", "前一条有误", Follow::Correction(wrong.id)).await.unwrap();
    city.settled(live, correction.id).await.unwrap();
    assert!(live.progress(Some(red.id)).iter().any(|view| view.counts.states.contains_key("planned")));
    city.end().await.unwrap();
}

async fn expired_is_never_sent(order: CityOrder) {
    let city = City::start(CityOrder { hold_ms: 1_500, ..order }).await.unwrap();
    let live = &city.console.live;
    let brief = city.issue(live, &city.order("red", "转瞬即逝", Duration::from_secs(1))).await.unwrap();
    let views = city.settled(live, brief.id).await.unwrap();
    assert_eq!(count(&views, "expired"), 40);
    assert!(city.end().await.unwrap().live.is_empty());
}

async fn receipt_before_its_acknowledgement(order: CityOrder) {
    let faults = faults(&["--receipt-first-percent", "100"]);
    let city = City::start(CityOrder { faults, ..order }).await.unwrap();
    let live = &city.console.live;
    let alert = city.issue(live, &city.order("red", "红色", HOUR)).await.unwrap();
    let views = city.settled(live, alert.id).await.unwrap();
    assert_eq!(count(&views, "delivered"), 40);
    let unmatched = city.console.store.unmatched(mingluo_model::clock::Timestamp(0)).await.unwrap();
    assert!(unmatched.is_empty(), "{} receipts found nobody", unmatched.len());
    city.end().await.unwrap();
}

async fn author_cannot_approve(order: CityOrder) {
    let city = City::start(order).await.unwrap();
    let live = &city.console.live;
    let both = city.officer(1, &[Role::Author, Role::Approver, Role::Releaser]);
    let alert = live.draft(&both, &city.order("blue", "蓝色", HOUR)).await.unwrap();
    live.submit(&both, alert.id).await.unwrap();
    let refused = live.approve(&both, alert.id, alert.content_hash()).await.unwrap_err();
    assert!(matches!(refused, OfficeError::Alert(AlertError::AuthorCannotApprove)));
    assert!(city.end().await.unwrap().live.is_empty());
}

async fn drill_never_leaves_on_a_live_channel(order: CityOrder) {
    let city = City::start(order).await.unwrap();
    let drill = &city.console.drill;
    let alert = city.issue(drill, &city.order("red", "疏散", HOUR)).await.unwrap();
    city.settled(drill, alert.id).await.unwrap();
    assert!(matches!(city.console.live.alert(alert.id).await, Err(OfficeError::NoSuchAlert { .. })));
    let denied = DraftOrder { body: "这不是演练".to_owned(), ..city.order("red", "", HOUR) };
    let author = city.officer(1, &[Role::Author]);
    assert!(matches!(drill.draft(&author, &denied).await, Err(OfficeError::DrillDenied { .. })));
    let ended = city.end().await.unwrap();
    assert_eq!((ended.live.len(), ended.drill.len()), (0, 40));
}

async fn a_release_with_the_wrong_number_releases_nothing(order: CityOrder) {
    let city = City::start(order).await.unwrap();
    let live = &city.console.live;
    let author = city.officer(1, &[Role::Author]);
    let alert = live.draft(&author, &city.order("blue", "蓝色", HOUR)).await.unwrap();
    live.submit(&author, alert.id).await.unwrap();
    let shown = alert.content_hash();
    live.approve(&city.officer(2, &[Role::Approver]), alert.id, shown).await.unwrap();
    let refused = live.release(&city.officer(3, &[Role::Releaser]), alert.id, shown, 39).await.unwrap_err();
    assert!(matches!(refused, OfficeError::WrongNumber { typed: 39 }));
    assert_eq!(live.alert(alert.id).await.unwrap().0.state.word(), "approved");
    assert!(city.end().await.unwrap().live.is_empty());
}

async fn recalled_within_the_hold_nothing_leaves(order: CityOrder) {
    let city = City::start(CityOrder { hold_ms: 600_000, ..order }).await.unwrap();
    let live = &city.console.live;
    let alert = city.issue(live, &city.order("red", "红色", HOUR)).await.unwrap();
    live.recall(&city.officer(3, &[Role::Releaser]), alert.id).await.unwrap();
    let views = city.settled(live, alert.id).await.unwrap();
    assert_eq!(count(&views, "withdrawn"), 40);
    assert!(city.end().await.unwrap().live.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_is_readable_in_the_database_file() {
    let city = City::start(CityOrder::default()).await.unwrap();
    let live = &city.console.live;
    let alert = city.issue(live, &city.order("red", "红色", HOUR)).await.unwrap();
    city.settled(live, alert.id).await.unwrap();
    let bytes = city.database_bytes().unwrap();
    city.end().await.unwrap();
    assert!(bytes.len() > 50_000);
    for index in 0..40 {
        let number = number(index).to_string();
        let found = bytes.windows(number.len()).any(|window| window == number.as_bytes());
        assert!(!found, "a number is readable in the database");
    }
}

async fn a_node_that_lost_its_lease_halts_before_a_warning_needs_it(order: CityOrder) {
    let city = City::start(order).await.unwrap();
    let live = &city.console.live;
    let (store, later) = (&city.console.store, city.console.clock.now().plus(HOUR));
    let other = NodeId::new(later, &mut StdRng::seed_from_u64(5));
    let lease = store.acquire("dispatch/live", "node-2", other, HOUR, later).await.unwrap();
    assert!(lease.is_some(), "its time is over an hour later");
    let reason = live.engine().until_halted().await;
    assert!(reason.contains("ledger"), "{reason}");
    assert!(city.issue(live, &city.order("red", "红色", HOUR)).await.is_err());
    assert_eq!(city.live_smsc.counts().taken, 0);
}

/// Waits until so many have opted out.
async fn until_off(city: &City, mode: ModeKind, number: usize) {
    for _ in 0..1_000 {
        if city.console.store.opt_outs(mode).await.unwrap().len() == number {
            return;
        }
        city.console.clock.sleep(Duration::from_millis(5)).await;
    }
    panic!("five seconds passed, and they have not opted out");
}

async fn who_refused_gets_the_next_warning_no_more_and_a_drill_takes_nobody_off(order: CityOrder) {
    let faults = faults(&["--reply-percent", "100", "--reply-words", "退订"]);
    let city = City::start(CityOrder { faults, ..order }).await.unwrap();
    let (live, drill, store) = (&city.console.live, &city.console.drill, &city.console.store);

    let exercise = city.issue(drill, &city.order("red", "疏散演练", HOUR)).await.unwrap();
    city.settled(drill, exercise.id).await.unwrap();
    until_off(&city, ModeKind::Drill, 40).await;
    assert!(store.opt_outs(ModeKind::Live).await.unwrap().is_empty());

    let first = city.issue(live, &city.order("red", "红色", HOUR)).await.unwrap();
    assert_eq!(count(&city.settled(live, first.id).await.unwrap(), "delivered"), 40);
    until_off(&city, ModeKind::Live, 40).await;

    let second = city.issue(live, &city.order("red", "又一次", HOUR)).await.unwrap();
    assert_eq!(count(&city.settled(live, second.id).await.unwrap(), "failed"), 40);
    let heard = city.live_smsc.counts().replies_heard;
    let kept = store.replies(ModeKind::Live, None, 1_000).await.unwrap();
    assert!(heard >= 40 && kept.len() == 40, "{heard} answered, {} kept: once each", kept.len());
    assert_eq!(texts(&city.end().await.unwrap().live).len(), 1);
}

async fn numbers_that_the_gateway_refuses_sink_nobody_else(order: CityOrder) {
    let faults = faults(&["--refuse-percent", "2"]);
    let city = City::start(CityOrder { recipients: 100, faults, ..order }).await.unwrap();
    let live = &city.console.live;
    let alert = city.issue(live, &city.order("red", "红色", HOUR)).await.unwrap();
    let views = city.settled(live, alert.id).await.unwrap();
    let bad: u32 = views.iter().filter_map(|view| view.counts.failed.get("bad-address")).sum();
    assert!((1..10).contains(&bad), "{bad}: the same seed refuses the same numbers");
    assert_eq!((count(&views, "delivered"), count(&views, "failed")), (100 - bad, bad));
    city.end().await.unwrap();
}

/// Each story twice: on a SQLite file, and on PostgreSQL where there is one.
macro_rules! on_both_engines {
    ($($story:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $story() {
                super::$story(super::CityOrder::default()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $story() {
                let Some(database) = super::database(stringify!($story)).await else { return };
                super::$story(super::CityOrder { database: Some(database), ..super::CityOrder::default() }).await;
            })*
        }
    };
}

on_both_engines!(
    who_refused_gets_the_next_warning_no_more_and_a_drill_takes_nobody_off,
    red_overtakes_blue,
    lift_stops_the_rest,
    correction_overtakes_red,
    expired_is_never_sent,
    receipt_before_its_acknowledgement,
    author_cannot_approve,
    drill_never_leaves_on_a_live_channel,
    a_release_with_the_wrong_number_releases_nothing,
    recalled_within_the_hold_nothing_leaves,
    numbers_that_the_gateway_refuses_sink_nobody_else,
    a_node_that_lost_its_lease_halts_before_a_warning_needs_it,
);

/// A database of the story's own on the test server, if there is one.
pub(crate) async fn database(story: &str) -> Option<String> {
    let Ok(server) = std::env::var("MINGLUO_TEST_POSTGRES") else {
        eprintln!("skipped on PostgreSQL: MINGLUO_TEST_POSTGRES is not set");
        return None;
    };
    Some(mingluo_rehearsal::postgres::fresh_database(&server, story).await.unwrap())
}
