//! Models that every service keeps a part of: the owner of the model that a filter names is asked, or of the records' ids, or all,
//! and what these answer is merged in its order.
//!
//! A list of several owners is found in two steps: which records, by their ids and what they are ordered by; then the records of the
//! page, of each owner its own.
// circle: federation: each owner's part is asked for as any other call, with what it asks of other services' records

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use futures_util::future::try_join_all;
use jsonrpc::{Call, Dialect, Fault, Params, Reply};
use process::directory::{self, NUMBERS, keeper_of, owner_of};
use process::parse_reply;
use records::paged::envelope;
use records::read::Page;
use records::request::{ListRequest, MAX_OFFSET, Window};
use records::values::{truth, whole};
use records::{Filter, Op, Operand};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::auth::Session;
use crate::federation::Federation;

/// How far into the records of several owners a list may reach: each answers so many.
const MAX_MERGED: usize = 20_000;
/// How many records of several owners a list without a page may have.
const MAX_WHOLE: usize = 10_000;

/// Answers a call of such a model.
///
/// # Errors
/// Whatever the services say, and 422 for what only one of them can answer while none is named.
pub(crate) async fn call(federation: &Federation, session: &Session, call: Call) -> Result<Reply, Fault> {
    let services = Vec::from_iter(whom(&call)?);
    let of = Parts { federation, session, call: &call };
    match services.as_slice() {
        // Nobody keeps what is meant: any of them says so
        [] => of.ask(first(), call.clone()).await,
        [one] => of.ask(one, call.clone()).await,
        several => of.answer(several).await,
    }
}

fn first() -> &'static str {
    NUMBERS.first().map_or("", |(service, _)| service)
}

/// The services that a call means: by the records' ids, by the model that a new record is about, by the filter; where nothing tells,
/// any can answer.
fn whom(call: &Call) -> Result<BTreeSet<&'static str>, Fault> {
    if call.params.raw("id").is_some() {
        return Ok(call.params.get::<i64>("id")?.and_then(keeper_of).into_iter().collect());
    }
    if call.params.raw("ids").is_some() {
        return Ok(call.params.need::<Vec<i64>>("ids")?.into_iter().filter_map(keeper_of).collect());
    }
    Ok(match call.method.as_str() {
        "create" => call.params.raw("data").map(subjects).unwrap_or_default(),
        "search" | "search_read" | "search_count" | "name_search" | "read_group" | "formatted_read_group" | "write" | "unlink" => {
            let filter = call.params.raw("filter").and_then(|raw| Filter::parse(raw).ok());
            filter.and_then(|filter| named(&filter)).unwrap_or_else(|| NUMBERS.iter().map(|(service, _)| *service).collect())
        }
        _ => BTreeSet::new(),
    })
}

/// The owners of what new records are about. What can't be read is refused by whoever is asked.
fn subjects(data: &RawValue) -> BTreeSet<&'static str> {
    #[derive(Deserialize)]
    struct Subject {
        #[serde(default, alias = "res_model")]
        model: Value,
    }
    let one = |text: &str| serde_json::from_str::<Subject>(text).ok().and_then(|subject| owner_of(subject.model.as_str()?));
    match serde_json::from_str::<Vec<&RawValue>>(data.get()) {
        Ok(rows) => rows.into_iter().filter_map(|row| one(row.get())).collect(),
        Err(_) => one(data.get()).into_iter().collect(),
    }
}

/// The services whose records alone a filter can find; none: it may find any's.
fn named(filter: &Filter) -> Option<BTreeSet<&'static str>> {
    match filter {
        Filter::And(items) => items.iter().filter_map(named).reduce(|a, b| a.intersection(&b).copied().collect()),
        Filter::Or(items) => {
            let all: Option<Vec<_>> = items.iter().map(named).collect();
            all.map(|all| all.into_iter().flatten().collect())
        }
        Filter::Not(_) => None,
        Filter::Leaf(leaf) => {
            let [field] = leaf.path.as_slice() else { return None };
            let values = match (&leaf.operand, leaf.op) {
                (Operand::Value(Value::Array(values)), Op::Eq | Op::In) => values.clone(),
                (Operand::Value(value), Op::Eq | Op::In) => vec![value.clone()],
                _ => return None,
            };
            match field.as_str() {
                "model" | "res_model" => values.iter().map(|value| value.as_str().map(owner_of)).collect::<Option<Vec<_>>>(),
                "id" => values.iter().map(|value| whole(value).map(keeper_of)).collect(),
                _ => None,
            }
            .map(|services| services.into_iter().flatten().collect())
        }
    }
}

