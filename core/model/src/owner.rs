//! Everything belongs to someone: an organisation at a level, with a region that bounds what it may do.

use crate::{
    id::{OfficerId, OrgId},
    region::{Level, RegionCode},
};
use serde::{Deserialize, Serialize};

/// Who owns an alert, a roster or an account, and how far their word reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The owning organisation (发布机构).
    pub org: OrgId,
    /// The region outside of which the organisation may warn nobody.
    pub scope: RegionCode,
    /// The organisation's level (层级), which also orders alerts of equal grade.
    pub level: Level,
}

impl Owner {
    /// Whether this organisation may act on what the other one owns: it is the same or a superior one, so its scope
    /// holds the other's and its level is at least the other's (突发事件应对法: 统一领导、分级负责).
    pub fn covers(&self, other: &Self) -> bool {
        self.scope.contains(other.scope) && self.level >= other.level
    }
}

/// What an officer may do (职责). Rights add up; none follows from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May draft and submit (拟稿).
    Author,
    /// May approve what others wrote (审核).
    Approver,
    /// May release, hold and stop (签发).
    Releaser,
    /// May see receipts and the audit log and change nothing (监督).
    Auditor,
    /// May manage officers, rosters and accounts, and release nothing (管理).
    Operator,
}

/// An officer as the model needs them: who they are, whose they are and what they may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Officer {
    /// The officer's id; two signatures by one id count once.
    pub id: OfficerId,
    /// Organisation, scope and level.
    pub owner: Owner,
    /// The officer's rights.
    pub roles: Vec<Role>,
}

impl Officer {
    /// Whether the officer holds this right.
    pub fn may(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(scope: &str) -> Owner {
        let scope: RegionCode = scope.parse().unwrap();
        Owner { org: OrgId(uuid::Uuid::nil()), scope, level: scope.level() }
    }

    #[test]
    fn a_superior_covers_its_inferiors_and_nobody_else() {
        let (city, county, other) = (owner("2104"), owner("210423"), owner("2105"));
        assert!(city.covers(&county) && city.covers(&city));
        assert!(!county.covers(&city) && !other.covers(&county));
        assert!(!Owner { level: Level::County, ..city }.covers(&city), "the same region, a lower level");
    }
}
