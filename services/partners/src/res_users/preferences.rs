//! In which language and time zone somebody reads: everybody's own to say, whoever looks after the rest of the user.

use jsonrpc::Fault;
use records::values::is_unset;
use records::{Action, Argument, Model, Tx, Values};
use serde_json::{Map, Value as Json};
use service::owner::Answer;

/// The languages that there are words in.
const LANGUAGES: [&str; 3] = ["fr_FR", "ar_DZ", "en_US"];

/// Says them.
pub(super) const ACTION: Action = Action {
    method: "set_preferences",
    arguments: &[
        Argument::optional("lang", r#"{"type": "string", "enum": ["fr_FR", "ar_DZ", "en_US"]}"#),
        Argument::optional("tz", r#"{"type": "string", "minLength": 1, "maxLength": 64, "examples": ["Africa/Algiers"]}"#),
    ],
    on_record: false,
    about: "Says in which language and time zone one reads: one's own, whatever else one may change of oneself.",
};

/// Keeps what was said; what was not stays.
///
/// # Errors
/// 422 for a language or a time zone that is none.
pub(super) async fn set(tx: &mut Tx<'_>, model: &Model, user: i64, data: &Map<String, Json>) -> Answer {
    let mut values = Values::default();
    let mut problems = tx.problems();
    let mut read = |name: &'static str, is: &dyn Fn(&str) -> bool| match data.get(name).filter(|sent| !is_unset(sent)) {
        None => {}
        Some(Json::String(text)) if is(text) => values.set(name, text.as_str()),
        Some(_) if name == "lang" => problems.add(format!("`lang`: one of {} was expected", LANGUAGES.join(", "))),
        Some(_) => problems.add("`tz`: the name of a time zone was expected, as Africa/Algiers".to_owned()),
    };
    read("lang", &|lang| LANGUAGES.contains(&lang));
    read("tz", &|tz| tz.parse::<chrono_tz::Tz>().is_ok());
    problems.check()?;
    if values.is_empty() {
        return Err(Fault::validation("`lang` or `tz` was expected").into());
    }
    tx.update(model, vec![user], &values).await?;
    Ok(true.into())
}
