//! Migrations: by many replicas at once, taken back, and done again.

use std::path::PathBuf;

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::future::join_all;
use system_tests::{Stand, empty_database, unserved};

use crate::program;

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_migrate_an_empty_database_at_once_all_succeed() {
    let url = empty_database().await;
    let replicas = join_all((0..6).map(|_| {
        let url = url.clone();
        tokio::spawn(async move {
            let hub = unserved(&operator::provision::roles(&url).await?);
            hub.migrate().await?;
            // And once more, as at each start
            hub.migrate().await
        })
    }))
    .await;
    for replica in replicas {
        replica.unwrap().unwrap();
    }
    let stand = Stand::on(&url, &[]).await;
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.res_country").await, 250);
    assert!(hub::demo::make(&stand.hub.as_ref().unwrap().router, &stand.hub.as_ref().unwrap().keys["gateway"]).await.unwrap());
    assert!(!stand.login("ekiclik").await.rows("product.product", &[]).await.is_empty());
}

/// Folders of migrations in the order in which they run.
fn migrations(service: &str) -> Vec<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("migrations");
    let mut folders: Vec<PathBuf> =
        ["common", service].iter().flat_map(|set| std::fs::read_dir(root.join(set)).unwrap()).map(|entry| entry.unwrap().path()).collect();
    folders.sort_by_key(|folder| folder.file_name().unwrap().to_owned());
    folders
}

/// The schema as text, without the partitions of the days and what a dump makes up.
async fn schema(url: &str, name: &str) -> String {
    let text = program(
        "pg_dump",
        &[
            "--schema-only",
            "-n",
            name,
            "--exclude-table",
            &format!("{name}.event_2*"),
            "--exclude-table",
            &format!("{name}.__diesel*"),
            url,
        ],
    )
    .await;
    let lines = text.lines().filter(|line| !line.starts_with('\\') && !line.starts_with("--") && !line.is_empty());
    // The net is made after the migrations, from the declarations
    let lines = lines.filter(|line| !line.contains("TRIGGER _net_"));
    // A column that is made anew stands last: that is no difference
    let mut lines: Vec<_> = lines.map(|line| line.trim_end_matches(',')).collect();
    lines.sort_unstable();
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_migration_can_be_taken_back_and_done_again() {
    let url = empty_database().await;
    let urls = operator::provision::roles(&url).await.unwrap();
    unserved(&urls).migrate().await.unwrap();
    for service in hub::OWNERS {
        let mut conn = AsyncPgConnection::establish(&urls[service]).await.unwrap();
        conn.batch_execute(&format!("SET search_path TO {service}, public")).await.unwrap();
        let whole = schema(&url, service).await;
        assert!(whole.contains("CREATE TABLE"));
        let folders = migrations(service);
        let mut run = async |folder: &PathBuf, file: &str| {
            let sql = std::fs::read_to_string(folder.join(file)).unwrap();
            conn.batch_execute(&format!("BEGIN; {sql}; COMMIT"))
                .await
                .unwrap_or_else(|error| panic!("{}/{file}: {error}", folder.display()));
        };
        // Each alone, from the newest: back, again, back
        let mut states = Vec::new();
        for folder in folders.iter().rev() {
            states.push(schema(&url, service).await);
            run(folder, "down.sql").await;
            run(folder, "up.sql").await;
            assert_eq!(&schema(&url, service).await, states.last().unwrap(), "{}", folder.display());
            run(folder, "down.sql").await;
        }
        let left = schema(&url, service).await;
        for made in ["CREATE TABLE", "CREATE FUNCTION", "CREATE SEQUENCE", "CREATE TYPE"] {
            assert!(!left.contains(made), "{service} keeps: {left}");
        }
        for folder in &folders {
            run(folder, "up.sql").await;
        }
        assert_eq!(schema(&url, service).await, whole);
    }
    // And what came of it serves
    unserved(&urls).migrate().await.unwrap();
    let stand = Stand::on(&url, &[]).await;
    let hub = stand.hub.as_ref().unwrap();
    assert!(hub::demo::make(&hub.router, &hub.keys["gateway"]).await.unwrap());
}
