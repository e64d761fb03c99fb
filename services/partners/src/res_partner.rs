//! `res.partner`: clients and points of sale, with their addresses.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use domain::{Identity, Kind as Who};
use jsonrpc::{Call, Fault};
use records::tx::Found;
use records::values::{Mode, Problems};
use records::write::{self, OnConflict};
use records::{Access, Action, Body, Failure, Field, Filter, Kind, Model, Op, Tx, Value, Values, schema, sql};
use serde_json::{Map, Value as Json, json};
use service::owner::Answer;
use service::{Asked, Behaviour, Changing, Owner};

use crate::{Partners, bank_rows, forget};

/// The declaration.
pub fn model(_: &Partners) -> Model {
    let mut fields = vec![
        // Short enough in any script for the index of the default order
        Field::new("name", Kind::Char(600), "Name").required().personal(),
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
        Field::new("zip", Kind::Char(24), "ZIP").personal(),
        Field::new("city", Kind::Char(254), "City").personal(),
        Field::new("state_id", Kind::Many2one("res.country.state"), "State")
            .by_name_or_text("state_name")
            .help("A wilaya by id, number or name."),
        Field::new("state_name", Kind::Char(254), "Unknown state")
            .readonly()
            .personal()
            .help("A wilaya that is not known, as it was sent."),
        Field::new("country_id", Kind::Many2one("res.country"), "Country").by_name().help("By id, name or ISO code."),
        Field::new("vat", Kind::Char(64), "Tax ID").personal(),
        Field::new("ref", Kind::Char(254), "Reference").personal(),
    ];
    fields.extend(identification());
    fields.extend([
        Field::new("comment", Kind::Text(20_000), "Notes").personal(),
        Field::new("bank_ids", Kind::Many2many("res.bank"), "Banks")
            .writable_by(Identity::is_trusted)
            .help("The banks that know the client."),
        Field::new("ref_odoo", Kind::Char(40), "Hub reference").readonly().help("How the banks' platforms know it."),
        Field::new("active", Kind::Boolean, "Active").default("true"),
        Field::internal("post_hash", Kind::Char(200)),
    ]);
    let fields = fields.into_iter().map(|field| match field.name {
        "parent_id" => field.seen_as(bank_rows::seen_parent),
        name if OWN.contains(&name) => bank_rows::own(field),
        _ => field,
    });
    Model::new("res.partner", "res_partner", "Contact", fields.collect(), access)
        .copied_without(&["email", "code_pos"])
        .order("display_name, id desc")
        .tree("parent_id")
        .impersonal("is_pos")
        .publishes::<partners_contract::ResPartner>()
}

/// A client or a point of sale that is made or changed.
#[derive(Default)]
pub struct ResPartner;

impl Behaviour<Partners> for ResPartner {
    const ACTIONS: &'static [Action] = &[forget::ACTION];

    async fn prepare(asked: Asked<'_, Partners>, data: &mut Map<String, Json>) -> Result<ResPartner, Fault> {
        if asked.call.method == forget::ACTION.method {
            forget::prepare(&asked, data).await?;
        }
        Ok(ResPartner)
    }

    async fn create(&self, change: Changing<'_, '_, Partners>, data: Map<String, Json>) -> Result<i64, Failure> {
        create(change.tx, change.model, data).await
    }

    async fn write(&self, change: Changing<'_, '_, Partners>, found: Found, data: Map<String, Json>) -> Result<(), Failure> {
        write(change.tx, change.model, found, data).await
    }

    async fn unlink(&self, change: Changing<'_, '_, Partners>, found: Found) -> Result<(), Failure> {
        bank_rows::unlink(change.tx, &found.ids).await?;
        change.tx.unlink(change.model, found).await
    }

    async fn act(&self, change: Changing<'_, '_, Partners>, call: &Call, data: Map<String, Json>) -> Answer {
        forget::action(change.tx, change.model, call, &data).await
    }

    fn body(_: &Owner<Partners>, model: &Model, mode: Mode) -> Option<Body> {
        let example = match mode {
            Mode::Create => json!({"create_by": "EkiClic", "is_company": false, "is_pos": "False", "status": "WAITING",
                "type": "contact", "title": null, "name": "Amine Saadi", "email": "amine@example.dz", "phone": "0556000000"}),
            Mode::Write => json!({"create_by": "ekiclik", "name": "Nadia Ziani"}),
        };
        Some(Body::of(model, mode).with("child_ids", schema::x2many()).example(example))
    }

    fn same_body_is_same(read: &Json) -> bool {
        !["is_pos", "parent_id", "email"].iter().any(|name| read.get(name).is_some())
    }

    fn example_filter() -> Option<Json> {
        Some(json!([["email", "=", "nadia.ziani@example.dz"]]))
    }
}

