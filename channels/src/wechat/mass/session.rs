//! A session of mass sends. All that one call says is reported in one piece, so that the log never holds a half of it: a
//! repeat of the other half would be another call.

use super::{
    body::{call, words},
    pace::CallPace,
};
use crate::{
    crew::NoAnswer,
    leave::{HeldBack, Leave, NOT_BEGUN},
    wechat::{
        call::{Endpoint, Far, NO_TOKEN, ask},
        errcode::mass_verdict,
    },
};
use async_trait::async_trait;
use mingluo_model::{
    channel::{Inlet, Outlet, Parcel, Refusal, Report, Run, SendError, Session, Unfit, Verdict, WireKeys},
    clock::SharedClock,
    delivery::Reason,
    mode::Mode,
};
use std::{collections::BTreeMap, sync::Arc};
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
        prepared: Vec::new(),
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
    keys: Vec<u64>,
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
    prepared: Vec<Prepared>,
    calls: JoinSet<()>,
    said: mpsc::Sender<Said>,
}

#[async_trait]
impl<M: Mode> Outlet<M> for MassOutlet {
    fn prepare(&mut self, run: &Run<M>) -> Result<WireKeys, Unfit> {
        self.prepared.clear();
        let text = words(&run.message)?;
        let first = self.next_key;
        let mut by_attempt: BTreeMap<u8, (Vec<u64>, Vec<Parcel>)> = BTreeMap::new();
        for (key, parcel) in (first..).zip(&run.parcels) {
            let (keys, parcels) = by_attempt.entry(parcel.attempt).or_default();
            keys.push(key);
            parcels.push(parcel.clone());
        }
        self.next_key += run.parcels.len() as u64;
        let leave = Leave::of(run, &self.held_back, &self.clock);
        self.prepared.extend(by_attempt.into_values().map(|(keys, parcels)| {
            let body = (parcels.len() > 1).then(|| call(run.plan, text, &parcels));
            Prepared { keys, body, leave: leave.clone() }
        }));
        Ok(WireKeys { first })
    }

    async fn ready(&mut self) -> Result<(), SendError> {
        let calls = self.prepared.iter().filter(|one| one.body.is_some()).count();
        self.pace.open(calls).await;
        Ok(())
    }

    async fn send(&mut self) -> Result<(), SendError> {
        while self.calls.try_join_next().is_some() {}
        for prepared in std::mem::take(&mut self.prepared) {
            if prepared.body.is_some() {
                self.pace.begin();
            }
            let (far, said) = (self.far.clone(), self.said.clone());
            self.calls.spawn(async move {
                let (reports, end) = work(&far, prepared).await;
                // It fails only when the inlet is gone, and with it the session.
                let _gone = said.send(Said::Reports(reports)).await;
                if let Some(end) = end {
                    let _gone = said.send(Said::End(end)).await;
                }
            });
        }
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
            Ok(Err(error)) => (error.verdict(), None),
            Err(SendError::Busy { retry_after }) => (Verdict::Busy { retry_after }, None),
            Err(SendError::Unreachable { .. }) => (Verdict::Busy { retry_after: NO_TOKEN }, None),
            Err(refused @ SendError::Refused { .. }) => {
                (Verdict::Busy { retry_after: NO_TOKEN }, Some(refused))
            }
        },
    };
    let report = |key| Report::Answer { key, verdict: verdict.clone() };
    (keys.into_iter().map(report).collect(), end)
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
