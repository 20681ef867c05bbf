//! The box's certificate on its link: asked for in time, put on in a quiet moment.

use super::Agent;
use crate::papers::{Papers, PapersView};
use mingluo_model::link::BoxFrame;
use std::time::Duration;

impl Agent {
    /// Hands the box its papers, which it keeps renewed from here on; pretend boxes may have none.
    pub fn carry(&mut self, papers: Papers) {
        self.papers = Some(papers);
    }

    /// How long until the next certificate is to be asked for: on a link only, and only when it is known what time it is,
    /// else a clock that fell back would call an old certificate fresh.
    pub(super) fn papers_due(&self) -> Option<Duration> {
        let papers = self.papers.as_ref().filter(|_| self.welcomed && self.trust.is_trusted())?;
        papers.due(self.now(), self.clock.ticks())
    }

    pub(super) fn renew_if_due(&mut self) {
        if self.papers_due() != Some(Duration::ZERO) {
            return;
        }
        let (now, ticks) = (self.now(), self.clock.ticks());
        if let Some(renew) = self.papers.as_mut().and_then(|papers| papers.ask(now, ticks)) {
            // What was not said of an earlier one would be answered in vain.
            self.carried.retain(|frame| !matches!(frame, BoxFrame::Renew(_)));
            self.outbox.push_back(BoxFrame::Renew(renew));
        }
    }

    /// Whether there are new papers and nothing that a new link would disturb.
    pub fn wants_new_link(&self) -> bool {
        let is_fresh = self.papers.as_ref().is_some_and(Papers::is_fresh);
        is_fresh && !self.is_occupied() && self.journal.book().pending().is_empty() && self.outbox.is_empty()
    }

    /// No link came about; `is_refused` when the city does not take the certificate.
    pub fn link_failed(&mut self, is_refused: bool) {
        let now = self.now();
        if let Some(papers) = &mut self.papers {
            papers.lost(is_refused, now);
        }
    }

    pub(super) fn papers_seen(&self) -> Option<PapersView> {
        self.papers.as_ref().map(Papers::view)
    }
}
