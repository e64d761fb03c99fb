//! Records as the rows of a table, for files: PostgreSQL writes each line.

use jsonrpc::Fault;

use crate::condition::{Conditions, Row, sealed};
use crate::model::{Field, Kind, Model};
use crate::read::{Beside, Reader, Wire, ordering};
use crate::request::{ListRequest, Window};
use crate::selection::Selection;
use crate::sql::Sql;

/// How many columns a table may have.
pub const MAX_COLUMNS: usize = 200;
/// Postgres takes 100 arguments a call.
const MAX_ARGUMENTS: usize = 90;

/// How a row is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A line of CSV: texts in quotation marks, what is not set empty.
    Csv,
    /// A JSON list: what is not set is null.
    Json,
}

/// A table: the names of its columns, and the statement of its rows, which are one text each.
#[derive(Debug)]
pub struct Table {
    /// `categ_id/name` for what a many2one's block asks for.
    pub columns: Vec<String>,
    /// One line a row.
    pub rows: Sql,
}

/// What stands in a column of the inner select.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cell {
    /// A text as it is.
    Text,
    /// A number, or whether something holds: set, always.
    Plain,
    /// A number, or `false`.
    Reference,
    /// The JSON text of a day, a moment or a text, or `false`.
    Quoted,
    /// Numbers as a JSON list.
    List,
}

/// A column of the inner select.
struct Column {
    name: String,
    sql: Sql,
    cell: Cell,
}

impl Reader<'_> {
    /// Every match of a list without pages as a row.
    ///
    /// # Errors
    /// 400 for filter, selection and order, 403 for the model, 422 for what a table can't hold.
    pub fn table(self, model: &Model, request: &ListRequest, line: Line) -> Result<Table, Fault> {
        let limit = match request.window {
            Window::First(limit) | Window::From { limit, .. } => limit,
            Window::Page { .. } | Window::After { .. } => {
                return Err(Fault::validation("A file holds all that match: give `limit` and `offset`, and no page."));
            }
        };
        // A many2one is its id here, whatever the door
        let reader = Reader { wire: if self.wire == Wire::AddOn { Wire::AddOn } else { Wire::Odoo { pairs: false } }, ..self };
        let mut conditions = Conditions::new(self.registry, self.identity);
        let alias = conditions.alias();
        let row = Row { model, alias: &alias };
        let matching = conditions.matching(row, &request.filter, request.active_test)?;
        let order = self.order(&mut conditions, row, request.order.as_deref())?;
        let (mut beside, mut columns) = (Beside::default(), Vec::new());
        reader.columns(&mut conditions, row, &request.selection, ("", None), line, &mut beside, &mut columns)?;
        if columns.is_empty() {
            return Err(Fault::validation("A file needs a column: name a field in `query`."));
        }
        let mut sql = Sql::new("SELECT ");
        sql.append(written(&columns, line)).push(" FROM (SELECT ");
        let names = columns.iter().map(|column| column.name.clone()).collect();
        for (at, column) in columns.into_iter().enumerate() {
            sql.push(if at > 0 { ", " } else { "" }).append(column.sql).push(&format!(" AS c{at}"));
        }
        sql.push(&format!(" FROM {} {alias}", model.table)).append(beside.joins);
        sql.push(" WHERE ").append(matching).push(" ORDER BY ").append(ordering(&order));
        // Without it the planner would compute a column again wherever its text is looked at
        sql.push(" OFFSET ").bind(request.window.offset());
        if let Some(limit) = limit {
            sql.push(" LIMIT ").bind(limit);
        }
        sql.push(") r");
        Ok(Table { columns: names, rows: sql })
    }

    /// The columns of a block; `within` is what stands before their names, and the alias of the record that may not be there.
    #[expect(clippy::too_many_arguments, reason = "what a select is made of")]
    fn columns(
        self,
        conditions: &mut Conditions<'_>,
        row: Row<'_>,
        selection: &Selection,
        within: (&str, Option<&str>),
        line: Line,
        beside: &mut Beside,
        columns: &mut Vec<Column>,
    ) -> Result<(), Fault> {
        let (path, may_be_missing) = within;
        for (field, nested) in self.selected(row.model, selection)? {
            if columns.len() >= MAX_COLUMNS {
                return Err(Fault::validation(format!("A file has at most {MAX_COLUMNS} columns: name the fields in `query`.")));
            }
            if field.sealed_in.is_some() {
                return Err(sealed(row.model, field));
            }
            let name = format!("{path}{}", field.name);
            if let Some(block) = nested {
                self.related(conditions, row, field, block, &name, line, beside, columns)?;
                continue;
            }
            let cell = match field.kind {
                _ if field.is_write_only() => Cell::Quoted,
                Kind::Char(_) | Kind::Text(_) | Kind::Selection(_) if line == Line::Csv => Cell::Text,
                Kind::Char(_) | Kind::Text(_) | Kind::Selection(_) | Kind::Date | Kind::Datetime => Cell::Quoted,
                Kind::Id | Kind::Integer | Kind::Monetary | Kind::Float | Kind::Boolean => Cell::Plain,
                Kind::Many2one(_) => Cell::Reference,
                Kind::One2many { .. } | Kind::Many2many(_) => Cell::List,
                Kind::Binary => return Err(Fault::validation(format!("'{name}' is a file itself: it is read record by record"))),
            };
            let sql = match cell {
                Cell::Text => Sql::new(&conditions.column(row, field)),
                Cell::Plain | Cell::Reference | Cell::Quoted | Cell::List => self.value(conditions, row, field, None, beside)?,
            };
            let sql = match may_be_missing {
                None => sql,
                Some(alias) => {
                    let mut there = Sql::new(&format!("CASE WHEN {alias}.id IS NOT NULL THEN "));
                    there.append(sql).push(" END");
                    there
                }
            };
            columns.push(Column { name, sql, cell });
        }
        Ok(())
    }

    /// The columns of a many2one's block.
    #[expect(clippy::too_many_arguments, reason = "what a select is made of")]
    fn related(
        self,
        conditions: &mut Conditions<'_>,
        row: Row<'_>,
        field: &Field,
        block: &Selection,
        name: &str,
        line: Line,
        beside: &mut Beside,
        columns: &mut Vec<Column>,
    ) -> Result<(), Fault> {
        let Kind::Many2one(comodel) = &field.kind else {
            return Err(Fault::validation(format!("'{name}' can't have a block in a file: one row has no place for a list's records")));
        };
        let Some(comodel) = self.registry.get(comodel) else {
            return Err(Fault::bad_query(format!("'{name}' leads to '{comodel}', which another service keeps: a file has its id alone")));
        };
        let alias = conditions.alias();
        let related = Row { model: comodel, alias: &alias };
        let column = conditions.column(row, field);
        let visible = conditions.visible(related)?;
        beside.joins.push(&format!(" LEFT JOIN {} {alias} ON {alias}.id = {column} AND ", comodel.table)).append(visible);
        self.columns(conditions, related, block, (&format!("{name}/"), Some(&alias)), line, beside, columns)
    }
}

