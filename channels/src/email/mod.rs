//! Mail (电子邮件) over SMTP (RFC 5321) to one relay. The relay owns queueing, its own retries and bounces; this
//! module writes the mail, hands it over and says what the relay answered.
//!
//! - One transaction for each recipient, so that one refused mailbox harms nobody else. Its Message-ID is made of
//!   plan, ordinal and attempt: the same attempt handed over twice shows by it.
//! - A session is a set of at most `sockets` connections, and a window of mails that are under way. They are our own
//!   and not lettre's pool, which opens more than its limit, asks NOOP before each reuse, and leaves Nagle's algorithm on:
//!   a mail's last five bytes then wait 40 ms for the relay's delayed ACK, 22 mails a second on one connection.
//! - A mail costs two exchanges where the relay takes commands in groups (PIPELINING, RFC 2920): MAIL, RCPT and DATA in
//!   one write, words and final dot in another. What is the same for everybody is written once for the plan.
//! - What waits for a connection is looked at once more when it has one: what was stopped or ran out does not leave.
//! - A mail whose content went out and was never answered is lost to our knowledge and reported so; the other
//!   connections go on, and the session ends only when none is left and none can be had. A connection that breaks
//!   before the content has sent nothing, and says so.
//! - A 2xx means that the mail left us. What comes back later comes by SMTP to a door of ours ([`listener`]), at a
//!   return path that each mail has for itself (VERP) and nobody else can make. Relays that take wishes (DSN) are asked
//!   to report failures and delays, and success only where the account wants it.
//! - A reader unsubscribes with one click (RFC 8058), at an address that names the delivery and no person.
//! - Signatures (DKIM) are made here where the account has keys; else the relay signs.
//!
//! Not in here yet: lists of registered officials that offer no way to unsubscribe.

mod bounce;
mod channel;
mod config;
mod connection;
mod dkim;
mod door;
mod letter;
pub mod listener;
mod tag;
mod transaction;
mod verdict;

pub use self::{
    channel::EmailChannel,
    config::{BouncesConfig, EmailConfig, Security},
    dkim::DkimConfig,
    door::EmailDoor,
    tag::Tag,
};
