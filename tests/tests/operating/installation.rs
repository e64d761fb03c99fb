//! Whose data a database has: a copy that is started for a look calls nobody, and a failover changes nothing.

use std::path::PathBuf;

use serde_json::json;
use system_tests::cluster::OwnCluster;
use system_tests::platform::{Mood, Platform, platform_of};
use system_tests::stock::TV;
use system_tests::{Session, Stand, fresh_database, programs, until, variables};

/// A folder of the test's own, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let folder = std::env::temp_dir().join(format!("echange-installation-{:016x}", rand::random::<u64>()));
        std::fs::create_dir(&folder).unwrap();
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn rename(session: &Session<'_>, name: &str) {
    let renamed = session.write("product.template", json!([["manufacturer_ref", "=", TV]]), json!({"name": name})).await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
}

/// What a process says of itself when it is asked whether it is ready.
async fn ready(address: &str) -> String {
    let answer = system_tests::client().get(format!("{address}/health/ready")).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    answer.text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_restored_beside_the_original_pushes_nothing_and_says_so_until_it_is_adopted() {
    let (folder, bna) = (Folder::new(), Platform::new().await);
    let original = Stand::new().await;
    let admin = original.login("admin").await;
    platform_of(&admin, "BNA", &bna.url).await;
    bna.next(Mood::Answers(500, ""));
    rename(&admin, "Waits in the backup").await;
    let waits = "SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'waiting' AND attempts = 1";
    until("it waits", async || original.count(waits).await == 1).await;
    let backup = folder.0.join("backup");
    operator::backup::back_up(hub::SEALED, &original.database_url, &folder.0, &backup, &variables(&[])).await.unwrap();
    original.all_told(std::time::Duration::from_secs(30)).await;

    let copy_url = format!("{}_copy", original.database_url);
    operator::backup::restore(hub::SEALED, &copy_url, &folder.0, &backup, &variables(&[])).await.unwrap();
    let copy = Stand::processes_on(&copy_url, &[("INSTALLATION", "copy")]).await;
    let children = copy.children.as_ref().unwrap();
    let sync = children.addresses["sync"].clone();
    let (heard, copied) = (bna.heard(), copy.login("admin").await);
    Stand::execute(&mut copy.sql().await, "UPDATE sync.ek_delivery SET next_attempt = now()").await;
    rename(&copied, "Named in the copy").await;
    copy.at_rest().await;
    let said = ready(&sync).await;
    for part in ["ready; nothing is pushed", "'test'", "'copy'", "hub adopt"] {
        assert!(said.contains(part), "{said}");
    }
    until("the metric says so", async || {
        let (_, address) = children.metrics.iter().find(|(of, _)| *of == "sync").unwrap();
        copy.told(&format!("http://{address}/metrics")).await.contains("hub_pushes_withheld 1")
    })
    .await;
    let urls = operator::provision::urls(&copy_url).unwrap();
    let (words, is_well) = hub::doctor(&variables(&[("INSTALLATION", "copy")]), &urls).await.unwrap();
    assert!(!is_well && words.contains("WRONG sync: nothing is pushed") && words.contains("BNA's platform is not called"), "{words}");
    // The original goes on meanwhile
    rename(&admin, "Named in the original").await;
    bna.hears("the original's", |call| call.body.contains("Named in the original")).await;
    original.all_told(std::time::Duration::from_secs(30)).await;
    assert!(bna.calls()[heard..].iter().all(|call| call.body.contains("Named in the original")), "{:?}", bna.calls());
    assert_eq!(copy.count("SELECT count(*) AS n FROM sync.ek_delivery WHERE state IN ('sending', 'done')").await, 0);

    let mut settings = variables(&[("INSTALLATION", "copy"), ("DEMO", "false"), ("LOG", "error")]);
    settings.insert("DATABASE_URL".to_owned(), copy_url.clone());
    let adopted = tokio::process::Command::new(programs().join("hub")).arg("adopt").env_clear().envs(&settings).output().await.unwrap();
    let words = String::from_utf8_lossy(&adopted.stdout).into_owned();
    assert!(
        adopted.status.success() && words.contains("'copy' now; it was that of 'test'"),
        "{words}{}",
        String::from_utf8_lossy(&adopted.stderr)
    );
    bna.hears("the copy's", |call| call.body.contains("Named in the copy")).await;
    assert_eq!(ready(&sync).await, "ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_is_told_not_to_push_pushes_nothing_and_its_neighbour_does() {
    let url = fresh_database().await;
    let silent = Stand::on(&url, &[("PUSH", "false")]).await;
    let (admin, bna) = (silent.login("admin").await, Platform::new().await);
    platform_of(&admin, "BNA", &bna.url).await;
    rename(&admin, "Silent").await;
    silent.at_rest().await;
    assert_eq!(ready(&silent.address).await, "ready; nothing is pushed: PUSH is false");
    assert_eq!(
        (bna.heard(), silent.count("SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'waiting' AND waits_for IS NULL").await),
        (0, 1)
    );
    let other = Stand::on(&url, &[]).await;
    bna.hears("it", |call| call.body.contains("Silent")).await;
    assert_eq!(ready(&other.address).await, "ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_has_a_name_where_there_is_no_demo() {
    let urls = operator::provision::urls("postgres://postgres:secret@127.0.0.1:1/echange").unwrap();
    let hub = |name: Option<&str>, demo: &str| {
        let mut settings = variables(&[("DEMO", demo)]);
        settings.remove("INSTALLATION");
        settings.extend(name.map(|name| ("INSTALLATION".to_owned(), name.to_owned())));
        hub::Hub::new(&settings, &urls).err().map(|error| format!("{error:#}")).unwrap_or_default()
    };
    assert_eq!((hub(None, "true"), hub(Some("echange-1"), "false")), (String::new(), String::new()));
    assert!(hub(None, "false").contains("INSTALLATION is missing"), "{}", hub(None, "false"));
    assert!(hub(Some("l'original"), "false").contains("INSTALLATION may have"), "{}", hub(Some("l'original"), "false"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_takes_the_databases_place_changes_nothing() {
    let mut cluster = OwnCluster::filled().await;
    let stand = Stand::on(&cluster.url("echange"), &[]).await;
    let bna = Platform::new().await;
    platform_of(&stand.login("admin").await, "BNA", &bna.url).await;
    bna.usually(Mood::Answers(500, ""));
    rename(&stand.login("admin").await, "Before the failover").await;
    let first = bna.hears("the first try", |call| call.body.contains("Before the failover")).await;
    // One that is under way meanwhile would be leased for as long as a lease is
    until("it waits for longer than a failover takes", async || {
        let later = "UPDATE sync.ek_delivery SET next_attempt = now() + interval '1 hour' WHERE state = 'waiting' AND attempts > 0";
        Stand::execute(&mut stand.sql().await, later).await;
        stand
            .count("SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'waiting' AND next_attempt > now() + interval '30 minutes'")
            .await
            == 1
    })
    .await;
    cluster.fail_over().await;
    bna.usually(Mood::Answers(200, ""));
    until("it is ready again", async || stand.send("GET", "/health/ready", &[], "").await.status == 200).await;
    assert_eq!(ready(&stand.address).await, "ready");
    Stand::execute(
        &mut stand.sql().await,
        "UPDATE sync.ek_delivery SET next_attempt = now() WHERE state = 'waiting'; UPDATE sync.ek_platform SET open_until = NULL",
    )
    .await;
    let ids = async || {
        bna.calls().iter().filter(|call| call.body == first.body).map(|call| call.header("webhook-id").to_owned()).collect::<Vec<_>>()
    };
    until("it comes again", async || ids().await.len() > 1).await;
    assert!(ids().await.iter().all(|id| id == first.header("webhook-id")), "under the same id");
    rename(&stand.login("admin").await, "After the failover").await;
    bna.hears("what came after", |call| call.body.contains("After the failover")).await;
}
