//! One order: what it is, its next step, what it refuses, its papers.

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use serde_json::json;

use crate::browser::Browser;
use crate::hub::Hub;

/// From the list to the order, which takes its next step, and refuses another in words.
pub async fn order(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    let (reference, _) = hub.product("Télévision de l’essai").await?;
    hub.counted(&reference, &hub.pos, 5.0).await?;
    let order = hub.ordered("BNA", &reference, 2).await?;
    let path = format!("/web/sale.order/{}", order.id);
    browser.log_in(who).await?;
    browser.go("/web/sale.order").await?;
    browser.fill("q", &order.number.to_string()).await?;
    browser.keys(&[Key::Enter]).await?;
    browser.click(&format!("a.row[href='{path}']")).await?;
    for told in ["7, rue des Frères", &reference, "@order-lines", "@order-papers"] {
        browser.says(told).await?;
    }
    // A clerk has no client's address
    match who {
        "guichet" => browser.is_silent_of(&order.email).await?,
        _ => browser.says(&order.email).await?,
    }
    browser.is_silent_of("91 234").await?;
    browser.is_well().await?;

    browser.press("@order-step-prepare").await?;
    browser.says("@done-step").await?;
    hub.stands("sale.order", json!([["id", "=", order.id]]), "ek_state", json!("EK_ORDER_IN_PREPARATION")).await?;
    let now = browser.value("#life [aria-current=step]").await?;
    ensure!(now.contains(&browser.told("@value-ek_state-EK_ORDER_IN_PREPARATION")?), "the order's life stands at {now}");
    let history = browser.value("#history").await?;
    ensure!(history.contains(&format!("Utilisateur {who}")) || who == "admin", "the history does not tell who did it: {history}");
    ensure!(history.contains(&browser.told("@value-ek_state-EK_ORDER_IN_PREPARATION")?), "nor what: {history}");

    // A page that was open too long asks for a step that is not possible
    browser.run("document.getElementById('next').value = 'EK_ORDER_CREATED'", Vec::new()).await?;
    browser.click("#next").await?;
    browser.says("@order-refused").await?;
    browser.is_refused().await?;
    browser.is_well().await?;
    hub.stands("sale.order", json!([["id", "=", order.id]]), "ek_state", json!("EK_ORDER_IN_PREPARATION")).await?;

    browser.go(&path).await?;
    let paper = browser.run("return document.querySelector('#papers a.button').getAttribute('href')", Vec::new()).await?;
    let paper = browser.fetched(paper.as_str().context("no paper")?).await?;
    ensure!(paper == "200 application/pdf", "a document is {paper}");
    let deliveries = "a[href^='/web/ek.delivery']";
    ensure!(browser.has(deliveries).await? != (who == "guichet"), "the link to what the bank was told is for those who may read it");

    browser.log_in("alsalam").await?;
    browser.is_shut(&path).await?;
    browser.go(&format!("/web/sale.order?q={}", order.number)).await?;
    browser.is_silent_of(&order.client).await
}

/// The same by the keyboard: the next step, and the order given up after a question.
pub async fn by_keyboard(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    let (reference, _) = hub.product("Télévision de l’essai").await?;
    hub.counted(&reference, &hub.pos, 5.0).await?;
    let order = hub.ordered("BNA", &reference, 2).await?;
    browser.log_in(who).await?;
    browser.go(&format!("/web/sale.order/{}", order.id)).await?;
    browser.tab_to("#next").await?;
    browser.keys(&[Key::Enter]).await?;
    browser.says("@done-step").await?;
    hub.stands("sale.order", json!([["id", "=", order.id]]), "ek_state", json!("EK_ORDER_IN_PREPARATION")).await?;
    browser.tab_to("#papers a.button").await?;
    browser.go(&format!("/web/sale.order/{}", order.id)).await?;
    browser.tab_to("#cancel summary").await?;
    browser.keys(&[Key::Enter]).await?;
    browser.tab_to("#cancel button.danger").await?;
    browser.keys(&[Key::Enter]).await?;
    browser.says("@done-step").await?;
    hub.stands("sale.order", json!([["id", "=", order.id]]), "ek_state", json!("EK_CLIENT_ORDER_CANCELED")).await
}
