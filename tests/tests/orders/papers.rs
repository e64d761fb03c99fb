//! What stands on paper: whose it is, what was asked and done, when, and what an accountant looks for.

use serde_json::{Value, json};
use system_tests::paper::{printed, read};
use system_tests::stock::{ALGER, BORDJ, CANAPE, Goods, TV, open_receipt};
use system_tests::{Session, Stand, id, until};

const INVOICE: &str = "account.report_invoice";
const PRO_FORMA: &str = "sale.report_saleorder";
const SLIP: &str = "stock.report_deliveryslip";
const PICKING: &str = "stock.report_picking";

/// An order of Alsalam's with an address, as the platform sends it; answers its id.
async fn order(platform: &Session<'_>, number: i64, email: &str, rows: &[(&str, &str, i64)]) -> i64 {
    let cart: Vec<Value> = rows
        .iter()
        .map(|(pos, reference, quantity)| json!({"manufacturer_ref": reference, "quantity": quantity, "product_warehouse_id": pos}))
        .collect();
    let lead = json!({
        "create_by": "ekiclik", "order_source": "Alsalam", "partner": {"email": email}, "cart_id": number, "cart": cart,
        "quotation_address": {"order_source": "Alsalam", "type": "delivery", "street": "Cité des 600 logements", "street2": "bât. 4",
            "state_id": "bejaia", "country_id": "DZ", "ek_order_id": number},
    });
    id(&platform.create("crm.lead", lead).await);
    let filter = json!([["ek_order_id", "=", number]]).to_string();
    platform.rows("sale.order", &[("filter", &filter), ("query", "{id}")]).await[0]["id"].as_i64().unwrap()
}

async fn deliver(platform: &Session<'_>, number: i64) {
    for state in ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", "EK_ORDER_DELIVERED"] {
        change(platform, "sale.order", json!([["ek_order_id", "=", number]]), json!({"order_source": "Alsalam", "state": state})).await;
    }
}

async fn change(session: &Session<'_>, model: &str, filter: Value, data: Value) {
    assert_eq!(session.write(model, filter, data).await.result(), true);
}

/// The one picking of an order in a state, when it is there.
async fn picking(session: &Session<'_>, order: i64, state: &str) -> i64 {
    let filter = json!([["sale_id", "=", order], ["state", "=", state]]).to_string();
    let there = async || {
        let rows = session.rows("stock.picking", &[("filter", &filter), ("query", "{id}")]).await;
        rows.first().and_then(|row| row["id"].as_i64())
    };
    until(&format!("a picking is {state}"), async || there().await.is_some()).await;
    there().await.unwrap()
}

async fn invoice_of(session: &Session<'_>, order: i64) -> i64 {
    let filter = json!([["sale_id", "=", order], ["move_type", "=", "out_invoice"]]).to_string();
    session.rows("account.move", &[("filter", &filter), ("query", "{id}")]).await[0]["id"].as_i64().unwrap()
}

fn says(paper: &str, words: &[&str]) {
    for words in words {
        assert!(paper.contains(words), "'{words}' is missing on: {paper}");
    }
}

fn silent(paper: &str, words: &[&str]) {
    for words in words {
        assert!(!paper.contains(words), "'{words}' stands on: {paper}");
    }
}

