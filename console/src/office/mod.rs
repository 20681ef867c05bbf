//! What officers do, whatever door they come through: pages and the API call the same verbs, and none of them goes
//! around the policy. Every verb is one decision, durable with its audit line when it returns.

mod back;
mod boxes;
pub mod broadcast;
mod call;
mod called;
mod checks;
mod confirm;
mod error;
mod follow;
mod hands;
mod in_force;
mod order;
mod reach;
mod release;
mod sight;
mod speech;
mod stop_all;
mod trail;
mod unreached;
mod whole;
mod withdraw;

pub use back::follow;
pub use boxes::{TestOrder, Timeline};
pub use called::{Asked, Called, Outcome};
pub(crate) use called::{Summons, may_note};
pub use checks::Check;
pub use confirm::Unconfirmed;
pub use error::OfficeError;
pub use follow::{ended_at, ended_by};
pub use hands::Stranded;
pub(crate) use in_force::InForce;
pub(crate) use order::INSTANT;
pub use order::{DraftOrder, Follow};
pub use reach::Reach;
pub use release::{Released, Unsent};
pub use speech::{SpeechState, Voiced};
pub use stop_all::StoppedAll;
pub use trail::Step;
pub use withdraw::{Withdrawal, Withdrawn, may_withdraw, may_write};

use crate::{
    call::Calling,
    fleet::Fleet,
    render::{Rendered, Renderer, SmsParts},
    speech::Speech,
};
use mingluo_dispatch::{Engine, view::PlanView};
use mingluo_ledger::{
    Store,
    audit::AuditLine,
    store::{AlertWrite, Change, EditionHead, StoredAlert},
};
use mingluo_model::{
    alert::{Alert, Content, ContentHash},
    audience::ChannelKind,
    bulletin::LONGEST_SCRIPT,
    channel::{Channel, Unfit},
    clock::{SharedClock, Timestamp},
    id::{AlertId, EditionId},
    message::Body,
    mode::Mode,
    owner::Officer,
    plan::{AccountName, PlanStatus},
    policy::ReleasePolicy,
    priority::Occasion,
};
use mingluo_targeting::{
    edition::EditionIndex,
    gazetteer::Gazetteer,
    groups::GroupTable,
    resolve::{Resolved, Roster, Wanted, resolve},
};
use rand::{RngCore, rngs::StdRng};
use roaring::RoaringBitmap;
use serde_json::json;
use std::{
    collections::BTreeMap,
    num::NonZeroU16,
    sync::{Arc, Mutex, PoisonError},
};
use tokio_util::task::TaskTracker;
use withdraw::acting;

/// What an office is made of. The regions, groups and event types are those of one city's pack.
pub struct Parts<M: Mode> {
    /// The durable truth.
    pub store: Arc<dyn Store>,
    /// Dispatch of this mode.
    pub engine: Arc<Engine<M>>,
    /// The divisions.
    pub gazetteer: Arc<Gazetteer>,
    /// The groups.
    pub groups: Arc<GroupTable>,
    /// Separation of duty, hold, validity.
    pub policy: ReleasePolicy,
    /// Turns alerts into the words of each channel.
    pub renderer: Renderer,
    /// The village boxes; `None` where no speakers are configured.
    pub fleet: Option<Arc<Fleet>>,
    /// Makes speech for loudspeakers; `None` where the boxes read scripts by themselves.
    pub speech: Option<Speech>,
    /// How responsible persons are called; `None` where nobody is.
    pub calling: Option<Arc<Calling>>,
    /// Time.
    pub clock: SharedClock,
    /// Chance, for ids.
    pub chance: StdRng,
}

