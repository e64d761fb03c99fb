//! Goods that come and go: receipts, returns, purchases, and what orders wait for.

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use serde_json::json;

use crate::browser::Browser;
use crate::hub::Hub;

/// From a ledger to its receipt, which is validated; and to a delivery, of which a part comes back.
pub async fn received_and_returned(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    let (reference, _) = hub.product("Frigo de l’essai").await?;
    hub.counted(&reference, &hub.pos, 3.0).await?;
    let order = hub.delivered("BNA", &reference, 3).await?;
    let line = json!({"product_id": reference, "product_qty": 6});
    let purchase = hub.create("purchase.order", json!({"partner_id": hub.pos, "order_line": [line]})).await?;
    hub.call("purchase.order", purchase, "button_confirm", json!([])).await?;
    let receipt = hub.one("stock.picking", json!([["purchase_id", "=", purchase]]), "{id}").await?["id"].clone();
    let delivery = hub.one("stock.picking", json!([["sale_id", "=", order.id]]), "{id, move_ids{id}}").await?;
    let (_, _, ledger) = hub.goods(&reference, &hub.pos).await?;
    browser.log_in(who).await?;
    browser.go(&ledger).await?;
    browser.says("@stock-was-delivery").await?;
    browser.click("#do-receive").await?;
    browser.click(&format!("a.row[href='/web/stock.picking/{receipt}']")).await?;
    browser.says("@picking-moves").await?;
    browser.is_well().await?;
    browser.press("@picking-validate").await?;
    browser.says("@done-validated").await?;
    ensure!(hub.goods(&reference, &hub.pos).await?.0 == 6.0, "what was received is there");

    browser.go(&ledger).await?;
    browser.says("@stock-was-receipt").await?;
    browser.click("#do-return").await?;
    browser.is_well().await?;
    browser.click(&format!("a.row[href^='/web/stock.picking/{}']", delivery["id"])).await?;
    let takes = format!("r.{}", delivery["move_ids"][0]["id"]);
    browser.is_well().await?;
    browser.fill(&takes, "9").await?;
    browser.press("@picking-return-do").await?;
    browser.is_refused().await?;
    browser.fill(&takes, "2").await?;
    browser.press("@picking-return-do").await?;
    browser.says("@done-return-made").await?;
    browser.press("@picking-validate").await?;
    browser.says("@done-validated").await?;
    let filter = json!([["manufacturer_ref", "=", reference], ["location_id.complete_name", "=", format!("{}/Retours", hub.pos)]]);
    hub.stands("stock.quant", filter, "quantity", json!(2.0)).await?;

    browser.log_in("guichet").await?;
    browser.go(&format!("/web/stock.picking/{}", delivery["id"])).await?;
    browser.says(&reference).await?;
    ensure!(!browser.has("button[name=do]").await?, "a clerk is offered a step of a delivery");
    browser.log_in("alsalam").await?;
    browser.is_shut(&format!("/web/stock.picking/{}", delivery["id"])).await
}

