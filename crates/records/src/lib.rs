//! What a model is, and how a question about its records becomes one SQL statement.
//!
//! **Reads are data.** A [`Model`] is declared once; the [`Filter`] (Odoo's domain) and the [`Selection`] (the query
//! language) are parsed from what a client sent, checked against the declaration, and become SQL whose identifiers come
//! only from declarations and whose values are only bound ([`read`]). Postgres writes the JSON of the answer itself.
//! The rights of the identity are applied here, in every table that a statement touches, so that no door can forget them.
//!
//! **Writes are code**, in the services; [`values`] checks what a client wants to write, and [`mod@write`] gives the
//! statements that change rows together with their events and audit.

pub mod about;
pub mod access;
mod binary;
pub mod commands;
pub mod condition;
pub mod files;
pub mod filter;
pub mod group;
pub mod importing;
pub mod methods;
pub mod model;
pub mod paged;
pub mod posted;
pub mod read;
mod registry;
pub mod request;
#[cfg(feature = "postgres")]
pub mod running;
pub mod schema;
pub mod seen;
pub mod selection;
pub mod sql;
#[cfg(feature = "postgres")]
pub mod statement;
pub mod table;
#[cfg(feature = "postgres")]
pub mod tx;
pub mod values;
#[cfg(feature = "postgres")]
pub mod write;

pub use filter::{Filter, Leaf, Op, Operand};
pub use model::{About, Access, Field, Kind, Model};
pub use posted::{Posted, Shape};
pub use registry::{Outline, Registry};
pub use schema::{Action, Argument, Body, Described};
pub use selection::{Item, Selection};
pub use sql::{Bind, Sql};
#[cfg(feature = "postgres")]
pub use statement::{Exact, Statement};
#[cfg(feature = "postgres")]
pub use tx::{Failure, Tx};
pub use values::{Value, Values};
