//! What a process counts. The counts are the whole process's: beside tests of other subjects, in one program, these would see those
//! tests' requests in the place of their own.

use serde_json::json;
use system_tests::Stand;

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_is_answered_with_200_is_counted_under_its_own_status() {
    let stand = Stand::with(&[("ERROR_STATUS", "odoo")]).await;
    let ekiclik = stand.login("ekiclik").await;
    let odoo = stand
        .send(
            "POST",
            "/web/session/authenticate",
            &[("content-type", "application/json")],
            r#"{"params": {"login": "x", "password": "y", "db": "echange"}}"#,
        )
        .await;
    let none = stand.send("POST", "/object/res.bank/1/action_none", &[("content-type", "application/json")], "{}").await;
    let wrong = ekiclik.create("res.bank", json!({"nonsense": 1})).await;
    for answer in [&odoo, &none, &wrong] {
        assert!(answer.status == 200 && answer.json().get("error").is_some(), "{} {}", answer.status, answer.text);
    }
    // Its database has gone
    let hub = stand.hub.as_ref().unwrap();
    let mut admin = Stand::admin().await;
    let name = stand.database_url.rsplit('/').next().unwrap();
    Stand::execute(&mut admin, &format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")).await;
    Stand::execute(&mut admin, &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")).await;
    let away = ekiclik.send("DELETE", "/api/product.brand/1", &[], "").await;
    assert!(away.status == 200 && away.error().contains("Try again"), "{} {}", away.status, away.text);
    let metrics = service::metrics::text();
    for (route, status) in
        [("/web/session/authenticate", 401), ("/object/{model}/{id}/{method}", 401), ("/api/{model}", 403), ("/api/{model}/{id}", 503)]
    {
        let is_told = metrics.lines().any(|line| {
            line.starts_with("http_server_request_duration_seconds_count")
                && line.contains(&format!("http_response_status_code=\"{status}\""))
                && line.contains(&format!("http_route=\"{route}"))
        });
        assert!(is_told, "{route} {status} in\n{metrics}");
    }
    assert_eq!(hub.http.port, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_name_routes_and_never_paths() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    platform.get("/api/product.template/1").await;
    platform.get("/api/no.such.model/424242").await;
    let text = stand.told(&stand.metrics).await;
    assert!(text.contains(r#"http_route="/api/{model}/{id}""#), "{text}");
    assert!(text.contains("hub_call_duration_seconds") && text.contains("hub_db_pool_wait_seconds"));
    assert!(!text.contains("424242") && !text.contains("no.such.model"));
}
