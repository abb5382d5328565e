//! Stand-in for Discord.
