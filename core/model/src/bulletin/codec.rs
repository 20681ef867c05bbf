//! A bulletin as bytes and back: version 1, big-endian, each text and list behind its length, one way to write each
//! bulletin. Reading trusts nothing: every length has a bound, every value is checked, no byte may be left over.

use super::{
    Action, AudioClip, AudioCodec, BroadcastClass, Bulletin, EbmId, KeyId, LONGEST_SCRIPT, MOST_AREAS,
    MOST_STOPPED, Malformed, Tone, level_number,
    wire::{Reader, Writer},
};
use crate::{alert::Language, clock::Timestamp, grade::Grade, mode::ModeKind, region::Level};

/// The first byte of every bulletin of this form.
const VERSION: u8 = 1;
/// Bytes of a body at most: the bounds of its parts, rounded up.
pub const LONGEST_BODY: usize = 16 * 1024;

const LEVELS: [Level; 5] = [Level::Village, Level::Township, Level::County, Level::City, Level::Province];

/// Writes a bulletin.
///
/// # Errors
/// [`Malformed`] when it breaks its own rules; only bulletins that can be read again are written.
pub fn encode(bulletin: &Bulletin) -> Result<Vec<u8>, Malformed> {
    bulletin.check()?;
    let mut out = Writer(Vec::with_capacity(256 + bulletin.script.len()));
    out.u8(VERSION);
    write_issuer(&mut out, bulletin);
    out.u16(bulletin.areas.len() as u16);
    for area in &bulletin.areas {
        out.text(&area.to_string());
    }
    write_action(&mut out, &bulletin.action);
    write_related(&mut out, &bulletin.related);
    out.i64(bulletin.start.0);
    out.i64(bulletin.end.0);
    out.u8(bulletin.volume);
    out.u8(bulletin.repeats);
    out.u8(bulletin.tone as u8);
    out.text(&bulletin.script);
    out.optional(bulletin.audio.as_ref(), write_audio);
    out.text(&bulletin.language.0);
    out.i64(bulletin.created.0);
    out.u8(bulletin.mode.number());
    Ok(out.0)
}

fn write_issuer(out: &mut Writer, bulletin: &Bulletin) {
    out.u8(LEVELS.iter().position(|level| *level == bulletin.tier).map_or(0, |at| at as u8));
    out.text(bulletin.key_id.as_str());
    out.u64(bulletin.seq);
    out.text(bulletin.ebm.as_str());
    out.u8(bulletin.class as u8);
    out.u8(level_number(bulletin.grade));
    out.text(bulletin.event.as_str());
}

fn write_action(out: &mut Writer, action: &Action) {
    match action {
        Action::Play => out.u8(1),
        Action::Stop(named) => {
            out.u8(2);
            out.u16(named.len() as u16);
            for ebm in named {
                out.text(ebm.as_str());
            }
        }
        Action::StopAll => out.u8(3),
    }
}

/// One octet counts them, at most 32.
fn write_related(out: &mut Writer, related: &[EbmId]) {
    out.u8(related.len() as u8);
    for ebm in related {
        out.text(ebm.as_str());
    }
}

fn write_audio(out: &mut Writer, audio: &AudioClip) {
    out.u8(audio.codec as u8);
    out.u32(audio.len);
    out.0.extend_from_slice(&audio.sha256);
}

/// Reads a bulletin.
///
/// # Errors
/// [`Malformed`] names the first field that is cut short, out of bounds or against the rules.
pub fn decode(bytes: &[u8]) -> Result<Bulletin, Malformed> {
    if bytes.len() > LONGEST_BODY {
        return Err(Malformed::new("body", format!("{} bytes, at most {LONGEST_BODY}", bytes.len())));
    }
    let mut input = Reader(bytes);
    let version = input.u8("version")?;
    if version != VERSION {
        return Err(Malformed::new("version", format!("{version}, this reads {VERSION}")));
    }
    let bulletin = read(&mut input)?;
    if !input.0.is_empty() {
        return Err(Malformed::new("body", format!("{} bytes left over", input.0.len())));
    }
    bulletin.check()?;
    Ok(bulletin)
}

/// Fields are read in the order in which they stand here, which is the order of the wire.
fn read(input: &mut Reader<'_>) -> Result<Bulletin, Malformed> {
    Ok(Bulletin {
        tier: known("tier", input, |number| LEVELS.get(usize::from(number)).copied())?,
        key_id: input.parsed::<KeyId>("key_id")?,
        seq: input.u64("seq")?,
        ebm: input.parsed("ebm")?,
        class: known("class", input, BroadcastClass::from_number)?,
        grade: read_level(input)?,
        event: input.parsed("event")?,
        areas: read_areas(input)?,
        action: read_action(input)?,
        related: read_related(input)?,
        start: Timestamp(input.i64("start")?),
        end: Timestamp(input.i64("end")?),
        volume: input.u8("volume")?,
        repeats: input.u8("repeats")?,
        tone: known("tone", input, |number| Tone::ALL.get(usize::from(number)).copied())?,
        script: input.text("script", LONGEST_SCRIPT)?.to_owned(),
        audio: input.optional("audio", read_audio)?,
        language: Language(input.text("language", 64)?.to_owned()),
        created: Timestamp(input.i64("created")?),
        mode: known("mode", input, ModeKind::from_number)?,
    })
}

