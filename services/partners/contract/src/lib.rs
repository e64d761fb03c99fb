//! What partners answers other services, and what it publishes.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CENTRAL, Identity, Origin};
use jsonrpc::import::{Batch, Became};
use jsonrpc::{Question, published};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The bank of a name, however it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankNamed {
    /// As it was sent.
    pub name: String,
}

impl Question for BankNamed {
    const SERVICE: &'static str = "partners";
    const MODEL: &'static str = "res.bank";
    const METHOD: &'static str = "_named";
    const ASKED_BY: &'static [&'static str] = &["catalog", "partners", "crm", "stock", "sync", "bridge"];
    /// Its `res.bank` id, else the names that there are.
    type Answer = Result<i64, Vec<String>>;
}

/// The user of a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfLogin {
    /// What they log in with.
    pub login: String,
}

impl Question for OfLogin {
    const SERVICE: &'static str = "partners";
    const MODEL: &'static str = "res.users";
    const METHOD: &'static str = "_of_login";
    const ASKED_BY: &'static [&'static str] = &["stock"];
    /// Their `res.users` id, in a list: as the ids of others are answered.
    type Answer = Vec<i64>;
}

/// The points of sale of these codes and ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointsOfSale {
    /// Their codes.
    #[serde(default)]
    pub codes: BTreeSet<String>,
    /// `res.partner` ids.
    #[serde(default)]
    pub ids: BTreeSet<i64>,
}

impl Question for PointsOfSale {
    const SERVICE: &'static str = "partners";
    const MODEL: &'static str = "res.partner";
    const METHOD: &'static str = "_points_of_sale";
    const ASKED_BY: &'static [&'static str] = &["stock"];
    type Answer = Points;
}

/// Points of sale by code.
pub type Points = BTreeMap<String, PointOfSale>;

/// A point of sale.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointOfSale {
    /// `res.partner` id.
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// Whether it is not archived. This and what follows the release before does not tell; they are required from the next one on.
    #[serde(default)]
    pub active: bool,
    /// Whether it takes nothing new.
    #[serde(default)]
    pub closed: bool,
    /// Of its record, so that what is older changes nothing; 0 where it is not known.
    #[serde(default)]
    pub version: i64,
}

/// What a lead names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ForLead {
    /// Codes of points of sale.
    pub codes: BTreeSet<String>,
    /// `res.bank` id.
    pub bank: i64,
    /// A wilaya: its `res.country.state` id, its number or its name.
    pub state: Option<Reference>,
    /// A country: its `res.country` id, its ISO code or its name.
    pub country: Option<Reference>,
    /// Whom it is for. The release before asks for the client by a [`Client`] of its own; it is required from the next one on.
    pub client: Option<LeadsClient>,
}

/// The client of a lead, by an e-mail: found or made where all else that the lead names is there, so that a lead that is refused makes none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadsClient {
    /// In lower case.
    pub email: String,
    /// Whether the bank itself asks, which sees less.
    pub own: bool,
    /// `res.users` id of who asks.
    pub uid: i64,
    /// Their side.
    pub origin: Origin,
}

/// A record as a request names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reference {
    /// By its id.
    Id(i64),
    /// By its name.
    Name(String),
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reference::Id(id) => id.fmt(f),
            Reference::Name(name) => name.fmt(f),
        }
    }
}

impl Question for ForLead {
    const SERVICE: &'static str = "partners";
    const MODEL: &'static str = "res.partner";
    const METHOD: &'static str = "_for_lead";
    const ASKED_BY: &'static [&'static str] = &["crm"];
    type Answer = Places;
}

/// What partners knows of what a lead names; none where there is no such place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// Points of sale by code.
    pub points: Points,
    /// The bank.
    pub bank: Option<Named>,
    /// The wilaya.
    pub state: Option<Named>,
    /// The country.
    pub country: Option<Named>,
    /// The client's `res.partner` id, where one was asked for and nothing speaks against the lead. The release before does not tell
    /// it; whoever gets none then asks for a [`Client`].
    pub client: Option<i64>,
}

/// Why a lead can't go to a point of sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPoint {
    /// There is none of this code.
    Unknown,
    /// It takes nothing new.
    Closed,
}

impl Places {
    /// The point of sale of a code: none where the code is unset or the central warehouse's.
    ///
    /// # Errors
    /// Where a lead can't go there.
    pub fn point(&self, code: &str) -> Result<Option<&PointOfSale>, NoPoint> {
        match self.points.get(code) {
            Some(point) if point.closed => Err(NoPoint::Closed),
            None if !code.is_empty() && code != CENTRAL => Err(NoPoint::Unknown),
            found => Ok(found),
        }
    }

