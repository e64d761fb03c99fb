//! What goes to partners besides banks: users, points of sale, clients and their addresses.

use std::collections::BTreeSet;

use domain::Role;
use jsonrpc::import::Record;
use serde_json::{Value as Json, json};

use super::banks::Said;
use super::cells::{Making, first, id, is, link, list, note, text, word};
use super::{Clash, Companion, Converted, Need, Page, PutAside, Reader, Row, State, World};
use crate::mapping::typed::Answer;
use crate::misfits::normalized;

const PARTNER: &str = "res.partner";
/// The greatest length of a field that most texts have.
const LONG: usize = 254;

/// Who works there. None gets a password, or is active before an administrator opens it.
pub const USERS: Reader = Reader {
    name: "res.users",
    service: "partners",
    ours: "res.users",
    theirs: "res.users",
    domain: |_| Some(Vec::new()),
    fields: |world| {
        let own = ["name", "login", "email", "lang", "tz", "share", "groups_id", "group_ids", "company_id", "company_ids"];
        let mut fields = world.read("res.users", &own);
        fields.extend(world.bank_fields("res.users"));
        fields.sort_unstable();
        fields.dedup();
        fields
    },
    companions: &[],
    needs: |row, page| page.bank_need("res.users", row).into_iter().collect(),
    convert: user,
};

fn user(row: &Row, page: &Page<'_>) -> Result<Converted, PutAside> {
    let world = page.world;
    if world.mapping.leaves_out("res.users", id(row)) {
        return Ok(Converted::LeftOut { why: "left out by the mapping" });
    }
    let login = text(row, "login").unwrap_or_default();
    if matches!(login, "__system__" | "default" | "public" | "portaltemplate") {
        return Ok(Converted::LeftOut { why: "a user of the system's own" });
    }
    if is(row, "share") {
        return Ok(Converted::LeftOut { why: "a user of the portal" });
    }
    let companies = list(row, &["company_ids"]);
    if !companies.is_empty() && !companies.contains(&world.company) {
        return Ok(Converted::LeftOut { why: "of another company" });
    }
    let mut user = Making::of(row);
    user.texts(row, &["name", "tz"]).set("login", login).set("active", false);
    user.set("lang", text(row, "lang").filter(|lang| lang.len() <= 8));
    user.set("email", text(row, "email").and_then(normalized));
    let said = world.said("res.users", row, "role").filter(|role| Role::parse(role).is_some());
    user.set("role", said.or_else(|| role(world, row)));
    match world.bank_of("res.users", row) {
        Said::Bank(Need::Id(model, id)) => drop(user.set("bank_id", page.here(model, id)?.record_id)),
        // Who names no bank is of none
        Said::Bank(Need::Key(model, name)) if world.bank_field("res.users").is_some() => {
            user.set("bank_id", page.keyed(model, &name).map(|known| known.record_id));
        }
        Said::Bank(Need::Key(..)) | Said::Nothing | Said::Unknown => {}
    }
    user.mapped(world, "res.users", row, &["role", "bank_id", "email", "login"]);
    user.taken.key = Some(login.to_owned());
    user.taken.unique = Some(login.to_owned());
    user.taken.clash = Some(match world.mapping.answer("login_twice", Answer::Merge) {
        Answer::PutAside | Answer::WithoutKey => Clash::PutAside { kind: "login_twice" },
        Answer::Merge | Answer::Take => Clash::Merge { kind: "login_twice" },
    });
    Ok(user.done())
}

/// The highest role that the mapping gives one of a user's groups.
fn role(world: &World, row: &Row) -> Option<String> {
    let groups = list(row, &["groups_id", "group_ids"]);
    let of = |group: &i64| {
        let names = world.row("res.groups", *group).into_iter().flat_map(|row| [text(row, "full_name"), text(row, "name")]).flatten();
        let mut said = names.map(str::to_owned).chain([group.to_string()]);
        said.find_map(|name| world.mapping.roles.get(&name))
    };
    let highest = groups.iter().filter_map(of).filter_map(|role| Role::parse(role)).max()?;
    Role::NAMES.iter().find(|name| Role::parse(name) == Some(highest)).map(|name| (*name).to_owned())
}

