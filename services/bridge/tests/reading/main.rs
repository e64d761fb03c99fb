//! What becomes of the recorded company's records.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod company;

use company::Company;

/// As a project team would have written it, from what is proposed.
const MAPPING: &str = include_str!("mapping.toml");

#[test]
fn sums() {
    let company = Company::read(MAPPING);
    for (reader, many) in &company.many {
        println!("{reader} {many}");
    }
    let models: std::collections::BTreeSet<_> = company.became.keys().map(|(model, _)| model.clone()).collect();
    for model in models {
        println!("{model} {:#?}", company.sums(&model));
    }
    for ((model, id), became) in &company.became {
        match became {
            company::Became::Aside(a) => println!("{model} {id}: {a:?}"),
            company::Became::Taken(t) => println!("{model} {id}: {:?} noted {:?} unique {:?}", t.record, t.noted, t.unique),
            other => println!("{model} {id}: {other:?}"),
        }
    }
}
