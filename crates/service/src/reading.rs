//! Reads: one statement whose answer is the JSON text itself, or, for an export, a stream from one snapshot.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use diesel::sql_types::{BigInt, Text, Untyped};
use domain::Identity;
use futures_util::{StreamExt, TryStreamExt};
use jsonrpc::{Body, Fault, Params, Reply};
use process::shares::Share;
use records::paged::envelope;
use records::read::{One, Page, Reader, Wire};
use records::request::{ListRequest, Window};
use records::running::Typed;
use records::values::{decimal, printed};
use records::{Field, Filter, Kind, Model, Op, Selection};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};

use crate::database::Open;
use crate::grouping::is_grouped;
use crate::looks::Looks;
use crate::orm::as_sizes;
use crate::owner::{Owner, Service};

/// Answers of up to so many records are made in one statement; more are streamed.
const WHOLE_ROWS: i64 = 1_000;
/// Streams go out in pieces of about this size, in bytes.
const PIECE: usize = 64 * 1024;
/// How much text the records of one printed file may have, in bytes: some 10,000 lines.
const MAX_PRINTED: usize = 4 << 20;
/// How long an export's reader may read nothing.
const PAUSE: Duration = Duration::from_secs(30);
/// How long an export may take in all.
const EXPORT: Duration = Duration::from_secs(600);

/// What stands around streamed rows.
pub(crate) struct Framed {
    /// Before all of them.
    pub begin: String,
    /// Before the first one.
    pub before_first: &'static str,
    /// Before each other.
    pub before_other: &'static str,
    /// After all of them.
    pub end: &'static str,
}

/// A prepared way of reading one record.
pub(crate) struct ReadOne {
    one: One,
    is_short: bool,
    is_sealed: bool,
}

