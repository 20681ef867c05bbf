//! The clips for the day without a network (本地语音库): put on the card when the box is set up, believed for the list that
//! the city signed, each looked at again before it is played.

use super::{name, shelf::check};
use mingluo_model::{
    bulletin::{BadLibrary, Bulletin, ClipLibrary, EventType, KeyId, KeySet, SignedLibrary, Tone},
    grade::Grade,
    region::RegionCode,
};
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// The list's file beside the clips.
pub const MANIFEST: &str = "manifest.json";

/// Why there is no library.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The list cannot be read.
    #[error(
        "{path:?} 读不了，请复制 mingluo box clips 生成的整个文件夹 / cannot be read; copy the whole folder that `mingluo box clips` made"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// It is no list.
    #[error(
        "{path:?} 不是已签名的语音清单，请复制 mingluo box clips 生成的整个文件夹 / is no signed list of clips; copy the whole folder that `mingluo box clips` made"
    )]
    Json {
        /// The file.
        path: PathBuf,
        /// Where it breaks.
        #[source]
        source: serde_json::Error,
    },
    /// It is not believed.
    #[error("clips.library_dir：{path:?} 不可信，不予使用 / is not believed and not used")]
    Bad {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: BadLibrary,
    },
}

/// A library on the card.
#[derive(Debug, Clone)]
pub struct Library {
    dir: PathBuf,
    list: ClipLibrary,
    key_id: KeyId,
}

/// Words of the library that fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitting {
    /// Their file, which is what was signed.
    pub file: PathBuf,
    /// How long they sound.
    pub length: Duration,
}

impl Library {
    /// Reads the list in a folder, if it is signed for this place by a key that is believed.
    ///
    /// # Errors
    /// [`LibraryError`] names the file.
    pub fn open(dir: &Path, keys: &KeySet, region: RegionCode) -> Result<Self, LibraryError> {
        let path = dir.join(MANIFEST);
        let bytes =
            std::fs::read(&path).map_err(|source| LibraryError::File { path: path.clone(), source })?;
        let signed: SignedLibrary = serde_json::from_slice(&bytes)
            .map_err(|source| LibraryError::Json { path: path.clone(), source })?;
        let list = signed.open(keys, region).map_err(|source| LibraryError::Bad { path, source })?;
        Ok(Self { dir: dir.to_owned(), list, key_id: signed.key_id })
    }

    /// Who signed it; of use only while that key is believed.
    pub const fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// How many clips it lists.
    pub const fn len(&self) -> usize {
        self.list.clips.len()
    }

    /// Whether it lists none.
    pub const fn is_empty(&self) -> bool {
        self.list.clips.is_empty()
    }

    /// The words that fit a bulletin by event type and grade, or that its danger is over.
    pub fn fitting(&self, bulletin: &Bulletin) -> Option<Fitting> {
        match bulletin.tone {
            Tone::AllClear => self.find(bulletin.event, None),
            _ => self.find(bulletin.event, Some(bulletin.grade?)),
        }
    }

    /// The words of the village's own alarm.
    pub fn alarm(&self) -> Option<Fitting> {
        self.find(EventType::OTHER, Some(Grade::Red))
    }

    fn find(&self, event: EventType, grade: Option<Grade>) -> Option<Fitting> {
        let listed = self.list.find(event, grade)?;
        let file = self.dir.join(format!("{}.opus", name(&listed.clip())));
        let sound = std::fs::read(&file)
            .map_err(|error| error.to_string())
            .and_then(|bytes| check(&bytes, &listed.clip()).map_err(str::to_owned));
        if let Err(why) = sound {
            tracing::warn!(file = %file.display(), why, "a clip of the library cannot be used");
            return None;
        }
        Some(Fitting { file, length: Duration::from_millis(listed.length_ms.into()) })
    }
}
