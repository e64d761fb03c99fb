//! What a line of an order owes, and what of it is credited.

use rust_decimal::Decimal;

use crate::price::{self, Amounts, Tax};

/// Whether a point of sale takes no new lead and no new purchase; it still delivers what it owes.
pub fn is_closed(active: bool, status: &str) -> bool {
    !active || status == "BLOCKED"
}

/// How far a line of an order is, in quantities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// What was ordered; of an order that is delivered, what is invoiced.
    pub ordered: Decimal,
    /// What is put aside for it.
    pub reserved: Decimal,
    /// What was shipped, all in all.
    pub delivered: Decimal,
    /// What came back of that.
    pub returned: Decimal,
    /// What was given up: it will not be shipped.
    pub closed: Decimal,
}

impl Served {
    /// What it waits for: neither shipped nor put aside nor given up.
    pub fn short(&self) -> Decimal {
        (self.ordered - self.delivered - self.closed - self.reserved).max(Decimal::ZERO)
    }

    /// What the client has.
    pub fn kept(&self) -> Decimal {
        self.delivered - self.returned
    }

    /// What is to be credited of it, `credited` being credited already: what came back and what was given up. What the client has, and
    /// what may still be shipped, stays invoiced, so that nobody has more than is paid for.
    pub fn to_credit(&self, credited: Decimal) -> Decimal {
        let most = self.ordered - credited;
        (self.returned + self.closed - credited).min(most).max(Decimal::ZERO)
    }
}

/// A line of an invoice, with what is credited of it already.
#[derive(Clone, Copy, Debug)]
pub struct Invoiced {
    /// How many.
    pub quantity: Decimal,
    /// At this price.
    pub price: Decimal,
    /// With this tax.
    pub tax: Tax,
    /// What that came to.
    pub amounts: Amounts,
    /// How many are credited.
    pub credited: Decimal,
    /// What these came to.
    pub credited_amounts: Amounts,
}

impl Invoiced {
    /// What a credit of so many comes to. Each amount is that of so many at this price, but never more than what is left of it; what
    /// credits the last of the line takes what is left, so that in sum all credits are the mirror of the invoice.
    pub fn credit(&self, quantity: Decimal) -> Amounts {
        let left = Amounts {
            untaxed: self.amounts.untaxed - self.credited_amounts.untaxed,
            tax: self.amounts.tax - self.credited_amounts.tax,
            total: self.amounts.total - self.credited_amounts.total,
        };
        if self.credited + quantity >= self.quantity {
            return left;
        }
        let part = price::amounts(quantity, self.price, self.tax);
        let total = part.total.min(left.total);
        // What is rounded up again and again would be more than there is, of the one or of the other
        let untaxed = part.untaxed.min(left.untaxed).max(total - left.tax);
        Amounts { untaxed, tax: total - untaxed, total }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    const NOTHING: Amounts = Amounts { untaxed: Decimal::ZERO, tax: Decimal::ZERO, total: Decimal::ZERO };

    fn plus(one: Amounts, other: Amounts) -> Amounts {
        Amounts { untaxed: one.untaxed + other.untaxed, tax: one.tax + other.tax, total: one.total + other.total }
    }

    fn invoiced(quantity: Decimal, price: Decimal, tax: Tax) -> Invoiced {
        let amounts = price::amounts(quantity, price, tax);
        Invoiced { quantity, price, tax, amounts, credited: Decimal::ZERO, credited_amounts: NOTHING }
    }

    #[test]
    fn seven_returned_singly_are_the_mirror_of_seven() {
        let mut line = invoiced(of("7"), of("80000"), Tax { rate: of("19"), included: true });
        for at in 1..=7 {
            let part = line.credit(Decimal::ONE);
            assert_eq!(part.untaxed, of(if at < 7 { "67226.89" } else { "67226.90" }));
            line.credited += Decimal::ONE;
            line.credited_amounts = plus(line.credited_amounts, part);
        }
        assert_eq!(line.credited_amounts, line.amounts);
    }

    #[test]
    fn what_is_closed_takes_nothing_new() {
        assert!(is_closed(false, "ACTIVE") && is_closed(true, "BLOCKED") && !is_closed(true, "WAITING"));
    }

    proptest! {
        /// Whatever the tax, however a line is taken apart.
        #[test]
        fn credits_are_never_more_than_the_invoice_and_in_sum_its_mirror(
            parts in proptest::collection::vec(1_i64..2_000, 1..60), thousandths: bool, price in 0_i64..5_000_000, rate in 0_i64..10_000, included: bool,
        ) {
            let quantity = |part: i64| Decimal::new(part, if thousandths { 3 } else { 0 });
            let mut line = invoiced(quantity(parts.iter().sum()), Decimal::new(price, 2), Tax { rate: Decimal::new(rate, 2), included });
            for part in parts {
                let credit = line.credit(quantity(part));
                prop_assert_eq!(credit.untaxed + credit.tax, credit.total);
                prop_assert!(credit.untaxed >= Decimal::ZERO && credit.tax >= Decimal::ZERO);
                line.credited += quantity(part);
                line.credited_amounts = plus(line.credited_amounts, credit);
                let (all, invoice) = (line.credited_amounts, line.amounts);
                prop_assert!(all.untaxed <= invoice.untaxed && all.tax <= invoice.tax && all.total <= invoice.total);
            }
            prop_assert_eq!(line.credited_amounts, line.amounts);
        }

        /// A life of a line, in which crm hears of what stock did whenever it likes.
        #[test]
        fn nobody_has_more_than_is_paid_for(ordered in 1_i64..20, steps in proptest::collection::vec((0_u8..4, 1_i64..8), 0..60)) {
            let mut line = Served { ordered: Decimal::from(ordered), ..Served::default() };
            let (mut told, mut credited) = (line, Decimal::ZERO);
            for (step, many) in steps {
                let many = Decimal::from(many);
                match step {
                    0 => line.delivered += many.min(line.short()),
                    1 => line.returned += many.min(line.kept()),
                    2 => line.closed += line.short(),
                    _ => {
                        told = line;
                        let credit = told.to_credit(credited);
                        prop_assert!(credit >= Decimal::ZERO);
                        credited += credit;
                    }
                }
                prop_assert!(line.kept() <= line.ordered - credited);
                prop_assert!(credited <= line.ordered);
                prop_assert_eq!(told.to_credit(credited), Decimal::ZERO);
            }
        }
    }
}
