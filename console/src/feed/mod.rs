//! Real warnings for everybody (公开订阅源): an Atom feed for all and for each division, and each warning as CAP at an
//! address that stays. What is held back does not stand here before it leaves, what was recalled never does, and drills
//! are nobody else's business. What was lifted or ran out stays, and says so.

mod pages;

pub(crate) use pages::routes;

use crate::{
    office::{Office, ended_at},
    render::{RenderError, cap},
};
use jiff::Timestamp as Instant;
use mingluo_exchange::atom::{Entry, Feed};
use mingluo_ledger::{
    StoreError,
    store::{Store, StoredAlert},
};
use mingluo_model::{
    alert::{AlertKind, AlertState, Content, Language},
    clock::Timestamp,
    id::AlertId,
    mode::{Live, ModeKind},
    region::RegionCode,
};
use serde::Deserialize;
use std::{
    cmp::Reverse,
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// Warnings of a feed: at the busiest, those of a week. Where more are in force, all of these. Ours to choose.
const ENTRIES: usize = 100;

/// Warnings that are over, read at once; and so often at most for one who looks, since a small division may have had few in
/// years. Ours to choose.
const PAGE: u32 = 200;
const PAGES: u32 = 5;

/// Warnings whose times are remembered at once; when there are more, all are read anew.
const REMEMBERED: usize = 1_024;

/// The public feed, as an operator writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedConfig {
    /// The address at which others reach this program, like `https://warn.fushun.example`; feeds stand below it.
    pub url: String,
}

impl FeedConfig {
    /// Whether the address can be one that others are sent to.
    pub(crate) fn is_usable(&self) -> bool {
        let mut schemes = ["https://", "http://127.0.0.1:", "http://localhost:"].iter();
        let rest = schemes.find_map(|scheme| self.url.strip_prefix(scheme));
        rest.is_some_and(|rest| {
            !rest.is_empty() && !rest.ends_with('/') && !rest.contains(['?', '#', ' ', '"', '<'])
        })
    }
}

/// Why a feed cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FeedError {
    /// The store cannot be read.
    #[error("the store cannot be read")]
    Store(#[from] StoreError),
    /// A warning cannot be written as CAP.
    #[error("a warning cannot be written")]
    Render(#[from] RenderError),
}

/// When warnings left. That never changes once they are released: it is read once and not for everybody who looks.
#[derive(Default)]
pub(super) struct Sent(
    // Guards what is known; held for a look-up.
    Mutex<BTreeMap<AlertId, Timestamp>>,
);

impl Sent {
    /// The end of a released warning's hold.
    async fn at(&self, store: &dyn Store, alert: AlertId) -> Result<Option<Timestamp>, StoreError> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&alert).copied();
        if known.is_some() {
            return Ok(known);
        }
        let sent = store.released_at(alert).await?;
        if let Some(sent) = sent {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= REMEMBERED {
                known.clear();
            }
            known.insert(alert, sent);
        }
        Ok(sent)
    }
}

/// A warning that left, and when: the end of its hold.
struct Public {
    alert: StoredAlert,
    sent: Timestamp,
}

/// The feed of a division and of those that it belongs to or consists of; all of them for `None`.
pub(super) async fn feed(
    office: &Office<Live>,
    sent: &Sent,
    base: &str,
    region: Option<RegionCode>,
) -> Result<Feed, FeedError> {
    let shown = shown(office, sent, region).await?;
    let entries: Vec<_> = shown.iter().map(|public| entry(base, public)).collect();
    let address = match region {
        None => format!("{base}/feed.atom"),
        Some(region) => format!("{base}/feed/{}", pages::file_of(region)),
    };
    Ok(Feed {
        id: address.clone(),
        title: format!("{}预警", office.renderer.issuer),
        author: office.renderer.issuer.clone(),
        address,
        updated: entries.iter().map(|entry| entry.updated).max().unwrap_or(Instant::UNIX_EPOCH),
        entries,
    })
}

