//! One frame of the journal: length, CRC-32, and records as JSON, so that a person can read them.

use super::Record;

/// Bytes of length and checksum before the records.
const HEAD: usize = 8;
/// Bytes that a frame with a bulletin has, about.
const USUAL: usize = 2 * 1024;
/// Bytes of one frame's records at most; a length above it is damage, not a promise.
const LONGEST: usize = 1 << 20;

/// The records as one frame.
pub(super) fn write(records: &[Record]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(USUAL);
    frame.resize(HEAD, 0);
    serde_json::to_writer(&mut frame, records).expect("records hold texts and numbers only");
    let (head, body) = frame.split_at_mut(HEAD);
    head[..4].copy_from_slice(&(body.len() as u32).to_be_bytes());
    head[4..].copy_from_slice(&crc32fast::hash(body).to_be_bytes());
    frame
}

/// All records that can be read, and how many bytes cannot. After damage the next whole frame is looked for: one bad spot of
/// the card, or a frame that was cut off while the card was full, must not take back what was remembered after it.
pub(super) fn read_all(mut bytes: &[u8]) -> (Vec<Record>, usize) {
    let (mut records, mut unreadable) = (Vec::new(), 0);
    while !bytes.is_empty() {
        if let Some((frame, rest)) = read(bytes) {
            records.extend(frame);
            bytes = rest;
        } else {
            unreadable += 1;
            bytes = &bytes[1..];
        }
    }
    (records, unreadable)
}

fn read(bytes: &[u8]) -> Option<(Vec<Record>, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (sum, rest) = rest.split_first_chunk()?;
    let length = u32::from_be_bytes(*length) as usize;
    let (body, rest) = rest.split_at_checked(length).filter(|_| length <= LONGEST)?;
    if crc32fast::hash(body) != u32::from_be_bytes(*sum) {
        return None;
    }
    Some((serde_json::from_slice(body).ok()?, rest))
}
