//! Reads across services: what a query or a filter asks of another service's records, one call a relation and level for
//! all rows.
//!
//! An owner answers for its own models alone. A block on a relation that leads away goes to the owner as the plain field; the
//! records of all ids in its answer are asked of the other owner at once and put in their places. A condition that leads away
//! is asked of the other owner first, and goes on as `in` with the ids that it found. Everything is asked with the user's own
//! identity: nothing shows here that the user could not read there. Texts stay as Postgres wrote them, keys in their order.

// circle: everywhere: a model of which every service has a part is asked for part by part

mod outlines;
#[cfg(test)]
mod tests;
mod text;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use jsonrpc::{Body, Call, Dialect, Fault, Reply};
use moka::future::Cache;
use process::directory::{is_everywhere, owner_of};
use process::shares::{Share, Shares};
use process::{Pending, parse_reply};
use records::read::{MAX_BYTES, MAX_ELEMENTS};
use records::{Filter, Item, Operand, Selection};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use self::outlines::{Asked, Block, Outlines, Tree, names, question, with_id};
use self::text::{Entries, Fetched, Writer, collect, parsed};
use crate::auth::Session;
use crate::everywhere;
use crate::services::Services;

/// Through how many services a chain of relations may lead, the first one counted.
const MAX_SERVICES: usize = 3;
/// How many questions to other services one request may cause: a filter has up to 200 comparisons.
const MAX_QUESTIONS: usize = 32;
/// How many records of another service one relation may lead to, or one condition may find. The longest list of an `in`.
const MAX_IDS: usize = 10_000;
/// How many requests may ask several services at a time, and how many of them for one user: each holds its answers.
const AT_ONCE: (usize, usize) = (16, 4);
/// How long one waits for its turn.
const WAITS: Duration = Duration::from_secs(5);
/// How many questions of one level are asked at a time.
const AT_A_TIME: usize = 4;
/// How long it is remembered what leads where: a relation that is new works everywhere after that.
const KEPT: Duration = Duration::from_secs(60);

/// Answers what several services are asked at once.
pub struct Federation {
    services: Services,
    /// The longest text that a client could have sent, in bytes.
    max_text: usize,
    /// What leads where, by service.
    known: Cache<&'static str, Arc<Outlines>>,
    at_once: Shares<i64>,
}

/// What one service is asked for.
struct Level {
    sent: Selection,
    tree: Tree,
    relations: Vec<Relation>,
}

/// A relation that leads away, and what is asked of the records that it leads to.
struct Relation {
    path: String,
    comodel: String,
    level: Level,
    /// The names in the object of a record that is not there.
    names: Vec<String>,
    /// Whether all fields are known; others are asked for even without a record, so that the owner says what is wrong.
    is_known: bool,
    /// Whether a record is its id with its name, as Odoo's RPC has a many2one.
    is_pair: bool,
}

impl Relation {
    /// A many2one that is told with its record's name.
    fn pair(path: &str, comodel: &str) -> Relation {
        let sent = Selection::fields(["id", "display_name"]);
        let level = Level { sent, tree: Tree::default(), relations: Vec::new() };
        Relation { path: path.to_owned(), comodel: comodel.to_owned(), level, names: Vec::new(), is_known: true, is_pair: true }
    }
}

/// What stands in place of a record that is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unset {
    /// An object whose fields are all false, as the add-on has it.
    Fields,
    /// `false`, as Odoo's RPC has it.
    False,
}

/// One request that asks several services.
struct Across<'f> {
    federation: &'f Federation,
    /// The service that is asked first.
    home: &'static str,
    session: &'f Session,
    dialect: Dialect,
    traceparent: Option<String>,
    questions_left: AtomicUsize,
    /// Of what is read and written here.
    bytes_left: AtomicUsize,
    /// Of the records that are put in.
    elements_left: AtomicUsize,
}

fn take(left: &AtomicUsize, n: usize) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(n)).is_ok()
}

impl Federation {
    /// Nothing known yet.
    pub fn new(services: Services, max_text: usize) -> Federation {
        let known = Cache::builder().max_capacity(64).time_to_live(KEPT).build();
        Federation { services, max_text, known, at_once: Shares::new("questions to several services", AT_ONCE.0, AT_ONCE.1) }
    }

    /// Sends a call to the owner of its model; what it asks of other services' records comes from them.
    ///
    /// # Errors
    /// Whatever the services say, and 422 for what is more than one request may ask.
    pub async fn call(&self, session: &Session, call: Call) -> Result<Reply, Fault> {
        match owner_of(&call.model) {
            None if is_everywhere(&call.model) => Box::pin(everywhere::call(self, session, call)).await,
            service => self.call_of(service, session, call).await,
        }
    }

