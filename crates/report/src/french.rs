//! Numbers, money and dates as French writes them.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Utc};
use rust_decimal::{Decimal, RoundingStrategy};

/// Between thousands, and before a unit: a line is never broken here. The narrow one is too narrow in small print.
const NO_BREAK: char = '\u{a0}';

/// An amount of dinars: "560 000,00 DA", rounded to centimes.
pub fn money(amount: Decimal) -> String {
    format!("{}{NO_BREAK}DA", self::amount(amount))
}

/// The same without its unit, for columns.
pub fn amount(amount: Decimal) -> String {
    grouped(&format!("{:.2}", centimes(amount)))
}

/// The price of one of `quantity`, which come to `amount` together: with two decimals, or as many more as it takes (six at most)
/// so that who multiplies finds the amount. One of nothing has no price.
pub fn price(amount: Decimal, quantity: Decimal) -> String {
    let Some(exact) = amount.checked_div(quantity) else { return String::new() };
    let rounded = |places| exact.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
    let comes_to = |price: Decimal| price.checked_mul(quantity).map(centimes) == Some(centimes(amount));
    let places = (2..6).find(|places| comes_to(rounded(*places))).unwrap_or(6);
    let price = rounded(places);
    if places == 2 { self::amount(price) } else { grouped(&price.normalize().to_string()) }
}

/// A quantity, with the decimals that it has and no others: "7", "2,5".
pub fn quantity(amount: Decimal) -> String {
    grouped(&amount.normalize().to_string())
}

/// A day: "24/11/2026".
pub fn date(day: NaiveDate) -> String {
    format!("{:02}/{:02}/{:04}", day.day(), day.month(), day.year())
}

/// The day that a moment is in Algiers, which is one hour before UTC all the year.
pub fn day(at: DateTime<Utc>) -> NaiveDate {
    FixedOffset::east_opt(3_600).map_or(at.date_naive(), |algiers| at.with_timezone(&algiers).date_naive())
}

/// An amount of dinars in words: "cinq cent soixante mille dinars algériens et cinquante centimes".
///
/// The spelling is the one before 1990, which all readers know: hyphens only below a hundred and not beside "et".
pub fn in_words(amount: Decimal) -> String {
    let amount = centimes(amount);
    let (sign, amount) = if amount.is_sign_negative() { ("moins ", -amount) } else { ("", amount) };
    // A truncated number has no places: its mantissa is the number
    let whole = |amount: Decimal| amount.trunc().mantissa().unsigned_abs();
    let (dinars, cents) = (whole(amount), whole(amount.fract() * Decimal::ONE_HUNDRED));
    // "deux millions de dinars": million and milliard are nouns, which want their "de"
    let unit = match dinars {
        0 | 1 => " dinar algérien",
        _ if dinars.is_multiple_of(1_000_000) => " de dinars algériens",
        _ => " dinars algériens",
    };
    let mut words = format!("{sign}{}{unit}", cardinal(dinars, true));
    if cents > 0 {
        let unit = if cents == 1 { "centime" } else { "centimes" };
        words.push_str(&format!(" et {} {unit}", cardinal(cents, true)));
    }
    words
}

/// Rounded as sums of money are, and never "-0".
fn centimes(amount: Decimal) -> Decimal {
    let rounded = amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    if rounded.is_zero() { Decimal::ZERO } else { rounded }
}

/// A plain number ("-1234.5") with thousands apart and a comma.
fn grouped(plain: &str) -> String {
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain), |digits| ("-", digits));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let mut written = String::from(if plain.contains(|digit: char| ('1'..='9').contains(&digit)) { sign } else { "" });
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            written.push(NO_BREAK);
        }
        written.push(digit);
    }
    if !decimals.is_empty() {
        written.push(',');
        written.push_str(decimals);
    }
    written
}

const SMALL: [&str; 17] = [
    "zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize", "quatorze", "quinze",
    "seize",
];
const TENS: [&str; 10] = ["", "dix", "vingt", "trente", "quarante", "cinquante", "soixante", "soixante", "quatre-vingt", "quatre-vingt"];

