//! How long it takes from a click on the menu until the list of orders is painted, as Chromium itself measures it. It is told and not held
//! against anything: machines differ.

use anyhow::{Context, Result};
use serde_json::json;

use crate::browser::{Browser, Driver, Screen};
use crate::hub::Hub;

/// How often it is clicked.
const TIMES: usize = 9;
/// Notes when the click came: what is kept of a tab outlives its page.
const LISTEN: &str =
    "addEventListener('click', event => sessionStorage.setItem('clicked', performance.timeOrigin + event.timeStamp), true)";
/// Milliseconds from that click to the first byte of the list's page and to its first paint with something in it; nothing before that.
const TOOK: &str = "const paint = performance.getEntriesByName('first-contentful-paint')[0], page = performance.getEntriesByType('navigation')[0];\
    if (location.pathname !== arguments[0] || !paint || !document.querySelector('a.row')) return null;\
    const since = time => performance.timeOrigin + time - Number(sessionStorage.getItem('clicked'));\
    return [since(page.responseStart), since(paint.startTime)]";

/// Clicks on it some times; what that took.
pub async fn orders(driver: &Driver, hub: &Hub) -> Result<String> {
    let browser = Browser::open(driver, hub.address(), Screen::WIDE, None).await?;
    let done = clicked(&browser).await;
    browser.close().await;
    done
}

async fn clicked(browser: &Browser) -> Result<String> {
    let path = "/web/sale.order";
    browser.log_in("admin").await?;
    let (mut answered, mut painted) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        browser.go("/web/account").await?;
        browser.run(LISTEN, Vec::new()).await?;
        browser.click(&format!("nav a[href='{path}']")).await?;
        browser.until("the list is painted", async || Ok(!browser.run(TOOK, vec![json!(path)]).await?.is_null())).await?;
        let took = browser.run(TOOK, vec![json!(path)]).await?;
        answered.push(took[0].as_f64().context("no time of an answer")?);
        painted.push(took[1].as_f64().context("no time of a paint")?);
    }
    painted.sort_by(f64::total_cmp);
    answered.sort_by(f64::total_cmp);
    let (middle, longest) = (TIMES / 2, TIMES - 1);
    Ok(format!(
        "from click to painted, the list of orders: {:.0} ms (answered after {:.0} ms), at most {:.0} ms of {TIMES}",
        painted[middle], answered[middle], painted[longest]
    ))
}
