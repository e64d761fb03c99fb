//! How a platform knows that a call is ours: Standard Webhooks 1.0.0, and the keys under which its secret is kept.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::SecretString;
use service::sealing;
use sha2::{Digest, Sha256};

/// The bytes of a secret, `whsec_` and 24 to 64 bytes in base64.
pub fn secret(text: &str) -> Option<Vec<u8>> {
    let bytes = BASE64.decode(text.strip_prefix("whsec_")?).ok()?;
    (24..=64).contains(&bytes.len()).then_some(bytes)
}

/// The value of `webhook-signature`: one signature a secret, over `id.timestamp.body`.
pub fn sign(secrets: &[Vec<u8>], id: &str, timestamp: i64, body: &[u8]) -> String {
    let signed = secrets.iter().map(|secret| {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret));
        context.update(format!("{id}.{timestamp}.").as_bytes());
        context.update(body);
        format!("v1,{}", BASE64.encode(context.sign()))
    });
    signed.collect::<Vec<_>>().join(" ")
}

/// What is kept of a body that a platform was sent: its digest, which is its HMAC-SHA256 under the platform's secret, for the
/// body is personal; and, for platforms that still ask by the bare SHA-256 of a body, that one under the secret too.
pub fn kept_digest(secret: &[u8], body: &str) -> String {
    let bare = domain::hex(&Sha256::digest(body));
    format!("{KEYED}:{}:{}", digest(secret, body), digest(secret, &bare))
}

/// How a kept digest begins that is no bare SHA-256 of the release before.
pub const KEYED: &str = "hmac";

/// HMAC-SHA256 under a platform's secret, in hexadecimal.
pub fn digest(secret: &[u8], text: &str) -> String {
    domain::hex(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), text.as_bytes()).as_ref())
}

/// A digest by a platform's secret, in hexadecimal: what is said of people can't be guessed from it.
pub fn mac(secret: &[u8], parts: &[&[u8]]) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret));
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    }
    domain::hex(context.sign().as_ref())
}

/// The keys that encrypt platforms' secrets.
pub struct Keys(sealing::Keys);

/// Every platform's secrets as they are kept: what they are bound to, and their texts.
pub const SEALED: &str = include_str!("signature/sealed.sql");

/// What a secret's text is bound to.
const OF: &str = "ek.platform";

/// What was on the wire, and what its encrypted text is bound to.
#[derive(Clone, Copy, Debug)]
pub enum Kept {
    /// A body that a platform was sent.
    Sent,
    /// A body that was refused at a door.
    Refused,
}

impl Kept {
    fn of(self) -> &'static str {
        match self {
            Kept::Sent => "ek.attempt",
            Kept::Refused => "ek.request",
        }
    }
}

impl Keys {
    /// From `name:key` (32 bytes in base64), separated by commas.
    ///
    /// # Errors
    /// Tells which entry is wrong, never what it is.
    pub fn parse(text: &SecretString) -> anyhow::Result<Keys> {
        sealing::Keys::parse("PLATFORM_KEYS", text).map(Keys)
    }

    /// A secret's encrypted text; none where the system gives no randomness.
    pub fn seal(&self, secret: &str) -> Option<String> {
        self.0.seal(OF, secret.as_bytes().to_vec())
    }

    /// A body's encrypted text; none where the system gives no randomness.
    pub fn seal_body(&self, kept: Kept, body: &str) -> Option<String> {
        self.0.seal(kept.of(), body.as_bytes().to_vec())
    }

    /// The body in an encrypted text; none where no key of ours opens it, or it is of the other kind.
    pub fn open_body(&self, kept: Kept, text: &str) -> Option<String> {
        String::from_utf8(self.0.open(kept.of(), text)?).ok()
    }

    /// The bytes of the secret in an encrypted text; none where no key of ours opens it.
    pub fn open(&self, text: &str) -> Option<Vec<u8>> {
        secret(std::str::from_utf8(&self.0.open(OF, text)?).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn the_vector_of_standard_webhooks() {
        let secrets = [secret(SECRET).unwrap()];
        let signed = sign(&secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_sealed_opens_with_old_keys_too_and_with_no_other() {
        let key = |byte: u8| BASE64.encode([byte; 32]);
        let old = Keys::parse(&format!("a:{}", key(1)).into()).unwrap();
        let both = Keys::parse(&format!("b:{},a:{}", key(2), key(1)).into()).unwrap();
        let sealed = old.seal(SECRET).unwrap();
        assert_eq!(both.open(&sealed), secret(SECRET));
        assert!(both.seal(SECRET).unwrap().starts_with("b."));
        assert_eq!(Keys::parse(&format!("a:{}", key(3)).into()).unwrap().open(&sealed), None);
        assert!(Keys::parse(&"a:short".to_owned().into()).is_err());
    }
}