/// SQL for a line out of the columns `r.c0`, `r.c1`, ….
fn written(columns: &[Column], line: Line) -> Sql {
    let mut sql = Sql::new("concat(");
    let mut arguments = 0;
    let mut argument = |text: &str| {
        if arguments > 0 {
            sql.push(if arguments % MAX_ARGUMENTS == 0 { ") || concat(" } else { ", " });
        }
        sql.push(text);
        arguments += 1;
    };
    for (at, column) in columns.iter().enumerate() {
        let value = format!("r.c{at}");
        argument(match (line, at) {
            (Line::Csv, 0) => "''",
            (Line::Json, 0) => "'['",
            _ => "','",
        });
        argument(&match (line, column.cell) {
            (Line::Json, Cell::Plain | Cell::Text) => format!("coalesce({value}::text, 'null')"),
            (Line::Json, Cell::Reference | Cell::Quoted | Cell::List) => format!("coalesce(nullif({value}, 'false'), 'null')"),
            (Line::Csv, Cell::Plain) => value,
            (Line::Csv, Cell::Reference) => format!("nullif({value}, 'false')"),
            (Line::Csv, Cell::Quoted) => format!("nullif(btrim({value}, '\"'), 'false')"),
            (Line::Csv, Cell::List) => format!("nullif('\"' || btrim({value}, '[]') || '\"', '\"\"')"),
            // A spreadsheet takes what begins like this for a formula, unless it is a number: a telephone's is one
            (Line::Csv, Cell::Text) => format!(
                "'\"' || CASE WHEN ascii({value}) IN (61, 43, 45, 64, 9, 13) AND {value} !~ '^[-+][0-9., ]*$' THEN '''' ELSE '' END \
                 || replace(nullif({value}, ''), '\"', '\"\"') || '\"'"
            ),
        });
    }
    if line == Line::Json {
        argument("']'");
    }
    sql.push(")");
    sql
}
