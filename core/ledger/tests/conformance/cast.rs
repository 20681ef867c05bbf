//! Who and what the stories are about.

use mingluo_ledger::{
    audit::AuditLine,
    event::{Answer, Event, Fact, PartAnswer, RawReceipt},
    store::{EditionBlock, EditionHead, StoredAlert, StoredPlan},
};
use mingluo_model::{
    alert::{AlertKind, AlertState, Content, Language, Text},
    area::{Area, Shape},
    audience::{Audience, ChannelKind, HeadCount},
    clock::Timestamp,
    grade::Grade,
    hazard::{Hazard, HazardSystem},
    id::{AlertId, EditionId, NodeId, OfficerId, OrgId, PlanId},
    message::{Body, Message},
    mode::{Mode, ModeKind},
    owner::Owner,
    plan::{AccountName, Cause, Plan, PlanStatus, Target},
    priority::{EmergencyClass, Hearers, Priority, Withdraws},
    receipt::{ProviderId, ReceiptStatus},
    region::Level,
};
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

/// A day in 2023; whatever happens in a story happens then.
pub(crate) const NOON: Timestamp = Timestamp(1_700_000_000_000);
pub(crate) const TTL: Duration = Duration::from_secs(6);
pub(crate) const RESOURCE: &str = "dispatch/live";

const fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(crate) const fn alert_id(number: u128) -> AlertId {
    AlertId(uuid(number))
}

pub(crate) const fn plan_id(number: u128) -> PlanId {
    PlanId(uuid(number))
}

pub(crate) const fn edition_id(number: u128) -> EditionId {
    EditionId(uuid(number))
}

pub(crate) const fn node(number: u128) -> NodeId {
    NodeId(uuid(number))
}

pub(crate) fn owner() -> Owner {
    Owner { org: OrgId(uuid(1)), scope: "210423".parse().unwrap(), level: Level::County }
}

pub(crate) fn line(action: &str) -> AuditLine {
    AuditLine {
        at: NOON,
        actor: AuditLine::SYSTEM.into(),
        action: action.into(),
        subject: "subject".into(),
        detail: serde_json::json!({"z": 0.1, "a": "字"}),
    }
}

pub(crate) fn content() -> Content {
    let text =
        Text { headline: "红色预警".into(), body: "请立即转移".into(), instruction: String::new() };
    Content {
        kind: AlertKind::Alert,
        hazard: Hazard {
            code: "11B03".into(),
            system: HazardSystem::National,
            name_zh: "暴雨".into(),
            name_en: "Rainstorm".into(),
        },
        grade: Grade::Red,
        class: EmergencyClass::Emergency,
        texts: BTreeMap::from([(Language::chinese(), text)]),
        area: Area {
            regions: vec!["210423001".parse().unwrap()],
            shapes: vec![Shape::Circle { lat: 41.9, lon: 124.9, radius_km: 3.0 }],
            described: "清原镇".into(),
        },
        audience: Audience {
            edition: edition_id(1),
            regions: vec!["210423001".parse().unwrap()],
            groups: Vec::new(),
            counts: BTreeMap::from([(ChannelKind::Sms, HeadCount { recipients: 3, responsible: 1 })]),
        },
        reserve: vec![],
        expires: NOON.plus(Duration::from_hours(1)),
    }
}

pub(crate) fn alert(number: u128, mode: ModeKind) -> StoredAlert {
    StoredAlert {
        mode,
        revision: 0,
        id: alert_id(number),
        owner: owner(),
        author: OfficerId(uuid(2)),
        created: Timestamp(NOON.0 + number as i64),
        content: content(),
        state: AlertState::Draft,
    }
}

pub(crate) fn account() -> AccountName {
    AccountName("cmpp-main".into())
}

/// A plan of this mode to a place, so that no edition is needed.
pub(crate) fn plan<M: Mode>(number: u128, alert: AlertId) -> StoredPlan {
    let plan = Plan::<M> {
        id: plan_id(number),
        alert,
        channel: ChannelKind::Sms,
        account: account(),
        message: Message::new(
            alert,
            Grade::Red,
            Language::chinese(),
            Body::Sms { text: "请立即转移".into() },
        )
        .with_words([("event".to_owned(), "暴雨红色预警".to_owned())].into()),
        target: Target::Place { name: "县城".into() },
        priority: Priority {
            withdraws: Withdraws::No,
            class: EmergencyClass::Emergency,
            grade: Grade::Red,
            tier: Level::County,
            hearers: Hearers::Responsible,
        },
        not_before: NOON,
        not_after: NOON.plus(TTL),
        cause: Cause::Release,
        instead_of: None,
    };
    StoredPlan::new(&plan, PlanStatus::Open)
}

pub(crate) fn event(plan: PlanId, ordinal: u32) -> Event {
    let answer = Answer::Accepted(Some(ProviderId::new(&ordinal.to_be_bytes())));
    Event { plan, at: NOON, fact: Fact::Answers(vec![PartAnswer { ordinal, part: 0, answer }]) }
}

pub(crate) fn raw_receipt(number: u8) -> RawReceipt {
    RawReceipt {
        account: account(),
        provider_id: ProviderId::new(&[number]),
        address_hash: (number.is_multiple_of(2)).then_some([number; 16]),
        status: ReceiptStatus::Delivered,
        far_code: "DELIVRD".into(),
        at: Timestamp(NOON.0 + i64::from(number)),
    }
}

pub(crate) fn edition(number: u128, recipients: u32) -> EditionHead {
    EditionHead {
        id: edition_id(number),
        mode: ModeKind::Live,
        owner: owner(),
        recipients,
        index: vec![1, 2, 3],
        built_at: Timestamp(NOON.0 + number as i64),
        pretend: true,
    }
}

/// A block of recipients that all have this number.
pub(crate) fn block(block_no: u32, recipients: u32, number: &str) -> EditionBlock {
    let mut column = vec![number.len() as u8];
    column.extend_from_slice(number.as_bytes());
    EditionBlock {
        block_no,
        first_ordinal: block_no * 4096,
        recipients,
        region_min: 210_423_001_001,
        region_max: 210_423_001_002,
        columns: BTreeMap::from([(ChannelKind::Sms, column.repeat(recipients as usize))]),
    }
}
