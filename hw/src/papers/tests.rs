//! Papers on a card whose power goes at every step, and answers of the city that must not be taken.

use super::*;
use crate::village::{NOW, box_code};
use mingluo_model::{
    clock::{Clock as _, manual::ManualClock},
    link::Certificate,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, CertifiedIssuer, DnType, IsCa,
    KeyPair, date_time_ymd,
};
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;

const DAY: Duration = Duration::from_hours(24);

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// For this name, from one day of 2026 to another.
fn params(name: &str, from: (u8, u8), until: (u8, u8)) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2026, from.0, from.1);
    params.not_after = date_time_ymd(2026, until.0, until.1);
    params
}

/// A box that was enrolled in January and whose certificate ends on the 25th of July; today is the 5th.
struct Village {
    _dir: TempDir,
    config: Config,
    authority: Authority,
    clock: Arc<ManualClock>,
}

impl Village {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("speaker.toml");
        for folder in ["tls", "state"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        std::fs::write(&file, include_str!("../../../deploy/speaker.toml")).unwrap();
        let config = Config::read(&file).unwrap();
        let (authority, key) = (authority(), KeyPair::generate().unwrap());
        let first = params(box_code().as_str(), (1, 15), (7, 25)).signed_by(&key, &authority).unwrap();
        std::fs::write(&config.city.ca_file, authority.pem()).unwrap();
        std::fs::write(&config.city.cert_file, first.pem()).unwrap();
        std::fs::write(&config.city.key_file, key.serialize_pem()).unwrap();
        Self { _dir: dir, config, authority, clock: ManualClock::at(NOW) }
    }

    fn papers(&self) -> Papers {
        Papers::open(&self.config, self.clock.clone()).unwrap()
    }

    /// The authority's answer to a request, for this name until this day.
    fn certify(&self, csr: &str, name: &str, until: (u8, u8)) -> Certificate {
        let mut request = CertificateSigningRequestParams::from_pem(csr).unwrap();
        request.params = params(name, (7, 4), until);
        Ok(request.signed_by(&self.authority).unwrap().pem()).into()
    }

    fn ask(&self, papers: &mut Papers) -> Option<String> {
        papers.ask(self.clock.now(), self.clock.ticks()).map(|renew| renew.csr)
    }

    fn answer(&self, papers: &mut Papers, told: Certificate) {
        papers.answered(told, self.clock.now(), self.clock.ticks());
    }

    /// Asks and is given what lives until the end of the year.
    fn renew(&self, papers: &mut Papers) {
        let csr = self.ask(papers).unwrap();
        let next = self.certify(&csr, box_code().as_str(), (12, 31));
        self.answer(papers, next);
    }
}

fn month(papers: &Papers) -> i8 {
    let until = papers.view().validity.until.to_jiff().unwrap();
    until.strftime("%m").to_string().parse().unwrap()
}

#[test]
fn what_is_renewed_is_shown_on_the_next_link_and_lies_where_the_operator_looks_once_the_city_took_it() {
    let village = Village::new();
    let mut papers = village.papers();
    let before = std::fs::read_to_string(&village.config.city.key_file).unwrap();
    village.renew(&mut papers);
    assert!(papers.is_fresh() && month(&papers) == 7, "not while the link is up");
    papers.put_on();
    assert_eq!(month(&papers), 12);
    assert_eq!(std::fs::read_to_string(&village.config.city.key_file).unwrap(), before);
    papers.welcomed();
    assert_ne!(std::fs::read_to_string(&village.config.city.key_file).unwrap(), before, "a new key");
    std::fs::remove_dir_all(&village.config.own.state_dir).unwrap();
    assert_eq!(month(&village.papers()), 12, "the configured files are a pair of their own");
}

#[test]
fn a_power_cut_at_any_step_leaves_a_pair_that_works() {
    let village = Village::new();
    let (slot, city) = (village.config.own.state_dir.join("identity-a.pem"), &village.config.city);
    let mut papers = village.papers();
    village.renew(&mut papers);
    let whole = std::fs::read(&slot).unwrap();
    for length in [0, 1, whole.len() / 4, whole.len() / 2, whole.len() - 60] {
        std::fs::write(&slot, &whole[..length]).unwrap();
        assert_eq!(month(&village.papers()), 7, "a card that lost what it was told to keep: {length} octets");
    }
    std::fs::write(&slot, &whole).unwrap();
    assert_eq!(month(&village.papers()), 12, "cut after the slot was written");
    papers.put_on();
    for (path, content, _) in papers.copies() {
        std::fs::write(path.with_added_extension("new"), &content[..10]).unwrap();
        assert_eq!(month(&village.papers()), 12, "cut while {path:?} was written");
        std::fs::write(&path, content).unwrap();
        assert_eq!(month(&village.papers()), 12, "cut after {path:?}");
    }
    std::fs::write(&city.cert_file, "").unwrap();
    assert_eq!(month(&village.papers()), 12);
}

