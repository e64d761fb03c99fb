//! Products with their pictures; lists of any model that are grouped, kept, and filled by a table.

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use serde_json::json;

use crate::browser::Browser;
use crate::hub::Hub;

/// The smallest picture: one grey point.
const PICTURE: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0x3a,
    0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x68, 0, 0, 0, 0x82, 0, 0x81, 0x77, 0xcd, 0x72, 0xb6, 0, 0,
    0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

/// A product is made with each error beside its field, given a picture, and changed.
pub async fn product(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    let (known, _) = hub.product("Four de l’essai").await?;
    let (number, new) = (hub.number(), format!("REF-N-{}", hub.number()));
    browser.log_in(who).await?;
    browser.go("/web/product.master").await?;
    browser.is_well().await?;
    browser.go("/web/product.master/new").await?;
    browser.is_well().await?;
    browser.fill("p.name", &format!("Four encastrable {number}")).await?;
    browser.fill("p.product_ref", &format!("FOUR-{number}")).await?;
    browser.fill("p.categ_id", "Nulle part").await?;
    browser.fill("c.0.name", "Four blanc").await?;
    browser.fill("c.0.manufacturer_ref", &known).await?;
    browser.fill("c.0.list_price", "cher").await?;
    browser.fill("c.0.attribute", "Couleur Blanc").await?;
    browser.press("@save").await?;
    for beside in ["#e-p-categ_id", "#e-c-0-manufacturer_ref", "#e-c-0-list_price"] {
        browser.find(beside).await?;
    }
    browser.says("@cat-taken").await?;
    browser.is_well().await?;
    ensure!(hub.list("product.master", json!([["ref", "=", format!("FOUR-{number}")]]), "{id}").await?.is_empty(), "nothing is stored");
    browser.fill("p.categ_id", "").await?;
    browser.fill("c.0.manufacturer_ref", &new).await?;
    browser.fill("c.0.list_price", "45 000,50").await?;
    browser.fill("c.0.attribute", "Couleur : Blanc").await?;
    browser.press("@save").await?;
    browser.says("@cat-prices").await?;
    browser.says("000,50").await?;
    browser.says("@cat-picture-none").await?;
    browser.is_well().await?;
    let made = hub.one("product.template", json!([["manufacturer_ref", "=", new]]), "{id, name}").await?;
    let path = format!("/web/product.template/{}", made["id"]);

    let file = std::env::temp_dir().join(format!("picture-{new}.png"));
    std::fs::write(&file, PICTURE)?;
    let sent = async {
        browser.press("@cat-picture-change").await?;
        browser.hand("file", &file).await?;
        browser.press("@cat-picture-send").await?;
        let shown = "const i = document.querySelector('.shot img'); return i !== null && i.complete && i.naturalWidth > 0";
        browser.until("the picture is shown", async || Ok(browser.run(shown, Vec::new()).await? == json!(true))).await
    };
    let sent = sent.await;
    std::fs::remove_file(&file)?;
    sent?;
    browser.is_well().await?;

    browser.go(&path).await?;
    browser.press("@edit").await?;
    browser.is_well().await?;
    browser.fill("v.name", "Four noir").await?;
    browser.press("@save").await?;
    browser.says("Four noir").await?;
    hub.stands("product.template", json!([["id", "=", made["id"]]]), "name", json!("Four noir")).await?;

    browser.log_in("guichet").await?;
    browser.go(&path).await?;
    browser.says("Four noir").await?;
    for offered in ["input[type=file]", "a[href$='/edit']", "form[action$='/picture']"] {
        ensure!(!browser.has(&format!("main {offered}")).await?, "a clerk is offered {offered}");
    }
    browser.is_shut("/web/product.master/new").await?;
    browser.is_shut(&format!("{path}/edit")).await
}

/// A list is grouped, narrowed down, kept and opened again; a table is looked at line by line, and imported.
pub async fn lists(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    browser.log_in(who).await?;
    browser.go("/web/sale.order").await?;
    browser.choose("group", "bank_id").await?;
    browser.until("the list is grouped", async || Ok(browser.path().await?.contains("group=bank_id"))).await?;
    browser.says("BNA").await?;
    browser.says("@group-count").await?;
    browser.is_well().await?;
    browser.click("#rows tbody a").await?;
    browser.find("a.row").await?;

    let kept = format!("Les miennes {}", hub.number());
    browser.go("/web/sale.order?f.ek_state=EK_ORDER_CREATED").await?;
    browser.press("@filter-save").await?;
    browser.fill("name", &kept).await?;
    browser.click("details.keep button").await?;
    browser.says("@done-filter").await?;
    browser.go("/web/sale.order").await?;
    browser.press("@saved").await?;
    browser.is_well().await?;
    browser.press(&kept).await?;
    browser.find("a.row").await?;

    let brand = format!("Marque {}", hub.number());
    browser.go("/web/product.brand/import").await?;
    browser.is_well().await?;
    browser.fill("csv", &format!("name,nosuch\n{brand},1\n")).await?;
    browser.press("@import-try").await?;
    browser.find("#wrong, [role=alert]").await?;
    browser.is_well().await?;
    browser.fill("csv", &format!("name\n{brand}\n")).await?;
    browser.press("@import-try").await?;
    browser.find(".note.good").await?;
    ensure!(hub.list("product.brand", json!([["name", "=", brand]]), "{id}").await?.is_empty(), "a look stores nothing");
    browser.press("@import-run").await?;
    browser.says("@done-import").await?;
    browser.is_well().await?;
    hub.until("it is imported", async || Ok(!hub.list("product.brand", json!([["name", "=", brand]]), "{id}").await?.is_empty())).await?;

    browser.log_in("guichet").await?;
    browser.go("/web/sale.order").await?;
    ensure!(!browser.value("main").await?.contains(&kept), "a filter of one's own is shown to another");
    browser.keys(&[Key::Escape]).await?;
    browser.is_shut("/web/product.brand/import").await.context("a clerk imports")
}
