//! Plans that were folded (closed) before the program started, read back for the warnings that screens show. A fold
//! does not change, so each warning's are read once.

use super::error::WebError;
use crate::office::Office;
use mingluo_dispatch::view::PlanView;
use mingluo_model::{id::AlertId, mode::Mode};
use std::collections::{BTreeMap, VecDeque, btree_map::Entry};

/// Chosen warnings remembered at most; the oldest choice gives way.
const MOST_CHOSEN: usize = 100;

/// What was read back.
#[derive(Default)]
pub(super) struct Folded {
    /// Warnings that somebody chose, besides those that hold.
    chosen: VecDeque<AlertId>,
    views: BTreeMap<AlertId, Vec<PlanView>>,
}

impl Folded {
    /// Somebody looks at this warning. Whether that is new.
    pub(super) fn want(&mut self, alert: AlertId) -> bool {
        if self.chosen.contains(&alert) {
            return false;
        }
        if self.chosen.len() >= MOST_CHOSEN {
            self.chosen.pop_front();
        }
        self.chosen.push_back(alert);
        !self.views.contains_key(&alert)
    }

    /// The warnings that somebody looked at.
    pub(super) fn chosen(&self) -> Vec<AlertId> {
        self.chosen.iter().copied().collect()
    }

    /// The folded plans of the live and the chosen warnings, without those that are in memory anyway.
    ///
    /// # Errors
    /// [`WebError::Office`] when the store fails.
    pub(super) async fn beside<M: Mode>(
        &mut self,
        office: &Office<M>,
        in_memory: &[PlanView],
        live: &[AlertId],
    ) -> Result<Vec<PlanView>, WebError> {
        let wanted: Vec<AlertId> = live.iter().chain(&self.chosen).copied().collect();
        self.views.retain(|alert, _| wanted.contains(alert));
        for alert in wanted {
            if let Entry::Vacant(place) = self.views.entry(alert) {
                place.insert(office.folded(alert).await?);
            }
        }
        let is_elsewhere = |view: &&PlanView| in_memory.iter().all(|other| other.plan != view.plan);
        Ok(self.views.values().flatten().filter(is_elsewhere).cloned().collect())
    }
}
