//! The words of pages, in three languages: the console's own, those of the declarations, and what refusals say.
//!
//! English is what stands in the declarations and what the services refuse with; French and Arabic are Fluent files beside
//! this crate (`i18n`). A refusal is recognised by the English pattern that it was made of.

use std::borrow::Cow;
use std::collections::HashMap;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_syntax::ast::{Entry, Expression, InlineExpression, PatternElement};
use unic_langid::LanguageIdentifier;

use crate::declared::{Action, Field, Model};

/// A language of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lang {
    /// The default.
    Fr,
    /// From right to left.
    Ar,
    /// As the declarations are.
    En,
}

impl Lang {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Lang; 3] = [Lang::Fr, Lang::Ar, Lang::En];

    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Lang::Fr => "fr",
            Lang::Ar => "ar",
            Lang::En => "en",
        }
    }

    /// As users have it.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::Fr => "fr_FR",
            Lang::Ar => "ar_DZ",
            Lang::En => "en_US",
        }
    }

    /// Its own name.
    pub fn name(self) -> &'static str {
        match self {
            Lang::Fr => "Français",
            Lang::Ar => "العربية",
            Lang::En => "English",
        }
    }

    /// Where its lines begin.
    pub fn dir(self) -> &'static str {
        if self == Lang::Ar { "rtl" } else { "ltr" }
    }

    /// The language of a tag as `fr_FR` or `ar-DZ`, where it is one of ours.
    pub fn parse(tag: &str) -> Option<Lang> {
        let primary = tag.split(['_', '-', ';']).next().unwrap_or_default().trim().to_ascii_lowercase();
        Lang::ALL.into_iter().find(|lang| lang.code() == primary)
    }

    /// The first of ours that a browser asks for (`Accept-Language`, in its order); else French.
    pub fn accepted(header: &str) -> Lang {
        header.split(',').find_map(Lang::parse).unwrap_or(Lang::Fr)
    }
}

type Bundle = FluentBundle<FluentResource>;

/// All words.
pub struct Words {
    bundles: HashMap<Lang, Bundle>,
    /// In the order of their file: what is more exact stands before.
    refusals: Vec<Template>,
}

/// A refusal's English pattern: texts, and the variables between them.
struct Template {
    id: String,
    parts: Vec<Part>,
}

enum Part {
    Text(String),
    Variable(String),
}

const FILES: [(Lang, [&str; 3]); 3] = [
    (Lang::Fr, [include_str!("../i18n/console.fr.ftl"), include_str!("../i18n/models.fr.ftl"), include_str!("../i18n/refusals.fr.ftl")]),
    (Lang::Ar, [include_str!("../i18n/console.ar.ftl"), include_str!("../i18n/models.ar.ftl"), include_str!("../i18n/refusals.ar.ftl")]),
    (Lang::En, [include_str!("../i18n/console.en.ftl"), include_str!("../i18n/models.en.ftl"), include_str!("../i18n/refusals.en.ftl")]),
];

impl Words {
    /// As the files have them.
    ///
    /// # Errors
    /// A file that is no Fluent, or names something twice.
    pub fn read() -> anyhow::Result<Words> {
        let mut bundles = HashMap::new();
        for (lang, files) in FILES {
            let id: LanguageIdentifier = lang.code().parse()?;
            let mut bundle = Bundle::new_concurrent(vec![id]);
            // Isolation is the page's, by <bdi> and dir
            bundle.set_use_isolating(false);
            for text in files {
                let resource =
                    FluentResource::try_new(text.to_owned()).map_err(|(_, errors)| anyhow::anyhow!("i18n, {}: {errors:?}", lang.code()))?;
                bundle.add_resource(resource).map_err(|errors| anyhow::anyhow!("i18n, {}: {errors:?}", lang.code()))?;
            }
            bundles.insert(lang, bundle);
        }
        let refusals = FILES.iter().find(|(lang, _)| *lang == Lang::En).map(|(_, files)| templates(files[2])).transpose()?;
        Ok(Words { bundles, refusals: refusals.unwrap_or_default() })
    }