/// The partners of warehouses that are no company's own: points of sale.
fn of_warehouses(world: &World) -> Vec<i64> {
    let companies = of_companies(world);
    let own = world.rows("stock.warehouse").filter(|(_, row)| !world.is_anothers(row)).filter_map(|(_, row)| link(row, "partner_id"));
    own.filter(|partner| !companies.contains(partner)).collect()
}

fn of_companies(world: &World) -> BTreeSet<i64> {
    let partners = world.rows("res.company").filter_map(|(_, row)| link(row, "partner_id"));
    // A warehouse of another company stands where that company is
    let others = world.rows("stock.warehouse").filter(|(_, row)| world.is_anothers(row)).filter_map(|(_, row)| link(row, "partner_id"));
    partners.chain(others).collect()
}

fn partner_fields(world: &World) -> Vec<String> {
    let own = [
        "name",
        "email",
        "phone",
        "mobile",
        "is_company",
        "active",
        "type",
        "parent_id",
        "street",
        "street2",
        "zip",
        "city",
        "state_id",
        "country_id",
        "vat",
        "company_registry",
        "ref",
        "title",
        "comment",
        "company_id",
        "supplier_rank",
        "customer_rank",
        "ref_odoo",
    ];
    let mut fields = world.read(PARTNER, &own);
    fields
        .extend([&world.mapping.pos_is, &world.mapping.pos_code].into_iter().flatten().flat_map(|field| world.existing(PARTNER, &[field])));
    fields.extend(world.bank_fields(PARTNER));
    fields.sort_unstable();
    fields.dedup();
    fields
}

/// The field that says that a partner is a point of sale.
fn pos_is(world: &World) -> Option<&str> {
    let field = world.mapping.pos_is.as_deref().or_else(|| world.mapping.theirs(PARTNER, "is_pos"))?;
    world.has(PARTNER, field).then_some(field)
}

/// Partners of which a field says that they are points of sale.
pub const POINTS_OF_SALE: Reader = Reader {
    name: "res.partner/pos",
    service: "partners",
    ours: PARTNER,
    theirs: PARTNER,
    domain: |world| pos_is(world).map(|field| vec![json!([field, "=", true])]),
    fields: partner_fields,
    companions: &[],
    needs: |_, _| Vec::new(),
    convert: point_of_sale,
};

/// Partners of warehouses of which no field says it.
pub const POINTS_OF_WAREHOUSES: Reader = Reader {
    name: "res.partner/warehouses",
    service: "partners",
    ours: PARTNER,
    theirs: PARTNER,
    domain: |world| {
        let other = pos_is(world).map(|field| json!([field, "=", false]));
        Some(other.into_iter().chain([json!(["id", "in", of_warehouses(world)])]).collect())
    },
    fields: partner_fields,
    companions: &[],
    needs: |_, _| Vec::new(),
    convert: point_of_sale,
};

fn point_of_sale(row: &Row, page: &Page<'_>) -> Result<Converted, PutAside> {
    let world = page.world;
    if let Some(stays) = world.stays(PARTNER, row) {
        return Ok(stays);
    }
    let field = world.mapping.pos_code.as_deref().or_else(|| world.mapping.theirs(PARTNER, "code_pos"));
    let said = field.and_then(|field| word(row.get(field)?));
    let of_warehouse = || {
        let own = world.rows("stock.warehouse").find(|(_, warehouse)| link(warehouse, "partner_id") == Some(id(row)));
        own.and_then(|(_, warehouse)| text(warehouse, "code")).map(str::to_owned)
    };
    // Of one that the field calls so, a code that is missing is a mistake; a warehouse's partner has the warehouse's
    let code = match (said, pos_is(world).is_some_and(|field| is(row, field))) {
        (Some(code), _) => code,
        (None, true) if world.mapping.answer("pos_without_code", Answer::PutAside) == Answer::PutAside => {
            return Err(PutAside::new("pos_without_code", "It is a point of sale without a code."));
        }
        (None, _) => of_warehouse().unwrap_or_else(|| format!("PDV-{}", id(row))),
    };
    let mut pos = Making::of(row);
    address(&mut pos, row, world);
    pos.set("is_pos", true).set("code_pos", code.clone()).set("email", text(row, "email").and_then(normalized));
    pos.set("status", status(world, row).unwrap_or_else(|| "ACTIVE".to_owned()));
    pos.mapped(world, PARTNER, row, HANDLED);
    pos.taken.clash = Some(match world.mapping.answer("pos_code_twice", Answer::PutAside) {
        Answer::Merge => Clash::Merge { kind: "pos_code_twice" },
        Answer::WithoutKey => {
            let mut record = pos.taken.record.clone();
            let other = format!("{code}-{}", id(row));
            record.values.insert("code_pos".to_owned(), json!(other));
            Clash::Instead { kind: "pos_code_twice", record: Box::new(record), key: Some(other) }
        }
        Answer::PutAside | Answer::Take => Clash::PutAside { kind: "pos_code_twice" },
    });
    pos.taken.unique = Some(format!("pos {code}"));
    pos.taken.key = Some(code);
    Ok(pos.done())
}

