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
    let mut reader = csv::Reader::from_path(file).with_context(|| file.display().to_string())?;
    reader.deserialize().collect::<Result<_, _>>().with_context(|| file.display().to_string())
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
    let mut out = File::create(&fresh).with_context(|| fresh.display().to_string())?;
    out.write_all(content)?;
    out.sync_all()?;
    fs::rename(&fresh, &file).with_context(|| file.display().to_string())?;
    Ok(File::open(dir)?.sync_all()?)
}
