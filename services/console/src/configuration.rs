//! `/web/product.template/{id}`: one configuration: picture, prices, characteristics, and what of it is where.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::{Value, json};

use crate::declared::{self, Field, Model};
use crate::goods::{amount, place, relation, told};
use crate::page::Page;
use crate::record::{self, Change, Shown};
use crate::refused::Refused;
use crate::shown::text_of;
use crate::views;
use crate::visit::{Visit, html, leave};

/// How many places stand on the page.
const PLACES: u64 = 40;

/// A place that has some of it.
pub struct Place {
    href: String,
    name: String,
    numbers: [String; 4],
}

/// Another configuration of the same product.
pub struct Sibling {
    href: String,
    name: String,
    reference: String,
}

/// A link to somewhere else, which is never loaded here.
pub struct Link {
    label: String,
    href: String,
    text: String,
}

#[derive(Template)]
#[template(path = "configuration.html")]
struct Configuration<'v> {
    page: Page<'v>,
    id: i64,
    reference: String,
    product: (i64, String),
    is_archived: bool,
    /// The address of its picture; nothing where it has none.
    picture: String,
    prices: Vec<Shown>,
    traits: Vec<(String, String)>,
    fields: Vec<Shown>,
    description: String,
    links: Vec<Link>,
    places: Vec<Place>,
    /// How many places have some, and the list of all of them.
    count: u64,
    siblings: Vec<Sibling>,
    history: Vec<Change>,
    may_write: bool,
    may_remove: bool,
    sees_goods: bool,
    problems: Vec<String>,
    common: Vec<Shown>,
}

impl Configuration<'_> {
    fn is_cut(&self) -> bool {
        u64::try_from(self.places.len()).is_ok_and(|shown| shown < self.count)
    }
}

const PRICES: &[&str] = &["selling_price", "central_price", "list_price", "standard_price"];
const LINKS: &[&str] = &["image_url", "fab_certificate"];
/// What stands elsewhere on the page.
const ELSEWHERE: &[&str] = &[
    "name",
    "manufacturer_ref",
    "master_product",
    "description",
    "attribute_value_ids",
    "active",
    "product_variant_id",
    "product_tmpl_id",
    "priority",
];

/// `GET /web/product.template/{id}`
pub async fn configuration(visit: Visit, id: web::Path<i64>) -> HttpResponse {
    visit.told(page(&visit, *id, Vec::new(), 200).await)
}

/// The page, with what was refused of a picture.
///
/// # Errors
/// What the hub refuses.
pub async fn page(visit: &Visit, id: i64, problems: Vec<String>, status: u16) -> Result<HttpResponse, Refused> {
    let model = visit.model("product.template")?;
    let plain = |field: &&Field| {
        let is_read = field.relation.as_deref().is_none_or(|of| visit.may_read(of));
        field.is_plain() && is_read && !matches!(field.name.as_str(), "attribute_value_ids" | "master_product")
    };
    let asked = declared::asked(model.fields.iter().filter(plain));
    let asked = format!(
        "{{{asked}, image_128, master_product{{id, name, product_ids{{id, name, manufacturer_ref}}}}, attribute_value_ids{{id, name, attribute_id{{id, name}}}}}}"
    );
    let (record, goods, history) =
        futures_util::join!(visit.read("product.template", id, &asked), goods(visit, id), record::history(visit, model, id));
    let (record, (places, count), history) = (record?, goods?, history?);
    let named = |name: &&str| model.field(name).map(|field| record::tell(visit, model, field, &record));
    let filled = |shown: &Shown| !shown.cell.text.is_empty();
    let others = model.fields.iter().filter(|field| {
        let name = field.name.as_str();
        field.is_plain() && !views::is_common(name) && !ELSEWHERE.contains(&name) && !PRICES.contains(&name) && !LINKS.contains(&name)
    });
    let traits = record.get("attribute_value_ids").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let traits = traits.iter().map(|one| (one.get("attribute_id").map(|of| text_of(of, "name")).unwrap_or_default(), text_of(one, "name")));
    let master = record.get("master_product").cloned().unwrap_or_default();
    let made = Configuration {
        page: Page::new(visit, "/web/product.template", text_of(&record, "name")),
        id,
        reference: text_of(&record, "manufacturer_ref"),
        product: (master.get("id").and_then(Value::as_i64).unwrap_or_default(), text_of(&master, "name")),
        is_archived: record.get("active") == Some(&Value::Bool(false)),
        // Its version in the address, so that another picture is another address
        picture: match text_of(&record, "image_128").is_empty() {
            true => String::new(),
            false => format!("/web/image/product.template/{id}/image_512?v={}", text_of(&record, "version")),
        },
        prices: PRICES.iter().filter_map(named).filter(filled).collect(),
        traits: traits.collect(),
        fields: others.map(|field| record::tell(visit, model, field, &record)).filter(filled).collect(),
        description: text_of(&record, "description"),
        links: LINKS.iter().filter_map(|name| link(visit, model, name, &record)).collect(),
        places,
        count,
        siblings: siblings(&master, id),
        history,
        may_write: model.write,
        may_remove: model.unlink,
        sees_goods: visit.may_read("stock.quant"),
        problems,
        common: model
            .fields
            .iter()
            .filter(|field| views::is_common(&field.name) && !matches!(field.name.as_str(), "display_name" | "version" | "id"))
            .map(|field| record::tell(visit, model, field, &record))
            .collect(),
    };
    Ok(html(&visit.request, status, &made))
}

