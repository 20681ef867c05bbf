//! What is said and heard on the link that we opened.

use std::sync::Arc;

use bytes::BytesMut;
use mingluo_model::{
    address::Address,
    channel::{ReceiptToken, Report, SendError, Verdict},
    clock::Clock,
};
use tokio::net::TcpStream;

use super::{Sgip, login, verdict};
use crate::sms::{
    number,
    segment::Part,
    session::{Ear, NumberForm, Talk, Terms},
    sgip::{
        Body, CommandResult, FrameError, Framer, Pdu, Sequence, Submit, SubmitTemplate, UserNumber,
        command::{RESPONSE, SUBMIT},
        time::{self, TimeError},
    },
    wire::Stamp,
};

/// The words of one session, over as many connections as it takes.
pub(in crate::sms) struct SgipTalk {
    sgip: Arc<Sgip>,
    stamp: Stamp,
}

impl SgipTalk {
    pub(super) const fn new(sgip: Arc<Sgip>, stamp: Stamp) -> Self {
        Self { sgip, stamp }
    }

    fn sequence(&self, counter: u32) -> Sequence {
        Sequence { node: self.sgip.node, stamp: self.stamp, counter }
    }

    fn hear(&self, Pdu { sequence, body }: Pdu, ear: &mut Ear<'_>) {
        match body {
            Body::SubmitResp(result) => {
                self.answer_of(sequence, verdict::of_submit(sequence, result), ear);
                if verdict::is_unbound(result) {
                    ear.end("the gateway says that the link is not bound");
                }
            }
            Body::Unbind => {
                say(sequence, Body::UnbindResp, ear);
                ear.dismissed();
            }
            Body::UnbindResp => ear.parted(),
            other if other.command_id() & RESPONSE != 0 => {}
            // Reports and messages come through our door; here they are nobody's.
            other => refuse(Pdu::refusal(sequence, other.command_id(), CommandResult::COMMAND), ear),
        }
    }

    /// A response repeats all of our sequence; another's is none of ours.
    fn answer_of(&self, sequence: Sequence, verdict: Verdict, ear: &mut Ear<'_>) {
        if sequence == self.sequence(sequence.counter) {
            ear.answer(sequence.counter, verdict);
        } else {
            ear.unreadable(&format_args!("an answer under the sequence {sequence}, which is not ours"));
        }
    }

    /// What cannot be read is refused, and the link is closed (clause 3.7.2.4.2).
    fn hear_broken(&self, error: &FrameError, ear: &mut Ear<'_>) {
        ear.unreadable(error);
        refuse(Pdu::refusal_of(error), ear);
        if let FrameError::Body { command_id, sequence, .. } = error
            && *command_id == SUBMIT | RESPONSE
        {
            self.answer_of(*sequence, Verdict::Lost, ear);
        }
        ear.end(&error.to_string());
    }
}

fn say(sequence: Sequence, body: Body, ear: &Ear<'_>) {
    ear.say(|out| Pdu { sequence, body }.encode(out));
}

fn refuse(refusal: Option<Pdu>, ear: &Ear<'_>) {
    if let Some(refusal) = refusal {
        ear.say(|out| refusal.encode(out));
    }
}

impl Talk for SgipTalk {
    type Template = SubmitTemplate;
    type Number = UserNumber;

    const SLEEPS: bool = true;

    fn template(
        &self,
        part: &Part,
        Terms { not_after, priority }: Terms,
    ) -> Result<SubmitTemplate, TimeError> {
        let Sgip { sp_number, corp_id, service_type, .. } = *self.sgip.as_ref();
        let expire_time = time::absolute(not_after.0)?;
        let submit = Submit::of_part(sp_number, corp_id, part);
        Ok(SubmitTemplate::new(&Submit { service_type, priority, expire_time, ..submit }))
    }

    fn number(&self, to: &Address) -> Option<UserNumber> {
        number::mainland(to, NumberForm::With86)
    }

    fn submit(&self, template: &SubmitTemplate, number: &UserNumber, sequence: u32, out: &mut BytesMut) {
        template.encode(number, self.sequence(sequence), out);
    }

    fn probe(&self, _sequence: u32, _out: &mut BytesMut) {}

    fn goodbye(&self, sequence: u32, out: &mut BytesMut) {
        Pdu { sequence: self.sequence(sequence), body: Body::Unbind }.encode(out);
    }

    fn answer(&self, receipts: &[ReceiptToken], _out: &mut BytesMut) {
        self.sgip.door.mailroom().answer(receipts);
    }

    fn take(&self, heard: &mut BytesMut, ear: &mut Ear<'_>) -> bool {
        match Framer.push(heard) {
            Ok(None) => return false,
            Ok(Some(pdu)) => self.hear(pdu, ear),
            Err(error) => self.hear_broken(&error, ear),
        }
        true
    }

    fn overhear(&self, reports: &mut Vec<Report>) {
        self.sgip.door.mailroom().take(reports);
    }

    async fn stirred(&self) {
        self.sgip.door.mailroom().stir.notified().await;
    }

    async fn wake_up(&self, clock: &dyn Clock) -> Result<(TcpStream, BytesMut), SendError> {
        login::bind(&self.sgip, clock).await
    }
}
