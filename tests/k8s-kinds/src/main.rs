//! Reads a JSON array of objects and prints a line for each thing that its kind does not know: `index<TAB>what`.

use std::io::{self, Read, Write};

use kcr_barmancloud_cnpg_io::v1::objectstores::ObjectStore;
use kcr_monitoring_coreos_com::v1::{podmonitors::PodMonitor, prometheusrules::PrometheusRule, servicemonitors::ServiceMonitor};
use kcr_postgresql_cnpg_io::v1::{clusters::Cluster, scheduledbackups::ScheduledBackup};
use serde::de::DeserializeOwned;
use serde_json::Value;

fn main() -> io::Result<()> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let mut out = io::stdout().lock();
    for (index, object) in serde_json::from_str::<Vec<Value>>(&text)?.into_iter().enumerate() {
        let named = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let wrong = match (named("apiVersion").as_str(), named("kind").as_str()) {
            ("barmancloud.cnpg.io/v1", "ObjectStore") => unknown::<ObjectStore>(object),
            ("monitoring.coreos.com/v1", "PodMonitor") => unknown::<PodMonitor>(object),
            ("monitoring.coreos.com/v1", "PrometheusRule") => unknown::<PrometheusRule>(object),
            ("monitoring.coreos.com/v1", "ServiceMonitor") => unknown::<ServiceMonitor>(object),
            ("postgresql.cnpg.io/v1", "Cluster") => unknown::<Cluster>(object),
            ("postgresql.cnpg.io/v1", "ScheduledBackup") => unknown::<ScheduledBackup>(object),
            (version, kind) => vec![format!("no type for {version} {kind}: add it to tests/k8s-kinds")],
        };
        for what in wrong {
            writeln!(out, "{index}\t{what}")?;
        }
    }
    Ok(())
}

/// What of an object its type does not know, or can't be read as it.
fn unknown<T: DeserializeOwned>(object: Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut note = |path: serde_ignored::Path| match path.to_string().as_str() {
        // The types have them as constants
        "apiVersion" | "kind" => {}
        field => wrong.push(format!("{field} is no field")),
    };
    let read = serde_path_to_error::deserialize::<_, T>(serde_ignored::Deserializer::new(object, &mut note));
    wrong.extend(read.err().map(|error| error.to_string()));
    wrong
}
