//! Players whose only purpose is that something happens: each command is one event, and all are counted.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, ensure};
use discord_sim::{EdgeClient, Guild};
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    Edge,
    people::{daily, guild, player},
};

/// Commands that wait for an answer at a time.
const AT_ONCE: usize = 64;

/// A crowd in some servers of its own.
#[derive(Clone, Debug)]
pub struct Crowd {
    client: EdgeClient,
    guilds: Arc<Vec<Guild>>,
    told: Arc<AtomicU64>,
}

impl Crowd {
    /// A crowd in so many servers.
    pub fn new(edge: &Edge, guilds: usize) -> Self {
        let guilds = (0..guilds).map(|_| guild()).collect();
        Self { client: edge.discord(), guilds: Arc::new(guilds), told: Arc::default() }
    }

    /// Commands that were answered so far.
    pub fn told(&self) -> u64 {
        self.told.load(Ordering::Relaxed)
    }

    /// The crowd's servers.
    pub fn guilds(&self) -> &[Guild] {
        &self.guilds
    }

    /// Whether this is one of the crowd's servers.
    pub fn is_in(&self, guild: protocol::GuildId) -> bool {
        self.guilds.iter().any(|own| own.id == guild)
    }

    /// So many commands, as fast as they are answered, or at most so many a second. One that is not answered is repeated,
    /// as one interaction: the edge may be away.
    pub async fn type_commands(&self, count: usize, per_second: Option<u32>) -> Result<()> {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let mut interval = per_second.map(|rate| tokio::time::interval(Duration::from_secs(1) / rate));
        let mut commands = JoinSet::new();
        for turn in 0..count {
            if let Some(interval) = &mut interval {
                interval.tick().await;
            }
            let place = Arc::clone(&places).acquire_owned().await?;
            let (crowd, guild) = (self.clone(), turn % self.guilds.len());
            commands.spawn(async move {
                let _place = place;
                crowd.claim(guild).await
            });
        }
        while let Some(command) = commands.join_next().await {
            command??;
        }
        Ok(())
    }

    async fn claim(&self, guild: usize) -> Result<()> {
        let body = daily(&self.guilds[guild], &player("One of many"));
        loop {
            match self.client.post(&body).await {
                Ok(answer) if answer.status == 200 => break,
                Ok(answer) => ensure!(answer.status >= 500, "answered {}: {}", answer.status, answer.json()),
                Err(_) => {}
            }
            // A short breath, so that the wait for the edge does not take its processor.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.told.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
