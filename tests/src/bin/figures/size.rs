//! The sizes of upload and download, compressed; and the time from nothing to the first answer.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use tests::{Served, Subject, edge::http, program::root};

use crate::{
    Scale,
    load::{Players, milliseconds, post, post_plain},
    row::{Goal, Table},
};

/// Each file is compressed by itself, as it travels.
const COMPRESS: &str = "const [kind, ...files] = process.argv.slice(1); const zlib = require('zlib');
const one = (file) => zlib[kind === 'gzip' ? 'gzipSync' : 'brotliCompressSync'](require('fs').readFileSync(file)).length;
process.stdout.write(String(files.reduce((sum, file) => sum + one(file), 0)));";

pub async fn measure(scale: Scale) -> Result<Table> {
    let mut table = Table::default();
    let built = ["index.js", "index_bg.wasm"].map(|file| root().join("edge/build").join(file));
    table.add("the edge, gzip", "KB", Subject::Pulse, compressed("gzip", &built)?);
    table.goal("the edge, gzip", Goal::Most(900.0));
    let page = files(&root().join("dashboard/dist"))?;
    table.add("the page, brotli", "KB", Subject::Pulse, compressed("brotli", &page)?);
    table.goal("the page, brotli", Goal::Most(150.0));

    for _ in 0..scale.pick(5, 1) {
        for subject in [Subject::Pulse, Subject::Floor, Subject::JsWorker] {
            let began = Instant::now();
            let served = subject.start()?;
            let ready = Instant::now();
            first_answer(&served).await?;
            table.add("from nothing to the first answer", "ms", subject, milliseconds(began.elapsed()));
            table.add("of this the first request", "ms", subject, milliseconds(ready.elapsed()));
            if subject != Subject::Floor {
                let daily = Players::new().dailies(1).remove(0);
                table.add(
                    "a server's first command after it",
                    "ms",
                    subject,
                    post(&served.discord()?, daily).await?,
                );
            }
        }
    }
    table.goal("from nothing to the first answer", Goal::MostTimes(2.0, Subject::Floor));
    Ok(table)
}

async fn first_answer(served: &Served) -> Result<()> {
    if served.subject == Subject::Floor {
        return post_plain(&format!("{}/empty", served.url), 1).await.map(drop);
    }
    let status = http().get(format!("{}/healthz", served.url)).send().await?.status();
    ensure!(status.is_success(), "/healthz answered {status}");
    Ok(())
}

/// Kilobytes of 1 000.
fn compressed(kind: &str, files: &[PathBuf]) -> Result<f64> {
    let mut node = Command::new(root().join("node_modules/.bin/node"));
    let output = node.args(["-e", COMPRESS, "--", kind]).args(files).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.parse::<f64>().context("a size")? / 1e3)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            all.extend(files(&path)?);
        } else if path.file_name().is_some_and(|name| name != "_headers") {
            all.push(path);
        }
    }
    Ok(all)
}
