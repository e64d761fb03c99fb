//! `/web/stock.picking/{id}`: one transfer, receipt or delivery: its moves, what was done of each, and what came back.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use askama::Template;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use crate::cells::Cell;
use crate::declared::Model;
use crate::goods::{amount, asked, called, number, relation, told, typed};
use crate::page::Page;
use crate::record::{self, Change, Shown};
use crate::refused::Refused;
use crate::shown::text_of;
use crate::views;
use crate::visit::{Form, Visit, html, leave};

/// The most moves that a page has: a document has no more lines.
const MOVES: u64 = 500;
/// The most documents that belong to one.
const RELATED: u64 = 50;

/// A move, as a row.
pub struct Line {
    /// The move.
    pub id: i64,
    /// What its product is called.
    pub name: String,
    /// Its reference.
    pub reference: String,
    /// The ledger of it here; nothing where it is not one's own place.
    pub href: String,
    /// How much is wanted.
    pub demand: String,
    /// How much of that is reserved; nothing where it comes from outside.
    pub reserved: String,
    /// Whether less is reserved than is wanted.
    pub is_short: bool,
    /// How much was done.
    pub done: String,
    /// What stands in its control.
    pub typed: String,
    /// What stood there when the form was made.
    pub before: String,
    /// Its state.
    pub state: Cell,
    /// How much came back, or is on its way.
    pub back: String,
    /// How much can still come back.
    pub left: String,
    /// Whether anything can.
    pub may_come_back: bool,
    /// What is wrong with it.
    pub problem: String,
}

/// A document that belongs to this one.
pub struct Other {
    href: String,
    name: String,
    what: String,
    state: Cell,
}

#[derive(Template)]
#[template(path = "picking.html")]
struct Picking<'v> {
    page: Page<'v>,
    id: i64,
    state: Cell,
    fields: Vec<Shown>,
    lines: Vec<Line>,
    others: Vec<Other>,
    history: Vec<Change>,
    /// What can be done now.
    may: May,
    /// Of which order only the state ships it.
    order: Option<(i64, String)>,
    has_form: bool,
    problems: Vec<String>,
}

/// What can be done with a picking as it stands.
#[derive(Default)]
struct May {
    confirm: bool,
    note: bool,
    validate: bool,
    assign: bool,
    cancel: bool,
    take_back: bool,
}

/// What a form said that is shown again, and what is wrong with it.
#[derive(Default)]
struct Said {
    typed: HashMap<String, String>,
    beside: HashMap<i64, String>,
    problems: Vec<String>,
}

/// `GET /web/stock.picking/{id}`
pub async fn picking(visit: Visit, id: web::Path<i64>) -> HttpResponse {
    visit.told(page(&visit, *id, Said::default(), 200).await)
}

async fn page(visit: &Visit, id: i64, said: Said, status: u16) -> Result<HttpResponse, Refused> {
    let model = visit.model("stock.picking")?;
    let asked = format!("{{{}}}", asked(model));
    let (picking, moves, others, back, history) = futures_util::join!(
        visit.read("stock.picking", id, &asked),
        moves(visit, id),
        others(visit, model, id),
        back(visit, id),
        record::history(visit, model, id),
    );
    let (picking, moves, others, back, history) = (picking?, moves?, others?, back?, history?);
    let (state, code) = (text_of(&picking, "state"), text_of(&picking, "picking_type_code"));
    let (sale, sale_name) = relation(&picking, "sale_id");
    let is_open = matches!(state.as_str(), "waiting" | "confirmed" | "assigned");
    let is_orders = sale != 0 && code == "outgoing";
    let may = May {
        confirm: model.write && state == "draft",
        note: model.write && is_open && !is_orders && visit.declared.model("stock.move").is_some_and(|model| model.write),
        validate: model.write && is_open && !is_orders,
        assign: model.write && is_open && code != "incoming",
        cancel: model.write && (is_open || state == "draft"),
        take_back: model.write && state == "done" && code == "outgoing" && model.action("action_return").is_some(),
    };
    let lines: Vec<Line> = moves.iter().map(|one| line(visit, one, &back, &said)).collect();
    let hidden = ["name", "state", "priority", "active", "picking_type_id"];
    let shown = model
        .fields
        .iter()
        .filter(|field| field.is_plain() && !views::is_common(&field.name) && !hidden.contains(&field.name.as_str()) && !field.is_list());
    let fields = shown.map(|field| {
        let mut shown = record::tell(visit, model, field, &picking);
        if matches!(field.name.as_str(), "location_id" | "location_dest_id") {
            shown.cell.text = called(visit, &shown.cell.text);
        }
        shown
    });
    let fields = fields.filter(|shown| !shown.cell.text.is_empty());
    let state = model.field("state").map(|field| record::tell(visit, model, field, &picking).cell).unwrap_or_default();
    let made = Picking {
        page: Page::new(visit, "/web/stock.picking", text_of(&picking, "name")),
        id,
        state,
        fields: fields.collect(),
        lines,
        others,
        history,
        may,
        order: is_orders.then_some((sale, sale_name)).filter(|_| is_open),
        has_form: model.write && crate::form::is_possible(model),
        problems: said.problems,
    };
    Ok(html(&visit.request, status, &made))
}

