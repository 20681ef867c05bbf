//! The sending hand.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::BytesMut;
use mingluo_model::{
    channel::{Outlet, Parcel, Run, SendError, Unfit, WireKeys},
    clock::{SharedClock, within},
    mode::Mode,
};

use super::{config::Account, keys, letter::Letter, link::Link};
use crate::sms::{
    number,
    smpp::{Body, Pdu, SubmitTemplate},
};

/// How long to wait for the far side's goodbye.
const GOODBYE: Duration = Duration::from_millis(500);

/// Encodes runs straight into one buffer that is used again and again.
pub(super) struct SmppOutlet<M: Mode> {
    account: Arc<Account>,
    clock: SharedClock,
    link: Arc<Link>,
    /// The message that was encoded last; runs of one plan follow each other.
    letter: Option<Letter<M>>,
    /// The prepared run.
    run: BytesMut,
    /// Keys of prepared parts whose number is none.
    refused: Vec<u64>,
}

impl<M: Mode> SmppOutlet<M> {
    pub(super) fn new(account: Arc<Account>, clock: SharedClock, link: Arc<Link>) -> Self {
        Self { account, clock, link, letter: None, run: BytesMut::new(), refused: Vec::new() }
    }

    fn encode(&mut self, parcel: &Parcel, templates: &[SubmitTemplate], mut key: u64) -> u64 {
        let digits = number::to_wire(&parcel.to);
        for (at, template) in templates.iter().enumerate() {
            if parcel.part_set & (1 << at) == 0 {
                continue;
            }
            match &digits {
                Some(digits) => template.encode(digits, keys::wire(key), &mut self.run),
                None => self.refused.push(key),
            }
            key += 1;
        }
        key
    }
}

#[async_trait]
impl<M: Mode> Outlet<M> for SmppOutlet<M> {
    fn prepare(&mut self, run: &Run<M>) -> Result<WireKeys, Unfit> {
        self.run.clear();
        self.refused.clear();
        let letter = match self.letter.take().filter(|letter| letter.is_of(run)) {
            Some(letter) => letter,
            None => Letter::new(&self.account, run)?,
        };
        let first = self.link.keys.take(leaving(run, letter.templates.len())?);
        let mut key = first;
        for parcel in &run.parcels {
            key = self.encode(parcel, &letter.templates, key);
        }
        self.letter = Some(letter);
        Ok(WireKeys { first })
    }

    async fn send(&mut self) -> Result<(), SendError> {
        self.link.put_run(&mut self.run);
        self.link.refuse(&mut self.refused);
        self.link.flush_within(self.clock.as_ref(), self.account.response_timeout).await
    }

    async fn close(&mut self) {
        self.link.put(&Pdu::request(keys::wire(self.link.keys.take(1)), Body::Unbind));
        let parting = async {
            if self.link.flush().await.is_ok() {
                self.link.parted.notified().await;
            }
        };
        // An answer that does not come is no reason to stay.
        let _silent = within(self.clock.as_ref(), GOODBYE, parting).await;
        let _stuck = within(self.clock.as_ref(), GOODBYE, self.link.shut()).await;
    }
}

/// Parts that leave with a run.
pub(super) fn leaving<M: Mode>(run: &Run<M>, parts: usize) -> Result<u64, Unfit> {
    let all = u16::MAX.checked_shr(u16::BITS.saturating_sub(parts as u32)).unwrap_or(0);
    let mut count = 0;
    for Parcel { part_set, .. } in &run.parcels {
        if part_set & !all != 0 {
            let problem = format!("{part_set:#b} names parts that a message of {parts} parts has not");
            return Err(Unfit::Wrong { field: "part_set".into(), problem });
        }
        count += u64::from(part_set.count_ones());
    }
    Ok(count)
}
