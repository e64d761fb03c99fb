//! A PostgreSQL of a test's own, behind a wire: it can be killed, and started again as it was.

use std::path::PathBuf;

use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use hub::children::signal;
use local_postgres::{Cluster, Durability};
use rustix::process::Signal;

use crate::until;
use crate::wire::Wire;

/// The cluster. Its folder goes with it.
pub struct OwnCluster {
    folder: PathBuf,
    running: Option<Cluster>,
    /// Between the hub and it: its port is another after each start.
    pub wire: Wire,
}

impl OwnCluster {
    /// A new one, as durable as a real one.
    pub async fn new() -> OwnCluster {
        let folder = std::env::temp_dir().join(format!("echange-cluster-{:016x}", rand::random::<u64>()));
        let mut own = OwnCluster { folder, running: None, wire: Wire::to(&[]).await };
        own.start().await;
        own
    }

    /// A new one with a database `echange` that has the services' schemas and the demo's data.
    pub async fn filled() -> OwnCluster {
        let own = OwnCluster::new().await;
        operator::provision::database(&own.url("postgres"), "echange").await.unwrap();
        crate::fill(&own.url("echange")).await;
        own
    }

    /// Starts it where it was stopped or killed.
    pub async fn start(&mut self) {
        let folder = self.folder.clone();
        let cluster = tokio::task::spawn_blocking(move || Cluster::start(&folder, Durability::Durable)).await.unwrap().unwrap();
        self.wire.lead_to(&[&format!("127.0.0.1:{}", cluster.port())]);
        self.running = Some(cluster);
    }

    /// The superuser's URL of a database, through the wire.
    pub fn url(&self, database: &str) -> String {
        let cluster = self.running.as_ref().expect("it runs");
        cluster.url(database).replace(&format!(":{}/", cluster.port()), &format!(":{}/", self.wire.port))
    }

    /// Stops it as an operator does: running transactions are rolled back.
    pub async fn stop(&mut self) {
        let cluster = self.running.take().expect("it runs");
        tokio::task::spawn_blocking(|| cluster.stop()).await.unwrap().unwrap();
    }

    /// Kills it once a streaming replica has everything that was committed, and has that take its place.
    pub async fn fail_over(&mut self) {
        let folder = self.folder.with_extension("standby");
        let primary = self.running.as_ref().expect("it runs");
        let standby = tokio::task::block_in_place(|| primary.standby(&folder)).unwrap();
        let url = primary.url("postgres");
        let has_everything = async || {
            let mut sql = AsyncPgConnection::establish(&url).await.unwrap();
            let followed = "SELECT 1 FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_lsn()";
            diesel::sql_query(followed).execute(&mut sql).await.unwrap() == 1
        };
        until("the replica has everything", has_everything).await;
        self.kill().await;
        self.remove();
        let mut sql = AsyncPgConnection::establish(&standby.url("postgres")).await.unwrap();
        diesel::sql_query("SELECT pg_promote()").execute(&mut sql).await.unwrap();
        self.folder = folder;
        self.wire.lead_to(&[&format!("127.0.0.1:{}", standby.port())]);
        self.running = Some(standby);
    }

    /// Kills it.
    pub async fn kill(&mut self) {
        let pid_file = std::fs::read_to_string(self.home().join("postmaster.pid")).unwrap();
        signal(pid_file.lines().next().unwrap().parse().unwrap(), Signal::KILL).unwrap();
        self.stop().await;
    }

    fn remove(&self) {
        let _ = std::fs::remove_dir_all(self.home());
        let _ = std::fs::remove_dir_all(&self.folder);
    }

    /// For root it is where the user that runs it can get.
    fn home(&self) -> PathBuf {
        let elsewhere = std::fs::read_to_string(self.folder.join("postgres.path"));
        elsewhere.map_or_else(|_| self.folder.join("postgres"), PathBuf::from)
    }
}

impl Drop for OwnCluster {
    fn drop(&mut self) {
        drop(self.running.take());
        self.remove();
    }
}
