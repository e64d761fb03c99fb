//! Filters: what each operator finds, what a wrong one is told, and how much one may ask.

use serde_json::{Value, json};
use system_tests::{Session, Stand, id, refused};

/// Alpha with a contact, Beta, Gamma and Delta, told by `ref`.
async fn people(stand: &Stand) -> [i64; 5] {
    let admin = stand.login("admin").await;
    let bank = async |name: &str| {
        admin.rows("res.bank", &[("filter", &json!([["name", "=", name]]).to_string()), ("query", "{id}")]).await[0]["id"].clone()
    };
    let (alsalam, bna) = (bank("Alsalam").await, bank("BNA").await);
    let mut ids = Vec::new();
    for more in [
        json!({"name": "Alpha", "email": "alpha@ops.dz", "city": "Alger", "is_company": true, "country_id": "DZ", "title": "Madame", "bank_ids": [alsalam], "vat": "100%_x"}),
        json!({"name": "Beta", "email": "beta@ops.dz", "city": "Oran", "title": "Monsieur", "bank_ids": [alsalam, bna], "vat": "100"}),
        json!({"name": "Gamma", "email": "gamma@ops.dz", "bank_ids": [bna]}),
        json!({"name": "Delta", "email": "delta@ops.dz", "city": "Béjaïa", "country_id": "FR", "vat": "a\\b"}),
    ] {
        let mut data = more;
        data["ref"] = json!("OPS");
        ids.push(id(&admin.create("res.partner", data).await));
    }
    ids.push(id(&admin.create("res.partner", json!({"name": "Child", "parent_id": ids[0], "city": "oran", "ref": "OPS"})).await));
    ids.try_into().unwrap()
}

