//! CMPP 3.0 and 2.0.

use bytes::BytesMut;
use mingluo_channels::sms::{
    cmpp::{
        Body, CommandResult, Connect, ConnectResp, ConnectStatus, Deliver, DeliverResp, Framer, MsgId, Pdu,
        Report, SubmitResp, Version, time::report_time,
    },
    wire::{Coding, Padded},
};

use super::{Greeting, Guest, Key, Lock, NoLogin, Said, Submit, Tongue, Why, address, counter, ucs2};
use crate::sim_smsc::{arrival::Arrival, postbag::Receipt, slip::OFFSET_MINUTES};

pub(super) fn greet(heard: &mut BytesMut, lock: &Lock<'_>) -> Result<Option<Greeting>, NoLogin> {
    let Some(Pdu { sequence, body }) = Framer::default().push(heard).map_err(|_| NoLogin)? else {
        return Ok(None);
    };
    let Body::Connect(connect) = body else { return Err(NoLogin) };
    let resp = judge(&connect, lock);
    let (layout, welcome) = (resp.layout, resp.status == ConnectStatus::OK);
    let guest = Guest {
        account: connect.source_addr.to_text().into_owned(),
        hears: true,
        tongue: Tongue::Cmpp(layout),
    };
    Ok(Some((octets(layout, sequence, Body::ConnectResp(resp)), welcome.then_some(guest))))
}

/// Without a password any is good, and our own proof is of none: rubbish, as of some gateways in the field.
fn judge(connect: &Connect, lock: &Lock<'_>) -> ConnectResp {
    let Some(asked) = Version::from_wire(connect.version) else {
        return ConnectResp::refuse(ConnectStatus::STRUCTURE, lock.version);
    };
    if asked == Version::V30 && lock.version == Version::V20 {
        return ConnectResp::refuse(ConnectStatus::VERSION_TOO_HIGH, Version::V20);
    }
    match lock.password {
        Some(password) if !connect.knows(password.as_bytes()) => {
            ConnectResp::refuse(ConnectStatus::AUTHENTICATION, asked)
        }
        password => ConnectResp::accept(connect, password.unwrap_or_default().as_bytes(), asked),
    }
}

pub(super) fn hear(version: Version, heard: &mut BytesMut) -> Option<Said> {
    let Pdu { sequence, body } = match Framer::new(version).push(heard) {
        Ok(pdu) => pdu?,
        Err(error) if error.is_fatal() => return Some(Said::OutOfStep(BytesMut::new())),
        Err(error) => {
            let refusal = Pdu::refusal(&error, version).map(|pdu| octets(version, pdu.sequence, pdu.body));
            return Some(Said::Refused(refusal.unwrap_or_default()));
        }
    };
    Some(match body {
        // One number a submit: what is answered as taken for one must not be lost for the others.
        Body::Submit(submit) if submit.destinations.len() != 1 => {
            let mut words = BytesMut::new();
            turn_away(version, counter(sequence), Why::Refused, &mut words);
            Said::Refused(words)
        }
        Body::Submit(submit) => {
            let destination = submit.destinations.first().copied().unwrap_or_default();
            Said::Submit(Submit {
                key: counter(sequence),
                arrival: Arrival::new(destination.as_bytes(), submit.tp_udhi == 1, submit.content.as_bytes()),
                source: address(&submit.src_id.to_text()),
                destination: address(&destination.to_text()),
                wants_receipt: submit.registered_delivery == 1,
            })
        }
        Body::DeliverResp(DeliverResp { result: CommandResult::OK, .. }) => Said::Took(sequence),
        Body::ActiveTest => Said::Probe(counter(sequence)),
        Body::Terminate => Said::Goodbye(counter(sequence)),
        _ => Said::Nothing,
    })
}

pub(super) fn take(version: Version, key: Key, id: u64, out: &mut BytesMut) {
    let resp = SubmitResp { msg_id: MsgId(id), result: CommandResult::OK };
    put(version, key.counter, Body::SubmitResp(resp), out);
}

pub(super) fn turn_away(version: Version, key: Key, why: Why, out: &mut BytesMut) {
    let result = match why {
        Why::Throttled | Why::Full => CommandResult::FLOW_CONTROL,
        // A vendor's own code (clause 8.7.2): the standard has none for what may pass.
        Why::Temporary => CommandResult(100),
        Why::Refused | Why::Closed => CommandResult::DEST_TERMINAL,
    };
    put(version, key.counter, Body::SubmitResp(SubmitResp { msg_id: MsgId(0), result }), out);
}

pub(super) fn alive(version: Version, key: Key, out: &mut BytesMut) {
    put(version, key.counter, Body::ActiveTestResp, out);
}

pub(super) fn farewell(version: Version, key: Key, out: &mut BytesMut) {
    put(version, key.counter, Body::TerminateResp, out);
}

pub(super) fn report(version: Version, receipt: &Receipt, sequence: u32, now_us: i64, out: &mut BytesMut) {
    let time = |at_us: i64| report_time(at_us / 1_000, OFFSET_MINUTES).unwrap_or_default();
    let number = receipt.from.digits.to_text();
    let destination = Padded::new("Dest_terminal_Id", &number).unwrap_or_default();
    let report = Report {
        msg_id: MsgId(receipt.id),
        stat: Padded::new("Stat", receipt.state.stat()).unwrap_or_default(),
        submit_time: time(receipt.taken_us),
        done_time: time(now_us),
        destination,
        smsc_sequence: sequence,
    };
    let deliver = Deliver {
        // The deliver's own id, never that of the message.
        msg_id: MsgId(u64::from(sequence)),
        dest_id: Padded::new("Dest_Id", &receipt.to.digits.to_text()).unwrap_or_default(),
        src_terminal: destination,
        registered_delivery: 1,
        content: report.to_content(version),
        ..Deliver::default()
    };
    put(version, sequence, Body::Deliver(Box::new(deliver)), out);
}

pub(super) fn reply(version: Version, receipt: &Receipt, words: &str, sequence: u32, out: &mut BytesMut) {
    let deliver = Deliver {
        msg_id: MsgId(u64::from(sequence)),
        dest_id: Padded::new("Dest_Id", &receipt.to.digits.to_text()).unwrap_or_default(),
        src_terminal: Padded::new("Src_terminal_Id", &receipt.from.digits.to_text()).unwrap_or_default(),
        msg_fmt: Coding::UCS2,
        content: ucs2(words),
        ..Deliver::default()
    };
    put(version, sequence, Body::Deliver(Box::new(deliver)), out);
}

fn put(version: Version, sequence: u32, body: Body, out: &mut BytesMut) {
    Pdu { sequence, body }.encode(version, out);
}

fn octets(version: Version, sequence: u32, body: Body) -> BytesMut {
    let mut octets = BytesMut::new();
    put(version, sequence, body, &mut octets);
    octets
}
