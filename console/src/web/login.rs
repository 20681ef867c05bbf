//! Signing in and out. The cookie is the only thing a browser keeps; wrong tries are counted by account and by
//! address; a name that does not exist costs the same time as a wrong password.

use super::{
    attempts::{FOR_ACCOUNT, FROM_ADDRESS},
    desk::Desk,
    dress::shown,
    error::WebError,
    page::Page,
    visit::{Guest, Line, SESSION, cookie},
    voice::Voice,
};
use crate::people::secret;
use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use mingluo_model::mode::Live;
use serde::Deserialize;
use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

type Door = State<Arc<Desk<Live>>>;

/// Said to the door when a session ended by itself.
pub(super) const OVER: &str = "over";

/// Characters of a name that are counted; longer ones fit nobody.
const LONGEST_NAME: usize = 64;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    page: Page,
    next: String,
    name: String,
    /// Why the visitor stands at the door again.
    notice: Option<String>,
    problem: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
    #[serde(default)]
    why: String,
}

/// The door.
pub(super) async fn ask(State(desk): Door, guest: Guest, Query(Next { next, why }): Query<Next>) -> Response {
    let page = frame(&desk, &guest);
    let limits = desk.front.people.limits();
    let notice =
        (why == OVER).then(|| page.v.pair("web-session-over", limits.idle_minutes, limits.longest_hours));
    let (next, name) = (inside(&next), String::new());
    shown(StatusCode::OK, &LoginPage { page, next, name, notice, problem: None })
}

/// What was typed at the door.
#[derive(Deserialize)]
pub(super) struct Attempt {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// A try to come in.
pub(super) async fn sign_in(
    State(desk): Door,
    guest: Guest,
    line: Line,
    Form(attempt): Form<Attempt>,
) -> Result<Response, WebError> {
    let next = inside(&attempt.next);
    match try_password(&desk, &line, &attempt).await {
        Ok(cookie) => Ok((
            [(header::SET_COOKIE, set(&cookie, &line, desk.front.people.limits().longest()))],
            Redirect::to(&next),
        )
            .into_response()),
        Err(error @ (WebError::WrongPassword | WebError::TooManyTries { .. })) => {
            let page = frame(&desk, &guest);
            let problem = Some(error.words(&page.v));
            Ok(shown(error.status(), &LoginPage { page, next, name: attempt.name, notice: None, problem }))
        }
        Err(error) => Err(error),
    }
}

async fn try_password(desk: &Desk<Live>, line: &Line, attempt: &Attempt) -> Result<String, WebError> {
    let name = attempt.name.trim();
    let account: String = format!("account/{}", name.chars().take(LONGEST_NAME).collect::<String>());
    let address = format!("address/{}", line.address);
    count(desk, &account, &address)?;
    let mut chance = desk.chance();
    let signed_in = desk.front.people.sign_in(name, &attempt.password, &mut chance).await?;
    let Some((officer, cookie)) = signed_in else {
        tracing::warn!(from = line.address, "a sign-in was refused");
        return Err(WebError::WrongPassword);
    };
    let mut attempts = desk.front.attempts.lock().unwrap_or_else(PoisonError::into_inner);
    attempts.forgive(&account);
    attempts.forgive(&address);
    tracing::info!(officer.id = %officer.id, "an officer signed in");
    Ok(cookie)
}

fn count(desk: &Desk<Live>, account: &str, address: &str) -> Result<(), WebError> {
    let now = desk.front.clock.now();
    let mut attempts = desk.front.attempts.lock().unwrap_or_else(PoisonError::into_inner);
    let taken =
        attempts.take(address, FROM_ADDRESS, now).and_then(|()| attempts.take(account, FOR_ACCOUNT, now));
    taken.map_err(|wait| WebError::TooManyTries { wait })
}

fn set(cookie: &str, line: &Line, longest: Duration) -> String {
    let secure = if line.is_secure { "; Secure" } else { "" };
    let seconds = longest.as_secs();
    format!("{SESSION}={cookie}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
}

/// Going out: the session ends on the server, whatever the browser keeps.
pub(super) async fn sign_out(State(desk): Door, headers: HeaderMap) -> Result<Response, WebError> {
    if let Some(cookie) = cookie(&headers, SESSION) {
        desk.front.people.sign_out(cookie).await?;
    }
    let gone = format!("{SESSION}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    Ok(([(header::SET_COOKIE, gone)], Redirect::to("/login")).into_response())
}

fn frame(desk: &Desk<Live>, guest: &Guest) -> Page {
    let voice = Voice { tongue: guest.tongue, zone: desk.front.zone.clone() };
    desk.front.guest_page(voice, &guest.path)
}

/// Only pages of ours follow a sign-in.
fn inside(next: &str) -> String {
    let ours = next.starts_with("/live/") || next.starts_with("/drill/");
    if ours && next.chars().all(|c| c.is_ascii_graphic() && c != '\\') {
        next.to_owned()
    } else {
        "/live/".to_owned()
    }
}

/// A key for a form that must be done once.
pub(super) fn form_key(chance: &mut impl rand::RngCore) -> String {
    secret(chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_follow_a_sign_in() {
        assert_eq!(inside("/drill/compose"), "/drill/compose");
        for foreign in ["//evil.example/live/", "https://evil.example", "/live\\..", "/live/\r\nx: y", ""] {
            assert_eq!(inside(foreign), "/live/");
        }
    }
}
