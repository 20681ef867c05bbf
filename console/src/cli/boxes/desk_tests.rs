//! What the desk says to codes that are good, used, expired, another's or guessed.

use super::{super::registry::Registry, *};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use tempfile::TempDir;

const BOX: &str = "62104231002250314010101";
const OTHER: &str = "62104231002250314010102";

fn authority() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    Authority::make(dir.path()).unwrap();
    dir
}

fn code(dir: &TempDir, chance: u64, hours: u32) -> Secret {
    let slip = Slip::new(chance, &Authority::open(dir.path()).unwrap().certificate().unwrap());
    make(dir.path(), BOX.parse().unwrap(), &slip.secret, hours).unwrap();
    slip.secret
}

fn application(secret: &Secret, name: &str, key: &KeyPair) -> Application {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let request = params.serialize_request(key).unwrap().pem().unwrap();
    Application { secret: secret.clone(), request }
}

fn ask(dir: &TempDir, application: &Application) -> Result<Certified, NotEnrolled> {
    enrolled(answer(dir.path(), &serde_json::to_string(application).unwrap(), 30))
}

fn enrolled(told: Told) -> Result<Certified, NotEnrolled> {
    let Told::Enrolled(told) = told else { panic!("{told:?}") };
    told
}

fn csr(name: &str) -> String {
    application(&Secret::try_from("0123456789".to_owned()).unwrap(), name, &KeyPair::generate().unwrap())
        .request
}

/// What a box is answered that came in with the certificate of this number.
fn ask_again(dir: &TempDir, serial: &str, name: &str) -> Result<String, NotRenewed> {
    let petition = Petition { box_code: BOX.parse().unwrap(), serial: serial.to_owned(), csr: csr(name) };
    let Told::Renewed(told) = answer(dir.path(), &serde_json::to_string(&petition).unwrap(), 30) else {
        panic!("no renewal")
    };
    told
}

/// A box that is enrolled; the number of its certificate.
fn enrolled_box(dir: &TempDir) -> String {
    let (secret, key) = (code(dir, 7, 72), KeyPair::generate().unwrap());
    ask(dir, &application(&secret, BOX, &key)).unwrap();
    Authority::open(dir.path()).unwrap().registry().unwrap().entries[0].serial.clone()
}

#[test]
fn a_box_of_the_list_gets_the_next_certificate_which_is_on_the_list_as_well() {
    let dir = authority();
    let serial = enrolled_box(&dir);
    assert!(ask_again(&dir, &serial, BOX).unwrap().contains("BEGIN CERTIFICATE"));
    assert_eq!(n_issued(&dir), 2);
    let next = Authority::open(dir.path()).unwrap().registry().unwrap().entries[1].serial.clone();
    assert!(ask_again(&dir, &next, BOX).is_ok(), "the next one renews in turn");
}

#[test]
fn strangers_foreign_names_revoked_and_expired_ones_are_refused_with_reasons() {
    let dir = authority();
    let serial = enrolled_box(&dir);
    assert_eq!(ask_again(&dir, "00ff", BOX), Err(NotRenewed::UnknownCertificate));
    assert_eq!(ask_again(&dir, &serial, OTHER), Err(NotRenewed::WrongBox));
    let of = |csr: String| Petition { box_code: BOX.parse().unwrap(), serial: serial.clone(), csr };
    assert_eq!(renew(dir.path(), &of("no PEM".to_owned()), 30, now()), Err(NotRenewed::BadRequest));
    let late = now().plus(DAY * 40);
    assert_eq!(renew(dir.path(), &of(csr(BOX)), 30, late), Err(NotRenewed::Expired));
    let (lists, mut registry) = (Authority::open(dir.path()).unwrap(), Registry::read(dir.path()).unwrap());
    registry.revoke(BOX.parse().unwrap(), now());
    lists.publish(&registry).unwrap();
    assert_eq!(ask_again(&dir, &serial, BOX), Err(NotRenewed::Revoked));
    assert_eq!(n_issued(&dir), 1, "nothing was issued meanwhile");
}

#[test]
fn a_box_that_asks_again_and_again_waits_for_a_day() {
    let dir = authority();
    let serial = enrolled_box(&dir);
    for _ in 1..MOST_A_DAY {
        assert!(ask_again(&dir, &serial, BOX).is_ok());
    }
    assert_eq!(ask_again(&dir, &serial, BOX), Err(NotRenewed::TooOften));
    let petition = Petition { box_code: BOX.parse().unwrap(), serial, csr: csr(BOX) };
    assert!(renew(dir.path(), &petition, 30, now().plus(DAY)).is_ok());
}

