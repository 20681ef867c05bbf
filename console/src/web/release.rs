//! Releasing (签发) and the hold after it. Live: the releaser types the number of deliveries, digit by digit; a drill is
//! started by one button with other words. After it nothing leaves for the length of the hold, and one key takes all back.

use super::{
    alert::{AlertView, hold_left, is_repeat, read},
    desk::Desk,
    dress::shown,
    error::WebError,
    form::{Pairs, shown_hash},
    page::Page,
    panel::may_recall,
    preview::{ChannelView, Check, Sent, channels, checks},
    speech::SpeechView,
    visit::{Id, Visit},
    whom::Whom,
};
use crate::office::OfficeError;
use askama::Template;
use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use mingluo_model::{
    alert::{Alert, AlertState, ContentHash},
    id::AlertId,
    mode::{Mode, ModeKind},
};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "release.html")]
struct ReleasePage {
    page: Page,
    view: AlertView,
    officer: String,
    typed: String,
    problem: Option<String>,
    /// No number would help: nothing is asked for.
    is_refused: bool,
    /// What is worth a last look.
    checks: Vec<Check>,
    channels: Vec<ChannelView>,
    /// What loudspeakers will say, to be heard.
    speech: Option<SpeechView>,
    hold_seconds: u64,
}

/// The confirmation.
pub(super) async fn ask<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
) -> Result<Response, WebError> {
    confirmation(&desk, &visit, id, String::new(), None).await
}

async fn confirmation<M: Mode>(
    desk: &Desk<M>,
    visit: &Visit,
    id: AlertId,
    typed: String,
    problem: Option<WebError>,
) -> Result<Response, WebError> {
    let (stored, alert) = read(desk, id).await?;
    if !matches!(stored.state, AlertState::Approved { .. }) {
        return Ok(Redirect::to(&format!("{}/alerts/{id}", desk.base)).into_response());
    }
    let refused = refusal(desk, visit, &alert).await?;
    let (is_refused, problem) = (refused.is_some(), refused.or(problem));
    let voice = desk.voice(visit);
    let content = &stored.content;
    let policy = desk.office.policy_for(&alert).await?;
    let hold = policy.hold(content.kind, content.grade, &content.hazard.code);
    let status = problem.as_ref().map_or(StatusCode::OK, WebError::status);
    let whom = Whom::of(desk, &alert).await?;
    let page = ReleasePage {
        page: desk.page(visit, "waiting").await?,
        view: AlertView::of(desk, &voice, &stored, &whom).await?,
        officer: visit.row.name.clone(),
        typed,
        problem: problem.map(|error| error.words(&voice)),
        is_refused,
        checks: checks(desk, &voice, &alert, &*desk.situation().await?)
            .into_iter()
            .filter(|check| !check.is_good)
            .collect(),
        channels: channels(desk, &voice, &alert, &Sent::new(), &whom),
        speech: SpeechView::of(desk, &voice, &alert, false).await?,
        hold_seconds: hold.as_secs(),
    };
    Ok(shown(status, &page))
}

/// What would refuse this officer's release whatever number is typed: told before anybody types.
///
/// # Errors
/// [`WebError::Office`] for an officer whose business it is not.
async fn refusal<M: Mode>(
    desk: &Desk<M>,
    visit: &Visit,
    alert: &Alert<M>,
) -> Result<Option<WebError>, WebError> {
    match desk.office.may_release(visit.officer(), alert).await.map_err(WebError::from) {
        Ok(()) => Ok(None),
        Err(error @ WebError::Office(OfficeError::Void { .. })) => Ok(Some(error)),
        Err(error) if error.status() == StatusCode::UNPROCESSABLE_ENTITY => Ok(Some(error)),
        Err(error) => Err(error),
    }
}

