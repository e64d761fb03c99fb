//! The API as its clients have it: how it is asked, what it answers, and what it refuses to read.

mod arguments;
mod bounds;
mod doors;
mod federation;
mod filters;
mod hidden;
mod nasty;
mod openapi;
mod reading;
mod requests;
mod same_request;
mod seed;
mod values;
