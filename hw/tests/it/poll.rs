//! A box behind something that eats WebSockets, over real sockets and real mutual TLS.

use crate::{
    city::{CityEnd, Papers, red, signer},
    link::{WHOLE_STORY, events, switch_on},
};
use mingluo_model::{
    clock::{Clock as _, SharedClock, Timestamp, system::SystemClock},
    link::{
        BoxFrame, CityFrame, Committed, Hello, Order, Report, Welcome,
        poll::{MOST_ANSWERED, lines, read_asked},
    },
    signer::{Purpose, time_bytes},
};
use mingluo_speaker::trust::ClockSource;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::server::TlsStream;

/// One request, head and body, and where its answer goes.
pub(crate) struct Asked {
    pub(crate) stream: TlsStream<TcpStream>,
    head: String,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) async fn accept(listener: &TcpListener, papers: &Papers) -> Self {
        let (tcp, _) = listener.accept().await.unwrap();
        tcp.set_nodelay(true).unwrap();
        let mut stream = papers.acceptor.accept(tcp).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        stream.read_exact(&mut body).await.unwrap();
        Self { stream, head, body: String::from_utf8(body).unwrap() }
    }

    pub(crate) fn wants_link(&self) -> bool {
        self.head.starts_with("GET /link ")
    }

    pub(crate) async fn answer(mut self, status: &str, body: &str) {
        let length = body.len();
        let answer =
            format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
        self.stream.write_all(answer.as_bytes()).await.unwrap();
        self.stream.shutdown().await.unwrap();
    }
}

/// The next poll: its hello, its reports and its stream; upgrades are refused on the way.
async fn next_poll(listener: &TcpListener, papers: &Papers) -> (Asked, Hello, Vec<Report>) {
    loop {
        let asked = Asked::accept(listener, papers).await;
        if asked.wants_link() {
            asked.answer("403 Forbidden", "no upgrades here").await;
            continue;
        }
        assert!(asked.head.starts_with("POST /poll HTTP/1.1"), "{}", asked.head);
        let mut frames = read_asked(&asked.body).unwrap().into_iter();
        let Some(BoxFrame::Hello(hello)) = frames.next() else { panic!("no hello") };
        let reports = frames.filter_map(|frame| match frame {
            BoxFrame::Report(report) => Some(report),
            _ => None,
        });
        let reports = reports.collect();
        return (asked, hello, reports);
    }
}

pub(crate) fn welcome(hello: &Hello, now: Timestamp) -> CityFrame {
    let signature = signer().sign_now(Purpose::Time, &time_bytes(&hello.nonce, now));
    CityFrame::Welcome(Welcome { version: 1, time: now, nonce_signature: Some(signature) })
}

pub(crate) async fn answer(asked: Asked, frames: &[CityFrame]) {
    let body = lines(frames.iter().map(CityFrame::write), MOST_ANSWERED);
    asked.answer("200 OK", &body).await;
}

/// Polls until this many reports were said; gives them, each once.
async fn until_said(listener: &TcpListener, papers: &Papers, count: usize) -> Vec<Report> {
    loop {
        let (asked, hello, reports) = next_poll(listener, papers).await;
        answer(asked, &[welcome(&hello, SystemClock::shared().now())]).await;
        if reports.len() >= count {
            return reports;
        }
    }
}

#[tokio::test]
async fn where_upgrades_are_refused_the_box_polls_obeys_and_reports_until_it_is_told_that_all_is_durable() {
    let clock: SharedClock = SystemClock::shared();
    let (listener, papers, _stop) = switch_on(clock.clone(), ClockSource::Own).await;

    let (asked, first, reports) = next_poll(&listener, &papers).await;
    assert!(reports.is_empty() && first.run != 0);
    let bulletin = red(1, clock.now());
    let envelope = signer().seal(&bulletin).unwrap().to_bytes();
    let order = CityFrame::Order(Order { ebm: bulletin.ebm, envelope });
    answer(asked, &[welcome(&first, clock.now()), order]).await;

    let said = until_said(&listener, &papers, WHOLE_STORY.len()).await;
    assert_eq!(events(&said), WHOLE_STORY);

    let (asked, hello, again) = next_poll(&listener, &papers).await;
    assert_eq!(again, said, "nothing is forgotten before the city says that it is durable");
    assert!(hello.nonce != first.nonce && hello.run == first.run);
    let committed = CityFrame::Committed(Committed { ids: said.iter().map(|report| report.id).collect() });
    answer(asked, &[welcome(&hello, clock.now()), committed]).await;
    let (_, _, rest) = next_poll(&listener, &papers).await;
    assert!(rest.is_empty());
}

#[tokio::test]
async fn a_welcome_that_was_signed_for_an_earlier_poll_proves_no_time() {
    let real: SharedClock = SystemClock::shared();
    let (listener, papers, _stop) = switch_on(crate::link::in_1970(), ClockSource::City).await;
    let (asked, first, _) = next_poll(&listener, &papers).await;
    asked.answer("502 Bad Gateway", "").await;
    let (asked, second, _) = next_poll(&listener, &papers).await;
    answer(asked, &[welcome(&first, real.now())]).await;
    assert_ne!(first.nonce, second.nonce);
    let (asked, third, _) = next_poll(&listener, &papers).await;
    assert!(!third.boot.clock_trusted, "the old welcome was not fresh");
    answer(asked, &[welcome(&third, real.now())]).await;
    let (_, fourth, _) = next_poll(&listener, &papers).await;
    assert!(fourth.boot.clock_trusted);
}

#[tokio::test]
async fn when_upgrades_pass_again_the_link_comes_back() {
    let clock: SharedClock = SystemClock::shared();
    let (listener, papers, _stop) = switch_on(clock.clone(), ClockSource::Own).await;
    let (asked, hello, _) = next_poll(&listener, &papers).await;
    answer(asked, &[welcome(&hello, clock.now())]).await;
    // It polls for a while and then asks for a link again; now that is granted.
    let mut asked = Asked::accept(&listener, &papers).await;
    while !asked.wants_link() {
        let frames = read_asked(&asked.body).unwrap();
        let Some(BoxFrame::Hello(hello)) = frames.first().cloned() else { panic!("no hello") };
        answer(asked, &[welcome(&hello, clock.now())]).await;
        asked = Asked::accept(&listener, &papers).await;
    }
    drop(asked);
    let (mut city, hello) = loop {
        // What was dropped counts as one more refusal: a poll comes between.
        let (tcp, _) = listener.accept().await.unwrap();
        let tls = papers.acceptor.accept(tcp).await.unwrap();
        if let Ok(end) = CityEnd::greet(tls).await {
            break end;
        }
    };
    city.welcome(&hello, clock.now()).await;
    city.order(&red(1, clock.now())).await;
    assert_eq!(events(&city.reports().await), WHOLE_STORY);
}
