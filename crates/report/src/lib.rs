//! The printed documents of the company, as PDF: invoices, credit notes, delivery slips and their like.
//!
//! **Layout only.** What a document says is decided by who calls [`render`]; this crate decides where it stands. It knows
//! no clock and no network, so that the same [`Document`] always gives the same bytes.
//!
//! Text is French, with names that may be Arabic: parley shapes and breaks every line and puts mixed directions in order,
//! krilla writes the PDF. The fonts are part of the program: a server has none that one could rely on. What none of them has
//! is printed as its code point, and told.

mod block;
mod french;
mod parties;
mod sheet;
mod table;
mod typeset;

pub use french::{amount, date, day, in_words, money, price, quantity};
pub use parties::{client, company, partner, payment, recipient, telephone};

/// One document; several make one file, each beginning on a new page with its own page count.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// What it is: "Facture".
    pub title: String,
    /// Its number: "FAC/2026/00012".
    pub number: String,
    /// What identifies the business it is about: ("Date", "24/11/2026"), ("Commande", "S00012").
    pub facts: Vec<(String, String)>,
    /// Who issues it. The identification is printed at the foot of every page.
    pub issuer: Party,
    /// Whom it is for, each with what they are: "Client", "Adresse de livraison".
    pub recipients: Vec<(String, Party)>,
    /// The table's columns; without any there is no table.
    pub columns: Vec<Column>,
    /// The table's rows, a text for each column. Long ones wrap, a row that fits on a page is never split.
    pub rows: Vec<Vec<String>>,
    /// The sums under the table, kept together; the last one is emphasised.
    pub totals: Vec<(String, String)>,
    /// The whole sentence that says the sum in words.
    pub in_words: Option<String>,
    /// Small paragraphs at the end.
    pub notes: Vec<String>,
    /// The titles of the boxes to sign in: "Le magasinier", "Le client".
    pub signatures: Vec<String>,
    /// What a document that is void is marked with, across every page: "ANNULÉ".
    pub void: Option<String>,
}

/// A file of printed documents.
#[derive(Clone, Debug)]
pub struct Printed {
    /// The PDF.
    pub pdf: Vec<u8>,
    /// How many different characters stand in it as code points, for want of a font that has them.
    pub missing: usize,
}

/// Who issues or receives a document.
#[derive(Clone, Debug, Default)]
pub struct Party {
    /// The name, in any script; empty for an address alone.
    pub name: String,
    /// Address, telephone and the like.
    pub lines: Vec<String>,
    /// The numbers that the law asks for: ("RC", "16/00-…"), ("NIF", "…").
    pub identification: Vec<(String, String)>,
}

/// A column of the table.
#[derive(Clone, Debug)]
pub struct Column {
    /// What stands above it, on every page.
    pub title: String,
    /// Where its texts stand.
    pub align: Align,
    /// Its share of the width, beside those of the others. Columns whose texts would not fit get more.
    pub weight: f32,
}

/// Where a column's texts stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// At the left: texts, also those that are read from the right.
    Left,
    /// At the right: numbers.
    Right,
}

/// Why there is no PDF. Never because of what a document says.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The fonts of this crate can't be read.
    #[error("the fonts of the printed documents can't be read")]
    Fonts,
    /// The file could not be written.
    #[error("the PDF could not be written: {0}")]
    Pdf(String),
}

/// The documents as one PDF. Without any it is an empty page, for a PDF has at least one.
///
/// # Errors
/// When a font of this crate can't be read or embedded.
pub fn render(documents: &[Document]) -> Result<Printed, RenderError> {
    let mut typesetter = typeset::Typesetter::new()?;
    let mut pdf = krilla::Document::new();
    pdf.set_metadata(sheet::metadata(documents));
    if documents.is_empty() {
        block::Block::default().draw(&mut pdf)?;
    }
    // One document's pages at a time: laid out, they take some hundred times what stands on them
    for document in documents {
        for page in sheet::pages(&mut typesetter, document) {
            page.draw(&mut pdf)?;
        }
    }
    let pdf = pdf.finish().map_err(|error| RenderError::Pdf(error.to_string()))?;
    Ok(Printed { pdf, missing: typesetter.missing.len() })
}

#[cfg(test)]
mod tests;
