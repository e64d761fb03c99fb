//! Clients, points of sale and the banks that know them, through the door.

mod clients;
mod forgetting;
mod shared_clients;
