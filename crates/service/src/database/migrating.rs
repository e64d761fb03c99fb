//! Migrations, and the wait for a database that is not there yet.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use diesel::ConnectionError;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncMigrationHarness, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use jsonrpc::Fault;
use records::sql;

use super::Database;
use super::faults::{UNABLE, is_lock_conflict, is_transient};

/// How long a migration may wait for a table: what comes after it waits too.
const MIGRATION_LOCK: &str = "2s";
/// How often a migration is tried that did not get its locks from those who are served meanwhile.
const MIGRATION_TRIES: usize = 60;
/// How long after a try at start that the database was not there for the next one is.
const START_AGAIN: Duration = Duration::from_millis(500);
/// How often it is told that a start still waits for the database.
const STILL_WAITING: Duration = Duration::from_secs(10);
/// What every owner's schema has besides its own tables.
const COMMON: EmbeddedMigrations = embed_migrations!("../../migrations/common");

impl Database {
    /// Runs the service's migrations under a lock that replicas starting together share; answers whether there were any to run. A
    /// database that is not there yet is waited for.
    ///
    /// # Errors
    /// A migration's own.
    pub async fn migrate(&self, migrations: EmbeddedMigrations) -> anyhow::Result<bool> {
        let (migrations, ran) = (Arc::new(migrations), Arc::new(AtomicBool::new(false)));
        patiently(self.inner.schema, || self.migrate_once(migrations.clone(), ran.clone())).await?;
        Ok(AtomicBool::load(&ran, Ordering::Relaxed))
    }

    async fn migrate_once(&self, migrations: Arc<EmbeddedMigrations>, ran: Arc<AtomicBool>) -> anyhow::Result<()> {
        let mut conn = self.establish().await.context("the database can't be reached")?;
        let schema = self.inner.schema;
        // One lock for all services: the extensions are the database's
        conn.batch_execute(&format!(
            "SET lock_timeout = 0; SET statement_timeout = 0; SELECT pg_advisory_lock(hashtext('echange migrations')); \
             SET lock_timeout = '{MIGRATION_LOCK}'"
        ))
        .await?;
        // Where an operator has made them, the role needs no right to
        conn.batch_execute(&format!(
            "DO $$ BEGIN \
             IF to_regnamespace('{schema}') IS NULL THEN CREATE SCHEMA {schema}; END IF; \
             IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN CREATE EXTENSION pg_trgm SCHEMA public; END IF; \
             IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'unaccent') THEN CREATE EXTENSION unaccent SCHEMA public; END IF; \
             END $$"
        ))
        .await?;
        tokio::task::spawn_blocking(move || {
            let mut harness = AsyncMigrationHarness::new(conn);
            let mut run = || {
                [&COMMON, &*migrations].into_iter().try_for_each(|set| {
                    let done = harness.run_pending_migrations(Again(set))?;
                    ran.fetch_or(!done.is_empty(), Ordering::Relaxed);
                    Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
                })
            };
            for tries in 1.. {
                match run() {
                    Ok(()) => break,
                    Err(error) if tries < MIGRATION_TRIES && is_lock_conflict(&error.to_string()) => {
                        tracing::info!(service = schema, %error, "a migration did not get its locks; trying again");
                        #[expect(clippy::disallowed_methods, reason = "this thread is one for what blocks")]
                        std::thread::sleep(Duration::from_millis(rand::random_range(100..1_000)));
                    }
                    Err(error) => anyhow::bail!("a migration of {schema} failed: {error}"),
                }
            }
            // The lock goes with the connection
            Ok(())
        })
        .await?
    }

    /// Statements that lock a table each: one after the other, and each as a migration is, for whoever waits for a table keeps
    /// others waiting.
    pub(crate) async fn alter_each(&self, statements: Vec<String>) -> anyhow::Result<()> {
        let mut conn = self.establish().await.context("the database can't be reached")?;
        conn.batch_execute(&format!("SET lock_timeout = '{MIGRATION_LOCK}'")).await?;
        for statement in statements {
            for tries in 1.. {
                match conn.batch_execute(&statement).await {
                    Ok(()) => break,
                    Err(error) if tries < MIGRATION_TRIES && is_transient(&error) => {
                        tracing::info!(service = self.inner.schema, %error, statement, "a table was not to be had; trying again");
                        tokio::time::sleep(Duration::from_millis(rand::random_range(100..1_000))).await;
                    }
                    Err(error) => anyhow::bail!("{statement}: {error}"),
                }
            }
        }
        Ok(())
    }

    /// Whether the schema is as this program needs it: all of its migrations have run. Those of a newer program may have too.
    ///
    /// # Errors
    /// The database's own.
    pub async fn is_migrated(&self, migrations: &EmbeddedMigrations) -> anyhow::Result<bool> {
        let there = self.search::<BigInt, i64>(sql!("migrating/any.sql")).await.map_err(|fault| anyhow::anyhow!("{fault}"))?;
        if there != [1] {
            return Ok(false);
        }
        let done = self.search::<Text, String>(sql!("migrating/done.sql")).await;
        let done = done.map_err(|fault| anyhow::anyhow!("{fault}"))?;
        let mut needed = Vec::new();
        for set in [&COMMON, migrations] {
            let all: Vec<Box<dyn Migration<Pg>>> = set.migrations().map_err(|error| anyhow::anyhow!("{error}"))?;
            needed.extend(all.iter().map(|migration| migration.name().version().as_owned().to_string()));
        }
        Ok(needed.iter().all(|version| done.contains(version)))
    }
}

/// Migrations that are run more than once.
struct Again<'m>(&'m EmbeddedMigrations);

impl MigrationSource<Pg> for Again<'_> {
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<Pg>>>> {
        self.0.migrations()
    }
}

/// Whether what failed at start may well succeed later: the database is not there yet, is slow, or was lost meanwhile.
fn is_to_pass(error: &anyhow::Error) -> bool {
    // The last: roles are the cluster's, and the lock they are made under is a database's
    const WORDS: &[&str] = &[
        "connection closed",
        "error communicating with the server",
        "terminating connection",
        "is shutting down",
        "statement timeout",
        "tuple concurrently updated",
    ];
    let of_type = |cause: &(dyn std::error::Error + 'static)| match (cause.downcast_ref(), cause.downcast_ref::<Fault>()) {
        (Some(error), _) => !matches!(error, ConnectionError::InvalidConnectionUrl(_)),
        (None, fault) => fault.is_some_and(|fault| fault.nature().passes()),
    };
    // A migration's error is told by its words alone
    let said = format!("{error:#}");
    error.chain().any(of_type) || WORDS.iter().chain(UNABLE).any(|words| said.contains(words))
}

/// Does what a start needs of the database as often as it takes: one that is not there yet is no reason to end.
///
/// # Errors
/// What does not pass by itself.
pub async fn patiently<T, F: Future<Output = anyhow::Result<T>>>(service: &str, work: impl Fn() -> F) -> anyhow::Result<T> {
    let mut told: Option<Instant> = None;
    loop {
        match work().await {
            Err(error) if is_to_pass(&error) => {
                if told.is_none_or(|at| at.elapsed() > STILL_WAITING) {
                    tracing::warn!(service, error = format!("{error:#}"), "waiting for the database");
                    told = Some(Instant::now());
                }
                tokio::time::sleep(START_AGAIN).await;
            }
            done => return done,
        }
    }
}