/// What a bank writes of a client for itself, in its own row of `res_partner_bank`.
pub const OWN: &[&str] = &[
    "phone",
    "mobile",
    "street",
    "street2",
    "zip",
    "city",
    "state_id",
    "state_name",
    "country_id",
    "vat",
    "ref",
    "rc",
    "nif",
    "nis",
    "ai",
    "rib",
    "comment",
];

/// What Algerian documents carry to identify a business.
pub fn identification() -> [Field; 5] {
    [
        Field::new("rc", Kind::Char(64), "Trade register (RC)").personal(),
        Field::new("nif", Kind::Char(64), "Tax identification number (NIF)").personal(),
        Field::new("nis", Kind::Char(64), "Statistical number (NIS)").personal(),
        Field::new("ai", Kind::Char(64), "Article of taxation").personal(),
        Field::new("rib", Kind::Char(64), "Bank account (RIB)").personal(),
    ]
}

/// The hub's administrators and the platform write; staff reads; a bank's user sees every point of sale and its own bank's
/// clients, and writes those clients; a clerk sees its point of sale.
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
        Who::Clerk { code_pos, .. } => {
            Access::read().only(Filter::leaf("is_pos", Op::Eq, true)).only(Filter::leaf("code_pos", Op::Eq, code_pos))
        }
        Who::Outsider => Access::none(),
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

    /// Where a create must make a record, refuses what a record has already.
    fn refuse_taken(&self, tx: &Tx<'_>, model: &Model, id: i64) -> Result<(), Failure> {
        match self {
            Key::Client(email) => tx.refuse_taken(model, "email", email, id),
            Key::PointOfSale(code) => tx.refuse_taken(model, "code_pos", code, id),
            Key::Contact(_) | Key::Nameless => Ok(()),
        }
    }

    /// The record that has it, if there is one.
    async fn find(&self, tx: &mut Tx<'_>, values: &Values) -> Result<Option<There>, Failure> {
        let text = |name| values.text(name).unwrap_or_default();
        let find = match self {
            Key::Client(email) => sql!("res_partner/client.sql", email.as_str()),
            Key::PointOfSale(code) => sql!("res_partner/point_of_sale.sql", code.as_str()),
            Key::Contact(parent) => sql!(
                "res_partner/contact.sql",
                *parent,
                tx.posted.hashes().to_vec(),
                tx.identity.bank,
                text("name"),
                text("email"),
                text("phone"),
                text("street"),
                values.text("type").unwrap_or("contact")
            ),
            Key::Nameless => return Ok(None),
        };
        Ok(tx.rows(find).await?.pop())
    }
}

/// A partner that has the key of another that is sent.
#[derive(QueryableByName)]
struct There {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    post_hash: Option<String>,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = Array<BigInt>)]
    bank_ids: Vec<i64>,
}

/// Points of sale are the platform's and the hub's.
fn refuse_pos(tx: &Tx<'_>, model: &Model, values: &Values) -> Result<(), Fault> {
    if values.is_true("is_pos") && !tx.identity.is_trusted() {
        return Err(records::condition::denied(model, "make points of sale of"));
    }
    Ok(())
}

/// Stores a client, a point of sale or a contact by its key: made, or, where the last POST had other content, changed. What a
/// bank sends of a client goes into its own row; of a client whom other banks know it changes nothing else, not even `active`.
///
/// # Errors
/// 422 with everything that is wrong.
async fn create(tx: &mut Tx<'_>, model: &Model, data: Map<String, Json>) -> Result<i64, Failure> {
    let own_bank = tx.identity.bank;
    let mut problems = tx.problems();
    let mut values = tx.check(model, Mode::Create, data, &mut problems).await?;
    refuse_pos(tx, model, &values)?;
    let key = Key::of(&values, &mut problems);
    problems.check()?;
    let Some(key) = key else { return Err(Fault::validation("Field 'code_pos' of res.partner is required").into()) };
    let bank = tx.author.bank.filter(|_| !matches!(key, Key::PointOfSale(_)));
    let own_row = own_bank.filter(|_| matches!(key, Key::Client(_) | Key::Nameless)).map(|bank| (bank, values.take(OWN)));
    if own_row.is_none() {
        values.set("post_hash", tx.posted.hash());
    }
    let mut new = values.clone();
    if let Some(bank) = bank {
        let mut ids: Vec<i64> = match new.get("bank_ids") {
            Some(Value::Plain(Json::Array(ids))) => ids.iter().filter_map(Json::as_i64).collect(),
            Some(Value::Change { push, .. }) => push.clone(),
            Some(Value::Plain(_) | Value::Name(_)) | None => Vec::new(),
        };
        if !ids.contains(&bank) {
            ids.push(bank);
        }
        new.set("bank_ids", ids);
    }
    // A contact that came under an earlier key has another hash, which no index holds to be taken
    let contact = if matches!(key, Key::Contact(_)) && !tx.must_be_new { key.find(tx, &values).await? } else { None };
    let there = match contact {
        Some(contact) => contact,
        None => match tx.insert_unless_taken(model, &new, OnConflict::Skip).await? {
            Some(id) => {
                if let Some((bank, own)) = own_row {
                    let hash = tx.posted.hash().map(str::to_owned);
                    bank_rows::keep(tx, &[id], bank, own, true, hash.as_deref()).await?;
                }
                return Ok(id);
            }
            // Removed in this very moment: the request is to be sent again
            None => key.find(tx, &values).await?.ok_or_else(Fault::busy)?,
        },
    };
    let There { id, post_hash: last, active, bank_ids: banks } = there;
    // A client that the bank does not know yet is new to it: it joins, and is told nothing of the others
    if own_bank.is_none_or(|own| banks.contains(&own)) {
        key.refuse_taken(tx, model, id)?;
    }
    let joins = bank.filter(|bank| !banks.contains(bank));
    let mut change = values;
    let same = match &own_row {
        Some((bank, _)) => {
            let last = bank_rows::last_post(tx, id, *bank).await?;
            tx.is_same(last.as_deref())
        }
        None => tx.is_same(last.as_deref()),
    };
    let alone = own_bank.is_none_or(|own| banks == [own]);
    if same || !alone {
        change = Values::default();
    }
    if !active && alone {
        change.set("active", true);
    }
    if let Some(bank) = joins {
        change.push("bank_ids", vec![bank]);
    }
    tx.update(model, vec![id], &change).await?;
    match own_row {
        Some((bank, own)) if !same => {
            let hash = tx.posted.hash().map(str::to_owned);
            bank_rows::keep(tx, &[id], bank, own, joins.is_some(), hash.as_deref()).await?;
        }
        Some(_) => {}
        None => bank_rows::brought(tx, &[id], bank).await?,
    }
    Ok(id)
}

