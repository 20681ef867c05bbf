//! Drives a channel through its port as dispatch does, in its simplest form: prepare, send, hear every answer. For the
//! stories that are told about one channel and its simulator.

use mingluo_model::{
    address::Address,
    channel::{Answerer, Channel, Parcel, Recall, Report, Run, SendError, Session, Unfit, Verdict, WireKeys},
    clock::Timestamp,
    id::PlanId,
    message::Message,
    mode::Live,
    receipt::Receipt,
};
use std::{collections::BTreeMap, sync::Arc};

/// The plan of all stories.
pub(crate) const PLAN: &str = "0190163d-8694-739b-aea5-966c26f8ad91";

/// One session and what it says.
pub(crate) struct Courier {
    session: Session<Live>,
    message: Arc<Message<Live>>,
    window: usize,
    receipts: Vec<Receipt>,
    recall: Recall,
}

impl Courier {
    pub(crate) async fn open(channel: &dyn Channel<Live>, message: Message<Live>) -> Result<Self, SendError> {
        channel.measure(&message).unwrap();
        let window = channel.limits().window.get() as usize;
        let (session, receipts) = (channel.open().await?, Vec::new());
        Ok(Self { session, message: Arc::new(message), window, receipts, recall: Recall::default() })
    }

    /// Calls back what has not left yet.
    pub(crate) fn recall(&self) -> Recall {
        self.recall.clone()
    }

    /// Whether the channel would send the message by now.
    pub(crate) fn prepare(&mut self) -> Result<WireKeys, Unfit> {
        let run = self.run_to(Vec::new());
        self.session.outlet.prepare(&run)
    }

    fn run_to(&self, parcels: Vec<Parcel>) -> Run<Live> {
        let (message, not_after) = (Arc::clone(&self.message), Timestamp(i64::from(u32::MAX) * 1_000));
        let plan = PLAN.parse::<PlanId>().unwrap();
        Run { plan, message, not_after, recall: self.recall.clone(), call: None, parcels }
    }

    /// Sends to all, a window at a time; the verdicts in the order of the addresses.
    pub(crate) async fn deliver(&mut self, to: &[String], attempt: u8) -> Result<Vec<Verdict>, SendError> {
        self.deliver_parts(to, attempt, 1).await
    }

    /// The same for messages of several parts: the verdicts part by part, address by address.
    pub(crate) async fn deliver_parts(
        &mut self,
        to: &[String],
        attempt: u8,
        part_set: u16,
    ) -> Result<Vec<Verdict>, SendError> {
        let parcel = |(ordinal, to): (u32, &String)| Parcel {
            ordinal,
            attempt,
            part_set,
            to: Address::new(to.as_str()),
        };
        let parcels: Vec<Parcel> = (0..).zip(to).map(parcel).collect();
        let mut verdicts = Vec::new();
        for parcels in parcels.chunks(self.window / part_set.count_ones() as usize) {
            verdicts.extend(self.run(parcels.to_vec()).await?);
        }
        Ok(verdicts)
    }

    async fn run(&mut self, parcels: Vec<Parcel>) -> Result<Vec<Verdict>, SendError> {
        let units = parcels.iter().map(|parcel| parcel.part_set.count_ones() as usize).sum();
        let run = self.run_to(parcels);
        let keys = self.session.outlet.prepare(&run).unwrap();
        let Session { outlet, inlet, answerer } = &mut self.session;
        let mut heard = BTreeMap::new();
        let mut sending = outlet.send();
        let mut sent = false;
        while !sent || heard.len() < units {
            // Heard while it is sent: a session may have no room for more before it was.
            let mut reports = Vec::new();
            tokio::select! {
                left = &mut sending, if !sent => {
                    left?;
                    sent = true;
                    continue;
                }
                next = inlet.next(&mut reports) => next?,
            }
            for (key, verdict) in note(reports, &mut self.receipts, answerer.as_ref()).await? {
                assert!((keys.first..keys.first + units as u64).contains(&key));
                assert!(heard.insert(key, verdict).is_none(), "key {key} was answered twice");
            }
        }
        Ok(heard.into_values().collect())
    }

    /// What the session says next.
    pub(crate) async fn hear(&mut self) -> Result<Vec<(u64, Verdict)>, SendError> {
        let mut reports = Vec::new();
        self.session.inlet.next(&mut reports).await?;
        note(reports, &mut self.receipts, self.session.answerer.as_ref()).await
    }

    /// Listens until so many receipts came on the session itself.
    pub(crate) async fn until_receipts(&mut self, count: usize) -> Result<&[Receipt], SendError> {
        while self.receipts.len() < count {
            self.hear().await?;
        }
        Ok(&self.receipts)
    }

    pub(crate) async fn close(&mut self) {
        self.session.outlet.close().await;
    }
}

/// Keeps the receipts and answers them; gives the answers.
async fn note(
    reports: Vec<Report>,
    receipts: &mut Vec<Receipt>,
    answerer: &dyn Answerer,
) -> Result<Vec<(u64, Verdict)>, SendError> {
    let mut answers = Vec::new();
    for report in reports {
        match report {
            Report::Answer { key, verdict } => answers.push((key, verdict)),
            Report::Receipt { receipt, token } => {
                receipts.push(receipt);
                answerer.committed(token.as_slice()).await?;
            }
            Report::Reply { token, .. } => answerer.committed(&[token]).await?,
        }
    }
    Ok(answers)
}
