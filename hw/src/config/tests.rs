//! The file in `deploy` is good; each way to spoil it is named.

use super::*;
use std::error::Error as _;

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
    assert!(read(&real).unwrap_err().to_string().contains("sense.kind"));
    let honest = real.replace("[sense]\nkind = \"simulated\"\ndeaf = false", "[sense]\nkind = \"none\"");
    assert!(read(&honest).is_ok());
    assert!(read(&honest.replace("time_scale = 1", "time_scale = 60")).is_err());
}

const WIRED: &str = "[relay]\nkind = \"gpio\"\npin = 17\nactive_low = true\n[sense]\nkind = \"gpio\"\npin = 27\n\
    [tamper]\npin = 22\nactive_low = true\n[button]\npin = 23\nkey_pin = 24\n\
    [feedback]\nkind = \"gpio\"\npin = 25\n[mains]\npin = 5\n";

/// The shipped file with real wires.
fn wired() -> String {
    let (before, rest) = SHIPPED.split_once("[relay]\n").unwrap();
    let (_, after) = rest.split_once("[simulation]").unwrap();
    format!("{before}{WIRED}[simulation]{after}")
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
    let keys =
        ["relay.pin", "sense.pin", "tamper.pin", "button.pin", "button.key_pin", "feedback.pin", "mains.pin"];
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
