//! Files of records: the add-on's base64, and Odoo's addresses of pictures and attachments. What is served runs nowhere: its kind is
//! told by its first bytes and never guessed at, and a browser that opens it opens it in a sandbox.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::{HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use jsonrpc::{Body, Fault};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use process::asking::whole;
use process::http::header;
use process::our_fault;
use serde::Deserialize;

use crate::answer::{Answer, as_the_add_on, with_the_reason};
use crate::incoming::Incoming;
use crate::query::{number, parameters};

/// The model of files that are records themselves, and the field of what is in them.
const ATTACHMENTS: (&str, &str) = ("ir.attachment", "datas");
/// The field of a picture where an address names none.
const PICTURE: &str = "image_1920";
/// The longest name that a file is given, in characters.
const MAX_NAME: usize = 150;
/// What stands in a file's name as it is (RFC 8187).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whether a file is looked at or taken home.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Inline,
    AsAttachment,
}

/// Which file of which record.
struct Target {
    model: String,
    id: i64,
    field: String,
}

impl Target {
    fn attachment(id: &str) -> Result<Target, Fault> {
        Ok(Target { model: ATTACHMENTS.0.to_owned(), id: number(id)?, field: ATTACHMENTS.1.to_owned() })
    }

    fn of((model, id, field): (String, String, String)) -> Result<Target, Fault> {
        Ok(Target { id: number(&id)?, model, field })
    }

    /// `?model=&id=&field=`; without a model an attachment is meant.
    fn named(query: &str) -> Result<Target, Fault> {
        let (mut model, mut id, mut field) = (None, None, None);
        for parameter in parameters(query) {
            let parameter = parameter?;
            let known = match parameter.name.as_str() {
                "model" => &mut model,
                "id" => &mut id,
                "field" => &mut field,
                _ => continue,
            };
            *known = Some(parameter.text()?).filter(|text| !text.is_empty());
        }
        let id = number(&id.ok_or_else(|| Fault::validation("`id` is required: the number of the record whose file is meant"))?)?;
        let (own, of_it) = if model.is_some() { ("", PICTURE) } else { ATTACHMENTS };
        Ok(Target { model: model.unwrap_or_else(|| own.to_owned()), id, field: field.unwrap_or_else(|| of_it.to_owned()) })
    }
}

/// What an owner tells of a file before its bytes.
#[derive(Deserialize)]
struct Head {
    name: String,
    mimetype: String,
    checksum: String,
}

/// `GET /api/{model}/{id}/{field}`: base64.
pub async fn base64(mut incoming: Incoming, path: web::Path<(String, String, String)>) -> Answer {
    let answer = async {
        let target = Target::of(path.into_inner())?;
        let (_, text) = ask(&mut incoming, &target, "").await?;
        let mut response = incoming.answers().json(StatusCode::OK);
        response.insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"));
        Ok(response.body(text))
    };
    let answer = answer.await;
    incoming.told(with_the_reason, answer)
}

/// `GET /web/image/{model}/{id}/{field}`
pub async fn image(mut incoming: Incoming, path: web::Path<(String, String, String)>) -> Answer {
    let answer = served(&mut incoming, Target::of(path.into_inner()), Shown::Inline).await;
    incoming.told(as_the_add_on, answer)
}

/// `GET /web/image?model=&id=&field=`
pub async fn image_named(mut incoming: Incoming) -> Answer {
    let target = Target::named(incoming.request.query_string());
    let answer = served(&mut incoming, target, Shown::Inline).await;
    incoming.told(as_the_add_on, answer)
}

/// `GET /web/image/{id}`, `GET /web/content/{id}`: an attachment.
pub async fn attachment(mut incoming: Incoming, path: web::Path<String>) -> Answer {
    let answer = served(&mut incoming, Target::attachment(&path), Shown::AsAttachment).await;
    incoming.told(as_the_add_on, answer)
}

