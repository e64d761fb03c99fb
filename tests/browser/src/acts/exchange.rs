//! Pushes to a platform, refused requests, what happens now.

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use serde_json::json;

use crate::browser::Browser;
use crate::hub::Hub;
use crate::receiver::Receiver;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A bank of one's own with a platform that answers so, and who looks after it: the bank's name, the platform's id, the log-in.
async fn platform(hub: &Hub, who: &str, receiver: &Receiver) -> Result<(String, i64, String)> {
    let bank = format!("Banque {}", hub.number());
    hub.create("res.bank", json!({"name": bank})).await?;
    let platform = hub.create("ek.platform", json!({"name": bank, "base_url": receiver.url, "secret": SECRET})).await?;
    let login = if who == "chef" { format!("chef{}", hub.number()) } else { who.to_owned() };
    if login != who {
        hub.user(&login, "ROLE_ADMIN", &bank, "").await?;
    }
    Ok((bank, platform, login))
}

/// A push that the platform does not take is looked at, and sent again when it does; pushes pause and go on; a secret is shown once.
pub async fn pushes(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    let receiver = Receiver::answering(422).await?;
    let (bank, platform, login) = platform(hub, who, &receiver).await?;
    let path = format!("/web/ek.platform/{platform}");
    browser.log_in(&login).await?;
    browser.go("/web/pushes").await?;
    browser.says(&bank).await?;
    browser.is_well().await?;
    browser.click(&format!("#platform-{platform} h2 a")).await?;
    browser.says("@push-deliveries").await?;
    browser.press("@push-test").await?;
    browser.says("@done-push-test").await?;
    browser.find("#attempts .why").await?;
    browser.says("422").await?;
    browser.says("<script>alert('the platform')</script>").await?;
    browser.is_well().await?;
    if who == "admin" {
        let looks = json!([["model", "=", "ek.attempt"], ["field", "=", "read: body"]]);
        let before = hub.list("ek.audit", looks.clone(), "{id}").await?.len();
        browser.press("@push-body-open").await?;
        browser.find("pre.body").await?;
        browser.is_well().await?;
        let after = hub.list("ek.audit", looks, "{id}").await?.len();
        ensure!(after > before, "a look at a body is no row of the audit: {before}, then {after}");
    }
    receiver.answers(200);
    browser.press("@push-again-one").await?;
    browser.says("HTTP 200").await?;
    let delivery = browser.path().await?.split('?').next().unwrap_or_default().to_owned();
    let id: i64 = delivery.rsplit('/').next().context("no delivery")?.parse()?;
    hub.stands("ek.delivery", json!([["id", "=", id]]), "state", json!("done")).await?;

    browser.go(&path).await?;
    browser.is_well().await?;
    browser.press("@push-pause").await?;
    browser.says("@done-push-pause").await?;
    hub.stands("ek.platform", json!([["id", "=", platform]]), "paused", json!(true)).await?;
    browser.press("@push-test").await?;
    browser.is_refused().await?;
    browser.press("@push-resume").await?;
    browser.says("@done-push-resume").await?;
    hub.stands("ek.platform", json!([["id", "=", platform]]), "paused", json!(false)).await?;
    // Those chosen, and all that match
    browser.click(&format!("#id-{id}")).await?;
    browser.press("@push-again-chosen").await?;
    browser.until("it goes again", async || Ok(browser.path().await?.contains("again=1"))).await?;

    if who == "admin" {
        browser.press("@push-secret").await?;
        browser.press("@push-secret-go").await?;
        browser.is_sure().await?;
        browser.says("@push-secret-once").await?;
        browser.is_well().await?;
        let secret = browser.value("#secret").await?;
        ensure!(secret.starts_with("whsec_"), "a secret is shown");
        browser.press("@push-secret-kept").await?;
        browser.says("@push-settings").await?;
        let shown = browser.run("return document.documentElement.outerHTML.includes(arguments[0])", vec![json!(secret)]).await?;
        ensure!(shown == json!(false), "a secret is shown again");
    } else {
        ensure!(!browser.has("form[action$='/push/secret']").await?, "a bank's administrator makes no secret");
    }

    browser.log_in("chef").await?;
    browser.is_shut(&path).await?;
    browser.is_shut(&delivery).await?;
    browser.go("/web/pushes").await?;
    browser.is_silent_of(&bank).await?;
    browser.log_in("guichet").await?;
    ensure!(!browser.offers("/web/pushes").await?, "a clerk is offered the pushes");
    browser.is_shut("/web/pushes").await
}

