//! `/web/clients`, `/web/pos`: clients and points of sale, who are both contacts; and a contact's page with what belongs to it.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::{Value, json};

use crate::asked::Asked;
use crate::hub::encode;
use crate::layouts::{self, Group};
use crate::list::{self, Fixed};
use crate::page::Page;
use crate::record::{self, RecordPage, Related, Shown};
use crate::refused::Refused;
use crate::visit::{Visit, html};

const PARTNER: &str = "res.partner";

/// `GET /web/clients`
pub async fn clients(visit: Visit) -> HttpResponse {
    let fixed = Fixed {
        base: Some("/web/clients".to_owned()),
        domain: vec![json!(["is_pos", "=", false]), json!(["parent_id", "=", false])],
        columns: &["name", "phone", "email", "state_id", "bank_ids", "status", "create_date"],
        filters: &["bank_ids", "state_id", "status", "create_date"],
        ..Fixed::default()
    };
    visit.told(listed(&visit, "/web/clients", "menu-clients", fixed).await)
}

/// `GET /web/pos`
pub async fn points_of_sale(visit: Visit) -> HttpResponse {
    let fixed = Fixed {
        base: Some("/web/pos".to_owned()),
        domain: vec![json!(["is_pos", "=", true])],
        columns: &["code_pos", "name", "state_id", "phone", "status", "credit_code", "responsible_code", "bank_ids"],
        filters: &["bank_ids", "state_id", "status"],
        preset: "?is_pos=true",
        ..Fixed::default()
    };
    visit.told(listed(&visit, "/web/pos", "menu-pos", fixed).await)
}

async fn listed(visit: &Visit, here: &'static str, title: &str, fixed: Fixed) -> Result<HttpResponse, Refused> {
    let model = visit.model(PARTNER)?;
    let page = Page::new(visit, here, visit.t(title));
    let made = list::made(visit, model, Asked::read(visit.query()), page, fixed).await?;
    Ok(visit.html(&made))
}

#[derive(Template)]
#[template(path = "partner.html")]
struct PartnerPage<'v> {
    page: Page<'v>,
    record: RecordPage<'v>,
    /// Where the stock of a point of sale is seen.
    stock: String,
    /// What there is to be known, in groups.
    groups: Vec<Group<Shown>>,
    related: Vec<Related>,
}

/// `GET /web/res.partner/{id}`
pub async fn partner(visit: Visit, id: web::Path<i64>) -> HttpResponse {
    visit.told(shown(&visit, *id, Vec::new()).await)
}

/// `POST /web/res.partner/{id}/do/{method}`
pub async fn act(visit: Visit, path: web::Path<(i64, String)>, payload: web::Payload) -> HttpResponse {
    let (id, method) = path.into_inner();
    let made = async {
        match record::taken(&visit, PARTNER, id, &method, payload).await? {
            Ok(done) => Ok(done),
            Err(refused) => shown(&visit, id, record::told(&visit, &refused)).await,
        }
    };
    visit.told(made.await)
}

/// What belongs to a contact: model, field that leads here, heading.
type Belongs = (&'static str, &'static str, &'static str);
const OF_POS: &[Belongs] = &[("sale.order", "pos_id", "partner-orders"), ("res.users", "code_pos", "partner-users")];
const OF_CLIENT: &[Belongs] = &[
    ("sale.order", "partner_id", "partner-orders"),
    ("account.move", "partner_id", "partner-invoices"),
    ("crm.lead", "partner_id", "partner-leads"),
    (PARTNER, "parent_id", "partner-addresses"),
];

async fn shown(visit: &Visit, id: i64, refused: Vec<String>) -> Result<HttpResponse, Refused> {
    let of_it = visit.read(PARTNER, id, "{id, is_pos, code_pos}").await?;
    let is_pos = of_it.get("is_pos") == Some(&Value::Bool(true));
    let code = of_it.get("code_pos").map(crate::shown::text).filter(|code| is_pos && !code.is_empty());
    let belongs = if is_pos { OF_POS } else { OF_CLIENT };
    let related = belongs.iter().filter_map(|(of, inverse, label)| {
        // One without a code has no users
        let value = if *inverse == "code_pos" { json!(code.as_ref()?) } else { json!(id) };
        Some((visit.declared.model(of)?, *inverse, visit.t(label), value))
    });
    let related = related.map(async |(of, inverse, label, value)| record::of_one(visit, label, of, inverse, &value).await);
    let (record, related) = futures_util::join!(record::alone(visit, PARTNER, id, refused), futures_util::future::join_all(related));
    let mut record = record?;
    // Only what is kept of a person is forgotten
    record.steps.retain(|step| !is_pos || step.method != "action_forget");
    let related = record::seen(related)?;
    let layout = layouts::layout(PARTNER, |field| field == "is_pos" && is_pos);
    let fields = std::mem::take(&mut record.fields).into_iter().chain(std::mem::take(&mut record.texts));
    // What is empty is not worth a line
    let fields: Vec<Shown> = fields.filter(|shown| !shown.cell.text.is_empty() && shown.name != "is_pos").collect();
    let groups = layouts::grouped(visit, layout, fields, |shown| shown.name.as_str());
    let here = layout.map_or("/web/clients", |layout| layout.list);
    let page = Page::new(visit, here, record.page.title.clone());
    let status = if record.refused.is_empty() { 200 } else { 422 };
    let stock = code.filter(|_| visit.may_read("stock.quant"));
    let stock = stock.map(|code| format!("/web/stock?pos={}", encode(&code))).unwrap_or_default();
    record.list = here.to_owned();
    record.label = visit.t(if is_pos { "menu-pos" } else { "menu-clients" });
    Ok(html(&visit.request, status, &PartnerPage { page, record, stock, groups, related }))
}
