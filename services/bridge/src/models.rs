//! `ek.odoo` and `ek.odoo.run`: the Odoos that records come from, and what is done about each. Administrators' alone.

use domain::{Identity, Kind as Who};
use jsonrpc::{Call, Fault, Reply};
use records::condition::denied;
use records::tx::Found;
use records::values::{Mode, is_unset};
use records::{Access, Action, Body, Failure, Field, Kind, Model, Tx, Values, sql};
use secrecy::SecretString;
use serde_json::{Map, Value as Json, json};
use service::owner::Answer;
use service::{Asked, Behaviour, Changing, Owner, sealing};

use crate::client::Protocol;
use crate::{Bridge, cutting_over, mapping, printed};

/// What a secret's text is bound to.
const OF: &str = "ek.odoo";
/// Every Odoo's secret as it is kept.
pub const SEALED: &str = include_str!("models/sealed.sql");

/// The declaration of Odoos.
pub fn odoo(_: &Bridge) -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(254), "Name").required(),
        Field::new("base_url", Kind::Char(500), "Base URL")
            .required()
            .help("Its address without /odoo or /web. Public and https, or what the service's ODOO_NETWORKS lists."),
        Field::new("db", Kind::Char(254), "Database").required(),
        Field::new("login", Kind::Char(254), "Login").required().personal().help("Who asks there. The case counts."),
        Field::new("secret", Kind::Char(500), "API key or password")
            .write_only()
            .help("Unset again where the address, the database or the login changes."),
        Field::computed("has_secret", Kind::Boolean, "Has a secret", "({t}.secret IS NOT NULL)"),
        Field::new("protocol", Kind::Selection(Protocol::NAMES), "Door")
            .readonly()
            .help("Found out: JSON-RPC for 14 to 18, JSON-2 from 19."),
        Field::new("server_version", Kind::Char(64), "Version").readonly(),
        Field::new("company_id", Kind::Integer, "Company there").help("Its id there; unset: that of the user."),
        Field::new("mapping", Kind::Text(mapping::MAX), "Mapping").help("TOML. An inspection proposes one and checks this one."),
        Field::new("batch", Kind::Integer, "Records a page")
            .default("500")
            .help("1 to 5,000. Pages get smaller by themselves where need be."),
        Field::new("per_second", Kind::Integer, "Calls a second").default("10").help("1 to 1,000, at most."),
        Field::new("freezes", Kind::Boolean, "Freezes the hub")
            .default("true")
            .help("From the first import to the cut-over nobody but the bridge changes records here."),
        Field::new("follow_minutes", Kind::Integer, "Follows by itself, in minutes")
            .default("0")
            .help("After an import: so many minutes after a run another one takes what changed. 0: never."),
        Field::new("cut_over", Kind::Datetime, "Cut over").readonly().help("Since then it is not followed any more."),
        Field::new("run_ids", Kind::One2many { comodel: "ek.odoo.run", inverse: "odoo_id" }, "Runs"),
    ];
    Model::new("ek.odoo", "ek_odoo", "Odoo", fields, access).order("name, id")
}

