//! `/web/stock`: how much of what is where, products by points of sale.

use std::collections::{BTreeMap, HashMap};

use actix_web::HttpResponse;
use askama::Template;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::goods::{amount, place, relation, told};
use crate::hub::encode;
use crate::page::Page;
use crate::refused::Refused;
use crate::shown::text_of;
use crate::visit::Visit;

/// How many products a page has.
const PAGE: usize = 40;
/// How many places stand beside each other.
const COLUMNS: usize = 12;
/// The most places that are looked at for columns: more than there are points of sale.
const PLACES: usize = 2_000;
/// The states of goods that are on their way.
const OPEN: [&str; 3] = ["confirmed", "partially_available", "assigned"];

/// What the cells show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// On hand.
    Quantity,
    /// Of it reserved.
    Reserved,
    /// Of it reserved for nobody.
    Free,
    /// On its way there.
    Expected,
}

impl Show {
    const ALL: [Show; 4] = [Show::Quantity, Show::Reserved, Show::Free, Show::Expected];

    fn code(self) -> &'static str {
        match self {
            Show::Quantity => "quantity",
            Show::Reserved => "reserved",
            Show::Free => "free",
            Show::Expected => "expected",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Show::Quantity => "stock-quantity",
            Show::Reserved => "stock-reserved",
            Show::Free => "stock-free",
            Show::Expected => "stock-expected",
        }
    }

    /// The model that tells it, its field of the place, what is added up, and what is more than nothing.
    fn told_by(self) -> (&'static str, &'static str, &'static str, Vec<Value>) {
        let quant = |sum: &'static str| ("stock.quant", "location_id", sum, vec![json!([sum, "!=", 0])]);
        match self {
            Show::Quantity => quant("quantity"),
            Show::Reserved => quant("reserved_quantity"),
            Show::Free => quant("available_quantity"),
            Show::Expected => (
                "stock.move",
                "location_dest_id",
                "product_uom_qty",
                vec![json!(["state", "in", OPEN]), json!(["location_dest_id.usage", "=", "internal"])],
            ),
        }
    }
}

/// A number of a cell.
pub struct Number {
    /// As people read it; nothing where there is none.
    pub text: String,
    /// The ledger behind it.
    pub href: String,
}

/// A place, as a column.
pub struct Column {
    /// Its location.
    pub id: i64,
    /// Its code.
    pub label: String,
    /// Its point of sale.
    pub name: String,
    /// The page of this place alone.
    pub href: String,
}

/// A product, as a row.
pub struct Row {
    /// Its page.
    pub href: String,
    /// What it is called.
    pub name: String,
    /// Its reference.
    pub reference: String,
    /// Where of a place it is, where one place alone is shown.
    pub place: String,
    /// What stands in it.
    pub cells: Vec<Number>,
    /// What it comes to at all places.
    pub sum: String,
}

#[derive(Template)]
#[template(path = "matrix.html")]
struct Matrix<'v> {
    page: Page<'v>,
    q: String,
    pos: String,
    /// Whether only products are shown that are somewhere.
    held: bool,
    show: Show,
    columns: Vec<Column>,
    rows: Vec<Row>,
    /// How many products match; none where that is not known.
    count: Option<u64>,
    first: usize,
    last: usize,
    /// Whether one place alone is shown, with all four numbers.
    is_place: bool,
    previous: Option<String>,
    next: Option<String>,
    /// Columns before and after those that are shown, and how many there are.
    before: Option<String>,
    after: Option<String>,
    places: (usize, usize, usize),
}

impl Matrix<'_> {
    fn shows(&self) -> Vec<(&'static str, String, bool)> {
        Show::ALL.iter().map(|show| (show.code(), self.page.t(show.label()), *show == self.show)).collect()
    }

    fn places_told(&self) -> String {
        let number = |number: usize| number.to_string();
        let (first, last, all) = (number(self.places.0), number(self.places.1), number(self.places.2));
        self.page.visit.t_with("stock-places-range", &[("first", &first), ("last", &last), ("count", &all)])
    }
}

/// What the page's address asks for.
struct Wanted {
    q: String,
    pos: String,
    show: Show,
    held: bool,
    page: usize,
    columns: usize,
}

