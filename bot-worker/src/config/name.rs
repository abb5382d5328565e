//! The names of settings, in the environment and in files.

/// The bot's token.
pub const DISCORD_TOKEN: &str = "DISCORD_TOKEN";
/// The secret that the edge and bot-worker share.
pub const BOT_TOKEN: &str = "BOT_TOKEN";
/// Programs show these secrets to the edge.
pub const ADMIN_TOKEN: &str = "ADMIN_TOKEN";
/// The edge's origin.
pub const EDGE_URL: &str = "EDGE_URL";
/// The application's id.
pub const APPLICATION_ID: &str = "DISCORD_APPLICATION_ID";
/// The application's public key.
pub const PUBLIC_KEY: &str = "DISCORD_PUBLIC_KEY";
/// People sign in with these settings.
pub const CLIENT_SECRET: &str = "DISCORD_CLIENT_SECRET";
/// These people see and do everything.
pub const ADMIN_IDS: &str = "ADMIN_IDS";
/// The base URL of Discord's API, when it is not Discord's own.
pub const API: &str = "DISCORD_API";
/// The page's origin, when it is not the edge's own.
pub const PUBLIC_URL: &str = "PUBLIC_URL";
