//! The door for what comes back, over real sockets.

use super::{super::config::tests::sample, *};
use crate::email::tag::{Purpose, Tagger};
use mingluo_model::{clock::system::SystemClock, delivery::Reason, receipt::ReceiptStatus};
use serde_json::json;
use std::{
    net::SocketAddr,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

/// A ledger that may be out of order.
#[derive(Default)]
struct Ledger {
    kept: Mutex<Vec<News>>,
    is_broken: AtomicBool,
}

#[async_trait]
impl Keep for Ledger {
    async fn keep(&self, news: Vec<News>) -> Result<(), String> {
        if self.is_broken.load(Ordering::Relaxed) {
            return Err("the disk is full".into());
        }
        self.kept.lock().unwrap().extend(news);
        Ok(())
    }
}

struct Scene {
    address: SocketAddr,
    ledger: Arc<Ledger>,
    tagger: Tagger,
    stop: CancellationToken,
    _key: tempfile::NamedTempFile,
}

async fn scene() -> Scene {
    let key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(key.path(), "a key\n").unwrap();
    let account = sample(&json!({
        "tag_key_file": key.path(), "bounces": {"return_to": "b@bounce.example", "listen": "127.0.0.1:0"},
    }));
    let account = account.check().unwrap();
    let door = Arc::new(EmailDoor::of(&account));
    let listener = TcpListener::bind(door.listen().unwrap()).await.unwrap();
    let (address, ledger, stop) =
        (listener.local_addr().unwrap(), Arc::new(Ledger::default()), CancellationToken::new());
    let keep: Arc<dyn Keep> = ledger.clone();
    tokio::spawn(serve(door, listener, keep, SystemClock::shared(), stop.clone()));
    Scene { address, ledger, tagger: account.tagger.unwrap(), stop, _key: key }
}

impl Scene {
    fn mailbox(&self) -> String {
        format!("b+{}@bounce.example", self.tagger.write(Purpose::Bounce, tag()))
    }

    /// Says these lines one after the other; the code of each answer, the greeting's first.
    async fn say(&self, lines: &[&str]) -> Vec<String> {
        let mut stream = BufReader::new(TcpStream::connect(self.address).await.unwrap());
        let mut codes = Vec::new();
        for line in std::iter::once(&"").chain(lines) {
            if !line.is_empty() {
                stream.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
            }
            let mut answer = String::from("-");
            while answer.as_bytes().get(3) == Some(&b'-') || answer == "-" {
                answer.clear();
                stream.read_line(&mut answer).await.unwrap();
            }
            codes.push(answer.get(..3).unwrap_or_default().to_owned());
        }
        codes
    }

    async fn hand_over(&self, mail: &str) -> String {
        let to = format!("RCPT TO:<{}>", self.mailbox());
        let mut codes = self.say(&["EHLO mx", "MAIL FROM:<>", &to, "DATA", &format!("{mail}\r\n.")]).await;
        codes.pop().unwrap()
    }
}

fn tag() -> Tag {
    Tag { plan: "0190163d-8694-739b-aea5-966c26f8ad91".parse().unwrap(), ordinal: 7, attempt: 1 }
}

const FAILED: &str = "Return-Path: <>\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n\
                      Final-Recipient: rfc822; li@ok.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n..";

#[tokio::test]
async fn a_report_is_kept_under_the_name_of_its_delivery() {
    let scene = scene().await;
    assert_eq!(scene.hand_over(FAILED).await, "250");
    let kept = scene.ledger.kept.lock().unwrap().clone();
    let [News { tag: told, receipt, mailbox }] = &kept[..] else { panic!("{kept:?}") };
    assert_eq!((*told, &receipt.provider_id), (tag(), &tag().provider_id()));
    assert_eq!((receipt.status, *mailbox), (ReceiptStatus::Failed(Reason::BadAddress), Mailbox::Nobodys));
    assert_eq!(receipt.far_code, "failed 550 5.1.1");
}

#[tokio::test]
async fn what_cannot_be_kept_stays_with_the_relay() {
    let scene = scene().await;
    scene.ledger.is_broken.store(true, Ordering::Relaxed);
    assert_eq!(scene.hand_over(FAILED).await, "451");
    scene.ledger.is_broken.store(false, Ordering::Relaxed);
    assert_eq!(scene.hand_over(FAILED).await, "250");
}

#[tokio::test]
async fn mail_for_anybody_else_is_refused_at_the_door() {
    let scene = scene().await;
    let ours = scene.mailbox();
    let forged = ours.replace("b+", "b+a");
    let elsewhere = ours.replace("bounce.example", "other.example");
    let click = format!("b+{}@bounce.example", scene.tagger.write(Purpose::Unsubscribe, tag()));
    for mailbox in ["b@bounce.example", &forged, &elsewhere, &click, "x"] {
        let to = format!("RCPT TO:<{mailbox}>");
        assert_eq!(
            scene.say(&["HELO mx", "MAIL FROM:<>", &to, "DATA"]).await,
            ["220", "250", "250", "550", "503"]
        );
    }
    let capitals = format!("RCPT TO:<{}>", ours.to_uppercase());
    assert_eq!(scene.say(&["MAIL FROM:<>", &capitals]).await, ["220", "250", "250"]);
    let to = format!("RCPT TO:<{ours}>");
    assert_eq!(
        scene.say(&[&to, "RSET", "NOOP", "VRFY x", "QUIT"]).await,
        ["220", "503", "250", "250", "502", "221"]
    );
}

#[tokio::test]
async fn a_holiday_notice_and_a_flood_change_nothing() {
    let scene = scene().await;
    let notice =
        "Return-Path: <>\r\nAuto-Submitted: auto-replied\r\nContent-Type: text/plain\r\n\r\n我在休假";
    assert_eq!(scene.hand_over(notice).await, "250");
    let long = format!("{FAILED}\r\n{}", "x".repeat(LONGEST_MAIL));
    assert_eq!(scene.hand_over(&long).await, "552");
    assert_eq!(scene.hand_over(FAILED).await, "250", "and the door is still open");
    assert_eq!(scene.ledger.kept.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_stop_ends_open_connections() {
    let scene = scene().await;
    let mut stream = BufReader::new(TcpStream::connect(scene.address).await.unwrap());
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    scene.stop.cancel();
    line.clear();
    assert_eq!(stream.read_line(&mut line).await.unwrap_or(0), 0);
}
