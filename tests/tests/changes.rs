//! The statements that change records: what they cost.

use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use records::write::{self, Author};
use records::{Bind, Sql, Value};
use serde_json::{Map, Value as Json, json};
use service::Service;
use system_tests::{fresh_database, unserved};

const MANY: i64 = 300;

fn literal(bind: &Bind) -> String {
    match bind {
        Bind::Int(None) | Bind::Text(None) => "NULL".to_owned(),
        Bind::Int(Some(number)) => number.to_string(),
        Bind::Text(Some(text)) => format!("'{}'", text.replace('\'', "''")),
        Bind::Ints(numbers) => format!("ARRAY[{}]", numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")),
        Bind::Texts(texts) => format!("ARRAY['{}']", texts.join("', '")),
    }
}

fn column_type(bind: &Bind) -> &'static str {
    match bind {
        Bind::Int(_) => "bigint",
        Bind::Text(_) => "text",
        Bind::Ints(_) => "bigint[]",
        Bind::Texts(_) => "text[]",
    }
}

#[derive(diesel::QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text)]
    #[diesel(column_name = "QUERY PLAN")]
    plan: String,
}

/// The scans of a plan, each with how many rows it has read, those included that it threw away. The table that is changed is
/// read by the update alone: what reads it again to tell what rows were before may do so once for each of them.
fn scans(plan: &Json, is_update: bool, read: &mut Vec<(String, f64)>) {
    let number = |name: &str| plan[name].as_f64().unwrap_or_default();
    let kind = plan["Node Type"].as_str().unwrap_or_default();
    let is_update = is_update || plan["Operation"] == "Update";
    if kind.ends_with("Scan") && kind != "Function Scan" {
        assert!(is_update || plan["Relation Name"].is_null(), "the rows are looked up again: {plan:#}");
        let rows = number("Actual Rows") + number("Rows Removed by Filter");
        read.push((format!("{kind} of {}{}", plan["Relation Name"], plan["CTE Name"]), rows * number("Actual Loops")));
    }
    plan["Plans"].as_array().into_iter().flatten().for_each(|inner| scans(inner, is_update, read));
}

/// The scans of a statement as PostgreSQL runs it from its sixth time on, when it keeps one plan for any number of rows.
async fn kept_plan(conn: &mut AsyncPgConnection, sql: &Sql) -> Vec<(String, f64)> {
    let (mut types, mut values) = (Vec::new(), Vec::new());
    let text = sql.render(|number, bind| {
        types.push(column_type(bind));
        values.push(literal(bind));
        format!("${number}")
    });
    conn.batch_execute(&format!("BEGIN; PREPARE changed({}) AS {text}", types.join(", "))).await.unwrap();
    let explain = format!("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE changed({})", values.join(", "));
    let plan = diesel::sql_query(explain).get_result::<Plan>(conn).await;
    let plan: Json = serde_json::from_str(&plan.unwrap_or_else(|error| panic!("{text}: {error}")).plan).unwrap();
    conn.batch_execute("ROLLBACK; DEALLOCATE changed").await.unwrap();
    let mut read = Vec::new();
    scans(&plan[0]["Plan"], false, &mut read);
    read
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_of_many_records_reads_each_of_them_no_oftener_than_one_of_a_few() {
    let url = fresh_database().await;
    let hub = unserved(&operator::provision::urls(&url).unwrap());
    let model = hub.partners.service.registry().model("res.partner").unwrap();
    let mut conn = AsyncPgConnection::establish(&url).await.unwrap();
    // Few have a city, so PostgreSQL expects that a new one changes one row
    conn.batch_execute(&format!(
        "SET search_path = partners, public; SET plan_cache_mode = force_generic_plan; \
         INSERT INTO res_partner (id, name, email) OVERRIDING SYSTEM VALUE \
         SELECT 900000 + n, 'Client ' || n, 'client-' || n || '@many.example' FROM generate_series(1, {MANY}) n; ANALYZE res_partner"
    ))
    .await
    .unwrap();
    let author = Author { origin: "odoo", bank: None, uid: 1, traceparent: None };
    let ids: Vec<i64> = (900_001..=900_000 + MANY).collect();
    let city = Value::Plain("Alger".into());
    let rows: Vec<Map<String, Json>> =
        ids.iter().map(|id| json!({"id": id, "city": format!("Alger {id}")}).as_object().cloned().unwrap()).collect();
    for (what, sql) in [
        ("the same values", write::update(model, &author, ids, &[("city", &city)])),
        ("values of its own", write::update_each(model, &author, &["city"], &rows)),
    ] {
        let read = kept_plan(&mut conn, &sql).await;
        assert!(read.iter().any(|(scan, rows)| scan.contains("CTE Scan of null\"new\"") && *rows >= 300.0), "{what}: {read:?}");
        // The table has the demo's clients too, and may be read once to find the rows and once to change them
        for (scan, rows) in &read {
            assert!(*rows < 1_000.0, "{what}: {scan} reads {rows} rows to change {MANY}; all scans: {read:?}");
        }
    }
}