/// Releases what the page showed. A wrong number shows the page again and releases nothing; a second click finds it done.
pub(super) async fn release<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
    Form(pairs): Form<Pairs>,
) -> Result<Response, WebError> {
    let shown = shown_hash(&pairs)?;
    let typed =
        pairs.into_iter().find(|(name, _)| name == "deliveries").map(|(_, value)| value).unwrap_or_default();
    match try_release(&desk, &visit, id, shown, &typed).await {
        Ok(()) => {
            desk.watch.forget().await;
            Ok(Redirect::to(&format!("{}/alerts/{id}/hold", desk.base)).into_response())
        }
        Err(error) if error.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            confirmation(&desk, &visit, id, typed, Some(error)).await
        }
        Err(error) => Err(error),
    }
}

async fn try_release<M: Mode>(
    desk: &Desk<M>,
    visit: &Visit,
    id: AlertId,
    shown: ContentHash,
    typed: &str,
) -> Result<(), WebError> {
    let deliveries = match M::KIND {
        ModeKind::Live => number(typed)?,
        // In a drill nobody is asked to type; the number is part of what was shown, and that is compared.
        ModeKind::Drill => desk.office.alert(id).await?.0.content.audience.deliveries(),
    };
    match desk.office.release(visit.officer(), id, shown, deliveries).await {
        Ok(_) => Ok(()),
        Err(error) if is_repeat(&error) && was_released_by(desk, visit, id).await? => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn was_released_by<M: Mode>(desk: &Desk<M>, visit: &Visit, id: AlertId) -> Result<bool, WebError> {
    let (alert, _) = desk.office.alert(id).await?;
    let officer = visit.officer().id;
    Ok(matches!(alert.state, AlertState::Released { release, .. } if release.officer == officer))
}

/// Digits, as keyboards and input methods write them; commas between thousands are read over.
fn number(typed: &str) -> Result<u64, WebError> {
    let plain: String = typed
        .chars()
        .filter(|c| !matches!(c, ',' | '，' | ' '))
        .map(|c| match c {
            '０'..='９' => char::from(b'0' + (c as u32 - '０' as u32) as u8),
            other => other,
        })
        .collect();
    let is_digits = !plain.is_empty() && plain.bytes().all(|byte| byte.is_ascii_digit());
    let no_number = || WebError::NoNumber { typed: WebError::shown(typed) };
    if is_digits { plain.parse().map_err(|_| no_number()) } else { Err(no_number()) }
}

#[derive(Template)]
#[template(path = "hold.html")]
struct HoldPage {
    page: Page,
    view: AlertView,
    left_ms: u64,
    whole_ms: u64,
    after: String,
    may_recall: bool,
}

/// The countdown.
pub(super) async fn hold<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
) -> Result<Response, WebError> {
    let (stored, alert) = read(&desk, id).await?;
    let left_ms = hold_left(&stored, desk.front.clock.now());
    let AlertState::Released { release, hold_until } = &stored.state else {
        return Ok(Redirect::to(&format!("{}/alerts/{id}", desk.base)).into_response());
    };
    let after = format!("{}/?alert={id}", desk.base);
    if left_ms == 0 {
        return Ok(Redirect::to(&after).into_response());
    }
    let whom = Whom::of(&desk, &alert).await?;
    let page = HoldPage {
        page: desk.page(&visit, "waiting").await?,
        view: AlertView::of(&desk, &desk.voice(&visit), &stored, &whom).await?,
        left_ms,
        whole_ms: hold_until.since(release.at).as_millis() as u64,
        after,
        may_recall: may_recall(&stored, visit.officer()),
    };
    Ok(shown(StatusCode::OK, &page))
}

impl HoldPage {
    /// Whole seconds left, rounded up.
    const fn seconds(&self) -> u64 {
        self.left_ms.div_ceil(1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_count_however_they_were_typed() {
        for typed in ["68214", "68,214", "６８２１４", " 68 214 "] {
            assert_eq!(number(typed).unwrap(), 68_214, "{typed}");
        }
    }

    #[test]
    fn what_is_no_number_releases_nothing() {
        for typed in ["", "all", "-5", "6.8万", "99999999999999999999999"] {
            assert!(matches!(number(typed), Err(WebError::NoNumber { .. })), "{typed}");
        }
    }
}
