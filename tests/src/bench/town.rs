//! The pretend town that is warned: its ledger, an edition with a recipient for each ordinal, and the release of a red
//! warning to some of them, made durable as the product makes it.

use super::heat::{TEXT, VALID, number};
use anyhow::Context;
use mingluo_dispatch::{
    planner::{self, Hearing, Outgoing},
    roster::{EditionMap, ReadIndex},
    tally::Districts,
};
use mingluo_ledger::{
    Store,
    audit::AuditLine,
    store::{AlertWrite, Change, EditionBlock, EditionHead, StoredPlan},
    vault::Vault,
};
use mingluo_model::{
    alert::{Alert, AlertKind, AlertState, Content, Language, Signature, Text},
    area::Area,
    audience::{Audience, ChannelKind, HeadCount},
    clock::Timestamp,
    grade::Grade,
    hazard::{Hazard, HazardSystem},
    id::{AlertId, EditionId, OfficerId, OrgId},
    message::{Body, Message},
    mode::{Live, ModeKind},
    owner::Owner,
    plan::{AccountName, Plan, PlanStatus},
    priority::EmergencyClass,
    region::{Level, RegionCode},
};
use mingluo_targeting::edition::BLOCK;
use rand::rngs::StdRng;
use serde_json::json;
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// The county that is warned, and recipients of each of its pretend townships.
const COUNTY: &str = "210423";
const TOWNSHIP: u32 = 50_000;

/// Blocks kept in one transaction.
const BATCH: usize = 64;

/// Opens the ledger, made new where there is none. The same chance gives the same keys, so that whoever has them reads
/// what another process wrote.
pub(super) async fn open(address: &str, chance: &mut StdRng) -> anyhow::Result<Arc<dyn Store>> {
    mingluo_ledger::migrate(address).await?;
    let vault = Vault::read("bench", &Vault::generate(chance))?;
    Ok(mingluo_ledger::open(address, Arc::new(vault)).await?)
}

/// Townships of equal size, as an edition's index would name them.
pub(super) fn read_index(count: u32) -> anyhow::Result<ReadIndex> {
    let starts = (0..count).step_by(TOWNSHIP as usize).zip(1_u64..);
    let county: RegionCode = COUNTY.parse()?;
    let township = |(first, serial): (u32, u64)| {
        Some((first, RegionCode::village(county.start() + serial * 1_000).at(Level::Township)?))
    };
    let districts = Arc::new(Districts::new(starts.filter_map(township).collect()));
    Ok(Arc::new(move |_| Ok(EditionMap { districts: Arc::clone(&districts), ..EditionMap::default() })))
}

/// What the town is told, on which channel, and where its people are found on that.
pub(super) struct Notice {
    pub(super) channel: ChannelKind,
    pub(super) body: Body,
    /// The address of the recipient of this ordinal; at most 255 octets.
    pub(super) address: fn(u32) -> String,
}

impl Notice {
    /// One part of a short message.
    pub(super) fn text() -> Self {
        Self { channel: ChannelKind::Sms, body: Body::Sms { text: TEXT.into() }, address: number }
    }
}

impl Notice {
    /// A mail of plain text: a thousand octets of words.
    pub(super) fn mail() -> Self {
        let body = Body::Email {
            subject: "【红色预警】暴雨 清原满族自治县 07-12 08:30".into(),
            text: TEXT.repeat(8),
            html: String::new(),
            cap_xml: String::new(),
        };
        Self { channel: ChannelKind::Email, body, address: mailbox }
    }

    /// A template message.
    pub(super) fn template() -> Self {
        let fields = [("thing1", "暴雨红色预警"), ("thing2", "清原满族自治县"), ("thing4", "请立即转移避险")];
        let body = Body::WeChat {
            template_id: TEMPLATE.into(),
            fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            url: String::new(),
            text: String::new(),
        };
        Self { channel: ChannelKind::WeChat, body, address: |ordinal| format!("oPretend{ordinal:08}") }
    }
}

/// The template that the pretend account holds.
pub(super) const TEMPLATE: &str = "T1";

/// The domain of all mailboxes; it can never exist (RFC 6761 section 6.4).
pub(super) const DOMAIN: &str = "pretend.invalid";

fn mailbox(ordinal: u32) -> String {
    format!("p{ordinal}@{DOMAIN}")
}

