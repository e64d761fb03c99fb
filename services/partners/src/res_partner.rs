//! `res.partner`: clients and points of sale, with their addresses.

use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use domain::{Identity, Kind as Who};
use jsonrpc::Fault;
use records::tx::Found;
use records::values::{Mode, Problems};
use records::write::OnConflict;
use records::{Access, Failure, Field, Filter, Kind, Model, Op, Posted, Sql, Tx, Value, Values};
use serde_json::{Map, Value as Json};

/// The declaration.
pub fn model() -> Model {
    let mut fields = vec![
        // Short enough in any script for the index of the default order
        Field::new("name", Kind::Char(600), "Name").required(),
        Field::new("email", Kind::Char(254), "Email").lower().personal().help("A client's natural key."),
        Field::new("phone", Kind::Char(64), "Phone").personal(),
        Field::new("mobile", Kind::Char(64), "Mobile").personal(),
        Field::new("is_company", Kind::Boolean, "Is a company"),
        Field::new("is_pos", Kind::Boolean, "Is a point of sale"),
        Field::new("code_pos", Kind::Char(254), "POS code").help("A point of sale's natural key."),
        Field::new("credit_code", Kind::Char(254), "Credit analyst's code"),
        Field::new("responsible_code", Kind::Char(254), "Responsible's code"),
        Field::new("status", Kind::Selection(&["WAITING", "ACTIVE", "BLOCKED"]), "Status").default("WAITING"),
        Field::new("type", Kind::Selection(&["contact", "invoice", "delivery", "other"]), "Address type").default("contact"),
        Field::new("title", Kind::Many2one("res.partner.title"), "Title").by_name_or_new(),
        Field::new("parent_id", Kind::Many2one("res.partner"), "Related company"),
        Field::new("child_ids", Kind::One2many { comodel: "res.partner", inverse: "parent_id" }, "Contacts"),
        Field::new("street", Kind::Char(254), "Street").personal(),
        Field::new("street2", Kind::Char(254), "Street 2").personal(),
        Field::new("zip", Kind::Char(24), "ZIP"),
        Field::new("city", Kind::Char(254), "City"),
        Field::new("state_id", Kind::Many2one("res.country.state"), "State")
            .by_name_or_text("state_name")
            .help("A wilaya by id, number or name."),
        Field::new("state_name", Kind::Char(254), "Unknown state").readonly().help("A wilaya that is not known, as it was sent."),
        Field::new("country_id", Kind::Many2one("res.country"), "Country").by_name().help("By id, name or ISO code."),
        Field::new("vat", Kind::Char(64), "Tax ID"),
        Field::new("ref", Kind::Char(254), "Reference"),
    ];
    fields.extend(identification());
    fields.extend([
        Field::new("comment", Kind::Text(20_000), "Notes"),
        Field::new("bank_ids", Kind::Many2many("res.bank"), "Banks").writable_by(not_of_a_bank).help("The banks that know the client."),
        Field::new("active", Kind::Boolean, "Active").default("true"),
        Field::internal("post_hash", Kind::Char(200)),
    ]);
    Model::new("res.partner", "res_partner", "Contact", fields, access).order("display_name, id desc").tree("parent_id")
}

/// What Algerian documents carry to identify a business.
pub fn identification() -> [Field; 5] {
    [
        Field::new("rc", Kind::Char(64), "Trade register (RC)"),
        Field::new("nif", Kind::Char(64), "Tax identification number (NIF)"),
        Field::new("nis", Kind::Char(64), "Statistical number (NIS)"),
        Field::new("ai", Kind::Char(64), "Article of taxation"),
        Field::new("rib", Kind::Char(64), "Bank account (RIB)").personal(),
    ]
}

fn not_of_a_bank(identity: &Identity) -> bool {
    !matches!(identity.kind(), Who::Bank(_))
}

/// The hub's administrators and the platform write; staff reads; a bank's user sees every point of sale and its own bank's
/// clients, and writes those clients.
fn access(identity: &Identity) -> Access {
    match identity.kind() {
        Who::Administrator | Who::Integration => Access::all(),
        Who::Staff => Access::read(),
        Who::Bank(bank) => {
            let own = Filter::leaf("bank_ids", Op::In, vec![bank]);
            let writable = Filter::And(vec![own.clone(), Filter::leaf("is_pos", Op::Eq, false)]);
            let visible = Filter::Or(vec![own, Filter::leaf("is_pos", Op::Eq, true)]);
            Access { read: true, create: true, write: true, unlink: false, visible: Some(visible), writable: Some(writable), fields: None }
        }
    }
}

/// What tells one partner from another.
enum Key {
    Client(String),
    PointOfSale(String),
    /// A contact or an address of a partner: told by its content.
    Contact(i64),
    /// A client without an e-mail: told by nothing. The same POST within a day is one.
    Nameless,
}

impl Key {
    fn of(values: &Values, problems: &mut Problems) -> Option<Key> {
        let text = |name: &str| values.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let parent = match values.get("parent_id") {
            Some(Value::Plain(id)) => id.as_i64(),
            _ => None,
        };
        if values.is_true("is_pos") {
            let code = text("code_pos");
            if code.is_none() {
                problems.add("Field 'code_pos' of res.partner is required for a point of sale");
            }
            return code.map(Key::PointOfSale);
        }
        if let Some(parent) = parent {
            return Some(Key::Contact(parent));
        }
        Some(text("email").map_or(Key::Nameless, Key::Client))
    }