impl Wanted {
    fn read(visit: &Visit) -> Wanted {
        let given: HashMap<String, String> = visit.query().iter().cloned().collect();
        let one = |name: &str| given.get(name).map(|value| value.trim().chars().take(200).collect::<String>()).unwrap_or_default();
        let number = |name: &str| one(name).parse::<usize>().unwrap_or(1).clamp(1, 100_000);
        let show = one("show");
        Wanted {
            show: Show::ALL.into_iter().find(|known| known.code() == show).unwrap_or(Show::Quantity),
            q: one("q"),
            pos: one("pos"),
            held: one("held") == "1",
            page: number("page"),
            columns: number("cols"),
        }
    }

    fn address(&self, page: usize, columns: usize) -> String {
        let mut pairs = Vec::new();
        let mut add = |name: &str, value: &str| pairs.push(format!("{name}={}", encode(value)));
        if !self.q.is_empty() {
            add("q", &self.q);
        }
        if !self.pos.is_empty() {
            add("pos", &self.pos);
        }
        if self.show != Show::Quantity {
            add("show", self.show.code());
        }
        if self.held {
            add("held", "1");
        }
        if page > 1 {
            add("page", &page.to_string());
        }
        if columns > 1 {
            add("cols", &columns.to_string());
        }
        format!("/web/stock?{}", pairs.join("&"))
    }

    /// What the one box says, of a product's name and its reference.
    fn terms(&self, name: &str) -> Vec<Value> {
        match self.q.is_empty() {
            true => Vec::new(),
            false => vec![json!("|"), json!([name, "ilike", self.q]), json!(["manufacturer_ref", "ilike", self.q])],
        }
    }
}

/// `GET /web/stock`
pub async fn matrix(visit: Visit) -> HttpResponse {
    let made = async {
        visit.model("stock.quant")?;
        let wanted = Wanted::read(&visit);
        let page = Page::new(&visit, "/web/stock", visit.t("menu-matrix"));
        let made = match wanted.pos.is_empty() {
            true => everywhere(&visit, wanted, page).await?,
            false => at_one(&visit, wanted, page).await?,
        };
        Ok(visit.html(&made))
    };
    visit.told(made.await)
}

/// The products of a page: those of the catalogue by their names, or those that are somewhere.
async fn products(visit: &Visit, wanted: &Wanted) -> Result<(Vec<i64>, Option<u64>, bool), Refused> {
    // What is looked for is found in the catalogue, which has indexes for it
    if !wanted.held || !wanted.q.is_empty() {
        let query = [
            ("query", "{id}".to_owned()),
            ("filter", Value::Array(wanted.terms("name")).to_string()),
            ("page_size", PAGE.to_string()),
            ("page", wanted.page.to_string()),
        ];
        let listed = visit.list("product.template", &query).await?;
        let ids = listed.result.iter().filter_map(|record| record.get("id")?.as_i64()).collect::<Vec<_>>();
        let is_more = u64::try_from(wanted.page * PAGE).is_ok_and(|shown| shown < listed.count);
        return Ok((ids, Some(listed.count), is_more));
    }
    let (model, _, _, terms) = wanted.show.told_by();
    // In the order of their numbers: that of an index, by which the groups of one page alone are made
    let query = [
        ("group_by", "product_id".to_owned()),
        ("filter", Value::Array(terms).to_string()),
        ("limit", (PAGE + 1).to_string()),
        ("offset", ((wanted.page - 1) * PAGE).to_string()),
    ];
    let listed = visit.list(model, &query).await?;
    let mut ids = listed.result.iter().filter_map(|group| group.get("product_id")?.as_i64()).collect::<Vec<_>>();
    let is_more = ids.len() > PAGE;
    ids.truncate(PAGE);
    Ok((ids, None, is_more))
}

/// Sums of what is shown of these products, by these fields.
async fn sums(visit: &Visit, show: Show, by: &str, ids: &[i64], more: Vec<Value>) -> Result<Vec<Value>, Refused> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let (model, _, sum, mut terms) = show.told_by();
    terms.push(json!(["product_id", "in", ids]));
    terms.extend(more);
    let query =
        [("group_by", by.to_owned()), ("sum", sum.to_owned()), ("filter", Value::Array(terms).to_string()), ("limit", PLACES.to_string())];
    visit.list(model, &query).await.map(|listed| listed.result)
}

