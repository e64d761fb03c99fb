//! Leads as a board.

use serde_json::json;
use system_tests::stock::BORDJ;
use system_tests::{Session, Stand, id};

use crate::{Reader, text_of};

/// A lead with a loan file: of a bank, with this number and state.
pub(crate) async fn lead_of(session: &Session<'_>, bank: &str, number: i64, name: &str, state: &str, progress: f64) -> i64 {
    let lead = json!({
        "name": name, "order_source": bank, "cart_id": number, "code_pos": BORDJ,
        "partner": {"email": "yasmine.cherif@example.dz", "salary": 912_345.0, "birth_date": "1993-11-03", "monthly_payment": 5321, "periodicity": 12},
        "cart": [{"manufacturer_ref": "IRIS-TV55-N", "quantity": 1, "product_warehouse_id": BORDJ}],
        "quotation_address": {"ek_order_id": number},
        "file_info": {"file_number": number, "client_number": "0666666666", "order_status": "draft", "progress": progress, "file_state": state},
    });
    id(&session.create("crm.lead", lead).await)
}

/// A user of a bank whose password is its login.
pub(crate) async fn user_of(admin: &Session<'_>, login: &str, bank: &str, role: &str, code_pos: &str) -> i64 {
    id(&admin
        .create("res.users", json!({"name": login, "login": login, "password": login, "bank_id": bank, "role": role, "code_pos": code_pos}))
        .await)
}

/// A column of a board, by its stage's number.
fn column(page: &str, stage: i64) -> String {
    let from = page.find(&format!("data-stage=\"{stage}\"")).unwrap_or_else(|| panic!("no column {stage}"));
    let rest = &page[from..];
    rest[..rest.find("</section>").unwrap()].to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_is_moved_by_its_form_and_a_refusal_is_told_in_words() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let admin = Reader::of(&stand, "admin").await;
    let first = lead_of(&platform, "Alsalam", 901, "Salon de Yasmine", "traitement", 20.0).await;
    let stages = stand.login("admin").await.rows("crm.stage", &[("query", "{id, name}"), ("order", "sequence, id")]).await;
    let (from, to) = (stages[0]["id"].as_i64().unwrap(), stages[1]["id"].as_i64().unwrap());
    let board = admin.page("/web/leads").await;
    let places: Vec<usize> = stages.iter().map(|stage| board.find(&format!("data-stage=\"{}\"", stage["id"])).unwrap()).collect();
    assert!(places.is_sorted(), "the columns stand in the order of the stages: {places:?}");
    let before = column(&board, from);
    assert!(before.contains("Salon de Yasmine") && before.contains("class=\"badge\">1<") && before.contains("DA"), "{before}");
    let (stage, path) = (to.to_string(), format!("/web/leads/{first}/move"));
    let moved = admin.post(&path, &[("stage", &stage), ("back", "?q=Salon")]).await;
    assert_eq!((moved.status, moved.headers["location"].as_str()), (303, "/web/leads?q=Salon&done=moved"), "{}", text_of(&moved.text));
    let board = admin.page("/web/leads").await;
    assert!(column(&board, to).contains("Salon de Yasmine") && !column(&board, from).contains("Salon de Yasmine"));
    assert!(!text_of(&admin.page("/web/leads?q=nothing-like-it").await).contains("Salon de Yasmine"));
    let refused = admin.post(&path, &[("stage", "999999"), ("back", "?")]).await;
    assert!(refused.status == 422 && refused.text.contains("role=\"alert\""), "{} {}", refused.status, text_of(&refused.text));
    assert!(column(&refused.text, to).contains("Salon de Yasmine"), "the board stands below the refusal");
    assert_eq!(stand.count(&format!("SELECT stage_id AS n FROM crm.crm_lead WHERE id = {first}")).await, to);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_has_ones_own_leads_and_no_more_than_thirty_in_a_column() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    for number in 0..31 {
        lead_of(&platform, "Alsalam", 1_000 + number, &format!("Numéro {number}."), "traitement", 20.0).await;
    }
    let other = lead_of(&platform, "BNA", 1_100, "<script>alert(1)</script>", "traitement", 20.0).await;
    let bank = Reader::of(&stand, "bna").await;
    let board = bank.page("/web/leads").await;
    assert!(board.contains(&format!("id=\"lead-{other}\"")) && !board.contains("<script>alert") && !board.contains("Numéro"), "{board}");
    let admin = Reader::of(&stand, "admin").await;
    let of = stand.count("SELECT id AS n FROM partners.res_bank WHERE name = 'Alsalam'").await;
    let board = admin.page(&format!("/web/leads?f.bank_id={of}")).await;
    assert_eq!(board.matches("class=\"lead\"").count(), 30);
    assert!(!board.contains(&format!("id=\"lead-{other}\"")) && text_of(&board).contains("Tout voir"), "{}", text_of(&board));
    // Whose leads are another bank's are not moved
    let stage = stand.count("SELECT max(id) AS n FROM crm.crm_stage").await.to_string();
    let theirs = stand.count("SELECT max(id) AS n FROM crm.crm_lead WHERE cart_id = 1000").await;
    let refused = bank.post(&format!("/web/leads/{theirs}/move"), &[("stage", &stage), ("back", "?")]).await;
    assert!(matches!(refused.status, 403 | 404 | 422), "{}", refused.status);
    assert_ne!(stand.count(&format!("SELECT stage_id AS n FROM crm.crm_lead WHERE id = {theirs}")).await.to_string(), stage);
}
