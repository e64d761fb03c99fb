//! What partners takes from another Odoo: with its ids, its references, and quietly.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;

use alone::{Alone, Neighbour, settings};
use domain::Identity;
use jsonrpc::import::{Batch, Became, How, Misfit, Outcome, Record};
use partners::{LoginConfig, Partners};
use partners_contract::Import;
use serde_json::{Value, json};

async fn partners() -> Alone<Partners> {
    let login = settings(LoginConfig::read, &[("PASSWORD_THREADS", "1"), ("DEMO", "true")]);
    let neighbours = ["catalog", "crm", "stock", "sync"].map(|name| (name, Neighbour::default()));
    Alone::new("partners", |database| Partners::new(login, database.clone()).unwrap(), neighbours.into()).await
}

fn record(odoo_id: i64, values: Value) -> Record {
    let values = values.as_object().unwrap().clone();
    Record { odoo_id, values, write_date: Some("2026-03-01 10:00:00".to_owned()), ..Record::default() }
}

fn linked(field: &str, ids: &[i64], record: Record) -> Record {
    Record { links: BTreeMap::from([(field.to_owned(), ids.to_vec())]), ..record }
}

fn batch(model: &str, records: Vec<Record>) -> Import {
    let greatest = records.iter().map(|record| record.odoo_id).max().unwrap();
    Import(Batch { source: "old".to_owned(), model: model.to_owned(), greatest, dry: false, verify: false, records })
}

async fn taken(alone: &Alone<Partners>, import: &Import) -> Vec<Became> {
    alone.asked("bridge", import).await.unwrap()
}

fn how(became: &[Became]) -> Vec<Result<(Option<i64>, How), Misfit>> {
    let of = |one: &Became| match &one.outcome {
        Outcome::Taken { record_id, how, .. } => Ok((*record_id, *how)),
        Outcome::Refused { misfit, .. } => Err(*misfit),
    };
    became.iter().map(of).collect()
}

/// The result of a search.
async fn rows(alone: &Alone<Partners>, filter: Value, query: &str) -> Vec<Value> {
    let asked = json!({"filter": filter, "query": query, "context": {"active_test": false}, "order": "id"});
    let page = alone.call(&Identity::system(), "res.partner", "search_read", asked).await.unwrap();
    page.get("result").and_then(Value::as_array).unwrap().clone()
}

/// That a condition in SQL holds.
async fn holds(alone: &Alone<Partners>, condition: &str) {
    alone.execute(&format!("DO $do$ BEGIN ASSERT ({condition}), $words${condition}$words$; END $do$")).await;
}

