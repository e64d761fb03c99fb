//! Orders and goods together, through crm, stock and their feeds: whatever comes in whatever order, nothing is oversold and
//! nothing is lost.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use system_tests::stock::{ALGER, BORDJ, CANAPE, Goods, TV, agreed, settled};
use system_tests::{Answer, Session, Stand, id, until};

const STATES: [&str; 4] = ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", "EK_ORDER_DELIVERED", "EK_CLIENT_ORDER_CANCELED"];
const POINTS: [&str; 2] = [ALGER, BORDJ];
const PRODUCTS: [&str; 2] = [TV, CANAPE];

fn lead(order: i64, rows: &[(usize, usize, i64)]) -> Value {
    let cart: Vec<_> = rows
        .iter()
        .map(|(point, product, quantity)| json!({"manufacturer_ref": PRODUCTS[*product], "quantity": quantity, "product_warehouse_id": POINTS[*point]}))
        .collect();
    json!({"order_source": "Alsalam", "partner": {"email": "yasmine.cherif@example.dz"}, "cart_id": order, "cart": cart, "quotation_address": {"ek_order_id": order}})
}

async fn step(session: &Session<'_>, order: i64, state: &str) -> Answer {
    session.write("sale.order", json!([["ek_order_id", "=", order]]), json!({"state": state})).await
}

