//! Stories of one plan: what each fact does to a delivery, and that a replay ends where the run did.

use super::*;
use mingluo_ledger::event::{Answer, Fact, Intent, IntentParcel, PartAnswer, PartReceipt};
use mingluo_model::{
    alert::Language,
    audience::ChannelKind,
    grade::Grade,
    id::{AlertId, PlanId},
    message::Body,
    mode::Live,
    plan::{AccountName, Cause},
    priority::{EmergencyClass, Hearers, Priority, Withdraws},
    receipt::{ProviderId, ReceiptStatus},
    region::Level,
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use std::time::Duration;

pub(crate) const START: Timestamp = Timestamp(1_000_000);
pub(super) const END: Timestamp = Timestamp(9_000_000);

pub(crate) fn progress(recipients: u32, parts: u16, grade: Grade) -> Progress<Live> {
    let mut chance = StdRng::seed_from_u64(1);
    let alert = AlertId::new(START, &mut chance);
    let plan = Plan {
        id: PlanId::new(START, &mut chance),
        alert,
        channel: ChannelKind::Sms,
        account: AccountName("sms".into()),
        message: Message::new(alert, Grade::Red, Language::chinese(), Body::Sms { text: "暴雨".into() }),
        target: Target::People {
            edition: EditionId::new(START, &mut chance),
            ordinals: (100..100 + recipients).collect(),
        },
        priority: Priority {
            withdraws: Withdraws::No,
            class: EmergencyClass::Emergency,
            grade,
            tier: Level::City,
            hearers: Hearers::Residents,
        },
        not_before: START,
        not_after: END,
        cause: Cause::Release,
        instead_of: None,
    };
    let (repeat, receipts) = (Repeat::MayDouble, ReceiptFor::EachPart);
    let rules = Rules { retry: RetryPolicy::default(), repeat, receipts };
    let districts = Arc::new(Districts::default());
    Progress::new(plan, NonZeroU16::new(parts).unwrap(), rules, districts, PlanStatus::Open)
}

/// The same on a channel where a receipt speaks for something else.
pub(crate) fn told_by(receipts: ReceiptFor, recipients: u32) -> Progress<Live> {
    let mut progress = progress(recipients, 1, Grade::Red);
    progress.rules.receipts = receipts;
    progress
}

pub(super) fn state(progress: &Progress<Live>, ordinal: u32) -> DeliveryState {
    progress.standing(ordinal).unwrap().state()
}

pub(super) fn answer(progress: &mut Progress<Live>, ordinal: u32, part: u8, answer: Answer, at: Timestamp) {
    progress.apply(&Fact::Answers(vec![PartAnswer { ordinal, part, answer }]), at);
}

pub(super) fn receipt(progress: &mut Progress<Live>, ordinal: u32, part: u8, status: ReceiptStatus) {
    progress.apply(&Fact::Receipts(vec![PartReceipt { ordinal, part, status }]), START);
}

pub(super) fn taken() -> Answer {
    Answer::Accepted(Some(ProviderId::new(b"1")))
}

#[test]
fn a_message_of_two_parts_is_delivered_only_when_both_are() {
    let mut progress = progress(1, 2, Grade::Red);
    assert_eq!(progress.pick(2, START).len(), 1);
    answer(&mut progress, 100, 0, taken(), START);
    assert_eq!(state(&progress, 100), DeliveryState::Submitting);
    answer(&mut progress, 100, 1, taken(), START);
    receipt(&mut progress, 100, 1, ReceiptStatus::Delivered);
    receipt(&mut progress, 100, 1, ReceiptStatus::Delivered);
    assert_eq!(state(&progress, 100), DeliveryState::Accepted);
    receipt(&mut progress, 100, 0, ReceiptStatus::Delivered);
    assert_eq!(state(&progress, 100), DeliveryState::Delivered);
    assert!(progress.is_settled(START));
}

#[test]
fn only_the_missing_part_is_sent_again() {
    let mut progress = progress(1, 2, Grade::Red);
    progress.pick(2, START);
    answer(&mut progress, 100, 0, taken(), START);
    answer(&mut progress, 100, 1, Answer::Busy, START);
    assert_eq!(progress.ready_at(START), Some(Timestamp(START.0 + 200)));
    let again = progress.pick(2, Timestamp(START.0 + 200));
    assert_eq!(again, [IntentParcel { ordinal: 100, attempt: 1, part_set: 0b10 }]);
}

#[test]
fn a_lost_red_is_sent_again_after_its_doubt_unless_a_receipt_comes() {
    let mut progress = progress(2, 1, Grade::Red);
    progress.pick(2, START);
    answer(&mut progress, 100, 0, Answer::Lost, START);
    answer(&mut progress, 101, 0, Answer::Lost, START);
    assert_eq!(progress.in_doubt(), [100, 101]);
    receipt(&mut progress, 100, 0, ReceiptStatus::Delivered);
    let again = progress.pick(2, Timestamp(START.0 + 2_000));
    assert_eq!(again.iter().map(|parcel| parcel.ordinal).collect::<Vec<_>>(), [101]);
    answer(&mut progress, 101, 0, taken(), Timestamp(START.0 + 2_000));
    assert_eq!(progress.resent_in_doubt(), 1);
}

#[test]
fn a_doubt_whose_resend_never_left_is_a_doubt_still_and_reached_by_a_lift() {
    let mut progress = progress(1, 1, Grade::Red);
    progress.pick(1, START);
    answer(&mut progress, 100, 0, Answer::Lost, START);
    let later = Timestamp(START.0 + 2_000);
    assert_eq!(progress.pick(1, later).len(), 1);
    assert!(
        progress.may_be_told(100, ReceiptStatus::Delivered, later),
        "a receipt of the first try still counts"
    );
    let bad = ReceiptStatus::Failed(Reason::Unreachable);
    assert!(!progress.may_be_told(100, bad, later), "and says nothing of the second if it is bad news");
    answer(&mut progress, 100, 0, Answer::Busy, later);
    assert_eq!((state(&progress, 100), progress.resent_in_doubt()), (DeliveryState::Unknown, 0));
    progress.stop();
    progress.withdraw();
    assert_eq!(progress.give_up_rest(WITHDRAWN), None);
    assert_eq!(progress.reached().iter().collect::<Vec<_>>(), [100]);
}

#[test]
fn what_was_taken_after_all_is_accepted_whatever_becomes_of_the_resend() {
    for fate in
        [Answer::Lost, Answer::Busy, Answer::Temporary(Reason::FarFault), Answer::Permanent(Reason::Quota)]
    {
        let mut progress = progress(1, 1, Grade::Red);
        progress.pick(1, START);
        answer(&mut progress, 100, 0, Answer::Lost, START);
        let later = START.plus(Duration::from_secs(2));
        assert_eq!(progress.pick(1, later).len(), 1);
        answer(&mut progress, 100, 0, taken(), later);
        answer(&mut progress, 100, 0, fate, later);
        assert_eq!(state(&progress, 100), DeliveryState::Accepted);
        assert!(
            progress.pick(1, later.plus(Duration::from_mins(10))).is_empty(),
            "and nothing is sent a third time"
        );
        receipt(&mut progress, 100, 0, ReceiptStatus::Delivered);
        assert!(progress.is_settled(later));
    }
}

#[test]
fn a_resend_that_is_refused_says_nothing_of_the_first_try() {
    let mut progress = progress(1, 1, Grade::Red);
    progress.pick(1, START);
    answer(&mut progress, 100, 0, Answer::Lost, START);
    let later = START.plus(Duration::from_secs(2));
    assert_eq!(progress.pick(1, later).len(), 1);
    answer(&mut progress, 100, 0, Answer::Permanent(Reason::Quota), later);
    assert_eq!(state(&progress, 100), DeliveryState::Unknown);
    assert!(progress.failed().is_empty(), "no other channel takes over what may have arrived");
    receipt(&mut progress, 100, 0, ReceiptStatus::Delivered);
    assert_eq!(state(&progress, 100), DeliveryState::Delivered);
}

#[test]
fn late_answers_that_come_part_by_part_send_nothing_again_at_once() {
    let mut progress = progress(1, 2, Grade::Blue);
    progress.pick(2, START);
    (0..2).for_each(|part| answer(&mut progress, 100, part, Answer::Lost, START));
    let late = START.plus(Duration::from_secs(1));
    answer(&mut progress, 100, 0, taken(), late);
    assert_eq!(state(&progress, 100), DeliveryState::Unknown);
    assert!(progress.pick(2, late).is_empty());
    answer(&mut progress, 100, 1, taken(), late);
    assert_eq!(state(&progress, 100), DeliveryState::Accepted);
    assert!(progress.pick(2, START.plus(Duration::from_mins(5))).is_empty());
}

#[test]
fn proof_of_delivery_lifts_bad_news() {
    let mut progress = progress(1, 1, Grade::Red);
    progress.pick(1, START);
    answer(&mut progress, 100, 0, taken(), START);
    receipt(&mut progress, 100, 0, ReceiptStatus::Failed(Reason::Unreachable));
    receipt(&mut progress, 100, 0, ReceiptStatus::Delivered);
    receipt(&mut progress, 100, 0, ReceiptStatus::Failed(Reason::Unreachable));
    assert_eq!(state(&progress, 100), DeliveryState::Delivered);
}

#[test]
fn a_resend_that_is_lost_too_waits_for_receipts_whatever_its_grade() {
    let mut progress = progress(1, 1, Grade::Red);
    progress.pick(1, START);
    answer(&mut progress, 100, 0, Answer::Lost, START);
    let later = Timestamp(START.0 + 2_000);
    progress.pick(1, later);
    answer(&mut progress, 100, 0, Answer::Lost, later);
    assert_eq!(progress.resent_in_doubt(), 1);
    assert!(progress.pick(1, later.plus(Duration::from_secs(89))).is_empty());
    assert!(!progress.is_settled(later));
    receipt(&mut progress, 100, 0, ReceiptStatus::Delivered);
    assert!(progress.is_settled(later), "nobody is left to try");
    assert!(progress.pick(1, later.plus(Duration::from_secs(90))).is_empty());
}

#[test]
fn where_one_receipt_speaks_for_all_parts_it_delivers_the_message() {
    let mut progress = progress(1, 2, Grade::Blue);
    progress.rules.receipts = ReceiptFor::AllParts;
    progress.pick(2, START);
    (0..2).for_each(|part| answer(&mut progress, 100, part, Answer::Lost, START));
    receipt(&mut progress, 100, 0, ReceiptStatus::Delivered);
    assert_eq!(state(&progress, 100), DeliveryState::Delivered);
}

#[test]
fn where_only_bad_news_comes_silence_settles_and_a_bounce_hours_later_still_counts() {
    let mut progress = progress(2, 1, Grade::Blue);
    progress.rules.receipts = ReceiptFor::BadNews;
    progress.pick(2, START);
    (100..102).for_each(|ordinal| answer(&mut progress, ordinal, 0, taken(), START));
    assert!(progress.is_settled(START) && progress.awaiting() == 0 && progress.unconfirmed().is_empty());
    assert!(!progress.may_be_folded(START, Duration::ZERO), "a relay may give up until the end");
    receipt(&mut progress, 100, 0, ReceiptStatus::Failed(Reason::BadAddress));
    assert_eq!([100, 101].map(|one| state(&progress, one)), [DeliveryState::Failed, DeliveryState::Accepted]);
    assert!(progress.may_be_folded(END, Duration::ZERO));
}

#[test]
fn a_late_answer_and_that_of_a_resend_await_one_receipt() {
    let mut progress = progress(1, 1, Grade::Red);
    progress.pick(1, START);
    answer(&mut progress, 100, 0, Answer::Lost, START);
    progress.pick(1, Timestamp(START.0 + 2_000));
    (0..2).for_each(|_| answer(&mut progress, 100, 0, taken(), END));
    receipt(&mut progress, 100, 0, ReceiptStatus::Delivered);
    assert_eq!((progress.awaiting(), progress.resent_in_doubt()), (0, 1));
}

#[test]
fn a_stop_is_told_to_what_waits_inside_a_session() {
    let mut progress = progress(1, 1, Grade::Blue);
    let recall = progress.recall();
    progress.stop();
    assert!(recall.is_called());
    progress.resume();
    assert!(!recall.is_called());
}

#[test]
fn nothing_leaves_before_the_hold_ends_nor_after_the_end() {
    let mut progress = progress(3, 1, Grade::Red);
    assert!(progress.pick(3, Timestamp(START.0 - 1)).is_empty());
    assert_eq!(progress.pick(1, START).len(), 1);
    assert!(progress.pick(3, END).is_empty());
    let expired = progress.give_up_rest(EXPIRED).unwrap();
    progress.apply(&expired, END);
    assert_eq!(progress.tally().total().of(DeliveryState::Expired), 2);
    assert_eq!(progress.tally().total().of(DeliveryState::Submitting), 1);
}

#[test]
fn a_stopped_plan_sends_nothing_and_still_hears_its_receipts() {
    let mut progress = progress(2, 1, Grade::Blue);
    progress.pick(1, START);
    progress.stop();
    assert!(progress.pick(2, START).is_empty());
    progress.apply(&progress.give_up_rest(WITHDRAWN).unwrap(), START);
    answer(&mut progress, 100, 0, taken(), START);
    receipt(&mut progress, 100, 0, ReceiptStatus::Delivered);
    assert_eq!(
        (state(&progress, 100), state(&progress, 101)),
        (DeliveryState::Delivered, DeliveryState::Withdrawn)
    );
    assert_eq!(progress.reached().iter().collect::<Vec<_>>(), [100]);
}

#[test]
fn accepted_without_receipt_is_said_as_such() {
    let mut progress = progress(3, 1, Grade::Blue);
    progress.pick(3, START);
    for ordinal in 100..103 {
        answer(&mut progress, ordinal, 0, taken(), START);
    }
    receipt(&mut progress, 101, 0, ReceiptStatus::Delivered);
    assert!(!progress.is_settled(START));
    progress.apply(&progress.give_up_receipts(START).unwrap(), END);
    assert_eq!(progress.tally().total().of_reason(DeliveryState::Accepted, Reason::NoReceipt), 2);
    assert!(progress.is_settled(START));
}

#[test]
fn what_was_taken_without_a_name_is_no_arrival_and_nobody_else_s_receipt() {
    let mut progress = progress(2, 1, Grade::Blue);
    progress.pick(2, START);
    answer(&mut progress, 100, 0, taken(), START);
    answer(&mut progress, 101, 0, Answer::Accepted(None), START);
    assert_eq!(progress.standing(101), Some(Standing::new(DeliveryState::Accepted, Reason::NoReceipt)));
    assert!(progress.awaiting() == 1 && !progress.is_settled(START), "the other's receipt is still to come");
    receipt(&mut progress, 100, 0, ReceiptStatus::Delivered);
    assert!(progress.is_settled(START));
}

#[test]
fn a_try_that_was_known_already_is_proved_by_the_receipt_of_the_first() {
    let mut progress = progress(1, 1, Grade::Red);
    progress.pick(1, START);
    answer(&mut progress, 100, 0, Answer::Lost, START);
    let later = START.plus(Duration::from_secs(2));
    assert_eq!(progress.pick(1, later).len(), 1);
    answer(&mut progress, 100, 0, Answer::Accepted(None), later);
    assert!(progress.may_be_told(100, ReceiptStatus::Delivered, later));
    assert_eq!(progress.first_unheard_part(100), Some(0));
    receipt(&mut progress, 100, 0, ReceiptStatus::Delivered);
    assert_eq!(state(&progress, 100), DeliveryState::Delivered);
}

#[test]
fn a_cloud_names_its_message_once_for_all_parts() {
    let mut progress = progress(1, 2, Grade::Blue);
    progress.rules.receipts = ReceiptFor::AllParts;
    progress.pick(2, START);
    answer(&mut progress, 100, 0, taken(), START);
    answer(&mut progress, 100, 1, Answer::Accepted(None), START);
    assert_eq!(progress.awaiting(), 1);
}

#[test]
fn what_was_in_the_air_at_a_crash_is_lost_part_by_part() {
    let mut progress = progress(2, 2, Grade::Red);
    progress.pick(4, START);
    answer(&mut progress, 100, 1, taken(), START);
    let Some(Fact::Answers(lost)) = progress.lost_in_flight() else { panic!("three parts were in the air") };
    let parts: Vec<_> = lost.iter().map(|part| (part.ordinal, part.part)).collect();
    assert_eq!(parts, [(100, 0), (101, 0), (101, 1)]);
}

#[test]
fn what_was_promised_and_taken_back_by_a_lift_is_withdrawn() {
    let mut progress = progress(3, 1, Grade::Blue);
    progress.pick(1, START);
    progress.stop();
    progress.withdraw();
    progress.apply(&progress.give_up_rest(WITHDRAWN).unwrap(), START);
    assert_eq!(state(&progress, 100), DeliveryState::Submitting);
    answer(&mut progress, 100, 0, Answer::Busy, START);
    progress.apply(&progress.give_up_rest(WITHDRAWN).unwrap(), START);
    assert_eq!(progress.tally().total().of(DeliveryState::Withdrawn), 3);
    assert!(progress.is_settled(START) && progress.reached().is_empty());
}

#[test]
fn a_doubt_that_outlives_its_plan_is_not_waited_for() {
    let mut progress = progress(1, 1, Grade::Red);
    progress.pick(1, START);
    answer(&mut progress, 100, 0, Answer::Lost, START);
    assert!(!progress.is_settled(START));
    assert!(progress.is_settled(END));
}

#[test]
fn a_stop_that_is_durable_is_not_taken_back_by_a_second_decision() {
    let mut progress = progress(1, 1, Grade::Red);
    progress.stop();
    progress.resume();
    assert_eq!(progress.status(), PlanStatus::Open);
    progress.stop();
    progress.withdraw();
    progress.resume();
    assert_eq!(progress.status(), PlanStatus::Stopped);
    progress.close();
    progress.stop();
    progress.resume();
    assert_eq!(progress.status(), PlanStatus::Closed);
}

#[test]
fn an_answer_is_waited_for_since_the_last_try_and_then_it_is_tried_again() {
    let mut progress = progress(1, 1, Grade::Red);
    progress.pick(1, START);
    answer(&mut progress, 100, 0, Answer::Temporary(Reason::FarFault), START);
    let again = START.plus(Duration::from_secs(700));
    assert_eq!(progress.pick(1, again).len(), 1);
    let waited = |seconds| again.plus(Duration::from_secs(seconds));
    assert_eq!(progress.give_up_answers(START.plus(Duration::from_mins(10))), None);
    progress.apply(&progress.give_up_answers(again).unwrap(), waited(600));
    assert_eq!(state(&progress, 100), DeliveryState::Unknown);
    assert_eq!(progress.pick(1, waited(602))[0].attempt, 3);
}

#[test]
fn a_doubt_waits_for_the_receipts_that_come_when_the_session_is_back() {
    let mut progress = progress(1, 1, Grade::Red);
    progress.pick(1, START);
    answer(&mut progress, 100, 0, Answer::Lost, START);
    let back = START.plus(Duration::from_mins(5));
    progress.reopened(back);
    assert!(progress.pick(1, back).is_empty());
    assert!(progress.may_be_told(100, ReceiptStatus::Delivered, back));
    receipt(&mut progress, 100, 0, ReceiptStatus::Delivered);
    assert!(progress.pick(1, back.plus(Duration::from_secs(2))).is_empty());
    assert_eq!((state(&progress, 100), progress.resent_in_doubt()), (DeliveryState::Delivered, 0));
}

#[test]
fn a_session_that_comes_and_goes_holds_up_no_doubt_for_ever() {
    let mut progress = progress(1, 1, Grade::Yellow);
    progress.pick(1, START);
    answer(&mut progress, 100, 0, Answer::Lost, START);
    let at = |seconds| START.plus(Duration::from_secs(seconds));
    for seconds in (30..180).step_by(30) {
        progress.reopened(at(seconds));
        assert!(progress.pick(1, at(seconds)).is_empty(), "after {seconds} s");
    }
    progress.reopened(at(180));
    assert_eq!(progress.pick(1, at(180)).len(), 1);
}

#[test]
fn a_doubt_that_waits_for_a_session_is_not_withdrawn_as_if_it_had_never_left() {
    let mut progress = progress(2, 2, Grade::Red);
    progress.pick(2, START);
    (0..2).for_each(|part| answer(&mut progress, 100, part, Answer::Lost, START));
    let later = START.plus(Duration::from_secs(3));
    assert!(progress.pick(1, later).is_empty());
    progress.stop();
    progress.withdraw();
    progress.apply(&progress.give_up_rest(WITHDRAWN).unwrap(), later);
    assert_eq!(state(&progress, 100), DeliveryState::Unknown);
    assert_eq!(progress.reached().iter().collect::<Vec<_>>(), [100]);
}

/// One step of a random life: pick, or an answer or receipt for somebody.
fn any_fact() -> impl Strategy<Value = (u32, u8, u8)> {
    (100_u32..106, 0_u8..2, 0_u8..9)
}

proptest! {
    #[test]
    fn a_replay_of_the_facts_ends_where_the_run_did(steps in prop::collection::vec(any_fact(), 1..80)) {
        let mut run = progress(6, 2, Grade::Orange);
        let mut facts: Vec<(Fact, Timestamp)> = Vec::new();
        for (step, (ordinal, part, kind)) in steps.into_iter().enumerate() {
            let at = Timestamp(START.0 + step as i64 * 700);
            let fact = match kind {
                0 | 1 => {
                    let parcels = run.pick(4, at);
                    facts.push((Fact::Intent(Intent { first_key: 0, parts: 2, parcels }), at));
                    continue;
                }
                2 => Fact::Answers(vec![PartAnswer { ordinal, part, answer: Answer::Busy }]),
                3 => Fact::Answers(vec![PartAnswer { ordinal, part, answer: Answer::Lost }]),
                4 => Fact::Answers(vec![PartAnswer { ordinal, part, answer: Answer::Temporary(Reason::FarFault) }]),
                5 | 6 => Fact::Answers(vec![PartAnswer { ordinal, part, answer: taken() }]),
                7 => Fact::Receipts(vec![PartReceipt { ordinal, part, status: ReceiptStatus::Failed(Reason::Blocked) }]),
                _ => Fact::Receipts(vec![PartReceipt { ordinal, part, status: ReceiptStatus::Delivered }]),
            };
            run.apply(&fact, at);
            facts.push((fact, at));
        }
        let mut again = progress(6, 2, Grade::Orange);
        for (fact, at) in &facts {
            again.apply(fact, *at);
        }
        for ordinal in 100..106 {
            prop_assert_eq!(run.standing(ordinal), again.standing(ordinal));
        }
        prop_assert_eq!((run.reached(), run.awaiting()), (again.reached(), again.awaiting()));
        prop_assert_eq!(run.resent_in_doubt(), again.resent_in_doubt());
        prop_assert_eq!(run.tally().total().total(), 6);
    }
}

#[test]
fn what_is_handed_over_is_counted_here_no_more_and_a_replay_knows_it() {
    let mut one = progress(4, 1, Grade::Red);
    one.pick(1, START);
    answer(&mut one, 100, 0, taken(), START);
    let unsent = one.unsent(START);
    assert_eq!(unsent.iter().collect::<Vec<_>>(), [101, 102, 103]);
    let fact = one.move_unsent(&unsent, Standing::HANDED_OVER).unwrap();
    one.apply(&fact, START);
    assert_eq!((one.tally().total().handed_over(), one.pick(9, START).len()), (3, 0));
    assert_eq!(one.move_unsent(&unsent, Standing::HANDED_OVER), None, "nobody is handed over twice");
    receipt(&mut one, 101, 0, ReceiptStatus::Delivered);
    let view = crate::view::CountsView::of(one.tally().total());
    assert_eq!((view.target, view.states), (1, [("accepted", 1)].into()));
    assert!(one.reached().contains(100) && !one.reached().contains(101));

    let mut again = progress(4, 1, Grade::Red);
    again.apply(&fact, START);
    assert_eq!(again.standing(103), Some(Standing::HANDED_OVER));
}

#[test]
fn a_doubt_is_handed_over_when_it_would_be_sent_again_and_not_before() {
    let mut one = progress(1, 1, Grade::Red);
    one.pick(1, START);
    answer(&mut one, 100, 0, Answer::Lost, START);
    assert!(one.unsent(START).is_empty() && one.may_have_unsent());
    let later = Timestamp(START.0 + 2_000);
    let unsent = one.unsent(later);
    let fact = one.move_unsent(&unsent, Standing::HANDED_OVER).unwrap();
    one.apply(&fact, later);
    assert_eq!((one.pick(1, later).len(), one.is_settled(later)), (0, true));
    assert!(one.reached().contains(100), "a lift must reach whom the first try may have reached");
}

/// Fifty recipients, far from each other.
fn wide(status: PlanStatus) -> Progress<Live> {
    let mut plan = progress(1, 1, Grade::Red).plan;
    let Target::People { ordinals, .. } = &mut plan.target else { panic!() };
    *ordinals = (0..50).map(|nth| 1_000 + nth * 97).collect();
    let (repeat, receipts) = (Repeat::MayDouble, ReceiptFor::EachPart);
    let rules = Rules { retry: RetryPolicy::default(), repeat, receipts };
    Progress::new(plan, NonZeroU16::MIN, rules, Arc::new(Districts::default()), status)
}

#[test]
fn a_plan_of_few_in_a_wide_span_moves_as_one_of_neighbours() {
    let mut one = wide(PlanStatus::Open);
    let picked: RoaringBitmap = one.pick(20, START).iter().map(|parcel| parcel.ordinal).collect();
    for ordinal in &picked {
        answer(&mut one, ordinal, 0, taken(), START);
        receipt(&mut one, ordinal, 0, ReceiptStatus::Delivered);
    }
    assert_eq!(one.tally().total().of(DeliveryState::Delivered), 20);
    assert_eq!(one.standing(1_001), None, "a hole is nobody");
    one.apply(&one.give_up_rest(EXPIRED).unwrap(), START);
    assert_eq!(one.tally().total().of(DeliveryState::Expired), 30);
    let chunks: Vec<_> = one.chunk_numbers().map(|chunk_no| one.fold_chunk(chunk_no)).collect();
    let mut unfolded = wide(PlanStatus::Closed);
    unfolded.unfold(&chunks);
    assert_eq!(unfolded.tally().total().of(DeliveryState::Delivered), 20);
    assert_eq!(unfolded.reached(), picked);
}
