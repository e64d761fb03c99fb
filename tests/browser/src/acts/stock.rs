//! Goods at a place: the matrix, the ledger, what is done there.

use anyhow::{Result, ensure};
use fantoccini::key::Key;

use crate::browser::Browser;
use crate::hub::Hub;

/// From the matrix to the ledger of a product at a place, where it is counted, sent on, and written off; what is refused stands beside.
pub async fn goods(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    let (reference, _) = hub.product("Frigo de l’essai").await?;
    hub.counted(&reference, &hub.pos, 10.0).await?;
    hub.counted(&reference, &hub.other_pos, 1.0).await?;
    let (_, _, ledger) = hub.goods(&reference, &hub.pos).await?;
    let (_, _, away) = hub.goods(&reference, &hub.other_pos).await?;
    browser.log_in(who).await?;
    browser.go("/web/stock").await?;
    browser.is_well().await?;
    browser.fill("q", &reference).await?;
    browser.keys(&[Key::Enter]).await?;
    browser.until("one product is left", async || Ok(browser.count("#rows tbody tr").await? == 1)).await?;
    browser.click(&format!("td a[href='{ledger}']")).await?;
    for told in ["@stock-ledger", "@stock-was-count", "@stock-free"] {
        browser.says(told).await?;
    }
    browser.is_well().await?;

    browser.click("#do-count").await?;
    browser.is_well().await?;
    browser.fill("quantity", "douze").await?;
    browser.press("@stock-count").await?;
    browser.find(".field.wrong #p-quantity").await?;
    browser.fill("quantity", "12").await?;
    browser.press("@stock-count").await?;
    browser.says("@done-counted").await?;
    ensure!(hub.goods(&reference, &hub.pos).await?.0 == 12.0, "what is counted is there");

    browser.click("#do-transfer").await?;
    browser.is_well().await?;
    browser.fill("quantity", "99").await?;
    browser.fill("to", &hub.other_pos).await?;
    browser.press("@stock-transfer").await?;
    let told = browser.value("#p-quantity").await?;
    ensure!(told.contains("12") && !told.contains("99 "), "more than is free is refused: {told}");
    browser.is_well().await?;
    ensure!(hub.goods(&reference, &hub.other_pos).await?.0 == 1.0, "nothing was moved");
    browser.fill("quantity", "4").await?;
    browser.press("@stock-transfer").await?;
    browser.says("@done-transferred").await?;
    browser.says("@stock-was-transfer-out").await?;
    ensure!(hub.goods(&reference, &hub.other_pos).await?.0 == 5.0, "what was sent has arrived");

    browser.click("#do-write-off").await?;
    browser.is_well().await?;
    browser.fill("quantity", "1").await?;
    browser.press("@stock-write-off").await?;
    browser.find(".field.wrong #p-reason").await?;
    browser.fill("reason", "Porte cassée").await?;
    browser.press("@stock-write-off").await?;
    browser.says("@done-written-off").await?;
    browser.says("Porte cassée").await?;
    browser.is_well().await?;
    ensure!(hub.goods(&reference, &hub.pos).await?.0 == 7.0, "what is written off is gone");

    browser.log_in("guichet").await?;
    browser.go(&ledger).await?;
    browser.says("Porte cassée").await?;
    for what in ["count", "transfer", "write-off"] {
        ensure!(!browser.has(&format!("#do-{what}")).await?, "a clerk is offered: {what}");
    }
    browser.is_shut(&format!("{ledger}/count")).await?;
    browser.is_shut(&away).await
}

/// The same by the keyboard: from the matrix to a count.
pub async fn by_keyboard(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    let (reference, _) = hub.product("Frigo de l’essai").await?;
    hub.counted(&reference, &hub.pos, 10.0).await?;
    let (_, _, ledger) = hub.goods(&reference, &hub.pos).await?;
    browser.log_in(who).await?;
    browser.go("/web/stock").await?;
    browser.tab_to("#q").await?;
    browser.type_in(&reference).await?;
    browser.keys(&[Key::Enter]).await?;
    browser.until("one product is left", async || Ok(browser.count("#rows tbody tr").await? == 1)).await?;
    browser.tab_to(&format!("td a[href='{ledger}']")).await?;
    browser.keys(&[Key::Enter]).await?;
    browser.says("@stock-ledger").await?;
    for (what, quantity, done) in [("count", "8", "@done-counted"), ("write-off", "2", "@done-written-off")] {
        browser.tab_to(&format!("#do-{what}")).await?;
        browser.keys(&[Key::Enter]).await?;
        browser.tab_to("#quantity").await?;
        browser.type_in(quantity).await?;
        if what == "write-off" {
            browser.tab_to("#reason").await?;
            browser.type_in("Perdus").await?;
        }
        browser.keys(&[Key::Enter]).await?;
        browser.says(done).await?;
    }
    browser.tab_to("#do-transfer").await?;
    browser.keys(&[Key::Enter]).await?;
    browser.tab_to("#quantity").await?;
    browser.type_in("1").await?;
    browser.tab_to("#to").await?;
    browser.type_in(&hub.other_pos).await?;
    browser.tab_to("main form.form button.main").await?;
    browser.keys(&[Key::Enter]).await?;
    browser.says("@done-transferred").await?;
    let (left, sent) = (hub.goods(&reference, &hub.pos).await?.0, hub.goods(&reference, &hub.other_pos).await?.0);
    ensure!((left, sent) == (5.0, 1.0), "there are {left} and {sent}");
    Ok(())
}
