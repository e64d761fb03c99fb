//! Loan files, clients, invoices, the dashboard, leads as a board.

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use serde_json::json;

use crate::browser::Browser;
use crate::hub::Hub;

/// A file takes a step for a reason; what is sealed is shown to those whom it is for, and each look is a row of the audit.
pub async fn loan_file(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    let (reference, _) = hub.product("Salon de l’essai").await?;
    let order = hub.ordered("BNA", &reference, 1).await?;
    let lead = format!("/web/crm.lead/{}", order.lead);
    browser.log_in(who).await?;
    browser.go("/web/loans").await?;
    browser.is_well().await?;
    browser.fill("q", &order.number.to_string()).await?;
    browser.keys(&[Key::Enter]).await?;
    browser.until("one file is left", async || Ok(browser.count("a.row").await? == 1)).await?;
    // None is chosen yet
    browser.fill("state", "accord").await?;
    browser.fill("reason", "Dossier complet").await?;
    browser.press("@loans-take").await?;
    browser.says("@loans-choose").await?;
    browser.is_refused().await?;
    browser.click(&format!("#id-{}", order.lead)).await?;
    browser.press("@loans-take").await?;
    browser.says("@done-step").await?;
    hub.stands("crm.lead", json!([["id", "=", order.lead]]), "file_state", json!("accord")).await?;

    browser.go(&lead).await?;
    browser.says("Dossier complet").await?;
    browser.is_silent_of("0666666666").await?;
    let looks = json!([["model", "=", "crm.lead"], ["res_id", "=", order.lead], ["field", "like", "read:"]]);
    let before = hub.list("ek.audit", looks.clone(), "{id}").await?.len();
    browser.press("@sealed-open").await?;
    browser.says("0666666666").await?;
    browser.is_well().await?;
    let after = hub.list("ek.audit", looks, "{id}").await?.len();
    ensure!(after > before, "a look at what is sealed is no row of the audit: {before}, then {after}");

    for other in ["equipe", "guichet"] {
        browser.log_in(other).await?;
        ensure!(!browser.offers("/web/loans").await?, "{other} is offered loan files");
        browser.is_shut("/web/loans").await?;
        browser.go(&format!("{lead}?open=1")).await?;
        browser.is_silent_of("0666666666").await?;
        browser.is_silent_of("Dossier complet").await?;
    }
    browser.log_in("alsalam").await?;
    browser.is_shut(&lead).await
}

/// A client is made, and found again with what belongs to it; so is a point of sale.
pub async fn clients(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    let (reference, _) = hub.product("Salon de l’essai").await?;
    let order = hub.ordered("BNA", &reference, 1).await?;
    browser.log_in(who).await?;
    browser.go("/web/clients").await?;
    browser.is_well().await?;
    browser.fill("q", &order.email).await?;
    browser.keys(&[Key::Enter]).await?;
    browser.until("one client is left", async || Ok(browser.count("a.row").await? == 1)).await?;
    browser.click("a.row").await?;
    for told in ["@partner-orders", "@partner-invoices", "@partner-leads", "@partner-addresses", "@layout-contact", "0550 12 34 56"] {
        browser.says(told).await?;
    }
    ensure!(browser.has(&format!("a[href='/web/sale.order/{}']", order.id)).await?, "a client's order leads there");
    browser.is_well().await?;

    let (name, email) = (format!("Zohra {}", hub.number()), format!("zohra{}@example.dz", hub.number()));
    browser.go("/web/res.partner/new").await?;
    browser.is_well().await?;
    browser.fill("v.name", &name).await?;
    browser.fill("v.email", &email).await?;
    browser.press("@save").await?;
    browser.says("@done-saved").await?;
    hub.one("res.partner", json!([["email", "=", email]]), "{id}").await?;
    browser.press("@edit").await?;
    browser.fill("v.phone", "0555 98 76 54").await?;
    browser.press("@save").await?;
    browser.says("0555 98 76 54").await?;
    hub.stands("res.partner", json!([["email", "=", email]]), "phone", json!("0555 98 76 54")).await?;

    browser.go("/web/pos").await?;
    browser.says(&hub.pos).await?;
    browser.is_well().await?;
    if who == "admin" {
        let code = format!("PDV-{}", hub.number());
        browser.press("@new").await?;
        browser.fill("v.name", "Oran centre").await?;
        browser.fill("v.code_pos", &code).await?;
        browser.press("@save").await?;
        browser.says("@partner-stock").await?;
        browser.says("@partner-users").await?;
        hub.one("res.partner", json!([["code_pos", "=", code]]), "{id}").await?;
    }

    browser.log_in("guichet").await?;
    browser.go("/web/clients").await?;
    ensure!(!browser.has("a[href^='/web/res.partner/new']").await?, "a clerk is offered a new client");
    browser.is_shut("/web/res.partner/new").await?;
    browser.log_in("alsalam").await?;
    browser.go(&format!("/web/clients?q={}", order.email)).await?;
    browser.is_silent_of(&order.client).await
}