/// Statements that were written, by who asks and what for. An identity is the user's whole: other rights are another key.
pub(crate) type Reads = moka::sync::Cache<(Arc<Identity>, &'static str, String, bool), Arc<ReadOne>>;

/// None yet; at most some thousands, for a minute each.
pub(crate) fn reads() -> Reads {
    moka::sync::Cache::builder().max_capacity(4_096).time_to_live(std::time::Duration::from_secs(60)).build()
}

impl<S: Service> Owner<S> {
    pub(crate) fn reader<'a>(&'a self, identity: &'a Identity) -> Reader<'a> {
        Reader { registry: &self.registry, identity, wire: Wire::AddOn, as_sizes: false }
    }

    pub(crate) async fn read(&self, identity: &Arc<Identity>, model: &Model, params: &Params) -> Result<Reply, Fault> {
        let id: i64 = params.need("id")?;
        let read = self.one(identity, model, params.get::<String>("query")?.unwrap_or_default(), as_sizes(params)?)?;
        let sql = read.one.of(id);
        let row = if read.is_short { self.database.read_line(sql).await? } else { self.database.search::<Text, String>(sql).await? };
        let row = row.into_iter().next().ok_or_else(|| Fault::missing(model.name, id))?;
        Ok(Reply::json(if read.is_sealed { self.opened_rows(identity, model, &row).await? } else { row }))
    }

    /// Whether a selection asks for files, of the records or of others that they lead to.
    fn has_files(&self, model: &Model, selection: &Selection) -> bool {
        selection.items.iter().any(|item| match item {
            records::Item::Field(name, nested) => model.field(name).is_some_and(|field| {
                let comodel = field.kind.comodel().and_then(|comodel| self.registry.get(comodel));
                field.kind == Kind::Binary || nested.as_ref().zip(comodel).is_some_and(|(nested, comodel)| self.has_files(comodel, nested))
            }),
            records::Item::All | records::Item::Except(_) => false,
        })
    }

    /// The statement that reads one record for this user: written anew it costs more than Postgres takes to run it.
    fn one(&self, identity: &Arc<Identity>, model: &Model, query: String, as_sizes: bool) -> Result<Arc<ReadOne>, Fault> {
        let key = (identity.clone(), model.name, query, as_sizes);
        if let Some(known) = self.reads.get(&key) {
            return Ok(known);
        }
        let selection = Selection::parse(&key.2)?;
        let read = Arc::new(ReadOne {
            one: Reader { as_sizes, ..self.reader(identity) }.one(model, &selection)?,
            is_short: is_short(model, &selection) && !self.has_files(model, &selection),
            is_sealed: is_sealed(model, &selection, as_sizes),
        });
        self.reads.insert(key, read.clone());
        Ok(read)
    }

    pub(crate) async fn search_read(&self, identity: Arc<Identity>, model: &Model, params: &Params) -> Result<Reply, Fault> {
        if is_grouped(params) {
            return self.grouped(&identity, model, params).await;
        }
        if let Some(format) = params.get::<String>("format")? {
            return self.table(&identity, model, params, &format).await;
        }
        let request = ListRequest::parse(params)?;
        let open_ended = request.window.is_open_ended();
        let as_sizes = as_sizes(params)?;
        let sealed = is_sealed(model, &request.selection, as_sizes);
        // Neither what is opened here nor files go out in a stream
        let is_whole = sealed || self.has_files(model, &request.selection);
        let at_most = if open_ended { WHOLE_ROWS + 1 } else { i64::MAX };
        let found = self.page_of(Reader { as_sizes, ..self.reader(&identity) }, model, &request, at_most).await;
        let repeated = || self.reader(&identity).repeated(model, &request.selection);
        let mut page = match found {
            Ok(page) => page,
            // Too much to be made whole: a stream is held by nobody
            Err(fault) if open_ended && fault.status == 422 && !is_whole && repeated().is_none() => {
                return self.export(&identity, model, &request).await;
            }
            Err(fault) => return Err(fault),
        };
        if open_ended && page.count > WHOLE_ROWS {
            if is_whole {
                let what = if sealed { "encrypted fields" } else { "files" };
                return Err(Fault::validation(format!("More than {WHOLE_ROWS} records match: read {what} by pages.")));
            }
            if let Some(list) = repeated() {
                return Err(Fault::validation(format!(
                    "More than {WHOLE_ROWS} records match, and '{list}' would stand once in each of them: read them by pages with \
                     `page_size`, walk with `after`, or leave that list out."
                )));
            }
            return self.export(&identity, model, &request).await;
        }
        if sealed {
            page.rows = self.opened_rows(&identity, model, &page.rows).await?;
        }
        Ok(Reply::json(envelope(&request.window, &page)))
    }

    /// These records as objects with the fields of a query, in the order of `ids`, as far as the user sees them: for what is
    /// printed.
    ///
    /// # Errors
    /// 404 for one that does not exist for the user, 422 for more than a file may hold, and the database's own.
    pub async fn records(&self, identity: &Identity, model: &Model, ids: &[i64], query: &str) -> Result<Vec<Map<String, Json>>, Fault> {
        let rows = self.records_seen(identity, model, ids, query).await?;
        ids.iter()
            .map(|id| {
                let row = rows.iter().find(|row| row.get("id").and_then(Json::as_i64) == Some(*id));
                row.cloned().ok_or_else(|| Fault::missing(model.name, *id))
            })
            .collect()
    }

    /// Those of these records that the user sees, in the order of their ids; the query names `id`.
    ///
    /// # Errors
    /// The database's own.
    pub async fn records_seen(
        &self,
        identity: &Identity,
        model: &Model,
        ids: &[i64],
        query: &str,
    ) -> Result<Vec<Map<String, Json>>, Fault> {
        let request = ListRequest {
            filter: Filter::leaf("id", Op::In, ids.to_vec()),
            selection: Selection::parse(query)?,
            order: Some("id".to_owned()),
            active_test: false,
            window: Window::First(Some(i64::try_from(ids.len()).unwrap_or(i64::MAX))),
        };
        let page = self.page(identity, model, &request, i64::MAX).await?;
        if page.rows.len() > MAX_PRINTED {
            return Err(Fault::validation("These records have too many lines for one file: print fewer of them at a time."));
        }
        page.read().map_err(unread)
    }

    /// The records that a filter finds, archived ones too, in the order of their ids, as a service of ours sees them:
    /// `{filter, query, limit}`, at most 1,000; with `bank`, as that bank may see them.
    pub(crate) async fn read_for_service(&self, call: &jsonrpc::Call) -> Result<Reply, Fault> {
        let model = self.registry.model(&call.model)?;
        let request = ListRequest {
            filter: call.params.raw("filter").map_or_else(|| Ok(Filter::all()), Filter::parse)?,
            selection: Selection::parse(&call.params.need::<String>("query")?)?,
            order: Some("id".to_owned()),
            active_test: false,
            window: Window::First(Some(call.params.need::<i64>("limit")?.clamp(1, WHOLE_ROWS))),
        };
        let identity = call.params.get::<i64>("bank")?.map_or_else(Identity::system, Identity::of_bank);
        Ok(Reply::json(format!("[{}]", self.page(&identity, model, &request, i64::MAX).await?.rows)))
    }

    /// A page of what the user sees of a model.
    pub(crate) async fn page(&self, identity: &Identity, model: &Model, request: &ListRequest, at_most: i64) -> Result<Page, Fault> {
        self.page_of(self.reader(identity), model, request, at_most).await
    }

    async fn page_of(&self, reader: Reader<'_>, model: &Model, request: &ListRequest, at_most: i64) -> Result<Page, Fault> {
        let page = self.database.search::<Untyped, Page>(reader.page(model, request, at_most)?).await?.pop();
        page.ok_or_else(|| process::our_fault(S::NAME, "a page has no row", &model.name))
    }

    /// Every match, streamed: one state of the data from the count to the last row.
    async fn export(&self, identity: &Identity, model: &Model, request: &ListRequest) -> Result<Reply, Fault> {
        let place = self.database.export(identity.uid)?;
        let mut open = self.database.begin_snapshot().await?;
        let service = S::NAME;
        let failed = |error| crate::database::fault(service, error);
        let counted = self.reader(identity).count(model, request, self.max_rows + 1)?;
        let connection = open.connection().map_err(failed)?;
        let count = counted.load::<BigInt, i64>(connection).await.map_err(failed)?.pop();
        let count = count.ok_or_else(|| process::our_fault(service, "an export can't be counted", &model.name))?;
        if count > self.max_rows {
            open.rollback().await;
            return Err(Fault::validation(format!(
                "More than {} records match: read them by pages with `page_size`, or walk with `after`.",
                self.max_rows
            )));
        }
        let rows = self.reader(identity).rows(model, request)?;
        let begin = format!(r#"{{"count":{count},"prev":null,"current":1,"next":null,"total_pages":1,"result":["#);
        self.streamed(place, open, rows, Framed { begin, before_first: "", before_other: ",", end: "]}" }).await
    }

    /// The rows of a statement, one text each, streamed in a frame from one snapshot, which ends with them.
    ///
    /// # Errors
    /// The database's own, before the first piece.
    pub(crate) async fn streamed(&self, place: Share<i64>, mut open: Open, rows: records::Sql, framed: Framed) -> Result<Reply, Fault> {
        let service = S::NAME;
        let failed = |error| crate::database::fault(service, error);
        // Its reader may be slow; but one that reads nothing for a while is left
        diesel_async::SimpleAsyncConnection::batch_execute(
            open.connection().map_err(failed)?,
            &format!("SET LOCAL statement_timeout = {}", EXPORT.as_millis()),
        )
        .await
        .map_err(failed)?;
        let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, Fault>>(4);
        let is_whole = Arc::new(AtomicBool::new(false));
        let whole = is_whole.clone();
        tokio::spawn(async move {
            let _place = place;
            let work = async {
                let connection = open.connection().map_err(failed)?;
                let mut rows =
                    diesel_async::RunQueryDsl::load_stream::<String>(Typed::<Text>::of(rows), connection).await.map_err(failed)?;
                let mut piece = BytesMut::with_capacity(PIECE + 4096);
                piece.extend_from_slice(framed.begin.as_bytes());
                let mut first = true;
                while let Some(row) = rows.try_next().await.map_err(failed)? {
                    let before = if std::mem::take(&mut first) { framed.before_first } else { framed.before_other };
                    piece.extend_from_slice(before.as_bytes());
                    piece.extend_from_slice(row.as_bytes());
                    if piece.len() >= PIECE && sender.send_timeout(Ok(piece.split().freeze()), PAUSE).await.is_err() {
                        return Ok(());
                    }
                }
                piece.extend_from_slice(framed.end.as_bytes());
                drop(rows);
                open.rollback().await;
                whole.store(sender.send_timeout(Ok(piece.freeze()), PAUSE).await.is_ok(), Ordering::Release);
                Ok(())
            };
            // A stream that breaks can only be cut off: its reader sees that the end is missing
            let ended = tokio::time::timeout(EXPORT, work).await.unwrap_or_else(|_elapsed| Err(crate::database::slow(service)));
            if let Err(fault) = ended {
                sender.send_timeout(Err(fault), PAUSE).await.ok();
            }
        });
        // What goes wrong before the first piece can still be told
        let mut receiver = receiver;
        let first = match receiver.recv().await {
            Some(Err(fault)) => return Err(fault),
            first => first,
        };
        let stream = futures_util::stream::unfold((first, receiver, is_whole), |(first, mut receiver, is_whole)| async move {
            let next = match first {
                Some(piece) => Some(piece),
                None => receiver.recv().await,
            };
            match next {
                Some(piece) => Some((piece, (None, receiver, is_whole))),
                // Cut off, so that nobody takes a part for all of it; once
                None if !is_whole.swap(true, Ordering::Acquire) => {
                    Some((Err(Fault::unavailable("The answer broke off.")), (None, receiver, is_whole)))
                }
                None => None,
            }
        });
        Ok(Reply { body: Body::Stream(stream.boxed()), matched: None, replayed: false })
    }
}

impl<S: Service> Owner<S> {
    /// Rows whose sealed fields are encrypted texts, with what these hold; who looks at them is noted before.
    pub(crate) async fn opened_rows(&self, identity: &Identity, model: &Model, rows: &str) -> Result<String, Fault> {
        let mut looks = Looks::default();
        let rows = format!("[{rows}]");
        let rows: Vec<&RawValue> = serde_json::from_str(&rows).map_err(unread)?;
        let opened = rows.iter().map(|row| self.opened(model, row.get(), &mut looks)).collect::<Result<Vec<_>, _>>()?.join(",");
        self.keep_looks(identity, model, looks).await?;
        Ok(opened)
    }

    /// A row whose sealed fields came as `[id, encrypted text]`, with what they hold.
    fn opened(&self, model: &Model, row: &str, looks: &mut Looks) -> Result<String, Fault> {
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut open: Option<Map<String, Json>> = None;
        for (name, raw) in serde_json::from_str::<Members<'_>>(row).map_err(unread)?.0 {
            let value = match model.field(&name).filter(|field| field.is_sealed()) {
                None => raw.get().to_owned(),
                Some(field) => {
                    let (id, text): (i64, Option<String>) = serde_json::from_str(raw.get()).map_err(unread)?;
                    if text.is_some() {
                        looks.note(id, field.name);
                    }
                    if open.is_none() {
                        open = Some(
                            text.map_or_else(|| Ok(Map::new()), |text| (self.behaviour(model)?.unseal)(&self.service, model, id, &text))?,
                        );
                    }
                    let value = open.as_ref().and_then(|open| open.get(field.name)).filter(|value| !value.is_null());
                    match (&field.kind, value) {
                        (Kind::Float | Kind::Monetary, value) => printed(value.and_then(decimal).unwrap_or_default()),
                        (Kind::Integer, None) => "0".to_owned(),
                        (_, None) => "false".to_owned(),
                        (_, Some(value)) => value.to_string(),
                    }
                }
            };
            fields.push((name, value));
        }
        let fields: Vec<_> = fields.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        Ok(format!("{{{}}}", fields.join(",")))
    }
}

/// An object's members in their order, their values as they stand.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}

fn unread(error: serde_json::Error) -> Fault {
    tracing::error!(%error, "a row that was just written can't be read");
    Fault::unavailable("The answer could not be put together. Try again.")
}

/// Whether a selection asks for fields that only the service's code can open. A file's size is no secret.
fn is_sealed(model: &Model, selection: &Selection, as_sizes: bool) -> bool {
    let is_opened = |field: &&Field| field.is_sealed() && !(as_sizes && field.kind == Kind::Binary);
    selection.names(|name| model.field(name).filter(is_opened)).is_some()
}

/// Whether a read touches one row of one table and its many2ones only.
fn is_short(model: &Model, selection: &Selection) -> bool {
    selection.items.iter().all(|item| match item {
        records::Item::Field(name, None) => model.field(name).is_none_or(|field| !matches!(field.kind, Kind::One2many { .. })),
        records::Item::Field(..) => false,
        _ => !model.fields.iter().any(|field| matches!(field.kind, Kind::One2many { .. })),
    })
}
