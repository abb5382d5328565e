//! The stand-in's state: its settings, registered commands, answers, and counts.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use protocol::UserId;
use serde::Serialize;
use serde_json::Value;

use crate::{
    client::{self, Answer, ClientError, EdgeClient},
    faults::Faults,
    fixtures::{Guild, Player},
    gateway::Gateway,
    grants::{Grant, Rights},
    lock::lock,
    original_responses::OriginalResponses,
    payload::{Payload, Typed},
    rate_limit::RateLimits,
    reply::Reply,
    signing::Signer,
    snowflake::{self, Snowflakes},
};

/// The type of the command that opens an Activity.
pub(crate) const ENTRY_POINT: u64 = 4;

/// The scope of registered commands: one server by its id, or every server when `None`.
pub type Scope = Option<u64>;

/// Shared by all routes and by the crowd.
#[derive(Debug)]
pub struct State {
    /// The application this Discord knows.
    pub application: u64,
    /// The only bot token it accepts.
    pub bot_token: String,
    /// The public key, as the application object shows it in `verify_key`.
    pub public_key: String,
    /// The origin of this server, `http://127.0.0.1:PORT`.
    pub url: String,
    /// All servers, also those that the bot was taken out of.
    pub guilds: Vec<Guild>,
    /// The people that are known by their ids.
    pub players: Vec<Player>,
    /// The way to the edge, when there is one.
    pub edge: Option<EdgeClient>,
    pub(crate) signer: Signer,
    /// The interactions endpoint that the application has set.
    pub(crate) endpoint: Mutex<Option<String>>,
    /// The application's `integration_types_config`: who can add it, and the scopes and permissions that they are asked for.
    pub(crate) install: Mutex<Value>,
    /// The redirect addresses of a sign-in; while there are none, any address is taken.
    pub(crate) redirects: Mutex<Vec<String>>,
    /// Whether the crowd plays.
    pub playing: AtomicBool,
    /// Counts of interactions that were posted, and of requests that came in.
    pub tally: Tally,
    /// The scripted faults, and the weather.
    pub faults: Faults,
    /// The gateway's settings, sessions and open connections.
    pub gateway: Gateway,
    /// The answers to interactions, by their tokens.
    pub originals: OriginalResponses,
    pub(crate) limits: RateLimits,
    pub(crate) grants: Mutex<HashMap<String, Grant>>,
    pub(crate) rights: Mutex<HashMap<UserId, Rights>>,
    /// People whose tokens the application has revoked; a new consent takes them out.
    pub(crate) let_go: Mutex<HashSet<UserId>>,
    pub(crate) messages: Mutex<VecDeque<Value>>,
    pub(crate) commands: Mutex<BTreeMap<Scope, Vec<Value>>>,
    pub(crate) ids: Snowflakes,
    pub(crate) entropy: u64,
}

/// Counts of interactions posted to the edge, and of requests that came in.
#[derive(Debug, Default)]
pub struct Tally {
    sent: AtomicU64,
    answered: AtomicU64,
    failed: AtomicU64,
    forged: AtomicU64,
    believed: AtomicU64,
    requests: AtomicU64,
    invalid_requests: AtomicU64,
    revocations: AtomicU64,
}

/// A [`Tally`] at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Posted to the edge, forged ones not included.
    pub sent: u64,
    /// Answered with 200 within Discord's 3 s.
    pub answered: u64,
    /// Answered otherwise, or not at all.
    pub failed: u64,
    /// Posted with a signature that does not hold.
    pub forged: u64,
    /// Those of them that were answered otherwise than with 401: a fault of the edge.
    pub believed: u64,
    /// Requests of the bot and of webhooks.
    pub requests: u64,
    /// Those of them that Discord counts as invalid: 401, 403 and 429. 10 000 in 10 minutes block an address.
    pub invalid_requests: u64,
    /// Tokens of people that the application has revoked.
    pub revocations: u64,
}

