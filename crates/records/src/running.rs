//! Statements, run through Diesel.
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

use crate::sql::{Bind, Part, Sql};

/// How many different texts are kept prepared on each connection.
const MAX_SHAPES: usize = 500;
/// How many texts that came once are remembered.
const MAX_SEEN: usize = 10_000;

impl Sql {
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
