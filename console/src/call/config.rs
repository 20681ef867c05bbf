//! The table `[call]`, and what in it cannot be used.

use super::{Calling, Links};
use crate::config::{ConfigError, Fix, read_text};
use mingluo_model::{
    audience::{ChannelKind, Group},
    grade::Grade,
};
use mingluo_targeting::groups::GroupTable;
use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// The fewest characters of the key.
const SHORTEST_KEY: usize = 32;

/// The longest that an answer is waited for on one rung: a day, after which a warning is renewed anyway.
const LONGEST_S: u32 = 86_400;

/// How responsible persons are called, as an operator writes it (叫应). Without it nobody is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallConfig {
    /// The address at which people reach this program, like `https://warn.fushun.example`; they answer on pages below it.
    pub url: String,
    /// The file whose first line is the key that proves links; at least 32 characters.
    pub key_file: PathBuf,
    /// Seconds that an answer is waited for on each rung, by grade; grades left out call nobody.
    #[serde(default = "five_minutes_for_red")]
    pub within_s: BTreeMap<Grade, u32>,
    /// The channels by which somebody is asked, the first first.
    #[serde(default = "telephones_first")]
    pub channels: Vec<ChannelKind>,
    /// Groups that answer for a township, in the order in which they are asked.
    pub township: Vec<String>,
    /// Groups that answer for a county.
    pub county: Vec<String>,
    /// Groups that answer for the city.
    pub city: Vec<String>,
}

/// Five minutes for red and ten for orange. Practice of 叫应: whoever was not woken within five minutes (长治), or by three
/// calls in five minutes (勉县), is taken to their superior.
fn five_minutes_for_red() -> BTreeMap<Grade, u32> {
    BTreeMap::from([(Grade::Red, 300), (Grade::Orange, 600)])
}

fn telephones_first() -> Vec<ChannelKind> {
    vec![ChannelKind::Sms, ChannelKind::WeChat, ChannelKind::Email]
}

impl CallConfig {
    /// The rules, over the groups of the region pack.
    ///
    /// # Errors
    /// Every [`ConfigError`] that there is.
    pub(crate) fn build(&self, groups: &GroupTable) -> Result<Calling, Vec<ConfigError>> {
        let mut wrong = Vec::new();
        if !is_address(&self.url) {
            wrong.push(ConfigError::value("call.url", &self.url, Fix::Public));
        }
        let key = self.key().map_err(|problem| wrong.push(problem)).unwrap_or_default();
        for (grade, seconds) in self.within_s.iter().filter(|(_, s)| !(1..=LONGEST_S).contains(s)) {
            let fix = Fix::CallTime { most: LONGEST_S };
            wrong.push(ConfigError::value(format!("call.within_s.{}", grade.word()), seconds, fix));
        }
        if self.channels.is_empty() || !self.channels.iter().all(|channel| channel.is_of_people()) {
            let named: Vec<_> = self.channels.iter().map(|channel| channel.word()).collect();
            wrong.push(ConfigError::value("call.channels", named.join(", "), Fix::CallChannels));
        }
        let levels =
            [("call.township", &self.township), ("call.county", &self.county), ("call.city", &self.city)];
        let [township, county, city] = levels.map(|(field, names)| named(field, names, groups, &mut wrong));
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let within = self.within_s.iter().map(|(grade, s)| (*grade, Duration::from_secs(u64::from(*s))));
        let (within, links) = (within.collect(), Links::new(self.url.clone(), key));
        Ok(Calling { within, channels: self.channels.clone(), township, county, city, links })
    }

    fn key(&self) -> Result<Vec<u8>, ConfigError> {
        let text = read_text("call.key_file", &self.key_file)?;
        let key = text.lines().next().unwrap_or_default().trim();
        if key.chars().count() < SHORTEST_KEY {
            let fix = Fix::CallKey { least: SHORTEST_KEY };
            return Err(ConfigError::value("call.key_file", self.key_file.display(), fix));
        }
        Ok(key.as_bytes().to_vec())
    }
}

/// Whether people can be sent to an address.
fn is_address(url: &str) -> bool {
    crate::feed::FeedConfig { url: url.to_owned() }.is_usable()
}

fn named(field: &str, names: &[String], groups: &GroupTable, wrong: &mut Vec<ConfigError>) -> Vec<Group> {
    let mut found = Vec::new();
    for name in names {
        if let Some(group) = groups.named(name) {
            found.push(group);
        } else {
            let known: Vec<_> = groups.entries().iter().map(|entry| &*entry.name).collect();
            wrong.push(ConfigError::value(field, name, Fix::Group { known: known.join(", ") }));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups() -> GroupTable {
        let table =
            "group,name_zh,responsible,number\ntownship_duty,值班室,true,12\nagency_duty,成员单位,true,13\n";
        GroupTable::read(table.as_bytes()).unwrap()
    }

    fn config(folder: &std::path::Path, more: &str) -> CallConfig {
        std::fs::write(folder.join("key"), "0123456789abcdef0123456789abcdef\n").unwrap();
        let key = folder.join("key").display().to_string();
        let text = format!(
            "url = \"https://warn.example\"\nkey_file = \"{key}\"\ntownship = [\"township_duty\"]\n\
             county = [\"agency_duty\"]\ncity = [\"agency_duty\"]\n{more}"
        );
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let folder = tempfile::tempdir().unwrap();
        let calling = config(folder.path(), "").build(&groups()).unwrap();
        let minutes = |grade| calling.within.get(&grade).map(|within| within.as_secs() / 60);
        assert_eq!(Grade::ALL.map(minutes), [None, None, Some(10), Some(5)]);
        assert_eq!(calling.channels[0], ChannelKind::Sms);
        assert_eq!(
            (calling.township.as_slice(), calling.city.as_slice()),
            (&[Group(12)][..], &[Group(13)][..])
        );
    }

    #[test]
    fn nobody_is_asked_by_a_box_or_a_robot() {
        let folder = tempfile::tempdir().unwrap();
        for channel in ["speaker", "robot"] {
            let named = config(folder.path(), &format!("channels = [\"sms\", \"{channel}\"]\n"));
            assert_eq!(named.build(&groups()).unwrap_err().len(), 1, "{channel}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path(), "within_s = { red = 0 }\nchannels = [\"speaker\"]\n");
        std::fs::write(folder.path().join("key"), "short\n").unwrap();
        config.url = "http://warn.example".to_owned();
        config.county = vec!["mayor".to_owned()];
        let wrong = config.build(&groups()).unwrap_err();
        let fields: Vec<_> = wrong
            .iter()
            .map(|problem| match problem {
                ConfigError::Value { field, .. } => field.as_str(),
                other => panic!("{other}"),
            })
            .collect();
        let all = ["call.url", "call.key_file", "call.within_s.red", "call.channels", "call.county"];
        assert_eq!(fields, all);
        for problem in &wrong {
            let told = crate::tongue::tell(problem);
            assert!(!told.zh.contains("Unknown") && !told.en.contains("Unknown"), "{} {}", told.zh, told.en);
        }
    }
}
