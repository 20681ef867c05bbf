//! The ladder of a call (叫应): who is asked after whom, and when. The responsible person by their first channel, the same
//! person by another one, the deputy, the county, the city; then nobody is left. Pure: what is due follows from who there
//! is, what was done, and the time.

use mingluo_model::{audience::ChannelKind, call::Rung, clock::Timestamp};
use std::time::Duration;

/// Somebody who can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The person in the warning's edition.
    pub ordinal: u32,
    /// The channels by which they can be asked, the first first.
    pub channels: Vec<ChannelKind>,
}

/// Who can be asked about a division, in the order in which they answer for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Persons {
    /// Of the division itself: the responsible person, then the deputies.
    pub here: Vec<Person>,
    /// Of its county.
    pub county: Vec<Person>,
    /// Of its city.
    pub city: Vec<Person>,
}

/// One question to one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// The rung.
    pub rung: Rung,
    /// The person.
    pub ordinal: u32,
    /// By which channel.
    pub channel: ChannelKind,
}

/// The last step of a call that leads on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Which.
    pub rung: Rung,
    /// When.
    pub at: Timestamp,
    /// How the message to the person fares.
    pub sent: Sent,
}

/// How a message that asks fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It is on its way, or arrived, or nobody knows.
    MayArrive,
    /// It will not arrive: nobody need wait for an answer to it.
    Failed,
}

/// The questions of a call, in their order; on each rung there is one at most, and nobody is asked the same way twice.
pub fn questions(persons: &Persons) -> Vec<Question> {
    let mut questions: Vec<Question> = Vec::new();
    if let Some(first) = persons.here.iter().find(|person| is_new(&questions, person)) {
        questions.extend(question(Rung::Asked, first, 0));
        questions.extend(question(Rung::Reminded, first, 1));
        let deputy = persons.here.iter().find(|person| is_new(&questions, person));
        questions.extend(deputy.and_then(|person| question(Rung::Deputy, person, 0)));
    }
    for (rung, above) in [(Rung::County, &persons.county), (Rung::City, &persons.city)] {
        let new = above.iter().find(|person| is_new(&questions, person));
        questions.extend(new.and_then(|person| question(rung, person, 0)));
    }
    questions
}

/// A question to a person by their channel of this place, if they have so many.
fn question(rung: Rung, person: &Person, place: usize) -> Option<Question> {
    person.channels.get(place).map(|channel| Question { rung, ordinal: person.ordinal, channel: *channel })
}

/// Whether a person can be asked and is not asked yet.
fn is_new(questions: &[Question], person: &Person) -> bool {
    !person.channels.is_empty() && questions.iter().all(|question| question.ordinal != person.ordinal)
}

