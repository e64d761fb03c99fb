//! `/web`: the dashboard; `/web/models`: every model there is.

use actix_web::HttpResponse;
use askama::Template;

use crate::page::Page;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'v> {
    page: Page<'v>,
}

/// `GET /web`
pub async fn home(visit: Visit) -> HttpResponse {
    visit.html(&Home { page: Page::new(&visit, "/web", visit.t("menu-home")) })
}

#[derive(Template)]
#[template(path = "models.html")]
struct Models<'v> {
    page: Page<'v>,
    models: Vec<(String, String)>,
}

/// `GET /web/models`
pub async fn models(visit: Visit) -> HttpResponse {
    let named = |model| (visit.console.words.model(visit.lang, model, true).into_owned(), model.name.clone());
    let mut models: Vec<(String, String)> = visit.declared.models.values().map(named).collect();
    models.sort();
    visit.html(&Models { page: Page::new(&visit, "/web/models", visit.t("menu-models")), models })
}
