//! Clients that read and change without pause, and send again what was not answered, as Ekiclik's do.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use service::router::Client;
use tokio::task::JoinSet;

use crate::platform::Platform;
use crate::stock::{ALGER, TV};
use crate::{Stand, until_within};

/// What clients do until they are told to stop.
pub struct Load {
    shared: Arc<Shared>,
    clients: JoinSet<()>,
}

struct Shared {
    address: String,
    session: String,
    client: Client,
    stop: AtomicBool,
    answered: AtomicUsize,
    /// What was not answered as it should be, in words.
    failures: Mutex<Vec<String>>,
    /// What was made: its key and its id.
    made: Mutex<Vec<(String, i64)>>,
}

/// The configurations that it changes.
const CHANGED: [&str; 3] = ["IRIS-TV55-N", "IRIS-TV55-G", "ATLAS-CAN3-BL"];

/// The last that a platform was told of each configuration that the load changes is what is there.
pub async fn told_as_it_is(stand: &Stand, platform: &Platform) {
    let admin = stand.login("admin").await;
    for reference in CHANGED {
        let filter = json!([["manufacturer_ref", "=", reference]]).to_string();
        let now = admin.rows("product.product", &[("filter", &filter), ("query", "{description}")]).await.remove(0);
        // In a call of its own, or with its product in the call that told that first
        let calls = platform.calls().into_iter().rev();
        let told = calls.filter(|call| call.line.ends_with("/configuration") || call.line == "POST /api/odoo/products");
        let all = told.flat_map(|call| match call.json() {
            json if json["configurations"].is_array() => json["configurations"].as_array().cloned().unwrap_or_default(),
            json => vec![json],
        });
        let last = all.into_iter().find(|told| told["reference"] == reference).expect("a change was told");
        assert_eq!(last["description"], now["description"], "{reference}");
    }
}

/// What came of it.
pub struct Done {
    /// How many requests were answered as they should be.
    pub answered: usize,
    /// Those that were not, at first.
    pub failures: Vec<String>,
    /// What was made: its key and its id.
    pub made: Vec<(String, i64)>,
}

impl Done {
    /// Failures of none of the kinds that a client sends again after: refused for now, met by another, cut off.
    pub fn unforeseen(&self) -> Vec<&String> {
        let is_foreseen = |failure: &str| [": 503 ", ": 429 ", ": 409 ", "Request"].iter().any(|kind| failure.contains(kind));
        self.failures.iter().filter(|failure| !is_foreseen(failure)).collect()
    }

    /// Each client that was made is there once, under the id that was answered, with one event; each order too, with its goods.
    pub async fn settled(&self, stand: &Stand, within: Duration) {
        let mut ids: BTreeMap<&str, i64> = BTreeMap::new();
        for (key, id) in &self.made {
            assert_eq!(*ids.entry(key).or_insert(*id), *id, "{key} has two ids");
        }
        let of = |kind: &str| i64::try_from(ids.keys().filter(|key| key.starts_with(kind)).count()).unwrap();
        let clients = "FROM partners.res_partner p WHERE p.email LIKE 'load-%@example.dz'";
        assert_eq!(stand.count(&format!("SELECT count(*) AS n {clients}")).await, of("load-"), "each client is there once");
        let events = "SELECT count(*) AS n FROM partners.event e WHERE e.model = 'res.partner' AND e.kind = 'created' AND e.record_id IN (SELECT p.id";
        assert_eq!(stand.count(&format!("{events} {clients})")).await, of("load-"), "with one event each");
        let orders = "SELECT count(*) AS n FROM crm.sale_order WHERE ek_order_id >= 100000";
        assert_eq!(stand.count(orders).await, of("lead-"), "each order is there once");
        let served =
            "SELECT count(*) AS n FROM stock.stock_move WHERE sale_id IN (SELECT id FROM crm.sale_order WHERE ek_order_id >= 100000)";
        until_within(within, "each order has its goods, once", async || stand.count(served).await == of("lead-")).await;
    }
}

