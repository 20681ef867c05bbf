//! Why an officer's wish was not done, with code and fields for the language files.

use crate::{render::RenderError, speech::SpeechError};
use mingluo_dispatch::EngineError;
use mingluo_ledger::StoreError;
use mingluo_model::{
    alert::AlertError,
    audience::{ChannelKind, HeadCount},
    bulletin::{EbmId, ResourceCode},
    channel::Unfit,
    grade::{Grade, UnknownGrade},
    id::{AlertId, CallId},
    mode::ModeKind,
    problem::Problem,
    region::BadRegionCode,
    signer::SignerError,
};
use mingluo_targeting::{
    gazetteer::{Near, RegionError},
    resolve::{Empty, ResolveError},
};
use std::sync::Arc;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// The rules of an alert's life forbid it.
    #[error(transparent)]
    Alert(#[from] AlertError),
    /// There is no such alert in this mode.
    #[error("there is no alert {id} here")]
    NoSuchAlert {
        /// The id.
        id: AlertId,
    },
    /// A word names no grade.
    #[error(transparent)]
    Grade(#[from] UnknownGrade),
    /// A word names no event type.
    #[error("hazard: {value:?} is no event type; use a code like 11B03 or a name like 暴雨")]
    UnknownHazard {
        /// The word.
        value: String,
    },
    /// A word names no group.
    #[error("groups: {value:?} is no group; known are {}", ids.join(", "))]
    UnknownGroup {
        /// The word.
        value: String,
        /// The Chinese names there are.
        known: Vec<String>,
        /// The same groups by their words.
        ids: Vec<String>,
    },
    /// A region is unknown or of the other code system.
    #[error(transparent)]
    Region(#[from] RegionError),
    /// The audience cannot be resolved.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// No roster was imported.
    #[error("no roster was imported yet; run `mingluo import`")]
    NoRoster,
    /// No account is configured for a channel.
    #[error("channels: no account is configured for {}", channel.word())]
    NoAccount {
        /// The channel.
        channel: ChannelKind,
    },
    /// The mode has no account at all.
    #[error("channels: no {} account is configured", mode.word())]
    NoAccounts {
        /// The mode.
        mode: ModeKind,
    },
    /// No speech can be made.
    #[error(transparent)]
    Speech(#[from] Arc<SpeechError>),
    /// A channel cannot carry the words.
    #[error("channel {}: {source}", channel.word())]
    Unfit {
        /// The channel.
        channel: ChannelKind,
        /// Why.
        source: Unfit,
    },
    /// The words could not be made.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// What was shown to the officer is not what stands there now: nobody signs what they have not seen.
    #[error("the content of alert {id} was changed after it was shown; look at it again")]
    ContentChanged {
        /// The id.
        id: AlertId,
    },
    /// The number typed at release is not the number of deliveries.
    #[error("deliveries: you typed {typed}, the preview shows another number; look again at whom it reaches")]
    WrongNumber {
        /// What was typed.
        typed: u64,
    },
    /// Too few different people would have signed; who else could release it is named.
    #[error(
        "grade {} needs {needed} different people, {signed} would have signed: {}; it can be released by {}",
        grade.word(), list(by.iter().cloned()), list(able.iter().cloned())
    )]
    TooFewPeople {
        /// The grade.
        grade: Grade,
        /// How many the policy wants.
        needed: u8,
        /// How many it would be.
        signed: u8,
        /// Their names.
        by: Vec<String>,
        /// Names of those whose release would be enough.
        able: Vec<String>,
    },
    /// The roster, regions or groups give other head-counts now than those that were signed.
    #[error(
        "audience: {} recipients on {} were signed ({} responsible), it would be {} ({} responsible) now",
        signed.recipients, channel.word(), signed.responsible, found.recipients, found.responsible
    )]
    AudienceChanged {
        /// The first channel that differs.
        channel: ChannelKind,
        /// What was signed.
        signed: HeadCount,
        /// What it would be.
        found: HeadCount,
    },
    /// A drill's words deny that it is a drill.
    #[error("texts: a drill must not say {phrase:?}")]
    DrillDenied {
        /// The phrase.
        phrase: &'static str,
    },
    /// A roster of made-up people cannot be sent to a real gateway, nor the other way round.
    #[error("account {account}: a pretend roster goes only to pretend accounts, and a real one never does")]
    PretendMix {
        /// The account.
        account: String,
        /// Whether the roster is the pretend one of the two.
        roster: bool,
    },
    /// What it was to follow is over by now.
    #[error("alert {earlier} is {state} already, nothing can follow it: this draft is void")]
    Void {
        /// The alert that it was to follow.
        earlier: AlertId,
        /// The state of that.
        state: &'static str,
        /// The alert that ended it, if one did.
        later: Option<AlertId>,
    },
    /// There is no such box in the officer's division.
    #[error("there is no box {code} here")]
    NoSuchBox {
        /// The code.
        code: ResourceCode,
    },
    /// There is no such order to boxes in the officer's division.
    #[error("there is no order {ebm} to boxes here")]
    NoSuchOrder {
        /// The bulletin's name.
        ebm: EbmId,
    },
    /// There is no such call of this warning.
    #[error("there is no call {call} here")]
    NoSuchCall {
        /// Its id.
        call: CallId,
    },
    /// The officer only looks, and notes no answers.
    #[error("this officer may not note answers; authors, approvers and releasers may")]
    NoRightToNote,
    /// Nothing that was named has a box.
    #[error("codes, regions: no box is there; name boxes or divisions that have some")]
    NoBoxes,
    /// The number typed is not the number of boxes.
    #[error("boxes: you typed {typed}, it is another number; look again at which boxes these are")]
    WrongBoxes {
        /// What was typed.
        typed: u64,
    },
    /// The word that stops everything was not typed.
    #[error("confirm: {typed:?} is not STOP; nothing was stopped")]
    NotConfirmed {
        /// What was typed, cut.
        typed: String,
    },
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// Dispatch failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Something kept cannot be read.
    #[error("{what} cannot be read back: {problem}")]
    Damaged {
        /// What.
        what: &'static str,
        /// Why.
        problem: String,
    },
}