fn n_issued(dir: &TempDir) -> usize {
    Authority::open(dir.path()).unwrap().registry().unwrap().entries.len()
}

#[test]
fn a_good_code_certifies_its_box_once_and_the_same_device_again() {
    let dir = authority();
    let (secret, key) = (code(&dir, 7, 72), KeyPair::generate().unwrap());
    let certified = ask(&dir, &application(&secret, BOX, &key)).unwrap();
    assert!(certified.certificate.contains("BEGIN CERTIFICATE") && certified.authority.contains("BEGIN"));
    let list = std::fs::read_to_string(dir.path().join("codes.csv")).unwrap();
    assert!(!list.contains(&String::from(secret.clone())), "only its hash is kept");

    assert!(ask(&dir, &application(&secret, BOX, &key)).is_ok(), "its answer may have been lost");
    let thief = KeyPair::generate().unwrap();
    assert_eq!(ask(&dir, &application(&secret, BOX, &thief)), Err(NotEnrolled::UsedCode));
    assert_eq!(n_issued(&dir), 2, "each is in the list of what was issued");
}

#[test]
fn a_code_of_another_box_a_guess_and_no_request_are_refused_and_use_nothing_up() {
    let dir = authority();
    let (secret, key) = (code(&dir, 7, 72), KeyPair::generate().unwrap());
    assert_eq!(ask(&dir, &application(&secret, OTHER, &key)), Err(NotEnrolled::WrongBox));
    let guess = Secret::try_from("0123456789".to_owned()).unwrap();
    assert_eq!(ask(&dir, &application(&guess, BOX, &key)), Err(NotEnrolled::UnknownCode));
    let garbage = Application { secret: secret.clone(), request: "no PEM".to_owned() };
    assert_eq!(ask(&dir, &garbage), Err(NotEnrolled::BadRequest));
    assert_eq!(enrolled(answer(dir.path(), "{}", 30)), Err(NotEnrolled::BadRequest));
    assert_eq!(n_issued(&dir), 0);
    assert!(ask(&dir, &application(&secret, BOX, &key)).is_ok());
}

#[test]
fn a_code_expires_and_a_newer_one_takes_its_place() {
    let dir = authority();
    let key = KeyPair::generate().unwrap();
    let expired = code(&dir, 7, 0);
    assert_eq!(ask(&dir, &application(&expired, BOX, &key)), Err(NotEnrolled::ExpiredCode));
    let first = code(&dir, 8, 72);
    let second = code(&dir, 9, 72);
    assert_eq!(ask(&dir, &application(&first, BOX, &key)), Err(NotEnrolled::UnknownCode));
    assert!(ask(&dir, &application(&second, BOX, &key)).is_ok());
}

#[tokio::test]
async fn the_console_asks_the_desk_over_its_socket_and_tells_when_it_is_away() {
    use crate::desk::SocketDesk;
    use mingluo_channels::speaker::enrol::Desk as _;
    use mingluo_model::clock::system::SystemClock;
    let dir = authority();
    let socket = dir.path().join("desk.sock");
    let asking = SocketDesk::new(socket.clone(), SystemClock::shared());
    let (secret, key) = (code(&dir, 7, 72), KeyPair::generate().unwrap());
    let application = application(&secret, BOX, &key);
    assert_eq!(asking.enrol(&application).await, Err(NotEnrolled::Unavailable));
    let listener = bind(&socket).await.unwrap();
    let desk = async {
        let (stream, _) = listener.accept().await.unwrap();
        let place = dir.path();
        answer_line(stream, |line| async move { answer(place, &line, 30) }).await.unwrap();
    };
    let (certified, ()) = tokio::join!(asking.enrol(&application), desk);
    assert!(certified.unwrap().certificate.contains("BEGIN CERTIFICATE"));
    let serial = Registry::read(dir.path()).unwrap().entries[0].serial.clone();
    let petition = Petition { box_code: BOX.parse().unwrap(), serial, csr: csr(BOX) };
    let desk = async {
        let (stream, _) = listener.accept().await.unwrap();
        let place = dir.path();
        answer_line(stream, |line| async move { answer(place, &line, 30) }).await.unwrap();
    };
    let (renewed, ()) = tokio::join!(asking.renew(&petition), desk);
    assert!(renewed.unwrap().contains("BEGIN CERTIFICATE"));
}
