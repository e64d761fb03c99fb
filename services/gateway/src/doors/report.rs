//! `/report/pdf/{report}/{ids}`: printed documents, by Odoo's addresses.

use std::collections::HashSet;

use actix_web::{HttpResponse, web};
use jsonrpc::Fault;

use crate::answer::{Answer, as_the_add_on};
use crate::incoming::Incoming;
use crate::query::number;

/// Odoo's reports: name, the model that it prints, and what the file is called.
pub const REPORTS: &[(&str, &str, &str)] = &[
    ("bridge.report_verification", "ek.odoo.run", "verification"),
    ("account.report_invoice", "account.move", "facture"),
    ("account.report_invoice_with_payments", "account.move", "facture"),
    ("sale.report_saleorder", "sale.order", "proforma"),
    ("sale.report_saleorder_pro_forma", "sale.order", "proforma"),
    ("stock.report_deliveryslip", "stock.picking", "bon-de-livraison"),
    ("stock.report_picking", "stock.picking", "bon"),
];
/// How many documents one file may hold.
const MAX_DOCUMENTS: usize = 100;

/// `GET /report/pdf/account.report_invoice/12,13`
pub async fn pdf(mut incoming: Incoming, path: web::Path<(String, String)>) -> Answer {
    let (report, ids) = path.into_inner();
    let answer = print(&mut incoming, &report, &ids).await;
    incoming.told(as_the_add_on, answer)
}

async fn print(incoming: &mut Incoming, report: &str, ids: &str) -> Result<HttpResponse, Fault> {
    let session = incoming.session(None).await?;
    let (report, model, name) = REPORTS.iter().find(|(known, ..)| *known == report).ok_or_else(|| {
        let near = domain::nearest(report, REPORTS.iter().map(|(known, ..)| *known));
        let known = near.map_or(String::new(), |near| format!(" (did you mean '{near}'?)"));
        Fault::no_such_report(&format!("{}{known}", report.chars().take(80).collect::<String>()))
    })?;
    let mut ids = ids.split(',').map(number).collect::<Result<Vec<i64>, _>>()?;
    if ids.len() > MAX_DOCUMENTS {
        return Err(Fault::validation(format!("{} documents were asked for: at most {MAX_DOCUMENTS} go into one file.", ids.len())));
    }
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(*id));
    let reply = incoming.send(session.call(model, "report")?.with("report", report).with("ids", &ids)).await?;
    let first: Vec<_> = ids.iter().take(3).map(i64::to_string).collect();
    Ok(incoming.answers().pdf(&format!("{name}-{}", first.join("-")), reply))
}