    /// The record that has it, if there is one. A contact is the one that came with the same content; one whose hash was
    /// dropped is known by what tells a contact from another.
    fn find(&self, posted: &Posted, values: &Values) -> Sql {
        let mut sql = Sql::new("SELECT id, post_hash, active, bank_ids FROM res_partner WHERE deleted_at IS NULL AND ");
        match self {
            Key::Client(email) => sql.push("NOT is_pos AND parent_id IS NULL AND email = ").bind(email.as_str()),
            Key::PointOfSale(code) => sql.push("is_pos AND code_pos = ").bind(code.as_str()),
            Key::Contact(parent) => {
                sql.push("NOT is_pos AND parent_id = ").bind(*parent).push(" AND (post_hash = ANY(").bind(posted.hashes().to_vec());
                sql.push(") OR post_hash IS NULL");
                for name in ["name", "email", "phone", "street"] {
                    sql.push(&format!(" AND coalesce({name}, '') = ")).bind(values.text(name).unwrap_or_default());
                }
                sql.push(" AND type = ").bind(values.text("type").unwrap_or("contact")).push(") ORDER BY post_hash IS NULL, id LIMIT 1")
            }
            Key::Nameless => sql.push("FALSE"),
        };
        sql.push(" FOR UPDATE");
        sql
    }
}

/// Points of sale are the platform's and the hub's.
fn refuse_pos(tx: &Tx<'_>, model: &Model, values: &Values) -> Result<(), Fault> {
    if values.is_true("is_pos") && !not_of_a_bank(tx.identity) {
        return Err(records::condition::denied(model, "make points of sale of"));
    }
    Ok(())
}

/// Stores a client, a point of sale or a contact by its key: made, or, where the last POST had other content, changed. A
/// bank that sends a client whom other banks know joins them, and changes nothing else.
///
/// # Errors
/// 422 with everything that is wrong.
pub async fn create(tx: &mut Tx<'_>, model: &Model, data: Map<String, Json>) -> Result<i64, Failure> {
    let mut problems = tx.problems();
    let mut values = tx.check(model, Mode::Create, data, &mut problems).await?;
    refuse_pos(tx, model, &values)?;
    let key = Key::of(&values, &mut problems);
    problems.check()?;
    let Some(key) = key else { return Err(Fault::validation("Field 'code_pos' of res.partner is required").into()) };
    let bank = tx.author.bank.filter(|_| !matches!(key, Key::PointOfSale(_)));
    values.set("post_hash", tx.posted.hash());
    let mut new = values.clone();
    if let Some(bank) = bank {
        let mut ids: Vec<i64> = match new.get("bank_ids") {
            Some(Value::Plain(Json::Array(ids))) => ids.iter().filter_map(Json::as_i64).collect(),
            _ => Vec::new(),
        };
        if !ids.contains(&bank) {
            ids.push(bank);
        }
        new.set("bank_ids", ids);
    }
    type Columns = (BigInt, Nullable<Text>, Bool, Array<BigInt>);
    let find = key.find(&tx.posted, &values);
    let find = async |tx: &mut Tx<'_>| {
        let rows = find.clone().load::<Columns, (i64, Option<String>, bool, Vec<i64>)>(tx.conn).await?;
        Ok::<_, Failure>(rows.into_iter().next())
    };
    // A contact that came under an earlier key has another hash, which no index holds to be taken
    let contact = if matches!(key, Key::Contact(_)) { find(tx).await? } else { None };
    let there = match contact {
        Some(contact) => contact,
        None => match tx.insert_unless_taken(model, &new, OnConflict::Skip).await? {
            Some(id) => return Ok(id),
            // Removed in this very moment: the request is to be sent again
            None => find(tx).await?.ok_or_else(Fault::busy)?,
        },
    };
    let (id, last, active, banks) = there;
    let joins = bank.filter(|bank| !banks.contains(bank));
    let same = tx.is_same(last.as_deref());
    let mut change = match (tx.identity.kind(), joins) {
        (Who::Bank(_), Some(_)) => {
            // Its POST is now the last that touched the key
            let mut joined = Values::default();
            joined.set("post_hash", tx.posted.hash());
            joined
        }
        _ if same => Values::default(),
        _ => values,
    };
    if !active {
        change.set("active", true);
    }
    if let Some(bank) = joins {
        change.push("bank_ids", vec![bank]);
    }
    tx.update(model, vec![id], &change).await?;
    Ok(id)
}

/// Changes partners; a bank that the request names as its source now knows them.
///
/// # Errors
/// 422 with everything that is wrong, 409 where a key is taken.
pub async fn write(tx: &mut Tx<'_>, model: &Model, found: Found, data: Map<String, Json>) -> Result<(), Failure> {
    let mut problems = tx.problems();
    let mut values = tx.check(model, Mode::Write, data, &mut problems).await?;
    refuse_pos(tx, model, &values)?;
    problems.check()?;
    if let (Some(bank), false) = (tx.author.bank, matches!(tx.identity.kind(), Who::Bank(_)))
        && values.get("bank_ids").is_none()
    {
        values.push("bank_ids", vec![bank]);
    }
    tx.update(model, found.ids, &values).await.map(drop)
}
