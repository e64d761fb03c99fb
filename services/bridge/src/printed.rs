//! What a verification found, as a paper that a project team signs. In French, as every paper of the hub's.

use bridge_contract::{CutOver, Line, Side, Verified};
use domain::Identity;
use jsonrpc::{Fault, Reply};
use records::Model;
use report::{Align, Column, Document, quantity};
use serde_json::{Map, Value as Json};
use service::{Owner, metrics};

use crate::Bridge;
use crate::client::text_of;

/// How many records that differ are printed by name.
const PRINTED: usize = 100;

/// The reports of these runs, each of which was a verification or a cut-over.
///
/// # Errors
/// 422 for a run of another kind, or one that has found nothing yet.
pub(crate) async fn report(owner: &Owner<Bridge>, identity: &Identity, model: &Model, ids: &[i64]) -> Result<Reply, Fault> {
    let rows = owner.records(identity, model, ids, "{id, kind, state, report, ended, odoo_id{name, base_url, db}}").await?;
    let documents = rows.iter().map(document).collect::<Result<Vec<_>, _>>()?;
    owner
        .drawn(move || {
            let printed = report::render(&documents)?;
            metrics::UNPRINTABLE.with_label_values(&["bridge"]).inc_by(u64::try_from(printed.missing).unwrap_or(u64::MAX));
            Ok::<_, report::RenderError>(printed.pdf)
        })
        .await
}

fn document(run: &Map<String, Json>) -> Result<Document, Fault> {
    let none = || Fault::validation("Only a verification, or a cut-over, that is done can be printed.");
    let text = text_of(run.get("report")).ok_or_else(none)?;
    let verified: Verified = match text_of(run.get("kind")) {
        Some("verification") => serde_json::from_str(text).map_err(|_unread| none())?,
        Some("cutover") => serde_json::from_str::<CutOver>(text).map_err(|_unread| none())?.verified,
        _ => return Err(none()),
    };
    let of_odoo = |name: &str| run.get("odoo_id").and_then(|odoo| text_of(odoo.get(name))).unwrap_or_default().to_owned();
    let column = |title: &str, align, weight| Column { title: title.to_owned(), align, weight };
    let number = |title: &str| column(title, Align::Right, 1.0);
    let mut rows = Vec::new();
    for line in verified.lines.iter().filter(|line| line.there.many > 0) {
        rows.push(numbers(line));
        rows.extend(sums(line));
        rows.extend(line.parts.iter().map(|part| {
            let is_same = if part.there == part.here { "" } else { "≠" };
            let side = |side: Side| format!("{} · {}", side.many, quantity(side.sum));
            vec![
                format!("   {}", part.of),
                side(part.there),
                String::new(),
                String::new(),
                String::new(),
                side(part.here),
                is_same.to_owned(),
            ]
        }));
    }
    let differ = verified.differences.iter().take(PRINTED);
    let mut notes: Vec<String> = differ.map(|one| format!("{} {} : {}", one.reader, one.their_id, one.what)).collect();
    notes.push(match verified.passed {
        true => "Chaque équation tient, et rien n’est inexpliqué.".to_owned(),
        false => format!("La vérification ne passe pas : {} enregistrements diffèrent.", verified.differing),
    });
    Ok(Document {
        title: "Vérification".to_owned(),
        number: format!("{}", run.get("id").and_then(Json::as_i64).unwrap_or_default()),
        facts: vec![
            ("Odoo".to_owned(), of_odoo("name")),
            ("Adresse".to_owned(), of_odoo("base_url")),
            ("Base".to_owned(), of_odoo("db")),
            ("Faite le (UTC)".to_owned(), text_of(run.get("ended")).unwrap_or_default().to_owned()),
        ],
        columns: vec![
            column("Données", Align::Left, 2.6),
            number("Là-bas"),
            number("Prises"),
            number("Mises de côté"),
            number("Laissées"),
            number("Ici"),
            column("", Align::Left, 0.4),
        ],
        rows,
        notes,
        signatures: vec!["L’équipe du projet".to_owned(), "La société".to_owned()],
        ..Document::default()
    })
}

fn numbers(line: &Line) -> Vec<String> {
    let sides = [line.there, line.taken, line.put_aside, line.left_out, line.here].map(|side| side.many.to_string());
    let is_same = if line.holds() { "=" } else { "≠" };
    std::iter::once(line.reader.clone()).chain(sides).chain([is_same.to_owned()]).collect()
}

fn sums(line: &Line) -> Option<Vec<String>> {
    let of = line.sum_of.as_ref()?;
    let sides = [line.there, line.taken, line.put_aside, line.left_out, line.here].map(|side| quantity(side.sum));
    let below = if line.below_zero.is_zero() { String::new() } else { format!(" (sous zéro : {})", quantity(line.below_zero)) };
    Some(std::iter::once(format!("   {of}{below}")).chain(sides).chain([String::new()]).collect())
}
