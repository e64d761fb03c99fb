//! `ek.audit`: who changed what, and who may know.

use serde_json::{Value, json};
use system_tests::{Stand, id, refused};

use crate::call_kw;

const MODEL: &str = "ek.audit";

fn of(model: &str, record: i64) -> String {
    json!([["model", "=", model], ["res_id", "=", record]]).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changed_what_reads_by_record_by_user_and_by_time() {
    for stand in [Stand::new().await, Stand::processes().await] {
        let (admin, alsalam) = (stand.login("admin").await, stand.login("alsalam").await);
        let category = id(&admin.create("product.category", json!({"name": "Salons"})).await);
        admin.write("product.category", json!([["id", "=", category]]), json!({"name": "Salons d'été"})).await;
        let client = id(&alsalam.create("res.partner", json!({"name": "Amina", "email": "amina@example.dz"})).await);

        let rows = admin.rows(MODEL, &[("filter", &of("product.category", category)), ("query", "{at,origin,field,before,after}")]).await;
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert_eq!(
            (&rows[0]["field"], &rows[0]["before"], &rows[0]["after"]),
            (&json!("name"), &json!("\"Salons\""), &json!("\"Salons d'été\""))
        );
        let made: Value = serde_json::from_str(rows[1]["after"].as_str().unwrap()).unwrap();
        assert_eq!((&rows[1]["field"], &made["name"]), (&json!(false), &json!("Salons")));
        assert!(made.get("post_hash").is_none() && made.get("deleted_at").is_none(), "{made}");

        // All of it, newest first, whoever keeps it; page by page the same
        let all = admin.list(MODEL, &[("page_size", "20"), ("query", "{id,at,model,user_id{login}}")]).await.json();
        let (total, newest) = (all["total"].as_i64().unwrap(), all["result"].as_array().unwrap().clone());
        assert!(total > 40 && newest.len() == 20, "{total}");
        assert_eq!((&newest[0]["model"], &newest[0]["user_id"]["login"]), (&json!("res.partner.bank"), &json!("alsalam")));
        let models =
            |rows: &[Value]| rows.iter().map(|row| row["model"].as_str().unwrap().to_owned()).collect::<std::collections::BTreeSet<_>>();
        let mut walked = Vec::new();
        for page in 1..=total / 7 + 1 {
            let rows = admin.rows(MODEL, &[("page_size", "7"), ("page", &page.to_string()), ("query", "{id,at,model}")]).await;
            walked.extend(rows);
        }
        assert_eq!(walked.len() as i64, total);
        assert!(walked.iter().map(|row| row["at"].as_str().unwrap()).is_sorted_by(|a, b| a >= b));
        assert!(walked.iter().zip(&newest).all(|(a, b)| a["id"] == b["id"]));
        let ids: std::collections::BTreeSet<i64> = walked.iter().map(|row| row["id"].as_i64().unwrap()).collect();
        assert_eq!(ids.len() as i64, total, "ids are unique over all");
        assert!(["product.category", "res.partner"].iter().all(|model| models(&walked).contains(*model)), "{:?}", models(&walked));
        // The same by a walk in the order of ids
        let (mut after, mut seen) = (String::new(), Vec::new());
        loop {
            let page = admin.list(MODEL, &[("after", &after), ("limit", "9"), ("query", "{id}")]).await.json();
            seen.extend(page["result"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            after = next.to_owned();
        }
        assert_eq!(seen, ids.into_iter().collect::<Vec<_>>());

        // By user and by time
        let mine = admin
            .rows(MODEL, &[("filter", r#"[["user_id.login","=","alsalam"]]"#), ("query", "{model,res_id,bank_id}"), ("limit", "50")])
            .await;
        assert!(!mine.is_empty() && mine.iter().all(|row| row["bank_id"] != json!(false)), "{mine:?}");
        assert!(mine.iter().any(|row| (&row["model"], &row["res_id"]) == (&json!("res.partner"), &json!(client))));
        let later = admin.rows(MODEL, &[("filter", r#"[["at",">","2100-01-01"]]"#)]).await;
        assert!(later.is_empty());

        // In Odoo's words
        let domain = json!([["model", "=", "product.category"], ["res_id", "=", category]]);
        let rows = call_kw(&admin, MODEL, "search_read", json!([domain]), json!({"fields": ["user_id", "field"]})).await.unwrap();
        assert_eq!(rows[0]["user_id"][1], "Administrator", "{rows}");
        let ids = call_kw(&admin, MODEL, "search", json!([[]]), json!({"limit": 30})).await.unwrap();
        assert_eq!(ids.as_array().unwrap().iter().take(20).collect::<Vec<_>>(), newest.iter().map(|row| &row["id"]).collect::<Vec<_>>());
        let read = call_kw(&admin, MODEL, "read", json!([ids]), json!({"fields": ["model", "user_id"]})).await.unwrap();
        assert_eq!(read.as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<Vec<_>>(), *ids.as_array().unwrap());
        assert!(read.as_array().unwrap().iter().all(|row| row["user_id"].is_array()), "{read}");
        assert_eq!(call_kw(&admin, MODEL, "search_count", json!([[]]), json!({})).await.unwrap(), json!(total));
        let fields = call_kw(&admin, MODEL, "fields_get", json!([]), json!({"attributes": ["type"]})).await.unwrap();
        assert_eq!(
            (&fields["at"]["type"], &fields["user_id"]["type"], &fields["before"]["type"]),
            (&json!("datetime"), &json!("many2one"), &json!("text"))
        );

        // One by its number
        let one = admin.get(&format!("/api/{MODEL}/{}?query={{model}}", newest[0]["id"])).await;
        assert_eq!((one.status, one.json()), (200, json!({"model": "res.partner.bank"})));
        let none = admin.get(&format!("/api/{MODEL}/7")).await;
        assert_eq!((none.status, none.error_name().as_str()), (404, "odoo.exceptions.MissingError"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_writes_the_audit() {
    let stand = Stand::new().await;
    for login in ["admin", "ekiclik", "alsalam"] {
        let who = stand.login(login).await;
        refused(&who.create(MODEL, json!({"model": "res.partner", "res_id": 1, "field": "name"})).await, 403, &["Audit"]);
        refused(&who.write(MODEL, json!([["model", "=", "res.partner"]]), json!({"field": "x"})).await, 403, &["Audit"]);
        let row = stand.count("SELECT max(id) AS n FROM partners.ek_audit").await;
        refused(&who.unlink(MODEL, row).await, 403, &["Audit"]);
        for (method, args) in [("copy", json!([[row]])), ("load", json!([["field"], [["x"]]])), ("name_create", json!(["x"]))] {
            let (name, _) = call_kw(&who, MODEL, method, args, json!({})).await.unwrap_err();
            assert!(["odoo.exceptions.AccessError", "builtins.AttributeError"].contains(&name.as_str()), "{login} {method}: {name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_reads_of_its_own_records_and_never_what_another_did() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let (alsalam, bna) = (stand.login("alsalam").await, stand.login("bna").await);
    let theirs = id(&alsalam.create("res.partner", json!({"name": "Amina", "email": "amina@example.dz"})).await);
    // Another bank joins the client: what it wrote is its own
    assert_eq!(id(&bna.create("res.partner", json!({"name": "Amina", "email": "amina@example.dz", "phone": "2"})).await), theirs);
    let only = id(&bna.create("res.partner", json!({"name": "Karim", "email": "karim@example.dz"})).await);

    let of_bna = stand.count("SELECT bank_id AS n FROM partners.res_users WHERE login = 'bna'").await;
    let of_alsalam = stand.count("SELECT bank_id AS n FROM partners.res_users WHERE login = 'alsalam'").await;
    let banks = async |who: &system_tests::Session<'_>| {
        let mut banks: Vec<Value> =
            who.rows(MODEL, &[("limit", "1000"), ("query", "{bank_id}")]).await.iter().map(|row| row["bank_id"].clone()).collect();
        banks.sort_by_key(Value::to_string);
        banks.dedup();
        banks
    };
    assert_eq!(banks(&alsalam).await, [json!(of_alsalam), json!(false)]);
    assert_eq!(banks(&bna).await, [json!(of_bna), json!(false)]);
    assert!(banks(&admin).await.len() == 3);
    assert!(alsalam.rows(MODEL, &[("filter", &of("res.partner", only))]).await.is_empty());
    assert!(!bna.rows(MODEL, &[("filter", &of("res.partner", only))]).await.is_empty());
    assert!(!alsalam.rows(MODEL, &[("filter", &of("res.partner", theirs))]).await.is_empty());
    // Nor by an oracle: of another's row neither its number nor its values are found
    let hidden = stand.count(&format!("SELECT max(id) AS n FROM partners.ek_audit WHERE model = 'res.partner' AND res_id = {only}")).await;
    for filter in [json!([["id", "=", hidden]]), json!([["after", "ilike", "karim"]]), json!([["bank_id", "=", of_bna]])] {
        assert!(alsalam.rows(MODEL, &[("filter", &filter.to_string())]).await.is_empty(), "{filter}");
        assert_eq!(call_kw(&alsalam, MODEL, "search_count", json!([filter]), json!({})).await.unwrap(), json!(0));
    }
    assert_eq!(alsalam.get(&format!("/api/{MODEL}/{hidden}")).await.status, 404);
    assert_eq!(call_kw(&alsalam, MODEL, "read", json!([[hidden]]), json!({})).await.unwrap(), json!([]));
    // Users of other banks have no number
    let users = alsalam.rows(MODEL, &[("limit", "1000"), ("query", "{user_id}")]).await;
    let own = stand.count("SELECT id AS n FROM partners.res_users WHERE login = 'alsalam'").await;
    assert!(users.iter().all(|row| row["user_id"] == json!(own) || row["user_id"] == json!(false)), "{users:?}");

    // What a product costs is not a bank's to know: neither as a field nor in the row that was made
    let product = stand.count("SELECT id AS n FROM catalog.product_template WHERE manufacturer_ref = 'IRIS-TV55-N'").await;
    admin.write("product.template", json!([["id", "=", product]]), json!({"standard_price": 51234})).await;
    let costs = json!([["model", "=", "product.template"], ["res_id", "=", product], ["field", "=", "standard_price"]]).to_string();
    let values =
        async |who: &system_tests::Session<'_>| who.rows(MODEL, &[("filter", &costs), ("query", "{before,after}"), ("limit", "1")]).await;
    assert_eq!(values(&admin).await, [json!({"before": "50000.00", "after": "51234.00"})]);
    assert_eq!(values(&platform).await, values(&admin).await);
    assert_eq!(values(&alsalam).await, [json!({"before": false, "after": false})]);
    let text = alsalam.list(MODEL, &[("limit", "2000"), ("filter", r#"[["model","=","product.template"]]"#)]).await.text;
    assert!(!text.contains("standard_price\\\"") && !text.contains("51234") && text.contains("list_price\\\""));
    let found = alsalam.rows(MODEL, &[("filter", r#"[["model","=","product.template"],["after","like","51234"]]"#)]).await;
    assert!(found.is_empty(), "{found:?}");

    // A secret stands nowhere, a personal field by its name alone
    admin.write("res.users", json!([["login", "=", "bna"]]), json!({"name": "Karim B."})).await;
    let all = admin.list(MODEL, &[("limit", "5000"), ("filter", r#"[["model","in",["res.users","ek.platform"]]]"#)]).await.text;
    assert!(!all.contains("password") && !all.contains("argon2"), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_removed_is_for_the_hub_and_for_who_manages_the_bank_that_removed_it() {
    let stand = Stand::new().await;
    let (admin, alsalam, bna) = (stand.login("admin").await, stand.login("alsalam").await, stand.login("bna").await);
    let manager = json!({"name": "Chef", "login": "chef", "password": "chef-of-alsalam", "bank_id": "Alsalam", "role": "ROLE_ADMIN"});
    id(&admin.create("res.users", manager).await);
    let manager = stand.login_with("chef", "chef-of-alsalam").await;
    let user = json!({"name": "Passager", "login": "passager", "password": "passager-of-alsalam", "role": "ROLE_USER"});
    let user = id(&manager.create("res.users", user).await);
    assert_eq!(manager.unlink("res.users", user).await.status, 200);
    let filter = of("res.users", user);
    let removed = async |who: &system_tests::Session<'_>| who.rows(MODEL, &[("filter", &filter), ("query", "{field,before}")]).await;
    assert_eq!(removed(&admin).await.len(), removed(&manager).await.len());
    assert!(removed(&manager).await.len() >= 2);
    assert!(removed(&alsalam).await.is_empty() && removed(&bna).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_thousand_rows_are_read_by_index() {
    let stand = Stand::new().await;
    let mut conn = stand.sql().await;
    Stand::execute(
        &mut conn,
        "INSERT INTO partners.audit (at, actor, origin, bank, model, record_id, field, before, after)
         SELECT now() - n * interval '1 minute', 1000 + n % 500, 'odoo', nullif(n % 20, 0), 'res.partner', n % 5000, 'name', '\"a\"', '\"b\"'
         FROM generate_series(1, 50000) n; ANALYZE partners.audit",
    )
    .await;
    for (what, wanted) in [
        ("model = 'res.partner' AND res_id = 77 ORDER BY at DESC, id DESC LIMIT 80", "audit_record"),
        ("user_id = 1077 ORDER BY at DESC, id DESC LIMIT 80", "audit_actor"),
        ("TRUE ORDER BY at DESC, id DESC LIMIT 80", "audit_at"),
        ("id = 4002", "audit_number"),
    ] {
        let plan = plan(&mut conn, &format!("SELECT * FROM partners.ek_audit WHERE {what}")).await;
        assert!(plan.contains(wanted) && !plan.contains("Seq Scan"), "{what}\n{plan}");
    }
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    #[diesel(column_name = "QUERY PLAN")]
    line: String,
}

async fn plan(conn: &mut diesel_async::AsyncPgConnection, sql: &str) -> String {
    let lines: Vec<Line> = diesel_async::RunQueryDsl::load(diesel::sql_query(format!("EXPLAIN {sql}")), conn).await.unwrap();
    lines.into_iter().map(|line| line.line).collect::<Vec<_>>().join("\n")
}
