//! What every change leaves: statements, events, audit; and the declarations and migrations that they are made of.

mod changes;
mod declarations;
mod events;
mod migrations;
mod net;
mod restores;
mod storms;

use std::path::PathBuf;

use ::events::{Event, Feed};
use serde_json::json;
use system_tests::{Session, Stand};

/// Everything after a position, stamped first.
async fn read(feed: &Feed, after: i64) -> Vec<Event> {
    feed.stamp_once().await.unwrap();
    let mut all: Vec<Event> = Vec::new();
    loop {
        let after = all.last().map_or(after, |event| event.pos);
        let some: Vec<Event> = serde_json::from_str(&feed.read(after, 1_000).await.unwrap()).unwrap();
        if some.is_empty() {
            return all;
        }
        assert!(some.iter().is_sorted_by(|a, b| a.pos < b.pos) && some[0].pos > after, "positions rise");
        all.extend(some);
    }
}

fn catalog(stand: &Stand) -> &Feed {
    &stand.hub.as_ref().unwrap().catalog.feed
}

fn partners(stand: &Stand) -> &Feed {
    &stand.hub.as_ref().unwrap().partners.feed
}

async fn uid(session: &Session<'_>, login: &str) -> i64 {
    session.rows("res.users", &[("filter", &json!([["login", "=", login]]).to_string()), ("query", "{id}")]).await[0]["id"]
        .as_i64()
        .unwrap()
}

#[derive(diesel::QueryableByName, Debug)]
struct Row {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

/// One text a row.
async fn texts(stand: &Stand, sql: &str) -> Vec<String> {
    let rows = diesel_async::RunQueryDsl::load::<Row>(diesel::sql_query(sql), &mut stand.sql().await).await;
    rows.unwrap_or_else(|error| panic!("{sql}: {error}")).into_iter().map(|row| row.text).collect()
}

async fn program(name: &str, arguments: &[&str]) -> String {
    let programs: PathBuf = tokio::task::spawn_blocking(local_postgres::locate).await.unwrap().unwrap();
    let done = tokio::process::Command::new(programs.join(name)).args(arguments).output().await.unwrap();
    assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}
