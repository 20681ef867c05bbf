use super::{
    heard::{Outcome, outcome},
    *,
};

/// A small city: four people, two parts each, all well.
struct City {
    kept: Kept,
    heard: Heard,
    targets: HashSet<Box<str>>,
    doubles_allowed: u64,
}

const PEOPLE: [&str; 4] = ["19730600001", "19730600002", "19730600003", "19730600004"];

fn city() -> City {
    let mut city = City {
        kept: Kept { target: 4, parts: 2, states: [("delivered".to_owned(), 4)].into(), ..Kept::default() },
        heard: Heard::default(),
        targets: PEOPLE.map(Into::into).into(),
        doubles_allowed: 0,
    };
    for to in PEOPLE {
        for part in 0..2 {
            city.comes(to, part, &format!("{to}/{part}"));
            city.receipt(to, &format!("{to}/{part}"), Fate::Arrived);
        }
    }
    city
}

impl City {
    fn comes(&mut self, to: &str, part: u8, id: &str) {
        self.heard.add(FarEvent::Arrived { to, part, id, answered: true });
    }

    fn receipt(&mut self, to: &str, id: &str, fate: Fate) {
        self.heard.add(FarEvent::Receipt { to, id, fate });
    }

    /// The log without the lines of a recipient, and what came to that recipient instead.
    fn instead(&mut self, to: &str, lines: &[(u8, &str, bool, Fate)]) {
        let mut heard = Heard::default();
        for other in PEOPLE.into_iter().filter(|other| *other != to) {
            for part in 0..2 {
                let id = format!("{other}/{part}");
                heard.add(FarEvent::Arrived { to: other, part, id: &id, answered: true });
                heard.add(FarEvent::Receipt { to: other, id: &id, fate: Fate::Arrived });
            }
        }
        for (part, id, answered, fate) in lines {
            heard.add(FarEvent::Arrived { to, part: *part, id, answered: *answered });
            heard.add(FarEvent::Receipt { to, id, fate: *fate });
        }
        self.heard = heard;
    }

    fn states(&mut self, states: &[(&str, u64)]) {
        self.kept.states = states.iter().map(|(state, count)| ((*state).to_owned(), *count)).collect();
    }

    fn judge(&self) -> Verdict {
        let Self { kept, heard, targets, doubles_allowed } = self;
        judge(&Case { kept, heard, targets, doubles_allowed: *doubles_allowed, receipts: true })
    }

    fn codes(&self) -> Vec<String> {
        let code =
            |finding: &Finding| serde_json::to_value(finding).unwrap()["code"].as_str().unwrap().to_owned();
        self.judge().findings.iter().map(code).collect()
    }
}

#[test]
fn when_both_sides_agree_nothing_is_wrong() {
    let verdict = city().judge();
    assert!(verdict.is_good(), "{:?}", verdict.findings);
    assert_eq!((verdict.figures.parts_at_simulator, verdict.figures.taken_by_simulator), (8, 4));
}

#[test]
fn one_lost_part_is_caught_and_its_recipient_named() {
    let mut city = city();
    city.instead(PEOPLE[1], &[(0, "a", true, Fate::Arrived)]);
    let verdict = city.judge();
    assert_eq!(verdict.figures.lost, 1);
    let Finding::Lost { count: 1, among } = &verdict.findings[0] else { panic!("{:?}", verdict.findings) };
    assert_eq!(among, &["197****0002"]);
}

#[test]
fn one_doubled_part_is_caught_unless_a_kill_excuses_it() {
    let mut city = city();
    city.comes(PEOPLE[2], 1, "again");
    city.receipt(PEOPLE[2], "again", Fate::Arrived);
    let Finding::Doubled { count: 1, allowed: 0, among } = &city.judge().findings[0] else { panic!() };
    assert_eq!(among, &["197****0003"]);
    city.doubles_allowed = 64;
    assert!(city.judge().is_good());
    assert_eq!(city.judge().figures.doubles, 1);
}

#[test]
fn a_receipt_that_vanishes_is_caught_by_its_name() {
    let mut city = city();
    city.states(&[("delivered", 3), ("accepted", 1)]);
    city.kept.accepted_without_receipt = 1;
    city.kept.unconfirmed = ["19730600001/1".to_owned()].into();
    assert_eq!(city.codes(), ["receipts-differ", "receipt-vanished"]);
    assert!(city.judge().findings[1].en().contains("19730600001/1"));
    assert!(city.judge().findings[1].zh().contains("19730600001/1"));
}

