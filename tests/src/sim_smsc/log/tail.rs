//! A log read as it grows, record by record: for who must know more than its sums, or must know it now.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use super::{HEADING, LogError, Record};

/// Octets read at once.
const CHUNK: u64 = 1 << 20;

/// Where the reading of one log stands.
#[derive(Debug)]
pub struct Tail {
    path: PathBuf,
    file: Option<File>,
    octets: Vec<u8>,
    at: u64,
}

impl Tail {
    /// A log from its beginning; the file may come into being later.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), file: None, octets: Vec::new(), at: 0 }
    }

    /// Hands on every whole record that was added since the last call.
    ///
    /// # Errors
    /// [`LogError`] when the file cannot be read or is none of ours.
    pub fn read(&mut self, mut record: impl FnMut(Record)) -> Result<(), LogError> {
        while self.fill().map_err(|source| LogError::Unreadable { path: self.path.clone(), source })? {
            let used = self.take_all(&mut record)?;
            self.octets.drain(..used);
            self.at += used as u64;
        }
        // A record that is not whole is read again: a centre that comes back cuts it off and writes on from there.
        self.octets.clear();
        let back = self.file.as_mut().map(|file| file.seek(SeekFrom::Start(self.at)));
        back.transpose().map(drop).map_err(|source| LogError::Unreadable { path: self.path.clone(), source })
    }

    /// Octets of the whole records that were read, the heading among them.
    pub(in crate::sim_smsc) const fn whole(&self) -> u64 {
        self.at
    }

    /// Reads on; false when nothing was added.
    fn fill(&mut self) -> io::Result<bool> {
        let file = match &mut self.file {
            Some(file) => file,
            None if !self.path.exists() => return Ok(false),
            none => none.insert(File::open(&self.path)?),
        };
        Ok(file.take(CHUNK).read_to_end(&mut self.octets)? > 0)
    }

    fn take_all(&self, record: &mut impl FnMut(Record)) -> Result<usize, LogError> {
        let strange = |used: usize| LogError::Strange { path: self.path.clone(), at: self.at + used as u64 };
        let mut rest = &self.octets[..];
        if self.at == 0 {
            match rest.split_first_chunk() {
                Some((heading, records)) if heading == HEADING => rest = records,
                Some(_) => return Err(strange(0)),
                None => return Ok(0),
            }
        }
        loop {
            let used = self.octets.len() - rest.len();
            match Record::take(&mut rest).map_err(|_| strange(used))? {
                Some(next) => record(next),
                None => return Ok(used),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Posted, PostedAs},
        *,
    };
    use std::io::Write;

    fn posted(id: u64) -> Record {
        Record::Posted(Posted { at_us: 1, session: 1, id, how: PostedAs::Sent, state: 2 })
    }

    #[test]
    fn a_log_is_read_as_it_grows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut tail = Tail::new(&path);
        let mut read = Vec::new();
        tail.read(|record| read.push(record)).unwrap();
        let mut octets = HEADING.to_vec();
        posted(1).put(&mut octets);
        posted(2).put(&mut octets);
        let mut file = File::create(&path).unwrap();
        for piece in octets.chunks(13) {
            file.write_all(piece).unwrap();
            tail.read(|record| read.push(record)).unwrap();
        }
        assert_eq!(read, [posted(1), posted(2)]);
    }

    #[test]
    fn what_is_no_log_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"{\"at_ms\":1}").unwrap();
        assert!(matches!(Tail::new(file.path()).read(|_| {}), Err(LogError::Strange { at: 0, .. })));
    }
}
