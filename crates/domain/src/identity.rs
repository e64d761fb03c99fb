//! Who asks, and which side of the exchange they stand on.

use serde::{Deserialize, Serialize};

/// The side a record or a change comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The hub's own side.
    Odoo,
    /// The platform's side: the integration user and the users of the banks.
    Ekiclik,
}

impl Origin {
    /// As it is stored, and read by clients in `create_by`.
    pub fn as_str(self) -> &'static str {
        match self {
            Origin::Odoo => "odoo",
            Origin::Ekiclik => "ekiclik",
        }
    }

    /// Reads a `create_by` in any of the spellings that the platforms send; nothing means the hub's own side.
    pub fn parse(create_by: &str) -> Option<Origin> {
        match create_by.trim().to_ascii_lowercase().as_str() {
            "ekiclic" | "ekiclik" | "ekiclick" | "ek" => Some(Origin::Ekiclik),
            "odoo" | "" => Some(Origin::Odoo),
            _ => None,
        }
    }
}

/// The platform's roles, rising. They never give rights of the hub's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the platform's own names")]
pub enum Role {
    RoleUser,
    RolePosEk,
    RoleCreditAnalystEk,
    RoleAdmin,
    RoleSuperadmin,
}

impl Role {
    /// Every role, as the platform spells it, lowest first.
    pub const NAMES: &[&str] = &["ROLE_USER", "ROLE_POS_EK", "ROLE_CREDIT_ANALYST_EK", "ROLE_ADMIN", "ROLE_SUPERADMIN"];

    /// Reads a role as the platform spells it.
    pub fn parse(name: &str) -> Option<Role> {
        match name {
            "ROLE_USER" => Some(Role::RoleUser),
            "ROLE_POS_EK" => Some(Role::RolePosEk),
            "ROLE_CREDIT_ANALYST_EK" => Some(Role::RoleCreditAnalystEk),
            "ROLE_ADMIN" => Some(Role::RoleAdmin),
            "ROLE_SUPERADMIN" => Some(Role::RoleSuperadmin),
            _ => None,
        }
    }
}

/// What the rights tables distinguish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// Staff of the hub with `hub_admin`.
    Administrator,
    /// Staff of the hub.
    Staff,
    /// The platform's own user: marked `integration` by an administrator.
    Integration,
    /// A user of the bank with this id, from credit analysts on.
    Bank(i64),
    /// A user of a bank below that: of the leads, orders and goods of one point of sale.
    Clerk {
        /// The bank.
        bank: i64,
        /// The point of sale's code.
        code_pos: &'a str,
    },
    /// A user of a bank below that without a point of sale, or of the platform with neither mark nor bank: sees itself and the
    /// catalogue.
    Outsider,
}

/// A user, as the session that they logged in with proves it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// `res.users` id.
    pub uid: i64,
    /// What they log in with.
    pub login: String,
    /// The user's side.
    pub origin: Origin,
    /// The platform's role, for users of its side.
    pub role: Option<Role>,
    /// The bank they belong to (`res.bank` id).
    pub bank: Option<i64>,
    /// Whether they administer the hub.
    pub hub_admin: bool,
    /// The point of sale that they work at. This and what follows are missing in a token of the release before: then it proves less.
    #[serde(default)]
    pub code_pos: Option<String>,
    /// Whether an administrator marked them as the platform's integration user. A token of the release before does not say so:
    /// there every user of the platform without a bank was one, and while both releases serve no request of it may be lost.
    #[serde(default)]
    pub integration: Option<bool>,
    /// Whether they logged in with their password; not so with an API key.
    #[serde(default)]
    pub session: bool,
}

impl Identity {
    /// The hub itself: migrations, demo data, work that no user asked for. Odoo's user 1.
    pub fn system() -> Identity {
        Identity {
            uid: 1,
            login: "__system__".to_owned(),
            origin: Origin::Odoo,
            role: None,
            bank: None,
            hub_admin: true,
            code_pos: None,
            integration: Some(false),
            session: true,
        }
    }

    /// A bank itself: what it may see is what its platform is told.
    pub fn of_bank(bank: i64) -> Identity {
        let (origin, role) = (Origin::Ekiclik, Some(Role::RoleSuperadmin));
        Identity { origin, role, bank: Some(bank), hub_admin: false, session: false, ..Identity::system() }
    }

