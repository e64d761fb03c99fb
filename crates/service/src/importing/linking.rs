//! What records refer to, and whose natural keys are others'.

use std::collections::{BTreeMap, BTreeSet};

use jsonrpc::Fault;
use jsonrpc::import::{Batch, How, Misfit, Outcome};
use records::{Failure, Tx, importing};
use serde_json::Value as Json;

use super::{Holder, Imported, Takings, bound};

/// How deep records of one batch may refer to each other.
const DEPTH: usize = 100;

/// What records refer to, of what was taken before or comes with them; what refers to something that is not taken is not taken either.
pub(super) async fn link(tx: &mut Tx<'_>, batch: &Batch, takings: &mut Takings) -> Result<(), Failure> {
    let Takings { model, name: own, all } = takings;
    let of_field = |field: &str| model.any_field(field).and_then(|field| Some((field.name, field.kind.is_list(), field.kind.comodel()?)));
    let mut wanted = BTreeSet::new();
    for taking in all.iter().filter(|taking| taking.is_open()) {
        for (field, ids) in &taking.record.links {
            let comodel = of_field(field).map(|(_, _, comodel)| comodel.to_owned());
            wanted.extend(comodel.into_iter().flat_map(|comodel| ids.iter().map(move |id| (comodel.clone(), *id))));
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let known = bound(tx, &batch.source, wanted).await?;
    let mut known: BTreeMap<(String, i64), i64> = known.into_iter().map(|one| ((one.model, one.odoo_id), one.record_id)).collect();
    let with_them: BTreeSet<i64> = all.iter().map(|taking| taking.record.odoo_id).collect();
    for _ in 0..DEPTH {
        known.retain(|(of, id), _| of != own || !with_them.contains(id));
        // What was taken before is there, but where it was removed
        let these = all.iter().filter(|taking| match taking.outcome {
            Some(Outcome::Refused { misfit, .. }) => taking.bound.is_some() && misfit != Misfit::Removed,
            Some(Outcome::Taken { .. }) | None => true,
        });
        known.extend(these.filter_map(|taking| Some((((*own).to_owned(), taking.record.odoo_id), taking.id?))));
        let mut is_done = true;
        for taking in all.iter_mut().filter(|taking| taking.is_open()) {
            for (field, ids) in &taking.record.links {
                let Some((name, is_list, comodel)) = of_field(field) else { continue };
                let here = |id: &i64| known.get(&(comodel.to_owned(), *id)).copied();
                let missing = ids.iter().find(|id| here(id).is_none());
                // Of a rehearsal nothing is stored that others refer to: whoever rehearses knows what would not be there
                let missing = missing.filter(|id| !batch.dry || comodel == *own && with_them.contains(id));
                if let Some(id) = missing {
                    let reason = format!("It refers to {comodel} {id} there ({}), which was not taken.", field);
                    let odoo = Some((comodel.to_owned(), *id));
                    taking.outcome.get_or_insert(Outcome::Refused { misfit: Misfit::Link, reason, record_id: None, odoo });
                    is_done = false;
                    break;
                }
                let here: Vec<i64> = ids.iter().filter_map(here).collect();
                match (is_list, here.first()) {
                    (true, _) => taking.values.set(name, here),
                    (false, first) => taking.values.set(name, first.copied()),
                }
            }
        }
        if is_done {
            return Ok(());
        }
    }
    Err(Fault::validation(format!("Records of one batch refer to each other over more than {DEPTH} others.")).into())
}

/// Whose natural keys are others': those that may are what is here already.
pub(super) async fn keys(tx: &mut Tx<'_>, imported: &Imported, docs: &mut Takings) -> Result<(), Failure> {
    let Takings { model, all, .. } = docs;
    let mut rows = Vec::new();
    for (n, taking) in all.iter().enumerate().filter(|(_, taking)| taking.is_open()) {
        let mut row = importing::row(model, &taking.values);
        row.insert("n".to_owned(), n.into());
        rows.push(Json::from(row));
    }
    let held: Vec<Holder> = tx.rows((imported.keys)(Json::from(rows).to_string())).await?;
    let there: BTreeMap<i64, i64> = all.iter().enumerate().map(|(n, taking)| (index(n), taking.record.odoo_id)).collect();
    for Holder { n, record_id, first } in held {
        let Some(taking) = usize::try_from(n).ok().and_then(|n| all.get_mut(n)) else { continue };
        if !taking.is_open() {
            continue;
        }
        let is_new = taking.bound.is_none();
        match record_id.filter(|id| is_new || taking.id != Some(*id)) {
            // A document has lines of its own
            Some(id) if is_new && taking.record.merge && imported.parts.is_empty() => taking.take(Some(id), How::Merged),
            Some(id) => taking.refuse_for(Misfit::Key, "Another record here has its natural key.", Some(id), None),
            None if first != n => {
                let other = there.get(&first).map(|id| (imported.model.to_owned(), *id));
                taking.refuse_for(Misfit::Key, "Another record of this batch has its natural key.", None, other);
            }
            None => {}
        }
    }
    Ok(())
}

fn index(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
