//! Stories of responsible persons who are called over a real wire: they sleep, their telephone is refused, they write back
//! the code or press the button of a card.

use crate::wecom::town_of;
use mingluo_console::office::Outcome;
use mingluo_dispatch::ladder::Sent;
use mingluo_ledger::store::{Answered, Call, Taken};
use mingluo_model::{
    address::Address,
    alert::Alert,
    audience::{ChannelKind, Group},
    call::{Means, Rung},
    mode::Live,
};
use mingluo_rehearsal::{
    city::{City, CityOrder, faults, number},
    sim_journal::What,
    sim_wecom::WeComFaults,
};
use mingluo_targeting::roster::{Recipient, bit};
use std::{collections::BTreeMap, time::Duration};
use tempfile::TempDir;

/// 清原镇's village in which those on duty sit.
const VILLAGE: &str = "210423100002";

/// The same in 红透山镇.
const NEIGHBOURS: &str = "210423101008";

/// The two townships.
const TOWNSHIPS: [&str; 2] = ["210423100", "210423101"];

/// 乡镇（街道）值班室 in the demonstration's table of groups.
const DUTY: Group = Group(12);

/// The first of those on duty, among the pretend numbers.
const OFFICER: u64 = 19_730_699_001;
const DEPUTY: u64 = 19_730_699_002;

/// Somebody on duty with a telephone.
fn on_duty(number: u64) -> Recipient {
    let sms = Some(Address::new(format!("+86{number}")));
    Recipient { groups: bit(DUTY), sms, ..Recipient::new(VILLAGE.parse().unwrap()) }
}

/// Somebody on duty in a village who is in WeCom.
fn member(village: &str, userid: &str) -> Recipient {
    let wecom = Some(Address::new(userid));
    Recipient { groups: bit(DUTY), wecom, ..Recipient::new(village.parse().unwrap()) }
}

/// A city that calls the officer and the deputy of one township; an answer is waited for so long.
fn order(files: &TempDir, within_s: u32, order: CityOrder) -> CityOrder {
    let order = calling(files, within_s, "", order);
    CityOrder { persons: vec![on_duty(OFFICER), on_duty(DEPUTY)], ..order }
}

/// A city that calls whoever is on duty in a township; its table `call` has these keys besides.
fn calling(files: &TempDir, within_s: u32, keys: &str, order: CityOrder) -> CityOrder {
    let key = files.path().join("call.key");
    std::fs::write(&key, "0123456789abcdef0123456789abcdef\n").unwrap();
    let call = format!(
        "[call]\nurl = \"https://warn.example\"\nkey_file = {:?}\nwithin_s = {{ red = {within_s} }}\n\
         township = [\"township_duty\"]\ncounty = []\ncity = []\n{keys}",
        key.display().to_string()
    );
    let more = format!("{}{call}", order.more);
    CityOrder { recipients: 10, more, ..order }
}

/// A red warning for these townships.
async fn red(city: &City, townships: &[&str]) -> Alert<Live> {
    let order = city.order("red", "红色", Duration::from_hours(1));
    let area = townships.iter().map(|code| (*code).to_owned()).collect();
    let order = mingluo_console::office::DraftOrder { area, ..order };
    city.issue(&city.console.live, &order).await.unwrap()
}

/// The first call that is as it is wanted.
async fn call(city: &City, alert: &Alert<Live>, wanted: impl Fn(&Call) -> bool) -> Call {
    for _ in 0..4_000 {
        let calls = city.console.store.calls(alert.id).await.unwrap();
        if let Some(call) = calls.into_iter().find(&wanted) {
            return call;
        }
        city.console.clock.sleep(Duration::from_millis(5)).await;
    }
    panic!("{:?}", city.console.store.calls(alert.id).await.unwrap());
}

fn is_on(call: &Call, at: Rung) -> bool {
    call.steps.iter().any(|step| match step.taken {
        Taken::Asked { rung, .. } => rung == at,
        Taken::Nobody => at == Rung::Nobody,
        Taken::Answered(_) => false,
    })
}

async fn the_township_officer_sleeps_and_the_deputy_writes_the_code(given: CityOrder) {
    let files = tempfile::tempdir().unwrap();
    let city = City::start(order(&files, 2, given)).await.unwrap();
    let alert = red(&city, &TOWNSHIPS[..1]).await;
    let open = call(&city, &alert, |call| is_on(call, Rung::Deputy)).await;
    let Taken::Asked { ask, plan, .. } = open.steps[1].taken else { panic!("{open:?}") };
    assert_eq!(city.console.live.engine().fares(plan), Sent::MayArrive);
    let code = city.console.store.ask(ask).await.unwrap().unwrap().code.expose();
    city.live_smsc.writes(OFFICER, &code);
    city.live_smsc.writes(DEPUTY, &format!("收到{code}"));
    let answered = call(&city, &alert, |call| call.answered().is_some()).await;
    let Some(Taken::Answered(Answered::Given { by, ask: whose, .. })) =
        answered.answered().map(|step| step.taken.clone())
    else {
        panic!("{answered:?}")
    };
    assert_eq!((by, whose), (Means::Reply, ask), "the officer's telephone does not know the deputy's code");
    city.settled(&city.console.live, alert.id).await.unwrap();
    let arrived = city.end().await.unwrap().live;
    let mut texts: BTreeMap<u64, usize> = BTreeMap::new();
    for part in arrived.iter().filter(|part| part.part == 1) {
        *texts.entry(part.destination).or_default() += 1;
    }
    let got = [OFFICER, DEPUTY, number(0)].map(|number| texts.get(&number).copied().unwrap_or(0));
    assert_eq!(got, [2, 2, 1], "the warning and one question each; residents the warning alone");
}

