//! Leads, orders and invoices.

pub mod account_move;
pub mod crm_lead;
pub mod file_step;
pub mod imported;
pub mod ir_attachment;
pub mod loan_file;
pub mod printed;
pub mod sale_order;

use std::collections::BTreeSet;
use std::sync::Arc;

use crm_contract::{DeliveriesOf, DemandOf, Import, PapersOf};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use domain::{Identity, Kind as Who};
use events::Event;
use jsonrpc::Fault;
use records::{Access, Failure, Filter, Op, Tx};
use service::findings::Finding;
use service::{Answered, ModelOf, Owner, Plain, ReadOnly, Service, consumer};
use stock_contract::{ForOrders, Served, StockMove};

use crate::account_move::AccountMove;
use crate::crm_lead::CrmLead;
use crate::ir_attachment::IrAttachment;
use crate::sale_order::SaleOrder;

service::settings! {
    /// What leads and orders need.
    pub struct CrmConfig {
        /// Keys of the loan files, `name:key` (32 bytes in base64), separated by commas: the first encrypts, all decrypt. `hub secret` makes one.
        loan_file_keys: secrecy::SecretString,
    }
}

/// The service.
pub struct Crm {
    keys: loan_file::Keys,
}

impl Crm {
    /// With this configuration.
    ///
    /// # Errors
    /// A key that is none.
    pub fn new(config: &CrmConfig) -> anyhow::Result<Crm> {
        Ok(Crm { keys: loan_file::Keys::parse(&config.loan_file_keys)? })
    }
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
    type Heard = Vec<Served>;

    const NAME: &'static str = "crm";
    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/crm");
    const MODELS: &'static [ModelOf<Crm>] = &[
        ModelOf::of::<CrmLead>(crm_lead::model),
        ModelOf::of::<Plain>(crm_lead::stage_model),
        ModelOf::of::<IrAttachment>(ir_attachment::model),
        ModelOf::of::<SaleOrder>(sale_order::model),
        ModelOf::of::<ReadOnly>(sale_order::line_model),
        ModelOf::of::<Plain>(sale_order::tax_model),
        ModelOf::of::<AccountMove>(account_move::model),
        ModelOf::of::<ReadOnly>(account_move::line_model),
    ];
    const ANSWERS: &'static [Answered<Crm>] =
        &[Answered::of::<DemandOf>(), Answered::of::<PapersOf>(), Answered::of::<DeliveriesOf>(), Answered::of::<Import>()];
    const FOLLOWS: &'static [&'static str] = &["stock", "partners"];

    fn concerns(_: &str, event: &Event) -> bool {
        sale_order::concerns(event) || consumer::forgets(event)
    }

    async fn heard(owner: &Owner<Crm>, _: &str, events: &[Event]) -> Result<Vec<Served>, Fault> {
        // Of partners' feed nothing has to be asked
        let moves = events.iter().filter(|event| sale_order::concerns(event));
        let moves: Vec<StockMove> = moves.map(|event| consumer::read(event, "crm")).collect::<Result<_, _>>()?;
        let ids: BTreeSet<i64> = moves.iter().filter_map(|one| one.sale_id).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        owner.ask(&ForOrders { ids }, None).await
    }

    async fn apply(tx: &mut Tx<'_>, _: &str, events: &[Event], heard: &Vec<Served>) -> Result<(), Failure> {
        consumer::forget(tx, events, "crm", |client, actor, reason| records::sql!("forget.sql", client, actor, reason)).await?;
        if heard.is_empty() { Ok(()) } else { sale_order::serve(tx, heard).await }
    }

    async fn work(owner: &Arc<Owner<Crm>>) {
        file_step::keep_listed(owner).await;
    }

    async fn examine(owner: &Owner<Crm>) -> Vec<Finding> {
        loan_file::examine(owner, &owner.service.keys).await
    }
}
