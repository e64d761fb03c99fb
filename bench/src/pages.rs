//! The console's main pages at many products and orders: what goes over the wire the first time and the next, and what a page costs in
//! the process and in the database. They are asked for one after the other, as one person does, and never kept by anything in between.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, ensure};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use serde_json::json;
use tokio::time::Instant;

use crate::costs::{Cpu, Meter};
use crate::stand::Server;

/// The first record of each kind that [`seed`] makes has the next id.
const FIRST: i64 = 1_000_000;
/// The most that a page may have over the wire with its style and script kept, in kB.
const GOAL_KB: f64 = 60.0;
/// The most that it may take in the process and the database, in milliseconds.
const GOAL_MS: f64 = 30.0;
/// Pages that are asked for before anything is counted: statements get prepared, who looks is known.
const WARM_UP: usize = 3;
/// A bank's clerk at a point of sale of the demo.
const CLERK: (&str, &str) = ("pages-clerk", "PDVA-E-ALG-BEZ-16-01");

/// A page, and who looks at it.
struct Page {
    name: &'static str,
    path: String,
    as_clerk: bool,
}

/// What a page is like.
struct Seen {
    /// Bytes over the wire, headers included.
    first: usize,
    next: usize,
    /// How many were asked for, and how long half of them took at most, in milliseconds.
    many: usize,
    p50: f64,
    cpu: Cpu,
}

/// Makes so many orders with all that belongs to them, and measures; a row of Markdown a page as it comes.
pub(crate) async fn measure(server: &Server, meter: &Meter, time: Duration, orders: i64) -> anyhow::Result<()> {
    let (admin, _) = server.log_in("admin").await?;
    seed(server, orders).await?;
    let clerk = json!({"name": "Clerk", "login": CLERK.0, "password": CLERK.0, "lang": "fr_FR", "create_by": "ekiclik", "bank_id": "BNA",
        "role": "ROLE_POS_EK", "code_pos": CLERK.1});
    server.send_as(&admin, "POST", "/api/res.users/", &json!({"params": {"data": clerk}}).to_string()).await?;
    let (clerk, _) = server.log_in(CLERK.0).await?;
    println!("\nPages of the console, {} products, {orders} orders:\n", server.products);
    println!("| page | kB first | kB next | hub, CPU ms | PostgreSQL, CPU ms | together | p50 ms |\n|---|---:|---:|---:|---:|---:|---:|");
    let mut failed = Vec::new();
    for page in pages(server, meter, orders).await? {
        let session = if page.as_clerk { &clerk } else { &admin };
        match looked_at(server, meter, session, &page.path, time).await {
            Ok(seen) => println!("{}", seen.row(page.name)),
            Err(error) => {
                println!("FAILED {}: {error:#}", page.name);
                failed.push(page.name);
            }
        }
    }
    println!("\nGoals: {GOAL_KB} kB next, {GOAL_MS} ms of CPU together; what is over one is marked.");
    ensure!(failed.is_empty(), "pages failed: {}", failed.join(", "));
    Ok(())
}

/// Past the hub, which would take minutes: everything is as if it had been told long ago.
async fn seed(server: &Server, orders: i64) -> anyhow::Result<()> {
    println!("Seeding {orders} orders…");
    let mut database = AsyncPgConnection::establish(&server.url).await?;
    database.batch_execute(&format!("SET bench.orders = {orders}")).await?;
    database.batch_execute(include_str!("pages/seed.sql")).await.context("seeding orders")?;
    Ok(database.batch_execute("VACUUM ANALYZE").await?)
}