/// The office of one mode (值班席). A clone is the same office: decisions that must run to their end hold one.
#[derive(Clone)]
pub struct Office<M: Mode> {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) engine: Arc<Engine<M>>,
    pub(crate) gazetteer: Arc<Gazetteer>,
    pub(crate) groups: Arc<GroupTable>,
    pub(crate) policy: ReleasePolicy,
    pub(crate) renderer: Arc<Renderer>,
    fleet: Option<Arc<Fleet>>,
    speech: Option<Speech>,
    pub(crate) calling: Option<Arc<Calling>>,
    pub(crate) clock: SharedClock,
    // Guards the source of chance; held for one id.
    chance: Arc<Mutex<StdRng>>,
    // Guards the index of the current edition, read once.
    index: Arc<Mutex<Option<Arc<Indexed>>>>,
    // Guards what was looked up of who is called; held for look-ups only.
    who: Arc<Mutex<called::Known>>,
    // Held while the audit log's new lines are read, so that no line is noted twice.
    trail: Arc<tokio::sync::Mutex<trail::Trail>>,
    decisions: TaskTracker,
}

/// An edition's head with its index read.
pub struct Indexed {
    /// The head.
    pub head: EditionHead,
    /// Regions, groups and channels as ranges and bitmaps.
    pub index: EditionIndex,
}

/// An alert as it would be sent: the words and costs of each channel, and whom they reach.
pub struct Preview {
    /// The words by channel.
    pub rendered: BTreeMap<ChannelKind, Rendered>,
    /// Units (SMS parts) for each recipient, by channel; where accounts sign differently, of the one that needs most.
    pub parts: BTreeMap<ChannelKind, NonZeroU16>,
    /// A short message by each account that sends it to somebody; none without SMS.
    pub sms: Vec<SmsShare>,
}

/// What one account sends of a short message.
pub struct SmsShare {
    /// The account.
    pub account: AccountName,
    /// To how many.
    pub recipients: u64,
    /// SMS parts for each of them.
    pub parts: NonZeroU16,
    /// The parts as phones show them, signature included.
    pub shown: Option<SmsParts>,
}

impl<M: Mode> Office<M> {
    /// Opens the office.
    pub fn new(parts: Parts<M>) -> Self {
        let Parts { store, engine, gazetteer, groups, policy, renderer, .. } = parts;
        let Parts { speech, calling, fleet, clock, chance, .. } = parts;
        Self {
            store,
            engine,
            gazetteer,
            groups,
            policy,
            renderer: Arc::new(renderer),
            fleet,
            speech,
            calling,
            clock,
            chance: Arc::new(Mutex::new(chance)),
            index: Arc::default(),
            who: Arc::default(),
            trail: Arc::default(),
            decisions: TaskTracker::new(),
        }
    }

    /// The divisions, for pages that show names.
    pub fn gazetteer(&self) -> &Gazetteer {
        &self.gazetteer
    }

    /// Dispatch of this mode.
    pub fn engine(&self) -> &Engine<M> {
        &self.engine
    }

    /// One alert with the revision that was read.
    ///
    /// # Errors
    /// [`OfficeError::NoSuchAlert`], also for an alert of the other mode; [`OfficeError::Store`].
    pub async fn alert(&self, id: AlertId) -> Result<(Alert<M>, i64), OfficeError> {
        let stored = self.store.alert(id).await?.ok_or(OfficeError::NoSuchAlert { id })?;
        let revision = stored.revision;
        let alert = stored.typed::<M>().ok_or(OfficeError::NoSuchAlert { id })?;
        Ok((alert, revision))
    }

    /// The latest alerts, newest first.
    ///
    /// # Errors
    /// [`OfficeError::Store`].
    pub async fn alerts(&self, limit: u32) -> Result<Vec<StoredAlert>, OfficeError> {
        Ok(self.store.alerts(M::KIND, limit).await?)
    }

    /// The plans in memory, of one alert or of all, from the counters.
    pub fn progress(&self, alert: Option<AlertId>) -> Vec<PlanView> {
        let mut views = self.engine.views();
        views.retain(|view| alert.is_none_or(|alert| view.alert == alert));
        views
    }

    /// All plans of one alert, those folded before the last restart too.
    ///
    /// # Errors
    /// [`OfficeError::Engine`] when a folded plan cannot be read.
    pub async fn plans(&self, alert: AlertId) -> Result<Vec<PlanView>, OfficeError> {
        Ok(self.engine.views_of(alert).await?)
    }

