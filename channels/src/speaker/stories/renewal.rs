//! Boxes that ask for their next certificate, and a desk that is slow, away or says no.

use super::*;
use crate::speaker::{
    IncidentKind, SpeakerHub,
    enrol::Desk,
    pages::{Asked, Caller, Page as _},
    poll::PollPage,
    renewal::serve,
    village::{LIFE, caller},
};
use async_trait::async_trait;
use http_body_util::BodyExt as _;
use mingluo_model::{
    enrol::{Application, Certified, NotEnrolled},
    link::{
        Certificate, Renew,
        poll::{ask, read_answered},
        renew::{MOST_RENEWAL, NotRenewed, Petition},
    },
};
use std::sync::{Arc, Mutex};
use tokio::{sync::Semaphore, task::yield_now};

/// A desk that answers when it is let, and remembers what it was asked.
struct Slow {
    may: Semaphore,
    asked: Mutex<Vec<Petition>>,
    answer: Result<String, NotRenewed>,
}

#[async_trait]
impl Desk for Slow {
    async fn enrol(&self, _: &Application) -> Result<Certified, NotEnrolled> {
        Err(NotEnrolled::Unavailable)
    }

    async fn renew(&self, petition: &Petition) -> Result<String, NotRenewed> {
        self.asked.lock().unwrap().push(petition.clone());
        self.may.acquire().await.unwrap().forget();
        self.answer.clone()
    }
}

fn desk(city: &City, answer: Result<String, NotRenewed>) -> Arc<Slow> {
    let desk = Arc::new(Slow { may: Semaphore::new(0), asked: Mutex::default(), answer });
    tokio::spawn(serve(city.channel.hub(), Arc::<Slow>::clone(&desk), city.stop.clone()));
    desk
}

fn renew() -> BoxFrame {
    BoxFrame::Renew(Renew { csr: "request".to_owned() })
}

async fn answered(village: &mut ScriptedBox) -> Certificate {
    match village.hear().await {
        CityFrame::Certificate(certificate) => certificate,
        other => panic!("no certificate: {other:?}"),
    }
}

#[tokio::test]
async fn the_desk_is_told_what_the_link_proved_and_orders_pass_while_it_thinks() {
    let mut city = City::new().await;
    let desk = desk(&city, Ok("chain".to_owned()));
    yield_now().await;
    let mut village = city.welcome(1).await;
    village.say(&renew()).await;
    village.say(&renew()).await;
    city.order(&bulletin(1), &[1]).await;
    assert_eq!(village.hear_order().await, bulletin(1).ebm);
    desk.may.add_permits(1);
    let told = answered(&mut village).await;
    assert_eq!((told.chain.as_str(), told.reason.as_str()), ("chain", ""));
    let petition =
        Petition { box_code: box_code(1), serial: "00000001".to_owned(), csr: "request".to_owned() };
    assert_eq!(*desk.asked.lock().unwrap(), [petition], "one request is under way at most");
}

#[tokio::test]
async fn a_refusal_reaches_the_box_with_its_word() {
    let city = City::new().await;
    let desk = desk(&city, Err(NotRenewed::Revoked));
    yield_now().await;
    desk.may.add_permits(1);
    let mut village = city.welcome(1).await;
    village.say(&renew()).await;
    assert_eq!(answered(&mut village).await.reason, "revoked");
}

#[tokio::test]
async fn a_city_without_a_desk_and_a_request_without_end_cost_an_answer_and_no_link() {
    let city = City::new().await;
    let mut village = city.welcome(1).await;
    village.say(&renew()).await;
    assert_eq!(answered(&mut village).await.reason, "unavailable");
    village.say(&BoxFrame::Renew(Renew { csr: "x".repeat(MOST_RENEWAL + 1) })).await;
    assert_eq!(answered(&mut village).await.reason, "bad-request");
    assert_eq!(city.channel.hub().count().online, 1);
}

#[tokio::test]
async fn who_lost_the_link_to_a_newer_login_gets_no_certificate_for_it() {
    let city = City::new().await;
    let desk = desk(&city, Ok("chain".to_owned()));
    yield_now().await;
    // The desk is busy with another box, so the thief's request waits.
    let mut other = city.welcome(2).await;
    other.say(&renew()).await;
    let mut thief = city.welcome(1).await;
    thief.say(&renew()).await;
    city.until(|_| !desk.asked.lock().unwrap().is_empty()).await;
    let mut owner = city.connect(Hello { run: 99, ..hello(1) }).await;
    assert!(matches!(owner.hear().await, CityFrame::Welcome(_)));
    thief.hear_goodbye().await;
    desk.may.add_permits(1);
    assert_eq!(answered(&mut other).await.chain, "chain");
    desk.may.add_permits(1);
    owner.say(&renew()).await;
    assert_eq!(answered(&mut owner).await.chain, "chain");
    let boxes: Vec<_> = desk.asked.lock().unwrap().iter().map(|it| it.box_code).collect();
    assert_eq!(boxes, [box_code(2), box_code(1)], "the thief's was never carried to the desk");
}

/// A poll of box 1 with this certificate.
async fn poll(hub: Arc<SpeakerHub>, caller: &Caller, more: Vec<BoxFrame>) -> Vec<CityFrame> {
    let frames: Vec<BoxFrame> = std::iter::once(BoxFrame::Hello(hello(1))).chain(more).collect();
    let mut asked = Asked::new(ask(&frames).into());
    *asked.method_mut() = hyper::Method::POST;
    let body = PollPage { hub }.answer(caller, asked).await.into_body().collect().await.unwrap();
    read_answered(std::str::from_utf8(&body.to_bytes()).unwrap()).unwrap()
}

#[tokio::test]
async fn over_polls_the_certificate_comes_with_the_next_answer() {
    let city = City::new().await;
    let desk = desk(&city, Ok("chain".to_owned()));
    yield_now().await;
    poll(city.channel.hub(), &caller(1), vec![renew()]).await;
    desk.may.add_permits(1);
    for _ in 0..100 {
        yield_now().await;
    }
    let told = poll(city.channel.hub(), &caller(1), Vec::new()).await;
    let [CityFrame::Welcome(_), CityFrame::Certificate(told)] = &told[..] else { panic!("{told:?}") };
    assert_eq!(told.chain, "chain");
    let told = poll(city.channel.hub(), &caller(1), Vec::new()).await;
    assert_eq!(told.len(), 1, "once");
}

#[tokio::test]
async fn a_certificate_whose_successor_was_seen_is_an_incident_and_is_not_renewed() {
    let city = City::new().await;
    let older = caller(1);
    let newer = Caller { serial: [9].into(), until: older.until.plus(LIFE), ..older.clone() };
    let hub = city.channel.hub();
    poll(Arc::clone(&hub), &older, Vec::new()).await;
    poll(Arc::clone(&hub), &newer, Vec::new()).await;
    assert!(hub.fleet()[0].incidents.is_empty(), "a box that was renewed is no incident");
    assert_eq!(hub.fleet()[0].certificate_until, Some(newer.until));
    let told = poll(Arc::clone(&hub), &older, vec![renew()]).await;
    assert!(
        matches!(&told[..], [_, CityFrame::Certificate(told)] if told.reason == "superseded"),
        "{told:?}"
    );
    let fleet = hub.fleet();
    assert!(matches!(fleet[0].incidents[0].kind, IncidentKind::Superseded { .. }), "{fleet:?}");
}
