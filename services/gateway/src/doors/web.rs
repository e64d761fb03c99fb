//! What Odoo's clients ask before they log in: which version, which databases, whether it is there.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use jsonrpc::Fault;
use serde_json::{Value, json};

use crate::answer::{Answer, as_odoo, as_the_add_on};
use crate::bodies::Says;
use crate::incoming::Incoming;
use crate::odoo;

/// `POST /web/webclient/version_info`
pub async fn version_info(mut incoming: Incoming) -> Answer {
    let answer = told(&mut incoming, |_| odoo::version()).await;
    incoming.told(as_odoo, answer)
}

/// `POST /web/database/list`
pub async fn databases(mut incoming: Incoming) -> Answer {
    let answer = told(&mut incoming, |incoming| json!([incoming.gateway.config.db_name])).await;
    incoming.told(as_odoo, answer)
}

async fn told(incoming: &mut Incoming, what: fn(&Incoming) -> Value) -> Result<HttpResponse, Fault> {
    let body = incoming.json(Says::Session).await?;
    incoming.envelope(&body)?;
    Ok(incoming.answers().value(incoming.id(), Some(&what(incoming))))
}

/// `GET /web/version`, `GET /json/version`
pub async fn version(incoming: Incoming) -> Answer {
    let version = json!({"version_info": odoo::version_info(), "version": odoo::SERIE});
    let answer = Ok(incoming.answers().json(StatusCode::OK).body(version.to_string()));
    incoming.told(as_the_add_on, answer)
}

/// `GET /web/health`: whether the door answers; what stands behind it `/health/ready` tells.
pub async fn health(incoming: Incoming) -> Answer {
    let answer = Ok(incoming.answers().json(StatusCode::OK).body(r#"{"status":"pass"}"#));
    incoming.told(as_the_add_on, answer)
}
