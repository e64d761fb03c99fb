//! What takes more than one browser: two banks side by side, and a browser whose scripts don't run.

use std::pin::Pin;

use anyhow::{Result, ensure};

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
        browser.says("Sans script").await
    };
    let done = done.await;
    browser.close().await;
    done
}
