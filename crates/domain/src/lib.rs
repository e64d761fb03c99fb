//! The rules of the business: who a user is, where a change came from, what a role may give.
//!
//! No HTTP, no SQL, no async, no clock: every rule here is a function of its arguments.

pub mod goods;
pub mod identity;
pub mod names;
pub mod order;
pub mod price;
pub mod served;
pub mod when;

pub use identity::{Identity, Kind, Origin, Role};
pub use order::Progress;
pub use served::is_closed;

/// The code of the central warehouse, where goods are that are at no point of sale.
pub const CENTRAL: &str = "EKIWH";

/// The longest text that may be a mistyped name, in bytes: comparing takes the product of two lengths.
const MAX_NAME: usize = 64;

/// The name among `known` that a mistyped one most likely meant, if any is near.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if wrong.len() > MAX_NAME {
        return None;
    }
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_one_that_could_have_been_meant() {
        let known = ["name", "email", "manufacturer_ref"];
        assert_eq!(nearest("nmae", known), Some("name"));
        assert_eq!(nearest("manufacturer_reff", known), Some("manufacturer_ref"));
        assert_eq!(nearest("zzzzzzzz", known), None);
    }

    #[test]
    fn a_text_that_is_too_long_for_a_name_is_compared_with_none() {
        let known = ["a".repeat(80)];
        let known = || known.iter().map(String::as_str);
        assert_eq!(nearest(&"a".repeat(65), known()), None);
        assert!(nearest(&"a".repeat(64), known()).is_some());
    }
}
