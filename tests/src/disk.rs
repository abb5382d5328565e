//! A disk of a test's own, which can be filled: a file system in memory that only its processes see.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Result, ensure};

use crate::{edge::PATIENCE, program::Program, program::root};

/// The file that fills it.
const BALLAST: &str = "ballast";

/// The disk. It lasts for as long as this.
#[derive(Debug)]
pub struct Disk {
    /// A process that keeps it while nothing else runs on it. It ends with its input, and so with the test.
    keeper: Program,
    path: PathBuf,
}

impl Disk {
    /// One that holds so much, in kilobytes; `None` where the system lets nobody have one.
    pub fn of(kilobytes: u64) -> Result<Option<Self>> {
        static DISKS: AtomicU32 = AtomicU32::new(0);
        let can = Command::new("unshare").args(["-Urm", "true"]).output();
        if !can.is_ok_and(|answer| answer.status.success()) {
            return Ok(None);
        }
        let name = format!("disk-{}-{}", std::process::id(), DISKS.fetch_add(1, Ordering::Relaxed));
        let path = root().join("target/state/tests").join(name);
        fs::create_dir_all(&path)?;
        let script = "mount -t tmpfs -o size=$1k tmpfs \"$2\" && echo mounted && exec cat > /dev/null";
        let mut keeper = Command::new("unshare");
        keeper.args(["-Urm", "sh", "-c", script, "sh", &kilobytes.to_string()]).arg(&path);
        let keeper = Program::start(&mut keeper)?;
        keeper.wait_for("mounted", PATIENCE)?;
        Ok(Some(Self { keeper, path }))
    }

    /// Where it is, for a program that runs on it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A program that sees it.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.keeper.id().to_string(), "-U", "-m", "--preserve-credentials"]);
        // A program that enters begins at the root.
        command.args(["sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh"]).arg(root()).arg(program);
        command
    }

    /// The same place, as it is seen from outside.
    fn outside(&self) -> PathBuf {
        let inside = self.path.strip_prefix("/").unwrap_or(&self.path);
        PathBuf::from(format!("/proc/{}/root", self.keeper.id())).join(inside)
    }

    /// Leaves no byte.
    pub fn fill(&self) -> Result<()> {
        let mut ballast = File::options().create(true).append(true).open(self.outside().join(BALLAST))?;
        for size in [1 << 20, 1 << 12, 1] {
            while ballast.write(&vec![0; size]).is_ok_and(|written| written == size) {}
        }
        let full = ballast.write(&[0]).is_err();
        ensure!(full, "the disk takes more");
        Ok(())
    }

    /// Gives what filled it free again.
    pub fn free(&self) -> Result<()> {
        Ok(fs::remove_file(self.outside().join(BALLAST))?)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.keeper.kill();
        // An empty folder that stays behind is only in target/.
        let _ = fs::remove_dir(&self.path);
    }
}
