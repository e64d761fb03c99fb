//! What people do to a platform: pause it, let it go on, send again, give it another secret.

use serde_json::{Value, json};
use system_tests::platform::{Mood, Platform, SECRET, platform_of};
use system_tests::stock::{CANAPE, TV};
use system_tests::{Session, Stand, id, refused, until};

use crate::{all_told, deliveries, rename};

async fn read(session: &Session<'_>, platform: i64, fields: &str) -> Value {
    session.get(&format!("/api/ek.platform/{platform}?query={{{fields}}}")).await.json()
}

async fn does(session: &Session<'_>, platform: i64, method: &str) -> Value {
    let answer = session.call("ek.platform", platform, method, json!([])).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.result()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_is_paused_hears_nothing_and_all_of_it_once_when_it_goes_on() {
    let stand = Stand::new().await;
    let (admin, bna, alsalam) = (stand.login("admin").await, Platform::new().await, Platform::new().await);
    let (own, others) = (platform_of(&admin, "BNA", &bna.url).await, platform_of(&admin, "Alsalam", &alsalam.url).await);
    let password = "a long password of BNA's";
    let user = json!({"name": "Chief of BNA", "login": "chief", "password": password, "bank_id": "BNA", "role": "ROLE_ADMIN"});
    id(&admin.create("res.users", user).await);
    let chief = stand.login_with("chief", password).await;
    all_told(&stand).await;
    let before = bna.heard();
    assert_eq!(read(&admin, own, "paused,lag_seconds").await, json!({"paused": false, "lag_seconds": 0}));

    // Its bank's administrator may, and nobody below, and no other bank's
    refused(&chief.call("ek.platform", others, "action_pause", json!([])).await, 404, &["ek.platform"]);
    for login in ["bna", "ekiclik"] {
        assert!(matches!(stand.login(login).await.call("ek.platform", own, "action_pause", json!([])).await.status, 403 | 404), "{login}");
    }
    let by_hand = admin.write("ek.platform", json!([["id", "=", own]]), json!({"paused": true})).await;
    assert!(by_hand.status >= 400, "{}", by_hand.text);
    assert_eq!(does(&chief, own, "action_pause").await, true);
    let version = read(&admin, own, "version").await;
    assert_eq!(does(&chief, own, "action_pause").await, true, "it is already");
    assert_eq!(read(&admin, own, "version").await, version);
    for name in ["First", "Second", "Last"] {
        assert_eq!(rename(&admin, TV, name, None).await.status, 200);
        alsalam.hears(name, |call| call.body.contains(name)).await;
    }
    refused(&admin.call("ek.platform", own, "action_test", json!([])).await, 422, &["paused"]);
    let waiting = deliveries(&admin, &json!([["platform_id", "=", own], ["state", "in", ["waiting", "sending"]]]).to_string()).await;
    assert!(!waiting.is_empty() && waiting.iter().all(|one| one["attempts"] == 0 && one["state"] == "waiting"), "{waiting:?}");
    // What others have heard long ago it has not
    assert_eq!(bna.heard(), before);
    let mut sql = stand.sql().await;
    Stand::execute(&mut sql, "UPDATE sync.ek_delivery SET changed_at = now() - interval '1 hour' WHERE state = 'waiting'").await;
    let seen = read(&chief, own, "paused,lag_seconds,waiting").await;
    assert!(seen["paused"] == true && seen["lag_seconds"].as_i64().unwrap() >= 3_600 && seen["waiting"].as_i64().unwrap() > 0, "{seen}");
    let order = [("query", "{name, lag_seconds}"), ("order", "lag_seconds desc")];
    assert_eq!(admin.rows("ek.platform", &order).await[0]["name"], "BNA");

    assert_eq!(does(&chief, own, "action_resume").await, true);
    bna.hears("the last", |call| call.body.contains("Last")).await;
    all_told(&stand).await;
    assert!(bna.calls().iter().all(|call| !call.body.contains("First") && !call.body.contains("Second")), "folded: {:?}", bna.calls());
    let kept = stand.count("SELECT count(*) AS n FROM sync.ek_attempt WHERE status IS DISTINCT FROM 200").await;
    assert_eq!(
        (kept, read(&admin, own, "paused,failures,lag_seconds").await),
        (0, json!({"paused": false, "failures": 0, "lag_seconds": 0}))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_leased_when_a_platform_is_paused_is_given_back_and_counts_for_nothing() {
    let stand = Stand::with(&[("PLATFORM_TIMEOUT", "5")]).await;
    let (admin, bna) = (stand.login("admin").await, Platform::new().await);
    let platform = platform_of(&admin, "BNA", &bna.url).await;
    all_told(&stand).await;
    // Eight calls are under way and hang, what else is leased waits for its turn
    bna.usually(Mood::Hangs);
    let many = "INSERT INTO sync.ek_delivery (platform_id, bank_id, kind, verb, order_key, model, record_id, webhook_id, changed_at) \
        SELECT p.id, p.bank_id, 'test', 'POST', 'test ' || n, 'ek.platform', n, 'msg_' || n, now() FROM sync.ek_platform p, generate_series(101, 140) n";
    Stand::execute(&mut stand.sql().await, many).await;
    bna.call(7).await;
    let leased = "SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'sending'";
    until("more is leased", async || stand.count(leased).await > 8).await;
    does(&admin, platform, "action_pause").await;
    until("all is given back", async || stand.count(leased).await == 0).await;
    assert_eq!(bna.heard(), 8, "what was under way, and nothing else");
    bna.usually(Mood::Answers(200, ""));
    does(&admin, platform, "action_resume").await;
    all_told(&stand).await;
    assert_eq!(bna.heard(), 40, "each once");
    assert_eq!(stand.count("SELECT count(*) AS n FROM sync.ek_attempt").await, 40, "what was given back was not attempted");
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_sent_again_by_their_ids_and_no_webhook_id_comes_with_another_body() {
    let stand = Stand::new().await;
    let (admin, bna) = (stand.login("admin").await, Platform::new().await);
    let platform = platform_of(&admin, "BNA", &bna.url).await;
    all_told(&stand).await;
    for (reference, name) in [(TV, "Taken"), (CANAPE, "Dead")] {
        if name == "Dead" {
            // What was taken is settled: the next call is this one's
            all_told(&stand).await;
            bna.next(Mood::Answers(404, ""));
        }
        assert_eq!(rename(&admin, reference, name, None).await.status, 200);
        bna.hears(name, |call| call.body.contains(name)).await;
    }
    let mut sql = stand.sql().await;
    until("one was refused", async || {
        stand.count("SELECT count(*) AS n FROM sync.ek_delivery WHERE last_status = 404 AND state = 'waiting'").await == 1
    })
    .await;
    Stand::execute(&mut sql, "UPDATE sync.ek_delivery SET state = 'dead' WHERE last_status = 404").await;
    let all = deliveries(&admin, &json!([["platform_id", "=", platform]]).to_string()).await;
    let of = |state: &str| all.iter().filter(|one| one["state"] == state).filter_map(|one| one["id"].as_i64()).max().unwrap();
    let (done, dead) = (of("done"), of("dead"));
    let heard = bna.heard();
    let many = |ids: Vec<i64>| json!({"params": {"ids": ids}}).to_string();
    let again = admin.send("POST", "/object/ek.delivery/action_replay", &[], &many(vec![done, dead])).await;
    assert_eq!(again.result(), 2, "{}", again.text);
    bna.call(heard + 1).await;
    all_told(&stand).await;
    let calls = bna.calls();
    let bodies = |word: &str| calls.iter().filter(|call| call.body.contains(word)).collect::<Vec<_>>();
    let (taken, again) = (bodies("Taken"), bodies("Dead"));
    assert_eq!((taken.len(), again.len()), (2, 2), "{calls:?}");
    assert_eq!(again[0].header("webhook-id"), again[1].header("webhook-id"), "what may have been taken is told under its id");
    assert_ne!(taken[0].header("webhook-id"), taken[1].header("webhook-id"), "what was taken would be dropped under its id");
    assert_eq!(stand.count("SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'dead'").await, 0);

    // Said otherwise meanwhile, it has another id; and what waits for its time already is due
    bna.next(Mood::Answers(404, ""));
    assert_eq!(rename(&admin, CANAPE, "Once", None).await.status, 200);
    let once = bna.hears("once", |call| call.body.contains("Once")).await;
    until("it waits", async || {
        stand.count("SELECT count(*) AS n FROM sync.ek_delivery WHERE last_status = 404 AND state = 'waiting'").await == 1
    })
    .await;
    assert_eq!(rename(&admin, CANAPE, "Otherwise", None).await.status, 200);
    let waits = deliveries(&admin, &json!([["platform_id", "=", platform], ["state", "=", "waiting"]]).to_string()).await[0]["id"]
        .as_i64()
        .unwrap();
    let last_dead = admin.send("POST", "/object/ek.delivery/action_replay", &[], &many(vec![waits])).await;
    assert_eq!(last_dead.result(), 1, "{}", last_dead.text);
    let otherwise = bna.hears("otherwise", |call| call.body.contains("Otherwise")).await;
    assert_ne!(once.header("webhook-id"), otherwise.header("webhook-id"));
    let mut bodies: std::collections::HashMap<String, String> = std::collections::HashMap::new();
    for call in bna.calls() {
        let body = bodies.entry(call.header("webhook-id").to_owned()).or_insert_with(|| call.body.clone());
        assert_eq!(*body, call.body, "{}", call.header("webhook-id"));
    }

    refused(&admin.send("POST", "/object/ek.delivery/action_replay", &[], &many((1..=1_001).collect())).await, 422, &["1000"]);
    let clerk = stand.login("bna").await.send("POST", "/object/ek.delivery/action_replay", &[], &many(vec![done])).await;
    assert_eq!(clerk.status, 403, "{}", clerk.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_rotated_shown_once_and_goes_on_beside_the_one_before_for_a_day() {
    let stand = Stand::new().await;
    let (admin, bna) = (stand.login("admin").await, Platform::new().await);
    let platform = platform_of(&admin, "BNA", &bna.url).await;
    all_told(&stand).await;
    let password = "a long password of BNA's";
    let user = json!({"name": "Chief of BNA", "login": "chief", "password": password, "bank_id": "BNA", "role": "ROLE_ADMIN"});
    id(&admin.create("res.users", user).await);
    let chief = stand.login_with("chief", password).await;
    assert_eq!(chief.call("ek.platform", platform, "action_rotate_secret", json!([])).await.status, 403);

    let keyed = [("idempotency-key", "once-and-for-all")];
    let path = format!("/object/ek.platform/{platform}/action_rotate_secret");
    let rotate = async || {
        let answer = admin.send("POST", &path, &keyed, r#"{"params": {}}"#).await;
        answer.result().as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
    };
    let new = rotate().await;
    let bytes = sync::signature::secret(&new).unwrap();
    assert_eq!((bytes.len(), read(&admin, platform, "secret").await), (32, json!({"secret": false})));
    assert_eq!(rename(&admin, TV, "Signed anew", None).await.status, 200);
    let call = bna.hears("a call", |call| call.body.contains("Signed anew")).await;
    let signed = |secret: &[u8]| {
        let time = call.header("webhook-timestamp").parse().unwrap();
        sync::signature::sign(&[secret.to_vec()], call.header("webhook-id"), time, call.body.as_bytes())
    };
    let both = format!("{} {}", signed(&bytes), signed(&sync::signature::secret(SECRET).unwrap()));
    assert_eq!(call.header("webhook-signature"), both);
    // It stands nowhere in the clear, and is answered to nobody again
    assert_ne!(rotate().await, new);
    for table in ["event", "audit", "idempotency", "ek_platform"] {
        assert_eq!(stand.count(&format!("SELECT count(*) AS n FROM sync.{table} t WHERE t::text LIKE '%whsec%'")).await, 0, "{table}");
    }
}
