//! Orders as a list: found by what people have in their hands, filtered, summed.

use serde_json::{Value, json};
use system_tests::stock::{ALGER, BORDJ, TV};
use system_tests::{Session, Stand, id};

/// An order with its lead; answers the order's id and its lead's.
pub(crate) async fn order(session: &Session<'_>, bank: &str, number: i64, code_pos: &str, rows: &[(&str, i64)]) -> (i64, i64) {
    let cart: Vec<Value> = rows
        .iter()
        .map(|(reference, quantity)| json!({"manufacturer_ref": reference, "quantity": quantity, "product_warehouse_id": code_pos}))
        .collect();
    let lead = json!({"order_source": bank, "cart_id": number, "code_pos": code_pos, "partner": {"email": "yasmine.cherif@example.dz"},
        "cart": cart, "quotation_address": {"ek_order_id": number}});
    let lead = id(&session.create("crm.lead", lead).await);
    let filter = json!([["opportunity_id", "=", lead]]).to_string();
    let orders = session.rows("sale.order", &[("filter", &filter), ("query", "{id}")]).await;
    (orders[0]["id"].as_i64().unwrap(), lead)
}

/// What is typed into one box, as a filter.
fn boxed(typed: &str) -> String {
    let mut leaves = vec![json!(["name", "ilike", typed])];
    leaves.extend(typed.parse::<i64>().ok().map(|number| json!(["ek_order_id", "=", number])));
    leaves.extend(["name", "email", "phone"].map(|field| json!([format!("partner_id.{field}"), "ilike", typed])));
    let mut filter = vec![json!("|"); leaves.len() - 1];
    filter.extend(leaves);
    Value::from(filter).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_box_finds_orders_by_number_client_e_mail_and_telephone() {
    let stand = Stand::new().await;
    let (platform, admin) = (stand.login("ekiclik").await, stand.login("admin").await);
    let (first, _) = order(&platform, "Alsalam", 71_001, BORDJ, &[(TV, 1)]).await;
    let (second, _) = order(&platform, "BNA", 71_002, ALGER, &[(TV, 2)]).await;
    let client = json!([["email", "=", "yasmine.cherif@example.dz"]]);
    admin.write("res.partner", client, json!({"phone": "0555998877"})).await.result();
    let found = async |session: &Session<'_>, typed: &str| {
        let rows = session.rows("sale.order", &[("filter", &boxed(typed)), ("order", "id"), ("query", "{id}")]).await;
        rows.iter().map(|row| row["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    let name = format!("s{first:05}");
    for (typed, wanted) in [
        (name.as_str(), vec![first]),
        ("71002", vec![second]),
        ("Yasmine", vec![first, second]),
        ("YASMINE.cherif@", vec![first, second]),
        ("0555998877", vec![first, second]),
        ("nobody at all", vec![]),
    ] {
        assert_eq!(found(&admin, typed).await, wanted, "{typed}");
    }
    // Of another bank's there is nothing, whatever is typed
    let bna = stand.login("bna").await;
    assert_eq!((found(&bna, &name).await, found(&bna, "71001").await, found(&bna, "Yasmine").await), (vec![], vec![], vec![second]));
    let exact = [("filter", json!([["name", "=", format!("S{second:05}")]]).to_string())];
    let exact = admin.rows("sale.order", &[("filter", &exact[0].1), ("query", "{id}")]).await;
    assert_eq!(exact, [json!({"id": second})]);
    let sums = admin.rows("sale.order", &[("sum", "amount_total,short"), ("group_by", "order_source"), ("order", "order_source")]).await;
    assert_eq!(
        sums,
        [
            json!({"order_source": "Alsalam", "count": 1, "amount_total": 80_000.0, "short": sums[0]["short"]}),
            json!({"order_source": "BNA", "count": 1, "amount_total": 160_000.0, "short": sums[1]["short"]})
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_and_shortages_have_indexes_that_their_questions_use() {
    let stand = Stand::new().await;
    let mut conn = stand.sql().await;
    // On a table of some rows PostgreSQL reads the table; the question is whether it could use the index at all
    for (schema, sql, index) in [
        ("crm", "SELECT id FROM sale_order t WHERE norm(t.name) LIKE '%s49992%'", "sale_order_name_search"),
        ("crm", "SELECT id FROM sale_order t WHERE t.name = 'S49992'", "sale_order_name_key"),
        (
            "crm",
            "SELECT id FROM sale_order t WHERE t.deleted_at IS NULL AND t.short > 0::numeric ORDER BY t.short DESC, t.id",
            "sale_order_short",
        ),
    ] {
        assert_eq!(uses(&mut conn, schema, sql).await, index);
    }
    // The declarations' own words
    let hub = stand.hub.as_ref().unwrap();
    let computed = |registry: &records::Registry, model: &str, field: &str| {
        let model = registry.get(model).unwrap();
        model.field(field).unwrap().computed.as_ref().unwrap().replace("{t}", "t")
    };
    let short = computed(&hub.stock.registry, "stock.move", "short");
    assert_eq!(
        uses(&mut conn, "stock", &format!("SELECT id FROM stock_move t WHERE ({short}) > '0'::text::numeric")).await,
        "stock_move_short"
    );
}

/// The index that a statement uses where reading the table is out of the question.
async fn uses(conn: &mut diesel_async::AsyncPgConnection, schema: &str, sql: &str) -> String {
    #[derive(diesel::QueryableByName)]
    struct Plan {
        #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
        line: String,
    }
    Stand::execute(conn, &format!("SET search_path = {schema}, public; SET enable_seqscan = off")).await;
    let plan: Vec<Plan> = diesel_async::RunQueryDsl::load(diesel::sql_query(format!("EXPLAIN {sql}")), conn).await.unwrap();
    let plan = plan.into_iter().map(|plan| plan.line).collect::<Vec<_>>().join("\n");
    let words = plan.split_whitespace().collect::<Vec<_>>();
    let named = words.windows(2).find_map(|pair| match pair {
        ["on" | "using", name] if name.starts_with("sale_order_") || name.starts_with("stock_move_") => Some((*name).to_owned()),
        _ => None,
    });
    named.unwrap_or(plan)
}
