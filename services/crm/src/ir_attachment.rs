//! `ir.attachment`: the papers of a loan file, on a lead or an order. A paper is looked at by its first bytes, and sealed as the loan
//! file is: under a key of its own, which the loan files' keys seal. Who reads the loan file reads them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::{Identity, Kind as Who};
use jsonrpc::{Fault, strict};
use records::condition::denied;
use records::files::Part;
use records::model::Kept;
use records::tx::Found;
use records::values::{Mode, is_unset, whole};
use records::{Access, Body, Failure, Field, Filter, Kind, Model, Op, Tx, schema, sql};
use serde_json::{Map, Value as Json, json};
use service::sealing::Keys;
use service::{Asked, Behaviour, Changing, Owner, our_fault};
use sha2::{Digest, Sha256};

use crate::{Crm, loan_file};

/// The largest paper, in bytes.
const MAX_BYTES: usize = 10 << 20;
/// How many papers a lead or an order may have.
const MAX_PAPERS: usize = 20;
const DATAS: &str = "datas";
const KEPT: Kept = Kept { table: "ir_attachment_file", is_sealed: true };
/// The models whose records have papers, each with the column that leads there.
const OF: [(&str, &str); 2] = [("crm.lead", "lead_id"), ("sale.order", "order_id")];
/// The name of a paper's own key.
const OWN_KEY: &str = "own";

/// What opens each paper, as it is kept: what it is bound to, and its text.
pub const SEALED: &str = include_str!("ir_attachment/sealed.sql");

/// The declaration.
pub fn model(_: &Crm) -> Model {
    let res_model = "CASE WHEN {t}.lead_id IS NOT NULL THEN 'crm.lead' ELSE 'sale.order' END";
    let fields = vec![
        Field::new("name", Kind::Char(254), "Name").required().personal(),
        Field::computed("res_model", Kind::Char(64), "Resource model", res_model).help("crm.lead or sale.order."),
        Field::computed("res_id", Kind::Integer, "Resource ID", "coalesce({t}.lead_id, {t}.order_id)"),
        Field::computed("res_field", Kind::Char(64), "Resource field", "NULL::text"),
        Field::computed("type", Kind::Selection(&["binary"]), "Type", "'binary'::text"),
        Field::new("mimetype", Kind::Char(64), "Mime type").readonly().help("Told by the paper's first bytes."),
        Field::new("file_size", Kind::Integer, "File size").readonly(),
        Field::computed("checksum", Kind::Char(64), "Checksum", "{t}.datas").readable_by(loan_file::may_read).help("SHA-256."),
        Field::sealed_binary(DATAS, "File", KEPT.table)
            .readable_by(loan_file::may_read)
            .help("A PDF, JPEG or PNG of at most 10 MB. It stays as it is: another is a paper of its own."),
        Field::internal("lead_id", Kind::Many2one("crm.lead")),
        Field::internal("order_id", Kind::Many2one("sale.order")),
    ];
    Model::new("ir.attachment", "ir_attachment", "Attachment", fields, access).order("id desc")
}

/// Who sees a lead or an order sees which papers it has; who may write it adds and removes them.
fn access(identity: &Identity) -> Access {
    let of = |name: &str, value: Json| {
        Filter::Or(OF.iter().map(|(_, column)| Filter::path(&format!("{column}.{name}"), Op::Eq, value.clone())).collect())
    };
    match identity.kind() {
        Who::Administrator | Who::Staff | Who::Integration => Access::all(),
        Who::Bank(bank) => Access::all().only(of("bank_id", bank.into())),
        Who::Clerk { bank, code_pos } => Access::all().only(of("bank_id", bank.into())).only(of("code_pos", code_pos.into())),
        Who::Outsider => Access::none(),
    }
}

/// A paper that is to be kept.
struct Paper {
    of: usize,
    res_id: i64,
    mimetype: &'static str,
    checksum: String,
    bytes: Vec<u8>,
}

/// A paper that is added, if it is right; or one that is changed or removed.
#[derive(Default)]
pub struct IrAttachment(Option<Paper>);

