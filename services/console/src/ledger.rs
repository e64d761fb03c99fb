//! `/web/stock/{product}/{location}`: the ledger of a product at a place, with what can be done there.

use actix_web::{HttpResponse, web};
use askama::Template;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::cells::{Cell, pair};
use crate::goods::{amount, place, relation, told};
use crate::hub::encode;
use crate::page::Page;
use crate::refused::Refused;
use crate::shown::{self, text_of};
use crate::visit::Visit;

/// How many lines a page has.
const PAGE: usize = 50;

/// A product at a place, as it is now.
pub struct There {
    /// The product.
    pub product: i64,
    /// The location.
    pub location: i64,
    /// What the product is called.
    pub name: String,
    /// Its reference.
    pub reference: String,
    /// The location's full name.
    pub complete_name: String,
    /// Its warehouse's code.
    pub code: String,
    /// The warehouse's name.
    pub warehouse: String,
    /// The record of it; none where nothing was ever there.
    pub quant: Option<i64>,
    /// On hand.
    pub quantity: Decimal,
    /// Of it reserved.
    pub reserved: Decimal,
    /// On its way here.
    pub incoming: Decimal,
    /// On its way from here.
    pub outgoing: Decimal,
    /// A count that was noted and not applied.
    pub counted: Option<Decimal>,
    /// Whether goods came or went since.
    pub is_outdated: bool,
}

impl There {
    /// Of it reserved for nobody.
    pub fn free(&self) -> Decimal {
        self.quantity - self.reserved
    }

    /// The place as people say it.
    pub fn place(&self) -> String {
        place(&self.complete_name)
    }

    /// The page of its ledger.
    pub fn href(&self) -> String {
        format!("/web/stock/{}/{}", self.product, self.location)
    }

    /// As things stand.
    ///
    /// # Errors
    /// 404 where there is no such product or place for them, and what else the hub refuses.
    pub async fn read(visit: &Visit, product: i64, location: i64) -> Result<There, Refused> {
        visit.model("stock.quant")?;
        let fields = "{id, quantity, reserved_quantity, incoming_quantity, outgoing_quantity, inventory_quantity, inventory_quantity_set, is_outdated}";
        let query = [
            ("query", fields.to_owned()),
            ("filter", json!([["product_id", "=", product], ["location_id", "=", location]]).to_string()),
            ("limit", "1".to_owned()),
        ];
        let (named, at, quant) = futures_util::join!(
            visit.read("product.template", product, "{name, manufacturer_ref}"),
            visit.read("stock.location", location, "{complete_name, usage, warehouse_id{id, name, code}}"),
            visit.list("stock.quant", &query),
        );
        let (named, at, quant) = (named?, at?, quant?.result.into_iter().next());
        if text_of(&at, "usage") != "internal" {
            return Err(Refused::not_found());
        }
        let warehouse = at.get("warehouse_id").cloned().unwrap_or_default();
        let of = quant.as_ref().unwrap_or(&Value::Null);
        Ok(There {
            product,
            location,
            name: text_of(&named, "name"),
            reference: text_of(&named, "manufacturer_ref"),
            complete_name: text_of(&at, "complete_name"),
            code: text_of(&warehouse, "code"),
            warehouse: text_of(&warehouse, "name"),
            quant: of.get("id").and_then(Value::as_i64),
            quantity: amount(of, "quantity"),
            reserved: amount(of, "reserved_quantity"),
            incoming: amount(of, "incoming_quantity"),
            outgoing: amount(of, "outgoing_quantity"),
            counted: (of.get("inventory_quantity_set") == Some(&Value::Bool(true))).then(|| amount(of, "inventory_quantity")),
            is_outdated: of.get("is_outdated") == Some(&Value::Bool(true)),
        })
    }
}

/// A line of the ledger.
pub struct Line {
    /// When.
    pub at: String,
    /// The same for a machine.
    pub machine: String,
    /// Who.
    pub who: String,
    /// What it was: a count, a delivery.
    pub what: String,
    /// What came; nothing where it went.
    pub came: String,
    /// What went.
    pub went: String,
    /// What was there after it; nothing where not all lines are this user's to see.
    pub balance: String,
    /// The other end.
    pub other: String,
    /// Documents that it stands on.
    pub documents: Vec<Cell>,
}