impl Load {
    /// So many clients at a gateway, in a session; their rounds are counted from `first`.
    pub fn start(address: &str, session: &str, clients: usize, first: usize) -> Load {
        let shared = Arc::new(Shared {
            address: address.to_owned(),
            session: session.to_owned(),
            client: crate::client(),
            stop: AtomicBool::new(false),
            answered: AtomicUsize::new(0),
            failures: Mutex::default(),
            made: Mutex::default(),
        });
        let mut running = JoinSet::new();
        for client in 0..clients {
            let shared = shared.clone();
            running.spawn(async move {
                for n in first.. {
                    if shared.stop.load(Ordering::Relaxed) {
                        return;
                    }
                    shared.turn(client, n).await;
                }
            });
        }
        Load { shared, clients: running }
    }

    /// How many requests were answered so far.
    pub fn answered(&self) -> usize {
        self.shared.answered.load(Ordering::Relaxed)
    }

    /// How many requests failed so far.
    pub fn failed(&self) -> usize {
        self.shared.failures.lock().unwrap().len()
    }

    /// Stops them, each after what it is doing.
    pub async fn stop(mut self) -> Done {
        self.shared.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended.unwrap();
        }
        let take = |list: &Mutex<Vec<String>>| std::mem::take(&mut *list.lock().unwrap());
        Done {
            answered: self.answered(),
            failures: take(&self.shared.failures),
            made: std::mem::take(&mut *self.shared.made.lock().unwrap()),
        }
    }
}

impl Shared {
    /// A client, an order, a look across services, a change: one after the other.
    async fn turn(&self, client: usize, n: usize) {
        let email = format!("load-{client}-{n}@example.dz");
        let body = json!({"params": {"data": {"name": format!("Client {client} {n}"), "email": email, "phone": "0555000000"}}});
        let id = self.ask("POST", "/api/res.partner/", &format!("{client}-{n}"), &body).await;
        self.made.lock().unwrap().push((email.clone(), id["result"].as_i64().unwrap()));
        // An order a round, for two banks in turn, and its first step
        let order = 100_000 + client * 100_000 + n;
        let bank = ["BNA", "Alsalam"][n % 2];
        let lead = json!({"params": {"data": {"order_source": bank, "cart_id": order, "partner": {"email": email, "salary": 90_000},
            "cart": [{"manufacturer_ref": TV, "quantity": 1, "product_warehouse_id": ALGER}], "quotation_address": {"ek_order_id": order}}}});
        let id = self.ask("POST", "/api/crm.lead/", &format!("lead-{order}"), &lead).await;
        self.made.lock().unwrap().push((format!("lead-{order}"), id["result"].as_i64().unwrap()));
        let step = json!({"params": {"filter": [["ek_order_id", "=", order]], "data": {"order_source": bank, "state": "EK_ORDER_IN_PREPARATION"}}});
        self.ask("PUT", "/api/sale.order/", &format!("step-{order}"), &step).await;
        let path = "/api/sale.order/?query=%7Bid,partner_id%7Bname%7D,order_line%7Bproduct_id%7Bname%7D%7D%7D&limit=5";
        self.ask("GET", path, "", &Value::Null).await;
        self.ask("GET", "/api/stock.quant/?query=%7Bproduct_name,quantity%7D&limit=5", "", &Value::Null).await;
        let reference = CHANGED[client % 3];
        let change =
            json!({"params": {"filter": [["manufacturer_ref", "=", reference]], "data": {"description": format!("{client} {n}")}}});
        self.ask("PUT", "/api/product.template/", &format!("put-{client}-{n}"), &change).await;
    }

    /// Until it is answered with 200: a request that failed is sent again, under the same key.
    async fn ask(&self, method: &str, path: &str, key: &str, body: &Value) -> Value {
        for tries in 0.. {
            let request = self.client.request(method.parse().unwrap(), format!("{}{path}", self.address));
            let mut request = request.header("x-openerp-session-id", &self.session).timeout(Duration::from_secs(30));
            if !key.is_empty() {
                request = request.header("idempotency-key", key).header("content-type", "application/json").body(body.to_string());
            }
            let failure = match request.send().await {
                Ok(answer) => {
                    let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap_or_else(|error| error.to_string()));
                    match serde_json::from_str::<Value>(&text) {
                        Ok(json) if status == 200 => {
                            self.answered.fetch_add(1, Ordering::Relaxed);
                            return json;
                        }
                        _ => format!("{method} {path} {key}: {status} {text}"),
                    }
                }
                Err(error) => format!("{method} {path} {key}: {error:?}"),
            };
            self.failures.lock().unwrap().push(failure.clone());
            assert!(tries < 100, "it is never answered: {failure}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Value::Null
    }
}
