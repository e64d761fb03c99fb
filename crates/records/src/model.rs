//! What a model is: declared once, and everything else about reading it follows from that.

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::Identity;
use events::Publication;
use jsonrpc::Published;

use crate::Sql;
pub use crate::access::Access;
use crate::filter::Filter;

/// The type of a field, in Odoo's terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The record's number.
    Id,
    /// Text of one line, of at most so many characters.
    Char(usize),
    /// Text of several lines, of at most so many characters.
    Text(usize),
    /// Whole number; unset reads 0.
    Integer,
    /// Exact decimal number of two places, not negative; unset reads 0.
    Monetary,
    /// A quantity: exact decimal number of three places, not negative; unset reads 0.
    Float,
    /// True or false.
    Boolean,
    /// Day.
    Date,
    /// Moment, UTC.
    Datetime,
    /// One of these values.
    Selection(&'static [&'static str]),
    /// Reference to a record of this model, of this service or another.
    Many2one(&'static str),
    /// The records of a model of this service whose many2one `inverse` points here.
    One2many {
        /// The other model.
        comodel: &'static str,
        /// Its many2one field.
        inverse: &'static str,
    },
    /// References to records of a model of this service; kept as an array in the row.
    Many2many(&'static str),
    /// A file, whose bytes stand beside the row (see `binary.rs`).
    Binary,
}

impl Kind {
    /// The Postgres type of its column.
    pub fn column_type(&self) -> &'static str {
        match self {
            Kind::Id | Kind::Integer | Kind::Many2one(_) | Kind::One2many { .. } => "bigint",
            // Of a file the row has the checksum
            Kind::Char(_) | Kind::Text(_) | Kind::Selection(_) | Kind::Binary => "text",
            Kind::Monetary | Kind::Float => "numeric",
            Kind::Boolean => "boolean",
            Kind::Date => "date",
            Kind::Datetime => "timestamptz",
            Kind::Many2many(_) => "bigint[]",
        }
    }

    /// Odoo's name of the type.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Id | Kind::Integer => "integer",
            Kind::Char(_) => "char",
            Kind::Text(_) => "text",
            Kind::Monetary => "monetary",
            Kind::Float => "float",
            Kind::Boolean => "boolean",
            Kind::Date => "date",
            Kind::Datetime => "datetime",
            Kind::Selection(_) => "selection",
            Kind::Many2one(_) => "many2one",
            Kind::One2many { .. } => "one2many",
            Kind::Many2many(_) => "many2many",
            Kind::Binary => "binary",
        }
    }

    /// Whether it is a list of records.
    pub fn is_list(&self) -> bool {
        matches!(self, Kind::One2many { .. } | Kind::Many2many(_))
    }

    /// The model that a relation leads to.
    pub fn comodel(&self) -> Option<&'static str> {
        match self {
            Kind::Many2one(comodel) | Kind::Many2many(comodel) | Kind::One2many { comodel, .. } => Some(comodel),
            _ => None,
        }
    }
}

/// Whether a reference may come as a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByName {
    /// No: as a number.
    No,
    /// Yes, one that is known.
    Known,
    /// Yes, and an unknown one makes a record.
    OrNew,
    /// Yes, and an unknown one is kept as text in this other field.
    OrText(&'static str),
}

/// Where the bytes of a field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The table beside the model's.
    pub table: &'static str,
    /// Whether only the service's code can open them.
    pub is_sealed: bool,
}

/// Who meets a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Visibility {
    Public,
    /// May be written; reads `false`, is in no filter.
    WriteOnly,
    /// For the service's own code.
    Internal,
}

/// A field of a model.
#[derive(Clone, Debug)]
pub struct Field {
    /// Odoo's name, and the column's.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// What people call it.
    pub label: &'static str,
    /// What people should know of it.
    pub help: &'static str,
    /// Whether a record must have it.
    pub required: bool,
    /// Whether only the service's own code sets it.
    pub readonly: bool,
    /// Whether its value stays out of events, audit and logs.
    pub personal: bool,
    /// Whether it is kept and compared in lower case.
    pub lower: bool,
    /// Whether, for a many2one, a client may give a record's name in place of its number.
    pub by_name: ByName,
    /// SQL over the row `{t}`, for a field that has no column.
    pub computed: Option<Cow<'static, str>>,
    /// Who may write it; others get 403.
    pub writable_by: Option<fn(&Identity) -> bool>,
    /// Who may read it; others get 403.
    pub readable_by: Option<fn(&Identity) -> bool>,
    /// What it is for an identity where that is not its column: SQL over the row `{t}`. Of a file its checksum, or null for those who
    /// do not get the bytes.
    pub seen_as: Option<fn(&Identity, &Field) -> String>,
    /// Where else it may stand then, so that a text of it is found by indexes: a table, and its column with the record's id.
    pub beside: Option<(&'static str, &'static str)>,
    /// The internal column whose encrypted text holds it, for a field that only the service's code can open.
    pub sealed_in: Option<&'static str>,
    /// Where its bytes are, for a file.
    pub kept: Option<Kept>,
    /// What it is where a client unsets it.
    pub default: Option<&'static str>,
    /// Whether a number may be negative, as history's may.
    pub signed: bool,
    /// How many places a float has.
    pub places: u32,
    visibility: Visibility,
}

