//! What can be done with a product at a place, each a small form: count, transfer, return, write off.

use actix_web::{HttpResponse, web};
use askama::Template;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::goods::{amount, number, told, typed};
use crate::ledger::{May, There};
use crate::page::Page;
use crate::record;
use crate::refused::Refused;
use crate::shown::{self, text_of};
use crate::visit::{Form, Visit, html, leave};

/// The longest reason, in characters, as the hub has it.
const REASON: usize = 200;
/// How many deliveries are offered to take goods back from.
const DELIVERIES: u64 = 40;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Count,
    Transfer,
    WriteOff,
}

impl What {
    fn read(text: &str) -> Option<What> {
        match text {
            "count" => Some(What::Count),
            "transfer" => Some(What::Transfer),
            "write-off" => Some(What::WriteOff),
            _ => None,
        }
    }

    fn code(self) -> &'static str {
        match self {
            What::Count => "count",
            What::Transfer => "transfer",
            What::WriteOff => "write-off",
        }
    }

    fn is_for(self, visit: &Visit) -> bool {
        let may = May::of(visit);
        match self {
            What::Count => may.count,
            What::Transfer => may.transfer,
            What::WriteOff => may.write_off,
        }
    }
}

/// What is wrong, beside which control; under no name: with none of them.
type Wrong = Vec<(&'static str, String)>;

#[derive(Template)]
#[template(path = "handling.html")]
struct Handling<'v> {
    page: Page<'v>,
    there: There,
    what: What,
    quantity: String,
    to: String,
    reason: String,
    /// Whether the goods are moved at once.
    at_once: bool,
    /// What was there when the form was made.
    seen: String,
    wrong: Wrong,
}

impl Handling<'_> {
    fn is(&self, code: &str) -> bool {
        self.what.code() == code
    }

    fn told(&self, quantity: impl std::fmt::Display) -> String {
        shown::number(self.page.visit.lang, &quantity.to_string(), None)
    }

    fn problem(&self, name: &str) -> String {
        let of: Vec<&str> = self.wrong.iter().filter(|(known, _)| *known == name).map(|(_, problem)| problem.as_str()).collect();
        of.join(" ")
    }

    fn is_wrong(&self, name: &str) -> bool {
        self.wrong.iter().any(|(known, _)| *known == name)
    }
}

fn page<'v>(visit: &'v Visit, there: There, what: What, form: &Form, wrong: Wrong) -> Handling<'v> {
    let title = visit.t(&format!("stock-{}-title", what.code()));
    Handling {
        page: Page::new(visit, "/web/stock", title),
        quantity: form.one("quantity").to_owned(),
        to: form.one("to").to_owned(),
        reason: form.one("reason").to_owned(),
        at_once: form.one("when") != "later",
        seen: there.quantity.normalize().to_string(),
        there,
        what,
        wrong,
    }
}

/// `GET /web/stock/{product}/{location}/{what}`
pub async fn form(visit: Visit, path: web::Path<(i64, i64, String)>) -> HttpResponse {
    let (product, location, what) = path.into_inner();
    let made = async {
        if what == "return" {
            return returns(&visit, product, location).await;
        }
        let what = What::read(&what).filter(|what| what.is_for(&visit)).ok_or_else(Refused::not_found)?;
        let there = There::read(&visit, product, location).await?;
        Ok(visit.html(&page(&visit, there, what, &Form::default(), Vec::new())))
    };
    visit.told(made.await)
}

/// `POST /web/stock/{product}/{location}/{what}`
pub async fn send(visit: Visit, path: web::Path<(i64, i64, String)>, payload: web::Payload) -> HttpResponse {
    let (product, location, what) = path.into_inner();
    let made = async {
        let form = visit.form(payload).await?;
        let what = What::read(&what).filter(|what| what.is_for(&visit)).ok_or_else(Refused::not_found)?;
        let there = There::read(&visit, product, location).await?;
        let sent = match what {
            What::Count => count(&visit, &there, &form).await,
            What::Transfer => transfer(&visit, &there, &form).await,
            What::WriteOff => write_off(&visit, &there, &form).await,
        };
        match sent {
            Ok(to) => Ok(leave(&to)),
            Err(Refusal::Wrong(wrong)) => {
                Ok(html(&visit.request, 422, &page(&visit, There::read(&visit, product, location).await?, what, &form, wrong)))
            }
            Err(Refusal::Hub(refused)) if refused.is_nobody() => Err(refused),
            Err(Refusal::Hub(refused)) => {
                let wrong = record::told(&visit, &refused).into_iter().map(|problem| ("", problem)).collect();
                let made = page(&visit, There::read(&visit, product, location).await?, what, &form, wrong);
                Ok(html(&visit.request, refused.status, &made))
            }
        }
    };
    visit.told(made.await)
}

