//! A session of mass sends: a run is a call. All that it says is reported in one piece, so that the log never holds a half of
//! it: a repeat of the other half would be another call.

use super::{
    body::{body, name, words},
    pace::CallPace,
};
use crate::{
    crew::NoAnswer,
    leave::{HeldBack, Leave, NOT_BEGUN},
    wechat::{
        call::{Endpoint, Far, NO_TOKEN, ask},
        errcode::mass_verdict,
    },
    weixin::server::CallError,
};
use async_trait::async_trait;
use mingluo_model::{
    channel::{Inlet, Outlet, Refusal, Report, Run, SendError, Session, Unfit, Verdict, WireKeys},
    clock::SharedClock,
    delivery::Reason,
    mode::Mode,
};
use std::{ops::Range, sync::Arc};
use tokio::{sync::mpsc, task::JoinSet};

/// Calls that may have been answered and not heard; whoever comes with another waits.
const UNHEARD: usize = 4;

/// What comes back of calls.
enum Said {
    /// All of one call.
    Reports(Vec<Report>),
    /// Nothing more can leave.
    End(SendError),
}

/// A session over the account's token.
pub(super) fn session<M: Mode>(far: Far, pace: Arc<CallPace>, clock: SharedClock) -> Session<M> {
    let (said, heard) = mpsc::channel(UNHEARD);
    let outlet = MassOutlet {
        far,
        pace,
        clock,
        held_back: HeldBack::default(),
        next_key: 1,
        prepared: None,
        calls: JoinSet::new(),
        said,
    };
    Session { outlet: Box::new(outlet), inlet: Box::new(MassInlet { heard }), answerer: Arc::new(NoAnswer) }
}

/// Its own word for a call to one, which the platform would not take (errcode 40130, 最少2个openid): whoever is left over alone
/// is told singly by the next account.
const ALONE: &str = "40130";

/// A call of the prepared run.
struct Prepared {
    keys: Range<u64>,
    /// Nothing where it would be to one alone.
    body: Option<Vec<u8>>,
    leave: Leave,
}

struct MassOutlet {
    far: Far,
    pace: Arc<CallPace>,
    clock: SharedClock,
    held_back: HeldBack,
    next_key: u64,
    prepared: Option<Prepared>,
    calls: JoinSet<()>,
    said: mpsc::Sender<Said>,
}

impl MassOutlet {
    /// Whether what is prepared is a call to the platform.
    fn is_call(&self) -> bool {
        self.prepared.as_ref().is_some_and(|prepared| prepared.body.is_some())
    }
}

#[async_trait]
impl<M: Mode> Outlet<M> for MassOutlet {
    fn prepare(&mut self, run: &Run<M>) -> Result<WireKeys, Unfit> {
        self.prepared = None;
        let text = words(&run.message)?;
        let Run { plan, call, parcels, .. } = run;
        let body = (parcels.len() > 1).then(|| body(text, &name(*plan, *call, parcels), parcels));
        let first = self.next_key;
        self.next_key += parcels.len() as u64;
        let leave = Leave::of(run, &self.held_back, &self.clock);
        self.prepared = Some(Prepared { keys: first..self.next_key, body, leave });
        Ok(WireKeys { first })
    }

    async fn ready(&mut self) -> Result<(), SendError> {
        if self.is_call() {
            self.pace.open().await;
        }
        Ok(())
    }

    async fn send(&mut self) -> Result<(), SendError> {
        while self.calls.try_join_next().is_some() {}
        if self.is_call() {
            self.pace.begin();
        }
        let Some(prepared) = self.prepared.take() else { return Ok(()) };
        let (far, said) = (self.far.clone(), self.said.clone());
        self.calls.spawn(async move {
            let (reports, end) = work(&far, prepared).await;
            // It fails only when the inlet is gone, and with it the session.
            let _gone = said.send(Said::Reports(reports)).await;
            if let Some(end) = end {
                let _gone = said.send(Said::End(end)).await;
            }
        });
        Ok(())
    }

    fn hold_back(&mut self) {
        self.held_back.begin();
    }

    async fn close(&mut self) {
        while self.calls.join_next().await.is_some() {}
    }
}

/// Makes one call; gives what it says of each of its keys, and why nothing more can leave.
async fn work(far: &Far, prepared: Prepared) -> (Vec<Report>, Option<SendError>) {
    let Prepared { keys, body, leave } = prepared;
    let (verdict, end) = match body {
        _ if !leave.is_given() => (NOT_BEGUN, None),
        None => (Verdict::Permanent(Refusal { reason: Reason::Other, far_code: ALONE.into() }), None),
        Some(body) => match ask(far, Endpoint::Mass, body).await {
            Ok(Ok(said)) => (mass_verdict(&said), None),
            Ok(Err(error)) => (unsaid(&error), None),
            Err(SendError::Busy { retry_after }) => (Verdict::Busy { retry_after }, None),
            Err(SendError::Unreachable { .. }) => (Verdict::Busy { retry_after: NO_TOKEN }, None),
            Err(refused @ SendError::Refused { .. }) => {
                (Verdict::Busy { retry_after: NO_TOKEN }, Some(refused))
            }
        },
    };
    let report = |key| Report::Answer { key, verdict: verdict.clone() };
    (keys.map(report).collect(), end)
}

/// A fault behind the platform's door may come after the call was taken: it is a try, and the same call goes again.
fn unsaid(error: &CallError) -> Verdict {
    match error {
        CallError::Status(500..) => {
            Verdict::Temporary(Refusal { reason: Reason::FarFault, far_code: error.to_string() })
        }
        other => other.verdict(),
    }
}

struct MassInlet {
    heard: mpsc::Receiver<Said>,
}

#[async_trait]
impl Inlet for MassInlet {
    async fn next(&mut self, reports: &mut Vec<Report>) -> Result<(), SendError> {
        match self.heard.recv().await {
            Some(Said::Reports(all)) => {
                reports.extend(all);
                Ok(())
            }
            Some(Said::End(end)) => Err(end),
            None => Err(SendError::Unreachable { detail: "the session was closed".into() }),
        }
    }
}
