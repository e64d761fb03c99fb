//! Calls that were recorded at a real Odoo 15, made again at the hub: what it answers has the shape of what Odoo answered. Where it
//! is meant to differ, `docs/odoo.md` has the reason.
//!
//! `recorded.json` has a case a line: its number among the recordings, the call with what stands in the demo (`$name` is a value that
//! [`Replay::new`] or an earlier case has found), `odoo`, the shape of Odoo's answer, and `hub` where the hub's is another. A shape is
//! - a text: kinds that a value may be of, `text|false`; `pair` is a many2one's id and name, `moment` a date with its time, `none` no
//!   result at all, `error NAME` a refusal whatever it says,
//! - `[shape]`: a list of these that is not empty; `{"only": […]}`: these, one by one,
//! - `{"is": value}`: just this; `{"has": {…}}`: an object with these keys and more; `{"each": shape}`: an object of these,
//! - another object: these keys and no other.

use std::collections::BTreeMap;

use gateway::xml::Call;
use serde_json::{Map, Value, json};
use system_tests::{Answer, Stand};

const CASES: &str = include_str!("recorded.json");
const DOCUMENT: &str = include_str!("../../../docs/odoo.md");

fn cases() -> Vec<Map<String, Value>> {
    let cases = CASES.lines().map(|line| line.trim_end_matches(',')).filter(|line| line.starts_with('{'));
    cases.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn is_moment(text: &str) -> bool {
    text.len() == 19 && text.bytes().zip(*b"0000-00-00 00:00:00").all(|(a, b)| a == b || (b == b'0' && a.is_ascii_digit()))
}

/// Where a value is not of a shape, in words.
fn differs(value: &Value, shape: &Value, at: &str) -> Option<String> {
    let told = |expected: &str| Some(format!("{at}: {expected} was expected, not {value}"));
    match shape {
        Value::String(kinds) => {
            let is = |kind: &str| match kind {
                "integer" => value.is_i64(),
                "float" => value.is_f64(),
                "text" => value.is_string(),
                "moment" => value.as_str().is_some_and(is_moment),
                "boolean" => value.is_boolean(),
                "false" => *value == false,
                "integers" => value.as_array().is_some_and(|list| list.iter().all(Value::is_i64)),
                "pair" => matches!(value.as_array().map(Vec::as_slice), Some([Value::Number(_), Value::String(_)])),
                "none" => value.get("none").is_some(),
                other => match other.strip_prefix("error ") {
                    Some(name) => value["error"]["name"] == name || value["fault"] == name,
                    None => panic!("'{other}' is not a kind"),
                },
            };
            if kinds.split('|').any(is) { None } else { told(kinds) }
        }
        Value::Array(of) => match (value.as_array().map(Vec::as_slice), of.first()) {
            (Some([]), None) => None,
            (Some(list @ [_, ..]), Some(of)) => list.iter().enumerate().find_map(|(n, value)| differs(value, of, &format!("{at}[{n}]"))),
            (_, None) => told("an empty list"),
            (_, Some(_)) => told("a list of some"),
        },
        Value::Object(of) => match of.iter().next() {
            Some((key, exact)) if key == "is" => {
                if value == exact {
                    None
                } else {
                    told(&exact.to_string())
                }
            }
            Some((key, shapes)) if key == "only" => {
                let (shapes, values) = (shapes.as_array().unwrap(), value.as_array().cloned().unwrap_or_default());
                if shapes.len() != values.len() {
                    return told(&format!("a list of {}", shapes.len()));
                }
                shapes.iter().zip(&values).enumerate().find_map(|(n, (shape, value))| differs(value, shape, &format!("{at}[{n}]")))
            }
            Some((key, shape)) if key == "each" => match value.as_object() {
                Some(all) if !all.is_empty() => all.iter().find_map(|(key, value)| differs(value, shape, &format!("{at}.{key}"))),
                _ => told("an object of some"),
            },
            Some((key, shapes)) if key == "has" => {
                let shapes = shapes.as_object().unwrap();
                shapes.iter().find_map(|(key, shape)| differs(value.get(key).unwrap_or(&Value::Null), shape, &format!("{at}.{key}")))
            }
            _ => {
                let keys = |of: &Map<String, Value>| of.keys().cloned().collect::<Vec<_>>().join(", ");
                let Some(object) = value.as_object().filter(|object| keys(object) == keys(of)) else {
                    return told(&format!("an object of {}", keys(of)));
                };
                of.iter().find_map(|(key, shape)| differs(&object[key], shape, &format!("{at}.{key}")))
            }
        },
        other => panic!("{other} is not a shape"),
    }
}

struct Replay<'s> {
    stand: &'s Stand,
    session: String,
    values: BTreeMap<String, Value>,
}

