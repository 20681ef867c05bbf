//! The search of the logs (搜查日志): the city's programs logged everything that they can, and nothing in it may be an address
//! of a person or a secret of the city. A box's code is no secret: operators read of a box by it.

use super::stage::Stage;
use anyhow::Context;
use std::{
    collections::HashSet,
    fs::{self, File},
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
};

/// Digits of a mobile number without its country.
const DIGITS: usize = 11;

/// A secret shorter than this may be a word that stands in a log for another reason, in characters.
const SHORTEST: usize = 8;

/// A file with more than this holds no secret, in octets.
const LARGEST: u64 = 4_096;

/// Kinds of files that are no secrets, by the end of their names.
const NO_SECRETS: [&str; 6] = ["toml", "json", "jsonl", "csv", "log", "db"];

/// What the pretend platform's access tokens begin with: whoever has one may send in the account's name.
const ACCESS_TOKEN: &str = "pretend-token-";

/// Where links lead that speak for one person: an answer to a call (应答), and taking leave of mails (退订).
const LINKS: [&str; 2] = ["/a/", "/u/"];

/// What follows in such a link is at least so long.
const LINK_TOKEN: usize = 16;

/// What must not be found.
#[derive(Debug, Default)]
pub(super) struct Sought {
    /// Mobile numbers without their country, open ids, mailboxes.
    people: HashSet<String>,
    /// Each with the name of its file.
    secrets: Vec<(String, String)>,
}

/// A line in which something was found; what it was stands in the log and is not said again.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Leak {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) what: String,
}

/// What came of a search.
#[derive(Debug, Default)]
pub(super) struct Searched {
    pub(super) lines: usize,
    /// People and secrets that were looked for.
    pub(super) sought: usize,
    pub(super) leaks: Vec<Leak>,
}

/// Searches the logs of all programs of the city in a run's directory.
pub(super) fn search(stage: &Stage) -> anyhow::Result<Searched> {
    let folder = stage.path("");
    let sought = Sought::of(&folder)?;
    let mut searched = Searched { sought: sought.people.len() + sought.secrets.len(), ..Searched::default() };
    for entry in fs::read_dir(&folder)? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        let name = name.to_string_lossy().into_owned();
        if !name.starts_with("mingluo-") || path.extension().is_none_or(|end| end != "log") {
            continue;
        }
        let lines = BufReader::new(File::open(&path)?).split(b'\n');
        for (number, text) in (1..).zip(lines) {
            searched.lines += 1;
            if let Some(what) = sought.found_in(&String::from_utf8_lossy(&text?)) {
                searched.leaks.push(Leak { file: name.clone(), line: number, what });
            }
        }
    }
    Ok(searched)
}

impl Sought {
    fn of(folder: &Path) -> anyhow::Result<Self> {
        let mut sought = Self::default();
        let roster = folder.join("roster.csv");
        let mut rows = csv::Reader::from_path(&roster).with_context(|| roster.display().to_string())?;
        let heads = rows.headers()?.clone();
        let personal: Vec<usize> = (0..heads.len())
            .filter(|at| ["sms", "wechat", "email", "wecom"].contains(&&heads[*at]))
            .collect();
        for row in rows.records() {
            let row = row?;
            let addresses =
                personal.iter().filter_map(|at| row.get(*at)).filter(|address| !address.is_empty());
            sought.people.extend(addresses.map(|address| address.trim_start_matches("+86").to_owned()));
        }
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let (name, about) = (entry.file_name().to_string_lossy().into_owned(), entry.metadata()?);
            // Neither group nor others may do anything with it.
            let is_private = about.permissions().mode().trailing_zeros() >= 6;
            let is_secret = name.rsplit_once('.').is_none_or(|(_, end)| !NO_SECRETS.contains(&end));
            if about.is_file() && about.len() <= LARGEST && is_private && is_secret {
                let text = fs::read_to_string(entry.path()).unwrap_or_default();
                let word = text.lines().next().and_then(|line| line.split_whitespace().last());
                sought
                    .secrets
                    .extend(word.filter(|word| word.len() >= SHORTEST).map(|word| (name, word.to_owned())));
            }
        }
        Ok(sought)
    }

    fn found_in(&self, line: &str) -> Option<String> {
        if let Some((name, _)) = self.secrets.iter().find(|(_, secret)| line.contains(secret)) {
            return Some(format!("{name} 中的密钥 the secret of that file"));
        }
        if line.contains(ACCESS_TOKEN) {
            return Some("微信的访问令牌 an access token of WeChat".into());
        }
        if LINKS.iter().any(|link| line.split(link).skip(1).any(leads_on)) {
            return Some("一个人的应答或退订链接 a link that speaks for one person".into());
        }
        let address = |letter: char| letter.is_ascii_alphanumeric() || "@._-+".contains(letter);
        let words = line.split(|letter| !address(letter)).map(|word| word.trim_matches(['.', '+']));
        for word in words {
            let person = self.people.contains(word)
                || (word.len() >= DIGITS && self.has_number(word))
                || word.split('.').any(|part| self.people.contains(part));
            if person {
                return Some("名册上的地址 an address of the roster".into());
            }
        }
        None
    }

    /// Whether a number stands in a run of digits, or inside of another word.
    fn has_number(&self, word: &str) -> bool {
        word.split(|letter: char| !letter.is_ascii_digit()).any(|digits| {
            digits.len() >= DIGITS
                && (0..=digits.len() - DIGITS).any(|at| self.people.contains(&digits[at..at + DIGITS]))
        })
    }
}

/// Whether what stands behind the beginning of a link is the rest of one.
fn leads_on(rest: &str) -> bool {
    rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte)).count()
        >= LINK_TOKEN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage() -> Stage {
        let stage = Stage::set(None).unwrap();
        let people =
            "region,groups,sms,wechat,email,speaker\n1,,+8619730600001,oPretend_1,li@ok.example,62104\n";
        stage.write("roster.csv", people).unwrap();
        stage.write("password-li", "correct horse batteries\n").unwrap();
        stage.write("store-keys", "key-1 0123456789abcdef\n").unwrap();
        stage.write("mingluo.toml", "not-a-secret\n").unwrap();
        stage
    }

    fn found(log: &str) -> Vec<usize> {
        let stage = stage();
        stage.write("mingluo-serve.log", log).unwrap();
        stage.write("sim-smsc-a.log", "19730600001\n").unwrap();
        search(&stage).unwrap().leaks.into_iter().map(|leak| leak.line).collect()
    }

    #[test]
    fn each_kind_of_address_and_secret_is_found_in_whatever_stands_around_it() {
        for leak in [
            "to=+8619730600001",
            "body={\"Mobile\":\"008619730600001\"}",
            "key 8619730600001x",
            "Address(oPretend_1)",
            "RCPT TO:<li@ok.example>",
            "password: batteries",
            "keys=\"0123456789abcdef\"",
            "GET /cgi-bin/message/template/send?access_token=pretend-token-3",
            "path=/a/AZrd1c9V7q-xs_41Kf",
            "https://warn.example/u/AZrd1c9V7q-xs_41Kf?x",
        ] {
            assert_eq!(found(&format!("all is well\n{leak}\n")), [2], "{leak}");
        }
    }

    #[test]
    fn what_is_nobodys_is_not_found() {
        assert!(
            found(
                "2026-11-29T19:73:06.00001Z n=1973060000 oPretend_12 ali@ok.example\n62104\n/tmp/a/target/debug\n"
            )
            .is_empty()
        );
    }
}
