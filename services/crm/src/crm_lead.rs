//! `crm.lead`: a client's basket, sent by a bank's platform; one effect with its loan file and its order.

use std::collections::HashMap;
use std::sync::LazyLock;

use catalog_contract::ByReference;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use domain::{Identity, Kind as Who, nearest};
use jsonrpc::{Call, Dialect, Fault, strict};
use partners_contract::{Client, ClientOf, ForLead, LeadsClient, NoPoint, Reference};
use records::tx::Found;
use records::values::{MAX_QUANTITY, Mode, Problems, Value, Values, is_unset};
use records::write::OnConflict;
use records::{Access, Action, Body, Exact, Failure, Field, Kind, Model, Posted, Shape, Tx, schema, sql};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use service::owner::Answer;
use service::{Asked, Behaviour, Changing, Owner};

use crate::file_step::{self, Listed};
use crate::sale_order::{self, Address, NewLine, NewOrder, Pos};
use crate::{Crm, access, ir_attachment, loan_file};

/// How many lines a cart may have.
const MAX_LINES: usize = 1_000;

/// The declaration.
pub fn model(_: &Crm) -> Model {
    let mut fields = vec![
        Field::new("name", Kind::Char(254), "Opportunity").required().personal(),
        Field::new("partner_id", Kind::Many2one("res.partner"), "Customer").readonly(),
        Field::new("bank_id", Kind::Many2one("res.bank"), "Bank").readonly(),
        Field::new("order_source", Kind::Char(254), "Bank's name").readonly(),
        Field::new("cart_id", Kind::Integer, "Cart").readonly().help("With the bank, a lead's natural key."),
        Field::new("ek_order_id", Kind::Integer, "Platform's order number").readonly(),
        Field::new("stage_id", Kind::Many2one("crm.stage"), "Stage").required().by_name(),
        Field::new("priority", Kind::Selection(&["0", "1", "2", "3"]), "Priority").default("0"),
        Field::new("code_pos", Kind::Char(254), "Point of sale").readonly(),
        Field::new("pos_id", Kind::Many2one("res.partner"), "Point of sale's record").readonly(),
        Field::new("expected_revenue", Kind::Monetary, "Expected revenue"),
        Field::new("order_ids", Kind::One2many { comodel: "sale.order", inverse: "opportunity_id" }, "Orders"),
        Field::new("active", Kind::Boolean, "Active").default("true"),
    ];
    fields.extend(loan_file::fields());
    fields.extend(file_step::fields());
    fields.push(Field::internal(loan_file::COLUMN, Kind::Text(20_000)).personal());
    fields.push(Field::internal("post_hash", Kind::Char(200)));
    Model::new("crm.lead", "crm_lead", "Lead", fields, access).order("priority desc, id desc").publishes::<crm_contract::CrmLead>()
}

/// The declaration of a stage.
pub fn stage_model(_: &Crm) -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(254), "Stage").required(),
        Field::new("sequence", Kind::Integer, "Sequence"),
        Field::new("is_won", Kind::Boolean, "Is won"),
        Field::new("fold", Kind::Boolean, "Folded").help("Whether a board shows its column folded."),
    ];
    Model::new("crm.stage", "crm_stage", "Stage", fields, crate::settings_access).copied_without(&["name"]).order("sequence, id")
}

/// Whether a field is part of the loan file, sealed or listed.
fn is_of_file(field: &Field) -> bool {
    field.sealed_in.is_some() || loan_file::LISTED.contains(&field.name)
}

/// A lead that is made or changed.
#[derive(Default)]
pub enum CrmLead {
    /// Nothing was asked for it: it is changed.
    #[default]
    Changed,
    /// The same was sent before.
    Known(i64),
    /// It is to be stored.
    New(Box<NewLead>),
}

impl Behaviour<Crm> for CrmLead {
    const ACTIONS: &'static [Action] = &[file_step::STEP];
    const PER_BANK: bool = true;

    async fn prepare(asked: Asked<'_, Crm>, data: &mut Map<String, Json>) -> Result<CrmLead, Fault> {
        match asked.call.method.as_str() {
            "create" => prepare(asked, std::mem::take(data)).await,
            _ => Ok(CrmLead::Changed),
        }
    }

    async fn create(&self, change: Changing<'_, '_, Crm>, _: Map<String, Json>) -> Result<i64, Failure> {
        match self {
            CrmLead::Known(id) => Ok(*id),
            CrmLead::New(new) => create(change.tx, change.model, new, &change.service.keys).await,
            CrmLead::Changed => Err(Fault::validation("A lead comes by itself: POST crm.lead.").into()),
        }
    }

