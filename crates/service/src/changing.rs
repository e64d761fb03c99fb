//! Changing requests: rights, then what needs the network, then one transaction; and what makes sending one again safe.

mod load;

use domain::{Identity, Origin};
use jsonrpc::{Call, Dialect, Fault, Reply, strict};
use partners_contract::BankNamed;
use process::parse_reply;
use process::{directory, metrics};
use records::condition::denied;
use records::request::{ListRequest, Window};
use records::tx::refuse_referred;
use records::values::{Mode, Problems, Values, content_hash, is_unset, truth};
use records::{Action, Failure, Filter, Kind, Model, Op, Posted, Selection, Tx, Value};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};

use crate::behaviour::{Asked, Changing, Prepared};
use crate::freeze;
use crate::once::{Earlier, Once, earlier, keep_answer};
use crate::owner::{Owner, Service};
use crate::related;
use crate::transaction::{Broken, For, Step};

/// What a record tells of itself: sent back with the rest of what was read it says nothing new, as in Odoo.
const TOLD_BY_RECORDS: &[&str] = &["id", "display_name", "__last_update", "create_uid", "create_date", "write_uid", "write_date"];
/// How many records one RPC may make.
const MAX_MADE: usize = 1_000;
/// What a call of an action holds besides its arguments.
const BESIDE_ARGUMENTS: &[&str] = &["args", "kwargs", "context", "ids"];

enum Done {
    Fresh { answer: String, matched: Option<i64> },
    Replayed(Reply),
}

/// What one record is to be given, before anything is asked for it.
struct Draft {
    data: Map<String, Json>,
    claimed: Option<Origin>,
    bank: Option<i64>,
    read: Json,
    bare: String,
    early: Vec<String>,
}

/// The same, with all that it needs for its transaction.
struct Part<S: Service> {
    data: Map<String, Json>,
    related: Vec<related::Related>,
    early: Vec<String>,
    posted: Posted,
    prepared: Box<dyn Prepared<S>>,
}

/// Which records are meant, and those of them that must be there.
struct Target {
    filter: Filter,
    must: Vec<i64>,
}

/// A request that is ready for its transaction.
struct Ready<'a, S: Service> {
    owner: &'a Owner<S>,
    model: &'a Model,
    call: &'a Call,
    /// One, but where a list of records is made.
    parts: Vec<Part<S>>,
    is_list: bool,
    target: Option<Target>,
    active_test: bool,
    bulk: bool,
    once: Option<Once>,
}

impl<S: Service> Ready<'_, S> {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<Step<Done>, Failure> {
        match earlier(tx, self.once.as_ref()).await? {
            Earlier::Answered(reply) => return Ok(Step::Nothing(Done::Replayed(reply))),
            Earlier::Running => return Ok(Step::Wait),
            Earlier::None => {}
        }
        freeze::passes(tx, self.model).await?;
        tx.must_be_new = self.call.dialect == Dialect::Odoo;
        let (mut answers, mut matched) = (Vec::with_capacity(self.parts.len()), None);
        for part in &self.parts {
            tx.early.clone_from(&part.early);
            tx.posted.clone_from(&part.posted);
            let (answer, found) = self.run_part(tx, part).await?;
            answers.push(answer);
            matched = found;
        }
        let answer = if self.is_list { Json::Array(answers) } else { answers.pop().unwrap_or_default() };
        let (answer, matched) = (answer.to_string(), matched.and_then(|n| i64::try_from(n).ok()));
        if let Some(once) = &self.once {
            keep_answer(tx, once, &answer, matched).await?;
        }
        Ok(Step::Commit(Done::Fresh { answer, matched }))
    }

    async fn run_part(&self, tx: &mut Tx<'_>, part: &Part<S>) -> Result<(Json, Option<usize>), Failure> {
        let (service, model) = (&self.owner.service, self.model);
        match (&self.target, self.call.method.as_str()) {
            (Some(Target { filter, must }), method) => {
                let found = tx.find_locked(model, filter, self.active_test, self.bulk).await?;
                if let Some(id) = must.iter().find(|id| found.ids.binary_search(id).is_err()) {
                    return Err(Fault::missing(model.name, *id).into());
                }
                let matched = found.ids.len();
                match (method, matched) {
                    (_, 0) => tx.problems().check()?,
                    ("write", _) => {
                        let (mut data, ids) = (part.data.clone(), found.ids.clone());
                        tx.drop_unchanged(model, &ids, &mut data, |field| field.readonly).await?;
                        part.prepared.write(Changing { service, tx, model }, found, data).await?;
                        self.owner.relate(tx, model, &ids, part.related.clone()).await?;
                    }
                    _ => part.prepared.unlink(Changing { service, tx, model }, found).await?,
                }
                Ok((Json::Bool(true), Some(matched)))
            }
            (None, "create") => {
                tx.is_repeated = false;
                let id = part.prepared.create(Changing { service, tx, model }, part.data.clone()).await?;
                if !tx.is_repeated {
                    self.owner.relate(tx, model, &[id], part.related.clone()).await?;
                }
                Ok((id.into(), None))
            }
            (None, _) => Ok((part.prepared.act(Changing { service, tx, model }, self.call, part.data.clone()).await?, None)),
        }
    }
}

