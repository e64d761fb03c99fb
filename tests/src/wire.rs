//! A wire between two programs, as networks are: its far end can move, it can be cut, and it can go silent.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What becomes of the bytes that have just come from the near end.
pub enum Fate {
    /// They go on.
    Pass,
    /// They go on, and nothing comes back: the connection is cut.
    PassThenCut,
}

type Judge = dyn Fn(&[u8]) -> Fate + Send + Sync;

/// A port of this machine that leads elsewhere.
pub struct Wire {
    /// The port of 127.0.0.1.
    pub port: u16,
    inner: Arc<Inner>,
}

struct Inner {
    targets: Mutex<Vec<String>>,
    next: AtomicUsize,
    cuts: watch::Sender<usize>,
    silent: watch::Sender<bool>,
    judge: Box<Judge>,
}

impl Wire {
    /// To `host:port`; to several, a connection each in turn.
    pub async fn to(targets: &[&str]) -> Wire {
        Wire::judged(targets, |_| Fate::Pass).await
    }

    /// The same with a say in what passes.
    pub async fn judged(targets: &[&str], judge: impl Fn(&[u8]) -> Fate + Send + Sync + 'static) -> Wire {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let inner = Arc::new(Inner {
            targets: Mutex::default(),
            next: AtomicUsize::new(0),
            cuts: watch::Sender::new(0),
            silent: watch::Sender::new(false),
            judge: Box::new(judge),
        });
        let wire = Wire { port, inner };
        wire.lead_to(targets);
        let inner = wire.inner.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let inner = inner.clone();
                tokio::spawn(async move {
                    let mut cuts = inner.cuts.subscribe();
                    tokio::select! { () = inner.join(near) => {}, _ = cuts.changed() => {} }
                });
            }
        });
        wire
    }

    /// From now on it leads there; connections that stand stay. Nowhere: it closes each at once.
    pub fn lead_to(&self, targets: &[&str]) {
        *self.inner.targets.lock().unwrap() = targets.iter().map(|target| (*target).to_owned()).collect();
    }

    /// Ends every connection.
    pub fn cut(&self) {
        self.inner.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// While it is silent, connections stand and nothing passes.
    pub fn silence(&self, silent: bool) {
        self.inner.silent.send_replace(silent);
    }
}

impl Inner {
    /// The first far end that takes the connection, each having its turn.
    async fn far_end(&self) -> Option<TcpStream> {
        let mut targets = self.targets.lock().unwrap().clone();
        let turn = self.next.fetch_add(1, Ordering::Relaxed).checked_rem(targets.len())?;
        targets.rotate_left(turn);
        for target in targets {
            if let Ok(far) = TcpStream::connect(target).await {
                return Some(far);
            }
        }
        None
    }

    async fn join(&self, near: TcpStream) {
        let Some(far) = self.far_end().await else { return };
        let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
        let pass = |_: &[u8]| Fate::Pass;
        // Each way ends by itself, as a half-closed connection does; a cut ends both
        let both = async { tokio::join!(self.copy(from_near, to_far, &*self.judge), self.copy(from_far, to_near, &pass)) };
        tokio::pin!(both);
        let mut cuts = self.cuts.subscribe();
        tokio::select! { _ = &mut both => {}, _ = cuts.changed() => {} }
    }

    async fn copy(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, judge: &Judge) {
        let mut silent = self.silent.subscribe();
        let mut bytes = vec![0; 65_536];
        while let Ok(read @ 1..) = from.read(&mut bytes).await {
            silent.wait_for(|silent| !silent).await.unwrap();
            let fate = judge(&bytes[..read]);
            if to.write_all(&bytes[..read]).await.is_err() {
                return;
            }
            if let Fate::PassThenCut = fate {
                self.cuts.send_modify(|cuts| *cuts += 1);
                return;
            }
        }
    }
}
