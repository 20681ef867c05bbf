//! The desk that holds the boxes' authority (发证进程) as the console asks it: another process, of another user, behind a
//! Unix socket. The authority's key never comes here.

use crate::signer::ask_line;
use async_trait::async_trait;
use mingluo_channels::speaker::enrol::Desk;
use mingluo_model::{
    clock::{SharedClock, within},
    enrol::{Application, Certified, NotEnrolled},
};
use std::{path::PathBuf, time::Duration};

/// How long the desk may take; it signs and writes two small files.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the desk behind this socket.
pub struct SocketDesk {
    socket: PathBuf,
    clock: SharedClock,
}

impl SocketDesk {
    /// A client of `mingluo box desk`.
    pub const fn new(socket: PathBuf, clock: SharedClock) -> Self {
        Self { socket, clock }
    }
}

#[async_trait]
impl Desk for SocketDesk {
    async fn enrol(&self, application: &Application) -> Result<Certified, NotEnrolled> {
        let asking = ask_line::<Result<Certified, NotEnrolled>>(&self.socket, application);
        let cause: Box<dyn std::error::Error + Send + Sync> =
            match within(self.clock.as_ref(), PATIENCE, asking).await {
                Ok(Ok(answer)) => return answer,
                Ok(Err(error)) => error.into(),
                Err(late) => late.into(),
            };
        let socket = self.socket.display();
        tracing::error!(%cause, %socket, "no box can be enrolled; is `mingluo box desk` running?");
        Err(NotEnrolled::Unavailable)
    }
}
