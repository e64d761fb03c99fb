//! Who gets which goods: first come, first served.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

/// Goods at places, to be taken in turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Goods<Place: Ord>(BTreeMap<Place, Decimal>);

impl<Place: Ord> Goods<Place> {
    /// Takes so many, or what is left of them. Answers how many that are.
    pub fn take(&mut self, place: &Place, wanted: Decimal) -> Decimal {
        let Some(left) = self.0.get_mut(place) else { return Decimal::ZERO };
        let taken = wanted.min(*left).max(Decimal::ZERO);
        *left -= taken;
        taken
    }

    /// How many are left; none where a place does not count its goods.
    pub fn left(&self, place: &Place) -> Option<Decimal> {
        self.0.get(place).copied()
    }
}

impl<Place: Ord> FromIterator<(Place, Decimal)> for Goods<Place> {
    fn from_iter<I: IntoIterator<Item = (Place, Decimal)>>(goods: I) -> Self {
        Goods(goods.into_iter().collect())
    }
}

/// How many goods a move is to take, and how many of them are reserved for it: never more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// How many it is to take.
    pub wanted: Decimal,
    /// How many are reserved.
    pub reserved: Decimal,
}

impl Claim {
    /// What it waits for.
    pub fn lacking(self) -> Decimal {
        self.wanted - self.reserved
    }

    /// What is left of it once so many have moved, which are those that are reserved, as far as there are any.
    pub fn after(self, moved: Decimal) -> Option<Claim> {
        let rest = Claim { wanted: self.wanted - moved, reserved: self.reserved - self.reserved.min(moved) };
        (rest.wanted > Decimal::ZERO).then_some(rest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn goods_are_given_in_turn_and_none_twice(free in 0_i64..100, turns in proptest::collection::vec(0_i64..30, 0..20)) {
            let free = Decimal::from(free);
            let mut goods = Goods::from_iter([("here", free)]);
            let mut given = Decimal::ZERO;
            for wanted in turns.into_iter().map(Decimal::from) {
                let taken = goods.take(&"here", wanted);
                given += taken;
                prop_assert!(Decimal::ZERO <= taken && taken <= wanted);
                // Who gets less than is wanted has taken the last
                prop_assert!(taken == wanted || goods.left(&"here") == Some(Decimal::ZERO));
                prop_assert_eq!(goods.left(&"here"), Some(free - given));
                prop_assert_eq!(goods.take(&"there", wanted), Decimal::ZERO);
            }
        }

        /// However a claim is served, and in whatever parts: nothing of it is lost or made, and no more is reserved than is wanted.
        #[test]
        fn a_claim_in_parts_is_the_whole(wanted in 1_i64..50, reserved in 0_i64..50, parts in proptest::collection::vec(0_i64..20, 0..10)) {
            let wanted = Decimal::from(wanted);
            let mut claim = Claim { wanted, reserved: Decimal::from(reserved).min(wanted) };
            let mut moved = Decimal::ZERO;
            for part in parts.into_iter().map(Decimal::from) {
                moved += part;
                let Some(rest) = claim.after(part) else {
                    prop_assert!(moved >= wanted);
                    break;
                };
                prop_assert_eq!(rest.wanted + moved, wanted);
                prop_assert_eq!(claim.reserved - rest.reserved, claim.reserved.min(part));
                prop_assert!(Decimal::ZERO <= rest.reserved && rest.lacking() >= Decimal::ZERO);
                claim = rest;
            }
        }
    }
}
