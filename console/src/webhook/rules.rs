//! Whether a warning is told to a target, and when it is tried again. Pure: what is known in, the verdict out.

use mingluo_ledger::store::{WebhookFate, WebhookStanding};
use mingluo_model::{
    alert::{AlertKind, AlertState},
    clock::Timestamp,
};
use rand::{Rng, rngs::StdRng};
use std::time::Duration;

/// The first pause is at most so long, the next at most twice as long, and so on.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// No pause is longer. Ours to choose: who comes back after an hour is told within five minutes of what still holds, and at
/// once of what is new.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// How long what somebody asked to be sent again is tried, whether it holds still or not. Ours to choose.
const REPLAYED_FOR: Duration = Duration::from_hours(24);

/// What is known of a warning when its turn at a target comes.
#[derive(Debug, Clone)]
pub(super) struct Known<'a> {
    /// What it does to an earlier one.
    pub(super) kind: AlertKind,
    /// Where it stands.
    pub(super) state: &'a AlertState,
    /// The end of its hold.
    pub(super) due: Timestamp,
    /// When it ends.
    pub(super) expires: Timestamp,
    /// When somebody asked for it to be sent again.
    pub(super) asked: Option<Timestamp>,
    /// When the hold of the later one that ended it is over; `None` where there is none, or it was recalled.
    pub(super) followed: Option<Timestamp>,
    /// How the one that it follows stands at the target.
    pub(super) earlier: Option<WebhookStanding>,
    /// Whether grade and area are those that the target wants.
    pub(super) is_wanted: bool,
}

/// What becomes of it; `None` for what is to be sent now.
pub(super) fn fate(known: &Known<'_>, now: Timestamp) -> Option<WebhookFate> {
    if !was_public(known.state, known.due) {
        return Some(WebhookFate::NeverPublic);
    }
    if !concerns(known) {
        return Some(WebhookFate::NotWanted);
    }
    is_over(known, now).then_some(WebhookFate::Over)
}

/// What was recalled in its hold, or followed in it, nobody has heard of.
pub(super) const fn was_public(state: &AlertState, due: Timestamp) -> bool {
    match state {
        AlertState::Released { .. } | AlertState::Expired { .. } => true,
        AlertState::Updated { at, .. } | AlertState::Lifted { at, .. } | AlertState::Corrected { at, .. } => {
            at.0 >= due.0
        }
        AlertState::Draft
        | AlertState::Submitted { .. }
        | AlertState::Approved { .. }
        | AlertState::Recalled { .. } => false,
    }
}

/// Who may have been told of the earlier one hears what becomes of it, whatever it wants otherwise: it would go on warning
/// of what is over. Who was not told of it hears of no end.
const fn concerns(known: &Known<'_>) -> bool {
    match (known.earlier, known.kind) {
        (Some(WebhookStanding { tries: 1.., .. }), _) => true,
        (Some(_), AlertKind::Lift(_) | AlertKind::Correction(_)) => false,
        _ => known.is_wanted,
    }
}

/// A warning that is over, or that a later one has taken the place of, is not told any more: somebody might act on it. Who
/// asks for it afterwards gets it.
fn is_over(known: &Known<'_>, now: Timestamp) -> bool {
    let (end, asked) = match known.asked {
        Some(asked) => (asked.plus(REPLAYED_FOR), asked),
        None => (known.expires, Timestamp(i64::MIN)),
    };
    let is_followed = known.followed.is_some_and(|followed| asked < followed && followed <= now);
    end <= now || is_followed
}

/// The pause after so many failures in a row: any length up to a limit that doubles (full jitter), so that those who were
/// refused together do not come back together.
pub(super) fn pause(failures: u32, chance: &mut StdRng) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(16));
    chance.random_range(Duration::ZERO..=doubled.min(LONGEST_PAUSE))
}