impl<'s> Replay<'s> {
    /// An administrator, a bank's user, a client, and an order of the client's.
    async fn new(stand: &'s Stand) -> Replay<'s> {
        let ekiclik = stand.login("ekiclik").await;
        let lead = json!({"order_source": "Alsalam", "cart_id": 9, "partner": {"email": "yasmine.cherif@example.dz"},
            "cart": [{"manufacturer_ref": "ATLAS-CAN3-BL", "quantity": 1, "product_warehouse_id": "EKIWH"}]});
        system_tests::id(&ekiclik.create("crm.lead", lead).await);
        let session = stand.login("admin").await.id;
        let mut replay = Replay { stand, session, values: BTreeMap::new() };
        for login in ["admin", "bna"] {
            let uid = replay.of_service("/jsonrpc", "common", "login", json!(["echange", login, login])).await;
            replay.values.insert(format!("${login}"), uid);
        }
        for (name, model, domain) in [
            ("$client", "res.partner", json!([["email", "=", "yasmine.cherif@example.dz"]])),
            ("$order", "sale.order", json!([])),
            ("$product", "product.product", json!([["manufacturer_ref", "=", "ATLAS-CAN3-BL"]])),
        ] {
            let args = json!(["echange", replay.values["$admin"], "admin", model, "search", [domain]]);
            let found = replay.of_service("/jsonrpc", "object", "execute_kw", args).await;
            replay.values.insert(name.to_owned(), found[0].clone());
        }
        replay
    }

    /// With what stands for `$name`.
    fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) if text.starts_with('$') => self.values.get(text).unwrap_or_else(|| panic!("no {text}")).clone(),
            Value::Array(list) => list.iter().map(|value| self.filled(value)).collect(),
            Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), self.filled(value))).collect::<Map<_, _>>().into(),
            other => other.clone(),
        }
    }

    async fn of_service(&self, path: &str, service: &str, method: &str, args: Value) -> Value {
        if path == "/jsonrpc" {
            return self.by_json(path, json!({"service": service, "method": method, "args": args}), false).await;
        }
        let params: String = args.as_array().unwrap().iter().map(|arg| format!("<param>{}</param>", crate::xmlrpc::value(arg))).collect();
        let body = format!("<methodCall><methodName>{method}</methodName><params>{params}</params></methodCall>");
        let answer = self.stand.send("POST", &format!("{path}/{service}"), &[("content-type", "text/xml")], body).await;
        // An answer is read as the call that it would be
        let call = answer.text.replace("methodResponse>", "methodCall>").replace("<methodCall>", "<methodCall><methodName>x</methodName>");
        let is_fault = call.contains("<fault>");
        let call = call.replace("<fault>", "<params><param>").replace("</fault>", "</param></params>");
        let read = Call::read(call.as_bytes()).unwrap_or_else(|fault| panic!("{fault}: {}", answer.text));
        let value: Value = serde_json::from_str(read.params[0].get()).unwrap();
        if is_fault { json!({"fault": value["faultCode"], "message": value["faultString"]}) } else { value }
    }

    async fn by_json(&self, path: &str, params: Value, with_session: bool) -> Value {
        let session = ("x-openerp-session-id", self.session.as_str());
        let headers = [("content-type", "application/json"), session];
        let body = json!({"jsonrpc": "2.0", "method": "call", "id": 1, "params": params}).to_string();
        let answer = self.stand.send("POST", path, &headers[..if with_session { 2 } else { 1 }], body).await;
        enveloped(&answer)
    }

    async fn answer(&self, case: &Map<String, Value>) -> Value {
        let text = |name: &str| case.get(name).and_then(Value::as_str);
        let (path, given) = (text("at").unwrap(), |name: &str| self.filled(&case[name]));
        if let Some(login) = text("calls") {
            let mut args = json!(["echange", format!("${login}"), login]);
            args.as_array_mut().unwrap().extend(case["with"].as_array().unwrap().iter().cloned());
            return self.of_service(path, "object", "execute_kw", self.filled(&args)).await;
        }
        if let Some((service, method)) = text("asks").and_then(|asks| asks.split_once('.')) {
            return self.of_service(path, service, method, given("with")).await;
        }
        if let Some(body) = text("sends") {
            let (method, kind) = (text("by").unwrap_or("POST"), text("as").unwrap_or("application/json"));
            let headers: &[(&str, &str)] = if kind.is_empty() { &[] } else { &[("content-type", kind)] };
            let answer = self.stand.send(method, path, headers, body).await;
            return if answer.status == 200 { enveloped(&answer) } else { json!({"status": answer.status}) };
        }
        let path = self.values.iter().fold(path.to_owned(), |path, (name, value)| path.replace(name, &value.to_string()));
        self.by_json(&path, given("params"), case.get("stranger").is_none()).await
    }
}