/// What an order waits for: what, where, since when, for whom, and what is on its way.
pub async fn shortages(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    let (reference, _) = hub.product("Four de l’essai").await?;
    hub.counted(&reference, &hub.pos, 2.0).await?;
    let order = hub.ordered("BNA", &reference, 6).await?;
    let line = json!({"product_id": reference, "product_qty": 11});
    let purchase = hub.create("purchase.order", json!({"partner_id": hub.pos, "order_line": [line]})).await?;
    hub.call("purchase.order", purchase, "button_confirm", json!([])).await?;
    let short = json!([["sale_id", "=", order.id], ["reserved_availability", "=", 2]]);
    hub.until("what is there is reserved", async || Ok(!hub.list("stock.move", short.clone(), "{id}").await?.is_empty())).await?;
    browser.log_in(who).await?;
    browser.go("/web/shortages").await?;
    browser.is_well().await?;
    browser.fill("q", &reference).await?;
    browser.keys(&[Key::Enter]).await?;
    browser.until("one line is left", async || Ok(browser.count("#rows tbody tr:not(.group)").await? == 1)).await?;
    let line = browser.value("#rows tbody tr:not(.group)").await?;
    let numbers: Vec<&str> = line.split_whitespace().collect();
    // A clerk has no client's name
    ensure!(line.contains(&order.client) != (who == "guichet"), "for whom: {line}");
    ensure!(numbers.windows(4).any(|four| four == ["6", "2", "4", "11"]), "asked, reserved, short, expected: {line}");
    browser.choose("by", "pos").await?;
    browser.until("they are grouped by place", async || Ok(browser.path().await?.contains("by=pos"))).await?;
    browser.says(&hub.pos).await?;
    browser.is_well().await?;
    browser.click(&format!("a[href='/web/sale.order/{}']", order.id)).await?;
    browser.says("@order-short").await?;

    browser.log_in("alsalam").await?;
    browser.go(&format!("/web/shortages?q={reference}")).await?;
    browser.is_silent_of(&order.client).await?;
    ensure!(!browser.has("#rows tbody tr").await?, "another bank's shortage is shown");
    Ok(())
}

/// A purchase of two lines, confirmed, and received as it comes.
pub async fn purchase(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    let ((first, _), (second, _)) = (hub.product("Four de l’essai").await?, hub.product("Frigo de l’essai").await?);
    browser.log_in(who).await?;
    browser.go("/web/purchase.order").await?;
    browser.is_well().await?;
    browser.press("@new").await?;
    browser.is_well().await?;
    browser.fill("partner", &hub.pos).await?;
    browser.fill("l.0.product", &first).await?;
    browser.fill("l.0.quantity", "zéro").await?;
    browser.press("@save").await?;
    browser.find("#p-0-quantity").await?;
    browser.is_well().await?;
    browser.fill("l.0.quantity", "6").await?;
    browser.fill("l.0.price", "1 250,50").await?;
    browser.fill("l.1.product", &second).await?;
    browser.fill("l.1.quantity", "2").await?;
    browser.press("@save").await?;
    browser.says("@buy-confirm").await?;
    browser.says("503,00").await?;
    let path = browser.path().await?.split('?').next().unwrap_or_default().to_owned();
    let purchase: i64 = path.rsplit('/').next().context("no purchase")?.parse()?;
    browser.press("@buy-confirm").await?;
    browser.find("#receive").await?;
    browser.is_well().await?;
    browser.click("#receive").await?;
    let of_it = |state: &str| json!([["purchase_id", "=", purchase], ["state", "=", state]]);
    let query = "{id, name, move_ids{id, manufacturer_ref}}";
    let receipt = hub.one("stock.picking", of_it("assigned"), query).await?;
    for moved in receipt["move_ids"].as_array().context("no moves")? {
        browser.fill(&format!("d.{}", moved["id"]), if moved["manufacturer_ref"] == json!(first) { "4" } else { "0" }).await?;
    }
    browser.press("@picking-validate").await?;
    browser.says("@done-validated").await?;
    browser.says("@picking-backorder-of").await?;
    ensure!(hub.goods(&first, &hub.pos).await?.0 == 4.0, "what came is there");
    let rest = hub.one("stock.picking", of_it("assigned"), query).await?;
    browser.go(&path).await?;
    browser.click("#receive").await?;
    browser.until("it is the rest", async || Ok(browser.path().await? == format!("/web/stock.picking/{}", rest["id"]))).await?;
    browser.press("@picking-validate").await?;
    browser.says("@done-validated").await?;
    let came = (hub.goods(&first, &hub.pos).await?.0, hub.goods(&second, &hub.pos).await?.0);
    ensure!(came == (6.0, 2.0), "all that came: {came:?}");

    browser.log_in("guichet").await?;
    ensure!(!browser.offers("/web/purchase.order").await?, "a clerk is offered purchases");
    browser.is_shut("/web/purchase.order/new").await?;
    browser.is_shut(&path).await
}
