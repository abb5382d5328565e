//! The edge's settings. What is missing or malformed is named in the answer that needed it, and in the log.

use std::{
    cell::OnceCell,
    collections::HashSet,
    sync::atomic::{AtomicBool, Ordering},
};

use interactions::{
    PublicKey, at_rest::RestKey, sealed::SealKey, signature::BadKey, transport::is_confidential,
};
use protocol::{UserId, check::Plan, number};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use worker::{Env, Fetcher, RateLimiter, Url};

use crate::{answer::Problem, log, objects::Objects};

/// Discord's API, when no setting names another.
const DISCORD_API: &str = "https://discord.com/api/v10";

/// The settings, read where they are needed.
pub struct Settings {
    env: Env,
}

impl Settings {
    pub fn new(env: Env) -> Self {
        Self { env }
    }

    /// A setting's text, if it is set and not empty.
    pub fn text(&self, name: &str) -> Option<String> {
        self.env.var(name).ok().map(|value| value.to_string()).filter(|value| !value.is_empty())
    }

    /// A setting that is a whole number, if it is set.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Problem> {
        let read = self.text(name).map(|text| number::typed(&text)).transpose();
        read.map_err(|why| Problem::bad_setting(name, why))
    }

    /// The plan of Cloudflare's, where `CLOUDFLARE_PLAN` names one.
    pub fn plan(&self) -> Option<Plan> {
        Plan::named(&self.text("CLOUDFLARE_PLAN")?)
    }

    /// Discord's public key; `None` when what is set can verify nothing.
    pub fn public_key(&self) -> Result<Option<PublicKey>, Problem> {
        const NAME: &str = "DISCORD_PUBLIC_KEY";
        static SAID: AtomicBool = AtomicBool::new(false);
        thread_local! {
            /// Read once, as settings do not change while the Worker runs: to read it is a third of a signature's work.
            static KEY: OnceCell<PublicKey> = const { OnceCell::new() };
        }
        if let Some(key) = KEY.with(|key| key.get().cloned()) {
            return Ok(Some(key));
        }
        match PublicKey::from_hex(&self.text(NAME).unwrap_or_default()) {
            Ok(key) => Ok(Some(KEY.with(|known| known.get_or_init(|| key).clone()))),
            Err(error @ BadKey::NotAPoint) => {
                // Said once: a line for each request would let anybody fill the log.
                if !SAID.swap(true, Ordering::Relaxed) {
                    log::error(&format_args!("{NAME}: {error}"));
                }
                Ok(None)
            }
            Err(error @ BadKey::NotHex) if SAID.swap(true, Ordering::Relaxed) => {
                Err(Problem::new(500, "bad_setting", format!("{NAME}: {error}")))
            }
            Err(error @ BadKey::NotHex) => Err(Problem::bad_setting(NAME, error)),
        }
    }

    /// A setting without which it cannot be done.
    pub fn needed(&self, name: &str) -> Result<String, Problem> {
        self.text(name).ok_or_else(|| Problem::bad_setting(name, "not set"))
    }

    /// Whether this is the secret of that name, or the one before it: `NAME_OLD` holds that while programs change over.
    /// A secret that is not set matches nothing. The time it takes tells nothing of either, not even its length.
    pub fn is_secret(&self, name: &str, given: &str) -> bool {
        let given = Sha256::digest(given.as_bytes());
        let matches = |name: &str| {
            self.text(name).is_some_and(|secret| bool::from(Sha256::digest(secret.as_bytes()).ct_eq(&given)))
        };
        matches(name) | matches(&format!("{name}_OLD"))
    }

    /// Lends the keys of session cookies. The first seals, and each of them opens. They follow from the secrets that there are,
    /// so that a deployer has nothing more to set: `BOT_TOKEN`, or, on an edge without a bot, what people sign in with.
    pub fn with_seal_keys<T>(&self, work: impl FnOnce(&[SealKey]) -> T) -> T {
        thread_local! {
            /// Made once, as settings do not change while the Worker runs.
            static KEYS: OnceCell<Vec<SealKey>> = const { OnceCell::new() };
        }
        KEYS.with(|keys| {
            work(keys.get_or_init(|| self.key_secrets().map(|secret| SealKey::of(&secret)).collect()))
        })
    }

    /// Lends the keys of what is kept encrypted, which follow from the same secrets. The first seals, and each of them opens.
    pub fn with_rest_keys<T>(&self, work: impl FnOnce(&[RestKey]) -> T) -> T {
        thread_local! {
            /// Made once, as those of the cookies.
            static KEYS: OnceCell<Vec<RestKey>> = const { OnceCell::new() };
        }
        KEYS.with(|keys| {
            work(keys.get_or_init(|| self.key_secrets().map(|secret| RestKey::of(&secret)).collect()))
        })
    }

    /// The secrets that keys follow from, those first that are to be used.
    fn key_secrets(&self) -> impl Iterator<Item = String> {
        const SECRETS: &[&str] = &[
            "BOT_TOKEN",
            "BOT_TOKEN_OLD",
            "DISCORD_CLIENT_SECRET",
            #[cfg(feature = "local-link")]
            "DEV_LINK",
        ];
        SECRETS.iter().filter_map(|name| self.text(name))
    }

    /// Whether `ADMIN_IDS` names this account.
    pub fn is_admin(&self, user: UserId) -> bool {
        thread_local! {
            /// Read once: settings do not change while the Worker runs, and the list may be long.
            static ADMINS: OnceCell<HashSet<UserId>> = const { OnceCell::new() };
        }
        let read = || {
            let text = self.text("ADMIN_IDS").unwrap_or_default();
            let mut strange = 0_u32;
            let ids = text.split(',').map(str::trim).filter(|id| !id.is_empty());
            let ids = ids.filter_map(|id| id.parse().map_err(|_| strange += 1).ok()).collect();
            if strange > 0 {
                log::error(&format_args!("ADMIN_IDS: {strange} of its entries are no Discord user ids"));
            }
            ids
        };
        ADMINS.with(|admins| admins.get_or_init(read).contains(&user))
    }

    /// The base of Discord's API, without a slash at its end. Secrets are sent there, so nobody on the way may read them.
    pub fn discord_api(&self) -> Result<String, Problem> {
        let base = self.text("DISCORD_API").unwrap_or_else(|| DISCORD_API.to_owned());
        let url = Url::parse(&base).map_err(|error| Problem::bad_setting("DISCORD_API", error))?;
        if !is_confidential(&url) {
            return Err(Problem::bad_setting("DISCORD_API", "http:// beyond this machine: use https://"));
        }
        Ok(base.trim_end_matches('/').to_owned())
    }

    /// Cloudflare's rate limiter, where one is bound.
    pub fn limiter(&self, binding: &str) -> Option<RateLimiter> {
        self.env.rate_limiter(binding).ok()
    }

    /// The page's own files.
    pub fn assets(&self) -> Result<Fetcher, Problem> {
        Ok(self.env.assets("ASSETS")?)
    }

    /// The objects of a class.
    pub fn objects(&self, binding: &str) -> Result<Objects, Problem> {
        Objects::bound(&self.env, binding)
    }
}
