//! `/jsonrpc`: the ORM's methods, their answers and their refusals.

use serde_json::{Value, json};
use system_tests::Stand;

use crate::{Rpc, posted, service};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_finds_out_what_the_hub_is_before_it_logs_in() {
    let stand = Stand::new().await;
    let version =
        json!({"server_version": "16.0", "server_version_info": [16, 0, 0, "final", 0, ""], "server_serie": "16.0", "protocol_version": 1});
    assert_eq!(service(&stand, "common", "version", json!([])).await["result"], version);
    assert_eq!(posted(&stand, "/web/webclient/version_info", json!({})).await["result"], version);
    assert_eq!(service(&stand, "db", "list", json!([])).await["result"], json!(["echange"]));
    assert_eq!(posted(&stand, "/web/database/list", json!({})).await["result"], json!(["echange"]));
    assert_eq!(service(&stand, "db", "server_version", json!([])).await["result"], "16.0");
    for (db, is_there) in [("echange", true), ("other", false)] {
        assert_eq!(service(&stand, "db", "db_exist", json!([db])).await["result"], is_there);
    }
    let error = |told: &Value| (told["error"]["data"]["name"].clone(), told["error"]["data"]["message"].clone());
    let told = service(&stand, "db", "drop", json!(["master", "echange"])).await;
    assert_eq!(error(&told), (json!("odoo.exceptions.AccessDenied"), json!("Access Denied")));
    let told = service(&stand, "common", "nosuch", json!([])).await;
    assert_eq!(error(&told), (json!("builtins.Exception"), json!("Method not found: nosuch")));
    assert_eq!(service(&stand, "common", "authenticate", json!(["echange", "admin", "bad", {}])).await["result"], false);
    assert_eq!(service(&stand, "common", "authenticate", json!(["echange", "nobody", "bad", {}])).await["result"], false);
    let told = service(&stand, "common", "authenticate", json!(["nodb", "admin", "admin", {}])).await;
    assert_eq!(error(&told), (json!("odoo.exceptions.AccessError"), json!("Database not found.")));
    let told = posted(&stand, "/jsonrpc", json!({})).await;
    assert!(told["error"]["data"]["message"].as_str().unwrap().contains("missing 3 required positional arguments"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_read_as_odoo_has_them() {
    let stand = Stand::new().await;
    let admin = Rpc::of(&stand, "admin").await;
    let fields = json!(["name", "country_id", "parent_id", "bank_ids", "create_date", "active"]);
    let found =
        admin.call("res.partner", "search_read", json!([[["email", "=", "yasmine.cherif@example.dz"]]]), json!({"fields": fields})).await;
    let [yasmine] = found.as_array().unwrap().as_slice() else { panic!("{found}") };
    assert_eq!((&yasmine["country_id"], &yasmine["parent_id"], &yasmine["active"]), (&json!([62, "Algeria"]), &json!(false), &json!(true)));
    let moment = yasmine["create_date"].as_str().unwrap();
    assert!(moment.len() == 19 && moment.as_bytes()[10] == b' ', "{moment}");
    let id = &yasmine["id"];
    let bare = admin.call("res.partner", "read", json!([id, ["country_id"]]), json!({"load": "_classic_write"})).await;
    assert_eq!(bare, json!([{"id": id, "country_id": 62}]));
    assert_eq!(admin.call("res.partner", "name_get", json!([[id]]), json!({})).await, json!([[id, yasmine["name"]]]));

    // In the order in which they are asked for, without those that are gone
    let all = admin.call("res.partner", "search", json!([[]]), json!({"order": "id desc"})).await;
    let ids: Vec<i64> = all.as_array().unwrap().iter().map(|id| id.as_i64().unwrap()).collect();
    assert!(ids.len() > 3 && ids.is_sorted_by(|a, b| a > b), "{ids:?}");
    let read = admin.call("res.partner", "read", json!([[ids[1], 999_999, ids[0].to_string()], ["id"]]), json!({})).await;
    assert_eq!(read, json!([{"id": ids[1]}, {"id": ids[0]}]));
    assert_eq!(admin.call("res.partner", "exists", json!([[ids[0], 999_999]]), json!({})).await, json!([ids[0]]));
    assert_eq!(admin.call("res.partner", "search_count", json!([[]]), json!({})).await, ids.len());
    assert_eq!(admin.call("res.partner", "search", json!([[]]), json!({"count": true})).await, ids.len());
    assert_eq!(admin.call("res.partner", "search", json!([[]]), json!({"limit": 0})).await.as_array().unwrap().len(), ids.len());
    assert_eq!(admin.call("res.partner", "search", json!([[], 1, 2, "id"]), json!({})).await, json!([2, 3]));

    let whole = admin.call("res.partner", "search_read", json!([[["id", "=", id]]]), json!({})).await;
    assert_eq!((&whole[0]["write_uid"], &whole[0]["id"]), (&json!([1, "System"]), id), "all fields, where none is named");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_many2one_to_another_services_record_has_its_name_and_a_nested_one_is_false_where_there_is_none() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (Rpc::of(&stand, "admin").await, stand.login("ekiclik").await);
    let lead = json!({"order_source": "Alsalam", "cart_id": 9, "partner": {"email": "yasmine.cherif@example.dz"},
        "cart": [{"manufacturer_ref": "ATLAS-CAN3-BL", "quantity": 1, "product_warehouse_id": "EKIWH"}]});
    system_tests::id(&ekiclik.create("crm.lead", lead).await);
    let order = admin.call("sale.order", "search_read", json!([[], ["name", "partner_id", "opportunity_id", "pos_id"]]), json!({})).await;
    let order = &order[0];
    assert_eq!(order["partner_id"][1], "Yasmine Cherif", "{order}");
    assert!(order["opportunity_id"][1].is_string() && order["pos_id"] == false, "{order}");
    let specification = json!({"partner_id": {"fields": {"display_name": {}}}, "pos_id": {"fields": {"display_name": {}}}, "order_line": {"fields": {"product_id": {"fields": {"display_name": {}}}}}});
    let nested = admin.call("sale.order", "web_search_read", json!([[], specification]), json!({"limit": 80})).await;
    let record = &nested["records"][0];
    assert_eq!(
        (&nested["length"], &record["partner_id"]["display_name"], &record["pos_id"]),
        (&json!(1), &json!("Yasmine Cherif"), &json!(false))
    );
    assert!(record["order_line"][0]["product_id"]["id"].is_i64(), "{record}");
    assert_eq!(
        admin.call("sale.order", "search_count", json!([[["partner_id.email", "=", "yasmine.cherif@example.dz"]]]), json!({})).await,
        1
    );
    let names = admin.call("sale.order.line", "search_read", json!([[], ["product_id"]]), json!({})).await;
    assert!(names[0]["product_id"][1].is_string(), "{names}");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_made_changed_and_removed_and_a_key_that_is_taken_is_told_with_its_record() {
    let stand = Stand::new().await;
    let admin = Rpc::of(&stand, "admin").await;
    let ids = admin.call("product.category", "create", json!([[{"name": "Un"}, {"name": "Deux"}]]), json!({})).await;
    let child = admin.call("product.category", "create", json!([{"name": "Trois", "parent_id": ids[0]}]), json!({})).await;
    assert!(ids.as_array().unwrap().len() == 2 && child.is_i64(), "{ids} {child}");
    assert_eq!(admin.call("product.category", "write", json!([child, {"parent_id": ids[1]}]), json!({})).await, true);
    let read = admin.call("product.category", "read", json!([child, ["parent_id"]]), json!({})).await;
    assert_eq!(read, json!([{"id": child, "parent_id": [ids[1], "Deux"]}]));
    let named = admin.call("product.category", "name_create", json!(["Quatre"]), json!({})).await;
    assert_eq!(named[1], "Quatre");
    assert_eq!(admin.call("product.category", "unlink", json!([[child, named[0]]]), json!({})).await, true);
    assert_eq!(admin.call("product.category", "unlink", json!([[]]), json!({})).await, true, "nothing is to be removed");
    for (method, args) in [("unlink", json!([[child]])), ("write", json!([[ids[0], child], {"name": "x"}]))] {
        let (name, message) = admin.refused("product.category", method, args, json!({})).await;
        assert_eq!(name, "odoo.exceptions.MissingError");
        assert_eq!(message, format!("Record does not exist or has been deleted.\n(Record: product.category({child},))"));
    }
    let unchanged = admin.call("product.category", "search_count", json!([[["name", "=", "x"]]]), json!({})).await;
    assert_eq!(unchanged, 0, "with one that is missing nothing is changed");
    let (name, _) = admin.refused("product.category", "create", json!([[{"name": "Cinq"}, {"nom": "Six"}]]), json!({})).await;
    assert_eq!(name, "builtins.ValueError");
    assert_eq!(admin.call("product.category", "search_count", json!([[["name", "=", "Cinq"]]]), json!({})).await, 0, "all or none");

    // A copy leaves out what is one record's alone
    let copy = admin.call("product.category", "copy", json!([[ids[0]], {"parent_id": ids[1]}]), json!({})).await;
    let read = admin.call("product.category", "read", json!([copy, ["name", "parent_id"]]), json!({})).await;
    assert_eq!(read, json!([{"id": copy, "name": "Un (copie)", "parent_id": [ids[1], "Deux"]}]));
    let (name, message) = admin.refused("product.category", "create", json!([{"name": "UN"}]), json!({})).await;
    assert_eq!(name, "odoo.exceptions.ValidationError");
    assert_eq!(message, format!("Field 'name' of product.category must be unique: 'UN' is that of record {}.", ids[0]));
    let (name, _) = admin.refused("res.users", "copy", json!([2]), json!({})).await;
    assert_eq!(name, "builtins.AttributeError");

    // By REST the same client is one; here a create makes a record or fails
    let yasmine = admin.call("res.partner", "search", json!([[["email", "=", "yasmine.cherif@example.dz"]]]), json!({})).await;
    for data in [json!({"name": "Y", "email": "Yasmine.Cherif@example.dz"}), json!([{"name": "Y", "email": "yasmine.cherif@example.dz"}])] {
        let (name, message) = admin.refused("res.partner", "create", json!([data]), json!({})).await;
        assert_eq!(name, "odoo.exceptions.ValidationError");
        assert_eq!(
            message,
            format!("Field 'email' of res.partner must be unique: 'yasmine.cherif@example.dz' is that of record {}.", yasmine[0])
        );
    }
    let twice = json!([{"name": "Sans adresse"}]);
    let first = admin.call("res.partner", "create", twice.clone(), json!({})).await;
    assert_ne!(admin.call("res.partner", "create", twice, json!({})).await, first, "the same within a day is another record");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_by_odoos_names() {
    let stand = Stand::new().await;
    let admin = Rpc::of(&stand, "admin").await;
    for (model, method, args, kwargs, name, message) in [
        ("no.such", "search", json!([[]]), json!({}), "odoo.exceptions.UserError", "Object no.such doesn't exist"),
        (
            "res.partner",
            "nosuch",
            json!([[]]),
            json!({}),
            "builtins.AttributeError",
            "The method 'nosuch' does not exist on the model 'res.partner'",
        ),
        (
            "res.partner",
            "_name_search",
            json!([[]]),
            json!({}),
            "odoo.exceptions.AccessError",
            "Private methods (such as _name_search) cannot be called remotely.",
        ),
        (
            "res.partner",
            "_existing",
            json!([[]]),
            json!({}),
            "odoo.exceptions.AccessError",
            "Private methods (such as _existing) cannot be called remotely.",
        ),
        (
            "res.partner",
            "search",
            json!([[["nosuch", "=", 1]]]),
            json!({}),
            "builtins.ValueError",
            "Invalid field res.partner.nosuch in leaf ('nosuch', '=', 1)",
        ),
        (
            "res.partner",
            "search",
            json!([1, 2, 3, 4, 5, 6, 7]),
            json!({}),
            "builtins.TypeError",
            "BaseModel.search() takes from 2 to 6 positional arguments but 8 were given",
        ),
        (
            "res.partner",
            "read",
            json!([[3]]),
            json!({"fields": ["nosuch"]}),
            "builtins.ValueError",
            "Invalid field 'nosuch' on model 'res.partner'",
        ),
        (
            "res.partner",
            "report",
            json!([]),
            json!({}),
            "builtins.AttributeError",
            "The method 'report' does not exist on the model 'res.partner'",
        ),
        (
            "ek.attempt",
            "create",
            json!([{}]),
            json!({}),
            "odoo.exceptions.AccessError",
            "You are not allowed to create 'Attempt of a delivery' (ek.attempt) records.",
        ),
    ] {
        let (was, said) = admin.refused(model, method, args, kwargs).await;
        assert_eq!((was.as_str(), said.as_str()), (name, message), "{model}.{method}");
    }
    let wrong = service(&stand, "object", "execute_kw", json!(["echange", 2, "bad", "res.partner", "search", [[]]])).await;
    for uid in [json!(999), json!("x"), json!(false)] {
        let told = service(&stand, "object", "execute_kw", json!(["echange", uid, "admin", "res.partner", "search", [[]]])).await;
        assert_eq!(told, wrong, "an unknown user is refused in the words of a wrong password");
    }
    assert_eq!(wrong["error"]["data"]["name"], "odoo.exceptions.AccessDenied");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_web_clients_and_the_add_ons_doors_call_the_same_methods_in_a_session() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let domain = json!([["name", "=", "Alsalam"]]);
    let expected = json!([{"id": 1, "name": "Alsalam"}]);
    let sent = async |path: &str, params: Value| {
        let answer = admin.send("POST", path, &[], &json!({"params": params}).to_string()).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    };
    let kwargs = json!({"fields": ["name"]});
    let called = json!({"model": "res.bank", "method": "search_read", "args": [domain], "kwargs": kwargs});
    assert_eq!(sent("/web/dataset/call_kw", called.clone()).await["result"], expected);
    assert_eq!(sent("/web/dataset/call_kw/res.bank/search_read/", json!({"args": [domain], "kwargs": kwargs})).await["result"], expected);
    let found = sent("/web/dataset/search_read", json!({"model": "res.bank", "fields": ["name"], "domain": domain, "limit": 1})).await;
    assert_eq!(found["result"], json!({"length": 1, "records": expected}));
    let button = json!({"model": "res.bank", "method": "name_get", "args": [[1]], "kwargs": {}});
    assert_eq!(sent("/web/dataset/call_button", button).await["result"], false);
    assert_eq!(sent("/object/res.bank/search_read", json!({"args": [domain], "kwargs": kwargs})).await["result"], expected);
    assert_eq!(sent("/object/res.bank/search_count/", json!({"args": [[]]})).await["result"], 2);
    assert_eq!(sent("/object/res.bank/1/read", json!({"args": [["name"]]})).await["result"], expected);
    assert_eq!(sent("/object/res.bank/1/name_get", json!({})).await["result"], json!([[1, "Alsalam"]]));
    assert_eq!(sent("/object/res.bank/999999/read", json!({"args": [["name"]]})).await["result"], json!([]));
    let nobodys = posted(&stand, "/web/dataset/call_kw", called).await;
    assert_eq!((&nobodys["error"]["code"], &nobodys["error"]["message"]), (&json!(100), &json!("Odoo Session Expired")));
}

#[tokio::test(flavor = "multi_thread")]
async fn json_2_has_arguments_by_name_and_answers_bare_values_under_true_statuses() {
    let stand = Stand::new().await;
    let key = Rpc::of(&stand, "admin").await.call("res.users", "action_new_api_key", json!(["json2", 1]), json!({})).await;
    let key = key.as_str().unwrap();
    let bearer = format!("bearer {key}");
    let sent = async |path: &str, body: Value| {
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        stand.send("POST", path, &headers, body.to_string()).await
    };
    let found = sent("/json/2/res.bank/search_read", json!({"domain": [["id", "=", 1]], "fields": ["name"]})).await;
    assert_eq!((found.status, found.json()), (200, json!([{"id": 1, "name": "Alsalam"}])));
    assert_eq!(sent("/json/2/res.bank/read", json!({"ids": 1, "fields": ["name"]})).await.json(), json!([{"id": 1, "name": "Alsalam"}]));
    let made = sent("/json/2/product.category/create", json!({"vals_list": {"name": "Une"}})).await.json();
    assert_eq!(made.as_array().map(Vec::len), Some(1), "{made}");
    assert_eq!(sent("/json/2/product.category/write", json!({"ids": made, "vals": {"name": "Une autre"}})).await.json(), true);
    for (path, body, status, name) in [
        ("/json/2/no.such/search", json!({"domain": []}), 404, "odoo.exceptions.UserError"),
        ("/json/2/res.bank/nosuch", json!({}), 404, "builtins.AttributeError"),
        ("/json/2/res.bank/search", json!({"ids": [1], "domain": []}), 422, "builtins.TypeError"),
        ("/json/2/res.bank/search", json!({"domaine": []}), 422, "builtins.TypeError"),
        ("/json/2/res.bank/unlink", json!({"ids": [99]}), 404, "odoo.exceptions.MissingError"),
        ("/json/2/res.bank/create", json!({"vals_list": [{}]}), 422, "odoo.exceptions.ValidationError"),
    ] {
        let answer = sent(path, body).await;
        assert_eq!((answer.status, answer.json()["name"].as_str()), (status, Some(name)), "{}", answer.text);
    }
    let stranger =
        stand.send("POST", "/json/2/res.bank/search", &[("authorization", "bearer x"), ("content-type", "application/json")], "{}").await;
    assert_eq!((stranger.status, stranger.headers.get("www-authenticate").map(String::as_str)), (401, Some("Bearer")));
    let astray = sent("/json/2/res.bank", json!({})).await;
    assert!(astray.status == 404 && astray.json()["message"] == "Did you mean POST /json/2/<model>/<method>?", "{}", astray.text);

    let headers = [("authorization", bearer.as_str())];
    let index = stand.send("GET", "/doc-bearer/index.json", &headers, "").await;
    let models = index.json()["models"].as_array().unwrap().len();
    assert!(models > 30, "{models}");
    let bank = stand.send("GET", "/doc-bearer/res.bank.json", &headers, "").await;
    let (etag, bank) = (bank.headers["etag"].clone(), bank.json());
    assert_eq!(bank["methods"]["read"]["parameters"]["load"]["default"], "_classic_read");
    assert_eq!(bank["methods"]["search"]["api"], json!(["model", "readonly"]));
    assert_eq!(bank["fields"]["name"]["type"], "char");
    let again = stand.send("GET", "/doc-bearer/res.bank.json", &[headers[0], ("if-none-match", &etag)], "").await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_was_changed_ends_at_once_where_it_was_changed() {
    let stand = Stand::new().await;
    let admin = Rpc::of(&stand, "admin").await;
    let karim = admin
        .call(
            "res.users",
            "create",
            json!([{"name": "Karim", "login": "karim", "password": "karim", "role": "ROLE_CREDIT_ANALYST_EK", "bank_id": 1}]),
            json!({}),
        )
        .await;
    let his = Rpc::of(&stand, "karim").await;
    assert_eq!(json!(his.uid), karim);
    his.call("res.partner", "search_count", json!([[]]), json!({})).await;
    admin.call("res.users", "write", json!([[karim], {"password": "another"}]), json!({})).await;
    let (name, _) = his.refused("res.partner", "search_count", json!([[]]), json!({})).await;
    assert_eq!(name, "odoo.exceptions.AccessDenied");

    // By whatever door
    let bna = Rpc::of(&stand, "bna").await;
    let changed = stand.login("admin").await.write("res.users", json!([["id", "=", bna.uid]]), json!({"password": "another"})).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let (name, _) = bna.refused("res.partner", "search_count", json!([[]]), json!({})).await;
    assert_eq!(name, "odoo.exceptions.AccessDenied");
}
