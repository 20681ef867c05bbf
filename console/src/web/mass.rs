//! What became of a warning's mass sends (微信群发): totals of the platform, which are nobody's receipts, and what still waits
//! for the account's administrator, said loudly.

use super::{
    situation::Situation,
    voice::{Voice, share, thousands},
};
use crate::office::ended_at;
use mingluo_dispatch::view::PlanView;
use mingluo_ledger::{Store, StoreError, store::StoredAlert};
use mingluo_model::{
    clock::Timestamp,
    delivery::Reason,
    id::PlanId,
    mode::ModeKind,
    receipt::{AggregateReceipt, Job, JobBegun, JobsUsed},
};
use std::{collections::BTreeSet, time::Duration};

/// A job that has not ended after so long is said to wait for somebody. Ours to choose, since the platform gives no time for
/// its sending: where an account's mass sends are protected the administrator has half an hour, of which this costs a
/// ninetieth; where they are not, a job that takes longer has its officers look once in vain.
const AT_ONCE: Duration = Duration::from_secs(20);

/// How dispatch writes down a job that it gave up while the platform said that it was under way.
const UNDER_WAY: &str = mingluo_dispatch::engine::WITHOUT_END;

/// Calls of a day are counted from so long ago on.
const DAY: Duration = Duration::from_hours(24);

/// A month, as far as a follower's four mass sends are concerned: the platform counts by the calendar, so that this is never
/// less than it counts.
const MONTH: Duration = Duration::from_hours(31 * 24);

/// What was used of mass sends by now: calls of the last day, and warnings of the last month.
pub(super) async fn used_by(
    store: &dyn Store,
    mode: ModeKind,
    now: Timestamp,
) -> Result<JobsUsed, StoreError> {
    let ago = |span: Duration| Timestamp(now.0 - span.as_millis() as i64);
    store.jobs_used(mode, ago(DAY), ago(MONTH)).await
}

/// One thing to be said.
pub(super) struct MassLine {
    pub(super) is_loud: bool,
    pub(super) words: String,
}

/// What is to be said of the mass sends of a warning, which has these plans, and of those of the one that it follows.
pub(super) fn lines(
    voice: &Voice,
    situation: &Situation,
    alert: &StoredAlert,
    plans: &[&PlanView],
) -> Vec<MassLine> {
    let earlier = alert.content.kind.follows().and_then(|earlier| situation.alert(earlier));
    let left_over = earlier.and_then(|earlier| {
        let jobs = jobs_of(situation, &situation.plans_of(earlier.id));
        waiting(voice, Standing::of(earlier, situation.at), open(&jobs), situation.at)
            .filter(|_| Standing::of(earlier, situation.at) == Standing::Over)
    });
    let left_over = left_over.map(|words| MassLine { is_loud: true, words });
    left_over.into_iter().chain(own_lines(voice, situation, alert, &jobs_of(situation, plans))).collect()
}

/// Whether what waits for the administrator is to be confirmed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The warning holds.
    Holds,
    /// It was lifted, corrected or updated, or it ended: nobody must get it any more.
    Over,
}

impl Standing {
    fn of(alert: &StoredAlert, now: Timestamp) -> Self {
        let is_over = ended_at(&alert.state).is_some() || alert.content.expires <= now;
        if is_over { Self::Over } else { Self::Holds }
    }
}

type Begun<'a> = (&'a JobBegun, &'a Job);

fn jobs_of<'a>(situation: &'a Situation, plans: &[&PlanView]) -> Vec<Begun<'a>> {
    let mine: BTreeSet<PlanId> =
        plans.iter().filter(|plan| plan.told_in_totals).map(|plan| plan.plan).collect();
    begun(&situation.jobs).filter(|(begun, _)| mine.contains(&begun.plan)).collect()
}

fn open<'a>(jobs: &[Begun<'a>]) -> impl Iterator<Item = &'a JobBegun> {
    jobs.iter().filter(|(_, job)| job.end.is_none()).map(|(begun, _)| *begun)
}