impl Tally {
    /// A snapshot of the counts.
    pub fn counts(&self) -> Counts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts {
            sent: read(&self.sent),
            answered: read(&self.answered),
            failed: read(&self.failed),
            forged: read(&self.forged),
            believed: read(&self.believed),
            requests: read(&self.requests),
            invalid_requests: read(&self.invalid_requests),
            revocations: read(&self.revocations),
        }
    }

    pub(crate) fn revoked(&self) {
        self.revocations.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn rest(&self, status: u16) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if matches!(status, 401 | 403 | 429) {
            self.invalid_requests.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl State {
    /// The gateway's address: `ws://127.0.0.1:PORT`.
    pub fn gateway_url(&self) -> String {
        self.url.replacen("http", "ws", 1)
    }

    /// The owner of the application and of the first server: the first of all people.
    pub fn owner(&self) -> &Player {
        &self.players[0]
    }

    /// The servers that the bot is in.
    pub fn guilds_here(&self) -> impl Iterator<Item = &Guild> {
        self.guilds.iter().filter(|guild| !self.gateway.has_left(guild.id))
    }

    /// The rights of a person here; the default for people who were given none.
    pub fn rights_of(&self, person: UserId) -> Rights {
        lock(&self.rights).get(&person).cloned().unwrap_or_default()
    }

    /// Makes a person be this.
    pub fn set_rights(&self, person: UserId, rights: Rights) {
        lock(&self.rights).insert(person, rights);
    }

    /// A snowflake of this moment, later than every one before.
    pub fn fresh_id(&self) -> u64 {
        self.ids.fresh(client::now(), self.entropy)
    }

    /// Signs a payload, posts it to the edge and counts.
    pub async fn post(&self, edge: &EdgeClient, payload: &Payload) -> Result<Answer, ClientError> {
        self.tally.sent.fetch_add(1, Ordering::Relaxed);
        let mut interaction = payload.clone().for_application(self.application).build();
        self.leave_out_who_left(&mut interaction);
        let token = interaction["token"].as_str().unwrap_or_default();
        self.originals.posted(token, interaction.get("message").cloned());
        let answer = edge.post(&interaction).await;
        let well = answer.as_ref().is_ok_and(|answer| answer.status == 200);
        let reply = answer.as_ref().ok().filter(|_| well).and_then(|answer| Reply::read(&answer.json()).ok());
        self.originals.answered(token, reply.as_ref());
        let count = if well { &self.tally.answered } else { &self.tally.failed };
        count.fetch_add(1, Ordering::Relaxed);
        answer
    }

    /// Removes people who are not in the server, or not any more, from the members that an interaction names; they stay
    /// among its users.
    fn leave_out_who_left(&self, interaction: &mut Value) {
        let guild = interaction["guild_id"].as_str().and_then(|id| id.parse().ok());
        let members = interaction.pointer_mut("/data/resolved/members").and_then(Value::as_object_mut);
        let (Some(guild), Some(members)) = (guild, members) else { return };
        members.retain(|user, _| {
            let rights = user.parse().map(|user| self.rights_of(user)).unwrap_or_default();
            rights.servers.is_none_or(|servers| servers.contains_key(&guild))
        });
    }

    /// Posts a forged interaction; one that is not refused is counted, and is a fault of the edge.
    pub async fn post_forged(&self, edge: &EdgeClient, payload: &Payload) {
        let forged = payload.clone().for_application(self.application).build();
        let answer = edge.post_forged(&forged).await;
        self.tally.forged.fetch_add(1, Ordering::Relaxed);
        if answer.is_ok_and(|answer| answer.status != 401) {
            self.tally.believed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether an endpoint answers a PING with a PONG, and a forged one with 401; as Discord looks before it takes one.
    pub async fn endpoint_holds(&self, url: &str) -> bool {
        let Some(origin) = url.strip_suffix("/interactions") else { return false };
        let Ok(client) = EdgeClient::new(origin, self.signer.clone()) else { return false };
        let id = protocol::InteractionId(self.fresh_id());
        let ping = Payload::ping(id).for_application(self.application).build();
        let answer = client.post(&ping).await;
        let answers =
            answer.is_ok_and(|answer| answer.status == 200 && Reply::read(&answer.json()) == Ok(Reply::Pong));
        answers && client.post_forged(&ping).await.is_ok_and(|answer| answer.status == 401)
    }

    /// Sets the interactions endpoint without a look at it: it was typed into the Developer Portal long ago.
    pub fn set_endpoint(&self, url: Option<String>) {
        *lock(&self.endpoint) = url;
    }

    /// Sets the addresses under Redirects, which no program can: a sign-in leads to none but these from now on.
    pub fn set_redirects(&self, urls: Vec<String>) {
        *lock(&self.redirects) = urls;
    }

    /// The application's `integration_types_config`.
    pub fn install(&self) -> Value {
        lock(&self.install).clone()
    }

    /// The interactions endpoint, if one is set.
    pub fn endpoint(&self) -> Option<String> {
        lock(&self.endpoint).clone()
    }

    /// A player's command as a payload with a fresh id.
    pub fn command(&self, guild: &Guild, player: &Player, typed: Typed) -> Payload {
        Payload::command(protocol::InteractionId(self.fresh_id()), typed).by(player).in_guild(guild)
    }

    /// The messages that the bot wrote into channels, oldest first.
    pub fn messages(&self) -> Vec<Value> {
        lock(&self.messages).iter().cloned().collect()
    }

    /// The commands that are registered in this scope.
    pub fn commands(&self, scope: Scope) -> Vec<Value> {
        lock(&self.commands).get(&scope).cloned().unwrap_or_default()
    }

    /// Overwrites what is registered. A command that is the same keeps its version, as one that is not keeps its id.
    pub fn overwrite_commands(&self, scope: Scope, definitions: Vec<Value>) -> Vec<Value> {
        let mut commands = lock(&self.commands);
        let before = commands.remove(&scope).unwrap_or_default();
        let after: Vec<Value> =
            definitions.into_iter().map(|definition| self.registered(scope, definition, &before)).collect();
        commands.insert(scope, after.clone());
        after
    }

    /// The application has Activities from now on: Discord puts the command that opens one beside those everywhere.
    pub fn add_entry_point(&self) {
        let launch =
            serde_json::json!({ "name": "launch", "description": "", "type": ENTRY_POINT, "handler": 2 });
        let launch = self.registered(None, launch, &[]);
        lock(&self.commands).entry(None).or_default().push(launch);
    }

    fn registered(&self, scope: Scope, mut definition: Value, before: &[Value]) -> Value {
        let known = before
            .iter()
            .find(|known| known["name"] == definition["name"] && known["type"] == definition["type"]);
        definition["application_id"] = self.application.to_string().into();
        definition["id"] = snowflake::command_id(definition["name"].as_str().unwrap_or_default()).into();
        if let Some(guild) = scope {
            definition["guild_id"] = guild.to_string().into();
        }
        definition["version"] = known.map_or(Value::Null, |known| known["version"].clone());
        if known != Some(&definition) {
            definition["version"] = self.fresh_id().to_string().into();
        }
        definition
    }
}
