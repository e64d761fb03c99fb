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

    /// With what stock has told of it since. Nothing of what was shipped, came back or was given up is ever undone: who asked before the
    /// last one who told may come after him.
    #[must_use]
    pub fn after(&self, told: &Served) -> Served {
        Served {
            ordered: self.ordered,
            reserved: told.reserved,
            delivered: told.delivered.max(self.delivered),
            returned: told.returned.max(self.returned),
            closed: told.closed.max(self.closed),
        }
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

/// A line of a credit note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credit {
    /// How many.
    pub quantity: Decimal,
    /// What they come to.
    pub amounts: Amounts,
}

impl Invoiced {
    /// The credit that is due now that so many came back and so many were given up, all in all; none where all of it is credited.
    pub fn due(&self, returned: Decimal, closed: Decimal) -> Option<Credit> {
        let line = Served { ordered: self.quantity, returned, closed, ..Served::default() };
        let quantity = line.to_credit(self.credited);
        (quantity > Decimal::ZERO).then(|| Credit { quantity, amounts: self.credit(quantity) })
    }

    /// What a credit of so many comes to. Each amount is that of so many at this price, but never more than what is left of it; what
    /// credits the last of the line takes what is left, so that in sum all credits are the mirror of the invoice.
    pub fn credit(&self, quantity: Decimal) -> Amounts {
        let left = self.amounts - self.credited_amounts;
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

    fn invoiced(quantity: Decimal, price: Decimal, tax: Tax) -> Invoiced {
        let amounts = price::amounts(quantity, price, tax);
        Invoiced { quantity, price, tax, amounts, credited: Decimal::ZERO, credited_amounts: Amounts::default() }
    }

    #[test]
    fn seven_returned_singly_are_the_mirror_of_seven() {
        let mut line = invoiced(of("7"), of("80000"), Tax { rate: of("19"), included: true });
        for at in 1..=7 {
            let part = line.credit(Decimal::ONE);
            assert_eq!(part.untaxed, of(if at < 7 { "67226.89" } else { "67226.90" }));
            line.credited += Decimal::ONE;
            line.credited_amounts = line.credited_amounts + part;
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
                line.credited_amounts = line.credited_amounts + credit;
                let (all, invoice) = (line.credited_amounts, line.amounts);
                prop_assert!(all.untaxed <= invoice.untaxed && all.tax <= invoice.tax && all.total <= invoice.total);
            }
            prop_assert_eq!(line.credited_amounts, line.amounts);
        }

        /// Whatever comes back and is given up, and however often the invoice is looked at meanwhile.
        #[test]
        fn what_is_due_is_credited_once_and_all_of_it_in_the_end(
            ordered in 1_i64..50, price in 0_i64..5_000_000, rate in 0_i64..100, included: bool,
            steps in proptest::collection::vec((any::<bool>(), 0_i64..8), 0..40),
        ) {
            let mut line = invoiced(Decimal::from(ordered), Decimal::new(price, 2), Tax { rate: Decimal::from(rate), included });
            let (mut returned, mut closed) = (Decimal::ZERO, Decimal::ZERO);
            for (is_return, many) in steps {
                let many = Decimal::from(many).min(line.quantity - returned - closed);
                if is_return { returned += many } else { closed += many }
                if let Some(credit) = line.due(returned, closed) {
                    line.credited += credit.quantity;
                    line.credited_amounts = line.credited_amounts + credit.amounts;
                }
                prop_assert_eq!(line.credited, returned + closed);
                prop_assert_eq!(line.due(returned, closed), None);
            }
            if let Some(rest) = line.due(returned, line.quantity - returned) {
                line.credited_amounts = line.credited_amounts + rest.amounts;
            }
            prop_assert_eq!(line.credited_amounts, line.amounts);
        }

        /// What stock tells comes twice, late or out of order.
        #[test]
        fn nothing_that_was_told_is_undone(told in proptest::collection::vec((0_i64..9, 0_i64..9, 0_i64..9, 0_i64..9), 1..20)) {
            let served = |(reserved, delivered, returned, closed): (i64, i64, i64, i64)| {
                let [reserved, delivered, returned, closed] = [reserved, delivered, returned, closed].map(Decimal::from);
                Served { ordered: Decimal::TEN, reserved, delivered, returned, closed }
            };
            let mut line = Served { ordered: Decimal::TEN, ..Served::default() };
            for told in told.into_iter().map(served) {
                let after = line.after(&told);
                prop_assert_eq!(after.after(&told), after);
                prop_assert_eq!((after.ordered, after.reserved), (line.ordered, told.reserved));
                prop_assert!(after.delivered >= line.delivered && after.returned >= line.returned && after.closed >= line.closed);
                prop_assert!(after.delivered >= told.delivered && after.returned >= told.returned && after.closed >= told.closed);
                prop_assert!(after.to_credit(Decimal::ZERO) >= line.to_credit(Decimal::ZERO));
                line = after;
            }
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
