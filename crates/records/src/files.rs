//! Files of records (`binary.rs` says where they are): one as a door serves it, and those that a change keeps.

#[cfg(feature = "postgres")]
use diesel::sql_types::{Nullable, Text};
use jsonrpc::Fault;

use crate::binary;
use crate::condition::{Conditions, Row, readable};
#[cfg(feature = "postgres")]
use crate::model::Kept;
use crate::model::Model;
use crate::read::{Reader, naming};
use crate::sql::Sql;
#[cfg(feature = "postgres")]
use crate::tx::{Failure, Tx};

/// How many records one change may give a file: each keeps one of its own.
#[cfg(feature = "postgres")]
const MAX_RECORDS: usize = 20;

/// A file as a door serves it.
#[derive(Debug)]
#[cfg_attr(feature = "postgres", derive(diesel::QueryableByName))]
pub struct File {
    /// What its record is called.
    #[cfg_attr(feature = "postgres", diesel(sql_type = Text))]
    pub name: String,
    /// Its kind; none: there is no file.
    #[cfg_attr(feature = "postgres", diesel(sql_type = Nullable<Text>))]
    pub mimetype: Option<String>,
    /// Its checksum.
    #[cfg_attr(feature = "postgres", diesel(sql_type = Nullable<Text>))]
    pub checksum: Option<String>,
    /// Base64 or the encrypted text; none where the asker has the file of this checksum.
    #[cfg_attr(feature = "postgres", diesel(sql_type = Nullable<Text>))]
    pub text: Option<String>,
}

impl Reader<'_> {
    /// One record's file; no row where the record does not exist for the identity. Without its bytes where it has the checksum
    /// `known`.
    ///
    /// # Errors
    /// 403 for the model or the field, 422 for a field that is no file.
    pub fn file(self, model: &Model, field: &str, id: i64, known: &str) -> Result<Sql, Fault> {
        let field = model.field(field).ok_or_else(|| Fault::value_error(model.unknown_field(field)))?;
        let Some(kept) = field.kept else {
            return Err(Fault::validation(format!("Field '{}' of {} is no file: read it by `query`", field.name, model.name)));
        };
        readable(self.identity, model, field.name)?;
        let mut conditions = Conditions::new(self.registry, self.identity);
        let row = Row { model, alias: "t" };
        let visible = conditions.visible(row)?;
        let bytes = if kept.is_sealed { "b.sealed" } else { "translate(encode(b.bytes, 'base64'), E'\\n', '')" };
        let name = naming(&conditions, row);
        let seen = binary::seen(field, &conditions.column(row, field));
        let mut sql = Sql::new(&format!("SELECT coalesce({name}, '') AS name, b.mimetype, b.checksum, CASE WHEN b.checksum <> "));
        sql.bind(known).push(&format!(
            " THEN {bytes} END AS text FROM {} t LEFT JOIN {} b ON b.record_id = t.id AND b.part = '{}'{seen} WHERE t.id = ",
            model.table, kept.table, field.name
        ));
        sql.bind(id).push(" AND ").append(visible);
        Ok(sql)
    }
}

/// A file that is to be kept.
#[derive(Clone, Debug)]
pub struct Part {
    /// The field's name.
    pub field: &'static str,
    /// Its kind.
    pub mimetype: &'static str,
    /// What tells it from others of the field.
    pub checksum: String,
    /// How many bytes it has.
    pub size: i64,
    /// Base64, or the encrypted text.
    pub text: String,
}

