//! What is said and heard on a link that is logged in.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;
use mingluo_model::{
    address::Address,
    channel::{ReceiptToken, Verdict},
};

use super::{Cmpp, verdict};
use crate::sms::{
    cmpp::{
        Body, CommandResult, Deliver, DeliverResp, FrameError, Framer, MsgId, Pdu, Report, Submit,
        SubmitTemplate, Terminal, Version,
        command::{RESPONSE, SUBMIT},
        time::{self, TimeError},
    },
    number::{self, Wrote},
    segment::Part,
    session::{Dues, Ear, Talk, Terms},
};

/// The words of one link.
pub(in crate::sms) struct CmppTalk {
    cmpp: Arc<Cmpp>,
    version: Version,
    // Guards the delivers that were not answered yet, by sequence and id; held for one of them or one commit.
    dues: Mutex<Dues<(u32, MsgId)>>,
}

impl CmppTalk {
    pub(super) fn new(cmpp: Arc<Cmpp>, version: Version) -> Self {
        Self { cmpp, version, dues: Mutex::default() }
    }

    fn hear(&self, pdu: Pdu, ear: &mut Ear<'_>) {
        let Pdu { sequence, body } = pdu;
        match body {
            Body::SubmitResp(resp) => ear.answer(sequence, verdict::of_submit(resp)),
            Body::Deliver(deliver) => self.deliver(sequence, &deliver, ear),
            Body::ActiveTest => self.say(sequence, Body::ActiveTestResp, ear),
            Body::Terminate => {
                self.say(sequence, Body::TerminateResp, ear);
                ear.end("the gateway ended the session");
            }
            Body::TerminateResp => ear.parted(),
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
                    from: deliver.src_terminal.as_bytes(),
                    to: &deliver.dest_id.to_text(),
                    words: &deliver.to_text(),
                    id: (deliver.msg_id != MsgId::default()).then(|| deliver.msg_id.to_string()),
                    part: deliver.portion(),
                };
                return ear.resident_wrote(wrote.at(ear.at), self.dues().owe((sequence, deliver.msg_id)));
            }
            // Unanswered it would come again and again.
            Err(error) => ear.unreadable(&error),
        }
        self.say(sequence, taken(deliver.msg_id), ear);
    }

    fn hear_broken(&self, error: &FrameError, ear: &mut Ear<'_>) {
        ear.unreadable(error);
        if let Some(refusal) = Pdu::refusal(error, self.version) {
            ear.say(|out| refusal.encode(self.version, out));
        }
        match error {
            FrameError::Length(_) => ear.end(&error.to_string()),
            FrameError::Body { command_id, sequence, .. } if *command_id == SUBMIT | RESPONSE => {
                ear.answer(*sequence, Verdict::Lost);
            }
            FrameError::Body { .. } => {}
        }
    }

    fn say(&self, sequence: u32, body: Body, ear: &Ear<'_>) {
        ear.say(|out| self.put(sequence, body, out));
    }

    fn put(&self, sequence: u32, body: Body, out: &mut BytesMut) {
        Pdu { sequence, body }.encode(self.version, out);
    }

    fn dues(&self) -> MutexGuard<'_, Dues<(u32, MsgId)>> {
        self.dues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a deliver off the gateway's hands.
const fn taken(msg_id: MsgId) -> Body {
    Body::DeliverResp(DeliverResp { msg_id, result: CommandResult::OK })
}

impl Talk for CmppTalk {
    type Template = SubmitTemplate;
    type Number = Terminal;

    fn template(
        &self,
        part: &Part,
        Terms { not_after, priority }: Terms,
    ) -> Result<SubmitTemplate, TimeError> {
        let Cmpp { sp_id, src_id, service_id, offset_minutes, .. } = *self.cmpp.as_ref();
        let valid_time = time::absolute(not_after.0, offset_minutes)?;
        let submit =
            Submit { msg_level: priority, service_id, valid_time, ..Submit::of_part(sp_id, src_id, part) };
        Ok(SubmitTemplate::new(&submit, self.version))
    }

    fn number(&self, to: &Address) -> Option<Terminal> {
        number::mainland(to, self.cmpp.number_form)
    }

    fn submit(&self, template: &SubmitTemplate, number: &Terminal, sequence: u32, out: &mut BytesMut) {
        template.encode(number, sequence, out);
    }

    fn probe(&self, sequence: u32, out: &mut BytesMut) {
        self.put(sequence, Body::ActiveTest, out);
    }

    fn goodbye(&self, sequence: u32, out: &mut BytesMut) {
        self.put(sequence, Body::Terminate, out);
    }

    fn answer(&self, receipts: &[ReceiptToken], out: &mut BytesMut) {
        let mut dues = self.dues();
        for (sequence, msg_id) in receipts.iter().filter_map(|token| dues.settle(*token)) {
            self.put(sequence, taken(msg_id), out);
        }
    }

    fn take(&self, heard: &mut BytesMut, ear: &mut Ear<'_>) -> bool {
        match Framer::new(self.version).push(heard) {
            Ok(None) => return false,
            Ok(Some(pdu)) => self.hear(pdu, ear),
            Err(error) => self.hear_broken(&error, ear),
        }
        true
    }
}
