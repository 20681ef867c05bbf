//! When the box asks for its next certificate, and what it takes.

use super::{
    Papers,
    pair::{BadPair, Pair, spread},
};
use crate::{
    enrol::{csr, new_key},
    link::tls::{belongs, connector},
};
use mingluo_model::{
    clock::Timestamp,
    link::{Certificate, Renew, renew::MOST_RENEWAL},
};
use rcgen::KeyPair;
use std::time::Duration;

/// How long an answer may take; where the box polls it comes with the next poll, a minute later.
const ANSWER_LIMIT: Duration = Duration::from_mins(3);
/// The pause after the first request that came to nothing; doubled with each.
const AGAIN_FIRST: Duration = Duration::from_mins(10);
/// The longest pause. The last third of a life of 180 days has room for hundreds of those.
const AGAIN_MOST: Duration = Duration::from_hours(12);

/// How far the box is with asking. Times are ticks of the clock.
#[derive(Default)]
pub(super) struct Asking {
    // The key that was made for it, and when it was asked.
    under_way: Option<(KeyPair, Duration)>,
    failures: u32,
    again_at: Duration,
}

/// Why a certificate that came is not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotTaken {
    #[error("城市拒绝续期 / the city refuses: {0}")]
    Refused(String),
    #[error("证书超过 {MOST_RENEWAL} 字节 / longer than {MOST_RENEWAL} octets")]
    TooLong,
    #[error(transparent)]
    Pair(#[from] BadPair),
    #[error("证书是另一个终端的 / it is another box's")]
    AnotherBox,
    #[error("有效期不比在用的长 / it does not live longer than the one in use")]
    NotLonger,
    #[error(
        "证书与私钥或签发机构不符 / it is not for the key that was made for it, or not of the authority that is believed"
    )]
    Misfit(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("证书写不了，继续用旧的 / it cannot be written; the old one is kept")]
    Write(#[from] std::io::Error),
}

impl Papers {
    /// How long until [`Self::ask`] has something to do; only for a box that is linked and knows the time.
    pub(crate) fn due(&self, now: Timestamp, ticks: Duration) -> Option<Duration> {
        if self.is_fresh {
            return None;
        }
        let at = match &self.asking.under_way {
            Some((_, since)) => *since + ANSWER_LIMIT,
            None => self.asking.again_at,
        };
        Some(at.saturating_sub(ticks).max(self.shown().pair.validity.renew_at.since(now)))
    }

    /// The request for the next certificate, if it is time for one.
    pub(crate) fn ask(&mut self, now: Timestamp, ticks: Duration) -> Option<Renew> {
        if self.due(now, ticks)? > Duration::ZERO {
            return None;
        }
        if self.asking.under_way.take().is_some() {
            tracing::warn!("the city did not answer the request for the next certificate");
            self.try_again_later(ticks);
            return None;
        }
        let made = new_key().and_then(|key| Ok((csr(self.code, &key)?, key)));
        match made {
            Ok((csr, key)) => {
                tracing::info!("the next certificate is asked for");
                self.asking.under_way = Some((key, ticks));
                Some(Renew { csr })
            }
            Err(error) => {
                tracing::error!(%error, "no request for the next certificate can be made");
                self.try_again_later(ticks);
                None
            }
        }
    }

    /// The city answers. What fits is written down, and shown when the box has time for a new link.
    pub(crate) fn answered(&mut self, told: Certificate, now: Timestamp, ticks: Duration) {
        let Some((key, _)) = self.asking.under_way.take() else {
            return tracing::warn!("a certificate came that nobody asked for");
        };
        match self.examine(told, &key, now).and_then(|pair| {
            let until = pair.validity.until;
            self.keep(pair)?;
            Ok(until)
        }) {
            Ok(until) => {
                tracing::info!(until = until.0, "the next certificate is here");
                self.asking = Asking::default();
            }
            Err(why) => {
                tracing::warn!(error = &why as &dyn std::error::Error, "there is no next certificate yet");
                self.try_again_later(ticks);
            }
        }
    }

    fn examine(&self, told: Certificate, key: &KeyPair, now: Timestamp) -> Result<Pair, NotTaken> {
        if !told.reason.is_empty() {
            return Err(NotTaken::Refused(
                told.reason.chars().filter(|it| !it.is_control()).take(64).collect(),
            ));
        }
        if told.chain.len() > MOST_RENEWAL {
            return Err(NotTaken::TooLong);
        }
        let pair = Pair::read(told.chain, key.serialize_pem())?;
        if pair.validity.code != Some(self.code) {
            return Err(NotTaken::AnotherBox);
        }
        if pair.validity.until <= self.shown().pair.validity.until {
            return Err(NotTaken::NotLonger);
        }
        let pem = self.pem_of(&pair);
        connector(pem, self.clock.clone()).map_err(|error| NotTaken::Misfit(error.into()))?;
        belongs(pem, now).map_err(|error| NotTaken::Misfit(error.into()))?;
        Ok(pair)
    }

    fn try_again_later(&mut self, ticks: Duration) {
        let pause = AGAIN_FIRST.saturating_mul(1 << self.asking.failures.min(16)).min(AGAIN_MOST);
        self.asking.failures += 1;
        self.asking.again_at = ticks + spread(&self.shown().pair, pause);
    }
}
