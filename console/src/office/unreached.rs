//! Whom a plan did not reach, one by one (未送达名单), so that somebody can be asked on another way. Residents are told by their
//! village alone; an official of the corporation is named by the id that the corporation gave.

use super::{Office, OfficeError};
use mingluo_model::{
    address::Address, audience::ChannelKind, id::PlanId, mode::Mode, plan::Target, region::RegionCode,
};
use serde::{Serialize, Serializer};

/// One recipient whom a plan did not reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unreached {
    /// The recipient's ordinal.
    pub ordinal: u32,
    /// The village.
    pub region: Option<RegionCode>,
    /// The village by its names from the county down.
    pub place: String,
    /// The `UserID` of a WeCom member, or the name of a group's robot; nothing on other channels.
    #[serde(serialize_with = "bare")]
    pub member: Option<Address>,
    /// `failed` or `expired`.
    pub state: &'static str,
    /// Why.
    pub reason: &'static str,
}

/// Only who may see the plan asks for it.
#[expect(clippy::ref_option, reason = "so serde hands it over")]
fn bare<S: Serializer>(member: &Option<Address>, to: S) -> Result<S::Ok, S::Error> {
    member.as_ref().map(Address::expose).serialize(to)
}

impl<M: Mode> Office<M> {
    /// Whom a plan did not reach, in the order of the villages.
    ///
    /// # Errors
    /// [`OfficeError::Store`] or [`OfficeError::Engine`].
    pub async fn unreached(&self, plan: PlanId) -> Result<Vec<Unreached>, OfficeError> {
        let Some(stored) = self.store.plan(plan).await? else { return Ok(Vec::new()) };
        let fields = stored.fields();
        let Target::People { edition, .. } = &fields.target else { return Ok(Vec::new()) };
        let is_named = matches!(fields.channel, ChannelKind::WeCom | ChannelKind::Robot);
        let indexed = self.indexed_of(*edition).await?;
        let mut all = Vec::new();
        for (ordinal, standing) in self.engine.unreached(plan).await? {
            let region = indexed.index.village_of(ordinal);
            let member = if is_named { self.engine.addressee(plan, ordinal).await? } else { None };
            all.push(Unreached {
                ordinal,
                region,
                place: region.map_or_else(String::new, |code| self.gazetteer.path(code)),
                member,
                state: standing.state().word(),
                reason: standing.reason().word(),
            });
        }
        Ok(all)
    }
}
