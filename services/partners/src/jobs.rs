//! `ek.job`: an export or an import that somebody began, can leave, and finds again within a day, with the file that goes in or comes
//! out. Whoever does the work writes down how far it is, as the user. A job is work that waits, or a log of it: nobody is told of it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::{Identity, Kind as Who};
use jsonrpc::{Fault, strict};
use records::files::Part;
use records::model::{Kept, clip};
use records::tx::Found;
use records::values::{Mode, Problems, is_unset};
use records::{Access, Failure, Field, Filter, Kind, Model, Op, Tx, Value, Values, sql};
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};
use service::{Asked, Behaviour, Changing, Owner, directory};
use sha2::{Digest, Sha256};

use crate::Partners;

/// The largest file, in bytes.
const MAX_BYTES: usize = 10 << 20;
/// How many jobs a user may have: each may keep a file.
const MAX_JOBS: i64 = 20;
/// The longest text of what was asked, in characters.
const MAX_PARAMS: usize = 20_000;
/// How often those whose time is over are removed.
const SWEEP: Duration = Duration::from_secs(60);
/// How many go at a time.
const SWEPT: i64 = 100;
const FILE: &str = "file";
const PARAMS: &str = "params";
const KEPT: Kept = Kept { table: "ek_job_file", is_sealed: false };

/// The declaration.
pub fn model(_: &Partners) -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(254), "Name").required(),
        Field::new("user_id", Kind::Many2one("res.users"), "User").readonly(),
        Field::new("kind", Kind::Selection(&["export", "import"]), "Kind").required(),
        Field::new("model", Kind::Char(64), "Model").required().help("The name of the model whose records go out or come in."),
        Field::new("state", Kind::Selection(&["waiting", "running", "done", "failed"]), "State").default("waiting"),
        Field::new("done", Kind::Integer, "Records done"),
        Field::new("total", Kind::Integer, "Records in all"),
        Field::new("message", Kind::Text(2_000), "What went wrong").personal(),
        Field::new(PARAMS, Kind::Text(MAX_PARAMS), "What was asked").personal().help("JSON as text."),
        Field::binary(FILE, "File", KEPT.table)
            .seen_as(own_file)
            .help("What is imported, or was exported: CSV, a workbook or a PDF of at most 10 MB. For the user alone."),
        Field::new("file_name", Kind::Char(254), "File name").personal(),
        Field::new("expires_at", Kind::Datetime, "Kept until")
            .readonly()
            .help("Then it is removed with its file: 24 hours after it was made, or earlier where its user begins many more."),
    ];
    Model::new("ek.job", "ek_job", "Job", fields, access).order("id desc").queue()
}

/// One's own; an administrator sees everybody's.
fn access(identity: &Identity) -> Access {
    let own = || Filter::leaf("user_id", Op::Eq, identity.uid);
    let access = Access { writable: Some(own()), ..Access::all() };
    match identity.kind() {
        Who::Administrator => access,
        Who::Staff | Who::Integration | Who::Bank(_) | Who::Clerk { .. } | Who::Outsider => access.only(own()),
    }
}

/// A file is its user's alone: there may be clients in it.
fn own_file(identity: &Identity, field: &Field) -> String {
    format!("CASE WHEN {{t}}.user_id = {} THEN {{t}}.{} END", identity.uid, field.name)
}

/// A job that is begun or goes on, with its file if one came with it.
#[derive(Default)]
pub struct Job(Option<Part>);

impl Behaviour<Partners> for Job {
    async fn prepare(asked: Asked<'_, Partners>, data: &mut Map<String, Json>) -> Result<Job, Fault> {
        let text = |name: &str| data.get(name).and_then(Json::as_str).map(str::trim).filter(|text| !text.is_empty());
        if let Some(model) = text("model").filter(|model| directory::known(model).is_none()) {
            asked.problems.push(format!("`model`: there is no model '{}'", clip(model)));
        }
        if let Some(params) = text(PARAMS).filter(|params| params.chars().count() <= MAX_PARAMS) {
            let read = serde_json::from_str::<&RawValue>(params).map_err(|error| error.to_string());
            if let Err(problem) = read.and_then(|raw| strict::value(PARAMS, raw).map_err(|fault| fault.message)) {
                asked.problems.push(format!("`{PARAMS}` is no JSON: {problem}"));
            }
        }
        let Some(sent) = data.get_mut(FILE).filter(|sent| !is_unset(sent)) else { return Ok(Job(None)) };
        let text = match sent.take() {
            Json::String(text) => text,
            other => {
                asked.problems.push(format!("`{FILE}` is {}: a file in base64 was expected", strict::kind(&other)));
                return Ok(Job(None));
            }
        };
        let read = tokio::task::spawn_blocking(move || read(&text)).await;
        match read.map_err(|error| service::our_fault("partners", "a file can't be read", &error))? {
            Ok(part) => {
                *sent = part.checksum.as_str().into();
                Ok(Job(Some(part)))
            }
            Err(problem) => {
                asked.problems.push(format!("`{FILE}`: {problem}"));
                Ok(Job(None))
            }
        }
    }

    async fn create(&self, Changing { tx, model, .. }: Changing<'_, '_, Partners>, data: Map<String, Json>) -> Result<i64, Failure> {
        let values = self.checked(tx, model, Mode::Create, data).await?;
        let user = tx.identity.uid;
        tx.ids(sql!("jobs/lock.sql", user)).await?;
        tx.run(sql!("jobs/give_way.sql", user, MAX_JOBS)).await?;
        if tx.ids(sql!("jobs/of_user.sql", user)).await?.iter().any(|jobs| *jobs >= MAX_JOBS) {
            return Err(
                Fault::validation(format!("{MAX_JOBS} jobs of yours wait or run: that is as many as there may be. Remove one.")).into()
            );
        }
        let made = tx.ids(sql!("jobs/make.sql", plain(&values), user, tx.author.origin)).await?;
        let id = made.first().copied().ok_or_else(Fault::busy)?;
        self.keep(tx, &[id], &values).await?;
        Ok(id)
    }

