//! Files that must be there wholly or not at all, whenever power goes.

use std::{
    fs::File,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// Puts this content in the place of a file, with these rights; when it returns it is on the card.
pub(crate) fn replace(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let fresh = path.with_added_extension("new");
    // One that a power cut left behind may have other rights.
    let _gone = std::fs::remove_file(&fresh);
    let mut file = File::options().create_new(true).write(true).mode(mode).open(&fresh)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)?;
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(dir)?.sync_all()
}
