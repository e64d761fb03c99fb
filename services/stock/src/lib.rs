//! What is where: warehouses, quantities, pickings, moves, purchases.

pub mod demand;
pub mod documents;
pub mod done;
pub mod metrics;
pub mod printed;
pub mod purchase_order;
pub mod reservation;
pub mod returns;
pub mod rows;
pub mod stock_move;
pub mod stock_picking;
pub mod stock_quant;
pub mod stock_warehouse;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use domain::{Identity, Kind as Who};
use events::Event;
use jsonrpc::{Call, Fault, Reply};
use records::condition::denied;
use records::tx::Found;
use records::values::Mode;
use records::{Access, Action, Argument, Body, Failure, Filter, Model, Op, Registry, Shape, Tx, Value, Values};
use serde_json::{Map, Value as Json};
use service::owner::Answer;
use service::{Answered, Asked, Owner, Pending, Service, consumer};

use crate::demand::Heard;
use crate::documents::Prepared;

/// The service.
pub struct Stock {
    registry: Registry,
    /// A purchase's line as it is sent.
    line: Model,
}

impl Stock {
    /// Without anything to be told.
    pub fn new() -> Stock {
        let models = [stock_move::model(), stock_move::line_model(), stock_picking::model(), stock_quant::model()];
        let registry = Registry::new(stock_warehouse::models().into_iter().chain(purchase_order::models()).chain(models));
        Stock { registry, line: purchase_order::line_sent() }
    }
}

impl Default for Stock {
    fn default() -> Stock {
        Stock::new()
    }
}

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

/// Checked values as a row, what is unset left out.
pub(crate) fn values_of(values: &Values) -> Map<String, Json> {
    let set = values.iter().filter_map(|(name, value)| match value {
        Value::Plain(json) if !json.is_null() => Some((name.to_owned(), json.clone())),
        _ => None,
    });
    set.collect()
}

impl Service for Stock {
    type Prepared = Prepared;
    type Heard = Heard;
    const ANSWERS: &'static [Answered<Self>] = &[Answered::of::<stock_contract::ForOrders>(), Answered::of::<stock_contract::Close>()];

