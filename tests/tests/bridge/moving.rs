//! Rehearsals and imports of the recorded company: every record is taken, put aside or left out, whatever happens on the way.

use std::time::Duration;

use bridge::moving::links;
use bridge::reading::READERS;
use bridge_contract::{Moved, Stage};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::odoo16::{Mood, Odoo16};
use system_tests::{Session, Stand, id, until, until_within};

use crate::{SETTINGS, ended, name};

/// What a project team has made of the proposed mapping.
pub const MAPPING: &str = include_str!("../../../services/bridge/tests/reading/mapping.toml");

/// Begins a run of a kind.
pub async fn begin(admin: &Session<'_>, odoo: i64, kind: &str) -> i64 {
    id(&admin.create("ek.odoo.run", json!({"odoo_id": odoo, "kind": kind})).await)
}

/// What became of everything, by a run that is done.
pub fn moved(run: &Value) -> Vec<Moved> {
    assert_eq!(run["state"], "done", "{}", run["error"]);
    serde_json::from_str(run["progress"].as_str().unwrap()).unwrap()
}

/// The same without what differs from run to run.
fn same(run: &Value) -> Vec<Moved> {
    moved(run).into_iter().map(|moved| Moved { millis: 0, read: 0, last: 0, ..moved }).collect()
}

/// Odoo's = taken + put aside + left out, for each reader.
pub fn all_is_told(moved: &[Moved]) {
    assert_eq!(moved.len(), READERS.len());
    for one in moved {
        assert_eq!(one.total, one.taken + one.refused + one.left_out, "{one:?}");
        assert_eq!((one.stage, one.gone), (Stage::Done, 0), "{one:?}");
    }
}

/// Texts that SQL finds.
pub async fn texts(sql: &mut AsyncPgConnection, statement: &str) -> Vec<String> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        text: String,
    }
    let rows: Vec<Row> = diesel::sql_query(statement).load(sql).await.unwrap();
    rows.into_iter().map(|row| row.text).collect()
}

/// What came of an import here: what the owners have from that Odoo, and what the bridge says of it, each with its digest.
pub async fn end_state(stand: &Stand) -> Vec<String> {
    let mut all = Vec::new();
    let mut sql = stand.sql().await;
    // Quantities and moves get their numbers in the order in which they come
    let here = "CASE WHEN model NOT IN ('stock.quant', 'stock.move') THEN record_id END";
    for schema in ["partners", "catalog", "crm", "stock"] {
        let bound = format!(
            "SELECT concat_ws(' ', '{schema}', model, odoo_id, {here}, digest) AS text FROM {schema}.odoo_binding ORDER BY model, odoo_id"
        );
        all.extend(texts(&mut sql, &bound).await);
    }
    let kept = format!(
        "SELECT concat_ws(' ', model, their_id, {here}, state, nullif(misfit, CASE state WHEN 'taken' THEN misfit END), reason, digest) AS text FROM bridge.ek_odoo_record \
                WHERE NOT rehearsal ORDER BY model, their_id"
    );
    all.extend(texts(&mut sql, &kept).await);
    all
}

