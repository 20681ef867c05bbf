//! Officers change: passwords are forgotten, people leave and come back.

use crate::desk::{Desk, Said};
use mingluo_console::{app::open_store, config::Config, people::People};
use mingluo_ledger::Store;
use mingluo_model::clock::system::SystemClock;
use rand::{SeedableRng, rngs::StdRng};
use std::sync::Arc;

const OLD: &str = "long enough words";
const NEW: &str = "other long words";

/// A desk where 钱进 may release and has an API key.
fn with_qian() -> Desk {
    let desk = Desk::new();
    desk.write("old", OLD);
    desk.write("new", NEW);
    let [password, key] = ["old", "qian.key"].map(|name| desk.path(name).display().to_string());
    let who = ["--login", "qian", "--name", "钱进", "--roles", "releaser", "--region", "2104"];
    let files = ["--password-file", &password, "--api-key-file", &key];
    let added = desk.run(&[&["user", "add"], &who[..], &files[..]].concat());
    assert!(added.good, "{}", added.text);
    desk
}

fn user(desk: &Desk, verb: &str, options: &[&str]) -> Said {
    desk.run(&[&["user", verb, "--login", "qian"], options].concat())
}

/// The console's doors, as they are while it runs.
struct Doors {
    store: Arc<dyn Store>,
    people: People,
    chance: StdRng,
    key: String,
}

impl Doors {
    async fn of(desk: &Desk) -> Self {
        let config = Config::read(&desk.path("mingluo.toml")).unwrap();
        let store = open_store(&config).await.unwrap();
        let people = People::new(Arc::clone(&store), SystemClock::shared());
        let key = std::fs::read_to_string(desk.path("qian.key")).unwrap().trim().to_owned();
        Self { store, people, chance: StdRng::seed_from_u64(1), key }
    }

    async fn sign_in(&mut self, password: &str) -> Option<String> {
        let signed_in = self.people.sign_in("qian", password, &mut self.chance).await.unwrap();
        signed_in.map(|(_, cookie)| cookie)
    }

    async fn is_in(&self, cookie: &str) -> bool {
        self.people.look(cookie).await.unwrap().is_some()
    }

    async fn key_opens(&self) -> bool {
        self.people.by_key(&self.key).await.unwrap().is_some()
    }

    async fn last_line(&self) -> (String, String) {
        let line = self.store.audit_rows(0, 99).await.unwrap().pop().unwrap().line;
        (line.action, line.detail.to_string())
    }
}

#[tokio::test]
async fn a_new_password_signs_every_browser_out_and_the_old_one_opens_nothing() {
    let desk = with_qian();
    let mut doors = Doors::of(&desk).await;
    let cookie = doors.sign_in(OLD).await.unwrap();
    assert!(doors.is_in(&cookie).await);

    let new = desk.path("new").display().to_string();
    let changed = user(&desk, "password", &["--password-file", &new]);
    assert!(changed.good, "{}", changed.text);
    changed.tells(&["已更换口令", "password changed", "qian"]);
    assert!(!doors.is_in(&cookie).await && doors.people.visit(&cookie).await.unwrap().is_none());
    assert!(doors.sign_in(OLD).await.is_none() && doors.sign_in(NEW).await.is_some());
    assert!(doors.key_opens().await, "a key is no password");
    let (action, detail) = doors.last_line().await;
    assert!(action == "officer.password" && !detail.contains("argon2") && detail.contains("qian"));
}

#[tokio::test]
async fn who_leaves_is_out_at_once_with_browsers_and_keys_until_they_come_back() {
    let desk = with_qian();
    let mut doors = Doors::of(&desk).await;
    let cookie = doors.sign_in(OLD).await.unwrap();

    let disabled = user(&desk, "disable", &[]);
    assert!(disabled.good, "{}", disabled.text);
    disabled.tells(&["已停用", "API keys refused", "没有人能签发", "nobody may release"]);
    assert!(!doors.is_in(&cookie).await && !doors.key_opens().await && doors.sign_in(OLD).await.is_none());
    assert_eq!(doors.last_line().await.0, "officer.disable");
    user(&desk, "disable", &[]).tells(&["本已停用", "disabled already"]);
    desk.run(&["user", "list"]).tells(&["停用 disabled"]);

    assert!(user(&desk, "enable", &[]).good);
    assert!(!doors.is_in(&cookie).await, "an old browser stays out");
    assert!(doors.key_opens().await && doors.sign_in(OLD).await.is_some());
    assert_eq!(doors.last_line().await.0, "officer.enable");
}

#[tokio::test]
async fn other_roles_hold_at_once_and_the_last_releaser_is_missed() {
    let desk = with_qian();
    let mut doors = Doors::of(&desk).await;
    let cookie = doors.sign_in(OLD).await.unwrap();
    let changed = user(&desk, "roles", &["--roles", "author,auditor"]);
    assert!(changed.good, "{}", changed.text);
    changed.tells(&["拟稿 author，监督 auditor", "没有人能签发"]);
    assert!(!doors.is_in(&cookie).await);
    let (action, detail) = doors.last_line().await;
    assert!(action == "officer.roles" && detail.contains("releaser") && detail.contains("auditor"));
    let again = user(&desk, "roles", &["--roles", "releaser"]);
    assert!(again.good && !again.text.contains("没有人能签发"), "{}", again.text);
}

#[test]
fn nobody_and_names_that_cannot_be_typed_are_told() {
    let desk = with_qian();
    let nobody = desk.run(&["user", "disable", "--login", "sun"]);
    assert!(!nobody.good);
    nobody.tells(&["--login", "sun", "没有这个值班员", "mingluo user list"]);
    let password = desk.path("old").display().to_string();
    let who = ["--login", "w u", "--name", "吴", "--roles", "author", "--region", "2104"];
    let refused = desk.run(&[&["user", "add"], &who[..], &["--password-file", &password]].concat());
    assert!(!refused.good);
    refused.tells(&["--login", "w u", "1 至 32 个英文字母", "1 to 32 of letters"]);
    desk.run(&["user", "add", "--help"]).tells(&[
        "author",
        "拟稿：",
        "operator",
        "管理值班员",
        "releases nothing",
    ]);
}
