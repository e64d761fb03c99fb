//! What one service asks of another, as types: asker and owner are built from the same, and what is on the wire is held against them.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

use crate::{Body, Call, Params, Reply};

/// A question: its fields are the call's arguments, by name.
///
/// Unknown arguments are ignored. A new one is `Option` in its first release and required from the next one on; anything else that
/// is missing, or of another type, is a [`Disagreement`].
pub trait Question: Serialize + DeserializeOwned + Send + Sync {
    /// The service that answers it.
    const SERVICE: &'static str;
    /// The model that it is about.
    const MODEL: &'static str;
    /// The method; it begins with `_`, as what no user may call.
    const METHOD: &'static str;
    /// The services that may ask it.
    const ASKED_BY: &'static [&'static str];
    /// What it is answered.
    type Answer: Serialize + DeserializeOwned + Send;
}

/// Two services do not mean the same by a question, an answer or an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// What can't be read: "the answer of stock to stock.move._for_orders".
    pub what: String,
    /// Who can't read it.
    pub reader: String,
    /// serde's words: which field, what was expected.
    pub why: String,
}

impl std::fmt::Display for Disagreement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} can't be read by {}: {}", self.what, self.reader, self.why)
    }
}

impl std::error::Error for Disagreement {}

/// What a service publishes of a record with each of its changes. Made of the record's columns of these names, it follows the same
/// rule as a [`Question`]: what is new is `Option` in its first release. Declared by [`published!`](crate::published).
pub trait Published: Serialize + DeserializeOwned + Send + Sync {
    /// The service that publishes it.
    const SERVICE: &'static str;
    /// The model.
    const MODEL: &'static str;
    /// The number of this shape; it rises with each that who reads the last can't read. 0 is the whole row, as it was published
    /// before there were shapes.
    const SCHEMA: i16;
    /// The columns that it is made of.
    const FIELDS: &'static [&'static str];
}

/// Declares what a service publishes of a model: `published! { /// … pub StockMove of "stock", "stock.move", 1 { /// … sale_id: Option<i64> } }`.
#[macro_export]
macro_rules! published {
    ($(#[$about:meta])* $vis:vis $name:ident of $service:literal, $model:literal, $schema:literal { $($(#[$doc:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        $vis struct $name { $($(#[$doc])* $vis $field: $type,)* }

        impl $crate::Published for $name {
            const SERVICE: &'static str = $service;
            const MODEL: &'static str = $model;
            const SCHEMA: i16 = $schema;
            const FIELDS: &'static [&'static str] = &[$(stringify!($field)),*];
        }
    };
}

/// Reads what an event says; this shape, and the one before it.
///
/// # Errors
/// Another shape, and what is missing or of another type.
pub fn published_of<P: Published>(schema: i16, payload: &str, reader: &str) -> Result<P, Disagreement> {
    let why = if (P::SCHEMA - 1..=P::SCHEMA).contains(&schema) {
        match serde_json::from_str(payload) {
            Ok(read) => return Ok(read),
            Err(error) => error.to_string(),
        }
    } else {
        format!("its shape is {schema}, where {} and {} are known", P::SCHEMA - 1, P::SCHEMA)
    };
    Err(Disagreement { what: format!("what {} publishes of {}", P::SERVICE, P::MODEL), reader: reader.to_owned(), why })
}

fn name<Q: Question>() -> String {
    format!("{}.{}", Q::MODEL, Q::METHOD)
}

/// The call that asks a question. Its token is the asking service's to set.
///
/// # Errors
/// A question that is not a JSON object, which no test of its contract lets through.
pub fn call_of<Q: Question>(question: &Q) -> Result<Call, Disagreement> {
    let arguments = || -> serde_json::Result<BTreeMap<String, Box<RawValue>>> { serde_json::from_str(&serde_json::to_string(question)?) };
    let arguments = arguments().map_err(|error| Disagreement {
        what: format!("the question {}", name::<Q>()),
        reader: Q::SERVICE.to_owned(),
        why: error.to_string(),
    })?;
    Ok(Call { params: Params(arguments), ..Call::new(Q::MODEL, Q::METHOD, "".into()) })
}

