//! One rehearsal, tried again while a kill misses the work. What does not change between tries is the [`House`].

use super::{open::Opened, options::Options, order::Draft, report::Outcome, send::Sent, voice::Voice};
use crate::residents::{Pack, People};
use anyhow::{bail, ensure};
use mingluo_model::{
    audience::ChannelKind,
    clock::SharedClock,
    region::{Level, RegionCode},
};
use mingluo_targeting::gazetteer::Gazetteer;
use std::{
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long a rehearsal of no particular licence sends.
const SENDS_FOR: Duration = Duration::from_secs(4);

/// From here on it is the full size.
const FULL_SIZE: u64 = 1_500_000;

/// Seconds until a missing receipt is given up; more where receipts come in a crowd.
const RECEIPTS_WITHIN_S: u32 = 6;
const RECEIPTS_WITHIN_S_AT_FULL_SIZE: u32 = 20;

/// How often a kill is tried when it hits before or after the work.
const TRIES: u32 = 5;

/// What a rehearsal works with.
pub(super) struct House<'a> {
    pub(super) options: &'a Options,
    pub(super) clock: &'a SharedClock,
    pub(super) voice: &'a Voice,
    /// The project's root.
    pub(super) root: &'a Path,
    /// Where the programs are.
    pub(super) programs: &'a Path,
    /// The region pack's folder.
    pub(super) pack_folder: PathBuf,
    pub(super) pack: Pack,
    pub(super) gazetteer: Gazetteer,
    pub(super) area: Vec<RegionCode>,
    pub(super) draft: Draft,
}

/// A city that still runs, with what came of its rehearsal.
pub(super) struct Played {
    pub(super) outcome: Outcome,
    pub(super) opened: Opened,
}

impl House<'_> {
    /// Rehearses, again with another pace while a kill misses the work.
    pub(super) async fn play(&self) -> anyhow::Result<Played> {
        let mut licence = self.licence()?;
        for nth in 1..=TRIES {
            let mut opened = Opened::empty(self, nth)?;
            match opened.play(self, licence).await {
                Ok(Sent::Good(outcome)) => return Ok(Played { outcome: *outcome, opened }),
                Ok(Sent::Missed { share, factor }) => {
                    opened.close().await;
                    licence = self.other_licence(licence, share, factor)?;
                }
                Err(error) => {
                    opened.close().await;
                    return Err(error);
                }
            }
        }
        bail!(
            "--kill-after: {TRIES} 次都没有杀在半途，此次不算；请另给时刻 / none of {TRIES} tries hit half way, the run does not \
             count; give another time"
        )
    }

    /// The licence that was given, or one with which sending takes a few seconds, twice as long as until a kill. What was
    /// scaled is said, with its reason.
    fn licence(&self) -> anyhow::Result<u32> {
        let asked = self.options.residents;
        let phones = self.pack.phones(&self.area, asked)?;
        if phones > asked {
            self.voice.say(format_args!(
                "\n手机 {phones} 部，而非 {asked} 部：区域内的责任人都在名册上 / {phones} phones instead of {asked}: every duty person of \
                 the area is in the roster"
            ));
        }
        if let Some(licence) = self.options.licence {
            return Ok(licence.get());
        }
        let span = self.options.kill_after.map_or(SENDS_FOR, |after| after * 2);
        let licence = scaled(phones * u64::from(self.draft.order.parts_about()), span);
        let why = match self.options.kill_after {
            None => "",
            Some(_) => "（--kill-after 的两倍，以便杀在半途 / twice --kill-after, to be killed half way）",
        };
        self.voice.say(format_args!(
            "\n没有给 --licence：折算为短信每秒 {licence} 条，使发送约需 {span:?} / no --licence: scaled to {licence} SMS parts a second, \
             so that sending takes about {span:?}{why}"
        ));
        Ok(licence)
    }

    fn other_licence(&self, licence: u32, share: Option<f64>, factor: f64) -> anyhow::Result<u32> {
        let fixed = self.options.licence.map(NonZeroU32::get);
        match share {
            Some(share) => self.voice.say(format_args!(
                "\n此次不算：杀掉时模拟端有 {share:.0} %，须在 10 至 90 % 之间 / does not count: the simulators held \
                 {share:.0} % when mingluo was killed, it must be 10 to 90"
            )),
            None => self.voice.say("\n此次不算：mingluo 没有被杀 / does not count: mingluo was not killed"),
        }
        let channels = &self.options.channels;
        ensure!(
            channels.is_empty() || channels.contains(&ChannelKind::Sms),
            "--kill-after: 没有短信渠道，许可放慢不了，此次不算；请在 --channels 中加上 sms / the licence is that of SMS, without it \
             nothing can be slowed down; add sms to --channels"
        );
        ensure!(
            fixed.is_none(),
            "--licence {licence}: 以此许可 --kill-after 杀不在半途，此次不算；请改其中之一 / with it --kill-after misses the work; \
             change one of the two"
        );
        let next = ((f64::from(licence) * factor) as u32).max(1);
        self.voice.say(format_args!("以每秒 {next} 条重来 / again with {next} parts a second"));
        Ok(next)
    }

    /// The people of the area.
    pub(super) fn people(&self) -> anyhow::Result<People<'_>> {
        Ok(self.pack.people(&self.area, self.options.residents, self.options.boxes)?)
    }

    /// The townships of the city outside of the area; none when the area is the whole city.
    pub(super) fn elsewhere(&self) -> Vec<RegionCode> {
        let townships = self.pack.villages().iter().filter_map(|village| village.code.at(Level::Township));
        let mut townships: Vec<RegionCode> = townships.collect();
        townships.dedup();
        let apart =
            |town: &RegionCode| self.area.iter().all(|here| !here.contains(*town) && !town.contains(*here));
        townships.retain(apart);
        townships
    }

    /// Whether the bars of the full size hold for this run.
    pub(super) fn is_full_size(&self) -> bool {
        self.options.residents >= FULL_SIZE && self.options.kill_after.is_none()
    }

    /// Seconds until a missing receipt is given up.
    pub(super) fn receipts_within_s(&self) -> u32 {
        if self.is_full_size() { RECEIPTS_WITHIN_S_AT_FULL_SIZE } else { RECEIPTS_WITHIN_S }
    }
}

/// Parts a second with which so many take about so long.
fn scaled(parts: u64, span: Duration) -> u32 {
    ((parts as f64 / span.as_secs_f64().max(0.1)) as u32).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_licence_follows_those_who_are_really_there() {
        // `--residents 10` in three townships: 603 duty persons, two parts each.
        assert_eq!(scaled(1_206, SENDS_FOR), 301);
        assert_eq!(scaled(1_206, Duration::from_mins(20)), 1);
        assert_eq!(scaled(0, SENDS_FOR), 1);
    }
}
