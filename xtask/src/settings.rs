//! Settings come from the environment first, then from `.dev.vars`, which is made with fresh keys when absent.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use ed25519_dalek::SigningKey;
use serde_json::{Map, Value};

/// The settings that the Worker may see. The bot's token and the stand-in's signing key are not among them.
const OF_THE_EDGE: [&str; 12] = [
    "ADMIN_IDS",
    "ADMIN_TOKEN",
    "ADMIN_TOKEN_OLD",
    "BOT_TOKEN",
    "BOT_TOKEN_OLD",
    "DEFER_AFTER_MS",
    "DISCORD_API",
    "DISCORD_APPLICATION_ID",
    "DISCORD_CLIENT_SECRET",
    "DISCORD_PUBLIC_KEY",
    "PUBLIC_URL",
    "STATUS_PAGE",
];

/// The stand-in's application: any snowflake does, a fixed one makes logs comparable.
const APPLICATION_ID: &str = "1190000000000000001";

/// Every setting that was given, by name.
pub struct Settings {
    given: BTreeMap<String, String>,
}

impl Settings {
    /// Reads `.dev.vars`, making it first when it is not there. It is never overwritten.
    pub fn load(file: &Path) -> Result<Self> {
        if !file.exists() {
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(file)
                .and_then(|mut opened| opened.write_all(fresh()?.as_bytes()))
                .with_context(|| format!("making {}", file.display()))?;
        }
        let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        Ok(Self::merged(&text, |name| std::env::var(name).ok()))
    }

    /// The settings of `text`, each replaced by what `environment` says about it.
    fn merged(text: &str, environment: impl Fn(&str) -> Option<String>) -> Self {
        let mut given: BTreeMap<String, String> = parse(text).collect();
        let names =
            OF_THE_EDGE.iter().copied().chain(["DISCORD_TOKEN", "DISCORD_SIM_SIGNING_KEY", "DEV_LINK"]);
        for name in names {
            if let Some(value) = environment(name) {
                given.insert(name.to_owned(), value);
            }
        }
        Self { given }
    }

    /// The value of a setting; one that is given but empty counts as not given.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Gives a setting a value for this run.
    pub fn set(&mut self, name: &str, value: String) {
        self.given.insert(name.to_owned(), value);
    }

    /// The settings that the Worker gets: its own, and the one-time link where the build knows it.
    pub fn of_the_edge(&self) -> Map<String, Value> {
        let names = OF_THE_EDGE.iter().chain(&["DEV_LINK"]);
        names.filter_map(|name| Some(((*name).to_owned(), self.given.get(*name)?.as_str().into()))).collect()
    }

    /// Whether the stand-in's signatures verify at the edge. Not so with a real application's public key.
    pub fn stand_in_can_sign(&self) -> bool {
        let Some(seed) = self.get("DISCORD_SIM_SIGNING_KEY").and_then(|text| hex::decode(text).ok()) else {
            return false;
        };
        let Ok(seed) = <[u8; 32]>::try_from(seed.as_slice()) else { return false };
        self.get("DISCORD_PUBLIC_KEY").is_some_and(|key| key.eq_ignore_ascii_case(&public_key(&seed)))
    }
}

/// `NAME=VALUE` lines; `#` begins a comment line, and quotes around a value are dropped.
fn parse(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines().map(str::trim).filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        let value = value.trim();
        let bare = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
        Some((name.trim().to_owned(), bare.unwrap_or(value).to_owned()))
    })
}

fn fresh() -> std::io::Result<String> {
    let seed = random()?;
    Ok(format!(
        "# Made by `cargo xtask` with fresh random keys; it is not committed, and wrangler reads it too.\n\
         # To use a real Discord application, put its values here (README, \"A real Discord application\").\n\
         DISCORD_PUBLIC_KEY={}\n\
         DISCORD_APPLICATION_ID={APPLICATION_ID}\n\
         DISCORD_TOKEN={}\n\
         BOT_TOKEN={}\n\
         ADMIN_TOKEN={}\n\
         # The other half of DISCORD_PUBLIC_KEY, with which the stand-in for Discord signs.\n\
         DISCORD_SIM_SIGNING_KEY={}\n",
        public_key(&seed),
        hex::encode(random()?),
        hex::encode(random()?),
        hex::encode(random()?),
        hex::encode(seed),
    ))
}

fn public_key(seed: &[u8; 32]) -> String {
    hex::encode(SigningKey::from_bytes(seed).verifying_key().as_bytes())
}

/// 32 bytes of the system's entropy.
pub fn random() -> std::io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_parsed() {
        for (line, expected) in [
            ("A=1", Some(("A", "1"))),
            ("  A = 1 ", Some(("A", "1"))),
            ("A=\"1 2\"", Some(("A", "1 2"))),
            ("A='x=y'", Some(("A", "x=y"))),
            ("A=\"half", Some(("A", "\"half"))),
            ("A=", Some(("A", ""))),
            ("# A=1", None),
            ("", None),
            ("A", None),
        ] {
            let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(parse(line).next(), expected, "{line:?}");
        }
    }

    #[test]
    fn the_environment_wins_and_the_edge_sees_only_its_own() {
        let file = "ADMIN_TOKEN=file\nBOT_TOKEN=file\nDISCORD_TOKEN=file\nOTHER=file";
        let settings = Settings::merged(file, |name| match name {
            "ADMIN_TOKEN" | "ADMIN_IDS" | "OTHER" => Some("environment".to_owned()),
            "BOT_TOKEN" => Some(String::new()),
            _ => None,
        });
        assert_eq!(settings.get("ADMIN_TOKEN"), Some("environment"));
        assert_eq!(settings.get("BOT_TOKEN"), None, "set, but empty");
        assert_eq!(settings.get("DISCORD_TOKEN"), Some("file"));
        assert_eq!(
            Value::Object(settings.of_the_edge()),
            serde_json::json!({ "ADMIN_IDS": "environment", "ADMIN_TOKEN": "environment", "BOT_TOKEN": "" })
        );
    }

    #[test]
    fn fresh_settings_belong_together_and_differ_each_time() {
        let nothing = |_: &str| None;
        let (one, other) = (fresh().unwrap(), fresh().unwrap());
        let mut settings = Settings::merged(&one, nothing);
        assert!(settings.stand_in_can_sign());
        assert_ne!(settings.get("ADMIN_TOKEN"), Settings::merged(&other, nothing).get("ADMIN_TOKEN"));
        settings.set("DISCORD_PUBLIC_KEY", "ab".repeat(32));
        assert!(!settings.stand_in_can_sign());
    }
}
