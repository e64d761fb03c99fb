//! The company and its partners as the partners service tells them, as parties of a document.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::Party;

/// What a paper needs to know of partners.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Wanted {
    /// The moment at which the paper was made for good, as PostgreSQL writes it: parties are printed as they were. Without one
    /// they are printed as who reads sees them now.
    pub at: Option<String>,
    /// The bank whose business it is about.
    pub bank: Option<i64>,
    /// Whether it is posted, and keeps its parties even when they are to be forgotten.
    pub posted: bool,
    /// `res.partner` ids.
    pub partners: Vec<i64>,
}

/// What the partners service answers to it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Parties {
    company: Business,
    partners: BTreeMap<i64, Business>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Business {
    name: String,
    legal_form: Option<String>,
    capital: Option<Decimal>,
    activity: Option<String>,
    payment_method: Option<String>,
    payment_days: Option<u64>,
    code_pos: Option<String>,
    street: Option<String>,
    street2: Option<String>,
    zip: Option<String>,
    city: Option<String>,
    state: Option<String>,
    country: Option<String>,
    phone: Option<String>,
    mobile: Option<String>,
    email: Option<String>,
    rc: Option<String>,
    nif: Option<String>,
    nis: Option<String>,
    ai: Option<String>,
    rib: Option<String>,
}

impl Parties {
    /// Who issues the documents.
    pub fn company(&self) -> Party {
        self.company.party()
    }

    /// How the company is paid, and within how many days.
    pub fn payment(&self) -> (Option<&str>, u64) {
        (self.company.payment_method.as_deref().filter(|method| !method.is_empty()), self.company.payment_days.unwrap_or_default())
    }

    /// A partner, where something may be told of it.
    pub fn partner(&self, id: i64) -> Option<Party> {
        self.partners.get(&id).map(Business::party)
    }

    /// A client; one of whom nothing may be told, or that nobody knows any more, is named by its number.
    pub fn client(&self, id: i64) -> Party {
        self.partner(id).unwrap_or_else(|| Party { name: format!("Client n° {id}"), ..Party::default() })
    }

    /// The telephone of a partner, as it stands on paper.
    pub fn telephone(&self, id: i64) -> Option<String> {
        self.partners.get(&id)?.telephone()
    }
}

fn joined(parts: &[&Option<String>], sign: &str) -> Option<String> {
    let parts: Vec<&str> = parts.iter().filter_map(|part| part.as_deref()).filter(|part| !part.is_empty()).collect();
    Some(parts.join(sign)).filter(|line| !line.is_empty())
}

impl Business {
    fn party(&self) -> Party {
        let capital = self.capital.filter(|capital| *capital > Decimal::ZERO).map(crate::money);
        let form = match (&self.legal_form, capital) {
            (form, Some(capital)) => Some(format!("{} au capital de {capital}", form.as_deref().unwrap_or_default()).trim().to_owned()),
            (form, None) => form.clone(),
        };
        // A client of whom the e-mail alone is known has it as the name
        let email = self.email.clone().filter(|email| !email.eq_ignore_ascii_case(self.name.trim()));
        let lines = [
            joined(&[&form], ""),
            joined(&[&self.activity], ""),
            joined(&[&self.code_pos], ""),
            joined(&[&self.street], ""),
            joined(&[&self.street2], ""),
            joined(&[&self.zip, &self.city], " "),
            joined(&[&self.state, &self.country], ", "),
            self.telephone(),
            joined(&[&email], ""),
        ];
        let numbers = [("RC", &self.rc), ("NIF", &self.nif), ("NIS", &self.nis), ("Art. imp.", &self.ai), ("RIB", &self.rib)];
        let identification =
            numbers.into_iter().filter_map(|(label, number)| Some((label.to_owned(), number.clone().filter(|number| !number.is_empty())?)));
        Party { name: self.name.clone(), lines: lines.into_iter().flatten().collect(), identification: identification.collect() }
    }

    fn telephone(&self) -> Option<String> {
        joined(&[&self.phone, &self.mobile], " / ").map(|phone| format!("Tél. {phone}"))
    }
}

/// Where an order's goods go, and under which number the platform knows it, as crm tells.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Delivery {
    /// The platform's number.
    pub ek_order_id: Option<i64>,
    street: Option<String>,
    street2: Option<String>,
    state: Option<String>,
}

impl Delivery {
    /// As it stands on paper, with the client's telephone; nothing where no address is known.
    pub fn recipient(&self, telephone: Option<String>) -> Option<(String, Party)> {
        let lines = [&self.street, &self.street2, &self.state].into_iter().flatten().filter(|line| !line.trim().is_empty());
        let mut lines: Vec<String> = lines.cloned().collect();
        if lines.is_empty() {
            return None;
        }
        lines.extend(telephone);
        Some(("Adresse de livraison".to_owned(), Party { lines, ..Party::default() }))
    }
}
