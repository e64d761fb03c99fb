//! Odoo's own doors: what its clients send, and what they get.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod audit;
mod external_ids;
mod files;
mod groups;
mod lists;
mod load;
mod recorded;
mod rpc;
mod xmlrpc;

use serde_json::{Value, json};
use system_tests::{Answer, Session, Stand};

/// Somebody who calls by `/jsonrpc`, with the password in each call.
pub struct Rpc<'s> {
    stand: &'s Stand,
    /// Their `res.users` id.
    pub uid: i64,
    password: String,
}

impl<'s> Rpc<'s> {
    /// Who has logged in by `common.authenticate`; in the demo a password is the login.
    pub async fn of(stand: &'s Stand, login: &str) -> Rpc<'s> {
        let told = service(stand, "common", "authenticate", json!(["echange", login, login, {}])).await;
        let uid = told["result"].as_i64().unwrap_or_else(|| panic!("{login}: {told}"));
        Rpc { stand, uid, password: login.to_owned() }
    }

    /// The whole envelope of a call's answer.
    pub async fn told(&self, model: &str, method: &str, args: Value, kwargs: Value) -> Value {
        let args = json!(["echange", self.uid, self.password, model, method, args, kwargs]);
        service(self.stand, "object", "execute_kw", args).await
    }

    /// A call's result.
    pub async fn call(&self, model: &str, method: &str, args: Value, kwargs: Value) -> Value {
        let mut told = self.told(model, method, args, kwargs).await;
        assert!(told.get("error").is_none(), "{model}.{method}: {told}");
        told["result"].take()
    }

    /// The name and the message of a refusal.
    pub async fn refused(&self, model: &str, method: &str, args: Value, kwargs: Value) -> (String, String) {
        let told = self.told(model, method, args, kwargs).await;
        let data = &told["error"]["data"];
        let text = |name: &str| data[name].as_str().unwrap_or_else(|| panic!("{model}.{method} was not refused: {told}")).to_owned();
        (text("name"), text("message"))
    }
}

/// `service.method(*args)` by `/jsonrpc`, which answers 200 whatever it answers.
pub async fn service(stand: &Stand, service: &str, method: &str, args: Value) -> Value {
    posted(stand, "/jsonrpc", json!({"service": service, "method": method, "args": args})).await
}

/// What a JSON route of Odoo's answers to these `params`.
pub async fn posted(stand: &Stand, path: &str, params: Value) -> Value {
    let body = json!({"jsonrpc": "2.0", "method": "call", "id": 7, "params": params}).to_string();
    let answer = stand.send("POST", path, &[("content-type", "application/json")], body).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    let told = answer.json();
    assert_eq!((&told["jsonrpc"], &told["id"]), (&json!("2.0"), &json!(7)));
    told
}

/// A method of a model as Odoo's web client calls it: what it answers, or the error's name and message.
async fn call_kw(who: &Session<'_>, model: &str, method: &str, args: Value, kwargs: Value) -> Result<Value, (String, String)> {
    let body = json!({"params": {"model": model, "method": method, "args": args, "kwargs": kwargs}}).to_string();
    let answer: Answer = who.send("POST", "/web/dataset/call_kw", &[("content-type", "application/json")], &body).await;
    let answer = answer.json();
    match answer.get("result") {
        Some(result) => Ok(result.clone()),
        None => {
            let data = &answer["error"]["data"];
            Err((data["name"].as_str().unwrap_or_default().to_owned(), data["message"].as_str().unwrap_or_default().to_owned()))
        }
    }
}
