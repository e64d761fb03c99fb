//! `GET /web/declarations`: what every model is for the user who asks, as pages need it.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use futures_util::future::join_all;
use jsonrpc::Fault;
use process::directory::SERVICES;
use process::parse_reply;
use serde_json::value::RawValue;

use crate::answer::{Answer, as_the_add_on};
use crate::incoming::Incoming;

/// `{"models": {name: {label, fields, actions, …}}, "away": [services that did not answer]}`
pub async fn declarations(mut incoming: Incoming) -> Answer {
    let answer = told(&mut incoming).await;
    incoming.told(as_the_add_on, answer)
}

async fn told(incoming: &mut Incoming) -> Result<HttpResponse, Fault> {
    let session = incoming.session(None).await?;
    let incoming = &*incoming;
    let ask = async |model: &str| {
        let call = session.call(model, "declarations")?;
        parse_reply::<Vec<Box<RawValue>>>(incoming.send(call).await?).await
    };
    let services = SERVICES.iter().filter_map(|(service, models)| Some((*service, *models.first()?)));
    let asked = services.clone().map(|(_, model)| ask(model));
    let (mut models, mut away) = (BTreeMap::new(), Vec::new());
    for (told, (service, _)) in join_all(asked).await.into_iter().zip(services) {
        match told {
            // What several services keep a part of is declared alike by each
            Ok(of) => {
                for raw in of {
                    let named: Named = serde_json::from_str(raw.get()).map_err(|error| Fault::unread("declarations", &error))?;
                    models.insert(named.model, raw);
                }
            }
            // Without it the other services' pages can be made all the same
            Err(fault) if fault.status == 503 || fault.status == 404 => away.push(service),
            Err(fault) => return Err(fault),
        }
    }
    let body = serde_json::to_vec(&Told { models, away });
    let body = body.map_err(|error| process::our_fault("gateway", "declarations can't be written", &error))?;
    Ok(incoming.answers().json(StatusCode::OK).body(body))
}

#[derive(serde::Deserialize)]
struct Named {
    model: String,
}

#[derive(serde::Serialize)]
struct Told {
    models: BTreeMap<String, Box<RawValue>>,
    away: Vec<&'static str>,
}
