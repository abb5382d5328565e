//! A deployer's machine: a folder of its own with the files that `bot-worker setup` makes, and a Discord.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command};

use anyhow::Result;
use discord_sim::Server;
use serde_json::{Map, Value};

use crate::{
    bot,
    edge::PATIENCE,
    program::{Program, binary, root},
};

/// The client secret that the deployer has copied.
pub const CLIENT_SECRET: &str = "a-client-secret-of-the-tests";

/// The machine. Its folder goes with it.
#[derive(Debug)]
pub struct Deployer {
    /// The stand-in for Discord.
    pub discord: Server,
    folder: PathBuf,
}

impl Deployer {
    /// One with nothing on it.
    pub async fn new() -> Result<Self> {
        let folder = root().join(format!("target/state/tests/deployer-{:x}", getrandom::u64()?));
        fs::create_dir_all(&folder)?;
        Ok(Self { discord: bot::discord_like(|_| {}).await?, folder })
    }

    /// Runs `bot-worker setup` here with nobody to ask, and no more in its environment than this; gives its exit code and
    /// what it said.
    pub fn setup(&self, words: &str, environment: &[(&str, &str)]) -> Result<(i32, String)> {
        let mut command = binary("bot-worker")?;
        command
            .env_clear()
            .current_dir(&self.folder)
            .arg("setup")
            .arg("--yes")
            .args(words.split_whitespace())
            .env("DISCORD_API", format!("{}/api/v10", self.discord.url()))
            .envs(environment.iter().copied());
        let mut program = Program::start(&mut command)?;
        let code = program.exit_code(PATIENCE)?.unwrap_or(-1);
        Ok((code, program.all_lines().into_iter().map(|line| line + "\n").collect()))
    }

    /// Runs it here at a terminal, where it asks; `None` on a machine without `script`, which gives it one.
    pub fn setup_at_a_terminal(&self) -> Result<Option<Program>> {
        let setup = format!("{} setup", binary("bot-worker")?.get_program().display());
        let mut command = Command::new("script");
        command
            .env_clear()
            .current_dir(&self.folder)
            .args(["-qec", &setup, "/dev/null"])
            .env("DISCORD_API", format!("{}/api/v10", self.discord.url()));
        match Program::start(&mut command) {
            Err(error) if error.root_cause().to_string().contains("No such file") => Ok(None),
            started => started.map(Some),
        }
    }

    /// The same with what is copied from the Developer Portal.
    pub fn setup_with_secrets(&self, words: &str) -> Result<(i32, String)> {
        self.setup(words, &[("DISCORD_TOKEN", bot::DISCORD_TOKEN), ("DISCORD_CLIENT_SECRET", CLIENT_SECRET)])
    }

    /// A file's text; empty when there is none.
    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.join(file)).unwrap_or_default()
    }

    /// Writes a file.
    pub fn write(&self, file: &str, text: &str) -> Result<()> {
        Ok(fs::write(self.folder.join(file), text)?)
    }

    /// A file's permission bits, such as `0o600`.
    pub fn rights(&self, file: &str) -> Result<u32> {
        Ok(fs::metadata(self.folder.join(file))?.permissions().mode() & 0o777)
    }

    /// The names of the folder's files, sorted.
    pub fn files(&self) -> Result<Vec<String>> {
        let entries = fs::read_dir(&self.folder)?;
        let mut names = entries
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<Result<Vec<String>>>()?;
        names.sort_unstable();
        Ok(names)
    }

    /// The settings in a file, by their names.
    pub fn settings(&self, file: &str) -> Value {
        let text = self.read(file);
        let lines =
            text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
        lines.map(|(name, value)| (name.to_owned(), value.into())).collect::<Map<_, _>>().into()
    }
}

impl Drop for Deployer {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder); // What stays behind is only in target/.
    }
}
