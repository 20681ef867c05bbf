//! Any value a PDU can hold.

use proptest::prelude::*;

use super::*;

fn padded<const N: usize>() -> impl Strategy<Value = Padded<N>> {
    prop::collection::vec(1..=0x7Fu8, 0..=N)
        .prop_map(|ascii| Padded::new("any", &String::from_utf8(ascii).unwrap()).unwrap())
}

pub(super) fn term_id() -> impl Strategy<Value = TermId> {
    padded()
}

fn msg_id() -> impl Strategy<Value = MsgId> {
    any::<[u8; 10]>().prop_map(MsgId)
}

fn content() -> impl Strategy<Value = Octets<255>> {
    prop::collection::vec(any::<u8>(), 0..=255).prop_map(|any| Octets::new("any", any).unwrap())
}

fn options() -> impl Strategy<Value = Options> {
    let one = (any::<u16>(), prop::collection::vec(any::<u8>(), 0..40));
    prop::collection::vec(one, 0..6)
        .prop_map(|all| Options::new(all.iter().map(|(tag, value)| (*tag, &value[..]))).unwrap())
}

pub(super) fn submit() -> impl Strategy<Value = Submit> {
    let fees = (padded(), padded(), padded(), padded());
    let numbers = (term_id(), term_id(), prop::collection::vec(term_id(), 0..=100));
    (any::<[u8; 4]>(), fees, [padded(), padded()], numbers, content(), options()).prop_map(
        |(flags, fees, [valid_time, at_time], numbers, content, options)| {
            let (service_id, fee_type, fee_code, fixed_fee) = fees;
            let (src_term_id, charge_term_id, dest_term_ids) = numbers;
            Submit {
                msg_type: flags[0],
                need_report: flags[1],
                priority: flags[2],
                service_id,
                fee_type,
                fee_code,
                fixed_fee,
                msg_format: Coding(flags[3]),
                valid_time,
                at_time,
                src_term_id,
                charge_term_id,
                dest_term_ids: DestTermIds::new("any", dest_term_ids).unwrap(),
                content,
                options,
            }
        },
    )
}

fn deliver() -> impl Strategy<Value = Deliver> {
    (msg_id(), any::<[u8; 2]>(), padded(), [term_id(), term_id()], content(), options()).prop_map(
        |(msg_id, flags, recv_time, [src_term_id, dest_term_id], content, options)| Deliver {
            msg_id,
            is_report: flags[0],
            msg_format: Coding(flags[1]),
            recv_time,
            src_term_id,
            dest_term_id,
            content,
            options,
        },
    )
}

pub(super) fn report() -> impl Strategy<Value = Report> {
    let stat = padded().prop_filter("a report has an outcome", |stat: &Padded<7>| !stat.is_empty());
    (msg_id(), padded(), padded(), stat, padded()).prop_map(|(msg_id, submit_date, done_date, stat, err)| {
        Report { msg_id, submit_date, done_date, stat, err }
    })
}

fn login() -> impl Strategy<Value = Login> {
    (padded(), any::<([u8; 16], [u8; 2], u32)>()).prop_map(
        |(client_id, (authenticator, [login_mode, version], timestamp))| Login {
            client_id,
            authenticator: Authenticator(authenticator),
            login_mode,
            timestamp: Stamp(timestamp),
            version,
        },
    )
}

fn login_resp() -> impl Strategy<Value = LoginResp> {
    any::<(u32, [u8; 16], u8)>().prop_map(|(status, authenticator, version)| LoginResp {
        status: Status(status),
        authenticator: Authenticator(authenticator),
        version,
    })
}

fn resp() -> impl Strategy<Value = SubmitResp> {
    (msg_id(), any::<u32>()).prop_map(|(msg_id, status)| SubmitResp { msg_id, status: Status(status) })
}

fn unknown() -> impl Strategy<Value = Body> {
    let foreign = [0x0000_0005, 0x0000_0007, 0x8000_0007, 0x8000_0000, 0x7FFF_FFFF];
    (prop::sample::select(foreign.to_vec()), prop::collection::vec(any::<u8>(), 0..300))
        .prop_map(|(command_id, body)| Body::Unknown { command_id, body: Octets::new("any", body).unwrap() })
}

pub(super) fn pdu() -> impl Strategy<Value = Pdu> {
    let bare = [Body::ActiveTest, Body::ActiveTestResp, Body::Exit, Body::ExitResp];
    let body = prop_oneof![
        login().prop_map(Body::Login),
        login_resp().prop_map(Body::LoginResp),
        submit().prop_map(|submit| Body::Submit(submit.into())),
        resp().prop_map(Body::SubmitResp),
        deliver().prop_map(|deliver| Body::Deliver(deliver.into())),
        resp().prop_map(Body::DeliverResp),
        prop::sample::select(bare.to_vec()),
        unknown(),
    ];
    (any::<u32>(), body).prop_map(|(sequence, body)| Pdu { sequence, body })
}