    fn name(&self) -> &'static str {
        "stock"
    }

    fn registry(&self) -> &Registry {
        &self.registry
    }

    fn migrations(&self) -> EmbeddedMigrations {
        const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/stock");
        MIGRATIONS
    }

    fn prepare<'a>(&'a self, asked: Asked<'a, Self>, data: &'a mut Map<String, Json>) -> Pending<'a, Result<Prepared, Fault>> {
        Box::pin(documents::prepare(asked, data))
    }

    fn create<'a>(&'a self, tx: &'a mut Tx<'_>, model: &'a Model, data: Map<String, Json>, prepared: &'a Prepared) -> Pending<'a, Answer> {
        Box::pin(async move {
            let id = match model.name {
                "purchase.order" => purchase_order::create(tx, model, data, prepared).await?,
                "stock.picking" => stock_picking::create(tx, model, data, prepared).await?,
                "stock.quant" => stock_quant::create(tx, model, data, prepared).await?,
                _ => return Err(denied(model, "create").into()),
            };
            Ok(id.into())
        })
    }

    fn write<'a>(
        &'a self,
        tx: &'a mut Tx<'_>,
        model: &'a Model,
        found: Found,
        data: Map<String, Json>,
        _: &'a Prepared,
    ) -> Pending<'a, Answer> {
        Box::pin(async move {
            match model.name {
                "purchase.order" => purchase_order::write(tx, model, found, data).await?,
                "stock.move" => stock_move::write(tx, model, found, data).await?,
                "stock.picking" => stock_picking::write(tx, model, found, data).await?,
                "stock.quant" => stock_quant::write(tx, model, found, data).await?,
                _ => return Err(denied(model, "modify").into()),
            }
            Ok(true.into())
        })
    }

    fn shape<'a>(&'a self, model: &'a Model) -> Shape<'a> {
        let shape = Shape::of(model);
        // A draft, whatever is sent
        if model.name == "purchase.order" { shape.with("order_line", Shape::of(&self.line)).without("state") } else { shape }
    }

    fn same_body_is_same(&self, model: &str, _read: &Json) -> bool {
        model == "purchase.order"
    }

    fn body(&self, model: &Model, mode: Mode) -> Option<Body> {
        match (model.name, mode) {
            ("purchase.order", Mode::Create) => Some(purchase_order::body(model)),
            ("stock.picking", Mode::Create) => Some(stock_picking::body(model)),
            ("stock.quant", Mode::Create) => Some(stock_quant::body(model)),
            ("purchase.order" | "stock.picking" | "stock.quant" | "stock.move", Mode::Write) => Some(Body::of(model, mode)),
            _ => None,
        }
    }

    fn actions(&self) -> &'static [Action] {
        const ACTIONS: &[Action] = &[
            Action::plain("purchase.order", "button_confirm", "Confirms a purchase: it has a receipt then."),
            Action::plain("purchase.order", "button_cancel", "Cancels a purchase of which nothing was received."),
            Action::plain("purchase.order", "button_draft", "Makes a cancelled purchase a draft again."),
            Action::plain("stock.picking", "action_confirm", "Confirms a transfer."),
            Action::plain("stock.picking", "action_assign", "Reserves what is there."),
            Action::plain("stock.picking", "do_unreserve", "Gives up what is reserved."),
            Action::plain("stock.picking", "action_set_quantities_to_reservation", "Notes as done what is reserved."),
            Action::plain("stock.picking", "button_validate", "Moves what was noted as done, or all; the rest is a backorder."),
            Action::plain(
                "stock.picking",
                "action_cancel",
                "Cancels what is not done; of a delivered order it gives up the rest, which is credited.",
            ),
            Action {
                model: "stock.picking",
                method: "action_return",
                arguments: &[Argument::optional(
                    "quantities",
                    r#"{"type": ["object", "null"], "propertyNames": {"pattern": "^[0-9]{1,18}$"}, "additionalProperties": {"type": "number", "exclusiveMinimum": 0}, "maxProperties": 200}"#,
                )],
                on_record: true,
                about: "Makes the return of a delivery to the warehouse's `Retours`: all of it, or `quantities` by the ids of its moves. Answers its id.",
            },
            Action::plain(
                "stock.quant",
                "action_apply_inventory",
                "Makes what was counted what is there; 409 where goods came or went since: they are to be counted again.",
            ),
        ];
        ACTIONS
    }

    fn action<'a>(
        &'a self,
        tx: &'a mut Tx<'_>,
        model: &'a Model,
        call: &'a Call,
        data: Map<String, Json>,
        _: &'a Prepared,
    ) -> Pending<'a, Answer> {
        Box::pin(async move {
            match model.name {
                "purchase.order" => purchase_order::action(tx, model, call).await,
                "stock.picking" => stock_picking::action(tx, model, call, data).await,
                "stock.quant" => stock_quant::apply_inventory(tx, model, call).await.map(|()| true.into()),
                _ => Err(Fault::no_such_method(model.name, &call.method).into()),
            }
        })
    }

    fn report<'a>(
        &'a self,
        owner: &'a Owner<Self>,
        identity: &'a Identity,
        model: &'a Model,
        report: &'a str,
        ids: Vec<i64>,
    ) -> Pending<'a, Result<Reply, Fault>> {
        Box::pin(async move { printed::report(owner, identity, model, report, &ids).await })
    }

    fn follows(&self) -> &'static [&'static str] {
        &["partners", "crm"]
    }

    fn work<'a>(&'a self, owner: &'a std::sync::Arc<Owner<Self>>) -> Pending<'a, ()> {
        Box::pin(async move {
            tokio::join!(metrics::watch(owner), stock_warehouse::catch_up(owner));
        })
    }

    fn heard<'a>(&'a self, owner: &'a Owner<Self>, feed: &'a str, events: &'a [Event]) -> Pending<'a, Result<Heard, Fault>> {
        Box::pin(async move {
            match feed {
                "crm" => demand::hear(owner, events).await,
                _ => Ok(Heard::default()),
            }
        })
    }

    fn apply<'a>(&'a self, tx: &'a mut Tx<'_>, feed: &'a str, events: &'a [Event], heard: &'a Heard) -> Pending<'a, Result<(), Failure>> {
        Box::pin(async move {
            match feed {
                "crm" => demand::apply(tx, heard).await,
                _ => {
                    consumer::forget(tx, events, "stock").await?;
                    stock_warehouse::follow(tx, events).await
                }
            }
        })
    }
}