/// Why nothing was done.
enum Refusal {
    /// Something of the form is wrong.
    Wrong(Wrong),
    /// The hub refuses it.
    Hub(Refused),
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Refusal {
        Refusal::Hub(refused)
    }
}

fn wrong<T>(name: &'static str, problem: String) -> Result<T, Refusal> {
    Err(Refusal::Wrong(vec![(name, problem)]))
}

/// How many, of a form: a number above 0.
fn quantity(visit: &Visit, form: &Form) -> Result<Decimal, Refusal> {
    match typed(form.one("quantity")).filter(|quantity| *quantity > Decimal::ZERO) {
        Some(quantity) => Ok(quantity),
        None => wrong("quantity", visit.t("stock-above-0")),
    }
}

/// Notes a count and applies it. Where goods came or went since the form was opened nothing is noted.
async fn count(visit: &Visit, there: &There, form: &Form) -> Result<String, Refusal> {
    let to = format!("{}?done=counted", there.href());
    if form.has("apply") {
        let Some(quant) = there.quant else { return Err(Refused::not_found().into()) };
        visit.act("stock.quant", quant, "action_apply_inventory", json!([]), form.key()).await?;
        return Ok(to);
    }
    let Some(counted) = typed(form.one("quantity")).filter(|quantity| *quantity >= Decimal::ZERO) else {
        return wrong("quantity", visit.t("stock-from-0"));
    };
    let seen = form.one("seen").parse::<Decimal>().unwrap_or(there.quantity);
    if seen != there.quantity {
        let (then, now) = (told(visit, seen), told(visit, there.quantity));
        return wrong("quantity", visit.t_with("stock-moved-since", &[("then", &then), ("now", &now)]));
    }
    let quant = match there.quant {
        Some(quant) => {
            visit.write("stock.quant", quant, &json!({"inventory_quantity": number(counted)}), None).await?;
            quant
        }
        None => {
            let data = json!({"product_id": there.product, "location_id": there.location, "inventory_quantity": number(counted)});
            visit.create("stock.quant", &data, None).await?
        }
    };
    match visit.act("stock.quant", quant, "action_apply_inventory", json!([]), form.key()).await {
        Ok(_) => Ok(to),
        Err(refused) => {
            // A count that is refused is not left behind for the next one to apply
            visit.write("stock.quant", quant, &json!({"inventory_quantity": false}), None).await.ok();
            Err(refused.into())
        }
    }
}

