//! A client who asks to be forgotten (law 18-07), and what the hub's own records keep of persons before that.

use std::time::Duration;

use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use serde_json::{Value, json};
use system_tests::paper::read;
use system_tests::stock::{ALGER, Goods, TV, one};
use system_tests::{Session, Stand, fresh_database, id, refused, until};

const EMAIL: &str = "fatima.zohra@example.dz";

/// What tells of the client, wherever it stands.
const TRACES: &[&str] =
    &[EMAIL, "Fatima Zohra", "0661234567", "rue des Frères Bouadou", "NIF-991", "RIB-992", "remarque-993", "rue-994", "note-995"];

fn file() -> Value {
    json!({"name": "Fatima Zohra", "email": EMAIL, "phone": "0661234567", "street": "12 rue des Frères Bouadou", "nif": "NIF-991",
        "rib": "RIB-992", "comment": "remarque-993"})
}

/// A client of two banks with contacts, a lead, an order, and a refused request.
async fn client(stand: &Stand) -> (i64, i64) {
    let (admin, ekiclik, bna) = (stand.login("admin").await, stand.login("ekiclik").await, stand.login("bna").await);
    let client = id(&ekiclik.create("res.partner", file()).await);
    assert_eq!(id(&bna.create("res.partner", file()).await), client);
    let contact = json!({"name": "Fatima Zohra, bureau", "type": "other", "phone": "0661234567", "parent_id": client});
    id(&bna.create("res.partner", contact).await);
    for (field, value) in [("comment", "remarque-993 bis"), ("nif", "NIF-991 bis"), ("name", "Fatima Zohra B."), ("name", "Fatima Zohra")] {
        assert_eq!(admin.write("res.partner", json!([["id", "=", client]]), json!({field: value})).await.status, 200);
    }
    Goods::count(&admin, ALGER, TV, 5.0).await;
    let lead = json!({"order_source": "BNA", "name": "Panier de Fatima Zohra", "cart_id": 81_001, "partner": {"email": EMAIL, "salary": 90000, "birth_date": "1990-01-02"},
        "quotation_address": {"ek_order_id": 81_001, "street": "rue-994", "state_id": "16"},
        "cart": [{"manufacturer_ref": TV, "quantity": 1, "product_warehouse_id": ALGER}]});
    id(&bna.create("crm.lead", lead).await);
    let order =
        admin.rows("sale.order", &[("filter", r#"[["ek_order_id", "=", 81001]]"#), ("query", "{id}")]).await[0]["id"].as_i64().unwrap();
    assert_eq!(admin.write("sale.order", json!([["id", "=", order]]), json!({"note": "note-995"})).await.status, 200);
    let wrong = json!({"name": "x", "email": EMAIL, "colour": "red"});
    assert_eq!(ekiclik.create("res.partner", wrong).await.status, 422);
    until("the refusal is kept", async || {
        stand.count(&format!("SELECT count(*) AS n FROM sync.ek_request WHERE email = '{EMAIL}'")).await >= 1
    })
    .await;
    (client, order)
}

async fn forget(who: &Session<'_>, client: i64, reason: &str) -> system_tests::Answer {
    who.call("res.partner", client, "action_forget", json!([reason])).await
}

/// Where something of the client still stands, as `schema.table`.
async fn traces(stand: &Stand) -> Vec<String> {
    #[derive(diesel::QueryableByName)]
    struct Table {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let schemas = hub::OWNERS.iter().map(|owner| format!("'{owner}'")).collect::<Vec<_>>().join(",");
    let tables = format!("SELECT schemaname || '.' || tablename AS name FROM pg_tables WHERE schemaname IN ({schemas}) ORDER BY 1");
    let tables: Vec<Table> = diesel::sql_query(tables).load(&mut stand.sql().await).await.unwrap();
    assert!(tables.len() > 60);
    let mut found = Vec::new();
    for Table { name } in tables {
        let like = TRACES.iter().map(|trace| format!("t::text ILIKE '%{trace}%'")).collect::<Vec<_>>().join(" OR ");
        if stand.count(&format!("SELECT count(*) AS n FROM {name} t WHERE {like}")).await > 0 {
            found.push(name);
        }
    }
    found
}

async fn all_heard(stand: &Stand) {
    let mut behind = String::from("SELECT ");
    for (follower, feed) in [("crm", "partners"), ("stock", "partners"), ("sync", "partners"), ("stock", "crm"), ("sync", "crm")] {
        behind.push_str(&format!(
            "(SELECT count(*) FROM {feed}.event e WHERE e.pos IS NULL OR e.pos > coalesce((SELECT c.pos FROM {follower}.feed_cursor c \
             WHERE c.feed = '{feed}'), 0)) + "
        ));
    }
    system_tests::until_within(Duration::from_secs(30), "all is heard", async || stand.count(&format!("{behind} 0 AS n")).await == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_who_is_forgotten_stands_nowhere_any_more() {
    let stand = Stand::new().await;
    let (client, order) = client(&stand).await;
    let admin = stand.login("admin").await;
    assert!(traces(&stand).await.iter().any(|table| table == "sync.ek_request"));
    for who in ["ekiclik", "bna", "alsalam"] {
        let answer = forget(&stand.login(who).await, client, "asked").await;
        assert!(matches!(answer.status, 403 | 404), "{who}: {}", answer.text);
    }
    for reason in [json!([]), json!([""]), json!([" "]), json!([false]), json!(["x".repeat(501)])] {
        refused(&admin.call("res.partner", client, "action_forget", reason).await, 422, &["reason"]);
    }
    let pos = admin.rows("res.partner", &[("filter", &json!([["code_pos", "=", ALGER]]).to_string()), ("query", "{id}")]).await[0]["id"]
        .as_i64()
        .unwrap();
    refused(&forget(&admin, pos, "asked").await, 422, &["point of sale"]);
    refused(&forget(&admin, 999_999, "asked").await, 404, &[]);
    // What is under way needs to know where to go
    refused(&forget(&admin, client, "asked").await, 409, &["1 orders"]);
    assert_eq!(admin.call("sale.order", order, "action_cancel", json!([])).await.status, 200);
    all_heard(&stand).await;
    assert_eq!(forget(&admin, client, "asked by letter").await.result(), json!(true));
    all_heard(&stand).await;
    let hub = stand.hub.as_ref().unwrap();
    // A reader's place is noted some seconds later
    let unnoted =
        "SELECT count(*) AS n FROM partners.event e WHERE e.pos > (SELECT r.pos FROM partners.feed_reader r WHERE r.name = 'sync')";
    system_tests::until_within(Duration::from_secs(30), "what sync has read is noted", async || stand.count(unnoted).await == 0).await;
    partners::forget::sweep_once(&hub.partners).await.unwrap();
    assert_eq!(traces(&stand).await, Vec::<String>::new());
    let left = one(&admin, "res.partner", client, "{name, phone, nif, active, bank_ids, child_ids}").await;
    assert_eq!(
        left,
        json!({"name": format!("Client effacé {client}"), "phone": false, "nif": false, "active": false, "bank_ids": [], "child_ids": []})
    );
    assert_eq!(stand.count("SELECT count(*) AS n FROM crm.crm_lead WHERE loan_file IS NOT NULL AND cart_id = 81001").await, 0);
    // The goods and the amounts of the order are the hub's own; that it was done is in the audit, once, with who and why
    assert!(one(&admin, "sale.order", order, "{amount_total}").await["amount_total"].as_f64().unwrap() > 0.0);
    let noted = async |schema: &str| {
        stand
            .count(&format!(
                "SELECT count(*) AS n FROM {schema}.audit WHERE field = 'forgotten' AND after = '\"asked by letter\"' AND actor = 2"
            ))
            .await
    };
    let (in_partners, in_crm) =
        (noted("partners").await, stand.count("SELECT count(*) AS n FROM crm.audit WHERE field = 'forgotten'").await);
    assert!(in_partners >= 2 && in_crm == 2, "{in_partners} {in_crm}");
    // Again, or heard again, it changes nothing
    assert_eq!(forget(&admin, client, "asked by letter").await.status, 200);
    Stand::execute(&mut stand.sql().await, &format!("SELECT crm.forget(ARRAY[{client}], 1, 'again')")).await;
    assert_eq!(
        (noted("partners").await, stand.count("SELECT count(*) AS n FROM crm.audit WHERE field = 'forgotten'").await),
        (in_partners, in_crm)
    );
    // The e-mail is free: whoever has it now is another
    let again = id(&stand.login("bna").await.create("res.partner", file()).await);
    assert_ne!(again, client);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_posted_invoice_keeps_whom_it_was_for_and_the_client_is_forgotten_all_the_same() {
    let stand = Stand::new().await;
    let (client, order) = client(&stand).await;
    let admin = stand.login("admin").await;
    for state in ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", "EK_ORDER_DELIVERED"] {
        assert_eq!(admin.write("sale.order", json!([["id", "=", order]]), json!({"state": state})).await.status, 200);
    }
    let shipped = "SELECT count(*) AS n FROM crm.sale_order_line WHERE qty_delivered > 0";
    until("it is shipped", async || stand.count(shipped).await == 1).await;
    let invoice = admin.rows("account.move", &[("query", "{id}")]).await[0]["id"].as_i64().unwrap();
    let printed = read(&admin, "account.report_invoice", invoice).await;
    assert!(printed.contains("Fatima Zohra") && printed.contains("Bouadou") && printed.contains("NIF-991"), "{printed}");
    assert_eq!(forget(&admin, client, "asked").await.result(), json!(true));
    let keep = format!(
        "SELECT count(*) AS n FROM partners.res_partner_forgotten WHERE partner_id = {client} AND keep_until = (current_date + interval '10 years')::date"
    );
    assert_eq!(stand.count(&keep).await, 1);
    all_heard(&stand).await;
    assert_eq!(stand.count("SELECT count(*) AS n FROM crm.account_move WHERE state = 'posted'").await, 1);
    assert_eq!(
        stand.count(&format!("SELECT count(*) AS n FROM partners.res_partner WHERE id = {client} AND name LIKE 'Client effacé%'")).await,
        1
    );
    assert_eq!(stand.count("SELECT count(*) AS n FROM crm.crm_lead WHERE loan_file IS NOT NULL AND cart_id = 81001").await, 0);
    assert_eq!(read(&admin, "account.report_invoice", invoice).await, printed);
    // Ten years later that goes too
    Stand::execute(&mut stand.sql().await, "UPDATE partners.res_partner_forgotten SET keep_until = current_date - 1").await;
    partners::forget::sweep_once(&stand.hub.as_ref().unwrap().partners).await.unwrap();
    let printed = read(&admin, "account.report_invoice", invoice).await;
    assert!(!printed.contains("Fatima") && printed.contains("effacé"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_forgets_again_before_it_serves() {
    // A copy of the same data stands for the backup that was made before
    let (before, now) = (fresh_database().await, Stand::new().await);
    let admin = now.login("admin").await;
    let filter = r#"[["email", "=", "mourad.belkacem@example.dz"]]"#;
    let client = admin.rows("res.partner", &[("filter", filter), ("query", "{id}")]).await[0]["id"].as_i64().unwrap();
    assert_eq!(forget(&admin, client, "asked").await.result(), json!(true));
    let data = std::env::temp_dir().join(format!("forgotten-{:016x}", rand::random::<u64>()));
    operator::forgotten::remember(&now.database_url, &data).await.unwrap();
    let kept = std::fs::read_to_string(data.join("forgotten.json")).unwrap();
    assert!(!kept.contains("mourad") && kept.contains("asked"), "{kept}");
    operator::forgotten::again(&before, &data).await.unwrap();
    assert!(!data.join("forgotten.json").exists());
    let restored = Stand::on(&before, &[]).await;
    let admin = restored.login("admin").await;
    assert_eq!(one(&admin, "res.partner", client, "{name}").await["name"], format!("Client effacé {client}"));
    assert!(admin.rows("res.partner", &[("filter", filter)]).await.is_empty());
    // Once
    operator::forgotten::again(&before, &data).await.unwrap();
    assert_eq!(operator::forgotten::list(&before).await.unwrap(), operator::forgotten::list(&now.database_url).await.unwrap());
    std::fs::remove_dir_all(data).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_is_changed_by_no_other_way_and_then_only_emptied() {
    let stand = Stand::new().await;
    for schema in hub::OWNERS {
        Stand::execute(
            &mut stand.sql().await,
            &format!("INSERT INTO {schema}.audit (actor, origin, model, record_id, field, after) VALUES (1, 'odoo', 'x', 1, 'f', '1')"),
        )
        .await;
        for change in [
            "UPDATE {s}.audit SET after = NULL",
            "SET audit.forgetting = 'yes'; UPDATE {s}.audit SET actor = 0",
            "SET audit.forgetting = 'yes'; UPDATE {s}.audit SET after = '2'",
            "SET audit.forgetting = 'yes'; DELETE FROM {s}.audit",
            "SET audit.forgetting = 'yes'; TRUNCATE {s}.audit",
        ] {
            let tried = stand.sql().await.batch_execute(&change.replace("{s}", schema)).await;
            assert!(tried.unwrap_err().to_string().contains("append-only"), "{schema}: {change}");
        }
        Stand::execute(&mut stand.sql().await, &format!("SELECT {schema}.audit_forget('x', ARRAY[1], '{{}}', 7, 'why')")).await;
        let rows = format!(
            "SELECT count(*) AS n FROM {schema}.audit WHERE model = 'x' AND (after IS NULL OR (field = 'forgotten' AND actor = 7))"
        );
        assert_eq!(stand.count(&rows).await, 2, "{schema}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_personal_stands_in_neither_audit_nor_events() {
    let stand = Stand::new().await;
    let _ = client(&stand).await;
    for table in ["partners.audit", "partners.event", "crm.audit", "crm.event", "stock.audit", "stock.event"] {
        for trace in TRACES {
            assert_eq!(
                stand.count(&format!("SELECT count(*) AS n FROM {table} t WHERE t::text ILIKE '%{trace}%'")).await,
                0,
                "{trace} in {table}"
            );
        }
    }
    // A point of sale is no person, and its warehouse has its name from there
    let admin = stand.login("admin").await;
    assert_eq!(admin.write("res.partner", json!([["code_pos", "=", ALGER]]), json!({"name": "Comptoir", "nif": "N-1"})).await.status, 200);
    let told = "SELECT count(*) AS n FROM partners.audit WHERE (field = 'name' AND after = '\"Comptoir\"') OR (field = 'nif' AND after = '\"N-1\"')";
    assert_eq!(stand.count(told).await, 2);
    until("its warehouse follows", async || {
        stand.count("SELECT count(*) AS n FROM stock.stock_warehouse WHERE name = 'Comptoir'").await == 1
    })
    .await;
    let verbosity = "SELECT count(*) AS n FROM pg_settings WHERE name = 'log_error_verbosity' AND setting = 'terse'";
    assert_eq!(stand.count(verbosity).await, 1);
}