#[test]
fn a_withheld_receipt_is_no_fault_when_both_sides_name_it() {
    let mut city = city();
    city.instead(PEOPLE[0], &[(0, "a", true, Fate::Arrived), (1, "b", true, Fate::Withheld)]);
    city.states(&[("delivered", 3), ("accepted", 1)]);
    city.kept.accepted_without_receipt = 1;
    city.kept.unconfirmed = ["b".to_owned()].into();
    assert!(city.judge().is_good(), "{:?}", city.judge().findings);
    city.kept.unconfirmed.clear();
    assert_eq!(city.codes(), ["receipt-unmissed"]);
}

#[test]
fn a_withheld_receipt_of_a_failed_delivery_is_not_missed() {
    let mut city = city();
    city.instead(PEOPLE[0], &[(0, "a", true, Fate::Failed), (1, "b", true, Fate::Withheld)]);
    city.states(&[("delivered", 3), ("failed", 1)]);
    assert!(city.judge().is_good(), "{:?}", city.judge().findings);
}

#[test]
fn after_a_kill_either_copy_may_carry_the_missing_receipt() {
    let mut city = city();
    city.doubles_allowed = 64;
    let lines =
        [(0, "a", true, Fate::Arrived), (1, "b", false, Fate::Withheld), (1, "c", true, Fate::Withheld)];
    city.instead(PEOPLE[0], &lines);
    city.states(&[("delivered", 3), ("accepted", 1)]);
    city.kept.accepted_without_receipt = 1;
    city.kept.unconfirmed = ["c".to_owned()].into();
    assert!(city.judge().is_good(), "{:?}", city.judge().findings);
}

#[test]
fn a_receipt_of_one_copy_may_stand_for_another_after_a_kill_only() {
    let mut city = city();
    let lines =
        [(0, "a", true, Fate::Withheld), (1, "b", true, Fate::Arrived), (1, "c", true, Fate::Arrived)];
    city.instead(PEOPLE[0], &lines);
    assert_eq!(city.codes(), ["doubled"]);
    city.doubles_allowed = 64;
    assert!(city.judge().is_good(), "{:?}", city.judge().findings);
    city.instead(PEOPLE[0], &lines[..2]);
    assert_eq!(city.codes(), ["receipts-differ", "receipt-unmissed"]);
}

#[test]
fn what_was_taken_without_an_answer_is_unknown_on_both_sides() {
    let mut city = city();
    city.instead(PEOPLE[0], &[(0, "a", true, Fate::Arrived), (1, "b", false, Fate::Silent)]);
    city.states(&[("delivered", 3), ("unknown", 1)]);
    city.kept.unanswered = 1;
    assert!(city.judge().is_good(), "{:?}", city.judge().findings);
    city.kept.unanswered = 0;
    assert_eq!(city.codes(), ["unanswered-differ"]);
}

#[test]
fn an_open_state_a_wrong_sum_and_a_stray_are_each_named() {
    let mut city = city();
    city.states(&[("delivered", 4), ("queued", 1)]);
    city.comes("19730609999", 0, "stray");
    assert_eq!(city.codes(), ["sum-differs", "still-open", "stray"]);
    city.states(&[("delivered", 3), ("withdrawn", 1)]);
    assert_eq!(city.codes(), ["unknowing", "stray", "spared", "receipts-differ"]);
}

#[test]
fn a_receipt_that_comes_before_its_part_is_heard() {
    let mut heard = Heard::default();
    heard.add(FarEvent::Receipt { to: "o1", id: "1", fate: Fate::Arrived });
    heard.add(FarEvent::Arrived { to: "o1", part: 0, id: "1", answered: true });
    heard.finish();
    assert_eq!(outcome(heard.of("o1"), 1), Outcome::Arrived);
    assert_eq!(outcome(heard.of("o1"), 2), Outcome::Incomplete);
}

#[test]
fn who_is_unknown_and_got_nothing_is_lost_also_after_a_kill() {
    let mut city = city();
    city.instead(PEOPLE[1], &[]);
    city.states(&[("delivered", 3), ("unknown", 1)]);
    city.kept.unanswered = 1;
    city.doubles_allowed = 64;
    assert_eq!(city.judge().figures.lost, 1);
}

#[test]
fn who_failed_without_being_tried_is_found_out() {
    let mut city = city();
    city.instead(PEOPLE[1], &[]);
    city.states(&[("delivered", 3), ("failed", 1)]);
    assert_eq!(city.judge().figures.lost, 0);
    assert_eq!(city.codes(), ["failed-unasked"]);
    city.heard.add(FarEvent::Refused { to: PEOPLE[1] });
    assert!(city.judge().is_good(), "{:?}", city.judge().findings);
}

#[test]
fn who_was_spared_unasked_is_found_out() {
    for state in ["expired", "withdrawn"] {
        let mut city = city();
        city.instead(PEOPLE[1], &[]);
        city.states(&[("delivered", 3), (state, 1)]);
        assert_eq!(city.codes(), ["spared"]);
    }
}
