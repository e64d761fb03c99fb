//! `browser-tests HUB_ADDRESS [ci|all] [--axe FILE] [--pictures FOLDER]`: the console of a running hub with the demo's data, in a real
//! Chromium by WebDriver. `ci`: every task once in French, and five pages in Arabic; `all`: every page as each kind of user, in French
//! and Arabic, on a wide and a narrow screen, light and dark.

mod acts;
mod browser;
mod hub;
mod pages;
mod painted;
mod receiver;
mod together;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use browser::{Browser, Screen};
use hub::Hub;

/// Where those whom a task is for do it, turn about.
const SCREENS: [Screen; 4] = [
    Screen { arabic: true, ..Screen::NARROW },
    Screen { dark: true, ..Screen::WIDE },
    Screen { arabic: true, dark: true, ..Screen::WIDE },
    Screen { dark: true, ..Screen::NARROW },
];

/// What the program was asked for.
struct Asked {
    hub: String,
    all: bool,
    axe: Option<String>,
    pictures: Option<PathBuf>,
    only: Option<String>,
}

fn asked() -> Result<Asked> {
    let mut arguments = std::env::args().skip(1);
    let hub = arguments.next().context("the hub's address is missing")?;
    let mut asked = Asked { hub, all: false, axe: None, pictures: None, only: None };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument}: a value is missing"));
        match argument.as_str() {
            "ci" => {}
            "all" => asked.all = true,
            "--axe" => asked.axe = Some(std::fs::read_to_string(value()?)?),
            "--pictures" => asked.pictures = Some(value()?.into()),
            "--only" => asked.only = Some(value()?),
            other => anyhow::bail!("{other}: ci, all, --axe FILE, --pictures FOLDER or --only NAME was expected"),
        }
    }
    Ok(asked)
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("browser: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let asked = asked()?;
    let hub = Hub::filled(&asked.hub).await?;
    let driver = browser::Driver::start().await?;
    let mut report = Report::default();
    let wants = |name: &str| asked.only.as_ref().is_none_or(|only| name.contains(only.as_str()));
    for (name, walk) in together::ALL {
        if wants(name) {
            let done = walk(&driver, &hub).await;
            report.tell(name, done);
        }
    }
    for (name, whom, act) in acts::ALL.iter().filter(|(name, _, _)| wants(name)) {
        // In the console's own run the first of those whom it is for, in French; else each, turn about in another language and on another screen
        let turns = if asked.all { whom.len().max(2) } else { 1 };
        for (turn, who) in whom.iter().cycle().take(turns).enumerate() {
            let screen = if asked.all { SCREENS[turn % SCREENS.len()] } else { Screen::WIDE };
            hub.speak(screen.arabic).await?;
            let browser = Browser::open(&driver, &asked.hub, screen, asked.axe.clone()).await?;
            let begun = Instant::now();
            let done = act(&browser, &hub, who).await.with_context(|| format!("as {who}, {screen:?}"));
            report.note(name, &browser, done, begun.elapsed()).await;
        }
    }
    hub.speak(false).await?;
    if wants("painted") {
        println!("browser: {}", painted::orders(&driver, &hub).await?);
    }
    if wants("pages") {
        pages::walk(&driver, &hub, &asked.hub, asked.all, asked.axe.as_deref(), &mut report).await?;
    }
    if let Some(folder) = &asked.pictures {
        pages::pictures(&driver, &hub, &asked.hub, folder).await?;
    }
    drop(driver);
    println!("browser: {} passed, {} failed", report.passed, report.failed);
    anyhow::ensure!(report.failed == 0, "the console is not as it should be");
    Ok(())
}

/// What passed and what failed.
#[derive(Default)]
pub struct Report {
    passed: usize,
    failed: usize,
}

impl Report {
    /// Notes what came of something.
    pub fn tell(&mut self, name: &str, done: Result<()>) {
        match done {
            Ok(()) => self.passed += 1,
            Err(error) => {
                self.failed += 1;
                println!("browser: {name}: {error:#}");
            }
        }
    }

    /// The same, with where the browser stood, which is closed.
    async fn note(&mut self, name: &str, browser: &Browser, done: Result<()>, took: Duration) {
        let done = match done {
            Ok(()) => Ok(()),
            Err(error) => Err(error.context(browser.whereabouts().await)),
        };
        println!("browser: {:5.1} s  {name}", took.as_secs_f64());
        self.tell(name, done);
        browser.close().await;
    }
}
