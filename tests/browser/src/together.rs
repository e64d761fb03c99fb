//! What takes more than one browser: two banks side by side, and a browser whose scripts don't run.

use std::pin::Pin;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::browser::{Browser, Driver, Screen};
use crate::hub::Hub;

/// A walk of several browsers.
pub type Walk = for<'a> fn(&'a Driver, &'a Hub) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// All of them, by name.
pub const ALL: &[(&str, Walk)] = &[
    ("two banks see each its own change, live", |driver, hub| Box::pin(two_banks(driver, hub))),
    ("without a script pages are read and forms are sent", |driver, hub| Box::pin(without_a_script(driver, hub))),
];

async fn two_banks(driver: &Driver, hub: &Hub) -> Result<()> {
    let (bna, alsalam) =
        (Browser::open(driver, hub.address(), Screen::WIDE, None).await?, Browser::open(driver, hub.address(), Screen::WIDE, None).await?);
    let done = async {
        bna.log_in("bna").await?;
        alsalam.log_in("alsalam").await?;
        for browser in [&bna, &alsalam] {
            browser.go("/web/sale.order").await?;
            browser.says("S0").await?;
        }
        let (own, other) = (7003, 7004);
        ensure!(
            bna.text().await?.contains(&own.to_string()) && !bna.text().await?.contains(&other.to_string()),
            "a bank sees its own orders alone"
        );
        ensure!(
            alsalam.text().await?.contains(&other.to_string()) && !alsalam.text().await?.contains(&own.to_string()),
            "and so does the other"
        );
        let quiet = alsalam.text().await?;
        hub.state("BNA", own, "EK_ORDER_IN_PREPARATION").await?;
        let moved = format!("tr:has(a[href='/web/sale.order/{}']) .badge.going", hub.order(own).await?);
        bna.until("the order has moved by itself", async || bna.has(&moved).await).await?;
        ensure!(alsalam.text().await? == quiet, "the other bank's page has changed");
        hub.state("Alsalam", other, "EK_CLIENT_ORDER_CANCELED").await?;
        let moved = format!("tr:has(a[href='/web/sale.order/{}']) .badge.bad", hub.order(other).await?);
        alsalam.until("the other order has moved by itself", async || alsalam.has(&moved).await).await
    };
    let done = done.await;
    bna.close().await;
    alsalam.close().await;
    done
}

async fn without_a_script(driver: &Driver, hub: &Hub) -> Result<()> {
    let browser = Browser::open(driver, hub.address(), Screen { script: false, ..Screen::WIDE }, None).await?;
    let done = async {
        browser.log_in("admin").await?;
        for path in [
            "/web",
            "/web/sale.order",
            "/web/stock",
            "/web/leads",
            "/web/loans",
            "/web/pushes",
            "/web/live",
            "/web/account",
            "/web/shortages",
        ] {
            browser.go(path).await?;
            ensure!(browser.count("h1").await? == 1 && !browser.has("#refused").await?, "{path} is refused");
        }
        browser.go("/web/sale.order").await?;
        browser.fill("q", "7001").await?;
        browser.click("form.search button.main").await?;
        browser.says("1 enregistrement").await?;
        browser.go("/web/product.brand/new").await?;
        browser.fill("v.name", "Sans script").await?;
        browser.press("Enregistrer").await?;
        browser.says("Enregistré.").await?;
        browser.says("Sans script").await?;
        // An order's next step, a count, a card: each is a form
        let (reference, _) = hub.product("Produit sans script").await?;
        hub.counted(&reference, &hub.pos, 5.0).await?;
        let order = hub.ordered("BNA", &reference, 1).await?;
        browser.go(&format!("/web/sale.order/{}", order.id)).await?;
        browser.press("@order-step-prepare").await?;
        browser.says("@done-step").await?;
        hub.stands("sale.order", json!([["id", "=", order.id]]), "ek_state", json!("EK_ORDER_IN_PREPARATION")).await?;
        browser.go(&format!("{}/count", hub.goods(&reference, &hub.pos).await?.2)).await?;
        browser.fill("quantity", "8").await?;
        browser.press("@stock-count").await?;
        browser.says("@done-counted").await?;
        browser.go(&format!("/web/leads?q={}", order.number)).await?;
        browser.click(&format!("#lead-{} summary", order.lead)).await?;
        let last =
            hub.list("crm.stage", json!([]), "{id}").await?.iter().filter_map(|stage| stage["id"].as_i64()).max().unwrap_or_default();
        browser.choose("stage", &last.to_string()).await?;
        browser.press("@leads-move-now").await?;
        browser.says("@done-moved").await?;
        hub.stands("crm.lead", json!([["id", "=", order.lead]]), "stage_id", json!(last)).await
    };
    let done = done.await;
    browser.close().await;
    done
}
