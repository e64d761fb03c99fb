//! The orders' list and an order's screen: whose it is, its next step, what it refuses.

use serde_json::{Value, json};
use system_tests::stock::{BORDJ, Goods, TV, settled};
use system_tests::{Session, Stand, id};

use crate::{Reader, plain, post, text_of, token};

/// An order of a bank's client through the platform, for so many televisions of Bordj.
pub async fn ordered(stand: &Stand, platform: &Session<'_>, bank: &str, email: &str, number: i64, quantity: i64) -> i64 {
    let lead = json!({"order_source": bank, "partner": {"email": email, "salary": 91_234.0}, "cart_id": number,
        "cart": [{"manufacturer_ref": TV, "quantity": quantity, "product_warehouse_id": BORDJ}],
        "quotation_address": {"ek_order_id": number, "street": "7, rue des Frères", "state_id": "Alger", "country_id": "DZ"}});
    id(&platform.create("crm.lead", lead).await);
    settled(stand).await;
    let filter = json!([["ek_order_id", "=", number]]).to_string();
    platform.rows("sale.order", &[("filter", &filter), ("query", "{id}")]).await[0]["id"].as_i64().unwrap()
}

const MOURAD: &str = "mourad.belkacem@example.dz";

async fn state(session: &Session<'_>, order: i64) -> Value {
    let filter = json!([["id", "=", order]]).to_string();
    session.rows("sale.order", &[("filter", &filter), ("query", "{ek_state}")]).await[0]["ek_state"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_taken_to_its_delivery_by_buttons_that_say_what_they_do() {
    let stand = Stand::new().await;
    let (session, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    Goods::count(&session, BORDJ, TV, 5.0).await;
    let order = ordered(&stand, &platform, "BNA", MOURAD, 4711, 2).await;
    let admin = Reader::of(&stand, "admin").await;
    let path = format!("/web/sale.order/{order}");
    let page = admin.page(&path).await;
    let text = text_of(&page);
    for told in ["4711", "Mourad Belkacem", MOURAD, "7, rue des Frères", "BNA", TV, "160 000,00", "Panier 4711"] {
        assert!(text.replace('\u{202f}', " ").contains(told), "{told} in {text}");
    }
    assert!(!page.contains("91234") && !page.contains("91 234"), "what is sealed stays in its lead");
    assert!(page.contains("data-live=\"sale.order\"") && page.contains(&format!("/report/pdf/sale.report_saleorder/{order}")));
    for (label, step, then) in [
        ("Confirmer et préparer la commande", "EK_ORDER_IN_PREPARATION", "Remettre à la livraison"),
        ("Remettre à la livraison", "EK_ORDER_IN_DELIVERY", "Marquer livrée et facturer"),
        ("Marquer livrée et facturer", "EK_ORDER_DELIVERED", "Livrée le"),
    ] {
        let before = admin.page(&path).await;
        assert!(text_of(&before).contains(label) && before.contains(&format!("value=\"{step}\"")), "{label}");
        assert!(!text_of(&before).contains(then), "{then} comes later");
        let taken = admin.post(&format!("{path}/step"), &[("to", step)]).await;
        assert_eq!(
            (taken.status, taken.headers["location"].as_str()),
            (303, format!("{path}?done=step").as_str()),
            "{}",
            text_of(&taken.text)
        );
        settled(&stand).await;
        assert_eq!(state(&session, order).await, step);
        assert!(text_of(&admin.page(&path).await).contains(then), "{then}");
    }
    let page = admin.page(&path).await;
    assert!(!page.contains(&format!("{path}/step")), "nothing comes after the delivery");
    assert!(page.contains("/report/pdf/account.report_invoice/") && page.contains("/report/pdf/stock.report_deliveryslip/"), "its papers");
    let text = text_of(&page);
    assert!(text.contains("En livraison") && text.contains("Facture : Créé"), "its history: {text}");
    // The papers are there
    for href in page.split("href=\"").filter(|part| part.starts_with("/report/pdf/")).map(|part| part.split('"').next().unwrap()) {
        assert_eq!(admin.get(href).await.status, 200, "{href}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_is_not_possible_is_refused_in_words_and_changes_nothing() {
    let stand = Stand::new().await;
    let (session, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let order = ordered(&stand, &platform, "BNA", MOURAD, 4712, 2).await;
    let admin = Reader::of(&stand, "admin").await;
    let path = format!("/web/sale.order/{order}");
    let refused = admin.post(&format!("{path}/step"), &[("to", "EK_ORDER_DELIVERED")]).await;
    let text = text_of(&refused.text);
    assert_eq!(refused.status, 422, "{text}");
    assert!(text.contains("La commande n’a pas changé") && text.contains("« Livrée »"), "{text}");
    let alert = text_of(refused.text.split("role=\"alert\"").nth(1).unwrap().split("</div>").next().unwrap());
    assert!(!alert.contains("EK_"), "states have their names: {alert}");
    assert_eq!(state(&session, order).await, "EK_ORDER_CREATED");
    assert_eq!(admin.post(&format!("{path}/step"), &[("to", "nonsense")]).await.status, 404);
    let foreign = Reader::of(&stand, "admin").await;
    let unproven = post(
        &stand,
        &admin.cookie,
        &format!("{path}/step"),
        &[("to", "EK_ORDER_IN_PREPARATION"), ("_token", &token(&foreign.page(&path).await))],
    )
    .await;
    assert_eq!(unproven.status, 403);
    assert_eq!(state(&session, order).await, "EK_ORDER_CREATED");
    // Cancelling asks first, and ends it
    assert!(text_of(&admin.page(&path).await).contains("Oui, annuler cette commande"));
    assert_eq!(admin.post(&format!("{path}/step"), &[("to", "EK_CLIENT_ORDER_CANCELED")]).await.status, 303);
    let page = admin.page(&path).await;
    assert!(!page.contains(&format!("{path}/step")) && text_of(&page).contains("Annulée"), "{}", text_of(&page));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_bank_sees_and_moves_only_its_own_orders() {
    let stand = Stand::new().await;
    let (session, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let own = ordered(&stand, &platform, "BNA", MOURAD, 4713, 1).await;
    let other = ordered(&stand, &platform, "Alsalam", "nadia.ziani@example.dz", 4714, 1).await;
    let bank = Reader::of(&stand, "bna").await;
    let list = text_of(&bank.page("/web/sale.order").await);
    assert!(list.contains("4713") && !list.contains("4714") && !list.contains("Nadia"), "{list}");
    assert!(list.contains("Toutes 1"), "counts are its own: {list}");
    assert_eq!(bank.get(&format!("/web/sale.order/{other}")).await.status, 404);
    for path in ["step", "do/action_confirm"] {
        let refused = bank.post(&format!("/web/sale.order/{other}/{path}"), &[("to", "EK_ORDER_IN_PREPARATION")]).await;
        assert_eq!(refused.status, 404, "{path}: {}", text_of(&refused.text));
    }
    assert_eq!(state(&session, other).await, "EK_ORDER_CREATED");
    assert!(text_of(&bank.page(&format!("/web/sale.order/{own}")).await).contains("Mourad Belkacem"));
    assert_eq!(bank.post(&format!("/web/sale.order/{own}/step"), &[("to", "EK_ORDER_IN_PREPARATION")]).await.status, 303);
    assert_eq!(state(&session, own).await, "EK_ORDER_IN_PREPARATION");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_of_orders_has_quick_views_codes_of_points_of_sale_and_no_order_that_the_hub_refuses() {
    let stand = Stand::new().await;
    let (session, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    Goods::count(&session, BORDJ, TV, 1.0).await;
    let first = ordered(&stand, &platform, "BNA", MOURAD, 4715, 1).await;
    let short = ordered(&stand, &platform, "BNA", MOURAD, 4716, 3).await;
    platform
        .write("sale.order", json!([["ek_order_id", "=", 4715]]), json!({"order_source": "BNA", "state": "EK_ORDER_IN_PREPARATION"}))
        .await
        .result();
    settled(&stand).await;
    let admin = Reader::of(&stand, "admin").await;
    let page = admin.page("/web/sale.order").await;
    let text = text_of(&page).replace('\u{202f}', " ");
    assert!(text.contains("Toutes 2") && text.contains("En préparation 1") && text.contains("Créée 1"), "{text}");
    assert!(text.contains("320 000,00"), "the sum of all: {text}");
    assert!(page.contains("is-short"), "short ones are marked");
    assert!(!page.contains("/web/sale.order/new"), "an order comes with its lead");
    // Every head that is a link leads to a list that is there
    let heads = page.split("<thead>").nth(1).unwrap().split("</thead>").next().unwrap();
    let links: Vec<String> = heads.split("href=\"").skip(1).map(|part| plain(part.split('"').next().unwrap())).collect();
    assert!(
        links.len() >= 4 && links.iter().any(|link| link.contains("amount_total")) && !links.iter().any(|link| link.contains("partner_id")),
        "{links:?}"
    );
    for link in links {
        assert_eq!(admin.get(&link).await.status, 200, "{link}");
    }
    let narrowed = admin.page("/web/sale.order?f.ek_state=EK_ORDER_IN_PREPARATION").await;
    let text = text_of(&narrowed).replace('\u{202f}', " ");
    assert!(text.contains("4715") && !text.contains("4716") && text.contains("1–1 sur 1") && text.contains("80 000,00"), "{text}");
    assert!(narrowed.contains("name=\"f.ek_state\" value=\"EK_ORDER_IN_PREPARATION\""), "a search stays within the view");
    let found = text_of(&admin.page("/web/sale.order?f.short=positive").await);
    assert!(found.contains("4716") && !found.contains("4715"), "{found}");
    let found = text_of(&admin.page(&format!("/web/sale.order?q=S{short:05}")).await);
    assert!(found.contains("4716") && !found.contains("4715"), "{found}");
    let found = text_of(&admin.page(&format!("/web/sale.order?f.code_pos={}", &BORDJ[..BORDJ.len() - 1])).await);
    assert!(found.contains("Toutes 2") || found.contains("Toutes 0"), "{found}");
    let printed = admin
        .post("/web/sale.order/print", &[("id", &first.to_string()), ("id", &short.to_string()), ("print", "sale.report_saleorder")])
        .await;
    assert_eq!((printed.status, printed.headers["location"].clone()), (303, format!("/report/pdf/sale.report_saleorder/{first},{short}")));
    assert_eq!(admin.get(&printed.headers["location"]).await.headers["content-type"], "application/pdf");
    assert_eq!(admin.post("/web/sale.order/print", &[("print", "sale.report_saleorder")]).await.status, 422);
    assert_eq!(admin.post("/web/sale.order/print", &[("id", "1"), ("print", "account.report_invoice")]).await.status, 404);
}
