//! What the field writes is read, and what was forgiven is said.

use mingluo_exchange::cap::{CapError, Certainty, Forgiven, RootKind, Scope, Severity, Version, read, write};

use crate::alerts::rainstorm;

/// The notes on a rainstorm in which one piece of text was exchanged.
fn forgiven(from: &str, to: &str) -> Vec<(String, Forgiven)> {
    let page = write(&rainstorm()).expect("the rainstorm is valid");
    assert!(page.contains(from), "{from}");
    let reading = read(page.replacen(from, to, 1).as_bytes()).expect("the slip is forgiven");
    reading.notes.into_iter().map(|note| (note.path, note.forgiven)).collect()
}

#[test]
fn each_slip_of_the_field_has_its_note() {
    let taken = "Unknown";
    let cases = [
        ("22:00:00+08:00</sent>", "14:00:00Z</sent>", "alert/sent[1]", Forgiven::ZuluTime),
        ("22:00:00+08:00</sent>", "22:00:00.25+08:00</sent>", "alert/sent[1]", Forgiven::FractionDropped),
        ("</scope>", "</scope><references/>", "alert/references[1]", Forgiven::Empty),
        ("<scope>Public</scope>", "", "alert/scope", Forgiven::Missing { taken: "Public" }),
        ("<language>zh-CN</language>", "", "alert/info[1]/language", Forgiven::NoLanguage),
        ("<expires>2026-11-24T04:00:00+08:00</expires>", "", "alert/info[1]/expires", Forgiven::NoExpires),
        (
            "<severity>Extreme",
            "<severity>Red",
            "alert/info[1]/severity[1]",
            Forgiven::Word { found: "Red".into(), taken },
        ),
        ("<info>", "<info><kind/>", "alert/info[1]", Forgiven::Unknown { name: "kind".into() }),
        (
            " 28.1,113</p",
            " 28.1,113 28.1,113</p",
            "alert/info[1]/area[1]/polygon[1]",
            Forgiven::DoubledClosingPoint,
        ),
        (" 28.1,113</p", "</p", "alert/info[1]/area[1]/polygon[1]", Forgiven::PolygonClosed),
        (
            "28.2,113.1 5.5",
            "here",
            "alert/info[1]/area[1]/circle[1]",
            Forgiven::Unreadable { found: "here".into() },
        ),
        ("<event>", "<event xmlns=''>", "alert/info[1]/event", Forgiven::NoNamespace),
        ("<event>", "<event>大雨</event><event>", "alert/info[1]/event[2]", Forgiven::Repeated),
        ("暴雨红色预警", "<b>暴雨</b>", "alert/info[1]/headline[1]", Forgiven::Markup),
    ];
    for (from, to, path, note) in cases {
        assert_eq!(forgiven(from, to), [(path.to_owned(), note)]);
    }
}

#[test]
fn order_is_forgiven_and_nothing_is_lost() {
    let page = write(&rainstorm()).unwrap();
    let sender = "<sender>qxt@example.org</sender>";
    let moved = page.replace(sender, "").replace("</sent>", &format!("</sent>{sender}"));
    let reading = read(moved.as_bytes()).unwrap();
    assert_eq!(reading.alert, rainstorm());
    assert_eq!(reading.notes[0].to_string(), "line 1, alert/sender: out of order");
}

#[test]
fn a_certainty_of_2004_is_understood() {
    let page = write(&rainstorm()).unwrap();
    let old = page.replace("urn:oasis:names:tc:emergency:cap:1.2", "http://www.incident.com/cap/1.0");
    let reading = read(old.replace(">Likely<", ">Very Likely<").as_bytes()).unwrap();
    assert_eq!((reading.version, reading.alert.infos[0].certainty), (Version::V1_0, Certainty::Likely));
    assert_eq!((reading.alert.scope, reading.alert.infos[0].severity), (Scope::Public, Severity::Extreme));
}

#[test]
fn another_root_is_refused_by_its_name() {
    let cases = [
        ("<feed xmlns='http://www.w3.org/2005/Atom'/>", "feed", RootKind::AtomFeed),
        (
            "<EDXLDistribution xmlns='urn:oasis:names:tc:emergency:EDXL:DE:1.0'/>",
            "EDXLDistribution",
            RootKind::Edxl,
        ),
        ("<a:alert xmlns:a='http://com.icss.amp'/>", "alert", RootKind::ForeignAlert),
    ];
    for (page, root, what) in cases {
        let Err(CapError::Root { name, kind, .. }) = read(page.as_bytes()) else { panic!("{page}") };
        assert_eq!((name.as_str(), kind), (root, what));
    }
}

#[test]
fn what_decides_about_the_alert_is_not_guessed() {
    let page = write(&rainstorm()).unwrap();
    let strange = read(page.replace(">Actual<", ">Aktuell<").as_bytes()).unwrap_err().to_string();
    assert!(strange.starts_with("alert/status is \"Aktuell\": use one of Actual, Exercise"), "{strange}");
    let nameless = read(page.replace("qxt@example.org", " ").as_bytes()).unwrap_err().to_string();
    assert_eq!(nameless, "alert/sender is missing; add it");
    let timeless = read(page.replace("22:00:00+08:00</sent>", "22:00:00</sent>").as_bytes()).unwrap_err();
    assert!(matches!(timeless, CapError::Breach(it) if it.element == "alert/sent"));
}

#[test]
fn a_signature_is_kept_but_not_judged() {
    let raw = "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo/></ds:Signature>";
    let page = write(&rainstorm()).unwrap().replace("</alert>", &format!("{raw}</alert>"));
    let reading = read(page.as_bytes()).unwrap();
    assert_eq!(reading.signature.as_deref(), Some(raw));
    assert_eq!((reading.alert, reading.notes), (rainstorm(), vec![]));
}
