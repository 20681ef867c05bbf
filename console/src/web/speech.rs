//! What loudspeakers will say, to be heard before anybody signs for it (试听), and to be handed to radio stations: the
//! script, the clip as boxes play it, the same as WAV.

use super::{
    alert::read,
    desk::Desk,
    error::WebError,
    visit::{Id, Visit},
    voice::Voice,
};
use crate::{
    office::{OfficeError, SpeechState},
    speech::opus,
};
use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use mingluo_model::{
    alert::{Alert, AlertState},
    mode::Mode,
};
use std::sync::Arc;

/// The speech of an alert, as its pages show it.
pub(super) struct SpeechView {
    /// The address of its files, without their endings.
    pub(super) href: String,
    /// Whether there is something to be heard, now or on request.
    pub(super) is_heard: bool,
    /// How long, how large, whose voice.
    pub(super) meta: Vec<String>,
    /// Why there is none, or that it is being made.
    pub(super) note: Option<String>,
}

impl SpeechView {
    /// The view; `None` where no loudspeaker hears the alert, or none was to have speech.
    ///
    /// # Errors
    /// [`WebError::Office`] when the store cannot be read.
    pub(super) async fn of<M: Mode>(
        desk: &Desk<M>,
        v: &Voice,
        alert: &Alert<M>,
        has_left: bool,
    ) -> Result<Option<Self>, WebError> {
        let href = format!("{}/alerts/{}/speech", desk.base, alert.id);
        let view = |is_heard, meta, note| Some(Self { href, is_heard, meta, note });
        if has_left {
            let Some(sent) = desk.office.sent_clip(alert.id).await? else {
                let is_told = desk.office.script(alert).is_some() && desk.office.makes_speech();
                let note = is_told.then(|| v.say("web-speech-script"));
                return Ok(note.and_then(|note| view(false, Vec::new(), Some(note))));
            };
            let made = desk.office.made_speech(alert).await?.filter(|made| made.sha256 == sent.sha256);
            let length = made.as_ref().map(|made| length(v, made.length_ms));
            let voice = made.map(|made| voice_of(v, &made.voice));
            let meta = length.into_iter().chain([size(v, sent.len)]).chain(voice).collect();
            return Ok(view(true, meta, None));
        }
        Ok(match desk.office.speech_state(alert).await? {
            SpeechState::Without => None,
            SpeechState::Awaited => view(true, Vec::new(), Some(v.say("web-speech-awaited"))),
            SpeechState::Made(made) => {
                let meta = vec![length(v, made.length_ms), size(v, made.len), voice_of(v, &made.voice)];
                view(true, meta, None)
            }
            SpeechState::Failed(error) => {
                let why = WebError::from(OfficeError::Speech(error)).words(v);
                view(false, Vec::new(), Some(v.with("web-speech-failed", "a", why)))
            }
        })
    }
}

fn length(v: &Voice, ms: u32) -> String {
    v.with("web-speech-length", "a", format!("{:.1}", f64::from(ms) / 1_000.0))
}

fn size(v: &Voice, len: u32) -> String {
    v.with("web-speech-size", "a", len.div_ceil(1_000))
}

fn voice_of(v: &Voice, voice: &str) -> String {
    v.word("speech", if voice == "engine" { "engine" } else { "last-rung" })
}

/// The clip. Before a release it is made if nobody has made it yet; after it, it is what left.
pub(super) async fn clip<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    _: Visit,
    Id(id): Id,
) -> Result<Response, WebError> {
    Ok(file("audio/ogg", bytes(&desk, id).await?))
}

/// The same as WAV.
pub(super) async fn wav<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    _: Visit,
    Id(id): Id,
) -> Result<Response, WebError> {
    let clip = bytes(&desk, id).await?;
    let failed = |error| OfficeError::Speech(Arc::new(error));
    Ok(file("audio/wav", opus::wav(&clip).map_err(failed)?))
}

/// What it says.
pub(super) async fn script<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    _: Visit,
    Id(id): Id,
) -> Result<Response, WebError> {
    let (_, alert) = read(&desk, id).await?;
    let script = desk.office.script(&alert).ok_or(WebError::NoPage)?;
    Ok(file("text/plain; charset=utf-8", format!("{script}\n").into_bytes()))
}

async fn bytes<M: Mode>(desk: &Desk<M>, id: mingluo_model::id::AlertId) -> Result<Vec<u8>, WebError> {
    let (_, alert) = read(desk, id).await?;
    let is_open =
        matches!(alert.state, AlertState::Draft | AlertState::Submitted { .. } | AlertState::Approved { .. });
    let sha256 = if is_open {
        desk.office.speak(&alert).await?.map(|made| made.sha256)
    } else {
        desk.office.sent_clip(id).await?.map(|sent| sent.sha256)
    };
    let clip = desk.office.clip(sha256.ok_or(WebError::NoPage)?).await?;
    clip.ok_or(WebError::NoPage)
}

fn file(kind: &'static str, bytes: Vec<u8>) -> Response {
    let mut response = bytes.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
