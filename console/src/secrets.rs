//! Secret files that others can read (密钥文件权限). Secrets come by files, so that their rights protect them; a file that
//! everybody may read protects nothing. Any key that names a secret's file counts, whatever table it stands in.

use mingluo_model::problem::Problem;
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};
use toml::{Table, Value};

/// How keys end that name a file with a secret; `ca_file`, `cert_file` and the like are public.
const SECRET: [&str; 5] = ["password_file", "secret_file", "token_file", "key_file", "keys_file"];

/// Rights of the group and of all others.
const OTHERS: u32 = 0o077;

/// A secret's file with rights for others.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {} has mode {mode:03o}", path.display())]
pub(crate) struct OpenSecret {
    /// The key that names it, with its table.
    pub(crate) field: String,
    /// The file.
    pub(crate) path: PathBuf,
    /// Its rights.
    pub(crate) mode: u32,
}

impl Problem for OpenSecret {
    fn code(&self) -> &'static str {
        "secret-open"
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let path = self.path.display().to_string();
        vec![("field", self.field.clone()), ("path", path), ("mode", format!("{:03o}", self.mode))]
    }
}

/// The secret files of a configuration that others than their owner may read or write. What cannot be read at all is
/// found by who needs it.
pub(crate) fn open_to_others(config: &Path) -> Vec<OpenSecret> {
    let table = fs::read_to_string(config).ok().and_then(|text| text.parse::<Table>().ok());
    let mut open = Vec::new();
    if let Some(table) = table {
        look("", &table, &mut open);
    }
    open
}

fn look(above: &str, table: &Table, open: &mut Vec<OpenSecret>) {
    for (key, value) in table {
        let field = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        match value {
            Value::Table(table) => look(&field, table, open),
            Value::Array(tables) => {
                tables.iter().filter_map(Value::as_table).for_each(|table| look(&field, table, open));
            }
            Value::String(path) if SECRET.iter().any(|end| key.ends_with(end)) => {
                open.extend(rights(field, Path::new(path)));
            }
            _ => {}
        }
    }
}

fn rights(field: String, path: &Path) -> Option<OpenSecret> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & OTHERS != 0).then(|| OpenSecret { field, path: path.to_owned(), mode })
}