impl Field {
    /// A field with a column of its own.
    pub fn new(name: &'static str, kind: Kind, label: &'static str) -> Field {
        Field {
            name,
            kind,
            label,
            help: "",
            required: false,
            readonly: false,
            personal: false,
            lower: false,
            by_name: ByName::No,
            computed: None,
            writable_by: None,
            readable_by: None,
            seen_as: None,
            beside: None,
            sealed_in: None,
            kept: None,
            default: None,
            signed: false,
            places: 3,
            visibility: Visibility::Public,
        }
    }

    /// A column that only the service's code knows.
    pub fn internal(name: &'static str, kind: Kind) -> Field {
        Field { visibility: Visibility::Internal, readonly: true, ..Field::new(name, kind, "") }
    }

    /// A field computed in SQL; `{t}` stands for the row.
    pub fn computed(name: &'static str, kind: Kind, label: &'static str, sql: impl Into<Cow<'static, str>>) -> Field {
        Field { computed: Some(sql.into()), readonly: true, ..Field::new(name, kind, label) }
    }

    /// A file, in this table; the column of the field's name has its checksum.
    pub fn binary(name: &'static str, label: &'static str, table: &'static str) -> Field {
        let mut field = Field::new(name, Kind::Binary, label);
        field.kept = Some(Kept { table, is_sealed: false });
        field
    }

    /// A file that the service's code makes of another field's, in the same table.
    pub fn made_of(name: &'static str, label: &'static str, of: &'static str, table: &'static str) -> Field {
        let mut field = Field::computed(name, Kind::Binary, label, format!("{{t}}.{of}"));
        field.kept = Some(Kept { table, is_sealed: false });
        field
    }

    /// An encrypted file, in this table, which only the service's code can open; read where it is named, on the model itself.
    pub fn sealed_binary(name: &'static str, label: &'static str, table: &'static str) -> Field {
        let mut field = Field::new(name, Kind::Binary, label);
        field.kept = Some(Kept { table, is_sealed: true });
        field
    }

    /// Whether only the service's code can open what it holds.
    pub fn is_sealed(&self) -> bool {
        self.sealed_in.is_some() || self.kept.is_some_and(|kept| kept.is_sealed)
    }

    /// With a sentence for people.
    pub fn help(mut self, help: &'static str) -> Field {
        self.help = help;
        self
    }

    /// A record must have it.
    pub fn required(mut self) -> Field {
        self.required = true;
        self
    }

    /// Only the service's code sets it.
    pub fn readonly(mut self) -> Field {
        self.readonly = true;
        self
    }

    /// With what it is where a client unsets it.
    pub fn default(mut self, value: &'static str) -> Field {
        self.default = Some(value);
        self
    }

    /// It may be negative.
    pub fn signed(mut self) -> Field {
        self.signed = true;
        self
    }

    /// A float with so many places, six at most: more are not read.
    pub fn places(mut self, places: u32) -> Field {
        self.places = places;
        self
    }

    /// Its value stays out of events, audit and logs.
    pub fn personal(mut self) -> Field {
        self.personal = true;
        self
    }

    /// It is kept and compared in lower case.
    pub fn lower(mut self) -> Field {
        self.lower = true;
        self
    }

    /// A client may give the name of a record in place of its number.
    pub fn by_name(mut self) -> Field {
        self.by_name = ByName::Known;
        self
    }

    /// The same; a name that is unknown makes a record.
    pub fn by_name_or_new(mut self) -> Field {
        self.by_name = ByName::OrNew;
        self
    }

    /// The same; a name that is unknown is kept as text in another field.
    pub fn by_name_or_text(mut self, field: &'static str) -> Field {
        self.by_name = ByName::OrText(field);
        self
    }

    /// May be written, reads `false`.
    pub fn write_only(mut self) -> Field {
        self.visibility = Visibility::WriteOnly;
        self
    }

    /// Only these may write it.
    pub fn writable_by(mut self, rule: fn(&Identity) -> bool) -> Field {
        self.writable_by = Some(rule);
        self
    }

    /// Only these may read it.
    pub fn readable_by(mut self, rule: fn(&Identity) -> bool) -> Field {
        self.readable_by = Some(rule);
        self
    }

