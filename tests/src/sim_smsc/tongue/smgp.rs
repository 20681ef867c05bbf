//! SMGP 3.0.

use bytes::BytesMut;
use mingluo_channels::sms::{
    smgp::{
        Body, Deliver, DeliverResp, Framer, LoginMode, LoginResp, MsgId, Pdu, Report, Status, SubmitResp,
        option::TP_UDHI,
        time::{recv_time, report_date},
    },
    smpp::MessageState,
    wire::{Coding, Padded},
};

use super::{Greeting, Guest, Key, Lock, NoLogin, Said, Submit, Tongue, Why, address, counter, ucs2};
use crate::sim_smsc::{arrival::Arrival, postbag::Receipt, slip::OFFSET_MINUTES};

/// Without a password any is good, and our own proof is of none: rubbish, as of some gateways in the field.
pub(super) fn greet(heard: &mut BytesMut, lock: &Lock<'_>) -> Result<Option<Greeting>, NoLogin> {
    let Some(Pdu { sequence, body }) = Framer.push(heard).map_err(|_| NoLogin)? else {
        return Ok(None);
    };
    let Body::Login(login) = body else { return Err(NoLogin) };
    let knows = lock.password.is_none_or(|password| login.knows(password.as_bytes()));
    let resp = if knows {
        LoginResp::accept(&login, lock.password.unwrap_or_default().as_bytes())
    } else {
        LoginResp::refuse(Status::AUTHENTICATION)
    };
    let guest = Guest {
        account: login.client_id.to_text().into_owned(),
        hears: LoginMode::from_wire(login.login_mode) != Some(LoginMode::Send),
        tongue: Tongue::Smgp,
    };
    Ok(Some((octets(sequence, Body::LoginResp(resp)), knows.then_some(guest))))
}

pub(super) fn hear(heard: &mut BytesMut) -> Option<Said> {
    let Pdu { sequence, body } = match Framer.push(heard) {
        Ok(pdu) => pdu?,
        Err(error) if error.is_fatal() => return Some(Said::OutOfStep(BytesMut::new())),
        Err(error) => {
            let refusal = Pdu::refusal(&error).map(|pdu| octets(pdu.sequence, pdu.body));
            return Some(Said::Refused(refusal.unwrap_or_default()));
        }
    };
    Some(match body {
        // One number a submit: what is answered as taken for one must not be lost for the others.
        Body::Submit(submit) if submit.dest_term_ids.len() != 1 => {
            let mut words = BytesMut::new();
            turn_away(counter(sequence), Why::Refused, &mut words);
            Said::Refused(words)
        }
        Body::Submit(submit) => {
            let destination = submit.dest_term_ids.first().copied().unwrap_or_default();
            let has_header = submit.options.octet(TP_UDHI) == Some(1);
            Said::Submit(Submit {
                key: counter(sequence),
                arrival: Arrival::new(destination.as_bytes(), has_header, submit.content.as_bytes()),
                source: address(&submit.src_term_id.to_text()),
                destination: address(&destination.to_text()),
                wants_receipt: submit.need_report == 1,
            })
        }
        Body::DeliverResp(DeliverResp { status: Status::OK, .. }) => Said::Took(sequence),
        Body::ActiveTest => Said::Probe(counter(sequence)),
        Body::Exit => Said::Goodbye(counter(sequence)),
        _ => Said::Nothing,
    })
}

pub(super) fn take(key: Key, id: u64, out: &mut BytesMut) {
    put(key.counter, Body::SubmitResp(SubmitResp { msg_id: msg_id(id), status: Status::OK }), out);
}

pub(super) fn turn_away(key: Key, why: Why, out: &mut BytesMut) {
    let status = match why {
        Why::Throttled => Status::BUSY,
        Why::Full => Status::TOO_MANY_CONNECTIONS,
        // A vendor's own code (clause 6.2.6): the standard has none for what may pass.
        Why::Temporary => Status(128),
        Why::Refused => Status::DEST_TERM_ID,
        Why::Closed => Status::FORBIDDEN_HOUR,
    };
    put(key.counter, Body::SubmitResp(SubmitResp { msg_id: MsgId::default(), status }), out);
}

pub(super) fn alive(key: Key, out: &mut BytesMut) {
    put(key.counter, Body::ActiveTestResp, out);
}

pub(super) fn farewell(key: Key, out: &mut BytesMut) {
    put(key.counter, Body::ExitResp, out);
}

pub(super) fn report(receipt: &Receipt, sequence: u32, now_us: i64, out: &mut BytesMut) {
    let date = |at_us: i64| report_date(at_us / 1_000, OFFSET_MINUTES).unwrap_or_default();
    let err = if receipt.state == MessageState::Delivered { "000" } else { "001" };
    let report = Report {
        msg_id: msg_id(receipt.id),
        submit_date: date(receipt.taken_us),
        done_date: date(now_us),
        stat: Padded::new("stat", receipt.state.stat()).unwrap_or_default(),
        err: Padded::new("err", err).unwrap_or_default(),
    };
    let deliver = Deliver {
        // The deliver's own id, never that of the message.
        msg_id: msg_id(u64::from(sequence)),
        is_report: 1,
        recv_time: recv_time(now_us / 1_000, OFFSET_MINUTES).unwrap_or_default(),
        src_term_id: number(&receipt.from),
        dest_term_id: number(&receipt.to),
        content: report.to_content(),
        ..Deliver::default()
    };
    put(sequence, Body::Deliver(Box::new(deliver)), out);
}

pub(super) fn reply(receipt: &Receipt, words: &str, sequence: u32, now_us: i64, out: &mut BytesMut) {
    let deliver = Deliver {
        msg_id: msg_id(u64::from(sequence)),
        msg_format: Coding::UCS2,
        recv_time: recv_time(now_us / 1_000, OFFSET_MINUTES).unwrap_or_default(),
        src_term_id: number(&receipt.from),
        dest_term_id: number(&receipt.to),
        content: ucs2(words),
        ..Deliver::default()
    };
    put(sequence, Body::Deliver(Box::new(deliver)), out);
}

fn number(address: &mingluo_channels::sms::smpp::Address) -> Padded<21> {
    Padded::new("TermID", &address.digits.to_text()).unwrap_or_default()
}

/// Octets that are no BCD, as of some gateways in the field.
pub(super) fn msg_id(id: u64) -> MsgId {
    let mut octets = [0xFE; 10];
    octets[2..].copy_from_slice(&id.to_be_bytes());
    MsgId(octets)
}

fn put(sequence: u32, body: Body, out: &mut BytesMut) {
    Pdu { sequence, body }.encode(out);
}

fn octets(sequence: u32, body: Body) -> BytesMut {
    let mut octets = BytesMut::new();
    put(sequence, body, &mut octets);
    octets
}
