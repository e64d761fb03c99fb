//! What a bank's user can't find out by reading: other banks' clients, by whatever path a query or a filter takes.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use system_tests::{Stand, encode, id, refused};

#[tokio::test(flavor = "multi_thread")]
async fn a_banks_user_finds_nothing_of_other_banks_clients() {
    let stand = Stand::new().await;
    let (admin, bank) = (stand.login("admin").await, stand.login("alsalam").await);
    let named = async |name: &str| {
        admin.rows("res.bank", &[("filter", &json!([["name", "=", name]]).to_string()), ("query", "{id}")]).await[0]["id"].as_i64().unwrap()
    };
    let (alsalam, bna) = (named("Alsalam").await, named("BNA").await);
    let make = async |data: Value| id(&admin.create("res.partner", data).await);
    let own = make(json!({"name": "Own", "email": "own@x.dz", "bank_ids": [alsalam], "ref": "T"})).await;
    let shared = make(json!({"name": "Shared", "email": "shared@x.dz", "bank_ids": [alsalam, bna], "ref": "T"})).await;
    let theirs = make(json!({"name": "Theirs", "email": "theirs@x.dz", "phone": "0777", "bank_ids": [bna], "ref": "T"})).await;
    let nobodys = make(json!({"name": "Nobodys", "email": "nobodys@x.dz", "ref": "T"})).await;
    // Contacts that reach over: theirs below ours, and ours below theirs
    let theirs_below = make(json!({"name": "Theirs below", "parent_id": own, "bank_ids": [bna], "ref": "T"})).await;
    let own_below = make(json!({"name": "Own below", "parent_id": theirs, "bank_ids": [alsalam], "ref": "T"})).await;

    let mine = |rows: &[Value]| rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>();
    let all = bank.list("res.partner", &[("filter", r#"[["ref","=","T"]]"#), ("query", "{name}"), ("page_size", "100")]).await.json();
    assert_eq!(mine(all["result"].as_array().unwrap()), ["Own", "Shared", "Own below"].map(str::to_owned).into());
    assert_eq!((&all["total"], &all["count"]), (&json!(3), &json!(3)));
    for hidden in [theirs, nobodys, theirs_below] {
        assert_eq!(bank.get(&format!("/api/res.partner/{hidden}")).await.status, 404);
        assert_eq!(bank.send("PUT", &format!("/api/res.partner/{hidden}"), &[], r#"{"params":{"data":{"city":"x"}}}"#).await.status, 404);
        let put = bank.write("res.partner", json!([["id", "=", hidden]]), json!({"city": "x"})).await;
        assert_eq!((put.status, put.headers["x-records-matched"].as_str()), (200, "0"));
    }
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.res_partner WHERE city = 'x'").await, 0);
    // What is read of relations
    let read = bank.get(&format!("/api/res.partner/{own}?query={}", encode("{child_ids, bank_ids, bank_ids{name}}"))).await.json();
    assert_eq!((&read["child_ids"], &read["bank_ids"]), (&json!([]), &json!([{"name": "Alsalam"}])));
    let read = bank.get(&format!("/api/res.partner/{shared}?query={}", encode("{bank_ids}"))).await.json();
    assert_eq!(read["bank_ids"], json!([alsalam]));
    let read = bank.get(&format!("/api/res.partner/{own_below}?query={}", encode("{parent_id}"))).await.json();
    assert_eq!(read["parent_id"], false);
    let read = bank
        .get(&format!("/api/res.partner/{own_below}?query={}", encode("{parent_id{id, name, email, child_ids{name}, bank_ids}}")))
        .await
        .json();
    assert!(!read.to_string().contains("heirs") && read["parent_id"]["id"] == false, "{read}");
    let users = bank.get(&format!("/api/res.partner/{own}?query={}", encode("{create_uid, write_uid{id, login}}"))).await.json();
    assert_eq!(users, json!({"create_uid": false, "write_uid": {"id": false, "login": false}}));

    // What filters tell: each must find exactly what it would find if the others' records were not there
    let mut told = Vec::new();
    for (leaf, expected) in [
        (json!(["email", "=", "theirs@x.dz"]), ""),
        (json!(["phone", "=", "0777"]), ""),
        (json!(["name", "ilike", "theirs"]), ""),
        (json!(["id", "=", theirs]), ""),
        (json!(["id", "in", [theirs, nobodys, own]]), "Own"),
        (json!(["!", ["name", "ilike", "own"]]), "Shared"),
        (json!(["child_ids", "!=", false]), ""),
        (json!(["child_ids", "=", theirs_below]), ""),
        (json!(["child_ids.name", "ilike", "theirs"]), ""),
        (json!(["child_ids", "any", []]), ""),
        (json!(["child_ids", "not any", []]), "Own,Own below,Shared"),
        (json!(["parent_id.email", "=", "theirs@x.dz"]), ""),
        (json!(["parent_id.name", "!=", "x"]), ""),
        (json!(["parent_id", "ilike", "their"]), ""),
        (json!(["parent_id", "any", [["id", ">", 0]]]), ""),
        (json!(["parent_id", "=", theirs]), ""),
        (json!(["parent_id", "in", [theirs, 0]]), ""),
        (json!(["parent_id", "not in", [theirs]]), "Own,Own below,Shared"),
        (json!(["parent_id", "!=", theirs]), "Own,Own below,Shared"),
        (json!(["parent_id", "!=", false]), ""),
        (json!(["parent_id", "=", false]), "Own,Own below,Shared"),
        (json!(["parent_id", ">", 0]), ""),
        (json!(["parent_id.id", "=", theirs]), ""),
        (json!(["parent_id", "child_of", theirs]), ""),
        (json!(["id", "child_of", theirs]), ""),
        (json!(["id", "parent_of", theirs_below]), ""),
        (json!(["bank_ids", "=", bna]), ""),
        (json!(["bank_ids", "in", [bna]]), ""),
        (json!(["bank_ids", "not in", [bna]]), "Own,Own below,Shared"),
        (json!(["bank_ids", "!=", bna]), "Own,Own below,Shared"),
        (json!(["bank_ids.name", "ilike", "bna"]), ""),
        (json!(["bank_ids", "ilike", "bna"]), ""),
        (json!(["bank_ids", "any", [["id", "!=", alsalam]]]), ""),
        (json!(["bank_ids", "=", alsalam]), "Own,Own below,Shared"),
        (json!(["create_uid", "=", 2]), ""),
        (json!(["create_uid", "!=", false]), ""),
        (json!(["create_uid.login", "=", "admin"]), ""),
        (json!(["write_uid", "in", [1, 2, 3, 4, 5]]), ""),
    ] {
        let filter = if leaf[0] == "!" { json!([["ref", "=", "T"], "!", leaf[1]]) } else { json!([["ref", "=", "T"], leaf]) };
        let answer =
            bank.list("res.partner", &[("filter", &filter.to_string()), ("query", "{name}"), ("order", "name"), ("page_size", "50")]).await;
        let found = match answer.status {
            200 => {
                answer.result().as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(",")
            }
            status => format!("{status} {}", answer.text),
        };
        if found != expected {
            told.push(format!("{leaf} finds '{found}', not '{expected}'"));
        }
    }
    // An order by what it can't see changes nothing
    for order in ["parent_id", "parent_id desc", "create_uid", "write_uid desc"] {
        let rows = bank.rows("res.partner", &[("filter", r#"[["ref","=","T"]]"#), ("query", "{id}"), ("order", order)]).await;
        let ids: Vec<i64> = rows.iter().map(|row| row["id"].as_i64().unwrap()).collect();
        if ids != [own, shared, own_below] {
            told.push(format!("order {order}: {ids:?}"));
        }
    }
    assert!(told.is_empty(), "{told:#?}");
    // Other models
    assert_eq!(bank.rows("res.bank", &[("query", "{name}")]).await, [json!({"name": "Alsalam"})]);
    assert_eq!(bank.get(&format!("/api/res.bank/{bna}")).await.status, 404);
    assert_eq!(bank.rows("res.users", &[("query", "{login}")]).await, [json!({"login": "alsalam"})]);
    for filter in [
        json!([["login", "=", "bna"]]),
        json!([["bank_id", "=", bna]]),
        json!([["hub_admin", "=", true]]),
        json!([["bank_id.name", "=", "BNA"]]),
    ] {
        assert_eq!(bank.list("res.users", &[("filter", &filter.to_string()), ("page_size", "5")]).await.json()["total"], 0, "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn for_a_banks_user_a_reference_to_another_banks_client_is_an_unknown_one() {
    let stand = Stand::new().await;
    let (platform, bank) = (stand.login("ekiclik").await, stand.login("alsalam").await);
    let theirs = id(&platform.create("res.partner", json!({"name": "Theirs", "email": "theirs@x.dz", "source": "BNA"})).await);
    let own = id(&platform.create("res.partner", json!({"name": "Own", "email": "own@x.dz", "source": "Alsalam"})).await);
    let before = stand.count("SELECT count(*) AS n FROM partners.event").await;
    let unknown = bank.create("res.partner", json!({"name": "Contact", "parent_id": 987654321})).await;
    refused(&unknown, 422, &["987654321"]);
    let hidden = bank.create("res.partner", json!({"name": "Contact", "parent_id": theirs})).await;
    assert_eq!(
        (hidden.status, hidden.text.replace(&theirs.to_string(), "N")),
        (422, unknown.text.replace("987654321", "N")),
        "{}",
        hidden.text
    );
    let hidden = bank.write("res.partner", json!([["id", "=", own]]), json!({"parent_id": theirs})).await;
    assert_eq!(hidden.status, 422, "{}", hidden.text);
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.event").await, before);
}
