//! What a session of ours heard.

use super::soon;
use mingluo_model::{
    channel::{Report, SendError, Session, Verdict},
    mode::Live,
    receipt::{ProviderId, Receipt},
};
use std::collections::{BTreeMap, BTreeSet};

/// Answers by their key, and receipts, all of them answered.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) answers: BTreeMap<u64, Verdict>,
    pub(super) receipts: Vec<Receipt>,
}

impl Heard {
    /// The ids that the gateway gave; every part must have been taken.
    pub(super) fn accepted(&self) -> BTreeSet<ProviderId> {
        let id = |verdict: &Verdict| match verdict {
            Verdict::Accepted(Some(id)) => id.clone(),
            other => panic!("{other:?}"),
        };
        self.answers.values().map(id).collect()
    }

    /// The ids that receipts name.
    pub(super) fn receipted(&self) -> BTreeSet<ProviderId> {
        self.receipts.iter().map(|receipt| receipt.provider_id.clone()).collect()
    }
}

/// Listens until so many answers and receipts are in, and answers the receipts as if they were on disk.
pub(super) async fn listen(session: &mut Session<Live>, answers: usize, receipts: usize) -> Heard {
    let mut heard = Heard::default();
    let mut reports = Vec::new();
    while heard.answers.len() < answers || heard.receipts.len() < receipts {
        soon(session.inlet.next(&mut reports)).await.unwrap();
        let mut tokens = Vec::new();
        for report in reports.drain(..) {
            match report {
                Report::Answer { key, verdict } => {
                    assert!(heard.answers.insert(key, verdict).is_none(), "{key} was answered twice");
                }
                Report::Receipt { receipt, token } => {
                    heard.receipts.push(receipt);
                    tokens.extend(token);
                }
                Report::Reply { token, .. } => tokens.push(token),
            }
        }
        session.answerer.committed(&tokens).await.unwrap();
    }
    heard
}

/// Listens while something else comes to pass, of which the session must not end.
pub(super) async fn meanwhile<T>(session: &mut Session<Live>, work: impl Future<Output = T>) -> T {
    let mut reports = Vec::new();
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            heard = session.inlet.next(&mut reports) => heard.expect("the session goes on"),
        }
    }
}

/// Says goodbye and hears the far side's; how the session ended.
pub(super) async fn part(session: &mut Session<Live>) -> SendError {
    let mut reports = Vec::new();
    let ((), end) =
        soon(async { tokio::join!(session.outlet.close(), session.inlet.next(&mut reports)) }).await;
    end.unwrap_err()
}
