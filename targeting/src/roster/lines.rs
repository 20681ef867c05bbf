//! The lines of a file with their numbers. A line that does not end is not held: a file without line ends must not
//! fill the memory.

use std::io::{self, BufRead, BufReader, Read};

/// The longest line that is read; a row with four longest addresses has some 400 bytes.
pub(super) const LONGEST: usize = 4096;

/// An open file.
pub(super) struct Lines<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
    number: u64,
}

/// One line without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// Its number, from 1.
    pub(super) number: u64,
    /// What it holds; none when it is longer than [`LONGEST`].
    pub(super) text: Option<&'a [u8]>,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader: BufReader::with_capacity(1 << 16, reader), line: Vec::new(), number: 0 }
    }

    /// The next line that is not blank.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            self.line.clear();
            let length = self.reader.by_ref().take(LONGEST as u64).read_until(b'\n', &mut self.line)?;
            if length == 0 {
                return Ok(None);
            }
            self.number += 1;
            if length == LONGEST && self.line.last() != Some(&b'\n') {
                self.reader.skip_until(b'\n')?;
                return Ok(Some(Line { number: self.number, text: None }));
            }
            if !self.line.trim_ascii().is_empty() {
                break;
            }
        }
        Ok(Some(Line { number: self.number, text: Some(self.line.trim_ascii()) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_with_the_blank_ones() {
        let mut lines = Lines::new(&b"a\r\n\r\n  \nb"[..]);
        assert_eq!(lines.next().unwrap(), Some(Line { number: 1, text: Some(&b"a"[..]) }));
        assert_eq!(lines.next().unwrap(), Some(Line { number: 4, text: Some(&b"b"[..]) }));
        assert_eq!(lines.next().unwrap(), None);
    }

    #[test]
    fn an_endless_line_is_passed_over() {
        let file = [&vec![b'x'; 3 * LONGEST][..], b"\nb\n"].concat();
        let mut lines = Lines::new(&file[..]);
        assert_eq!(lines.next().unwrap(), Some(Line { number: 1, text: None }));
        assert_eq!(lines.next().unwrap(), Some(Line { number: 2, text: Some(&b"b"[..]) }));
    }
}
