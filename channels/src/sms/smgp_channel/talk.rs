//! What is said and heard on a link that is logged in.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;
use mingluo_model::{
    address::Address,
    channel::{ReceiptToken, Verdict},
};

use super::{Smgp, verdict};
use crate::sms::{
    number::{self, Wrote},
    segment::Part,
    session::{Dues, Ear, Talk, Terms},
    smgp::{
        Body, Deliver, DeliverResp, FrameError, Framer, MsgId, Pdu, Report, Status, Submit, SubmitTemplate,
        TermId,
        command::{RESPONSE, SUBMIT},
        time::{self, TimeError},
    },
};

/// The words of one link.
pub(in crate::sms) struct SmgpTalk {
    smgp: Arc<Smgp>,
    // Guards the delivers that were not answered yet, by sequence and id; held for one of them or one commit.
    dues: Mutex<Dues<(u32, MsgId)>>,
}

impl SmgpTalk {
    pub(super) fn new(smgp: Arc<Smgp>) -> Self {
        Self { smgp, dues: Mutex::default() }
    }

    fn hear(&self, pdu: Pdu, ear: &mut Ear<'_>) {
        let Pdu { sequence, body } = pdu;
        match body {
            Body::SubmitResp(resp) => ear.answer(sequence, verdict::of_submit(resp)),
            Body::Deliver(deliver) => self.deliver(sequence, &deliver, ear),
            Body::ActiveTest => say(sequence, Body::ActiveTestResp, ear),
            Body::Exit => {
                say(sequence, Body::ExitResp, ear);
                ear.end("the gateway ended the session");
            }
            Body::ExitResp => ear.parted(),
            // The sign of life that every octet is, or what the standard has no answer to.
            _ => {}
        }
    }

    fn deliver(&self, sequence: u32, deliver: &Deliver, ear: &mut Ear<'_>) {
        match Report::read(deliver) {
            Ok(Some(report)) if report.state().is_final() => {
                let token = self.dues().owe((sequence, deliver.msg_id));
                return ear.receipt(verdict::receipt(&report, deliver, ear.at), token);
            }
            Ok(Some(_step)) => {}
            Ok(None) => {
                let wrote = Wrote {
                    from: deliver.src_term_id.as_bytes(),
                    to: &deliver.dest_term_id.to_text(),
                    words: &deliver.to_text(),
                    id: (deliver.msg_id != MsgId::default()).then(|| deliver.msg_id.to_string()),
                    part: deliver.portion(),
                };
                return ear.resident_wrote(wrote.at(ear.at), self.dues().owe((sequence, deliver.msg_id)));
            }
            // Unanswered it would come again and again.
            Err(error) => ear.unreadable(&error),
        }
        say(sequence, taken(deliver.msg_id), ear);
    }

    fn dues(&self) -> MutexGuard<'_, Dues<(u32, MsgId)>> {
        self.dues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn say(sequence: u32, body: Body, ear: &Ear<'_>) {
    ear.say(|out| put(sequence, body, out));
}

fn put(sequence: u32, body: Body, out: &mut BytesMut) {
    Pdu { sequence, body }.encode(out);
}

fn hear_broken(error: &FrameError, ear: &mut Ear<'_>) {
    ear.unreadable(error);
    if let Some(refusal) = Pdu::refusal(error) {
        ear.say(|out| refusal.encode(out));
    }
    match error {
        FrameError::Length(_) => ear.end(&error.to_string()),
        FrameError::Body { command_id, sequence, .. } if *command_id == SUBMIT | RESPONSE => {
            ear.answer(*sequence, Verdict::Lost);
        }
        FrameError::Body { .. } => {}
    }
}

/// Takes a deliver off the gateway's hands.
const fn taken(msg_id: MsgId) -> Body {
    Body::DeliverResp(DeliverResp { msg_id, status: Status::OK })
}

impl Talk for SmgpTalk {
    type Template = SubmitTemplate;
    type Number = TermId;

    fn template(
        &self,
        part: &Part,
        Terms { not_after, priority }: Terms,
    ) -> Result<SubmitTemplate, TimeError> {
        let smgp = self.smgp.as_ref();
        let valid_time = time::absolute(not_after.0, smgp.offset_minutes)?;
        let options: Vec<(u16, &[u8])> = smgp.options.iter().map(|(tag, value)| (*tag, &value[..])).collect();
        let submit = Submit::of_part(smgp.src_term_id, part, &options).expect("two short parameters fit");
        Ok(SubmitTemplate::new(&Submit { priority, service_id: smgp.service_id, valid_time, ..submit }))
    }

    fn number(&self, to: &Address) -> Option<TermId> {
        number::mainland(to, self.smgp.number_form)
    }

    fn submit(&self, template: &SubmitTemplate, number: &TermId, sequence: u32, out: &mut BytesMut) {
        template.encode(number, sequence, out);
    }

    fn probe(&self, sequence: u32, out: &mut BytesMut) {
        put(sequence, Body::ActiveTest, out);
    }

    fn goodbye(&self, sequence: u32, out: &mut BytesMut) {
        put(sequence, Body::Exit, out);
    }

    fn answer(&self, receipts: &[ReceiptToken], out: &mut BytesMut) {
        let mut dues = self.dues();
        for (sequence, msg_id) in receipts.iter().filter_map(|token| dues.settle(*token)) {
            put(sequence, taken(msg_id), out);
        }
    }

    fn take(&self, heard: &mut BytesMut, ear: &mut Ear<'_>) -> bool {
        match Framer.push(heard) {
            Ok(None) => return false,
            Ok(Some(pdu)) => self.hear(pdu, ear),
            Err(error) => hear_broken(&error, ear),
        }
        true
    }
}
