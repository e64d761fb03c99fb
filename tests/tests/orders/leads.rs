//! Leads, orders, invoices: the platform's requests 04 and 08 and what the hub's side does with them.

use serde_json::{Value, json};
use system_tests::{Session, Stand, id, refused};

/// A lead as the platform sends it, with its loan file and an address.
fn lead(cart: i64, order: i64, rows: &[(&str, i64)]) -> Value {
    let cart_rows: Vec<_> = rows
        .iter()
        .map(|(reference, quantity)| json!({"manufacturer_ref": reference, "quantity": quantity, "product_warehouse_id": "PDVA-E-BOJ-BOJ-05-001"}))
        .collect();
    json!({
        "create_by": "ekiclik", "order_source": "Alsalam",
        "partner": {"email": "Yasmine.Cherif@example.dz", "salary": 900000.0, "birth_date": "1993-11-03", "monthly_payment": 5321, "periodicity": 12},
        "cart_id": cart, "cart": cart_rows,
        "quotation_address": {"order_source": "Alsalam", "type": "delivery", "create_by": "ekiclick", "street": "12 rue Didouche Mourad", "street2": null,
            "state_id": "bejaia", "country_id": "DZ", "code_pos": "PDVA-E-BOJ-BOJ-05-001", "ek_order_id": order},
        "code_pos": "PDVA-E-BOJ-BOJ-05-001",
        "file_info": {"file_number": 1906, "client_number": "0666666666", "order_status": "draft", "progress": 0.0, "file_state": "traitement"}
    })
}

