//! The SQL that writes a change's event and audit rows in the statement that makes the change.

/// What happened to the records in the CTE `new`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// They were made.
    Created,
    /// They were changed; `new` has them as they are and as they were.
    Updated,
    /// They became tombstones.
    Deleted,
}

impl Change {
    fn as_str(self) -> &'static str {
        match self {
            Change::Created => "created",
            Change::Updated => "updated",
            Change::Deleted => "deleted",
        }
    }
}

/// What stands in an event: the columns of these names, nothing else.
#[derive(Clone, Debug, Default)]
pub struct Publication {
    /// The number of its shape.
    pub schema: i16,
    /// The columns.
    pub fields: Vec<String>,
}

/// Columns that no reader of the audit needs: bookkeeping of the row itself.
const BOOKKEEPING: &str = "post_hash,deleted_at";

/// CTEs `event_row` and `audit_row`, to stand after the CTEs
/// - `who(origin text, bank bigint, actor bigint, traceparent text, cause text)`, one row;
/// - `new`, the changed rows as they are now; for [`Change::Updated`] their `id` and `version`, and as JSON the row `after` and
///   `before`. The statement that updates returns both: a join of two CTEs reads the second again for each row of the first.
///
/// The event holds what is published. `secret` columns (hashes) stand in neither table; `personal` ones only by name, but for rows
/// where the boolean column `impersonal` is true. All names come from declarations in the code, never from a request.
pub fn append(
    model: &str,
    change: Change,
    secret: &[&str],
    personal: &[&str],
    impersonal: Option<&str>,
    publication: &Publication,
) -> String {
    let kind = change.as_str();
    let hidden = secret.iter().fold(BOOKKEEPING.to_owned(), |list, column| format!("{list},{column}"));
    let nulled = personal.iter().map(|column| format!("\"{column}\":null")).collect::<Vec<_>>().join(",");
    let is_person = impersonal.map_or("TRUE".to_owned(), |column| format!("(n.after ->> '{column}') IS DISTINCT FROM 'true'"));
    let state = format!("n.after - '{{{hidden}}}'::text[] || CASE WHEN {is_person} THEN '{{{nulled}}}'::jsonb ELSE '{{}}' END");
    let published = publication.fields.iter().map(|field| match personal.contains(&field.as_str()) {
        true => format!("'{field}', CASE WHEN {is_person} THEN NULL ELSE n.after -> '{field}' END"),
        false => format!("'{field}', n.after -> '{field}'"),
    });
    let (published, schema) = (published.collect::<Vec<_>>().join(", "), publication.schema);
    let by_name = format!("(a.field = ANY('{{{}}}') OR a.field = ANY('{{{}}}') AND {is_person})", secret.join(","), personal.join(","));
    // Rows become JSON once: a function of the row in a later condition would be computed for each of its fields
    let (rows, of) = match change {
        Change::Created | Change::Deleted => {
            (", state AS MATERIALIZED (SELECT n.id, n.version, to_jsonb(n) AS after FROM new n)", "state n, who w")
        }
        Change::Updated => ("", "new n, who w"),
    };
    let audited = match change {
        Change::Created => format!("NULL::text, NULL::jsonb, {state} FROM {of}"),
        Change::Deleted => format!("NULL::text, {state}, NULL::jsonb FROM {of}"),
        Change::Updated => format!(
            "a.field, CASE WHEN {by_name} THEN NULL ELSE n.before -> a.field END, CASE WHEN {by_name} THEN NULL ELSE a.after END \
             FROM {of}, \
             jsonb_each(n.after - '{{{BOOKKEEPING},version,write_date,write_uid}}'::text[]) AS a(field, after) \
             WHERE a.after IS DISTINCT FROM n.before -> a.field"
        ),
    };
    format!(
        "{rows}, event_row AS (INSERT INTO event (model, record_id, version, kind, origin, bank, actor, traceparent, cause, schema, payload) \
         SELECT '{model}', n.id, n.version, '{kind}', w.origin, w.bank, w.actor, w.traceparent, w.cause, {schema}, jsonb_build_object({published}) FROM {of})\
         , audit_row AS (INSERT INTO audit (actor, origin, bank, model, record_id, field, before, after) \
         SELECT w.actor, w.origin, w.bank, '{model}', n.id, {audited})"
    )
}
