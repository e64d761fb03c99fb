//! A new migration is compiled in, even where no line of Rust changed.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations/bridge");
}
