//! What brings a box onto a board: the package and the card.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn script(name: &str) -> Command {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/box").join(name))
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Every file below a folder with its content.
fn files(dir: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for path in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(path.clone(), fs::read_to_string(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_card_is_changed_once_however_often_it_is_asked_for() {
    let card = tempfile::tempdir().unwrap();
    let (boot, root) = (card.path().join("boot"), card.path().join("root"));
    fs::create_dir_all(root.join("etc")).unwrap();
    fs::create_dir_all(&boot).unwrap();
    fs::write(boot.join("config.txt"), "dtparam=audio=on\ngpio=17=op,dh\n[pi4]\narm_boost=1\n").unwrap();
    let table = "PARTUUID=1-01 /boot/firmware vfat defaults 0 2\nPARTUUID=1-02 / ext4 rw,noatime 0 1\n";
    fs::write(root.join("etc/fstab"), table).unwrap();
    let change = || {
        let output = script("card")
            .arg("--boot")
            .arg(&boot)
            .arg("--root")
            .arg(&root)
            .args(["--pin", "17", "--read-only"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output));
        files(card.path())
    };
    let once = change();
    assert_eq!(once, change());
    let config = &once[&boot.join("config.txt")];
    assert!(
        config.ends_with("[all]\ngpio=17=op,dl\ndtparam=watchdog=on\n") && !config.contains("op,dh"),
        "{config}"
    );
    let fstab = &once[&root.join("etc/fstab")];
    assert!(
        fstab.contains("/ ext4 noatime,ro 0 1") && fstab.contains("/boot/firmware vfat defaults,ro 0 2"),
        "{fstab}"
    );
    assert!(fstab.contains("LABEL=mingluo-state /var/lib/mingluo-speaker"), "{fstab}");
    let with = |words: &[&str]| {
        script("card").arg("--boot").arg(&boot).arg("--root").arg(&root).args(words).output().unwrap()
    };
    assert!(text(&with(&["--active-low"])).contains("gpio=17=op,dh"));
    let later = with(&["--read-only"]);
    assert!(
        text(&later).contains("gpio=17=op,dh") && !text(&later).contains("op,dl"),
        "a run that names no pin leaves it: {}",
        text(&later)
    );
    assert!(text(&with(&["--pin", "17"])).contains("gpio=17=op,dl"));
    let siren = with(&["--siren-pin", "6"]);
    assert!(
        text(&siren).contains("gpio=6=op,dl") && text(&siren).contains("gpio=17=op,dl"),
        "{}",
        text(&siren)
    );
    let high = with(&["--siren-pin", "6", "--siren-active-low"]);
    assert!(text(&high).contains("gpio=6=op,dh") && !text(&high).contains("gpio=6=op,dl"), "{}", text(&high));
    for (words, told) in [
        (["--pin", "28"], "--pin 28: must be 2 to 27"),
        (["--siren-pin", "1"], "--siren-pin 1: must be 2 to 27"),
        (["--siren-pin", "17"], "that is the relay's pin"),
    ] {
        let wrong = with(&words);
        assert!(!wrong.status.success() && text(&wrong).contains(told), "{}", text(&wrong));
    }
}

#[test]
fn the_package_holds_the_program_its_unit_and_a_configuration_that_can_be_read() {
    let has = |program: &str| Command::new(program).arg("--version").output().is_ok();
    if !cfg!(target_arch = "x86_64") || !has("dpkg-deb") || !has("strip") {
        return eprintln!("SKIPPED, NOT TESTED: dpkg-deb or strip is missing, or this is another machine");
    }
    let out = tempfile::tempdir().unwrap();
    let built = script("build")
        .args([
            "--arch",
            "amd64",
            "--version",
            "0.0.1",
            "--bin",
            env!("CARGO_BIN_EXE_mingluo-speaker"),
            "--out",
        ])
        .arg(out.path())
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", text(&built));
    let tree = out.path().join("tree");
    let package = out.path().join("mingluo-speaker_0.0.1_amd64.deb");
    assert!(Command::new("dpkg-deb").arg("-R").arg(&package).arg(&tree).status().unwrap().success());
    for file in [
        "usr/bin/mingluo-speaker",
        "lib/systemd/system/mingluo-speaker.service",
        "usr/lib/sysusers.d/mingluo-speaker.conf",
        "lib/udev/rules.d/60-mingluo-gpiomem.rules",
        "DEBIAN/postinst",
    ] {
        assert!(tree.join(file).is_file(), "{file}");
    }
    let config = mingluo_speaker::config::Config::read(&tree.join("etc/mingluo/speaker.toml")).unwrap();
    let own =
        [&config.own.state_dir, &config.city.key_file, &config.trust.root_file, &config.trust.keys_file];
    assert!(own.iter().all(|path| path.starts_with("/var/lib/mingluo-speaker")), "{own:?}");
    assert_eq!(fs::read_to_string(tree.join("DEBIAN/conffiles")).unwrap(), "/etc/mingluo/speaker.toml\n");
}
