//! What the village's electrician reads when something is wrong: Chinese in every error, with the fix.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Whether there is a Chinese character in it.
fn is_chinese(text: &str) -> bool {
    text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
}

/// The sources in a folder, and what they say.
fn sources(dir: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for path in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

/// The texts in brackets that stand behind a word.
fn behind<'a>(source: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    source.split(word).skip(1).map(|rest| {
        let end = rest.find(")]").or_else(|| rest.find(")?")).unwrap_or(rest.len());
        rest.get(..end).unwrap_or(rest)
    })
}

#[test]
fn every_error_that_the_program_can_end_with_has_chinese_in_it() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = sources(&crates.join("src"));
    for name in ["root.rs", "library.rs", "verify.rs"] {
        let path = crates.join("../core/model/src/bulletin").join(name);
        files.push((path.clone(), fs::read_to_string(&path).unwrap()));
    }
    let mut n_told = 0;
    for (path, source) in &files {
        // A bulletin's doubt goes to the city as a word; no program ends with it.
        if path.ends_with("src/trust.rs") {
            continue;
        }
        for told in behind(source, "#[error(").filter(|told| !told.starts_with("transparent")) {
            n_told += 1;
            assert!(is_chinese(told), "{}: {told}", path.display());
        }
    }
    assert!(n_told > 60, "{n_told} errors were found: this test looks in the wrong place");
    let main = fs::read_to_string(crates.join("src/main.rs")).unwrap();
    for told in behind(&main, "context(").chain(behind(&main, "ensure!(")) {
        assert!(is_chinese(told), "main.rs: {told}");
    }
}

/// What the program says of a configuration that was spoilt so.
fn told(verb: &str, good: &str, bad: &str) -> String {
    let shipped = include_str!("../../../deploy/speaker.toml");
    assert!(shipped.contains(good), "{good}");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("speaker.toml");
    fs::write(&path, shipped.replacen(good, bad, 1)).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_mingluo-speaker"))
        .args([verb, "--config"])
        .arg(&path)
        .output()
        .unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_box_that_can_never_sound_is_not_called_good() {
    let gpio = "[relay]\nkind = \"gpio\"\npin = 17";
    let words = told("check", "[relay]\nkind = \"simulated\"", gpio);
    assert!(words.contains("play.sink = \"wav\"：真实继电器旁请用 sink = \"alsa\""), "{words}");
}

#[test]
fn a_relay_that_may_still_be_closed_is_told_in_chinese_with_what_to_do() {
    if !cfg!(target_arch = "x86_64") {
        return eprintln!("SKIPPED, NOT TESTED: this machine may have pins of its own");
    }
    let gpio = "[relay]\nkind = \"gpio\"\npin = 17";
    let words = told("relay-open", "[relay]\nkind = \"simulated\"", gpio);
    assert!(
        words.contains("请手动断开功放的电源") && words.contains("switch the amplifier off by hand"),
        "{words}"
    );
    let siren = "[siren]\nkind = \"gpio\"\npin = 6\n[sense]\nkind = \"none\"\n";
    let words = told("relay-open", "[sense]\nkind = \"simulated\"\ndeaf = false\n", siren);
    assert!(words.contains("请手动断开警报器的电源") && !words.contains("断开功放的电源"), "{words}");
}

#[test]
fn what_toml_finds_wrong_is_told_in_chinese_by_line() {
    let words = told("status", "ping_s = 30", "pings = 30");
    assert!(
        words.contains("没有 pings 这一项") && words.contains("第 ") && words.contains("unknown field"),
        "{words}"
    );
    assert!(words.lines().all(is_chinese), "{words}");
}
