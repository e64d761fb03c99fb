//! A file in the SQL of a read: bytes that stand in a table of their own beside the model's, so that no read, event or audit of the
//! record carries them. The row itself has their checksum, in the column of the field's name: what changes it changes the record.
//!
//! Such a table has `record_id bigint`, `part text` (the field's name), `mimetype text`, `checksum text`, `size bigint`, and
//! `bytes bytea`, or `sealed text` where they are encrypted; its key is `record_id, part`.

use crate::model::{Field, Kept};

/// SQL for a size as Odoo's `human_size` prints it.
fn human_size(size: &str) -> String {
    let units = [(1_i64, "bytes"), (1 << 10, "Kb"), (1 << 20, "Mb")];
    let printed = |(unit, name): (i64, &str)| format!("to_char({size} / {unit}.0, 'FM999999990.00') || ' {name}'");
    let [bytes, kilo, mega] = units.map(printed);
    format!("CASE WHEN {size} < 1024 THEN {bytes} WHEN {size} < 1048576 THEN {kilo} ELSE {mega} END")
}

/// SQL that keeps the bytes from whoever sees no checksum of them, to stand after other conditions.
pub(crate) fn seen(field: &Field, column: &str) -> String {
    field.seen_as.map_or_else(String::new, |_| format!(" AND {column} IS NOT NULL"))
}

/// SQL for the JSON text of a file: base64, or its size as people read it, or, of a sealed one, the record's number with the
/// encrypted text, for the service's code.
pub(crate) fn value(alias: &str, field: &Field, column: &str, kept: Kept, as_sizes: bool) -> String {
    let Kept { table, is_sealed } = kept;
    let seen = seen(field, column);
    let of = |what: &str| format!("(SELECT {what} FROM {table} b WHERE b.record_id = {alias}.id AND b.part = '{}'{seen})", field.name);
    match (as_sizes, is_sealed) {
        (true, _) => format!("coalesce({}, 'false')", of(&format!("'\"' || {} || '\"'", human_size("b.size")))),
        (false, false) => format!("coalesce({}, 'false')", of("'\"' || translate(encode(b.bytes, 'base64'), E'\\n', '') || '\"'")),
        (false, true) => format!("concat('[', {alias}.id, ',', coalesce({}, 'null'), ']')", of("to_json(b.sealed)::text")),
    }
}
