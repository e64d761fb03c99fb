//! Chromium by WebDriver: pages are looked at as people do, by labels and words.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::words::Words;

/// How long a page may take to be as it is waited for, on a machine that others use too.
const PATIENCE: Duration = Duration::from_secs(30);

/// A screen's size, and what its user prefers.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// In CSS pixels.
    pub width: u32,
    /// The same.
    pub height: u32,
    /// Whether dark is preferred.
    pub dark: bool,
    /// Whether scripts run.
    pub script: bool,
    /// Whether its users read Arabic; French otherwise.
    pub arabic: bool,
}

impl Screen {
    /// A desk's.
    pub const WIDE: Screen = Screen { width: 1600, height: 1000, dark: false, script: true, arabic: false };
    /// A telephone's.
    pub const NARROW: Screen = Screen { width: 375, height: 800, dark: false, script: true, arabic: false };
}

/// chromedriver, which starts browsers.
pub struct Driver {
    child: Child,
    url: String,
}

impl Driver {
    /// Starts it on a free port.
    pub async fn start() -> Result<Driver> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}")).arg("--silent").stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
        let child = command.spawn().context("chromedriver can't be started: Debian's packages chromium and chromium-driver have it")?;
        let driver = Driver { child, url: format!("http://127.0.0.1:{port}") };
        let client = reqwest::Client::builder().no_proxy().build()?;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while client.get(format!("{}/status", driver.url)).send().await.is_err() {
            ensure!(tokio::time::Instant::now() < deadline, "chromedriver does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(driver)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A browser with one window and a profile of its own.
pub struct Browser {
    client: Client,
    hub: String,
    axe: Option<String>,
    words: Words,
}

impl Browser {
    /// Opens one.
    pub async fn open(driver: &Driver, hub: &str, screen: Screen, axe: Option<String>) -> Result<Browser> {
        let size = format!("--window-size={},{}", screen.width, screen.height);
        let mut arguments = vec![
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--hide-scrollbars",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            &size,
        ];
        if screen.dark {
            arguments.push("--blink-settings=preferredColorScheme=0");
        }
        let mut options = json!({"args": arguments});
        if !screen.script {
            options["prefs"] = json!({"profile.managed_default_content_settings.javascript": 2});
        }
        let capabilities = json!({"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}});
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let Value::Object(capabilities) = capabilities else { bail!("no capabilities") };
        builder.capabilities(capabilities);
        let client = builder.connect(&driver.url).await.context("Chromium can't be opened")?;
        let browser = Browser { client, hub: hub.trim_end_matches('/').to_owned(), axe, words: Words::of(screen.arabic) };
        // A window is never as narrow as a telephone: what a page is told is
        let metrics = json!({"width": screen.width, "height": screen.height, "deviceScaleFactor": 1, "mobile": false});
        browser.chrome("Emulation.setDeviceMetricsOverride", metrics).await?;
        if screen.dark {
            browser.chrome("Emulation.setEmulatedMedia", json!({"features": [{"name": "prefers-color-scheme", "value": "dark"}]})).await?;
        }
        Ok(browser)
    }

    /// Closes it.
    pub async fn close(&self) {
        self.client.clone().close().await.ok();
    }

    /// A command of Chromium's own.
    pub async fn chrome(&self, command: &str, parameters: Value) -> Result<Value> {
        let told = self.client.issue_cmd(Chrome(json!({"cmd": command, "params": parameters}))).await;
        told.with_context(|| format!("{command} failed"))
    }

    /// Goes to a page.
    pub async fn go(&self, path: &str) -> Result<()> {
        self.client.goto(&format!("{}{path}", self.hub)).await.with_context(|| format!("{path} can't be opened"))
    }

    /// Logs in by the form, as people do; whoever was logged in before has gone.
    pub async fn log_in(&self, login: &str) -> Result<()> {
        self.go("/web/login").await?;
        if !self.path().await?.starts_with("/web/login") {
            self.client.delete_all_cookies().await?;
            self.go("/web/login").await?;
        }
        self.fill("login", login).await?;
        self.fill("password", login).await?;
        self.client.find(Locator::Css("button.main")).await?.click().await?;
        self.until("the log-in leads to the console", async || Ok(!self.path().await?.starts_with("/web/login"))).await
    }

    /// The page's path, with what stands behind a question mark.
    pub async fn path(&self) -> Result<String> {
        let url = self.client.current_url().await?;
        Ok(url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path())))
    }

    /// What stands in the page's main part.
    pub async fn text(&self) -> Result<String> {
        Ok(self.client.find(Locator::Css("main")).await?.text().await?)
    }

    /// An element, which is waited for.
    pub async fn find(&self, css: &str) -> Result<Element> {
        self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await.with_context(|| format!("no {css}"))
    }

    /// Whether there is such an element now.
    pub async fn has(&self, css: &str) -> Result<bool> {
        Ok(!self.client.find_all(Locator::Css(css)).await?.is_empty())
    }

    /// How many there are.
    pub async fn count(&self, css: &str) -> Result<usize> {
        Ok(self.client.find_all(Locator::Css(css)).await?.len())
    }

    /// Clicks on an element.
    pub async fn click(&self, css: &str) -> Result<()> {
        self.clicked(Locator::Css(css)).await.with_context(|| format!("{css} can't be clicked"))
    }

    /// A page that is just going takes its elements along: what comes after it is clicked.
    async fn clicked(&self, locator: Locator<'_>) -> Result<()> {
        self.until("it is clicked", async || {
            let element = self.client.find(locator).await?;
            self.client.execute("arguments[0].scrollIntoView({block: 'center'})", vec![serde_json::to_value(&element)?]).await?;
            element.click().await?;
            Ok(true)
        })
        .await
    }

    /// What a sentence of the console says in this browser's language.
    pub fn told(&self, sentence: &str) -> Result<String> {
        self.words.say(sentence)
    }

    /// Clicks on what has these words: a button, a link, a summary.
    pub async fn press(&self, words: &str) -> Result<()> {
        let words = &self.words.say(words)?;
        let path = format!("//main//*[self::button or self::a or self::summary][normalize-space(.)={0} or @title={0}]", quoted(words));
        self.clicked(Locator::XPath(&path)).await.with_context(|| format!("'{words}' can't be clicked"))
    }

    /// Writes into a field of this name, in the place of what stands there.
    pub async fn fill(&self, name: &str, text: &str) -> Result<()> {
        let field = self.find(&format!("main [name='{name}']:not([type=hidden])")).await?;
        field.clear().await.ok();
        field.send_keys(text).await.with_context(|| format!("{name} can't be filled in"))
    }

    /// Takes a file, as by the browser's own window.
    pub async fn hand(&self, name: &str, path: &std::path::Path) -> Result<()> {
        let field = self.find(&format!("main input[type=file][name='{name}']")).await?;
        field.send_keys(&path.display().to_string()).await.with_context(|| format!("{name} takes no file"))
    }

    /// Answers the question that the browser itself asks.
    pub async fn is_sure(&self) -> Result<()> {
        self.until("it is asked whether one is sure", async || Ok(self.client.get_alert_text().await.is_ok())).await?;
        Ok(self.client.accept_alert().await?)
    }

    /// The page says what was refused, in words of the reader's language: no name of the API's, no English sentence.
    pub async fn is_refused(&self) -> Result<String> {
        let told = flat(&self.find("main [role=alert]").await?.text().await?);
        let foreign = ["EK_", "odoo.", "{", "The ", "must ", " is not ", "cannot "];
        ensure!(!told.is_empty() && !foreign.iter().any(|words| told.contains(words)), "a refusal says: {told}");
        Ok(told)
    }

    /// Nothing of a page is there for whoever is logged in.
    pub async fn is_shut(&self, path: &str) -> Result<()> {
        self.go(path).await?;
        ensure!(self.has("#refused").await?, "{path} is shown to one whom it is not for");
        Ok(())
    }

    /// What a link of the page leads to, fetched as the browser does: its status and its type.
    pub async fn fetched(&self, href: &str) -> Result<String> {
        let script = "const done = arguments[arguments.length - 1]; fetch(arguments[0]).then(a => done(a.status + ' ' + a.headers.get('content-type')), e => done('' + e))";
        let told = self.client.execute_async(script, vec![json!(href)]).await?;
        Ok(told.as_str().unwrap_or_default().to_owned())
    }

    /// Takes one element with the mouse and lets it go over another.
    pub async fn drag(&self, from: &str, to: &str) -> Result<()> {
        self.find(from).await?;
        self.find(to).await?;
        let script = "const from = document.querySelector(arguments[0]); from.scrollIntoView({block: 'center'}); \
            return [from, document.querySelector(arguments[1])].flatMap(e => { const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })";
        let found = self.run(script, vec![json!(from), json!(to)]).await?;
        let at = |place: usize| found[place].as_f64().with_context(|| format!("{from} or {to} is nowhere"));
        let ((x, y), (to_x, to_y)) = ((at(0)?, at(1)?), (at(2)?, at(3)?));
        // What is dragged is held by the browser's window, which there is none of: its events are sent as they would come
        self.chrome("Input.setInterceptDrags", json!({"enabled": true})).await?;
        let mouse = async |what: &str, x: f64, y: f64| {
            let event = json!({"type": what, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1});
            self.chrome("Input.dispatchMouseEvent", event).await
        };
        mouse("mousePressed", x, y).await?;
        mouse("mouseMoved", x + 6.0, y + 6.0).await?;
        mouse("mouseMoved", x + 14.0, y + 14.0).await?;
        self.until("it is taken", async || self.has(&format!("{from}.dragged")).await).await?;
        for what in ["dragEnter", "dragOver", "drop"] {
            let data = json!({"items": [{"mimeType": "text/plain", "data": from}], "dragOperationsMask": 16});
            self.chrome("Input.dispatchDragEvent", json!({"type": what, "x": to_x, "y": to_y, "data": data})).await?;
        }
        mouse("mouseReleased", to_x, to_y).await?;
        self.chrome("Input.setInterceptDrags", json!({"enabled": false})).await.map(drop)
    }

    /// Whether the menu has an entry.
    pub async fn offers(&self, path: &str) -> Result<bool> {
        self.has(&format!("nav a[href='{path}']")).await
    }

    /// A value or a text of an element, as its reader sees it.
    pub async fn value(&self, css: &str) -> Result<String> {
        self.find(css).await?;
        let script = "const e = document.querySelector(arguments[0]); return e.matches('input, select, textarea') ? e.value : e.innerText";
        let told = self.client.execute(script, vec![json!(css)]).await?;
        Ok(told.as_str().unwrap_or_default().to_owned())
    }

    /// Chooses a value of a select.
    pub async fn choose(&self, name: &str, value: &str) -> Result<()> {
        let field = self.find(&format!("main select[name='{name}']")).await?;
        let option = format!("./option[@value={0} or (not(@value) and normalize-space(.)={0})]", quoted(value));
        let option = field.find(Locator::XPath(&option)).await.with_context(|| format!("{name} has no {value}"))?;
        Ok(option.click().await?)
    }

    /// Presses keys where the focus is.
    pub async fn keys(&self, keys: &[Key]) -> Result<()> {
        for key in keys {
            let active = self.client.active_element().await?;
            active.send_keys(&String::from(char::from(*key))).await?;
        }
        Ok(())
    }

    /// Types where the focus is.
    pub async fn type_in(&self, text: &str) -> Result<()> {
        Ok(self.client.active_element().await?.send_keys(text).await?)
    }

    /// Goes from field to field with the Tab key until one matches.
    pub async fn tab_to(&self, css: &str) -> Result<()> {
        for _ in 0..200 {
            let script = "return document.activeElement !== null && document.activeElement.matches(arguments[0])";
            if self.client.execute(script, vec![json!(css)]).await?.as_bool() == Some(true) {
                return Ok(());
            }
            let tab = [KeyAction::Down { value: Key::Tab.into() }, KeyAction::Up { value: Key::Tab.into() }];
            self.client.perform_actions(tab.into_iter().fold(KeyActions::new("keys".to_owned()), KeyActions::then)).await?;
        }
        bail!("the Tab key never comes to {css}")
    }

    /// Runs a script in the page.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        Ok(self.client.execute(script, arguments).await?)
    }

    /// Waits until something holds.
    pub async fn until(&self, what: &str, holds: impl AsyncFn() -> Result<bool>) -> Result<()> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            match holds().await {
                Ok(true) => return Ok(()),
                // A page that is just going is nobody's
                Ok(false) | Err(_) if tokio::time::Instant::now() < deadline => tokio::time::sleep(Duration::from_millis(40)).await,
                Ok(false) => bail!("waited in vain until {what}"),
                Err(error) => return Err(error.context(format!("waited in vain until {what}"))),
            }
        }
    }

    /// Waits until the page says something.
    pub async fn says(&self, words: &str) -> Result<()> {
        let words = &self.words.say(words)?;
        let seen = async || Ok(flat(&self.text().await?).contains(&flat(words)));
        let waited = self.until(&format!("the page says '{words}'"), seen).await;
        if waited.is_err() {
            let text: String = flat(&self.text().await?).chars().take(600).collect();
            bail!("the page does not say '{words}' but: {text}");
        }
        Ok(())
    }

    /// That the page does not say something.
    pub async fn is_silent_of(&self, words: &str) -> Result<()> {
        let words = &self.words.say(words)?;
        ensure!(!flat(&self.text().await?).contains(&flat(words)), "the page says '{words}'");
        Ok(())
    }

    /// axe-core finds nothing serious; nothing sticks out of the screen; the console is silent.
    pub async fn is_well(&self) -> Result<()> {
        let wide = self.run("return [document.documentElement.scrollWidth, window.innerWidth]", Vec::new()).await?;
        ensure!(wide[0].as_i64() <= wide[1].as_i64(), "the page is {} wide on a screen of {}", wide[0], wide[1]);
        let Some(axe) = &self.axe else { return Ok(()) };
        self.run(axe, Vec::new()).await?;
        let script = "const done = arguments[arguments.length - 1]; axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' ' + (n.any[0] ? n.any[0].message : '')).join(' | '))), e => done(['axe: ' + e]))";
        let found = self.client.execute_async(script, Vec::new()).await?;
        let found: Vec<&str> = found.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        ensure!(found.is_empty(), "axe: {}", found.join("; "));
        Ok(())
    }

    /// A picture of the window, as PNG.
    pub async fn picture(&self) -> Result<Vec<u8>> {
        Ok(self.client.screenshot().await?)
    }

    /// Where the browser stands, for a failure.
    pub async fn whereabouts(&self) -> String {
        format!("at {}", self.path().await.unwrap_or_else(|_| "no page".to_owned()))
    }
}

fn quoted(words: &str) -> String {
    if words.contains('\'') { format!("\"{words}\"") } else { format!("'{words}'") }
}

/// Blanks of every kind are one.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace(['\u{202f}', '\u{a0}'], " ")
}

#[derive(Debug)]
struct Chrome(Value);

impl fantoccini::wd::WebDriverCompatibleCommand for Chrome {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.0.to_string()))
    }
}
