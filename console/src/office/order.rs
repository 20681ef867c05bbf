//! What an author asks for, in words, and the draft that becomes of it.

use super::{Indexed, Office, OfficeError, withdraw::acting};
use mingluo_ledger::store::{AlertWrite, Change};
use mingluo_model::{
    alert::{Alert, AlertError, AlertKind, Content, Language, Text},
    area::Area,
    audience::{ChannelKind, Group},
    clock::Timestamp,
    grade::Grade,
    hazard::Hazard,
    id::AlertId,
    message::DRILL_DENIALS,
    mode::{Mode, ModeKind},
    owner::Officer,
    policy::ReleasePolicy,
    priority::EmergencyClass,
    region::RegionCode,
};
use mingluo_targeting::resolve::Wanted;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, Visitor},
};
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc};

/// A draft as it is asked for on a page or on the API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftOrder {
    /// Event type by code (`11B03`) or Chinese name (暴雨).
    pub hazard: String,
    /// `red`, `orange`, `yellow`, `blue` or the Chinese word.
    pub grade: String,
    /// The headline; empty lets it be made from issuer, event and grade.
    #[serde(default)]
    pub headline: String,
    /// The text.
    pub body: String,
    /// What people should do.
    #[serde(default)]
    pub instruction: String,
    /// Divisions by code or name, the most endangered first.
    pub area: Vec<String>,
    /// Only members of these groups, by name; empty means everybody.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Channels; empty means all that are configured.
    #[serde(default)]
    pub channels: Vec<ChannelKind>,
    /// Channels for those whom the others fail to reach, in the order in which they are tried.
    #[serde(default)]
    pub reserve: Vec<ChannelKind>,
    /// When it ends: milliseconds since 1970, or RFC 3339 with an offset (`2026-07-05T18:00:00+08:00`).
    #[serde(deserialize_with = "instant")]
    pub expires: Timestamp,
    /// Set when it follows an earlier alert.
    #[serde(default)]
    pub follows: Option<Follow>,
}

/// How a draft follows an earlier alert.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Follow {
    /// 更新.
    Update(AlertId),
    /// 解除.
    Lift(AlertId),
    /// 更正.
    Correction(AlertId),
}

impl From<Follow> for AlertKind {
    fn from(follow: Follow) -> Self {
        match follow {
            Follow::Update(earlier) => Self::Update(earlier),
            Follow::Lift(earlier) => Self::Lift(earlier),
            Follow::Correction(earlier) => Self::Correction(earlier),
        }
    }
}

impl<M: Mode> Office<M> {
    /// Begins a draft: resolves the area and the audience, checks the rules and every channel's limits, and keeps it.
    ///
    /// # Errors
    /// [`OfficeError`]: the first thing that is wrong, by field; then nothing is kept.
    pub async fn draft(&self, officer: &Officer, order: &DraftOrder) -> Result<Alert<M>, OfficeError> {
        let alert = self.propose(officer, order).await?;
        self.refuse_unfit(&alert).await?;
        let id = alert.id;
        let detail = json!({ "grade": alert.content.grade.word(), "hazard": alert.content.hazard.code });
        let change = Change {
            alerts: vec![AlertWrite::new(&alert, 0)],
            audit: vec![self.line(officer, "alert.draft", id, detail)],
            ..Change::default()
        };
        self.store.commit(&change).await?;
        self.begin_speech(&alert);
        Ok(alert)
    }

    /// The draft that an order would become, for a preview: nothing is kept, and no channel's limit is checked.
    ///
    /// # Errors
    /// [`OfficeError`]: the first thing that is wrong, by field.
    pub async fn propose(&self, officer: &Officer, order: &DraftOrder) -> Result<Alert<M>, OfficeError> {
        let now = self.clock.now();
        let content = self.content(order).await?;
        let id = self.chance(|chance| AlertId::new(now, chance));
        let alert = Alert::<M>::draft(id, &acting(officer, content.kind), content, now)?;
        self.refuse_stray(&alert).await?;
        self.refuse_mixed(&alert).await?;
        Ok(alert)
    }

    /// What a draft must keep besides its own rules: what it follows, its longest life, every channel's limits.
    pub(super) async fn refuse_unfit(&self, alert: &Alert<M>) -> Result<(), OfficeError> {
        self.refuse_stray(alert).await?;
        self.refuse_mixed(alert).await?;
        self.refuse_too_long(alert, &self.policy_for(alert).await?)?;
        self.preview(alert).await?;
        // What follows another warning is never held up by a far side's paperwork: the other channels carry it.
        if alert.content.kind.follows().is_some() { Ok(()) } else { self.refuse_unready(alert).await }
    }

