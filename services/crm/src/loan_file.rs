//! The loan file of a lead: one encrypted text in its row.
//!
//! AES-256-GCM with a random nonce; the key's name and the lead's id are bound to it, so that no text opens under another
//! lead. Old keys open, the first one seals.

use anyhow::Context;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::{Identity, Kind as Who, Role};
use jsonrpc::Fault;
use records::{Field, Kind};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value as Json};

/// The column that holds it.
pub const COLUMN: &str = "loan_file";

/// What is in it that a lead's `partner` brings.
pub fn partner_fields() -> Vec<Field> {
    vec![
        Field::new("salary", Kind::Monetary, "Salary"),
        Field::new("birth_date", Kind::Date, "Birth date"),
        Field::new("monthly_payment", Kind::Monetary, "Monthly payment"),
        Field::new("periodicity", Kind::Integer, "Number of payments"),
    ]
}

/// What is in it that a lead's `file_info` brings.
pub fn file_fields() -> Vec<Field> {
    vec![
        Field::new("file_number", Kind::Integer, "File number"),
        Field::new("client_number", Kind::Char(64), "Client's number"),
        Field::new("order_status", Kind::Char(64), "Order's status"),
        Field::new("progress", Kind::Float, "Progress"),
        Field::new("file_state", Kind::Char(64), "File's state"),
    ]
}

/// All of it, as fields of the lead.
pub fn fields() -> impl Iterator<Item = Field> {
    let all = partner_fields().into_iter().chain(file_fields());
    all.map(|field| field.sealed_in(COLUMN).readable_by(may_read).writable_by(may_write))
}

/// Administrators, the platform, and from analysts on the bank's users.
fn may_read(identity: &Identity) -> bool {
    match identity.kind() {
        Who::Administrator | Who::Integration => true,
        Who::Staff => false,
        Who::Bank(_) => identity.role.is_some_and(|role| role >= Role::RoleCreditAnalystEk),
    }
}

/// It comes with its lead, whoever sends that; afterwards the platform alone changes it.
fn may_write(identity: &Identity) -> bool {
    identity.kind() == Who::Integration || identity.uid == Identity::system().uid
}

/// The keys, by name; the first one seals.
pub struct Keys {
    keys: Vec<(String, LessSafeKey)>,
}

impl Keys {
    /// From `name:key` (32 bytes in base64), separated by commas.
    ///
    /// # Errors
    /// Tells which entry is wrong, never what it is.
    pub fn parse(text: &SecretString) -> anyhow::Result<Keys> {
        let mut keys = Vec::new();
        for (at, entry) in text.expose_secret().split(',').map(str::trim).filter(|entry| !entry.is_empty()).enumerate() {
            let (name, key) = entry.split_once(':').with_context(|| format!("LOAN_FILE_KEYS: entry {} is not name:key", at + 1))?;
            anyhow::ensure!(!name.is_empty() && !name.contains('.'), "LOAN_FILE_KEYS: entry {} has no name, or one with a dot", at + 1);
            let bytes = BASE64.decode(key).ok().filter(|bytes| bytes.len() == 32);
            let bytes = bytes.with_context(|| format!("LOAN_FILE_KEYS: the key '{name}' is not 32 bytes in base64"))?;
            let key = UnboundKey::new(&AES_256_GCM, &bytes).ok().with_context(|| format!("LOAN_FILE_KEYS: the key '{name}' is none"))?;
            keys.push((name.to_owned(), LessSafeKey::new(key)));
        }
        anyhow::ensure!(!keys.is_empty(), "LOAN_FILE_KEYS has no key");
        Ok(Keys { keys })
    }

    fn bound_to(name: &str, lead: i64) -> Aad<String> {
        Aad::from(format!("crm.lead {lead} {name}"))
    }

    /// The encrypted text of a lead's file.
    ///
    /// # Errors
    /// 500 when the system gives no randomness.
    pub fn seal(&self, lead: i64, file: &Map<String, Json>) -> Result<String, Fault> {
        let failed = || service::our_fault("crm", "a loan file could not be encrypted", &lead);
        let (name, key) = self.keys.first().ok_or_else(failed)?;
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut text = serde_json::to_vec(file).ok().ok_or_else(failed)?;
        let sealed = key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Keys::bound_to(name, lead), &mut text);
        sealed.ok().ok_or_else(failed)?;
        Ok(format!("{name}.{}", BASE64.encode([nonce.as_slice(), &text].concat())))
    }

    /// What an encrypted text of a lead holds.
    ///
    /// # Errors
    /// 500 where no key of ours opens it; what is wrong goes to the log.
    pub fn open(&self, lead: i64, text: &str) -> Result<Map<String, Json>, Fault> {
        self.try_open(lead, text).ok_or_else(|| {
            let which = format!("lead {lead}, key '{}'", text.split('.').next().unwrap_or_default());
            service::our_fault("crm", "a loan file can't be opened: LOAN_FILE_KEYS lacks its key, or the text is another lead's", &which)
        })
    }

    fn try_open(&self, lead: i64, text: &str) -> Option<Map<String, Json>> {
        let (name, sealed) = text.split_once('.')?;
        let (_, key) = self.keys.iter().find(|(known, _)| known == name)?;
        let mut bytes = BASE64.decode(sealed).ok()?;
        if bytes.len() < NONCE_LEN {
            return None;
        }
        let mut text = bytes.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&bytes).ok()?;
        let open = key.open_in_place(nonce, Keys::bound_to(name, lead), &mut text).ok()?;
        serde_json::from_slice(open).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys(text: &str) -> anyhow::Result<Keys> {
        Keys::parse(&text.to_owned().into())
    }

    fn key(byte: u8) -> String {
        BASE64.encode([byte; 32])
    }

    #[test]
    fn a_file_opens_under_its_lead_and_key_alone() {
        let file = json!({"salary": "900000.00", "birth_date": "1993-11-03"}).as_object().unwrap().clone();
        let old = keys(&format!("old:{}", key(1))).unwrap();
        let sealed = old.seal(7, &file).unwrap();
        assert!(sealed.starts_with("old.") && !sealed.contains("900000"));
        assert_ne!(sealed, old.seal(7, &file).unwrap(), "a nonce of its own each time");
        let both = keys(&format!("new:{},old:{}", key(2), key(1))).unwrap();
        assert_eq!(both.open(7, &sealed).unwrap(), file, "an old key opens");
        assert!(both.seal(7, &file).unwrap().starts_with("new."), "the first one seals");
        assert!(both.open(8, &sealed).is_err(), "another lead");
        assert!(keys(&format!("old:{}", key(3))).unwrap().open(7, &sealed).is_err(), "another key of that name");
        for broken in ["", "old", "old.", "old.AAAA", "old.!!", "none.AAAA"] {
            assert!(both.open(7, broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_wrong_key_is_named_and_not_told() {
        for text in ["", "nocolon", "a:short", "a.b:x", ":x"] {
            let message = keys(text).err().unwrap().to_string();
            assert!(message.contains("LOAN_FILE_KEYS") && !message.contains("short"), "{message}");
        }
    }
}
