//! Whom an alert reaches, in the one number that holds at its stage. A warning reaches its audience. A lift or a
//! correction reaches those who may have got the earlier warning: until it is released that number may still grow, and
//! what was signed is only the most it can be; afterwards its plans hold the number.

use super::{
    desk::Desk,
    error::WebError,
    situation::Situation,
    voice::{Voice, thousands},
};
use crate::office::OfficeError;
use mingluo_model::{
    alert::{AlertKind, AlertState, Content},
    audience::ChannelKind,
    id::AlertId,
    mode::Mode,
};
use std::collections::BTreeMap;

/// Deliveries by channel (对象).
pub(super) struct Whom {
    pub(super) by_channel: BTreeMap<ChannelKind, u64>,
    /// What was signed, where the alert reaches at most that many.
    pub(super) at_most: Option<u64>,
}

impl Whom {
    /// Whom an alert reaches as it stands now.
    ///
    /// # Errors
    /// [`WebError::Office`] when the store or the engine cannot be read.
    pub(super) async fn of<M: Mode>(
        desk: &Desk<M>,
        id: AlertId,
        content: &Content,
        state: &AlertState,
    ) -> Result<Self, WebError> {
        let counts = &content.audience.counts;
        let signed = counts.iter().map(|(channel, count)| (*channel, u64::from(count.recipients)));
        let (AlertKind::Lift(earlier) | AlertKind::Correction(earlier)) = content.kind else {
            return Ok(Self { by_channel: signed.collect(), at_most: None });
        };
        let by_channel = if is_planned(state) {
            planned(&*desk.situation_of(id).await?, id)
        } else {
            let mut reached = reached(desk, earlier).await?;
            reached.retain(|channel, _| counts.contains_key(channel));
            reached
        };
        Ok(Self { by_channel, at_most: Some(content.audience.deliveries()) })
    }

    /// Over all channels.
    pub(super) fn total(&self) -> u64 {
        self.by_channel.values().sum()
    }

    /// 2,913 人次, and of a lift that they are those who may have got the earlier warning.
    pub(super) fn words(&self, voice: &Voice) -> String {
        let key = if self.at_most.is_some() { "web-people-told" } else { "web-times-people" };
        voice.with(key, "a", thousands(self.total()))
    }
}

/// Those who may have got an alert, by channel.
///
/// # Errors
/// [`WebError::Office`] when a folded plan cannot be read.
pub(super) async fn reached<M: Mode>(
    desk: &Desk<M>,
    alert: AlertId,
) -> Result<BTreeMap<ChannelKind, u64>, WebError> {
    let reached = desk.office.engine().reached(alert).await.map_err(OfficeError::from)?;
    Ok(reached.into_iter().map(|(channel, people)| (channel, people.len())).collect())
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
