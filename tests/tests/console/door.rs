//! Who gets in, how long, and from where.

use system_tests::Stand;

use crate::{Reader, post, text_of, token};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_is_led_to_the_log_in_and_back_to_where_it_wanted_to_go() {
    let stand = Stand::new().await;
    assert_eq!(stand.send("GET", "/", &[], "").await.headers["location"], "/web");
    let asked = stand.send("GET", "/web/sale.order?q=S00001", &[], "").await;
    assert_eq!((asked.status, asked.headers["location"].as_str()), (303, "/web/login?to=%2Fweb%2Fsale.order%3Fq%3DS00001"));
    let page = stand.send("GET", &asked.headers["location"], &[("accept-language", "ar-DZ,ar;q=0.9")], "").await;
    assert!(page.text.contains("lang=\"ar\" dir=\"rtl\""), "{}", page.text);
    let wrong = post(&stand, "", "/web/login", &[("login", "bna"), ("password", "no"), ("to", "/web/sale.order?q=S00001")]).await;
    assert_eq!(wrong.status, 401);
    assert!(text_of(&wrong.text).contains("Identifiant ou mot de passe incorrect"), "{}", wrong.text);
    assert!(!wrong.text.contains("value=\"no\""), "a password is not told again");
    let right = post(&stand, "", "/web/login", &[("login", "bna"), ("password", "bna"), ("to", "/web/sale.order?q=S00001")]).await;
    assert_eq!((right.status, right.headers["location"].as_str()), (303, "/web/sale.order?q=S00001"));
    for away in ["https://evil.example/web", "//evil.example", "/web/../../evil", "/api/res.users"] {
        let led = post(&stand, "", "/web/login", &[("login", "bna"), ("password", "bna"), ("to", away)]).await;
        let to = led.headers["location"].as_str();
        assert!(to == "/web" || to.starts_with("/web/"), "{away} leads to {to}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_its_pages_only_the_cookie_counts() {
    let stand = Stand::new().await;
    let session = stand.login("admin").await;
    let path = format!("/web/sale.order?session_id={}", session.id);
    assert_eq!(stand.send("GET", &path, &[], "").await.status, 303);
    assert_eq!(stand.send("GET", "/web/sale.order", &[("x-openerp-session-id", &session.id)], "").await.status, 303);
    let reader = Reader::of(&stand, "admin").await;
    reader.page("/web/sale.order").await;
    assert!(!reader.cookie.contains("Max-Age"), "a browser that is closed forgets it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_of_another_session_or_site_changes_nothing() {
    let stand = Stand::new().await;
    let (admin, other) = (Reader::of(&stand, "admin").await, Reader::of(&stand, "admin").await);
    let path = "/web/product.brand/new";
    let foreign = token(&other.page(path).await);
    let before = stand.count("SELECT count(*) AS n FROM catalog.product_brand").await;
    for token in [foreign.as_str(), "", "0123456789abcdef.00", "x"] {
        let answer = post(&stand, &admin.cookie, path, &[("_token", token), ("v.name", "Foreign"), ("o.name", "")]).await;
        assert_eq!(answer.status, 403, "{token}: {}", answer.text);
    }
    let own = token(&admin.page(path).await);
    let body = format!("_token={own}&v.name=Foreign&o.name=");
    for header in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let headers = [("cookie", admin.cookie.as_str()), ("content-type", "application/x-www-form-urlencoded"), header];
        assert_eq!(stand.send("POST", path, &headers, body.clone()).await.status, 403, "{header:?}");
    }
    assert_eq!(stand.count("SELECT count(*) AS n FROM catalog.product_brand").await, before);
    let made = admin.fill(path, &[("v.name", "Own")]).await;
    assert_eq!(made.status, 303, "{}", text_of(&made.text));
    assert_eq!(stand.count("SELECT count(*) AS n FROM catalog.product_brand").await, before + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_logs_out_is_out() {
    let stand = Stand::new().await;
    let reader = Reader::of(&stand, "bna").await;
    let out = reader.post("/web/logout", &[]).await;
    assert_eq!((out.status, out.headers["location"].as_str()), (303, "/web/login"));
    assert_eq!(reader.get("/web").await.status, 303, "the session has ended at the hub");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_page_comes_from_another_host_and_nobody_frames_it() {
    let stand = Stand::new().await;
    let reader = Reader::of(&stand, "admin").await;
    for path in ["/web", "/web/sale.order", "/web/models", "/web/product.brand/new", "/web/no-such-page"] {
        let answer = reader.get(path).await;
        assert_eq!(
            answer.headers["content-security-policy"],
            "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        );
        assert_eq!((answer.headers["cache-control"].as_str(), answer.headers["x-content-type-options"].as_str()), ("no-store", "nosniff"));
        for foreign in ["src=\"http", "href=\"http", "src=\"//", "<script>", " style=\"", " onclick"] {
            assert!(!answer.text.contains(foreign), "{path} has {foreign}");
        }
    }
}
