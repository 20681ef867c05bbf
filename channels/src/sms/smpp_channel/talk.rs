//! What is said and heard on a bound link.

use std::sync::Arc;

use bytes::BytesMut;
use mingluo_model::{
    address::Address as Number,
    channel::{ReceiptToken, Verdict},
};

use super::{Smpp, verdict};
use crate::sms::{
    number::{self, Wrote},
    segment::Part,
    session::{Ear, Talk, Terms},
    smpp::{
        Address, AddressDigits, Body, CommandStatus, DeliveryReport, FrameError, Framer, Pdu, ShortMessage,
        StatusClass, SubmitTemplate, command,
        time::{self, TimeError},
    },
};

/// The words of one link.
pub(in crate::sms) struct SmppTalk {
    smpp: Arc<Smpp>,
}

impl SmppTalk {
    pub(super) const fn new(smpp: Arc<Smpp>) -> Self {
        Self { smpp }
    }

    #[cfg(test)]
    pub(super) fn account(&self) -> &crate::sms::session::Account {
        &self.smpp.account
    }

    fn hear(&self, pdu: Pdu, ear: &mut Ear<'_>) {
        let Pdu { sequence, status, body } = pdu;
        match body {
            Body::SubmitSmResp(id) => {
                ear.answer(sequence, verdict::of_submit(status, &id, self.smpp.id_form));
                if matches!(status.class(), StatusClass::NotBound) {
                    ear.end("the gateway says that the link is not bound");
                }
            }
            Body::GenericNack => ear.answer(sequence, verdict::of_nack(status)),
            Body::DeliverSm(message) => self.deliver(sequence, &message, ear),
            Body::EnquireLink => respond(sequence, Body::EnquireLinkResp, ear),
            Body::Unbind => {
                respond(sequence, Body::UnbindResp, ear);
                ear.end("the gateway ended the session");
            }
            Body::UnbindResp => ear.parted(),
            // A response to nothing of ours, or the sign of life that every octet is.
            other if other.command_id() & command::RESPONSE != 0 => {}
            _ => ear.say(|out| Pdu::nack(sequence, CommandStatus::RINVCMDID).encode(out)),
        }
    }

    fn deliver(&self, sequence: u32, message: &ShortMessage, ear: &mut Ear<'_>) {
        match DeliveryReport::read(message) {
            Ok(Some(report)) if report.is_final => {
                let receipt = verdict::receipt(report, message, self.smpp.id_form, ear.at);
                return ear.receipt(receipt, ReceiptToken(sequence.into()));
            }
            Ok(Some(_step)) => {}
            Ok(None) => {
                let wrote = Wrote {
                    from: &number::spelled(&message.source),
                    to: &message.destination.digits.to_text(),
                    words: &message.to_text(),
                    // The standard gives a deliver_sm none.
                    id: None,
                    part: message.portion(),
                };
                return ear.resident_wrote(wrote.at(ear.at), ReceiptToken(sequence.into()));
            }
            // Unanswered it would come again and again.
            Err(error) => ear.unreadable(&error),
        }
        respond(sequence, Body::DeliverSmResp, ear);
    }
}

fn hear_broken(error: &FrameError, ear: &mut Ear<'_>) {
    ear.unreadable(error);
    if let Some(nack) = error.nack() {
        ear.say(|out| nack.encode(out));
    }
    match error {
        FrameError::Length(_) => ear.end(&error.to_string()),
        FrameError::Body { command_id, sequence, .. }
            if *command_id == command::SUBMIT_SM | command::RESPONSE =>
        {
            ear.answer(*sequence, Verdict::Lost);
        }
        FrameError::Body { .. } => {}
    }
}

fn respond(sequence: u32, body: Body, ear: &Ear<'_>) {
    ear.say(|out| Pdu::response(sequence, CommandStatus::ROK, body).encode(out));
}

impl Talk for SmppTalk {
    type Template = SubmitTemplate;
    type Number = AddressDigits;

    fn template(
        &self,
        part: &Part,
        Terms { not_after, priority }: Terms,
    ) -> Result<SubmitTemplate, TimeError> {
        let validity_period = time::absolute(not_after.0, self.smpp.offset_minutes)?;
        // Numbers leave in their international form (clauses 5.2.5 and 5.2.6).
        let anybody = Address { ton: 1, npi: 1, ..Address::default() };
        let message = ShortMessage::of_part(self.smpp.source, anybody, part);
        Ok(SubmitTemplate::new(&ShortMessage { priority_flag: priority, validity_period, ..message }))
    }

    fn number(&self, to: &Number) -> Option<AddressDigits> {
        number::to_wire(to)
    }

    fn submit(&self, template: &SubmitTemplate, number: &AddressDigits, sequence: u32, out: &mut BytesMut) {
        template.encode(number, sequence, out);
    }

    fn probe(&self, sequence: u32, out: &mut BytesMut) {
        Pdu::request(sequence, Body::EnquireLink).encode(out);
    }

    fn goodbye(&self, sequence: u32, out: &mut BytesMut) {
        Pdu::request(sequence, Body::Unbind).encode(out);
    }

    fn answer(&self, receipts: &[ReceiptToken], out: &mut BytesMut) {
        for ReceiptToken(sequence) in receipts {
            Pdu::response(*sequence as u32, CommandStatus::ROK, Body::DeliverSmResp).encode(out);
        }
    }

    fn take(&self, heard: &mut BytesMut, ear: &mut Ear<'_>) -> bool {
        match Framer::default().push(heard) {
            Ok(None) => return false,
            Ok(Some(pdu)) => self.hear(pdu, ear),
            Err(error) => hear_broken(&error, ear),
        }
        true
    }
}
