//! Boxes that have no certificate yet, at the real door, with a desk that knows one code.

use super::tls::{Authority, ask, authority, city_files};
use crate::speaker::{
    TlsFiles,
    enrol::{Desk, EnrolConfig, Enrolment, serve},
    stories::keys::signed,
    village::NOW,
};
use async_trait::async_trait;
use mingluo_model::{
    clock::{SharedClock, manual::ManualClock},
    enrol::{Application, Certified, Enrolled, NotEnrolled, Secret},
    link::renew::{NotRenewed, Petition},
};
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const GOOD: &str = "0123456789";

struct OneCode;

#[async_trait]
impl Desk for OneCode {
    async fn enrol(&self, application: &Application) -> Result<Certified, NotEnrolled> {
        let good = Secret::try_from(GOOD.to_owned()).unwrap();
        match application.request.as_str() {
            "away" => Err(NotEnrolled::Unavailable),
            request if application.secret == good => {
                Ok(Certified { certificate: request.to_owned(), authority: "authority".to_owned() })
            }
            _ => Err(NotEnrolled::UnknownCode),
        }
    }

    async fn renew(&self, _: &Petition) -> Result<String, NotRenewed> {
        Err(NotRenewed::Unavailable)
    }
}

struct Office {
    at: SocketAddr,
    clock: Arc<ManualClock>,
    city: Authority,
    stop: CancellationToken,
    // The key set is read from it again for each box.
    _dir: tempfile::TempDir,
}

fn config(dir: &Path) -> EnrolConfig {
    let listen = "127.0.0.1:0".parse().unwrap();
    EnrolConfig { listen, root_file: dir.join("root.pub") }
}

fn papers(dir: &Path, city: &Authority) -> TlsFiles {
    let root = mingluo_model::signer::LocalSigner::from_seed("root".parse().unwrap(), &[3; 32]).public();
    std::fs::write(dir.join("root.pub"), format!("{}\n", hex::encode(root))).unwrap();
    std::fs::write(dir.join("keys.json"), serde_json::to_vec(&signed(1)).unwrap()).unwrap();
    city_files(dir, city)
}

impl Office {
    async fn open() -> Self {
        let (dir, city, clock) = (tempfile::tempdir().unwrap(), authority(), ManualClock::at(NOW));
        let tls = papers(dir.path(), &city);
        let keys = dir.path().join("keys.json");
        let enrolment = Enrolment::read(&config(dir.path()), &tls, Some(&keys)).unwrap();
        let listener = TcpListener::bind(enrolment.listen()).await.unwrap();
        let (at, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let shared: SharedClock = clock.clone();
        tokio::spawn(serve(enrolment, Arc::new(OneCode), listener, shared, stop.clone()));
        Self { at, clock, city, stop, _dir: dir }
    }

    /// What a box with this code and request is answered: the status, and the body.
    async fn apply(&self, code: &str, request: &str) -> (String, String) {
        let secret = Secret::try_from(code.to_owned()).unwrap();
        let body = serde_json::to_string(&Application { secret, request: request.to_owned() }).unwrap();
        self.ask("POST /enrol", &body).await
    }

    async fn ask(&self, line: &str, body: &str) -> (String, String) {
        let told = ask(self.at, &self.city, None, line, body).await;
        let (head, body) = told.split_once("\r\n\r\n").unwrap();
        (head[9..12].to_owned(), body.to_owned())
    }
}

#[tokio::test]
async fn a_box_with_a_good_code_gets_certificate_authority_root_and_keys() {
    let office = Office::open().await;
    let (status, body) = office.apply(GOOD, "request").await;
    let enrolled: Enrolled = serde_json::from_str(&body).unwrap();
    assert_eq!((status.as_str(), enrolled.certified.certificate.as_str()), ("200", "request"));
    assert_eq!(enrolled.keys, signed(1));
    assert!(enrolled.keys.open(enrolled.root.parse().unwrap()).is_ok());
    office.stop.cancel();
}

#[tokio::test]
async fn who_guesses_codes_waits_ten_minutes() {
    let office = Office::open().await;
    for _ in 0..10 {
        let (status, body) = office.apply("9999999999", "request").await;
        assert_eq!((status.as_str(), body.as_str()), ("403", "\"unknown-code\""));
    }
    let (status, body) = office.apply(GOOD, "request").await;
    assert_eq!((status.as_str(), body.as_str()), ("429", "\"too-many\""), "even the right one waits");
    office.clock.advance(Duration::from_mins(10));
    assert_eq!(office.apply(GOOD, "request").await.0, "200");
}

#[tokio::test]
async fn a_desk_that_is_away_is_told_as_such_and_counts_against_nobody() {
    let office = Office::open().await;
    for _ in 0..11 {
        let (status, body) = office.apply(GOOD, "away").await;
        assert_eq!((status.as_str(), body.as_str()), ("503", "\"unavailable\""));
    }
    assert_eq!(office.apply(GOOD, "request").await.0, "200");
}

#[tokio::test]
async fn what_is_no_application_is_refused() {
    let office = Office::open().await;
    assert_eq!(office.ask("POST /enrol", "{}").await.0, "400");
    assert_eq!(office.ask("POST /enrol", &"x".repeat(9_000)).await.0, "400");
    let (status, words) = office.ask("GET /poll", "").await;
    assert!(status == "404" && words.contains("终端注册"), "{words}");
}

#[test]
fn a_missing_file_is_named_with_its_key() {
    let (dir, city) = (tempfile::tempdir().unwrap(), authority());
    let (tls, keys) = (papers(dir.path(), &city), dir.path().join("keys.json"));
    let read = |keys| Enrolment::read(&config(dir.path()), &tls, keys).err();
    let wrong = |keys| read(keys).map(|error| (error.field, error.fault));
    assert_eq!(wrong(Some(&keys)), None);
    assert_eq!(wrong(None), Some(("key_set_file", "no-key-set-file")));
    std::fs::write(dir.path().join("root.pub"), "no key").unwrap();
    assert_eq!(wrong(Some(&keys)), Some(("root_file", "no-root-key")));
    std::fs::remove_file(dir.path().join("root.pub")).unwrap();
    assert_eq!(wrong(Some(&keys)), Some(("root_file", "file-unread")));
}
