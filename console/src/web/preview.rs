//! What a warning would be: the exact words of each channel by the code that sends, whom it reaches, how long it takes,
//! and what an officer should look at twice. Nothing is kept.

use super::{
    desk::Desk,
    error::WebError,
    form::DraftForm,
    route::Route,
    situation::Situation,
    visit::Visit,
    voice::{Voice, chinese, thousands},
    whom::Whom,
};
use crate::{
    office::{self, OfficeError},
    render::{Rendered, SmsParts, fixed_instead, has_link},
};
use askama::Template;
use mingluo_ledger::store::{StoredAlert, StoredPlan};
use mingluo_model::{
    alert::{Alert, AlertKind, Content},
    audience::ChannelKind,
    channel::Channel,
    id::AlertId,
    message::Body,
    mode::Mode,
    plan::{AccountName, Cause},
};
use std::{collections::BTreeMap, num::NonZeroU16, time::Duration};

/// The preview of a form or of a kept alert.
#[derive(Template)]
#[template(path = "preview.html")]
pub(super) struct Preview {
    v: Voice,
    missing: Vec<String>,
    problem: Option<String>,
    channels: Vec<ChannelView>,
}

/// One channel's words and cost.
pub(super) struct ChannelView {
    pub(super) name: String,
    pub(super) recipients: String,
    pub(super) meta: Vec<String>,
    pub(super) words: Vec<Words>,
    /// What of the officer's words the channel does not say.
    pub(super) left_out: Option<String>,
    pub(super) problem: Option<String>,
}

impl ChannelView {
    /// Whether the words are fields of a template rather than a text.
    pub(super) fn is_fields(&self) -> bool {
        self.words.iter().any(|one| one.is_field)
    }
}

/// A part of a message as its recipient sees it.
pub(super) struct Words {
    pub(super) label: String,
    pub(super) text: String,
    pub(super) is_field: bool,
}

/// The impact of a warning, and what to look at.
#[derive(Template)]
#[template(path = "impact.html")]
pub(super) struct Impact {
    v: Voice,
    deliveries: String,
    deliveries_note: String,
    /// Different people, each once.
    people: Option<String>,
    by_channel: Vec<(String, String, String)>,
    checks: Vec<Check>,
    route: Route,
}

/// A check as a page tells it.
pub(super) struct Check {
    pub(super) is_good: bool,
    pub(super) is_grave: bool,
    pub(super) words: String,
    pub(super) detail: String,
}

/// Both halves of the answer to a changed form.
#[derive(Template)]
#[template(path = "preview_both.html")]
pub(super) struct Both {
    pub(super) preview: Preview,
    pub(super) impact: Option<Impact>,
}

impl Both {
    /// The preview of what stands in the form.
    ///
    /// # Errors
    /// [`WebError::Office`] when the store fails; what is wrong with the words is shown, not returned.
    pub(super) async fn of<M: Mode>(
        desk: &Desk<M>,
        visit: &Visit,
        form: &DraftForm,
    ) -> Result<Self, WebError> {
        let v = desk.voice(visit);
        let has_accounts = desk.office.configured().is_ok();
        let is_to_fill = |field: &&&str| has_accounts || **field != "channels";
        let missing: Vec<String> = form
            .missing()
            .iter()
            .filter(is_to_fill)
            .map(|field| v.say(&format!("web-empty-{field}")))
            .collect();
        let empty = |missing, problem| Preview { v: v.clone(), missing, problem, channels: Vec::new() };
        if !missing.is_empty() {
            return Ok(Self { preview: empty(missing, None), impact: None });
        }
        let order = match form.order(&desk.front.zone) {
            Ok(order) => order,
            Err(error) => {
                return Ok(Self { preview: empty(Vec::new(), Some(error.words(&v))), impact: None });
            }
        };
        let alert = match desk.office.propose(visit.officer(), &order).await {
            Ok(alert) => alert,
            Err(error @ (OfficeError::Store(_) | OfficeError::Engine(_))) => return Err(error.into()),
            Err(error) => {
                let words = WebError::from(error).words(&v);
                return Ok(Self { preview: empty(Vec::new(), Some(words)), impact: None });
            }
        };
        let situation = desk.situation().await?;
        let whom = Whom::of(desk, &alert).await?;
        let impact = Some(Impact::of(desk, &v, &alert, &situation, &whom).await?);
        let channels = channels(desk, &v, &alert, &Sent::new(), &whom);
        Ok(Self { preview: Preview { v, missing: Vec::new(), problem: None, channels }, impact })
    }
}

/// Words that have left, by channel; empty before a release.
pub(super) type Sent = BTreeMap<ChannelKind, Rendered>;

