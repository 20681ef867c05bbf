//! The file in `deploy` is good; each way to spoil it is named.

use super::*;
use mingluo_model::grade::Grade;
use std::{error::Error as _, time::Duration};

const SHIPPED: &str = include_str!("../../../deploy/speaker.toml");

fn read(text: &str) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("speaker.toml");
    std::fs::write(&path, text).unwrap();
    Config::read(&path)
}

fn spoilt(good: &str, bad: &str) -> String {
    assert!(SHIPPED.contains(good), "{good}");
    let error = read(&SHIPPED.replacen(good, bad, 1)).unwrap_err();
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    format!("{error}\n{source}")
}

#[test]
fn the_shipped_file_is_read_and_states_the_defaults() {
    let config = read(SHIPPED).unwrap();
    assert_eq!(config.play, PlayConfig::default());
    assert_eq!(config.clips, ClipsConfig::default());
    assert_eq!(config.simulation, SimulationConfig::default());
    assert!(config.trust.keys_file.is_absolute());
}

#[test]
fn a_wrong_key_value_or_address_is_named() {
    assert!(spoilt("ping_s", "pings").contains("pings"));
    assert!(
        spoilt("ping_s = 30", "ping_s = 300").contains("city.ping_s = 300：应为 5 至 60 / must be 5 to 60")
    );
    assert!(spoilt("wss://", "http://").contains("city.addresses"));
    assert!(spoilt("wait_s = 5", "wait_s = 10").contains("clips.wait_s = 10：应为 1 至 9 / must be 1 to 9"));
    assert!(spoilt("210423001001", "21042").contains("21042"));
    assert!(spoilt("mode = \"live\"", "mode = \"real\"").contains("real"));
}

#[test]
fn a_real_relay_allows_no_pretence() {
    let real = SHIPPED.replace("[relay]\nkind = \"simulated\"", "[relay]\nkind = \"gpio\"\npin = 17");
    assert_ne!(real, SHIPPED);
    let mute = read(&real).unwrap_err().to_string();
    assert!(mute.contains("play.sink = \"wav\"：真实继电器旁请用 sink = \"alsa\""), "{mute}");
    assert!(
        read(&real.replace("sink = \"wav\"", "sink = \"mute\""))
            .unwrap_err()
            .to_string()
            .contains("\"mute\"")
    );
    let real = real.replace("sink = \"wav\"", "sink = \"alsa\"");
    assert!(read(&real).unwrap_err().to_string().contains("sense.kind"));
    let honest = real.replace("[sense]\nkind = \"simulated\"\ndeaf = false", "[sense]\nkind = \"none\"");
    assert!(read(&honest).is_ok());
    assert!(read(&honest.replace("time_scale = 1", "time_scale = 60")).is_err());
}

#[test]
fn an_emulated_board_says_so_and_needs_no_sound_card() {
    let mute = wired().replace("sink = \"alsa\"", "sink = \"mute\"");
    assert!(read(&mute).unwrap_err().to_string().contains("simulation.emulated_board = true"));
    let emulated = read(&format!("{mute}\nemulated_board = true\n")).unwrap();
    assert!(emulated.simulation.emulated_board && !read(SHIPPED).unwrap().simulation.emulated_board);
}

const WIRED: &str = "[relay]\nkind = \"gpio\"\npin = 17\nactive_low = true\n[sense]\nkind = \"gpio\"\npin = 27\n\
    [tamper]\npin = 22\nactive_low = true\n[button]\npin = 23\nkey_pin = 24\n\
    [feedback]\nkind = \"gpio\"\npin = 25\n[mains]\npin = 5\n\
    [siren]\nkind = \"gpio\"\npin = 6\ngrades = { red = 20, orange = 8 }\n";

/// The shipped file with real wires.
fn wired() -> String {
    let (before, rest) = SHIPPED.split_once("[relay]\n").unwrap();
    let (_, after) = rest.split_once("[simulation]").unwrap();
    format!("{before}{WIRED}[simulation]{after}").replace("sink = \"wav\"", "sink = \"alsa\"")
}

