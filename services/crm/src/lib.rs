//! Leads, orders and invoices.

pub mod account_move;
pub mod crm_lead;
pub mod loan_file;
pub mod printed;
pub mod sale_order;

use std::collections::BTreeSet;

use crm_contract::{DeliveriesOf, DemandOf, PapersOf};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use domain::{Identity, Kind as Who};
use events::Event;
use jsonrpc::{Call, Fault, Reply};
use records::condition::denied;
use records::tx::Found;
use records::values::Mode;
use records::{Access, Action, Argument, Body, Failure, Filter, Model, Op, Registry, Shape, Tx};
use serde_json::{Map, Value as Json, json};
use service::doctor::Finding;
use service::owner::Answer;
use service::{Answered, Asked, Owner, Pending, Service, consumer};
use stock_contract::{ForOrders, Served, StockMove};

use crate::account_move::GivenUp;
use crate::crm_lead::Wire;

service::settings! {
    /// What leads and orders need.
    pub struct CrmConfig {
        /// Keys of the loan files, `name:key` (32 bytes in base64), separated by commas: the first encrypts, all decrypt. `hub secret` makes one.
        loan_file_keys: secrecy::SecretString,
    }
}

/// The service.
pub struct Crm {
    registry: Registry,
    keys: loan_file::Keys,
    wire: Wire,
}

impl Crm {
    /// With this configuration.
    ///
    /// # Errors
    /// A key that is none.
    pub fn new(config: &CrmConfig) -> anyhow::Result<Crm> {
        let registry = Registry::new([
            crm_lead::model(),
            crm_lead::stage_model(),
            sale_order::model(),
            sale_order::line_model(),
            sale_order::tax_model(),
            account_move::model(),
            account_move::line_model(),
        ]);
        Ok(Crm { registry, keys: loan_file::Keys::parse(&config.loan_file_keys)?, wire: Wire::new() })
    }
}

/// What was found out, or done elsewhere, before a transaction.
#[derive(Default)]
pub enum Prepared {
    /// Nothing.
    #[default]
    Nothing,
    /// What a lead names.
    Lead(crm_lead::Prepared),
    /// What is not shipped any more of invoices that are reversed.
    GivenUp(GivenUp),
}

/// Leads and orders: the hub and the platform write, a bank's user its own bank's, a clerk those of its point of sale. An order
/// comes with its lead.
pub fn access(identity: &Identity) -> Access {
    match identity.kind() {
        Who::Administrator | Who::Staff | Who::Integration => Access::all(),
        Who::Bank(_) | Who::Clerk { .. } => own(identity, Access { unlink: false, ..Access::all() }, "code_pos"),
        Who::Outsider => Access::none(),
    }
}

/// What only the service's code writes: read by all, by a bank's user of its own bank, by a clerk of the point of sale that is at
/// the end of a path.
pub fn read_own(identity: &Identity, code_pos: &str) -> Access {
    own(identity, Access::read(), code_pos)
}

fn own(identity: &Identity, access: Access, code_pos: &str) -> Access {
    let of_bank = |bank: i64| Filter::leaf("bank_id", Op::Eq, bank);
    match identity.kind() {
        Who::Administrator | Who::Staff | Who::Integration => access,
        Who::Bank(bank) => access.only(of_bank(bank)),
        Who::Clerk { bank, code_pos: own } => access.only(of_bank(bank)).only(Filter::path(code_pos, Op::Eq, own)),
        Who::Outsider => Access::none(),
    }
}

/// Stages and taxes: administrators write, everybody reads.
pub fn settings_access(identity: &Identity) -> Access {
    match identity.kind() {
        Who::Administrator => Access::all(),
        _ => Access::read(),
    }
}

impl Service for Crm {
    type Prepared = Prepared;
    type Heard = Vec<Served>;

    const ANSWERS: &'static [Answered<Self>] = &[Answered::of::<DemandOf>(), Answered::of::<PapersOf>(), Answered::of::<DeliveriesOf>()];

