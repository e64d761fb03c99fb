//! The hub behind the console, by its own doors: what the walks stand on is made there, and what they did is looked at there.

use anyhow::{Context, Result, ensure};
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
        };
        hub.admin = hub.log_in("admin").await?;
        hub.platform = hub.log_in("ekiclik").await?;
        let places = hub.list("res.partner", json!([["is_pos", "=", true]]), "{id, code_pos}").await?;
        hub.pos = places.first().and_then(|place| place["code_pos"].as_str()).context("the demo has no point of sale")?.to_owned();
        for (login, role, pos, origin) in [
            ("guichet", "ROLE_POS_EK", hub.pos.as_str(), "ekiclik"),
            ("analyste", "ROLE_CREDIT_ANALYST_EK", "", "ekiclik"),
            ("chef", "ROLE_ADMIN", "", "ekiclik"),
            ("equipe", "", "", "odoo"),
        ] {
            hub.user(login, role, pos, origin).await?;
        }
        hub.orders().await?;
        Ok(hub)
    }

    /// Where it is.
    pub fn address(&self) -> &str {
        &self.address
    }

    async fn user(&self, login: &str, role: &str, pos: &str, origin: &str) -> Result<()> {
        if !self.list("res.users", json!([["login", "=", login]]), "{id}").await?.is_empty() {
            return Ok(());
        }
        let mut data =
            json!({"name": format!("Utilisateur {login}"), "login": login, "password": login, "lang": "fr_FR", "create_by": origin});
        if origin == "ekiclik" {
            data["bank_id"] = json!("BNA");
            data["role"] = json!(role);
        }
        if !pos.is_empty() {
            data["code_pos"] = json!(pos);
        }
        self.create("res.users", data).await.map(drop).with_context(|| format!("the user {login}"))
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

    async fn log_in(&self, login: &str) -> Result<String> {
        let answer = self.post_as("", "POST", "/auth", json!({"login": login, "password": login})).await?;
        Ok(answer["session_id"].as_str().context("no session")?.to_owned())
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
