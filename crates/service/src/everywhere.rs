//! The models that every service keeps a part of, beside the records that they are about. The gateway finds the part that is asked for,
//! or asks all and merges what they answer (`gateway/everywhere.rs`).
//!
//! A new one is a table in `migrations/common` whose ids count as those of all owners do (`CALL kept_by_all('…')`), its declaration
//! here, its line in `directory::EVERYWHERE` and in [`Owner::EVERYWHERE`](crate::Owner).

use domain::{Identity, Kind as Who};
use process::directory;
use records::{About, Access, Field, Filter, Kind, Model, Op};

/// `ek.audit`: who changed what. Nobody writes it; where a record is made or removed the whole row stands in place of one field.
///
/// | who | reads |
/// |---|---|
/// | administrator, staff | all, of models that they may read at all |
/// | integration user | of records that it may read now |
/// | bank's user | of records that it may read now, changed by its own bank or by no bank; from ROLE_ADMIN on all that its bank changed |
/// | clerk | of records that it may read now, changed by its own bank or by no bank |
/// | outsider | nothing |
///
/// Of a field that they may not read, or whose value leads to what they may not see, they read no value.
pub fn audit<S>(_: &S) -> Model {
    let fields = vec![
        Field::new("at", Kind::Datetime, "At").readonly(),
        // No columns, so that no record that they name is held against its removal
        Field::computed("user_id", Kind::Many2one("res.users"), "User", "{t}.user_id"),
        Field::new("origin", Kind::Selection(&["odoo", "ekiclik"]), "Side").readonly().help("The side that the change came from."),
        Field::computed("bank_id", Kind::Many2one("res.bank"), "Bank", "{t}.bank_id").help("The bank that caused the change."),
        Field::new("model", Kind::Char(254), "Model").readonly(),
        Field::new("res_id", Kind::Integer, "Record").readonly(),
        Field::new("field", Kind::Char(254), "Field")
            .readonly()
            .help("Unset where the record was made or removed; `read: …` where somebody looked at its sealed fields."),
        Field::computed("before", Kind::Text(1_000_000), "Before", "{t}.before::text").help("JSON, as it is kept."),
        Field::computed("after", Kind::Text(1_000_000), "After", "{t}.after::text").help("JSON, as it is kept."),
        Field::computed("display_name", Kind::Char(254), "Display name", "concat_ws(' ', {t}.model, {t}.res_id, {t}.field)"),
    ];
    let about = About { model: "model", record: "res_id", regardless: of_ones_bank, values: &["before", "after"], named_by: "field" };
    let model = Model::new("ek.audit", "ek_audit", "Audit", fields, audit_access).rec_name("model").about(about);
    model.order(directory::order_of("ek.audit").unwrap_or("id"))
}

fn audit_access(identity: &Identity) -> Access {
    match identity.kind() {
        Who::Administrator | Who::Staff | Who::Integration => Access::read(),
        Who::Bank(bank) | Who::Clerk { bank, .. } => {
            Access::read().only(Filter::Or(vec![Filter::leaf("bank_id", Op::Eq, bank), Filter::leaf("bank_id", Op::Eq, false)]))
        }
        Who::Outsider => Access::none(),
    }
}

/// What is read of records that are not there any more, or not for the reader.
fn of_ones_bank(identity: &Identity) -> Filter {
    match (identity.kind(), identity.manages()) {
        (Who::Administrator | Who::Staff, _) => Filter::all(),
        (Who::Bank(_), Some(bank)) => Filter::leaf("bank_id", Op::Eq, bank),
        (Who::Integration | Who::Bank(_) | Who::Clerk { .. } | Who::Outsider, _) => Filter::Or(Vec::new()),
    }
}