/// A call of which several services have a part.
struct Parts<'c> {
    federation: &'c Federation,
    session: &'c Session,
    call: &'c Call,
}

/// A record in one owner's order.
struct Head {
    id: i64,
    keys: Vec<Value>,
}

impl Parts<'_> {
    /// Has one service answer.
    async fn ask(&self, service: &'static str, call: Call) -> Result<Reply, Fault> {
        let call = Call { token: self.session.token(service)?, ..call };
        self.federation.call_of(Some(service), self.session, call).await
    }

    async fn ask_for<T: serde::de::DeserializeOwned>(&self, service: &'static str, call: Call) -> Result<T, Fault> {
        parse_reply(self.ask(service, call).await?).await
    }

    async fn answer(&self, services: &[&'static str]) -> Result<Reply, Fault> {
        let params = &self.call.params;
        match (self.call.dialect, self.call.method.as_str()) {
            (Dialect::AddOn, "search_read") => self.page(services).await,
            (Dialect::Odoo, "search" | "search_read") => {
                if params.given::<Value>("count")?.as_ref().and_then(truth) == Some(true) {
                    return Ok(Reply::value(&self.count(services).await?));
                }
                let (offset, limit) = (number(params, "offset")?.unwrap_or_default(), number(params, "limit")?);
                let ids = self.found(services, &self.order()?, offset, limit, None).await?;
                if self.call.method == "search" { Ok(Reply::value(&ids)) } else { Ok(list(&self.read(&ids).await?)) }
            }
            (Dialect::Odoo, "search_count") => Ok(Reply::value(&self.count(services).await?)),
            (Dialect::Odoo, "name_search") => {
                let limit = if params.raw("limit").is_none() { 100 } else { number(params, "limit")?.unwrap_or(MAX_WHOLE) };
                let asked = services.iter().map(|service| self.ask_for::<Vec<Box<RawValue>>>(service, self.call.clone()));
                let names: Vec<String> =
                    try_join_all(asked).await?.into_iter().flatten().take(limit).map(|raw| raw.get().to_owned()).collect();
                Ok(list(&names))
            }
            (Dialect::Odoo, "read" | "exists" | "name_get" | "get_metadata") => {
                let ids: Vec<i64> = params.need("ids")?;
                Ok(list(&self.by_id(&ids).await?))
            }
            (Dialect::Odoo, "get_external_id") => {
                let ids: Vec<i64> = params.need("ids")?;
                let mut all = Map::new();
                for (service, ids) in split(&ids) {
                    all.extend(self.ask_for::<Map<String, Value>>(service, self.call.clone().with("ids", &ids)).await?);
                }
                Ok(Reply::value(&all))
            }
            (Dialect::Odoo, "has_access" | "check_access") => {
                let ids: Vec<i64> = params.need("ids")?;
                let mut answer = Value::Null;
                for (service, ids) in split(&ids) {
                    answer = self.ask_for(service, self.call.clone().with("ids", &ids)).await?;
                    if answer == Value::Bool(false) {
                        break;
                    }
                }
                Ok(Reply::value(&answer))
            }
            (_, method) => Err(Fault::validation(format!(
                "'{}' records are kept by several services, and `{}` is one's at a time: name one `model` (or `res_model`), or records of one",
                self.call.model,
                records::model::clip(method)
            ))),
        }
    }

    /// What the records are ordered by.
    fn order(&self) -> Result<String, Fault> {
        let order = self.call.params.given::<Value>("order")?.and_then(|order| order.as_str().map(str::to_owned));
        let own = directory::order_of(&self.call.model).unwrap_or("id");
        Ok(order.filter(|order| !order.trim().is_empty()).unwrap_or_else(|| own.to_owned()))
    }

    /// A page as the add-on tells it.
    async fn page(&self, services: &[&'static str]) -> Result<Reply, Fault> {
        let request = ListRequest::parse(&self.call.params)?;
        let order = match &request.order {
            Some(order) => order.clone(),
            None => self.order()?,
        };
        let (order, limit, after) = match request.window {
            Window::First(limit) | Window::From { limit, .. } => (order, limit, None),
            Window::Page { size, limit, .. } => (order, Some(limit.unwrap_or(size).min(size)), None),
            Window::After { id, limit } => ("id".to_owned(), Some(limit), Some(id)),
        };
        let as_size = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        let ids = self.found(services, &order, as_size(request.window.offset()), limit.map(as_size), after).await?;
        let total = match request.window {
            Window::Page { .. } => Some(self.count(services).await?),
            Window::First(_) | Window::From { .. } | Window::After { .. } => None,
        };
        let rows = self.rows(&ids).await?;
        let page = Page { count: i64::try_from(rows.len()).unwrap_or(i64::MAX), rows: rows.join(","), total, last_id: ids.last().copied() };
        Ok(Reply::json(envelope(&request.window, &page)))
    }

    /// A search of one service's part, for this call's filter.
    fn searching(&self, method: &str) -> Call {
        let mut params = Params::default();
        for name in ["filter", "context"] {
            if let Some(raw) = self.call.params.raw(name) {
                params.set_raw(name, raw);
            }
        }
        Call { method: method.to_owned(), params, dialect: Dialect::Odoo, idempotency: None, ..self.call.clone() }
    }

    async fn count(&self, services: &[&'static str]) -> Result<i64, Fault> {
        let most = number(&self.call.params, "limit")?.filter(|_| self.call.dialect == Dialect::Odoo);
        let counts = try_join_all(services.iter().map(|service| self.ask_for::<i64>(service, self.searching("search_count")))).await?;
        let all: i64 = counts.into_iter().sum();
        Ok(most.and_then(|most| i64::try_from(most).ok()).map_or(all, |most| all.min(most)))
    }

    /// The records that are meant, in their order.
    async fn found(
        &self,
        services: &[&'static str],
        order: &str,
        offset: usize,
        limit: Option<usize>,
        after: Option<i64>,
    ) -> Result<Vec<i64>, Fault> {
        let most = limit.map_or(MAX_WHOLE + 1, |limit| offset.saturating_add(limit));
        if most > MAX_MERGED {
            return Err(Fault::validation(format!(
                "Of the records of several services the first {MAX_MERGED} can be listed: name one `model` (or `res_model`), or walk with `after`."
            )));
        }
        let keys = keys(order);
        let fields: Vec<&str> = keys.iter().map(|(name, _)| name.as_str()).filter(|name| *name != "id").collect();
        let mut search = self.searching("search_read").with("order", &order).with("limit", &most);
        search = search.with("query", &format!("{{{}}}", ["id"].into_iter().chain(fields).collect::<Vec<_>>().join(",")));
        if let Some(id) = after {
            let walked = Filter::leaf("id", Op::Gt, id);
            let filter = match self.call.params.raw("filter") {
                Some(raw) => Filter::And(vec![walked, Filter::parse(raw)?]),
                None => walked,
            };
            search = search.with("filter", &filter.to_value());
        }
        let place = self.federation.place(self.session).await?;
        let asked = services.iter().map(|service| self.ask_for::<Vec<Map<String, Value>>>(service, search.clone()));
        let mut parts: Vec<VecDeque<Head>> = Vec::with_capacity(services.len());
        for rows in try_join_all(asked).await? {
            parts.push(rows.iter().map(|row| head(row, &keys)).collect());
        }
        drop(place);
        let merged = merged(parts, &keys, most);
        if limit.is_none() && merged.len() > MAX_WHOLE.max(offset) {
            return Err(Fault::validation(format!(
                "More than {MAX_WHOLE} records of several services match: read them by pages, or name one `model` (or `res_model`)."
            )));
        }
        Ok(merged.into_iter().skip(offset).collect())
    }

    /// Records of a page as the call asks for them, each one's text.
    async fn rows(&self, ids: &[i64]) -> Result<Vec<String>, Fault> {
        #[derive(Deserialize)]
        struct Rows {
            result: Vec<Box<RawValue>>,
        }
        let mut texts = BTreeMap::new();
        let asked = split(ids).into_iter().map(|(service, mut ids)| async move {
            ids.sort_unstable();
            let mut call = Call { idempotency: None, params: Params::default(), ..self.call.clone() };
            for name in ["query", "context"] {
                if let Some(raw) = self.call.params.raw(name) {
                    call.params.set_raw(name, raw);
                }
            }
            let call = call.with("filter", &json!([["id", "in", ids]])).with("order", &"id").with("limit", &ids.len().to_string());
            let rows: Rows = self.ask_for(service, call).await?;
            if rows.result.len() != ids.len() {
                return Err(Fault::unavailable("Records were removed while they were read. Try again."));
            }
            Ok(ids.into_iter().zip(rows.result).collect::<Vec<_>>())
        });
        for (id, row) in try_join_all(asked).await?.into_iter().flatten() {
            texts.insert(id, row.get().to_owned());
        }
        Ok(ids.iter().filter_map(|id| texts.remove(id)).collect())
    }

    /// The same in the ORM's words.
    async fn read(&self, ids: &[i64]) -> Result<Vec<String>, Fault> {
        let mut params = Params::default();
        for name in ["query", "load", "context"] {
            if let Some(raw) = self.call.params.raw(name) {
                params.set_raw(name, raw);
            }
        }
        let call = Call { method: "read".to_owned(), params, ..self.call.clone() };
        Parts { call: &call, ..*self }.by_id(ids).await
    }

    /// What a method that is called on records answers for each, in the order in which they are named.
    async fn by_id(&self, ids: &[i64]) -> Result<Vec<String>, Fault> {
        let asked =
            split(ids).into_iter().map(|(service, ids)| self.ask_for::<Vec<Box<RawValue>>>(service, self.call.clone().with("ids", &ids)));
        let mut texts: BTreeMap<i64, String> = BTreeMap::new();
        for raw in try_join_all(asked).await?.into_iter().flatten() {
            let id = match serde_json::from_str(raw.get()) {
                Ok(Value::Object(row)) => row.get("id").and_then(Value::as_i64),
                Ok(Value::Array(pair)) => pair.first().and_then(Value::as_i64),
                Ok(id) => id.as_i64(),
                Err(_) => None,
            };
            let id = id.ok_or_else(|| process::our_fault("gateway", "a record has no id", &self.call.method))?;
            texts.insert(id, raw.get().to_owned());
        }
        Ok(ids.iter().filter_map(|id| texts.get(id).cloned()).collect())
    }
}

/// Each service's of these records, in their order.
fn split(ids: &[i64]) -> BTreeMap<&'static str, Vec<i64>> {
    let mut parts: BTreeMap<&'static str, Vec<i64>> = BTreeMap::new();
    for id in ids {
        if let Some(service) = keeper_of(*id) {
            parts.entry(service).or_default().push(*id);
        }
    }
    parts
}

fn list(texts: &[String]) -> Reply {
    Reply::json(format!("[{}]", texts.join(",")))
}

/// A number; nought and `false` are none. What is not one its owner refuses, as it is asked first.
fn number(params: &Params, name: &str) -> Result<Option<usize>, Fault> {
    let Some(value) = params.given::<Value>(name)? else { return Ok(None) };
    let number = whole(&value).filter(|number| (0..=MAX_OFFSET).contains(number));
    let number =
        number.ok_or_else(|| Fault::validation(format!("`{name}` is {value}: a whole number from 0 to {MAX_OFFSET} was expected")))?;
    Ok(usize::try_from(number).ok().filter(|number| *number > 0))
}

/// The fields of an order, and whether each falls. What is not a field's name its owner refuses.
fn keys(order: &str) -> Vec<(String, bool)> {
    let key = |key: &str| {
        let mut words = key.split_whitespace();
        let name: String = words.next().unwrap_or_default().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        (name, words.next().is_some_and(|word| word.eq_ignore_ascii_case("desc")))
    };
    let mut keys: Vec<_> = order.split(',').map(key).filter(|(name, _)| !name.is_empty()).collect();
    if !keys.iter().any(|(name, _)| name == "id") {
        keys.push(("id".to_owned(), false));
    }
    keys
}

fn head(row: &Map<String, Value>, keys: &[(String, bool)]) -> Head {
    let of = |name: &str| row.get(name).cloned().unwrap_or(Value::Bool(false));
    Head { id: of("id").as_i64().unwrap_or_default(), keys: keys.iter().map(|(name, _)| of(name)).collect() }
}

/// What is unset comes last, as in PostgreSQL.
fn compared(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
        },
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(false), Value::Bool(false)) => Ordering::Equal,
        (Value::Bool(false), _) => Ordering::Greater,
        (_, Value::Bool(false)) => Ordering::Less,
        (a, b) => a.to_string().cmp(&b.to_string()),
    }
}