fn read_level(input: &mut Reader<'_>) -> Result<Option<Grade>, Malformed> {
    match input.u8("level")? {
        0 => Ok(None),
        number @ 1..=4 => Ok(Grade::from_rank(5 - number)),
        other => Err(Malformed::new("level", format!("{other}, must be 0 to 4"))),
    }
}

fn read_areas(input: &mut Reader<'_>) -> Result<Vec<crate::region::RegionCode>, Malformed> {
    let count = input.count("areas", MOST_AREAS)?;
    (0..count)
        .map(|_| {
            let text = input.text("areas", 12)?;
            let code: crate::region::RegionCode =
                text.parse().map_err(|_| Malformed::new("areas", format!("{text:?} is no region code")))?;
            if code.to_string() != text {
                return Err(Malformed::new("areas", format!("{text:?} is not the short form, {code}")));
            }
            Ok(code)
        })
        .collect()
}

fn read_action(input: &mut Reader<'_>) -> Result<Action, Malformed> {
    match input.u8("action")? {
        1 => Ok(Action::Play),
        2 => {
            let count = input.count("action.stop", MOST_STOPPED)?;
            Ok(Action::Stop((0..count).map(|_| input.parsed("action.stop")).collect::<Result<_, _>>()?))
        }
        3 => Ok(Action::StopAll),
        other => Err(Malformed::new("action", format!("{other}, must be 1 to 3"))),
    }
}

fn read_related(input: &mut Reader<'_>) -> Result<Vec<EbmId>, Malformed> {
    let count = usize::from(input.u8("related")?);
    if count > MOST_STOPPED {
        return Err(Malformed::new("related", format!("{count} of them, at most {MOST_STOPPED}")));
    }
    (0..count).map(|_| input.parsed("related")).collect()
}

fn read_audio(input: &mut Reader<'_>) -> Result<AudioClip, Malformed> {
    let codec = known("audio.codec", input, AudioCodec::from_number)?;
    let len = input.u32("audio.len")?;
    let sha256 = input.array("audio.sha256")?;
    Ok(AudioClip { codec, len, sha256 })
}

fn known<T>(
    field: &'static str,
    input: &mut Reader<'_>,
    of: impl Fn(u8) -> Option<T>,
) -> Result<T, Malformed> {
    let number = input.u8(field)?;
    of(number).ok_or_else(|| Malformed::new(field, format!("{number} is not in the list")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulletin::samples::{any_bulletin, red_rain};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_bulletin_reads_back_as_written(bulletin in any_bulletin()) {
            let bytes = encode(&bulletin).unwrap();
            prop_assert_eq!(decode(&bytes).unwrap(), bulletin);
        }

        #[test]
        fn what_can_be_read_is_written_the_same_way(
            bulletin in any_bulletin(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
        ) {
            let mut bytes = encode(&bulletin).unwrap();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(other) = decode(&bytes) {
                prop_assert_eq!(encode(&other).unwrap(), bytes);
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let mut versioned = vec![VERSION];
            versioned.extend_from_slice(&bytes);
            let _ = (decode(&bytes), decode(&versioned));
        }
    }

    #[test]
    fn a_cut_or_lengthened_bulletin_is_refused_with_its_field() {
        let bytes = encode(&red_rain()).unwrap();
        for end in 0..bytes.len() {
            assert!(decode(&bytes[..end]).is_err(), "cut at {end}");
        }
        let mut longer = bytes;
        longer.push(0);
        assert_eq!(decode(&longer).unwrap_err().field, "body");
    }

    #[test]
    fn what_breaks_the_rules_is_never_written() {
        let mut loud = red_rain();
        loud.volume = 101;
        assert_eq!(encode(&loud).unwrap_err().field, "volume");
        let mute = Bulletin { volume: 0, ..red_rain() };
        let told = encode(&mute).unwrap_err();
        assert!(told.field == "volume" && told.problem.contains("红色指令须能听到"), "{told}");
        encode(&Bulletin { grade: None, ..mute.clone() }).unwrap();
        encode(&Bulletin { action: Action::StopAll, ..mute }).unwrap();
        let mut stale = red_rain();
        stale.end = stale.start;
        assert_eq!(encode(&stale).unwrap_err().field, "end");
    }
}
