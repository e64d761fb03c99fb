//! An invoice's credit note, as somebody at the console makes it.

use serde_json::json;
use system_tests::Stand;
use system_tests::stock::{BORDJ, Goods, TV, settled};

use crate::orders::ordered;
use crate::{Reader, text_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invoice_is_credited_for_what_the_client_does_not_have() {
    let stand = Stand::new().await;
    let (session, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    Goods::count(&session, BORDJ, TV, 3.0).await;
    let order = ordered(&stand, &platform, "BNA", "mourad.belkacem@example.dz", 4721, 5).await;
    for state in ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", "EK_ORDER_DELIVERED"] {
        let data = json!({"order_source": "BNA", "state": state});
        assert_eq!(platform.write("sale.order", json!([["ek_order_id", "=", 4721]]), data).await.result(), true);
    }
    settled(&stand).await;
    let filter = json!([["sale_id", "=", order]]).to_string();
    let invoice = session.rows("account.move", &[("filter", &filter), ("query", "{id}")]).await[0]["id"].as_i64().unwrap();
    let (admin, bank) = (Reader::of(&stand, "admin").await, Reader::of(&stand, "bna").await);
    let path = format!("/web/account.move/{invoice}/credit");
    assert!(admin.page(&format!("/web/account.move/{invoice}")).await.contains(&path));
    // Who may not write sees neither the button nor the form
    assert!(!bank.page(&format!("/web/account.move/{invoice}")).await.contains(&path));
    assert_eq!(bank.get(&path).await.status, 404);
    assert!(bank.post(&path, &[("reason", "Erreur")]).await.status >= 400);
    let form = text_of(&admin.page(&path).await);
    // Invoiced, credited, with the client, to be credited
    assert!(form.contains(&format!("{TV} 5 0 3 2")), "{form}");
    let refused = admin.post(&path, &[("reason", " ")]).await;
    assert!(refused.status == 422 && text_of(&refused.text).contains("Indiquez le motif"), "{}", text_of(&refused.text));
    let notes = "SELECT count(*) AS n FROM crm.account_move WHERE move_type = 'out_refund'";
    assert_eq!(stand.count(notes).await, 0);
    let made = admin.post(&path, &[("reason", "Rupture définitive")]).await;
    assert_eq!(made.status, 303, "{}", text_of(&made.text));
    assert_eq!(stand.count(notes).await, 1);
    let note = text_of(&admin.page(&made.headers["location"]).await).replace('\u{202f}', " ");
    assert!(note.contains("Rupture définitive") && note.contains("160 000,00") && note.contains("L’avoir est fait"), "{note}");
    // What is left is with the client, and no credit note is credited
    let form = admin.page(&path).await;
    assert!(text_of(&form).contains("Il n’y a rien à créditer") && !form.contains("name=\"reason\""), "{}", text_of(&form));
    let refused = admin.post(&path, &[("reason", "Encore")]).await;
    assert!(refused.status == 422 && text_of(&refused.text).contains("Aucun avoir n’a été fait"), "{}", text_of(&refused.text));
    let credited = made.headers["location"].split('?').next().unwrap().to_owned();
    assert_eq!(admin.get(&format!("{credited}/credit")).await.status, 404);
    assert_eq!(stand.count(notes).await, 1);
}
