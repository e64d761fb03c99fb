//! `ek.platform`, `ek.delivery`, `ek.sync`: who hears, what each has still to hear, work on many records.

use std::collections::BTreeMap;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use domain::{Identity, Kind as Who};
use jsonrpc::{Call, Fault};
use partners_contract::BankNamed;
use records::condition::denied;
use records::tx::Found;
use records::values::{Mode, is_unset};
use records::{Access, Action, Argument, Body, Failure, Field, Filter, Kind, Model, Op, Tx, Values, sql};
use serde_json::{Map, Value as Json, json};
use service::owner::Answer;
use service::{Asked, Behaviour, Changing, Owner, Service};

use crate::hear::Kind as Told;
use crate::signature::{self, KEYED};
use crate::{Sync, adopt, steering};
// circle: steering: a model's actions are its, and write as it does

/// How many deliveries are sent again by their ids in one call.
const MAX_REPLAYED: usize = 1_000;

/// The declaration of platforms.
pub fn platform(_: &Sync) -> Model {
    let waiting = "(SELECT {what} FROM ek_delivery d WHERE d.platform_id = {t}.id AND d.state IN ('waiting', 'sending'))";
    let wants = |name, label| Field::new(name, Kind::Boolean, label).default("true");
    let fields = vec![
        Field::new("name", Kind::Char(254), "Name").required(),
        Field::new("bank_id", Kind::Many2one("res.bank"), "Bank").help("By default the bank of the same name."),
        Field::new("base_url", Kind::Char(500), "Base URL").required().readable_by(not_a_bank).help("Calls go to base_url/api/odoo/…"),
        Field::new("paths", Kind::Text(4_000), "Other paths")
            .readable_by(not_a_bank)
            .help("A JSON object: the beginning of a path, and what stands there in its place."),
        Field::new("secret", Kind::Char(200), "Secret").required().write_only().help("whsec_ and 24 to 64 bytes in base64."),
        Field::internal("secret_before", Kind::Char(400)).personal(),
        Field::internal("secret_changed", Kind::Datetime),
        Field::internal("since", Kind::Text(1_000)),
        wants("wants_products", "Products and configurations"),
        wants("wants_stock", "Quantities"),
        wants("wants_orders", "Orders"),
        wants("wants_clients", "Clients"),
        wants("wants_pos", "Points of sale"),
        wants("wants_users", "Users"),
        Field::new("active", Kind::Boolean, "Active").default("true").help("Switched off by an answer of 410."),
        Field::new("paused", Kind::Boolean, "Paused").readonly().help("By action_pause: nothing is sent until action_resume."),
        Field::new("failures", Kind::Integer, "Failures in a row").readonly(),
        Field::new("open_until", Kind::Datetime, "Next probe").readonly().help("Set while the breaker is open: nothing else is attempted."),
        Field::computed(
            "breaker",
            Kind::Selection(&["closed", "open"]),
            "Breaker",
            "(CASE WHEN {t}.open_until IS NULL THEN 'closed' ELSE 'open' END)",
        ),
        Field::computed("waiting", Kind::Integer, "Deliveries waiting", waiting.replace("{what}", "count(*)")),
        Field::computed("oldest_waiting", Kind::Datetime, "Oldest waiting since", waiting.replace("{what}", "min(d.changed_at)")),
        Field::computed(
            "lag_seconds",
            Kind::Integer,
            "Seconds that the oldest waits",
            format!("coalesce(extract(epoch FROM now() - {})::bigint, 0)", waiting.replace("{what}", "min(d.changed_at)")),
        ),
        Field::computed(
            "rate",
            Kind::Integer,
            "Delivered in the last minute",
            "(SELECT count(*) FROM ek_delivery d WHERE d.platform_id = {t}.id AND d.state = 'done' AND d.done_at > now() - interval '1 minute')",
        ),
        Field::computed(
            "dead",
            Kind::Integer,
            "Dead letters",
            "(SELECT count(*) FROM ek_delivery d WHERE d.platform_id = {t}.id AND d.state = 'dead')",
        ),
    ];
    Model::new("ek.platform", "ek_platform", "Platform", fields, platforms)
}

