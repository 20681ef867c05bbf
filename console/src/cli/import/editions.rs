//! The editions that there are, and the way back to one of them (退回名册). Editions never change; which one holds is a
//! pointer in the ledger.

use super::{Change, Counts, Import, ImportProblem, change, counts_of, tell::warn};
use crate::{
    cli::{Table, Told as _, grouped, say},
    config::Config,
    fit::RosterMisfit,
    region::Region,
    tongue::tell,
};
use mingluo_ledger::{Store, audit::AuditLine, store::EditionHead};
use mingluo_model::{
    audience::ChannelKind,
    clock::{Clock, Timestamp, system::SystemClock},
    id::EditionId,
    mode::ModeKind,
};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Editions that are listed.
const LISTED: u32 = 20;

impl Import {
    /// Lists the newest editions of a mode.
    pub(super) async fn list(&self, store: &dyn Store, config: &Config) -> anyhow::Result<ExitCode> {
        let mode = ModeKind::from(self.mode);
        let current = store.current_edition(mode).await?.map(|head| head.id);
        let zone = config.zone().told()?;
        let mut table = Table::new(HEADS);
        let mut told: Vec<Value> = Vec::new();
        for head in store.editions(mode, LISTED).await? {
            let counts = counts_of(&head)?;
            let built = local(head.built_at, &zone);
            let mut one = json!(counts);
            one["edition"] = json!(head.id);
            one["built_at"] = json!(built);
            one["pretend"] = json!(head.pretend);
            one["current"] = json!(Some(head.id) == current);
            told.push(one);
            table.row(row(&head, &counts, built, Some(head.id) == current));
        }
        if self.json {
            say(json!(told));
        } else if told.is_empty() {
            say("还没有名册 no roster yet: mingluo import --recipients FILE");
        } else {
            table.lines().iter().for_each(say);
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Makes an edition the current one again, under the same guard as an import: what is lost by going back is lost too.
    pub(super) async fn go_back(
        &self,
        edition: EditionId,
        store: &dyn Store,
        config: &Config,
        region: &Region,
    ) -> anyhow::Result<ExitCode> {
        let head = store.edition(edition).await?.ok_or(ImportProblem::NoEdition { edition }).told()?;
        if head.mode != ModeKind::from(self.mode) {
            return Err(ImportProblem::OtherMode { edition }).told();
        }
        let current = store.current_edition(head.mode).await?;
        let change = change(current.as_ref(), counts_of(&head)?, head.pretend)?;
        if let Err(problem) = self.may_replace(&change) {
            self.tell_change(&change, region);
            self.tell_refused(&problem, &[], &change);
            return Ok(ExitCode::FAILURE);
        }
        let line = AuditLine {
            at: SystemClock::shared().now(),
            actor: AuditLine::SYSTEM.to_owned(),
            action: "roster.restore".to_owned(),
            subject: edition.to_string(),
            detail: json!({
                "replaces": change.replaced, "recipients": head.recipients, "pretend": head.pretend,
                "recipients_before": current.as_ref().map(|head| head.recipients), "lost": change.lost(),
            }),
        };
        let done = store.restore_edition(edition, change.replaced, line).await;
        done.map_err(|error| ImportProblem::told_by(error.into()))?;
        self.tell_change(&change, region);
        self.tell_restored(edition, &change, RosterMisfit::of(config, head.mode, head.pretend));
        Ok(ExitCode::SUCCESS)
    }

    fn tell_restored(&self, edition: EditionId, change: &Change, misfit: Option<RosterMisfit>) {
        if self.json {
            let mut told = json!(change.after);
            told["edition"] = json!(edition);
            told["replaced"] = json!(change.replaced);
            told["warning"] = json!(misfit.map(|misfit| tell(&misfit)));
            return say(told);
        }
        say(format_args!("现用名册版本 current edition: {edition}"));
        if let Some(replaced) = change.replaced.filter(|replaced| *replaced != edition) {
            say(format_args!("再换回来 to undo this: {} --restore {replaced}", self.command()));
        }
        warn(misfit);
        say("已拟的稿仍按拟稿时的名册 What is drafted already keeps the roster it was drafted over.");
    }
}

const HEADS: [&str; 8] = [
    "版本\nedition",
    "时间\nbuilt",
    "接收人\nrecipients",
    "短信\nsms",
    "大喇叭\nspeaker",
    "微信\nwechat",
    "邮件\nemail",
    "说明\nnote",
];

fn row(head: &EditionHead, counts: &Counts, built: String, current: bool) -> Vec<String> {
    let channels =
        ChannelKind::ALL.map(|channel| grouped(counts.channels.get(&channel).copied().unwrap_or(0)));
    let notes = [(current, "现用 current"), (head.pretend, "虚构 pretend")];
    let notes: Vec<&str> = notes.into_iter().filter(|(holds, _)| *holds).map(|(_, note)| note).collect();
    let mut row = vec![head.id.to_string(), built, grouped(counts.recipients)];
    row.extend(channels);
    row.push(notes.join("，"));
    row
}

/// An instant on the deployment's clock.
fn local(at: Timestamp, zone: &jiff::tz::TimeZone) -> String {
    let instant = at.to_jiff().unwrap_or(jiff::Timestamp::MIN);
    instant.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
