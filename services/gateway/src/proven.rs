//! Passwords that were proven a moment ago: Odoo's RPC sends one with each call, and judging one costs 20 ms of CPU.
//!
//! What is kept is a keyed hash of who claims what; the key is this process's own and is written nowhere. An entry lives for
//! [`KEPT`], and all of them end here as soon as a user is changed through this process.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use aws_lc_rs::hmac;
use jsonrpc::Fault;
use moka::future::Cache;
use partners_contract::{Claimed, Prove};
use sha2::{Digest, Sha256};

use crate::auth::Session;
use crate::callers::Callers;
use crate::services::Services;

/// How long a proof holds: a password that was changed elsewhere is refused everywhere after that.
const KEPT: Duration = Duration::from_secs(20);
/// How many of them.
const MOST: u64 = 10_000;

/// Whose password was proven.
pub struct Proven {
    services: Services,
    callers: Arc<Callers>,
    key: hmac::Key,
    known: Cache<[u8; 32], Arc<Session>>,
}

impl Proven {
    /// None yet.
    pub fn new(services: Services, callers: Arc<Callers>) -> Proven {
        let known = Cache::builder().max_capacity(MOST).time_to_live(KEPT).build();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &rand::random::<[u8; 32]>());
        Proven { services, callers, key, known }
    }

    /// Who somebody is whose password, or key, is right.
    ///
    /// # Errors
    /// 401 for a wrong one, whoever is claimed to be; 429 after too many.
    pub async fn who(&self, request: &HttpRequest, who: Claimed, password: String) -> Result<Arc<Session>, Fault> {
        if password.is_empty() || password.contains('\0') || matches!(&who, Claimed::Login(login) if login.contains('\0')) {
            return Err(Fault::access_denied());
        }
        let proof = self.proof(&who, &password);
        let seen = self.known.try_get_with(proof, async {
            let (address, forwarder) = (self.callers.address(request), self.callers.untrusted_forwarder(request));
            let who = self.services.ask(&Prove { who, password, address, forwarder }, None).await?;
            Ok::<_, Fault>(Arc::new(Session::of(who, self.services.keyring.clone())))
        });
        let session = seen.await.map_err(|fault| Fault::clone(&fault))?;
        process::http::note_user(request, session.who.identity.uid);
        Ok(session)
    }

    /// Ends all of them: a user was changed.
    pub fn forget(&self) {
        self.known.invalidate_all();
    }

    /// A claim's keyed hash; what is hashed has one length, so that no claim is another's beginning.
    fn proof(&self, who: &Claimed, password: &str) -> [u8; 32] {
        let who = match who {
            Claimed::Login(login) => format!("login {}", login.trim()),
            Claimed::Uid(uid) => format!("uid {uid}"),
        };
        let tag = hmac::sign(&self.key, &[Sha256::digest(who), Sha256::digest(password)].concat());
        let mut proof = [0; 32];
        proof.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        proof
    }
}
