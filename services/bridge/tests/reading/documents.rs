//! Leads, orders, invoices.

use domain::Progress;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::company::{Became, Company, HERE};
use crate::{LENIENT, STRICT, with};

const ORDER: &str = "sale.order";
const INVOICE: &str = "account.move";

fn order(id: i64, field: &str) -> Value {
    LENIENT.value(ORDER, id, field)
}

#[test]
fn leads_come_with_their_loan_files_and_banks_however_these_are_spelled() {
    let lead = |id, field| LENIENT.value("crm.lead", id, field);
    for (id, bank) in [(57, "Alsalam"), (59, "BNA"), (65, "BNA"), (67, "CPA")] {
        assert_eq!(lead(id, "order_source"), bank, "{id}");
    }
    assert_eq!((lead(65, "stage_id"), lead(65, "cart_id"), lead(65, "ek_order_id")), (json!("Gagné"), json!(2621), json!(1431)));
    assert_eq!((lead(65, "salary"), lead(65, "birth_date")), (json!("45000.5"), json!("1969-10-10")));
    for id in [59, 72, 76] {
        assert_eq!((lead(id, "stage_id"), lead(id, "active")), (json!("Perdu"), json!(false)), "{id}");
    }
    assert_eq!(lead(57, "stage_id"), "En traitement");
    let company = with("[values.stage]\n\"Dossier en traitement\" = \"Chez le banquier\"\n");
    assert_eq!(company.value("crm.lead", 57, "stage_id"), "Chez le banquier");
    let sums = STRICT.sums("crm.lead");
    assert_eq!((sums["aside: lead_without_client"], sums["aside: lead_without_bank"]), (34, 17));
    assert_eq!(STRICT.aside("crm.lead", 76).misfit, "lead_without_bank");
}

#[test]
fn orders_are_as_far_as_their_states_deliveries_and_invoices_say() {
    for (id, state, progress) in [
        (25, "draft", Progress::Created),
        (36, "sale", Progress::InPreparation),
        (45, "sale", Progress::InDelivery),
        (46, "sale", Progress::InDelivery),
        (47, "sale", Progress::InDelivery),
        (48, "sale", Progress::InDelivery),
        (54, "done", Progress::Delivered),
        (58, "done", Progress::Delivered),
        // Its invoice was reversed: there is one to be made
        (60, "sale", Progress::InDelivery),
        (66, "done", Progress::Delivered),
        (69, "cancel", Progress::Cancelled),
        (72, "cancel", Progress::Cancelled),
    ] {
        assert_eq!((order(id, "state"), order(id, "ek_state")), (json!(state), json!(progress.as_str())), "{id}");
    }
    let sent = (1..=72).filter(|id| matches!(LENIENT.of(ORDER, *id), Became::Taken(_)) && order(*id, "state") == "sent").count();
    assert_eq!(sent, 5);
    let company = with("[values.order_state]\nsale = \"EK_ORDER_DELIVERED\"\n");
    assert_eq!(company.value(ORDER, 36, "ek_state"), Progress::Delivered.as_str(), "as the mapping says");
}

#[test]
fn amounts_are_as_they_are_kept_without_noise_and_discounts_stand_in_the_price() {
    let fields = ["product_uom_qty", "price_unit", "price_subtotal", "price_tax", "price_total", "tax_rate", "tax_included"];
    let lines = LENIENT.lines(ORDER, 29, &fields);
    assert_eq!(
        lines[0],
        [json!("3"), json!("74670.4"), json!("224011.2"), json!("42562.13"), json!("266573.33"), json!("19"), json!(false)]
    );
    assert_eq!((&lines[1][0], &lines[2][0]), (&json!("3.3"), &json!("0.1")));
    assert_eq!(order(29, "amount_total"), "272134.03");
    let sum = |company: &Company, model: &str, ids: &mut dyn Iterator<Item = i64>| -> Decimal {
        ids.map(|id| company.value(model, id, "amount_total").as_str().unwrap().parse::<Decimal>().unwrap()).sum()
    };
    assert_eq!(sum(&LENIENT, ORDER, &mut (1..=72)), "193178993.24".parse().unwrap(), "all of the company's orders, to the centime");
}

