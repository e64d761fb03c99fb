//! Commands that look make nothing: the doctor, the backup, and what a restore looks at first.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;
use system_tests::machine::{Folder, Machine, program, said};
use system_tests::platform::{SECRET, platform_of};
use system_tests::{Stand, empty_database, fresh_database, id, programs, variables};

/// The keys of the tests' hubs.
fn keys() -> [(String, String); 2] {
    named(["LOAN_FILE_KEYS", "PLATFORM_KEYS"])
}

/// What every process of a test is told of these.
fn named<const N: usize>(names: [&str; N]) -> [(String, String); N] {
    let all = variables(&[]);
    names.map(|name| (name.to_owned(), all[name].clone()))
}

fn key(name: &str, byte: u8) -> String {
    format!("{name}:{}", BASE64.encode([byte; 32]))
}

/// A superuser who may not write: whatever a command did to the database would be refused.
async fn looker(url: &str) -> String {
    let name = format!("looker_{:016x}", rand::random::<u64>());
    let mut admin = Stand::admin().await;
    Stand::execute(&mut admin, &format!("CREATE ROLE {name} SUPERUSER LOGIN PASSWORD 'looks'")).await;
    Stand::execute(&mut admin, &format!("ALTER ROLE {name} SET default_transaction_read_only = on")).await;
    format!("postgres://{name}:looks@{}", url.rsplit_once('@').unwrap().1)
}