/// The declaration of what is done about them.
pub fn run(_: &Bridge) -> Model {
    let fields = vec![
        Field::new("odoo_id", Kind::Many2one("ek.odoo"), "Odoo").required(),
        Field::new("kind", Kind::Selection(&["inspection", "rehearsal", "import", "follow", "verification", "cutover"]), "Kind").required(),
        Field::new("state", Kind::Selection(&["waiting", "running", "paused", "done", "failed", "cancelled"]), "State").readonly(),
        Field::new("step", Kind::Integer, "Steps done").readonly(),
        Field::new("steps", Kind::Integer, "Steps in all").readonly(),
        Field::new("about", Kind::Char(64), "Under way").readonly(),
        Field::new("done", Kind::Integer, "Records read in this step").readonly(),
        Field::new("total", Kind::Integer, "Records of this step").readonly(),
        Field::new("counts", Kind::Text(100_000), "Records a model").readonly().help("JSON as text: a list of model, all and archived."),
        Field::new("report", Kind::Text(4_000_000), "What was found")
            .readonly()
            .help("JSON as text, as `bridge inspect --json` writes it."),
        Field::new("mapping", Kind::Text(4_000_000), "Proposed mapping")
            .readonly()
            .help("TOML, to be looked through and given to the Odoo."),
        Field::new("progress", Kind::Text(100_000), "Progress a model")
            .readonly()
            .help("JSON as text: of a rehearsal or an import a list of models, each with what was taken, put aside and left out."),
        Field::new("of_marked", Kind::Boolean, "Only what was marked").readonly().help("To be taken again (ek.odoo.record, action_retry)."),
        Field::new("estimated_end", Kind::Datetime, "Estimated end").readonly(),
        Field::new("seconds", Kind::Integer, "Seconds that the import will take").readonly().help("Told by a rehearsal that is done."),
        Field::new("error", Kind::Text(2_000), "Why it stopped or waits").readonly(),
        Field::new("begun", Kind::Datetime, "Begun").readonly(),
        Field::new("ended", Kind::Datetime, "Ended").readonly(),
        Field::internal("tries", Kind::Integer),
        Field::internal("next_try", Kind::Datetime),
        Field::internal("lease", Kind::Char(64)),
        Field::internal("lease_until", Kind::Datetime),
    ];
    Model::new("ek.odoo.run", "ek_odoo_run", "Run of an Odoo", fields, runs).order("id desc").rec_name("kind").queue()
}

fn access(identity: &Identity) -> Access {
    match identity.kind() {
        Who::Administrator => Access::all(),
        Who::Staff | Who::Integration | Who::Bank(_) | Who::Clerk { .. } | Who::Outsider => Access::default(),
    }
}

/// They are begun, called off and removed; what they say is the work's own.
fn runs(identity: &Identity) -> Access {
    Access { write: false, ..access(identity) }
}

/// The keys that encrypt Odoos' secrets, where there are any.
pub struct Keys(Option<sealing::Keys>);

impl Keys {
    /// From `name:key` (32 bytes in base64), separated by commas.
    ///
    /// # Errors
    /// Tells which entry is wrong, never what it is.
    pub fn parse(text: Option<&SecretString>) -> anyhow::Result<Keys> {
        Ok(Keys(text.map(|text| sealing::Keys::parse("BRIDGE_KEYS", text)).transpose()?))
    }

    fn seal(&self, secret: &str) -> Result<String, Fault> {
        let none = || Fault::validation("`secret` can't be kept: the service has no BRIDGE_KEYS");
        let sealed = self.0.as_ref().ok_or_else(none)?.seal(OF, secret.as_bytes().to_vec());
        sealed.ok_or_else(|| service::our_fault("bridge", "a secret could not be encrypted", &"no randomness"))
    }

    /// The secret in an encrypted text; none where no key of ours opens it.
    pub fn open(&self, text: &str) -> Option<SecretString> {
        Some(String::from_utf8(self.0.as_ref()?.open(OF, text)?).ok()?.into())
    }
}

/// An Odoo that is made or changed.
#[derive(Default)]
pub struct Odoo;

