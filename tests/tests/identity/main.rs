//! Who asks, what that gives, and what somebody may try.

mod abuse;
mod console_sessions;
mod guesses;
mod jobs;
mod kinds;
mod open_sessions;
mod refusals;
mod rights;
mod saved_filters;
mod sessions;
mod shares;
mod strangers;
mod tenancy;

use serde_json::{Value, json};
use system_tests::{Answer, Session, Stand, id};

const JSON: (&str, &str) = ("content-type", "application/json");
const ACCESS_DENIED: &str = "odoo.exceptions.AccessDenied";
const ACCESS_ERROR: &str = "odoo.exceptions.AccessError";
const EXPIRED: &str = "odoo.http.SessionExpiredException";

async fn post(stand: &Stand, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
    let mut all = vec![JSON];
    all.extend_from_slice(headers);
    stand.send("POST", path, &all, body.to_string()).await
}

fn credentials(login: &str, password: &str) -> Value {
    json!({"params": {"login": login, "password": password}})
}

fn is_refused(answer: &Answer, status: u16, name: &str) {
    assert_eq!((answer.status, answer.error_name().as_str()), (status, name), "{}", answer.text);
}

async fn user(admin: &Session<'_>, login: &str, more: Value) -> i64 {
    let mut data = json!({"name": login, "login": login, "password": login});
    data.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    id(&admin.create("res.users", data).await)
}

async fn uid(admin: &Session<'_>, login: &str) -> i64 {
    let filter = json!([["login", "=", login]]).to_string();
    admin.rows("res.users", &[("filter", &filter), ("query", "{id}")]).await[0]["id"].as_i64().unwrap()
}
