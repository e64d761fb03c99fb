//! What other services ask of partners for their documents: whose a code or an e-mail is, where a place is.

use diesel::sql_types::{BigInt, Bool, Text};
use domain::{Identity, Origin};
use jsonrpc::{Call, Fault, Reply};
use records::values::whole;
use records::write::OnConflict;
use records::{Failure, Sql, Tx, Values};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use service::{Owner, Service};

use crate::{Partners, bank_rows};

/// The points of sale of these `codes` and `ids`: `{code: {id, name, active, closed, version}}`.
///
/// # Errors
/// The database's own.
pub async fn points_of_sale(owner: &Owner<Partners>, call: &Call) -> Result<Reply, Fault> {
    Ok(Reply::value(&points(owner, call.params.need("codes")?, call.params.get("ids")?.unwrap_or_default()).await?))
}

async fn points(owner: &Owner<Partners>, codes: Vec<String>, ids: Vec<i64>) -> Result<Map<String, Json>, Fault> {
    let mut sql = Sql::new(
        "SELECT code_pos, id, name, active, status, version FROM res_partner WHERE is_pos AND deleted_at IS NULL AND (code_pos = ANY(",
    );
    sql.bind(codes).push(") OR id = ANY(").bind(ids).push("))");
    type Columns = (Text, BigInt, Text, Bool, Text, BigInt);
    let rows = owner.database.search::<Columns, (String, i64, String, bool, String, i64)>(sql).await?;
    let point = |(code, id, name, active, status, version): (String, i64, String, bool, String, i64)| {
        let closed = domain::is_closed(active, &status);
        (code, json!({"id": id, "name": name, "active": active, "closed": closed, "version": version}))
    };
    Ok(rows.into_iter().map(point).collect())
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
    // A number is an id, a text a name
    let named = |sql: &mut Sql, model: &str, place: Option<Json>| {
        let name = place.as_ref().and_then(Json::as_str).map(|name| name.trim().to_owned());
        let how = owner.service.registry().get(model).map(|model| model.named.replace("{t}", "t")).unwrap_or_default();
        sql.push("(t.id = ").bind(place.as_ref().and_then(whole).filter(|_| name.is_none())).push(" OR EXISTS (SELECT FROM (SELECT ");
        sql.bind(name).push(&format!("::text AS name) r WHERE {how}))"));
    };
    named(&mut sql, "res.country.state", call.params.get("state")?);
    sql.push(" ORDER BY t.country_id, t.id LIMIT 1) UNION ALL (SELECT 'country', id, coalesce(name_fr, name) FROM res_country t WHERE deleted_at IS NULL AND ");
    named(&mut sql, "res.country", call.params.get("country")?);
    sql.push(" ORDER BY t.id LIMIT 1)");
    for (what, id, name) in owner.database.search::<(Text, BigInt, Text), (String, i64, String)>(sql).await? {
        answer.insert(what, json!({"id": id, "name": name}));
    }
    Ok(Reply::value(&answer))
}

/// What printed documents tell of partners.
#[derive(Deserialize)]
struct Paper {
    /// The moment at which it was made for good: parties are told as they were then.
    at: Option<String>,
    /// The bank whose business it is about: its own row of a client goes before the client's.
    bank: Option<i64>,
    /// Whether it is posted: it prints who it was for when everything else has forgotten them.
    #[serde(default)]
    posted: bool,
    partners: Vec<i64>,
}

/// What papers print of the company and of partners, for each of `papers`: `{company: …, partners: {id: …}}`. What was made for
/// good has its parties as they were then, those that are gone since among them; of anything else `identity` hears what it may
/// read now. A client's bank account is on no paper.
///
/// # Errors
/// The database's own.
pub async fn for_report(owner: &Owner<Partners>, call: &Call) -> Result<Reply, Fault> {
    // A release before this one asks for one paper, of what is now
    if let Some(partners) = call.params.get::<Vec<i64>>("ids")? {
        return Ok(Reply::value(
            &told(owner, &[Paper { at: None, bank: None, posted: false, partners }], &Identity::system()).await?.pop(),
        ));
    }
    Ok(Reply::value(&told(owner, &call.params.need::<Vec<Paper>>("papers")?, &call.params.need("identity")?).await?))
}

