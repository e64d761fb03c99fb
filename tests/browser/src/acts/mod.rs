//! What people do: the tasks of the console, one by one.

mod catalogue;
mod exchange;
mod handled;
mod orders;
mod people;
mod sales;
mod stock;

use std::pin::Pin;

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use serde_json::json;

use crate::browser::Browser;
use crate::hub::Hub;

/// A task, done in a browser by whom it is for.
pub type Act = for<'a> fn(&'a Browser, &'a Hub, &'a str) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// Its number and name, the users whom it is for, each by their log-in, and what they do. The first does it in `ci`, each in `all`.
pub type Task = (&'static str, &'static [&'static str], Act);

/// All of them.
pub const ALL: &[Task] = &[
    ("1 orders are found, narrowed down, sorted and taken along", &["admin", "equipe"], |b, h, w| Box::pin(orders(b, h, w))),
    ("1 by the keyboard alone", &["admin", "guichet"], |b, h, w| Box::pin(orders_by_keyboard(b, h, w))),
    ("2 an order takes its next step", &["guichet", "equipe", "chef", "analyste", "admin"], |b, h, w| Box::pin(orders::order(b, h, w))),
    ("2 by the keyboard alone", &["guichet", "admin"], |b, h, w| Box::pin(orders::by_keyboard(b, h, w))),
    ("3 a loan file takes a step for a reason", &["analyste", "chef", "admin"], |b, h, w| Box::pin(sales::loan_file(b, h, w))),
    ("4 a push that fails is looked at and sent again", &["admin", "chef"], |b, h, w| Box::pin(exchange::pushes(b, h, w))),
    ("4 by the keyboard alone", &["admin", "chef"], |b, h, w| Box::pin(exchange::by_keyboard(b, h, w))),
    ("5 a refused request is found and understood", &["admin", "chef"], |b, h, w| Box::pin(exchange::refused(b, h, w))),
    ("6 clients and points of sale", &["admin", "chef"], |b, h, w| Box::pin(sales::clients(b, h, w))),
    ("7 invoices are printed and credited", &["admin", "equipe"], |b, h, w| Box::pin(sales::invoices(b, h, w))),
    ("8 goods are counted, transferred and written off", &["equipe", "admin"], |b, h, w| Box::pin(stock::goods(b, h, w))),
    ("8 goods are received and taken back", &["equipe", "admin"], |b, h, w| Box::pin(handled::received_and_returned(b, h, w))),
    ("8 by the keyboard alone", &["equipe", "admin"], |b, h, w| Box::pin(stock::by_keyboard(b, h, w))),
    ("9 what is short, for whom, and what is expected", &["equipe", "guichet", "admin"], |b, h, w| Box::pin(handled::shortages(b, h, w))),
    ("10 the dashboard leads on", &["chef", "guichet", "equipe", "admin"], |b, h, w| Box::pin(sales::dashboard(b, h, w))),
    ("11 a card is dragged, and moved by the keyboard", &["guichet", "analyste", "chef", "admin"], |b, h, w| {
        Box::pin(sales::leads(b, h, w))
    }),
    ("12 a purchase is made and received in parts", &["equipe", "admin"], |b, h, w| Box::pin(handled::purchase(b, h, w))),
    ("13 a product is made, with a picture", &["equipe", "ekiclik", "admin"], |b, h, w| Box::pin(catalogue::product(b, h, w))),
    ("14 a user, a key, a session", &["admin", "chef"], |b, h, w| Box::pin(people::users(b, h, w))),
    ("15 my account", &["guichet", "equipe", "admin"], |b, h, w| Box::pin(people::account(b, h, w))),
    ("15 a platform, a bank, the company", &["admin"], |b, h, w| Box::pin(people::settings(b, h, w))),
    ("16 what happens now", &["admin", "chef"], |b, h, w| Box::pin(exchange::live(b, h, w))),
    ("17 any model has a list and a form, with errors beside fields", &["admin", "equipe"], |b, h, w| Box::pin(any_model(b, h, w))),
    ("17 lists are grouped and kept, tables imported", &["equipe", "admin"], |b, h, w| Box::pin(catalogue::lists(b, h, w))),
];

async fn orders(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    browser.log_in(who).await?;
    browser.go("/web/sale.order").await?;
    browser.is_well().await?;
    browser.fill("q", "7005").await?;
    browser.keys(&[Key::Enter]).await?;
    browser.until("one is left", async || Ok(browser.count("a.row").await? == 1)).await?;
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
    browser.says("@value-ek_state-EK_ORDER_DELIVERED").await?;
    ensure!(browser.has("a.row").await?, "an order of the bank is delivered");
    browser.click("th[aria-sort] a[href*='amount_total']").await?;
    browser.find("th[aria-sort=ascending]").await?;
    browser.says("@sum").await?;
    let script = "const done = arguments[0]; return [...document.querySelectorAll('a[download]')].map(a => a.href)";
    let files = browser.run(script, vec![json!(0)]).await?;
    ensure!(files.as_array().is_some_and(|files| files.len() >= 2), "a list is taken along as CSV and XLSX: {files}");
    Ok(())
}

async fn orders_by_keyboard(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    browser.log_in(who).await?;
    browser.go("/web/sale.order").await?;
    browser.tab_to("#q").await?;
    browser.type_in("7007").await?;
    browser.keys(&[Key::Enter]).await?;
    browser.until("one is left", async || Ok(browser.count("a.row").await? == 1)).await?;
    let order = hub.order(7007).await?;
    browser.tab_to(&format!("a.row[href='/web/sale.order/{order}']")).await?;
    browser.keys(&[Key::Enter]).await?;
    browser.until("the order is opened", async || Ok(browser.path().await? == format!("/web/sale.order/{order}"))).await
}

async fn any_model(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    browser.log_in(who).await?;
    browser.go("/web/models").await?;
    browser.press("@model-product_brand.many").await?;
    browser.press("@new").await?;
    browser.press("@save").await?;
    browser.find(".field.wrong .problem").await.context("a required field is missing, and nothing says so beside it")?;
    let brand = format!("Marque {}", hub.number());
    browser.fill("v.name", &brand).await?;
    browser.press("@save").await?;
    browser.says("@done-saved").await?;
    hub.one("product.brand", json!([["name", "=", brand]]), "{id}").await?;
    browser.is_well().await?;
    browser.log_in("guichet").await?;
    browser.go("/web/product.brand").await?;
    ensure!(!browser.has("a[href='/web/product.brand/new']").await?, "a clerk is offered a new brand");
    browser.is_shut("/web/product.brand/new").await
}
