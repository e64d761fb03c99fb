//! Invoices and credit notes: an invoice's page, the form that credits it; and printing many documents of any kind at once.

use actix_web::{HttpResponse, web};
use askama::Template;
use domain::served::Served;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::cells::{Cell, cell, pair};
use crate::hub::encode;
use crate::page::Page;
use crate::record;
use crate::refused::Refused;
use crate::shown;
use crate::views;
use crate::visit::{Visit, html, leave};

const MOVE: &str = "account.move";
/// The method that credits.
const REVERSE: &str = "action_reverse";
/// How many lines of an invoice stand on the form that credits it.
const LINES: u64 = 500;
/// How many documents are printed at once.
const MOST_PRINTED: usize = 100;

/// `POST /web/{model}/print`: the chosen records as one file.
pub async fn print(visit: Visit, model: web::Path<String>, payload: web::Payload) -> HttpResponse {
    let made = async {
        let form = visit.form(payload).await?;
        visit.model(&model)?;
        let report = views::view(&model).reports.iter().find(|report| **report == form.one("print")).ok_or_else(Refused::not_found)?;
        let ids: Vec<i64> = form.all("id").filter_map(|id| id.parse().ok()).collect();
        match ids.len() {
            0 => Err(Refused::of(422, &visit.t("print-none"))),
            many if many > MOST_PRINTED => Err(Refused::of(422, &visit.t_with("print-many", &[("most", &MOST_PRINTED.to_string())]))),
            _ => {
                let ids = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
                Ok(leave(&format!("/report/pdf/{}/{ids}", encode(report))))
            }
        }
    };
    visit.told(made.await)
}

/// `GET /web/account.move/{id}`
pub async fn invoice(visit: Visit, id: web::Path<i64>) -> HttpResponse {
    let made = async {
        let mut made = record::made(&visit, MOVE, *id, Vec::new()).await?;
        // It has a form of its own, which says how much there is to credit
        made.steps.retain(|step| step.method != REVERSE);
        let head = visit.read(MOVE, *id, "{id, move_type, state}").await?;
        if made.model.write && is_creditable(&head) {
            made.links.push((format!("/web/{MOVE}/{id}/credit"), visit.t("credit")));
        }
        Ok(visit.html(&made))
    };
    visit.told(made.await)
}

fn is_creditable(head: &Value) -> bool {
    let text = |name: &str| shown::text_of(head, name);
    text("move_type") == "out_invoice" && text("state") == "posted"
}

/// A line of the invoice, with what may be credited of it.
struct Line {
    name: String,
    reference: String,
    /// Invoiced, credited already, at the client's, to be credited.
    quantities: [String; 4],
    price: String,
    is_due: bool,
}

#[derive(Template)]
#[template(path = "credit.html")]
struct CreditPage<'v> {
    page: Page<'v>,
    id: i64,
    /// The invoice.
    name: String,
    client: Cell,
    total: String,
    lines: Vec<Line>,
    /// Whether there is anything to be credited.
    is_due: bool,
    reason: String,
    refused: Vec<String>,
}

/// `GET /web/account.move/{id}/credit`
pub async fn credit(visit: Visit, id: web::Path<i64>) -> HttpResponse {
    visit.told(shown(&visit, *id, String::new(), Vec::new()).await)
}

/// `POST /web/account.move/{id}/credit`
pub async fn reverse(visit: Visit, id: web::Path<i64>, payload: web::Payload) -> HttpResponse {
    let made = async {
        let form = visit.form(payload).await?;
        let reason = form.one("reason").trim();
        let refused = if reason.is_empty() {
            vec![visit.t("credit-why")]
        } else {
            match visit.act(MOVE, *id, REVERSE, json!([reason]), form.key()).await {
                Ok(notes) => return Ok(leave(&credited(*id, &notes))),
                Err(refused) if refused.is_nobody() || refused.status == 404 => return Err(refused),
                Err(refused) => record::told(&visit, &refused),
            }
        };
        shown(&visit, *id, reason.to_owned(), refused).await
    };
    visit.told(made.await)
}

/// Where the credit notes are.
fn credited(id: i64, notes: &Value) -> String {
    match notes.as_array().map(Vec::as_slice) {
        Some([note]) if note.is_i64() => format!("/web/{MOVE}/{note}?done=credited"),
        _ => format!("/web/{MOVE}?f.reversed_entry_id={id}&done=credited"),
    }
}

const LINE_FIELDS: &str =
    "{id, name, manufacturer_ref, quantity, price_unit, sale_line_id{id, qty_delivered, qty_returned, qty_closed, qty_credited}}";

async fn shown(visit: &Visit, id: i64, reason: String, refused: Vec<String>) -> Result<HttpResponse, Refused> {
    let model = visit.model(MOVE)?;
    if !model.write || model.action(REVERSE).is_none() {
        return Err(Refused::not_found());
    }
    let parameters = [
        ("query", LINE_FIELDS.to_owned()),
        ("filter", json!([["move_id", "=", id]]).to_string()),
        ("page_size", LINES.to_string()),
        ("page", "1".to_owned()),
    ];
    let (head, lines) = futures_util::join!(
        visit.read(MOVE, id, "{id, display_name, move_type, state, amount_total, partner_id{id, display_name}}"),
        visit.list("account.move.line", &parameters)
    );
    let (head, lines) = (head?, lines?);
    if !is_creditable(&head) {
        return Err(Refused::not_found());
    }
    let told =
        |name: &str| model.field(name).map(|field| cell(visit, MOVE, field, head.get(name).unwrap_or(&Value::Null))).unwrap_or_default();
    let lines: Vec<Line> = lines.result.iter().map(|record| line(visit, record)).collect();
    let name = told("display_name").text;
    let status = if refused.is_empty() { 200 } else { 422 };
    let made = CreditPage {
        page: Page::new(visit, "/web/account.move", visit.t_with("credit-title", &[("name", &name)])),
        id,
        name,
        client: told("partner_id"),
        total: told("amount_total").text,
        is_due: lines.iter().any(|line| line.is_due),
        lines,
        reason,
        refused,
    };
    Ok(html(&visit.request, status, &made))
}

/// What may be credited once what is still waited for is given up: what the client does not have.
fn line(visit: &Visit, record: &Value) -> Line {
    let text = shown::text_of;
    let number = |record: &Value, name: &str| text(record, name).parse::<Decimal>().unwrap_or(Decimal::ZERO);
    let sold = record.get("sale_line_id").filter(|sold| pair(sold).0.is_some()).cloned().unwrap_or_default();
    let (ordered, delivered) = (number(record, "quantity"), number(&sold, "qty_delivered"));
    let closed = number(&sold, "qty_closed").max(ordered - delivered);
    let served = Served { ordered, reserved: Decimal::ZERO, delivered, returned: number(&sold, "qty_returned"), closed };
    let credited = number(&sold, "qty_credited");
    let due = served.to_credit(credited);
    let quantities = [ordered, credited, served.kept(), due];
    Line {
        name: text(record, "name"),
        reference: text(record, "manufacturer_ref"),
        quantities: quantities.map(|quantity| shown::number(visit.lang, &quantity.normalize().to_string(), None)),
        price: shown::money(visit.lang, &text(record, "price_unit")),
        is_due: due > Decimal::ZERO,
    }
}