    /// Whether everything that `lead` names is there. A wilaya may be one that nobody knows: it stands on the order as it was sent.
    pub fn has_all_of(&self, lead: &ForLead) -> bool {
        let has_country = lead.country.is_none() || self.country.is_some();
        self.bank.is_some() && has_country && lead.codes.iter().all(|code| self.point(code).is_ok())
    }
}

/// A record and its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Its id.
    pub id: i64,
    /// What people call it.
    pub name: String,
}

/// The client with an e-mail, if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientOf {
    /// In lower case.
    pub email: String,
}

impl Question for ClientOf {
    const SERVICE: &'static str = "partners";
    const MODEL: &'static str = "res.partner";
    const METHOD: &'static str = "_client_of";
    const ASKED_BY: &'static [&'static str] = &["crm"];
    /// `res.partner` id.
    type Answer = Option<i64>;
}

/// The client with an e-mail, whom the bank knows from now on; made, waiting to be completed, where there is none. What [`ForLead`]
/// asks for is the same: this goes with the release after next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// In lower case.
    pub email: String,
    /// `res.bank` id.
    pub bank: i64,
    /// Whether the bank itself asks, which sees less. The release before does not say so; it is required from the next one on.
    pub own: Option<bool>,
    /// `res.users` id of who asks.
    pub uid: i64,
    /// Their side.
    pub origin: Origin,
}

impl Question for Client {
    const SERVICE: &'static str = "partners";
    const MODEL: &'static str = "res.partner";
    const METHOD: &'static str = "_client";
    const ASKED_BY: &'static [&'static str] = &["crm"];
    /// `res.partner` id.
    type Answer = i64;
}

/// The e-mails that forgotten clients had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgotten {
    /// `res.partner` ids.
    pub ids: Vec<i64>,
}

impl Question for Forgotten {
    const SERVICE: &'static str = "partners";
    const MODEL: &'static str = "res.partner";
    const METHOD: &'static str = "_forgotten";
    const ASKED_BY: &'static [&'static str] = &["sync"];
    /// `res.partner` id and e-mail.
    type Answer = Vec<(i64, Option<String>)>;
}

/// What papers print of the company and of partners: as they were when a paper was made for good, else as who reads may see them now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForReport {
    /// Who reads.
    pub identity: Identity,
    /// One answer each, in this order.
    pub papers: Vec<Paper>,
}

/// What a paper needs to know of partners.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    /// The moment at which it was made for good, as PostgreSQL writes it.
    pub at: Option<String>,
    /// The bank whose business it is about: its own row of a client goes before the client's.
    pub bank: Option<i64>,
    /// Whether it is posted, and keeps its parties even when they are to be forgotten.
    pub posted: bool,
    /// `res.partner` ids.
    pub partners: Vec<i64>,
}

impl Question for ForReport {
    const SERVICE: &'static str = "partners";
    const MODEL: &'static str = "res.partner";
    const METHOD: &'static str = "_for_report";
    const ASKED_BY: &'static [&'static str] = &["crm", "stock"];
    type Answer = Vec<Parties>;
}

/// The parties of a paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parties {
    /// Who issues it.
    pub company: Business,
    /// Partners by id, those of whom something may be told.
    pub partners: BTreeMap<i64, Business>,
}

/// A company or a person on paper; what is not set, or not for the reader, is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "Odoo's fields and the law's numbers, named as they are")]
pub struct Business {
    pub name: String,
    pub legal_form: Option<String>,
    /// In dinars.
    pub capital: Option<Decimal>,
    pub activity: Option<String>,
    pub payment_method: Option<String>,
    /// How long a bill may wait, in days.
    pub payment_days: Option<u64>,
    pub code_pos: Option<String>,
    pub street: Option<String>,
    pub street2: Option<String>,
    pub zip: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub country: Option<String>,
    pub phone: Option<String>,
    pub mobile: Option<String>,
    pub email: Option<String>,
    pub rc: Option<String>,
    pub nif: Option<String>,
    pub nis: Option<String>,
    pub ai: Option<String>,
    pub rib: Option<String>,
}

/// Who is logged in, with what a session's answer says of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedIn {
    /// For the services.
    pub identity: Identity,
    /// For people.
    pub name: String,
    /// Language.
    pub lang: String,
    /// Time zone.
    pub tz: String,
    /// `res.company` id.
    pub company_id: i64,
    /// The company's name.
    pub company: String,
    /// The new session's id, where one was made.
    pub session_id: Option<String>,
    /// Which of `res.users.session` it is that they came with; the release before told none.
    #[serde(default)]
    pub session_number: Option<i64>,
}

