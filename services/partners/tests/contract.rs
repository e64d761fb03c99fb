//! Partners alone: what it answers, and what it publishes.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::path::Path;

use alone::{Alone, Neighbour, reads_snapshot, settings, snapshot};
use domain::{Identity, Origin};
use jsonrpc::Published;
use partners::{LoginConfig, Partners};
use partners_contract::{
    BankNamed, Client, ClientOf, ForLead, ForReport, LeadsClient, Named, OfLogin, OfSession, Paper, PointsOfSale, Reference, ResPartner,
    ResUsers,
};
use serde_json::json;

async fn partners() -> Alone<Partners> {
    let login = settings(LoginConfig::read, &[("PASSWORD_THREADS", "1"), ("DEMO", "true")]);
    let neighbours = ["catalog", "crm", "stock", "sync"].map(|name| (name, Neighbour::default()));
    let alone = Alone::new("partners", |database| Partners::new(login, database.clone()).unwrap(), neighbours.into()).await;
    let system = Identity::system();
    alone.call(&system, "res.bank", "create", json!({"data": {"name": "Alsalam"}})).await.unwrap();
    let pos = json!({"data": {"is_pos": true, "name": "Alger", "code_pos": "PDV-ALGER", "status": "ACTIVE"}});
    alone.call(&system, "res.partner", "create", pos).await.unwrap();
    alone
}

#[tokio::test]
async fn what_leads_and_documents_name_is_told() {
    let alone = partners().await;
    assert_eq!(alone.asked("crm", &BankNamed { name: "al salam".to_owned() }).await.unwrap(), Ok(1));
    assert_eq!(alone.asked("crm", &BankNamed { name: "BNA".to_owned() }).await.unwrap(), Err(vec!["Alsalam".to_owned()]));
    let codes = BTreeSet::from(["PDV-ALGER".to_owned()]);
    let points = alone.asked("stock", &PointsOfSale { codes: codes.clone(), ..PointsOfSale::default() }).await.unwrap();
    assert_eq!((points.len(), points["PDV-ALGER"].closed), (1, false));
    let (state, country) = (Some(Reference::Name("Béjaïa".to_owned())), Some(Reference::Name("DZ".to_owned())));
    let email = "amine@example.dz".to_owned();
    let client = Some(LeadsClient { email: email.clone(), own: false, uid: 1, origin: Origin::Ekiclik });
    let lead = ForLead { codes, bank: 1, state, country, client };
    let elsewhere = ForLead { codes: BTreeSet::from(["PDV-ORAN".to_owned()]), ..lead.clone() };
    assert_eq!(alone.asked("crm", &elsewhere).await.unwrap().client, None);
    assert_eq!(alone.asked("crm", &ClientOf { email: email.clone() }).await.unwrap(), None, "a lead that is refused makes no client");
    let places = alone.asked("crm", &lead).await.unwrap();
    assert!(places.client.is_some());
    assert_eq!(alone.asked("crm", &lead).await.unwrap(), places, "asked again, it is the same");
    assert_eq!(alone.asked("crm", &ClientOf { email: email.clone() }).await.unwrap(), places.client);
    assert_eq!(alone.asked("crm", &ForLead { client: None, ..lead }).await.unwrap().client, None, "the release before asks for none");
    assert_eq!((&places.points, places.bank.as_ref()), (&points, Some(&Named { id: 1, name: "Alsalam".to_owned() })));
    assert!(places.state.is_some() && places.country.is_some());
    assert!(alone.asked("stock", &OfLogin { login: "nobody".to_owned() }).await.unwrap().is_empty());
    let unknown = OfSession { session_id: "0".repeat(40), forwarder: None, unattended: false };
    assert_eq!(alone.asked("gateway", &unknown).await.unwrap_err().status, 401);

    // Of the release before
    let client = Client { email: email.clone(), bank: 1, own: Some(false), uid: 1, origin: Origin::Ekiclik };
    let made = alone.asked("crm", &client).await.unwrap();
    assert_eq!(Some(made), places.client, "it is the same");
    let paper = Paper { partners: vec![made], ..Paper::default() };
    let parties = alone.asked("crm", &ForReport { identity: Identity::system(), papers: vec![paper] }).await.unwrap();
    assert_eq!(parties[0].partners[&made].name, "amine@example.dz");

    let user =
        json!({"data": {"name": "Amel", "login": "amel", "password": "amel-amel-amel", "bank_id": 1, "role": "ROLE_CREDIT_ANALYST_EK"}});
    alone.call(&Identity::system(), "res.users", "create", user).await.unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    snapshot(&folder.join("points_of_sale.json"), &serde_json::to_value(&points).unwrap());
    snapshot(&folder.join("res.partner.json"), &alone.told(ResPartner::MODEL).await.into());
    snapshot(&folder.join("res.users.json"), &alone.told(ResUsers::MODEL).await.into());
}

#[tokio::test]
async fn every_statement_is_one_of_the_migrated_schema() {
    partners().await.prepares_statements(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).await;
}

#[tokio::test]
async fn what_the_last_release_published_is_read_by_the_contract_of_this_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    reads_snapshot::<ResPartner>(&folder);
    reads_snapshot::<ResUsers>(&folder);
}
