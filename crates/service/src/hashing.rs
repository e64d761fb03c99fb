//! Hashes of what was sent, to be compared later: HMAC-SHA256 under keys of the owner's own, for what they are made of is
//! personal, and a bare hash of it can be guessed. The first key hashes, all compare.

use anyhow::Context;
use aws_lc_rs::hmac;
use secrecy::SecretString;

use process::sealing;

/// The keys, by name, and whose they are.
pub struct Keys {
    owner: &'static str,
    keys: Vec<(String, hmac::Key)>,
}

impl Keys {
    /// From `name:key` (32 bytes in base64), separated by commas, as they stand in `variable`.
    ///
    /// # Errors
    /// Tells which entry is wrong, never what it is.
    pub fn parse(owner: &'static str, variable: &str, text: &SecretString) -> anyhow::Result<Keys> {
        let keys = sealing::named(variable, text)?;
        let keys: Vec<_> = keys.into_iter().map(|(name, bytes)| (name, hmac::Key::new(hmac::HMAC_SHA256, &bytes))).collect();
        keys.first().with_context(|| format!("{variable} has no key"))?;
        Ok(Keys { owner, keys })
    }

    /// Whether there is a key of this name.
    pub fn has(&self, name: &str) -> bool {
        self.keys.iter().any(|(known, _)| known == name)
    }

    /// The hash of a content `of` something, under each key: its name, a dot, hexadecimal digits. Those of two owners differ,
    /// even under the same key.
    pub fn hashes(&self, of: &str, content: &str) -> Vec<String> {
        let text = format!("{}\n{of}\n{content}", self.owner);
        let hash = |(name, key): &(String, hmac::Key)| format!("{name}.{}", domain::hex(hmac::sign(key, text.as_bytes()).as_ref()));
        self.keys.iter().map(hash).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(owner: &'static str, text: &str) -> Keys {
        Keys::parse(owner, "HASH_KEYS", &text.to_owned().into()).unwrap()
    }

    #[test]
    fn a_hash_is_of_one_owner_one_thing_and_one_key() {
        let (a, b) = (format!("a:{}A=", "A".repeat(42)), format!("b:{}E=", "A".repeat(42)));
        let hash = |owner, keys_: &str| keys(owner, keys_).hashes("crm.lead", "x");
        assert_eq!(hash("crm", &a), hash("crm", &a));
        assert_ne!(hash("crm", &a), hash("stock", &a));
        assert_ne!(keys("crm", &a).hashes("crm.lead", "x"), keys("crm", &a).hashes("crm.stage", "x"));
        let both = hash("crm", &format!("{b},{a}"));
        assert!(both.len() == 2 && both[0].starts_with("b.") && both[1] == hash("crm", &a)[0]);
        let refused = Keys::parse("crm", "HASH_KEYS", &"a:short".to_owned().into()).err().unwrap().to_string();
        assert!(refused.contains("HASH_KEYS") && !refused.contains("short"), "{refused}");
    }
}
