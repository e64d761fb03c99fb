//! A connection as actix-http is to see it: nothing reaches it that it can't read.
//!
//! actix-http reads request targets with `http` 0.2, which refuses bytes that many clients send (`"`, `<`, `>`, UTF-8), and
//! answers what it can't read with a status alone and an error in the log. So what comes is decoded here first, by actix-http's own
//! decoder, which therefore finds the same end of every message as the one that comes after it, and a message's head goes on when it
//! is whole. Bytes that `http` refuses are escaped in its target, and in its target alone. A head that can't be read has a
//! request for the refusal in its place ([`REFUSED`]).
//!
//! What was changed is the last message of its connection: if its end were mistaken, nobody's request would come after it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_http::ServiceConfig;
use actix_http::error::ParseError;
use actix_http::h1::{Codec, MessageType};
use bytes::{Buf, BufMut, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::codec::Decoder;
use tokio_util::io::poll_read_buf;

/// The largest head, in bytes: the decoder's own bound.
const MOST: usize = 131_072;
/// How much is read at once, in bytes.
const PIECE: usize = 8_192;
/// A head that is longer is looked at again only where a line of it has ended: for each byte it would cost gigabytes.
const SHORT: usize = 2_048;
/// Where a head that can't be read leads; the word after it says what is wrong with it.
pub(crate) const REFUSED: &str = "/refused";

/// The stream of a connection.
pub(crate) struct Heads<I> {
    stream: I,
    reader: Reader,
}

impl<I> Heads<I> {
    /// Over a connection that has just been taken. The configuration is shared: each has a clock of its own.
    pub(crate) fn new(stream: I, config: &ServiceConfig) -> Heads<I> {
        Heads { stream, reader: Reader::new(config) }
    }
}

struct Reader {
    codec: Codec,
    /// What came and is still to be decoded: part of a head at most.
    came: BytesMut,
    /// What may go on.
    ready: BytesMut,
    /// Whether the message under way was changed.
    is_changed: bool,
    rest: Rest,
}

/// What becomes of the bytes that come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rest {
    Decoded,
    /// They come after the last message and are thrown away.
    Ignored,
    /// The body under way can't be read: the connection ends here.
    CutOff,
}

impl Reader {
    fn new(config: &ServiceConfig) -> Reader {
        let (came, ready) = (BytesMut::new(), BytesMut::new());
        Reader { codec: Codec::new(config.clone()), came, ready, is_changed: false, rest: Rest::Decoded }
    }

    /// Decodes as far as it goes; the last `new` bytes have just come.
    fn take(&mut self, new: usize) {
        while self.rest == Rest::Decoded {
            let is_head = matches!(self.codec.message_type(), MessageType::None);
            if is_head {
                skip_empty_lines(&mut self.came);
                let has_line = || self.came.iter().rev().take(new).any(|byte| *byte == b'\n');
                let may_end = (1..SHORT).contains(&self.came.len()) || self.came.len() >= MOST || has_line();
                if !may_end {
                    return;
                }
                // What begins with no letter is no request: a client that speaks TLS is told at once
                let waits = || self.came.len() < MOST && self.came.first().is_some_and(u8::is_ascii_alphabetic);
                match escape(&self.came) {
                    Target::Escaped(head) => (self.came, self.is_changed) = (head, true),
                    Target::Partial if waits() => return,
                    Target::Partial | Target::Clean => {}
                }
            }
            let (mut left, mut decoded) = (self.came.clone(), 0);
            let is_whole = loop {
                let read = self.codec.decode(&mut left);
                let is_between = matches!(self.codec.message_type(), MessageType::None);
                match read {
                    Err(error) if is_between => {
                        let refused = format!("GET {REFUSED}/{} HTTP/1.1\r\nhost: -\r\nconnection: close\r\n\r\n", word(&error));
                        self.ready.put_slice(refused.as_bytes());
                        self.rest = Rest::Ignored;
                        return;
                    }
                    // What came of the body before it shows that the end is missing
                    Err(_) => {
                        self.rest = Rest::CutOff;
                        break false;
                    }
                    Ok(message) => {
                        decoded = self.came.len() - left.len();
                        if message.is_none() || is_between {
                            break message.is_some();
                        }
                    }
                }
            };
            self.ready.unsplit(self.came.split_to(decoded));
            if !is_whole {
                return;
            }
            if self.is_changed {
                self.rest = Rest::Ignored;
            }
        }
        self.came.clear();
    }
}

