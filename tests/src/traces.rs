//! A collector of traces: takes what OTLP's exporters send over HTTP, and tells the spans in it.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A span, as far as tests look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// `service.name` of the process.
    pub service: String,
    /// 32 hex digits.
    pub trace: String,
    /// 16 hex digits.
    pub id: String,
    /// The same; empty for the first of a trace.
    pub parent: String,
    /// Its name.
    pub name: String,
}

/// The collector.
pub struct Collector {
    /// For `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub address: String,
    kept: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Collector {
    /// One on a port of its own.
    pub async fn start() -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let kept: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let keeper = kept.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let keeper = keeper.clone();
                tokio::spawn(async move { drop(take(socket, &keeper).await) });
            }
        });
        Collector { address, kept }
    }

    /// Whether a text stands anywhere in what came.
    pub fn has(&self, text: &str) -> bool {
        self.kept.lock().unwrap().iter().any(|body| body.windows(text.len()).any(|window| window == text.as_bytes()))
    }

    /// The spans of a trace that came so far.
    pub fn spans(&self, trace: &str) -> Vec<Span> {
        self.all().into_iter().filter(|span| span.trace == trace).collect()
    }

    /// Every span that came so far.
    pub fn all(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        for body in self.kept.lock().unwrap().iter() {
            // ExportTraceServiceRequest.resource_spans
            for resource_spans in inside(body, 1) {
                let attributes = inside(resource_spans, 1).flat_map(|resource| inside(resource, 1));
                let named = |attribute: &&[u8]| inside(attribute, 1).any(|key| key == b"service.name");
                let service =
                    attributes.filter(named).find_map(|attribute| inside(inside(attribute, 2).next()?, 1).next()).unwrap_or_default();
                for span in inside(resource_spans, 2).flat_map(|scope_spans| inside(scope_spans, 2)) {
                    let bytes = |field: u64| inside(span, field).next().unwrap_or_default();
                    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                    spans.push(Span {
                        service: text(service),
                        trace: domain::hex(bytes(1)),
                        id: domain::hex(bytes(2)),
                        parent: domain::hex(bytes(4)),
                        name: text(bytes(5)),
                    });
                }
            }
        }
        spans
    }
}

async fn take(mut socket: TcpStream, keeper: &Mutex<Vec<Vec<u8>>>) -> std::io::Result<()> {
    let mut request = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if socket.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        };
        let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
        let length: usize = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok()).unwrap();
        while request.len() < head + length {
            if socket.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        }
        keeper.lock().unwrap().push(request[head..head + length].to_vec());
        request.drain(..head + length);
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?;
    }
}

/// The length-delimited values of a field of a protobuf message: messages, texts, bytes.
fn inside(message: &[u8], field: u64) -> impl Iterator<Item = &[u8]> {
    let mut rest = message;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let key = varint(&mut rest)?;
            let value = match key & 7 {
                0 => {
                    varint(&mut rest)?;
                    None
                }
                1 => rest.split_off(..8).map(|_| None)?,
                2 => {
                    let length = usize::try_from(varint(&mut rest)?).ok()?;
                    Some(rest.split_off(..length)?)
                }
                5 => rest.split_off(..4).map(|_| None)?,
                _ => return None,
            };
            if let Some(value) = value.filter(|_| key >> 3 == field) {
                return Some(value);
            }
        }
        None
    })
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.split_off_first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
