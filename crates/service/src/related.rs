//! What a create or a write does to the records of its x2many fields: Odoo's commands that make, change, remove, join and part
//! records. They are done after the record itself, in its transaction, by the service's own code and with the user's rights.

use jsonrpc::Fault;
use records::commands::{Command, X2MANY, commands};
use records::condition::denied;
use records::tx::Found;
use records::{Access, Failure, Field, Filter, Kind, Model, Op, Posted, Registry, Tx, Value, Values};
use serde_json::{Map, Value as Json, json};

use crate::behaviour::Changing;
use crate::owner::{Owner, Service};

/// How many records one request may make, change or remove beside its own.
const MAX_RELATED: usize = 100;

/// The commands for one field.
#[derive(Clone, Debug)]
pub(crate) struct Related {
    field: &'static str,
    comodel: &'static str,
    /// The many2one that leads back; none: a many2many.
    inverse: Option<&'static str>,
    commands: Vec<Command>,
}

impl Related {
    /// The model of the other records, and which of them are to be removed.
    pub(crate) fn removed(&self) -> (&'static str, Vec<i64>) {
        let ids = self.commands.iter().filter_map(|command| if let Command::Delete(id) = command { Some(*id) } else { None });
        (self.comodel, ids.collect())
    }
}

fn makes_records(command: &Command) -> bool {
    matches!(command, Command::Create(_) | Command::Update(..) | Command::Delete(_))
}

/// Takes them out of the data. What joins records to a many2many and parts them from it stays: it is a value of the row.
pub(crate) fn take(registry: &Registry, model: &Model, data: &mut Map<String, Json>, problems: &mut Vec<String>) -> Vec<Related> {
    let mut taken = Vec::new();
    let mut count = 0;
    for field in model.fields.iter().filter(|field| !field.readonly && !field.is_internal()) {
        let (comodel, inverse) = match field.kind {
            Kind::One2many { comodel, inverse } => (comodel, Some(inverse)),
            Kind::Many2many(comodel) => (comodel, None),
            _ => continue,
        };
        // Whose records are the code's own can't be written, and is refused as such
        let leads_back = |inverse| registry.get(comodel).and_then(|comodel| comodel.field(inverse)).is_some_and(|field| !field.readonly);
        let (Some(json), true) = (data.get(field.name), inverse.is_none_or(leads_back)) else { continue };
        let Some(read) = commands(json.clone()) else {
            // Of a many2many the values' own check tells
            if inverse.is_some() {
                problems.push(format!("Wrong value for {}.{}: {X2MANY} expected", model.name, field.name));
                data.remove(field.name);
            }
            continue;
        };
        let (made, joined): (Vec<_>, Vec<_>) = read.into_iter().partition(|command| inverse.is_some() || makes_records(command));
        if made.is_empty() && inverse.is_none() {
            continue;
        }
        data.remove(field.name);
        if !joined.is_empty() {
            data.insert(field.name.to_owned(), joined.iter().map(written).collect());
        }
        count += made.len();
        taken.push(Related { field: field.name, comodel, inverse, commands: made });
    }
    if count > MAX_RELATED {
        problems.push(format!(
            "{count} records are made, changed or removed by x2many fields, at most {MAX_RELATED} are possible in a request"
        ));
    }
    taken
}

/// A command that only joins or parts, as Odoo writes it.
fn written(command: &Command) -> Json {
    match command {
        Command::Link(id) => json!([4, id]),
        Command::Unlink(id) => json!([3, id]),
        Command::Set(ids) => json!([6, 0, ids]),
        Command::Clear | Command::Create(_) | Command::Update(..) | Command::Delete(_) => json!([5]),
    }
}

fn may(model: &Model, what: &str, of: impl Fn(&Access) -> bool, tx: &Tx<'_>) -> Result<(), Fault> {
    if of(&(model.access)(tx.identity)) { Ok(()) } else { Err(denied(model, what)) }
}

impl<S: Service> Owner<S> {
    /// What a create came with, to be compared with those before it.
    pub(crate) fn posted(&self, model: &Model, read: &Json) -> Posted {
        Posted::new(self.database.hashing().hashes(model.name, &read.to_string()))
    }

    /// Does them for these records.
    pub(crate) async fn relate(&self, tx: &mut Tx<'_>, model: &Model, records: &[i64], related: Vec<Related>) -> Result<(), Failure> {
        for Related { field, comodel, inverse, commands } in related {
            let comodel = self.registry.model(comodel)?;
            match (inverse.and_then(|inverse| comodel.field(inverse)), records) {
                (Some(inverse), [record]) => self.children(tx, comodel, inverse, *record, commands).await?,
                (Some(_), _) => {
                    return Err(Fault::validation(format!("Field '{field}' of {} is written for one record at a time.", model.name)).into());
                }
                (None, _) => self.joined(tx, model, field, records, comodel, commands).await?,
            }
        }
        Ok(())
    }

