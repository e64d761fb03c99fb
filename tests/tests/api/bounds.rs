//! What lists in lists may cost: how deep, how long, how much in all; in one service and across several.

use serde_json::{Value, json};
use system_tests::{Answer, Session, Stand, encode, id, refused};

/// A partner with contacts, made by SQL for there are many; its id.
async fn partner(stand: &Stand, contacts: usize, notes: usize) -> i64 {
    let name = format!("parent-{:08x}", rand::random::<u32>());
    let sql = format!(
        "WITH parent AS (INSERT INTO partners.res_partner (name, email) VALUES ('{name}', '{name}@example.dz') RETURNING id), \
         made AS (INSERT INTO partners.res_partner (name, parent_id, comment) SELECT 'Contact ' || n, parent.id, repeat('x', {notes}) \
         FROM parent, generate_series(1, {contacts}) n RETURNING 1) SELECT id AS n FROM parent, (SELECT count(*) FROM made) m"
    );
    let id = stand.count(&sql).await;
    Stand::execute(&mut stand.sql().await, "ANALYZE partners.res_partner").await;
    id
}

async fn read(session: &Session<'_>, model: &str, id: i64, query: &str) -> Answer {
    session.get(&format!("/api/{model}/{id}?query={}", encode(query))).await
}

async fn contacts(session: &Session<'_>, parent: i64, query: &str, more: &[(&str, &str)]) -> Answer {
    let filter = json!([["parent_id", "=", parent]]).to_string();
    session.list("res.partner", &[&[("filter", filter.as_str()), ("query", query)], more].concat()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_in_two_others_is_refused_with_what_to_do_instead() {
    let stand = Stand::new().await;
    let ekiclik = stand.login("ekiclik").await;
    let parent = partner(&stand, 3, 10).await;
    for query in [
        "{child_ids{parent_id{child_ids{parent_id{child_ids{comment}}}}}}",
        "{child_ids{child_ids{child_ids}}}",
        "{child_ids{parent_id{child_ids{*}}}}",
        "{child_ids{parent_id{child_ids{-name}}}}",
        "{child_ids{child_ids{parent_id{name, child_ids}}}}",
        "{name, parent_id{child_ids{child_ids{child_ids{name}}}}}",
    ] {
        let words = ["'child_ids' is a list in 2 others", "request of their own, with a filter"];
        refused(&read(&ekiclik, "res.partner", parent, query).await, 422, &words);
        refused(&contacts(&ekiclik, parent, query, &[]).await, 422, &words);
    }
    let two = read(&ekiclik, "res.partner", parent, "{name, child_ids{name, parent_id{child_ids{name}}}}").await.json();
    let inner = json!([{"name": "Contact 1"}, {"name": "Contact 2"}, {"name": "Contact 3"}]);
    let outer = |n: usize| json!({"name": format!("Contact {n}"), "parent_id": {"child_ids": inner}});
    assert_eq!(two["child_ids"], json!([outer(1), outer(2), outer(3)]));
    // Lists beside one another are not in one another, but a query has an end of them
    let beside =
        |inner: &str| format!("child_ids{{name}}, country_id{{state_ids{{name}}}}, state_id{{country_id{{state_ids{{code}}}}}}{inner}");
    let two = beside(&format!(", parent_id{{{}}}", beside("")));
    assert_eq!(read(&ekiclik, "res.partner", parent, &format!("{{{two}}}")).await.status, 200);
    let three = format!("{{{}}}", beside(&format!(", parent_id{{{two}}}")));
    refused(&read(&ekiclik, "res.partner", parent, &three).await, 422, &["more than 8 lists", "several requests"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_as_long_as_it_may_be_and_no_longer() {
    let stand = Stand::new().await;
    let ekiclik = stand.login("ekiclik").await;
    let parent = partner(&stand, 10_000, 0).await;
    for query in ["{child_ids}", "{child_ids{id}}"] {
        let all = read(&ekiclik, "res.partner", parent, query).await.json();
        assert_eq!(all["child_ids"].as_array().unwrap().len(), 10_000, "{query}");
    }
    Stand::execute(&mut stand.sql().await, &format!("INSERT INTO partners.res_partner (name, parent_id) VALUES ('One more', {parent})"))
        .await;
    let words = ["'child_ids' of a 'res.partner' has more than 10000 records", "{-child_ids}", "a filter on 'parent_id'"];
    for query in ["{child_ids}", "{child_ids{id}}", "{*}", "{name, child_ids{name, parent_id{name}}}"] {
        refused(&read(&ekiclik, "res.partner", parent, query).await, 422, &words);
        let by_id = json!([["id", "=", parent]]).to_string();
        refused(&ekiclik.list("res.partner", &[("filter", &by_id), ("query", query)]).await, 422, &words);
    }
    // What it is told to do works
    assert_eq!(read(&ekiclik, "res.partner", parent, "{-child_ids}").await.status, 200);
    let page = contacts(&ekiclik, parent, "{id}", &[("page_size", "5000"), ("page", "3")]).await.json();
    assert_eq!((&page["total"], &page["count"]), (&json!(10_001), &json!(1)));
    // A stream whose first record is too much is refused as well, not cut off
    let filter = json!(["|", ["id", "=", parent], ["parent_id", "=", parent]]).to_string();
    let all = [("filter", filter.as_str()), ("query", "{child_ids{name}}"), ("order", "id")];
    refused(&ekiclik.list("res.partner", &all).await, 422, &words[..1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_answer_has_in_all_is_bounded_before_it_is_made() {
    let stand = Stand::new().await;
    let ekiclik = stand.login("ekiclik").await;
    // Text: of one list, and of all of them
    let long = partner(&stand, 1_000, 20_000).await;
    refused(&read(&ekiclik, "res.partner", long, "{child_ids{comment}}").await, 422, &["'child_ids'", "16 MB"]);
    let some = partner(&stand, 60, 20_000).await;
    let words = ["32 MB", "`page_size` or `after`"];
    refused(&contacts(&ekiclik, some, "{parent_id{child_ids{comment}}}", &[]).await, 422, &words);
    assert_eq!(contacts(&ekiclik, some, "{parent_id{child_ids{comment}}}", &[("limit", "2")]).await.json()["count"], 2);
    refused(&read(&ekiclik, "res.partner", some, "{child_ids{parent_id{child_ids{comment}}}}").await, 422, &["'child_ids'", "16 MB"]);
    // Records without any list have much text too
    assert_eq!(contacts(&ekiclik, long, "{comment, name, street}", &[("page_size", "10000")]).await.json()["count"], 1_000);
    let wide = partner(&stand, 2_000, 20_000).await;
    refused(&contacts(&ekiclik, wide, "{comment}", &[("page_size", "10000")]).await, 422, &words);
    // How many they are
    let many = partner(&stand, 999, 0).await;
    refused(&contacts(&ekiclik, many, "{parent_id{child_ids}}", &[]).await, 422, &["100000 records", "`page_size` or `after`"]);
    refused(&contacts(&ekiclik, many, "{parent_id{child_ids{id}}}", &[("page_size", "500")]).await, 422, &["100000 records"]);
    assert_eq!(contacts(&ekiclik, many, "{parent_id{child_ids{id}}}", &[("limit", "99")]).await.json()["count"], 99);
    // What is streamed is held by nobody, and repeats no list
    assert_eq!(contacts(&ekiclik, wide, "{comment}", &[]).await.json()["count"], 2_000);
    let streamed = partner(&stand, 1_001, 0).await;
    let at_home = "SET country_id = (SELECT id FROM partners.res_country WHERE code = 'DZ')";
    Stand::execute(&mut stand.sql().await, &format!("UPDATE partners.res_partner {at_home} WHERE parent_id = {streamed}")).await;
    for query in ["{country_id{state_ids}}", "{country_id{name, state_ids{name}}}", "{country_id{*}}"] {
        refused(&contacts(&ekiclik, streamed, query, &[]).await, 422, &["'country_id.state_ids'", "`page_size`", "`after`"]);
        assert_eq!(contacts(&ekiclik, streamed, query, &[("limit", "1000")]).await.json()["count"], 1_000);
    }
    assert_eq!(contacts(&ekiclik, streamed, "{name, child_ids{name}, parent_id{name}}", &[]).await.json()["count"], 1_001);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_counted_across_services_too() {
    for stand in [Stand::new().await, Stand::processes().await] {
        let ekiclik = stand.login("ekiclik").await;
        let lead = json!({"order_source": "Alsalam", "cart_id": 77, "partner": {"email": "yasmine.cherif@example.dz", "salary": 90_000},
            "cart": [{"manufacturer_ref": "IRIS-TV55-N", "quantity": 1, "product_warehouse_id": "PDVA-E-BOJ-BOJ-05-001"}],
            "quotation_address": {"ek_order_id": 7_700}});
        id(&ekiclik.create("crm.lead", lead).await);
        let orders = async |query: &str| ekiclik.list("sale.order", &[("query", query)]).await;
        let two = orders("{order_line{product_id{master_product{product_ids{manufacturer_ref}}}}}").await.result();
        let found = &two[0]["order_line"][0]["product_id"]["master_product"]["product_ids"];
        assert_eq!(*found, json!([{"manufacturer_ref": "IRIS-TV55-G"}, {"manufacturer_ref": "IRIS-TV55-N"}]));
        for query in [
            "{order_line{product_id{master_product{product_ids{attribute_value_ids{name}}}}}}",
            "{order_line{product_id{master_product{product_ids{attribute_value_ids}}}}}",
            "{invoice_ids{invoice_line_ids{product_id{attribute_value_ids}}}}",
        ] {
            refused(&orders(query).await, 422, &["attribute_value_ids' is a list in 2 others", "with a filter"]);
        }
        // The first of its lists
        let all = orders("{order_line{product_id{master_product{product_ids{*}}}}}").await;
        refused(&all, 422, &["' is a list in 2 others", "with a filter"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_other_services_put_in_is_bounded_in_all() {
    let stand = Stand::new().await;
    let ekiclik = stand.login("ekiclik").await;
    // One client with long notes, named by many orders: each repeats them
    let long = id(&ekiclik.create("res.partner", json!({"name": "Long", "email": "long@example.dz", "comment": "x".repeat(20_000)})).await);
    let sql = format!(
        "WITH made AS (INSERT INTO crm.sale_order (partner_id) SELECT {long} FROM generate_series(1, 4000) RETURNING 1) \
         SELECT count(*) AS n FROM made"
    );
    assert_eq!(stand.count(&sql).await, 4_000);
    let orders = async |limit: &str| ekiclik.list("sale.order", &[("query", "{partner_id{comment}}"), ("limit", limit)]).await;
    refused(&orders("4000").await, 422, &["64 MB", "`page_size` or `after`"]);
    let few: Value = orders("10").await.result();
    assert_eq!(few.as_array().unwrap().len(), 10);
}