async fn moves(visit: &Visit, id: i64) -> Result<Vec<Value>, Refused> {
    let fields = "{id, product_id, name, manufacturer_ref, product_uom_qty, reserved_availability, quantity_done, state, \
        location_id{id, usage, return_location}, location_dest_id{id, usage}}";
    let query = [
        ("query", fields.to_owned()),
        ("filter", json!([["picking_id", "=", id]]).to_string()),
        ("order", "id".to_owned()),
        ("limit", MOVES.to_string()),
    ];
    visit.list("stock.move", &query).await.map(|listed| listed.result)
}

/// Its backorders and returns.
async fn others(visit: &Visit, model: &Model, id: i64) -> Result<Vec<Other>, Refused> {
    let query = [
        ("query", "{id, name, state, backorder_id, return_id}".to_owned()),
        ("filter", json!(["|", ["backorder_id", "=", id], ["return_id", "=", id]]).to_string()),
        ("order", "id".to_owned()),
        ("limit", RELATED.to_string()),
    ];
    let listed = visit.list("stock.picking", &query).await?;
    let state = model.field("state");
    let made = listed.result.iter().map(|record| Other {
        href: format!("/web/stock.picking/{}", record.get("id").and_then(Value::as_i64).unwrap_or_default()),
        name: text_of(record, "name"),
        what: visit.t(if relation(record, "return_id").0 == id { "picking-return-of" } else { "picking-backorder-of" }),
        state: state.map(|field| record::tell(visit, model, field, record).cell).unwrap_or_default(),
    });
    Ok(made.collect())
}

/// How much of its moves came back or is on its way back, by move.
async fn back(visit: &Visit, id: i64) -> Result<HashMap<i64, Decimal>, Refused> {
    let query = [
        ("query", "{origin_returned_move_id, product_uom_qty, quantity_done, state}".to_owned()),
        ("filter", json!([["origin_returned_move_id.picking_id", "=", id], ["state", "!=", "cancel"]]).to_string()),
        ("limit", MOVES.to_string()),
    ];
    let listed = visit.list("stock.move", &query).await?;
    let mut back = HashMap::new();
    for record in &listed.result {
        let quantity = amount(record, if text_of(record, "state") == "done" { "quantity_done" } else { "product_uom_qty" });
        *back.entry(relation(record, "origin_returned_move_id").0).or_default() += quantity;
    }
    Ok(back)
}

fn line(visit: &Visit, record: &Value, back: &HashMap<i64, Decimal>, said: &Said) -> Line {
    let id = record.get("id").and_then(Value::as_i64).unwrap_or_default();
    let end = |name: &str| record.get(name).cloned().unwrap_or_default();
    let (from, to) = (end("location_id"), end("location_dest_id"));
    let is_inside = |end: &Value| text_of(end, "usage") == "internal";
    let (demand, reserved, done) =
        (amount(record, "product_uom_qty"), amount(record, "reserved_availability"), amount(record, "quantity_done"));
    let state = text_of(record, "state");
    let from_stock = is_inside(&from) && from.get("return_location") != Some(&Value::Bool(true));
    let is_open = !matches!(state.as_str(), "done" | "cancel");
    let own = if is_inside(&from) { &from } else { &to };
    let product = relation(record, "product_id").0;
    let came_back = back.get(&id).copied().unwrap_or_default();
    let before = if done.is_zero() || !is_open { String::new() } else { done.normalize().to_string() };
    let state_cell = visit.declared.model("stock.move").and_then(|model| Some((model, model.field("state")?)));
    Line {
        id,
        name: text_of(record, "name"),
        reference: text_of(record, "manufacturer_ref"),
        href: own
            .get("id")
            .and_then(Value::as_i64)
            .filter(|_| is_inside(own))
            .map(|place| format!("/web/stock/{product}/{place}"))
            .unwrap_or_default(),
        demand: told(visit, demand),
        reserved: if from_stock && is_open { told(visit, reserved) } else { String::new() },
        is_short: from_stock && is_open && reserved < demand,
        done: if is_open { String::new() } else { told(visit, done) },
        typed: said.typed.get(&format!("d.{id}")).cloned().unwrap_or_else(|| before.clone()),
        before,
        state: state_cell.map(|(model, field)| record::tell(visit, model, field, record).cell).unwrap_or_default(),
        back: told(visit, came_back),
        left: told(visit, done - came_back),
        may_come_back: done > came_back,
        problem: said.beside.get(&id).cloned().unwrap_or_default(),
    }
}

