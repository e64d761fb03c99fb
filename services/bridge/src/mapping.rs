//! The mapping file: what of an Odoo becomes what here, as people write it. One is proposed of what an inspection found; what stands
//! in one is checked against that Odoo's own fields before anything moves, and whatever is wrong is told with its line.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use bridge_contract::{Problem, Report};
use domain::{Progress, nearest};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::inspect::{Fields, field_for};
use crate::misfits::SEARCHES;
use crate::plain;

pub mod typed;

/// The longest mapping, in bytes.
pub const MAX: usize = 100_000;
/// How many problems are told.
const MAX_PROBLEMS: usize = 100;

/// The sections, in their order.
const SECTIONS: &[&str] = &["source", "fields", "bank", "pos", "values", "defaults", "misfits", "leave_out"];
/// The tables of values.
const VALUES: &[&str] = &["bank", "order_state", "role", "tax", "wilaya", "stage", "place"];
/// What a place there may be.
const PLACES: &[&str] = &["stock", "returns", "none"];
/// What becomes of a kind of misfit.
pub const ANSWERS: &[&str] = &["merge", "without_key", "put_aside", "take"];
/// Kinds of misfit that no search of [`SEARCHES`] finds.
const FOUND_BY_LAYING_SIDE_BY_SIDE: &[&str] = &[
    "client_without_email",
    "client_with_anothers_email",
    "email_is_no_address",
    "several_emails",
    "only_a_supplier",
    "pos_code_twice",
    "login_twice",
    "product_without_reference",
    "reference_twice",
    "manufacturer_reference_twice",
    "product_without_variants",
    "order_number_twice",
    "order_line_in_another_unit",
    "purchase_line_in_another_unit",
    "more_delivered_than_ordered",
    "cart_twice",
    "invoice_without_bank",
];
/// Every kind of misfit.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    SEARCHES.iter().map(|search| search.kind).chain(FOUND_BY_LAYING_SIDE_BY_SIDE.iter().copied())
}

/// A mapping for what was found, with what each part is for.
pub fn propose(report: &Report) -> String {
    let mut text = String::new();
    write_all(&mut text, report).ok();
    text
}

