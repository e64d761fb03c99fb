//! Records of another Odoo that an owner is given to keep: what all owners' contracts say of them in the same words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How many records one question may bring.
pub const MOST: usize = 1_000;
/// How many parts one record may have.
pub const MOST_PARTS: usize = 1_000;
/// How many parts all records of one question may have.
pub const MOST_PARTS_OF_ALL: usize = 20_000;

/// Records of one model of another Odoo. What is taken is stored in one transaction; a batch twice is once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// Which Odoo: 1 to 64 characters, the same for all that comes from it.
    pub source: String,
    /// The owner's model that they become records of.
    pub model: String,
    /// The greatest id that the model has there. A record that can't have its own id gets one beyond that.
    pub greatest: i64,
    /// Everything is checked, nothing is stored; no sequence moves.
    pub dry: bool,
    /// Of a dry one: what was changed here since it was taken is told, also where the same is given. The release before does not know it.
    #[serde(default)]
    pub verify: bool,
    /// At most [`MOST`].
    pub records: Vec<Record>,
}

/// A record as it is there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its id there, which it keeps where that is free here.
    pub odoo_id: i64,
    /// What it is a part of there: of a variant its template.
    #[serde(default)]
    pub of: Option<i64>,
    /// Its `write_date` there.
    #[serde(default)]
    pub write_date: Option<String>,
    /// Its `create_date` there, which it keeps.
    #[serde(default)]
    pub create_date: Option<String>,
    /// How the banks' platforms know it; none: as they know whatever has its id.
    #[serde(default)]
    pub reference: Option<String>,
    /// What it says, by our fields. What the hub brings itself (countries, wilayas, titles) by name.
    pub values: Map<String, Value>,
    /// What it refers to of what was taken from the same Odoo, by our fields: ids there.
    #[serde(default)]
    pub links: BTreeMap<String, Vec<i64>>,
    /// The lines that come with it, by our one2many fields: all that it has, [`MOST_PARTS`] at most, [`MOST_PARTS_OF_ALL`] of a question.
    /// Each has an id of its own there. One that can't be taken refuses the whole record. The release before has no parts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, Vec<Record>>,
    /// Whether it is the record that has its natural key here, which stays as it is, where there is one; else it is refused.
    #[serde(default)]
    pub merge: bool,
}

/// What became of a record, in the order of the batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Became {
    /// Its id there.
    pub odoo_id: i64,
    /// What became of it.
    pub outcome: Outcome,
    /// What of a record that is taken is not as it is there. The release before tells nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<String>,
    /// The lines of a record that is taken, for what refers to them. The release before tells nothing of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// A line that is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The owner's model.
    pub model: String,
    /// Its id there.
    pub odoo_id: i64,
    /// Its id here.
    pub record_id: i64,
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is a record here, or, in a rehearsal, would be.
    Taken {
        /// Its id here; none where a rehearsal would make it.
        record_id: Option<i64>,
        /// Of what was given, as it is read here: the same as long as that says the same.
        digest: String,
        /// What had to be done.
        how: How,
    },
    /// Nothing of it was stored.
    Refused {
        /// Of which kind the reason is.
        misfit: Misfit,
        /// The reason, for people; what is personal does not stand in it.
        reason: String,
        /// The record here that stands in its way.
        record_id: Option<i64>,
        /// The record there that stands in its way, or that it needs: its model here and its id there.
        odoo: Option<(String, i64)>,
    },
}

/// What had to be done for a record that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It was made.
    Made,
    /// It had other values.
    Changed,
    /// Nothing: it was taken before, and says the same.
    Same,
    /// It is one that was here already.
    Merged,
}

/// Why a record is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Misfit {
    /// A value is missing, or is not one of its field.
    Value,
    /// Its natural key is another record's.
    Key,
    /// Another record has its reference, or what else only one may have.
    Taken,
    /// What it refers to was not taken.
    Link,
    /// It was changed here since it was taken.
    Changed,
    /// It was removed or forgotten here since it was taken.
    Removed,
}
