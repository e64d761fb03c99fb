//! People and what they may, one's own account, and settings.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::browser::Browser;
use crate::hub::Hub;

/// A user is made, may what the page says, gets a key that is shown once, and their session is ended.
pub async fn users(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    let login = format!("nadia{}", hub.number());
    browser.log_in(who).await?;
    browser.go("/web/res.users").await?;
    browser.is_well().await?;
    browser.press("@new").await?;
    browser.is_well().await?;
    browser.press("@save").await?;
    browser.find(".field.wrong .problem").await?;
    browser.fill("v.name", &format!("Nadia de {login}")).await?;
    browser.fill("v.login", &login).await?;
    browser.fill("v.password", &login).await?;
    if who == "chef" {
        browser.choose("v.role", "ROLE_CREDIT_ANALYST_EK").await?;
    }
    browser.press("@save").await?;
    browser.says("@done-saved").await?;
    browser.says("@rights").await?;
    browser.is_well().await?;
    let user = hub.one("res.users", json!([["login", "=", login]]), "{id}").await?["id"].as_i64().context("no id")?;
    let path = format!("/web/res.users/{user}");

    hub.log_in(&login).await?;
    let open = json!([["login", "=", login]]);
    ensure!(hub.list("res.users.session", open.clone(), "{id}").await?.len() == 1, "who logs in has a session");
    browser.go(&path).await?;
    browser.says("@sessions").await?;
    browser.click("#sessions td.end button").await?;
    browser.says("@done-session-ended").await?;
    ensure!(hub.list("res.users.session", open, "{id}").await?.is_empty(), "an ended session is open");

    if who == "admin" {
        browser.fill("name", "Pour un programme").await?;
        browser.press("@keys-make").await?;
        browser.says("@keys-made").await?;
        browser.is_well().await?;
        let key = browser.value("#new-key").await?;
        ensure!(key.len() == 40, "a key has {} characters", key.len());
        browser.go(&path).await?;
        browser.says("Pour un programme").await?;
        browser.is_silent_of(&key).await?;
        browser.click("#keys td.end button").await?;
        browser.is_sure().await?;
        browser.says("@done-key-ended").await?;
    }
    browser.fill("new", "un mot de passe assez long").await?;
    browser.fill("again", "un autre mot de passe").await?;
    browser.press("@password-set").await?;
    browser.says("@password-differs").await?;
    browser.is_refused().await?;
    browser.fill("new", "un mot de passe assez long").await?;
    browser.fill("again", "un mot de passe assez long").await?;
    browser.press("@password-set").await?;
    browser.says("@done-password").await?;

    for other in ["guichet", "analyste", "equipe"] {
        browser.log_in(other).await?;
        browser.is_shut("/web/res.users/new").await?;
    }
    browser.log_in("alsalam").await?;
    if who == "chef" {
        browser.is_shut(&path).await?;
    }
    browser.is_shut(&format!("{path}/edit")).await
}

/// Who one is, in which language; a password; a key of one's own.
pub async fn account(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    // One of the same kind, whose password nobody else needs
    let login = format!("{who}{}", hub.number());
    match who {
        "guichet" => hub.user(&login, "ROLE_POS_EK", "BNA", &hub.pos).await?,
        _ => hub.user(&login, "", "", "").await?,
    };
    browser.log_in(&login).await?;
    browser.go("/web/account").await?;
    browser.is_well().await?;
    browser.choose("tz", "Europe/Paris").await?;
    browser.press("@save").await?;
    browser.says("@done-saved").await?;
    hub.stands("res.users", json!([["login", "=", login]]), "tz", json!("Europe/Paris")).await?;
    browser.fill("old", "faux").await?;
    browser.fill("new", "un mot de passe assez long").await?;
    browser.fill("again", "un mot de passe assez long").await?;
    browser.press("@password-change").await?;
    browser.says("@password-wrong").await?;
    browser.is_refused().await?;
    browser.fill("old", &login).await?;
    browser.fill("new", "un mot de passe assez long").await?;
    browser.fill("again", "un mot de passe assez long").await?;
    browser.press("@password-change").await?;
    browser.says("@done-password").await?;
    ensure!(hub.log_in(&login).await.is_err(), "the old password opens still");
    browser.fill("name", "Mon programme").await?;
    browser.press("@keys-make").await?;
    browser.says("@keys-made").await?;
    browser.is_well().await?;
    let key = browser.value("#new-key").await?;
    browser.go("/web/account").await?;
    browser.says("Mon programme").await?;
    browser.is_silent_of(&key).await?;
    browser.says("@sessions-here").await?;
    browser.choose("lang", "en_US").await?;
    browser.press("@save").await?;
    browser.says("My account").await
}

/// A bank and its platform are made by forms; the company is changed.
pub async fn settings(browser: &Browser, hub: &Hub, who: &str) -> Result<()> {
    let bank = format!("Banque {}", hub.number());
    browser.log_in(who).await?;
    browser.go("/web/res.bank").await?;
    browser.is_well().await?;
    browser.press("@new").await?;
    browser.fill("v.name", &bank).await?;
    browser.press("@save").await?;
    browser.says("@done-saved").await?;
    hub.one("res.bank", json!([["name", "=", bank]]), "{id}").await?;

    browser.go("/web/pushes").await?;
    browser.press("@push-new").await?;
    browser.is_well().await?;
    browser.fill("v.name", &bank).await?;
    browser.fill("v.base_url", "no address").await?;
    browser.fill("v.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").await?;
    browser.press("@save").await?;
    browser.find(".field.wrong .problem, [role=alert]").await?;
    browser.is_well().await?;
    browser.fill("v.base_url", "http://127.0.0.1:9").await?;
    browser.fill("v.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").await?;
    browser.press("@save").await?;
    browser.says("@push-settings").await?;
    let platform = hub.one("ek.platform", json!([["name", "=", bank]]), "{id}").await?["id"].as_i64().context("no id")?;
    hub.write("ek.platform", platform, json!({"active": false})).await?;

    browser.go("/web/res.company").await?;
    browser.is_well().await?;
    browser.click("a.row").await?;
    browser.press("@edit").await?;
    browser.is_well().await?;
    let phone = format!("021 {}", hub.number());
    browser.fill("v.phone", &phone).await?;
    browser.press("@save").await?;
    browser.says(&phone).await?;
    hub.one("res.company", json!([["phone", "=", phone]]), "{id}").await?;

    for other in ["guichet", "chef", "equipe"] {
        browser.log_in(other).await?;
        browser.is_shut("/web/res.bank/new").await?;
        browser.is_shut("/web/res.company/1/edit").await?;
    }
    browser.is_shut("/web/ek.platform/new").await
}
