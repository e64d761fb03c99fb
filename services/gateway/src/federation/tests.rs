//! With owners that are made up, for what the real ones can't show: circles of relations, lists that lead away, answers that
//! are none, an owner of before.

use std::collections::HashMap;
use std::sync::Mutex;

use domain::Identity;
use partners_contract::LoggedIn;
use process::router::Endpoint;
use process::{Keyring, Router};
use proptest::prelude::*;
use records::Item;

use super::outlines::Block;
use super::*;

/// Keeps a model whose records 1 to 9 there are; what it is asked is kept.
struct Stub {
    model: &'static str,
    outlines: &'static str,
    /// A record's fields; `#` stands for its id.
    fields: &'static [(&'static str, &'static str)],
    heard: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    fn answer(&self, call: &Call) -> Result<Reply, Fault> {
        let argument = |name: &str| call.params.raw(name).map_or("", RawValue::get).to_owned();
        self.heard.lock().unwrap().push(format!("{} {} {} {}", call.model, call.method, argument("query"), argument("filter")));
        if call.method == "_outlines" {
            return if self.outlines.is_empty() { Err(Fault::no_such_method("", "_outlines")) } else { Ok(Reply::json(self.outlines)) };
        }
        assert_eq!(call.model, self.model);
        let selection = Selection::parse(&call.params.get::<String>("query")?.unwrap_or_default())?;
        let row = |id: &i64| {
            let value = |item: &Item| {
                let Item::Field(name, _) = item else { panic!("{item:?}") };
                let (_, value) = self.fields.iter().find(|(field, _)| field == name).unwrap();
                format!("\"{name}\":{}", value.replace('#', &id.to_string()))
            };
            format!("{{{}}}", selection.items.iter().map(value).collect::<Vec<_>>().join(","))
        };
        if call.method == "read" {
            return Ok(Reply::json(row(&call.params.need("id")?)));
        }
        let filter: Value = call.params.get("filter")?.unwrap_or_default();
        let ids: Vec<i64> = match filter.pointer("/0/2") {
            Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_i64).filter(|id| *id < 10).collect(),
            _ => vec![1, 2],
        };
        let rows = ids.iter().map(row).collect::<Vec<_>>().join(",");
        Ok(Reply::json(format!(r#"{{"count":{},"result":[{rows}]}}"#, ids.len())))
    }
}

impl Endpoint for Stub {
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, Fault>> {
        let answer = self.answer(&call);
        Box::pin(async move { answer })
    }
}

const PRODUCTS: &str = r#"{"product.template": {"rec_name": "name", "fields": [["id", null], ["name", null], ["price", null],
    ["seller", "res.partner"], ["sellers", "res.partner"], ["broken", "res.partner"], ["similar", "product.template"]]}}"#;
const PARTNERS: &str = r#"{"res.partner": {"rec_name": "name", "fields": [["id", null], ["name", null], ["best", "product.template"]]}}"#;

struct Made {
    federation: Federation,
    session: Session,
    heard: Arc<Mutex<Vec<String>>>,
}

