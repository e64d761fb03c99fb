use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn body(param: &str) -> String {
    format!("<?xml version='1.0'?>\n<methodCall><methodName>execute_kw</methodName><params><param>{param}</param></params></methodCall>")
}

fn read(param: &str) -> Result<Value, String> {
    let call = Call::read(body(param).as_bytes()).map_err(|fault| fault.message)?;
    assert_eq!(call.method, "execute_kw");
    let [param] = call.params.as_slice() else { panic!("{} params", call.params.len()) };
    Ok(serde_json::from_str(param.get()).unwrap())
}

/// JSON in XML-RPC, as a client writes it.
fn written(value: &Value) -> String {
    let answer = String::from_utf8(response(value.to_string().as_bytes()).unwrap()).unwrap();
    let value = answer.strip_prefix("<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n").unwrap();
    value.strip_suffix("\n</param>\n</params>\n</methodResponse>\n").unwrap().to_owned()
}

#[test]
fn every_type_becomes_its_json() {
    let cases = [
        ("<value>a &lt; b</value>", json!("a < b")),
        ("<value/>", json!("")),
        ("<value><string/></value>", json!("")),
        ("<value><string> x\r\ny&#13;&#x41;<![CDATA[<&>]]></string></value>", json!(" x\ny\rA<&>")),
        ("<value><int> +007 </int></value>", json!(7)),
        ("<value><i4>-0</i4></value>", json!(0)),
        ("<value><i8>-9007199254740993</i8></value>", json!(-9_007_199_254_740_993_i64)),
        ("<value><boolean>1</boolean></value>", json!(true)),
        ("<value><boolean>0</boolean></value>", json!(false)),
        ("<value><double>12.50</double></value>", json!(12.5)),
        ("<value><double>.5</double></value>", json!(0.5)),
        ("<value><nil/></value>", Value::Null),
        ("<value><ex:nil/></value>", Value::Null),
        ("<value><dateTime.iso8601>20261123T17:40:39</dateTime.iso8601></value>", json!("2026-11-23 17:40:39")),
        ("<value><dateTime.iso8601>2026-11-23T17:40:39</dateTime.iso8601></value>", json!("2026-11-23 17:40:39")),
        // Bytes become base64, and what was base64 already stays what it was
        ("<value><base64>/9j/\n4A==</base64></value>", json!("/9j/4A==")),
        ("<value><base64>LzlqLzRBPT0=</base64></value>", json!("/9j/4A==")),
        ("<value><array><data/></array></value>", json!([])),
        ("<value><array/></value>", json!([])),
        ("<value><struct/></value>", json!({})),
        ("<value> <array>\n<data>\n<value><int>1</int></value><!-- so --><value>b</value></data></array></value>", json!([1, "b"])),
        (
            "<value><struct><member><name>a&amp;b</name>\n<value><struct><member><name>c</name><value/></member></struct></value></member>\
             </struct></value>",
            json!({"a&b": {"c": ""}}),
        ),
    ];
    for (xml, json) in cases {
        assert_eq!(read(xml), Ok(json), "{xml}");
    }
    let price = Call::read(body("<value><double>1999.90</double></value>").as_bytes()).unwrap();
    assert_eq!(price.params[0].get(), "1999.90", "a price is read as it was written");
}

#[test]
fn what_is_no_call_is_told_with_its_place() {
    let doctype = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
    let bomb = format!("<?xml version='1.0'?>{doctype}<methodCall><methodName>&b;</methodName></methodCall>");
    let cases = [
        (bomb.as_str(), "a DOCTYPE is not read"),
        (&body("<value>&b;</value>"), "an entity is not one of XML's own five"),
        (&body("<value>&#0;</value>"), "a reference is to no character"),
        (&body("<value>&#8;</value>"), "a character that XML forbids"),
        (&body("<value>\u{1}</value>"), "a character that XML forbids"),
        (&body("<value><![CDATA[\u{ffff}]]></value>"), "a character that XML forbids"),
        (&body("<value>&#xd800;</value>"), "a reference is to no character"),
        (&body("<value>a & b</value>"), "not well-formed"),
        (&body("<value><int>1.5</int></value>"), "an <int> is no whole number"),
        (&body("<value><int></int></value>"), "an <int> is no whole number"),
        (&body("<value><double>inf</double></value>"), "a <double> is no number"),
        (&body("<value><boolean>2</boolean></value>"), "neither 0 nor 1"),
        (&body("<value><base64>?</base64></value>"), "not base64"),
        (&body("<value><thing/></value>"), "<thing> is not a type"),
        (&body("<value>a<int>1</int></value>"), "text between its elements"),
        (&body("<value><int>1</int><int>1</int></value>"), "beside what it may hold"),
        (&body("<value><struct><member><value/></member></struct></value>"), "<name> was expected"),
        (&body(&format!("<value><struct><member><name>{}</name><value/></member></struct></value>", "n".repeat(257))), "a name has more"),
        (&body(&format!("<value><int>{}</int></value>", "9".repeat(41))), "an <int> is no whole number"),
        (&body("<value>").replace("</param>", ""), "not well-formed"),
        (&format!("{}<x/>", body("<value/>")), "there is more behind the call"),
        ("<methodCall><methodName>x</methodName>", "it ends too early"),
        ("<methodResponse/>", "<methodCall> was expected"),
        ("{\"params\": {}}", "text between its elements"),
        ("", "it ends too early"),
        ("<?xml version='1.0' encoding='UTF-16'?><methodCall/>", "in the encoding 'utf-16'"),
    ];
    for (xml, expected) in cases {
        let fault = Call::read(xml.as_bytes()).expect_err(xml);
        assert!(fault.message.contains(expected) && fault.status == 400, "{xml}: {}", fault.message);
    }
    assert!(Call::read(b"<methodCall>\xff").unwrap_err().message.contains("byte 12 is no UTF-8"));
}