    /// Changes leads; what is of the loan file goes into its encrypted text.
    ///
    /// # Errors
    /// 422 with everything that is wrong.
    async fn write(&self, change: Changing<'_, '_, Crm>, found: Found, data: Map<String, Json>) -> Result<(), Failure> {
        let Changing { service: Crm { keys }, tx, model } = change;
        let mut problems = tx.problems();
        let mut values = tx.check(model, Mode::Write, data, &mut problems).await?;
        problems.check()?;
        let mut file = Map::new();
        for field in model.fields.iter().filter(|field| is_of_file(field)) {
            if let Some(Value::Plain(json)) = values.remove(field.name) {
                file.insert(field.name.to_owned(), json);
            }
        }
        file_step::write(tx, model, keys, found.ids.clone(), &file).await?;
        tx.update(model, found.ids, &values).await.map(drop)
    }

    async fn act(&self, change: Changing<'_, '_, Crm>, call: &Call, data: Map<String, Json>) -> Answer {
        match call.method.as_str() {
            "action_file_state" => file_step::step(change.tx, change.model, &change.service.keys, call, &data).await,
            unknown => Err(Fault::no_such_method(change.model.name, unknown).into()),
        }
    }

    async fn unlink(&self, change: Changing<'_, '_, Crm>, found: Found) -> Result<(), Failure> {
        ir_attachment::remove_of(change.tx, change.model, &found.ids).await?;
        change.tx.unlink(change.model, found).await
    }

    fn body(_: &Owner<Crm>, model: &Model, mode: Mode) -> Option<Body> {
        Some(match mode {
            Mode::Create => WIRE.body(),
            Mode::Write => Body::of(model, mode),
        })
    }

    fn shape<'a>(_: &'a Owner<Crm>, _: &'a Model) -> Shape<'a> {
        WIRE.shape()
    }

    fn same_body_is_same(read: &Json) -> bool {
        read.get("cart_id").is_none() && read.pointer("/quotation_address/ek_order_id").is_none()
    }

    fn unseal(crm: &Crm, _: &Model, id: i64, text: &str) -> Result<Map<String, Json>, Fault> {
        crm.keys.open(id, text)
    }
}

/// The parts of a lead as they are sent: declared like models, so that they are checked and refused like models.
struct Wire {
    lead: Model,
    partner: Model,
    cart: Model,
    address: Model,
    file: Model,
}

static WIRE: LazyLock<Wire> = LazyLock::new(Wire::new);

impl Wire {
    fn new() -> Wire {
        let part = |name: &'static str, fields| Model::new(name, "none", "Lead", fields, |_| Access::default());
        let text = |name, label| Field::new(name, Kind::Char(254), label);
        let mut partner = vec![text("email", "Email").lower().required()];
        partner.extend(loan_file::partner_fields().into_iter().map(Field::personal));
        Wire {
            lead: part("crm.lead", vec![text("name", "Name"), Field::new("cart_id", Kind::Integer, "Cart"), text("code_pos", "POS code")]),
            partner: part("crm.lead.partner", partner),
            cart: part(
                "crm.lead.cart",
                vec![
                    text("manufacturer_ref", "Reference").required(),
                    Field::new("quantity", Kind::Float, "Quantity").required(),
                    text("product_warehouse_id", "POS code").required(),
                ],
            ),
            address: part(
                "crm.lead.quotation_address",
                vec![
                    text("order_source", "Bank"),
                    Field::new("type", Kind::Char(64), "Type"),
                    text("street", "Street").personal(),
                    text("street2", "Street 2").personal(),
                    Field::new("state_id", Kind::Many2one("res.country.state"), "Wilaya").by_name(),
                    Field::new("country_id", Kind::Many2one("res.country"), "Country").by_name(),
                    text("code_pos", "POS code"),
                    Field::new("ek_order_id", Kind::Integer, "Order number"),
                ],
            ),
            file: part("crm.lead.file_info", loan_file::file_fields().into_iter().map(Field::personal).collect()),
        }
    }

