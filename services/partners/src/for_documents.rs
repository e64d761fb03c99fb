//! What other services ask of partners for their documents: whose a code or an e-mail is, where a place is.

use diesel::sql_types::{BigInt, Bool, Text};
use domain::Origin;
use jsonrpc::{Call, Fault, Reply};
use records::write::OnConflict;
use records::{Failure, Sql, Tx, Values};
use serde_json::{Map, Value as Json, json};
use service::Owner;

use crate::Partners;

/// The points of sale of these `codes` and `ids`: `{code: {id, name}}`.
///
/// # Errors
/// The database's own.
pub async fn points_of_sale(owner: &Owner<Partners>, call: &Call) -> Result<Reply, Fault> {
    Ok(Reply::value(&points(owner, call.params.need("codes")?, call.params.get("ids")?.unwrap_or_default()).await?))
}

async fn points(owner: &Owner<Partners>, codes: Vec<String>, ids: Vec<i64>) -> Result<Map<String, Json>, Fault> {
    let mut sql = Sql::new("SELECT code_pos, id, name FROM res_partner WHERE is_pos AND deleted_at IS NULL AND (code_pos = ANY(");
    sql.bind(codes).push(") OR id = ANY(").bind(ids).push("))");
    let rows = owner.database.search::<(Text, BigInt, Text), (String, i64, String)>(sql).await?;
    Ok(rows.into_iter().map(|(code, id, name)| (code, json!({"id": id, "name": name}))).collect())
}

/// What a lead names: the points of sale of its `codes`, its `bank`'s name, its `state` (a wilaya by number or name) and
/// its `country` (an ISO code): `{points, bank, state: {id, name}, country: {id, name}}`, null where there is none.
///
/// # Errors
/// The database's own.
pub async fn for_lead(owner: &Owner<Partners>, call: &Call) -> Result<Reply, Fault> {
    let mut answer = Map::new();
    answer.insert("points".to_owned(), points(owner, call.params.need("codes")?, Vec::new()).await?.into());
    let mut sql = Sql::new("SELECT 'bank', id, name FROM res_bank WHERE deleted_at IS NULL AND id = ");
    sql.bind(call.params.get::<i64>("bank")?)
        .push(" UNION ALL (SELECT 'state', id, name FROM res_country_state t WHERE deleted_at IS NULL AND ");
    let state = call.params.get::<String>("state")?.map(|state| state.trim().to_owned());
    sql.push("(code IN (").bind(state.clone()).push(", '0' || ").bind(state.clone()).push(") OR norm(name) = norm(").bind(state);
    sql.push(")) ORDER BY country_id, id LIMIT 1) UNION ALL SELECT 'country', id, coalesce(name_fr, name) FROM res_country WHERE deleted_at IS NULL AND code = upper(");
    sql.bind(call.params.get::<String>("country")?.map(|country| country.trim().to_owned())).push(")");
    for (what, id, name) in owner.database.search::<(Text, BigInt, Text), (String, i64, String)>(sql).await? {
        answer.insert(what, json!({"id": id, "name": name}));
    }
    Ok(Reply::value(&answer))
}

/// What printed documents tell of the company and of the partners with these `ids`: `{company: …, partners: {id: …}}`.
/// One that was removed is still named: its documents stay.
///
/// # Errors
/// The database's own.
pub async fn for_report(owner: &Owner<Partners>, call: &Call) -> Result<Reply, Fault> {
    let party = |more: &str| {
        format!(
            "json_strip_nulls(json_build_object('name', t.name, 'street', t.street, 'city', t.city, 'phone', t.phone, 'email', t.email, \
             'rc', t.rc, 'nif', t.nif, 'nis', t.nis, 'ai', t.ai, 'rib', t.rib, \
             'country', (SELECT coalesce(c.name_fr, c.name) FROM res_country c WHERE c.id = t.country_id){more}))"
        )
    };
    let partner = ", 'street2', t.street2, 'zip', t.zip, 'code_pos', t.code_pos, 'state', (SELECT s.name FROM res_country_state s WHERE s.id = t.state_id)";
    let mut sql = Sql::new(&format!(
        "SELECT 'company', {}::text FROM res_company t WHERE t.id = 1 UNION ALL SELECT t.id::text, {}::text ",
        party(""),
        party(partner)
    ));
    sql.push("FROM res_partner t WHERE t.id = ANY(").bind(call.params.need::<Vec<i64>>("ids")?).push(")");
    let (mut company, mut partners) = ("{}".to_owned(), Vec::new());
    for (key, json) in owner.database.search::<(Text, Text), (String, String)>(sql).await? {
        if key == "company" {
            company = json;
        } else {
            partners.push(format!("\"{key}\":{json}"));
        }
    }
    Ok(Reply::json(format!("{{\"company\":{company},\"partners\":{{{}}}}}", partners.join(","))))
}

/// The client with this `email`, whom `bank` knows from now on; made, waiting to be completed, where there is none.
///
/// # Errors
/// The database's own.
pub async fn client(owner: &Owner<Partners>, call: &Call) -> Result<Reply, Fault> {
    let email: String = call.params.need("email")?;
    let (bank, uid): (i64, i64) = (call.params.need("bank")?, call.params.need("uid")?);
    let origin = call.params.need::<Origin>("origin")?;
    let id = owner
        .transact(call.traceparent.as_ref(), |tx| {
            (tx.author.bank, tx.author.uid, tx.author.origin) = (Some(bank), uid, origin.as_str());
            Box::pin(find_or_make(tx, email.clone(), bank))
        })
        .await?;
    Ok(Reply::value(&id))
}

async fn find_or_make(tx: &mut Tx<'_>, email: String, bank: i64) -> Result<i64, Failure> {
    let registry = tx.registry;
    let model = registry.model("res.partner")?;
    let mut known = Sql::new("SELECT id, active AND bank_ids @> ARRAY[");
    known
        .bind(bank)
        .push("] FROM res_partner WHERE deleted_at IS NULL AND NOT is_pos AND parent_id IS NULL AND email = ")
        .bind(email.as_str());
    let find =
        async |tx: &mut Tx<'_>| Ok::<_, Failure>(known.clone().load::<(BigInt, Bool), (i64, bool)>(tx.conn).await?.into_iter().next());
    let found = match find(tx).await? {
        Some(found) => found,
        None => {
            let mut values = Values::default();
            values.set("name", email.as_str());
            values.set("email", email.as_str());
            values.set("bank_ids", vec![bank]);
            match tx.insert_unless_taken(model, &values, OnConflict::Skip).await? {
                Some(id) => return Ok(id),
                // Another request made it in this very moment
                None => find(tx).await?.ok_or_else(Fault::busy)?,
            }
        }
    };
    if let (id, false) = found {
        let mut values = Values::default();
        values.set("active", true);
        values.push("bank_ids", vec![bank]);
        tx.ids({
            let mut lock = Sql::new("SELECT id FROM res_partner WHERE id = ");
            lock.bind(id).push(" FOR UPDATE");
            lock
        })
        .await?;
        tx.update(model, vec![id], &values).await?;
    }
    Ok(found.0)
}
