//! `/api/{model}`: the add-on's REST routes, which the seed's clients use.

use actix_web::http::header::ACCEPT;
use actix_web::{HttpRequest, HttpResponse, web};
use jsonrpc::envelope::{Request, text_or_unset};
use jsonrpc::{Call, Fault, Params};
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::answer::{Answer, as_the_add_on, with_the_reason};
use crate::bodies::{Says, Sent, need_json};
use crate::incoming::Incoming;
use crate::query::{number, parameters};
use crate::workbook;

/// The parts of a record's path, or of a model's.
#[derive(Deserialize)]
pub struct Target {
    model: String,
    id: Option<String>,
}

/// `GET /api/{model}/?query=&filter=&order=&page_size=&page=&limit=&offset=&after=`, or groups by `group_by=`, `sum=` and its like, or a
/// file by `format=`
pub async fn list(mut incoming: Incoming, path: web::Path<Target>) -> Answer {
    let answer = listed(&mut incoming, path.into_inner()).await;
    incoming.told(with_the_reason, answer)
}

/// `GET /api/{model}/{id}?query=`
pub async fn read(mut incoming: Incoming, path: web::Path<Target>) -> Answer {
    let answer = find(&mut incoming, "read", path.into_inner()).await;
    incoming.told(with_the_reason, answer)
}

/// `POST /api/{model}/`
pub async fn create(mut incoming: Incoming, path: web::Path<Target>) -> Answer {
    let answer = change(&mut incoming, "create", path.into_inner()).await;
    incoming.told(as_the_add_on, answer)
}

/// `PUT /api/{model}/` with a filter, `PUT /api/{model}/{id}`
pub async fn write(mut incoming: Incoming, path: web::Path<Target>) -> Answer {
    let answer = change(&mut incoming, "write", path.into_inner()).await;
    incoming.told(as_the_add_on, answer)
}

/// `DELETE /api/{model}/?filter=`, `DELETE /api/{model}/{id}`
pub async fn unlink(mut incoming: Incoming, path: web::Path<Target>) -> Answer {
    let answer = remove(&mut incoming, path.into_inner()).await;
    incoming.told(with_the_reason, answer)
}

async fn find(incoming: &mut Incoming, method: &str, target: Target) -> Result<HttpResponse, Fault> {
    let session = incoming.session(None).await?;
    let mut params = query_params(incoming.request.query_string())?;
    // A record is no file, whatever is asked for
    drop(params.remove("format"));
    let call = Call { params, ..session.call(&target.model, method)? };
    let reply = incoming.send_across(&session, on_record(call, target.id)?).await?;
    Ok(incoming.answers().bare(reply))
}

async fn listed(incoming: &mut Incoming, target: Target) -> Result<HttpResponse, Fault> {
    let session = incoming.session(None).await?;
    let mut params = query_params(incoming.request.query_string())?;
    let wanted = params.remove("format").map(|raw| serde_json::from_str::<String>(raw.get()));
    let wanted = match wanted.transpose().map_err(|error| Fault::unread("format", &error))? {
        Some(format) => Format::parse(&format)?,
        None => Format::accepted(&incoming.request),
    };
    match wanted {
        Format::Json => {}
        Format::Csv => params.set("format", &"csv"),
        Format::Xlsx => params.set("format", &"rows"),
    }
    let call = Call { params, ..session.call(&target.model, "search_read")? };
    let (name, answers) = (target.model, incoming.answers());
    let reply = incoming.send_across(&session, call).await?;
    Ok(match wanted {
        Format::Json => answers.bare(reply),
        Format::Csv => answers.file(&format!("{name}.csv"), "text/csv; charset=utf-8; header=present", reply.body),
        Format::Xlsx => answers.file(&format!("{name}.xlsx"), XLSX, workbook::of(reply.body).await?),
    })
}

/// What a list is answered in.
#[derive(Clone, Copy)]
enum Format {
    Json,
    Csv,
    Xlsx,
}