/// Invoices are found, printed together, and credited for what the client does not have.
pub async fn invoices(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    let (reference, _) = hub.product("Salon de l’essai").await?;
    hub.counted(&reference, &hub.pos, 3.0).await?;
    let order = hub.delivered("BNA", &reference, 5).await?;
    let filter = json!([["sale_id", "=", order.id], ["move_type", "=", "out_invoice"]]);
    let invoice = hub.one("account.move", filter, "{id}").await?["id"].as_i64().context("no id")?;
    let path = format!("/web/account.move/{invoice}");
    browser.log_in(who).await?;
    browser.go("/web/account.move").await?;
    browser.is_well().await?;
    browser.fill("q", &order.email).await?;
    browser.keys(&[Key::Enter]).await?;
    browser.until("its invoices are left", async || Ok(browser.count("a.row").await? == 1)).await?;
    browser.press("@print").await?;
    browser.says("@print-none").await?;
    browser.go(&path).await?;
    let paper = "a[href^='/report/pdf/account.report_invoice/']";
    ensure!(browser.has(paper).await?, "an invoice is printed");
    let fetched = browser.fetched(&format!("/report/pdf/account.report_invoice/{invoice}")).await?;
    ensure!(fetched == "200 application/pdf", "an invoice is {fetched}");
    browser.is_well().await?;
    browser.press("@credit").await?;
    browser.says("@credit-lines").await?;
    browser.is_well().await?;
    browser.fill("reason", " ").await?;
    browser.press("@credit-do").await?;
    browser.says("@credit-why").await?;
    browser.is_refused().await?;
    browser.fill("reason", "Rupture définitive").await?;
    browser.press("@credit-do").await?;
    browser.says("@done-credited").await?;
    browser.says("Rupture définitive").await?;
    hub.one("account.move", json!([["reversed_entry_id", "=", invoice], ["move_type", "=", "out_refund"]]), "{id}").await?;
    browser.go(&format!("{path}/credit")).await?;
    browser.says("@credit-nothing").await?;

    browser.log_in("guichet").await?;
    browser.go(&path).await?;
    ensure!(browser.has(paper).await? && !browser.has(&format!("a[href='{path}/credit']")).await?, "a clerk prints, and credits nothing");
    browser.is_shut(&format!("{path}/credit")).await?;
    browser.log_in("alsalam").await?;
    browser.is_shut(&path).await
}