impl Behaviour<Bridge> for Odoo {
    const ACTIONS: &'static [Action] = &[Action {
        method: "action_thaw",
        arguments: &[],
        on_record: true,
        about: "Everybody may change the hub's records again, without a cut-over: what is changed here is told by a verification.",
    }];

    async fn prepare(asked: Asked<'_, Bridge>, _: &mut Map<String, Json>) -> Result<Odoo, Fault> {
        if asked.call.method == "action_thaw" && asked.identity.kind() == Who::Administrator {
            for id in asked.call.params.need::<Vec<i64>>("ids")? {
                cutting_over::freeze(asked.owner, id, None).await?;
            }
        }
        Ok(Odoo)
    }

    async fn act(&self, Changing { tx, model, .. }: Changing<'_, '_, Bridge>, call: &Call, _: Map<String, Json>) -> Answer {
        if !(model.access)(tx.identity).write {
            return Err(denied(model, "modify").into());
        }
        match call.method.as_str() {
            "action_thaw" => Ok((!tx.find_ids(model, call.params.need("ids")?).await?.ids.is_empty()).into()),
            method => Err(Fault::no_such_method(model.name, method).into()),
        }
    }

    async fn create(&self, Changing { service, tx, model }: Changing<'_, '_, Bridge>, data: Map<String, Json>) -> Result<i64, Failure> {
        let values = checked(service, tx, model, Mode::Create, data).await?;
        tx.insert(model, &values).await
    }

    async fn write(
        &self,
        Changing { service, tx, model }: Changing<'_, '_, Bridge>,
        found: Found,
        data: Map<String, Json>,
    ) -> Result<(), Failure> {
        let values = checked(service, tx, model, Mode::Write, data).await?;
        let text = |name: &str| values.text(name).map(str::to_owned);
        let moved = tx.ids(sql!("models/moved.sql", found.ids.clone(), text("base_url"), text("db"), text("login"))).await?;
        tx.update(model, found.ids, &values).await?;
        if !moved.is_empty() {
            // Who may name another address may not have the secret sent there, and what was found out is of the one before
            let mut forgotten = Values::default();
            if values.get("secret").is_none() {
                forgotten.set("secret", Json::Null);
            }
            forgotten.set("protocol", Json::Null);
            forgotten.set("server_version", Json::Null);
            tx.update(model, moved, &forgotten).await?;
        }
        Ok(())
    }

    fn body(_: &Owner<Bridge>, model: &Model, mode: Mode) -> Option<Body> {
        let example = json!({"name": "Dar El Atath", "base_url": "https://odoo.example", "db": "company", "login": "bridge",
            "secret": "an API key of that user"});
        Some(Body::of(model, mode).example(if mode == Mode::Create { example } else { json!({"per_second": 5}) }))
    }
}

/// The values of an Odoo, its secret out of sight of everybody; or everything that is wrong with them.
async fn checked(bridge: &Bridge, tx: &mut Tx<'_>, model: &Model, mode: Mode, mut data: Map<String, Json>) -> Result<Values, Failure> {
    if let Some(Json::String(url)) = data.get_mut("base_url") {
        if let Some(problem) = bridge.reach.problem(url) {
            tx.early.push(format!("`base_url`: {problem}"));
        }
        url.truncate(url.trim_end_matches('/').len());
    }
    for (name, least, most) in [("batch", 1, 5_000), ("per_second", 1, 1_000), ("follow_minutes", 0, 10_080)] {
        let is_within = |value: &Json| value.as_i64().is_none_or(|number| (least..=most).contains(&number));
        if data.get(name).is_some_and(|value| !is_unset(value) && !is_within(value)) {
            tx.early.push(format!("`{name}` must be between {least} and {most}"));
        }
    }
    if data.get("company_id").and_then(Json::as_i64).is_some_and(|company| company < 0) {
        tx.early.push("`company_id` is a number of that Odoo's".to_owned());
    }
    if let Some(Json::String(text)) = data.get("mapping") {
        let wrong = mapping::problems(text, None);
        tx.early.extend(wrong.iter().map(|problem| format!("`mapping`, line {}: {}", problem.line, problem.message)));
    }
    let sealed = match data.get("secret") {
        Some(Json::String(secret)) if !secret.is_empty() => Some(bridge.keys.seal(secret)?),
        Some(_) | None => None,
    };
    let mut problems = tx.problems();
    let mut values = tx.check(model, mode, data, &mut problems).await?;
    problems.check()?;
    if let Some(sealed) = sealed {
        values.set("secret", sealed);
    }
    Ok(values)
}

