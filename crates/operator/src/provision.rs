//! What an operator does once for a database, done by the hub on a laptop: a role and a schema for each service.

use std::collections::HashMap;

use anyhow::Context;
use diesel::result::Error;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use sha2::{Digest, Sha256};

use crate::OWNERS;

/// Makes the database where it is not there.
///
/// # Errors
/// The database's own.
pub async fn database(admin_url: &str, name: &str) -> anyhow::Result<()> {
    anyhow::ensure!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "DB_NAME may have letters, digits and _ only");
    let mut conn = AsyncPgConnection::establish(admin_url).await.context("PostgreSQL can't be reached")?;
    let there = diesel::sql_query(format!("SELECT 1 FROM pg_database WHERE datname = '{name}'")).execute(&mut conn).await?;
    if there == 0 {
        conn.batch_execute(&format!("CREATE DATABASE {name}")).await?;
    }
    Ok(())
}

/// Makes each owner's role where it is not there: what a restore needs before anything else.
///
/// # Errors
/// The database's own.
pub async fn owners(conn: &mut AsyncPgConnection) -> anyhow::Result<()> {
    for owner in OWNERS {
        let make = format!("IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{owner}') THEN CREATE ROLE {owner} LOGIN; END IF;");
        // PostgreSQL 15 lets nobody but a superuser or a member restore what a role owns
        conn.batch_execute(&format!("DO $$ BEGIN {make} END $$; GRANT {owner} TO CURRENT_USER")).await?;
    }
    Ok(())
}

/// A URL without its password, and the password, for programs whose arguments everybody can read.
///
/// # Errors
/// A URL that is none.
pub fn without_password(url: &str) -> anyhow::Result<(String, String)> {
    let (scheme, authority, path) = parts(url)?;
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let at = if user.is_empty() { String::new() } else { format!("{user}@") };
    Ok((format!("{scheme}://{at}{host}/{path}"), decoded(password)))
}

/// Percent-decoded.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Makes each owner's role and schema in the database of `admin_url`, and answers each one's own URL. Where the given user
/// may make no roles, all use its URL. A database that is not there yet is waited for.
///
/// # Errors
/// The database's own.
pub async fn roles(admin_url: &str) -> anyhow::Result<HashMap<&'static str, String>> {
    service::database::patiently("hub", || roles_once(admin_url)).await
}

/// For who only looks: the given user may read what it has made for the owners.
pub fn shared(admin_url: &str) -> HashMap<&'static str, String> {
    OWNERS.iter().map(|owner| (*owner, admin_url.to_owned())).collect()
}

async fn roles_once(admin_url: &str) -> anyhow::Result<HashMap<&'static str, String>> {
    let mut conn = AsyncPgConnection::establish(admin_url).await.context("the database can't be reached")?;
    conn.batch_execute("SELECT pg_advisory_lock(hashtext('echange migrations'))").await?;
    let mut urls = urls(admin_url)?;
    for owner in OWNERS {
        let password = password(owner, admin_url)?;
        let made = conn
            .batch_execute(&format!(
                "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{owner}') THEN CREATE ROLE {owner} LOGIN; END IF; END $$; \
                 ALTER ROLE {owner} PASSWORD '{password}'; \
                 GRANT {owner} TO CURRENT_USER; \
                 CREATE SCHEMA IF NOT EXISTS {owner} AUTHORIZATION {owner}; \
                 CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public; CREATE EXTENSION IF NOT EXISTS unaccent SCHEMA public"
            ))
            .await;
        match made {
            Ok(()) => None,
            Err(Error::DatabaseError(_, info)) if info.message().contains("permission denied") => {
                tracing::warn!(owner, "the database's user may make no roles: the services share it, separated by schema only");
                urls.insert(*owner, admin_url.to_owned())
            }
            Err(error) => return Err(error).context("a service's role could not be made"),
        };
    }
    Ok(urls)
}

/// Each owner's own URL, as [`roles`] makes them.
///
/// # Errors
/// A URL that is none.
pub fn urls(admin_url: &str) -> anyhow::Result<HashMap<&'static str, String>> {
    let (scheme, authority, path) = parts(admin_url)?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    OWNERS.iter().map(|owner| Ok((*owner, format!("{scheme}://{owner}:{}@{host}/{path}", password(owner, admin_url)?)))).collect()
}

fn parts(url: &str) -> anyhow::Result<(&str, &str, &str)> {
    let (scheme, rest) = url.split_once("://").context("DATABASE_URL is no URL")?;
    let (authority, path) = rest.split_once('/').context("DATABASE_URL names no database")?;
    Ok((scheme, authority, path))
}

/// From the administrator's own, so that nothing has to be kept, and a second hub on the cluster finds the same.
fn password(owner: &str, admin_url: &str) -> anyhow::Result<String> {
    let (_, authority, _) = parts(admin_url)?;
    Ok(domain::hex(&Sha256::digest(format!("{owner} {authority}"))))
}