impl Problem for OfficeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Alert(error) => error.code(),
            Self::NoSuchAlert { .. } => "no-such-alert",
            Self::Grade(_) => "unknown-grade",
            Self::UnknownHazard { .. } => "unknown-hazard",
            Self::UnknownGroup { .. } => "unknown-group",
            Self::Region(error) | Self::Resolve(ResolveError::UnknownRegion(error)) => region_code(error),
            Self::Resolve(ResolveError::EmptyAudience { .. }) => "empty-audience",
            Self::Resolve(ResolveError::NoRegion) => "no-region",
            Self::Resolve(ResolveError::NoChannel) => "no-channel",
            Self::Resolve(_) => "bad-audience",
            Self::NoRoster => "no-roster",
            Self::NoAccount { .. } => "no-account",
            Self::NoAccounts { .. } => "no-accounts",
            Self::Unfit { source: Unfit::TooLong { .. }, .. } => "text-too-long",
            Self::Unfit { .. } => "text-unfit",
            Self::Render(RenderError::Signer(SignerError::Unreachable { .. })) => "signer-away",
            Self::Render(RenderError::Disbelieved { .. }) => "boxes-disbelieve",
            Self::Render(_) => "not-rendered",
            Self::Speech(error) => error.code(),
            Self::ContentChanged { .. } => "content-changed",
            Self::WrongNumber { .. } => "wrong-number",
            Self::TooFewPeople { .. } => "too-few-people",
            Self::AudienceChanged { .. } => "audience-changed",
            Self::DrillDenied { .. } => "drill-denied",
            Self::PretendMix { .. } => "pretend-mix",
            Self::Void { .. } => "alert-void",
            Self::NoSuchBox { .. } => "no-such-box",
            Self::NoSuchOrder { .. } => "no-such-order",
            Self::NoSuchCall { .. } => "no-such-call",
            Self::NoRightToNote => "no-right-to-note",
            Self::NoBoxes => "no-boxes",
            Self::WrongBoxes { .. } => "wrong-boxes",
            Self::NotConfirmed { .. } => "not-confirmed",
            Self::Store(StoreError::Conflict { .. }) => "changed-meanwhile",
            Self::Store(_) | Self::Damaged { .. } => "store-failed",
            Self::Engine(_) => "dispatch-failed",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Alert(error) => error.fields(),
            Self::NoSuchAlert { id } | Self::ContentChanged { id } => vec![("id", id.to_string())],
            Self::Grade(UnknownGrade { value }) | Self::UnknownHazard { value } => {
                vec![("value", value.clone())]
            }
            Self::UnknownGroup { value, known, ids } => {
                vec![("value", value.clone()), ("known", known.join("、")), ("ids", ids.join(", "))]
            }
            Self::Render(RenderError::Disbelieved { key, what }) => {
                vec![("key", key.to_string()), ("detail", what.clone())]
            }
            Self::NoAccounts { mode } => vec![("mode", mode.word().to_owned())],
            Self::NoAccount { channel } => vec![("channel", channel.zh().to_owned())],
            Self::Unfit { channel, source } => unfit_fields(*channel, source),
            Self::NoSuchBox { code } => vec![("code", code.to_string())],
            Self::NoSuchOrder { ebm } => vec![("ebm", ebm.to_string())],
            Self::NoSuchCall { call } => vec![("call", call.to_string())],
            Self::NotConfirmed { typed } => vec![("typed", typed.clone())],
            Self::WrongNumber { typed } | Self::WrongBoxes { typed } => vec![("typed", typed.to_string())],
            Self::TooFewPeople { grade, needed, signed, by, able } => vec![
                ("grade", grade.zh().to_owned()),
                ("needed", needed.to_string()),
                ("signed", signed.to_string()),
                ("missing", needed.saturating_sub(*signed).to_string()),
                ("by", list(by.iter().cloned())),
                ("able", list(able.iter().cloned())),
            ],
            Self::AudienceChanged { channel, signed, found } => vec![
                ("channel", channel.zh().to_owned()),
                ("signed", signed.recipients.to_string()),
                ("signed_responsible", signed.responsible.to_string()),
                ("found", found.recipients.to_string()),
                ("found_responsible", found.responsible.to_string()),
            ],
            Self::DrillDenied { phrase } => vec![("phrase", (*phrase).to_owned())],
            Self::PretendMix { account, roster } => {
                let roster = if *roster { "pretend" } else { "real" };
                vec![("account", account.clone()), ("roster", roster.to_owned())]
            }
            Self::Void { earlier, state, later } => vec![
                ("earlier", earlier.to_string()),
                ("state", (*state).to_owned()),
                ("later", later.map_or_else(|| "none".to_owned(), |later| later.to_string())),
            ],
            Self::Region(error) | Self::Resolve(ResolveError::UnknownRegion(error)) => region_fields(error),
            Self::Resolve(ResolveError::EmptyAudience { empty }) => empty_fields(empty),
            Self::Resolve(ResolveError::NoRegion | ResolveError::NoChannel)
            | Self::Store(_)
            | Self::Damaged { .. }
            | Self::NoBoxes
            | Self::NoRightToNote
            | Self::NoRoster => Vec::new(),
            Self::Resolve(error) => vec![("detail", error.to_string())],
            Self::Render(error) => vec![("detail", error.to_string())],
            Self::Speech(error) => error.fields(),
            Self::Engine(error) => vec![("detail", error.to_string())],
        }
    }
}

