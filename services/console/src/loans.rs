//! `/web/loans`: loan files as a list of work, by their state and how far they are; the step to another state, for a reason.

use actix_web::{HttpResponse, web};
use askama::Template;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::asked::{Asked, How};
use crate::list::{self, Fixed, ListPage};
use crate::page::Page;
use crate::progress::{Bar, of_file};
use crate::record::told;
use crate::refused::Refused;
use crate::shown;
use crate::visit::{Visit, html, leave};

const HERE: &str = "/web/loans";
const MODEL: &str = "crm.lead";
const STEP: &str = "action_file_state";
const COLUMNS: &[&str] =
    &["file_number", "partner_id", "ek_order_id", "bank_id", "expected_revenue", "file_state", "progress", "file_state_date"];
/// The column of money.
const MONEY: &str = "expected_revenue";
/// How many states have a tab, and how many are asked for.
const TABS: usize = 20;
const STATES: usize = 500;

/// A state with how many files are in it.
struct Tab {
    label: String,
    count: u64,
    href: String,
    is_here: bool,
}

#[derive(Template)]
#[template(path = "loans.html")]
struct Loans<'v> {
    page: Page<'v>,
    list: ListPage<'v>,
    tabs: Vec<Tab>,
    /// The states that there are, offered where one is typed.
    states: Vec<String>,
    /// How far each row's file is.
    bars: Vec<Option<Bar>>,
    may_step: bool,
    /// The list as it is asked for.
    back: String,
    refused: Vec<String>,
    /// What was filled in before it was refused: state, reason.
    filled: (String, String),
    /// The rows that were chosen.
    chosen: Vec<i64>,
}

impl Loans<'_> {
    fn bar(&self, row: &usize) -> Option<&Bar> {
        self.bars.get(*row).and_then(Option::as_ref)
    }

    fn is_progress(&self, column: &usize) -> bool {
        self.list.heads.get(*column).is_some_and(|head| head.name == "progress")
    }

    fn is_chosen(&self, id: &i64) -> bool {
        self.chosen.contains(id)
    }
}

/// `GET /web/loans`
pub async fn list(visit: Visit) -> HttpResponse {
    let asked = Asked::read(visit.query());
    visit.told(made(&visit, asked, Vec::new(), None).await)
}

/// `POST /web/loans`: takes the chosen files to a state, for a reason.
pub async fn step(visit: Visit, payload: web::Payload) -> HttpResponse {
    let answer = async {
        if visit.model(MODEL)?.field("file_state").is_none() {
            return Err(Refused::not_found());
        }
        let form = visit.form(payload).await?;
        let back = Some(form.one("back")).filter(|back| back.starts_with('?') && back.len() <= 4_000).unwrap_or("?");
        let ids: Vec<i64> = form.all("id").filter_map(|id| id.parse().ok()).take(1_000).collect();
        let (state, reason) = (form.one("state").trim(), form.one("reason").trim());
        let refused = if ids.is_empty() {
            vec![visit.t("loans-choose")]
        } else {
            match visit.call_kw(MODEL, STEP, json!([ids]), json!({"state": state, "reason": reason})).await {
                Ok(_) => return Ok(leave(&format!("{HERE}{back}&done=step"))),
                Err(refused) if refused.is_nobody() || refused.status == 404 => return Err(refused),
                Err(refused) => told(&visit, &refused),
            }
        };
        let asked = Asked::read(&crate::visit::pairs(back.trim_start_matches('?').as_bytes())?);
        let filled = Filled { state: state.to_owned(), reason: reason.to_owned(), ids };
        made(&visit, asked, refused, Some(filled)).await
    };
    visit.told(answer.await)
}

struct Filled {
    state: String,
    reason: String,
    ids: Vec<i64>,
}

