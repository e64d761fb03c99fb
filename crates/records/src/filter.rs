//! Odoo's domain: prefix notation, as a tree. What is said here is only its grammar; names and types are checked where it
//! becomes SQL ([`crate::condition`]).

use jsonrpc::{Fault, strict};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// How many leaves a filter may have.
const MAX_LEAVES: usize = 200;
/// How many values the list of an `in` may have.
const MAX_LIST: usize = 10_000;
/// How long a text in a filter may be, in bytes.
const MAX_TEXT: usize = 1_024;
/// How deep '&', '|' and '!' may nest.
const MAX_DEPTH: usize = 32;
/// How many relations a dotted path may go through, and how deep `any` may nest.
pub const MAX_PATH: usize = 5;

/// A condition on records.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// All of them hold; of none: always true.
    And(Vec<Filter>),
    /// One of them holds; of none: never true.
    Or(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// One comparison.
    Leaf(Leaf),
}

/// `[path, operator, value]`
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// Field names through relations: `categ_id.name`.
    pub path: Vec<String>,
    /// The comparison.
    pub op: Op,
    /// What it is compared with.
    pub operand: Operand,
}

/// The right side of a leaf.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A value, or a list of values.
    Value(Value),
    /// A filter on the related records, for `any` and `not any`.
    Filter(Box<Filter>),
}

macro_rules! operators {
    ($($name:ident $text:literal $(| $other:literal)*),+ $(,)?) => {
        /// Odoo's operators.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "named after what they say")]
        pub enum Op { $($name),+ }

        impl Op {
            /// Every operator.
            pub const ALL: &[Op] = &[$(Op::$name),+];

            fn parse(text: &str) -> Option<Op> {
                match text { $($text $(| $other)* => Some(Op::$name),)+ _ => None }
            }

            /// As Odoo writes it.
            pub fn as_str(self) -> &'static str {
                match self { $(Op::$name => $text),+ }
            }
        }
    };
}

operators! {
    Eq "=" | "==", Ne "!=" | "<>", Gt ">", Ge ">=", Lt "<", Le "<=", In "in", NotIn "not in", Like "like", NotLike "not like",
    ILike "ilike", NotILike "not ilike", EqLike "=like", EqILike "=ilike", EqIfSet "=?", ChildOf "child_of", ParentOf "parent_of",
    Any "any", NotAny "not any",
}

impl Filter {
    /// Always true.
    pub fn all() -> Filter {
        Filter::And(Vec::new())
    }

    /// A leaf on a field of the model itself.
    pub fn leaf(field: &str, op: Op, value: impl Into<Value>) -> Filter {
        Filter::Leaf(Leaf { path: vec![field.to_owned()], op, operand: Operand::Value(value.into()) })
    }

    /// A leaf on a field at the end of a path: `order_id.code_pos`.
    pub fn path(path: &str, op: Op, value: impl Into<Value>) -> Filter {
        let path = path.split('.').map(str::to_owned).collect();
        Filter::Leaf(Leaf { path, op, operand: Operand::Value(value.into()) })
    }

    /// Whether it says nothing.
    pub fn is_all(&self) -> bool {
        matches!(self, Filter::And(items) if items.is_empty())
    }

    /// Reads a domain.
    ///
    /// # Errors
    /// 400 that tells which element is wrong.
    pub fn parse(raw: &RawValue) -> Result<Filter, Fault> {
        Filter::from_value(strict::value("filter", raw)?)
    }

    /// Reads a domain that is a JSON value already.
    ///
    /// # Errors
    /// 400 that tells which element is wrong.
    pub fn from_value(value: Value) -> Result<Filter, Fault> {
        domain(value, &mut MAX_LEAVES.clone(), MAX_PATH)
    }

    /// Whether one of its leaves begins with this field.
    pub fn names(&self, field: &str) -> bool {
        match self {
            Filter::And(items) | Filter::Or(items) => items.iter().any(|item| item.names(field)),
            Filter::Not(item) => item.names(field),
            Filter::Leaf(leaf) => leaf.path.first().is_some_and(|first| first == field),
        }
    }

    /// Whether it searches in texts, which wants another shape of statement.
    pub fn searches_text(&self) -> bool {
        match self {
            Filter::And(items) | Filter::Or(items) => items.iter().any(Filter::searches_text),
            Filter::Not(item) => item.searches_text(),
            Filter::Leaf(leaf) => match &leaf.operand {
                Operand::Filter(filter) => filter.searches_text(),
                Operand::Value(_) => {
                    matches!(leaf.op, Op::Like | Op::NotLike | Op::ILike | Op::NotILike | Op::EqLike | Op::EqILike)
                }
            },
        }
    }

    /// As a client would write it.
    pub fn to_value(&self) -> Value {
        let mut items = Vec::new();
        self.print(&mut items);
        Value::Array(items)
    }

