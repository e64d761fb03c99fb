//! How values are shown: numbers, money, days and moments as the reader's language and time zone have them.

use chrono::{NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::Value;

use crate::words::Lang;

/// As the hub writes moments, in UTC.
pub const MOMENT: &str = "%Y-%m-%d %H:%M:%S";
/// As the add-on's doors write them.
const ADD_ONS: &str = "%Y-%m-%d-%H-%M";
/// As a browser's input has them.
const INPUT: &str = "%Y-%m-%dT%H:%M";

/// A whole or decimal number, grouped: `79 000,00`.
pub fn number(lang: Lang, text: &str, places: Option<usize>) -> String {
    let (minus, text) = text.strip_prefix('-').map_or(("", text), |rest| ("\u{2212}", rest));
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || !whole.bytes().chain(decimals.bytes()).all(|byte| byte.is_ascii_digit()) {
        return text.to_owned();
    }
    let (group, point) = match lang {
        Lang::Fr => ('\u{202f}', ','),
        Lang::Ar => ('.', ','),
        Lang::En => (',', '.'),
    };
    let mut grouped = String::from(minus);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(group);
        }
        grouped.push(digit);
    }
    let decimals = match places {
        Some(places) => format!("{:0<places$}", decimals.get(..places.min(decimals.len())).unwrap_or_default()),
        // A quantity's zeros at the end say nothing
        None => decimals.trim_end_matches('0').to_owned(),
    };
    if !decimals.is_empty() {
        grouped.push(point);
        grouped.push_str(&decimals);
    }
    grouped
}

/// An amount in dinars: `79 000,00 DA`.
pub fn money(lang: Lang, text: &str) -> String {
    let amount = number(lang, text, Some(2));
    match lang {
        Lang::Fr | Lang::En => format!("{amount}\u{a0}DA"),
        Lang::Ar => format!("{amount}\u{a0}دج"),
    }
}

/// A day: `26/11/2026`, as all three languages have it here.
pub fn day(text: &str) -> String {
    match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(day) => day.format("%d/%m/%Y").to_string(),
        Err(_) => text.to_owned(),
    }
}

/// A moment as the hub writes it: by its REST doors in the add-on's form, which has no seconds.
pub fn read_moment(text: &str) -> Option<NaiveDateTime> {
    let written = [ADD_ONS, MOMENT].iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    // The audit has them as the database does
    written.or_else(|| chrono::DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.naive_utc()))
}

/// A moment in a time zone: `26/11/2026 14:05`.
pub fn moment(zone: Tz, text: &str) -> String {
    match read_moment(text) {
        Some(moment) => zone.from_utc_datetime(&moment).format("%d/%m/%Y %H:%M").to_string(),
        None => text.to_owned(),
    }
}

/// The same for a browser's input.
pub fn moment_input(zone: Tz, text: &str) -> String {
    read_moment(text).map(|moment| zone.from_utc_datetime(&moment).format(INPUT).to_string()).unwrap_or_default()
}

/// What a browser's input says, in UTC as the hub writes it; none where it can't be read or is no moment there.
pub fn moment_from_input(zone: Tz, text: &str) -> Option<String> {
    let local = NaiveDateTime::parse_from_str(text, INPUT).or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S")).ok()?;
    let at = zone.from_local_datetime(&local).earliest()?;
    Some(at.with_timezone(&Utc).format(MOMENT).to_string())
}

/// A number as people type it, `79 000,50`, as the hub reads it; none where it is none.
pub fn typed_number(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace() && *c != '\u{202f}' && *c != '\u{a0}').collect();
    let plain = plain.trim_end_matches("DA").trim_end_matches("دج");
    // The last of the two marks is the point
    let plain = match (plain.rfind(','), plain.rfind('.')) {
        (Some(comma), Some(point)) if comma > point => plain.replace('.', "").replace(',', "."),
        (Some(_), Some(_)) => plain.replace(',', ""),
        (Some(_), None) => plain.replace(',', "."),
        (None, _) => plain.to_owned(),
    };
    plain.parse::<rust_decimal::Decimal>().ok().map(|number| number.to_string())
}

/// A moment as a machine reads it.
pub fn machine(text: &str) -> String {
    read_moment(text).map(|moment| moment.format("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}

/// The text of a record's field; nothing where it is unset, or not there.
pub fn text_of(record: &Value, name: &str) -> String {
    record.get(name).map(text).unwrap_or_default()
}

/// A JSON scalar's text; nothing where it is unset.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(false) => String::new(),
        Value::Bool(true) => "true".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        list @ (Value::Array(_) | Value::Object(_)) => list.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_as_the_language_has_it() {
        assert_eq!(money(Lang::Fr, "79000.00"), "79\u{202f}000,00\u{a0}DA");
        assert_eq!(money(Lang::Fr, "-1234567.5"), "\u{2212}1\u{202f}234\u{202f}567,50\u{a0}DA");
        assert_eq!(money(Lang::En, "999"), "999.00\u{a0}DA");
        assert_eq!(money(Lang::Ar, "1000"), "1.000,00\u{a0}دج");
        assert_eq!(number(Lang::Fr, "12.500", None), "12,5");
        assert_eq!(number(Lang::Fr, "3.000", None), "3");
    }

    #[test]
    fn numbers_are_read_as_people_type_them() {
        for (typed, read) in [("79 000,50", "79000.50"), ("79.000,50", "79000.50"), ("79,000.50", "79000.50"), ("12", "12"), ("1,5", "1.5")]
        {
            assert_eq!(typed_number(typed).as_deref(), Some(read), "{typed}");
        }
        assert!(typed_number("douze").is_none() && typed_number("").is_none());
    }

    #[test]
    fn moments_are_those_of_the_readers_zone() {
        let zone: Tz = "Africa/Algiers".parse().unwrap();
        assert_eq!(moment(zone, "2026-11-26 23:30:00"), "27/11/2026 00:30");
        assert_eq!(moment(zone, "2026-11-26-23-30"), "27/11/2026 00:30");
        assert_eq!(moment_from_input(zone, "2026-11-27T00:30").as_deref(), Some("2026-11-26 23:30:00"));
    }
}
