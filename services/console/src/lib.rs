//! The console: the hub in a browser. It is one more client: each page asks the doors in the session of whoever looks at it, so that it
//! can never show what the API would not. It keeps nothing but caches of seconds.

pub mod account;
pub mod asked;
pub mod categories;
pub mod cells;
pub mod chart;
pub mod configuration;
pub mod declared;
pub mod deliveries;
pub mod export;
pub mod files;
pub mod form;
pub mod goods;
pub mod handling;
pub mod home;
pub mod hub;
pub mod import;
pub mod invoices;
pub mod jobs;
pub mod layouts;
pub mod leads;
pub mod ledger;
pub mod list;
pub mod live;
pub mod loans;
pub mod login;
pub mod matrix;
pub mod orders;
pub mod page;
pub mod partners;
pub mod people;
pub mod picking;
pub mod product;
pub mod progress;
pub mod purchase;
pub mod pushes;
pub mod quick;
pub mod record;
pub mod refused;
pub mod requests;
pub mod saved;
pub mod shortages;
pub mod shown;
pub mod table;
pub mod upload;
pub mod views;
pub mod visit;
pub mod words;

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::guard::{GuardContext, fn_guard};
use actix_web::web::{self, ServiceConfig};
use moka::future::Cache;
use process::Keyring;
use sha2::{Digest, Sha256};

use declared::Declared;
use hub::{Asker, Hub};
use refused::Refused;
use visit::{Visit, Who};
use words::Words;

/// How long it is remembered whose a session is: an end holds here after that.
const WHO: Duration = Duration::from_secs(10);
/// How long what is declared to a session is.
const DECLARED: Duration = Duration::from_secs(60);
/// How many sessions of either.
const MOST: u64 = 2_000;

/// Where a request comes from.
pub type Address = Box<dyn Fn(&HttpRequest) -> String + Send + Sync>;

/// What every page needs.
pub struct Console {
    /// The hub's doors.
    pub hub: Hub,
    /// The words.
    pub words: Words,
    /// Where a request comes from: the proxy in front says it, and only it can.
    pub address: Address,
    /// Imports that run in this process.
    pub running: jobs::Running,
    who: Cache<[u8; 32], Arc<Who>>,
    declared: Cache<[u8; 32], Arc<Declared>>,
}

impl Console {
    /// With the console's key.
    ///
    /// # Errors
    /// Words that can't be read; no HTTP client.
    pub fn new(keyring: Keyring, address: Address) -> anyhow::Result<Console> {
        Ok(Console {
            hub: Hub::new(keyring)?,
            words: Words::read()?,
            address,
            running: jobs::Running::default(),
            who: Cache::builder().max_capacity(MOST).time_to_live(WHO).build(),
            declared: Cache::builder().max_capacity(MOST).time_to_live(DECLARED).build(),
        })
    }

    /// Whose a session is.
    ///
    /// # Errors
    /// 401 where it is nobody's.
    pub async fn who(&self, asker: &Asker) -> Result<Arc<Who>, Refused> {
        let ask = async {
            let told = self.hub.send(asker, reqwest::Method::POST, "/web/session/get_session_info", &serde_json::json!({}), None).await?;
            let who: Who = serde_json::from_value(told).map_err(|error| Refused::unread("/web/session/get_session_info", &error))?;
            Ok::<_, Refused>(Arc::new(who))
        };
        self.who.try_get_with(key(asker), ask).await.map_err(Arc::unwrap_or_clone)
    }

    /// What is declared to a session.
    ///
    /// # Errors
    /// What the hub refuses.
    pub async fn declared(&self, asker: &Asker) -> Result<Arc<Declared>, Refused> {
        let key = key(asker);
        let ask = async { self.hub.get::<Declared>(asker, "/web/declarations", &[]).await.map(Declared::lead_on).map(Arc::new) };
        let declared: Arc<Declared> = self.declared.try_get_with(key, ask).await.map_err(Arc::unwrap_or_clone)?;
        if !declared.away.is_empty() {
            // The next page asks again
            self.declared.invalidate(&key).await;
        }
        Ok(declared)
    }

