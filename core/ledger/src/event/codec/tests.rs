use super::*;
use mingluo_model::delivery::DeliveryState;
use proptest::prelude::*;

fn any_reason() -> impl Strategy<Value = Reason> {
    prop::sample::select(&Reason::ALL[..])
}

fn any_answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        Just(Answer::Accepted(None)),
        prop::collection::vec(any::<u8>(), 0..64).prop_map(|id| Answer::Accepted(Some(ProviderId::new(&id)))),
        Just(Answer::Busy),
        any_reason().prop_map(Answer::Temporary),
        any_reason().prop_map(Answer::Permanent),
        Just(Answer::Lost),
    ]
}

fn any_status() -> impl Strategy<Value = ReceiptStatus> {
    prop_oneof![
        Just(ReceiptStatus::Delivered),
        Just(ReceiptStatus::Sounded),
        Just(ReceiptStatus::Ended),
        Just(ReceiptStatus::Acknowledged),
        any_reason().prop_map(ReceiptStatus::Failed),
        Just(ReceiptStatus::Expired),
    ]
}

fn any_standing() -> impl Strategy<Value = Standing> {
    (prop::sample::select(&DeliveryState::ALL[..]), any_reason())
        .prop_map(|(state, reason)| Standing::new(state, reason))
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let parcel = (any::<u32>(), 1_u8..4, 1_u16..4).prop_map(|(ordinal, attempt, part_set)| IntentParcel {
        ordinal,
        attempt,
        part_set,
    });
    let answer = (any::<u32>(), any::<u8>(), any_answer()).prop_map(|(ordinal, part, answer)| PartAnswer {
        ordinal,
        part,
        answer,
    });
    let receipt = (any::<u32>(), any::<u8>(), any_status()).prop_map(|(ordinal, part, status)| PartReceipt {
        ordinal,
        part,
        status,
    });
    let moved = (any::<u32>(), any::<u32>(), any_standing()).prop_map(|(first, count, standing)| Moved {
        first,
        count,
        standing,
    });
    prop_oneof![
        (any::<u64>(), any::<u16>(), prop::collection::vec(parcel, 0..50))
            .prop_map(|(first_key, parts, parcels)| Fact::Intent(Intent { first_key, parts, parcels })),
        prop::collection::vec(answer, 0..50).prop_map(Fact::Answers),
        prop::collection::vec(receipt, 0..50).prop_map(Fact::Receipts),
        prop::collection::vec(moved, 0..50).prop_map(Fact::Moved),
    ]
}

/// Makes the checksum of any bytes right, so that what lies behind it is tried too.
fn checked(body: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new(0);
    writer.bytes(body);
    writer.finish()
}

proptest! {
    #[test]
    fn every_fact_comes_back(fact in any_fact()) {
        prop_assert_eq!(Fact::decode(fact.kind(), &fact.encode()), Ok(fact));
    }

    #[test]
    fn no_bytes_make_it_panic(kind in 0_i16..6, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Fact::decode(kind, &bytes).is_err());
        let _ = Fact::decode(kind, &checked(&bytes));
    }
}

#[test]
fn a_lie_about_the_count_costs_no_memory() {
    let mut writer = Writer::new(0);
    writer.number(u64::from(u32::MAX));
    assert_eq!(Fact::decode(ANSWERS, &writer.finish()), Err(CodecError::Short { field: "answers" }));
}

#[test]
fn a_delivery_costs_some_fifteen_bytes() {
    let count = 500_u32;
    let parcels = (0..count).map(|ordinal| IntentParcel { ordinal, attempt: 1, part_set: 1 }).collect();
    let id = |ordinal: u32| ProviderId::new(format!("0823141502{:010}", 4_711 + ordinal).as_bytes());
    let answer = |ordinal| PartAnswer { ordinal, part: 0, answer: Answer::Accepted(Some(id(ordinal))) };
    let receipt = |ordinal| PartReceipt { ordinal, part: 0, status: ReceiptStatus::Delivered };
    let facts = [
        Fact::Intent(Intent { first_key: 1, parts: 1, parcels }),
        Fact::Answers((0..count).map(answer).collect()),
        Fact::Receipts((0..count).map(receipt).collect()),
    ];
    let bytes: usize = facts.iter().map(|fact| fact.encode().len()).sum();
    assert!(bytes < 15 * count as usize, "{bytes} bytes for {count} deliveries");
}
