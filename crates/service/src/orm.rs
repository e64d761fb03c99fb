//! The ORM's public methods, which every model has by its declaration, in Odoo's words: [`jsonrpc::Dialect::Odoo`].
//!
//! The gateway has put arguments under their names; `domain`, `fields` and values come as `filter`, `query` and `data`, as from every door.
// circle: owner: it sends the calls here, and they are answered by its records

use std::sync::Arc;

use diesel::sql_types::BigInt;
use domain::Identity;
use jsonrpc::{Call, Fault, Params, Reply, strict};
use process::our_fault;
use records::condition::denied;
use records::read::{MAX_ELEMENTS, Page, Reader, Wire};
use records::request::{ListRequest, MAX_OFFSET, Window};
use records::values::{truth, whole};
use records::{Field, Filter, Kind, Model, Op, Selection};
use serde_json::{Map, Value as Json, json};

use crate::owner::{Owner, Service};

/// The longest name that is searched for, in characters.
const MAX_NAME: usize = 254;

/// A number that may be left out; nought is none, as in Odoo.
pub(crate) fn number(params: &Params, name: &str, most: i64) -> Result<Option<i64>, Fault> {
    let Some(json) = params.given::<Json>(name)? else { return Ok(None) };
    match whole(&json) {
        Some(0) => Ok(None),
        Some(number) if (1..=most).contains(&number) => Ok(Some(number)),
        _ => Err(Fault::validation(format!("`{name}` is {json}: a whole number from 0 to {most} was expected"))),
    }
}

/// What a call's context says.
pub(crate) fn in_context(params: &Params, name: &str) -> Result<Option<Json>, Fault> {
    let context = params.raw("context").map(|raw| strict::value("context", raw)).transpose()?;
    Ok(context.and_then(|mut context| context.get_mut(name).map(Json::take)))
}

/// Whether files are told by their sizes.
pub(crate) fn as_sizes(params: &Params) -> Result<bool, Fault> {
    Ok(in_context(params, "bin_size")?.as_ref().and_then(truth) == Some(true))
}

/// Which records a call means, and which part of them.
pub(crate) fn listed(params: &Params, selection: Selection) -> Result<ListRequest, Fault> {
    let filter = params.raw("filter").map_or_else(|| Ok(Filter::all()), Filter::parse)?;
    let offset = number(params, "offset", MAX_OFFSET)?.unwrap_or_default();
    Ok(ListRequest {
        filter,
        selection,
        order: params.given::<String>("order")?.filter(|order| !order.trim().is_empty()),
        active_test: in_context(params, "active_test")?.as_ref().and_then(truth) != Some(false),
        window: Window::From { offset, limit: number(params, "limit", i64::MAX)? },
    })
}

fn selected(params: &Params) -> Result<Selection, Fault> {
    Selection::parse(&params.get::<String>("query")?.unwrap_or_default())
}

/// Whether a many2one is told with its name.
fn in_pairs(params: &Params) -> Result<bool, Fault> {
    Ok(params.given::<String>("load")?.is_some_and(|load| load == "_classic_read"))
}

fn list(rows: &str) -> Reply {
    Reply::json(format!("[{rows}]"))
}

