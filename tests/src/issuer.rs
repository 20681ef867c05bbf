//! Who issues bulletins in a pretend city: its key, what boxes believe of it, a red bulletin and its way out. Whoever tries
//! boxes without a whole city starts from here.

use crate::sim_boxes::pki::Made;
use anyhow::Result;
use mingluo_channels::speaker::{SpeakerConfig, TlsFiles};
use mingluo_model::{
    address::Address,
    alert::Language,
    bulletin::{Action, BroadcastClass, Bulletin, EbmId, EventType, ResourceCode, Tone, VerifyingEntry},
    channel::{Parcel, Recall, Run},
    clock::Timestamp,
    grade::Grade,
    id::{AlertId, PlanId},
    message::{Body, Message},
    mode::{Live, ModeKind},
    plan::AccountName,
    region::Level,
    signer::LocalSigner,
};
use rand::{SeedableRng as _, rngs::StdRng};
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// The key's name.
pub(crate) const KEY_ID: &str = "pretend-1";

/// The key itself: nobody but pretend boxes believes it.
pub(crate) const SEED: [u8; 32] = [7; 32];

/// The city's signer.
pub(crate) fn signer() -> LocalSigner {
    LocalSigner::from_seed(KEY_ID.parse().expect("a key's name"), &SEED)
}

/// What boxes believe: this key, for a day, for emergencies of every grade in the whole city.
pub(crate) fn believed(now: Timestamp) -> VerifyingEntry {
    VerifyingEntry {
        id: KEY_ID.parse().expect("a key's name"),
        public: signer().public(),
        not_after: now.plus(Duration::from_hours(24)),
        tier: Level::City,
        areas: vec!["2104".parse().expect("a city's code")],
        max_level: Grade::Red,
        classes: vec![BroadcastClass::Emergency],
    }
}

/// A red bulletin for the whole city, by its number.
pub(crate) fn red(seq: u16, now: Timestamp) -> Bulletin {
    let platform = "42104000000000103010101".parse().expect("23 digits");
    Bulletin {
        tier: Level::City,
        key_id: KEY_ID.parse().expect("a key's name"),
        seq: seq.into(),
        ebm: EbmId::new(platform, 20_260_705, seq).expect("a number of four digits"),
        class: BroadcastClass::Emergency,
        grade: Some(Grade::Red),
        event: EventType::OTHER,
        areas: vec!["2104".parse().expect("a city's code")],
        action: Action::Play,
        related: Vec::new(),
        start: now,
        end: now.plus(Duration::from_hours(1)),
        volume: 80,
        repeats: 1,
        tone: Tone::Red,
        script: "暴雨红色预警，请立即转移到高处。".to_owned(),
        audio: None,
        language: Language::chinese(),
        created: now,
        mode: ModeKind::Live,
    }
}

/// A bulletin, signed and addressed to these boxes.
///
/// # Errors
/// When it cannot be signed.
pub(crate) fn run(bulletin: &Bulletin, boxes: impl IntoIterator<Item = ResourceCode>) -> Result<Run<Live>> {
    let mut chance = StdRng::seed_from_u64(bulletin.seq);
    let body =
        Body::Speaker { envelope: signer().seal(bulletin)?.to_bytes(), script: bulletin.script.clone() };
    let parcel = |(ordinal, code): (u32, ResourceCode)| Parcel {
        ordinal,
        attempt: 1,
        part_set: 1,
        to: Address::new(code.as_str()),
    };
    let message =
        Message::new(AlertId::new(bulletin.created, &mut chance), Grade::Red, Language::chinese(), body);
    Ok(Run {
        plan: PlanId::new(bulletin.created, &mut chance),
        message: Arc::new(message),
        not_after: bulletin.end,
        recall: Recall::default(),
        call: None,
        parcels: (0..).zip(boxes).map(parcel).collect(),
    })
}

/// The account through which so many boxes are reached, with the certificates made for them.
pub(crate) fn account(made: &Made, listen: SocketAddr, boxes: u32) -> SpeakerConfig {
    SpeakerConfig {
        name: AccountName("speaker".to_owned()),
        pretend: true,
        listen,
        tls: TlsFiles {
            cert_file: made.city_cert.clone(),
            key_file: made.city_key.clone(),
            client_ca_file: made.ca.clone(),
            client_crl_file: None,
        },
        key_set_file: None,
        desk_socket: None,
        enrol: None,
        boxes,
        per_second: 100_000,
    }
}
