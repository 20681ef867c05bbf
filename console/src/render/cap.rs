//! From an alert to its CAP 1.2 document, the form in which other systems read it.

use super::{RenderError, Renderer};
use mingluo_exchange::cap::{
    CapAlert, CapArea, CapInfo, CapTime, Category, Certainty, Colour, MsgType, NamedValue, Reference,
    ResponseType, Scope, Status, Urgency, write,
};
use mingluo_model::{
    alert::{Alert, AlertKind},
    clock::Timestamp,
    grade::Grade,
    id::AlertId,
    mode::{Mode, ModeKind},
};

pub(super) fn document<M: Mode>(
    renderer: &Renderer,
    alert: &Alert<M>,
    now: Timestamp,
) -> Result<String, RenderError> {
    // A follower must name its predecessor with the time it was sent; that is known to the feed, not here.
    if alert.content.kind != AlertKind::Alert {
        return Ok(String::new());
    }
    written(renderer, alert, now, Vec::new())
}

/// The same for the public feed, of a follower as well: its predecessor is known there, with the time it was sent.
pub(crate) fn in_feed<M: Mode>(
    renderer: &Renderer,
    alert: &Alert<M>,
    sent: Timestamp,
    earlier: Option<(AlertId, Timestamp)>,
) -> Result<String, RenderError> {
    let reference = |(id, sent): (AlertId, Timestamp)| {
        let (sender, identifier) = (renderer.cap_sender.clone(), id.to_string());
        Ok::<_, RenderError>(Reference { sender, identifier, sent: cap_time(renderer, "sent", sent)? })
    };
    written(renderer, alert, sent, earlier.map(reference).transpose()?.into_iter().collect())
}

fn written<M: Mode>(
    renderer: &Renderer,
    alert: &Alert<M>,
    sent: Timestamp,
    references: Vec<Reference>,
) -> Result<String, RenderError> {
    let time = |field, at| cap_time(renderer, field, at);
    let msg_type = match alert.content.kind {
        AlertKind::Alert => MsgType::Alert,
        AlertKind::Update(_) | AlertKind::Correction(_) => MsgType::Update,
        AlertKind::Lift(_) => MsgType::Cancel,
    };
    let cap = CapAlert {
        identifier: alert.id.to_string(),
        sender: renderer.cap_sender.clone(),
        sent: time("sent", sent)?,
        status: if M::KIND == ModeKind::Live { Status::Actual } else { Status::Exercise },
        msg_type,
        source: None,
        scope: Scope::Public,
        restriction: None,
        addresses: mingluo_exchange::cap::Addresses::default(),
        codes: Vec::new(),
        note: (M::KIND == ModeKind::Drill).then(|| "演练".to_owned()),
        references,
        incidents: Vec::new(),
        infos: infos(renderer, alert, time("expires", alert.content.expires)?),
    };
    write(&cap).map_err(|error| RenderError::Cap(Box::new(error)))
}

fn infos<M: Mode>(renderer: &Renderer, alert: &Alert<M>, expires: CapTime) -> Vec<CapInfo> {
    let content = &alert.content;
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let colour = colour(content.grade);
    let geocode = |code: &mingluo_model::region::RegionCode| NamedValue {
        name: "NBS-2023".to_owned(),
        value: format!("{:012}", code.start()),
    };
    let area = CapArea {
        description: content.area.described.clone(),
        polygons: Vec::new(),
        circles: Vec::new(),
        geocodes: content.area.regions.iter().map(geocode).collect(),
        altitude_ft: None,
        ceiling_ft: None,
    };
    let info = |(language, text): (&mingluo_model::alert::Language, &mingluo_model::alert::Text)| CapInfo {
        language: language.0.clone(),
        categories: vec![Category::Met],
        event: content.hazard.name_zh.clone(),
        response_types: vec![ResponseType::Prepare],
        urgency: Urgency::Expected,
        severity: colour.severity(),
        certainty: Certainty::Likely,
        audience: None,
        event_codes: vec![NamedValue { name: "GB/T 35561".to_owned(), value: content.hazard.code.clone() }],
        effective: None,
        onset: None,
        expires: Some(expires),
        sender_name: some(&renderer.issuer),
        headline: some(&text.headline),
        description: some(&text.body),
        instruction: some(&text.instruction),
        web: None,
        contact: None,
        parameters: vec![NamedValue { name: "grade".to_owned(), value: content.grade.word().to_owned() }],
        resources: Vec::new(),
        areas: vec![area.clone()],
    };
    content.texts.iter().map(info).collect()
}

const fn colour(grade: Grade) -> Colour {
    match grade {
        Grade::Red => Colour::Red,
        Grade::Orange => Colour::Orange,
        Grade::Yellow => Colour::Yellow,
        Grade::Blue => Colour::Blue,
    }
}

/// CAP knows whole seconds and the sender's own offset.
fn cap_time(renderer: &Renderer, field: &'static str, at: Timestamp) -> Result<CapTime, RenderError> {
    let outside = || RenderError::Time { field, value: at.0 };
    let instant = at.to_jiff().ok_or_else(outside)?;
    CapTime::new(instant, renderer.zone.to_offset(instant)).map_err(|_| outside())
}