/// A result, an error, or that there is none.
fn enveloped(answer: &Answer) -> Value {
    let told = answer.json();
    match (told.get("result"), told.get("error")) {
        (Some(result), None) => result.clone(),
        (None, Some(error)) => {
            json!({"error": {"code": error["code"], "name": error["data"]["name"], "message": error["data"]["message"]}})
        }
        (None, None) => json!({"none": true}),
        (Some(_), Some(_)) => panic!("{}", answer.text),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_real_odoo_was_asked_the_hub_answers_in_the_same_shape() {
    let stand = Stand::new().await;
    let mut replay = Replay::new(&stand).await;
    let mut wrong = Vec::new();
    for case in cases() {
        let (n, odoo) = (&case["n"], &case["odoo"]);
        let answer = replay.answer(&case).await;
        let from_odoo = differs(&answer, &replay.filled(odoo), "");
        match case.get("hub") {
            None => wrong.extend(from_odoo.map(|what| format!("{n}: {what}"))),
            Some(hub) => {
                wrong.extend(differs(&answer, &replay.filled(hub), "").map(|what| format!("{n}, meant to differ: {what}")));
                if from_odoo.is_none() {
                    wrong.push(format!("{n}: it does not differ any more: {answer}"));
                }
            }
        }
        if let Some(name) = case.get("is") {
            replay.values.insert(name.as_str().unwrap().to_owned(), answer);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_difference_from_what_was_recorded_is_told_with_its_reason() {
    let cases = cases();
    assert!(cases.len() > 90, "{}", cases.len());
    for case in cases.iter().filter(|case| case.contains_key("hub")) {
        let n = &case["n"];
        let told = DOCUMENT.lines().find(|line| {
            line.starts_with("| ")
                && line.split('|').nth(1).is_some_and(|numbers| numbers.split(',').any(|one| one.trim().parse().ok() == n.as_i64()))
        });
        let told = told.unwrap_or_else(|| panic!("docs/odoo.md does not tell why {n} differs"));
        assert!(told.split('|').nth(4).is_some_and(|reason| reason.trim().len() > 10), "without a reason: {told}");
    }
}

#[test]
fn the_document_tells_of_every_method_of_the_orm() {
    for method in records::methods::METHODS {
        assert!(DOCUMENT.contains(&format!("`{}`", method.name)), "docs/odoo.md: {}", method.name);
    }
}
