//! The people and servers of this Discord: the same people in the same servers in every run, so that a kept ledger knows them again.

use protocol::{GuildId, Timestamp, UserId, time::DAY_MS};

use crate::{snowflake::snowflake, splitmix::SplitMix};

/// 2019-01-01T00:00:00Z: the first people joined then.
const FIRST_JOINED: Timestamp = Timestamp(1_546_300_800_000);
/// The last ones joined before the end of 2023.
const JOINED_WITHIN_DAYS: u64 = 5 * 365;

/// A server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guild {
    /// A snowflake of 2019 to 2023, the same in every run.
    pub id: GuildId,
    /// Its name.
    pub name: String,
}

/// A person, or a bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Player {
    /// The account's id: a snowflake of 2019 to 2023, the same in every run.
    pub id: UserId,
    /// The unique name: lower case, digits, `_` and `.`.
    pub username: String,
    /// The name they show everywhere.
    pub global_name: Option<String>,
    /// The name they show in this server.
    pub nick: Option<String>,
    /// Whether it is a bot.
    pub bot: bool,
}

impl Player {
    /// A person that is not of the known ones, known by no more than a name.
    pub fn named(id: UserId, name: &str) -> Self {
        Self { id, username: username(name, id), global_name: Some(name.to_owned()), nick: None, bot: false }
    }
}

const GUILDS: [&str; 8] = [
    "Harbour",
    "Night Shift",
    "Pixel Guild",
    "The Long Table",
    "Café Größenwahn",
    "Speedrun Academy",
    "夜ふかし同好会",
    "Moss & Lichen",
];

/// Display names, each with the nickname in the server where it differs.
const PLAYERS: [(&str, Option<&str>); 32] = [
    ("Moonbyte", None),
    ("Kestrel", Some("Kestrel 🦅")),
    ("tofu_tactician", None),
    ("Zoë ✨", None),
    ("GrumpyOtter", Some("Otter (afk)")),
    ("Łukasz", None),
    ("vex.exe", None),
    ("PixelPirate", None),
    ("さくら", None),
    ("Noodle", Some("Captain Noodle")),
    ("BramblePaw", None),
    ("0xAda", None),
    ("Señor Lag", None),
    ("Quillfire", None),
    ("mika 🌙", None),
    ("Dr. Crouton", None),
    ("Halfpint", None),
    ("Øystein", None),
    ("StaticSage", None),
    ("🐸 Ribbit", None),
    ("Juno", Some("Juno of the Docks")),
    ("BeanCounter", None),
    ("Nachtfalke", None),
    ("wren", None),
    ("TurboSnail", None),
    ("Priya_R", None),
    ("Echo Bravo", None),
    ("Мишка", None),
    ("Saltwater", None),
    ("kumquat", None),
    ("Old Gregor", None),
    ("Lumi ❄️", None),
];

/// The endings that distinguish people of the same name, as people choose them.
const ENDINGS: [&str; 30] = [
    "",
    " Jr.",
    "_x",
    "77",
    " (EU)",
    ".tv",
    " II",
    "99",
    " the Bold",
    "_irl",
    " of Rye",
    "2k",
    " (US)",
    ".exe",
    "42",
    "xD",
    " Sr.",
    "_alt",
    " 🌊",
    "007",
    " the Tall",
    "_",
    " of York",
    "64",
    " (AU)",
    ".png",
    "88",
    " III",
    "_gg",
    "x2",
];

/// The first `count` servers.
pub fn guilds(count: usize) -> Vec<Guild> {
    (0..count)
        .map(|index| Guild {
            id: GuildId(id(1, index)),
            name: numbered(GUILDS[index % GUILDS.len()], index / GUILDS.len()),
        })
        .collect()
}

/// The first `count` people.
pub fn players(count: usize) -> Vec<Player> {
    (0..count)
        .map(|index| {
            let (name, nick) = PLAYERS[index % PLAYERS.len()];
            let round = index / PLAYERS.len();
            let nick = nick.map(|nick| ending(nick, round));
            Player { nick, ..Player::named(UserId(id(2, index)), &ending(name, round)) }
        })
        .collect()
}

/// The application's bot. It has the application's id, as every bot made since 2016 has.
pub fn bot(application: u64) -> Player {
    Player {
        bot: true,
        global_name: None,
        username: "Pulse".into(),
        ..Player::named(UserId(application), "Pulse")
    }
}

/// An id that was made between 2019 and 2023, always the same one.
fn id(kind: u64, index: usize) -> u64 {
    let mut chance = SplitMix::new((kind << 32) | index as u64);
    let at = FIRST_JOINED.plus(chance.below(JOINED_WITHIN_DAYS * DAY_MS));
    snowflake(at, chance.next())
}

fn ending(name: &str, round: usize) -> String {
    let ending = ENDINGS[round % ENDINGS.len()];
    numbered(&format!("{name}{ending}"), round / ENDINGS.len())
}

fn numbered(name: &str, round: usize) -> String {
    if round == 0 { name.to_owned() } else { format!("{name} {}", round + 1) }
}

fn username(name: &str, id: UserId) -> String {
    let plain: String = name
        .to_lowercase()
        .chars()
        .filter_map(|letter| match letter {
            'a'..='z' | '0'..='9' | '_' | '.' => Some(letter),
            ' ' => Some('_'),
            _ => None,
        })
        .collect();
    let plain = plain.trim_matches('_');
    // Discord wants at least two characters; some names leave none.
    if plain.len() < 2 { format!("player{}", id.0 % 10_000) } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn everyone_is_somebody_else() {
        let players = players(1_000);
        assert_eq!(players.iter().map(|player| player.id).collect::<HashSet<_>>().len(), 1_000);
        assert_eq!(players.iter().map(|player| &player.global_name).collect::<HashSet<_>>().len(), 1_000);
        assert_eq!(guilds(20).iter().map(|guild| guild.id).collect::<HashSet<_>>().len(), 20);
    }

    #[test]
    fn accounts_are_years_old() {
        for player in players(200) {
            let joined = player.id.created_at();
            assert!(
                joined >= FIRST_JOINED && joined < FIRST_JOINED.plus(JOINED_WITHIN_DAYS * DAY_MS),
                "{player:?}"
            );
            assert!(player.username.len() >= 2, "{player:?}");
        }
    }
}
