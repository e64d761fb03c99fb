//! What other services ask of partners for their documents: whose a code or an e-mail is, where a place is.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Text};
use domain::Identity;
use jsonrpc::Fault;
use partners_contract::{
    Business, Client, ClientOf, ForLead, ForReport, Named, Paper, Parties, Places, PointOfSale, Points, PointsOfSale, Reference,
};
use records::write::OnConflict;
use records::{Failure, Sql, Tx, Values, sql};
use serde_json::Value as Json;
use service::{Answers, Owner};

use crate::{Partners, bank_rows};

impl Answers<PointsOfSale> for Partners {
    async fn answer(owner: &Owner<Self>, question: PointsOfSale, _: Option<&String>) -> Result<Points, Fault> {
        points(owner, question.codes, question.ids).await
    }
}

async fn points(owner: &Owner<Partners>, codes: BTreeSet<String>, ids: BTreeSet<i64>) -> Result<Points, Fault> {
    let (codes, ids): (Vec<_>, Vec<_>) = (codes.into_iter().collect(), ids.into_iter().collect());
    let rows: Vec<Point> = owner.database.rows(sql!("for_documents/points_of_sale.sql", codes, ids)).await?;
    let point = |row: Point| {
        let closed = domain::is_closed(row.active, &row.status);
        (row.code_pos, PointOfSale { id: row.id, name: row.name, active: row.active, closed, version: row.version })
    };
    Ok(rows.into_iter().map(point).collect())
}

/// A row of `points_of_sale.sql`.
#[derive(QueryableByName)]
struct Point {
    #[diesel(sql_type = Text)]
    code_pos: String,
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = BigInt)]
    version: i64,
}

impl Answers<ForLead> for Partners {
    async fn answer(owner: &Owner<Self>, question: ForLead, _: Option<&String>) -> Result<Places, Fault> {
        let mut places = Places { points: points(owner, question.codes, BTreeSet::new()).await?, ..Places::default() };
        // A number is an id, a text a name
        let named = |place| match place {
            Some(Reference::Id(id)) => (Some(id), None),
            Some(Reference::Name(name)) => (None, Some(name.trim().to_owned())),
            None => (None, None),
        };
        let ((state, state_name), (country, country_name)) = (named(question.state), named(question.country));
        let asked = sql!("for_documents/named_by_a_lead.sql", question.bank, state, state_name, country, country_name);
        for NamedByLead { kind, id, name } in owner.database.rows(asked).await? {
            let place = Some(Named { id, name });
            match kind.as_str() {
                "bank" => places.bank = place,
                "state" => places.state = place,
                "country" => places.country = place,
                other => return Err(service::our_fault("partners", "a place of an unknown kind", &other)),
            }
        }
        Ok(places)
    }
}

/// A row of `named_by_a_lead.sql`.
#[derive(QueryableByName)]
struct NamedByLead {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    name: String,
}

impl Answers<ForReport> for Partners {
    async fn answer(owner: &Owner<Self>, question: ForReport, _: Option<&String>) -> Result<Vec<Parties>, Fault> {
        parties(owner, &question.papers, &question.identity).await
    }
}

/// What was made for good has its parties as they were then, those that are gone since among them; of anything else `identity` hears
/// what it may read now. A client's bank account is on no paper.
async fn parties(owner: &Owner<Partners>, papers: &[Paper], identity: &Identity) -> Result<Vec<Parties>, Fault> {
    let (mut numbers, mut records, mut moments, mut banks, mut posted) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut now: Vec<i64> = Vec::new();
    for (number, paper) in (0_i64..).zip(papers) {
        let kept: &[i64] = if paper.at.is_some() { &paper.partners } else { &[] };
        now.extend(paper.partners.iter().filter(|_| paper.at.is_none()));
        for id in std::iter::once(&COMPANY).chain(kept) {
            numbers.push(number);
            records.push(*id);
            moments.push(paper.at.clone().unwrap_or_default());
            banks.push(paper.bank.unwrap_or(0));
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
    let mut answer = vec![Parties::default(); papers.len()];
    for (paper, record, party) in owner.database.search::<(BigInt, BigInt, Text), (i64, i64, String)>(sql).await? {
        let party: Business =
            serde_json::from_str(&party).map_err(|error| service::our_fault("partners", "a party can't be told", &error))?;
        let of_paper = usize::try_from(paper).ok().and_then(|paper| answer.get_mut(paper));
        let parties = of_paper.ok_or_else(|| service::our_fault("partners", "a party of no paper", &paper))?;
        if record == COMPANY {
            parties.company = Some(party);
        } else {
            parties.partners.insert(record, party);
        }
    }
    if !now.is_empty() {
        let known = seen(owner, identity, &now).await?;
        for (paper, parties) in papers.iter().zip(&mut answer).filter(|(paper, _)| paper.at.is_none()) {
            parties.partners.extend(paper.partners.iter().filter_map(|id| Some((*id, known.get(id)?.clone()))));
        }
    }
    Ok(answer)
}

/// Stands among partners' ids for the company, whose id it is below zero.
const COMPANY: i64 = -1;

/// Partners as a user sees them, by id; what is not set, or not for the user, is left out.
async fn seen(owner: &Owner<Partners>, identity: &Identity, ids: &[i64]) -> Result<BTreeMap<i64, Business>, Fault> {
    const QUERY: &str = "{id, name, street, street2, zip, city, phone, mobile, email, rc, nif, nis, ai, code_pos, state_id{name}, \
                         country_id{name, name_fr}}";
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let model = owner.registry.model("res.partner")?;
    let mut known = BTreeMap::new();
    for mut row in owner.records_seen(identity, model, &ids, QUERY).await? {
        let named = |place: Option<Json>, names: &[&str]| {
            let place = place?;
            names.iter().find_map(|name| place.get(name)?.as_str().map(Json::from))
        };
        let (state, country) = (named(row.remove("state_id"), &["name"]), named(row.remove("country_id"), &["name_fr", "name"]));
        let id = row.remove("id").and_then(|id| id.as_i64());
        row.retain(|_, value| value.is_string());
        row.extend(state.map(|state| ("state".to_owned(), state)));
        row.extend(country.map(|country| ("country".to_owned(), country)));
        let unread = |error: &dyn std::fmt::Display| service::our_fault("partners", "a partner can't be told", error);
        let party = serde_json::from_value(row.into()).map_err(|error| unread(&error))?;
        known.insert(id.ok_or_else(|| unread(&"it has no id"))?, party);
    }
    Ok(known)
}

impl Answers<ClientOf> for Partners {
    async fn answer(owner: &Owner<Self>, question: ClientOf, _: Option<&String>) -> Result<Option<i64>, Fault> {
        let mut sql = Sql::new("SELECT id FROM res_partner WHERE deleted_at IS NULL AND NOT is_pos AND parent_id IS NULL AND email = ");
        sql.bind(question.email);
        Ok(owner.database.search::<BigInt, i64>(sql).await?.first().copied())
    }
}

impl Answers<Client> for Partners {
    async fn answer(owner: &Owner<Self>, question: Client, traceparent: Option<&String>) -> Result<i64, Fault> {
        let Client { email, bank, own, uid, origin } = question;
        let own = own.unwrap_or(true);
        owner
            .transact(traceparent, |tx| {
                (tx.author.bank, tx.author.uid, tx.author.origin) = (Some(bank), uid, origin.as_str());
                Box::pin(find_or_make(tx, email.clone(), bank, own))
            })
            .await
    }
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
