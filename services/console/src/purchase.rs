//! `/web/purchase.order/new` and `/web/purchase.order/{id}`: purchases with their lines and receipts.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use askama::Template;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use crate::cells::Cell;
use crate::goods::{asked, number, typed};
use crate::page::Page;
use crate::record::{self, Change, Related, Shown};
use crate::refused::Refused;
use crate::shown::{self, text_of};
use crate::views;
use crate::visit::{Form, Visit, html, leave};

/// How many empty lines a form begins with, and gets more each time.
const LINES: usize = 5;
/// The most lines of a form: the hub takes no more.
const MOST: usize = 200;

/// A line as it is filled in.
#[derive(Clone, Default)]
pub struct Line {
    product: String,
    quantity: String,
    price: String,
    /// What is wrong: with the product, the quantity, the price.
    wrong: HashMap<&'static str, String>,
}

impl Line {
    fn is_empty(&self) -> bool {
        self.product.is_empty() && self.quantity.is_empty() && self.price.is_empty()
    }

    fn problem(&self, name: &str) -> &str {
        self.wrong.get(name).map_or("", String::as_str)
    }
}

#[derive(Template)]
#[template(path = "purchase_new.html")]
struct New<'v> {
    page: Page<'v>,
    partner: String,
    partner_problem: String,
    date: String,
    date_problem: String,
    notes: String,
    lines: Vec<Line>,
    problems: Vec<String>,
    key: String,
}

/// `GET /web/purchase.order/new`
pub async fn new(visit: Visit) -> HttpResponse {
    let made = async {
        need(&visit)?;
        let given: HashMap<String, String> = visit.query().iter().cloned().collect();
        let one = |name: &str| given.get(name).cloned().unwrap_or_default();
        let mut lines = vec![Line::default(); LINES];
        if let Some(first) = lines.first_mut() {
            first.product = one("product");
        }
        Ok(visit.html(&filled(&visit, &Form::default(), lines, one("pos"), Vec::new(), String::new(), String::new())))
    };
    visit.told(made.await)
}

fn need(visit: &Visit) -> Result<(), Refused> {
    if visit.model("purchase.order")?.create { Ok(()) } else { Err(Refused::not_found()) }
}

fn filled<'v>(
    visit: &'v Visit,
    form: &Form,
    lines: Vec<Line>,
    partner: String,
    problems: Vec<String>,
    partner_problem: String,
    date_problem: String,
) -> New<'v> {
    let page = Page::new(visit, "/web/purchase.order", visit.t("buy-new"));
    // The same form keeps its key: sent again, it makes no second purchase
    let key = form.key().map(str::to_owned).unwrap_or_else(|| page.key());
    New {
        page,
        partner,
        partner_problem,
        date: form.one("date").to_owned(),
        date_problem,
        notes: form.one("notes").to_owned(),
        lines,
        problems,
        key,
    }
}

/// `POST /web/purchase.order/new`
pub async fn create(visit: Visit, payload: web::Payload) -> HttpResponse {
    let made = async {
        let form = visit.form(payload).await?;
        need(&visit)?;
        let mut lines = read(&form);
        let partner = form.one("partner").trim().to_owned();
        if form.has("more") {
            let more = (lines.len() + LINES).min(MOST);
            lines.resize(more, Line::default());
            return Ok(visit.html(&filled(&visit, &form, lines, partner, Vec::new(), String::new(), String::new())));
        }
        let (data, is_right) = checked(&visit, &mut lines);
        let mut partner_problem = if partner.is_empty() { visit.t("buy-partner-missing") } else { String::new() };
        let date = shown::moment_from_input(visit.zone, form.one("date"));
        let date_problem = if date.is_none() && !form.one("date").is_empty() { visit.t("input-moment") } else { String::new() };
        let mut problems = Vec::new();
        let mut status = 422;
        if data.is_empty() && is_right {
            problems.push(visit.t("buy-lines-missing"));
        }
        if is_right && partner_problem.is_empty() && date_problem.is_empty() && problems.is_empty() {
            let mut sent = Map::new();
            sent.insert("partner_id".to_owned(), json!(partner));
            sent.insert("order_line".to_owned(), Value::Array(data));
            sent.extend(date.map(|date| ("date_order".to_owned(), json!(date))));
            sent.extend(Some(form.one("notes").trim()).filter(|notes| !notes.is_empty()).map(|notes| ("notes".to_owned(), json!(notes))));
            match visit.create("purchase.order", &Value::Object(sent), form.key()).await {
                Ok(made) => return Ok(leave(&format!("/web/purchase.order/{made}?done=saved"))),
                Err(refused) if refused.is_nobody() => return Err(refused),
                Err(refused) => {
                    status = refused.status;
                    for (problem, words) in refused.problems().into_iter().zip(record::told(&visit, &refused)) {
                        beside(problem, words, &mut lines, &mut partner_problem, &mut problems);
                    }
                }
            }
        }
        let page = filled(&visit, &form, lines, partner, problems, partner_problem, date_problem);
        Ok(html(&visit.request, status, &page))
    };
    visit.told(made.await)
}

/// What the hub refuses stands beside the point of sale, or the line whose product it names.
fn beside(problem: &str, words: String, lines: &mut [Line], partner: &mut String, problems: &mut Vec<String>) {
    let named = |line: &&mut Line| !line.product.is_empty() && problem.contains(&format!("'{}'", line.product));
    if problem.contains("partner_id") {
        *partner = words;
    } else if let Some(line) = lines.iter_mut().find(named).filter(|_| problem.contains("product_id")) {
        line.wrong.insert("product", words);
    } else {
        problems.push(words);
    }
}

