//! `bot-worker check`: everything that has to fit together, one line each, and what to do where it does not.

mod edge;
mod limits;

use std::{fmt, time::Duration};

use interactions::rest::Refusal;
use reqwest::StatusCode;

use self::edge::Told;
use crate::{
    clock::{self, on_the_wall},
    config::Settings,
    discord::{Application, Discord, DiscordError, Scope},
    edge::{Edge, EdgeError, SignIn},
    line::Line,
    register::Difference,
};

/// All lines, in the order in which they were looked at.
#[derive(Debug)]
pub struct Findings {
    lines: Vec<Line>,
    /// Discord refuses the token, and nothing else could be asked.
    pub token_refused: bool,
}

impl Findings {
    /// Nothing has to be done.
    pub fn all_well(&self) -> bool {
        !self.lines.iter().any(Line::is_wrong)
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Looks at everything. Nothing is changed.
pub async fn check(settings: &Settings) -> Result<Findings, reqwest::Error> {
    let discord = Discord::new(&settings.discord)?;
    let edge = Edge::new(&settings.edge)?;
    let mut lines = Vec::new();
    let (token, application) = token_line(&discord).await;
    let token_refused = matches!(application, Err(DiscordError::Unauthorized));
    let key = application.as_ref().ok().map(|application| application.verify_key.as_str());
    let known = edge.knows_us().await;
    // An edge that does not know us would only refuse once more.
    let told = match known {
        Ok(()) => Some(Told { check: edge.check(key).await, at: clock::now() }),
        Err(_) => None,
    };
    lines.push(token);
    if let Ok(application) = &application {
        // An edge that is not there is told below.
        let at_the_edge = edge.sign_in().await.ok().flatten();
        let signs_in_for = at_the_edge.as_ref().map(|sign_in| sign_in.application.as_str());
        lines.push(application_line(settings, application, signs_in_for));
        lines.extend(at_the_edge.as_ref().and_then(|sign_in| redirect_line(application, sign_in)));
        lines.push(key_line(settings, application, told.as_ref().and_then(Told::key_matches)));
        lines.push(commands_line(&discord, application).await);
        lines.push(twice_line(&discord, application).await);
        lines.push(gateway_line(&discord).await);
    }
    let skew_seconds = discord.skew_seconds().await;
    lines.push(edge_line(known));
    lines.extend(told.iter().flat_map(|told| told.lines(skew_seconds)));
    lines.push(forgery_line(&edge).await);
    if let Ok(application) = &application {
        lines.push(endpoint_line(&discord, application, &settings.edge.url).await);
    }
    lines.push(clock_line(skew_seconds));
    Ok(Findings { lines, token_refused })
}

/// Servers whose own commands are looked for: those of an application that is being developed are few.
const SERVERS_LOOKED_AT: usize = 20;
/// The remedy for most requests that Discord does not answer.
pub const ASK_AGAIN: &str = "try again; see https://discordstatus.com";

/// Asks Discord whether it knows the token; gives the line about it, and the application that the token belongs to.
pub async fn token_line(discord: &Discord) -> (Line, Result<Application, DiscordError>) {
    let what = "bot token";
    let application = discord.application().await;
    let line = match (&application, &discord.bot().await) {
        (Ok(_), Ok(bot)) => Line::well(what, format!("{} ({})", bot.name, bot.id)),
        (Err(error @ DiscordError::Unauthorized), _) | (_, Err(error @ DiscordError::Unauthorized)) => {
            Line::wrong(
                what,
                error.to_string(),
                "Developer Portal, Bot, Reset Token; put the new one into DISCORD_TOKEN",
            )
        }
        (Err(error), _) | (_, Err(error)) => Line::wrong(what, error.to_string(), ASK_AGAIN),
    };
    (line, application)
}

fn application_line(settings: &Settings, application: &Application, at_the_edge: Option<&str>) -> Line {
    let (what, id) = ("application", application.id.to_string());
    match (settings.application_id.as_deref(), at_the_edge) {
        (Some(given), _) if given != id => Line::wrong(
            what,
            format!("the token belongs to {id}, DISCORD_APPLICATION_ID is {given}"),
            "take both from the same application in the Developer Portal",
        ),
        (_, Some(edge)) if edge != id => Line::wrong(
            what,
            format!("the token belongs to {id}, the edge signs people in for {edge}"),
            "set the edge's DISCORD_APPLICATION_ID to the application of the token",
        ),
        (_, Some(_)) => Line::well(what, format!("{id}, as at the edge")),
        (Some(_), None) => Line::well(what, format!("{id}, as DISCORD_APPLICATION_ID says")),
        (None, None) => Line::well(what, id),
    }
}

/// People come back to exactly one of the addresses that stand under Redirects, or not at all.
fn redirect_line(application: &Application, sign_in: &SignIn) -> Option<Line> {
    let (what, address) = ("redirection", sign_in.leads_back_to.as_str());
    Some(if application.leads_back_to(address)? {
        Line::well(what, format!("{address} is among the Redirects"))
    } else {
        Line::note(
            what,
            format!("{address} is not among the Redirects, so that nobody can sign in"),
            redirects(application),
        )
    })
}

/// The address at which a person adds a redirect; no program can.
pub fn redirects(application: &Application) -> String {
    format!("https://discord.com/developers/applications/{}/oauth2, Redirects", application.id)
}

fn key_line(settings: &Settings, application: &Application, matches_at_the_edge: Option<bool>) -> Line {
    let (what, key) = ("public key", application.verify_key.as_str());
    match settings.public_key.as_deref() {
        _ if matches_at_the_edge == Some(false) => Line::wrong(
            what,
            format!("Discord signs for {key}, the edge's DISCORD_PUBLIC_KEY is another"),
            "copy the Public Key from General Information to the edge's DISCORD_PUBLIC_KEY",
        ),
        Some(given) if !given.eq_ignore_ascii_case(key) => Line::wrong(
            what,
            format!("Discord signs for {key}, DISCORD_PUBLIC_KEY is {given}"),
            "copy the Public Key from General Information to the edge's DISCORD_PUBLIC_KEY",
        ),
        Some(_) => Line::well(what, format!("{key}, as DISCORD_PUBLIC_KEY says")),
        None if matches_at_the_edge == Some(true) => Line::well(what, format!("{key}, as at the edge")),
        None => Line::well(what, key),
    }
}

async fn commands_line(discord: &Discord, application: &Application) -> Line {
    let what = "commands";
    let wanted = interactions::command::definitions();
    match discord.commands(Scope { application: application.id, guild: None }).await {
        Err(error) => Line::wrong(what, error.to_string(), ASK_AGAIN),
        Ok(registered) => match Difference::between(&wanted, &registered) {
            same if same.is_empty() => {
                Line::well(what, format!("{} registered and up to date", wanted.len()))
            }
            differ => Line::wrong(what, differ.summary(), "`bot-worker register`, or start `bot-worker run`"),
        },
    }
}

/// Commands of a server stand beside those that are registered everywhere.
async fn twice_line(discord: &Discord, application: &Application) -> Line {
    let (what, remedy) = ("servers", "`bot-worker register --guild ID --delete` for each of them");
    let looked = async {
        let servers = discord.servers().await?;
        let mut own = Vec::new();
        for &guild in servers.iter().take(SERVERS_LOOKED_AT) {
            let commands =
                discord.commands(Scope { application: application.id, guild: Some(guild) }).await?;
            if !commands.is_empty() {
                own.push(guild.to_string());
            }
        }
        Ok::<_, DiscordError>((servers.len(), own))
    };
    match looked.await {
        Err(error) => Line::wrong(what, error.to_string(), ASK_AGAIN),
        Ok((count, own)) if own.is_empty() => {
            Line::well(what, format!("none of {} has commands of its own", count.min(SERVERS_LOOKED_AT)))
        }
        Ok((_, own)) => Line::wrong(
            what,
            format!("commands show twice, as they are registered there, too: {}", own.join(", ")),
            remedy,
        ),
    }
}

async fn gateway_line(discord: &Discord) -> Line {
    let what = "gateway";
    match discord.gateway().await {
        Err(error) => Line::wrong(what, error.to_string(), ASK_AGAIN),
        Ok(info) => {
            let (shards, left) = (info.shards, info.session_start_limit.remaining);
            if shards == 0 {
                return Line::wrong(
                    what,
                    "Discord recommends 0 shards, so there is nothing to connect",
                    ASK_AGAIN,
                );
            }
            if left < shards {
                let again = on_the_wall(Duration::from_millis(info.session_start_limit.reset_after));
                let found =
                    format!("{left} identifies left until {again}, and {shards} shards need one each");
                return Line::wrong(what, found, "wait until then; something restarts the bot too often");
            }
            let plural = if shards == 1 { "" } else { "s" };
            Line::well(what, format!("{shards} shard{plural} recommended, {left} identifies left today"))
        }
    }
}

fn edge_line(known: Result<(), EdgeError>) -> Line {
    let what = "edge";
    match known {
        Ok(()) => Line::well(what, "takes reports with this BOT_TOKEN"),
        Err(error @ EdgeError::Unauthorized) => Line::wrong(
            what,
            error.to_string(),
            "`npx wrangler secret put BOT_TOKEN`, and the same value here",
        ),
        Err(error) => Line::wrong(what, error.to_string(), "see whether EDGE_URL opens in a browser"),
    }
}

async fn forgery_line(edge: &Edge) -> Line {
    let what = "forgeries";
    match edge.forged().await {
        Ok(StatusCode::UNAUTHORIZED) => Line::well(what, "refused with 401"),
        Ok(status) => Line::wrong(
            what,
            format!("a request that nobody signed is answered {status}"),
            "see the edge's log; 500 is a missing DISCORD_PUBLIC_KEY",
        ),
        Err(error) => Line::wrong(what, error.to_string(), "see whether EDGE_URL opens in a browser"),
    }
}

/// Only Discord can sign a PING. Setting the address to what it is lets it do so.
async fn endpoint_line(discord: &Discord, application: &Application, edge_url: &str) -> Line {
    let what = "endpoint";
    let wanted = format!("{edge_url}/interactions");
    match application.endpoint.as_deref() {
        None | Some("") => Line::wrong(
            what,
            "Discord does not know where to post interactions",
            "Developer Portal, General Information, Interactions Endpoint URL: EDGE_URL with /interactions",
        ),
        Some(set) if set.trim_end_matches('/') != wanted => Line::wrong(
            what,
            format!("Discord posts interactions to {set}, not to {wanted}"),
            "Developer Portal, General Information, Interactions Endpoint URL; or EDGE_URL is the wrong one",
        ),
        Some(set) => match discord.set_endpoint(set).await {
            Ok(()) => Line::well(what, format!("{set} answers Discord's PING")),
            Err(error @ DiscordError::Refused { refusal: Refusal { status: 400, .. }, .. }) => Line::wrong(
                what,
                error.to_string(),
                "the edge's DISCORD_PUBLIC_KEY is not this application's, or Discord cannot reach it",
            ),
            Err(error) => Line::wrong(what, error.to_string(), ASK_AGAIN),
        },
    }
}

fn clock_line(skew_seconds: Option<i64>) -> Line {
    let what = "clock";
    match skew_seconds {
        None => Line::well(what, "Discord did not tell its time"),
        Some(skew) => match clock::complaint(skew) {
            Some(complaint) => Line::wrong(what, complaint, "`timedatectl set-ntp true`"),
            None => Line::well(what, "within 30 s of Discord's"),
        },
    }
}
