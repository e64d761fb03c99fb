//! The cases, each in both tongues: the request that a client sends to the hub, and the statements that the hub then runs,
//! for `pgbench`.
//!
//! The statements come from the crate that the hub itself makes them with. Values that differ from request to request are
//! written as marks, `<n>`, which become numbers drawn by either program.

use anyhow::{Context, ensure};
use records::read::{Reader, Wire};
use records::request::{ListRequest, Window};
use records::write::{self, Author, Cause, OnConflict, Told};
use records::{Bind, Filter, Model, Op, Selection, Sql, Value};
use serde_json::{Map, json};

use crate::stand::{PARTNERS, PER_TOKEN, Server, token};

/// How many records a list has at most.
const PAGE: i64 = 80;
/// What is read of one record.
const READ: [&str; 7] = ["id", "name", "manufacturer_ref", "master_product", "description", "list_price", "active"];
/// What is read of each record of a list.
const LIST: [&str; 3] = ["id", "name", "list_price"];
/// How many records a change may find, and one more: it asks for that many.
const MATCHES: i64 = 1_001;
/// Stands for the id of the record that a change found.
const FOUND: i64 = i64::MIN;
/// How often a client of `pgbench`, which can only draw numbers, fetches another word to search for.
const SAME_TOKEN: u32 = 50;

/// One kind of request.
pub(crate) struct Case {
    /// For the table.
    pub name: &'static str,
    /// What clients send.
    pub request: Request,
    /// Whose role and search path the statements run with.
    pub schema: &'static str,
    /// The statements, as a script of `pgbench`.
    pub script: String,
    /// What stands in the answer to a request that did what it should.
    answer: String,
}

/// A request with marks in it.
pub(crate) struct Request {
    /// HTTP's method.
    pub method: &'static str,
    /// Path and query, encoded.
    pub path: String,
    /// JSON, or nothing.
    pub body: String,
    /// What stands for each mark.
    pub marks: Vec<Mark>,
}

/// Something that differs from request to request.
pub(crate) struct Mark {
    /// Its name in the texts.
    pub name: &'static str,
    /// Lua that draws it; always of the same length where it stands in a body.
    pub lua: String,
    /// One of its values, for a first try.
    pub example: String,
}

impl Request {
    /// With one value for each mark.
    fn example(&self, text: &str) -> String {
        self.marks.iter().fold(text.to_owned(), |text, mark| text.replace(mark.name, &mark.example))
    }

    /// The bytes of the body's examples, which are as long as all others.
    pub(crate) fn body_length(&self) -> usize {
        self.example(&self.body).len()
    }
}

impl Case {
    /// One request, whose answer shows that the case measures what it says.
    pub(crate) async fn check(&self, server: &Server) -> anyhow::Result<()> {
        let Request { method, path, body, .. } = &self.request;
        let answer = server.send(method, &self.request.example(path), &self.request.example(body)).await?;
        ensure!(answer.contains(&self.answer), "{}: '{}' was expected in {answer}", self.name, self.answer);
        Ok(())
    }
}

/// All of them, for a hub's data.
pub(crate) async fn all(server: &Server) -> anyhow::Result<Vec<Case>> {
    Ok(vec![read_one(server)?, list(server)?, create(server)?, update(server)?, lead(server)?])
}

