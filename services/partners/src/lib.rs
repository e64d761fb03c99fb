//! Clients, points of sale, banks and users; sessions and API keys.

pub mod api_keys;
pub mod bank_rows;
pub mod filters;
pub mod for_documents;
pub mod forget;
pub mod imported;
pub mod jobs;
pub mod login;
pub mod passwords;
pub mod reference;
pub mod res_partner;
pub mod res_users;
pub mod rights;
pub mod sessions;

use std::sync::Arc;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use domain::{Identity, Kind as Who};
use jsonrpc::Fault;
use partners_contract::{
    Authenticate, BankNamed, Client, ClientOf, Destroy, ForLead, ForReport, Forgotten, Import, OfKey, OfLogin, OfSession, PointsOfSale,
    Prove, SESSION_SECONDS,
};
use records::Access;
use service::findings::Finding;
use service::shares::Shares;
use service::{Answered, Database, ModelOf, Owner, Plain, ReadOnly, Service};

use crate::api_keys::ApiKey;
use crate::filters::IrFilters;
use crate::jobs::Job;
use crate::passwords::Passwords;
use crate::reference::Country;
use crate::res_partner::ResPartner;
use crate::res_users::ResUsers;
use crate::sessions::Session;

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
        /// Seconds without use after which a session of the console ends, from 120 on; API sessions last seven days.
        console_idle_seconds: i64 = "1800",
        /// Seconds after which a session of the console ends whatever is done in it: no fewer than without use, 604800 at most.
        console_longest_seconds: i64 = "43200",
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
/// The shortest time without use that ends a session of the console, in seconds.
const LEAST_IDLE: i64 = 120;

impl LoginConfig {
    /// That sessions of the console end when they should: use is noted once a minute, and no session lasts longer than an API's.
    ///
    /// # Errors
    /// What is wrong, in words.
    fn check(&self) -> anyhow::Result<()> {
        let (idle, longest) = (self.console_idle_seconds, self.console_longest_seconds);
        anyhow::ensure!(
            (LEAST_IDLE..=longest).contains(&idle) && longest <= SESSION_SECONDS,
            "CONSOLE_IDLE_SECONDS is {idle} and CONSOLE_LONGEST_SECONDS {longest}: {LEAST_IDLE} ≤ CONSOLE_IDLE_SECONDS ≤ \
             CONSOLE_LONGEST_SECONDS ≤ {SESSION_SECONDS} is needed"
        );
        Ok(())
    }

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
    /// When no thread can be started, the first administrator's password is too short, or the console's sessions would not end in time.
    pub fn new(login: LoginConfig, database: Database) -> anyhow::Result<Partners> {
        login.check()?;
        if let Some(password) = &login.admin_password {
            login.fits("ADMIN_PASSWORD", secrecy::ExposeSecret::expose_secret(password)).map_err(|fault| anyhow::anyhow!(fault.message))?;
        }
        Ok(Partners {
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
    type Heard = ();

    const NAME: &'static str = "partners";
    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/partners");
    const MODELS: &'static [ModelOf<Partners>] = &[
        ModelOf::of::<Plain>(reference::bank),
        ModelOf::of::<Plain>(reference::company),
        ModelOf::of::<Plain>(reference::title),
        ModelOf::of::<Country>(reference::country),
        ModelOf::of::<Plain>(reference::state),
        ModelOf::of::<Plain>(reference::currency),
        ModelOf::of::<ResPartner>(res_partner::model),
        ModelOf::of::<ReadOnly>(bank_rows::model),
        ModelOf::of::<ResUsers>(res_users::model),
        ModelOf::of::<ApiKey>(api_keys::model),
        ModelOf::of::<Session>(sessions::model),
        ModelOf::of::<IrFilters>(filters::model),
        ModelOf::of::<Job>(jobs::model),
    ];
    const ANSWERS: &'static [Answered<Partners>] = &[
        Answered::of::<BankNamed>(),
        Answered::of::<OfLogin>(),
        Answered::of::<PointsOfSale>(),
        Answered::of::<ForLead>(),
        Answered::of::<ForReport>(),
        Answered::of::<ClientOf>(),
        Answered::of::<Client>(),
        Answered::of::<Forgotten>(),
        Answered::of::<Authenticate>(),
        Answered::of::<Prove>(),
        Answered::of::<OfSession>(),
        Answered::of::<OfKey>(),
        Answered::of::<Destroy>(),
        Answered::of::<Import>(),
    ];

    async fn migrated(owner: &Owner<Partners>) {
        rights::log(owner).await;
    }

    async fn examine(owner: &Owner<Partners>) -> Vec<Finding> {
        [login::examine(owner).await, rights::examine(owner).await].concat()
    }

    async fn work(owner: &Arc<Owner<Partners>>) {
        tokio::join!(forget::sweep(owner), jobs::sweep(owner));
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
