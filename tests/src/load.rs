//! Clients that read and change without pause, and send again what was not answered, as Ekiclik's do.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use service::router::Client;
use tokio::task::JoinSet;

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
    /// Clients that were made: e-mail and id.
    made: Mutex<Vec<(String, i64)>>,
}

/// What came of it.
pub struct Done {
    /// How many requests were answered as they should be.
    pub answered: usize,
    /// Those that were not, at first.
    pub failures: Vec<String>,
    /// The clients that were made: e-mail and id.
    pub made: Vec<(String, i64)>,
}

impl Load {
    /// So many clients at a gateway, in a session.
    pub fn start(address: &str, session: &str, clients: usize) -> Load {
        let shared = Arc::new(Shared {
            address: address.to_owned(),
            session: session.to_owned(),
            client: service::router::client().unwrap(),
            stop: AtomicBool::new(false),
            answered: AtomicUsize::new(0),
            failures: Mutex::default(),
            made: Mutex::default(),
        });
        let mut running = JoinSet::new();
        for client in 0..clients {
            let shared = shared.clone();
            running.spawn(async move {
                for n in 0.. {
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
    /// A client, a look across services, a change: one after the other.
    async fn turn(&self, client: usize, n: usize) {
        let email = format!("load-{client}-{n}@example.dz");
        let body = json!({"params": {"data": {"name": format!("Client {client} {n}"), "email": email, "phone": "0555000000"}}});
        let id = self.ask("POST", "/api/res.partner/", &format!("{client}-{n}"), &body).await;
        self.made.lock().unwrap().push((email.clone(), id["result"].as_i64().unwrap()));
        let path = "/api/sale.order/?query=%7Bid,partner_id%7Bname%7D,order_line%7Bproduct_id%7Bname%7D%7D%7D&limit=5";
        self.ask("GET", path, "", &Value::Null).await;
        self.ask("GET", "/api/stock.quant/?query=%7Bproduct_name,quantity%7D&limit=5", "", &Value::Null).await;
        let reference = ["IRIS-TV55-N", "IRIS-TV55-G", "ATLAS-CAN3-BL"][client % 3];
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
                    let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap_or_default());
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