/// The first so many of all, each owner's in its own order: that may know more of a moment than is told.
fn merged(mut parts: Vec<VecDeque<Head>>, keys: &[(String, bool)], most: usize) -> Vec<i64> {
    let before = |a: &Head, b: &Head| {
        let order = a.keys.iter().zip(&b.keys).zip(keys).map(|((a, b), (_, falls))| {
            let order = compared(a, b);
            if *falls { order.reverse() } else { order }
        });
        order.fold(Ordering::Equal, Ordering::then)
    };
    let mut merged = Vec::new();
    while merged.len() < most {
        let heads = parts.iter().enumerate().filter_map(|(at, part)| Some((at, part.front()?)));
        let Some((at, _)) = heads.min_by(|(_, a), (_, b)| before(a, b)) else { break };
        merged.extend(parts.get_mut(at).and_then(VecDeque::pop_front).map(|head| head.id));
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(filter: Value) -> Vec<&'static str> {
        let filter = Filter::from_value(filter).unwrap();
        named(&filter).map_or_else(|| vec!["all"], Vec::from_iter)
    }

    #[test]
    fn a_filter_tells_whose_records_it_can_find() {
        assert_eq!(asked(json!([["model", "=", "crm.lead"], ["res_id", "=", 3]])), ["crm"]);
        assert_eq!(asked(json!([["res_model", "in", ["crm.lead", "res.partner"]]])), ["crm", "partners"]);
        assert_eq!(asked(json!(["|", ["model", "=", "crm.lead"], ["res_id", "=", 3]])), ["all"]);
        assert_eq!(asked(json!(["|", ["model", "=", "crm.lead"], ["model", "=", "product.product"]])), ["catalog", "crm"]);
        assert_eq!(asked(json!(["!", ["model", "=", "crm.lead"]])), ["all"]);
        assert_eq!(asked(json!([["model", "=", "crm.lead"], ["id", "=", 17]])), Vec::<&str>::new());
        assert_eq!(asked(json!([["id", "in", [17, 35]]])), ["catalog", "crm"]);
        assert_eq!(asked(json!([["model", "=", "no.such"]])), Vec::<&str>::new());
        assert_eq!(asked(json!([])), ["all"]);
    }

    #[test]
    fn a_new_record_goes_to_the_owner_of_what_it_is_about() {
        let of = |data: Value| Vec::from_iter(subjects(&serde_json::value::to_raw_value(&data).unwrap()));
        assert_eq!(of(json!({"model": "crm.lead", "res_id": 1})), ["crm"]);
        assert_eq!(of(json!([{"res_model": "crm.lead"}, {"res_model": "stock.quant"}])), ["crm", "stock"]);
        assert!(of(json!({"model": 5})).is_empty() && of(json!("x")).is_empty());
    }

    #[test]
    fn each_owners_order_is_kept_and_what_is_unset_comes_last() {
        let keys = keys("at desc, id desc");
        let part = |rows: &[(i64, &str)]| rows.iter().map(|(id, at)| Head { id: *id, keys: vec![json!(at), json!(id)] }).collect();
        let parts = vec![part(&[(17, "3"), (33, "1")]), part(&[(2, "3"), (50, "3"), (18, "2")]), VecDeque::new()];
        assert_eq!(merged(parts, &keys, 4), [17, 2, 50, 18]);
        assert_eq!(compared(&json!(false), &json!("a")), Ordering::Greater);
        assert_eq!(keys.len(), 2);
    }
}
