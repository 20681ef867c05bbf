//! Brings clips to the card, beside the link: the gravest first, from where the last try broke off, from one city after
//! the other, until it is here or its bulletin has ended. It knows no loudspeaker and delays none.

use super::{
    board::ClipBoard,
    name,
    shelf::{Shelf, ShelfError},
};
use async_trait::async_trait;
use mingluo_model::{bulletin::AudioClip, clock::SharedClock};
use std::{pin::pin, time::Duration};
use tokio_util::sync::CancellationToken;

/// The pause after every city was asked in vain; doubled up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause: a warning lives for hours, and a later round may still speak with the city's voice.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Why a try brought nothing, or not all.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The way to the city, or its answer.
    #[error("语音没有取到 / the clip did not come: {0}")]
    Broken(String),
    /// What came cannot be kept, or is not what was signed.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
}

/// Where clips come from: one address of the city.
#[async_trait]
pub trait ClipSource: Send + Sync {
    /// Asks for a clip from `from` on and puts what comes upon the shelf as it comes. When the city sends the whole of it
    /// all the same, what is on the shelf is forgotten first.
    ///
    /// # Errors
    /// [`FetchError`]; what came before it stays on the shelf.
    async fn fetch(&self, clip: &AudioClip, from: u64, kept: &Shelf) -> Result<(), FetchError>;
}

/// Fetches what stands on the board until `stop`.
pub async fn run(
    board: ClipBoard,
    sources: Vec<Box<dyn ClipSource>>,
    clock: SharedClock,
    stop: CancellationToken,
) {
    let mut pause = FIRST_PAUSE;
    loop {
        let mut news = pin!(board.news());
        // From here on nothing is missed, and what was told before cuts off no fetch that has begun.
        news.as_mut().enable();
        let Some(clip) = board.next(clock.now()) else {
            pause = FIRST_PAUSE;
            tokio::select! {
                () = news => continue,
                () = stop.cancelled() => return,
            }
        };
        let came = tokio::select! {
            biased;
            // Something graver may be wanted; what has come of this one stays.
            () = &mut news => continue,
            came = try_all(&board, &sources, &clip) => came,
            () = stop.cancelled() => return,
        };
        if came {
            pause = FIRST_PAUSE;
            continue;
        }
        tokio::select! {
            () = clock.sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            () = news => pause = FIRST_PAUSE,
            () = stop.cancelled() => return,
        }
    }
}

/// Asks every city once; `true` when there is nothing more to be asked. One that sends what was not signed keeps the box
/// from asking no other.
async fn try_all(board: &ClipBoard, sources: &[Box<dyn ClipSource>], clip: &AudioClip) -> bool {
    let (mut wrong, mut n_broken) = (None, 0);
    for source in sources {
        match try_one(board.shelf(), source.as_ref(), clip).await {
            Ok(()) => {
                board.came(clip);
                return true;
            }
            Err(FetchError::Shelf(error @ ShelfError::NotSigned(_))) => {
                tracing::error!(clip = name(clip), %error, "a city sends another clip than it signed");
                wrong = Some(error);
            }
            Err(error) => {
                n_broken += 1;
                let error = &error as &dyn std::error::Error;
                tracing::warn!(clip = name(clip), error, "a clip did not come whole; it is tried again");
            }
        }
    }
    let Some(wrong) = wrong.filter(|_| n_broken == 0) else { return false };
    board.refuse(clip, &wrong);
    true
}

/// A part on the card may have rotted while the power was off: what is wrong then is fetched once more, from its beginning,
/// before the city is blamed for it.
async fn try_one(shelf: &Shelf, source: &dyn ClipSource, clip: &AudioClip) -> Result<(), FetchError> {
    let from = shelf.begun(clip);
    let first = fetch_rest(shelf, source, clip, from).await;
    match first {
        Err(FetchError::Shelf(ShelfError::NotSigned(_))) if from > 0 => {
            fetch_rest(shelf, source, clip, 0).await
        }
        outcome => outcome,
    }
}

async fn fetch_rest(
    shelf: &Shelf,
    source: &dyn ClipSource,
    clip: &AudioClip,
    from: u64,
) -> Result<(), FetchError> {
    if from < u64::from(clip.len) {
        source.fetch(clip, from, shelf).await?;
    }
    Ok(shelf.finish(clip)?)
}