/// The same paper is printed whatever becomes of the parties, for everybody who may see it.
async fn frozen(stand: &Stand) {
    let (admin, platform, alsalam) = (stand.login("admin").await, stand.login("ekiclik").await, stand.login("alsalam").await);
    let company = |name: &str, nif: &str| json!({"name": name, "nif": nif, "street": format!("Rue {name}"), "rib": "00400123456789012345"});
    let client = |name: &str, nif: &str| json!({"name": name, "nif": nif, "street": format!("Rue {name}"), "phone": "0550 11 22 33", "rib": "00799999123456789012"});
    let of_client = || json!([["email", "=", "lina@example.dz"]]);
    Goods::count(&admin, BORDJ, TV, 3.0).await;
    let order = order(&platform, 7001, "lina@example.dz", &[(BORDJ, TV, 5)]).await;
    change(&admin, "res.company", json!([["id", "=", 1]]), company("Ekiclik Ancienne", "111111111111111")).await;
    change(&platform, "res.partner", of_client(), client("Lina Avant", "222222222222222")).await;
    deliver(&platform, 7001).await;
    let (slip, invoice) = (picking(&admin, order, "done").await, invoice_of(&admin, order).await);
    let papers = async || {
        let (invoice, slip) = (printed(&admin, INVOICE, invoice).await.bytes, printed(&admin, SLIP, slip).await.bytes);
        assert_eq!(printed(&alsalam, INVOICE, invoice_of(&alsalam, order).await).await.bytes, invoice);
        [invoice, slip]
    };
    let before = papers().await;
    for paper in &before {
        let paper = system_tests::paper::words(paper);
        says(&paper, &["Ekiclik Ancienne", "111111111111111", "Lina Avant", "222222222222222", "Rue Lina Avant", "Cité des 600 logements"]);
        silent(&paper, &["00799999123456789012"]);
    }
    for (named, nif) in [("Deuxième", "333333333333333"), ("Troisième", "444444444444444")] {
        change(&admin, "res.company", json!([["id", "=", 1]]), company(&format!("Ekiclik {named}"), nif)).await;
        change(&platform, "res.partner", of_client(), client(&format!("Lina {named}"), nif)).await;
        change(&admin, "sale.order", json!([["id", "=", order]]), json!({"delivery_street": format!("Nouvelle rue {named}")})).await;
        assert!(papers().await == before, "another paper under the same number");
    }
    // What is made now has the parties of now
    let credit = admin.call("account.move", invoice, "action_reverse", json!(["Erreur de prix"])).await.result()[0].as_i64().unwrap();
    let credit_paper = read(&admin, INVOICE, credit).await;
    says(
        &credit_paper,
        &["Ekiclik Troisième", "Lina Troisième", "444444444444444", "Nouvelle rue Troisième", "Motif Erreur de prix", "Date de la facture"],
    );
    let number =
        admin.rows("account.move", &[("filter", &json!([["id", "=", invoice]]).to_string()), ("query", "{name}")]).await[0]["name"].clone();
    says(&credit_paper, &[&format!("Facture d'origine {}", number.as_str().unwrap())]);
    assert!(papers().await == before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_for_good_is_printed_with_the_parties_that_it_was_made_with() {
    frozen(&Stand::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn separate_processes_print_the_parties_as_they_were_too() {
    frozen(&Stand::processes().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rest_that_ships_later_has_the_address_of_then() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    Goods::count(&admin, BORDJ, TV, 3.0).await;
    let order = order(&platform, 7051, "lina@example.dz", &[(BORDJ, TV, 5)]).await;
    let name = async |name: &str| change(&platform, "res.partner", json!([["email", "=", "lina@example.dz"]]), json!({"name": name})).await;
    name("Lina Avant").await;
    deliver(&platform, 7051).await;
    let first = picking(&admin, order, "done").await;
    name("Lina Après").await;
    let waiting = picking(&admin, order, "confirmed").await;
    says(&read(&admin, PICKING, waiting).await, &["Bon de préparation", "Lina Après"]);
    Goods::count(&admin, BORDJ, TV, 2.0).await;
    name("Lina Enfin").await;
    let shipped = read(&admin, SLIP, waiting).await;
    says(&shipped, &["Lina Après", "IRIS-TV55-N Téléviseur 55 pouces noir 2 2 0"]);
    let of_first = read(&admin, SLIP, first).await;
    says(&of_first, &["Lina Avant", "Téléviseur 55 pouces noir 5 3 2", "Reste à livrer 2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pro_forma_prints_what_its_reader_may_read_now() {
    let stand = Stand::new().await;
    let (admin, platform, alsalam) = (stand.login("admin").await, stand.login("ekiclik").await, stand.login("alsalam").await);
    let order = order(&platform, 7101, "lina@example.dz", &[(BORDJ, TV, 1)]).await;
    let client = json!({"name": "Lina Cherif", "nif": "222222222222222", "rib": "00799999123456789012", "phone": "0550 11 22 33"});
    change(&platform, "res.partner", json!([["email", "=", "lina@example.dz"]]), client).await;
    for reader in [&admin, &platform, &alsalam] {
        let paper = read(reader, PRO_FORMA, order).await;
        says(&paper, &["Lina Cherif", "0550 11 22 33", "N° plateforme 7101", "Cité des 600 logements bât. 4 Béjaïa"]);
        silent(&paper, &["00799999123456789012"]);
    }
    // The bank's client no longer: it still sees its order
    let mut sql = stand.sql().await;
    Stand::execute(&mut sql, "UPDATE partners.res_partner SET bank_ids = '{}' WHERE email = 'lina@example.dz'").await;
    let paper = read(&alsalam, PRO_FORMA, order).await;
    says(&paper, &["Client n° "]);
    silent(&paper, &["Lina", "222222222222222", "0550 11 22 33", "lina@example.dz"]);
    says(&read(&admin, PRO_FORMA, order).await, &["Lina Cherif", "222222222222222"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_to_be_forgotten_stays_on_what_is_posted_and_on_no_other_paper() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    Goods::count(&admin, BORDJ, TV, 1.0).await;
    let order = order(&platform, 7501, "lina@example.dz", &[(BORDJ, TV, 1)]).await;
    let of_client = || json!([["email", "=", "lina@example.dz"]]);
    change(&platform, "res.partner", of_client(), json!({"name": "Lina Cherif", "nif": "222222222222222"})).await;
    deliver(&platform, 7501).await;
    let (slip, invoice) = (picking(&admin, order, "done").await, invoice_of(&admin, order).await);
    let posted = read(&admin, INVOICE, invoice).await;
    says(&read(&admin, SLIP, slip).await, &["Lina Cherif", "600 logements"]);
    let client = admin.rows("res.partner", &[("filter", &of_client().to_string()), ("query", "{id}")]).await[0]["id"].as_i64().unwrap();
    assert_eq!(admin.call("res.partner", client, "action_forget", json!(["law 18-07"])).await.result(), true);
    until("crm has heard of it", async || !read(&admin, PRO_FORMA, order).await.contains("600 logements")).await;
    for (report, record) in [(SLIP, slip), (PRO_FORMA, order)] {
        silent(&read(&admin, report, record).await, &["Lina", "lina@example.dz", "222222222222222", "600 logements"]);
    }
    assert_eq!(read(&admin, INVOICE, invoice).await, posted);
}

#[tokio::test(flavor = "multi_thread")]
async fn travelling_papers_carry_the_address_the_telephone_and_the_platforms_number() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    Goods::count(&admin, BORDJ, TV, 1.0).await;
    let order = order(&platform, 7151, "amine.k@example.dz", &[(BORDJ, TV, 1)]).await;
    let waiting = picking(&admin, order, "assigned").await;
    let address = "Adresse de livraison Cité des 600 logements bât. 4 Béjaïa";
    for report in [SLIP, PICKING] {
        let paper = read(&admin, report, waiting).await;
        says(&paper, &[address, "N° plateforme 7151"]);
        assert_eq!(paper.matches("amine.k@example.dz").count(), 1, "a client of whom the e-mail alone is known: {paper}");
    }
    change(&platform, "res.partner", json!([["email", "=", "amine.k@example.dz"]]), json!({"name": "Amine K.", "mobile": "0661 22 33 44"}))
        .await;
    says(&read(&admin, PICKING, waiting).await, &[&format!("{address} Tél. 0661 22 33 44")]);
    deliver(&platform, 7151).await;
    let slip = picking(&admin, order, "done").await;
    for paper in [read(&admin, SLIP, slip).await, read(&admin, INVOICE, invoice_of(&admin, order).await).await] {
        says(&paper, &[&format!("{address} Tél. 0661 22 33 44"), "N° plateforme 7151", "Amine K.", "amine.k@example.dz"]);
    }
    // What comes back travels too
    let back = admin.call("stock.picking", slip, "action_return", json!([])).await.result().as_i64().unwrap();
    says(&read(&admin, PICKING, back).await, &["Bon de retour", address, "N° plateforme 7151"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn slips_and_receipts_tell_what_was_asked_what_is_done_and_what_is_still_to_come() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    Goods::count(&admin, BORDJ, TV, 3.0).await;
    Goods::count(&admin, BORDJ, CANAPE, 0.0).await;
    let order = order(&platform, 7201, "lina@example.dz", &[(BORDJ, TV, 5), (BORDJ, CANAPE, 2)]).await;
    let waiting = picking(&admin, order, "confirmed").await;
    until("what is there is reserved", async || read(&admin, PICKING, waiting).await.contains("pouces noir 5 3 2")).await;
    says(&read(&admin, PICKING, waiting).await, &["Qté demandée Qté réservée Reste à livrer", "Canapé trois places bleu 2 0 2"]);
    deliver(&platform, 7201).await;
    let slip = picking(&admin, order, "done").await;
    let paper = read(&admin, SLIP, slip).await;
    says(
        &paper,
        &[
            "Qté demandée Qté livrée Reste à livrer",
            "pouces noir 5 3 2",
            "Canapé trois places bleu 2 0 2",
            "Reste à livrer 4",
            "Nombre de pièces 3",
        ],
    );
    // Whatever becomes of the rest
    Goods::count(&admin, BORDJ, CANAPE, 2.0).await;
    let paper = read(&admin, SLIP, slip).await;
    says(&paper, &["pouces noir 5 3 2", "Canapé trois places bleu 2 0 2"]);

    let lines = json!([{"product_id": TV, "product_qty": 100, "price_unit": 1}, {"product_id": CANAPE, "product_qty": 4, "price_unit": 1}]);
    let purchase = id(&admin.create("purchase.order", json!({"partner_id": ALGER, "order_line": lines})).await);
    assert_eq!(admin.call("purchase.order", purchase, "button_confirm", json!([])).await.result(), true);
    let receipt = open_receipt(&admin, purchase).await;
    let receipt_id = receipt["id"].as_i64().unwrap();
    says(&read(&admin, PICKING, receipt_id).await, &["Bon de réception", "Qté demandée Qté reçue Reste à recevoir", "pouces noir 100"]);
    let moved = receipt["move_ids"].as_array().unwrap().iter().find(|one| one["manufacturer_ref"] == TV).unwrap();
    change(&admin, "stock.move", json!([["id", "=", moved["id"]]]), json!({"quantity_done": 97})).await;
    assert_eq!(admin.call("stock.picking", receipt_id, "button_validate", json!([])).await.result(), true);
    let paper = read(&admin, PICKING, receipt_id).await;
    says(&paper, &["pouces noir 100 97 3", "Canapé trois places bleu 4 0 4", "Reste à recevoir 7", "Nombre de pièces 97"]);
    let rest = open_receipt(&admin, purchase).await["id"].as_i64().unwrap();
    assert_eq!(admin.call("stock.picking", rest, "button_validate", json!([])).await.result(), true);
    says(&read(&admin, PICKING, rest).await, &["pouces noir 3 3 0", "Canapé trois places bleu 4 4 0", "Reliquat de"]);
    says(&read(&admin, PICKING, receipt_id).await, &["pouces noir 100 97 3", "Canapé trois places bleu 4 0 4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_day_on_paper_is_the_one_in_algiers() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    Goods::count(&admin, BORDJ, TV, 3.0).await;
    let (first, second) = (
        order(&platform, 7251, "lina@example.dz", &[(BORDJ, TV, 1)]).await,
        order(&platform, 7252, "lina@example.dz", &[(BORDJ, TV, 1)]).await,
    );
    let waiting = picking(&admin, second, "assigned").await;
    deliver(&platform, 7251).await;
    let slip = picking(&admin, first, "done").await;
    let mut sql = stand.sql().await;
    // Half past midnight in Algiers
    let moment = "2026-03-04 23:30:00+00";
    Stand::execute(
        &mut sql,
        &format!("UPDATE crm.sale_order SET date_order = '{moment}'; UPDATE stock.stock_picking SET scheduled_date = '{moment}'"),
    )
    .await;
    Stand::execute(&mut sql, &format!("UPDATE stock.stock_picking SET date_done = '{moment}' WHERE state = 'done'")).await;
    for (report, record) in [(PRO_FORMA, first), (SLIP, slip), (PICKING, waiting)] {
        let paper = read(&admin, report, record).await;
        says(&paper, &["05/03/2026"]);
        silent(&paper, &["04/03/2026"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_says_what_an_accountant_looks_for() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let company = json!({"legal_form": "SARL", "capital": 10_000_000, "activity": "Commerce de détail en ligne", "rc": "16/00-1023456 B 21",
        "nif": "002116102345678", "street2": "Bât. C", "zip": "16000", "city": "Alger", "payment_method": "Virement", "payment_days": 30});
    change(&admin, "res.company", json!([["id", "=", 1]]), company).await;
    let order = order(&platform, 7301, "lina@example.dz", &[(BORDJ, TV, 7), (BORDJ, CANAPE, 1), (ALGER, CANAPE, 2)]).await;
    // A rate of 9 % and none: the invoice is made of what the lines say
    let mut sql = stand.sql().await;
    Stand::execute(&mut sql, "UPDATE crm.sale_order_line SET tax_id = 2, tax_rate = 9 WHERE sequence = 2; UPDATE crm.sale_order_line SET tax_id = 3, tax_rate = 0 WHERE sequence = 3").await;
    deliver(&platform, 7301).await;
    let invoice = invoice_of(&admin, order).await;
    let paper = read(&admin, INVOICE, invoice).await;
    says(
        &paper,
        &[
            "SARL au capital de 10 000 000,00 DA",
            "Commerce de détail en ligne",
            "Bât. C",
            "16000 Alger",
            "RC 16/00-1023456 B 21",
            "P.U. HT Montant HT TVA Montant TTC",
            // 560,000.00 with 19 %: seven times the price is the amount
            "Téléviseur 55 pouces noir 7 67 226,891 470 588,24 19 % 560 000,00",
            "Canapé trois places bleu 1 61 976,95 61 976,95 9 % 67 554,88",
            "Canapé trois places bleu 2 67 554,88 135 109,76 0 % 135 109,76",
            "TVA 19 % sur 470 588,24 89 411,76 DA",
            "TVA 9 % sur 61 976,95 5 577,93 DA",
            "TVA 0 % sur 135 109,76 0,00 DA",
            "Exonéré de TVA, articles 8 à 13",
            "Mode de règlement Virement",
            "Date de règlement",
            "Banque Alsalam",
            "Cachet et signature",
        ],
    );
    // The words too are those of then
    change(&admin, "account.tax", json!([["id", "=", 3]]), json!({"invoice_legal_notes": "Franchise, article 42."})).await;
    assert_eq!(read(&admin, INVOICE, invoice).await, paper);
    let due = "SELECT count(*) AS n FROM crm.account_move WHERE to_char(invoice_date + 30, 'DD/MM/YYYY') = ";
    let (_, after) = paper.split_once("Date de règlement ").unwrap();
    assert_eq!(stand.count(&format!("{due}'{}'", &after[..10])).await, 1);
    // Goods that come back are credited for that reason; a reason is not a list
    assert_eq!(admin.call("account.move", invoice, "action_reverse", json!([["no"]])).await.status, 422);
    let credit = admin.call("account.move", invoice, "action_reverse", json!([])).await.result()[0].as_i64().unwrap();
    let paper = read(&admin, INVOICE, credit).await;
    says(&paper, &["Avoir RFAC/", "Motif Annulation de la facture", "Franchise, article 42.", "67 226,891 470 588,24 19 % 560 000,00"]);
    assert_eq!(admin.write("res.company", json!([["id", "=", 1]]), json!({"payment_days": 366})).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn papers_of_a_cancelled_order_are_marked_across() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let order = order(&platform, 7351, "lina@example.dz", &[(BORDJ, TV, 1)]).await;
    picking(&admin, order, "confirmed").await;
    silent(&read(&admin, PRO_FORMA, order).await, &["ANNUL"]);
    change(
        &platform,
        "sale.order",
        json!([["ek_order_id", "=", 7351]]),
        json!({"order_source": "Alsalam", "state": "EK_CLIENT_ORDER_CANCELED"}),
    )
    .await;
    says(&read(&admin, PRO_FORMA, order).await, &["ANNULÉE"]);
    let slip = picking(&admin, order, "cancel").await;
    for report in [SLIP, PICKING] {
        says(&read(&admin, report, slip).await, &["ANNULÉ"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_that_no_font_has_are_spelled_and_counted() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let order = order(&platform, 7401, "lina@example.dz", &[(BORDJ, TV, 1)]).await;
    change(&platform, "res.partner", json!([["email", "=", "lina@example.dz"]]), json!({"name": "ⵜⴰⵎⴰⵣⵉⵖⵜ", "street": "5 ≥ 3 → ✓ 中文"}))
        .await;
    let paper = read(&admin, PRO_FORMA, order).await;
    says(&paper, &["ⵜⴰⵎⴰⵣⵉⵖⵜ", "→ ✓", "U+4E2D U+6587"]);
    let metrics = service::metrics::text();
    let counted = metrics.lines().find_map(|line| line.strip_prefix("hub_report_unprintable_characters_total{service=\"crm\"} "));
    assert!(counted.is_some_and(|count| count.parse::<f64>().unwrap() >= 2.0), "{metrics}");
}
