//! The box's papers (终端证书): which certificate and key it shows, and when it asks for the next.
//!
//! A new key is made for each certificate and never leaves the box. What was taken lies in two slots in the state
//! directory, each one file that holds both halves, written whole or not at all; the slot that is in use is never the one
//! that is written. So a power cut leaves at least one pair that works, and the city's refusal of a new one leaves the old.
//! `city.cert_file` and `city.key_file` are what the box was enrolled with, and are brought up to date once the city has
//! welcomed the new pair; until then, or where they cannot be written, the slot counts.

mod pair;
mod renew;

use crate::{
    config::{Config, ConfigError},
    files::replace,
    link::tls::{Connectors, Pem, TlsError, connector},
};
use mingluo_model::{
    bulletin::ResourceCode,
    clock::{SharedClock, Timestamp},
};
use pair::Pair;
pub use pair::{BadPair, Validity};
use renew::Asking;
use std::path::{Path, PathBuf};

/// Links that come to nothing with a pair that the city has never welcomed, after which the other pair is tried.
const PATIENCE: u32 = 2;
/// For the owner alone.
const SECRET: u32 = 0o600;
const PUBLIC: u32 = 0o644;

/// Why there are no papers.
#[derive(Debug, thiserror::Error)]
pub enum PapersError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] ConfigError),
    /// A file holds no such thing, or the two do not go together.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The certificate cannot be read.
    #[error("city.cert_file：证书不能用，请重新注册 / the certificate cannot be used: {0}")]
    Pair(#[from] BadPair),
}

/// Where papers lie.
#[derive(Debug, Clone)]
struct Places {
    cert: PathBuf,
    key: PathBuf,
    slots: [PathBuf; 2],
}

impl Places {
    fn of(config: &Config) -> Self {
        let slot = |name: &str| config.own.state_dir.join(name);
        Self {
            cert: config.city.cert_file.clone(),
            key: config.city.key_file.clone(),
            slots: [slot("identity-a.pem"), slot("identity-b.pem")],
        }
    }

    fn configured(&self) -> Result<Pair, PapersError> {
        let read = |key: &'static str, path: &Path| {
            std::fs::read_to_string(path).map_err(|source| ConfigError::File {
                key,
                path: path.to_owned(),
                source,
            })
        };
        let (cert, key) = (read("city.cert_file", &self.cert)?, read("city.key_file", &self.key)?);
        Ok(Pair::read(cert, key)?)
    }

    /// The pairs in the slots; one that is torn or damaged is passed over.
    fn kept(&self) -> impl Iterator<Item = (usize, Pair)> {
        self.slots.iter().enumerate().filter_map(|(slot, path)| {
            let text = std::fs::read_to_string(path).ok()?;
            let read = Pair::read_both(&text);
            read.inspect_err(|error| tracing::warn!(%error, ?path, "papers in a slot cannot be used"))
                .ok()
                .map(|pair| (slot, pair))
        })
    }
}

/// One pair that the box has, and where.
struct Held {
    pair: Pair,
    // `None` is the place that the configuration names.
    slot: Option<usize>,
}

/// What is told of the papers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PapersView {
    /// How long the certificate that is shown is good.
    pub validity: Validity,
    /// Whether the city refused it last.
    pub is_refused: bool,
}

/// What the city made of the pair that is shown, in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Untried,
    Welcomed,
    Refused,
}

/// The box's papers.
pub struct Papers {
    code: ResourceCode,
    ca: Vec<u8>,
    places: Places,
    clock: SharedClock,
    connector: Connectors,
    // The one that lives longest first; never empty.
    held: Vec<Held>,
    shown: usize,
    standing: Standing,
    // Links in a row that came to nothing with it.
    n_lost: u32,
    // The first was taken and is not shown yet.
    is_fresh: bool,
    asking: Asking,
}