/// Changes partners; a bank that the request names as its source now knows them. What a bank's user writes of a client goes into
/// its bank's row, but for what all share.
///
/// # Errors
/// 422 with everything that is wrong, 403 for what is shared by several banks, 409 where a key is taken.
async fn write(tx: &mut Tx<'_>, model: &Model, found: Found, data: Map<String, Json>) -> Result<(), Failure> {
    let mut problems = tx.problems();
    let mut values = tx.check(model, Mode::Write, data, &mut problems).await?;
    refuse_pos(tx, model, &values)?;
    problems.check()?;
    let Some(bank) = tx.identity.bank else {
        let source = tx.author.bank.filter(|_| values.get("bank_ids").is_none());
        if let Some(bank) = source {
            values.push("bank_ids", vec![bank]);
        }
        bank_rows::brought(tx, &found.ids, source).await?;
        return tx.update(model, found.ids, &values).await.map(drop);
    };
    let known: Vec<Shared> = tx.rows(sql!("res_partner/shared.sql", found.ids)).await?;
    let of = |wanted: &dyn Fn(&Shared) -> bool| -> Vec<i64> { known.iter().filter(|row| wanted(row)).map(|row| row.id).collect() };
    // A contact is a record of its own bank's; a client has a row of it
    let (contacts, clients) = (of(&|row| row.is_contact), of(&|row| !row.is_contact));
    refuse_shared(tx, model, of(&|row| row.is_contact && row.is_shared), &values).await?;
    if !contacts.is_empty() {
        tx.update(model, contacts, &values).await.map_err(taken_email)?;
    }
    let own = bank_rows::unset(values.take(OWN));
    refuse_shared(tx, model, of(&|row| !row.is_contact && row.is_shared), &values).await?;
    tx.update(model, clients.clone(), &values).await.map_err(taken_email)?;
    bank_rows::keep(tx, &clients, bank, own, false, None).await
}

/// A row of `shared.sql`.
#[derive(QueryableByName)]
struct Shared {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Bool)]
    is_contact: bool,
    #[diesel(sql_type = Bool)]
    is_shared: bool,
}

/// What several banks know is changed by the platform and the hub; what is there already is no change.
async fn refuse_shared(tx: &mut Tx<'_>, model: &Model, shared: Vec<i64>, values: &Values) -> Result<(), Failure> {
    if shared.is_empty() || values.is_empty() {
        return Ok(());
    }
    let values: Vec<_> = values.iter().collect();
    if let Some(id) = tx.ids(write::differing(model, shared, &values)).await?.first() {
        return Err(Fault::access_error(format!(
            "Several banks know the client {id}: its name, e-mail, status and whether it is active are changed by the platform and the hub \
             alone. What your bank writes for itself may be changed: {}.",
            OWN.join(", ")
        ))
        .into());
    }
    Ok(())
}

/// Whether somebody else has an e-mail is not a bank's to know.
fn taken_email(failure: Failure) -> Failure {
    match failure {
        Failure::Taken { .. } => Fault::validation("Field 'email' of res.partner can't become this one.").into(),
        other => other,
    }
}