/// How long a session lives without being used, in seconds: Odoo's week. One of the console ends sooner, as partners is set to.
pub const SESSION_SECONDS: i64 = 7 * 24 * 3_600;

/// Logs a user in.
#[derive(Clone, Serialize, Deserialize)]
pub struct Authenticate {
    /// Who they say they are.
    pub login: String,
    /// In clear.
    pub password: String,
    /// Where the caller is: failures are counted by it.
    pub address: String,
    /// A peer that named an address without being trusted to.
    pub forwarder: Option<String>,
    /// Whether the session is the console's, which ends sooner. The release before does not say so: its sessions are the API's.
    #[serde(default)]
    pub console: bool,
}

impl Question for Authenticate {
    const SERVICE: &'static str = "partners";
    const MODEL: &'static str = "res.users";
    const METHOD: &'static str = "_authenticate";
    const ASKED_BY: &'static [&'static str] = &["gateway"];
    type Answer = LoggedIn;
}

/// Who proves to be a user by a password, or by an API key in its place, as Odoo's RPC has it with each call. It begins no session.
#[derive(Clone, Serialize, Deserialize)]
pub struct Prove {
    /// Who they say they are.
    pub who: Claimed,
    /// In clear.
    pub password: String,
    /// Where the caller is: failures are counted by it.
    pub address: String,
    /// A peer that named an address without being trusted to.
    pub forwarder: Option<String>,
}

/// Who somebody says they are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claimed {
    /// The user of this login.
    Login(String),
    /// The user of this `res.users` id.
    Uid(i64),
}

impl Question for Prove {
    const SERVICE: &'static str = "partners";
    const MODEL: &'static str = "res.users";
    const METHOD: &'static str = "_prove";
    const ASKED_BY: &'static [&'static str] = &["gateway"];
    type Answer = LoggedIn;
}

/// Whose a session is.
#[derive(Clone, Serialize, Deserialize)]
pub struct OfSession {
    /// Its id.
    pub session_id: String,
    /// A peer that named an address without being trusted to.
    pub forwarder: Option<String>,
    /// Whether a page asks by itself, without its user: that keeps no session alive. By default it does not.
    #[serde(default)]
    pub unattended: bool,
}

impl Question for OfSession {
    const SERVICE: &'static str = "partners";
    const MODEL: &'static str = "res.users";
    const METHOD: &'static str = "_session";
    const ASKED_BY: &'static [&'static str] = &["gateway"];
    type Answer = LoggedIn;
}

/// Whose an API key is.
#[derive(Clone, Serialize, Deserialize)]
pub struct OfKey {
    /// In clear.
    pub key: String,
    /// A peer that named an address without being trusted to.
    pub forwarder: Option<String>,
}

impl Question for OfKey {
    const SERVICE: &'static str = "partners";
    const MODEL: &'static str = "res.users";
    const METHOD: &'static str = "_api_key";
    const ASKED_BY: &'static [&'static str] = &["gateway"];
    type Answer = LoggedIn;
}

/// Ends a session.
#[derive(Clone, Serialize, Deserialize)]
pub struct Destroy {
    /// Its id.
    pub session_id: String,
}

impl Question for Destroy {
    const SERVICE: &'static str = "partners";
    const MODEL: &'static str = "res.users";
    const METHOD: &'static str = "_destroy";
    const ASKED_BY: &'static [&'static str] = &["gateway"];
    /// Always true.
    type Answer = bool;
}

/// Records of another Odoo, to be kept here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Import(pub Batch);

impl Question for Import {
    const SERVICE: &'static str = "partners";
    const MODEL: &'static str = "res.partner";
    const METHOD: &'static str = "_import";
    const ASKED_BY: &'static [&'static str] = &["bridge"];
    type Answer = Vec<Became>;
}

published! {
    /// Of a client or a point of sale.
    pub ResPartner of "partners", "res.partner", 1 {
        /// Whether it is a point of sale.
        is_pos: bool,
        /// A point of sale's code.
        code_pos: Option<String>,
        /// What people call it; none where the event tells that a client is forgotten.
        name: Option<String>,
        /// Whether it is not archived.
        active: bool,
        /// A point of sale's: `ACTIVE` or `BLOCKED`.
        status: Option<String>,
        /// The banks that know a client.
        bank_ids: Vec<i64>,
    }
}

/// What an event of `res.partner` says of a client who is to be forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgetting {
    /// Whether it says so at all.
    #[serde(default)]
    pub forgotten: bool,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

published! {
    /// Of a user.
    pub ResUsers of "partners", "res.users", 1 {
        /// `res.bank` id.
        bank_id: Option<i64>,
        /// Whether they may log in.
        active: bool,
    }
}
