//! What is where: warehouses, quantities, pickings, moves, purchases.

pub mod cut_over;
pub mod demand;
pub mod documents;
pub mod done;
pub mod imported;
pub mod metrics;
pub mod printed;
pub mod purchase_order;
pub mod reservation;
pub mod returns;
pub mod settled;
pub mod stock_move;
pub mod stock_picking;
pub mod stock_quant;
pub mod stock_warehouse;
pub mod write_off;

use std::sync::Arc;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use domain::{Identity, Kind as Who};
use events::Event;
use jsonrpc::{Call, Fault};
use records::condition::denied;
use records::tx::Found;
use records::{Access, Failure, Filter, Model, Op, Tx};
use service::{Answered, ModelOf, Owner, ReadOnly, Service, consumer};
use stock_contract::{Close, ForOrders, Import, Reserve};

use crate::demand::Heard;
use crate::purchase_order::PurchaseOrder;
use crate::stock_move::StockMove;
use crate::stock_picking::StockPicking;
use crate::stock_quant::StockQuant;

/// The service.
pub struct Stock;

/// Goods: the hub writes, everybody else reads. Nothing is removed.
pub fn goods(identity: &Identity) -> Access {
    match identity.kind() {
        Who::Administrator | Who::Staff => Access { unlink: false, ..Access::all() },
        Who::Integration | Who::Bank(_) | Who::Clerk { .. } => Access::read(),
        Who::Outsider => Access::none(),
    }
}

/// The same, but for a bank's user only of its own bank, and what is no bank's.
pub fn of_own_bank(identity: &Identity, access: Access) -> Access {
    match identity.bank {
        Some(own) => access.only(Filter::Or(vec![Filter::leaf("bank_id", Op::Eq, own), Filter::leaf("bank_id", Op::Eq, false)])),
        None => access,
    }
}

/// The same, but for a clerk only where one of these paths ends in the code of its point of sale's warehouse.
pub fn of_own_place(identity: &Identity, access: Access, codes: &[&str]) -> Access {
    match identity.kind() {
        Who::Clerk { code_pos, .. } => access.only(Filter::Or(codes.iter().map(|path| Filter::path(path, Op::Eq, code_pos)).collect())),
        Who::Outsider => Access::none(),
        Who::Administrator | Who::Staff | Who::Integration | Who::Bank(_) => access,
    }
}

/// What only the service's own code writes, of a place.
pub fn place(identity: &Identity, code: &str) -> Access {
    of_own_place(identity, Access::read(), &[code])
}

/// The two ends of a move, as [`of_own_place`] takes them.
pub const ENDS: &[&str] = &["location_id.warehouse_id.code", "location_dest_id.warehouse_id.code"];

/// The transaction's time, as PostgreSQL reads it where a moment is stored.
pub(crate) const NOW: &str = "now";

/// The records that a public method is called on.
pub(crate) fn named_ids(call: &Call) -> Result<Vec<i64>, Fault> {
    call.params.need("ids")
}

/// Locks them, if the identity may change them.
pub(crate) async fn find(tx: &mut Tx<'_>, model: &Model, call: &Call) -> Result<Found, Failure> {
    if !(model.access)(tx.identity).write {
        return Err(denied(model, "modify").into());
    }
    tx.find_ids(model, named_ids(call)?).await
}

fn unknown_feed(feed: &str) -> Fault {
    service::our_fault("stock", "a feed is followed of which no use is known", &feed)
}

impl Service for Stock {
    type Heard = Heard;

    const NAME: &'static str = "stock";
    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/stock");
    const MODELS: &'static [ModelOf<Stock>] = &[
        ModelOf::of::<ReadOnly>(stock_warehouse::model),
        ModelOf::of::<ReadOnly>(stock_warehouse::location_model),
        ModelOf::of::<ReadOnly>(stock_warehouse::picking_type_model),
        ModelOf::of::<PurchaseOrder>(purchase_order::model),
        ModelOf::of::<ReadOnly>(purchase_order::line_model),
        ModelOf::of::<StockMove>(stock_move::model),
        ModelOf::of::<ReadOnly>(stock_move::line_model),
        ModelOf::of::<StockPicking>(stock_picking::model),
        ModelOf::of::<StockQuant>(stock_quant::model),
    ];
    const ANSWERS: &'static [Answered<Stock>] =
        &[Answered::of::<ForOrders>(), Answered::of::<Close>(), Answered::of::<Import>(), Answered::of::<Reserve>()];
    const FOLLOWS: &'static [&'static str] = &["partners", "crm"];

    fn concerns(_: &str, event: &Event) -> bool {
        demand::concerns(event) || stock_warehouse::concerns(event) || consumer::forgets(event)
    }

    async fn heard(owner: &Owner<Stock>, feed: &str, events: &[Event]) -> Result<Heard, Fault> {
        match feed {
            "crm" => demand::hear(owner, events).await,
            "partners" => Ok(Heard::default()),
            other => Err(unknown_feed(other)),
        }
    }

    async fn apply(tx: &mut Tx<'_>, feed: &str, events: &[Event], heard: &Heard) -> Result<(), Failure> {
        match feed {
            "crm" => demand::apply(tx, heard).await,
            "partners" => {
                consumer::forget(tx, events, "stock", |client, actor, reason| records::sql!("forget.sql", client, actor, reason)).await?;
                stock_warehouse::follow(tx, events).await
            }
            other => Err(unknown_feed(other).into()),
        }
    }

    async fn work(owner: &Arc<Owner<Stock>>) {
        tokio::join!(metrics::watch(owner), stock_warehouse::catch_up(owner));
    }
}