/// Makes a transfer, and moves the goods at once where that is asked for: all of them, or none.
async fn transfer(visit: &Visit, there: &There, form: &Form) -> Result<String, Refusal> {
    let quantity = quantity(visit, form)?;
    let to = form.one("to").trim();
    if to.is_empty() {
        return wrong("to", visit.t("stock-to-missing"));
    }
    let at_once = form.one("when") != "later";
    if at_once && quantity > there.free() {
        let (free, reserved) = (told(visit, there.free()), told(visit, there.reserved));
        return wrong("quantity", visit.t_with("stock-free-only", &[("free", &free), ("reserved", &reserved)]));
    }
    let data = json!({"picking_type_code": "internal", "location_id": there.location, "location_dest_id": to,
        "move_ids": [{"product_id": there.product, "product_uom_qty": number(quantity)}]});
    let made = match visit.create("stock.picking", &data, form.key()).await {
        Ok(made) => made,
        Err(refused) if refused.message.contains("stock.picking.location_dest_id") || refused.message.contains("must differ") => {
            return Err(Refusal::Wrong(record::told(visit, &refused).into_iter().map(|problem| ("to", problem)).collect()));
        }
        Err(refused) => return Err(refused.into()),
    };
    // Each step has a key of its own: the form sent again finds them done
    let key = |step: &str| form.key().map(|key| format!("{key}{step}"));
    visit.act("stock.picking", made, "action_confirm", json!([]), key("c").as_deref()).await?;
    if !at_once {
        return Ok(format!("/web/stock.picking/{made}?done=transfer-made"));
    }
    let query = [
        ("query", "{reserved_availability, product_uom_qty, state}".to_owned()),
        ("filter", json!([["picking_id", "=", made], ["location_id.return_location", "=", false]]).to_string()),
    ];
    let moves = visit.list("stock.move", &query).await?;
    let lacks = |one: &Value| text_of(one, "state") != "done" && amount(one, "reserved_availability") < amount(one, "product_uom_qty");
    let is_short = moves.result.iter().any(lacks);
    let moved = match is_short {
        true => Err(Refused::of(409, &visit.t("stock-taken-meanwhile"))),
        false => visit.act("stock.picking", made, "button_validate", json!([]), key("v").as_deref()).await.map(drop),
    };
    match moved {
        Ok(()) => Ok(format!("{}?done=transferred", there.href())),
        Err(refused) => {
            // All or nothing: what others took in between is not half moved
            visit.act("stock.picking", made, "action_cancel", json!([]), None).await?;
            Err(refused.into())
        }
    }
}

async fn write_off(visit: &Visit, there: &There, form: &Form) -> Result<String, Refusal> {
    let reason = form.one("reason").trim();
    let quantity = match (quantity(visit, form), (1..=REASON).contains(&reason.chars().count())) {
        (Ok(quantity), true) => quantity,
        (Ok(_), false) => return wrong("reason", visit.t("stock-reason-missing")),
        (Err(Refusal::Wrong(mut all)), false) => {
            all.push(("reason", visit.t("stock-reason-missing")));
            return Err(Refusal::Wrong(all));
        }
        (Err(refusal), _) => return Err(refusal),
    };
    if quantity > there.free() {
        let (free, reserved) = (told(visit, there.free()), told(visit, there.reserved));
        return wrong("quantity", visit.t_with("stock-free-only", &[("free", &free), ("reserved", &reserved)]));
    }
    let Some(quant) = there.quant else { return Err(Refused::not_found().into()) };
    visit.act("stock.quant", quant, "action_write_off", json!([number(quantity), reason]), form.key()).await?;
    Ok(format!("{}?done=written-off", there.href()))
}

/// A delivery that goods may be taken back from.
pub struct Delivered {
    href: String,
    name: String,
    origin: String,
    at: String,
    quantity: String,
}

#[derive(Template)]
#[template(path = "deliveries.html")]
struct Deliveries<'v> {
    page: Page<'v>,
    there: There,
    deliveries: Vec<Delivered>,
}

/// What was delivered of a product from a place: goods come back by their delivery.
async fn returns(visit: &Visit, product: i64, location: i64) -> Result<HttpResponse, Refused> {
    visit.model("stock.picking")?;
    let filter = json!([
        ["product_id", "=", product],
        ["location_id", "=", location],
        ["state", "=", "done"],
        ["location_dest_id.usage", "=", "customer"]
    ]);
    let query = [
        ("query", "{id, quantity_done, date, origin, picking_id{id, display_name}}".to_owned()),
        ("filter", filter.to_string()),
        ("order", "id desc".to_owned()),
        ("page_size", DELIVERIES.to_string()),
        ("page", "1".to_owned()),
    ];
    let (there, moves) = futures_util::join!(There::read(visit, product, location), visit.list("stock.move", &query));
    let there = there?;
    let deliveries = moves?.result.iter().filter_map(|record| delivered(visit, record)).collect();
    let page = Page::new(visit, "/web/stock", visit.t("stock-return-title"));
    Ok(visit.html(&Deliveries { page, there, deliveries }))
}

fn delivered(visit: &Visit, record: &Value) -> Option<Delivered> {
    let (picking, name) = crate::cells::pair(record.get("picking_id")?);
    Some(Delivered {
        href: format!("/web/stock.picking/{}#return", picking?),
        name,
        origin: text_of(record, "origin"),
        at: shown::moment(visit.zone, &text_of(record, "date")),
        quantity: told(visit, amount(record, "quantity_done")),
    })
}
