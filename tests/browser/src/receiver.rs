//! A bank's platform: takes what the hub pushes, and answers as it is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::Result;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The platform; gone with this.
pub struct Receiver {
    /// Its base URL.
    pub url: String,
    status: Arc<AtomicU16>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// One that answers with this status.
    pub async fn answering(status: u16) -> Result<Receiver> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let status = Arc::new(AtomicU16::new(status));
        let answers = status.clone();
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, answers.clone()));
            }
        });
        Ok(Receiver { url, status, task })
    }

    /// What it answers from now on.
    pub fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(socket: TcpStream, status: Arc<AtomicU16>) -> std::io::Result<()> {
    let mut socket = BufReader::new(socket);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if socket.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(told) = line.strip_prefix("content-length:") {
                length = told.trim().parse().unwrap_or(0);
            }
        }
        socket.read_exact(&mut vec![0; length]).await?;
        let status = status.load(Ordering::SeqCst);
        let body = if status < 300 { "{}" } else { "<script>alert('the platform')</script> not taken" };
        let answer = format!("HTTP/1.1 {status} Told\r\ncontent-length: {}\r\ncontent-type: text/plain\r\n\r\n{body}", body.len());
        socket.get_mut().write_all(answer.as_bytes()).await?;
    }
}
