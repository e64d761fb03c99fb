//! Clients, points of sale, banks and users; sessions and API keys.

pub mod api_keys;
pub mod bank_rows;
pub mod for_documents;
pub mod forget;
pub mod login;
pub mod passwords;
pub mod reference;
pub mod res_partner;
pub mod res_users;
pub mod rights;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use domain::{Identity, Kind as Who};
use jsonrpc::{Call, Fault};
use partners_contract::{
    Authenticate, BankNamed, Client, ClientOf, Destroy, ForLead, ForReport, Forgotten, OfKey, OfLogin, OfSession, PointsOfSale,
};
use records::tx::Found;
use records::values::Mode;
use records::{Access, Action, Body, Model, Registry, Shape, Tx, schema};
use serde_json::{Map, Value as Json, json};
use service::doctor::Finding;
use service::owner::Answer;
use service::shares::Shares;
use service::{Answered, Asked, Database, Owner, Pending, Service};

use crate::passwords::Passwords;

service::settings! {
    /// How users log in.
    pub struct LoginConfig {
        /// Threads that hash passwords, at a lower priority; 0: as many as cores.
        password_threads: usize = "0",
        /// Failed log-ins of one user from one address, in 15 minutes, before more are refused.
        login_failures: i64 = "10",
        /// Failed log-ins from one address, in 15 minutes, before users who never logged in from there are refused.
        address_failures: i64 = "100",
        /// Connections to the database that sessions and log-ins have for themselves, so that they wait for nobody's searches.
        login_connections: usize = "2",
        /// Log-in of the first administrator, made where there is none.
        admin_login: String = "admin",
        /// Password of the first administrator; without it none is made.
        admin_password: Option<secrecy::SecretString>,
        /// Whether passwords may be short: those of the demo are the log-ins.
        demo: bool = "false",
    }
}

/// The least number of characters of a password.
const PASSWORD: usize = 12;

impl LoginConfig {
    /// That a new password is neither too short nor too long.
    ///
    /// # Errors
    /// 422 naming the argument.
    pub fn fits(&self, name: &str, password: &str) -> Result<(), Fault> {
        let least = if self.demo { 1 } else { PASSWORD };
        if password.chars().count() >= least && password.len() <= passwords::MAX_LENGTH {
            return Ok(());
        }
        Err(Fault::validation(format!(
            "`{name}` must be a text of {least} characters at least, and of {} bytes at most",
            passwords::MAX_LENGTH
        )))
    }
}

/// The service.
pub struct Partners {
    registry: Registry,
    passwords: Passwords,
    login: LoginConfig,
    /// For what is to be looked up before a transaction.
    database: Database,
    /// For sessions and log-ins.
    doors: Database,
    asking: Shares<String>,
    strangers: Shares<String>,
}

impl Partners {
    /// With this configuration.
    ///
    /// # Errors
    /// When no thread can be started, or the first administrator's password is too short.
    pub fn new(login: LoginConfig, database: Database) -> anyhow::Result<Partners> {
        if let Some(password) = &login.admin_password {
            login.fits("ADMIN_PASSWORD", secrecy::ExposeSecret::expose_secret(password)).map_err(|fault| anyhow::anyhow!(fault.message))?;
        }
        let clients = res_partner::model();
        let registry = Registry::new(reference::models().into_iter().chain([
            bank_rows::model(&clients),
            clients,
            res_users::model(),
            api_keys::model(),
        ]));
        Ok(Partners {
            registry,
            passwords: Passwords::start(login.password_threads)?,
            doors: database.apart(login.login_connections)?,
            asking: Shares::new("log-ins from an address", login::ASKING.0, login::ASKING.1),
            strangers: Shares::new("log-ins from a new address", login::STRANGERS.0, login::STRANGERS.1),
            login,
            database,
        })
    }
}

/// Reference data: everybody reads, administrators write.
pub fn reference_access(identity: &Identity) -> Access {
    match identity.kind() {
        Who::Administrator => Access::all(),
        _ => Access::read(),
    }
}

impl Service for Partners {
    type Prepared = ();
    type Heard = ();