    /// All of it, as the API's document has it.
    fn body(&self) -> Body {
        let part = |model: &Model| Body::of(model, Mode::Create);
        let own = || json!({"type": ["string", "null"]});
        let cart = part(&self.cart).with("quantity", json!({"type": "number", "minimum": 0.001, "exclusiveMaximum": MAX_QUANTITY}));
        part(&self.lead)
            .with_required("partner", part(&self.partner).with("create_by", own()).schema())
            .with_required("cart", schema::list(cart.with("create_by", own()).schema(), 1, MAX_LINES))
            .with("quotation_address", part(&self.address).with("create_by", own()).schema())
            .with("file_info", part(&self.file).with("create_by", own()).schema())
            .example(json!({
                "create_by": "ekiclik", "order_source": "Alsalam", "cart_id": 259, "code_pos": "PDVA-E-BOJ-BOJ-05-001",
                "partner": {"email": "yasmine.cherif@example.dz", "salary": 900_000.0, "birth_date": "1993-11-03", "monthly_payment": 5321, "periodicity": 12},
                "cart": [{"manufacturer_ref": "ATLAS-CAN3-BL", "quantity": 7, "product_warehouse_id": "PDVA-E-BOJ-BOJ-05-001"}],
                "quotation_address": {"order_source": "Alsalam", "type": "delivery", "create_by": "ekiclick", "street": "12 rue Didouche Mourad",
                    "street2": null, "state_id": "Béjaïa", "country_id": "DZ", "code_pos": "PDVA-E-BOJ-BOJ-05-001", "ek_order_id": 1417},
                "file_info": {"file_number": 1906, "client_number": "0666666666", "order_status": "draft", "progress": 0.0, "file_state": "traitement"},
            }))
    }

    /// What makes two of them the same.
    fn shape(&self) -> Shape<'_> {
        let part = Shape::of;
        part(&self.lead)
            .with("partner", part(&self.partner))
            .with("cart", part(&self.cart))
            // The bank is the lead's
            .with("quotation_address", part(&self.address).without("order_source"))
            .with("file_info", part(&self.file))
    }
}

/// A lead that is to be stored: checked, its references found.
#[derive(Clone, Debug)]
pub struct NewLead {
    name: String,
    cart_id: Option<i64>,
    /// Of what it came with.
    post_hash: Option<String>,
    /// To be encrypted.
    file: Map<String, Json>,
    /// Whose client, bank and point of sale are the lead's too.
    order: NewOrder,
}

/// A row of `crm.lead`.
#[derive(Serialize)]
struct LeadRow<'a> {
    id: i64,
    name: &'a str,
    partner_id: i64,
    bank_id: i64,
    order_source: &'a str,
    cart_id: Option<i64>,
    ek_order_id: Option<i64>,
    code_pos: Option<&'a str>,
    pos_id: Pos,
    expected_revenue: Decimal,
    loan_file: Option<&'a str>,
    #[serde(flatten)]
    listed: Listed,
    post_hash: Option<&'a str>,
}

/// The checked fields of one part.
struct Part(Values);

impl Part {
    fn read(model: &Model, identity: &Identity, at: &str, json: Option<Json>, problems: &mut Vec<String>) -> Part {
        let mut mine = Problems::default();
        let map = match json {
            None => Map::new(),
            Some(unset) if is_unset(&unset) => Map::new(),
            Some(Json::Object(mut map)) => {
                // Whose it is, the lead tells
                map.remove("create_by");
                map
            }
            Some(other) => {
                problems.push(format!("`{at}`: {} (an object expected)", strict::kind(&other)));
                return Part(Values::default());
            }
        };
        let values = match Values::check(model, identity, Mode::Create, map, &mut mine) {
            Ok(values) => values,
            Err(fault) => {
                problems.push(fault.message);
                Values::default()
            }
        };
        if let Err(fault) = mine.check() {
            problems.extend(fault.message.lines().map(|line| line.replace(model.name, at)));
        }
        Part(values)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.text(name).filter(|text| !text.is_empty())
    }

    /// A reference: a record's id, or its name.
    fn reference(&self, name: &str) -> Option<Reference> {
        match self.0.get(name)? {
            Value::Name(name) => Some(Reference::Name(name.clone())),
            Value::Plain(id) => id.as_i64().map(Reference::Id),
            Value::Change { .. } => None,
        }
    }

    fn number(&self, name: &str) -> Option<i64> {
        match self.0.get(name)? {
            Value::Plain(json) => json.as_i64().filter(|number| *number != 0),
            Value::Name(_) | Value::Change { .. } => None,
        }
    }

    /// A quantity. What was refused, or left out, is none.
    fn quantity(&self, name: &str) -> Result<Decimal, Fault> {
        let Some(text) = self.0.text(name) else { return Ok(Decimal::ZERO) };
        text.parse().map_err(|error| service::our_fault("crm", &format!("the checked quantity '{text}' is not a number"), &error))
    }

