//! Numbers and replaced bulletins over a real store.

use super::*;
use crate::render::{BoxBulletin, Broadcaster, Hazards, Question, RenderError, Renderer, WeChatTemplate};
use mingluo_ledger::{
    store::{AlertWrite, Change, StoredPlan},
    vault::Vault,
};
use mingluo_model::{
    alert::{Alert, Content, Language, Text},
    area::Area,
    audience::{Audience, HeadCount},
    bulletin::{
        Action, BroadcastClass, Circumstances, KeySet, ResourceCode, Sequences, Tone, VerifyingEntry, verify,
    },
    call::{Code, Rung},
    grade::Grade,
    hazard::{Hazard, HazardSystem},
    id::{AlertId, EditionId, OfficerId, OrgId, PlanId},
    message::{Body, MARKED_WORDS, Message, WORDS},
    mode::{Drill, Live},
    owner::{Officer, Owner, Role},
    plan::{AccountName, Cause, Plan, PlanStatus, Target},
    priority::{EmergencyClass, Hearers, Priority, Withdraws},
    region::Level,
    signer::LocalSigner,
    template::Template,
};
use rand::{SeedableRng, rngs::StdRng};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tempfile::TempDir;
use uuid::Uuid;

/// 2026-07-05 08:00 in Shanghai.
const NOW: Timestamp = Timestamp(1_783_209_600_000);
const PLATFORM: &str = "42104000000000103010101";

struct House {
    store: Arc<dyn Store>,
    _dir: TempDir,
}

impl House {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let address = format!("sqlite:{}", dir.path().join("ledger.db").display());
        mingluo_ledger::migrate(&address).await.unwrap();
        let ring = Vault::generate(&mut StdRng::seed_from_u64(1));
        let vault = Arc::new(Vault::read("vault.keys", &ring).unwrap());
        let store = mingluo_ledger::open(&address, vault).await.unwrap();
        let accounts = [ModeKind::Live, ModeKind::Drill].map(|mode| (account(mode), mode));
        store.register_accounts(&accounts).await.unwrap();
        Self { store, _dir: dir }
    }

    /// What a program that starts now renders with.
    async fn renderer<M: Mode>(&self) -> Renderer {
        let numbers = Numbers::resume::<M>(self.store.as_ref()).await.unwrap();
        let signer = Arc::new(LocalSigner::from_seed("fushun-1".parse().unwrap(), &[7; 32]));
        let platform: ResourceCode = PLATFORM.parse().unwrap();
        Renderer {
            issuer: "抚顺市".into(),
            zone: jiff::tz::TimeZone::get("Asia/Shanghai").unwrap(),
            hazards: Hazards::default(),
            sms: Template::new("{body}"),
            wechat: None,
            mass: None,
            broadcaster: Some(Broadcaster::new(signer, platform, numbers)),
            pretend: BTreeSet::new(),
            sms_forms: BTreeMap::new(),
            cap_sender: "fushun.example".into(),
        }
    }

    /// Releases an alert as the office does; gives its bulletin.
    async fn release<M: Mode>(&self, renderer: &Renderer, id: u128, kind: AlertKind) -> Bulletin {
        let alert = alert::<M>(id, kind);
        let replaced = replaced(self.store.as_ref(), kind, NOW).await.unwrap();
        let message = renderer.finish(&alert, ChannelKind::Speaker, NOW, &replaced, None).await.unwrap();
        let plans = vec![StoredPlan::new(&plan(&alert, message), PlanStatus::Open)];
        let change = Change { alerts: vec![AlertWrite::new(&alert, 0)], plans, ..Change::default() };
        self.store.commit(&change).await.unwrap();
        bulletins(self.store.as_ref(), alert.id).await.unwrap().pop().unwrap()
    }
}

fn account(mode: ModeKind) -> AccountName {
    AccountName(format!("speaker-{}", mode.number()))
}

fn alert<M: Mode>(id: u128, kind: AlertKind) -> Alert<M> {
    let scope = "210423".parse().unwrap();
    let owner = Owner { org: OrgId(Uuid::from_u128(1)), scope, level: Level::County };
    let officer = Officer { id: OfficerId(Uuid::from_u128(2)), owner, roles: vec![Role::Author] };
    let text =
        Text { headline: "红色预警".into(), body: "请立即转移".into(), instruction: String::new() };
    let regions = vec!["210423001".parse().unwrap()];
    let content = Content {
        kind,
        hazard: Hazard {
            code: "11B03".into(),
            system: HazardSystem::National,
            name_zh: "暴雨".into(),
            name_en: "Rainstorm".into(),
        },
        grade: Grade::Red,
        class: if M::KIND == ModeKind::Drill { EmergencyClass::Drill } else { EmergencyClass::Emergency },
        texts: BTreeMap::from([(Language::chinese(), text)]),
        area: Area { regions: regions.clone(), shapes: Vec::new(), described: "清原镇".into() },
        audience: Audience {
            edition: EditionId(Uuid::from_u128(1)),
            regions,
            groups: Vec::new(),
            counts: BTreeMap::from([(ChannelKind::Speaker, HeadCount { recipients: 3, responsible: 0 })]),
        },
        reserve: Vec::new(),
        expires: NOW.plus(Duration::from_hours(6)),
    };
    Alert::draft(alert_id(id), &officer, content, NOW).unwrap()
}

