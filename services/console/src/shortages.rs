//! `/web/shortages`: what orders wait for: what, where, since when, for whom, and what is expected.

use std::collections::HashMap;

use actix_web::HttpResponse;
use askama::Template;
use serde_json::{Value, json};

use crate::goods::{amount, place, relation, told};
use crate::hub::encode;
use crate::page::Page;
use crate::refused::Refused;
use crate::shown::{self, text_of};
use crate::visit::Visit;

/// How many shortages a page has.
const PAGE: usize = 80;
/// How many groups are added up: more than a page can have.
const GROUPS: usize = 2_000;

/// What an order waits for.
pub struct Line {
    name: String,
    reference: String,
    place: String,
    ledger: String,
    order: (String, String),
    client: (String, String),
    since: String,
    demand: String,
    reserved: String,
    short: String,
    expected: String,
    due: String,
}

/// What is short of one product, or at one place.
pub struct Group {
    label: String,
    more: String,
    href: String,
    count: String,
    sum: String,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "shortages.html")]
struct Shortages<'v> {
    page: Page<'v>,
    q: String,
    pos: String,
    by: By,
    groups: Vec<Group>,
    count: u64,
    first: u64,
    last: u64,
    sum: String,
    previous: Option<String>,
    next: Option<String>,
}

impl Shortages<'_> {
    fn is_by_product(&self) -> bool {
        self.by == By::Product
    }
}

/// What they are put together by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Product,
    Place,
}

impl By {
    fn field(self) -> &'static str {
        match self {
            By::Product => "product_id",
            By::Place => "location_id",
        }
    }

    fn order(self) -> &'static str {
        match self {
            By::Product => "name, manufacturer_ref, date, id",
            By::Place => "location_id, name, date, id",
        }
    }
}

/// `GET /web/shortages`
pub async fn shortages(visit: Visit) -> HttpResponse {
    visit.told(made(&visit).await)
}

