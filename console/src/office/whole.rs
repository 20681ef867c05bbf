//! Decisions that are taken whole. A browser that goes away drops its request at any await; a release must not stop
//! half-way between what is durable and what dispatch knows. So it runs as a task of its own, one at a time.

use super::{Office, OfficeError};
use mingluo_model::mode::Mode;

impl<M: Mode> Office<M> {
    /// Runs a decision to its end, whatever becomes of the caller, after those that were begun before it.
    pub(super) async fn whole<T, F>(&self, decision: impl FnOnce(Self) -> F) -> Result<T, OfficeError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, OfficeError>> + Send + 'static,
    {
        let (office, decision) = (self.clone(), decision(self.clone()));
        let task = self.decisions.spawn(async move {
            let _turn = office.engine().decisions().lock().await;
            decision.await
        });
        // Nobody aborts these tasks: what does not end by itself has panicked.
        task.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }

    /// Waits for the decisions that are under way. Call it before dispatch is shut down.
    pub async fn finish(&self) {
        self.decisions.close();
        self.decisions.wait().await;
    }
}