    /// What is set of it, as JSON.
    fn set(&self) -> impl Iterator<Item = (String, Json)> {
        self.0.iter().filter_map(|(name, value)| match value {
            Value::Plain(json) => (!json.is_null()).then(|| (name.to_owned(), json.clone())),
            Value::Name(_) | Value::Change { .. } => None,
        })
    }
}

/// Reads a lead, and finds what it names: one call a service. Partners is asked last, and makes the client where nothing is refused.
///
/// # Errors
/// 422 with everything that is wrong, 409 for a key with other content.
async fn prepare(asked: Asked<'_, Crm>, mut data: Map<String, Json>) -> Result<CrmLead, Fault> {
    let Asked { owner, identity, call, bank, problems, posted, .. } = asked;
    let wire = &*WIRE;
    let (partner, cart, address, file) =
        (data.remove("partner"), data.remove("cart"), data.remove("quotation_address"), data.remove("file_info"));
    if let Some(unknown) = data.keys().find(|name| wire.lead.field(name).is_none()) {
        let known = ["partner", "cart", "quotation_address", "file_info", "order_source"];
        if let Some(near) = nearest(unknown, known) {
            problems.push(format!("Invalid field '{unknown}' on model 'crm.lead' (did you mean '{near}'?)"));
            let unknown = unknown.clone();
            data.remove(&unknown);
        }
    }
    let lead = Part::read(&wire.lead, identity, "crm.lead", Some(Json::Object(data)), problems);
    let partner = Part::read(&wire.partner, identity, "partner", partner, problems);
    let file = Part::read(&wire.file, identity, "file_info", file, problems);
    let address = Part::read(&wire.address, identity, "quotation_address", address, problems);
    let rows = match cart {
        Some(Json::Array(rows)) if (1..=MAX_LINES).contains(&rows.len()) => rows,
        other => {
            let found = other.map_or("nothing".to_owned(), |json| match json {
                Json::Array(rows) => format!("{} rows", rows.len()),
                other => strict::kind(&other).to_owned(),
            });
            problems.push(format!("`cart`: {found} (a list of 1 to {MAX_LINES} rows expected)"));
            Vec::new()
        }
    };
    let mut lines = Vec::new();
    for (at, row) in rows.into_iter().enumerate() {
        let at = format!("cart[{at}]");
        let before = problems.len();
        let row = Part::read(&wire.cart, identity, &at, Some(row), problems);
        let quantity = row.quantity("quantity")?;
        if quantity <= Decimal::ZERO && problems.len() == before {
            problems.push(format!("Wrong value for {at}.quantity: {quantity} (a number above 0 expected)"));
        }
        let text = |name| row.text(name).unwrap_or_default().to_owned();
        lines.push(CartRow { at, reference: text("manufacturer_ref"), quantity, code_pos: text("product_warehouse_id") });
    }
    let Some(bank) = bank else {
        // A bank that is unknown has been told already
        if !problems.iter().any(|problem| problem.starts_with("Unknown bank")) {
            problems.push("Field 'order_source' of crm.lead is required".to_owned());
        }
        return Err(told(problems));
    };
    let (cart_id, ek_order_id) = (lead.number("cart_id"), address.number("ek_order_id"));
    if problems.is_empty()
        && let Some((id, same)) = known(owner, bank, cart_id, ek_order_id, posted).await?
    {
        if call.dialect == Dialect::Odoo {
            let keys = [cart_id, ek_order_id].map(|key| key.map_or_else(|| "none".to_owned(), |key| key.to_string()));
            return Err(Fault::taken("crm.lead", "cart_id, ek_order_id", &keys.join(", "), id));
        }
        let same = match same {
            Some(same) => same,
            None => is_alike(owner, call, id, partner.text("email").unwrap_or_default(), &lines).await?,
        };
        return if same { Ok(CrmLead::Known(id)) } else { Err(other_content(id)) };
    }

    let mut code_of_lead = lead.text("code_pos").or(address.text("code_pos")).map(str::to_owned);
    if let Who::Clerk { code_pos, .. } = identity.kind() {
        // Of another point of sale it would not see the lead itself
        if code_of_lead.as_deref().is_some_and(|code| code != code_pos) {
            return Err(Fault::access_error(format!("You work at the point of sale '{code_pos}' and can't send leads of another.")));
        }
        code_of_lead = Some(code_pos.to_owned());
    }
    let codes = lines.iter().map(|line| line.code_pos.as_str()).chain(code_of_lead.as_deref()).chain(address.text("code_pos"));
    let codes = codes.map(str::to_owned).collect();
    let references = lines.iter().map(|line| line.reference.clone()).collect();
    let (state, country) = (address.reference("state_id"), address.reference("country_id"));
    let traceparent = call.traceparent.as_ref();
    let products = owner.ask(&ByReference { references, ..ByReference::default() }, traceparent).await?;
    let products: HashMap<_, _> = products.into_iter().filter(|p| p.active).map(|p| (p.manufacturer_ref.clone(), p)).collect();
    for CartRow { at, reference, .. } in lines.iter().filter(|line| !line.reference.is_empty()) {
        if !products.contains_key(reference) {
            problems.push(format!("Unknown manufacturer_ref in {at}: '{reference}'"));
        }
    }
    // Partners makes the client where it has nothing against the lead either
    let email = partner.text("email").unwrap_or_default().to_owned();
    let (own, uid, origin) = (identity.bank.is_some(), identity.uid, identity.origin_claiming(None));
    let client = problems.is_empty().then_some(LeadsClient { email, own, uid, origin });
    let named = ForLead { codes, bank, state, country, client };
    let places = owner.ask(&named, traceparent).await?;
    let pos = |at: &str, code: &str, problems: &mut Vec<String>| -> Pos {
        match places.point(code) {
            Ok(found) => found.map(|point| point.id),
            Err(NoPoint::Unknown) => {
                problems.push(format!("Unknown POS code in {at}: '{code}'"));
                None
            }
            Err(NoPoint::Closed) => {
                problems.push(format!("The point of sale in {at} takes no new order: '{code}' is archived or BLOCKED"));
                None
            }
        }
    };
    let mut new_lines = Vec::new();
    for CartRow { at, reference, quantity, code_pos } in lines {
        let pos = pos(&format!("{at}.product_warehouse_id"), &code_pos, problems);
        new_lines.extend(products.get(&reference).map(|product| NewLine { product: product.clone(), quantity, code_pos, pos }));
    }
    let pos_of_lead = code_of_lead.as_deref().and_then(|code| pos("code_pos", code, problems));
    if let Some(code) = address.text("code_pos").filter(|code| Some(*code) != code_of_lead.as_deref()) {
        pos("quotation_address.code_pos", code, problems);
    }
    if let (Some(country), None) = (&named.country, &places.country) {
        problems.push(format!("Unknown country in quotation_address.country_id: '{}' (a name, an ISO code or an id expected)", country));
    }
    let Some(bank) = places.bank else { return Err(Fault::validation("The bank is not there any more.")) };
    if !problems.is_empty() {
        return Err(told(problems));
    }
    let client = match (places.client, named.client) {
        (Some(client), _) => client,
        // Of the release before
        (None, Some(LeadsClient { email, own, uid, origin })) => {
            owner.ask(&Client { email, bank: bank.id, own: Some(own), uid, origin }, traceparent).await?
        }
        (None, None) => return Err(told(problems)),
    };

    let name = lead.text("name").map(str::to_owned).unwrap_or_else(|| match (cart_id, ek_order_id) {
        (Some(cart), _) => format!("Panier {cart} – {}", bank.name),
        (None, Some(order)) => format!("Commande {order} – {}", bank.name),
        (None, None) => format!("Panier – {}", bank.name),
    });
    let address = Address {
        code_pos: code_of_lead,
        pos_id: pos_of_lead,
        delivery_type: address.text("type").map(str::to_owned),
        delivery_street: address.text("street").map(str::to_owned),
        delivery_street2: address.text("street2").map(str::to_owned),
        delivery_state: places.state.as_ref().map(|state| state.name.clone()).or(named.state.as_ref().map(Reference::to_string)),
        delivery_state_id: places.state.map(|state| state.id),
        delivery_country_id: places.country.map(|country| country.id),
    };
    let order = NewOrder { partner: client, bank: (bank.id, bank.name), ek_order_id, address, lines: new_lines };
    let file = partner.set().filter(|(name, _)| name != "email").chain(file.set()).collect();
    Ok(CrmLead::New(Box::new(NewLead { name, cart_id, post_hash: posted.hash().map(str::to_owned), file, order })))
}

