//! `/web/leads`: leads as a board, a column a stage. Cards are dragged by the mouse, or moved by a form of their own.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::{Value, json};

use crate::asked::{Asked, How};
use crate::cells::pair;
use crate::declared::Model;
use crate::page::Page;
use crate::record::told;
use crate::refused::Refused;
use crate::shown;
use crate::visit::{Visit, html, leave};

const HERE: &str = "/web/leads";
/// How many columns a board has.
const STAGES: usize = 12;
/// How many cards stand in one.
const CARDS: u64 = 30;
/// How many banks are offered.
const BANKS: usize = 50;

/// A card: a lead.
struct Card {
    id: i64,
    name: String,
    client: String,
    bank: String,
    pos: String,
    amount: String,
    day: String,
    /// In words, where it is more than low.
    priority: String,
}

/// A column: a stage.
struct Column {
    id: i64,
    name: String,
    count: u64,
    sum: String,
    is_folded: bool,
    cards: Vec<Card>,
    /// The list of all of it.
    all: String,
}

impl Column {
    fn is_cut(&self) -> bool {
        u64::try_from(self.cards.len()).is_ok_and(|shown| shown < self.count)
    }

    fn count_text(&self) -> String {
        self.count.to_string()
    }
}

#[derive(Template)]
#[template(path = "leads.html")]
struct Board<'v> {
    page: Page<'v>,
    asked: Asked,
    columns: Vec<Column>,
    /// What a card may be moved to: stage, its name.
    stages: Vec<(i64, String)>,
    banks: Vec<(String, String, bool)>,
    /// Whether cards may be moved.
    may_move: bool,
    /// The board as it is asked for, behind the question mark.
    back: String,
    refused: Vec<String>,
}

impl Board<'_> {
    fn is_narrowed(&self) -> bool {
        !self.asked.q.is_empty() || !self.asked.filters.is_empty()
    }

    fn as_list(&self) -> String {
        format!("/web/crm.lead{}", self.back)
    }

    fn is_stage(&self, id: &i64, of: &i64) -> bool {
        id == of
    }
}

/// `GET /web/leads`
pub async fn board(visit: Visit) -> HttpResponse {
    let asked = Asked::read(visit.query());
    visit.told(made(&visit, asked, Vec::new()).await)
}

/// `POST /web/leads/{id}/move`: a card to another stage.
pub async fn moved(visit: Visit, id: web::Path<i64>, payload: web::Payload) -> HttpResponse {
    let answer = async {
        let form = visit.form(payload).await?;
        let back = Some(form.one("back")).filter(|back| back.starts_with('?') && back.len() <= 2_000).unwrap_or("?");
        let stage: i64 = form.one("stage").parse().map_err(|_no_number| Refused::of(422, "Choose a stage first."))?;
        match visit.write("crm.lead", *id, &json!({"stage_id": stage}), form.key()).await {
            Ok(()) => Ok(leave(&format!("{HERE}{back}&done=moved"))),
            Err(refused) if refused.is_nobody() => Err(refused),
            Err(refused) => {
                let asked = Asked::read(&crate::visit::pairs(back.trim_start_matches('?').as_bytes())?);
                made(&visit, asked, told(&visit, &refused)).await
            }
        }
    };
    visit.told(answer.await)
}

async fn made(visit: &Visit, asked: Asked, refused: Vec<String>) -> Result<HttpResponse, Refused> {
    let model = visit.model("crm.lead")?;
    let domain = asked.domain(visit, model)?;
    let (stages, sums, banks) = futures_util::join!(stages(visit), sums(visit, &domain), visit.offered("res.bank", BANKS));
    let (stages, sums) = (stages?, sums?);
    let columns = stages.iter().map(async |stage| column(visit, model, &asked, &domain, stage, &sums).await);
    let columns: Result<Vec<Column>, Refused> = futures_util::future::join_all(columns).await.into_iter().collect();
    let chosen = asked.chosen("bank_id", How::Is).to_owned();
    // A board is shown without what narrows it rather than not at all
    let banks = banks.unwrap_or_else(|_away| Vec::new()).into_iter().map(|(id, name)| {
        let is = id == chosen;
        (id, name, is)
    });
    let status = if refused.is_empty() { 200 } else { 422 };
    let title = visit.console.words.model(visit.lang, model, true).into_owned();
    let board = Board {
        page: Page::new(visit, HERE, title),
        columns: columns?,
        stages: stages.into_iter().map(|stage| (stage.id, stage.name)).collect(),
        banks: banks.collect(),
        may_move: model.write && model.field("stage_id").is_some_and(|field| !field.readonly),
        back: asked.with(|_| {}),
        asked,
        refused,
    };
    Ok(html(&visit.request, status, &board))
}

