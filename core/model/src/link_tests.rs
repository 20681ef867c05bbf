//! What stands on the wire, and what a later version may add.

use super::*;
use crate::bulletin::samples::ebm;

fn report() -> Report {
    Report {
        id: 3,
        ebm: ebm(1),
        box_code: "62104230010010314010101".parse().unwrap(),
        event: Event::NotHeard,
        reason: String::new(),
        at: Timestamp(5),
        detail: String::new(),
    }
}

#[test]
fn frames_read_back_as_written() {
    let frame = BoxFrame::Report(report());
    let text = frame.write();
    assert!(text.contains(r#""kind":"report""#) && text.contains(r#""event":"not-heard""#), "{text}");
    assert_eq!(BoxFrame::read(&text).unwrap(), frame);
    let order = CityFrame::Order(Order { ebm: ebm(2), envelope: vec![1, 255] });
    assert_eq!(CityFrame::read(&order.write()).unwrap(), order);
}

#[test]
fn a_later_version_may_add_frames_fields_and_events() {
    let text = BoxFrame::Report(report()).write();
    let more = text.replace(r#""id":3"#, r#""id":3,"temperature":21"#);
    assert_eq!(BoxFrame::read(&more).unwrap(), BoxFrame::Report(report()));
    let new_event = text.replace("not-heard", "half-heard");
    assert!(matches!(BoxFrame::read(&new_event).unwrap(), BoxFrame::Report(it) if it.event == Event::Other));
    assert_eq!(CityFrame::read(r#"{"kind":"fetch","clip":1}"#).unwrap(), CityFrame::Other);
}

#[test]
fn device_states_stand_as_the_standards_numbers() {
    assert_eq!(serde_json::to_string(&DeviceState::Playing).unwrap(), "5");
    assert!(serde_json::from_str::<DeviceState>("6").is_err());
}

#[test]
fn too_long_or_foreign_texts_are_refused() {
    assert!(matches!(BoxFrame::read(&" ".repeat(FRAME_LIMIT + 1)), Err(BadFrame::TooLong { .. })));
    assert!(matches!(BoxFrame::read("[]"), Err(BadFrame::NotAFrame(_))));
}
