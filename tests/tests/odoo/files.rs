//! Files of records: a product's picture, the papers of a loan file.

use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use image::{DynamicImage, ImageFormat};
use records::Kind;
use serde_json::{Value, json};
use system_tests::{Answer, Session, Stand, encode, id, refused, registries, until};

const TV: &str = "IRIS-TV55-N";

fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    // Noise, so that it is no smaller than a real one
    let pixels = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([(x * 7 + y) as u8, (y * 13) as u8, (x ^ y) as u8]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(pixels).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn sides(bytes: &[u8]) -> (u32, u32) {
    let picture = image::load_from_memory(bytes).unwrap();
    (picture.width(), picture.height())
}

/// The beginning of a PNG that says to have so many pixels.
fn head_of_png(width: u32, height: u32) -> Vec<u8> {
    let crc = |bytes: &[u8]| {
        !bytes
            .iter()
            .fold(!0_u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())))
    };
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [
        (b"IHDR", [&width.to_be_bytes()[..], &height.to_be_bytes()[..], &[8, 0, 0, 0, 0]].concat()),
        (b"IDAT", vec![0x78, 0x9c, 3, 0, 0, 0, 0, 1]),
        (b"IEND", Vec::new()),
    ] {
        let chunk = [&kind[..], &data].concat();
        bytes.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        bytes.extend(&chunk);
        bytes.extend(crc(&chunk).to_be_bytes());
    }
    bytes
}

async fn tv(session: &Session<'_>) -> i64 {
    let filter = json!([["manufacturer_ref", "=", TV]]).to_string();
    session.rows("product.template", &[("filter", &filter), ("query", "{id}")]).await[0]["id"].as_i64().unwrap()
}

async fn paint(session: &Session<'_>, picture: Value) -> Answer {
    session.write("product.template", json!([["manufacturer_ref", "=", TV]]), json!({"image_1920": picture})).await
}

async fn kw(session: &Session<'_>, model: &str, method: &str, args: Value, kwargs: Value) -> Value {
    let body = json!({"params": {"model": model, "method": method, "args": args, "kwargs": kwargs}});
    session.send("POST", "/web/dataset/call_kw", &[], &body.to_string()).await.json()
}

