//! What a verification found: an equation a line, which `ek.odoo.run` keeps as JSON, and which is printed to be signed.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Whether each equation holds and nothing is unexplained.
    pub passed: bool,
    /// A line a reader.
    pub lines: Vec<Line>,
    /// The first records that differ, by reader.
    pub differences: Vec<Difference>,
    /// How many records differ.
    pub differing: u64,
}

/// That Odoo's records are those that were taken, put aside and left out; and that what was taken is here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The reader's name.
    pub reader: String,
    /// The model there.
    pub theirs: String,
    /// The model here.
    pub model: String,
    /// What is added up beside the number: a field here; none.
    pub sum_of: Option<String>,
    /// What is there.
    pub there: Side,
    /// What of it was taken.
    pub taken: Side,
    /// What was put aside, each for its reason.
    pub put_aside: Side,
    /// What stays where it is.
    pub left_out: Side,
    /// What of the taken is here.
    pub here: Side,
    /// What of the sum there is below zero: here it is nothing.
    pub below_zero: Decimal,
    /// How many are here and no longer there.
    pub gone: u64,
    /// What was taken, by what people ask for: the state, the bank and the month, or the place.
    pub parts: Vec<Part>,
}

/// A number of records, and a sum of theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// How many.
    pub many: u64,
    /// Of amounts or quantities; credit notes count below zero.
    pub sum: Decimal,
}

/// What came of a cut-over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutOver {
    /// The verification after the last changes.
    pub verified: Verified,
    /// How many moves of open transfers were let go.
    pub moves: u64,
    /// How many of these did not get all that they want.
    pub short: u64,
}

impl Side {
    /// One more.
    pub fn add(&mut self, amount: Decimal) {
        self.many += 1;
        self.sum += amount;
    }
}

/// Both sides of some of the records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Which: "EK_ORDER_DELIVERED · BNA · 2026-03".
    pub of: String,
    /// There.
    pub there: Side,
    /// Here.
    pub here: Side,
}

/// A record that is not here as it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The reader's name.
    pub reader: String,
    /// Its id there.
    pub their_id: i64,
    /// Its id here.
    pub record_id: Option<i64>,
    /// What differs; nothing personal.
    pub what: String,
}

impl Line {
    /// Whether it is an equation.
    pub fn holds(&self) -> bool {
        let sum = |of: fn(&Line) -> Side| (of(self).many, of(self).sum);
        let (there, parts) = (sum(|line| line.there), [sum(|line| line.taken), sum(|line| line.put_aside), sum(|line| line.left_out)]);
        let added = parts.iter().fold((0, self.below_zero), |(many, all), (n, of)| (many + n, all + of));
        there == added && self.taken == self.here && self.parts.iter().all(|part| part.there == part.here)
    }
}
