//! Stories of the alert's life: who may do what, and what a signature binds.

use super::*;
use crate::{
    area::Area,
    audience::{Audience, ChannelKind, HeadCount},
    grade::Grade,
    hazard::{Hazard, HazardSystem},
    id::{EditionId, OrgId},
    mode::{Drill, Live},
    priority::EmergencyClass,
    problem::Problem,
    region::Level,
};
use rand::{SeedableRng, rngs::StdRng};
use std::collections::BTreeMap;

const NOON: Timestamp = Timestamp(1_800_000_000_000);
const HOUR: i64 = 3_600_000;

fn officer(seed: u64, roles: &[Role]) -> Officer {
    let mut chance = StdRng::seed_from_u64(seed);
    let owner = Owner { org: OrgId(uuid::Uuid::nil()), scope: "2104".parse().unwrap(), level: Level::City };
    Officer { id: OfficerId::new(NOON, &mut chance), owner, roles: roles.to_vec() }
}

fn content(grade: Grade) -> Content {
    let mut chance = StdRng::seed_from_u64(1);
    Content {
        kind: AlertKind::Alert,
        hazard: Hazard {
            code: "11B03".into(),
            system: HazardSystem::National,
            name_zh: "暴雨".into(),
            name_en: "Rainstorm".into(),
        },
        grade,
        class: EmergencyClass::Emergency,
        texts: BTreeMap::from([(
            Language::chinese(),
            Text {
                headline: "暴雨预警".into(), body: "请立即转移".into(), instruction: String::new()
            },
        )]),
        area: Area {
            regions: vec!["210423".parse().unwrap()], shapes: vec![], described: "清原县".into()
        },
        audience: Audience {
            edition: EditionId::new(NOON, &mut chance),
            regions: vec!["210423".parse().unwrap()],
            groups: vec![],
            counts: BTreeMap::from([(ChannelKind::Sms, HeadCount { recipients: 9, responsible: 1 })]),
        },
        reserve: vec![],
        expires: Timestamp(NOON.0 + 6 * HOUR),
    }
}

fn drafted<M: Mode>(grade: Grade) -> Alert<M> {
    let mut chance = StdRng::seed_from_u64(2);
    let author = officer(10, &[Role::Author, Role::Approver, Role::Releaser]);
    Alert::draft(AlertId::new(NOON, &mut chance), &author, content(grade), NOON).unwrap()
}

fn author() -> Officer {
    officer(10, &[Role::Author, Role::Approver, Role::Releaser])
}

fn approver() -> Officer {
    officer(11, &[Role::Approver])
}

fn releaser() -> Officer {
    officer(12, &[Role::Releaser])
}

#[test]
fn author_cannot_approve() {
    let submitted = drafted::<Live>(Grade::Blue).submit(&author(), &ReleasePolicy::default(), NOON).unwrap();
    let refused = submitted.approve(&author(), &ReleasePolicy::default(), NOON);
    assert_eq!(refused, Err(AlertError::AuthorCannotApprove));
}

#[test]
fn red_needs_three_people_and_blue_two() {
    let policy = ReleasePolicy::default();
    let approved = |grade| {
        drafted::<Live>(grade)
            .submit(&author(), &ReleasePolicy::default(), NOON)
            .unwrap()
            .approve(&approver(), &policy, NOON)
            .unwrap()
    };
    let refused = approved(Grade::Red).release(&author(), &policy, NOON);
    assert_eq!(refused, Err(AlertError::TooFewPeople { grade: Grade::Red, needed: 3, signed: 2 }));
    assert_eq!(approved(Grade::Red).release(&releaser(), &policy, NOON).unwrap().state.word(), "released");
    assert_eq!(approved(Grade::Blue).release(&author(), &policy, NOON).unwrap().state.word(), "released");
}

#[test]
fn an_edit_after_approval_voids_it() {
    let policy = ReleasePolicy::default();
    let mut approved = drafted::<Live>(Grade::Blue)
        .submit(&author(), &ReleasePolicy::default(), NOON)
        .unwrap()
        .approve(&approver(), &policy, NOON)
        .unwrap();
    approved.content.grade = Grade::Red;
    assert_eq!(approved.release(&releaser(), &policy, NOON), Err(AlertError::ContentChanged));
}

