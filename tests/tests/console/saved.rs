//! Filters that are kept under a name.

use system_tests::Stand;

use crate::{Reader, plain, text_of};

fn domain(page: &str) -> String {
    let form = page.split("/filters\"").nth(1).unwrap_or_else(|| panic!("no form: {}", text_of(page)));
    plain(form.split("name=\"domain\" value=\"").nth(1).unwrap().split('"').next().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_is_kept_found_again_and_removed() {
    let stand = Stand::new().await;
    let admin = Reader::of(&stand, "admin").await;
    assert!(!text_of(&admin.page("/web/product.template").await).contains("Enregistrer ce filtre"), "nothing is searched for");
    let page = admin.page("/web/product.template?q=IRIS-TV55-N").await;
    let sent = domain(&page);
    let saved = admin
        .post("/web/product.template/filters", &[("name", "Mes <b>télés</b>"), ("domain", &sent), ("sort", "name desc"), ("whose", "me")])
        .await;
    assert_eq!(saved.status, 303, "{}", text_of(&saved.text));
    let list = admin.page(&saved.headers["location"]).await;
    assert!(text_of(&list).contains("IRIS-TV55-N") && !text_of(&list).contains("ATLAS-CAN3-BE"), "{}", text_of(&list));
    assert!(plain(&list).contains("Mes <b>télés</b>") && !list.contains("Mes <b>"), "a name is text");
    let other = Reader::of(&stand, "bna").await;
    assert!(!plain(&other.page("/web/product.template").await).contains("Mes <b>télés"), "it is one's own");
    let id = stand.count("SELECT max(id) AS n FROM partners.ir_filters").await.to_string();
    let refused = other.post("/web/product.template/filters/remove", &[("id", &id)]).await;
    assert!(matches!(refused.status, 403 | 404), "{}", refused.status);
    let removed = admin.post("/web/product.template/filters/remove", &[("id", &id)]).await;
    assert_eq!(removed.status, 303, "{}", text_of(&removed.text));
    assert!(!plain(&admin.page("/web/product.template").await).contains("télés"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_for_all_is_shared_by_who_may() {
    let stand = Stand::new().await;
    let (admin, bank) = (Reader::of(&stand, "admin").await, Reader::of(&stand, "bna").await);
    let sent = domain(&admin.page("/web/product.template?q=IRIS").await);
    let saved = admin.post("/web/product.template/filters", &[("name", "Les IRIS"), ("domain", &sent), ("whose", "all")]).await;
    assert_eq!(saved.status, 303, "{}", text_of(&saved.text));
    let list = bank.page("/web/product.template").await;
    assert!(text_of(&list).contains("Les IRIS partagé"), "{}", text_of(&list));
    for (name, domain) in [("", "[]"), ("x", "no list")] {
        let refused = admin.post("/web/product.template/filters", &[("name", name), ("domain", domain)]).await;
        assert_eq!(refused.status, 422, "{name} {domain}");
    }
}
