//! Knocking at the gateways (登录试验): each carrier's account logs in once and leaves again, so that a wrong secret or an
//! address that the carrier does not know is told before a warning needs it. Sends nothing.

use crate::{app::sms_channels, config::Config};
use mingluo_model::{
    channel::{Channel, SendError},
    clock::{SharedClock, within},
    mode::{Drill, Live, Mode},
    plan::AccountName,
    problem::Problem,
};
use std::{sync::Arc, time::Duration};

/// How long a gateway may take for a login.
const WITHIN: Duration = Duration::from_mins(1);

/// How long it may take to part.
const PARTS_WITHIN: Duration = Duration::from_secs(5);

/// Who was let in, and who was not.
#[derive(Debug, Default)]
pub(crate) struct Knocked {
    pub(crate) let_in: Vec<AccountName>,
    pub(crate) shut_out: Vec<ShutOut>,
}

/// Logs every SMS account in, one after the other, and out again.
pub(crate) async fn knock(config: &Config, clock: &SharedClock) -> Knocked {
    let mut knocked = Knocked::default();
    knocked.at(sms_channels::<Live>(config, clock), clock).await;
    knocked.at(sms_channels::<Drill>(config, clock), clock).await;
    knocked
}

impl Knocked {
    async fn at<M: Mode>(&mut self, channels: Vec<Arc<dyn Channel<M>>>, clock: &SharedClock) {
        let table = M::KIND.word();
        for channel in channels {
            let account = channel.account().clone();
            match visit(channel.as_ref(), clock).await {
                Ok(()) => self.let_in.push(account),
                Err(cause) => self.shut_out.push(ShutOut { table, account, cause }),
            }
        }
    }
}

async fn visit<M: Mode>(channel: &dyn Channel<M>, clock: &SharedClock) -> Result<(), SendError> {
    let late = |_| SendError::Unreachable { detail: format!("no answer within {WITHIN:?}") };
    let mut session = within(&**clock, WITHIN, channel.open()).await.map_err(late)??;
    // Whoever does not say goodbye in time has let us in all the same.
    let _parted = within(&**clock, PARTS_WITHIN, session.outlet.close()).await;
    Ok(())
}

/// Why an account was not let in.
#[derive(Debug, thiserror::Error)]
#[error("[{table}] {account}: {cause}")]
pub(crate) struct ShutOut {
    table: &'static str,
    account: AccountName,
    #[source]
    cause: SendError,
}

impl Problem for ShutOut {
    fn code(&self) -> &'static str {
        match self.cause {
            SendError::Refused { .. } => "login-refused",
            SendError::Unreachable { .. } => "login-unreachable",
            SendError::Busy { .. } => "login-busy",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let detail = match &self.cause {
            SendError::Refused { detail } | SendError::Unreachable { detail } => detail.clone(),
            SendError::Busy { .. } => String::new(),
        };
        vec![("table", self.table.to_owned()), ("account", self.account.to_string()), ("detail", detail)]
    }
}
