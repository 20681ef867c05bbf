//! The sending hand.

use std::{ops::Range, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::BytesMut;
use mingluo_model::{
    channel::{ADDITION, Outlet, Parcel, Report, Run, SendError, Unfit, Verdict, WireKeys},
    clock::within,
    mode::Mode,
};

use super::{Carrier, Line, THROTTLED, Talk, keys::wire, letter::Letter, meaning::no_number};

/// How long to wait for the far side's goodbye.
const GOODBYE: Duration = Duration::from_millis(500);

/// The message that was encoded last, with its templates.
type Encoded<C, M> = Letter<M, <<C as Carrier>::Talk as Talk>::Template>;

/// Encodes runs straight into one buffer that is used again and again.
pub(super) struct SmsOutlet<C: Carrier, M: Mode> {
    line: Arc<Line<C>>,
    /// Runs of one plan follow each other.
    letter: Option<Encoded<C, M>>,
    /// The prepared run, and its keys.
    run: BytesMut,
    keys: Range<u64>,
    /// Keys of prepared parts whose number is none, in order.
    refused: Vec<u64>,
}

impl<C: Carrier, M: Mode> SmsOutlet<C, M> {
    pub(super) fn new(line: Arc<Line<C>>) -> Self {
        Self { line, letter: None, run: BytesMut::new(), keys: 0..0, refused: Vec::new() }
    }

    fn encode(&mut self, parcel: &Parcel, letter: &Encoded<C, M>, mut key: u64) -> u64 {
        let talk = &self.line.talk;
        let number = talk.number(&parcel.to);
        let addition = letter.addition.iter().map(|template| (usize::from(ADDITION), template));
        for (at, template) in letter.templates.iter().enumerate().chain(addition) {
            if parcel.part_set & (1 << at) == 0 {
                continue;
            }
            match &number {
                Some(number) => talk.submit(template, number, wire(key), &mut self.run),
                None => self.refused.push(key),
            }
            key += 1;
        }
        key
    }

    /// Sees to it that there is a connection; false when there is none to be had, and the run was put off.
    async fn claim(&mut self) -> bool {
        let Line { talk, link, clock, .. } = self.line.as_ref();
        let leaving = self.keys.clone().filter(|key| self.refused.binary_search(key).is_err());
        let leaving: Vec<u64> = leaving.collect();
        if leaving.is_empty() || !link.rest().claim(leaving.len() as u64, clock.ticks()) {
            link.wake.notify_one();
            return true;
        }
        match talk.wake_up(clock.as_ref()).await {
            Ok((socket, heard)) => {
                link.connect(socket, heard).await;
                true
            }
            Err(error) => {
                link.rest().land(leaving.len() as u64);
                let busy = |key| Report::Answer { key, verdict: Verdict::Busy { retry_after: THROTTLED } };
                link.tell(leaving.into_iter().map(busy), Some(error));
                false
            }
        }
    }
}

#[async_trait]
impl<C: Carrier, M: Mode> Outlet<M> for SmsOutlet<C, M> {
    fn prepare(&mut self, run: &Run<M>) -> Result<WireKeys, Unfit> {
        self.run.clear();
        self.refused.clear();
        let letter = match self.letter.take().filter(|letter| letter.is_of(run)) {
            Some(letter) => letter,
            None => {
                Letter::new(self.line.account(), run, |part, terms| self.line.talk.template(part, terms))?
            }
        };
        let count = leaving(run, letter.templates.len(), letter.addition.is_some())?;
        let first = self.line.link.keys.take(count);
        let mut key = first;
        for parcel in &run.parcels {
            key = self.encode(parcel, &letter, key);
        }
        self.keys = first..key;
        self.letter = Some(letter);
        Ok(WireKeys { first })
    }

    async fn send(&mut self) -> Result<(), SendError> {
        let there = !C::Talk::SLEEPS || self.claim().await;
        let refused = self.refused.drain(..);
        self.line.link.tell(refused.map(|key| Report::Answer { key, verdict: no_number() }), None);
        if !there {
            self.run.clear();
            return Ok(());
        }
        self.line.link.put_run(&mut self.run);
        self.line.flush().await
    }

    async fn close(&mut self) {
        let Line { talk, link, clock, .. } = self.line.as_ref();
        if C::Talk::SLEEPS
            && let Some(parting) = link.fall_asleep().await
        {
            let goodbye = |out: &mut BytesMut| talk.goodbye(wire(link.keys.take(1)), out);
            return parting.say(clock.as_ref(), goodbye).await;
        }
        link.say(|out| talk.goodbye(wire(link.keys.take(1)), out));
        let parting = async {
            if link.flush().await.is_ok() {
                link.parted.notified().await;
            }
        };
        // An answer that does not come is no reason to stay.
        let _silent = within(clock.as_ref(), GOODBYE, parting).await;
        let _stuck = within(clock.as_ref(), GOODBYE, link.shut()).await;
    }
}

/// Parts that leave with a run.
pub(in crate::sms) fn leaving<M: Mode>(run: &Run<M>, parts: usize, addition: bool) -> Result<u64, Unfit> {
    let message = u16::MAX.checked_shr(u16::BITS.saturating_sub(parts as u32)).unwrap_or(0);
    let all = message | u16::from(addition) << ADDITION;
    let mut count = 0;
    for Parcel { part_set, .. } in &run.parcels {
        if part_set & !all != 0 {
            let problem = format!("{part_set:#b} names parts that a message of {parts} parts has not");
            return Err(Unfit::Wrong { field: "part_set".into(), problem: problem.into() });
        }
        count += u64::from(part_set.count_ones());
    }
    Ok(count)
}
