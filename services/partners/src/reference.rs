//! What others refer to and what rarely changes: banks, the company, titles, countries, currencies.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Text};
use domain::Identity;
use jsonrpc::Fault;
use partners_contract::{BankNamed, OfLogin};
use records::values::Mode;
use records::{Access, Body, Field, Filter, Kind, Model, Op, schema, sql};
use service::{Answers, Behaviour, Owner};

use crate::{Partners, reference_access};

fn name() -> Field {
    Field::new("name", Kind::Char(254), "Name").required()
}

fn active() -> Field {
    Field::new("active", Kind::Boolean, "Active").default("true")
}

/// The declaration of banks.
pub fn bank(_: &Partners) -> Model {
    Model::new(
        "res.bank",
        "res_bank",
        "Bank",
        vec![name(), Field::new("bic", Kind::Char(11), "Bank identifier code"), active()],
        bank_access,
    )
    .named("norm(replace(n.name, ' ', ''))", "norm(replace({t}.name, ' ', '')) = r.key")
}

/// The declaration of the company.
pub fn company(_: &Partners) -> Model {
    Model::new(
        "res.company",
        "res_company",
        "Company",
        vec![
            name(),
            Field::new("email", Kind::Char(254), "Email").lower(),
            Field::new("phone", Kind::Char(64), "Phone"),
            Field::new("legal_form", Kind::Char(64), "Legal form").help("SARL, SPA, EURL: invoices say it."),
            Field::new("capital", Kind::Monetary, "Capital"),
            Field::new("activity", Kind::Char(254), "Activity"),
            Field::new("street", Kind::Char(254), "Street"),
            Field::new("street2", Kind::Char(254), "Street 2"),
            Field::new("zip", Kind::Char(24), "ZIP"),
            Field::new("city", Kind::Char(254), "City"),
            Field::new("country_id", Kind::Many2one("res.country"), "Country").by_name(),
            Field::new("currency_id", Kind::Many2one("res.currency"), "Currency").by_name(),
            Field::new("payment_method", Kind::Char(254), "Payment method").help("As invoices say it; by default a bank transfer."),
            Field::new("payment_days", Kind::Integer, "Days to pay").help("After the invoice's date, 365 at most.").default("0"),
            active(),
        ]
        .into_iter()
        .chain(crate::res_partner::identification())
        .collect(),
        reference_access,
    )
}

/// The declaration of titles.
pub fn title(_: &Partners) -> Model {
    Model::new(
        "res.partner.title",
        "res_partner_title",
        "Title",
        vec![name(), Field::new("shortcut", Kind::Char(64), "Abbreviation")],
        reference_access,
    )
}

/// The declaration of countries.
pub fn country(_: &Partners) -> Model {
    Model::new(
        "res.country",
        "res_country",
        "Country",
        vec![
            name(),
            Field::new("name_fr", Kind::Char(254), "French name"),
            Field::new("name_ar", Kind::Char(254), "Arabic name"),
            Field::new("code", Kind::Char(2), "ISO code").required(),
            Field::new("phone_code", Kind::Integer, "Calling code"),
            Field::new("currency_id", Kind::Many2one("res.currency"), "Currency").by_name(),
            Field::new("state_ids", Kind::One2many { comodel: "res.country.state", inverse: "country_id" }, "States"),
        ],
        reference_access,
    )
    // As for_documents/named_by_a_lead.sql, and so below
    .named("place(n.name)", "{t}.code = upper(r.name) OR r.key = ANY({t}.places)")
}

/// The declaration of their states: wilayas.
pub fn state(_: &Partners) -> Model {
    Model::new(
        "res.country.state",
        "res_country_state",
        "State",
        vec![
            name(),
            Field::new("name_en", Kind::Char(254), "English name"),
            Field::new("name_ar", Kind::Char(254), "Arabic name"),
            Field::new("code", Kind::Char(8), "Code").required().help("Of a wilaya: its number, of two digits."),
            Field::new("country_id", Kind::Many2one("res.country"), "Country").required().by_name(),
        ],
        reference_access,
    )
    .order("country_id, code")
    .named("place(n.name)", "{t}.code IN (r.name, '0' || r.name) OR r.key = ANY({t}.places)")
}

/// The declaration of currencies.
pub fn currency(_: &Partners) -> Model {
    Model::new(
        "res.currency",
        "res_currency",
        "Currency",
        vec![
            Field::new("name", Kind::Char(3), "ISO code").required(),
            Field::new("full_name", Kind::Char(254), "Name"),
            Field::new("symbol", Kind::Char(8), "Symbol").required(),
            Field::new("decimal_places", Kind::Integer, "Decimal places"),
            active(),
        ],
        reference_access,
    )
}

/// A country that is made or changed.
#[derive(Default)]
pub struct Country;

impl Behaviour<Partners> for Country {
    fn body(_: &Owner<Partners>, model: &Model, mode: Mode) -> Option<Body> {
        Some(Body::of(model, mode).with("state_ids", schema::x2many()))
    }
}

/// A bank's user knows of its own bank alone.
fn bank_access(identity: &Identity) -> Access {
    match identity.bank {
        Some(own) => Access::read().only(Filter::leaf("id", Op::Eq, own)),
        None if identity.is_trusted() => reference_access(identity),
        None => Access::none(),
    }
}

impl Answers<BankNamed> for Partners {
    async fn answer(owner: &Owner<Self>, question: BankNamed, _: Option<&String>) -> Result<Result<i64, Vec<String>>, Fault> {
        let banks: Vec<Bank> = owner.database.rows(sql!("reference/banks.sql", question.name)).await?;
        Ok(match banks.iter().find(|bank| bank.is_named) {
            Some(bank) => Ok(bank.id),
            None => Err(banks.into_iter().map(|bank| bank.name).collect()),
        })
    }
}

/// A row of `banks.sql`.
#[derive(QueryableByName)]
struct Bank {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    is_named: bool,
}

impl Answers<OfLogin> for Partners {
    async fn answer(owner: &Owner<Self>, question: OfLogin, _: Option<&String>) -> Result<Vec<i64>, Fault> {
        owner.database.search::<BigInt, i64>(sql!("reference/of_login.sql", question.login)).await
    }
}
