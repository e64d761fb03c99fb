//! How far something is, as a bar with its number.

use crate::shown;
use crate::words::Lang;

/// A bar: whole percents of a hundred, and the number in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// From 0 to 100.
    pub percent: u64,
    /// As people read it: `50 %`, `1 000 / 2 400`.
    pub text: String,
}

/// Of a loan file: banks tell a share of one, or percents. What is up to one is a share.
pub fn of_file(lang: Lang, progress: f64) -> Bar {
    let percent = if progress <= 1.0 { progress * 100.0 } else { progress }.clamp(0.0, 100.0);
    let rounded = format!("{:.1}", percent);
    Bar { percent: whole(percent), text: format!("{}\u{a0}%", shown::number(lang, &rounded, None)) }
}

/// Of so many.
pub fn of_many(lang: Lang, done: u64, total: u64) -> Bar {
    let number = |number: u64| shown::number(lang, &number.to_string(), None);
    let percent = done.min(total).saturating_mul(100).checked_div(total).unwrap_or_default();
    Bar { percent, text: format!("{} / {}", number(done), number(total)) }
}

fn whole(percent: f64) -> u64 {
    // It is a whole number within its bounds
    format!("{percent:.0}").parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_and_percents_are_the_same_bar() {
        for (told, percent, text) in [
            (0.5, 50, "50\u{a0}%"),
            (50.0, 50, "50\u{a0}%"),
            (80.5, 80, "80,5\u{a0}%"),
            (1.0, 100, "100\u{a0}%"),
            (250.0, 100, "100\u{a0}%"),
            (-1.0, 0, "0\u{a0}%"),
        ] {
            assert_eq!(of_file(Lang::Fr, told), Bar { percent, text: text.to_owned() }, "{told}");
        }
        assert_eq!(of_many(Lang::En, 5, 0).percent, 0);
        assert_eq!(of_many(Lang::En, 1_000, 4_000), Bar { percent: 25, text: "1,000 / 4,000".to_owned() });
    }
}
