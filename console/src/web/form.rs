//! The compose form: what a browser sends, what an office wants, and back. Knows no page.

use super::{
    error::WebError,
    voice::{Voice, chinese},
};
use crate::office::{DraftOrder, Follow, follow};
use jiff::{civil::DateTime, tz::TimeZone};
use mingluo_ledger::store::StoredAlert;
use mingluo_model::{
    alert::ContentHash,
    audience::ChannelKind,
    clock::Timestamp,
    id::AlertId,
    region::{Level, RegionCode},
};
use mingluo_targeting::groups::GroupTable;
use std::time::Duration;

/// How long a new warning holds when nobody says otherwise.
const USUAL_LIFE: Duration = Duration::from_hours(6);

/// A form's fields as pairs, in the order of the page.
pub(super) type Pairs = Vec<(String, String)>;

/// The hash of the content that the page showed.
///
/// # Errors
/// [`WebError::Unreadable`] for a form without it: none of our pages sends one.
pub(super) fn shown_hash(pairs: &Pairs) -> Result<ContentHash, WebError> {
    let shown = pairs.iter().find(|(name, _)| name == "content_hash");
    shown.and_then(|(_, value)| value.parse().ok()).ok_or(WebError::Unreadable)
}

/// What stands in the form.
#[derive(Debug, Clone, Default)]
pub(super) struct DraftForm {
    pub(super) hazard: String,
    pub(super) grade: String,
    pub(super) headline: String,
    pub(super) body: String,
    pub(super) instruction: String,
    /// Codes ticked in the tree.
    pub(super) area: Vec<String>,
    /// Codes or names typed, the most endangered first.
    pub(super) more: String,
    pub(super) groups: Vec<String>,
    pub(super) channels: Vec<ChannelKind>,
    /// Channels for those whom the others fail to reach.
    pub(super) reserve: Vec<ChannelKind>,
    /// As a `datetime-local` control writes it.
    pub(super) expires: String,
    pub(super) follows: Option<Follow>,
    /// The draft that is written anew.
    pub(super) edits: Option<AlertId>,
    /// Makes a second click harmless.
    pub(super) key: String,
}

impl DraftForm {
    /// An empty form.
    pub(super) fn new(voice: &Voice, now: Timestamp, channels: Vec<ChannelKind>, key: String) -> Self {
        let expires = voice.control(now.plus(USUAL_LIFE));
        Self { channels, expires, key, ..Self::default() }
    }

    /// A form with the words and the audience of an earlier alert. What follows a warning holds no shorter than it did,
    /// unless somebody says so.
    pub(super) fn after(
        mut self,
        voice: &Voice,
        now: Timestamp,
        earlier: &StoredAlert,
        groups: &GroupTable,
        follows: Option<Follow>,
    ) -> Self {
        let content = &earlier.content;
        let text = chinese(content);
        content.hazard.code.clone_into(&mut self.hazard);
        content.grade.word().clone_into(&mut self.grade);
        self.headline = if follows.is_some() { String::new() } else { text.headline };
        self.body = text.body;
        self.instruction = text.instruction;
        // Ticks have no order of their own: where the first is the most endangered, all are typed.
        let regions = &content.audience.regions;
        let in_tree = |code: &RegionCode| {
            regions.is_sorted() && matches!(code.level(), Level::County | Level::Township)
        };
        let (ticked, typed): (Vec<_>, Vec<_>) = regions.iter().copied().partition(in_tree);
        self.area = ticked.iter().map(ToString::to_string).collect();
        self.more = typed.iter().map(ToString::to_string).collect::<Vec<_>>().join("、");
        self.groups = group_names(groups, earlier);
        self.reserve.clone_from(&content.reserve);
        if follows.is_some() && content.expires > now.plus(USUAL_LIFE) {
            self.expires = voice.control(content.expires);
        }
        self.follows = follows;
        self
    }

    /// A form with everything that stands in a draft, for its author to write anew.
    pub(super) fn again(
        self,
        voice: &Voice,
        now: Timestamp,
        draft: &StoredAlert,
        groups: &GroupTable,
    ) -> Self {
        let content = &draft.content;
        Self {
            headline: chinese(content).headline,
            channels: content.audience.counts.keys().copied().collect(),
            expires: voice.control(content.expires),
            edits: Some(draft.id),
            ..self.after(voice, now, draft, groups, follow(content.kind))
        }
    }

    /// What a browser sent. Unknown fields mean nothing; missing ones are empty.
    pub(super) fn read(pairs: Pairs) -> Self {
        let mut form = Self::default();
        for (name, value) in pairs {
            // Browsers end lines with two characters, phones count both.
            let value = value.replace("\r\n", "\n");
            match name.as_str() {
                "hazard" => form.hazard = value,
                "grade" => form.grade = value,
                "headline" => form.headline = value,
                "body" => form.body = value,
                "instruction" => form.instruction = value,
                "area" => form.area.push(value),
                "more" => form.more = value,
                "groups" => form.groups.push(value),
                "channels" => form.channels.extend(channel(&value)),
                "reserve" => form.reserve.extend(channel(&value)),
                "expires" => form.expires = value,
                "follows" => form.follows = read_follow(&value),
                "edits" => form.edits = value.parse().ok(),
                "key" => form.key = value.chars().take(64).collect(),
                _ => {}
            }
        }
        form
    }