    /// A many2many's: what is made is joined, what is removed is parted first.
    async fn joined(
        &self,
        tx: &mut Tx<'_>,
        model: &Model,
        field: &'static str,
        records: &[i64],
        comodel: &Model,
        commands: Vec<Command>,
    ) -> Result<(), Failure> {
        let (mut push, mut removed) = (Vec::new(), Vec::new());
        for command in commands {
            match command {
                Command::Create(data) => push.push(self.make(tx, comodel, data).await?),
                Command::Update(id, data) => self.change_related(tx, comodel, vec![id], data).await?,
                Command::Delete(id) => removed.push(id),
                Command::Unlink(_) | Command::Link(_) | Command::Clear | Command::Set(_) => {}
            }
        }
        let mut values = Values::default();
        values.change(field, Value::Change { push, pop: removed.clone() });
        tx.update(model, records.to_vec(), &values).await?;
        self.remove(tx, comodel, removed).await
    }

    /// A one2many's: records of the other model that lead back to this one.
    async fn children(
        &self,
        tx: &mut Tx<'_>,
        comodel: &Model,
        inverse: &Field,
        record: i64,
        commands: Vec<Command>,
    ) -> Result<(), Failure> {
        let own = || Filter::leaf(inverse.name, Op::Eq, record);
        let joining = |record: Json| Map::from_iter([(inverse.name.to_owned(), record)]);
        for command in commands {
            let (join, part) = match command {
                Command::Create(mut data) => {
                    data.insert(inverse.name.to_owned(), record.into());
                    self.make(tx, comodel, data).await?;
                    continue;
                }
                Command::Update(id, data) => {
                    let filter = Filter::And(vec![own(), Filter::leaf("id", Op::Eq, id)]);
                    if tx.find_locked(comodel, &filter, false, false).await?.ids.is_empty() {
                        return Err(Fault::missing(comodel.name, id).into());
                    }
                    self.change_related(tx, comodel, vec![id], data).await?;
                    continue;
                }
                Command::Delete(id) => {
                    self.remove(tx, comodel, vec![id]).await?;
                    continue;
                }
                Command::Link(id) => (vec![id], Vec::new()),
                Command::Unlink(id) => (Vec::new(), vec![id]),
                Command::Clear => (Vec::new(), tx.find_locked(comodel, &own(), false, false).await?.ids),
                Command::Set(ids) => {
                    let there = tx.find_locked(comodel, &own(), false, false).await?.ids;
                    let part = there.iter().copied().filter(|id| !ids.contains(id)).collect();
                    (ids.into_iter().filter(|id| !there.contains(id)).collect(), part)
                }
            };
            self.change_related(tx, comodel, join, joining(record.into())).await?;
            // What must lead somewhere refuses
            self.change_related(tx, comodel, part, joining(Json::Null)).await?;
        }
        Ok(())
    }

    async fn make(&self, tx: &mut Tx<'_>, model: &Model, data: Map<String, Json>) -> Result<i64, Failure> {
        may(model, "create", |access| access.create, tx)?;
        let behaviour = self.behaviour(model)?;
        let before = std::mem::replace(&mut tx.posted, self.posted(model, &(behaviour.shape)(self, model).read(&data)));
        let made = (behaviour.unprepared)().create(Changing { service: &self.service, tx, model }, data).await?;
        tx.posted = before;
        Ok(made)
    }

    async fn change_related(&self, tx: &mut Tx<'_>, model: &Model, ids: Vec<i64>, data: Map<String, Json>) -> Result<(), Failure> {
        if ids.is_empty() {
            return Ok(());
        }
        may(model, "modify", |access| access.write, tx)?;
        let found = tx.find_ids(model, ids).await?;
        (self.behaviour(model)?.unprepared)().write(Changing { service: &self.service, tx, model }, found, data).await
    }

    async fn remove(&self, tx: &mut Tx<'_>, model: &Model, ids: Vec<i64>) -> Result<(), Failure> {
        if ids.is_empty() {
            return Ok(());
        }
        may(model, "delete", |access| access.unlink, tx)?;
        let found: Found = tx.find_ids(model, ids).await?;
        (self.behaviour(model)?.unprepared)().unlink(Changing { service: &self.service, tx, model }, found).await
    }
}
