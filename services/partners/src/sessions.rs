//! `res.users.session`: the sessions that are open, to be looked at and ended. As with keys the model is a view without the hash, so
//! that no statement made of a declaration meets it. One that is ended is none from then on in the database; the gateway, which
//! remembers sessions for 20 seconds, may know it for so long.

use records::condition::denied;
use records::tx::Found;
use records::values::Mode;
use records::write::{self, Change};
use records::{Body, Failure, Field, Kind, Model, sql};
use serde_json::{Map, Value as Json};
use service::{Behaviour, Changing, Owner};

use crate::{Partners, api_keys};

/// The declaration. That somebody logs in is no news, so nothing is told of it but where one is ended by this model.
pub fn model(_: &Partners) -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(16), "Name").readonly().help("Console or API."),
        Field::new("user_id", Kind::Many2one("res.users"), "User").readonly(),
        // Whose, for who manages a bank's users, who reads of others no number of theirs
        Field::computed("login", Kind::Char(254), "Login", "(SELECT u.login FROM res_users u WHERE u.id = {t}.user_id)"),
        Field::new("console", Kind::Boolean, "Of the console").readonly().help("It ends sooner: without use, and after half a day."),
        Field::new("address", Kind::Char(64), "Begun from").readonly().personal().help("As the gateway was told."),
        Field::new("last_use", Kind::Datetime, "Last used on")
            .readonly()
            .help("Noted once a minute for one of the console, once an hour for the others."),
        Field::new("expires_at", Kind::Datetime, "Ends on").readonly().help("Unless it is used before."),
    ];
    Model::new("res.users.session", "res_users_session", "Session", fields, api_keys::access).order("id desc")
}

/// A session that is ended.
#[derive(Default)]
pub struct Session;

impl Behaviour<Partners> for Session {
    async fn create(&self, change: Changing<'_, '_, Partners>, _: Map<String, Json>) -> Result<i64, Failure> {
        Err(denied(change.model, "create").into())
    }

    async fn write(&self, change: Changing<'_, '_, Partners>, _: Found, _: Map<String, Json>) -> Result<(), Failure> {
        Err(denied(change.model, "modify").into())
    }

    /// Ends sessions, for good.
    async fn unlink(&self, Changing { tx, model, .. }: Changing<'_, '_, Partners>, found: Found) -> Result<(), Failure> {
        tx.ids(write::by_statement(model, &tx.author, Change::Deleted, sql!("sessions/end.sql", found.ids))).await.map(drop)
    }

    fn body(_: &Owner<Partners>, _: &Model, _: Mode) -> Option<Body> {
        None
    }
}
