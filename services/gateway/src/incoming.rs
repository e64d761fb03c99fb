//! A request at a door: what it brings, read in the order in which the door asks for it, and what is known of it so far.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::error::ErrorInternalServerError;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use bytes::Bytes;
use jsonrpc::envelope::Request;
use jsonrpc::{Call, Fault, Idempotency, Question, Reply};
use partners_contract::Claimed;
use process::telemetry;
use records::methods;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use tracing::{Instrument, Span};

use crate::answer::{Answer, Answers, Manner, Refusal};
use crate::auth::Session;
use crate::bodies::{Says, Sent, need_json};
use crate::gateway::Gateway;

/// A request at a door. A fault that comes of it becomes the door's refusal by [`Incoming::told`].
pub struct Incoming {
    /// The request.
    pub request: HttpRequest,
    /// What every door needs.
    pub gateway: web::Data<Gateway>,
    payload: Payload,
    /// The envelope's id, which the answer repeats.
    id: Option<Box<RawValue>>,
    /// Who asks.
    who: Option<Arc<Session>>,
    /// The body by which support finds a refusal; none where refusals are not noted.
    noted: Option<Bytes>,
}

impl FromRequest for Incoming {
    type Error = actix_web::Error;
    type Future = Ready<Result<Incoming, actix_web::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let Some(gateway) = request.app_data::<web::Data<Gateway>>().cloned() else {
            return ready(Err(ErrorInternalServerError("There is nothing behind the doors.")));
        };
        ready(Ok(Incoming { request: request.clone(), gateway, payload: payload.take(), id: None, who: None, noted: None }))
    }
}

impl Incoming {
    /// The whole body, which is read once, before the sender's session is judged.
    ///
    /// # Errors
    /// Those of [`Bodies::read`](crate::bodies::Bodies::read).
    pub async fn body(&mut self, says: Says) -> Result<Sent, Fault> {
        self.gateway.bodies.read(&self.request, self.payload.take(), says).await
    }

    /// The whole body, which must be JSON.
    ///
    /// # Errors
    /// 415, and those of [`Incoming::body`].
    pub async fn json(&mut self, says: Says) -> Result<Sent, Fault> {
        let body = self.body(says).await?;
        need_json(&self.request)?;
        Ok(body)
    }

