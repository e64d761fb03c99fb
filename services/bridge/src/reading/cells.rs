//! What stands in a row, and what a record of ours is made of.

use std::collections::BTreeMap;
use std::str::FromStr;

use domain::names;
use jsonrpc::import::Record;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value as Json;

use super::{Converted, Row, Taken, World};
use crate::client::{id_of, text_of};

/// The longest description of a line, in characters.
pub const LINE: usize = 500;
/// The longest note, in characters.
pub const NOTE: usize = 20_000;

/// A text of a row that is set, without blanks round it.
pub fn text<'r>(row: &'r Row, field: &str) -> Option<&'r str> {
    text_of(row.get(field)).map(str::trim)
}

/// A row's number of a record.
pub fn id(row: &Row) -> i64 {
    id_of(row.get("id")).unwrap_or(0)
}

/// What a many2one of a row leads to. Unset it is false.
pub fn link(row: &Row, field: &str) -> Option<i64> {
    id_of(row.get(field))
}

/// The first of some names of a field that a row has: versions name some of them differently.
pub fn first<'r>(row: &'r Row, fields: &[&str]) -> Option<&'r Json> {
    fields.iter().find_map(|field| row.get(*field))
}

/// The ids of a list.
pub fn list(row: &Row, fields: &[&str]) -> Vec<i64> {
    first(row, fields).and_then(Json::as_array).into_iter().flatten().filter_map(|id| id_of(Some(id))).collect()
}

/// Whether a boolean is set.
pub fn is(row: &Row, field: &str) -> bool {
    row.get(field).and_then(Json::as_bool).unwrap_or(false)
}

/// What a field says in words: a text, a number's digits, or the name of what a many2one leads to.
pub fn word(value: &Json) -> Option<String> {
    let said = match value {
        Json::String(text) => text.trim().to_owned(),
        // A number is never unset there
        Json::Number(number) if number.as_f64() != Some(0.0) => number.to_string(),
        Json::Array(pair) => pair.get(1)?.as_str()?.trim().to_owned(),
        Json::Number(_) | Json::Bool(_) | Json::Null | Json::Object(_) => return None,
    };
    (!said.is_empty()).then_some(said)
}

/// A number as it is written; 0 where there is none.
pub fn number(value: Option<&Json>) -> Decimal {
    let text = match value {
        Some(Json::Number(number)) => number.to_string(),
        Some(Json::String(text)) => text.trim().to_owned(),
        Some(_) | None => return Decimal::ZERO,
    };
    Decimal::from_str(&text).or_else(|_plain| Decimal::from_scientific(&text)).unwrap_or(Decimal::ZERO)
}

/// Half goes away from zero, as Odoo rounds.
pub fn rounded(number: Decimal, digits: u32) -> Decimal {
    number.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero).normalize()
}

/// Money, rounded to these digits, as a text.
pub fn money(value: Option<&Json>, digits: u32) -> Json {
    rounded(number(value), digits).to_string().into()
}

/// A text of at most so many characters, and whether something was cut.
pub fn clipped(text: &str, most: usize) -> (String, bool) {
    let text = text.trim();
    (text.chars().take(most).collect(), text.chars().nth(most).is_some())
}

/// The text of HTML: what begins a line there begins one here.
pub fn plain(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, here) = rest.split_at(at);
        out.push_str(before);
        let (end, said) = if here.starts_with('<') { tag(here) } else { entity(here) };
        out.push_str(&said);
        rest = here.get(end..).unwrap_or_default();
    }
    out.push_str(rest);
    let lines: Vec<&str> = out.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// How long a tag is, and what it is in a text.
fn tag(here: &str) -> (usize, String) {
    let Some(end) = here.find('>') else { return (1, "<".to_owned()) };
    let name: String = here.chars().skip(1).skip_while(|c| *c == '/').take_while(char::is_ascii_alphanumeric).collect();
    let is_line = matches!(name.to_ascii_lowercase().as_str(), "p" | "br" | "div" | "li" | "tr" | "ul" | "ol" | "h1" | "h2" | "h3");
    (end + 1, if is_line { "\n".to_owned() } else { String::new() })
}

