//! A mapping as it is worked by: what the file says, read once it is known to be without problems.

use std::collections::{BTreeMap, BTreeSet};

use bridge_contract::Problem;
use domain::Progress;
use serde_json::Value as Json;
use toml::{Table, Value};

use crate::mapping::problems;

/// What of an Odoo becomes what here. Empty it is what a plain Odoo needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    /// The company that comes over; none: the user's own.
    pub company: Option<i64>,
    /// The language that names are read in; none: the user's own.
    pub lang: Option<String>,
    /// By their model: our field, and theirs that it comes from.
    pub fields: BTreeMap<String, BTreeMap<String, String>>,
    /// The field that names an order's bank.
    pub bank_of_order: Option<String>,
    /// The field that names a lead's bank.
    pub bank_of_lead: Option<String>,
    /// The field that names a client's bank.
    pub bank_of_client: Option<String>,
    /// The bank where none is named.
    pub bank_default: Option<String>,
    /// The field that says that a partner is a point of sale.
    pub pos_is: Option<String>,
    /// The field with a point of sale's code.
    pub pos_code: Option<String>,
    /// How a bank is spelled there, without case, accents and blanks: its name here.
    pub banks: BTreeMap<String, String>,
    /// A state of orders there: here.
    pub order_states: BTreeMap<String, Progress>,
    /// A group there, by its number or name: a role here.
    pub roles: BTreeMap<String, String>,
    /// A stage of leads there, folded: its name here.
    pub stages: BTreeMap<String, String>,
    /// A place there, by its number or full name, folded: `stock`, `returns`, or `none`, whose goods stay where they are.
    pub places: BTreeMap<String, String>,
    /// A tax there: its rate in percent, as a number's text.
    pub taxes: BTreeMap<i64, String>,
    /// A wilaya there, by its code or name, folded: its number here.
    pub wilayas: BTreeMap<String, String>,
    /// By their model: our field, and what it is where there is nothing.
    pub defaults: BTreeMap<String, BTreeMap<String, Json>>,
    /// By kind: what becomes of a misfit.
    pub misfits: BTreeMap<String, Answer>,
    /// Models that stay where they are.
    pub without: BTreeSet<String>,
    /// By their model: records that stay where they are.
    pub without_ids: BTreeMap<String, BTreeSet<i64>>,
}

/// What becomes of a kind of misfit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is the record that has its key here.
    Merge,
    /// It is taken, its key kept beside.
    WithoutKey,
    /// It is listed, and taken once mended.
    PutAside,
    /// It is taken; a value changes and nothing else.
    Take,
}

impl Answer {
    /// By its name in a mapping.
    pub fn parse(name: &str) -> Option<Answer> {
        match name {
            "merge" => Some(Answer::Merge),
            "without_key" => Some(Answer::WithoutKey),
            "put_aside" => Some(Answer::PutAside),
            "take" => Some(Answer::Take),
            _ => None,
        }
    }
}

impl Mapping {
    /// Reads a mapping's text.
    ///
    /// # Errors
    /// What is wrong with it, by its lines.
    pub fn read(text: &str) -> Result<Mapping, Vec<Problem>> {
        let found = problems(text, None);
        if !found.is_empty() {
            return Err(found);
        }
        let whole: Table = text.parse().map_err(|error: toml::de::Error| vec![Problem { line: 1, message: error.message().to_owned() }])?;
        let at = |section: &str| whole.get(section).and_then(Value::as_table);
        let named = |section: &str, name: &str| at(section).and_then(|table| table.get(name)).and_then(said);
        let tables = |section: &str| at(section).into_iter().flatten().filter_map(|(name, value)| Some((name, value.as_table()?)));
        let values = |of: &str| {
            let table = at("values").and_then(|tables| tables.get(of)).and_then(Value::as_table);
            table.into_iter().flatten().filter_map(|(theirs, ours)| Some((theirs.as_str(), said(ours)?)))
        };
        let mut mapping = Mapping {
            company: at("source").and_then(|table| table.get("company")).and_then(Value::as_integer),
            lang: named("source", "lang"),
            bank_of_order: named("bank", "order"),
            bank_of_lead: named("bank", "lead"),
            bank_of_client: named("bank", "client"),
            bank_default: named("bank", "default"),
            pos_is: named("pos", "is"),
            pos_code: named("pos", "code"),
            banks: values("bank").map(|(theirs, ours)| (folded(theirs), ours)).collect(),
            order_states: values("order_state").filter_map(|(theirs, ours)| Some((theirs.to_owned(), Progress::parse(&ours)?))).collect(),
            roles: values("role").map(|(theirs, ours)| (theirs.to_owned(), ours)).collect(),
            taxes: values("tax").filter_map(|(theirs, ours)| Some((theirs.parse().ok()?, ours))).collect(),
            stages: values("stage").map(|(theirs, ours)| (folded(theirs), ours)).collect(),
            places: values("place").map(|(theirs, ours)| (folded(theirs), ours)).collect(),
            wilayas: values("wilaya").map(|(theirs, ours)| (folded(theirs), ours)).collect(),
            ..Mapping::default()
        };
        for (model, table) in tables("fields") {
            let own = table.iter().filter_map(|(theirs, ours)| Some((said(ours)?, theirs.clone()))).collect();
            mapping.fields.insert(model.clone(), own);
        }
        for (model, table) in tables("defaults") {
            let own = table.iter().filter_map(|(ours, value)| Some((ours.clone(), serde_json::to_value(value).ok()?))).collect();
            mapping.defaults.insert(model.clone(), own);
        }
        for (kind, answer) in at("misfits").into_iter().flatten() {
            mapping.misfits.extend(answer.as_str().and_then(Answer::parse).map(|answer| (kind.clone(), answer)));
        }
        let left = |name: &str| at("leave_out").and_then(|table| table.get(name));
        let models = left("models").and_then(Value::as_array).into_iter().flatten();
        mapping.without = models.filter_map(Value::as_str).map(str::to_owned).collect();
        for (model, ids) in left("ids").and_then(Value::as_table).into_iter().flatten() {
            let ids = ids.as_array().into_iter().flatten().filter_map(Value::as_integer).collect();
            mapping.without_ids.insert(model.clone(), ids);
        }
        Ok(mapping)
    }

