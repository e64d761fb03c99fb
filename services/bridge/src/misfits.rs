//! What will not fit, and why: what a domain finds, and what only shows when records are laid side by side.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, RandomState};

use bridge_contract::Report;
use serde_json::{Value as Json, json};

use crate::client::{Stop, id_of, text_of};
use crate::inspect::{Found, Inspector, company_of, field_for, note, readable};
// circle: inspect: what does not fit is found by the same walk

/// What a domain finds.
pub struct Search {
    /// Its name in a mapping's `[misfits]`.
    pub kind: &'static str,
    /// Where it is searched.
    pub model: &'static str,
    /// The fields without which it can't be: a version without them has none of it.
    pub needs: &'static [&'static str],
    /// The domain; none where the question does not arise.
    pub domain: fn(&Report) -> Option<Vec<Json>>,
    /// The many2one whose ids are told in place of the record's own.
    pub of: Option<&'static str>,
    /// The model of that many2one.
    pub about: &'static str,
    /// Why it does not fit.
    pub why: &'static str,
    /// What becomes of it by default.
    pub answer: &'static str,
}

impl Search {
    const fn of(
        kind: &'static str,
        model: &'static str,
        needs: &'static [&'static str],
        domain: fn(&Report) -> Option<Vec<Json>>,
    ) -> Search {
        Search { kind, model, needs, domain, of: None, about: model, why: "", answer: "take" }
    }

    const fn told(self, why: &'static str, answer: &'static str) -> Search {
        Search { why, answer, ..self }
    }

    const fn by(self, field: &'static str, about: &'static str) -> Search {
        Search { of: Some(field), about, ..self }
    }
}

const PUT_ASIDE: &str = "put_aside";
const WITHOUT_KEY: &str = "without_key";
const TAKE: &str = "take";

