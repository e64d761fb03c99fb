//! `/object/{model}/{method}` and `/object/{model}/{id}/{method}`: public methods of models, with `args` and `kwargs`.

use actix_web::web::{self, Payload};
use actix_web::{HttpRequest, HttpResponse};
use jsonrpc::envelope::{Request, text_or_unset};
use jsonrpc::{Call, Fault};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Gateway;
use crate::answer::{self, Manner};
use crate::bodies::Says;
use crate::doors::idempotency;
use crate::doors::rest::{json_body, number};

/// The parts of the path.
#[derive(Deserialize)]
pub struct Target {
    model: String,
    id: Option<String>,
    method: String,
}

#[derive(Default, Deserialize)]
struct Arguments<'a> {
    #[serde(borrow, default)]
    args: Option<&'a RawValue>,
    #[serde(borrow, default)]
    kwargs: Option<&'a RawValue>,
    #[serde(borrow, default)]
    context: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "text_or_unset")]
    session_id: Option<String>,
}

/// Methods of the record interface, which have doors of their own.
const BY_OTHER_DOORS: &[&str] = &["create", "read", "report", "search_read", "unlink", "write"];

/// `POST /object/{model}/{method}`, `POST /object/{model}/{id}/{method}`
pub async fn call(request: HttpRequest, path: web::Path<Target>, payload: Payload, gateway: web::Data<Gateway>) -> HttpResponse {
    let body = match json_body(&request, payload, &gateway, Says::Session).await {
        Ok(body) => body,
        Err(fault) => return answer::refused(&gateway, Manner::AddOn, None, &fault),
    };
    let envelope = match Request::parse(&body) {
        Ok(envelope) => envelope,
        Err(fault) => return answer::refused(&gateway, Manner::AddOn, None, &fault),
    };
    let mut who = None;
    let answer = async {
        let target = path.into_inner();
        let arguments: Arguments<'_> = envelope.read()?;
        let session = gateway.session(&request, arguments.session_id.as_deref()).await?;
        who = Some(session.clone());
        let token = gateway.token(&session, &target.model)?;
        if BY_OTHER_DOORS.contains(&target.method.as_str()) {
            return Err(Fault::no_such_method(&target.model, &target.method));
        }
        let mut call = Call::new(target.model, target.method, token);
        for (name, raw) in [("args", arguments.args), ("kwargs", arguments.kwargs), ("context", arguments.context)] {
            if let Some(raw) = raw {
                call.params.set_raw(name, raw);
            }
        }
        if let Some(id) = &target.id {
            call.params.set("ids", &[number(id)?]);
        }
        // A key is shown once and kept as a hash: its answer is not kept beside it
        call.idempotency = idempotency(&request, &body)?.filter(|_| call.method != "action_new_api_key");
        gateway.send(&request, call).await
    };
    match answer.await {
        Ok(reply) => answer::enveloped(&gateway, envelope.id, reply),
        Err(fault) => {
            gateway.note_refusal(&request, who.as_deref(), &body, &fault);
            answer::refused(&gateway, Manner::AddOn, envelope.id, &fault)
        }
    }
}
