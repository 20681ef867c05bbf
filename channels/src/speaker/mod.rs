//! Village speakers (应急广播大喇叭): signed bulletins over links that the boxes open themselves.
//!
//! The cast. [`SpeakerHub`] knows every box that was ever heard of or written to: its live link, what waits for it,
//! what it said. [`listener`] accepts links by mutual TLS and believes the certificate alone; `link` keeps one of them
//! alive; [`pages`] are what boxes ask for at the same door. [`SpeakerChannel`] is the hub behind the port that dispatch drives: one session is the hub of all boxes.
//!
//! - An order waits in its box's outbox until the box reports on it or the order's end has come. A connected box gets
//!   it at once, one that was away gets what still holds when it says hello, by the issuer's
//!   numbers. An order that silences others (a lift, an update, a stop) takes them out of all outboxes first.
//! - What a box reports becomes an answer (it has verified, or it refuses) and receipts; a report is committed to the
//!   box when dispatch says that it is durable, and the box keeps it until then. One that changes nothing is committed
//!   as it is heard. So is a refusal that answers an order: a city that dies before it is durable sends the order
//!   again and is refused again.
//! - One live link for each box: the newest wins, since an older one is mostly a half-open connection. Two devices
//!   that take it from each other in turn are raised as an incident (`incident`), and so are forgeries that boxes report.
//! - A box behind something that lets no WebSocket pass asks by `POST /poll` (`poll`): the same frames, the same rules.
//! - A box asks for its next certificate over its link; the desk, another process, gives it ([`renewal`]).
//! - Outboxes live as long as the session: dispatch keeps what is to be sent, not the hub.
//!
//! It refuses to judge keys: an envelope is carried as the bytes that the signer made, and opened only for its name,
//! its end, its number and what it silences; a key set is carried as the root signed it ([`keyring`]).

mod book;
mod channel;
pub mod clips;
mod config;
pub mod enrol;
mod hub;
mod incident;
pub mod keyring;
mod link;
pub mod listener;
mod meaning;
mod order;
pub mod pages;
mod parting;
pub mod pki;
mod poll;
mod reception;
pub mod renewal;
pub mod revocation;
mod row;
mod witness;

#[cfg(test)]
mod stories;
#[cfg(test)]
mod village;

pub use self::{
    channel::SpeakerChannel,
    config::SpeakerConfig,
    hub::{BoxState, FleetCount, SpeakerHub},
    incident::{Incident, IncidentKind},
    parting::Parting,
    pki::TlsFiles,
    witness::MOST_UNKEPT,
};