fn own_lines(voice: &Voice, situation: &Situation, alert: &StoredAlert, jobs: &[Begun<'_>]) -> Vec<MassLine> {
    if jobs.is_empty() {
        return Vec::new();
    }
    let standing = Standing::of(alert, situation.at);
    let ends = || jobs.iter().filter_map(|(begun, job)| Some((*begun, job.end.as_ref()?)));
    let sent = || ends().filter(|(_, end)| end.refused.is_none());
    let quiet = |words| MassLine { is_loud: false, words };
    let loud = |words| MassLine { is_loud: true, words };
    let mut lines = Vec::new();
    lines.extend(waiting(voice, standing, open(jobs), situation.at).map(loud));
    let refused = ends().filter(|(_, end)| end.refused.is_some());
    lines.extend(refused.map(|(_, end)| loud(refusal(voice, standing, end))));
    lines.extend(untold(voice, sent()).map(loud));
    lines.extend(totals(voice, sent().map(|(_, end)| end)).map(quiet));
    let JobsUsed { calls, warnings } = situation.jobs_used;
    lines.push(quiet(voice.pair("web-mass-used", thousands(calls), thousands(warnings))));
    lines
}

fn begun(jobs: &[Job]) -> impl Iterator<Item = (&JobBegun, &Job)> {
    jobs.iter().filter_map(|job| Some((job.begun.as_ref()?, job)))
}

/// The jobs that have waited for longer than the platform itself takes; of a warning that is over all that did not end, since
/// its administrator has to be quick.
fn waiting<'a>(
    voice: &Voice,
    standing: Standing,
    open: impl Iterator<Item = &'a JobBegun>,
    now: Timestamp,
) -> Option<String> {
    let (key, least) = match standing {
        Standing::Holds => ("web-mass-waits", AT_ONCE),
        Standing::Over => ("web-mass-refuse", Duration::ZERO),
    };
    let waiting: Vec<_> = open.filter(|begun| now.since(begun.at) >= least).collect();
    let since = waiting.iter().map(|begun| begun.at).min()?;
    let recipients: u64 = waiting.iter().map(|begun| u64::from(begun.recipients)).sum();
    Some(voice.pair(key, thousands(recipients), voice.span(now.since(since))))
}

/// Why nobody got it; and who takes over, where the warning still holds.
fn refusal(voice: &Voice, standing: Standing, end: &AggregateReceipt) -> String {
    let key = match end.far_code.as_str() {
        "err(40001)" => "web-mass-administrator",
        "err(40002)" => "web-mass-unanswered",
        UNDER_WAY => "web-mass-under-way",
        _ if end.refused == Some(Reason::NoReceipt) => "web-mass-given-up",
        _ if end.refused == Some(Reason::Quota) => "web-mass-nobody",
        _ => "web-mass-refused",
    };
    let why = voice.with(key, "a", &end.far_code);
    match standing {
        Standing::Holds => format!("{why} {}", voice.say("web-mass-take-over")),
        Standing::Over => why,
    }
}

/// A job's targeted, reached, filtered and failed, where the platform told all of them.
fn told(end: &AggregateReceipt) -> Option<[u64; 4]> {
    Some([end.targeted?, end.reached?, end.filtered?, end.failed?])
}

/// Coverage is SentCount of TotalCount (群发任务结果); the rest was filtered or went wrong, and nobody says for whom.
fn totals<'a>(voice: &Voice, sent: impl Iterator<Item = &'a AggregateReceipt>) -> Option<String> {
    let sum = |sums: [u64; 4], told: [u64; 4]| std::array::from_fn(|at| sums[at] + told[at]);
    let [targeted, reached, filtered, failed] = sent.filter_map(told).reduce(sum)?;
    let values = [
        ("a", thousands(reached)),
        ("b", thousands(targeted)),
        ("c", share(reached, targeted)),
        ("d", thousands(filtered)),
        ("e", thousands(failed)),
    ];
    Some(voice.values("web-mass-totals", &values))
}