/// The type of a workbook.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

impl Format {
    fn parse(name: &str) -> Result<Format, Fault> {
        match name.trim().to_ascii_lowercase().as_str() {
            "json" => Ok(Format::Json),
            "csv" => Ok(Format::Csv),
            "xlsx" => Ok(Format::Xlsx),
            _ => Err(Fault::validation(format!("`format` is '{}': json, csv or xlsx was expected", records::model::clip(name)))),
        }
    }

    /// The first of those that a client takes; JSON where it names none of them.
    fn accepted(request: &HttpRequest) -> Format {
        let accepts = request.headers().get(ACCEPT).and_then(|accepts| accepts.to_str().ok()).unwrap_or_default();
        let kinds = accepts.split(',').map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        let mut known = kinds.filter_map(|kind| match kind.as_str() {
            "application/json" | "application/*" | "*/*" => Some(Format::Json),
            "text/csv" => Some(Format::Csv),
            XLSX => Some(Format::Xlsx),
            _ => None,
        });
        known.next().unwrap_or(Format::Json)
    }
}

async fn change(incoming: &mut Incoming, method: &str, target: Target) -> Result<HttpResponse, Fault> {
    let body = incoming.body(Says::Session).await?;
    let params: Change<'_> = envelope(incoming, &body).await?.read()?;
    let session = incoming.session(params.session_id.as_deref()).await?;
    let call = session.call(&target.model, method).map_err(Fault::of_a_body)?;
    let mut call = on_record(params.put_into(call), target.id)?;
    call.idempotency = incoming.idempotency(&body)?;
    let reply = incoming.send_across(&session, call).await?;
    incoming.answers().enveloped(incoming.id(), reply).await
}

/// A filter stands in the query string, or in a body as that of a change.
async fn remove(incoming: &mut Incoming, target: Target) -> Result<HttpResponse, Fault> {
    let body = incoming.body(Says::Session).await?;
    let params: Change<'_> = envelope(incoming, &body).await?.read()?;
    let session = incoming.session(params.session_id.as_deref()).await?;
    let mut call = session.call(&target.model, "unlink")?;
    call.params = query_params(incoming.request.query_string())?;
    let mut call = on_record(params.put_into(call), target.id)?;
    call.idempotency = incoming.idempotency(&body)?;
    let reply = incoming.send_across(&session, call).await?;
    incoming.answers().result_only(reply).await
}

/// The envelope of a change, whose refusals are noted from here on; without a body it is an empty one.
async fn envelope<'b>(incoming: &mut Incoming, body: &'b Sent) -> Result<Request<'b>, Fault> {
    incoming.note_refusals(body);
    if body.is_empty() {
        return Ok(Request::default());
    }
    let envelope = need_json(&incoming.request).and_then(|()| incoming.envelope(body));
    if envelope.is_err() {
        // Whose it is, for the note: a session that is refused makes it a stranger's
        incoming.session(None).await.ok();
    }
    envelope
}

fn on_record(call: Call, id: Option<String>) -> Result<Call, Fault> {
    match id {
        Some(id) => Ok(call.with("id", &number(&id)?)),
        None => Ok(call),
    }
}

/// How a parameter is written.
#[derive(Clone, Copy)]
enum Written {
    Filter,
    Context,
    Query,
    Fields,
    Order,
    Names,
    Number,
    Format,
}

impl Written {
    fn example(self) -> &'static str {
        match self {
            Written::Filter => r#"Odoo's domain in JSON: filter=[["name","ilike","tv"]]"#,
            Written::Context => r#"an object in JSON: context={"active_test":false}"#,
            Written::Query | Written::Fields => "the fields in braces: query={id,name}",
            Written::Order => "fields after one another: order=name desc,id",
            Written::Names => "fields after one another: group_by=state,date_order:month",
            Written::Number => "a whole number",
            Written::Format => "json, csv or xlsx",
        }
    }
}

