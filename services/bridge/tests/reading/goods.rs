//! Products, warehouses, quantities, purchases, open transfers.

use serde_json::{Value, json};

use crate::company::{Became, HERE};
use crate::{LENIENT, STRICT, with};

const VARIANT: &str = "product.product";

#[test]
fn configurations_have_their_variants_ids_and_say_what_makes_them() {
    let taken = STRICT.taken(VARIANT, 46);
    assert_eq!((taken.record.of, taken.record.links["master_product"].as_slice()), (Some(36), [36].as_slice()));
    assert_eq!(STRICT.value(VARIANT, 46, "manufacturer_ref"), "FAB-CON-006", "its template's, which has no other variant");
    assert_eq!(STRICT.value(VARIANT, 46, "default_code"), "ART-006");
    assert_eq!(STRICT.value("product.master", 36, "ref"), "FAB-CON-006");
    // Price extras of two choices
    assert_eq!((STRICT.value(VARIANT, 95, "list_price"), STRICT.value(VARIANT, 14, "list_price")), (json!("160000"), json!("800.4")));
    assert_eq!(STRICT.value(VARIANT, 95, "manufacturer_ref"), "VAR-84-1", "one of several has its own");
    assert_eq!(STRICT.taken(VARIANT, 95).record.links["attribute_value_ids"].len(), 2);
    // A template that was changed later than its variant
    let (own, template) = (&STRICT.taken(VARIANT, 41).record.write_date, &STRICT.taken("product.master", 31).record.write_date);
    assert!(own >= template);
}

#[test]
fn archived_variants_of_live_products_and_archived_products_come_too() {
    for (variant, template) in [(98, 85), (117, 90)] {
        assert_eq!(STRICT.value(VARIANT, variant, "active"), false);
        assert_eq!(STRICT.value("product.master", template, "active"), true);
    }
    for template in 96..=99 {
        assert_eq!(STRICT.value("product.master", template, "active"), false);
    }
}

#[test]
fn of_references_that_stand_twice_the_first_has_it() {
    assert_eq!((STRICT.value(VARIANT, 98, "manufacturer_ref"), STRICT.aside(VARIANT, 99).misfit), (json!("VAR-DOUBLE"), "reference_twice"));
    assert_eq!(LENIENT.value(VARIANT, 99, "manufacturer_ref"), "rc_variante99");
    assert_eq!(LENIENT.value(VARIANT, 99, "default_code"), "VAR-DOUBLE", "kept beside");
    assert_eq!(LENIENT.lines("sale.order", 32, &["manufacturer_ref"])[1], ["rc_variante99"], "an order names it so");
    // Their templates' references are no doubles, their own are no keys then
    for (one, other) in [(41, 125), (51, 52)] {
        assert_eq!(STRICT.value(VARIANT, one, "default_code"), STRICT.value(VARIANT, other, "default_code"));
        assert_ne!(STRICT.value(VARIANT, one, "manufacturer_ref"), STRICT.value(VARIANT, other, "manufacturer_ref"));
    }
    assert_eq!(
        (STRICT.value("product.master", 51, "ref"), STRICT.value("product.master", 53, "ref")),
        (json!("FAB-DOUBLE"), json!("fab-double"))
    );
    assert_eq!(with("[misfits]\nreference_twice = \"merge\"\n").of(VARIANT, 99), &Became::Merged("reference_twice"));
}

#[test]
fn a_configuration_without_a_reference_is_put_aside_or_gets_one_of_its_id() {
    assert_eq!(STRICT.aside(VARIANT, 92).misfit, "product_without_reference");
    assert_eq!(LENIENT.value(VARIANT, 92, "manufacturer_ref"), "rc_variante92");
    let company = with("[defaults.\"product.product\"]\nmanufacturer_ref = \"DEA-{id}\"\n");
    assert_eq!(company.value(VARIANT, 92, "manufacturer_ref"), "DEA-92");
    // Variants that are made as they are sold
    assert!(matches!(LENIENT.of("product.master", 92), Became::Taken(_)));
}

#[test]
fn attributes_of_one_name_are_one() {
    assert_eq!(STRICT.of("product.attribute", 4), &Became::Merged("attribute_twice"));
    assert_eq!(STRICT.of("product.attribute.value", 8), &Became::Merged("value_twice"), "and so are their values");
    assert_eq!(STRICT.value("product.attribute.value", 10, "name"), "Gris");
}

