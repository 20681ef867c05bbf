//! What a target is told: the type, the words that a desk reads out, and the CAP document, whole. See docs/api.md. A change
//! here is seen by programs of others: keys are added, never renamed.

use crate::render::{RenderError, Renderer, cap};
use mingluo_model::{
    alert::{Alert, AlertKind, Language},
    clock::Timestamp,
    id::AlertId,
    mode::{Mode, ModeKind},
};
use serde::Serialize;

/// What the words of a drill begin with.
const DRILL: &str = "【演练】";

/// An event as it is sent.
pub(super) struct Event {
    /// Its type.
    pub(super) kind: &'static str,
    /// Its id, the same each time it is sent.
    pub(super) id: String,
    /// The body.
    pub(super) json: Vec<u8>,
}

/// When a warning left, and the one that it follows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    /// The end of its hold.
    pub(super) at: Timestamp,
    /// The one that it follows, with the end of that one's hold.
    pub(super) earlier: Option<(AlertId, Timestamp)>,
}

#[derive(Serialize)]
struct Told<'a> {
    r#type: &'static str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    mode: &'static str,
    id: String,
    address: Option<String>,
    follows: Option<String>,
    sender: &'a str,
    issuer: &'a str,
    event: &'a str,
    event_code: &'a str,
    grade: &'static str,
    headline: String,
    body: String,
    instruction: &'a str,
    area: Area<'a>,
    sent: String,
    expires: String,
    cap: String,
}

#[derive(Serialize)]
struct Area<'a> {
    described: &'a str,
    regions: Vec<String>,
}

/// The type of what is told of a warning: a drill's never begins like a real one's.
pub(super) const fn kind(mode: ModeKind, kind: AlertKind) -> &'static str {
    match (mode, kind) {
        (ModeKind::Live, AlertKind::Alert) => "alert.released",
        (ModeKind::Live, AlertKind::Update(_)) => "alert.updated",
        (ModeKind::Live, AlertKind::Lift(_)) => "alert.lifted",
        (ModeKind::Live, AlertKind::Correction(_)) => "alert.corrected",
        (ModeKind::Drill, AlertKind::Alert) => "drill.released",
        (ModeKind::Drill, AlertKind::Update(_)) => "drill.updated",
        (ModeKind::Drill, AlertKind::Lift(_)) => "drill.lifted",
        (ModeKind::Drill, AlertKind::Correction(_)) => "drill.corrected",
    }
}

/// Writes what is told of a warning. `feed` is the address below which the public feed stands, where there is one.
///
/// # Errors
/// [`RenderError`] for a time outside of the calendar, or a CAP document that breaks a rule.
pub(super) fn write<M: Mode>(
    renderer: &Renderer,
    alert: &Alert<M>,
    sent: Sent,
    feed: Option<&str>,
) -> Result<Event, RenderError> {
    let content = &alert.content;
    let kind = kind(M::KIND, content.kind);
    let chinese = content.texts.get(&Language::chinese());
    let said = |part: fn(&mingluo_model::alert::Text) -> &String| chinese.map_or("", |text| part(text));
    let marked = |words: &str| match M::KIND {
        ModeKind::Live => words.to_owned(),
        ModeKind::Drill => format!("{DRILL}{words}"),
    };
    // Drills stand in no feed.
    let feed = feed.filter(|_| M::KIND == ModeKind::Live);
    let data = Data {
        mode: M::KIND.word(),
        id: alert.id.to_string(),
        address: feed.map(|feed| format!("{feed}/cap/{}.xml", alert.id)),
        follows: content.kind.follows().map(|earlier| earlier.to_string()),
        sender: &renderer.cap_sender,
        issuer: &renderer.issuer,
        event: &content.hazard.name_zh,
        event_code: &content.hazard.code,
        grade: content.grade.word(),
        headline: marked(said(|text| &text.headline)),
        body: marked(said(|text| &text.body)),
        instruction: said(|text| &text.instruction),
        area: Area {
            described: &content.area.described,
            regions: content.area.regions.iter().map(ToString::to_string).collect(),
        },
        sent: time(renderer, "sent", sent.at)?,
        expires: time(renderer, "expires", content.expires)?,
        cap: cap::in_feed(renderer, alert, sent.at, sent.earlier)?,
    };
    let told = Told { r#type: kind, timestamp: time(renderer, "timestamp", sent.at)?, data };
    let json = serde_json::to_vec(&told).expect("words and lists of words can always be written as JSON");
    Ok(Event { kind, id: format!("msg_{}", alert.id.0.simple()), json })
}

/// RFC 3339, whole seconds, on the deployment's clock: as in the CAP document.
fn time(renderer: &Renderer, field: &'static str, at: Timestamp) -> Result<String, RenderError> {
    let instant = at.to_jiff().ok_or(RenderError::Time { field, value: at.0 })?;
    Ok(instant.to_zoned_datetime(renderer.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}
