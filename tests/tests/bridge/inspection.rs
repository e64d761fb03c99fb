//! `ek.odoo.run`: an inspection finds what the recorded company's own description says, and reads only.

use std::collections::HashSet;
use std::time::Duration;

use bridge::{mapping, plain};
use bridge_contract::Report;
use rustix::process::Signal;
use serde_json::json;
use system_tests::odoo16::{Mood, Odoo16};
use system_tests::{Stand, until};

use crate::{SETTINGS, begin, ended, report, run};

/// What an Odoo in a mood is found to be.
async fn found(mood: Mood) -> (Report, Vec<String>) {
    let stand = Stand::with(SETTINGS).await;
    let admin = stand.login("admin").await;
    let odoo = Odoo16::new(mood).await;
    let (_, of) = begin(&admin, &odoo, json!({})).await;
    let ended = ended(&stand, &admin, of).await;
    assert_eq!(odoo.changes(), Vec::<String>::new(), "it reads only");
    (report(&ended), odoo.calls())
}

fn misfit(report: &Report, kind: &str) -> (u64, Vec<i64>) {
    let found = report.misfits.iter().find(|misfit| misfit.kind == kind);
    found.map(|misfit| (misfit.many, misfit.ids.clone())).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recorded_company_is_found_with_its_surprises() {
    let (report, _) = found(Mood::default()).await;
    assert_eq!(
        (report.server_version.as_str(), report.major, report.protocol.as_str(), report.lang.as_str()),
        ("16.0", 16, "json-rpc", "fr_FR")
    );
    let company = report.company.as_ref().unwrap();
    assert_eq!((company.id, company.name.as_str(), company.currency.as_str()), (1, "Dar El Atath SARL", "DZD"));
    assert_eq!(report.other_companies.iter().map(|other| other.id).collect::<Vec<_>>(), [2]);
    assert_eq!(report.modules.as_ref().map(Vec::len), Some(75));
    assert_eq!((report.rights.len(), report.absent.len()), (0, 0), "{:?}", report.rights);

    let counts = |model: &str| report.counts.iter().find(|count| count.model == model).map(|count| (count.all, count.archived)).unwrap();
    for (model, all) in [
        ("res.partner", 131),
        ("res.users", 16),
        ("product.category", 25),
        ("product.template", 101),
        ("product.product", 126),
        ("stock.warehouse", 8),
        ("stock.location", 73),
        ("stock.quant", 359),
        ("stock.picking", 99),
        ("stock.move", 336),
        ("stock.move.line", 316),
        ("purchase.order", 21),
        ("purchase.order.line", 41),
        ("crm.lead", 69),
        ("sale.order", 73),
        ("sale.order.line", 130),
        ("account.move", 34),
        ("account.payment", 13),
    ] {
        assert_eq!(counts(model).0, all, "{model}");
    }
    assert_eq!(counts("product.template").1, 4, "archived templates 96 to 99");

    let custom: HashSet<_> = report.custom.iter().map(|custom| format!("{}.{}", custom.model, custom.field)).collect();
    let known = [
        "res.partner.x_is_pos",
        "res.partner.x_code_pos",
        "res.partner.x_credit_code",
        "res.partner.x_status",
        "product.template.x_manufacturer_ref",
        "product.template.x_fab_certificate",
        "product.template.x_brand",
        "crm.lead.x_product_ref",
        "crm.lead.x_cart_id",
        "crm.lead.x_ek_order_id",
        "crm.lead.x_bank",
        "crm.lead.x_salary",
        "crm.lead.x_birth_date",
        "sale.order.x_product_ref",
        "sale.order.x_cart_id",
        "sale.order.x_ek_order_id",
        "sale.order.x_bank",
    ];
    assert_eq!(custom, known.map(str::to_owned).into(), "and no field of a plain Odoo");
    assert_eq!(report.addon.found, Vec::<String>::new());
    let banks: Vec<_> = report.banks.iter().map(|bank| bank.value.as_str()).collect();
    assert_eq!(banks, ["AL SALAM", "Al Salam Bank", "Alsalam", "BNA ", "C.P.A", "alsalam", "bna", "cpa"]);

    for (kind, many, ids) in [
        ("client_without_email", 6, &[71, 77, 84, 92, 100, 112][..]),
        ("client_with_anothers_email", 4, &[74, 75, 79, 80]),
        ("email_is_no_address", 1, &[83]),
        ("several_emails", 1, &[85]),
        ("only_a_supplier", 5, &[131, 132, 133, 134, 135]),
        ("private_address", 1, &[130]),
        ("address_without_name", 3, &[109, 117, 125]),
        ("reference_twice", 6, &[41, 51, 52, 98, 99, 125]),
        ("manufacturer_reference_twice", 2, &[51, 53]),
        ("attribute_without_variant", 2, &[88, 93]),
        ("product_followed_by_lots", 1, &[28]),
        ("negative_quantity", 3, &[337, 344, 350]),
        ("done_and_not_validated", 1, &[49]),
        ("picking_from_client_to_client", 2, &[63, 65]),
        ("purchase_in_another_currency", 1, &[18]),
        ("purchase_line_in_another_unit", 1, &[17]),
        ("order_of_another_company", 1, &[73]),
        ("order_without_lines", 1, &[27]),
        ("order_number_twice", 2, &[25, 69]),
        ("order_line_in_another_unit", 1, &[40]),
        ("down_payment", 1, &[62]),
        ("cancelled_and_delivered", 1, &[72]),
        ("credit_note_without_invoice", 1, &[26]),
        ("product_without_variants", 0, &[]),
        ("invoice_in_another_currency", 0, &[]),
        ("pos_without_code", 0, &[]),
    ] {
        assert_eq!(misfit(&report, kind), (many, ids.to_vec()), "{kind}");
    }
    for (kind, many) in
        [("order_without_bank", 30), ("lead_without_bank", 47), ("lead_without_client", 34), ("product_without_reference", 26)]
    {
        assert_eq!(misfit(&report, kind).0, many, "{kind}");
    }
    let all: HashSet<&str> = mapping::kinds().collect();
    assert!(report.misfits.iter().all(|misfit| all.contains(misfit.kind.as_str())), "a mapping may answer each");
    let left: Vec<_> = report.left_out.iter().map(|left| (left.model.as_str(), left.many)).collect();
    assert_eq!(left, [("account.move", 8), ("account.payment", 13), ("product.pricelist.item", 1), ("res.users", 3)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_any_mood_the_same_is_found() {
    let (calm, _) = found(Mood::default()).await;
    for mood in [
        Mood { cuts_every: 7, ..Mood::default() },
        Mood { serializes_every: 5, ..Mood::default() },
        Mood { largest_page: Some(30), ..Mood::default() },
        Mood { slow: Duration::from_millis(3), cuts_every: 11, serializes_every: 13, ..Mood::default() },
    ] {
        let (found, _) = found(mood.clone()).await;
        assert_eq!(found, calm, "{mood:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nineteen_is_asked_by_json_2_and_the_same_is_found() {
    let (calm, _) = found(Mood::default()).await;
    let (found, calls) = found(Mood { is_19: true, ..Mood::default() }).await;
    assert_eq!((found.major, found.protocol.as_str()), (19, "json-2"));
    let alike = Report { major: calm.major, server_version: calm.server_version.clone(), protocol: calm.protocol.clone(), ..found };
    assert_eq!(alike, calm);
    assert!(!calls.iter().any(|call| call == "common.authenticate"), "a key says who asks");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_read_and_what_is_not_installed_is_told_and_the_rest_is_found() {
    let mood = Mood {
        forbidden: ["ir.module.module", "account.move"].into(),
        absent: ["purchase.order", "purchase.order.line"].into(),
        ..Mood::default()
    };
    let (report, _) = found(mood).await;
    assert_eq!(report.modules, None);
    assert_eq!(report.rights.iter().map(|missing| missing.model.as_str()).collect::<Vec<_>>(), ["account.move"]);
    assert_eq!(report.absent, ["purchase.order", "purchase.order.line"]);
    assert_eq!((misfit(&report, "credit_note_without_invoice").0, misfit(&report, "order_without_lines").0), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_refused_stops_it_at_once_with_the_reason() {
    let stand = Stand::with(SETTINGS).await;
    let admin = stand.login("admin").await;
    let odoo = Odoo16::new(Mood::default()).await;
    for (wrong, told, calls) in [
        (json!({"name": "A", "secret": "wrong"}), "does not take the login 'admin'", 2),
        (json!({"name": "B", "login": "Admin"}), "does not take the login 'Admin'", 2),
        (json!({"name": "C", "db": "other"}), "no database 'other'", 2),
    ] {
        let before = odoo.calls().len();
        let (_, of) = begin(&admin, &odoo, wrong).await;
        let ended = ended(&stand, &admin, of).await;
        assert!(ended["state"] == "failed" && ended["error"].as_str().unwrap().contains(told), "{ended}");
        assert_eq!(odoo.calls().len() - before, calls, "{told}: never a second try");
    }
    let revoked = Odoo16::new(Mood { revoked_after: Some(40), ..Mood::default() }).await;
    let (_, of) = begin(&admin, &revoked, json!({"name": "D"})).await;
    let ended = ended(&stand, &admin, of).await;
    assert!(ended["state"] == "failed" && ended["error"].as_str().unwrap().contains("does not take the login"), "{ended}");
    assert_eq!(revoked.calls().len(), 41);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_listed_is_refused_and_so_is_one_that_an_operator_has_struck_from_the_list() {
    let odoo = Odoo16::new(Mood::default()).await;
    let stand = Stand::with(&[]).await;
    let admin = stand.login("admin").await;
    let data = json!({"name": "Home", "base_url": odoo.url, "db": "company", "login": "admin", "secret": "key"});
    let refused = admin.create("ek.odoo", data).await;
    assert!(refused.status == 422 && refused.text.contains("base_url"), "{}", refused.text);
    let odoo_id = system_tests::id(
        &admin
            .create(
                "ek.odoo",
                json!({"name": "Public", "base_url": "https://odoo.example", "db": "company", "login": "admin", "secret": "key"}),
            )
            .await,
    );
    // As if the list had been longer before
    Stand::execute(&mut stand.sql().await, &format!("UPDATE bridge.ek_odoo SET base_url = '{}'", odoo.url)).await;
    let of = system_tests::id(&admin.create("ek.odoo.run", json!({"odoo_id": odoo_id, "kind": "inspection"})).await);
    let ended = ended(&stand, &admin, of).await;
    assert!(ended["state"] == "failed" && ended["error"].as_str().unwrap().contains("https"), "{ended}");
    assert_eq!(odoo.calls(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_it_goes_on_where_it_was() {
    let (calm, _) = found(Mood::default()).await;
    let mut stand = Stand::processes_with(SETTINGS).await;
    let odoo = Odoo16::new(Mood { slow: Duration::from_millis(10), ..Mood::default() }).await;
    let (_, of) = begin(&stand.login("admin").await, &odoo, json!({})).await;
    for step in [3, 20, 40] {
        let further = format!("SELECT count(*) AS n FROM bridge.ek_odoo_run WHERE id = {of} AND step > {step}");
        until("it is so far", async || stand.count(&further).await == 1).await;
        hub::children::signal(stand.children.as_ref().unwrap().id("bridge").unwrap(), Signal::KILL).unwrap();
        stand.children.as_mut().unwrap().again(&["bridge"]).await.unwrap();
        // Nobody waits half a minute for a lease that nobody has
        let over = format!("UPDATE bridge.ek_odoo_run SET lease_until = now() WHERE id = {of} AND lease IS NOT NULL");
        Stand::execute(&mut stand.sql().await, &over).await;
    }
    let admin = stand.login("admin").await;
    let ended = ended(&stand, &admin, of).await;
    assert_eq!(report(&ended), calm);
    let modules = odoo.calls().iter().filter(|call| *call == "ir.module.module.search_read").count();
    assert_eq!(modules, 2, "a page and the empty one after it: what was done is not done again");
}

#[tokio::test(flavor = "multi_thread")]
async fn called_off_it_asks_for_nothing_more() {
    let stand = Stand::with(SETTINGS).await;
    let admin = stand.login("admin").await;
    let odoo = Odoo16::new(Mood { slow: Duration::from_millis(50), ..Mood::default() }).await;
    let (at, of) = begin(&admin, &odoo, json!({})).await;
    let begun = format!("SELECT count(*) AS n FROM bridge.ek_odoo_run WHERE id = {of} AND step > 1");
    until("it is under way", async || stand.count(&begun).await == 1).await;
    let open = run(&admin, of).await;
    assert!(open["state"] == "running" && open["steps"].as_i64().unwrap() > 40 && open["about"].is_string(), "{open}");
    assert_eq!(admin.call("ek.odoo.run", of, "action_cancel", json!([])).await.status, 200);
    // One run at a time is under way in a process: the next begins when the one before has let go
    let next = system_tests::id(&admin.create("ek.odoo.run", json!({"odoo_id": at, "kind": "inspection"})).await);
    let versions = || odoo.calls().iter().filter(|call| *call == "common.version").count();
    until("the next one begins", async || versions() == 2).await;
    assert!(!odoo.calls().iter().any(|call| call == "account.payment.search_count"), "the one before never came so far");
    assert_eq!(admin.call("ek.odoo.run", next, "action_cancel", json!([])).await.status, 200);
    let ended = run(&admin, of).await;
    assert!(ended["state"] == "cancelled" && ended["step"].as_i64().unwrap() < ended["steps"].as_i64().unwrap(), "{ended}");
    assert!(ended["ended"].is_string(), "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_that_is_kept_is_checked_against_that_odoos_own_fields() {
    let stand = Stand::with(SETTINGS).await;
    let admin = stand.login("admin").await;
    let odoo = Odoo16::new(Mood::default()).await;
    let own = "[fields.\"sale.order\"]\nx_ek_order_id = \"ek_order_id\"\nx_bnak = \"bank_id\"\n";
    let (at, of) = begin(&admin, &odoo, json!({"mapping": own})).await;
    let first = ended(&stand, &admin, of).await;
    let problems = report(&first).mapping_problems;
    let told: Vec<_> = problems.iter().map(|problem| (problem.line, problem.message.as_str())).collect();
    assert_eq!(told, [(3, "there is no field in sale.order of that Odoo named `x_bnak`; did you mean `x_bank`?")]);
    // What is proposed fits
    let proposed = first["mapping"].as_str().unwrap();
    assert!(proposed.contains("x_manufacturer_ref = \"manufacturer_ref\"") && proposed.contains("order = \"x_bank\""), "{proposed}");
    assert_eq!(admin.write("ek.odoo", json!([["id", "=", at]]), json!({"mapping": proposed})).await.status, 200);
    let again = system_tests::id(&admin.create("ek.odoo.run", json!({"odoo_id": at, "kind": "inspection"})).await);
    let again = ended(&stand, &admin, again).await;
    assert_eq!(report(&again).mapping_problems, []);
    let kept = admin.rows("ek.odoo", &[("query", "{protocol, server_version, has_secret}")]).await;
    assert_eq!(kept, [json!({"protocol": "json-rpc", "server_version": "16.0", "has_secret": true})]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_administrators_hears_of_it_and_the_secret_is_nowhere() {
    let stand = Stand::with(SETTINGS).await;
    let admin = stand.login("admin").await;
    let odoo = Odoo16::new(Mood::default()).await;
    let (at, of) = begin(&admin, &odoo, json!({})).await;
    ended(&stand, &admin, of).await;
    for login in ["ekiclik", "bna", "alsalam"] {
        let session = stand.login(login).await;
        for (model, id) in [("ek.odoo", at), ("ek.odoo.run", of)] {
            let listed = session.list(model, &[("query", "{id}")]).await;
            assert!(listed.status == 403 || listed.json()["result"] == json!([]), "{login} {model}: {}", listed.text);
            assert_ne!(session.get(&format!("/api/{model}/{id}")).await.status, 200, "{login} {model}");
        }
        assert_ne!(session.call("ek.odoo.run", of, "action_cancel", json!([])).await.status, 200, "{login}");
    }
    let all = admin.list("ek.odoo", &[("query", "{*}")]).await.text;
    assert!(!all.contains(system_tests::odoo16::KEY), "{all}");
    for table in ["ek_odoo t", "ek_odoo_run t", "event t", "audit t"] {
        let there = format!("SELECT count(*) AS n FROM bridge.{table} WHERE t::text LIKE '%{}%'", system_tests::odoo16::KEY);
        assert_eq!(stand.count(&there).await, 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_that_a_mapping_may_name_is_one_of_the_hubs() {
    let stand = Stand::new().await;
    let hub = stand.hub.as_ref().unwrap();
    let registries = system_tests::registries(hub);
    for (theirs, fields) in plain::OURS {
        // A product of theirs is a product here, and what is said of its one configuration that one's
        let ours: &[&str] = if *theirs == "product.template" { &["product.master", "product.template"] } else { &[*theirs] };
        let models: Vec<_> = ours.iter().map(|name| registries.iter().find_map(|(_, registry)| registry.get(name)).unwrap()).collect();
        for field in *fields {
            assert!(models.iter().any(|model| model.field(field).is_some()), "{theirs}: {field}");
        }
    }
}
