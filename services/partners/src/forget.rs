//! `res.partner.action_forget`: a person has asked to be forgotten (law 18-07). The schema's `forget` overwrites what is here, and
//! tells the other services by an event; posted invoices print who it was for ten years.

use std::time::Duration;

use chrono::Months;
use crm_contract::PapersOf;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use jsonrpc::{Call, Fault};
use partners_contract::Forgotten;
use records::condition::denied;
use records::{Action, Argument, Model, Tx, sql};
use serde_json::{Map, Value as Json};
use service::owner::Answer;
use service::{Answers, Asked, Owner};

use crate::Partners;
use crate::res_users::is_administrator;

/// How long a posted invoice keeps its parties, in months.
const KEPT: Months = Months::new(120);
/// How often what is kept for a time is looked at.
const SWEEP: Duration = Duration::from_secs(600);
/// The longest reason, in characters.
const REASON: usize = 500;
const KEEP_UNTIL: &str = "keep_until";

/// The public method.
pub const ACTION: Action = Action {
    method: "action_forget",
    arguments: &[Argument::needed("reason", r#"{"type": "string", "minLength": 1, "maxLength": 500}"#)],
    on_record: true,
    about: "Overwrites what the hub keeps of a client who asks for it: name, addresses, numbers, notes, contacts, loan files, what the \
            audit has of them. Administrators only. Posted invoices keep their parties for ten years. It can't be undone.",
};

fn client(call: &Call) -> Result<i64, Fault> {
    match call.params.need::<Vec<i64>>("ids")?.as_slice() {
        [one] => Ok(*one),
        _ => Err(Fault::validation("One client at a time.")),
    }
}

/// Before the transaction: what crm has of the client.
///
/// # Errors
/// 403 for others than administrators, 409 for a client with orders that are under way, 422 without a reason.
pub async fn prepare(asked: &Asked<'_, Partners>, data: &mut Map<String, Json>) -> Result<(), Fault> {
    if !is_administrator(asked.identity) {
        return Err(denied(asked.model, "forget"));
    }
    let reason = data.get("reason").and_then(Json::as_str).map(str::trim).unwrap_or_default();
    if !(1..=REASON).contains(&reason.chars().count()) {
        return Err(Fault::validation(format!("`reason` must be a text of 1 to {REASON} characters")));
    }
    let client = client(asked.call)?;
    let papers = asked.owner.ask(&PapersOf { partner: client }, asked.call.traceparent.as_ref()).await?;
    if papers.open > 0 {
        let open = papers.open;
        return Err(Fault::conflict(format!("{open} orders of the client {client} are neither delivered nor cancelled: end them first.")));
    }
    let keep_until = papers.last.and_then(|last| last.checked_add_months(KEPT));
    data.insert(KEEP_UNTIL.to_owned(), serde_json::json!(keep_until));
    Ok(())
}

/// Overwrites the client, and tells the others.
///
/// # Errors
/// 404 for one that is not there, 422 for a point of sale.
pub async fn action(tx: &mut Tx<'_>, model: &Model, call: &Call, data: &Map<String, Json>) -> Answer {
    let client = client(call)?;
    tx.find_ids(model, vec![client]).await?;
    let text = |name: &str| data.get(name).and_then(Json::as_str).map(|text| text.trim().to_owned());
    // Its events are the schema's function's
    tx.author.told.set();
    let forget = sql!("forget/client.sql", client, tx.identity.uid, text("reason"), text(KEEP_UNTIL));
    match tx.ids(forget).await?.is_empty() {
        true => Err(Fault::validation("A point of sale is no person: archive it.").into()),
        false => Ok(true.into()),
    }
}

impl Answers<Forgotten> for Partners {
    async fn answer(owner: &Owner<Self>, question: Forgotten, _: Option<&String>) -> Result<Vec<(i64, Option<String>)>, Fault> {
        let rows: Vec<Gone> = owner.database.rows(sql!("forget/emails.sql", question.ids)).await?;
        Ok(rows.into_iter().map(|row| (row.partner_id, row.email)).collect())
    }
}

/// A row of `emails.sql`.
#[derive(QueryableByName)]
struct Gone {
    #[diesel(sql_type = BigInt)]
    partner_id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
}

/// Throws away what was kept for a time: e-mails that sync has looked for, and what invoices printed for ten years.
pub async fn sweep(owner: &Owner<Partners>) {
    loop {
        if let Err(fault) = sweep_once(owner).await {
            tracing::warn!(service = "partners", %fault, "what is kept of forgotten clients can't be swept");
        }
        tokio::time::sleep(SWEEP).await;
    }
}

/// The same, once.
///
/// # Errors
/// The database's own.
pub async fn sweep_once(owner: &Owner<Partners>) -> Result<(), Fault> {
    owner.database.run(sql!("forget/heard.sql")).await?;
    owner.database.run(sql!("forget/printed.sql")).await.map(drop)
}