/// The questions that may be put now, the next one first; none while an answer is waited for. Only the first that can be
/// put is; when none of them can, or there is none, nobody is left.
///
/// `None`: it is not the time for a step. `done` is the last step, `within` how long an answer is waited for.
pub fn due(
    questions: &[Question],
    done: Option<Done>,
    within: Duration,
    now: Timestamp,
) -> Option<&[Question]> {
    let Some(done) = done else { return Some(questions) };
    let is_time = done.sent == Sent::Failed || now >= done.at.plus(within);
    if done.rung == Rung::Nobody || !is_time {
        return None;
    }
    let next = questions.partition_point(|question| question.rung <= done.rung);
    Some(&questions[next..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const WITHIN: Duration = Duration::from_mins(5);

    fn person(ordinal: u32, channels: &[ChannelKind]) -> Person {
        Person { ordinal, channels: channels.to_vec() }
    }

    fn told(questions: &[Question]) -> Vec<(Rung, u32)> {
        questions.iter().map(|question| (question.rung, question.ordinal)).collect()
    }

    #[test]
    fn the_officer_is_asked_twice_then_the_deputy_then_the_levels_above() {
        let (sms, email) = (ChannelKind::Sms, ChannelKind::Email);
        let persons = Persons {
            here: vec![person(1, &[sms, email]), person(2, &[sms])],
            county: vec![person(3, &[email])],
            city: vec![person(3, &[email]), person(4, &[sms])],
        };
        let all = questions(&persons);
        let rungs =
            [(Rung::Asked, 1), (Rung::Reminded, 1), (Rung::Deputy, 2), (Rung::County, 3), (Rung::City, 4)];
        assert_eq!(told(&all), rungs, "and nobody twice");
        assert_eq!((all[0].channel, all[1].channel), (sms, email));
    }

    #[test]
    fn where_nobody_is_the_next_level_is_asked_at_once() {
        let county = Persons { county: vec![person(3, &[ChannelKind::Sms])], ..Persons::default() };
        let all = questions(&county);
        assert_eq!(due(&all, None, WITHIN, Timestamp(0)).map(told), Some(vec![(Rung::County, 3)]));
        assert_eq!(due(&[], None, WITHIN, Timestamp(0)), Some(&[][..]), "nobody is left at once");
    }

    #[test]
    fn a_message_that_failed_is_not_waited_for() {
        let (sms, email) = (ChannelKind::Sms, ChannelKind::Email);
        let all = questions(&Persons { here: vec![person(1, &[sms, email])], ..Persons::default() });
        let asked = |sent| Some(Done { rung: Rung::Asked, at: Timestamp(0), sent });
        assert_eq!(due(&all, asked(Sent::MayArrive), WITHIN, Timestamp(299_999)), None);
        let next = Some(vec![(Rung::Reminded, 1)]);
        assert_eq!(due(&all, asked(Sent::MayArrive), WITHIN, Timestamp(300_000)).map(told), next);
        assert_eq!(due(&all, asked(Sent::Failed), WITHIN, Timestamp(0)).map(told), next);
    }

    fn any_person() -> impl Strategy<Value = Person> {
        let channels = prop::sample::subsequence(&ChannelKind::ALL[..], 0..=3);
        (0..12_u32, channels).prop_map(|(ordinal, channels)| Person { ordinal, channels })
    }

    fn any_persons() -> impl Strategy<Value = Persons> {
        let some = || prop::collection::vec(any_person(), 0..5);
        (some(), some(), some()).prop_map(|(here, county, city)| Persons { here, county, city })
    }

    /// Climbs a ladder to its end: looks at it after these pauses (milliseconds), and puts the first question or, where
    /// `can` says no, the next that can be put.
    fn climbed(persons: &Persons, looks: &[(u32, Sent)], can: impl Fn(&Question) -> bool) -> Vec<Done> {
        let (all, mut now, mut steps) = (questions(persons), Timestamp(0), Vec::<Done>::new());
        for (pause, sent) in looks {
            now = now.plus(Duration::from_millis(u64::from(*pause)));
            let last = steps.last().map(|done| Done { sent: *sent, ..*done });
            if let Some(next) = due(&all, last, WITHIN, now) {
                let rung = next.iter().find(|question| can(question)).map_or(Rung::Nobody, |it| it.rung);
                steps.push(Done { rung, at: now, sent: Sent::MayArrive });
            }
        }
        steps
    }

    fn any_looks() -> impl Strategy<Value = Vec<(u32, Sent)>> {
        let sent = prop_oneof![4 => Just(Sent::MayArrive), 1 => Just(Sent::Failed)];
        prop::collection::vec((0..400_000_u32, sent), 0..40)
    }

    proptest! {
        #[test]
        fn rungs_rise_and_each_is_taken_once(persons in any_persons(), looks in any_looks(), bar in 0..12_u32) {
            let steps = climbed(&persons, &looks, |question| question.ordinal != bar);
            prop_assert!(steps.windows(2).all(|pair| pair[0].rung < pair[1].rung), "{:?}", steps);
        }

        #[test]
        fn no_step_comes_before_its_time(persons in any_persons(), pauses in prop::collection::vec(0..400_000_u32, 0..40)) {
            let looks: Vec<_> = pauses.into_iter().map(|pause| (pause, Sent::MayArrive)).collect();
            let steps = climbed(&persons, &looks, |_| true);
            prop_assert!(steps.windows(2).all(|pair| pair[1].at.since(pair[0].at) >= WITHIN));
        }

        #[test]
        fn nobody_is_asked_on_two_levels_or_twice_by_one_channel(persons in any_persons()) {
            let all = questions(&persons);
            prop_assert!(all.windows(2).all(|pair| pair[0].rung < pair[1].rung));
            let ways: BTreeSet<_> = all.iter().map(|one| (one.ordinal, one.channel)).collect();
            prop_assert_eq!(ways.len(), all.len());
        }

        #[test]
        fn a_ladder_ends(persons in any_persons()) {
            let steps = climbed(&persons, &[(300_000, Sent::MayArrive); 7], |_| true);
            prop_assert_eq!(steps.last().map(|done| done.rung), Some(Rung::Nobody));
        }
    }
}