fn write_all(out: &mut String, report: &Report) -> std::fmt::Result {
    let company = report.company.as_ref();
    writeln!(out, "# What of this Odoo {} becomes what in the hub. Lines that begin with # say nothing.", report.server_version)?;
    writeln!(out, "# Check it again after every change: hub bridge inspect --mapping mapping.toml")?;
    writeln!(out, "\n# The company that comes over (one does), and the language that names are read in.\n[source]")?;
    let (id, name) = company.map_or((1, ""), |company| (company.id, company.name.as_str()));
    writeln!(out, "company = {id} # {}\nlang = {}", one_line(name), quoted(&report.lang))?;
    writeln!(
        out,
        "\n# Their field = our field. What Odoo's own fields become needs no line; these are the fields that no plain Odoo has."
    )?;
    for (model, _) in plain::OURS {
        let own: Vec<_> = report.custom.iter().filter(|custom| custom.model == *model).collect();
        if own.is_empty() {
            continue;
        }
        writeln!(out, "[fields.{}]", quoted(model))?;
        for custom in own {
            let label = one_line(&custom.label);
            match &custom.ours {
                Some(ours) => writeln!(out, "{} = {} # {label}", key(&custom.field), quoted(ours))?,
                None => writeln!(out, "# {} = \"\" # {label} ({}): the hub has no field for it", key(&custom.field), custom.kind)?,
            }
        }
    }
    writeln!(
        out,
        "\n# The field that names the bank, of orders, of leads and of clients; `default` where there is none or nothing in it.\n[bank]"
    )?;
    for (of, model) in [("order", "sale.order"), ("lead", "crm.lead"), ("client", "res.partner")] {
        match field_for(report, model, if of == "client" { "bank_ids" } else { "bank_id" }) {
            Some(field) => writeln!(out, "{of} = {}", quoted(&field))?,
            None => writeln!(out, "# {of} = \"\"")?,
        }
    }
    writeln!(out, "# default = \"\"")?;
    writeln!(out, "\n# A partner is a point of sale where this field says so, or where a warehouse has it.\n[pos]")?;
    for (of, ours) in [("is", "is_pos"), ("code", "code_pos")] {
        match field_for(report, "res.partner", ours) {
            Some(field) => writeln!(out, "{of} = {}", quoted(&field))?,
            None => writeln!(out, "# {of} = \"\"")?,
        }
    }
    writeln!(out, "\n# What stands there = the bank's name here. Case, accents and blanks around it do not count.\n[values.bank]")?;
    for spelled in &report.banks {
        writeln!(out, "{} = \"\" # {} times", quoted(&spelled.value), spelled.many)?;
    }
    writeln!(
        out,
        "\n# An order's state there = its state here; a sale that is partly or wholly delivered goes further by itself.\n[values.order_state]"
    )?;
    let states =
        [("draft", Progress::Created), ("sent", Progress::Created), ("sale", Progress::InPreparation), ("cancel", Progress::Cancelled)];
    for (theirs, ours) in states {
        writeln!(out, "{theirs} = \"{}\"", ours.as_str())?;
    }
    if report.major <= 16 {
        writeln!(out, "done = \"{}\" # locked", Progress::Delivered.as_str())?;
    }
    writeln!(out, "\n# A tax's id there = its rate here, in percent.\n[values.tax]")?;
    for tax in &report.taxes {
        writeln!(out, "{} = {} # {}", tax.id, quoted(&tax.rate), one_line(&tax.name))?;
    }
    writeln!(out, "\n# A group there = a role here. No user becomes an administrator by this.\n[values.role]")?;
    writeln!(out, "\n# A wilaya there = its number here; those whose code is the number need no line.\n[values.wilaya]")?;
    writeln!(out, "\n# A stage of leads there = its name here; a place there (number or full name) = stock, returns or none.")?;
    writeln!(out, "[values.stage]\n[values.place]")?;
    writeln!(out, "\n# Our field = what it is where there is nothing.\n# [defaults.\"res.partner\"]\n# city = \"\"")?;
    writeln!(
        out,
        "\n# What becomes of what does not fit: merge, without_key (taken, its key kept beside), put_aside (listed, taken once mended),"
    )?;
    writeln!(out, "# or take, where a value changes and nothing else.\n[misfits]")?;
    for misfit in &report.misfits {
        writeln!(out, "{} = {} # {}: {}", misfit.kind, quoted(&misfit.answer), misfit.many, one_line(&misfit.why))?;
    }
    writeln!(
        out,
        "\n# What stays where it is: whole models, or records by their ids.\n[leave_out]\nmodels = []\n# ids.\"res.partner\" = []"
    )
}

fn quoted(text: &str) -> String {
    // A TOML string is escaped as JSON's are, for what may stand on one line
    serde_json::Value::from(text.replace('\u{7f}', "")).to_string()
}

fn key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if is_bare { name.to_owned() } else { quoted(name) }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// What is wrong in a mapping, by its lines. With an Odoo's fields it is known which of theirs there are.
pub fn problems(text: &str, fields: Option<&BTreeMap<String, Arc<Fields>>>) -> Vec<Problem> {
    let mut found = Checked { text, problems: Vec::new() };
    if text.len() > MAX {
        found.problems.push(Problem { line: 1, message: format!("it has more than {MAX} bytes") });
        return found.problems;
    }
    let (document, unread) = DeTable::parse_recoverable(text);
    for error in unread {
        found.at(error.span().map_or(0, |span| span.start), one_line(error.message()));
    }
    // What was read in spite of them is not what was meant
    if !found.problems.is_empty() {
        found.problems.truncate(MAX_PROBLEMS);
        return found.problems;
    }
    for (section, value) in document.get_ref() {
        let name = section.get_ref().as_ref();
        match (name, value.get_ref()) {
            ("source", DeValue::Table(table)) => found.source(table),
            ("fields", DeValue::Table(tables)) => found.fields(tables, fields),
            ("bank", DeValue::Table(table)) => found.bank(table, fields),
            ("pos", DeValue::Table(table)) => found.pos(table, fields),
            ("values", DeValue::Table(tables)) => found.values(tables),
            ("defaults", DeValue::Table(tables)) => found.defaults(tables),
            ("misfits", DeValue::Table(table)) => found.misfits(table),
            ("leave_out", DeValue::Table(table)) => found.leave_out(table),
            _ if SECTIONS.contains(&name) => found.at(section.span().start, format!("[{name}] must be a section")),
            _ => found.unknown(section, "section", SECTIONS.iter().copied()),
        }
    }
    found.problems.sort_by_key(|problem| problem.line);
    found.problems.truncate(MAX_PROBLEMS);
    found.problems
}