/// Every search, in the order of what comes over.
pub const SEARCHES: &[Search] = &[
    Search::of("pos_without_code", "res.partner", &[], |report| {
        let (is_pos, code) = (field_for(report, "res.partner", "is_pos")?, field_for(report, "res.partner", "code_pos")?);
        Some(vec![json!([is_pos, "=", true]), json!([code, "=", false])])
    })
    .told("A point of sale without a code: orders name points of sale by it", PUT_ASIDE),
    Search::of("private_address", "res.partner", &["type"], |_| Some(vec![json!(["type", "=", "private"])]))
        .told("A private address, which most users may not see: it is taken as another address of its client", TAKE),
    Search::of("address_without_name", "res.partner", &["parent_id", "name"], |_| {
        Some(vec![json!(["parent_id", "!=", false]), json!(["name", "=", false])])
    })
    .told("An address without a name: it takes its client's", TAKE),
    Search::of("attribute_without_variant", "product.template.attribute.line", &["attribute_id"], |_| {
        Some(vec![json!(["attribute_id.create_variant", "=", "no_variant"])])
    })
    .by("product_tmpl_id", "product.template")
    .told("An attribute that makes no variants: what was chosen stands on order lines, and goes into their text", TAKE),
    Search::of("product_followed_by_lots", "product.template", &["tracking"], |_| Some(vec![json!(["tracking", "in", ["lot", "serial"]])]))
        .told("Lots and serial numbers are not kept by the hub: quantities are taken as their sum", TAKE),
    Search::of("negative_quantity", "stock.quant", &["quantity", "location_id"], |_| {
        Some(vec![json!(["quantity", "<", 0]), json!(["location_id.usage", "=", "internal"])])
    })
    .told("Less than nothing at a place: 0 is taken, and the difference told", TAKE),
    Search::of("counted_and_not_applied", "stock.quant", &["inventory_quantity_set"], |_| {
        Some(vec![json!(["inventory_quantity_set", "=", true]), json!(["location_id.usage", "=", "internal"])])
    })
    .told("Counted, and the count was never applied: the quantity before it is taken", TAKE),
    Search::of("done_and_not_validated", "stock.move.line", &["qty_done", "picking_id"], |_| {
        Some(vec![json!(["state", "not in", ["done", "cancel"]]), json!(["qty_done", ">", 0])])
    })
    .by("picking_id", "stock.picking")
    .told("Quantities were written as done and the picking never validated: nothing of it has left", TAKE),
    Search::of("done_and_not_validated", "stock.move.line", &["picked", "picking_id"], |report| {
        let domain = vec![json!(["state", "not in", ["done", "cancel"]]), json!(["picked", "=", true])];
        (report.major >= 17).then_some(domain)
    })
    .by("picking_id", "stock.picking")
    .told("Quantities were picked and the picking never validated: nothing of it has left", TAKE),
    Search::of("picking_from_client_to_client", "stock.picking", &["location_id", "location_dest_id"], |_| {
        Some(vec![json!(["location_id.usage", "=", "customer"]), json!(["location_dest_id.usage", "=", "customer"])])
    })
    .told("A return that goes from clients to clients by its head: the places of its moves are taken", TAKE),
    Search::of("purchase_in_another_currency", "purchase.order", &["currency_id", "company_id"], of_another_currency)
        .told("In another currency than the company's: currency and rate stay on it, sums are told a currency", TAKE),
    Search::of("purchase_without_lines", "purchase.order", &["order_line"], |_| Some(vec![json!(["order_line", "=", false])]))
        .told("A purchase without lines", PUT_ASIDE),
    Search::of("lead_without_client", "crm.lead", &["partner_id"], |_| Some(vec![json!(["partner_id", "=", false])]))
        .told("A lead without a client: one is made of its e-mail where it has one", PUT_ASIDE),
    Search::of("lead_without_bank", "crm.lead", &[], |report| without_bank(report, "crm.lead"))
        .told("No bank is told: `[bank]` says which field has it, or which one is meant", PUT_ASIDE),
    Search::of("order_without_bank", "sale.order", &[], |report| without_bank(report, "sale.order"))
        .told("No bank is told: `[bank]` says which field has it, or which one is meant", PUT_ASIDE),
    Search::of("order_of_another_company", "sale.order", &["company_id"], of_another_company)
        .told("Of another company: one company comes over", PUT_ASIDE),
    Search::of("order_in_another_currency", "sale.order", &["currency_id", "company_id"], of_another_currency)
        .told("In another currency than the company's: currency and rate stay on it, sums are told a currency", TAKE),
    Search::of("order_without_lines", "sale.order", &["order_line"], |_| Some(vec![json!(["order_line", "=", false])]))
        .told("An order without lines", PUT_ASIDE),
    Search::of("line_of_text", "sale.order.line", &["display_type", "order_id"], |_| Some(vec![json!(["display_type", "!=", false])]))
        .by("order_id", "sale.order")
        .told("Sections and notes among the lines: their text goes into the order's note", TAKE),
    Search::of("down_payment", "sale.order.line", &["is_downpayment", "order_id"], |_| {
        Some(vec![json!(["is_downpayment", "=", true]), json!(["display_type", "=", false])])
    })
    .by("order_id", "sale.order")
    .told("A down payment: a negative line of the final invoice", TAKE),
    Search::of("cancelled_and_delivered", "sale.order.line", &["qty_delivered", "order_id"], |_| {
        Some(vec![json!(["order_id.state", "=", "cancel"]), json!(["qty_delivered", ">", 0])])
    })
    .by("order_id", "sale.order")
    .told("Cancelled after goods had been delivered: it is cancelled, and what was delivered stays told a line", TAKE),
    Search::of("invoice_in_another_currency", "account.move", &["currency_id", "company_id"], |report| {
        let mut domain = of_another_currency(report)?;
        domain.push(json!(["move_type", "in", ["out_invoice", "out_refund"]]));
        Some(domain)
    })
    .told("In another currency than the company's: currency and rate stay on it, sums are told a currency", TAKE),
    Search::of("credit_note_without_invoice", "account.move", &["reversed_entry_id"], |_| {
        Some(vec![json!(["move_type", "=", "out_refund"]), json!(["reversed_entry_id", "=", false])])
    })
    .told("A credit note that names no invoice: its lines tell the order that it belongs to", TAKE),
];