/// What was sent of a released alert, as its plans keep it.
pub(super) async fn sent<M: Mode>(desk: &Desk<M>, id: AlertId) -> Result<Sent, WebError> {
    let plans = desk.office.store.plans(id).await?;
    let words = |plan: &StoredPlan| {
        let plan = plan.fields();
        (plan.channel, Rendered { body: plan.message.body.clone(), words: plan.message.words.clone() })
    };
    // What responsible persons are asked is not what was signed for.
    Ok(plans.iter().filter(|plan| plan.fields().cause != Cause::Call).map(words).collect())
}

/// Every channel of an alert that was chosen for anybody, each with its words or with why it cannot carry them.
pub(super) fn channels<M: Mode>(
    desk: &Desk<M>,
    v: &Voice,
    alert: &Alert<M>,
    sent: &Sent,
    whom: &Whom,
) -> Vec<ChannelView> {
    let counts = &alert.content.audience.counts;
    let chosen = counts.iter().filter(|(_, count)| count.recipients > 0).map(|(channel, _)| *channel);
    let mut views: Vec<ChannelView> = chosen
        .clone()
        .flat_map(|channel| shares(whom, channel))
        .map(|share| one(desk, v, alert, share, sent))
        .collect();
    if chosen.clone().any(|channel| channel == ChannelKind::Sms) {
        views.extend(stand_ins(desk, whom).into_iter().map(|account| ChannelView {
            recipients: v.say("web-stands-in"),
            meta: Vec::new(),
            ..one(desk, v, alert, Share::stand_in(account), sent)
        }));
    }
    let mut reserve = alert.content.reserve.clone();
    reserve.retain(|channel| chosen.clone().all(|other| other != *channel));
    // What a reserve channel may have to say is signed like the rest.
    views.extend(reserve.into_iter().map(|channel| ChannelView {
        recipients: v.pair("web-only-reserve", v.say("web-reserve"), v.say("web-reserve-note")),
        meta: Vec::new(),
        ..one(desk, v, alert, Share::whole(whom, channel), sent)
    }));
    views
}

/// Those whom one account reaches.
#[derive(Clone, Copy)]
struct Share<'a> {
    channel: ChannelKind,
    /// `None` where nobody is counted by account.
    account: Option<&'a AccountName>,
    /// The account as the page names it, where the channel has several.
    name: Option<&'a AccountName>,
    n: u64,
}

impl<'a> Share<'a> {
    /// An account that sends where those before it cannot.
    const fn stand_in(account: &'a AccountName) -> Self {
        Self { channel: ChannelKind::Sms, account: Some(account), name: Some(account), n: 0 }
    }

    /// A channel whose recipients are not counted by account.
    fn whole(whom: &Whom, channel: ChannelKind) -> Self {
        let n = whom.by_channel.get(&channel).copied().unwrap_or(0);
        Self { channel, account: None, name: None, n }
    }
}

/// The accounts for short messages that may take over and have words of their own: those of an approved template.
fn stand_ins<'a, M: Mode>(desk: &'a Desk<M>, whom: &Whom) -> Vec<&'a AccountName> {
    let sends = |name: &AccountName| {
        whom.by_account.iter().any(|(kind, account, _)| *kind == ChannelKind::Sms && account == name)
    };
    let forms = desk.office.renderer.sms_forms.iter();
    forms.filter(|(name, form)| form.is_of_templates() && !sends(name)).map(|(name, _)| name).collect()
}

/// The accounts of a channel, each with whom it reaches.
fn shares(whom: &Whom, channel: ChannelKind) -> Vec<Share<'_>> {
    let senders: Vec<_> = whom.by_account.iter().filter(|(kind, ..)| *kind == channel).collect();
    let several = senders.len() > 1;
    if senders.is_empty() {
        return vec![Share::whole(whom, channel)];
    }
    senders
        .into_iter()
        .map(|(_, account, n)| Share {
            channel,
            account: Some(account),
            name: several.then_some(account),
            n: *n,
        })
        .collect()
}

fn one<M: Mode>(desk: &Desk<M>, v: &Voice, alert: &Alert<M>, share: Share<'_>, sent: &Sent) -> ChannelView {
    let channel = v.channel(share.channel);
    let mut view = ChannelView {
        name: share.name.map_or_else(|| channel.clone(), |account| format!("{channel} {account}")),
        recipients: v.with("web-recipients", "a", thousands(share.n)),
        meta: Vec::new(),
        words: Vec::new(),
        left_out: None,
        problem: None,
    };
    if let Err(error) = fill(desk, v, alert, sent.get(&share.channel), share, &mut view) {
        view.problem = Some(WebError::from(error).words(v));
    }
    view
}

