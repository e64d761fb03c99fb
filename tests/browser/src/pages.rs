//! Every page that a kind of user has in the menu, and those that it must not have; the pictures of the README.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::Report;
use crate::browser::{Browser, Driver, Screen};
use crate::hub::{Hub, KINDS};

/// Pages that these kinds of users must not have: neither in the menu nor by their address.
const NOT_FOR: &[(&str, &[&str])] = &[
    ("/web/pushes", &["guichet", "ekiclik"]),
    ("/web/loans", &["guichet", "equipe"]),
    ("/web/product.template/new", &["guichet", "analyste", "chef"]),
    ("/web/res.bank/new", &["guichet", "analyste", "chef", "ekiclik"]),
    ("/web/account.tax/new", &["guichet", "analyste", "chef", "ekiclik"]),
];
/// The walk in Arabic of each landing.
const IN_ARABIC: [&str; 5] = ["/web", "/web/sale.order", "/web/stock", "/web/leads", "/web/account"];

/// Walks over the pages.
pub async fn walk(driver: &Driver, hub: &Hub, address: &str, all: bool, axe: Option<&str>, report: &mut Report) -> Result<()> {
    let axe = axe.map(str::to_owned);
    for (login, about) in KINDS {
        let browser = Browser::open(driver, address, Screen::WIDE, axe.clone()).await?;
        let done = of_kind(&browser, hub, login).await.with_context(|| format!("{about}, {}", "in French"));
        report.tell(&format!("pages of {login}"), done);
        browser.close().await;
    }
    let arabic = language(hub, "admin", "ar_DZ").await;
    report.tell("the language is Arabic", arabic);
    let pages: Vec<String> = IN_ARABIC.iter().map(|path| (*path).to_owned()).collect();
    let browser = Browser::open(driver, address, Screen::NARROW, axe.clone()).await?;
    let done = in_language(&browser, "admin", "ar", &pages).await;
    report.tell("five pages in Arabic, on a telephone", done);
    browser.close().await;
    if all {
        // Each screen in one of the languages: a page that is well there is well in the other's
        for (screen, arabic) in [
            (Screen::WIDE, true),
            (Screen { dark: true, ..Screen::NARROW }, true),
            (Screen { dark: true, ..Screen::WIDE }, false),
            (Screen::NARROW, false),
        ] {
            for (login, _) in KINDS {
                let (lang, code) = if arabic { ("ar_DZ", "ar") } else { ("fr_FR", "fr") };
                language(hub, login, lang).await?;
                let browser = Browser::open(driver, address, screen, axe.clone()).await?;
                let done = every_page(&browser, login, code).await;
                report.tell(&format!("every page of {login} in {code}, {screen:?}"), done);
                browser.close().await;
            }
        }
    }
    language(hub, "admin", "fr_FR").await
}

async fn language(hub: &Hub, login: &str, lang: &str) -> Result<()> {
    let user = hub.one("res.users", json!([["login", "=", login]]), "{id}").await?;
    hub.write("res.users", user["id"].as_i64().context("no id")?, json!({"lang": lang})).await
}

/// The addresses of the menu, as this user has it.
async fn menu(browser: &Browser) -> Result<Vec<String>> {
    let script = "return [...document.querySelectorAll('nav a')].map(a => a.getAttribute('href'))";
    let found = browser.run(script, Vec::new()).await?;
    Ok(found.as_array().into_iter().flatten().filter_map(|href| href.as_str().map(str::to_owned)).collect())
}

async fn of_kind(browser: &Browser, _: &Hub, login: &str) -> Result<()> {
    browser.log_in(login).await?;
    let menu = menu(browser).await?;
    ensure!(menu.iter().any(|href| href == "/web/account"), "{login} has no account in the menu");
    for path in &menu {
        looked_at(browser, path, "fr").await?;
        // The first record of a list, and a form
        let script = "const row = document.querySelector('a.row'); return row ? row.getAttribute('href') : ''";
        let first = browser.run(script, Vec::new()).await?;
        if let Some(first) = first.as_str().filter(|first| !first.is_empty()) {
            looked_at(browser, first, "fr").await?;
        }
    }
    for (path, _) in NOT_FOR.iter().filter(|(_, kinds)| kinds.contains(&login)) {
        ensure!(!menu.iter().any(|href| href == path), "{login} has {path} in the menu");
        browser.go(path).await?;
        ensure!(browser.has("#refused").await?, "{login} has {path}");
    }
    Ok(())
}

async fn every_page(browser: &Browser, login: &str, lang: &str) -> Result<()> {
    browser.log_in(login).await?;
    let menu = menu(browser).await?;
    in_pages(browser, lang, &menu).await
}

async fn in_language(browser: &Browser, login: &str, lang: &str, pages: &[String]) -> Result<()> {
    browser.log_in(login).await?;
    in_pages(browser, lang, pages).await
}

async fn in_pages(browser: &Browser, lang: &str, pages: &[String]) -> Result<()> {
    for path in pages {
        looked_at(browser, path, lang).await?;
    }
    Ok(())
}

async fn looked_at(browser: &Browser, path: &str, lang: &str) -> Result<()> {
    browser.go(path).await?;
    let about = || format!("{path} in {lang}");
    let told = browser
        .run("return [document.documentElement.lang, document.documentElement.dir, document.querySelectorAll('h1').length]", Vec::new())
        .await?;
    let dir = if lang == "ar" { "rtl" } else { "ltr" };
    ensure!(told == json!([lang, dir, 1]), "{}: language, direction and heads are {told}", about());
    ensure!(!browser.has("#refused").await?, "{} is refused", about());
    browser.is_well().await.with_context(about)
}

/// The pictures that the documents show.
pub async fn pictures(driver: &Driver, _: &Hub, address: &str, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let order = "/web/sale.order/1";
    for (name, path, screen) in [
        ("dashboard", "/web", Screen { height: 900, ..Screen::WIDE }),
        ("orders", "/web/sale.order", Screen { height: 900, ..Screen::WIDE }),
        ("order", order, Screen { height: 1000, ..Screen::WIDE }),
        ("stock", "/web/stock", Screen { height: 700, ..Screen::WIDE }),
        ("pushes", "/web/pushes", Screen { height: 700, ..Screen::WIDE }),
        ("leads-dark", "/web/leads", Screen { height: 800, dark: true, ..Screen::WIDE }),
    ] {
        let browser = Browser::open(driver, address, Screen { width: 1280, ..screen }, None).await?;
        browser.log_in("admin").await?;
        browser.go(path).await?;
        std::fs::write(folder.join(format!("{name}.png")), browser.picture().await?)?;
        browser.close().await;
    }
    Ok(())
}
