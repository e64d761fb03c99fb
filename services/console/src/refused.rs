//! What the hub refused, as a page tells it.

use serde_json::Value;

/// A refusal: what the hub said, or what kept it from saying anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// As HTTP has it.
    pub status: u16,
    /// Odoo's name of the error.
    pub name: String,
    /// In English, as the services say it; [`Words::refusal`](crate::words::Words::refusal) has it in other languages.
    pub message: String,
}

impl Refused {
    /// One of the console's own.
    pub fn of(status: u16, message: &str) -> Refused {
        Refused { status, name: String::new(), message: message.to_owned() }
    }

    /// There is no such page, or not for this user.
    pub fn not_found() -> Refused {
        Refused::of(404, "There is no such page, or it is not for you.")
    }

    /// An answer of the hub's that can't be read: our fault.
    pub fn unread(path: &str, error: &dyn std::fmt::Display) -> Refused {
        let path = path.split('?').next().unwrap_or_default();
        tracing::error!(path, %error, "an answer of the hub's can't be read");
        Refused::of(500, "The hub's answer can't be read. The log tells more.")
    }

    /// What a door answered: the envelope's error, RFC 9457's problem, or a text.
    pub fn read(status: u16, bytes: &[u8]) -> Refused {
        let answer: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
        let error = answer.get("error").unwrap_or(&answer);
        let text = |value: Option<&Value>| value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        let data = error.get("data");
        let name = text(data.and_then(|data| data.get("name"))).or_else(|| text(error.get("name"))).unwrap_or_default();
        let message = text(data.and_then(|data| data.get("message"))).or_else(|| text(error.get("message")));
        let message = message.or_else(|| text(error.get("detail"))).unwrap_or_else(|| format!("The hub answered {status}."));
        // Odoo's doors answer 200 whatever they answer
        let status = match (status, name.as_str()) {
            (200, "odoo.http.SessionExpiredException") => 401,
            (200, "odoo.exceptions.AccessDenied") => 401,
            (200, "odoo.exceptions.AccessError") => 403,
            (200, "odoo.exceptions.MissingError") => 404,
            (200, _) => 422,
            (status, _) => status,
        };
        Refused { status, name, message }
    }

    /// Whether the session has ended.
    pub fn is_nobody(&self) -> bool {
        self.status == 401
    }

    /// Each thing that is wrong, by itself.
    pub fn problems(&self) -> Vec<&str> {
        self.message.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.status, self.message)
    }
}