#[test]
fn orders_without_lines_are_put_aside_and_sections_and_notes_stand_in_the_note() {
    assert_eq!(STRICT.aside(ORDER, 27).misfit, "order_without_lines");
    assert_eq!(LENIENT.lines(ORDER, 27, &["name"]), Vec::<Vec<Value>>::new());
    assert_eq!(order(28, "note"), "Devis <spécial>\nSalon\nLivraison après 17 h\nمن فضلكم");
    assert_eq!(LENIENT.lines(ORDER, 28, &["product_id"]), [[json!(42 + HERE)], [json!(44 + HERE)]]);
}

#[test]
fn a_number_of_the_platform_that_stands_twice_is_the_first_orders_in_its_bank() {
    assert_eq!((order(25, "ek_order_id"), order(69, "ek_order_id")), (json!(1401), json!(1401)), "of two banks");
    let company = with("").value(ORDER, 25, "order_source");
    assert_eq!(company, "BNA");
    let mapping = crate::MAPPING.replace("bna = \"BNA\"", "bna = \"Alsalam\"");
    let one_bank = Company::read(&mapping);
    assert_eq!((one_bank.value(ORDER, 25, "ek_order_id"), one_bank.value(ORDER, 69, "ek_order_id")), (json!(1401), Value::Null));
    assert_eq!(one_bank.value(ORDER, 69, "note"), "N° plateforme : 1401");
    let aside = Company::read(&format!("{mapping}[misfits]\norder_number_twice = \"put_aside\"\n"));
    assert_eq!(aside.aside(ORDER, 69).misfit, "order_number_twice");
}

#[test]
fn lines_are_in_their_products_unit_and_say_what_was_chosen() {
    let fields = ["product_uom_qty", "price_unit", "price_subtotal", "reserved"];
    assert_eq!(LENIENT.lines(ORDER, 40, &fields)[0], [json!("24"), json!("180"), json!("4320"), json!("24")], "two dozen");
    assert_eq!(LENIENT.taken(ORDER, 40).noted, ["order_line_in_another_unit"]);
    let names = LENIENT.lines(ORDER, 38, &["name", "product_id"]);
    assert!(names[0][0].as_str().unwrap().contains("Gravure: Texte libre: Pour Amel"), "{names:?}");
    assert_eq!(STRICT.aside(ORDER, 38).of, Some(("product.product", 128)), "it has no reference");
    assert_eq!(LENIENT.lines(ORDER, 36, &fields)[0][..1], [json!("500")], "far more than there are");
}

#[test]
fn what_was_delivered_returned_and_put_aside_is_told_a_line() {
    let moved = |id| LENIENT.lines(ORDER, id, &["qty_delivered", "qty_returned", "reserved"]);
    // Dropped what was left; more than ordered, then some back; returned in part; a return that waits; cancelled after a part
    for (id, delivered, returned) in [(49, "2", "0"), (50, "3", "1"), (51, "4", "2"), (52, "3", "1"), (53, "6", "0"), (72, "1", "0")] {
        assert_eq!(moved(id)[0][..2], [json!(delivered), json!(returned)], "{id}");
    }
    assert_eq!(moved(36)[0][2], "56");
    assert!(LENIENT.taken(ORDER, 50).noted.contains(&"more_delivered_than_ordered"));
    assert_eq!(LENIENT.taken(ORDER, 72).noted, ["cancelled_and_delivered"]);
}

#[test]
fn an_order_names_its_point_of_sale_and_its_address() {
    assert_eq!((order(35, "pos_id"), order(35, "code_pos")), (json!(53 + HERE), json!("PDVA-E-ALG-ALG-16-001")));
    assert_eq!((order(36, "pos_id"), order(36, "code_pos")), (Value::Null, Value::Null), "from the central warehouse");
    assert_eq!((order(36, "delivery_type"), order(36, "delivery_street")), (json!("delivery"), json!("Dépôt 1, route nationale 5")));
    assert_eq!((order(36, "delivery_street2"), order(36, "delivery_state")), (json!("Réghaïa"), json!("Boumerdès")));
    assert_eq!(STRICT.aside(ORDER, 73).misfit, "order_of_another_company");
    assert_eq!(STRICT.aside(ORDER, 1).misfit, "order_without_bank");
    assert_eq!((order(1, "bank_id"), order(1, "currency"), order(1, "rate")), (Value::Null, Value::Null, Value::Null));
}

