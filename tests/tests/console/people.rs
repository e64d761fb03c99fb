//! People, what they may, and what everybody does with their own account.

use serde_json::json;
use system_tests::{Stand, id};

use crate::leads::user_of;
use crate::{Reader, post, text_of, token};

/// The key that a page shows.
fn shown_key(page: &str) -> String {
    let from = page.find("id=\"new-key\">").unwrap_or_else(|| panic!("no key: {}", text_of(page))) + 13;
    page[from..].split('<').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_shown_once_works_and_is_ended() {
    let stand = Stand::new().await;
    let bank = Reader::of(&stand, "bna").await;
    let made = bank.post("/web/account/key", &[("name", "Notre programme"), ("days", "30")]).await;
    let key = shown_key(&made.text);
    assert!(made.status == 200 && key.len() == 40, "{}", text_of(&made.text));
    let bearer = format!("Bearer {key}");
    assert_eq!(
        stand
            .send("POST", "/json/2/res.users/search_read", &[("authorization", &bearer), ("content-type", "application/json")], "{}")
            .await
            .status,
        200
    );
    let again = bank.page("/web/account").await;
    assert!(!again.contains(&key) && text_of(&again).contains("Notre programme"), "{}", text_of(&again));
    for (name, days) in [("", "30"), ("x", "400"), ("x", "many")] {
        let refused = bank.post("/web/account/key", &[("name", name), ("days", days)]).await;
        assert!(refused.status == 422 && refused.text.contains("role=\"alert\""), "{name} {days}: {}", refused.status);
    }
    let kept = stand.count("SELECT max(id) AS n FROM partners.res_users_apikeys").await.to_string();
    // Not by another user, whatever page it comes from
    let other = Reader::of(&stand, "alsalam").await;
    assert_eq!(other.post("/web/account/end/key", &[("id", &kept)]).await.status, 404);
    let ended = bank.post("/web/account/end/key", &[("id", &kept)]).await;
    assert_eq!((ended.status, ended.headers["location"].as_str()), (303, "/web/account?done=key-ended"));
    assert!(!text_of(&bank.page("/web/account").await).contains("Notre programme"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_other_sessions_are_ended_and_this_one_stays() {
    let stand = Stand::new().await;
    let (one, other) = (Reader::of(&stand, "bna").await, Reader::of(&stand, "bna").await);
    let page = text_of(&one.page("/web/account").await);
    assert!(page.contains("Celle-ci"), "{page}");
    let ended = one.post("/web/account/end/sessions", &[]).await;
    assert_eq!((ended.status, ended.headers["location"].as_str()), (303, "/web/account?done=session-ended"), "{}", text_of(&ended.text));
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.session").await, 1);
    let id = one.cookie.strip_prefix("session_id=").unwrap();
    let own = format!("SELECT count(*) AS n FROM partners.session WHERE token_sha256 = sha256(convert_to('{id}', 'UTF8'))");
    assert_eq!(stand.count(&own).await, 1, "it is the one that asked");
    drop(other);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_page_is_in_the_language_that_one_chose() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    user_of(&admin, "clerk-of-alsalam", "Alsalam", "ROLE_POS_EK", system_tests::stock::BORDJ).await;
    // A clerk changes nothing of a user but this
    let clerk = Reader::of(&stand, "clerk-of-alsalam").await;
    let page = clerk.page("/web/account").await;
    assert!(page.contains("lang=\"fr\"") && !page.contains("name=\"email\""), "{}", text_of(&page));
    let saved =
        clerk.post("/web/account", &[("o.lang", "fr_FR"), ("lang", "ar_DZ"), ("o.tz", "Africa/Algiers"), ("tz", "Europe/Paris")]).await;
    assert_eq!((saved.status, saved.headers["location"].as_str()), (303, "/web/account?done=saved"), "{}", text_of(&saved.text));
    let page = clerk.page("/web/account").await;
    assert!(page.contains("lang=\"ar\" dir=\"rtl\"") && page.contains("<option selected>Europe/Paris"), "{}", text_of(&page));
    let refused = clerk.post("/web/account", &[("o.lang", "ar_DZ"), ("lang", "xx_XX")]).await;
    assert_eq!(refused.status, 422, "{}", text_of(&refused.text));
    // Who looks after users changes more of oneself
    let manager = Reader::of(&stand, "admin").await;
    let saved = manager.post("/web/account", &[("o.phone", ""), ("phone", "0555 12 34 56")]).await;
    assert_eq!(saved.status, 303, "{}", text_of(&saved.text));
    assert!(manager.page("/web/account").await.contains("0555 12 34 56"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_changed_by_who_knows_the_old_one_who_stays_logged_in() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    user_of(&admin, "analyst-of-alsalam", "Alsalam", "ROLE_CREDIT_ANALYST_EK", "").await;
    let reader = Reader::of(&stand, "analyst-of-alsalam").await;
    let new = "a-password-of-mine";
    for (old, again, told) in [("wrong", new, "actuel est incorrect"), ("analyst-of-alsalam", "another-password", "diffèrent")] {
        let refused = reader.post("/web/account/password", &[("old", old), ("new", new), ("again", again)]).await;
        assert!(refused.status == 422 && text_of(&refused.text).contains(told), "{}", text_of(&refused.text));
    }
    let changed = reader.post("/web/account/password", &[("old", "analyst-of-alsalam"), ("new", new), ("again", new)]).await;
    assert_eq!((changed.status, changed.headers["location"].as_str()), (303, "/web/account?done=password"), "{}", text_of(&changed.text));
    let cookie = changed.headers["set-cookie"].split(';').next().unwrap().to_owned();
    assert_eq!(stand.send("GET", "/web/account", &[("cookie", &cookie)], "").await.status, 200);
    let login = post(&stand, "", "/web/login", &[("login", "analyst-of-alsalam"), ("password", "analyst-of-alsalam")]).await;
    assert_eq!(login.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_manages_a_banks_users_sees_its_people_alone_and_looks_after_them() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    user_of(&admin, "manager-of-alsalam", "Alsalam", "ROLE_ADMIN", "").await;
    let clerk = user_of(&admin, "clerk-of-alsalam", "Alsalam", "ROLE_POS_EK", system_tests::stock::BORDJ).await;
    let other = user_of(&admin, "analyst-of-the-bna", "BNA", "ROLE_CREDIT_ANALYST_EK", "").await;
    let manager = Reader::of(&stand, "manager-of-alsalam").await;
    let list = text_of(&manager.page("/web/res.users").await);
    assert!(list.contains("clerk-of-alsalam") && !list.contains("analyst-of-the-bna") && !list.contains("ekiclik"), "{list}");
    assert_eq!(manager.get(&format!("/web/res.users/{other}")).await.status, 404);
    let session = Reader::of(&stand, "clerk-of-alsalam").await;
    let page = text_of(&manager.page(&format!("/web/res.users/{clerk}")).await);
    assert!(
        page.contains("Agent de point de vente")
            && page.contains("Travaille dans un point de vente")
            && page.contains("Sessions ouvertes 1"),
        "{page}"
    );
    assert!(!page.contains("Créer la clé"), "keys of others are made by administrators of the hub: {page}");
    let refused = manager.post(&format!("/web/res.users/{clerk}/key"), &[("name", "x"), ("days", "1")]).await;
    assert!(refused.status == 422 && refused.text.contains("role=\"alert\""), "{}", text_of(&refused.text));
    let given =
        manager.post(&format!("/web/res.users/{clerk}/password"), &[("new", "another-long-one"), ("again", "another-long-one")]).await;
    assert_eq!(given.status, 303, "{}", text_of(&given.text));
    assert_eq!(
        stand.count(&format!("SELECT count(*) AS n FROM partners.session WHERE user_id = {clerk}")).await,
        0,
        "its sessions have ended"
    );
    for path in ["password", "key", "end/sessions"] {
        let refused = manager
            .post(
                &format!("/web/res.users/{other}/{path}"),
                &[("new", "another-long-one"), ("again", "another-long-one"), ("name", "x"), ("days", "1")],
            )
            .await;
        assert!(matches!(refused.status, 403 | 404 | 303), "{path}: {}", refused.status);
    }
    assert_eq!(
        post(&stand, "", "/web/login", &[("login", "analyst-of-the-bna"), ("password", "analyst-of-the-bna")]).await.status,
        303,
        "nothing of theirs has changed"
    );
    drop(session);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_made_by_a_form_in_groups_and_their_sessions_are_ended_by_an_administrator() {
    let stand = Stand::new().await;
    let admin = Reader::of(&stand, "admin").await;
    let form = admin.page("/web/res.users/new").await;
    let at = |text: &str| form.find(text).unwrap_or_else(|| panic!("no {text}"));
    assert!(
        at(">Identité</h2>") < at("name=\"v.login\"")
            && at("name=\"v.password\"") < at(">Droits</h2>")
            && at(">Droits</h2>") < at("name=\"v.role\"")
    );
    let made =
        admin.fill("/web/res.users/new", &[("v.name", "Nadia"), ("v.login", "nadia-of-the-hub"), ("v.password", "nadia-of-the-hub")]).await;
    assert_eq!(made.status, 303, "{}", text_of(&made.text));
    let path = made.headers["location"].split('?').next().unwrap().to_owned();
    let page = admin.page(&path).await;
    assert!(text_of(&page).contains("Personnel du hub"), "{}", text_of(&page));
    assert!(!page.contains("nadia-of-the-hub\" type=\"password"), "a password is in no page");
    let nadia = Reader::of(&stand, "nadia-of-the-hub").await;
    assert!(
        text_of(&nadia.page("/web/account").await).contains("Nadia"),
        "staff reads its name alone of users, and has an account all the same"
    );
    let ended = admin.post(&format!("{path}/end/sessions"), &[]).await;
    assert_eq!(ended.status, 303, "{}", text_of(&ended.text));
    let number = path.rsplit('/').next().unwrap();
    assert_eq!(stand.count(&format!("SELECT count(*) AS n FROM partners.session WHERE user_id = {number}")).await, 0);
    let key = shown_key(&admin.post(&format!("{path}/key"), &[("name", "Pour Nadia"), ("days", "1")]).await.text);
    assert_eq!(stand.count(&format!("SELECT count(*) AS n FROM partners.res_users_apikeys WHERE user_id = {number}")).await, 1);
    assert!(!admin.page(&path).await.contains(&key));
    let archived = admin.post(&format!("{path}/put/archive"), &[]).await;
    assert_eq!(archived.status, 303, "{}", text_of(&archived.text));
    assert!(text_of(&admin.page(&path).await).contains("ne peut pas se connecter"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_of_an_account_without_its_token_does_nothing() {
    let stand = Stand::new().await;
    let (bank, other) = (Reader::of(&stand, "bna").await, Reader::of(&stand, "alsalam").await);
    let foreign = token(&other.page("/web/models").await);
    for path in ["/web/account", "/web/account/key", "/web/account/password", "/web/account/end/sessions"] {
        let refused = post(&stand, &bank.cookie, path, &[("_token", &foreign), ("name", "x"), ("days", "1")]).await;
        assert_eq!(refused.status, 403, "{path}");
    }
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.res_users_apikeys").await, 0);
    let name = id(&stand
        .login("admin")
        .await
        .create("res.users", json!({"name": "<script>alert(1)</script>", "login": "script-of-the-hub"}))
        .await);
    let page = Reader::of(&stand, "admin").await.page(&format!("/web/res.users/{name}")).await;
    assert!(!page.contains("<script>alert"));
}
