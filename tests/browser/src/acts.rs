//! What people do: the tasks of the console, one by one.

use std::pin::Pin;

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use serde_json::json;

use crate::browser::Browser;
use crate::hub::Hub;

/// A task, done in a browser.
pub type Act = for<'a> fn(&'a Browser, &'a Hub) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// All of them, by name.
pub const ALL: &[(&str, Act)] = &[
    ("1 orders are found, narrowed down, sorted and taken along", |browser, hub| Box::pin(orders(browser, hub))),
    ("1 by the keyboard alone", |browser, hub| Box::pin(orders_by_keyboard(browser, hub))),
    ("17 any model has a list and a form, with errors beside fields", |browser, hub| Box::pin(any_model(browser, hub))),
];

async fn orders(browser: &Browser, hub: &Hub) -> Result<()> {
    browser.log_in("admin").await?;
    browser.go("/web/sale.order").await?;
    browser.is_well().await?;
    browser.fill("q", "7005").await?;
    browser.keys(&[Key::Enter]).await?;
    browser.says("1 enregistrement").await?;
    let order = hub.order(7005).await?;
    ensure!(browser.has(&format!("a.row[href='/web/sale.order/{order}']")).await?, "the order is found by the platform's number");
    for (typed, found) in [("client4@example.dz", 7005), ("Client numéro 4", 7005)] {
        browser.go("/web/sale.order").await?;
        browser.fill("q", typed).await?;
        browser.keys(&[Key::Enter]).await?;
        browser.says(&found.to_string()).await?;
    }
    browser.go("/web/sale.order").await?;
    browser.click("#quick a[href*='EK_ORDER_DELIVERED']").await?;
    browser.until("the list is narrowed down", async || Ok(browser.path().await?.contains("EK_ORDER_DELIVERED"))).await?;
    browser.choose("f.bank_id", &hub.bank("Alsalam").await?).await?;
    browser.until("a choice narrows the list down at once", async || Ok(browser.path().await?.contains("f.bank_id"))).await?;
    browser.says("Livrée").await?;
    browser.is_silent_of("aucun enregistrement").await?;
    browser.click("th[aria-sort] a[href*='amount_total']").await?;
    browser.find("th[aria-sort=ascending]").await?;
    browser.says("Total").await?;
    let script = "const done = arguments[0]; return [...document.querySelectorAll('a[download]')].map(a => a.href)";
    let files = browser.run(script, vec![json!(0)]).await?;
    ensure!(files.as_array().is_some_and(|files| files.len() >= 2), "a list is taken along as CSV and XLSX: {files}");
    Ok(())
}

async fn orders_by_keyboard(browser: &Browser, hub: &Hub) -> Result<()> {
    browser.log_in("admin").await?;
    browser.go("/web/sale.order").await?;
    browser.tab_to("#q").await?;
    browser.type_in("7007").await?;
    browser.keys(&[Key::Enter]).await?;
    browser.says("1 enregistrement").await?;
    let order = hub.order(7007).await?;
    browser.tab_to(&format!("a.row[href='/web/sale.order/{order}']")).await?;
    browser.keys(&[Key::Enter]).await?;
    browser.until("the order is opened", async || Ok(browser.path().await? == format!("/web/sale.order/{order}"))).await
}

async fn any_model(browser: &Browser, hub: &Hub) -> Result<()> {
    browser.log_in("admin").await?;
    browser.go("/web/models").await?;
    browser.press("Marques").await?;
    browser.press("Nouveau").await?;
    browser.press("Enregistrer").await?;
    browser.find(".field.wrong .problem").await.context("a required field is missing, and nothing says so beside it")?;
    browser.fill("v.name", "Marque des essais").await?;
    browser.press("Enregistrer").await?;
    browser.says("Enregistré.").await?;
    hub.one("product.brand", json!([["name", "=", "Marque des essais"]]), "{id}").await?;
    browser.is_well().await
}