#[test]
fn every_wire_has_its_own_pin_and_its_own_level() {
    let config = read(&wired()).unwrap();
    assert_eq!(config.relay.pin(), Some(Pin { number: 17, active_low: true }));
    assert_eq!((config.button.unwrap().hold_s, config.tamper.unwrap().pin), (3, 22));
    let twice = read(&wired().replace("pin = 22", "pin = 17")).unwrap_err().to_string();
    assert!(twice.contains("tamper.pin = 17：与 relay.pin 用了同一引脚"), "{twice}");
    let beyond = read(&wired().replace("pin = 23", "pin = 28")).unwrap_err().to_string();
    assert!(beyond.contains("button.pin = 28：应为 2 至 27 / must be 2 to 27"), "{beyond}");
    assert!(read(&wired().replace("pin = 23", "pin = 23\nhold_s = 0")).is_err());
}

#[test]
fn the_siren_has_a_pin_of_its_own_grades_and_a_limit() {
    let siren = read(&wired()).unwrap().siren.unwrap();
    assert_eq!(siren.pin(), Some(Pin { number: 6, active_low: false }));
    assert_eq!(
        siren.longest(),
        [(Grade::Orange, 8), (Grade::Red, 20)].map(|(g, s)| (g, Duration::from_secs(s))).into()
    );
    assert!(
        siren.told().contains("引脚 pin 6") && siren.told().contains("红色 red ≤20 s, 橙色"),
        "{}",
        siren.told()
    );
    let only_red = read(&wired().replace("grades = { red = 20, orange = 8 }\n", "")).unwrap().siren.unwrap();
    assert_eq!(only_red.longest(), [(Grade::Red, Duration::from_secs(15))].into());
    for (good, bad, word) in [
        ("pin = 6", "pin = 17", "siren.pin = 17：与 relay.pin 用了同一引脚"),
        ("pin = 6", "pin = 27", "sense.pin = 27：与 siren.pin 用了同一引脚"),
        ("pin = 6", "pin = 1", "siren.pin = 1：应为 2 至 27"),
        ("red = 20", "red = 61", "siren.grades.red = 61：应为 1 至 60"),
        ("orange = 8", "orange = 0", "siren.grades.orange = 0"),
        ("{ red = 20, orange = 8 }", "{}", "siren.grades = {}：至少写一个级别"),
    ] {
        let error = read(&wired().replace(good, bad)).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    assert!(read(&wired().replace("red = 20", "purple = 20")).is_err());
    let pretend = "[siren]\nkind = \"simulated\"\n";
    let (before, after) = (wired(), format!("{SHIPPED}\n{pretend}"));
    let mixed = before.replace("[siren]\nkind = \"gpio\"\npin = 6\n", pretend);
    assert!(read(&mixed).unwrap_err().to_string().contains("siren.kind = \"simulated\""));
    assert_eq!(read(&after).unwrap().siren.unwrap().pin(), None);
    let alone = after.replace(pretend, "[siren]\nkind = \"gpio\"\npin = 6\n");
    assert!(read(&alone).unwrap_err().to_string().contains("siren.kind = \"gpio\""));
}

#[test]
fn a_mistake_elsewhere_does_not_keep_the_siren_from_being_opened() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("speaker.toml");
    let opened = |text: &str| {
        std::fs::write(&path, text).unwrap();
        (
            RelayOnly::read(&path).map(|only| only.relay.pin()).ok(),
            SirenOnly::read(&path).map(|only| only.pin()).ok(),
        )
    };
    let (relay, siren) = (Pin { number: 17, active_low: true }, Pin { number: 6, active_low: false });
    let both = (Some(Some(relay)), Some(Some(Some(siren))));
    assert_eq!(opened(&wired()), both);
    assert_eq!(opened(&wired().replace("red = 20", "purple = \"x\"")), both);
    assert_eq!(opened(&wired().replace("pin = 17", "pin = \"x\"")), (None, both.1), "the relay's mistake");
    assert_eq!(opened(&wired().replace("pin = 6", "pin = \"x\"")), (both.0, None), "the siren's mistake");
    assert_eq!(opened(SHIPPED), (Some(None), Some(None)), "a box without a siren");
}