impl Behaviour<Crm> for IrAttachment {
    async fn prepare(asked: Asked<'_, Crm>, data: &mut Map<String, Json>) -> Result<IrAttachment, Fault> {
        match asked.call.method.as_str() {
            "create" => {}
            "write" => {
                let fixed = ["res_model", "res_id", DATAS].into_iter().filter(|name| data.remove(*name).is_some());
                asked.problems.extend(fixed.map(|name| format!("`{name}` of a paper stays as it is: remove the paper, and add another")));
                return Ok(IrAttachment(None));
            }
            _ => return Ok(IrAttachment(None)),
        }
        // What its bytes tell, and what is always so
        for told in ["mimetype", "res_field", "file_size", "checksum"] {
            data.remove(told);
        }
        if let Some(other) = data.remove("type").filter(|kind| !is_unset(kind) && kind != "binary") {
            asked.problems.push(format!("`type` is {other}: only binary is possible"));
        }
        let of = data.remove("res_model").as_ref().and_then(Json::as_str).and_then(|of| OF.iter().position(|(model, _)| *model == of));
        let res_id = data.remove("res_id").as_ref().and_then(whole).filter(|id| *id > 0);
        if of.is_none() {
            asked.problems.push("`res_model` must be crm.lead or sale.order".to_owned());
        }
        if res_id.is_none() {
            asked.problems.push("`res_id` must be the id of the lead or the order".to_owned());
        }
        let text = match data.remove(DATAS) {
            Some(Json::String(text)) if !text.trim().is_empty() => text,
            Some(other) if !is_unset(&other) => {
                asked.problems.push(format!("`datas` is {}: a file in base64 was expected", strict::kind(&other)));
                return Ok(IrAttachment(None));
            }
            Some(_) | None => {
                asked.problems.push("`datas` is required: the file in base64".to_owned());
                return Ok(IrAttachment(None));
            }
        };
        let read =
            tokio::task::spawn_blocking(move || read(&text)).await.map_err(|error| our_fault("crm", "a paper can't be read", &error))?;
        Ok(IrAttachment(match (read, of, res_id) {
            (Ok((mimetype, checksum, bytes)), Some(of), Some(res_id)) => Some(Paper { of, res_id, mimetype, checksum, bytes }),
            (Ok(_), ..) => None,
            (Err(problem), ..) => {
                asked.problems.push(format!("`datas`: {problem}"));
                None
            }
        }))
    }

    async fn create(&self, Changing { service, tx, model }: Changing<'_, '_, Crm>, data: Map<String, Json>) -> Result<i64, Failure> {
        let mut problems = tx.problems();
        let mut values = tx.check(model, Mode::Create, data, &mut problems).await?;
        problems.check()?;
        let Some((paper, (of, column))) = self.0.as_ref().and_then(|paper| Some((paper, *OF.get(paper.of)?))) else {
            return Err(Fault::validation("A paper comes by itself: POST ir.attachment.").into());
        };
        let record = tx.registry.model(of)?;
        if !(record.access)(tx.identity).write {
            return Err(denied(record, "modify").into());
        }
        // Its lock makes others wait who add papers to it
        tx.find_ids(record, vec![paper.res_id]).await?;
        let there = papers_of(tx, column, &[paper.res_id]).await?.len();
        if there >= MAX_PAPERS {
            return Err(Fault::validation(format!("{of}({}) has {there} papers, {MAX_PAPERS} at most are possible", paper.res_id)).into());
        }
        values.set(column, paper.res_id);
        values.set("mimetype", paper.mimetype);
        let size = i64::try_from(paper.bytes.len()).unwrap_or(i64::MAX);
        values.set("file_size", size);
        values.set(DATAS, paper.checksum.as_str());
        let id = tx.insert(model, &values).await?;
        let text = seal(service.keys.ring(), id, paper.bytes.clone())?;
        let part = Part { field: DATAS, mimetype: paper.mimetype, checksum: paper.checksum.clone(), size, text };
        tx.keep_parts(KEPT, &[id], &[part]).await?;
        Ok(id)
    }

    async fn unlink(&self, Changing { tx, model, .. }: Changing<'_, '_, Crm>, found: Found) -> Result<(), Failure> {
        let ids = found.ids.clone();
        tx.unlink(model, found).await?;
        tx.drop_parts(KEPT, &ids).await
    }

    fn body(_: &Owner<Crm>, model: &Model, mode: Mode) -> Option<Body> {
        let body = Body::of(model, mode);
        Some(match mode {
            Mode::Write => body.without(DATAS),
            Mode::Create => body
                .with_required("res_model", json!({"type": "string", "enum": OF.map(|(model, _)| model)}))
                .with_required("res_id", json!({"type": "integer", "format": "int64", "minimum": 1, "maximum": i64::MAX}))
                .with_required(DATAS, schema::text(MAX_BYTES * 2))
                .with("type", json!({"type": "string", "enum": ["binary"]}))
                .with("mimetype", json!({"type": ["string", "null"], "description": "Not read: the first bytes tell."})),
        })
    }

    fn unseal(crm: &Crm, _: &Model, id: i64, text: &str) -> Result<Map<String, Json>, Fault> {
        let bytes = open(crm.keys.ring(), id, text).ok_or_else(|| {
            our_fault(
                "crm",
                "a paper can't be opened: LOAN_FILE_KEYS lacks its key, or the text is another's",
                &format!("ir.attachment {id}"),
            )
        })?;
        Ok(Map::from_iter([(DATAS.to_owned(), BASE64.encode(bytes).into())]))
    }
}

