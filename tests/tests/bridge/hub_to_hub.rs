//! A hub has Odoo's RPC doors: another hub imports it whole, and a verification finds no difference.

use std::collections::BTreeSet;

use bridge_contract::{Moved, Verified};
use serde_json::{Value, json};
use system_tests::platform::{Platform, platform_of};
use system_tests::stock::{ALGER, BORDJ, CANAPE, Goods, TV, settled};
use system_tests::{Session, Stand, empty_database, id};

use crate::moving::{all_is_told, begin, moved, texts};
use crate::{SETTINGS, ended};

/// A hub with nothing but its first administrator.
async fn empty() -> Stand {
    let url = empty_database().await;
    let urls = operator::provision::roles(&url).await.unwrap();
    let settings = [SETTINGS, &[("ADMIN_PASSWORD", "admin")]].concat();
    let hub = hub::Hub::new(&system_tests::variables(&settings), &urls).unwrap();
    hub.migrate().await.unwrap();
    assert!(partners::login::first_administrator(&hub.partners).await.unwrap());
    Stand::at(&url, &urls, &settings).await
}

async fn ordered(platform: &Session<'_>, bank: &str, client: &str, number: i64, cart: Value) {
    let lead = json!({"order_source": bank, "partner": {"email": client}, "cart_id": number, "cart": cart,
        "quotation_address": {"ek_order_id": number}});
    id(&platform.create("crm.lead", lead).await);
}

async fn becomes(platform: &Session<'_>, bank: &str, number: i64, state: &str) {
    let data = json!({"order_source": bank, "state": state});
    let written = platform.write("sale.order", json!([["ek_order_id", "=", number]]), data).await;
    assert_eq!(written.result(), true);
}

/// A hub where something has happened.
async fn lived() -> Stand {
    let stand = Stand::with(SETTINGS).await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    for n in 0..12 {
        let client = json!({"create_by": "ekiclik", "source": if n % 2 == 0 { "BNA" } else { "Alsalam" }, "name": format!("Client {n}"),
            "email": format!("client{n}@example.dz"), "phone": "0555000000", "state_id": "16", "country_id": "DZ", "street": format!("{n}, rue")});
        id(&platform.create("res.partner", client).await);
    }
    // An id that nobody has any more leaves a gap
    let gone = json!({"create_by": "ekiclik", "source": "BNA", "name": "Parti", "email": "parti@example.dz"});
    let gone = id(&platform.create("res.partner", gone).await);
    assert_eq!(admin.unlink("res.partner", gone).await.status, 200);
    let configuration = json!({"name": "Table basse", "manufacturer_ref": "TABLE-1", "standard_price": 9_000.5, "list_price": 12_345.67});
    let product = json!({"create_by": "ekiclik", "name": "Table", "product_ref": "TABLE", "brand": "Atlas", "categ_id": "Meubles", "product": [configuration]});
    id(&platform.create("product.template", product).await);
    for (code, reference, quantity) in [(BORDJ, TV, 10.0), (BORDJ, CANAPE, 4.0), (ALGER, TV, 7.0), ("EKIWH", "TABLE-1", 30.0)] {
        Goods::count(&admin, code, reference, quantity).await;
    }
    let one = |reference: &str, quantity: i64, at: &str| json!([{"manufacturer_ref": reference, "quantity": quantity, "product_warehouse_id": at}]);
    let (mourad, yasmine) = ("mourad.belkacem@example.dz", "yasmine.cherif@example.dz");
    ordered(&platform, "BNA", mourad, 1, one(TV, 2, BORDJ)).await;
    ordered(&platform, "BNA", "client0@example.dz", 2, one(CANAPE, 6, BORDJ)).await;
    ordered(&platform, "Alsalam", yasmine, 3, one(TV, 1, ALGER)).await;
    ordered(&platform, "Alsalam", "client1@example.dz", 4, one("TABLE-1", 3, ALGER)).await;
    ordered(&platform, "BNA", "client2@example.dz", 5, one(TV, 3, BORDJ)).await;
    settled(&stand).await;
    for state in ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", "EK_ORDER_DELIVERED"] {
        becomes(&platform, "BNA", 1, state).await;
    }
    becomes(&platform, "Alsalam", 3, "EK_ORDER_IN_PREPARATION").await;
    becomes(&platform, "BNA", 5, "EK_CLIENT_ORDER_CANCELED").await;
    settled(&stand).await;
    let line = json!({"product_id": TV, "product_qty": 5, "price_unit": 51_000});
    let purchase = id(&admin.create("purchase.order", json!({"partner_id": ALGER, "order_line": [line]})).await);
    assert_eq!(admin.call("purchase.order", purchase, "button_confirm", json!([])).await.status, 200);
    settled(&stand).await;
    stand
}

