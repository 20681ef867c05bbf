//! What happens next. The only governor, the only retry; it knows no wire and no SQL.
//!
//! The cast: [`planner`] turns a released alert into plans; a [`progress::Progress`] is one plan in memory, moved by
//! facts; a [`desk::Desk`] holds all plans of one account and says whose turn it is; a [`post::Post`] works the
//! account's sessions under its [`limit::Licence`]; the [`engine::Engine`] is all of them, recovered from the log at
//! start; [`routes::Routes`] says which account carries whom; `sweep` does what only time brings about; [`retry`] decides, purely, what follows after trouble; [`ladder`], as purely, who is
//! asked next where nobody answers.
//!
//! The promises:
//! - the intent to send is on disk before the first byte; a window slot is free only when its answer is on disk, so a
//!   crash loses nothing and doubles at most the window of each session;
//! - a receipt is answered to the gateway only when it is on disk;
//! - red goes next, whatever is running: for each run of a few milliseconds the gravest plan is asked for afresh, and
//!   stop, expiry and hold are checked at the same point;
//! - no sliding second holds more than the licence;
//! - when the store fails, everything stops: what cannot be kept does not leave.

mod absent;
mod call;
pub mod desk;
pub mod engine;
mod fallback;
pub mod flights;
mod handover;
pub mod ladder;
pub mod limit;
pub mod planner;
pub mod post;
pub mod progress;
pub mod retry;
pub mod roster;
pub mod routes;
mod sweep;
pub mod tally;
pub mod view;

pub use engine::{Engine, EngineError};
