//! What the roll makes of a day in the villages.

use super::{
    export,
    pick::{Counts, Pick},
    roll::Roll,
    view::Condition,
    visits::visits,
};
use mingluo_channels::speaker::{BoxState, Incident, IncidentKind};
use mingluo_model::{
    bulletin::{EbmId, ResourceCode},
    clock::Timestamp,
    fleet::{Alarm, BoxRecord, BroadcastState, Power, Seen},
    link::{DeviceState, Event, Health, Report, SelfTest},
};

const START: Timestamp = Timestamp(1_783_209_600_000);

fn code(number: u32) -> ResourceCode {
    format!("621042300100103140{number:05}").parse().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp(START.0 + seconds * 1_000)
}

fn record(number: u32, people: u32) -> BoxRecord {
    BoxRecord {
        code: code(number),
        region: "210423001001".parse().unwrap(),
        place: "村委会".into(),
        at: None,
        organisation: String::new(),
        power: Power::Mains,
        horns: 4,
        watts: 120,
        people: Some(people),
        certificate_until: None,
        enrolled: None,
        retired: None,
    }
}

/// A box with a link that has just sent a heartbeat.
fn alive(number: u32, heard: Timestamp) -> BoxState {
    BoxState {
        code: code(number),
        connected: true,
        last_heard: Some(heard),
        device_state: Some(DeviceState::On),
        firmware: "1.0".into(),
        key_set: 0,
        certificate_until: None,
        clock_lost: false,
        case_open: false,
        replaced: 0,
        region: Some("210423001001".parse().unwrap()),
        health: Health::default(),
        playing: None,
        polls: false,
        incidents: Vec::new(),
    }
}

fn report(number: u32, id: u64, event: Event, seconds: i64) -> Report {
    let ebm = EbmId::new("42104000000000103010101".parse().unwrap(), 20_260_705, 17).unwrap();
    let (reason, detail) = (String::new(), String::new());
    Report { id, ebm, box_code: code(number), event, reason, at: at(seconds), detail }
}

fn take(roll: &mut Roll, reports: Vec<Report>) {
    let strange = roll.take_in(reports);
    roll.remember(&strange, Vec::new());
    roll.apply();
}

/// Keeps what is to be kept; gives how many boxes, broadcasts and events that were.
fn keep(roll: &mut Roll) -> (usize, usize, usize) {
    let heard = roll.unkept(usize::MAX);
    roll.kept(&heard);
    (heard.seen.len(), heard.playouts.len(), heard.events.len())
}

fn hear(roll: &mut Roll, states: Vec<BoxState>, now: Timestamp) -> Vec<super::roll::Change> {
    roll.hear(states, now);
    roll.judge(0, now)
}

#[test]
fn ten_thousand_heartbeats_are_kept_a_tenth_with_each_look_and_only_news_at_once() {
    let mut roll = Roll::new(START, Vec::new());
    let all = |heard| (0..10_000).map(|number| alive(number, heard)).collect::<Vec<_>>();
    hear(&mut roll, all(at(1)), at(1));
    assert_eq!(keep(&mut roll), (10_000, 0, 0), "heard for the first time is news");
    hear(&mut roll, all(at(2)), at(2));
    assert_eq!(keep(&mut roll), (0, 0, 0));
    hear(&mut roll, all(at(10)), at(10));
    roll.gather_signs(10);
    for look in 0..10 {
        roll.turn_to_signs();
        assert_eq!(keep(&mut roll), (1_000, 0, 0), "look {look}");
    }
    roll.turn_to_signs();
    assert_eq!(keep(&mut roll), (0, 0, 0));
}

#[test]
fn at_the_end_every_sign_of_life_is_kept_in_one_look() {
    let mut roll = Roll::new(START, Vec::new());
    let some = |heard| (0..25).map(|number| alive(number, heard)).collect::<Vec<_>>();
    hear(&mut roll, some(at(1)), at(1));
    keep(&mut roll);
    hear(&mut roll, some(at(2)), at(2));
    roll.gather_signs(10);
    roll.turn_to_signs();
    assert_eq!(keep(&mut roll), (3, 0, 0));
    roll.gather_signs(1);
    roll.turn_to_signs();
    assert_eq!(keep(&mut roll), (22, 0, 0));
}