/// Each leaf, or domain, with the first letters of those it finds, in the order of ids.
async fn find(session: &Session<'_>, model: &str, all: Value, cases: Vec<(Value, &str)>) {
    let mut wrong = Vec::new();
    for (case, expected) in cases {
        let domain = if case[0].is_array() || matches!(case[0].as_str(), Some("&" | "|" | "!")) { case.clone() } else { json!([case]) };
        let mut filter = vec![json!("&"), all.clone()];
        // An implicit "and" of several leaves is spelled out
        let operands = domain.as_array().unwrap();
        let signs: i64 = operands
            .iter()
            .map(|item| match item.as_str() {
                Some("&" | "|") => -1,
                Some(_) => 0,
                None => 1,
            })
            .sum();
        filter.extend((1..signs).map(|_| json!("&")));
        filter.extend(operands.iter().cloned());
        let answer = session.list(model, &[("filter", &json!(filter).to_string()), ("query", "{name}"), ("order", "id")]).await;
        let found = match answer.status {
            200 => answer.result().as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()[..1].to_owned()).collect::<String>(),
            status => format!("{status}: {}", answer.text),
        };
        if found != expected {
            wrong.push(format!("{case} finds '{found}', not '{expected}'"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_on_text_and_booleans_find_what_odoos_find() {
    let stand = Stand::new().await;
    people(&stand).await;
    let admin = stand.login("admin").await;
    find(
        &admin,
        "res.partner",
        json!(["ref", "=", "OPS"]),
        vec![
            (json!(["city", "=", "Oran"]), "B"),
            (json!(["city", "==", "Oran"]), "B"),
            (json!(["city", "!=", "Oran"]), "AGDC"),
            (json!(["city", "<>", "Oran"]), "AGDC"),
            (json!(["city", "=", false]), "G"),
            (json!(["city", "=", null]), "G"),
            (json!(["city", "!=", false]), "ABDC"),
            (json!(["city", ">", "Alger"]), "BDC"),
            (json!(["city", ">=", "Alger"]), "ABDC"),
            (json!(["city", "<", "Oran"]), "AD"),
            (json!(["city", "<=", "Oran"]), "ABD"),
            (json!(["city", "in", ["Oran", "Alger"]]), "AB"),
            (json!(["city", "in", ["Oran", false]]), "BG"),
            (json!(["city", "in", [false]]), "G"),
            (json!(["city", "in", []]), ""),
            (json!(["city", "not in", ["Oran", "Alger"]]), "GDC"),
            (json!(["city", "not in", ["Oran", false]]), "ADC"),
            (json!(["city", "not in", [false]]), "ABDC"),
            (json!(["city", "not in", []]), "ABGDC"),
            (json!(["city", "like", "ran"]), "BC"),
            (json!(["city", "like", "Oran"]), "B"),
            (json!(["city", "not like", "Oran"]), "AGDC"),
            (json!(["city", "ilike", "ORAN"]), "BC"),
            (json!(["city", "ilike", "bejaia"]), "D"),
            (json!(["city", "ilike", "BÉJ"]), "D"),
            (json!(["city", "ilike", "é"]), "AD"),
            (json!(["city", "not ilike", "oran"]), "AGD"),
            (json!(["city", "not ilike", "bejaia"]), "ABGC"),
            (json!(["city", "=like", "%ran"]), "BC"),
            (json!(["city", "=like", "O___"]), "B"),
            (json!(["city", "=like", "ran"]), ""),
            (json!(["city", "=ilike", "o%"]), "BC"),
            (json!(["city", "=ilike", "BEJAIA"]), "D"),
            (json!(["city", "=ilike", "b_j%"]), "D"),
            (json!(["vat", "like", "100\\%"]), "A"),
            (json!(["vat", "like", "100%"]), "AB"),
            (json!(["vat", "ilike", "\\_"]), "A"),
            (json!(["vat", "like", "\\\\"]), "D"),
            (json!(["vat", "=", "a\\b"]), "D"),
            (json!(["city", "=?", false]), "ABGDC"),
            (json!(["city", "=?", null]), "ABGDC"),
            (json!(["city", "=?", "Oran"]), "B"),
            (json!(["email", "=", "ALPHA@ops.dz"]), "A"),
            (json!(["email", "in", ["ALPHA@OPS.DZ", "beta@ops.dz"]]), "AB"),
            (json!(["display_name", "ilike", "alph"]), "A"),
            (json!(["is_company", "=", true]), "A"),
            (json!(["is_company", "=", false]), "BGDC"),
            (json!(["is_company", "!=", true]), "BGDC"),
            (json!(["is_company", "!=", false]), "A"),
            (json!(["is_company", "=", "True"]), "A"),
            (json!(["is_company", "=", 1]), "A"),
            (json!(["is_company", "in", [true]]), "A"),
            (json!(["is_company", "in", [true, false]]), "ABGDC"),
            (json!(["is_company", "not in", [true]]), "BGDC"),
            (json!(["is_company", "=?", true]), "A"),
            (json!(["status", "=", "WAITING"]), "ABGDC"),
            (json!(["status", "!=", "WAITING"]), ""),
            (json!(["status", "ilike", "wait"]), "ABGDC"),
            (json!([1, "=", 1]), "ABGDC"),
            (json!([0, "=", 1]), ""),
            (json!([[1, "=", 1], ["city", "=", "Oran"]]), "B"),
            (json!(["|", [0, "=", 1], ["city", "=", "Oran"]]), "B"),
            (json!([["city", "ilike", "oran"], ["is_company", "=", false]]), "BC"),
            (json!(["|", ["city", "=", "Oran"], ["city", "=", "Alger"]]), "AB"),
            (json!(["|", "|", ["city", "=", "Oran"], ["city", "=", "Alger"], ["name", "=", "Gamma"]]), "ABG"),
            (json!(["&", ["city", "ilike", "oran"], ["name", "=", "Beta"]]), "B"),
            (json!(["!", ["city", "=", "Oran"]]), "AGDC"),
            (json!(["!", ["city", "ilike", "oran"]]), "AGD"),
            (json!(["!", "|", ["city", "=", "Oran"], ["city", "=", false]]), "ADC"),
            (json!(["!", "!", ["city", "=", "Oran"]]), "B"),
            (json!(["|", ["city", "=", "Oran"], "!", ["city", "!=", false]]), "BG"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_on_relations_find_what_odoos_find() {
    let stand = Stand::new().await;
    let [alpha, beta, _gamma, delta, child] = people(&stand).await;
    let admin = stand.login("admin").await;
    let first = async |model: &str, name: &str| {
        admin.rows(model, &[("filter", &json!([["name", "=", name]]).to_string()), ("query", "{id}")]).await[0]["id"].as_i64().unwrap()
    };
    let (madame, alsalam, bna) =
        (first("res.partner.title", "Madame").await, first("res.bank", "Alsalam").await, first("res.bank", "BNA").await);
    find(
        &admin,
        "res.partner",
        json!(["ref", "=", "OPS"]),
        vec![
            // many2one
            (json!(["title", "=", madame]), "A"),
            (json!(["title", "=", madame.to_string()]), ""),
            (json!(["title", "=", "Madame"]), "A"),
            (json!(["title", "!=", madame]), "BGDC"),
            (json!(["title", "!=", "Madame"]), "BGDC"),
            (json!(["title", "=", false]), "GDC"),
            (json!(["title", "!=", false]), "AB"),
            (json!(["title", "in", [madame]]), "A"),
            (json!(["title", "in", [madame, false]]), "AGDC"),
            (json!(["title", "in", ["Madame", "Monsieur"]]), "AB"),
            (json!(["title", "in", ["Madame", false]]), "AGDC"),
            (json!(["title", "in", []]), ""),
            (json!(["title", "not in", [madame]]), "BGDC"),
            (json!(["title", "not in", [madame, false]]), "B"),
            (json!(["title", "not in", ["Madame"]]), "BGDC"),
            (json!(["title", "not in", ["Madame", false]]), "B"),
            (json!(["title", "not in", []]), "ABGDC"),
            (json!(["title", "like", "adame"]), "A"),
            (json!(["title", "ilike", "MADA"]), "A"),
            (json!(["title", "not ilike", "mada"]), "BGDC"),
            (json!(["title", "not like", "Mada"]), "BGDC"),
            (json!(["title", "=like", "M%"]), "AB"),
            (json!(["title", "=ilike", "m%e"]), "A"),
            (json!(["title", "=?", false]), "ABGDC"),
            (json!(["title", "=?", madame]), "A"),
            (json!(["title", "any", [["shortcut", "=", "Mme"]]]), "A"),
            (json!(["title", "not any", [["shortcut", "=", "Mme"]]]), "BGDC"),
            (json!(["title.name", "=", "Madame"]), "A"),
            (json!(["title.name", "ilike", "m"]), "AB"),
            (json!(["title.name", "!=", "Madame"]), "B"),
            (json!(["title.id", "=", madame]), "A"),
            (json!(["country_id.code", "in", ["DZ", "FR"]]), "AD"),
            (json!(["country_id.currency_id.name", "=", "DZD"]), "A"),
            (json!(["parent_id.title.name", "=", "Madame"]), "C"),
            (json!(["parent_id", "any", [["title", "any", [["name", "=", "Madame"]]]]]), "C"),
            (json!(["parent_id", "=", alpha]), "C"),
            (json!(["parent_id", "=", "Alpha"]), "C"),
            (json!(["parent_id", "=", 987654321]), ""),
            // many2many
            (json!(["bank_ids", "=", bna]), "BG"),
            (json!(["bank_ids", "=", "BNA"]), "BG"),
            (json!(["bank_ids", "!=", bna]), "ADC"),
            (json!(["bank_ids", "in", [bna]]), "BG"),
            (json!(["bank_ids", "in", [alsalam, bna]]), "ABG"),
            (json!(["bank_ids", "in", [bna, false]]), "BGDC"),
            (json!(["bank_ids", "in", ["BNA", false]]), "BGDC"),
            (json!(["bank_ids", "in", []]), ""),
            (json!(["bank_ids", "not in", [bna]]), "ADC"),
            (json!(["bank_ids", "not in", [bna, false]]), "A"),
            (json!(["bank_ids", "not in", []]), "ABGDC"),
            (json!(["bank_ids", "=", false]), "DC"),
            (json!(["bank_ids", "!=", false]), "ABG"),
            (json!(["bank_ids", "ilike", "bn"]), "BG"),
            (json!(["bank_ids", "not ilike", "bn"]), "ADC"),
            (json!(["bank_ids.name", "=", "BNA"]), "BG"),
            (json!(["bank_ids", "any", [["name", "=", "Alsalam"]]]), "AB"),
            (json!(["bank_ids", "not any", [["name", "=", "Alsalam"]]]), "GDC"),
            (json!(["bank_ids", "any", []]), "ABG"),
            // one2many
            (json!(["child_ids", "=", child]), "A"),
            (json!(["child_ids", "in", [child, beta]]), "A"),
            (json!(["child_ids", "not in", [child]]), "BGDC"),
            (json!(["child_ids", "=", false]), "BGDC"),
            (json!(["child_ids", "!=", false]), "A"),
            (json!(["child_ids", "ilike", "chi"]), "A"),
            (json!(["child_ids.city", "=", "oran"]), "A"),
            (json!(["child_ids", "any", [["city", "=", "oran"]]]), "A"),
            (json!(["child_ids", "not any", [["city", "=", "oran"]]]), "BGDC"),
            // trees
            (json!(["id", "child_of", alpha]), "AC"),
            (json!(["id", "child_of", [alpha, delta]]), "ADC"),
            (json!(["id", "child_of", "Alpha"]), "AC"),
            (json!(["id", "parent_of", child]), "AC"),
            (json!(["parent_id", "child_of", alpha]), "C"),
            (json!(["parent_id", "child_of", "Alpha"]), "C"),
            (json!(["id", "child_of", 987654321]), ""),
            (json!(["id", "child_of", []]), ""),
            // ids
            (json!(["id", "=", alpha]), "A"),
            (json!(["id", "!=", alpha]), "BGDC"),
            (json!(["id", "in", [alpha, beta, 987654321]]), "AB"),
            (json!(["id", "not in", [alpha, beta]]), "GDC"),
            (json!(["id", ">", beta]), "GDC"),
            (json!(["id", "=", false]), ""),
            (json!(["id", "=", "abc"]), "400"),
        ]
        .into_iter()
        .filter(|(_, expected)| *expected != "400")
        .collect(),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_on_numbers_and_moments_find_what_odoos_find() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let configurations = json!([{"name": "A", "manufacturer_ref": "N-A", "list_price": 10}, {"name": "B", "manufacturer_ref": "N-B", "list_price": 20.5}, {"name": "C", "manufacturer_ref": "N-C"}]);
    id(&platform.create("product.template", json!({"name": "P", "product_ref": "N", "product": configurations})).await);
    find(
        &platform,
        "product.template",
        json!(["master_product.ref", "=", "N"]),
        vec![
            (json!(["list_price", "=", 10]), "A"),
            (json!(["list_price", "=", 10.00]), "A"),
            (json!(["list_price", "=", "10"]), "A"),
            (json!(["list_price", "!=", 10]), "BC"),
            (json!(["list_price", ">", 10]), "B"),
            (json!(["list_price", ">=", 10]), "AB"),
            (json!(["list_price", "<", 20.5]), "AC"),
            (json!(["list_price", "<=", 1e3]), "ABC"),
            (json!(["list_price", "<=", 2.05e1]), "ABC"),
            (json!(["list_price", "=", 0]), "C"),
            (json!(["list_price", "=", false]), "C"),
            (json!(["list_price", "!=", false]), "AB"),
            (json!(["list_price", "in", [10, 20.5]]), "AB"),
            (json!(["list_price", "in", [10, false]]), "AC"),
            (json!(["list_price", "not in", [10]]), "BC"),
            (json!(["list_price", "not in", [10, false]]), "B"),
            (json!(["list_price", "=?", false]), "ABC"),
            (json!(["list_price", "=?", 10]), "A"),
            (json!(["version", "=", 1]), "ABC"),
            (json!(["version", "in", [1, 2]]), "ABC"),
            (json!(["version", ">", 1]), ""),
            (json!(["selling_price", "=", 20.5]), "B"),
            (json!(["central_price", "=", 0]), "ABC"),
            (json!(["create_date", ">=", "2020-01-01"]), "ABC"),
            (json!(["create_date", ">", "2020-01-01 00:00:00"]), "ABC"),
            (json!(["create_date", ">", "2020-01-01T00:00:00Z"]), "ABC"),
            (json!(["create_date", "<", "2020-01-01"]), ""),
            (json!(["create_date", "<=", "2999-12-31 23:59:59"]), "ABC"),
            (json!(["create_date", "=", "2020-01-01"]), ""),
            (json!(["create_date", "!=", "2020-01-01"]), "ABC"),
            (json!(["create_date", "in", ["2020-01-01", "2020-01-02 10:00:00"]]), ""),
            (json!(["create_date", "not in", ["2020-01-01"]]), "ABC"),
            (json!(["create_date", "=", false]), ""),
            (json!(["create_date", "!=", false]), "ABC"),
            (json!(["categ_id", "=", false]), "ABC"),
            (json!(["company_id", "=", false]), "ABC"),
            (json!(["company_id", "=", 7]), ""),
        ],
    )
    .await;
    for category in [json!({"name": "Root"}), json!({"name": "Stem", "parent_id": 0}), json!({"name": "Leaf", "parent_id": 0})] {
        let mut category = category;
        if category.get("parent_id").is_some() {
            let above = if category["name"] == "Leaf" { "Stem" } else { "Root" };
            category["parent_id"] = platform
                .rows("product.category", &[("filter", &json!([["name", "=", above]]).to_string()), ("query", "{id}")])
                .await[0]["id"]
                .clone();
        }
        id(&platform.create("product.category", category).await);
    }
    let ids: Vec<Value> = platform
        .rows("product.category", &[("filter", r#"[["name","in",["Root","Stem","Leaf"]]]"#), ("order", "id"), ("query", "{id}")])
        .await
        .into_iter()
        .map(|row| row["id"].clone())
        .collect();
    let (root, stem, leaf) = (&ids[0], &ids[1], &ids[2]);
    for (name, category) in [("R", root), ("S", stem), ("L", leaf)] {
        id(&platform.create("product.template", json!({"name": name, "product_ref": format!("T-{name}"), "categ_id": category, "product": [{"name": name, "manufacturer_ref": format!("T-{name}")}]})).await);
    }
    for model in ["product.master", "product.template"] {
        let all = if model == "product.master" { json!(["ref", "=like", "T-%"]) } else { json!(["manufacturer_ref", "=like", "T-%"]) };
        find(
            &platform,
            model,
            all,
            vec![
                (json!(["categ_id", "child_of", root]), "RSL"),
                (json!(["categ_id", "child_of", stem]), "SL"),
                (json!(["categ_id", "child_of", [leaf]]), "L"),
                (json!(["categ_id", "child_of", "Stem"]), "SL"),
                (json!(["categ_id", "parent_of", stem]), "RS"),
                (json!(["categ_id", "parent_of", leaf]), "RSL"),
                (json!(["categ_id.parent_id", "=", root]), "S"),
                (json!(["categ_id.parent_id", "child_of", root]), "SL"),
                (json!(["categ_id", "=", "Stem"]), "S"),
                (json!(["categ_id", "ilike", "stem"]), "S"),
            ],
        )
        .await;
    }
    find(
        &platform,
        "product.category",
        json!(["name", "in", ["Root", "Stem", "Leaf"]]),
        vec![
            (json!(["id", "child_of", stem]), "SL"),
            (json!(["parent_id", "child_of", root]), "SL"),
            (json!(["id", "parent_of", stem]), "RS"),
            (json!(["child_id", "=", leaf]), "S"),
            (json!(["child_id", "=", false]), "L"),
            (json!(["parent_id", "=", false]), "R"),
            (json!(["product_ids.ref", "=", "T-S"]), "S"),
            (json!(["complete_name", "=", "Root / Stem / Leaf"]), "L"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_filter_is_told_by_element_field_or_value() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    for (filter, words) in [
        (json!([["nmae", "=", 1]]), &["res.partner.nmae", "('nmae', '=', 1)"][..]),
        (json!([["country_id.nmae", "=", 1]]), &["res.country.nmae"]),
        (json!([["name.x", "=", 1]]), &["'name'"]),
        (json!([["name", "~", 1]]), &["operator"]),
        (json!([["name", "="]]), &["element 1"]),
        (json!(["&", ["name", "=", "x"]]), &["operand"]),
        (json!(["?", ["name", "=", "x"]]), &["element 1"]),
        (json!({"name": 1}), &["list"]),
        (json!([["id", "=", "abc"]]), &["id", "abc"]),
        (json!([["is_company", "=", "perhaps"]]), &["is_company"]),
        (json!([["create_date", ">", "2026-13-01"]]), &["create_date"]),
        (json!([["create_date", ">", "yesterday"]]), &["create_date"]),
        (json!([["name", "child_of", 1]]), &["child_of"]),
        (json!([["country_id", "child_of", 1]]), &["child_of"]),
        (json!([["name", "any", [["id", "=", 1]]]]), &["name"]),
        (json!([["title", "any", 1]]), &[]),
        (json!([["name", "=", {"a": 1}]]), &["object"]),
        (json!([["bank_ids", "in", [[1]]]]), &[]),
        (json!([[7, "=", 1]]), &[]),
        (json!([["post_hash", "=", "x"]]), &["post_hash"]),
        (json!([["", "=", "x"]]), &[]),
        (json!([[".name", "=", "x"]]), &[]),
    ] {
        let answer = platform.list("res.partner", &[("filter", &filter.to_string())]).await;
        refused(&answer, 400, words);
        let answer = platform.write("res.partner", filter.clone(), json!({"city": "x"})).await;
        assert_eq!(answer.status, 400, "PUT {filter}: {}", answer.text);
    }
    let answer = platform.list("res.users", &[("filter", r#"[["password","ilike","$argon2"]]"#)]).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    for text in ["[[\"name\",\"=\",\"x\"", "nonsense", "[,]", "'[]'"] {
        assert_eq!(platform.list("res.partner", &[("filter", text)]).await.status, 400, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_has_bounds() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let leaf = |n: usize| json!(["name", "!=", format!("x{n}")]);
    let mut nested = json!([["name", "=", "x"]]);
    for _ in 0..8 {
        nested = json!([["parent_id", "any", nested]]);
    }
    let ors = |n: usize| Value::Array((1..n).map(|_| json!("|")).chain((0..n).map(leaf)).collect());
    for (what, filter) in [
        ("leaves", (0..100_000).map(leaf).collect::<Vec<_>>().into()),
        ("or-ed leaves", ors(100_000)),
        ("a list", json!([["id", "in", (0..100_000).collect::<Vec<i32>>()]])),
        ("a path", json!([["parent_id.parent_id.parent_id.parent_id.parent_id.parent_id.parent_id.name", "=", "x"]])),
        ("any in any", nested),
        ("wildcards", json!([["name", "ilike", "%_".repeat(200)]])),
        ("a text", json!([["name", "ilike", "x".repeat(100_000)]])),
    ] {
        // In a body, since such a filter is too long for an address
        let answer = platform.write("res.partner", filter, json!({"city": "x"})).await;
        assert!(matches!(answer.status, 400 | 413 | 422), "{what}: {} {}", answer.status, &answer.text[..answer.text.len().min(300)]);
    }
    for (what, filter) in [
        ("a hundred leaves", Value::Array((0..100).map(leaf).collect())),
        ("a hundred or-ed leaves", ors(100)),
        ("a list of a thousand", json!([["id", "in", (0..1000).collect::<Vec<i32>>()]])),
    ] {
        let answer = platform.list("res.partner", &[("filter", &filter.to_string()), ("query", "{id}")]).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.text);
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = format!(r#"{{"params": {{"filter": {deep}, "data": {{"city": "x"}}}}}}"#);
    assert_eq!(platform.send("PUT", "/api/res.partner/", &[], &body).await.status, 400);
}

/// In a process of its own: where it ends, it does not take the other tests with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_row_of_negations_is_refused_and_ends_no_process() {
    let stand = Stand::processes().await;
    let platform = stand.login("ekiclik").await;
    for length in [1_000, 10_000, 100_000] {
        let filter = Value::Array((0..length).map(|_| json!("!")).chain([json!(["name", "=", "x"])]).collect());
        let answer = platform.write("product.brand", filter, json!({"reference": "x"})).await;
        assert!(
            matches!(answer.status, 200 | 400 | 413 | 422),
            "{length} negations: {} {}",
            answer.status,
            &answer.text[..answer.text.len().min(300)]
        );
    }
    assert_eq!(platform.list("product.brand", &[("query", "{id}")]).await.status, 200);
}