    /// It has no column: its value is part of the encrypted text in this internal one. Never in `{*}`, in no filter and no
    /// order; read where it is named, on the model itself.
    pub fn sealed_in(mut self, column: &'static str) -> Field {
        self.sealed_in = Some(column);
        self.personal = true;
        self
    }

    /// Whether a client may read it at all.
    pub fn is_public(&self) -> bool {
        self.visibility == Visibility::Public
    }

    /// Whether it may be written but never read.
    pub fn is_write_only(&self) -> bool {
        self.visibility == Visibility::WriteOnly
    }

    /// Whether only the service's code knows it.
    pub fn is_internal(&self) -> bool {
        self.visibility == Visibility::Internal
    }

    /// Whether the row has a column of its name.
    pub fn has_column(&self) -> bool {
        self.computed.is_none() && self.sealed_in.is_none() && !matches!(self.kind, Kind::One2many { .. })
    }
}

/// What a model's records are about: a record of another model of the service. They exist for who sees that one.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The column that has the other model's name.
    pub model: &'static str,
    /// The column that has the record's id.
    pub record: &'static str,
    /// Which exist for an identity whether it sees that record or not.
    pub regardless: fn(&Identity) -> Filter,
    /// The fields that hold values of that record, each in a jsonb column of its name.
    pub values: &'static [&'static str],
    /// The column that says of which of its fields; where it is null, of all.
    pub named_by: &'static str,
}

/// A model of the service.
#[derive(Clone, Debug)]
pub struct Model {
    /// Odoo's name, `product.template`.
    pub name: &'static str,
    /// Its table.
    pub table: &'static str,
    /// What people call its records.
    pub label: &'static str,
    /// How records are ordered when nothing is said; `id` is added.
    pub order: &'static str,
    /// The field that names a record.
    pub rec_name: &'static str,
    /// The many2one that makes its records a tree.
    pub parent: Option<&'static str>,
    /// The boolean field that tells records which are no person's: nothing of them is personal.
    pub impersonal: Option<&'static str>,
    /// Whether its rows are work that waits or a log of it: made and changed by statements of their own, without events and audit.
    pub is_queue: bool,
    /// The natural keys that a copy of a record leaves out; none: there is no copying.
    pub copied_without: Option<&'static [&'static str]>,
    /// What its records are about, where that is a record of another model.
    pub about: Option<About>,
    /// SQL over the row `{t}` and the text `r.name` with its `r.key` that tells whether the text names the row.
    named: Cow<'static, str>,
    /// SQL over the text `n.name`: what it is compared by. It is computed once a text, as it costs more than reading a row.
    name_key: &'static str,
    /// In the order of `{*}`.
    pub fields: Vec<Field>,
    /// Who may do what.
    pub access: fn(&Identity) -> Access,
    /// What its events say.
    pub publication: Publication,
    by_name: BTreeMap<&'static str, usize>,
}

/// The spelling of a record's author, and the clock's and users' part in it: every record carries these, as Odoo's do.
fn common() -> [Field; 6] {
    [
        Field::new("create_by", Kind::Selection(&["odoo", "ekiclik"]), "Created by").readonly(),
        Field::new("create_uid", Kind::Many2one("res.users"), "Created by user").readonly(),
        Field::new("create_date", Kind::Datetime, "Created on").readonly(),
        Field::new("write_uid", Kind::Many2one("res.users"), "Last updated by").readonly(),
        Field::new("write_date", Kind::Datetime, "Last updated on").readonly(),
        Field::new("version", Kind::Integer, "Version").readonly().help("Rises with each change of the record."),
    ]
}

impl Model {
    /// A model whose table has its name with underscores and whose records are named by `name`. The fields that every
    /// model has (`id`, `display_name`, authorship) are added.
    pub fn new(name: &'static str, table: &'static str, label: &'static str, fields: Vec<Field>, access: fn(&Identity) -> Access) -> Model {
        let mut model = Model {
            name,
            table,
            label,
            order: "name",
            rec_name: "name",
            parent: None,
            impersonal: None,
            is_queue: false,
            copied_without: None,
            about: None,
            publication: Publication { schema: 1, fields: Vec::new() },
            named: Cow::Borrowed("norm({t}.name) = r.key"),
            name_key: "norm(n.name)",
            fields,
            access,
            by_name: BTreeMap::new(),
        };
        model.fields.insert(0, Field::new("id", Kind::Id, "ID").readonly());
        model.fields.extend(common());
        model.index();
        model
    }

    fn index(&mut self) {
        self.by_name = self.fields.iter().enumerate().map(|(at, field)| (field.name, at)).collect();
    }