    fn print(&self, out: &mut Vec<Value>) {
        match self {
            Filter::And(items) | Filter::Or(items) => {
                let (sign, neutral) = if matches!(self, Filter::And(_)) { ("&", json!([1, "=", 1])) } else { ("|", json!([0, "=", 1])) };
                match items.len() {
                    0 => out.push(neutral),
                    n => (1..n).for_each(|_| out.push(json!(sign))),
                }
                items.iter().for_each(|item| item.print(out));
            }
            Filter::Not(item) => {
                out.push(json!("!"));
                item.print(out);
            }
            Filter::Leaf(leaf) => out.push(json!([
                leaf.path.join("."),
                leaf.op.as_str(),
                match &leaf.operand {
                    Operand::Value(value) => value.clone(),
                    Operand::Filter(filter) => filter.to_value(),
                }
            ])),
        }
    }
}

fn bad(message: impl std::fmt::Display) -> Fault {
    Fault::bad_domain(format!("Invalid domain: {message}"))
}

fn domain(value: Value, leaves: &mut usize, depth: usize) -> Result<Filter, Fault> {
    let Value::Array(items) = value else {
        return Err(bad(format_args!("a list was expected, not {}", strict::kind(&value))));
    };
    // Read from the right: operands are on the stack when their operator comes, each with its depth
    let mut stack: Vec<(Filter, usize)> = Vec::new();
    for (at, item) in items.into_iter().enumerate().rev() {
        let number = at + 1;
        let mut operand = || stack.pop().ok_or_else(|| bad(format_args!("the operator at element {number} lacks an operand")));
        let (filter, deep) = match item {
            Value::String(sign) => match sign.as_str() {
                "&" | "|" => {
                    let ((left, first), (right, second)) = (operand()?, operand()?);
                    (both(left, right, if sign == "&" { Filter::And } else { Filter::Or }), first.max(second) + 1)
                }
                "!" => operand().map(|(filter, deep)| (Filter::Not(Box::new(filter)), deep + 1))?,
                _ => return Err(bad(format_args!("element {number} is neither '&', '|', '!' nor a [field, operator, value]"))),
            },
            Value::Array(triple) => (leaf(triple, number, leaves, depth)?, 0),
            other => return Err(bad(format_args!("element {number} is {}, not a [field, operator, value]", strict::kind(&other)))),
        };
        // A list of one sign is one level, however long
        let deep = if matches!((&filter, deep), (Filter::And(_) | Filter::Or(_), _)) { level(&filter) } else { deep };
        if deep > MAX_DEPTH {
            return Err(bad(format_args!("'&', '|' and '!' nest deeper than {MAX_DEPTH} levels at element {number}")));
        }
        stack.push((filter, deep));
    }
    Ok(stack.into_iter().rev().fold(Filter::all(), |all, (next, _)| both(all, next, Filter::And)))
}

/// How deep a filter's signs nest; called on filters that are at most one level deeper than [`MAX_DEPTH`].
fn level(filter: &Filter) -> usize {
    match filter {
        Filter::And(items) | Filter::Or(items) => 1 + items.iter().map(level).max().unwrap_or(0),
        Filter::Not(item) => 1 + level(item),
        Filter::Leaf(_) => 0,
    }
}

/// Joins two conditions; `a & (b & c)` is one list, so that a long filter is no deep one.
fn both(left: Filter, right: Filter, join: fn(Vec<Filter>) -> Filter) -> Filter {
    let and = matches!(join(Vec::new()), Filter::And(_));
    let mut items = Vec::new();
    for side in [left, right] {
        match side {
            Filter::And(inner) if and => items.extend(inner),
            Filter::Or(inner) if !and => items.extend(inner),
            other => items.push(other),
        }
    }
    match items.len() {
        1 => items.pop().unwrap_or_else(Filter::all),
        _ => join(items),
    }
}

fn leaf(triple: Vec<Value>, number: usize, leaves: &mut usize, depth: usize) -> Result<Filter, Fault> {
    *leaves = leaves.checked_sub(1).ok_or_else(|| bad(format_args!("more than {MAX_LEAVES} comparisons")))?;
    let Ok([field, op, value]) = <[Value; 3]>::try_from(triple) else {
        return Err(bad(format_args!("element {number} is not a [field, operator, value]")));
    };
    let op = op
        .as_str()
        .and_then(|text| Op::parse(&text.to_ascii_lowercase()))
        .ok_or_else(|| bad(format_args!("element {number} has the unknown operator {op}")))?;
    let name = match field {
        Value::String(name) => name,
        // Odoo's true and false leaves
        Value::Number(side) if op == Op::Eq && value.as_i64() == Some(1) => {
            return match side.as_i64() {
                Some(1) => Ok(Filter::all()),
                Some(0) => Ok(Filter::Or(Vec::new())),
                _ => Err(bad(format_args!("element {number} compares no field"))),
            };
        }
        other => return Err(bad(format_args!("element {number} names its field by {}, not by a text", strict::kind(&other)))),
    };
    let path: Vec<String> = name.split('.').map(str::to_owned).collect();
    if path.len() > MAX_PATH || name.len() > MAX_TEXT {
        return Err(bad(format_args!("element {number} has a path of more than {MAX_PATH} names")));
    }
    let operand = match op {
        Op::Any | Op::NotAny => {
            let deeper = depth.checked_sub(1).ok_or_else(|| bad(format_args!("'any' nests deeper than {MAX_PATH} levels")))?;
            Operand::Filter(Box::new(domain(value, leaves, deeper)?))
        }
        _ => Operand::Value(bounded(value, number)?),
    };
    Ok(Filter::Leaf(Leaf { path, op, operand }))
}

