//! docs/production.md, followed: each of its commands, in order, on a PostgreSQL that is new.

use std::process::Stdio;
use std::time::Duration;

use hub::children::{free_port, signal};
use rustix::process::Signal;
use serde_json::json;
use system_tests::cluster::OwnCluster;
use system_tests::machine::Folder;
use system_tests::platform::Platform;
use system_tests::{Stand, id, programs, until_within};
use tokio::io::AsyncWriteExt;

/// How long a block may take, the first start of a debug build among them.
const STEP: Duration = Duration::from_secs(180);

/// The page's blocks, each with its language.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let page = include_str!("../../../docs/production.md");
    let blocks = page.split("\n```").skip(1).step_by(2);
    blocks.map(|block| block.split_once('\n').expect("a block of lines")).collect()
}

/// The hub that the page starts, which does not outlive the test.
struct Started(Folder);

impl Drop for Started {
    fn drop(&mut self) {
        let id = std::fs::read_to_string(self.0.path().join("hub.pid"));
        if let Some(id) = id.ok().and_then(|id| id.trim().parse().ok()) {
            let _ = signal(id, Signal::KILL);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_on_the_first_set_up_in_production_is_followed_as_it_stands() {
    let (cluster, bna, started) = (OwnCluster::new().await, Platform::new().await, Started(Folder::new()));
    let folder = &started.0;
    let port = free_port().unwrap().to_string();
    // What is an operator's own: where PostgreSQL, the hub and the platform are. All else stands as it is written
    let own = |text: &str| {
        let text = text.replace("127.0.0.1:5432", &format!("127.0.0.1:{}", cluster.wire.port)).replace("8069", &port);
        text.replace("https://bna.example", &bna.url)
    };
    let is_own = [("ALLOW_PRIVATE_PLATFORMS", "true"), ("LOG", "error"), ("WORKERS", "1")];
    #[expect(clippy::disallowed_methods, reason = "a shell's own")]
    let path = format!("{}:{}", programs().display(), std::env::var("PATH").unwrap());
    let mut shell = tokio::process::Command::new("sh");
    shell.arg("-e").current_dir(folder.path()).env_clear().env("PATH", path).envs(is_own).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut shell = shell.kill_on_drop(true).spawn().unwrap();
    let mut lines = shell.stdin.take().unwrap();
    let superuser = |database: &str| Stand::elsewhere("", &cluster.url(database));
    let mut is_first = true;
    for (n, (language, text)) in blocks().into_iter().enumerate() {
        let text = own(text);
        match language {
            "sh" => {
                // Which process its last job is, for the end
                lines.write_all(format!("{text}\necho ${{!:-}} >hub.pid; : >done-{n}\n").as_bytes()).await.unwrap();
                let done = folder.path().join(format!("done-{n}"));
                tokio::select! {
                    () = until_within(STEP, &text, async || done.exists()) => {}
                    ended = shell.wait() => panic!("the shell has ended with {} in:\n{text}", ended.unwrap()),
                }
            }
            "sql" => {
                let database = if std::mem::take(&mut is_first) { "postgres" } else { "echange" };
                let mut sql = superuser(database).sql().await;
                // One at a time, as psql sends them
                for statement in text.split(";\n").map(str::trim).filter(|statement| !statement.is_empty()) {
                    Stand::execute(&mut sql, statement.trim_end_matches(';')).await;
                }
            }
            other => panic!("nobody knows how to follow {other}"),
        }
    }

    let stand = Stand::elsewhere(&format!("http://127.0.0.1:{port}"), &cluster.url("echange"));
    let kept = std::fs::read_to_string(folder.path().join("echange.env")).unwrap();
    assert!(kept.contains("LOAN_FILE_KEYS=k1:") && !kept.contains("ADMIN_"), "{kept}");
    // The page's last words
    lines.write_all(b"printf %s \"$integration\" >integration; printf %s \"$ADMIN_PASSWORD\" >administrator; : >done\n").await.unwrap();
    until_within(STEP, "the shell is done", async || folder.path().join("done").exists()).await;
    let word = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let (admin, ekiclik) =
        (stand.login_with("admin@ekiclik.example", &word("administrator")).await, stand.login_with("ekiclik", &word("integration")).await);
    let demo = stand
        .send("POST", "/auth", &[("content-type", "application/json")], r#"{"params": {"login": "admin", "password": "admin"}}"#)
        .await;
    assert_eq!(demo.status, 401, "no log-in of the demo");
    let company = admin.rows("res.company", &[("query", "{name, nif, rc}")]).await;
    assert_eq!(company[0]["nif"], "002016123456789", "{company:?}");
    // A whole order goes through it, under the number that follows
    let product = json!({"create_by": "ekiclik", "name": "Lave-linge", "product_ref": "LL", "brand": "Iris", "categ_id": "Électroménager",
        "product": [{"name": "Lave-linge blanc", "manufacturer_ref": "LL-B", "list_price": 78000.0, "standard_price": 55000.0,
            "attribute": [{"attribute_id": "Couleur", "value_id": "Blanc"}]}]});
    ekiclik.create("product.category", json!({"name": "Électroménager"})).await;
    id(&ekiclik.create("product.template", product).await);
    system_tests::stock::Goods::count(&admin, "PDVA-E-ALG-BEZ-16-01", "LL-B", 5.0).await;
    let lead = json!({"create_by": "ekiclik", "order_source": "BNA", "cart_id": 1, "partner": {"email": "amine@client.example", "salary": 90000},
        "cart": [{"manufacturer_ref": "LL-B", "quantity": 1, "product_warehouse_id": "PDVA-E-ALG-BEZ-16-01"}], "quotation_address": {"ek_order_id": 1}});
    id(&ekiclik.create("crm.lead", lead).await);
    for state in ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", "EK_ORDER_DELIVERED"] {
        let answer = ekiclik.write("sale.order", json!([["ek_order_id", "=", "1"]]), json!({"order_source": "BNA", "state": state})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let invoices = admin.rows("account.move", &[("query", "{name}")]).await;
    assert!(invoices.len() == 1 && invoices[0]["name"].as_str().unwrap().ends_with("/01533"), "{invoices:?}");
    bna.hears("the platform is told of what was there", |call| call.line == "POST /api/odoo/pos").await;
    bna.hears("and of what came since", |call| call.line == "POST /api/odoo/products").await;
    // The hub ends with the shell that it is a job of
    lines.write_all(b"rm hub.pid; kill -TERM $!; wait $!\n").await.unwrap();
    drop(lines);
    assert!(shell.wait().await.unwrap().success());
}
