//! What the figures were taken on, as the kernel tells it.

use anyhow::Context as _;
use serde::Serialize;
use std::{fs, path::Path, thread};

/// Ticks of the kernel's clock in a second, as user space sees it (proc(5); 100 on every Linux).
const TICKS: f64 = 100.0;

/// A machine with a load below this for each core is calm enough to quote figures of.
const CALM: f64 = 0.5;

/// The machine and how busy it was.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Machine {
    pub(super) cores: usize,
    pub(super) processor: String,
    pub(super) kernel: String,
    /// The file system of the folder used.
    pub(super) file_system: String,
    /// Mean of the runnable tasks over 1, 5 and 15 minutes, before anything was measured.
    pub(super) load: [f64; 3],
}

impl Machine {
    /// Has its memory touched, and looks at it.
    pub(super) fn ready(folder: &Path) -> Self {
        let machine = Self::look(folder);
        touch_memory();
        machine
    }

    pub(super) fn look(folder: &Path) -> Self {
        Self {
            cores: thread::available_parallelism().map_or(1, usize::from),
            processor: line("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".into()),
            kernel: text("/proc/sys/kernel/osrelease").trim().to_owned(),
            file_system: file_system(folder),
            load: load(),
        }
    }

    /// Whether nobody else seems to work on it.
    pub(super) fn is_calm(&self) -> bool {
        self.load[0] < CALM * self.cores as f64
    }
}

/// The load of now.
pub(super) fn load() -> [f64; 3] {
    let text = text("/proc/loadavg");
    let mut means = text.split_whitespace().filter_map(|mean| mean.parse().ok());
    std::array::from_fn(|_| means.next().unwrap_or(f64::NAN))
}

/// Processor seconds that a process has used, in the kernel and outside; `None` when it is gone.
pub(super) fn cpu_s(process: &str) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in brackets may hold blanks; utime and stime are the 14th and 15th field (proc(5)).
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: Vec<f64> =
        fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    (ticks.len() == 2).then(|| ticks.iter().sum::<f64>() / TICKS)
}

/// The most memory that a process has held at once, in bytes.
pub(super) fn peak_memory(process: &str) -> Option<u64> {
    let peak = line(&format!("/proc/{process}/status"), "VmHWM")?;
    peak.trim_end_matches(" kB").parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// The memory that a process holds now (VmRSS of proc(5)), in kilobytes.
pub(super) fn resident_kb(process: &str) -> anyhow::Result<u64> {
    let held = line(&format!("/proc/{process}/status"), "VmRSS").context("VmRSS")?;
    Ok(held.trim_end_matches(" kB").parse()?)
}

/// Forgets the peak so far, where the kernel allows it (proc(5), `clear_refs`).
pub(super) fn forget_peak() {
    let _kept = fs::write("/proc/self/clear_refs", "5");
}

/// Touches an eighth of the memory that is free, two gigabytes at most, and gives it back. A virtual machine is given its
/// memory by its host at the first touch, which takes several microseconds a page and would be counted as somebody's own.
pub(super) fn touch_memory() {
    const MOST: usize = 2 << 30;
    const PAGE: usize = 4096;
    let free = line("/proc/meminfo", "MemAvailable");
    let free = free.and_then(|free| free.trim_end_matches(" kB").parse::<usize>().ok()).unwrap_or_default();
    let mut block = vec![0_u8; (free * 1024 / 8).min(MOST)];
    block.iter_mut().step_by(PAGE).for_each(|octet| *octet = 1);
    std::hint::black_box(&block);
}

/// Bytes that this process has had written to disks.
pub(super) fn written_bytes() -> Option<u64> {
    line("/proc/self/io", "write_bytes")?.parse().ok()
}

fn file_system(folder: &Path) -> String {
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let mounts = text("/proc/mounts");
    let holders = mounts.lines().filter_map(|mount| {
        let mut fields = mount.split(' ').skip(1);
        let (point, kind) = (fields.next()?, fields.next()?);
        folder.starts_with(point).then_some((point.len(), kind))
    });
    holders.max().map_or_else(|| "unknown".into(), |(_, kind)| kind.to_owned())
}

fn line(file: &str, name: &str) -> Option<String> {
    let text = text(file);
    let (_, value) =
        text.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.trim() == name)?;
    Some(value.trim().to_owned())
}

fn text(file: &str) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_knows_what_it_used() {
        assert!(cpu_s("self").unwrap() >= 0.0);
        assert!(peak_memory("self").unwrap() > 1 << 20);
        assert!(written_bytes().is_some());
        assert_eq!(cpu_s("0"), None);
    }

    #[test]
    fn a_machine_is_described() {
        let machine = Machine::look(Path::new("/"));
        assert!(machine.cores > 0 && machine.load[0] >= 0.0);
        assert_ne!(machine.file_system, "unknown");
    }
}
