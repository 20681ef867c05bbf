//! Our mail channel and the relays of others: Postfix and OpenSMTPD in between, which queue, delay and return, and aiosmtpd
//! as the receiver at the end, which checks what arrived as receivers do. Postfix takes commands in groups; OpenSMTPD takes
//! them one by one and hangs up on who does otherwise.

use super::{opensmtpd::OpenSmtpd, peer::Peer, peers, script, soon};
use async_trait::async_trait;
use mingluo_channels::email::{
    EmailChannel, EmailConfig,
    listener::{Keep, News, serve},
};
use mingluo_model::{
    address::Address,
    alert::Language,
    channel::{Channel, Parcel, Recall, Report, Run, Session, Verdict},
    clock::{Clock, SharedClock, system::SystemClock},
    delivery::Reason,
    grade::Grade,
    id::{AlertId, PlanId},
    message::{Body, Message},
    mode::Live,
    receipt::ReceiptStatus,
};
use mingluo_rehearsal::postfix::Postfix;
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{net::TcpListener, process::Command};
use tokio_util::sync::CancellationToken;

const SUBJECT: &str = "【红色预警】暴雨 抚顺市东洲区、清原满族自治县、新宾满族自治县 07-12 08:30";
const TEXT: &str = "请立即向高处转移。\n.\n不要返回取财物。";

/// What arrived is what was sent, signed by us, with a return path of its own.
fn assert_whole(mail: &Value) {
    assert_eq!(mail["subject"], SUBJECT);
    assert_eq!(mail["text"].as_str().unwrap().replace("\r\n", "\n").trim_end(), TEXT);
    assert_eq!(mail["verified"], json!([true]), "the signature holds behind the relay: {mail}");
    let kinds =
        ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/cap+xml"];
    assert_eq!(mail["kinds"], json!(kinds));
    assert!(mail["sender"].as_str().unwrap().starts_with("b+"), "{mail}");
}

/// A Postfix that hands the mail of these domains to these ports; `None` where it cannot be had.
async fn postfix(home: &Path, disk: &Path, routes: &[(&str, u16)]) -> Option<Postfix> {
    let root = home.join("postfix");
    if !Postfix::can_run(&root) {
        eprintln!("SKIPPED, NOT TESTED: Postfix wants root and Debian's package");
        return None;
    }
    let ways: Vec<_> =
        routes.iter().map(|(domain, port)| (*domain, format!("smtp:[127.0.0.1]:{port}"))).collect();
    Some(Postfix::start(&root, disk, &ways, &*SystemClock::shared()).await.unwrap())
}

