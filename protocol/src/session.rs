//! The people who are signed in: who they are, how long that holds, and what they may look at.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    GuildId, Timestamp, UserId,
    time::{DAY_MS, MINUTE_MS},
};

/// A session that nobody uses ends after so long, in milliseconds.
pub const IDLE_MAX_MS: u64 = 7 * DAY_MS;
/// Every session ends after so long, in milliseconds.
pub const SESSION_MAX_MS: u64 = 30 * DAY_MS;
/// The steps in which the use of a session is noted, in milliseconds: not each request is worth a written row.
pub const SEEN_EVERY_MS: u64 = 60 * MINUTE_MS;
/// Rights are asked for again when they are so old, in milliseconds.
pub const RIGHTS_DUE_MS: u64 = 10 * MINUTE_MS;

/// The bits of Discord's permissions that make somebody a manager of a server: Administrator and Manage Server.
///
/// Source: <https://discord.com/developers/docs/topics/permissions#permissions-bitwise-permission-flags>.
const MANAGES: u64 = (1 << 3) | (1 << 5);

/// One of the servers that Discord says somebody is in: `GET /users/@me/guilds`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Membership {
    id: GuildId,
    owner: Option<bool>,
    permissions: Option<String>,
}

impl Membership {
    fn manages(&self) -> bool {
        self.owner == Some(true) || self.permissions.as_deref().is_some_and(manages)
    }
}

/// Whether permissions make somebody a manager. Discord writes them as a decimal number of any length, which grows as
/// there are more of them.
pub fn manages(permissions: &str) -> bool {
    let is_number = !permissions.is_empty() && permissions.bytes().all(|digit| digit.is_ascii_digit());
    // The carry beyond 64 bits is dropped: it does not touch the bits that count.
    let bits = permissions
        .bytes()
        .fold(0_u64, |bits, digit| bits.wrapping_mul(10).wrapping_add(u64::from(digit.wrapping_sub(b'0'))));
    is_number && bits & MANAGES != 0
}

/// The servers among these that somebody manages.
pub fn managed(memberships: &[Membership]) -> BTreeSet<GuildId> {
    memberships.iter().filter(|membership| membership.manages()).map(|membership| membership.id).collect()
}

/// The servers that somebody may look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All servers, together or one at a time.
    Everything,
    /// These, one at a time.
    Servers(BTreeSet<GuildId>),
}

impl Scope {
    /// Returns the view for a request that asks for this server, or for none.
    pub fn view(&self, asked: Option<GuildId>) -> View {
        match (self, asked) {
            (Self::Everything, None) => View::Everything,
            (Self::Everything, Some(guild)) => View::Server(guild),
            (Self::Servers(servers), Some(guild)) if servers.contains(&guild) => View::Server(guild),
            (Self::Servers(servers), None) => {
                servers.first().map_or(View::Nothing, |&guild| View::Server(guild))
            }
            (Self::Servers(_), Some(_)) => View::Nothing,
        }
    }

    /// Whether a server is theirs to look at.
    pub fn covers(&self, guild: GuildId) -> bool {
        self.view(Some(guild)) != View::Nothing
    }
}

/// The view that a request gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// All servers together.
    Everything,
    /// One server alone.
    Server(GuildId),
    /// Nothing: the server is not theirs to look at.
    Nothing,
}

/// Somebody, as Discord knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// The id of the account.
    pub id: UserId,
    /// The display name, or else the username; cleaned.
    pub name: String,
    /// The address of the avatar, if there is one.
    pub avatar_url: Option<String>,
}

/// The role of somebody who is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Named in `ADMIN_IDS`.
    Admin,
    /// Manages servers that Pulse is in.
    Manager,
    /// Came by the link of a developer's machine.
    Local,
    /// A program with `ADMIN_TOKEN`.
    Program,
}

/// The answer of `/api/me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// The account; `null` for a program, and for who came by the link.
    pub id: Option<UserId>,
    /// The name to show.
    pub name: String,
    /// The address of the avatar, if there is one.
    pub avatar_url: Option<String>,
    /// The role under which they are let in.
    pub role: Role,
    /// The servers that are theirs to look at; `null` for all.
    pub guilds: Option<BTreeSet<GuildId>>,
}

/// The moments of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// The moment at which it began.
    pub opened_at: Timestamp,
    /// The moment at which it was last seen in use, to [`SEEN_EVERY_MS`].
    pub seen_at: Timestamp,
    /// The moment at which Discord last said what its owner may.
    pub checked_at: Timestamp,
}

impl Life {
    /// The life of a session that begins now, just confirmed by Discord.
    pub const fn new(now: Timestamp) -> Self {
        Self { opened_at: now, seen_at: now, checked_at: now }
    }

