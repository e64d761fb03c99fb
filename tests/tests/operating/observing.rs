//! What is told of requests and of a hub that has nothing to do: the access log, traces, the doctor.

use std::collections::BTreeSet;
use std::process::Stdio;

use serde_json::{Value, json};
use system_tests::machine::{Folder, program};
use system_tests::platform::{Mood, Platform, platform_of};
use system_tests::traces::Collector;
use system_tests::{Stand, fresh_database, refused, until, variables};
use tokio::io::{AsyncBufReadExt, BufReader};

#[tokio::test(flavor = "multi_thread")]
async fn the_access_log_names_the_user_the_model_and_the_trace_and_nothing_personal() {
    let (folder, url) = (Folder::new(), fresh_database().await);
    let data = folder.path().display().to_string();
    let mut settings = variables(&[("DATA_DIR", &data), ("LOG", "error,access=debug")]);
    settings.insert("DATABASE_URL".to_owned(), url.clone());
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut hub = program("hub", &[], &settings).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(hub.stdout.take().unwrap()).lines();
    let mut next = async |like: &str| loop {
        let line = lines.next_line().await.unwrap().expect("the hub has ended");
        if line.contains(like) {
            return line;
        }
    };
    let greeting = next("The hub is at ").await;
    let stand = Stand::elsewhere(greeting.split(' ').nth(4).unwrap(), &url);
    let ekiclik = stand.login("ekiclik").await;
    let (trace, parent) = ("5bf92f3577b34da6a3ce929d0e0e4736", "00-5bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let body = json!({"params": {"data": {"name": "Logged", "email": "logged@example.dz"}}}).to_string();
    let uid = stand.count("SELECT id AS n FROM partners.res_users WHERE login = 'ekiclik'").await;
    assert_eq!(ekiclik.send("POST", "/api/res.partner/", &[("traceparent", parent)], &body).await.status, 200);
    let line = next("/api/{model}").await;
    let told: Value = serde_json::from_str(&line).unwrap();
    for (name, value) in [
        ("method", json!("POST")),
        ("status", json!(200)),
        ("model", json!("res.partner")),
        ("user", json!(uid)),
        ("trace_id", json!(trace)),
    ] {
        assert_eq!(told[name], value, "{name} in {line}");
    }
    assert!(!line.contains("logged") && !line.contains("Logged"), "{line}");
    // Without a user and of no model of ours: each has a trace
    refused(&stand.send("POST", "/object/secret.thing/1/go", &[("content-type", "application/json")], "{}").await, 401, &[]);
    let line = next("/object/{model}").await;
    let told: Value = serde_json::from_str(&line).unwrap();
    assert!(told.get("user").is_none() && told.get("model").is_none() && !line.contains("secret.thing"), "{line}");
    assert_eq!((told["status"].as_i64(), told["trace_id"].as_str().map(str::len)), (Some(401), Some(32)), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_with_nothing_to_do_makes_no_traces() {
    let (collector, bank) = (Collector::start().await, Platform::new().await);
    let stand = Stand::processes_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.address)]).await;
    let mut ours = BTreeSet::new();
    let mut ask = async |method: &str, path: &str, session: &str, body: Value| {
        let trace = format!("{:032x}", rand::random::<u128>());
        let parent = format!("00-{trace}-00f067aa0ba902b7-01");
        ours.insert(trace);
        let headers = [("traceparent", parent.as_str()), ("content-type", "application/json"), ("x-openerp-session-id", session)];
        stand.send(method, path, if session.is_empty() { &headers[..2] } else { &headers }, body.to_string()).await
    };
    let log_in = ask("POST", "/auth", "", json!({"params": {"login": "admin", "password": "admin"}})).await;
    let session = log_in.result()["session_id"].as_str().unwrap().to_owned();
    let platform = json!({"params": {"data": {"name": "BNA", "base_url": bank.url, "secret": system_tests::platform::SECRET}}});
    assert_eq!(ask("POST", "/api/ek.platform/", &session, platform).await.status, 200);
    stand.at_rest().await;
    // What looks for work has looked many times: each look is a transaction
    let looks = "SELECT xact_commit AS n FROM pg_stat_database WHERE datname = current_database()";
    let before = stand.count(looks).await;
    let looked = async || stand.count(looks).await > before + 300;
    system_tests::until_within(std::time::Duration::from_secs(120), "it has looked for work", looked).await;
    let last = ask("GET", "/api/res.bank/?query={id}", &session, Value::Null).await;
    assert_eq!(last.status, 200, "{}", last.text);
    stand.children.unwrap().stop().await;
    let strange: Vec<_> = collector.all().into_iter().filter(|span| !ours.contains(&span.trace)).collect();
    assert_eq!(strange, []);
    assert!(!collector.all().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_does_not_say_that_a_platform_is_well_which_refuses_moved_or_fails() {
    let (stand, bna) = (Stand::new().await, Platform::new().await);
    platform_of(&stand.login("admin").await, "BNA", &bna.url).await;
    stand.at_rest().await;
    let mut settings = variables(&[("DEMO", "false")]);
    settings.insert("DATABASE_URL".to_owned(), stand.database_url.clone());
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let doctor = async || {
        let output = program("hub", &["doctor"], &settings).output().await.unwrap();
        (output.status.success(), system_tests::machine::said(&output))
    };
    for (status, words) in [
        (200, "ok    sync: BNA's platform answers"),
        (404, "ok    sync: BNA's platform answers"),
        (405, "ok    sync: BNA's platform answers"),
        (401, "WRONG sync: BNA's platform answers 401 to a call that tells nothing: it does not take our signature"),
        (403, "WRONG sync: BNA's platform answers 403"),
        (301, "WRONG sync: BNA's platform answers 301"),
        (410, "WRONG sync: BNA's platform answers 410"),
        (500, "WRONG sync: BNA's platform answers 500"),
        (503, "WRONG sync: BNA's platform answers 503"),
    ] {
        bna.usually(Mood::Answers(status, ""));
        let (is_well, said) = doctor().await;
        assert!(said.contains(words) && is_well == words.starts_with("ok"), "{status}:\n{said}");
    }
    let signed = bna.calls().into_iter().all(|call| call.line.starts_with("GET /") && call.header("webhook-signature").starts_with("v1,"));
    assert!(signed, "{:?}", bna.calls());
    // It looks at what it is told alone
    bna.usually(Mood::Answers(200, ""));
    bna.next(Mood::Answers(401, ""));
    let told = json!([["manufacturer_ref", "=", "IRIS-TV55-N"]]);
    assert_eq!(stand.login("admin").await.write("product.template", told, json!({"description": "Told"})).await.status, 200);
    let tried = "SELECT count(*) AS n FROM sync.ek_attempt WHERE status = 401";
    until("it was refused", async || stand.count(tried).await == 1).await;
    let (is_well, said) = doctor().await;
    let is_told = said.contains("WRONG sync: BNA's platform answers 401 to its last delivery");
    // Unless the next attempt was faster
    assert!((is_told && !is_well) || stand.count("SELECT count(*) AS n FROM sync.ek_attempt").await > 1, "{said}");
}

#[test]
fn cleaning_up_keeps_the_data() {
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let recipe = std::process::Command::new("make").args(["--dry-run", "clean"]).current_dir(here).output().unwrap();
    let recipe = String::from_utf8(recipe.stdout).unwrap();
    assert!(recipe.contains("cargo clean") && !recipe.contains("rm ") && !recipe.contains(".local"), "{recipe}");
}
