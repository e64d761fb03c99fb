//! Lists as files: CSV and workbooks by REST, and `export_data`.

use std::io::{Cursor, Read};

use serde_json::{Value, json};
use system_tests::{Answer, Stand, encode, id, refused};

use crate::Rpc;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

fn lines(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.text.ends_with("\r\n"), "the last line ends too");
    answer.text.trim_end_matches("\r\n").split("\r\n").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_as_csv_has_a_line_a_record_and_empty_cells_for_what_is_not_set() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let above = id(&platform.create("product.category", json!({"name": "Fichiers, \"tous\""})).await);
    let below = id(&platform.create("product.category", json!({"name": "Zoé\nZ", "parent_id": above})).await);
    let filter = json!([["id", "in", [above, below]]]).to_string();
    let asked = [("filter", filter.as_str()), ("query", "{id, name, parent_id, parent_id{name}}"), ("order", "id"), ("format", "csv")];
    let answer = platform.list("product.category", &asked).await;
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8; header=present");
    assert_eq!(answer.headers["content-disposition"], "attachment; filename=\"product.category.csv\"");
    let tous = r#""Fichiers, ""tous""""#;
    let expected = format!("id,name,parent_id/name\r\n{above},{tous},\r\n{below},\"Zoé\nZ\",{tous}\r\n");
    assert_eq!(answer.text, expected);
    let asked =
        [("filter", filter.as_str()), ("query", "{id, parent_id, create_uid}"), ("order", "id desc"), ("limit", "1"), ("format", "csv")];
    let answer = platform.list("product.category", &asked).await;
    let author = lines(&answer)[1].rsplit_once(',').unwrap().1.to_owned();
    assert_eq!(answer.text, format!("id,parent_id,create_uid\r\n{below},{above},{author}\r\n"), "a many2one is its id");
    assert!(author.parse::<i64>().is_ok(), "{author}");
    let nothing = platform.list("product.category", &[("filter", r#"[["id","=",0]]"#), ("query", "{id}"), ("format", "csv")]).await;
    assert_eq!(nothing.text, "id\r\n");
    // By the header, as programs that know HTTP ask
    let path = format!("/api/product.category/?query={}&filter={}", encode("{id}"), encode(&filter));
    for (accepts, kind) in
        [("text/csv", "text/csv"), ("application/json, text/csv", "application/json"), ("*/*", "application/json"), (XLSX, XLSX)]
    {
        let answer = platform.send("GET", &path, &[("accept", accepts)], "").await;
        assert!(answer.headers["content-type"].starts_with(kind), "{accepts}: {}", answer.headers["content-type"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_in_a_file_is_a_formula_and_numbers_stay_as_they_are() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    for (name, cell) in [
        ("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\""),
        ("+213 555 12 34 56", "\"+213 555 12 34 56\""),
        ("+213-A1", "\"'+213-A1\""),
        ("-12,5", "\"-12,5\""),
        ("@SUM(A1)", "\"'@SUM(A1)\""),
        ("a=b", "\"a=b\""),
    ] {
        let brand = id(&platform.create("product.brand", json!({"name": name})).await);
        let filter = json!([["id", "=", brand]]).to_string();
        let answer =
            platform.list("product.brand", &[("filter", &filter), ("query", "{name, active, reference}"), ("format", "csv")]).await;
        assert_eq!(answer.text, format!("name,active,reference\r\n{cell},true,\r\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_has_lists_as_ids_and_what_the_user_may_not_read_is_in_none() {
    let stand = Stand::new().await;
    let (admin, bna) = (stand.login("admin").await, stand.login("bna").await);
    let rows = admin.rows("product.master", &[("query", "{id, product_ids}"), ("order", "id")]).await;
    let answer = admin.list("product.master", &[("query", "{id, product_ids}"), ("order", "id"), ("format", "csv")]).await;
    let told = rows.iter().map(|row| {
        let ids: Vec<String> = row["product_ids"].as_array().unwrap().iter().map(ToString::to_string).collect();
        if ids.is_empty() { format!("{},", row["id"]) } else { format!("{},\"{}\"", row["id"], ids.join(",")) }
    });
    assert_eq!(lines(&answer)[1..], told.collect::<Vec<_>>());
    assert!(rows.iter().any(|row| row["product_ids"].as_array().unwrap().len() > 1), "one has several");

    let all = bna.list("product.template", &[("format", "csv")]).await;
    assert!(!lines(&all)[0].contains("standard_price"), "{}", lines(&all)[0]);
    let asked = [("query", "{id, standard_price}"), ("format", "csv")];
    refused(&bna.list("product.template", &asked).await, 403, &["standard_price"]);
    let users = bna.list("res.users", &[("query", "{login}"), ("format", "csv")]).await;
    let own: Vec<String> = bna.rows("res.users", &[("query", "{login}")]).await.iter().map(|row| row["login"].to_string()).collect();
    assert_eq!(lines(&users)[1..], own);
    for (query, words) in
        [("{id, product_ids{id}}", "has no place for a list's records"), ("{id, nosuch}", "nosuch"), ("{}", "needs a column")]
    {
        let answer = admin.list("product.master", &[("query", query), ("format", "csv")]).await;
        assert!(answer.status >= 400 && answer.error().contains(words), "{query}: {}", answer.text);
    }
    refused(
        &admin.list("crm.lead", &[("query", "{id, partner_id{name}}"), ("format", "csv")]).await,
        422,
        &["'partner_id' leads to another service"],
    );
    refused(&admin.list("product.brand", &[("format", "pdf")]).await, 422, &["json, csv or xlsx"]);
    refused(&admin.list("product.brand", &[("format", "csv"), ("page_size", "5")]).await, 422, &["no page"]);
    refused(&admin.list("product.brand", &[("format", "csv"), ("group_by", "name")]).await, 422, &["`format` and groups"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_has_more_records_than_an_answer_in_both_shapes() {
    for stand in [Stand::with(&[("MAX_ROWS", "100")]).await, Stand::processes_with(&[("MAX_ROWS", "100")]).await] {
        let mut conn = stand.sql().await;
        Stand::execute(&mut conn, "INSERT INTO catalog.product_brand (name) SELECT 'Marque ' || i FROM generate_series(1, 3000) i").await;
        let admin = stand.login("admin").await;
        refused(&admin.list("product.brand", &[("query", "{id}")]).await, 422, &["More than 100"]);
        let answer = admin
            .list("product.brand", &[("query", "{id, name}"), ("format", "csv"), ("filter", r#"[["name","=like","Marque %"]]"#)])
            .await;
        assert_eq!(lines(&answer).len(), 3001);
        let limited = admin.list("product.brand", &[("query", "{id}"), ("format", "csv"), ("limit", "7"), ("offset", "1")]).await;
        assert_eq!(lines(&limited).len(), 8);
        let book = admin
            .list("product.brand", &[("query", "{id, name}"), ("format", "xlsx"), ("filter", r#"[["name","=like","Marque %"]]"#)])
            .await;
        assert_eq!(book.headers["content-disposition"], "attachment; filename=\"product.brand.xlsx\"");
        assert_eq!(sheet(&book).matches("<row>").count(), 3001);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_for_a_workbook_is_told_before_it_begins() {
    let stand = Stand::new().await;
    let mut conn = stand.sql().await;
    Stand::execute(&mut conn, "INSERT INTO catalog.product_brand (name) SELECT 'Marque ' || i FROM generate_series(1, 100001) i").await;
    let admin = stand.login("admin").await;
    let asked = [("query", "{id, name}"), ("format", "xlsx"), ("filter", r#"[["name","=like","Marque %"]]"#)];
    refused(&admin.list("product.brand", &asked).await, 422, &["More than 100000", "format=csv"]);
    let limited = admin.list("product.brand", &[("query", "{id, name}"), ("format", "xlsx"), ("limit", "10")]).await;
    assert_eq!(sheet(&limited).matches("<row>").count(), 11);
}

/// The first sheet of a workbook as XML.
fn sheet(answer: &Answer) -> String {
    assert_eq!((answer.status, answer.headers["content-type"].as_str()), (200, XLSX), "{}", answer.text);
    let mut book = zip::ZipArchive::new(Cursor::new(&answer.bytes)).unwrap();
    let mut text = String::new();
    book.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut text).unwrap();
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_has_numbers_as_numbers_and_texts_as_texts() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let brand = id(&platform.create("product.brand", json!({"name": "=1+1 <&>"})).await);
    let filter = json!([["id", "=", brand]]).to_string();
    let asked = [("filter", filter.as_str()), ("query", "{id, name, reference, active}"), ("format", "xlsx")];
    let text = sheet(&platform.list("product.brand", &asked).await);
    let cell = |text: &str| format!(r#"<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>"#);
    let head = ["id", "name", "reference", "active"].map(cell).concat();
    let row = format!(r#"<c><v>{brand}</v></c>{}<c/><c t="b"><v>1</v></c>"#, cell("=1+1 &lt;&amp;&gt;"));
    assert!(text.contains(&format!("<sheetData><row>{head}</row><row>{row}</row></sheetData>")), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_exported_as_rows_of_values_in_the_order_of_their_ids() {
    let stand = Stand::new().await;
    let (admin, platform) = (Rpc::of(&stand, "admin").await, stand.login("ekiclik").await);
    let above = id(&platform.create("product.category", json!({"name": "Dessus"})).await);
    let below = id(&platform.create("product.category", json!({"name": "Dessous", "parent_id": above})).await);
    let fields = json!([".id", "id", "name", "parent_id", "parent_id/.id", "parent_id/name", "parent_id/id", "version"]);
    let told = admin.call("product.category", "export_data", json!([[below, above, 999_999], fields]), json!({})).await;
    let name = |id: i64| admin.call("product.category", "name_get", json!([[id]]), json!({}));
    let parent = name(above).await[0][1].clone();
    let empty = Value::from("");
    let rows =
        json!([[below, empty, "Dessous", parent, above, "Dessus", empty, 1], [above, empty, "Dessus", empty, empty, empty, empty, 1],]);
    assert_eq!(told, json!({"datas": rows}));
    let (name, message) = admin.refused("product.category", "export_data", json!([[above], ["nosuch"]]), json!({})).await;
    assert_eq!((name.as_str(), message.contains("'nosuch'")), ("builtins.ValueError", true), "{message}");
    let bna = Rpc::of(&stand, "bna").await;
    let hidden = admin.call("res.users", "search", json!([[["login", "=", "admin"]]]), json!({})).await;
    let told = bna.call("res.users", "export_data", json!([hidden, ["name"]]), json!({})).await;
    assert_eq!(told, json!({"datas": []}), "whom a bank does not see it does not export");
}
