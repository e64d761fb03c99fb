//! The secrets of a cluster, to begin with.

use std::fmt::Write as _;

use anyhow::Context;

use crate::keys::new_key;
use crate::{OWNERS, PROCESSES};

/// Everything secret that the manifests refer to, made anew, for `kubectl apply -f -`. To be run once and kept safe: with other
/// keys, loan files and platforms' secrets can't be read. A pilot's services share a PostgreSQL, so their passwords are made here;
/// in production the operator makes those of each service's own.
///
/// # Errors
/// No randomness.
pub fn secrets(is_pilot: bool) -> anyhow::Result<String> {
    let (private, public) = service::identity::make_ring(PROCESSES)?;
    let mut text = String::from("# Made once. Whoever has this can read every loan file.\n");
    let mut object = |kind: &str, name: &str, entries: &[(&str, &str)]| {
        let field = if kind == "Secret" { "stringData" } else { "data" };
        write!(
            text,
            "---\napiVersion: v1\nkind: {kind}\nmetadata:\n  name: {name}\n  labels:\n    app.kubernetes.io/part-of: echange\n{field}:\n"
        )
        .ok();
        for (key, value) in entries {
            writeln!(text, "  {key}: \"{value}\"").ok();
        }
    };
    for process in PROCESSES {
        let key = private.get(*process).context("a process without a key")?;
        object("Secret", &format!("{process}-identity"), &[("IDENTITY_KEY", key)]);
    }
    object("ConfigMap", "identity-public-keys", &[("IDENTITY_PUBLIC_KEYS", &public.join(","))]);
    object("Secret", "loan-file-keys", &[("LOAN_FILE_KEYS", &format!("k1:{}", new_key()))]);
    for owner in OWNERS {
        object("Secret", &format!("{owner}-hash-keys"), &[("HASH_KEYS", &format!("k1:{}", new_key()))]);
    }
    object("Secret", "bridge-keys", &[("BRIDGE_KEYS", &format!("k1:{}", new_key()))]);
    object("Secret", "platform-keys", &[("PLATFORM_KEYS", &format!("k1:{}", new_key()))]);
    // Another cluster's is another's: what is restored there pushes nothing until `sync adopt`
    let letters = |many: usize| new_key().chars().filter(char::is_ascii_alphanumeric).take(many).collect::<String>();
    let own = letters(8);
    object("ConfigMap", "installation", &[("INSTALLATION", &format!("echange-{own}"))]);
    for owner in OWNERS.iter().filter(|_| is_pilot) {
        let password = letters(24);
        let uri = format!("postgresql://{owner}:{password}@hub-db-rw:5432/echange");
        object("Secret", &format!("{owner}-db-app"), &[("username", owner), ("password", &password), ("uri", &uri)]);
    }
    object("Secret", "first-administrator", &[("ADMIN_LOGIN", "admin"), ("ADMIN_PASSWORD", &letters(24))]);
    Ok(text)
}
