//! What a model does, beside its declaration and in the same file: the service names both in a line of
//! [`MODELS`](Service::MODELS).

use domain::Identity;
use jsonrpc::{Call, Fault, Reply};
use process::Pending;
use records::condition::denied;
use records::tx::Found;
use records::values::Mode;
use records::{Action, Body, Failure, Model, Posted, Shape, Tx};
use serde_json::{Map, Value as Json};

use crate::owner::{Answer, Owner, Service};

/// A changing request before its transaction.
pub struct Asked<'a, S: Service> {
    /// The service with what it runs on: other services are asked here, not in the transaction.
    pub owner: &'a Owner<S>,
    /// Who asks.
    pub identity: &'a Identity,
    /// For which model.
    pub model: &'a Model,
    /// The call.
    pub call: &'a Call,
    /// The bank that the request is for: the one that it names, else the user's own.
    pub bank: Option<i64>,
    /// What a create came with, to be compared with what was kept of those before it.
    pub posted: &'a Posted,
    /// What is wrong with the request, to be told with the rest.
    pub problems: &'a mut Vec<String>,
}

/// A changing request in its transaction.
pub struct Changing<'a, 't, S> {
    /// The service.
    pub service: &'a S,
    /// The transaction.
    pub tx: &'a mut Tx<'t>,
    /// The model whose records change.
    pub model: &'a Model,
}

/// What a model does. A value is what [`prepare`](Behaviour::prepare) found out for one change; the default one is of a record that
/// changes with another model's, for which nothing was asked.
///
/// Whatever is not written here is as the declaration says.
pub trait Behaviour<S: Service>: Default + Send + Sync + 'static {
    /// Its public methods besides Odoo's own.
    const ACTIONS: &'static [Action] = &[];
    /// Whether a change that names a bank means only records of that bank.
    const PER_BANK: bool = false;

    /// What needs no transaction, or must not happen in one: done before it, and may change the data.
    fn prepare(_asked: Asked<'_, S>, _data: &mut Map<String, Json>) -> impl Future<Output = Result<Self, Fault>> + Send {
        async { Ok(Self::default()) }
    }

    /// Makes a record; answers its id.
    fn create(&self, change: Changing<'_, '_, S>, data: Map<String, Json>) -> impl Future<Output = Result<i64, Failure>> + Send {
        async move { change.tx.create(change.model, data).await }
    }

    /// Changes records that are locked and may be changed.
    fn write(
        &self,
        change: Changing<'_, '_, S>,
        found: Found,
        data: Map<String, Json>,
    ) -> impl Future<Output = Result<(), Failure>> + Send {
        async move { change.tx.write(change.model, found, data).await }
    }

    /// Removes records that are locked and may be changed.
    fn unlink(&self, change: Changing<'_, '_, S>, found: Found) -> impl Future<Output = Result<(), Failure>> + Send {
        async move { change.tx.unlink(change.model, found).await }
    }

    /// Runs one of its public methods. `data` holds the named arguments.
    fn act(&self, change: Changing<'_, '_, S>, call: &Call, _data: Map<String, Json>) -> impl Future<Output = Answer> + Send {
        async move { Err(Fault::no_such_method(change.model.name, &call.method).into()) }
    }

    /// A printed document about records, as PDF.
    fn report(
        _owner: &Owner<S>,
        _identity: &Identity,
        model: &Model,
        _report: &str,
        _ids: &[i64],
    ) -> impl Future<Output = Result<Reply, Fault>> + Send {
        async { Err(Fault::no_such_method(model.name, "report")) }
    }

    /// What a create or a write takes; none where there is no such request.
    fn body(_owner: &Owner<S>, model: &Model, mode: Mode) -> Option<Body> {
        Some(Body::of(model, mode))
    }

    /// What a create takes, for it to be compared with those before it as it is read.
    fn shape<'a>(_owner: &'a Owner<S>, model: &'a Model) -> Shape<'a> {
        Shape::of(model)
    }

    /// Whether a create as it was read has no natural key, so that the same from the same user within a day is one request.
    fn same_body_is_same(_read: &Json) -> bool {
        false
    }

    /// A filter that finds a record of the demo's.
    fn example_filter() -> Option<Json> {
        None
    }

    /// The sealed fields of a record, opened.
    ///
    /// # Errors
    /// 500 where no key of ours opens it.
    fn unseal(_service: &S, model: &Model, _id: i64, _text: &str) -> Result<Map<String, Json>, Fault> {
        Err(process::our_fault(S::NAME, "a model has sealed fields that it does not open", &model.name))
    }
}

/// A model that does what its declaration says, and nothing else.
#[derive(Default)]
pub struct Plain;

impl<S: Service> Behaviour<S> for Plain {}

/// A model that only the service's own code writes.
#[derive(Default)]
pub struct ReadOnly;

impl<S: Service> Behaviour<S> for ReadOnly {
    async fn create(&self, change: Changing<'_, '_, S>, _: Map<String, Json>) -> Result<i64, Failure> {
        Err(denied(change.model, "create").into())
    }

