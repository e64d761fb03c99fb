//! SQL text with values bound between its parts, run through Diesel.
//!
//! Diesel re-prepares most dynamic statements at every run. This fragment is cached by its text; so that a client who
//! makes up ever new queries can't fill the servers' memory with prepared statements, only the first [`MAX_SHAPES`]
//! texts that came twice are kept prepared.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::marker::PhantomData;
use std::sync::{LazyLock, Mutex};

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use diesel_async::methods::LoadQuery;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// How many different texts are kept prepared on each connection.
const MAX_SHAPES: usize = 500;
/// How many texts that came once are remembered.
const MAX_SEEN: usize = 10_000;

/// A value bound to a statement, with the Postgres type that it has there.
#[derive(Clone, Debug, PartialEq)]
pub enum Bind {
    /// `bigint`
    Int(Option<i64>),
    /// `text`
    Text(Option<String>),
    /// `bigint[]`: one bind whatever the length, so that the statement's text stays the same.
    Ints(Vec<i64>),
    /// `text[]`
    Texts(Vec<String>),
}

impl From<i64> for Bind {
    fn from(value: i64) -> Bind {
        Bind::Int(Some(value))
    }
}

impl From<Option<i64>> for Bind {
    fn from(value: Option<i64>) -> Bind {
        Bind::Int(value)
    }
}

impl From<&str> for Bind {
    fn from(value: &str) -> Bind {
        Bind::Text(Some(value.to_owned()))
    }
}

impl From<String> for Bind {
    fn from(value: String) -> Bind {
        Bind::Text(Some(value))
    }
}

impl From<Option<String>> for Bind {
    fn from(value: Option<String>) -> Bind {
        Bind::Text(value)
    }
}

impl From<Vec<i64>> for Bind {
    fn from(value: Vec<i64>) -> Bind {
        Bind::Ints(value)
    }
}

impl From<Vec<String>> for Bind {
    fn from(value: Vec<String>) -> Bind {
        Bind::Texts(value)
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Bind(Bind),
}

/// A statement, or a part of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sql {
    parts: Vec<Part>,
    /// It stands in the code as a whole, so that it is worth keeping.
    is_fixed: bool,
}

impl Sql {
    /// The beginning of a statement that stands in the code as a whole.
    pub(crate) fn fixed() -> Sql {
        Sql { is_fixed: true, ..Sql::default() }
    }

    /// Starts with a text from the code: never with one from a request.
    pub fn new(text: &str) -> Sql {
        let mut sql = Sql::default();
        sql.push(text);
        sql
    }

    /// Goes on with a text from the code.
    pub fn push(&mut self, text: &str) -> &mut Sql {
        match self.parts.last_mut() {
            Some(Part::Text(last)) => last.push_str(text),
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
        self
    }

    /// Goes on with a value.
    pub fn bind(&mut self, value: impl Into<Bind>) -> &mut Sql {
        self.parts.push(Part::Bind(value.into()));
        self
    }

    /// Goes on with another part.
    pub fn append(&mut self, other: Sql) -> &mut Sql {
        for part in other.parts {
            match part {
                Part::Text(text) => {
                    self.push(&text);
                }
                Part::Bind(_) => self.parts.push(part),
            }
        }
        self
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The text with `placeholder(number from 1, value)` where values are bound: for plans and benchmarks.
    pub fn render(&self, mut placeholder: impl FnMut(usize, &Bind) -> String) -> String {
        let mut number = 0;
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Bind(bind) => {
                    number += 1;
                    placeholder(number, bind)
                }
            })
            .collect()
    }

    /// Runs it and reads the rows, whose SQL type is `ST`.
    ///
    /// # Errors
    /// The database's own.
    pub async fn load<ST, T>(self, conn: &mut AsyncPgConnection) -> QueryResult<Vec<T>>
    where
        T: Send,
        Typed<ST>: for<'q> LoadQuery<'q, AsyncPgConnection, T>,
    {
        Typed::<ST>::of(self).load::<T>(conn).await
    }
}

/// A statement whose rows have the SQL type `ST`.
pub struct Typed<ST> {
    sql: Sql,
    cached: bool,
    row: PhantomData<ST>,
}

impl<ST> Typed<ST> {
    /// The statement, with its rows' type.
    pub fn of(sql: Sql) -> Typed<ST> {
        let cached = sql.is_fixed || is_usual(&sql);
        Typed { sql, cached, row: PhantomData }
    }
}

impl<ST> QueryId for Typed<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Typed<ST> {
    type SqlType = ST;
}

impl<ST, Conn> diesel::query_dsl::RunQueryDsl<Conn> for Typed<ST> {}

impl<ST> QueryFragment<Pg> for Typed<ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if !self.cached {
            out.unsafe_to_cache_prepared();
        }
        for part in &self.sql.parts {
            match part {
                Part::Text(text) => out.push_sql(text),
                Part::Bind(Bind::Int(value)) => out.push_bind_param::<Nullable<BigInt>, _>(value)?,
                Part::Bind(Bind::Text(value)) => out.push_bind_param::<Nullable<Text>, _>(value)?,
                Part::Bind(Bind::Ints(value)) => out.push_bind_param::<Array<BigInt>, _>(value)?,
                Part::Bind(Bind::Texts(value)) => out.push_bind_param::<Array<Text>, _>(value)?,
            }
        }
        Ok(())
    }
}

#[derive(Default)]
struct Shapes {
    seen: HashSet<u64>,
    usual: HashSet<u64>,
}

static SHAPES: LazyLock<Mutex<Shapes>> = LazyLock::new(Mutex::default);

fn is_usual(sql: &Sql) -> bool {
    let mut hasher = DefaultHasher::new();
    for part in &sql.parts {
        if let Part::Text(text) = part {
            text.hash(&mut hasher);
        }
    }
    let shape = hasher.finish();
    let Ok(mut shapes) = SHAPES.lock() else { return false };
    if shapes.usual.contains(&shape) {
        return true;
    }
    if shapes.usual.len() < MAX_SHAPES && !shapes.seen.insert(shape) {
        shapes.usual.insert(shape);
        return true;
    }
    if shapes.seen.len() > MAX_SEEN {
        shapes.seen.clear();
    }
    false
}
