//! What the bridge tells others: what an inspection of an Odoo found. `ek.odoo.run` keeps it as JSON.

use serde::{Deserialize, Serialize};

mod verified;

pub use verified::{CutOver, Difference, Line, Part, Side, Verified};

/// What an inspection found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Odoo's own words, as `16.0`.
    pub server_version: String,
    /// Its first number.
    pub major: u32,
    /// By which of its doors it is asked: `json-rpc` or `json-2`.
    pub protocol: String,
    /// The language that names are read in.
    pub lang: String,
    /// The company that comes over.
    pub company: Option<Company>,
    /// The others that the user sees; their records are left out.
    pub other_companies: Vec<Company>,
    /// What is installed; none where the user may not read it.
    pub modules: Option<Vec<Module>>,
    /// What the user may not see, and should.
    pub rights: Vec<Missing>,
    /// Models that are not there: their modules are not installed.
    pub absent: Vec<String>,
    /// How many records there are, a line a model.
    pub counts: Vec<Count>,
    /// Fields that no plain Odoo has.
    pub custom: Vec<Custom>,
    /// Whether the add-on that the hub replaces is there.
    pub addon: Addon,
    /// What stands in the field that names an order's or lead's bank, each as it is spelled.
    pub banks: Vec<Spelled>,
    /// Taxes of sales.
    pub taxes: Vec<Tax>,
    /// What will not fit, and what becomes of it.
    pub misfits: Vec<Misfit>,
    /// What is not brought over by design, counted by name.
    pub left_out: Vec<LeftOut>,
    /// What is wrong with the mapping that is kept with the Odoo.
    pub mapping_problems: Vec<Problem>,
}

/// A company in that Odoo.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// Its id there.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// `res.currency` there.
    pub currency_id: i64,
    /// The currency's name.
    pub currency: String,
}

/// A module that is installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// Its technical name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Who made it.
    pub author: String,
}

/// What the user may not see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Of which model.
    pub model: String,
    /// What to do about it.
    pub why: String,
}

/// How many records a model has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The model.
    pub model: String,
    /// All of them, archived ones too.
    pub all: u64,
    /// Those that are archived.
    pub archived: u64,
}

/// A field that no plain Odoo has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Custom {
    /// Of which model.
    pub model: String,
    /// Its name.
    pub field: String,
    /// What people read.
    pub label: String,
    /// Odoo's type.
    pub kind: String,
    /// Whether it was made by hand (`x_`), else it is of a module that is not known here.
    pub is_manual: bool,
    /// The field of the hub that it seems to be.
    pub ours: Option<String>,
}

/// The add-on that the hub replaces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addon {
    /// Its fields that are there, `model.field`.
    pub found: Vec<String>,
    /// Those that are not.
    pub missing: Vec<String>,
}

/// A text as it stands there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spelled {
    /// The text.
    pub value: String,
    /// How often.
    pub many: u64,
}

/// A tax.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tax {
    /// Its id there.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its rate in percent, as a number's text.
    pub rate: String,
}

/// A kind of record that will not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Misfit {
    /// Its name in a mapping's `[misfits]`.
    pub kind: String,
    /// The model whose ids these are.
    pub model: String,
    /// How many.
    pub many: u64,
    /// The first ids.
    pub ids: Vec<i64>,
    /// Why, in words.
    pub why: String,
    /// What becomes of them by default: `merge`, `without_key`, `put_aside`, or `take`, where only a value changes.
    pub answer: String,
}

/// What is not brought over by design.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// In words.
    pub what: String,
    /// The model.
    pub model: String,
    /// How many.
    pub many: u64,
}

/// What is wrong in a mapping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What, and what may have been meant.
    pub message: String,
}

/// What came over by one reader, or would: in the end `total` = `taken` + `refused` + `left_out`. `ek.odoo.run` keeps a list of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The reader's name.
    pub reader: String,
    /// The model here.
    pub model: String,
    /// The model there.
    pub theirs: String,
    /// How far it is.
    pub stage: Stage,
    /// How many records that Odoo has of it.
    pub total: u64,
    /// How many of them were read.
    pub read: u64,
    /// The greatest id that the model has there.
    pub greatest: i64,
    /// Up to which id all is done.
    pub last: i64,
    /// How many are here, or would be.
    pub taken: u64,
    /// How many were put aside, each with its reason.
    pub refused: u64,
    /// How many stay where they are.
    pub left_out: u64,
    /// How many were here before and are no longer there.
    pub gone: u64,
    /// Why records were put aside or left out, or what is to be known of those that were taken.
    pub reasons: Vec<Reason>,
    /// How long it took, in milliseconds.
    pub millis: u64,
}

/// How far a reader is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It did not begin.
    #[default]
    Waiting,
    /// It is read page by page.
    Pages,
    /// What was put aside for want of something that has come since is read again.
    Again,
    /// It is done.
    Done,
}

/// How many records have a reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// What became of them.
    pub state: String,
    /// The kind of misfit, or why they stay.
    pub kind: String,
    /// How many.
    pub many: u64,
}