/// What is not brought over by design: in words, the model, the domain.
pub const LEFT_OUT: &[(&str, &str, &str)] = &[
    ("Vendor bills and their credit notes", "account.move", r#"[["move_type", "in", ["in_invoice", "in_refund", "in_receipt"]]]"#),
    ("Journal entries that are no invoice", "account.move", r#"[["move_type", "=", "entry"]]"#),
    ("Payments' entries", "account.payment", "[]"),
    ("Rules of pricelists", "product.pricelist.item", "[]"),
    ("Activities", "mail.activity", "[]"),
    ("Users of the portal", "res.users", r#"[["share", "=", true]]"#),
];

fn of_another_company(report: &Report) -> Option<Vec<Json>> {
    let own = report.company.as_ref()?.id;
    Some(vec![json!(["company_id", "!=", own]), json!(["company_id", "!=", false])])
}

fn of_another_currency(report: &Report) -> Option<Vec<Json>> {
    let own = report.company.as_ref()?;
    Some(vec![json!(["company_id", "=", own.id]), json!(["currency_id", "!=", own.currency_id])])
}

fn without_bank(report: &Report, model: &str) -> Option<Vec<Json>> {
    // Without such a field all are without a bank
    Some(field_for(report, model, "bank_id").map(|field| vec![json!([field, "=", false])]).unwrap_or_default())
}

/// Texts that stand twice, kept as numbers: hundreds of thousands of them cost some megabytes.
struct Twice {
    hasher: RandomState,
    first: HashMap<u64, i64>,
    told: HashSet<i64>,
    found: Vec<i64>,
}

impl Twice {
    fn new() -> Twice {
        Twice { hasher: RandomState::new(), first: HashMap::new(), told: HashSet::new(), found: Vec::new() }
    }

    /// Notes a record's text; both records are found where it stood before.
    fn note(&mut self, id: i64, text: impl Hash) {
        match self.first.entry(self.hasher.hash_one(text)) {
            std::collections::hash_map::Entry::Vacant(free) => drop(free.insert(id)),
            std::collections::hash_map::Entry::Occupied(taken) => {
                let both = [*taken.get(), id];
                self.found.extend(both.into_iter().filter(|one| self.told.insert(*one)));
            }
        }
    }

    fn found(mut self) -> Found {
        self.found.sort_unstable();
        let mut found = Found::default();
        self.found.into_iter().for_each(|id| found.add(id));
        found
    }
}

/// Partners that are nobody's client: users', companies', points of sale, those of warehouses.
async fn not_clients(inspector: &Inspector<'_>, report: &Report) -> Result<HashSet<i64>, Stop> {
    let mut known = HashSet::new();
    for model in ["res.users", "res.company", "stock.warehouse"] {
        if readable(report, model) {
            inspector.walk(model, &[], &["partner_id"], |_, row| known.extend(id_of(row.get("partner_id")))).await?;
        }
    }
    Ok(known)
}

/// Who has bought something.
async fn buyers(inspector: &Inspector<'_>, report: &Report) -> Result<HashSet<i64>, Stop> {
    let mut known = HashSet::new();
    if readable(report, "sale.order") {
        inspector.walk("sale.order", &[], &["partner_id"], |_, row| known.extend(id_of(row.get("partner_id")))).await?;
    }
    Ok(known)
}

/// An e-mail as it is compared; none where it is no address.
pub(crate) fn normalized(email: &str) -> Option<String> {
    let first = email.split([',', ';', ' ']).map(str::trim).find(|part| part.contains('@'))?;
    let bare = first.trim_matches(['<', '>', '"', '\'']).to_lowercase();
    let (name, host) = bare.split_once('@')?;
    (!name.is_empty() && host.contains('.') && !host.contains('@')).then_some(bare)
}

/// What is wrong with clients.
///
/// # Errors
/// Why it can't go on.
pub async fn partners(inspector: &Inspector<'_>, report: &mut Report) -> Result<(), Stop> {
    const MODEL: &str = "res.partner";
    if !readable(report, MODEL) {
        return Ok(());
    }
    let (known, buyers) = (not_clients(inspector, report).await?, buyers(inspector, report).await?);
    let is_pos = field_for(report, MODEL, "is_pos");
    let mut fields = vec!["email", "parent_id"];
    let has_ranks = inspector.has(MODEL, &["supplier_rank", "customer_rank"]).await?;
    fields.extend(has_ranks.then_some(["supplier_rank", "customer_rank"]).into_iter().flatten());
    fields.extend(is_pos.as_deref());
    let (mut without, mut no_address, mut several, mut suppliers) =
        (Found::default(), Found::default(), Found::default(), Found::default());
    let mut shared = Twice::new();
    inspector
        .walk(MODEL, &[], &fields, |id, row| {
            let is = |field: &str| row.get(field).and_then(Json::as_bool).unwrap_or(false);
            let rank = |field: &str| row.get(field).and_then(Json::as_i64).unwrap_or(0);
            if known.contains(&id) || is_pos.as_deref().is_some_and(is) || id_of(row.get("parent_id")).is_some() {
                return;
            }
            if rank("supplier_rank") > 0 && rank("customer_rank") == 0 && !buyers.contains(&id) {
                return suppliers.add(id);
            }
            let Some(email) = text_of(row.get("email")) else { return without.add(id) };
            match normalized(email) {
                None => no_address.add(id),
                Some(address) => {
                    if email.matches('@').count() > 1 {
                        several.add(id);
                    }
                    shared.note(id, address);
                }
            }
        })
        .await?;
    note(report, "client_without_email", MODEL, without, "A client without an e-mail: it is taken without one", WITHOUT_KEY);
    note(
        report,
        "client_with_anothers_email",
        MODEL,
        shared.found(),
        "Clients that share an e-mail, by which the hub knows them: each is taken, the e-mail kept beside; `merge` makes one of them",
        WITHOUT_KEY,
    );
    note(report, "email_is_no_address", MODEL, no_address, "What stands as e-mail is no address: it is kept beside", WITHOUT_KEY);
    note(report, "several_emails", MODEL, several, "Several e-mails in one field: the first is taken", TAKE);
    note(report, "only_a_supplier", MODEL, suppliers, "Only ever a supplier: counted and left out", PUT_ASIDE);
    Ok(())
}

/// What is wrong with products.
///
/// # Errors
/// Why it can't go on.
pub async fn products(inspector: &Inspector<'_>, report: &mut Report) -> Result<(), Stop> {
    const TEMPLATE: &str = "product.template";
    const VARIANT: &str = "product.product";
    if !readable(report, TEMPLATE) || !readable(report, VARIANT) {
        return Ok(());
    }
    let mut with_variants = HashSet::new();
    let (mut without, mut twice) = (Found::default(), Twice::new());
    inspector
        .walk(VARIANT, &[], &["default_code", "product_tmpl_id"], |id, row| {
            with_variants.extend(id_of(row.get("product_tmpl_id")));
            match text_of(row.get("default_code")) {
                None => without.add(id),
                Some(code) => twice.note(id, code.trim().to_lowercase()),
            }
        })
        .await?;
    let own = field_for(report, TEMPLATE, "manufacturer_ref");
    let fields: Vec<&str> = own.as_deref().into_iter().collect();
    let (mut bare, mut of_maker) = (Found::default(), Twice::new());
    inspector
        .walk(TEMPLATE, &[], &fields, |id, row| {
            if !with_variants.contains(&id) {
                bare.add(id);
            }
            if let Some(text) = own.as_deref().and_then(|field| text_of(row.get(field))) {
                of_maker.note(id, text.trim().to_lowercase());
            }
        })
        .await?;
    note(
        report,
        "product_without_reference",
        VARIANT,
        without,
        "No internal reference, by which a configuration is known: `[defaults]` may make one of the id",
        PUT_ASIDE,
    );
    note(report, "reference_twice", VARIANT, twice.found(), "An internal reference that another configuration has too", PUT_ASIDE);
    note(
        report,
        "manufacturer_reference_twice",
        TEMPLATE,
        of_maker.found(),
        "A manufacturer's reference that another product has too (capitals do not count)",
        PUT_ASIDE,
    );
    note(
        report,
        "product_without_variants",
        TEMPLATE,
        bare,
        "No variant of it was ever made, so there is nothing to sell of it",
        PUT_ASIDE,
    );
    Ok(())
}

/// The platforms' numbers of orders, which must be one order's each.
///
/// # Errors
/// Why it can't go on.
pub async fn order_keys(inspector: &Inspector<'_>, report: &mut Report) -> Result<(), Stop> {
    let Some(field) = field_for(report, "sale.order", "ek_order_id").filter(|_| readable(report, "sale.order")) else { return Ok(()) };
    let mut twice = Twice::new();
    inspector
        .walk("sale.order", &[], &[&field], |id, row| match row.get(&field) {
            // A number is never unset
            Some(Json::Number(number)) if number.as_f64() != Some(0.0) => twice.note(id, number.to_string()),
            Some(Json::String(text)) if !text.trim().is_empty() => twice.note(id, text.trim()),
            Some(_) | None => {}
        })
        .await?;
    let why = "A platform's order number that another order has too: the first is taken with it, the others without";
    note(report, "order_number_twice", "sale.order", twice.found(), why, WITHOUT_KEY);
    Ok(())
}

/// Lines in another unit than their product's, and lines of which more was delivered than ordered.
///
/// # Errors
/// Why it can't go on.
pub async fn lines(inspector: &Inspector<'_>, report: &mut Report) -> Result<(), Stop> {
    if !readable(report, "product.product") || !inspector.has("product.product", &["uom_id"]).await? {
        return Ok(());
    }
    let company = company_of(report)?.id;
    let mut units: HashMap<i64, i64> = HashMap::new();
    inspector
        .walk("product.product", &[], &["uom_id"], |id, row| {
            if let Some(unit) = id_of(row.get("uom_id")) {
                units.insert(id, unit);
            }
        })
        .await?;
    let kinds = [
        ("sale.order.line", "sale.order", "order_line_in_another_unit"),
        ("purchase.order.line", "purchase.order", "purchase_line_in_another_unit"),
    ];
    for (model, of, kind) in kinds.into_iter().filter(|(model, ..)| readable(report, model)).collect::<Vec<_>>() {
        let Some(unit) = inspector.first_of(model, &["product_uom", "product_uom_id"]).await? else { continue };
        let mut fields = vec!["order_id", "product_id", unit];
        fields.extend((model == "sale.order.line").then_some(["product_uom_qty", "qty_delivered"]).into_iter().flatten());
        let (mut other, mut more) = (Found::default(), Found::default());
        // A hub's lines are its one company's
        let of_company = inspector.has(model, &["company_id"]).await?.then(|| json!(["company_id", "=", company]));
        inspector
            .walk(model, of_company.as_slice(), &fields, |_, row| {
                let number = |field: &str| row.get(field).and_then(Json::as_f64).unwrap_or(0.0);
                let Some(order) = id_of(row.get("order_id")) else { return };
                let own = id_of(row.get("product_id")).and_then(|product| units.get(&product).copied());
                if let (Some(own), Some(told)) = (own, id_of(row.get(unit)))
                    && own != told
                {
                    other.add(order);
                }
                // What is computed carries noise
                if number("qty_delivered") > number("product_uom_qty") + 0.0005 {
                    more.add(order);
                }
            })
            .await?;
        note(report, kind, of, other, "A line in another unit than its product's: it is taken in the product's own", TAKE);
        let why = "More was delivered than ordered: what was delivered is told as it was";
        note(report, "more_delivered_than_ordered", of, more, why, TAKE);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_e_mail_is_compared_by_its_first_address() {
        assert_eq!(normalized("  Amel@Mail.example "), Some("amel@mail.example".to_owned()));
        assert_eq!(normalized("a@mail.example; b@mail.example"), Some("a@mail.example".to_owned()));
        assert_eq!(normalized("Amel Ouali <amel@mail.example>"), Some("amel@mail.example".to_owned()));
        for none in ["pas-une-adresse", "@mail.example", "a@mail", "a@b@c.d", ""] {
            assert_eq!(normalized(none), None, "{none}");
        }
    }

    #[test]
    fn what_stands_twice_is_found_with_what_stood_there_first() {
        let mut twice = Twice::new();
        for (id, text) in [(1, "a"), (2, "b"), (3, "a"), (4, "a")] {
            twice.note(id, text);
        }
        let found = twice.found();
        assert_eq!((found.many, found.ids), (3, vec![1, 3, 4]));
    }
}