    /// A place among the requests that ask several services.
    ///
    /// # Errors
    /// 429 and 503 where none becomes free.
    pub(crate) async fn place(&self, session: &Session) -> Result<Share<i64>, Fault> {
        self.at_once.take(session.who.identity.uid, WAITS).await
    }

    /// The same for the part of a model that this service keeps; none: the model is nobody's.
    ///
    /// # Errors
    /// As [`Federation::call`].
    pub(crate) async fn call_of(&self, service: Option<&'static str>, session: &Session, call: Call) -> Result<Reply, Fault> {
        let Some(home) = service else { return self.services.router.call(call).await };
        let is_odoos = call.dialect == Dialect::Odoo;
        let (reads, filters) = match call.method.as_str() {
            "read" => (true, false),
            "search_read" => (true, call.params.raw("id").is_none()),
            "create" => (false, false),
            _ => (false, call.params.raw("id").is_none()),
        };
        let in_pairs = is_odoos && tells_pairs(&call);
        // Most calls end here: a query without a block leads nowhere
        let has_block = |text: &&RawValue| text.get().bytes().filter(|byte| *byte == b'{').count() > 1;
        let query = call.params.raw("query").filter(|_| reads).filter(has_block);
        let filter = call.params.raw("filter").filter(|_| filters);
        if query.is_none() && filter.is_none() && !in_pairs {
            return self.services.router.service(home)?.call(call).await;
        }
        let across = Across {
            federation: self,
            home,
            session,
            dialect: call.dialect,
            traceparent: call.traceparent.clone(),
            questions_left: AtomicUsize::new(MAX_QUESTIONS),
            bytes_left: AtomicUsize::new(2 * MAX_BYTES),
            elements_left: AtomicUsize::new(MAX_ELEMENTS),
        };
        let outlines = across.outlines(home).await?;
        let leads_away = |text: &&RawValue| outlines.may_lead_away(text.get());
        // What can't be read goes on as it is: its owner says what is wrong with it
        let query = query.filter(leads_away).and_then(|raw| Selection::parse(&serde_json::from_str::<String>(raw.get()).ok()?).ok());
        let filter = filter.filter(leads_away).and_then(|raw| Filter::parse(raw).ok());
        let pairs = if in_pairs { pairs(&call, &outlines) } else { Vec::new() };
        if query.is_none() && filter.is_none() && pairs.is_empty() {
            return self.services.router.service(home)?.call(call).await;
        }
        let _place = self.place(session).await?;
        Box::pin(across.run(call, query, filter, pairs)).await
    }
}

/// Whether the answer has many2one with their names: a list of records or of groups.
fn tells_pairs(call: &Call) -> bool {
    match call.method.as_str() {
        "read" | "search_read" => call.params.raw("load").is_some_and(|load| load.get() == "\"_classic_read\""),
        "read_group" | "formatted_read_group" | "get_metadata" => true,
        _ => false,
    }
}