#[test]
fn depth_and_number_of_values_are_bounded() {
    let nested = |levels: usize| {
        let (open, close) = ("<value><array><data>", "</data></array></value>");
        read(&format!("{}<value/>{}", open.repeat(levels - 1), close.repeat(levels - 1)))
    };
    assert!(nested(DEPTH).is_ok());
    assert!(nested(DEPTH + 1).unwrap_err().contains("nested deeper than 34 levels"));
    assert!(nested(20_000).unwrap_err().contains("nested deeper than 34 levels"), "and no stack is used up before");
    let many = |values: usize| read(&format!("<value><array><data>{}</data></array></value>", "<value/>".repeat(values)));
    assert!(many(VALUES - 1).is_ok());
    assert!(many(VALUES).unwrap_err().contains("more than 200000 values"));
}

#[test]
fn other_encodings_are_read_where_they_are_declared() {
    let latin = b"<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><methodCall><methodName>\xe9</methodName></methodCall>";
    assert_eq!(Call::read(latin).unwrap().method, "\u{e9}");
    let utf8 = "\u{feff}<?xml version='1.0' encoding='UTF-8' ?><methodCall><methodName>\u{e9}</methodName></methodCall>";
    assert_eq!(Call::read(utf8.as_bytes()).unwrap().method, "\u{e9}");
}

#[test]
fn who_claims_to_call_is_found_in_the_start_of_a_body() {
    let call = |args: &str| format!("<methodCall><methodName>execute_kw</methodName><params>{args}");
    let known = Some((Claimed::Uid(2), "s&é".to_owned()));
    let who =
        "<param><value>db</value></param><param><value><int>2</int></value></param><param><value><string>s&amp;é</string></value></param>";
    for rest in ["", "<param><value>res.pa", "<param><value>\u{1}", "</params></methodCall>"] {
        assert_eq!(claim(call(&format!("{who}{rest}")).as_bytes()), known, "{rest}");
    }
    let cut = call(&format!("{who}<param><value>é"));
    assert_eq!(claim(&cut.as_bytes()[..cut.len() - 1]), known, "in the middle of a character");
    assert_eq!(claim(call(&who[..who.len() - 10]).as_bytes()), None, "the password's end is not there yet");
    assert_eq!(claim(call(&who.replace("<int>2</int>", "2")).as_bytes()), known, "a number may be text");
    for none in ["", "<", "<methodCall><methodName>x</methodName></methodCall>", &call("<param><value>db</value></param>")] {
        assert_eq!(claim(none.as_bytes()), None, "{none}");
    }
    let by_login = call(&who.replace("<int>2</int>", "admin"));
    assert_eq!(claim(by_login.as_bytes()), None);
}

