//! The right question put in another way, and the wrong one told in words: parameters, carriers of a session, kinds of JSON.

use serde_json::{Value, json};
use system_tests::{Answer, Stand, encode, id, refused};

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test(flavor = "multi_thread")]
async fn other_programs_names_of_parameters_mean_what_they_mean_there() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let names = async |params: &[(&str, &str)]| {
        let rows = admin.rows("res.country.state", params).await;
        rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let filter = r#"[["name","ilike","an"]]"#;
    let due = names(&[("filter", filter), ("query", "{name}"), ("order", "name desc")]).await;
    assert!(due.len() > 4);
    for (fields, sort) in [("name", "name desc"), ("[\"name\"]", "\"name desc\""), (" name , ", "name DESC"), ("name,id", "name desc, id")]
    {
        assert_eq!(names(&[("domain", filter), ("fields", fields), ("sort", sort)]).await, due);
    }
    assert_eq!(names(&[("domain", filter), ("filter", filter), ("sort", "name desc")]).await, due, "the same twice is said once");
    assert_eq!(names(&[("domain", filter), ("sort", "name desc"), ("offset", "2"), ("limit", "2")]).await, due[2..4]);
    assert_eq!(names(&[("domain", filter), ("sort", "name desc"), ("offset", "2")]).await, due[2..]);
    assert_eq!(names(&[("domain", filter), ("offset", "9999")]).await, Vec::<String>::new());
    let one = admin.get("/api/res.bank/1?fields=id").await.json();
    assert_eq!(one, json!({"id": 1}));
    for unset in [
        "filter=",
        "domain=",
        "fields=",
        "sort=",
        "offset=",
        "limit=",
        "page_size=",
        "page=",
        "order=",
        "query=",
        "filtre=x",
        "db=other",
        "_=17",
    ] {
        assert_eq!(admin.get(&format!("/api/res.bank/?{unset}")).await.json()["count"], 2, "{unset}");
    }
    // A body has them too
    let named = admin.send("PUT", "/api/res.bank/", &[], r#"{"params":{"domain":[["id","=",1]],"data":{"name":"Alsalam"}}}"#).await;
    assert_eq!((named.status, named.headers["x-records-matched"].as_str()), (200, "1"), "{}", named.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_in_a_shape_that_nobody_reads_is_refused_and_not_left_out() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    for (query, words) in [
        ("filter[]=name", &["`filter[]`", r#"filter=[["name""#][..]),
        ("filter[0][0]=id&filter[0][1]==&filter[0][2]=1", &["`filter[0][0]`", "`filter`"]),
        ("filter%5B0%5D%5B0%5D=id", &["`filter[0][0]`"]),
        ("domain[]=x", &["`domain[]`", "`filter`"]),
        ("fields[]=name&fields[]=id", &["`fields[]`", "query={id,name}"]),
        ("order[0]=id", &["`order[0]`"]),
        ("context[lang]=fr", &["`context[lang]`"]),
        ("limit[]=1", &["`limit[]`", "whole number"]),
        (r"filter=%5B%5B%22id%22,%22=%22,1%5D%5D&domain=%5B%5B%22id%22,%22=%22,2%5D%5D", &["`filter` is given twice", "`domain`"]),
        ("limit=1&limit=2", &["`limit` is given twice"]),
        ("fields=name,bank_id.name", &["'bank_id.name'", "query={"]),
        ("fields=[1]", &["`fields`", "a text was expected"]),
        ("filter=%FF", &["`filter` is not UTF-8"]),
    ] {
        refused(&admin.get(&format!("/api/res.bank/?{query}")).await, 400, words);
        refused(&admin.send("DELETE", &format!("/api/res.bank/?{query}"), &[], "").await, 400, words);
    }
    for (query, words) in [
        ("offset=-1", "0 to 1000000"),
        ("offset=1&page_size=5", "`offset` and `page_size`"),
        ("offset=1&after=", "`offset` and `after`"),
        ("offset=x", "'x'"),
    ] {
        refused(&admin.get(&format!("/api/res.bank/?{query}")).await, 422, &[words]);
    }
    for query in ["after=x", "bank=x", "bank=%FF"] {
        let answer = admin.get(&format!("/events?{query}")).await;
        assert_eq!((answer.status, answer.error_name().as_str()), (400, "werkzeug.exceptions.BadRequest"), "{query}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_may_begin_anywhere() {
    let stand = Stand::with(&[("MAX_ROWS", "1500")]).await;
    let admin = stand.login("admin").await;
    let mut conn = stand.sql().await;
    Stand::execute(
        &mut conn,
        "INSERT INTO partners.res_partner (name, email) SELECT 'Row ' || n, 'row' || n || '@doors.dz' FROM generate_series(1, 1700) n",
    )
    .await;
    let filter = ("filter", r#"[["name","=like","Row %"]]"#);
    refused(&admin.list("res.partner", &[filter]).await, 422, &["1500"]);
    let page = admin.list("res.partner", &[filter, ("offset", "300"), ("order", "id"), ("query", "{name}")]).await.json();
    assert_eq!((page["count"].as_i64(), page["result"].as_array().unwrap().len()), (Some(1_400), 1_400));
    assert_eq!(page["result"][0]["name"], "Row 301");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_carrier_of_a_session_hides_no_other() {
    for stand in [Stand::new().await, Stand::processes().await] {
        let session = stand.login("admin").await.id;
        let cookie = format!("session_id={session}");
        let other = [&b"theirs=\xe9t\xe9; "[..], cookie.as_bytes()].concat();
        let is_in = async |path: &str, headers: &[(&str, &[u8])]| {
            let mut request = system_tests::client().get(format!("{}{path}", stand.address));
            for (name, value) in headers {
                request = request.header(*name, reqwest::header::HeaderValue::from_bytes(value).unwrap());
            }
            request.send().await.unwrap().status().as_u16()
        };
        let id = session.as_bytes();
        let query = format!("/api/res.bank/1?session_id=&session_id={session}");
        for (path, headers) in [
            ("/api/res.bank/1", &[("x-openerp-session-id", &b""[..]), ("cookie", cookie.as_bytes())][..]),
            ("/api/res.bank/1", &[("x-openerp-session-id", b"\xe9"), ("cookie", cookie.as_bytes())]),
            ("/api/res.bank/1", &[("authorization", b"Bearer "), ("x-openerp-session-id", id)]),
            ("/api/res.bank/1", &[("authorization", b"Basic eDp5"), ("x-openerp-session-id", id)]),
            ("/api/res.bank/1?session_id=", &[("cookie", cookie.as_bytes())]),
            ("/api/res.bank/1?session_id=%20", &[("cookie", cookie.as_bytes())]),
            (query.as_str(), &[]),
            ("/api/res.bank/1", &[("cookie", &other)]),
            ("/api/res.bank/1", &[("cookie", b"a=\xff\xfe"), ("cookie", cookie.as_bytes())]),
            ("/api/res.bank/1", &[("cookie", format!("x; session_id=; =; a==b;session_id=\"{session}\" ;").as_bytes())]),
        ] {
            assert_eq!(is_in(path, headers).await, 200, "{path} {headers:?}");
        }
        for (path, headers) in [
            ("/api/res.bank/1", &[("cookie", &b"session_id="[..])][..]),
            ("/api/res.bank/1", &[("cookie", b"session_id=\xe9")]),
            ("/api/res.bank/1", &[("cookie", format!("xsession_id={session}").as_bytes())]),
            ("/api/res.bank/1?session_id=", &[]),
            // What is there and is no session hides the rest, as ever
            ("/api/res.bank/1?session_id=0", &[("cookie", cookie.as_bytes())]),
        ] {
            assert_eq!(is_in(path, headers).await, 401, "{path} {headers:?}");
        }
        for unset in [json!(""), json!(null), json!(false), json!(" ")] {
            let body = json!({"params": {"session_id": unset, "filter": [["id", "=", 0]], "data": {}}}).to_string();
            let answer = stand.send("PUT", "/api/res.partner/", &[JSON, ("cookie", &cookie)], body).await;
            assert_eq!(answer.status, 200, "{unset}: {}", answer.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_no_object_and_no_name_of_rust_is_told() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let rusts = ["struct", "i64", "u64", "f64", "sequence", "Option", "tuple", "variant", "borrowed", "a map"];
    let check = |answer: &Answer, what: &str| {
        assert!((400..500).contains(&answer.status), "{what}: {} {}", answer.status, answer.text);
        assert!(!rusts.iter().any(|word| answer.error().contains(word)), "{what}: {}", answer.error());
    };
    let paths = [
        ("POST", "/auth"),
        ("POST", "/web/session/authenticate"),
        ("POST", "/web/session/check"),
        ("POST", "/web/session/get_session_info"),
        ("POST", "/web/session/destroy"),
        ("POST", "/api/res.partner/"),
        ("PUT", "/api/res.partner/"),
        ("PUT", "/api/res.partner/1"),
        ("DELETE", "/api/res.partner/"),
        ("POST", "/object/res.users/change_password"),
        ("POST", "/object/res.users/2/action_new_api_key"),
    ];
    for (method, path) in paths {
        for params in [json!(["echange", "ekiclik", "ekiclik"]), json!([]), json!([{}, {}]), json!("x"), json!(5), json!(true)] {
            let answer = admin.send(method, path, &[], &json!({"params": params}).to_string()).await;
            let what = format!("{method} {path} {params}");
            assert_eq!(answer.status, 400, "{what}: {}", answer.text);
            assert!(answer.error().contains("an object was expected"), "{what}: {}", answer.error());
            check(&answer, &what);
        }
        for body in ["5", "\"x\"", "true", "[]", "[1]"] {
            let answer = admin.send(method, path, &[], body).await;
            assert_eq!(answer.status, 400, "{method} {path} {body}: {}", answer.text);
            check(&answer, body);
        }
    }
    for params in [
        json!({"data": [1]}),
        json!({"data": 5, "filter": 7}),
        json!({"data": {}, "filter": {"a": 1}}),
        json!({"session_id": 7, "data": {}}),
        json!({"session_id": [], "data": {}}),
    ] {
        let body = json!({"params": params}).to_string();
        check(&admin.send("PUT", "/api/res.partner/", &[], &body).await, &body);
    }
    for params in [json!({"kwargs": [1]}), json!({"args": {"a": 1}}), json!({"args": 5})] {
        let body = json!({"params": params}).to_string();
        check(&admin.send("POST", "/object/res.users/2/action_new_api_key", &[], &body).await, &body);
    }
    for query in ["filter={}", "filter=5", "filter=[5]", "context=5&filter=[[1]]", "fields={}", "limit=x", "after=x"] {
        check(&admin.get(&format!("/api/res.bank/?{}", query.replace("{}", "%7B%7D").replace('[', "%5B"))).await, query);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_number_bounds_a_page_and_a_limit_in_the_hub_and_its_document() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let document = stand.send("GET", "/openapi.json", &[], "").await.json();
    for (name, model) in [
        ("limit", "res.bank"),
        ("page_size", "sale.order"),
        ("offset", "stock.quant"),
        ("limit", "product.product"),
        ("page_size", "ek.delivery"),
    ] {
        let most = document["components"]["parameters"][name]["schema"]["maximum"].as_i64().unwrap();
        assert_eq!(admin.list(model, &[(name, &most.to_string())]).await.status, 200, "{name} {most}");
        refused(&admin.list(model, &[(name, &(most + 1).to_string())]).await, 422, &[name, &most.to_string()]);
    }
    let help = |path: &str| document.pointer(path).map(Value::to_string).unwrap_or_default();
    for path in
        ["/components/schemas/product.template/properties/list_price", "/components/schemas/product.template.write/properties/list_price"]
    {
        assert!(help(path).contains("0 means not set"), "{path}: {}", help(path));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_a_coding_is_415_and_the_coding_is_named() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    for (method, path) in [
        ("POST", "/auth"),
        ("POST", "/web/session/check"),
        ("POST", "/api/res.partner/"),
        ("PUT", "/api/res.partner/1"),
        ("DELETE", "/api/res.partner/9999"),
        ("POST", "/object/res.users/change_password"),
    ] {
        for coding in ["gzip", "deflate", "br", "GZIP", "identity, gzip"] {
            let answer = admin.send(method, path, &[("content-encoding", coding)], "\u{1f}packed").await;
            refused(&answer, 415, &[coding]);
            assert_eq!(answer.headers["accept-encoding"], "identity");
        }
        let plain = admin.send(method, path, &[("content-encoding", "identity")], "{}").await;
        assert_ne!(plain.status, 415, "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_the_add_ons_words() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let message = |answer: &Answer| answer.json()["error"]["message"].as_str().unwrap().to_owned();
    // On GET and DELETE the reason
    for (method, path) in [
        ("GET", "/api/no.such/"),
        ("GET", "/api/res.bank/999999"),
        ("GET", "/api/res.bank/?limit=x"),
        ("GET", "/api/res.bank/?query=%7Bnosuch%7D"),
        ("DELETE", "/api/no.such/1"),
        ("DELETE", "/api/res.partner/999999"),
        ("DELETE", "/api/res.partner/"),
    ] {
        let answer = admin.send(method, path, &[], "").await;
        assert_eq!(message(&answer), answer.error(), "{method} {path}");
    }
    let expired = stand.send("GET", "/api/res.bank/", &[], "").await;
    assert_eq!((message(&expired), expired.error()), ("Odoo Session Expired".to_owned(), "Session expired".to_owned()));
    // On POST and PUT Odoo's, and an unknown model by the add-on's name for it
    for (method, path) in [("POST", "/api/no.such/"), ("PUT", "/api/no.such/"), ("PUT", "/api/no.such/1")] {
        let answer = admin.send(method, path, &[], r#"{"params":{"filter":[["id","=",1]],"data":{}}}"#).await;
        assert_eq!(
            (answer.status, message(&answer).as_str(), answer.error_name().as_str()),
            (404, "Odoo Server Error", "odoo.exceptions.ValidationError")
        );
        assert_eq!(answer.error(), "The model `no.such` does not exist.");
    }
    for (method, path) in [("GET", "/api/no.such/"), ("DELETE", "/api/no.such/1"), ("POST", "/object/no.such/search_count")] {
        assert_eq!(admin.send(method, path, &[], "").await.error_name(), "builtins.KeyError", "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_sent_back_as_it_was_read() {
    for stand in [Stand::new().await, Stand::processes().await] {
        let admin = stand.login("admin").await;
        let made = id(&admin.create("res.partner", json!({"name": "There", "email": "there@doors.dz", "phone": "0550"})).await);
        let own = "{id, display_name, create_uid, create_date, write_uid, write_date, name, email, phone}";
        let mut read = admin.get(&format!("/api/res.partner/{made}?query={}", encode(own))).await.json();
        read["__last_update"] = json!("2026-01-01 00:00:00");
        read["phone"] = json!("0551");
        let version = stand.count(&format!("SELECT version AS n FROM partners.res_partner WHERE id = {made}")).await;
        assert_eq!(
            admin.send("PUT", &format!("/api/res.partner/{made}"), &[], &json!({"params": {"data": read}}).to_string()).await.result(),
            true
        );
        let back = admin.get(&format!("/api/res.partner/{made}?query={}", encode("{id, phone, create_uid}"))).await.json();
        assert_eq!(back, json!({"id": made, "phone": "0551", "create_uid": 2}));
        assert_eq!(stand.count(&format!("SELECT version AS n FROM partners.res_partner WHERE id = {made}")).await, version + 1);
        // All of it, as it comes
        for model in ["res.partner", "product.template", "product.master", "product.category", "res.bank"] {
            let read = admin.rows(model, &[("limit", "1"), ("order", "id desc")]).await.remove(0);
            let path = format!("/api/{model}/{}", read["id"]);
            let back = admin.send("PUT", &path, &[], &json!({"params": {"data": read}}).to_string()).await;
            assert_eq!(back.status, 200, "{model}: {read} {}", back.text);
            let mut now = admin.get(&path).await.json();
            for field in ["version", "write_date", "write_uid"] {
                now[field] = read[field].clone();
            }
            assert_eq!(now, read, "{model}");
        }
        let changed = admin.send("PUT", &format!("/api/res.partner/{made}"), &[], r#"{"params":{"data":{"version":77}}}"#).await;
        refused(&changed, 422, &["version"]);
        // To another one they say nothing, and a new one has its own
        let other =
            json!({"id": 1, "display_name": "Other", "create_uid": 1, "write_date": false, "name": "Other", "email": "other@doors.dz"});
        let created = id(&admin.create("res.partner", other).await);
        assert!(created > made);
        refused(&admin.create("res.partner", json!({"name": "X", "email": "x@doors.dz", "version": 7})).await, 422, &["version"]);
    }
}
