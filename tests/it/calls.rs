//! Stories of responsible persons who are called over a real wire: they sleep, their telephone is refused, they write back
//! the code.

use mingluo_dispatch::ladder::Sent;
use mingluo_ledger::store::{Answered, Call, Taken};
use mingluo_model::{
    address::Address,
    alert::Alert,
    audience::Group,
    call::{Means, Rung},
    mode::Live,
};
use mingluo_rehearsal::city::{City, CityOrder, faults, number};
use mingluo_targeting::roster::{Recipient, bit};
use std::{collections::BTreeMap, time::Duration};
use tempfile::TempDir;

/// 清原镇's village in which those on duty sit.
const VILLAGE: &str = "210423100002";

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

/// A city that calls the officer and the deputy of one township; an answer is waited for so long.
fn order(files: &TempDir, within_s: u32, order: CityOrder) -> CityOrder {
    let key = files.path().join("call.key");
    std::fs::write(&key, "0123456789abcdef0123456789abcdef\n").unwrap();
    let call = format!(
        "[call]\nurl = \"https://warn.example\"\nkey_file = {:?}\nwithin_s = {{ red = {within_s} }}\n\
         township = [\"township_duty\"]\ncounty = []\ncity = []\n",
        key.display().to_string()
    );
    let more = format!("{}{call}", order.more);
    CityOrder { recipients: 10, persons: vec![on_duty(OFFICER), on_duty(DEPUTY)], more, ..order }
}

/// A red warning for the township.
async fn red(city: &City) -> Alert<Live> {
    let order = city.order("red", "红色", Duration::from_hours(1));
    let order = mingluo_console::office::DraftOrder { area: vec!["210423100".to_owned()], ..order };
    city.issue(&city.console.live, &order).await.unwrap()
}

/// The only call, once it is as it is wanted.
async fn call(city: &City, alert: &Alert<Live>, wanted: impl Fn(&Call) -> bool) -> Call {
    for _ in 0..4_000 {
        let calls = city.console.store.calls(alert.id).await.unwrap();
        if let Some(call) = calls.into_iter().next().filter(&wanted) {
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
    let alert = red(&city).await;
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

async fn a_telephone_that_is_refused_is_not_waited_for(given: CityOrder) {
    let files = tempfile::tempdir().unwrap();
    let faults = faults(&["--refuse-percent", "100"]);
    let city = City::start(order(&files, 3_600, CityOrder { faults, ..given })).await.unwrap();
    let alert = red(&city).await;
    let over = call(&city, &alert, |call| is_on(call, Rung::Nobody)).await;
    assert!(is_on(&over, Rung::Asked) && is_on(&over, Rung::Deputy), "{over:?}");
    let took = over.steps[2].at.since(over.steps[0].at);
    assert!(took < Duration::from_mins(1), "{took:?}: an hour is waited for answers, not for the gateway");
    city.end().await.unwrap();
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
);
