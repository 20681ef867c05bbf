//! Back to the author: returned (退回), taken back (撤回提交), and written anew. Each is one decision with its audit line,
//! which keeps what the state forgets: the reason, and whose signatures it made void.

use super::{DraftOrder, Follow, Office, OfficeError, as_shown, withdraw::acting};
use mingluo_model::{
    alert::{Alert, AlertKind, ContentHash},
    id::AlertId,
    mode::Mode,
    owner::Officer,
};
use serde_json::{Value, json};

impl<M: Mode> Office<M> {
    /// An officer who may approve or release returns what they were shown to its author with a reason.
    ///
    /// # Errors
    /// [`OfficeError::ContentChanged`] when it is another by now; [`OfficeError::Alert`] when the rules refuse it; [`OfficeError::NoSuchAlert`]; [`OfficeError::Store`].
    pub async fn send_back(
        &self,
        officer: &Officer,
        id: AlertId,
        shown: ContentHash,
        reason: &str,
    ) -> Result<Alert<M>, OfficeError> {
        let (alert, revision) = self.alert(id).await?;
        let alert = as_shown(alert, shown)?;
        let mut detail = void(&alert);
        detail["reason"] = json!(reason.trim());
        let alert = alert.send_back(officer, reason)?;
        self.keep_step(officer, alert, revision, "alert.return", detail).await
    }

    /// The author takes back what they handed in.
    ///
    /// # Errors
    /// [`OfficeError::Alert`] when the rules refuse it; [`OfficeError::NoSuchAlert`]; [`OfficeError::Store`].
    pub async fn retract(&self, officer: &Officer, id: AlertId) -> Result<Alert<M>, OfficeError> {
        let (alert, revision) = self.alert(id).await?;
        let detail = void(&alert);
        let alert = alert.retract(officer)?;
        self.keep_step(officer, alert, revision, "alert.retract", detail).await
    }

    /// The author writes a draft anew, under the rules of a new one. What it follows stays as it is.
    ///
    /// # Errors
    /// As for [`Office::draft`]; [`OfficeError::Alert`] for what is no draft or somebody else's.
    pub async fn edit(
        &self,
        officer: &Officer,
        id: AlertId,
        order: &DraftOrder,
    ) -> Result<Alert<M>, OfficeError> {
        let (alert, revision) = self.editable(officer, id).await?;
        let order = DraftOrder { follows: follow(alert.content.kind), ..order.clone() };
        let content = self.content(&order).await?;
        let alert = alert.edit(&acting(officer, content.kind), content, self.clock.now())?;
        self.refuse_unfit(&alert).await?;
        let alert = self.keep_step(officer, alert, revision, "alert.edit", json!({})).await?;
        self.begin_speech(&alert);
        Ok(alert)
    }

    /// A draft that this officer may write anew, with the revision that was read.
    ///
    /// # Errors
    /// [`OfficeError::Alert`] for what is no draft or somebody else's; [`OfficeError::NoSuchAlert`];
    /// [`OfficeError::Store`].
    pub async fn editable(&self, officer: &Officer, id: AlertId) -> Result<(Alert<M>, i64), OfficeError> {
        let (alert, revision) = self.alert(id).await?;
        alert.may_edit(&acting(officer, alert.content.kind))?;
        Ok((alert, revision))
    }
}

/// How an alert of this kind was asked for.
pub const fn follow(kind: AlertKind) -> Option<Follow> {
    match kind {
        AlertKind::Alert => None,
        AlertKind::Update(earlier) => Some(Follow::Update(earlier)),
        AlertKind::Lift(earlier) => Some(Follow::Lift(earlier)),
        AlertKind::Correction(earlier) => Some(Follow::Correction(earlier)),
    }
}

fn void<M: Mode>(alert: &Alert<M>) -> Value {
    let signers: Vec<String> = alert.state.signers().iter().map(ToString::to_string).collect();
    json!({ "void": signers })
}
