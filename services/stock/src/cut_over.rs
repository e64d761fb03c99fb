//! The cut-over from another Odoo: what came from there as open gets its goods from now on, the oldest first.

use std::sync::Arc;

use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use domain::Progress;
use jsonrpc::Fault;
use records::{Failure, Tx, sql};
use service::{Answers, Owner};
use stock_contract::{Reserve, Reserved};

use crate::stock_move::Move;
use crate::stock_quant::{Key, lists};
use crate::{Stock, reservation, settled, stock_picking, stock_warehouse};

/// At how many places of products one question lets go.
const AT_ONCE: i64 = 100;

/// A product at a location where moves are held back.
#[derive(QueryableByName)]
struct Held {
    #[diesel(sql_type = BigInt)]
    product: i64,
    #[diesel(sql_type = BigInt)]
    location: i64,
}

/// Whose moves are let go: of all, or of these orders.
struct Whose {
    /// 1 or 0, as statements have it.
    all: i64,
    orders: Vec<i64>,
}

impl Answers<Reserve> for Stock {
    async fn answer(owner: &Owner<Self>, question: Reserve, traceparent: Option<&String>) -> Result<Reserved, Fault> {
        let whose = Arc::new(Whose { all: question.orders.is_none().into(), orders: question.orders.into_iter().flatten().collect() });
        owner
            .transact(traceparent, |tx| {
                let whose = whose.clone();
                Box::pin(async move { reserve(tx, &whose).await })
            })
            .await
    }
}

/// All moves at one place of a product are let go at once, so that the oldest is the first there.
async fn reserve(tx: &mut Tx<'_>, whose: &Whose) -> Result<Reserved, Failure> {
    let over = vec![Progress::Delivered.as_str().to_owned(), Progress::Cancelled.as_str().to_owned()];
    let held: Vec<Held> =
        tx.rows(sql!("cut_over/places.sql", whose.all, whose.orders.clone(), over.clone(), AT_ONCE.saturating_add(1))).await?;
    let most = usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
    let left = held.len() > most;
    let keys: Vec<Key> = held.into_iter().take(most).map(|one| (one.product, one.location)).collect();
    let (products, locations) = lists(keys.iter().copied());
    stock_warehouse::lock(tx, locations.clone()).await?;
    let mut moves: Vec<Move> = tx.read(sql!("cut_over/held.sql", products, locations, whose.all, whose.orders.clone(), over)).await?;
    settled::let_go(tx, &mut moves).await?;
    let mut touched = reservation::settle(tx, &keys, &[]).await?;
    touched.extend(moves.iter().filter_map(|one| one.picking_id));
    stock_picking::refresh(tx, touched).await?;
    if !left {
        // Of those that have no transfer here nothing is put aside
        tx.run(sql!("cut_over/put_aside.sql", whose.all, whose.orders.clone())).await?;
    }
    let short = tx.ids(sql!("cut_over/short.sql", moves.iter().map(|one| one.id).collect::<Vec<_>>())).await?;
    let count = |many: usize| u64::try_from(many).unwrap_or(u64::MAX);
    Ok(Reserved { moves: count(moves.len()), short: count(short.len()), left })
}
