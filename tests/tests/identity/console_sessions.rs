//! Sessions of the console: they end sooner than the API's, and are prolonged by use.

use jsonrpc::Fault;
use partners_contract::{Authenticate, LoggedIn, OfSession};
use system_tests::Stand;

use crate::uid;

/// Logs in as the console does, or as the API; answers the session's id.
pub async fn begin(stand: &Stand, login: &str, console: bool) -> String {
    let question =
        Authenticate { login: login.to_owned(), password: login.to_owned(), address: "192.0.2.7".to_owned(), forwarder: None, console };
    let hub = stand.hub.as_ref().unwrap();
    let who: LoggedIn = service::ask(&hub.router, &hub.keys["gateway"], &question, None).await.unwrap();
    who.session_id.unwrap()
}

/// Whose a session is, asked of partners itself: the gateway remembers it for 20 seconds.
pub async fn whose(stand: &Stand, session_id: &str) -> Result<String, u16> {
    asked(stand, session_id, false).await
}

async fn asked(stand: &Stand, session_id: &str, unattended: bool) -> Result<String, u16> {
    let hub = stand.hub.as_ref().unwrap();
    let question = OfSession { session_id: session_id.to_owned(), forwarder: None, unattended };
    let answer: Result<LoggedIn, Fault> = service::ask(&hub.router, &hub.keys["gateway"], &question, None).await;
    answer.map(|who| who.identity.login).map_err(|fault| fault.status)
}

/// How many seconds are left of the only session, and how long ago it was used.
async fn left(stand: &Stand) -> (i64, i64) {
    let of = async |what: &str| stand.count(&format!("SELECT round(extract(epoch FROM {what}))::bigint AS n FROM partners.session")).await;
    (of("expires_at - now()").await, of("now() - used_at").await)
}

fn is_about(seconds: i64, expected: i64) -> bool {
    (expected - 30..=expected).contains(&seconds)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_the_console_ends_without_use_and_after_its_longest_time() {
    let stand = Stand::new().await;
    let mut sql = stand.sql().await;
    let session = begin(&stand, "bna", true).await;
    assert_eq!(whose(&stand, &session).await.unwrap(), "bna");
    assert!(is_about(left(&stand).await.0, 1_800), "{:?}", left(&stand).await);
    let latest = "SELECT round(extract(epoch FROM latest_end - now()))::bigint AS n FROM partners.session";
    assert!(is_about(stand.count(latest).await, 43_200));

    // Half a minute later it is only read, a minute later prolonged
    let pass = |seconds: i64| {
        format!(
            "UPDATE partners.session SET used_at = used_at - interval '{seconds} s', expires_at = expires_at - interval '{seconds} s', \
             latest_end = latest_end - interval '{seconds} s', created_at = created_at - interval '{seconds} s'"
        )
    };
    Stand::execute(&mut sql, &pass(40)).await;
    assert!(whose(&stand, &session).await.is_ok());
    assert!(is_about(left(&stand).await.0, 1_760) && left(&stand).await.1 >= 40, "{:?}", left(&stand).await);
    Stand::execute(&mut sql, &pass(600)).await;
    // A page that asks by itself keeps no session alive
    assert!(asked(&stand, &session, true).await.is_ok());
    assert!(is_about(left(&stand).await.0, 1_160), "{:?}", left(&stand).await);
    assert!(whose(&stand, &session).await.is_ok());
    assert!(is_about(left(&stand).await.0, 1_800) && left(&stand).await.1 < 30, "{:?}", left(&stand).await);

    // Never past its latest end
    Stand::execute(&mut sql, "UPDATE partners.session SET latest_end = now() + interval '300 s', used_at = now() - interval '100 s'").await;
    assert!(whose(&stand, &session).await.is_ok());
    assert!(is_about(left(&stand).await.0, 300), "{:?}", left(&stand).await);
    // Which holds whatever an earlier release has written
    Stand::execute(&mut sql, "UPDATE partners.session SET latest_end = now() - interval '1 s', expires_at = now() + interval '7 days'")
        .await;
    assert_eq!(whose(&stand, &session).await, Err(401));

    // Half an hour without use
    let session = begin(&stand, "bna", true).await;
    Stand::execute(&mut sql, &pass(1_801)).await;
    assert_eq!(whose(&stand, &session).await, Err(401));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_session_stays_seven_days_beside_one_of_the_console() {
    let stand = Stand::new().await;
    let mut sql = stand.sql().await;
    let session = begin(&stand, "bna", false).await;
    assert!(is_about(left(&stand).await.0, 604_800), "{:?}", left(&stand).await);
    Stand::execute(
        &mut sql,
        "UPDATE partners.session SET expires_at = expires_at - interval '50 min', used_at = now() - interval '50 min'",
    )
    .await;
    assert!(whose(&stand, &session).await.is_ok());
    assert!(left(&stand).await.1 >= 3_000, "within an hour nothing is written: {:?}", left(&stand).await);
    Stand::execute(&mut sql, "UPDATE partners.session SET expires_at = now() + interval '1 day'").await;
    assert_eq!(whose(&stand, &session).await.unwrap(), "bna");
    assert!(is_about(left(&stand).await.0, 604_800) && left(&stand).await.1 < 30, "{:?}", left(&stand).await);
    // The doors' own log-in is the API's
    let admin = stand.login("admin").await;
    let of_the_console =
        format!("SELECT count(*) AS n FROM partners.session WHERE user_id = {} AND idle_seconds IS NOT NULL", uid(&admin, "admin").await);
    assert_eq!(stand.count(&of_the_console).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_the_consoles_sessions_last_is_set_within_bounds() {
    let stand = Stand::with(&[("CONSOLE_IDLE_SECONDS", "300"), ("CONSOLE_LONGEST_SECONDS", "600")]).await;
    begin(&stand, "bna", true).await;
    assert!(is_about(left(&stand).await.0, 300), "{:?}", left(&stand).await);
    let urls = operator::provision::urls(&stand.database_url).unwrap();
    for (idle, longest) in [("119", "600"), ("0", "600"), ("601", "600"), ("1800", "604801")] {
        let settings = [("CONSOLE_IDLE_SECONDS", idle), ("CONSOLE_LONGEST_SECONDS", longest)];
        let refused = hub::Hub::new(&system_tests::variables(&settings), &urls).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused.contains("CONSOLE_IDLE_SECONDS") && refused.contains(idle), "{idle} {longest}: {refused}");
    }
}
