//! SGIP 1.2, in both directions.

use bytes::BytesMut;
use mingluo_channels::sms::{
    sgip::{
        Bind, Body, CommandResult, Deliver, FROM_GATEWAY, FROM_SP, Framer, Pdu, Report, Sequence,
        command::RESPONSE, time::stamp,
    },
    smpp::MessageState,
    wire::{Coding, Padded},
};

use super::{Greeting, Guest, Key, Lock, NoLogin, Said, Submit, Tongue, Why, address, ucs2};
use crate::sim_smsc::{arrival::Arrival, postbag::Receipt};

/// A gateway's node number (clause 3.3): 1, the area code, and nothing more.
const NODE: u32 = 1_024_000_000;

/// The code of a phone that is off (clause 5.2).
const PHONE_OFF: CommandResult = CommandResult::PHONE_OFF;

pub(super) fn greet(heard: &mut BytesMut, lock: &Lock<'_>) -> Result<Option<Greeting>, NoLogin> {
    let Some(Pdu { sequence, body }) = Framer.push(heard).map_err(|_| NoLogin)? else {
        return Ok(None);
    };
    let Body::Bind(bind) = body else { return Err(NoLogin) };
    let knows = lock.password.is_none_or(|password| bind.login_password.as_bytes() == password.as_bytes());
    let result = match bind.login_type {
        FROM_SP if knows => CommandResult::OK,
        FROM_SP => CommandResult::LOGIN,
        _ => CommandResult::LOGIN_TYPE,
    };
    // Receipts do not come this way.
    let guest = Guest { account: bind.login_name.to_text().into_owned(), hears: false, tongue: Tongue::Sgip };
    let welcome = result == CommandResult::OK;
    Ok(Some((octets(sequence, Body::BindResp(result)), welcome.then_some(guest))))
}

/// Our own bind at the client's door, and whether its answer lets us in; `None` until that is whole.
pub(in crate::sim_smsc) mod call {
    use super::{Bind, Body, BytesMut, CommandResult, FROM_GATEWAY, Framer, Padded, Pdu, octets, own};

    pub(in crate::sim_smsc) fn bind(name: &str, password: &str, now_us: i64) -> BytesMut {
        let bind = Bind {
            login_type: FROM_GATEWAY,
            login_name: Padded::new("name", name).unwrap_or_default(),
            login_password: Padded::new("password", password).unwrap_or_default(),
        };
        octets(own(0, now_us), Body::Bind(bind))
    }

    pub(in crate::sim_smsc) fn answered(heard: &mut BytesMut) -> Option<bool> {
        match Framer.push(heard) {
            Ok(None) => None,
            Ok(Some(Pdu { body: Body::BindResp(result), .. })) => Some(result == CommandResult::OK),
            _ => Some(false),
        }
    }
}

pub(super) fn hear(heard: &mut BytesMut) -> Option<Said> {
    let Pdu { sequence, body } = match Framer.push(heard) {
        Ok(pdu) => pdu?,
        Err(error) => {
            let refusal = Pdu::refusal_of(&error).map(|pdu| octets(pdu.sequence, pdu.body));
            return Some(Said::OutOfStep(refusal.unwrap_or_default()));
        }
    };
    Some(match body {
        // One number a submit: what is answered as taken for one must not be lost for the others.
        Body::Submit(submit) if submit.user_numbers.len() != 1 => {
            let mut words = BytesMut::new();
            turn_away(sequence, Why::Refused, &mut words);
            Said::Refused(words)
        }
        Body::Submit(submit) => {
            let destination = submit.user_numbers.first().copied().unwrap_or_default();
            Said::Submit(Submit {
                key: sequence,
                arrival: Arrival::new(destination.as_bytes(), submit.tp_udhi == 1, submit.content.as_bytes()),
                source: address(&submit.sp_number.to_text()),
                destination: address(&destination.to_text()),
                wants_receipt: submit.report_flag == 1,
            })
        }
        Body::ReportResp(CommandResult::OK) | Body::DeliverResp(CommandResult::OK) => {
            Said::Took(sequence.counter)
        }
        Body::Unbind => Said::Goodbye(sequence),
        other if other.command_id() & RESPONSE != 0 => Said::Nothing,
        other => {
            let refusal = Pdu::refusal(sequence, other.command_id(), CommandResult::COMMAND);
            Said::Refused(refusal.map(|pdu| octets(pdu.sequence, pdu.body)).unwrap_or_default())
        }
    })
}

pub(super) fn take(key: Key, out: &mut BytesMut) {
    put(key, Body::SubmitResp(CommandResult::OK), out);
}

pub(super) fn turn_away(key: Key, why: Why, out: &mut BytesMut) {
    let result = match why {
        Why::Throttled => CommandResult::NODE_BUSY,
        Why::Full => CommandResult::CENTRE_FULL,
        Why::Temporary => CommandResult::SYSTEM_FAILURE,
        Why::Refused | Why::Closed => CommandResult::NUMBER,
    };
    put(key, Body::SubmitResp(result), out);
}

pub(super) fn farewell(key: Key, out: &mut BytesMut) {
    put(key, Body::UnbindResp, out);
}

pub(super) fn report(receipt: &Receipt, sequence: u32, now_us: i64, out: &mut BytesMut) {
    let delivered = receipt.state == MessageState::Delivered;
    let report = Report {
        submit_sequence: receipt.key,
        report_type: 0,
        user_number: Padded::new("UserNumber", &receipt.from.digits.to_text()).unwrap_or_default(),
        state: if delivered { 0 } else { 2 },
        error_code: if delivered { CommandResult::OK } else { PHONE_OFF },
    };
    put(own(sequence, now_us), Body::Report(report), out);
}

pub(super) fn reply(receipt: &Receipt, words: &str, sequence: u32, now_us: i64, out: &mut BytesMut) {
    let deliver = Deliver {
        user_number: Padded::new("UserNumber", &receipt.from.digits.to_text()).unwrap_or_default(),
        sp_number: Padded::new("SPNumber", &receipt.to.digits.to_text()).unwrap_or_default(),
        message_coding: Coding::UCS2,
        content: ucs2(words),
        ..Deliver::default()
    };
    put(own(sequence, now_us), Body::Deliver(Box::new(deliver)), out);
}

/// A sequence of our own.
fn own(counter: u32, now_us: i64) -> Sequence {
    Sequence { node: NODE, stamp: stamp(now_us / 1_000).unwrap_or_default(), counter }
}

fn put(sequence: Sequence, body: Body, out: &mut BytesMut) {
    Pdu { sequence, body }.encode(out);
}

fn octets(sequence: Sequence, body: Body) -> BytesMut {
    let mut octets = BytesMut::new();
    put(sequence, body, &mut octets);
    octets
}
