//! Models whose records are about others' of the service: they exist for who sees the record that they are about, and tell no more of
//! it than a read would.

use domain::Identity;
use jsonrpc::Fault;

use crate::condition::{Conditions, Row};
use crate::filter::Filter;
use crate::model::{About, Field, Kind, Model};
use crate::sql::Sql;
// circle: condition: a row's own rights are part of every condition on it

/// Names of ours as an SQL array.
fn list<'m>(names: impl IntoIterator<Item = &'m str>) -> String {
    format!("'{{{}}}'::text[]", names.into_iter().collect::<Vec<_>>().join(","))
}

impl Conditions<'_> {
    /// Models that something may be about, and that the identity may read.
    fn subjects(&self) -> Vec<&Model> {
        let nothing = Filter::Or(Vec::new());
        let is_read = |model: &&Model| {
            let access = (model.access)(self.identity);
            access.read && access.visible.as_ref() != Some(&nothing)
        };
        self.registry.models().filter(|model| model.about.is_none()).filter(is_read).collect()
    }

    /// That the identity sees what a row is about.
    ///
    /// # Errors
    /// As [`Conditions::visible`].
    pub(crate) fn sees_subject(&mut self, row: Row<'_>, about: &About) -> Result<Sql, Fault> {
        let registry = self.registry;
        let column = format!("{}.{}", row.alias, about.model);
        let regardless = (about.regardless)(self.identity);
        if regardless.is_all() {
            // What is about something is a record too
            let readable = registry.models().filter(|model| (model.access)(self.identity).read).map(|model| model.name);
            return Ok(Sql::new(&format!("{column} = ANY({})", list(readable))));
        }
        let names: Vec<&str> = self.subjects().iter().map(|model| model.name).collect();
        // A service may keep nothing that somebody reads
        if names.is_empty() {
            return Ok(Sql::new("FALSE"));
        }
        let of_these = format!("{column} = ANY({})", list(names.iter().copied()));
        let mut sql = Sql::new("(");
        if regardless != Filter::Or(Vec::new()) {
            sql.push(&of_these).push(" AND ").append(self.rule(row, &regardless)?).push(" OR ");
        }
        // In a CASE only the one that is meant is looked at
        sql.push(&format!("CASE {column}"));
        for name in names {
            let model = registry.model(name)?;
            let alias = self.alias();
            sql.push(&format!(
                " WHEN '{name}' THEN EXISTS (SELECT FROM {} {alias} WHERE {alias}.id = {}.{} AND ",
                model.table, row.alias, about.record
            ));
            sql.append(self.visible(Row { model, alias: &alias })?).push(")");
        }
        sql.push(" ELSE FALSE END)");
        Ok(sql)
    }

    /// A value of what a row is about: SQL that is null where the identity may not read it there.
    pub(crate) fn value_of_subject(&self, row: Row<'_>, field: &Field) -> Option<String> {
        let about = row.model.about.as_ref().filter(|about| about.values.contains(&field.name))?;
        let (t, value, named_by) = (row.alias, field.name, about.named_by);
        let mut readable = self.registry.models().filter(|model| (model.access)(self.identity).read).peekable();
        if readable.peek().is_none() {
            return Some("NULL::text".to_owned());
        }
        let mut sql = format!("(CASE {t}.{}", about.model);
        for model in readable {
            let told = list(self.told(model));
            // A whole row has no field's name
            sql.push_str(&format!(
                " WHEN '{}' THEN CASE WHEN {t}.{named_by} IS NULL THEN (SELECT jsonb_object_agg(v.key, v.value) \
                 FROM jsonb_each({t}.{value}) v WHERE v.key = ANY({told})) WHEN {t}.{named_by} = ANY({told}) THEN {t}.{value} END",
                model.name
            ));
        }
        sql.push_str(" END)::text");
        Some(sql)
    }

    /// The fields of a model whose values the identity may read in every record that it sees, as they stand in the row.
    fn told<'m>(&self, model: &'m Model) -> Vec<&'m str> {
        let access = (model.access)(self.identity);
        let is_told = |field: &&Field| {
            field.is_public()
                && field.has_column()
                && field.readable_by.is_none_or(|rule| rule(self.identity))
                && access.fields.is_none_or(|names| names.contains(&field.name))
                && (field.seen_as.is_none() || !self.is_of_a_bank())
                && self.leads_into_view(&field.kind)
        };
        model.fields.iter().filter(is_told).map(|field| field.name).collect()
    }

    fn is_of_a_bank(&self) -> bool {
        self.identity.bank.is_some()
    }

    /// Whether what a relation leads to has a number for the identity, whichever it is.
    fn leads_into_view(&self, kind: &Kind) -> bool {
        let Some(comodel) = kind.comodel() else { return true };
        if comodel == "res.users" && !self.identity.is_trusted() {
            return false;
        }
        let access = self.registry.get(comodel).map(|comodel| (comodel.access)(self.identity));
        access.is_none_or(|access| access.read && access.visible.is_none())
    }
}

/// For models that nobody reads but as their subjects are read.
pub fn never(_: &Identity) -> Filter {
    Filter::Or(Vec::new())
}