    /// Forgets a session that has ended, or whose user has changed.
    pub async fn forget(&self, asker: &Asker) {
        self.who.invalidate(&key(asker)).await;
        self.declared.invalidate(&key(asker)).await;
    }
}

fn key(asker: &Asker) -> [u8; 32] {
    Sha256::digest(asker.session.as_bytes()).into()
}

/// Every page of the console, on one page. `is_page` says which requests under `/web` are pages'.
pub fn routes(console: Arc<Console>, is_page: fn(&GuardContext<'_>) -> bool) -> Arc<dyn Fn(&mut ServiceConfig) + Send + Sync> {
    const MODEL: &str = r"{model:[a-z_]+\.[a-z_.]+}";
    let console = web::Data::from(console);
    Arc::new(move |config: &mut ServiceConfig| {
        let page = |path: &str| web::resource(path).guard(fn_guard(is_page));
        config
            .app_data(console.clone())
            .service(page("/").route(web::get().to(async || visit::leave("/web"))))
            .service(page("/web").route(web::get().to(home::home)))
            .service(page("/web/login").route(web::get().to(login::page)).route(web::post().to(login::log_in)))
            .service(page("/web/logout").route(web::post().to(login::log_out)))
            .service(page("/web/static/{name}").route(web::get().to(files::file)))
            .service(page("/web/models").route(web::get().to(home::models)))
            .service(page("/web/search/{model}").route(web::get().to(form::search)))
            .service(page("/web/pushes").route(web::get().to(pushes::pushes)))
            .service(page("/web/ek.platform/{id:[0-9]+}").route(web::get().to(pushes::platform)))
            .service(page("/web/ek.platform/{id:[0-9]+}/push/{what}").route(web::post().to(pushes::step)))
            .service(page("/web/ek.platform/{id:[0-9]+}/again").route(web::post().to(deliveries::again)))
            .service(page("/web/ek.delivery/{id:[0-9]+}").route(web::get().to(deliveries::delivery)))
            .service(page("/web/ek.delivery/{id:[0-9]+}/again").route(web::post().to(deliveries::send_again)))
            .service(page("/web/ek.request/{id:[0-9]+}").route(web::get().to(requests::request)))
            .service(page("/web/live").route(web::get().to(live::live)))
            .service(page("/web/live/names").route(web::get().to(live::names)))
            .service(page("/web/leads").route(web::get().to(leads::board)))
            .service(page("/web/leads/{id:[0-9]+}/move").route(web::post().to(leads::moved)))
            .service(page("/web/loans").route(web::get().to(loans::list)).route(web::post().to(loans::step)))
            .service(page("/web/account").route(web::get().to(account::account)).route(web::post().to(account::save)))
            .service(page("/web/account/password").route(web::post().to(account::password)))
            .service(page("/web/account/key").route(web::post().to(account::key)))
            .service(page("/web/account/end/{what}").route(web::post().to(account::end)))
            .service(page("/web/res.users/{id:[0-9]+}").route(web::get().to(people::person)))
            .service(page("/web/res.users/{id:[0-9]+}/key").route(web::post().to(people::key)))
            .service(page("/web/res.users/{id:[0-9]+}/password").route(web::post().to(people::password)))
            .service(page("/web/res.users/{id:[0-9]+}/end/{what}").route(web::post().to(people::end)))
            .service(page("/web/jobs").route(web::get().to(jobs::list)))
            .service(page("/web/jobs/{id:[0-9]+}/{what}").route(web::get().to(jobs::file)).route(web::post().to(jobs::act)))
            .service(page(&format!("/web/{MODEL}/filters")).route(web::post().to(saved::save)))
            .service(page(&format!("/web/{MODEL}/filters/remove")).route(web::post().to(saved::remove)))
            .service(page(&format!("/web/{MODEL}/import")).route(web::get().to(import::page)).route(web::post().to(import::preview)))
            .service(page(&format!("/web/{MODEL}/import/run")).route(web::post().to(import::run)))
            .service(page("/web/clients").route(web::get().to(partners::clients)))
            .service(page("/web/pos").route(web::get().to(partners::points_of_sale)))
            .service(page("/web/sale.order/{id:[0-9]+}").route(web::get().to(orders::order)))
            .service(page("/web/sale.order/{id:[0-9]+}/step").route(web::post().to(orders::step)))
            .service(page("/web/sale.order/{id:[0-9]+}/do/{method}").route(web::post().to(orders::act)))
            .service(page("/web/account.move/{id:[0-9]+}").route(web::get().to(invoices::invoice)))
            .service(
                page("/web/account.move/{id:[0-9]+}/credit")
                    .route(web::get().to(invoices::credit))
                    .route(web::post().to(invoices::reverse)),
            )
            .service(page(&format!("/web/{MODEL}/export")).route(web::get().to(export::export)))
            .service(page(&format!("/web/{MODEL}/print")).route(web::post().to(invoices::print)))
            .service(page("/web/res.partner/{id:[0-9]+}").route(web::get().to(partners::partner)))
            .service(page("/web/res.partner/{id:[0-9]+}/do/{method}").route(web::post().to(partners::act)))
            .service(page("/web/stock").route(web::get().to(matrix::matrix)))
            .service(page("/web/stock/places").route(web::get().to(goods::places)))
            .service(page("/web/stock/products").route(web::get().to(goods::products)))
            .service(page("/web/shortages").route(web::get().to(shortages::shortages)))
            .service(page("/web/purchase.order/new").route(web::get().to(purchase::new)).route(web::post().to(purchase::create)))
            .service(page("/web/purchase.order/{id:[0-9]+}").route(web::get().to(purchase::purchase)))
            .service(page("/web/purchase.order/{id:[0-9]+}/take").route(web::post().to(purchase::take)))
            .service(page("/web/stock/{product:[0-9]+}/{location:[0-9]+}").route(web::get().to(ledger::ledger)))
            .service(
                page("/web/stock/{product:[0-9]+}/{location:[0-9]+}/{what}")
                    .route(web::get().to(handling::form))
                    .route(web::post().to(handling::send)),
            )
            .service(page("/web/stock.picking/{id:[0-9]+}").route(web::get().to(picking::picking)))
            .service(page("/web/stock.picking/{id:[0-9]+}/take").route(web::post().to(picking::take)))
            .service(page("/web/product.category").route(web::get().to(categories::tree)))
            .service(page("/web/product.master/new").route(web::get().to(product::new)).route(web::post().to(product::create)))
            .service(page("/web/product.template/{id:[0-9]+}").route(web::get().to(configuration::configuration)))
            .service(page("/web/product.template/{id:[0-9]+}/picture").route(web::post().to(configuration::picture)))
            .service(
                page("/web/account.move/{id:[0-9]+}/credit")
                    .route(web::get().to(invoices::credit))
                    .route(web::post().to(invoices::reverse)),
            )
            .service(page(&format!("/web/{MODEL}")).route(web::get().to(list::list)))
            .service(page(&format!("/web/{MODEL}/do")).route(web::post().to(record::act_on_many)))
            .service(page(&format!("/web/{MODEL}/new")).route(web::get().to(form::new)).route(web::post().to(form::create)))
            .service(page(&format!("/web/{MODEL}/{{id:[0-9]+}}")).route(web::get().to(record::record)))
            .service(page(&format!("/web/{MODEL}/{{id:[0-9]+}}/edit")).route(web::get().to(form::edit)).route(web::post().to(form::write)))
            .service(page(&format!("/web/{MODEL}/{{id:[0-9]+}}/do/{{method}}")).route(web::post().to(record::act)))
            .service(page(&format!("/web/{MODEL}/{{id:[0-9]+}}/put/{{what}}")).route(web::post().to(record::put_away)))
            .service(page("/web/{rest:.*}").default_service(web::to(no_such_page)));
    })
}

async fn no_such_page(visit: Visit) -> actix_web::HttpResponse {
    visit.told(Err(Refused::not_found()))
}
