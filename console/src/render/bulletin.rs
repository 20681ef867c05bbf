//! From an alert to a signed bulletin for speakers. The key is behind the signer's port; only what it needs to
//! number and address bulletins is here.

use super::RenderError;
use mingluo_model::{
    alert::{Alert, AlertKind, Language},
    bulletin::{Action, BroadcastClass, Bulletin, EbmId, EventType, KeyId, Malformed, ResourceCode, Tone},
    clock::Timestamp,
    grade::Grade,
    mode::Mode,
    signer::{Purpose, Signer, SignerError, seal},
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Numbers, writes and has signed the bulletins of one platform (播发平台).
pub struct Broadcaster {
    signer: Arc<dyn Signer>,
    platform: ResourceCode,
    last_seq: AtomicU64,
    last_ebm: AtomicU64,
}

impl Broadcaster {
    /// A broadcaster that signs through `signer` under the platform's resource code.
    pub fn new(signer: Arc<dyn Signer>, platform: ResourceCode) -> Self {
        Self { signer, platform, last_seq: AtomicU64::new(0), last_ebm: AtomicU64::new(0) }
    }

    pub(super) async fn seal<M: Mode>(
        &self,
        alert: &Alert<M>,
        script: &str,
        now: Timestamp,
        zone: &jiff::tz::TimeZone,
    ) -> Result<Vec<u8>, RenderError> {
        let key_id = self.signer.key_id(Purpose::Bulletin).await?;
        let number =
            Number { key_id, seq: rising(&self.last_seq, now.0.unsigned_abs()), ebm: self.ebm(now, zone)? };
        let bulletin = bulletin(alert, script, now, number);
        Ok(seal(self.signer.as_ref(), &bulletin).await?.to_bytes())
    }

    /// Whether the bulletin of this alert would keep the rules, before anybody signs it.
    pub(super) fn check<M: Mode>(
        &self,
        alert: &Alert<M>,
        script: &str,
        now: Timestamp,
    ) -> Result<(), RenderError> {
        let malformed = |problem: String| Malformed { field: "key_id", problem };
        let key_id =
            "preview".parse().map_err(|error| SignerError::Malformed(malformed(format!("{error}"))))?;
        let ebm = EbmId::new(self.platform, 20_260_101, 0)
            .map_err(|error| SignerError::Malformed(malformed(error.to_string())))?;
        let bulletin = bulletin(alert, script, now, Number { key_id, seq: 1, ebm });
        Ok(bulletin.check().map_err(SignerError::Malformed)?)
    }

    /// The message's name: the platform, the local day, and a number of that day. Numbers follow the clock in steps
    /// of ten seconds, so that a restart never gives one again.
    fn ebm(&self, now: Timestamp, zone: &jiff::tz::TimeZone) -> Result<EbmId, RenderError> {
        let instant = now.to_jiff().ok_or(RenderError::Time { field: "sent", value: now.0 })?;
        let local = instant.to_zoned_datetime(zone.clone());
        let day = u32::from(local.year().unsigned_abs()) * 10_000
            + u32::from(local.month().unsigned_abs()) * 100
            + u32::from(local.day().unsigned_abs());
        let seconds =
            i64::from(local.hour()) * 3600 + i64::from(local.minute()) * 60 + i64::from(local.second());
        let tenths = seconds.unsigned_abs() / 10;
        let number = rising(&self.last_ebm, u64::from(day) * 10_000 + tenths);
        let malformed = |problem: String| {
            RenderError::Signer(SignerError::Malformed(Malformed { field: "ebm", problem }))
        };
        let (day, sequence) = ((number / 10_000) as u32, (number % 10_000) as u16);
        EbmId::new(self.platform, day, sequence).map_err(|error| malformed(error.to_string()))
    }
}

/// What tells one bulletin from all others.
struct Number {
    key_id: KeyId,
    seq: u64,
    ebm: EbmId,
}

fn bulletin<M: Mode>(alert: &Alert<M>, script: &str, now: Timestamp, number: Number) -> Bulletin {
    let content = &alert.content;
    let withdraws = matches!(content.kind, AlertKind::Lift(_) | AlertKind::Correction(_));
    Bulletin {
        tier: alert.owner.level,
        key_id: number.key_id,
        seq: number.seq,
        ebm: number.ebm,
        class: BroadcastClass::of(content.class, M::KIND),
        grade: Some(content.grade),
        event: content.hazard.code.parse().unwrap_or(EventType::OTHER),
        areas: content.audience.regions.clone(),
        action: Action::Play,
        related: None,
        start: now,
        end: content.expires,
        volume: volume(content.grade),
        repeats: repeats(content.grade),
        tone: if withdraws { Tone::AllClear } else { Tone::of(content.grade) },
        script: script.to_owned(),
        audio: None,
        language: Language::chinese(),
        created: now,
        mode: M::KIND,
    }
}

/// The next number: `at_least`, or one more than the last.
fn rising(last: &AtomicU64, at_least: u64) -> u64 {
    let next = |last: u64| at_least.max(last + 1);
    let before = last
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(next(last)))
        .unwrap_or_else(|last| last);
    next(before)
}

/// Percent of full volume; the two graver grades are never soft.
const fn volume(grade: Grade) -> u8 {
    match grade {
        Grade::Red | Grade::Orange => 100,
        Grade::Yellow => 80,
        Grade::Blue => 70,
    }
}

const fn repeats(grade: Grade) -> u8 {
    match grade {
        Grade::Red | Grade::Orange => 3,
        Grade::Yellow | Grade::Blue => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_even_when_the_clock_stands_still() {
        let last = AtomicU64::new(0);
        assert_eq!(
            [rising(&last, 10), rising(&last, 10), rising(&last, 9), rising(&last, 50)],
            [10, 11, 12, 50]
        );
    }
}