/// The declaration of deliveries.
pub fn delivery(_: &Sync) -> Model {
    let fields = vec![
        Field::new("platform_id", Kind::Many2one("ek.platform"), "Platform").readonly(),
        Field::new("bank_id", Kind::Many2one("res.bank"), "Bank").readonly(),
        Field::new("kind", Kind::Selection(Told::NAMES), "Kind").readonly(),
        Field::new("verb", Kind::Selection(&["POST", "PUT", "PATCH"]), "Verb").readonly(),
        Field::new("order_key", Kind::Char(64), "Order key").readonly().help("Deliveries of one key go out one after the other."),
        Field::new("model", Kind::Char(64), "Model").readonly(),
        Field::new("record_id", Kind::Integer, "Record").readonly(),
        Field::new("state", Kind::Selection(&["waiting", "sending", "done", "dead"]), "State").readonly(),
        Field::new("attempts", Kind::Integer, "Attempts").readonly(),
        Field::new("next_attempt", Kind::Datetime, "Next attempt").readonly(),
        Field::new("last_status", Kind::Integer, "Last HTTP status").readonly(),
        Field::new("last_error", Kind::Text(2_000), "Last error").readonly().readable_by(operators),
        Field::new("webhook_id", Kind::Char(64), "webhook-id").readonly().help("Of the last call; each call's own is its attempt's."),
        Field::internal("reference", Kind::Char(40)),
        Field::new("waits_for", Kind::Char(64), "Waits for").readonly().help("What the platform has to take first."),
        Field::new("traceparent", Kind::Char(64), "Trace").readonly(),
        Field::new("changed_at", Kind::Datetime, "Changed at").readonly(),
        Field::new("done_at", Kind::Datetime, "Done at").readonly(),
        Field::new("bulk", Kind::Boolean, "Of a full sync").readonly(),
        Field::new("attempt_ids", Kind::One2many { comodel: "ek.attempt", inverse: "delivery_id" }, "Calls made"),
        Field::internal("sent", Kind::Char(64)),
        Field::internal("sent_version", Kind::Integer),
        Field::internal("lease", Kind::Char(64)),
        Field::internal("lease_until", Kind::Datetime),
    ];
    Model::new("ek.delivery", "ek_delivery", "Delivery", fields, deliveries).order("id desc").rec_name("webhook_id").queue()
}

/// The declaration of work on many records.
pub fn sync(_: &Sync) -> Model {
    let fields = vec![
        Field::new("platform_id", Kind::Many2one("ek.platform"), "Platform").readonly(),
        Field::new("kind", Kind::Selection(Told::NAMES), "Kind").readonly(),
        Field::new("verb", Kind::Selection(&["POST", "PUT", adopt::HAS]), "Verb").readonly(),
        Field::new("filter", Kind::Text(2_000), "Filter").readonly(),
        Field::internal("cause", Kind::Integer),
        Field::new("after", Kind::Integer, "Told up to this record").readonly(),
        Field::new("told", Kind::Integer, "Records told").readonly(),
        Field::new("state", Kind::Selection(&["running", "parked", "done"]), "State").readonly(),
        Field::new("error", Kind::Text(2_000), "Why it is parked")
            .readonly()
            .help("It is tried again each minute; others don't wait for it."),
    ];
    Model::new("ek.sync", "ek_sync", "Full sync", fields, syncs).order("id desc").rec_name("kind").queue()
}

fn not_a_bank(identity: &Identity) -> bool {
    matches!(identity.kind(), Who::Administrator | Who::Staff)
}

/// Those who look after platforms: the hub's side, and of a bank its administrators.
pub(crate) fn operators(identity: &Identity) -> bool {
    not_a_bank(identity) || is_banks_administrator(identity)
}

pub(crate) fn is_banks_administrator(identity: &Identity) -> bool {
    identity.manages().is_some()
}

/// An administrator's; a bank sees its own.
fn platforms(identity: &Identity) -> Access {
    match identity.kind() {
        Who::Administrator => Access::all(),
        Who::Staff => Access::read(),
        Who::Integration | Who::Clerk { .. } | Who::Outsider => Access::default(),
        Who::Bank(own) => Access {
            fields: Some(&[
                "id",
                "name",
                "display_name",
                "bank_id",
                "active",
                "paused",
                "breaker",
                "waiting",
                "oldest_waiting",
                "lag_seconds",
                "rate",
                "dead",
            ]),
            ..Access::read().only(Filter::leaf("bank_id", Op::Eq, own))
        },
    }
}

