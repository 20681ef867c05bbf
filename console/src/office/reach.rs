//! How many people an alert reaches, and how many deliveries that makes (人数与条数). Somebody with a telephone and WeChat
//! is one person and two deliveries; the releaser types the deliveries, since these are what is signed for.

use super::{Office, OfficeError};
use mingluo_model::{
    alert::Alert,
    audience::{Audience, ChannelKind},
    mode::Mode,
};
use mingluo_targeting::{groups::GroupEntry, resolve::Wanted};
use serde::Serialize;

/// Whom an alert reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// Different people, each counted once (人数).
    pub people: u64,
    /// Speaker boxes (大喇叭).
    pub speakers: u64,
    /// Deliveries over all channels (条数): the number that the releaser types.
    pub deliveries: u64,
}

impl<M: Mode> Office<M> {
    /// The only groups that an audience is for; none where it is everybody.
    pub fn groups_of<'a>(&'a self, audience: &'a Audience) -> impl Iterator<Item = &'a GroupEntry> {
        self.groups.of(audience)
    }

    /// Whom an alert reaches, by its own edition.
    ///
    /// # Errors
    /// [`OfficeError`] when the edition cannot be read.
    pub async fn reach(&self, alert: &Alert<M>) -> Result<Reach, OfficeError> {
        let audience = &alert.content.audience;
        let channels: Vec<ChannelKind> = audience.counts.keys().copied().collect();
        let indexed = self.indexed_of(audience.edition).await?;
        let wanted = Wanted { regions: &audience.regions, groups: &audience.groups, channels: &channels };
        let targets = self.resolve(&indexed, &wanted)?.targets;
        let speakers = targets.get(&ChannelKind::Speaker).map_or(0, |boxes| boxes.all().len());
        let of_people = targets.iter().filter(|(channel, _)| channel.is_of_people());
        let people = of_people.map(|(_, sets)| sets.all()).reduce(|all, more| all | more);
        let people = people.map_or(0, |people| people.len());
        Ok(Reach { people, speakers, deliveries: audience.deliveries() })
    }
}
