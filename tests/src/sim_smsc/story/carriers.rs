//! The simulator over sockets in the carriers' protocols, with the real channels as its clients. The log is the judge.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use mingluo_channels::sms::{cmpp_channel::CmppConfig, sgip_channel::SgipConfig, smgp_channel::SmgpConfig};
use mingluo_model::{
    channel::{Channel, Report, SendError, Session, Verdict},
    clock::{Clock, SharedClock, system::SystemClock},
    mode::Live,
    reply::{Reply, Wish},
};
use serde_json::{Value, json};

use super::{
    super::{Protocol, Smsc, SmscConfig, log},
    wire::{hear, run, to},
};

use crate::sim_stage::soon;

const SECRET: &str = "888888";

const ALL: [Protocol; 3] = [Protocol::Cmpp, Protocol::Smgp, Protocol::Sgip];

/// A simulator with a log, and a channel to it.
struct Stage {
    smsc: Smsc,
    channel: Box<dyn Channel<Live>>,
    folder: tempfile::TempDir,
}

impl Stage {
    async fn new(protocol: Protocol, change: impl FnOnce(&mut SmscConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: SharedClock = SystemClock::shared();
        // A port that was free a moment ago: the simulator must know it before the channel opens it.
        let door = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut config = SmscConfig {
            protocol,
            log: Some(folder.path().join("log")),
            password: Some(SECRET.into()),
            report_to: Some(door),
            report_password: Some(SECRET.into()),
            ..SmscConfig::default()
        };
        config.faults.window = 1_000;
        change(&mut config);
        let smsc = Smsc::start(config, Arc::clone(&clock)).await.unwrap();
        std::fs::write(folder.path().join("secret"), format!("{SECRET}\n")).unwrap();
        let channel = channel(protocol, &smsc, &folder.path().join("secret"), &door.to_string(), clock);
        Self { smsc, channel, folder }
    }

    async fn sent(&self, numbers: u32) -> Session<Live> {
        let mut session = self.channel.open().await.unwrap();
        session.outlet.prepare(&run(numbers)).unwrap();
        session.outlet.send().await.unwrap();
        session
    }

    async fn judged(self) -> log::Ledger {
        drop(self.channel);
        self.smsc.stop().await.unwrap();
        log::read(&self.folder.path().join("log")).unwrap()
    }
}

fn channel(
    protocol: Protocol,
    smsc: &Smsc,
    secret: &std::path::Path,
    door: &str,
    clock: SharedClock,
) -> Box<dyn Channel<Live>> {
    let mut keys = json!({
        "name": "carrier", "pretend": true, "host": "127.0.0.1", "port": smsc.address().port(),
        "source_address": "10690001", "sessions": 2, "window": 1000, "per_second": 1000,
        "signature": {"placement": "gateway_adds", "text": "抚顺应急"},
    });
    let own = match protocol {
        Protocol::Cmpp => json!({"sp_id": "900001", "secret_file": secret}),
        Protocol::Smgp => json!({"client_id": "10690001", "secret_file": secret}),
        _ => json!({
            "login_name": "fushun", "password_file": secret, "area_code": "024", "corp_id": "12345",
            "listen": door, "gateway_login_name": "sim-smsc", "gateway_password_file": secret,
        }),
    };
    keys.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    build(protocol, keys, clock)
}

fn build(protocol: Protocol, keys: Value, clock: SharedClock) -> Box<dyn Channel<Live>> {
    match protocol {
        Protocol::Cmpp => {
            Box::new(serde_json::from_value::<CmppConfig>(keys).unwrap().build::<Live>(clock).unwrap())
        }
        Protocol::Smgp => {
            Box::new(serde_json::from_value::<SmgpConfig>(keys).unwrap().build::<Live>(clock).unwrap())
        }
        _ => Box::new(serde_json::from_value::<SgipConfig>(keys).unwrap().build::<Live>(clock).unwrap()),
    }
}

/// A warning to 300 goes out, its receipts come back, and the log agrees.
async fn round(protocol: Protocol, change: impl FnOnce(&mut SmscConfig)) {
    let stage = Stage::new(protocol, change).await;
    let mut session = stage.sent(300).await;
    let [accepted, receipted] = hear(&mut session, 600).await;
    let all: BTreeSet<_> = accepted.union(&receipted).cloned().collect();
    assert_eq!((receipted.len(), all.len()), (600, 600), "{protocol:?}");
    // Receipts that come twice may come after all are known, and want their answers as well.
    while stage.smsc.counts().answered < stage.smsc.counts().sent {
        tokio::select! {
            () = answer_more(&mut session) => {}
            () = tokio::task::yield_now() => {}
        }
    }
    assert_eq!(stage.smsc.counts().over_window, 0);
    let ledger = stage.judged().await;
    assert_eq!((ledger.distinct(), ledger.surplus(), ledger.unanswered.len()), (600, 0, 0), "{protocol:?}");
    let parts: Vec<u8> = ledger.of(19_730_000_007).iter().map(|taken| taken.part).collect();
    assert_eq!(parts.iter().sum::<u8>(), 3, "{protocol:?}");
}

#[tokio::test]
async fn a_gateway_that_comes_back_sends_the_receipts_that_it_owes_under_the_names_of_before() {
    for protocol in ALL {
        let mut config = SmscConfig::default();
        let stage = Stage::new(protocol, |given| {
            given.durable = true;
            given.faults.late_ms = "600000..600000".parse().unwrap();
            config = given.clone();
        })
        .await;
        let session = stage.sent(3).await;
        while stage.smsc.counts().taken < 6 {
            tokio::task::yield_now().await;
        }
        drop(session);
        let Stage { smsc, channel, folder } = stage;
        config.listen = smsc.address();
        config.faults.late_ms = "0..0".parse().unwrap();
        smsc.stop().await.unwrap();
        let back = Smsc::start(config, SystemClock::shared()).await.unwrap();

        let mut session = channel.open().await.unwrap();
        let [_, receipted] = hear(&mut session, 6).await;
        let mut names = BTreeSet::new();
        let mut name = |record| match record {
            log::Record::Arrived(arrived) => drop(names.insert(protocol.name_of(&arrived))),
            log::Record::Posted(_) => {}
        };
        log::Tail::new(&folder.path().join("log")).read(&mut name).unwrap();
        assert_eq!(receipted, names, "{protocol:?}");
        drop((session, back));
    }
}

/// Answers the receipts that come next.
async fn answer_more(session: &mut Session<Live>) {
    let mut reports = Vec::new();
    session.inlet.next(&mut reports).await.unwrap();
    let token = |report| match report {
        Report::Receipt { token, .. } => token,
        Report::Reply { token, .. } => Some(token),
        Report::Answer { .. } => None,
    };
    let tokens: Vec<_> = reports.into_iter().filter_map(token).collect();
    session.answerer.committed(&tokens).await.unwrap();
}

#[tokio::test]
async fn what_residents_write_back_is_heard_over_each_protocol_and_answered_once_it_is_kept() {
    for protocol in ALL {
        let stage = Stage::new(protocol, |config| {
            config.faults.reply_percent = 100.0;
            config.faults.reply_words = "退订".into();
        })
        .await;
        let mut session = stage.sent(20).await;
        let (mut replies, mut tokens, mut reports) = (Vec::new(), Vec::new(), Vec::new());
        while replies.len() < 40 {
            soon(session.inlet.next(&mut reports)).await.unwrap();
            for report in reports.drain(..) {
                match report {
                    Report::Reply { reply, token } => {
                        replies.push(reply);
                        tokens.push(token);
                    }
                    Report::Receipt { token, .. } => tokens.extend(token),
                    Report::Answer { .. } => {}
                }
            }
        }
        let told = |reply: &Reply| (reply.from == to(7), reply.to.as_str() == "10690001", reply.wish());
        let of_seven: Vec<_> = replies.iter().map(told).filter(|(is_seven, ..)| *is_seven).collect();
        assert_eq!(of_seven, [(true, true, Wish::OptOut); 2], "{protocol:?}");
        assert_eq!(stage.smsc.counts().replies_heard, 0, "{protocol:?}: nothing was kept yet");
        session.answerer.committed(&tokens).await.unwrap();
        // What the simulator says meanwhile is heard and answered; it is looked at its count every few milliseconds.
        let clock = SystemClock::shared();
        soon(async {
            while stage.smsc.counts().replies_heard < 40 {
                tokio::select! {
                    () = answer_more(&mut session) => {}
                    () = clock.sleep(Duration::from_millis(5)) => {}
                }
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_warning_goes_out_over_each_protocol_and_its_receipts_come_back() {
    for protocol in ALL {
        round(protocol, |_| ()).await;
    }
}

#[tokio::test]
async fn a_gateway_of_cmpp_2_is_fallen_back_to() {
    round(Protocol::Cmpp, |config| config.cmpp_version = mingluo_channels::sms::cmpp::Version::V20).await;
}

#[tokio::test]
async fn receipts_that_come_before_their_answers_late_and_twice_are_all_known() {
    for protocol in ALL {
        round(protocol, |config| {
            config.faults.receipt_first_percent = 50.0;
            config.faults.double_percent = 30.0;
            config.faults.late_ms = "0..40".parse().unwrap();
            config.faults.latency_ms = 5;
        })
        .await;
    }
}

#[tokio::test]
async fn receipts_over_another_connection_of_the_account_are_known_there() {
    for protocol in [Protocol::Cmpp, Protocol::Smgp] {
        let stage = Stage::new(protocol, |config| config.faults.other_session = true).await;
        let mut other = stage.channel.open().await.unwrap();
        let mut session = stage.sent(50).await;
        let [_, here] = hear(&mut session, 50).await;
        let [answers, there] = hear(&mut other, 50).await;
        assert_eq!((answers.len(), here.is_disjoint(&there)), (0, true), "{protocol:?}");
        drop((session, other));
        assert_eq!(stage.judged().await.receipted, 100);
    }
}

#[tokio::test]
async fn busy_is_told_as_busy_and_what_is_refused_as_refused() {
    for protocol in ALL {
        let stage = Stage::new(protocol, |config| config.faults.per_second = 5).await;
        let mut session = stage.sent(10).await;
        let mut reports = Vec::new();
        while reports.iter().filter(|report| matches!(report, Report::Answer { .. })).count() < 20 {
            session.inlet.next(&mut reports).await.unwrap();
        }
        let busy = |report: &&Report| matches!(report, Report::Answer { verdict: Verdict::Busy { .. }, .. });
        assert_eq!(reports.iter().filter(busy).count(), 15, "{protocol:?}");
        assert_eq!(stage.judged().await.throttled, 15);
    }
}

#[tokio::test]
async fn a_wrong_secret_is_refused() {
    for protocol in ALL {
        let stage = Stage::new(protocol, |config| config.password = Some("other".into())).await;
        let refused = stage.channel.open().await;
        assert!(matches!(refused, Err(SendError::Refused { .. })), "{protocol:?}");
    }
}

#[tokio::test]
async fn a_cut_in_mid_frame_and_a_length_that_lies_end_the_session() {
    type Knob = fn(&mut SmscConfig);
    let knobs: [Knob; 2] =
        [|config| config.faults.die_after = 5, |config| config.faults.wrong_length_after = 5];
    for (protocol, knob) in ALL.into_iter().flat_map(|protocol| knobs.map(|knob| (protocol, knob))) {
        let stage = Stage::new(protocol, knob).await;
        let mut session = stage.channel.open().await.unwrap();
        session.outlet.prepare(&run(10)).unwrap();
        let _may_break = session.outlet.send().await;
        let mut reports = Vec::new();
        let end = loop {
            if let Err(end) = session.inlet.next(&mut reports).await {
                break end;
            }
        };
        assert!(matches!(end, SendError::Unreachable { .. }), "{protocol:?}: {end:?}");
        let answers = reports.iter().filter(|report| matches!(report, Report::Answer { .. })).count();
        assert_eq!((answers, stage.judged().await.arrived), (5, 5), "{protocol:?}");
    }
}

#[tokio::test]
async fn a_gateway_that_stalls_is_waited_for() {
    for protocol in ALL {
        round(protocol, |config| config.faults.stall_ms = 50).await;
    }
}

#[tokio::test]
async fn receipts_that_were_not_answered_come_again_over_the_next_session() {
    for protocol in ALL {
        let stage = Stage::new(protocol, |config| config.faults.resend_ms = 300).await;
        let session = stage.sent(2).await;
        while stage.smsc.counts().sent < 4 {
            tokio::task::yield_now().await;
        }
        drop(session);
        let mut session = stage.channel.open().await.unwrap();
        let [accepted, receipted] = hear(&mut session, 4).await;
        assert_eq!((accepted.len(), receipted.len()), (0, 4), "{protocol:?}");
    }
}

#[tokio::test]
async fn a_gateway_that_restarts_is_met_again() {
    for protocol in ALL {
        let stage = Stage::new(protocol, |_| ()).await;
        let mut session = stage.sent(2).await;
        let [accepted, before] = hear(&mut session, 4).await;
        let Stage { smsc, channel, folder } = stage;
        let (listen, report_to) = (smsc.address(), smsc.report_to());
        smsc.stop().await.unwrap();
        // An SGIP link that owes nothing may go without a word.
        if protocol != Protocol::Sgip {
            assert!(session.inlet.next(&mut Vec::new()).await.is_err(), "{protocol:?}");
        }
        drop(session);

        let config = SmscConfig {
            protocol,
            listen,
            report_to,
            password: Some(SECRET.into()),
            report_password: Some(SECRET.into()),
            log: Some(folder.path().join("again")),
            ..SmscConfig::default()
        };
        let smsc = Smsc::start(config, SystemClock::shared()).await.unwrap();
        let mut session = channel.open().await.unwrap();
        session.outlet.prepare(&run(2)).unwrap();
        session.outlet.send().await.unwrap();
        let [again, after] = hear(&mut session, 4).await;
        assert!(before.is_disjoint(&after) && accepted.is_disjoint(&again), "{protocol:?}");
        smsc.stop().await.unwrap();
        assert_eq!(log::read(&folder.path().join("again")).unwrap().distinct(), 4);
    }
}
