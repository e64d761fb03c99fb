//! A service's models as the API's document tells of them: from the declarations, so that it can't drift.

use std::collections::BTreeMap;

use domain::{Identity, Origin, Role};
use jsonrpc::Fault;
use records::values::Mode;
use records::{Access, Described, Model, schema};

use crate::orm::fields_get;
use crate::{Owner, Service};

/// One of each kind of user, with the highest role.
fn users() -> [(&'static str, Identity); 5] {
    let nobody = Identity { hub_admin: false, role: Some(Role::RoleSuperadmin), uid: 0, login: String::new(), ..Identity::system() };
    let of = |origin, bank, hub_admin| Identity { origin, bank, hub_admin, integration: Some(bank.is_none()), ..nobody.clone() };
    let clerk = Identity { role: Some(Role::RolePosEk), code_pos: Some("POS".to_owned()), ..of(Origin::Ekiclik, Some(1), false) };
    [
        ("administrator", of(Origin::Odoo, None, true)),
        ("staff", of(Origin::Odoo, None, false)),
        ("integration", of(Origin::Ekiclik, None, false)),
        ("bank", of(Origin::Ekiclik, Some(1), false)),
        ("clerk", clerk),
    ]
}

/// Every model of a service.
pub(crate) fn all<S: Service>(owner: &Owner<S>) -> Result<BTreeMap<&'static str, Described>, Fault> {
    owner.registry.models().map(|model| Ok((model.name, describe(owner, model)?))).collect()
}

fn describe<S: Service>(owner: &Owner<S>, model: &Model) -> Result<Described, Fault> {
    let behaviour = owner.behaviour(model)?;
    let access = users().map(|(who, identity)| (who, (model.access)(&identity)));
    let anybody = |may: fn(&Access) -> bool| access.iter().any(|(_, access)| may(access));
    let body = |may: bool, mode| may.then(|| (behaviour.body)(owner, model, mode)).flatten().map(|body| sent_by(body).schema());
    Ok(Described {
        label: model.label.to_owned(),
        record: schema::record(model),
        fields: fields_get(&Identity::system(), model, None, None).into_iter().collect(),
        create: body(anybody(|access| access.create), Mode::Create),
        write: body(anybody(|access| access.write), Mode::Write),
        example_filter: (behaviour.example_filter)(),
        rights: access.iter().map(|(who, access)| ((*who).to_owned(), rights(access))).collect(),
        actions: behaviour
            .actions
            .iter()
            .map(|action| (action.method.to_owned(), (schema::arguments(action), action.on_record, action.about.to_owned())))
            .collect(),
        arguments: behaviour
            .actions
            .iter()
            .map(|action| (action.method.to_owned(), action.arguments.iter().map(|argument| argument.name.to_owned()).collect()))
            .collect(),
    })
}

/// What every body may say of its sender.
fn sent_by(body: schema::Body) -> schema::Body {
    let bank =
        || serde_json::json!({"type": ["string", "null"], "maxLength": 254, "description": "The bank's name; an unknown one is 422."});
    let spelling = serde_json::json!({"type": ["string", "null"], "examples": ["ekiclik"],
        "description": "`ekiclik` in any of the platform's spellings, or `odoo`. It only narrows what the session says."});
    body.with("create_by", spelling).with("source", bank()).with("order_source", bank())
}

fn rights(access: &Access) -> Vec<String> {
    let all = [("read", access.read), ("create", access.create), ("write", access.write), ("unlink", access.unlink)];
    let only = access.visible.is_some() && access.read;
    let named = all.iter().filter(|(_, may)| *may).map(|(what, _)| *what).chain(only.then_some("its own"));
    named.map(str::to_owned).collect()
}