impl Papers {
    /// The papers of this configuration's box: of those that go together the one that lives longest.
    ///
    /// # Errors
    /// [`PapersError`] when there are none that can be used, by what is wrong with those of the configuration.
    pub fn open(config: &Config, clock: SharedClock) -> Result<Self, PapersError> {
        let places = Places::of(config);
        let path = &config.city.ca_file;
        let ca = std::fs::read(path).map_err(|source| ConfigError::File {
            key: "city.ca_file",
            path: path.clone(),
            source,
        })?;
        let fits = |pair: &Pair| connector(pair.pem(&ca), clock.clone());
        let configured = places.configured().and_then(|pair| fits(&pair).map(|_| pair).map_err(Into::into));
        let mut held: Vec<Held> = places
            .kept()
            .filter(|(_, pair)| pair.validity.code == Some(config.own.code) && fits(pair).is_ok())
            .map(|(slot, pair)| Held { pair, slot: Some(slot) })
            .collect();
        match configured {
            Ok(pair) => held.push(Held { pair, slot: None }),
            Err(error) if held.is_empty() => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "city.cert_file and city.key_file are not used; the last renewal is");
            }
        }
        // Stable: of two that live equally long the slot goes before the copy of it.
        held.sort_by_key(|held| std::cmp::Reverse(held.pair.validity.until));
        held.dedup_by(|copy, held| copy.pair.cert.trim() == held.pair.cert.trim());
        let connector = Connectors::from(fits(&held[0].pair)?);
        Ok(Self {
            code: config.own.code,
            ca,
            places,
            clock,
            connector,
            held,
            shown: 0,
            standing: Standing::Untried,
            n_lost: 0,
            is_fresh: false,
            asking: Asking::default(),
        })
    }

    /// What shows the certificate in use, whichever that is by then.
    pub fn connector(&self) -> Connectors {
        self.connector.clone()
    }

    /// How things are.
    pub fn view(&self) -> PapersView {
        PapersView { validity: self.shown().pair.validity, is_refused: self.standing == Standing::Refused }
    }

    /// Where the pair in use lies.
    pub fn place(&self) -> &Path {
        self.shown().slot.map_or(&self.places.cert, |slot| &self.places.slots[slot])
    }

    fn shown(&self) -> &Held {
        &self.held[self.shown]
    }

    fn show(&mut self, which: usize) {
        match connector(self.held[which].pair.pem(&self.ca), self.clock.clone()) {
            Ok(connector) => {
                self.connector.replace(connector);
                (self.shown, self.standing, self.n_lost) = (which, Standing::Untried, 0);
            }
            Err(error) => tracing::error!(%error, "papers that could be used before cannot be used any more"),
        }
    }

    /// Whether newer papers than those in use were taken.
    pub(crate) const fn is_fresh(&self) -> bool {
        self.is_fresh
    }

    /// No link is up: the moment for what was taken.
    pub(crate) fn put_on(&mut self) {
        if std::mem::take(&mut self.is_fresh) {
            self.show(0);
        }
    }

    /// The city has welcomed the box. Whoever looks at the files that the configuration names should find what is in use.
    pub(crate) fn welcomed(&mut self) {
        self.n_lost = 0;
        let before = std::mem::replace(&mut self.standing, Standing::Welcomed);
        if before == Standing::Welcomed || self.shown().slot.is_none() {
            return;
        }
        for (path, content, mode) in self.copies() {
            let is_there = std::fs::read(&path).is_ok_and(|there| there == content);
            if is_there {
                continue;
            }
            if let Err(error) = replace(&path, &content, mode) {
                return tracing::warn!(%error, ?path, "the renewed certificate stays in the state directory");
            }
        }
        tracing::info!("the city takes the renewed certificate");
    }

    /// What goes to the places of the configuration. A cut between the two leaves halves that do not go together, and
    /// the slot, which counts then.
    fn copies(&self) -> [(PathBuf, Vec<u8>, u32); 2] {
        let (pair, places) = (&self.shown().pair, &self.places);
        let (key, cert) = (pair.key.as_bytes().to_vec(), pair.cert.as_bytes().to_vec());
        [(places.key.clone(), key, SECRET), (places.cert.clone(), cert, PUBLIC)]
    }

    /// No link came about. The city refuses the certificate, or something else is wrong: with papers that were never
    /// welcomed the others are tried, as long as they are good.
    pub(crate) fn lost(&mut self, is_refused: bool, now: Timestamp) {
        self.n_lost += 1;
        if is_refused {
            self.standing = Standing::Refused;
        } else if self.standing == Standing::Welcomed || self.n_lost < PATIENCE {
            return;
        }
        let others = (1..self.held.len()).map(|step| (self.shown + step) % self.held.len());
        let other = others.into_iter().find(|which| now < self.held[*which].pair.validity.until);
        match other {
            Some(other) => {
                tracing::warn!(is_refused, "no link with these papers; the others are tried");
                self.show(other);
            }
            None if is_refused => tracing::error!(
                until = self.shown().pair.validity.until.0,
                "城市不接受本机证书：可能已过期或被吊销，请向城市要注册码重新注册。The city refuses the box's certificate: it has run out or \
                 was taken back; ask the city for a code and enrol anew."
            ),
            None => {}
        }
    }

    /// Takes a pair that was examined: it is on the card before anything shows it.
    fn keep(&mut self, pair: Pair) -> std::io::Result<()> {
        let slot = usize::from(self.shown().slot == Some(0));
        replace(&self.places.slots[slot], pair.both().as_bytes(), SECRET)?;
        let before = self.shown().pair.clone();
        let at = self.shown().slot;
        self.held = vec![Held { pair, slot: Some(slot) }, Held { pair: before, slot: at }];
        (self.shown, self.is_fresh) = (1, true);
        Ok(())
    }

    fn pem_of<'a>(&'a self, pair: &'a Pair) -> Pem<'a> {
        pair.pem(&self.ca)
    }
}

/// Throws away what was renewed, for a box that is enrolled anew.
///
/// # Errors
/// The system's.
pub fn forget(config: &Config) -> std::io::Result<()> {
    Places::of(config).slots.iter().try_for_each(|path| match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    })
}

#[cfg(test)]
#[path = "papers/tests.rs"]
mod tests;
