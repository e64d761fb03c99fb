//! The hub behind the console, by its own doors: what the walks stand on is made there, and what they did is looked at there.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

/// Each kind of user: the login (which is the password too), and what people call the kind.
pub const KINDS: [(&str, &str); 6] = [
    ("guichet", "a bank's clerk of a point of sale"),
    ("analyste", "a credit analyst"),
    ("chef", "a bank's administrator"),
    ("ekiclik", "the integration user"),
    ("equipe", "hub staff"),
    ("admin", "the administrator"),
];

/// The hub, with an administrator's and the integration user's sessions.
pub struct Hub {
    address: String,
    client: reqwest::Client,
    admin: String,
    platform: String,
    /// The code of the clerk's point of sale.
    pub pos: String,
    /// The code of another one.
    pub other_pos: String,
    numbers: AtomicUsize,
    arabic: AtomicBool,
}

/// An order that an act has for itself.
pub struct Ordered {
    /// Its id.
    pub id: i64,
    /// The platform's number.
    pub number: usize,
    /// Its lead.
    pub lead: i64,
    /// The client's name.
    pub client: String,
    /// The client's address.
    pub email: String,
}

impl Hub {
    /// Logs in, and makes users of each kind, clients, orders of two banks in several states.
    pub async fn filled(address: &str) -> Result<Hub> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let mut hub = Hub {
            address: address.trim_end_matches('/').to_owned(),
            client,
            admin: String::new(),
            platform: String::new(),
            pos: String::new(),
            other_pos: String::new(),
            // Another run on the same hub has others
            numbers: AtomicUsize::new(usize::try_from(SystemTime::UNIX_EPOCH.elapsed()?.as_secs() % 1_000_000)? * 1_000),
            arabic: AtomicBool::new(false),
        };
        hub.admin = hub.log_in("admin").await?;
        hub.platform = hub.log_in("ekiclik").await?;
        let places = hub.list("res.partner", json!([["is_pos", "=", true]]), "{id, code_pos}").await?;
        let code = |at: usize| places.get(at).and_then(|place| place["code_pos"].as_str()).map(str::to_owned);
        hub.pos = code(0).context("the demo has no point of sale")?;
        hub.other_pos = code(1).context("the demo has one point of sale")?;
        for (login, role, pos, origin) in [
            ("guichet", "ROLE_POS_EK", hub.pos.as_str(), "ekiclik"),
            ("analyste", "ROLE_CREDIT_ANALYST_EK", "", "ekiclik"),
            ("chef", "ROLE_ADMIN", "", "ekiclik"),
            ("equipe", "", "", "odoo"),
        ] {
            if hub.list("res.users", json!([["login", "=", login]]), "{id}").await?.is_empty() {
                let bank = if origin == "ekiclik" { "BNA" } else { "" };
                hub.user(login, role, bank, pos).await?;
            }
        }
        hub.orders().await?;
        Ok(hub)
    }

    /// Where it is.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Makes a user, whose password is the login: of a bank, or of the hub's staff.
    pub async fn user(&self, login: &str, role: &str, bank: &str, pos: &str) -> Result<i64> {
        let lang = if self.arabic.load(Ordering::SeqCst) { "ar_DZ" } else { "fr_FR" };
        let origin = if bank.is_empty() { "odoo" } else { "ekiclik" };
        let mut data =
            json!({"name": format!("Utilisateur {login}"), "login": login, "password": login, "lang": lang, "create_by": origin});
        if !bank.is_empty() {
            data["bank_id"] = json!(bank);
            data["role"] = json!(role);
        }
        if !pos.is_empty() {
            data["code_pos"] = json!(pos);
        }
        self.create("res.users", data).await.with_context(|| format!("the user {login}"))
    }

    /// Whoever acts reads this language from now on.
    pub async fn speak(&self, arabic: bool) -> Result<()> {
        self.arabic.store(arabic, Ordering::SeqCst);
        for (login, _) in KINDS {
            let user = self.one("res.users", json!([["login", "=", login]]), "{id}").await?;
            let lang = if arabic { "ar_DZ" } else { "fr_FR" };
            self.write("res.users", user["id"].as_i64().context("no id")?, json!({"lang": lang})).await?;
        }
        Ok(())
    }

    /// A number that nothing else has.
    pub fn number(&self) -> usize {
        self.numbers.fetch_add(1, Ordering::SeqCst)
    }

    /// A product with one configuration that nothing else has: its reference, and the configuration's id.
    pub async fn product(&self, name: &str) -> Result<(String, i64)> {
        let reference = format!("REF-{}", self.number());
        let configuration = json!({"name": name, "manufacturer_ref": reference, "list_price": 1000, "standard_price": 700});
        let product = json!({"name": name, "product_ref": format!("P-{reference}"), "product": [configuration]});
        self.create("product.template", product).await?;
        let made = self.one("product.template", json!([["manufacturer_ref", "=", reference]]), "{id}").await?;
        Ok((reference, made["id"].as_i64().context("no id")?))
    }

    /// So much of a product is at a point of sale, by an inventory.
    pub async fn counted(&self, reference: &str, pos: &str, quantity: f64) -> Result<()> {
        let counted = json!({"product_id": reference, "location_id": pos, "inventory_quantity": quantity});
        let quant = self.create("stock.quant", counted).await?;
        self.call("stock.quant", quant, "action_apply_inventory", json!([])).await.map(drop)
    }

    /// What a point of sale has of a product: on hand, reserved; with the address of its ledger.
    pub async fn goods(&self, reference: &str, pos: &str) -> Result<(f64, f64, String)> {
        let filter = json!([["manufacturer_ref", "=", reference], ["location_id.complete_name", "=", format!("{pos}/Stock")]]);
        let rows = self.list("stock.quant", filter, "{quantity, reserved_quantity, product_id, location_id}").await?;
        let Some(row) = rows.first() else { return Ok((0.0, 0.0, String::new())) };
        let number = |name: &str| row[name].as_f64().unwrap_or_default();
        Ok((number("quantity"), number("reserved_quantity"), format!("/web/stock/{}/{}", row["product_id"], row["location_id"])))
    }

    /// An order of a new client of a bank, for so many of a product at the clerk's point of sale.
    pub async fn ordered(&self, bank: &str, reference: &str, quantity: usize) -> Result<Ordered> {
        let number = self.number();
        let (client, email) = (format!("Client numéro {number}"), format!("c{number}@example.dz"));
        let data = json!({"name": client, "email": email, "phone": "0550 12 34 56", "source": bank});
        self.send("POST", "/api/res.partner/", json!({"data": data})).await?;
        let lead = json!({
            "name": format!("Panier de {client}"), "create_by": "ekiclik", "order_source": bank, "cart_id": number, "code_pos": self.pos,
            "partner": {"email": email, "salary": 91_234.0, "birth_date": "1990-01-02", "monthly_payment": 12_000, "periodicity": 36},
            "cart": [{"manufacturer_ref": reference, "quantity": quantity, "product_warehouse_id": self.pos}],
            "quotation_address": {"order_source": bank, "type": "delivery", "street": "7, rue des Frères", "state_id": "Alger", "country_id": "DZ", "code_pos": self.pos, "ek_order_id": number},
            "file_info": {"file_number": number, "client_number": "0666666666", "order_status": "draft", "progress": 0.3, "file_state": "traitement"},
        });
        self.send("POST", "/api/crm.lead/", json!({"data": lead})).await?;
        let made = self.one("sale.order", json!([["ek_order_id", "=", number]]), "{id, opportunity_id}").await?;
        let id = |name: &str| made[name].as_i64().with_context(|| format!("an order without {name}"));
        Ok(Ordered { id: id("id")?, lead: id("opportunity_id")?, number, client, email })
    }

    /// The same, delivered, with what was there of its goods.
    pub async fn delivered(&self, bank: &str, reference: &str, quantity: usize) -> Result<Ordered> {
        let order = self.ordered(bank, reference, quantity).await?;
        for state in ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", "EK_ORDER_DELIVERED"] {
            self.state(bank, order.number, state).await?;
        }
        let gone = json!([["sale_id", "=", order.id], ["state", "=", "done"]]);
        self.until("its goods have left", async || Ok(!self.list("stock.picking", gone.clone(), "{id}").await?.is_empty())).await?;
        Ok(order)
    }

    /// Waits until something holds.
    pub async fn until(&self, what: &str, holds: impl AsyncFn() -> Result<bool>) -> Result<()> {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        while !holds().await.with_context(|| what.to_owned())? {
            if tokio::time::Instant::now() > deadline {
                bail!("waited in vain until {what}");
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
        Ok(())
    }

    /// Waits until the one record that matches has this value, or not any more.
    pub async fn stands(&self, model: &str, filter: Value, field: &str, value: Value) -> Result<()> {
        let what = format!("{model} {filter} has {field} = {value}");
        let query = format!("{{{field}}}");
        self.until(&what, async || Ok(self.list(model, filter.clone(), &query).await?.first().is_some_and(|one| one[field] == value))).await
    }

    /// Calls a method of a record, as the administrator.
    pub async fn call(&self, model: &str, id: i64, method: &str, args: Value) -> Result<Value> {
        self.post_as(&self.admin, "POST", &format!("/object/{model}/{id}/{method}"), json!({"args": args})).await
    }

    async fn orders(&self) -> Result<()> {
        if !self.list("sale.order", json!([["ek_order_id", "=", 7001]]), "{id}").await?.is_empty() {
            return Ok(());
        }
        let references = self.list("product.product", json!([]), "{manufacturer_ref}").await?;
        let references: Vec<&str> = references.iter().filter_map(|one| one["manufacturer_ref"].as_str()).collect();
        ensure!(references.len() > 2, "the demo has no products");
        for at in 0..24_usize {
            let bank = if at % 2 == 0 { "BNA" } else { "Alsalam" };
            let (number, email) = (7001 + at, format!("client{at}@example.dz"));
            let file_state = ["traitement", "accepte", "refuse"][at % 3];
            let client =
                json!({"name": format!("Client numéro {at}"), "email": email, "phone": format!("0550 00 00 {at:02}"), "source": bank});
            self.send("POST", "/api/res.partner/", json!({"data": client})).await?;
            let lead = json!({
                "create_by": "ekiclik", "order_source": bank, "cart_id": number, "code_pos": self.pos,
                "partner": {"email": email, "salary": 90000.0, "birth_date": "1990-01-02", "monthly_payment": 12000, "periodicity": 36},
                "cart": [{"manufacturer_ref": references[at % references.len()], "quantity": 1 + at % 4, "product_warehouse_id": self.pos}],
                "quotation_address": {"order_source": bank, "type": "delivery", "street": "12, rue Didouche Mourad", "state_id": "Alger", "country_id": "DZ", "code_pos": self.pos, "ek_order_id": number},
                "file_info": {"file_number": number, "order_status": "draft", "progress": 0.1 * (at % 10) as f64, "file_state": file_state},
            });
            self.send("POST", "/api/crm.lead/", json!({"data": lead})).await?;
            for state in
                ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", "EK_ORDER_DELIVERED"].iter().take(if at >= 12 { at % 4 } else { 0 })
            {
                self.state(bank, number, state).await?;
            }
        }
        // One that is refused, to be found
        self.send("POST", "/api/crm.lead/", json!({"data": {"order_source": "BNA", "cart_id": 9999}}))
            .await
            .err()
            .context("a lead without a cart was taken")?;
        Ok(())
    }

    /// Moves an order on, as a bank's platform does.
    pub async fn state(&self, bank: &str, number: usize, state: &str) -> Result<()> {
        let params = json!({"filter": [["ek_order_id", "=", number]], "data": {"order_source": bank, "ek_state": state}});
        self.send("PUT", "/api/sale.order/", params).await.map(drop)
    }

    /// Logs in at the door of programs; the session.
    pub async fn log_in(&self, login: &str) -> Result<String> {
        let answer = self.post_as("", "POST", "/auth", json!({"login": login, "password": login})).await?;
        Ok(answer["session_id"].as_str().context("no session")?.to_owned())
    }

    /// Sends what is refused, under a trace; the refusal is kept a moment later.
    pub async fn refuse(&self, login: &str, path: &str, data: Value, trace: &str) -> Result<()> {
        let session = self.log_in(login).await?;
        let request = self.client.post(format!("{}{path}", self.address)).header("content-type", "application/json");
        let request = request.header("x-openerp-session-id", session).header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
        let answer = request.body(json!({"params": {"data": data}}).to_string()).send().await?;
        ensure!(answer.text().await?.contains("error"), "{path} was to be refused");
        Ok(())
    }

    async fn post_as(&self, session: &str, method: &str, path: &str, params: Value) -> Result<Value> {
        let request = self.client.request(method.parse()?, format!("{}{path}", self.address));
        let request = request.header("content-type", "application/json").header("x-openerp-session-id", session);
        let answer: Value = serde_json::from_str(&request.body(json!({"params": params}).to_string()).send().await?.text().await?)?;
        ensure!(answer.get("error").is_none(), "{path}: {}", answer["error"]["data"]["message"]);
        Ok(answer["result"].clone())
    }

    /// A call of the integration user's, by an envelope.
    pub async fn send(&self, method: &str, path: &str, params: Value) -> Result<Value> {
        self.post_as(&self.platform, method, path, params).await
    }

    /// Makes a record, as the administrator.
    pub async fn create(&self, model: &str, data: Value) -> Result<i64> {
        let made = self.post_as(&self.admin, "POST", &format!("/api/{model}/"), json!({"data": data})).await?;
        made.as_i64().context("no id")
    }

    /// Changes a record, as the administrator.
    pub async fn write(&self, model: &str, id: i64, data: Value) -> Result<()> {
        self.post_as(&self.admin, "PUT", &format!("/api/{model}/{id}"), json!({"data": data})).await.map(drop)
    }

    /// Records, as the administrator sees them.
    pub async fn list(&self, model: &str, filter: Value, query: &str) -> Result<Vec<Value>> {
        let mut url = url::Url::parse(&format!("{}/api/{model}/", self.address))?;
        url.query_pairs_mut().append_pair("filter", &filter.to_string()).append_pair("query", query);
        let answer = self.client.get(url).header("x-openerp-session-id", &self.admin).send().await?.text().await?;
        let answer: Value = serde_json::from_str(&answer)?;
        answer["result"].as_array().cloned().with_context(|| format!("{model}: {answer}"))
    }

    /// The one record that matches.
    pub async fn one(&self, model: &str, filter: Value, query: &str) -> Result<Value> {
        self.list(model, filter.clone(), query).await?.into_iter().next().with_context(|| format!("no {model} {filter}"))
    }

    /// A bank's id, as a text.
    pub async fn bank(&self, name: &str) -> Result<String> {
        Ok(self.one("res.bank", json!([["name", "=", name]]), "{id}").await?["id"].to_string())
    }

    /// An order's id by the platform's number.
    pub async fn order(&self, number: usize) -> Result<i64> {
        self.one("sale.order", json!([["ek_order_id", "=", number]]), "{id}").await?["id"].as_i64().context("no id")
    }
}
