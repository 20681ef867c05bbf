//! Files beside the authority: lists that a person can read, each replaced wholly or not at all.

use anyhow::Context as _;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
};

/// The rows of a CSV.
pub(super) fn read<T: DeserializeOwned>(file: &Path) -> anyhow::Result<Vec<T>> {
    let unread =
        || format!("{}: 登记表读不了，请用备份 / the list cannot be read; use your copy", file.display());
    let mut reader = csv::Reader::from_path(file).with_context(unread)?;
    reader.deserialize().collect::<Result<_, _>>().with_context(unread)
}

/// Puts these rows in the place of the CSV of this name.
pub(super) fn write<T: Serialize>(dir: &Path, name: &str, header: &[&str], rows: &[T]) -> anyhow::Result<()> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.serialize(row)?;
    }
    replace(dir, name, &writer.into_inner()?)
}

/// Puts this content in the place of the file of this name; it is on the disk when this returns.
pub(super) fn replace(dir: &Path, name: &str, content: &[u8]) -> anyhow::Result<()> {
    let (fresh, file) = (dir.join(format!("{name}.new")), dir.join(name));
    let write = || {
        let mut out = File::create(&fresh)?;
        out.write_all(content)?;
        out.sync_all()?;
        fs::rename(&fresh, &file)?;
        File::open(dir)?.sync_all()
    };
    let unwritten =
        || format!("{}: 写不了，请查权限和磁盘 / cannot be written; look at rights and disk", file.display());
    write().with_context(unwritten)
}
