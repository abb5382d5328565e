//! The permissions that people have given the application, and the rights that they have.

use std::collections::BTreeMap;

use protocol::{GuildId, UserId};

/// A permission to be exchanged for a token, once.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) redirect_uri: String,
    pub(crate) user: UserId,
    pub(crate) challenge: Option<String>,
}

/// A person's rights at this Discord; the default is what everybody has.
#[derive(Clone, Debug, Default)]
pub struct Rights {
    /// The servers that they are in, with their permissions there; `None`: in all of them, as owner of the first.
    pub servers: Option<BTreeMap<GuildId, u64>>,
    /// Whether they have taken back what they allowed: no token of theirs is good.
    pub revoked: bool,
}
