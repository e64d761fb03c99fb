//! What other services ask of partners for their documents: whose a code or an e-mail is, where a place is.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Text};
use domain::Identity;
use jsonrpc::Fault;
use partners_contract::{
    Business, Client, ClientOf, ForLead, ForReport, LeadsClient, Named, Paper, Parties, Places, PointOfSale, Points, PointsOfSale,
    Reference,
};
use records::write::OnConflict;
use records::{Failure, Tx, Values, sql};
use serde::{Deserialize, Serialize};
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
    async fn answer(owner: &Owner<Self>, question: ForLead, traceparent: Option<&String>) -> Result<Places, Fault> {
        let mut places = Places { points: points(owner, question.codes.clone(), BTreeSet::new()).await?, ..Places::default() };
        // A number is an id, a text a name
        let named = |place: &Option<Reference>| match place {
            Some(Reference::Id(id)) => (Some(*id), None),
            Some(Reference::Name(name)) => (None, Some(name.trim().to_owned())),
            None => (None, None),
        };
        let ((state, state_name), (country, country_name)) = (named(&question.state), named(&question.country));
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
        if let (Some(client), true) = (&question.client, places.has_all_of(&question)) {
            let LeadsClient { email, own, uid, origin } = client.clone();
            let client = Client { email, bank: question.bank, own: Some(own), uid, origin };
            places.client = Some(Self::answer(owner, client, traceparent).await?);
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
    let mut asked = Vec::new();
    let mut now: Vec<i64> = Vec::new();
    for (number, paper) in papers.iter().enumerate() {
        let party = |partner| Asked { paper: number, partner, at: paper.at.as_deref(), bank: paper.bank, posted: paper.posted };
        asked.push(party(None));
        match paper.at {
            Some(_) => asked.extend(paper.partners.iter().map(|id| party(Some(*id)))),
            None => now.extend(&paper.partners),
        }
    }
    let asked = serde_json::to_string(&asked).map_err(|error| service::our_fault("partners", "parties can't be asked for", &error))?;
    let mut companies: BTreeMap<usize, Business> = BTreeMap::new();
    let mut partners: BTreeMap<usize, BTreeMap<i64, Business>> = BTreeMap::new();
    for Printed { paper, partner, party } in owner.database.read(sql!("for_documents/as_printed.sql", asked)).await? {
        match partner {
            Some(partner) => drop(partners.entry(paper).or_default().insert(partner, party)),
            None => drop(companies.insert(paper, party)),
        }
    }
    let known = if now.is_empty() { BTreeMap::new() } else { seen(owner, identity, &now).await? };
    let parties = papers.iter().enumerate().map(|(number, paper)| {
        let company = companies.remove(&number);
        let company = company.ok_or_else(|| service::our_fault("partners", "the company of a paper can't be told", &number))?;
        let mut partners = partners.remove(&number).unwrap_or_default();
        if paper.at.is_none() {
            partners.extend(paper.partners.iter().filter_map(|id| Some((*id, known.get(id)?.clone()))));
        }
        Ok(Parties { company, partners })
    });
    parties.collect()
}

/// A party that a paper prints; no partner: the company.
#[derive(Serialize)]
struct Asked<'a> {
    paper: usize,
    partner: Option<i64>,
    at: Option<&'a str>,
    bank: Option<i64>,
    posted: bool,
}

/// A row of `as_printed.sql`.
#[derive(Deserialize)]
struct Printed {
    paper: usize,
    partner: Option<i64>,
    party: Business,
}

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
        let found = owner.database.search::<BigInt, i64>(sql!("for_documents/client_id.sql", question.email)).await?;
        Ok(found.first().copied())
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
    let known = sql!("for_documents/client_of.sql", email.as_str(), bank);
    let there = async |tx: &mut Tx<'_>| Ok::<_, Failure>(tx.rows::<KnownClient>(known.clone()).await?.pop());
    let found = match there(tx).await? {
        Some(found) => found,
        None => {
            let mut values = Values::default();
            values.set("name", email.as_str());
            values.set("email", email.as_str());
            values.set("bank_ids", vec![bank]);
            match tx.insert_unless_taken(model, &values, OnConflict::Skip).await? {
                Some(id) => return Ok(id),
                // Another request made it in this very moment
                None => there(tx).await?.ok_or_else(Fault::busy)?,
            }
        }
    };
    // A bank that joins changes nothing else
    if !found.known || !(own || found.active) {
        let mut values = Values::default();
        if !own {
            values.set("active", true);
        }
        values.push("bank_ids", vec![bank]);
        tx.ids(sql!("for_documents/lock.sql", found.id)).await?;
        tx.update(model, vec![found.id], &values).await?;
        if own {
            bank_rows::keep(tx, &[found.id], bank, Values::default(), true, None).await?;
        }
    }
    if !own {
        bank_rows::brought(tx, &[found.id], Some(bank)).await?;
    }
    Ok(found.id)
}

/// A row of `client_of.sql`.
#[derive(QueryableByName)]
struct KnownClient {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = Bool)]
    known: bool,
}
