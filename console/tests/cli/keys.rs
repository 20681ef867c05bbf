//! API keys are listed, added and taken away.

use crate::desk::Desk;
use serde_json::Value;

#[test]
fn a_key_is_listed_by_name_and_revoked_once() {
    let desk = Desk::new();
    desk.write("pw", "long enough words\n");
    let path = |name: &str| desk.path(name).display().to_string();
    let (password, first, second) = (path("pw"), path("li.key"), path("li-2.key"));
    let officer = ["--login", "li", "--name", "李明", "--roles", "author", "--region", "2104"];
    let files = ["--password-file", &password, "--api-key-file", &first];
    let added = desk.run(&[&["user", "add"], &officer[..], &files[..]].concat());
    assert!(added.good, "{}", added.text);
    let more = ["user", "key", "add", "--login", "li", "--api-key-file", &second, "--label", "气象局"];
    assert!(desk.run(&more).good && !desk.run(&more).good, "no file is written over");

    let listed = desk.run(&["user", "key", "list"]);
    listed.tells(&["li", "气象局", "command line"]);
    for file in [&first, &second] {
        let key = std::fs::read_to_string(file).unwrap();
        assert!(key.starts_with("ml_") && !listed.text.contains(key.trim()));
    }
    let keys = || -> Vec<Value> {
        serde_json::from_str(&desk.run(&["user", "key", "list", "--json"]).text).unwrap()
    };
    assert_eq!(keys().len(), 2, "the key that was not written is none");
    let name = keys()[0]["key"].as_str().unwrap().to_owned();
    assert!(!desk.run(&["user", "key", "revoke", &name[..4]]).good, "a piece of a name is none");
    desk.run(&["user", "key", "revoke", &name]).tells(&["已撤销 revoked", &name]);
    assert!(!desk.run(&["user", "key", "revoke", &name]).good);
    let left = keys();
    assert_eq!((left.len(), left[0]["label"].as_str()), (1, Some("气象局")));
}