/// What today brought, each figure leading to its list; another bank has its own.
pub async fn dashboard(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    let (reference, _) = hub.product("Salon de l’essai").await?;
    let order = hub.ordered("BNA", &reference, 1).await?;
    browser.log_in(who).await?;
    browser.go("/web").await?;
    for told in ["@home-today", "@home-by-state", "@home-chart-sale-order", "@value-ek_state-EK_ORDER_CREATED"] {
        browser.says(told).await?;
    }
    browser.is_well().await?;
    let script =
        "return [...new Set([...document.querySelectorAll('#record .figures a, #record .parts a')].map(a => a.getAttribute('href')))]";
    let links = browser.run(script, Vec::new()).await?;
    let links: Vec<&str> = links.as_array().into_iter().flatten().filter_map(|link| link.as_str()).collect();
    ensure!(links.len() >= 4, "the dashboard leads to {links:?}");
    for link in links {
        let told = browser.fetched(link).await?;
        ensure!(told.starts_with("200 text/html"), "{link} is {told}");
    }
    browser.press("@home-numbers").await?;
    ensure!(browser.has("details[open] tbody a").await?, "the numbers of a chart stand in a table");
    browser.click(".figures a[href^='/web/sale.order']").await?;
    browser.says(&order.number.to_string()).await?;

    let (bank, login) = (format!("Banque {}", hub.number()), format!("seul{}", hub.number()));
    hub.create("res.bank", json!({"name": bank})).await?;
    hub.user(&login, "ROLE_ADMIN", &bank, "").await?;
    browser.log_in(&login).await?;
    browser.go("/web").await?;
    browser.says("@list-none").await?;
    browser.is_silent_of("BNA").await?;
    browser.is_silent_of("@value-ek_state-EK_ORDER_CREATED").await
}

/// A card is moved to the next stage with the mouse, and on by the keyboard.
pub async fn leads(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    let (reference, _) = hub.product("Salon de l’essai").await?;
    let order = hub.ordered("BNA", &reference, 1).await?;
    let stages = hub.list("crm.stage", json!([]), "{id, sequence}").await?;
    let mut stages: Vec<(i64, i64)> = stages.iter().filter_map(|one| Some((one["sequence"].as_i64()?, one["id"].as_i64()?))).collect();
    stages.sort_unstable();
    let (second, third) = (stages.get(1).context("one stage")?.1, stages.get(2).context("two stages")?.1);
    let of_lead = json!([["id", "=", order.lead]]);
    browser.log_in(who).await?;
    browser.go(&format!("/web/leads?q={}", order.number)).await?;
    let card = format!("#lead-{}", order.lead);
    browser.find(&card).await?;
    browser.is_well().await?;
    // On a telephone the next stage is not in sight
    let is_wide = browser.run("return window.innerWidth > 800", Vec::new()).await? == json!(true);
    if is_wide {
        browser.drag(&card, &format!("[data-stage='{second}'] header")).await?;
    } else {
        by_form(browser, &card).await?;
    }
    hub.stands("crm.lead", of_lead.clone(), "stage_id", json!(second)).await?;
    browser.find(&format!("[data-stage='{second}'] {card}")).await?;
    browser.says("@done-moved").await?;

    by_form(browser, &card).await?;
    browser.find(&format!("[data-stage='{third}'] {card}")).await?;
    hub.stands("crm.lead", of_lead, "stage_id", json!(third)).await?;
    browser.is_well().await?;

    browser.log_in("alsalam").await?;
    browser.go(&format!("/web/leads?q={}", order.number)).await?;
    ensure!(!browser.has(&card).await?, "another bank's lead is on the board");
    browser.is_shut(&format!("/web/crm.lead/{}", order.lead)).await
}

/// Moves a card to the stage after its own by the keyboard alone.
async fn by_form(browser: &Browser, card: &str) -> Result<()> {
    browser.tab_to(&format!("{card} summary")).await?;
    browser.keys(&[Key::Enter]).await?;
    let before = browser.value(&format!("{card} select")).await?;
    browser.tab_to(&format!("{card} select")).await?;
    browser.keys(&[Key::Down]).await?;
    ensure!(browser.value(&format!("{card} select")).await? != before, "the next stage is chosen");
    browser.tab_to(&format!("{card} form button")).await?;
    browser.keys(&[Key::Enter]).await
}
