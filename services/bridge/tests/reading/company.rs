//! The recorded company, read as a run would: every reader's rows converted in their order, what each needs resolved from what came before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bridge::inspect::{Described, Fields};
use bridge::mapping::typed::Mapping;
use bridge::reading::{self, Clash, Converted, Known, Need, Page, PutAside, Reader, Row, State, Taken, World};
use serde_json::{Map, Value, json};

/// By how much ids here are beyond those there, so that none is taken for the other.
pub(crate) const HERE: i64 = 10_000;

/// What became of a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Became {
    Taken(Box<Taken>),
    Merged(&'static str),
    Aside(PutAside),
    LeftOut(&'static str),
}

/// All that came of it.
pub(crate) struct Company {
    pub became: BTreeMap<(String, i64), Became>,
    pub many: BTreeMap<&'static str, usize>,
    rows: BTreeMap<String, BTreeMap<i64, Map<String, Value>>>,
    fields: BTreeMap<String, Arc<Fields>>,
    known: BTreeMap<Need, Known>,
    unique: BTreeMap<(&'static str, String), i64>,
}

impl Company {
    /// Read whole, by this mapping.
    pub(crate) fn read(mapping: &str) -> Company {
        let mut company = Company::recorded();
        let mapping = Mapping::read(mapping).unwrap();
        let mut world = World::new(mapping, 1, company.fields.clone());
        for (model, fields) in reading::TABLES {
            let fields = world.existing(model, fields);
            let rows: Vec<Row> = company.find(model, &[]).iter().map(|row| company.told(model, row, &fields)).collect();
            world.table(model, rows);
        }
        for bank in reading::banks(&world, &BTreeMap::new(), 0) {
            company.note("res.bank", bank, 0);
        }
        for reader in reading::READERS {
            company.run(reader, &world);
        }
        company
    }

    fn recorded() -> Company {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/odoo16.jsonl");
        let (mut rows, mut fields): (BTreeMap<String, BTreeMap<_, _>>, BTreeMap<String, Arc<Fields>>) = Default::default();
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let model = line["model"].as_str().unwrap().to_owned();
            if let Some(told) = line["fields"].as_object() {
                let described = told.iter().map(|(name, told)| {
                    let text = |at: usize| told[at].as_str().unwrap_or_default().to_owned();
                    (name.clone(), Described { kind: text(0), label: text(1), is_stored: told[3] != false, relation: text(2) })
                });
                fields.insert(model.clone(), Arc::new(described.collect()));
            }
            let columns: Vec<&str> = line["columns"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap()).collect();
            for row in line["rows"].as_array().into_iter().flatten() {
                let row: Map<String, Value> =
                    columns.iter().map(|name| (*name).to_owned()).zip(row.as_array().unwrap().iter().cloned()).collect();
                rows.entry(model.clone()).or_default().insert(row["id"].as_i64().unwrap(), row);
            }
        }
        Company { became: BTreeMap::new(), many: BTreeMap::new(), rows, fields, known: BTreeMap::new(), unique: BTreeMap::new() }
    }

    /// A row with these fields, as a search tells it.
    fn told(&self, model: &str, row: &Map<String, Value>, fields: &[String]) -> Row {
        let mut told = Map::from_iter([("id".to_owned(), row["id"].clone())]);
        for name in fields {
            let at = if name == "create_date" && !row.contains_key(name) { "write_date" } else { name };
            let value = row.get(at).unwrap_or_else(|| panic!("{model}.{name} was not recorded")).clone();
            let field = &self.fields[model][name];
            let value = match (field.kind.as_str(), value.as_i64()) {
                ("many2one", Some(id)) => {
                    let other = self.rows.get(&field.relation).and_then(|rows| rows.get(&id));
                    json!([id, other.and_then(|other| other.get("name").cloned()).unwrap_or_default()])
                }
                _ => value,
            };
            told.insert(name.clone(), value);
        }
        told.into()
    }

    fn find(&self, model: &str, domain: &[Value]) -> Vec<Map<String, Value>> {
        let rows = self.rows.get(model).into_iter().flat_map(BTreeMap::values);
        rows.filter(|row| domain.iter().all(|term| self.holds(model, row, term))).cloned().collect()
    }

    fn holds(&self, model: &str, row: &Map<String, Value>, term: &Value) -> bool {
        let (path, wanted) = (term[0].as_str().unwrap(), &term[2]);
        let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
        let value = row.get(name).unwrap_or_else(|| panic!("{model}.{name} was not recorded"));
        if let Some(rest) = rest {
            let relation = &self.fields[model][name].relation;
            let other = value.as_i64().and_then(|id| self.rows.get(relation)?.get(&id));
            return other.is_some_and(|other| self.holds(relation, other, &json!([rest, term[1], wanted])));
        }
        let is_among =
            || wanted.as_array().unwrap().iter().any(|one| value == one || value.as_array().is_some_and(|all| all.contains(one)));
        match term[1].as_str().unwrap() {
            "=" => value == wanted,
            "!=" => value != wanted,
            "in" => is_among(),
            "not in" => !is_among(),
            other => panic!("{other}"),
        }
    }

    fn run(&mut self, reader: &'static Reader, world: &World) {
        let Some(domain) = (reader.domain)(world) else { return };
        if !self.fields.contains_key(reader.theirs) {
            return;
        }
        let fields = (reader.fields)(world);
        let all: Vec<Row> = self.find(reader.theirs, &domain).iter().map(|row| self.told(reader.theirs, row, &fields)).collect();
        self.many.insert(reader.name, all.len());
        let mut open = all;
        // What waits for something of its own model is taken again
        for _ in 0..5 {
            let mut waiting = Vec::new();
            for rows in open.chunks(40) {
                let page = self.page(reader, rows, world);
                for row in rows {
                    let id = row["id"].as_i64().unwrap();
                    match (reader.convert)(row, &page) {
                        Ok(Converted::LeftOut { why }) => self.end(reader.ours, id, Became::LeftOut(why)),
                        Ok(Converted::Record(taken)) => match self.link_missing(reader.ours, &taken) {
                            Some(missing) => {
                                waiting.push(row.clone());
                                self.end(reader.ours, id, Became::Aside(missing));
                            }
                            None => self.note(reader.ours, *taken, 0),
                        },
                        Err(aside) => self.end(reader.ours, id, Became::Aside(aside)),
                    }
                }
            }
            open = waiting;
        }
    }

    fn page<'w>(&self, reader: &Reader, rows: &[Row], world: &'w World) -> Page<'w> {
        let mut page = Page::new(world);
        for companion in reader.companions {
            let mut domain = (companion.domain)(world);
            domain.push(json!([companion.by, "in", page.ids(companion, rows)]));
            let mut fields = (companion.fields)(world);
            fields.retain(|field| field != "id");
            let found = self.find(companion.model, &domain);
            let read: Vec<Row> = found.iter().map(|row| self.told(companion.model, row, &fields)).collect();
            page.add(companion, read);
        }
        let needs: BTreeSet<Need> = rows.iter().flat_map(|row| (reader.needs)(row, &page)).collect();
        for need in needs {
            if let Some(known) = self.known.get(&need) {
                page.know(need, known.clone());
            }
        }
        page
    }

    /// What an owner would say of a link to what it has not.
    fn link_missing(&self, ours: &'static str, taken: &Taken) -> Option<PutAside> {
        let model = |field: &str| match field {
            "parent_id" => ours,
            "master_product" => "product.master",
            "attribute_id" => "product.attribute",
            "attribute_value_ids" => "product.attribute.value",
            "categ_id" => "product.category",
            "warehouse_id" | "warehouse_dest_id" => "stock.warehouse",
            "opportunity_id" => "crm.lead",
            "sale_id" => "sale.order",
            "sale_line_id" => "sale.order.line",
            "purchase_id" => "purchase.order",
            "purchase_line_id" => "purchase.order.line",
            "reversed_entry_id" => "account.move",
            other => panic!("{other} leads nowhere"),
        };
        let parts = taken.record.parts.values().flatten();
        let mut links = [&taken.record].into_iter().chain(parts).flat_map(|record| &record.links);
        let is_missing =
            |model: &'static str, id: i64| self.known.get(&Need::Id(model, id)).is_none_or(|known| known.state != State::Taken);
        links.find_map(|(field, ids)| {
            let id = ids.iter().find(|id| is_missing(model(field), **id))?;
            Some(PutAside { misfit: "link", reason: format!("{field} {id}"), of: Some((model(field), *id)) })
        })
    }

    /// An owner takes it, or answers that another has its key.
    fn note(&mut self, ours: &'static str, taken: Taken, depth: usize) {
        let id = taken.record.odoo_id;
        assert!(depth < 2 && id > 0, "{ours} {id}");
        let holder = taken.unique.clone().and_then(|unique| self.unique.get(&(ours, unique)).copied()).filter(|holder| *holder != id);
        if let Some(holder) = holder {
            match taken.clash.clone() {
                Some(Clash::Instead { record, key, .. }) => {
                    let taken = Taken { record: *record, key, unique: None, clash: None, ..taken };
                    return self.note(ours, taken, depth + 1);
                }
                Some(Clash::Merge { kind }) => {
                    let known = self.known[&Need::Id(ours, holder)].clone();
                    self.became.insert((ours.to_owned(), id), Became::Merged(kind));
                    self.known.insert(Need::Id(ours, id), Known { odoo_id: id, ..known });
                    return;
                }
                Some(Clash::PutAside { kind }) => return self.end(ours, id, Became::Aside(PutAside::new(kind, "another has its key"))),
                None if taken.record.merge => {}
                None => panic!("{ours} {id} has the key of {holder}, and nobody says what then"),
            }
        }
        if let Some(unique) = taken.unique.clone() {
            self.unique.entry((ours, unique)).or_insert(id);
        }
        let known = |id: i64, key: Option<String>| Known { odoo_id: id, record_id: id + HERE, key, state: State::Taken };
        for (field, parts) in &taken.record.parts {
            let model = match (ours, field.as_str()) {
                ("sale.order", _) => "sale.order.line",
                ("purchase.order", _) => "purchase.order.line",
                ("account.move", _) => "account.move.line",
                ("stock.picking", _) => "stock.move",
                other => panic!("{other:?}"),
            };
            for part in parts {
                self.known.insert(Need::Id(model, part.odoo_id), known(part.odoo_id, None));
            }
        }
        if let Some(key) = &taken.key {
            self.known.entry(Need::Key(ours, key.clone())).or_insert_with(|| known(id, Some(key.clone())));
        }
        self.known.insert(Need::Id(ours, id), known(id, taken.key.clone()));
        self.became.insert((ours.to_owned(), id), Became::Taken(Box::new(taken)));
    }

    fn end(&mut self, ours: &'static str, id: i64, became: Became) {
        let state = if matches!(became, Became::LeftOut(_)) { State::LeftOut } else { State::PutAside };
        self.known.insert(Need::Id(ours, id), Known { odoo_id: id, record_id: 0, key: None, state });
        self.became.insert((ours.to_owned(), id), became);
    }

    /// What became of a record.
    pub(crate) fn of(&self, model: &str, id: i64) -> &Became {
        self.became.get(&(model.to_owned(), id)).unwrap_or_else(|| panic!("nothing became of {model} {id}"))
    }

    /// A record that was taken.
    pub(crate) fn taken(&self, model: &str, id: i64) -> &Taken {
        match self.of(model, id) {
            Became::Taken(taken) => taken,
            other => panic!("{model} {id}: {other:?}"),
        }
    }

    /// One of its values.
    pub(crate) fn value(&self, model: &str, id: i64, field: &str) -> Value {
        self.taken(model, id).record.values.get(field).cloned().unwrap_or_default()
    }

    /// Why it was put aside.
    pub(crate) fn aside(&self, model: &str, id: i64) -> &PutAside {
        match self.of(model, id) {
            Became::Aside(aside) => aside,
            other => panic!("{model} {id}: {other:?}"),
        }
    }

    /// Values of its lines, in their order.
    pub(crate) fn lines(&self, model: &str, id: i64, fields: &[&str]) -> Vec<Vec<Value>> {
        let parts = self.taken(model, id).record.parts.values().flatten();
        parts.map(|part| fields.iter().map(|field| part.values.get(*field).cloned().unwrap_or_default()).collect()).collect()
    }

    /// How many of a model became what, in words.
    pub(crate) fn sums(&self, model: &str) -> BTreeMap<String, usize> {
        let mut sums = BTreeMap::new();
        for (_, became) in self.became.iter().filter(|((of, _), _)| of == model) {
            let word = match became {
                Became::Taken(_) => "taken".to_owned(),
                Became::Merged(kind) => format!("merged: {kind}"),
                Became::Aside(aside) => format!("aside: {}", aside.misfit),
                Became::LeftOut(why) => format!("left out: {why}"),
            };
            *sums.entry(word).or_default() += 1;
        }
        sums
    }
}
