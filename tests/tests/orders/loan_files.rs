//! Loan files as a list of work, and the steps that they take.

use serde_json::{Value, json};
use system_tests::platform::{Platform, platform_of};
use system_tests::stock::{BORDJ, one};
use system_tests::{Session, Stand, id, refused, until};

pub(crate) const PASSWORD: &str = "a-long-password";

/// A lead with a loan file: of a bank, with this number and state.
pub(crate) async fn file_of(session: &Session<'_>, bank: &str, number: i64, state: &str, progress: f64) -> i64 {
    let lead = json!({
        "order_source": bank, "cart_id": number, "code_pos": BORDJ,
        "partner": {"email": "yasmine.cherif@example.dz", "salary": 900_000.0, "birth_date": "1993-11-03", "monthly_payment": 5321, "periodicity": 12},
        "cart": [{"manufacturer_ref": "IRIS-TV55-N", "quantity": 1, "product_warehouse_id": BORDJ}],
        "quotation_address": {"ek_order_id": number},
        "file_info": {"file_number": number, "client_number": "0666666666", "order_status": "draft", "progress": progress, "file_state": state},
    });
    id(&session.create("crm.lead", lead).await)
}

pub(crate) async fn user(admin: &Session<'_>, login: &str, bank: Option<&str>, role: &str, code_pos: &str) {
    let mut data = json!({"name": login, "login": login, "password": PASSWORD});
    if let Some(bank) = bank {
        data["bank_id"] = json!(bank);
        data["role"] = json!(role);
        data["code_pos"] = json!(code_pos);
    }
    id(&admin.create("res.users", data).await);
}

async fn step(session: &Session<'_>, lead: i64, state: &str, reason: &str) -> system_tests::Answer {
    session.call("crm.lead", lead, "action_file_state", json!([state, reason])).await
}