#[test]
fn answers_are_those_of_odoo() {
    let answer = response(br#"[{"id":2,"categ_id":[3,"All / Expenses"],"default_code":false,"list_price":400.00,"none":null}]"#).unwrap();
    let expected = "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><array><data>\n<value><struct>\n\
        <member>\n<name>id</name>\n<value><int>2</int></value>\n</member>\n\
        <member>\n<name>categ_id</name>\n<value><array><data>\n<value><int>3</int></value>\n<value><string>All / Expenses</string></value>\n\
        </data></array></value>\n</member>\n\
        <member>\n<name>default_code</name>\n<value><boolean>0</boolean></value>\n</member>\n\
        <member>\n<name>list_price</name>\n<value><double>400.0</double></value>\n</member>\n\
        <member>\n<name>none</name>\n<value><boolean>0</boolean></value>\n</member>\n\
        </struct></value>\n</data></array></value>\n</param>\n</params>\n</methodResponse>\n";
    assert_eq!(String::from_utf8(answer).unwrap(), expected);
    assert_eq!(
        written(&json!("a\u{0}\u{8}b\u{fffe}<&>\r\n\t\u{1f600}")),
        "<value><string>ab&lt;&amp;&gt;&#13;\n\t\u{1f600}</string></value>"
    );
    assert_eq!(written(&json!(3_000_000_000_i64)), "<value><int>3000000000</int></value>");
    assert_eq!(written(&json!(1e21)), "<value><double>1000000000000000000000.0</double></value>");

    let second = String::from_utf8(fault(&Code::Number(3), "Access <Denied>")).unwrap();
    let expected = "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n\
        <member>\n<name>faultCode</name>\n<value><int>3</int></value>\n</member>\n\
        <member>\n<name>faultString</name>\n<value><string>Access &lt;Denied&gt;</string></value>\n</member>\n\
        </struct></value>\n</fault>\n</methodResponse>\n";
    assert_eq!(second, expected);
    let first = String::from_utf8(fault(&Code::Text("AccessDenied".to_owned()), "")).unwrap();
    assert!(first.contains("<name>faultCode</name>\n<value><string>AccessDenied</string></value>\n"), "{first}");
}

#[test]
fn an_answer_has_a_bound() {
    let long = format!("[{}1]", "1,".repeat(5_000_000));
    assert_eq!(response(long.as_bytes()).unwrap_err().status, 422);
}

/// Texts of characters that XML has, some of which must be escaped.
fn text() -> impl Strategy<Value = String> {
    let char = prop_oneof![
        4 => prop::char::range('\u{20}', '\u{7e}'),
        1 => prop::sample::select(vec!['&', '<', '>', '"', '\'', '\t', '\n', '\r', ']', '\u{e9}', '\u{627}', '\u{1f600}']),
        1 => any::<char>().prop_filter("XML has it", |c| is_allowed(*c)),
    ];
    vec(char, 0..20).prop_map(|chars| chars.into_iter().collect())
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e15..1e15).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(text(), inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A valid call with some of its bytes changed, left out, doubled or put in another place.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let pieces: &[&[u8]] = &[
        b"<",
        b">",
        b"&",
        b";",
        b"</value>",
        b"<value>",
        b"<struct>",
        b"<![CDATA[",
        b"]]>",
        b"<!--",
        b"<!DOCTYPE x [",
        b"<?",
        b"?>",
        b"&#x",
        b"\0",
        b"\xff",
        b"/",
        b"\"",
        b"<value><array><data>",
    ];
    let change = (any::<prop::sample::Index>(), 0_usize..40, prop::sample::select(pieces), 0..4);
    (values(), vec(change, 1..8)).prop_map(|(value, changes)| {
        let mut call = body(&written(&value)).into_bytes();
        for (at, length, piece, kind) in changes {
            if call.is_empty() {
                break;
            }
            let from = at.index(call.len());
            let to = (from + length).min(call.len());
            match kind {
                0 => drop(call.splice(from..to, piece.iter().copied())),
                1 => drop(call.splice(from..from, piece.iter().copied())),
                2 => drop(call.drain(from..to)),
                _ => {
                    let doubled = call[from..to].to_vec();
                    drop(call.splice(from..from, doubled));
                }
            }
        }
        call
    })
}

/// What is read is JSON whatever it was read from, and what is not is told without what stands there.
fn reads_or_refuses(bytes: &[u8]) {
    match Call::read(bytes) {
        Ok(call) => call.params.iter().for_each(|param| drop(serde_json::from_str::<Value>(param.get()).unwrap())),
        Err(fault) => assert!(fault.status == 400 && fault.message.len() < 400, "{}", fault.message),
    }
    drop(claim(bytes));
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(value in values()) {
        prop_assert_eq!(read(&written(&value)).unwrap(), value);
    }

    #[test]
    fn any_text_makes_xml_that_is_read_again_without_what_xml_forbids(text in ".*") {
        let left: String = text.chars().filter(|c| is_allowed(*c)).collect();
        prop_assert_eq!(read(&written(&Value::from(text))).unwrap(), Value::from(left));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..300)) {
        reads_or_refuses(&bytes);
    }

    #[test]
    fn a_call_that_is_cut_anywhere_is_refused(value in values(), at in any::<prop::sample::Index>()) {
        let call = body(&written(&value));
        let cut = &call.as_bytes()[..at.index(call.len())];
        prop_assert!(Call::read(cut).is_err());
        drop(claim(cut));
    }

    #[test]
    fn a_call_that_was_spoiled_is_read_or_refused(call in mutated()) {
        reads_or_refuses(&call);
    }
}