async fn told(owner: &Owner<Partners>, papers: &[Paper], identity: &Identity) -> Result<Vec<Json>, Fault> {
    let (mut numbers, mut records, mut moments, mut banks, mut posted) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut now: Vec<i64> = Vec::new();
    for (number, paper) in (0_i64..).zip(papers) {
        let kept: &[i64] = if paper.at.is_some() { &paper.partners } else { &[] };
        now.extend(paper.partners.iter().filter(|_| paper.at.is_none()));
        for id in std::iter::once(&COMPANY).chain(kept) {
            numbers.push(number);
            records.push(*id);
            moments.push(paper.at.clone().unwrap_or_default());
            banks.push(paper.bank.unwrap_or_default());
            posted.push(i64::from(paper.posted));
        }
    }
    let party = |relation: &str, more: &str, of: &dyn Fn(&str) -> String| {
        let field = |name: &str| format!("'{name}', nullif({}, '')", of(name));
        let fields = ["street", "street2", "zip", "city", "phone", "rc", "nif", "nis", "ai"].map(field).join(", ");
        format!(
            "SELECT a.paper, a.record, json_strip_nulls(json_build_object('name', p.name, 'email', p.email, {fields}, \
             'country', (SELECT coalesce(c.name_fr, c.name) FROM res_country c WHERE c.id = {}), {more}))::text \
             FROM asked a JOIN {relation} t ON t.id = abs(a.record), \
             LATERAL jsonb_populate_record(t, as_it_was('{relation}', t.id, nullif(a.at, '')::timestamptz)) p",
            of("country_id")
        )
    };
    let mut sql = Sql::new(
        "WITH asked AS (SELECT a.paper, a.record, a.bank, CASE WHEN a.posted = 1 OR NOT EXISTS \
         (SELECT FROM res_partner_forgotten f WHERE f.partner_id = a.record) THEN a.at END AS at FROM unnest(",
    );
    sql.bind(numbers).push(", ").bind(records).push(", ").bind(moments).push(", ").bind(banks).push(", ").bind(posted);
    sql.push(") AS a(paper, record, at, bank, posted)) ");
    sql.push(&party(
        "res_company",
        "'legal_form', p.legal_form, 'capital', p.capital::text, 'activity', p.activity, 'rib', p.rib, \
         'payment_method', p.payment_method, 'payment_days', p.payment_days",
        &|name| format!("p.{name}"),
    ));
    sql.push(" WHERE a.record < 0 UNION ALL ");
    sql.push(&party(
        "res_partner",
        &format!(
            "'mobile', nullif({}, ''), 'code_pos', p.code_pos, 'state', (SELECT s.name FROM res_country_state s WHERE s.id = {})",
            bank_rows::printed("mobile"),
            bank_rows::printed("state_id")
        ),
        &bank_rows::printed,
    ));
    sql.push(bank_rows::AS_THEY_WERE).push(" WHERE a.record > 0");
    let mut answer: Vec<(Json, Map<String, Json>)> = papers.iter().map(|_| (Json::Null, Map::new())).collect();
    for (paper, record, party) in owner.database.search::<(BigInt, BigInt, Text), (i64, i64, String)>(sql).await? {
        let party: Json = serde_json::from_str(&party).map_err(|error| service::our_fault("partners", "a party can't be told", &error))?;
        let Some((company, partners)) = usize::try_from(paper).ok().and_then(|paper| answer.get_mut(paper)) else { continue };
        if record == COMPANY {
            *company = party;
        } else {
            partners.insert(record.to_string(), party);
        }
    }
    if !now.is_empty() {
        let known = seen(owner, identity, &now).await?;
        for (paper, (_, partners)) in papers.iter().zip(&mut answer).filter(|(paper, _)| paper.at.is_none()) {
            let ids = paper.partners.iter().map(i64::to_string);
            partners.extend(ids.filter_map(|id| known.get(&id).map(|party| (id, party.clone()))));
        }
    }
    Ok(answer.into_iter().map(|(company, partners)| json!({"company": company, "partners": partners})).collect())
}

