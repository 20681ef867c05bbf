//! Whom an alert reaches, in the one number that holds at its stage: deliveries (条数), which the releaser types. Beside
//! it stand the people, each once (人数), and the speakers. A warning reaches its audience. A lift or a correction
//! reaches those who may have got the earlier warning: until it is released that number may still grow, and what was
//! signed is only the most it can be; afterwards its plans hold the number, and people are not told.

use super::{
    desk::Desk,
    error::WebError,
    situation::Situation,
    voice::{Voice, thousands},
};
use crate::office::OfficeError;
use mingluo_model::{
    alert::{Alert, AlertKind, AlertState},
    audience::{Audience, ChannelKind},
    id::{AlertId, EditionId},
    mode::Mode,
    plan::AccountName,
};
use std::collections::BTreeMap;

/// Deliveries by channel (对象).
pub(super) struct Whom {
    pub(super) by_channel: BTreeMap<ChannelKind, u64>,
    /// The same by the account that sends; several of one channel add up to it.
    pub(super) by_account: Vec<(ChannelKind, AccountName, u64)>,
    /// What was signed, where the alert reaches at most that many.
    pub(super) at_most: Option<u64>,
    /// Different people and speakers, where they are known.
    pub(super) reach: Option<Reached>,
}

/// Those behind the deliveries.
#[derive(Clone, Copy)]
pub(super) struct Reached {
    /// Different people, each once (人数).
    pub(super) people: u64,
    /// Loudspeakers (大喇叭数).
    pub(super) speakers: u64,
}

impl Whom {
    /// Whom an alert reaches as it stands now.
    ///
    /// # Errors
    /// [`WebError::Office`] when the store or the engine cannot be read.
    pub(super) async fn of<M: Mode>(desk: &Desk<M>, alert: &Alert<M>) -> Result<Self, WebError> {
        let content = &alert.content;
        let counts = &content.audience.counts;
        let signed = counts.iter().map(|(channel, count)| (*channel, u64::from(count.recipients)));
        let (AlertKind::Lift(earlier) | AlertKind::Correction(earlier)) = content.kind else {
            let reach = desk.office.reach(alert).await?;
            let reach = Some(Reached { people: reach.people, speakers: reach.speakers });
            let by_account = if is_planned(&alert.state) {
                planned_by_account(&*desk.situation_of(alert.id).await?, alert.id)
            } else {
                to_be_sent(desk, &content.audience).await
            };
            return Ok(Self { by_channel: signed.collect(), by_account, at_most: None, reach });
        };
        let (by_channel, by_account, reach) = if is_planned(&alert.state) {
            let situation = desk.situation_of(alert.id).await?;
            (planned(&situation, alert.id), planned_by_account(&situation, alert.id), None)
        } else {
            let edition = content.audience.edition;
            let told = reached(desk, earlier, |kind| counts.contains_key(&kind)).await?;
            let by_account = may_have_got(desk, edition, earlier, &told.0).await?;
            (told.0, by_account, Some(told.1))
        };
        Ok(Self { by_channel, by_account, at_most: Some(content.audience.deliveries()), reach })
    }

    /// Over all channels.
    pub(super) fn total(&self) -> u64 {
        self.by_channel.values().sum()
    }

    /// 2,913 条, and of a lift that they are those who may have got the earlier warning.
    pub(super) fn words(&self, voice: &Voice) -> String {
        let key = if self.at_most.is_some() { "web-deliveries-told" } else { "web-count-deliveries" };
        voice.with(key, "a", thousands(self.total()))
    }

    /// 2,001 人 and 48 个, where they are known; no speakers where there are none.
    pub(super) fn behind(&self, voice: &Voice) -> (Option<String>, Option<String>) {
        let people = self.reach.map(|reach| voice.with("web-count-people", "a", thousands(reach.people)));
        let speakers = self.reach.map(|reach| reach.speakers).filter(|speakers| *speakers > 0);
        (people, speakers.map(|speakers| voice.with("web-count-speakers", "a", thousands(speakers))))
    }
}

/// Those who may have got an alert by the channels that are wanted: deliveries by channel, and who is behind them.
///
/// # Errors
/// [`WebError::Office`] when a folded plan cannot be read.
pub(super) async fn reached<M: Mode>(
    desk: &Desk<M>,
    alert: AlertId,
    is_wanted: impl Fn(ChannelKind) -> bool,
) -> Result<(BTreeMap<ChannelKind, u64>, Reached), WebError> {
    let mut reached = desk.office.engine().reached(alert).await.map_err(OfficeError::from)?;
    reached.retain(|channel, _| is_wanted(*channel));
    let by_channel = reached.iter().map(|(channel, all)| (*channel, all.len())).collect();
    let speakers = reached.remove(&ChannelKind::Speaker).map_or(0, |boxes| boxes.len());
    reached.retain(|channel, _| channel.is_of_people());
    let people = reached.into_values().reduce(|all, more| all | more).map_or(0, |people| people.len());
    Ok((by_channel, Reached { people, speakers }))
}

/// Deliveries of an audience by account. A channel without an account has none: its own line says so.
async fn to_be_sent<M: Mode>(desk: &Desk<M>, audience: &Audience) -> Vec<(ChannelKind, AccountName, u64)> {
    let mut by_account = Vec::new();
    for (channel, _) in audience.counts.iter().filter(|(_, count)| count.recipients > 0) {
        let senders = desk.office.senders(audience, *channel).await.unwrap_or_default();
        by_account.extend(senders.into_iter().map(|(one, n)| (*channel, one.account().clone(), n)));
    }
    by_account
}

/// Those who may have got an alert, by the accounts that would tell them now.
async fn may_have_got<M: Mode>(
    desk: &Desk<M>,
    edition: EditionId,
    alert: AlertId,
    by_channel: &BTreeMap<ChannelKind, u64>,
) -> Result<Vec<(ChannelKind, AccountName, u64)>, WebError> {
    let reached = desk.office.engine().reached(alert).await.map_err(OfficeError::from)?;
    let mut by_account = Vec::new();
    for channel in by_channel.keys() {
        let Some(set) = reached.get(channel) else { continue };
        let senders = desk.office.senders_of(edition, *channel, set).await?;
        by_account.extend(senders.into_iter().map(|(one, n)| (*channel, one.account().clone(), n)));
    }
    Ok(by_account)
}

/// Deliveries that the plans of an alert make, by account; what another account sends instead is the other's.
fn planned_by_account(situation: &Situation, alert: AlertId) -> Vec<(ChannelKind, AccountName, u64)> {
    let mut planned: BTreeMap<(ChannelKind, AccountName), u64> = BTreeMap::new();
    for plan in situation.plans_of(alert).into_iter().filter(|plan| !plan.is_fallback) {
        *planned.entry((plan.channel, plan.account.clone())).or_default() += u64::from(plan.counts.target);
    }
    planned.into_iter().filter(|(_, n)| *n > 0).map(|((channel, account), n)| (channel, account, n)).collect()
}

/// Deliveries that the plans of an alert make, by channel; what took over from another channel too.
pub(super) fn planned(situation: &Situation, alert: AlertId) -> BTreeMap<ChannelKind, u64> {
    let mut planned = BTreeMap::new();
    for plan in situation.plans_of(alert) {
        *planned.entry(plan.channel).or_default() += u64::from(plan.counts.target);
    }
    planned
}

/// Whether its plans were made.
const fn is_planned(state: &AlertState) -> bool {
    !matches!(state, AlertState::Draft | AlertState::Submitted { .. } | AlertState::Approved { .. })
}