#[test]
fn a_drill_never_has_the_hash_of_a_live_alert() {
    assert_ne!(drafted::<Live>(Grade::Red).content_hash(), drafted::<Drill>(Grade::Red).content_hash());
}

#[test]
fn a_release_is_recalled_only_inside_its_hold() {
    let policy = ReleasePolicy::default();
    let released = drafted::<Live>(Grade::Red)
        .submit(&author(), &ReleasePolicy::default(), NOON)
        .unwrap()
        .approve(&approver(), &policy, NOON)
        .unwrap()
        .release(&releaser(), &policy, NOON)
        .unwrap();
    assert!(released.clone().recall(&releaser(), Timestamp(NOON.0 + 9_999)).is_ok());
    let late = released.recall(&releaser(), Timestamp(NOON.0 + 10_000));
    assert!(matches!(late, Err(AlertError::HoldOver { .. })));
}

#[test]
fn only_a_released_alert_is_lifted_and_by_the_one_that_names_it() {
    let red = released();
    let lift = following(&red, AlertKind::Lift(red.id), &author(), |_| ());
    assert!(drafted::<Live>(Grade::Red).followed(&lift, NOON).is_err(), "a draft does not stand");
    let other = following(&red, AlertKind::Lift(AlertId(uuid::Uuid::nil())), &author(), |_| ());
    assert!(red.clone().followed(&other, NOON).is_err(), "it names another");
    assert_eq!(red.followed(&lift, NOON).unwrap().state.word(), "lifted");
}

fn released() -> Alert<Live> {
    let policy = ReleasePolicy::default();
    let submitted = drafted::<Live>(Grade::Red).submit(&author(), &policy, NOON).unwrap();
    submitted.approve(&approver(), &policy, NOON).unwrap().release(&releaser(), &policy, NOON).unwrap()
}

fn following(
    earlier: &Alert<Live>,
    kind: AlertKind,
    officer: &Officer,
    change: fn(&mut Content),
) -> Alert<Live> {
    let mut content = Content { kind, ..earlier.content.clone() };
    change(&mut content);
    Alert::draft(AlertId(uuid::Uuid::max()), officer, content, NOON).unwrap()
}

fn of_scope(officer: &Officer, scope: &str) -> Officer {
    let scope: crate::region::RegionCode = scope.parse().unwrap();
    Officer { owner: Owner { scope, level: scope.level(), ..officer.owner }, ..officer.clone() }
}

#[test]
fn a_county_neither_approves_nor_releases_nor_recalls_what_is_the_citys() {
    let policy = ReleasePolicy::default();
    let county = |officer: Officer| of_scope(&officer, "210423");
    let refused = |done: Result<Alert<Live>, AlertError>| done.unwrap_err().code();
    let submitted = drafted::<Live>(Grade::Red).submit(&author(), &policy, NOON).unwrap();
    assert_eq!(
        refused(submitted.clone().approve(&county(approver()), &policy, NOON)),
        "alert-beyond-authority"
    );
    let approved = submitted.approve(&approver(), &policy, NOON).unwrap();
    assert_eq!(refused(approved.release(&county(releaser()), &policy, NOON)), "alert-beyond-authority");
    assert_eq!(refused(released().recall(&county(releaser()), NOON)), "alert-beyond-authority");
    assert!(released().recall(&of_scope(&releaser(), "21"), NOON).is_ok(), "the province may");
}

#[test]
fn a_village_lifts_no_city_warning() {
    let red = released();
    let village = of_scope(&author(), "210423100001");
    let inside = |content: &mut Content| content.audience.regions = vec!["210423100001".parse().unwrap()];
    let lift = following(&red, AlertKind::Lift(red.id), &village, inside);
    assert!(matches!(red.followed(&lift, NOON), Err(AlertError::BeyondAuthority { .. })));
}

#[test]
fn a_lift_leaves_out_nobody_who_was_warned() {
    let red = released();
    let refused = |change: fn(&mut Content)| {
        red.clone().followed(&following(&red, AlertKind::Lift(red.id), &author(), change), NOON).unwrap_err()
    };
    let narrow = refused(|content| content.audience.regions = vec!["210423100".parse().unwrap()]);
    assert!(matches!(narrow, AlertError::LeavesOut { part: "area", .. }));
    let few = refused(|content| content.audience.groups = vec![crate::audience::Group(1)]);
    assert!(matches!(few, AlertError::LeavesOut { part: "groups", .. }));
    let wide = |content: &mut Content| content.audience.regions = vec!["2104".parse().unwrap()];
    let wide = following(&red, AlertKind::Correction(red.id), &author(), wide);
    assert_eq!(red.followed(&wide, NOON).unwrap().state.word(), "corrected");
}

