//! The gateway's sessions between two runs, in a file that only its owner reads.

use std::{fs, io, os::unix::fs::OpenOptionsExt, path::Path};

use protocol::report::NamedGuild;
use serde::{Deserialize, Serialize};
use twilight_gateway::Session;

/// The state by which a restart goes on where the last run stopped. A resumed session is not told its servers again.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Sessions {
    /// The number of shards; sessions of another number cannot be resumed.
    pub shards: u32,
    /// The sessions that were closed in time, one a shard.
    pub kept: Vec<KeptSession>,
    /// The servers, with their shards.
    pub guilds: Vec<(u32, NamedGuild)>,
}

/// One shard's session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeptSession {
    /// The shard's number.
    pub id: u32,
    /// Its session and how far it has heard.
    pub session: Session,
    /// The gateway's address for resuming it.
    pub resume_url: String,
}

impl Sessions {
    /// Reads the file once: it is removed, as a session is resumed once. No file, or one that is not understood: nothing.
    pub fn take_from(file: &Path, shards: u32) -> Self {
        let read = fs::read(file).ok().and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok());
        // A file that was not there is as good as one that was removed.
        let _ = fs::remove_file(file);
        read.filter(|kept| kept.shards == shards).unwrap_or_default()
    }

    /// Writes the file; a new one is its owner's alone.
    pub fn write_to(&self, file: &Path) -> io::Result<()> {
        let bytes = serde_json::to_vec(self)?;
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(file)?;
        io::Write::write_all(&mut file, &bytes)
    }

    /// The session of this shard, if it was kept.
    pub fn take(&mut self, shard: u32, shards: u32) -> Option<KeptSession> {
        let place = self.kept.iter().position(|one| one.id == shard).filter(|_| self.shards == shards)?;
        Some(self.kept.swap_remove(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_taken_once_and_only_for_as_many_shards() {
        let file = std::env::temp_dir().join(format!("pulse-sessions-{}", std::process::id()));
        let session =
            KeptSession { id: 1, session: Session::new(7, "s".into()), resume_url: "ws://x".into() };
        let kept = Sessions { shards: 2, kept: vec![session], guilds: Vec::new() };
        kept.write_to(&file).unwrap();
        let mut taken = Sessions::take_from(&file, 2);
        assert!(taken.take(0, 2).is_none());
        assert_eq!(taken.take(1, 2).unwrap().session.sequence(), 7);
        assert!(Sessions::take_from(&file, 2).kept.is_empty());
        kept.write_to(&file).unwrap();
        assert!(Sessions::take_from(&file, 3).kept.is_empty());
    }
}