    /// The plans of one alert that are closed: what is in them does not change any more, but for late receipts while
    /// they are still in memory.
    ///
    /// # Errors
    /// [`OfficeError::Engine`] when a folded plan cannot be read.
    pub async fn folded(&self, alert: AlertId) -> Result<Vec<PlanView>, OfficeError> {
        let mut views = self.plans(alert).await?;
        views.retain(|view| view.status == PlanStatus::Closed);
        Ok(views)
    }

    /// The author hands a draft in.
    ///
    /// # Errors
    /// [`OfficeError::Alert`] when the rules refuse it; [`OfficeError::NoSuchAlert`]; [`OfficeError::Store`].
    pub async fn submit(&self, officer: &Officer, id: AlertId) -> Result<Alert<M>, OfficeError> {
        let now = self.clock.now();
        let submitted = self.step(officer, id, "alert.submit", |alert, policy| {
            let officer = acting(officer, alert.content.kind);
            Ok(alert.submit(&officer, policy, now)?)
        });
        let submitted = submitted.await?;
        // Those who sign hear it; what failed when the draft was kept is tried again.
        self.begin_speech(&submitted);
        Ok(submitted)
    }

    /// Another officer approves the content that they were shown.
    ///
    /// # Errors
    /// [`OfficeError::ContentChanged`] when it is another by now; [`OfficeError::Alert`] when the rules refuse it;
    /// [`OfficeError::NoSuchAlert`]; [`OfficeError::Store`].
    pub async fn approve(
        &self,
        officer: &Officer,
        id: AlertId,
        shown: ContentHash,
    ) -> Result<Alert<M>, OfficeError> {
        let now = self.clock.now();
        self.step(officer, id, "alert.approve", |alert, policy| {
            Ok(as_shown(alert, shown)?.approve(officer, policy, now)?)
        })
        .await
    }

    async fn step(
        &self,
        officer: &Officer,
        id: AlertId,
        action: &str,
        step: impl FnOnce(Alert<M>, &ReleasePolicy) -> Result<Alert<M>, OfficeError>,
    ) -> Result<Alert<M>, OfficeError> {
        let (alert, revision) = self.alert(id).await?;
        let policy = self.policy_for(&alert).await?;
        let alert = step(alert, &policy)?;
        self.keep_step(officer, alert, revision, action, json!({})).await
    }

    /// Keeps a step with its audit line: the content's hash, the new state, and what else `detail` says.
    async fn keep_step(
        &self,
        officer: &Officer,
        alert: Alert<M>,
        revision: i64,
        action: &str,
        mut detail: serde_json::Value,
    ) -> Result<Alert<M>, OfficeError> {
        detail["content"] = json!(alert.content_hash().to_string());
        detail["state"] = json!(alert.state.word());
        let change = Change {
            alerts: vec![AlertWrite::new(&alert, revision)],
            audit: vec![self.line(officer, action, alert.id, detail)],
            ..Change::default()
        };
        self.store.commit(&change).await?;
        Ok(alert)
    }

    pub(crate) fn line(
        &self,
        officer: &Officer,
        action: &str,
        subject: AlertId,
        detail: serde_json::Value,
    ) -> AuditLine {
        let (at, actor) = (self.clock.now(), officer.id.to_string());
        AuditLine { at, actor, action: action.to_owned(), subject: subject.to_string(), detail }
    }

