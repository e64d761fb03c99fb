//! The doors: what comes from outside is translated into a call, and its answer into what the caller's protocol expects.
//! No database, and no state that a second replica lacks but caches of seconds: of sessions, and of what leads where.

pub mod answer;
pub mod auth;
pub mod bodies;
pub mod cors;
pub mod doors;
pub mod federation;
pub mod openapi;
pub mod refusals;

use std::sync::Arc;

use actix_web::web::{self, ServiceConfig};
use service::shares::Shares;
use service::{Keyring, Router};

use crate::auth::Sessions;
use crate::federation::Known;

service::settings! {
    /// What the doors do.
    pub struct GatewayConfig {
        /// The one database's name, as clients know it.
        db_name: String = "echange",
        /// `true`: errors tell their HTTP status; `odoo`: errors on /api, /auth and /object come with 200, as Odoo's do.
        error_status: ErrorStatus = "true",
        /// Whether a session may come as a parameter, the seed's way.
        session_param: bool = "true",
        /// Whether the session's cookie is for https only.
        cookie_secure: bool = "true",
        /// Pages of these origins may call the API from a browser.
        cors_origins: Vec<String> = ",",
        /// Proxies whose X-Forwarded-For tells the caller's address: addresses, or networks as 10.0.0.0/8.
        trusted_proxies: Vec<String> = ",",
        /// How much of their bodies those may have sent together who are not known yet, in bytes, a process.
        strangers_bytes: usize = "67108864",
        /// The hub's address as clients see it.
        web_base_url: String = "http://127.0.0.1:8069",
    }
}

/// How errors on the add-on's routes tell their status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorStatus {
    /// The truth.
    True,
    /// Always 200.
    Odoo,
}

/// What every door needs.
pub struct Gateway {
    /// Its settings.
    pub config: GatewayConfig,
    /// The largest body, in bytes.
    pub max_body: usize,
    router: Router,
    keyring: Keyring,
    sessions: Sessions,
    known: Known,
    trusted: Vec<auth::Network>,
    refusals: refusals::Refusals,
    document: doors::docs::Kept,
    listeners: Shares<i64>,
    across: Shares<i64>,
    strangers: Shares<String>,
    lookups: Shares<String>,
    forwarders: auth::Forwarders,
}

impl Gateway {
    /// The doors before these services.
    ///
    /// # Errors
    /// A proxy that is no address.
    pub fn new(config: GatewayConfig, max_body: usize, router: Router, keyring: Keyring) -> anyhow::Result<Gateway> {
        let named = |list: &[String]| list.iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect::<Vec<_>>();
        let trusted = named(&config.trusted_proxies)
            .iter()
            .map(|text| {
                auth::Network::parse(text).ok_or_else(|| anyhow::anyhow!("TRUSTED_PROXIES: '{text}' is no IP address and no network"))
            })
            .collect::<anyhow::Result<_>>()?;
        let config = GatewayConfig { cors_origins: named(&config.cors_origins), ..config };
        let strangers = bodies::strangers(config.strangers_bytes);
        Ok(Gateway {
            config,
            max_body,
            router,
            keyring,
            sessions: Sessions::new(),
            known: federation::known(),
            trusted,
            refusals: refusals::Refusals::new(),
            document: doors::docs::none(),
            listeners: Shares::new("streams of events", doors::events::LISTENERS.0, doors::events::LISTENERS.1),
            across: Shares::new("questions to several services", federation::AT_ONCE.0, federation::AT_ONCE.1),
            strangers,
            lookups: Shares::new("looks for a session", auth::LOOKUPS.0, auth::LOOKUPS.1),
            forwarders: auth::Forwarders::default(),
        })
    }
}

/// Every route of the hub, on one page. Each answers with and without its trailing slash, and HEAD where it answers GET.
pub fn routes(gateway: Arc<Gateway>) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    use doors::{docs, events, object, report, rest, session};
    move |config: &mut ServiceConfig| {
        let get = |path: &str| web::resource(path).default_service(web::to(answer::only_get));
        let post = |path: &str| web::resource(path).default_service(web::to(answer::only_post));
        let doors = web::scope("")
            .wrap(actix_web::middleware::from_fn(cors::cors))
            .service(get("/report/pdf/{report}/{ids}").route(web::get().to(report::pdf)))
            .service(get("/openapi.json").route(web::get().to(docs::document)))
            .service(get("/docs").route(web::get().to(docs::page)))
            .service(get("/docs/{part}").route(web::get().to(docs::part)))
            .service(get("/events").route(web::get().to(events::events)))
            .service(
                web::resource("/api/{model}")
                    .route(web::get().to(rest::list))
                    .route(web::post().to(rest::create))
                    .route(web::put().to(rest::write))
                    .route(web::delete().to(rest::unlink))
                    .default_service(web::to(answer::only_rest)),
            )
            .service(
                web::resource("/api/{model}/{id}")
                    .route(web::get().to(rest::read))
                    .route(web::put().to(rest::write))
                    .route(web::delete().to(rest::unlink))
                    .default_service(web::to(answer::only_rest_record)),
            )
            .service(post("/web/session/authenticate").route(web::post().to(session::authenticate)))
            .service(post("/web/session/get_session_info").route(web::post().to(session::get_session_info)))
            .service(post("/web/session/check").route(web::post().to(session::check)))
            .service(post("/web/session/destroy").route(web::post().to(session::destroy)))
            .service(post("/auth").route(web::post().to(session::auth)))
            .service(post("/object/{model}/{method}").route(web::post().to(object::call)))
            .service(post("/object/{model}/{id}/{method}").route(web::post().to(object::call)))
            .default_service(web::to(answer::no_such_path));
        config.app_data(web::Data::from(gateway.clone())).service(doors);
    }
}
