//! A whole city that warns by mail: what comes back fails a delivery hours after the relay took it, strikes mailboxes
//! off that nobody has, and takes readers off who no longer want it.

use mingluo_console::{api, people::People};
use mingluo_model::{
    audience::ChannelKind,
    clock::{SharedClock, Timestamp, system::SystemClock},
    delivery::DeliveryState,
    mode::ModeKind,
    plan::PlanStatus,
};
use mingluo_rehearsal::{
    city::{City, CityOrder, mailbox},
    sim_journal::{Entry, Journal, What},
    sim_mail::{MailFaults, SimMail},
};
use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::JoinSet};

const PEOPLE: u32 = 60;

struct Town {
    city: City,
    relay: SimMail,
    journal: Arc<Journal>,
    door: String,
    _files: tempfile::TempDir,
    _serving: JoinSet<()>,
}

fn account(port: u16, door: &str, files: &Path) -> String {
    let at = |name: &str| files.join(name).display().to_string();
    std::fs::write(files.join("tag"), "a long secret\n").unwrap();
    format!(
        "[live.email]\nname = \"live-mail\"\npretend = true\nrelay = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n\
         from = \"应急局 <warn@pretend.invalid>\"\nsockets = 4\nper_second = 1000\nhelo_name = \"town.pretend.invalid\"\n\
         unsubscribe_url = \"{door}/u/\"\ntag_key_file = {:?}\n\
         bounces = {{ return_to = \"b@back.invalid\", listen = \"127.0.0.1:0\" }}\n",
        at("tag")
    )
}

async fn town(faults: MailFaults) -> Town {
    let clock: SharedClock = SystemClock::shared();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let journal = Arc::new(Journal::in_memory(clock.clone()));
    let relay = SimMail::start(listener, faults, Arc::clone(&journal), clock.clone()).unwrap();
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", door.local_addr().unwrap());
    let files = tempfile::tempdir().unwrap();
    let more = account(relay.address().port(), &address, files.path());
    let order = CityOrder { recipients: PEOPLE, mail: true, more, ..CityOrder::default() };
    let city = City::start(order).await.unwrap();
    relay.report_to(*city.console.returned_mail.values().next().unwrap());
    let people = Arc::new(People::new(Arc::clone(&city.console.store), clock));
    let routes = api::routes(&city.console, &people);
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(door, routes).await.unwrap() });
    Town { city, relay, journal, door: address, _files: files, _serving: serving }
}

impl Town {
    /// Mails a warning to everybody, and waits until each of the mails was taken.
    async fn warned(&self) -> mingluo_model::id::AlertId {
        self.warned_for(Duration::from_hours(1)).await
    }

    async fn warned_for(&self, holds: Duration) -> mingluo_model::id::AlertId {
        let live = &self.city.console.live;
        let order = mingluo_console::office::DraftOrder {
            channels: vec![ChannelKind::Email],
            ..self.city.order("red", "请立即转移到高处。", holds)
        };
        let alert = self.city.issue(live, &order).await.unwrap().id;
        let sent = || {
            self.standing(alert, &[DeliveryState::Planned, DeliveryState::Queued, DeliveryState::Submitting])
                == 0
        };
        self.city.until(|| sent().then_some(())).await.unwrap();
        alert
    }

    /// Deliveries of an alert that stand so.
    fn standing(&self, alert: mingluo_model::id::AlertId, states: &[DeliveryState]) -> u32 {
        let words: Vec<_> = states.iter().map(|state| state.word()).collect();
        let views = self.city.console.live.progress(Some(alert));
        let counts = views.iter().flat_map(|view| view.counts.states.iter());
        counts.filter(|(state, _)| words.contains(state)).map(|(_, count)| *count).sum()
    }

    /// All that comes back of mails that were taken is handed over.
    async fn until_reported(&self) {
        self.city.until(|| (self.relay.reports_under_way() == 0).then_some(())).await.unwrap();
    }

    async fn until_failed(&self, alert: mingluo_model::id::AlertId, count: u32) {
        let failed = || self.standing(alert, &[DeliveryState::Failed]) == count;
        self.city.until(|| failed().then_some(())).await.unwrap();
    }

    fn told(&self, what: What) -> Vec<Entry> {
        self.journal.entries().into_iter().filter(|entry| entry.what == what).collect()
    }

