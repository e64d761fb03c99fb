//! The company and its partners as the partners service tells them, as parties of a document.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Party;

/// What the partners service answers for some partners.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Parties {
    company: Business,
    partners: BTreeMap<i64, Business>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Business {
    name: String,
    code_pos: Option<String>,
    street: Option<String>,
    street2: Option<String>,
    zip: Option<String>,
    city: Option<String>,
    state: Option<String>,
    country: Option<String>,
    phone: Option<String>,
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

    /// A partner; one that nobody knows any more is named by its number.
    pub fn partner(&self, id: i64) -> Option<Party> {
        let known = self.partners.get(&id).map(Business::party);
        Some(known.unwrap_or_else(|| Party { name: format!("Partenaire {id}"), ..Party::default() }))
    }
}

impl Business {
    fn party(&self) -> Party {
        let joined = |parts: &[&Option<String>], sign: &str| {
            let parts: Vec<&str> = parts.iter().filter_map(|part| part.as_deref()).filter(|part| !part.is_empty()).collect();
            Some(parts.join(sign)).filter(|line| !line.is_empty())
        };
        let lines = [
            joined(&[&self.code_pos], ""),
            joined(&[&self.street], ""),
            joined(&[&self.street2], ""),
            joined(&[&self.zip, &self.city], " "),
            joined(&[&self.state, &self.country], ", "),
            joined(&[&self.phone], "").map(|phone| format!("Tél. {phone}")),
            joined(&[&self.email], ""),
        ];
        let numbers = [("RC", &self.rc), ("NIF", &self.nif), ("NIS", &self.nis), ("Art. imp.", &self.ai), ("RIB", &self.rib)];
        let identification = numbers.into_iter().filter_map(|(label, number)| Some((label.to_owned(), number.clone()?)));
        Party { name: self.name.clone(), lines: lines.into_iter().flatten().collect(), identification: identification.collect() }
    }
}