/// A receiver that runs.
async fn receiver(home: &Path, args: &[String]) -> (Peer, u16) {
    let mut command = Command::new(home.join("venv/bin/python"));
    command.arg(script("mail_aiosmtpd.py"));
    let (peer, ready) = Peer::start(&mut command, args).await;
    let port = ready["listening"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
    (peer, port)
}

fn channel(files: &Path, port: u16, changes: &Value) -> EmailChannel<Live> {
    std::fs::write(files.join("tag"), "a long secret\n").unwrap();
    let mut keys = json!({
        "name": "relay", "pretend": true, "relay": "localhost", "port": port, "security": "none",
        "from": "抚顺市应急管理局 <warn@warn.example>", "sockets": 4, "per_second": 1000,
        "helo_name": "disp.warn.example", "answer_seconds": 20, "tag_key_file": files.join("tag"),
    });
    keys.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    let config: EmailConfig = serde_json::from_value(keys).unwrap();
    EmailChannel::new(config, SystemClock::shared()).unwrap()
}

/// Mails a warning to all of them; the verdicts in their order.
async fn mailed(session: &mut Session<Live>, to: &[&str]) -> Vec<Verdict> {
    let (now, mut chance) = (SystemClock::shared().now(), StdRng::from_os_rng());
    let body = Body::Email {
        subject: SUBJECT.into(),
        text: TEXT.into(),
        html: "<p>请立即向高处转移。</p>".into(),
        cap_xml: "<alert/>".into(),
    };
    let parcel =
        |(ordinal, to): (u32, &&str)| Parcel { ordinal, attempt: 1, part_set: 1, to: Address::new(*to) };
    let mut verdicts = BTreeMap::new();
    for some in (0..).zip(to).collect::<Vec<_>>().chunks(4) {
        let run = Run {
            plan: PlanId::new(now, &mut chance),
            message: Arc::new(Message::new(
                AlertId::new(now, &mut chance),
                Grade::Red,
                Language::chinese(),
                body.clone(),
            )),
            not_after: now.plus(Duration::from_hours(1)),
            recall: Recall::default(),
            call: None,
            parcels: some.iter().map(|(ordinal, to)| parcel((*ordinal, to))).collect(),
        };
        let first = session.outlet.prepare(&run).unwrap().first;
        session.outlet.send().await.unwrap();
        let mut heard = 0;
        while heard < some.len() {
            let mut reports = Vec::new();
            soon(session.inlet.next(&mut reports)).await.unwrap();
            for report in reports {
                let Report::Answer { key, verdict } = report else { panic!("{report:?}") };
                heard += 1;
                verdicts.insert(some[(key - first) as usize].0, verdict);
            }
        }
    }
    verdicts.into_values().collect()
}

/// News as they came back.
#[derive(Default)]
struct Ledger(Mutex<Vec<News>>);

#[async_trait]
impl Keep for Ledger {
    async fn keep(&self, news: Vec<News>) -> Result<(), String> {
        self.0.lock().unwrap().extend(news);
        Ok(())
    }
}

impl Ledger {
    /// What became of a delivery, once anything is known.
    async fn of(&self, verdict: &Verdict) -> ReceiptStatus {
        let Verdict::Accepted(Some(id)) = verdict else { panic!("{verdict:?}") };
        let clock = SystemClock::shared();
        soon(async {
            loop {
                let found =
                    self.0.lock().unwrap().iter().find(|news| news.receipt.provider_id == *id).cloned();
                match found {
                    Some(news) => return news.receipt.status,
                    None => clock.sleep(Duration::from_millis(20)).await,
                }
            }
        })
        .await
    }
}

fn openssl(args: &[&str]) -> Vec<u8> {
    let output = std::process::Command::new("openssl").args(args).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

/// A key to sign with, and what the name server says of it.
fn dkim(files: &Path) -> (Value, String) {
    let (key, records) = (files.join("dkim.pem"), files.join("records.json"));
    let path = key.display().to_string();
    openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", &path]);
    let pem = String::from_utf8(openssl(&["pkey", "-in", &path, "-pubout"])).unwrap();
    let public: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let record = json!({"r1._domainkey.warn.example.": format!("v=DKIM1; k=rsa; p={public}")});
    std::fs::write(&records, record.to_string()).unwrap();
    (json!([{"selector": "r1", "key_file": key}]), records.display().to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_becomes_of_each_mail_comes_back_through_postfix() {
    let Some(home) = peers() else { return };
    let files = tempfile::tempdir().unwrap();
    let (dkim, records) = dkim(files.path());
    let (mut receiver, far) = receiver(&home, &["--records".to_owned(), records]).await;
    let back = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let routes = [("ok.example", far), ("back.example", back.local_addr().unwrap().port())];
    let Some(postfix) = postfix(&home, files.path(), &routes).await else { return };
    let changes = json!({
        "dkim": dkim, "unsubscribe_url": "http://127.0.0.1/u/",
        "bounces": {"return_to": "b@back.example", "listen": "127.0.0.1:0", "success_reports": true},
    });
    let channel = channel(files.path(), postfix.port, &changes);
    let (ledger, stop): (Arc<Ledger>, _) = (Arc::default(), CancellationToken::new());
    let (keep, clock): (Arc<dyn Keep>, SharedClock) = (ledger.clone(), SystemClock::shared());
    let hearing = tokio::spawn(serve(Arc::new(channel.door()), back, keep, clock, stop.clone()));

    let mut session = channel.open().await.unwrap();
    // The last but one is refused before it is taken, in the middle of a group.
    let to =
        ["li@ok.example", "gone-1@ok.example", "later-1@ok.example", "refused@ok.example", "wang@ok.example"];
    let mut verdicts = mailed(&mut session, &to).await;
    session.outlet.close().await;

    let refused = verdicts.remove(3);
    assert!(
        matches!(&refused, Verdict::Permanent(refusal) if refusal.reason == Reason::NotAllowed),
        "{refused:?}: {}",
        postfix.log()
    );
    for mail in receiver.heard("mail", 2).await {
        assert_whole(&mail);
    }
    let told = async |number: usize| ledger.of(&verdicts[number]).await;
    assert_eq!(told(1).await, ReceiptStatus::Failed(Reason::BadAddress), "{}", postfix.log());
    assert_eq!(told(2).await, ReceiptStatus::Expired, "a delay is no news; giving up is: {}", postfix.log());
    assert_eq!(
        ledger.0.lock().unwrap().len(),
        2,
        "one each of what went wrong: what Postfix handed on it reports as relayed, which nobody has read yet"
    );
    stop.cancel();
    hearing.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opensmtpd_gets_one_command_after_the_other_and_its_own_words_for_what_came_back_are_understood() {
    let Some(home) = peers() else { return };
    let files = tempfile::tempdir().unwrap();
    let (dkim, records) = dkim(files.path());
    let (mut receiver, far) = receiver(&home, &["--records".to_owned(), records]).await;
    let back = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let routes = [("ok.example", far), ("back.example", back.local_addr().unwrap().port())];
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let Some(relay) = OpenSmtpd::start(&home, &routes, &made).await else { return };
    let changes = json!({
        "dkim": dkim, "unsubscribe_url": "http://127.0.0.1/u/",
        "bounces": {"return_to": "b@back.example", "listen": "127.0.0.1:0"},
    });
    let channel = channel(files.path(), relay.port, &changes);
    let (ledger, stop): (Arc<Ledger>, _) = (Arc::default(), CancellationToken::new());
    let (keep, clock): (Arc<dyn Keep>, SharedClock) = (ledger.clone(), SystemClock::shared());
    let hearing = tokio::spawn(serve(Arc::new(channel.door()), back, keep, clock, stop.clone()));

    let mut session = channel.open().await.unwrap();
    let to = [
        "li@ok.example",
        "gone-1@ok.example",
        "later-1@ok.example",
        "wu@elsewhere.example",
        "wang@ok.example",
    ];
    let verdicts = mailed(&mut session, &to).await;
    session.outlet.close().await;

    assert!(
        matches!(&verdicts[3], Verdict::Permanent(refusal) if refusal.reason == Reason::BadAddress),
        "{verdicts:?}: {}",
        relay.log()
    );
    for mail in receiver.heard("mail", 2).await {
        assert_whole(&mail);
    }
    let told = async |number: usize| ledger.of(&verdicts[number]).await;
    assert_eq!(told(1).await, ReceiptStatus::Failed(Reason::BadAddress), "{}", relay.log());
    assert_eq!(told(2).await, ReceiptStatus::Expired, "it calls giving up a delay: {}", relay.log());
    assert_eq!(ledger.0.lock().unwrap().len(), 2, "one each of what went wrong");
    stop.cancel();
    hearing.await.unwrap();
}

/// That it gets encryption is shown with the other receivers: OpenSMTPD 6.8 breaks off its own handshake with OpenSSL 3.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opensmtpd_that_requires_encryption_takes_nothing_bare() {
    let Some(home) = peers() else { return };
    let files = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    // It does not start without a rule; nothing is ever handed on by this one.
    let Some(relay) = OpenSmtpd::start(&home, &[("ok.example", 9)], &made).await else { return };
    let mut bare = channel(files.path(), relay.strict_port, &json!({})).open().await.unwrap();
    let verdict = mailed(&mut bare, &["li@ok.example"]).await.remove(0);
    let is_told = matches!(&verdict, Verdict::Closed(refusal) if refusal.reason == Reason::NotAllowed);
    assert!(is_told, "{verdict:?}: {}", relay.log());
    bare.outlet.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailbox_that_the_receiver_refuses_harms_nobody_else_and_a_full_one_is_tried_again() {
    let Some(home) = peers() else { return };
    let files = tempfile::tempdir().unwrap();
    let (mut receiver, far) = receiver(&home, &[]).await;
    let mut session = channel(files.path(), far, &json!({})).open().await.unwrap();
    let verdicts = mailed(
        &mut session,
        &["li@ok.example", "gone-1@ok.example", "later-1@ok.example", "wang@ok.example"],
    )
    .await;
    assert_eq!((&verdicts[0], &verdicts[3]), (&Verdict::Accepted(None), &Verdict::Accepted(None)));
    assert!(matches!(&verdicts[1], Verdict::NoSuchAddress { .. }), "{verdicts:?}");
    assert!(matches!(&verdicts[2], Verdict::Temporary(refusal) if refusal.reason == Reason::Unreachable));
    let to: Vec<_> = receiver.heard("mail", 2).await.into_iter().map(|mail| mail["to"][0].clone()).collect();
    assert!(to.contains(&json!("li@ok.example")) && to.contains(&json!("wang@ok.example")));
    session.outlet.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_dies_in_mid_mail_leaves_that_one_unknown() {
    let Some(home) = peers() else { return };
    let files = tempfile::tempdir().unwrap();
    let (mut receiver, far) = receiver(&home, &["--die-in-data".to_owned(), "3".to_owned()]).await;
    let mut session = channel(files.path(), far, &json!({"sockets": 1})).open().await.unwrap();
    let mut verdicts = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        verdicts.extend(mailed(&mut session, &[&format!("{name}@ok.example")]).await);
    }
    let taken = Verdict::Accepted(None);
    assert_eq!(verdicts, [taken.clone(), taken.clone(), Verdict::Lost, taken.clone(), taken]);
    assert_eq!(receiver.heard("death", 1).await[0]["to"], json!(["c@ok.example"]));
    session.outlet.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_encryption_is_required_it_is_used_and_without_it_nothing_leaves() {
    let Some(home) = peers() else { return };
    let files = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let [certificate, key] =
        ["cert.pem", "key.pem"].map(|name| files.path().join(name).display().to_string());
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let args = ["--certificate", &certificate, "--key", &key].map(str::to_owned);
    let (mut receiver, far) = receiver(&home, &args).await;

    let encrypted = json!({"security": "starttls", "ca_file": certificate});
    let mut session = channel(files.path(), far, &encrypted).open().await.unwrap();
    assert_eq!(mailed(&mut session, &["li@ok.example"]).await, [Verdict::Accepted(None)]);
    assert_eq!(receiver.heard("mail", 1).await[0]["encrypted"], json!(true));
    session.outlet.close().await;

    let mut bare = channel(files.path(), far, &json!({})).open().await.unwrap();
    let verdict = mailed(&mut bare, &["li@ok.example"]).await.remove(0);
    assert!(
        matches!(&verdict, Verdict::Closed(refusal) if refusal.reason == Reason::NotAllowed),
        "{verdict:?}"
    );
    bare.outlet.close().await;
}
