//! One pass over a script, from left to right: what stands here is a date, a time of day, a quantity, or plain.

use super::numerals::{cardinal, figures, number, telephone};

/// Units in letters or signs and what they are called, longest first.
const UNITS: [(&str, &str); 19] = [
    ("μg/m³", "微克每立方米"),
    ("m³/s", "立方米每秒"),
    ("m3/s", "立方米每秒"),
    ("km/h", "公里每小时"),
    ("mm/h", "毫米每小时"),
    ("m/s", "米每秒"),
    ("hPa", "百帕"),
    ("min", "分钟"),
    ("km²", "平方公里"),
    ("mm", "毫米"),
    ("cm", "厘米"),
    ("km", "公里"),
    ("kg", "公斤"),
    ("m³", "立方米"),
    ("°C", "摄氏度"),
    ("℃", "摄氏度"),
    ("m", "米"),
    ("h", "小时"),
    ("°", "度"),
];
/// Numbers that are dialled in need, read figure by figure: police, ambulance, fire, traffic, government, warnings.
const DIALLED: [&str; 8] = ["110", "119", "120", "122", "12122", "12345", "12379", "95598"];
/// From so many figures on a bare number is a telephone's.
const TELEPHONE: usize = 7;
/// Words before which two is 两 and not 二.
const MEASURES: [&str; 22] = [
    "个", "小时", "天", "周", "次", "人", "名", "户", "处", "条", "座", "辆", "台", "家", "所", "吨", "公里",
    "米", "毫米", "厘米", "分钟", "万",
];
/// Signs between the ends of a range.
const TO: [char; 5] = ['-', '~', '～', '—', '–'];

/// Behind these a sign of a range is said as one: 18:00—20:00, 5日～7日, 30%～40%.
const ENDS: [char; 12] = ['%', '日', '号', '月', '年', '时', '点', '分', '级', '℃', '米', '度'];
/// Letters before the number of a road (国道、省道、县道), which is read figure by figure.
const ROADS: [char; 3] = ['G', 'S', 'X'];

/// Where the pass is, and what it has made so far.
pub(super) struct Scan<'a> {
    letters: &'a [char],
    at: usize,
    pub(super) out: String,
}

/// A number as it stands in the script.
struct Written {
    whole: String,
    fraction: Option<String>,
    /// Letters that it takes.
    length: usize,
}

impl<'a> Scan<'a> {
    pub(super) const fn new(letters: &'a [char]) -> Self {
        Self { letters, at: 0, out: String::new() }
    }

    pub(super) const fn is_left(&self) -> bool {
        self.at < self.letters.len()
    }

    fn letter(&self, ahead: usize) -> Option<char> {
        self.letters.get(self.at + ahead).copied()
    }

    fn digits(&self, ahead: usize) -> String {
        let rest = self.letters.get(self.at + ahead..).unwrap_or_default();
        rest.iter().take_while(|letter| letter.is_ascii_digit()).collect()
    }

    fn has(&self, ahead: usize, word: &str) -> bool {
        word.chars().enumerate().all(|(nth, letter)| self.letter(ahead + nth) == Some(letter))
    }