/// How long an entity is, and the character.
fn entity(here: &str) -> (usize, String) {
    let Some(end) = here.find(';').filter(|end| *end <= 10) else { return (1, "&".to_owned()) };
    let name = here.get(1..end).unwrap_or_default();
    let said = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let code = name.strip_prefix('#').and_then(|code| match code.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => code.parse().ok(),
            });
            code.and_then(char::from_u32)
        }
    };
    said.map_or_else(|| (1, "&".to_owned()), |c| (end + 1, c.to_string()))
}

/// The text of a field with HTML, in lines.
pub fn note(row: &Row, field: &str) -> Option<String> {
    text(row, field).map(plain).filter(|text| !text.is_empty())
}

/// A record that is being made of a row.
pub struct Making {
    /// What it is so far.
    pub taken: Taken,
}

impl Making {
    /// With the row's id and dates.
    pub fn of(row: &Row) -> Making {
        let moment = |field: &str| text(row, field).map(str::to_owned);
        let (write_date, create_date) = (moment("write_date"), moment("create_date"));
        let reference = text(row, "ref_odoo").map(str::to_owned);
        let record = Record { odoo_id: id(row), write_date, create_date, reference, ..Record::default() };
        Making { taken: Taken { record, ..Taken::default() } }
    }

    /// Sets a value; nothing where there is none.
    pub fn set(&mut self, ours: &str, value: impl Into<Json>) -> &mut Making {
        let value = value.into();
        if !value.is_null() {
            self.taken.record.values.insert(ours.to_owned(), value);
        }
        self
    }

    /// Takes texts as they are, by one name there and here.
    pub fn texts(&mut self, row: &Row, fields: &[&str]) -> &mut Making {
        for field in fields {
            self.set(field, text(row, field));
        }
        self
    }

    /// Sets a text of at most so many characters; that it was cut is noted.
    pub fn clip(&mut self, ours: &str, said: Option<&str>, most: usize) -> &mut Making {
        if let Some((said, is_cut)) = said.map(|said| clipped(said, most)).filter(|(said, _)| !said.is_empty()) {
            self.set(ours, said);
            if is_cut {
                self.note("text_is_cut");
            }
        }
        self
    }

    /// Sets what it refers to of the same owner.
    pub fn link(&mut self, ours: &str, id: Option<i64>) -> &mut Making {
        if let Some(id) = id {
            self.taken.record.links.insert(ours.to_owned(), vec![id]);
        }
        self
    }

    /// Notes a kind of misfit that is taken all the same.
    pub fn note(&mut self, kind: &'static str) -> &mut Making {
        if !self.taken.noted.contains(&kind) {
            self.taken.noted.push(kind);
        }
        self
    }

    /// What the mapping says of the other fields, and what stands where there is nothing.
    pub fn mapped(&mut self, world: &World, model: &str, row: &Row, but: &[&str]) -> &mut Making {
        for (ours, theirs) in world.mapping.fields.get(model).into_iter().flatten().filter(|(ours, _)| !but.contains(&ours.as_str())) {
            let is_boolean = world.fields.get(model).and_then(|fields| fields.get(theirs)).is_some_and(|field| field.kind == "boolean");
            match row.get(theirs) {
                Some(Json::Bool(said)) if is_boolean => drop(self.set(ours, *said)),
                Some(Json::Number(said)) if said.as_f64() != Some(0.0) => drop(self.set(ours, said.to_string())),
                Some(said) => drop(self.set(ours, word(said))),
                None => {}
            }
        }
        for (ours, value) in world.mapping.defaults.get(model).into_iter().flatten() {
            self.taken.record.values.entry(ours.clone()).or_insert_with(|| value.clone());
        }
        self
    }

