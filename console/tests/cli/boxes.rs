//! Whoever holds the root signs key sets on a machine without anything else.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

const WANTED: &str = r#"{"keys": [{"id": "city-2026", "public": "PUBLIC", "not_after": 1830297600000, "tier": "city",
    "areas": ["2104"], "max_level": "red", "classes": ["emergency", "daily"]}]}"#;

fn mingluo(dir: &Path, words: &str) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mingluo"));
    let Output { status, stdout, stderr } = command.current_dir(dir).args(words.split(' ')).output().unwrap();
    (status.success(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

#[test]
fn a_root_is_made_once_and_signs_what_boxes_believe() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let new = "box root new --root-file root.key --public-file root.pub";
    assert!(mingluo(at, new).0);
    assert_eq!(fs::metadata(at.join("root.key")).unwrap().permissions().mode() & 0o777, 0o600);
    let (good, told) = mingluo(at, new);
    assert!(!good && told.contains("须是新文件"), "a root must never be overwritten: {told}");

    fs::write(at.join("wanted.json"), WANTED.replace("PUBLIC", &"ab".repeat(32))).unwrap();
    let sign = "box keys sign --root-file root.key --version 7 --keys wanted.json --out keys.json";
    let (good, told) = mingluo(at, sign);
    assert!(good && told.contains("version 7") && told.contains("city-2026"), "{told}");
    let (good, told) = mingluo(at, "box keys show --public-file root.pub keys.json");
    assert!(good && told.contains("2104"), "{told}");

    let text = fs::read_to_string(at.join("keys.json")).unwrap();
    fs::write(at.join("keys.json"), text.replace("2104", "2105")).unwrap();
    let (good, told) = mingluo(at, "box keys show --public-file root.pub keys.json");
    assert!(!good && told.contains("终端会拒收") && told.contains("did not sign"), "{told}");
}

#[test]
fn what_is_wrong_with_the_wanted_keys_is_told_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    mingluo(at, "box root new --root-file root.key --public-file root.pub");
    let sign = "box keys sign --root-file root.key --version 1 --keys wanted.json --out keys.json";
    fs::write(at.join("wanted.json"), WANTED.replace("PUBLIC", "ab")).unwrap();
    let (good, told) = mingluo(at, sign);
    assert!(!good && told.contains("wanted.json") && told.contains("public"), "{told}");
    fs::write(at.join("wanted.json"), r#"{"keys": []}"#).unwrap();
    let (good, told) = mingluo(at, sign);
    assert!(!good && told.contains("believes nobody"), "{told}");
    assert!(!mingluo(at, &sign.replace("--version 1", "--version 0")).0);
}

/// A request as `mingluo-speaker enrol` makes it, by another program.
fn request(dir: &Path, name: &str) {
    let subject = format!("/CN={name}");
    let made = Command::new("openssl")
        .current_dir(dir)
        .args(["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "box.key"])
        .args(["-subj", &subject, "-out", "box.csr"])
        .output()
        .unwrap();
    assert!(made.status.success());
}

const BOX: &str = "62104231002250314010101";

#[test]
fn a_box_is_enrolled_once_listed_and_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let (good, told) = mingluo(at, "box ca new --dir ca");
    assert!(good && told.contains("client_crl_file"), "{told}");
    request(at, BOX);
    let enrol = format!("box enrol --dir ca --code {BOX} --csr box.csr --out box.pem");
    let (good, told) = mingluo(at, &enrol);
    assert!(good, "{told}");
    let checks = |extra: &[&str]| {
        let mut openssl = Command::new("openssl");
        openssl.current_dir(at).args(["verify", "-CAfile", "ca/ca.pem", "-purpose", "sslclient"]);
        openssl.args(extra).arg("box.pem").output().unwrap().status.success()
    };
    assert!(checks(&[]) && checks(&["-crl_check", "-CRLfile", "ca/crl.pem"]));

    let (good, told) = mingluo(at, &enrol.replace("box.pem", "second.pem"));
    assert!(!good && told.contains("--again"), "a second certificate is not given by accident: {told}");
    let (_, told) = mingluo(at, "box list --dir ca");
    assert!(told.contains(BOX) && told.contains("有效 good"), "{told}");
    let (good, told) = mingluo(at, &format!("box revoke --dir ca {BOX}"));
    assert!(good, "{told}");
    assert!(checks(&[]) && !checks(&["-crl_check", "-CRLfile", "ca/crl.pem"]));
    let (_, told) = mingluo(at, "box list --dir ca --json");
    assert!(told.contains("\"revoked\":1"), "{told}");
    assert!(!mingluo(at, &format!("box revoke --dir ca {BOX}")).0, "what is taken back cannot be again");
}

#[test]
fn a_request_of_another_box_or_of_nobody_is_not_signed() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    mingluo(at, "box ca new --dir ca");
    request(at, BOX);
    let other = "box enrol --dir ca --code 62104231002250314010102 --csr box.csr --out box.pem";
    let (good, told) = mingluo(at, other);
    assert!(!good && told.contains(BOX), "{told}");
    request(at, "localhost");
    let (good, told) = mingluo(at, &other.replace("010102", "010101"));
    assert!(!good && told.contains("23"), "{told}");
    std::fs::write(at.join("box.csr"), "nonsense").unwrap();
    assert!(!mingluo(at, other).0);
    assert!(!mingluo(at, "box list --dir nowhere").0);
}