    /// Whether a number could begin here: the one before has ended.
    fn is_start(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|before| self.letters.get(before));
        self.letter(0).is_some_and(|it| it.is_ascii_digit()) && before.is_none_or(|it| !it.is_ascii_digit())
    }

    fn say(&mut self, words: &str, length: usize) -> bool {
        self.out.push_str(words);
        self.at += length;
        true
    }

    /// `2026-07-05` and `2026/7/5`.
    pub(super) fn date(&mut self) -> bool {
        let year = self.digits(0);
        let Some(sign) = self.letter(4).filter(|sign| year.len() == 4 && ['-', '/'].contains(sign)) else {
            return false;
        };
        let month = self.digits(5);
        let day_at = 6 + month.len();
        let day = self.digits(day_at);
        if self.letter(5 + month.len()) != Some(sign) || !within(&month, 1, 12) || !within(&day, 1, 31) {
            return false;
        }
        let (month, length) = (plain(&month), day_at + day.len());
        let words = format!("{}年{month}月{}日", figures(&year), plain(&day));
        self.say(&words, length)
    }

    /// `15:30`.
    pub(super) fn time(&mut self) -> bool {
        let hour = self.digits(0);
        let minute = self.digits(hour.len() + 1);
        let is_time = self.is_start() && self.letter(hour.len()) == Some(':') && minute.len() == 2;
        if !is_time || !within(&hour, 0, 24) || !within(&minute, 0, 59) {
            return false;
        }
        let minutes = match minute.as_str() {
            "00" => "整".to_owned(),
            early if early.starts_with('0') => format!("零{}分", plain(early)),
            other => format!("{}分", plain(other)),
        };
        let words = format!("{}点{minutes}", plain(&hour));
        self.say(&words, hour.len() + 3)
    }

    /// A number with its unit, a range of two, a year, a telephone number.
    pub(super) fn quantity(&mut self) -> bool {
        let minus = usize::from(self.letter(0) == Some('-') && !self.follows_a_word());
        let Some(first) = self.written(minus) else { return false };
        let end = minus + first.length;
        if let Some((words, length)) = self.long_distance(&first).filter(|_| minus == 0) {
            return self.say(&words, length);
        }
        if let Some(words) = self.named(&first, end).filter(|_| minus == 0) {
            return self.say(&words, end);
        }
        let second = self.letter(end).filter(|sign| TO.contains(sign)).and_then(|_| self.written(end + 1));
        let last = end + second.as_ref().map_or(0, |second| 1 + second.length);
        let (unit, unit_length) = self.unit(last);
        let is_cold = unit == "摄氏度" || self.has(last, "度");
        let sign = match (minus, is_cold) {
            (0, _) => "",
            (_, true) => "零下",
            (_, false) => "负",
        };
        let share = if self.letter(last) == Some('%') { "百分之" } else { "" };
        let said = |written: &Written| number(&written.whole, written.fraction.as_deref());
        let words = match &second {
            Some(second) => format!("{sign}{share}{}到{share}{}{unit}", said(&first), said(second)),
            None if self.is_pair(&first, last, unit) => format!("{sign}两{unit}"),
            None => format!("{sign}{share}{}{unit}", said(&first)),
        };
        self.say(&words, last + unit_length)
    }

    /// A telephone number behind its area code, `024-52651234`, and the letters that it takes.
    fn long_distance(&self, area: &Written) -> Option<(String, usize)> {
        let is_area = area.whole.starts_with('0') && (3..=4).contains(&area.whole.len());
        let local = self.digits(area.length + 1);
        let is_local = (7..=8).contains(&local.len()) && self.letter(area.length) == Some('-');
        let length = area.length + 1 + local.len();
        (is_area && is_local).then(|| (format!("{}，{}", telephone(&area.whole), telephone(&local)), length))
    }

    /// Years and numbers that are dialled, which are read figure by figure.
    fn named(&self, written: &Written, end: usize) -> Option<String> {
        let digits = &written.whole;
        if written.fraction.is_some() {
            return None;
        }
        if digits.len() == 4 && self.letter(end) == Some('年') {
            return Some(figures(digits));
        }
        let is_road = self.before().is_some_and(|letter| ROADS.contains(&letter)) && digits.len() >= 3;
        if is_road {
            return Some(telephone(digits));
        }
        let counts = !self.unit(end).0.is_empty() || MEASURES.iter().any(|measure| self.has(end, measure));
        let is_dialled = DIALLED.contains(&digits.as_str()) || digits.len() >= TELEPHONE;
        (is_dialled && !counts).then(|| telephone(digits))
    }

    fn written(&self, ahead: usize) -> Option<Written> {
        let whole = self.digits(ahead);
        if whole.is_empty() {
            return None;
        }
        let fraction = (self.letter(ahead + whole.len()) == Some('.'))
            .then(|| self.digits(ahead + whole.len() + 1))
            .filter(|fraction| !fraction.is_empty());
        let length = whole.len() + fraction.as_ref().map_or(0, |fraction| 1 + fraction.len());
        Some(Written { whole, fraction, length })
    }

    /// The unit that stands there and the letters that it takes; a percent sign is said before the number.
    fn unit(&self, ahead: usize) -> (&'static str, usize) {
        if self.letter(ahead) == Some('%') {
            return ("", 1);
        }
        let ends =
            |length: usize| self.letter(ahead + length).is_none_or(|next| !next.is_ascii_alphanumeric());
        let fits = |(sign, _): &&(&str, &str)| self.has(ahead, sign) && ends(sign.chars().count());
        UNITS.iter().find(fits).map_or(("", 0), |(sign, name)| (*name, sign.chars().count()))
    }

    fn is_pair(&self, written: &Written, end: usize, unit: &str) -> bool {
        let measured = !unit.is_empty() && unit != "摄氏度" && unit != "度";
        let is_two = written.whole == "2" && written.fraction.is_none();
        is_two && (measured || MEASURES.iter().any(|measure| self.has(end, measure)))
    }

    fn before(&self) -> Option<char> {
        self.letters.get(self.at.checked_sub(1)?).copied()
    }

    /// Behind a letter, a figure or what ends a quantity a hyphen is no minus.
    fn follows_a_word(&self) -> bool {
        self.before().is_some_and(|letter| letter.is_ascii_alphanumeric() || ENDS.contains(&letter))
    }

    /// Whether the sign that stands here lies between two ends of a range.
    fn is_between(&self) -> bool {
        let is_end = |letter: char| letter.is_ascii_digit() || ENDS.contains(&letter);
        self.before().is_some_and(is_end) && self.letter(1).is_some_and(|next| next.is_ascii_digit())
    }

    /// Everything else: brackets are a breath, Roman numerals are numbers, the rest stays.
    pub(super) fn plain(&mut self) {
        let Some(letter) = self.letter(0) else { return };
        match letter {
            '【' | '】' | '\n' | '\r' => self.out.push('，'),
            sign if TO.contains(&sign) && self.is_between() => self.out.push('到'),
            '《' | '》' | '“' | '”' | '"' | '「' | '」' => {}
            'Ⅰ'..='Ⅻ' => {
                let value = letter as u32 - 'Ⅰ' as u32 + 1;
                self.out.push_str(&plain(&value.to_string()));
            }
            letter => self.out.push(letter),
        }
        self.at += 1;
    }
}

fn plain(digits: &str) -> String {
    cardinal(digits).unwrap_or_else(|| figures(digits))
}

fn within(digits: &str, least: u32, most: u32) -> bool {
    digits.len() <= 2 && digits.parse::<u32>().is_ok_and(|value| (least..=most).contains(&value))
}