/// A number in words. `plural`: whether "quatre-vingts" and "cents" may have their s, which they lose before another number,
/// "mille" among them, but not before "millions".
fn cardinal(number: u128, plural: bool) -> String {
    match number {
        0..100 => tens(number, plural),
        100..1_000 => {
            let (hundreds, rest) = (number / 100, number % 100);
            let many = if hundreds == 1 { String::new() } else { format!("{} ", tens(hundreds, false)) };
            match rest {
                0 => format!("{many}cent{}", if plural && hundreds > 1 { "s" } else { "" }),
                _ => format!("{many}cent {}", tens(rest, plural)),
            }
        }
        1_000..1_000_000 => {
            let many = if number < 2_000 { String::new() } else { format!("{} ", cardinal(number / 1_000, false)) };
            joined(format!("{many}mille"), number % 1_000, plural)
        }
        1_000_000..1_000_000_000 => joined(nouns(number / 1_000_000, "million"), number % 1_000_000, plural),
        // Thousands of milliards rather than billions, which too many readers take for a thousand times less
        _ => joined(nouns(number / 1_000_000_000, "milliard"), number % 1_000_000_000, plural),
    }
}

/// "un million", "deux millions", "un million de milliards".
fn nouns(count: u128, noun: &str) -> String {
    let of = if count.is_multiple_of(1_000_000) { "de " } else { "" };
    format!("{} {of}{noun}{}", cardinal(count, true), if count > 1 { "s" } else { "" })
}

fn joined(head: String, rest: u128, plural: bool) -> String {
    if rest == 0 { head } else { format!("{head} {}", cardinal(rest, plural)) }
}

