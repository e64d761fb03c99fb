//! A workbook (XLSX) of rows as they come: packed while they are read, so that nobody holds it, and no file is written.
//!
//! Of the format there is what a sheet of plain cells needs: numbers, texts, true and false. Days and moments are texts.

use std::io::{self, Write};

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use jsonrpc::{Body, Fault};
use process::our_fault;
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// How many are packed at a time: each takes a core.
const AT_ONCE: usize = 2;
/// How long one waits for its turn.
const WAITS: std::time::Duration = std::time::Duration::from_secs(15);
/// Pieces go out in about this size, in bytes.
const PIECE: usize = 64 * 1024;
/// The longest text of a cell, in characters, that spreadsheets read.
const MAX_TEXT: usize = 32_767;
/// The longest row, in bytes.
const MAX_ROW: usize = 32 << 20;

static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
/// What every workbook of one sheet consists of beside the sheet.
const PARTS: &[(&str, &str)] = &[
    (
        "[Content_Types].xml",
        r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#,
    ),
    (
        "_rels/.rels",
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/workbook.xml",
        r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
    ),
];

/// The workbook of lines of JSON lists, in the order of its pieces.
///
/// # Errors
/// 503 where too many are being made.
pub async fn of(rows: Body) -> Result<Body, Fault> {
    let busy = |_| Fault::unavailable("Too many workbooks are being made. Try again, or ask for `format=csv`.").retry_in(10);
    let turn = tokio::time::timeout(WAITS, TURNS.acquire()).await.map_err(busy)?;
    let turn = turn.map_err(|closed| our_fault("gateway", "no workbook is made any more", &closed))?;
    let (sender, receiver) = mpsc::channel::<Result<Bytes, Fault>>(4);
    let (lines, taken) = mpsc::channel::<Result<Bytes, Fault>>(4);
    tokio::spawn(async move {
        let mut pieces = match rows {
            Body::Whole(bytes) => futures_util::stream::iter([Ok(bytes)]).boxed(),
            Body::Stream(pieces) => pieces,
        };
        while let Some(piece) = pieces.next().await {
            if lines.send(piece).await.is_err() {
                return;
            }
        }
    });
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let told = sender.clone();
        if let Err(error) = packed(taken, sender) {
            // It is cut off, so that nobody takes a part for all of it
            let fault = match error {
                Unpacked::Told(fault) => fault,
                Unpacked::Failed(error) => our_fault("gateway", "a workbook can't be written", &error),
                Unpacked::Left => return,
            };
            told.blocking_send(Err(fault)).ok();
        }
    });
    let pieces = futures_util::stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) });
    Ok(Body::Stream(pieces.boxed()))
}

/// Why a workbook ends before its end.
#[derive(Debug)]
enum Unpacked {
    /// The rows broke off.
    Told(Fault),
    /// It could not be written.
    Failed(String),
    /// Nobody reads it.
    Left,
}

impl From<io::Error> for Unpacked {
    fn from(error: io::Error) -> Unpacked {
        if error.kind() == io::ErrorKind::BrokenPipe { Unpacked::Left } else { Unpacked::Failed(error.to_string()) }
    }
}

impl From<zip::result::ZipError> for Unpacked {
    fn from(error: zip::result::ZipError) -> Unpacked {
        match error {
            zip::result::ZipError::Io(error) => error.into(),
            other => Unpacked::Failed(other.to_string()),
        }
    }
}

/// Where the file's bytes go.
struct Out {
    piece: BytesMut,
    sender: mpsc::Sender<Result<Bytes, Fault>>,
}

