//! A list as a file: every match, streamed from one snapshot, a line a record, and what `export_data` answers.
// circle: owner, orm: an Owner answers by what this does, and this does it with an Owner

use diesel::sql_types::{BigInt, Text};
use domain::Identity;
use jsonrpc::{Fault, Params, Reply};
use process::our_fault;
use records::model::clip;
use records::request::ListRequest;
use records::table::{Line, MAX_COLUMNS};
use records::{Item, Model, Selection};
use serde_json::{Map, Value as Json, json};

use crate::orm::these;
use crate::owner::{Owner, Service};
use crate::reading::Framed;

/// How many records a workbook may have.
const MAX_WORKBOOK: i64 = 100_000;

impl<S: Service> Owner<S> {
    /// A list in a format of files. `csv` has as many records as match; `rows`, which the gateway makes a workbook of, is lines of JSON
    /// lists, the names of the columns first.
    pub(crate) async fn table(&self, identity: &Identity, model: &Model, params: &Params, format: &str) -> Result<Reply, Fault> {
        let line = match format {
            "csv" => Line::Csv,
            "rows" => Line::Json,
            other => return Err(Fault::validation(format!("`format` is '{}': csv or xlsx was expected", clip(other)))),
        };
        let request = ListRequest::parse(params)?;
        let table = self.reader(identity).table(model, &request, line)?;
        let place = self.database.export(identity.uid)?;
        let mut open = self.database.begin_snapshot().await?;
        if line == Line::Csv {
            let framed = Framed { begin: table.columns.join(","), before_first: "\r\n", before_other: "\r\n", end: "\r\n" };
            return self.streamed(place, open, table.rows, framed).await;
        }
        let failed = |error| crate::database::fault(S::NAME, error);
        let most = request.window.limit().unwrap_or(i64::MAX).min(MAX_WORKBOOK + 1);
        let counted = self.reader(identity).count(model, &request, most)?;
        let count = counted.load::<BigInt, i64>(open.connection().map_err(failed)?).await.map_err(failed)?.pop();
        if count.ok_or_else(|| our_fault(S::NAME, "a workbook can't be counted", &model.name))? > MAX_WORKBOOK {
            open.rollback().await;
            return Err(Fault::validation(format!(
                "More than {MAX_WORKBOOK} records match, which is too many for a workbook: ask for `format=csv`, or narrow the filter down."
            )));
        }
        let framed = Framed { begin: json!(table.columns).to_string(), before_first: "\n", before_other: "\n", end: "\n" };
        self.streamed(place, open, table.rows, framed).await
    }

    /// Odoo's `export_data`: a row of values for each record that is there, in the order of `ids`. External ids are empty texts.
    pub(crate) async fn export_data(&self, identity: &Identity, model: &Model, params: &Params) -> Result<Reply, Fault> {
        let ids: Vec<i64> = params.need("ids")?;
        let fields: Vec<String> = params.need("fields_to_export")?;
        if fields.len() > MAX_COLUMNS {
            return Err(Fault::validation(format!("`fields_to_export`: at most {MAX_COLUMNS} columns")));
        }
        let paths = fields.iter().map(|field| self.path(model, field)).collect::<Result<Vec<_>, _>>()?;
        let mut selection = Selection::fields(["id"]);
        paths.iter().flatten().for_each(|path| add(&mut selection, path));
        let table = self.reader(identity).table(model, &ListRequest { selection, ..these(ids.clone()) }, Line::Json)?;
        let rows = self.database.search::<Text, String>(table.rows).await?;
        let mut found: Map<String, Json> = Map::new();
        for row in rows {
            let cells: Vec<Json> = serde_json::from_str(&row).map_err(|error| our_fault(S::NAME, "a row can't be read", &error))?;
            let of = |path: &Option<Vec<String>>| {
                let Some(path) = path else { return json!("") };
                let name = path.join("/");
                let cell = table.columns.iter().position(|column| *column == name).and_then(|at| cells.get(at)).cloned();
                match cell {
                    None | Some(Json::Null) => json!(""),
                    Some(Json::Array(ids)) => ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",").into(),
                    Some(cell) => cell,
                }
            };
            let id = cells.first().map(ToString::to_string).unwrap_or_default();
            found.insert(id, paths.iter().map(of).collect());
        }
        let rows: Vec<&Json> = ids.iter().filter_map(|id| found.get(&id.to_string())).collect();
        Ok(Reply::value(&json!({"datas": rows})))
    }

    /// The columns' path of an exported field; none for an external id. A many2one is told by its name, as in Odoo.
    fn path(&self, model: &Model, field: &str) -> Result<Option<Vec<String>>, Fault> {
        let mut names: Vec<String> = Vec::new();
        let mut at = Some(model);
        for name in field.split('/') {
            match (name, at) {
                ("id", _) => return Ok(None),
                // Of another service's record the id is all there is
                (".id", None) if !names.is_empty() => {}
                (".id", _) => names.push("id".to_owned()),
                (name, Some(model)) => {
                    let field = model.field(name).ok_or_else(|| Fault::value_error(model.unknown_field(name)))?;
                    at = field.kind.comodel().and_then(|comodel| self.registry.get(comodel));
                    let is_many2one = matches!(field.kind, records::Kind::Many2one(_));
                    names.push(name.to_owned());
                    if !is_many2one {
                        at = None;
                    }
                }
                (name, None) => {
                    return Err(Fault::validation(format!("'{}': '{}' can't be followed from here", clip(field), clip(name))));
                }
            }
        }
        if names.last().is_some_and(|last| last != "id") && at.is_some() {
            names.push("display_name".to_owned());
        }
        Ok(Some(names))
    }
}

/// Adds a path to a selection.
fn add(selection: &mut Selection, path: &[String]) {
    let Some((name, rest)) = path.split_first() else { return };
    let there = selection.items.iter_mut().find_map(|item| match item {
        Item::Field(other, nested) if other == name && (nested.is_some() || rest.is_empty()) => Some(nested),
        Item::Field(..) | Item::All | Item::Except(_) => None,
    });
    match (there, rest) {
        (Some(Some(nested)), rest) => add(nested, rest),
        (Some(None), _) => {}
        (None, []) => selection.items.push(Item::Field(name.clone(), None)),
        (None, rest) => {
            let mut nested = Selection { items: Vec::new() };
            add(&mut nested, rest);
            selection.items.push(Item::Field(name.clone(), Some(nested)));
        }
    }
}
