//! What becomes of a record of theirs: pure functions from what was read to what an owner is given. They ask nobody anything; whoever
//! runs them reads pages, and resolves what they need of other owners.
//!
//! For each reader, in their order: pages of [`Reader::theirs`] by [`Reader::domain`]; for a page each of [`Reader::companions`]; what
//! [`Reader::needs`] names is resolved and told ([`Page::know`]); then [`Reader::convert`] for each row.

use std::collections::BTreeMap;
use std::sync::Arc;

use jsonrpc::import::Record;
use serde_json::Value as Json;

use crate::client::id_of;
use crate::inspect::Fields;
use crate::mapping::typed::Mapping;

pub mod banks;
pub mod catalog;
pub mod cells;
pub mod goods;
pub mod invoices;
pub mod lines;
pub mod people;
pub mod pickings;
pub mod selling;

pub use banks::banks;

/// A record as Odoo tells it, an object by field.
pub type Row = Json;

/// A model of ours that comes over. Several may bring records of one model: each has its own cursor.
pub struct Reader {
    /// Its name, by which its cursor is kept.
    pub name: &'static str,
    /// Which owner takes its records.
    pub service: &'static str,
    /// The owner's model.
    pub ours: &'static str,
    /// Their model, which is read by id.
    pub theirs: &'static str,
    /// Which of their records; none: nothing of it in that Odoo.
    pub domain: fn(&World) -> Option<Vec<Json>>,
    /// Which fields are read.
    pub fields: fn(&World) -> Vec<String>,
    /// What else is read for a page, in this order.
    pub companions: &'static [Companion],
    /// What must be known of what went to other owners, and of what came before, for a row.
    pub needs: fn(&Row, &Page<'_>) -> Vec<Need>,
    /// What becomes of a row. Every row has one outcome.
    pub convert: fn(&Row, &Page<'_>) -> Result<Converted, PutAside>,
}

/// Further records that are read for a page: those whose `by` is among the values of `of`.
pub struct Companion {
    /// Its name within the reader.
    pub name: &'static str,
    /// Their model. Where that Odoo has none, nothing is read.
    pub model: &'static str,
    /// Their field that is searched: `["<by>", "in", [ids]]`.
    pub by: &'static str,
    /// The field with the ids, a many2one or a list; `id` is the row's own.
    pub of: &'static str,
    /// Of which rows; none: of the page's, else of a companion before it.
    pub from: Option<&'static str>,
    /// What else they must fulfil.
    pub domain: fn(&World) -> Vec<Json>,
    /// Which fields are read.
    pub fields: fn(&World) -> Vec<String>,
}

/// What must be known of a record before a row can be converted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Of our model, by its id there.
    Id(&'static str, i64),
    /// Of our model, by its natural key: a bank's name, a point of sale's code.
    Key(&'static str, String),
}

/// What is known of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its id there.
    pub odoo_id: i64,
    /// Its id here; in a rehearsal that of there.
    pub record_id: i64,
    /// Its natural key.
    pub key: Option<String>,
    /// Why it is not here; none where it is.
    pub state: State,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is here.
    Taken,
    /// It was put aside, or refused by its owner.
    PutAside,
    /// It stays where it is.
    LeftOut,
}

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Converted {
    /// It is given to the owner.
    Record(Box<Taken>),
    /// It stays where it is, and is counted by this name.
    LeftOut {
        /// In words, the same for all of a kind.
        why: &'static str,
    },
}

/// A record for its owner.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    /// What it says.
    pub record: Record,
    /// Our natural key, for what refers to it.
    pub key: Option<String>,
    /// What only one record of the model may have, as it is compared; a rehearsal finds by it what stands twice. It may be personal.
    pub unique: Option<String>,
    /// What to do where the owner answers that another record has its natural key.
    pub clash: Option<Clash>,
    /// Kinds of misfit that were taken all the same, for the report.
    pub noted: Vec<&'static str>,
}

/// What to do where another record has the natural key.
#[derive(Clone, Debug, PartialEq)]
pub enum Clash {
    /// It is given again with `merge`.
    Merge {
        /// The kind of misfit.
        kind: &'static str,
    },
    /// This is given in its place.
    Instead {
        /// The kind of misfit.
        kind: &'static str,
        /// The record without its key.
        record: Box<Record>,
        /// What others name it by then: [`Taken::key`] of that record.
        key: Option<String>,
    },
    /// It is put aside.
    PutAside {
        /// The kind of misfit.
        kind: &'static str,
    },
}

/// A row that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutAside {
    /// The kind of misfit.
    pub misfit: &'static str,
    /// The reason; what is personal does not stand in it.
    pub reason: String,
    /// What it refers to that is not here: our model, and its id there.
    pub of: Option<(&'static str, i64)>,
}

impl PutAside {
    /// For a reason of its own.
    pub fn new(misfit: &'static str, reason: impl Into<String>) -> PutAside {
        PutAside { misfit, reason: reason.into(), of: None }
    }
}

/// The kind of misfit of what refers to something that is not here.
pub const REFERS: &str = "refers_to_what_is_not_here";

/// What is known of an Odoo before its records are read: the mapping, the fields, and small tables that are read whole.
pub struct World {
    /// The mapping.
    pub mapping: Mapping,
    /// The company that comes over.
    pub company: i64,
    /// By model, the fields that it has there. Needed of [`models`]; a model that is not there is not among them.
    pub fields: BTreeMap<String, Arc<Fields>>,
    tables: BTreeMap<String, BTreeMap<i64, Row>>,
}

/// Tables that are read whole before the first reader: their models and fields. Fields and models that an Odoo has not are not read.
pub const TABLES: &[(&str, &[&str])] = &[
    ("res.company", &["name", "partner_id", "currency_id"]),
    ("res.currency", &["name", "rounding"]),
    ("res.country", &["name", "code"]),
    ("res.country.state", &["name", "code", "country_id"]),
    ("res.partner.title", &["name"]),
    ("res.groups", &["name", "full_name"]),
    ("uom.uom", &["name", "factor", "relative_factor", "rounding"]),
    ("account.tax", &["name", "amount", "amount_type", "price_include", "price_include_override", "children_tax_ids"]),
    ("crm.stage", &["name", "sequence", "is_won"]),
    ("stock.warehouse", &["name", "code", "company_id", "partner_id", "view_location_id", "lot_stock_id"]),
    (
        "stock.location",
        &["name", "complete_name", "usage", "location_id", "return_location", "scrap_location", "company_id", "warehouse_id"],
    ),
    ("stock.picking.type", &["code", "warehouse_id"]),
];

/// Every model that something is read of.
pub fn models() -> impl Iterator<Item = &'static str> {
    let read = READERS.iter().flat_map(|reader| reader.companions.iter().map(|one| one.model).chain([reader.theirs]));
    let mut all: Vec<&'static str> = TABLES.iter().map(|(model, _)| *model).chain(read).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter()
}

