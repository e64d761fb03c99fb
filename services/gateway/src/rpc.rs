//! Odoo's RPC behind its doors: a method of a model with its arguments, however they came, becomes a call.

mod former;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use jsonrpc::{Body, Call, Dialect, Fault, Params, Reply};
use partners_contract::Claimed;
use process::asking::whole;
use process::directory;
use records::methods::{self, Method};
use records::model::clip;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use crate::auth::Session;
use crate::incoming::Incoming;
use crate::odoo::{self, Given};

/// A method of a model with its arguments.
#[derive(Debug, Default)]
pub struct Invocation {
    /// Odoo's name of the model.
    pub model: String,
    /// The method.
    pub method: String,
    /// What stands in order. The first are the records, where the method is called on some.
    pub args: Vec<Box<RawValue>>,
    /// What stands by name.
    pub kwargs: BTreeMap<String, Box<RawValue>>,
}

/// What Odoo's three services of RPC are asked for.
pub enum Asked {
    /// Something of the hub itself, which has been answered.
    Answered(Value),
    /// A method of a model, by someone whose password is right.
    Invoked(Arc<Session>, Invocation),
}

/// `service.method(*args)`, as `/jsonrpc` and `/xmlrpc` have it.
///
/// # Errors
/// Odoo's, for what is unknown and for who is not known.
pub async fn dispatch(incoming: &mut Incoming, service: &str, method: &str, args: Vec<Box<RawValue>>) -> Result<Asked, Fault> {
    let answered = |value| Ok(Asked::Answered(value));
    let of = format!("{service}.{method}");
    match (service, method) {
        ("common", "version") => answered(odoo::version()),
        ("common", "about") => answered(odoo::about(&args)),
        ("common", "login" | "authenticate") => {
            let mut args = Args::new(&of, args);
            let (db, login, password): (Option<Value>, String, Option<Value>) =
                (args.next("db")?, args.next("login")?, args.next("password")?);
            incoming.is_ours(db.as_ref().and_then(Value::as_str))?;
            let Some(Value::String(password)) = password else { return answered(false.into()) };
            match incoming.proven(Claimed::Login(login), password).await {
                Ok(session) => answered(session.who.identity.uid.into()),
                Err(fault) if fault.status == 401 => answered(false.into()),
                Err(fault) => Err(fault),
            }
        }
        ("object", "execute" | "execute_kw") => {
            let mut args = Args::new(&of, args);
            let (db, uid, password): (Option<Value>, Value, Option<Value>) = (args.next("db")?, args.next("uid")?, args.next("password")?);
            let (model, called): (String, String) = (args.next("model")?, args.next("method")?);
            incoming.is_ours(db.as_ref().and_then(Value::as_str))?;
            let uid = match &uid {
                Value::Number(uid) => uid.as_i64(),
                Value::String(uid) => uid.trim().parse().ok(),
                _ => None,
            };
            let (Some(uid), Some(Value::String(password))) = (uid, password) else { return Err(Fault::access_denied()) };
            let session = incoming.proven(Claimed::Uid(uid), password).await?;
            let (args, kwargs) = match method {
                "execute" => (args.rest(), BTreeMap::new()),
                _ => (args.next::<Option<Vec<Box<RawValue>>>>("args")?.unwrap_or_default(), args.last("kw")?),
            };
            Ok(Asked::Invoked(session, Invocation { model, method: called, args, kwargs }))
        }
        ("db", "list") => answered(json!([incoming.gateway.config.db_name])),
        ("db", "server_version") => answered(odoo::SERIE.into()),
        ("db", "db_exist") => {
            let db: String = Args::new(&of, args).next("db")?;
            answered((db == incoming.gateway.config.db_name).into())
        }
        ("db", _) => Err(Fault::access_denied()),
        ("common" | "object", other) => Err(Fault::no_such_function(&clip(other))),
        (other, _) => Err(Fault::value_error(format!("There is no service '{}': common, object or db was expected", clip(other)))),
    }
}

