//! The house keeps its own rules: who may import whom, and where each library has its one home.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use std::collections::{BTreeMap, BTreeSet};

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
const ONE_HOME: [(&str, &[&str]); 7] = [
    ("sqlx", &["mingluo-ledger"]),
    ("governor", &["mingluo-dispatch"]),
    ("lettre", &["mingluo-channels"]),
    ("rppal", &["mingluo-speaker"]),
    // The console's `issue` is a client of its own API.
    ("reqwest", &["mingluo-channels", "mingluo-speaker", "mingluo-console"]),
    ("axum", &["mingluo-console", "mingluo-speaker"]),
    ("roxmltree", &["mingluo-exchange", "mingluo-channels"]),
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