/// Jobs of which the platform said that they were sent and not to how many: nobody takes over from them.
fn untold<'a>(
    voice: &Voice,
    sent: impl Iterator<Item = (&'a JobBegun, &'a AggregateReceipt)>,
) -> Option<String> {
    let untold = sent.filter(|(_, end)| told(end).is_none());
    let recipients: u64 = untold.map(|(begun, _)| u64::from(begun.recipients)).sum();
    (recipients > 0).then(|| voice.with("web-mass-untold", "a", thousands(recipients)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tongue::Tongue;
    use mingluo_model::receipt::ProviderId;

    fn voice() -> Voice {
        Voice { tongue: Tongue::Chinese, zone: jiff::tz::TimeZone::UTC }
    }

    fn end(refused: Option<Reason>, far_code: &str) -> AggregateReceipt {
        AggregateReceipt {
            provider_id: ProviderId::new(b"34182"),
            refused,
            targeted: Some(1_200),
            filtered: Some(200),
            reached: Some(990),
            failed: Some(10),
            far_code: far_code.into(),
            at: Timestamp(0),
        }
    }

    #[test]
    fn coverage_is_what_was_sent_of_all_and_the_filtered_are_named() {
        let told = totals(&voice(), [&end(None, "send success")].into_iter()).unwrap();
        for part in ["990", "1,200", "82", "200", "10"] {
            assert!(told.contains(part), "{part} in {told}");
        }
    }

    #[test]
    fn a_job_whose_totals_were_not_told_is_named_beside_those_that_are() {
        let odd = AggregateReceipt { reached: None, ..end(None, "sent") };
        let whole = end(None, "send success");
        let begun = JobBegun { plan: PlanId(uuid::Uuid::nil()), recipients: 10_000, at: Timestamp(0) };
        let both = || [(&begun, &whole), (&begun, &odd)].into_iter();
        assert!(totals(&voice(), both().map(|(_, end)| end)).unwrap().contains("1,200"));
        assert!(untold(&voice(), both()).unwrap().contains("10,000"));
        assert_eq!(untold(&voice(), both().take(1)), None);
    }

    #[test]
    fn nobody_is_said_to_take_over_from_a_warning_that_is_over() {
        let given_up = end(Some(Reason::NoReceipt), "no end told");
        let told = |standing| refusal(&voice(), standing, &given_up);
        assert!(told(Standing::Holds).contains("改由") && !told(Standing::Over).contains("改由"));
        let under_way = refusal(&voice(), Standing::Over, &end(Some(Reason::NoReceipt), UNDER_WAY));
        assert!(under_way.contains("仍可能发出"), "{under_way}");
    }

    #[test]
    fn a_job_is_said_to_wait_only_when_the_platform_would_have_sent_it() {
        let begun = JobBegun { plan: PlanId(uuid::Uuid::nil()), recipients: 40, at: Timestamp(0) };
        let voice = voice();
        let waiting = |standing, now| waiting(&voice, standing, [&begun].into_iter(), Timestamp(now));
        assert_eq!(waiting(Standing::Holds, 5_000), None);
        let told = waiting(Standing::Holds, 60_000).unwrap();
        assert!(told.contains("点“确认”") && told.contains("40"), "{told}");
        let told = waiting(Standing::Over, 5_000).unwrap();
        assert!(told.contains("点“拒绝”") && !told.contains("点“确认”") && told.contains("40"), "{told}");
    }

    #[test]
    fn an_administrator_who_refused_and_one_who_did_not_answer_are_told_apart() {
        let voice = voice();
        let told = ["err(40001)", "err(40002)", "err(20001)"]
            .map(|code| refusal(&voice, Standing::Holds, &end(Some(Reason::NotAllowed), code)));
        assert!(
            told[0].contains("拒绝") && told[1].contains("30 分钟") && told[2].contains("err(20001)"),
            "{told:?}"
        );
    }
}