    /// Whether it is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.since(self.seen_at) >= IDLE_MAX_MS || now.since(self.opened_at) >= SESSION_MAX_MS
    }

    /// Whether its use is to be noted.
    pub fn is_to_be_noted(&self, now: Timestamp) -> bool {
        now.since(self.seen_at) >= SEEN_EVERY_MS
    }

    /// Whether its owner's rights are to be asked for again, which they are after `due_ms`: [`RIGHTS_DUE_MS`], unless a
    /// setting says otherwise.
    pub fn is_due(&self, now: Timestamp, due_ms: u64) -> bool {
        now.since(self.checked_at) >= due_ms
    }

    /// Whether its owner's rights are too old to go by: half as old again.
    pub fn is_unsure(&self, now: Timestamp, due_ms: u64) -> bool {
        now.since(self.checked_at) >= due_ms / 2 * 3
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOON: Timestamp = Timestamp(1_768_478_400_000);

    #[test]
    fn managers_are_owners_administrators_and_who_may_manage() {
        let cases = [
            (json!({"id": "1", "owner": true, "permissions": "0"}), true),
            (json!({"id": "1", "owner": false, "permissions": "8"}), true),
            (json!({"id": "1", "owner": false, "permissions": "32"}), true),
            (json!({"id": "1", "owner": false, "permissions": "2251799813685247"}), true),
            (json!({"id": "1", "owner": false, "permissions": "16"}), false),
            (json!({"id": "1", "owner": false, "permissions": "2248473465835073"}), false),
            (json!({"id": "1", "owner": false, "permissions": "all"}), false),
            (json!({"id": "1"}), false),
            (json!({"id": "1", "owner": null, "permissions": null}), false),
            // 2^70, alone and with Administrator; and 2^64 with Manage Server.
            (json!({"id": "1", "permissions": "1180591620717411303424"}), false),
            (json!({"id": "1", "permissions": "1180591620717411303432"}), true),
            (json!({"id": "1", "permissions": "18446744073709551648"}), true),
            (json!({"id": "1", "permissions": "9".repeat(400)}), true),
            (json!({"id": "1", "permissions": ""}), false),
            (json!({"id": "1", "permissions": "-8"}), false),
            (json!({"id": "1", "permissions": "8 "}), false),
        ];
        for (membership, manages) in cases {
            let read: Membership = serde_json::from_value(membership.clone()).unwrap();
            assert_eq!(!managed(&[read]).is_empty(), manages, "{membership}");
        }
    }

    #[test]
    fn a_scope_shows_what_is_in_it_and_nothing_else() {
        let some = |ids: &[u64]| Scope::Servers(ids.iter().copied().map(GuildId).collect());
        let cases = [
            (Scope::Everything, None, View::Everything),
            (Scope::Everything, Some(9), View::Server(GuildId(9))),
            (some(&[7, 5]), None, View::Server(GuildId(5))),
            (some(&[7, 5]), Some(7), View::Server(GuildId(7))),
            (some(&[7, 5]), Some(9), View::Nothing),
            (some(&[]), None, View::Nothing),
            (some(&[]), Some(5), View::Nothing),
        ];
        for (scope, asked, shown) in cases {
            let asked = asked.map(GuildId);
            assert_eq!(scope.view(asked), shown, "{scope:?} {asked:?}");
            if let Some(asked) = asked {
                assert_eq!(scope.covers(asked), shown != View::Nothing);
            }
        }
    }

    #[test]
    fn a_session_slides_and_ends() {
        let at = |opened: u64, seen: u64, checked: u64| Life {
            opened_at: NOON.minus(opened),
            seen_at: NOON.minus(seen),
            checked_at: NOON.minus(checked),
        };
        for (life, over) in [
            (at(0, 0, 0), false),
            (at(IDLE_MAX_MS, IDLE_MAX_MS - 1, 0), false),
            (at(IDLE_MAX_MS, IDLE_MAX_MS, 0), true),
            (at(SESSION_MAX_MS - 1, 0, 0), false),
            (at(SESSION_MAX_MS, 0, 0), true),
        ] {
            assert_eq!(life.is_over(NOON), over, "{life:?}");
        }
        assert!(!at(0, SEEN_EVERY_MS - 1, 0).is_to_be_noted(NOON));
        assert!(at(0, SEEN_EVERY_MS, 0).is_to_be_noted(NOON));
        for (age, due, unsure) in [
            (0, false, false),
            (RIGHTS_DUE_MS - 1, false, false),
            (RIGHTS_DUE_MS, true, false),
            (15 * MINUTE_MS - 1, true, false),
            (15 * MINUTE_MS, true, true),
        ] {
            let life = at(0, 0, age);
            let found = (life.is_due(NOON, RIGHTS_DUE_MS), life.is_unsure(NOON, RIGHTS_DUE_MS));
            assert_eq!(found, (due, unsure), "{age}");
        }
        assert!(!Life::new(NOON).is_over(NOON.minus(1)), "a clock that steps back ends nothing");
    }
}
