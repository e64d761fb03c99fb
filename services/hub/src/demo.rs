//! The demo: two banks, products with configurations, points of sale, clients, users. Made once, by the same calls that
//! clients make.

use domain::Identity;
use jsonrpc::Call;
use serde_json::{Value, json};
use service::{Keyring, Router, directory, parse_reply};

/// Log-ins of the demo: login (which is the password too), and who that is.
pub const USERS: &[(&str, &str)] = &[
    ("admin", "administrator of the hub"),
    ("ekiclik", "the platform's integration user"),
    ("alsalam", "a user of the bank Alsalam"),
    ("bna", "a user of the bank BNA"),
];

/// Makes the demo's data, unless there are users already. Answers whether it did.
///
/// # Errors
/// What the services say.
pub async fn make(router: &Router, gateway: &Keyring) -> anyhow::Result<bool> {
    let there = Call::new("res.users", "_existing", gateway.own_token("partners")?).with("ids", &[2]);
    if !parse_reply::<Vec<i64>>(router.call(there).await?).await?.is_empty() {
        return Ok(false);
    }
    // The administrator comes first: user 2, as in Odoo
    for (model, data) in records() {
        send(router, gateway, Call::new(model, "create", "".into()).with("data", &data)).await?;
    }
    let company = json!({"name": "Ekiclik", "street": "Lotissement El Bina, villa 12", "city": "Dely Ibrahim, Alger", "country_id": "DZ", "phone": "+213 23 00 00 00",
        "email": "contact@ekiclik.example", "rc": "16/00-0000000 B 20", "nif": "000016000000000", "nis": "000016010000000", "ai": "16000000000",
        "rib": "000 00000 0000000000 00"});
    send(router, gateway, Call::new("res.company", "write", "".into()).with("id", &1).with("data", &company)).await?;
    Ok(true)
}

/// Fills the demo's warehouses, after [`make`]: purchases that are confirmed and received.
///
/// # Errors
/// What the services say.
pub async fn fill(router: &Router, gateway: &Keyring) -> anyhow::Result<()> {
    for (code, lines) in PURCHASES {
        let lines: Vec<_> = lines
            .iter()
            .map(|(reference, many, price)| json!({"product_id": reference, "product_qty": many, "price_unit": price}))
            .collect();
        let purchase = json!({"partner_id": code, "order_line": lines});
        let id = send(router, gateway, Call::new("purchase.order", "create", "".into()).with("data", &purchase)).await?;
        send(router, gateway, Call::new("purchase.order", "button_confirm", "".into()).with("ids", &[id])).await?;
    }
    // A database of its own has no receipt but these
    let receipts: Vec<usize> = (1..=PURCHASES.len()).collect();
    send(router, gateway, Call::new("stock.picking", "button_validate", "".into()).with("ids", &receipts)).await?;
    Ok(())
}

async fn send(router: &Router, gateway: &Keyring, mut call: Call) -> anyhow::Result<Value> {
    let what = format!("the demo's {} {}", call.model, call.method);
    call.token = gateway.user_token(directory::owner_of(&call.model).unwrap_or_default(), &Identity::system())?;
    let answer = async { parse_reply(router.call(call).await?).await };
    answer.await.map_err(|fault| anyhow::anyhow!("{what}: {fault}"))
}

