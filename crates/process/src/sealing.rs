//! Encryption at rest: AES-256-GCM with a random nonce. The key's name and what a text is of are bound to it, so that none
//! opens as another's. Old keys open, the first one seals.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::{ExposeSecret, SecretString};

/// What some encrypted texts want.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The names of their keys.
    pub keys: BTreeSet<String>,
    /// How many of them no key of ours opens, by the name of their key.
    pub closed: BTreeMap<String, usize>,
}

impl Wanted {
    /// Notes a text of `of`, tried with these keys.
    pub fn note(&mut self, keys: Option<&Keys>, of: &str, text: &str) {
        let name = text.split('.').next().unwrap_or_default();
        if !self.keys.contains(name) {
            self.keys.insert(name.to_owned());
        }
        if keys.is_none_or(|keys| keys.open(of, text).is_none()) {
            *self.closed.entry(name.to_owned()).or_default() += 1;
        }
    }
}

/// The keys, by name; the first one seals.
pub struct Keys {
    keys: Vec<(String, LessSafeKey)>,
}

/// Keys of 32 bytes by name, as they stand in `variable`.
pub fn named(variable: &str, text: &SecretString) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let entries = text.expose_secret().split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let read = |(at, entry): (usize, &str)| {
        let (name, key) = entry.split_once(':').with_context(|| format!("{variable}: entry {} is not name:key", at + 1))?;
        anyhow::ensure!(!name.is_empty() && !name.contains('.'), "{variable}: entry {} has no name, or one with a dot", at + 1);
        let bytes = BASE64.decode(key).ok().filter(|bytes| bytes.len() == 32);
        Ok((name.to_owned(), bytes.with_context(|| format!("{variable}: the key '{name}' is not 32 bytes in base64"))?))
    };
    entries.enumerate().map(read).collect()
}

impl Keys {
    /// From `name:key` (32 bytes in base64), separated by commas, as they stand in `variable`.
    ///
    /// # Errors
    /// Tells which entry is wrong, never what it is.
    pub fn parse(variable: &str, text: &SecretString) -> anyhow::Result<Keys> {
        let mut keys = Vec::new();
        for (name, bytes) in named(variable, text)? {
            let key = UnboundKey::new(&AES_256_GCM, &bytes).ok().with_context(|| format!("{variable}: the key '{name}' is none"))?;
            keys.push((name, LessSafeKey::new(key)));
        }
        anyhow::ensure!(!keys.is_empty(), "{variable} has no key");
        Ok(Keys { keys })
    }

    fn bound_to(of: &str, name: &str) -> Aad<String> {
        Aad::from(format!("{of} {name}"))
    }

    /// The encrypted text of what `of` keeps secret; none where the system gives no randomness.
    pub fn seal(&self, of: &str, mut secret: Vec<u8>) -> Option<String> {
        let (name, key) = self.keys.first()?;
        let nonce: [u8; NONCE_LEN] = rand::random();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Keys::bound_to(of, name), &mut secret).ok()?;
        Some(format!("{name}.{}", BASE64.encode([nonce.as_slice(), &secret].concat())))
    }

    /// What an encrypted text of `of` holds; none where no key of ours opens it.
    pub fn open(&self, of: &str, text: &str) -> Option<Vec<u8>> {
        let (name, sealed) = text.split_once('.')?;
        let (_, key) = self.keys.iter().find(|(known, _)| known == name)?;
        let mut bytes = BASE64.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        key.open_in_place(nonce, Keys::bound_to(of, name), sealed).ok().map(|open| open.to_vec())
    }
}