async fn made(visit: &Visit) -> Result<HttpResponse, Refused> {
    // A stock that does not tell it yet has no such page
    visit.model("stock.move")?.field("short").ok_or_else(Refused::not_found)?;
    let given: HashMap<String, String> = visit.query().iter().cloned().collect();
    let one = |name: &str| given.get(name).map(|value| value.trim().chars().take(200).collect::<String>()).unwrap_or_default();
    let (q, pos) = (one("q"), one("pos"));
    let by = if one("by") == "pos" { By::Place } else { By::Product };
    let number = one("page").parse::<usize>().unwrap_or(1).clamp(1, 100_000);
    let mut terms = vec![json!(["short", ">", 0])];
    if !pos.is_empty() {
        terms.push(json!(["location_id.warehouse_id.code", "=", pos]));
    }
    if !q.is_empty() {
        terms.extend([
            json!("|"),
            json!("|"),
            json!(["name", "ilike", q]),
            json!(["manufacturer_ref", "ilike", q]),
            json!(["origin", "ilike", q]),
        ]);
    }
    let filter = Value::Array(terms).to_string();
    let client = if visit.may_read("res.partner") { "partner_id{id, display_name}, " } else { "" };
    let fields = format!(
        "{{id, name, manufacturer_ref, product_id, location_id{{id, complete_name}}, warehouse_id{{id, name, code}}, sale_id{{id, display_name}}, {client}\
         create_date, product_uom_qty, reserved_availability, short, expected_quantity, expected_date}}"
    );
    let listed = [
        ("query", fields),
        ("filter", filter.clone()),
        ("order", by.order().to_owned()),
        ("page_size", PAGE.to_string()),
        ("page", number.to_string()),
    ];
    let grouped =
        [("group_by", by.field().to_owned()), ("sum", "short".to_owned()), ("filter", filter.clone()), ("limit", GROUPS.to_string())];
    let summed = [("sum", "short".to_owned()), ("filter", filter)];
    let (listed, grouped, summed) =
        futures_util::join!(visit.list("stock.move", &listed), visit.list("stock.move", &grouped), visit.list("stock.move", &summed));
    let (listed, grouped, summed) = (listed?, grouped?, summed?);
    let sums: HashMap<i64, (String, String)> = grouped
        .result
        .iter()
        .filter_map(|group| {
            let sum = told(visit, amount(group, "short"));
            Some((group.get(by.field())?.as_i64()?, (text_of(group, "count"), sum)))
        })
        .collect();
    let mut groups: Vec<(i64, Group)> = Vec::new();
    for record in &listed.result {
        let key = relation(record, by.field()).0;
        let made = line(visit, record);
        match groups.last_mut().filter(|(last, _)| *last == key) {
            Some((_, group)) => group.lines.push(made),
            None => {
                let (count, sum) = sums.get(&key).cloned().unwrap_or_default();
                let warehouse = record.get("warehouse_id").cloned().unwrap_or_default();
                let (label, more, href) = match by {
                    By::Product => (made.name.clone(), made.reference.clone(), format!("/web/stock?q={}", encode(&made.reference))),
                    By::Place => (
                        made.place.clone(),
                        text_of(&warehouse, "name"),
                        format!("/web/stock?pos={}", encode(&text_of(&warehouse, "code"))),
                    ),
                };
                groups.push((key, Group { label, more, href, count, sum, lines: vec![made] }));
            }
        }
    }
    let address = |page: usize| {
        let mut pairs = vec![format!("by={}", if by == By::Place { "pos" } else { "product" }), format!("page={page}")];
        pairs.extend((!q.is_empty()).then(|| format!("q={}", encode(&q))));
        pairs.extend((!pos.is_empty()).then(|| format!("pos={}", encode(&pos))));
        format!("/web/shortages?{}", pairs.join("&"))
    };
    let before = u64::try_from((number - 1) * PAGE).unwrap_or(0);
    let shown = u64::try_from(listed.result.len()).unwrap_or(0);
    let (first, last) = if shown == 0 { (0, 0) } else { (before + 1, before + shown) };
    Ok(visit.html(&Shortages {
        page: Page::new(visit, "/web/shortages", visit.t("menu-shortages")),
        groups: groups.into_iter().map(|(_, group)| group).collect(),
        count: listed.count,
        sum: summed.result.first().map(|sum| told(visit, amount(sum, "short"))).unwrap_or_default(),
        previous: (number > 1).then(|| address(number - 1)),
        next: (last > 0 && last < listed.count).then(|| address(number + 1)),
        first,
        last,
        q,
        pos,
        by,
    }))
}

fn line(visit: &Visit, record: &Value) -> Line {
    let (product, location) = (relation(record, "product_id").0, relation(record, "location_id").0);
    let leads = |model: &str, field: &str| {
        let (id, name) = relation(record, field);
        let href = if id != 0 && visit.may_read(model) { format!("/web/{model}/{id}") } else { String::new() };
        (name, href)
    };
    let number = |name: &str| told(visit, amount(record, name));
    let expected = amount(record, "expected_quantity");
    Line {
        name: text_of(record, "name"),
        reference: text_of(record, "manufacturer_ref"),
        place: record.get("location_id").map(|at| place(&text_of(at, "complete_name"))).unwrap_or_default(),
        ledger: format!("/web/stock/{product}/{location}"),
        order: leads("sale.order", "sale_id"),
        client: leads("res.partner", "partner_id"),
        since: shown::moment(visit.zone, &text_of(record, "create_date")),
        demand: number("product_uom_qty"),
        reserved: number("reserved_availability"),
        short: number("short"),
        expected: if expected.is_zero() { String::new() } else { told(visit, expected) },
        due: shown::moment(visit.zone, &text_of(record, "expected_date")).get(..10).unwrap_or_default().to_owned(),
    }
}