/// An instant moved back.
pub(super) fn minus(at: Timestamp, by: Duration) -> Timestamp {
    Timestamp(at.0.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::{
        alert::{ContentHash, Signature},
        id::{AlertId, OfficerId},
    };
    use rand::SeedableRng;

    const NOW: Timestamp = Timestamp(1_000_000);
    const LATER: Timestamp = Timestamp(NOW.0 + 500);
    const END: Timestamp = Timestamp(NOW.0 + 3_600_000);

    fn id() -> AlertId {
        AlertId::from_bytes([1; 16])
    }

    fn released() -> AlertState {
        let by = OfficerId::from_bytes([2; 16]);
        let release = Signature { officer: by, at: NOW, content: ContentHash([0; 32]) };
        AlertState::Released { release, hold_until: NOW }
    }

    fn known(state: &AlertState) -> Known<'_> {
        Known {
            kind: AlertKind::Alert,
            state,
            due: NOW,
            expires: END,
            asked: None,
            followed: None,
            earlier: None,
            is_wanted: true,
        }
    }

    const fn standing(fate: WebhookFate, tries: u32) -> WebhookStanding {
        WebhookStanding { fate, tries }
    }

    #[test]
    fn what_holds_is_told_until_it_ends() {
        let state = released();
        assert_eq!(fate(&known(&state), LATER), None);
        assert_eq!(fate(&Known { is_wanted: false, ..known(&state) }, LATER), Some(WebhookFate::NotWanted));
        assert_eq!(fate(&known(&state), END), Some(WebhookFate::Over));
        let followed = Known { followed: Some(LATER), ..known(&state) };
        assert_eq!(fate(&followed, NOW), None, "the later one is still held back");
        assert_eq!(fate(&followed, LATER), Some(WebhookFate::Over));
    }

    #[test]
    fn what_never_left_is_told_to_nobody() {
        let early = Timestamp(NOW.0 - 1);
        let by = OfficerId::from_bytes([2; 16]);
        for (state, told) in [
            (AlertState::Recalled { by, at: early }, false),
            (AlertState::Lifted { by: id(), at: early }, false),
            (AlertState::Lifted { by: id(), at: NOW }, true),
            (AlertState::Expired { at: END }, true),
        ] {
            let fate = fate(&known(&state), LATER);
            assert_eq!(fate, (!told).then_some(WebhookFate::NeverPublic), "{state:?}");
        }
    }

    #[test]
    fn the_end_goes_to_who_may_know_of_the_beginning() {
        let state = released();
        let of = |kind, earlier: Option<WebhookStanding>, is_wanted| {
            fate(&Known { kind, earlier, is_wanted, ..known(&state) }, LATER).is_none()
        };
        let (lift, update) = (AlertKind::Lift(id()), AlertKind::Update(id()));
        assert!(of(lift, Some(standing(WebhookFate::Taken, 1)), false), "it was told, whatever it wants now");
        assert!(
            of(lift, Some(standing(WebhookFate::Over, 3)), false),
            "it may have got what it did not answer"
        );
        assert!(!of(lift, Some(standing(WebhookFate::NotWanted, 0)), true));
        assert!(of(lift, None, true), "the first was out before this target was known");
        assert!(of(update, Some(standing(WebhookFate::NotWanted, 0)), true), "graver by now");
        assert!(!of(update, Some(standing(WebhookFate::NotWanted, 0)), false));
    }

    #[test]
    fn what_is_asked_for_again_is_sent_though_it_is_over() {
        let state = AlertState::Lifted { by: id(), at: LATER };
        let asked = Known { asked: Some(END), followed: Some(LATER), ..known(&state) };
        assert_eq!(fate(&asked, END), None);
        let next_day = END.plus(REPLAYED_FOR);
        assert_eq!(fate(&asked, next_day), Some(WebhookFate::Over));
        let overtaken = Known { followed: Some(END.plus(FIRST_PAUSE)), ..asked };
        assert_eq!(fate(&overtaken, END.plus(FIRST_PAUSE)), Some(WebhookFate::Over));
    }

    #[test]
    fn pauses_grow_to_five_minutes_and_are_any_length_up_to_that() {
        let mut chance = StdRng::seed_from_u64(1);
        for (failures, most) in [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (200, 300)] {
            let pauses: Vec<_> = (0..200).map(|_| pause(failures, &mut chance)).collect();
            let most = Duration::from_secs(most);
            assert!(pauses.iter().all(|pause| *pause <= most), "{failures}");
            assert!(pauses.iter().any(|pause| *pause > most * 3 / 4), "{failures}");
            assert!(pauses.iter().any(|pause| *pause < most / 4), "{failures}");
        }
    }
}