/// Every reader, in the order in which records come over. Before them come the banks that the mapping names: [`banks::banks`].
pub const READERS: &[Reader] = &[
    banks::BANKS,
    people::USERS,
    people::POINTS_OF_SALE,
    people::POINTS_OF_WAREHOUSES,
    goods::WAREHOUSES,
    catalog::CATEGORIES,
    catalog::BRANDS,
    catalog::ATTRIBUTES,
    catalog::VALUES,
    catalog::PRODUCTS,
    catalog::MASTERS,
    catalog::CONFIGURATIONS,
    people::CLIENTS,
    people::ADDRESSES,
    goods::QUANTITIES,
    goods::PURCHASES,
    selling::LEADS,
    selling::ORDERS,
    pickings::PICKINGS,
    invoices::INVOICES,
];

impl World {
    /// Of an Odoo with these fields.
    pub fn new(mapping: Mapping, company: i64, fields: BTreeMap<String, Arc<Fields>>) -> World {
        World { mapping, company, fields, tables: BTreeMap::new() }
    }

    /// Which of these fields a model has there.
    pub fn existing(&self, model: &str, names: &[&str]) -> Vec<String> {
        names.iter().filter(|name| self.has(model, name)).map(|name| (*name).to_owned()).collect()
    }

    /// What is read of a model: these, what the mapping names, and when it was written.
    pub fn read(&self, model: &str, names: &[&str]) -> Vec<String> {
        let mapped = self.mapping.fields.get(model).into_iter().flat_map(BTreeMap::values).map(String::as_str);
        let mut all: Vec<&str> = names.iter().copied().chain(mapped).chain(["create_date", "write_date"]).collect();
        all.sort_unstable();
        all.dedup();
        self.existing(model, &all)
    }