#[tokio::test]
async fn clients_keep_their_ids_and_references_and_a_batch_twice_is_once() {
    let alone = partners().await;
    let banks = batch("res.bank", vec![record(7, json!({"name": "Alsalam"})), record(9, json!({"name": "BNA"}))]);
    assert_eq!(how(&taken(&alone, &banks).await), [Ok((Some(7), How::Made)), Ok((Some(9), How::Made))]);

    let client = json!({"name": "Nadia", "email": "Nadia@Example.dz", "country_id": "DZ", "state_id": "Alger", "active": false});
    let clients = batch(
        "res.partner",
        vec![
            Record { create_date: Some("2021-05-04 03:02:01".to_owned()), ..linked("bank_ids", &[9], record(71, client)) },
            // It comes before the one that it is an address of
            linked("parent_id", &[90], record(72, json!({"name": "Livraison", "type": "delivery"}))),
            record(73, json!({"name": "Alger", "is_pos": true, "code_pos": "PDV-16", "status": "ACTIVE"})),
            Record { reference: Some("res_partner_4711".to_owned()), ..record(90, json!({"name": "Sarl", "is_company": true})) },
        ],
    );
    let first = taken(&alone, &clients).await;
    let made = |id| Ok((Some(id), How::Made));
    assert_eq!(how(&first), [made(71), made(72), made(73), made(90)], "{first:#?}");
    let told = alone.told("res.partner").await;
    assert_eq!(told.len(), 4);
    assert!(told.iter().all(|event| event["cause"] == "import" && event["kind"] == "created"), "{told:?}");
    let query = "{id, ref_odoo, email, active, bank_ids, parent_id, create_date, country_id{code}, state_id{name}}";
    let read = rows(&alone, json!([["id", "in", [71, 72, 90]]]), query).await;
    assert_eq!(
        (&read[0]["ref_odoo"], &read[0]["email"], &read[0]["active"]),
        (&json!("res_partner_71"), &json!("nadia@example.dz"), &json!(false))
    );
    assert_eq!(
        (&read[0]["bank_ids"], &read[0]["country_id"]["code"], &read[0]["state_id"]["name"]),
        (&json!([9]), &json!("DZ"), &json!("Alger"))
    );
    assert!(read[0]["create_date"].as_str().unwrap().starts_with("2021-05-04"), "{read:?}");
    assert_eq!((&read[1]["parent_id"], &read[2]["ref_odoo"]), (&json!(90), &json!("res_partner_4711")));

    let same = taken(&alone, &clients).await;
    assert!(how(&same).iter().all(|one| matches!(one, Ok((Some(_), How::Same)))), "{same:?}");
    let digests = |all: &[Became]| {
        all.iter()
            .map(|one| match &one.outcome {
                Outcome::Taken { digest, .. } => digest.clone(),
                other => panic!("{other:?}"),
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(digests(&first), digests(&same));
    assert_eq!(alone.told("res.partner").await.len(), 4, "nothing happened");

    // What is new here comes behind the ids, and behind the numbers in references
    let new = alone
        .call(&Identity::system(), "res.partner", "create", json!({"data": {"name": "Neu", "email": "neu@example.dz"}}))
        .await
        .unwrap();
    let new = rows(&alone, json!([["id", "=", new]]), "{id, ref_odoo}").await;
    assert!(new[0]["id"].as_i64().unwrap() > 4711 && new[0]["ref_odoo"] == format!("res_partner_{}", new[0]["id"]), "{new:?}");
}

#[tokio::test]
async fn what_does_not_fit_is_told_with_its_reason_and_the_others_are_taken() {
    let alone = partners().await;
    let here = alone
        .call(&Identity::system(), "res.partner", "create", json!({"data": {"name": "Here", "email": "here@example.dz"}}))
        .await
        .unwrap();
    let here = here.as_i64().unwrap();
    let email = |email: &str| json!({"name": "N", "email": email});
    let import = batch(
        "res.partner",
        vec![
            record(here, email("first@example.dz")),
            record(101, email("FIRST@example.dz")),
            record(102, email("here@example.dz")),
            Record { merge: true, ..record(103, email("here@example.dz")) },
            record(104, json!({"email": "nameless@example.dz", "status": "ODD", "colour": 1})),
            record(105, json!({"name": "P", "is_pos": true})),
            linked("parent_id", &[106], record(107, json!({"name": "A"}))),
            linked("parent_id", &[105], record(108, json!({"name": "B"}))),
            linked("parent_id", &[108], record(109, json!({"name": "C"}))),
            record(110, json!({"name": "D", "country_id": "Atlantis"})),
            Record { reference: Some(format!("res_partner_{here}")), ..record(111, email("taken@example.dz")) },
            record(112, email("good@example.dz")),
        ],
    );
    let dry = Import(Batch { dry: true, ..import.0.clone() });
    let rehearsed = taken(&alone, &dry).await;
    holds(&alone, "NOT EXISTS (SELECT FROM odoo_binding) AND (SELECT count(*) FROM res_partner) = 1").await;
    let became = taken(&alone, &import).await;
    let all = how(&became);
    assert!(matches!(all[0], Ok((Some(id), How::Made)) if id > 112), "its id is another's: {became:#?}");
    assert_eq!(
        all[1..],
        [
            Err(Misfit::Key),
            Err(Misfit::Key),
            Ok((Some(here), How::Merged)),
            Err(Misfit::Value),
            Err(Misfit::Value),
            Err(Misfit::Link),
            Err(Misfit::Link),
            Err(Misfit::Link),
            Err(Misfit::Value),
            Err(Misfit::Taken),
            Ok((Some(112), How::Made)),
        ],
        "{became:#?}"
    );
    let Outcome::Refused { odoo, .. } = &became[1].outcome else { panic!() };
    assert_eq!(odoo, &Some(("res.partner".to_owned(), here)), "who has it there is told");
    let Outcome::Refused { record_id, reason, .. } = &became[2].outcome else { panic!() };
    assert_eq!((record_id, reason.contains('@')), (&Some(here), false));
    let Outcome::Refused { reason, .. } = &became[4].outcome else { panic!() };
    assert!(["name", "ODD", "colour"].iter().all(|word| reason.contains(word)), "everything at once: {reason}");
    // A rehearsal says the same, but of what only the storing shows and of what it can't know
    let rehearsed = how(&rehearsed);
    assert_eq!(rehearsed[0], Ok((None, How::Made)));
    assert_eq!(rehearsed[1..6], all[1..6]);
    holds(&alone, "(SELECT count(*) FROM odoo_binding) = 3 AND (SELECT count(*) FROM res_partner) = 3").await;
}

#[tokio::test]
async fn what_changed_there_is_taken_over_but_not_what_was_changed_removed_or_forgotten_here() {
    let alone = partners().await;
    let named = |name: &str| {
        batch("res.partner", (201..=204).map(|id| record(id, json!({"name": name, "email": format!("{id}@example.dz")}))).collect())
    };
    taken(&alone, &named("Before")).await;
    let system = Identity::system();
    alone.call(&system, "res.partner", "write", json!({"filter": [["id", "=", 202]], "data": {"name": "Here"}})).await.unwrap();
    alone.call(&system, "res.partner", "unlink", json!({"filter": [["id", "=", 203]]})).await.unwrap();
    alone.execute("SELECT forget(204, 1, 'asked for it', NULL)").await;
    let became = taken(&alone, &named("After")).await;
    assert_eq!(how(&became), [Ok((Some(201), How::Changed)), Err(Misfit::Changed), Err(Misfit::Removed), Err(Misfit::Removed)]);
    holds(&alone, "(SELECT array_agg(name ORDER BY id) FROM res_partner WHERE id IN (201, 202)) = '{After,Here}'").await;
    holds(&alone, "(SELECT digest IS NULL AND write_date IS NULL AND record_id = 204 FROM odoo_binding WHERE odoo_id = 204)").await;
    let told = alone.told("res.partner").await;
    assert_eq!(told.iter().filter(|event| event["kind"] == "updated" && event["cause"] == "import").count(), 1, "{told:?}");
    assert_eq!(how(&taken(&alone, &named("After")).await)[0], Ok((Some(201), How::Same)));
}

#[tokio::test]
async fn users_come_inactive_and_with_nothing_by_which_they_could_log_in() {
    let alone = partners().await;
    taken(&alone, &batch("res.bank", vec![record(9, json!({"name": "BNA"}))])).await;
    let user = |more: Value| {
        let mut values = json!({"name": "Karim", "login": "karim@example.dz", "active": false});
        values.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        values
    };
    let users = batch(
        "res.users",
        vec![
            record(31, user(json!({}))),
            record(32, user(json!({"login": "bank@example.dz", "bank_id": 9, "role": "ROLE_USER"}))),
            record(33, user(json!({"login": "open@example.dz", "active": true}))),
            record(34, user(json!({"login": "key@example.dz", "password": "a password that is long"}))),
            record(35, user(json!({"login": "root@example.dz", "hub_admin": true}))),
            record(36, user(json!({"login": "sends@example.dz", "integration": true}))),
            record(37, user(json!({}))),
        ],
    );
    let became = taken(&alone, &users).await;
    let all = how(&became);
    assert_eq!(all[..2], [Ok((Some(31), How::Made)), Ok((Some(32), How::Made))], "{became:#?}");
    assert_eq!(all[2..], [Err(Misfit::Value), Err(Misfit::Value), Err(Misfit::Value), Err(Misfit::Value), Err(Misfit::Key)], "{became:#?}");
    holds(&alone, "(SELECT count(*) FROM res_users WHERE id > 30 AND NOT active AND password IS NULL) = 2").await;
    holds(
        &alone,
        "(SELECT create_by FROM res_users WHERE id = 32) = 'ekiclik' AND (SELECT create_by FROM res_users WHERE id = 31) = 'odoo'",
    )
    .await;
}

#[tokio::test]
async fn nobody_but_the_bridge_brings_records_and_a_batch_is_bounded() {
    let alone = partners().await;
    let one = batch("res.partner", vec![record(1, json!({"name": "N"}))]);
    assert_eq!(alone.asked("crm", &one).await.unwrap_err().status, 403);
    let refused = |change: fn(&mut Batch)| {
        let mut import = one.clone();
        change(&mut import.0);
        import
    };
    for import in [
        refused(|batch| batch.model = "res.currency".to_owned()),
        refused(|batch| batch.source = String::new()),
        refused(|batch| batch.records[0].odoo_id = 1 << 40),
        refused(|batch| batch.records = vec![batch.records[0].clone(); 2]),
    ] {
        assert_eq!(alone.asked("bridge", &import).await.unwrap_err().status, 422, "{import:?}");
    }
}