#[cfg(feature = "postgres")]
impl Tx<'_> {
    /// Keeps files of these locked records in place of those that are there.
    ///
    /// # Errors
    /// 422 for more records than one change may give a file.
    pub async fn keep_parts(&mut self, kept: Kept, ids: &[i64], parts: &[Part]) -> Result<(), Failure> {
        if ids.len() > MAX_RECORDS {
            return Err(Fault::validation(format!("A file is given to {MAX_RECORDS} records at a time, not to {}.", ids.len())).into());
        }
        let (column, decoded) = if kept.is_sealed { ("sealed", "") } else { ("bytes", ", 'base64'") };
        let decode = if kept.is_sealed { "(" } else { "decode(" };
        for Part { field, mimetype, checksum, size, text } in parts {
            let mut sql = Sql::new(&format!(
                "INSERT INTO {} AS b (record_id, part, mimetype, checksum, size, {column}) SELECT r, '{field}', ",
                kept.table
            ));
            sql.bind(*mimetype).push(", ").bind(checksum.as_str()).push(", ").bind(*size).push(", ").push(decode);
            sql.bind(text.as_str()).push(decoded).push(") FROM unnest(").bind(ids.to_vec()).push(&format!(
                ") r ON CONFLICT (record_id, part) DO UPDATE SET mimetype = excluded.mimetype, checksum = excluded.checksum, \
                 size = excluded.size, {column} = excluded.{column} WHERE b.checksum <> excluded.checksum RETURNING b.record_id"
            ));
            self.ids(sql).await?;
        }
        Ok(())
    }

    /// Throws away all files of these records.
    ///
    /// # Errors
    /// The database's own.
    pub async fn drop_parts(&mut self, kept: Kept, ids: &[i64]) -> Result<(), Failure> {
        let mut sql = Sql::new(&format!("DELETE FROM {} b WHERE b.record_id = ANY(", kept.table));
        sql.bind(ids.to_vec()).push(") RETURNING b.record_id");
        self.ids(sql).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use domain::Identity;

    use super::*;
    use crate::model::{Field, Kind};
    use crate::read::Wire;
    use crate::registry::Registry;
    use crate::request::ListRequest;
    use crate::{Access, Filter, Selection};

    fn registry() -> Registry {
        let fields = vec![
            Field::new("name", Kind::Char(10), "Name"),
            Field::binary("picture", "Picture", "x_picture"),
            Field::made_of("small", "Small picture", "picture", "x_picture"),
            Field::sealed_binary("paper", "Paper", "x_paper"),
        ];
        Registry::new([Model::new("x.y", "x_y", "X", fields, |_| Access::all())])
    }

    fn one(query: &str, as_sizes: bool) -> Result<String, Fault> {
        let (registry, identity) = (registry(), Identity::system());
        let reader = Reader { registry: &registry, identity: &identity, wire: Wire::AddOn, as_sizes };
        let sql = reader.one(registry.model("x.y")?, &Selection::parse(query)?)?;
        Ok(sql.of(1).render(|_, _| String::new()))
    }

    fn asked(filter: serde_json::Value, order: Option<&str>) -> Result<Sql, Fault> {
        let (registry, identity) = (registry(), Identity::system());
        let reader = Reader { registry: &registry, identity: &identity, wire: Wire::AddOn, as_sizes: false };
        let mut request = ListRequest::parse(&jsonrpc::Params::default())?;
        request.filter = Filter::from_value(filter)?;
        request.order = order.map(str::to_owned);
        reader.page(registry.model("x.y")?, &request, 10)
    }

    #[test]
    fn files_are_read_where_they_are_named_and_never_in_all_fields() {
        for all in ["{*}", "", "{-name}"] {
            let sql = one(all, false).unwrap();
            assert!(!sql.contains("x_picture") && !sql.contains("x_paper"), "{all}: {sql}");
        }
        assert!(one("{small}", false).unwrap().contains("encode(b.bytes, 'base64')"));
        let sizes = one("{picture, paper}", true).unwrap();
        assert!(!sizes.contains("b.bytes") && !sizes.contains("b.sealed") && sizes.contains("b.size"), "{sizes}");
        assert_eq!(one("{picture{name}}", false).unwrap_err().status, 400);
    }

    #[test]
    fn a_filter_asks_whether_there_is_a_file_and_nothing_else() {
        use serde_json::json;
        for (filter, sql) in
            [(json!([["small", "!=", false]]), "t1.picture) IS NOT NULL"), (json!([["picture", "=", false]]), "t1.picture IS NULL")]
        {
            let found = asked(filter.clone(), None).unwrap().render(|_, _| String::new());
            assert!(found.contains(sql), "{filter}: {found}");
        }
        for filter in [
            json!([["picture", "=", "abc"]]),
            json!([["picture", "like", "a"]]),
            json!([["paper", "in", ["a"]]]),
            json!([["small", ">", "a"]]),
        ] {
            assert!(asked(filter.clone(), None).unwrap_err().message.contains("is a file"), "{filter}");
        }
        assert_eq!(asked(json!([]), Some("picture")).unwrap_err().status, 422);
    }
}