fn fill<M: Mode>(
    desk: &Desk<M>,
    v: &Voice,
    alert: &Alert<M>,
    sent: Option<&Rendered>,
    Share { channel, account, n: recipients, .. }: Share<'_>,
    view: &mut ChannelView,
) -> Result<(), OfficeError> {
    let account = match account.and_then(|name| desk.office.engine().account(name)) {
        Some(account) => account,
        None => desk.office.account(channel)?,
    };
    let said = match sent {
        Some(sent) => sent.clone(),
        None => desk.office.words_of(alert, channel)?,
    };
    let sms = desk.office.sms_parts(alert, account.account(), &said)?;
    // Words that are too long are shown all the same: the officer must see what to shorten.
    view.words = match &sms {
        Some(cut) => parts(v, cut),
        None if desk.office.renderer.mass.as_ref() == Some(account.account()) => mass_words(v, &said.body),
        None => words(v, &said.body),
    };
    view.meta.extend(sms.as_ref().map(|cut| v.with("web-characters", "a", cut.units)));
    let parts = match sent {
        Some(_) if channel == ChannelKind::Speaker => NonZeroU16::MIN,
        _ => desk.office.measure(alert, account.as_ref(), &said)?,
    };
    let units = recipients * u64::from(parts.get());
    if channel == ChannelKind::Sms {
        // A flash is paid beside them and shown below.
        let cut = sms.map_or(usize::from(parts.get()), |cut| cut.texts.len());
        view.meta.push(v.with("web-parts", "a", cut));
        view.meta.push(v.with("web-messages", "a", thousands(units)));
    }
    if matches!(&said.body, Body::Email { cap_xml, .. } if !cap_xml.is_empty()) {
        view.meta.push(v.say("web-cap-attached"));
    }
    view.left_out = left_out(v, &alert.content, &said.body);
    if channel != ChannelKind::Speaker {
        // Handing a bulletin to the boxes takes no time that an officer could plan with; sounding it is theirs.
        view.meta.push(v.with("web-takes", "a", v.span(duration(account.as_ref(), units))));
    }
    Ok(())
}

/// What of the officer's words a channel does not say.
fn left_out(v: &Voice, content: &Content, body: &Body) -> Option<String> {
    let text = chinese(content);
    let written = [&text.headline, &text.body, &text.instruction];
    match body {
        Body::WeChat { fields, .. } => {
            let fixed = fixed_instead(content)?;
            let is_said = fields.values().any(|value| value.contains(fixed));
            is_said.then(|| v.with("web-fixed-advice", "a", fixed))
        }
        Body::Speaker { .. } if written.into_iter().any(|words| has_link(words)) => {
            Some(v.say("web-link-unspoken"))
        }
        _ => None,
    }
}

/// The parts of a short message, each as phones show it.
fn parts(v: &Voice, cut: &SmsParts) -> Vec<Words> {
    let total = cut.texts.len();
    let label = |number: usize| match total {
        1 => v.say("web-words-sms"),
        _ => v.pair("web-words-part", number, total),
    };
    let part = |(index, text): (usize, &String)| Words {
        label: label(index + 1),
        text: text.clone(),
        is_field: false,
    };
    let flash =
        |text: &String| Words { label: v.say("web-words-flash"), text: text.clone(), is_field: false };
    cut.texts.iter().enumerate().map(part).chain(cut.flash.iter().map(flash)).collect()
}

/// How long an account needs for so many units at its licence.
fn duration<M: Mode>(account: &dyn Channel<M>, units: u64) -> Duration {
    account.limits().rate.time_for(units)
}

/// The text of a mass send, and the fields of the template for whom it does not reach.
fn mass_words(v: &Voice, body: &Body) -> Vec<Words> {
    let Body::WeChat { text, .. } = body else { return Vec::new() };
    let label = v.say("web-words-mass");
    let whole = Words { label, text: text.clone(), is_field: false };
    std::iter::once(whole).chain(words(v, body)).collect()
}

fn words(v: &Voice, body: &Body) -> Vec<Words> {
    let whole =
        |label: &str, text: &str| Words { label: v.say(label), text: text.to_owned(), is_field: false };
    match body {
        Body::Sms { text } => vec![whole("web-words-sms", text)],
        Body::WeChat { fields, .. } => fields
            .iter()
            .map(|(name, value)| Words { label: name.clone(), text: value.clone(), is_field: true })
            .collect(),
        Body::Email { subject, text, .. } => {
            vec![whole("web-words-subject", subject), whole("web-words-mail", text)]
        }
        Body::WeCom { text, title, note, button } => vec![
            whole("web-words-wecom", text),
            whole("web-words-card", &format!("{title}\n{note}\n[{button}]")),
        ],
        Body::Robot { text } => vec![whole("web-words-robot", text)],
        Body::Speaker { script, .. } => vec![whole("web-words-script", script)],
    }
}

