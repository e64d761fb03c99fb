//! What becomes of the recorded company's records, each case of its list.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod company;
mod documents;
mod goods;
mod people;

use std::sync::LazyLock;

use company::Company;

/// As a project team would have written it, from what is proposed.
const MAPPING: &str = include_str!("mapping.toml");

/// What is put aside by default is taken.
const TAKEN: &str = "
[misfits]
product_without_reference = \"without_key\"
reference_twice = \"without_key\"
order_without_bank = \"take\"
order_without_lines = \"take\"
lead_without_bank = \"take\"
lead_without_client = \"take\"
";

/// By the mapping alone.
static STRICT: LazyLock<Company> = LazyLock::new(|| Company::read(MAPPING));
/// With all that can be taken.
static LENIENT: LazyLock<Company> = LazyLock::new(|| Company::read(&format!("{MAPPING}{TAKEN}")));

/// By the mapping, and more of it.
fn with(more: &str) -> Company {
    Company::read(&format!("{MAPPING}{more}"))
}