    /// Which column of the rights tables holds for this user.
    pub fn kind(&self) -> Kind<'_> {
        match (self.origin, self.bank) {
            (_, Some(bank)) if self.role >= Some(Role::RoleCreditAnalystEk) => Kind::Bank(bank),
            (_, Some(bank)) => match self.code_pos.as_deref().filter(|code| !code.is_empty()) {
                Some(code_pos) => Kind::Clerk { bank, code_pos },
                None => Kind::Outsider,
            },
            (Origin::Ekiclik, None) if self.integration != Some(false) => Kind::Integration,
            (Origin::Ekiclik, None) => Kind::Outsider,
            (Origin::Odoo, None) if self.hub_admin => Kind::Administrator,
            (Origin::Odoo, None) => Kind::Staff,
        }
    }

    /// Whether they stand on the hub's side or are the platform's integration user: those see what things cost, and who did what.
    pub fn is_trusted(&self) -> bool {
        match self.kind() {
            Kind::Administrator | Kind::Staff | Kind::Integration => true,
            Kind::Bank(_) | Kind::Clerk { .. } | Kind::Outsider => false,
        }
    }

    /// The bank whose users and platform they manage: their own, from ROLE_ADMIN on.
    pub fn manages(&self) -> Option<i64> {
        self.bank.filter(|_| self.role >= Some(Role::RoleAdmin))
    }

    /// The origin of a record that this user makes: the user decides, and what the request claims only narrows.
    pub fn origin_claiming(&self, claimed: Option<Origin>) -> Origin {
        match self.origin {
            Origin::Ekiclik => Origin::Ekiclik,
            Origin::Odoo => claimed.unwrap_or(Origin::Odoo),
        }
    }

    /// Whether this user may give a role: administrators and the platform any, others up to their own.
    pub fn may_give(&self, role: Role) -> bool {
        match self.kind() {
            Kind::Administrator | Kind::Integration => true,
            Kind::Staff | Kind::Clerk { .. } | Kind::Outsider => false,
            Kind::Bank(_) => self.role.is_some_and(|own| role <= own),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_platform_is_the_platform() {
        for spelling in ["ekiclic", "EkiClic", "ekiclick", "ekiclik", "EKICLIK", "ek", " ek "] {
            assert_eq!(Origin::parse(spelling), Some(Origin::Ekiclik), "{spelling}");
        }
        for spelling in ["odoo", "Odoo", ""] {
            assert_eq!(Origin::parse(spelling), Some(Origin::Odoo), "{spelling}");
        }
        assert_eq!(Origin::parse("alsalam"), None);
    }

    #[test]
    fn a_claim_only_narrows() {
        let platform = Identity { origin: Origin::Ekiclik, ..Identity::system() };
        assert_eq!(platform.origin_claiming(Some(Origin::Odoo)), Origin::Ekiclik);
        assert_eq!(Identity::system().origin_claiming(Some(Origin::Ekiclik)), Origin::Ekiclik);
        assert_eq!(Identity::system().origin_claiming(None), Origin::Odoo);
    }

    #[test]
    fn hub_admin_gives_nothing_to_a_user_of_the_platform() {
        let claimed = Identity { origin: Origin::Ekiclik, hub_admin: true, ..Identity::system() };
        assert_eq!(claimed.kind(), Kind::Outsider);
        assert_eq!(Identity { integration: Some(true), ..claimed.clone() }.kind(), Kind::Integration);
        let analyst = Some(Role::RoleCreditAnalystEk);
        assert_eq!(Identity { bank: Some(3), role: analyst, integration: Some(true), ..claimed }.kind(), Kind::Bank(3));
    }

    #[test]
    fn below_an_analyst_a_user_of_a_bank_is_of_its_point_of_sale_or_of_nothing() {
        for role in [None, Some(Role::RoleUser), Some(Role::RolePosEk)] {
            let user = Identity { origin: Origin::Ekiclik, bank: Some(3), role, hub_admin: false, ..Identity::system() };
            assert_eq!(user.kind(), Kind::Outsider);
            assert_eq!(Identity { code_pos: Some(String::new()), ..user.clone() }.kind(), Kind::Outsider);
            let clerk = Identity { code_pos: Some("P".to_owned()), ..user };
            assert_eq!((clerk.kind(), clerk.manages()), (Kind::Clerk { bank: 3, code_pos: "P" }, None));
        }
    }

    #[test]
    fn an_identity_of_the_release_before_is_the_platform_or_proves_no_more_than_it_says() {
        let before = r#"{"uid": 3, "login": "ekiclik", "origin": "ekiclik", "role": "ROLE_USER", "bank": null, "hub_admin": false}"#;
        let platform: Identity = serde_json::from_str(before).unwrap();
        assert_eq!((platform.kind(), platform.session), (Kind::Integration, false));
        let clerk: Identity = serde_json::from_str(&before.replace(r#""bank": null"#, r#""bank": 3"#)).unwrap();
        assert_eq!((clerk.kind(), clerk.session), (Kind::Outsider, false));
    }

    #[test]
    fn names_and_roles_agree() {
        let roles: Vec<_> = Role::NAMES.iter().map(|name| Role::parse(name).unwrap()).collect();
        assert!(roles.is_sorted());
        assert_eq!(serde_json::to_string(&roles).unwrap(), serde_json::to_string(Role::NAMES).unwrap());
    }

    #[test]
    fn a_role_is_given_up_to_the_givers_own() {
        let analyst = Identity { bank: Some(1), role: Some(Role::RoleCreditAnalystEk), ..Identity::system() };
        assert!(analyst.may_give(Role::RolePosEk) && analyst.may_give(Role::RoleCreditAnalystEk));
        assert!(!analyst.may_give(Role::RoleAdmin));
    }
}
