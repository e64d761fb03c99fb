//! The forms that have too much for one heap: their fields in groups under headings, in the order in which people fill them in.

/// A heading's id with its fields.
pub type Group = (&'static str, &'static [&'static str]);

/// Model, then its groups. What is named nowhere stands under the last heading of all.
const GROUPS: &[(&str, &[Group])] = &[
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

/// The groups of a model's form; none where it has no more than a heap.
pub fn of(model: &str) -> Option<&'static [Group]> {
    GROUPS.iter().find(|(known, _)| *known == model).map(|(_, groups)| *groups)
}
