//! What the doors are told by the environment.

process::settings! {
    /// What the doors do.
    pub struct GatewayConfig {
        /// The one database's name, as clients know it.
        db_name: String = "echange",
        /// `true`: errors tell their HTTP status; `odoo`: errors on /api, /auth and /object come with 200, as Odoo's do.
        error_status: ErrorStatus = "true",
        /// Whether a session may come as a parameter, the seed's way.
        session_param: bool = "true",
        /// Whether the session's cookie is for https only.
        cookie_secure: bool = "true",
        /// Pages of these origins may call the API from a browser.
        cors_origins: Vec<String> = ",",
        /// Proxies whose X-Forwarded-For tells the caller's address: addresses, or networks as 10.0.0.0/8.
        trusted_proxies: Vec<String> = ",",
        /// How much of their bodies those may have sent together who are not known yet, in bytes, a process.
        strangers_bytes: usize = "67108864",
        /// Where the console's process is, whose pages stand at / and under /web; without it there are none.
        console_url: Option<String>,
        /// The hub's address as clients see it.
        web_base_url: String = "http://127.0.0.1:8069",
    }
}

/// How errors on the add-on's routes tell their status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorStatus {
    /// The truth.
    True,
    /// Always 200.
    Odoo,
}

/// A list's items without blanks around them; an empty one is no item.
pub fn named(list: &[String]) -> Vec<String> {
    list.iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
}
