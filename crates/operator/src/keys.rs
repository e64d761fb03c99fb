//! Keys: those of processes, those that encrypt and hash, and the one that a demo keeps beside its data.

use std::fmt::Write as _;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;

use crate::{OWNERS, PROCESSES};

/// The key of what is encrypted, where the hub keeps one itself: its file's name, in the data folder and in a backup.
pub const KEY: &str = "loan_file.key";

/// The key that a hub keeps itself, where it does.
///
/// # Errors
/// One that can't be read.
pub fn kept_key(data_dir: &Path) -> anyhow::Result<Option<String>> {
    let path = data_dir.join(KEY);
    match fs::read_to_string(&path) {
        Ok(key) => Ok(Some(key.trim().to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{} can't be read", path.display())),
    }
}

/// The demo's key of loan files, made once and kept beside its data.
///
/// # Errors
/// A folder that can't be written, or a key that can't be read.
pub fn demo_key(folder: &Path) -> anyhow::Result<String> {
    if let Some(key) = kept_key(folder)? {
        return Ok(key);
    }
    let key = format!("demo:{}", new_key());
    fs::create_dir_all(folder)?;
    let path = folder.join(KEY);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).context("the demo's key can't be kept")?;
    writeln!(file, "{key}")?;
    Ok(key)
}

/// A key of 32 bytes, as `LOAN_FILE_KEYS` and its like have them.
pub fn new_key() -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(rand::random::<[u8; 32]>())
}

/// Keys for these processes, or for all: what each is told, and what all of them are.
///
/// # Errors
/// No randomness.
pub fn of(names: &[String]) -> anyhow::Result<String> {
    let names: Vec<&str> = if names.is_empty() { PROCESSES.to_vec() } else { names.iter().map(String::as_str).collect() };
    let (private, public) = service::identity::make_ring(&names)?;
    let mut text = String::new();
    for (name, key) in &private {
        writeln!(text, "# {name}\nIDENTITY_KEY={key}")?;
        if OWNERS.contains(&name.as_str()) {
            writeln!(text, "HASH_KEYS=k1:{}", new_key())?;
        }
    }
    writeln!(text, "# all of them\nIDENTITY_PUBLIC_KEYS={}", public.join(","))?;
    Ok(text)
}