fn told(problems: &mut Vec<String>) -> Fault {
    let mut all = Problems::default();
    problems.drain(..).for_each(|problem| all.add(problem));
    all.check().err().unwrap_or_else(|| Fault::validation("The request is not complete."))
}

fn other_content(id: i64) -> Fault {
    Fault::conflict(format!(
        "This cart_id or ek_order_id is that of lead {id}, which came with other content. Leads are not sent twice with different content; change it by PUT."
    ))
}

/// A row of a cart, as it was sent.
struct CartRow {
    /// Where it stands, for refusals.
    at: String,
    reference: String,
    quantity: Decimal,
    code_pos: String,
}

/// A row of a cart, as it was stored.
#[derive(QueryableByName)]
struct StoredRow {
    #[diesel(sql_type = BigInt)]
    partner_id: i64,
    #[diesel(sql_type = Text)]
    manufacturer_ref: String,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    quantity: Decimal,
    #[diesel(sql_type = Text)]
    code_pos: String,
}

/// Whether a lead whose hash was dropped, or is under a key that is not ours any more, has the same client and the same cart.
async fn is_alike(owner: &Owner<Crm>, call: &Call, lead: i64, email: &str, cart: &[CartRow]) -> Result<bool, Fault> {
    let client = owner.ask(&ClientOf { email: email.to_owned() }, call.traceparent.as_ref()).await?;
    let stored: Vec<StoredRow> = owner.database.rows(sql!("crm_lead/cart.sql", lead)).await?;
    let is_same = |(stored, row): (&StoredRow, &CartRow)| {
        let is_theirs = Some(stored.partner_id) == client && stored.code_pos == row.code_pos;
        is_theirs && stored.manufacturer_ref == row.reference && stored.quantity == row.quantity
    };
    Ok(stored.len() == cart.len() && stored.iter().zip(cart).all(is_same))
}