    /// The current edition's index, read once for each edition.
    ///
    /// # Errors
    /// [`OfficeError::NoRoster`] when nothing was imported yet; [`OfficeError::Store`].
    pub async fn indexed(&self) -> Result<Arc<Indexed>, OfficeError> {
        let head = self.store.current_edition(M::KIND).await?.ok_or(OfficeError::NoRoster)?;
        let kept = self.index.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(kept) = kept.filter(|kept| kept.head.id == head.id) {
            return Ok(kept);
        }
        let index = EditionIndex::from_bytes(&head.index)
            .map_err(|error| OfficeError::Damaged { what: "edition", problem: error.to_string() })?;
        let indexed = Arc::new(Indexed { head, index });
        // Carriers are looked up when a new roster is first drafted over, not when a warning is released.
        self.engine.map(indexed.head.id).await?;
        *self.index.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&indexed));
        Ok(indexed)
    }

    pub(crate) fn resolve(&self, indexed: &Indexed, wanted: &Wanted<'_>) -> Result<Resolved, OfficeError> {
        let roster = Roster {
            edition: indexed.head.id,
            index: &indexed.index,
            gazetteer: &self.gazetteer,
            groups: &self.groups,
        };
        Ok(resolve(&roster, wanted)?)
    }

    /// The exact words of each channel and what they cost, by the code that sends.
    ///
    /// # Errors
    /// [`OfficeError::Unfit`] naming the channel that cannot carry the alert.
    pub async fn preview(&self, alert: &Alert<M>) -> Result<Preview, OfficeError> {
        let mut preview = Preview { rendered: BTreeMap::new(), parts: BTreeMap::new(), sms: Vec::new() };
        for (channel, count) in &alert.content.audience.counts {
            if count.recipients == 0 {
                continue;
            }
            let rendered = self.words_of(alert, *channel)?;
            for (account, recipients) in self.senders(&alert.content, *channel).await? {
                let parts = self.measure(alert, account.as_ref(), &rendered)?;
                let most = preview.parts.entry(*channel).or_insert(parts);
                *most = parts.max(*most);
                if *channel == ChannelKind::Sms {
                    let shown = self.sms_parts(alert, account.account(), &rendered)?;
                    let account = account.account().clone();
                    preview.sms.push(SmsShare { account, recipients, parts, shown });
                }
            }
            preview.rendered.insert(*channel, rendered);
        }
        // A reserve channel must be able to carry the words as well, even if it never has to.
        for channel in &alert.content.reserve {
            self.measure(alert, self.account(*channel)?.as_ref(), &self.words_of(alert, *channel)?)?;
        }
        Ok(preview)
    }

    /// The accounts by which the audience of these words is reached on a channel, each with how many it reaches.
    ///
    /// # Errors
    /// [`OfficeError::NoAccount`]; [`OfficeError::Store`] when the edition cannot be read.
    pub(crate) async fn senders(
        &self,
        content: &Content,
        channel: ChannelKind,
    ) -> Result<Vec<(&Arc<dyn Channel<M>>, u64)>, OfficeError> {
        let audience = &content.audience;
        let indexed = self.indexed_of(audience.edition).await?;
        let wanted = Wanted { regions: &audience.regions, groups: &audience.groups, channels: &[channel] };
        let mut targets = self.resolve(&indexed, &wanted)?.targets;
        let set = targets.remove(&channel).map(|targets| targets.all()).unwrap_or_default();
        self.senders_of(audience.edition, channel, &set, content.occasion()).await
    }

    /// The accounts by which a set of recipients is reached on a channel, each with how many it reaches.
    ///
    /// # Errors
    /// [`OfficeError::NoAccount`]; [`OfficeError::Engine`] when the edition cannot be read.
    pub(crate) async fn senders_of(
        &self,
        edition: EditionId,
        channel: ChannelKind,
        set: &RoaringBitmap,
        occasion: Occasion,
    ) -> Result<Vec<(&Arc<dyn Channel<M>>, u64)>, OfficeError> {
        let shares = self.engine.shares(channel, edition, set, occasion).await?;
        if shares.is_empty() && !set.is_empty() {
            return Err(OfficeError::NoAccount { channel });
        }
        let account =
            |name: &AccountName| self.engine.account(name).ok_or(OfficeError::NoAccount { channel });
        shares.iter().map(|(name, share)| Ok((account(name)?, share.len()))).collect()
    }

    /// The exact words of one channel.
    ///
    /// # Errors
    /// [`OfficeError::Render`].
    pub(crate) fn words_of(&self, alert: &Alert<M>, channel: ChannelKind) -> Result<Rendered, OfficeError> {
        Ok(self.renderer.render(alert, channel, self.clock.now())?)
    }

    /// The units (SMS parts) that words take for each recipient of an account.
    ///
    /// # Errors
    /// [`OfficeError::Render`] or [`OfficeError::Unfit`] for the account's channel.
    pub(crate) fn measure(
        &self,
        alert: &Alert<M>,
        account: &dyn Channel<M>,
        words: &Rendered,
    ) -> Result<NonZeroU16, OfficeError> {
        let channel = account.kind();
        // A bulletin is signed when it is released; until then its own rules are what counts.
        if channel == ChannelKind::Speaker {
            if let Body::Speaker { script, .. } = &words.body
                && script.len() > LONGEST_SCRIPT
            {
                let (field, unit) = ("script".to_owned(), "bytes");
                let source = Unfit::TooLong { field, length: script.len(), longest: LONGEST_SCRIPT, unit };
                return Err(OfficeError::Unfit { channel, source });
            }
            self.renderer.check_bulletin(alert, self.clock.now())?;
            return Ok(NonZeroU16::MIN);
        }
        let message = words.message(alert);
        let parts = account.measure(&message).map_err(|source| OfficeError::Unfit { channel, source })?;
        Ok(parts.saturating_add(account.has_addition(&message).into()))
    }

    /// A short message as phones will show it: signed and cut by the code that sends, however long it is. `None`
    /// for the words of another channel.
    ///
    /// # Errors
    /// [`OfficeError::Unfit`] for words that cannot be cut at all.
    pub(crate) fn sms_parts(
        &self,
        alert: &Alert<M>,
        account: &AccountName,
        rendered: &Rendered,
    ) -> Result<Option<SmsParts>, OfficeError> {
        let Body::Sms { text } = &rendered.body else { return Ok(None) };
        let channel = ChannelKind::Sms;
        let Some(form) = self.renderer.sms_forms.get(account) else { return Ok(None) };
        form.show(text, &rendered.words, alert.content.grade)
            .map(Some)
            .map_err(|source| OfficeError::Unfit { channel, source })
    }

    /// The account that a channel leaves by where nobody is counted: for short messages that of unknown numbers.
    pub(crate) fn account(&self, channel: ChannelKind) -> Result<&Arc<dyn Channel<M>>, OfficeError> {
        self.engine.first_account(channel).ok_or(OfficeError::NoAccount { channel })
    }

    pub(crate) fn chance<T>(&self, draw: impl FnOnce(&mut dyn RngCore) -> T) -> T {
        draw(&mut *self.chance.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Releases whose time ran out become expired. Called now and then; what could not be kept of one of them, somebody
    /// may have lifted it just now, is tried the next time and holds up no other.
    ///
    /// # Errors
    /// [`OfficeError::Store`] when they cannot be read.
    pub async fn expire(&self) -> Result<(), OfficeError> {
        let now: Timestamp = self.clock.now();
        for stored in self.store.released_alerts(M::KIND).await? {
            let (id, revision) = (stored.id, stored.revision);
            let Some(Ok(alert)) = stored.typed::<M>().map(|alert| alert.expire(now)) else { continue };
            let change = Change {
                alerts: vec![AlertWrite::new(&alert, revision)],
                audit: vec![AuditLine {
                    at: now,
                    actor: AuditLine::SYSTEM.to_owned(),
                    action: "alert.expire".to_owned(),
                    subject: id.to_string(),
                    detail: json!({}),
                }],
                ..Change::default()
            };
            if let Err(error) = self.store.commit(&change).await {
                tracing::warn!(alert.id = %id, error = &error as &dyn std::error::Error, "not expired yet");
            }
        }
        Ok(())
    }
}

/// An alert whose content is the one that was shown to who decides. What is decided is written over the revision that
/// this alert was read with, so nothing can come between.
///
/// # Errors
/// [`OfficeError::ContentChanged`].
fn as_shown<M: Mode>(alert: Alert<M>, shown: ContentHash) -> Result<Alert<M>, OfficeError> {
    if alert.content_hash() == shown { Ok(alert) } else { Err(OfficeError::ContentChanged { id: alert.id }) }
}
