//! What the README tells a newcomer to type can be typed.

use crate::desk::Desk;
use clap::Parser;
use mingluo_console::{cli::Mingluo, complaint, office::DraftOrder};
use std::path::Path;

fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)).unwrap()
}

/// What stands between `cat > FILE <<END` and END.
fn written(text: &str, file: &str) -> String {
    let (_, rest) = text.split_once(&format!("cat > {file} <<")).unwrap();
    let (end, rest) = rest.split_once('\n').unwrap();
    rest.split_once(&format!("\n{end}\n")).unwrap().0.to_owned() + "\n"
}

#[test]
fn every_command_of_the_readme_is_one() {
    let readme = read("README.md");
    let code = readme.split("```sh\n").skip(1).filter_map(|block| block.split("```").next());
    let lines = code.flat_map(str::lines).filter_map(|line| Some(&line[line.find("mingluo ")?..]));
    let commands: Vec<&str> = lines.filter(|line| line.contains("--")).collect();
    assert!(commands.len() > 12, "{commands:?}");
    for line in commands {
        let words = line.split(['|', ')', ';', '>']).next().unwrap().split_whitespace();
        let parsed = Mingluo::try_parse_from(words);
        assert!(parsed.is_ok(), "{line}\n{}", parsed.unwrap_err());
    }
}

#[test]
fn the_configuration_and_the_roster_of_the_readme_are_good() {
    let (readme, desk) = (read("README.md"), Desk::new());
    let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/regions").canonicalize().unwrap();
    let config = written(&readme, "mingluo.toml")
        .replace("$PWD/smpp.password", &desk.path("password").display().to_string())
        .replace("$PWD", &desk.path("").display().to_string())
        .replace("$REGIONS", &pack.display().to_string())
        .replace("127.0.0.1:8080", "127.0.0.1:0");
    desk.write("mingluo.toml", config);
    assert!(desk.run(&["migrate"]).good);
    let checked = desk.run(&["check"]);
    assert!(checked.good, "{}", checked.text);
    desk.write("roster.csv", written(&readme, "roster.csv"));
    let imported = desk.import_file(&["--pretend"]);
    assert!(imported.good, "{}", imported.text);
}

#[test]
fn the_drafts_of_the_documents_are_drafts() {
    let short = written(&read("README.md"), "alert.json")
        .replace("$(date -d '+6 hours' +%Y-%m-%dT%H:%M:%S%:z)", "2026-07-05T18:00:00+08:00");
    let api = read("docs/api.md");
    let long = api.split("```json\n").nth(1).and_then(|block| block.split("```").next()).unwrap();
    for draft in [&short, long] {
        let order: DraftOrder = complaint::json(draft.as_bytes()).unwrap();
        assert_eq!(order.expires.0, 1_783_245_600_000);
    }
}
