//! What happens between dispatch, the hub and boxes.

mod enrol;
mod hostile;
mod keys;
mod poll;
mod renewal;
mod tls;
mod witness;

use super::{
    FleetCount, Parting,
    village::{City, NOW, ScriptedBox, box_code, bulletin, hello, signer},
};
use mingluo_model::{
    address::Address,
    bulletin::{Action, Bulletin},
    channel::{Channel as _, Refusal, Report as Told, Verdict},
    clock::Timestamp,
    delivery::Reason,
    link::{BoxFrame, CityFrame, DeviceState, Event, Health, Heartbeat, Hello, Report},
    mode::ModeKind,
    receipt::ReceiptStatus,
    region::Level,
    signer::{Purpose, time_bytes},
};
use std::time::Duration;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

const HOUR: Duration = Duration::from_hours(1);

fn statuses(told: &[Told]) -> Vec<ReceiptStatus> {
    let status = |told: &Told| match told {
        Told::Receipt { receipt, .. } => Some(receipt.status),
        Told::Answer { .. } | Told::Reply { .. } => None,
    };
    told.iter().filter_map(status).collect()
}

fn verdicts(told: Vec<Told>) -> Vec<(u64, Verdict)> {
    let verdict = |told| match told {
        Told::Answer { key, verdict } => Some((key, verdict)),
        Told::Receipt { .. } | Told::Reply { .. } => None,
    };
    told.into_iter().filter_map(verdict).collect()
}

/// What the box hears committed while dispatch is told nothing.
async fn committed_unasked(city: &mut City, village: &mut ScriptedBox) -> Vec<u64> {
    let hub = city.channel.hub();
    let telling = async {
        loop {
            tokio::task::yield_now().await;
            hub.tell_commits();
        }
    };
    tokio::select! {
        told = city.told() => panic!("told {told:?}"),
        ids = village.hear_committed() => ids,
        () = telling => unreachable!("it tells for ever"),
    }
}

#[tokio::test]
async fn a_connected_box_gets_it_at_once_and_its_reports_become_answer_and_receipts() {
    let mut city = City::new().await;
    let mut village = city.welcome(1).await;
    let key = city.order(&bulletin(7), &[1]).await;
    assert_eq!(village.hear_order().await, bulletin(7).ebm);

    village.report(7, Event::Verified).await;
    let told = city.told().await;
    assert_eq!(statuses(&told), [ReceiptStatus::Delivered]);
    let [(answered, Verdict::Accepted(Some(id)))] = &verdicts(told)[..] else { panic!("not accepted") };
    assert_eq!((*answered, id.bytes().len()), (key, 58));
    for (event, status) in [
        (Event::Playing, ReceiptStatus::Delivered),
        (Event::Sounded, ReceiptStatus::Sounded),
        (Event::NotHeard, ReceiptStatus::Failed(Reason::NotHeard)),
        (Event::Preempted, ReceiptStatus::Failed(Reason::Preempted)),
        (Event::Ended, ReceiptStatus::Ended),
    ] {
        village.report(7, event).await;
        assert_eq!(statuses(&city.told().await), [status]);
    }
}

#[tokio::test]
async fn box_that_was_away_gets_what_still_holds() {
    let mut city = City::new().await;
    let short = Bulletin { end: Timestamp(NOW.0 + 60_000), ..bulletin(1) };
    city.order(&short, &[1]).await;
    city.order(&bulletin(2), &[1]).await;
    city.clock.advance(Duration::from_secs(61));

    let mut village = city.welcome(1).await;

    assert_eq!(village.hear_order().await, bulletin(2).ebm, "the first has ended meanwhile");
}

#[tokio::test]
async fn what_a_box_holds_already_is_accepted_and_not_sent() {
    let mut city = City::new().await;
    let held = city.order(&bulletin(1), &[1]).await;
    city.order(&bulletin(2), &[1]).await;

    let mut village = city.connect(Hello { holding: vec![bulletin(1).ebm], ..hello(1) }).await;

    assert!(matches!(village.hear().await, CityFrame::Welcome(_)));
    assert_eq!(village.hear_order().await, bulletin(2).ebm);
    assert!(matches!(verdicts(city.told().await)[..], [(key, Verdict::Accepted(Some(_)))] if key == held));
}