#[test]
fn a_box_that_falls_silent_is_offline_after_three_hundred_seconds_and_back_when_it_is_heard() {
    let mut roll = Roll::new(START, Vec::new());
    hear(&mut roll, vec![alive(1, at(0))], at(0));
    let gone = BoxState { connected: false, ..alive(1, at(0)) };
    assert!(hear(&mut roll, vec![gone.clone()], at(299)).is_empty());
    assert_eq!(roll.view(code(1)).unwrap().condition(), Condition::Online);
    let changes = hear(&mut roll, vec![gone], at(300));
    assert_eq!((changes.len(), changes[0].alarm, changes[0].is_raised), (1, Alarm::Offline, true));
    assert_eq!(roll.view(code(1)).unwrap().condition(), Condition::Offline);
    let changes = hear(&mut roll, vec![alive(1, at(360))], at(360));
    assert_eq!((changes.len(), changes[0].is_raised), (1, false));
    let events: Vec<_> =
        roll.unkept(usize::MAX).events.into_iter().map(|it| (it.kind, it.detail, it.at)).collect();
    let told = |kind: &str, seconds| (kind.to_owned(), "offline".to_owned(), at(seconds));
    assert_eq!(events, [told("raised", 300), told("cleared", 360)]);
}

#[test]
fn after_a_restart_what_was_heard_is_known_and_nothing_is_shown_as_online_that_was_not_heard() {
    let seen = Seen { last_heard: Some(at(-3_000)), state: Some(DeviceState::On), ..Seen::default() };
    let mut roll = Roll::new(START, vec![(code(1), seen)]);
    let awaited = roll.view(code(1)).unwrap();
    assert_eq!((awaited.condition(), awaited.seen.last_heard), (Condition::Awaited, Some(at(-3_000))));
    assert!(hear(&mut roll, Vec::new(), at(299)).is_empty());
    assert_eq!(hear(&mut roll, Vec::new(), at(300))[0].alarm, Alarm::Offline);
    // A box that was only written to has a row in the hub and has said nothing.
    let silent = BoxState { last_heard: None, connected: false, ..alive(1, at(0)) };
    assert!(hear(&mut roll, vec![silent], at(400)).is_empty());
    assert_eq!(roll.view(code(1)).unwrap().seen.last_heard, Some(at(-3_000)));
}

#[test]
fn reports_become_broadcasts_with_times_and_are_done_with_when_they_are_kept() {
    let mut roll = Roll::new(START, Vec::new());
    let reports = vec![
        report(1, 1, Event::Verified, 1),
        report(1, 2, Event::Playing, 2),
        report(1, 3, Event::Sounded, 3),
    ];
    take(&mut roll, reports.clone());
    let heard = roll.unkept(usize::MAX);
    let (_, playout) = &heard.playouts[0];
    assert_eq!((playout.state, playout.started), (BroadcastState::Playing, Some(at(2))));
    assert_eq!(heard.seen[0].1.last_sounded, Some(at(3)));
    // The store fails: with the next look all of it is there again, and more.
    take(&mut roll, vec![report(1, 4, Event::Ended, 9)]);
    let heard = roll.unkept(usize::MAX);
    assert_eq!(
        (heard.playouts[0].1.state, heard.playouts[0].1.ended),
        (BroadcastState::Success, Some(at(9)))
    );
    assert_eq!(roll.kept(&heard).len(), 4, "only now may the box forget them");
    assert_eq!(keep(&mut roll), (0, 0, 0));
}

#[test]
fn no_box_forgets_a_report_while_anything_that_it_changed_is_unkept() {
    let mut roll = Roll::new(START, Vec::new());
    hear(&mut roll, (0..3).map(|number| alive(number, at(1))).collect(), at(1));
    take(&mut roll, vec![report(2, 1, Event::Sounded, 2)]);
    let some = roll.unkept(2);
    assert_eq!((some.seen.len(), roll.kept(&some).len()), (2, 0), "how the third sounded is not kept yet");
    let rest = roll.unkept(2);
    assert_eq!((rest.seen[0].1.last_sounded, roll.kept(&rest).len()), (Some(at(2)), 1));
}

#[test]
fn what_the_hub_suspects_is_an_alarm_for_a_day() {
    let mut roll = Roll::new(START, Vec::new());
    let forgery = IncidentKind::Forgery { reason: "bad-signature".into(), detail: String::new() };
    let cloned = IncidentKind::Cloned { addresses: [None, None] };
    let noticed = |kind: &IncidentKind| Incident { kind: kind.clone(), first: at(0), last: at(60), count: 3 };
    let incidents = vec![noticed(&cloned), noticed(&forgery)];
    let suspected = |seconds| vec![BoxState { incidents: incidents.clone(), ..alive(1, at(seconds)) }];
    let changes = hear(&mut roll, suspected(61), at(61));
    let told: Vec<_> = changes.iter().map(|change| (change.alarm, change.is_raised)).collect();
    assert_eq!(told, [(Alarm::Doubled, true), (Alarm::Forged, true)]);
    assert!(hear(&mut roll, suspected(86_459), at(86_459)).is_empty());
    let changes = hear(&mut roll, suspected(86_460), at(86_460));
    assert!(changes.len() == 2 && changes.iter().all(|change| !change.is_raised));
}

