//! A file of settings, `NAME=value` a line. Lines that somebody else has written into it stay as they are.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Its owner reads and writes it, and nobody else.
const OWNER_ONLY: u32 = 0o600;

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct FileError {
    path: PathBuf,
    source: io::Error,
}

/// The file, as it is and as it is to be.
#[derive(Debug)]
pub struct SettingsFile {
    path: PathBuf,
    lines: Vec<String>,
    exists: bool,
    /// Settings that were not there, or empty.
    added: Vec<&'static str>,
    /// Settings that had another value.
    changed: Vec<&'static str>,
}

/// The result of writing the file.
#[derive(Debug, PartialEq, Eq)]
pub enum Written {
    /// Nothing was to be done.
    AsItWas,
    /// Only its rights were too wide.
    Closed,
    /// The names of the settings that were added or changed.
    Set(Vec<&'static str>),
}

impl SettingsFile {
    /// Reads it; one that is not there begins with these lines.
    pub fn read(path: &Path, beginning: &str) -> Result<Self, FileError> {
        // Written anew, a link would no longer be one.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let (text, exists) = match fs::read_to_string(&path) {
            Ok(text) => (text, true),
            Err(error) if error.kind() == ErrorKind::NotFound => (beginning.to_owned(), false),
            Err(source) => return Err(FileError { path, source }),
        };
        let lines = text.lines().map(str::to_owned).collect();
        Ok(Self { path, lines, exists, added: Vec::new(), changed: Vec::new() })
    }

    /// A setting's value, if it has one. The last line of a name counts, as for a shell.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.lines.iter().filter_map(|line| value_of(line, name));
        values.next_back().filter(|value| !value.is_empty())
    }

    /// Gives a setting this value.
    pub fn set(&mut self, name: &'static str, value: &str) {
        match self.get(name) {
            Some(known) if known == value => return,
            Some(_) => self.changed.push(name),
            None => self.added.push(name),
        }
        let line = format!("{name}={value}");
        match self.lines.iter().rposition(|line| value_of(line, name).is_some()) {
            Some(at) => self.lines[at] = line,
            None => self.lines.push(line),
        }
    }

    /// The settings whose values would be lost by writing.
    pub fn changed(&self) -> &[&'static str] {
        &self.changed
    }

    /// Writes it, whole or not at all, readable by its owner only.
    pub fn write(&self) -> Result<Written, FileError> {
        let failed = |source| FileError { path: self.path.clone(), source };
        let set: Vec<&'static str> = self.added.iter().chain(&self.changed).copied().collect();
        if !set.is_empty() || !self.exists {
            self.replace().map_err(failed)?;
            return Ok(Written::Set(set));
        }
        let rights = fs::metadata(&self.path).map_err(failed)?.permissions().mode();
        if rights & 0o777 == OWNER_ONLY {
            return Ok(Written::AsItWas);
        }
        fs::set_permissions(&self.path, Permissions::from_mode(OWNER_ONLY)).map_err(failed)?;
        Ok(Written::Closed)
    }

    fn replace(&self) -> io::Result<()> {
        let mut beside = self.path.clone().into_os_string();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        // A run that was ended may have left this file behind, with other rights.
        fs::remove_file(&beside)
            .or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(&beside)?;
        file.write_all((self.lines.join("\n") + "\n").as_bytes())?;
        File::sync_all(&file)?;
        fs::rename(beside, &self.path)
    }
}

/// The value on a line, if it is one of this name: also after `export`, and without quotes around it.
fn value_of<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    let value = line.strip_prefix(name)?.trim_start().strip_prefix('=')?.trim();
    let unquoted = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    Some(unquoted('"').or_else(|| unquoted('\'')).unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own, that does not outlive the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            let path = std::env::temp_dir().join(format!("pulse-{:x}", getrandom::u64().unwrap()));
            fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn with(text: &str) -> (Self, PathBuf) {
            let folder = Self::new();
            let path = folder.0.join("pulse.secrets");
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
            (folder, path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn rights(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn values_are_read_as_shells_and_wrangler_read_them() {
        let text = "# BOT_TOKEN=no\nBOT_TOKEN=a\n export ADMIN_IDS = '1,2'\nPUBLIC_URL=\"https://x\"\nEMPTY=\nBOT_TOKEN=b\n";
        let (_folder, path) = Folder::with(text);
        let file = SettingsFile::read(&path, "").unwrap();
        for (name, value) in [
            ("BOT_TOKEN", Some("b")),
            ("ADMIN_IDS", Some("1,2")),
            ("PUBLIC_URL", Some("https://x")),
            ("EMPTY", None),
            ("BOT", None),
            ("MISSING", None),
        ] {
            assert_eq!(file.get(name), value, "{name}");
        }
    }

    #[test]
    fn what_is_there_stays_and_what_is_written_is_its_owners() {
        let (_folder, path) = Folder::with("# mine\nBOT_TOKEN=\nOTHER=x\nADMIN_IDS=1\n");
        let mut file = SettingsFile::read(&path, "unused").unwrap();
        file.set("BOT_TOKEN", "b");
        file.set("ADMIN_IDS", "1");
        file.set("ADMIN_TOKEN", "a");
        assert_eq!(file.changed(), [""; 0], "what was empty is no loss");
        assert_eq!(file.write().unwrap(), Written::Set(vec!["BOT_TOKEN", "ADMIN_TOKEN"]));
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "# mine\nBOT_TOKEN=b\nOTHER=x\nADMIN_IDS=1\nADMIN_TOKEN=a\n"
        );
        assert_eq!(rights(&path), 0o600);

        let mut again = SettingsFile::read(&path, "unused").unwrap();
        again.set("BOT_TOKEN", "b");
        assert_eq!(again.write().unwrap(), Written::AsItWas);
        again.set("BOT_TOKEN", "c");
        assert_eq!(again.changed(), ["BOT_TOKEN"]);
    }

    #[test]
    fn one_that_is_not_there_is_made_and_one_that_is_open_is_closed() {
        let folder = Folder::new();
        let path = folder.0.join("bot-worker.env");
        let mut file = SettingsFile::read(&path, "# of bot-worker\n").unwrap();
        file.set("BOT_TOKEN", "b");
        assert_eq!(file.write().unwrap(), Written::Set(vec!["BOT_TOKEN"]));
        assert_eq!(fs::read_to_string(&path).unwrap(), "# of bot-worker\nBOT_TOKEN=b\n");
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let file = SettingsFile::read(&path, "").unwrap();
        assert_eq!((file.write().unwrap(), rights(&path)), (Written::Closed, 0o600));
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1, "nothing is left beside it");
        let error = SettingsFile::read(&folder.0, "").unwrap_err().to_string();
        assert!(error.starts_with(&folder.0.display().to_string()), "{error}");
    }
}