/// Arguments in their order.
struct Args<'a> {
    of: &'a str,
    left: std::vec::IntoIter<Box<RawValue>>,
}

impl<'a> Args<'a> {
    fn new(of: &'a str, args: Vec<Box<RawValue>>) -> Args<'a> {
        Args { of, left: args.into_iter() }
    }

    fn next<T: serde::de::DeserializeOwned>(&mut self, name: &str) -> Result<T, Fault> {
        let missing = || Fault::type_error(format!("{}() missing 1 required positional argument: '{name}'", self.of));
        let raw = self.left.next().ok_or_else(missing)?;
        // What was sent may be a password: it is not told again
        serde_json::from_str(raw.get())
            .map_err(|_unread| Fault::type_error(format!("{}(): the argument '{name}' is of another type than it should be", self.of)))
    }

    /// The last one, by name; it may be left out.
    fn last(mut self, name: &str) -> Result<BTreeMap<String, Box<RawValue>>, Fault> {
        // PHP has no empty object: it sends an empty list
        let is_none = |raw: &RawValue| matches!(serde_json::from_str(raw.get()), Ok(Value::Array(list)) if list.is_empty());
        let is_unset = |raw: &RawValue| matches!(raw.get(), "false" | r#""""#) || (raw.get().starts_with('[') && is_none(raw));
        match self.left.as_slice().first() {
            None => Ok(BTreeMap::new()),
            Some(raw) if is_unset(raw) => Ok(BTreeMap::new()),
            Some(_) => Ok(self.next::<Option<_>>(name)?.unwrap_or_default()),
        }
    }

    fn rest(self) -> Vec<Box<RawValue>> {
        self.left.collect()
    }
}

impl Invocation {
    /// Has it answered; `body` is what an `Idempotency-Key` is bound to.
    ///
    /// # Errors
    /// Odoo's, by its names.
    pub async fn run(self, incoming: &Incoming, session: &Session, body: &[u8]) -> Result<Bytes, Fault> {
        let (invocation, answered) = former::today(self)?;
        answered(invocation.answered(incoming, session, body).await?)
    }

    async fn answered(self, incoming: &Incoming, session: &Session, body: &[u8]) -> Result<Bytes, Fault> {
        let Invocation { model, method, args, kwargs } = self;
        if method.starts_with('_') {
            let method = clip(&method);
            return Err(Fault::access_error(format!("Private methods (such as {method}) cannot be called remotely.")));
        }
        let given = Given { method: &method, args: &args, kwargs: &kwargs };
        if let Some(answer) = odoo::own_method(&incoming.gateway, session, &model, &given)? {
            return Ok(answer.to_string().into());
        }
        if let Some(answer) = odoo::reference(incoming, session, &model, &given).await? {
            return Ok(answer.to_string().into());
        }
        if odoo::is_own(&model) {
            let method = methods::method(&method).ok_or_else(|| Fault::no_such_method(&model, &clip(&method)))?;
            let params = method.arguments(args, kwargs)?;
            return odoo::answer(incoming, session, &model, method, &params).await;
        }
        if directory::known(&model).is_none() {
            return Err(Fault::no_such_object(&clip(&model)));
        }
        // Documents have a door of their own
        if method == "report" {
            return Err(Fault::no_such_method(&model, &method));
        }
        match methods::method(&method) {
            Some(method) => {
                let params = method.arguments(args, kwargs)?;
                asked(incoming, session, &model, method, params, body).await
            }
            None => {
                let models = incoming.gateway.known.models().await?;
                let action = models.get(&model).and_then(|model| model.actions.get(&method));
                let on_record = action.is_none_or(|(_, on_record, _)| *on_record);
                let call = Call { params: of_an_action(on_record, args, kwargs)?, ..session.call(&model, &method)? };
                send(incoming, session, call, &model, body).await
            }
        }
    }
}

/// What a method that is not the ORM's is called with: its records come first, or by name. One that may do without records has none
/// where something else comes first.
fn of_an_action(on_record: bool, args: Vec<Box<RawValue>>, mut kwargs: BTreeMap<String, Box<RawValue>>) -> Result<Params, Fault> {
    let mut params = Params::default();
    let mut args = args.into_iter().peekable();
    let are_records = |raw: &RawValue| on_record || serde_json::from_str::<Vec<i64>>(raw.get()).is_ok();
    let ids = kwargs.remove("ids").or_else(|| args.next_if(|raw| are_records(raw)));
    if let Some(ids) = ids {
        params.set("ids", &methods::ids(Some(&ids))?);
    }
    params.set("args", &args.collect::<Vec<_>>());
    if let Some(context) = kwargs.remove("context") {
        params.set_raw("context", &context);
    }
    params.set("kwargs", &kwargs);
    Ok(params)
}

/// A method of the ORM's; those that Odoo's web client has besides are put together of others.
async fn asked(incoming: &Incoming, session: &Session, model: &str, method: &Method, params: Params, body: &[u8]) -> Result<Bytes, Fault> {
    let params = canonical(model, method.name, params)?;
    let ask = async |name: &str, params: Params| {
        let call = Call { params, dialect: Dialect::Odoo, ..session.call(model, name)? };
        send(incoming, session, call, model, body).await
    };
    match method.name {
        "web_read" => ask("read", params).await,
        "web_search_read" => {
            let records = ask("search_read", params.clone()).await?;
            counted(&params, records, async |params| ask("search_count", params).await).await
        }
        "web_read_group" => {
            let groups = ask("read_group", params.clone()).await?;
            let length = rows(&groups)?;
            let limit = params.get::<Value>("limit")?.and_then(|limit| limit.as_u64());
            let all = match limit.filter(|limit| *limit > 0 && length >= *limit) {
                None => length,
                Some(_) => {
                    let mut all = params;
                    let _ = (all.remove("limit"), all.remove("offset"));
                    rows(&ask("read_group", all).await?)?
                }
            };
            Ok([br#"{"groups":"#.as_slice(), &groups, format!(r#","length":{all}}}"#).as_bytes()].concat().into())
        }
        name => ask(name, params).await,
    }
}

fn rows(list: &[u8]) -> Result<u64, Fault> {
    let rows: Vec<&RawValue> =
        serde_json::from_slice(list).map_err(|error| process::our_fault("gateway", "an answer is not a list", &error))?;
    Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
}

/// `{length, records}`: how many there are is counted where the records may not be all.
pub async fn counted<F: Future<Output = Result<Bytes, Fault>>>(
    params: &Params,
    records: Bytes,
    count: impl FnOnce(Params) -> F,
) -> Result<Bytes, Fault> {
    let number = |name: &str| Ok::<_, Fault>(params.get::<Value>(name)?.and_then(|number| number.as_u64()).unwrap_or_default());
    let (offset, limit, there) = (number("offset")?, number("limit")?, rows(&records)?);
    let length = if limit > 0 && there == limit || (there == 0 && offset > 0) {
        let mut counted = Params::default();
        for (name, to) in [("filter", "filter"), ("context", "context"), ("count_limit", "limit")] {
            if let Some(raw) = params.raw(name) {
                counted.set_raw(to, raw);
            }
        }
        count(counted).await?
    } else {
        (offset + there).to_string().into()
    };
    Ok([br#"{"length":"#.as_slice(), &length, br#","records":"#, &records, b"}"].concat().into())
}

/// The ORM's arguments as every owner reads them: `filter`, `query`, `data`.
fn canonical(model: &str, method: &str, mut params: Params) -> Result<Params, Fault> {
    // What a client in JavaScript leaves out comes as an empty text, and PHP's empty object as a list
    for name in ["offset", "limit", "order", "orderby", "context"] {
        if params.raw(name).is_some_and(|raw| matches!(raw.get(), r#""""# | "[]")) {
            drop(params.remove(name));
        }
    }
    let mut renamed = |from: &str, to: &str| {
        if let Some(raw) = params.remove(from).filter(|raw| !matches!(raw.get(), "null" | "false")) {
            params.set_raw(to, &raw);
        }
    };
    renamed("domain", "filter");
    match method {
        "name_search" => renamed("args", "filter"),
        "create" => renamed("vals_list", "data"),
        "write" => renamed("vals", "data"),
        _ => {}
    }
    match method {
        "read" | "search_read" => {
            if params.raw("load").is_none() {
                params.set("load", &"_classic_read");
            }
            if let Some(fields) = params.remove("fields") {
                params.set("query", &query_of_names(model, &fields)?);
            }
        }
        "web_read" | "web_search_read" => {
            if let Some(specification) = params.remove("specification") {
                let specification: Value =
                    serde_json::from_str(specification.get()).map_err(|error| Fault::unread("specification", &error))?;
                let query = match &specification {
                    // Odoo 16's, with many2one as pairs
                    Value::Array(_) | Value::Null | Value::Bool(false) => {
                        params.set("load", &"_classic_read");
                        query_of_names(model, &raw(&specification)?)?
                    }
                    nested => query_of_specification(model, nested)?,
                };
                params.set("query", &query);
            }
        }
        _ => {}
    }
    Ok(params)
}

fn raw(value: &Value) -> Result<Box<RawValue>, Fault> {
    to_raw_value(value).map_err(|error| process::our_fault("gateway", "a value is not JSON", &error))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn unknown(model: &str, name: &str) -> Fault {
    Fault::value_error(format!("Invalid field '{}' on model '{model}'", clip(name)))
}

/// `fields=[…]` as a query; `id` comes first, as in Odoo. None: all.
fn query_of_names(model: &str, fields: &RawValue) -> Result<String, Fault> {
    let names: Option<Vec<String>> = match fields.get() {
        "false" => None,
        text => serde_json::from_str(text).map_err(|error| Fault::unread("fields", &error))?,
    };
    let names = names.unwrap_or_default();
    if let Some(other) = names.iter().find(|name| !is_name(name)) {
        return Err(unknown(model, other));
    }
    let others = names.iter().map(String::as_str).filter(|name| *name != "id");
    Ok(if names.is_empty() { String::new() } else { format!("{{{}}}", ["id"].into_iter().chain(others).collect::<Vec<_>>().join(",")) })
}

/// Odoo 17's specification as a query: `{"partner_id": {"fields": {"display_name": {}}}}`.
fn query_of_specification(model: &str, specification: &Value) -> Result<String, Fault> {
    let Value::Object(fields) = specification else {
        return Err(Fault::validation("`specification`: an object of fields was expected, each with an object of its own"));
    };
    let mut items = vec!["id".to_owned()];
    for (name, inner) in fields.iter().filter(|(name, _)| *name != "id") {
        if !is_name(name) {
            return Err(unknown(model, name));
        }
        let nested = inner.get("fields").filter(|nested| !nested.is_null());
        items.push(match nested {
            Some(nested) => format!("{name}{}", query_of_specification(model, nested)?),
            None => name.clone(),
        });
    }
    Ok(format!("{{{}}}", items.join(",")))
}

/// Whether a method answers a secret, which is shown once: its answer is kept under no `Idempotency-Key`.
pub(crate) fn is_shown_once(method: &str) -> bool {
    matches!(method, "action_new_api_key" | "action_rotate_secret")
}

/// Sends a call, and takes its answer in one piece, with faults by the ORM's names.
async fn send(incoming: &Incoming, session: &Session, mut call: Call, model: &str, body: &[u8]) -> Result<Bytes, Fault> {
    call.idempotency = incoming.idempotency(body)?.filter(|_| !is_shown_once(&call.method));
    let creates = call.method == "create";
    let in_orms_words = |fault: Fault| match (fault.name.as_ref(), fault.status) {
        ("QuerySyntaxError", _) => Fault::value_error(fault.message),
        ("builtins.KeyError", 404) => Fault::no_such_object(model),
        // A natural key that is taken
        ("odoo.exceptions.UserError", 409) if creates => Fault::validation(fault.message),
        _ => fault,
    };
    let reply: Reply = incoming.send_across(session, call).await.map_err(in_orms_words)?;
    match whole(reply).await?.body {
        Body::Whole(bytes) => Ok(bytes),
        Body::Stream(_) => Err(process::our_fault("gateway", "an answer is not in one piece", &"a stream")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(method: &str, params: Value) -> Value {
        let params = super::canonical("res.partner", method, serde_json::from_value(params).unwrap()).unwrap();
        serde_json::to_value(params).unwrap()
    }

    #[test]
    fn arguments_become_those_that_every_owner_reads() {
        let read = json!({"ids": [1], "query": "{id,name,email}", "load": "_classic_read"});
        assert_eq!(canonical("read", json!({"ids": [1], "fields": ["name", "id", "email"]})), read);
        let all = json!({"query": "", "load": "_classic_read"});
        assert_eq!(canonical("search_read", json!({"domain": false, "fields": []})), all);
        assert_eq!(canonical("create", json!({"vals_list": [{}]})), json!({"data": [{}]}));
        let left_out = json!({"domain": [], "offset": "", "limit": "", "order": "", "context": []});
        assert_eq!(canonical("search", left_out), json!({"filter": []}));
        assert_eq!(canonical("search_count", json!({"domain": [["id", ">", 1]]})), json!({"filter": [["id", ">", 1]]}));
        let specification = json!({"name": {}, "country_id": {"fields": {"display_name": {}}}, "child_ids": {"fields": {}, "limit": 40}});
        let query = "{id,child_ids{id},country_id{id,display_name},name}";
        assert_eq!(canonical("web_read", json!({"ids": [1], "specification": specification})), json!({"ids": [1], "query": query}));
    }

    #[test]
    fn the_last_argument_may_be_left_out_or_empty() {
        let last = |args: Value| Args::new("object.execute_kw", serde_json::from_value(args).unwrap()).last("kw").map(|kw| kw.len());
        for none in [json!([]), json!([null]), json!([false]), json!([""]), json!([[]]), json!([{}])] {
            assert_eq!(last(none.clone()), Ok(0), "{none}");
        }
        assert_eq!(last(json!([{"limit": 1}])), Ok(1));
        for wrong in [json!([[1]]), json!(["x"]), json!([true]), json!([5])] {
            assert_eq!(last(wrong.clone()).unwrap_err().name, "builtins.TypeError", "{wrong}");
        }
    }

    #[test]
    fn the_records_of_an_action_come_first() {
        let called = |on_record, args: Value, kwargs: Value| {
            let (args, kwargs) = (serde_json::from_value(args).unwrap(), serde_json::from_value(kwargs).unwrap());
            of_an_action(on_record, args, kwargs).map(|params| serde_json::to_value(params).unwrap())
        };
        let params = |ids: Value, args: Value| json!({"ids": ids, "args": args, "kwargs": {}});
        assert_eq!(called(true, json!([[3, "4"], "why"]), json!({})), Ok(params(json!([3, 4]), json!(["why"]))));
        assert_eq!(called(true, json!([5]), json!({})), Ok(params(json!([5]), json!([]))));
        assert_eq!(called(true, json!(["why"]), json!({"ids": 5})), Ok(params(json!([5]), json!(["why"]))));
        assert_eq!(called(false, json!(["CI", 1]), json!({})), Ok(json!({"args": ["CI", 1], "kwargs": {}})));
        assert_eq!(called(false, json!([[], "CI"]), json!({})), Ok(params(json!([]), json!(["CI"]))));
        assert!(called(true, json!(["why"]), json!({})).is_err());
    }

    #[test]
    fn what_is_no_fields_name_is_odoos_value_error() {
        let fields = raw(&json!(["name", "x{y}"])).unwrap();
        let fault = query_of_names("res.partner", &fields).unwrap_err();
        assert_eq!((fault.name.as_ref(), fault.message.as_str()), ("builtins.ValueError", "Invalid field 'x{y}' on model 'res.partner'"));
    }
}
