//! A box whose certificate nears its end, and a city that gives it the next, over real sockets and real mutual TLS.

use crate::{
    city::{BOX, CityEnd, Papers, papers_for},
    link::agent,
    poll::{Asked, answer, welcome},
};
use mingluo_model::{
    clock::{Clock as _, SharedClock, Timestamp, system::SystemClock},
    link::{BoxFrame, CityFrame, poll::read_asked, renew::NotRenewed},
};
use mingluo_speaker::{assemble, config::Config, link, player::MuteSink, trust::ClockSource};
use rand::{SeedableRng as _, rngs::StdRng};
use rcgen::{CertificateParams, CertificateSigningRequestParams, DnType, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::CertificateDer;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

/// What the box's certificate says: good from so many days ago for so many days.
fn params(days_ago: u32, days: u32) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, BOX);
    let day = Duration::from_hours(24);
    let from = Timestamp(SystemClock::shared().now().0 - (day * days_ago).as_millis() as i64);
    let date = |at: Timestamp| {
        let text = at.to_jiff().unwrap().strftime("%Y %m %d").to_string();
        let parts: Vec<u16> = text.split(' ').map(|part| part.parse().unwrap()).collect();
        date_time_ymd(parts[0].into(), parts[1] as u8, parts[2] as u8)
    };
    (params.not_before, params.not_after) = (date(from), date(from.plus(day * days)));
    params
}

/// A city that listens, and a box of which three quarters of the certificate's life are over.
struct Story {
    listener: TcpListener,
    papers: Papers,
    issuer: Issuer<'static, KeyPair>,
    config: Config,
    _dir: TempDir,
    stop: CancellationToken,
}

impl Drop for Story {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Story {
    async fn begin() -> Self {
        let (papers, issuer) = papers_for(params(160, 180));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let port = listener.local_addr().unwrap().port();
        let text = include_str!("../../../deploy/speaker.toml")
            .replace("127.0.0.1:8444", &format!("localhost:{port}"));
        let file = dir.path().join("speaker.toml");
        std::fs::write(&file, text.replace("backoff_first_ms = 500", "backoff_first_ms = 10")).unwrap();
        for folder in ["tls", "state"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let config = Config::read(&file).unwrap();
        std::fs::write(&config.city.ca_file, &papers.ca).unwrap();
        std::fs::write(&config.city.cert_file, &papers.box_cert).unwrap();
        std::fs::write(&config.city.key_file, &papers.box_key).unwrap();
        let story = Self { listener, papers, issuer, config, _dir: dir, stop: CancellationToken::new() };
        story.switch_on();
        story
    }

    fn switch_on(&self) {
        let clock: SharedClock = SystemClock::shared();
        let (mut dial, own) = assemble::linked(&self.config, clock.clone()).unwrap();
        dial.pace.poll = Duration::from_millis(20);
        let stop = self.stop.clone();
        tokio::spawn(async move {
            let mut agent = agent(&clock, ClockSource::Own, clock.now(), |air| Box::new(MuteSink::new(air)));
            agent.carry(own);
            let mut chance = StdRng::seed_from_u64(1);
            link::run(&mut agent, &dial, clock.as_ref(), &mut chance, &stop).await.unwrap();
        });
    }

    /// The next link, and the certificate that it came with.
    async fn accept(&self) -> (CityEnd, CertificateDer<'static>) {
        let (mut city, hello) = CityEnd::accept(&self.listener, &self.papers.acceptor).await;
        let shown = shown(city.0.get_ref());
        city.welcome(&hello, SystemClock::shared().now()).await;
        (city, shown)
    }

    /// The next certificate for this request, good for 180 days.
    fn certify(&self, csr: &str) -> CityFrame {
        let mut request = CertificateSigningRequestParams::from_pem(csr).unwrap();
        request.params = params(1, 180);
        CityFrame::Certificate(Ok(request.signed_by(&self.issuer).unwrap().pem()).into())
    }

    /// A link on which the box asked and was given the next certificate; gives the one that it came with.
    async fn renewed(&self) -> CertificateDer<'static> {
        let (mut city, before) = self.accept().await;
        let csr = asked(&mut city).await;
        city.say(self.certify(&csr)).await;
        assert!(city.try_hear().await.is_none(), "it hangs up to come back with the new one");
        before
    }
}

fn shown(stream: &TlsStream<tokio::net::TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

async fn asked(city: &mut CityEnd) -> String {
    loop {
        if let BoxFrame::Renew(renew) = city.hear().await {
            return renew.csr;
        }
    }
}

#[tokio::test]
async fn a_certificate_is_renewed_over_the_link_and_shown_on_the_next() {
    let story = Story::begin().await;
    let before = story.renewed().await;
    let (city, after) = story.accept().await;
    assert_ne!(before, after);
    drop(city);
    let (_city, again) = story.accept().await;
    assert_eq!(after, again);
    let kept = std::fs::read_to_string(&story.config.city.cert_file).unwrap();
    assert_ne!(kept, story.papers.box_cert, "the operator finds what is in use");
    story.switch_on();
    let (_city, restarted) = story.accept().await;
    assert_eq!(after, restarted, "also after a restart");
}

#[tokio::test]
async fn a_city_that_refuses_the_new_certificate_gets_the_old_one_again() {
    let story = Story::begin().await;
    let before = story.renewed().await;
    let mut n_refused = 0;
    loop {
        // Hanging up at once is the hardest case: the alert that says why is lost with the connection.
        let asked = Asked::accept(&story.listener, &story.papers).await;
        if shown(&asked.stream) == before {
            break;
        }
        n_refused += 1;
        assert!(n_refused <= 4, "it insists on the new one");
    }
    assert!(n_refused > 0);
}

#[tokio::test]
async fn a_desk_that_is_away_costs_nothing_but_another_request_later() {
    let story = Story::begin().await;
    let (mut city, before) = story.accept().await;
    asked(&mut city).await;
    city.say(CityFrame::Certificate(Err(NotRenewed::Unavailable).into())).await;
    drop(city);
    let (_city, after) = story.accept().await;
    assert_eq!(before, after);
}

#[tokio::test]
async fn over_polls_the_box_is_renewed_as_well() {
    let story = Story::begin().await;
    let (mut csr, mut first) = (None, None);
    loop {
        let poll = Asked::accept(&story.listener, &story.papers).await;
        if poll.wants_link() {
            poll.answer("403 Forbidden", "no upgrades here").await;
            continue;
        }
        let certificate = shown(&poll.stream);
        if first.get_or_insert_with(|| certificate.clone()) != &certificate {
            break;
        }
        let frames = read_asked(&poll.body).unwrap();
        let BoxFrame::Hello(hello) = &frames[0] else { panic!("no hello") };
        let mut told = vec![welcome(hello, SystemClock::shared().now())];
        // What the desk said to the last poll comes with the answer to this one.
        told.extend(csr.take().map(|csr: String| story.certify(&csr)));
        csr = frames.iter().find_map(|frame| match frame {
            BoxFrame::Renew(renew) => Some(renew.csr.clone()),
            _ => None,
        });
        answer(poll, &told).await;
    }
}
