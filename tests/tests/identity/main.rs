//! Who asks, what that gives, and what somebody may try.

mod abuse;
mod rights;
mod sessions;
mod shares;
mod strangers;
mod tenancy;
