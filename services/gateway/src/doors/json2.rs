//! `/json/2/{model}/{method}`: Odoo 19's API, and `/doc-bearer`, by which its clients learn of methods and fields.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use actix_web::{HttpResponse, web};
use jsonrpc::Fault;
use process::http::header;
use records::methods::{self, METHODS, Method};
use records::model::clip;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::answer::{Answer, Answers};
use crate::bodies::Says;
use crate::incoming::Incoming;
use crate::rpc::Invocation;

/// The parts of the path.
#[derive(Deserialize)]
pub struct Target {
    model: String,
    method: String,
}

/// Odoo 19's manner: the true status, and the fault itself as the body.
fn as_json2(answers: Answers, _: Option<&RawValue>, fault: &Fault) -> HttpResponse {
    let body = json!({"name": fault.name, "message": fault.message, "arguments": [fault.message], "context": {}, "debug": ""});
    answers.refused(fault.status, fault, body.to_string().into_bytes())
}

/// `POST /json/2/{model}/{method}`
pub async fn call(mut incoming: Incoming, path: web::Path<Target>) -> Answer {
    let answer = act(&mut incoming, path.into_inner()).await;
    incoming.told(as_json2, answer)
}

async fn act(incoming: &mut Incoming, Target { model, method }: Target) -> Result<HttpResponse, Fault> {
    let body = incoming.json(Says::Session).await?;
    let session = incoming.session(None).await?;
    incoming.is_ours(header(&incoming.request, "x-odoo-database"))?;
    incoming.note_refusals(&body);
    let text = std::str::from_utf8(&body)
        .map_err(|error| Fault::malformed(format!("Invalid JSON data: byte {} is not UTF-8", error.valid_up_to())))?;
    let mut kwargs: BTreeMap<String, Box<RawValue>> = match text.trim() {
        "" => BTreeMap::new(),
        text => serde_json::from_str(text)
            .map_err(|error| Fault::malformed(format!("Invalid JSON data: {}", jsonrpc::fault::in_words(&error))))?,
    };
    if methods::method(&method).is_some_and(|method| !method.on_records) && kwargs.contains_key("ids") {
        return Err(Fault::type_error(format!("cannot call {model}.{method} with ids")));
    }
    let makes_one = method == "create" && kwargs.get("vals_list").or(kwargs.get("vals")).is_some_and(|raw| raw.get().starts_with('{'));
    let mut args = Vec::new();
    // An action's records come first
    if methods::method(&method).is_none() {
        args.extend(kwargs.remove("ids"));
    }
    let makes_one =
        makes_one || (method == "copy" && kwargs.get("ids").is_some_and(|raw| methods::ids(Some(raw)).is_ok_and(|ids| ids.len() == 1)));
    let result = Invocation { model, method, args, kwargs }.run(incoming, &session, &body).await?;
    let mut response = incoming.answers().json(StatusCode::OK);
    // Record sets are lists of ids
    Ok(if makes_one { response.body([b"[".as_slice(), &result, b"]"].concat()) } else { response.body(result) })
}

/// Any other method of the path.
pub async fn only_post(incoming: Incoming) -> HttpResponse {
    let fault = Fault::http(405, "405: Method Not Allowed: possible here: POST");
    let mut response = as_json2(incoming.answers(), None, &fault);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    response
}

/// Any other path under it.
pub async fn no_such_path(incoming: Incoming) -> Answer {
    let fault = Fault { message: "Did you mean POST /json/2/<model>/<method>?".to_owned(), ..Fault::not_found() };
    incoming.told(as_json2, Err(fault))
}

/// `GET /doc-bearer/index.json`
pub async fn index(mut incoming: Incoming) -> Answer {
    let answer = all(&mut incoming).await;
    incoming.told(as_json2, answer)
}

/// `GET /doc-bearer/{model}.json`
pub async fn model(mut incoming: Incoming, path: web::Path<String>) -> Answer {
    let answer = one(&mut incoming, &path).await;
    incoming.told(as_json2, answer)
}

async fn all(incoming: &mut Incoming) -> Result<HttpResponse, Fault> {
    incoming.session(None).await?;
    let models = incoming.gateway.known.models().await?;
    let told = models.iter().map(|(name, model)| {
        let fields: Map<String, Value> =
            model.fields.iter().map(|(field, about)| (field.clone(), json!({"string": about.get("string")}))).collect();
        let actions = model.actions.keys().map(String::as_str);
        let methods: Vec<&str> = METHODS.iter().map(|method| method.name).chain(actions).collect();
        json!({"model": name, "name": model.label, "fields": fields, "methods": methods})
    });
    document(incoming, &json!({"modules": ["echange"], "models": told.collect::<Vec<_>>()}))
}