#[tokio::test]
async fn expired_order_is_not_handed_out() {
    let mut city = City::new().await;
    let away = city.order(&bulletin(1), &[1]).await;
    let mut silent = city.welcome(2).await;
    let lost = city.order(&bulletin(1), &[2]).await;
    silent.hear_order().await;

    city.clock.advance(HOUR);

    let ended = [(away, Verdict::Busy { retry_after: Duration::ZERO }), (lost, Verdict::Lost)];
    assert_eq!(verdicts(city.told().await), ended);
    let mut village = city.welcome(1).await;
    city.order(&Bulletin { end: Timestamp(NOW.0 + 7_200_000), ..bulletin(2) }, &[1]).await;
    assert_eq!(village.hear_order().await, bulletin(2).ebm, "the first is not handed out before it");
}

#[tokio::test]
async fn a_box_that_comes_back_never_gets_what_was_lifted() {
    let mut city = City::new().await;
    let red = city.order(&bulletin(1), &[1, 2]).await;
    city.order(&bulletin(2), &[1]).await;
    let lift = Bulletin { related: vec![bulletin(1).ebm], ..bulletin(3) };
    city.order(&lift, &[1]).await;

    let withdrawn = [red, red + 1].map(|key| (key, Verdict::Busy { retry_after: Duration::ZERO }));
    let mut told = verdicts(city.told().await);
    told.sort_by_key(|(key, _)| *key);
    assert_eq!(told, withdrawn, "also for the second, which the lift does not go to");
    let mut village = city.welcome(1).await;
    assert_eq!(village.hear_order().await, bulletin(2).ebm);
    assert_eq!(village.hear_order().await, lift.ebm, "numbers rise, else the box takes it for a replay");
    assert_eq!(city.order(&bulletin(4), &[1]).await, red + 4);
    assert_eq!(village.hear_order().await, bulletin(4).ebm);
}

#[tokio::test]
async fn what_was_handed_out_and_lifted_is_not_handed_out_again_and_may_still_be_answered() {
    let mut city = City::new().await;
    let mut village = city.welcome(1).await;
    let red = city.order(&bulletin(1), &[1]).await;
    village.hear_order().await;
    village.vanish(&city).await;
    let lift = Bulletin { related: vec![bulletin(1).ebm], ..bulletin(2) };
    city.order(&lift, &[1]).await;

    let mut village = city.welcome(1).await;

    assert_eq!(village.hear_order().await, lift.ebm);
    village.report(1, Event::Stopped).await;
    assert!(matches!(verdicts(city.told().await)[..], [(key, Verdict::Accepted(Some(_)))] if key == red));
}

#[tokio::test]
async fn a_county_takes_nothing_of_the_city_out() {
    let mut city = City::new().await;
    city.order(&bulletin(1), &[1]).await;
    let stop = Bulletin { tier: Level::County, action: Action::StopAll, ..bulletin(2) };
    city.order(&stop, &[1]).await;
    let mut village = city.welcome(1).await;
    assert_eq!(village.hear_order().await, bulletin(1).ebm);
    assert_eq!(village.hear_order().await, stop.ebm);
    let stop = Bulletin { action: Action::StopAll, ..bulletin(3) };
    city.order(&bulletin(4), &[2]).await;
    city.order(&stop, &[2]).await;
    assert_eq!(city.welcome(2).await.hear_order().await, stop.ebm);
}

/// Twenty boxes of which ten have no power, in the middle of a day with as many alerts as the boxes themselves can hold.
#[tokio::test]
async fn boxes_without_power_do_not_keep_the_others_from_hearing() {
    let mut city = City::of(20).await;
    let mut online = Vec::new();
    for number in 1..=10 {
        online.push(city.welcome(number).await);
    }
    let boxes: Vec<u32> = (1..=20).collect();
    let mut free = city.channel.limits().window.get() as usize;
    for alert in 1..=64 {
        free = free.checked_sub(boxes.len()).expect("the window is full: this alert cannot leave");
        city.order(&bulletin(alert), &boxes).await;
        for village in &mut online {
            assert_eq!(village.hear_order().await, bulletin(alert).ebm);
            village.report(alert, Event::Verified).await;
        }
        let mut answered = 0;
        while answered < online.len() {
            answered += verdicts(city.told().await).len();
        }
        free += answered;
    }
}

#[tokio::test]
async fn a_refusal_is_told_with_its_reason() {
    let mut city = City::new().await;
    let mut village = city.welcome(1).await;
    let key = city.order(&bulletin(1), &[1]).await;
    village.hear_order().await;

    village.say_report(4, 1, Event::Refused, "unknown-key").await;

    let refusal = Refusal { reason: Reason::BoxRefused, far_code: "unknown-key".to_owned() };
    assert_eq!(verdicts(city.told().await), [(key, Verdict::Permanent(refusal))]);
    city.tell_commits();
    assert_eq!(village.hear_committed().await, [4]);
}