    /// Whether a model has a field there.
    pub fn has(&self, model: &str, field: &str) -> bool {
        self.fields.get(model).is_some_and(|fields| fields.contains_key(field))
    }

    /// Tells what a table of [`TABLES`] holds.
    pub fn table(&mut self, model: &str, rows: impl IntoIterator<Item = Row>) {
        let rows = rows.into_iter().filter_map(|row| Some((id_of(row.get("id"))?, row)));
        self.tables.entry(model.to_owned()).or_default().extend(rows);
    }

    /// A row of a table.
    pub fn row(&self, model: &str, id: i64) -> Option<&Row> {
        self.tables.get(model)?.get(&id)
    }

    /// The rows of a table, by id.
    pub fn rows(&self, model: &str) -> impl Iterator<Item = (i64, &Row)> {
        self.tables.get(model).into_iter().flatten().map(|(id, row)| (*id, row))
    }
}

/// A page of rows, and what is known for them.
pub struct Page<'w> {
    /// The Odoo.
    pub world: &'w World,
    companions: BTreeMap<&'static str, BTreeMap<i64, Vec<Row>>>,
    known: BTreeMap<Need, Known>,
}

impl<'w> Page<'w> {
    /// A page for which nothing was read yet.
    pub fn new(world: &'w World) -> Page<'w> {
        Page { world, companions: BTreeMap::new(), known: BTreeMap::new() }
    }

    /// The ids that a companion is read by: of the page's rows, or of those of a companion before it.
    pub fn ids(&self, companion: &Companion, rows: &[Row]) -> Vec<i64> {
        let mut ids = Vec::new();
        // A module that is not installed brings no such field
        if companion.by != "id" && !self.world.has(companion.model, companion.by) {
            return ids;
        }
        let mut of = |row: &Row| match row.get(companion.of) {
            // A pair of id and name, or a list of ids
            Some(Json::Array(list)) if list.get(1).is_none_or(Json::is_number) => ids.extend(list.iter().filter_map(Json::as_i64)),
            other => ids.extend(id_of(other)),
        };
        match companion.from {
            None => rows.iter().for_each(&mut of),
            Some(name) => self.companions.get(name).into_iter().flat_map(BTreeMap::values).flatten().for_each(&mut of),
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Tells what was read of a companion.
    pub fn add(&mut self, companion: &Companion, rows: impl IntoIterator<Item = Row>) {
        let of = self.companions.entry(companion.name).or_default();
        for row in rows {
            let by: Vec<i64> = match row.get(companion.by) {
                Some(Json::Array(list)) if list.get(1).is_none_or(Json::is_number) => list.iter().filter_map(Json::as_i64).collect(),
                other => id_of(other).into_iter().collect(),
            };
            for id in by {
                of.entry(id).or_default().push(row.clone());
            }
        }
    }

    /// What a companion has for an id, in the order of ids.
    pub fn of(&self, companion: &str, id: i64) -> &[Row] {
        self.companions.get(companion).and_then(|of| of.get(&id)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Tells what is known of a record.
    pub fn know(&mut self, need: Need, known: Known) {
        self.known.insert(need, known);
    }

    /// A record that is here.
    ///
    /// # Errors
    /// It is not, and what refers to it is put aside with it.
    pub fn here(&self, model: &'static str, id: i64) -> Result<&Known, PutAside> {
        let found = self.known.get(&Need::Id(model, id));
        let (is, words) = match found.map(|known| known.state) {
            Some(State::Taken) => (found, ""),
            Some(State::PutAside) => (None, "was put aside"),
            Some(State::LeftOut) => (None, "was left out"),
            None => (None, "was not taken"),
        };
        is.ok_or_else(|| PutAside {
            misfit: REFERS,
            reason: format!("It refers to {model} {id} there, which {words}."),
            of: Some((model, id)),
        })
    }

    /// A record that is here, by its natural key.
    pub fn keyed(&self, model: &'static str, key: &str) -> Option<&Known> {
        self.known.get(&Need::Key(model, key.to_owned())).filter(|known| known.state == State::Taken)
    }

    /// What became of a record, where anything did.
    pub fn state(&self, model: &'static str, id: i64) -> Option<State> {
        self.known.get(&Need::Id(model, id)).map(|known| known.state)
    }
}
