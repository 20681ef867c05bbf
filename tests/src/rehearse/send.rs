//! The warning itself: drafted, submitted, approved, released by three officers, watched to its end, reckoned.

use super::{
    api::{Door, Drafted, PlanView, Released},
    bars::{Bar, Measured},
    city::{City, HOLD_MS, Officers},
    far::FarSide,
    kill::{self, Ears},
    open::Opened,
    options::Victim,
    order::Order,
    play::House,
    reckon::{Books, Reckoned, targets},
    report::Outcome,
    voice::grouped,
    watch::{Watch, label},
};
use anyhow::Context;
use mingluo_model::audience::ChannelKind;
use std::{collections::BTreeMap, time::Duration};

/// How long a simulator may keep lines in memory, and some more.
const LOGS_SETTLE: Duration = Duration::from_millis(900);

/// What sending came to.
pub(super) enum Sent {
    /// It was sent and reckoned, well or not.
    Good(Box<Outcome>),
    /// The kill hit before or after the work.
    Missed {
        /// What the simulators held, in percent; nothing when all was over before it was time, and nobody was killed.
        share: Option<f64>,
        /// By how much the licence should change.
        factor: f64,
    },
}

/// A warning about to be sent in a city that runs.
pub(super) struct Sending<'a> {
    pub(super) house: &'a House<'a>,
    pub(super) city: &'a City,
    pub(super) sides: &'a [Box<dyn FarSide>],
    pub(super) officers: &'a Officers,
    pub(super) licence: u32,
    pub(super) door: Door,
    pub(super) ears: Ears,
}

