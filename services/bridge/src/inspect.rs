//! An inspection: what is there, what may not be seen, and what will not fit. It reads, and changes nothing.
//!
//! It is a row of steps; whoever runs them keeps the report between two of them, so that another goes on where one was killed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bridge_contract::{Addon, Company, Count, Custom, LeftOut, Misfit, Missing, Module, Report, Spelled, Tax};
use serde_json::{Value as Json, json};
use tokio::sync::Mutex;

use crate::client::{Odoo, Stop, id_of, text_of};
use crate::misfits::{self, Search};
use crate::plain;
// circle: misfits: what does not fit is found by the same walk

/// How many ids a report tells of a kind of misfit.
const FIRST: usize = 20;
/// How many spellings of banks a report tells.
const SPELLINGS: usize = 200;

/// A field as an Odoo describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Odoo's type.
    pub kind: String,
    /// What people read.
    pub label: String,
    /// Whether it has a column.
    pub is_stored: bool,
    /// The model that it leads to; empty where it leads nowhere.
    pub relation: String,
}

/// A model's fields, by name.
pub type Fields = BTreeMap<String, Described>;

/// Who looks on.
pub trait Watch: Send + Sync {
    /// A step begins: so many are done of so many.
    fn step(&self, name: &str, at: usize, of: usize);
    /// Of the step's records so many are read of so many.
    fn rows(&self, done: u64, of: u64);
    /// Whether it is called off.
    fn is_cancelled(&self) -> bool;
}

/// What is done in one go.
#[derive(Clone, Copy)]
pub enum Step {
    /// The company, and what else the user sees of companies.
    Company,
    /// What is installed.
    Modules,
    /// A model's rights, fields and numbers.
    Model(&'static str),
    /// Whether the user sees others' documents.
    OthersDocuments,
    /// Taxes of sales.
    Taxes,
    /// How the banks are spelled.
    Banks,
    /// Clients and addresses.
    Partners,
    /// Products and their variants.
    Products,
    /// The platforms' numbers of orders.
    OrderKeys,
    /// Lines of orders and purchases.
    Lines,
    /// What a domain finds.
    Search(&'static Search),
    /// What is not brought over.
    LeftOut,
}

impl Step {
    /// All of them, in their order.
    pub fn all() -> Vec<Step> {
        let models = plain::models().map(Step::Model);
        let first = [Step::Company, Step::Modules].into_iter().chain(models);
        let scans = [Step::OthersDocuments, Step::Taxes, Step::Banks, Step::Partners, Step::Products, Step::OrderKeys, Step::Lines];
        first.chain(scans).chain(misfits::SEARCHES.iter().map(Step::Search)).chain([Step::LeftOut]).collect()
    }

    /// What it is about.
    pub fn name(self) -> &'static str {
        match self {
            Step::Company => "res.company",
            Step::Modules => "modules",
            Step::Model(model) => model,
            Step::OthersDocuments => "rights",
            Step::Taxes => "account.tax",
            Step::Banks => "banks",
            Step::Partners => "clients",
            Step::Products => "products",
            Step::OrderKeys => "order numbers",
            Step::Lines => "lines",
            Step::Search(search) => search.kind,
            Step::LeftOut => "left out",
        }
    }
}

/// An Odoo that is looked at.
pub struct Inspector<'a> {
    odoo: &'a Odoo,
    watch: &'a dyn Watch,
    batch: usize,
    company: Option<i64>,
    fields: Mutex<HashMap<String, Option<Arc<Fields>>>>,
}

/// Looks at all of it in one go; answers the report, and the fields that a mapping may name.
///
/// # Errors
/// Why it can't go on.
pub async fn inspect(
    odoo: &Odoo,
    watch: &dyn Watch,
    batch: usize,
    company: Option<i64>,
) -> Result<(Report, BTreeMap<String, Arc<Fields>>), Stop> {
    let inspector = Inspector::new(odoo, watch, batch, company);
    let mut report = inspector.begun();
    let steps = Step::all();
    for (at, step) in steps.iter().enumerate() {
        watch.step(step.name(), at, steps.len());
        inspector.take(*step, &mut report).await?;
    }
    watch.step("", steps.len(), steps.len());
    Ok((report, inspector.known_fields().await?))
}

