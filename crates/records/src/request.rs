//! A list as a client asks for it: which records, what of each, in which order, and which part of them.

use jsonrpc::{Fault, Params};

use crate::filter::Filter;
use crate::model::clip;
use crate::selection::Selection;
use crate::values::{truth, whole};

/// How many records one answer may be asked for, by `limit` or `page_size`.
pub const MAX_PAGE: i64 = 10_000;
/// How far an offset may go; beyond it `after` walks.
pub const MAX_OFFSET: i64 = 1_000_000;

/// A list as a client asked for it.
#[derive(Clone, Debug)]
pub struct ListRequest {
    /// Which records.
    pub filter: Filter,
    /// What of each.
    pub selection: Selection,
    /// In which order; `None`: the model's.
    pub order: Option<String>,
    /// Whether archived ones are hidden.
    pub active_test: bool,
    /// Which of them.
    pub window: Window,
}

/// Which part of the matching records is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// All, or the first so many.
    First(Option<i64>),
    /// All after so many, or the first so many of them.
    From {
        /// How many are left out.
        offset: i64,
        /// How many follow at most.
        limit: Option<i64>,
    },
    /// A page of Odoo's: its number from 1, its size, and how many of its records at most.
    Page {
        /// From 1.
        page: i64,
        /// Records on a full page.
        size: i64,
        /// Records of it that are answered at most.
        limit: Option<i64>,
    },
    /// The next so many in the order of their ids, after this one.
    After {
        /// The last id that the client has.
        id: i64,
        /// How many.
        limit: i64,
    },
}

impl Window {
    /// Whether it has no bound of its own.
    pub fn is_open_ended(&self) -> bool {
        matches!(self, Window::First(None) | Window::From { limit: None, .. })
    }

    /// How many records it has at most, where that was said.
    pub fn limit(&self) -> Option<i64> {
        match *self {
            Window::First(limit) | Window::From { limit, .. } => limit,
            Window::Page { size, limit, .. } => Some(limit.unwrap_or(size).min(size)),
            Window::After { limit, .. } => Some(limit),
        }
    }

    /// How many of the matching records come before it.
    pub fn offset(&self) -> i64 {
        match *self {
            Window::From { offset, .. } => offset,
            Window::Page { page, size, .. } => (page - 1) * size,
            Window::First(_) | Window::After { .. } => 0,
        }
    }
}

impl ListRequest {
    /// From a call's arguments.
    ///
    /// # Errors
    /// 400 for filter and query, 422 for numbers that are none or out of bounds.
    pub fn parse(params: &Params) -> Result<ListRequest, Fault> {
        let filter = params.raw("filter").map_or_else(|| Ok(Filter::all()), Filter::parse)?;
        let selection = Selection::parse(&params.get::<String>("query")?.unwrap_or_default())?;
        let number = |name: &str, least: i64, most: i64| -> Result<Option<i64>, Fault> {
            let Some(text) = params.get::<String>(name)? else { return Ok(None) };
            match whole(&text.as_str().into()) {
                Some(value) if (least..=most).contains(&value) => Ok(Some(value)),
                _ => Err(Fault::validation(format!("`{name}` is '{}': a whole number from {least} to {most} was expected", clip(&text)))),
            }
        };
        let limit = number("limit", 1, MAX_PAGE)?;
        let order = params.get::<String>("order")?.map(unquoted).filter(|order| !order.trim().is_empty());
        let offset = number("offset", 0, MAX_OFFSET)?;
        let window = match (params.get::<String>("after")?, number("page_size", 1, MAX_PAGE)?) {
            (after, size) if offset.is_some() && (after.is_some() || size.is_some()) => {
                let other = if after.is_some() { "after" } else { "page_size" };
                return Err(Fault::validation(format!("`offset` and `{other}` are two ways of walking: give one")));
            }
            (Some(_), Some(_)) => return Err(Fault::validation("`after` and `page_size` are two ways of walking: give one")),
            (Some(cursor), None) => {
                if order.as_deref().is_some_and(|order| order.trim() != "id" && order.trim() != "id asc") {
                    return Err(Fault::validation("`after` walks in the order of ids: leave `order` out"));
                }
                let id = if cursor.is_empty() { 0 } else { cursor_id(&cursor)? };
                Window::After { id, limit: limit.unwrap_or(1_000) }
            }
            (None, Some(size)) => {
                let page = number("page", 1, i64::MAX / MAX_PAGE)?.unwrap_or(1);
                if (page - 1) * size > MAX_OFFSET {
                    return Err(Fault::validation(format!("page {page} lies beyond {MAX_OFFSET} records: walk with `after`")));
                }
                Window::Page { page, size, limit }
            }
            (None, None) => {
                number("page", 1, i64::MAX)?;
                offset.map_or(Window::First(limit), |offset| Window::From { offset, limit })
            }
        };
        let active_test = params.raw("context").map_or(Ok(true), active_test)?;
        Ok(ListRequest { filter, selection, order, active_test, window })
    }
}

/// `context.active_test`, on unless it is false.
fn active_test(raw: &serde_json::value::RawValue) -> Result<bool, Fault> {
    Ok(jsonrpc::strict::value("context", raw)?.get("active_test").and_then(truth) != Some(false))
}

/// An order comes as a JSON string; without its quotes it is taken too.
fn unquoted(order: String) -> String {
    serde_json::from_str::<String>(&order).unwrap_or(order)
}

/// The opaque text that stands for "after this id".
pub fn cursor(id: i64) -> String {
    format!("id-{id:x}")
}

fn cursor_id(cursor: &str) -> Result<i64, Fault> {
    cursor
        .strip_prefix("id-")
        .and_then(|digits| i64::from_str_radix(digits, 16).ok())
        .ok_or_else(|| Fault::validation(format!("`after` is '{}': the `next_cursor` of an earlier answer was expected", clip(cursor))))
}
