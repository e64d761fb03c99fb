//! What a model is, and how a question about its records becomes one SQL statement.
//!
//! **Reads are data.** A [`Model`] is declared once; the [`Filter`] (Odoo's domain) and the [`Selection`] (the query
//! language) are parsed from what a client sent, checked against the declaration, and become SQL whose identifiers come
//! only from declarations and whose values are only bound ([`read`]). Postgres writes the JSON of the answer itself.
//! The rights of the identity are applied here, in every table that a statement touches, so that no door can forget them.
//!
//! **Writes are code**, in the services; [`values`] checks what a client wants to write, and [`mod@write`] gives the
//! statements that change rows together with their events and audit.

pub mod commands;
pub mod condition;
pub mod filter;
pub mod model;
pub mod posted;
pub mod read;
mod registry;
pub mod request;
pub mod schema;
pub mod selection;
pub mod sql;
pub mod statement;
pub mod tx;
pub mod values;
pub mod write;

pub use filter::{Filter, Leaf, Op, Operand};
pub use model::{Access, Field, Kind, Model};
pub use posted::{Posted, Shape};
pub use registry::{Outline, Registry};
pub use schema::{Action, Argument, Body, Described};
pub use selection::{Item, Selection};
pub use sql::{Bind, Sql};
pub use statement::{Exact, Statement};
pub use tx::{Failure, Tx};
pub use values::{Value, Values};