impl<'a> Inspector<'a> {
    /// Of an Odoo; `batch` records a page. `company` is the one that comes over, where it is not the user's own.
    pub fn new(odoo: &'a Odoo, watch: &'a dyn Watch, batch: usize, company: Option<i64>) -> Inspector<'a> {
        Inspector { odoo, watch, batch: batch.clamp(1, 5_000), company, fields: Mutex::default() }
    }

    /// The report before anything was looked at.
    pub fn begun(&self) -> Report {
        let version = &self.odoo.version;
        Report {
            server_version: version.text.clone(),
            major: version.major,
            protocol: version.protocol.as_str().to_owned(),
            lang: self.odoo.lang().to_owned(),
            ..Report::default()
        }
    }

    /// One step. Taken again it finds the same: what it found before is forgotten by whoever keeps the report.
    ///
    /// # Errors
    /// Why it can't go on.
    pub async fn take(&self, step: Step, report: &mut Report) -> Result<(), Stop> {
        if self.watch.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        match step {
            Step::Company => self.companies(report).await,
            Step::Modules => self.modules(report).await,
            Step::Model(model) => self.model(model, report).await,
            Step::OthersDocuments => self.others_documents(report).await,
            Step::Taxes => self.taxes(report).await,
            Step::Banks => self.banks(report).await,
            Step::Partners => misfits::partners(self, report).await,
            Step::Products => misfits::products(self, report).await,
            Step::OrderKeys => misfits::order_keys(self, report).await,
            Step::Lines => misfits::lines(self, report).await,
            Step::Search(search) => self.search(search, report).await,
            Step::LeftOut => self.left_out(report).await,
        }
    }

    /// The fields of every model that a mapping may name.
    ///
    /// # Errors
    /// As a call.
    pub async fn known_fields(&self) -> Result<BTreeMap<String, Arc<Fields>>, Stop> {
        let mut known = BTreeMap::new();
        for (model, _) in plain::OURS {
            if let Some(fields) = self.fields(model).await? {
                known.insert((*model).to_owned(), fields);
            }
        }
        Ok(known)
    }

    /// A model's fields; none where that Odoo has no such model.
    pub(crate) async fn fields(&self, model: &str) -> Result<Option<Arc<Fields>>, Stop> {
        if let Some(known) = self.fields.lock().await.get(model) {
            return Ok(known.clone());
        }
        let attributes = json!(["type", "string", "store", "relation"]);
        let fields = match self.odoo.call(model, "fields_get", &[], &[("attributes", attributes)]).await {
            Ok(Json::Object(told)) => {
                let described = told.iter().map(|(name, field)| {
                    let text = |what: &str| field.get(what).and_then(Json::as_str).unwrap_or_default().to_owned();
                    let is_stored = field.get("store").and_then(Json::as_bool).unwrap_or(true);
                    (name.clone(), Described { kind: text("type"), label: text("string"), is_stored, relation: text("relation") })
                });
                Some(Arc::new(described.collect::<Fields>()))
            }
            Ok(other) => return Err(Stop::Impossible(format!("Odoo's fields of {model} are no object: {}", other.is_array()))),
            // Its own text would be in the user's language
            Err(stop) if stop.is_absent() => None,
            Err(other) => return Err(other),
        };
        self.fields.lock().await.insert(model.to_owned(), fields.clone());
        Ok(fields)
    }

    /// Whether a model has all of these fields.
    pub(crate) async fn has(&self, model: &str, names: &[&str]) -> Result<bool, Stop> {
        Ok(self.fields(model).await?.is_some_and(|fields| names.iter().all(|name| fields.contains_key(*name))))
    }

    /// The first of these fields that a model has: versions name some of them differently.
    pub(crate) async fn first_of(&self, model: &str, names: &[&'static str]) -> Result<Option<&'static str>, Stop> {
        let fields = self.fields(model).await?;
        Ok(fields.and_then(|fields| names.iter().find(|name| fields.contains_key(**name)).copied()))
    }

    /// Goes through what a domain finds, by id, until there is nothing more: a short page is no end, for rights may shorten it. Pages
    /// get smaller where that Odoo can't answer them.
    pub(crate) async fn walk(&self, model: &str, domain: &[Json], fields: &[&str], mut each: impl FnMut(i64, &Json)) -> Result<(), Stop> {
        let of = self.odoo.count(model, &Json::from(domain.to_vec())).await?;
        // What that Odoo has not reads as unset
        let known = self.fields(model).await?;
        let is_there = |field: &&str| known.as_ref().is_none_or(|known| known.contains_key(*field));
        let fields: Vec<&str> = fields.iter().copied().filter(is_there).collect();
        let (mut after, mut done, mut limit) = (0, 0, self.batch);
        loop {
            if self.watch.is_cancelled() {
                return Err(Stop::Cancelled);
            }
            let rows = self.page(model, domain, &fields, after, &mut limit).await?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in &rows {
                let id = row.get("id").and_then(Json::as_i64).filter(|id| *id > after);
                let id = id.ok_or_else(|| Stop::Impossible(format!("Odoo's page of {model} is not in the order of ids")))?;
                each(id, row);
                after = id;
                done += 1;
            }
            limit = (limit * 2).min(self.batch);
            self.watch.rows(done, of.max(done));
        }
    }

    /// A page of at most so many records; of fewer where that Odoo can't answer so many.
    pub(crate) async fn page(
        &self,
        model: &str,
        domain: &[Json],
        fields: &[&str],
        after: i64,
        limit: &mut usize,
    ) -> Result<Vec<Json>, Stop> {
        loop {
            match self.odoo.page(model, domain, fields, after, *limit).await {
                Err(Stop::TooLarge) => *limit = (*limit / 2).max(1),
                other => return other,
            }
        }
    }

    /// How many a domain finds.
    pub(crate) async fn count(&self, model: &str, domain: &Json) -> Result<u64, Stop> {
        self.odoo.count(model, domain).await
    }

    async fn companies(&self, report: &mut Report) -> Result<(), Stop> {
        let mut companies = Vec::new();
        self.walk("res.company", &[], &["name", "currency_id"], |id, row| {
            let currency = row.get("currency_id").and_then(|pair| pair.get(1)).and_then(Json::as_str).unwrap_or_default();
            companies.push(Company {
                id,
                name: text_of(row.get("name")).unwrap_or_default().to_owned(),
                currency_id: id_of(row.get("currency_id")).unwrap_or(0),
                currency: currency.to_owned(),
            });
        })
        .await?;
        let own = match self.company {
            Some(company) => company,
            None => {
                let domain = [json!(["id", "=", self.odoo.uid()])];
                let mut own = None;
                self.walk("res.users", &domain, &["company_id"], |_, row| own = id_of(row.get("company_id"))).await?;
                own.ok_or_else(|| Stop::Impossible("Odoo does not tell the user's company: name one".to_owned()))?
            }
        };
        let (own, others): (Vec<Company>, Vec<Company>) = companies.into_iter().partition(|company| company.id == own);
        let own = own.into_iter().next();
        report.company =
            Some(own.ok_or_else(|| Stop::Impossible("The user may not see that company: it is not among those allowed".to_owned()))?);
        report.other_companies = others;
        Ok(())
    }

    async fn modules(&self, report: &mut Report) -> Result<(), Stop> {
        let mut modules = Vec::new();
        let domain = [json!(["state", "=", "installed"])];
        let walked = self
            .walk("ir.module.module", &domain, &["name", "installed_version", "author"], |_, row| {
                let text = |what: &str| text_of(row.get(what)).unwrap_or_default().to_owned();
                modules.push(Module { name: text("name"), version: text("installed_version"), author: text("author") });
            })
            .await;
        match walked {
            Ok(()) => report.modules = Some(modules),
            // Nobody below Settings may, a hub has no modules, and nothing depends on it
            Err(stop) if stop.is_access() || stop.is_absent() => report.modules = None,
            Err(other) => return Err(other),
        }
        Ok(())
    }

    async fn model(&self, model: &'static str, report: &mut Report) -> Result<(), Stop> {
        let Some(fields) = self.fields(model).await? else {
            report.absent.push(model.to_owned());
            return Ok(());
        };
        self.own_fields(model, &fields, report);
        if !self.may_read(model).await? {
            let why = format!("The user may not read {model}: give it the rights that docs/from-odoo.md lists");
            report.rights.push(Missing { model: model.to_owned(), why });
            return Ok(());
        }
        let all = self.count(model, &json!([])).await?;
        let archived = match fields.get("active") {
            Some(active) if active.is_stored => self.count(model, &json!([["active", "=", false]])).await?,
            Some(_) | None => 0,
        };
        report.counts.push(Count { model: model.to_owned(), all, archived });
        Ok(())
    }

    /// Notes a model's fields that no plain Odoo has, and those of the add-on.
    fn own_fields(&self, model: &str, fields: &Fields, report: &mut Report) {
        let is_plain = |name: &str| {
            plain::fields(model).any(|plain| plain == name) || name.starts_with("in_group_") || name.starts_with("sel_groups_")
        };
        // A related field is another model's own
        for (name, field) in fields.iter().filter(|(name, field)| field.is_stored && !is_plain(name)) {
            report.custom.push(Custom {
                model: model.to_owned(),
                field: name.clone(),
                label: field.label.clone(),
                kind: field.kind.clone(),
                is_manual: name.starts_with("x_"),
                ours: plain::guess(model, name).map(str::to_owned),
            });
        }
        let Addon { found, missing } = &mut report.addon;
        for name in plain::ADDON.iter().filter(|(of, _)| *of == model).flat_map(|(_, names)| *names) {
            if fields.contains_key(*name) { &mut *found } else { &mut *missing }.push(format!("{model}.{name}"));
        }
    }

    async fn may_read(&self, model: &str) -> Result<bool, Stop> {
        // From 18 on there is another method; where neither is, a search tells
        let asked = if self.odoo.version.major >= 18 {
            self.odoo.call(model, "has_access", &[("operation", json!("read"))], &[]).await
        } else {
            self.odoo.call(model, "check_access_rights", &[("operation", json!("read"))], &[("raise_exception", json!(false))]).await
        };
        match asked {
            Ok(answer) => Ok(answer.as_bool().unwrap_or(false)),
            Err(Stop::Odoo { .. }) => match self.count(model, &json!([["id", "=", 0]])).await {
                Ok(_) => Ok(true),
                Err(stop) if stop.is_access() => Ok(false),
                Err(other) => Err(other),
            },
            Err(other) => Err(other),
        }
    }

    /// Rights to one's own documents alone hide the others without a word.
    async fn others_documents(&self, report: &mut Report) -> Result<(), Stop> {
        for model in ["sale.order", "crm.lead"] {
            let Some(all) = counted(report, model).filter(|all| *all > 0) else { continue };
            let others = json!([["user_id", "!=", self.odoo.uid()], ["user_id", "!=", false]]);
            if self.has(model, &["user_id"]).await? && self.count(model, &others).await? == 0 {
                let why = format!(
                    "Of the {all} records that the user sees none is another's: if there are others, it needs the right to all documents"
                );
                report.rights.push(Missing { model: model.to_owned(), why });
            }
        }
        Ok(())
    }

    async fn taxes(&self, report: &mut Report) -> Result<(), Stop> {
        if !readable(report, "account.tax") {
            return Ok(());
        }
        let company = company_of(report)?;
        let mut domain = Vec::new();
        // A hub's taxes are all of them sales' and its own
        for (field, value) in [("type_tax_use", json!("sale")), ("company_id", json!(company.id))] {
            if self.has("account.tax", &[field]).await? {
                domain.push(json!([field, "=", value]));
            }
        }
        let taxes = &mut report.taxes;
        self.walk("account.tax", &domain, &["name", "amount"], |id, row| {
            let rate = row.get("amount").map(ToString::to_string).unwrap_or_default();
            let rate = rate.strip_suffix(".0").unwrap_or(&rate).to_owned();
            taxes.push(Tax { id, name: text_of(row.get("name")).unwrap_or_default().to_owned(), rate });
        })
        .await
    }

    async fn banks(&self, report: &mut Report) -> Result<(), Stop> {
        let mut spelled: BTreeMap<String, u64> = BTreeMap::new();
        for model in ["crm.lead", "sale.order"] {
            let Some(field) = field_for(report, model, "bank_id").filter(|_| readable(report, model)) else { continue };
            self.walk(model, &[json!([field, "!=", false])], &[&field], |_, row| {
                let named = row.get(&field).map(|value| value.get(1).unwrap_or(value));
                if let Some(value) = named.and_then(Json::as_str)
                    && (spelled.len() < SPELLINGS || spelled.contains_key(value))
                {
                    *spelled.entry(value.to_owned()).or_default() += 1;
                }
            })
            .await?;
        }
        report.banks = spelled.into_iter().map(|(value, many)| Spelled { value, many }).collect();
        Ok(())
    }

    async fn search(&self, search: &Search, report: &mut Report) -> Result<(), Stop> {
        if !readable(report, search.model) || !self.has(search.model, search.needs).await? {
            return Ok(());
        }
        let Some(domain) = (search.domain)(report) else { return Ok(()) };
        let many = match self.count(search.model, &domain.clone().into()).await {
            // A field of what it leads to is not there: the question does not arise
            Err(stop) if stop.is_unknown_field() => return Ok(()),
            other => other?,
        };
        let mut ids = Vec::new();
        if many > 0 {
            let page = self.page(search.model, &domain, search.of.as_slice(), 0, &mut { FIRST }).await?;
            let named = |row: &Json| id_of(row.get(search.of.unwrap_or("id")));
            ids = page.iter().filter_map(named).collect();
            ids.dedup();
        }
        let about = if search.of.is_some() { search.about } else { search.model };
        note(report, search.kind, about, Found { many, ids }, search.why, search.answer);
        Ok(())
    }

    async fn left_out(&self, report: &mut Report) -> Result<(), Stop> {
        for (what, model, domain) in misfits::LEFT_OUT {
            let domain: Json = serde_json::from_str(domain).unwrap_or_else(|_unread| json!([]));
            if self.fields(model).await?.is_none() {
                continue;
            }
            match self.count(model, &domain).await {
                Ok(0) => {}
                Ok(many) => report.left_out.push(LeftOut { what: (*what).to_owned(), model: (*model).to_owned(), many }),
                // What stays where it is may stay unseen
                Err(stop) if stop.is_access() || stop.is_unknown_field() => {}
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }
}

/// What was found of a kind.
#[derive(Default)]
pub struct Found {
    /// How many.
    pub many: u64,
    /// The first ids.
    pub ids: Vec<i64>,
}

impl Found {
    /// One more.
    pub fn add(&mut self, id: i64) {
        self.many += 1;
        if self.ids.len() < FIRST && self.ids.last() != Some(&id) {
            self.ids.push(id);
        }
    }
}

/// Notes what does not fit, if anything.
pub fn note(report: &mut Report, kind: &str, model: &str, found: Found, why: &str, answer: &str) {
    if found.many > 0 {
        let (kind, model, why, answer) = (kind.to_owned(), model.to_owned(), why.to_owned(), answer.to_owned());
        report.misfits.push(Misfit { kind, model, many: found.many, ids: found.ids, why, answer });
    }
}

/// The company that comes over.
pub fn company_of(report: &Report) -> Result<&Company, Stop> {
    report.company.as_ref().ok_or_else(|| Stop::Impossible("the company is not known yet".to_owned()))
}

/// How many records the user sees of a model; none where it may not, or there is no such model.
pub fn counted(report: &Report, model: &str) -> Option<u64> {
    report.counts.iter().find(|count| count.model == model).map(|count| count.all)
}

/// Whether the user may read a model that is there.
pub fn readable(report: &Report, model: &str) -> bool {
    counted(report, model).is_some()
}

/// The field there that seems to be one of ours: a custom one, or the add-on's.
pub fn field_for(report: &Report, model: &str, ours: &str) -> Option<String> {
    let own = report.custom.iter().find(|custom| custom.model == model && custom.ours.as_deref() == Some(ours));
    own.map(|custom| custom.field.clone())
}