    /// Their field that becomes one of ours, where the mapping names one.
    pub fn theirs(&self, model: &str, ours: &str) -> Option<&str> {
        self.fields.get(model)?.get(ours).map(String::as_str)
    }

    /// What becomes of a kind of misfit: as the mapping says, else this.
    pub fn answer(&self, kind: &str, else_this: Answer) -> Answer {
        self.misfits.get(kind).copied().unwrap_or(else_this)
    }

    /// Whether a record stays where it is.
    pub fn leaves_out(&self, model: &str, id: i64) -> bool {
        self.without.contains(model) || self.without_ids.get(model).is_some_and(|ids| ids.contains(&id))
    }

    /// The bank here that is spelled so there: as a table says, or by its own name.
    pub fn bank(&self, spelled: &str) -> Option<&str> {
        let spelled = folded(spelled);
        let listed = self.banks.get(&spelled).map(String::as_str);
        listed.or_else(|| self.bank_names().find(|name| folded(name) == spelled))
    }

    /// The banks that the mapping names, each once.
    pub fn bank_names(&self) -> impl Iterator<Item = &str> {
        let all: BTreeSet<&str> = self.banks.values().chain(&self.bank_default).map(String::as_str).collect();
        all.into_iter()
    }
}

/// A text that is set; what is empty in a mapping is not answered yet.
fn said(value: &Value) -> Option<String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A bank's name as it is compared: without case, accents and blanks.
pub fn folded(text: &str) -> String {
    domain::names::folded(text).split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_is_read_as_it_was_meant() -> Result<(), Vec<Problem>> {
        let text = "[source]\ncompany = 3\nlang = \"fr_FR\"\n[fields.\"sale.order\"]\nx_n = \"ek_order_id\"\n[bank]\norder = \"x_bank\"\n\
                    default = \"BNA\"\n[values.bank]\n\"Al  Salam \" = \"Alsalam\"\n\"?\" = \"\"\n[values.order_state]\n\
                    done = \"EK_ORDER_DELIVERED\"\n[values.tax]\n4 = \"9\"\n[defaults.\"res.partner\"]\nis_company = true\n[misfits]\n\
                    reference_twice = \"merge\"\n[leave_out]\nmodels = [\"crm.lead\"]\nids.\"res.partner\" = [7]\n";
        let mapping = Mapping::read(text)?;
        assert_eq!((mapping.company, mapping.lang.as_deref()), (Some(3), Some("fr_FR")));
        assert_eq!(mapping.theirs("sale.order", "ek_order_id"), Some("x_n"));
        assert_eq!((mapping.bank("ALSALAM"), mapping.bank(" bna"), mapping.bank("?")), (Some("Alsalam"), Some("BNA"), None));
        assert_eq!(mapping.bank_names().collect::<Vec<_>>(), ["Alsalam", "BNA"]);
        assert_eq!(mapping.order_states.get("done"), Some(&Progress::Delivered));
        assert_eq!(mapping.taxes.get(&4).map(String::as_str), Some("9"));
        assert_eq!(mapping.defaults.get("res.partner").and_then(|of| of.get("is_company")), Some(&Json::Bool(true)));
        assert_eq!(mapping.answer("reference_twice", Answer::PutAside), Answer::Merge);
        assert_eq!(mapping.answer("several_emails", Answer::Take), Answer::Take);
        assert!(mapping.leaves_out("crm.lead", 1) && mapping.leaves_out("res.partner", 7) && !mapping.leaves_out("res.partner", 8));
        assert_eq!(Mapping::read("")?, Mapping::default());
        Ok(())
    }

    #[test]
    fn a_mapping_with_problems_is_none() {
        let lines =
            Mapping::read("[source]\ncompany = \"one\"\n").map_err(|found| found.iter().map(|problem| problem.line).collect::<Vec<_>>());
        assert_eq!(lines, Err(vec![2]));
        let wrong = "[values.place]\nx = \"nowhere\"\n";
        assert!(Mapping::read(wrong).is_err_and(|found| found.iter().all(|problem| problem.line == 2)));
    }
}
