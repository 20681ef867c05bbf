//! An administrator's desk: a folder with a good configuration, keys and an empty, migrated store.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use tempfile::TempDir;

/// The header of a roster.
pub(crate) const HEADER: &str = "region,groups,sms,wechat,email,speaker\n";

const CONFIG: &str = r#"[node]
name = "desk"
time_zone = "Asia/Shanghai"
[store]
address = "sqlite:HOME/desk.db"
keys_file = "HOME/keys"
[console]
listen = "127.0.0.1:0"
[region]
pack = "PACK"
[policy]
without_hold = []
red = { people = 3, hold_ms = 10000, longest_hours = 24 }
[signer]
socket = "HOME/signer.sock"
key_file = "HOME/signer.key"
key_id = "desk-1"
[render]
issuer = "抚顺市"
cap_sender = "fushun.example"
platform = "42104000000000103010101"
sms = "{headline}：{body}{instruction}"
[[live.sms]]
name = "live-sms"
pretend = true
host = "127.0.0.1"
port = 1
system_id = "desk"
password_file = "HOME/password"
source_address = "1069"
sessions = 1
window = 100
per_second = 100
signature = { placement = "in_front", text = "抚顺预警" }
"#;

pub(crate) struct Desk {
    home: TempDir,
}

/// What the program said, and whether it was content.
pub(crate) struct Said {
    pub(crate) good: bool,
    pub(crate) text: String,
}

impl Said {
    /// Whether all of these words are there.
    #[track_caller]
    pub(crate) fn tells(&self, words: &[&str]) -> &Self {
        for word in words {
            assert!(self.text.contains(word), "{word:?} is missing in:\n{}", self.text);
        }
        self
    }
}

impl Desk {
    /// A desk with a migrated store.
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let desk = Self { home };
        let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/regions/fushun");
        let config = CONFIG.replace("PACK", &pack.canonicalize().unwrap().display().to_string());
        desk.write("mingluo.toml", config.replace("HOME", &desk.home.path().display().to_string()));
        desk.write("keys", format!("first {}\n", "5a".repeat(32)));
        desk.write("signer.key", "07".repeat(32));
        desk.write("password", "secret\n");
        assert!(desk.run(&["migrate"]).good);
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Changes the configuration; what is changed must be there.
    pub(crate) fn change(&self, from: &str, to: &str) {
        let config = fs::read_to_string(self.path("mingluo.toml")).unwrap();
        assert!(config.contains(from), "{from}");
        self.write("mingluo.toml", config.replacen(from, to, 1));
    }

    /// A command of the program with this desk's configuration.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mingluo"));
        let config = self.path("mingluo.toml").display().to_string();
        command.arg(words[0]).args(["--config", &config]).args(&words[1..]);
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Said {
        let Output { status, stdout, stderr } = self.command(words).output().unwrap();
        let text = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        Said { good: status.success(), text }
    }

    /// Imports a roster with these rows.
    pub(crate) fn import(&self, rows: &str, options: &[&str]) -> Said {
        self.write("roster.csv", format!("{HEADER}{rows}"));
        self.import_file(options)
    }

    /// Imports `roster.csv` as it is.
    pub(crate) fn import_file(&self, options: &[&str]) -> Said {
        let roster = self.path("roster.csv").display().to_string();
        self.run(&[&["import", "--recipients", &roster], options].concat())
    }
}
