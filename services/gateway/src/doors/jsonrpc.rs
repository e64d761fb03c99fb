//! `/jsonrpc`: Odoo's services `common`, `object` and `db` in JSON.

use actix_web::HttpResponse;
use jsonrpc::Fault;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answer::{Answer, as_odoo};
use crate::bodies::{Says, claim_in_json};
use crate::doors::xmlrpc::without_who;
use crate::incoming::Incoming;
use crate::rpc::{Asked, dispatch};

#[derive(Default, Deserialize)]
struct Params {
    service: Option<String>,
    method: Option<String>,
    args: Option<Vec<Box<RawValue>>>,
}

/// `POST /jsonrpc`
pub async fn call(mut incoming: Incoming) -> Answer {
    let answer = act(&mut incoming).await;
    incoming.told(as_odoo, answer)
}

async fn act(incoming: &mut Incoming) -> Result<HttpResponse, Fault> {
    let body = incoming.json(Says::Claim(claim_in_json)).await?;
    // What was sent may be a password: it is not told again
    let unread = |_fault| Fault::malformed("`params`: an object was expected of `service`, `method` and the list `args`");
    let Params { service, method, args } = incoming.envelope(&body)?.read().map_err(unread)?;
    let (Some(service), Some(method), Some(args)) = (service, method, args) else {
        return Err(Fault::type_error("RPC.jsonrpc() missing 3 required positional arguments: 'service', 'method', and 'args'"));
    };
    incoming.note_refusals_of(without_who(&service, &args));
    match dispatch(incoming, &service, &method, args).await? {
        Asked::Answered(value) => Ok(incoming.answers().value(incoming.id(), Some(&value))),
        Asked::Invoked(session, invocation) => {
            let result = invocation.run(incoming, &session, &body).await?;
            Ok(incoming.answers().in_odoos_envelope(incoming.id(), &result))
        }
    }
}