/// The parameters of a query string, by their own names and by those that other programs have for them.
const PARAMETERS: &[(&str, &str, Written)] = &[
    ("after", "after", Written::Number),
    ("avg", "avg", Written::Names),
    ("context", "context", Written::Context),
    ("count_distinct", "count_distinct", Written::Names),
    ("domain", "filter", Written::Filter),
    ("fields", "query", Written::Fields),
    ("filter", "filter", Written::Filter),
    ("format", "format", Written::Format),
    ("group_by", "group_by", Written::Names),
    ("limit", "limit", Written::Number),
    ("max", "max", Written::Names),
    ("min", "min", Written::Names),
    ("offset", "offset", Written::Number),
    ("order", "order", Written::Order),
    ("page", "page", Written::Number),
    ("page_size", "page_size", Written::Number),
    ("query", "query", Written::Query),
    ("sort", "order", Written::Order),
    ("sum", "sum", Written::Names),
];

/// The query string's parameters, those that are known; others are left out, as the add-on does. `filter` and `context` are
/// JSON, the others text, which the owner reads.
fn query_params(query: &str) -> Result<Params, Fault> {
    let mut params = Params::default();
    for parameter in parameters(query) {
        let parameter = parameter?;
        let name = parameter.name.as_str();
        let (stem, bracket) = name.split_once('[').map_or((name, false), |(stem, _)| (stem, true));
        let Some((_, meant, written)) = PARAMETERS.iter().find(|(known, ..)| *known == stem) else { continue };
        if bracket {
            // What PHP and others make of a list
            let (name, example) = (name.chars().take(80).collect::<String>(), written.example());
            return Err(Fault::malformed(format!("`{name}` is not read: one `{meant}` was expected, {example}")));
        }
        let text = parameter.text()?;
        // A walk begins with an empty `after`; any other that is empty is not given
        if text.trim().is_empty() && *meant != "after" {
            continue;
        }
        let as_text = |text: &str| to_raw_value(text).map_err(|error| Fault::unread(stem, &error));
        let raw: Box<RawValue> = match written {
            Written::Filter | Written::Context => {
                serde_json::from_str(&text).map_err(|error| Fault::bad_domain(format!("`{name}` is no JSON: {error}")))?
            }
            Written::Fields => as_text(&fields(&text)?)?,
            Written::Query | Written::Order | Written::Names | Written::Number | Written::Format => as_text(&text)?,
        };
        if params.raw(meant).is_some_and(|given| given.get() != raw.get()) {
            return Err(Fault::malformed(format!("`{meant}` is given twice, the second time as `{stem}`: which one is meant?")));
        }
        params.set_raw(meant, &raw);
    }
    Ok(params)
}

/// `fields=name,email` or `fields=["name","email"]`, as a query.
fn fields(text: &str) -> Result<String, Fault> {
    let names: Vec<String> = match text.trim().starts_with('[') {
        true => serde_json::from_str(text).map_err(|error| Fault::unread("fields", &error))?,
        false => text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect(),
    };
    let is_name = |name: &String| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '*');
    if let Some(other) = names.iter().find(|name| !is_name(name)) {
        let other: String = other.chars().take(80).collect();
        return Err(Fault::malformed(format!(
            "`fields`: '{other}' is no field's name; what others' records hold is asked for by query={{id,categ_id{{name}}}}"
        )));
    }
    Ok(if names.is_empty() { String::new() } else { format!("{{{}}}", names.join(",")) })
}

/// What a change's `params` may hold. Data and filter stay as they came.
#[derive(Default, Deserialize)]
struct Change<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default, alias = "domain")]
    filter: Option<&'a RawValue>,
    #[serde(borrow, default)]
    context: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "text_or_unset")]
    session_id: Option<String>,
}

impl Change<'_> {
    fn put_into(&self, mut call: Call) -> Call {
        for (name, raw) in [("data", self.data), ("filter", self.filter), ("context", self.context)] {
            if let Some(raw) = raw {
                call.params.set_raw(name, raw);
            }
        }
        call
    }
}