    /// A channel whose far side would refuse the words just now is told while there is time to choose another.
    async fn refuse_unready(&self, alert: &Alert<M>) -> Result<(), OfficeError> {
        let counts = alert.content.audience.counts.iter().filter(|(_, count)| count.recipients > 0);
        for channel in counts.map(|(channel, _)| *channel).filter(|channel| *channel != ChannelKind::Speaker)
        {
            let message = self.words_of(alert, channel)?.message(alert);
            for (account, _) in self.senders(&alert.content, channel).await? {
                account.stands(&message).map_err(|source| OfficeError::Unfit { channel, source })?;
            }
        }
        Ok(())
    }

    /// A release would refuse made-up people at a real account, and real ones at a pretend account.
    async fn refuse_mixed(&self, alert: &Alert<M>) -> Result<(), OfficeError> {
        let content = &alert.content;
        for channel in content.audience.counts.keys().chain(&content.reserve) {
            // A channel without an account is told by name where the words are measured.
            if let Ok(account) = self.account(*channel) {
                self.refuse_pretend_mix(alert, account.as_ref()).await?;
            }
        }
        Ok(())
    }

    async fn refuse_stray(&self, alert: &Alert<M>) -> Result<(), OfficeError> {
        if let Some(earlier) = alert.content.kind.follows() {
            self.alert(earlier).await?.0.may_be_followed(alert)?;
        }
        Ok(())
    }

    /// A release would refuse it; three people should not have signed by then.
    fn refuse_too_long(&self, alert: &Alert<M>, policy: &ReleasePolicy) -> Result<(), AlertError> {
        let (grade, expires) = (alert.content.grade, alert.content.expires);
        let longest = policy.rule(alert.content.kind, grade).longest_hours.get();
        let hours = expires.since(self.clock.now()).as_secs().div_ceil(3600);
        if hours > u64::from(longest) { Err(AlertError::TooLong { hours, longest, grade }) } else { Ok(()) }
    }

    pub(super) async fn content(&self, order: &DraftOrder) -> Result<Content, OfficeError> {
        let hazard = self.hazard(&order.hazard)?;
        let grade: Grade = order.grade.parse()?;
        let regions = self.regions(&order.area)?;
        let groups = self.named_groups(&order.groups)?;
        let channels = self.channels(&order.channels)?;
        let indexed = self.edition_for(order.follows).await?;
        let wanted = Wanted { regions: &regions, groups: &groups, channels: &channels };
        let mut audience = self.resolve(&indexed, &wanted)?.audience;
        audience.counts.retain(|_, count| count.recipients > 0);
        let kind = order.follows.map_or(AlertKind::Alert, AlertKind::from);
        let headline = match order.headline.trim() {
            "" => self.renderer.headline(kind, &hazard, grade),
            given => given.to_owned(),
        };
        let text = Text {
            headline,
            body: order.body.trim().to_owned(),
            instruction: order.instruction.trim().to_owned(),
        };
        refuse_denials(M::KIND, &text)?;
        let class =
            if M::KIND == ModeKind::Drill { EmergencyClass::Drill } else { EmergencyClass::Emergency };
        Ok(Content {
            kind,
            hazard,
            grade,
            class,
            texts: BTreeMap::from([(Language::chinese(), text)]),
            area: Area { described: self.describe(&regions), regions, shapes: Vec::new() },
            audience,
            reserve: order.reserve.clone(),
            expires: order.expires,
        })
    }

    /// The newest edition; for a lift or a correction that of the earlier alert, whose recipients it counts.
    async fn edition_for(&self, follows: Option<Follow>) -> Result<Arc<Indexed>, OfficeError> {
        match follows {
            Some(Follow::Lift(earlier) | Follow::Correction(earlier)) => {
                let (earlier, _) = self.alert(earlier).await?;
                self.indexed_of(earlier.content.audience.edition).await
            }
            Some(Follow::Update(_)) | None => self.indexed().await,
        }
    }

    fn hazard(&self, word: &str) -> Result<Hazard, OfficeError> {
        self.renderer.hazard(word).ok_or_else(|| OfficeError::UnknownHazard { value: word.to_owned() })
    }

    /// Codes or names to codes, in the order given.
    ///
    /// # Errors
    /// [`OfficeError::Region`] for what is unknown or of the other code system.
    pub fn regions(&self, words: &[String]) -> Result<Vec<RegionCode>, OfficeError> {
        words.iter().map(|word| Ok(self.gazetteer.resolve(word)?)).collect()
    }

