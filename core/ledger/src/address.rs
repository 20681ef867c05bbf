//! Which engine a database address means, and how to show an address without its password.

use crate::store::StoreError;
use sqlx::{postgres::PgConnectOptions, sqlite::SqliteConnectOptions};
use std::str::FromStr;

/// An understood database address.
pub(crate) enum Place {
    /// A file.
    Sqlite(SqliteConnectOptions),
    /// A server.
    Postgres(PgConnectOptions),
}

impl Place {
    pub(crate) fn read(address: &str) -> Result<Self, StoreError> {
        if let Some(path) = address.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.starts_with(":memory:") {
                return Err(wrong(address, "the ledger needs a file"));
            }
            return Ok(Self::Sqlite(SqliteConnectOptions::new().filename(path)));
        }
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(address)
                .map_err(|_| wrong(address, "the server's address cannot be read"))?;
            return Ok(Self::Postgres(options));
        }
        Err(wrong(address, "the scheme is neither sqlite nor postgres"))
    }
}

fn wrong(address: &str, problem: &str) -> StoreError {
    StoreError::Address { value: without_password(address), problem: problem.to_owned() }
}

/// The address with what stands between the user and the `@` hidden, and no parameters (they may hold a password).
fn without_password(address: &str) -> String {
    let bare = address.split('?').next().unwrap_or_default();
    let Some((before, host)) = bare.rsplit_once('@') else { return bare.to_owned() };
    let start = before.find("://").map_or(0, |place| place + 3);
    match before[start..].split_once(':') {
        Some((user, _)) => format!("{}{user}:…@{host}", &before[..start]),
        None => bare.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(address: &str) -> String {
        Place::read(address).err().expect("the address is wrong").to_string()
    }

    #[test]
    fn the_two_forms_are_understood() {
        assert!(matches!(Place::read("sqlite:/var/lib/mingluo/ledger.db"), Ok(Place::Sqlite(_))));
        assert!(matches!(Place::read("postgres://mingluo@localhost/mingluo"), Ok(Place::Postgres(_))));
    }

    #[test]
    fn a_password_never_shows() {
        for address in ["postgres://u:se@cret@h:x/n", "mysql://u:secret@h/n", "mysql://h/n?password=secret"] {
            let shown = error(address);
            assert!(!shown.contains("cret"), "{shown}");
        }
        assert!(error("mysql://u:p@h/n").contains("use sqlite:PATH or postgres://USER@HOST/NAME"));
    }

    #[test]
    fn a_ledger_in_memory_is_refused() {
        assert!(error("sqlite::memory:").contains("needs a file"));
    }
}
