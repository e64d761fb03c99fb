//! The declarations, held against the database that the migrations make and against the page that the services share.

use std::collections::BTreeSet;

use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use service::directory;
use system_tests::{Stand, registries};

#[derive(diesel::QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_has_its_column_and_every_column_its_field() {
    let stand = Stand::new().await;
    let hub = stand.hub.as_ref().unwrap();
    let mut conn = stand.sql().await;
    for (schema, registry) in registries(hub) {
        for model in registry.models() {
            let columns: Vec<Column> = diesel::sql_query(format!(
                "SELECT a.attname::text AS name, format_type(a.atttypid, NULL) AS kind FROM pg_attribute a \
                 WHERE a.attrelid = '{schema}.{}'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''",
                model.table
            ))
            .load(&mut conn)
            .await
            .unwrap();
            for column in &columns {
                let known = column.name == "deleted_at" || column.name == "post_hash" || model.any_field(&column.name).is_some();
                assert!(known, "{} has a column {} that no field declares", model.table, column.name);
            }
            for field in model.fields.iter().filter(|field| field.has_column()) {
                let column = columns.iter().find(|column| column.name == field.name);
                let kind = column
                    .unwrap_or_else(|| panic!("{}.{} has no column", model.name, field.name))
                    .kind
                    .replace("timestamp with time zone", "timestamptz");
                assert_eq!(kind, field.kind.column_type(), "{}.{}", model.name, field.name);
            }
            for published in &model.publication.fields {
                assert!(columns.iter().any(|column| column.name == *published), "{} publishes {published}, which is no column", model.name);
                assert!(!model.secret_columns().contains(&published.as_str()), "{} publishes its secret {published}", model.name);
            }
            let naming = model.field("display_name").expect("every model has a display_name");
            assert!(naming.readonly && model.field("id").is_some() && model.field(model.rec_name).is_some(), "{}", model.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shared_page_tells_what_the_services_declare() {
    let stand = Stand::new().await;
    let hub = stand.hub.as_ref().unwrap();
    for (name, registry) in registries(hub) {
        let declared: Vec<_> = registry.models().map(|model| model.name).collect();
        let own = directory::SERVICES.iter().find(|(service, _)| *service == name).unwrap().1.iter().copied();
        let page: BTreeSet<_> = own.chain(directory::EVERYWHERE.iter().map(|(model, _)| *model)).collect();
        assert_eq!(declared, Vec::from_iter(page), "models of {name}");
        let foreign: BTreeSet<_> = registry
            .models()
            .flat_map(|model| model.fields.iter())
            .filter(|field| field.has_column() && !matches!(field.name, "create_uid" | "write_uid"))
            .filter_map(|field| field.kind.comodel())
            .filter(|comodel| registry.get(comodel).is_none())
            .collect();
        let page: BTreeSet<_> =
            directory::REFERENCES.iter().filter(|(service, _)| *service == name).flat_map(|(_, models)| models.iter().copied()).collect();
        assert_eq!(foreign, page, "what {name} refers to elsewhere");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_every_model_reads_through_the_door() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    for (_, models) in directory::SERVICES {
        for model in *models {
            let answer = admin.list(model, &[("query", "{*}"), ("limit", "3")]).await;
            assert_eq!(answer.status, 200, "{model}: {}", answer.text);
            for (field, value) in answer.json()["result"].as_array().unwrap().iter().flat_map(|row| row.as_object().unwrap()) {
                assert!(!value.is_null(), "{model}.{field} reads null");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_role_has_rights_on_anothers_schema() {
    let stand = Stand::new().await;
    let pairs = hub::OWNERS.iter().flat_map(|role| hub::OWNERS.iter().map(move |other| (role, other)));
    for (role, other) in pairs.filter(|(role, other)| role != other) {
        assert_eq!(
            stand.count(&format!("SELECT count(*) AS n FROM (SELECT 1 WHERE has_schema_privilege('{role}', '{other}', 'USAGE')) x")).await,
            0
        );
        let tables = format!(
            "SELECT count(*) AS n FROM pg_tables WHERE schemaname = '{other}' AND has_table_privilege('{role}', format('%I.%I', schemaname, tablename), 'SELECT')"
        );
        assert_eq!(stand.count(&tables).await, 0);
    }
}