async fn hub(arguments: &[&str], settings: &[(&str, &str)], folder: &Path) -> (bool, String) {
    let mut command = program("hub", arguments, settings);
    // A hub of its own makes its keys
    if settings.iter().any(|(name, _)| *name == "DATABASE_URL") {
        command.env("HASH_KEYS", &variables(&[])["HASH_KEYS"]);
    }
    let output = command.env("LOG", "error").current_dir(folder).output().await.unwrap();
    (output.status.success(), said(&output))
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_hub_is_the_doctor_the_backup_and_a_restore_of_nothing_say_so_and_make_nothing() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("no backup")).unwrap();
    std::fs::write(folder.path().join("no backup/database.dump"), "PGDMP, but no more").unwrap();
    std::fs::create_dir(folder.path().join("there")).unwrap();
    let before = folder.names();
    let nothing = "there is no PostgreSQL of a hub";
    for (arguments, words) in [
        (&["doctor"][..], nothing),
        (&["backup", "kept"], nothing),
        (&["backup"], nothing),
        (&["restore", "nowhere"], "is no backup"),
        (&["restore", "no backup"], "is no backup"),
    ] {
        for data in [".local", "there", "not/there"] {
            for demo in ["true", "false"] {
                let settings = [("DATA_DIR", data), ("DEMO", demo)];
                let (is_well, said) = hub(arguments, &settings, folder.path()).await;
                assert!(!is_well && said.contains(words), "{arguments:?} {settings:?}: {said}");
                assert_eq!(folder.names(), before, "{arguments:?} {settings:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_database_without_the_hubs_schemas_nothing_is_backed_up_and_nothing_is_made_in_it() {
    let (folder, url) = (Folder::new(), empty_database().await);
    let settings = [("DATABASE_URL", url.as_str())];
    let (is_well, said) = hub(&["backup", "kept"], &settings, folder.path()).await;
    assert!(!is_well && said.contains("no hub to back up") && said.contains("crm"), "{said}");
    // Without its keys it can't be asked; with them it tells that nothing is there
    let (is_well, said) = hub(&["doctor"], &settings, folder.path()).await;
    assert!(!is_well && said.contains("LOAN_FILE_KEYS is missing"), "{said}");
    let [loans, platforms] = keys();
    let all = [settings[0], (&loans.0, &loans.1), (&platforms.0, &platforms.1)];
    let (is_well, said) = hub(&["doctor"], &all, folder.path()).await;
    assert!(!is_well && said.contains("WRONG catalog: the schema lacks migrations"), "{said}");
    let stand = Stand::elsewhere("", &url);
    let made = "SELECT count(*) AS n FROM pg_namespace WHERE nspname IN ('catalog', 'partners', 'crm', 'stock', 'sync')";
    assert_eq!(stand.count(made).await, 0);
    assert_eq!(folder.names().len(), 0, "{:?}", folder.names());
    // One schema is not there: a backup would lack it
    let lacking = fresh_database().await;
    Stand::execute(&mut Stand::elsewhere("", &lacking).sql().await, "DROP SCHEMA stock CASCADE").await;
    let (is_well, said) = hub(&["backup", "kept"], &[("DATABASE_URL", &lacking)], folder.path()).await;
    assert!(!is_well && said.contains("no schema of stock"), "{said}");
    assert_eq!(folder.names().len(), 0, "{:?}", folder.names());
}

#[tokio::test(flavor = "multi_thread")]
async fn doctors_and_a_backup_write_nothing_into_the_database() {
    let (folder, stand) = (Folder::new(), Stand::new().await);
    stand.at_rest().await;
    let url = looker(&stand.database_url).await;
    let told = named(["LOAN_FILE_KEYS", "PLATFORM_KEYS", "HASH_KEYS", "INSTALLATION"]);
    let mut settings = vec![("DATABASE_URL", url.as_str())];
    settings.extend(told.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let (is_well, text) = hub(&["doctor"], &settings, folder.path()).await;
    assert!(is_well && text.contains("ok    stock: it follows the feed of crm"), "{text}");
    assert_eq!(folder.names().len(), 0, "{:?}", folder.names());
    let (is_well, text) = hub(&["backup", "kept"], &settings, folder.path()).await;
    assert!(is_well && text.contains("Nothing in it is encrypted"), "{text}");
    let names: Vec<String> = folder.names().iter().map(|name| name.display().to_string()).collect();
    assert_eq!(names, ["kept", "kept/database.dump"]);
    // Each service's own, which finds the others away
    let (private, public) = service::identity::make_ring(hub::PROCESSES).unwrap();
    for name in hub::OWNERS {
        let more = [
            ("IDENTITY_KEY", private[*name].as_str()),
            ("IDENTITY_PUBLIC_KEYS", &public.join(",")),
            ("SERVICES", "crm=http://127.0.0.1:1"),
        ];
        let all: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, *value)).chain(more).collect();
        let told = said(&program(name, &["doctor"], &all).current_dir(folder.path()).output().await.unwrap());
        assert!(told.contains("the schema is that of this release") && !told.contains("read-only"), "{told}");
        assert!(
            told.lines().filter(|line| line.starts_with("WRONG")).all(|line| line.contains("reached") || line.contains("feed")),
            "{told}"
        );
    }
    assert_eq!(folder.names().len(), 2, "{:?}", folder.names());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_stands_still_is_looked_at_and_backed_up_and_nothing_is_added_to_it() {
    let folder = Folder::new();
    let machine = Machine::start(&folder).await;
    machine.stand.at_rest().await;
    machine.stop().await;
    let data = folder.path().join("data").display().to_string();
    let ours = |name: &Path| !name.starts_with("data/postgres") && !name.starts_with("kept");
    let before: Vec<_> = folder.names().into_iter().filter(|name| ours(name)).collect();
    let (is_well, told) = hub(&["doctor"], &[("DATA_DIR", &data)], folder.path()).await;
    assert!(is_well, "{told}");
    let (is_well, told) = hub(&["backup", "kept"], &[("DATA_DIR", &data)], folder.path()).await;
    assert!(is_well && told.contains("kept ("), "{told}");
    let after: Vec<_> = folder.names().into_iter().filter(|name| ours(name)).collect();
    assert_eq!(before, after);
    // Without its key, which is not made anew
    std::fs::remove_file(folder.path().join("data/loan_file.key")).unwrap();
    let (is_well, told) = hub(&["doctor"], &[("DATA_DIR", &data)], folder.path()).await;
    assert!(!is_well && told.contains("LOAN_FILE_KEYS is missing"), "{told}");
    assert!(!folder.path().join("data/loan_file.key").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_vouches_only_for_keys_that_open_what_is_in_it() {
    let (folder, stand) = (Folder::new(), Stand::new().await);
    {
        let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
        platform_of(&admin, "BNA", "http://127.0.0.1:1").await;
        let lead = json!({"order_source": "BNA", "cart_id": 1, "partner": {"email": "mourad.belkacem@example.dz", "salary": 1},
            "cart": [{"manufacturer_ref": "ATLAS-CAN3-BL", "quantity": 1, "product_warehouse_id": "EKIWH"}], "quotation_address": {"ek_order_id": 1}});
        id(&ekiclik.create("crm.lead", lead).await);
    }
    let url = stand.database_url.as_str();
    let [loans, platforms] = keys();
    let (loans, platforms) = ((loans.0.as_str(), loans.1.as_str()), (platforms.0.as_str(), platforms.1.as_str()));
    let (other_loan, other_platform) = (key("test", 7), key("other", 7));
    let mut n = 0;
    let mut backup = async |kept: Option<&str>, settings: &[(&str, &str)]| {
        n += 1;
        let (data, name) = (format!("data{n}"), format!("kept{n}"));
        std::fs::create_dir(folder.path().join(&data)).unwrap();
        if let Some(key) = kept {
            std::fs::write(folder.path().join(&data).join("loan_file.key"), key).unwrap();
        }
        let all: Vec<(&str, &str)> = settings.iter().copied().chain([("DATABASE_URL", url), ("DATA_DIR", &data)]).collect();
        let (is_well, said) = hub(&["backup", &name], &all, folder.path()).await;
        assert!(is_well, "{said}");
        (said, folder.path().join(&name).join("loan_file.key").exists())
    };
    let both = [loans, platforms];
    let (said, has_key) = backup(None, &both).await;
    assert!(!has_key && said.contains("LOAN_FILE_KEYS opens the loan files (key 'test') and is not in it: keep it too"), "{said}");
    assert!(said.contains("PLATFORM_KEYS opens the platforms' secrets (key 'test')"), "{said}");
    let (said, has_key) = backup(None, &[]).await;
    assert!(!has_key && said.contains("LOAN_FILE_KEYS, which is not in it, is wanted for the loan files (key 'test')"), "{said}");
    // A key file that opens nothing here, of the same name or of another, is not this hub's
    for foreign in [&other_loan, &other_platform] {
        let (said, has_key) = backup(Some(foreign), &both).await;
        assert!(!has_key && !said.contains("in it: keep it safe") && said.contains("LOAN_FILE_KEYS opens"), "{said}");
        let (said, has_key) = backup(Some(foreign), &[]).await;
        assert!(!has_key && said.contains("No key here opens 1 of the loan files: without the key 'test' of LOAN_FILE_KEYS"), "{said}");
    }
    let (said, has_key) = backup(None, &[("LOAN_FILE_KEYS", &other_loan), platforms]).await;
    assert!(!has_key && said.contains("No key here opens 1 of the loan files") && said.contains("PLATFORM_KEYS opens"), "{said}");
    let (said, has_key) = backup(Some(loans.1), &[platforms]).await;
    assert!(has_key && said.contains("The key of the loan files is in it") && said.contains("PLATFORM_KEYS opens"), "{said}");
    let (said, has_key) = backup(Some(&format!("{},{}", other_platform, loans.1)), &[("PLATFORM_KEYS", &other_platform)]).await;
    assert!(has_key && said.contains("No key here opens 1 of the platforms' secrets"), "{said}");
    assert!(!said.contains(SECRET) && !said.contains(loans.1.split(':').next_back().unwrap()), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_of_postgresql_that_is_not_there_is_told_before_anything_is_done() {
    let (folder, url) = (Folder::new(), fresh_database().await);
    std::fs::create_dir(folder.path().join("bin")).unwrap();
    let bin = folder.path().join("bin").display().to_string();
    let settings = [("DATABASE_URL", url.as_str()), ("PG_BIN", &bin)];
    for (arguments, words) in [(["backup", "kept"], "no pg_dump"), (["restore", "bin"], "is no backup")] {
        let (is_well, said) = hub(&arguments, &settings, folder.path()).await;
        assert!(!is_well && said.contains(words), "{said}");
    }
    assert_eq!(folder.names().len(), 1, "{:?}", folder.names());
    assert!(programs().join("hub").exists());
}
