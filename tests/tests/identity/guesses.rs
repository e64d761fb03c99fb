//! Log-ins that fail are counted, by whom and from where.

use system_tests::{Answer, Stand};

use crate::{ACCESS_DENIED, credentials, is_refused, post};

/// A log-in as it would come through a proxy of ours.
async fn login_from(stand: &Stand, address: &str, login: &str, password: &str) -> Answer {
    post(stand, "/auth", &[("x-forwarded-for", address)], credentials(login, password)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_counted_by_login_and_address_and_lock_no_real_user_out() {
    let stand = Stand::with(&[("TRUSTED_PROXIES", "127.0.0.1"), ("LOGIN_FAILURES", "3"), ("ADDRESS_FAILURES", "5")]).await;
    // The real user has logged in from where it works
    assert_eq!(login_from(&stand, "10.0.0.1", "bna", "bna").await.status, 200);
    for _ in 0..3 {
        is_refused(&login_from(&stand, "10.6.6.6", "bna", "guess").await, 401, ACCESS_DENIED);
    }
    let throttled = login_from(&stand, "10.6.6.6", "bna", "bna").await;
    assert_eq!(throttled.status, 429, "{}", throttled.text);
    assert!(throttled.headers["retry-after"].parse::<u32>().unwrap() > 0);
    // On Odoo's own door the same is told as Odoo would
    let web = post(&stand, "/web/session/authenticate", &[("x-forwarded-for", "10.6.6.6")], credentials("bna", "bna")).await;
    assert_eq!((web.status, web.error_name().as_str()), (200, ACCESS_DENIED));
    // Neither the user nor the address is locked for others
    assert_eq!(login_from(&stand, "10.0.0.1", "bna", "bna").await.status, 200);
    assert_eq!(login_from(&stand, "10.6.6.6", "alsalam", "alsalam").await.status, 200);
    // A second replica counts the same failures
    let replica = Stand::on(&stand.database_url, &[("TRUSTED_PROXIES", "127.0.0.1"), ("LOGIN_FAILURES", "3")]).await;
    assert_eq!(login_from(&replica, "10.6.6.6", "bna", "bna").await.status, 429);
    // An address that tries many logins is refused for those whom it never logged in, and for nobody else
    for login in ["a", "b", "c", "d", "e"] {
        is_refused(&login_from(&stand, "10.0.0.1", login, "guess").await, 401, ACCESS_DENIED);
    }
    assert_eq!(login_from(&stand, "10.0.0.1", "admin", "admin").await.status, 429);
    assert_eq!(login_from(&stand, "10.0.0.1", "bna", "bna").await.status, 200);
    // The known pair's own budget has an end too
    for _ in 0..3 {
        is_refused(&login_from(&stand, "10.0.0.1", "bna", "guess").await, 401, ACCESS_DENIED);
    }
    assert_eq!(login_from(&stand, "10.0.0.1", "bna", "bna").await.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn log_ins_that_succeed_do_not_count() {
    let stand = Stand::with(&[("LOGIN_FAILURES", "2"), ("ADDRESS_FAILURES", "4")]).await;
    for _ in 0..8 {
        assert_eq!(post(&stand, "/auth", &[], credentials("bna", "bna")).await.status, 200);
    }
    // A mistake is forgiven by the log-in that follows it
    for _ in 0..3 {
        assert_eq!(post(&stand, "/auth", &[], credentials("bna", "oops")).await.status, 401);
        assert_eq!(post(&stand, "/auth", &[], credentials("bna", "bna")).await.status, 200);
    }
    // A failed key is no failed log-in
    for at in 0..20 {
        assert_eq!(stand.send("GET", "/api/res.bank/", &[("authorization", &format!("Bearer wrong-{at}"))], "").await.status, 401);
    }
    assert_eq!(post(&stand, "/auth", &[], credentials("alsalam", "alsalam")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_believed_from_our_proxies_only() {
    let failures = [("LOGIN_FAILURES", "2")];
    // Nobody is trusted: whatever is claimed, the peer counts
    let stand = Stand::with(&failures).await;
    for claimed in ["10.0.0.1", "10.0.0.2"] {
        is_refused(&login_from(&stand, claimed, "bna", "guess").await, 401, ACCESS_DENIED);
    }
    assert_eq!(login_from(&stand, "10.0.0.3", "bna", "bna").await.status, 429);
    // Behind our proxies the address that the nearest of them heard counts, not what stands left of it
    let stand = Stand::with(&[("TRUSTED_PROXIES", "127.0.0.1, 10.9.9.9"), failures[0]]).await;
    for claimed in ["1.1.1.1, 10.0.0.1", "2.2.2.2,10.0.0.1, 10.9.9.9"] {
        is_refused(&login_from(&stand, claimed, "bna", "guess").await, 401, ACCESS_DENIED);
    }
    assert_eq!(login_from(&stand, "3.3.3.3, 10.0.0.1", "bna", "bna").await.status, 429);
    assert_eq!(login_from(&stand, "10.0.0.1, 4.4.4.4", "bna", "bna").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_a_header_line_of_its_own_counts_as_the_last_of_the_list() {
    let stand = Stand::with(&[("TRUSTED_PROXIES", "127.0.0.1"), ("LOGIN_FAILURES", "2")]).await;
    // Some proxies add a line and leave the client's own where it is
    let from = |claimed: &'static str, password: &'static str| {
        let stand = &stand;
        async move { post(stand, "/auth", &[("x-forwarded-for", claimed), ("x-forwarded-for", "10.0.0.1")], credentials("bna", password)).await }
    };
    for claimed in ["1.1.1.1", "2.2.2.2"] {
        is_refused(&from(claimed, "guess").await, 401, ACCESS_DENIED);
    }
    assert_eq!(from("3.3.3.3", "bna").await.status, 429);
}
