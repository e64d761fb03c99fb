//! SQL text with values bound between its parts.

/// A value bound to a statement, with the Postgres type that it has there.
#[derive(Clone, Debug, PartialEq)]
pub enum Bind {
    /// `bigint`
    Int(Option<i64>),
    /// `text`
    Text(Option<String>),
    /// `bigint[]`: one bind whatever the length, so that the statement's text stays the same.
    Ints(Vec<i64>),
    /// `text[]`
    Texts(Vec<String>),
}

impl From<i64> for Bind {
    fn from(value: i64) -> Bind {
        Bind::Int(Some(value))
    }
}

impl From<Option<i64>> for Bind {
    fn from(value: Option<i64>) -> Bind {
        Bind::Int(value)
    }
}

impl From<&str> for Bind {
    fn from(value: &str) -> Bind {
        Bind::Text(Some(value.to_owned()))
    }
}

impl From<String> for Bind {
    fn from(value: String) -> Bind {
        Bind::Text(Some(value))
    }
}

impl From<Option<String>> for Bind {
    fn from(value: Option<String>) -> Bind {
        Bind::Text(value)
    }
}

impl From<Vec<i64>> for Bind {
    fn from(value: Vec<i64>) -> Bind {
        Bind::Ints(value)
    }
}

impl From<Vec<String>> for Bind {
    fn from(value: Vec<String>) -> Bind {
        Bind::Texts(value)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    Text(String),
    Bind(Bind),
}

/// A statement, or a part of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sql {
    pub(crate) parts: Vec<Part>,
    /// It stands in the code as a whole, so that it is worth keeping.
    pub(crate) is_fixed: bool,
}

impl Sql {
    /// The beginning of a statement that stands in the code as a whole.
    #[cfg(feature = "postgres")]
    pub(crate) fn fixed() -> Sql {
        Sql { is_fixed: true, ..Sql::default() }
    }

    /// Starts with a text from the code: never with one from a request.
    pub(crate) fn new(text: &str) -> Sql {
        let mut sql = Sql::default();
        sql.push(text);
        sql
    }

    /// Goes on with a text from the code.
    pub(crate) fn push(&mut self, text: &str) -> &mut Sql {
        match self.parts.last_mut() {
            Some(Part::Text(last)) => last.push_str(text),
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
        self
    }

    /// Goes on with a value.
    pub(crate) fn bind(&mut self, value: impl Into<Bind>) -> &mut Sql {
        self.parts.push(Part::Bind(value.into()));
        self
    }

    /// Goes on with another part.
    pub(crate) fn append(&mut self, other: Sql) -> &mut Sql {
        for part in other.parts {
            match part {
                Part::Text(text) => {
                    self.push(&text);
                }
                Part::Bind(_) => self.parts.push(part),
            }
        }
        self
    }

    /// Whether there is nothing in it.
    #[cfg(feature = "postgres")]
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The text with `placeholder(number from 1, value)` where values are bound: for plans and benchmarks.
    pub fn render(&self, mut placeholder: impl FnMut(usize, &Bind) -> String) -> String {
        let mut number = 0;
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Bind(bind) => {
                    number += 1;
                    placeholder(number, bind)
                }
            })
            .collect()
    }
}