/// Empty lines before a head count for nothing.
fn skip_empty_lines(came: &mut BytesMut) {
    loop {
        let line = match came.as_ref() {
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => return,
        };
        came.advance(line);
    }
}

/// The target of a head.
enum Target {
    /// Its line has not come to its end.
    Partial,
    /// It can be read as it is.
    Clean,
    /// The head with an escaped one. Its connection is then to be closed after the answer.
    Escaped(BytesMut),
}

/// Escapes in a head's target what `http` refuses, and `#`, after which it would drop the rest.
fn escape(came: &[u8]) -> Target {
    let is_refused = |byte: &u8| matches!(byte, b'"' | b'#' | b'<' | b'>' | b'`' | 0x80..);
    let Some(end) = came.iter().position(|byte| *byte == b'\n') else { return Target::Partial };
    let (line, headers) = came.split_at(end + 1);
    let mut words = line.splitn(3, |byte| *byte == b' ');
    let (Some(method), Some(target), Some(version)) = (words.next(), words.next(), words.next()) else { return Target::Clean };
    if !target.iter().any(is_refused) {
        return Target::Clean;
    }
    let mut head = BytesMut::with_capacity(came.len() + 2 * target.len() + 32);
    head.put_slice(method);
    head.put_u8(b' ');
    for byte in target {
        if is_refused(byte) { head.put_slice(format!("%{byte:02X}").as_bytes()) } else { head.put_u8(*byte) }
    }
    head.put_u8(b' ');
    head.put_slice(version);
    // The first of its name wins
    head.put_slice(b"connection: close\r\n");
    head.put_slice(headers);
    Target::Escaped(head)
}

