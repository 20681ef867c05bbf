//! Clips on the card, named by their digests. Whole ones are looked at again before each playing, since cards rot; a part
//! of one stays over a cut and a restart, so that the rest alone is fetched. When there is no room, the one that was not
//! played for longest goes first.

use super::name;
use mingluo_model::bulletin::AudioClip;
use sha2::{Digest as _, Sha256};
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// Why a clip does not become whole.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// The card.
    #[error("语音存不下，请核对存储卡空间和权限 / the clip cannot be kept on the card")]
    Card(#[from] io::Error),
    /// It is not what was signed.
    #[error("语音与签名不符 / the clip is not what was signed: {0}")]
    NotSigned(&'static str),
}

/// The shelf.
#[derive(Debug)]
pub struct Shelf {
    dir: PathBuf,
    most: u64,
}

impl Shelf {
    /// A shelf in this directory, which is made when missing, for at most so many bytes.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(dir: PathBuf, most: u64) -> io::Result<Self> {
        fs::create_dir_all(&dir)?;
        Ok(Self { dir, most })
    }

    /// The file of a clip that is here and still what was signed; one that is not any more is thrown away.
    pub fn whole(&self, clip: &AudioClip) -> Option<PathBuf> {
        let file = self.dir.join(format!("{}.clip", name(clip)));
        let bytes = fs::read(&file).ok()?;
        if let Err(what) = check(&bytes, clip) {
            tracing::warn!(file = %file.display(), what, "a clip on the card is broken; it is fetched again");
            let _gone = fs::remove_file(&file);
            return None;
        }
        if let Err(error) = self.touch(&file) {
            tracing::debug!(%error, "a clip may leave the card sooner than it should");
        }
        Some(file)
    }

    /// How many bytes of it are here already; more than it has are no part of it and are thrown away.
    pub fn begun(&self, clip: &AudioClip) -> u64 {
        let length = fs::metadata(self.part(clip)).map_or(0, |meta| meta.len());
        if length <= u64::from(clip.len) {
            return length;
        }
        self.forget_part(clip);
        0
    }

    /// Adds bytes to what is here of it.
    ///
    /// # Errors
    /// [`ShelfError::NotSigned`] when there are more than were promised; [`ShelfError::Card`].
    pub fn add(&self, clip: &AudioClip, bytes: &[u8]) -> Result<(), ShelfError> {
        if self.begun(clip) + bytes.len() as u64 > u64::from(clip.len) {
            self.forget_part(clip);
            return Err(ShelfError::NotSigned("it is longer"));
        }
        let mut file = File::options().create(true).append(true).open(self.part(clip))?;
        Ok(file.write_all(bytes)?)
    }

    /// Puts what was fetched among the whole ones if it is what was signed. What is not is thrown away.
    ///
    /// # Errors
    /// [`ShelfError::NotSigned`] says in what it differs; [`ShelfError::Card`].
    pub fn finish(&self, clip: &AudioClip) -> Result<(), ShelfError> {
        let part = self.part(clip);
        if let Err(what) = check(&fs::read(&part)?, clip) {
            self.forget_part(clip);
            return Err(ShelfError::NotSigned(what));
        }
        self.make_room(u64::from(clip.len), &part)?;
        File::open(&part)?.sync_all()?;
        let file = self.dir.join(format!("{}.clip", name(clip)));
        fs::rename(part, &file)?;
        File::open(&self.dir)?.sync_all()?;
        Ok(self.touch(&file)?)
    }

    /// Throws away what is here of one that was not finished.
    pub fn forget_part(&self, clip: &AudioClip) {
        let _gone = fs::remove_file(self.part(clip));
    }

    fn part(&self, clip: &AudioClip) -> PathBuf {
        self.dir.join(format!("{}.part", name(clip)))
    }

    /// Makes a file the one that was used last. Not by the clock, which on a box without a battery says 1970 now and then.
    fn touch(&self, file: &Path) -> io::Result<()> {
        let mut newest = SystemTime::UNIX_EPOCH;
        for entry in fs::read_dir(&self.dir)? {
            newest = newest.max(entry?.metadata()?.modified()?);
        }
        File::options().append(true).open(file)?.set_modified(newest + Duration::from_millis(1))
    }

    /// Parts count as well: what was never finished is as old as it looks.
    fn make_room(&self, wanted: u64, for_part: &Path) -> io::Result<()> {
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            if entry.path() == for_part {
                continue;
            }
            let meta = entry.metadata()?;
            all.push((meta.modified()?, meta.len(), entry.path()));
        }
        all.sort();
        let mut total: u64 = all.iter().map(|(_, length, _)| length).sum();
        for (_, length, path) in all {
            if total + wanted <= self.most {
                break;
            }
            fs::remove_file(path)?;
            total -= length;
        }
        Ok(())
    }
}

pub(super) fn check(bytes: &[u8], clip: &AudioClip) -> Result<(), &'static str> {
    if bytes.len() != clip.len as usize {
        return Err("its length is another");
    }
    if Sha256::digest(bytes).as_slice() == clip.sha256 { Ok(()) } else { Err("its digest is another") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::bulletin::AudioCodec;

    fn clip(bytes: &[u8]) -> AudioClip {
        AudioClip { codec: AudioCodec::Opus, len: bytes.len() as u32, sha256: Sha256::digest(bytes).into() }
    }

    fn put(shelf: &Shelf, bytes: &[u8]) -> AudioClip {
        let clip = clip(bytes);
        shelf.add(&clip, bytes).unwrap();
        shelf.finish(&clip).unwrap();
        clip
    }

    #[test]
    fn a_part_outlives_a_restart_and_only_what_was_signed_becomes_whole() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Shelf::open(dir.path().to_owned(), 1_000).unwrap();
        let wanted = clip(b"whole");
        open().add(&wanted, b"wh").unwrap();
        let shelf = open();
        assert_eq!((shelf.begun(&wanted), shelf.whole(&wanted)), (2, None));
        shelf.add(&wanted, b"ole").unwrap();
        shelf.finish(&wanted).unwrap();
        assert_eq!(fs::read(shelf.whole(&wanted).unwrap()).unwrap(), b"whole");

        let other = clip(b"other");
        shelf.add(&other, b"wrong").unwrap();
        assert!(matches!(shelf.finish(&other), Err(ShelfError::NotSigned("its digest is another"))));
        assert!(matches!(shelf.add(&other, b"longer"), Err(ShelfError::NotSigned("it is longer"))));
        assert_eq!((shelf.begun(&other), shelf.whole(&other)), (0, None));
    }

    #[test]
    fn a_clip_that_rots_on_the_card_is_not_played() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(dir.path().to_owned(), 1_000).unwrap();
        let clip = put(&shelf, b"speech");
        fs::write(shelf.whole(&clip).unwrap(), b"spEech").unwrap();
        assert_eq!(shelf.whole(&clip), None);
    }

    #[test]
    fn what_was_not_played_for_longest_makes_room() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(dir.path().to_owned(), 30).unwrap();
        let [first, second] = [b"0123456789", b"1123456789"].map(|bytes| put(&shelf, bytes));
        let old = |clip: &AudioClip, second| {
            let file = File::options().append(true).open(shelf.whole(clip).unwrap()).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(second)).unwrap();
        };
        old(&second, 1);
        old(&first, 2);
        let third = put(&shelf, b"2123456789");
        let fourth = put(&shelf, b"3123456789");
        let there = [&first, &second, &third, &fourth].map(|clip| shelf.whole(clip).is_some());
        assert_eq!(there, [true, false, true, true]);
    }
}
