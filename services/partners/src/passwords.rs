//! Password hashes, argon2id, made and checked on threads of their own.
//!
//! The threads are few and run at a lower priority, so that a storm of log-ins takes what reads leave over; what waits is
//! bounded, and nobody has more than a [`Turn`] or two, so that a storm of one's log-ins keeps nobody else waiting. Source of the parameters: OWASP's password storage cheat sheet (7 MiB, 5 passes, 1 lane is one of its equals).

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use jsonrpc::Fault;
use service::shares::{Share, Shares};
use tokio::sync::{Semaphore, oneshot};

/// KiB, passes, lanes.
const COST: (u32, u32, u32) = (7 * 1024, 5, 1);
/// How many passwords may be at the threads or wait for them.
const WAITING: usize = 64;
/// How many of them are one's. Fewer than a budget of failures: what is being judged counts as failed.
const ONES: usize = 2;
/// How long one waits for either.
const WAITS: Duration = Duration::from_secs(5);
/// How much lower than the rest of the process the threads run.
const NICE: i32 = 10;
/// The longest password, in bytes: hashing must not be a way to keep us busy.
pub const MAX_LENGTH: usize = 1_024;

/// Somebody's turn to have passwords hashed or checked.
pub type Turn = Share<String>;
type Work = Box<dyn FnOnce(&Argon2<'static>) + Send>;

/// The threads.
#[derive(Clone)]
pub struct Passwords {
    work: SyncSender<Work>,
    turns: Shares<String>,
    places: Arc<Semaphore>,
    /// A hash that no password has: an unknown user costs what a known one costs.
    dummy: Arc<str>,
}

impl Passwords {
    /// Starts the threads; 0 takes as many as cores: they run at a lower priority.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(threads: usize) -> anyhow::Result<Passwords> {
        let threads = match threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            given => given,
        };
        let params =
            Params::new(COST.0, COST.1, COST.2, None).map_err(|error| anyhow::anyhow!("argon2 refuses its parameters: {error}"))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let dummy = argon2.hash_password(&rand::random::<[u8; 32]>()).map_err(|error| anyhow::anyhow!("argon2: {error}"))?.to_string();
        let (work, queue) = sync_channel::<Work>(WAITING);
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..threads {
            let (queue, argon2) = (queue.clone(), argon2.clone());
            std::thread::Builder::new()
                .name(format!("password-{number}"))
                .spawn(move || serve(&queue, &argon2))
                .context("no thread for passwords")?;
        }
        let (turns, places) = (Shares::of_each("log-ins", ONES), Arc::new(Semaphore::new(WAITING)));
        Ok(Passwords { work, turns, places, dummy: dummy.into() })
    }

    /// A turn for somebody, whatever they are known by here.
    ///
    /// # Errors
    /// 429 where one's own take too long.
    pub async fn turn(&self, whose: &str) -> Result<Turn, Fault> {
        self.turns.take(whose.to_owned(), WAITS).await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Argon2<'static>) -> T + Send + 'static) -> Result<T, Fault> {
        let busy = || Fault::unavailable("Too many log-ins at once. Try again.");
        let Ok(Ok(place)) = tokio::time::timeout(WAITS, self.places.clone().acquire_owned()).await else { return Err(busy()) };
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move |argon2| {
            // It is worked at even where its caller has left
            let _place = place;
            drop(answer.send(work(argon2)));
        });
        match self.work.try_send(work) {
            Ok(()) => answered.await.map_err(|_gone| Fault::unavailable("Passwords can't be checked now. Try again.")),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(busy()),
        }
    }

    /// The hash of a password, in PHC's text form.
    ///
    /// # Errors
    /// 503 when too many wait.
    pub async fn hash(&self, _turn: &Turn, password: String) -> Result<String, Fault> {
        let hashed = self.run(move |argon2| argon2.hash_password(password.as_bytes()).map(|hash| hash.to_string())).await?;
        hashed.map_err(|error| {
            tracing::error!(%error, "a password could not be hashed");
            Fault::internal("see the log")
        })
    }

    /// Whether a password has this hash. Without a hash it takes as long, and is wrong.
    ///
    /// # Errors
    /// 503 when too many wait.
    pub async fn verify(&self, _turn: &Turn, password: String, hash: Option<String>) -> Result<bool, Fault> {
        let dummy = self.dummy.clone();
        self.run(move |argon2| {
            let text = hash.as_deref().unwrap_or(&dummy);
            let right = PasswordHash::new(text).is_ok_and(|hash| argon2.verify_password(password.as_bytes(), &hash).is_ok());
            right && hash.is_some()
        })
        .await
    }
}

fn serve(queue: &Mutex<Receiver<Work>>, argon2: &Argon2<'static>) {
    // On Linux this is the thread's own; where it is refused, passwords are as urgent as the rest
    rustix::process::nice(NICE).ok();
    loop {
        let next = match queue.lock() {
            Ok(queue) => queue.recv(),
            Err(_) => return,
        };
        match next {
            Ok(work) => work(argon2),
            Err(_) => return,
        }
    }
}
