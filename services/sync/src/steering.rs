//! What people do to a platform while it is there: pause it, let it go on, give it another secret.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use jsonrpc::Fault;
use records::tx::Found;
use records::{Action, Failure, Model, Tx, Values, sql};
use serde_json::{Map, Value as Json};

use crate::{Sync, models};
// circle: models: a new secret is written as any other

/// Stops what a platform hears.
pub const PAUSE: Action = Action {
    method: "action_pause",
    arguments: &[],
    on_record: true,
    about: "Nothing is sent to the platform, and no attempt counts, until `action_resume`: all of it waits, what is told again is told once. \
            A call that is under way comes to its end.",
};

/// Lets it go on.
pub const RESUME: Action =
    Action { method: "action_resume", arguments: &[], on_record: true, about: "What waits for a platform that was paused is due now." };

/// Makes a new secret.
pub const ROTATE: Action = Action {
    method: "action_rotate_secret",
    arguments: &[],
    on_record: true,
    about: "Makes a new secret and answers it, this once: `whsec_` and 32 bytes in base64. Calls are signed by the one before too for 24 hours. \
            Administrators only.",
};

/// Pauses platforms, or lets them go on. Where it is so already there is nothing to do.
///
/// # Errors
/// The database's own.
pub async fn pause(tx: &mut Tx<'_>, model: &Model, platforms: Vec<i64>, is_paused: bool) -> Result<Json, Failure> {
    let others = tx.ids(sql!("steering/other.sql", platforms, i64::from(is_paused))).await?;
    let mut values = Values::default();
    values.set("paused", is_paused);
    if !is_paused {
        // Whether it answers is not known any more
        models::close_breaker(&mut values);
    }
    tx.update(model, others.clone(), &values).await?;
    if !is_paused {
        tx.run(sql!("models/due.sql", others)).await?;
    }
    Ok(true.into())
}

/// Gives a platform a new secret; the one before signs beside it for a day.
///
/// # Errors
/// 422 for several platforms at once, for there is one answer; and the database's own.
pub async fn rotate_secret(sync: &Sync, tx: &mut Tx<'_>, model: &Model, platforms: Vec<i64>) -> Result<Json, Failure> {
    if platforms.len() != 1 {
        return Err(Fault::validation("One platform at a time gets a new secret.").into());
    }
    let secret = format!("whsec_{}", BASE64.encode(rand::random::<[u8; 32]>()));
    let data = Map::from_iter([("secret".to_owned(), Json::from(secret.as_str()))]);
    models::write(sync, tx, model, Found { ids: platforms }, data).await?;
    Ok(secret.into())
}