const fn region_code(error: &RegionError) -> &'static str {
    match error {
        RegionError::Malformed(_) => "bad-region-code",
        RegionError::UnknownRegion { .. } => "unknown-region",
        RegionError::OtherCodeSystem { .. } => "other-code-system",
        RegionError::Ambiguous { .. } => "ambiguous-region",
    }
}

fn region_fields(error: &RegionError) -> Vec<(&'static str, String)> {
    let named = |near: &[Near]| list(near.iter().map(|(code, name)| format!("{code} {name}")));
    match error {
        RegionError::Malformed(BadRegionCode { value }) => vec![("value", value.clone())],
        RegionError::UnknownRegion { value, nearest: near }
        | RegionError::Ambiguous { value, candidates: near } => {
            vec![("value", value.clone()), ("meant", named(near))]
        }
        RegionError::OtherCodeSystem { value, name, nbs } => {
            vec![("value", value.clone()), ("name", name.clone()), ("code", nbs.to_string())]
        }
    }
}

fn empty_fields(empty: &Empty) -> Vec<(&'static str, String)> {
    vec![
        ("regions", list(empty.regions.iter().map(|(code, name)| format!("{code} {name}")))),
        ("groups", list(empty.groups.iter().map(|(_, name)| name.clone()))),
        ("channels", list(empty.channels.iter().map(|channel| channel.zh().to_owned()))),
    ]
}

