//! A table that is imported, as spreadsheets write it.

use crate::declared::Model;
use crate::refused::Refused;
use crate::visit::Visit;

/// The longest table, in bytes.
const LONGEST_TABLE: usize = 8 << 20;
/// How many lines a table may have.
const MOST_LINES: usize = 50_000;
/// How many columns.
const MOST_COLUMNS: usize = 200;

/// A table that is imported: the names of its columns, as the door takes them, and its lines.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Fields' names.
    pub fields: Vec<String>,
    /// A cell for each.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads a text: columns by commas, semicolons or tabs, named by fields or by what people call them.
    ///
    /// # Errors
    /// 422 for what is no table, in the reader's words.
    pub fn read(visit: &Visit, model: &Model, text: &str) -> Result<Table, Refused> {
        let named = |head: &str| {
            let called = |field: &&crate::declared::Field| {
                let label = visit.console.words.field(visit.lang, &model.name, field);
                label.to_lowercase() == head.to_lowercase() || field.string.to_lowercase() == head.to_lowercase()
            };
            let is_name = head == "id" || head == ".id" || model.field(head).is_some();
            let found = if is_name { None } else { model.fields.iter().find(called) };
            found.map_or_else(|| head.to_owned(), |field| field.name.clone())
        };
        let told = |id: &str, value: String| Refused::of(422, &visit.t_with(id, &[("value", &value)]));
        if text.len() > LONGEST_TABLE {
            return Err(told("import-long", (LONGEST_TABLE >> 20).to_string()));
        }
        let (fields, rows) = parsed(text).map_err(|problem| told("import-unread", problem))?;
        if rows.is_empty() {
            return Err(told("import-empty", String::new()));
        }
        if rows.len() > MOST_LINES {
            return Err(told("import-lines", MOST_LINES.to_string()));
        }
        if fields.len() > MOST_COLUMNS {
            return Err(told("import-columns", MOST_COLUMNS.to_string()));
        }
        Ok(Table { fields: fields.iter().map(|head| named(head)).collect(), rows })
    }

    /// Some of its lines, as the door reads them.
    ///
    /// # Errors
    /// 500, which only memory could bring about.
    pub fn csv(&self, from: usize, lines: usize) -> Result<Vec<u8>, Refused> {
        let unwritten = |error: &dyn std::fmt::Display| Refused::unread("import", error);
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.fields).map_err(|error| unwritten(&error))?;
        for row in self.rows.iter().skip(from).take(lines) {
            writer.write_record(row).map_err(|error| unwritten(&error))?;
        }
        writer.into_inner().map_err(|error| unwritten(&error))
    }
}

/// The heads and lines of a text, and what is wrong with it otherwise.
fn parsed(text: &str) -> Result<(Vec<String>, Vec<Vec<String>>), String> {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default();
    // Spreadsheets of French separate by semicolons
    let count = |mark: char| first.chars().filter(|c| *c == mark).count();
    let mark =
        [(b',', count(',')), (b';', count(';')), (b'\t', count('\t'))].into_iter().max_by_key(|(mark, count)| (*count, *mark == b','));
    let mark = mark.map_or(b',', |(mark, _)| mark);
    let mut reader = csv::ReaderBuilder::new().delimiter(mark).has_headers(true).flexible(false).from_reader(text.as_bytes());
    let heads: Vec<String> = reader.headers().map_err(|error| error.to_string())?.iter().map(|head| head.trim().to_owned()).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        // What spreadsheets leave below a table
        if record.iter().any(|cell| !cell.trim().is_empty()) {
            rows.push(record.iter().map(str::to_owned).collect());
        }
        if rows.len() > MOST_LINES {
            break;
        }
    }
    Ok((heads, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_as_spreadsheets_write_it() {
        for text in ["name,code\r\nA,1\r\n", "\u{feff}name;code\nA;1\n;\n", "name\tcode\nA\t1"] {
            let (heads, rows) = parsed(text).unwrap();
            assert_eq!(heads, ["name", "code"], "{text}");
            assert_eq!(rows, [["A", "1"]], "{text}");
        }
        assert_eq!(parsed("name\n\"a;b\nc\"\n").unwrap().1, [["a;b\nc"]]);
        assert!(parsed("a,b\n1\n").is_err());
    }

    #[test]
    fn a_piece_has_the_heads_and_its_lines() {
        let table = Table { fields: vec!["a".to_owned()], rows: ["1", "2,3", "4"].map(|cell| vec![cell.to_owned()]).to_vec() };
        assert_eq!(table.csv(1, 1).unwrap(), b"a\n\"2,3\"\n");
    }
}
