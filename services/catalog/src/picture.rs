//! A product's picture: what is sent is looked at by its first bytes, decoded within bounds, written anew without what a camera
//! puts into it, and made in the sizes that Odoo has. All of it before the transaction, on two threads that serve nobody.

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use jsonrpc::Fault;
use records::files::Part;
use records::model::Kept;
use records::values::{Problems, Values, is_unset};
use records::{Failure, Field, Tx, Value};
use serde_json::{Map, Value as Json};
use service::Asked;
use service::shares::Shares;
use sha2::{Digest, Sha256};

use crate::Catalog;

/// The field of what is sent.
pub const FIELD: &str = "image_1920";
const TABLE: &str = "product_picture";
const KEPT: Kept = Kept { table: TABLE, is_sealed: false };
/// The fields, largest first, each with the longest side that its picture has.
const SIZES: &[(&str, u32)] = &[(FIELD, 1920), ("image_1024", 1024), ("image_512", 512), ("image_256", 256), ("image_128", 128)];

/// The largest file, in bytes.
pub const MAX_BYTES: usize = 10 << 20;
/// How many pixels a picture may have: told by its head, before anything is decoded.
const MAX_PIXELS: u64 = 40_000_000;
/// How much memory a decoder may take, in bytes: four for each pixel, and some for itself.
const MAX_MEMORY: u64 = MAX_PIXELS * 4 + (32 << 20);
/// How many pictures one request may bring.
const MAX_PICTURES: usize = 20;
/// How many pictures are made at a time, and how many of them for one user.
const AT_ONCE: (usize, usize) = (2, 1);
/// How long one waits for its turn.
const WAITS: Duration = Duration::from_secs(15);
/// Of a JPEG that is written, in per cent.
const QUALITY: u8 = 90;

static MAKING: LazyLock<Shares<i64>> = LazyLock::new(|| Shares::new("pictures that are made", AT_ONCE.0, AT_ONCE.1));

/// The fields of a picture in its sizes.
pub fn fields() -> impl Iterator<Item = Field> {
    SIZES.iter().map(|(name, side)| match *name {
        FIELD => Field::binary(FIELD, "Image", TABLE)
            .help("A PNG or JPEG of at most 10 MB and 40 megapixels; larger than 1920 pixels it is made smaller."),
        name => Field::made_of(name, label(*side), FIELD, TABLE),
    })
}

fn label(side: u32) -> &'static str {
    match side {
        1024 => "Image 1024",
        512 => "Image 512",
        256 => "Image 256",
        _ => "Image 128",
    }
}

/// The pictures of a request, by the checksums that stand for them in its data.
#[derive(Debug, Default)]
pub struct Pictures(HashMap<String, Vec<Part>>);

impl Pictures {
    /// Makes the pictures of a request, and puts their checksums in their places; what is wrong goes to the request's problems.
    ///
    /// # Errors
    /// 429 and 503 where others' are made first, 422 for too many.
    pub async fn prepare(asked: Asked<'_, Catalog>, data: &mut Map<String, Json>) -> Result<Pictures, Fault> {
        let named = asked.call.params.raw("data").map_or(0, |raw| raw.get().matches(FIELD).count());
        if named > MAX_PICTURES {
            return Err(Fault::validation(format!("{named} pictures are too many for one request: {MAX_PICTURES} at most")));
        }
        let mut pictures = Pictures::default();
        pictures.take(asked.identity.uid, "", data, asked.problems).await?;
        let configurations = match data.get_mut("product") {
            Some(Json::Array(configurations)) => configurations.iter_mut(),
            _ => [].iter_mut(),
        };
        for (at, configuration) in configurations.enumerate() {
            if let Json::Object(configuration) = configuration {
                pictures.take(asked.identity.uid, &format!("product[{at}]."), configuration, asked.problems).await?;
            }
        }
        Ok(pictures)
    }

    async fn take(&mut self, user: i64, place: &str, data: &mut Map<String, Json>, problems: &mut Vec<String>) -> Result<(), Fault> {
        let Some(sent) = data.get_mut(FIELD) else { return Ok(()) };
        if is_unset(sent) {
            return Ok(());
        }
        let text = match sent.take() {
            Json::String(text) => text,
            other => {
                problems.push(format!("{place}{FIELD}: {}, a PNG or JPEG in base64 was expected", jsonrpc::strict::kind(&other)));
                return Ok(());
            }
        };
        let turn = MAKING.take(user, WAITS).await?;
        let made = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            make(&text)
        });
        match made.await.map_err(|error| service::our_fault("catalog", "a picture could not be made", &error))? {
            Ok((checksum, parts)) => {
                *sent = checksum.as_str().into();
                self.0.insert(checksum, parts);
            }
            Err(problem) => problems.push(format!("{place}{FIELD}: {problem}")),
        }
        Ok(())
    }

    /// Notes a picture that did not come through [`Pictures::prepare`].
    pub fn check(&self, values: &Values, problems: &mut Problems) {
        if values.text(FIELD).is_some_and(|checksum| !self.0.contains_key(checksum)) {
            problems.add(format!("{FIELD} is written on the configuration itself, not by a relation to it"));
        }
    }

    /// Keeps what these values say of the picture of these records.
    ///
    /// # Errors
    /// 422 for too many records.
    pub async fn keep(&self, tx: &mut Tx<'_>, ids: &[i64], values: &Values) -> Result<(), Failure> {
        match values.get(FIELD) {
            None => Ok(()),
            Some(Value::Plain(Json::String(checksum))) => match self.0.get(checksum) {
                Some(parts) => tx.keep_parts(KEPT, ids, parts).await,
                None => Ok(()),
            },
            Some(_) => tx.drop_parts(KEPT, ids).await,
        }
    }
}