    /// The record is done.
    pub fn done(self) -> Converted {
        Converted::Record(Box::new(self.taken))
    }
}

impl World {
    /// A field's text by the mapping: of ours in this model.
    pub fn said(&self, model: &str, row: &Row, ours: &str) -> Option<String> {
        word(row.get(self.mapping.theirs(model, ours)?)?)
    }

    /// Why a row stays where it is, where the mapping or its company says so.
    pub fn stays(&self, model: &str, row: &Row) -> Option<Converted> {
        if self.mapping.leaves_out(model, id(row)) {
            return Some(Converted::LeftOut { why: "left out by the mapping" });
        }
        self.is_anothers(row).then_some(Converted::LeftOut { why: "of another company" })
    }

    /// Whether a row is another company's.
    pub fn is_anothers(&self, row: &Row) -> bool {
        link(row, "company_id").is_some_and(|company| company != self.company)
    }

    /// The company's own currency.
    pub fn currency(&self) -> Option<i64> {
        self.row("res.company", self.company).and_then(|company| link(company, "currency_id"))
    }

    /// A currency's code, and how many digits its amounts have.
    pub fn money_of(&self, currency: Option<i64>) -> (Option<String>, u32) {
        let row = currency.and_then(|currency| self.row("res.currency", currency));
        let digits = row.map(|row| number(row.get("rounding")).normalize().scale()).unwrap_or(2);
        (row.and_then(|row| text(row, "name")).map(str::to_owned), digits)
    }

    /// The number of a wilaya here, or its name where it is none.
    pub fn wilaya(&self, state: i64) -> Option<String> {
        let row = self.row("res.country.state", state)?;
        let (code, name) = (text(row, "code"), text(row, "name"));
        let listed = |said: Option<&str>| self.mapping.wilayas.get(&crate::mapping::typed::folded(said?)).cloned();
        if let Some(number) = listed(code).or_else(|| listed(name)) {
            return Some(number);
        }
        let country = link(row, "country_id").and_then(|country| self.row("res.country", country));
        let is_algerian = country.is_none_or(|country| text(country, "code") == Some("DZ"));
        let is_number = |code: &&str| is_algerian && code.parse::<u32>().is_ok_and(|number| (1..=99).contains(&number));
        code.filter(is_number).or(name).map(str::to_owned)
    }

    /// A country's code.
    pub fn country(&self, country: i64) -> Option<String> {
        text(self.row("res.country", country)?, "code").map(str::to_owned)
    }

    /// By how much a quantity in one unit is another in the other, and how many digits that has.
    pub fn units(&self, from: Option<i64>, to: Option<i64>) -> (Decimal, u32) {
        let row = |unit: Option<i64>| unit.and_then(|unit| self.row("uom.uom", unit));
        let digits = row(to).map(|row| number(row.get("rounding")).normalize().scale()).unwrap_or(3);
        let (Some(one), Some(other)) = (row(from).filter(|_| from != to), row(to)) else { return (Decimal::ONE, digits) };
        let (one_factor, other_factor) = (number(one.get("factor")), number(other.get("factor")));
        // Until 18 the factor is how many of it are one of reference, then how many of reference it is
        let (of, by) = if one.get("relative_factor").is_some() { (one_factor, other_factor) } else { (other_factor, one_factor) };
        let ratio = of.checked_div(by).filter(|ratio| *ratio > Decimal::ZERO).unwrap_or(Decimal::ONE);
        // A dozen is kept as 0.0833333: what is nearly whole is whole
        let whole = rounded(ratio, 0);
        let is_whole = (ratio - whole).abs() <= whole * Decimal::new(1, 5);
        (if is_whole { whole } else { ratio }, digits)
    }

