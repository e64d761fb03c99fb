//! `/web/sale.order/{id}`: one order: whose it is, what became of its lines, its papers, its next step.

use actix_web::{HttpResponse, web};
use askama::Template;
use domain::Progress;
use serde_json::{Value, json};

use crate::cells::{Cell, cell, pair};
use crate::declared::Model;
use crate::page::Page;
use crate::record::{self, Change, Of};
use crate::refused::Refused;
use crate::shown;
use crate::visit::{Visit, html, leave};

const ORDER: &str = "sale.order";
/// How many lines of an order stand on its page.
const LINES: u64 = 500;
/// How many papers of a kind.
const PAPERS: u64 = 50;

/// A state of an order's life, on the line that shows how far it is.
struct Stage {
    label: String,
    /// `past`, `now`, `ahead`, `ended`.
    class: &'static str,
}

/// A step that the order can take.
struct Next {
    /// The state that it leads to.
    to: &'static str,
    label: String,
    about: String,
}

/// A quantity of a line.
struct Quantity {
    text: String,
    /// How it looks: nothing is dim, what is waited for is marked.
    class: &'static str,
}

/// A line.
struct Line {
    name: String,
    href: String,
    reference: String,
    quantities: Vec<Quantity>,
    price: String,
    tax: String,
    total: String,
}

/// A document of the order.
struct Paper {
    name: String,
    /// The record's page.
    href: String,
    /// What it is, or how far.
    badges: Vec<Cell>,
    /// When, how much, how long.
    about: String,
    /// The document itself; nothing where they may not look at it.
    file: String,
}

/// Documents of a kind.
struct Papers {
    label: String,
    papers: Vec<Paper>,
    /// Whether they are printed, and not taken home as a file.
    are_printed: bool,
}

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage<'v> {
    page: Page<'v>,
    model: &'v Model,
    id: i64,
    is_short: bool,
    /// Names it at the platform.
    number: String,
    date: String,
    delivered: String,
    stages: Vec<Stage>,
    next: Vec<Next>,
    may_cancel: bool,
    may_note_sent: bool,
    client: Client,
    address: Vec<String>,
    bank: Cell,
    pos: Cell,
    pos_code: String,
    lead: Cell,
    lead_stage: String,
    heads: Vec<String>,
    lines: Vec<Line>,
    /// How many lines do not stand here.
    left_out: u64,
    totals: [String; 3],
    note: String,
    papers: Vec<Papers>,
    deliveries: String,
    history: Vec<Change>,
    refused: Vec<String>,
}

/// Whose the order is.
#[derive(Default)]
struct Client {
    name: Cell,
    email: String,
    phones: Vec<String>,
}

/// `GET /web/sale.order/{id}`
pub async fn order(visit: Visit, id: web::Path<i64>) -> HttpResponse {
    visit.told(shown(&visit, *id, Vec::new()).await)
}

/// `POST /web/sale.order/{id}/step`: the order's next state.
pub async fn step(visit: Visit, id: web::Path<i64>, payload: web::Payload) -> HttpResponse {
    let made = async {
        let form = visit.form(payload).await?;
        let to = Progress::parse(form.one("to")).ok_or_else(Refused::not_found)?;
        match visit.write(ORDER, *id, &json!({"ek_state": to.as_str()}), form.key()).await {
            Ok(()) => Ok(leave(&format!("/web/{ORDER}/{id}?done=step"))),
            Err(refused) if refused.is_nobody() || refused.status == 404 => Err(refused),
            Err(refused) => shown(&visit, *id, told(&visit, &refused)).await,
        }
    };
    visit.told(made.await)
}

/// `POST /web/sale.order/{id}/do/{method}`
pub async fn act(visit: Visit, path: web::Path<(i64, String)>, payload: web::Payload) -> HttpResponse {
    let (id, method) = path.into_inner();
    let made = async {
        match record::taken(&visit, ORDER, id, &method, payload).await? {
            Ok(done) => Ok(done),
            Err(refused) => shown(&visit, id, told(&visit, &refused)).await,
        }
    };
    visit.told(made.await)
}

