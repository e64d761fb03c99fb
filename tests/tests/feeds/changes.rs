//! The statements that change records: what they cost, and that there are no others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use hub::Hub;
use records::write::{self, Author, Cause, Told};
use records::{Bind, Model, Sql, Value};
use serde_json::{Map, Value as Json, json};
use system_tests::{fresh_database, registries, unserved};

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
    let model = hub.partners.registry.model("res.partner").unwrap();
    let mut conn = AsyncPgConnection::establish(&url).await.unwrap();
    // Few have a city, so PostgreSQL expects that a new one changes one row
    conn.batch_execute(&format!(
        "SET search_path = partners, public; SET plan_cache_mode = force_generic_plan; \
         INSERT INTO res_partner (id, name, email) OVERRIDING SYSTEM VALUE \
         SELECT 900000 + n, 'Client ' || n, 'client-' || n || '@many.example' FROM generate_series(1, {MANY}) n; ANALYZE res_partner"
    ))
    .await
    .unwrap();
    let author = Author { origin: "odoo", bank: None, uid: 1, traceparent: None, cause: Cause::default(), told: Told::default() };
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

/// The models of all services.
fn models(hub: &Hub) -> impl Iterator<Item = &Model> {
    registries(hub).into_iter().flat_map(|(_, registry)| registry.models())
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        match entry.extension().and_then(|end| end.to_str()) {
            _ if entry.is_dir() => sources(&entry, found),
            Some("rs" | "sql") => found.push(entry),
            Some(_) | None => {}
        }
    }
}

/// What a source changes by SQL of its own: for each statement the table, or what stands in the place of its name.
fn changed_tables(source: &str) -> Vec<String> {
    // Tests may change what they like; a string that goes on in the next line is one
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let code = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let words: Vec<&str> = code.split_whitespace().filter(|word| *word != "\\" && !word.eq_ignore_ascii_case("only")).collect();
    let mut tables = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| words.get(at)).copied().unwrap_or_default();
        let ends = |what: &str| word.rsplit(['"', '(', '\'']).next() == Some(what);
        let changes = ends("UPDATE") && !matches!(before, "FOR" | "KEY" | "DO" | "BEFORE" | "AFTER")
            || ends("TRUNCATE")
            || matches!(before.rsplit(['"', '(']).next(), Some("INSERT" | "MERGE")) && *word == "INTO"
            || before.rsplit(['"', '(']).next() == Some("DELETE") && *word == "FROM";
        if let (true, Some(table)) = (changes, words.get(at + 1)) {
            let table = table.rsplit('.').next().unwrap_or_default();
            tables.push(table.split(['(', '"', ',', ';', ')']).next().unwrap_or_default().to_owned());
        }
    }
    tables
}

/// Where what is nobody's news is changed by a statement of its own, and why that is no change of the record.
const OF_THEIR_OWN: &[(&str, &str, &str)] = &[
    ("ek_platform", "services/sync/src/settle/answers.sql", BREAKER),
    ("ek_platform", "services/sync/src/settle/is_down.sql", BREAKER),
    ("ek_platform", "services/sync/src/settle/over.sql", BREAKER),
    ("crm_lead", "services/crm/src/file_step/list.sql", LISTED),
    ("ek_odoo", "services/bridge/src/runs/found.sql", FOUND),
    ("ek_odoo", "services/bridge/src/cutting_over/over.sql", CUT_OVER),
];
const FOUND: &str = "what protocol an Odoo speaks was found out by a run, which tells of it";
const CUT_OVER: &str = "that an Odoo is cut over a run has done, which tells of it";
const LISTED: &str = "what stood in a lead's encrypted text stands in its columns: the record says what it said before";
/// Where a statement names its table by a declaration: of models, and of the files that stand beside their rows, whose checksum is the row's.
const BY_DECLARATION: [&str; 2] = ["crates/records/src/write.rs", "crates/records/src/files.rs"];
const BREAKER: &str = "the breaker moves with every failed call, for all replicas, and says nothing of the platform";

#[test]
fn records_are_changed_by_the_generated_statements_alone() {
    let url = "postgres://nobody:nothing@127.0.0.1:1/none";
    let hub = unserved(&operator::provision::urls(url).unwrap());
    // Rows of a queue are changed where the work is done
    let is_queue: BTreeMap<&str, bool> = models(&hub).map(|model| (model.table, model.is_queue)).collect();
    assert!(is_queue.len() > 30 && is_queue.values().filter(|queue| **queue).count() == 7, "{is_queue:?}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for folder in ["crates", "services"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path().join("src")) {
            sources(&entry, &mut files);
        }
    }
    assert!(files.len() > 100, "{} files", files.len());
    let (mut wrong, mut met) = (Vec::new(), Vec::new());
    for file in files {
        let name = file.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        for table in changed_tables(&std::fs::read_to_string(&file).unwrap()) {
            if let Some((table, file, _)) = OF_THEIR_OWN.iter().find(|(known, file, _)| *known == table && *file == name) {
                met.push((*table, *file));
            } else if is_queue.get(table.as_str()) == Some(&false) || (table.starts_with('{') && !BY_DECLARATION.contains(&name.as_str())) {
                wrong.push(format!("{name} changes {table}"));
            }
        }
    }
    assert!(wrong.is_empty(), "use records' insert, update and tombstone, which leave event and audit: {wrong:#?}");
    assert!(OF_THEIR_OWN.iter().all(|(table, file, _)| met.contains(&(*table, *file))), "an exception that is none any more: {met:?}");
}
