//! Where a warning stands in its life, and who signed for it.

use super::ContentHash;
use crate::{
    clock::Timestamp,
    id::{AlertId, OfficerId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One officer's signature under one content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Who signed.
    pub officer: OfficerId,
    /// When.
    pub at: Timestamp,
    /// What was signed.
    pub content: ContentHash,
}

/// Where a warning stands in its life (状态).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "state")]
pub enum AlertState {
    /// 拟稿: may be edited by its author.
    Draft,
    /// 待审: waits for approval.
    Submitted {
        /// The author's submission.
        submitted: Signature,
        /// Approvals so far, fewer than the policy wants.
        approvals: Vec<Signature>,
    },
    /// 待发: approved, waits for release.
    Approved {
        /// The author's submission.
        submitted: Signature,
        /// The approvals.
        approvals: Vec<Signature>,
    },
    /// 已发布: leaves when the hold ends.
    Released {
        /// The release; its time starts the hold.
        release: Signature,
        /// Nothing leaves before this instant.
        hold_until: Timestamp,
    },
    /// 已更新: replaced by a later one.
    Updated {
        /// The later one.
        by: AlertId,
        /// When.
        at: Timestamp,
    },
    /// 已解除.
    Lifted {
        /// The lift.
        by: AlertId,
        /// When.
        at: Timestamp,
    },
    /// 已更正.
    Corrected {
        /// The correction.
        by: AlertId,
        /// When.
        at: Timestamp,
    },
    /// 已失效: its time ran out.
    Expired {
        /// When that was noticed.
        at: Timestamp,
    },
    /// 已撤回: recalled within the hold, nothing left.
    Recalled {
        /// Who recalled it.
        by: OfficerId,
        /// When.
        at: Timestamp,
    },
}

impl AlertState {
    /// Who has signed what waits for approval or release; nobody in other states.
    pub fn signers(&self) -> BTreeSet<OfficerId> {
        match self {
            Self::Submitted { submitted, approvals } | Self::Approved { submitted, approvals } => {
                approvals.iter().chain([submitted]).map(|signature| signature.officer).collect()
            }
            _ => BTreeSet::new(),
        }
    }

    /// The word kept in the ledger and used on the API.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted { .. } => "submitted",
            Self::Approved { .. } => "approved",
            Self::Released { .. } => "released",
            Self::Updated { .. } => "updated",
            Self::Lifted { .. } => "lifted",
            Self::Corrected { .. } => "corrected",
            Self::Expired { .. } => "expired",
            Self::Recalled { .. } => "recalled",
        }
    }
}
