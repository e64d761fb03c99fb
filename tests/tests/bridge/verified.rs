//! What came over is verified, and what changes there is followed.

use bridge_contract::Verified;
use serde_json::json;
use system_tests::Stand;
use system_tests::odoo16::{Mood, Odoo16};

use crate::moving::{MAPPING, begin, moved};
use crate::{SETTINGS, ended, name};

fn verified(run: &serde_json::Value) -> Verified {
    assert_eq!(run["state"], "done", "{}", run["error"]);
    serde_json::from_str(run["report"].as_str().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_over_is_verified_to_the_centime_and_what_was_changed_here_is_found() {
    let stand = Stand::with(SETTINGS).await;
    let admin = stand.login("admin").await;
    let odoo = Odoo16::new(Mood::default()).await;
    let at = name(&admin, &odoo, json!({"batch": 50, "mapping": MAPPING})).await;
    let imported = moved(&ended(&stand, &admin, begin(&admin, at, "import").await).await);
    let run = begin(&admin, at, "verification").await;
    let found = verified(&ended(&stand, &admin, run).await);
    let paper = admin.get(&format!("/report/pdf/bridge.report_verification/{run}")).await;
    assert!(paper.status == 200 && paper.text.starts_with("%PDF"), "{}", paper.text.chars().take(300).collect::<String>());
    let lines: Vec<_> = found.lines.iter().filter(|line| !line.holds()).collect();
    assert_eq!((lines.len(), found.differing), (0, 0), "{lines:#?} {:#?}", found.differences);
    assert!(found.passed);
    for line in &found.lines {
        let moved = imported.iter().find(|moved| moved.reader == line.reader).unwrap();
        assert_eq!(
            (line.there.many, line.taken.many, line.put_aside.many, line.left_out.many),
            (moved.total, moved.taken, moved.refused, moved.left_out),
            "{line:#?}"
        );
    }
    let orders = found.lines.iter().find(|line| line.model == "sale.order").unwrap();
    assert!(orders.taken.many > 30 && !orders.taken.sum.is_zero() && orders.parts.len() > 5, "{orders:#?}");

    // What is changed here since is told, not overlooked
    let one = "UPDATE crm.sale_order SET note = 'changed here', version = version + 1 WHERE id = (SELECT min(record_id) FROM crm.odoo_binding WHERE model = 'sale.order')";
    Stand::execute(&mut stand.sql().await, one).await;
    let found = verified(&ended(&stand, &admin, begin(&admin, at, "verification").await).await);
    assert_eq!((found.passed, found.differing), (false, 1), "{:#?}", found.differences);
    assert!(found.differences[0].what.contains("changed here"), "{:#?}", found.differences);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_there_is_followed_and_what_is_gone_there_is_told() {
    let stand = Stand::with(SETTINGS).await;
    let admin = stand.login("admin").await;
    let odoo = Odoo16::new(Mood::default()).await;
    let at = name(&admin, &odoo, json!({"batch": 50, "mapping": MAPPING})).await;
    let early = ended(&stand, &admin, begin(&admin, at, "follow").await).await;
    assert_eq!(early["state"], "failed", "there is nothing to follow yet: {early}");
    ended(&stand, &admin, begin(&admin, at, "import").await).await;
    let now = "2099-01-01 10:00:00";
    odoo.change("res.partner", 71, json!({"name": "Nouveau nom", "write_date": now}));
    let variant = 46;
    // A change of a template does not touch its variants there
    odoo.change("product.template", 36, json!({"list_price": 1234.5, "write_date": now}));
    odoo.change("product.product", variant, json!({"lst_price": 1234.5}));
    odoo.remove("sale.order", 69);
    let run = ended(&stand, &admin, begin(&admin, at, "follow").await).await;
    let moved = moved(&run);
    let orders = moved.iter().find(|moved| moved.model == "sale.order").unwrap();
    assert_eq!(orders.gone, 1, "{orders:?}");
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.res_partner WHERE name = 'Nouveau nom'").await, 1);
    assert_eq!(stand.count("SELECT count(*) AS n FROM catalog.product_template WHERE list_price = 1234.5").await, 1);
    assert!(moved.iter().map(|moved| moved.read).sum::<u64>() < 400, "it does not read all again: {moved:?}");
    let found = verified(&ended(&stand, &admin, begin(&admin, at, "verification").await).await);
    assert!(found.passed, "{:#?}", found.differences);
}