/// Keeps a roster of pretend recipients.
pub(super) async fn edition(
    store: &dyn Store,
    notice: &Notice,
    count: u32,
    now: Timestamp,
    chance: &mut StdRng,
) -> anyhow::Result<EditionId> {
    let head = EditionHead {
        id: EditionId::new(now, chance),
        mode: ModeKind::Live,
        owner: owner(now, chance)?,
        recipients: count,
        index: Vec::new(),
        built_at: now,
        pretend: true,
    };
    store.begin_edition(&head).await?;
    let firsts: Vec<u32> = (0..count).step_by(BLOCK).collect();
    for some in firsts.chunks(BATCH) {
        let blocks: Vec<_> = some.iter().map(|first| block(notice, *first, count)).collect();
        store.add_blocks(head.id, &blocks).await?;
    }
    let audit = AuditLine {
        at: now,
        actor: AuditLine::SYSTEM.into(),
        action: "roster.import".into(),
        subject: head.id.to_string(),
        detail: json!({ "recipients": count, "pretend": true }),
    };
    store.seal_edition(head.id, None, audit).await?;
    Ok(head.id)
}

fn block(notice: &Notice, first: u32, count: u32) -> EditionBlock {
    let recipients = (count - first).min(BLOCK as u32);
    let mut column = Vec::new();
    for ordinal in first..first + recipients {
        let address = (notice.address)(ordinal);
        column.push(address.len() as u8);
        column.extend_from_slice(address.as_bytes());
    }
    EditionBlock {
        block_no: first / BLOCK as u32,
        first_ordinal: first,
        recipients,
        region_min: 210_423_001_000,
        region_max: 210_423_999_999,
        columns: BTreeMap::from([(notice.channel, column)]),
    }
}

fn owner(now: Timestamp, chance: &mut StdRng) -> anyhow::Result<Owner> {
    Ok(Owner { org: OrgId::new(now, chance), scope: COUNTY.parse()?, level: Level::County })
}

/// Makes a released alert and its plan durable, as a release does: by this account, to the recipients of these ordinals.
pub(super) async fn release(
    store: &dyn Store,
    notice: &Notice,
    edition: EditionId,
    account: &str,
    who: Range<u32>,
    now: Timestamp,
    chance: &mut StdRng,
) -> anyhow::Result<Vec<Plan<Live>>> {
    let alert = alert(notice, edition, who.len() as u32, now, chance)?;
    let message = Message::new(alert.id, Grade::Red, Language::chinese(), notice.body.clone());
    let hearing = Hearing::Now { responsible: (0..0).collect(), residents: who.collect() };
    let outgoing = Outgoing { account: AccountName(account.into()), message, hearing };
    let plans = planner::plans(&alert, BTreeMap::from([(notice.channel, outgoing)]), now, chance)?;
    let release = Change {
        alerts: vec![AlertWrite::new(&alert, 0)],
        plans: plans.iter().map(|plan| StoredPlan::new(plan, PlanStatus::Open)).collect(),
        ..Change::default()
    };
    store.commit(&release).await.context("release")?;
    Ok(plans)
}

fn alert(
    notice: &Notice,
    edition: EditionId,
    count: u32,
    now: Timestamp,
    chance: &mut StdRng,
) -> anyhow::Result<Alert<Live>> {
    let officer = OfficerId::new(now, chance);
    let content = content(notice, edition, count, now)?;
    let release = Signature { officer, at: now, content: content.hash(ModeKind::Live) };
    let released = AlertState::Released { release, hold_until: now };
    Ok(Alert::restore(AlertId::new(now, chance), owner(now, chance)?, officer, now, content, released))
}

fn content(notice: &Notice, edition: EditionId, count: u32, now: Timestamp) -> anyhow::Result<Content> {
    let regions: Vec<RegionCode> = vec![COUNTY.parse()?];
    let text = Text { headline: "暴雨红色预警".into(), body: TEXT.into(), instruction: String::new() };
    Ok(Content {
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
            regions: regions.clone(), shapes: Vec::new(), described: "清原满族自治县".into()
        },
        audience: Audience {
            edition,
            regions,
            groups: Vec::new(),
            counts: BTreeMap::from([(notice.channel, HeadCount { recipients: count, responsible: 0 })]),
        },
        reserve: Vec::new(),
        expires: now.plus(VALID),
    })
}
