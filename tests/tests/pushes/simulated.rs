//! A platform that obeys docs/platforms.md word for word, and has every trouble that platforms have, through some hundred changes of
//! every kind: at rest it holds exactly what the hub holds. `SIMULATED_CHANGES` makes more, `SIMULATED_SEED` others.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use system_tests::obedient::{Books, Obedient};
use system_tests::platform::platform_of;
use system_tests::stock::{ALGER, BORDJ, Goods};
use system_tests::{Session, Stand, id, until_within};

/// After so many changes all is at rest for once, and looked at.
const REST_EVERY: usize = 250;

#[expect(clippy::disallowed_methods, reason = "how much is simulated is for whoever runs it")]
fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

struct Simulation<'s> {
    stand: &'s Stand,
    admin: Session<'s>,
    ekiclik: Session<'s>,
    bna: Obedient,
    platform: i64,
    dice: StdRng,
    configurations: Vec<String>,
    products: usize,
}

impl Simulation<'_> {
    fn any(&mut self, many: usize) -> usize {
        self.dice.random_range(0..many)
    }

    fn configuration(&mut self) -> String {
        let at = self.any(self.configurations.len());
        self.configurations[at].clone()
    }

    async fn write(&self, model: &str, mut filter: Value, data: Value) {
        if model.starts_with("product.master") || model == "product.template" {
            filter.as_array_mut().unwrap().push(json!(["active", "in", [true, false]]));
        }
        let written = self.admin.write(model, filter, data.clone()).await;
        assert_eq!(written.status, 200, "{model} {data}: {}", written.text);
    }

    /// One change of any kind.
    async fn change(&mut self, n: usize) {
        let configuration = self.configuration();
        let of_configuration = json!([["manufacturer_ref", "=", configuration]]);
        let (master, many) = (self.any(self.products.max(3)) + 1, self.any(50));
        let of_product = json!([["id", "=", master]]);
        match self.any(100) {
            0..8 => {
                self.products += 1;
                let reference = format!("S-{n}");
                let configurations = ["A", "B"].map(|of| json!({"name": format!("{reference}-{of}"), "manufacturer_ref": format!("{reference}-{of}"), "standard_price": 100 + many}));
                let made = json!({"create_by": "ekiclik", "name": reference, "product_ref": reference, "brand": "Iris", "categ_id": "Meubles", "product": configurations});
                id(&self.ekiclik.create("product.template", made).await);
                self.configurations.extend(["A", "B"].map(|of| format!("{reference}-{of}")));
                // And at once its quantity
                Goods::count(&self.admin, "EKIWH", &format!("{reference}-A"), f64::from(u32::try_from(many).unwrap())).await;
            }
            8..30 => self.write("product.template", of_configuration, json!({"name": format!("Name {n}")})).await,
            30..36 => self.write("product.template", of_configuration, json!({"standard_price": 1_000 + many, "list_price": 0})).await,
            36..44 => self.write("product.template", of_configuration, json!({"active": many % 2 == 0})).await,
            44..56 => self.write("product.master", of_product, json!({"description": format!("Said {n}")})).await,
            56..60 => self.write("product.master", of_product, json!({"active": many % 2 == 0})).await,
            60..64 => self.write("product.brand", json!([["id", "=", 1 + many % 3]]), json!({"reference": format!("Brand {n}")})).await,
            64..66 => {
                self.write(
                    "product.category",
                    json!([["id", "=", 1]]),
                    json!({"name": if many % 2 == 0 { "Meubles de télé" } else { "Électroménager" }}),
                )
                .await
            }
            66..88 => {
                let place = ["EKIWH", ALGER, BORDJ][many % 3];
                let counted = json!({"product_id": configuration, "location_id": place, "inventory_quantity": many});
                let quant = self.admin.create("stock.quant", counted).await;
                // Of an archived one nothing is counted
                if quant.status == 200 {
                    assert_eq!(self.admin.call("stock.quant", id(&quant), "action_apply_inventory", json!([])).await.status, 200);
                }
            }
            88..93 => {
                self.write("res.partner", json!([["email", "=", "mourad.belkacem@example.dz"]]), json!({"phone": format!("05{n:08}")}))
                    .await
            }
            93..97 => {
                self.write(
                    "res.partner",
                    json!([["code_pos", "=", if many % 2 == 0 { ALGER } else { BORDJ }]]),
                    json!({"mobile": format!("06{n:08}")}),
                )
                .await
            }
            97..99 => self.write("res.users", json!([["login", "=", "bna"]]), json!({"codification": format!("C-{n}")})).await,
            _ => {
                let synced = self.admin.call("ek.platform", self.platform, "action_full_sync", json!([["product"]])).await;
                assert_eq!(synced.status, 200, "{}", synced.text);
            }
        }
    }

    /// Time passes: what waits is due, leases end, and who was switched off is on again.
    async fn time_passes(&mut self) {
        if self.bna.is_gone() {
            let off = format!("SELECT count(*) AS n FROM sync.ek_platform WHERE id = {} AND NOT active", self.platform);
            until_within(Duration::from_secs(30), "it is switched off", async || self.stand.count(&off).await == 1).await;
            self.bna.comes_back();
            let filter = json!([["id", "=", self.platform], ["active", "=", false]]);
            assert_eq!(self.admin.write("ek.platform", filter, json!({"active": true})).await.status, 200);
        }
        match self.any(3) {
            0 => {
                let mut sql = self.stand.sql().await;
                Stand::execute(
                    &mut sql,
                    "UPDATE sync.ek_delivery SET lease = 'lost', lease_until = now() WHERE id IN (SELECT id FROM sync.ek_delivery WHERE state = 'sending' ORDER BY id LIMIT 3)",
                )
                .await;
            }
            1 => {
                let mut sql = self.stand.sql().await;
                Stand::execute(
                    &mut sql,
                    "UPDATE sync.ek_platform SET open_until = now() WHERE open_until IS NOT NULL; \
                     UPDATE sync.ek_delivery SET next_attempt = now() WHERE state = 'waiting'",
                )
                .await;
            }
            _ => assert_eq!(self.admin.call("ek.platform", self.platform, "action_replay", json!([])).await.status, 200),
        }
    }

    /// The platform has no troubles for a while: everything arrives.
    async fn comes_to_rest(&mut self) -> Books {
        self.bna.is_troubled(false);
        let open = "SELECT (SELECT count(*) FROM sync.ek_delivery WHERE state <> 'done') + (SELECT count(*) FROM sync.ek_sync WHERE state = 'running') AS n";
        let deadline = std::time::Instant::now() + Duration::from_secs(120);
        loop {
            self.time_passes().await;
            self.stand.at_rest().await;
            if self.stand.count(open).await == 0 {
                return self.bna.books().await;
            }
            assert!(
                std::time::Instant::now() < deadline,
                "it does not come to rest: {:?}",
                self.admin.rows("ek.delivery", &[("filter", r#"[["state", "!=", "done"]]"#), ("query", "{*}")]).await
            );
            tokio::task::yield_now().await;
        }
    }

    /// What the hub holds, as its API reads it, in the platform's words.
    async fn compare(&self, books: &Books) {
        let everything = ("filter", r#"[["active", "in", [true, false]]]"#);
        let text = |value: &Value| if *value == json!(false) { Value::Null } else { value.clone() };
        let query = "{id, name, description, active, ref_odoo, categ_id{name}, brand{name, reference}}";
        let products: BTreeMap<String, Value> = self
            .admin
            .rows("product.master", &[everything, ("query", query), ("limit", "10000")])
            .await
            .iter()
            .map(|row| {
                let said = json!([
                    row["name"],
                    text(&row["description"]),
                    row["active"],
                    row["categ_id"]["name"],
                    row["brand"]["name"],
                    text(&row["brand"]["reference"])
                ]);
                (row["ref_odoo"].as_str().unwrap().to_owned(), said)
            })
            .collect();
        let held = books.products.iter().map(|(reference, one)| {
            let said = json!([
                one["name"],
                one["description"],
                one["activate"],
                one["categoryName"],
                one["brand"]["name"],
                one["brand"]["reference"]
            ]);
            (reference.clone(), said)
        });
        same("products", &products, &held.collect());

        let query = "{id, manufacturer_ref, name, active, ref_odoo, selling_price, central_price}";
        let rows = self.admin.rows("product.template", &[everything, ("query", query), ("limit", "10000")]).await;
        let configurations = rows.iter().map(|row| {
            (
                row["ref_odoo"].as_str().unwrap().to_owned(),
                json!([row["manufacturer_ref"], row["name"], row["active"], row["selling_price"], row["central_price"]]),
            )
        });
        let configurations: BTreeMap<String, Value> = configurations.collect();
        let held = books.configurations.iter().map(|(reference, one)| {
            (reference.clone(), json!([one["reference"], one["name"], one["active"], one["price"], one["buyingPrice"]]))
        });
        let held: BTreeMap<String, Value> = held.collect();
        // What was archived before it was ever told need not be known
        let expected = configurations.iter().filter(|(reference, one)| one[2] == true || held.contains_key(*reference));
        same("configurations", &expected.map(|(reference, one)| (reference.clone(), one.clone())).collect(), &held);

        let query = "{product_id{ref_odoo}, location_id{warehouse_id{code}}, quantity, available_quantity, version}";
        let mut stocks: BTreeMap<String, Value> = BTreeMap::new();
        for row in self.admin.rows("stock.quant", &[("query", query), ("limit", "10000")]).await {
            let (Some(reference), Some(code)) =
                (row["product_id"]["ref_odoo"].as_str(), row["location_id"]["warehouse_id"]["code"].as_str())
            else {
                continue;
            };
            stocks.insert(
                format!("{reference} at {code}"),
                json!([row["quantity"], row["available_quantity"], configurations[reference][3]]),
            );
        }
        let held = books.stocks.iter().flat_map(|(reference, places)| {
            places.iter().map(move |(code, row)| {
                (format!("{reference} at {code}"), json!([row["realQuantity"], row["availableQuantity"], row["sellingPrice"]]))
            })
        });
        same("quantities", &stocks, &held.collect());

        let client = self
            .admin
            .rows("res.partner", &[("filter", r#"[["email", "=", "mourad.belkacem@example.dz"]]"#), ("query", "{id, phone}")])
            .await
            .remove(0);
        if let Some(held) = books.clients.get(&format!("res_partner_{}", client["id"])) {
            assert_eq!(held["phone"], client["phone"]);
        }
        for (code, held) in &books.pos {
            let pos = self
                .admin
                .rows("res.partner", &[("filter", &json!([["code_pos", "=", code]]).to_string()), ("query", "{mobile}")])
                .await
                .remove(0);
            assert_eq!(held["pos_phone_two"], text(&pos["mobile"]), "{code}");
        }
        let user = self.admin.rows("res.users", &[("filter", r#"[["login", "=", "bna"]]"#), ("query", "{codification}")]).await.remove(0);
        if let Some(held) = books.users.get("bna") {
            assert_eq!(held["codification"], text(&user["codification"]));
        }
    }
}

fn same(what: &str, hub: &BTreeMap<String, Value>, platform: &BTreeMap<String, Value>) {
    let differing: Vec<String> = hub
        .keys()
        .chain(platform.keys())
        .filter(|key| hub.get(*key) != platform.get(*key))
        .map(|key| format!("{key}: the hub has {:?}, the platform {:?}", hub.get(key), platform.get(key)))
        .collect();
    assert!(differing.is_empty(), "{what}:\n{}", differing.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_has_every_trouble_and_obeys_the_page_holds_in_the_end_exactly_what_the_hub_holds() {
    let (changes, seed) = (usize::try_from(setting("SIMULATED_CHANGES", 250)).unwrap(), setting("SIMULATED_SEED", 17));
    let stand = Stand::with(&[("PLATFORM_TIMEOUT", "1")]).await;
    let (admin, ekiclik, bna) = (stand.login("admin").await, stand.login("ekiclik").await, Obedient::new(seed).await);
    let platform = platform_of(&admin, "BNA", &bna.url).await;
    assert_eq!(admin.call("ek.platform", platform, "action_full_sync", json!([])).await.status, 200);
    let configurations = ["IRIS-TV55-N", "IRIS-TV55-G", "COND-REF400-B", "ATLAS-CAN3-BL", "ATLAS-CAN3-BE"].map(str::to_owned).to_vec();
    let mut simulation =
        Simulation { stand: &stand, admin, ekiclik, bna, platform, dice: StdRng::seed_from_u64(seed), configurations, products: 3 };
    for n in 0..changes {
        simulation.bna.is_troubled(true);
        simulation.change(n).await;
        if simulation.any(6) == 0 {
            simulation.time_passes().await;
        }
        if (n + 1) % REST_EVERY == 0 || n + 1 == changes {
            let books = simulation.comes_to_rest().await;
            assert!(books.wrong.is_empty(), "{:#?}", books.wrong);
            simulation.compare(&books).await;
        }
    }
    let books = simulation.bna.books().await;
    let calls: usize = books.counts.values().sum();
    eprintln!("{changes} changes, seed {seed}: {} ids, {calls} calls; {:#?}", books.ids().len(), books.counts);
    assert!(books.ids().len() > changes / 4, "{:?}", books.counts);
}
