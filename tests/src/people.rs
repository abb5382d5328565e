//! Players and servers that no other test has.

use std::sync::atomic::{AtomicU64, Ordering};

use discord_sim::{Guild, Payload, Player, Typed, payload::Value};
use protocol::{GuildId, InteractionId, UserId};

/// A number that was not given before in this program.
fn fresh() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A server that no other test has.
pub fn guild() -> Guild {
    let number = fresh();
    Guild { id: GuildId((700_000_000_000 + number) << 20), name: format!("Server {number}") }
}

/// A player that no other test has.
pub fn player(name: &str) -> Player {
    Player::named(UserId((600_000_000_000 + fresh()) << 20), name)
}

/// An interaction that was not sent before.
pub fn interaction() -> InteractionId {
    InteractionId((1_300_000_000_000 + fresh()) << 20)
}

/// `/daily`, in Discord's JSON.
pub fn daily(guild: &Guild, player: &Player) -> serde_json::Value {
    Payload::command(interaction(), Typed::new("daily")).by(player).in_guild(guild).build()
}

/// `/balance`, in Discord's JSON.
pub fn balance(guild: &Guild, player: &Player) -> serde_json::Value {
    Payload::command(interaction(), Typed::new("balance")).by(player).in_guild(guild).build()
}

/// `/pay`, in Discord's JSON.
pub fn pay(guild: &Guild, from: &Player, to: &Player, amount: i64) -> serde_json::Value {
    let typed =
        Typed::new("pay").with("user", Value::User(to.clone())).with("amount", Value::Integer(amount));
    Payload::command(interaction(), typed).by(from).in_guild(guild).build()
}

/// The value of a field of a reply's embed; `None` when there is no such field.
pub fn field(reply: &serde_json::Value, name: &str) -> Option<String> {
    let fields = reply["data"]["embeds"][0]["fields"].as_array()?;
    fields.iter().find(|field| field["name"] == name)?["value"].as_str().map(str::to_owned)
}
