//! `res.partner.bank`: what each bank has written of a client, a row a bank. The client's own row holds what the hub and the
//! platform wrote, and what all share: name, e-mail, status.

use std::collections::BTreeMap;

use diesel::QueryableByName;
use diesel::sql_types::{Nullable, Text};
use domain::{Identity, Kind as Who};
use records::write::{self, OnConflict};
use records::{Access, Failure, Field, Filter, Kind, Model, Op, Tx, Value, Values, sql};
use serde::Serialize;
use serde_json::Value as Json;

use crate::Partners;
use crate::res_partner::{self, OWN};
// circle: res_partner: a bank's row has some of the fields of the client whose row it is

const MODEL: &str = "res.partner.bank";

/// The declaration. Written through the client alone.
pub fn model(partners: &Partners) -> Model {
    let of = res_partner::model(partners);
    let mut fields = vec![
        Field::new("partner_id", Kind::Many2one("res.partner"), "Client").readonly(),
        Field::new("bank_id", Kind::Many2one("res.bank"), "Bank").readonly(),
        Field::new("joined", Kind::Boolean, "Brought by the bank itself")
            .readonly()
            .help("Then the bank does not see what the platform wrote of the client."),
    ];
    let own = OWN.iter().filter_map(|name| of.any_field(name));
    fields.extend(own.map(|field| {
        let mut own = field.clone().readonly().personal();
        (own.seen_as, own.beside) = (None, None);
        own
    }));
    fields.push(Field::internal("post_hash", Kind::Char(200)));
    Model::new(MODEL, "res_partner_bank", "A bank's notes of a client", fields, access).order("id").rec_name("id")
}

fn access(identity: &Identity) -> Access {
    match identity.kind() {
        Who::Administrator | Who::Staff | Who::Integration => Access::read(),
        Who::Bank(bank) => Access::read().only(Filter::leaf("bank_id", Op::Eq, bank)),
        Who::Clerk { .. } | Who::Outsider => Access::none(),
    }
}

/// A client's field of [`OWN`].
pub fn own(field: Field) -> Field {
    let is_text = matches!(field.kind, Kind::Char(_) | Kind::Text(_));
    let field = field.seen_as(seen);
    if is_text { field.found_beside("res_partner_bank", "partner_id") } else { field }
}

/// What a field of [`OWN`] is for an identity. A bank reads its own row, then, where the platform brought the client to it, the
/// client's; the others read the client's, then the row of the bank that was first. An empty text is one that was unset there.
pub fn seen(identity: &Identity, field: &Field) -> String {
    let name = field.name;
    let of = |which: &str| format!("FROM res_partner_bank r WHERE r.partner_id = {{t}}.id AND r.deleted_at IS NULL{which}");
    let sql = match identity.bank {
        None => format!("coalesce({{t}}.{name}, (SELECT r.{name} {} ORDER BY r.id LIMIT 1))", of("")),
        Some(bank) => {
            let own = format!(" AND r.bank_id = {bank}");
            format!(
                "CASE WHEN {{t}}.is_pos OR {{t}}.parent_id IS NOT NULL THEN {{t}}.{name} ELSE coalesce((SELECT r.{name} {}), \
                 CASE WHEN NOT EXISTS (SELECT {} AND r.joined) THEN {{t}}.{name} END) END",
                of(&own),
                of(&own)
            )
        }
    };
    if matches!(field.kind, Kind::Char(_) | Kind::Text(_)) { format!("nullif({sql}, '')") } else { sql }
}

/// Whose contact somebody is, is for the hub's side and the bank that wrote it.
pub fn seen_parent(identity: &Identity, _: &Field) -> String {
    match identity.bank {
        None => "{t}.parent_id".to_owned(),
        Some(_) => "CASE WHEN cardinality({t}.bank_ids) <= 1 THEN {t}.parent_id END".to_owned(),
    }
}

/// Texts that are unset are kept as empty ones, or what the platform wrote would show in their place.
pub fn unset(mut own: Values) -> Values {
    for (_, value) in own.iter_mut().filter(|(name, _)| !matches!(*name, "state_id" | "country_id")) {
        if *value == Value::Plain(Json::Null) {
            *value = Value::Plain("".into());
        }
    }
    own
}

/// Writes what a bank has to say of these clients into its rows; `joined`: whether it is the bank's own user who brings them to it.
///
/// # Errors
/// The database's own.
pub async fn keep(tx: &mut Tx<'_>, clients: &[i64], bank: i64, mut own: Values, joined: bool, hash: Option<&str>) -> Result<(), Failure> {
    if let Some(hash) = hash {
        own.set("post_hash", hash);
    }
    if clients.is_empty() || (own.is_empty() && !joined) {
        return Ok(());
    }
    let model = tx.registry.model(MODEL)?;
    let said: BTreeMap<_, _> = own.iter().filter_map(|(name, value)| Some((name, value.plain()?))).collect();
    let rows: Vec<_> = clients.iter().map(|client| Row { partner_id: *client, bank_id: bank, joined, said: &said }).collect();
    tx.insert_rows(model, &rows, OnConflict::Skip).await?;
    let ids = tx.ids(sql!("bank_rows/of_a_bank.sql", clients.to_vec(), bank)).await?;
    tx.update(model, ids, &own).await.map(drop)
}

/// A row as it is made.
#[derive(Serialize)]
struct Row<'a> {
    partner_id: i64,
    bank_id: i64,
    joined: bool,
    #[serde(flatten)]
    said: &'a BTreeMap<&'static str, &'a Json>,
}

/// The platform, or the hub, has brought these clients to a bank: it sees what they wrote from now on.
///
/// # Errors
/// The database's own.
pub async fn brought(tx: &mut Tx<'_>, clients: &[i64], bank: Option<i64>) -> Result<(), Failure> {
    let Some(bank) = bank else { return Ok(()) };
    let ids = tx.ids(sql!("bank_rows/joined.sql", clients.to_vec(), bank)).await?;
    let mut values = Values::default();
    values.set("joined", false);
    let model = tx.registry.model(MODEL)?;
    tx.update(model, ids, &values).await.map(drop)
}

/// The hash of the last POST of a client by a bank.
///
/// # Errors
/// The database's own.
pub async fn last_post(tx: &mut Tx<'_>, client: i64, bank: i64) -> Result<Option<String>, Failure> {
    let row = tx.rows::<LastPost>(sql!("bank_rows/last_post.sql", client, bank)).await?.pop();
    Ok(row.and_then(|row| row.post_hash))
}

/// A row of `last_post.sql`.
#[derive(QueryableByName)]
struct LastPost {
    #[diesel(sql_type = Nullable<Text>)]
    post_hash: Option<String>,
}

/// Removes what banks have written of clients that are removed.
///
/// # Errors
/// The database's own.
pub async fn unlink(tx: &mut Tx<'_>, clients: &[i64]) -> Result<(), Failure> {
    let ids = tx.ids(sql!("bank_rows/of_clients.sql", clients.to_vec())).await?;
    let model = tx.registry.model(MODEL)?;
    tx.ids(write::tombstone(model, &tx.author, ids)).await.map(drop)
}
