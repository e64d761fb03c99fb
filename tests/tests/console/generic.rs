//! Lists, records and forms of any model, from its declaration alone.

use serde_json::json;
use system_tests::{Stand, id};

use crate::{Reader, plain, text_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_model_has_a_list_a_form_and_words_in_every_language() {
    let stand = Stand::new().await;
    let admin = Reader::of(&stand, "admin").await;
    let answer = stand.send("GET", "/web/declarations", &[("cookie", &admin.cookie)], "").await;
    let declared: console::declared::Declared = serde_json::from_str(&answer.text).unwrap();
    assert!(declared.away.is_empty() && declared.models.len() > 40, "{:?}", declared.models.keys());
    let words = console::words::Words::read().unwrap();
    let mut missing = Vec::new();
    for (name, model) in &declared.models {
        let list = admin.page(&format!("/web/{name}")).await;
        assert!(list.contains("<h1>"), "{name}");
        if model.create {
            admin.page(&format!("/web/{name}/new")).await;
        }
        for lang in [console::words::Lang::Fr, console::words::Lang::Ar] {
            missing.extend(words.missing(lang, model).into_iter().map(|id| format!("{}: {id}", lang.code())));
        }
    }
    assert!(missing.is_empty(), "no translation: {missing:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_is_made_changed_and_removed_with_each_error_beside_its_field() {
    let stand = Stand::new().await;
    let admin = Reader::of(&stand, "admin").await;
    let refused = admin.fill("/web/product.category/new", &[("v.name", ""), ("v.parent_id", "Nulle part")]).await;
    assert_eq!(refused.status, 422);
    let text = text_of(&refused.text);
    assert!(text.contains("Aucun enregistrement ne s’appelle « Nulle part »"), "{text}");
    assert!(refused.text.contains("aria-describedby=\"p-parent_id\""), "{}", refused.text);
    let made = admin.fill("/web/product.category/new", &[("v.name", "Électroménager")]).await;
    assert_eq!(made.status, 303, "{}", text_of(&made.text));
    let path = made.headers["location"].split('?').next().unwrap().to_owned();
    assert!(text_of(&admin.page(&path).await).contains("Électroménager"));
    let changed = admin.fill(&format!("{path}/edit"), &[("v.name", "Gros électroménager")]).await;
    assert_eq!(changed.status, 303, "{}", text_of(&changed.text));
    let text = text_of(&admin.page(&path).await);
    assert!(text.contains("Gros électroménager") && text.contains("Historique"), "{text}");
    let removed = admin.post(&format!("{path}/put/unlink"), &[]).await;
    assert_eq!(removed.status, 303, "{}", text_of(&removed.text));
    assert_eq!(admin.get(&path).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_in_a_name_is_text() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let name = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    let brand = id(&stand.login("admin").await.create("product.brand", json!({"name": name})).await);
    let client = id(&platform.create("res.partner", json!({"name": name, "email": "x@example.dz", "source": "BNA"})).await);
    let admin = Reader::of(&stand, "admin").await;
    for path in [
        format!("/web/product.brand/{brand}"),
        "/web/product.brand".to_owned(),
        format!("/web/product.brand/{brand}/edit"),
        format!("/web/res.partner/{client}"),
        "/web/res.partner".to_owned(),
    ] {
        let page = admin.page(&path).await;
        assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{path}");
        assert!(plain(&page).contains("<script>alert(1)"), "{path} shows it as text");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_searched_narrowed_sorted_grouped_and_taken_along() {
    let stand = Stand::new().await;
    let admin = Reader::of(&stand, "admin").await;
    let all = text_of(&admin.page("/web/product.template").await);
    let found = text_of(&admin.page("/web/product.template?q=IRIS-TV55-N").await);
    assert!(found.contains("IRIS-TV55-N") && found.contains("1 enregistrement") && !found.contains("ATLAS-CAN3-BE"), "{found}");
    assert!(all.contains("ATLAS-CAN3-BE"), "{all}");
    let down = admin.page("/web/product.template?order=manufacturer_ref%20desc").await;
    assert!(down.contains("aria-sort=\"descending\"") && down.find("IRIS-TV55-N") < down.find("ATLAS-CAN3-BE"));
    let groups = text_of(&admin.page("/web/product.template?group=active").await);
    assert!(groups.contains("Oui"), "{groups}");
    assert_eq!(admin.get("/web/product.template?order=nonsense").await.status, 422);
    let page = admin.page("/web/product.template?q=IRIS").await;
    let export = page.split("href=\"").find(|part| part.starts_with("/api/product.template") && part.contains("format=csv")).unwrap();
    let file = admin.get(&plain(export.split('"').next().unwrap())).await;
    assert!(
        file.headers["content-type"].starts_with("text/csv") && file.text.contains("IRIS-TV55-N") && !file.text.contains("ATLAS"),
        "{}",
        file.text
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_sees_neither_buttons_nor_data_that_are_not_its_own() {
    let stand = Stand::new().await;
    let bank = Reader::of(&stand, "bna").await;
    let list = bank.page("/web/product.template").await;
    assert!(!list.contains("/web/product.template/new"), "a bank makes no products");
    assert_eq!(bank.get("/web/product.template/new").await.status, 404);
    assert_eq!(bank.get("/web/product.template/1/edit").await.status, 404);
    let refused = bank.post("/web/product.template/new", &[("v.name", "x"), ("o.name", "")]).await;
    assert!(matches!(refused.status, 403 | 422), "{}", text_of(&refused.text));
    assert!(!bank.page("/web").await.contains("href=\"/web/ek.audit\""));
    let platforms = text_of(&bank.page("/web/ek.platform").await);
    assert!(!platforms.contains("Alsalam"), "{platforms}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_is_a_process_of_its_own_behind_the_gateway() {
    let stand = Stand::processes().await;
    let admin = Reader::of(&stand, "admin").await;
    assert!(text_of(&admin.page("/web/product.brand").await).contains("Marques"));
    let made = admin.fill("/web/product.brand/new", &[("v.name", "Passed on")]).await;
    assert_eq!(made.status, 303, "{}", text_of(&made.text));
    // Programs get JSON at paths of Odoo's that are not here
    let json = stand.send("POST", "/web/dataset/resequence", &[("content-type", "application/json")], "{}").await;
    assert!(json.status == 404 && json.json()["error"].is_object(), "{}", json.text);
}
