//! Words that engines misread, with their pinyin.

use std::collections::BTreeMap;

/// Words of warnings and well-known places that eSpeak NG 1.51 reads wrong or may; many were checked by its phonemes, none
/// by ear. An operator's file goes before them.
/// `地` alone is read as the particle; in warnings it is the ground.
const KNOWN: [(&str, &str); 42] = [
    ("地", "di4"),
    ("应急", "ying4 ji2"),
    ("响应", "xiang3 ying4"),
    ("处置", "chu3 zhi4"),
    ("处理", "chu3 li3"),
    ("处于", "chu3 yu2"),
    ("地处", "di4 chu3"),
    ("重新", "chong2 xin1"),
    ("重复", "chong2 fu4"),
    ("重庆", "chong2 qing4"),
    ("种植", "zhong4 zhi2"),
    ("只有", "zhi3 you3"),
    ("只能", "zhi3 neng2"),
    ("几乎", "ji1 hu1"),
    ("间断", "jian4 duan4"),
    ("间隔", "jian4 ge2"),
    ("调度", "diao4 du4"),
    ("调查", "diao4 cha2"),
    ("空闲", "kong4 xian2"),
    ("空地", "kong4 di4"),
    ("增长", "zeng1 zhang3"),
    ("上涨", "shang4 zhang3"),
    ("部分", "bu4 fen4"),
    ("银行", "yin2 hang2"),
    ("行业", "hang2 ye4"),
    ("为主", "wei2 zhu3"),
    ("成为", "cheng2 wei2"),
    ("转为", "zhuan3 wei2"),
    ("升级为", "sheng1 ji2 wei2"),
    ("都要", "dou1 yao4"),
    ("着火", "zhao2 huo3"),
    ("量水", "liang2 shui3"),
    ("长势", "zhang3 shi4"),
    ("县长", "xian4 zhang3"),
    ("厦门", "xia4 men2"),
    ("蚌埠", "beng4 bu4"),
    ("六安", "lu4 an1"),
    ("台州", "tai1 zhou1"),
    ("乐亭", "lao4 ting2"),
    ("单县", "shan4 xian4"),
    ("东阿", "dong1 e1"),
    ("番禺", "pan1 yu2"),
];

/// Words with the pinyin by which they are read (读音表).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readings {
    words: BTreeMap<String, String>,
    // The longest word's letters: no longer piece is looked up.
    longest: usize,
}

/// A line that is no reading.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {text:?} is not a word and its pinyin with tone digits, like: 厦门 xia4 men2")]
pub struct BadReading {
    /// Its number, from 1.
    pub line: usize,
    /// The line, at most 64 characters of it.
    pub text: String,
}

impl Default for Readings {
    fn default() -> Self {
        Self::of(KNOWN.into_iter().map(|(word, pinyin)| (word.to_owned(), pinyin.to_owned())).collect())
    }
}

impl Readings {
    fn of(words: BTreeMap<String, String>) -> Self {
        let longest = words.keys().map(|word| word.chars().count()).max().unwrap_or(0);
        Self { words, longest }
    }

    /// The built-in readings with those of a file: a word and its syllables on each line, `#` before a remark. A word that
    /// is built in takes the file's reading.
    ///
    /// # Errors
    /// [`BadReading`] with the first line that is none.
    pub fn with_file(text: &str) -> Result<Self, BadReading> {
        let mut words = Self::default().words;
        for (at, line) in text.lines().enumerate() {
            let bare = line.split('#').next().unwrap_or_default().trim();
            if bare.is_empty() {
                continue;
            }
            let bad = || BadReading { line: at + 1, text: line.chars().take(64).collect() };
            let (word, pinyin) = bare.split_once(char::is_whitespace).ok_or_else(bad)?;
            if word.is_ascii() || !pinyin.split_whitespace().all(is_syllable) {
                return Err(bad());
            }
            words.insert(word.to_owned(), pinyin.trim().to_owned());
        }
        Ok(Self::of(words))
    }

    /// The text with its misread words in pinyin; of two words that begin at one place the longer counts.
    pub fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            if let Some((word, pinyin)) = self.longest_at(rest) {
                out.push(' ');
                out.push_str(pinyin);
                out.push(' ');
                rest = &rest[word.len()..];
            } else {
                out.push(letter);
                rest = &rest[letter.len_utf8()..];
            }
        }
        out
    }

    fn longest_at(&self, text: &str) -> Option<(&str, &str)> {
        let ends = text.char_indices().map(|(at, letter)| at + letter.len_utf8()).take(self.longest);
        let found = ends.filter_map(|end| self.words.get_key_value(&text[..end]));
        found.last().map(|(word, pinyin)| (word.as_str(), pinyin.as_str()))
    }
}

/// Letters and one tone, 1 to 5.
fn is_syllable(text: &str) -> bool {
    let Some((letters, tone)) = text.split_at_checked(text.len().saturating_sub(1)) else { return false };
    let is_word = (1..=6).contains(&letters.len()) && letters.bytes().all(|byte| byte.is_ascii_lowercase());
    is_word && tone.bytes().all(|byte| (b'1'..=b'5').contains(&byte))
}
