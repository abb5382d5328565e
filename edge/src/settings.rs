//! The edge's settings. What is missing or malformed is named in the answer that needed it, and in the log.

use std::sync::atomic::{AtomicBool, Ordering};

use interactions::{PublicKey, signature::BadKey};
use subtle::ConstantTimeEq;
use worker::{Env, Fetcher, ObjectNamespace, console_error};

use crate::answer::Problem;

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
        let read = self.text(name).map(|text| text.trim().parse()).transpose();
        read.map_err(|_| Problem::bad_setting(name, "expected a whole number"))
    }

    /// Discord's public key; `None` when what is set can verify nothing.
    pub fn public_key(&self) -> Result<Option<PublicKey>, Problem> {
        const NAME: &str = "DISCORD_PUBLIC_KEY";
        static SAID: AtomicBool = AtomicBool::new(false);
        match PublicKey::from_hex(&self.text(NAME).unwrap_or_default()) {
            Ok(key) => Ok(Some(key)),
            Err(error @ BadKey::NotAPoint) => {
                // Said once: a line for each request would let anybody fill the log.
                if !SAID.swap(true, Ordering::Relaxed) {
                    console_error!("{NAME}: {error}");
                }
                Ok(None)
            }
            Err(error @ BadKey::NotHex) if SAID.swap(true, Ordering::Relaxed) => {
                Err(Problem::new(500, "bad_setting", format!("{NAME}: {error}")))
            }
            Err(error @ BadKey::NotHex) => Err(Problem::bad_setting(NAME, error)),
        }
    }

    /// Whether this is the secret of that name. A secret that is not set matches nothing.
    pub fn is_secret(&self, name: &str, given: &str) -> bool {
        self.text(name).is_some_and(|secret| bool::from(secret.as_bytes().ct_eq(given.as_bytes())))
    }

    /// The page's own files.
    pub fn assets(&self) -> Result<Fetcher, Problem> {
        Ok(self.env.assets("ASSETS")?)
    }

    /// The objects of a class.
    pub fn objects(&self, binding: &str) -> Result<ObjectNamespace, Problem> {
        Ok(self.env.durable_object(binding)?)
    }
}