#[derive(Template)]
#[template(path = "ledger.html")]
struct Ledger<'v> {
    page: Page<'v>,
    there: There,
    lines: Vec<Line>,
    /// The older lines.
    next: Option<String>,
    /// Whether this is the newest page.
    is_newest: bool,
    /// Where what is expected, and what was delivered, is listed.
    receipts: String,
    deliveries: String,
    may: May,
}

/// What somebody may do with goods.
pub struct May {
    /// Count.
    pub count: bool,
    /// Move.
    pub transfer: bool,
    /// Write off.
    pub write_off: bool,
    /// See transfers.
    pub pickings: bool,
}

impl May {
    /// As the models are declared to them.
    pub fn of(visit: &Visit) -> May {
        let quant = visit.declared.model("stock.quant");
        let picking = visit.declared.model("stock.picking");
        May {
            count: quant.is_some_and(|model| model.create && model.write && model.action("action_apply_inventory").is_some()),
            transfer: picking.is_some_and(|model| model.create && model.write),
            write_off: quant.is_some_and(|model| model.write && model.action("action_write_off").is_some()),
            pickings: picking.is_some(),
        }
    }
}

impl Ledger<'_> {
    fn code(&self) -> String {
        encode(&self.there.code)
    }

    fn told(&self, quantity: impl std::fmt::Display) -> String {
        shown::number(self.page.visit.lang, &quantity.to_string(), None)
    }
}

/// `GET /web/stock/{product}/{location}`
pub async fn ledger(visit: Visit, path: web::Path<(i64, i64)>) -> HttpResponse {
    let (product, location) = path.into_inner();
    visit.told(made(&visit, product, location).await)
}

async fn made(visit: &Visit, product: i64, location: i64) -> Result<HttpResponse, Refused> {
    let before = visit.asked_for("before").and_then(|id| id.parse::<i64>().ok());
    let until = before.map(|id| json!(["id", "<", id]));
    let sum = async |end: &str, until: Option<&Value>| {
        let mut terms = vec![json!(["product_id", "=", product]), json!([end, "=", location])];
        terms.extend(until.cloned());
        let query = [("sum", "qty_done".to_owned()), ("filter", Value::Array(terms).to_string())];
        let listed = visit.list("stock.move.line", &query).await?;
        Ok::<_, Refused>(listed.result.first().map(|sum| amount(sum, "qty_done")).unwrap_or_default())
    };
    let (there, lines, came, went, came_before, went_before) = futures_util::join!(
        There::read(visit, product, location),
        lines(visit, product, location, until.as_ref()),
        sum("location_dest_id", None),
        sum("location_id", None),
        async { if until.is_some() { sum("location_dest_id", until.as_ref()).await } else { Ok(Decimal::ZERO) } },
        async { if until.is_some() { sum("location_id", until.as_ref()).await } else { Ok(Decimal::ZERO) } },
    );
    let (there, (records, is_more)) = (there?, lines?);
    let all = came? - went?;
    // A bank's user does not see the lines of others: what is there is not what those come to that it sees
    let mut balance = (all == there.quantity).then_some(if before.is_some() { came_before? - went_before? } else { all });
    let mut lines = Vec::new();
    for record in &records {
        let quantity = amount(record, "qty_done");
        let is_in = relation(record, "location_dest_id").0 == location;
        lines.push(line(visit, record, is_in, quantity, balance));
        balance = balance.map(|after| if is_in { after - quantity } else { after + quantity });
    }
    let last = records.last().and_then(|record| record.get("id")?.as_i64());
    let listed = |terms: Value| format!("/web/stock.picking?domain={}", encode(&terms.to_string()));
    let open =
        json!([["picking_type_code", "=", "incoming"], ["location_dest_id", "=", location], ["state", "not in", ["done", "cancel"]]]);
    Ok(visit.html(&Ledger {
        page: Page::new(visit, "/web/stock", format!("{} · {}", there.name, there.place())),
        lines,
        next: last.filter(|_| is_more).map(|id| format!("{}?before={id}", there.href())),
        is_newest: before.is_none(),
        receipts: listed(open),
        deliveries: format!("{}/return", there.href()),
        may: May::of(visit),
        there,
    }))
}