/// A record of which only the id is asked for.
#[derive(Deserialize)]
struct Found {
    id: i64,
}

impl<S: Service> Owner<S> {
    /// A changing request: rights, then what needs the network, then one transaction, tried again where it met another.
    pub(crate) async fn change(&self, identity: &Identity, model: &Model, call: &Call) -> Result<Reply, Fault> {
        let (access, behaviour) = ((model.access)(identity), self.behaviour(model)?);
        let (allowed, what) = match call.method.as_str() {
            "create" => (access.create, "create"),
            "unlink" => (access.unlink, "delete"),
            "write" => (access.write, "modify"),
            _ => (access.read, "access"),
        };
        if !allowed {
            return Err(denied(model, what));
        }
        let raw = call.params.raw("data");
        let is_list = call.dialect == Dialect::Odoo && call.method == "create" && raw.is_some_and(|raw| raw.get().starts_with('['));
        let sent = match (call.method.as_str(), raw) {
            ("create", Some(raw)) if is_list => {
                let rows: Vec<Box<RawValue>> = serde_json::from_str(raw.get()).map_err(|error| Fault::unread("data", &error))?;
                if rows.len() > MAX_MADE {
                    return Err(Fault::validation(format!("{} records are too many for one request: {MAX_MADE} at most", rows.len())));
                }
                rows.iter().map(|raw| strict::object("data", raw)).collect::<Result<Vec<_>, _>>()?
            }
            ("create" | "write", Some(raw)) => vec![strict::object("data", raw)?],
            ("create" | "write", None) => {
                let verb = if call.method == "create" { "POST" } else { "PUT" };
                return Err(Fault::validation(format!("`data` parameter is not found on {verb} request body")));
            }
            ("unlink", _) => vec![Map::new()],
            _ => vec![arguments(model, behaviour.action(&call.method), call)?],
        };
        let is_nothing = match call.method.as_str() {
            "create" => sent.is_empty(),
            "write" | "unlink" => call.dialect == Dialect::Odoo && call.params.get::<Vec<i64>>("ids")?.is_some_and(|ids| ids.is_empty()),
            _ => false,
        };
        if is_nothing {
            return Ok(Reply::json(if is_list { "[]" } else { "true" }));
        }
        let context = call.params.raw("context").map(|raw| strict::value("context", raw)).transpose()?.unwrap_or_default();
        let flag = |name: &str| context.get(name).and_then(truth);
        let mut drafts = Vec::with_capacity(sent.len());
        for data in sent {
            drafts.push(self.draft(identity, model, call, data).await?);
        }
        let (claimed, bank) = drafts.first().map_or((None, None), |first| (first.claimed, first.bank));
        if drafts.iter().any(|draft| (draft.claimed, draft.bank) != (claimed, bank)) {
            return Err(Fault::validation("The records of one request are of one bank and one side: send the others by themselves."));
        }
        let once = match drafts.as_slice() {
            [one] if !is_list => self.once(identity, model, call, &one.read, (claimed, bank), one.bare.clone())?,
            all => {
                let (read, bare): (Vec<_>, Vec<_>) = all.iter().map(|draft| (draft.read.clone(), draft.bare.as_str())).unzip();
                self.once(identity, model, call, &read.into(), (claimed, bank), bare.concat())?
            }
        };
        if let Some(kept) = self.kept(once.as_ref()).await? {
            return Ok(kept);
        }
        let mut parts = Vec::with_capacity(drafts.len());
        for draft in drafts {
            parts.push(self.part(identity, model, call, draft).await?);
        }
        let target = match call.method.as_str() {
            "write" | "unlink" => {
                let mut target = self.target(model, call)?;
                // The platform's numbers are each bank's own
                if let Some(bank) = bank.filter(|_| behaviour.per_bank) {
                    target.filter = Filter::And(vec![target.filter, Filter::leaf("bank_id", Op::Eq, bank)]);
                }
                Some(target)
            }
            _ => None,
        };
        if let (Some(target), "unlink") = (&target, call.method.as_str()) {
            self.ask_referring(identity, model, call, &target.filter).await?;
        }
        let removed = parts.iter().flat_map(|part| &part.related).map(related::Related::removed);
        for (comodel, ids) in removed.filter(|(_, ids)| !ids.is_empty()) {
            let comodel = self.registry.model(comodel)?;
            self.ask_referring(identity, comodel, call, &Filter::leaf("id", Op::In, ids)).await?;
        }

        let whose = For { identity, claimed, bank, traceparent: call.traceparent.as_ref() };
        let active_test = target.as_ref().is_some_and(|target| target.must.is_empty()) && flag("active_test") != Some(false);
        let bulk = flag("bulk") == Some(true);
        let change = Ready { owner: self, model, call, parts, is_list, target, active_test, bulk, once };
        let done = self.transaction(&whose, &change, |change, tx| Box::pin(change.run(tx))).await;
        match done {
            Ok(Done::Fresh { answer, matched }) => {
                let mut reply = Reply::json(answer);
                reply.matched = matched.and_then(|n| u64::try_from(n).ok());
                Ok(reply)
            }
            Ok(Done::Replayed(reply)) => {
                metrics::REPLAYS.with_label_values(&[S::NAME]).inc();
                Ok(reply)
            }
            Err(Broken::Undone(Failure::Taken { field, fault })) if call.dialect == Dialect::Odoo => {
                Err(self.taken(identity, model, &change.parts, &field).await?.unwrap_or(fault))
            }
            Err(Broken::Undone(failure)) => Err(self.refusal(failure)),
            Err(Broken::Unknown(error)) => Err(self.unknown_outcome(error)),
        }
    }

