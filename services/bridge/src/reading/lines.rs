//! Lines of documents: what they sell in the product's own unit, with their discount in the price and their amounts as they are kept.

use rust_decimal::Decimal;
use serde_json::Value as Json;

use super::cells::{LINE, Making, first, link, list, number, rounded, text};
use super::{Companion, Known, Need, Page, PutAside, Row, World};

/// The products of the lines of a page: of the companion `lines`.
pub const PRODUCTS: Companion = Companion {
    name: "products",
    model: "product.product",
    by: "id",
    of: "product_id",
    from: Some("lines"),
    domain: |_| Vec::new(),
    fields: |world| world.existing("product.product", &["name", "uom_id", "type"]),
};

/// What must be known of the products of lines.
pub fn needs(lines: &[Row]) -> impl Iterator<Item = Need> {
    lines.iter().filter_map(|line| link(line, "product_id")).map(|id| Need::Id("product.product", id))
}

/// What a line is about.
pub struct Goods<'p> {
    /// The configuration here.
    pub known: &'p Known,
    /// How many of the product's units are one of the line's.
    pub ratio: Decimal,
    /// How many digits a quantity has.
    pub digits: u32,
    /// Whether it is in another unit than its product's.
    pub is_other_unit: bool,
}

impl<'p> Goods<'p> {
    /// Of a line's product, if it has any.
    ///
    /// # Errors
    /// The product is not here.
    pub fn of(line: &Row, page: &'p Page<'_>) -> Result<Option<Goods<'p>>, PutAside> {
        let Some(product) = link(line, "product_id") else { return Ok(None) };
        let known = page.here("product.product", product)?;
        let own = page.of("products", product).first().and_then(|row| link(row, "uom_id"));
        let told = first(line, &["product_uom", "product_uom_id"]).and_then(|unit| crate::client::id_of(Some(unit)));
        let (ratio, digits) = page.world.units(told.or(own), own);
        Ok(Some(Goods { known, ratio, digits, is_other_unit: told.is_some() && told != own }))
    }

    /// A quantity of the line's unit in the product's.
    pub fn quantity(&self, value: Option<&Json>) -> Decimal {
        rounded(number(value) * self.ratio, self.digits)
    }

    /// Notes on a line what it sells.
    pub fn name(&self, line: &mut Making) {
        line.set("product_id", self.known.record_id).set("manufacturer_ref", self.known.key.clone());
    }
}

/// The price of one of the product's units, the discount in it.
pub fn price(line: &Row, ratio: Decimal) -> Decimal {
    let discount = number(line.get("discount"));
    let kept = (Decimal::ONE_HUNDRED - discount) / Decimal::ONE_HUNDRED;
    let price = number(line.get("price_unit")) * kept;
    rounded(price.checked_div(ratio).unwrap_or(price), 2)
}

/// A line with its text and place.
pub fn line(row: &Row) -> Making {
    let mut line = Making::of(row);
    line.clip("name", text(row, "name"), LINE);
    line.set("sequence", row.get("sequence").and_then(Json::as_i64));
    line
}

/// The amounts of a line as they are kept, and its tax.
pub fn amounts(line: &mut Making, row: &Row, world: &World, digits: u32) {
    let (subtotal, total) = (rounded(number(row.get("price_subtotal")), digits), rounded(number(row.get("price_total")), digits));
    let tax = match row.get("price_tax") {
        Some(tax) => rounded(number(Some(tax)), digits),
        None => rounded(total - subtotal, digits),
    };
    let of_amounts = || (tax * Decimal::ONE_HUNDRED).checked_div(subtotal).map_or(Decimal::ZERO, |rate| rounded(rate, 2));
    // A hub's lines say it themselves
    let said = row.get("tax_rate").map(|rate| (number(Some(rate)), super::cells::is(row, "tax_included")));
    // A tax that is archived is in no list there, and its amount is
    let is_told = |(rate, _): &(Decimal, bool)| !rate.is_zero() || tax.is_zero();
    let (rate, is_included) =
        said.or_else(|| world.tax(&list(row, &["tax_id", "tax_ids"]))).filter(is_told).unwrap_or_else(|| (of_amounts(), false));
    line.set("price_subtotal", subtotal.to_string()).set("price_tax", tax.to_string()).set("price_total", total.to_string());
    line.set("tax_rate", rounded(rate, 4).to_string()).set("tax_included", is_included);
}

/// Whether a line is only text: a section, a note.
pub fn is_text(row: &Row) -> bool {
    matches!(text(row, "display_type"), Some("line_section" | "line_subsection" | "line_note"))
}

/// A document's note, with what stood among its lines.
pub fn notes(own: Option<String>, lines: &[Row], also: impl IntoIterator<Item = String>) -> Option<String> {
    let of_lines = lines.iter().filter(|line| is_text(line)).filter_map(|line| text(line, "name")).map(str::to_owned);
    let all: Vec<String> = own.into_iter().chain(of_lines).chain(also).collect();
    (!all.is_empty()).then(|| all.join("\n"))
}

/// The currency that no document names.
const DINARS: &str = "DZD";

/// A document's currency where it is not dinars, and its rate where it is not the company's own.
pub fn currency(document: &mut Making, row: &Row, world: &World, rate: Decimal) -> u32 {
    // A hub's documents say it themselves
    if let Some(said) = text(row, "currency") {
        document.set("currency", said).set("rate", rounded(number(row.get("rate")), 6).to_string());
        return 2;
    }
    let currency = link(row, "currency_id");
    let (name, digits) = world.money_of(currency);
    document.set("currency", name.filter(|name| name != DINARS));
    if currency != world.currency() && currency.is_some() && rate > Decimal::ZERO {
        document.set("rate", rounded(rate, 12).to_string());
    }
    digits
}