/// A text that is an address leads there; what else it is stays a text.
fn link(visit: &Visit, model: &Model, name: &str, record: &Value) -> Option<Link> {
    let field = model.field(name)?;
    let text = text_of(record, name);
    let is_address = ["https://", "http://"].iter().any(|scheme| text.starts_with(scheme));
    let href = if is_address { text.clone() } else { String::new() };
    let label = visit.console.words.field(visit.lang, &model.name, field).into_owned();
    (!text.is_empty()).then_some(Link { label, href, text })
}

fn siblings(master: &Value, id: i64) -> Vec<Sibling> {
    let all = master.get("product_ids").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let made = all.iter().filter_map(|one| {
        let of = one.get("id")?.as_i64().filter(|of| *of != id)?;
        Some(Sibling {
            href: format!("/web/product.template/{of}"),
            name: text_of(one, "name"),
            reference: text_of(one, "manufacturer_ref"),
        })
    });
    made.take(50).collect()
}

/// What of it is where, and how many places have some.
async fn goods(visit: &Visit, id: i64) -> Result<(Vec<Place>, u64), Refused> {
    if !visit.may_read("stock.quant") {
        return Ok((Vec::new(), 0));
    }
    let fields = "{location_id{id, complete_name}, quantity, reserved_quantity, available_quantity, incoming_quantity}";
    let query = [
        ("query", fields.to_owned()),
        ("filter", json!([["product_id", "=", id]]).to_string()),
        ("order", "quantity desc, location_id".to_owned()),
        ("page_size", PLACES.to_string()),
        ("page", "1".to_owned()),
    ];
    let listed = visit.list("stock.quant", &query).await?;
    let made = listed.result.iter().map(|quant| Place {
        href: format!("/web/stock/{id}/{}", relation(quant, "location_id").0),
        name: quant.get("location_id").map(|at| place(&text_of(at, "complete_name"))).unwrap_or_default(),
        numbers: ["quantity", "reserved_quantity", "available_quantity", "incoming_quantity"].map(|name| told(visit, amount(quant, name))),
    });
    Ok((made.collect(), listed.count))
}

/// `POST /web/product.template/{id}/picture`: a picture, or none any more.
pub async fn picture(visit: Visit, id: web::Path<i64>, payload: web::Payload) -> HttpResponse {
    let made = async {
        let sent = crate::upload::read(&visit, payload).await?;
        if !visit.model("product.template")?.write {
            return Err(Refused::not_found());
        }
        let data = match (sent.form.has("remove"), sent.file) {
            (true, _) => json!({"image_1920": false}),
            (false, Some(file)) => json!({"image_1920": file}),
            (false, None) => return page(&visit, *id, vec![visit.t("cat-picture-missing")], 422).await,
        };
        match visit.write("product.template", *id, &data, sent.form.key()).await {
            Ok(()) => Ok(leave(&format!("/web/product.template/{id}?done=saved"))),
            Err(refused) if refused.is_nobody() || refused.status == 404 => Err(refused),
            Err(refused) => page(&visit, *id, record::told(&visit, &refused), refused.status).await,
        }
    };
    visit.told(made.await)
}
