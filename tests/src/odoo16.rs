//! A real Odoo 16 as it was recorded: an HTTP server that answers its RPC doors from the records of `tests/fixtures/odoo16.jsonl`, with
//! moods. It searches and reads; whatever else is asked of it is noted as a change, which an inspection never makes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Its database.
pub const DB: &str = "company";
/// Who may log in.
pub const LOGIN: &str = "admin";
/// By which key.
pub const KEY: &str = "the-key-of-the-bridge";
const UID: i64 = 2;

/// How it behaves.
#[derive(Clone, Debug, Default)]
pub struct Mood {
    /// Each call takes so long.
    pub slow: Duration,
    /// Every so many calls the connection is closed without an answer.
    pub cuts_every: usize,
    /// Every so many calls a transaction met another.
    pub serializes_every: usize,
    /// A page of more records closes the connection.
    pub largest_page: Option<u64>,
    /// After so many calls the key is good no more.
    pub revoked_after: Option<usize>,
    /// What the user may not read.
    pub forbidden: HashSet<&'static str>,
    /// Models whose modules are not installed.
    pub absent: HashSet<&'static str>,
    /// Whether it is a 19, which has JSON-2.
    pub is_19: bool,
}

struct Model {
    fields: BTreeMap<String, Vec<Value>>,
    rows: BTreeMap<i64, Map<String, Value>>,
}

/// The Odoo.
pub struct Odoo16 {
    /// Where it is.
    pub url: String,
    mood: Arc<Mutex<Mood>>,
    calls: Arc<Mutex<Vec<String>>>,
    world: Arc<RwLock<HashMap<String, Model>>>,
}

impl Odoo16 {
    /// In this mood.
    pub async fn new(mood: Mood) -> Odoo16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let world = Arc::new(RwLock::new(recorded()));
        let odoo = Odoo16 { url, mood: Arc::new(Mutex::new(mood)), calls: Arc::default(), world: world.clone() };
        let (mood, calls) = (odoo.mood.clone(), odoo.calls.clone());
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (world, mood, calls) = (world.clone(), mood.clone(), calls.clone());
                tokio::spawn(async move { converse(socket, &world, &mood, &calls).await.ok() });
            }
        });
        odoo
    }

    /// From now on it is so.
    pub fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// A record says this from now on.
    pub fn change(&self, model: &str, id: i64, values: Value) {
        let mut world = self.world.write().unwrap();
        let row = world.get_mut(model).and_then(|model| model.rows.get_mut(&id)).unwrap_or_else(|| panic!("{model} {id} was not recorded"));
        row.extend(values.as_object().unwrap().clone());
    }

    /// A record is there no more.
    pub fn remove(&self, model: &str, id: i64) {
        assert!(self.world.write().unwrap().get_mut(model).is_some_and(|model| model.rows.remove(&id).is_some()), "{model} {id}");
    }

    /// What was asked so far: `model.method`, or the path.
    pub fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    /// What of it would have changed something.
    pub fn changes(&self) -> Vec<String> {
        let reads =
            ["version", "authenticate", "context_get", "fields_get", "search_count", "search_read", "check_access_rights", "has_access"];
        self.calls().into_iter().filter(|call| !reads.iter().any(|read| call.ends_with(&format!(".{read}")))).collect()
    }
}

fn recorded() -> HashMap<String, Model> {
    let text = include_str!("../fixtures/odoo16.jsonl");
    let mut models: HashMap<String, Model> = HashMap::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let name = line["model"].as_str().unwrap().to_owned();
        let model = models.entry(name).or_insert_with(|| Model { fields: BTreeMap::new(), rows: BTreeMap::new() });
        if let Some(fields) = line["fields"].as_object() {
            model.fields.extend(fields.iter().map(|(name, told)| (name.clone(), told.as_array().unwrap().clone())));
        }
        let columns: Vec<&str> = line["columns"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap()).collect();
        for row in line["rows"].as_array().into_iter().flatten() {
            let row: Map<String, Value> =
                columns.iter().map(|name| (*name).to_owned()).zip(row.as_array().unwrap().iter().cloned()).collect();
            model.rows.insert(row["id"].as_i64().unwrap(), row);
        }
    }
    models
}

