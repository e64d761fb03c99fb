//! Groups of records with their sums: `read_group`, `formatted_read_group`, `web_read_group`, and the REST list with `group_by`.

use serde_json::{Value, json};
use system_tests::Stand;

use crate::Rpc;

/// Orders of two banks in two years, made by SQL: each month has its own sum, told exactly.
async fn orders(stand: &Stand) {
    let sql = "INSERT INTO crm.sale_order (partner_id, bank_id, state, ek_state, date_order, amount_untaxed, amount_tax, amount_total, code_pos) \
         SELECT 5, b.id, s.state, 'EK_ORDER_IN_PREPARATION', d.at::timestamptz, 0, 0, s.amount, 'P' || b.id \
         FROM (SELECT id FROM partners.res_bank WHERE name IN ('BNA', 'Alsalam')) b, \
         (VALUES ('sale', 0.10), ('sale', 0.20), ('draft', 100.01)) s(state, amount), \
         (VALUES ('2025-12-31 23:30+00'), ('2026-01-31 23:30+00'), ('2026-02-10 12:00+00')) d(at)";
    let mut conn = stand.sql().await;
    Stand::execute(&mut conn, sql).await;
}

async fn bank(stand: &Stand, name: &str) -> i64 {
    stand.count(&format!("SELECT id AS n FROM partners.res_bank WHERE name = '{name}'")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_shaped_as_odoo_shapes_them() {
    let stand = Stand::new().await;
    orders(&stand).await;
    let admin = Rpc::of(&stand, "admin").await;
    let groups = admin.call("sale.order", "read_group", json!([[], ["amount_total:sum"], ["state"]]), json!({})).await;
    let expected = json!([
        {"state_count": 6, "amount_total": 600.06, "state": "draft", "__domain": [["state", "=", "draft"]]},
        {"state_count": 12, "amount_total": 1.8, "state": "sale", "__domain": [["state", "=", "sale"]]},
    ]);
    assert_eq!(groups, expected, "0.1 and 0.2 are 0.3");

    let groups =
        admin.call("sale.order", "read_group", json!([[["state", "=", "sale"]], ["amount_total"], ["date_order:month"]]), json!({})).await;
    let january = json!({"from": "2026-01-01 00:00:00", "to": "2026-02-01 00:00:00"});
    assert_eq!(
        groups[1],
        json!({"date_order_count": 4, "amount_total": 0.6, "date_order:month": "January 2026",
            "__domain": ["&", "&", ["date_order", ">=", "2026-01-01 00:00:00"], ["date_order", "<", "2026-02-01 00:00:00"], ["state", "=", "sale"]],
            "__range": {"date_order": january, "date_order:month": january}})
    );
    let labels: Vec<_> = groups.as_array().unwrap().iter().map(|group| group["date_order:month"].as_str().unwrap()).collect();
    assert_eq!(labels, ["December 2025", "January 2026", "February 2026"], "in the order of time");
    for group in groups.as_array().unwrap() {
        let found = admin.call("sale.order", "search_count", json!([group["__domain"]]), json!({})).await;
        assert_eq!(found, group["date_order_count"], "the domain finds the group's records: {group}");
    }

    // What is not grouped yet stands in the context; all at once where it is not lazy
    let lazy = admin.call("sale.order", "read_group", json!([[], [], ["state", "bank_id"]]), json!({})).await;
    assert_eq!((&lazy[0]["__context"], &lazy[0]["bank_id"]), (&json!({"group_by": ["bank_id"]}), &Value::Null));
    let eager = admin
        .call(
            "sale.order",
            "read_group",
            json!([[], ["amount_total"], ["bank_id", "state"]]),
            json!({"lazy": false, "limit": 3, "offset": 1}),
        )
        .await;
    let eager = eager.as_array().unwrap();
    let (bna, alsalam) = (bank(&stand, "BNA").await, bank(&stand, "Alsalam").await);
    let (first, last) = (bna.min(alsalam), bna.max(alsalam));
    assert_eq!(eager.len(), 3);
    assert_eq!((&eager[0]["bank_id"][0], &eager[1]["bank_id"][0], &eager[0]["__count"]), (&json!(first), &json!(last), &json!(6)));
    let name = if first == bna { "BNA" } else { "Alsalam" };
    assert!(
        eager[0]["bank_id"][1].as_str().unwrap().to_lowercase().contains(&name.to_lowercase()),
        "the other service's name: {}",
        eager[0]
    );
    assert_eq!(eager[0]["__domain"], json!(["&", ["bank_id", "=", first], ["state", "=", "sale"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn days_begin_where_the_user_is_and_are_named_in_the_users_language() {
    let stand = Stand::new().await;
    orders(&stand).await;
    let admin = Rpc::of(&stand, "admin").await;
    let context = json!({"tz": "Africa/Algiers", "lang": "fr_FR"});
    let of = async |spec: &str, context: &Value| {
        let groups = admin.call("sale.order", "read_group", json!([[], [], [spec]]), json!({"context": context})).await;
        groups.as_array().unwrap().iter().map(|group| group[spec].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("date_order:month", &context).await, ["janvier 2026", "février 2026"], "half past eleven is after midnight there");
    assert_eq!(of("date_order:year", &json!({})).await, ["2025", "2026"]);
    assert_eq!(of("date_order:quarter", &json!({})).await, ["Q4 2025", "Q1 2026"]);
    assert_eq!(of("date_order:week", &json!({})).await, ["W1 2026", "W5 2026", "W7 2026"]);
    assert_eq!(of("date_order:day", &json!({})).await, ["31 Dec 2025", "31 Jan 2026", "10 Feb 2026"]);
    let groups = admin.call("sale.order", "read_group", json!([[], [], "date_order"]), json!({"context": context})).await;
    assert_eq!(groups[0]["__range"]["date_order"], json!({"from": "2025-12-31 23:00:00", "to": "2026-01-31 23:00:00"}), "in UTC");
    let (name, message) =
        admin.refused("sale.order", "read_group", json!([[], [], "date_order"]), json!({"context": {"tz": "Mars/Olympus"}})).await;
    assert_eq!((name.as_str(), message.contains("Mars/Olympus")), ("odoo.exceptions.ValidationError", true), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_groups_and_sums_its_own_records_alone() {
    let stand = Stand::new().await;
    orders(&stand).await;
    let (admin, bna) = (Rpc::of(&stand, "admin").await, Rpc::of(&stand, "bna").await);
    let own = bank(&stand, "BNA").await;
    let all = admin.call("sale.order", "read_group", json!([[], ["amount_total"], ["bank_id"]]), json!({})).await;
    assert_eq!(all.as_array().unwrap().len(), 2);
    let groups = bna
        .call("sale.order", "read_group", json!([[], ["amount_total", "id:count_distinct", "n:count(id)"], ["bank_id"]]), json!({}))
        .await;
    let [group] = groups.as_array().unwrap().as_slice() else { panic!("{groups}") };
    assert_eq!((&group["bank_id"][0], &group["amount_total"], &group["n"]), (&json!(own), &json!(300.93), &json!(9)));
    let one = bna.call("sale.order", "read_group", json!([[["bank_id", "!=", own]], ["amount_total"], []]), json!({})).await;
    assert_eq!(one, json!([{"__count": 0, "amount_total": false, "__domain": [["bank_id", "!=", own]]}]));
    let session = stand.login("bna").await;
    let file = session.list("sale.order", &[("query", "{bank_id}"), ("format", "csv")]).await;
    assert_eq!(file.text, format!("bank_id\r\n{}", format!("{own}\r\n").repeat(9)), "so are files");
    let totals = session.get("/api/sale.order/?sum=amount_total&count_distinct=bank_id").await;
    assert_eq!(totals.text, r#"{"count":1,"result":[{"count":9,"amount_total":300.93,"bank_id:count_distinct":1}]}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_read_is_neither_grouped_nor_summed() {
    let stand = Stand::new().await;
    let (admin, bna) = (Rpc::of(&stand, "admin").await, Rpc::of(&stand, "bna").await);
    for (who, model, fields, groups, words) in [
        (&admin, "sale.order", json!([]), json!(["nosuch"]), "Invalid field 'nosuch' on model 'sale.order'"),
        (&admin, "sale.order", json!(["nosuch:sum"]), json!([]), "Invalid field 'nosuch' on model 'sale.order'"),
        (&admin, "sale.order", json!(["amount_total:median"]), json!([]), "Invalid aggregation function 'median'"),
        (&admin, "sale.order", json!(["state:sum"]), json!([]), "'sum' does not suit field 'state'"),
        (&admin, "sale.order", json!([]), json!(["order_line"]), "has several values"),
        (&admin, "sale.order", json!([]), json!(["closing_reason"]), "Invalid field 'closing_reason'"),
        (&admin, "sale.order", json!([]), json!(["state:month"]), "only days and moments have periods"),
        (&admin, "sale.order", json!([]), json!(["date_order:century"]), "is no period"),
        (&admin, "res.users", json!([]), json!(["password"]), "is never read"),
        (
            &admin,
            "sale.order",
            json!([]),
            json!(["id", "state", "name", "bank_id", "code_pos", "ek_state", "write_uid", "create_by", "note"]),
            "at most 8",
        ),
    ] {
        let (_, message) = who.refused(model, "read_group", json!([[], fields, groups]), json!({"lazy": false})).await;
        assert!(message.contains(words), "{model} {groups}: {message}");
    }
    // What goods cost is nobody's of a bank
    for (fields, groups) in
        [(json!(["standard_price:max"]), json!([])), (json!(["standard_price"]), json!([])), (json!([]), json!(["standard_price"]))]
    {
        let (name, message) = bna.refused("product.template", "read_group", json!([[], fields, groups]), json!({})).await;
        assert_eq!((name.as_str(), message.contains("'standard_price'")), ("odoo.exceptions.AccessError", true), "{message}");
    }
    let all = bna.call("product.template", "read_group", json!([[], [], []]), json!({})).await;
    assert!(all[0].get("standard_price").is_none() && all[0]["version"].is_i64(), "{all}");
    let (_, message) = admin
        .refused("sale.order", "formatted_read_group", json!([]), json!({"groupby": ["state"], "having": [["__count", ">", 1]]}))
        .await;
    assert!(message.contains("`having`"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn later_odoos_groups_name_their_aggregates_in_full() {
    let stand = Stand::new().await;
    orders(&stand).await;
    let admin = Rpc::of(&stand, "admin").await;
    let asked = json!({"domain": [["state", "=", "sale"]], "groupby": ["date_order:month", "bank_id"],
        "aggregates": ["__count", "amount_total:sum", "amount_total:max", "state:array_agg"], "order": "amount_total:sum desc, date_order:month desc", "limit": 1});
    let groups = admin.call("sale.order", "formatted_read_group", json!([]), asked).await;
    let [group] = groups.as_array().unwrap().as_slice() else { panic!("{groups}") };
    assert_eq!(group["date_order:month"], json!(["2026-02-01 00:00:00", "February 2026"]));
    assert_eq!((&group["__count"], &group["amount_total:sum"], &group["amount_total:max"]), (&json!(2), &json!(0.3), &json!(0.2)));
    assert_eq!(group["state:array_agg"], json!(["sale", "sale"]));
    let domain = &group["__extra_domain"];
    assert_eq!((&domain[0], &domain[2]), (&json!("&"), &json!(["date_order", ">=", "2026-02-01 00:00:00"])));
    let all = admin.call("sale.order", "formatted_read_group", json!([]), json!({"aggregates": ["amount_total:avg"]})).await;
    assert_eq!(all, json!([{"__extra_domain": [], "amount_total:avg": 33.436667}]));
    let computed = admin
        .call(
            "sale.order",
            "formatted_read_group",
            json!([]),
            json!({"groupby": ["delivery_country_id"], "aggregates": ["reserved:sum", "name:count_distinct"]}),
        )
        .await;
    assert_eq!(
        (&computed[0]["reserved:sum"], &computed[0]["name:count_distinct"]),
        (&json!(0.0), &json!(18)),
        "computed fields too: {computed}"
    );
    let web = admin.call("sale.order", "web_read_group", json!([[], ["amount_total"], ["state"]]), json!({"limit": 1})).await;
    assert_eq!((&web["length"], &web["groups"][0]["state"]), (&json!(2), &json!("draft")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_that_leads_to_another_service_is_told_as_it_was_said() {
    let stand = Stand::new().await;
    orders(&stand).await;
    let admin = Rpc::of(&stand, "admin").await;
    let domain = json!([["bank_id.name", "ilike", "alsalam"]]);
    let groups = admin.call("sale.order", "read_group", json!([domain, ["amount_total"], ["state"]]), json!({})).await;
    assert_eq!(groups[0]["__domain"], json!(["&", ["state", "=", "draft"], ["bank_id.name", "ilike", "alsalam"]]));
    assert_eq!((&groups[0]["amount_total"], &groups[0]["state_count"]), (&json!(300.03), &json!(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rest_list_is_grouped_in_the_add_ons_words() {
    let stand = Stand::new().await;
    orders(&stand).await;
    let admin = stand.login("admin").await;
    let own = bank(&stand, "BNA").await;
    let filter = json!([["bank_id", "=", own]]).to_string();
    let groups = admin
        .list(
            "sale.order",
            &[("group_by", "state,date_order:month"), ("sum", "amount_total"), ("avg", "amount_total"), ("filter", &filter)],
        )
        .await;
    let first = r#"{"count":6,"result":[{"state":"draft","date_order:month":"2025-12-01","count":1,"amount_total":100.01,"amount_total:avg":100.01},"#;
    assert!(groups.text.starts_with(first), "{}", groups.text);
    let groups = admin.list("sale.order", &[("group_by", "bank_id"), ("order", "count desc, bank_id desc"), ("limit", "1")]).await;
    let last = own.max(bank(&stand, "Alsalam").await);
    assert_eq!(groups.text, format!(r#"{{"count":1,"result":[{{"bank_id":{last},"count":9}}]}}"#), "a many2one is its id");
    for (more, words) in [("page_size", "`page_size` and groups"), ("query", "`query` and groups")] {
        let value = if more == "query" { "{id}" } else { "5" };
        system_tests::refused(&admin.list("sale.order", &[("group_by", "state"), (more, value)]).await, 422, &[words]);
    }
    // The tree of categories is of this service: by name, and what is not set last
    let groups = admin.list("product.category", &[("group_by", "parent_id")]).await.result();
    assert_eq!(groups.as_array().unwrap().last().unwrap()["parent_id"], false, "{groups}");
}