/// What is not taken as the mapping's fields stand, but looked at.
const HANDLED: &[&str] =
    &["email", "is_pos", "code_pos", "status", "parent_id", "bank_ids", "type", "state_id", "country_id", "title", "comment"];

fn status(world: &World, row: &Row) -> Option<String> {
    world
        .said(PARTNER, row, "status")
        .map(|said| said.to_uppercase())
        .filter(|said| ["WAITING", "ACTIVE", "BLOCKED"].contains(&said.as_str()))
}

/// What every partner has.
fn address(partner: &mut Making, row: &Row, world: &World) {
    partner.texts(row, &["name", "phone", "mobile", "street", "street2", "zip", "city", "vat", "ref"]);
    partner.set("rc", text(row, "company_registry"));
    partner.set("is_company", is(row, "is_company")).set("active", row.get("active").and_then(Json::as_bool).unwrap_or(true));
    partner.set(
        "type",
        match text(row, "type") {
            Some(kind @ ("contact" | "invoice" | "delivery")) => kind,
            Some(_) => "other",
            None => "contact",
        },
    );
    partner.set("state_id", link(row, "state_id").and_then(|state| world.wilaya(state)));
    partner.set("country_id", link(row, "country_id").and_then(|country| world.country(country)));
    let title = link(row, "title").and_then(|title| world.row("res.partner.title", title)).and_then(|title| text(title, "name"));
    partner.set("title", title);
    partner.clip("comment", note(row, "comment").as_deref(), super::cells::NOTE);
    if text(row, "type") == Some("private") {
        partner.note("private_address");
    }
}

/// Who has bought what, for a page of partners, and whose own they are.
const ABOUT: &[Companion] = &[
    Companion {
        name: "users",
        model: "res.users",
        by: "partner_id",
        of: "id",
        from: None,
        domain: |_| Vec::new(),
        fields: |world| world.existing("res.users", &["partner_id", "share"]),
    },
    Companion {
        name: "orders",
        model: "sale.order",
        by: "partner_id",
        of: "id",
        from: None,
        domain: |_| Vec::new(),
        fields: |world| world.existing("sale.order", &["partner_id"]).into_iter().chain(world.bank_fields("sale.order")).collect(),
    },
    Companion {
        name: "leads",
        model: "crm.lead",
        by: "partner_id",
        of: "id",
        from: None,
        domain: |_| Vec::new(),
        fields: |world| world.existing("crm.lead", &["partner_id"]).into_iter().chain(world.bank_fields("crm.lead")).collect(),
    },
    Companion {
        name: "purchases",
        model: "purchase.order",
        by: "partner_id",
        of: "id",
        from: None,
        domain: |_| Vec::new(),
        fields: |world| world.existing("purchase.order", &["partner_id"]),
    },
    Companion {
        name: "parents",
        model: PARTNER,
        by: "id",
        of: "parent_id",
        from: None,
        domain: |_| Vec::new(),
        fields: |world| world.existing(PARTNER, &["name"]),
    },
];

