//! From the owners' events to what each platform has still to hear.

use std::collections::{BTreeMap, BTreeSet};

use catalog_contract::{ProductMaster, ProductTemplate};
use chrono::{DateTime, Utc};
use crm_contract::{CrmLead, SaleOrder, SaleOrderLine};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Text};
use events::Event;
use jsonrpc::Fault;
use partners_contract::{Forgotten, ResPartner, ResUsers};
use records::{Failure, Tx, sql};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use service::{Owner, consumer};
use stock_contract::StockQuant;

use crate::Sync;

/// What a call tells of; its name in `ek.delivery`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "named as they are")]
pub enum Kind {
    // A product goes before its configurations, these before their quantities
    Product,
    Configuration,
    Stock,
    Order,
    Client,
    Pos,
    User,
    /// Of nothing: whether calls arrive.
    Test,
}

impl Kind {
    /// All names.
    pub const NAMES: &'static [&'static str] = &["product", "configuration", "stock", "order", "client", "pos", "user", "test"];
    /// All of them.
    pub const ALL: [Kind; 8] =
        [Kind::Product, Kind::Configuration, Kind::Stock, Kind::Order, Kind::Client, Kind::Pos, Kind::User, Kind::Test];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Product => "product",
            Kind::Configuration => "configuration",
            Kind::Stock => "stock",
            Kind::Order => "order",
            Kind::Client => "client",
            Kind::Pos => "pos",
            Kind::User => "user",
            Kind::Test => "test",
        }
    }

    /// The kind of a name.
    pub fn parse(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The verb for a record that the platform may not know.
    pub fn first_verb(self) -> &'static str {
        if matches!(self, Kind::Product | Kind::Pos | Kind::User | Kind::Test) { "POST" } else { "PUT" }
    }

    /// The model whose record is told; a stock's is the configuration that it is of.
    pub fn model(self) -> &'static str {
        match self {
            Kind::Product => "product.master",
            Kind::Configuration | Kind::Stock => "product.template",
            Kind::Order => "sale.order",
            Kind::Client | Kind::Pos => "res.partner",
            Kind::User => "res.users",
            Kind::Test => "ek.platform",
        }
    }

    /// The filter of all records of the kind.
    pub fn everything(self) -> &'static str {
        match self {
            Kind::Pos => r#"[["is_pos", "=", true]]"#,
            Kind::Client => r#"[["is_pos", "=", false], ["bank_ids", "!=", false]]"#,
            Kind::User => r#"[["bank_id", "!=", false]]"#,
            _ => "[]",
        }
    }
}

/// How many records are asked for at once.
const PAGE: usize = 1_000;

/// In place of a verb: not to be told, but to be remembered.
const REMEMBER: &str = "";