/// How many records of each model of the owners that take some there are, and how far their sequences are.
async fn kept_by_owners(stand: &Stand) -> Vec<i64> {
    let mut all = Vec::new();
    for table in [
        "partners.res_bank",
        "partners.res_partner",
        "partners.odoo_binding",
        "partners.event",
        "catalog.product_category",
        "catalog.product_master",
        "catalog.product_template",
        "catalog.odoo_binding",
        "catalog.event",
        "crm.odoo_binding",
        "stock.odoo_binding",
    ] {
        all.push(stand.count(&format!("SELECT count(*) AS n FROM {table}")).await);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_stores_nothing_at_any_owner_and_finds_what_the_import_finds() {
    let stand = Stand::with(SETTINGS).await;
    let admin = stand.login("admin").await;
    let odoo = Odoo16::new(Mood::default()).await;
    let at = name(&admin, &odoo, json!({"batch": 7, "mapping": MAPPING})).await;
    let before = kept_by_owners(&stand).await;
    let rehearsed = ended(&stand, &admin, begin(&admin, at, "rehearsal").await).await;
    all_is_told(&moved(&rehearsed));
    assert!(rehearsed["seconds"].as_i64().unwrap() > 0, "{rehearsed}");
    assert_eq!(kept_by_owners(&stand).await, before);
    let told = "SELECT count(*) AS n FROM bridge.ek_odoo_record WHERE rehearsal AND reader NOT IN ('', 'res.bank/mapping')";
    let many: u64 = moved(&rehearsed).iter().map(|moved| moved.total).sum();
    assert!(many >= 400 && stand.count(told).await == i64::try_from(many).unwrap());

    let imported = ended(&stand, &admin, begin(&admin, at, "import").await).await;
    all_is_told(&moved(&imported));
    // Of what is taken a rehearsal can't tell all: which values are those of an attribute that is here already
    let fates = |run: &Value| {
        let told = |one: Moved| {
            let reasons = one.reasons.into_iter().filter(|reason| reason.state != "taken").collect();
            Moved { reasons, ..one }
        };
        same(run).into_iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(fates(&imported), fates(&rehearsed), "what a rehearsal says holds");
    assert!(moved(&imported).iter().map(|moved| moved.taken).sum::<u64>() >= 250);
    // A second rehearsal forgets the first
    ended(&stand, &admin, begin(&admin, at, "rehearsal").await).await;
    assert_eq!(stand.count(told).await, i64::try_from(many).unwrap());
    assert_eq!(odoo.changes(), Vec::<String>::new(), "it reads only");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_import_changes_nothing() {
    let stand = Stand::with(SETTINGS).await;
    let admin = stand.login("admin").await;
    let odoo = Odoo16::new(Mood::default()).await;
    let at = name(&admin, &odoo, json!({"batch": 50, "mapping": MAPPING})).await;
    let first = ended(&stand, &admin, begin(&admin, at, "import").await).await;
    let (owners, state) = (kept_by_owners(&stand).await, end_state(&stand).await);
    let second = ended(&stand, &admin, begin(&admin, at, "import").await).await;
    assert_eq!(same(&second), same(&first));
    assert_eq!((kept_by_owners(&stand).await, end_state(&stand).await), (owners, state));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_any_mood_the_same_comes_over() {
    let mut calm = None;
    for mood in [
        Mood::default(),
        Mood { cuts_every: 7, ..Mood::default() },
        Mood { serializes_every: 5, ..Mood::default() },
        Mood { largest_page: Some(20), ..Mood::default() },
        Mood { is_19: true, ..Mood::default() },
    ] {
        let stand = Stand::with(SETTINGS).await;
        let admin = stand.login("admin").await;
        let odoo = Odoo16::new(mood.clone()).await;
        let at = name(&admin, &odoo, json!({"batch": 50, "mapping": MAPPING})).await;
        let imported = ended(&stand, &admin, begin(&admin, at, "import").await).await;
        all_is_told(&moved(&imported));
        let state = end_state(&stand).await;
        assert_eq!(calm.get_or_insert_with(|| state.clone()), &state, "{mood:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_it_ends_as_if_nothing_had_been() {
    let calm = {
        let stand = Stand::with(SETTINGS).await;
        let admin = stand.login("admin").await;
        let odoo = Odoo16::new(Mood::default()).await;
        let at = name(&admin, &odoo, json!({"batch": 20, "mapping": MAPPING})).await;
        moved(&ended(&stand, &admin, begin(&admin, at, "import").await).await);
        end_state(&stand).await
    };
    let mut stand = Stand::processes_with(SETTINGS).await;
    let odoo = Odoo16::new(Mood { slow: Duration::from_millis(10), ..Mood::default() }).await;
    let (at, of) = {
        let admin = stand.login("admin").await;
        let at = name(&admin, &odoo, json!({"batch": 20, "mapping": MAPPING})).await;
        (at, begin(&admin, at, "import").await)
    };
    for many in [40, 150, 300] {
        let so_far = format!("SELECT count(*) AS n FROM bridge.ek_odoo_record WHERE odoo_id = {at}");
        until_within(Duration::from_secs(90), "it is so far", async || stand.count(&so_far).await > many).await;
        hub::children::signal(stand.children.as_ref().unwrap().id("bridge").unwrap(), Signal::KILL).unwrap();
        stand.children.as_mut().unwrap().again(&["bridge"]).await.unwrap();
        // Nobody waits half a minute for a lease that nobody has
        let over = format!("UPDATE bridge.ek_odoo_run SET lease_until = now() WHERE id = {of} AND lease IS NOT NULL");
        Stand::execute(&mut stand.sql().await, &over).await;
    }
    let admin = stand.login("admin").await;
    all_is_told(&moved(&ended(&stand, &admin, of).await));
    assert_eq!(end_state(&stand).await, calm);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_rests_and_goes_on_where_it_was() {
    let stand = Stand::with(SETTINGS).await;
    let admin = stand.login("admin").await;
    let odoo = Odoo16::new(Mood { slow: Duration::from_millis(20), ..Mood::default() }).await;
    let at = name(&admin, &odoo, json!({"batch": 5, "mapping": MAPPING})).await;
    let of = begin(&admin, at, "import").await;
    let some = "SELECT count(*) AS n FROM bridge.ek_odoo_record";
    until("it is under way", async || stand.count(some).await > 20).await;
    assert_eq!(admin.call("ek.odoo.run", of, "action_pause", json!([])).await.status, 200);
    let paused = crate::run(&admin, of).await;
    assert!(paused["state"] == "paused" && paused["step"].as_i64().unwrap() < paused["steps"].as_i64().unwrap(), "{paused}");
    let other = admin.create("ek.odoo.run", json!({"odoo_id": at, "kind": "rehearsal"})).await;
    assert!(other.status == 422 && other.text.contains("one thing at a time"), "{}", other.text);
    let kept = stand.count("SELECT count(*) AS n FROM bridge.ek_odoo_record").await;
    odoo.is(Mood::default());
    assert_eq!(admin.call("ek.odoo.run", of, "action_resume", json!([])).await.status, 200);
    let done = ended(&stand, &admin, of).await;
    all_is_told(&moved(&done));
    let (read, total): (u64, u64) = moved(&done).iter().fold((0, 0), |(read, total), one| (read + one.read, total + one.total));
    assert_eq!(read, total, "what was done is not done again");
    assert!(kept < i64::try_from(total).unwrap(), "it did rest");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_revoked_stops_it_at_once_and_with_another_it_goes_on() {
    let stand = Stand::with(SETTINGS).await;
    let admin = stand.login("admin").await;
    let odoo = Odoo16::new(Mood { revoked_after: Some(150), ..Mood::default() }).await;
    let at = name(&admin, &odoo, json!({"batch": 5, "mapping": MAPPING})).await;
    let of = begin(&admin, at, "import").await;
    let failed = ended(&stand, &admin, of).await;
    assert!(failed["state"] == "failed" && failed["error"].as_str().unwrap().contains("does not take the login"), "{failed}");
    assert_eq!(odoo.calls().len(), 151, "never a second try");
    odoo.is(Mood::default());
    assert_eq!(admin.call("ek.odoo.run", of, "action_resume", json!([])).await.status, 200);
    all_is_told(&moved(&ended(&stand, &admin, of).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_that_does_not_fit_stops_it_before_anything_moves() {
    let stand = Stand::with(SETTINGS).await;
    let admin = stand.login("admin").await;
    let odoo = Odoo16::new(Mood::default()).await;
    let at = name(&admin, &odoo, json!({"mapping": "[fields.\"sale.order\"]\nx_bnak = \"bank_id\"\n"})).await;
    let failed = ended(&stand, &admin, begin(&admin, at, "rehearsal").await).await;
    let told = failed["error"].as_str().unwrap();
    assert!(failed["state"] == "failed" && told.contains("line 2") && told.contains("`x_bank`"), "{failed}");
    assert_eq!(stand.count("SELECT count(*) AS n FROM bridge.ek_odoo_record").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_put_aside_is_taken_again_when_the_mapping_is_mended_and_what_waited_for_it_comes_too() {
    let stand = Stand::with(SETTINGS).await;
    let admin = stand.login("admin").await;
    let odoo = Odoo16::new(Mood::default()).await;
    let strict = format!("{MAPPING}[misfits]\nclient_without_email = \"put_aside\"\n");
    let at = name(&admin, &odoo, json!({"mapping": strict})).await;
    ended(&stand, &admin, begin(&admin, at, "import").await).await;
    let records = async |what: &str| {
        let query = "{id, their_id, state, misfit, needs_id, record_id}";
        admin.rows("ek.odoo.record", &[("filter", what), ("query", query), ("limit", "500")]).await
    };
    let aside = records(r#"[["misfit", "=", "client_without_email"], ["state", "=", "refused"]]"#).await;
    assert!(aside.len() >= 5, "{aside:?}");
    let first = &aside[0];
    let mended = json!({"mapping": MAPPING});
    assert_eq!(admin.write("ek.odoo", json!([["id", "=", at]]), mended).await.status, 200);
    assert_eq!(admin.call("ek.odoo.record", first["id"].as_i64().unwrap(), "action_retry", json!([])).await.status, 200);
    let runs = admin.rows("ek.odoo.run", &[("filter", r#"[["of_marked", "=", true]]"#), ("query", "{id}")]).await;
    all_is_told(&moved(&ended(&stand, &admin, runs[0]["id"].as_i64().unwrap()).await));
    let now = records(&format!(r#"[["id", "=", {}]]"#, first["id"])).await.remove(0);
    assert!(now["state"] == "taken" && now["record_id"].is_i64(), "{now}");
    let left = records(r#"[["misfit", "=", "client_without_email"], ["state", "=", "refused"]]"#).await;
    assert_eq!(left.len(), aside.len() - 1, "the others were not asked for");
    let taken = records(r#"[["state", "=", "taken"]]"#).await.remove(0);
    let again = admin.call("ek.odoo.record", taken["id"].as_i64().unwrap(), "action_retry", json!([])).await;
    assert_eq!(again.status, 422, "{}", again.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_removed_there_is_told_and_stays_here() {
    let stand = Stand::with(SETTINGS).await;
    let admin = stand.login("admin").await;
    let odoo = Odoo16::new(Mood::default()).await;
    let at = name(&admin, &odoo, json!({"mapping": MAPPING})).await;
    ended(&stand, &admin, begin(&admin, at, "import").await).await;
    // As if there had been one more
    let more = format!(
        "INSERT INTO bridge.ek_odoo_record (odoo_id, rehearsal, run_id, reader, model, their_id, record_id, state) \
         VALUES ({at}, false, 1, 'product.category', 'product.category', 9999, 1, 'taken')"
    );
    Stand::execute(&mut stand.sql().await, &more).await;
    let second = ended(&stand, &admin, begin(&admin, at, "import").await).await;
    let gone: Vec<_> = moved(&second).into_iter().filter(|one| one.gone > 0).map(|one| (one.reader, one.gone)).collect();
    assert_eq!(gone, [("product.category".to_owned(), 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_link_and_every_line_is_one_of_the_declarations() {
    let stand = Stand::new().await;
    let registries = system_tests::registries(stand.hub.as_ref().unwrap());
    let field = |of: &str, name: &str| {
        // A configuration is known there as a variant
        let of = if of == "product.product" { "product.template" } else { of };
        let model = registries.iter().find_map(|(_, registry)| registry.get(of)).unwrap_or_else(|| panic!("{of}"));
        model.any_field(name).and_then(|field| field.kind.comodel().map(str::to_owned))
    };
    for (of, name, to) in links::LINKS.iter().filter(|(of, ..)| !of.starts_with("stock.")) {
        assert_eq!(field(of, name).as_deref(), Some(*to), "{of}.{name}");
    }
    for (of, name, to) in links::PARTS {
        assert_eq!(field(of, name).as_deref(), Some(*to), "{of}.{name}");
    }
}