    /// With a default order.
    pub fn order(mut self, order: &'static str) -> Model {
        self.order = order;
        self
    }

    /// With another naming field.
    pub fn rec_name(mut self, field: &'static str) -> Model {
        self.rec_name = field;
        self
    }

    /// With its own way of being named: `key` is SQL over the text `n.name`, `sql` over the row `{t}`, the text `r.name` and its `r.key`.
    pub fn named(mut self, key: &'static str, sql: &'static str) -> Model {
        (self.name_key, self.named) = (key, Cow::Borrowed(sql));
        self
    }

    /// The texts as the relation `r` that [`Model::is_named`] compares rows with.
    pub(crate) fn names(&self, texts: Vec<String>) -> Sql {
        let mut sql = Sql::new("(SELECT n.name, ");
        // OFFSET keeps the planner from computing the key again for each row
        sql.push(self.name_key).push(" AS key FROM unnest(").bind(texts).push(") AS n(name) OFFSET 0) r");
        sql
    }

    /// Whether the text of [`Model::names`] names the row.
    pub(crate) fn is_named(&self, alias: &str) -> String {
        format!("({})", self.named.replace("{t}", alias))
    }

    /// With the boolean field that tells records which are no person's.
    pub fn impersonal(mut self, field: &'static str) -> Model {
        self.impersonal = Some(field);
        self
    }

    /// As work that waits, or a log of it: its changes are nobody's news.
    pub fn queue(mut self) -> Model {
        self.is_queue = true;
        self
    }

    /// Its records may be copied, without these natural keys. One that names a record gets another name.
    pub fn copied_without(mut self, keys: &'static [&'static str]) -> Model {
        self.copied_without = Some(keys);
        self
    }

    /// With what its records are about.
    pub fn about(mut self, about: About) -> Model {
        self.about = Some(about);
        self
    }

    /// As a tree over this many2one.
    pub fn tree(mut self, parent: &'static str) -> Model {
        self.parent = Some(parent);
        self
    }

    /// With `display_name` after `name`: the naming field's value unless the model computes another.
    pub(crate) fn with_display_name(mut self) -> Model {
        if !self.fields.iter().any(|field| field.name == "display_name") {
            let naming = self.fields.iter().find(|field| field.name == self.rec_name);
            let is_text = naming.is_some_and(|field| matches!(field.kind, Kind::Char(_) | Kind::Text(_)));
            let cast = if is_text { "" } else { "::text" };
            let own = || format!("{{t}}.{}{cast}", self.rec_name).into();
            let sql = naming.and_then(|field| field.computed.clone()).unwrap_or_else(own);
            self.fields.insert(1, Field::computed("display_name", Kind::Char(254), "Display name", sql));
        }
        self.index();
        self
    }

    /// With what its events say. A contract whose fields are not the model's columns is found by `declarations.rs`.
    pub fn publishes<P: Published>(mut self) -> Model {
        let fields = P::FIELDS.iter().map(|field| field.strip_prefix("r#").unwrap_or(field).to_owned());
        self.publication = Publication { schema: P::SCHEMA, fields: fields.collect() };
        self
    }

    /// The field of this name, internal ones included: for the service's own code.
    pub fn any_field(&self, name: &str) -> Option<&Field> {
        self.by_name.get(name).and_then(|at| self.fields.get(*at))
    }

    /// The field of this name, if clients may know of it.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.any_field(name).filter(|field| !field.is_internal())
    }

    /// `Invalid field 'x' on model 'y'`, with the nearest known one.
    pub fn unknown_field(&self, name: &str) -> String {
        let known = self.fields.iter().filter(|field| !field.is_internal()).map(|field| field.name);
        let hint = domain::nearest(name, known).map_or(String::new(), |near| format!(" (did you mean '{near}'?)"));
        format!("Invalid field '{}' on model '{}'{hint}", clip(name), self.name)
    }

    /// Whether records can be archived.
    pub fn archivable(&self) -> bool {
        self.by_name.contains_key("active")
    }

    /// Columns of secrets, of what is sealed and of files: in no event, and in the audit by name only.
    pub fn secret_columns(&self) -> Vec<&'static str> {
        let is_secret = |f: &&Field| f.is_write_only() || (f.is_internal() && f.personal) || f.kind == Kind::Binary;
        self.fields.iter().filter(|f| f.has_column()).filter(is_secret).map(|f| f.name).collect()
    }

    /// Columns of personal data: in events and audit by name only.
    pub fn personal_columns(&self) -> Vec<&'static str> {
        self.fields.iter().filter(|f| f.has_column() && f.personal && f.is_public()).map(|f| f.name).collect()
    }
}

/// A client's text, short enough for an error.
pub fn clip(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(80) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}
