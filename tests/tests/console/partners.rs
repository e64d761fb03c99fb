//! Clients and points of sale, who are both contacts.

use serde_json::json;
use system_tests::{Stand, id};

use crate::{Reader, text_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_and_points_of_sale_have_lists_forms_and_pages_of_their_own() {
    let stand = Stand::new().await;
    let admin = Reader::of(&stand, "admin").await;
    let (clients, places) = (text_of(&admin.page("/web/clients").await), text_of(&admin.page("/web/pos").await));
    assert!(clients.contains("Mourad Belkacem") && !clients.contains("PDVA-E"), "{clients}");
    assert!(places.contains("PDVA-E-ALG-BEZ-16-01") && !places.contains("Mourad Belkacem"), "{places}");
    let new = "/web/res.partner/new?is_pos=true";
    assert!(admin.page("/web/pos").await.contains(&format!("href=\"{new}\"")));
    let form = text_of(&admin.page(new).await);
    assert!(form.contains("Point de vente : nouveau") && form.contains("Identification") && form.contains("Autres"), "{form}");
    let refused = admin.fill(new, &[("v.name", "Oran centre"), ("v.is_pos", "true"), ("v.code_pos", "")]).await;
    assert!(refused.status == 422 && text_of(&refused.text).contains("code du point de vente"), "{}", text_of(&refused.text));
    assert!(text_of(&refused.text).contains("Point de vente : nouveau"), "it stays the form of a point of sale");
    let made =
        admin.fill(new, &[("v.name", "Oran centre"), ("v.is_pos", "true"), ("v.code_pos", "PDV-ORAN-1"), ("v.status", "ACTIVE")]).await;
    assert_eq!(made.status, 303, "{}", text_of(&made.text));
    let page = admin.page(&made.headers["location"]).await;
    assert!(page.contains("/web/stock?pos=PDV-ORAN-1") && text_of(&page).contains("Utilisateurs"), "{}", text_of(&page));
    assert!(!page.contains("action_forget"), "a place is no person");
    assert!(text_of(&admin.page("/web/pos?q=PDV-ORAN").await).contains("Oran centre"));
    let made = admin.fill("/web/res.partner/new", &[("v.name", "Zohra Client"), ("v.email", "zohra@example.dz")]).await;
    assert_eq!(made.status, 303, "{}", text_of(&made.text));
    let page = text_of(&admin.page(&made.headers["location"]).await);
    for heading in ["Coordonnées", "Commandes", "Factures et avoirs", "Opportunités", "Adresses et contacts"] {
        assert!(page.contains(heading), "{heading}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_finds_no_client_of_another_and_what_it_may_not_do_is_not_offered() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let name = "<script>alert(7)</script>";
    let other = id(&platform.create("res.partner", json!({"name": name, "email": "other@example.dz", "source": "Alsalam"})).await);
    let bank = Reader::of(&stand, "bna").await;
    let list = bank.page("/web/clients").await;
    assert!(!list.contains("other@example.dz") && !list.contains("alert(7)"));
    assert_eq!(bank.get(&format!("/web/res.partner/{other}")).await.status, 404);
    assert_eq!(bank.post(&format!("/web/res.partner/{other}/do/action_forget"), &[("a.reason", "x")]).await.status, 404);
    let admin = Reader::of(&stand, "admin").await;
    let page = admin.page(&format!("/web/res.partner/{other}")).await;
    assert!(!page.contains(name) && text_of(&page).contains("other@example.dz"));
}