/// A mapping that is looked at.
struct Checked<'a> {
    text: &'a str,
    problems: Vec<Problem>,
}

type Table<'i> = DeTable<'i>;
type Known<'a> = Option<&'a BTreeMap<String, Arc<Fields>>>;

impl Checked<'_> {
    fn at(&mut self, byte: usize, message: String) {
        let line = 1 + self.text.bytes().take(byte).filter(|b| *b == b'\n').count();
        self.problems.push(Problem { line, message });
    }

    fn unknown<'k>(&mut self, name: &Spanned<std::borrow::Cow<'_, str>>, what: &str, known: impl Iterator<Item = &'k str>) {
        self.unknown_at(name.span().start, name.get_ref(), what, known);
    }

    fn unknown_at<'k>(&mut self, byte: usize, name: &str, what: &str, known: impl Iterator<Item = &'k str>) {
        let meant = nearest(name, known).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        let name: String = name.chars().take(64).collect();
        self.at(byte, format!("there is no {what} `{}`{meant}", one_line(&name)));
    }

    /// A text's value and place; told where it is something else.
    fn text<'t>(&mut self, value: &'t Spanned<DeValue<'_>>) -> Option<(&'t str, usize)> {
        match value.get_ref() {
            DeValue::String(text) => Some((text.as_ref(), value.span().start)),
            other => {
                let kind = other.type_str().to_owned();
                self.at(value.span().start, format!("a text in quotes is expected, not this {kind}"));
                None
            }
        }
    }

    fn table<'t, 'i>(&mut self, name: &Spanned<std::borrow::Cow<'_, str>>, value: &'t Spanned<DeValue<'i>>) -> Option<&'t Table<'i>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => {
                self.at(name.span().start, format!("`{}` must be a section of its own", one_line(name.get_ref())));
                None
            }
        }
    }

    /// That a field is there.
    fn theirs(&mut self, model: &str, field: &str, byte: usize, known: Known<'_>) {
        let Some(known) = known else { return };
        match known.get(model) {
            Some(fields) if fields.contains_key(field) => {}
            Some(fields) => {
                self.unknown_at(byte, field, &format!("field in {model} of that Odoo named"), fields.keys().map(String::as_str))
            }
            None => self.at(byte, format!("that Odoo has no {model}")),
        }
    }

    fn source(&mut self, table: &Table<'_>) {
        for (name, value) in table {
            match name.get_ref().as_ref() {
                "company" if value.get_ref().is_integer() => {}
                "company" => self.at(value.span().start, "`company` must be the company's number".to_owned()),
                "lang" => drop(self.text(value)),
                _ => self.unknown(name, "setting in [source]", ["company", "lang"].into_iter()),
            }
        }
    }

    fn fields(&mut self, tables: &Table<'_>, known: Known<'_>) {
        for (model, value) in tables {
            let Some(ours) = plain::ours(model.get_ref()) else {
                self.unknown(model, "model that comes over named", plain::OURS.iter().map(|(model, _)| *model));
                continue;
            };
            let Some(table) = self.table(model, value) else { continue };
            let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
            for (field, value) in table {
                self.theirs(model.get_ref(), field.get_ref(), field.span().start, known);
                let Some((own, byte)) = self.text(value) else { continue };
                if !ours.contains(&own) {
                    self.unknown_at(byte, own, &format!("field of the hub for {} named", model.get_ref()), ours.iter().copied());
                } else if let Some(before) = taken.insert(own, field.get_ref()) {
                    self.at(byte, format!("`{own}` has a field already: {before}"));
                }
            }
        }
    }

    fn bank(&mut self, table: &Table<'_>, known: Known<'_>) {
        for (of, value) in table {
            let model = match of.get_ref().as_ref() {
                "order" => "sale.order",
                "lead" => "crm.lead",
                "client" => "res.partner",
                "default" => {
                    self.text(value);
                    continue;
                }
                _ => {
                    self.unknown(of, "setting in [bank]", ["order", "lead", "client", "default"].into_iter());
                    continue;
                }
            };
            if let Some((field, byte)) = self.text(value) {
                self.theirs(model, field, byte, known);
            }
        }
    }

    fn pos(&mut self, table: &Table<'_>, known: Known<'_>) {
        for (of, value) in table {
            if !matches!(of.get_ref().as_ref(), "is" | "code") {
                self.unknown(of, "setting in [pos]", ["is", "code"].into_iter());
            } else if let Some((field, byte)) = self.text(value) {
                self.theirs("res.partner", field, byte, known);
            }
        }
    }

    fn values(&mut self, tables: &Table<'_>) {
        for (of, value) in tables {
            if !VALUES.contains(&of.get_ref().as_ref()) {
                self.unknown(of, "table of values named", VALUES.iter().copied());
                continue;
            }
            let Some(table) = self.table(of, value) else { continue };
            for (theirs, value) in table {
                let Some((ours, byte)) = self.text(value) else { continue };
                match of.get_ref().as_ref() {
                    "order_state" if Progress::parse(ours).is_none() => {
                        self.unknown_at(byte, ours, "state of orders named", Progress::NAMES.iter().copied())
                    }
                    "place" if !PLACES.contains(&ours) => self.unknown_at(byte, ours, "place of a warehouse named", PLACES.iter().copied()),
                    "tax" if theirs.get_ref().parse::<i64>().is_err() => {
                        self.at(theirs.span().start, "a tax is named by its number there".to_owned());
                    }
                    "tax" if ours.parse::<f64>().is_err() => self.at(byte, "a tax's rate is a number in quotes, as \"19\"".to_owned()),
                    _ => {}
                }
            }
        }
    }

    fn defaults(&mut self, tables: &Table<'_>) {
        for (model, value) in tables {
            let Some(ours) = plain::ours(model.get_ref()) else {
                self.unknown(model, "model that comes over named", plain::OURS.iter().map(|(model, _)| *model));
                continue;
            };
            let Some(table) = self.table(model, value) else { continue };
            for (field, _) in table {
                if !ours.contains(&field.get_ref().as_ref()) {
                    self.unknown(field, &format!("field of the hub for {} named", model.get_ref()), ours.iter().copied());
                }
            }
        }
    }

    fn misfits(&mut self, table: &Table<'_>) {
        for (kind, value) in table {
            if !kinds().any(|known| known == kind.get_ref().as_ref()) {
                self.unknown(kind, "kind of misfit", kinds());
            }
            if let Some((answer, byte)) = self.text(value)
                && !ANSWERS.contains(&answer)
            {
                self.unknown_at(byte, answer, "answer to a misfit named", ANSWERS.iter().copied());
            }
        }
    }

    fn leave_out(&mut self, table: &Table<'_>) {
        for (of, value) in table {
            match (of.get_ref().as_ref(), value.get_ref()) {
                ("models", DeValue::Array(models)) => {
                    for model in models.iter() {
                        if let Some((name, byte)) = self.text(model)
                            && !plain::models().any(|known| known == name)
                        {
                            self.unknown_at(byte, name, "model that comes over named", plain::models());
                        }
                    }
                }
                ("ids", DeValue::Table(models)) => {
                    for (model, ids) in models {
                        if !plain::models().any(|known| known == model.get_ref().as_ref()) {
                            self.unknown(model, "model that comes over named", plain::models());
                        }
                        let is_ids = matches!(ids.get_ref(), DeValue::Array(ids) if ids.iter().all(|id| id.get_ref().is_integer()));
                        if !is_ids {
                            self.at(ids.span().start, "a list of numbers is expected".to_owned());
                        }
                    }
                }
                ("models" | "ids", _) => self.at(value.span().start, "`models` is a list of names, `ids` a section of lists".to_owned()),
                _ => self.unknown(of, "setting in [leave_out]", ["models", "ids"].into_iter()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::Described;

    fn fields() -> BTreeMap<String, Arc<Fields>> {
        let field = |kind: &str| Described { kind: kind.to_owned(), label: String::new(), is_stored: true, relation: String::new() };
        let partner = Fields::from([("x_code_pos".to_owned(), field("char")), ("name".to_owned(), field("char"))]);
        BTreeMap::from([("res.partner".to_owned(), Arc::new(partner))])
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_what_was_meant() {
        let text = "[source]\ncompany = \"one\"\n\n[feilds.\"res.partner\"]\n[fields.\"res.partner\"]\nx_code_po = \"code_pos\"\nname = \"nmae\"\n\
                    [misfits]\nclient_without_emial = \"put_asid\"\n[values.order_state]\nsale = \"EK_ORDER_DELIVERD\"\n";
        let told: Vec<String> =
            problems(text, Some(&fields())).iter().map(|problem| format!("{}: {}", problem.line, problem.message)).collect();
        let expected = [
            "2: `company` must be the company's number",
            "4: there is no section `feilds`; did you mean `fields`?",
            "6: there is no field in res.partner of that Odoo named `x_code_po`; did you mean `x_code_pos`?",
            "7: there is no field of the hub for res.partner named `nmae`; did you mean `name`?",
            "9: there is no kind of misfit `client_without_emial`; did you mean `client_without_email`?",
            "9: there is no answer to a misfit named `put_asid`; did you mean `put_aside`?",
            "11: there is no state of orders named `EK_ORDER_DELIVERD`; did you mean `EK_ORDER_DELIVERED`?",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_line() {
        let told = problems("[source]\ncompany = 1\nlang = fr\n", None);
        assert_eq!(told.iter().map(|problem| problem.line).collect::<Vec<_>>(), [3], "{told:?}");
        assert!(problems(&"#".repeat(MAX + 1), None).iter().any(|problem| problem.message.contains("100000 bytes")));
    }

    #[test]
    fn a_field_of_ours_is_taken_once_and_a_model_that_is_not_there_is_told() {
        let told =
            problems("[fields.\"res.partner\"]\nname = \"name\"\nx_code_pos = \"name\"\n[bank]\norder = \"x_bank\"\n", Some(&fields()));
        assert_eq!(told.iter().map(|problem| problem.line).collect::<Vec<_>>(), [3, 5], "{told:?}");
    }

    #[test]
    fn what_is_proposed_is_a_mapping_whatever_names_stand_in_it() {
        let company = bridge_contract::Company { id: 3, name: "A \"b\"\n[x]".to_owned(), ..bridge_contract::Company::default() };
        let custom = |field: &str| bridge_contract::Custom {
            model: "res.partner".to_owned(),
            field: field.to_owned(),
            label: "Code\nPDV".to_owned(),
            kind: "char".to_owned(),
            is_manual: true,
            ours: plain::guess("res.partner", field).map(str::to_owned),
        };
        let report = Report {
            company: Some(company),
            custom: vec![custom("x_code_pos"), custom("x_other")],
            banks: vec![bridge_contract::Spelled { value: "BNA \"x\"\\ ".to_owned(), many: 2 }],
            ..Report::default()
        };
        let text = propose(&report);
        assert_eq!(problems(&text, Some(&fields())), [], "{text}");
        assert!(text.contains("x_code_pos = \"code_pos\""), "{text}");
    }
}