#[tokio::test]
async fn a_box_that_does_not_know_the_time_gets_its_order_again_when_it_does() {
    let mut city = City::new().await;
    let mut village = city.welcome(1).await;
    let key = city.order(&bulletin(1), &[1]).await;
    village.hear_order().await;
    village.say_report(4, 1, Event::Refused, "clock-untrusted").await;
    assert_eq!(committed_unasked(&mut city, &mut village).await, [4], "dispatch hears of no refusal");

    let mut village = city.welcome(1).await;
    assert_eq!(village.hear_order().await, bulletin(1).ebm);
    village.report(1, Event::Verified).await;
    assert!(
        matches!(verdicts(city.told().await)[..], [(answered, Verdict::Accepted(Some(_)))] if answered == key)
    );
}

#[tokio::test]
async fn boxes_are_told_what_they_may_forget_a_round_later() {
    let mut city = City::new().await;
    let mut village = city.welcome(1).await;
    let hub = city.channel.hub();
    let telling = tokio::spawn(async move { hub.keep_telling().await });
    village.report(1, Event::Verified).await;
    let told = city.told().await;
    city.keep(&told).await;
    for _ in 0..2 {
        tokio::task::yield_now().await;
        city.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(village.hear_committed().await, [1]);
    telling.abort();
}

#[tokio::test]
async fn an_address_that_is_no_box_fails_at_once() {
    let mut city = City::new().await;
    city.order_to(&bulletin(1), vec![Address::new("13900000000")]).await;
    let told = verdicts(city.told().await);
    assert!(matches!(&told[..], [(_, Verdict::Permanent(refusal))] if refusal.reason == Reason::BadAddress));
}

#[tokio::test]
async fn second_login_of_a_box_wins() {
    let mut city = City::new().await;
    let mut first = city.welcome(1).await;
    let mut second = city.welcome(1).await;

    let goodbye = first.hear_goodbye().await;

    assert_eq!((goodbye.code, goodbye.reason.as_str()), (CloseCode::Policy, "another login of this box"));
    city.order(&bulletin(1), &[1]).await;
    assert_eq!(second.hear_order().await, bulletin(1).ebm);
    let fleet = city.channel.hub().fleet();
    assert_eq!((fleet.len(), fleet[0].connected, fleet[0].replaced), (1, true, 1));
}

#[tokio::test]
async fn report_is_committed_only_after_dispatch_said_so() {
    let mut city = City::new().await;
    let mut village = city.welcome(1).await;
    city.order(&bulletin(1), &[1]).await;
    village.hear_order().await;
    village.report(1, Event::Verified).await;
    let verified = city.told().await;

    village.report(1, Event::Playing).await;
    let playing = city.told().await;
    // One that changes nothing is committed as it is heard, and waits for what is under way.
    let nothing = village.report(1, Event::Received).await;
    village.report(1, Event::Sounded).await;
    let sounded = city.told().await;

    city.commit(&verified).await;
    city.commit(&playing).await;
    city.commit(&sounded).await;
    assert_eq!(village.hear_committed().await, [nothing, 1, 2, 4], "in one frame, the last of them included");
}

#[tokio::test]
async fn a_report_that_comes_twice_is_told_once() {
    let mut city = City::new().await;
    let mut village = city.welcome(1).await;
    village.say_report(5, 1, Event::Sounded, "").await;
    let told = city.told().await;
    village.say_report(5, 1, Event::Sounded, "").await;
    village.say_report(6, 1, Event::Ended, "").await;
    let ended = city.told().await;
    assert_eq!((statuses(&told).len(), statuses(&ended).len()), (1, 1));

    city.commit(&told).await;
    city.commit(&ended).await;
    assert_eq!(village.hear_committed().await, [5, 6]);
    village.say_report(5, 1, Event::Sounded, "").await;
    assert_eq!(committed_unasked(&mut city, &mut village).await, [5], "the first commit may have been lost");
}

#[tokio::test]
async fn a_new_session_is_told_what_the_last_one_did_not_keep() {
    let mut city = City::new().await;
    let mut village = city.welcome(1).await;
    city.order(&bulletin(1), &[1]).await;
    village.hear_order().await;
    village.report(1, Event::Verified).await;
    assert_eq!(verdicts(city.told().await).len(), 1);

    city.session = city.channel.open().await.unwrap();

    let told = city.told().await;
    assert_eq!(statuses(&told), [ReceiptStatus::Delivered]);
    let key = city.order(&bulletin(1), &[1]).await;
    assert!(matches!(verdicts(city.told().await)[..], [(again, Verdict::Accepted(Some(_)))] if again == key));
    city.commit(&told).await;
    assert_eq!(village.hear_committed().await, [1], "the order was not sent a second time");
}

#[tokio::test]
async fn an_order_sent_again_is_answered_by_whatever_the_box_reports_of_it() {
    let mut city = City::new().await;
    let mut village = city.welcome(1).await;
    let key = city.order(&bulletin(1), &[1]).await;
    village.report(1, Event::Ended).await;
    let told = city.told().await;
    assert_eq!(statuses(&told), [ReceiptStatus::Ended]);
    assert!(matches!(verdicts(told)[..], [(answered, Verdict::Accepted(Some(_)))] if answered == key));
}

#[tokio::test]
async fn the_welcome_signs_the_boxes_nonce() {
    let city = City::new().await;
    let mut village = city.connect(hello(1)).await;
    let CityFrame::Welcome(welcome) = village.hear().await else { panic!("no welcome") };
    let bytes = time_bytes(&hello(1).nonce, NOW);
    assert_eq!((welcome.version, welcome.time), (1, NOW));
    assert!(welcome.nonce_signature.unwrap().fits(&signer().public(), Purpose::Time, &bytes));
}

#[tokio::test]
async fn a_box_of_another_mode_code_or_version_is_sent_away() {
    let city = City::new().await;
    let goodbye = |hello: Hello| async {
        let mut stranger = city.connect(hello).await;
        (stranger.hear_goodbye().await.code, stranger.link.await.unwrap().to_string())
    };
    let (code, why) = goodbye(Hello { mode: ModeKind::Drill, ..hello(1) }).await;
    assert!(code == CloseCode::Policy && why.contains("Drill"), "{why}");
    let (code, why) = goodbye(Hello { version: 0, ..hello(1) }).await;
    assert!(code == CloseCode::Protocol && why.contains("version"), "{why}");
    let (near, link) = city.pipe(2);
    let mut stranger = ScriptedBox::over(near, link, 1).await;
    stranger.say(&BoxFrame::Hello(hello(1))).await;
    assert_eq!(stranger.hear_goodbye().await.code, CloseCode::Policy);
    assert_eq!(city.channel.hub().count().online, 0);
}

#[tokio::test]
async fn a_silent_box_is_gone_after_two_pings() {
    let city = City::new().await;
    let village = city.welcome(1).await;
    for _ in 0..3 {
        city.clock.advance(Duration::from_secs(30));
        // The pipe holds the pings; nobody reads them.
        tokio::task::yield_now().await;
    }
    assert!(matches!(village.link.await.unwrap(), Parting::Silent));
    assert_eq!(city.channel.hub().count(), FleetCount { online: 0, offline: 1 });
}

#[tokio::test]
async fn who_says_no_hello_has_ten_seconds() {
    let city = City::new().await;
    let (_near, link) = city.pipe(1);
    tokio::task::yield_now().await;
    city.clock.advance(Duration::from_secs(10));
    assert!(matches!(link.await.unwrap(), Parting::NoHello));
}

#[tokio::test]
async fn the_fleet_shows_who_is_there_and_how() {
    let mut city = City::new().await;
    city.order(&bulletin(1), &[3]).await;
    let mut village = city.welcome(1).await;
    village.say(&BoxFrame::Heartbeat(heartbeat(DeviceState::Fault))).await;
    city.until(|city| city.channel.hub().fleet()[0].device_state.is_some()).await;
    city.welcome(2).await.vanish(&city).await;

    let fleet = city.channel.hub().fleet();

    let seen: Vec<_> = fleet.iter().map(|it| (it.connected, it.device_state, it.firmware.as_str())).collect();
    let expected =
        [(true, Some(DeviceState::Fault), "scripted 1"), (false, None, "scripted 1"), (false, None, "")];
    assert_eq!(seen, expected);
    assert_eq!((fleet[0].code, fleet[2].last_heard), (box_code(1), None));
    assert_eq!(city.channel.hub().count(), FleetCount { online: 1, offline: 2 });
}

fn heartbeat(state: DeviceState) -> Heartbeat {
    Heartbeat {
        state,
        volume: 80,
        playing: None,
        waiting: 0,
        pending: 0,
        clock_trusted: true,
        case_open: false,
        health: Health::default(),
        at: NOW,
    }
}

#[tokio::test]
async fn a_city_that_closes_says_so() {
    let city = City::new().await;
    let mut village = city.welcome(1).await;
    city.stop.cancel();
    assert_eq!(village.hear_goodbye().await.code, CloseCode::Away);
}
