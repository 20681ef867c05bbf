//! One session of the baseline: one hand claims ahead, one sends, one hears.

use super::{CLAIM, Claimed, Outcome, Table};
use crate::bench::heat::{TEXT, VALID};
use anyhow::{Context, bail};
use mingluo_model::{
    address::Address,
    alert::Language,
    channel::{Answerer, Inlet, Outlet, Parcel, Recall, ReceiptToken, Report, Run, Session, Verdict},
    clock::Timestamp,
    grade::Grade,
    id::{AlertId, PlanId},
    message::{Body, Message},
    mode::Live,
    receipt::ProviderId,
};
use rand::{SeedableRng, rngs::StdRng};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{Semaphore, mpsc};

/// Claims that wait to be sent: the next is made while one is on the wire. A full queue stops claiming.
const AHEAD: usize = 1;

/// Works one session.
pub(super) struct Courier {
    table: Arc<dyn Table>,
    session: usize,
    window: usize,
    slots: Semaphore,
    // Guards the rows behind wire keys; held for a batch.
    flying: Mutex<HashMap<u64, i64>>,
    message: Arc<Message<Live>>,
    plan: PlanId,
    not_after: Timestamp,
}

impl Courier {
    pub(super) fn new(table: Arc<dyn Table>, session: usize, window: u32, now: Timestamp) -> Self {
        let mut chance = StdRng::seed_from_u64(1);
        let alert = AlertId::new(now, &mut chance);
        Self {
            table,
            session,
            window: window as usize,
            slots: Semaphore::new(window as usize),
            flying: Mutex::default(),
            message: Arc::new(Message::new(
                alert,
                Grade::Red,
                Language::chinese(),
                Body::Sms { text: TEXT.into() },
            )),
            plan: PlanId::new(now, &mut chance),
            not_after: now.plus(VALID),
        }
    }

    /// Sends until nothing is left and hears until the session ends, which it should not.
    pub(super) async fn work(self, session: Session<Live>) -> anyhow::Result<()> {
        let Session { mut outlet, mut inlet, answerer } = session;
        let (claims, mut claimed) = mpsc::channel(AHEAD);
        tokio::try_join!(
            self.claim(claims),
            self.send(outlet.as_mut(), &mut claimed),
            self.hear(inlet.as_mut(), answerer.as_ref()),
        )?;
        Ok(())
    }

    async fn claim(&self, claims: mpsc::Sender<Vec<Claimed>>) -> anyhow::Result<()> {
        loop {
            let rows = self.table.claim(CLAIM).await.context("claim")?;
            if rows.is_empty() || claims.send(rows).await.is_err() {
                return Ok(());
            }
        }
    }

    /// Several runs fit into the window, as with the product's courier.
    async fn send(
        &self,
        outlet: &mut dyn Outlet<Live>,
        claimed: &mut mpsc::Receiver<Vec<Claimed>>,
    ) -> anyhow::Result<()> {
        while let Some(rows) = claimed.recv().await {
            for rows in rows.chunks((self.window / 4).max(1)) {
                self.slots.acquire_many(rows.len() as u32).await?.forget();
                let keys = outlet.prepare(&self.run(rows))?;
                self.flying().extend((keys.first..).zip(rows.iter().map(|row| row.id)));
                outlet.send().await?;
            }
        }
        Ok(())
    }

    fn run(&self, rows: &[Claimed]) -> Run<Live> {
        let parcel = |row: &Claimed| Parcel {
            ordinal: row.id as u32,
            attempt: 1,
            part_set: 1,
            to: Address::new(row.address.as_str()),
        };
        Run {
            plan: self.plan,
            message: Arc::clone(&self.message),
            not_after: self.not_after,
            recall: Recall::default(),
            call: None,
            parcels: rows.iter().map(parcel).collect(),
        }
    }

    async fn hear(&self, inlet: &mut dyn Inlet, answerer: &dyn Answerer) -> anyhow::Result<()> {
        let (mut reports, mut receipts) = (Vec::new(), Vec::new());
        loop {
            inlet.next(&mut reports).await?;
            let accepted = self.sort(&mut reports, &mut receipts)?;
            let delivered = receipts.iter().map(|(name, _)| String::clone(name)).collect();
            let outcome = Outcome { accepted, delivered };
            let early = self.table.keep(self.session, &outcome).await.context("keep")?;
            self.slots.add_permits(outcome.accepted.len());
            let kept: Vec<ReceiptToken> = receipts
                .extract_if(.., |(name, _)| !early.contains(name))
                .filter_map(|(_, token)| token)
                .collect();
            if !kept.is_empty() {
                answerer.committed(&kept).await?;
            }
        }
    }

    /// Rows that were taken; receipts go behind those that still wait for their answer.
    fn sort(
        &self,
        reports: &mut Vec<Report>,
        receipts: &mut Vec<(String, Option<ReceiptToken>)>,
    ) -> anyhow::Result<Vec<(i64, String)>> {
        let mut accepted = Vec::new();
        for report in reports.drain(..) {
            match report {
                Report::Answer { key, verdict } => {
                    let row = self.flying().remove(&key).context("an answer to nothing")?;
                    let Verdict::Accepted(Some(id)) = verdict else { bail!("refused: {verdict:?}") };
                    accepted.push((row, text(&id)?));
                }
                Report::Receipt { receipt, token } => receipts.push((text(&receipt.provider_id)?, token)),
                Report::Reply { .. } => bail!("nobody was asked to write back"),
            }
        }
        Ok(accepted)
    }

    fn flying(&self) -> std::sync::MutexGuard<'_, HashMap<u64, i64>> {
        self.flying.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn text(id: &ProviderId) -> anyhow::Result<String> {
    Ok(str::from_utf8(id.bytes())?.to_owned())
}