async fn one(incoming: &mut Incoming, name: &str) -> Result<HttpResponse, Fault> {
    incoming.session(None).await?;
    let models = incoming.gateway.known.models().await?;
    let model = models.get(name).ok_or_else(|| Fault::no_such_model(&clip(name)))?;
    let methods = METHODS
        .iter()
        .map(|method| (method.name, signature(name, method)))
        .chain(model.actions.iter().map(|(method, action)| (method.as_str(), of_an_action(name, model.arguments.get(method), action))))
        .collect();
    document(incoming, &Document { model: name, name: &model.label, doc: None, fields: &model.fields, methods })
}

/// What Odoo tells of a model.
#[derive(Serialize)]
struct Document<'a> {
    model: &'a str,
    name: &'a str,
    doc: Option<&'a str>,
    fields: &'a BTreeMap<String, Value>,
    methods: BTreeMap<&'a str, Signature<'a>>,
}

/// What Odoo tells of a method.
#[derive(Serialize)]
struct Signature<'a> {
    signature: String,
    parameters: Parameters,
    api: Vec<&'a str>,
    doc: &'a str,
    model: &'a str,
    module: &'static str,
}

/// Arguments in their order, by which clients know what a value without a name is.
struct Parameters(Vec<(String, Value)>);

impl Serialize for Parameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, about)| (name, about)))
    }
}

/// A method of the ORM's as Odoo's own document has it.
fn signature<'a>(model: &'a str, method: &'a Method) -> Signature<'a> {
    let written: Vec<String> = method
        .arguments
        .iter()
        .map(|argument| argument.default.map_or_else(|| argument.name.to_owned(), |default| format!("{}={default}", argument.name)))
        .collect();
    let about = |default: Option<&str>| match default.map(serde_json::from_str::<Value>) {
        Some(Ok(default)) => json!({"default": default}),
        Some(Err(_)) | None => json!({}),
    };
    let parameters = method.arguments.iter().map(|argument| (argument.name.to_owned(), about(argument.default)));
    let api = [("model", !method.on_records), ("readonly", method.is_read)];
    Signature {
        signature: format!("({})", written.join(", ")),
        parameters: Parameters(parameters.collect()),
        api: api.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).collect(),
        doc: method.about,
        model,
        module: "echange",
    }
}

fn of_an_action<'a>(
    model: &'a str,
    in_order: Option<&'a Vec<String>>,
    (arguments, on_record, about): &'a (Value, bool, String),
) -> Signature<'a> {
    // A service of the release before does not tell their order
    let named = || arguments.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys).collect();
    let names: Vec<&String> = in_order.map_or_else(named, |names| names.iter().collect());
    Signature {
        signature: format!("({})", names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")),
        parameters: Parameters(names.into_iter().map(|name| (name.clone(), json!({}))).collect()),
        api: if *on_record { Vec::new() } else { vec!["model"] },
        doc: about,
        model,
        module: "echange",
    }
}

/// A document that a client keeps until it changes.
fn document(incoming: &Incoming, told: &impl Serialize) -> Result<HttpResponse, Fault> {
    let text = serde_json::to_string(told).map_err(|error| process::our_fault("gateway", "a document is not JSON", &error))?;
    let etag = format!("\"{}\"", domain::hex(Sha256::digest(&text).get(..16).unwrap_or_default()));
    let is_known =
        header(&incoming.request, IF_NONE_MATCH.as_str()).is_some_and(|known| known.split(',').any(|known| known.trim() == etag));
    let mut response = incoming.answers().json(if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    response.insert_header((ETAG, etag)).insert_header((CACHE_CONTROL, "no-cache, private"));
    Ok(if is_known { response.finish() } else { response.insert_header((CONTENT_TYPE, "application/json")).body(text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_methods_parameters_are_told_in_the_order_in_which_they_are_taken() {
        let search_read = METHODS.iter().find(|method| method.name == "search_read").unwrap();
        let told = serde_json::to_string(&signature("res.partner", search_read)).unwrap();
        let parameters = r#""parameters":{"domain":{"default":[]},"fields":{"default":null},"offset":{"default":0},"limit":{"default":null},"order":{"default":null},"load":{"default":"_classic_read"}}"#;
        assert!(told.contains(parameters), "{told}");
        assert!(told.contains(r#""api":["model","readonly"]"#), "{told}");

        let names = ["old_passwd", "new_passwd"].map(str::to_owned).to_vec();
        let action = (json!({"properties": {"new_passwd": {}, "old_passwd": {}}}), false, "Changes it.".to_owned());
        let told = |names| serde_json::to_string(&of_an_action("res.users", names, &action)).unwrap();
        assert!(told(Some(&names)).contains(r#""signature":"(old_passwd, new_passwd)","parameters":{"old_passwd":{},"new_passwd":{}}"#));
        assert!(told(None).contains(r#""parameters":{"new_passwd":{},"old_passwd":{}}"#), "a service of the release before");
    }
}