    fn named_groups(&self, names: &[String]) -> Result<Vec<Group>, OfficeError> {
        let unknown = |name: &String| OfficeError::UnknownGroup {
            value: name.clone(),
            known: self.groups.entries().iter().map(|entry| entry.name_zh.to_string()).collect(),
            ids: self.groups.entries().iter().map(|entry| entry.name.to_string()).collect(),
        };
        names.iter().map(|name| self.groups.named(name).ok_or_else(|| unknown(name))).collect()
    }

    fn channels(&self, wanted: &[ChannelKind]) -> Result<Vec<ChannelKind>, OfficeError> {
        let configured = self.configured()?;
        Ok(if wanted.is_empty() { configured } else { wanted.to_vec() })
    }

    /// The channels that have an account.
    ///
    /// # Errors
    /// [`OfficeError::NoAccounts`] when none has.
    pub fn configured(&self) -> Result<Vec<ChannelKind>, OfficeError> {
        let has_account = |channel: &ChannelKind| self.account(*channel).is_ok();
        let configured: Vec<ChannelKind> = ChannelKind::ALL.into_iter().filter(has_account).collect();
        if configured.is_empty() { Err(OfficeError::NoAccounts { mode: M::KIND }) } else { Ok(configured) }
    }

    /// Names of divisions as people read them: 清原镇、红透山镇.
    pub fn describe(&self, regions: &[RegionCode]) -> String {
        let name = |code: &RegionCode| match self.gazetteer.get(*code) {
            Some(division) => division.name.to_string(),
            None => code.to_string(),
        };
        regions.iter().map(name).collect::<Vec<_>>().join("、")
    }
}

/// What an end may be written as.
pub(crate) const INSTANT: &str =
    "milliseconds since 1970, or an instant with its offset like 2026-07-05T18:00:00+08:00";

/// An instant as a program or a person writes it. Without an offset it is nobody's time and is refused.
fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    struct Instant;

    impl Visitor<'_> for Instant {
        type Value = Timestamp;

        fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            out.write_str(INSTANT)
        }

        fn visit_i64<E: de::Error>(self, ms: i64) -> Result<Timestamp, E> {
            Ok(Timestamp(ms))
        }

        fn visit_u64<E: de::Error>(self, ms: u64) -> Result<Timestamp, E> {
            i64::try_from(ms)
                .map(Timestamp)
                .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(ms), &self))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
            let instant = text.parse::<jiff::Timestamp>();
            instant.map(Timestamp::from).map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
        }
    }

    deserializer.deserialize_any(Instant)
}

fn refuse_denials(mode: ModeKind, text: &Text) -> Result<(), OfficeError> {
    let words = [&text.headline, &text.body, &text.instruction].map(|words| words.to_lowercase());
    let says = |phrase: &&str| words.iter().any(|words| words.contains(*phrase));
    match DRILL_DENIALS.iter().find(|phrase| says(phrase)) {
        Some(phrase) if mode == ModeKind::Drill => Err(OfficeError::DrillDenied { phrase }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_does_not_deny_itself_in_capitals_either() {
        let text =
            Text { headline: String::new(), body: "This is NOT A DRILL.".into(), instruction: String::new() };
        let refused = refuse_denials(ModeKind::Drill, &text);
        assert!(matches!(refused, Err(OfficeError::DrillDenied { phrase: "not a drill" })), "{refused:?}");
        assert!(refuse_denials(ModeKind::Live, &text).is_ok());
    }

    fn ends(expires: &str) -> Result<Timestamp, String> {
        let order = format!(
            r#"{{"hazard":"暴雨","grade":"红色","body":"转移","area":["2104"],"expires":{expires}}}"#
        );
        let read = crate::complaint::json::<DraftOrder>(order.as_bytes());
        read.map(|order| order.expires).map_err(|complaint| crate::tongue::tell(&complaint).zh)
    }

    #[test]
    fn an_end_is_milliseconds_or_an_instant_with_its_offset() {
        assert_eq!(ends("1783245600000"), Ok(Timestamp(1_783_245_600_000)));
        assert_eq!(ends(r#""2026-07-05T18:00:00+08:00""#), Ok(Timestamp(1_783_245_600_000)));
        assert_eq!(ends(r#""2026-07-05T10:00:00Z""#), Ok(Timestamp(1_783_245_600_000)));
        for wrong in [r#""2026-07-05T18:00:00""#, r#""tomorrow""#, "1.5", "null", "18446744073709551615"] {
            let said = ends(wrong).unwrap_err();
            assert!(said.contains("expires") && said.contains("+08:00"), "{said}");
        }
    }
}