async fn made(visit: &Visit, asked: Asked, refused: Vec<String>, filled: Option<Filled>) -> Result<HttpResponse, Refused> {
    let model = visit.model(MODEL)?;
    // Who reads leads and not their files, as a clerk, has no such page
    if model.field("file_state").is_none() {
        return Err(Refused::not_found());
    }
    let here = asked.chosen("file_state", How::Is).to_owned();
    let states = states(visit, model, &asked).await?;
    // Every lead that has a file: one that came without has no state
    let fixed = Fixed {
        base: Some(HERE.to_owned()),
        domain: vec![json!(["file_state", "!=", false])],
        columns: COLUMNS,
        filters: &["bank_id", "file_state_date", "create_date"],
        known: states.all.clone().filter(|_| here.is_empty()),
        ..Fixed::default()
    };
    let list = list::made(visit, model, asked.clone(), Page::new(visit, HERE, visit.t("menu-loans")), fixed).await?;
    let groups = states.groups;
    let progress = list.heads.iter().position(|head| head.name == "progress");
    let bars = list.rows.iter().map(|row| {
        let text = &row.cells.get(progress?)?.text;
        shown::typed_number(text)?.parse().ok().map(|number| of_file(visit.lang, number))
    });
    let all: u64 = groups.iter().map(|(_, count)| count).sum();
    let to = |state: &str| {
        let state = state.to_owned();
        let href = asked.with(|asked| {
            asked.filters.retain(|(field, _, _)| field != "file_state");
            if !state.is_empty() {
                asked.filters.push(("file_state".to_owned(), How::Is, state));
            }
            asked.page = 1;
        });
        format!("{HERE}{href}")
    };
    let first = Tab { label: visit.t("loans-all"), count: all, href: to(""), is_here: here.is_empty() };
    let others = groups.iter().take(TABS).map(|(state, count)| Tab {
        label: state.clone(),
        count: *count,
        href: to(state),
        is_here: *state == here,
    });
    let (state, reason, chosen) = filled.map(|filled| (filled.state, filled.reason, filled.ids)).unwrap_or_default();
    let status = if refused.is_empty() { 200 } else { 422 };
    let page = Loans {
        page: Page::new(visit, HERE, visit.t("menu-loans")),
        bars: bars.collect(),
        tabs: [first].into_iter().chain(others).collect(),
        states: groups.into_iter().map(|(state, _)| state).collect(),
        may_step: model.write && model.action(STEP).is_some(),
        back: asked.with(|_| {}),
        refused,
        filled: (state, reason),
        chosen,
        list,
    };
    Ok(html(&visit.request, status, &page))
}

/// The states that there are.
struct States {
    /// Each with how many files it has.
    groups: Vec<(String, u64)>,
    /// How many files there are and what they come to, as the list tells it; none where there are more states than are asked for.
    all: Option<Value>,
}

/// The states that there are, whatever tab is open.
async fn states(visit: &Visit, model: &crate::declared::Model, asked: &Asked) -> Result<States, Refused> {
    let mut asked = asked.clone();
    asked.filters.retain(|(field, _, _)| field != "file_state");
    let mut domain = asked.domain(visit, model)?;
    if let Value::Array(terms) = &mut domain {
        terms.push(json!(["file_state", "!=", false]));
    }
    let query =
        [("group_by", "file_state".to_owned()), ("sum", MONEY.to_owned()), ("filter", domain.to_string()), ("limit", STATES.to_string())];
    let listed = visit.list(MODEL, &query).await?.result;
    let count = |group: &Value| group.get("count").and_then(Value::as_u64);
    let sums: Option<Vec<Decimal>> = listed.iter().map(|group| shown::text(group.get(MONEY)?).parse().ok()).collect();
    let all = sums.filter(|_| listed.len() < STATES).map(|sums| {
        let (many, much) = (listed.iter().filter_map(count).sum::<u64>(), sums.into_iter().sum::<Decimal>());
        json!({"count": many, MONEY: much.to_string()})
    });
    let state = |group: &Value| Some((shown::text(group.get("file_state")?), count(group)?));
    Ok(States { groups: listed.iter().filter_map(state).filter(|(state, _)| !state.is_empty()).collect(), all })
}