async fn the_button_of_the_warnings_own_card_answers_for_who_was_asked_by_telephone(given: CityOrder) {
    let files = tempfile::tempdir().unwrap();
    let given = calling(&files, 3_600, "channels = [\"sms\"]\n", given);
    let zhang = Recipient { wecom: Some(Address::new("zhang")), ..on_duty(OFFICER) };
    let town = town_of(WeComFaults::default(), 0, CityOrder { persons: vec![zhang], ..given }).await;
    let city = &town.city;
    let order = mingluo_console::office::DraftOrder {
        area: vec![TOWNSHIPS[0].to_owned()],
        channels: vec![ChannelKind::WeCom],
        ..city.order("red", "红色", Duration::from_hours(1))
    };
    let alert = city.issue(&city.console.live, &order).await.unwrap();
    let asked = call(city, &alert, |call| is_on(call, Rung::Asked)).await;
    assert_eq!(asked.answered(), None);
    let cards = || town.told(What::Accepted).into_iter().filter(|entry| entry.detail.starts_with("card"));
    city.until(|| (cards().count() == 1).then_some(())).await.unwrap();

    let said = town.act("press", r#"{"userid": "zhang"}"#.to_owned()).await.1;

    assert_eq!(said, r#"{"button":"已确认"}"#);
    let answered = call(city, &alert, |call| call.answered().is_some()).await;
    let step = answered.answered().map(|step| &step.taken);
    assert!(matches!(step, Some(Taken::Answered(Answered::Given { by: Means::Button, .. }))), "{answered:?}");
}

async fn a_telephone_that_is_refused_is_not_waited_for(given: CityOrder) {
    let files = tempfile::tempdir().unwrap();
    let faults = faults(&["--refuse-percent", "100"]);
    let city = City::start(order(&files, 3_600, CityOrder { faults, ..given })).await.unwrap();
    let alert = red(&city, &TOWNSHIPS[..1]).await;
    let over = call(&city, &alert, |call| is_on(call, Rung::Nobody)).await;
    assert!(is_on(&over, Rung::Asked) && is_on(&over, Rung::Deputy), "{over:?}");
    let took = over.steps[2].at.since(over.steps[0].at);
    assert!(took < Duration::from_mins(1), "{took:?}: an hour is waited for answers, not for the gateway");
    city.end().await.unwrap();
}

async fn the_button_of_the_card_answers_for_who_was_asked_and_ends_the_ladder(given: CityOrder) {
    let files = tempfile::tempdir().unwrap();
    let given = calling(&files, 5, "channels = [\"wecom\"]\n", given);
    let persons = [(VILLAGE, "zhang"), (VILLAGE, "wang"), (NEIGHBOURS, "li")];
    let persons = persons.map(|(village, userid)| member(village, userid)).into();
    let town = town_of(WeComFaults::default(), 0, CityOrder { persons, ..given }).await;
    let city = &town.city;
    let alert = red(city, &TOWNSHIPS).await;
    let of = |call: &Call, township: &str| call.region == township.parse().unwrap();
    let cards = || town.told(What::Accepted).into_iter().filter(|entry| entry.detail.starts_with("card"));
    city.until(|| (cards().count() == 2).then_some(())).await.unwrap();
    let to: Vec<String> = cards().map(|entry| entry.to).collect();
    assert!(to.contains(&"zhang".to_owned()) && to.contains(&"li".to_owned()), "{to:?}");
    let press = async |act: &str| town.act("press", act.to_owned()).await.1;

    let said = press(r#"{"userid": "wang", "card_of": "zhang"}"#).await;
    assert_eq!(said, r#"{"button":"确认收到"}"#, "a card that was forwarded answers nothing");
    let open = call(city, &alert, |call| of(call, TOWNSHIPS[0])).await;
    assert_eq!(open.answered(), None);

    assert_eq!(press(r#"{"userid": "zhang"}"#).await, r#"{"button":"已确认"}"#);
    let answered = call(city, &alert, |call| of(call, TOWNSHIPS[0])).await;
    let Some(Taken::Answered(Answered::Given { by: Means::Button, .. })) =
        answered.answered().map(|step| &step.taken)
    else {
        panic!("{answered:?}")
    };
    assert_eq!(press(r#"{"userid": "zhang"}"#).await, r#"{"button":"已确认"}"#);

    call(city, &alert, |call| of(call, TOWNSHIPS[1]) && is_on(call, Rung::Nobody)).await;
    let later = call(city, &alert, |call| of(call, TOWNSHIPS[0])).await;
    assert_eq!(later, answered, "pressed again, nothing changes, and the deputy is not asked");
    let shown = city.console.live.called(alert.id).await.unwrap();
    let shown = &shown.iter().find(|one| one.region == answered.region).unwrap().outcome;
    let by_button = matches!(shown, Outcome::Answered { who: Some(_), by: "button", officer: None, .. });
    assert!(by_button, "{shown:?}");
}

/// Each story twice: on a SQLite file, and on PostgreSQL where there is one.
macro_rules! on_both_engines {
    ($($story:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $story() {
                super::$story(super::CityOrder::default()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $story() {
                let Some(database) = crate::stories::database(stringify!($story)).await else { return };
                super::$story(super::CityOrder { database: Some(database), ..super::CityOrder::default() }).await;
            })*
        }
    };
}

on_both_engines!(
    the_township_officer_sleeps_and_the_deputy_writes_the_code,
    a_telephone_that_is_refused_is_not_waited_for,
    the_button_of_the_card_answers_for_who_was_asked_and_ends_the_ladder,
    the_button_of_the_warnings_own_card_answers_for_who_was_asked_by_telephone,
);
