//! A village box from its carton to its second certificate, with the real programs: authority, desk, city, box.

use crate::{
    desk::Desk,
    living::{start, started},
};
use mingluo_model::clock::{Clock as _, Timestamp, system::SystemClock};
use rcgen::{CertificateSigningRequestParams, Issuer, KeyPair, SerialNumber, date_time_ymd};
use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

const BOX: &str = "62104230010010314010101";
const WANTED: &str = r#"{"keys": [{"id": "desk-1", "public": "PUBLIC", "not_after": 4102444800000, "tier": "city",
    "areas": ["2104"], "max_level": "red", "classes": ["emergency", "daily"]}]}"#;
const SPEAKER: &str = r#"
[live.speaker]
name = "speaker"
listen = "127.0.0.1:LINK"
boxes = 10
tls = { cert_file = "HOME/city.pem", key_file = "HOME/city.key", client_ca_file = "HOME/ca/ca.pem", client_crl_file = "HOME/ca/crl.pem" }
key_set_file = "HOME/keys.json"
desk_socket = "HOME/boxes.sock"
enrol = { listen = "127.0.0.1:ENROL", root_file = "HOME/root.pub" }
"#;

/// Ends with the story, also with one that fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _over = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// The box's program, which the whole house's build puts beside ours.
fn speaker(home: &Path, words: &[&str]) -> Command {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_mingluo")).with_file_name("mingluo-speaker");
    assert!(program.exists(), "build it first: cargo build -p mingluo-speaker");
    let mut command = Command::new(program);
    command.args(words).args(["--config", "box/speaker.toml"]).current_dir(home);
    command
}

/// The city's program, for what needs no configuration.
fn mingluo(home: &Path, words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mingluo"));
    command.args(words.split(' ')).current_dir(home);
    command
}

fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{text}");
    text
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A city whose speakers' account is set up, as far as files go.
fn city() -> (Desk, u16, u16) {
    let (desk, link, enrol) = (Desk::new(), free_port(), free_port());
    let home = desk.path("");
    let words = |words: &str| said(&mut mingluo(&home, words));
    words("box ca new --dir ca");
    words("box ca city --dir ca --name 127.0.0.1 --cert-file city.pem --key-file city.key");
    words("box root new --root-file root.key --public-file root.pub");
    desk.write("wanted.json", WANTED.replace("PUBLIC", &"ab".repeat(32)));
    words("box keys sign --root-file root.key --version 1 --keys wanted.json --out keys.json");
    let account = SPEAKER.replace("LINK", &link.to_string()).replace("ENROL", &enrol.to_string());
    let mut config = File::options().append(true).open(desk.path("mingluo.toml")).unwrap();
    config.write_all(account.replace("HOME", &home.display().to_string()).as_bytes()).unwrap();
    (desk, link, enrol)
}

/// A carton with a box in it.
fn carton(desk: &Desk, link: u16) {
    let text = include_str!("../../../deploy/speaker.toml");
    fs::create_dir_all(desk.path("box/tls")).unwrap();
    // This machine has a clock; what a box shipped without one waits for is told in its own stories.
    let text = text.replace("clock = \"city\"", "clock = \"own\"");
    desk.write("box/speaker.toml", text.replace("127.0.0.1:8444", &format!("127.0.0.1:{link}")));
}

/// Half a year passes: the box's certificate is one of January's, which the desk issued as well.
fn age(desk: &Desk) {
    let read = |name: &str| fs::read_to_string(desk.path(name)).unwrap();
    let key = KeyPair::from_pem(&read("ca/ca.key")).unwrap();
    let issuer = Issuer::from_ca_cert_pem(&read("ca/ca.pem"), key).unwrap();
    let mut request = CertificateSigningRequestParams::from_pem(&read("box/tls/box.csr")).unwrap();
    let (from, until) = (day(-170), day(10));
    request.params.not_before = date_time_ymd(from.0, from.1, from.2);
    request.params.not_after = date_time_ymd(until.0, until.1, until.2);
    request.params.serial_number = Some(SerialNumber::from_slice(&[0x41; 16]));
    desk.write("box/tls/box.pem", request.signed_by(&issuer).unwrap().pem());
    let list = format!("{}{},{BOX},1,{},\n", read("ca/issued.csv"), "41".repeat(16), 4_102_444_800_000_i64);
    desk.write("ca/issued.csv", list);
}

fn day(from_today: i64) -> (i32, u8, u8) {
    let then = Timestamp(SystemClock::shared().now().0 + from_today * 86_400_000);
    let date = then.to_jiff().unwrap().strftime("%Y %m %d");
    let parts: Vec<u16> = date.to_string().split(' ').map(|part| part.parse().unwrap()).collect();
    (parts[0].into(), parts[1] as u8, parts[2] as u8)
}

#[test]
fn a_box_enrols_by_its_code_and_is_renewed() {
    let (desk, link, enrol) = city();
    carton(&desk, link);
    let home = desk.path("");
    let at_desk = "box desk --dir ca --socket boxes.sock --until-stdin-closes";
    let (child, ready, _over) = start(&mut mingluo(&home, at_desk));
    let _desk_process = Running(child);
    assert!(ready.contains("the desk is open"), "{ready}");
    let (child, _, _over) = started(&desk, &["serve", "--until-stdin-closes"]);
    let _city = Running(child);

    let told = said(&mut mingluo(&home, &format!("box code --dir ca --code {BOX}")));
    let code = told.lines().find_map(|line| line.strip_prefix("注册码 code: ")).unwrap();
    let address = format!("https://127.0.0.1:{enrol}");
    let told = said(&mut speaker(&home, &["enrol", "--city", &address, "--code", code]));
    assert!(told.contains("已注册"), "{told}");
    assert!(said(&mut speaker(&home, &["check"])).contains("证书 certificate"));
    assert!(said(&mut mingluo(&home, "box list --dir ca")).contains(BOX));

    age(&desk);
    let before = fs::read_to_string(desk.path("box/tls/box.pem")).unwrap();
    let mut running = speaker(&home, &["run"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(running.stderr.take().unwrap()).lines();
    let _box = Running(running);
    let mut seen = Vec::new();
    while !seen.last().is_some_and(|line: &String| line.contains("the city takes the renewed certificate")) {
        seen.push(log.next().unwrap_or_else(|| panic!("it ended: {seen:#?}")).unwrap());
    }
    let after = fs::read_to_string(desk.path("box/tls/box.pem")).unwrap();
    assert_ne!(before, after);
    let told = said(&mut speaker(&home, &["status"]));
    assert!(told.contains("identity-a.pem"), "{told}");
    let told = said(&mut mingluo(&home, "box list --dir ca --json"));
    assert_eq!(told.matches(BOX).count(), 3, "each is on the desk's list: {told}");
    let verified = Command::new("openssl")
        .current_dir(&home)
        .args(["verify", "-CAfile", "ca/ca.pem", "-purpose", "sslclient", "box/tls/box.pem"])
        .status();
    assert!(verified.unwrap().success());
}