/// Throws away the pictures of records that are removed.
///
/// # Errors
/// The database's own.
pub async fn drop_of(tx: &mut Tx<'_>, ids: &[i64]) -> Result<(), Failure> {
    tx.drop_parts(KEPT, ids).await
}

/// The checksum of what was sent, and its picture in all sizes.
fn make(base64: &str) -> Result<(String, Vec<Part>), String> {
    let base64: String = base64.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    if base64.len() / 4 * 3 > MAX_BYTES + 2 {
        return Err(format!("it has more than {} MB", MAX_BYTES >> 20));
    }
    let bytes = BASE64.decode(&base64).map_err(|error| format!("no base64: {error}"))?;
    let checksum = domain::hex(&Sha256::digest(&bytes));
    let (format, mimetype) = match bytes.as_slice() {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => (ImageFormat::Png, "image/png"),
        [0xff, 0xd8, 0xff, ..] => (ImageFormat::Jpeg, "image/jpeg"),
        _ => return Err("its first bytes are neither a PNG's nor a JPEG's: no other picture is taken".to_owned()),
    };
    let mut picture = decode(bytes, format)?;
    let mut parts = Vec::with_capacity(SIZES.len());
    for (field, side) in SIZES {
        if picture.width() > *side || picture.height() > *side {
            // Of a much larger one the averages of its squares first: filtering it whole would take several times its memory
            if picture.width().max(picture.height()) > side * 2 {
                picture = picture.thumbnail(side * 2, side * 2);
            }
            picture = picture.resize(*side, *side, FilterType::CatmullRom);
        }
        let bytes = encode(&picture, format).map_err(|error| format!("it can't be written again: {error}"))?;
        let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        parts.push(Part { field, mimetype, checksum: checksum.clone(), size, text: BASE64.encode(bytes) });
    }
    Ok((checksum, parts))
}

fn decode(bytes: Vec<u8>, format: ImageFormat) -> Result<DynamicImage, String> {
    let unread = |error: image::ImageError| format!("it can't be read: {error}");
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(unread)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS {
        return Err(format!("{width} × {height} are more than {} megapixels", MAX_PIXELS / 1_000_000));
    }
    limits.reserve(decoder.total_bytes()).map_err(unread)?;
    decoder.set_limits(limits).map_err(unread)?;
    // Which way it is up stands beside the pixels, which goes
    let orientation = decoder.orientation().map_err(unread)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(unread)?;
    picture.apply_orientation(orientation);
    Ok(if picture.color().has_alpha() { picture.into_rgba8().into() } else { picture.into_rgb8().into() })
}

fn encode(picture: &DynamicImage, format: ImageFormat) -> image::ImageResult<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    match format {
        ImageFormat::Jpeg => picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY))?,
        other => picture.write_to(&mut bytes, other)?,
    }
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(picture: &DynamicImage, format: ImageFormat) -> String {
        BASE64.encode(encode(picture, format).unwrap())
    }

    #[test]
    fn every_size_keeps_the_aspect_and_none_is_larger_than_what_was_sent() {
        let (_, parts) = make(&sent(&DynamicImage::new_rgb8(600, 300), ImageFormat::Jpeg)).unwrap();
        let sides = |part: &Part| {
            let picture = image::load_from_memory(&BASE64.decode(&part.text).unwrap()).unwrap();
            (part.field, picture.width(), picture.height())
        };
        let all: Vec<_> = parts.iter().map(sides).collect();
        assert_eq!(
            all,
            [("image_1920", 600, 300), ("image_1024", 600, 300), ("image_512", 512, 256), ("image_256", 256, 128), ("image_128", 128, 64)]
        );
        assert!(parts.iter().all(|part| part.mimetype == "image/jpeg"));
        let (_, parts) = make(&sent(&DynamicImage::new_rgba8(4_000, 10), ImageFormat::Png)).unwrap();
        assert_eq!(sides(&parts[0]), ("image_1920", 1920, 5));
        assert_eq!(sides(&parts[4]), ("image_128", 128, 1));
    }

    #[test]
    fn what_is_no_picture_is_told() {
        for (bytes, word) in [
            (&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], "neither a PNG's nor a JPEG's"),
            (b"<html>", "neither"),
            (b"GIF89a", "neither"),
            (b"", "neither"),
            (b"\x89PNG\r\n\x1a\n", "can't be read"),
            (b"\xff\xd8\xff\xe0", "can't be read"),
        ] {
            assert!(make(&BASE64.encode(bytes)).unwrap_err().contains(word), "{bytes:?}");
        }
        assert!(make("!").unwrap_err().contains("no base64"));
        assert!(make(&"A".repeat(MAX_BYTES * 4 / 3 + 100)).unwrap_err().contains("more than 10 MB"));
    }
}
