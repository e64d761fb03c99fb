//! The company and its partners as partners' contract tells them, and where goods go as crm's does, as parties of a document.

use crm_contract::Delivery;
use partners_contract::{Business, Parties};
use rust_decimal::Decimal;

use crate::Party;

/// Who issues a paper.
pub fn company(parties: &Parties) -> Party {
    party(&parties.company)
}

/// How the company is paid, and within how many days.
pub fn payment(parties: &Parties) -> (Option<&str>, u64) {
    let company = &parties.company;
    (company.payment_method.as_deref().filter(|method| !method.is_empty()), company.payment_days.unwrap_or(0))
}

/// A partner, where something may be told of it.
pub fn partner(parties: &Parties, id: i64) -> Option<Party> {
    parties.partners.get(&id).map(party)
}

/// A client; one of whom nothing may be told, or that nobody knows any more, is named by its number.
pub fn client(parties: &Parties, id: i64) -> Party {
    partner(parties, id).unwrap_or_else(|| Party { name: format!("Client n° {id}"), ..Party::default() })
}

/// The telephone of a partner, as it stands on paper.
pub fn telephone(parties: &Parties, id: i64) -> Option<String> {
    telephone_of(parties.partners.get(&id)?)
}

fn joined(parts: &[&Option<String>], sign: &str) -> Option<String> {
    let parts: Vec<&str> = parts.iter().filter_map(|part| part.as_deref()).filter(|part| !part.is_empty()).collect();
    Some(parts.join(sign)).filter(|line| !line.is_empty())
}

fn party(of: &Business) -> Party {
    let capital = of.capital.filter(|capital| *capital > Decimal::ZERO).map(crate::money);
    let form = match (&of.legal_form, capital) {
        (form, Some(capital)) => Some(format!("{} au capital de {capital}", form.as_deref().unwrap_or_default()).trim().to_owned()),
        (form, None) => form.clone(),
    };
    // A client of whom the e-mail alone is known has it as the name
    let email = of.email.clone().filter(|email| !email.eq_ignore_ascii_case(of.name.trim()));
    let lines = [
        joined(&[&form], ""),
        joined(&[&of.activity], ""),
        joined(&[&of.code_pos], ""),
        joined(&[&of.street], ""),
        joined(&[&of.street2], ""),
        joined(&[&of.zip, &of.city], " "),
        joined(&[&of.state, &of.country], ", "),
        telephone_of(of),
        joined(&[&email], ""),
    ];
    let numbers = [("RC", &of.rc), ("NIF", &of.nif), ("NIS", &of.nis), ("Art. imp.", &of.ai), ("RIB", &of.rib)];
    let identification =
        numbers.into_iter().filter_map(|(label, number)| Some((label.to_owned(), number.clone().filter(|number| !number.is_empty())?)));
    Party { name: of.name.clone(), lines: lines.into_iter().flatten().collect(), identification: identification.collect() }
}

fn telephone_of(of: &Business) -> Option<String> {
    joined(&[&of.phone, &of.mobile], " / ").map(|phone| format!("Tél. {phone}"))
}

/// A delivery as it stands on paper, with the client's telephone; nothing where no address is known.
pub fn recipient(of: &Delivery, telephone: Option<String>) -> Option<(String, Party)> {
    let lines = [&of.street, &of.street2, &of.state].into_iter().flatten().filter(|line| !line.trim().is_empty());
    let mut lines: Vec<String> = lines.cloned().collect();
    if lines.is_empty() {
        return None;
    }
    lines.extend(telephone);
    Some(("Adresse de livraison".to_owned(), Party { lines, ..Party::default() }))
}