    /// A natural key that is taken, told with the record that has it, as far as the user may see that.
    async fn taken(&self, identity: &Identity, model: &Model, parts: &[Part<S>], field: &str) -> Result<Option<Fault>, Fault> {
        if model.field(field).is_none_or(|field| !field.is_public() || field.sealed_in.is_some()) {
            return Ok(None);
        }
        for value in parts.iter().filter_map(|part| part.data.get(field)).filter(|value| value.is_string() || value.is_number()) {
            // Of a text its case and accents do not count, and its letters are no pattern's
            let filter = match value.as_str() {
                Some(text) => Filter::leaf(field, Op::EqILike, text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")),
                None => Filter::leaf(field, Op::Eq, value.clone()),
            };
            let request = ListRequest {
                filter,
                selection: Selection::fields(["id"]),
                order: Some("id".to_owned()),
                active_test: false,
                window: Window::First(Some(1)),
            };
            let found = self.page(identity, model, &request, 1).await?.read::<Found>();
            let found = found.map_err(|error| process::our_fault(S::NAME, "the record of a key can't be read", &error))?;
            if let [Found { id }] = found.as_slice() {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                return Ok(Some(Fault::taken(model.name, field, &value, *id)));
            }
        }
        Ok(None)
    }

    /// What is sent for one record, as it is read: who sends it, what it says.
    async fn draft(&self, identity: &Identity, model: &Model, call: &Call, mut data: Map<String, Json>) -> Result<Draft, Fault> {
        if call.params.raw("data").is_some() {
            data.retain(|name, _| !TOLD_BY_RECORDS.contains(&name.as_str()));
        }
        let mut early = Vec::new();
        let claimed = claimed_origin(&mut data, &mut early);
        let bare = content_hash(&data);
        let bank = self.named_bank(identity, call, &mut data, &mut early).await?;
        // After what says who sends it, which a record may have as a field too
        if call.method == "write" {
            self.leave_out_unchanged(identity, model, call, &mut data).await?;
        }
        let read = match call.method.as_str() {
            "create" | "write" => (self.behaviour(model)?.shape)(self, model).read(&data),
            _ => records::posted::plain(&data.clone().into()).unwrap_or_default(),
        };
        Ok(Draft { data, claimed, bank, read, bare, early })
    }

    /// The same with what it needs to know from others.
    async fn part(&self, identity: &Identity, model: &Model, call: &Call, draft: Draft) -> Result<Part<S>, Fault> {
        let Draft { mut data, bank, read, mut early, .. } = draft;
        // What an RPC makes is new, whatever came before it
        let posted = if call.dialect == Dialect::Odoo { Posted::default() } else { self.posted(model, &read) };
        let related = match call.method.as_str() {
            "create" | "write" => related::take(&self.registry, model, &mut data, &mut early),
            _ => Vec::new(),
        };
        let bank = identity.bank.or(bank);
        let asked = Asked { owner: self, identity, model, call, bank, posted: &posted, problems: &mut early };
        let prepared = (self.behaviour(model)?.prepare)(asked, &mut data).await?;
        self.check_foreign(identity, model, call, &data, &mut early).await?;
        Ok(Part { data, related, early, posted, prepared })
    }

    /// A record that is sent back as it was read has fields that nobody writes: as they are they say nothing.
    async fn leave_out_unchanged(
        &self,
        identity: &Identity,
        model: &Model,
        call: &Call,
        data: &mut Map<String, Json>,
    ) -> Result<(), Fault> {
        let is_told = |name: &str| {
            let field = model.field(name).filter(|field| field.is_public() && field.sealed_in.is_none());
            field.is_some_and(|field| field.readonly || matches!(field.kind, Kind::One2many { .. }))
        };
        let told: Vec<&str> = data.keys().map(String::as_str).filter(|name| is_told(name)).collect();
        if told.is_empty() {
            return Ok(());
        }
        let request = ListRequest {
            filter: self.target(model, call)?.filter,
            selection: Selection::fields(told),
            order: None,
            active_test: false,
            window: Window::First(Some(2)),
        };
        let rows = self.page(identity, model, &request, 2).await?.read::<Map<String, Json>>();
        let rows = rows.map_err(|error| process::our_fault(S::NAME, "a record can't be read", &error))?;
        // What was read is one record
        if let [row] = rows.as_slice() {
            let is_same = |a: &Json, b: &Json| a == b || (a.is_number() && a.as_f64() == b.as_f64());
            data.retain(|name, value| !is_told(name) || !row.get(name).is_some_and(|now| is_same(now, value)));
        }
        Ok(())
    }

    /// Which records a write or unlink means: those of its filter, or those of its ids, which must all be there.
    fn target(&self, model: &Model, call: &Call) -> Result<Target, Fault> {
        if call.dialect == Dialect::Odoo {
            let mut must: Vec<i64> = call.params.need("ids")?;
            must.sort_unstable();
            must.dedup();
            return Ok(Target { filter: Filter::leaf("id", Op::In, must.clone()), must });
        }
        if let Some(id) = call.params.get::<i64>("id")? {
            return Ok(Target { filter: Filter::leaf("id", Op::Eq, id), must: vec![id] });
        }
        let filter = call.params.raw("filter").map_or_else(|| Ok(Filter::all()), Filter::parse)?;
        if filter.is_all() {
            return Err(Fault::validation(format!(
                "`filter` is required and must not be empty: it says which '{}' records are meant.",
                model.name
            )));
        }
        Ok(Target { filter, must: Vec::new() })
    }

    /// The bank that a request names as its source, which a bank's user may only do with its own.
    async fn named_bank(
        &self,
        identity: &Identity,
        call: &Call,
        data: &mut Map<String, Json>,
        early: &mut Vec<String>,
    ) -> Result<Option<i64>, Fault> {
        let named = [data.remove("source"), data.remove("order_source")].into_iter().flatten().find(|name| !is_unset(name));
        let Some(named) = named else { return Ok(None) };
        let Json::String(name) = named else {
            early.push(format!("`source` must be a bank's name, not {}", strict::kind(&named)));
            return Ok(None);
        };
        let bank = match self.banks.get(&name) {
            Some(bank) => Ok(bank),
            None => self
                .ask(&BankNamed { name: name.clone() }, call.traceparent.as_ref())
                .await?
                .inspect(|bank| self.banks.insert(name.clone(), *bank)),
        };
        match (bank, identity.bank) {
            (Ok(bank), Some(own)) if bank == own => Ok(Some(bank)),
            (_, Some(_)) => Err(Fault::access_error("A user of a bank can't act for another bank.")),
            (Ok(bank), _) => Ok(Some(bank)),
            (Err(known), _) => {
                early.push(format!("Unknown bank '{name}': known are {}", known.join(", ")));
                Ok(None)
            }
        }
    }

    /// References to other services' records must lead somewhere: one call a model, before the transaction.
    async fn check_foreign(
        &self,
        identity: &Identity,
        model: &Model,
        call: &Call,
        data: &Map<String, Json>,
        early: &mut Vec<String>,
    ) -> Result<(), Fault> {
        let registry = &self.registry;
        for field in model.fields.iter().filter(|field| !field.readonly) {
            let (Kind::Many2one(comodel) | Kind::Many2many(comodel)) = field.kind else { continue };
            if registry.get(comodel).is_some() {
                continue;
            }
            let mut values = Vec::new();
            collect(data, field.name, &mut values);
            let mut ids: Vec<i64> = values.into_iter().flat_map(|value| referred(identity, model, field.name, value)).collect();
            ids.sort_unstable();
            ids.dedup();
            if !ids.is_empty() {
                let known = self.existing(comodel, &ids, call.traceparent.as_ref()).await?;
                let missing = ids.iter().filter(|id| !known.contains(id));
                early.extend(missing.map(|id| format!("Unknown reference in {}.{}: '{id}'", model.name, field.name)));
            }
        }
        Ok(())
    }

    /// Asks the services whose records may refer to what is to be removed; one call each, before the transaction.
    async fn ask_referring(&self, identity: &Identity, model: &Model, call: &Call, filter: &Filter) -> Result<(), Fault> {
        let names = directory::names_of(model.name);
        let questions: Vec<_> = names.iter().flat_map(|name| directory::referring_to(name).map(move |service| (service, *name))).collect();
        if questions.is_empty() {
            return Ok(());
        }
        let request = ListRequest {
            filter: filter.clone(),
            selection: Selection::fields(["id"]),
            order: None,
            active_test: false,
            // More are refused anyway, unless in bulk, where the first ones speak for all
            window: Window::First(Some(1_001)),
        };
        let rows = self.page(identity, model, &request, 1_001).await?.read::<Found>();
        let rows = rows.map_err(|error| process::our_fault(S::NAME, "records that are to be removed can't be read", &error))?;
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let mut referring = Vec::new();
        for (service, name) in questions {
            let mut question = call.asking("", "_referring").with("of", &name).with("ids", &ids);
            question.token = self.keyring.own_token(service)?;
            referring.extend(parse_reply::<Vec<String>>(self.router.service(service)?.call(question).await?).await?);
        }
        refuse_referred(model.name, referring)
    }

    fn unknown_outcome(&self, error: diesel::result::Error) -> Fault {
        tracing::warn!(service = S::NAME, %error, "a commit was not confirmed");
        Fault::unavailable("The database went away while it was storing: the outcome is unknown. Send the same request again.")
    }
}

/// An action's arguments by name, from `params` or its `kwargs`; those given by position get theirs from the signature.
/// What the action does not take is refused: left out, it would do more than was asked for.
fn arguments(model: &Model, action: Option<&Action>, call: &Call) -> Result<Map<String, Json>, Fault> {
    let kwargs = call.params.raw("kwargs").filter(|raw| raw.get() != "null");
    let mut data = kwargs.map_or_else(|| Ok(Map::new()), |raw| strict::object("kwargs", raw))?;
    // Odoo's clients send it with every call
    data.remove("context");
    let refused = |why: String| Fault::validation(format!("{}.{}: {why}", model.name, call.method));
    for (name, raw) in call.params.iter().filter(|(name, _)| !BESIDE_ARGUMENTS.contains(name)) {
        if data.insert(name.to_owned(), strict::value(name, raw)?).is_some() {
            return Err(refused(format!("the argument '{name}' is given twice")));
        }
    }
    let names: Vec<&str> = action.into_iter().flat_map(|action| action.arguments).map(|argument| argument.name).collect();
    let given = match call.params.raw("args").map(|raw| strict::value("args", raw)).transpose()? {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::Array(items)) => items,
        Some(other) => return Err(Fault::validation(format!("`args` must be a list, not {}", strict::kind(&other)))),
    };
    let known = || if names.is_empty() { "it takes none".to_owned() } else { format!("it takes {}", names.join(", ")) };
    if let Some(unknown) = data.keys().find(|name| !names.contains(&name.as_str())) {
        return Err(refused(format!("there is no argument '{}': {}", unknown.chars().take(80).collect::<String>(), known())));
    }
    if given.len() > names.len() {
        return Err(refused(format!("{} arguments are more than there are: {}", given.len(), known())));
    }
    for (name, value) in names.iter().zip(given) {
        if data.insert((*name).to_owned(), value).is_some() {
            return Err(refused(format!("the argument '{name}' is given twice")));
        }
    }
    Ok(data)
}

