//! Boxes that reach the city by polls only.

use super::*;
use crate::speaker::{
    Incident, IncidentKind, SpeakerHub,
    pages::{Asked, Page as _},
    poll::PollPage,
    village::{caller, report},
};
use http_body_util::BodyExt as _;
use hyper::StatusCode;
use mingluo_model::link::{
    Report,
    poll::{ask, read_answered},
};
use std::sync::Arc;

/// What a poll of this box is answered: status and body.
async fn ask_hub(hub: Arc<SpeakerHub>, hello: Hello, more: Vec<BoxFrame>) -> (StatusCode, String) {
    let number = hello.box_code.as_str()[18..].parse().unwrap();
    let frames: Vec<BoxFrame> = std::iter::once(BoxFrame::Hello(hello)).chain(more).collect();
    let mut asked = Asked::new(ask(&frames).into());
    *asked.method_mut() = hyper::Method::POST;
    let answer = PollPage { hub }.answer(&caller(number), asked).await;
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn poll(city: &City, hello: Hello, more: Vec<BoxFrame>) -> (StatusCode, String) {
    ask_hub(city.channel.hub(), hello, more).await
}

fn frames((status, body): (StatusCode, String)) -> Vec<CityFrame> {
    assert_eq!(status, StatusCode::OK, "{body}");
    read_answered(&body).unwrap()
}

fn said(id: u64, seq: u16, event: Event) -> Vec<BoxFrame> {
    vec![BoxFrame::Report(Report { id, ..report(1, seq, event) })]
}

#[tokio::test]
async fn a_poll_is_welcomed_with_signed_time_and_gets_what_waits_until_it_answers() {
    let mut city = City::new().await;
    let key = city.order(&bulletin(1), &[1]).await;

    for _twice in 0..2 {
        let told = frames(poll(&city, hello(1), Vec::new()).await);
        let [CityFrame::Welcome(welcome), CityFrame::Order(order)] = &told[..] else { panic!("{told:?}") };
        let signature = welcome.nonce_signature.as_ref().unwrap();
        assert!(signature.fits(
            &signer().public(),
            Purpose::Time,
            &time_bytes(&hello(1).nonce, welcome.time)
        ));
        assert_eq!(order.ebm, bulletin(1).ebm, "an answer may be lost, so it is sent again");
    }
    let fleet = city.channel.hub().fleet();
    assert!(fleet[0].connected && fleet[0].polls);

    let polled = tokio::spawn(ask_hub(city.channel.hub(), hello(1), said(1, 1, Event::Verified)));
    let told = city.told().await;
    city.commit(&told).await;
    assert!(matches!(verdicts(told)[..], [(answered, Verdict::Accepted(Some(_)))] if answered == key));
    let told = frames(polled.await.unwrap());
    assert!(matches!(&told[..], [_, CityFrame::Committed(done)] if done.ids == [1]), "no order: {told:?}");
}

#[tokio::test]
async fn a_polls_report_is_committed_only_when_it_is_durable() {
    let mut city = City::new().await;
    let polled = tokio::spawn(ask_hub(city.channel.hub(), hello(1), said(5, 1, Event::Sounded)));
    let sounded = city.told().await;
    assert_eq!(statuses(&sounded).len(), 1);
    // Dispatch has it and does not call it durable: the answer comes after a moment, without a word about it.
    city.clock.advance(Duration::from_secs(4));
    let told = frames(polled.await.unwrap());
    assert!(matches!(told[..], [CityFrame::Welcome(_)]), "{told:?}");

    city.commit(&sounded).await;
    let polled = tokio::spawn(ask_hub(city.channel.hub(), hello(1), said(5, 1, Event::Sounded)));
    let told = tokio::select! {
        told = city.told() => panic!("told twice: {told:?}"),
        polled = polled => frames(polled.unwrap()),
    };
    assert!(matches!(&told[..], [_, CityFrame::Committed(done)] if done.ids == [5]), "{told:?}");
}

#[tokio::test]
async fn a_link_that_works_again_takes_the_place_of_the_polls() {
    let city = City::new().await;
    poll(&city, hello(1), Vec::new()).await;
    let _village = city.welcome(1).await;
    city.until(|city| city.channel.hub().fleet().iter().all(|it| !it.polls)).await;
    assert!(city.channel.hub().fleet()[0].incidents.is_empty());
    city.clock.advance(HOUR);
    assert_eq!(city.channel.hub().count(), FleetCount { online: 1, offline: 0 });
}

#[tokio::test]
async fn a_box_that_polls_no_more_is_gone_after_two_and_a_half_minutes() {
    let city = City::new().await;
    poll(&city, hello(1), Vec::new()).await;
    city.clock.advance(Duration::from_secs(150));
    assert_eq!(city.channel.hub().count(), FleetCount { online: 1, offline: 0 });
    city.clock.advance(Duration::from_secs(1));
    assert_eq!(city.channel.hub().count(), FleetCount { online: 0, offline: 1 });
}

#[tokio::test]
async fn a_poll_that_speaks_for_another_box_or_says_no_hello_is_refused_in_words() {
    let city = City::new().await;
    let foreign = BoxFrame::Report(report(2, 1, Event::Verified));
    let (status, words) = poll(&city, hello(1), vec![foreign]).await;
    assert!(status == StatusCode::FORBIDDEN && words.contains("轮询被拒"), "{words}");
    let (status, _) = poll(&city, Hello { mode: ModeKind::Drill, ..hello(1) }, Vec::new()).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, _) = poll(&city, hello(1), vec![BoxFrame::Hello(hello(1))]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn two_devices_with_one_certificate_are_raised_as_an_incident() {
    let city = City::new().await;
    for turn in 0..4 {
        let run = turn % 2 + 1;
        frames(poll(&city, Hello { run, ..hello(1) }, Vec::new()).await);
    }
    let fleet = city.channel.hub().fleet();
    assert!(matches!(fleet[0].incidents[..], [Incident { kind: IncidentKind::Cloned { .. }, count: 1, .. }]));
    let calm = City::new().await;
    for _ in 0..4 {
        frames(poll(&calm, hello(1), Vec::new()).await);
    }
    assert!(calm.channel.hub().fleet()[0].incidents.is_empty());
}

#[tokio::test]
async fn a_forgery_that_a_box_refuses_is_raised_as_an_incident() {
    let mut city = City::new().await;
    let mut village = city.welcome(1).await;
    city.order(&bulletin(1), &[1]).await;
    village.hear_order().await;
    village.say_report(4, 1, Event::Refused, "bad-signature").await;
    city.told().await;
    let fleet = city.channel.hub().fleet();
    let [Incident { kind: IncidentKind::Forgery { reason, detail }, .. }] = &fleet[0].incidents[..] else {
        panic!("{fleet:?}")
    };
    assert!(reason == "bad-signature" && detail.contains(&bulletin(1).ebm.to_string()));
}
