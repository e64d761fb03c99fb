//! A bank's platform that obeys docs/platforms.md word for word, and has the troubles that platforms have: it answers late and has
//! stored, stores late, is cut off, is overloaded, wants no more and is switched on again. What it holds in the end is to be what the
//! hub holds.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::platform::{Call, SECRET, read_call};

/// The platform.
pub struct Obedient {
    /// Its base URL.
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    books: Mutex<Books>,
    dice: Mutex<StdRng>,
    /// Whether it has its troubles.
    troubled: watch::Sender<bool>,
    /// How many calls it will store later.
    late: watch::Sender<usize>,
}

/// What it holds, and what it has seen.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// By `ref_odoo`.
    pub products: BTreeMap<String, Value>,
    /// By `ref_odoo`.
    pub configurations: BTreeMap<String, Value>,
    /// By `configuration_ref_odoo`: by POS.
    pub stocks: BTreeMap<String, BTreeMap<String, Value>>,
    /// By `xml_id`.
    pub clients: BTreeMap<String, Value>,
    /// By `codification`.
    pub pos: BTreeMap<String, Value>,
    /// By `username`.
    pub users: BTreeMap<String, Value>,
    /// What the hub did that the page does not allow.
    pub wrong: Vec<String>,
    /// It has answered 410, and nobody has switched it on again.
    pub is_gone: bool,
    /// What came of the calls, counted.
    pub counts: BTreeMap<&'static str, usize>,
    had: HashSet<String>,
    said: HashMap<String, String>,
    versions: HashMap<String, i64>,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    None,
    StoresAndHangs,
    StoresAndCuts,
    StoresLate,
    Cuts,
    Answers(u16, &'static str),
    Gone,
}

impl Obedient {
    /// One whose troubles follow from the seed.
    pub async fn new(seed: u64) -> Obedient {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            books: Mutex::default(),
            dice: Mutex::new(StdRng::seed_from_u64(seed)),
            troubled: watch::Sender::new(false),
            late: watch::Sender::new(0),
        });
        let serving = shared.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let shared = serving.clone();
                tokio::spawn(async move { drop(serve(socket, &shared).await) });
            }
        });
        Obedient { url, shared }
    }

    /// Whether it has its troubles from now on.
    pub fn is_troubled(&self, yes: bool) {
        self.shared.troubled.send_replace(yes);
    }

    /// What it holds and has seen, when it has stored what it stores late.
    pub async fn books(&self) -> Books {
        self.shared.late.subscribe().wait_for(|late| *late == 0).await.unwrap();
        self.shared.books.lock().unwrap().clone()
    }

    /// Whether it has answered 410 and waits to be switched on.
    pub fn is_gone(&self) -> bool {
        self.shared.books.lock().unwrap().is_gone
    }

    /// It wants to hear again.
    pub fn comes_back(&self) {
        self.shared.books.lock().unwrap().is_gone = false;
    }
}

async fn serve(mut socket: TcpStream, shared: &Arc<Shared>) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    while let Some(call) = read_call(&mut socket, &mut bytes).await? {
        let trouble = trouble(shared);
        shared.books.lock().unwrap().sees(&call);
        match trouble {
            Trouble::None => {
                let status = shared.books.lock().unwrap().stores(&call);
                answer(&mut socket, status, "").await?;
            }
            Trouble::StoresAndHangs => {
                shared.books.lock().unwrap().stores(&call);
                std::future::pending::<()>().await;
            }
            Trouble::StoresAndCuts => {
                shared.books.lock().unwrap().stores(&call);
                return Ok(());
            }
            Trouble::StoresLate => {
                shared.late.send_modify(|late| *late += 1);
                let shared = shared.clone();
                // It works on, after its caller has gone: past the hub's patience, and past what the hub sends next
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(1_300)).await;
                    shared.books.lock().unwrap().stores(&call);
                    shared.late.send_modify(|late| *late -= 1);
                });
                std::future::pending::<()>().await;
            }
            Trouble::Cuts => return Ok(()),
            Trouble::Answers(status, lines) => answer(&mut socket, status, lines).await?,
            Trouble::Gone => {
                shared.books.lock().unwrap().is_gone = true;
                answer(&mut socket, 410, "").await?;
            }
        }
    }
    Ok(())
}

fn trouble(shared: &Shared) -> Trouble {
    let is_troubled = *shared.troubled.borrow();
    let trouble = if shared.books.lock().unwrap().is_gone {
        Trouble::Gone
    } else if !is_troubled {
        Trouble::None
    } else {
        match shared.dice.lock().unwrap().random_range(0..1_000) {
            0..15 => Trouble::StoresAndHangs,
            15..80 => Trouble::StoresAndCuts,
            80..95 => Trouble::StoresLate,
            95..160 => Trouble::Cuts,
            160..220 => Trouble::Answers(500, ""),
            220..240 => Trouble::Answers(429, "retry-after: 1\r\n"),
            240..246 => Trouble::Gone,
            _ => Trouble::None,
        }
    };
    let name = match trouble {
        Trouble::None => "taken or refused as the page says",
        Trouble::StoresAndHangs => "stored, and not answered in time",
        Trouble::StoresAndCuts => "stored, and cut off",
        Trouble::StoresLate => "stored after the hub had given up",
        Trouble::Cuts => "cut off, and not stored",
        Trouble::Answers(..) => "refused with 500 or 429",
        Trouble::Gone => "410",
    };
    *shared.books.lock().unwrap().counts.entry(name).or_default() += 1;
    trouble
}

async fn answer(socket: &mut TcpStream, status: u16, lines: &str) -> std::io::Result<()> {
    socket.write_all(format!("HTTP/1.1 {status} Said\r\n{lines}content-length: 0\r\n\r\n").as_bytes()).await
}