    /// The JSON-RPC envelope that the body is; from here on its id is answered.
    ///
    /// # Errors
    /// 400 where it can't be read.
    pub fn envelope<'b>(&mut self, body: &'b [u8]) -> Result<Request<'b>, Fault> {
        let envelope = Request::parse(body)?;
        self.id = envelope.id.map(ToOwned::to_owned);
        Ok(envelope)
    }

    /// From here on a refusal is noted for support, which finds it by what stands in the body.
    pub fn note_refusals(&mut self, body: &Sent) {
        self.noted = Some(body.bytes.clone());
    }

    /// The same for what came in another form than JSON.
    pub fn note_refusals_of(&mut self, json: Bytes) {
        self.noted = Some(json);
    }

    /// Who asks; from here on a refusal is theirs.
    ///
    /// # Errors
    /// 401 without a live session or key, 403 for a change that a page of another site may have sent.
    pub async fn session(&mut self, in_params: Option<&str>) -> Result<Arc<Session>, Fault> {
        let session = self.gateway.sessions.who_asks(&self.request, in_params).await?;
        self.who = Some(session.clone());
        Ok(session)
    }

    /// Who asks, by the password that came with the call; from here on a refusal is theirs.
    ///
    /// # Errors
    /// Those of [`Proven::who`](crate::proven::Proven::who).
    pub async fn proven(&mut self, who: Claimed, password: String) -> Result<Arc<Session>, Fault> {
        let session = self.gateway.proven.who(&self.request, who, password).await?;
        self.who = Some(session.clone());
        Ok(session)
    }

    /// That a database's name is the hub's; a client may leave it out.
    ///
    /// # Errors
    /// Odoo's AccessError.
    pub fn is_ours(&self, db: Option<&str>) -> Result<(), Fault> {
        match db.filter(|db| !db.is_empty() && *db != self.gateway.config.db_name) {
            Some(_) => Err(Fault::access_error("Database not found.")),
            None => Ok(()),
        }
    }

    /// The sender's `Idempotency-Key`, with what else it is bound to.
    ///
    /// # Errors
    /// 400 for a key that is empty or too long.
    pub fn idempotency(&self, body: &[u8]) -> Result<Option<Idempotency>, Fault> {
        let Some(value) = self.request.headers().get("idempotency-key") else { return Ok(None) };
        let key = value.to_str().map_err(|_unread| Fault::malformed("Idempotency-Key: visible ASCII characters were expected"))?.trim();
        // A structured field's string has quotes; without them it is taken too
        let key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
        if key.is_empty() || key.len() > 255 {
            return Err(Fault::malformed("Idempotency-Key: 1 to 255 characters were expected"));
        }
        let mut payload = Sha256::new();
        // What is kept of a body that may hold a password can't be guessed at without the key, which is not kept
        payload.update(key);
        payload.update([0]);
        payload.update(self.request.query_string().as_bytes());
        payload.update([0]);
        payload.update(body);
        let payload = domain::hex(&payload.finalize());
        let scope = format!("{} {}", self.request.method(), self.request.path().trim_end_matches('/'));
        Ok(Some(Idempotency { key: key.to_owned(), scope, payload }))
    }

    /// Sends its call on its way, in its trace.
    ///
    /// # Errors
    /// Whatever the service says.
    pub async fn send(&self, call: Call) -> Result<Reply, Fault> {
        let ends_proofs = changes_users(&call);
        let (call, span) = self.traced(call);
        let reply = self.gateway.services.router.call(call).instrument(span).await;
        self.done(ends_proofs, reply)
    }

    /// The same for a call that may ask for other services' records too, on behalf of this session.
    ///
    /// # Errors
    /// Whatever the services say.
    pub async fn send_across(&self, session: &Session, call: Call) -> Result<Reply, Fault> {
        let ends_proofs = changes_users(&call);
        let (call, span) = self.traced(call);
        let reply = self.gateway.federation.call(session, call).instrument(span).await;
        self.done(ends_proofs, reply)
    }

    /// A user who was changed, by whatever door, has to prove who they are anew.
    fn done(&self, ends_proofs: bool, reply: Result<Reply, Fault>) -> Result<Reply, Fault> {
        if ends_proofs && reply.is_ok() {
            self.gateway.proven.forget();
        }
        reply
    }

    /// Asks a service what stands in its contract, in its trace.
    ///
    /// # Errors
    /// Whatever the service says.
    pub async fn ask<Q: Question>(&self, question: &Q) -> Result<Q::Answer, Fault> {
        let (call, span) = self.traced(Call::new(Q::MODEL, Q::METHOD, "".into()));
        self.gateway.services.ask(question, call.traceparent.as_ref()).instrument(span).await
    }

    /// Its call in its trace, and the span that the call is to run in.
    fn traced(&self, mut call: Call) -> (Call, Span) {
        let request = &self.request;
        // Finding it out matches the path again: only where someone wants it
        let traced = tracing::span_enabled!(target: telemetry::SPANS, tracing::Level::INFO);
        let route = if traced { request.match_pattern().unwrap_or_default() } else { String::new() };
        let traceparent = process::http::traceparent(request);
        let span = tracing::info_span!(
            target: telemetry::SPANS,
            "request",
            otel.name = %format_args!("{} {route}", request.method()),
            otel.kind = "server",
            http.request.method = %request.method(),
            http.route = route,
        );
        call.traceparent = Some(telemetry::adopt(&span, &traceparent).unwrap_or(traceparent));
        (call, span)
    }

    /// How it is answered.
    pub fn answers(&self) -> Answers {
        self.gateway.answers
    }

    /// The envelope's id.
    pub fn id(&self) -> Option<&RawValue> {
        self.id.as_deref()
    }

    /// What the door answers; a fault becomes its refusal, told in its manner.
    ///
    /// # Errors
    /// The refusal.
    pub fn told(self, manner: Manner, answer: Result<HttpResponse, Fault>) -> Answer {
        answer.map_err(|fault| {
            if let Some(body) = &self.noted {
                self.gateway.refusals.note(&self.request, self.who.as_deref(), body, &fault);
            }
            Refusal { manner, answers: self.gateway.answers, id: self.id, fault }
        })
    }
}

/// Whether a call may change a user or what proves who they are.
fn changes_users(call: &Call) -> bool {
    matches!(call.model.as_str(), "res.users" | "res.users.apikeys") && methods::method(&call.method).is_none_or(|method| !method.is_read)
}
