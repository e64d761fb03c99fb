//! What a line of a document amounts to.

use std::iter::Sum;
use std::ops::{Add, Sub};

use rust_decimal::{Decimal, RoundingStrategy};

/// A line's amounts, or a document's, of two places each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Without tax.
    pub untaxed: Decimal,
    /// The tax.
    pub tax: Decimal,
    /// With tax; always the sum of both.
    pub total: Decimal,
}

/// As everywhere here, what is beyond any amount of money counts as the largest there is.
impl Add for Amounts {
    type Output = Amounts;

    fn add(self, other: Amounts) -> Amounts {
        Amounts {
            untaxed: self.untaxed.saturating_add(other.untaxed),
            tax: self.tax.saturating_add(other.tax),
            total: self.total.saturating_add(other.total),
        }
    }
}

impl Sub for Amounts {
    type Output = Amounts;

    fn sub(self, other: Amounts) -> Amounts {
        Amounts {
            untaxed: self.untaxed.saturating_sub(other.untaxed),
            tax: self.tax.saturating_sub(other.tax),
            total: self.total.saturating_sub(other.total),
        }
    }
}

/// What a document's lines come to.
impl Sum for Amounts {
    fn sum<I: Iterator<Item = Amounts>>(lines: I) -> Amounts {
        lines.fold(Amounts::default(), Add::add)
    }
}

/// A tax, as a line copies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tax {
    /// Per cent.
    pub rate: Decimal,
    /// Whether prices have it in them, as shop prices do.
    pub included: bool,
}

/// Half up, to the centime.
pub fn rounded(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// What so many at this price come to. What is beyond any amount of money counts as the largest there is.
pub fn amounts(quantity: Decimal, price: Decimal, tax: Tax) -> Amounts {
    let gross = rounded(quantity.checked_mul(price).unwrap_or(Decimal::MAX));
    if tax.included {
        let untaxed = rounded(gross / (Decimal::ONE + tax.rate / Decimal::ONE_HUNDRED));
        Amounts { untaxed, tax: gross - untaxed, total: gross }
    } else {
        let due = rounded(gross.checked_mul(tax.rate).unwrap_or(Decimal::MAX) / Decimal::ONE_HUNDRED);
        Amounts { untaxed: gross, tax: due, total: gross.checked_add(due).unwrap_or(Decimal::MAX) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_price_with_its_tax_in_it_is_taken_apart() {
        let tax = Tax { rate: of("19"), included: true };
        assert_eq!(amounts(of("7"), of("80000"), tax), Amounts { untaxed: of("470588.24"), tax: of("89411.76"), total: of("560000") });
        assert_eq!(amounts(of("1"), of("0.01"), tax).total, of("0.01"));
    }

    #[test]
    fn a_price_without_its_tax_gets_it() {
        let tax = Tax { rate: of("19"), included: false };
        assert_eq!(amounts(of("3"), of("10.05"), tax), Amounts { untaxed: of("30.15"), tax: of("5.73"), total: of("35.88") });
    }

    proptest! {
        #[test]
        fn parts_make_the_whole(quantity in 1_i64..1_000_000, price in 0_i64..10_000_000_000, rate in 0_i64..100, included: bool) {
            let tax = Tax { rate: Decimal::from(rate), included };
            let all = amounts(Decimal::new(quantity, 3), Decimal::new(price, 2), tax);
            prop_assert_eq!(all.untaxed + all.tax, all.total);
            prop_assert!(all.untaxed >= Decimal::ZERO && all.tax >= Decimal::ZERO);
        }

        #[test]
        fn a_document_comes_to_what_its_lines_do_whatever_their_order(
            lines in proptest::collection::vec((1_i64..1_000, 0_i64..10_000_000, 0_i64..100, any::<bool>()), 0..20),
        ) {
            let line = |&(quantity, price, rate, included): &(i64, i64, i64, bool)| {
                amounts(Decimal::from(quantity), Decimal::new(price, 2), Tax { rate: Decimal::from(rate), included })
            };
            let sum: Amounts = lines.iter().map(line).sum();
            prop_assert_eq!(sum.untaxed + sum.tax, sum.total);
            prop_assert_eq!(lines.iter().rev().map(line).sum::<Amounts>(), sum);
            prop_assert_eq!(lines.iter().fold(sum, |left, taken| left - line(taken)), Amounts::default());
        }
    }
}