#[test]
fn the_certificate_that_a_box_shows_counts_over_the_one_that_was_written_down() {
    let mut roll = Roll::new(START, Vec::new());
    let ends = |days: i64| Some(at(days * 86_400));
    let old = BoxRecord { certificate_until: ends(20), ..record(1, 50) };
    roll.write_down((1, START), vec![(old, false)]);
    let changes = hear(&mut roll, vec![alive(1, at(1))], at(1));
    assert_eq!((changes[0].alarm, changes[0].is_raised), (Alarm::CertificateExpiring, true));
    let renewed = BoxState { certificate_until: ends(180), ..alive(1, at(2)) };
    let changes = hear(&mut roll, vec![renewed], at(2));
    assert_eq!((changes[0].alarm, changes[0].is_raised), (Alarm::CertificateExpiring, false));
    let missed = BoxState { certificate_until: ends(180), ..alive(1, at(151 * 86_400)) };
    let changes = hear(&mut roll, vec![missed], at(151 * 86_400));
    assert_eq!(changes[0].alarm, Alarm::CertificateExpiring, "it should have been renewed by then");
}

#[test]
fn who_hears_most_of_the_worst_is_visited_first_and_the_dead_are_not_forgotten() {
    let mut roll = Roll::new(START, Vec::new());
    let retired = BoxRecord { retired: Some(START), ..record(6, 900) };
    let people = [(1, 50), (2, 800), (3, 400), (4, 10), (5, 300)];
    let mut boxes: Vec<_> = people.iter().map(|(number, n)| (record(*number, *n), false)).collect();
    boxes.push((retired, false));
    roll.write_down((6, START), boxes);
    let test = SelfTest { at: at(0), audible: false, passed: false, detail: String::new() };
    let failed = Health { self_test: Some(test), ..Health::default() };
    let dark = Health { mains: Some(false), ..Health::default() };
    let states = vec![
        BoxState { health: failed.clone(), ..alive(1, at(1)) },
        BoxState { health: failed, ..alive(3, at(1)) },
        BoxState { health: dark.clone(), ..alive(2, at(1)) },
        alive(4, at(1)),
        BoxState { health: dark, ..alive(6, at(1)) },
    ];
    hear(&mut roll, states, at(1));
    let county = "210423".parse().unwrap();
    let views = roll.views(|view| view.is_in(county) && !view.is_retired());
    let sums = Counts::of(&views);
    assert_eq!((sums.all, sums.with_alarm, sums.on_battery), (5, 3, 1));
    assert_eq!((sums.in_condition(Condition::Fault), sums.in_condition(Condition::NeverHeard)), (2, 1));
    let alarm = Pick { show: "alarm".into(), ..Pick::default() };
    assert_eq!(views.iter().filter(|view| alarm.wants(view, |_| None)).count(), 3);
    let order: Vec<_> = visits(views, |_| 0).into_iter().map(|it| (it.view.code, it.urgency)).collect();
    assert_eq!(order, [(code(3), 3), (code(1), 3), (code(2), 2), (code(5), 2)]);
    assert!(roll.views(|view| view.is_in("210402".parse().unwrap())).is_empty(), "another county's officer");
}

#[test]
fn no_cell_of_the_file_is_a_formula() {
    let mut roll = Roll::new(START, Vec::new());
    let nasty = BoxRecord { place: "=HYPERLINK(1)".into(), ..record(1, 5) };
    roll.write_down((1, START), vec![(nasty, false)]);
    let trips = visits(roll.views(|_| true), |_| 0);
    let words = export::Words {
        division: &|_| "苍石村".to_owned(),
        alarm: &str::to_owned,
        at: &|at| at.0.to_string(),
    };
    let text = String::from_utf8(export::csv(&trips, &words).unwrap()).unwrap();
    assert!(
        text.starts_with('\u{feff}') && text.contains("'=HYPERLINK") && text.contains("never-heard"),
        "{text}"
    );
    assert_eq!(export::json(&trips)[0]["people"], 5);
}