/// Stands among partners' ids for the company, whose id it is below zero.
const COMPANY: i64 = -1;

/// Partners as a user sees them, by id; what is not set, or not for the user, is left out.
async fn seen(owner: &Owner<Partners>, identity: &Identity, ids: &[i64]) -> Result<Map<String, Json>, Fault> {
    const QUERY: &str = "{id, name, street, street2, zip, city, phone, mobile, email, rc, nif, nis, ai, code_pos, state_id{name}, \
                         country_id{name, name_fr}}";
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let model = owner.service.registry().model("res.partner")?;
    let mut known = Map::new();
    for mut row in owner.records_seen(identity, model, &ids, QUERY).await? {
        let named = |place: Option<Json>, names: &[&str]| {
            let place = place?;
            names.iter().find_map(|name| place.get(name)?.as_str().map(Json::from))
        };
        let (state, country) = (named(row.remove("state_id"), &["name"]), named(row.remove("country_id"), &["name_fr", "name"]));
        let id = row.remove("id").unwrap_or_default().to_string();
        row.retain(|_, value| value.is_string());
        row.extend(state.map(|state| ("state".to_owned(), state)));
        row.extend(country.map(|country| ("country".to_owned(), country)));
        known.insert(id, row.into());
    }
    Ok(known)
}

/// The client with this e-mail, if there is one.
///
/// # Errors
/// The database's own.
pub async fn client_of(owner: &Owner<Partners>, email: &str) -> Result<Reply, Fault> {
    let mut sql = Sql::new("SELECT id FROM res_partner WHERE deleted_at IS NULL AND NOT is_pos AND parent_id IS NULL AND email = ");
    sql.bind(email);
    Ok(Reply::value(&owner.database.search::<BigInt, i64>(sql).await?.first()))
}

/// The client with this `email`, whom `bank` knows from now on; made, waiting to be completed, where there is none.
///
/// # Errors
/// The database's own.
pub async fn client(owner: &Owner<Partners>, call: &Call) -> Result<Reply, Fault> {
    let email: String = call.params.need("email")?;
    let (bank, uid): (i64, i64) = (call.params.need("bank")?, call.params.need("uid")?);
    let origin = call.params.need::<Origin>("origin")?;
    // Who is asked by a release that does not say so is asked by the bank itself, which sees less
    let own = call.params.get::<bool>("own")?.unwrap_or(true);
    let id = owner
        .transact(call.traceparent.as_ref(), |tx| {
            (tx.author.bank, tx.author.uid, tx.author.origin) = (Some(bank), uid, origin.as_str());
            Box::pin(find_or_make(tx, email.clone(), bank, own))
        })
        .await?;
    Ok(Reply::value(&id))
}

async fn find_or_make(tx: &mut Tx<'_>, email: String, bank: i64, own: bool) -> Result<i64, Failure> {
    let registry = tx.registry;
    let model = registry.model("res.partner")?;
    let mut known = Sql::new(if own { "SELECT id, bank_ids @> ARRAY[" } else { "SELECT id, active AND bank_ids @> ARRAY[" });
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
        // A bank that joins changes nothing else
        if !own {
            values.set("active", true);
        }
        values.push("bank_ids", vec![bank]);
        tx.ids({
            let mut lock = Sql::new("SELECT id FROM res_partner WHERE id = ");
            lock.bind(id).push(" FOR UPDATE");
            lock
        })
        .await?;
        tx.update(model, vec![id], &values).await?;
        if own {
            bank_rows::keep(tx, &[id], bank, Values::default(), true, None).await?;
        }
    }
    if !own {
        bank_rows::brought(tx, &[found.0], Some(bank)).await?;
    }
    Ok(found.0)
}