    fn name(&self) -> &'static str {
        "crm"
    }

    fn shape<'a>(&'a self, model: &'a Model) -> Shape<'a> {
        if model.name == "crm.lead" { self.wire.shape() } else { Shape::of(model) }
    }

    fn same_body_is_same(&self, model: &str, read: &Json) -> bool {
        model == "crm.lead" && read.get("cart_id").is_none() && read.pointer("/quotation_address/ek_order_id").is_none()
    }

    fn registry(&self) -> &Registry {
        &self.registry
    }

    fn migrations(&self) -> EmbeddedMigrations {
        const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/crm");
        MIGRATIONS
    }

    fn prepare<'a>(&'a self, asked: Asked<'a, Self>, data: &'a mut Map<String, Json>) -> Pending<'a, Result<Self::Prepared, Fault>> {
        Box::pin(async move {
            match (asked.model.name, asked.call.method.as_str()) {
                ("crm.lead", "create") => crm_lead::prepare(asked, std::mem::take(data)).await.map(Prepared::Lead),
                ("account.move", "action_reverse") => account_move::give_up(asked, data).await.map(Prepared::GivenUp),
                _ => Ok(Prepared::Nothing),
            }
        })
    }

    fn create<'a>(
        &'a self,
        tx: &'a mut Tx<'_>,
        model: &'a Model,
        data: Map<String, Json>,
        prepared: &'a Self::Prepared,
    ) -> Pending<'a, Answer> {
        Box::pin(async move {
            let id = match (model.name, prepared) {
                ("crm.lead", Prepared::Lead(prepared)) => crm_lead::create(tx, model, prepared, &self.keys).await?,
                ("sale.order", _) => return Err(Fault::validation("An order comes with its lead: POST crm.lead.").into()),
                _ => tx.create(model, data).await?,
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
        _: &'a Self::Prepared,
    ) -> Pending<'a, Answer> {
        Box::pin(async move {
            match model.name {
                "crm.lead" => crm_lead::write(tx, model, found, data, &self.keys).await?,
                "sale.order" => sale_order::write(tx, model, found, data).await?,
                _ => tx.write(model, found, data).await?,
            }
            Ok(true.into())
        })
    }

    fn meant(&self, model: &Model, filter: Filter, bank: Option<i64>) -> Filter {
        match bank {
            // The platform's numbers are each bank's own
            Some(bank) if matches!(model.name, "sale.order" | "crm.lead") => {
                Filter::And(vec![filter, Filter::leaf("bank_id", Op::Eq, bank)])
            }
            _ => filter,
        }
    }

    fn body(&self, model: &Model, mode: Mode) -> Option<Body> {
        match (model.name, mode) {
            ("crm.lead", Mode::Create) => Some(self.wire.body()),
            // An order comes with its lead, an invoice with the delivery
            ("sale.order" | "account.move", Mode::Create) | ("sale.order.line" | "account.move.line", _) => None,
            ("sale.order", Mode::Write) => Some(sale_order::body(model)),
            _ => Some(Body::of(model, mode)),
        }
    }

    fn example_filter(&self, model: &Model) -> Option<Json> {
        match model.name {
            "sale.order" => Some(json!([["ek_order_id", "=", "1417"]])),
            _ => None,
        }
    }

    fn actions(&self) -> &'static [Action] {
        const ACTIONS: &[Action] = &[
            Action::plain("sale.order", "action_confirm", "Confirms an order, as EK_ORDER_IN_PREPARATION does."),
            Action::plain("sale.order", "action_cancel", "Cancels an order that is not delivered; its goods are free again."),
            Action::plain("sale.order", "action_quotation_sent", "Notes that the pro forma was sent."),
            Action {
                model: "account.move",
                method: "action_reverse",
                arguments: &[Argument::optional("reason", r#"{"type": ["string", "null"], "maxLength": 500}"#)],
                on_record: true,
                about: "Credits all of a posted invoice that the client does not have, and gives up what still waits for goods; the credit \
                        notes, whose ids it answers, print the reason.",
            },
        ];
        ACTIONS
    }

    fn action<'a>(
        &'a self,
        tx: &'a mut Tx<'_>,
        model: &'a Model,
        call: &'a Call,
        _data: Map<String, Json>,
        prepared: &'a Self::Prepared,
    ) -> Pending<'a, Answer> {
        Box::pin(async move {
            if !(model.access)(tx.identity).write {
                return Err(denied(model, "modify").into());
            }
            let ids = call.params.need("ids")?;
            match (model.name, prepared) {
                ("account.move", Prepared::GivenUp(given_up)) => account_move::reverse(tx, model, ids, given_up).await,
                ("sale.order", _) => {
                    let found = tx.find_ids(model, ids).await?;
                    sale_order::action(tx, model, found, &call.method).await
                }
                _ => Err(Fault::no_such_method(model.name, &call.method).into()),
            }
        })
    }

    fn report<'a>(
        &'a self,
        owner: &'a Owner<Self>,
        identity: &'a Identity,
        model: &'a Model,
        _report: &'a str,
        ids: Vec<i64>,
    ) -> Pending<'a, Result<Reply, Fault>> {
        Box::pin(async move { printed::report(owner, identity, model, &ids).await })
    }

    fn examine<'a>(&'a self, owner: &'a Owner<Self>) -> Pending<'a, Vec<Finding>> {
        Box::pin(loan_file::examine(owner, &self.keys))
    }

    fn unseal(&self, _model: &Model, id: i64, text: &str) -> Result<Map<String, Json>, Fault> {
        self.keys.open(id, text)
    }

    fn follows(&self) -> &'static [&'static str] {
        &["stock", "partners"]
    }

    fn heard<'a>(&'a self, owner: &'a Owner<Self>, _feed: &'a str, events: &'a [Event]) -> Pending<'a, Result<Self::Heard, Fault>> {
        Box::pin(async move {
            // Of partners' feed nothing has to be asked
            let moves = events.iter().filter(|event| event.model == "stock.move");
            let moves: Vec<StockMove> = moves.map(|event| consumer::read(event, "crm")).collect::<Result<_, _>>()?;
            let ids: BTreeSet<i64> = moves.iter().filter_map(|one| one.sale_id).collect();
            if ids.is_empty() {
                return Ok(Vec::new());
            }
            owner.ask(&ForOrders { ids }, None).await
        })
    }

    fn apply<'a>(
        &'a self,
        tx: &'a mut Tx<'_>,
        _feed: &'a str,
        events: &'a [Event],
        heard: &'a Self::Heard,
    ) -> Pending<'a, Result<(), Failure>> {
        Box::pin(async move {
            consumer::forget(tx, events, "crm").await?;
            if heard.is_empty() { Ok(()) } else { sale_order::serve(tx, heard).await }
        })
    }
}