/// Words in a row; `none` for nothing, which the language files know.
fn list(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    if words.is_empty() { "none".to_owned() } else { words.join("、") }
}

fn unfit_fields(channel: ChannelKind, unfit: &Unfit) -> Vec<(&'static str, String)> {
    let channel = ("channel", channel.zh().to_owned());
    match unfit {
        Unfit::TooLong { field, length, longest, unit } => vec![
            channel,
            ("field", field.clone()),
            ("length", length.to_string()),
            ("longest", longest.to_string()),
            ("unit", (*unit).to_owned()),
        ],
        Unfit::Wrong { field, problem } => {
            let mut fields = vec![channel, ("field", field.clone()), ("why", problem.code().to_owned())];
            fields.extend(problem.fields());
            fields.push(("detail", problem.to_string()));
            fields
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tongue::tell;
    use mingluo_model::misfit::Misfit;

    #[test]
    fn a_signer_that_is_away_is_told_in_chinese_with_what_to_do() {
        let away = SignerError::Unreachable { detail: "/run/signer.sock: no answer".into() };
        let told = tell(&OfficeError::Render(RenderError::Signer(away)));
        assert!(told.zh.starts_with("签名进程没有应答") && told.zh.contains("signer.sock"), "{}", told.zh);
        assert!(told.en.contains("mingluo signer"), "{}", told.en);
    }

    #[test]
    fn an_officer_is_told_in_chinese_why_a_channel_cannot_carry_the_words() {
        let nobody = Misfit::NoTemplate { event: "11B03".into(), grade: "red".into(), step: "lift".into() };
        let known = [
            Misfit::Empty,
            Misfit::ManyLines,
            Misfit::Link,
            Misfit::Brackets,
            Misfit::NoDrill,
            nobody,
            Misfit::UnknownTemplate,
            Misfit::NotApproved,
            Misfit::OtherWords,
        ];
        for problem in known {
            let english = problem.to_string();
            let source = Unfit::Wrong { field: "SMS_1.advice".into(), problem };
            let told = tell(&OfficeError::Unfit { channel: ChannelKind::Sms, source });
            assert!(told.zh.contains("不可用：") && !told.zh.contains(&english), "{}", told.zh);
            assert!(!told.zh.contains('$') && told.en.contains(&english), "{} {}", told.zh, told.en);
        }
        let problem = Misfit::from("odd words");
        let source = Unfit::Wrong { field: "text".into(), problem };
        let told = tell(&OfficeError::Unfit { channel: ChannelKind::Email, source });
        assert!(told.zh.contains("转告管理员：odd words"), "{}", told.zh);
    }
}