    const ANSWERS: &'static [Answered<Self>] = &[
        Answered::of::<BankNamed>(),
        Answered::of::<OfLogin>(),
        Answered::of::<PointsOfSale>(),
        Answered::of::<ForLead>(),
        Answered::of::<ForReport>(),
        Answered::of::<ClientOf>(),
        Answered::of::<Client>(),
        Answered::of::<Forgotten>(),
        Answered::of::<Authenticate>(),
        Answered::of::<OfSession>(),
        Answered::of::<OfKey>(),
        Answered::of::<Destroy>(),
    ];

    fn name(&self) -> &'static str {
        "partners"
    }

    fn shape<'a>(&'a self, model: &'a Model) -> Shape<'a> {
        let shape = Shape::of(model);
        // One that is here differs from the one that is kept
        if model.name == "res.users" { shape.without("password") } else { shape }
    }

    fn same_body_is_same(&self, model: &str, read: &Json) -> bool {
        model == "res.partner" && !["is_pos", "parent_id", "email"].iter().any(|name| read.get(name).is_some())
    }

    fn registry(&self) -> &Registry {
        &self.registry
    }

    fn migrations(&self) -> EmbeddedMigrations {
        const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/partners");
        MIGRATIONS
    }

    fn prepare<'a>(&'a self, asked: Asked<'a, Self>, data: &'a mut Map<String, Json>) -> Pending<'a, Result<(), Fault>> {
        Box::pin(async move {
            match asked.model.name {
                "res.users" => res_users::prepare(self, asked.identity, asked.call, data).await,
                "res.partner" if asked.call.method == forget::ACTION.method => forget::prepare(&asked, data).await,
                _ => Ok(()),
            }
        })
    }

    fn create<'a>(&'a self, tx: &'a mut Tx<'_>, model: &'a Model, data: Map<String, Json>, _: &'a ()) -> Pending<'a, Answer> {
        Box::pin(async move {
            let id = match model.name {
                "res.partner" => res_partner::create(tx, model, data).await?,
                "res.users" => res_users::create(tx, model, data).await?,
                _ => tx.create(model, data).await?,
            };
            Ok(id.into())
        })
    }

    fn write<'a>(&'a self, tx: &'a mut Tx<'_>, model: &'a Model, found: Found, data: Map<String, Json>, _: &'a ()) -> Pending<'a, Answer> {
        Box::pin(async move {
            match model.name {
                "res.partner" => res_partner::write(tx, model, found, data).await?,
                "res.users" => res_users::write(tx, model, found, data).await?,
                _ => tx.write(model, found, data).await?,
            }
            Ok(true.into())
        })
    }

    fn unlink<'a>(&'a self, tx: &'a mut Tx<'_>, model: &'a Model, found: Found) -> Pending<'a, Answer> {
        Box::pin(async move {
            match model.name {
                "res.users" => res_users::unlink(tx, model, found).await?,
                "res.users.apikeys" => api_keys::unlink(tx, found).await?,
                "res.partner" => {
                    bank_rows::unlink(tx, &found.ids).await?;
                    tx.unlink(model, found).await?;
                }
                _ => tx.unlink(model, found).await?,
            }
            Ok(true.into())
        })
    }

    fn body(&self, model: &Model, mode: Mode) -> Option<Body> {
        let body = Body::of(model, mode);
        let body = match model.name {
            "res.partner" => body.with("child_ids", schema::x2many()),
            "res.country" => body.with("state_ids", schema::x2many()),
            _ => body,
        };
        Some(match (model.name, mode) {
            ("res.partner", Mode::Create) => body
                .example(json!({"create_by": "EkiClic", "is_company": false, "is_pos": "False", "status": "WAITING",
                "type": "contact", "title": null, "name": "Amine Saadi", "email": "amine@example.dz", "phone": "0556000000"})),
            ("res.partner", Mode::Write) => body.example(json!({"create_by": "ekiclik", "name": "Nadia Ziani"})),
            ("res.users", Mode::Write) => {
                body.example(json!({"name": "BNA", "codification": "A-17", "phone": "0667777777", "create_by": "ekiclik"}))
            }
            _ => body,
        })
    }

    fn example_filter(&self, model: &Model) -> Option<Json> {
        match model.name {
            "res.partner" => Some(json!([["email", "=", "nadia.ziani@example.dz"]])),
            "res.users" => Some(json!([["login", "=", "bna"]])),
            _ => None,
        }
    }

    fn work<'a>(&'a self, owner: &'a std::sync::Arc<Owner<Self>>) -> Pending<'a, ()> {
        Box::pin(forget::sweep(owner))
    }

    fn migrated<'a>(&'a self, owner: &'a Owner<Self>) -> Pending<'a, ()> {
        Box::pin(rights::log(owner))
    }

    fn examine<'a>(&'a self, owner: &'a Owner<Self>) -> Pending<'a, Vec<Finding>> {
        Box::pin(async move { [login::examine(owner).await, rights::examine(owner).await].concat() })
    }

    fn actions(&self) -> &'static [Action] {
        const ACTIONS: &[Action] = &{
            let [key, set, change] = res_users::ACTIONS;
            [key, set, change, forget::ACTION]
        };
        ACTIONS
    }

    fn action<'a>(
        &'a self,
        tx: &'a mut Tx<'_>,
        model: &'a Model,
        call: &'a Call,
        data: Map<String, Json>,
        _: &'a (),
    ) -> Pending<'a, Answer> {
        Box::pin(async move {
            match model.name {
                "res.partner" => forget::action(tx, model, call, &data).await,
                _ => res_users::action(tx, model, call, data).await,
            }
        })
    }
}

impl Partners {
    /// Who hashes and checks passwords.
    pub fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// How users log in.
    pub fn login(&self) -> &LoginConfig {
        &self.login
    }

    /// The service's data, outside transactions.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The same for sessions and log-ins alone.
    pub fn doors(&self) -> &Database {
        &self.doors
    }

    /// Places of log-ins that are looked up.
    pub fn asking(&self) -> &Shares<String> {
        &self.asking
    }

    /// Places of log-ins from where nobody of that login has logged in.
    pub fn strangers(&self) -> &Shares<String> {
        &self.strangers
    }
}