    async fn write(&self, change: Changing<'_, '_, S>, _: Found, _: Map<String, Json>) -> Result<(), Failure> {
        Err(denied(change.model, "modify").into())
    }

    async fn unlink(&self, change: Changing<'_, '_, S>, _: Found) -> Result<(), Failure> {
        Err(denied(change.model, "delete").into())
    }

    fn body(_: &Owner<S>, _: &Model, _: Mode) -> Option<Body> {
        None
    }
}

/// A change of a model whose type is forgotten: here its futures are boxed.
pub(crate) trait Prepared<S: Service>: Send + Sync {
    fn create<'a>(&'a self, change: Changing<'a, '_, S>, data: Map<String, Json>) -> Pending<'a, Result<i64, Failure>>;
    fn write<'a>(&'a self, change: Changing<'a, '_, S>, found: Found, data: Map<String, Json>) -> Pending<'a, Result<(), Failure>>;
    fn unlink<'a>(&'a self, change: Changing<'a, '_, S>, found: Found) -> Pending<'a, Result<(), Failure>>;
    fn act<'a>(&'a self, change: Changing<'a, '_, S>, call: &'a Call, data: Map<String, Json>) -> Pending<'a, Answer>;
}

impl<S: Service, B: Behaviour<S>> Prepared<S> for B {
    fn create<'a>(&'a self, change: Changing<'a, '_, S>, data: Map<String, Json>) -> Pending<'a, Result<i64, Failure>> {
        Box::pin(Behaviour::create(self, change, data))
    }

    fn write<'a>(&'a self, change: Changing<'a, '_, S>, found: Found, data: Map<String, Json>) -> Pending<'a, Result<(), Failure>> {
        Box::pin(Behaviour::write(self, change, found, data))
    }

    fn unlink<'a>(&'a self, change: Changing<'a, '_, S>, found: Found) -> Pending<'a, Result<(), Failure>> {
        Box::pin(Behaviour::unlink(self, change, found))
    }

    fn act<'a>(&'a self, change: Changing<'a, '_, S>, call: &'a Call, data: Map<String, Json>) -> Pending<'a, Answer> {
        Box::pin(Behaviour::act(self, change, call, data))
    }
}

type Preparing<S> = for<'a> fn(Asked<'a, S>, &'a mut Map<String, Json>) -> Pending<'a, Result<Box<dyn Prepared<S>>, Fault>>;
type Unsealing<S> = fn(&S, &Model, i64, &str) -> Result<Map<String, Json>, Fault>;
type Reporting<S> = for<'a> fn(&'a Owner<S>, &'a Identity, &'a Model, &'a str, &'a [i64]) -> Pending<'a, Result<Reply, Fault>>;

/// A model of a service: its declaration, and what it does.
pub struct ModelOf<S: Service> {
    pub(crate) declaration: fn(&S) -> Model,
    pub(crate) actions: &'static [Action],
    pub(crate) per_bank: bool,
    pub(crate) prepare: Preparing<S>,
    pub(crate) unprepared: fn() -> Box<dyn Prepared<S>>,
    pub(crate) report: Reporting<S>,
    pub(crate) body: fn(&Owner<S>, &Model, Mode) -> Option<Body>,
    pub(crate) shape: for<'a> fn(&'a Owner<S>, &'a Model) -> Shape<'a>,
    pub(crate) same_body_is_same: fn(&Json) -> bool,
    pub(crate) example_filter: fn() -> Option<Json>,
    pub(crate) unseal: Unsealing<S>,
}

impl<S: Service> ModelOf<S> {
    /// The model of this declaration, which does this.
    pub const fn of<B: Behaviour<S>>(declaration: fn(&S) -> Model) -> ModelOf<S> {
        ModelOf {
            declaration,
            actions: B::ACTIONS,
            per_bank: B::PER_BANK,
            prepare: prepare::<S, B>,
            unprepared: unprepared::<S, B>,
            report: report::<S, B>,
            body: B::body,
            shape: B::shape,
            same_body_is_same: B::same_body_is_same,
            example_filter: B::example_filter,
            unseal: B::unseal,
        }
    }

    /// Its public method of this name.
    pub(crate) fn action(&self, method: &str) -> Option<&'static Action> {
        self.actions.iter().find(|action| action.method == method)
    }
}

fn prepare<'a, S: Service, B: Behaviour<S>>(
    asked: Asked<'a, S>,
    data: &'a mut Map<String, Json>,
) -> Pending<'a, Result<Box<dyn Prepared<S>>, Fault>> {
    Box::pin(async move {
        let change: Box<dyn Prepared<S>> = Box::new(B::prepare(asked, data).await?);
        Ok(change)
    })
}

fn unprepared<S: Service, B: Behaviour<S>>() -> Box<dyn Prepared<S>> {
    Box::new(B::default())
}

fn report<'a, S: Service, B: Behaviour<S>>(
    owner: &'a Owner<S>,
    identity: &'a Identity,
    model: &'a Model,
    report: &'a str,
    ids: &'a [i64],
) -> Pending<'a, Result<Reply, Fault>> {
    Box::pin(B::report(owner, identity, model, report, ids))
}
