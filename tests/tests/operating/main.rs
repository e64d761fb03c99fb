//! Running the hub: starting, watching, backing up, rolling out, and what breaks beneath it.

mod faults;
mod installation;
mod looking;
mod observing;
mod operate;
mod operations;
mod production;
mod rollout;
mod starting;
