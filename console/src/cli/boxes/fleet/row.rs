//! One line of a registry file: read whole, so that everything that is wrong with it is told at once.

use mingluo_model::{
    address::Address,
    bulletin::ResourceCode,
    clock::Timestamp,
    fleet::{BoxRecord, Keeper, LONGEST_WORDS, MOST_HORNS, MOST_WATTS, Position, Power},
    region::RegionCode,
};
use mingluo_targeting::gazetteer::Gazetteer;
use std::{collections::HashMap, fmt::Display, str::FromStr};

/// The columns that a file may have; the first two it must have.
pub(super) const COLUMNS: [&str; 15] = [
    "code",
    "region",
    "place",
    "latitude",
    "longitude",
    "organisation",
    "power",
    "horns",
    "watts",
    "people",
    "keeper",
    "phone",
    "certificate_until",
    "enrolled",
    "retired",
];

/// What is wrong with one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The line in the file, the heading being the first.
    pub(super) line: u64,
    /// The column.
    pub(super) field: &'static str,
    /// What stands there; nothing of a person.
    pub(super) value: String,
    /// What to write instead, in Chinese.
    pub(super) zh: String,
    /// The same in English.
    pub(super) en: String,
}

/// A line with the names of its columns.
pub(super) struct Line<'a> {
    pub(super) number: u64,
    pub(super) cells: HashMap<&'static str, &'a str>,
    pub(super) wrong: Vec<Wrong>,
}

impl<'a> Line<'a> {
    fn cell(&self, field: &str) -> &'a str {
        self.cells.get(field).map_or("", |cell| cell.trim())
    }

    fn refuse(&mut self, field: &'static str, zh: impl Display, en: impl Display) {
        let is_of_a_person = matches!(field, "keeper" | "phone");
        let value =
            if is_of_a_person { "…".to_owned() } else { self.cell(field).chars().take(60).collect() };
        self.wrong.push(Wrong { line: self.number, field, value, zh: zh.to_string(), en: en.to_string() });
    }

    /// The box and who looks after it; `None` when something is wrong, which is told in `wrong`.
    pub(super) fn read(mut self, gazetteer: &Gazetteer) -> Result<(BoxRecord, Option<Keeper>), Vec<Wrong>> {
        let code = self.code();
        let region = self.region(gazetteer);
        let (place, organisation) = (self.words("place"), self.words("organisation"));
        let at = self.position();
        let power = self.power();
        let horns = self.number("horns", u32::from(MOST_HORNS)).unwrap_or(0);
        let watts = self.number("watts", u32::from(MOST_WATTS)).unwrap_or(0);
        let people = self.number("people", 50_000_000);
        let keeper = self.keeper();
        let certificate_until = self.day("certificate_until");
        let (enrolled, retired) = (self.day("enrolled"), self.day("retired"));
        match (code, region) {
            (Some(code), Some(region)) if self.wrong.is_empty() => {
                let (horns, watts) = (horns as u8, watts as u16);
                let record = BoxRecord {
                    code,
                    region,
                    place,
                    at,
                    organisation,
                    power,
                    horns,
                    watts,
                    people,
                    certificate_until,
                    enrolled,
                    retired,
                };
                Ok((record, keeper))
            }
            _ => Err(self.wrong),
        }
    }

    fn code(&mut self) -> Option<ResourceCode> {
        let code = self.cell("code").parse().ok();
        if code.is_none() {
            self.refuse("code", "须为 23 位数字的资源编码", "must be the 23 digits of a resource code");
        }
        code
    }

    fn region(&mut self, gazetteer: &Gazetteer) -> Option<RegionCode> {
        let region = gazetteer.resolve(self.cell("region")).ok();
        if region.is_none() {
            self.refuse(
                "region",
                "须为区划表中的代码，或不重名的名称",
                "must be a code of the division table, or a name that is not given twice",
            );
        }
        region
    }

    fn words(&mut self, field: &'static str) -> String {
        let words = self.cell(field);
        if words.chars().count() > LONGEST_WORDS || words.chars().any(char::is_control) {
            let zh = format!("须为一行，至多 {LONGEST_WORDS} 字");
            self.refuse(field, zh, format!("must be one line of at most {LONGEST_WORDS} characters"));
        }
        words.to_owned()
    }

    fn parsed<T: FromStr>(&self, field: &str) -> Result<Option<T>, T::Err> {
        match self.cell(field) {
            "" => Ok(None),
            cell => cell.parse().map(Some),
        }
    }

    fn position(&mut self) -> Option<Position> {
        let mut degrees = |field, most: f64| {
            let read = self.parsed::<f64>(field).ok().filter(|it| it.is_none_or(|it| it.abs() <= most));
            if read.is_none() {
                let en = format!("must be degrees from -{most} to {most}, like 41.88");
                self.refuse(field, format!("须为 -{most} 至 {most} 的度数，如 41.88"), en);
            }
            read.flatten()
        };
        let (latitude, longitude) = (degrees("latitude", 90.0), degrees("longitude", 180.0));
        if latitude.is_some() != longitude.is_some() && self.wrong.is_empty() {
            self.refuse("latitude", "经纬度须同时填写或同时留空", "latitude and longitude go together");
        }
        Some(Position { latitude: latitude?, longitude: longitude? })
    }

    fn power(&mut self) -> Power {
        let word = self.cell("power");
        let zh = |power: Power| match power {
            Power::Unknown => "",
            Power::Mains => "市电",
            Power::Battery => "蓄电池",
            Power::Solar => "太阳能",
        };
        let power = Power::ALL.into_iter().find(|it| it.word() == word || zh(*it) == word);
        if power.is_none() {
            self.refuse(
                "power",
                "须为 mains（市电）、battery（蓄电池）、solar（太阳能）或留空",
                "must be mains, battery, solar or nothing",
            );
        }
        power.unwrap_or(Power::Unknown)
    }

    fn number(&mut self, field: &'static str, most: u32) -> Option<u32> {
        let read = self.parsed::<u32>(field).ok().filter(|it| it.is_none_or(|it| it <= most));
        if read.is_none() {
            self.refuse(
                field,
                format!("须为 0 至 {most} 的整数，或留空"),
                format!("must be 0 to {most}, or nothing"),
            );
        }
        read.flatten()
    }

    fn keeper(&mut self) -> Option<Keeper> {
        let (name, phone) = (self.words("keeper"), self.cell("phone"));
        if name.is_empty() && phone.is_empty() {
            return None;
        }
        let digits = phone.strip_prefix('+').unwrap_or(phone);
        let is_number =
            (5..=20).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit() || it == b'-');
        if !is_number {
            let zh = "须为 5 至 20 位的电话号码；填了 keeper 就要填";
            self.refuse("phone", zh, "must be a telephone number of 5 to 20 digits where keeper is given");
        } else if name.is_empty() {
            self.refuse("keeper", "填了 phone 就要填姓名", "must be the name where phone is given");
        }
        Some(Keeper { name, phone: Address::new(phone) })
    }

    /// A day as 2026-07-05, in UTC: it says which day, not which hour.
    fn day(&mut self, field: &'static str) -> Option<Timestamp> {
        let read = self.parsed::<jiff::civil::Date>(field).ok();
        let at = read.map(|day| {
            let begins = day.and_then(|day| jiff::tz::TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok());
            begins.map(Timestamp::from)
        });
        if at.is_none() {
            self.refuse(
                field,
                "须为日期，如 2026-07-05，或留空",
                "must be a day like 2026-07-05, or nothing",
            );
        }
        at.flatten()
    }
}
