//! `ir.filters`: one's own, shared with all, shared within a bank; and what is no filter.

use serde_json::{Value, json};
use system_tests::{Session, Stand, id, refused};

use crate::{uid, user};

fn filter(name: &str, more: Value) -> Value {
    let mut data = json!({"name": name, "model_id": "sale.order", "domain": "[('state', '=', 'EK_ORDER_DELIVERED')]"});
    data.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    data
}

async fn names(who: &Session<'_>) -> Vec<String> {
    let rows = who.rows("ir.filters", &[("query", "{name}"), ("order", "name")]).await;
    rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_seen_by_those_with_whom_it_is_shared_and_changed_by_its_own() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    for (login, bank, role) in [
        ("boss", "BNA", "ROLE_ADMIN"),
        ("clerk", "BNA", "ROLE_POS_EK"),
        ("outsider", "BNA", "ROLE_USER"),
        ("rival", "Alsalam", "ROLE_SUPERADMIN"),
    ] {
        let pos = if login == "clerk" { json!("PDVA-E-ALG-BEZ-16-01") } else { json!(false) };
        user(&admin, login, json!({"bank_id": bank, "role": role, "code_pos": pos})).await;
    }
    let [boss, clerk, outsider, rival] =
        [stand.login("boss").await, stand.login("clerk").await, stand.login("outsider").await, stand.login("rival").await];
    let platform = stand.login("ekiclik").await;
    // By default one's own, whoever one is
    for (login, who) in [("boss", &boss), ("clerk", &clerk), ("outsider", &outsider), ("rival", &rival), ("ekiclik", &platform)] {
        let own = id(&who.create("ir.filters", filter(&format!("of {login}"), json!({}))).await);
        let row = admin.list("ir.filters", &[("filter", &json!([["id", "=", own]]).to_string())]).await;
        assert_eq!(row.json()["count"], 0, "an administrator sees no other's: {}", row.text);
        let read = who.rows("ir.filters", &[("query", "{user_id, bank_id, is_shared, domain, context, sort, is_default, active}")]).await;
        assert_eq!(
            read,
            [json!({"user_id": uid(&admin, login).await, "bank_id": false, "is_shared": false, "context": "{}", "sort": false,
                "domain": r#"[["state","=","EK_ORDER_DELIVERED"]]"#, "is_default": false, "active": true})]
        );
    }
    let for_all = id(&admin.create("ir.filters", filter("for all", json!({"user_id": false}))).await);
    let for_bna = id(&boss.create("ir.filters", filter("for BNA", json!({"user_id": false}))).await);
    let for_alsalam =
        json!({"user_id": false, "bank_id": admin.rows("res.bank", &[("filter", r#"[["name","=","Alsalam"]]"#)]).await[0]["id"]});
    let for_alsalam = id(&admin.create("ir.filters", filter("for Alsalam", for_alsalam)).await);
    assert_eq!(names(&boss).await, ["for BNA", "for all", "of boss"]);
    assert_eq!(names(&clerk).await, ["for BNA", "for all", "of clerk"]);
    assert_eq!(names(&outsider).await, ["for BNA", "for all", "of outsider"]);
    assert_eq!(names(&rival).await, ["for Alsalam", "for all", "of rival"]);
    assert_eq!(names(&platform).await, ["for all", "of ekiclik"]);
    assert_eq!(names(&admin).await, ["for Alsalam", "for BNA", "for all"]);
    // Nor is another's found by what it says
    let by_user = json!([["user_id", "=", uid(&admin, "boss").await]]).to_string();
    assert_eq!(clerk.list("ir.filters", &[("filter", &by_user)]).await.json()["count"], 0);

    // Shared ones are changed by those who may share them
    for (who, which, status) in [
        (&clerk, for_bna, 403),
        (&clerk, for_all, 403),
        (&boss, for_all, 403),
        (&platform, for_all, 403),
        (&rival, for_bna, 404),
        (&boss, for_alsalam, 404),
        (&boss, for_bna, 200),
        (&rival, for_alsalam, 200),
        (&admin, for_bna, 200),
    ] {
        let path = format!("/api/ir.filters/{which}");
        let put = who.send("PUT", &path, &[crate::JSON], &json!({"params": {"data": {"sort": "name desc"}}}).to_string()).await;
        assert_eq!(put.status, status, "{which}: {}", put.text);
    }
    let of_boss = json!([["name", "=", "of boss"]]);
    for (who, what, data) in [
        (&clerk, "a clerk shares", filter("x", json!({"user_id": false}))),
        (&platform, "the platform shares", filter("x", json!({"user_id": false}))),
        (&clerk, "for another", filter("x", json!({"user_id": uid(&admin, "clerk").await + 1}))),
    ] {
        let made = who.create("ir.filters", data).await;
        assert!(matches!(made.status, 403 | 422), "{what}: {}", made.text);
    }
    refused(&boss.create("ir.filters", filter("x", json!({"user_id": uid(&admin, "clerk").await}))).await, 403, &["one's own"]);
    let alsalam = admin.rows("res.bank", &[("filter", r#"[["name","=","Alsalam"]]"#)]).await[0]["id"].clone();
    let to_alsalam = boss.create("ir.filters", filter("x", json!({"user_id": false, "bank_id": alsalam}))).await;
    assert!(matches!(to_alsalam.status, 403 | 422), "{}", to_alsalam.text);
    // A bank's does not become everybody's by its bank's administrator
    refused(&boss.write("ir.filters", json!([["id", "=", for_bna]]), json!({"bank_id": false})).await, 403, &["administrator"]);
    assert_eq!(boss.write("ir.filters", of_boss.clone(), json!({"user_id": false})).await.status, 200);
    assert_eq!(names(&clerk).await, ["for BNA", "for all", "of boss", "of clerk"]);
    assert_eq!(names(&rival).await, ["for Alsalam", "for all", "of rival"]);
    assert_eq!(clerk.unlink("ir.filters", for_bna).await.status, 403);
    assert_eq!(boss.unlink("ir.filters", for_bna).await.status, 200);
    // A filter of one's own is sent back as it was read
    let read = clerk.rows("ir.filters", &[("query", "{*}"), ("filter", r#"[["is_shared","=",false]]"#)]).await.remove(0);
    let again = clerk.write("ir.filters", json!([["id", "=", read["id"]]]), read).await;
    assert_eq!(again.status, 200, "{}", again.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_filter_is_refused_with_all_that_is_wrong() {
    let stand = Stand::new().await;
    let bna = stand.login("bna").await;
    for (more, words) in [
        (json!({"name": ""}), &["'name'"][..]),
        (json!({"model_id": "res.nothing"}), &["res.nothing"]),
        (json!({"model_id": false}), &["model_id"]),
        (json!({"domain": "[('a', '=')]"}), &["domain", "element 1"]),
        (json!({"domain": "{'a': 1}"}), &["domain", "list"]),
        (json!({"domain": "[('user_id', '=', uid)]"}), &["domain", "no name"]),
        (json!({"domain": "[('a', 'is', 1)]"}), &["domain", "operator"]),
        (json!({"domain": format!("[('a', '=', '{}')]", "x".repeat(4_000))}), &["domain", "4000"]),
        (json!({"domain": [["a", "=", 1]]}), &["domain"]),
        (json!({"context": "[1]"}), &["context", "object"]),
        (json!({"context": format!("{{'a': '{}'}}", "x".repeat(2_000))}), &["context", "2000"]),
        (json!({"sort": "x".repeat(255)}), &["sort", "254"]),
        (json!({"model_id": "res.nothing", "domain": "no", "context": "no"}), &["model_id", "domain", "context"]),
    ] {
        refused(&bna.create("ir.filters", filter("mine", more)).await, 422, words);
    }
    let context =
        json!({"context": "{'group_by': ['state']}", "sort": "[\"name desc\"]", "domain": "['|', ('a', '=', True), ('b', '=', None)]"});
    let made = id(&bna.create("ir.filters", filter("mine", context)).await);
    let read = bna.rows("ir.filters", &[("query", "{domain, context, sort}")]).await;
    let kept =
        json!({"domain": r#"["|",["a","=",true],["b","=",null]]"#, "context": r#"{"group_by":["state"]}"#, "sort": "[\"name desc\"]"});
    assert_eq!(read, [kept]);
    // Unset it is none
    let unset = bna.write("ir.filters", json!([["id", "=", made]]), json!({"domain": false, "context": ""})).await;
    assert_eq!(unset.status, 200, "{}", unset.text);
    assert_eq!(bna.rows("ir.filters", &[("query", "{domain, context}")]).await, [json!({"domain": "[]", "context": "{}"})]);
    // What somebody looks for may be a person: in no event, and in the audit by name only
    let email = "[('email', '=', 'amina@example.dz')]";
    assert_eq!(bna.write("ir.filters", json!([["id", "=", made]]), json!({"domain": email})).await.status, 200);
    for table in ["audit", "event"] {
        assert_eq!(stand.count(&format!("SELECT count(*) AS n FROM partners.{table} r WHERE r::text LIKE '%amina@%'")).await, 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_stands_once_and_one_filter_is_the_default() {
    let stand = Stand::new().await;
    let (admin, bna, alsalam) = (stand.login("admin").await, stand.login("bna").await, stand.login("alsalam").await);
    let first = id(&bna.create("ir.filters", filter("Late", json!({"is_default": true}))).await);
    refused(&bna.create("ir.filters", filter("LATE", json!({}))).await, 409, &["same name"]);
    id(&bna.create("ir.filters", filter("Late", json!({"model_id": "res.partner", "is_default": true}))).await);
    // Another's is not in the way
    id(&alsalam.create("ir.filters", filter("Late", json!({"is_default": true}))).await);
    id(&admin.create("ir.filters", filter("Late", json!({"user_id": false, "is_default": true}))).await);
    let second = id(&bna.create("ir.filters", filter("Today", json!({"is_default": true}))).await);
    let defaults = async || -> Vec<i64> {
        let own = json!([["is_default", "=", true], ["is_shared", "=", false], ["model_id", "=", "sale.order"]]).to_string();
        let rows = bna.rows("ir.filters", &[("query", "{id}"), ("filter", &own)]).await;
        rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(defaults().await, [second]);
    assert_eq!(bna.write("ir.filters", json!([["id", "=", first]]), json!({"is_default": true})).await.status, 200);
    assert_eq!(defaults().await, [first]);
    assert_eq!(bna.write("ir.filters", json!([["id", "=", first]]), json!({"is_default": false})).await.status, 200);
    assert!(defaults().await.is_empty());
    // One that is gone leaves its name
    assert_eq!(bna.unlink("ir.filters", first).await.status, 200);
    id(&bna.create("ir.filters", filter("late", json!({}))).await);
    // Filters go with their user
    let leaving = user(&admin, "leaving", json!({})).await;
    id(&stand.login("leaving").await.create("ir.filters", filter("Late", json!({}))).await);
    let removed = admin.unlink("res.users", leaving).await;
    assert_eq!(removed.status, 200, "{}", removed.text);
    let left = format!("SELECT count(*) AS n FROM partners.ir_filters WHERE user_id = {leaving} AND deleted_at IS NULL");
    assert_eq!(stand.count(&left).await, 0);
}
