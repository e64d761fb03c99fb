//! Banks: those that the mapping names, and those that are records there; and which is a record's.

use std::collections::{BTreeMap, BTreeSet};

use jsonrpc::import::Record;
use serde_json::{Map, json};

use super::cells::{Making, text, word};
use super::{Need, Page, PutAside, Reader, Row, Taken, World};
use crate::mapping::typed::{Answer, folded};

const PARTNER: &str = "res.partner";

/// Where a record's bank is told.
pub enum Said {
    /// Nowhere.
    Nothing,
    /// In words that the mapping knows no bank for.
    Unknown,
    /// It is this one.
    Bank(Need),
}

impl World {
    /// The banks' field of a model, with what it leads to.
    pub(super) fn bank_field(&self, model: &str) -> Option<(&str, bool)> {
        let field = match model {
            "sale.order" => self.mapping.bank_of_order.as_deref(),
            "crm.lead" => self.mapping.bank_of_lead.as_deref(),
            PARTNER => self.mapping.bank_of_client.as_deref(),
            "res.users" => self.mapping.theirs(model, "bank_id"),
            _ => None,
        };
        let field = field.or_else(|| self.mapping.theirs(model, if model == PARTNER { "bank_ids" } else { "bank_id" }))?;
        let described = self.fields.get(model).and_then(|fields| fields.get(field));
        Some((field, described.is_some_and(|described| described.relation == "res.bank")))
    }

    /// The fields that tell the bank of a record.
    pub fn bank_fields(&self, model: &str) -> Vec<String> {
        self.bank_field(model).map(|(field, _)| self.existing(model, &[field])).unwrap_or_default()
    }

    /// The bank that a record names, else the one that is meant where none is.
    pub fn bank_of(&self, model: &str, row: &Row) -> Said {
        let Some((field, is_record)) = self.bank_field(model) else { return self.no_bank() };
        match row.get(field) {
            Some(value) if is_record => {
                crate::client::id_of(Some(value)).map_or_else(|| self.no_bank(), |id| Said::Bank(Need::Id("res.bank", id)))
            }
            Some(value) => match word(value) {
                None => self.no_bank(),
                Some(spelled) => match self.mapping.bank(&spelled) {
                    Some(name) => Said::Bank(Need::Key("res.bank", name.to_owned())),
                    None => Said::Unknown,
                },
            },
            None => self.no_bank(),
        }
    }

    fn no_bank(&self) -> Said {
        let default = self.mapping.bank_default.clone();
        default.map_or(Said::Nothing, |name| Said::Bank(Need::Key("res.bank", name)))
    }
}

impl Page<'_> {
    /// What a record's bank needs to be known.
    pub fn bank_need(&self, model: &str, row: &Row) -> Option<Need> {
        match self.world.bank_of(model, row) {
            Said::Bank(need) => Some(need),
            Said::Nothing | Said::Unknown => None,
        }
    }

    /// A record's bank: its id here and its name.
    ///
    /// # Errors
    /// It has none, and the mapping's answer to this kind is not that it is taken all the same.
    pub fn bank(&self, model: &str, row: &Row, kind: &'static str) -> Result<Option<(i64, String)>, PutAside> {
        let (known, why) = match self.world.bank_of(model, row) {
            Said::Nothing => (None, "It names no bank, and the mapping has none for that."),
            Said::Unknown => (None, "The mapping does not say which bank its words mean."),
            Said::Bank(Need::Key(_, name)) => (self.keyed("res.bank", &name), "Its bank was not taken."),
            Said::Bank(Need::Id(model, id)) => (Some(self.here(model, id)?), ""),
        };
        match known {
            Some(known) => Ok(Some((known.record_id, known.key.clone().unwrap_or_default()))),
            None if self.world.mapping.answer(kind, Answer::PutAside) == Answer::Take => Ok(None),
            None => Err(PutAside::new(kind, why)),
        }
    }
}

/// The banks that the mapping names. Nothing there has their ids, so each keeps the number that it got first: `known` are those that have
/// one, by name; new ones get the next ones `after` those of that Odoo's own banks.
pub fn banks(world: &World, known: &BTreeMap<String, i64>, after: i64) -> Vec<Taken> {
    let mut numbers: BTreeMap<String, i64> = known.iter().map(|(name, number)| (folded(name), *number)).collect();
    let mut last = numbers.values().copied().max().unwrap_or(0).max(after);
    let (mut taken, mut seen) = (Vec::new(), BTreeSet::new());
    for name in world.mapping.bank_names().filter(|name| seen.insert(folded(name))) {
        let odoo_id = *numbers.entry(folded(name)).or_insert_with(|| {
            last += 1;
            last
        });
        let values = Map::from_iter([("name".to_owned(), json!(name))]);
        let record = Record { odoo_id, values, merge: true, ..Record::default() };
        taken.push(Taken { record, key: Some(name.to_owned()), unique: Some(folded(name)), ..Taken::default() });
    }
    taken
}

/// Banks that are records there, where an order, a lead or a client leads to them: else they are those of people's accounts.
pub const BANKS: Reader = Reader {
    name: "res.bank",
    service: "partners",
    ours: "res.bank",
    theirs: "res.bank",
    domain: |world| {
        let leads = |model: &&str| world.bank_field(model).is_some_and(|(_, is_record)| is_record);
        ["sale.order", "crm.lead", PARTNER].iter().any(leads).then(Vec::new)
    },
    fields: |world| world.read("res.bank", &["name"]),
    companions: &[],
    needs: |_, _| Vec::new(),
    convert: |row, page| {
        if let Some(stays) = page.world.stays("res.bank", row) {
            return Ok(stays);
        }
        let mut bank = Making::of(row);
        let name = text(row, "name").unwrap_or_default();
        // However it is spelled there
        let name = page.world.mapping.bank(name).unwrap_or(name).to_owned();
        bank.set("name", name.clone());
        bank.taken.unique = Some(folded(&name));
        bank.taken.record.merge = true;
        bank.taken.key = Some(name);
        Ok(bank.done())
    },
};
