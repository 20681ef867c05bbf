//! How a store fails.

use super::Lease;
use mingluo_model::{
    id::{AlertId, EditionId},
    mode::ModeKind,
    plan::AccountName,
};

/// How a store fails.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database said no.
    #[error("database {operation}")]
    Database {
        /// What was being done.
        operation: &'static str,
        /// The engine's own error.
        #[source]
        source: sqlx::Error,
    },
    /// The schema could not be brought up to date.
    #[error("database migration")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// Somebody else holds the lease now: stop sending at once.
    #[error("the lease on {resource} is lost (epoch {epoch})")]
    Fenced {
        /// What was leased.
        resource: String,
        /// Our epoch.
        epoch: i64,
    },
    /// The alert was changed by somebody else since it was read.
    #[error("alert {alert} was changed by someone else meanwhile (read at revision {revision})")]
    Conflict {
        /// The alert.
        alert: AlertId,
        /// The revision that was read.
        revision: i64,
    },
    /// A kept blob or value cannot be read: wrong version, checksum or key.
    #[error("{what} cannot be read back: {problem}")]
    Damaged {
        /// What was read.
        what: &'static str,
        /// Why.
        problem: String,
    },
    /// The database was made ready by another version of the program, or never.
    #[error("the database has schema {found}, this program needs {wanted}; {}", schema_advice(*found, *wanted))]
    Schema {
        /// The version found; 0 for none.
        found: i64,
        /// The version needed.
        wanted: i64,
    },
    /// An account's name was used in the other mode before.
    #[error("account {account} was registered as {kept:?} and cannot become {asked:?}; give it another name")]
    AccountMode {
        /// The account.
        account: AccountName,
        /// Its mode in the ledger.
        kept: ModeKind,
        /// The mode asked for.
        asked: ModeKind,
    },
    /// The edition cannot be added to or sealed.
    #[error("edition {edition}: {problem}")]
    Edition {
        /// The edition.
        edition: EditionId,
        /// Why.
        problem: String,
    },
    /// Another edition became the current one after this one was compared with it; nothing was made current.
    #[error(
        "edition {edition}: another one came between and is current now; compare with that one and try again"
    )]
    Overtaken {
        /// The edition that should have become current.
        edition: EditionId,
    },
    /// The database address is wrong.
    #[error("database: {value:?}: {problem}; use sqlite:PATH or postgres://USER@HOST/NAME")]
    Address {
        /// The address with any password hidden.
        value: String,
        /// What is wrong.
        problem: String,
    },
}

fn schema_advice(found: i64, wanted: i64) -> &'static str {
    if found < wanted { "run `mingluo migrate`" } else { "run the program that migrated it, or a newer one" }
}

impl StoreError {
    /// An engine's error while doing something.
    pub(crate) fn database(operation: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Database { operation, source }
    }

    /// A kept value that cannot be read back.
    pub(crate) fn damaged(what: &'static str, problem: impl std::fmt::Display) -> Self {
        Self::Damaged { what, problem: problem.to_string() }
    }

    /// A lost lease.
    pub(crate) fn fenced(lease: &Lease) -> Self {
        Self::Fenced { resource: lease.resource.clone(), epoch: lease.epoch }
    }
}