async fn papers_of(tx: &mut Tx<'_>, column: &str, ids: &[i64]) -> Result<Vec<i64>, Failure> {
    let (leads, orders) = if column == "lead_id" { (ids.to_vec(), Vec::new()) } else { (Vec::new(), ids.to_vec()) };
    tx.ids(sql!("ir_attachment/of_record.sql", leads, orders)).await
}

/// Removes the papers of leads or orders that are removed.
///
/// # Errors
/// The database's own.
pub async fn remove_of(tx: &mut Tx<'_>, model: &Model, ids: &[i64]) -> Result<(), Failure> {
    let Some((_, column)) = OF.iter().find(|(of, _)| *of == model.name) else { return Ok(()) };
    let papers = papers_of(tx, column, ids).await?;
    let own = tx.registry.model("ir.attachment")?;
    tx.unlink(own, Found { ids: papers.clone() }).await?;
    tx.drop_parts(KEPT, &papers).await
}

/// What a paper is by its first bytes, its checksum, and its bytes.
fn read(base64: &str) -> Result<(&'static str, String, Vec<u8>), String> {
    let base64: String = base64.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    if base64.len() / 4 * 3 > MAX_BYTES + 2 {
        return Err(format!("it has more than {} MB", MAX_BYTES >> 20));
    }
    let bytes = BASE64.decode(&base64).map_err(|error| format!("no base64: {error}"))?;
    let mimetype = match bytes.as_slice() {
        [b'%', b'P', b'D', b'F', b'-', ..] => "application/pdf",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => "image/png",
        _ => return Err("its first bytes are neither a PDF's nor a JPEG's nor a PNG's: nothing else is taken".to_owned()),
    };
    Ok((mimetype, domain::hex(&Sha256::digest(&bytes)), bytes))
}

fn of(id: i64) -> String {
    format!("ir.attachment {id}")
}

/// A paper's own key, sealed by ours, and the paper under it: whoever looks whether keys are there reads no papers.
fn seal(ring: &Keys, id: i64, bytes: Vec<u8>) -> Result<String, Fault> {
    let failed = || our_fault("crm", "a paper could not be encrypted", &id);
    let key = format!("{OWN_KEY}:{}", BASE64.encode(rand::random::<[u8; 32]>()));
    let sealed_key = ring.seal(&of(id), key.clone().into_bytes()).ok_or_else(failed)?;
    let own = Keys::parse("a paper's key", &key.into()).map_err(|_ours| failed())?;
    let sealed = own.seal(&of(id), bytes).ok_or_else(failed)?;
    Ok(format!("{sealed_key} {sealed}"))
}

fn open(ring: &Keys, id: i64, text: &str) -> Option<Vec<u8>> {
    let (sealed_key, sealed) = text.split_once(' ')?;
    let key = String::from_utf8(ring.open(&of(id), sealed_key)?).ok()?;
    Keys::parse("a paper's key", &key.into()).ok()?.open(&of(id), sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(byte: u8) -> Keys {
        Keys::parse("LOAN_FILE_KEYS", &format!("k{byte}:{}", BASE64.encode([byte; 32])).into()).unwrap()
    }

    #[test]
    fn a_paper_opens_under_its_number_and_key_alone() {
        let text = seal(&ring(1), 7, b"%PDF-1.7 salary 90000".to_vec()).unwrap();
        assert!(text.starts_with("k1.") && !text.contains(&BASE64.encode("salary")));
        assert_eq!(open(&ring(1), 7, &text).unwrap(), b"%PDF-1.7 salary 90000");
        assert_eq!(open(&ring(1), 8, &text), None);
        assert_eq!(open(&ring(2), 7, &text), None);
        assert!(text.find(' ').unwrap() < 600, "the keys are looked at in so many characters");
        for broken in ["", "k1.", "k1. own.", &text[1..]] {
            assert_eq!(open(&ring(1), 7, broken), None, "{broken}");
        }
    }

    #[test]
    fn a_paper_is_told_by_its_first_bytes() {
        assert_eq!(read(&BASE64.encode("%PDF-1.7")).unwrap().0, "application/pdf");
        assert_eq!(read(&BASE64.encode([0xff, 0xd8, 0xff, 0xe0])).unwrap().0, "image/jpeg");
        for other in ["<svg/>", "<html>", "PK\u{3}\u{4}", ""] {
            assert!(read(&BASE64.encode(other)).unwrap_err().contains("first bytes"), "{other}");
        }
    }
}
