//! Stamps: a thing that was made from exactly these inputs need not be made again.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A fingerprint of inputs, kept in a file beside what was made from them.
pub struct Stamp {
    file: PathBuf,
    fingerprint: String,
}

impl Stamp {
    /// Fingerprints `options` and the contents of `inputs`, which are files or folders; folders named in
    /// `except` are left out, and an input that is not there counts as such.
    pub fn of(file: PathBuf, options: &str, inputs: &[PathBuf], except: &[PathBuf]) -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        options.hash(&mut hasher);
        for input in inputs {
            hash_path(input, except, &mut hasher)?;
        }
        Ok(Self { file, fingerprint: format!("{:016x}", hasher.finish()) })
    }

    /// Whether the last thing made was made from the same inputs.
    pub fn is_fresh(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|last| last == self.fingerprint)
    }

    /// Makes the thing. A failure, also a power cut, leaves no stamp behind.
    pub fn around(&self, make: impl FnOnce() -> Result<()>) -> Result<()> {
        if self.file.exists() {
            fs::remove_file(&self.file)?;
        }
        make()?;
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.file, &self.fingerprint).with_context(|| format!("writing {}", self.file.display()))
    }
}

fn hash_path(path: &Path, except: &[PathBuf], hasher: &mut DefaultHasher) -> Result<()> {
    if except.iter().any(|each| each == path) {
        return Ok(());
    }
    path.hash(hasher);
    if path.is_dir() {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        entries.sort();
        return entries.iter().try_for_each(|entry| hash_path(entry, except, hasher));
    }
    match fs::read(path) {
        Ok(contents) => contents.hash(hasher),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "absent".hash(hasher),
        Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_fresh_until_an_input_an_option_or_the_work_changes() {
        let folder = std::env::temp_dir().join(format!("pulse-stamp-{}", std::process::id()));
        let (source, output) = (folder.join("src"), folder.join("src/build"));
        fs::create_dir_all(&output).unwrap();
        fs::write(source.join("a.rs"), "one").unwrap();
        let stamp = |options| {
            Stamp::of(
                folder.join("stamp"),
                options,
                std::slice::from_ref(&source),
                std::slice::from_ref(&output),
            )
            .unwrap()
        };

        assert!(!stamp("").is_fresh(), "nothing was made yet");
        stamp("").around(|| Ok(())).unwrap();
        assert!(stamp("").is_fresh());
        assert!(!stamp("other options").is_fresh());
        fs::write(output.join("made"), "x").unwrap();
        assert!(stamp("").is_fresh(), "what is made is not an input");
        fs::write(source.join("a.rs"), "two").unwrap();
        assert!(!stamp("").is_fresh());

        stamp("").around(|| anyhow::bail!("no")).unwrap_err();
        assert!(!stamp("").is_fresh(), "a failure leaves no stamp");
        fs::remove_dir_all(&folder).unwrap();
    }
}
