//! From an alert to a signed bulletin for speakers. The key is behind the signer's port; only what it needs to
//! number and address bulletins is here.

use super::{Numbers, RenderError};
use mingluo_model::{
    alert::{Alert, AlertKind, Language},
    bulletin::{
        Action, AudioClip, BroadcastClass, Bulletin, EbmId, EventType, KeyId, KeySet, Malformed,
        ResourceCode, Tone,
    },
    clock::Timestamp,
    grade::Grade,
    mode::{Mode, ModeKind},
    region::{Level, RegionCode},
    signer::{Purpose, Signer, SignerError, seal},
};
use std::sync::Arc;

/// Numbers, writes and has signed the bulletins of one platform (播发平台).
pub struct Broadcaster {
    signer: Arc<dyn Signer>,
    platform: ResourceCode,
    numbers: Numbers,
    believed: Believed,
}

/// Tells which keys boxes are told to believe at the moment; `None` where nobody tells them.
pub type Believed = Arc<dyn Fn() -> Option<Arc<KeySet>> + Send + Sync>;

impl Broadcaster {
    /// A broadcaster that signs through `signer` under the platform's resource code and counts on from `numbers`.
    pub fn new(signer: Arc<dyn Signer>, platform: ResourceCode, numbers: Numbers) -> Self {
        Self { signer, platform, numbers, believed: Arc::new(|| None) }
    }

    /// The same, which has nothing signed that boxes would refuse.
    #[must_use]
    pub fn for_boxes_that_believe(self, believed: Believed) -> Self {
        Self { believed, ..self }
    }

    /// Whether boxes that believe what they are told would take this. What silences is sent whatever the set says: one that boxes
    /// refuse does no harm, and the file may not be what they believe.
    fn believe(&self, bulletin: &Bulletin) -> Result<(), RenderError> {
        let is_all_clear = bulletin.tone == Tone::AllClear && !bulletin.related.is_empty();
        if bulletin.action != Action::Play || is_all_clear {
            return Ok(());
        }
        let Some(keys) = (self.believed)() else { return Ok(()) };
        let what = match keys.find(&bulletin.key_id) {
            Some(key) => key.outside(bulletin),
            None => Some("the key is not in the set".to_owned()),
        };
        let key = bulletin.key_id.clone();
        what.map_or(Ok(()), |what| Err(RenderError::Disbelieved { key, what }))
    }

    pub(super) async fn seal<M: Mode>(
        &self,
        alert: &Alert<M>,
        script: &str,
        now: Timestamp,
        given: Given<'_>,
    ) -> Result<Vec<u8>, RenderError> {
        let key_id = self.signer.key_id(Purpose::Bulletin).await?;
        let number = Number { key_id, seq: self.numbers.next_seq(now), ebm: self.ebm(now, given.zone)? };
        let Given { replaced, clip, .. } = given;
        let bulletin =
            Bulletin { related: replaced.to_vec(), audio: clip, ..bulletin(alert, script, now, number) };
        self.believe(&bulletin)?;
        Ok(seal(self.signer.as_ref(), &bulletin).await?.to_bytes())
    }

    /// Numbers and has signed a bulletin behind which no warning stands: a test or a stop of boxes.
    pub(crate) async fn order(
        &self,
        wanted: BoxBulletin,
        now: Timestamp,
        zone: &jiff::tz::TimeZone,
    ) -> Result<(Bulletin, Vec<u8>), RenderError> {
        let key_id = self.signer.key_id(Purpose::Bulletin).await?;
        let number = Number { key_id, seq: self.numbers.next_seq(now), ebm: self.ebm(now, zone)? };
        let bulletin = wanted.numbered(number, now);
        self.believe(&bulletin)?;
        let envelope = seal(self.signer.as_ref(), &bulletin).await?.to_bytes();
        Ok((bulletin, envelope))
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

    /// The message's name: the platform, the local day, and a number of that day.
    fn ebm(&self, now: Timestamp, zone: &jiff::tz::TimeZone) -> Result<EbmId, RenderError> {
        let instant = now.to_jiff().ok_or(RenderError::Time { field: "sent", value: now.0 })?;
        let local = instant.to_zoned_datetime(zone.clone());
        let day = u32::from(local.year().unsigned_abs()) * 10_000
            + u32::from(local.month().unsigned_abs()) * 100
            + u32::from(local.day().unsigned_abs());
        let (day, sequence) = self.numbers.next_ebm(day);
        let malformed = |problem: String| {
            RenderError::Signer(SignerError::Malformed(Malformed { field: "ebm", problem }))
        };
        EbmId::new(self.platform, day, sequence).map_err(|error| malformed(error.to_string()))
    }
}

/// What a bulletin is given besides its alert.
pub(super) struct Given<'a> {
    /// The deployment's time zone, by which messages are numbered.
    pub(super) zone: &'a jiff::tz::TimeZone,
    /// The bulletins that it silences.
    pub(super) replaced: &'a [EbmId],
    /// The clip that says its script.
    pub(super) clip: Option<AudioClip>,
}

/// What tells one bulletin from all others.
struct Number {
    key_id: KeyId,
    seq: u64,
    ebm: EbmId,
}

/// What a test or a stop asks of boxes.
pub(crate) struct BoxBulletin {
    /// Whose word it is.
    pub(crate) tier: Level,
    /// Where boxes obey it.
    pub(crate) areas: Vec<RegionCode>,
    /// Play or stop.
    pub(crate) action: Action,
    /// Until when.
    pub(crate) end: Timestamp,
    /// Percent; zero keys the amplifier and sounds nothing.
    pub(crate) volume: u8,
    /// The words.
    pub(crate) script: String,
    /// Live or drill.
    pub(crate) mode: ModeKind,
}

impl BoxBulletin {
    fn numbered(self, number: Number, now: Timestamp) -> Bulletin {
        let Self { tier, areas, action, end, volume, script, mode } = self;
        // A stop must not wait behind anything; a test goes before nothing.
        let class = match (mode, &action) {
            (ModeKind::Live, Action::Play) => BroadcastClass::Daily,
            (ModeKind::Live, _) => BroadcastClass::Emergency,
            (ModeKind::Drill, Action::Play) => BroadcastClass::ReleaseDrill,
            (ModeKind::Drill, _) => BroadcastClass::RealDrill,
        };
        // The mildest tone there is, for boxes that have no voice.
        let tone = if action == Action::Play { Tone::AllClear } else { Tone::None };
        Bulletin {
            tier,
            key_id: number.key_id,
            seq: number.seq,
            ebm: number.ebm,
            class,
            grade: None,
            event: EventType::OTHER,
            areas,
            action,
            related: Vec::new(),
            start: now,
            end,
            volume,
            repeats: 1,
            tone,
            script,
            audio: None,
            language: Language::chinese(),
            created: now,
            mode,
        }
    }
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
        related: Vec::new(),
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
