//! The box tests itself. It is eight in the morning in Beijing on the fifth.

use super::*;
use crate::{
    journal::{Diary, Happening},
    selftest::{Kind, Schedule},
    sense::{SimulatedFeedback, SimulatedLevels},
};
use mingluo_model::{bulletin::Envelope, signer::Purpose};

const HOUR: Duration = Duration::from_hours(1);

/// Turns a knob of the air.
type Knob<'a> = &'a dyn Fn(&Air);

fn watch(air: &Air, silent_hour: u8) -> Watch {
    Watch {
        tests: Some(Schedule { silent_hour: Some(silent_hour), audible: Some((5, 10)) }),
        feedback: Some(Box::new(SimulatedFeedback::new(air.clone()))),
        ..Watch::default()
    }
}

/// A box that tests itself, with the knobs of its air already turned.
fn testing(turn: impl Fn(&Air)) -> Village {
    let mut village = Village::new();
    turn(&village.air);
    restart(&mut village, 8);
    village
}

fn restart(village: &mut Village, silent_hour: u8) {
    let card = Box::new(village.card.clone());
    let watch = watch(&village.air, silent_hour);
    village.agent = assemble(village.clock.clone(), &village.air, card, ClockSource::Own, watch);
    greet(&mut village.agent);
}

fn diary(village: &Village) -> &Diary {
    village.agent.journal.book().diary()
}

/// Whether the village heard something, and whether the amplifier had its supply, while so much time passed.
fn live(village: &mut Village, time: Duration) -> (bool, bool) {
    let until = village.clock.ticks() + time;
    let (mut loud, mut fed) = (false, false);
    while let Some(due) = village.agent.due().filter(|due| village.clock.ticks() + *due <= until) {
        village.clock.advance(due);
        village.agent.tick().unwrap();
        loud |= village.air.is_loud();
        fed |= village.air.has_power();
    }
    village.clock.advance(until.saturating_sub(village.clock.ticks()));
    (loud, fed)
}

fn last_beat(village: &mut Village) -> mingluo_model::link::Heartbeat {
    let frames: Vec<_> = std::iter::from_fn(|| village.agent.next_frame()).collect();
    let beat = frames.into_iter().rev().find_map(|frame| match frame {
        BoxFrame::Heartbeat(beat) => Some(beat),
        _ => None,
    });
    beat.expect("a heartbeat")
}

#[test]
fn every_day_at_its_hour_the_amplifier_is_tried_and_nobody_hears_it() {
    let mut village = testing(|_| {});
    assert_eq!(live(&mut village, MINUTE), (false, true));
    let test = diary(&village).tests().back().cloned().unwrap();
    assert!(test.passed && !test.audible, "{test:?}");
    assert!(!village.air.has_power());
    let beat = last_beat(&mut village);
    assert_eq!((beat.health.self_test, beat.state), (Some(test), DeviceState::On));
    restart(&mut village, 8);
    assert_eq!(live(&mut village, HOUR), (false, false), "once a day, also over a restart");
    village.clock.advance(23 * HOUR);
    assert_eq!(live(&mut village, MINUTE), (false, true));
    assert_eq!(diary(&village).tests().len(), 2);
}

#[test]
fn once_a_month_it_sounds_and_is_heard() {
    let mut village = testing(|_| {});
    live(&mut village, 119 * MINUTE);
    assert_eq!(live(&mut village, 2 * MINUTE), (true, true));
    let test = diary(&village).tests().back().unwrap();
    assert!(test.passed && test.audible, "{test:?}");
    live(&mut village, 10 * 24 * HOUR);
    let n_audible = diary(&village).tests().iter().filter(|test| test.audible).count();
    assert_eq!(n_audible, 1);
}