/// Those that are no points of sale.
fn others(world: &World) -> Vec<Json> {
    let not = pos_is(world).map(|field| json!([field, "=", false]));
    let mut domain: Vec<Json> = not.into_iter().collect();
    let of_warehouses = of_warehouses(world);
    if !of_warehouses.is_empty() {
        domain.push(json!(["id", "not in", of_warehouses]));
    }
    domain
}

/// Everybody who is not known to be something else.
pub const CLIENTS: Reader = Reader {
    name: "res.partner/clients",
    service: "partners",
    ours: PARTNER,
    theirs: PARTNER,
    domain: |world| Some(others(world).into_iter().chain([json!(["parent_id", "=", false])]).collect()),
    fields: partner_fields,
    companions: ABOUT,
    needs: bank_needs,
    convert: client,
};

/// Addresses and contacts of them.
pub const ADDRESSES: Reader = Reader {
    name: "res.partner/addresses",
    service: "partners",
    ours: PARTNER,
    theirs: PARTNER,
    domain: |world| Some(others(world).into_iter().chain([json!(["parent_id", "!=", false])]).collect()),
    fields: partner_fields,
    companions: ABOUT,
    needs: |row, page| {
        let parent = link(row, "parent_id").map(|parent| Need::Id(PARTNER, parent));
        bank_needs(row, page).into_iter().chain(parent).collect()
    },
    convert: child,
};

fn bank_needs(row: &Row, page: &Page<'_>) -> Vec<Need> {
    let of = |model: &'static str, rows: &[Row]| rows.iter().filter_map(|row| page.bank_need(model, row)).collect::<Vec<_>>();
    let mut needs = of("sale.order", page.of("orders", id(row)));
    needs.extend(of("crm.lead", page.of("leads", id(row))));
    if page.world.bank_field(PARTNER).is_some() {
        needs.extend(own_banks(row, page.world));
    }
    needs.sort();
    needs.dedup();
    needs
}

/// The banks that a client's own field names: one, or a list.
fn own_banks(row: &Row, world: &World) -> Vec<Need> {
    let Some((field, true)) = world.bank_field(PARTNER) else {
        return match world.bank_of(PARTNER, row) {
            Said::Bank(need) => vec![need],
            Said::Nothing | Said::Unknown => Vec::new(),
        };
    };
    let is_list = world.fields.get(PARTNER).and_then(|fields| fields.get(field)).is_some_and(|field| field.kind.ends_with("2many"));
    let ids = if is_list { list(row, &[field]) } else { link(row, field).into_iter().collect() };
    ids.into_iter().map(|id| Need::Id("res.bank", id)).collect()
}

/// The banks that know a client: of its own field, of its orders and leads.
fn banks_of(row: &Row, page: &Page<'_>) -> Vec<i64> {
    let known = |need: Need| match need {
        Need::Id(model, id) => page.here(model, id).ok().map(|known| known.record_id),
        Need::Key(model, name) => page.keyed(model, &name).map(|known| known.record_id),
    };
    let all: BTreeSet<i64> = bank_needs(row, page).into_iter().filter_map(known).collect();
    all.into_iter().collect()
}

/// Why a partner is nobody's client; none where it may be one.
fn not_a_client(row: &Row, page: &Page<'_>) -> Option<Converted> {
    if of_companies(page.world).contains(&id(row)) {
        return Some(Converted::LeftOut { why: "a company's own" });
    }
    // Who buys in the portal is a client with a log-in
    let is_users = page.of("users", id(row)).iter().any(|user| !is(user, "share"));
    is_users.then_some(Converted::LeftOut { why: "a user's own" })
}