impl Out {
    fn send(&mut self) -> io::Result<()> {
        let piece = self.piece.split().freeze();
        self.sender.blocking_send(Ok(piece)).map_err(|_closed| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn packed(mut lines: mpsc::Receiver<Result<Bytes, Fault>>, sender: mpsc::Sender<Result<Bytes, Fault>>) -> Result<(), Unpacked> {
    let mut file = ZipWriter::new_stream(Out { piece: BytesMut::with_capacity(2 * PIECE), sender });
    // Not as a large file, which older spreadsheets take for a broken one: 4 GB of a sheet are more than its rows ever have
    let options = SimpleFileOptions::default().compression_level(Some(1)).large_file(false);
    for (name, text) in PARTS {
        file.start_file(*name, options)?;
        file.write_all(HEAD.as_bytes())?;
        file.write_all(text.as_bytes())?;
    }
    file.start_file("xl/worksheets/sheet1.xml", options)?;
    file.write_all(HEAD.as_bytes())?;
    file.write_all(br#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#)?;
    let (mut left, mut row) = (Vec::new(), String::new());
    while let Some(piece) = lines.blocking_recv() {
        left.extend_from_slice(&piece.map_err(Unpacked::Told)?);
        let mut from = 0;
        while let Some(end) = left.get(from..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n')) {
            row.clear();
            write_row(left.get(from..from + end).unwrap_or_default(), &mut row)?;
            file.write_all(row.as_bytes())?;
            from += end + 1;
        }
        left.drain(..from);
        if left.len() > MAX_ROW {
            return Err(Unpacked::Failed("a row without end".to_owned()));
        }
    }
    file.write_all(b"</sheetData></worksheet>")?;
    let mut out = file.finish()?.into_inner();
    Ok(out.send()?)
}

fn write_row(line: &[u8], row: &mut String) -> Result<(), Unpacked> {
    let cells: Vec<Value> = serde_json::from_slice(line).map_err(|error| Unpacked::Failed(error.to_string()))?;
    row.push_str("<row>");
    for cell in &cells {
        match cell {
            Value::Null => row.push_str("<c/>"),
            Value::Bool(truth) => row.push_str(if *truth { r#"<c t="b"><v>1</v></c>"# } else { r#"<c t="b"><v>0</v></c>"# }),
            Value::Number(number) => row.extend(["<c><v>", &number.to_string(), "</v></c>"]),
            Value::String(text) => write_text(text, row),
            Value::Array(ids) => write_text(&ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(","), row),
            Value::Object(_) => return Err(Unpacked::Failed("a cell is an object".to_owned())),
        }
    }
    row.push_str("</row>");
    Ok(())
}

/// A text as XML. What XML can't hold stands as spreadsheets write it, `_x0001_`; what is too long for a cell ends in `…`.
fn write_text(text: &str, row: &mut String) {
    row.push_str(r#"<c t="inlineStr"><is><t xml:space="preserve">"#);
    let is_long = text.chars().nth(MAX_TEXT).is_some();
    for letter in text.chars().take(if is_long { MAX_TEXT - 1 } else { MAX_TEXT }) {
        match letter {
            '&' => row.push_str("&amp;"),
            '<' => row.push_str("&lt;"),
            '>' => row.push_str("&gt;"),
            '\t' | '\n' => row.push(letter),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => row.push_str(&format!("_x{:04X}_", u32::from(letter))),
            other => row.push(other),
        }
    }
    row.push_str(if is_long { "…</t></is></c>" } else { "</t></is></c>" });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_each_value_in_its_kind() {
        let mut row = String::new();
        write_row(r#"[7,1.5,true,null,[1,2],"a<b>&\u0001\n =1"]"#.as_bytes(), &mut row).unwrap();
        let text = |text: &str| format!(r#"<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>"#);
        let expected = format!(
            r#"<row><c><v>7</v></c><c><v>1.5</v></c><c t="b"><v>1</v></c><c/>{}{}</row>"#,
            text("1,2"),
            text("a&lt;b&gt;&amp;_x0001_\n =1")
        );
        assert_eq!(row, expected);
    }

    #[test]
    fn a_text_that_no_cell_holds_ends_in_a_mark() {
        let mut row = String::new();
        write_text(&"é".repeat(40_000), &mut row);
        assert_eq!((row.matches('é').count(), row.matches('…').count()), (32_766, 1));
    }
}
