//! How a script is read aloud (朗读文本): figures, times and units become the words that a person would say, and words that
//! engines misread get their pinyin. Pure text in, pure text out; who speaks it is somebody else's affair.
//!
//! [`spoken`] is for every engine. [`Readings`] is for one that takes pinyin with tone digits among Chinese characters, as
//! eSpeak NG's `cmn-latn-pinyin` does.

mod numerals;
mod readings;
mod scan;

pub use readings::{BadReading, Readings};
use scan::Scan;

/// The script as it is spoken. No digit, percent sign or unit in Latin letters is left where a number stood before it.
pub fn spoken(script: &str) -> String {
    let letters: Vec<char> = script.chars().map(narrow).collect();
    let mut scan = Scan::new(&letters);
    while scan.is_left() {
        if !(scan.date() || scan.time() || scan.quantity()) {
            scan.plain();
        }
    }
    scan.out
}

/// Full-width figures and signs as their narrow twins.
const fn narrow(letter: char) -> char {
    match letter {
        '０'..='９' => (b'0' + (letter as u32 - '０' as u32) as u8) as char,
        '％' => '%',
        '：' => ':',
        '．' => '.',
        '－' => '-',
        _ => letter,
    }
}

#[cfg(test)]
#[path = "reading/tests.rs"]
mod tests;
