//! What a client of Odoo finds here beside its records.

mod audit;
mod external_ids;
mod load;

use serde_json::{Value, json};
use system_tests::{Answer, Session};

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
