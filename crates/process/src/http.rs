//! The HTTP side of every process: bounds, health, metrics, a stop that finishes what is in flight.

use std::cell::Cell;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_http::{HttpService, Request, ServiceConfig};
use actix_server::{Server, ServerBuilder};
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::body::{BodySize, BoxBody, EitherBody, MessageBody, None as NoBody};
use actix_web::dev::{AppConfig, ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::{Next, NormalizePath, from_fn};
use actix_web::web::{self, Bytes, BytesMut, Payload};
use actix_web::{App, HttpMessage, HttpRequest, HttpResponse};
use anyhow::Context;
use futures_util::StreamExt;
use jsonrpc::{Body, Fault, envelope};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::heads::{Heads, REFUSED};
use crate::{Pending, directory, metrics, telemetry};

/// Where a process adds its routes.
pub type Routes = web::ServiceConfig;

/// How long a request's head, and then its body, may take to come.
pub const ARRIVAL: Duration = Duration::from_secs(10);
/// How long requests in flight may take after a stop was asked for, in seconds.
const FINISH: u64 = 30;

crate::settings! {
    /// Where a process listens, and its bounds.
    pub struct HttpConfig {
        /// The address it listens on.
        host: String = "127.0.0.1",
        /// The port; 0 takes a free one.
        port: u16 = "8069",
        /// Where /metrics is, and nothing else: an address and a port; 0 takes a free one.
        metrics_address: String = "127.0.0.1:0",
        /// Threads that serve; 0: as many as cores.
        workers: usize = "0",
        /// The largest body of a request, in bytes.
        max_body: usize = "1048576",
        /// The largest body of a request that may bring a file of a record, from a sender who is known, in bytes: a file of 10 MB in base64.
        max_upload: usize = "15728640",
        /// Connections at a time, a thread.
        max_connections: usize = "10000",
        /// How long a process that was asked to stop still takes requests, so that no balancer sends any to a closed door, in milliseconds.
        drain_ms: u64 = "0",
    }
}

/// Whether the process may be sent requests.
#[derive(Clone)]
pub struct Health {
    draining: watch::Sender<bool>,
    is_ready: Arc<dyn Fn() -> Pending<'static, bool> + Send + Sync>,
    note: Arc<dyn Fn() -> Pending<'static, Option<String>> + Send + Sync>,
}

impl Health {
    /// Ready when `check` says so.
    pub fn new(check: impl Fn() -> Pending<'static, bool> + Send + Sync + 'static) -> Health {
        Health { draining: watch::Sender::new(false), is_ready: Arc::new(check), note: Arc::new(|| Box::pin(async { None })) }
    }

    /// With what is to be said of a process that is ready all the same.
    pub fn noting(mut self, note: impl Fn() -> Pending<'static, Option<String>> + Send + Sync + 'static) -> Health {
        self.note = Arc::new(note);
        self
    }

    /// Whether the process was asked to stop: an answer without an end ends now.
    pub fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Waits until the process is asked to stop.
    pub async fn drains(&self) {
        self.draining.subscribe().wait_for(|draining| *draining).await.ok();
    }
}

/// Where a process listens.
pub struct Listeners {
    /// For requests.
    pub requests: TcpListener,
    /// For `/metrics`, which is not for those who send requests.
    pub metrics: TcpListener,
}

impl Listeners {
    /// Logs where a process serves, and what was built.
    ///
    /// # Errors
    /// The system's own.
    pub fn tell(&self, service: &str) -> std::io::Result<()> {
        let (address, metrics) = (self.requests.local_addr()?, self.metrics.local_addr()?);
        tracing::info!(service, %address, %metrics, version = crate::VERSION, commit = crate::COMMIT, "serving");
        metrics::BUILD_INFO.with_label_values(&[crate::VERSION, crate::COMMIT]).set(1);
        Ok(())
    }
}

/// Listens where the configuration says.
///
/// # Errors
/// When an address is taken or not ours.
pub fn listen(config: &HttpConfig) -> anyhow::Result<Listeners> {
    let on = |address: &str, setting: &str| {
        TcpListener::bind(address).with_context(|| format!("can't listen on {address}; set {setting} to another"))
    };
    let requests = on(&format!("{}:{}", config.host, config.port), "PORT")?;
    Ok(Listeners { requests, metrics: on(&config.metrics_address, "METRICS_ADDRESS")? })
}

/// Serves until SIGTERM or SIGINT; then takes no new connections and finishes what is in flight.
///
/// # Errors
/// When the server can't be started.
pub async fn serve(
    listeners: Listeners,
    config: &HttpConfig,
    health: Health,
    routes: impl Fn(&mut Routes) + Clone + Send + 'static,
) -> anyhow::Result<()> {
    let server = server(listeners, config, health.clone(), routes)?;
    let handle = server.handle();
    let drain = Duration::from_millis(config.drain_ms);
    let stopping = async move {
        stop_signal().await;
        health.draining.send_replace(true);
        tokio::time::sleep(drain).await;
        handle.stop(true).await;
    };
    let (served, ()) = tokio::join!(server, stopping);
    served.context("the server ended")
}

/// Lives and is not ready while `work`, which may wait for a database, goes on; none where it was asked to stop meanwhile. The
/// listeners stay open, so that whoever comes before [`serve`] takes it over is answered.
///
/// # Errors
/// The work's own.
pub async fn before_ready<T>(
    listeners: &Listeners,
    config: &HttpConfig,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<Option<T>> {
    let not_yet = async || refused(&Fault::unavailable("The hub is starting. Try again."));
    let routes = move |config: &mut Routes| {
        config.default_service(web::to(not_yet));
    };
    let listeners = Listeners { requests: listeners.requests.try_clone()?, metrics: listeners.metrics.try_clone()? };
    let health = Health::new(|| Box::pin(async { false }));
    // Whoever comes now goes on with the next server: no connection is kept
    health.draining.send_replace(true);
    let server = server(listeners, config, health, routes)?;
    let handle = server.handle();
    let served = tokio::spawn(server);
    let done = tokio::select! { done = work => done.map(Some), () = stop_signal() => Ok(None) };
    handle.stop(true).await;
    served.await?.context("the server ended")?;
    done
}

fn server(
    listeners: Listeners,
    config: &HttpConfig,
    health: Health,
    routes: impl Fn(&mut Routes) + Clone + Send + 'static,
) -> anyhow::Result<Server> {
    let workers = match config.workers {
        0 => std::thread::available_parallelism().map_or(2, usize::from),
        given => given,
    };
    let server = Server::build()
        .workers(workers)
        .max_concurrent_connections(config.max_connections)
        .shutdown_timeout(FINISH)
        // actix stops at once on SIGINT; here both signals let requests finish
        .disable_signals();
    let server = on(server, listeners.requests, move || {
        App::new()
            .app_data(web::Data::new(health.clone()))
            .route("/health/live", web::get().to(async || HttpResponse::Ok().body("live")))
            .route("/health/ready", web::get().to(ready))
            .route(&format!("{REFUSED}/{{what}}"), web::get().to(refused_head))
            .configure(routes.clone())
            .wrap(from_fn(measure))
            // Every route with and without its slash, and with doubled ones
            .wrap(NormalizePath::trim())
    })?;
    let server = on(server, listeners.metrics, || {
        let told = async || HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(metrics::text());
        App::new().route("/metrics", web::get().to(told)).wrap(from_fn(measure)).wrap(NormalizePath::trim())
    })?;
    Ok(server.run())
}

/// An application at a listener, as actix-web's own `HttpServer` has it, but over [`Heads`].
fn on<I, S, B>(server: ServerBuilder, listener: TcpListener, app: impl Fn() -> I + Clone + Send + 'static) -> anyhow::Result<ServerBuilder>
where
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse<B>, Error = actix_web::Error, InitError = ()> + 'static,
    B: MessageBody + 'static,
{
    let address = listener.local_addr()?;
    let stopping = server.graceful_shutdown_signal();
    let server = server.listen(address.to_string(), listener, move || {
        let stopping = stopping.clone();
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .client_request_timeout(ARRIVAL)
            .client_disconnect_timeout(Duration::from_secs(5))
            .keep_alive(Duration::from_secs(75))
            .local_addr(address)
            .h1(map_config(app().into_factory().map_err(|error| error.error_response()), |()| AppConfig::default()));
        let config = ServiceConfig::default();
        fn_service(move |stream: tokio::net::TcpStream| {
            let peer = stream.peer_addr().ok();
            std::future::ready(Ok((Heads::new(stream, &config), peer)))
        })
        .and_then(http)
    })?;
    Ok(server)
}

/// What a client is told whose request's head can't be read.
async fn refused_head(what: web::Path<String>) -> HttpResponse {
    let (status, message) = match what.as_str() {
        "target" => {
            (400, "The request's target can't be read: a path that begins with '/', or a whole URL, of at most 65,534 bytes was expected.")
        }
        "line" => (
            400,
            "The request's first line can't be read: a method, a target and HTTP/1.1 with one blank between them were expected. A blank in a target is written %20.",
        ),
        "size" => (431, "The request's head is too large: at most 96 headers and 131,072 bytes are read."),
        _ => (
            400,
            "The request's head can't be read: after a line without control characters lines of 'name: value' were expected, among them one Host, and for a body either one Content-Length that is a number or 'Transfer-Encoding: chunked'.",
        ),
    };
    let fault = match status {
        400 => Fault::malformed(message),
        other => Fault::http(other, message),
    };
    HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST))
        .insert_header((CONTENT_TYPE, "application/json; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(envelope::error(None, &fault))
}

/// Waits for SIGTERM or SIGINT.
pub async fn stop_signal() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        tracing::error!("signals can't be heard");
        return std::future::pending().await;
    };
    tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
}

async fn ready(health: web::Data<Health>) -> HttpResponse {
    if !health.is_draining() && (health.is_ready)().await {
        let note = (health.note)().await;
        HttpResponse::Ok().body(note.map_or_else(|| "ready".to_owned(), |note| format!("ready; {note}")))
    } else {
        HttpResponse::ServiceUnavailable().body("not ready")
    }
}

/// What is known of a request besides its route, for the access log and for what the request causes.
struct Seen {
    traceparent: String,
    user: Cell<Option<i64>>,
    model: Cell<Option<&'static str>>,
}

/// The status of a refusal that is answered with another one, as Odoo's doors answer 200: what metrics and logs tell.
pub struct TrueStatus(pub u16);

/// The trace that a request belongs to, its own or one that begins with it.
pub fn traceparent(request: &HttpRequest) -> String {
    let seen = request.extensions().get::<Seen>().map(|seen| seen.traceparent.clone());
    seen.unwrap_or_else(|| telemetry::traceparent(header(request, "traceparent")))
}

/// Notes the model that a request is about, where its path does not say.
pub fn note_model(request: &HttpRequest, model: &str) {
    if let Some(seen) = request.extensions().get::<Seen>() {
        seen.model.set(directory::known(model));
    }
}

/// Notes who sent a request.
pub fn note_user(request: &HttpRequest, user: i64) {
    if let Some(seen) = request.extensions().get::<Seen>() {
        seen.user.set(Some(user));
    }
}

/// Times every request by its route's template. A process that is stopping has its callers go elsewhere with the next one.
/// HEAD is GET whose answer is not sent.
async fn measure<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, NoBody>>, actix_web::Error> {
    let started = Instant::now();
    let health = request.app_data::<web::Data<Health>>().cloned();
    let method = request.method().clone();
    if method == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let traceparent = telemetry::traceparent(header(request.request(), "traceparent"));
    request.extensions_mut().insert(Seen { traceparent, user: Cell::default(), model: Cell::default() });
    let mut response = next.call(request).await?;
    if health.is_some_and(|health| health.is_draining()) {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let request = response.request();
    let method = match method.as_str() {
        known @ ("GET" | "POST" | "PUT" | "DELETE" | "OPTIONS" | "HEAD" | "PATCH") => known,
        _ => "_OTHER",
    };
    let route = request.match_pattern();
    let route = route.as_deref().unwrap_or("none");
    let told = response.response().extensions().get::<TrueStatus>().and_then(|told| StatusCode::from_u16(told.0).ok());
    let status = told.unwrap_or(response.status());
    let elapsed = started.elapsed().as_secs_f64();
    metrics::HTTP_DURATION.with_label_values(&[method, route, status.as_str()]).observe(elapsed);
    if tracing::event_enabled!(target: "access", tracing::Level::DEBUG) {
        let extensions = request.extensions();
        let seen = extensions.get::<Seen>();
        let model = seen.and_then(|seen| seen.model.get());
        let model = model.or_else(|| directory::known(request.match_info().get("model")?));
        let (user, trace_id) = (seen.and_then(|seen| seen.user.get()), seen.map(|seen| telemetry::trace_id(&seen.traceparent)));
        tracing::debug!(target: "access", method, route, model, status = status.as_u16(), seconds = elapsed, user, trace_id, "request");
    }
    // An answer without a known end would be made to the end for nobody
    let is_unending = method == "HEAD" && matches!(response.response().body().size(), BodySize::Stream);
    Ok(if is_unending { response.map_body(|_, _| EitherBody::right(NoBody::new())) } else { response.map_into_left_body() })
}

/// A request's body, within bounds of size and time.
///
/// # Errors
/// 413, 408, or 400 where the connection broke.
pub async fn read_body(mut payload: Payload, most: usize) -> Result<Bytes, Fault> {
    let too_large = || Fault::http(413, format!("The body has more than {most} bytes."));
    let read = async {
        let mut body = BytesMut::new();
        while let Some(piece) = payload.next().await {
            let piece = piece.map_err(|error| Fault::malformed(format!("The body broke off: {error}")))?;
            if body.len() + piece.len() > most {
                return Err(too_large());
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    };
    tokio::time::timeout(ARRIVAL, read).await.map_err(|_elapsed| Fault::http(408, "The body took too long to come."))?
}

/// A header's text.
pub fn header<'r>(request: &'r HttpRequest, name: &str) -> Option<&'r str> {
    request.headers().get(name)?.to_str().ok()
}

/// The token of `Authorization: Bearer …`; the scheme's case does not count.
pub fn bearer(request: &HttpRequest) -> Option<&str> {
    let (scheme, token) = request.headers().get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A reply's body, whole or streamed.
pub fn body(reply: Body) -> BoxBody {
    match reply {
        Body::Whole(bytes) => bytes.boxed(),
        Body::Stream(stream) => {
            actix_web::body::BodyStream::new(stream.map(|piece| piece.map_err(|fault| std::io::Error::other(fault.to_string())))).boxed()
        }
    }
}

/// A fault as services of ours tell each other.
pub fn refused(fault: &Fault) -> HttpResponse {
    let mut response = HttpResponse::build(StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    if let Some(seconds) = fault.retry_after {
        response.insert_header((RETRY_AFTER, seconds));
    }
    response.json(fault)
}
