//! What the signing process signs, and what it writes down of it (签名留痕): it reads each bulletin before it signs it, so
//! that its log says what left under its key, whatever becomes of the console that asked. It signs no key set, which is the
//! offline root's, and only so many bulletins a minute that sound; one that silences is never too many, and what others sound
//! leaves red and orange emergencies theirs.

use mingluo_model::{
    bulletin::{Action, Bulletin, codec},
    clock::SharedClock,
    signer::Purpose,
};
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Bulletins that sound, a minute. Ours to choose: a city releases one a warning, and tests and lifts besides; whoever
/// has taken the console over cannot fill the boxes of a county with them.
const MOST_A_MINUTE: usize = 60;
const MINUTE: Duration = Duration::from_mins(1);

/// When bulletins that sound were signed.
#[derive(Default)]
struct Signed {
    grave: VecDeque<Duration>,
    others: VecDeque<Duration>,
}

/// Looks at what is to be signed.
pub(super) struct Ward {
    clock: SharedClock,
    /// Guards the instants, in the clock's ticks, at which bulletins that sound were signed in the last minute, red and orange
    /// emergencies apart from all others; held for a few instructions only.
    signed: Mutex<Signed>,
}

impl Ward {
    pub(super) fn new(clock: SharedClock) -> Self {
        Self { clock, signed: Mutex::default() }
    }

    /// Whether this may be signed; what is, is in the log when this returns.
    ///
    /// # Errors
    /// What is wrong with it, for the asker.
    pub(super) fn admit(&self, purpose: Purpose, bytes: &[u8]) -> Result<(), String> {
        match purpose {
            Purpose::Bulletin => self.admit_bulletin(bytes),
            Purpose::KeySet => Err("a key set is signed by the offline root: `mingluo box keys sign`".into()),
            Purpose::ClipLibrary => {
                tracing::info!(bytes = bytes.len(), "签署终端语音库 a library of clips is signed");
                Ok(())
            }
            // Both come by the minute, and sound nothing.
            Purpose::AuditHead | Purpose::Time | Purpose::Cap => Ok(()),
        }
    }

    fn admit_bulletin(&self, bytes: &[u8]) -> Result<(), String> {
        let bulletin = codec::decode(bytes).map_err(|error| error.to_string())?;
        bulletin.check().map_err(|error| error.to_string())?;
        if bulletin.action == Action::Play && !self.is_in_time(bulletin.is_grave()) {
            tracing::error!(ebm = %bulletin.ebm, "签署过于频繁，已拒绝 too many bulletins in a minute; this one is not signed");
            return Err(format!(
                "一分钟内已签署 {MOST_A_MINUTE} 条播发指令，请稍候，并查明是谁在要求签署 / {MOST_A_MINUTE} bulletins were signed \
                 in a minute; wait, and look who asks"
            ));
        }
        tell(&bulletin);
        Ok(())
    }

    fn is_in_time(&self, is_grave: bool) -> bool {
        let now = self.clock.ticks();
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        let signed = if is_grave { &mut signed.grave } else { &mut signed.others };
        while signed.front().is_some_and(|at| now.saturating_sub(*at) >= MINUTE) {
            signed.pop_front();
        }
        let has_room = signed.len() < MOST_A_MINUTE;
        if has_room {
            signed.push_back(now);
        }
        has_room
    }
}

fn tell(bulletin: &Bulletin) {
    let Bulletin { ebm, key_id, seq, class, grade, action, areas, mode, .. } = bulletin;
    let action = match action {
        Action::Play => "play",
        Action::Stop(_) => "stop",
        Action::StopAll => "stop-all",
    };
    let (first, n_areas) = (areas.first().map(ToString::to_string).unwrap_or_default(), areas.len());
    tracing::info!(
        %ebm, key = key_id.as_str(), seq, ?class, ?grade, action, area = first, n_areas, mode = mode.word(),
        "签署播发指令 a bulletin is signed"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::{
        alert::Language,
        bulletin::{BroadcastClass, EbmId, EventType, Tone},
        clock::{Timestamp, manual::ManualClock},
        grade::Grade,
        mode::ModeKind,
        region::Level,
    };

    fn bulletin(action: Action) -> Vec<u8> {
        graded(action, Grade::Red)
    }

    fn graded(action: Action, grade: Grade) -> Vec<u8> {
        codec::encode(&Bulletin {
            tier: Level::City,
            key_id: "city-1".parse().unwrap(),
            seq: 1,
            ebm: EbmId::new("42104000000000103010101".parse().unwrap(), 20_260_705, 1).unwrap(),
            class: BroadcastClass::Emergency,
            grade: Some(grade),
            event: EventType::OTHER,
            areas: vec!["2104".parse().unwrap()],
            action,
            related: Vec::new(),
            start: Timestamp(1),
            end: Timestamp(2),
            volume: 100,
            repeats: 1,
            tone: Tone::Red,
            script: "暴雨红色预警".to_owned(),
            audio: None,
            language: Language::chinese(),
            created: Timestamp(1),
            mode: ModeKind::Live,
        })
        .unwrap()
    }

    #[test]
    fn what_sounds_is_signed_so_often_a_minute_and_what_silences_always() {
        let clock = ManualClock::at(Timestamp(0));
        let ward = Ward::new(clock.clone());
        for _ in 0..MOST_A_MINUTE {
            assert_eq!(ward.admit(Purpose::Bulletin, &bulletin(Action::Play)), Ok(()));
        }
        assert!(ward.admit(Purpose::Bulletin, &bulletin(Action::Play)).unwrap_err().contains("60"));
        assert_eq!(
            ward.admit(Purpose::Bulletin, &graded(Action::Play, Grade::Blue)),
            Ok(()),
            "a budget of its own"
        );
        assert_eq!(ward.admit(Purpose::Bulletin, &bulletin(Action::StopAll)), Ok(()));
        clock.advance(MINUTE);
        assert_eq!(ward.admit(Purpose::Bulletin, &bulletin(Action::Play)), Ok(()));
    }

    #[test]
    fn neither_key_sets_nor_what_is_no_bulletin_are_signed() {
        let ward = Ward::new(ManualClock::at(Timestamp(0)));
        assert!(ward.admit(Purpose::KeySet, b"{}").unwrap_err().contains("box keys sign"));
        assert!(ward.admit(Purpose::Bulletin, b"head").is_err());
        assert_eq!(ward.admit(Purpose::AuditHead, b"head"), Ok(()));
    }
}