const fn alert_id(number: u128) -> AlertId {
    AlertId(Uuid::from_u128(number))
}

fn plan<M: Mode>(alert: &Alert<M>, message: Message<M>) -> Plan<M> {
    Plan {
        id: PlanId(alert.id.0),
        alert: alert.id,
        channel: ChannelKind::Speaker,
        account: account(M::KIND),
        message,
        target: Target::Place { name: "县城".into() },
        priority: Priority {
            withdraws: Withdraws::No,
            class: alert.content.class,
            grade: Grade::Red,
            tier: Level::County,
            hearers: Hearers::Residents,
        },
        not_before: NOW,
        not_after: alert.content.expires,
        cause: Cause::Release,
        instead_of: None,
    }
}

#[tokio::test]
async fn words_go_by_all_their_names_and_a_drills_say_that_it_is_one() {
    let house = House::new().await;
    let (renderer, kind) = (house.renderer::<Live>().await, AlertKind::Lift(alert_id(1)));
    let live = renderer.render(&alert::<Live>(2, kind), ChannelKind::Sms, NOW).unwrap().words;
    let drill = renderer.render(&alert::<Drill>(2, kind), ChannelKind::Sms, NOW).unwrap().words;
    assert_eq!(live.keys().map(String::as_str).collect::<BTreeSet<_>>(), BTreeSet::from(WORDS));
    assert_eq!((live["event"].as_str(), live["step_code"].as_str()), ("暴雨红色预警", "lift"));
    assert!(MARKED_WORDS.iter().all(|name| drill[*name] == format!("演练：{}", live[*name])));
}

#[tokio::test]
async fn whoever_is_called_by_wechat_is_asked_and_not_only_warned_again() {
    let house = House::new().await;
    let mut renderer = house.renderer::<Drill>().await;
    let gaps = ["event", "area", "advice"].map(|gap| (gap.to_owned(), Template::new(format!("{{{gap}}}"))));
    renderer.wechat = Some(WeChatTemplate { id: "T1".into(), fields: gaps.into() });
    let divisions = ["清原镇".to_owned()];
    let question = Question {
        rung: Rung::Reminded,
        divisions: &divisions,
        code: Code::read("482913").unwrap(),
        link: "https://warn.example/a/x",
        within: Duration::from_mins(5),
    };
    let alert = alert::<Drill>(1, AlertKind::Alert);
    let asked = renderer.question(&alert, ChannelKind::WeChat, &question, NOW).unwrap().body;
    let Body::WeChat { fields, url, text, .. } = asked else { panic!("another channel") };
    assert_eq!((&*url, &*text), ("https://warn.example/a/x", ""));
    let told = ["event", "area", "advice"].map(|name| fields[name].as_str());
    assert_eq!(told, ["演练:叫应:暴雨红色预警", "清原镇", "未收到您的应答,请点开确认(5分钟内)"]);
}

/// A key set with the signer's key, up to this grade.
fn believed(max_level: Grade) -> KeySet {
    let signer = LocalSigner::from_seed("fushun-1".parse().unwrap(), &[7; 32]);
    let key = VerifyingEntry {
        id: "fushun-1".parse().unwrap(),
        public: signer.public(),
        not_after: NOW.plus(Duration::from_hours(24)),
        tier: Level::City,
        areas: vec!["2104".parse().unwrap()],
        max_level,
        classes: vec![BroadcastClass::Emergency],
    };
    KeySet { keys: vec![key] }
}

#[tokio::test]
async fn a_county_s_bulletin_is_taken_by_its_boxes_and_one_that_they_would_refuse_is_not_signed() {
    let house = House::new().await;
    let alert = alert::<Live>(1, AlertKind::Alert);
    for max_level in [Grade::Red, Grade::Blue] {
        let keys = Arc::new(believed(max_level));
        let told = Arc::clone(&keys);
        let mut renderer = house.renderer::<Live>().await;
        renderer.broadcaster = renderer
            .broadcaster
            .map(|it| it.for_boxes_that_believe(Arc::new(move || Some(Arc::clone(&told)))));
        let finished = renderer.finish(&alert, ChannelKind::Speaker, NOW, &[], None).await;
        if max_level == Grade::Blue {
            let Err(RenderError::Disbelieved { key, what }) = finished else { panic!("{finished:?}") };
            assert!(key.as_str() == "fushun-1" && what.starts_with("level"), "{what}");
            let stop = BoxBulletin {
                tier: Level::County,
                areas: vec!["210423".parse().unwrap()],
                action: Action::StopAll,
                end: NOW.plus(std::time::Duration::from_mins(1)),
                volume: 0,
                script: String::new(),
                mode: ModeKind::Live,
            };
            let broadcaster = renderer.broadcaster.as_ref().unwrap();
            let stopped = broadcaster.order(stop, NOW, &jiff::tz::TimeZone::UTC).await;
            assert_eq!(stopped.unwrap().0.action, Action::StopAll, "what silences is never withheld");
            continue;
        }
        let Body::Speaker { envelope, .. } = finished.unwrap().body else { panic!("another channel") };
        let (region, seen) = ("210423001001".parse().unwrap(), Sequences::new());
        let here = Circumstances { now: NOW, region, mode: ModeKind::Live, seen: &seen };
        assert_eq!(verify(&envelope, &keys, here).unwrap().tier, Level::County);
    }
}