fn made(products: &'static str, with_partners: bool) -> Made {
    let heard = Arc::<Mutex<Vec<String>>>::default();
    let catalog = Stub {
        model: "product.template",
        outlines: products,
        fields: &[
            ("id", "#"),
            ("name", r#""T#""#),
            ("price", "1.50"),
            ("seller", "#"),
            ("sellers", "[7,#,99]"),
            ("broken", r#"{"no id":["#),
            ("similar", r#"{"seller":3,"id":4}"#),
        ],
        heard: heard.clone(),
    };
    let partners =
        Stub { model: "res.partner", outlines: PARTNERS, fields: &[("id", "#"), ("name", r#""P#""#), ("best", "#")], heard: heard.clone() };
    let mut routes: HashMap<&'static str, Arc<dyn Endpoint>> = HashMap::new();
    routes.insert("catalog", Arc::new(catalog));
    if with_partners {
        routes.insert("partners", Arc::new(partners));
    }
    let router = Router::empty();
    router.set(routes);
    let keyring = Keyring::ring(&["gateway", "catalog", "partners"]).unwrap().remove("gateway").unwrap();
    let federation = Federation::new(Services { router, keyring: keyring.clone() }, 1 << 20);
    let (name, lang, tz, company) = (String::new(), String::new(), String::new(), String::new());
    let who = LoggedIn { identity: Identity::system(), name, lang, tz, company_id: 1, company, session_id: None, session_number: None };
    Made { federation, session: Session::of(who, keyring), heard }
}

impl Made {
    async fn ask(&self, method: &str, query: &str, filter: Option<Value>) -> Result<String, Fault> {
        let mut call = Call::new("product.template", method, Arc::from("")).with("query", &query);
        if let Some(filter) = filter {
            call = call.with("filter", &filter);
        }
        if method == "read" {
            call = call.with("id", &1);
        }
        let Body::Whole(bytes) = self.federation.call(&self.session, call).await?.body else { panic!("a stream") };
        Ok(String::from_utf8(bytes.to_vec()).unwrap())
    }

    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }
}

#[tokio::test]
async fn a_plain_read_is_one_call_and_nothing_else() {
    let made = made(PRODUCTS, true);
    for query in ["", "{*}", "{id,name,seller}"] {
        made.ask("read", "{id,name,seller}", None).await.unwrap();
        assert_eq!(made.heard(), [r#"product.template read "{id,name,seller}" "#], "{query}");
    }
    made.ask("search_read", "{seller}", Some(json!([["name", "=", "x"]]))).await.unwrap();
    assert!(made.heard()[0].contains("_outlines"), "once a minute");
    made.ask("search_read", "{ seller }", Some(json!([["name", "=", "x.y"]]))).await.unwrap();
    assert_eq!(made.heard(), [r#"product.template search_read "{ seller }" [["name","=","x.y"]]"#], "as it came");
}

#[tokio::test]
async fn what_is_put_in_leaves_the_rest_as_it_was_written() {
    let made = made(PRODUCTS, true);
    let read = made.ask("read", "{price,seller{name},id}", None).await.unwrap();
    assert_eq!(read, r#"{"price":1.50,"seller":{"name":"P1"},"id":1}"#);
    // Of several records those that are not there are left out
    let list = made.ask("search_read", "{sellers{name},price}", None).await.unwrap();
    assert_eq!(
        list,
        r#"{"count":2,"result":[{"sellers":[{"name":"P7"},{"name":"P1"}],"price":1.50},{"sellers":[{"name":"P7"},{"name":"P2"}],"price":1.50}]}"#
    );
    let heard = made.heard();
    assert_eq!(heard.iter().filter(|call| call.starts_with("res.partner search_read")).count(), 2, "{heard:#?}");
    assert_eq!(heard.last().unwrap(), r#"res.partner search_read "{name, id}" [["id","in",[1,2,7,99]]]"#);
    let read = made.ask("read", "{similar{seller{id}}}", None).await.unwrap();
    assert_eq!(read, r#"{"similar":{"seller":{"id":3}}}"#);
}

#[tokio::test]
async fn a_chain_leads_through_three_services_at_most() {
    let made = made(PRODUCTS, true);
    let read = made.ask("search_read", "{seller{best{name}}}", None).await.unwrap();
    assert_eq!(read, r#"{"count":2,"result":[{"seller":{"best":{"name":"T1"}}},{"seller":{"best":{"name":"T2"}}}]}"#);
    made.heard();
    let fault = made.ask("search_read", "{seller{best{seller{name}}}}", None).await.unwrap_err();
    assert!(fault.status == 422 && fault.message.contains("more than 3 services"), "{fault}");
    assert!(made.heard().is_empty(), "told before anything is asked");
    made.ask("search_read", "{id}", Some(json!([["seller.best.name", "=", "x"]]))).await.unwrap();
    assert_eq!(
        made.heard(),
        [
            r#"product.template search_read "{id}" [["name","=","x"]]"#,
            r#"res.partner search_read "{id}" [["best","in",[1,2]]]"#,
            r#"product.template search_read "{id}" [["seller","in",[1,2]]]"#,
        ]
    );
    let fault = made.ask("search_read", "{id}", Some(json!([["seller", "any", [["best.seller.name", "=", "x"]]]]))).await.unwrap_err();
    assert!(fault.status == 422 && fault.message.contains("more than 3 services"), "{fault}");
    // A tree's records are found where the tree is
    made.heard();
    made.ask("search_read", "{id}", Some(json!([["seller", "child_of", 5]]))).await.unwrap();
    assert_eq!(made.heard().first().unwrap(), r#"res.partner search_read "{id}" [["id","child_of",5]]"#);
}

#[tokio::test]
async fn a_service_that_is_away_or_answers_nonsense_is_told() {
    let away = made(PRODUCTS, false);
    for (query, filter) in [("{seller{name}}", None), ("{id}", Some(json!([["seller.name", "=", "x"]])))] {
        let fault = away.ask("search_read", query, filter).await.unwrap_err();
        assert!(fault.status == 503 && fault.message.contains("'partners'") && fault.retry_after.is_some(), "{fault}");
    }
    assert!(away.ask("search_read", "{seller}", Some(json!([["seller", "=", 1]]))).await.is_ok(), "what needs nobody else goes on");
    let nonsense = made(PRODUCTS, true).ask("search_read", "{broken{name}}", None).await.unwrap_err();
    assert_eq!(nonsense.status, 503);
    // An owner of before, which does not tell: the query goes to it as it came
    let before = made("", true);
    before.ask("search_read", "{similar{seller}}", None).await.unwrap();
    assert_eq!(before.heard().last().unwrap(), r#"product.template search_read "{similar{seller}}" "#);
}

#[tokio::test]
async fn one_request_has_a_bound_on_its_questions_and_on_its_text() {
    let made = made(PRODUCTS, true);
    let filter = |n: usize| Some(Value::Array((0..n).map(|n| json!(["seller.name", "=", n.to_string()])).collect()));
    made.ask("search_read", "{id}", filter(MAX_QUESTIONS)).await.unwrap();
    made.heard();
    let fault = made.ask("search_read", "{id}", filter(MAX_QUESTIONS + 1)).await.unwrap_err();
    assert!(fault.status == 422 && fault.message.contains("32"), "{fault}");
    assert!(made.heard().is_empty(), "told before anything is asked");
    let across = Across {
        federation: &made.federation,
        home: "catalog",
        dialect: Dialect::AddOn,
        session: &made.session,
        traceparent: None,
        questions_left: AtomicUsize::new(1),
        bytes_left: AtomicUsize::new(10),
        elements_left: AtomicUsize::new(0),
    };
    assert_eq!(across.whole(Body::Whole("0123456789".into())).await.unwrap(), "0123456789");
    let pieces = stream::iter([Ok("0".into())]).boxed();
    let fault = across.whole(Body::Stream(pieces)).await.unwrap_err();
    assert!(fault.status == 422 && fault.message.contains("page_size") && fault.message.contains("after"), "{fault}");
}

proptest! {
    #[test]
    fn no_text_panics(text in "[\\[\\]{}\",:0-9a-z ]{0,60}", nested in any::<bool>()) {
        let away = BTreeMap::from([("a".to_owned(), Block::Away(0))]);
        let here = Tree { hides_id: true, blocks: BTreeMap::from([("b".to_owned(), Block::Here(Tree { hides_id: nested, blocks: away }))]) };
        if let Ok(object) = serde_json::from_str::<Entries<'_>>(&text) {
            collect(&here, &object, &mut [BTreeSet::new()]).ok();
            let mut writer = Writer { fetched: &[], put: &|_, _| Ok(()), out: String::new() };
            writer.object(&here, &object).ok();
        }
    }
}
