//! What handlers work on: the front of the house for both modes, and the desk of one mode.

use super::{
    attempts::Attempts,
    error::WebError,
    map::Sketch,
    once::Once,
    page::Page,
    pretend::Pretend,
    situation::{Situation, Watch},
    visit::Visit,
    voice::Voice,
};
use crate::{forward::Standing, office::Office, people::People};
use jiff::tz::TimeZone;
use mingluo_channels::speaker::SpeakerHub;
use mingluo_model::{
    bulletin::EbmId,
    clock::SharedClock,
    id::AlertId,
    mode::{Mode, ModeKind},
};
use rand::{SeedableRng, rngs::StdRng};
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

/// What does not depend on the mode.
pub(super) struct Front {
    pub(super) people: Arc<People>,
    pub(super) clock: SharedClock,
    pub(super) zone: TimeZone,
    pub(super) issuer: String,
    pub(super) sketch: Sketch,
    /// Far sides that pretend, of live and of drills.
    pub(super) pretend: [Pretend; 2],
    /// How the forwarding of receipts stands.
    pub(super) forwards: Arc<Standing>,
    /// Streams end when this does.
    pub(super) closing: CancellationToken,
    // Guards the counts of tries; held for one look-up.
    pub(super) attempts: Mutex<Attempts>,
}

impl Front {
    /// The frame for a visitor without a session.
    pub(super) fn guest_page(&self, v: Voice, path: &str) -> Page {
        let is_drill = path.starts_with("/drill");
        Page {
            v,
            mode: is_drill.then_some(ModeKind::Drill),
            pretend: self.pretend[usize::from(is_drill)].clone(),
            officer: None,
            issuer: self.issuer.clone(),
            here: "",
            has_boxes: false,
            waiting: 0,
            path: path.to_owned(),
            now: self.clock.now(),
        }
    }
}

/// The desk of one mode (值班台).
pub(super) struct Desk<M: Mode> {
    /// `/live` or `/drill`.
    pub(super) base: &'static str,
    pub(super) front: Arc<Front>,
    pub(super) office: Arc<Office<M>>,
    pub(super) hub: Option<Arc<SpeakerHub>>,
    pub(super) watch: Watch,
    pub(super) once: Once,
    /// Tests and stops of boxes that were clicked.
    pub(super) ordered: Once<EbmId>,
}

impl<M: Mode> Desk<M> {
    /// How a visitor is spoken to.
    pub(super) fn voice(&self, visit: &Visit) -> Voice {
        Voice { tongue: visit.guest.tongue, zone: self.front.zone.clone() }
    }

    /// The situation as it was at most half a second ago.
    pub(super) async fn situation(&self) -> Result<Arc<Situation>, WebError> {
        self.watch.look(&self.office, self.hub.as_deref(), None).await
    }

    /// The same with every plan of one warning, those folded before a restart too.
    pub(super) async fn situation_of(&self, alert: AlertId) -> Result<Arc<Situation>, WebError> {
        self.watch.look(&self.office, self.hub.as_deref(), Some(alert)).await
    }

    /// The frame of a page.
    pub(super) async fn page(&self, visit: &Visit, here: &'static str) -> Result<Page, WebError> {
        let waiting = self.situation().await?.waiting();
        Ok(Page {
            mode: Some(M::KIND),
            officer: Some(visit.row.name.clone()),
            here,
            has_boxes: self.office.fleet().is_ok(),
            waiting,
            ..self.front.guest_page(self.voice(visit), &visit.guest.path)
        })
    }

    /// A source of chance of one's own.
    pub(super) fn chance(&self) -> StdRng {
        let mut seed = <StdRng as SeedableRng>::Seed::default();
        self.office.chance(|chance| chance.fill_bytes(&mut seed));
        StdRng::from_seed(seed)
    }
}
