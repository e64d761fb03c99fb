//! `/web/product.master/new`: a product with its first configurations.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use askama::Template;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use crate::declared::Field;
use crate::form::{self, NUMBER, is_about};
use crate::goods::{number, typed};
use crate::page::Page;
use crate::record;
use crate::refused::Refused;
use crate::shown::text_of;
use crate::visit::{Form, Visit, html, leave};

/// The most configurations of a form.
const MOST: usize = 40;
/// Controls of the product.
const PRODUCT: &[&str] = &["name", "product_ref", "brand", "categ_id", "fab_name", "description"];
/// Controls of each configuration.
const CONFIGURATION: &[&str] = &["name", "manufacturer_ref", "barcode", "list_price", "standard_price", "attribute", "description"];

/// What was filled in, by control, and what is wrong with it.
#[derive(Clone, Default)]
pub struct Filled {
    values: HashMap<&'static str, String>,
    wrong: HashMap<&'static str, String>,
}

impl Filled {
    fn read(form: &Form, prefix: &str, names: &[&'static str]) -> Filled {
        let one = |name: &'static str| (name, form.one(&format!("{prefix}{name}")).trim().replace("\r\n", "\n"));
        Filled { values: names.iter().map(|name| one(name)).collect(), wrong: HashMap::new() }
    }

    fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    fn problem(&self, name: &str) -> &str {
        self.wrong.get(name).map_or("", String::as_str)
    }

    fn is_empty(&self) -> bool {
        self.values.values().all(String::is_empty)
    }

    fn is_wrong(&mut self, name: &'static str, problem: String) {
        let told = self.wrong.entry(name).or_default();
        *told = if told.is_empty() { problem } else { format!("{told} {problem}") };
    }
}

#[derive(Template)]
#[template(path = "product_new.html")]
struct New<'v> {
    page: Page<'v>,
    product: Filled,
    configurations: Vec<Filled>,
    /// Whether what it costs is this user's to say.
    with_cost: bool,
    problems: Vec<String>,
    key: String,
}

fn filled<'v>(visit: &'v Visit, form: &Form, product: Filled, configurations: Vec<Filled>, problems: Vec<String>) -> New<'v> {
    let page = Page::new(visit, "/web/product.master", visit.t("cat-new"));
    let key = form.key().map(str::to_owned).unwrap_or_else(|| page.key());
    let with_cost = writes_cost(visit);
    New { page, product, configurations, with_cost, problems, key }
}

fn writes_cost(visit: &Visit) -> bool {
    let cost = visit.declared.model("product.template").and_then(|model| model.field("standard_price"));
    cost.is_some_and(|field| !field.readonly)
}

fn need(visit: &Visit) -> Result<(), Refused> {
    let may = visit.model("product.master")?.create && visit.model("product.template")?.create;
    if may { Ok(()) } else { Err(Refused::not_found()) }
}

/// `GET /web/product.master/new`
pub async fn new(visit: Visit) -> HttpResponse {
    let made = async {
        need(&visit)?;
        Ok(visit.html(&filled(&visit, &Form::default(), Filled::default(), vec![Filled::default()], Vec::new())))
    };
    visit.told(made.await)
}

/// `POST /web/product.master/new`
pub async fn create(visit: Visit, payload: web::Payload) -> HttpResponse {
    let made = async {
        let form = visit.form(payload).await?;
        need(&visit)?;
        let mut product = Filled::read(&form, "p.", PRODUCT);
        let there = (0..MOST).take_while(|at| form.has(&format!("c.{at}.name")));
        let mut configurations: Vec<Filled> = there.map(|at| Filled::read(&form, &format!("c.{at}."), CONFIGURATION)).collect();
        if form.has("more") {
            if configurations.len() < MOST {
                configurations.push(Filled::default());
            }
            return Ok(visit.html(&filled(&visit, &form, product, configurations, Vec::new())));
        }
        let mut problems = Vec::new();
        let mut status = 422;
        if let Some(data) = data(&visit, &mut product, &mut configurations).await? {
            match visit.create("product.template", &data, form.key()).await {
                Ok(made) => return Ok(leave(&format!("/web/product.template/{made}?done=saved"))),
                Err(refused) if refused.is_nobody() => return Err(refused),
                Err(refused) => {
                    status = refused.status;
                    refuse(&visit, &refused, &mut product, &mut configurations, &mut problems);
                }
            }
        }
        Ok(html(&visit.request, status, &filled(&visit, &form, product, configurations, problems)))
    };
    visit.told(made.await)
}

/// What the hub refuses stands beside the control that it is about.
fn refuse(visit: &Visit, refused: &Refused, product: &mut Filled, configurations: &mut [Filled], problems: &mut Vec<String>) {
    let mut sent: Vec<&mut Filled> = configurations.iter_mut().filter(|one| !one.is_empty()).collect();
    for (problem, words) in refused.problems().into_iter().zip(record::told(visit, refused)) {
        let at = problem.strip_prefix("product[").and_then(|rest| rest.split(']').next()?.parse::<usize>().ok());
        let (of, model, names) = match at.and_then(|at| sent.get_mut(at)) {
            Some(configuration) => (&mut **configuration, "product.template", CONFIGURATION),
            None => (&mut *product, "product.master", PRODUCT),
        };
        let named = names.iter().find(|name| is_about(problem, model, name) || problem.contains(&format!("].{name}")));
        let named = named.copied().or_else(|| (at.is_none() && is_about(problem, model, "ref")).then_some("product_ref"));
        match named {
            Some(name) => of.is_wrong(name, words),
            None => problems.push(words),
        }
    }
}

