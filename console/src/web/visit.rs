//! Who visits: the language they asked for, the officer behind the cookie, the address behind the connection.

use super::{desk::Desk, error::WebError};
use crate::tongue::Tongue;
use axum::{
    extract::{ConnectInfo, FromRequestParts, Path},
    http::{HeaderMap, header, request::Parts},
};
use mingluo_ledger::store::OfficerRow;
use mingluo_model::{id::AlertId, mode::Mode, owner::Officer};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// The cookie of a session.
pub(super) const SESSION: &str = "mingluo_session";

/// The cookie of a language.
pub(super) const LANGUAGE: &str = "mingluo_lang";

/// A cookie's value.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// The language of a word, as cookies and addresses have it.
pub(super) fn tongue(word: &str) -> Option<Tongue> {
    match word {
        "zh" => Some(Tongue::Chinese),
        "en" => Some(Tongue::English),
        _ => None,
    }
}

/// A visitor who may be anybody.
pub(super) struct Guest {
    pub(super) tongue: Tongue,
    pub(super) path: String,
}

impl Guest {
    fn of(parts: &Parts) -> Self {
        let tongue = parts.extensions.get().copied().unwrap_or(Tongue::Chinese);
        Self { tongue, path: parts.uri.path().to_owned() }
    }
}

impl<S: Sync> FromRequestParts<S> for Guest {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, WebError> {
        Ok(Self::of(parts))
    }
}

/// A visitor with a session.
pub(super) struct Visit {
    pub(super) guest: Guest,
    pub(super) row: OfficerRow,
    /// The cookie, for a stream that looks again whether the session is over.
    pub(super) cookie: String,
}

impl Visit {
    pub(super) const fn officer(&self) -> &Officer {
        &self.row.officer
    }
}

impl<M: Mode> FromRequestParts<Arc<Desk<M>>> for Visit {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk<M>>) -> Result<Self, WebError> {
        let cookie = cookie(&parts.headers, SESSION).ok_or(WebError::NotSignedIn)?.to_owned();
        let people = &desk.front.people;
        let row =
            if asks_by_itself(parts) { people.look(&cookie).await? } else { people.visit(&cookie).await? };
        let row = row.ok_or(WebError::SessionOver)?;
        Ok(Self { guest: Guest::of(parts), row, cookie })
    }
}

/// Whether the browser asks without anybody's click: a board's stream, or a board that reloads without scripts.
fn asks_by_itself(parts: &Parts) -> bool {
    let query = parts.uri.query().unwrap_or_default();
    parts.uri.path().ends_with("/events") || query.split('&').any(|pair| pair == "auto=true")
}

/// An alert's id in the path; what is no id is no page.
pub(super) struct Id(pub(super) AlertId);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, WebError> {
        let Path(word) =
            Path::<String>::from_request_parts(parts, state).await.map_err(|_| WebError::NoPage)?;
        word.parse().map(Self).map_err(|_| WebError::NoPage)
    }
}

/// How the request came in.
pub(super) struct Line {
    /// Where it came from, for counting tries.
    pub(super) address: String,
    /// Whether the browser spoke https.
    pub(super) is_secure: bool,
}

impl<S: Sync> FromRequestParts<S> for Line {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, WebError> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let proto = parts.headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
        let is_secure = proto == Some("https") || parts.uri.scheme_str() == Some("https");
        Ok(Self { address: behind_proxy(peer, &parts.headers), is_secure })
    }
}

/// A proxy on this machine appends whom it speaks for; from anybody else that header is a claim, not a fact. A proxy
/// may append a line of its own instead of lengthening the client's, so the last address of the last line counts.
fn behind_proxy(peer: Option<IpAddr>, headers: &HeaderMap) -> String {
    let named = headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
    let last = named.and_then(|list| list.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
    match (peer, last) {
        (Some(peer), Some(named)) if peer.is_loopback() => named.to_string(),
        (Some(peer), _) => peer.to_string(),
        (None, _) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let sent = headers("cookie", "a=1; mingluo_session=beef; mingluo_lang=en");
        assert_eq!(cookie(&sent, SESSION), Some("beef"));
        assert_eq!(cookie(&sent, "lang"), None);
    }

    #[test]
    fn only_a_proxy_on_this_machine_may_name_another_address() {
        let claim = headers("x-forwarded-for", "6.6.6.6, 10.0.0.7");
        let near = "127.0.0.1".parse().ok();
        let far = "192.0.2.1".parse().ok();
        assert_eq!(behind_proxy(near, &claim), "10.0.0.7");
        assert_eq!(behind_proxy(far, &claim), "192.0.2.1");
    }

    #[test]
    fn the_proxys_own_line_counts_and_not_the_clients() {
        let mut lines = headers("x-forwarded-for", "6.6.6.6");
        lines.append("x-forwarded-for", "10.0.0.7".parse().unwrap());
        assert_eq!(behind_proxy("127.0.0.1".parse().ok(), &lines), "10.0.0.7");
        lines.append("x-forwarded-for", "unknown".parse().unwrap());
        assert_eq!(behind_proxy("127.0.0.1".parse().ok(), &lines), "127.0.0.1");
    }
}