    /// What is typed comes first, since it is ordered; then what is ticked.
    pub(super) fn regions(&self) -> Vec<String> {
        let typed =
            self.more.split([',', '，', '、', ' ', '\n']).map(str::trim).filter(|word| !word.is_empty());
        typed.map(str::to_owned).chain(self.area.iter().cloned()).collect()
    }

    /// Why there is nothing to preview yet, by the field's word.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let fields = [
            ("hazard", self.hazard.is_empty()),
            ("grade", self.grade.is_empty()),
            ("body", self.body.trim().is_empty()),
            ("area", self.regions().is_empty()),
            ("channels", self.channels.is_empty()),
        ];
        fields.into_iter().filter_map(|(field, is_missing)| is_missing.then_some(field)).collect()
    }

    /// The order for the office.
    ///
    /// # Errors
    /// [`WebError::Empty`] for the first field that is missing; [`WebError::NoTime`] for an end that is no time.
    pub(super) fn order(&self, zone: &TimeZone) -> Result<DraftOrder, WebError> {
        if let Some(field) = self.missing().first() {
            return Err(WebError::Empty { field });
        }
        Ok(DraftOrder {
            hazard: self.hazard.clone(),
            grade: self.grade.clone(),
            headline: self.headline.clone(),
            body: self.body.clone(),
            instruction: self.instruction.clone(),
            area: self.regions(),
            groups: self.groups.clone(),
            channels: self.channels.clone(),
            reserve: self.reserve.clone(),
            expires: instant(&self.expires, zone)?,
            follows: self.follows,
        })
    }
}

/// Names of the groups that an alert was limited to.
fn group_names(groups: &GroupTable, alert: &StoredAlert) -> Vec<String> {
    groups.of(&alert.content.audience).map(|entry| entry.name.to_string()).collect()
}

fn instant(text: &str, zone: &TimeZone) -> Result<Timestamp, WebError> {
    let bad = || WebError::NoTime { value: WebError::shown(text) };
    let local: DateTime = text.trim().parse().map_err(|_| bad())?;
    let zoned = local.to_zoned_datetime(zone.clone()).map_err(|_| bad())?;
    Ok(zoned.timestamp().into())
}

fn channel(word: &str) -> Option<ChannelKind> {
    ChannelKind::ALL.into_iter().find(|kind| kind.word() == word)
}

/// `update:ID` and its like, as links and hidden fields have it.
pub(super) fn read_follow(word: &str) -> Option<Follow> {
    let (kind, id) = word.split_once(':')?;
    let id: AlertId = id.parse().ok()?;
    match kind {
        "update" => Some(Follow::Update(id)),
        "lift" => Some(Follow::Lift(id)),
        "correction" => Some(Follow::Correction(id)),
        _ => None,
    }
}

/// The other way round of [`read_follow`].
pub(super) fn write_follow(follow: Follow) -> String {
    match follow {
        Follow::Update(id) => format!("update:{id}"),
        Follow::Lift(id) => format!("lift:{id}"),
        Follow::Correction(id) => format!("correction:{id}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(fields: &[(&str, &str)]) -> Pairs {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn filled() -> DraftForm {
        DraftForm::read(pairs(&[
            ("hazard", "11B03"),
            ("grade", "red"),
            ("body", "一\r\n二"),
            ("more", "清原镇，210423101"),
            ("area", "210423102"),
            ("channels", "sms"),
            ("channels", "fax"),
            ("reserve", "email"),
            ("expires", "2026-07-05T20:00"),
        ]))
    }

    #[test]
    fn a_form_becomes_an_order_with_what_was_typed_first() {
        let order = filled().order(&TimeZone::get("Asia/Shanghai").unwrap()).unwrap();
        assert_eq!(order.area, ["清原镇", "210423101", "210423102"]);
        assert_eq!((order.body.as_str(), order.channels.as_slice()), ("一\n二", &[ChannelKind::Sms][..]));
        assert_eq!(order.reserve, [ChannelKind::Email]);
        assert_eq!(order.expires.to_jiff().unwrap().to_string(), "2026-07-05T12:00:00Z");
    }

    #[test]
    fn what_is_missing_is_named_in_the_order_of_the_page() {
        let empty = DraftForm::default();
        assert_eq!(empty.missing(), ["hazard", "grade", "body", "area", "channels"]);
        assert!(matches!(empty.order(&TimeZone::UTC), Err(WebError::Empty { field: "hazard" })));
    }

    #[test]
    fn a_time_that_is_none_is_named() {
        let form = DraftForm { expires: "明天".into(), ..filled() };
        assert!(matches!(form.order(&TimeZone::UTC), Err(WebError::NoTime { value }) if value == "明天"));
    }

    #[test]
    fn a_follow_up_reads_back() {
        let id = AlertId(uuid::Uuid::from_u128(7));
        let word = write_follow(Follow::Correction(id));
        assert!(matches!(read_follow(&word), Some(Follow::Correction(back)) if back == id));
        assert!(read_follow("delete:1").is_none() && read_follow("update:x").is_none());
    }
}
