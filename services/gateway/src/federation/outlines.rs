//! What of a query or filter leads to another service, told by what services tell of their models.

use std::collections::{BTreeMap, BTreeSet};

use jsonrpc::Fault;
use process::directory::owner_of;
use records::read::{MAX_LEVELS, too_deep};
use records::values::is_unset;
use records::{Filter, Item, Leaf, Op, Operand, Outline, Selection};
use serde_json::Value;

/// A service's models as others may know them.
pub(crate) struct Outlines {
    service: &'static str,
    /// By name.
    pub models: BTreeMap<String, Outline>,
    /// The names of all fields that lead to another service.
    leading_away: BTreeSet<String>,
    /// By model its many2one that lead there, each with the model there.
    many2ones: BTreeMap<String, Vec<(String, String)>>,
}

/// Where a relation leads.
enum Leads<'a> {
    Here(&'a str),
    Away(&'a str),
}

/// A block on a relation that leads away, as it was asked for, with the relation's whole path.
pub(crate) struct Asked<'s> {
    /// `order_line.product_id`
    pub path: String,
    /// The model that it leads to.
    pub comodel: String,
    /// The block.
    pub selection: &'s Selection,
    /// In how many lists it stands.
    pub lists: usize,
}

impl Outlines {
    /// The models of a service.
    pub(crate) fn new(service: &'static str, models: BTreeMap<String, Outline>) -> Outlines {
        let mut outlines = Outlines { service, models, leading_away: BTreeSet::new(), many2ones: BTreeMap::new() };
        let fields = outlines.models.iter().flat_map(|(model, outline)| outline.fields.iter().map(move |(field, _)| (model, field)));
        let away = fields.filter(|(model, field)| matches!(outlines.leads(model, field), Some(Leads::Away(_))));
        outlines.leading_away = away.map(|(_, field)| field.clone()).collect();
        let many2ones = outlines.models.iter().map(|(model, outline)| {
            let names = outline.fields.iter().map(|(name, _)| name).filter(|name| !outline.lists.contains(name));
            let away = names.filter_map(|name| match outlines.leads(model, name) {
                Some(Leads::Away(comodel)) => Some((name.clone(), comodel.to_owned())),
                Some(Leads::Here(_)) | None => None,
            });
            (model.clone(), away.collect())
        });
        outlines.many2ones = many2ones.collect();
        outlines
    }

    /// Where a field leads, if it is a relation to a model that somebody keeps.
    fn leads(&self, model: &str, field: &str) -> Option<Leads<'_>> {
        let (_, comodel) = self.models.get(model)?.fields.iter().find(|(name, _)| name == field)?;
        let comodel = comodel.as_deref()?;
        match owner_of(comodel)? {
            owner if owner == self.service => Some(Leads::Here(comodel)),
            _ => Some(Leads::Away(comodel)),
        }
    }

    /// A model's many2one that lead to another service, each with the model there.
    pub(crate) fn away_many2ones(&self, model: &str) -> &[(String, String)] {
        self.many2ones.get(model).map_or(&[], Vec::as_slice)
    }

    /// Whether a query or filter can lead away at all, told by its text: then it names such a field, or hides it in an escape.
    pub(crate) fn may_lead_away(&self, text: &str) -> bool {
        self.leading_away.iter().any(|field| text.contains(field.as_str())) || (text.contains('\\') && !self.leading_away.is_empty())
    }

    /// A selection that stands in `lists` lists as this service can answer it, and where in the answer something is to be put.
    ///
    /// # Errors
    /// 422 for a list in too many others: each service counts its own alone.
    pub(crate) fn split<'s>(
        &self,
        model: &str,
        selection: &'s Selection,
        path: &str,
        lists: usize,
        asked: &mut Vec<Asked<'s>>,
    ) -> Result<(Selection, Tree), Fault> {
        let (mut sent, mut tree) = (Selection { items: Vec::new() }, Tree::default());
        for item in &selection.items {
            let lists = lists + usize::from(self.list_in(model, item).is_some());
            if let Some(list) = self.list_in(model, item).filter(|_| lists > MAX_LEVELS) {
                return Err(too_deep(&if path.is_empty() { list.to_owned() } else { format!("{path}.{list}") }));
            }
            let Item::Field(name, Some(block)) = item else {
                sent.items.push(item.clone());
                continue;
            };
            // Of several blocks on one field the last one counts
            tree.blocks.remove(name);
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            sent.items.push(match self.leads(model, name) {
                Some(Leads::Away(comodel)) => {
                    tree.blocks.insert(name.clone(), Block::Away(asked.len()));
                    asked.push(Asked { path, comodel: comodel.to_owned(), selection: block, lists });
                    Item::Field(name.clone(), None)
                }
                Some(Leads::Here(comodel)) => {
                    let before = asked.len();
                    let (mut inner, mut below) = self.split(comodel, block, &path, lists, asked)?;
                    if asked.len() > before {
                        below.hides_id = with_id(&mut inner);
                        tree.blocks.insert(name.clone(), Block::Here(below));
                    }
                    Item::Field(name.clone(), Some(inner))
                }
                None => item.clone(),
            });
        }
        Ok((sent, tree))
    }

    /// The list that an item asks for, if it does.
    fn list_in<'i>(&'i self, model: &str, item: &'i Item) -> Option<&'i str> {
        let lists = &self.models.get(model)?.lists;
        match item {
            Item::Field(name, _) => lists.iter().find(|list| *list == name),
            Item::All | Item::Except(_) => lists.first(),
        }
        .map(String::as_str)
    }

    /// The conditions that lead away, each with the place in its path where it does, and the model there.
    pub(crate) fn crossings<'f>(&self, model: &str, filter: &'f mut Filter, found: &mut Vec<(&'f mut Leaf, usize, String)>) {
        match filter {
            Filter::And(items) | Filter::Or(items) => items.iter_mut().for_each(|item| self.crossings(model, item, found)),
            Filter::Not(item) => self.crossings(model, item, found),
            Filter::Leaf(leaf) => {
                let mut model = model;
                for (at, name) in leaf.path.iter().enumerate() {
                    match self.leads(model, name) {
                        Some(Leads::Here(comodel)) => model = comodel,
                        Some(Leads::Away(comodel)) => return found.push((leaf, at, comodel.to_owned())),
                        // No relation: whoever keeps the model says what is wrong, if anything is
                        None => return,
                    }
                }
                if let Operand::Filter(inner) = &mut leaf.operand {
                    self.crossings(model, inner, found);
                }
            }
        }
    }
}