impl Sending<'_> {
    /// Sends and reckons.
    pub(super) async fn send(mut self, opened: &mut Opened) -> anyhow::Result<Sent> {
        let (drafted, released) = self.release().await?;
        self.house.voice.step("发送", "sending");
        self.foretell(&drafted);
        let mut killed_at_percent = None;
        if let Some(after) = self.house.options.kill_after {
            let share = self.kill(after, &drafted, opened).await?;
            let Some(share) = share else {
                return Ok(Sent::Missed { share: None, factor: 0.5 });
            };
            if let Err(factor) = kill::verdict(share) {
                return Ok(Sent::Missed { share: Some(share), factor });
            }
            killed_at_percent = Some(share);
            let victim = self.house.options.kill;
            match victim {
                Victim::Mingluo => self.door = opened.serve(self.city).await?,
                Victim::Gateway => opened.revive_gateway(self.house).await?,
            }
            let program = victim.program();
            self.house.voice.note(format_args!("{program} 已重新启动 / {program} is up again"));
        }
        let plans = self.watch(&drafted, opened).await?;
        let peak_memory = opened.city()?.peak_memory().unwrap_or(0);
        self.house.clock.sleep(LOGS_SETTLE).await;
        kill::listen(&mut self.ears)?;
        let mut measured = self.measured(&released, &plans);
        measured.peak_memory = peak_memory;
        let channels = self.reckon(&plans, u64::from(killed_at_percent.is_some())).await?;
        let house = self.house;
        let mut bars: Vec<Bar> = Vec::new();
        if house.is_full_size() {
            bars.extend(measured.licence_bar());
            bars.extend(measured.bars(house.options.engine));
        }
        let good = channels.iter().all(|one| one.verdict.is_good()) && bars.iter().all(|bar| bar.cleared);
        let area = house.area.iter().map(ToString::to_string).collect();
        let Drafted { people, speakers, deliveries, parts, audience, .. } = drafted;
        Ok(Sent::Good(Box::new(Outcome {
            good,
            pretend: true,
            area,
            people,
            speakers,
            deliveries,
            parts,
            audience: audience.counts,
            measured,
            bars,
            killed_at_percent,
            channels,
        })))
    }

    /// Three officers bring it on its way.
    async fn release(&self) -> anyhow::Result<(Drafted, Released)> {
        let voice = self.house.voice;
        voice.step(
            "拟稿、提交、审核、签发（三人）",
            "drafted, submitted, approved, released by three officers",
        );
        let [author, approver, third] = &self.officers.keys;
        let order = self.order();
        self.house.draft.notes.iter().for_each(|note| voice.note(note));
        voice.note(format_args!("{} {}: {}{}", order.hazard, order.grade, order.body, order.instruction));
        let drafted = self.door.draft(author, &order).await?;
        let parts: Vec<String> =
            drafted.parts.iter().map(|(channel, parts)| format!("{} × {parts}", label(channel))).collect();
        voice.note(format_args!(
            "受众 audience: {} 人 people，{} 只大喇叭 speakers，共 {} 条 deliveries；每条 each: {}",
            grouped(drafted.people),
            grouped(drafted.speakers),
            grouped(drafted.deliveries),
            parts.join(", ")
        ));
        self.door.submit(author, &drafted).await?;
        self.door.approve(approver, &drafted).await?;
        let released = self.door.release(third, &drafted).await?;
        voice.note(format_args!(
            "已签发，计划 {:.1} ms，保持 {} s 后发出 / released; planned in {:.1} ms, leaves after a hold of {} s",
            released.planned_ms,
            HOLD_MS / 1_000,
            released.planned_ms,
            HOLD_MS / 1_000
        ));
        Ok((drafted, released))
    }

    fn order(&self) -> Order {
        let area = self.house.area.iter().map(ToString::to_string).collect();
        let channels = self.sides.iter().map(|side| side.kind().word().to_owned()).collect();
        Order { area, channels, ..self.house.draft.order.clone() }
    }

    /// How long sending will take, so that nobody takes a slow licence for a program that hangs.
    fn foretell(&self, drafted: &Drafted) {
        let sms = ChannelKind::Sms.word();
        let recipients = drafted.audience.counts.get(sms).map_or(0, |count| count.recipients);
        let parts = recipients * u64::from(drafted.parts.get(sms).copied().unwrap_or(0));
        if parts == 0 {
            return;
        }
        let seconds = HOLD_MS.div_ceil(1_000) + parts.div_ceil(u64::from(self.licence.max(1)));
        self.house.voice.note(format_args!(
            "短信 {} 条，每秒 {} 条，连同缓发约 {seconds} 秒发完 / {} SMS parts at {} a second: about {seconds} s with the hold",
            grouped(parts),
            grouped(self.licence.into()),
            grouped(parts),
            grouped(self.licence.into())
        ));
    }

    /// Kills whom it must when it is time; gives the share of all that the simulators then hold, or nothing when all was sent
    /// before it was time: then nobody is killed.
    async fn kill(
        &mut self,
        after: Duration,
        drafted: &Drafted,
        opened: &mut Opened,
    ) -> anyhow::Result<Option<f64>> {
        let (house, clock) = (self.house, self.house.clock);
        let (key, victim) = (&self.officers.keys[0], house.options.kill);
        let plans = self.door.show(key, &drafted.id).await?.plans;
        let all = plans.iter().map(|plan| plan.counts.target * u64::from(plan.parts)).sum();
        let patience = after + Duration::from_mins(5);
        let watch = Watch { door: &self.door, key, alert: &drafted.id, clock, voice: house.voice, patience };
        let moment = tokio::select! {
            moment = kill::moment(&mut self.ears, after, clock) => moment?,
            sent = watch.to_the_end(opened.city()?) => {
                sent?;
                house.voice.note(format_args!(
                    "首帧后不到 {after:?} 就已全部了结，mingluo 没有被杀 / all was settled before {after:?} had passed: mingluo \
                     was not killed"
                ));
                return Ok(None);
            }
        };
        moment.context("--kill-after: 没有一帧到达模拟端 no frame reached a simulator")?;
        opened.kill(victim).await?;
        clock.sleep(LOGS_SETTLE).await;
        kill::listen(&mut self.ears)?;
        let share = kill::share(&self.ears, all);
        house.voice.note(format_args!(
            "首帧后 {after:?} 以 SIGKILL 杀掉 {}，模拟端已有 {share:.0} % / SIGKILL {after:?} after the first frame, \
             the simulators hold {share:.0} % of {} parts",
            victim.program(),
            grouped(all)
        ));
        Ok(Some(share))
    }

    async fn watch(&self, drafted: &Drafted, opened: &mut Opened) -> anyhow::Result<Vec<PlanView>> {
        let patience = Duration::from_secs(2 * u64::from(self.house.receipts_within_s()) + 180);
        let (house, key) = (self.house, &self.officers.keys[0]);
        let Self { door, .. } = self;
        let watch = Watch { door, key, alert: &drafted.id, clock: house.clock, voice: house.voice, patience };
        watch.to_the_end(opened.city()?).await
    }

    fn measured(&mut self, released: &Released, plans: &[PlanView]) -> Measured {
        let sms = plans.iter().find(|plan| plan.channel == ChannelKind::Sms.word() && !plan.is_fallback);
        let pace = self.ears.get_mut(&ChannelKind::Sms).map(super::far::Ear::pace).unwrap_or_default();
        let first_us = self.ears.values_mut().filter_map(|ear| ear.pace().first_us).min();
        let hold_us = released.hold_until * 1_000;
        Measured {
            plan_ms: released.planned_ms,
            first_intent_ms: sms.and_then(|plan| Some(plan.first_byte? - plan.not_before)),
            first_byte_ms: first_us.map(|first| (first - hold_us) as f64 / 1e3),
            per_second: pace.per_second,
            busiest_second: pace.busiest_second,
            licence: self.licence,
            peak_memory: 0,
        }
    }

    async fn reckon(&mut self, plans: &[PlanView], kills: u64) -> anyhow::Result<Vec<Reckoned>> {
        let mut by_channel: BTreeMap<&str, Vec<PlanView>> = BTreeMap::new();
        for plan in plans {
            by_channel.entry(&plan.channel).or_default().push(plan.clone());
        }
        let mut channels = Vec::new();
        for side in self.sides {
            let plans = by_channel.remove(side.kind().word()).unwrap_or_default();
            let targets = targets(side.as_ref(), self.house.people()?);
            if plans.is_empty() && targets.is_empty() {
                continue;
            }
            let ear = self.ears.get_mut(&side.kind()).context("every far side has an ear")?;
            let (door, key, side) = (&self.door, &self.officers.keys[0], side.as_ref());
            let has_faults = self.house.options.smsc_faults.is_some();
            let books = Books { door, key, side, plans, targets: &targets, kills, has_faults };
            channels.push(books.reckon(ear).await?);
        }
        Ok(channels)
    }
}