impl<S: Service> Owner<S> {
    /// A method of the ORM's. A fault tells names as the ORM does.
    pub(crate) async fn orm(&self, identity: &Arc<Identity>, model: &Model, call: &Call) -> Result<Reply, Fault> {
        let params = &call.params;
        match call.method.as_str() {
            "search" => {
                let request = listed(params, Selection::fields(["id"]))?;
                if params.given::<Json>("count")?.as_ref().and_then(truth) == Some(true) {
                    return self.counted(identity, model, &request).await;
                }
                let sql = self.reader(identity).ids(model, &request, self.most())?;
                Ok(list(&self.one_page(model, sql).await?.rows))
            }
            "search_count" => self.counted(identity, model, &listed(params, Selection::fields(["id"]))?).await,
            "search_read" => {
                let request = listed(params, selected(params)?)?;
                if let Some(field) = sealed(model, &request.selection, as_sizes(params)?) {
                    return Err(Fault::validation(format!(
                        "Field '{}' of {} is encrypted: `read` has it, of records by their ids.",
                        field.name, model.name
                    )));
                }
                let sql = self.as_asked(identity, params)?.page(model, &request, self.most())?;
                Ok(list(&self.one_page(model, sql).await?.rows))
            }
            "read" => {
                let (selection, ids) = (selected(params)?, params.need::<Vec<i64>>("ids")?);
                let sql = self.as_asked(identity, params)?.these(model, &selection, ids)?;
                let mut page = self.one_page(model, sql).await?;
                if sealed(model, &selection, as_sizes(params)?).is_some() {
                    page.rows = self.opened_rows(identity, model, &page.rows).await?;
                }
                Ok(list(&page.rows))
            }
            "exists" => {
                let request = ListRequest { window: Window::First(None), ..these(params.need("ids")?) };
                let sql = self.reader(identity).ids(model, &request, self.most())?;
                Ok(list(&self.one_page(model, sql).await?.rows))
            }
            "name_get" => {
                let ids: Vec<i64> = params.need("ids")?;
                let sql = self.reader(identity).named(model, &these(ids.clone()), self.most())?;
                let mut names: Vec<(i64, String)> = serde_json::from_str(&format!("[{}]", self.one_page(model, sql).await?.rows))
                    .map_err(|error| our_fault(S::NAME, "names can't be read", &error))?;
                names.sort_unstable_by_key(|(id, _)| *id);
                let of = |id: i64| names.binary_search_by_key(&id, |(id, _)| *id).ok().and_then(|at| names.get(at));
                let named = ids.iter().map(|id| of(*id).ok_or_else(|| Fault::missing(model.name, *id)));
                Ok(Reply::value(&named.collect::<Result<Vec<_>, _>>()?))
            }
            "name_search" => self.name_search(identity, model, params).await,
            "name_create" => {
                let name: String = params.need("name")?;
                let data = json!({model.rec_name: name});
                let made = self.change(identity, model, &Call { method: "create".to_owned(), ..call.clone() }.with("data", &data)).await?;
                let id: i64 = process::parse_reply(made).await?;
                let sql = self.reader(identity).named(model, &these(vec![id]), 1)?;
                Ok(Reply::json(self.one_page(model, sql).await?.rows))
            }
            "fields_get" => {
                let wanted = params.given::<Vec<String>>("allfields")?.filter(|names| !names.is_empty());
                let attributes = params.given::<Vec<String>>("attributes")?.filter(|names| !names.is_empty());
                Ok(Reply::value(&fields_get(identity, model, wanted.as_deref(), attributes.as_deref())))
            }
            "default_get" => {
                let wanted: Vec<String> = params.need("fields_list")?;
                let defaults = model.fields.iter().filter(|field| !field.is_internal() && wanted.iter().any(|name| name == field.name));
                let defaults = defaults.filter_map(|field| Some((field.name.to_owned(), default(field)?)));
                Ok(Reply::value(&defaults.collect::<Map<String, Json>>()))
            }
            "check_access_rights" => {
                let operation: String = params.need("operation")?;
                let may = may(identity, model, &operation)?;
                let raises = params.get::<bool>("raise_exception")?.unwrap_or(true);
                if may || !raises { Ok(Reply::value(&may)) } else { Err(denied(model, doing(&operation))) }
            }
            "has_access" => {
                let operation: String = params.need("operation")?;
                Ok(Reply::value(&(may(identity, model, &operation)? && self.reaches(identity, model, params, &operation).await?)))
            }
            "check_access" => {
                let operation: String = params.need("operation")?;
                if may(identity, model, &operation)? && self.reaches(identity, model, params, &operation).await? {
                    return Ok(Reply::json("null"));
                }
                Err(denied(model, doing(&operation)))
            }
            "copy" => self.copy(identity, model, call).await,
            "read_group" => self.read_group(identity, model, params).await,
            "export_data" => self.export_data(identity, model, params).await,
            "formatted_read_group" => self.formatted_read_group(identity, model, params).await,
            "create" | "write" | "unlink" => self.change(identity, model, call).await,
            "load" => self.load(identity, model, call).await,
            "get_external_id" => self.get_external_id(identity, model, params.need("ids")?).await,
            "get_metadata" => self.get_metadata(identity, model, params.need("ids")?).await,
            method => Err(Fault::no_such_method(model.name, method)),
        }
    }

    fn as_asked<'a>(&'a self, identity: &'a Identity, params: &Params) -> Result<Reader<'a>, Fault> {
        Ok(Reader { as_sizes: as_sizes(params)?, ..self.in_odoos(identity, in_pairs(params)?) })
    }

    pub(crate) fn in_odoos<'a>(&'a self, identity: &'a Identity, pairs: bool) -> Reader<'a> {
        Reader { wire: Wire::Odoo { pairs }, ..self.reader(identity) }
    }

    /// So many records are answered at most; one more is refused by the statement itself.
    pub(crate) fn most(&self) -> i64 {
        i64::try_from(MAX_ELEMENTS + 1).unwrap_or(i64::MAX)
    }

    pub(crate) async fn one_page(&self, model: &Model, sql: records::Sql) -> Result<Page, Fault> {
        let page = self.database.search::<diesel::sql_types::Untyped, Page>(sql).await?.pop();
        page.ok_or_else(|| our_fault(S::NAME, "a page has no row", &model.name))
    }