/// Reads a question that `asker` asks.
///
/// # Errors
/// What is missing or of another type.
pub fn question_of<Q: Question>(call: &Call, asker: &str) -> Result<Q, Disagreement> {
    let read = || -> serde_json::Result<Q> { serde_json::from_str(&serde_json::to_string(&call.params)?) };
    read().map_err(|error| Disagreement {
        what: format!("the question of {asker}, {}", name::<Q>()),
        reader: Q::SERVICE.to_owned(),
        why: error.to_string(),
    })
}

/// Reads the answer to a question of `asker`'s.
///
/// # Errors
/// What is missing or of another type.
pub fn answer_of<Q: Question>(reply: &Reply, asker: &str) -> Result<Q::Answer, Disagreement> {
    let why = match &reply.body {
        Body::Whole(bytes) => match serde_json::from_slice(bytes) {
            Ok(answer) => return Ok(answer),
            Err(error) => error.to_string(),
        },
        Body::Stream(_) => "it is a stream".to_owned(),
    };
    Err(Disagreement { what: format!("the answer of {} to {}", Q::SERVICE, name::<Q>()), reader: asker.to_owned(), why })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Quantities {
        ids: Vec<i64>,
        since: Option<i64>,
    }

    impl Question for Quantities {
        const SERVICE: &'static str = "stock";
        const MODEL: &'static str = "stock.quant";
        const METHOD: &'static str = "_quantities";
        const ASKED_BY: &'static [&'static str] = &["crm"];
        type Answer = Vec<i64>;
    }

    #[test]
    fn a_question_arrives_as_it_was_asked() {
        let asked = Quantities { ids: vec![1, 2], since: None };
        let call = call_of(&asked).unwrap();
        assert_eq!((call.model.as_str(), call.method.as_str()), ("stock.quant", "_quantities"));
        assert_eq!(question_of::<Quantities>(&call, "crm").unwrap(), asked);
    }

    #[test]
    fn a_disagreement_names_both_sides_and_what_they_disagree_on() {
        let call = Call::new("stock.quant", "_quantities", "".into()).with("ids", &"all");
        let said = question_of::<Quantities>(&call, "crm").unwrap_err().to_string();
        assert!(said.starts_with("the question of crm, stock.quant._quantities can't be read by stock: invalid type"), "{said}");
        let said = answer_of::<Quantities>(&Reply::json("{}"), "crm").unwrap_err().to_string();
        assert!(said.starts_with("the answer of stock to stock.quant._quantities can't be read by crm: invalid type"), "{said}");
    }

    crate::published! {
        /// How many there are.
        Quant of "stock", "stock.quant", 2 {
            /// `product.product` id.
            product_id: i64,
            /// Where.
            place: Option<String>,
        }
    }

    #[test]
    fn the_last_two_shapes_of_an_event_are_read_and_no_other() {
        assert_eq!(Quant::FIELDS, ["product_id", "place"]);
        let quant = Quant { product_id: 7, place: None };
        for schema in [1, 2] {
            assert_eq!(published_of::<Quant>(schema, r#"{"product_id": 7, "older": true}"#, "sync").unwrap(), quant);
        }
        let said = |schema, payload| published_of::<Quant>(schema, payload, "sync").unwrap_err().to_string();
        assert!(said(3, r#"{"product_id": 7}"#).contains("its shape is 3, where 1 and 2 are known"));
        assert!(said(2, "{}").starts_with("what stock publishes of stock.quant can't be read by sync: missing field `product_id`"));
    }

    #[test]
    fn what_is_new_is_ignored_by_who_does_not_know_it_and_missed_by_nobody_in_its_first_release() {
        let call = Call::new("stock.quant", "_quantities", "".into()).with("ids", &[1]).with("of_tomorrow", &true);
        assert_eq!(question_of::<Quantities>(&call, "crm").unwrap(), Quantities { ids: vec![1], since: None });
    }
}