    async fn write(
        &self,
        Changing { tx, model, .. }: Changing<'_, '_, Partners>,
        found: Found,
        data: Map<String, Json>,
    ) -> Result<(), Failure> {
        let values = self.checked(tx, model, Mode::Write, data).await?;
        if values.is_empty() {
            return Ok(());
        }
        tx.run(sql!("jobs/change.sql", found.ids.clone(), plain(&values), tx.identity.uid)).await?;
        self.keep(tx, &found.ids, &values).await
    }

    async fn unlink(&self, Changing { tx, .. }: Changing<'_, '_, Partners>, found: Found) -> Result<(), Failure> {
        tx.run(sql!("jobs/end.sql", found.ids, Vec::<i64>::new())).await.map(drop)
    }
}

impl Job {
    async fn checked(&self, tx: &mut Tx<'_>, model: &Model, mode: Mode, data: Map<String, Json>) -> Result<Values, Failure> {
        let mut problems: Problems = tx.problems();
        let values = tx.check(model, mode, data, &mut problems).await?;
        for name in ["done", "total"] {
            if values.get(name).and_then(Value::plain).and_then(Json::as_i64).is_some_and(|number| number < 0) {
                problems.add(format!("`{name}` is less than nothing"));
            }
        }
        if let (Some(checksum), None) = (values.text(FILE), &self.0) {
            problems.add(format!("`{FILE}` did not come as a file: '{}'", clip(checksum)));
        }
        problems.check()?;
        Ok(values)
    }

    async fn keep(&self, tx: &mut Tx<'_>, ids: &[i64], values: &Values) -> Result<(), Failure> {
        match (values.get(FILE), &self.0) {
            (None, _) => Ok(()),
            (Some(_), Some(part)) => tx.keep_parts(KEPT, ids, std::slice::from_ref(part)).await,
            (Some(_), None) => tx.drop_parts(KEPT, ids).await,
        }
    }
}

/// What these values say, as JSON text.
fn plain(values: &Values) -> String {
    let plain = values.iter().filter_map(|(name, value)| Some((name.to_owned(), value.plain()?.clone())));
    Json::Object(plain.collect()).to_string()
}

/// What a file is by its first bytes, with its bytes. A text must be one, so that no program is kept as a list.
fn read(base64: &str) -> Result<Part, String> {
    let base64: String = base64.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    if base64.len() / 4 * 3 > MAX_BYTES + 2 {
        return Err(format!("it has more than {} MB", MAX_BYTES >> 20));
    }
    let bytes = BASE64.decode(&base64).map_err(|error| format!("no base64: {error}"))?;
    let mimetype = match bytes.as_slice() {
        [b'P', b'K', 3, 4, ..] => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        [b'%', b'P', b'D', b'F', b'-', ..] => "application/pdf",
        text if std::str::from_utf8(text).is_ok_and(|text| !text.contains('\0')) => "text/csv",
        _ => return Err("it is neither a workbook nor a PDF, nor a text in UTF-8: nothing else is taken".to_owned()),
    };
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    Ok(Part { field: FILE, mimetype, checksum: domain::hex(&Sha256::digest(&bytes)), size, text: base64 })
}

/// Removes all jobs of these users.
///
/// # Errors
/// The database's own.
pub async fn end_all(tx: &mut Tx<'_>, users: Vec<i64>) -> Result<(), Failure> {
    tx.run(sql!("jobs/end.sql", Vec::<i64>::new(), users)).await.map(drop)
}

/// Removes jobs whose time is over, row and bytes.
pub async fn sweep(owner: &Owner<Partners>) {
    loop {
        if let Err(fault) = sweep_once(owner).await {
            tracing::warn!(service = "partners", %fault, "jobs whose time is over can't be removed");
        }
        tokio::time::sleep(SWEEP).await;
    }
}

/// The same, once; answers how many they were.
///
/// # Errors
/// The database's own.
pub async fn sweep_once(owner: &Owner<Partners>) -> Result<usize, Fault> {
    let mut all = 0;
    loop {
        let gone = owner.database.run(sql!("jobs/sweep.sql", SWEPT)).await?;
        all += gone;
        // There may be more where it was full
        if !i64::try_from(gone).is_ok_and(|gone| gone >= SWEPT) {
            return Ok(all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_by_its_first_bytes() {
        for (bytes, kind) in [
            (&b"PK\x03\x04..."[..], "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (b"%PDF-1.7", "application/pdf"),
            ("id,nom\r\n1,\u{e9}t\u{e9}\r\n".as_bytes(), "text/csv"),
        ] {
            assert_eq!(read(&BASE64.encode(bytes)).unwrap().mimetype, kind);
        }
        for bytes in [&b"\xff\xd8\xff\xe0"[..], b"MZ\x90\x00", b"a\0b"] {
            assert!(read(&BASE64.encode(bytes)).unwrap_err().contains("neither"), "{bytes:?}");
        }
        assert!(read("!").unwrap_err().contains("no base64"));
        assert!(read(&"A".repeat(MAX_BYTES * 4 / 3 + 100)).unwrap_err().contains("more than 10 MB"));
    }
}
