//! What every page has around it: the menu, the title, what was just done.

use actix_web::HttpResponse;
use askama::Template;

use crate::refused::Refused;
use crate::visit::{Visit, html};
use crate::words::Lang;

/// A page's frame.
pub struct Page<'v> {
    /// Who looks.
    pub visit: &'v Visit,
    /// What the page is called.
    pub title: String,
    /// The menu's entry that it belongs to.
    pub here: &'static str,
    /// What was just done, as a sentence's id.
    pub done: Option<String>,
}

/// An entry of the menu.
pub struct Entry {
    /// Where it leads.
    pub href: &'static str,
    /// What it is called.
    pub label: String,
    /// Whether the page belongs to it.
    pub is_here: bool,
}

/// A sentence's id, an address, and the model or field that one must be able to read.
type Item = (&'static str, &'static str, &'static str);

/// The menu: groups of entries, each with the model that one must be able to read, or the field of one (`model:field`).
const MENU: &[(&str, &[Item])] = &[
    ("", &[("menu-home", "/web", "")]),
    (
        "menu-sales",
        &[
            ("menu-orders", "/web/sale.order", "sale.order"),
            ("menu-leads", "/web/leads", "crm.lead"),
            ("menu-loans", "/web/loans", "crm.lead:file_state"),
            ("menu-invoices", "/web/account.move", "account.move"),
            ("menu-clients", "/web/clients", "res.partner"),
        ],
    ),
    (
        "menu-stock",
        &[
            ("menu-matrix", "/web/stock", "stock.quant"),
            ("menu-shortages", "/web/shortages", "stock.move"),
            ("menu-transfers", "/web/stock.picking", "stock.picking"),
            ("menu-purchases", "/web/purchase.order", "purchase.order"),
        ],
    ),
    (
        "menu-catalogue",
        &[
            ("menu-products", "/web/product.master", "product.master"),
            ("menu-configurations", "/web/product.template", "product.template"),
            ("menu-categories", "/web/product.category", "product.category"),
            ("menu-attributes", "/web/product.attribute", "product.attribute"),
        ],
    ),
    (
        "menu-exchange",
        &[("menu-pushes", "/web/pushes", "ek.platform"), ("menu-refused", "/web/ek.request", "ek.request"), ("menu-live", "/web/live", "")],
    ),
    (
        "menu-settings",
        &[
            ("menu-pos", "/web/pos", "res.partner"),
            ("menu-users", "/web/res.users", "res.users"),
            ("menu-banks", "/web/res.bank", "res.bank"),
            ("menu-company", "/web/res.company", "res.company"),
            ("menu-account", "/web/account", ""),
            ("menu-jobs", "/web/jobs", "ek.job"),
            ("menu-models", "/web/models", ""),
        ],
    ),
];

impl<'v> Page<'v> {
    /// With a title; `here` is the address of the menu's entry.
    pub fn new(visit: &'v Visit, here: &'static str, title: impl Into<String>) -> Page<'v> {
        let done = visit.asked_for("done");
        // Only the console's own sentences are told
        let done = done.filter(|id| id.len() <= 40 && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
        Page { visit, title: title.into(), here, done: done.map(|id| visit.t(&format!("done-{id}"))) }
    }

    /// One of the console's sentences.
    pub fn t(&self, id: &str) -> String {
        self.visit.t(id)
    }

    /// The same with one value.
    pub fn t1(&self, id: &str, name: &str, value: &str) -> String {
        self.visit.t_with(id, &[(name, value)])
    }

    /// From which to which of how many.
    pub fn t_range(&self, first: &u64, last: &u64, count: &u64) -> String {
        let number = |number: &u64| crate::shown::number(self.visit.lang, &number.to_string(), None);
        self.visit.t_with("list-range", &[("first", &number(first)), ("last", &number(last)), ("count", &number(count))])
    }

    /// Its language.
    pub fn lang(&self) -> Lang {
        self.visit.lang
    }

    /// The token of its forms.
    pub fn token(&self) -> &str {
        self.visit.token()
    }

    /// A key that makes sending a form twice harmless.
    pub fn key(&self) -> String {
        domain::hex(&rand::random::<[u8; 16]>())
    }

    /// The address of one of the console's own files.
    pub fn file(&self, name: &str) -> &'static str {
        crate::files::address(name)
    }

    /// The menu, as this user may use it.
    pub fn menu(&self) -> Vec<(String, Vec<Entry>)> {
        let may = |needed: &str| match needed.split_once(':') {
            _ if needed.is_empty() => true,
            Some((model, field)) => self.visit.declared.model(model).is_some_and(|model| model.field(field).is_some()),
            None => self.visit.may_read(needed),
        };
        let groups = MENU.iter().map(|(group, entries)| {
            let entries = entries.iter().filter(|(_, _, model)| may(model));
            let entries = entries.map(|(label, href, _)| Entry { href, label: self.t(label), is_here: *href == self.here });
            (if group.is_empty() { String::new() } else { self.t(group) }, entries.collect::<Vec<_>>())
        });
        groups.filter(|(_, entries)| !entries.is_empty()).collect()
    }
}

/// The menu's entry for a model's own list; the page of all models where there is none.
pub fn entry_of(model: &str) -> &'static str {
    let entries = MENU.iter().flat_map(|(_, entries)| entries.iter());
    let listed = entries.map(|(_, href, _)| *href).find(|href| href.strip_prefix("/web/") == Some(model));
    listed.unwrap_or(match model {
        "crm.lead" => "/web/leads",
        "res.partner" => "/web/clients",
        "stock.quant" | "stock.move.line" => "/web/stock",
        "stock.move" => "/web/shortages",
        "ek.platform" | "ek.delivery" | "ek.attempt" | "ek.sync" => "/web/pushes",
        "product.product" => "/web/product.template",
        _ => "/web/models",
    })
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage<'v> {
    page: Page<'v>,
    status: u16,
    problems: Vec<String>,
}

/// The page of a refusal.
pub fn refusal(visit: &Visit, refused: &Refused) -> HttpResponse {
    let title = visit.t(match refused.status {
        404 => "refused-missing",
        403 => "refused-denied",
        500.. => "refused-ours",
        _ => "refused-refused",
    });
    let problems = refused.problems().into_iter().map(|problem| visit.console.words.refusal(visit.lang, problem)).collect();
    html(&visit.request, refused.status, &RefusalPage { page: Page::new(visit, "", title), status: refused.status, problems })
}
