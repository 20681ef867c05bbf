//! The board's card: a small root file system as one archive (cpio, the "newc" form that kernels unpack), with a shell,
//! the drivers of the network, the box, and what an operator puts into its folder.

use anyhow::{Context as _, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Drivers in the order in which they need each other; Debian's kernel has them as modules.
const DRIVERS: [&str; 11] = [
    "usb-common",
    "usbcore",
    "roles",
    "udc-core",
    "phy-generic",
    "mii",
    "usbnet",
    "cdc_ether",
    "rndis_host",
    "cdc_subset",
    "dwc2",
];

/// Where the board's shell is asked for.
pub const SHELL_PORT: u16 = 2_323;

/// What the board does when it is switched on: afterwards it gives whoever asks on its network a shell, one after the other.
/// Not on a serial line: the emulated mini UART loses interrupts under load, and then what is typed stays unread for ever; the
/// other one is Bluetooth's.
const INIT: &str = r#"#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp /var /usr/bin /etc/mingluo
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for driver in DRIVERS; do insmod /drivers/$driver.ko; done
card=
while [ -z "$card" ]; do
  for name in /sys/class/net/*; do
    case $name in */lo) ;; *) card=${name##*/} ;; esac
  done
  sleep 0.1
done
ip link set lo up
ip address add 10.0.2.15/24 dev "$card"
ip link set "$card" up
while :; do nc -l -p SHELL_PORT -e sh; done
"#;

/// An archive being written.
#[derive(Debug, Default)]
pub struct Card {
    archive: Vec<u8>,
    files: u32,
}

impl Card {
    /// The board's system, out of unpacked packages, and the box in the place where the unit file looks for it.
    ///
    /// # Errors
    /// Names the file that is missing.
    pub fn of(root: &Path, box_program: &Path) -> Result<Self> {
        let mut card = Self::default();
        for dir in ["bin", "dev", "drivers", "etc", "etc/mingluo", "usr", "usr/bin", "var", "var/lib"] {
            card.put(dir, 0o040_755, &[]);
        }
        card.program("bin/busybox", &root.join("bin/busybox"))?;
        card.program("usr/bin/mingluo-speaker", box_program)?;
        for driver in DRIVERS {
            let file = find(&root.join("lib/modules"), &format!("{driver}.ko"))?;
            card.put(&format!("drivers/{driver}.ko"), 0o100_644, &read(&file)?);
        }
        let init = INIT.replace("DRIVERS", &DRIVERS.join(" ")).replace("SHELL_PORT", &SHELL_PORT.to_string());
        card.put("init", 0o100_755, init.as_bytes());
        Ok(card)
    }

    fn program(&mut self, name: &str, file: &Path) -> Result<()> {
        self.put(name, 0o100_755, &read(file)?);
        Ok(())
    }

    /// A file that only root may read.
    pub fn file(&mut self, name: &str, content: &[u8]) {
        self.put(name, 0o100_600, content);
    }

    /// The archive.
    pub fn finish(mut self) -> Vec<u8> {
        self.put("TRAILER!!!", 0, &[]);
        self.archive
    }

    /// One member. Source: Documentation/driver-api/early-userspace/buffer-format.rst of the kernel.
    fn put(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.files += 1;
        let fields =
            [self.files, mode, 0, 0, 1, 0, content.len() as u32, 0, 0, 0, 0, name.len() as u32 + 1, 0];
        self.archive.extend_from_slice(b"070701");
        for field in fields {
            self.archive.extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.archive.extend_from_slice(name.as_bytes());
        self.archive.push(0);
        self.align();
        self.archive.extend_from_slice(content);
        self.align();
    }

    fn align(&mut self) {
        self.archive.resize(self.archive.len().next_multiple_of(4), 0);
    }
}

/// The kernel and the board's description in unpacked packages.
///
/// # Errors
/// Names what is missing.
pub fn kernel(root: &Path) -> Result<(PathBuf, PathBuf)> {
    let boot = root.join("boot");
    let images = fs::read_dir(&boot).with_context(|| boot.display().to_string())?;
    let is_image = |path: &PathBuf| path.to_string_lossy().contains("/vmlinuz-");
    let image = images.filter_map(|entry| Some(entry.ok()?.path())).find(is_image);
    let board = find(&root.join("usr/lib"), "bcm2837-rpi-3-b.dtb")?;
    Ok((image.context("--root: no vmlinuz in boot")?, board))
}

fn find(dir: &Path, name: &str) -> Result<PathBuf> {
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).with_context(|| dir.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() && !path.is_symlink() {
                open.push(path);
            } else if path.file_name().is_some_and(|found| found == name) {
                return Ok(path);
            }
        }
    }
    bail!("--root: no {name} in {}", dir.display())
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| file.display().to_string())
}