    fn find(&self, lang: Lang, id: &str, attribute: Option<&str>, args: Option<&FluentArgs<'_>>) -> Option<String> {
        let bundle = self.bundles.get(&lang)?;
        let message = bundle.get_message(id)?;
        let pattern = match attribute {
            Some(name) => message.get_attribute(name)?.value(),
            None => message.value()?,
        };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, args, &mut errors).into_owned();
        if errors.is_empty() { Some(text) } else { None }
    }

    /// One of the console's own sentences. Its id where there is none in the language, which a test refuses.
    pub fn text(&self, lang: Lang, id: &str, args: &[(&str, &str)]) -> String {
        let mut given = FluentArgs::new();
        for (name, value) in args {
            // Numbers choose the plural
            match value.parse::<i64>() {
                Ok(number) => given.set(*name, FluentValue::from(number)),
                Err(_) => given.set(*name, FluentValue::from((*value).to_owned())),
            }
        }
        self.find(lang, id, None, Some(&given)).unwrap_or_else(|| id.to_owned())
    }

    /// What people call a model's records: one, or many.
    pub fn model<'m>(&self, lang: Lang, model: &'m Model, many: bool) -> Cow<'m, str> {
        let id = format!("model-{}", model.name.replace('.', "_"));
        let told = self.find(lang, &id, many.then_some("many"), None).or_else(|| self.find(lang, &id, None, None));
        told.map_or(Cow::Borrowed(model.label.as_str()), Cow::Owned)
    }

    /// Whether a model's words are there in a language: its name, and those of its fields, values and actions that are missing.
    pub fn missing(&self, lang: Lang, model: &Model) -> Vec<String> {
        let of = model.name.replace('.', "_");
        let mut missing = Vec::new();
        let mut need = |ids: [String; 2], attribute: Option<&str>| {
            if ids.iter().all(|id| self.find(lang, id, attribute, None).is_none()) {
                missing.push(format!("{}{}", ids[0], attribute.map(|name| format!(".{name}")).unwrap_or_default()));
            }
        };
        need([format!("model-{of}"), format!("model-{of}")], None);
        for field in &model.fields {
            let ids = || [format!("field-{of}-{}", field.name), format!("field-{}", field.name)];
            need(ids(), None);
            if !field.help.is_empty() {
                need(ids(), Some("help"));
            }
            for (value, _) in &field.selection {
                let value = plain(value);
                need([format!("value-{of}-{}-{value}", field.name), format!("value-{}-{value}", field.name)], None);
            }
        }
        for action in &model.actions {
            let ids = || [format!("action-{of}-{}", action.method), format!("action-{}", action.method)];
            need(ids(), None);
            need(ids(), Some("about"));
        }
        missing
    }

    fn of_two(&self, lang: Lang, kind: &str, model: &str, rest: &str, attribute: Option<&str>) -> Option<String> {
        let own = format!("{kind}-{}-{rest}", model.replace('.', "_"));
        self.find(lang, &own, attribute, None).or_else(|| self.find(lang, &format!("{kind}-{rest}"), attribute, None))
    }

    /// What people call a field.
    pub fn field<'f>(&self, lang: Lang, model: &str, field: &'f Field) -> Cow<'f, str> {
        let told = (lang != Lang::En).then(|| self.of_two(lang, "field", model, &field.name, None)).flatten();
        told.map_or(Cow::Borrowed(field.string.as_str()), Cow::Owned)
    }

    /// What people should know of a field.
    pub fn help<'f>(&self, lang: Lang, model: &str, field: &'f Field) -> Cow<'f, str> {
        if field.help.is_empty() {
            return Cow::Borrowed("");
        }
        let told = (lang != Lang::En).then(|| self.of_two(lang, "field", model, &field.name, Some("help"))).flatten();
        told.map_or(Cow::Borrowed(field.help.as_str()), Cow::Owned)
    }

    /// A value of a selection.
    pub fn value(&self, lang: Lang, model: &str, field: &str, value: &str) -> String {
        self.of_two(lang, "value", model, &format!("{field}-{}", plain(value)), None).unwrap_or_else(|| value.to_owned())
    }

    /// The short words of a button.
    pub fn action<'a>(&self, lang: Lang, model: &str, action: &'a Action) -> Cow<'a, str> {
        let told = self.of_two(lang, "action", model, &action.method, None);
        told.map_or(Cow::Borrowed(action.method.as_str()), Cow::Owned)
    }

    /// What a button does.
    pub fn about<'a>(&self, lang: Lang, model: &str, action: &'a Action) -> Cow<'a, str> {
        let told = (lang != Lang::En).then(|| self.of_two(lang, "action", model, &action.method, Some("about"))).flatten();
        told.map_or(Cow::Borrowed(action.about.as_str()), Cow::Owned)
    }

    /// A sentence of a refusal; as the service said it where no pattern of ours made it.
    pub fn refusal(&self, lang: Lang, sentence: &str) -> String {
        if lang == Lang::En {
            return sentence.to_owned();
        }
        for template in &self.refusals {
            if let Some(found) = template.matches(sentence) {
                let mut args = FluentArgs::new();
                for (name, value) in found {
                    // A line of a file or of a list is refused with a sentence of its own
                    let value = if name == "problem" && value.len() < sentence.len() { self.refusal(lang, &value) } else { value };
                    args.set(name, FluentValue::from(value));
                }
                if let Some(told) = self.find(lang, &template.id, None, Some(&args)) {
                    return told;
                }
            }
        }
        sentence.to_owned()
    }
}

