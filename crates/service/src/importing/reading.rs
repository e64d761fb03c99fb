//! What records say, read by the declaration.

use domain::{Identity, when};
use jsonrpc::Fault;
use jsonrpc::import::{Misfit, Record};
use records::values::{Mode, Problems, content_hash};
use records::{Failure, Kind, Model, Tx, Value, Values};
use serde_json::{Map, Value as Json, json};

use super::Taking;

/// What records say, checked by the declaration; names become ids. The digest is of what is read, names as names.
pub(super) async fn read(tx: &mut Tx<'_>, model: &Model, records: Vec<(&Record, Option<usize>)>) -> Result<Vec<Taking>, Failure> {
    let mut all = checked(model, tx.identity, records)?;
    resolve(tx, model, &mut all).await?;
    Ok(all)
}

fn checked(model: &Model, identity: &Identity, records: Vec<(&Record, Option<usize>)>) -> Result<Vec<Taking>, Fault> {
    let mut all = Vec::with_capacity(records.len());
    for (record, parent) in records {
        let mut data = record.values.clone();
        // Known when what they lead to is
        for field in record.links.keys() {
            data.insert(field.clone(), if model.field(field).is_some_and(|f| f.kind.is_list()) { json!([]) } else { json!(1) });
        }
        let mut problems = Problems::default();
        let mut values = Values::check(model, identity, Mode::Create, data, &mut problems)?;
        let is_other = |name: &&String| model.field(name).is_some_and(|field| !field.is_public() || field.kind == Kind::Binary);
        for name in record.values.keys().filter(is_other) {
            problems.add(format!("The field '{name}' of {} does not come with its record", model.name));
        }
        for moment in [&record.create_date, &record.write_date].into_iter().flatten() {
            if when::moment(moment).is_none() {
                problems.add(format!("'{}' is no moment", records::model::clip(moment)));
            }
        }
        if record.reference.as_ref().is_some_and(|reference| model.field("ref_odoo").is_none() || !(1..=40).contains(&reference.len())) {
            problems.add(format!("A reference of {} can't be this one", model.name));
        }
        for field in record.links.keys() {
            values.remove(field);
            if model.field(field).is_none_or(|f| f.kind.comodel().is_none()) {
                problems.add(model.unknown_field(field));
            }
        }
        let said: Map<String, Json> = values.iter().map(|(name, value)| (name.to_owned(), as_json(value))).collect();
        let of = json!({"values": said, "links": record.links, "reference": record.reference, "created": record.create_date});
        let digest = content_hash(&Map::from_iter([("record".to_owned(), of)]));
        let mut taking = Taking { record: head(record), values, digest, bound: None, id: None, parent, outcome: None };
        if let Err(fault) = problems.check() {
            taking.refuse(Misfit::Value, fault.message);
        }
        all.push(taking);
    }
    Ok(all)
}

fn head(record: &Record) -> Record {
    let Record { odoo_id, of, write_date, create_date, reference, links, merge, values: _, parts: _ } = record;
    Record {
        odoo_id: *odoo_id,
        of: *of,
        write_date: write_date.clone(),
        create_date: create_date.clone(),
        reference: reference.clone(),
        links: links.clone(),
        merge: *merge,
        ..Record::default()
    }
}

/// Names become ids.
async fn resolve(tx: &mut Tx<'_>, model: &Model, all: &mut [Taking]) -> Result<(), Failure> {
    let mut values: Vec<Values> = all.iter().map(|taking| taking.values.clone()).collect();
    let mut problems = Problems::default();
    tx.resolve(model, &mut values, &mut problems).await?;
    if problems.is_empty() {
        all.iter_mut().zip(values).for_each(|(taking, resolved)| taking.values = resolved);
        return Ok(());
    }
    // Some name nothing: which ones
    for taking in all {
        let mut problems = Problems::default();
        tx.resolve(model, std::slice::from_mut(&mut taking.values), &mut problems).await?;
        if let Err(fault) = problems.check() {
            taking.refuse(Misfit::Value, fault.message);
        }
    }
    Ok(())
}

fn as_json(value: &Value) -> Json {
    match value {
        Value::Plain(json) => json.clone(),
        Value::Name(name) => json!({"named": name}),
        Value::Change { push, pop } => json!({"push": push, "pop": pop}),
    }
}