async fn order_of(session: &Session<'_>, number: i64, query: &str) -> Value {
    let filter = format!(r#"[["ek_order_id","=",{number}]]"#);
    session.rows("sale.order", &[("filter", &filter), ("query", query)]).await.pop().unwrap_or_default()
}

async fn step(session: &Session<'_>, order: i64, state: &str) -> system_tests::Answer {
    session.write("sale.order", json!([["ek_order_id", "=", order.to_string()]]), json!({"order_source": "Alsalam", "state": state})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_is_one_effect_with_its_loan_file_its_order_and_its_address() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let made = id(&platform.create("crm.lead", lead(259, 1416, &[("IRIS-TV55-N", 7), ("ATLAS-CAN3-BL", 1)])).await);
    let lead = platform
        .get(&format!("/api/crm.lead/{made}?query={}", system_tests::encode("{name, cart_id, salary, birth_date, monthly_payment, periodicity, file_number, client_number, progress, file_state, expected_revenue, order_source}")))
        .await
        .json();
    assert_eq!(
        lead,
        json!({"name": "Panier 259 – Alsalam", "cart_id": 259, "salary": 900000.0, "birth_date": "1993-11-03", "monthly_payment": 5321.0, "periodicity": 12,
            "file_number": 1906, "client_number": "0666666666", "progress": 0.0, "file_state": "traitement", "expected_revenue": 627554.88, "order_source": "Alsalam"})
    );
    let order = order_of(&platform, 1416, "{name, state, ek_state, order_source, amount_total, amount_untaxed, amount_tax, delivery_street, delivery_state, code_pos, order_line{name, manufacturer_ref, product_uom_qty, price_unit, price_total, code_pos}}").await;
    assert_eq!(
        order,
        json!({"name": "S00001", "state": "draft", "ek_state": "EK_ORDER_CREATED", "order_source": "Alsalam", "amount_total": 627554.88, "amount_untaxed": 527357.05,
            "amount_tax": 100197.83, "delivery_street": "12 rue Didouche Mourad", "delivery_state": "Béjaïa", "code_pos": "PDVA-E-BOJ-BOJ-05-001",
            "order_line": [
                {"name": "Téléviseur 55 pouces noir", "manufacturer_ref": "IRIS-TV55-N", "product_uom_qty": 7.0, "price_unit": 80000.0, "price_total": 560000.0, "code_pos": "PDVA-E-BOJ-BOJ-05-001"},
                {"name": "Canapé trois places bleu", "manufacturer_ref": "ATLAS-CAN3-BL", "product_uom_qty": 1.0, "price_unit": 67554.88, "price_total": 67554.88, "code_pos": "PDVA-E-BOJ-BOJ-05-001"}]})
    );
    let all = platform.get(&format!("/api/crm.lead/{made}")).await.json();
    for sealed in ["salary", "birth_date", "monthly_payment", "periodicity", "client_number", "loan_file", "file_listed"] {
        assert!(all.get(sealed).is_none(), "{sealed} is in {{*}}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_goes_its_way_and_is_invoiced_at_its_end() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    id(&platform.create("crm.lead", lead(1, 77, &[("IRIS-TV55-N", 2)])).await);
    refused(&step(&platform, 77, "EK_ORDER_DELIVERED").await, 422, &["EK_ORDER_IN_PREPARATION or EK_CLIENT_ORDER_CANCELED can"]);
    for (state, odoo) in [("EK_ORDER_IN_PREPARATION", "sale"), ("EK_ORDER_IN_DELIVERY", "sale"), ("EK_ORDER_DELIVERED", "done")] {
        for _again in 0..2 {
            let answer = step(&platform, 77, state).await;
            assert_eq!((answer.result(), answer.headers["x-records-matched"].as_str()), (json!(true), "1"));
        }
        let order = order_of(&platform, 77, "{state, ek_state}").await;
        assert_eq!(order, json!({"state": odoo, "ek_state": state}));
    }
    refused(&step(&platform, 77, "EK_CLIENT_ORDER_CANCELED").await, 422, &["EK_ORDER_DELIVERED: nothing can"]);
    let order = order_of(
        &platform,
        77,
        "{name, invoice_ids{name, state, move_type, invoice_origin, amount_total, invoice_line_ids{quantity, price_total}}}",
    )
    .await;
    let invoice = &order["invoice_ids"][0];
    assert!(invoice["name"].as_str().unwrap().starts_with("FAC/") && invoice["name"].as_str().unwrap().ends_with("/00001"), "{invoice}");
    assert_eq!(
        (&invoice["state"], &invoice["amount_total"], &invoice["invoice_origin"]),
        (&json!("posted"), &json!(160000.0), &order["name"])
    );
    assert_eq!(invoice["invoice_line_ids"], json!([{"quantity": 2.0, "price_total": 160000.0}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_names_what_is_not_there_is_told_all_of_it_and_leaves_nothing() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let mut data = lead(2, 3, &[("NO-SUCH-REF", 1), ("IRIS-TV55-N", 0), ("NOR-THIS", 2)]);
    data["partner"]["email"] = json!("nobody.yet@example.dz");
    data["partner"]["salari"] = json!(1);
    data["partner"]["birth_date"] = json!("93-11-03");
    data["quotation_address"]["country_id"] = json!("QQ");
    refused(
        &platform.create("crm.lead", data.clone()).await,
        422,
        &["Invalid field 'salari'", "did you mean 'salary'", "birth_date", "a day as 2026-12-31", "cart[1].quantity"],
    );
    data["partner"] = json!({"email": "nobody.yet@example.dz"});
    data["cart"][0]["product_warehouse_id"] = json!("NO-SUCH-POS");
    data["cart"][1]["quantity"] = json!(1);
    refused(&platform.create("crm.lead", data.clone()).await, 422, &["'NO-SUCH-REF'", "'NOR-THIS'", "'NO-SUCH-POS'", "country_id: 'QQ'"]);
    data["order_source"] = json!("Sahara Bank");
    refused(&platform.create("crm.lead", data.clone()).await, 422, &["Unknown bank 'Sahara Bank'", "Alsalam, BNA"]);
    data.as_object_mut().unwrap().remove("order_source");
    refused(&platform.create("crm.lead", data.clone()).await, 422, &["order_source", "required"]);
    for (broken, word) in [(json!([]), "0 rows"), (json!({}), "1 to 1000 rows"), (json!([5]), "cart[0]"), (json!(null), "cart")] {
        let mut data = lead(4, 5, &[]);
        data["cart"] = broken;
        refused(&platform.create("crm.lead", data).await, 422, &[word]);
    }
    assert_eq!(stand.count("SELECT count(*) AS n FROM crm.crm_lead").await + stand.count("SELECT count(*) AS n FROM crm.event").await, 0);
    assert!(platform.rows("res.partner", &[("filter", r#"[["email","=","nobody.yet@example.dz"]]"#)]).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_client_is_made_waiting_and_an_unknown_wilaya_stays_as_text() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let mut data = lead(6, 7, &[("IRIS-TV55-N", 1)]);
    data["partner"] = json!({"email": " Someone.New@example.DZ "});
    data["quotation_address"]["state_id"] = json!("Atlantis");
    id(&platform.create("crm.lead", data).await);
    let client = platform
        .rows(
            "res.partner",
            &[("filter", r#"[["email","=","someone.new@example.dz"]]"#), ("query", "{name, status, create_by, bank_ids{name}}")],
        )
        .await;
    assert_eq!(
        client,
        [json!({"name": "someone.new@example.dz", "status": "WAITING", "create_by": "ekiclik", "bank_ids": [{"name": "Alsalam"}]})]
    );
    assert_eq!(
        order_of(&platform, 7, "{delivery_state, delivery_state_id}").await,
        json!({"delivery_state": "Atlantis", "delivery_state_id": false})
    );
    // A client of another bank is now this one's too
    let mut data = lead(8, 9, &[("IRIS-TV55-N", 1)]);
    data["order_source"] = json!("bna");
    id(&platform.create("crm.lead", data).await);
    let bna = stand.login("bna").await;
    assert_eq!(bna.rows("res.partner", &[("filter", r#"[["email","=","yasmine.cherif@example.dz"]]"#)]).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_lead_twice_is_one_and_another_under_its_keys_is_refused() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let body = lead(10, 11, &[("IRIS-TV55-N", 1)]);
    let copies = futures_util::future::join_all((0..40).map(|_| platform.create("crm.lead", body.clone()))).await;
    let ids: std::collections::BTreeSet<i64> = copies.iter().map(id).collect();
    assert_eq!(ids.len(), 1);
    for table in ["crm_lead", "sale_order", "sale_order_line"] {
        assert_eq!(stand.count(&format!("SELECT count(*) AS n FROM crm.{table}")).await, 1, "{table}");
    }
    refused(&platform.create("crm.lead", lead(10, 11, &[("IRIS-TV55-N", 2)])).await, 409, &["other content"]);
    refused(&platform.create("crm.lead", lead(10, 12, &[("IRIS-TV55-N", 1)])).await, 409, &["other content"]);
    id(&platform.create("crm.lead", lead(12, 13, &[("IRIS-TV55-N", 1)])).await);
    refused(&platform.create("crm.lead", lead(10, 13, &[("IRIS-TV55-N", 1)])).await, 409, &["two leads"]);
    // Another bank counts by itself
    let mut other = body.clone();
    other["order_source"] = json!("BNA");
    assert!(!ids.contains(&id(&platform.create("crm.lead", other).await)));
    // What it names may be gone when it comes again
    let admin = stand.login("admin").await;
    admin.write("product.template", json!([["manufacturer_ref", "=", "IRIS-TV55-N"]]), json!({"active": false})).await.result();
    assert!(ids.contains(&id(&platform.create("crm.lead", body).await)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loan_file_is_read_by_those_who_may_and_stands_nowhere_in_clear() {
    let stand = Stand::new().await;
    let (platform, admin, alsalam, bna) =
        (stand.login("ekiclik").await, stand.login("admin").await, stand.login("alsalam").await, stand.login("bna").await);
    let made = id(&platform.create("crm.lead", lead(20, 21, &[("IRIS-TV55-N", 1)])).await);
    admin.create("res.users", json!({"name": "Staff", "login": "staff", "password": "a-long-password", "hub_admin": false})).await.result();
    admin
        .create(
            "res.users",
            json!({"name": "Clerk", "login": "clerk", "password": "a-long-password", "bank_id": "Alsalam", "role": "ROLE_POS_EK", "code_pos": "PDVA-E-BOJ-BOJ-05-001"}),
        )
        .await
        .result();
    let (staff, clerk) = (stand.login_with("staff", "a-long-password").await, stand.login_with("clerk", "a-long-password").await);
    let path = format!("/api/crm.lead/{made}?query={{salary,birth_date}}");
    for reader in [&platform, &admin, &alsalam] {
        assert_eq!(reader.get(&path).await.json(), json!({"salary": 900000.0, "birth_date": "1993-11-03"}));
        let rows = reader.rows("crm.lead", &[("query", "{id, salary, monthly_payment}"), ("page_size", "5")]).await;
        assert_eq!(rows, [json!({"id": made, "salary": 900000.0, "monthly_payment": 5321.0})]);
    }
    for reader in [&staff, &clerk] {
        refused(&reader.get(&path).await, 403, &["salary"]);
        assert_eq!(reader.get(&format!("/api/crm.lead/{made}?query={{cart_id}}")).await.json(), json!({"cart_id": 20}));
    }
    assert_eq!(bna.get(&path).await.status, 404);
    assert_eq!(bna.get(&format!("/api/crm.lead/{made}")).await.status, 404);
    assert!(bna.rows("sale.order", &[]).await.is_empty() && bna.rows("sale.order.line", &[]).await.is_empty());
    // Neither in a filter nor in an order nor through a relation
    for params in [
        vec![("filter", r#"[["salary",">",1]]"#)],
        vec![("order", "salary")],
        vec![("filter", r#"[["order_ids.opportunity_id.salary","=",1]]"#)],
    ] {
        refused(&platform.list("crm.lead", &params).await, 422, &["kept encrypted"]);
    }
    refused(&platform.list("sale.order", &[("query", "{opportunity_id{salary}}")]).await, 422, &["kept encrypted"]);
    // The platform changes it, nobody else
    let change = json!({"salary": 950000.5, "file_state": "accord"});
    refused(&admin.write("crm.lead", json!([["id", "=", made]]), change.clone()).await, 403, &["not allowed to write"]);
    platform.write("crm.lead", json!([["cart_id", "=", 20]]), change).await.result();
    let read = platform.get(&format!("/api/crm.lead/{made}?query={{salary,file_state,birth_date}}")).await.json();
    assert_eq!(read, json!({"salary": 950000.5, "file_state": "accord", "birth_date": "1993-11-03"}));
    for (table, column) in [("crm_lead", "crm_lead::text"), ("event", "event::text"), ("audit", "audit::text")] {
        for secret in ["900000", "950000", "1993-11-03", "0666666666", "5321"] {
            let sql = format!("SELECT count(*) AS n FROM crm.{table} WHERE {column} LIKE '%{secret}%'");
            assert_eq!(stand.count(&sql).await, 0, "{secret} stands in {table}");
        }
    }
    assert_eq!(stand.count("SELECT count(*) AS n FROM crm.audit WHERE field = 'loan_file' AND before IS NULL AND after IS NULL").await, 1);
    // A text that was put under another lead does not open there
    let other = id(&platform.create("crm.lead", lead(22, 23, &[("IRIS-TV55-N", 1)])).await);
    let mut conn = stand.sql().await;
    Stand::execute(
        &mut conn,
        &format!("UPDATE crm.crm_lead SET loan_file = (SELECT loan_file FROM crm.crm_lead WHERE id = {made}) WHERE id = {other}"),
    )
    .await;
    assert_eq!(platform.get(&format!("/api/crm.lead/{other}?query={{salary}}")).await.status, 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_told_by_its_bank_and_its_number() {
    let stand = Stand::new().await;
    let (platform, bna) = (stand.login("ekiclik").await, stand.login("bna").await);
    id(&platform.create("crm.lead", lead(30, 31, &[("IRIS-TV55-N", 1)])).await);
    let filter = json!([["ek_order_id", "=", "31"]]);
    let of_another = platform.write("sale.order", filter.clone(), json!({"order_source": "BNA", "state": "EK_ORDER_IN_PREPARATION"})).await;
    assert_eq!((of_another.result(), of_another.headers["x-records-matched"].as_str()), (json!(true), "0"));
    let answer = bna.write("sale.order", filter.clone(), json!({"state": "EK_ORDER_IN_PREPARATION"})).await;
    assert_eq!(answer.headers["x-records-matched"], "0");
    refused(
        &bna.write("sale.order", filter.clone(), json!({"order_source": "Alsalam", "state": "EK_ORDER_IN_PREPARATION"})).await,
        403,
        &["another bank"],
    );
    refused(
        &platform.write("sale.order", filter.clone(), json!({"state": "sale"})).await,
        422,
        &["EK_ORDER_CREATED, EK_ORDER_IN_PREPARATION"],
    );
    refused(&platform.write("sale.order", filter.clone(), json!({"amount_total": 1})).await, 422, &["amount_total"]);
    refused(&platform.create("sale.order", json!({})).await, 422, &["POST crm.lead"]);
    platform.write("sale.order", filter, json!({"order_source": "al salam", "state": "EK_CLIENT_ORDER_CANCELED"})).await.result();
    assert_eq!(
        order_of(&platform, 31, "{state, ek_state, order_source}").await,
        json!({"state": "cancel", "ek_state": "EK_CLIENT_ORDER_CANCELED", "order_source": "Alsalam"})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn invoices_have_numbers_without_gaps_and_stay_as_they_are() {
    let stand = Stand::with(&[("DATABASE_WAIT_MS", "30000")]).await;
    let (platform, admin) = (stand.login("ekiclik").await, stand.login("admin").await);
    for order in 0..12 {
        id(&platform.create("crm.lead", lead(100 + order, 200 + order, &[("IRIS-TV55-N", 1), ("ATLAS-CAN3-BL", 2)])).await);
    }
    for state in ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY"] {
        platform.write("sale.order", json!([["ek_order_id", ">=", 200]]), json!({"state": state})).await.result();
    }
    // At once, each twice; one of them is cancelled at the same time
    let (platform, last) = (&platform, 211);
    let delivered = futures_util::future::join_all((200..212).chain(200..212).map(|order| step(platform, order, "EK_ORDER_DELIVERED")));
    let (delivered, cancelled) = futures_util::join!(delivered, step(platform, last, "EK_CLIENT_ORDER_CANCELED"));
    let refusals = delivered.iter().filter(|answer| answer.status == 422).count();
    for answer in &delivered {
        assert!(matches!(answer.status, 200 | 422), "{} {}", answer.status, answer.text);
    }
    let count = if cancelled.status == 200 { 11 } else { 12 };
    assert_eq!(refusals, (12 - count) * 2, "an order is delivered or cancelled");
    let mut names: Vec<String> =
        admin.rows("account.move", &[("query", "{name}")]).await.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    let year = &names[0][4..8];
    assert_eq!(names, (1..=count).map(|number| format!("FAC/{year}/{number:05}")).collect::<Vec<_>>());

    let invoice = admin.rows("account.move", &[("query", "{id, amount_total, invoice_line_ids}"), ("limit", "1")]).await.remove(0);
    let (number, total) = (invoice["id"].as_i64().unwrap(), &invoice["amount_total"]);
    refused(
        &admin.write("account.move", json!([["id", "=", number]]), json!({"narration": "changed"})).await,
        422,
        &["a posted one stays as it is"],
    );
    refused(&admin.unlink("account.move", number).await, 409, &["account.move.line"]);
    let mut conn = stand.sql().await;
    Stand::execute(&mut conn, "SET search_path = crm, public").await;
    for sql in [
        format!("UPDATE crm.account_move SET amount_total = 1 WHERE id = {number}"),
        format!("DELETE FROM crm.account_move_line WHERE move_id = {number}"),
        format!("UPDATE crm.account_move_line SET quantity = 9 WHERE move_id = {number}"),
        format!(
            "INSERT INTO crm.account_move_line (move_id, sequence, name, quantity, price_unit, tax_rate, tax_included, price_subtotal, price_tax, price_total) VALUES ({number}, 9, 'x', 1, 1, 0, true, 1, 0, 1)"
        ),
    ] {
        assert!(
            diesel_async::SimpleAsyncConnection::batch_execute(&mut conn, &sql).await.unwrap_err().to_string().contains("immutable"),
            "{sql}"
        );
    }
    refused(&platform.call("account.move", number, "action_reverse", json!([])).await, 403, &["modify"]);
    let notes = admin.call("account.move", number, "action_reverse", json!([])).await.result();
    let note =
        admin.get(&format!("/api/account.move/{}?query={{name,move_type,state,amount_total,reversed_entry_id}}", notes[0])).await.json();
    assert_eq!(
        note,
        json!({"name": format!("RFAC/{year}/00001"), "move_type": "out_refund", "state": "posted", "amount_total": total, "reversed_entry_id": number})
    );
    refused(&admin.call("account.move", number, "action_reverse", json!([])).await, 409, &["credited already"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_read_across_services_and_found_through_them() {
    let stand = Stand::processes().await;
    let (platform, bna) = (stand.login("ekiclik").await, stand.login("bna").await);
    id(&platform.create("crm.lead", lead(40, 41, &[("IRIS-TV55-N", 2)])).await);
    let query =
        "{name, partner_id{name, email}, order_line{product_id{name, manufacturer_ref, master_product{brand{name}}}, product_uom_qty}}";
    let filter = r#"[["partner_id.email","=","yasmine.cherif@example.dz"],["order_line.product_id.brand.name","ilike","iris"]]"#;
    let rows = platform.rows("sale.order", &[("query", query), ("filter", filter)]).await;
    assert_eq!(
        rows,
        [json!({"name": "S00001", "partner_id": {"name": "Yasmine Cherif", "email": "yasmine.cherif@example.dz"}, "order_line": [
            {"product_id": {"name": "Téléviseur 55 pouces noir", "manufacturer_ref": "IRIS-TV55-N", "master_product": {"brand": {"name": "Iris"}}}, "product_uom_qty": 2.0}]})]
    );
    assert!(bna.rows("sale.order", &[("query", query), ("filter", filter)]).await.is_empty());
    let answer = platform
        .write("sale.order", json!([["partner_id.email", "=", "yasmine.cherif@example.dz"]]), json!({"state": "EK_ORDER_IN_PREPARATION"}))
        .await;
    assert_eq!(answer.headers["x-records-matched"], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_and_invoices_are_printed_for_those_who_see_them() {
    let stand = Stand::new().await;
    let (platform, alsalam, bna) = (stand.login("ekiclik").await, stand.login("alsalam").await, stand.login("bna").await);
    for order in [51, 52] {
        id(&platform.create("crm.lead", lead(order, order, &[("IRIS-TV55-N", 2), ("ATLAS-CAN3-BL", 1)])).await);
        for state in ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", "EK_ORDER_DELIVERED"] {
            step(&platform, order, state).await.result();
        }
    }
    for reader in [&platform, &alsalam] {
        for path in
            ["/report/pdf/account.report_invoice/1", "/report/pdf/account.report_invoice/2,1", "/report/pdf/sale.report_saleorder/1/"]
        {
            let answer = reader.get(path).await;
            assert_eq!((answer.status, answer.headers["content-type"].as_str()), (200, "application/pdf"), "{}", answer.text);
            assert!(answer.text.starts_with("%PDF-"));
            assert!(answer.headers["content-disposition"].contains(".pdf"));
        }
    }
    let pages = |text: &str| text.matches("/Type/Page/").count() + text.matches("/Type /Page\n").count();
    let (one, two) =
        (platform.get("/report/pdf/account.report_invoice/1").await, platform.get("/report/pdf/account.report_invoice/1,2").await);
    assert!(two.text.len() > one.text.len() && pages(&two.text) >= pages(&one.text));
    refused(&bna.get("/report/pdf/account.report_invoice/1").await, 404, &["account.move(1,)"]);
    refused(&platform.get("/report/pdf/account.report_invoice/1,99").await, 404, &["account.move(99,)"]);
    refused(&platform.get("/report/pdf/account.report_invoise/1").await, 404, &["report not found", "account.report_invoice"]);
    assert_eq!(platform.get("/report/pdf/account.report_invoice/x").await.status, 404);
    let many: Vec<String> = (1..=101).map(|id| id.to_string()).collect();
    refused(&platform.get(&format!("/report/pdf/sale.report_saleorder/{}", many.join(","))).await, 422, &["101", "100"]);
    assert_eq!(stand.send("GET", "/report/pdf/account.report_invoice/1", &[], "").await.status, 401);
    // The method is the door's: nobody calls it by name
    assert_eq!(platform.call("account.move", 1, "report", json!([])).await.status, 404);
}