/// A value as an id of Fluent's can have it.
fn plain(value: &str) -> String {
    value.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' }).collect()
}

fn templates(text: &str) -> anyhow::Result<Vec<Template>> {
    let resource = fluent_syntax::parser::parse(text).map_err(|(_, errors)| anyhow::anyhow!("refusals.en.ftl: {errors:?}"))?;
    let mut found = Vec::new();
    for entry in resource.body {
        let Entry::Message(message) = entry else { continue };
        let Some(pattern) = message.value else { continue };
        let parts = pattern.elements.into_iter().map(|element| match element {
            PatternElement::TextElement { value } => Ok(Part::Text(value.to_owned())),
            PatternElement::Placeable { expression: Expression::Inline(InlineExpression::VariableReference { id }) } => {
                Ok(Part::Variable(id.name.to_owned()))
            }
            PatternElement::Placeable { expression: Expression::Inline(InlineExpression::StringLiteral { value }) } => {
                Ok(Part::Text(value.to_owned()))
            }
            PatternElement::Placeable { .. } => {
                Err(anyhow::anyhow!("refusals.en.ftl, {}: a variable or a text was expected", message.id.name))
            }
        });
        found.push(Template { id: message.id.name.to_owned(), parts: parts.collect::<anyhow::Result<_>>()? });
    }
    Ok(found)
}

impl Template {
    /// The variables' texts, where a sentence was made of this: each is the shortest that lets the rest match.
    fn matches<'s>(&self, sentence: &'s str) -> Option<Vec<(String, String)>> {
        let (mut rest, mut found): (&'s str, Vec<(String, String)>) = (sentence, Vec::new());
        let mut open: Option<&str> = None;
        for part in &self.parts {
            match (part, open.take()) {
                (Part::Text(text), None) => rest = rest.strip_prefix(text.as_str())?,
                (Part::Text(text), Some(name)) => {
                    let at = rest.find(text.as_str())?;
                    found.push((name.to_owned(), rest.get(..at)?.to_owned()));
                    rest = rest.get(at + text.len()..)?;
                }
                (Part::Variable(name), None) => open = Some(name),
                (Part::Variable(_), Some(_)) => return None,
            }
        }
        match open {
            Some(name) => found.push((name.to_owned(), rest.to_owned())),
            None if rest.is_empty() => {}
            None => return None,
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_known_by_its_pattern() {
        let of = |text: &str| templates(text).unwrap();
        let all = of("refusal-a = Wrong value for { $field }: { $value } expected\nrefusal-b = Nothing.\n");
        let found = all[0].matches("Wrong value for x.y: 7 (one of a, b) expected").unwrap();
        assert_eq!(found, [("field".to_owned(), "x.y".to_owned()), ("value".to_owned(), "7 (one of a, b)".to_owned())]);
        assert!(all[0].matches("Wrong value for x.y: 7").is_none() && all[1].matches("Nothing. More").is_none());
        assert_eq!(all[1].matches("Nothing."), Some(Vec::new()));
    }

    #[test]
    fn languages_are_found_by_their_tags() {
        assert_eq!(Lang::parse("ar_DZ"), Some(Lang::Ar));
        assert_eq!(Lang::accepted("de-DE,de;q=0.9,en;q=0.8"), Lang::En);
        assert_eq!(Lang::accepted("kab"), Lang::Fr);
    }

    #[test]
    fn every_sentence_is_there_in_every_language() {
        let ids = |text: &str| -> Vec<String> {
            let resource = fluent_syntax::parser::parse(text.to_owned()).unwrap_or_else(|(_, errors)| panic!("{errors:?}"));
            let messages = resource.body.into_iter().filter_map(|entry| match entry {
                Entry::Message(message) => Some(message.id.name),
                _ => None,
            });
            let mut ids: Vec<String> = messages.collect();
            ids.sort();
            ids
        };
        for file in [0, 2] {
            let [fr, ar, en] = FILES.map(|(_, files)| ids(files[file]));
            assert_eq!(fr, en, "French and English");
            assert_eq!(ar, en, "Arabic and English");
        }
        Words::read().unwrap();
    }
}
