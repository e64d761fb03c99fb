//! Signed identities between processes: JWT, EdDSA, at most a minute old.
//!
//! Every process has a key of its own and knows the others' public keys by `kid`. Identities of users are taken from the
//! gateway alone, a service's from that service alone; the algorithm is pinned, the audience is the service that is called.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::Identity;
use jsonrpc::Fault;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};

/// How long a signed identity is good for, in seconds.
pub const LIFETIME: u64 = 60;
/// How far two machines' clocks may be apart, in seconds.
const SKEW: u64 = 30;
/// The only process that speaks for users.
pub const GATEWAY: &str = "gateway";
/// How many verified tokens are remembered: verifying one costs 40 µs.
const REMEMBERED: u64 = 10_000;

/// Who a call comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A user, whose session or key the gateway has seen.
    User(Arc<Identity>),
    /// A process of ours, by its name.
    Service(String),
}

#[derive(Clone, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    user: Option<Identity>,
}

/// A process's own key, and what it knows of the others'.
#[derive(Clone)]
pub struct Keyring {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    kid: String,
    signing: EncodingKey,
    /// Public keys by `kid`, with the process that has the private one.
    known: HashMap<String, (String, DecodingKey)>,
    verified: Cache<Arc<str>, (u64, Caller)>,
    own: Cache<&'static str, Arc<str>>,
}

/// A fresh private key (PKCS#8, base64) and its public half (base64), as the configuration takes them.
///
/// # Errors
/// When the system gives no randomness.
pub fn generate() -> anyhow::Result<(String, String)> {
    let document = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new())
        .map_err(|_unspecified| anyhow::anyhow!("no key could be made"))?;
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).map_err(|_unspecified| anyhow::anyhow!("the key just made can't be read"))?;
    Ok((BASE64.encode(document.as_ref()), BASE64.encode(pair.public_key().as_ref())))
}

fn now() -> u64 {
    // By a clock before 1970 nobody's identity is good: it was made in the future
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl Keyring {
    /// Whose keys these are.
    pub fn service(&self) -> &str {
        &self.inner.name
    }

    /// For the process `name`, with its private key and the others' public keys, each `kid=name:base64`.
    ///
    /// # Errors
    /// Tells which key can't be read, never what it is.
    pub fn new(name: &str, private: &str, public: &[String]) -> anyhow::Result<Keyring> {
        let der = BASE64.decode(private.trim()).context("IDENTITY_KEY is no base64")?;
        let pair = Ed25519KeyPair::from_pkcs8(&der).map_err(|_unspecified| anyhow::anyhow!("IDENTITY_KEY is no Ed25519 key in PKCS#8"))?;
        let own = BASE64.encode(pair.public_key().as_ref());
        let mut known = HashMap::new();
        let mut kid = None;
        for entry in public.iter().map(|entry| entry.trim()).filter(|entry| !entry.is_empty()) {
            let (id, issuer, key) = entry
                .split_once('=')
                .and_then(|(id, rest)| rest.split_once(':').map(|(issuer, key)| (id, issuer, key)))
                .with_context(|| format!("IDENTITY_PUBLIC_KEYS: '{entry}' is not kid=service:base64"))?;
            let bytes = BASE64.decode(key).with_context(|| format!("IDENTITY_PUBLIC_KEYS: the key of '{id}' is no base64"))?;
            if issuer == name && key == own {
                kid = Some(id.to_owned());
            }
            known.insert(id.to_owned(), (issuer.to_owned(), DecodingKey::from_ed_der(&bytes)));
        }
        let kid = kid.with_context(|| format!("IDENTITY_PUBLIC_KEYS lacks the public half of IDENTITY_KEY for '{name}'"))?;
        Ok(Keyring {
            inner: Arc::new(Inner {
                name: name.to_owned(),
                kid,
                signing: EncodingKey::from_ed_der(&der),
                known,
                verified: Cache::builder().max_capacity(REMEMBERED).time_to_live(Duration::from_secs(LIFETIME)).build(),
                own: Cache::builder().max_capacity(64).time_to_live(Duration::from_secs(LIFETIME / 2)).build(),
            }),
        })
    }

    /// Keys for all processes of one machine or one process, made now and kept in memory: one keyring a name.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn ring(names: &[&str]) -> anyhow::Result<HashMap<String, Keyring>> {
        let (private, public) = make_ring(names)?;
        private.into_iter().map(|(name, key)| Ok((name.clone(), Keyring::new(&name, &key, &public)?))).collect()
    }

    fn sign(&self, claims: &Claims) -> Result<Arc<str>, Fault> {
        let header = Header { kid: Some(self.inner.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, claims, &self.inner.signing).map(Arc::from).map_err(|error| {
            tracing::error!(%error, "an identity could not be signed");
            Fault::internal("see the log")
        })
    }

    fn claims(&self, audience: &str, user: Option<Identity>) -> Claims {
        let sub = user.as_ref().map_or_else(|| format!("service:{}", self.inner.name), |user| user.uid.to_string());
        Claims { iss: self.inner.name.clone(), aud: audience.to_owned(), sub, exp: now() + LIFETIME, user }
    }

    /// A user's identity for one service.
    ///
    /// # Errors
    /// 500 when it can't be signed.
    pub fn user_token(&self, audience: &str, identity: &Identity) -> Result<Arc<str>, Fault> {
        self.sign(&self.claims(audience, Some(identity.clone())))
    }

    /// This process's own identity for one service; signed twice a minute at most.
    ///
    /// # Errors
    /// 500 when it can't be signed.
    pub fn own_token(&self, audience: &'static str) -> Result<Arc<str>, Fault> {
        if let Some(token) = self.inner.own.get(audience) {
            return Ok(token);
        }
        let token = self.sign(&self.claims(audience, None))?;
        self.inner.own.insert(audience, token.clone());
        Ok(token)
    }

    /// Who a token speaks for, if it was signed for this process by one that may.
    ///
    /// # Errors
    /// 401 for any other token.
    pub fn verify(&self, token: &Arc<str>) -> Result<Caller, Fault> {
        if let Some((exp, caller)) = self.inner.verified.get(token)
            && exp > now()
        {
            return Ok(caller);
        }
        let (exp, caller) = self.verify_signature(token)?;
        self.inner.verified.insert(token.clone(), (exp, caller.clone()));
        Ok(caller)
    }

    fn verify_signature(&self, token: &str) -> Result<(u64, Caller), Fault> {
        let kid = jsonwebtoken::decode_header(token).ok().and_then(|header| header.kid).ok_or_else(Fault::session_expired)?;
        let (issuer, key) = self.inner.known.get(&kid).ok_or_else(Fault::session_expired)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[&self.inner.name]);
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        validation.leeway = SKEW;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation).map_err(|error| match error.kind() {
            // Ours are sent as soon as they are signed: no session has ended, a clock is wrong
            ErrorKind::ExpiredSignature | ErrorKind::ImmatureSignature => {
                tracing::error!(issuer, "an identity came from another time: the clocks of two machines differ by a minute or more");
                Fault::unavailable("The hub's clocks differ. Try again.")
            }
            _ => Fault::session_expired(),
        })?;
        let claims = claims.claims;
        if claims.exp > now() + LIFETIME + SKEW {
            tracing::error!(issuer, "an identity was signed for longer than a minute");
            return Err(Fault::session_expired());
        }
        let caller = match claims.user {
            Some(user) if issuer == GATEWAY => Caller::User(Arc::new(user)),
            None if claims.sub == format!("service:{issuer}") => Caller::Service(issuer.clone()),
            _ => return Err(Fault::session_expired()),
        };
        Ok((claims.exp, caller))
    }
}

