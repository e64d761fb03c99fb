//! The table, and what it says of the goals.

use std::fmt;

use crate::tools::Measured;

/// What a goal's number may fall below another that it must not fall below: the noise of two runs.
const NOISE: f64 = 0.9;
/// How many times as long one read in a hundred may take beside log-ins, which take a good part of the machine.
const SLOWER: f64 = 2.0;
/// The connections at which the goals are set.
const AT: u32 = 16;

/// A case at a number of connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// The case's name.
    pub case: &'static str,
    /// How many products there are.
    pub products: u32,
    /// Connections at a time.
    pub connections: u32,
    /// Through the hub.
    pub hub: Measured,
    /// The same statements by `pgbench`.
    pub postgres: Measured,
}

impl Row {
    /// The hub's rate for each transaction of `pgbench`.
    pub(crate) fn ratio(&self) -> f64 {
        self.hub.rate / self.postgres.rate
    }

    /// Whether it is this one.
    pub(crate) fn is(&self, case: &str, products: u32, connections: u32) -> bool {
        self.case == case && self.products == products && self.connections == connections
    }

    /// A line while the benchmark runs.
    pub(crate) fn progress(&self) -> String {
        let Row { case, products, connections, hub, postgres } = self;
        format!(
            "  {case}, {products} products, {connections} connections: {:.0}/s, pgbench {:.0}/s, ratio {:.2}",
            hub.rate,
            postgres.rate,
            self.ratio()
        )
    }
}

/// Readers without and with log-ins beside them.
pub(crate) struct Logins {
    /// The log-ins.
    pub logins: Measured,
    /// The readers without them.
    pub alone: Measured,
    /// The readers with them.
    pub beside: Measured,
}

/// The table in Markdown.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut out = String::from(
        "| case | products | connections | hub /s | p50 ms | p99 ms | pgbench /s | p50 ms | p99 ms | ratio |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for row in rows {
        let Row { case, products, connections, hub, postgres } = row;
        out.push_str(&format!(
            "| {case} | {products} | {connections} | {:.0} | {:.2} | {:.2} | {:.0} | {:.2} | {:.2} | {:.2} |\n",
            hub.rate,
            hub.p50,
            hub.p99,
            postgres.rate,
            postgres.p50,
            postgres.p99,
            row.ratio()
        ));
    }
    out
}

/// Everything that the goals are about.
pub(crate) struct Goals<'a> {
    /// The table's.
    pub rows: &'a [Row],
    /// Log-ins.
    pub logins: &'a Logins,
    /// What the hub has in memory, and had at most, in MB.
    pub memory: (f64, f64),
    /// The sizes, the small one first.
    pub sizes: [u32; 2],
}

impl Goals<'_> {
    fn row(&self, case: &str, products: u32) -> Option<&Row> {
        self.rows.iter().find(|row| row.is(case, products, AT))
    }
}

impl fmt::Display for Goals<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [small, large] = self.sizes;
        let mut goal = |met: bool, what: String| writeln!(f, "- {}: {what}", if met { "met" } else { "missed" });
        for (case, least) in
            [("read one", 0.9), ("list 80", 0.8), ("create a client", 0.7), ("update a client", 0.7), ("create a lead", 0.4)]
        {
            for products in self.sizes {
                let ratio = self.row(case, products).map_or(f64::NAN, Row::ratio);
                goal(
                    ratio >= least,
                    format!("{case}, {products} products, at {AT} connections: {ratio:.2} of pgbench's rate (at least {least})"),
                )?;
            }
        }
        for case in ["read one", "list 80"] {
            let rate = |products| self.row(case, products).map_or(f64::NAN, |row| row.hub.rate);
            let slower = rate(small) / rate(large);
            goal(slower <= 1.3, format!("{case}: {slower:.2} times slower with {large} products than with {small} (at most 1.3)"))?;
        }
        for case in ["create a client", "update a client"] {
            let ratio = |products| self.row(case, products).map_or(f64::NAN, Row::ratio);
            let (less, more) = (ratio(small), ratio(large));
            goal(more >= less * NOISE, format!("{case}: ratio {less:.2} with {small} products, {more:.2} with {large} (not falling)"))?;
        }
        let Logins { logins, alone, beside } = self.logins;
        goal(
            logins.rate >= 50.0 && beside.rate >= alone.rate * NOISE && beside.p99 <= alone.p99 * SLOWER,
            format!(
                "log in: {:.0} a second (at least 50; p50 {:.0} ms, p99 {:.0} ms); reads meanwhile {:.0}/s (p50 {:.2} ms, p99 {:.2} ms), without {:.0}/s (p50 {:.2} ms, p99 {:.2} ms)",
                logins.rate, logins.p50, logins.p99, beside.rate, beside.p50, beside.p99, alone.rate, alone.p50, alone.p99
            ),
        )?;
        let (now, most) = self.memory;
        goal(most < 100.0, format!("memory: {now:.0} MB at the end, {most:.0} MB at most (below 100)"))
    }
}
