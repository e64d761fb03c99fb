//! `ek.odoo.record`: what became of each record of an Odoo. Runs write it, administrators read it and have records taken again.

use domain::{Identity, Kind as Who};
use jsonrpc::{Call, Fault};
use records::tx::Found;
use records::values::Mode;
use records::{Access, Action, Body, Failure, Field, Kind, Model, sql};
use serde_json::{Map, Value as Json};
use service::owner::Answer;
use service::{Behaviour, Changing, Owner, ReadOnly};

use crate::Bridge;
use crate::models::UNDER_WAY;

/// What became of a record, as it is kept.
pub const STATES: &[&str] = &["taken", "refused", "gone", "left_out"];

/// The declaration.
pub fn record(_: &Bridge) -> Model {
    let fields = vec![
        Field::new("odoo_id", Kind::Many2one("ek.odoo"), "Odoo").readonly(),
        Field::new("rehearsal", Kind::Boolean, "Of a rehearsal").readonly().help("Nothing was stored: this is what would become of it."),
        Field::new("run_id", Kind::Integer, "Last run").readonly().help("The last one that had it."),
        Field::new("reader", Kind::Char(64), "Reader").readonly(),
        Field::new("model", Kind::Char(64), "Model").readonly().help("Here; product.product is a configuration, a product.template."),
        Field::new("their_id", Kind::Integer, "Id there").readonly(),
        Field::new("record_id", Kind::Integer, "Id here").readonly(),
        Field::new("key", Kind::Char(254), "Key").readonly().help("What others name it by: a reference, a code, a name."),
        Field::new("their_write_date", Kind::Datetime, "Changed there").readonly(),
        Field::new("digest", Kind::Char(64), "Digest").readonly(),
        Field::new("state", Kind::Selection(STATES), "State").readonly(),
        Field::new("misfit", Kind::Char(64), "Kind of reason").readonly().help("As a mapping's [misfits] name it, or as its owner does."),
        Field::new("reason", Kind::Text(2_000), "Reason").readonly(),
        Field::new("needs_model", Kind::Char(64), "Needs").readonly().help("The model of what it would need, or of what has its place."),
        Field::new("needs_id", Kind::Integer, "Needs the id there").readonly(),
        Field::new("obstacle_id", Kind::Integer, "Record in its way").readonly().help("The id here of the record that has its place."),
        Field::new("again", Kind::Boolean, "To be taken again").readonly(),
        Field::internal("key_hash", Kind::Char(64)),
    ];
    Model::new("ek.odoo.record", "ek_odoo_record", "Record of an Odoo", fields, access).order("id").rec_name("model").queue()
}

fn access(identity: &Identity) -> Access {
    match identity.kind() {
        Who::Administrator => Access::read(),
        Who::Staff | Who::Integration | Who::Bank(_) | Who::Clerk { .. } | Who::Outsider => Access::default(),
    }
}

/// Records are taken again; all else is the runs' own.
#[derive(Default)]
pub struct Kept;

impl Behaviour<Bridge> for Kept {
    const ACTIONS: &'static [Action] = &[Action {
        method: "action_retry",
        arguments: &[],
        on_record: true,
        about: "Has it taken again, with what waits for it, by an import of that alone: when the mapping or the record there is mended.",
    }];

    async fn create(&self, change: Changing<'_, '_, Bridge>, data: Map<String, Json>) -> Result<i64, Failure> {
        ReadOnly.create(change, data).await
    }

    async fn write(&self, change: Changing<'_, '_, Bridge>, found: Found, data: Map<String, Json>) -> Result<(), Failure> {
        ReadOnly.write(change, found, data).await
    }

    async fn unlink(&self, change: Changing<'_, '_, Bridge>, found: Found) -> Result<(), Failure> {
        ReadOnly.unlink(change, found).await
    }

    async fn act(&self, Changing { tx, model, .. }: Changing<'_, '_, Bridge>, call: &Call, _: Map<String, Json>) -> Answer {
        let found = tx.find_ids(model, call.params.need("ids")?).await?.ids;
        match call.method.as_str() {
            "action_retry" => {
                let many = found.len();
                let odoos = tx.ids(sql!("kept/mark.sql", found)).await?;
                if odoos.len() < many {
                    return Err(Fault::validation("What was taken, and what a rehearsal only tried, is not taken again.").into());
                }
                for odoo in odoos.into_iter().collect::<std::collections::BTreeSet<i64>>() {
                    let begun = tx.ids(sql!("runs/begin.sql", odoo, "import", tx.identity.uid, tx.author.origin, "marked")).await?;
                    if begun.is_empty() {
                        return Err(Fault::validation(UNDER_WAY).into());
                    }
                }
                Ok(true.into())
            }
            method => Err(Fault::no_such_method(model.name, method).into()),
        }
    }

    fn body(_: &Owner<Bridge>, _: &Model, _: Mode) -> Option<Body> {
        None
    }
}
