//! `bot-worker setup`: from what a deployer knows to a deployment, step by step. Each step says what it did or what is to be
//! done; what is done already stays so, so that running it again goes on.

mod application;
mod file;
mod questions;

use std::io;

use protocol::UserId;

pub use self::{
    file::FileError,
    questions::{Questions, of_whoever_is_there},
};
use self::{
    file::{SettingsFile, Written},
    questions::Question,
};
use crate::{
    check::{self, ASK_AGAIN},
    config::{self, BadSetting, Secret, Setup, name},
    discord::{Application, Discord, DiscordError},
    edge::{Edge, EdgeError},
    line::Line,
};

const FOR_THE_WORKER: &str =
    "# The Worker's settings, for its owner's eyes only: npx wrangler deploy --secrets-file pulse.secrets\n";
const FOR_BOT_WORKER: &str = "# What bot-worker needs in its environment, for its owner's eyes only.\n";
/// The name of the lines about the two files.
const FILES: &str = "settings";
const DEPLOY: &str = "`npx wrangler deploy --secrets-file";

/// A reason for which the setup ends before it has done everything.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// A setting is missing or malformed.
    #[error(transparent)]
    BadSetting(#[from] BadSetting),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Nobody can be asked after all.
    #[error("the terminal cannot be read: {0}")]
    Terminal(#[from] io::Error),
    /// There is no HTTP client.
    #[error("no HTTP client: {0}")]
    NoClient(#[from] reqwest::Error),
    /// No randomness.
    #[error("the system gives no randomness for a secret: {0}")]
    NoEntropy(#[from] getrandom::Error),
    /// Discord refuses the token; a line has said so.
    #[error("")]
    TokenRefused,
    /// A line has said what is to be done first.
    #[error("")]
    Told,
}

/// The outcome of a setup that came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is as it should be, or only the deploy is missing.
    Well,
    /// Lines have said what is not.
    SomethingIsWrong,
}

/// Goes through all steps, and tells each line as it comes.
pub async fn setup(setup: &Setup, questions: &mut dyn Questions) -> Result<Outcome, Stop> {
    let mut steps = Steps {
        setup,
        questions,
        secrets: SettingsFile::read(&setup.secrets_file, FOR_THE_WORKER)?,
        environment: SettingsFile::read(&setup.env_file, FOR_BOT_WORKER)?,
    };
    let settings = steps.token()?;
    let discord = Discord::new(&settings)?;
    let application = steps.application(&discord).await?;
    steps.admins(&application)?;
    steps.client_secret(&discord, &application).await?;
    let shared = steps.shared_secrets()?;
    let url = steps.address()?;
    steps.write_files()?;
    let Some(url) = url else {
        let file = setup.secrets_file.display();
        tell(&Line::note(
            "edge",
            "its address is not known yet",
            format!("{DEPLOY} {file}`, then `bot-worker setup --edge-url` with the address that it prints"),
        ));
        return Ok(Outcome::Well);
    };
    let edge = config::Edge { url, token: shared };
    steps.edge(&Edge::new(&edge)?).await?;
    let back = steps.secrets.get(name::PUBLIC_URL).unwrap_or(&edge.url).trim_end_matches('/').to_owned();
    let told = application::tell_discord(&discord, &application, &edge.url, &back, setup.force).await;
    told.iter().for_each(tell);
    println!();
    let findings = check::check(&config::Settings::of(settings, edge)).await?;
    print!("{findings}");
    let is_well = findings.all_well() && !told.iter().any(Line::is_wrong);
    Ok(if is_well { Outcome::Well } else { Outcome::SomethingIsWrong })
}

fn tell(line: &Line) {
    println!("{line}");
}

struct Steps<'a> {
    setup: &'a Setup,
    questions: &'a mut dyn Questions,
    secrets: SettingsFile,
    environment: SettingsFile,
}

impl Steps<'_> {
    /// The value known by this name: one that was given now comes before one that was written before.
    fn known(&self, name: &str) -> Option<String> {
        let written = || self.secrets.get(name).or_else(|| self.environment.get(name));
        self.setup.given(name).or_else(written).map(str::to_owned)
    }

    /// The same as it is read, or else what somebody answers, who is asked again for what cannot be read.
    fn known_or_asked<T>(
        &mut self,
        name: &str,
        question: Question<'_>,
        read: impl Fn(&str) -> Result<T, BadSetting>,
    ) -> Result<Option<T>, Stop> {
        if let Some(known) = self.known(name) {
            return Ok(Some(read(&known)?));
        }
        while let Some(typed) = self.questions.ask(question)? {
            match read(&typed) {
                Ok(read) => return Ok(Some(read)),
                Err(error) => println!("  {error}"),
            }
        }
        Ok(None)
    }

    fn token(&mut self) -> Result<config::Discord, Stop> {
        let question = Question {
            words: "The bot's token",
            hint: "https://discord.com/developers/applications, your application, Bot, Reset Token",
            otherwise: None,
            is_secret: true,
        };
        let api = self.known(name::API);
        let read = |token: &str| config::Discord::with(plain(name::DISCORD_TOKEN, token)?, api.as_deref());
        let settings = match self.known_or_asked(name::DISCORD_TOKEN, question, read)? {
            Some(settings) => settings,
            None => read("")?,
        };
        self.environment.set(name::DISCORD_TOKEN, settings.token.reveal());
        if let Some(api) = &api {
            let api = plain(name::API, api)?;
            self.secrets.set(name::API, api);
            self.environment.set(name::API, api);
        }
        Ok(settings)
    }

    /// Asks Discord for the token's application. An id or a key that was given and is not its own is refused: they would mix
    /// two applications.
    async fn application(&mut self, discord: &Discord) -> Result<Application, Stop> {
        let (line, application) = check::token_line(discord).await;
        tell(&line);
        let application = application.map_err(|error| match error {
            DiscordError::Unauthorized => Stop::TokenRefused,
            _ => Stop::Told,
        })?;
        let (id, key) = (application.id.to_string(), application.verify_key.clone());
        for (what, name, theirs) in
            [("application", name::APPLICATION_ID, &id), ("public key", name::PUBLIC_KEY, &key)]
        {
            if let Some(given) = self.setup.given(name).filter(|given| !given.eq_ignore_ascii_case(theirs)) {
                let found = format!("the token's is {theirs}, {name} is {given}");
                let remedy = format!("leave {name} out, or take the token of the other application");
                return Err(stop(&Line::wrong(what, found, remedy)));
            }
            self.secrets.set(name, plain(name, theirs)?);
            tell(&Line::well(what, format!("{theirs}, from Discord")));
        }
        Ok(application)
    }

    fn admins(&mut self, application: &Application) -> Result<(), Stop> {
        let owner = application.owner().map(|owner| owner.to_string());
        let question = Question {
            words: "Discord user ids of those who see and do everything",
            hint: "separated by commas; empty: the owner of the application",
            otherwise: owner.as_deref(),
            is_secret: false,
        };
        let told = self.known_or_asked(name::ADMIN_IDS, question, user_ids)?;
        let whose = if told.is_none() { ", the application's owner" } else { "" };
        let Some(ids) = told.or(owner) else {
            tell(&Line::note("admins", "nobody sees everything", "give their user ids with `--admin-ids`"));
            return Ok(());
        };
        let written = self.secrets.get(name::ADMIN_IDS).and_then(|written| user_ids(written).ok());
        if written.as_ref() != Some(&ids) {
            self.secrets.set(name::ADMIN_IDS, &ids);
        }
        tell(&Line::well("admins", format!("{ids}{whose}")));
        Ok(())
    }

    async fn client_secret(&mut self, discord: &Discord, application: &Application) -> Result<(), Stop> {
        let what = "client secret";
        let portal = format!("https://discord.com/developers/applications/{}/oauth2", application.id);
        let hint = format!("{portal}, Reset Secret");
        let question = Question { words: "The client secret", hint: &hint, otherwise: None, is_secret: true };
        let read = |secret: &str| Secret::client(plain(name::CLIENT_SECRET, secret)?);
        let secret = match self.known_or_asked(name::CLIENT_SECRET, question, read)? {
            Some(secret) => secret,
            None => read("")?,
        };
        match discord.takes_client_secret(application.id, &secret).await {
            Ok(true) => tell(&Line::well(what, "accepted by Discord")),
            Ok(false) => {
                let found =
                    "Discord refuses DISCORD_CLIENT_SECRET (invalid_client): it is not this application's";
                let remedy = format!("{hint}; then `bot-worker setup --force` with the new one");
                return Err(stop(&Line::wrong(what, found, remedy)));
            }
            // The edge asks again: what Discord cannot say now need not keep anybody from going on.
            Err(error) => tell(&Line::note(what, error.to_string(), ASK_AGAIN)),
        }
        self.secrets.set(name::CLIENT_SECRET, secret.reveal());
        Ok(())
    }

    /// The secrets that are made here; gives the one by which the edge knows bot-worker.
    fn shared_secrets(&mut self) -> Result<Secret, Stop> {
        for name in [name::BOT_TOKEN, name::ADMIN_TOKEN] {
            let value = match self.known(name) {
                Some(known) => known,
                None => random()?,
            };
            self.secrets.set(name, plain(name, Secret::shared(name, &value)?.reveal())?);
        }
        let shared = self.secrets.get(name::BOT_TOKEN).unwrap_or_default().to_owned();
        self.environment.set(name::BOT_TOKEN, &shared);
        Ok(Secret::shared(name::BOT_TOKEN, &shared)?)
    }

    fn address(&mut self) -> Result<Option<String>, Stop> {
        let question = Question {
            words: "The Worker's address",
            hint: "as `npx wrangler deploy` prints it; empty: it is not deployed yet",
            otherwise: None,
            is_secret: false,
        };
        let read = |url: &str| config::edge_url(Some(plain(name::EDGE_URL, url)?));
        let url = self.known_or_asked(name::EDGE_URL, question, read)?;
        if let Some(url) = &url {
            self.environment.set(name::EDGE_URL, url);
        }
        Ok(url)
    }

    /// Writes both files, or neither.
    fn write_files(&self) -> Result<(), Stop> {
        let files = [(&self.secrets, &self.setup.secrets_file), (&self.environment, &self.setup.env_file)];
        if !self.setup.force {
            let lost: Vec<Line> = files
                .iter()
                .filter(|(file, _)| !file.changed().is_empty())
                .map(|(file, path)| would_be_lost(file.changed(), &path.display().to_string()))
                .collect();
            if !lost.is_empty() {
                lost.iter().for_each(tell);
                return Err(Stop::Told);
            }
        }
        for (file, path) in files {
            let path = path.display();
            let done = match file.write()? {
                Written::AsItWas => format!("{path} is as it should be"),
                Written::Closed => format!("{path} was open to others, and is its owner's alone now"),
                Written::Set(names) => {
                    format!("{path} is written, for its owner alone: {}", names.join(", "))
                }
            };
            tell(&Line::well(FILES, done));
        }
        Ok(())
    }

    /// Checks that the edge is there and knows us; tells a line either way.
    async fn edge(&self, edge: &Edge) -> Result<(), Stop> {
        let what = "edge";
        let deploy =
            format!("{DEPLOY} {}`, then `bot-worker setup` again", self.setup.secrets_file.display());
        match edge.knows_us().await {
            Ok(()) => tell(&Line::well(what, "answers, and takes reports with this BOT_TOKEN")),
            Err(error @ (EdgeError::Unauthorized | EdgeError::Unreachable(_))) => {
                return Err(stop(&Line::wrong(what, error.to_string(), deploy)));
            }
            Err(error) => {
                let remedy = format!("see whether EDGE_URL is the Worker's address; {deploy}");
                return Err(stop(&Line::wrong(what, error.to_string(), remedy)));
            }
        }
        Ok(())
    }
}

fn would_be_lost(names: &[&str], path: &str) -> Line {
    let names = names.join(", ");
    Line::wrong(
        FILES,
        format!("{path} has another {names}, and nothing was written"),
        format!("`--force` writes the new values over those in {path}; to keep them, do not give {names}"),
    )
}

fn stop(line: &Line) -> Stop {
    tell(line);
    Stop::Told
}

/// A list of user ids, without the spaces that people write.
fn user_ids(typed: &str) -> Result<String, BadSetting> {
    let ids: Vec<&str> = typed.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    let is_list = !ids.is_empty() && ids.iter().all(|id| id.parse::<UserId>().is_ok());
    if is_list { Ok(ids.join(",")) } else { Err(BadSetting::AdminIds) }
}

/// A fresh secret: 256 random bits in hexadecimal digits.
fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}

/// A value that means the same to wrangler, to systemd, to Docker and to a shell: without quotes, and with nothing that
/// would want them.
fn plain<'a>(name: &'static str, value: &'a str) -> Result<&'a str, BadSetting> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-._~:/,=+@[]".contains(letter);
    if value.chars().all(is_plain) { Ok(value) } else { Err(BadSetting::Strange(name)) }
}