#[test]
fn the_next_renewal_writes_the_other_slot() {
    let village = Village::new();
    let mut papers = village.papers();
    village.renew(&mut papers);
    papers.put_on();
    village.clock.advance(DAY * 170);
    let csr = village.ask(&mut papers).unwrap();
    let mut request = CertificateSigningRequestParams::from_pem(&csr).unwrap();
    request.params = params(box_code().as_str(), (12, 20), (12, 31));
    request.params.not_after = date_time_ymd(2027, 6, 20);
    let next = request.signed_by(&village.authority).unwrap().pem();
    village.answer(&mut papers, Ok(next).into());
    assert!(papers.is_fresh());
    let state = &village.config.own.state_dir;
    assert!(state.join("identity-a.pem").exists() && state.join("identity-b.pem").exists());
    assert_eq!(month(&village.papers()), 6);
}

#[test]
fn what_does_not_fit_is_not_taken_and_asked_for_again_later() {
    let village = Village::new();
    let name = box_code();
    let strangers = authority();
    let foreign = |csr: &str| {
        let mut request = CertificateSigningRequestParams::from_pem(csr).unwrap();
        request.params = params(name.as_str(), (7, 4), (12, 31));
        Certificate::from(Ok(request.signed_by(&strangers).unwrap().pem()))
    };
    let other_key = |_: &str| {
        let key = KeyPair::generate().unwrap();
        let made = params(name.as_str(), (7, 4), (12, 31)).signed_by(&key, &village.authority);
        Certificate::from(Ok(made.unwrap().pem()))
    };
    let wrong: [&dyn Fn(&str) -> Certificate; 7] = [
        &foreign,
        &other_key,
        &|csr| village.certify(csr, "62104230010010314010199", (12, 31)),
        &|csr| village.certify(csr, name.as_str(), (7, 25)),
        &|csr| village.certify(csr, name.as_str(), (7, 4)),
        &|_| Ok("no PEM".to_owned()).into(),
        &|_| Err(mingluo_model::link::renew::NotRenewed::TooOften).into(),
    ];
    for answer in wrong {
        let mut papers = village.papers();
        let csr = village.ask(&mut papers).unwrap();
        village.answer(&mut papers, answer(&csr));
        assert!(!papers.is_fresh() && month(&village.papers()) == 7);
        assert_eq!(village.ask(&mut papers), None, "not at once");
        village.clock.advance(Duration::from_mins(15));
        assert!(village.ask(&mut papers).is_some());
    }
}

#[test]
fn one_request_is_under_way_and_what_nobody_asked_for_is_passed_over() {
    let village = Village::new();
    let mut papers = village.papers();
    let csr = village.ask(&mut papers).unwrap();
    assert_eq!(village.ask(&mut papers), None);
    village.clock.advance(Duration::from_mins(3));
    assert_eq!(village.ask(&mut papers), None, "no answer came: it waits before it asks again");
    let late = village.certify(&csr, box_code().as_str(), (12, 31));
    village.answer(&mut papers, late);
    assert!(!papers.is_fresh());
    let due = papers.due(NOW, village.clock.ticks()).unwrap();
    assert!((Duration::from_mins(10)..=Duration::from_mins(15)).contains(&due), "{due:?}");
}

#[test]
fn it_is_asked_for_between_two_thirds_and_five_sixths_of_the_life() {
    let papers = Village::new().papers();
    let told = papers.view().validity;
    let (life, at) = (told.until.since(told.from), told.renew_at.since(told.from));
    assert!(life * 2 / 3 <= at && at <= life * 5 / 6, "{at:?} of {life:?}");
    assert_eq!(papers.due(told.from, Duration::ZERO), Some(at));
}

#[test]
fn the_city_refuses_the_new_one_and_the_old_one_is_shown_as_long_as_it_is_good() {
    let village = Village::new();
    let mut papers = village.papers();
    village.renew(&mut papers);
    papers.put_on();
    papers.lost(true, NOW);
    assert_eq!(month(&papers), 7);
    papers.welcomed();
    papers.lost(false, NOW);
    assert_eq!(month(&papers), 7, "a link that breaks is no refusal");

    let mut papers = village.papers();
    papers.lost(true, NOW.plus(DAY * 30));
    assert!(
        month(&papers) == 12 && papers.view().is_refused,
        "the old one has run out: it is told, not tried"
    );
}

#[test]
fn a_new_one_that_comes_to_nothing_twice_makes_room_for_the_old() {
    let village = Village::new();
    let mut papers = village.papers();
    village.renew(&mut papers);
    papers.put_on();
    papers.lost(false, NOW);
    assert_eq!(month(&papers), 12);
    papers.lost(false, NOW);
    assert_eq!(month(&papers), 7);
}

#[test]
fn a_box_that_is_enrolled_anew_forgets_what_was_renewed() {
    let village = Village::new();
    village.renew(&mut village.papers());
    forget(&village.config).unwrap();
    assert_eq!(month(&village.papers()), 7);
    forget(&village.config).unwrap();
}
