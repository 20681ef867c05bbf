//! The house keeps its own rules: who may import whom, and where each library has its one home.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use mingluo_console::tongue::{Tongue, say};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Who may import whom, besides `model`, which everybody may. The rehearsal may import everything.
const MAY_IMPORT: [(&str, &[&str]); 8] = [
    ("mingluo-model", &[]),
    ("mingluo-exchange", &[]),
    ("mingluo-targeting", &[]),
    ("mingluo-speaker", &[]),
    ("mingluo-channels", &["mingluo-exchange"]),
    ("mingluo-ledger", &[]),
    ("mingluo-dispatch", &["mingluo-ledger"]),
    (
        "mingluo-console",
        &["mingluo-exchange", "mingluo-targeting", "mingluo-channels", "mingluo-ledger", "mingluo-dispatch"],
    ),
];

/// Libraries with one home (or two).
const ONE_HOME: [(&str, &[&str]); 11] = [
    ("sqlx", &["mingluo-ledger"]),
    ("governor", &["mingluo-dispatch"]),
    ("lettre", &["mingluo-channels"]),
    ("mail-parser", &["mingluo-channels"]),
    ("ring", &["mingluo-channels"]),
    ("rppal", &["mingluo-speaker"]),
    // The console's `issue` is a client of its own API.
    ("reqwest", &["mingluo-channels", "mingluo-speaker", "mingluo-console"]),
    ("axum", &["mingluo-console", "mingluo-speaker"]),
    // The city packs speech, a box unpacks it.
    ("opus-pure", &["mingluo-console", "mingluo-speaker"]),
    ("roxmltree", &["mingluo-exchange", "mingluo-channels"]),
    ("sm2", &["mingluo-model"]),
];

fn metadata() -> Metadata {
    MetadataCommand::new().no_deps().exec().unwrap()
}

fn imports(package: &Package) -> BTreeSet<&str> {
    let normal = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
    normal.map(|dependency| dependency.name.as_str()).collect()
}

#[test]
fn every_part_imports_only_what_it_may() {
    let rules: BTreeMap<_, _> = MAY_IMPORT.into_iter().collect();
    for package in metadata().workspace_packages() {
        let Some(allowed) = rules.get(package.name.as_str()) else {
            assert_eq!(package.name.as_str(), "mingluo-rehearsal", "{} has no rule", package.name);
            continue;
        };
        let ours = imports(package).into_iter().filter(|name| name.starts_with("mingluo-"));
        let strays: Vec<_> =
            ours.filter(|name| *name != "mingluo-model" && !allowed.contains(name)).collect();
        assert!(strays.is_empty(), "{} must not import {strays:?}: see ARCHITECTURE.md", package.name);
    }
}

#[test]
fn every_library_stays_in_its_home() {
    for package in metadata().workspace_packages() {
        if package.name.as_str() == "mingluo-rehearsal" {
            continue;
        }
        for (library, homes) in ONE_HOME {
            let stray = imports(package).contains(library) && !homes.contains(&package.name.as_str());
            assert!(!stray, "{} must not use {library}: its home is {homes:?}", package.name);
        }
    }
}

/// Cargo gives a library the features that anybody in the workspace asks for: one line would put SM2 into every program.
#[test]
fn nobody_turns_sm2_on_for_all() {
    for package in metadata().workspace_packages() {
        let asked = package.dependencies.iter().filter(|it| it.features.iter().any(|name| name == "sm2"));
        let asked: Vec<_> = asked.map(|it| &it.name).collect();
        assert!(asked.is_empty(), "{} asks for it of {asked:?}", package.name);
        let meant = package
            .features
            .iter()
            .find(|(name, on)| *name != "sm2" && on.iter().any(|it| it.contains("sm2")));
        assert!(meant.is_none(), "{} turns it on with {meant:?}", package.name);
        for dependency in package.dependencies.iter().filter(|it| it.name == "sm2") {
            assert!(dependency.optional, "{} cannot do without it", package.name);
        }
    }
}

/// Keys that the channels' checks name, by the calls that name them.
fn keys_of_accounts() -> BTreeSet<String> {
    let checks = [
        "ConfigError::new(",
        "Secret::read(",
        "in_range(",
        "seconds(",
        "text(",
        "c_text(",
        "name(",
        "password(",
        "mailbox(",
        "certificates(",
        "fault(",
    ];
    let mut keys = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../channels/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.ends_with("config.rs")
                || entry.ends_with("account.rs")
                || entry.ends_with("pki.rs")
            {
                let code = std::fs::read_to_string(&entry).unwrap();
                let code = code.split("#[cfg(test)]").next().unwrap_or_default();
                let calls = checks.iter().flat_map(|check| code.split(check).skip(1));
                let quoted = calls.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
                keys.extend(quoted.map(str::to_owned));
            }
        }
    }
    keys
}

#[test]
fn every_key_of_an_account_has_its_fix_in_chinese() {
    let keys = keys_of_accounts();
    assert!(keys.len() > 30 && keys.contains("password_file"), "{keys:?}");
    for key in &keys {
        let fields = [
            ("key", key.clone()),
            ("member", key.replace('.', "-")),
            ("kind", "wechat".to_owned()),
            ("fix", "ENGLISH".to_owned()),
            ("range", "none".to_owned()),
        ];
        let said = say(Tongue::Chinese, "error-config-account", &fields);
        let ranged = RANGED.contains(&key.as_str());
        assert!(ranged || !said.contains("ENGLISH"), "{key} has no Chinese fix: {said}");
    }
}

/// Keys of which nothing can be wrong but the range, which is told as such.
const RANGED: [&str; 15] = [
    "active_test_s",
    "active_tests",
    "answer_seconds",
    "boxes",
    "calls",
    "connect_timeout_s",
    "enquire_link_s",
    "idle_s",
    "max_parts",
    "per_minute",
    "per_second",
    "priority",
    "response_timeout_s",
    "sessions",
    "sockets",
];