/// `create_by`, in any of its spellings.
fn claimed_origin(data: &mut Map<String, Json>, early: &mut Vec<String>) -> Option<Origin> {
    match data.remove("create_by")? {
        unset if is_unset(&unset) => None,
        Json::String(text) => {
            let origin = Origin::parse(&text);
            if origin.is_none() {
                early.push("Wrong value for create_by: 'ekiclik' or 'odoo' was expected".to_owned());
            }
            origin
        }
        other => {
            early.push(format!("Wrong value for create_by: {}; 'ekiclik' or 'odoo' was expected", strict::kind(&other)));
            None
        }
    }
}

/// What stands under a key, at any depth of the data.
fn collect<'d>(data: &'d Map<String, Json>, key: &str, found: &mut Vec<&'d Json>) {
    for (name, value) in data {
        match value {
            value if name == key => found.push(value),
            Json::Object(inner) => collect(inner, key, found),
            Json::Array(items) => items.iter().filter_map(Json::as_object).for_each(|inner| collect(inner, key, found)),
            _ => {}
        }
    }
}

/// The records that a value of a relation means. What it can't mean is told by who stores it.
fn referred(identity: &Identity, model: &Model, field: &str, value: &Json) -> Vec<i64> {
    let data = Map::from_iter([(field.to_owned(), value.clone())]);
    let Ok(values) = Values::check(model, identity, Mode::Write, data, &mut Problems::default()) else { return Vec::new() };
    match values.get(field) {
        Some(Value::Plain(Json::Array(ids))) => ids.iter().filter_map(Json::as_i64).collect(),
        Some(Value::Plain(id)) => id.as_i64().into_iter().collect(),
        Some(Value::Change { push, .. }) => push.clone(),
        Some(Value::Name(_)) | None => Vec::new(),
    }
}
