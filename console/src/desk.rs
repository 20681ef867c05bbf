//! The desk that holds the boxes' authority (发证进程) as the console asks it: another process, of another user, behind a
//! Unix socket. The authority's key never comes here.

use crate::signer::ask_line;
use async_trait::async_trait;
use mingluo_channels::speaker::enrol::Desk;
use mingluo_model::{
    clock::{SharedClock, within},
    enrol::{Application, Certified, NotEnrolled},
    link::renew::{NotRenewed, Petition},
};
use serde::{Serialize, de::DeserializeOwned};
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
        self.ask(application).await.unwrap_or(Err(NotEnrolled::Unavailable))
    }

    async fn renew(&self, petition: &Petition) -> Result<String, NotRenewed> {
        self.ask(petition).await.unwrap_or(Err(NotRenewed::Unavailable))
    }
}

impl SocketDesk {
    /// The desk's answer; `None` when it gives none, which is told in the log.
    async fn ask<A: DeserializeOwned>(&self, request: &impl Serialize) -> Option<A> {
        let asking = ask_line(&self.socket, request);
        let cause: Box<dyn std::error::Error + Send + Sync> =
            match within(self.clock.as_ref(), PATIENCE, asking).await {
                Ok(Ok(answer)) => return Some(answer),
                Ok(Err(error)) => error.into(),
                Err(late) => late.into(),
            };
        let socket = self.socket.display();
        tracing::error!(%cause, %socket, "终端证书签不了，发证进程在运行吗？ no box can be certified; is `mingluo box desk` running?");
        None
    }
}
