//! Close codes after which one must not come back.

/// The gateway closed for good with this code, and the token is not the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the gateway closed for good with {code} ({}); going on without it, latency is that of REST now",
    meaning(*code)
)]
pub(super) struct Refusal {
    pub(super) code: u16,
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
