//! Numbers whose call is not answered (yet), so that a receipt can still tell that they were taken: providers repeat in a
//! receipt the name that we gave the call. Belongs to one session, whose wire keys it knows; what an earlier session left
//! behind dispatch finds by the address.

use std::{
    collections::{HashMap, VecDeque},
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use mingluo_model::{
    channel::{Report, Verdict},
    receipt::ProviderId,
};
use tokio::sync::{Notify, mpsc};

use super::{session::Bound, wire::national};

/// Numbers that are remembered after their calls were given up, some 10 MB; dispatch remembers no more of them either.
const MOST: usize = 1 << 16;

/// One number of such a call.
struct One {
    number: String,
    keys: Range<u64>,
    /// What a receipt called it.
    id: Option<ProviderId>,
}

/// What a call is by now.
enum Call {
    UnderWay(Vec<One>),
    GivenUp(Vec<One>),
}

#[derive(Default)]
struct Memory {
    session: u64,
    by_name: HashMap<String, Call>,
    /// In the order in which they were given up, with how many numbers they had then.
    given_up: VecDeque<(String, usize)>,
    remembered: usize,
    /// What turned out to be taken, to be told to dispatch.
    taken: Vec<(Range<u64>, ProviderId)>,
}

/// The calls of one account that wait for their answer, or waited in vain.
#[derive(Default)]
pub(super) struct Unanswered {
    // Guards the calls; held for those of one call.
    memory: Mutex<Memory>,
    late: Notify,
}

impl Unanswered {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new session: what is remembered has keys of the one before and is forgotten. Gives the session's number.
    pub(super) fn begin(&self) -> u64 {
        let mut memory = self.memory();
        *memory = Memory { session: memory.session + 1, ..Memory::default() };
        memory.session
    }

    /// A call is about to leave under this name.
    pub(super) fn put(&self, session: u64, name: &str, to: &[Bound]) {
        let mut memory = self.memory();
        if memory.session == session {
            let one = |bound: &Bound| One {
                number: national(&bound.number).to_owned(),
                keys: bound.keys.clone(),
                id: None,
            };
            memory.by_name.insert(name.to_owned(), Call::UnderWay(to.iter().map(one).collect()));
        }
    }

    /// Nothing of the call was sent.
    pub(super) fn forget(&self, name: &str) {
        self.memory().by_name.remove(name);
    }

    /// The call ended so, verdict by verdict in the order of its numbers. What was lost and has a receipt already was
    /// taken; the rest of it is remembered.
    pub(super) fn end(&self, name: &str, verdicts: &mut [Verdict]) {
        let mut memory = self.memory();
        let Some(Call::UnderWay(all)) = memory.by_name.remove(name) else { return };
        let mut silent = Vec::new();
        for (one, verdict) in all.into_iter().zip(verdicts).filter(|(_, verdict)| **verdict == Verdict::Lost)
        {
            match one.id {
                Some(id) => *verdict = Verdict::Accepted(Some(id)),
                None => silent.push(one),
            }
        }
        if !silent.is_empty() {
            memory.remember(name.to_owned(), silent);
        }
    }

    /// A receipt named this call; `id` gives what the provider calls each number that the receipt proves to be taken.
    pub(super) fn heard(&self, name: &str, id: impl Fn(&str) -> Option<ProviderId>) {
        let mut memory = self.memory();
        let Memory { by_name, taken, .. } = &mut *memory;
        match by_name.get_mut(name) {
            None => {}
            Some(Call::UnderWay(all)) => {
                for one in all.iter_mut().filter(|one| one.id.is_none()) {
                    one.id = id(&one.number);
                }
            }
            Some(Call::GivenUp(all)) => {
                all.retain(|one| {
                    let known = id(&one.number);
                    let silent = known.is_none();
                    taken.extend(known.map(|id| (one.keys.clone(), id)));
                    silent
                });
                self.late.notify_one();
            }
        }
    }

    /// Tells dispatch late answers for as long as the session lives: the first part has the id, as in a prompt one.
    pub(super) async fn tell(self: Arc<Self>, reports: mpsc::Sender<Report>) {
        loop {
            let taken = std::mem::take(&mut self.memory().taken);
            for (keys, id) in taken {
                let ids = std::iter::once(Some(id)).chain(std::iter::repeat(None));
                for (key, id) in keys.zip(ids) {
                    if reports.send(Report::Answer { key, verdict: Verdict::Accepted(id) }).await.is_err() {
                        return;
                    }
                }
            }
            self.late.notified().await;
        }
    }
}

impl Memory {
    fn remember(&mut self, name: String, silent: Vec<One>) {
        self.remembered += silent.len();
        self.given_up.push_back((name.clone(), silent.len()));
        self.by_name.insert(name, Call::GivenUp(silent));
        while self.remembered > MOST {
            let Some((oldest, numbers)) = self.given_up.pop_front() else { return };
            self.remembered -= numbers;
            self.by_name.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: [&str; 2] = ["13900000001", "13900000002"];

    fn bounds() -> Vec<Bound> {
        (0..).zip(NUMBERS).map(|(ordinal, number)| Bound::of(number, ordinal)).collect()
    }

    fn id(number: &str) -> ProviderId {
        ProviderId::new(number.as_bytes())
    }

    fn first(number: &str) -> Option<ProviderId> {
        (number == NUMBERS[0]).then(|| id(number))
    }

    #[test]
    fn who_has_a_receipt_when_the_call_is_given_up_was_taken() {
        let unanswered = Unanswered::default();
        let session = unanswered.begin();
        unanswered.put(session, "a", &bounds());
        unanswered.heard("a", first);
        let mut verdicts = [Verdict::Lost, Verdict::Lost];
        unanswered.end("a", &mut verdicts);
        assert_eq!(verdicts, [Verdict::Accepted(Some(id(NUMBERS[0]))), Verdict::Lost]);
        unanswered.heard("a", |number| Some(id(number)));
        unanswered.heard("a", |number| Some(id(number)));
        let taken: Vec<_> = unanswered.memory().taken.iter().map(|(_, id)| id.clone()).collect();
        assert_eq!(taken, [id(NUMBERS[1])], "once, and only who was silent");
    }

    #[test]
    fn what_was_answered_or_belongs_to_another_session_is_not_taken_twice() {
        let unanswered = Unanswered::default();
        let old = unanswered.begin();
        unanswered.put(old, "a", &bounds());
        let mut verdicts = [Verdict::Accepted(None), Verdict::Accepted(None)];
        unanswered.end("a", &mut verdicts);
        unanswered.begin();
        unanswered.put(old, "b", &bounds());
        unanswered.end("b", &mut [Verdict::Lost, Verdict::Lost]);
        for name in ["a", "b"] {
            unanswered.heard(name, first);
        }
        assert!(unanswered.memory().taken.is_empty());
    }

    #[test]
    fn the_oldest_are_forgotten_when_there_are_too_many() {
        let unanswered = Unanswered::default();
        let session = unanswered.begin();
        for call in 0..=MOST / 2 {
            let name = call.to_string();
            unanswered.put(session, &name, &bounds());
            unanswered.end(&name, &mut [Verdict::Lost, Verdict::Lost]);
        }
        unanswered.heard("0", first);
        unanswered.heard(&(MOST / 2).to_string(), first);
        let memory = unanswered.memory();
        assert_eq!((memory.remembered, memory.taken.len()), (MOST, 1));
    }
}