fn client(row: &Row, page: &Page<'_>) -> Result<Converted, PutAside> {
    let world = page.world;
    if let Some(stays) = world.stays(PARTNER, row).or_else(|| not_a_client(row, page)) {
        return Ok(stays);
    }
    let rank = |field: &str| first(row, &[field]).and_then(Json::as_i64).unwrap_or(0) > 0;
    let sells = rank("supplier_rank") || !page.of("purchases", id(row)).is_empty();
    let buys = rank("customer_rank") || !page.of("orders", id(row)).is_empty() || !page.of("leads", id(row)).is_empty();
    if sells && !buys && world.mapping.answer("only_a_supplier", Answer::PutAside) != Answer::Take {
        return Ok(Converted::LeftOut { why: "only ever a supplier" });
    }
    let mut client = Making::of(row);
    address(&mut client, row, world);
    client.set("status", status(world, row)).mapped(world, PARTNER, row, HANDLED);
    set_banks(&mut client, row, page);
    e_mail(&mut client, row, world)?;
    Ok(client.done())
}

fn set_banks(partner: &mut Making, row: &Row, page: &Page<'_>) {
    let banks = banks_of(row, page);
    if !banks.is_empty() {
        partner.set("bank_ids", banks);
    }
}

/// The e-mail, by which clients are known: what is none, or is another's, is kept beside.
fn e_mail(client: &mut Making, row: &Row, world: &World) -> Result<(), PutAside> {
    let put_aside = |kind: &'static str, why: &str| match world.mapping.answer(kind, Answer::WithoutKey) {
        Answer::PutAside => Err(PutAside::new(kind, why)),
        Answer::Merge | Answer::WithoutKey | Answer::Take => Ok(()),
    };
    let field = world.mapping.theirs(PARTNER, "email").unwrap_or("email");
    let Some(said) = text(row, field) else {
        client.note("client_without_email");
        return put_aside("client_without_email", "A client without an e-mail.");
    };
    let Some(address) = normalized(said) else {
        put_aside("email_is_no_address", "What stands as its e-mail is no address.")?;
        beside(&mut client.taken.record, said);
        client.note("email_is_no_address");
        return Ok(());
    };
    if said.matches('@').count() > 1 {
        put_aside("several_emails", "Several e-mails stand in one field.")?;
        beside(&mut client.taken.record, said);
        client.note("several_emails");
    }
    const KIND: &str = "client_with_anothers_email";
    client.taken.clash = Some(match world.mapping.answer(KIND, Answer::WithoutKey) {
        Answer::Merge => Clash::Merge { kind: KIND },
        Answer::PutAside => Clash::PutAside { kind: KIND },
        Answer::WithoutKey | Answer::Take => {
            let mut record = client.taken.record.clone();
            beside(&mut record, said);
            Clash::Instead { kind: KIND, record: Box::new(record), key: None }
        }
    });
    client.taken.unique = Some(format!("client {address}"));
    client.set("email", address);
    Ok(())
}

/// Keeps an e-mail that is no key among the notes.
fn beside(record: &mut Record, said: &str) {
    let before = record.values.get("comment").and_then(Json::as_str).map(|before| format!("{before}\n")).unwrap_or_default();
    record.values.insert("comment".to_owned(), json!(super::cells::clipped(&format!("{before}E-mail : {said}"), super::cells::NOTE).0));
}

fn child(row: &Row, page: &Page<'_>) -> Result<Converted, PutAside> {
    let world = page.world;
    if let Some(stays) = world.stays(PARTNER, row).or_else(|| not_a_client(row, page)) {
        return Ok(stays);
    }
    let Some(parent) = link(row, "parent_id") else { return client(row, page) };
    match page.state(PARTNER, parent) {
        Some(State::LeftOut) => return Ok(Converted::LeftOut { why: "an address of what stays" }),
        Some(State::PutAside) => drop(page.here(PARTNER, parent)?),
        // One that is an address itself may come after it: its owner knows
        Some(State::Taken) | None => {}
    }
    let mut child = Making::of(row);
    address(&mut child, row, world);
    if text(row, "name").is_none() {
        let parent = page.of("parents", parent).first().and_then(|parent| text(parent, "name"));
        child.set("name", parent).note("address_without_name");
    }
    child.set("email", text(row, "email").and_then(normalized).filter(|email| email.len() <= LONG));
    child.set("status", status(world, row)).mapped(world, PARTNER, row, HANDLED).link("parent_id", Some(parent));
    set_banks(&mut child, row, page);
    Ok(child.done())
}