    /// The rate in percent of these taxes, and whether it is in the price; none where it is no rate.
    pub fn tax(&self, taxes: &[i64]) -> Option<(Decimal, bool)> {
        let (mut rate, mut is_included) = (Decimal::ZERO, false);
        for tax in taxes {
            let row = self.row("account.tax", *tax);
            is_included |= row.is_some_and(|row| is(row, "price_include") || text(row, "price_include_override") == Some("tax_included"));
            rate += match (self.mapping.taxes.get(tax), row.and_then(|row| text(row, "amount_type"))) {
                (Some(rate), _) => number(Some(&Json::from(rate.as_str()))),
                // A hub's taxes are rates, all of them
                (None, Some("percent")) => number(row.and_then(|row| row.get("amount"))),
                (None, None) if row.is_some() => number(row.and_then(|row| row.get("amount"))),
                (None, Some("group")) => {
                    let children = row.map(|row| list(row, &["children_tax_ids"])).unwrap_or_default();
                    let of = |tax: &i64| self.row("account.tax", *tax).filter(|row| text(row, "amount_type") == Some("percent"));
                    children.iter().filter_map(of).map(|row| number(row.get("amount"))).sum()
                }
                (None, Some(_) | None) => return None,
            };
        }
        Some((rate, is_included))
    }

    /// The warehouse of a place.
    pub fn warehouse_of(&self, location: i64) -> Option<i64> {
        if let Some(said) = self.row("stock.location", location).and_then(|row| link(row, "warehouse_id")) {
            return Some(said);
        }
        let tops: BTreeMap<i64, i64> =
            self.rows("stock.warehouse").filter_map(|(id, row)| Some((link(row, "view_location_id")?, id))).collect();
        let mut at = Some(location);
        for _ in 0..50 {
            let here = at?;
            if let Some(warehouse) = tops.get(&here) {
                return Some(*warehouse);
            }
            at = self.row("stock.location", here).and_then(|row| link(row, "location_id"));
        }
        None
    }

    /// What kind of place one is: `internal`, `customer`, `supplier` …
    pub fn usage(&self, location: Option<i64>) -> &str {
        location.and_then(|location| self.row("stock.location", location)).and_then(|row| text(row, "usage")).unwrap_or_default()
    }

    /// What a place of a warehouse is here: `stock` or `returns`; none where its goods stay where they are.
    pub fn place(&self, location: i64) -> Option<&'static str> {
        let row = self.row("stock.location", location)?;
        let listed = |said: &str| self.mapping.places.get(&crate::mapping::typed::folded(said)).map(String::as_str);
        let said = listed(&location.to_string()).or_else(|| listed(text(row, "complete_name")?)).or_else(|| listed(text(row, "name")?));
        match said {
            Some("stock") => Some("stock"),
            Some("returns") => Some("returns"),
            Some(_) => None,
            None if is(row, "scrap_location") => None,
            None => {
                let name = text(row, "name").map(names::folded).unwrap_or_default();
                let is_returns = is(row, "return_location") || name.starts_with("retour") || name.starts_with("return");
                Some(if is_returns { "returns" } else { "stock" })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn html_is_read_as_its_text() {
        assert_eq!(
            plain("<p>Client recommandé &amp; fidèle</p><p>2&nbsp;× <b>a &lt; b</b><br/>c</p>"),
            "Client recommandé & fidèle\n2 × a < b\nc"
        );
        assert_eq!(plain("1 < 2 & 3 &#233; &#xe9; &what;"), "1 < 2 & 3 é é &what;");
        assert_eq!(plain("<p><br></p>"), "");
    }

    #[test]
    fn noise_of_computed_numbers_is_rounded_away() {
        let read = |text: &str| serde_json::from_str::<Json>(text).map(|value| money(Some(&value), 2));
        for (noisy, clean) in
            [("820.8000000000001", "820.8"), ("1e-7", "0"), ("191899.97999999998", "191899.98"), ("0.125", "0.13"), ("-0.125", "-0.13")]
        {
            assert_eq!(read(noisy).ok(), Some(json!(clean)), "{noisy}");
        }
        assert_eq!(money(Some(&json!(false)), 2), json!("0"));
    }
}
