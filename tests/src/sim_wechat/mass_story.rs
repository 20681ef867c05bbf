//! Stories of mass sends and subscription notices at their platform, over real sockets.

use super::{
    Administrator, MassFaults, WeChatFaults,
    story::{followers, ids, message, scene},
};
use crate::{sim_courier::Courier, sim_journal::What};
use mingluo_model::{
    channel::{Channel, ReceiptFor, Refusal, Repeat, Verdict},
    delivery::Reason,
    grade::Grade,
    priority::{Occasion, Withdraws},
    receipt::ProviderId,
};
use std::{collections::BTreeSet, time::Duration};

fn mass(faults: MassFaults) -> WeChatFaults {
    WeChatFaults { mass: faults, ..WeChatFaults::default() }
}

fn refusal(verdict: &Verdict) -> (&'static str, Reason) {
    match verdict {
        Verdict::Closed(Refusal { reason, .. }) => ("closed", *reason),
        Verdict::Permanent(Refusal { reason, .. }) => ("permanent", *reason),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_call_reaches_everybody_and_ends_in_totals() {
    let scene = scene(mass(MassFaults { mass_month: 1, ..MassFaults::default() })).await;
    let channel = scene.channel.mass().unwrap();
    let mut courier = Courier::open(&channel, message("T1")).await.unwrap();

    let jobs: BTreeSet<_> = ids(&courier.deliver(&followers(40), 1).await.unwrap()).into_iter().collect();
    let more = followers(42);
    let again: BTreeSet<_> = ids(&courier.deliver(&more, 1).await.unwrap()).into_iter().collect();
    scene.until_told(What::Receipt, 2).await;

    assert_eq!(
        (jobs.len(), again.len(), jobs.intersection(&again).count()),
        (1, 1, 0),
        "a job for each call"
    );
    let ends = scene.ear.ends();
    let [first, second] = &ends[..] else { panic!("{ends:?}") };
    assert_eq!((first.targeted, first.filtered, first.reached), (Some(40), Some(0), Some(40)));
    assert_eq!(first.refused, None);
    let totals = (second.targeted, second.filtered, second.reached);
    assert_eq!(totals, (Some(42), Some(40), Some(2)), "they had their share");
    assert!(scene.ear.heard().is_empty(), "nobody says who got it");
}

#[tokio::test]
async fn who_is_left_over_alone_is_nobody_for_a_mass_send() {
    let scene = scene(WeChatFaults::default()).await;
    let channel = scene.channel.mass().unwrap();
    let mut courier = Courier::open(&channel, message("T1")).await.unwrap();
    let verdicts = courier.deliver(&followers(1), 1).await.unwrap();
    assert_eq!(verdicts.iter().map(refusal).collect::<Vec<_>>(), [("permanent", Reason::Other)]);
    assert!(scene.told(What::Accepted).is_empty(), "neither a call nor a template message");
}

#[tokio::test]
async fn a_call_whose_answer_was_lost_is_known_again_and_nobody_is_told_twice() {
    let scene = scene(mass(MassFaults { mass_swallowed: 1, ..MassFaults::default() })).await;
    let channel = scene.channel.mass().unwrap();
    let mut courier = Courier::open(&channel, message("T1")).await.unwrap();
    let to = followers(20);
    let lost = courier.deliver(&to, 1).await.unwrap();
    assert!(
        lost.iter().all(|verdict| matches!(verdict, Verdict::Temporary(_))),
        "it may have left: {lost:?}"
    );
    let jobs: BTreeSet<_> = ids(&courier.deliver(&to, 1).await.unwrap()).into_iter().collect();
    assert_eq!(jobs.into_iter().collect::<Vec<_>>(), [ProviderId::new(b"34182")], "45065 names the first");
    scene.until_told(What::Receipt, 1).await;
    assert_eq!(scene.told(What::Accepted).len(), 20, "each follower once");
}

#[tokio::test]
async fn the_same_call_too_soon_waits_a_minute() {
    let faults = MassFaults { mass_swallowed: 1, mass_again_ms: 60_000, ..MassFaults::default() };
    let scene = scene(mass(faults)).await;
    let channel = scene.channel.mass().unwrap();
    let mut courier = Courier::open(&channel, message("T1")).await.unwrap();
    let lost = courier.deliver(&followers(2), 1).await.unwrap();
    assert!(lost.iter().all(|verdict| matches!(verdict, Verdict::Temporary(_))), "{lost:?}");
    let again = courier.deliver(&followers(2), 2).await.unwrap();
    assert_eq!(again, vec![Verdict::Busy { retry_after: Duration::from_mins(1) }; 2], "45066");
}

#[tokio::test]
async fn a_used_up_quota_closes_the_account_and_says_nothing_of_anybody() {
    let scene = scene(mass(MassFaults { mass_quota: Some(0), ..MassFaults::default() })).await;
    let channel = scene.channel.mass().unwrap();
    let mut courier = Courier::open(&channel, message("T1")).await.unwrap();
    let verdicts = courier.deliver(&followers(3), 1).await.unwrap();
    assert!(verdicts.iter().all(|one| refusal(one) == ("closed", Reason::Quota)), "{verdicts:?}");
}

#[tokio::test]
async fn an_administrator_who_refuses_is_told_apart_from_one_who_is_away() {
    for (administrator, code) in
        [(Administrator::Refuses, "err(40001)"), (Administrator::Silent, "err(40002)")]
    {
        let faults = MassFaults { administrator, administrator_ms: 50, ..MassFaults::default() };
        let scene = scene(mass(faults)).await;
        let channel = scene.channel.mass().unwrap();
        let mut courier = Courier::open(&channel, message("T1")).await.unwrap();
        ids(&courier.deliver(&followers(2), 1).await.unwrap());
        scene.until_told(What::Receipt, 1).await;
        let ends = scene.ear.ends();
        assert_eq!((ends[0].refused, ends[0].far_code.as_str()), (Some(Reason::NotAllowed), code));
        assert!(scene.told(What::Accepted).is_empty(), "nobody got anything");
    }
}

#[tokio::test]
async fn mass_sends_are_for_red_warnings_and_for_none_of_their_ends() {
    let scene = scene(WeChatFaults::default()).await;
    let channel = scene.channel.mass().unwrap();
    assert!(channel.is_for(Occasion { grade: Grade::Red, withdraws: Withdraws::No }));
    assert!(!channel.is_for(Occasion { grade: Grade::Orange, withdraws: Withdraws::No }));
    assert!(
        !channel.is_for(Occasion { grade: Grade::Red, withdraws: Withdraws::Yes }),
        "a lift costs nobody one of four"
    );
    assert_eq!(channel.limits().rate.units.get(), 50 * 10_000 / 60);
}

#[tokio::test]
async fn notices_are_known_by_follower_and_template() {
    let faults = WeChatFaults { unsubscribed_percent: 30, block_percent: 20, ..WeChatFaults::default() };
    let scene = scene(faults).await;
    let notices = &scene.channel;
    let kinds = (Channel::<mingluo_model::mode::Live>::receipts(notices), notices.repeat());
    assert_eq!(kinds, (ReceiptFor::InTurn, Repeat::MayDouble));
    let mut courier = Courier::open(notices, message("N1")).await.unwrap();
    let verdicts = courier.deliver(&followers(40), 1).await.unwrap();
    let taken: Vec<Verdict> =
        verdicts.iter().filter(|one| matches!(one, Verdict::Accepted(_))).cloned().collect();
    let gone = verdicts.iter().filter(|one| !taken.contains(one)).map(refusal);
    assert!(gone.clone().all(|one| one == ("permanent", Reason::Blocked)), "43101: the consent is gone");
    assert!(gone.count() > 0);
    scene.until_told(What::Receipt, taken.len()).await;
    let told: BTreeSet<_> = scene.ear.heard().into_iter().map(|receipt| receipt.provider_id).collect();
    assert_eq!(told, ids(&taken).into_iter().collect(), "the events name what the answers did not");
}
