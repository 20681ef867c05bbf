//! What `check` passes `serve` does not refuse, and both say the same.

use crate::desk::Desk;
use std::{
    io::{Read, Write},
    net::TcpListener,
};

#[test]
fn a_good_desk_is_told_to_be_good() {
    let desk = Desk::new();
    let checked = desk.run(&["check"]);
    assert!(checked.good, "{}", checked.text);
    checked.tells(&["通过 ok    配置", "通过 ok    各项", "通过 ok    端口", "通过 ok    数据库"]);
    checked.tells(&["通过 ok    号码分流", "所有号码 all numbers live-sms"]);
    assert!(
        !checked.text.contains("注意 warn  号码分流"),
        "nobody waits for a pretend account: {}",
        checked.text
    );
}

#[test]
fn a_secret_that_others_can_read_is_warned_of() {
    use std::{fs, os::unix::fs::PermissionsExt as _};
    let desk = Desk::new();
    let set = |name: &str, mode| {
        fs::set_permissions(desk.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    for name in ["keys", "signer.key", "password"] {
        set(name, 0o600);
    }
    assert!(!desk.run(&["check"]).text.contains("注意 warn  密钥文件"));
    set("keys", 0o640);
    set("password", 0o644);
    let checked = desk.run(&["check"]);
    assert!(checked.good, "a warning is no refusal: {}", checked.text);
    checked.tells(&[
        "store.keys_file",
        "640",
        "live.sms.password_file",
        "644",
        "chmod 600",
        "others can read",
    ]);
    assert!(!checked.text.contains("signer.key_file"), "{}", checked.text);
}

/// A key as it is, as it should not be, and what must be told: key, value and fix in both languages.
const WRONG: [(&str, &str, [&str; 4]); 11] = [
    ("Asia/Shanghai", "Asia/Fushun", ["node.time_zone", "Asia/Fushun", "没有这个时区", "Use a name like"]),
    ("42104000000000103010101", "4210", ["render.platform", "4210", "请填 23 位数字", "its 23 digits"]),
    ("desk-1", "Desk 1", ["signer.key_id", "Desk 1", "不是密钥名", "is no key's name"]),
    (
        "hold_ms = 10000",
        "hold_ms = 100000000",
        ["policy.red.hold_ms", "100000000", "缓发期过长", "holds back too long"],
    ),
    (
        "without_hold = []",
        "without_hold = [\"11Z99\"]",
        ["policy.without_hold", "11Z99", "没有这个灾种代码", "is no event code"],
    ),
    ("{headline}：", "{title}：", ["render.sms", "{title}", "body, headline, instruction", "nothing fills"]),
    ("{instruction}", "{instruction", ["render.sms", "{instruction", "没有合上", "not closed"]),
    ("per_second = 100", "per_second = 0", ["[live.sms] per_second", "“0”", "1 至 10000000", "use 1 to"]),
    ("port = 1\n", "port = 70000\n", ["live.sms", "port", "0 至 65535", "should be u16"]),
    ("window = 100", "windows = 100", ["live.sms", "windows", "不认识", "nobody knows"]),
    ("name = \"desk\"", "name = desk", ["第 2 行", "TOML 语法有误", "双引号", "line 2"]),
];

#[test]
fn what_serve_refuses_check_refuses_in_the_same_words() {
    for (from, to, words) in WRONG {
        let desk = Desk::new();
        desk.change(from, to);
        let checked = desk.run(&["check"]);
        assert!(!checked.good, "{to} passed:\n{}", checked.text);
        checked.tells(&words).tells(&["mingluo.toml"]);
        let served = desk.run(&["serve"]);
        assert!(!served.good, "{to} was served");
        served.tells(&words).tells(&["mingluo.toml"]);
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let desk = Desk::new();
    desk.change("Asia/Shanghai", "Asia/Fushun");
    desk.change("per_second = 100", "per_second = 0");
    desk.run(&["check"]).tells(&["node.time_zone", "per_second"]);
}

#[test]
fn receipts_are_handed_on_to_a_safe_address_only() {
    let desk = Desk::new();
    desk.change(
        "[[live.sms]]",
        "[forward]\nurl = \"http://10.0.0.5/r\"\nsecret_file = \"keys\"\n[[live.sms]]",
    );
    let words = ["[forward] url", "http://10.0.0.5/r", "http 只能用于本机", "http only to 127.0.0.1"];
    desk.run(&["check"]).tells(&words);
}

#[test]
fn a_port_that_somebody_else_has_is_found_before_it_is_needed() {
    let desk = Desk::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    desk.change("127.0.0.1:0", &address);
    for command in ["check", "serve"] {
        let refused = desk.run(&[command]);
        assert!(!refused.good, "{command}");
        refused.tells(&["console.listen", &address, "端口已被占用", "the port is in use"]);
    }
}

#[test]
fn a_store_that_was_never_migrated_is_told_with_the_command() {
    let desk = Desk::new();
    std::fs::remove_file(desk.path("desk.db")).unwrap();
    desk.run(&["check"]).tells(&["store.address", "请先运行 mingluo migrate", "Run mingluo migrate first"]);
    desk.write("keys", "no key at all\n");
    desk.run(&["check"]).tells(&["store.keys_file", "64 位十六进制", "64 hexadecimal"]);
    std::fs::remove_file(desk.path("keys")).unwrap();
    desk.run(&["check"]).tells(&["store.keys_file", "没有这个文件", "there is no such file"]);
}

#[test]
fn the_example_configuration_has_only_keys_that_are_known() {
    let example = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/mingluo.toml");
    let text = std::fs::read_to_string(&example).unwrap();
    mingluo_console::config::Config::read(&example).unwrap();
    // The tables that stand there as comments, too.
    let uncommented: String = text.lines().map(|line| uncomment(line) + "\n").collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), uncommented).unwrap();
    let config = mingluo_console::config::Config::read(file.path()).unwrap();
    assert!(!config.drill.is_empty() && config.live.len() > 6);
}

/// A line that is a key or a table behind `# `; any other line as it is.
fn uncomment(line: &str) -> String {
    let bare = line.strip_prefix("# ").unwrap_or(line);
    let table = bare.starts_with('[') && bare.contains(']');
    let key = bare.split_once(" = ").is_some_and(|(key, _)| {
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    });
    if table || key { bare.to_owned() } else { line.to_owned() }
}

/// A centre that answers every SMPP login with this status; gives its port.
fn centre_that_answers(status: u8) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        while let Ok((mut socket, _)) = listener.accept() {
            let mut header = [0; 16];
            socket.read_exact(&mut header).unwrap();
            // A bind_transceiver_resp with an empty name (SMPP 3.4 clause 4.1.6).
            let mut answer = [0, 0, 0, 17, 0x80, 0, 0, 9, 0, 0, 0, status, 0, 0, 0, 0, 0];
            answer[12..16].copy_from_slice(&header[12..]);
            socket.write_all(&answer).unwrap();
            // Until the other side goes.
            let _gone = std::io::copy(&mut socket, &mut std::io::sink());
        }
    });
    port
}

#[test]
fn a_wrong_password_is_told_by_a_login_that_sends_nothing_with_the_gateways_code_and_the_fix() {
    let desk = Desk::new();
    desk.change("port = 1\n", &format!("port = {}\n", centre_that_answers(0x0e)));
    assert!(desk.run(&["check"]).good, "only a login can know it");
    let knocked = desk.run(&["check", "--login"]);
    assert!(!knocked.good);
    knocked.tells(&["live-sms", "网关拒绝登录", "0x0000000e", "口令或密钥文件", "password or secret file"]);
}

#[test]
fn a_login_that_is_let_in_is_good_and_one_that_nobody_answers_names_host_and_port() {
    let desk = Desk::new();
    desk.run(&["check", "--login"]).tells(&["live-sms", "连不上网关", "host、port", "out of reach"]);
    desk.change("port = 1\n", &format!("port = {}\n", centre_that_answers(0)));
    let knocked = desk.run(&["check", "--login"]);
    assert!(knocked.good, "{}", knocked.text);
    knocked.tells(&["通过 ok    登录 logins: live-sms"]);
}
