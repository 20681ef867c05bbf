//! Any value a PDU of one version can hold.

use proptest::prelude::*;

use super::*;

pub(super) fn padded<const N: usize>(width: usize) -> impl Strategy<Value = Padded<N>> {
    prop::collection::vec(1..=0x7Fu8, 0..=width)
        .prop_map(|ascii| Padded::new("any", &String::from_utf8(ascii).unwrap()).unwrap())
}

pub(super) fn terminal(version: Version) -> impl Strategy<Value = Terminal> {
    padded(version.number_width())
}

fn content() -> impl Strategy<Value = Octets<255>> {
    prop::collection::vec(any::<u8>(), 0..=255).prop_map(|any| Octets::new("any", any).unwrap())
}

/// 0 or nothing in 2.0, which has no such field.
fn only_30<T: Default + std::fmt::Debug + Clone + 'static>(
    version: Version,
    any: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<T> {
    if version == Version::V30 { any.boxed() } else { Just(T::default()).boxed() }
}

fn result(version: Version) -> impl Strategy<Value = u32> {
    0..=if version == Version::V30 { u32::MAX } else { 255 }
}

pub(super) fn submit(version: Version) -> impl Strategy<Value = Submit> {
    let texts = (padded(10), padded(6), padded(2), padded(6), [padded(17), padded(17)], padded(21));
    let thirty = (only_30(version, any::<[u8; 2]>()), only_30(version, padded(20)));
    let numbers = (terminal(version), prop::collection::vec(terminal(version), 0..=99));
    (any::<(u64, [u8; 8])>(), texts, thirty, numbers, content()).prop_map(
        |((id, flags), texts, ([fee_terminal_type, destination_type], link_id), numbers, content)| {
            let (service_id, msg_src, fee_type, fee_code, [valid_time, at_time], src_id) = texts;
            let (fee_terminal, destinations) = numbers;
            Submit {
                msg_id: MsgId(id),
                pk_total: flags[0],
                pk_number: flags[1],
                registered_delivery: flags[2],
                msg_level: flags[3],
                service_id,
                fee_user_type: flags[4],
                fee_terminal,
                fee_terminal_type,
                tp_pid: flags[5],
                tp_udhi: flags[6],
                msg_fmt: Coding(flags[7]),
                msg_src,
                fee_type,
                fee_code,
                valid_time,
                at_time,
                src_id,
                destinations: Destinations::new("any", destinations).unwrap(),
                destination_type,
                content,
                link_id,
            }
        },
    )
}

fn deliver(version: Version) -> impl Strategy<Value = Deliver> {
    let thirty = (only_30(version, any::<u8>()), only_30(version, padded(20)));
    (any::<(u64, [u8; 4])>(), padded(21), padded(10), terminal(version), thirty, content()).prop_map(
        |((id, flags), dest_id, service_id, src_terminal, (src_terminal_type, link_id), content)| Deliver {
            msg_id: MsgId(id),
            dest_id,
            service_id,
            tp_pid: flags[0],
            tp_udhi: flags[1],
            msg_fmt: Coding(flags[2]),
            src_terminal,
            src_terminal_type,
            registered_delivery: flags[3],
            content,
            link_id,
        },
    )
}

pub(super) fn report(version: Version) -> impl Strategy<Value = Report> {
    (any::<(u64, u32)>(), padded(7), padded(10), padded(10), terminal(version)).prop_map(
        |((id, smsc_sequence), stat, submit_time, done_time, destination)| Report {
            msg_id: MsgId(id),
            stat,
            submit_time,
            done_time,
            destination,
            smsc_sequence,
        },
    )
}

fn connect() -> impl Strategy<Value = Connect> {
    (padded(6), any::<([u8; 16], u8, u32)>()).prop_map(
        |(source_addr, (authenticator, version, timestamp))| Connect {
            source_addr,
            authenticator: Authenticator(authenticator),
            version,
            timestamp: Stamp(timestamp),
        },
    )
}

fn connect_resp() -> impl Strategy<Value = ConnectResp> {
    (any::<([u8; 16], u8)>(), version().prop_flat_map(|layout| (Just(layout), result(layout)))).prop_map(
        |((authenticator, version), (layout, status))| ConnectResp {
            status: ConnectStatus(status),
            authenticator: Authenticator(authenticator),
            version,
            layout,
        },
    )
}

fn query() -> impl Strategy<Value = Query> {
    (padded(8), any::<u8>(), padded(10)).prop_map(|(time, query_type, query_code)| Query {
        time,
        query_type,
        query_code,
    })
}

fn query_resp() -> impl Strategy<Value = QueryResp> {
    (query(), any::<[u32; 8]>()).prop_map(|(query, counts)| QueryResp {
        query,
        submitted: counts[0],
        recipients: counts[1],
        passed_on: counts[2],
        waiting: counts[3],
        failed: counts[4],
        delivered: counts[5],
        undelivered: counts[6],
        lost: counts[7],
    })
}

fn unknown() -> impl Strategy<Value = Body> {
    let foreign = [0x0000_0003, 0x0000_0009, 0x8000_0009, 0x8000_0000, 0x7FFF_FFFF];
    (prop::sample::select(foreign.to_vec()), prop::collection::vec(any::<u8>(), 0..300))
        .prop_map(|(command_id, body)| Body::Unknown { command_id, body: Octets::new("any", body).unwrap() })
}

pub(super) fn pdu(version: Version) -> impl Strategy<Value = Pdu> {
    let bare = [Body::Terminate, Body::TerminateResp, Body::ActiveTest, Body::ActiveTestResp];
    let id = || any::<u64>().prop_map(MsgId);
    let result = || result(version);
    let body = prop_oneof![
        connect().prop_map(Body::Connect),
        connect_resp().prop_map(Body::ConnectResp),
        submit(version).prop_map(|submit| Body::Submit(submit.into())),
        (id(), result()).prop_map(|(msg_id, result)| {
            Body::SubmitResp(SubmitResp { msg_id, result: CommandResult(result) })
        }),
        deliver(version).prop_map(|deliver| Body::Deliver(deliver.into())),
        (id(), result()).prop_map(|(msg_id, result)| {
            Body::DeliverResp(DeliverResp { msg_id, result: CommandResult(result) })
        }),
        query().prop_map(Body::Query),
        query_resp().prop_map(Body::QueryResp),
        id().prop_map(Body::Cancel),
        result().prop_map(|success_id| Body::CancelResp(CancelResp { success_id })),
        prop::sample::select(bare.to_vec()),
        unknown(),
    ];
    (any::<u32>(), body).prop_map(|(sequence, body)| Pdu { sequence, body })
}
