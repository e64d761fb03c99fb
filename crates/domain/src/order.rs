//! An order's life: the platform's states, and Odoo's beside them.

use serde::{Deserialize, Serialize};

/// How far an order is, in the platform's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Progress {
    /// It came in.
    #[serde(rename = "EK_ORDER_CREATED")]
    Created,
    /// It is confirmed, its goods are put together.
    #[serde(rename = "EK_ORDER_IN_PREPARATION")]
    InPreparation,
    /// It is on its way.
    #[serde(rename = "EK_ORDER_IN_DELIVERY")]
    InDelivery,
    /// It is at the client's.
    #[serde(rename = "EK_ORDER_DELIVERED")]
    Delivered,
    /// It will not be delivered.
    #[serde(rename = "EK_CLIENT_ORDER_CANCELED")]
    Cancelled,
}

/// A step that an order can't take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where the order is.
    pub from: Progress,
    /// Where it should have gone.
    pub to: Progress,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let possible: Vec<_> = self.from.next().iter().map(|next| next.as_str()).collect();
        let possible = if possible.is_empty() { "nothing".to_owned() } else { possible.join(" or ") };
        write!(f, "{} can't follow {}: {possible} can", self.to.as_str(), self.from.as_str())
    }
}

impl std::error::Error for Refused {}

impl Progress {
    /// Every state, in the order of a life.
    pub const ALL: [Progress; 5] =
        [Progress::Created, Progress::InPreparation, Progress::InDelivery, Progress::Delivered, Progress::Cancelled];
    /// Their names.
    pub const NAMES: &[&str] =
        &["EK_ORDER_CREATED", "EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", "EK_ORDER_DELIVERED", "EK_CLIENT_ORDER_CANCELED"];

    /// Reads the platform's name.
    pub fn parse(name: &str) -> Option<Progress> {
        Progress::ALL.into_iter().find(|progress| progress.as_str() == name.trim())
    }

    /// The platform's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Progress::Created => "EK_ORDER_CREATED",
            Progress::InPreparation => "EK_ORDER_IN_PREPARATION",
            Progress::InDelivery => "EK_ORDER_IN_DELIVERY",
            Progress::Delivered => "EK_ORDER_DELIVERED",
            Progress::Cancelled => "EK_CLIENT_ORDER_CANCELED",
        }
    }

    /// Odoo's `sale.order.state`.
    pub fn odoo_state(self) -> &'static str {
        match self {
            Progress::Created => "draft",
            Progress::InPreparation | Progress::InDelivery => "sale",
            Progress::Delivered => "done",
            Progress::Cancelled => "cancel",
        }
    }

    /// What may come after it.
    pub fn next(self) -> &'static [Progress] {
        match self {
            Progress::Created => &[Progress::InPreparation, Progress::Cancelled],
            Progress::InPreparation => &[Progress::InDelivery, Progress::Cancelled],
            Progress::InDelivery => &[Progress::Delivered, Progress::Cancelled],
            Progress::Delivered | Progress::Cancelled => &[],
        }
    }

    /// Takes the next step; the state that it has already is no step, and answers false.
    ///
    /// # Errors
    /// A state that can't follow.
    pub fn advance(self, to: Progress) -> Result<bool, Refused> {
        if self == to {
            return Ok(false);
        }
        if self.next().contains(&to) { Ok(true) } else { Err(Refused { from: self, to }) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_next_the_same_and_a_cancellation_are_possible() {
        use Progress::*;
        let possible = [
            (Created, InPreparation),
            (Created, Cancelled),
            (InPreparation, InDelivery),
            (InPreparation, Cancelled),
            (InDelivery, Delivered),
            (InDelivery, Cancelled),
        ];
        for from in Progress::ALL {
            for to in Progress::ALL {
                let step = from.advance(to);
                assert_eq!(step.is_ok(), from == to || possible.contains(&(from, to)), "{from:?} {to:?}");
                assert_eq!(step == Ok(true), possible.contains(&(from, to)), "{from:?} {to:?}");
            }
        }
    }

    #[test]
    fn a_refusal_names_what_is_possible() {
        let refused = Progress::Created.advance(Progress::Delivered).unwrap_err().to_string();
        assert_eq!(refused, "EK_ORDER_DELIVERED can't follow EK_ORDER_CREATED: EK_ORDER_IN_PREPARATION or EK_CLIENT_ORDER_CANCELED can");
        assert!(Progress::Delivered.advance(Progress::Cancelled).unwrap_err().to_string().ends_with("nothing can"));
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        assert_eq!(Progress::ALL.map(Progress::as_str).as_slice(), Progress::NAMES);
        assert!(Progress::ALL.into_iter().all(|progress| Progress::parse(progress.as_str()) == Some(progress)));
        assert_eq!(Progress::parse("done"), None);
    }

    proptest! {
        /// Whatever comes, in whatever order and however often: no order is both delivered and cancelled.
        #[test]
        fn no_order_is_both_delivered_and_cancelled(steps in proptest::collection::vec(0_usize..5, 0..40)) {
            let mut at = Progress::Created;
            let (mut delivered, mut cancelled) = (false, false);
            for step in steps {
                if at.advance(Progress::ALL[step]).is_ok() {
                    at = Progress::ALL[step];
                }
                delivered |= at == Progress::Delivered;
                cancelled |= at == Progress::Cancelled;
            }
            prop_assert!(!(delivered && cancelled));
        }
    }
}
