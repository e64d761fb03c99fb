//! What partners takes from another Odoo: banks, users, clients and their addresses, points of sale.

use jsonrpc::Fault;
use jsonrpc::import::Became;
use partners_contract::Import;
use records::{Value, Values, sql};
use serde_json::Value as Json;
use service::importing::Imported;
use service::{Answers, Owner};

use crate::Partners;

const IMPORTED: &[Imported] = &[
    Imported { model: "res.bank", stored_as: "res.bank", keys: |rows| sql!("imported/banks.sql", rows), ..Imported::PLAIN },
    Imported { model: "res.partner", stored_as: "res.partner", keys: |rows| sql!("imported/partners.sql", rows), lacks, ..Imported::PLAIN },
    Imported {
        model: "res.users",
        stored_as: "res.users",
        keys: |rows| sql!("imported/users.sql", rows),
        lacks: given,
        // As the schema has it
        of_platform: |values| values.get("bank_id").is_some_and(|bank| !matches!(bank, Value::Plain(Json::Null))),
        ..Imported::PLAIN
    },
];

/// A user who comes is inactive until an administrator opens it, and is given nothing by which it could log in or administer.
fn given(values: &Values) -> Option<&'static str> {
    let is_given = |name: &str| values.is_true(name);
    let has_password = values.get("password").is_some_and(|password| !matches!(password, Value::Plain(Json::Null)));
    let is_more = has_password || is_given("hub_admin") || is_given("integration") || is_given("integration_confirmed");
    let is_open = values.get("active").is_none() || is_given("active");
    match (is_more, is_open) {
        (true, _) => Some("A user comes without a password, and without the right to administer the hub or to send for the platform"),
        (false, true) => Some("A user comes inactive: 'active' must be false"),
        (false, false) => None,
    }
}

/// A point of sale is known by its code.
fn lacks(values: &Values) -> Option<&'static str> {
    let has_code = values.text("code_pos").is_some_and(|code| !code.is_empty());
    (values.is_true("is_pos") && !has_code).then_some("Field 'code_pos' of res.partner is required for a point of sale")
}

impl Answers<Import> for Partners {
    async fn answer(owner: &Owner<Self>, Import(batch): Import, traceparent: Option<&String>) -> Result<Vec<Became>, Fault> {
        owner.import(IMPORTED, &batch, traceparent).await
    }
}
