//! What the screens of goods share: numbers as records have them, and places by their codes.

use actix_web::HttpResponse;
use askama::Template;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::cells::pair;
use crate::declared::{self, Model};
use crate::refused::Refused;
use crate::shown::{self, text_of};
use crate::visit::Visit;

/// How many places are offered while a code is typed.
const OFFERED: u64 = 20;

/// A field's number; 0 where it is none.
pub fn amount(record: &Value, name: &str) -> Decimal {
    text_of(record, name).parse().unwrap_or(Decimal::ZERO)
}

/// A relation's record: its id and what it is called.
pub fn relation(record: &Value, name: &str) -> (i64, String) {
    let (id, called) = record.get(name).map(pair).unwrap_or_default();
    (id.unwrap_or_default(), called)
}

/// A quantity as people read it.
pub fn told(visit: &Visit, quantity: Decimal) -> String {
    shown::number(visit.lang, &quantity.normalize().to_string(), None)
}

/// A quantity as people type it; none where it is no number.
pub fn typed(text: &str) -> Option<Decimal> {
    shown::typed_number(text)?.parse().ok()
}

/// A quantity as JSON has it.
pub fn number(quantity: Decimal) -> Value {
    serde_json::from_str(&quantity.normalize().to_string()).unwrap_or(Value::Null)
}

/// The fields of a model's page as a query names them: what leads to records that this user may not read is left out.
pub fn asked(model: &Model) -> String {
    declared::asked(model.fields.iter().filter(|field| field.is_plain() && (field.relation.is_none() || field.leads_on)))
}

/// The name of any location as people say it: the hub's own in the reader's language, others by [`place`].
pub fn called(visit: &Visit, complete_name: &str) -> String {
    match complete_name {
        "Partners/Vendors" => visit.t("stock-vendors"),
        "Partners/Customers" => visit.t("stock-customers"),
        "Virtual Locations/Inventory adjustment" => visit.t("stock-inventory"),
        own => place(own),
    }
}

/// A location's name as people say it: what is sold stands under its point of sale's code alone.
pub fn place(complete_name: &str) -> String {
    complete_name.strip_suffix("/Stock").unwrap_or(complete_name).replace('/', " · ")
}

#[derive(Template)]
#[template(source = "{% for (code, name) in found %}<option value=\"{{ code }}\">{{ name }}</option>{% endfor %}", ext = "html")]
struct Options {
    found: Vec<(String, String)>,
}

/// `GET /web/stock/places?…`: the points of sale that a text being typed may mean, as options by their codes.
pub async fn places(visit: Visit) -> HttpResponse {
    let made = async {
        visit.model("stock.warehouse")?;
        let typed = visit.query().first().map_or("", |(_, value)| value);
        let typed: String = typed.trim().chars().take(100).collect();
        let filter = match typed.is_empty() {
            true => json!([]),
            false => json!(["|", ["code", "ilike", typed], ["name", "ilike", typed]]),
        };
        let query = [
            ("query", "{code, name}".to_owned()),
            ("filter", filter.to_string()),
            ("order", "code".to_owned()),
            ("page_size", OFFERED.to_string()),
            ("page", "1".to_owned()),
        ];
        let listed = visit.list("stock.warehouse", &query).await?;
        let found = listed.result.iter().map(|record| (text_of(record, "code"), text_of(record, "name")));
        Ok::<_, Refused>(visit.html(&Options { found: found.collect() }))
    };
    visit.told(made.await)
}

/// `GET /web/stock/products?…`: the configurations that a text being typed may mean, as options by their references.
pub async fn products(visit: Visit) -> HttpResponse {
    let made = async {
        visit.model("product.template")?;
        let typed = visit.query().first().map_or("", |(_, value)| value);
        let typed: String = typed.trim().chars().take(100).collect();
        let filter = match typed.is_empty() {
            true => json!([]),
            false => json!(["|", ["manufacturer_ref", "ilike", typed], ["name", "ilike", typed]]),
        };
        let query = [
            ("query", "{manufacturer_ref, name}".to_owned()),
            ("filter", filter.to_string()),
            ("order", "name".to_owned()),
            ("page_size", OFFERED.to_string()),
            ("page", "1".to_owned()),
        ];
        let listed = visit.list("product.template", &query).await?;
        let found = listed.result.iter().map(|record| (text_of(record, "manufacturer_ref"), text_of(record, "name")));
        Ok::<_, Refused>(visit.html(&Options { found: found.collect() }))
    };
    visit.told(made.await)
}
