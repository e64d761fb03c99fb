//! `ek.job`: exports and imports that can be left and found again, each its user's alone.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use system_tests::{Session, Stand, id, refused};

use crate::user;

const CSV: &str = "id,nom\r\n1,Amina\r\n";

fn export(more: Value) -> Value {
    let mut data = json!({"name": "Orders", "kind": "export", "model": "sale.order", "params": r#"{"filter": []}"#});
    data.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    data
}

async fn ids(who: &Session<'_>) -> Vec<i64> {
    let rows = who.rows("ek.job", &[("query", "{id}"), ("order", "id")]).await;
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

async fn write(who: &Session<'_>, job: i64, data: Value) -> system_tests::Answer {
    who.send("PUT", &format!("/api/ek.job/{job}"), &[crate::JSON], &json!({"params": {"data": data}}).to_string()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_begun_left_and_found_again_with_its_file() {
    let stand = Stand::new().await;
    let bna = stand.login("bna").await;
    let job = id(&bna.create("ek.job", export(json!({"total": 2}))).await);
    let read = async || bna.rows("ek.job", &[("query", "{name, kind, model, state, done, total, message, params, file_name}")]).await;
    let begun = json!({"name": "Orders", "kind": "export", "model": "sale.order", "state": "waiting", "done": 0, "total": 2, "message": false,
        "params": r#"{"filter": []}"#, "file_name": false});
    assert_eq!(read().await, [begun]);
    let kept = "SELECT count(*) AS n FROM partners.ek_job WHERE expires_at BETWEEN now() + interval '23 hours 59 min' AND now() + interval '24 hours'";
    assert_eq!(stand.count(kept).await, 1);
    assert_eq!(bna.get(&format!("/api/ek.job/{job}/file")).await.status, 404);
    for (data, state, done) in [(json!({"state": "running"}), "running", 0), (json!({"done": 1}), "running", 1)] {
        let put = write(&bna, job, data).await;
        assert_eq!(put.status, 200, "{}", put.text);
        assert_eq!((&read().await[0]["state"], &read().await[0]["done"]), (&json!(state), &json!(done)));
    }
    let over = json!({"state": "done", "done": 2, "file": BASE64.encode(CSV), "file_name": "orders.csv"});
    let put = write(&bna, job, over).await;
    assert_eq!(put.status, 200, "{}", put.text);
    assert_eq!(bna.get(&format!("/api/ek.job/{job}/file")).await.text, BASE64.encode(CSV));
    assert_eq!(bna.rows("ek.job", &[("query", "{file}")]).await, [json!({"file": BASE64.encode(CSV)})]);
    let with_file = bna.list("ek.job", &[("filter", r#"[["file", "!=", false]]"#)]).await.json();
    assert_eq!((&with_file["count"], with_file["result"][0].get("file")), (&json!(1), None), "not among all fields: {with_file}");
    // Another file in its place, then none
    assert_eq!(write(&bna, job, json!({"file": BASE64.encode("PK\u{3}\u{4}")})).await.status, 200);
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.ek_job_file WHERE mimetype LIKE '%spreadsheet%'").await, 1);
    assert_eq!(write(&bna, job, json!({"file": false})).await.status, 200);
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.ek_job_file").await, 0);
    // Nobody is told of it
    for table in ["event", "audit"] {
        assert_eq!(stand.count(&format!("SELECT count(*) AS n FROM partners.{table} WHERE model = 'ek.job'")).await, 0, "{table}");
    }
    assert_eq!(bna.unlink("ek.job", job).await.status, 200);
    assert!(ids(&bna).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_its_users_alone_and_an_administrator_reads_all_but_the_file() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    user(&admin, "boss", json!({"bank_id": "BNA", "role": "ROLE_SUPERADMIN"})).await;
    user(&admin, "staff", json!({})).await;
    let bna = stand.login("bna").await;
    let file = json!({"file": BASE64.encode(CSV), "file_name": "clients.csv", "kind": "import"});
    let job = id(&bna.create("ek.job", export(file)).await);
    for login in ["boss", "staff", "ekiclik", "alsalam"] {
        let who = stand.login(login).await;
        assert!(ids(&who).await.is_empty(), "{login}");
        for path in [format!("/api/ek.job/{job}"), format!("/api/ek.job/{job}/file")] {
            assert_eq!(who.get(&path).await.status, 404, "{login} {path}");
        }
        refused(&write(&who, job, json!({"done": 1})).await, 404, &[]);
        refused(&who.unlink("ek.job", job).await, 404, &[]);
    }
    let own = id(&admin.create("ek.job", export(json!({"file": BASE64.encode("own")}))).await);
    assert_eq!(ids(&admin).await, [job, own]);
    let files = admin.rows("ek.job", &[("query", "{file, file_name}"), ("order", "id")]).await;
    assert_eq!(files, [json!({"file": false, "file_name": "clients.csv"}), json!({"file": BASE64.encode("own"), "file_name": false})]);
    assert_eq!(admin.get(&format!("/api/ek.job/{job}/file")).await.status, 404);
    assert_eq!(admin.get(&format!("/web/image/ek.job/{job}/file")).await.status, 404);
    assert_eq!(admin.get(&format!("/api/ek.job/{own}/file")).await.text, BASE64.encode("own"));
    let by_file = admin.list("ek.job", &[("filter", r#"[["file", "!=", false]]"#), ("query", "{id}")]).await;
    assert_eq!(by_file.json()["result"], json!([{"id": own}]));
    let params = json!({"params": {"model": "ek.job", "method": "read", "args": [[job], ["file"]], "kwargs": {}}}).to_string();
    let by_rpc = admin.send("POST", "/web/dataset/call_kw", &[crate::JSON], &params).await;
    assert_eq!(by_rpc.result(), json!([{"id": job, "file": false}]));
    refused(&write(&admin, job, json!({"done": 1})).await, 403, &[]);
    refused(&admin.unlink("ek.job", job).await, 403, &[]);
    // For nobody else is one made
    let made = bna.create("ek.job", export(json!({"user_id": 2}))).await;
    refused(&made, 422, &["user_id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_job_is_refused_and_so_is_one_too_many() {
    let stand = Stand::new().await;
    let bna = stand.login("bna").await;
    for (more, words) in [
        (json!({"name": ""}), &["'name'"][..]),
        (json!({"kind": "sync"}), &["kind", "export, import"]),
        (json!({"model": "res.nothing"}), &["res.nothing"]),
        (json!({"state": "over"}), &["state"]),
        (json!({"done": -1, "total": -1}), &["done", "total"]),
        (json!({"params": "{"}), &["params", "JSON"]),
        (json!({"params": format!("\"{}\"", "x".repeat(20_000))}), &["params", "20000"]),
        (json!({"message": "x".repeat(2_001)}), &["message", "2000"]),
        (json!({"file": "!"}), &["file", "base64"]),
        (json!({"file": 1}), &["file", "a number"]),
        (json!({"file": BASE64.encode([0xff_u8, 0xd8, 0xff])}), &["file", "neither"]),
        (json!({"file": BASE64.encode(vec![b' '; 11 << 20])}), &["file", "10 MB"]),
        (json!({"model": "res.nothing", "params": "no", "file": "!"}), &["model", "params", "file"]),
    ] {
        refused(&bna.create("ek.job", export(more)).await, 422, words);
    }
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.ek_job").await, 0);
    let mut made = Vec::new();
    for n in 0..20 {
        made.push(id(&bna.create("ek.job", export(json!({"name": format!("{n}")}))).await));
    }
    refused(&bna.create("ek.job", export(json!({}))).await, 422, &["20 jobs"]);
    // Those that are over give way, the oldest first
    for at in [3, 5] {
        assert_eq!(write(&bna, made[at], json!({"state": "done", "file": BASE64.encode(CSV)})).await.status, 200);
    }
    id(&bna.create("ek.job", export(json!({}))).await);
    let left = ids(&bna).await;
    assert!(left.len() == 20 && !left.contains(&made[3]) && left.contains(&made[5]), "{left:?}");
    // Another user's are not counted
    id(&stand.login("alsalam").await.create("ek.job", export(json!({}))).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_time_is_over_is_removed_with_its_bytes_and_so_are_those_of_a_user_who_goes() {
    let stand = Stand::new().await;
    let (admin, bna) = (stand.login("admin").await, stand.login("bna").await);
    let file = || json!({"file": BASE64.encode(CSV)});
    let (over, stays) = (id(&bna.create("ek.job", export(file())).await), id(&bna.create("ek.job", export(file())).await));
    let late = format!("UPDATE partners.ek_job SET expires_at = now() - interval '1 s' WHERE id = {over}");
    Stand::execute(&mut stand.sql().await, &late).await;
    let hub = stand.hub.as_ref().unwrap();
    partners::jobs::sweep_once(&hub.partners).await.unwrap();
    assert_eq!(ids(&bna).await, [stays]);
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.ek_job_file").await, 1);
    let leaving = user(&admin, "leaving", json!({})).await;
    id(&stand.login("leaving").await.create("ek.job", export(file())).await);
    let removed = admin.unlink("res.users", leaving).await;
    assert_eq!(removed.status, 200, "{}", removed.text);
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.ek_job_file").await, 1);
    assert_eq!(ids(&admin).await, [stays]);
}
