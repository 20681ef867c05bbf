//! The simulator over a socket, with the real channel as its client.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use mingluo_channels::sms::smpp_channel::{SmppChannel, SmppConfig};
use mingluo_model::{
    address::Address,
    alert::Language,
    channel::{Channel, Parcel, Recall, Report, Run, SendError, Session, Verdict},
    clock::{Clock, SharedClock, Timestamp, system::SystemClock},
    grade::Grade,
    id::{AlertId, PlanId},
    message::{Body, Message},
    mode::Live,
    receipt::ProviderId,
};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::json;

use super::super::{Smsc, SmscConfig, SmscError, log};
use crate::sim_stage::soon;

/// A simulator with a log and a password, and a channel to it.
struct Stage {
    smsc: Smsc,
    channel: SmppChannel<Live>,
    folder: tempfile::TempDir,
}

impl Stage {
    async fn new(change: impl FnOnce(&mut SmscConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: SharedClock = SystemClock::shared();
        let mut config = SmscConfig { log: Some(folder.path().join("log")), ..SmscConfig::default() };
        change(&mut config);
        let smsc = Smsc::start(config, Arc::clone(&clock)).await.unwrap();
        std::fs::write(folder.path().join("password"), "secret\n").unwrap();
        let config: SmppConfig = serde_json::from_value(json!({
            "name": "mobile", "pretend": true, "host": "127.0.0.1", "port": smsc.address().port(),
            "system_id": "fushun", "password_file": folder.path().join("password"),
            "source_address": "10690001", "sessions": 1, "window": 1000, "per_second": 1000,
            "signature": {"placement": "in_front", "text": "抚顺气象"},
        }))
        .unwrap();
        Self { smsc, channel: config.build(clock).unwrap(), folder }
    }

    async fn judged(self) -> log::Ledger {
        self.smsc.stop().await.unwrap();
        log::read(&self.folder.path().join("log")).unwrap()
    }
}

/// The number of the one of this ordinal.
pub(super) fn to(ordinal: u32) -> Address {
    Address::new(format!("+86197300{ordinal:05}"))
}

/// A text of two parts to so many numbers.
pub(super) fn run(numbers: u32) -> Run<Live> {
    let mut chance = StdRng::seed_from_u64(7);
    let body = Body::Sms { text: "雨".repeat(100) };
    let message =
        Message::new(AlertId::new(Timestamp(0), &mut chance), Grade::Red, Language::chinese(), body);

    Run {
        plan: PlanId::new(Timestamp(0), &mut chance),
        message: Arc::new(message),
        not_after: Timestamp(1_900_000_000_000),
        recall: Recall::default(),
        call: None,
        parcels: (0..numbers)
            .map(|ordinal| Parcel { ordinal, attempt: 1, part_set: 0b11, to: to(ordinal) })
            .collect(),
    }
}

/// Looks every few milliseconds until it is so.
async fn until(look: impl Fn() -> bool) {
    soon(async {
        while !look() {
            SystemClock::shared().sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Hears and answers until so many receipts are in; the ids of answers and of receipts.
pub(super) async fn hear(session: &mut Session<Live>, receipts: usize) -> [BTreeSet<ProviderId>; 2] {
    let [mut accepted, mut receipted] = [BTreeSet::new(), BTreeSet::new()];
    let mut reports = Vec::new();
    while receipted.len() < receipts {
        soon(session.inlet.next(&mut reports)).await.unwrap();
        let mut tokens = Vec::new();
        for report in reports.drain(..) {
            match report {
                Report::Answer { verdict: Verdict::Accepted(Some(id)), .. } => assert!(accepted.insert(id)),
                Report::Answer { verdict, .. } => panic!("{verdict:?}"),
                Report::Receipt { receipt, token } => {
                    receipted.insert(receipt.provider_id);
                    tokens.extend(token);
                }
                Report::Reply { token, .. } => tokens.push(token),
            }
        }
        session.answerer.committed(&tokens).await.unwrap();
    }
    [accepted, receipted]
}

#[tokio::test]
async fn a_warning_goes_out_and_its_receipts_come_back() {
    let stage = Stage::new(|config| config.password = Some("secret".into())).await;
    let mut session = stage.channel.open().await.unwrap();
    session.outlet.prepare(&run(300)).unwrap();
    session.outlet.send().await.unwrap();

    let [accepted, receipted] = hear(&mut session, 600).await;
    assert_eq!((accepted.len(), &accepted), (600, &receipted));
    until(|| stage.smsc.counts().answered >= 600).await;
    drop(session);

    let ledger = stage.judged().await;
    assert_eq!((ledger.distinct(), ledger.surplus(), ledger.unanswered.len()), (600, 0, 0));
    let parts: Vec<u8> = ledger.of(19_730_000_007).iter().map(|taken| taken.part).collect();
    assert_eq!(parts.iter().sum::<u8>(), 3);
}

#[tokio::test]
async fn receipts_that_were_not_answered_wait_for_the_next_session() {
    let stage = Stage::new(|_| ()).await;
    let mut session = stage.channel.open().await.unwrap();
    session.outlet.prepare(&run(2)).unwrap();
    session.outlet.send().await.unwrap();
    until(|| stage.smsc.counts().sent >= 4).await;
    drop(session);

    let mut session = stage.channel.open().await.unwrap();
    let [accepted, receipted] = hear(&mut session, 4).await;
    assert_eq!((accepted.len(), receipted.len()), (0, 4));
}

#[tokio::test]
async fn a_wrong_password_and_a_death_in_mid_frame_are_heard_as_such() {
    let stage = Stage::new(|config| config.password = Some("other".into())).await;
    assert!(matches!(stage.channel.open().await, Err(SendError::Refused { .. })));

    let stage = Stage::new(|config| config.faults.die_after = 5).await;
    let mut session = stage.channel.open().await.unwrap();
    session.outlet.prepare(&run(10)).unwrap();
    let _may_break = session.outlet.send().await;
    let mut reports = Vec::new();
    let end = loop {
        if let Err(end) = soon(session.inlet.next(&mut reports)).await {
            break end;
        }
    };
    assert!(matches!(end, SendError::Unreachable { .. }));
    assert_eq!(stage.judged().await.arrived, 5);
}

#[tokio::test]
async fn nobody_outside_can_reach_it() {
    let config = SmscConfig { listen: "0.0.0.0:0".parse().unwrap(), ..SmscConfig::default() };
    let refused = Smsc::start(config, SystemClock::shared()).await;
    assert!(matches!(refused, Err(SmscError::NotLoopback { .. })));
}
