//! The console's own style and script, out of the program: their names hold what they are, so that browsers keep them for a year.

use std::io::Write;
use std::sync::LazyLock;

use actix_web::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// Name, type, content.
const FILES: &[(&str, &str, &[u8])] = &[
    ("style.css", "text/css; charset=utf-8", include_bytes!("../static/style.css")),
    ("console.js", "text/javascript; charset=utf-8", include_bytes!("../static/console.js")),
    ("live.js", "text/javascript; charset=utf-8", include_bytes!("../static/live.js")),
    ("htmx.js", "text/javascript; charset=utf-8", include_bytes!("../static/htmx.js")),
    ("kanban.js", "text/javascript; charset=utf-8", include_bytes!("../static/kanban.js")),
    ("import.js", "text/javascript; charset=utf-8", include_bytes!("../static/import.js")),
    ("icon.svg", "image/svg+xml", include_bytes!("../static/icon.svg")),
];

struct File {
    name: &'static str,
    kind: &'static str,
    content: &'static [u8],
    packed: Vec<u8>,
    address: String,
}

static KEPT: LazyLock<Vec<File>> = LazyLock::new(|| {
    let made = FILES.iter().map(|(name, kind, content)| {
        let hash = domain::hex(&Sha256::digest(content)).get(..12).unwrap_or_default().to_owned();
        let (stem, end) = name.rsplit_once('.').unwrap_or((name, ""));
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        let packed = gzip.write_all(content).and_then(|()| gzip.finish()).unwrap_or_else(|error| {
            // It is sent as it is
            tracing::error!(%error, name, "a file can't be packed");
            Vec::new()
        });
        File { name, kind, content, packed, address: format!("/web/static/{stem}-{hash}.{end}") }
    });
    made.collect()
});

/// Where a file of the console's is; nothing where there is none of that name, which a test would show.
pub fn address(name: &str) -> &'static str {
    KEPT.iter().find(|file| file.name == name).map_or("", |file| file.address.as_str())
}

/// `GET /web/static/{name}`
pub async fn file(request: HttpRequest) -> HttpResponse {
    let Some(file) = KEPT.iter().find(|file| file.address == request.path()) else { return HttpResponse::NotFound().finish() };
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, file.kind)).insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"));
    response.insert_header(("x-content-type-options", "nosniff")).insert_header((VARY, "Accept-Encoding"));
    let accepted = process::http::header(&request, ACCEPT_ENCODING.as_str()).unwrap_or_default();
    if accepted.contains("gzip") && !file.packed.is_empty() {
        return response.insert_header((CONTENT_ENCODING, "gzip")).body(file.packed.clone());
    }
    response.body(web::Bytes::from_static(file.content))
}