#[test]
fn nobody_signs_for_the_author() {
    let policy = ReleasePolicy::default();
    let other = officer(13, &[Role::Author]);
    assert_eq!(drafted::<Live>(Grade::Blue).submit(&other, &policy, NOON), Err(AlertError::NotTheAuthor));
    // Kept from before this was a rule: who never signed does not count.
    let mut kept = drafted::<Live>(Grade::Blue);
    let submitted = Signature { officer: releaser().id, at: NOON, content: kept.content_hash() };
    kept.state = AlertState::Approved { submitted, approvals: vec![] };
    let refused = kept.release(&releaser(), &policy, NOON);
    assert_eq!(refused, Err(AlertError::TooFewPeople { grade: Grade::Blue, needed: 2, signed: 1 }));
}

#[test]
fn expired_empty_and_foreign_drafts_are_refused() {
    let refuse = |change: fn(&mut Content)| {
        let mut chance = StdRng::seed_from_u64(2);
        let mut content = content(Grade::Red);
        change(&mut content);
        Alert::<Live>::draft(AlertId::new(NOON, &mut chance), &author(), content, NOON).unwrap_err().code()
    };
    assert_eq!(refuse(|content| content.expires = NOON), "alert-already-expired");
    assert_eq!(refuse(|content| content.audience.counts.clear()), "alert-empty-audience");
    assert_eq!(
        refuse(|content| content.audience.regions = vec!["2105".parse().unwrap()]),
        "alert-out-of-scope"
    );
    assert_eq!(refuse(|content| content.texts.clear()), "alert-no-text");
}

#[test]
fn a_lift_needs_one_person_and_no_hold() {
    let mut chance = StdRng::seed_from_u64(3);
    let first = drafted::<Live>(Grade::Red);
    let lift = Content { kind: AlertKind::Lift(first.id), ..content(Grade::Red) };
    let policy = ReleasePolicy::default();
    let lift = Alert::<Live>::draft(AlertId::new(NOON, &mut chance), &author(), lift, NOON).unwrap();
    let released = lift.submit(&author(), &policy, NOON).unwrap().release(&author(), &policy, NOON).unwrap();
    assert!(matches!(released.state, AlertState::Released { hold_until: NOON, .. }));
}

fn approved(grade: Grade) -> Alert<Live> {
    let policy = ReleasePolicy::default();
    drafted(grade).submit(&author(), &policy, NOON).unwrap().approve(&approver(), &policy, NOON).unwrap()
}

#[test]
fn a_returned_warning_is_a_draft_without_signatures_and_can_be_handed_in_again() {
    let policy = ReleasePolicy::default();
    for officer in [approver(), releaser()] {
        let back = approved(Grade::Red).send_back(&officer, "时间写错").unwrap();
        assert_eq!(back.state, AlertState::Draft);
        let mut content = back.content.clone();
        content.expires = Timestamp(NOON.0 + HOUR);
        let again = back.edit(&author(), content, NOON).unwrap().submit(&author(), &policy, NOON).unwrap();
        assert_eq!(again.state.signers(), BTreeSet::from([author().id]), "what was signed before is void");
        assert!(again.approve(&approver(), &policy, NOON).is_ok());
    }
}

#[test]
fn a_return_wants_a_right_a_reason_and_something_to_return() {
    let refused = |alert: Alert<Live>, officer: &Officer, reason: &str| {
        alert.send_back(officer, reason).unwrap_err().code()
    };
    assert_eq!(refused(approved(Grade::Red), &officer(13, &[Role::Author]), "错"), "alert-no-right");
    assert_eq!(
        refused(approved(Grade::Red), &of_scope(&approver(), "210423"), "错"),
        "alert-beyond-authority"
    );
    assert_eq!(refused(approved(Grade::Red), &approver(), " \n"), "alert-bad-reason");
    assert_eq!(refused(approved(Grade::Red), &approver(), &"错".repeat(201)), "alert-bad-reason");
    assert!(approved(Grade::Red).send_back(&approver(), &"错".repeat(200)).is_ok());
    assert_eq!(refused(drafted(Grade::Red), &approver(), "错"), "alert-wrong-state");
    assert_eq!(refused(released(), &approver(), "错"), "alert-wrong-state");
}

