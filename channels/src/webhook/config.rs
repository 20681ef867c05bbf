//! A target of webhooks, as an operator writes it, and what it becomes once it is checked.

use crate::{
    account::{ConfigError, is_loopback},
    forward::{ForwardConfig, Platform},
};
use mingluo_model::{alert::Content, clock::SharedClock, grade::Grade, mode::ModeKind, region::RegionCode};
use reqwest::Url;
use serde::Deserialize;
use std::path::PathBuf;

/// Characters of a name at most: it stands in every line of the log. Ours to choose.
const LONGEST_NAME: usize = 40;

/// Who is told of warnings by webhook (推送订阅目标).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// What it is called in the log and for ever: another name is another target, that knows of nothing.
    pub name: String,
    /// Its address: `https`, or `http` to this machine where it only pretends.
    pub url: String,
    /// The file whose first line is the secret that requests are signed with, as Standard Webhooks has it: `whsec_` and base64.
    pub secret_file: PathBuf,
    /// Certificates (PEM) of an authority to trust besides the public ones.
    pub ca_file: Option<PathBuf>,
    /// How long to wait for an answer, in seconds; 1 to 60.
    #[serde(default = "answer_seconds")]
    pub answer_seconds: u32,
    /// The divisions that it wants warnings of, by code: those whose area touches one of them. All where there are none.
    #[serde(default)]
    pub regions: Vec<String>,
    /// The grades that it wants. All where there are none.
    #[serde(default)]
    pub grades: Vec<Grade>,
    /// Whether it is told of drills as well.
    #[serde(default)]
    pub drills: bool,
    /// Whether the far side only pretends; it is on this machine then.
    #[serde(default)]
    pub pretend: bool,
}

const fn answer_seconds() -> u32 {
    10
}

/// A target whose configuration is right.
pub struct WebhookTarget {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub platform: Platform,
    /// The modes that it is told of.
    pub modes: Vec<ModeKind>,
    regions: Vec<RegionCode>,
    grades: Vec<Grade>,
}

impl WebhookTarget {
    /// Whether it wants warnings like this one: of a grade of its own, over an area that touches one of its divisions.
    pub fn wants(&self, content: &Content) -> bool {
        let touches = |wanted: &RegionCode| content.area.regions.iter().any(|own| wanted.touches(*own));
        (self.grades.is_empty() || self.grades.contains(&content.grade))
            && (self.regions.is_empty() || self.regions.iter().any(touches))
    }
}

impl WebhookConfig {
    /// Checks every key and reads the secret; connects to nothing.
    ///
    /// # Errors
    /// [`ConfigError`] with the key, its value and what to write instead.
    pub fn build(&self, clock: SharedClock) -> Result<WebhookTarget, ConfigError> {
        let name = self.name.trim();
        let harmless = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
        if name.is_empty() || name.chars().count() > LONGEST_NAME || !name.chars().all(harmless) {
            let fix = "use 1 to 40 letters, digits, - and _, like media-desk";
            return Err(ConfigError::new("name", &self.name, fix).with_fault("webhook-name", []));
        }
        self.demand_safe_place()?;
        let platform = self.platform(clock)?;
        let wrong = |code: &str| {
            let fix = "use codes of divisions of 2, 4, 6, 9 or 12 digits, like \"210423\"";
            ConfigError::new("regions", code, fix)
        };
        let regions = self.regions.iter().map(|code| code.parse().map_err(|_| wrong(code)));
        let modes = if self.drills { vec![ModeKind::Live, ModeKind::Drill] } else { vec![ModeKind::Live] };
        let regions = regions.collect::<Result<_, _>>()?;
        Ok(WebhookTarget { name: name.to_owned(), platform, modes, regions, grades: self.grades.clone() })
    }

    fn platform(&self, clock: SharedClock) -> Result<Platform, ConfigError> {
        let forward = ForwardConfig {
            url: self.url.clone(),
            secret_file: self.secret_file.clone(),
            ca_file: self.ca_file.clone(),
            answer_seconds: self.answer_seconds,
        };
        let platform = forward.build(clock)?;
        if platform.signs_by_the_standard() {
            return Ok(platform);
        }
        let fix = "put whsec_ and base64 of 24 to 64 octets on the file's first line: echo \"whsec_$(openssl rand -base64 32)\"";
        Err(ConfigError::new("secret_file", self.secret_file.display(), fix))
    }