impl Impact {
    /// The impact of an alert.
    ///
    /// # Errors
    /// [`WebError::Office`] when the alert that it follows cannot be read.
    pub(super) async fn of<M: Mode>(
        desk: &Desk<M>,
        v: &Voice,
        alert: &Alert<M>,
        situation: &Situation,
        whom: &Whom,
    ) -> Result<Self, WebError> {
        let policy = desk.office.policy_for(alert).await?;
        let content = &alert.content;
        let count = |(channel, count): (&ChannelKind, &mingluo_model::audience::HeadCount)| {
            let responsible = v.with("web-responsible", "a", thousands(u64::from(count.responsible)));
            let deliveries = whom.by_channel.get(channel).copied().unwrap_or(0);
            // Who of those that may have got it is responsible, nobody counts.
            let responsible = if whom.at_most.is_some() { String::new() } else { responsible };
            (v.channel(*channel), v.with("web-count-deliveries", "a", thousands(deliveries)), responsible)
        };
        Ok(Self {
            v: v.clone(),
            deliveries: v.with("web-count-deliveries", "a", thousands(whom.total())),
            deliveries_note: match whom.at_most {
                Some(most) => v.with("web-deliveries-note-follow", "a", thousands(most)),
                None => v.say("web-deliveries-note"),
            },
            people: whom.behind(v).0,
            by_channel: content.audience.counts.iter().map(count).collect(),
            checks: checks(desk, v, alert, situation),
            route: Route::of(v, alert, situation, policy.rule(content.kind, content.grade).people.get()),
        })
    }
}

/// What a second look is worth. None of these stops a warning; the office's own rules do that.
pub(super) fn checks<M: Mode>(
    desk: &Desk<M>,
    v: &Voice,
    alert: &Alert<M>,
    situation: &Situation,
) -> Vec<Check> {
    let content = &alert.content;
    let mut checks: Vec<Check> = desk.office.checks(alert).iter().map(|check| Check::of(v, check)).collect();
    let check = |word: &'static str, is_good: bool, detail: String| Check {
        detail,
        ..Check::of(v, &office::Check { word, is_good, is_grave: false, found: Vec::new() })
    };
    if let Some(fleet) =
        situation.fleet.filter(|_| content.audience.counts.contains_key(&ChannelKind::Speaker))
    {
        // Of the whole city: the hub knows boxes by their codes, not by the areas that they stand in.
        let detail = match (fleet.online, fleet.offline) {
            (0, 0) => v.say("web-boxes-none"),
            (online, offline) => v.pair("web-boxes", thousands(online as u64), thousands(offline as u64)),
        };
        checks.push(check("boxes", fleet.offline == 0 && fleet.online > 0, detail));
    }
    if let AlertKind::Update(earlier) = content.kind
        && let Some(StoredAlert { content: before, .. }) = situation.alert(earlier)
    {
        if content.expires < before.expires {
            checks.push(check("shorter", false, v.moment(before.expires)));
        }
        if content.grade < before.grade {
            checks.push(check("lower", false, v.grade(before.grade)));
        }
    }
    if let Some(earlier) = overlapping(alert, situation) {
        let detail = format!("{} {}", v.hazard(&earlier.content.hazard), earlier.content.area.described);
        checks.push(check("overlap", false, detail));
    }
    checks
}

impl Check {
    fn of(v: &Voice, check: &office::Check) -> Self {
        let family = format!("check-{}", check.word);
        Self {
            is_good: check.is_good,
            is_grave: check.is_grave,
            words: v.word(&family, if check.is_good { "good" } else { "look" }),
            detail: v.list(&check.found),
        }
    }
}

/// A live warning of the same hazard in one of the same regions, unless this one follows it.
fn overlapping<'a, M: Mode>(alert: &Alert<M>, situation: &'a Situation) -> Option<&'a StoredAlert> {
    let content = &alert.content;
    // What ends a warning adds none.
    if matches!(content.kind, AlertKind::Lift(_) | AlertKind::Correction(_)) {
        return None;
    }
    let same = |earlier: &&StoredAlert| {
        let mine = &content.audience.regions;
        let theirs = &earlier.content.audience.regions;
        earlier.id != alert.id
            && earlier.content.hazard.code == content.hazard.code
            && content.kind.follows() != Some(earlier.id)
            && mine.iter().any(|a| theirs.iter().any(|b| a.touches(*b)))
    };
    situation.in_force().into_iter().find(same)
}
