//! A bank's platform, as the hub's pushes meet it: a real HTTP server that keeps what it was sent and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::{Session, Stand, id, until};

/// A secret for platforms of tests.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Names a bank's platform at this address; its id.
pub async fn platform_of(admin: &Session<'_>, bank: &str, url: &str) -> i64 {
    id(&admin.create("ek.platform", json!({"name": bank, "base_url": url, "secret": SECRET})).await)
}

/// Tells a platform the whole catalogue, as one that has it before a test begins.
pub async fn inform(stand: &Stand, admin: &Session<'_>, platform: i64) {
    assert_eq!(admin.call("ek.platform", platform, "action_full_sync", json!([["product"]])).await.status, 200);
    until("it is synced", async || stand.count("SELECT count(*) AS n FROM sync.ek_sync WHERE state = 'running'").await == 0).await;
    stand.all_told(Duration::from_secs(10)).await;
}

/// A call that came.
#[derive(Clone, Debug)]
pub struct Call {
    /// `POST /api/odoo/products`
    pub line: String,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    /// As it came.
    pub body: String,
}

impl Call {
    /// A header's value.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// What the next calls meet.
#[derive(Clone, Debug)]
pub enum Mood {
    /// A status and header lines.
    Answers(u16, &'static str),
    /// A status and a body.
    Says(u16, Vec<u8>),
    /// Takes the call and never answers.
    Hangs,
    /// Begins to answer, a header a moment, and never ends.
    Drips,
    /// Closes the connection.
    Resets,
    /// Answers 200 with a body of so many bytes.
    Floods(usize),
}

/// The platform.
pub struct Platform {
    /// Its base URL.
    pub url: String,
    calls: Arc<Mutex<Vec<Call>>>,
    moods: Arc<Mutex<VecDeque<Mood>>>,
    usual: Arc<Mutex<Mood>>,
    came: watch::Receiver<usize>,
}

impl Platform {
    /// One that answers 200.
    pub async fn new() -> Platform {
        Platform::at("127.0.0.1:0").await
    }

    /// The same at an address.
    pub async fn at(address: &str) -> Platform {
        let listener = TcpListener::bind(address).await.unwrap_or_else(|error| panic!("{address}: {error}"));
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
        let moods: Arc<Mutex<VecDeque<Mood>>> = Arc::default();
        let usual = Arc::new(Mutex::new(Mood::Answers(200, "")));
        let (sender, came) = watch::channel(0);
        let shared = (calls.clone(), moods.clone(), usual.clone());
        tokio::spawn(async move {
            let sender = Arc::new(sender);
            while let Ok((socket, _)) = listener.accept().await {
                let (calls, moods, usual) = shared.clone();
                let sender = sender.clone();
                tokio::spawn(async move { drop(serve(socket, &calls, &moods, &usual, &sender).await) });
            }
        });
        Platform { url, calls, moods, usual, came }
    }

    /// What it meets from now on.
    pub fn usually(&self, mood: Mood) {
        *self.usual.lock().unwrap() = mood;
    }

    /// What the next call meets, after those already said.
    pub fn next(&self, mood: Mood) {
        self.moods.lock().unwrap().push_back(mood);
    }

    /// Everything that came so far.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// How many calls came so far.
    pub fn heard(&self) -> usize {
        *self.came.borrow()
    }

    /// The n-th call, from 0; waits until it came.
    pub async fn call(&self, n: usize) -> Call {
        let mut came = self.came.clone();
        came.wait_for(|count| *count > n).await.unwrap();
        self.calls().swap_remove(n)
    }

    /// Waits until a call like this came; answers the first.
    pub async fn hears(&self, what: &str, like: impl Fn(&Call) -> bool) -> Call {
        let mut came = self.came.clone();
        let found = tokio::time::timeout(Duration::from_secs(30), async {
            loop {
                came.borrow_and_update();
                if let Some(call) = self.calls().into_iter().find(|call| like(call)) {
                    return call;
                }
                came.changed().await.unwrap();
            }
        });
        found.await.unwrap_or_else(|_| panic!("never heard: {what}; came: {:#?}", self.calls()))
    }
}

async fn serve(
    mut socket: TcpStream,
    calls: &Mutex<Vec<Call>>,
    moods: &Mutex<VecDeque<Mood>>,
    usual: &Mutex<Mood>,
    came: &watch::Sender<usize>,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    while let Some(call) = read_call(&mut socket, &mut bytes).await? {
        calls.lock().unwrap().push(call);
        came.send_modify(|n| *n += 1);
        let mood = moods.lock().unwrap().pop_front().unwrap_or_else(|| usual.lock().unwrap().clone());
        match mood {
            Mood::Answers(status, lines) => {
                socket.write_all(format!("HTTP/1.1 {status} Said\r\n{lines}content-length: 0\r\n\r\n").as_bytes()).await?;
            }
            Mood::Says(status, body) => {
                socket.write_all(format!("HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes()).await?;
                socket.write_all(&body).await?;
            }
            Mood::Hangs => std::future::pending::<()>().await,
            Mood::Drips => {
                socket.write_all(b"HTTP/1.1 200 OK\r\n").await?;
                loop {
                    socket.write_all(b"x-more: to come\r\n").await?;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
            Mood::Resets => return Ok(()),
            Mood::Floods(size) => {
                socket.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {size}\r\n\r\n").as_bytes()).await?;
                for _ in 0..size / 65_536 + 1 {
                    socket.write_all(&[b'x'; 65_536]).await?;
                }
            }
        }
    }
    Ok(())
}

/// The next call of a connection; none when its other end has closed it. `bytes` are those that came and were not read yet.
pub async fn read_call(socket: &mut TcpStream, bytes: &mut Vec<u8>) -> std::io::Result<Option<Call>> {
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if socket.read_buf(bytes).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let line = lines.next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
    let headers: Vec<(String, String)> =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let length: usize = headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    while bytes.len() < end + length {
        if socket.read_buf(bytes).await? == 0 {
            return Ok(None);
        }
    }
    let body = String::from_utf8_lossy(&bytes[end..end + length]).into_owned();
    bytes.drain(..end + length);
    Ok(Some(Call { line, headers, body }))
}