#[test]
fn the_companys_own_warehouse_is_the_central_one_and_the_others_are_points_of_sale() {
    assert_eq!(STRICT.value("stock.warehouse", 1, "code"), domain::CENTRAL);
    assert_eq!(STRICT.value("stock.warehouse", 4, "code"), "PDVA-E-ALG-ALG-16-001", "the point of sale's: Odoo cuts a code to five");
    assert_eq!(STRICT.value("stock.warehouse", 4, "partner_id"), 53 + HERE);
    assert_eq!(STRICT.of("stock.warehouse", 2), &Became::LeftOut("of another company"));
}

#[test]
fn quantities_are_the_sum_of_a_warehouses_places() {
    let quantity = |id| (LENIENT.value("stock.quant", id, "quantity"), LENIENT.value("stock.quant", id, "place"));
    assert_eq!(quantity(174), (json!("144.6"), json!("stock")), "on the shelf, in a row, in quarantine");
    for id in [176, 357] {
        assert_eq!(LENIENT.of("stock.quant", id), &Became::LeftOut("told with the first of its place"));
    }
    assert_eq!(LENIENT.value("stock.quant", 174, "manufacturer_ref"), "TIS-002");
    for (id, less) in [(337, "-1"), (344, "-1"), (350, "-2")] {
        assert_eq!(quantity(id).0, less);
        assert_eq!(LENIENT.taken("stock.quant", id).noted, ["negative_quantity"]);
    }
    let company = with("[values.place]\n\"WH/Stock/Quarantaine\" = \"returns\"\n\"76\" = \"none\"\n");
    let quantity = |id| (company.value("stock.quant", id, "quantity"), company.value("stock.quant", id, "place"));
    assert_eq!((quantity(174), quantity(357)), ((json!("129.5"), json!("stock")), (json!("0.1"), json!("returns"))));
    assert!(matches!(company.of("stock.quant", 176), Became::LeftOut(why) if why.contains("stays by the mapping")));
}

#[test]
fn purchases_that_still_bring_something_come_with_their_lines() {
    let lines = STRICT.lines("purchase.order", 14, &["product_id", "product_qty", "qty_received", "price_unit"]);
    assert_eq!(
        lines,
        [
            [json!(60 + HERE), json!("10"), json!("7"), json!("62000")],
            [json!(61 + HERE), json!("4"), json!("0"), json!("71000")],
            [json!(63 + HERE), json!("6"), json!("6"), json!("48000")]
        ]
    );
    assert_eq!(STRICT.value("purchase.order", 12, "state"), "sent", "it waits for approval");
    assert_eq!(STRICT.taken("purchase.order", 13).record.links["warehouse_id"], [1]);
    for id in [16, 17, 18, 19] {
        assert_eq!(STRICT.of("purchase.order", id), &Became::LeftOut("a purchase of which nothing comes any more"), "{id}");
    }
    for id in [20, 21] {
        assert_eq!(STRICT.of("purchase.order", id), &Became::LeftOut("a purchase that was called off"), "{id}");
    }
    assert_eq!(STRICT.aside("purchase.order", 15).of, Some((VARIANT, 99)), "of a configuration that was put aside");
    assert_eq!(LENIENT.value("purchase.order", 15, "state"), "purchase");
}

#[test]
fn open_transfers_hang_on_their_orders_and_go_by_their_moves_places() {
    let value = |id, field| LENIENT.value("stock.picking", id, field);
    assert_eq!((value(42, "kind"), value(42, "sale_id")), (json!("outgoing"), json!(36 + HERE)));
    let fields = ["product_uom_qty", "quantity_done", "sale_line_id"];
    assert_eq!(LENIENT.lines("stock.picking", 42, &fields), [[json!("500"), json!("0"), json!(74 + HERE)]]);
    // A dozen's worth
    assert_eq!(LENIENT.lines("stock.picking", 46, &fields)[0][0], "24");
    // Written as done and never validated
    assert_eq!(LENIENT.lines("stock.picking", 49, &fields)[0][1], "1");
    assert_eq!(LENIENT.taken("stock.picking", 49).noted, ["done_and_not_validated"]);
    // A return that waits, a receipt, one between two warehouses
    assert_eq!((value(67, "kind"), value(67, "sale_id")), (json!("incoming"), json!(53 + HERE)));
    assert_eq!(LENIENT.taken("stock.picking", 32).record.links["purchase_id"], [14]);
    let links = &LENIENT.taken("stock.picking", 91).record.links;
    assert_eq!((value(91, "kind"), &links["warehouse_id"][..], &links["warehouse_dest_id"][..]), (json!("internal"), &[1][..], &[5][..]));
    assert_eq!(STRICT.aside("stock.picking", 44).of, Some(("sale.order", 38)), "its order was put aside");
    assert_ne!(value(44, "sale_id"), Value::Null);
}