/// The lines of a page, the newest first, and whether there are older ones.
async fn lines(visit: &Visit, product: i64, location: i64, until: Option<&Value>) -> Result<(Vec<Value>, bool), Refused> {
    let mut terms = vec![
        json!(["product_id", "=", product]),
        json!("|"),
        json!(["location_id", "=", location]),
        json!(["location_dest_id", "=", location]),
    ];
    terms.extend(until.cloned());
    let fields = "{id, date, qty_done, reference, origin, create_uid{id, display_name}, location_id{id, complete_name, usage}, \
        location_dest_id{id, complete_name, usage}, picking_id{id, display_name}, move_id{id, sale_id, purchase_line_id{order_id{id, display_name}}}}";
    let fields = if visit.may_read("purchase.order") {
        fields.to_owned()
    } else {
        fields.replace(", purchase_line_id{order_id{id, display_name}}", "")
    };
    let query = [
        ("query", fields),
        ("filter", Value::Array(terms).to_string()),
        ("order", "id desc".to_owned()),
        ("limit", (PAGE + 1).to_string()),
    ];
    let mut lines = visit.list("stock.move.line", &query).await?.result;
    let is_more = lines.len() > PAGE;
    lines.truncate(PAGE);
    Ok((lines, is_more))
}

fn line(visit: &Visit, record: &Value, is_in: bool, quantity: Decimal, balance: Option<Decimal>) -> Line {
    let other = record.get(if is_in { "location_id" } else { "location_dest_id" }).cloned().unwrap_or_default();
    let usage = text_of(&other, "usage");
    let origin = text_of(record, "origin");
    let reason = origin.strip_prefix("Write-off: ");
    let what = match (usage.as_str(), is_in, reason) {
        ("inventory", _, Some(reason)) => visit.t_with("stock-was-written-off", &[("reason", reason)]),
        ("inventory", ..) => visit.t("stock-was-count"),
        ("supplier", true, _) => visit.t("stock-was-receipt"),
        ("supplier", false, _) => visit.t("stock-was-sent-back"),
        ("customer", true, _) => visit.t("stock-was-return"),
        ("customer", false, _) => visit.t("stock-was-delivery"),
        (_, true, _) => visit.t("stock-was-transfer-in"),
        (_, false, _) => visit.t("stock-was-transfer-out"),
    };
    let mut documents = Vec::new();
    let mut document = |model: &str, (id, name): (Option<i64>, String)| {
        let Some(id) = id else { return };
        let href = if visit.may_read(model) { format!("/web/{model}/{id}") } else { String::new() };
        documents.push(Cell { text: name, href, ..Cell::default() });
    };
    let of_move = record.get("move_id").cloned().unwrap_or_default();
    document("stock.picking", record.get("picking_id").map(pair).unwrap_or_default());
    let (sale, _) = of_move.get("sale_id").map(pair).unwrap_or_default();
    document("sale.order", (sale, if origin.is_empty() { text_of(record, "reference") } else { origin.clone() }));
    let purchase = of_move.get("purchase_line_id").and_then(|line| line.get("order_id")).map(pair).unwrap_or_default();
    document("purchase.order", purchase);
    let moment = text_of(record, "date");
    let (came, went) = match is_in {
        true => (told(visit, quantity), String::new()),
        false => (String::new(), told(visit, quantity)),
    };
    // The hub itself is the first user
    let who = record.get("create_uid").map(pair).filter(|(id, who)| *id != Some(1) && !who.is_empty()).map(|(_, who)| who);
    Line {
        at: shown::moment(visit.zone, &moment),
        machine: shown::machine(&moment),
        who: who.unwrap_or_else(|| visit.t("history-hub")),
        what,
        came,
        went,
        balance: balance.map(|balance| told(visit, balance)).unwrap_or_default(),
        other: if usage == "internal" { place(&text_of(&other, "complete_name")) } else { String::new() },
        documents,
    }
}
