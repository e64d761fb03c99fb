//! What a doctor finds, in words, and what it finds about the other services over HTTP.

use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::router::Client;

/// How far clocks may be apart before it is told, in seconds.
const CLOCKS: f64 = 2.0;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether it is as it should be.
    pub is_well: bool,
    /// In words; what to do where it is not.
    pub said: String,
}

impl Finding {
    /// As it should be.
    pub fn well(said: impl Into<String>) -> Finding {
        Finding { is_well: true, said: said.into() }
    }

    /// Not as it should be.
    pub fn ill(said: impl Into<String>) -> Finding {
        Finding { is_well: false, said: said.into() }
    }
}

/// The findings as lines, and whether all is well.
pub fn told(service: &str, findings: &[Finding]) -> (String, bool) {
    let mut text = String::new();
    for finding in findings {
        writeln!(text, "{} {service}: {}", if finding.is_well { "ok   " } else { "WRONG" }, finding.said).ok();
    }
    (text, findings.iter().all(|finding| finding.is_well))
}

/// What is to be said of somebody's clock, in seconds since 1970, that was asked for at `asked`.
pub fn clocks(whose: &str, asked: DateTime<Utc>, theirs: f64) -> Finding {
    let (before, after) = (seconds(asked), seconds(Utc::now()));
    let apart = if theirs < before { before - theirs } else { (theirs - after).max(0.0) };
    if apart > CLOCKS {
        return Finding::ill(format!("the clock of {whose} differs from this machine's by {apart:.0} s: look at NTP on both"));
    }
    Finding::well(format!("the clock of {whose} agrees with this machine's"))
}

fn seconds(at: DateTime<Utc>) -> f64 {
    Duration::from_millis(at.timestamp_millis().unsigned_abs()).as_secs_f64()
}

/// Looks at the other services over HTTP: whether they are ready, and what time they have.
pub async fn peers(client: &Client, services: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, url) in services.iter().filter_map(|entry| entry.trim().split_once('=')) {
        let asked = Utc::now();
        let answer = client.get(format!("{}/health/ready", url.trim_end_matches('/'))).timeout(Duration::from_secs(5)).send().await;
        findings.push(match answer {
            Err(error) => Finding::ill(format!("{name} can't be reached at {url}: {}", error.without_url())),
            Ok(answer) if !answer.status().is_success() => Finding::ill(format!("{name} is not ready: ask its own doctor")),
            Ok(answer) => {
                let date = answer.headers().get("date").and_then(|date| date.to_str().ok());
                match date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()) {
                    // The header has whole seconds
                    Some(date) if (seconds(date.to_utc()) + 0.5 - seconds(asked)).abs() > CLOCKS + 1.0 => {
                        clocks(name, asked, seconds(date.to_utc()))
                    }
                    _ => Finding::well(format!("{name} is ready")),
                }
            }
        });
    }
    findings
}