/// A refusal's sentences, with the states as people call them.
fn told(visit: &Visit, refused: &Refused) -> Vec<String> {
    let named = |text: String| {
        Progress::ALL.iter().fold(text, |text, state| text.replace(state.as_str(), &format!("« {} »", called(visit, *state))))
    };
    record::told(visit, refused).into_iter().map(named).collect()
}

fn called(visit: &Visit, state: Progress) -> String {
    visit.console.words.value(visit.lang, ORDER, "ek_state", state.as_str())
}

const FIELDS: &str = "{id, display_name, ek_order_id, state, ek_state, date_order, effective_date, code_pos, short, note, \
    bank_id{id, display_name}, pos_id{id, display_name}, partner_id{id, display_name, email, phone, mobile}, \
    opportunity_id{id, display_name, stage_id{id, display_name}}, delivery_street, delivery_street2, delivery_state, \
    delivery_country_id{id, display_name}, amount_untaxed, amount_tax, amount_total}";

async fn shown(visit: &Visit, id: i64, refused: Vec<String>) -> Result<HttpResponse, Refused> {
    let model = visit.model(ORDER)?;
    let of_order = json!([["sale_id", "=", id]]);
    let of_lines = page_of(LINE_FIELDS, &json!([["order_id", "=", id]]), LINES);
    let (order, lines, invoices, pickings) = futures_util::join!(
        visit.read(ORDER, id, FIELDS),
        visit.list("sale.order.line", &of_lines),
        listed(visit, "account.move", "{id, display_name, move_type, state, invoice_date, amount_total}", &of_order),
        listed(visit, "stock.picking", "{id, display_name, state, picking_type_code, return_id, scheduled_date, date_done}", &of_order),
    );
    let (order, lines, invoices, pickings) = (order?, lines?, invoices?, pickings?);
    let lead = order.get("opportunity_id").and_then(|lead| pair(lead).0);
    let ids = |records: &[Value]| records.iter().filter_map(|record| record.get("id")?.as_i64()).collect::<Vec<_>>();
    let of = [(model.name.as_str(), vec![id]), ("account.move", ids(&invoices)), ("stock.picking", ids(&pickings))];
    let of = of.into_iter().filter_map(|(name, ids)| Some(Of { model: visit.declared.model(name)?, ids }));
    let (attached, history) = futures_util::join!(attached(visit, id, lead), record::changes(visit, of.collect()));
    let (attached, history) = (attached?, history?);
    let text = |name: &str| shown::text_of(&order, name);
    let told = |name: &str| field_cell(visit, model, name, &order);
    let progress = Progress::parse(&text("ek_state"));
    let next = progress.filter(|_| model.write).map(Progress::next).unwrap_or_default();
    let number = text("ek_order_id");
    let steps = next.iter().filter(|to| **to != Progress::Cancelled).map(|to| Next {
        to: to.as_str(),
        label: visit.t(step_words(*to)),
        about: visit.t(&format!("{}-about", step_words(*to))),
    });
    let stage = order.get("opportunity_id").and_then(|lead| lead.get("stage_id")).map(|stage| pair(stage).1).unwrap_or_default();
    let printed = |report: &str, id: i64| format!("/report/pdf/{report}/{id}");
    let mut papers = vec![Papers {
        label: visit.t("order-proforma"),
        papers: vec![Paper {
            name: visit.t_with("order-proforma-of", &[("number", &text("display_name"))]),
            href: String::new(),
            badges: Vec::new(),
            about: String::new(),
            file: printed("sale.report_saleorder", id),
        }],
        are_printed: true,
    }];
    papers.extend(documents(visit, "account.move", "order-invoices", &invoices, &["move_type"], |record| {
        let part = |name: &str| visit.declared.model("account.move").map(|of| field_cell(visit, of, name, record).text).unwrap_or_default();
        (format!("{} · {}", part("invoice_date"), part("amount_total")), "account.report_invoice")
    }));
    papers.extend(documents(visit, "stock.picking", "order-slips", &pickings, &["picking_type_code", "state"], |record| {
        let part =
            |name: &str| visit.declared.model("stock.picking").map(|of| field_cell(visit, of, name, record).text).unwrap_or_default();
        let done = part("date_done");
        (if done.is_empty() { part("scheduled_date") } else { done }, "stock.report_deliveryslip")
    }));
    papers.extend(attached);
    let domain = json!([["model", "=", ORDER], ["record_id", "=", id]]).to_string();
    let status = if refused.is_empty() { 200 } else { 422 };
    let made = OrderPage {
        page: Page::new(visit, "/web/sale.order", text("display_name")),
        is_short: is_positive(&text("short")),
        number: number.clone(),
        date: told("date_order").text,
        delivered: told("effective_date").text,
        stages: stages(visit, progress),
        next: steps.collect(),
        may_cancel: next.contains(&Progress::Cancelled),
        may_note_sent: model.write && text("state") == "draft" && model.action("action_quotation_sent").is_some(),
        client: client(visit, model, &order),
        address: ["delivery_street", "delivery_street2", "delivery_state", "delivery_country_id"]
            .iter()
            .map(|name| told(name).text)
            .filter(|line| !line.is_empty())
            .collect(),
        bank: told("bank_id"),
        pos: told("pos_id"),
        pos_code: text("code_pos"),
        lead: told("opportunity_id"),
        lead_stage: stage,
        heads: line_heads(visit),
        left_out: lines.count.saturating_sub(u64::try_from(lines.result.len()).unwrap_or(u64::MAX)),
        lines: lines.result.iter().map(|record| line(visit, record)).collect(),
        totals: ["amount_untaxed", "amount_tax", "amount_total"].map(|name| told(name).text),
        note: text("note"),
        papers,
        deliveries: if visit.may_read("ek.delivery") {
            format!("/web/ek.delivery?domain={}", crate::hub::encode(&domain))
        } else {
            String::new()
        },
        history,
        refused,
        model,
        id,
    };
    Ok(html(&visit.request, status, &made))
}

