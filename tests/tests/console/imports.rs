//! Tables as records: tried first, stored by a job that is left and found again.

use std::time::Duration;

use serde_json::json;
use system_tests::{Stand, until_within};

use crate::{Reader, plain, text_of};

/// How long an import may take on a machine that others use too.
const LONG: Duration = Duration::from_secs(60);
const PATH: &str = "/web/product.brand/import";
const STORED: &str = "SELECT count(*) AS n FROM catalog.product_brand WHERE name LIKE 'Marque %'";
const KEY: &str = "00112233445566778899aabbccddeeff";

fn csv(lines: usize) -> String {
    format!("id;Nom\n{}", (0..lines).map(|n| format!("erp.b{n};Marque {n}\n")).collect::<String>())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_wrong_line_is_told_by_its_line_and_column_and_nothing_is_stored() {
    let stand = Stand::new().await;
    let admin = Reader::of(&stand, "admin").await;
    assert!(admin.page(PATH).await.contains("name=\"csv\""));
    let table = "id,name\nerp.b0,Marque 0\nerp.b1,\nerp.b2,<script>alert(1)</script>\n";
    let tried = admin.post(PATH, &[("csv", table)]).await;
    let text = text_of(&tried.text);
    assert_eq!(tried.status, 422, "{text}");
    let row = tried.text.split("<td class=\"number\">3</td>").nth(1).unwrap_or_else(|| panic!("line 3: {text}"));
    assert!(text_of(row.split("</tr>").next().unwrap()).contains("Nom") || row.contains("Marque"), "the column is named: {text}");
    assert!(text.contains("1 ligne à corriger") && !tried.text.contains("/import/run"), "{text}");
    assert!(!tried.text.contains("<script>alert") && plain(&tried.text).contains("<script>alert(1)"), "what is sent is text");
    for (table, told) in [("", "aucune ligne"), ("name\n", "aucune ligne"), ("a,b\n1\n", "ne peut pas être lu")] {
        let refused = admin.post(PATH, &[("csv", table)]).await;
        assert!(refused.status == 422 && text_of(&refused.text).contains(told), "{table}: {}", text_of(&refused.text));
    }
    assert_eq!(admin.post(PATH, &[("csv", "nosuch\nx\n")]).await.status, 422);
    assert_eq!(stand.count(STORED).await, 0);
    let bank = Reader::of(&stand, "bna").await;
    assert_eq!(bank.get(PATH).await.status, 404, "who may not write has no such page");
    assert_eq!(bank.post(&format!("{PATH}/run"), &[("csv", &csv(1)), ("_key", KEY)]).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_of_a_spreadsheet_is_stored_by_a_job_that_is_found_again() {
    let stand = Stand::new().await;
    let admin = Reader::of(&stand, "admin").await;
    let table = csv(450);
    let tried = admin.post(PATH, &[("csv", &table), ("name", "marques.csv")]).await;
    assert_eq!((tried.status, stand.count(STORED).await), (200, 0), "{}", text_of(&tried.text));
    assert!(tried.text.contains("/import/run") && text_of(&tried.text).contains("450 lignes sont correctes"), "{}", text_of(&tried.text));
    let fields = [("csv", table.as_str()), ("name", "marques.csv"), ("_key", KEY)];
    // Twice sent is once begun
    for _ in 0..2 {
        let begun = admin.post(&format!("{PATH}/run"), &fields).await;
        assert_eq!((begun.status, begun.headers["location"].as_str()), (303, "/web/jobs?done=import"), "{}", text_of(&begun.text));
    }
    until_within(LONG, "the import is done", || async { text_of(&admin.page("/web/jobs").await).contains("Terminé") }).await;
    let jobs = text_of(&admin.page("/web/jobs").await);
    assert!(jobs.contains("marques.csv") && jobs.contains("450 / 450"), "{jobs}");
    assert_eq!((stand.count(STORED).await, stand.count("SELECT count(*) AS n FROM partners.ek_job").await), (450, 1));
    let id = stand.count("SELECT max(id) AS n FROM partners.ek_job").await;
    let file = admin.get(&format!("/web/jobs/{id}/file")).await;
    assert_eq!((file.status, file.text.as_str()), (200, table.as_str()));
    // It is one's own
    let other = Reader::of(&stand, "bna").await;
    assert!(!text_of(&other.page("/web/jobs").await).contains("marques.csv"));
    for answer in [other.get(&format!("/web/jobs/{id}/file")).await, other.post(&format!("/web/jobs/{id}/go"), &[]).await] {
        assert_eq!(answer.status, 404);
    }
    assert_eq!(admin.post(&format!("/web/jobs/{id}/remove"), &[]).await.status, 303);
    assert!(!text_of(&admin.page("/web/jobs").await).contains("marques.csv"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_whose_process_died_goes_on_where_it_was_and_stores_nothing_twice() {
    let stand = Stand::new().await;
    let (admin, session) = (Reader::of(&stand, "admin").await, stand.login("admin").await);
    let table = csv(450);
    let begun = admin.post(&format!("{PATH}/run"), &[("csv", &table), ("_key", KEY)]).await;
    assert_eq!(begun.status, 303, "{}", text_of(&begun.text));
    until_within(LONG, "the import is done", || async { text_of(&admin.page("/web/jobs").await).contains("Terminé") }).await;
    let id = stand.count("SELECT max(id) AS n FROM partners.ek_job").await;
    // As it stands where the process died after it had stored the second piece, and before it said so
    let mut sql = stand.sql().await;
    Stand::execute(
        &mut sql,
        "DELETE FROM catalog.ir_model_data WHERE name = 'b300'; DELETE FROM catalog.product_brand WHERE name = 'Marque 300'",
    )
    .await;
    let back =
        format!("UPDATE partners.ek_job SET state = 'running', done = 200, write_date = now() - interval '10 minutes' WHERE id = {id}");
    Stand::execute(&mut sql, &back).await;
    let jobs = text_of(&admin.page("/web/jobs").await);
    assert!(jobs.contains("Interrompu") && jobs.contains("Reprendre") && jobs.contains("200 / 450"), "{jobs}");
    assert_eq!(admin.post(&format!("/web/jobs/{id}/go"), &[]).await.status, 303);
    until_within(LONG, "the import is done again", || async { text_of(&admin.page("/web/jobs").await).contains("Terminé") }).await;
    // What was stored is answered from what was kept: nothing twice, nothing anew
    assert_eq!(stand.count(STORED).await, 449);
    assert_eq!(stand.count("SELECT count(DISTINCT name) AS n FROM catalog.product_brand WHERE name LIKE 'Marque %'").await, 449);

    // One that a line stopped says which, as the file has it
    let table = format!("id,name\n{}erp.o250,\n", (0..250).map(|n| format!("erp.o{n},Autre {n}\n")).collect::<String>());
    let begun = admin.post(&format!("{PATH}/run"), &[("csv", &table), ("_key", "ffeeddccbbaa99887766554433221100")]).await;
    assert_eq!(begun.status, 303, "{}", text_of(&begun.text));
    until_within(LONG, "the import has stopped", || async { text_of(&admin.page("/web/jobs").await).contains("Arrêté par une erreur") })
        .await;
    let jobs = text_of(&admin.page("/web/jobs").await);
    assert!(jobs.contains("252") && jobs.contains("200 / 251"), "the line of the file: {jobs}");
    assert_eq!(session.list("ek.job", &[("filter", &json!([["state", "=", "failed"]]).to_string())]).await.json()["count"], 1);
}