/// `POST /web/stock.picking/{id}/take`: a step, with what was noted as done before it.
pub async fn take(visit: Visit, id: web::Path<i64>, payload: web::Payload) -> HttpResponse {
    let made = async {
        let form = visit.form(payload).await?;
        let model = visit.model("stock.picking")?;
        if !model.write {
            return Err(Refused::not_found());
        }
        let mut said = Said { typed: form.0.iter().filter(|(name, _)| name.starts_with("d.")).cloned().collect(), ..Said::default() };
        let step = form.one("do");
        let done = match step {
            "save" => note(&visit, &form, &mut said).await.map(|()| here(*id, "saved")),
            "validate" => match note(&visit, &form, &mut said).await {
                Ok(()) => act(&visit, *id, "button_validate", &form).await.map(|_| here(*id, "validated")),
                Err(refused) => Err(refused),
            },
            "confirm" => act(&visit, *id, "action_confirm", &form).await.map(|_| here(*id, "step")),
            "assign" => act(&visit, *id, "action_assign", &form).await.map(|_| here(*id, "step")),
            "unreserve" => act(&visit, *id, "do_unreserve", &form).await.map(|_| here(*id, "step")),
            "cancel" => act(&visit, *id, "action_cancel", &form).await.map(|_| here(*id, "step")),
            "return" | "return-all" => take_back(&visit, *id, &form, &mut said).await,
            _ => Err(Refused::not_found()),
        };
        match done {
            Ok(to) => Ok(leave(&to)),
            Err(refused) if refused.is_nobody() || refused.status == 404 => Err(refused),
            Err(refused) => {
                refuse(&visit, &refused, &mut said);
                page(&visit, *id, said, refused.status).await
            }
        }
    };
    visit.told(made.await)
}

fn here(id: i64, done: &str) -> String {
    format!("/web/stock.picking/{id}?done={done}")
}

async fn act(visit: &Visit, id: i64, method: &str, form: &Form) -> Result<Value, Refused> {
    visit.act("stock.picking", id, method, json!([]), form.key()).await
}

/// What the hub refuses stands beside the move that it is about.
fn refuse(visit: &Visit, refused: &Refused, said: &mut Said) {
    for (problem, words) in refused.problems().into_iter().zip(record::told(visit, refused)) {
        let after = ["the move ", "the stock.move ", "The stock.move "].iter().find_map(|mark| Some(problem.split_once(mark)?.1));
        let id = after.and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<i64>().ok());
        match id {
            Some(id) => drop(said.beside.insert(id, words)),
            None => said.problems.push(words),
        }
    }
    if said.problems.is_empty() && !said.beside.is_empty() {
        said.problems.push(visit.t("picking-wrong-lines"));
    }
}

/// Quantities of a form's controls that begin so, by move; what is no number is told beside its move.
fn quantities(visit: &Visit, form: &Form, prefix: &str, said: &mut Said) -> Vec<(i64, Option<Decimal>)> {
    let mut found = Vec::new();
    for (name, value) in &form.0 {
        let Some(id) = name.strip_prefix(prefix).and_then(|id| id.parse::<i64>().ok()) else { continue };
        match (value.trim(), typed(value)) {
            ("", _) => found.push((id, None)),
            (_, Some(quantity)) if quantity >= Decimal::ZERO => found.push((id, Some(quantity))),
            _ => drop(said.beside.insert(id, visit.t("stock-from-0"))),
        }
    }
    found
}

/// Notes what was done, of the moves where that is not as it was.
async fn note(visit: &Visit, form: &Form, said: &mut Said) -> Result<(), Refused> {
    let sent = quantities(visit, form, "d.", said);
    if !said.beside.is_empty() {
        return Err(Refused::of(422, &visit.t("picking-wrong-lines")));
    }
    for (id, quantity) in sent {
        let before = typed(form.one(&format!("o.{id}")));
        if quantity == before {
            continue;
        }
        let data = json!({"quantity_done": quantity.map_or(json!(false), number)});
        visit.write("stock.move", id, &data, None).await?;
    }
    Ok(())
}

/// Makes the return: of these quantities, or of everything that is not back yet.
async fn take_back(visit: &Visit, id: i64, form: &Form, said: &mut Said) -> Result<String, Refused> {
    let args = if form.one("do") == "return-all" {
        json!([])
    } else {
        let mut wanted = Map::new();
        for (of, quantity) in quantities(visit, form, "r.", said) {
            if let Some(quantity) = quantity.filter(|quantity| !quantity.is_zero()) {
                wanted.insert(of.to_string(), number(quantity));
            }
        }
        if !said.beside.is_empty() {
            return Err(Refused::of(422, &visit.t("picking-wrong-lines")));
        }
        if wanted.is_empty() {
            return Err(Refused::of(422, &visit.t("picking-return-nothing")));
        }
        json!([wanted])
    };
    let made = visit.act("stock.picking", id, "action_return", args, form.key()).await?;
    let made = made.as_i64().ok_or_else(|| Refused::unread("action_return", &"no id"))?;
    Ok(here(made, "return-made"))
}
