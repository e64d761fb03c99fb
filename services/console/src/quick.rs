//! What is offered over a list: the values of one selection, each with how many there are. What the list comes to is known from the same
//! question, so that a long table is read once.

use rust_decimal::Decimal;
use serde_json::Value;

use crate::asked::{Asked, How};
use crate::declared::{Field, Model};
use crate::refused::Refused;
use crate::shown;
use crate::views;
use crate::visit::Visit;

/// A value of the view's selection, over the list.
pub struct Quick {
    /// What it is called.
    pub label: String,
    /// How many there are.
    pub count: String,
    /// The list of them.
    pub href: String,
    /// Whether it is this list.
    pub is_here: bool,
}

/// What stands over a list, and what the list comes to.
#[derive(Default)]
pub struct Counted {
    /// The values, and all of them together before.
    pub values: Vec<Quick>,
    /// How many records the list has.
    pub count: u64,
    /// What its columns of money come to.
    pub sums: Value,
}

/// The view's selection, whose values stand over its list.
pub fn offered(model: &Model) -> Option<&Field> {
    model.field(views::view(&model.name).quick).filter(|field| field.searchable && field.groupable)
}

/// The values of a selection, each with how many there are of what is asked for besides; and what those of the list come to.
///
/// # Errors
/// What the hub refuses.
pub async fn quick(
    visit: &Visit,
    model: &Model,
    asked: &Asked,
    field: Option<&Field>,
    summed: &[&str],
    fixed: &[Value],
) -> Result<Counted, Refused> {
    let Some(field) = field else { return Ok(Counted::default()) };
    let mut without = asked.clone();
    without.filters.retain(|(name, how, _)| *name != field.name || *how != How::Is);
    without.page = 1;
    let mut domain = without.domain(visit, model)?;
    if let Value::Array(terms) = &mut domain {
        terms.extend(fixed.iter().cloned());
    }
    let mut parameters = vec![("group_by", field.name.clone()), ("filter", domain.to_string())];
    if !summed.is_empty() {
        parameters.push(("sum", summed.join(",")));
    }
    parameters.extend(asked.context());
    let groups = visit.list(&model.name, &parameters).await?.result;
    let chosen = asked.chosen(&field.name, How::Is);
    let value_of = |group: &Value| shown::text_of(group, &field.name);
    let is_of =
        |group: &&Value, value: &str| value.is_empty() || value_of(group) == value || value == "unset" && value_of(group).is_empty();
    let counted =
        |value: &str| -> u64 { groups.iter().filter(|group| is_of(group, value)).filter_map(|group| group.get("count")?.as_u64()).sum() };
    let sum = |name: &str| -> Decimal {
        let of_groups = groups.iter().filter(|group| is_of(group, chosen)).filter_map(|group| group.get(name).map(shown::text));
        of_groups.filter_map(|sum| sum.parse::<Decimal>().ok()).sum()
    };
    let sums = summed.iter().map(|name| ((*name).to_owned(), Value::String(sum(name).to_string()))).collect();
    let link = |value: &str| {
        without.with(|asked| asked.filters.extend((!value.is_empty()).then(|| (field.name.clone(), How::Is, value.to_owned()))))
    };
    let made = |label: String, value: &str| Quick {
        label,
        count: shown::number(visit.lang, &counted(value).to_string(), None),
        href: link(value),
        is_here: value == chosen,
    };
    let called = |value: &str| visit.console.words.value(visit.lang, &model.name, &field.name, value);
    let values = field.selection.iter().map(|(value, _)| made(called(value), value));
    let values = std::iter::once(made(visit.t("quick-all"), "")).chain(values).collect();
    Ok(Counted { values, count: counted(chosen), sums: Value::Object(sums) })
}
