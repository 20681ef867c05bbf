//! What the configurations of all accounts share: an error that names the key, and secrets that live in files.
//! It knows nothing of any gateway.

use std::{
    fmt,
    net::IpAddr,
    num::{NonZeroU16, NonZeroU32},
    path::Path,
};

use mingluo_model::{
    channel::{Limits, Rate},
    problem::file_fault,
};

use crate::sms::wire::TextError;

/// A key of an account's configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} = {value:?}: {fix}")]
pub struct ConfigError {
    /// The key, as it is written in the file.
    pub field: &'static str,
    /// What was found there; for a secret's file its path, never the secret.
    pub value: String,
    /// What to write instead, in English.
    pub fix: String,
    /// Which fault it is, where a key can be wrong in several ways: a stable code in kebab-case; empty where the key says
    /// enough.
    pub fault: &'static str,
    /// The values that the fault's sentence names.
    pub names: Vec<(&'static str, String)>,
}

impl ConfigError {
    pub(crate) fn new(field: &'static str, value: impl fmt::Display, fix: impl Into<String>) -> Self {
        Self { field, value: value.to_string(), fix: fix.into(), fault: "", names: Vec::new() }
    }

    /// A file that the system does not give.
    pub(crate) fn unread(field: &'static str, file: &Path, cause: &std::io::Error) -> Self {
        let names = [("kind_of_fault", file_fault(cause).to_owned()), ("cause", cause.to_string())];
        let fix = format!("the file cannot be read ({cause}); check its path and who may read it");
        Self::new(field, file.display(), fix).with_fault("file-unread", names)
    }

    /// A secret that the protocol has no room for; nothing of it is told.
    pub(crate) fn secret_misfit(field: &'static str, file: impl fmt::Display, cause: &TextError) -> Self {
        let wrong = Self::new(field, file, cause.to_string());
        match cause {
            TextError::TooLong { length, max, .. } => {
                wrong.with_fault("secret-long", [("length", length.to_string()), ("most", max.to_string())])
            }
            TextError::NotAscii { .. } => wrong.with_fault("secret-ascii", []),
        }
    }

    /// The same as one of several faults of its key.
    #[must_use]
    pub(crate) fn with_fault<const N: usize>(
        self,
        fault: &'static str,
        names: [(&'static str, String); N],
    ) -> Self {
        Self { fault, names: names.into(), ..self }
    }
}

/// A password or a platform's secret (密钥); no log and no `Debug` shows it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Reads the first line of a file.
    pub(crate) fn read(field: &'static str, file: &Path) -> Result<Self, ConfigError> {
        Self::read_two(field, file).map(|(first, _)| first)
    }

    /// Reads the first line of a file, and the second where there is something on it.
    pub(crate) fn read_two(field: &'static str, file: &Path) -> Result<(Self, Option<Self>), ConfigError> {
        let text = std::fs::read_to_string(file).map_err(|cause| ConfigError::unread(field, file, &cause))?;
        let mut lines =
            text.lines().map(|line| Some(line.trim()).filter(|line| !line.is_empty()).map(Self::new));
        let first = lines.next().flatten().ok_or_else(|| {
            ConfigError::new(field, file.display(), "put the secret on the file's first line")
                .with_fault("secret-empty", [])
        })?;
        Ok((first, lines.next().flatten()))
    }

    /// The bare secret, for the wire only.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Whether this is it, in a time that does not tell where the first difference is.
    pub(crate) fn is(&self, offered: &str) -> bool {
        same(self.0.as_bytes(), offered.as_bytes())
    }
}

/// Compares what must not be guessed, in a time that does not tell where the first difference is.
pub(crate) fn same(ours: &[u8], theirs: &[u8]) -> bool {
    ours.len() == theirs.len() && ours.iter().zip(theirs).fold(0, |seen, (a, b)| seen | (a ^ b)) == 0
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// Whether a host is this machine itself: the only place where a pretend gateway may be.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The limits of a session whose every call or mail ends by its own time limit, so that all of them are answered.
pub(crate) fn limits_of_calls(window: u32, per_second: u32) -> Limits {
    let window = NonZeroU32::new(window).unwrap_or(NonZeroU32::MIN);
    Limits {
        rate: Rate::per_second(NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN)),
        window,
        batch: window,
        sessions: NonZeroU16::MIN,
        answer_within: None,
    }
}

/// A number that must lie in a range.
pub(crate) fn in_range(
    field: &'static str,
    value: u32,
    range: std::ops::RangeInclusive<u32>,
) -> Result<u32, ConfigError> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(ConfigError::new(field, value, format!("use {} to {}", range.start(), range.end())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_secret_names_its_key_and_its_file() {
        let error = Secret::read("password_file", Path::new("/nowhere/at-all")).unwrap_err();
        assert_eq!((error.field, error.value.as_str()), ("password_file", "/nowhere/at-all"));
    }

    #[test]
    fn a_secret_never_shows() {
        assert!(!format!("{:?}", Secret::new("hunter2")).contains("hunter2"));
    }

    #[test]
    fn only_this_machine_is_loopback() {
        assert!(["127.0.0.1", "[::1]", "::1", "localhost"].iter().all(|host| is_loopback(host)));
        assert!(
            !["127.0.0.1.example.cn", "10.0.0.1", "api.weixin.qq.com"].iter().any(|host| is_loopback(host))
        );
    }
}