/// Private keys by name, and the public ones as [`Keyring::new`] takes them.
///
/// # Errors
/// When the system gives no randomness.
pub fn make_ring(names: &[&str]) -> anyhow::Result<(HashMap<String, String>, Vec<String>)> {
    let mut private = HashMap::new();
    let mut public = Vec::new();
    for name in names {
        let (secret, open) = generate()?;
        private.insert((*name).to_owned(), secret);
        public.push(format!("{name}-1={name}:{open}"));
    }
    Ok((private, public))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_users_identity_is_taken_from_the_gateway_for_the_service_called_only() {
        let ring = Keyring::ring(&["gateway", "catalog", "partners"]).unwrap();
        let user = Identity::system();
        let token = ring["gateway"].user_token("catalog", &user).unwrap();
        assert_eq!(ring["catalog"].verify(&token), Ok(Caller::User(Arc::new(user.clone()))));
        assert!(ring["partners"].verify(&token).is_err(), "another audience");
        let forged = ring["partners"].user_token("catalog", &user).unwrap();
        assert!(ring["catalog"].verify(&forged).is_err(), "partners may not speak for users");
        let stranger = Keyring::ring(&["gateway"]).unwrap()["gateway"].user_token("catalog", &user).unwrap();
        assert!(ring["catalog"].verify(&stranger).is_err(), "an unknown key under a known kid");
        assert!(ring["catalog"].verify(&Arc::from("nonsense")).is_err());
    }

    #[test]
    fn a_service_speaks_for_itself() {
        let ring = Keyring::ring(&["gateway", "catalog"]).unwrap();
        let token = ring["gateway"].own_token("catalog").unwrap();
        assert_eq!(ring["catalog"].verify(&token), Ok(Caller::Service("gateway".to_owned())));
    }

    #[test]
    fn an_identity_for_years_is_none() {
        let ring = Keyring::ring(&["gateway", "catalog"]).unwrap();
        let of = |seconds| {
            let claims = Claims { exp: now() + seconds, ..ring["gateway"].claims("catalog", Some(Identity::system())) };
            ring["catalog"].verify(&ring["gateway"].sign(&claims).unwrap())
        };
        assert!(of(LIFETIME).is_ok() && of(LIFETIME + SKEW + 60).is_err() && of(10 * 365 * 86_400).is_err());
    }

    #[test]
    fn another_algorithm_is_refused() {
        let ring = Keyring::ring(&["gateway", "catalog"]).unwrap();
        let claims = ring["gateway"].claims("catalog", Some(Identity::system()));
        let header = Header { kid: Some("gateway-1".into()), ..Header::new(Algorithm::HS256) };
        let token = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(b"x")).unwrap();
        assert!(ring["catalog"].verify(&Arc::from(token)).is_err());
    }
}
