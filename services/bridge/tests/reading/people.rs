//! Banks, users, points of sale, clients, addresses.

use serde_json::{Value, json};

use crate::company::{Became, Company, HERE};
use crate::{LENIENT, MAPPING, STRICT, with};

const PARTNER: &str = "res.partner";

fn value(company: &Company, id: i64, field: &str) -> Value {
    company.value(PARTNER, id, field)
}

#[test]
fn every_record_has_one_outcome() {
    for company in [&*STRICT, &*LENIENT] {
        for (model, many) in [
            (PARTNER, 131),
            ("res.users", 16),
            ("product.master", 101),
            ("product.product", 126),
            ("stock.warehouse", 8),
            ("purchase.order", 21),
            ("crm.lead", 69),
            ("sale.order", 73),
            ("account.move", 26),
        ] {
            let sums = company.sums(model);
            assert_eq!(sums.values().sum::<usize>(), many, "{model}: {sums:?}");
        }
    }
}

#[test]
fn banks_are_those_of_the_mapping_and_keep_the_numbers_that_they_got() {
    let sums = STRICT.sums("res.bank");
    assert_eq!(sums["taken"], 3, "{sums:?}");
    let names: Vec<Value> = (1..=3).map(|id| STRICT.value("res.bank", id, "name")).collect();
    assert_eq!(names, ["Alsalam", "BNA", "CPA"]);
    assert!((1..=3).all(|id| STRICT.taken("res.bank", id).record.merge), "the hub may have it");
    let mapping = bridge::mapping::typed::Mapping::read(MAPPING).unwrap();
    let world = bridge::reading::World::new(mapping, 1, Default::default());
    let known = [("b n a".to_owned(), 41)].into();
    let numbers: Vec<(i64, Option<String>)> =
        bridge::reading::banks(&world, &known, 90).into_iter().map(|bank| (bank.record.odoo_id, bank.key)).collect();
    assert_eq!(numbers, [(91, Some("Alsalam".to_owned())), (41, Some("BNA".to_owned())), (92, Some("CPA".to_owned()))]);
}

#[test]
fn users_are_inactive_and_get_no_rights_and_those_of_the_portal_stay() {
    let sums = STRICT.sums("res.users");
    assert_eq!(sums["taken"], 11, "{sums:?}");
    for id in [2, 8, 14, 16] {
        let record = &STRICT.taken("res.users", id).record;
        assert_eq!(record.values["active"], false);
        assert!(["hub_admin", "integration", "password"].iter().all(|field| !record.values.contains_key(*field)), "{record:?}");
    }
    assert_eq!(STRICT.of("res.users", 7), &Became::LeftOut("a user of the portal"));
    assert_eq!(STRICT.value("res.users", 8, "role"), Value::Null, "no group has a role");
    let company = with("[values.role]\n\"24\" = \"ROLE_USER\"\n\"Administration / Droits d'accès\" = \"ROLE_ADMIN\"\n");
    assert_eq!(company.value("res.users", 8, "role"), "ROLE_USER");
    assert_eq!(company.value("res.users", 2, "role"), "ROLE_ADMIN", "the highest of his groups'");
}

#[test]
fn points_of_sale_are_those_that_the_field_names_with_their_codes() {
    for (id, code, status) in [(53, "PDVA-E-ALG-ALG-16-001", "ACTIVE"), (58, "PDVA-E-ANN-ANN-23-006", "BLOCKED")] {
        let taken = STRICT.taken(PARTNER, id);
        assert_eq!((value(&STRICT, id, "is_pos"), value(&STRICT, id, "code_pos")), (json!(true), json!(code)));
        assert_eq!((value(&STRICT, id, "status"), taken.key.as_deref()), (json!(status), Some(code)));
    }
    assert_eq!(value(&STRICT, 53, "state_id"), "16");
    assert_eq!(value(&STRICT, 53, "country_id"), "DZ");
    // Without the field the warehouses tell
    let company = Company::read("[source]\ncompany = 1\n");
    assert_eq!(value(&company, 53, "code_pos"), "PDV16");
    assert_eq!(company.sums("sale.order").get("aside: order_without_bank"), Some(&71), "a plain Odoo's orders name no bank");
}

#[test]
fn clients_without_an_e_mail_are_taken_without() {
    for id in [71, 77, 84, 92, 100] {
        assert_eq!(value(&STRICT, id, "email"), Value::Null, "{id}");
        assert!(STRICT.taken(PARTNER, id).noted.contains(&"client_without_email"), "{id}");
    }
    let company = with("[misfits]\nclient_without_email = \"put_aside\"\n");
    assert_eq!(company.aside(PARTNER, 71).misfit, "client_without_email");
    let order = company.became.iter().find_map(|((model, _), became)| match became {
        Became::Aside(aside) if model == "sale.order" && aside.of == Some((PARTNER, 71)) => Some(aside),
        _ => None,
    });
    assert_eq!(order.unwrap().misfit, bridge::reading::REFERS, "what refers to him is put aside with him");
}