    /// Mailboxes that a mail was taken for or that came back, since so many lines.
    fn boxes(&self, what: What, since: usize) -> BTreeSet<String> {
        let entries = self.journal.entries();
        entries[since..].iter().filter(|entry| entry.what == what).map(|entry| entry.to.clone()).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mailboxes_that_nobody_has_fail_later_and_are_struck_off_after_two_warnings() {
    let faults = MailFaults {
        bounce_percent: 15,
        holiday_percent: 20,
        report_late_ms: 50,
        report_double: true,
        ..MailFaults::default()
    };
    let town = town(faults).await;

    let first = town.warned().await;
    assert_eq!(town.boxes(What::Accepted, 0).len(), PEOPLE as usize, "the relay took all of them");
    town.until_reported().await;
    let gone = || town.told(What::Receipt).into_iter().filter(|entry| entry.detail.starts_with("failed"));
    let nobody: BTreeSet<_> = gone().map(|entry| entry.to).collect();
    assert!(nobody.len() > 3);
    town.until_failed(first, nobody.len() as u32).await;
    let holidays = town.told(What::Receipt).iter().filter(|entry| entry.detail == "holiday").count();
    assert!(holidays > 0, "a machine answered, and nobody failed for it");

    let second = town.warned().await;
    town.until_failed(second, nobody.len() as u32).await;
    // Each comes back twice from each warning, and is answered when all of it is kept.
    town.until_reported().await;
    assert_eq!(gone().count(), 4 * nobody.len());
    let before = town.journal.entries().len();
    let third = town.warned().await;
    town.until_failed(third, nobody.len() as u32).await;
    let taken = town.boxes(What::Accepted, before);
    assert!(taken.is_disjoint(&nobody), "nothing more leaves to mailboxes that two warnings came back from");
    assert_eq!(taken.len(), PEOPLE as usize - nobody.len());
    assert!(town.relay.connections() > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mailboxes_that_the_relay_itself_refuses_are_struck_off_as_well() {
    let town = town(MailFaults { refuse_percent: 15, ..MailFaults::default() }).await;
    for _ in 0..2 {
        let alert = town.warned().await;
        let failed = || town.standing(alert, &[DeliveryState::Failed]) > 3;
        town.city.until(|| failed().then_some(())).await.unwrap();
    }
    let nobody = town.boxes(What::Refused, 0);
    let store = &town.city.console.store;
    while store.struck_off(ModeKind::Live).await.unwrap().len() < nobody.len() {
        tokio::task::yield_now().await;
    }
    // Whoever strikes them off reads them into memory as well before this is through.
    town.city.console.live.engine().refresh_opt_outs().await.unwrap();
    let before = town.journal.entries().len();
    town.warned().await;
    assert!(town.boxes(What::Refused, before).is_empty(), "nothing is offered to them any more");
    assert_eq!(town.boxes(What::Accepted, before).len(), PEOPLE as usize - nobody.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_says_of_everybody_that_nobody_has_their_mailbox_strikes_nobody_off() {
    for faults in [
        MailFaults { refuse_percent: 100, ..MailFaults::default() },
        MailFaults { bounce_percent: 100, ..MailFaults::default() },
    ] {
        let town = town(faults).await;
        for _ in 0..2 {
            let alert = town.warned().await;
            town.until_failed(alert, PEOPLE).await;
            town.until_reported().await;
        }
        let before = town.journal.entries().len();
        town.warned().await;
        let offered = town.boxes(What::Refused, before).len() + town.boxes(What::Accepted, before).len();
        assert_eq!(offered, PEOPLE as usize, "the relay is set up wrongly, and everybody is tried again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_back_while_the_city_is_down_is_taken_when_it_is_up() {
    let faults = MailFaults { bounce_percent: 15, ..MailFaults::default() };
    let town = town(faults).await;
    // Nobody listens there: the relay keeps what comes back.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    town.relay.report_to(free);
    let alert = town.warned().await;
    assert_eq!(town.standing(alert, &[DeliveryState::Accepted]), PEOPLE);

    town.relay.report_to(*town.city.console.returned_mail.values().next().unwrap());

    let failed = || town.standing(alert, &[DeliveryState::Failed]) > 3;
    town.city.until(|| failed().then_some(())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_back_when_the_warning_is_over_and_folded_fails_its_delivery_all_the_same() {
    let faults = MailFaults { bounce_percent: 15, report_late_ms: 4_000, ..MailFaults::default() };
    let town = town(faults).await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    town.relay.report_to(free);
    let alert = town.warned_for(Duration::from_secs(3)).await;
    let live = &town.city.console.live;
    let is_folded = || live.progress(Some(alert)).iter().all(|view| view.status == PlanStatus::Closed);
    town.city.until(|| is_folded().then_some(())).await.unwrap();
    assert_eq!(town.standing(alert, &[DeliveryState::Failed]), 0);

    town.relay.report_to(*town.city.console.returned_mail.values().next().unwrap());

    town.until_reported().await;
    let nobody = town.boxes(What::Receipt, 0);
    assert!(nobody.len() > 3);
    assert_eq!(town.standing(alert, &[DeliveryState::Failed]) as usize, nobody.len());
    assert!(town.city.console.store.unmatched(Timestamp(0)).await.unwrap().is_empty());
}

pub(super) fn client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls).build().unwrap()
}

/// The address in a mail at which its reader unsubscribes, for this mailbox.
fn click_of(town: &Town, to: &str) -> String {
    let mail = town.relay.mail_to(to).unwrap();
    let (_, rest) = mail.split_once("List-Unsubscribe: <").unwrap();
    rest.split_once('>').unwrap().0.to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_click_takes_a_reader_off_and_looking_at_the_page_does_not() {
    let town = town(MailFaults { keep_mails: true, ..MailFaults::default() }).await;
    town.warned().await;
    let (li, http) = (mailbox(7), client());
    let click = click_of(&town, &li);
    assert!(click.starts_with(&format!("{}/u/", town.door)), "{click}");

    let page = http.get(&click).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("退订"));
    let off = async || town.city.console.store.opt_outs(ModeKind::Live).await.unwrap().len();
    assert_eq!(off().await, 0, "scanners follow every link");
    let forged = http.post(format!("{}/u/{}", town.door, "a".repeat(47))).body("List-Unsubscribe=One-Click");
    assert_eq!(forged.send().await.unwrap().status(), 404);
    assert_eq!(http.post(&click).body("").send().await.unwrap().status(), 400);
    assert_eq!(off().await, 0);

    let clicked = http.post(&click).body("List-Unsubscribe=One-Click").send().await.unwrap();
    assert_eq!((clicked.status().as_u16(), off().await), (200, 1));
    let before = town.journal.entries().len();
    town.warned().await;
    let taken = town.boxes(What::Accepted, before);
    assert!(!taken.contains(&li) && taken.len() == PEOPLE as usize - 1);

    assert_eq!(http.post(&click).body("wish=back").send().await.unwrap().status(), 200);
    assert_eq!(off().await, 0, "who thinks better of it is on again");
}
