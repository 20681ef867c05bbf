//! Is the chain whole? A pure look at rows and signed heads.

use super::{AuditHead, AuditRow, GENESIS};

/// What is wrong with the chain, at the first place where it shows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenChain {
    /// A row is missing, or stands twice.
    #[error("audit row {seq} is missing or out of order")]
    Gap {
        /// The number that should have come.
        seq: i64,
    },
    /// A line or its hash was changed after it was written.
    #[error("audit row {seq} was changed, or the row before it")]
    Edited {
        /// The row whose hash does not fit.
        seq: i64,
    },
    /// The signature under a head is not good.
    #[error("the signature under the audit head at row {seq} is not good (key {key_id})")]
    BadSignature {
        /// The head's row.
        seq: i64,
        /// The key it names.
        key_id: String,
    },
    /// A signed head lies beyond the last row: the end of the log was cut off.
    #[error("the audit log ends at row {last}, but row {seq} was signed")]
    Cut {
        /// The head's row.
        seq: i64,
        /// The last row there is.
        last: i64,
    },
    /// A signed head has another hash: the chain was computed anew.
    #[error("audit row {seq} does not have the hash that was signed: the chain was computed anew")]
    Recomputed {
        /// The head's row.
        seq: i64,
    },
}

/// Checks the whole log, `rows` from number 1 on, against the signed `heads`. `signed` says whether a signature
/// is good: given the key's id, the signed bytes and the signature; an unknown key is not good.
///
/// Rows after the last head are checked against each other only: sign heads often.
///
/// # Errors
/// [`BrokenChain`]: the first thing that is wrong, looking through the rows and then through the heads.
pub fn verify_chain(
    rows: &[AuditRow],
    heads: &[AuditHead],
    signed: impl Fn(&str, &[u8], &[u8]) -> bool,
) -> Result<(), BrokenChain> {
    check_rows(rows)?;
    heads.iter().try_for_each(|head| check_head(rows, head, &signed))
}

fn check_rows(rows: &[AuditRow]) -> Result<(), BrokenChain> {
    let mut last = GENESIS;
    for (seq, row) in (1_i64..).zip(rows) {
        if row.seq != seq {
            return Err(BrokenChain::Gap { seq });
        }
        if row.line.hash_after(&last) != row.hash {
            return Err(BrokenChain::Edited { seq });
        }
        last = row.hash;
    }
    Ok(())
}

fn check_head(
    rows: &[AuditRow],
    head: &AuditHead,
    signed: impl Fn(&str, &[u8], &[u8]) -> bool,
) -> Result<(), BrokenChain> {
    let seq = head.seq;
    let bytes = AuditHead::signed_bytes(seq, &head.hash, head.at);
    if !signed(&head.key_id, &bytes, &head.signature) {
        return Err(BrokenChain::BadSignature { seq, key_id: head.key_id.clone() });
    }
    let place = seq.checked_sub(1).and_then(|place| usize::try_from(place).ok());
    match place.and_then(|place| rows.get(place)) {
        None => Err(BrokenChain::Cut { seq, last: rows.len() as i64 }),
        Some(row) if row.hash != head.hash => Err(BrokenChain::Recomputed { seq }),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::AuditLine;
    use mingluo_model::clock::Timestamp;
    use serde_json::json;

    fn log(actions: &[&str]) -> Vec<AuditRow> {
        let mut last = GENESIS;
        let mut row = |(seq, action): (i64, &&str)| {
            let line = AuditLine {
                at: Timestamp(seq * 1_000),
                actor: AuditLine::SYSTEM.into(),
                action: (*action).into(),
                subject: "a".into(),
                detail: json!({"n": seq}),
            };
            last = line.hash_after(&last);
            AuditRow { seq, line, hash: last }
        };
        (1..).zip(actions).map(&mut row).collect()
    }

    fn head(row: &AuditRow) -> AuditHead {
        let at = Timestamp(9);
        let signature = AuditHead::signed_bytes(row.seq, &row.hash, at);
        AuditHead { seq: row.seq, hash: row.hash, key_id: "k".into(), signature, at }
    }

    /// Stands in for a signature: the signed bytes themselves.
    fn signed(_key: &str, bytes: &[u8], signature: &[u8]) -> bool {
        bytes == signature
    }

    #[test]
    fn a_whole_chain_is_whole() {
        let rows = log(&["draft", "submit", "release"]);
        assert_eq!(verify_chain(&rows, &[head(&rows[1])], signed), Ok(()));
    }

    #[test]
    fn an_edited_line_shows() {
        let mut rows = log(&["draft", "submit", "release"]);
        rows[1].line.actor = "nobody".into();
        assert_eq!(verify_chain(&rows, &[], signed), Err(BrokenChain::Edited { seq: 2 }));
    }

    #[test]
    fn a_missing_line_shows() {
        let mut rows = log(&["draft", "submit", "release"]);
        rows.remove(1);
        assert_eq!(verify_chain(&rows, &[], signed), Err(BrokenChain::Gap { seq: 2 }));
    }

    #[test]
    fn a_cut_shows_by_the_signed_head() {
        let rows = log(&["draft", "submit", "release"]);
        let heads = [head(&rows[2])];
        assert_eq!(verify_chain(&rows[..2], &heads, signed), Err(BrokenChain::Cut { seq: 3, last: 2 }));
    }

    #[test]
    fn a_recomputed_chain_shows_by_the_signed_head() {
        let heads = [head(&log(&["draft", "submit"])[1])];
        let forged = log(&["draft", "approve", "release"]);
        assert_eq!(verify_chain(&forged, &heads, signed), Err(BrokenChain::Recomputed { seq: 2 }));
    }

    #[test]
    fn a_forged_head_shows() {
        let rows = log(&["draft"]);
        let mut forged = head(&rows[0]);
        forged.signature[0] ^= 1;
        let error = BrokenChain::BadSignature { seq: 1, key_id: "k".into() };
        assert_eq!(verify_chain(&rows, &[forged], signed), Err(error));
    }
}
