//! Which clips are needed, and what became of them: the one thing that the agent, which waits for nobody, and the
//! fetcher, which waits for the network, have in common.

use super::{
    LONGEST, name,
    shelf::{Shelf, ShelfError},
};
use mingluo_model::{
    bulletin::{AudioClip, AudioCodec, Bulletin},
    clock::Timestamp,
    grade::Grade,
};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{Notify, futures::Notified};

/// What became of a clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It is here, and it is what was signed.
    Whole(PathBuf),
    /// It is being fetched.
    Awaited,
    /// It is not played, whatever comes; why.
    Refused(String),
}

/// The board; clones are the same one.
#[derive(Debug, Clone)]
pub struct ClipBoard(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shelf: Shelf,
    wait: Duration,
    wait_red: Duration,
    // Guards what is wanted, by digest; held for one look.
    wants: Mutex<BTreeMap<[u8; 32], Want>>,
    news: Notify,
}

#[derive(Debug, Clone)]
struct Want {
    clip: AudioClip,
    until: Timestamp,
    grade: Option<Grade>,
    refused: Option<String>,
}

impl ClipBoard {
    /// A board over this shelf. A bulletin that has begun waits `wait` for its clip, a red one `wait_red`.
    pub fn new(shelf: Shelf, wait: Duration, wait_red: Duration) -> Self {
        let (wants, news) = (Mutex::default(), Notify::new());
        Self(Arc::new(Inner { shelf, wait, wait_red, wants, news }))
    }

    /// Has the clip of a bulletin fetched, if it has one and it is not here; several bulletins may share it.
    pub fn want(&self, bulletin: &Bulletin) {
        let Some(clip) = bulletin.audio else { return };
        let refused = unplayable(&clip);
        if refused.is_none() && self.0.shelf.whole(&clip).is_some() {
            return;
        }
        let (grade, until) = (bulletin.grade, bulletin.end);
        let mut wants = self.wants();
        let want = wants.entry(clip.sha256).or_insert(Want { clip, until, grade, refused: None });
        (want.until, want.grade) = (want.until.max(until), want.grade.max(grade));
        // What was refused once is asked for again by a later bulletin: who stood in between may be gone.
        want.refused = refused;
        drop(wants);
        self.0.news.notify_one();
    }

    /// What became of a clip that was wanted.
    pub fn look(&self, clip: &AudioClip) -> Found {
        let wanted = self.wants().get(&clip.sha256).cloned();
        match wanted {
            Some(want) if want.clip != *clip => {
                Found::Refused("two bulletins describe it differently".into())
            }
            Some(Want { refused: Some(why), .. }) => Found::Refused(why),
            Some(_) => Found::Awaited,
            None => {
                let whole = self.0.shelf.whole(clip).map(Found::Whole);
                whole.unwrap_or_else(|| Found::Refused("it did not come in time".to_owned()))
            }
        }
    }

    /// How long a bulletin that has begun waits for its clip.
    pub fn wait(&self, bulletin: &Bulletin) -> Duration {
        if bulletin.grade == Some(Grade::Red) { self.0.wait_red } else { self.0.wait }
    }

    pub(crate) fn shelf(&self) -> &Shelf {
        &self.0.shelf
    }

    /// The gravest that is to be fetched and still of use, if any. What ran out of time is forgotten.
    pub(super) fn next(&self, now: Timestamp) -> Option<AudioClip> {
        let mut wants = self.wants();
        wants.retain(|_, want| now < want.until);
        let open = wants.values().filter(|want| want.refused.is_none());
        open.max_by_key(|want| want.grade).map(|want| want.clip)
    }

    /// Ends when something new is wanted.
    pub(super) fn news(&self) -> Notified<'_> {
        self.0.news.notified()
    }

    /// It is on the shelf.
    pub(crate) fn came(&self, clip: &AudioClip) {
        self.wants().remove(&clip.sha256);
        tracing::info!(clip = name(clip), len = clip.len, "a clip is here");
    }

    /// It is not what was signed: it is not asked for again, and whoever waits for it is told.
    pub(crate) fn refuse(&self, clip: &AudioClip, why: &ShelfError) {
        tracing::error!(clip = name(clip), %why, "a clip is refused; look who stands between this box and the city");
        if let Some(want) = self.wants().get_mut(&clip.sha256) {
            want.refused = Some(why.to_string());
        }
    }

    fn wants(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], Want>> {
        self.0.wants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unplayable(clip: &AudioClip) -> Option<String> {
    if clip.codec != AudioCodec::Opus {
        return Some(format!("this box plays no {:?}", clip.codec));
    }
    (clip.len == 0 || clip.len > LONGEST)
        .then(|| format!("it has {} bytes, must be 1 to {LONGEST}", clip.len))
}