#[derive(Clone, Debug)]
enum Step {
    Order(Vec<(usize, usize, i64)>),
    Advance(usize, usize),
    Purchase(usize, usize, i64),
    Count(usize, usize, i64),
    Transfer(usize, usize, i64),
    /// Of an order, all or one piece of a line.
    Return(usize, bool),
    /// What an order still waits for is given up.
    Close(usize),
    /// All of its invoice that the client does not have.
    Credit(usize),
    /// What came back is sold again, or not.
    Clear(usize, usize, bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let row = (0..2_usize, 0..2_usize, 1..5_i64);
    proptest::collection::vec(
        prop_oneof![
            3 => proptest::collection::vec(row, 1..3).prop_map(Step::Order),
            5 => (0..8_usize, 0..4_usize).prop_map(|(order, state)| Step::Advance(order, state)),
            2 => (0..2_usize, 0..2_usize, 1..8_i64).prop_map(|(point, product, many)| Step::Purchase(point, product, many)),
            1 => (0..2_usize, 0..2_usize, 0..6_i64).prop_map(|(point, product, many)| Step::Count(point, product, many)),
            1 => (0..2_usize, 0..2_usize, 1..4_i64).prop_map(|(point, product, many)| Step::Transfer(point, product, many)),
            2 => (0..8_usize, any::<bool>()).prop_map(|(order, whole)| Step::Return(order, whole)),
            1 => (0..8_usize).prop_map(Step::Close),
            1 => (0..8_usize).prop_map(Step::Credit),
            1 => (0..2_usize, 0..2_usize, any::<bool>()).prop_map(|(point, product, sold)| Step::Clear(point, product, sold)),
        ],
        18..20,
    )
}

/// What must be on hand, by point of sale and product: what came in and was counted; what orders took is taken off after each
/// step.
type Model = BTreeMap<(usize, usize), f64>;

async fn take(stand: &Stand, admin: &Session<'_>, model: &mut Model, orders: &mut Vec<i64>, step_: &Step) {
    match step_ {
        Step::Order(rows) => {
            let order = 1_000 + orders.len() as i64;
            id(&admin.create("crm.lead", lead(order, rows)).await);
            orders.push(order);
        }
        Step::Advance(order, state) => {
            if let Some(order) = orders.iter().rev().nth(*order) {
                let answer = step(admin, *order, STATES[*state]).await;
                assert!(matches!(answer.status, 200 | 422), "{}", answer.text);
            }
        }
        Step::Purchase(point, product, many) => {
            Goods::receive(admin, POINTS[*point], PRODUCTS[*product], *many as f64).await;
            *model.entry((*point, *product)).or_default() += *many as f64;
        }
        Step::Count(point, product, many) => {
            Goods::count(admin, POINTS[*point], PRODUCTS[*product], *many as f64).await;
            model.insert((*point, *product), *many as f64);
        }
        Step::Transfer(point, product, many) => {
            let line = json!({"product_id": PRODUCTS[*product], "product_uom_qty": many});
            let sent = json!({"picking_type_code": "internal", "location_id": POINTS[*point], "location_dest_id": POINTS[1 - *point], "move_ids": [line]});
            let picking = id(&admin.create("stock.picking", sent).await);
            admin.call("stock.picking", picking, "action_confirm", json!([])).await.result();
            let filter = json!([["picking_id", "=", picking]]).to_string();
            let reserved =
                admin.rows("stock.move", &[("filter", &filter), ("query", "{reserved_availability}")]).await[0]["reserved_availability"]
                    .as_f64()
                    .unwrap();
            let moved = admin.call("stock.picking", picking, "button_validate", json!([])).await;
            assert_eq!(moved.status, if reserved > 0.0 { 200 } else { 409 }, "{}", moved.text);
            *model.entry((*point, *product)).or_default() -= reserved;
            *model.entry((1 - *point, *product)).or_default() += reserved;
            // What is left of it waits for nobody
            let open = json!([["picking_type_code", "=", "internal"], ["state", "in", ["confirmed", "assigned"]]]).to_string();
            for row in admin.rows("stock.picking", &[("filter", &open), ("query", "{id}")]).await {
                admin.call("stock.picking", row["id"].as_i64().unwrap(), "action_cancel", json!([])).await.result();
            }
        }
        Step::Return(order, whole) => {
            let Some(order) = orders.iter().rev().nth(*order) else { return };
            let filter =
                json!([["sale_id.ek_order_id", "=", order], ["picking_type_code", "=", "outgoing"], ["state", "=", "done"]]).to_string();
            for row in admin.rows("stock.picking", &[("filter", &filter), ("query", "{id, move_ids}"), ("limit", "1")]).await {
                let quantities = if *whole { json!([]) } else { json!([{row["move_ids"][0].to_string(): 1}]) };
                let back = admin.call("stock.picking", row["id"].as_i64().unwrap(), "action_return", quantities).await;
                if back.status == 200 {
                    admin.call("stock.picking", back.result().as_i64().unwrap(), "button_validate", json!([])).await.result();
                }
            }
        }
        Step::Close(order) => {
            let Some(order) = orders.iter().rev().nth(*order) else { return };
            let open = json!([
                ["sale_id.ek_order_id", "=", order],
                ["picking_type_code", "=", "outgoing"],
                ["state", "in", ["confirmed", "assigned"]]
            ]);
            for row in admin.rows("stock.picking", &[("filter", &open.to_string()), ("query", "{id, sale_id{state}}")]).await {
                let closed = admin.call("stock.picking", row["id"].as_i64().unwrap(), "action_cancel", json!([])).await;
                assert_eq!(closed.status, if row["sale_id"]["state"] == "done" { 200 } else { 409 }, "{}", closed.text);
            }
        }
        Step::Credit(order) => {
            let Some(order) = orders.iter().rev().nth(*order) else { return };
            let filter = json!([["sale_id.ek_order_id", "=", order], ["move_type", "=", "out_invoice"]]).to_string();
            for row in admin.rows("account.move", &[("filter", &filter), ("query", "{id}")]).await {
                let credited = admin.call("account.move", row["id"].as_i64().unwrap(), "action_reverse", json!([])).await;
                assert!(matches!(credited.status, 200 | 409), "{}", credited.text);
            }
        }
        Step::Clear(point, product, sold) => {
            let (place, reference) = (format!("{}/Retours", POINTS[*point]), PRODUCTS[*product]);
            let back = Goods::returned(admin, POINTS[*point], reference).await.quantity;
            if back > 0.0 && *sold {
                assert_eq!(Goods::transfer(admin, &place, POINTS[*point], reference, back).await.result(), true);
                *model.entry((*point, *product)).or_default() += back;
            } else if back > 0.0 {
                Goods::count(admin, &place, reference, 0.0).await;
            }
        }
    }
    settled(stand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_orders_and_goods_they_add_up() {
    let mut runner = TestRunner::new(ProptestConfig::default());
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let (mut model, mut orders, mut sold) = (Model::new(), Vec::new(), Model::new());
    // Amounts that don't come out even, at two rates
    for (reference, price, taxes) in [(TV, 17.03, json!([2])), (CANAPE, 1.99, json!([]))] {
        admin
            .write("product.template", json!([["manufacturer_ref", "=", reference]]), json!({"list_price": price, "taxes_id": taxes}))
            .await
            .result();
    }
    for _case in 0..2 {
        // Each goes on with what the last one left
        let steps = steps().new_tree(&mut runner).unwrap().current();
        for (at, one) in steps.iter().enumerate() {
            take(&stand, &admin, &mut model, &mut orders, one).await;
            agreed(&stand).await;
            for (point, product) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let now = format!(
                    "SELECT coalesce(sum(qty_delivered), 0)::bigint AS n FROM crm.sale_order_line WHERE code_pos = '{}' AND manufacturer_ref = '{}'",
                    POINTS[point], PRODUCTS[product]
                );
                let now = stand.count(&now).await as f64;
                let before = sold.insert((point, product), now).unwrap_or_default();
                let expected = model.entry((point, product)).or_default();
                *expected -= now - before;
                let there = Goods::of(&admin, POINTS[point], PRODUCTS[product]).await.quantity;
                assert_eq!(there, *expected, "{} of {} after step {at} of {steps:?}", PRODUCTS[product], POINTS[point]);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_buyers_one_gets_the_last_unit_whatever_dies_meanwhile() {
    let stand = Stand::with(&[("DATABASE_WAIT_MS", "20000")]).await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    for round in 0..3_i64 {
        Goods::count(&admin, BORDJ, TV, 1.0).await;
        let buyers = (0..100).map(|buyer| {
            let (platform, order) = (&platform, round * 1_000 + buyer + 1);
            async move {
                // What a dead backend leaves open is sent again: it has one effect
                loop {
                    let answer = platform.create("crm.lead", lead(order, &[(1, 0, 1)])).await;
                    if answer.status != 503 {
                        return id(&answer);
                    }
                }
            }
        });
        let killer = async {
            let mut conn = stand.sql().await;
            for _ in 0..5 {
                Stand::execute(
                    &mut conn,
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.3",
                )
                .await;
                let made = stand.count("SELECT count(*) AS n FROM crm.crm_lead").await;
                until("some more have bought", async || {
                    stand.count("SELECT count(*) AS n FROM crm.crm_lead").await > made || made >= (round + 1) * 100
                })
                .await;
            }
        };
        futures_util::join!(futures_util::future::join_all(buyers), killer);
        settled(&stand).await;
        agreed(&stand).await;
        let winner = "SELECT count(*) AS n FROM crm.sale_order_line WHERE reserved = 1";
        assert_eq!(stand.count(winner).await, 1, "one has it");
        // Who has it gives it back: one other gets it
        for _ in 0..2 {
            let order = stand
                .count(
                    "SELECT o.ek_order_id AS n FROM crm.sale_order o JOIN crm.sale_order_line l ON l.order_id = o.id WHERE l.reserved = 1",
                )
                .await;
            step(&admin, order, "EK_CLIENT_ORDER_CANCELED").await.result();
            settled(&stand).await;
            assert_eq!(stand.count(winner).await, 1, "one other has it");
        }
        agreed(&stand).await;
        // The others leave
        admin
            .send(
                "PUT",
                "/api/sale.order/",
                &[],
                &json!({"params": {"filter": [["state", "=", "draft"]], "data": {"state": "EK_CLIENT_ORDER_CANCELED"}}}).to_string(),
            )
            .await
            .result();
        settled(&stand).await;
        assert_eq!(stand.count("SELECT sum(reserved_quantity)::bigint AS n FROM stock.stock_quant").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_cut_off_at_any_point_has_each_effect_once() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let hub = stand.hub.as_ref().unwrap();
    let mut cuts = 0;
    // The background follows too: both share the cursor, and what is cut here it may finish, or find done
    for order in 1..=25_i64 {
        id(&platform.create("crm.lead", lead(order, &[(0, 0, 1), (1, 1, 1)])).await);
        let mut following = Box::pin(hub.stock.follow_once("crm", 0));
        let mut polls = 0;
        let done = std::future::poll_fn(|context| {
            polls += 1;
            match following.as_mut().poll(context) {
                std::task::Poll::Ready(_) => std::task::Poll::Ready(true),
                std::task::Poll::Pending if polls > order => std::task::Poll::Ready(false),
                std::task::Poll::Pending => std::task::Poll::Pending,
            }
        })
        .await;
        cuts += i64::from(!done);
        drop(following);
    }
    assert!(cuts > 0, "nothing was cut off");
    settled(&stand).await;
    agreed(&stand).await;
    assert_eq!(stand.count("SELECT count(*) AS n FROM stock.stock_picking WHERE sale_id IS NOT NULL").await, 50, "two pickings an order");
    assert_eq!(stand.count("SELECT count(*) AS n FROM stock.stock_move WHERE sale_id IS NOT NULL").await, 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_can_have_no_effect_is_put_aside_and_the_others_go_on() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    Goods::count(&admin, ALGER, TV, 10.0).await;
    let mut conn = stand.sql().await;
    Stand::execute(&mut conn, "ALTER TABLE stock.stock_move ADD CONSTRAINT stock_move_poison CHECK (product_uom_qty <> 4)").await;
    for (order, quantity) in [(1, 1), (2, 4), (3, 2)] {
        id(&platform.create("crm.lead", lead(order, &[(0, 0, quantity)])).await);
    }
    settled(&stand).await;
    assert_eq!(Goods::of(&admin, ALGER, TV).await.reserved, 3.0, "the others have theirs");
    assert!(stand.count("SELECT count(*) AS n FROM stock.feed_parked WHERE feed = 'crm' AND model = 'sale.order'").await >= 1);
    // A try while it is still in the way changes nothing
    let stock = &stand.hub.as_ref().unwrap().stock;
    assert_eq!(stock.retry_parked("crm").await.unwrap(), 0);
    let told = stand.told(&stand.metrics).await;
    assert!(
        told.lines().any(|line| line.starts_with("hub_events_parked{feed=\"crm\",service=\"stock\"} ") && !line.ends_with(" 0")),
        "{told}"
    );
    // Once what stood in its way is gone, the next one has the whole effect
    Stand::execute(&mut conn, "ALTER TABLE stock.stock_move DROP CONSTRAINT stock_move_poison").await;
    assert!(stock.retry_parked("crm").await.unwrap() >= 1);
    assert_eq!(stand.count("SELECT count(*) AS n FROM stock.feed_parked").await, 0);
    settled(&stand).await;
    assert_eq!(Goods::of(&admin, ALGER, TV).await.reserved, 7.0);
    agreed(&stand).await;
}