#[test]
fn only_the_author_retracts_and_only_before_the_release() {
    let policy = ReleasePolicy::default();
    let submitted = drafted::<Live>(Grade::Red).submit(&author(), &policy, NOON).unwrap();
    assert_eq!(submitted.clone().retract(&approver()), Err(AlertError::AuthorOnly { step: "retract" }));
    assert_eq!(submitted.retract(&author()).unwrap().state, AlertState::Draft);
    assert_eq!(approved(Grade::Red).retract(&author()).unwrap().state, AlertState::Draft);
    assert!(matches!(released().retract(&author()), Err(AlertError::WrongState { .. })));
}

#[test]
fn a_draft_is_edited_by_its_author_within_the_rules_and_stays_of_its_kind() {
    let draft = drafted::<Live>(Grade::Blue);
    let other = officer(13, &[Role::Author]);
    let refused = draft.clone().edit(&other, content(Grade::Red), NOON).unwrap_err();
    assert_eq!(refused, AlertError::AuthorOnly { step: "edit" });
    let lift = Content { kind: AlertKind::Lift(draft.id), ..content(Grade::Red) };
    let edited = draft.clone().edit(&author(), lift, NOON).unwrap();
    assert_eq!((edited.content.kind, edited.content.grade), (AlertKind::Alert, Grade::Red));
    let late = Content { expires: NOON, ..content(Grade::Red) };
    assert!(matches!(draft.edit(&author(), late, NOON), Err(AlertError::AlreadyExpired { .. })));
    let waiting = approved(Grade::Red).edit(&author(), content(Grade::Red), NOON);
    assert!(matches!(waiting, Err(AlertError::WrongState { .. })), "what is signed is not edited");
}

#[test]
fn an_approval_that_leaves_nobody_to_release_is_seen_before_it_is_given() {
    let policy = ReleasePolicy::default();
    let both = officer(14, &[Role::Approver, Role::Releaser]);
    let writer = officer(10, &[Role::Author]);
    let submitted = |grade| drafted::<Live>(grade).submit(&author(), &policy, NOON).unwrap();
    let red = submitted(Grade::Red);
    let strands = |next: &Officer, staff: &[Officer]| red.strands(next, staff, &policy);
    assert!(strands(&both, &[writer.clone(), approver(), both.clone()]), "the only releaser approves");
    assert!(!strands(&approver(), &[writer.clone(), approver(), both.clone()]));
    assert!(!strands(&both, &[both.clone(), releaser()]), "another one releases");
    assert!(strands(&both, &[both.clone(), of_scope(&releaser(), "210423")]), "a county cannot");
    assert!(strands(&approver(), &[author(), approver()]), "the author is the only releaser");
    assert!(!submitted(Grade::Blue).strands(&both, std::slice::from_ref(&both), &policy), "two are enough");
}

#[test]
fn a_rule_of_four_wants_one_more_approver_besides_the_releaser() {
    let mut policy = ReleasePolicy::default();
    policy.red.people = std::num::NonZeroU8::new(4).unwrap();
    let (second, writer) = (officer(15, &[Role::Approver]), officer(10, &[Role::Author]));
    let red = drafted::<Live>(Grade::Red).submit(&author(), &policy, NOON).unwrap();
    assert!(red.strands(&approver(), &[writer.clone(), approver(), releaser()], &policy));
    assert!(!red.strands(&approver(), &[writer, approver(), second, releaser()], &policy));
}

#[test]
fn who_has_signed_cannot_be_one_person_more() {
    let policy = ReleasePolicy::default();
    let both = Officer { roles: vec![Role::Approver, Role::Releaser], ..approver() };
    let staff = [both.clone(), releaser()];
    let able = |alert: &Alert<Live>| {
        alert.able_to_release(&staff, &policy).iter().map(|officer| officer.id).collect::<Vec<_>>()
    };
    assert_eq!(able(&approved(Grade::Red)), [releaser().id]);
    assert_eq!(able(&approved(Grade::Blue)), [both.id, releaser().id]);
}