/// What a browser is told of every file.
fn is_harmless(answer: &Answer) {
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    assert_eq!(answer.headers["content-security-policy"], "sandbox; default-src 'none'");
    assert!(answer.headers["cache-control"].contains("private"), "{:?}", answer.headers);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_has_its_picture_in_every_size_and_by_every_name() {
    let stand = Stand::new().await;
    let (platform, bna) = (stand.login("ekiclik").await, stand.login("bna").await);
    let tv = tv(&platform).await;
    let version = async || {
        let read = platform.get(&format!("/api/product.template/{tv}?query={}", encode("{version, name}"))).await.json();
        read["version"].as_i64().unwrap()
    };
    let before = version().await;
    let sent = BASE64.encode(picture(2400, 1200, ImageFormat::Jpeg));
    assert_eq!(paint(&platform, json!(sent)).await.result(), json!(true));
    assert_eq!(version().await, before + 1);
    // The same again is no change
    assert_eq!(paint(&platform, json!(sent)).await.status, 200);
    assert_eq!(version().await, before + 1);
    for (field, width, height) in
        [("image_1920", 1920, 960), ("image_1024", 1024, 512), ("image_512", 512, 256), ("image_256", 256, 128), ("image_128", 128, 64)]
    {
        for model in ["product.template", "product.product"] {
            let text = bna.get(&format!("/api/{model}/{tv}/{field}")).await;
            assert_eq!((text.status, text.headers["content-type"].as_str()), (200, "text/plain; charset=utf-8"));
            let bytes = BASE64.decode(&text.text).unwrap();
            assert_eq!(sides(&bytes), (width, height), "{field}");
            let served = bna.get(&format!("/web/image/{model}/{tv}/{field}")).await;
            assert_eq!((served.status, served.headers["content-type"].as_str(), &served.bytes), (200, "image/jpeg", &bytes));
            is_harmless(&served);
            let tag = served.headers["etag"].clone();
            let again = bna.send("GET", &format!("/web/image?model={model}&id={tv}&field={field}"), &[("if-none-match", &tag)], "").await;
            assert_eq!((again.status, again.bytes.len(), &again.headers["etag"]), (304, 0, &tag));
            let other = bna.send("GET", &format!("/web/image/{model}/{tv}/{field}"), &[("if-none-match", "\"x\"")], "").await;
            assert_eq!(other.status, 200);
        }
    }
    let tag = bna.get(&format!("/web/image/product.product/{tv}/image_128")).await.headers["etag"].clone();
    let larger = bna.send("GET", &format!("/web/image/product.product/{tv}/image_256"), &[("if-none-match", &tag)], "").await;
    assert_eq!(larger.status, 200, "another size is another file");
    // What an event, the audit and a list of everything carry of it
    let all = platform.get(&format!("/api/product.template/{tv}")).await.text;
    assert!(!all.contains("image_1920") && !all.contains("image_128"), "{all}");
    for table in ["event", "audit"] {
        let long = format!("SELECT count(*) AS n FROM catalog.{table} t WHERE length(t::text) > 5000");
        assert_eq!(stand.count(&long).await, 0, "{table}");
    }
    let audited = "SELECT count(*) AS n FROM catalog.audit WHERE field = 'image_1920' AND before IS NULL AND after IS NULL";
    assert_eq!(stand.count(audited).await, 1);
    // Its size in place of it, over REST and RPC, and a filter that knows whether it is there
    let context = ("context", r#"{"bin_size": true}"#);
    let sizes =
        platform.rows("product.template", &[("filter", r#"[["image_512", "!=", false]]"#), ("query", "{id, image_128}"), context]).await;
    let size = sizes[0]["image_128"].as_str().unwrap();
    assert!(sizes.len() == 1 && sizes[0]["id"] == tv && size.ends_with(" Kb") && size.contains('.'), "{sizes:?}");
    let read = kw(&platform, "product.product", "read", json!([[tv], ["image_128"]]), json!({"context": {"bin_size": true}})).await;
    assert_eq!(read["result"][0], json!({"id": tv, "image_128": size}));
    let read = kw(&platform, "product.product", "read", json!([[tv], ["image_128"]]), json!({})).await;
    assert_eq!(sides(&BASE64.decode(read["result"][0]["image_128"].as_str().unwrap()).unwrap()), (128, 64));
    assert!(!platform.rows("product.template", &[("filter", r#"[["image_1920", "=", false]]"#)]).await.is_empty());
    refused(&platform.list("product.template", &[("filter", r#"[["image_1920", "ilike", "a"]]"#)]).await, 400, &["is a file"]);
    refused(&platform.list("product.template", &[("order", "image_1920")]).await, 422, &["is a file"]);
    let told = kw(&platform, "product.product", "fields_get", json!([["image_1920", "image_128"]]), json!({})).await;
    let told = &told["result"];
    assert_eq!(
        (&told["image_1920"]["type"], &told["image_1920"]["readonly"], &told["image_128"]["readonly"]),
        (&json!("binary"), &json!(false), &json!(true))
    );
    // Unset
    assert_eq!(paint(&platform, json!(false)).await.status, 200);
    assert_eq!(version().await, before + 2);
    for path in [format!("/api/product.product/{tv}/image_128"), format!("/web/image/product.template/{tv}/image_1920")] {
        refused(&bna.get(&path).await, 404, &["has no"]);
    }
    assert_eq!(stand.count("SELECT count(*) AS n FROM catalog.product_picture").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_comes_with_pictures_and_nothing_that_a_camera_wrote() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    // What a camera puts beside the pixels: where it was
    let jpeg = picture(300, 200, ImageFormat::Jpeg);
    let secret = b"Exif\0\0GPS-36.7538N-3.0588E";
    let length = u16::try_from(secret.len() + 2).unwrap().to_be_bytes();
    let jpeg = [&jpeg[..2], &[0xff, 0xe1], &length, secret, &jpeg[2..]].concat();
    let one =
        |reference: &str, picture: Value| json!({"name": reference, "manufacturer_ref": reference, "list_price": 1, "image_1920": picture});
    let product = json!({"name": "Photo", "brand": "Photo", "categ_id": "Photo", "product_ref": "PHOTO",
        "product": [one("PHOTO-1", json!(BASE64.encode(&jpeg))), one("PHOTO-2", json!(BASE64.encode(picture(60, 90, ImageFormat::Png)))), one("PHOTO-3", Value::Null)]});
    let last = id(&platform.create("product.template", product.clone()).await);
    let of = async |reference: &str| {
        let filter = json!([["manufacturer_ref", "=", reference]]).to_string();
        platform.rows("product.product", &[("filter", &filter), ("query", "{id}")]).await[0]["id"].as_i64().unwrap()
    };
    let (first, second) = (of("PHOTO-1").await, of("PHOTO-2").await);
    let served = platform.get(&format!("/web/image/product.product/{first}/image_1920")).await;
    assert_eq!(sides(&served.bytes), (300, 200));
    assert!(!served.text.contains("GPS-36") && !served.text.contains("Exif"));
    let small = platform.get(&format!("/web/image/product.product/{second}/image_1920")).await;
    assert_eq!((sides(&small.bytes), small.headers["content-type"].as_str()), ((60, 90), "image/png"));
    assert_eq!(sides(&platform.get(&format!("/web/image/product.product/{second}/image_1024")).await.bytes), (60, 90), "none is enlarged");
    assert_eq!(platform.get(&format!("/web/image/product.product/{last}/image_1920")).await.status, 404);
    // A client that sends it again changes nothing
    assert_eq!(id(&platform.create("product.template", product).await), last);
    assert_eq!(stand.count("SELECT count(*) AS n FROM catalog.product_picture").await, 10);
    assert_eq!(platform.unlink("product.template", second).await.status, 200);
    assert_eq!(stand.count("SELECT count(*) AS n FROM catalog.product_picture").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_is_refused_whatever_it_is_called() {
    let stand = Stand::new().await;
    let (platform, bna) = (stand.login("ekiclik").await, stand.login("bna").await);
    let tv = tv(&platform).await;
    for (bytes, word) in [
        (b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>".to_vec(), "first bytes"),
        (b"<!DOCTYPE html><script>alert(1)</script>".to_vec(), "first bytes"),
        (b"GIF89a".to_vec(), "first bytes"),
        (head_of_png(10_000, 5_000), "more than 40 megapixels"),
        (head_of_png(100_000, 100_000), "more than 40 megapixels"),
        (head_of_png(100, 100), "can't be read"),
    ] {
        let started = std::time::Instant::now();
        refused(&paint(&platform, json!(BASE64.encode(&bytes))).await, 422, &["image_1920", word]);
        assert!(started.elapsed().as_secs() < 5, "{word}");
    }
    for other in [json!(5), json!(["x"]), json!("!!!")] {
        refused(&paint(&platform, other).await, 422, &["image_1920"]);
    }
    let png = BASE64.encode(picture(10, 10, ImageFormat::Png));
    refused(
        &platform.write("product.template", json!([["id", "=", tv]]), json!({"image_128": png})).await,
        422,
        &["image_128", "can't be written"],
    );
    assert_eq!(paint(&bna, json!(png)).await.status, 403);
    // Those that are not files, not there, or not for strangers
    refused(&platform.get(&format!("/api/product.template/{tv}/name")).await, 422, &["is no file"]);
    refused(&platform.get(&format!("/api/product.template/{tv}/nosuch")).await, 422, &["nosuch"]);
    assert_eq!(platform.get("/web/image/product.template/999999/image_1920").await.status, 404);
    assert_eq!(platform.get("/web/image/no.such/1/image_1920").await.status, 404);
    for path in [
        "/web/image/product.template/1/image_1920",
        "/web/image?model=product.template&id=1",
        "/web/content/1",
        "/api/product.template/1/image_1920",
    ] {
        assert_eq!(stand.send("GET", path, &[], "").await.status, 401, "{path}");
    }
}

async fn lead(stand: &Stand, bank: &str, number: i64) -> i64 {
    let session = stand.login(bank).await;
    let lead = json!({"order_source": bank, "name": "Panier", "cart_id": number, "partner": {"email": format!("client-{number}@example.dz"), "salary": 90000},
        "quotation_address": {"ek_order_id": number, "state_id": "16"},
        "cart": [{"manufacturer_ref": TV, "quantity": 1, "product_warehouse_id": "PDVA-E-BOJ-BOJ-05-001"}]});
    id(&session.create("crm.lead", lead).await)
}

fn paper(res_id: i64, name: &str, bytes: &[u8]) -> Value {
    json!({"name": name, "res_model": "crm.lead", "res_id": res_id, "type": "binary", "datas": BASE64.encode(bytes)})
}

#[tokio::test(flavor = "multi_thread")]
async fn the_papers_of_a_loan_file_are_for_those_who_may_read_it_and_stand_nowhere_in_clear() {
    let stand = Stand::new().await;
    let (of_alsalam, of_bna) = (lead(&stand, "alsalam", 91_001).await, lead(&stand, "bna", 91_002).await);
    let (admin, alsalam, bna) = (stand.login("admin").await, stand.login("alsalam").await, stand.login("bna").await);
    admin.create("res.users", json!({"name": "Staff", "login": "staff", "password": "a-long-password", "hub_admin": false})).await.result();
    let staff = stand.login_with("staff", "a-long-password").await;
    let secret = b"%PDF-1.7 SALARY-OF-FATIMA 90000 DA";
    let made = id(&alsalam.create("ir.attachment", paper(of_alsalam, "Fiche de paie é.pdf", secret)).await);
    let query = encode("{name, res_model, res_id, res_field, type, mimetype, file_size, datas}");
    let read = alsalam.get(&format!("/api/ir.attachment/{made}?query={query}")).await.json();
    assert_eq!(
        read,
        json!({"name": "Fiche de paie é.pdf", "res_model": "crm.lead", "res_id": of_alsalam, "res_field": false, "type": "binary",
            "mimetype": "application/pdf", "file_size": secret.len(), "datas": BASE64.encode(secret)})
    );
    assert!(alsalam.get(&format!("/api/ir.attachment/{made}")).await.json().get("datas").is_none());
    for path in ["content", "image"] {
        let served = alsalam.get(&format!("/web/{path}/{made}")).await;
        assert_eq!(
            (served.status, served.headers["content-type"].as_str(), served.bytes.as_slice()),
            (200, "application/pdf", &secret[..])
        );
        assert_eq!(
            served.headers["content-disposition"],
            "attachment; filename=\"Fiche de paie _.pdf\"; filename*=UTF-8''Fiche%20de%20paie%20%C3%A9.pdf"
        );
        is_harmless(&served);
        let tag = served.headers["etag"].clone();
        assert_eq!(alsalam.send("GET", &format!("/web/{path}/{made}"), &[("if-none-match", &tag)], "").await.status, 304);
    }
    // By RPC too, one by one
    let read = kw(&admin, "ir.attachment", "read", json!([[made], ["datas"]]), json!({})).await;
    assert_eq!(read["result"], json!([{"id": made, "datas": BASE64.encode(secret)}]));
    let size = format!("{}.00 bytes", secret.len());
    let found = kw(
        &admin,
        "ir.attachment",
        "search_read",
        json!([[["res_id", "=", of_alsalam], ["res_model", "=", "crm.lead"]], ["datas"]]),
        json!({"context": {"bin_size": true}}),
    )
    .await;
    assert_eq!(found["result"], json!([{"id": made, "datas": size}]));
    let found = kw(&admin, "ir.attachment", "search_read", json!([[], ["datas"]]), json!({})).await;
    assert!(found["error"]["data"]["message"].as_str().unwrap().contains("encrypted"), "{found}");
    // Another bank knows of none of it, and adds none
    for path in [
        format!("/api/ir.attachment/{made}"),
        format!("/web/content/{made}"),
        format!("/web/image/{made}"),
        format!("/api/ir.attachment/{made}/datas"),
    ] {
        assert_eq!(bna.get(&path).await.status, 404, "{path}");
    }
    assert!(bna.rows("ir.attachment", &[]).await.is_empty());
    assert_eq!(kw(&bna, "ir.attachment", "read", json!([[made], ["datas"]]), json!({})).await["result"], json!([]));
    assert_eq!(bna.create("ir.attachment", paper(of_alsalam, "x.pdf", secret)).await.status, 404);
    assert_eq!(bna.unlink("ir.attachment", made).await.status, 404);
    assert_eq!(id(&bna.create("ir.attachment", paper(of_bna, "x.pdf", secret)).await), made + 1);
    // The hub's staff see that it is there, and not what is in it
    assert_eq!(staff.get(&format!("/api/ir.attachment/{made}?query={}", encode("{name}"))).await.status, 200);
    for path in [
        format!("/web/content/{made}"),
        format!("/api/ir.attachment/{made}/datas"),
        format!("/api/ir.attachment/{made}?query={}", encode("{checksum}")),
    ] {
        assert_eq!(staff.get(&path).await.status, 403, "{path}");
    }
    // Neither in the tables nor in events and audit
    for table in ["ir_attachment", "ir_attachment_file", "event", "audit"] {
        for trace in ["SALARY-OF", &BASE64.encode(secret)[..40], "U0FMQVJZLU9G"] {
            assert_eq!(
                stand.count(&format!("SELECT count(*) AS n FROM crm.{table} t WHERE t::text LIKE '%{trace}%'")).await,
                0,
                "{trace} in {table}"
            );
        }
    }
    for table in ["event", "audit"] {
        assert_eq!(stand.count(&format!("SELECT count(*) AS n FROM crm.{table} t WHERE t::text LIKE '%Fiche%'")).await, 0, "{table}");
    }
    // One that was put under another does not open there
    Stand::execute(
        &mut stand.sql().await,
        &format!("UPDATE crm.ir_attachment_file SET sealed = (SELECT sealed FROM crm.ir_attachment_file WHERE record_id = {made}) WHERE record_id = {}", made + 1),
    )
    .await;
    assert_eq!(bna.get(&format!("/web/content/{}", made + 1)).await.status, 500);
    // Removed it is gone, but for its number
    assert_eq!(alsalam.unlink("ir.attachment", made).await.status, 200);
    assert_eq!(alsalam.get(&format!("/web/content/{made}")).await.status, 404);
    assert_eq!(stand.count(&format!("SELECT count(*) AS n FROM crm.ir_attachment_file WHERE record_id = {made}")).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn papers_have_bounds_of_kind_size_and_number() {
    let stand = Stand::new().await;
    let lead = lead(&stand, "alsalam", 92_001).await;
    let (alsalam, admin) = (stand.login("alsalam").await, stand.login("admin").await);
    for (bytes, word) in [(&b"<svg/>"[..], "first bytes"), (b"<html>", "first bytes"), (b"MZ", "first bytes"), (b"", "required")] {
        refused(&alsalam.create("ir.attachment", paper(lead, "scan.png", bytes)).await, 422, &[word]);
    }
    let mut other = paper(lead, "x.pdf", b"%PDF-1");
    other["res_model"] = json!("res.partner");
    refused(&alsalam.create("ir.attachment", other).await, 422, &["res_model"]);
    // A long one passes where files are, and nowhere else
    let long = |bytes: usize| [b"%PDF-1.7 ".to_vec(), vec![b' '; bytes]].concat();
    let made = id(&alsalam.create("ir.attachment", paper(lead, "long.pdf", &long(9 << 20))).await);
    assert_eq!(alsalam.get(&format!("/web/content/{made}")).await.bytes.len(), (9 << 20) + 9);
    refused(&alsalam.create("ir.attachment", paper(lead, "longer.pdf", &long(11 << 20))).await, 422, &["more than 10 MB"]);
    refused(&alsalam.create("ir.attachment", paper(lead, "longest.pdf", &long(13 << 20))).await, 413, &["MAX_UPLOAD"]);
    assert_eq!(alsalam.create("res.partner", json!({"name": "x".repeat(2 << 20)})).await.status, 413);
    refused(
        &alsalam.write("ir.attachment", json!([["id", "=", made]]), json!({"datas": BASE64.encode("%PDF-2")})).await,
        422,
        &["stays as it is"],
    );
    assert_eq!(alsalam.write("ir.attachment", json!([["id", "=", made]]), json!({"name": "renamed.pdf"})).await.status, 200);
    for n in 1..20 {
        id(&alsalam.create("ir.attachment", paper(lead, &format!("{n}.pdf"), b"%PDF-1.7")).await);
    }
    refused(&alsalam.create("ir.attachment", paper(lead, "20.pdf", b"%PDF-1.7")).await, 422, &["20 at most"]);
    // An order has papers of its own, and a lead that is removed takes its papers along
    let order = admin.rows("sale.order", &[("filter", r#"[["ek_order_id", "=", 92001]]"#), ("query", "{id}")]).await[0]["id"].clone();
    let of_order = json!({"name": "bon.pdf", "res_model": "sale.order", "res_id": order, "datas": BASE64.encode("%PDF-1.7")});
    let of_order = id(&alsalam.create("ir.attachment", of_order).await);
    let read = admin.get(&format!("/api/ir.attachment/{of_order}?query={}", encode("{res_model, res_id}"))).await.json();
    assert_eq!(read, json!({"res_model": "sale.order", "res_id": order}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_who_is_forgotten_leaves_no_papers() {
    let stand = Stand::new().await;
    let lead = lead(&stand, "bna", 93_001).await;
    let (admin, bna) = (stand.login("admin").await, stand.login("bna").await);
    let kept = id(&bna.create("ir.attachment", paper(lead, "Fiche de Fatima.pdf", b"%PDF-1.7")).await);
    let removed = id(&bna.create("ir.attachment", paper(lead, "Carte de Fatima.pdf", b"%PDF-1.7")).await);
    assert_eq!(bna.unlink("ir.attachment", removed).await.status, 200);
    let order = admin.rows("sale.order", &[("filter", r#"[["ek_order_id", "=", 93001]]"#), ("query", "{id, partner_id}")]).await.remove(0);
    assert_eq!(admin.call("sale.order", order["id"].as_i64().unwrap(), "action_cancel", json!([])).await.status, 200);
    let client = order["partner_id"].as_i64().unwrap();
    assert_eq!(admin.call("res.partner", client, "action_forget", json!(["asked"])).await.status, 200);
    until("crm has forgotten", async || stand.count("SELECT count(*) AS n FROM crm.ir_attachment_file").await == 0).await;
    assert_eq!(stand.count("SELECT count(*) AS n FROM crm.ir_attachment WHERE name LIKE '%Fatima%' OR datas IS NOT NULL").await, 0);
    assert_eq!(bna.get(&format!("/web/content/{kept}")).await.status, 404);
    assert_eq!(stand.count("SELECT count(*) AS n FROM crm.audit WHERE model = 'ir.attachment' AND field = 'forgotten'").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shared_page_tells_which_models_have_files() {
    let stand = Stand::new().await;
    let mut declared: Vec<&str> = Vec::new();
    for (_, registry) in registries(stand.hub.as_ref().unwrap()) {
        let has_files = |model: &&records::Model| model.fields.iter().any(|field| field.kind == Kind::Binary && !field.readonly);
        declared.extend(registry.models().filter(has_files).map(|model| model.name));
    }
    declared.sort_unstable();
    assert_eq!(declared, service::directory::FILES);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_for_keys_finds_those_of_papers_and_reads_no_papers() {
    #[derive(diesel::QueryableByName)]
    struct Sealed {
        #[diesel(sql_type = diesel::sql_types::Text)]
        bound_to: String,
        #[diesel(sql_type = diesel::sql_types::Text)]
        text: String,
    }
    let stand = Stand::new().await;
    let lead = lead(&stand, "bna", 94_001).await;
    let made = id(&stand
        .login("bna")
        .await
        .create("ir.attachment", paper(lead, "x.pdf", &[b"%PDF-".to_vec(), vec![b'x'; 100_000]].concat()))
        .await);
    let found: Vec<Sealed> =
        diesel_async::RunQueryDsl::load(diesel::sql_query(crm::ir_attachment::SEALED), &mut stand.sql().await).await.unwrap();
    let [one] = found.as_slice() else { panic!("{} rows", found.len()) };
    assert_eq!(one.bound_to, format!("ir.attachment {made}"));
    assert!(one.text.len() < 300 && one.text.contains('.') && !one.text.contains(' '), "{}", one.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn as_processes_long_files_pass_between_the_services_too() {
    let stand = Stand::processes().await;
    let lead = lead(&stand, "alsalam", 95_001).await;
    let alsalam = stand.login("alsalam").await;
    let bytes = [b"%PDF-1.7 ".to_vec(), vec![b' '; 9 << 20]].concat();
    let made = id(&alsalam.create("ir.attachment", paper(lead, "long.pdf", &bytes)).await);
    assert_eq!(alsalam.get(&format!("/web/content/{made}")).await.bytes, bytes);
    let text = alsalam.get(&format!("/api/ir.attachment/{made}?query={}", encode("{datas}"))).await.json();
    assert_eq!(text["datas"].as_str().map(str::len), Some(BASE64.encode(&bytes).len()));
    let platform = stand.login("ekiclik").await;
    assert_eq!(paint(&platform, json!(BASE64.encode(picture(40, 20, ImageFormat::Png)))).await.status, 200);
    let tv = tv(&platform).await;
    assert_eq!(sides(&platform.get(&format!("/web/image/product.product/{tv}/image_1920")).await.bytes), (40, 20));
}
