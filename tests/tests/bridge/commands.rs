//! `bridge inspect` and `hub bridge inspect`, as a person runs them.

use std::path::Path;
use std::process::Stdio;

use bridge_contract::Report;
use system_tests::odoo16::{DB, KEY, LOGIN, Mood, Odoo16};
use system_tests::{Stand, programs};

use crate::moving::MAPPING;
use crate::{SETTINGS, name};

struct Ran {
    is_well: bool,
    out: String,
    err: String,
}

async fn ran(program: &[&str], folder: &Path, url: &str, more: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = tokio::process::Command::new(programs().join(program[0]));
    command.args(&program[1..]).args(["inspect", "--url", url, "--db", DB, "--login", LOGIN, "--per-second=1000"]).args(more);
    command.env_clear().envs(variables.iter().copied()).current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { is_well: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
}

fn folder() -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("bridge-{:016x}", rand::random::<u64>()));
    std::fs::create_dir(&folder).unwrap();
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn an_odoo_is_looked_at_from_a_terminal_and_a_mapping_is_proposed_and_then_checked() {
    let odoo = Odoo16::new(Mood::default()).await;
    let variables = [("ODOO_NETWORKS", "127.0.0.1"), ("ODOO_SECRET", KEY)];
    for program in [&["bridge"][..], &["hub", "bridge"]] {
        let folder = folder();
        let first = ran(program, &folder, &odoo.url, &["--json", "report.json"], &variables).await;
        assert!(first.is_well, "{}", first.err);
        for told in ["Odoo 16.0, asked by json-rpc in fr_FR", "client_with_anothers_email", "ids 74, 75, 79, 80", "x_bank", "mapping.toml"]
        {
            assert!(first.out.contains(told), "{told}: {}", first.out);
        }
        let report: Report = serde_json::from_str(&std::fs::read_to_string(folder.join("report.json")).unwrap()).unwrap();
        assert_eq!(report.counts.len(), 29);

        let second = ran(program, &folder, &odoo.url, &[], &variables).await;
        assert!(second.is_well && second.out.contains("mapping.toml fits this Odoo"), "{}{}", second.out, second.err);
        let path = folder.join("mapping.toml");
        let spoiled = std::fs::read_to_string(&path).unwrap().replace("x_code_pos = ", "x_code_pso = ");
        std::fs::write(&path, &spoiled).unwrap();
        let third = ran(program, &folder, &odoo.url, &[], &variables).await;
        let line = 1 + spoiled.lines().position(|line| line.starts_with("x_code_pso")).unwrap();
        assert!(
            !third.is_well && third.err.contains(&format!("mapping.toml:{line}: ")) && third.err.contains("`x_code_pos`?"),
            "{}",
            third.err
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), spoiled, "nobody's work is overwritten");
        std::fs::remove_dir_all(folder).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_listed_is_not_reached_and_a_key_is_never_an_argument() {
    let odoo = Odoo16::new(Mood::default()).await;
    let folder = folder();
    let at_home = ran(&["bridge"], &folder, &odoo.url, &[], &[("ODOO_SECRET", KEY)]).await;
    assert!(!at_home.is_well && at_home.err.contains("https"), "{}", at_home.err);
    let listed = [("ODOO_NETWORKS", "127.0.0.1")];
    let silent = ran(&["bridge"], &folder, &odoo.url, &[], &listed).await;
    assert!(!silent.is_well && silent.err.contains("ODOO_SECRET"), "{}", silent.err);
    let spoken = ran(&["bridge"], &folder, &odoo.url, &["--secret", KEY], &listed).await;
    assert!(!spoken.is_well && !spoken.err.contains(KEY), "{}", spoken.err);
    assert_eq!(odoo.calls(), Vec::<String>::new());

    std::fs::write(folder.join("key"), format!("{KEY}\n")).unwrap();
    let from_file = ran(&["bridge"], &folder, &odoo.url, &["--secret-file", "key"], &listed).await;
    assert!(from_file.is_well, "{}", from_file.err);
    std::fs::write(folder.join("key"), "wrong").unwrap();
    let wrong = ran(&["bridge"], &folder, &odoo.url, &["--secret-file", "key"], &listed).await;
    assert!(!wrong.is_well && wrong.err.contains("does not take the login 'admin'") && !wrong.err.contains("wrong\n"), "{}", wrong.err);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_rehearses_and_imports_for_whoever_asks_it_from_a_terminal() {
    let stand = Stand::with(SETTINGS).await;
    let admin = stand.login("admin").await;
    let odoo = Odoo16::new(Mood::default()).await;
    name(&admin, &odoo, serde_json::json!({})).await;
    let folder = folder();
    std::fs::write(folder.join("mapping.toml"), MAPPING).unwrap();
    for (program, command) in [(&["bridge"][..], "rehearse"), (&["hub", "bridge"], "import")] {
        let mut asked = tokio::process::Command::new(programs().join(program[0]));
        asked.args(&program[1..]).args([command, "--odoo", "Dar El Atath", "--mapping", "mapping.toml", "--hub", &stand.address]);
        asked.env_clear().env("HUB_SECRET", "admin").current_dir(&folder).stdin(Stdio::null()).kill_on_drop(true);
        let output = asked.output().await.unwrap();
        let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success(), "{out}{err}");
        assert!(out.contains("product.category") && out.contains("ek.odoo.record"), "{out}");
        assert_eq!(out.contains("An import will take about"), command == "rehearse", "{out}");
    }
    assert!(stand.count("SELECT count(*) AS n FROM bridge.ek_odoo_record WHERE NOT rehearsal AND state = 'taken'").await > 100);
    std::fs::remove_dir_all(folder).unwrap();
}
