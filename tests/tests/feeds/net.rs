//! The net: whoever changes a record by SQL of one's own, psql included, leaves its event and its audit too.

use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use serde_json::{Value, json};
use system_tests::{Stand, id, registries, until};

#[derive(Debug)]
struct Event {
    version: i64,
    kind: String,
    payload: Value,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    row: String,
}

async fn rows(psql: &mut AsyncPgConnection, sql: &str) -> Vec<Value> {
    let rows: Vec<Row> = diesel::sql_query(format!("SELECT row_to_json(r)::text AS row FROM ({sql}) r")).load(psql).await.unwrap();
    rows.iter().map(|row| serde_json::from_str(&row.row).unwrap()).collect()
}

async fn events(psql: &mut AsyncPgConnection, model: &str, record: i64) -> Vec<Event> {
    let sql = format!("SELECT version, kind, payload FROM partners.event WHERE model = '{model}' AND record_id = {record} ORDER BY seq");
    let read = |row: Value| Event {
        version: row["version"].as_i64().unwrap(),
        kind: row["kind"].as_str().unwrap().to_owned(),
        payload: row["payload"].clone(),
    };
    rows(psql, &sql).await.into_iter().map(read).collect()
}

type Audit = (Option<String>, Option<String>, Option<String>);

/// Field, what was before and what after.
async fn audit(psql: &mut AsyncPgConnection, model: &str, record: i64) -> Vec<Audit> {
    let sql = format!(
        "SELECT field, before::text AS before, after::text AS after FROM partners.audit WHERE model = '{model}' AND record_id = {record} ORDER BY id, field"
    );
    let text = |value: &Value| value.as_str().map(str::to_owned);
    rows(psql, &sql).await.iter().map(|row| (text(&row["field"]), text(&row["before"]), text(&row["after"]))).collect()
}

fn changed(field: &str, before: Option<&str>, after: Option<&str>) -> Audit {
    (Some(field.to_owned()), before.map(str::to_owned), after.map(str::to_owned))
}