/// The same by the keyboard.
pub async fn by_keyboard(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    let receiver = Receiver::answering(503).await?;
    let (_, platform, login) = platform(hub, who, &receiver).await?;
    browser.log_in(&login).await?;
    browser.go("/web/pushes").await?;
    browser.tab_to(&format!("#platform-{platform} h2 a")).await?;
    browser.keys(&[Key::Enter]).await?;
    browser.says("@push-deliveries").await?;
    browser.tab_to("form[action$='/push/pause'] button").await?;
    browser.keys(&[Key::Enter]).await?;
    browser.says("@done-push-pause").await?;
    browser.tab_to("form[action$='/push/resume'] button").await?;
    browser.keys(&[Key::Enter]).await?;
    browser.says("@done-push-resume").await?;
    browser.tab_to("form[action$='/push/test'] button").await?;
    browser.keys(&[Key::Enter]).await?;
    browser.says("HTTP 503").await?;
    receiver.answers(200);
    browser.tab_to("form[action$='/again'] button").await?;
    browser.keys(&[Key::Enter]).await?;
    browser.says("HTTP 200").await
}

/// A request that was refused is found by each of its names, and says why, and what was sent.
pub async fn refused(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    let number = hub.number();
    let (email, reference, trace) = (format!("r{number}@example.dz"), format!("REF-R-{number}"), format!("4bf92f3577b34da6{number:016x}"));
    let data = json!({"order_source": "BNA", "cart_id": number, "partner": {"email": email, "salary": 4_711}, "cart": [{"manufacturer_ref": reference, "quantity": 1}],
        "quotation_address": {"ek_order_id": number}});
    hub.refuse("bna", "/api/crm.lead/", data, &trace).await?;
    hub.until("the refusal is kept", async || Ok(!hub.list("ek.request", json!([["trace_id", "=", trace]]), "{id}").await?.is_empty()))
        .await?;
    browser.log_in(who).await?;
    browser.go("/web/ek.request").await?;
    browser.is_well().await?;
    for text in [&email, &reference, &trace, &number.to_string()] {
        browser.go("/web/ek.request").await?;
        browser.fill("q", text).await?;
        browser.keys(&[Key::Enter]).await?;
        let only = browser.until("one is found", async || Ok(browser.count("a.row").await? == 1)).await;
        only.with_context(|| format!("by {text}"))?;
    }
    browser.click("a.row").await?;
    for told in ["@push-why", "bna", &trace, "BNA", "@push-sent"] {
        browser.says(told).await?;
    }
    browser.is_well().await?;
    let path = browser.path().await?;
    browser.is_silent_of("4711").await?;
    let request = hub.one("ek.request", json!([["trace_id", "=", trace]]), "{id}").await?["id"].clone();
    let looks = json!([["model", "=", "ek.request"], ["res_id", "=", request], ["field", "=", "read: body"]]);
    let before = hub.list("ek.audit", looks.clone(), "{id}").await?.len();
    browser.press("@push-sent-open").await?;
    browser.says(&reference).await?;
    browser.find("pre.body").await?;
    // A loan file's field stands there by its name
    browser.says("[salary]").await?;
    browser.is_silent_of("4711").await?;
    browser.is_well().await?;
    let after = hub.list("ek.audit", looks, "{id}").await?.len();
    ensure!(after > before, "a look at what was sent is no row of the audit: {before}, then {after}");

    browser.log_in("alsalam").await?;
    browser.is_shut(&path).await?;
    browser.go(&format!("/web/ek.request?q={email}")).await?;
    ensure!(!browser.has("a.row").await?, "another bank's request is found");
    Ok(())
}

/// What happens appears by itself, waits while it is paused; another bank's does not.
pub async fn live(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    browser.log_in(who).await?;
    browser.go("/web/live").await?;
    browser.find("#live-state.good").await?;
    browser.is_well().await?;
    let client = async |name: String, bank: &str| {
        let data = json!({"name": name, "email": format!("vif{}@example.dz", hub.number()), "source": bank});
        hub.send("POST", "/api/res.partner/", json!({"data": data})).await
    };
    let names = ["Vif", "Autre", "Encore", "Pendant", "Ailleurs", "Enfin"].map(|name| format!("{name} {}", hub.number()));
    let [first, foreign, next, paused, elsewhere, last] = names;
    client(first.clone(), "BNA").await?;
    browser.says(&first).await?;
    client(foreign.clone(), "Alsalam").await?;
    client(next.clone(), "BNA").await?;
    browser.says(&next).await?;
    if who == "chef" {
        browser.is_silent_of(&foreign).await?;
    } else {
        browser.says(&foreign).await?;
    }
    let pause = browser.told("@live-pause")?;
    browser.press(&pause).await?;
    client(paused.clone(), "BNA").await?;
    browser.until("it is paused", async || Ok(browser.has("#live-state.going").await?)).await?;
    browser.is_silent_of(&paused).await?;
    browser.press("@live-go").await?;
    browser.says(&paused).await?;
    browser.is_well().await?;

    browser.log_in("alsalam").await?;
    browser.go("/web/live").await?;
    browser.find("#live-state.good").await?;
    client(elsewhere.clone(), "BNA").await?;
    client(last.clone(), "Alsalam").await?;
    browser.says(&last).await?;
    browser.is_silent_of(&elsewhere).await
}
