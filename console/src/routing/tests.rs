use super::{lines::Alone, *};
use mingluo_model::problem::Problem;

const SIGNED: &str = "signature = { placement = \"none\" }";

/// A configuration with these SMS accounts: name, carriers, rank.
fn config(accounts: &[(&str, &str, u32)], more: &str) -> Config {
    let account = |(name, carriers, rank): &(&str, &str, u32)| {
        format!(
            "[[live.sms]]\nname = \"{name}\"\ncarriers = [{carriers}]\nrank = {rank}\nhost = \"h\"\nport = 1\n\
             system_id = \"s\"\npassword_file = \"p\"\nsource_address = \"1069\"\nsessions = 1\nwindow = 16\n\
             per_second = 1\n{SIGNED}\n"
        )
    };
    let accounts: String = accounts.iter().map(account).collect();
    let pack = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/regions/fushun");
    let text = format!(
        "[node]\nname = \"n\"\ntime_zone = \"Asia/Shanghai\"\n[store]\naddress = \"sqlite:x\"\nkeys_file = \"k\"\n\
         [console]\nlisten = \"127.0.0.1:0\"\n[region]\npack = {:?}\n[signer]\nsocket = \"s\"\nkey_file = \"k\"\n\
         key_id = \"k\"\n[render]\nissuer = \"i\"\ncap_sender = \"c\"\nplatform = \"42104000000000103010101\"\n\
         {more}\n{accounts}",
        pack.display().to_string(),
    );
    toml::from_str(&text).unwrap()
}

fn refusals(accounts: &[(&str, &str, u32)], more: &str) -> Vec<(&'static str, String)> {
    let wrong = Routing::read(&config(accounts, more)).unwrap_err();
    let told = |error: &ConfigError| {
        let fields = error.fields();
        let field = fields.iter().find(|(name, _)| *name == "field" || *name == "detail");
        (error.code(), field.map(|(_, field)| field.clone()).unwrap_or_default())
    };
    wrong.iter().map(told).collect()
}

fn names(line: &[AccountName]) -> Vec<&str> {
    line.iter().map(|name| name.0.as_str()).collect()
}

const CARRIERS: [(&str, &str, u32); 4] = [
    ("cmpp", "\"mobile\", \"broadnet\"", 1),
    ("smgp", "\"telecom\"", 1),
    ("sgip", "\"unicom\"", 1),
    ("cloud", "", 60),
];

#[test]
fn who_names_a_carrier_goes_first_and_who_takes_the_rest_comes_after() {
    let routing = Routing::read(&config(&CARRIERS, "")).unwrap();
    let line = |carrier| names(routing.live.line(carrier));
    assert_eq!(line(Some(Carrier::Broadnet)), ["cmpp", "cloud"]);
    assert_eq!(line(Some(Carrier::Unicom)), ["sgip", "cloud"]);
    assert_eq!(line(None), ["cloud"]);
    let numbers = routing.numbers.unwrap();
    assert_eq!(numbers.carrier("+8619730600000"), Some(Carrier::Mobile));
}

#[test]
fn numbers_of_no_known_carrier_go_to_the_account_that_is_named_for_them() {
    let named = config(&CARRIERS, "[live]\nsms_default = \"smgp\"");
    assert_eq!(names(Routing::read(&named).unwrap().live.line(None)), ["smgp", "cloud"]);
    assert_eq!(
        refusals(&CARRIERS, "[live]\nsms_default = \"nobody\""),
        [("config-no-such-account", "live.sms_default".into())]
    );
    assert_eq!(refusals(&CARRIERS[..3], ""), [("config-no-default", "live.sms_default".into())]);
}

#[test]
fn one_account_takes_everything_and_needs_no_prefixes() {
    let routing = Routing::read(&config(&[("sms", "", 50)], "")).unwrap();
    assert!(!routing.live.tell_carriers_apart() && routing.numbers.is_none());
    assert_eq!(names(routing.live.line(Some(Carrier::Mobile))), ["sms"]);
}

#[test]
fn whoever_has_nobody_to_take_over_is_told_with_the_numbers_it_is_alone_for() {
    let alone = |accounts: &[(&str, &str, u32)], more: &str| {
        let routing = Routing::read(&config(accounts, more)).unwrap();
        Alone::of(&routing.live).iter().map(|alone| crate::tongue::tell(alone).en).collect::<Vec<_>>()
    };
    let starts = |told: &[String], words: &[&str]| {
        assert_eq!(told.len(), words.len(), "{told:?}");
        told.iter().zip(words).for_each(|(told, words)| assert!(told.starts_with(words), "{told}"));
    };
    starts(&alone(&[("sms", "", 50)], ""), &["sms is alone for all numbers:"]);
    starts(&alone(&CARRIERS, ""), &["cloud is alone for others:"]);
    starts(
        &alone(&CARRIERS[..3], "[live]\nsms_default = \"cmpp\""),
        &[
            "cmpp is alone for mobile, broadnet, others:",
            "sgip is alone for unicom:",
            "smgp is alone for telecom:",
        ],
    );
    starts(&alone(&[("one", "", 1), ("two", "", 2)], ""), &[]);
}

#[test]
fn a_carrier_without_an_account_and_two_whose_turn_it_would_be_are_refused() {
    let default = "[live]\nsms_default = \"cmpp\"";
    assert_eq!(refusals(&CARRIERS[..1], default), [("config-no-carrier", "live.*.carriers".into())]);
    let twice = [CARRIERS[0], CARRIERS[1], CARRIERS[2], ("other", "\"unicom\"", 1)];
    assert_eq!(refusals(&twice, default), [("config-equal-rank", "live.sms.rank".into())]);
    let rest = [("one", "", 50), ("two", "", 50)];
    assert_eq!(refusals(&rest, ""), [("config-equal-rank", "live.sms.rank".into())]);
    assert_eq!(refusals(&[("one", "", 0)], ""), [("config-rank", "live.sms.rank".into())]);
}

#[test]
fn bad_rows_of_the_ported_numbers_are_named_and_their_numbers_are_not() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "number,carrier\n19730600001,unicom\n1973060000,mobile\n19730600003,none\n")
        .unwrap();
    let more = format!("[routing]\nported_file = {:?}", file.path().display().to_string());
    let told = refusals(&CARRIERS, &more);
    assert_eq!(told.iter().map(|(code, _)| *code).collect::<Vec<_>>(), ["config-ported"; 2]);
    assert!(told[0].1.starts_with("line 3: number") && told[1].1.starts_with("line 4: carrier"), "{told:?}");
    assert!(told.iter().all(|(_, detail)| !detail.contains("197306")), "{told:?}");
    std::fs::write(file.path(), "number,carrier\n19730600001,unicom\n").unwrap();
    let numbers = Routing::read(&config(&CARRIERS, &more)).unwrap().numbers.unwrap();
    assert_eq!(numbers.carrier("19730600001"), Some(Carrier::Unicom));
    assert_eq!(
        refusals(&[("sms", "", 50)], &more)[0].0,
        "config-ported-in-vain",
        "no account names carriers"
    );
}

#[test]
fn a_pretend_account_never_sends_for_a_real_one() {
    let more = format!(
        "[[live.sms]]\nname = \"sim\"\npretend = true\nrank = 51\nhost = \"127.0.0.1\"\nport = 1\nsystem_id = \"s\"\n\
         password_file = \"p\"\nsource_address = \"1069\"\nsessions = 1\nwindow = 16\nper_second = 1\n{SIGNED}\n"
    );
    assert_eq!(refusals(&[("sms", "", 50)], &more), [("config-mixed-pretend", "live.sms.pretend".into())]);
}