/// An exception, by its name.
struct Raised(&'static str);

const ACCESS_DENIED: Raised = Raised("odoo.exceptions.AccessDenied");

async fn converse(
    mut socket: TcpStream,
    world: &RwLock<HashMap<String, Model>>,
    mood: &Mutex<Mood>,
    calls: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut read = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            if socket.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8_lossy(&read[..end]).into_owned();
        let header = |name: &str| {
            head.lines().filter_map(|line| line.split_once(':')).find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim())
        };
        let length: usize = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        while read.len() < end + 4 + length {
            if socket.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
        }
        let body: Value = serde_json::from_slice(&read[end + 4..end + 4 + length]).unwrap_or(Value::Null);
        read.drain(..end + 4 + length);
        let path = head.split_whitespace().nth(1).unwrap_or_default().to_owned();
        let (is, at) = {
            let mut calls = calls.lock().unwrap();
            calls.push(name_of(&path, &body));
            (mood.lock().unwrap().clone(), calls.len())
        };
        tokio::time::sleep(is.slow).await;
        let limit = if path == "/jsonrpc" { &body["params"]["args"][6]["limit"] } else { &body["limit"] };
        let is_too_large = is.largest_page.zip(limit.as_u64()).is_some_and(|(most, limit)| limit > most);
        if is_too_large || is.cuts_every > 0 && at % is.cuts_every == 0 {
            return Ok(());
        }
        let (status, answer) = if is.serializes_every > 0 && at % is.serializes_every == 0 {
            answered(&path, Err(Raised("psycopg2.errors.SerializationFailure")))
        } else if is.is_19 && path.starts_with("/json/2/") {
            let is_good = header("authorization") == Some(&format!("bearer {KEY}")) && header("x-odoo-database") == Some(DB);
            if is_good && is.revoked_after.is_none_or(|after| at <= after) {
                let mut rest = path.trim_start_matches("/json/2/").split('/');
                let (model, method) = (rest.next().unwrap_or_default(), rest.next().unwrap_or_default());
                answered(&path, method_of(&world.read().unwrap(), &is, model, method, &[], body.as_object().unwrap()))
            } else {
                (401, json!({"name": "werkzeug.exceptions.Unauthorized", "message": "Invalid apikey"}))
            }
        } else if path == "/jsonrpc" {
            answered(&path, rpc(&world.read().unwrap(), &is, at, &body["params"]))
        } else {
            (404, json!("Not Found"))
        };
        let text = answer.to_string();
        let head = format!("HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", text.len());
        socket.write_all(format!("{head}{text}").as_bytes()).await?;
    }
}

fn name_of(path: &str, body: &Value) -> String {
    let params = &body["params"];
    match (path, params["method"].as_str()) {
        ("/jsonrpc", Some("execute_kw")) => format!("{}.{}", params["args"][3].as_str().unwrap(), params["args"][4].as_str().unwrap()),
        ("/jsonrpc", Some(method)) => format!("common.{method}"),
        _ => {
            let (model, method) = path.trim_start_matches("/json/2/").split_once('/').unwrap_or((path, ""));
            format!("{model}.{method}")
        }
    }
}

fn answered(path: &str, answer: Result<Value, Raised>) -> (u16, Value) {
    match (answer, path == "/jsonrpc") {
        (Ok(result), true) => (200, json!({"jsonrpc": "2.0", "id": 1, "result": result})),
        (Ok(result), false) => (200, result),
        (Err(Raised(name)), true) => {
            let data =
                json!({"name": name, "debug": "", "message": "Un texte dans la langue de quelqu'un", "arguments": [], "context": {}});
            (200, json!({"jsonrpc": "2.0", "id": 1, "error": {"code": 200, "message": "Odoo Server Error", "data": data}}))
        }
        (Err(Raised("builtins.KeyError")), false) => (404, json!({"name": "werkzeug.exceptions.NotFound", "message": "no such model"})),
        (Err(Raised(name)), false) => (422, json!({"name": name, "message": "Un texte", "arguments": [], "context": {}, "debug": ""})),
    }
}

fn rpc(world: &HashMap<String, Model>, is: &Mood, at: usize, params: &Value) -> Result<Value, Raised> {
    let args = &params["args"];
    match params["method"].as_str().unwrap() {
        "version" if is.is_19 => Ok(json!({"server_version": "19.0", "server_version_info": [19, 0, 0, "final", 0, ""]})),
        "version" => Ok(json!({"server_version": "16.0", "server_version_info": [16, 0, 0, "final", 0, ""]})),
        "authenticate" if args[0] != DB => Err(Raised("psycopg2.OperationalError")),
        "authenticate" => Ok(if args[1] == LOGIN && args[2] == KEY { json!(UID) } else { json!(false) }),
        "execute_kw" => {
            let is_revoked = is.revoked_after.is_some_and(|after| at > after);
            if is.is_19 || is_revoked || args[0] != DB || args[1] != UID || args[2] != KEY {
                return Err(ACCESS_DENIED);
            }
            let positional = args[5].as_array().unwrap();
            method_of(world, is, args[3].as_str().unwrap(), args[4].as_str().unwrap(), positional, args[6].as_object().unwrap())
        }
        _ => Err(ACCESS_DENIED),
    }
}

