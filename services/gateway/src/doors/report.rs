//! `/report/pdf/{report}/{ids}`: printed documents, by Odoo's addresses.

use actix_web::{HttpRequest, HttpResponse, web};
use jsonrpc::{Call, Fault};

use crate::Gateway;
use crate::answer::{self, Manner};
use crate::doors::rest::number;

/// Odoo's reports: name, the model that it prints, and what the file is called.
pub const REPORTS: &[(&str, &str, &str)] = &[
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
pub async fn pdf(request: HttpRequest, path: web::Path<(String, String)>, gateway: web::Data<Gateway>) -> HttpResponse {
    let (report, ids) = path.into_inner();
    let answer = async {
        let session = gateway.session(&request, None).await?;
        let (report, model, name) = REPORTS.iter().find(|(known, ..)| *known == report).ok_or_else(|| {
            let near = domain::nearest(&report, REPORTS.iter().map(|(known, ..)| *known));
            let known = near.map_or(String::new(), |near| format!(" (did you mean '{near}'?)"));
            Fault::no_such_report(&format!("{}{known}", report.chars().take(80).collect::<String>()))
        })?;
        let mut numbers = ids.split(',').map(number).collect::<Result<Vec<i64>, _>>()?;
        if numbers.len() > MAX_DOCUMENTS {
            return Err(Fault::validation(format!(
                "{} documents were asked for: at most {MAX_DOCUMENTS} go into one file.",
                numbers.len()
            )));
        }
        let mut seen = std::collections::HashSet::new();
        numbers.retain(|id| seen.insert(*id));
        let call = Call::new(*model, "report", gateway.token(&session, model)?).with("report", report).with("ids", &numbers);
        gateway.send(&request, call).await.map(|reply| (*name, numbers, reply))
    };
    match answer.await {
        Ok((name, ids, reply)) => {
            let ids: Vec<_> = ids.iter().take(3).map(i64::to_string).collect();
            answer::pdf(&gateway, &format!("{name}-{}", ids.join("-")), reply)
        }
        Err(fault) => answer::refused(&gateway, Manner::AddOn, None, &fault),
    }
}