struct Stage {
    id: i64,
    name: String,
    is_folded: bool,
}

async fn stages(visit: &Visit) -> Result<Vec<Stage>, Refused> {
    let folds = visit.model("crm.stage")?.field("fold").is_some();
    let query = [
        ("query", if folds { "{id, display_name, fold}" } else { "{id, display_name}" }.to_owned()),
        ("page_size", STAGES.to_string()),
        ("page", "1".to_owned()),
    ];
    let listed = visit.list("crm.stage", &query).await?;
    let stage = |record: &Value| {
        let (id, name) = pair(record);
        Some(Stage { id: id?, name, is_folded: record.get("fold") == Some(&Value::Bool(true)) })
    };
    Ok(listed.result.iter().filter_map(stage).collect())
}

/// What each stage has: count and sum, by its number.
async fn sums(visit: &Visit, domain: &Value) -> Result<Vec<(i64, u64, String)>, Refused> {
    let query = [
        ("group_by", "stage_id".to_owned()),
        ("sum", "expected_revenue".to_owned()),
        ("filter", domain.to_string()),
        ("limit", "500".to_owned()),
    ];
    let listed = visit.list("crm.lead", &query).await?;
    let group = |group: &Value| {
        let sum = shown::text_of(group, "expected_revenue");
        Some((group.get("stage_id")?.as_i64()?, group.get("count")?.as_u64()?, sum))
    };
    Ok(listed.result.iter().filter_map(group).collect())
}

async fn column(
    visit: &Visit,
    model: &Model,
    asked: &Asked,
    domain: &Value,
    stage: &Stage,
    sums: &[(i64, u64, String)],
) -> Result<Column, Refused> {
    let (count, sum) = sums.iter().find(|(id, _, _)| *id == stage.id).map(|(_, count, sum)| (*count, sum.clone())).unwrap_or_default();
    let terms = domain.as_array().cloned().unwrap_or_default();
    let terms: Vec<Value> = terms.into_iter().chain([json!(["stage_id", "=", stage.id])]).collect();
    let cards = if count == 0 || stage.is_folded {
        Vec::new()
    } else {
        let fields = ["partner_id", "bank_id", "code_pos", "expected_revenue", "create_date", "priority"];
        let known = fields.iter().filter_map(|name| model.field(name)).map(|field| field.asked()).collect::<Vec<_>>();
        let query = [
            ("query", format!("{{id, display_name, {}}}", known.join(", "))),
            ("filter", Value::Array(terms).to_string()),
            // How many there are is known
            ("limit", CARDS.to_string()),
        ];
        visit.list("crm.lead", &query).await?.result
    };
    let all = asked.with(|asked| asked.filters.push(("stage_id".to_owned(), How::Is, stage.id.to_string())));
    Ok(Column {
        id: stage.id,
        name: stage.name.clone(),
        count,
        sum: shown::money(visit.lang, if sum.is_empty() { "0" } else { &sum }),
        is_folded: stage.is_folded,
        cards: cards.iter().map(|record| card(visit, record)).collect(),
        all: format!("/web/crm.lead{all}"),
    })
}

fn card(visit: &Visit, record: &Value) -> Card {
    let text = |name: &str| shown::text_of(record, name);
    let of = |name: &str| record.get(name).map(|value| pair(value).1).unwrap_or_default();
    let (id, name) = pair(record);
    let priority = text("priority");
    let amount = text("expected_revenue");
    Card {
        id: id.unwrap_or_default(),
        name,
        client: of("partner_id"),
        bank: of("bank_id"),
        pos: text("code_pos"),
        amount: if amount.is_empty() { amount } else { shown::money(visit.lang, &amount) },
        day: shown::moment(visit.zone, &text("create_date")).chars().take(10).collect(),
        priority: match priority.as_str() {
            "" | "0" => String::new(),
            more => visit.console.words.value(visit.lang, "crm.lead", "priority", more),
        },
    }
}
