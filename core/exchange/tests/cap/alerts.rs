//! Alerts to test with: one plain Chinese rainstorm warning, and any valid alert at all.

use jiff::{Timestamp, tz::Offset};
use mingluo_exchange::cap::{
    Addresses, CapAlert, CapArea, CapInfo, CapResource, CapTime, Category, Certainty, Circle, MsgType,
    NamedValue, Point, Polygon, Reference, ResponseType, Scope, Severity, Status, Urgency,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

/// A moment of Beijing time, `minute` minutes into a November evening.
pub(crate) fn beijing(minute: i64) -> CapTime {
    let at = Timestamp::from_second(1_795_442_400 + minute * 60).expect("a year of four digits");
    CapTime::new(at, Offset::constant(8)).expect("Beijing is eight hours ahead")
}

/// A red rainstorm warning of a county.
pub(crate) fn rainstorm() -> CapAlert {
    CapAlert {
        identifier: "43010041600000_20261123220000".into(),
        sender: "qxt@example.org".into(),
        sent: beijing(0),
        status: Status::Actual,
        msg_type: MsgType::Alert,
        source: None,
        scope: Scope::Public,
        restriction: None,
        addresses: Addresses::default(),
        codes: vec![],
        note: None,
        references: vec![],
        incidents: vec![],
        infos: vec![rain()],
    }
}

fn rain() -> CapInfo {
    CapInfo {
        language: "zh-CN".into(),
        categories: vec![Category::Met],
        event: "暴雨".into(),
        response_types: vec![ResponseType::Evacuate],
        urgency: Urgency::Immediate,
        severity: Severity::Extreme,
        certainty: Certainty::Likely,
        audience: None,
        event_codes: vec![NamedValue { name: "GB/T 35561".into(), value: "11B03".into() }],
        effective: None,
        onset: Some(beijing(30)),
        expires: Some(beijing(360)),
        sender_name: Some("县气象台".into()),
        headline: Some("暴雨红色预警".into()),
        description: Some("　　预计未来3小时降雨量将达100毫米以上 <请> & 注意。".into()),
        instruction: Some("立即转移。".into()),
        web: None,
        contact: None,
        parameters: vec![],
        resources: vec![],
        areas: vec![county()],
    }
}

fn county() -> CapArea {
    let corner = |lat, lon| Point { lat, lon };
    CapArea {
        description: "某县".into(),
        polygons: vec![Polygon {
            points: vec![corner(28.1, 113.0), corner(28.1, 113.2), corner(28.3, 113.2), corner(28.1, 113.0)],
        }],
        circles: vec![Circle { lat: 28.2, lon: 113.1, radius_km: 5.5 }],
        geocodes: vec![NamedValue { name: "GB/T 2260".into(), value: "430121".into() }],
        altitude_ft: None,
        ceiling_ft: None,
    }
}

/// Any alert that the rules let through.
pub(crate) fn any_alert() -> impl Strategy<Value = CapAlert> {
    let head = (name(), name(), time(), select(Status::ALL), select(MsgType::ALL), option::of(text()));
    let reach = (select(Scope::ALL), text(), vec(word(), 1..3), vec(text(), 0..3), option::of(text()));
    let rest = (vec(reference(), 1..3), vec(word(), 0..3), vec(info(), 0..3));
    (head, reach, rest).prop_map(|(head, reach, rest)| CapAlert {
        identifier: head.0,
        sender: head.1,
        sent: head.2,
        status: head.3,
        msg_type: head.4,
        source: head.5,
        scope: reach.0,
        restriction: (reach.0 == Scope::Restricted).then_some(reach.1),
        addresses: Addresses(if reach.0 == Scope::Public { vec![] } else { reach.2 }),
        codes: reach.3,
        note: reach.4,
        references: rest.0,
        incidents: rest.1,
        infos: rest.2,
    })
}

fn info() -> impl Strategy<Value = CapInfo> {
    let kind = (language(), vec(select(Category::ALL), 1..3), text(), vec(select(ResponseType::ALL), 0..3));
    let weight = (select(Urgency::ALL), select(Severity::ALL), select(Certainty::ALL), option::of(text()));
    let times = (vec(pair(), 0..3), option::of(time()), option::of(time()), option::of(time()));
    let told =
        (option::of(text()), option::of(text()), option::of(text()), option::of(text()), option::of(text()));
    let rest = (option::of(uri()), vec(pair(), 0..3), vec(resource(), 0..2), vec(area(), 0..3));
    (kind, weight, times, told, rest).prop_map(|(kind, weight, times, told, rest)| CapInfo {
        language: kind.0,
        categories: kind.1,
        event: kind.2,
        response_types: kind.3,
        urgency: weight.0,
        severity: weight.1,
        certainty: weight.2,
        audience: weight.3,
        event_codes: times.0,
        effective: times.1,
        onset: times.2,
        expires: times.3,
        sender_name: told.0,
        headline: told.1,
        description: told.2,
        instruction: told.3,
        web: rest.0,
        contact: told.4,
        parameters: rest.1,
        resources: rest.2,
        areas: rest.3,
    })
}

fn resource() -> impl Strategy<Value = CapResource> {
    let parts = (text(), option::of(any::<u64>()), option::of(uri()), option::of("[A-Za-z0-9+/]{8}={0,2}"));
    (parts, option::of("[0-9a-f]{40}")).prop_map(|((description, size, uri, deref_uri), digest)| {
        CapResource { description, mime_type: "audio/mpeg".into(), size, uri, deref_uri, digest }
    })
}

fn area() -> impl Strategy<Value = CapArea> {
    let circle = (point(), 0.0..1e4).prop_map(|(p, radius_km)| Circle { lat: p.lat, lon: p.lon, radius_km });
    let heights = option::of((-1e3..1e4, option::of(0.0..1e4)));
    (text(), vec(polygon(), 0..3), vec(circle, 0..3), vec(pair(), 0..3), heights).prop_map(
        |(description, polygons, circles, geocodes, heights)| CapArea {
            description,
            polygons,
            circles,
            geocodes,
            altitude_ft: heights.map(|it| it.0),
            ceiling_ft: heights.and_then(|(low, more)| more.map(|it: f64| low + it)),
        },
    )
}

fn polygon() -> impl Strategy<Value = Polygon> {
    vec(point(), 3..9).prop_filter_map("a corner twice at the end", |mut points| {
        let twice = points.first() == points.last();
        points.extend(points.first().copied());
        (!twice).then_some(Polygon { points })
    })
}

fn point() -> impl Strategy<Value = Point> {
    (-90.0..=90.0, -180.0..=180.0).prop_map(|(lat, lon)| Point { lat, lon })
}

fn time() -> impl Strategy<Value = CapTime> {
    let years_1_to_9998 = -62_135_500_000..253_370_000_000_i64;
    (years_1_to_9998, -840..=840).prop_map(|(second, minutes)| {
        let offset = Offset::from_seconds(minutes * 60).expect("within a day");
        CapTime::new(Timestamp::from_second(second).expect("four digits of year"), offset).expect("writable")
    })
}

fn reference() -> impl Strategy<Value = Reference> {
    (name(), name(), time()).prop_map(|(sender, identifier, sent)| Reference { sender, identifier, sent })
}

fn pair() -> impl Strategy<Value = NamedValue> {
    (text(), "|[0-9]{1,12}|[暴雨<&>]{1,5}").prop_map(|(name, value)| NamedValue { name, value })
}

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_.:/@\"'>预警𠮷-]{1,20}"
}

fn word() -> impl Strategy<Value = String> {
    "[A-Za-z0-9<&>,预警 \\t\\r\\n]{1,12}"
}

fn language() -> impl Strategy<Value = String> {
    "[a-z]{2}(-[A-Z0-9]{2,8})?"
}

fn uri() -> impl Strategy<Value = String> {
    "https?://[a-z0-9]{1,8}\\.cn(/[a-z0-9预警&=?%]{0,6})?".prop_map(|uri| uri.replace('%', "%E9"))
}

/// Any text that XML can carry, without white space at its ends.
fn text() -> impl Strategy<Value = String> {
    "[\\t\\r\\n -\u{D7FF}\u{E000}-\u{FFFD}𠀀-𠮷]{0,30}[a预<&>\"'\u{3000}]"
        .prop_map(|text| text.trim_matches([' ', '\t', '\r', '\n']).to_owned())
}
