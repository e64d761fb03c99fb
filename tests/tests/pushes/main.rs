//! The pushes to the banks' platforms, and what platforms may do.

mod platforms;
mod promises;
mod push;
mod rights;
mod simulated;
