//! Answers as text: what stands in them is found and put in place without being rewritten.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use jsonrpc::Fault;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::outlines::{Block, Tree};

/// The records that a relation leads to, as text.
pub(crate) struct Fetched {
    /// Their objects.
    pub text: String,
    /// Where each of them is.
    pub places: HashMap<i64, Range<usize>>,
    /// The object of one that is not there.
    pub empty: String,
}

impl Fetched {
    /// Records as their ids with their names.
    ///
    /// # Errors
    /// 503 where one has no id.
    pub(crate) fn pairs(rows: &[Entries<'_>]) -> Result<Fetched, Fault> {
        let (mut text, mut places) = (String::new(), HashMap::with_capacity(rows.len()));
        for row in rows {
            let (id, start) = (row.id()?, text.len());
            text.push_str(&format!("[{id},{}]", row.get("display_name").filter(|name| *name != "false").unwrap_or("\"\"")));
            places.insert(id, start..text.len());
        }
        Ok(Fetched { text, places, empty: "false".to_owned() })
    }

    fn get(&self, id: i64) -> Option<&str> {
        self.text.get(self.places.get(&id)?.clone())
    }
}

/// A JSON object: its keys in their order, its values as they were written.
pub(crate) struct Entries<'a>(pub Vec<(&'a str, &'a RawValue)>);

impl<'a> Entries<'a> {
    /// A value's text.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| value.get())
    }

    /// The record's id.
    ///
    /// # Errors
    /// 503 where there is none.
    pub(crate) fn id(&self) -> Result<i64, Fault> {
        parsed(self.get("id").unwrap_or(""))
    }

    /// The objects of a list's answer.
    ///
    /// # Errors
    /// 503 where there are none.
    pub(crate) fn rows(&self) -> Result<Vec<Entries<'a>>, Fault> {
        parsed(self.get("result").unwrap_or(""))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Entries<'a>, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Vec<(&'de str, &'de RawValue)>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(entries)
            }
        }
        reader.deserialize_map(Reader).map(Entries)
    }
}

/// An answer as what it must be.
///
/// # Errors
/// 503 where it is not.
pub(crate) fn parsed<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| {
        tracing::error!(%error, "a service answered what was not expected");
        Fault::unavailable("A service answered what was not expected.")
    })
}

/// What stands in a relation: nothing (`false`), one, or a list.
fn related<'a, T: Deserialize<'a>>(text: &'a str) -> Result<Vec<T>, Fault> {
    match text {
        "false" | "null" => Ok(Vec::new()),
        list if list.starts_with('[') => parsed(list),
        one => Ok(vec![parsed(one)?]),
    }
}

/// Adds the ids that an object leads away to, by the number of the relation.
///
/// # Errors
/// 503 where the text is none of ours.
pub(crate) fn collect(tree: &Tree, object: &Entries<'_>, ids: &mut [BTreeSet<i64>]) -> Result<(), Fault> {
    for (name, block) in &tree.blocks {
        let Some(text) = object.get(name) else { continue };
        match block {
            Block::Here(below) => related::<Entries<'_>>(text)?.iter().try_for_each(|object| collect(below, object, ids))?,
            Block::Away(at) => {
                let Some(ids) = ids.get_mut(*at) else { continue };
                ids.extend(related::<i64>(text)?);
            }
        }
    }
    Ok(())
}

/// Writes an answer's objects with what was fetched in its place.
pub(crate) struct Writer<'a> {
    /// By the number of the relation.
    pub fetched: &'a [Fetched],
    /// Counts the records and bytes that are put in.
    pub put: &'a dyn Fn(usize, usize) -> Result<(), Fault>,
    /// What is written so far.
    pub out: String,
}

impl Writer<'_> {
    /// Writes an object.
    ///
    /// # Errors
    /// 503 where the text is none of ours, and what `hold` says.
    pub(crate) fn object(&mut self, tree: &Tree, object: &Entries<'_>) -> Result<(), Fault> {
        // A record that is not there reads `false`, field for field, and leads nowhere
        let is_unset = object.get("id") == Some("false");
        self.out.push('{');
        let start = self.out.len();
        for (name, value) in object.0.iter().filter(|(name, _)| !(tree.hides_id && *name == "id")) {
            self.out.push_str(if self.out.len() == start { "\"" } else { ",\"" });
            self.out.extend([name, "\":"]);
            match tree.blocks.get(*name).filter(|_| !is_unset) {
                None => self.out.push_str(value.get()),
                Some(Block::Here(below)) => self.below(below, value.get())?,
                Some(Block::Away(at)) => self.away(*at, value.get())?,
            }
        }
        self.out.push('}');
        Ok(())
    }

    fn below(&mut self, tree: &Tree, text: &str) -> Result<(), Fault> {
        if text.starts_with('{') {
            return self.object(tree, &parsed(text)?);
        }
        if !text.starts_with('[') {
            self.out.push_str(text);
            return Ok(());
        }
        self.out.push('[');
        for (at, object) in parsed::<Vec<Entries<'_>>>(text)?.iter().enumerate() {
            self.out.push_str(if at == 0 { "" } else { "," });
            self.object(tree, object)?;
        }
        self.out.push(']');
        Ok(())
    }

    fn away(&mut self, at: usize, text: &str) -> Result<(), Fault> {
        let fetched = self.fetched;
        let Some(fetched) = fetched.get(at) else { return Ok(()) };
        if !text.starts_with('[') {
            let id = related(text)?.first().copied();
            let record = id.and_then(|id| fetched.get(id)).unwrap_or(&fetched.empty);
            (self.put)(1, record.len())?;
            self.out.push_str(record);
            return Ok(());
        }
        // Of several records those that are not there are left out
        self.out.push('[');
        let start = self.out.len();
        for record in parsed::<Vec<i64>>(text)?.into_iter().filter_map(|id| fetched.get(id)) {
            (self.put)(1, record.len())?;
            self.out.push_str(if self.out.len() == start { "" } else { "," });
            self.out.push_str(record);
        }
        self.out.push(']');
        Ok(())
    }
}