impl Books {
    /// What every call is held to, whatever becomes of it.
    fn sees(&mut self, call: &Call) {
        let (id, moment) = (call.header("webhook-id").to_owned(), call.header("webhook-timestamp").parse().unwrap());
        let secrets: Vec<_> = sync::signature::secret(SECRET).into_iter().collect();
        let expected = sync::signature::sign(&secrets, &id, moment, call.body.as_bytes());
        if call.header("webhook-signature") != expected {
            self.wrong.push(format!("the signature of {}", call.line));
        }
        if call.header("webhook-version").parse::<i64>().is_err() {
            self.wrong.push(format!("{} has no version", call.line));
        }
        let said = format!("{} {}", call.line, call.body);
        let first = self.said.entry(id.clone()).or_insert_with(|| said.clone());
        if *first != said {
            let both = format!("{id} came with\n  {first}\nand with\n  {said}");
            self.wrong.push(both);
        }
    }

    /// As docs/platforms.md tells a receiver: what it has had is ignored, and what is older too. Answers the status.
    fn stores(&mut self, call: &Call) -> u16 {
        if self.had.contains(call.header("webhook-id")) {
            *self.counts.entry("had already").or_default() += 1;
            return 204;
        }
        let Some(record) = record_of(call) else {
            self.wrong.push(format!("nobody knows {}", call.line));
            return 404;
        };
        let version = call.header("webhook-version").parse().unwrap();
        if self.versions.get(&record).is_some_and(|last| version < *last) {
            *self.counts.entry("older than what is stored").or_default() += 1;
            return 204;
        }
        let status = self.takes(call);
        if status == 404 {
            self.wrong.push(format!("404: {} {}", call.line, call.body));
        }
        if status == 204 {
            self.had.insert(call.header("webhook-id").to_owned());
            self.versions.insert(record, version);
        }
        status
    }

    fn takes(&mut self, call: &Call) -> u16 {
        let body = call.json();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let (method, path) = call.line.split_once(' ').unwrap_or_default();
        match (method, path.strip_prefix("/api/odoo/").unwrap_or_default()) {
            ("POST", "products") => {
                if self.products.contains_key(&text("ref_odoo")) {
                    *self.counts.entry("409").or_default() += 1;
                    return 409;
                }
                let mut product = body.clone();
                let configurations = product.as_object_mut().and_then(|product| product.remove("configurations"));
                for one in configurations.as_ref().and_then(Value::as_array).into_iter().flatten() {
                    self.configurations.insert(one["ref_odoo"].as_str().unwrap_or_default().to_owned(), one.clone());
                }
                self.products.insert(text("ref_odoo"), product);
            }
            ("PUT", "products/update") => match self.products.get_mut(&text("ref_odoo")) {
                Some(known) => *known = body,
                None => return 404,
            },
            ("PUT", "products/configuration") => {
                if !self.products.contains_key(&text("product_ref_odoo")) {
                    return 404;
                }
                self.configurations.insert(text("ref_odoo"), body);
            }
            ("PUT", "stocks") => {
                let rows = body.as_array().cloned().unwrap_or_default();
                let of = |row: &Value| row["configuration_ref_odoo"].as_str().unwrap_or_default().to_owned();
                if rows.iter().any(|row| !self.configurations.contains_key(&of(row))) {
                    return 404;
                }
                for row in rows {
                    let places = self.stocks.entry(of(&row)).or_default();
                    places.insert(row["pos"].as_str().unwrap_or_default().to_owned(), row);
                }
            }
            ("PUT", "client/clients") => drop(self.clients.insert(text("xml_id"), body)),
            ("POST", "pos") if self.pos.contains_key(&text("codification")) => return 409,
            ("POST", "users") if self.users.contains_key(&text("username")) => return 409,
            ("POST" | "PUT", "pos") => drop(self.pos.insert(text("codification"), body)),
            ("POST" | "PUT", "users") => drop(self.users.insert(text("username"), body)),
            ("PATCH", path) if body == json!({}) => {
                let words: Vec<&str> = path.split('/').collect();
                let (known, is_active, reference) = match words[..] {
                    ["products", "configuration", word, reference] => {
                        (self.configurations.get_mut(reference), word == "activate", reference)
                    }
                    ["products", word, reference] => (self.products.get_mut(reference), word == "activate", reference),
                    _ => return 404,
                };
                let Some(known) = known else { return 404 };
                if reference.starts_with("rc_variante") {
                    known["active"] = is_active.into();
                    known["state"] = if is_active { "ACTIVE" } else { "ARCHIVED" }.into();
                } else {
                    known["activate"] = is_active.into();
                }
            }
            _ => return 404,
        }
        204
    }

    /// The `webhook-id`s that came.
    pub fn ids(&self) -> BTreeSet<&str> {
        self.said.keys().map(String::as_str).collect()
    }
}

/// Which record a call tells of: what `webhook-version` is of.
fn record_of(call: &Call) -> Option<String> {
    let body = call.json();
    let (method, path) = call.line.split_once(' ')?;
    let path = path.strip_prefix("/api/odoo/")?;
    let name = |name: &str| body[name].as_str().map(str::to_owned);
    match path {
        "products" | "products/update" | "products/configuration" => name("ref_odoo"),
        "stocks" => Some(format!("stock of {}", body[0]["configuration_ref_odoo"].as_str()?)),
        "client/clients" => name("xml_id"),
        "pos" => name("codification"),
        "users" => name("username"),
        _ if method == "PATCH" => path.rsplit('/').next().map(str::to_owned),
        _ => None,
    }
}