/// Every warning in force that touches a division, and of those that are over the latest, the newest first.
async fn shown(
    office: &Office<Live>,
    sent: &Sent,
    region: Option<RegionCode>,
) -> Result<Vec<Public>, FeedError> {
    let meets = |own: &RegionCode| region.is_none_or(|wanted| wanted.touches(*own));
    let touches = |alert: &StoredAlert| alert.content.area.regions.iter().any(meets);
    let mut shown = Vec::new();
    for alert in office.store.released_alerts(ModeKind::Live).await?.into_iter().filter(touches) {
        shown.extend(public(office, sent, alert).await?);
    }
    for page in 0..PAGES {
        let ended = office.store.ended_alerts(ModeKind::Live, page * PAGE, PAGE).await?;
        let is_last = ended.len() < PAGE as usize;
        for alert in ended.into_iter().filter(touches) {
            if shown.len() < ENTRIES {
                shown.extend(public(office, sent, alert).await?);
            }
        }
        if is_last || shown.len() >= ENTRIES {
            break;
        }
    }
    // What ended between the two looks was seen by both.
    shown.sort_by_key(|public| Reverse((public.alert.created, public.alert.id)));
    shown.dedup_by_key(|public| public.alert.id);
    Ok(shown)
}

/// A warning as CAP; `None` for what is not public.
pub(super) async fn document(
    office: &Office<Live>,
    sent: &Sent,
    id: AlertId,
) -> Result<Option<String>, FeedError> {
    let Some(public) = of(office, sent, id).await? else { return Ok(None) };
    let earlier = match public.alert.content.kind.follows() {
        Some(earlier) => of(office, sent, earlier).await?.map(|public| (public.alert.id, public.sent)),
        None => None,
    };
    let Some(alert) = public.alert.typed::<Live>() else { return Ok(None) };
    Ok(Some(cap::in_feed(&office.renderer, &alert, public.sent, earlier)?))
}

async fn of(office: &Office<Live>, sent: &Sent, id: AlertId) -> Result<Option<Public>, FeedError> {
    match office.store.alert(id).await? {
        Some(alert) => public(office, sent, alert).await,
        None => Ok(None),
    }
}

async fn public(
    office: &Office<Live>,
    sent: &Sent,
    mut alert: StoredAlert,
) -> Result<Option<Public>, FeedError> {
    use AlertState::{Approved, Draft, Recalled, Submitted};
    let is_live = alert.mode == ModeKind::Live;
    if !is_live || matches!(alert.state, Draft | Submitted { .. } | Approved { .. } | Recalled { .. }) {
        return Ok(None);
    }
    // What ran out did so at its time, whenever that was noted.
    let (now, end) = (office.clock.now(), alert.content.expires);
    if end <= now && matches!(alert.state, AlertState::Released { .. } | AlertState::Expired { .. }) {
        alert.state = AlertState::Expired { at: end };
    }
    let sent = sent.at(office.store.as_ref(), alert.id).await?;
    Ok(sent.filter(|sent| *sent <= now).map(|sent| Public { alert, sent }))
}

/// What whoever filters a feed goes by: a warning's grade, or what ends one. An all-clear has the grade of what it ends, and is no
/// warning of that grade.
const fn sort(content: &Content) -> &'static str {
    match content.kind {
        AlertKind::Alert | AlertKind::Update(_) => content.grade.word(),
        AlertKind::Lift(_) => "lift",
        AlertKind::Correction(_) => "correction",
    }
}

fn entry(base: &str, public: &Public) -> Entry {
    let Public { alert, sent } = public;
    let changed = ended_at(&alert.state).unwrap_or(*sent);
    let text = alert.content.texts.get(&Language::chinese());
    let said = text.map(|text| [text.body.trim(), text.instruction.trim()].join("\n").trim().to_owned());
    Entry {
        id: format!("urn:uuid:{}", alert.id),
        title: text.map(|text| text.headline.clone()).unwrap_or_default(),
        summary: said.unwrap_or_default(),
        categories: vec![sort(&alert.content).to_owned(), alert.state.word().to_owned()],
        address: format!("{base}/cap/{}.xml", alert.id),
        published: instant(*sent),
        updated: instant(changed.max(*sent)),
    }
}

fn instant(at: Timestamp) -> Instant {
    at.to_jiff().unwrap_or(Instant::UNIX_EPOCH)
}