/// Something that platforms have to hear.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "columns of ek_delivery")]
pub struct News {
    pub kind: Kind,
    pub verb: &'static str,
    pub order_key: String,
    pub model: &'static str,
    pub record_id: i64,
    /// How platforms know it, where its event says so.
    pub reference: Option<String>,
    /// The banks that may hear it; none: all.
    pub banks: Option<Vec<i64>>,
    /// The bank that caused it.
    pub cause: Option<i64>,
    pub traceparent: Option<String>,
    pub changed_at: DateTime<Utc>,
    /// The feed that told of it, and its position there; none for what did not change.
    pub feed: Option<String>,
    pub pos: Option<i64>,
    /// What is remembered, and of what: news is what differs.
    #[serde(skip)]
    known_as: (&'static str, i64),
    #[serde(skip)]
    active: bool,
    #[serde(skip)]
    content: Option<String>,
    /// Whether it is news where nothing is remembered.
    #[serde(skip)]
    is_first: bool,
}

/// What some events come to.
#[derive(Debug, Default)]
pub struct Heard {
    news: Vec<News>,
    /// Work on many records: kind, filter, cause.
    many: Vec<(Kind, String, Option<i64>)>,
    /// Clients who are forgotten, and their e-mails: what is kept of them goes.
    forgotten: Vec<(i64, Option<String>)>,
}

/// Reads records of another service: what a platform is told, it is told as it is now.
///
/// # Errors
/// 503 where the owner is away.
pub async fn read(owner: &Owner<Sync>, model: &str, filter: Json, query: &str) -> Result<Vec<Map<String, Json>>, Fault> {
    owner.read_of(model, &filter, query, PAGE, None).await
}

/// The same as a bank may read them: what its platform is told of records that are not the same for all.
///
/// # Errors
/// 503 where the owner is away.
pub async fn read_as(owner: &Owner<Sync>, bank: i64, model: &str, filter: Json, query: &str) -> Result<Vec<Map<String, Json>>, Fault> {
    owner.read_of(model, &filter, query, PAGE, Some(bank)).await
}

/// The same without a bound of its own: page after page.
///
/// # Errors
/// 503 where the owner is away.
pub async fn read_all(owner: &Owner<Sync>, model: &str, filter: &[Json], query: &str) -> Result<Vec<Map<String, Json>>, Fault> {
    let mut all: Vec<Map<String, Json>> = Vec::new();
    loop {
        let last = all.last().and_then(|row| row.get("id")?.as_i64()).unwrap_or_default();
        let page = read(owner, model, Json::from([filter, &[json!(["id", ">", last])]].concat()), query).await?;
        let is_last = page.len() < PAGE;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

/// Finds out what events mean to platforms.
///
/// # Errors
/// 503 where a service is away.
pub async fn hear(owner: &Owner<Sync>, feed: &str, events: &[Event]) -> Result<Heard, Fault> {
    let mut heard = Heard::default();
    let mut quants = BTreeMap::new();
    for event in events.iter().filter(|event| event.model == "stock.quant" && event.kind != "deleted" && !event.is_import()) {
        quants.insert(event.pos, consumer::read::<StockQuant>(event, "sync")?.product_id);
    }
    let masters = masters(owner, quants.values().copied().collect()).await?;
    let stepped = orders_of_stepped(owner, events).await?;
    for event in events {
        let gone = event.kind == "deleted";
        let new = |kind: Kind, record_id: i64, order_key: String, active: bool| News {
            kind,
            verb: if event.kind == "created" { kind.first_verb() } else { "PUT" },
            order_key,
            model: kind.model(),
            record_id,
            reference: None,
            banks: None,
            cause: event.bank,
            traceparent: event.traceparent.clone(),
            changed_at: event.at,
            feed: Some(feed.to_owned()),
            pos: Some(event.pos),
            active: !gone && active,
            known_as: (kind.as_str(), record_id),
            content: None,
            is_first: true,
        };
        let id = event.record_id;
        match event.model.as_str() {
            "product.master" => {
                let product: ProductMaster = consumer::read(event, "sync")?;
                let content = content(&ProductMaster { active: true, ref_odoo: None, ..product.clone() })?;
                let reference = Some(catalog_contract::reference(product.ref_odoo, "rc_", id));
                let of_product = new(Kind::Product, id, format!("product {id}"), product.active);
                heard.news.push(News { content: Some(content), reference, ..of_product })
            }
            "product.template" => {
                let told: ProductTemplate = consumer::read(event, "sync")?;
                let Some(master) = told.master_product else { continue };
                let key = format!("product {master}");
                let of_prices = content(&(told.list_price, told.standard_price))?;
                let content = content(&ProductTemplate { active: true, ref_odoo: None, ..told.clone() })?;
                let reference = Some(catalog_contract::reference(told.ref_odoo, "rc_variante", id));
                heard.news.push(News { content: Some(content), reference, ..new(Kind::Configuration, id, key.clone(), told.active) });
                // A price is part of what a point of sale offers too
                let of_prices = News { content: Some(of_prices), ..new(Kind::Stock, id, key, told.active) };
                // Of a new one nothing is anywhere yet
                heard.news.push(if event.kind == "updated" { of_prices } else { News { verb: REMEMBER, ..of_prices } });
            }
            "product.brand" | "product.category" if event.kind == "updated" && !event.is_import() => {
                let (field, operator) = if event.model == "product.brand" { ("brand", "=") } else { ("categ_id", "child_of") };
                heard.many.push((Kind::Product, json!([[field, operator, id]]).to_string(), event.bank));
                if event.model == "product.category" {
                    // Its prices are part of what a configuration says, and of what a point of sale offers
                    let through = json!([[format!("master_product.{field}"), operator, id]]).to_string();
                    heard.many.push((Kind::Configuration, through.clone(), event.bank));
                    heard.many.push((Kind::Stock, through, event.bank));
                }
            }
            "stock.quant" if !gone => {
                let Some(product) = quants.get(&event.pos) else { continue };
                let Some(master) = masters.get(product) else { continue };
                heard.news.push(new(Kind::Stock, *product, format!("product {master}"), true));
            }
            // By what the event says, and not by how the order is now: what its bank did before, heard of late, would pass for what
            // the hub did since
            "sale.order" if !gone => {
                let order: SaleOrder = consumer::read(event, "sync")?;
                let (Some(bank), Some(state)) = (order.bank_id, order.ek_state.filter(|state| state.next().is_empty())) else { continue };
                let of_order = new(Kind::Order, id, format!("order {id}"), true);
                heard.news.push(News { banks: Some(vec![bank]), content: Some(state.as_str().to_owned()), ..of_order });
            }
            // A step of its loan file: whoever took it, the bank's own analyst too, the platform is told
            "crm.lead" if event.kind == "updated" => {
                let CrmLead { bank_id, file_state_date } = consumer::read(event, "sync")?;
                let (Some(bank), Some(at), Some(order)) = (bank_id, file_state_date, stepped.get(&id)) else { continue };
                heard.news.push(News {
                    banks: Some(vec![bank]),
                    cause: None,
                    content: Some(at),
                    known_as: ("lead", id),
                    ..new(Kind::Order, *order, format!("order {order}"), true)
                });
            }
            "sale.order.line" if event.kind == "updated" => {
                let line: SaleOrderLine = consumer::read(event, "sync")?;
                let (Some(bank), order) = (line.bank_id, line.order_id) else { continue };
                let number = |quantity: Decimal| {
                    quantity.to_f64().ok_or_else(|| service::our_fault("sync", "a quantity of an order's line is no number", &quantity))
                };
                let (short, delivered) = (number(line.short)?, number(line.qty_delivered)?);
                let (returned, closed) = (number(line.qty_returned)?, number(line.qty_closed)?);
                let smooth = short == 0.0 && returned == 0.0 && closed == 0.0;
                let content = if smooth { short.to_string() } else { json!([short, delivered, returned, closed]).to_string() };
                let news = News {
                    banks: Some(vec![bank]),
                    content: Some(content),
                    known_as: ("line", id),
                    ..new(Kind::Order, order, format!("order {order}"), true)
                };
                heard.news.push(match smooth {
                    false => news,
                    // What was short is there: told where it went to the client, for then the order had been told without it
                    true if delivered > 0.0 => News { is_first: false, ..news },
                    // What is short no longer is not told, but may be short again
                    true => News { verb: REMEMBER, ..news },
                });
            }
            "res.partner" => {
                let partner: ResPartner = consumer::read(event, "sync")?;
                let key = format!("partner {id}");
                if partner.is_pos {
                    heard.news.push(new(Kind::Pos, id, key, partner.active));
                } else if !gone {
                    heard.news.push(News { banks: Some(partner.bank_ids), ..new(Kind::Client, id, key, partner.active) });
                }
            }
            "res.users" if !gone => {
                let user: ResUsers = consumer::read(event, "sync")?;
                let banks = user.bank_id.into_iter().collect();
                heard.news.push(News { banks: Some(banks), ..new(Kind::User, id, format!("user {id}"), user.active) });
            }
            // Nothing of it is told
            _ => {}
        }
    }
    let forgotten: Vec<i64> = consumer::forgotten(events, "sync")?.into_iter().map(|(client, _)| client).collect();
    if !forgotten.is_empty() {
        heard.forgotten = owner.ask(&Forgotten { ids: forgotten }, None).await?;
    }
    let imported: BTreeSet<i64> = events.iter().filter(|event| event.is_import()).map(|event| event.pos).collect();
    heard.news.retain_mut(|news| settle(news, &imported) && news.banks.as_ref().is_none_or(|banks| !banks.is_empty()));
    Ok(heard)
}

/// What came from elsewhere is told to nobody. What is known of a record is remembered, so that its next change is told as one; answers
/// whether anything is left to be done.
fn settle(news: &mut News, imported: &BTreeSet<i64>) -> bool {
    if !news.pos.is_some_and(|pos| imported.contains(&pos)) {
        return true;
    }
    news.verb = REMEMBER;
    news.content.is_some()
}

/// The products of configurations.
async fn masters(owner: &Owner<Sync>, configurations: BTreeSet<i64>) -> Result<BTreeMap<i64, i64>, Fault> {
    if configurations.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = read(owner, "product.template", json!([["id", "in", configurations]]), "{id, master_product}").await?;
    let mut masters = BTreeMap::new();
    for row in &rows {
        if let Some(master) = set_id(row, "master_product")? {
            masters.insert(id_of(row)?, master);
        }
    }
    Ok(masters)
}

/// The orders of leads whose loan files were taken to another state, by the lead.
async fn orders_of_stepped(owner: &Owner<Sync>, events: &[Event]) -> Result<BTreeMap<i64, i64>, Fault> {
    let mut leads = BTreeSet::new();
    for event in events.iter().filter(|event| event.model == "crm.lead" && event.kind == "updated" && !event.is_import()) {
        if consumer::read::<CrmLead>(event, "sync")?.file_state_date.is_some() {
            leads.insert(event.record_id);
        }
    }
    if leads.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut orders = BTreeMap::new();
    for row in &read(owner, "sale.order", json!([["opportunity_id", "in", leads]]), "{id, opportunity_id}").await? {
        if let Some(lead) = set_id(row, "opportunity_id")? {
            orders.insert(lead, id_of(row)?);
        }
    }
    Ok(orders)
}

/// The id that a field of a record has, where it is set.
fn set_id(row: &Map<String, Json>, field: &str) -> Result<Option<i64>, Fault> {
    match row.get(field) {
        Some(Json::Bool(false)) => Ok(None),
        Some(Json::Number(id)) if id.is_i64() => Ok(id.as_i64()),
        other => Err(service::our_fault("sync", "a record that was read has no id where one should be", &format!("{field}: {other:?}"))),
    }
}

/// A record's id.
///
/// # Errors
/// 500 where it has none.
pub fn id_of(row: &Map<String, Json>) -> Result<i64, Fault> {
    set_id(row, "id")?.ok_or_else(|| service::our_fault("sync", "a record that was read has no id", &format!("{row:?}")))
}

/// As JSON: what is compared with what is remembered, and what a statement takes.
fn content(said: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(said).map_err(|error| service::our_fault("sync", "what a record says can't be written", &error))
}

/// Writes down who has to hear what, in the transaction that moves the cursor.
///
/// # Errors
/// The database's own.
pub async fn apply(tx: &mut Tx<'_>, heard: &Heard) -> Result<(), Failure> {
    if !heard.forgotten.is_empty() {
        let (clients, emails): (Vec<i64>, Vec<Option<String>>) = heard.forgotten.iter().cloned().unzip();
        tx.run(sql!("hear/forget.sql", clients, emails.into_iter().flatten().collect::<Vec<_>>())).await?;
    }
    let news = differing(tx, &heard.news).await?;
    tell(tx, &news, None).await?;
    for (kind, filter, cause) in &heard.many {
        tx.run(sql!("hear/begin_sync.sql", kind.as_str(), filter.as_str(), *cause)).await?;
    }
    Ok(())
}

/// Others' events in sync's own feed, for those who follow all of them at one place: which record, not what it says.
///
/// # Errors
/// The database's own.
pub async fn pass_on(tx: &mut Tx<'_>, events: &[Event]) -> Result<(), Failure> {
    tx.author.told.set();
    let rows: Vec<Json> = events
        .iter()
        .map(|event| {
            json!({"model": event.model, "record_id": event.record_id, "version": event.version, "kind": event.kind,
                "origin": event.origin, "bank": event.bank, "traceparent": event.traceparent, "cause": event.cause})
        })
        .collect();
    tx.run(sql!("hear/pass_on.sql", Json::from(rows).to_string())).await.map(drop)
}

/// The news that are some, with PATCH for those that only archive or activate; and remembers them.
async fn differing(tx: &mut Tx<'_>, news: &[News]) -> Result<Vec<News>, Failure> {
    let remembered = || news.iter().filter_map(|one| one.content.as_ref().map(|content| (one, content)));
    let models: BTreeSet<String> = remembered().map(|(one, _)| one.known_as.0.to_owned()).collect();
    if models.is_empty() {
        return Ok(news.to_vec());
    }
    let ids: Vec<i64> = remembered().map(|(one, _)| one.known_as.1).collect();
    let rows: Vec<Known> = tx.rows(sql!("hear/known.sql", models.into_iter().collect::<Vec<_>>(), ids)).await?;
    let mut known: BTreeMap<(String, i64), (bool, String)> =
        rows.into_iter().map(|row| ((row.model, row.record_id), (row.active, row.content))).collect();
    let mut differing = Vec::new();
    let mut changed = BTreeSet::new();
    for one in news {
        let Some(content) = &one.content else {
            differing.push(one.clone());
            continue;
        };
        // Texts are long; what is the same has the same digest
        let digest = records::values::content_hash(&Map::from_iter([("content".to_owned(), content.as_str().into())]));
        let key = (one.known_as.0.to_owned(), one.known_as.1);
        let before = known.insert(key.clone(), (one.active, digest.clone()));
        changed.insert(key);
        match before {
            Some((active, same)) if same == digest && active == one.active => {}
            _ if one.verb == REMEMBER => {}
            None if !one.is_first => {}
            Some((active, same)) if same == digest && active != one.active => differing.push(News { verb: "PATCH", ..one.clone() }),
            Some((active, _)) if active && !one.active => differing.push(News { verb: "PATCH", ..one.clone() }),
            _ => differing.push(one.clone()),
        }
    }
    known.retain(|key, _| changed.contains(key));
    let known = known.into_iter().map(|((model, record_id), (active, content))| Known { model, record_id, active, content });
    tx.run(sql!("hear/remember.sql", content(&known.collect::<Vec<_>>())?)).await?;
    Ok(differing)
}

/// A row of `ek_known`: the digest of what was last heard of a record.
#[derive(QueryableByName, Serialize)]
struct Known {
    #[diesel(sql_type = Text)]
    model: String,
    #[diesel(sql_type = BigInt)]
    record_id: i64,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = Text)]
    content: String,
}

/// Deliveries for all platforms that may and want to hear, or for this one; folded into those that wait. A platform hears
/// of what stands in the feeds after its naming (a full sync tells what was before); one that is switched off hears it when
/// it is on again.
///
/// # Errors
/// The database's own.
pub async fn tell(tx: &mut Tx<'_>, news: &[News], only: Option<i64>) -> Result<(), Failure> {
    // One statement for each bank that caused something: it does not hear that, but does hear what another caused
    let mut by_cause: BTreeMap<Option<i64>, BTreeMap<(Kind, i64), News>> = BTreeMap::new();
    for one in news {
        let group = by_cause.entry(one.cause).or_default();
        match group.get_mut(&(one.kind, one.record_id)) {
            None => drop(group.insert((one.kind, one.record_id), one.clone())),
            Some(first) => {
                // A platform that was named in between hears the later one
                first.changed_at = first.changed_at.max(one.changed_at);
                first.pos = first.pos.max(one.pos);
                if first.verb == "PATCH" && one.verb == "PUT" {
                    first.verb = "PUT";
                }
            }
        }
    }
    for (cause, group) in by_cause {
        for kind in Kind::ALL {
            let rows: Vec<&News> = group.values().filter(|one| one.kind == kind).collect();
            if rows.is_empty() {
                continue;
            }
            tx.run(sql!("hear/tell.sql", content(&rows)?, cause, only)).await?;
        }
    }
    Ok(())
}

/// News of records that were not changed, for a sync: from rows `{id, master_product}` and the like.
///
/// # Errors
/// 500 for a row that is not what was asked for.
pub fn of_rows(kind: Kind, verb: &'static str, rows: &[Map<String, Json>], cause: Option<i64>) -> Result<Vec<News>, Fault> {
    let mut news = Vec::with_capacity(rows.len());
    for row in rows {
        let id = id_of(row)?;
        let order_key = match kind {
            Kind::Product => format!("product {id}"),
            Kind::Configuration | Kind::Stock => match set_id(row, "master_product")? {
                Some(master) => format!("product {master}"),
                // Of no product nothing is told
                None => continue,
            },
            Kind::Client | Kind::Pos => format!("partner {id}"),
            Kind::User => format!("user {id}"),
            Kind::Order => format!("order {id}"),
            Kind::Test => format!("test {id}"),
        };
        let banks = match kind {
            Kind::Client => Some(serde_json::from_value(row.get("bank_ids").cloned().unwrap_or_default()).map_err(|error| {
                service::our_fault("sync", "the banks of a client can't be read", &format!("res.partner {id}: {error}"))
            })?),
            Kind::User => Some(set_id(row, "bank_id")?.into_iter().collect()),
            _ => None,
        };
        news.push(News {
            kind,
            verb,
            order_key,
            model: kind.model(),
            record_id: id,
            reference: None,
            banks,
            cause,
            traceparent: None,
            changed_at: Utc::now(),
            feed: None,
            pos: None,
            active: true,
            known_as: (kind.as_str(), id),
            content: None,
            is_first: true,
        });
    }
    Ok(news)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_setting_in_the_statements_that_look_at_it() {
        for text in [include_str!("hear/tell.sql"), include_str!("push/take.sql")] {
            for kind in Kind::NAMES {
                assert!(text.contains(&format!("WHEN '{kind}' THEN p.")), "{kind}");
            }
        }
    }
}