#[test]
fn a_mistake_elsewhere_does_not_keep_the_relay_from_being_opened() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("speaker.toml");
    std::fs::write(&path, wired().replace("ping_s = 30", "ping_s = \"often\"")).unwrap();
    assert!(Config::read(&path).is_err());
    let only = RelayOnly::read(&path).unwrap();
    assert_eq!(only.relay.pin(), Some(Pin { number: 17, active_low: true }));
    assert!(only.state_dir().starts_with(dir.path()));
}

#[test]
fn a_test_that_nothing_could_judge_is_refused() {
    let blind = wired().replace("[sense]\nkind = \"gpio\"\npin = 27\n", "[sense]\nkind = \"none\"\n");
    let with =
        |text: &str, tests: &str| read(&text.replace("[mains]", &format!("[self_test]\n{tests}\n[mains]")));
    assert!(with(&blind, "silent_hour = 4").is_ok(), "the contact behind the relay says");
    let none = blind.replace("[feedback]\nkind = \"gpio\"\npin = 25\n", "");
    let error = with(&none, "silent_hour = 4").unwrap_err().to_string();
    assert!(error.contains("self_test.silent_hour = 4：没有输入能说明自检结果"), "{error}");
    let error = with(&blind, "audible_day = 1\naudible_hour = 10").unwrap_err().to_string();
    assert!(error.contains("self_test.audible_day = 1：没有监听输入能听到"), "{error}");
    for (bad, word) in [
        ("silent_hour = 24", "must be 0 to 23"),
        ("audible_day = 29\naudible_hour = 10", "must be 1 to 28"),
        ("audible_day = 1", "give self_test.audible_hour too"),
        ("audible_hour = 1", "give self_test.audible_day too"),
    ] {
        let error = with(&wired(), bad).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn a_page_is_off_unless_it_is_asked_for_and_then_on_the_box_only() {
    assert_eq!(read(SHIPPED).unwrap().page, None);
    let page = read(&format!("{SHIPPED}\n[page]\n")).unwrap().page.unwrap();
    assert!(page.listen.ip().is_loopback() && page.pin_file.is_none());
    assert_eq!(page.may_stop, crate::window::MayStop::Daily);
    assert!(read(&format!("{SHIPPED}\n[page]\nmay_stop = \"red\"\n")).is_err());
}

/// The pin that a section of the shipped file names first, be it in a remark.
fn shipped_pin(section: &str, key: &str) -> &'static str {
    let (_, rest) = SHIPPED.split_once(&format!("[{section}]")).unwrap();
    let (_, rest) = rest.split_once(&format!("{key} = ")).unwrap();
    rest.split(|letter: char| !letter.is_ascii_digit()).next().unwrap()
}

#[test]
fn the_drawing_names_the_pins_of_the_shipped_file() {
    let (table, drawing) =
        (include_str!("../../../deploy/box/wiring.md"), include_str!("../../../deploy/box/wiring.svg"));
    let keys = [
        "relay.pin",
        "siren.pin",
        "sense.pin",
        "tamper.pin",
        "button.pin",
        "button.key_pin",
        "feedback.pin",
        "mains.pin",
    ];
    for name in keys {
        let (section, key) = name.split_once('.').unwrap();
        let pin = shipped_pin(section, key);
        let (_, row) =
            table.split_once(&format!("| `{name}` | {pin} | ")).unwrap_or_else(|| panic!("{name} {pin}"));
        let header = row.split(' ').next().unwrap();
        assert!(drawing.contains(&format!(">GPIO{pin} ({header})<")), "{name}: GPIO{pin} ({header})");
        assert!(drawing.contains(&format!(">{name}<")), "{name}");
    }
}
