//! What platforms have still to hear, what was refused at the doors, and what happens now.

use serde_json::json;
use system_tests::platform::{Mood, Platform, platform_of};
use system_tests::stock::TV;
use system_tests::{Session, Stand, encode, id, until};

use crate::{Reader, plain, post, text_of};

/// An administrator of a bank, at the console.
async fn chief<'s>(stand: &'s Stand, admin: &Session<'_>, bank: &str) -> Reader<'s> {
    let login = format!("chief of {bank}");
    let user = json!({"name": login, "login": login, "password": login, "bank_id": bank, "role": "ROLE_ADMIN"});
    id(&admin.create("res.users", user).await);
    Reader::of(stand, &login).await
}

async fn rename(admin: &Session<'_>, name: &str) {
    let answer = admin.write("product.template", json!([["manufacturer_ref", "=", TV]]), json!({"name": name})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn all_told(stand: &Stand) {
    stand.all_told(std::time::Duration::from_secs(10)).await;
}

/// The newest delivery that matches.
async fn newest(admin: &Session<'_>, filter: serde_json::Value) -> i64 {
    let filter = filter.to_string();
    let rows = admin.rows("ek.delivery", &[("filter", &filter), ("query", "{id}"), ("order", "\"id desc\"")]).await;
    rows[0]["id"].as_i64().unwrap()
}

async fn looks(stand: &Stand, model: &str) -> i64 {
    stand.count(&format!("SELECT count(*) AS n FROM sync.audit WHERE model = '{model}' AND field = 'read: body'")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_is_tested_paused_resumed_and_synced_from_its_card() {
    let stand = Stand::new().await;
    let (session, bna, alsalam) = (stand.login("admin").await, Platform::new().await, Platform::new().await);
    let own = platform_of(&session, "BNA", &bna.url).await;
    platform_of(&session, "Alsalam", &alsalam.url).await;
    all_told(&stand).await;
    let admin = Reader::of(&stand, "admin").await;
    let board = admin.page("/web/pushes").await;
    let text = text_of(&board);
    for told in ["BNA", "Alsalam", "Les envois passent", "Envoyer un test", "Tout synchroniser", "Changer le secret"] {
        assert!(text.contains(told), "{told} in {text}");
    }
    let heard = bna.heard();
    let tested = admin.post(&format!("/web/ek.platform/{own}/push/test"), &[("back", "/web/pushes")]).await;
    let path = tested.headers["location"].split('?').next().unwrap().to_owned();
    assert!(tested.status == 303 && path.starts_with("/web/ek.delivery/"), "{path}");
    bna.call(heard).await;
    all_told(&stand).await;
    let text = text_of(&admin.page(&path).await);
    assert!(text.contains("Test") && text.contains("HTTP 200") && text.contains("Envoyé"), "{text}");

    let paused = admin.post(&format!("/web/ek.platform/{own}/push/pause"), &[("back", "/web/pushes")]).await;
    assert_eq!(paused.headers["location"], "/web/pushes?done=push-pause");
    let text = text_of(&admin.page("/web/pushes?done=push-pause").await);
    assert!(text.contains("La plateforme est en pause.") && text.contains("Reprendre"), "{text}");
    rename(&session, "Waiting").await;
    alsalam.hears("Waiting", |call| call.body.contains("Waiting")).await;
    let waits = newest(&session, json!([["platform_id", "=", own], ["state", "=", "waiting"]])).await;
    let text = text_of(&admin.page(&format!("/web/ek.delivery/{waits}")).await);
    assert!(text.contains("La plateforme est en pause : il part à la reprise."), "{text}");
    let refused = admin.post(&format!("/web/ek.platform/{own}/push/test"), &[]).await;
    let text = text_of(&refused.text);
    assert!(refused.status == 422 && text.contains("désactivée ou en pause : rien ne lui est envoyé"), "{text}");
    assert_eq!(admin.post(&format!("/web/ek.platform/{own}/push/resume"), &[]).await.status, 303);
    bna.hears("Waiting", |call| call.body.contains("Waiting")).await;

    let none = admin.post(&format!("/web/ek.platform/{own}/push/sync"), &[]).await;
    assert!(none.status == 422 && text_of(&none.text).contains("Choisissez au moins"), "{}", text_of(&none.text));
    let begun = admin.post(&format!("/web/ek.platform/{own}/push/sync"), &[("kind", "product"), ("kind", "pos")]).await;
    assert_eq!(begun.status, 303, "{}", text_of(&begun.text));
    until("they are over", async || stand.count("SELECT count(*) AS n FROM sync.ek_sync WHERE state = 'running'").await == 0).await;
    let text = text_of(&admin.page(&format!("/web/ek.platform/{own}")).await);
    assert!(text.contains("Synchronisations complètes") && text.contains("Terminée Point de vente annoncés :"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_shows_its_attempts_and_each_look_at_a_body_is_audited() {
    let stand = Stand::new().await;
    let (session, bna) = (stand.login("admin").await, Platform::new().await);
    let platform = platform_of(&session, "BNA", &bna.url).await;
    all_told(&stand).await;
    bna.next(Mood::Says(422, b"<script>alert('answered')</script>".to_vec()));
    rename(&session, "Looked at").await;
    until("it failed", async || stand.count("SELECT count(*) AS n FROM sync.ek_attempt WHERE status = 422").await == 1).await;
    let delivery = newest(&session, json!([["platform_id", "=", platform], ["last_status", "=", 422]])).await;
    let path = format!("/web/ek.delivery/{delivery}");
    let admin = Reader::of(&stand, "admin").await;
    let page = admin.page(&path).await;
    let text = text_of(&page);
    assert!(text.contains("La plateforme a répondu 422") && text.contains("Afficher le corps envoyé"), "{text}");
    assert!(!page.contains("<script>alert") && plain(&page).contains("<script>alert('answered')"), "an answer is text");
    assert!(!text.contains("\"Looked at\"") && page.contains("data-again"), "{text}");
    let record = page.split("href=\"/web/product.").nth(1).unwrap();
    assert_eq!(admin.get(&format!("/web/product.{}", record.split('"').next().unwrap())).await.status, 200);
    assert_eq!(looks(&stand, "ek.attempt").await, 0);
    let attempt = page.split("id=\"attempt-").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let open = admin.page(&format!("{path}?body={attempt}")).await;
    assert!(plain(&open).contains("Looked at") && open.contains("class=\"body\""), "{open}");
    assert!(!open.contains("data-again") && !open.contains("data-live="), "what is refreshed by itself would be looked at again and again");
    assert_eq!(looks(&stand, "ek.attempt").await, 1);
    // An attempt of another delivery is not read by this page
    assert!(!admin.page(&format!("/web/ek.delivery/{}?body={attempt}", delivery - 1)).await.contains("class=\"body\""));
    assert_eq!(looks(&stand, "ek.attempt").await, 1);

    let again = admin.post(&format!("{path}/again"), &[]).await;
    assert_eq!((again.status, again.headers["location"].as_str()), (303, format!("{path}?again=1").as_str()));
    assert!(text_of(&admin.page(&again.headers["location"]).await).contains("1 envoi repart."));
    all_told(&stand).await;
    assert!(text_of(&admin.page(&path).await).contains("HTTP 200"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_match_are_sent_again_a_thousand_at_a_time_and_none_twice() {
    let stand = Stand::new().await;
    let (session, bna) = (stand.login("admin").await, Platform::new().await);
    let platform = platform_of(&session, "BNA", &bna.url).await;
    all_told(&stand).await;
    // Nothing is sent meanwhile: what is due stays to be counted
    assert_eq!(session.call("ek.platform", platform, "action_pause", json!([])).await.status, 200);
    let dead = "INSERT INTO sync.ek_delivery (platform_id, bank_id, kind, verb, order_key, model, record_id, webhook_id, state, changed_at) \
        SELECT p.id, p.bank_id, 'client', 'PUT', 'client ' || n, 'res.partner', n, 'msg_dead_' || n, 'dead', now() \
        FROM sync.ek_platform p, generate_series(100001, 102100) n";
    Stand::execute(&mut stand.sql().await, dead).await;
    let admin = Reader::of(&stand, "admin").await;
    let base = format!("/web/ek.platform/{platform}");
    let page = admin.page(&format!("{base}?f.state=dead")).await;
    let text = text_of(&page);
    assert!(text.contains("Renvoyer tout ce qui correspond (2100)") && text.contains("1–80 sur 2 100"), "{text}");
    let others = text_of(&admin.page(&format!("{base}?f.state=dead&f.kind=order")).await);
    assert!(others.contains("Aucun envoi ne correspond."), "{others}");

    let waiting = "SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'waiting' AND webhook_id LIKE 'msg_dead_%'";
    let asked = "?f.state=dead";
    let mut answer = admin.post(&format!("{base}/again"), &[("what", "all"), ("asked", asked)]).await;
    for (sent, left) in [(1_000, 1_100), (2_000, 100)] {
        let text = text_of(&answer.text);
        assert!(
            answer.status == 200 && text.contains(&format!("Renvoyés : {sent}.")) && text.contains(&format!("Il en reste {left}.")),
            "{text}"
        );
        assert_eq!(stand.count(waiting).await, sent);
        let form = answer.text.split("<main").nth(1).unwrap();
        let field = |name: &str| plain(form.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap().split('"').next().unwrap());
        let fields: Vec<(String, String)> =
            ["_token", "what", "asked", "after", "upto", "sent"].map(|name| (name.to_owned(), field(name))).to_vec();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        answer = post(&stand, &admin.cookie, &format!("{base}/again"), &fields).await;
    }
    assert_eq!((answer.status, stand.count(waiting).await), (303, 2_100), "{}", text_of(&answer.text));
    assert!(answer.headers["location"].ends_with("&again=2100"), "{}", answer.headers["location"]);

    // Some that were chosen
    Stand::execute(&mut stand.sql().await, "UPDATE sync.ek_delivery SET state = 'dead' WHERE state = 'waiting' AND record_id < 100004")
        .await;
    let rows = session.rows("ek.delivery", &[("filter", r#"[["state","=","dead"]]"#), ("query", "{id}")]).await;
    let ids: Vec<String> = rows.iter().take(2).map(|row| row["id"].to_string()).collect();
    let chosen = admin.post(&format!("{base}/again"), &[("what", "chosen"), ("id", &ids[0]), ("id", &ids[1])]).await;
    assert_eq!(chosen.status, 303, "{}", text_of(&chosen.text));
    assert_eq!(stand.count("SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'dead'").await, 1);
    let nothing = admin.post(&format!("{base}/again"), &[("what", "chosen")]).await;
    assert_eq!(nothing.status, 422);
    // All that is dead, and since a moment
    let dead = admin.post(&format!("{base}/push/again"), &[]).await;
    assert_eq!(dead.status, 303, "{}", text_of(&dead.text));
    assert_eq!(stand.count("SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'dead'").await, 0);
    assert_eq!(admin.post(&format!("{base}/push/again"), &[("since", "2026-01-01T00:00")]).await.status, 303);
    assert_eq!(admin.post(&format!("{base}/push/again"), &[("since", "soon")]).await.status, 422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_secret_stands_in_one_page_and_nowhere_else() {
    let stand = Stand::new().await;
    let (session, bna) = (stand.login("admin").await, Platform::new().await);
    let platform = platform_of(&session, "BNA", &bna.url).await;
    let admin = Reader::of(&stand, "admin").await;
    let made = admin.post(&format!("/web/ek.platform/{platform}/push/secret"), &[("back", "/web/pushes")]).await;
    assert_eq!((made.status, made.headers["cache-control"].as_str(), made.headers.get("location")), (200, "no-store", None));
    let secret = format!("whsec_{}", plain(made.text.split("value=\"whsec_").nth(1).unwrap().split('"').next().unwrap()));
    assert_eq!(sync::signature::secret(&secret).unwrap().len(), 32);
    assert!(text_of(&made.text).contains("Il ne sera plus jamais affiché."), "{}", text_of(&made.text));
    for path in ["/web/pushes".to_owned(), format!("/web/ek.platform/{platform}"), format!("/web/ek.platform/{platform}/edit")] {
        assert!(!plain(&admin.page(&path).await).contains(&secret), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_banks_administrator_has_its_own_platform_alone_and_a_clerk_none() {
    let stand = Stand::new().await;
    let (session, bna, alsalam) = (stand.login("admin").await, Platform::new().await, Platform::new().await);
    let own = platform_of(&session, "BNA", &bna.url).await;
    let others = platform_of(&session, "Alsalam", &alsalam.url).await;
    all_told(&stand).await;
    rename(&session, "Everybody's").await;
    bna.hears("it", |call| call.body.contains("Everybody's")).await;
    alsalam.hears("it", |call| call.body.contains("Everybody's")).await;
    all_told(&stand).await;
    let chief = chief(&stand, &session, "BNA").await;
    let board = chief.page("/web/pushes").await;
    let text = text_of(&board);
    assert!(text.contains("BNA") && text.contains("Envoyer un test") && text.contains("Mettre en pause"), "{text}");
    for hidden in ["Alsalam", "Changer le secret", "Tout synchroniser", "Nouvelle plateforme", &bna.url] {
        assert!(!board.contains(hidden), "{hidden} in {text}");
    }
    let page = chief.page(&format!("/web/ek.platform/{own}")).await;
    assert!(!page.contains(&bna.url) && !page.contains("/edit\""), "{}", text_of(&page));
    assert_eq!(chief.get(&format!("/web/ek.platform/{others}")).await.status, 404);
    for what in ["pause", "test", "again", "sync", "secret"] {
        let refused = chief.post(&format!("/web/ek.platform/{others}/push/{what}"), &[("kind", "pos")]).await;
        assert!(matches!(refused.status, 403 | 404), "{what}: {}", refused.status);
    }
    for what in ["sync", "secret"] {
        assert_eq!(chief.post(&format!("/web/ek.platform/{own}/push/{what}"), &[("kind", "pos")]).await.status, 403, "{what}");
    }
    let foreign = newest(&session, json!([["platform_id", "=", others]])).await;
    assert_eq!(chief.get(&format!("/web/ek.delivery/{foreign}")).await.status, 404);
    assert!(matches!(chief.post(&format!("/web/ek.delivery/{foreign}/again"), &[]).await.status, 403 | 404));
    let mine = newest(&session, json!([["platform_id", "=", own]])).await;
    assert!(chief.page(&format!("/web/ek.delivery/{mine}")).await.contains("Envoyer à nouveau"));
    assert_eq!(chief.post(&format!("/web/ek.platform/{own}/push/pause"), &[]).await.status, 303);

    // Whoever is of the bank reads, and does nothing
    let plain_user = Reader::of(&stand, "bna").await;
    let page = plain_user.page("/web/pushes").await;
    assert!(text_of(&page).contains("BNA") && !page.contains("/push/"), "{}", text_of(&page));
    let page = plain_user.page(&format!("/web/ek.delivery/{mine}?body=1")).await;
    assert!(!page.contains("Envoyer à nouveau") && !page.contains("Afficher le corps") && !page.contains("class=\"body\""));
    assert_eq!(plain_user.post(&format!("/web/ek.platform/{own}/push/resume"), &[]).await.status, 403);
    let warehouse = session.rows("stock.warehouse", &[("query", "{code}"), ("order", "\"id desc\"")]).await;
    let pos = &warehouse[0]["code"];
    let clerk = json!({"name": "Clerk", "login": "clerk of a pos", "password": "clerk of a pos", "bank_id": "BNA", "code_pos": pos, "role": "ROLE_USER"});
    id(&session.create("res.users", clerk).await);
    let clerk = Reader::of(&stand, "clerk of a pos").await;
    for path in ["/web/pushes".to_owned(), format!("/web/ek.platform/{own}"), format!("/web/ek.delivery/{mine}")] {
        assert_eq!(clerk.get(&path).await.status, 404, "{path}");
    }
    assert!(!clerk.page("/web").await.contains("/web/pushes"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_request_is_found_explained_and_leads_to_what_it_named() {
    let stand = Stand::new().await;
    let (session, bna) = (stand.login("admin").await, stand.login("bna").await);
    let own = json!({"name": "Found again", "email": "found@example.dz", "source": "BNA"});
    let client = id(&stand.login("ekiclik").await.create("res.partner", own).await);
    let body = json!({"name": 5, "email": "found@example.dz", "salary": 4_711, "reference": "<script>alert(1)</script>"});
    assert!(bna.create("res.partner", body).await.status >= 400);
    until("it is kept", async || stand.count("SELECT count(*) AS n FROM sync.ek_request").await == 1).await;
    let admin = Reader::of(&stand, "admin").await;
    for (search, is_found) in [("found@example.dz", true), ("/api/res.partner", true), ("bna", true), ("nobody@example.dz", false)] {
        let list = admin.page(&format!("/web/ek.request?q={}", encode(search))).await;
        assert_eq!(list.contains("class=\"row\" href=\"/web/ek.request/"), is_found, "{search}: {}", text_of(&list));
    }
    let request = session.rows("ek.request", &[("query", "{id}")]).await[0]["id"].as_i64().unwrap();
    let path = format!("/web/ek.request/{request}");
    let page = admin.page(&path).await;
    let text = text_of(&page);
    assert!(text.contains("Pourquoi elle a été refusée") && text.contains("BNA") && text.contains("bna"), "{text}");
    assert!(page.contains(&format!("href=\"/web/res.partner/{client}\"")), "{text}");
    assert!(!page.contains("class=\"body\"") && !page.contains("<script>alert"), "{text}");
    assert_eq!(looks(&stand, "ek.request").await, 0);
    let open = admin.page(&format!("{path}?open=1")).await;
    let text = text_of(&open);
    assert!(
        open.contains("class=\"body\"") && text.contains("[salary]") && !text.contains("4711") && !open.contains("<script>alert"),
        "{text}"
    );
    assert_eq!(looks(&stand, "ek.request").await, 1);
    let other = chief(&stand, &session, "Alsalam").await;
    assert_eq!(other.get(&path).await.status, 404);
    let plain_user = Reader::of(&stand, "bna").await;
    let page = plain_user.page(&format!("{path}?open=1")).await;
    assert!(!page.contains("class=\"body\"") && !page.contains("[salary]"), "{}", text_of(&page));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_now_has_names_for_those_who_may_read_them() {
    let stand = Stand::new().await;
    let session = stand.login("admin").await;
    let name = "<b>Now</b> & \"then\"";
    let brand = id(&session.create("product.brand", json!({"name": name})).await);
    let admin = Reader::of(&stand, "admin").await;
    let page = admin.page("/web/live").await;
    assert!(page.contains("/web/static/live-") && page.contains("<noscript>") && page.contains("data-live-all"));
    assert!(!admin.page("/web/models").await.contains("/web/static/live-"), "its script is its own");
    assert!(text_of(&page).contains("Derniers changements"), "{}", text_of(&page));
    let names = admin.get(&format!("/web/live/names?model=product.brand&ids={brand},999999,x")).await;
    assert_eq!((names.json(), names.headers["content-type"].as_str()), (json!({brand.to_string(): name}), "application/json"));
    assert_eq!(admin.get("/web/live/names?model=no.such&ids=1").await.status, 404);
    assert_eq!(admin.get("/web/live/names?model=product.brand&ids=").await.json(), json!({}));
    let own = json!({"name": "Of Alsalam", "email": "own@example.dz", "source": "Alsalam"});
    let foreign = id(&stand.login("ekiclik").await.create("res.partner", own).await);
    let bank = Reader::of(&stand, "bna").await;
    assert_eq!(bank.get(&format!("/web/live/names?model=res.partner&ids={foreign}")).await.json(), json!({}));
    assert!(admin.page("/web/live").await.contains(&format!("/web/res.partner/{foreign}\"")));
    assert!(!bank.page("/web/live").await.contains(&format!("/web/res.partner/{foreign}\"")), "what was done to another bank's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_script_listens_to_the_kinds_that_the_door_sends() {
    let stand = Stand::new().await;
    let session = stand.login("admin").await;
    let mut stream = stand.follow(&session, "/events?model=product.brand").await;
    let brand = id(&session.create("product.brand", json!({"name": "Told"})).await);
    let mut kinds = Vec::new();
    kinds.push(stream.until("created", |text| text.contains("event: created")).await);
    session.write("product.brand", json!([["id", "=", brand]]), json!({"name": "Told again"})).await;
    kinds.push(stream.until("updated", |text| text.contains("event: updated")).await);
    session.unlink("product.brand", brand).await;
    kinds.push(stream.until("deleted", |text| text.contains("event: deleted")).await);
    let script = include_str!("../../../services/console/static/console.js");
    assert!(
        script.contains(r#"["created", "updated", "deleted"]"#) && kinds.iter().all(|text| text.contains(&format!("\"id\":{brand}"))),
        "{kinds:?}"
    );
}
