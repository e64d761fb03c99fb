//! `/web/{model}/export`: what a list has, as a table for people: names in the place of numbers, heads in the reader's language, days and
//! decimals as their spreadsheet reads them. Programs take the doors' own files, which are of one state of the data.

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Value, json};

use crate::asked::Asked;
use crate::cells::cell;
use crate::declared::{self, Field, Model};
use crate::refused::Refused;
use crate::shown;
use crate::views;
use crate::visit::Visit;
use crate::words::Lang;

/// How many records are asked for at a time.
const AT_A_TIME: usize = 500;
/// How many a table has at most.
const MOST: u64 = 50_000;

/// `GET /web/{model}/export?…`: as the list's address, its columns too.
pub async fn export(visit: Visit, model: web::Path<String>) -> HttpResponse {
    match begun(&visit, &model).await {
        Err(refused) => visit.told(Err(refused)),
        Ok(table) => {
            let name = format!("{}.csv", model.replace('.', "-"));
            let first = Bytes::from(format!("\u{feff}{}{}", table.head, table.first));
            let rest = stream::try_unfold((visit, table.of, AT_A_TIME), next);
            let whole = futures_util::StreamExt::chain(stream::once(async { Ok::<_, Broken>(first) }), rest);
            crate::visit::safe(HttpResponse::Ok())
                .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
                .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
                .streaming(whole)
        }
    }
}

/// A table whose rest can't be read: the browser is told by an answer that does not end.
#[derive(Debug)]
struct Broken(Refused);

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Broken {}

/// What a table is of.
struct Of {
    model: String,
    columns: Vec<String>,
    filter: String,
    order: String,
    archived: bool,
}

struct Table {
    head: String,
    first: String,
    of: Of,
}

async fn begun(visit: &Visit, name: &str) -> Result<Table, Refused> {
    let model = visit.model(name)?;
    let asked = Asked::read(visit.query());
    let fields = views::columns(model, &asked.columns);
    let columns = fields.iter().map(|field| field.name.clone()).collect();
    let filter = asked.domain(visit, model)?.to_string();
    let of = Of { model: name.to_owned(), columns, filter, order: asked.order, archived: asked.archived };
    let counted = [("query", "{id}".to_owned()), ("filter", of.filter.clone()), ("page_size", "1".to_owned()), ("page", "1".to_owned())];
    let counted = counted.into_iter().chain(context(&of)).collect::<Vec<_>>();
    let count = visit.list(name, &counted).await?.count;
    if count > MOST {
        let numbers = [count, MOST].map(|number| shown::number(visit.lang, &number.to_string(), None));
        return Err(Refused::of(422, &visit.t_with("export-many", &[("count", &numbers[0]), ("most", &numbers[1])])));
    }
    let heads = fields.iter().map(|field| visit.console.words.field(visit.lang, name, field).into_owned());
    let head = line(heads.collect());
    let first = rows(visit, &of, 0).await?.0;
    Ok(Table { head, first, of })
}

fn context(of: &Of) -> Option<(&'static str, String)> {
    of.archived.then(|| ("context", json!({"active_test": false}).to_string()))
}

/// The next rows, until there are none.
async fn next((visit, of, offset): (Visit, Of, usize)) -> Result<Option<(Bytes, (Visit, Of, usize))>, Broken> {
    let (text, count) = rows(&visit, &of, offset).await.map_err(Broken)?;
    let is_over = count == 0 || u64::try_from(offset).unwrap_or(u64::MAX) >= MOST;
    Ok((!is_over).then(|| (Bytes::from(text), (visit, of, offset + AT_A_TIME))))
}

async fn rows(visit: &Visit, of: &Of, offset: usize) -> Result<(String, usize), Refused> {
    let model = visit.model(&of.model)?;
    let fields: Vec<&Field> = of.columns.iter().filter_map(|name| model.field(name)).collect();
    let query = declared::asked(fields.iter().copied());
    let mut parameters = vec![
        ("query", format!("{{id, {query}}}")),
        ("filter", of.filter.clone()),
        ("limit", AT_A_TIME.to_string()),
        ("offset", offset.to_string()),
    ];
    if !of.order.is_empty() {
        parameters.push(("order", of.order.clone()));
    }
    parameters.extend(context(of));
    let listed = visit.list(&of.model, &parameters).await?;
    let text = listed.result.iter().map(|record| line(fields.iter().map(|field| told(visit, model, field, record)).collect()));
    Ok((text.collect(), listed.result.len()))
}

/// A value as a spreadsheet reads it in the reader's language.
fn told(visit: &Visit, model: &Model, field: &Field, record: &Value) -> String {
    let value = record.get(&field.name).unwrap_or(&Value::Null);
    let is_amount = matches!(field.kind.as_str(), "integer" | "float" | "monetary");
    match visit.lang {
        _ if !is_amount => guarded(cell(visit, &model.name, field, value).text),
        Lang::En => shown::text(value),
        Lang::Fr | Lang::Ar => shown::text(value).replace('.', ","),
    }
}

/// A text that no spreadsheet runs as a formula.
fn guarded(text: String) -> String {
    let is_number = text.chars().all(|c| c.is_ascii_digit() || " +-.,".contains(c));
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number { format!("'{text}") } else { text }
}

/// A line of the table: semicolons, for commas stand in its numbers.
fn line(values: Vec<String>) -> String {
    let mut line = values.iter().map(|value| format!("\"{}\"", value.replace('"', "\"\""))).collect::<Vec<_>>().join(";");
    line.push_str("\r\n");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_of_a_table_is_run_or_ends_its_line() {
        assert_eq!(guarded("=1+1".to_owned()), "'=1+1");
        assert_eq!(guarded("+213 555 12".to_owned()), "+213 555 12");
        assert_eq!(guarded("@SUM(A1)".to_owned()), "'@SUM(A1)");
        assert_eq!(line(vec!["a\"b".to_owned(), "c;d".to_owned()]), "\"a\"\"b\";\"c;d\"\r\n");
    }
}