#[test]
fn of_clients_that_share_an_e_mail_the_first_has_it_as_key_and_the_others_beside() {
    for (first, other, email) in [(79, 80, "partage@mail.example"), (74, 75, "famille.touati@mail.example")] {
        assert_eq!(value(&STRICT, first, "email"), email);
        assert_eq!(value(&STRICT, other, "email"), Value::Null);
        let comment = value(&STRICT, other, "comment").as_str().unwrap().to_lowercase();
        assert!(comment.ends_with(&format!("e-mail : {email}")), "{comment}");
    }
    let merged = with("[misfits]\nclient_with_anothers_email = \"merge\"\n");
    assert_eq!(merged.of(PARTNER, 80), &Became::Merged("client_with_anothers_email"));
    let aside = with("[misfits]\nclient_with_anothers_email = \"put_aside\"\n");
    assert_eq!(aside.aside(PARTNER, 80).misfit, "client_with_anothers_email");
    assert!(!format!("{:?}", aside.became.values().filter(|one| matches!(one, Became::Aside(_))).collect::<Vec<_>>()).contains('@'));
}

#[test]
fn an_e_mail_is_read_as_its_first_address_and_what_is_none_is_kept_beside() {
    assert_eq!(value(&STRICT, 73, "email"), "amel.capitales11@mail.example");
    assert_eq!(value(&STRICT, 87, "email"), "zineb.benyahia25@mail.example");
    assert_eq!(value(&STRICT, 82, "email"), "espace@mail.example");
    assert_eq!(value(&STRICT, 85, "email"), "a@mail.example");
    assert_eq!(value(&STRICT, 85, "comment"), "Client recommandé & fidèle\nE-mail : a@mail.example; b@mail.example");
    assert_eq!((value(&STRICT, 83, "email"), value(&STRICT, 83, "comment")), (Value::Null, json!("E-mail : pas-une-adresse")));
    let company = with("[misfits]\nemail_is_no_address = \"put_aside\"\n");
    assert_eq!(company.aside(PARTNER, 83).misfit, "email_is_no_address");
}

#[test]
fn archived_clients_and_addresses_come_too() {
    for id in 102..=105 {
        assert_eq!(value(&STRICT, id, "active"), false, "{id}");
    }
    assert_eq!(value(&STRICT, 112, "is_company"), true, "bound to the company that comes over");
    for (id, parent, name) in [(109, 108, "SARL Meuble Plus"), (117, 116, "شركة الأثاث الحديث")] {
        let taken = STRICT.taken(PARTNER, id);
        assert_eq!((value(&STRICT, id, "name"), taken.record.links["parent_id"].as_slice()), (json!(name), [parent].as_slice()));
        assert!(taken.noted.contains(&"address_without_name"));
    }
    assert_eq!(value(&STRICT, 130, "type"), "other", "a private address");
}

#[test]
fn a_companys_and_users_own_partners_and_suppliers_are_no_clients() {
    assert_eq!(STRICT.of(PARTNER, 1), &Became::LeftOut("a company's own"));
    for id in [3, 43, 51] {
        assert_eq!(STRICT.of(PARTNER, id), &Became::LeftOut("a user's own"), "{id}");
    }
    assert!(matches!(STRICT.of(PARTNER, 8), Became::Taken(_)), "who buys in the portal is a client");
    for id in 131..=135 {
        assert_eq!(STRICT.of(PARTNER, id), &Became::LeftOut("only ever a supplier"), "{id}");
    }
    assert_eq!(STRICT.of(PARTNER, 39), &Became::LeftOut("an address of what stays"));
}

#[test]
fn the_banks_of_orders_and_leads_know_their_client() {
    // An order by BNA's field, a lead that is spelled in another way
    let taken = &STRICT.taken("sale.order", 25).record.values;
    let client = taken["partner_id"].as_i64().unwrap() - HERE;
    assert_eq!(taken["order_source"], "BNA");
    assert!(value(&STRICT, client, "bank_ids").as_array().unwrap().contains(&taken["bank_id"]));
    assert_eq!(value(&STRICT, 53, "bank_ids"), Value::Null, "a point of sale is everybody's");
}

#[test]
fn what_the_mapping_leaves_out_stays_with_what_hangs_on_it() {
    let company = with("[leave_out]\nmodels = [\"crm.lead\"]\nids.\"res.partner\" = [108]\n");
    assert_eq!(company.of(PARTNER, 108), &Became::LeftOut("left out by the mapping"));
    assert_eq!(company.of(PARTNER, 109), &Became::LeftOut("an address of what stays"));
    assert_eq!(company.aside("sale.order", 36).of, Some((PARTNER, 108)));
    assert_eq!(company.sums("crm.lead").len(), 1);
    assert!(company.taken("sale.order", 51).record.links.is_empty(), "an order says all itself");
}
