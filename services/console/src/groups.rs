//! The forms that have too much for one heap: their fields in groups under headings, in the order in which people fill them in.

use crate::form::Input;
use crate::visit::Visit;

/// Model, then each heading's id with its fields. What is named nowhere stands under the last heading of all.
const GROUPS: &[(&str, &[(&str, &[&str])])] = &[
    (
        "res.users",
        &[
            ("groups-identity", &["name", "login", "password", "email", "phone"]),
            ("groups-rights", &["role", "bank_id", "code_pos", "codification", "hub_admin", "integration"]),
            ("groups-preferences", &["lang", "tz", "company_id", "active"]),
        ],
    ),
    (
        "res.company",
        &[
            ("groups-identity", &["name", "legal_form", "capital", "activity"]),
            ("groups-address", &["street", "street2", "zip", "city", "country_id", "email", "phone"]),
            ("groups-registers", &["rc", "nif", "nis", "ai"]),
            ("groups-payment", &["rib", "payment_method", "payment_days", "currency_id"]),
        ],
    ),
];

/// The same fields, where a model has groups: in their order, the first of each with its heading.
pub fn arranged(visit: &Visit, model: &str, inputs: Vec<Input>) -> Vec<Input> {
    let Some((_, groups)) = GROUPS.iter().find(|(known, _)| *known == model) else { return inputs };
    let mut rest = inputs;
    let mut arranged = Vec::with_capacity(rest.len());
    let headed = |id: &str, mut group: Vec<Input>| {
        if let Some(first) = group.first_mut() {
            first.heading = visit.t(id);
        }
        group
    };
    for (heading, fields) in *groups {
        let mut group = Vec::new();
        for name in *fields {
            if let Some(at) = rest.iter().position(|input| input.name == *name) {
                group.push(rest.remove(at));
            }
        }
        arranged.extend(headed(heading, group));
    }
    arranged.extend(headed("groups-others", rest));
    arranged
}
