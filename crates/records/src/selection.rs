//! The query language: `{id, name, categ_id{id, name}}`, `{*}`, `{-name}`.
//!
//! ```text
//! block := [ '(' anything but ')' ] '{' [ item { ',' item } [','] ] '}'
//! item  := '*' | '-' name | name [ block ]
//! ```

use std::fmt;

use jsonrpc::Fault;

/// How long a query may be, in bytes.
const MAX_TEXT: usize = 8_192;
/// How deep blocks may nest.
const MAX_DEPTH: usize = 6;

/// What a client wants to read of each record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// In the client's order.
    pub items: Vec<Item>,
}

/// One word of a selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// `*`: every field.
    All,
    /// `-name`: every field but this.
    Except(String),
    /// `name`, or `name{…}` for a relation.
    Field(String, Option<Selection>),
}

impl Selection {
    /// `{*}`
    pub fn all() -> Selection {
        Selection { items: vec![Item::All] }
    }

    /// These fields.
    pub fn fields<'a>(names: impl IntoIterator<Item = &'a str>) -> Selection {
        Selection { items: names.into_iter().map(|name| Item::Field(name.to_owned(), None)).collect() }
    }

    /// The first of its own fields for which there is something.
    pub fn names<T>(&self, mut found: impl FnMut(&str) -> Option<T>) -> Option<T> {
        self.items.iter().find_map(|item| match item {
            Item::Field(name, _) => found(name),
            _ => None,
        })
    }

    /// Reads a query; an empty text is `{*}`.
    ///
    /// # Errors
    /// 400 with the position, counted in characters from 1, and what was expected there.
    pub fn parse(text: &str) -> Result<Selection, Fault> {
        if text.len() > MAX_TEXT {
            return Err(Fault::bad_query(format!("QuerySyntaxError: the query has more than {MAX_TEXT} bytes")));
        }
        if text.trim().is_empty() {
            return Ok(Selection::all());
        }
        let mut reader = Reader { chars: text.chars().collect(), at: 0 };
        let selection = reader.block(MAX_DEPTH)?;
        reader.space();
        match reader.peek() {
            None => Ok(selection),
            Some(_) => Err(reader.expected("the end of the query")),
        }
    }
}

struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.space();
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn expected(&self, what: &str) -> Fault {
        let found = self.peek().map_or("the end".to_owned(), |c| format!("'{c}'"));
        Fault::bad_query(format!("QuerySyntaxError: expected {what} at position {}, found {found}", self.at + 1))
    }

    fn block(&mut self, depth: usize) -> Result<Selection, Fault> {
        let Some(deeper) = depth.checked_sub(1) else { return Err(self.expected(&format!("no more than {MAX_DEPTH} levels"))) };
        if self.eat('(') {
            // Arguments: read, and without effect, as in Odoo's add-on
            while self.peek().is_some_and(|c| c != ')') {
                self.at += 1;
            }
            if !self.eat(')') {
                return Err(self.expected("')'"));
            }
        }
        if !self.eat('{') {
            return Err(self.expected("'{'"));
        }
        let start = self.at;
        let mut items: Vec<Item> = Vec::new();
        while !self.eat('}') {
            if !items.is_empty() && !self.eat(',') {
                return Err(self.expected("',' or '}'"));
            }
            if !items.is_empty() && self.eat('}') {
                break;
            }
            items.push(self.item(deeper)?);
        }
        if items.iter().any(|item| matches!(item, Item::Except(_))) && items.iter().any(|item| matches!(item, Item::Field(..))) {
            let position = start + 1;
            return Err(Fault::bad_query(format!(
                "QuerySyntaxError: Can not include and exclude fields on the same field level (block at position {position})"
            )));
        }
        Ok(Selection { items })
    }

    fn item(&mut self, depth: usize) -> Result<Item, Fault> {
        if self.eat('*') {
            return Ok(Item::All);
        }
        let except = self.eat('-');
        self.space();
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_alphanumeric() || c == '_') {
            self.at += 1;
        }
        let name: String = self.chars.get(start..self.at).unwrap_or_default().iter().collect();
        if name.is_empty() {
            return Err(self.expected(if except { "a field name" } else { "a field name, '*' or '-'" }));
        }
        self.space();
        match self.peek() {
            Some('{' | '(') if except => Err(self.expected("',' or '}' (a left-out field has no block)")),
            Some('{' | '(') => Ok(Item::Field(name, Some(self.block(depth)?))),
            _ if except => Ok(Item::Except(name)),
            _ => Ok(Item::Field(name, None)),
        }
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, item) in self.items.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { ", " })?;
            match item {
                Item::All => f.write_str("*")?,
                Item::Except(name) => write!(f, "-{name}")?,
                Item::Field(name, None) => f.write_str(name)?,
                Item::Field(name, Some(block)) => write!(f, "{name}{block}")?,
            }
        }
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spaces_newlines_and_arguments_are_free() {
        let plain = Selection::parse("{id, categ_id{id, name}}").unwrap();
        assert_eq!(Selection::parse(" { id ,\n categ_id (limit: 1) { id,name, } } ").unwrap(), plain);
        assert_eq!(Selection::parse("").unwrap(), Selection::all());
        assert_eq!(Selection::parse("{}").unwrap().items, []);
    }

    #[test]
    fn an_error_tells_the_position_and_what_was_expected() {
        for (query, message) in [
            ("{id name}", "expected ',' or '}' at position 5, found 'n'"),
            ("{id, }x", "expected the end of the query at position 7, found 'x'"),
            ("{id", "expected ',' or '}' at position 4, found the end"),
            ("id", "expected '{' at position 1, found 'i'"),
            ("{é, ;}", "expected a field name, '*' or '-' at position 5, found ';'"),
            ("{-a{b}}", "a left-out field has no block"),
            ("{a, -b}", "Can not include and exclude fields on the same field level"),
            ("{a{a{a{a{a{a{a}}}}}}}", "no more than 6 levels"),
        ] {
            let fault = Selection::parse(query).unwrap_err();
            assert!(fault.status == 400 && fault.message.contains(message), "{query}: {}", fault.message);
        }
    }

    fn selections() -> impl Strategy<Value = Selection> {
        let name = "[a-z_]{1,6}";
        let leaf = prop_oneof![
            proptest::collection::vec(prop_oneof![Just(Item::All), name.prop_map(Item::Except)], 0..4),
            proptest::collection::vec(prop_oneof![Just(Item::All), name.prop_map(|n| Item::Field(n, None))], 0..4),
        ]
        .prop_map(|items| Selection { items });
        leaf.prop_recursive(4, 20, 3, move |inner| {
            proptest::collection::vec((name, proptest::option::of(inner)).prop_map(|(n, block)| Item::Field(n, block)), 0..4)
                .prop_map(|items| Selection { items })
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_the_same(selection in selections()) {
            prop_assert_eq!(Selection::parse(&selection.to_string()).unwrap(), selection);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            Selection::parse(&text).ok();
        }

        #[test]
        fn no_near_query_panics(text in "[{}()*,a-z -]{0,60}") {
            Selection::parse(&text).ok();
        }
    }
}