#[test]
fn invoices_come_as_they_are_with_what_was_paid() {
    let value = |id, field| LENIENT.value(INVOICE, id, field);
    for (id, state, paid, residual) in [
        (27, "posted", "paid", "0"),
        (34, "posted", "partial", "199740.45"),
        (37, "posted", "not_paid", "69542"),
        (38, "draft", "not_paid", "4741.5"),
        (39, "posted", "reversed", "0"),
        (50, "cancel", "not_paid", "2856"),
        (56, "posted", "paid", "0"),
    ] {
        assert_eq!(
            (value(id, "state"), value(id, "payment_state"), value(id, "amount_residual")),
            (json!(state), json!(paid), json!(residual))
        );
    }
    assert_eq!((value(34, "name"), value(38, "name")), (json!("FAC/2026/00010"), Value::Null), "a draft has no number");
    let payments = value(34, "payments");
    assert_eq!(
        (&payments[0]["amount"], &payments[1]["amount"], &payments[1]["date"]),
        (&json!("100000"), &json!("50000.55"), &json!("2026-06-20"))
    );
    assert_eq!(payments[0]["number"], "PBNK1/2026/00005");
    assert_eq!(value(34, "bank_id"), LENIENT.value(ORDER, 57, "bank_id"), "its order's");
    assert_eq!(LENIENT.taken(INVOICE, 34).record.links["sale_id"], [57]);
    let total: Decimal = [1, 2, 3, 4, 23, 25, 27, 30, 32, 34, 37, 38, 39, 42, 46, 48, 49, 50, 51, 52, 54, 56]
        .iter()
        .map(|id| value(*id, "amount_total").as_str().unwrap().parse::<Decimal>().unwrap())
        .sum();
    assert_eq!(total, "1737187.3".parse().unwrap());
    assert_eq!((LENIENT.taken(INVOICE, 1).noted.as_slice(), value(1, "bank_id")), (["invoice_without_bank"].as_slice(), Value::Null));
    assert_eq!(with("[misfits]\ninvoice_without_bank = \"put_aside\"\n").aside(INVOICE, 1).misfit, "invoice_without_bank");
}

#[test]
fn credit_notes_down_payments_and_invoices_of_two_orders_come_with_their_lines() {
    let links = |id: i64| &LENIENT.taken(INVOICE, id).record.links;
    assert_eq!((&links(24)["reversed_entry_id"][..], &links(41)["reversed_entry_id"][..]), (&[23][..], &[39][..]));
    assert!(!links(26).contains_key("reversed_entry_id") && LENIENT.taken(INVOICE, 26).noted.contains(&"credit_note_without_invoice"));
    assert_eq!(
        (LENIENT.value(INVOICE, 44, "move_type"), LENIENT.value(INVOICE, 44, "amount_total")),
        (json!("out_refund"), json!("21900"))
    );
    let down = LENIENT.lines(INVOICE, 48, &["quantity", "price_subtotal", "price_unit"]);
    assert_eq!(down[1], [json!("-1"), json!("-87465"), json!("87465")]);
    assert_eq!(LENIENT.lines(ORDER, 62, &["product_uom_qty", "price_subtotal"])[1], [json!("0"), json!("0")]);
    assert_eq!(links(49)["sale_id"], [63], "the first of two");
    let sold: Vec<Vec<i64>> =
        LENIENT.taken(INVOICE, 49).record.parts["invoice_line_ids"].iter().map(|line| line.links["sale_line_id"].clone()).collect();
    assert_eq!(sold, [[121], [120]], "each line names its order's");
    assert_eq!(STRICT.aside(INVOICE, 49).of, Some((ORDER, 64)), "one of them was put aside");
}
