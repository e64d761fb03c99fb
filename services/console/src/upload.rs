//! Files that forms bring: within their bounds, few at a time, from pages of ours.

use actix_multipart::Multipart;
use actix_web::web;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::StreamExt;
use tokio::sync::Semaphore;

use crate::refused::Refused;
use crate::visit::{Form, Visit, refuse_foreign};

/// The longest file, in bytes: the hub takes no longer one.
const LONGEST: usize = 10 << 20;
/// The longest of the form's other fields together.
const FIELDS: usize = 4 << 10;
/// How many parts a form may have.
const PARTS: usize = 8;
/// How many files are held at a time.
static HELD: Semaphore = Semaphore::const_new(4);

/// What such a form brought.
pub struct Sent {
    /// Its fields.
    pub form: Form,
    /// Its file, in base64; none where none was chosen.
    pub file: Option<String>,
}

/// Reads a form with a file. Its token stands before the file, so that nothing of a stranger's is kept.
///
/// # Errors
/// 403 where another page sent it, 413 where it is too long, 503 where others' are read first.
pub async fn read(visit: &Visit, payload: web::Payload) -> Result<Sent, Refused> {
    refuse_foreign(&visit.request)?;
    let kind = process::http::header(&visit.request, "content-type").unwrap_or_default();
    if !kind.starts_with("multipart/form-data") {
        let form = visit.form(payload).await?;
        return Ok(Sent { form, file: None });
    }
    let _held = HELD.try_acquire().map_err(|_full| Refused::of(503, "Others send files now. Try again."))?;
    let broken = |_error| Refused::of(400, "The form broke off.");
    let mut parts = Multipart::new(visit.request.headers(), payload);
    let (mut form, mut file, mut known, mut count) = (Form::default(), None, false, 0);
    let mut left = FIELDS;
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(broken)?;
        count += 1;
        if count > PARTS {
            return Err(Refused::of(413, "The form is too long."));
        }
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = part.content_disposition().is_some_and(|said| said.get_filename().is_some());
        if is_file && !known {
            return Err(Refused::of(403, "The form is of another session. Open the page again."));
        }
        let most = if is_file { LONGEST } else { left };
        let mut bytes = Vec::new();
        while let Some(piece) = part.next().await {
            let piece = piece.map_err(broken)?;
            if bytes.len() + piece.len() > most {
                return Err(match is_file {
                    true => Refused::of(413, &visit.t("cat-picture-too-long")),
                    false => Refused::of(413, "The form is too long."),
                });
            }
            bytes.extend_from_slice(&piece);
        }
        if is_file {
            file = Some(BASE64.encode(&bytes)).filter(|_| !bytes.is_empty());
            continue;
        }
        left -= bytes.len();
        let value = String::from_utf8(bytes).map_err(|_no_text| Refused::of(400, "The form can't be read: UTF-8 was expected."))?;
        if name == "_token" {
            visit.prove(&value)?;
            known = true;
        }
        form.0.push((name, value));
    }
    if known { Ok(Sent { form, file }) } else { Err(Refused::of(403, "The form is of another session. Open the page again.")) }
}
