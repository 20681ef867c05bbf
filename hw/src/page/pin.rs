//! The PIN of the page (本机口令), kept as its Argon2id hash in a file. A box has little memory, so the hash takes 7 MiB and
//! five passes, which OWASP's table of 2024 calls equal to 19 MiB and two.

use crate::files::replace;
use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version};
use std::path::Path;

/// Characters that a PIN has at least.
pub const SHORTEST: usize = 6;
/// Bytes that it has at most.
pub const LONGEST: usize = 128;

/// What is wrong with a PIN or its file.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// Too short or too long.
    #[error(
        "口令须为 {SHORTEST} 个字符以上、{LONGEST} 字节以内。The PIN has {count} characters: give {SHORTEST} or more, {LONGEST} bytes at most"
    )]
    Length {
        /// Its characters.
        count: usize,
    },
    /// The file holds no hash.
    #[error(
        "文件中没有口令摘要，请重新设置 / the file holds no PIN's hash; write it anew with: mingluo-speaker set-pin"
    )]
    NoHash,
    /// It cannot be hashed.
    #[error("口令无法加密保存，请换一个 / the PIN cannot be hashed; take another")]
    Hash(#[from] argon2::password_hash::Error),
    /// The file cannot be written.
    #[error("口令文件写不了 / the PIN's file cannot be written")]
    Write(#[from] std::io::Error),
}

/// The hash of a PIN.
#[derive(Debug, Clone)]
pub struct Pin(String);

fn argon2() -> Argon2<'static> {
    let params = Params::new(7 * 1_024, 5, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

impl Pin {
    /// The hash of a new PIN.
    ///
    /// # Errors
    /// [`PinError`] when it is too short or too long.
    pub fn new(pin: &str) -> Result<Self, PinError> {
        let count = pin.chars().count();
        if count < SHORTEST || pin.len() > LONGEST {
            return Err(PinError::Length { count });
        }
        Ok(Self(argon2().hash_password(pin.as_bytes())?.to_string()))
    }

    /// Reads what [`Self::write`] wrote.
    ///
    /// # Errors
    /// [`PinError::NoHash`].
    pub fn read(text: &str) -> Result<Self, PinError> {
        let text = text.trim();
        PasswordHash::new(text).map_err(|_| PinError::NoHash)?;
        Ok(Self(text.to_owned()))
    }

    /// Writes the hash into a file that only the box may read.
    ///
    /// # Errors
    /// The system's.
    pub fn write(&self, path: &Path) -> Result<(), PinError> {
        Ok(replace(path, format!("{}\n", self.0).as_bytes(), 0o600)?)
    }

    /// Whether it is this PIN. Takes about a fifth of a second on a small board.
    pub fn is(&self, pin: &str) -> bool {
        pin.len() <= LONGEST
            && PasswordHash::new(&self.0)
                .is_ok_and(|known| argon2().verify_password(pin.as_bytes(), &known).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_pin_is_known_again_and_only_the_box_may_read_its_hash() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("page.pin");
        Pin::new("大喇叭 8421").unwrap().write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("$argon2id$v=19$m=7168,t=5,p=1$") && !text.contains("8421"), "{text}");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let pin = Pin::read(&text).unwrap();
        assert!(pin.is("大喇叭 8421") && !pin.is("大喇叭 8422") && !pin.is(""));
    }

    #[test]
    fn a_short_pin_and_a_file_of_something_else_are_named() {
        assert!(matches!(Pin::new("12345"), Err(PinError::Length { count: 5 })));
        assert!(matches!(Pin::read("123456"), Err(PinError::NoHash)));
    }
}