fn bounded(value: Value, number: usize) -> Result<Value, Fault> {
    let too_long = |value: &Value| value.as_str().is_some_and(|text| text.len() > MAX_TEXT);
    match &value {
        Value::Object(_) => Err(bad(format_args!("element {number} compares with an object"))),
        Value::Array(items) if items.len() > MAX_LIST => {
            Err(bad(format_args!("element {number} has a list of more than {MAX_LIST} values")))
        }
        Value::Array(items) if items.iter().any(|item| item.is_array() || item.is_object()) => {
            Err(bad(format_args!("element {number} has a list of something else than plain values")))
        }
        Value::Array(items) if items.iter().any(too_long) => {
            Err(bad(format_args!("element {number} has a text of more than {MAX_TEXT} bytes")))
        }
        value if too_long(value) => Err(bad(format_args!("element {number} has a text of more than {MAX_TEXT} bytes"))),
        _ => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(value: Value) -> Result<Filter, String> {
        Filter::from_value(value).map_err(|fault| fault.message)
    }

    #[test]
    fn prefix_notation_reads_as_odoo_reads_it() {
        let filter = parse(json!(["|", ["a", "=", 1], ["b", "=", 2], ["c", "ilike", "x"]])).unwrap();
        let Filter::And(items) = &filter else { panic!("{filter:?}") };
        assert!(matches!(items.as_slice(), [Filter::Or(_), Filter::Leaf(_)]));
        assert_eq!(parse(json!([])).unwrap(), Filter::all());
        assert_eq!(parse(json!([[1, "=", 1]])).unwrap(), Filter::all());
        assert_eq!(parse(json!([[0, "=", 1]])).unwrap(), Filter::Or(vec![]));
        assert_eq!(parse(json!(["!", ["a", "=", 1]])).unwrap(), Filter::Not(Box::new(Filter::leaf("a", Op::Eq, 1))));
    }

    #[test]
    fn errors_name_the_element() {
        for (domain, word) in [
            (json!(["&", ["a", "=", 1]]), "element 1 lacks an operand"),
            (json!([["a", "=", 1], ["b", "~", 1]]), "element 2 has the unknown operator"),
            (json!([["a", "="]]), "element 1 is not a [field, operator, value]"),
            (json!({"a": 1}), "a list was expected"),
            (json!([["a", "in", [[1]]]]), "plain values"),
            (json!([["a.b.c.d.e.f", "=", 1]]), "more than 5 names"),
            (json!([["a", "=", "x".repeat(2000)]]), "1024 bytes"),
            (json!(vec![json!(["a", "=", 1]); 201]), "more than 200"),
            (json!([["a", "in", vec![1; 10_001]]]), "10000 values"),
        ] {
            let message = parse(domain).unwrap_err();
            assert!(message.contains(word), "{message} should say {word}");
        }
    }

    fn filters() -> impl Strategy<Value = Filter> {
        let value =
            prop_oneof![any::<i64>().prop_map(Value::from), any::<bool>().prop_map(Value::from), "[a-z%_é]{0,6}".prop_map(Value::from)];
        let plain = proptest::sample::select(Op::ALL.iter().copied().filter(|op| !matches!(op, Op::Any | Op::NotAny)).collect::<Vec<_>>());
        let leaf = (proptest::collection::vec("[a-z_]{1,5}", 1..4), plain, value)
            .prop_map(|(path, op, value)| Filter::Leaf(Leaf { path, op, operand: Operand::Value(value) }));
        leaf.prop_recursive(4, 40, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4)
                    .prop_map(|items| items.into_iter().fold(Filter::And(vec![]), |all, item| both(all, item, Filter::And))),
                proptest::collection::vec(inner.clone(), 0..4)
                    .prop_map(|items| items.into_iter().fold(Filter::Or(vec![]), |all, item| both(all, item, Filter::Or))),
                inner.clone().prop_map(|item| Filter::Not(Box::new(item))),
                inner.prop_map(|item| Filter::Leaf(Leaf { path: vec!["r".into()], op: Op::Any, operand: Operand::Filter(Box::new(item)) })),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_the_same(filter in filters()) {
            prop_assert_eq!(Filter::from_value(filter.to_value()).unwrap(), filter);
        }

        #[test]
        fn no_text_panics(text in "[\\[\\]{}\",&|!=a-z0-9 ]{0,80}") {
            if let Ok(raw) = serde_json::from_str::<Box<RawValue>>(&text) {
                Filter::parse(&raw).ok();
            }
        }
    }
}
