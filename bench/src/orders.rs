//! An order's life through the doors: made and its goods reserved, its status set, delivered. It has no statements worth
//! comparing, for most of it follows from the requests: it is measured by itself, with what it costs until all of it has come.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::costs::{self, Meter};
use crate::stand::Server;
use crate::tools::Measured;

/// Requests at a time.
const CONNECTIONS: u32 = 16;
/// The first order's number: far from those of the load generators.
const FIRST: i64 = 700_000_001;
/// Where the goods are, and what is sold.
const WHERE: &str = "PDVA-E-ALG-BEZ-16-01";
const WHAT: &str = "IRIS-TV55-N";

/// Measures it; a row a step.
pub(crate) async fn measure(server: &Server, meter: &Meter, time: Duration) -> anyhow::Result<Vec<String>> {
    let (admin, _) = server.log_in("admin").await?;
    let counted = json!({"product_id": WHAT, "location_id": WHERE, "inventory_quantity": 1_000_000});
    let quant = server.send_as(&admin, "POST", "/api/stock.quant/", &json!({"params": {"data": counted}}).to_string()).await?;
    let quant: Value = serde_json::from_str(&quant)?;
    let quant = quant.pointer("/result").and_then(Value::as_i64).context("no quantity")?;
    server.send_as(&admin, "POST", &format!("/object/stock.quant/{quant}/action_apply_inventory"), r#"{"params": {"args": []}}"#).await?;

    let next = AtomicI64::new(FIRST);
    let until = Instant::now() + time;
    let (made, cost) = meter
        .costs(
            server,
            all(|| async { (Instant::now() < until).then(|| next.fetch_add(1, Ordering::Relaxed)) }, |order| create(server, order)),
        )
        .await?;
    let last = next.load(Ordering::Relaxed) - 1;
    let lines = format!(
        "SELECT count(*) FROM crm.sale_order o JOIN crm.sale_order_line l ON l.order_id = o.id WHERE o.ek_order_id BETWEEN {FIRST} AND {last}"
    );
    let many = last - FIRST + 1;
    ensure!(meter.number(&format!("{lines} AND l.reserved = 1")).await? == many, "not every order has its goods");
    let mut rows = vec![costs::row("an order is made and its goods reserved", CONNECTIONS, &made, cost)];
    for (what, states) in [
        ("status update of an order", &["EK_ORDER_IN_PREPARATION"][..]),
        ("an order is delivered (two requests)", &["EK_ORDER_IN_DELIVERY", "EK_ORDER_DELIVERED"]),
    ] {
        let next = AtomicI64::new(FIRST);
        let take = || async { Some(next.fetch_add(1, Ordering::Relaxed)).filter(|order| *order <= last) };
        let (done, cost) = meter.costs(server, all(take, |order| step(server, order, states))).await?;
        rows.push(costs::row(what, CONNECTIONS, &done, cost));
    }
    ensure!(meter.number(&format!("{lines} AND l.qty_delivered = 1")).await? == many, "not every order is delivered");
    Ok(rows)
}

async fn create(server: &Server, order: i64) -> anyhow::Result<()> {
    let lead = json!({"params": {"data": {
        "order_source": "Alsalam", "cart_id": order, "cart": [{"manufacturer_ref": WHAT, "quantity": 1, "product_warehouse_id": WHERE}],
        "partner": {"email": "yasmine.cherif@example.dz", "salary": 90_000, "birth_date": "1993-11-03"},
        "quotation_address": {"ek_order_id": order, "street": "12 rue Didouche Mourad", "state_id": "06", "country_id": "DZ"},
    }}});
    server.send("POST", "/api/crm.lead/", &lead.to_string()).await.map(drop)
}

async fn step(server: &Server, order: i64, states: &[&str]) -> anyhow::Result<()> {
    for state in states {
        let body = json!({"params": {"filter": [["ek_order_id", "=", order]], "data": {"order_source": "Alsalam", "state": state}}});
        let answer = server.send("PUT", "/api/sale.order/", &body.to_string()).await?;
        ensure!(answer.starts_with("matched 1:"), "order {order}, {state}: {answer}");
    }
    Ok(())
}

/// Does something for every order that is taken, some at a time.
async fn all<T, D>(take: impl Fn() -> T, work: impl Fn(i64) -> D) -> anyhow::Result<Measured>
where
    T: Future<Output = Option<i64>>,
    D: Future<Output = anyhow::Result<()>>,
{
    let started = Instant::now();
    let one = async || {
        let mut took = Vec::new();
        while let Some(order) = take().await {
            let begun = Instant::now();
            work(order).await?;
            took.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        anyhow::Ok(took)
    };
    let mut took = futures_util::future::try_join_all((0..CONNECTIONS).map(|_| one())).await?.concat();
    took.sort_by(f64::total_cmp);
    let requests = f64::from(u32::try_from(took.len())?);
    let at = |share: usize| took.get(took.len() * share / 100).copied().unwrap_or(f64::NAN);
    Ok(Measured { requests, rate: requests / started.elapsed().as_secs_f64(), p50: at(50), p99: at(99) })
}
