//! The encodings (字符编码) in which roster files come. UTF-8 is the rule; spreadsheets in China save GB 18030 (its older
//! part is called GBK) or UTF-16. Which one a file has is declared, never guessed into: a wrong guess makes other words.

use encoding_rs::{Decoder, DecoderResult, GB18030, UTF_16LE};
use std::{
    fmt,
    io::{self, Read},
};

/// Bytes taken from the file at once.
const STEP: usize = 1 << 16;

/// A byte that no UTF-8 holds: it stands for what could not be decoded, so that its row is refused by line and field.
const UNDECODED: u8 = 0xff;

/// What a file is declared to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8, with or without its mark.
    #[default]
    Utf8,
    /// GB 18030-2022, and with it GBK and GB 2312.
    Gb18030,
    /// UTF-16; its mark tells which byte comes first, else the low one does.
    Utf16,
}

/// What a file looks like that is no UTF-8 text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// Text in GB 18030.
    Gb18030,
    /// Text in UTF-16.
    Utf16,
    /// A spreadsheet's own file (.xlsx), which is a ZIP archive.
    Workbook,
}

impl Looks {
    /// What the beginning of a file looks like; `None` for UTF-8, or for nothing that is known.
    pub(super) fn of(beginning: &[u8]) -> Option<Self> {
        if beginning.starts_with(b"PK\x03\x04") {
            return Some(Self::Workbook);
        }
        if beginning.starts_with(b"\xff\xfe") || beginning.starts_with(b"\xfe\xff") || beginning.contains(&0)
        {
            return Some(Self::Utf16);
        }
        let foreign = std::str::from_utf8(beginning).is_err();
        (foreign && GB18030.decode_without_bom_handling_and_without_replacement(beginning).is_some())
            .then_some(Self::Gb18030)
    }

    /// Its name, as `--encoding` has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gb18030 => "gb18030",
            Self::Utf16 => "utf-16",
            Self::Workbook => "xlsx",
        }
    }
}

impl fmt::Display for Looks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

/// A file as UTF-8.
pub struct Decoded<R> {
    inner: R,
    /// None where nothing needs decoding.
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    text: Vec<u8>,
    read: usize,
    ended: bool,
}

impl<R: Read> Decoded<R> {
    /// Reads `inner` as what it is declared to be.
    pub fn new(inner: R, declared: Encoding) -> Self {
        let decoder = match declared {
            Encoding::Utf8 => None,
            Encoding::Gb18030 => Some(GB18030.new_decoder()),
            Encoding::Utf16 => Some(UTF_16LE.new_decoder()),
        };
        let raw = if decoder.is_some() { vec![0; STEP] } else { Vec::new() };
        Self { inner, decoder, raw, text: Vec::new(), read: 0, ended: false }
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Some(decoder) = &mut self.decoder else { return self.inner.read(out) };
        while self.read == self.text.len() && !self.ended {
            let length = self.inner.read(&mut self.raw)?;
            self.ended = length == 0;
            self.text.clear();
            self.read = 0;
            decode(decoder, &self.raw[..length], self.ended, &mut self.text);
        }
        let length = out.len().min(self.text.len() - self.read);
        out[..length].copy_from_slice(&self.text[self.read..self.read + length]);
        self.read += length;
        Ok(length)
    }
}

fn decode(decoder: &mut Decoder, mut raw: &[u8], last: bool, text: &mut Vec<u8>) {
    loop {
        let begin = text.len();
        let room = decoder.max_utf8_buffer_length_without_replacement(raw.len());
        text.resize(begin + room.unwrap_or(4 * STEP), 0);
        let (result, read, written) =
            decoder.decode_to_utf8_without_replacement(raw, &mut text[begin..], last);
        text.truncate(begin + written);
        raw = &raw[read..];
        match result {
            DecoderResult::InputEmpty => return,
            DecoderResult::Malformed(..) => text.push(UNDECODED),
            DecoderResult::OutputFull => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8], declared: Encoding) -> Vec<u8> {
        let mut text = Vec::new();
        Decoded::new(bytes, declared).read_to_end(&mut text).unwrap();
        text
    }

    #[test]
    fn a_declared_file_reads_as_its_words() {
        let (gbk, _, _) = GB18030.encode("网格员|村医");
        assert_eq!(read(&gbk, Encoding::Gb18030), "网格员|村医".as_bytes());
        let low_first: Vec<u8> = "\u{feff}清原".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let high_first: Vec<u8> = "\u{feff}清原".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read(&low_first, Encoding::Utf16), "清原".as_bytes());
        assert_eq!(read(&high_first, Encoding::Utf16), "清原".as_bytes());
    }

    #[test]
    fn what_cannot_be_decoded_stays_unreadable_and_the_line_end_after_it_stays() {
        let text = read(b"a\xff,b\x81\nc", Encoding::Gb18030);
        assert!(std::str::from_utf8(&text).is_err());
        let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
        assert_eq!((lines.len(), lines[1]), (2, &b"c"[..]));
    }

    #[test]
    fn a_foreign_file_is_known_by_its_beginning() {
        let (gbk, _, _) = GB18030.encode("地区,人群,手机");
        assert_eq!(Looks::of(&gbk), Some(Looks::Gb18030));
        assert_eq!(Looks::of(b"r\0e\0g\0"), Some(Looks::Utf16));
        assert_eq!(Looks::of(b"\xff\xfer\0"), Some(Looks::Utf16));
        assert_eq!(Looks::of(b"PK\x03\x04\x14"), Some(Looks::Workbook));
        assert_eq!(Looks::of("地区,人群".as_bytes()), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic_or_add_lines(junk in proptest::collection::vec(any::<u8>(), 0..300)) {
            let text = read(&junk, Encoding::Gb18030);
            let ends = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').count();
            prop_assert!(ends(&text) <= ends(&junk));
            read(&junk, Encoding::Utf16);
            Looks::of(&junk);
        }
    }
}
