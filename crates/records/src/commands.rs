//! How lists of records are written: Odoo's commands, the words of Odoo's add-on, or ids.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use crate::values::{Value, is_unset, whole};
// circle: values: a command's values are values, and a value may be commands

/// How many values a many2many may be given at once.
pub(crate) const MAX_IDS: usize = 1_000;

/// A change of an x2many field, as Odoo's commands have it.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// 0: a new record, of these values, is one of them.
    Create(Map<String, Json>),
    /// 1: one of them gets these values.
    Update(i64, Map<String, Json>),
    /// 2, `delete`: one of them is removed.
    Delete(i64),
    /// 3, `pop`: a record is no longer one of them.
    Unlink(i64),
    /// 4, `push`: a record is one of them.
    Link(i64),
    /// 5: none is.
    Clear,
    /// 6, or a list of ids: these are they.
    Set(Vec<i64>),
}

/// How an x2many field is written.
pub const X2MANY: &str = "a list of ids, an object of `push`, `pop` and `delete` with ids, or a list of Odoo's commands: [0, 0, {values}], \
    [1, id, {values}], [2, id], [3, id], [4, id], [5], [6, 0, [ids]]";

/// Reads what is written to an x2many field; none where it can't be read, or is too much.
pub fn commands(json: Json) -> Option<Vec<Command>> {
    match json {
        unset if is_unset(&unset) => Some(vec![Command::Set(Vec::new())]),
        Json::Object(words) if !words.is_empty() => {
            let mut commands = Vec::new();
            for (word, records) in words {
                let records = ids(if records.is_array() { records } else { Json::Array(vec![records]) })?;
                commands.extend(match word.as_str() {
                    "push" => records.into_iter().map(Command::Link).collect::<Vec<_>>(),
                    "pop" => records.into_iter().map(Command::Unlink).collect(),
                    "delete" => records.into_iter().map(Command::Delete).collect(),
                    _ => return None,
                });
            }
            Some(commands)
        }
        Json::Array(items) if items.first().is_some_and(Json::is_array) && items.len() <= MAX_IDS => {
            items.into_iter().map(command).collect()
        }
        list => ids(list).map(|ids| vec![Command::Set(ids)]),
    }
}

fn command(json: Json) -> Option<Command> {
    let Json::Array(mut parts) = json else { return None };
    let id = parts.get(1).and_then(whole);
    let at_most = |most: usize| parts.len() <= most;
    match (parts.first().and_then(whole)?, id.filter(|id| *id > 0)) {
        (0, _) if at_most(3) => object(parts.pop()?).map(Command::Create),
        (1, Some(id)) if at_most(3) => object(parts.pop()?).map(|values| Command::Update(id, values)),
        (2, Some(id)) if at_most(3) => Some(Command::Delete(id)),
        (3, Some(id)) if at_most(3) => Some(Command::Unlink(id)),
        (4, Some(id)) if at_most(3) => Some(Command::Link(id)),
        (5, _) if at_most(3) => Some(Command::Clear),
        (6, _) if at_most(3) => ids(parts.pop()?).map(Command::Set),
        _ => None,
    }
}

fn object(json: Json) -> Option<Map<String, Json>> {
    match json {
        Json::Object(map) => Some(map),
        _ => None,
    }
}

/// Commands that join and part records, as one value; none where one makes, changes or removes a record.
pub fn joined(commands: Vec<Command>) -> Option<Value> {
    let mut replaces = false;
    let (mut push, mut pop) = (BTreeSet::new(), BTreeSet::new());
    for command in commands {
        match command {
            Command::Link(id) => {
                pop.remove(&id);
                push.insert(id);
            }
            Command::Unlink(id) => {
                push.remove(&id);
                pop.insert(id);
            }
            Command::Clear | Command::Set(_) => {
                replaces = true;
                pop.clear();
                push.clear();
                if let Command::Set(ids) = command {
                    push.extend(ids);
                }
            }
            Command::Create(_) | Command::Update(..) | Command::Delete(_) => return None,
        }
    }
    let (push, pop) = (Vec::from_iter(push), Vec::from_iter(pop));
    Some(if replaces { Value::Plain(json!(push)) } else { Value::Change { push, pop } })
}

fn ids(json: Json) -> Option<Vec<i64>> {
    let Json::Array(items) = json else { return None };
    if items.len() > MAX_IDS {
        return None;
    }
    let mut ids = items.iter().map(|id| whole(id).filter(|id| *id > 0)).collect::<Option<Vec<_>>>()?;
    ids.sort_unstable();
    ids.dedup();
    Some(ids)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::value;
    use crate::{Access, Field, Kind, Model};

    #[test]
    fn an_x2many_takes_odoos_commands_and_the_add_ons_words() {
        let model = Model::new("x.y", "x_y", "X", vec![], |_| Access::all());
        let read = |sent: &Json| value(&model, &Field::new("f", Kind::Many2many("x"), "F"), sent.clone());
        let change = |push: &[i64], pop: &[i64]| Ok(Value::Change { push: push.to_vec(), pop: pop.to_vec() });
        let set = |ids: &[i64]| Ok(Value::Plain(json!(ids)));
        for (sent, read_as) in [
            (json!([3, 1, "3", 2.0]), set(&[1, 2, 3])),
            (json!([]), set(&[])),
            (json!([[6, 0, [1]]]), set(&[1])),
            (json!([[6, false, ["2"]]]), set(&[2])),
            (json!([[5]]), set(&[])),
            (json!([[5, 0, 0], [4, 2]]), set(&[2])),
            (json!([[4, 1]]), change(&[1], &[])),
            (json!([[4, 1, 0], [4, 2, false]]), change(&[1, 2], &[])),
            (json!([[3, 1]]), change(&[], &[1])),
            (json!([[4, 1], [3, 1]]), change(&[], &[1])),
            (json!([[3, 1], [4, 1]]), change(&[1], &[])),
            (json!([[6, 0, [1, 2]], [3, 1]]), set(&[2])),
            (json!({"push": [3, 1, 3]}), change(&[1, 3], &[])),
            (json!({"push": 1}), change(&[1], &[])),
            (json!({"pop": "2"}), change(&[], &[2])),
            (json!({"push": [1], "pop": [2]}), change(&[1], &[2])),
        ] {
            assert_eq!(read(&sent), read_as, "{sent}");
        }
        for sent in [
            json!(5),
            json!("x"),
            json!({}),
            json!({"add": [1]}),
            json!([[7, 1]]),
            json!([[4]]),
            json!([[4, -1]]),
            json!([[6, 0, 1]]),
            json!([1, [4, 1]]),
            json!([{"name": "x"}]),
            json!([[0, 0, []]]),
            json!([[4, 1, 0, 0]]),
            json!({"push": [[1]]}),
            json!([0]),
        ] {
            assert!(read(&sent).unwrap_err().contains("[6, 0, [ids]]"), "{sent}");
        }
        assert_eq!(commands(json!({"delete": [1]})), Some(vec![Command::Delete(1)]));
        assert_eq!(commands(json!([[0, 0, {"name": "x"}], [1, 7, {}], [2, 8, 0]])).map(|all| all.len()), Some(3));
    }
}