/// A hub whose net is enabled.
async fn netted() -> Stand {
    let stand = Stand::new().await;
    stand.hub.as_ref().unwrap().enable_net().await.unwrap();
    stand
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_by_psql_leaves_the_event_and_the_audit_that_the_hub_would() {
    let stand = netted().await;
    let mut psql = stand.sql().await;
    let mut run = async |sql: &str| Stand::execute(&mut psql, sql).await;
    run("INSERT INTO partners.res_partner (id, name, email, phone) OVERRIDING SYSTEM VALUE VALUES (900001, 'Raw', 'raw@psql.example', '0550')").await;
    run("UPDATE partners.res_partner SET status = 'ACTIVE', phone = '0551' WHERE id = 900001").await;
    // Nothing changes: that is no change
    run("UPDATE partners.res_partner SET status = 'ACTIVE' WHERE id = 900001").await;
    run("UPDATE partners.res_partner SET deleted_at = now() WHERE id = 900001").await;
    run("DELETE FROM partners.res_partner WHERE id = 900001").await;
    let told = events(&mut psql, "res.partner", 900_001).await;
    let kinds: Vec<(i64, &str)> = told.iter().map(|event| (event.version, event.kind.as_str())).collect();
    assert_eq!(kinds, [(1, "created"), (2, "updated"), (3, "deleted"), (4, "deleted")]);
    for event in &told {
        assert!(event.payload["phone"].is_null() && event.payload["email"].is_null(), "what is personal: {event:?}");
        assert!(event.payload.get("post_hash").is_none(), "{event:?}");
    }
    assert_eq!(told[1].payload["status"], "ACTIVE");
    let kept = audit(&mut psql, "res.partner", 900_001).await;
    assert_eq!(kept.len(), 5, "{kept:?}");
    assert_eq!(kept[1], changed("phone", None, None));
    assert_eq!(kept[2], changed("status", Some("\"WAITING\""), Some("\"ACTIVE\"")));
    assert!(matches!(&kept[3], (None, Some(_), None)), "{kept:?}");
    // Who follows the feed hears of it
    until("the events have a position", async || {
        stand.count("SELECT count(*) AS n FROM partners.event WHERE record_id = 900001 AND pos IS NOT NULL").await == 4
    })
    .await;
    let refused = psql.batch_execute("TRUNCATE partners.res_partner CASCADE").await.unwrap_err().to_string();
    assert!(refused.contains("are removed one by one"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_personal_or_secret_is_that_for_psql_too() {
    let stand = netted().await;
    let mut psql = stand.sql().await;
    let mut run = async |sql: &str| Stand::execute(&mut psql, sql).await;
    // A point of sale is no person: its telephone may be told
    run("INSERT INTO partners.res_partner (id, name, is_pos, code_pos, phone) OVERRIDING SYSTEM VALUE VALUES (900002, 'POS', true, 'RAW-POS', '0552')").await;
    run("UPDATE partners.res_partner SET phone = '0553' WHERE id = 900002").await;
    run("UPDATE partners.res_users SET password = 'not a hash' WHERE login = 'bna'").await;
    let told = events(&mut psql, "res.partner", 900_002).await;
    assert_eq!([&told[0].payload["phone"], &told[1].payload["phone"]], [&json!("0552"), &json!("0553")]);
    assert_eq!(audit(&mut psql, "res.partner", 900_002).await[1], changed("phone", Some("\"0552\""), Some("\"0553\"")));
    let user = stand.count("SELECT id AS n FROM partners.res_users WHERE login = 'bna'").await;
    let told = events(&mut psql, "res.users", user).await;
    assert!(told.last().unwrap().payload.get("password").is_none(), "{told:?}");
    assert_eq!(audit(&mut psql, "res.users", user).await.last(), Some(&changed("password", None, None)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hubs_own_change_is_told_once() {
    let stand = netted().await;
    let ekiclik = stand.login("ekiclik").await;
    let client = id(&ekiclik.create("res.partner", json!({"name": "Once", "email": "once@net.example"})).await);
    assert_eq!(ekiclik.write("res.partner", json!([["id", "=", client]]), json!({"city": "Oran"})).await.status, 200);
    assert_eq!(stand.login("admin").await.unlink("res.partner", client).await.status, 200);
    let mut psql = stand.sql().await;
    let told = events(&mut psql, "res.partner", client).await;
    let kinds: Vec<(i64, &str)> = told.iter().map(|event| (event.version, event.kind.as_str())).collect();
    assert_eq!(kinds, [(1, "created"), (2, "updated"), (3, "deleted")]);
    assert_eq!(audit(&mut psql, "res.partner", client).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn until_the_net_is_enabled_an_earlier_releases_change_is_told_once() {
    let stand = Stand::new().await;
    let mut psql = stand.sql().await;
    // As a session of a release that sets no hub.own
    Stand::execute(&mut psql, "UPDATE partners.res_bank SET name = name || '!'").await;
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.event WHERE model = 'res.bank' AND kind = 'updated'").await, 0);
    let hub = stand.hub.as_ref().unwrap();
    assert!(hub.partners.database.enable_net().await.unwrap() > 5);
    assert_eq!(hub.partners.database.enable_net().await.unwrap(), 0, "enabled already");
    // Whoever migrates again disables nothing
    hub.migrate().await.unwrap();
    Stand::execute(&mut psql, "UPDATE partners.res_bank SET name = name || '!'").await;
    assert!(stand.count("SELECT count(*) AS n FROM partners.event WHERE model = 'res.bank' AND kind = 'updated'").await > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_net_is_under_every_table_of_a_model_and_knows_what_is_declared() {
    let stand = netted().await;
    let hub = stand.hub.as_ref().unwrap();
    let mut psql = stand.sql().await;
    // An earlier declaration: fewer columns are personal
    let forget =
        "SET search_path = partners, public; CALL record_watch('res_partner', 'res.partner', '{}', '{email}', 'is_pos'); RESET search_path";
    Stand::execute(&mut psql, forget).await;
    hub.partners.migrate().await.unwrap();
    for (schema, registry) in registries(hub) {
        for model in registry.models() {
            let table = model.table;
            let net = format!(
                "SELECT count(*) AS n FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid WHERE c.oid = '{schema}.{table}'::regclass \
                 AND g.tgname LIKE '\\_net\\_%' AND g.tgenabled = 'O'"
            );
            let is_table = stand
                .count(&format!("SELECT count(*) AS n FROM pg_class WHERE oid = '{schema}.{table}'::regclass AND relkind = 'r'"))
                .await
                == 1;
            let expected = if is_table && !model.is_queue { 4 } else { 0 };
            assert_eq!(stand.count(&net).await, expected, "{schema}.{table}");
            if expected == 0 {
                continue;
            }
            for column in model.secret_columns().into_iter().chain(model.personal_columns()) {
                let known = format!(
                    "SELECT count(*) AS n FROM pg_trigger WHERE tgrelid = '{schema}.{table}'::regclass AND tgname IN ('_net_created', '_net_changed') \
                     AND encode(tgargs, 'escape') ~ '\\y{column}\\y'"
                );
                assert_eq!(stand.count(&known).await, 2, "{schema}.{table}.{column}");
            }
        }
    }
}