async fn pages(server: &Server, meter: &Meter, orders: i64) -> anyhow::Result<Vec<Page>> {
    let delivered = format!("SELECT max(id) FROM crm.sale_order WHERE id > {FIRST} AND ek_state = 'EK_ORDER_DELIVERED'");
    let (order, invoice) = (FIRST + orders, meter.number(&delivered).await?);
    let place = meter.number(&format!("SELECT location_id FROM stock.stock_move WHERE id = 2 * ({FIRST} + 10)")).await?;
    let client = FIRST + 7;
    let phone = format!("05{:08}", 7 * 7_919);
    let word = server.tokens.first().context("no words")?;
    let (advertised, product) = server.ids;
    let page = |name, path: &str| Page { name, path: format!("/web{path}"), as_clerk: false };
    Ok(vec![
        page("dashboard", ""),
        page("orders", "/sale.order"),
        Page { as_clerk: true, ..page("orders, as a clerk", "/sale.order") },
        page("orders by amount", "/sale.order?order=amount_total%20desc"),
        page("orders of a telephone", &format!("/sale.order?q={phone}")),
        page("orders of a name", "/sale.order?q=yasmine"),
        page("one order", &format!("/sale.order/{order}")),
        page("clients", "/clients"),
        page("clients of a telephone", &format!("/clients?q={phone}")),
        page("clients of a name", "/clients?q=yasmine"),
        page("one client", &format!("/res.partner/{client}")),
        page("invoices", "/account.move"),
        page("one invoice", &format!("/account.move/{invoice}")),
        page("loan files", "/loans"),
        page("leads", "/leads"),
        page("stock, products by points of sale", "/stock"),
        page("ledger of an advertised product", &format!("/stock/{advertised}/{place}")),
        page("shortages", "/shortages"),
        page("purchases", "/purchase.order"),
        page("products", "/product.template"),
        page("products of a rare word", &format!("/product.template?q={word}")),
        page("products of a broad word", "/product.template?q=machine"),
        page("one product", &format!("/product.template/{product}")),
        page("pushes", "/pushes"),
        page("deliveries", "/ek.delivery"),
        page("refused requests", "/ek.request"),
    ])
}

impl Seen {
    fn row(&self, name: &str) -> String {
        let kilobytes = |bytes: usize| f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1e3;
        let each = |time: Duration| time.as_secs_f64() * 1e3 / f64::from(u32::try_from(self.many.max(1)).unwrap_or(u32::MAX));
        let (hub, postgres) = (each(self.cpu.hub), each(self.cpu.postgres));
        let marked = |value: f64, goal: f64| if value > goal { format!("**{value:.1}**") } else { format!("{value:.1}") };
        format!(
            "| {name} | {:.1} | {} | {hub:.1} | {postgres:.1} | {} | {:.1} |",
            kilobytes(self.first),
            marked(kilobytes(self.next), GOAL_KB),
            marked(hub + postgres, GOAL_MS),
            self.p50
        )
    }
}

async fn looked_at(server: &Server, meter: &Meter, session: &str, path: &str, time: Duration) -> anyhow::Result<Seen> {
    let files = files(server, session, path).await?;
    for _ in 0..WARM_UP {
        ask(server, session, path).await?;
    }
    let until = Instant::now() + time;
    let work = async {
        let mut took = Vec::new();
        let mut bytes = 0;
        while took.is_empty() || Instant::now() < until {
            let begun = Instant::now();
            bytes = ask(server, session, path).await?;
            took.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        anyhow::Ok((took, bytes))
    };
    let ((mut took, next), cpu) = meter.costs(server, work).await?;
    took.sort_by(f64::total_cmp);
    let p50 = took.get(took.len() / 2).copied().unwrap_or(f64::NAN);
    Ok(Seen { first: next + files, next, many: took.len(), p50, cpu })
}

/// One page as a browser asks for it; how many bytes came.
async fn ask(server: &Server, session: &str, path: &str) -> anyhow::Result<usize> {
    let response = server.page(path, session, true).send().await?;
    ensure!(response.status().is_success(), "{path} is answered {}", response.status());
    let headers = head(&response);
    Ok(headers + response.bytes().await?.len())
}

/// What a page's style and scripts have over the wire: each packed, and kept by browsers from then on.
async fn files(server: &Server, session: &str, path: &str) -> anyhow::Result<usize> {
    let text = server.page(path, session, false).send().await?.error_for_status()?.text().await?;
    ensure!(text.contains("<main") && !text.contains("id=\"refused\""), "{path} is no page of this user's");
    let links: BTreeSet<&str> = text.split('"').filter(|link| link.starts_with("/web/static/")).collect();
    ensure!(!links.is_empty(), "{path} names no file");
    let mut bytes = 0;
    for link in links {
        let response = server.page(link, session, true).send().await?.error_for_status()?;
        let told = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        ensure!(told("content-encoding") == "gzip", "{link} is not packed");
        ensure!(told("cache-control").contains("immutable"), "{link} is not kept: {}", told("cache-control"));
        bytes += head(&response) + response.bytes().await?.len();
    }
    Ok(bytes)
}

/// The bytes of an answer's head.
fn head(response: &reqwest::Response) -> usize {
    let lines = response.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    "HTTP/1.1 200 OK\r\n\r\n".len() + lines.sum::<usize>()
}