/// Makes sure that `id` is read; tells whether it was not asked for.
pub(crate) fn with_id(selection: &mut Selection) -> bool {
    let items = &mut selection.items;
    let excludes_id = |item: &Item| matches!(item, Item::Except(name) if name == "id");
    if items.iter().any(excludes_id) {
        items.retain(|item| !excludes_id(item));
        items.push(Item::All);
        return true;
    }
    let has_id = |item: &Item| match item {
        Item::Field(name, _) => name == "id",
        Item::All | Item::Except(_) => true,
    };
    let hides = !items.iter().any(has_id);
    if hides {
        items.push(Item::Field("id".to_owned(), None));
    }
    hides
}

/// The names that a selection answers with, each once, in its order.
pub(crate) fn names(selection: &Selection, outline: &Outline) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut push = |name: &String| {
        if !names.contains(name) {
            names.push(name.clone());
        }
    };
    for item in &selection.items {
        match item {
            Item::Field(name, _) => push(name),
            Item::All | Item::Except(_) => outline.fields.iter().for_each(|(name, _)| push(name)),
        }
    }
    names.retain(|name| !selection.items.iter().any(|item| matches!(item, Item::Except(excluded) if excluded == name)));
    names
}

/// What a condition asks of the model that its path leads away to at `at`, by which operator the ids that are found stand for
/// it, and the values that go along with them. None where the relation's own ids are compared. As `records` reads a relation
/// to a model of its own: a related record exists for which the rest holds; only what is said of the relation is negated.
pub(crate) fn question(leaf: &Leaf, at: usize, rec_name: &str) -> Option<(Filter, Op, Vec<Value>)> {
    let rest = leaf.path.get(at + 1..).unwrap_or_default();
    if !rest.is_empty() && rest != ["id"] {
        return Some((Filter::Leaf(Leaf { path: rest.to_vec(), ..leaf.clone() }), Op::In, Vec::new()));
    }
    let value = match &leaf.operand {
        Operand::Filter(inner) => return Some(((**inner).clone(), if leaf.op == Op::NotAny { Op::NotIn } else { Op::In }, Vec::new())),
        Operand::Value(value) => value,
    };
    let found = |field: &str, op, by| Some((Filter::leaf(field, op, value.clone()), by, Vec::new()));
    match leaf.op {
        Op::ChildOf | Op::ParentOf => found("id", leaf.op, Op::In),
        Op::Like | Op::ILike | Op::EqLike | Op::EqILike => found(rec_name, leaf.op, Op::In),
        Op::NotLike => found(rec_name, Op::Like, Op::NotIn),
        Op::NotILike => found(rec_name, Op::ILike, Op::NotIn),
        Op::EqIfSet if is_unset(value) => None,
        Op::Eq | Op::EqIfSet | Op::Ne | Op::In | Op::NotIn => {
            let values = match value {
                Value::Array(items) => items.clone(),
                single => vec![single.clone()],
            };
            let is_name = |value: &Value| !is_unset(value) && value.as_str().is_some_and(|text| text.trim().parse::<i64>().is_err());
            let (names, others): (Vec<Value>, Vec<Value>) = values.into_iter().partition(is_name);
            let by = if matches!(leaf.op, Op::Ne | Op::NotIn) { Op::NotIn } else { Op::In };
            (!names.is_empty()).then(|| (Filter::leaf(rec_name, Op::In, names), by, others))
        }
        // Of a relation these compare nothing: its owner says so
        Op::Gt | Op::Ge | Op::Lt | Op::Le | Op::Any | Op::NotAny => None,
    }
}

/// Where in an object's text something is to be put.
#[derive(Default)]
pub(crate) struct Tree {
    /// Whether `id` is in the answer for our own sake.
    pub hides_id: bool,
    /// By field.
    pub blocks: BTreeMap<String, Block>,
}

/// What stands in a field.
pub(crate) enum Block {
    /// In the objects of a relation of the same service.
    Here(Tree),
    /// In place of the ids of this relation of the level.
    Away(usize),
}