    async fn counted(&self, identity: &Identity, model: &Model, request: &ListRequest) -> Result<Reply, Fault> {
        let most = match request.window {
            Window::From { limit: Some(limit), .. } => limit,
            _ => i64::MAX,
        };
        let count = self.database.search::<BigInt, i64>(self.reader(identity).count(model, request, most)?).await?.pop();
        count.map(|count| Reply::value(&count)).ok_or_else(|| our_fault(S::NAME, "a count has no row", &model.name))
    }

    async fn name_search(&self, identity: &Identity, model: &Model, params: &Params) -> Result<Reply, Fault> {
        let mut request = listed(params, Selection::fields(["id"]))?;
        let name = params.given::<String>("name")?.unwrap_or_default();
        if name.chars().count() > MAX_NAME {
            return Err(Fault::validation(format!("`name`: more than {MAX_NAME} characters are nobody's name")));
        }
        let operator = params.given::<String>("operator")?.unwrap_or_else(|| "ilike".to_owned());
        if !name.trim().is_empty() {
            let named = json!([[model.rec_name, operator, name]]);
            let named = serde_json::value::to_raw_value(&named).map_err(|error| our_fault(S::NAME, "a name can't be searched", &error))?;
            request.filter = Filter::And(vec![Filter::parse(&named)?, request.filter]);
        }
        if let Window::From { limit: limit @ None, .. } = &mut request.window {
            *limit = params.raw("limit").is_none().then_some(100);
        }
        let sql = self.reader(identity).named(model, &request, self.most())?;
        Ok(list(&self.one_page(model, sql).await?.rows))
    }

    /// Copies of records, made as a create makes them: what the code sets, natural keys, secrets and what is sealed are left out.
    async fn copy(&self, identity: &Arc<Identity>, model: &Model, call: &Call) -> Result<Reply, Fault> {
        let Some(keys) = model.copied_without else { return Err(Fault::no_such_method(model.name, "copy")) };
        let ids: Vec<i64> = call.params.need("ids")?;
        let given: Map<String, Json> = call.params.given("default")?.unwrap_or_default();
        let is_copied = |field: &&Field| {
            let may = |rule: Option<fn(&Identity) -> bool>| rule.is_none_or(|rule| rule(identity));
            let is_left_out = field.readonly || (keys.contains(&field.name) && field.name != model.rec_name);
            let is_kept_beside = field.kind == Kind::Binary;
            field.is_public() && field.has_column() && !is_kept_beside && !is_left_out && may(field.writable_by) && may(field.readable_by)
        };
        let copied: Vec<&Field> = model.fields.iter().filter(is_copied).collect();
        let selection = Selection::fields(["id"].into_iter().chain(copied.iter().map(|field| field.name)));
        let sql = self.in_odoos(identity, false).these(model, &selection, ids.clone())?;
        let rows = self.one_page(model, sql).await?.read::<Map<String, Json>>();
        let mut rows = rows.map_err(|error| our_fault(S::NAME, "records that are to be copied can't be read", &error))?;
        let is_there = |id: &&i64| rows.iter().any(|row| row.get("id").and_then(Json::as_i64) == Some(**id));
        if let Some(missing) = ids.iter().find(|id| !is_there(id)) {
            return Err(Fault::missing(model.name, *missing));
        }
        for row in &mut rows {
            row.remove("id");
            // What is unset is left to its default, but where false is a value
            row.retain(|name, value| *value != Json::Bool(false) || model.field(name).is_some_and(|field| field.kind == Kind::Boolean));
            if let (Some(Json::String(name)), true) = (row.get_mut(model.rec_name), keys.contains(&model.rec_name)) {
                name.push_str(" (copie)");
            }
            row.extend(given.clone());
        }
        let create = Call { method: "create".to_owned(), ..call.clone() };
        match <[Map<String, Json>; 1]>::try_from(rows) {
            Ok([one]) => self.change(identity, model, &create.with("data", &one)).await,
            Err(rows) => self.change(identity, model, &create.with("data", &rows)).await,
        }
    }

    /// Whether the records of a call are there for the user, and may be changed where that is meant.
    async fn reaches(&self, identity: &Identity, model: &Model, params: &Params, operation: &str) -> Result<bool, Fault> {
        let mut ids: Vec<i64> = params.need("ids")?;
        ids.sort_unstable();
        ids.dedup();
        let reader = self.reader(identity);
        let mut request = these(ids.clone());
        if let (Some(rule), "write" | "unlink") = ((model.access)(identity).writable, operation) {
            request.filter = Filter::And(vec![request.filter, rule]);
        }
        let found = self.database.search::<BigInt, i64>(reader.count(model, &request, i64::MAX)?).await?.pop();
        Ok(found.and_then(|found| usize::try_from(found).ok()) == Some(ids.len()))
    }
}