/// What has no statements worth comparing, measured by itself at 16 connections and at 1: orders read with the client and
/// the products that other services keep, and an invoice as PDF. The demo's first order is delivered for it.
pub(crate) async fn alone(server: &Server) -> anyhow::Result<Vec<(&'static str, u32, Request)>> {
    for order in 1..=i64::from(PAGE_ORDERS) {
        let body = json!({"params": {"data": basket(&order.to_string())}});
        server.send("POST", "/api/crm.lead/", &body.to_string()).await?;
    }
    for state in ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", "EK_ORDER_DELIVERED"] {
        let body = json!({"params": {"filter": [["ek_order_id", "=", 1]], "data": {"state": state}}});
        server.send("PUT", "/api/sale.order/", &body.to_string()).await?;
    }
    let get = |path: String| Request { method: "GET", path, body: String::new(), marks: Vec::new() };
    let post =
        |path: &str, body: serde_json::Value| Request { method: "POST", path: path.to_owned(), body: body.to_string(), marks: Vec::new() };
    let query = "query=%7Bid,name,partner_id%7Bname,email%7D,order_line%7Bproduct_id%7Bname,manufacturer_ref%7D,product_uom_qty%7D%7D";
    let fields = ["id", "name", "list_price", "categ_id", "create_date"];
    let many = json!({"fields": fields, "limit": PAGE, "load": "_classic_write"});
    let with_names = json!({"fields": fields, "limit": PAGE});
    let rpc = |kwargs: &serde_json::Value| {
        let args = json!(["echange", 2, "admin", "product.product", "search_read", [[]], kwargs]);
        post("/jsonrpc", json!({"params": {"service": "object", "method": "execute_kw", "args": args}}))
    };
    let text = |text: &str| format!("<param><value><string>{text}</string></value></param>");
    let named = fields.map(|field| format!("<value><string>{field}</string></value>")).concat();
    // As Python's own client writes it
    let xml = format!(
        "<?xml version='1.0'?><methodCall><methodName>execute_kw</methodName><params>{}<param><value><int>2</int></value></param>{}{}{}\
         <param><value><array><data><value><array><data></data></array></value></data></array></value></param><param><value><struct>\
         <member><name>fields</name><value><array><data>{named}</data></array></value></member>\
         <member><name>limit</name><value><int>{PAGE}</int></value></member></struct></value></param></params></methodCall>",
        text("echange"),
        text("admin"),
        text("product.product"),
        text("search_read")
    );
    let by_name = json!({"domain": [], "fields": fields, "limit": PAGE, "load": "_classic_write"});
    Ok(vec![
        ("80 variants by REST", 16, get(format!("/api/product.product/?query=%7B{}%7D&limit={PAGE}", fields.join(",")))),
        ("80 variants by JSON-RPC, bare ids", 16, rpc(&many)),
        ("80 variants by JSON-RPC, with names", 16, rpc(&with_names)),
        (
            "80 variants by XML-RPC, with names",
            16,
            Request { method: "POST", path: "/xmlrpc/2/object".to_owned(), body: xml, marks: Vec::new() },
        ),
        (
            "all variants in groups of category and month",
            1,
            get("/api/product.product/?group_by=categ_id,create_date:month&sum=list_price".to_owned()),
        ),
        ("all variants as CSV", 1, get(format!("/api/product.product/?query=%7B{}%7D&format=csv", fields.join(",")))),
        ("80 variants by JSON-2, bare ids", 16, post("/json/2/product.product/search_read", by_name)),
        ("80 orders with clients and products", 16, get(format!("/api/sale.order/?{query}&page_size={PAGE_ORDERS}"))),
        (
            "80 orders by themselves",
            16,
            get(format!(
                "/api/sale.order/?query=%7Bid,name,partner_id,order_line%7Bproduct_id,product_uom_qty%7D%7D&page_size={PAGE_ORDERS}"
            )),
        ),
        ("an invoice as PDF", 1, get("/report/pdf/account.report_invoice/1".to_owned())),
    ])
}

/// How many orders a page has.
const PAGE_ORDERS: u32 = 80;

/// A lead with three rows of the demo's products.
fn basket(number: &str) -> serde_json::Value {
    let row = |reference: &str| json!({"manufacturer_ref": reference, "quantity": 2, "product_warehouse_id": "PDVA-E-BOJ-BOJ-05-001"});
    json!({
        "order_source": "Alsalam", "cart_id": number, "cart": [row("IRIS-TV55-N"), row("COND-REF400-B"), row("ATLAS-CAN3-BL")],
        "partner": {"email": "yasmine.cherif@example.dz", "salary": 90_000, "birth_date": "1993-11-03"},
        "quotation_address": {"ek_order_id": number, "street": "12 rue Didouche Mourad", "state_id": "06", "country_id": "DZ"},
    })
}

/// A lead with its order and three lines: as crm stores them, in one transaction. What the hub does before it, asking catalog
/// and partners, `pgbench` is spared.
fn lead(server: &Server) -> anyhow::Result<Case> {
    let registry = &server.hub.crm.registry;
    let model = |name: &str| registry.get(name).with_context(|| format!("no {name}"));
    let by = Author { bank: Some(1), ..author(server) };
    let insert = |name: &str, rows: Vec<serde_json::Value>, conflict| -> anyhow::Result<String> {
        let rows: Vec<Map<_, _>> = rows.into_iter().filter_map(|row| row.as_object().cloned()).collect();
        let columns = write::columns(model(name)?, &rows)?;
        Ok(for_pgbench(&write::insert(model(name)?, &by, &columns, &rows, conflict, "NULL"), |_, bind| literal(bind)))
    };
    let hash = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";
    let lead = json!({"id": "<n>", "name": "Panier <n> – Alsalam", "partner_id": 4, "bank_id": 1, "order_source": "Alsalam", "cart_id": "<n>",
        "ek_order_id": "<n>", "post_hash": hash, "expected_revenue": "1", "code_pos": null, "pos_id": null, "loan_file": "demo.".to_owned() + hash + hash});
    let order = json!({"id": "<n>", "opportunity_id": "<n>", "partner_id": 4, "bank_id": 1, "order_source": "Alsalam", "ek_order_id": "<n>",
        "amount_untaxed": "1", "amount_tax": "1", "amount_total": "2", "code_pos": null, "pos_id": null, "delivery_type": null,
        "delivery_street": "12 rue Didouche Mourad", "delivery_street2": null, "delivery_state": "Béjaïa", "delivery_state_id": 6, "delivery_country_id": 1});
    let line = |at: i64| {
        json!({"order_id": "<n>", "sequence": at, "product_id": at, "name": "Téléviseur 55 pouces noir", "manufacturer_ref": "IRIS-TV55-N",
            "product_uom_qty": "2", "price_unit": "80000", "tax_id": 1, "tax_rate": "19", "tax_included": true, "price_subtotal": "1",
            "price_tax": "1", "price_total": "2", "code_pos": "PDVA-E-BOJ-BOJ-05-001", "pos_id": 2, "bank_id": 1})
    };
    let script = format!(
        "\\set n random(5000000000, 9999999999)\nBEGIN;\n{};\n{};\n{};\nCOMMIT;\n",
        insert("crm.lead", vec![lead], OnConflict::Skip)?,
        insert("sale.order", vec![order], OnConflict::Fail)?,
        insert("sale.order.line", (1..=3).map(line).collect(), OnConflict::Fail)?
    );
    Ok(Case {
        name: "create a lead",
        request: Request {
            method: "POST",
            path: "/api/crm.lead/".to_owned(),
            body: json!({"params": {"data": basket("<n>")}}).to_string(),
            marks: vec![number()],
        },
        schema: "crm",
        script,
        answer: r#""result":"#.to_owned(),
    })
}