fn read(form: &Form) -> Vec<Line> {
    let one = |at: usize, name: &str| form.one(&format!("l.{at}.{name}")).trim().chars().take(254).collect::<String>();
    let there = (0..MOST).take_while(|at| form.has(&format!("l.{at}.product")));
    there
        .map(|at| Line { product: one(at, "product"), quantity: one(at, "quantity"), price: one(at, "price"), wrong: HashMap::new() })
        .collect()
}

/// The lines as the hub takes them; what is wrong is told beside it. Whether nothing is.
fn checked(visit: &Visit, lines: &mut [Line]) -> (Vec<Value>, bool) {
    let mut data = Vec::new();
    let mut is_right = true;
    for line in lines.iter_mut().filter(|line| !line.is_empty()) {
        let quantity = typed(&line.quantity).filter(|quantity| *quantity > Decimal::ZERO);
        let price = if line.price.is_empty() { Some(Decimal::ZERO) } else { typed(&line.price).filter(|price| *price >= Decimal::ZERO) };
        if line.product.is_empty() {
            line.wrong.insert("product", visit.t("buy-product-missing"));
        }
        if quantity.is_none() {
            line.wrong.insert("quantity", visit.t("stock-above-0"));
        }
        if price.is_none() {
            line.wrong.insert("price", visit.t("stock-from-0"));
        }
        match (quantity, price) {
            (Some(quantity), Some(price)) if line.wrong.is_empty() => {
                data.push(json!({"product_id": line.product, "product_qty": number(quantity), "price_unit": number(price)}));
            }
            (Some(_) | None, Some(_) | None) => is_right = false,
        }
    }
    (data, is_right)
}

#[derive(Template)]
#[template(path = "purchase.html")]
struct Purchase<'v> {
    page: Page<'v>,
    id: i64,
    state: Cell,
    fields: Vec<Shown>,
    notes: String,
    related: Vec<Related>,
    history: Vec<Change>,
    /// The receipt that waits for goods.
    receipt: Option<i64>,
    may: May,
    problems: Vec<String>,
}

/// What can be done with a purchase as it stands.
struct May {
    edit: bool,
    confirm: bool,
    cancel: bool,
    draft: bool,
}

/// `GET /web/purchase.order/{id}`
pub async fn purchase(visit: Visit, id: web::Path<i64>) -> HttpResponse {
    visit.told(page(&visit, *id, Vec::new(), 200).await)
}

async fn page(visit: &Visit, id: i64, problems: Vec<String>, status: u16) -> Result<HttpResponse, Refused> {
    let model = visit.model("purchase.order")?;
    let asked = format!("{{{}}}", asked(model));
    let related = async |of: &str, inverse: &str, label: &str| match visit.declared.model(of) {
        Some(of) => record::of_one(visit, visit.t(label), of, inverse, &json!(id)).await.map(Some),
        None => Ok(None),
    };
    let open = [
        ("query", "{id}".to_owned()),
        ("filter", json!([["purchase_id", "=", id], ["state", "=", "assigned"]]).to_string()),
        ("limit", "1".to_owned()),
    ];
    let (purchase, lines, receipts, open, history) = futures_util::join!(
        visit.read("purchase.order", id, &asked),
        related("purchase.order.line", "order_id", "buy-lines"),
        related("stock.picking", "purchase_id", "buy-receipts"),
        visit.list("stock.picking", &open),
        record::history(visit, model, id),
    );
    let (purchase, lines, receipts, open, history) = (purchase?, lines?, receipts?, open?, history?);
    let state = text_of(&purchase, "state");
    let is = |states: &[&str]| model.write && states.contains(&state.as_str());
    let may = May {
        edit: is(&["draft", "sent"]),
        confirm: is(&["draft", "sent"]),
        cancel: is(&["draft", "sent", "purchase"]) && text_of(&purchase, "receipt_status") != "full",
        draft: is(&["cancel"]),
    };
    let hidden = ["name", "state", "notes", "active"];
    let shown = model
        .fields
        .iter()
        .filter(|field| field.is_plain() && !field.is_list() && !views::is_common(&field.name) && !hidden.contains(&field.name.as_str()));
    let fields = shown.map(|field| record::tell(visit, model, field, &purchase)).filter(|shown| !shown.cell.text.is_empty());
    let made = Purchase {
        page: Page::new(visit, "/web/purchase.order", text_of(&purchase, "name")),
        id,
        state: model.field("state").map(|field| record::tell(visit, model, field, &purchase).cell).unwrap_or_default(),
        fields: fields.collect(),
        notes: text_of(&purchase, "notes"),
        related: lines.into_iter().chain(receipts).collect(),
        history,
        receipt: open.result.first().and_then(|record| record.get("id")?.as_i64()),
        may,
        problems,
    };
    Ok(html(&visit.request, status, &made))
}

/// `POST /web/purchase.order/{id}/take`
pub async fn take(visit: Visit, id: web::Path<i64>, payload: web::Payload) -> HttpResponse {
    let made = async {
        let form = visit.form(payload).await?;
        if !visit.model("purchase.order")?.write {
            return Err(Refused::not_found());
        }
        let method = match form.one("do") {
            "confirm" => "button_confirm",
            "cancel" => "button_cancel",
            "draft" => "button_draft",
            _ => return Err(Refused::not_found()),
        };
        match visit.act("purchase.order", *id, method, json!([]), form.key()).await {
            Ok(_) => Ok(leave(&format!("/web/purchase.order/{id}?done=step"))),
            Err(refused) if refused.is_nobody() || refused.status == 404 => Err(refused),
            Err(refused) => page(&visit, *id, record::told(&visit, &refused), refused.status).await,
        }
    };
    visit.told(made.await)
}