fn page_of(query: &str, filter: &Value, size: u64) -> [(&'static str, String); 4] {
    [("query", query.to_owned()), ("filter", filter.to_string()), ("page_size", size.to_string()), ("page", "1".to_owned())]
}

/// Records of a model; none where they may not read it.
async fn listed(visit: &Visit, model: &str, query: &str, filter: &Value) -> Result<Vec<Value>, Refused> {
    if !visit.may_read(model) {
        return Ok(Vec::new());
    }
    visit.list(model, &page_of(query, filter, PAPERS)).await.map(|listed| listed.result)
}

fn field_cell(visit: &Visit, model: &Model, name: &str, record: &Value) -> Cell {
    let value = record.get(name).unwrap_or(&Value::Null);
    model.field(name).map(|field| cell(visit, &model.name, field, value)).unwrap_or_default()
}

fn step_words(to: Progress) -> &'static str {
    match to {
        Progress::Created | Progress::Cancelled => "order-step-cancel",
        Progress::InPreparation => "order-step-prepare",
        Progress::InDelivery => "order-step-ship",
        Progress::Delivered => "order-step-deliver",
    }
}

fn stages(visit: &Visit, now: Option<Progress>) -> Vec<Stage> {
    let stage = |state: Progress, class| Stage { label: called(visit, state), class };
    if now == Some(Progress::Cancelled) {
        return vec![stage(Progress::Created, "past"), stage(Progress::Cancelled, "ended")];
    }
    let life = [Progress::Created, Progress::InPreparation, Progress::InDelivery, Progress::Delivered];
    let at = life.iter().position(|state| Some(*state) == now);
    let made = life.iter().enumerate().map(|(place, state)| {
        let class = match at {
            Some(at) if place < at => "past",
            Some(at) if place == at => "now",
            _ => "ahead",
        };
        stage(*state, class)
    });
    made.collect()
}

fn client(visit: &Visit, model: &Model, order: &Value) -> Client {
    let record = order.get("partner_id").cloned().unwrap_or_default();
    let text = |name: &str| shown::text_of(&record, name);
    let mut phones = vec![text("phone"), text("mobile")];
    phones.retain(|phone| !phone.is_empty());
    phones.dedup();
    Client { name: field_cell(visit, model, "partner_id", order), email: text("email"), phones }
}

const LINE_FIELDS: &str = "{id, name, product_id{id, display_name}, manufacturer_ref, product_uom_qty, reserved, short, qty_delivered, \
    qty_returned, qty_invoiced, price_unit, tax_rate, price_total}";
