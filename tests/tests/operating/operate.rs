//! What an operator does: back up, restore, migrate under load, and ask what is wrong.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use service::Service;
use system_tests::machine::{Folder, Machine, program, said};
use system_tests::platform::{Mood, Platform, SECRET, platform_of};
use system_tests::{Stand, fresh_database, id, until, until_within, variables};

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_taken_while_the_hub_serves_and_what_is_restored_goes_on_beyond_every_position() {
    let (folder, bna) = (Folder::new(), Platform::new().await);
    let machine = Machine::start(&folder).await;
    let (admin, ekiclik) = (machine.stand.login("admin").await, machine.stand.login("ekiclik").await);
    let platforms = json!({"name": "BNA", "base_url": bna.url, "secret": SECRET, "wants_stock": false});
    id(&admin.create("ek.platform", platforms).await);
    let by = |name: &str| json!({"name": name, "email": format!("{name}@example.dz"), "phone": "0555000000"});
    let change = async |stand: &Stand, name: &str| {
        let admin = stand.login("admin").await;
        assert_eq!(admin.write("product.brand", json!([["id", "=", 1]]), json!({"reference": name})).await.status, 200);
        let told = json!([["manufacturer_ref", "=", "IRIS-TV55-N"]]);
        assert_eq!(admin.write("product.template", told, json!({"description": name})).await.status, 200);
    };
    id(&ekiclik.create("res.partner", by("before")).await);
    // One delivery waits when the backup is taken: its platform has had it, but did not say so
    bna.usually(Mood::Answers(500, ""));
    change(&machine.stand, "before the backup").await;
    let first = bna.hears("the change", |call| call.body.contains("before the backup")).await;
    let backup = folder.path().join("backup").display().to_string();
    let taken = machine.command(&["backup", &backup]).await;
    assert!(taken.status.success() && said(&taken).contains("The key is in it"), "{}", said(&taken));
    let again = machine.command(&["backup", &backup]).await;
    assert!(!again.status.success() && said(&again).contains("can't make"), "{}", said(&again));
    for file in ["database.dump", "loan_file.key"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(Path::new(&backup).join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file} is for its owner alone: {mode:o}");
    }
    id(&ekiclik.create("res.partner", by("after")).await);
    change(&machine.stand, "after the backup").await;
    let stamped = async |stand: &Stand| stand.count("SELECT count(*) AS n FROM catalog.event WHERE pos IS NULL").await == 0;
    until("every change has its position", async || stamped(&machine.stand).await).await;
    let position = "SELECT max(pos) AS n FROM catalog.event";
    let (last, old_session) = (machine.stand.count(position).await, admin.id.clone());
    machine.stop().await;

    let data = folder.path().join("data").display().to_string();
    let nothing = program("hub", &["restore", "/nowhere"], &[("DATA_DIR", &data), ("LOG", "error")]).output().await.unwrap();
    assert!(!nothing.status.success() && said(&nothing).contains("is no backup"), "{}", said(&nothing));
    std::fs::remove_file(folder.path().join("data/loan_file.key")).unwrap();
    let restored = program("hub", &["restore", &backup], &[("DATA_DIR", &data), ("LOG", "error")]).output().await.unwrap();
    assert!(restored.status.success() && said(&restored).contains("everybody logs in again"), "{}", said(&restored));

    bna.usually(Mood::Answers(200, ""));
    let machine = Machine::start(&folder).await;
    let stand = &machine.stand;
    assert_eq!(stand.send("GET", "/api/res.bank/", &[("x-openerp-session-id", &old_session)], "").await.status, 401);
    let admin = stand.login("admin").await;
    let emails: BTreeSet<String> = admin
        .rows("res.partner", &[("query", "{email}"), ("limit", "1000")])
        .await
        .iter()
        .filter_map(|row| row["email"].as_str().map(str::to_owned))
        .collect();
    assert!(emails.contains("before@example.dz") && !emails.contains("after@example.dz"), "{emails:?}");
    // What waited comes again under the same webhook-id, so that the platform can tell
    Stand::execute(
        &mut stand.sql().await,
        "UPDATE sync.ek_delivery SET next_attempt = now(); UPDATE sync.ek_platform SET open_until = NULL",
    )
    .await;
    let heard = bna.heard();
    let open = "SELECT count(*) AS n FROM sync.ek_delivery d JOIN sync.ek_platform p ON p.id = d.platform_id WHERE p.name = 'BNA' AND d.state <> 'done'";
    until_within(Duration::from_secs(30), "it is told", async || stand.count(open).await == 0).await;
    let repeated = bna
        .calls()
        .into_iter()
        .find(|call| call.body.contains("before the backup") && call.header("webhook-id") == first.header("webhook-id"));
    assert!(repeated.is_some() && bna.heard() > 1, "{heard}");
    change(stand, "after the restore").await;
    until("it has its position", async || stamped(stand).await).await;
    assert!(stand.count(position).await > last, "positions that others have seen are not given again");
    let told = bna.hears("what came after", |call| call.body.contains("after the restore")).await;
    assert_eq!(bna.calls().iter().filter(|call| call.header("webhook-id") == told.header("webhook-id")).count(), 1);
    let doctor = machine.command(&["doctor"]).await;
    let wrong: Vec<String> = said(&doctor).lines().filter(|line| !line.starts_with("ok ")).map(str::to_owned).collect();
    assert!(said(&doctor).contains("ok    sync: BNA's platform answers"), "{}", said(&doctor));
    assert!(wrong.iter().all(|line| line.contains("something is wrong") || line.trim().is_empty()), "{wrong:#?}");
    machine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_finds_its_table_in_use_steps_back_and_tries_again() {
    let url = fresh_database().await;
    let stand = Stand::on(&url, &[]).await;
    let mut sql = stand.sql().await;
    Stand::execute(&mut sql, "BEGIN; LOCK TABLE catalog.__diesel_schema_migrations IN ACCESS EXCLUSIVE MODE").await;
    let catalog = &stand.hub.as_ref().unwrap().catalog;
    let (migrated, ()) = tokio::join!(catalog.migrate(), async {
        let waits = "SELECT count(*) AS n FROM pg_locks WHERE NOT granted AND relation = 'catalog.__diesel_schema_migrations'::regclass";
        for (what, many) in [("it waits", 1), ("it steps back", 0), ("it tries again", 1)] {
            until(what, async || stand.count(waits).await == many).await;
        }
        Stand::execute(&mut sql, "ROLLBACK").await;
    });
    migrated.unwrap();
}

/// What the doctor says of a database, and whether it finds all well.
async fn doctor(url: &str, settings: &[(&str, &str)]) -> (bool, String) {
    let mut all: Vec<(String, String)> = variables(settings).into_iter().collect();
    all.push(("DATABASE_URL".to_owned(), url.to_owned()));
    all.push(("DEMO".to_owned(), "false".to_owned()));
    let all: Vec<(&str, &str)> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let output = program("hub", &["doctor"], &all).output().await.unwrap();
    (output.status.success(), said(&output))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_what_is_wrong_in_words() {
    let (stand, bna) = (Stand::new().await, Platform::new().await);
    let admin = stand.login("admin").await;
    platform_of(&admin, "BNA", &bna.url).await;
    until("its followers have read everything", async || doctor(&stand.database_url, &[]).await.0).await;
    let (_, well) = doctor(&stand.database_url, &[]).await;
    for part in [
        "PostgreSQL",
        "clock of the database agrees",
        "schema is that of this release",
        "events get their positions",
        "stock: it follows the feed of crm",
        "sync: BNA's platform answers",
    ] {
        assert!(well.contains(part), "'{part}' is missing in:\n{well}");
    }
    assert!(!well.contains(SECRET) && !well.contains("postgres:"), "{well}");

    let mut sql = stand.sql().await;
    let newest = diesel::migration::MigrationSource::<diesel::pg::Pg>::migrations(&crm::Crm::MIGRATIONS).unwrap();
    let newest = newest.last().unwrap().name().version().as_owned().to_string();
    for (what, done, undone, settings, words) in [
        (
            "a key that is not there",
            String::new(),
            String::new(),
            &[("PLATFORM_KEYS", "other:cGxhdGZvcm0ta2V5LWZvci10ZXN0cy1vbmx5LTMyYi4=")][..],
            "BNA's secret can't be opened: PLATFORM_KEYS lacks the key 'test'",
        ),
        (
            "a key of hashes that is not there",
            "UPDATE crm.crm_lead SET post_hash = NULL".to_owned(),
            String::new(),
            &[("HASH_KEYS", "next:bmV4dC1oYXNoLWtleS1mb3ItdGVzdHMtb25seS0zMmI=")][..],
            "HASH_KEYS lacks the key 'test' of res.partner records",
        ),
        (
            "a platform that is away",
            "UPDATE sync.ek_platform SET base_url = 'http://127.0.0.1:1'".to_owned(),
            format!("UPDATE sync.ek_platform SET base_url = '{}'", bna.url),
            &[],
            "BNA's platform can't be reached",
        ),
        (
            "a breaker that is open",
            "UPDATE sync.ek_platform SET open_until = now() + interval '1 hour'".to_owned(),
            "UPDATE sync.ek_platform SET open_until = NULL".to_owned(),
            &[],
            "BNA's breaker is open",
        ),
        (
            "an event without effect",
            "INSERT INTO stock.feed_parked (feed, pos, model, record_id, error) VALUES ('crm', 1, 'sale.order', 1, 'no such product')"
                .to_owned(),
            "DELETE FROM stock.feed_parked".to_owned(),
            &[],
            "1 events of crm could not have their effect and were put aside (feed_parked): no such product",
        ),
        (
            "a schema that is behind",
            format!("DELETE FROM crm.__diesel_schema_migrations WHERE version = '{newest}'"),
            format!("INSERT INTO crm.__diesel_schema_migrations (version) VALUES ('{newest}')"),
            &[],
            "crm: the schema lacks migrations of this release: run `migrate`",
        ),
    ] {
        if !done.is_empty() {
            Stand::execute(&mut sql, &done).await;
        }
        let (is_well, said) = doctor(&stand.database_url, settings).await;
        assert!(!is_well && said.contains("WRONG") && said.contains(words), "{what}:\n{said}");
        if !undone.is_empty() {
            Stand::execute(&mut sql, &undone).await;
        }
    }
    let (is_well, said) = doctor("postgres://postgres:secret-word@127.0.0.1:1/echange", &[]).await;
    assert!(!is_well && said.contains("the database can't be used") && !said.contains("secret-word"), "{said}");
    let (is_well, said) = doctor(&stand.database_url, &[]).await;
    assert!(is_well, "all is as it was: {said}");
}
