//! The edge's description of itself, line by line.

use std::time::Duration;

use protocol::{
    Timestamp, VERSION,
    check::{BindingCheck, ClientSecret, EdgeCheck},
};

use super::limits;
use crate::{clock::SKEW_TOLERATED, edge::EdgeError, line::Line};

/// The release of this program.
const RELEASE: &str = env!("CARGO_PKG_VERSION");
const DEPLOY: &str = "`git pull`, then `npx wrangler deploy`: first the edge, then bot-worker";
const SECRETS: &str = "write it into pulse.secrets, then `npx wrangler deploy --secrets-file pulse.secrets`";

/// The edge's answer, and the time at which it came.
#[derive(Debug)]
pub struct Told {
    /// Its answer to `GET /api/check`, or why there is none.
    pub check: Result<EdgeCheck, EdgeError>,
    /// The clock here when it came.
    pub at: Timestamp,
}

impl Told {
    /// Whether the key that it was asked about is its own; `None` when it has not said.
    pub fn key_matches(&self) -> Option<bool> {
        self.check.as_ref().ok()?.public_key_matches
    }

    /// A line for each thing that it told. `skew_seconds` is how far the clock here is ahead of Discord's.
    pub fn lines(&self, skew_seconds: Option<i64>) -> Vec<Line> {
        match &self.check {
            Ok(check) => {
                let mut lines = vec![versions(check), settings(check), sign_in(check), bindings(check)];
                lines.extend(limits::line(check));
                lines.push(clock(check.now, self.at, skew_seconds));
                lines.extend(storage(check));
                lines
            }
            Err(EdgeError::NotOffered) => {
                vec![Line::note(
                    "versions",
                    "the edge is older than this program and does not tell of itself",
                    DEPLOY,
                )]
            }
            Err(error) => vec![Line::note("versions", error.to_string(), DEPLOY)],
        }
    }
}

fn versions(check: &EdgeCheck) -> Line {
    let (what, edge) = ("versions", &check.release);
    let both = format!("edge {edge}, bot-worker {RELEASE}");
    match check.version {
        older if older < VERSION => {
            Line::wrong(what, format!("{both}: the edge cannot read what this program reports"), DEPLOY)
        }
        newer if newer > VERSION => {
            let found = format!("{both}: this program is older than what the edge tells");
            Line::wrong(what, found, "`cargo install --locked --path bot-worker`, and restart it")
        }
        _ if edge == RELEASE => Line::well(what, both),
        _ => Line::note(
            what,
            format!("{both}: they understand each other"),
            "deploy both from the same release",
        ),
    }
}

fn settings(check: &EdgeCheck) -> Line {
    let what = "edge settings";
    let problems: Vec<String> = check
        .settings
        .iter()
        .filter_map(|setting| Some(format!("{}: {}", setting.name, setting.problem.as_ref()?)))
        .collect();
    if !problems.is_empty() {
        return Line::wrong(what, problems.join("; "), SECRETS);
    }
    let set: Vec<&str> =
        check.settings.iter().filter(|setting| setting.set).map(|setting| setting.name.as_str()).collect();
    Line::well(what, format!("{} are set", set.join(", ")))
}

fn sign_in(check: &EdgeCheck) -> Line {
    let what = "sign-in";
    let is_set = |name: &str| check.settings.iter().any(|setting| setting.name == name && setting.set);
    match check.client_secret {
        ClientSecret::Accepted if is_set("ADMIN_IDS") => {
            Line::well(what, "Discord accepts DISCORD_CLIENT_SECRET from the edge")
        }
        ClientSecret::Accepted => Line::note(
            what,
            "Discord accepts DISCORD_CLIENT_SECRET; nobody sees everything, as ADMIN_IDS is not set",
            SECRETS,
        ),
        ClientSecret::Refused => Line::wrong(
            what,
            "Discord refuses the edge's DISCORD_CLIENT_SECRET (invalid_client)",
            "Developer Portal, OAuth2, Reset Secret; then `npx wrangler secret put DISCORD_CLIENT_SECRET`",
        ),
        ClientSecret::Unreachable => {
            let why = check.client_secret_why.as_deref().unwrap_or("it does not say why");
            let found = format!("Discord has not told the edge whether it accepts the client secret: {why}");
            Line::wrong(what, found, super::ASK_AGAIN)
        }
        ClientSecret::NotSet => Line::note(
            what,
            "nobody can: DISCORD_APPLICATION_ID or DISCORD_CLIENT_SECRET is not set at the edge",
            SECRETS,
        ),
        ClientSecret::Unknown => {
            Line::note(what, "the edge tells it in a word that is not known here", DEPLOY)
        }
    }
}

/// Only where there is something to look at.
fn storage(check: &EdgeCheck) -> Option<Line> {
    let books = check.room?.fullest?;
    let found =
        format!("the books of server {} take up {} % of their storage", books.guild_id, books.percent);
    Some(Line::note("storage", found, "see \"When books are full\" in docs/deploy"))
}

fn bindings(check: &EdgeCheck) -> Line {
    let what = "bindings";
    let names = |kept: fn(&BindingCheck) -> bool| {
        let kept = check.bindings.iter().filter(|binding| kept(binding));
        kept.map(|binding| binding.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let missing = names(|binding| !binding.bound && !binding.optional);
    if !missing.is_empty() {
        let found = format!("the Worker is not bound to {missing}");
        return Line::wrong(
            what,
            found,
            "take wrangler.toml as it is in the repository, then `npx wrangler deploy`",
        );
    }
    let Some(room) = check.room else {
        return Line::wrong(
            what,
            "the room of all servers does not answer the edge",
            "see `npx wrangler tail`",
        );
    };
    let left_out = names(|binding| !binding.bound);
    let left_out =
        if left_out.is_empty() { left_out } else { format!(" (without {left_out}, which is optional)") };
    let (servers, viewers) = (room.servers, room.viewers);
    let bound = names(|binding| binding.bound);
    Line::well(what, format!("{bound}{left_out}; servers: {servers}, open pages: {viewers}"))
}

/// Signatures are dated by Discord, so that its clock is the one that counts; where it has not told, ours is.
fn clock(theirs: Timestamp, ours: Timestamp, skew_seconds: Option<i64>) -> Line {
    let what = "edge clock";
    let (whose, which) = match skew_seconds {
        Some(_) => ("Discord's", "the machine that runs the edge"),
        None => ("this machine's", "this machine, or of the one that runs the edge"),
    };
    let ahead =
        theirs.seconds().cast_signed() - ours.seconds().cast_signed() + skew_seconds.unwrap_or_default();
    let off = Duration::from_secs(ahead.unsigned_abs());
    if off <= SKEW_TOLERATED {
        return Line::well(what, format!("within {} s of {whose}", SKEW_TOLERATED.as_secs()));
    }
    let direction = if ahead > 0 { "ahead of" } else { "behind" };
    Line::wrong(
        what,
        format!(
            "{} s {direction} {whose}: from 5 minutes on every command is refused as forged",
            off.as_secs()
        ),
        format!("set the clock of {which}, best by NTP"),
    )
}

#[cfg(test)]
mod tests;