/// Why nothing is begun.
pub const UNDER_WAY: &str = "Something is under way with this Odoo: one thing at a time.";

/// A run that is begun, rests, goes on or is called off.
#[derive(Default)]
pub struct Run;

impl Behaviour<Bridge> for Run {
    const ACTIONS: &'static [Action] = &[
        Action {
            method: "action_cancel",
            arguments: &[],
            on_record: true,
            about: "Calls it off: within seconds nothing more is asked of that Odoo. What had ended stays as it is.",
        },
        Action { method: "action_pause", arguments: &[], on_record: true, about: "Lets it rest: within seconds nothing more is asked." },
        Action {
            method: "action_resume",
            arguments: &[],
            on_record: true,
            about: "Lets it go on where it was: one that rests, or that has failed.",
        },
    ];

    async fn create(&self, Changing { tx, model, .. }: Changing<'_, '_, Bridge>, data: Map<String, Json>) -> Result<i64, Failure> {
        let mut problems = tx.problems();
        let mut values = vec![tx.check(model, Mode::Create, data, &mut problems).await?];
        tx.resolve(model, &mut values, &mut problems).await?;
        problems.check()?;
        let values = values.into_iter().next().unwrap_or_default();
        let odoo = values.get("odoo_id").and_then(|value| value.plain()?.as_i64()).unwrap_or(0);
        let kind = values.text("kind").unwrap_or_default().to_owned();
        let begun = tx.ids(sql!("runs/begin.sql", odoo, kind, tx.identity.uid, tx.author.origin, "all")).await?;
        if let Some(id) = begun.first() {
            return Ok(*id);
        }
        let has_secret = !tx.ids(sql!("runs/has_secret.sql", odoo)).await?.is_empty();
        let why = if has_secret { UNDER_WAY } else { "This Odoo has no secret: set it first." };
        Err(Fault::validation(why).into())
    }

    async fn write(&self, change: Changing<'_, '_, Bridge>, _: Found, _: Map<String, Json>) -> Result<(), Failure> {
        Err(denied(change.model, "modify").into())
    }

    async fn unlink(&self, Changing { tx, .. }: Changing<'_, '_, Bridge>, found: Found) -> Result<(), Failure> {
        let many = found.ids.len();
        match tx.run(sql!("runs/remove.sql", found.ids)).await? == many {
            true => Ok(()),
            false => Err(Fault::validation("It is under way: call it off first (action_cancel).").into()),
        }
    }

    async fn act(&self, Changing { tx, model, .. }: Changing<'_, '_, Bridge>, call: &Call, _: Map<String, Json>) -> Answer {
        if !(model.access)(tx.identity).create {
            return Err(denied(model, "modify").into());
        }
        let found = tx.find_ids(model, call.params.need("ids")?).await?.ids;
        match call.method.as_str() {
            "action_cancel" => {
                tx.run(sql!("runs/cancel.sql", found, tx.identity.uid)).await?;
                Ok(true.into())
            }
            "action_pause" => {
                tx.run(sql!("runs/pause.sql", found, tx.identity.uid)).await?;
                Ok(true.into())
            }
            "action_resume" => {
                let busy = tx.ids(sql!("runs/busy.sql", found.clone())).await?;
                if !busy.is_empty() {
                    return Err(Fault::validation(UNDER_WAY).into());
                }
                tx.run(sql!("runs/resume.sql", found, tx.identity.uid)).await?;
                Ok(true.into())
            }
            method => Err(Fault::no_such_method(model.name, method).into()),
        }
    }

    async fn report(owner: &Owner<Bridge>, identity: &Identity, model: &Model, _: &str, ids: &[i64]) -> Result<Reply, Fault> {
        printed::report(owner, identity, model, ids).await
    }

    fn body(_: &Owner<Bridge>, model: &Model, mode: Mode) -> Option<Body> {
        (mode == Mode::Create).then(|| Body::of(model, mode).example(json!({"odoo_id": 1, "kind": "inspection"})))
    }
}
