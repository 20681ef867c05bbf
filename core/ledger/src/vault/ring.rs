//! The text of a key ring. Its errors name the file and the line and never show what stands there.

use std::fmt::Write as _;
use zeroize::Zeroizing;

/// One key of a ring.
pub(super) struct Key {
    pub(super) id: String,
    pub(super) secret: Zeroizing<[u8; 32]>,
}

/// Why a key ring cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RingError {
    /// A line is not of the form `key-id hex64`.
    #[error("{file}, line {line}: {problem}; write a key id, a space and 64 hexadecimal digits")]
    Line {
        /// The file as given.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// No line holds a key.
    #[error("{file}: no key in it; write a key id, a space and 64 hexadecimal digits")]
    Empty {
        /// The file as given.
        file: String,
    },
}

pub(super) fn read_ring(file: &str, text: &str) -> Result<Vec<Key>, RingError> {
    let mut keys: Vec<Key> = Vec::new();
    for (index, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |problem| RingError::Line { file: file.to_owned(), line: index + 1, problem };
        let key = read_line(line).map_err(wrong)?;
        if keys.iter().any(|other| other.id == key.id) {
            return Err(wrong("the key id stands in an earlier line"));
        }
        keys.push(key);
    }
    Ok(keys)
}

fn read_line(line: &str) -> Result<Key, &'static str> {
    let (id, digits) = line.split_once(char::is_whitespace).ok_or("there is no space in it")?;
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if id.len() > 32 || !id.bytes().all(fits) {
        return Err("the key id may have up to 32 of a-z, 0-9 and -");
    }
    let secret = unhex(digits.trim()).ok_or("the key is not 64 hexadecimal digits")?;
    Ok(Key { id: id.to_owned(), secret })
}

fn unhex(digits: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut secret = Zeroizing::new([0; 32]);
    if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (place, byte) in secret.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * place..2 * place + 2], 16).ok()?;
    }
    Some(secret)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}