const QUANTITIES: [&str; 6] = ["product_uom_qty", "reserved", "short", "qty_delivered", "qty_returned", "qty_invoiced"];

fn line_heads(visit: &Visit) -> Vec<String> {
    let of = "sale.order.line";
    let field = |name: &&str| visit.declared.model(of).and_then(|model| model.field(name));
    QUANTITIES.iter().filter_map(field).map(|field| visit.console.words.field(visit.lang, of, field).into_owned()).collect()
}

fn is_positive(number: &str) -> bool {
    number.parse::<rust_decimal::Decimal>().is_ok_and(|number| number > rust_decimal::Decimal::ZERO)
}

fn line(visit: &Visit, record: &Value) -> Line {
    let text = |name: &str| shown::text_of(record, name);
    let product = record.get("product_id").and_then(|product| pair(product).0).filter(|_| visit.may_read("product.product"));
    let quantities = QUANTITIES.map(|name| {
        let text = text(name);
        let class = match name {
            "product_uom_qty" => "",
            _ if !is_positive(&text) => "dim",
            "short" => "is-short",
            _ => "",
        };
        Quantity { text: shown::number(visit.lang, &text, None), class }
    });
    Line {
        name: text("name"),
        href: product.map(|id| format!("/web/product.product/{id}")).unwrap_or_default(),
        reference: text("manufacturer_ref"),
        quantities: quantities.into(),
        price: shown::money(visit.lang, &text("price_unit")),
        tax: format!("{}\u{a0}%", shown::number(visit.lang, &text("tax_rate"), None)),
        total: shown::money(visit.lang, &text("price_total")),
    }
}

/// Documents that are records: invoices, slips.
fn documents(
    visit: &Visit,
    of: &str,
    label: &str,
    records: &[Value],
    badges: &[&str],
    about: impl Fn(&Value) -> (String, &'static str),
) -> Option<Papers> {
    let model = visit.declared.model(of)?;
    let papers = records.iter().filter_map(|record| {
        let id = record.get("id")?.as_i64()?;
        let (about, report) = about(record);
        let badges = badges.iter().map(|name| field_cell(visit, model, name, record)).filter(|cell| !cell.text.is_empty());
        Some(Paper {
            name: shown::text_of(record, "display_name"),
            href: format!("/web/{of}/{id}"),
            badges: badges.collect(),
            about,
            file: format!("/report/pdf/{report}/{id}"),
        })
    });
    let papers: Vec<Paper> = papers.collect();
    (!papers.is_empty()).then(|| Papers { label: visit.t(label), papers, are_printed: true })
}

/// What is attached to the order and its lead. Who may not read a loan file sees that a paper is there, and not what is in it.
async fn attached(visit: &Visit, id: i64, lead: Option<i64>) -> Result<Option<Papers>, Refused> {
    let Some(model) = visit.declared.model("ir.attachment") else { return Ok(None) };
    let mut domain = vec![json!("&"), json!(["res_model", "=", ORDER]), json!(["res_id", "=", id])];
    if let Some(lead) = lead {
        domain.insert(0, json!("|"));
        domain.extend([json!("&"), json!(["res_model", "=", "crm.lead"]), json!(["res_id", "=", lead])]);
    }
    let records = listed(visit, "ir.attachment", "{id, name, mimetype, file_size, create_date}", &Value::Array(domain)).await?;
    let may_look = model.field("datas").is_some();
    let papers = records.iter().filter_map(|record| {
        let id = record.get("id")?.as_i64()?;
        let text = |name: &str| shown::text_of(record, name);
        let size = text("file_size").parse::<u64>().map_or(0, |bytes| bytes.div_ceil(1024));
        let size = shown::number(visit.lang, &size.to_string(), None);
        Some(Paper {
            name: text("name"),
            href: format!("/web/ir.attachment/{id}"),
            badges: Vec::new(),
            about: format!("{} · {}", field_cell(visit, model, "create_date", record).text, visit.t_with("order-size", &[("size", &size)])),
            file: if may_look { format!("/web/content/{id}") } else { String::new() },
        })
    });
    let papers: Vec<Paper> = papers.collect();
    Ok((!papers.is_empty()).then(|| Papers { label: visit.t("order-attached"), papers, are_printed: false }))
}
