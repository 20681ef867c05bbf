//! Who has signed in at the box (登录会话), and how often one may try. Pure: ticks of a clock and chance are arguments.

use rand::RngCore;
use sha2::{Digest as _, Sha256};
use std::{collections::VecDeque, time::Duration};

/// Sessions at once; the oldest gives way.
const MOST_SESSIONS: usize = 8;
/// How long a session lasts.
pub(super) const SESSION: Duration = Duration::from_mins(30);
/// Wrong PINs in a row that are forgiven.
const FORGIVEN: u32 = 5;
/// The first pause after that; doubled with each further one.
const FIRST_PAUSE: Duration = Duration::from_mins(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// The gate.
#[derive(Debug, Default)]
pub(super) struct Gate {
    sessions: VecDeque<Session>,
    // PINs tried since the last good one, and until when none is looked at.
    tried: u32,
    closed_until: Duration,
}

#[derive(Debug)]
struct Session {
    // Of the cookie only the digest is kept; that it is found in a list tells nobody how near a guess was.
    digest: [u8; 32],
    token: String,
    until: Duration,
}

impl Gate {
    /// Counts a try before the PIN is looked at, so that tries beside each other count too.
    ///
    /// # Errors
    /// How long to wait, when too many were wrong.
    pub(super) fn try_once(&mut self, now: Duration) -> Result<(), Duration> {
        if now < self.closed_until {
            return Err(self.closed_until.saturating_sub(now));
        }
        self.tried = self.tried.saturating_add(1);
        if let Some(beyond) = self.tried.checked_sub(FORGIVEN) {
            self.closed_until = now + FIRST_PAUSE.saturating_mul(1 << beyond.min(16)).min(LONGEST_PAUSE);
        }
        Ok(())
    }

    /// The PIN was right: the cookie of a new session.
    pub(super) fn admit(&mut self, now: Duration, chance: &mut dyn RngCore) -> String {
        (self.tried, self.closed_until) = (0, Duration::ZERO);
        let (cookie, token) = (secret(chance), secret(chance));
        if self.sessions.len() == MOST_SESSIONS {
            self.sessions.pop_front();
        }
        self.sessions.push_back(Session { digest: digest(&cookie), token, until: now + SESSION });
        cookie
    }

    /// The word that the forms of this session carry; `None` for strangers.
    pub(super) fn token(&mut self, cookie: &str, now: Duration) -> Option<&str> {
        self.sessions.retain(|session| now < session.until);
        let digest = digest(cookie);
        self.sessions.iter().find(|session| session.digest == digest).map(|session| session.token.as_str())
    }

    /// Ends a session.
    pub(super) fn leave(&mut self, cookie: &str) {
        let digest = digest(cookie);
        self.sessions.retain(|session| session.digest != digest);
    }
}

fn digest(cookie: &str) -> [u8; 32] {
    Sha256::digest(cookie.as_bytes()).into()
}

fn secret(chance: &mut dyn RngCore) -> String {
    let mut bytes = [0; 32];
    chance.fill_bytes(&mut bytes);
    hex::encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng as _, rngs::StdRng};

    #[test]
    fn a_session_is_known_by_its_cookie_and_ends() {
        let (mut gate, mut chance) = (Gate::default(), StdRng::seed_from_u64(1));
        let cookie = gate.admit(Duration::ZERO, &mut chance);
        let token = gate.token(&cookie, SESSION / 2).unwrap().to_owned();
        assert_ne!(token, cookie);
        assert_eq!(gate.token("", Duration::ZERO), None);
        assert_eq!(gate.token(&cookie, SESSION), None);
        let cookie = gate.admit(Duration::ZERO, &mut chance);
        gate.leave(&cookie);
        assert_eq!(gate.token(&cookie, Duration::ZERO), None);
    }

    #[test]
    fn sessions_are_bounded() {
        let (mut gate, mut chance) = (Gate::default(), StdRng::seed_from_u64(1));
        let cookies: Vec<_> = (0..100).map(|_| gate.admit(Duration::ZERO, &mut chance)).collect();
        let n_known = cookies.iter().filter(|cookie| gate.token(cookie, Duration::ZERO).is_some()).count();
        assert_eq!(n_known, MOST_SESSIONS);
    }

    #[test]
    fn whoever_guesses_waits_longer_each_time_and_guesses_little() {
        let (mut gate, mut now, mut n_tries) = (Gate::default(), Duration::ZERO, 0);
        while now < Duration::from_hours(24) {
            match gate.try_once(now) {
                Ok(()) => n_tries += 1,
                Err(pause) => now += pause,
            }
        }
        assert!((20..=40).contains(&n_tries), "{n_tries} guesses a day at a PIN of six digits or more");
    }

    #[test]
    fn a_right_pin_after_a_few_wrong_ones_begins_anew() {
        let (mut gate, mut chance) = (Gate::default(), StdRng::seed_from_u64(1));
        for _ in 0..100 {
            for _ in 0..FORGIVEN {
                gate.try_once(Duration::ZERO).unwrap();
            }
            gate.admit(Duration::ZERO, &mut chance);
        }
    }
}