/// What is wrong with a head.
fn word(error: &ParseError) -> &'static str {
    match error {
        ParseError::Uri(_) => "target",
        ParseError::Version => "line",
        ParseError::TooLarge => "size",
        _ => "head",
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Heads<I> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let Heads { stream, reader } = self.get_mut();
        while reader.ready.is_empty() && reader.rest != Rest::CutOff {
            reader.came.reserve(PIECE);
            match ready!(poll_read_buf(Pin::new(&mut *stream), cx, &mut reader.came))? {
                0 => break,
                new => reader.take(new),
            }
        }
        let fits = reader.ready.len().min(out.remaining());
        out.put_slice(&reader.ready.split_to(fits));
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Heads<I> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    thread_local! {
        // Its clock wants a runtime
        static CONFIG: ServiceConfig = actix_web::rt::System::new().block_on(async { ServiceConfig::default() });
    }

    /// What goes on of these bytes, coming in pieces of these lengths.
    fn passed(bytes: &[u8], pieces: &[usize]) -> Vec<u8> {
        read(bytes, pieces).ready.to_vec()
    }

    fn read(bytes: &[u8], pieces: &[usize]) -> Reader {
        let (mut reader, mut rest, mut pieces) = (CONFIG.with(Reader::new), bytes, pieces.iter().cycle());
        while !rest.is_empty() {
            let (piece, more) = rest.split_at((*pieces.next().unwrap()).clamp(1, rest.len()));
            reader.came.extend_from_slice(piece);
            reader.take(piece.len());
            rest = more;
        }
        reader
    }

    fn refusal(word: &str) -> Vec<u8> {
        format!("GET {REFUSED}/{word} HTTP/1.1\r\nhost: -\r\nconnection: close\r\n\r\n").into_bytes()
    }

    #[test]
    fn what_can_be_read_goes_on_as_it_came() {
        for bytes in [
            &b"GET /api/res.partner/?query={id}&filter=[[%22id%22,%22=%22,1]] HTTP/1.1\r\nHost: hub\r\nX: \"<\xe9>\"\r\n\r\n"[..],
            b"POST /a HTTP/1.1\nHost: hub\nContent-Length: 21\n\nGET /\"< HTTP/1.1\r\n\r\n\xffGET / HTTP/1.0\r\n\r\n",
            b"POST /a HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n12;\"<\">\r\nGET /\"< HTTP/1.1\r\n\r\n0\r\n\r\nGET /b HTTP/1.1\r\nHost: hub\r\n\r\n",
            b"CONNECT hub:80 HTTP/1.1\r\nHost: hub\r\n\r\nGET /\"< HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: hub\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nGET /\"< HTTP/1.1\r\n\r\n",
            b"GET http://hub/a?b=%C3%A9 HTTP/1.1\r\nHost: hub\r\nExpect: 100-continue\r\n\r\n",
        ] {
            for pieces in [&[1][..], &[8_192], &[3, 7, 1]] {
                assert_eq!(passed(bytes, pieces), bytes, "{}", bytes.escape_ascii());
            }
        }
    }

    #[test]
    fn a_target_is_escaped_wherever_it_comes_and_nothing_comes_after_it() {
        let clean = "POST /auth HTTP/1.1\r\nHost: hub\r\nContent-Length: 2\r\n\r\n{}";
        for (raw, escaped) in [
            (r#"/?filter=[["id","=",1]]"#, "/?filter=[[%22id%22,%22=%22,1]]"),
            ("/?a=Béjaïa<>`#x", "/?a=B%C3%A9ja%C3%AFa%3C%3E%60%23x"),
            (r#"http://hub/"x"?100%""#, "http://hub/%22x%22?100%%22"),
        ] {
            for (version, body) in [("HTTP/1.1\r\n", "Content-Length: 9\r\n\r\n\"<body>\"\n"), ("HTTP/1.0\n", "\n")] {
                let raw =
                    format!("\r\n{clean}GET {raw} {version}Host: \"<hub>\"\r\nConnection: keep-alive\r\n{body}GET /\" HTTP/1.1\r\n\r\n");
                let escaped =
                    format!("{clean}GET {escaped} {version}connection: close\r\nHost: \"<hub>\"\r\nConnection: keep-alive\r\n{body}");
                for pieces in [&[1][..], &[8_192], &[5, 40]] {
                    assert_eq!(String::from_utf8(passed(raw.as_bytes(), pieces)).unwrap(), escaped);
                }
            }
        }
    }

    #[test]
    fn what_cant_be_read_asks_for_its_refusal() {
        let many = format!("GET / HTTP/1.1\r\nHost: hub\r\n{}\r\n", "a: b\r\n".repeat(100));
        let long = format!("GET / HTTP/1.1\r\nHost: hub\r\na: {}", "b".repeat(MOST));
        let target = format!("GET /{} HTTP/1.1\r\nHost: hub\r\n\r\n", "\"".repeat(30_000));
        for (bytes, word) in [
            (&b"GET /a b HTTP/1.1\r\nHost: hub\r\n\r\n"[..], "line"),
            (b"GET / HTTP/2.0\r\n\r\n", "line"),
            (b"GET http:///a HTTP/1.1\r\nHost: hub\r\n\r\n", "target"),
            (b"\x16\x03\x01\x02\x00\x01\x00", "head"),
            (b"GET / HTTP/1.1\r\n\r\n", "head"),
            (b"GET / HTTP/1.1\r\nHost: hub\r\nHost: hub\r\n\r\n", "head"),
            (b"GET /\" HTTP/1.1\r\n folded\r\nHost: hub\r\n\r\n", "head"),
            (b"POST / HTTP/1.1\r\nHost: hub\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", "head"),
            (b"POST / HTTP/1.1\r\nHost: hub\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na", "head"),
            (b"POST / HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: gzip, chunked\r\n\r\na", "head"),
            (b"POST / HTTP/1.0\r\nHost: hub\r\n\r\n", "head"),
            (many.as_bytes(), "size"),
            (long.as_bytes(), "size"),
            (target.as_bytes(), "target"),
        ] {
            for pieces in [&[1][..], &[8_192]] {
                assert_eq!(passed(bytes, pieces), refusal(word), "{}", bytes.get(..bytes.len().min(80)).unwrap().escape_ascii());
            }
        }
        let body = b"POST / HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\nnone\r\nGET / HTTP/1.1\r\n\r\n";
        assert_eq!(read(body, &[1]).rest, Rest::CutOff, "a body that can't be read ends the connection");
    }

    #[derive(Clone, Debug)]
    struct Message {
        target: Vec<u8>,
        header: Vec<u8>,
        body: Option<Vec<u8>>,
        chunk: Option<usize>,
    }

    /// Bytes that would be a head, if somebody mistook them for one.
    fn bait() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40),
            Just(b"\r\n\r\nGET /\"x\" HTTP/1.1\r\nHost: hub\r\n\r\n".to_vec()),
            Just(b"0\r\n\r\nPUT /<\xc3\xa9> HTTP/1.1\r\nContent-Length: 5\r\n\r\n".to_vec()),
        ]
    }

    fn message() -> impl Strategy<Value = Message> {
        let target = proptest::collection::vec((0x21..=0xff_u8).prop_filter("no target", |byte| *byte != 0x7f), 0..30);
        let header = proptest::collection::vec(prop_oneof![0x20..=0x7e_u8, 0x80..=0xff_u8], 0..20);
        let body = proptest::option::of(bait());
        (target, header, body, proptest::option::of(1..20_usize)).prop_map(|(target, header, body, chunk)| Message {
            // Bytes above ASCII were mostly letters
            target: if target.len() % 3 == 0 { target } else { target.iter().map(|byte| byte % 26 + b'a').collect() },
            header,
            body,
            chunk,
        })
    }

    impl Message {
        /// As a client writes it, and as it must go on.
        fn written(&self, is_escaped: bool) -> Vec<u8> {
            let mut bytes = b"POST /".to_vec();
            let dirty = self.is_dirty();
            for byte in &self.target {
                if is_escaped && (b"\"#<>`".contains(byte) || !byte.is_ascii()) {
                    bytes.extend(format!("%{byte:02X}").into_bytes());
                } else {
                    bytes.push(*byte);
                }
            }
            bytes.extend(b" HTTP/1.1\r\n");
            if is_escaped && dirty {
                bytes.extend(b"connection: close\r\n");
            }
            bytes.extend([b"Host: hub\r\nX: ", self.header.as_slice(), b"\r\n"].concat());
            match (&self.body, self.chunk) {
                (None, _) => bytes.extend(b"\r\n"),
                (Some(body), None) => bytes.extend([format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()),
                (Some(body), Some(size)) => {
                    bytes.extend(b"Transfer-Encoding: chunked\r\n\r\n");
                    for chunk in body.chunks(size) {
                        bytes.extend([format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
                    }
                    bytes.extend(b"0\r\n\r\n");
                }
            }
            bytes
        }

        fn is_dirty(&self) -> bool {
            self.target.iter().any(|byte| b"\"#<>`".contains(byte) || !byte.is_ascii())
        }
    }

    proptest! {
        #[test]
        fn every_message_goes_on_whole_up_to_the_first_that_was_changed(
            messages in proptest::collection::vec(message(), 1..6),
            pieces in proptest::collection::vec(1..200_usize, 1..8),
        ) {
            let sent: Vec<u8> = messages.iter().flat_map(|message| message.written(false)).collect();
            let last = messages.iter().position(Message::is_dirty).map_or(messages.len(), |at| at + 1);
            let due: Vec<u8> = messages.iter().take(last).flat_map(|message| message.written(true)).collect();
            prop_assert_eq!(passed(&sent, &pieces).escape_ascii().to_string(), due.escape_ascii().to_string());
        }

        #[test]
        fn whatever_comes_and_however_it_is_cut_the_same_goes_on_and_can_be_read(
            parts in proptest::collection::vec(prop_oneof![bait(), message().prop_map(|message| message.written(false))], 0..6),
            pieces in proptest::collection::vec(1..60_usize, 1..8),
        ) {
            let bytes = parts.concat();
            let (whole, cut) = (read(&bytes, &[usize::MAX]), read(&bytes, &pieces));
            prop_assert_eq!(cut.rest, whole.rest);
            // Of a body that can't be read more may have gone on before it was seen
            prop_assert!(cut.ready.starts_with(&whole.ready), "{} {}", cut.ready.escape_ascii(), whole.ready.escape_ascii());
            prop_assert!(cut.ready == whole.ready || whole.rest == Rest::CutOff);
            // The decoder after it reads all of it
            let (mut codec, mut left) = (CONFIG.with(Reader::new).codec, cut.ready.clone());
            while let Some(_message) = codec.decode(&mut left).unwrap() {}
            prop_assert!(left.is_empty(), "{}", left.escape_ascii());
        }
    }
}