/// Only replayed by hand.
pub(crate) fn deliveries(identity: &Identity) -> Access {
    match identity.kind() {
        Who::Administrator => Access { write: true, ..Access::read() },
        Who::Staff => Access::read(),
        Who::Integration | Who::Clerk { .. } | Who::Outsider => Access::default(),
        Who::Bank(own) => Access::read().only(Filter::leaf("bank_id", Op::Eq, own)),
    }
}

fn syncs(identity: &Identity) -> Access {
    if not_a_bank(identity) { Access::read() } else { Access::default() }
}

/// A platform that is made or changed.
#[derive(Default)]
pub struct Platform {
    /// Where the feeds stood when it was named, as a JSON object.
    since: Option<String>,
}

impl Behaviour<Sync> for Platform {
    const ACTIONS: &'static [Action] = &[
        steering::PAUSE,
        steering::RESUME,
        steering::ROTATE,
        adopt::ADOPT,
        Action {
            method: "action_replay",
            arguments: &[Argument::optional("since", r#"{"type": ["string", "null"], "description": "YYYY-MM-DD HH:MM:SS, UTC"}"#)],
            on_record: true,
            about: "What waits is due now, dead letters wait again; with `since` also what was delivered since then. Answers how many.",
        },
        Action {
            method: "action_test",
            arguments: &[],
            on_record: true,
            about: "Calls the platform once, with a test: POST /api/odoo/test. Answers the id of the `ek.delivery` that shows what came of it.",
        },
        Action {
            method: "action_full_sync",
            arguments: &[Argument::optional(
                "kinds",
                r#"{"type": ["array", "null"], "items": {"type": "string", "enum": ["pos", "user", "client", "product", "stock"]}, "maxItems": 5}"#,
            )],
            on_record: true,
            about: "Begins to tell the platform everything. Answers the ids of the `ek.sync` that show how far it is.",
        },
        Action {
            method: "action_compare",
            arguments: &[
                Argument::needed(
                    "kind",
                    r#"{"type": "string", "enum": ["product", "configuration", "stock", "order", "client", "pos", "user"]}"#,
                ),
                Argument::optional(
                    "digests",
                    r#"{"type": ["object", "null"], "propertyNames": {"pattern": "^[0-9]{1,18}$"}, "additionalProperties": {"type": "string"}, "maxProperties": 10000}"#,
                ),
            ],
            on_record: true,
            about: "How many records of a kind the platform was sent, their checksum, and which differ from `digests`.",
        },
    ];

    async fn prepare(asked: Asked<'_, Sync>, data: &mut Map<String, Json>) -> Result<Platform, Fault> {
        if asked.call.method != "create" {
            return Ok(Platform::default());
        }
        // A platform without a bank is that of the bank of its name
        let name = match (data.get("bank_id"), data.get("name")) {
            (Some(bank), Some(Json::String(name))) if is_unset(bank) => Some(name.clone()),
            (Some(Json::String(name)), _) | (None, Some(Json::String(name))) => Some(name.clone()),
            _ => None,
        };
        if let Some(name) = name {
            match asked.owner.ask(&BankNamed { name: name.clone() }, asked.call.traceparent.as_ref()).await? {
                Ok(bank) => drop(data.insert("bank_id".to_owned(), bank.into())),
                Err(known) => asked.problems.push(format!("`bank_id`: unknown bank '{name}'; known are {}", known.join(", "))),
            }
        }
        // What commits after this is told, however long it has been on its way
        let mut since = Map::new();
        for feed in Sync::FOLLOWS {
            match asked.owner.position_of(feed).await {
                Ok(position) => drop(since.insert((*feed).to_owned(), position.into())),
                // Of the release before: its feed is told from where this service has come to
                Err(fault) if fault.status == 404 => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(Platform { since: Some(Json::Object(since).to_string()) })
    }

    async fn create(&self, change: Changing<'_, '_, Sync>, data: Map<String, Json>) -> Result<i64, Failure> {
        create(change.service, change.tx, change.model, data, self.since.clone()).await
    }

    async fn write(&self, change: Changing<'_, '_, Sync>, found: Found, data: Map<String, Json>) -> Result<(), Failure> {
        write(change.service, change.tx, change.model, found, data).await
    }

    async fn act(&self, change: Changing<'_, '_, Sync>, call: &Call, mut data: Map<String, Json>) -> Answer {
        let Changing { service, tx, model } = change;
        let method = call.method.as_str();
        may(tx, model, matches!(method, "action_replay" | "action_test" | "action_pause" | "action_resume"))?;
        let found = tx.find_ids(model, call.params.need("ids")?).await?.ids;
        match method {
            "action_replay" => {
                let since = match data.remove("since") {
                    None => None,
                    Some(unset) if is_unset(&unset) => None,
                    Some(other) => Some(moment(other.as_str().unwrap_or_default())?),
                };
                tx.run(sql!("models/due.sql", found.clone())).await?;
                let mut closed = Values::default();
                close_breaker(&mut closed);
                tx.update(model, found.clone(), &closed).await?;
                Ok(tx.run(sql!("models/replay.sql", Vec::<i64>::new(), found, since)).await?.into())
            }
            "action_pause" | "action_resume" => steering::pause(tx, model, found, method == "action_pause").await,
            "action_rotate_secret" => steering::rotate_secret(service, tx, model, found).await,
            "action_test" => test(tx, &found).await,
            "action_compare" => compare(service, tx, &found, &mut data).await,
            "action_adopt" => adopt::begin(tx, found).await,
            "action_full_sync" => full_sync(tx, found, data.remove("kinds")).await,
            _ => Err(Fault::no_such_method(model.name, method).into()),
        }
    }

    fn body(_: &Owner<Sync>, model: &Model, mode: Mode) -> Option<Body> {
        // A platform without a bank is that of the bank of its name
        let bank =
            json!({"anyOf": [{"type": ["integer", "null"], "minimum": 1, "maximum": i64::MAX}, {"type": "string", "maxLength": 254}]});
        let body = Body::of(model, mode);
        Some(match mode {
            Mode::Create => body.with("bank_id", bank).example(json!({"name": "BNA", "base_url": "https://hub.bna.example",
                "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})),
            Mode::Write => body.example(json!({"active": true})),
        })
    }
}

/// A delivery that is sent once more.
#[derive(Default)]
pub struct Delivery;

impl Behaviour<Sync> for Delivery {
    const ACTIONS: &'static [Action] = &[Action {
        method: "action_replay",
        arguments: &[Argument::optional("filter", r#"{"type": "array", "items": {}}"#)],
        on_record: false,
        about: "Sends deliveries once more (`ids`, at most 1,000 of them), or those of `filter`: dead and done ones wait again, all are due \
                now. Answers how many are due.",
    }];

    async fn create(&self, change: Changing<'_, '_, Sync>, _: Map<String, Json>) -> Result<i64, Failure> {
        Err(denied(change.model, "create").into())
    }

    async fn write(&self, change: Changing<'_, '_, Sync>, _: Found, _: Map<String, Json>) -> Result<(), Failure> {
        Err(denied(change.model, "modify").into())
    }

    async fn act(&self, Changing { tx, model, .. }: Changing<'_, '_, Sync>, call: &Call, mut data: Map<String, Json>) -> Answer {
        may(tx, model, true)?;
        let found = match data.remove("filter") {
            Some(filter) => tx.find_locked(model, &Filter::from_value(filter)?, false, true).await?,
            None => {
                let ids: Vec<i64> = call.params.need("ids")?;
                if ids.len() > MAX_REPLAYED {
                    return Err(Fault::validation(format!(
                        "More than {MAX_REPLAYED} ids: send again so many at a time, or name a filter."
                    ))
                    .into());
                }
                tx.find_ids(model, ids).await?
            }
        };
        tx.run(sql!("models/replay.sql", found.ids.clone(), Vec::<i64>::new(), None::<String>)).await?;
        Ok(tx.run(sql!("models/due_themselves.sql", found.ids)).await?.into())
    }

    fn body(_: &Owner<Sync>, _: &Model, _: Mode) -> Option<Body> {
        None
    }
}

/// That the user may call a method: where it is also a bank's, its administrators send again what its own platform has to hear, and
/// test it.
fn may(tx: &Tx<'_>, model: &Model, is_also_a_banks: bool) -> Result<(), Fault> {
    match (model.access)(tx.identity).write || is_also_a_banks && is_banks_administrator(tx.identity) {
        true => Ok(()),
        false => Err(denied(model, "modify")),
    }
}

/// Takes the secret and the address out of sight of everybody, or says what is wrong with them.
fn check(sync: &Sync, data: &mut Map<String, Json>, problems: &mut Vec<String>) -> Result<Option<String>, Fault> {
    if let Some(Json::String(url)) = data.get_mut("base_url") {
        if let Some(problem) = sync.reach.problem(url) {
            problems.push(format!("`base_url`: {problem}"));
        }
        url.truncate(url.trim_end_matches('/').len());
    }
    if let Some(Json::String(paths)) = data.get("paths")
        && !paths.is_empty()
        && !serde_json::from_str::<BTreeMap<String, String>>(paths)
            .is_ok_and(|paths| paths.iter().all(|(old, new)| is_path(old) && is_path(new)))
    {
        problems.push(r#"`paths` must be an object of paths, as {"/api/odoo/order": "/v2/orders"}"#.to_owned());
    }
    let Some(Json::String(secret)) = data.get("secret") else { return Ok(None) };
    if signature::secret(secret).is_none() {
        problems.push("`secret` must be 'whsec_' and 24 to 64 bytes in base64".to_owned());
    }
    let sealed = sync.keys.seal(secret);
    sealed.map(Some).ok_or_else(|| service::our_fault("sync", "a secret could not be encrypted", &"no randomness"))
}

fn is_path(text: &str) -> bool {
    text.starts_with('/') && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_.~".contains(&b)) && !text.contains("..")
}

/// A new platform.
///
/// # Errors
/// 422 with everything that is wrong, 409 for a name that is taken.
async fn create(sync: &Sync, tx: &mut Tx<'_>, model: &Model, mut data: Map<String, Json>, since: Option<String>) -> Result<i64, Failure> {
    let sealed = check(sync, &mut data, &mut tx.early)?;
    let mut problems = tx.problems();
    let mut values = tx.check(model, Mode::Create, data, &mut problems).await?;
    problems.check()?;
    if let Some(sealed) = sealed {
        values.set("secret", sealed);
    }
    values.set("since", since);
    tx.insert(model, &values).await
}

/// Changes platforms. The secret before signs beside the new one for a day.
///
/// # Errors
/// 422 with everything that is wrong.
pub(crate) async fn write(sync: &Sync, tx: &mut Tx<'_>, model: &Model, found: Found, mut data: Map<String, Json>) -> Result<(), Failure> {
    let sealed = check(sync, &mut data, &mut tx.early)?;
    let mut problems = tx.problems();
    let mut values = tx.check(model, Mode::Write, data, &mut problems).await?;
    problems.check()?;
    let is_new_secret = sealed.is_some();
    if let Some(sealed) = sealed {
        values.set("secret", sealed);
    }
    // Switched on again, or moved: what waits is due, and what was learnt of the old address is forgotten
    let is_fresh = values.iter().any(|(name, _)| matches!(name, "active" | "base_url"));
    if is_fresh {
        close_breaker(&mut values);
    }
    let ids = found.ids.clone();
    if is_new_secret {
        // The secret before, and the database's time
        for before in tx.rows::<Before>(sql!("models/secrets.sql", ids.clone())).await? {
            values.set("secret_before", before.secret);
            values.set("secret_changed", before.now);
            tx.update(model, vec![before.id], &values).await?;
        }
    } else {
        tx.update(model, found.ids, &values).await?;
    }
    if is_fresh {
        tx.run(sql!("models/due.sql", ids)).await?;
    }
    Ok(())
}

/// A platform's secret before another one is set.
#[derive(QueryableByName)]
struct Before {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    secret: String,
    #[diesel(sql_type = Text)]
    now: String,
}

/// Nothing is known of whether a platform answers.
pub(crate) fn close_breaker(values: &mut Values) {
    values.set("failures", 0);
    values.set("open_until", Json::Null);
}

/// A call that tells nothing, to see whether it arrives.
async fn test(tx: &mut Tx<'_>, platforms: &[i64]) -> Result<Json, Failure> {
    let made = tx.ids(sql!("models/test.sql", platforms.to_vec(), tx.identity.uid)).await?;
    let none = || Fault::validation("The platform is switched off or paused: nothing is sent to it.");
    Ok(made.first().copied().ok_or_else(none)?.into())
}

/// How many records there are of a kind that a platform was sent, the checksum of what it was sent of them, and which differ
/// from the platform's own `digests` (by record).
async fn compare(sync: &Sync, tx: &mut Tx<'_>, platforms: &[i64], data: &mut Map<String, Json>) -> Result<Json, Failure> {
    let kind = data.get("kind").and_then(Json::as_str).and_then(Told::parse);
    let kind = kind.ok_or_else(|| Fault::validation(format!("`kind` must be one of {}", Told::NAMES.join(", "))))?;
    let [platform] = platforms else { return Err(Fault::validation("One platform at a time can be compared.").into()) };
    let sum = tx.rows::<Sum>(sql!("models/sum.sql", *platform, kind.as_str(), KEYED)).await?.into_iter().next();
    let sum = sum.ok_or_else(|| service::our_fault("sync", "what a platform was sent can't be counted", &"no row"))?;
    let mut answer = Map::from_iter([("count".to_owned(), Json::from(sum.many)), ("checksum".to_owned(), sum.checksum.into())]);
    let theirs = match data.remove("digests") {
        None | Some(Json::Null | Json::Bool(false)) => return Ok(answer.into()),
        Some(Json::Object(theirs)) if theirs.len() <= 10_000 && theirs.keys().all(|id| id.parse::<i64>().is_ok()) => theirs,
        Some(_) => return Err(Fault::validation("`digests` must be an object of at most 10,000 record ids with their digests").into()),
    };
    // The bare digests that platforms knew before are compared under the secret too, for this release
    let secrets: Vec<Sealed> = tx.rows(sql!("models/secrets_of.sql", *platform)).await?;
    let secrets: Vec<Vec<u8>> = secrets.iter().filter_map(|one| sync.keys.open(&one.sealed)).collect();
    let under_all = |digest: &Json| {
        let digest = digest.as_str().unwrap_or_default();
        let bare = secrets.iter().map(|secret| signature::digest(secret, digest));
        std::iter::once(digest.to_owned()).chain(bare).map(Json::from).collect::<Json>()
    };
    let theirs: Map<String, Json> = theirs.iter().map(|(id, digest)| (id.clone(), under_all(digest))).collect();
    let differing = tx.ids(sql!("models/differing.sql", *platform, kind.as_str(), KEYED, Json::from(theirs).to_string())).await?;
    answer.insert("differing".to_owned(), differing.into());
    Ok(answer.into())
}

/// What a platform has taken of a kind.
#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = BigInt)]
    many: i64,
    #[diesel(sql_type = Text)]
    checksum: String,
}

/// A secret as it is kept.
#[derive(QueryableByName)]
struct Sealed {
    #[diesel(sql_type = Text)]
    sealed: String,
}

fn moment(text: &str) -> Result<String, Fault> {
    let read = domain::when::moment(text).map(|moment| moment.naive_utc().to_string());
    read.ok_or_else(|| Fault::validation(format!("`since`: {} expected", domain::when::MOMENT_FORMS)))
}

/// Begins to tell platforms everything, a kind after the other.
async fn full_sync(tx: &mut Tx<'_>, platforms: Vec<i64>, kinds: Option<Json>) -> Result<Json, Failure> {
    let all = [Told::Pos, Told::User, Told::Client, Told::Product, Told::Stock];
    let chosen: Vec<Told> = match kinds {
        None | Some(Json::Null | Json::Bool(false)) => all.to_vec(),
        Some(Json::Array(names)) => {
            let known = |name: &Json| all.into_iter().find(|kind| name.as_str() == Some(kind.as_str()));
            let expected = || Fault::validation(format!("`kinds` may name {}", all.map(Told::as_str).join(", ")));
            names.iter().map(|name| known(name).ok_or_else(expected)).collect::<Result<_, _>>()?
        }
        Some(_) => return Err(Fault::validation("`kinds` must be a list").into()),
    };
    // It is told as to a platform that has taken nothing: products before what is of them
    let names = chosen.iter().flat_map(|kind| match kind {
        Told::Product => vec!["product".to_owned(), "configuration".to_owned()],
        other => vec![other.as_str().to_owned()],
    });
    tx.run(sql!("models/forget_taken.sql", platforms.clone(), names.collect::<Vec<_>>())).await?;
    let mut made = Vec::new();
    for platform in platforms {
        for kind in &chosen {
            let (name, verb, filter) = (kind.as_str(), kind.first_verb(), kind.everything());
            made.extend(tx.ids(sql!("models/full_sync.sql", platform, name, verb, filter, tx.identity.uid)).await?);
        }
    }
    Ok(made.into())
}