/// Names and references of products.
async fn named(visit: &Visit, ids: &[i64]) -> Result<HashMap<i64, (String, String)>, Refused> {
    if ids.is_empty() || !visit.may_read("product.template") {
        return Ok(HashMap::new());
    }
    let query = [
        ("query", "{id, name, manufacturer_ref}".to_owned()),
        ("filter", json!([["id", "in", ids]]).to_string()),
        ("context", json!({"active_test": false}).to_string()),
        ("limit", ids.len().to_string()),
    ];
    let listed = visit.list("product.template", &query).await?;
    let one = |record: &Value| Some((record.get("id")?.as_i64()?, (text_of(record, "name"), text_of(record, "manufacturer_ref"))));
    Ok(listed.result.iter().filter_map(one).collect())
}

async fn everywhere<'v>(visit: &'v Visit, wanted: Wanted, page: Page<'v>) -> Result<Matrix<'v>, Refused> {
    let (ids, count, is_more) = products(visit, &wanted).await?;
    let (_, location, sum, _) = wanted.show.told_by();
    let (by_place, by_product, names) = futures_util::join!(
        sums(visit, wanted.show, location, &ids, Vec::new()),
        sums(visit, wanted.show, "product_id", &ids, Vec::new()),
        named(visit, &ids),
    );
    let (by_place, by_product, names) = (by_place?, by_product?, names?);
    let there: Vec<i64> = by_place.iter().filter_map(|group| group.get(location)?.as_i64()).collect();
    let columns_page = wanted.columns.min(there.len().div_ceil(COLUMNS).max(1));
    let shown: Vec<i64> = there.iter().copied().skip((columns_page - 1) * COLUMNS).take(COLUMNS).collect();
    let (cells, columns) = futures_util::join!(
        async {
            match shown.is_empty() {
                true => Ok(Vec::new()),
                false => sums(visit, wanted.show, &format!("product_id,{location}"), &ids, vec![json!([location, "in", shown])]).await,
            }
        },
        columns(visit, &shown)
    );
    let columns = columns?;
    let mut filled: BTreeMap<(i64, i64), Decimal> = BTreeMap::new();
    for cell in &cells? {
        let id = |name: &str| cell.get(name).and_then(Value::as_i64).unwrap_or_default();
        filled.insert((id("product_id"), id(location)), amount(cell, sum));
    }
    let totals: HashMap<i64, Decimal> =
        by_product.iter().filter_map(|group| Some((group.get("product_id")?.as_i64()?, amount(group, sum)))).collect();
    let rows = ids.iter().map(|product| {
        let (name, reference) = names.get(product).cloned().unwrap_or_default();
        let cells = columns.iter().map(|column| Number {
            text: filled.get(&(*product, column.id)).map(|quantity| told(visit, *quantity)).unwrap_or_default(),
            href: format!("/web/stock/{product}/{}", column.id),
        });
        Row {
            href: format!("/web/product.template/{product}"),
            cells: cells.collect(),
            sum: told(visit, totals.get(product).copied().unwrap_or_default()),
            place: String::new(),
            name,
            reference,
        }
    });
    let rows: Vec<Row> = rows.collect();
    let (first, last) = range(wanted.page, rows.len());
    let first_place = (columns_page - 1) * COLUMNS;
    Ok(Matrix {
        count,
        first,
        last,
        is_place: false,
        previous: (wanted.page > 1).then(|| wanted.address(wanted.page - 1, 1)),
        next: is_more.then(|| wanted.address(wanted.page + 1, 1)),
        before: (columns_page > 1).then(|| wanted.address(wanted.page, columns_page - 1)),
        after: (first_place + columns.len() < there.len()).then(|| wanted.address(wanted.page, columns_page + 1)),
        places: (first_place + 1, first_place + columns.len(), there.len()),
        columns,
        rows,
        page,
        q: wanted.q,
        pos: wanted.pos,
        held: wanted.held,
        show: wanted.show,
    })
}