async fn served(incoming: &mut Incoming, target: Result<Target, Fault>, shown: Shown) -> Result<HttpResponse, Fault> {
    let target = target?;
    let given = header(&incoming.request, IF_NONE_MATCH.as_str()).unwrap_or_default();
    let known = given.trim().trim_start_matches("W/").trim_matches('"').to_owned();
    // What a file is told by is the record's checksum with the field's name: each size of a picture is a file of its own
    let known = known.strip_suffix(&format!("-{}", target.field)).unwrap_or_default().to_owned();
    let (head, text) = ask(incoming, &target, &known).await?;
    let mut response = incoming.answers().json(StatusCode::OK);
    response.insert_header((ETAG, format!("\"{}-{}\"", head.checksum, target.field)));
    response.insert_header((CACHE_CONTROL, "private, no-cache"));
    response.insert_header(("content-security-policy", "sandbox; default-src 'none'"));
    response.insert_header(("cross-origin-resource-policy", "same-origin"));
    if known == head.checksum {
        response.status(StatusCode::NOT_MODIFIED);
        return Ok(response.finish());
    }
    let bytes = BASE64.decode(&text).map_err(|error| our_fault("gateway", "a file is not base64", &error))?;
    let (kind, ending) = match head.mimetype.as_str() {
        "image/png" => ("image/png", "png"),
        "image/jpeg" => ("image/jpeg", "jpg"),
        "application/pdf" => ("application/pdf", "pdf"),
        // No browser is given what it might run
        _ => ("application/octet-stream", "bin"),
    };
    response.insert_header((CONTENT_TYPE, kind));
    let disposition = match shown {
        Shown::Inline => "inline".to_owned(),
        Shown::AsAttachment => format!("attachment; {}", named(&head.name, ending)),
    };
    response.insert_header((CONTENT_DISPOSITION, disposition));
    Ok(response.body(bytes))
}

/// A file's name for every browser: without what older ones can't read, and whole.
fn named(name: &str, ending: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control() && !matches!(c, '/' | '\\')).take(MAX_NAME).collect();
    let ends = name
        .rsplit_once('.')
        .is_some_and(|(_, end)| end.eq_ignore_ascii_case(ending) || (ending == "jpg" && end.eq_ignore_ascii_case("jpeg")));
    let name = if ends { name } else { format!("{name}.{ending}") };
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || " -._".contains(c) { c } else { '_' }).collect();
    format!("filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(&name, PLAIN))
}

/// What the owner has: what it is, and base64; without that where the caller has the file of the checksum `known`.
async fn ask(incoming: &mut Incoming, target: &Target, known: &str) -> Result<(Head, Bytes), Fault> {
    let session = incoming.session(None).await?;
    let call = session.call(&target.model, "file")?.with("id", &target.id).with("field", &target.field).with("known", &known);
    let Body::Whole(answer) = whole(incoming.send(call).await?).await?.body else {
        return Err(our_fault("gateway", "an answer is not in one piece", &"a stream"));
    };
    let unread = |error: &dyn std::fmt::Display| our_fault("gateway", "a file can't be read", error);
    let end = answer.iter().position(|byte| *byte == b'\n').ok_or_else(|| unread(&"it has no head"))?;
    let head = serde_json::from_slice(answer.get(..end).unwrap_or_default()).map_err(|error| unread(&error))?;
    Ok((head, answer.slice(end + 1..)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_ends_no_header_and_ends_in_its_kind() {
        assert_eq!(named("fiche de paie.PDF", "pdf"), "filename=\"fiche de paie.PDF\"; filename*=UTF-8''fiche%20de%20paie.PDF");
        assert_eq!(named("é\"\r\nx/../a.html", "pdf"), "filename=\"__x..a.html.pdf\"; filename*=UTF-8''%C3%A9%22x..a.html.pdf");
        assert_eq!(named("scan.jpeg", "jpg"), "filename=\"scan.jpeg\"; filename*=UTF-8''scan.jpeg");
    }

    #[test]
    fn a_query_names_a_record_of_a_model_or_an_attachment() {
        let target = |query| Target::named(query).map(|target| (target.model, target.id, target.field)).map_err(|fault| fault.status);
        let of = |model: &str, id, field: &str| Ok((model.to_owned(), id, field.to_owned()));
        assert_eq!(target("model=product.product&id=7&unique=x"), of("product.product", 7, "image_1920"));
        assert_eq!(target("model=product.product&id=7&field=image_128"), of("product.product", 7, "image_128"));
        assert_eq!(target("id=7"), of("ir.attachment", 7, "datas"));
        assert_eq!((target("model=x"), target("id=x")), (Err(422), Err(404)));
    }
}