fn method_of(
    world: &HashMap<String, Model>,
    is: &Mood,
    name: &str,
    method: &str,
    positional: &[Value],
    named: &Map<String, Value>,
) -> Result<Value, Raised> {
    let none = Raised(if is.is_19 { "builtins.KeyError" } else { "odoo.exceptions.UserError" });
    let model = world.get(name).filter(|_| !is.absent.contains(name)).ok_or(none)?;
    if method == "context_get" {
        return Ok(json!({"lang": "fr_FR", "tz": "Europe/Brussels", "uid": UID}));
    }
    // Names would be English, and what is archived would not be found
    assert_eq!(named["context"], json!({"lang": "fr_FR", "active_test": false}), "{name}.{method}");
    let may_read = !is.forbidden.contains(name);
    let argument = |at: usize, called: &str| positional.get(at).or_else(|| named.get(called)).cloned().unwrap_or_default();
    match method {
        "fields_get" => {
            let told = |field: &Vec<Value>| {
                let relation = field.get(2).filter(|relation| relation.as_str().is_some_and(|name| !name.is_empty()));
                let mut told = json!({"type": field[0], "string": field[1], "store": field.get(3) != Some(&json!(false))});
                if let Some(relation) = relation {
                    told["relation"] = relation.clone();
                }
                told
            };
            Ok(model.fields.iter().map(|(name, field)| (name.clone(), told(field))).collect::<Map<_, _>>().into())
        }
        "check_access_rights" if !is.is_19 => Ok(json!(may_read)),
        "has_access" if is.is_19 => Ok(json!(may_read)),
        "search_count" | "search_read" if !may_read => Err(Raised("odoo.exceptions.AccessError")),
        "search_count" => {
            let domain = argument(0, "domain");
            let mut many = 0;
            for row in model.rows.values() {
                many += u64::from(fits(world, name, row, domain.as_array().unwrap())?);
            }
            Ok(json!(many))
        }
        "search_read" => {
            assert!(named["order"] == "id" || named["order"] == "id desc", "{named:?}");
            let (domain, limit) = (argument(0, "domain"), named["limit"].as_u64().unwrap());
            let mut rows = Vec::new();
            let mut all: Vec<_> = model.rows.values().collect();
            if named["order"] == "id desc" {
                all.reverse();
            }
            for row in all {
                if rows.len() < usize::try_from(limit).unwrap() && fits(world, name, row, domain.as_array().unwrap())? {
                    rows.push(read(world, model, row, named["fields"].as_array().unwrap())?);
                }
            }
            Ok(rows.into())
        }
        _ => Err(Raised("builtins.AttributeError")),
    }
}

fn read(world: &HashMap<String, Model>, model: &Model, row: &Map<String, Value>, fields: &[Value]) -> Result<Value, Raised> {
    let mut answer = Map::from_iter([("id".to_owned(), row["id"].clone())]);
    for name in fields.iter().map(|name| name.as_str().unwrap()) {
        let field = model.fields.get(name).ok_or(Raised("builtins.ValueError"))?;
        // When records were made was not recorded: all of one evening
        let at = if name == "create_date" && !row.contains_key(name) { "write_date" } else { name };
        let value = row.get(at).unwrap_or_else(|| panic!("{name} was not recorded"));
        let value = match (field[0].as_str(), value.as_i64()) {
            (Some("many2one"), Some(id)) => {
                let known = world.get(field[2].as_str().unwrap()).and_then(|other| other.rows.get(&id)?.get("name").cloned());
                json!([id, known.unwrap_or_else(|| json!(""))])
            }
            _ => value.clone(),
        };
        answer.insert(name.to_owned(), value);
    }
    Ok(answer.into())
}

/// Whether a record is found by a domain whose terms must all hold.
fn fits(world: &HashMap<String, Model>, model: &str, row: &Map<String, Value>, domain: &[Value]) -> Result<bool, Raised> {
    for term in domain {
        let (path, operator, wanted) = (term[0].as_str().unwrap(), term[1].as_str().unwrap(), &term[2]);
        if !holds(&value_of(world, model, row, path)?, operator, wanted) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn value_of(world: &HashMap<String, Model>, model: &str, row: &Map<String, Value>, path: &str) -> Result<Value, Raised> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let field = world[model].fields.get(name).ok_or(Raised("builtins.ValueError"))?;
    let value = row.get(name).unwrap_or_else(|| panic!("{model}.{name} was not recorded")).clone();
    let Some(rest) = rest else { return Ok(value) };
    let other = field[2].as_str().unwrap();
    match value.as_i64().and_then(|id| world[other].rows.get(&id)) {
        Some(row) => value_of(world, other, row, rest),
        None => Ok(json!(false)),
    }
}

/// Whether one of these is a value, or among those of a list.
fn is_among(value: &Value, wanted: &Value) -> bool {
    let own = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    wanted.as_array().unwrap().iter().any(|one| own.iter().any(|own| same(one, own)))
}

fn same(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().is_some() && one.as_f64() == other.as_f64()
}

fn holds(value: &Value, operator: &str, wanted: &Value) -> bool {
    let is_unset = |value: &Value| matches!(value, Value::Bool(false) | Value::Null) || value.as_array().is_some_and(Vec::is_empty);
    let number = |value: &Value| value.as_f64();
    match operator {
        "=" if *wanted == json!(false) => is_unset(value),
        "!=" if *wanted == json!(false) => !is_unset(value),
        "=" => same(value, wanted),
        "!=" => !same(value, wanted),
        // Of dates, as texts
        ">=" => value.as_str().zip(wanted.as_str()).is_some_and(|(value, wanted)| value >= wanted),
        ">" => number(value) > number(wanted),
        "<" => number(value) < number(wanted),
        "in" => is_among(value, wanted),
        "not in" => !is_among(value, wanted),
        other => panic!("the recorded Odoo does not know {other}"),
    }
}
