//! What CAP 1.2 forbids is not written, and the error says which element, which value, and what to do.

use mingluo_exchange::cap::{CapAlert, CapError, CapResource, MsgType, NamedValue, Scope, breaches, write};

use crate::alerts::rainstorm;

/// The elements found in breach after a change to a valid alert.
fn broken(change: impl Fn(&mut CapAlert)) -> Vec<String> {
    let mut alert = rainstorm();
    change(&mut alert);
    let found = breaches(&alert);
    assert_eq!(write(&alert), Err(CapError::Breach(found[0].clone())));
    found.into_iter().map(|it| it.element).collect()
}

#[test]
fn names_have_no_space_comma_or_markup() {
    for name in ["", "a b", "a,b", "a<b", "a&b", "a\u{3000}b", "a\0"] {
        assert_eq!(broken(|it| it.identifier = name.into()), ["alert/identifier"]);
        assert_eq!(broken(|it| it.sender = name.into()), ["alert/sender"]);
    }
}

#[test]
fn the_type_and_the_scope_make_their_demands() {
    for kind in [MsgType::Update, MsgType::Cancel, MsgType::Ack, MsgType::Error] {
        assert_eq!(broken(|it| it.msg_type = kind), ["alert/references"]);
    }
    assert_eq!(broken(|it| it.scope = Scope::Restricted), ["alert/restriction"]);
    assert_eq!(broken(|it| it.restriction = Some("内部".into())), ["alert/restriction"]);
    assert_eq!(broken(|it| it.scope = Scope::Private), ["alert/addresses"]);
    assert_eq!(broken(|it| it.incidents = vec!["a\"b".into()]), ["alert/incidents"]);
}

#[test]
fn an_info_is_complete_and_of_xml() {
    assert_eq!(broken(|it| it.infos[0].language = "zh_CN".into()), ["alert/info[1]/language"]);
    assert_eq!(broken(|it| it.infos[0].categories.clear()), ["alert/info[1]/category"]);
    assert_eq!(broken(|it| it.infos[0].event = " ".into()), ["alert/info[1]/event"]);
    assert_eq!(broken(|it| it.infos[0].headline = Some("a\u{b}".into())), ["alert/info[1]/headline"]);
    assert_eq!(broken(|it| it.infos[0].web = Some("www.example.org".into())), ["alert/info[1]/web"]);
    let nameless = NamedValue { name: String::new(), value: "1".into() };
    assert_eq!(
        broken(|it| it.infos[0].parameters = vec![nameless.clone()]),
        ["alert/info[1]/parameter[1]/valueName"]
    );
}

#[test]
fn shapes_lie_on_the_globe_and_close() {
    let polygon = ["alert/info[1]/area[1]/polygon[1]"];
    let circle = ["alert/info[1]/area[1]/circle[1]"];
    assert_eq!(broken(|it| it.infos[0].areas[0].polygons[0].points.truncate(3)), polygon);
    assert_eq!(broken(|it| it.infos[0].areas[0].polygons[0].points[3].lat = 28.2), polygon);
    assert_eq!(broken(|it| it.infos[0].areas[0].polygons[0].points[1].lat = 113.2), polygon);
    assert_eq!(broken(|it| it.infos[0].areas[0].polygons[0].points[1].lon = f64::NAN), polygon);
    assert_eq!(broken(|it| it.infos[0].areas[0].circles[0].radius_km = -1.0), circle);
    assert_eq!(broken(|it| it.infos[0].areas[0].circles[0].lon = 180.1), circle);
}

#[test]
fn a_ceiling_needs_an_altitude_below_it() {
    let ceiling = ["alert/info[1]/area[1]/ceiling"];
    assert_eq!(broken(|it| it.infos[0].areas[0].ceiling_ft = Some(100.0)), ceiling);
    let upside_down = |it: &mut CapAlert| {
        it.infos[0].areas[0].altitude_ft = Some(200.0);
        it.infos[0].areas[0].ceiling_ft = Some(100.0);
    };
    assert_eq!(broken(upside_down), ceiling);
}

#[test]
fn an_attachment_can_be_found_and_checked() {
    let resource = CapResource {
        description: "录音".into(),
        mime_type: String::new(),
        size: Some(1),
        uri: Some("a.mp3".into()),
        deref_uri: None,
        digest: Some("12".into()),
    };
    let found = broken(|it| it.infos[0].resources = vec![resource.clone()]);
    let path = "alert/info[1]/resource[1]";
    assert_eq!(found, [format!("{path}/mimeType"), format!("{path}/uri"), format!("{path}/digest")]);
}

#[test]
fn an_error_names_element_value_and_fix() {
    let mut alert = rainstorm();
    alert.infos[0].language = "zh_CN".into();
    let error = write(&alert).unwrap_err().to_string();
    assert_eq!(error, "alert/info[1]/language is \"zh_CN\": use a tag such as zh-CN or en-US");
}
