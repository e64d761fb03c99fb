//! The loan file of a lead: one encrypted text in its row, bound to the lead. What lists of work need of it stands in columns too
//! (`file_step.rs`).

use diesel::QueryableByName;
use diesel::sql_types::Text;
use domain::{Identity, Kind as Who};
use jsonrpc::Fault;
use records::{Field, Kind, sql};
use secrecy::SecretString;
use serde_json::{Map, Value as Json};
use service::findings::Finding;
use service::sealing::Wanted;
use service::{Owner, sealing};

use crate::Crm;

/// The column that holds it.
pub const COLUMN: &str = "loan_file";
/// What of it stands in the open too, as columns of the lead.
pub const LISTED: [&str; 4] = ["file_number", "order_status", "progress", "file_state"];

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
    let kept = |field: Field| if LISTED.contains(&field.name) { field } else { field.sealed_in(COLUMN) };
    all.map(move |field| kept(field).readable_by(may_read).writable_by(may_write))
}

/// Administrators, the platform, and from analysts on the bank's users.
pub(crate) fn may_read(identity: &Identity) -> bool {
    match identity.kind() {
        Who::Administrator | Who::Integration => true,
        // A bank's users below analysts are clerks
        Who::Bank(_) => true,
        Who::Staff | Who::Clerk { .. } | Who::Outsider => false,
    }
}

/// It comes with its lead, whoever sends that; afterwards the platform alone changes it.
fn may_write(identity: &Identity) -> bool {
    identity.kind() == Who::Integration || identity.uid == Identity::system().uid
}

/// The keys of loan files.
pub struct Keys(sealing::Keys);

impl Keys {
    /// From `name:key` (32 bytes in base64), separated by commas.
    ///
    /// # Errors
    /// Tells which entry is wrong, never what it is.
    pub fn parse(text: &SecretString) -> anyhow::Result<Keys> {
        sealing::Keys::parse("LOAN_FILE_KEYS", text).map(Keys)
    }

    /// The keys themselves.
    pub(crate) fn ring(&self) -> &sealing::Keys {
        &self.0
    }

    /// The encrypted text of a lead's file.
    ///
    /// # Errors
    /// 500 when the system gives no randomness.
    pub fn seal(&self, lead: i64, file: &Map<String, Json>) -> Result<String, Fault> {
        let text = serde_json::to_vec(file)
            .map_err(|error| service::our_fault("crm", &format!("the loan file of lead {lead} can't be written"), &error))?;
        self.0.seal(&of(lead), text).ok_or_else(|| service::our_fault("crm", "a loan file could not be encrypted", &lead))
    }

    /// What an encrypted text of a lead holds.
    ///
    /// # Errors
    /// 500 where no key of ours opens it; what is wrong goes to the log.
    pub fn open(&self, lead: i64, text: &str) -> Result<Map<String, Json>, Fault> {
        let key = text.split_once('.').map_or("none", |(key, _)| key);
        let file = self.0.open(&of(lead), text).ok_or_else(|| {
            let which = format!("lead {lead}, key '{key}'");
            service::our_fault("crm", "a loan file can't be opened: LOAN_FILE_KEYS lacks its key, or the text is another lead's", &which)
        })?;
        serde_json::from_slice(&file)
            .map_err(|error| service::our_fault("crm", &format!("the loan file of lead {lead} can't be read"), &error))
    }

    /// The same where a key of ours opens it; nothing is told of it otherwise.
    pub fn open_if_ours(&self, lead: i64, text: &str) -> Option<Map<String, Json>> {
        serde_json::from_slice(&self.0.open(&of(lead), text)?).ok()
    }
}

fn of(lead: i64) -> String {
    format!("crm.lead {lead}")
}

/// Every loan file as it is kept: what it is bound to, and its text.
pub const SEALED: &str = include_str!("loan_file/sealed.sql");

/// A loan file as it is kept.
#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = Text)]
    bound_to: String,
    #[diesel(sql_type = Text)]
    text: String,
}

/// Whether the newest and the oldest loan files can be opened: a key may have been lost and another made under its name.
pub async fn examine(owner: &Owner<Crm>, keys: &Keys) -> Vec<Finding> {
    let files: Vec<Kept> = match owner.database.rows(sql!("loan_file/newest_and_oldest.sql")).await {
        Err(fault) => return vec![Finding::ill(format!("loan files can't be looked at: {}", fault.message))],
        Ok(files) => files,
    };
    let mut wanted = Wanted::default();
    files.iter().for_each(|file| wanted.note(Some(&keys.0), &file.bound_to, &file.text));
    let closed = wanted.closed.iter().map(|(key, many)| {
        Finding::ill(format!("{many} of the newest and oldest loan files can't be opened: LOAN_FILE_KEYS lacks the key '{key}', or has another under its name"))
    });
    let mut findings: Vec<Finding> = closed.collect();
    if findings.is_empty() && !files.is_empty() {
        findings.push(Finding::well("loan files can be opened"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD as BASE64;
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
