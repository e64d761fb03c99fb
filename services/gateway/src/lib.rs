//! The doors: what comes from outside is translated into a call, and its answer into what the caller's protocol expects.
//! No database, and no state that a second replica lacks but caches of seconds: of sessions, and of what leads where.

pub mod answer;
pub mod auth;
pub mod bodies;
pub mod callers;
pub mod config;
pub mod cors;
pub mod doors;
mod everywhere;
pub mod federation;
pub mod gateway;
pub mod incoming;
pub mod known;
pub mod odoo;
pub mod openapi;
pub mod proven;
pub mod query;
pub mod refusals;
pub mod rpc;
pub mod services;
pub mod workbook;
pub mod xml;

use std::sync::Arc;

use actix_web::web::{self, ServiceConfig};
use doors::pages::Pages;

pub use config::GatewayConfig;
pub use gateway::Gateway;

/// Every route of the hub, on one page. Each answers with and without its trailing slash, and HEAD where it answers GET.
pub fn routes(gateway: Arc<Gateway>, pages: Pages) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    use doors::{
        dataset, declarations, docs, elsewhere, events, files, import, json2, jsonrpc, object, report, rest, session, web as of_web, xmlrpc,
    };
    let gateway = web::Data::from(gateway);
    let (document, listeners) = (web::Data::new(docs::Document::none()), web::Data::new(events::Listeners::none()));
    move |config: &mut ServiceConfig| {
        let get = |path: &str| web::resource(path).default_service(web::to(elsewhere::only_get));
        let post = |path: &str| web::resource(path).default_service(web::to(elsewhere::only_post));
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
                    .default_service(web::to(elsewhere::only_rest)),
            )
            .service(post("/api/{model}/import").route(web::post().to(import::import)))
            .service(
                web::resource("/api/{model}/{id}")
                    .route(web::get().to(rest::read))
                    .route(web::put().to(rest::write))
                    .route(web::delete().to(rest::unlink))
                    .default_service(web::to(elsewhere::only_rest_record)),
            )
            .service(get("/api/{model}/{id}/{field}").route(web::get().to(files::base64)))
            .service(get("/web/image").route(web::get().to(files::image_named)))
            .service(get("/web/image/{id}").route(web::get().to(files::attachment)))
            .service(get("/web/image/{model}/{id}/{field}").route(web::get().to(files::image)))
            .service(get("/web/content/{id}").route(web::get().to(files::attachment)))
            .service(post("/web/session/authenticate").route(web::post().to(session::authenticate)))
            .service(post("/web/session/get_session_info").route(web::post().to(session::get_session_info)))
            .service(post("/web/session/check").route(web::post().to(session::check)))
            .service(post("/web/session/destroy").route(web::post().to(session::destroy)))
            .service(post("/jsonrpc").route(web::post().to(jsonrpc::call)))
            .service(post("/xmlrpc/2/{service}").route(web::post().to(xmlrpc::second)))
            .service(post("/xmlrpc/{service}").route(web::post().to(xmlrpc::first)))
            .service(post("/web/dataset/call_kw").route(web::post().to(dataset::call_kw)))
            .service(post("/web/dataset/call_kw/{model}/{method}").route(web::post().to(dataset::call_kw)))
            .service(post("/web/dataset/call_button").route(web::post().to(dataset::call_button)))
            .service(post("/web/dataset/call_button/{model}/{method}").route(web::post().to(dataset::call_button)))
            .service(post("/web/dataset/search_read").route(web::post().to(dataset::search_read)))
            .service(post("/web/webclient/version_info").route(web::post().to(of_web::version_info)))
            .service(post("/web/database/list").route(web::post().to(of_web::databases)))
            .service(get("/web/version").route(web::get().to(of_web::version)))
            .service(get("/json/version").route(web::get().to(of_web::version)))
            .service(get("/web/health").route(web::get().to(of_web::health)))
            .service(get("/web/declarations").route(web::get().to(declarations::declarations)))
            .service(
                web::resource("/json/2/{model}/{method}").route(web::post().to(json2::call)).default_service(web::to(json2::only_post)),
            )
            .service(web::resource("/json/2/{rest:.*}").default_service(web::to(json2::no_such_path)))
            .service(get("/doc-bearer/index.json").route(web::get().to(json2::index)))
            .service(get("/doc-bearer/{model}.json").route(web::get().to(json2::model)))
            .service(post("/auth").route(web::post().to(session::auth)))
            .service(post("/object/{model}/{method}").route(web::post().to(object::call)))
            .service(post("/object/{model}/{id}/{method}").route(web::post().to(object::call)))
            .configure(|config| pages(config))
            .default_service(web::to(elsewhere::no_such_path));
        config.app_data(gateway.clone()).app_data(document.clone()).app_data(listeners.clone()).service(doors);
    }
}