/// A number below a hundred.
fn tens(number: u128, plural: bool) -> String {
    let small = |number: u128| usize::try_from(number).ok().and_then(|at| SMALL.get(at)).copied();
    if let Some(word) = small(number) {
        return word.to_owned();
    }
    let ten = usize::try_from(number / 10).ok().and_then(|at| TENS.get(at)).copied().unwrap_or_default();
    // 70 and 90 go on counting from 60 and 80
    let rest = if matches!(number / 10, 7 | 9) { number % 10 + 10 } else { number % 10 };
    match (number, rest) {
        (80, _) => format!("{ten}{}", if plural { "s" } else { "" }),
        (_, 0) => ten.to_owned(),
        (21 | 31 | 41 | 51 | 61 | 71, _) => format!("{ten} et {}", tens(rest, plural)),
        _ => format!("{ten}-{}", tens(rest, plural)),
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::from_str(text).unwrap()
    }

    #[test]
    fn money_has_two_places_and_its_thousands_apart() {
        for (amount, written) in [
            ("0", "0,00 DA"),
            ("-0.00", "0,00 DA"),
            ("-0.001", "0,00 DA"),
            ("0.005", "0,01 DA"),
            ("7", "7,00 DA"),
            ("999.999", "1 000,00 DA"),
            ("1000", "1 000,00 DA"),
            ("560000", "560 000,00 DA"),
            ("-1234567.8", "-1 234 567,80 DA"),
            ("100000000000000", "100 000 000 000 000,00 DA"),
        ] {
            assert_eq!(money(decimal(amount)).replace(NO_BREAK, " "), written);
        }
        assert!(!money(decimal("560000")).contains(' '), "a sum could be broken into two lines");
        assert!(money(Decimal::MAX).ends_with("DA") && money(Decimal::MIN).starts_with('-'));
    }

    #[test]
    fn a_quantity_has_no_decimals_that_say_nothing() {
        for (amount, written) in [
            ("7.000", "7"),
            ("2.50", "2,5"),
            ("0", "0"),
            ("-0.0", "0"),
            ("-3", "-3"),
            ("1200.25", "1 200,25"),
            ("0.001", "0,001"),
            ("100", "100"),
        ] {
            assert_eq!(quantity(decimal(amount)).replace(NO_BREAK, " "), written);
        }
    }

    #[test]
    fn a_price_times_its_quantity_is_the_amount() {
        for (amount, quantity, written) in [
            ("560000", "7", "80 000,00"),
            ("470588.24", "7", "67 226,891"),
            ("67226.89", "1", "67 226,89"),
            ("100", "3", "33,333"),
            ("0", "3", "0,00"),
            ("0.01", "2.5", "0,004"),
        ] {
            assert_eq!(price(decimal(amount), decimal(quantity)).replace(NO_BREAK, " "), written);
        }
    }

    #[test]
    fn half_past_midnight_in_algiers_is_that_day() {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        for (moment, written) in [
            ("2026-11-25T22:59:59Z", "25/11/2026"),
            ("2026-11-25T23:00:00Z", "26/11/2026"),
            ("2026-11-25T23:30:00Z", "26/11/2026"),
            ("2026-12-31T23:30:00Z", "01/01/2027"),
        ] {
            assert_eq!(date(day(at(moment))), written);
        }
    }

    #[test]
    fn a_day_is_written_day_first() {
        assert_eq!(date(NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()), "24/11/2026");
        assert_eq!(date(NaiveDate::from_ymd_opt(2027, 1, 2).unwrap()), "02/01/2027");
    }

    #[test]
    fn numbers_are_spelled_as_french_does() {
        for (number, words) in [
            (0, "zéro"),
            (1, "un"),
            (16, "seize"),
            (17, "dix-sept"),
            (19, "dix-neuf"),
            (20, "vingt"),
            (21, "vingt et un"),
            (22, "vingt-deux"),
            (60, "soixante"),
            (61, "soixante et un"),
            (69, "soixante-neuf"),
            (70, "soixante-dix"),
            (71, "soixante et onze"),
            (72, "soixante-douze"),
            (77, "soixante-dix-sept"),
            (80, "quatre-vingts"),
            (81, "quatre-vingt-un"),
            (90, "quatre-vingt-dix"),
            (91, "quatre-vingt-onze"),
            (99, "quatre-vingt-dix-neuf"),
            (100, "cent"),
            (101, "cent un"),
            (171, "cent soixante et onze"),
            (180, "cent quatre-vingts"),
            (200, "deux cents"),
            (201, "deux cent un"),
            (280, "deux cent quatre-vingts"),
            (999, "neuf cent quatre-vingt-dix-neuf"),
            (1_000, "mille"),
            (1_001, "mille un"),
            (1_080, "mille quatre-vingts"),
            (1_200, "mille deux cents"),
            (2_000, "deux mille"),
            (21_000, "vingt et un mille"),
            (80_000, "quatre-vingt mille"),
            (80_080, "quatre-vingt mille quatre-vingts"),
            (200_000, "deux cent mille"),
            (999_999, "neuf cent quatre-vingt-dix-neuf mille neuf cent quatre-vingt-dix-neuf"),
            (1_000_000, "un million"),
            (1_000_001, "un million un"),
            (2_000_000, "deux millions"),
            (80_000_000, "quatre-vingts millions"),
            (200_000_000, "deux cents millions"),
            (201_300_000, "deux cent un millions trois cent mille"),
            (1_000_000_000, "un milliard"),
            (3_000_000_200, "trois milliards deux cents"),
            (1_000_000_000_000, "mille milliards"),
            (100_000_000_000_000, "cent mille milliards"),
            (2_000_000_000_000_000, "deux millions de milliards"),
        ] {
            assert_eq!(cardinal(number, true), words, "{number}");
        }
    }

    #[test]
    fn sums_are_spelled_with_their_unit() {
        for (amount, words) in [
            ("0", "zéro dinar algérien"),
            ("-0.001", "zéro dinar algérien"),
            ("0.5", "zéro dinar algérien et cinquante centimes"),
            ("1", "un dinar algérien"),
            ("1.01", "un dinar algérien et un centime"),
            ("2", "deux dinars algériens"),
            ("1.999", "deux dinars algériens"),
            ("80", "quatre-vingts dinars algériens"),
            ("560000.50", "cinq cent soixante mille dinars algériens et cinquante centimes"),
            ("1000000", "un million de dinars algériens"),
            ("2000000.80", "deux millions de dinars algériens et quatre-vingts centimes"),
            ("1200000", "un million deux cent mille dinars algériens"),
            ("1000000000", "un milliard de dinars algériens"),
            ("100000000000000", "cent mille milliards de dinars algériens"),
            ("-71.71", "moins soixante et onze dinars algériens et soixante et onze centimes"),
        ] {
            assert_eq!(in_words(decimal(amount)), words, "{amount}");
        }
        assert!(in_words(Decimal::MAX).ends_with("dinars algériens"));
        assert!(in_words(Decimal::MIN).starts_with("moins "));
    }
}
