//! What partners takes from another Odoo: banks, clients and their addresses, points of sale.

use jsonrpc::Fault;
use jsonrpc::import::Became;
use partners_contract::Import;
use records::{Values, sql};
use service::importing::Imported;
use service::{Answers, Owner};

use crate::Partners;

const IMPORTED: &[Imported] = &[
    Imported { model: "res.bank", stored_as: "res.bank", keys: |rows| sql!("imported/banks.sql", rows), ..Imported::PLAIN },
    Imported { model: "res.partner", stored_as: "res.partner", keys: |rows| sql!("imported/partners.sql", rows), lacks, ..Imported::PLAIN },
];

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