pub(crate) async fn audited(admin: &Session<'_>, lead: i64, field: &str) -> Vec<(Value, Value)> {
    let filter = json!([["model", "=", "crm.lead"], ["res_id", "=", lead], ["field", "=", field]]).to_string();
    let rows = admin.rows("ek.audit", &[("filter", &filter), ("order", "id"), ("query", "{before, after}")]).await;
    rows.into_iter().map(|row| (row["before"].clone(), row["after"].clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn loan_files_are_a_list_that_is_filtered_ordered_and_grouped_by_those_who_read_them() {
    let stand = Stand::new().await;
    let (platform, admin) = (stand.login("ekiclik").await, stand.login("admin").await);
    let first = file_of(&platform, "Alsalam", 501, "traitement", 20.0).await;
    let second = file_of(&platform, "Alsalam", 502, "accord", 80.5).await;
    let third = file_of(&platform, "BNA", 503, "traitement", 40.0).await;
    user(&admin, "analyst", Some("Alsalam"), "ROLE_CREDIT_ANALYST_EK", "").await;
    user(&admin, "clerk", Some("Alsalam"), "ROLE_POS_EK", BORDJ).await;
    user(&admin, "staff", None, "", "").await;
    let (analyst, clerk, staff) =
        (stand.login_with("analyst", PASSWORD).await, stand.login_with("clerk", PASSWORD).await, stand.login_with("staff", PASSWORD).await);
    let by_state =
        [("filter", r#"[["file_state","=","traitement"]]"#), ("order", "progress desc"), ("query", "{id, progress, file_number}")];
    let of = |ids: &[(i64, f64, i64)]| ids.iter().map(|(id, p, n)| json!({"id": id, "progress": p, "file_number": n})).collect::<Vec<_>>();
    assert_eq!(admin.rows("crm.lead", &by_state).await, of(&[(third, 40.0, 503), (first, 20.0, 501)]));
    assert_eq!(analyst.rows("crm.lead", &by_state).await, of(&[(first, 20.0, 501)]));
    let groups = [("group_by", "file_state"), ("max", "progress")];
    let told = analyst.list("crm.lead", &groups).await;
    assert_eq!(told.status, 200, "{}", told.text);
    assert!(told.text.contains("accord") && told.text.contains("80.5") && !told.text.contains("40"), "{}", told.text);
    assert_eq!(analyst.get(&format!("/api/crm.lead/{second}")).await.json()["file_state"], "accord");
    // Others see the lead and nothing of its file, in whatever way they ask
    for other in [&clerk, &staff] {
        let lead = other.get(&format!("/api/crm.lead/{first}")).await.json();
        for field in ["file_number", "order_status", "progress", "file_state", "file_state_date", "file_state_reason"] {
            assert!(lead.get("cart_id").is_some() && lead.get(field).is_none(), "{field}: {lead}");
            refused(&other.list("crm.lead", &[("filter", &json!([[field, "!=", false]]).to_string())]).await, 403, &[field]);
            refused(&other.list("crm.lead", &[("order", field)]).await, 403, &[field]);
            assert_eq!(other.list("crm.lead", &[("group_by", field)]).await.status, 403, "{field}");
        }
        assert!(!other.list("ek.audit", &[("filter", r#"[["model","=","crm.lead"]]"#)]).await.text.contains("traitement"));
    }
    // The platform goes on writing them as before, and what is sealed stays beside them
    platform.write("crm.lead", json!([["cart_id", "=", 501]]), json!({"progress": 30, "order_status": null})).await.result();
    let read = one(&platform, "crm.lead", first, "{progress, order_status, file_state, client_number, salary}").await;
    let wanted =
        json!({"progress": 30.0, "order_status": false, "file_state": "traitement", "client_number": "0666666666", "salary": 900_000.0});
    assert_eq!(read, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_release_before_sealed_is_listed_at_the_start_and_again_where_it_changed_it() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let first = file_of(&platform, "Alsalam", 511, "traitement", 20.0).await;
    let second = file_of(&platform, "Alsalam", 512, "accord", 80.0).await;
    let lost = file_of(&platform, "Alsalam", 513, "accord", 90.0).await;
    let versions = "SELECT sum(version)::bigint AS n FROM crm.crm_lead";
    let before = (stand.count(versions).await, stand.count("SELECT count(*) AS n FROM crm.audit WHERE model = 'crm.lead'").await);
    let mut conn = stand.sql().await;
    // As the release before leaves them: one never listed, one listed and changed since, one that no key opens
    Stand::execute(
        &mut conn,
        &format!(
            "SET hub.own = on; UPDATE crm.crm_lead SET file_number = NULL, order_status = NULL, progress = NULL, file_state = NULL, file_listed = NULL; \
             UPDATE crm.crm_lead SET file_state = 'of before', file_listed = 'another text' WHERE id = {second}; \
             UPDATE crm.crm_lead SET loan_file = 'lost.' || loan_file WHERE id = {lost}"
        ),
    )
    .await;
    let next = Stand::on(&stand.database_url, &[]).await;
    let platform = next.login("ekiclik").await;
    until("both are listed", async || {
        stand.count("SELECT count(*) AS n FROM crm.crm_lead WHERE file_listed = left(loan_file, 64)").await == 2
    })
    .await;
    let listed = [("query", "{id, file_number, order_status, progress, file_state}"), ("order", "id")];
    let rows = platform.rows("crm.lead", &listed).await;
    let wanted = |id: i64, number: i64, status: &str, progress: f64, state: Value| {
        json!({"id": id, "file_number": number, "order_status": if status.is_empty() { json!(false) } else { json!(status) },
            "progress": progress, "file_state": state})
    };
    assert_eq!(
        rows,
        [
            wanted(first, 511, "draft", 20.0, json!("traitement")),
            wanted(second, 512, "draft", 80.0, json!("accord")),
            wanted(lost, 0, "", 0.0, json!(false))
        ]
    );
    // The records say what they said before
    let after = (stand.count(versions).await, stand.count("SELECT count(*) AS n FROM crm.audit WHERE model = 'crm.lead'").await);
    assert_eq!(after, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_of_a_loan_file_has_a_reason_is_audited_and_the_bank_hears_of_it() {
    let stand = Stand::new().await;
    let (platform, admin) = (stand.login("ekiclik").await, stand.login("admin").await);
    let (alsalam, bna) = (Platform::new().await, Platform::new().await);
    platform_of(&admin, "Alsalam", &alsalam.url).await;
    platform_of(&admin, "BNA", &bna.url).await;
    let lead = file_of(&platform, "Alsalam", 521, "traitement", 20.0).await;
    user(&admin, "analyst", Some("Alsalam"), "ROLE_CREDIT_ANALYST_EK", "").await;
    user(&admin, "other", Some("BNA"), "ROLE_CREDIT_ANALYST_EK", "").await;
    user(&admin, "clerk", Some("Alsalam"), "ROLE_POS_EK", BORDJ).await;
    user(&admin, "staff", None, "", "").await;
    let analyst = stand.login_with("analyst", PASSWORD).await;
    for login in ["clerk", "staff"] {
        refused(&step(&stand.login_with(login, PASSWORD).await, lead, "accord", "x").await, 403, &[]);
    }
    refused(&step(&stand.login_with("other", PASSWORD).await, lead, "accord", "x").await, 404, &[]);
    for (state, reason, word) in [
        ("accord", "", "`reason` is required"),
        ("accord", "   ", "`reason`"),
        ("", "x", "`state` is required"),
        ("accord", &*"x".repeat(501), "1 to 500 characters"),
        (&*"x".repeat(65), "x", "1 to 64 characters"),
    ] {
        refused(&step(&analyst, lead, state, reason).await, 422, &[word]);
    }
    refused(&analyst.call("crm.lead", lead, "action_file_state", json!(["accord"])).await, 422, &["`reason` is required"]);

    assert_eq!(step(&analyst, lead, "accord", "Dossier complet").await.result(), true);
    let told = alsalam.hears("the step", |call| call.line == "PUT /api/odoo/order/521" && call.body.contains("accord")).await.json();
    assert_eq!((&told["file_state"], &told["state"]), (&json!("accord"), &json!("EK_ORDER_CREATED")));
    // Again the same is nothing; another state for the same reason is noted with its reason
    assert_eq!(step(&analyst, lead, "accord", " Dossier complet ").await.result(), true);
    assert_eq!(step(&platform, lead, "signature", "Dossier complet").await.result(), true);
    assert_eq!(step(&admin, lead, "rejet", "Revenus insuffisants").await.result(), true);
    alsalam.hears("the last step", |call| call.body.contains("rejet")).await;
    let text = |text: &str| json!(format!("\"{text}\""));
    let pair = |before: &str, after: &str| (text(before), text(after));
    assert_eq!(
        audited(&admin, lead, "file_state").await,
        [pair("traitement", "accord"), pair("accord", "signature"), pair("signature", "rejet")]
    );
    assert_eq!(
        audited(&admin, lead, "file_state_reason").await,
        [
            (json!("null"), text("Dossier complet")),
            pair("Dossier complet", "Dossier complet"),
            pair("Dossier complet", "Revenus insuffisants")
        ]
    );
    let lead_now = one(&analyst, "crm.lead", lead, "{file_state, file_state_reason, progress, salary}").await;
    assert_eq!(
        lead_now,
        json!({"file_state": "rejet", "file_state_reason": "Revenus insuffisants", "progress": 20.0, "salary": 900_000.0})
    );
    // What an order says of which no file took a step stays as it was
    let plain = file_of(&platform, "Alsalam", 522, "traitement", 20.0).await;
    admin.write("sale.order", json!([["opportunity_id", "=", plain]]), json!({"state": "EK_CLIENT_ORDER_CANCELED"})).await.result();
    let told = alsalam.hears("the cancelled order", |call| call.line == "PUT /api/odoo/order/522").await.json();
    assert!(told.get("file_state").is_none() && told["state"] == "EK_CLIENT_ORDER_CANCELED", "{told}");
    assert!(bna.calls().iter().all(|call| !call.line.contains("/order/")), "{:?}", bna.calls());
}