/// These records, archived ones too, in the order of their ids.
pub(crate) fn these(ids: Vec<i64>) -> ListRequest {
    ListRequest {
        filter: Filter::leaf("id", Op::In, ids),
        selection: Selection::fields(["id"]),
        order: Some("id".to_owned()),
        active_test: false,
        window: Window::First(None),
    }
}

fn sealed<'m>(model: &'m Model, selection: &Selection, as_sizes: bool) -> Option<&'m Field> {
    let is_opened = |field: &&Field| field.is_sealed() && !(as_sizes && field.kind == Kind::Binary);
    selection.names(|name| model.field(name).filter(is_opened))
}

/// Whether the user may do this to records of the model at all.
fn may(identity: &Identity, model: &Model, operation: &str) -> Result<bool, Fault> {
    let access = (model.access)(identity);
    match operation {
        "read" => Ok(access.read),
        "create" => Ok(access.create),
        "write" => Ok(access.write),
        "unlink" => Ok(access.unlink),
        other => {
            let other = records::model::clip(other);
            Err(Fault::value_error(format!("`operation` is '{other}': read, create, write or unlink was expected")))
        }
    }
}

/// An operation as errors name it.
fn doing(operation: &str) -> &'static str {
    match operation {
        "create" => "create",
        "write" => "modify",
        "unlink" => "delete",
        _ => "access",
    }
}

/// What a field is where a client says nothing.
fn default(field: &Field) -> Option<Json> {
    let text = field.default?;
    Some(match field.kind {
        Kind::Boolean => (text == "true").into(),
        Kind::Integer | Kind::Monetary | Kind::Float => text.parse::<f64>().ok()?.into(),
        _ => text.into(),
    })
}

/// What a client may know of a model's fields, in Odoo's words.
pub(crate) fn fields_get(
    identity: &Identity,
    model: &Model,
    wanted: Option<&[String]>,
    attributes: Option<&[String]>,
) -> Map<String, Json> {
    let allowed = (model.access)(identity).fields;
    let known = |field: &&Field| {
        !field.is_internal()
            && field.readable_by.is_none_or(|rule| rule(identity))
            && allowed.is_none_or(|names| names.contains(&field.name))
            && wanted.is_none_or(|names| names.iter().any(|name| name == field.name))
    };
    let described = |field: &Field| {
        let mut about = described(identity, field);
        about.retain(|name, _| attributes.is_none_or(|names| names.iter().any(|wanted| wanted == name)));
        (field.name.to_owned(), about.into())
    };
    model.fields.iter().filter(known).map(described).collect()
}

fn described(identity: &Identity, field: &Field) -> Map<String, Json> {
    let is_stored = field.has_column();
    let is_searchable = field.is_public() && field.sealed_in.is_none();
    let is_readonly = field.readonly || field.writable_by.is_some_and(|rule| !rule(identity));
    let about = json!({
        "type": field.kind.name(),
        "name": field.name,
        "string": field.label,
        "required": field.required,
        "readonly": is_readonly,
        "store": is_stored || matches!(field.kind, Kind::One2many { .. }),
        "searchable": is_searchable,
        "sortable": is_searchable && is_stored && !field.kind.is_list() && field.kind != Kind::Binary,
        "groupable": is_searchable && is_stored && !field.kind.is_list() && field.kind != Kind::Binary,
        "change_default": false,
        "company_dependent": false,
        "depends": [],
        "manual": false,
    });
    let Json::Object(mut about) = about else { return Map::new() };
    let mut set = |name: &str, value: Json| drop(about.insert(name.to_owned(), value));
    if !field.help.is_empty() {
        set("help", field.help.into());
    }
    match &field.kind {
        Kind::Selection(values) => set("selection", values.iter().map(|value| json!([value, value])).collect()),
        Kind::Char(size) => {
            set("size", (*size).into());
            set("trim", true.into());
            set("translate", false.into());
        }
        Kind::Text(_) => set("translate", false.into()),
        Kind::Binary => set("attachment", true.into()),
        Kind::Float => set("digits", json!([16, field.places])),
        Kind::One2many { comodel, inverse } => {
            set("relation", (*comodel).into());
            set("relation_field", (*inverse).into());
        }
        kind => {
            if let Some(comodel) = kind.comodel() {
                set("relation", comodel.into());
            }
        }
    }
    if field.kind.comodel().is_some() {
        set("domain", json!([]));
        set("context", json!({}));
    }
    about
}