/// What is sent, or nothing where something is wrong, which is told beside it.
async fn data(visit: &Visit, product: &mut Filled, configurations: &mut [Filled]) -> Result<Option<Value>, Refused> {
    let mut sent = Map::new();
    for name in ["name", "product_ref"] {
        if product.value(name).is_empty() {
            product.is_wrong(name, visit.t("cat-missing"));
        }
    }
    for name in ["name", "product_ref", "fab_name", "description"] {
        if !product.value(name).is_empty() {
            sent.insert(name.to_owned(), json!(product.value(name)));
        }
    }
    // A brand may be a new one; a category that nobody made is a slip
    let brand = product.value("brand");
    let number_of = |text: &str| text.rsplit_once(NUMBER).and_then(|(_, id)| id.trim().parse::<i64>().ok());
    if !brand.is_empty() {
        sent.insert("brand".to_owned(), number_of(brand).map_or_else(|| json!(brand), |id| json!(id)));
    }
    if !product.value("categ_id").is_empty() {
        let field = Field { relation: Some("product.category".to_owned()), ..Field::default() };
        match form::chosen(visit, &field, product.value("categ_id")).await {
            Ok(id) => drop(sent.insert("categ_id".to_owned(), json!(id))),
            Err(refused) if refused.is_nobody() => return Err(refused),
            Err(refused) => product.is_wrong("categ_id", refused.message),
        }
    }
    let mut list = Vec::new();
    for one in configurations.iter_mut().filter(|one| !one.is_empty()) {
        list.push(configuration(visit, one));
    }
    if list.is_empty()
        && let Some(first) = configurations.first_mut()
    {
        first.is_wrong("name", visit.t("cat-configuration-missing"));
    }
    taken(visit, product, configurations).await?;
    sent.insert("product".to_owned(), Value::Array(list));
    let is_right = product.wrong.is_empty() && configurations.iter().all(|one| one.wrong.is_empty());
    Ok(is_right.then_some(Value::Object(sent)))
}

/// A configuration as the hub takes it.
fn configuration(visit: &Visit, one: &mut Filled) -> Value {
    let mut sent = Map::new();
    for name in ["name", "manufacturer_ref"] {
        if one.value(name).is_empty() {
            one.is_wrong(name, visit.t("cat-missing"));
        }
    }
    for name in ["name", "manufacturer_ref", "barcode", "description"] {
        if !one.value(name).is_empty() {
            sent.insert(name.to_owned(), json!(one.value(name)));
        }
    }
    for name in ["list_price", "standard_price"] {
        match (one.value(name), typed(one.value(name))) {
            ("", _) => {}
            (_, Some(price)) if price >= Decimal::ZERO => drop(sent.insert(name.to_owned(), number(price))),
            _ => one.is_wrong(name, visit.t("stock-from-0")),
        }
    }
    let mut traits = Vec::new();
    let lines: Vec<String> = one.value("attribute").lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    for line in lines {
        match line.split_once(':').map(|(name, value)| (name.trim(), value.trim())) {
            Some((name, value)) if !name.is_empty() && !value.is_empty() => traits.push(json!({"attribute_id": name, "value_id": value})),
            Some(_) | None => one.is_wrong("attribute", visit.t_with("cat-trait-unread", &[("line", &line)])),
        }
    }
    if !traits.is_empty() {
        sent.insert("attribute".to_owned(), Value::Array(traits));
    }
    Value::Object(sent)
}

/// The door of products changes what it knows by its reference: a form of a new one must not.
async fn taken(visit: &Visit, product: &mut Filled, configurations: &mut [Filled]) -> Result<(), Refused> {
    let references: Vec<&str> = configurations.iter().map(|one| one.value("manufacturer_ref")).filter(|text| !text.is_empty()).collect();
    let look = async |model: &str, field: &str, texts: Value| {
        let query = [
            ("query", format!("{{{field}}}")),
            ("filter", json!([[field, "in", texts]]).to_string()),
            ("context", json!({"active_test": false}).to_string()),
            ("limit", MOST.to_string()),
        ];
        let listed = visit.list(model, &query).await?;
        Ok::<Vec<String>, Refused>(listed.result.iter().map(|record| text_of(record, field)).collect())
    };
    let (products, known) = futures_util::join!(
        look("product.master", "ref", json!([product.value("product_ref")])),
        look("product.template", "manufacturer_ref", json!(references)),
    );
    if !products?.is_empty() && !product.value("product_ref").is_empty() {
        product.is_wrong("product_ref", visit.t("cat-taken"));
    }
    let known = known?;
    let mut before: Vec<String> = Vec::new();
    for one in configurations {
        let reference = one.value("manufacturer_ref").to_owned();
        if known.contains(&reference) {
            one.is_wrong("manufacturer_ref", visit.t("cat-taken"));
        } else if !reference.is_empty() && before.contains(&reference) {
            one.is_wrong("manufacturer_ref", visit.t("cat-twice"));
        }
        before.push(reference);
    }
    Ok(())
}
