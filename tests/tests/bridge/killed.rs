//! Killed again and again, whatever mood that Odoo is in, an import ends as if nothing had been.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;
use system_tests::odoo16::{Mood, Odoo16};
use system_tests::{Stand, until_within};

use crate::moving::{MAPPING, all_is_told, begin, end_state, moved};
use crate::{SETTINGS, ended, name};

/// How often it is killed where nobody says it: fifty times take minutes.
const KILLS: usize = 8;
/// The greatest number of calls until it is killed: knowing that Odoo takes some of them, so that it is killed in that too.
const CALLS: usize = 160;

fn kills() -> usize {
    #[expect(clippy::disallowed_methods, reason = "the test's only setting")]
    let said = std::env::var("BRIDGE_KILLS");
    said.map_or(KILLS, |said| said.parse().expect("BRIDGE_KILLS is a number"))
}

fn moods() -> [Mood; 4] {
    [
        Mood { slow: Duration::from_millis(3), ..Mood::default() },
        Mood { cuts_every: 9, ..Mood::default() },
        Mood { serializes_every: 7, ..Mood::default() },
        Mood { largest_page: Some(20), slow: Duration::from_millis(1), ..Mood::default() },
    ]
}

/// The same without our own numbers of quantities and moves: those are given here in the order of pages, and pages differ by mood.
fn known_there(state: &[String]) -> Vec<String> {
    let without = |line: &String| {
        let mut words: Vec<&str> = line.split(' ').collect();
        let at = words.iter().take(2).position(|word| ["stock.quant", "stock.move"].contains(word));
        if let Some(at) = at.filter(|at| words.get(at + 2).is_some_and(|word| word.parse::<i64>().is_ok())) {
            words.remove(at + 2);
        }
        words.join(" ")
    };
    state.iter().map(without).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_in_every_mood_it_ends_as_if_nothing_had_been() {
    let calm = {
        let stand = Stand::with(SETTINGS).await;
        let admin = stand.login("admin").await;
        let odoo = Odoo16::new(Mood::default()).await;
        let at = name(&admin, &odoo, json!({"batch": 30, "mapping": MAPPING})).await;
        moved(&ended(&stand, &admin, begin(&admin, at, "import").await).await);
        end_state(&stand).await
    };
    let mut stand = Stand::processes_with(SETTINGS).await;
    let odoo = Odoo16::new(moods()[0].clone()).await;
    let (at, mut of) = {
        let admin = stand.login("admin").await;
        let at = name(&admin, &odoo, json!({"batch": 30, "mapping": MAPPING})).await;
        (at, begin(&admin, at, "import").await)
    };
    let mut interrupted = 0;
    for kill in 0..kills() {
        odoo.is(moods()[kill % moods().len()].clone());
        let (before, calls) = (odoo.calls().len(), 1 + rand::random_range(0..CALLS));
        let open = format!("SELECT count(*) AS n FROM bridge.ek_odoo_run WHERE id = {of} AND state IN ('waiting', 'running')");
        let is_so_far = async || odoo.calls().len() >= before + calls || stand.count(&open).await == 0;
        until_within(Duration::from_secs(60), "it is so far", is_so_far).await;
        let is_under_way = stand.count(&open).await > 0;
        hub::children::signal(stand.children.as_ref().unwrap().id("bridge").unwrap(), Signal::KILL).unwrap();
        stand.children.as_mut().unwrap().again(&["bridge"]).await.unwrap();
        interrupted += usize::from(is_under_way);
        if is_under_way {
            // Nobody waits half a minute for a lease that nobody has
            let over = format!("UPDATE bridge.ek_odoo_run SET lease_until = now() WHERE id = {of} AND lease IS NOT NULL");
            Stand::execute(&mut stand.sql().await, &over).await;
        } else {
            // It was through: once more changes nothing
            let admin = stand.login("admin").await;
            moved(&crate::run(&admin, of).await);
            of = begin(&admin, at, "import").await;
        }
    }
    assert!(interrupted * 2 > kills(), "{interrupted} kills met an import");
    let admin = stand.login("admin").await;
    all_is_told(&moved(&ended(&stand, &admin, of).await));
    let (calm, state) = (known_there(&calm), known_there(&end_state(&stand).await));
    let apart = |one: &[String], other: &[String]| one.iter().filter(|line| !other.contains(line)).cloned().collect::<Vec<_>>();
    let (missing, more) = (apart(&calm, &state), apart(&state, &calm));
    assert!(missing.is_empty() && more.is_empty(), "missing: {missing:#?}\nmore: {more:#?}");
    assert_eq!(odoo.changes(), Vec::<String>::new(), "it reads only");
}
