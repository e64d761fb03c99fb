//! Whole statements, which stand in `.sql` files beside the modules that run them: an editor knows them as SQL, and a test of each
//! service prepares them against its migrated schema.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::{Text, Untyped};
use diesel::{QueryResult, QueryableByName};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rust_decimal::Decimal;

use crate::running::Typed;
use crate::sql::{Bind, Sql};

/// A statement of a `.sql` file with its values; [`sql!`](crate::sql!) makes it. It is kept prepared.
#[derive(Clone, Debug)]
pub struct Statement {
    text: &'static str,
    binds: Vec<Bind>,
}

/// The statement of a `.sql` file beside this one, with the values of its `$1`, `$2`, … A number of values other than the
/// file's is no compiling program.
#[macro_export]
macro_rules! sql {
    ($file:literal $(, $bind:expr)* $(,)?) => {{
        const TEXT: &str = include_str!($file);
        const {
            let given = <[&str]>::len(&[$(stringify!($bind)),*]);
            assert!($crate::statement::placeholders(TEXT) == given, concat!($file, " takes another number of values"));
        }
        $crate::Statement::of(TEXT, vec![$($crate::Bind::from($bind)),*])
    }};
}

/// The highest `$n` of a text.
pub const fn placeholders(text: &str) -> usize {
    let (mut rest, mut highest) = (text.as_bytes(), 0);
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'$' {
            continue;
        }
        let mut number = 0;
        while let [digit @ b'0'..=b'9', after @ ..] = rest {
            rest = after;
            number *= 10;
            // In a constant there is no conversion
            let mut zero = b'0';
            while zero < *digit {
                zero += 1;
                number += 1;
            }
        }
        if number > highest {
            highest = number;
        }
    }
    highest
}

impl Statement {
    /// A text and its values, in the order of their numbers.
    pub const fn of(text: &'static str, binds: Vec<Bind>) -> Statement {
        Statement { text, binds }
    }

    /// Runs it and reads its rows by the names of their columns.
    ///
    /// # Errors
    /// The database's own; a column that is missing or of another type.
    pub async fn load<T: QueryableByName<Pg> + Send + 'static>(self, conn: &mut AsyncPgConnection) -> QueryResult<Vec<T>> {
        Typed::<Untyped>::of(self.into()).load::<T>(conn).await
    }

    /// Runs it; answers how many rows it changed.
    ///
    /// # Errors
    /// The database's own.
    pub async fn run(self, conn: &mut AsyncPgConnection) -> QueryResult<usize> {
        Typed::<Untyped>::of(self.into()).execute(conn).await
    }
}

/// An exact number that a statement tells as text (`amount::text`): `#[diesel(sql_type = Text, deserialize_as = Exact)]` of a
/// [`Decimal`].
#[derive(Clone, Copy, Debug, FromSqlRow)]
pub struct Exact(Decimal);

impl From<Exact> for Decimal {
    fn from(exact: Exact) -> Decimal {
        exact.0
    }
}

impl FromSql<Text, Pg> for Exact {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Exact> {
        let text = <String as FromSql<Text, Pg>>::from_sql(bytes)?;
        text.parse().map(Exact).map_err(|error| format!("'{text}' is not a number: {error}").into())
    }
}

/// Bound values stand where their numbers stood: one that stands twice is bound twice.
impl From<Statement> for Sql {
    fn from(statement: Statement) -> Sql {
        let mut sql = Sql::fixed();
        let mut rest = without_head(statement.text);
        while let Some(at) = rest.find('$') {
            let digits = rest[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
            let (before, after) = rest.split_at(at + 1 + digits);
            match before[at + 1..].parse::<usize>().ok().and_then(|number| statement.binds.get(number.checked_sub(1)?)) {
                Some(bind) => sql.push(&before[..at]).bind(bind.clone()),
                // The dollar of a quoted text
                None => sql.push(before),
            };
            rest = after;
        }
        sql.push(rest);
        sql
    }
}

/// Without the comment that a file begins with, and without the semicolon that it may end with.
fn without_head(text: &str) -> &str {
    let mut rest = text.trim_start();
    while rest.starts_with("--") {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest.trim_start());
    }
    rest.trim_end().trim_end_matches(';')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_their_numbers_stood() {
        const TEXT: &str = "-- What it does\n-- and why\nSELECT '$' || $2 FROM unnest($1) n WHERE n <> $2;\n";
        const { assert!(placeholders(TEXT) == 2) };
        let sql = Sql::from(Statement::of(TEXT, vec![vec!["a".to_owned()].into(), "b".into()]));
        let shown = sql.render(|number, bind| format!("<{number} {bind:?}>"));
        let b = |number| format!(r#"<{number} Text(Some("b"))>"#);
        assert_eq!(shown, format!(r#"SELECT '$' || {} FROM unnest(<2 Texts(["a"])>) n WHERE n <> {}"#, b(1), b(3)));
    }
}
