//! Loan files: a list of work, and what of them is for whom.

use system_tests::Stand;
use system_tests::stock::BORDJ;

use crate::leads::{lead_of, user_of};
use crate::{Reader, text_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loan_files_are_worked_off_by_their_state_and_take_steps_with_a_reason() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let admin = stand.login("admin").await;
    let first = lead_of(&platform, "Alsalam", 801, "Premier", "traitement", 0.5).await;
    lead_of(&platform, "Alsalam", 802, "Deuxième", "accord", 80.5).await;
    lead_of(&platform, "BNA", 803, "Troisième", "traitement", 40.0).await;
    user_of(&admin, "analyst-of-alsalam", "Alsalam", "ROLE_CREDIT_ANALYST_EK", "").await;
    let analyst = Reader::of(&stand, "analyst-of-alsalam").await;
    let all = analyst.page("/web/loans").await;
    let text = text_of(&all);
    assert!(text.contains("801") && text.contains("802") && !text.contains("803"), "a bank has its own: {text}");
    assert!(text.contains("Tous 2") && text.contains("traitement 1") && text.contains("accord 1"), "{text}");
    assert!(all.contains("<progress max=\"100\" value=\"50\"") && text.contains("50 %") && text.contains("80,5 %"), "{text}");
    let some = text_of(&analyst.page("/web/loans?f.file_state=accord").await);
    assert!(some.contains("802") && !some.contains("801") && some.contains("traitement 1"), "other tabs keep their counts: {some}");

    let (id, back) = (first.to_string(), "?f.file_state=traitement");
    let refused = analyst.post("/web/loans", &[("id", &id), ("state", "accord"), ("reason", ""), ("back", back)]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("role=\"alert\"") && refused.text.contains("value=\"accord\""), "{}", text_of(&refused.text));
    let none = analyst.post("/web/loans", &[("state", "accord"), ("reason", "Complet"), ("back", back)]).await;
    assert!(text_of(&none.text).contains("Choisissez au moins un dossier"), "{}", text_of(&none.text));
    let done = analyst.post("/web/loans", &[("id", &id), ("state", "accord"), ("reason", "Dossier complet"), ("back", back)]).await;
    assert_eq!((done.status, done.headers["location"].as_str()), (303, "/web/loans?f.file_state=traitement&done=step"));
    assert!(text_of(&analyst.page("/web/loans").await).contains("accord 2"));
    let page = text_of(&analyst.page(&format!("/web/crm.lead/{first}")).await);
    assert!(page.contains("Dossier complet"), "the reason stands with the lead: {page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clerk_has_neither_the_page_of_loan_files_nor_its_entry() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let admin = stand.login("admin").await;
    let lead = lead_of(&platform, "Alsalam", 811, "Premier", "traitement", 20.0).await;
    user_of(&admin, "clerk-of-alsalam", "Alsalam", "ROLE_POS_EK", BORDJ).await;
    let clerk = Reader::of(&stand, "clerk-of-alsalam").await;
    let board = clerk.page("/web/leads").await;
    assert!(board.contains(&format!("id=\"lead-{lead}\"")) && !board.contains("href=\"/web/loans\""), "leads, and no loan files");
    assert_eq!(clerk.get("/web/loans").await.status, 404);
    let refused = clerk.post("/web/loans", &[("id", &lead.to_string()), ("state", "accord"), ("reason", "x"), ("back", "?")]).await;
    assert_eq!(refused.status, 404, "{}", text_of(&refused.text));
    assert_eq!(stand.count("SELECT count(*) AS n FROM crm.crm_lead WHERE file_state = 'traitement'").await, 1);
    let page = clerk.page(&format!("/web/crm.lead/{lead}?open=1")).await;
    assert!(!page.contains("traitement") && !page.contains("912") && !page.contains("0666666666"), "{}", text_of(&page));
    assert!(Reader::of(&stand, "admin").await.page("/web/leads").await.contains("href=\"/web/loans\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_confidential_is_shown_when_it_is_asked_for_and_each_look_is_audited() {
    let stand = Stand::new().await;
    let lead = lead_of(&stand.login("ekiclik").await, "BNA", 821, "Premier", "traitement", 20.0).await;
    let bank = Reader::of(&stand, "bna").await;
    let looks =
        format!("SELECT count(*) AS n FROM crm.audit WHERE model = 'crm.lead' AND record_id = {lead} AND field LIKE 'read: %salary%'");
    let closed = bank.page(&format!("/web/crm.lead/{lead}")).await;
    assert!(!closed.contains("912") && text_of(&closed).contains("Les afficher"), "{}", text_of(&closed));
    let before = stand.count(&looks).await;
    let open = text_of(&bank.page(&format!("/web/crm.lead/{lead}?open=1")).await);
    assert!(open.contains("912 345,00") && open.contains("0666666666"), "{open}");
    assert_eq!((before, stand.count(&looks).await), (0, 1));
    // Who administers the hub reads who has looked, at what
    let history = text_of(&Reader::of(&stand, "admin").await.page(&format!("/web/crm.lead/{lead}")).await);
    assert!(history.contains("A consulté :") && history.contains("Salaire") && !history.contains("read:"), "{history}");
}