/// What a hub has that others know it by, a text a record.
async fn known(stand: &Stand) -> BTreeSet<String> {
    let mut sql = stand.sql().await;
    let mut all = BTreeSet::new();
    for (table, columns) in [
        ("catalog.product_template", "id, ref_odoo, manufacturer_ref, name, list_price, standard_price, active"),
        ("catalog.product_master", "id, ref_odoo, ref, name, active"),
        ("partners.res_partner WHERE deleted_at IS NULL", "id, ref_odoo, email, name, code_pos, is_pos, street, state_id"),
        ("crm.crm_lead", "id, name, partner_id, order_source, cart_id, stage_id"),
        (
            "crm.sale_order",
            "id, name, partner_id, ek_order_id, state, ek_state, amount_untaxed, amount_tax, amount_total, date_trunc('second', date_order)",
        ),
        (
            "crm.sale_order_line",
            "id, order_id, manufacturer_ref, product_id, product_uom_qty, price_unit, price_total, qty_delivered, qty_returned",
        ),
        ("crm.account_move", "id, name, move_type, partner_id, sale_id, amount_untaxed, amount_tax, amount_total, invoice_date, state"),
    ] {
        let name = table.split(' ').next().unwrap_or_default();
        let one = format!("SELECT concat_ws(' | ', '{name}', {columns}) AS text FROM {table}");
        all.extend(texts(&mut sql, &one).await);
    }
    let goods = "SELECT concat_ws(' | ', 'goods', l.complete_name, q.product_id, q.manufacturer_ref, trim_scale(q.quantity)) AS text \
                 FROM stock.stock_quant q JOIN stock.stock_location l ON l.id = q.location_id WHERE q.quantity <> 0 AND l.usage = 'internal'";
    all.extend(texts(&mut sql, goods).await);
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_imports_another_whole_and_a_verification_finds_no_difference() {
    let source = lived().await;
    let (there, here) = (source.login("admin").await, empty().await);
    let made = json!({"params": {"kwargs": {"name": "bridge", "days": 1}}}).to_string();
    let key = there.send("POST", "/object/res.users/action_new_api_key", &[], &made).await.result();
    let admin = here.login("admin").await;
    let named = json!({"name": "The other hub", "base_url": source.address, "db": "echange", "login": "admin", "secret": key,
        "per_second": 1_000, "batch": 50});
    let at = id(&admin.create("ek.odoo", named).await);

    let inspected = ended(&here, &admin, begin(&admin, at, "inspection").await).await;
    assert_eq!(inspected["state"], "done", "{}", inspected["error"]);
    // What is proposed is enough: a hub's fields are the add-on's
    assert_eq!(admin.write("ek.odoo", json!([["id", "=", at]]), json!({"mapping": inspected["mapping"]})).await.status, 200);

    let rehearsed = moved(&ended(&here, &admin, begin(&admin, at, "rehearsal").await).await);
    assert_eq!(known(&here).await, BTreeSet::new(), "a rehearsal stores nothing");
    let imported = moved(&ended(&here, &admin, begin(&admin, at, "import").await).await);
    all_is_told(&imported);
    let aside = "SELECT concat_ws(' ', reader, their_id, misfit, reason) AS text FROM bridge.ek_odoo_record WHERE state = 'refused'";
    assert_eq!(texts(&mut here.sql().await, aside).await, Vec::<String>::new());
    let fates = |moved: &[Moved]| moved.iter().map(|one| (one.reader.clone(), one.taken, one.refused, one.left_out)).collect::<Vec<_>>();
    assert_eq!(fates(&imported), fates(&rehearsed), "what a rehearsal says holds");
    for (model, least) in
        [("res.partner", 15), ("product.product", 6), ("crm.lead", 5), ("sale.order", 5), ("account.move", 1), ("purchase.order", 1)]
    {
        let taken: u64 = imported.iter().filter(|one| one.model == model).map(|one| one.taken).sum();
        assert!(taken >= least, "{model}: {imported:?}");
    }
    let verified = ended(&here, &admin, begin(&admin, at, "verification").await).await;
    let found: Verified = serde_json::from_str(verified["report"].as_str().unwrap()).unwrap();
    let wrong: Vec<_> = found.lines.iter().filter(|line| !line.holds()).collect();
    assert!(found.passed, "{wrong:#?} {:#?}", found.differences);

    let (theirs, ours) = (known(&source).await, known(&here).await);
    let (missing, more): (Vec<_>, Vec<_>) = (theirs.difference(&ours).collect(), ours.difference(&theirs).collect());
    assert!(missing.is_empty() && more.is_empty(), "missing: {missing:#?}\nmore: {more:#?}");

    // No push leaves, and a platform that is named now hears of nothing that came over
    let bank = Platform::new().await;
    here.at_rest().await;
    platform_of(&admin, "BNA", &bank.url).await;
    here.all_told(std::time::Duration::from_secs(30)).await;
    assert_eq!(bank.heard(), 0);
    assert_eq!(here.count("SELECT count(*) AS n FROM sync.ek_delivery").await, 0);
}