/// A log-in; it has no statements worth comparing.
pub(crate) fn login() -> Request {
    let body = json!({"params": {"login": "ekiclik", "password": "ekiclik"}}).to_string();
    Request { method: "POST", path: "/auth".to_owned(), body, marks: Vec::new() }
}

fn products(server: &Server) -> anyhow::Result<(Reader<'_>, &Model)> {
    let registry = &server.hub.catalog.registry;
    Ok((
        Reader { registry, identity: &server.identity, wire: Wire::AddOn, as_sizes: false },
        registry.get("product.template").context("no products")?,
    ))
}

fn clients(server: &Server) -> anyhow::Result<(Reader<'_>, &Model)> {
    let registry = &server.hub.partners.registry;
    Ok((
        Reader { registry, identity: &server.identity, wire: Wire::AddOn, as_sizes: false },
        registry.get("res.partner").context("no clients")?,
    ))
}

fn selected(fields: &[&str]) -> String {
    format!("query=%7B{}%7D", fields.join(","))
}

fn read_one(server: &Server) -> anyhow::Result<Case> {
    let (reader, model) = products(server)?;
    let (first, last) = server.ids;
    let sql = told(reader.one(model, &Selection::fields(READ)))?.of(first);
    let id = |_, bind: &Bind| if *bind == Bind::from(first) { ":id".to_owned() } else { literal(bind) };
    Ok(Case {
        name: "read one",
        request: Request {
            method: "GET",
            path: format!("/api/product.template/<id>?{}", selected(&READ)),
            body: String::new(),
            marks: vec![Mark { name: "<id>", lua: format!("math.random({first}, {last})"), example: first.to_string() }],
        },
        schema: "catalog",
        script: format!("\\set id random({first}, {last})\n{};\n", for_pgbench(&sql, id)),
        answer: format!(r#"{{"id":{first},"name":"#),
    })
}

fn list(server: &Server) -> anyhow::Result<Case> {
    let (reader, model) = products(server)?;
    let request = ListRequest {
        filter: Filter::leaf("name", Op::ILike, "<token>"),
        selection: Selection::fields(LIST),
        order: None,
        active_test: true,
        window: Window::Page { page: 1, size: PAGE, limit: None },
    };
    let sql = told(reader.page(model, &request, PAGE))?;
    let pattern = |_, bind: &Bind| if *bind == Bind::from("%<token>%") { ":pattern".to_owned() } else { literal(bind) };
    let groups = server.products / PER_TOKEN;
    Ok(Case {
        name: "list 80",
        request: Request {
            method: "GET",
            path: format!(
                "/api/product.template/?{}&filter=%5B%5B%22name%22,%22ilike%22,%22<token>%22%5D%5D&page_size={PAGE}",
                selected(&LIST)
            ),
            body: String::new(),
            marks: vec![Mark {
                name: "<token>",
                lua: "tokens[math.random(#tokens)]".to_owned(),
                example: server.tokens.first().cloned().unwrap_or_default(),
            }],
        },
        schema: "catalog",
        script: format!(
            "\\set turn :turn + 1\n\\if :turn % {SAME_TOKEN} = 1\n\\set n random(0, {})\nSELECT '%' || {} || '%' AS pattern \\gset\n\\endif\n{};\n",
            groups - 1,
            token(":n::bigint"),
            for_pgbench(&sql, pattern)
        ),
        answer: format!(r#"{{"count":{PER_TOKEN},"#),
    })
}

/// Who the hub says that a change is by.
fn author(server: &Server) -> Author {
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    Author {
        origin: server.identity.origin.as_str(),
        bank: None,
        uid: server.identity.uid,
        traceparent: Some(traceparent.to_owned()),
        cause: Cause::default(),
        told: Told::default(),
    }
}

fn create(server: &Server) -> anyhow::Result<Case> {
    let (_, model) = clients(server)?;
    let data = json!({"name": "Amine Saadi", "email": "new-<n>@bench.example", "phone": "0556000000", "city": "Oran"});
    let mut row: Map<_, _> = data.as_object().cloned().unwrap_or_default();
    // What the service adds
    row.insert("post_hash".to_owned(), "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b".into());
    row.insert("bank_ids".to_owned(), json!([]));
    let columns: Vec<String> = row.keys().cloned().collect();
    let mut columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    columns.sort_unstable();
    let sql = write::insert(model, &author(server), &columns, &[row], OnConflict::Skip, "NULL");
    Ok(Case {
        name: "create a client",
        request: Request {
            method: "POST",
            path: "/api/res.partner/".to_owned(),
            body: json!({"params": {"data": data}}).to_string(),
            marks: vec![number()],
        },
        schema: "partners",
        // As many digits as the load generator's, and never its numbers
        script: format!("\\set n random(5000000000, 9999999999)\nBEGIN;\n{};\nCOMMIT;\n", for_pgbench(&sql, |_, bind| literal(bind))),
        answer: r#""result":"#.to_owned(),
    })
}

fn update(server: &Server) -> anyhow::Result<Case> {
    let (reader, model) = clients(server)?;
    let (first, many) = PARTNERS;
    let last = first + many - 1;
    let email = "client-<person>@bench.example";
    let filter = Filter::leaf("email", Op::Eq, email);
    let locked = told(reader.locked(model, &filter, true, MATCHES))?;
    let phone = Value::Plain("<n>".into());
    // One record, as the filter finds: several would be another statement
    let changed = write::update(model, &author(server), vec![FOUND], &[("phone", &phone)]);
    let found = |_, bind: &Bind| if *bind == Bind::from(FOUND) { ":id".to_owned() } else { literal(bind) };
    Ok(Case {
        name: "update a client",
        request: Request {
            method: "PUT",
            path: "/api/res.partner/".to_owned(),
            body: json!({"params": {"filter": [["email", "=", email]], "data": {"phone": "<n>"}}}).to_string(),
            marks: vec![number(), Mark { name: "<person>", lua: format!("math.random({first}, {last})"), example: first.to_string() }],
        },
        schema: "partners",
        script: format!(
            "\\set n random(5000000000, 9999999999)\n\\set person random({first}, {last})\n\\set id {} + :person - {first}\nBEGIN;\n{};\n{};\nCOMMIT;\n",
            server.client_id,
            for_pgbench(&locked, |_, bind| literal(bind)),
            for_pgbench(&changed, found)
        ),
        answer: "matched 1: ".to_owned(),
    })
}

/// A number that no other request has.
fn number() -> Mark {
    Mark { name: "<n>", lua: "n".to_owned(), example: "1000000000".to_owned() }
}

fn told<T>(made: Result<T, impl std::fmt::Display>) -> anyhow::Result<T> {
    made.map_err(|fault| anyhow::anyhow!("{fault}"))
}

/// A statement as `pgbench` takes it: a colon before a word is a variable of its own, wherever it stands.
fn for_pgbench(sql: &Sql, placeholder: impl FnMut(usize, &Bind) -> String) -> String {
    sql.render(placeholder).replace("\":null", "\": null")
}

/// A bound value as text, with the type that it is bound with; its marks become variables, which are bound.
fn literal(bind: &Bind) -> String {
    let quoted = |text: &str| {
        // A colon begins a variable of pgbench's, in a literal too
        let text = format!("E'{}'", text.replace('\\', r"\\").replace('\'', "''").replace(':', r"\x3a"));
        let marked = ["n", "person"]
            .iter()
            .fold(text.clone(), |text, mark| text.replace(&format!("<{mark}>"), &format!("' || :{mark}::text || E'")));
        if marked == text { text } else { format!("({marked})") }
    };
    match bind {
        Bind::Int(None) => "NULL::bigint".to_owned(),
        Bind::Int(Some(number)) => format!("{number}::bigint"),
        Bind::Text(None) => "NULL::text".to_owned(),
        Bind::Text(Some(text)) => format!("{}::text", quoted(text)),
        Bind::Ints(numbers) => format!("ARRAY[{}]::bigint[]", numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")),
        Bind::Texts(texts) => format!("ARRAY[{}]::text[]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")),
    }
}