fn range(page: usize, rows: usize) -> (usize, usize) {
    let first = (page - 1) * PAGE;
    if rows == 0 { (0, 0) } else { (first + 1, first + rows) }
}

/// Places with their points of sale, in the order of their codes: the central warehouse is the first.
async fn columns(visit: &Visit, ids: &[i64]) -> Result<Vec<Column>, Refused> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = [
        ("query", "{id, complete_name, warehouse_id{id, name, code}}".to_owned()),
        ("filter", json!([["id", "in", ids]]).to_string()),
        ("limit", ids.len().to_string()),
    ];
    let listed = visit.list("stock.location", &query).await?;
    let made = listed.result.iter().map(|record| {
        let warehouse = record.get("warehouse_id").unwrap_or(&Value::Null);
        Column {
            id: record.get("id").and_then(Value::as_i64).unwrap_or_default(),
            label: place(&text_of(record, "complete_name")),
            name: text_of(warehouse, "name"),
            href: format!("/web/stock?pos={}", encode(&text_of(warehouse, "code"))),
        }
    });
    Ok(made.collect())
}

/// What is at one point of sale: all four numbers of each product.
async fn at_one<'v>(visit: &'v Visit, wanted: Wanted, page: Page<'v>) -> Result<Matrix<'v>, Refused> {
    let query = [
        ("query", "{id, complete_name}".to_owned()),
        ("filter", json!([["warehouse_id.code", "=", wanted.pos]]).to_string()),
        ("limit", "10".to_owned()),
    ];
    let locations = visit.list("stock.location", &query).await?;
    let ids: Vec<i64> = locations.result.iter().filter_map(|record| record.get("id")?.as_i64()).collect();
    let mut terms = vec![json!(["location_id", "in", ids])];
    if wanted.held {
        terms.extend([json!("|"), json!(["quantity", "!=", 0]), json!(["incoming_quantity", "!=", 0])]);
    }
    terms.extend(wanted.terms("product_name"));
    let fields = "{id, product_id, product_name, manufacturer_ref, location_id{id, complete_name}, quantity, reserved_quantity, available_quantity, incoming_quantity}";
    let query = [
        ("query", fields.to_owned()),
        ("filter", Value::Array(terms).to_string()),
        ("page_size", PAGE.to_string()),
        ("page", wanted.page.to_string()),
    ];
    let listed = visit.list("stock.quant", &query).await?;
    let rows = listed.result.iter().map(|quant| {
        let (product, (location, _)) =
            (quant.get("product_id").and_then(Value::as_i64).unwrap_or_default(), relation(quant, "location_id"));
        let complete = quant.get("location_id").map(|location| text_of(location, "complete_name")).unwrap_or_default();
        let href = format!("/web/stock/{product}/{location}");
        let numbers = ["quantity", "reserved_quantity", "available_quantity", "incoming_quantity"];
        let cells = numbers.map(|name| Number { text: told(visit, amount(quant, name)), href: href.clone() });
        Row {
            href: format!("/web/product.template/{product}"),
            name: text_of(quant, "product_name"),
            reference: text_of(quant, "manufacturer_ref"),
            place: place(&complete),
            cells: cells.into_iter().collect(),
            sum: String::new(),
        }
    });
    let rows: Vec<Row> = rows.collect();
    let (first, last) = range(wanted.page, rows.len());
    let columns = Show::ALL.map(|show| Column { id: 0, label: visit.t(show.label()), name: String::new(), href: String::new() });
    Ok(Matrix {
        is_place: true,
        columns: columns.into_iter().collect(),
        rows,
        count: Some(listed.count),
        first,
        last,
        previous: (wanted.page > 1).then(|| wanted.address(wanted.page - 1, 1)),
        next: u64::try_from(last).is_ok_and(|last| last > 0 && last < listed.count).then(|| wanted.address(wanted.page + 1, 1)),
        before: None,
        after: None,
        places: (0, 0, 0),
        page,
        q: wanted.q,
        pos: wanted.pos,
        held: wanted.held,
        show: wanted.show,
    })
}