/// A line of a purchase: reference, quantity, price.
type Bought = (&'static str, i64, i64);
/// What each warehouse begins with.
const PURCHASES: &[(&str, &[Bought])] = &[
    ("EKIWH", &[("IRIS-TV55-N", 40, 50_000), ("IRIS-TV55-G", 25, 51_500), ("COND-REF400-B", 30, 62_000), ("ATLAS-CAN3-BL", 12, 38_000)]),
    ("PDVA-E-BOJ-BOJ-05-001", &[("IRIS-TV55-N", 10, 50_000), ("ATLAS-CAN3-BL", 2, 38_000)]),
    ("PDVA-E-ALG-BEZ-16-01", &[("COND-REF400-B", 6, 62_000)]),
];

fn records() -> Vec<(&'static str, Value)> {
    let mut records = vec![
        ("res.users", json!({"name": "Administrator", "login": "admin", "password": "admin", "hub_admin": true})),
        ("res.bank", json!({"name": "Alsalam"})),
        ("res.bank", json!({"name": "BNA"})),
        (
            "res.users",
            json!({"name": "Ekiclik", "login": "ekiclik", "password": "ekiclik", "create_by": "ekiclik", "role": "ROLE_SUPERADMIN", "integration": true}),
        ),
        (
            "res.users",
            json!({"name": "Amel Haddad", "login": "alsalam", "password": "alsalam", "bank_id": "Alsalam", "role": "ROLE_CREDIT_ANALYST_EK"}),
        ),
        (
            "res.users",
            json!({"name": "Karim Benali", "login": "bna", "password": "bna", "bank_id": "BNA", "role": "ROLE_CREDIT_ANALYST_EK"}),
        ),
    ];
    for (name, code, wilaya, city) in [
        ("Point de vente Bab Ezzouar", "PDVA-E-ALG-BEZ-16-01", "16", "Bab Ezzouar"),
        ("Point de vente Bordj Bou Arreridj", "PDVA-E-BOJ-BOJ-05-001", "34", "Bordj Bou Arreridj"),
        ("Point de vente Tinzaouatine", "PDVA-E-TIN-TIN-88-07", "54", "Tin Zaouatine"),
    ] {
        let email = format!("{}@pdv.example", code.to_lowercase());
        records.push(("res.partner", json!({"create_by": "ekiclik", "is_pos": true, "name": name, "code_pos": code, "email": email, "state_id": wilaya, "country_id": "DZ", "city": city, "status": "ACTIVE"})));
    }
    for (name, email, bank, wilaya) in [
        ("Yasmine Cherif", "yasmine.cherif@example.dz", "Alsalam", "Béjaïa"),
        ("Mourad Belkacem", "mourad.belkacem@example.dz", "BNA", "Oran"),
        ("Nadia Ziani", "nadia.ziani@example.dz", "Alsalam", "Tizi Ouzou"),
    ] {
        records.push(("res.partner", json!({"create_by": "ekiclik", "source": bank, "name": name, "email": email, "phone": "0556000000", "state_id": wilaya, "country_id": "DZ"})));
    }
    records.push(("product.category", json!({"name": "Électroménager"})));
    records.push(("product.category", json!({"name": "Meubles"})));
    let configuration = |name: &str, reference: &str, cost: f64, price: Value, color: &str| {
        json!({"name": name, "manufacturer_ref": reference, "standard_price": cost, "list_price": price, "detailed_type": "product",
               "image_url": format!("https://images.example/{reference}.jpg"), "attribute": [{"attribute_id": "Couleur", "value_id": color}]})
    };
    for (reference, name, brand, category, configurations) in [
        (
            "IRIS-TV55",
            "Téléviseur 55 pouces",
            "Iris",
            "Électroménager",
            vec![
                configuration("Téléviseur 55 pouces noir", "IRIS-TV55-N", 50_000.0, json!(80_000.0), "Noir"),
                configuration("Téléviseur 55 pouces gris", "IRIS-TV55-G", 51_500.0, json!(null), "Gris"),
            ],
        ),
        (
            "COND-REF400",
            "Réfrigérateur 400 litres",
            "Condor",
            "Électroménager",
            vec![configuration("Réfrigérateur 400 litres blanc", "COND-REF400-B", 62_000.0, json!(95_000.0), "Blanc")],
        ),
        (
            "ATLAS-CAN3",
            "Canapé trois places",
            "Atlas",
            "Meubles",
            vec![
                configuration("Canapé trois places bleu", "ATLAS-CAN3-BL", 38_000.0, json!(null), "Bleu"),
                configuration("Canapé trois places beige", "ATLAS-CAN3-BE", 38_000.0, json!(null), "Beige"),
            ],
        ),
    ] {
        records.push(("product.template", json!({"create_by": "ekiclik", "name": name, "product_ref": reference, "brand": brand, "fab_name": brand, "categ_id": category, "product": configurations})));
    }
    records
}
