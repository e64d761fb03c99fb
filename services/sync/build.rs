//! A new migration is compiled in, even where no line of Rust changed.

#[allow(clippy::print_stdout, reason = "how a build script speaks to cargo")]
fn main() {
    println!("cargo:rerun-if-changed=../../migrations/sync");
}
