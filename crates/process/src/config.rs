//! Configuration from the environment, read once, into one struct.
//!
//! envy stops at the first thing that is wrong; an operator wants to know all of it. [`settings!`](crate::settings!) declares a struct whose
//! fields are read by envy one at a time, so that every missing and every wrong variable is told at once.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Environment variables by name.
pub type Variables = HashMap<String, String>;

/// The process's environment. An empty variable is an absent one.
pub fn environment() -> Variables {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// Reads one variable, or its default; what is wrong is added to `problems`.
pub fn read<T: DeserializeOwned>(variables: &Variables, name: &str, default: Option<&str>, problems: &mut Vec<String>) -> Option<T> {
    #[derive(Deserialize)]
    struct One<T> {
        value: T,
    }
    // Without a value only an Option can be read
    let given = variables.get(name).map(String::as_str).or(default).map(|text| ("VALUE".to_owned(), text.to_owned()));
    match envy::from_iter::<_, One<T>>(given) {
        Ok(one) => Some(one.value),
        Err(envy::Error::MissingValue(_)) => {
            problems.push(format!("{name} is missing"));
            None
        }
        Err(envy::Error::Custom(message)) => {
            // envy's own words may hold the value; it is not repeated where it could be a secret
            problems.push(format!("{name} is wrong: {}", message.split(" while parsing").next().unwrap_or_default()));
            None
        }
    }
}

/// One line a problem, or the configuration.
///
/// # Errors
/// Every missing and wrong variable.
pub fn check<T>(config: Option<T>, problems: Vec<String>) -> anyhow::Result<T> {
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => anyhow::bail!("the configuration is not complete:\n  {}", problems.join("\n  ")),
    }
}

/// Declares a configuration struct; each field's variable is its name in capitals. `= "text"` gives a default, as it would
/// stand in the environment; a field without one is required.
#[macro_export]
macro_rules! settings {
    ($(#[$about:meta])* pub struct $name:ident { $($(#[doc = $doc:literal])+ $field:ident : $kind:ty $(= $default:literal)?),* $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Debug)]
        pub struct $name { $($(#[doc = $doc])+ pub $field: $kind),* }

        impl $name {
            /// Every variable: its name, its default, what it is for.
            pub const VARIABLES: &'static [(&'static str, Option<&'static str>, &'static str)] =
                &[$((stringify!($field), $crate::settings!(@default $($default)?), concat!($($doc),+))),*];

            /// Reads every variable; what is missing or wrong is added to `problems`.
            pub fn read(variables: &$crate::config::Variables, problems: &mut Vec<String>) -> Option<Self> {
                $(let $field = $crate::config::read(variables, &stringify!($field).to_ascii_uppercase(), $crate::settings!(@default $($default)?), problems);)*
                Some(Self { $($field: $field?),* })
            }
        }
    };
    (@default) => { None };
    (@default $default:literal) => { Some($default) };
}

#[cfg(test)]
#[expect(unreachable_pub, reason = "what the macro declares is public")]
mod tests {
    use secrecy::{ExposeSecret, SecretString};

    use super::*;

    settings! {
        /// A test's.
        pub struct Config {
            /// Where.
            port: u16 = "80",
            /// Secret.
            key: SecretString,
            /// Names.
            names: Vec<String> = "a,b",
            /// Flag.
            flag: bool = "false",
        }
    }

    #[test]
    fn everything_wrong_is_told_at_once_and_no_secret_with_it() {
        let variables = Variables::from([("PORT".into(), "eighty".into()), ("FLAG".into(), "maybe".into())]);
        let mut problems = Vec::new();
        let config = Config::read(&variables, &mut problems);
        let message = check(config, problems).unwrap_err().to_string();
        assert!(message.contains("PORT is wrong") && message.contains("KEY is missing") && message.contains("FLAG is wrong"), "{message}");
        assert!(!message.contains("eighty"), "{message}");
    }

    #[test]
    fn defaults_stand_in_and_secrets_stay_hidden() {
        let mut problems = Vec::new();
        let config = Config::read(&Variables::from([("KEY".into(), "s3cret".into())]), &mut problems).unwrap();
        assert_eq!((config.port, config.names.len(), config.flag), (80, 2, false));
        assert_eq!(config.key.expose_secret(), "s3cret");
        assert!(!format!("{config:?}").contains("s3cret"));
        assert_eq!(Config::VARIABLES[1], ("key", None, " Secret."));
    }
}