    fn demand_safe_place(&self) -> Result<(), ConfigError> {
        let fix = "use an https address like https://desk.example/warnings; http only to 127.0.0.1 and with pretend = true";
        let wrong = || ConfigError::new("url", &self.url, fix);
        let url: Url = self.url.parse().map_err(|_| wrong())?;
        let is_here = url.host_str().is_some_and(is_loopback);
        let safe = match url.scheme() {
            "https" => !self.pretend || is_here,
            "http" => self.pretend && is_here,
            _ => false,
        };
        if safe { Ok(()) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::{
        alert::AlertKind,
        area::Area,
        audience::Audience,
        clock::{Timestamp, manual::ManualClock},
        hazard::{Hazard, HazardSystem},
        id::EditionId,
        priority::EmergencyClass,
    };
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn built(secret: &str, more: &Value) -> Result<WebhookTarget, ConfigError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), secret).unwrap();
        let mut keys =
            json!({ "name": "media", "url": "https://desk.example/w", "secret_file": file.path() });
        for (key, value) in more.as_object().unwrap() {
            keys[key] = value.clone();
        }
        let config: WebhookConfig = serde_json::from_value(keys).unwrap();
        config.build(ManualClock::at(Timestamp(0)))
    }

    #[test]
    fn each_wrong_key_is_named() {
        let fault = |secret: &str, more: Value| built(secret, &more).err().map(|error| error.field);
        assert_eq!(fault(SECRET, json!({})), None);
        for url in ["desk.example", "http://desk.example/w", "http://127.0.0.1:9/w", "ftp://desk.example"] {
            assert_eq!(fault(SECRET, json!({ "url": url })), Some("url"), "{url}");
        }
        assert_eq!(fault(SECRET, json!({ "url": "http://127.0.0.1:9/w", "pretend": true })), None);
        assert_eq!(
            fault(SECRET, json!({ "pretend": true })),
            Some("url"),
            "a pretend one is on this machine"
        );
        assert_eq!(fault("s3cret", json!({})), Some("secret_file"));
        assert_eq!(fault("whsec_short", json!({})), Some("secret_file"));
        assert_eq!(fault(SECRET, json!({ "regions": ["清原"] })), Some("regions"));
        assert_eq!(fault(SECRET, json!({ "name": "a desk" })), Some("name"));
        assert_eq!(fault(SECRET, json!({ "answer_seconds": 0 })), Some("answer_seconds"));
    }

    fn content(grade: Grade, region: &str) -> Content {
        Content {
            kind: AlertKind::Alert,
            hazard: Hazard {
                code: "11B03".into(),
                system: HazardSystem::National,
                name_zh: "暴雨".into(),
                name_en: "Rainstorm".into(),
            },
            grade,
            class: EmergencyClass::Emergency,
            texts: BTreeMap::new(),
            area: Area { regions: vec![region.parse().unwrap()], shapes: vec![], described: String::new() },
            audience: Audience {
                edition: EditionId::from_bytes([0; 16]),
                regions: vec![],
                groups: vec![],
                counts: BTreeMap::new(),
            },
            reserve: vec![],
            expires: Timestamp(0),
        }
    }

    #[test]
    fn a_target_wants_its_grades_where_the_area_touches_its_divisions() {
        let target = built(SECRET, &json!({ "regions": ["210423"], "grades": ["red", "orange"] })).unwrap();
        for (region, wanted) in [("21", true), ("210423", true), ("210423100", true), ("210403", false)] {
            assert_eq!(target.wants(&content(Grade::Red, region)), wanted, "{region}");
        }
        assert!(!target.wants(&content(Grade::Blue, "210423")));
        assert!(built(SECRET, &json!({})).unwrap().wants(&content(Grade::Blue, "44")));
    }

    #[test]
    fn drills_are_told_only_to_who_asks_for_them() {
        assert_eq!(built(SECRET, &json!({})).unwrap().modes, [ModeKind::Live]);
        let both = built(SECRET, &json!({ "drills": true })).unwrap();
        assert_eq!(both.modes, [ModeKind::Live, ModeKind::Drill]);
    }
}
