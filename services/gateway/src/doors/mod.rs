//! The doors, a file each: what a request says becomes a call, its answer what the caller's protocol expects.

pub mod dataset;
pub mod declarations;
pub mod docs;
pub mod elsewhere;
pub mod events;
pub mod files;
pub mod import;
pub mod json2;
pub mod jsonrpc;
pub mod object;
pub mod pages;
pub mod report;
pub mod rest;
pub mod session;
pub mod web;
pub mod xmlrpc;
