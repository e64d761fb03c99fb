//! Products with their configurations, their pictures, and categories as a tree.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat};
use serde_json::json;
use system_tests::stock::{BORDJ, Goods, TV};
use system_tests::{Answer, Stand, id};

use crate::{Reader, text_of, token};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_product_is_made_with_its_configurations_and_each_error_stands_beside_its_field() {
    let stand = Stand::new().await;
    let reader = Reader::of(&stand, "admin").await;
    let path = "/web/product.master/new";
    let more = reader.fill(path, &[("p.name", "Four"), ("more", "1")]).await;
    assert!(more.status == 200 && more.text.contains("name=\"c.1.manufacturer_ref\"") && more.text.contains("value=\"Four\""));
    let refused = reader.fill(path, &[("p.name", ""), ("p.product_ref", "FOUR"), ("p.categ_id", "Nulle part")]).await;
    assert_eq!(refused.status, 422);
    for beside in ["e-p-name", "e-p-categ_id", "e-c-0-name"] {
        assert!(refused.text.contains(&format!("id=\"{beside}\"")), "{beside}: {}", text_of(&refused.text));
    }
    let wrong = [
        ("p.name", "Four"),
        ("p.product_ref", "FOUR"),
        ("c.0.name", "Four blanc"),
        ("c.0.manufacturer_ref", TV),
        ("c.0.list_price", "cher"),
        ("c.0.attribute", "Couleur Blanc"),
    ];
    let refused = reader.fill(path, &wrong).await;
    let text = text_of(&refused.text);
    for words in ["Cette référence existe déjà", "Un nombre à partir de 0", "« Couleur Blanc »"] {
        assert!(refused.status == 422 && text.contains(words), "{words}: {text}");
    }
    assert_eq!(stand.count("SELECT count(*) AS n FROM catalog.product_master WHERE ref = 'FOUR'").await, 0);
    let right = [
        ("p.name", "Four encastrable"),
        ("p.product_ref", "FOUR"),
        ("p.brand", "Une marque <neuve>"),
        ("c.0.name", "Four blanc"),
        ("c.0.manufacturer_ref", "FOUR-B"),
        ("c.0.list_price", "45 000,50"),
        ("c.0.standard_price", "30000"),
        ("c.0.attribute", "Couleur : Blanc\r\nVolume : 70 l"),
    ];
    let made = reader.fill(path, &right).await;
    assert_eq!(made.status, 303, "{}", text_of(&made.text));
    let page = made.headers["location"].split('?').next().unwrap().to_owned();
    let text = text_of(&reader.page(&page).await);
    for words in ["Four blanc", "FOUR-B", "45 000,50 DA", "Couleur Blanc", "Volume 70 l", "Une marque <neuve>", "Pas d’image", "30 000,00"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    // Its reference is there now: a form of a new one changes nothing of it
    let again =
        reader.fill(path, &[("p.name", "Autre"), ("p.product_ref", "FOUR"), ("c.0.name", "x"), ("c.0.manufacturer_ref", "FOUR-X")]).await;
    assert!(again.status == 422 && again.text.contains("id=\"e-p-product_ref\""), "{}", text_of(&again.text));
    assert_eq!(stand.count("SELECT count(*) AS n FROM catalog.product_master WHERE name = 'Four encastrable'").await, 1);
    let archived = reader.post(&format!("{page}/put/archive"), &[]).await;
    assert_eq!(archived.status, 303, "{}", text_of(&archived.text));
    assert!(text_of(&reader.page(&page).await).contains("Archivé"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_product_costs_is_shown_only_to_who_may_read_it() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    Goods::count(&admin, BORDJ, TV, 3.0).await;
    let filter = json!([["manufacturer_ref", "=", TV]]);
    admin
        .write("product.template", filter.clone(), json!({"standard_price": 41_234, "image_url": "https://pictures.example/tv.jpg"}))
        .await
        .result();
    let tv = admin.rows("product.template", &[("filter", &filter.to_string()), ("query", "{id}")]).await[0]["id"].clone();
    let path = format!("/web/product.template/{tv}");
    let page = Reader::of(&stand, "admin").await.page(&path).await;
    assert!(text_of(&page).contains("41 234,00"), "{}", text_of(&page));
    assert!(page.contains("href=\"https://pictures.example/tv.jpg\"") && !page.contains("src=\"https"), "a link, never loaded");
    assert!(text_of(&page).contains(&format!("{BORDJ} 3 0 3 0")), "{}", text_of(&page));
    let bank = Reader::of(&stand, "bna").await.page(&path).await;
    assert!(!text_of(&bank).contains("41 234") && !bank.contains("/edit\"") && !bank.contains("type=\"file\""), "{}", text_of(&bank));
}

/// A form with a file, as a browser sends it.
async fn send(reader: &Reader<'_>, stand: &Stand, path: &str, token: &str, file: &[u8]) -> Answer {
    let mut body = Vec::new();
    let part = |head: &str| format!("--boundary\r\nContent-Disposition: form-data; {head}\r\n\r\n").into_bytes();
    body.extend(part("name=\"_token\""));
    body.extend(token.as_bytes());
    body.extend(b"\r\n");
    body.extend(part("name=\"file\"; filename=\"tv.png\""));
    body.extend(file);
    body.extend(b"\r\n--boundary--\r\n");
    let headers = [("cookie", reader.cookie.as_str()), ("content-type", "multipart/form-data; boundary=boundary")];
    stand.send("POST", path, &headers, body).await
}

async fn a_picture_is_sent_at(stand: Stand) {
    let admin = stand.login("admin").await;
    let filter = json!([["manufacturer_ref", "=", TV]]).to_string();
    let tv = admin.rows("product.template", &[("filter", &filter), ("query", "{id}")]).await[0]["id"].clone();
    let path = format!("/web/product.template/{tv}");
    let reader = Reader::of(&stand, "admin").await;
    let page = reader.page(&path).await;
    assert!(!page.contains("/web/image/"), "no picture yet");
    let token = token(&page);
    let mut bytes = Cursor::new(Vec::new());
    // Noise, so that it is longer than a form may be
    let pixels = image::RgbImage::from_fn(1_400, 1_400, |x, y| image::Rgb([(x * 7 + y * y) as u8, ((y * 13) ^ x) as u8, (x * y) as u8]));
    DynamicImage::from(pixels).write_to(&mut bytes, ImageFormat::Png).unwrap();
    let picture = bytes.into_inner();
    assert!(picture.len() > 1 << 20, "{}", picture.len());
    let sent = format!("{path}/picture");
    let foreign = send(&reader, &stand, &sent, "0123456789abcdef.00", &picture).await;
    assert_eq!(foreign.status, 403, "{}", text_of(&foreign.text));
    let refused = send(&reader, &stand, &sent, &token, b"no picture at all").await;
    assert!(refused.status == 422 && refused.text.contains("role=\"alert\""), "{} {}", refused.status, text_of(&refused.text));
    assert_eq!(send(&reader, &stand, &sent, &token, b"").await.status, 422);
    let done = send(&reader, &stand, &sent, &token, &picture).await;
    assert_eq!(done.status, 303, "{}", text_of(&done.text));
    let page = reader.page(&path).await;
    let src = page.split("<img src=\"").find(|part| part.starts_with("/web/image/product.template/")).unwrap().split('"').next().unwrap();
    let image = reader.get(src).await;
    assert_eq!((image.status, image.headers["content-type"].as_str()), (200, "image/png"));
    let bank = Reader::of(&stand, "bna").await;
    let own = crate::token(&bank.page("/web/models").await);
    assert!(matches!(send(&bank, &stand, &sent, &own, &picture).await.status, 403 | 404), "a bank's user sends none");
    let removed = reader.post(&sent, &[("remove", "1")]).await;
    assert_eq!(removed.status, 303, "{}", text_of(&removed.text));
    assert!(!reader.page(&path).await.contains("/web/image/"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_sent_shown_and_removed() {
    a_picture_is_sent_at(Stand::new().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_passes_the_gateway_where_the_console_is_a_process_of_its_own() {
    a_picture_is_sent_at(Stand::processes().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn categories_are_a_tree() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let top = id(&admin.create("product.category", json!({"name": "Aaa maison"})).await);
    let under = id(&admin.create("product.category", json!({"name": "Zzz cuisine", "parent_id": top})).await);
    id(&admin.create("product.category", json!({"name": "Four", "parent_id": under})).await);
    let reader = Reader::of(&stand, "admin").await;
    let page = reader.page("/web/product.category").await;
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(at("Aaa maison") < at("Zzz cuisine") && at("Zzz cuisine") < at("depth-2"), "{page}");
    assert!(page.contains(&format!("/web/product.category/new?parent_id={under}")));
    let list = text_of(&reader.page("/web/product.category?q=Zzz").await);
    assert!(list.contains("2 enregistrements") && list.contains("Nom complet"), "what is searched is a list: {list}");
    let bank = Reader::of(&stand, "bna").await.page("/web/product.category").await;
    assert!(!bank.contains("/web/product.category/new"), "a bank's user makes none");
}
