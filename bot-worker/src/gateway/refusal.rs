//! Close codes after which one must not come back.

/// The gateway does not want us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 4004.
    #[error("the gateway refuses DISCORD_TOKEN (4004)")]
    Token,
    /// Any other close code after which one must not come back.
    #[error(
        "the gateway closed for good with {code} ({}); going on without it, latency is that of REST now",
        meaning(*code)
    )]
    Other {
        /// The close code.
        code: u16,
    },
}

/// Source: <https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes>.
const fn meaning(code: u16) -> &'static str {
    match code {
        4010 => "invalid shard: start bot-worker again",
        4011 => "more shards are required: start bot-worker again",
        4012 => "this API version is over: update bot-worker",
        4013 => "invalid intents: update bot-worker",
        4014 => "an intent is not allowed: see Privileged Gateway Intents in the Developer Portal under Bot",
        _ => "no reason that is known",
    }
}