#[test]
fn each_fault_is_found_and_named_and_makes_the_box_faulty() {
    let deaf = |air: &Air| air.deafen(true);
    let cases: [(Knob<'_>, Duration, &str); 4] = [
        (&|air| air.weld(true), MINUTE, "粘连"),
        (&|air| air.make_noise(true), MINUTE, "吸合前已有信号"),
        (&deaf, 2 * HOUR + MINUTE, "没有听到提示音"),
        (&|_| {}, MINUTE, ""),
    ];
    for (turn, time, word) in cases {
        let mut village = testing(turn);
        live(&mut village, time);
        let test = diary(&village).tests().back().cloned().unwrap();
        assert_eq!(test.passed, word.is_empty(), "{test:?}");
        assert!(test.detail.contains(word), "{test:?}");
        assert_eq!(last_beat(&mut village).state == DeviceState::Fault, !test.passed);
    }
}

#[test]
fn a_supply_that_does_not_come_is_found() {
    let mut village = testing(|_| {});
    village.agent.hands.watch.feedback = Some(Box::new(crate::contact::SimulatedContact::default()));
    live(&mut village, MINUTE);
    assert!(diary(&village).tests().back().unwrap().detail.contains("没有供电"));
}

#[test]
fn a_test_waits_for_what_sounds_and_gives_way_to_what_comes() {
    let mut village = Village::new();
    restart(&mut village, 9);
    village.clock.advance(Duration::from_secs(3_599));
    let long = |seq| signed(&Bulletin { end: NOW.plus(2 * HOUR), ..bulletin(seq) });
    village.agent.hear(CityFrame::Order(long(1))).unwrap();
    live(&mut village, Duration::from_secs(11));
    assert!(village.air.has_power() && diary(&village).begun(Kind::Silent).is_none(), "something sounds");
    while diary(&village).begun(Kind::Silent).is_none() {
        live(&mut village, Duration::from_secs(1));
    }
    assert!(village.air.has_power() && !village.air.is_loud());
    let events: Vec<_> = {
        village.agent.hear(CityFrame::Order(long(2))).unwrap();
        std::iter::from_fn(|| village.agent.next_frame())
            .filter_map(|frame| match frame {
                BoxFrame::Report(report) => Some((number(report.ebm), report.event)),
                _ => None,
            })
            .collect()
    };
    assert_eq!(events.last(), Some(&(2, Event::Playing)));
    assert!(village.air.is_loud(), "red sounds at once");
    assert!(diary(&village).tests().is_empty());
    let is_broken_off = |note: &crate::journal::Note| note.what == Happening::TestBrokenOff(Kind::Silent);
    assert!(diary(&village).notes().iter().any(is_broken_off));
}

#[test]
fn a_test_is_no_broadcast() {
    let mut village = testing(|_| {});
    village.clock.advance(Duration::from_millis(1));
    village.agent.tick().unwrap();
    assert!(village.air.has_power());
    let BoxFrame::Heartbeat(beat) = village.agent.heartbeat() else { panic!("no heartbeat") };
    assert_eq!((beat.state, beat.playing), (DeviceState::On, None));
    let frames: Vec<_> = std::iter::from_fn(|| village.agent.next_frame()).collect();
    assert!(frames.iter().all(|frame| !matches!(frame, BoxFrame::Report(_))), "{frames:?}");
}

#[test]
fn a_microphone_must_follow_the_clip_and_not_merely_hear() {
    let cases: [(Knob<'_>, Event); 3] = [
        (&|_| {}, Event::Sounded),
        (&|air| air.deafen(true), Event::NotHeard),
        // Rain on the horn is as loud as the clip, all the time.
        (&|air| air.make_noise(true), Event::NotHeard),
    ];
    for (turn, expected) in cases {
        let mut village = Village::new();
        turn(&village.air);
        let ear = SimulatedLevels::new(village.air.clone(), village.clock.clone(), NonZeroU32::MIN);
        village.agent.hands.sense = Box::new(ear);
        village.hear(order(1));
        village.clock.advance(Duration::ZERO);
        let events = village.pass(MINUTE);
        assert_eq!(events, [(1, expected), (1, Event::Ended)]);
    }
}

#[test]
fn an_amplifier_that_hums_while_its_mixer_is_muted_is_not_heard() {
    let mut village = Village::new();
    village.air.deafen(true);
    village.air.make_hum(true);
    village.hear(order(1));
    village.pass(MINUTE);
    village.agent.hello([2; 32]);
    let reports = village.agent.journal.book().pending().values();
    let told: Vec<_> = reports.map(|report| (report.event, report.detail.clone())).collect();
    assert!(told.iter().all(|(event, _)| *event != Event::Sounded), "{told:?}");
    let (_, detail) = told.iter().find(|(event, _)| *event == Event::NotHeard).unwrap();
    assert!(detail.contains("静音段也不断"), "{detail}");

    // The same hum is no harm to a test that hears the silence: it is found.
    let mut village = testing(|air| air.make_hum(true));
    live(&mut village, MINUTE);
    assert!(diary(&village).tests().back().unwrap().detail.contains("零电平时监听输入有信号"));
}

/// A red bulletin at zero level, as a city would sign it that does not know the rule.
fn mute_red() -> Order {
    let body =
        |volume| Envelope::from_bytes(&signed(&Bulletin { volume, ..bulletin(1) }).envelope).unwrap().body;
    let (mut soft, other) = (body(1), body(2));
    let place = (0..soft.len()).find(|place| soft[*place] != other[*place]).unwrap();
    soft[place] = 0;
    let signature = crate::village::signer().sign_now(Purpose::Bulletin, &soft).bytes;
    let whole = Envelope::from_bytes(&order(1).envelope).unwrap();
    Order { ebm: bulletin(1).ebm, envelope: Envelope { body: soft, signature, ..whole }.to_bytes() }
}

#[test]
fn a_warning_at_zero_level_is_refused_by_name_and_never_counts_as_played() {
    let mut village = Village::new();
    village.agent.hear(CityFrame::Order(mute_red())).unwrap();
    let report = village.reports().pop().unwrap();
    assert_eq!((report.event, report.reason.as_str()), (Event::Refused, "malformed"));
    assert!(report.detail.contains("volume") && report.detail.contains("静默测试不带级别"), "{report:?}");
    assert!(!village.air.has_power());
}

#[test]
fn a_bulletin_at_zero_level_is_the_citys_silent_test() {
    let cases: [(Knob<'_>, bool); 3] =
        [(&|_| {}, true), (&|air| air.weld(true), false), (&|air| air.make_noise(true), false)];
    for (turn, passes) in cases {
        let mut village = testing(turn);
        restart(&mut village, 20);
        let test = Bulletin { class: BroadcastClass::Daily, grade: None, volume: 0, ..bulletin(1) };
        village.agent.hear(CityFrame::Order(signed(&test))).unwrap();
        let (loud, fed) = live(&mut village, 2 * MINUTE);
        assert!(!loud && fed, "the amplifier is tried and nobody hears it");
        let told: Vec<_> = std::iter::from_fn(|| village.agent.next_frame())
            .filter_map(|frame| match frame {
                BoxFrame::Report(report) => Some(report.event),
                _ => None,
            })
            .collect();
        assert_eq!(!told.contains(&Event::NotHeard), passes, "{told:?}");
        assert!(!told.contains(&Event::Sounded) && told.last() == Some(&Event::Ended), "{told:?}");
    }
}
