//! `/xmlrpc/2` and `/xmlrpc`: values and faults as Odoo writes them, and XML that is refused before it costs anything.

use serde_json::{Value, json};
use system_tests::{Stand, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const XML: (&str, &str) = ("content-type", "text/xml");

/// A value as a client sends it.
pub fn value(of: &Value) -> String {
    let inner = match of {
        Value::Null => "<nil/>".to_owned(),
        Value::Bool(is) => format!("<boolean>{}</boolean>", u8::from(*is)),
        Value::Number(number) if number.is_f64() => format!("<double>{number}</double>"),
        Value::Number(number) => format!("<int>{number}</int>"),
        Value::String(text) => format!("<string>{}</string>", text.replace('&', "&amp;").replace('<', "&lt;")),
        Value::Array(list) => format!("<array><data>\n{}</data></array>", list.iter().map(value).collect::<String>()),
        Value::Object(members) => {
            let member = |(name, of): (&String, &Value)| format!("<member>\n<name>{name}</name>\n{}</member>\n", value(of));
            format!("<struct>\n{}</struct>", members.iter().map(member).collect::<String>())
        }
    };
    format!("<value>{inner}</value>\n")
}

fn call(method: &str, args: &Value) -> String {
    let params: String = args.as_array().unwrap().iter().map(|arg| format!("<param>\n{}</param>\n", value(arg))).collect();
    format!("<?xml version='1.0'?>\n<methodCall>\n<methodName>{method}</methodName>\n<params>\n{params}</params>\n</methodCall>\n")
}

/// What a service answers; its status is 200 whatever it says.
async fn told(stand: &Stand, path: &str, method: &str, args: Value) -> String {
    let answer = stand.send("POST", path, &[XML], call(method, &args)).await;
    assert_eq!((answer.status, answer.headers["content-type"].as_str()), (200, "text/xml; charset=utf-8"), "{}", answer.text);
    answer.text
}

/// The one value of an answer, without its tag.
fn answered(text: &str) -> &str {
    let (head, tail) =
        ("<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value>", "</value>\n</param>\n</params>\n</methodResponse>\n");
    text.strip_prefix(head).and_then(|text| text.strip_suffix(tail)).unwrap_or_else(|| panic!("no answer: {text}"))
}

/// A fault's code with its type, and its text.
fn fault(text: &str) -> (&str, &str) {
    let (head, between) = (
        "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n<member>\n<name>faultCode</name>\n<value>",
        "</value>\n</member>\n",
    );
    let rest = text.strip_prefix(head).unwrap_or_else(|| panic!("no fault: {text}"));
    let (code, rest) = rest.split_once(between).unwrap();
    let rest = rest.strip_prefix("<member>\n<name>faultString</name>\n<value><string>").unwrap();
    (code, rest.strip_suffix("</string></value>\n</member>\n</struct></value>\n</fault>\n</methodResponse>\n").unwrap())
}

/// A method of a model, called by a user whose password is the login.
async fn kw(stand: &Stand, path: &str, (uid, login): (i64, &str), model: &str, method: &str, args: Value, kwargs: Value) -> String {
    told(stand, path, "execute_kw", json!(["echange", uid, login, model, method, args, kwargs])).await
}

async fn uid(stand: &Stand, login: &str) -> i64 {
    let text = told(stand, "/xmlrpc/2/common", "authenticate", json!(["echange", login, login, {}])).await;
    answered(&text).trim_start_matches("<int>").trim_end_matches("</int>").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_either_version_finds_out_what_the_hub_is_and_logs_in() {
    let stand = Stand::new().await;
    for path in ["/xmlrpc/2/common", "/xmlrpc/2/common/", "/xmlrpc/common", "/xmlrpc/common/"] {
        let version = "<struct>\n<member>\n<name>protocol_version</name>\n<value><int>1</int></value>\n</member>\n\
            <member>\n<name>server_serie</name>\n<value><string>16.0</string></value>\n</member>\n\
            <member>\n<name>server_version</name>\n<value><string>16.0</string></value>\n</member>\n\
            <member>\n<name>server_version_info</name>\n<value><array><data>\n<value><int>16</int></value>\n<value><int>0</int></value>\n\
            <value><int>0</int></value>\n<value><string>final</string></value>\n<value><int>0</int></value>\n<value><string></string></value>\n\
            </data></array></value>\n</member>\n</struct>";
        assert_eq!(answered(&told(&stand, path, "version", json!([])).await), version);
        let good = told(&stand, path, "login", json!(["echange", "admin", "admin"])).await;
        assert!(answered(&good).starts_with("<int>"), "{good}");
        assert_eq!(answered(&told(&stand, path, "login", json!(["echange", "admin", "bad"])).await), "<boolean>0</boolean>");
    }
    for path in ["/xmlrpc/2/db", "/xmlrpc/db/"] {
        let list = "<array><data>\n<value><string>echange</string></value>\n</data></array>";
        assert_eq!(answered(&told(&stand, path, "list", json!([])).await), list);
        assert_eq!(answered(&told(&stand, path, "server_version", json!([])).await), "<string>16.0</string>");
        assert_eq!(answered(&told(&stand, path, "db_exist", json!(["other"])).await), "<boolean>0</boolean>");
    }
    let get = stand.send("GET", "/xmlrpc/2/common", &[], "").await;
    assert_eq!((get.status, get.headers["allow"].as_str()), (405, "POST"));
    // As the clients of several languages send it
    for kind in [Some("text/xml; charset=utf-8"), Some("Application/XML"), None] {
        let headers: Vec<_> = kind.map(|kind| ("content-type", kind)).into_iter().collect();
        let answer = stand.send("POST", "/xmlrpc/2/db", &headers, call("server_version", &json!([]))).await;
        assert_eq!((answer.status, answered(&answer.text)), (200, "<string>16.0</string>"), "{kind:?}");
    }
    let other = stand.send("POST", "/xmlrpc/2/db", &[("content-type", "application/json")], call("list", &json!([]))).await;
    assert_eq!((other.status, fault(&other.text)), (200, ("<int>1</int>", "415: Unsupported Media Type: text/xml was expected")));
}

#[tokio::test(flavor = "multi_thread")]
async fn values_go_there_and_back() {
    let stand = Stand::new().await;
    let admin = (uid(&stand, "admin").await, "admin");
    for path in ["/xmlrpc/2/object", "/xmlrpc/object/"] {
        let call = async |model, method, args, kwargs| kw(&stand, path, admin, model, method, args, kwargs).await;
        let made = call("product.category", "create", json!([{"name": format!("{path} & <b>\té")}]), json!({})).await;
        let id: i64 = answered(&made).trim_start_matches("<int>").trim_end_matches("</int>").parse().unwrap();
        let child = call("product.category", "create", json!([{"name": format!("\u{627}{path}"), "parent_id": id}]), json!({})).await;
        assert!(answered(&child).starts_with("<int>"), "{child}");
        let parent = call("product.category", "read", json!([[id]]), json!({"fields": ["name", "parent_id"]})).await;
        let expected = format!(
            "<array><data>\n<value><struct>\n<member>\n<name>id</name>\n<value><int>{id}</int></value>\n</member>\n\
             <member>\n<name>name</name>\n<value><string>{path} &amp; &lt;b&gt;\té</string></value>\n</member>\n\
             <member>\n<name>parent_id</name>\n<value><boolean>0</boolean></value>\n</member>\n</struct></value>\n</data></array>"
        );
        assert_eq!(answered(&parent), expected);
        let found =
            call("product.category", "search_read", json!([[["parent_id", "=", id]]]), json!({"fields": ["parent_id", "create_date"]}))
                .await;
        let pair = format!(
            "<value><array><data>\n<value><int>{id}</int></value>\n<value><string>{path} &amp; &lt;b&gt;\té</string></value>\n</data></array></value>"
        );
        assert!(found.contains(&pair) && found.contains("<name>create_date</name>\n<value><string>20"), "{found}");
        assert_eq!(answered(&call("product.category", "search_count", json!([[["parent_id", "=", id]]]), json!({})).await), "<int>1</int>");
        let written = call("product.category", "write", json!([[id], {"name": format!("B\u{7f}{path}")}]), json!({})).await;
        assert_eq!(answered(&written), "<boolean>1</boolean>");
        let price =
            call("product.product", "search_read", json!([[["list_price", ">", 0.5]]]), json!({"fields": ["list_price"], "limit": 1}))
                .await;
        assert!(price.contains("<name>list_price</name>\n<value><double>"), "{price}");
        let unlinked = call("product.category", "unlink", json!([[id]]), json!({})).await;
        let (code, _) = fault(&unlinked);
        assert!(code.contains('2') || code.contains("UserError"), "its child is there: {unlinked}");
    }
    let execute = told(&stand, "/xmlrpc/object", "execute", json!(["echange", admin.0, "admin", "res.partner", "search_count", []])).await;
    assert!(answered(&execute).starts_with("<int>"), "{execute}");
    // As PHP sends it, which has no empty object
    let php =
        told(&stand, "/xmlrpc/2/object", "execute_kw", json!(["echange", admin.0, "admin", "res.partner", "search_count", [[]], []])).await;
    assert_eq!(answered(&php), answered(&execute));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_xml_forbids_is_left_out_of_an_answer() {
    let stand = Stand::new().await;
    let admin = (uid(&stand, "admin").await, "admin");
    let session = stand.login("admin").await;
    let id = system_tests::id(&session.create("product.category", json!({"name": "a\u{8}b\u{1b}\u{ffff}c\r\nd"})).await);
    let read = kw(&stand, "/xmlrpc/2/object", admin, "product.category", "read", json!([id, ["name"]]), json!({})).await;
    assert!(read.contains("<value><string>abc&#13;\nd</string></value>"), "{read}");
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_numbers_in_the_second_version_and_texts_in_the_first() {
    let stand = Stand::new().await;
    let (admin, bna) = ((uid(&stand, "admin").await, "admin"), (uid(&stand, "bna").await, "bna"));
    let gone = "Record does not exist or has been deleted.\n(Record: res.partner(999999,))";
    // Who, model, method, arguments, the number, the kind of warning, what is wrong
    let cases = [
        (admin, "no.such", "search", json!([[]]), 2, "UserError", "Object no.such doesn't exist"),
        (admin, "res.partner", "write", json!([[999_999], {"name": "x"}]), 2, "MissingError", gone),
        (bna, "product.brand", "create", json!([{"name": "No"}]), 4, "AccessError", ""),
        (
            admin,
            "res.partner",
            "_name_search",
            json!([[]]),
            4,
            "AccessError",
            "Private methods (such as _name_search) cannot be called remotely.",
        ),
        (admin, "product.category", "create", json!([{}]), 2, "UserError", ""),
        (admin, "res.partner", "nosuch", json!([[]]), 1, "", "The method 'nosuch' does not exist on the model 'res.partner'"),
        (admin, "res.partner", "read", json!([[1], ["nosuch"]]), 1, "", "Invalid field 'nosuch' on model 'res.partner'"),
        ((admin.0, "bad"), "res.partner", "search", json!([[]]), 3, "AccessDenied", "Access Denied"),
        ((999_999, "bad"), "res.partner", "search", json!([[]]), 3, "AccessDenied", "Access Denied"),
    ];
    for (who, model, method, args, number, kind, message) in cases {
        let second = kw(&stand, "/xmlrpc/2/object", who, model, method, args.clone(), json!({})).await;
        let (code, text) = fault(&second);
        assert_eq!(code, format!("<int>{number}</int>"), "{model}.{method}: {second}");
        let message = if message.is_empty() { text } else { message };
        assert!(!message.is_empty(), "{second}");
        assert_eq!(text, message, "{model}.{method}");
        let first = kw(&stand, "/xmlrpc/object", who, model, method, args, json!({})).await;
        let expected = match kind {
            "" => (format!("<string>{message}</string>"), message),
            "AccessDenied" => ("<string>AccessDenied</string>".to_owned(), message),
            kind => (format!("<string>warning -- {kind}\n\n{message}</string>"), ""),
        };
        let (code, text) = fault(&first);
        assert_eq!((code, text), (expected.0.as_str(), expected.1), "{model}.{method}");
    }
    let nosuch = told(&stand, "/xmlrpc/2/common", "nosuch", json!([])).await;
    assert_eq!(fault(&nosuch), ("<int>1</int>", "Method not found: nosuch"));
    let nodb = told(&stand, "/xmlrpc/2/common", "authenticate", json!(["nodb", "admin", "admin", {}])).await;
    assert_eq!(fault(&nodb), ("<int>4</int>", "Database not found."));
    let drop = told(&stand, "/xmlrpc/2/db", "drop", json!(["master", "echange"])).await;
    assert_eq!(fault(&drop), ("<int>3</int>", "Access Denied"));
    let service = told(&stand, "/xmlrpc/2/report", "render_report", json!([])).await;
    assert_eq!(fault(&service).0, "<int>1</int>");
}

#[tokio::test(flavor = "multi_thread")]
async fn xml_that_would_cost_or_reach_more_than_it_says_is_refused() {
    let stand = Stand::new().await;
    let sent = async |body: String| {
        let answer = stand.send("POST", "/xmlrpc/2/common", &[XML], body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let (code, text) = fault(&answer.text);
        assert_eq!(code, "<int>1</int>");
        text.to_owned()
    };
    let bomb: String = (0..40).map(|n| format!("<!ENTITY a{} \"{}\">", n + 1, format!("&a{n};").repeat(10))).collect();
    let bomb = format!(
        "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a0 \"lol\">{bomb}]>{}",
        call("version", &json!([])).replace("version<", "&a40;<")
    );
    assert!(sent(bomb).await.contains("a DOCTYPE is not read"));
    let file = "<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><methodCall><methodName>&f;</methodName></methodCall>";
    assert!(sent(file.to_owned()).await.contains("a DOCTYPE is not read"));
    assert!(sent("<methodCall><methodName>&f;</methodName></methodCall>".to_owned()).await.contains("an entity is not one of XML"));
    let deep = format!("<methodCall><methodName>version</methodName><params><param>{}", "<value><array><data>".repeat(3_000));
    assert!(sent(deep).await.contains("nested deeper than 34 levels"));
    let control = call("version", &json!(["x"])).replace('x', "\u{1}");
    assert!(sent(control).await.contains("XML"));
    for none in ["", "<", "{}", "<methodResponse/>", "<methodCall>"] {
        assert!(sent(none.to_owned()).await.starts_with("The body is not a call of XML-RPC: "), "{none}");
    }
    let packed = stand.send("POST", "/xmlrpc/2/common", &[XML, ("content-encoding", "gzip")], call("version", &json!([]))).await;
    assert!(packed.status == 200 && fault(&packed.text).1.contains("415"), "{}", packed.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_strangers_body_no_more_is_read_than_says_who_sends_it() {
    let stand = Stand::new().await;
    let admin = uid(&stand, "admin").await;
    let large = json!([{"name": "n".repeat(200_000)}]);
    let body = |password: &str| call("execute_kw", &json!(["echange", admin, password, "product.category", "create", large, {}]));
    // Who is known is heard to the end
    let known = stand.send("POST", "/xmlrpc/2/object", &[XML], body("admin")).await;
    assert_eq!(fault(&known.text).0, "<int>2</int>", "the name is too long: {}", known.text);
    let stranger = stand.send("POST", "/xmlrpc/2/object", &[XML], body("bad")).await;
    assert_eq!((stranger.status, fault(&stranger.text)), (200, ("<int>3</int>", "Access Denied")));
    // The answer comes before the rest is sent
    let mut stream = TcpStream::connect(stand.address.trim_start_matches("http://")).await.unwrap();
    let head = "POST /xmlrpc/2/object HTTP/1.1\r\nhost: hub\r\ncontent-type: text/xml\r\ncontent-length: 900000\r\n\r\n";
    let begun = format!("{head}<methodCall><methodName>execute_kw</methodName><params><param><value>{}", "x".repeat(100_000));
    stream.write_all(begun.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("Access Denied"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn support_finds_what_a_user_was_refused_and_nothing_of_the_password() {
    let stand = Stand::new().await;
    let bna = (uid(&stand, "bna").await, "bna");
    let partner = json!([{"name": "x", "email": "Found@example.dz", "nosuch": 1}]);
    let refused = kw(&stand, "/xmlrpc/2/object", bna, "res.partner", "create", partner, json!({})).await;
    assert!(!fault(&refused).1.is_empty(), "{refused}");
    let kept = "SELECT count(*) AS n FROM sync.ek_request WHERE login = 'bna' AND email = 'found@example.dz'";
    until("it is kept by its e-mail", async || stand.count(kept).await == 1).await;
    assert_eq!(stand.count("SELECT count(*) AS n FROM sync.ek_request r WHERE r::text LIKE '%echange%'").await, 0);
}