#[tokio::test]
async fn chats_say_where_and_until_when_and_a_drill_says_so_in_words_and_on_the_card() {
    let house = House::new().await;
    let renderer = house.renderer::<Live>().await;
    let live = renderer.render(&alert::<Live>(1, AlertKind::Alert), ChannelKind::WeCom, NOW).unwrap().body;
    let Body::WeCom { text, title, note, button } = live else { panic!("{live:?}") };
    assert!(text.ends_with("\n影响区域：清原镇\n失效时间：2026年7月5日 14:00"), "{text}");
    assert_eq!((title.as_str(), note.as_str()), ("暴雨红色预警", "清原镇，至2026年7月5日 14:00"));
    assert_eq!(button, "确认收到");
    let drill = alert::<Drill>(2, AlertKind::Alert);
    let Body::WeCom { text, title, .. } = renderer.render(&drill, ChannelKind::WeCom, NOW).unwrap().body
    else {
        panic!("another channel")
    };
    assert!(text.starts_with("【演练】") && text.ends_with("【演练】"), "{text}");
    assert_eq!(title, "演练：暴雨红色预警");
    let robot = renderer.render(&drill, ChannelKind::Robot, NOW).unwrap().body;
    assert_eq!(robot, Body::Robot { text });
}

#[tokio::test]
async fn a_lift_silences_the_whole_chain_and_is_spoken() {
    let house = House::new().await;
    let renderer = house.renderer::<Live>().await;
    let red = house.release::<Live>(&renderer, 1, AlertKind::Alert).await;
    let other = house.release::<Live>(&renderer, 2, AlertKind::Alert).await;
    let update = house.release::<Live>(&renderer, 3, AlertKind::Update(alert_id(1))).await;
    let lift = house.release::<Live>(&renderer, 4, AlertKind::Lift(alert_id(3))).await;

    assert_eq!((red.related, other.related), (vec![], vec![]));
    assert_eq!(update.related, [red.ebm]);
    assert_eq!(lift.related, [update.ebm, red.ebm], "a box may have been away for the update");
    assert_eq!((lift.action, lift.tone), (Action::Play, Tone::AllClear));
}

#[tokio::test]
async fn what_has_ended_is_not_replaced() {
    let house = House::new().await;
    let renderer = house.renderer::<Live>().await;
    let red = house.release::<Live>(&renderer, 1, AlertKind::Alert).await;
    let follows = AlertKind::Correction(alert_id(1));
    assert_eq!(replaced(house.store.as_ref(), follows, red.end).await.unwrap(), []);
}

#[tokio::test]
async fn no_number_is_given_twice_whatever_the_clock_the_mode_and_the_runs() {
    let house = House::new().await;
    let mut given = Vec::new();
    for run in 0..3 {
        let (live, drill) = (house.renderer::<Live>().await, house.renderer::<Drill>().await);
        for step in 0..4 {
            let id = 100 * run + 10 * step;
            given.push(house.release::<Live>(&live, id + 1, AlertKind::Alert).await);
            given.push(house.release::<Drill>(&drill, id + 2, AlertKind::Alert).await);
        }
    }
    let names: BTreeSet<EbmId> = given.iter().map(|bulletin| bulletin.ebm).collect();
    assert_eq!(names.len(), given.len());
    let digits = |bulletin: &Bulletin| bulletin.ebm.as_str()[23..].to_owned();
    assert_eq!((digits(&given[0]), digits(&given[1])), ("202607050000".into(), "202607058000".into()));
    assert_eq!(digits(&given[22]), "202607050011");
    let live: Vec<u64> = given.iter().step_by(2).map(|bulletin| bulletin.seq).collect();
    assert!(live.windows(2).all(|pair| pair[1] == pair[0] + 1), "boxes remember the last 64: {live:?}");
}

#[test]
fn a_day_that_is_used_up_or_goes_back_goes_on_from_the_last() {
    let at = |mode, ebm| Numbers { mode, last: Mutex::new(Last { seq: 1, ebm }) };
    assert_eq!(at(ModeKind::Live, 0).next_ebm(20_260_705), (20_260_705, 0));
    assert_eq!(at(ModeKind::Live, 202_607_050_017).next_ebm(20_260_704), (20_260_705, 18));
    assert_eq!(at(ModeKind::Live, 202_607_057_999).next_ebm(20_260_705), (20_260_706, 0));
    assert_eq!(at(ModeKind::Drill, 202_607_059_999).next_ebm(20_260_705), (20_260_706, 8_000));
}