/// The lead that has one of these keys: its id, and whether its POST was the same, where that is known.
async fn known(
    owner: &Owner<Crm>,
    bank: i64,
    cart_id: Option<i64>,
    order: Option<i64>,
    posted: &Posted,
) -> Result<Option<(i64, Option<bool>)>, Fault> {
    if cart_id.is_none() && order.is_none() {
        return Ok(None);
    }
    let rows = owner.database.rows(sql!("crm_lead/by_key.sql", bank, cart_id, order)).await?;
    chosen(rows, posted)
}

/// A lead, and the hash of what it came with.
#[derive(QueryableByName)]
struct Keyed {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    post_hash: Option<String>,
}

fn chosen(rows: Vec<Keyed>, posted: &Posted) -> Result<Option<(i64, Option<bool>)>, Fault> {
    match rows.as_slice() {
        [] => Ok(None),
        [Keyed { id, post_hash }] => Ok(Some((*id, posted.is_same(post_hash.as_deref())))),
        [one, other, ..] => Err(Fault::conflict(format!("cart_id and ek_order_id are those of two leads: {} and {}.", one.id, other.id))),
    }
}

/// Stores a lead with its loan file and its order.
///
/// # Errors
/// 409 where another request has just stored other content under its keys.
async fn create(tx: &mut Tx<'_>, model: &Model, new: &NewLead, keys: &loan_file::Keys) -> Result<i64, Failure> {
    let priced = sale_order::price(tx, &new.order).await?;
    let (lead, order) = (priced.lead, &new.order);
    let sealed = if new.file.is_empty() { None } else { Some(keys.seal(lead, &new.file)?) };
    let row = LeadRow {
        id: lead,
        name: &new.name,
        partner_id: order.partner,
        bank_id: order.bank.0,
        order_source: &order.bank.1,
        cart_id: new.cart_id,
        ek_order_id: order.ek_order_id,
        code_pos: order.address.code_pos.as_deref(),
        pos_id: order.address.pos_id,
        expected_revenue: priced.sum.total,
        loan_file: sealed.as_deref(),
        listed: Listed::of(&new.file, sealed.as_deref()),
        post_hash: new.post_hash.as_deref(),
    };
    if tx.insert_rows(model, &[row], OnConflict::Skip).await?.is_empty() {
        // Another request has stored it in this very moment
        let rows = tx.rows(sql!("crm_lead/by_key.sql", order.bank.0, new.cart_id, order.ek_order_id)).await?;
        return match chosen(rows, &tx.posted)? {
            Some((id, Some(true))) => Ok(id),
            Some((id, Some(false))) => Err(other_content(id).into()),
            Some((_, None)) | None => Err(Fault::busy().into()),
        };
    }
    sale_order::insert(tx, order, priced).await?;
    Ok(lead)
}
