//! Any value a PDU can hold.

use proptest::prelude::*;

use super::super::{Address, Bind, BindResp, Body, CommandStatus, Pdu, ShortMessage, Tlv, Tlvs};
use crate::sms::wire::{COctets, Octets};

pub(super) fn c_octets<const MAX: usize>() -> impl Strategy<Value = COctets<MAX>> {
    prop::collection::vec(1..=0x7Fu8, 0..MAX)
        .prop_map(|ascii| COctets::new("any", &String::from_utf8(ascii).unwrap()).unwrap())
}

fn free_octets<const MAX: usize>() -> impl Strategy<Value = Octets<MAX>> {
    prop::collection::vec(any::<u8>(), 0..=MAX.min(300)).prop_map(|any| Octets::new("any", any).unwrap())
}

fn address() -> impl Strategy<Value = Address> {
    (any::<u8>(), any::<u8>(), c_octets()).prop_map(|(ton, npi, digits)| Address { ton, npi, digits })
}

fn tlvs() -> impl Strategy<Value = Tlvs> {
    let one = (any::<u16>(), prop::collection::vec(any::<u8>(), 0..40));
    prop::collection::vec(one, 0..6)
        .prop_map(|all| Tlvs::new(all.iter().map(|(tag, value)| Tlv { tag: *tag, value })).unwrap())
}

fn bind() -> impl Strategy<Value = Bind> {
    (c_octets(), c_octets(), c_octets(), any::<[u8; 3]>(), c_octets()).prop_map(
        |(system_id, password, system_type, [interface_version, addr_ton, addr_npi], address_range)| Bind {
            system_id,
            password,
            system_type,
            interface_version,
            addr_ton,
            addr_npi,
            address_range,
        },
    )
}

fn bind_resp() -> impl Strategy<Value = BindResp> {
    (c_octets(), any::<Option<u8>>())
        .prop_map(|(system_id, sc_interface_version)| BindResp { system_id, sc_interface_version })
}

pub(super) fn message() -> impl Strategy<Value = ShortMessage> {
    (c_octets(), [address(), address()], [c_octets(), c_octets()], any::<[u8; 7]>(), free_octets(), tlvs())
        .prop_map(
            |(service_type, [source, destination], [schedule, validity], flags, short_message, tlvs)| {
                ShortMessage {
                    service_type,
                    source,
                    destination,
                    esm_class: flags[0],
                    protocol_id: flags[1],
                    priority_flag: flags[2],
                    schedule_delivery_time: schedule,
                    validity_period: validity,
                    registered_delivery: flags[3],
                    replace_if_present_flag: flags[4],
                    data_coding: flags[5],
                    sm_default_msg_id: flags[6],
                    short_message,
                    tlvs,
                }
            },
        )
}

fn unknown() -> impl Strategy<Value = Body> {
    let foreign = [0x0000_0003, 0x0000_000B, 0x0000_0021, 0x0000_0103, 0x8000_0103, 0x7FFF_FFFF];
    (prop::sample::select(foreign.to_vec()), free_octets())
        .prop_map(|(command_id, body)| Body::Unknown { command_id, body })
}

fn body() -> impl Strategy<Value = Body> {
    let bare = [
        Body::DeliverSmResp,
        Body::EnquireLink,
        Body::EnquireLinkResp,
        Body::Unbind,
        Body::UnbindResp,
        Body::GenericNack,
    ];
    prop_oneof![
        bind().prop_map(Body::BindReceiver),
        bind().prop_map(Body::BindTransmitter),
        bind().prop_map(Body::BindTransceiver),
        bind_resp().prop_map(Body::BindReceiverResp),
        bind_resp().prop_map(Body::BindTransmitterResp),
        bind_resp().prop_map(Body::BindTransceiverResp),
        message().prop_map(Body::SubmitSm),
        message().prop_map(Body::DeliverSm),
        c_octets().prop_map(Body::SubmitSmResp),
        prop::sample::select(bare.to_vec()),
        unknown(),
    ]
}

pub(super) fn pdu() -> impl Strategy<Value = Pdu> {
    (any::<u32>(), any::<u32>(), body()).prop_map(|(sequence, status, body)| Pdu {
        sequence,
        status: CommandStatus(status),
        body,
    })
}
