//! The console's own words, so that an act reads the same in each language: `@order-step-prepare` is what the button says.

use std::collections::HashMap;

use anyhow::{Context, Result};

const FRENCH: [&str; 2] =
    [include_str!("../../../services/console/i18n/console.fr.ftl"), include_str!("../../../services/console/i18n/models.fr.ftl")];
const ARABIC: [&str; 2] =
    [include_str!("../../../services/console/i18n/console.ar.ftl"), include_str!("../../../services/console/i18n/models.ar.ftl")];

/// The words of one language.
pub struct Words(HashMap<String, &'static str>);

impl Words {
    /// French, or Arabic.
    pub fn of(arabic: bool) -> Words {
        let mut words = HashMap::new();
        for file in if arabic { ARABIC } else { FRENCH } {
            let mut id = "";
            for line in file.lines() {
                let Some((name, text)) = line.split_once(" = ") else { continue };
                let text = text.trim();
                match name.trim().strip_prefix('.') {
                    Some(attribute) => drop(words.insert(format!("{id}.{attribute}"), text)),
                    None => {
                        id = name.trim();
                        words.insert(id.to_owned(), text);
                    }
                }
            }
        }
        Words(words)
    }

    /// What stands there; behind an `@`, what the sentence of that name says, up to its first variable.
    pub fn say(&self, text: &str) -> Result<String> {
        let Some(id) = text.strip_prefix('@') else { return Ok(text.to_owned()) };
        let said = self.0.get(id).with_context(|| format!("no sentence {id}"))?;
        Ok(said.split("{ $").next().unwrap_or_default().trim().to_owned())
    }
}