/// The many2one of a call's answer that lead to another service, each with the model there.
fn pairs(call: &Call, outlines: &Outlines) -> Vec<(String, String)> {
    let grouped = || {
        let groups = call.params.raw("groupby").map(|raw| serde_json::from_str::<Value>(raw.get()));
        match groups {
            Some(Ok(Value::String(one))) => vec![one],
            Some(Ok(Value::Array(all))) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    };
    let named = || call.params.get::<String>("query").ok().flatten().and_then(|text| Selection::parse(&text).ok());
    let mut pairs = outlines.away_many2ones(&call.model).to_vec();
    match call.method.as_str() {
        "read_group" | "formatted_read_group" => {
            let groups = grouped();
            pairs.retain(|(name, _)| groups.contains(name));
        }
        "get_metadata" => {}
        // What can't be read its owner refuses
        _ => {
            if let Some(selection) = named() {
                let names = |name: &str| selection.names(|field| (field == name).then_some(())).is_some();
                let all = selection.items.iter().any(|item| !matches!(item, Item::Field(..)));
                pairs.retain(|(name, _)| all || names(name));
            }
        }
    }
    pairs
}

impl Across<'_> {
    async fn call(&self, call: Call) -> Result<Reply, Fault> {
        let router = &self.federation.services.router;
        match is_everywhere(&call.model) {
            true => router.service(self.home)?.call(call).await,
            false => router.call(call).await,
        }
    }

    async fn run(
        &self,
        mut call: Call,
        query: Option<Selection>,
        filter: Option<Filter>,
        pairs: Vec<(String, String)>,
    ) -> Result<Reply, Fault> {
        let mut level = match &query {
            Some(selection) => self.plan(&call.model, selection, 1, 0).await?,
            None => Level { sent: Selection { items: Vec::new() }, tree: Tree::default(), relations: Vec::new() },
        };
        for (name, comodel) in pairs {
            self.count(&name, 1)?;
            level.tree.blocks.insert(name.clone(), Block::Away(level.relations.len()));
            level.relations.push(Relation::pair(&name, &comodel));
        }
        if let Some(mut filter) = filter
            && self.resolve(&call.model, &mut filter, 1).await?
        {
            // Groups tell the domain of their records as the client has said it
            if let Some(said) = call.params.raw("filter").map(ToOwned::to_owned).filter(|_| call.method == "read_group") {
                call.params.set_raw("said", &said);
            }
            call.params.set_raw("filter", &self.text(&filter)?);
        }
        if level.relations.is_empty() {
            return self.call(call).await;
        }
        if call.params.raw("format").is_some() {
            let path = level.relations.first().map_or("", |relation| relation.path.as_str());
            return Err(Fault::validation(format!("'{path}' leads to another service: a file has its id alone, without a block.")));
        }
        let is_page = call.dialect == Dialect::AddOn && call.method == "search_read";
        if query.is_some() {
            call = call.with("query", &level.sent.to_string());
        }
        let mut reply = self.call(call).await?;
        let text = self.whole(std::mem::replace(&mut reply.body, Body::Whole(Default::default()))).await?;
        reply.body = Body::Whole(match (self.dialect, is_page) {
            (Dialect::Odoo, _) => format!("[{}]", self.splice(&level, &parsed::<Vec<Entries<'_>>>(&text)?).await?.0).into(),
            (Dialect::AddOn, _) => self.answer(&level, parsed(&text)?, is_page).await?.into(),
        });
        Ok(reply)
    }

    /// What a service's relations lead to.
    async fn outlines(&self, service: &'static str) -> Result<Arc<Outlines>, Fault> {
        if let Some(known) = self.federation.known.get(service).await {
            return Ok(known);
        }
        let read = self.federation.known.try_get_with(service, async {
            let models = match self.federation.services.ask_of_itself(service, "_outlines", self.traceparent.clone()).await {
                Ok(reply) => parse_reply(reply).await?,
                // An owner of before: its relations lead nowhere until it is replaced
                Err(fault) if fault.status == 404 => BTreeMap::new(),
                Err(fault) => return Err(fault),
            };
            Ok::<_, Fault>(Arc::new(Outlines::new(service, models)))
        });
        read.await.map_err(|fault| Fault::clone(&fault))
    }

    async fn outlines_of(&self, model: &str) -> Result<Arc<Outlines>, Fault> {
        let everywhere = || is_everywhere(model).then_some(self.home);
        self.outlines(owner_of(model).or_else(everywhere).ok_or_else(|| Fault::no_such_model(model))?).await
    }

    /// Notes that one more question leads from the `services`th service of a chain to the next.
    fn count(&self, path: &str, services: usize) -> Result<(), Fault> {
        if services >= MAX_SERVICES {
            return Err(Fault::validation(format!("'{path}' leads through more than {MAX_SERVICES} services: read it in two steps")));
        }
        if !take(&self.questions_left, 1) {
            return Err(Fault::validation(format!(
                "query and filter lead to other services more than {MAX_QUESTIONS} times: ask in several requests"
            )));
        }
        Ok(())
    }

    /// What to ask of whom for a selection that stands in `lists` lists, before anything is asked.
    fn plan<'a>(&'a self, model: &'a str, selection: &'a Selection, services: usize, lists: usize) -> Pending<'a, Result<Level, Fault>> {
        Box::pin(async move {
            let outlines = self.outlines_of(model).await?;
            let mut asked = Vec::new();
            let (sent, tree) = outlines.split(model, selection, "", lists, &mut asked)?;
            let mut relations = Vec::new();
            for Asked { path, comodel, selection, lists } in asked {
                self.count(&path, services)?;
                let mut level = self.plan(&comodel, selection, services + 1, lists).await?;
                level.tree.hides_id = with_id(&mut level.sent);
                let outlines = self.outlines_of(&comodel).await?;
                let outline = outlines.models.get(&comodel).cloned().unwrap_or_default();
                let names = names(selection, &outline);
                let is_known = names.iter().all(|name| outline.fields.iter().any(|(known, _)| known == name));
                relations.push(Relation { path, comodel, level, names, is_known, is_pair: false });
            }
            Ok(Level { sent, tree, relations })
        })
    }

    /// Puts ids in place of the conditions that lead away; tells whether there were any.
    fn resolve<'a>(&'a self, model: &'a str, filter: &'a mut Filter, services: usize) -> Pending<'a, Result<bool, Fault>> {
        Box::pin(async move {
            let outlines = self.outlines_of(model).await?;
            let (mut crossings, mut questions) = (Vec::new(), Vec::new());
            outlines.crossings(model, filter, &mut crossings);
            // All are counted before the first one is asked
            for (leaf, at, comodel) in crossings {
                // Where ids are compared nobody else is needed, and may be away
                if question(leaf, at, "").is_none() {
                    continue;
                }
                let theirs = self.outlines_of(&comodel).await?;
                let rec_name = theirs.models.get(&comodel).map_or("name", |outline| outline.rec_name.as_str());
                let Some(question) = question(leaf, at, rec_name) else { continue };
                leaf.path.truncate(at + 1);
                self.count(&leaf.path.join("."), services)?;
                questions.push((leaf, comodel, question));
            }
            let changed = !questions.is_empty();
            for (leaf, comodel, (mut filter, op, mut values)) in questions {
                self.resolve(&comodel, &mut filter, services + 1).await?;
                values.extend(self.matching(&comodel, &filter, &leaf.path.join(".")).await?);
                (leaf.op, leaf.operand) = (op, Operand::Value(Value::Array(values)));
            }
            Ok(changed)
        })
    }

    /// The ids of the records that match, archived ones too, as a condition on a relation of one's own finds them.
    async fn matching(&self, comodel: &str, filter: &Filter, path: &str) -> Result<Vec<Value>, Fault> {
        let too_many = || {
            Fault::validation(format!(
                "More than {MAX_IDS} '{comodel}' records match the condition on '{path}', which leads to another service: narrow it down"
            ))
        };
        let call = self.searching(comodel)?.with("filter", &self.text(filter)?).with("query", &"{id}");
        let page = |after: &str, limit: usize| call.clone().with("after", &after).with("limit", &limit.to_string());
        let text = self.whole(self.call(page("", MAX_IDS)).await?.body).await?;
        let answer: Entries<'_> = parsed(&text)?;
        if let Some(cursor) = answer.get("next_cursor").filter(|cursor| *cursor != "null") {
            // A full page: whether it is all
            let text = self.whole(self.call(page(&parsed::<String>(cursor)?, 1)).await?.body).await?;
            if !parsed::<Entries<'_>>(&text)?.rows()?.is_empty() {
                return Err(too_many());
            }
        }
        answer.rows()?.iter().map(|row| row.id().map(Value::from)).collect()
    }

    /// A filter as JSON, no longer than what a client could have sent.
    fn text(&self, filter: &Filter) -> Result<Box<RawValue>, Fault> {
        let raw = to_raw_value(&filter.to_value()).map_err(|error| Fault::bad_domain(error.to_string()))?;
        if raw.get().len() > self.federation.max_text {
            return Err(Fault::validation("The conditions that lead to other services match too many records together: narrow them down"));
        }
        Ok(raw)
    }

    /// A search of another service's records as this user.
    fn searching(&self, model: &str) -> Result<Call, Fault> {
        let call = Call { traceparent: self.traceparent.clone(), ..self.session.call(model, "search_read")? };
        Ok(call.with("context", &json!({"active_test": false})))
    }

    /// The whole text of an answer, within what a request may hold.
    async fn whole(&self, body: Body) -> Result<String, Fault> {
        let bytes = match body {
            Body::Whole(bytes) => {
                self.hold(bytes.len())?;
                bytes.to_vec()
            }
            Body::Stream(mut pieces) => {
                let mut bytes = Vec::new();
                while let Some(piece) = pieces.try_next().await? {
                    self.hold(piece.len())?;
                    bytes.extend_from_slice(&piece);
                }
                bytes
            }
        };
        String::from_utf8(bytes).map_err(|error| {
            tracing::error!(%error, "a service answered what is no text");
            Fault::unavailable("A service answered what was not expected.")
        })
    }

    /// Counts what is put in: many rows may hold the same records.
    fn put(&self, records: usize, bytes: usize) -> Result<(), Fault> {
        if take(&self.elements_left, records) {
            return self.hold(bytes);
        }
        Err(Fault::validation(format!(
            "The answer has more than {MAX_ELEMENTS} records of other services: read fewer records at a time with `page_size` or `after`."
        )))
    }

    fn hold(&self, bytes: usize) -> Result<(), Fault> {
        if take(&self.bytes_left, bytes) {
            return Ok(());
        }
        Err(Fault::validation(format!(
            "The answers of several services have more than {} MB: read fewer records at a time with `page_size` or `after`.",
            (2 * MAX_BYTES) >> 20
        )))
    }

    /// The owner's answer with everything in its place.
    async fn answer(&self, level: &Level, answer: Entries<'_>, is_list: bool) -> Result<String, Fault> {
        if !is_list {
            return Ok(self.splice(level, &[answer]).await?.0);
        }
        let rows = answer.rows()?;
        if rows.len() > MAX_IDS {
            return Err(Fault::validation(format!(
                "More than {MAX_IDS} records match, which is too many for a query that leads to other services: read them by pages with \
                 `page_size`, or walk with `after`."
            )));
        }
        let (rows, _) = self.splice(level, &rows).await?;
        let mut out = String::with_capacity(rows.len() + 160);
        for (name, value) in &answer.0 {
            out.push(if out.is_empty() { '{' } else { ',' });
            out.extend(["\"", name, "\":"]);
            match *name {
                "result" => out.extend(["[", &rows, "]"]),
                _ => out.push_str(value.get()),
            }
        }
        out.push('}');
        Ok(out)
    }

    /// The rows with everything in its place, joined by commas, and where each of them is.
    async fn splice(&self, level: &Level, rows: &[Entries<'_>]) -> Result<(String, Vec<Range<usize>>), Fault> {
        let mut ids = vec![BTreeSet::new(); level.relations.len()];
        rows.iter().try_for_each(|row| collect(&level.tree, row, &mut ids))?;
        let questions: Vec<_> = level.relations.iter().zip(ids).map(|(relation, ids)| self.fetch(relation, ids)).collect();
        let fetched: Vec<Fetched> = stream::iter(questions).buffered(AT_A_TIME).try_collect().await?;
        let mut writer = Writer { fetched: &fetched, put: &|records, bytes| self.put(records, bytes), out: String::new() };
        let mut places = Vec::with_capacity(rows.len());
        for row in rows {
            if !writer.out.is_empty() {
                writer.out.push(',');
            }
            let start = writer.out.len();
            writer.object(&level.tree, row)?;
            places.push(start..writer.out.len());
        }
        Ok((writer.out, places))
    }

    /// The records of these ids that the user may see, in one question.
    fn fetch<'a>(&'a self, relation: &'a Relation, ids: BTreeSet<i64>) -> Pending<'a, Result<Fetched, Fault>> {
        Box::pin(async move {
            let unset = if self.dialect == Dialect::AddOn { Unset::Fields } else { Unset::False };
            let empty = |names: &[&str]| match unset {
                Unset::Fields => format!("{{{}}}", names.iter().map(|name| format!("\"{name}\":false")).collect::<Vec<_>>().join(",")),
                Unset::False => "false".to_owned(),
            };
            let names: Vec<&str> = relation.names.iter().map(String::as_str).collect();
            if ids.is_empty() && relation.is_known {
                return Ok(Fetched { text: String::new(), places: HashMap::new(), empty: empty(&names) });
            }
            if ids.len() > MAX_IDS {
                return Err(Fault::validation(format!(
                    "'{}' leads to more than {MAX_IDS} '{}' records of another service: read fewer records at a time with `page_size` or `after`.",
                    relation.path, relation.comodel
                )));
            }
            let call = self
                .searching(&relation.comodel)?
                .with("filter", &json!([["id", "in", ids]]))
                .with("query", &relation.level.sent.to_string())
                .with("order", &"id")
                .with("limit", &ids.len().max(1).to_string());
            let answer = self.whole(self.call(call).await?.body).await?;
            let rows = parsed::<Entries<'_>>(&answer)?.rows()?;
            if relation.is_pair {
                return Fetched::pairs(&rows);
            }
            let (text, places) = self.splice(&relation.level, &rows).await?;
            // Of `*` an answer tells best which fields this user reads
            let hidden = |name: &&str| relation.level.tree.hides_id && *name == "id";
            let names = rows.first().map_or(names, |row| row.0.iter().map(|(name, _)| *name).filter(|name| !hidden(name)).collect());
            let places = rows.iter().zip(places).map(|(row, place)| Ok((row.id()?, place))).collect::<Result<_, Fault>>()?;
            Ok(Fetched { text, places, empty: empty(&names) })
        })
    }
}
