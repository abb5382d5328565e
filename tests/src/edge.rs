//! A real edge on workerd, with keys and a state folder of its own.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use discord_sim::{EdgeClient, Signer};
use protocol::{Event, Seq, room::RoomState};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::{
    Disk,
    program::{Program, free_port, root},
};

/// The token that programs show.
pub const ADMIN_TOKEN: &str = "an-admin-token-of-the-tests";
/// The token that the bot-worker shows.
pub const BOT_TOKEN: &str = "a-bot-token-of-the-tests";
/// The one-time link of [`Edge::session`], good for ever.
pub const LINK: &str = "a-ticket-of-the-tests.9007199254740991";
const TICKET: &str = "a-ticket-of-the-tests";
/// The longest that anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Whether the build of `cargo xtask dev` stands in for the optimised one: it is made in seconds after an edit.
fn is_dev_build() -> bool {
    std::env::var_os("PULSE_BUILD").is_some_and(|build| build == "dev")
}

fn local_build() -> &'static str {
    if is_dev_build() { "target/edge/dev/index.js" } else { "target/edge/local/index.js" }
}

/// An edge on workerd, with a port and a state of its own.
#[derive(Debug)]
pub struct Edge {
    program: Option<Program>,
    port: u16,
    state: PathBuf,
    bindings: Value,
    faults: bool,
    main: PathBuf,
    /// Where its state lies, when that is no folder of this machine.
    disk: Option<Disk>,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
}

impl Edge {
    /// One that all tests of a program share; each test has a server of its own in it.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Edge> = OnceLock::new();
        SHARED.get_or_init(|| Self::start().expect("an edge"))
    }

    /// One with fresh state.
    pub fn start() -> Result<Self> {
        Self::start_with(json!({}))
    }

    /// One with fresh state and these settings over the usual ones.
    pub fn start_with(settings: Value) -> Result<Self> {
        Self::start_as(settings, false)
    }

    /// One with fresh state, whose room can be stopped.
    pub fn start_faulty() -> Result<Self> {
        Self::start_faulty_with(json!({}))
    }

    /// The same with these settings over the usual ones.
    pub fn start_faulty_with(settings: Value) -> Result<Self> {
        Self::start_as(settings, true)
    }

    /// One of this build, with fresh state whose room can be stopped and whose books can trap.
    pub fn start_faulty_build(main: &'static str) -> Result<Self> {
        Self::start_build(main, json!({}), true)
    }

    /// The build that is deployed: it has no link for developers, and no cookie without TLS.
    pub fn start_deployed(settings: Value) -> Result<Self> {
        Self::start_build("edge/build/index.js", settings, false)
    }

    /// The file that a build of a checkout begins with: the one that the tests take of their own.
    pub fn build_of(checkout: &Path) -> PathBuf {
        checkout.join(local_build())
    }

    /// One whose books and room lie on a disk that can be filled, with faults.
    pub fn start_faulty_on(disk: Disk) -> Result<Self> {
        Self::start_somewhere(local_build(), json!({}), true, Some(disk))
    }

    fn start_as(settings: Value, faults: bool) -> Result<Self> {
        Self::start_build(local_build(), settings, faults)
    }

    fn start_build(main: &'static str, settings: Value, faults: bool) -> Result<Self> {
        Self::start_somewhere(main, settings, faults, None)
    }

    fn start_somewhere(
        main: &'static str,
        settings: Value,
        faults: bool,
        disk: Option<Disk>,
    ) -> Result<Self> {
        let mut bindings = json!({
            "DISCORD_PUBLIC_KEY": signer().public_key_hex(),
            "ADMIN_TOKEN": ADMIN_TOKEN,
            "BOT_TOKEN": BOT_TOKEN,
        });
        if let (Some(all), Value::Object(more)) = (bindings.as_object_mut(), settings) {
            all.extend(more);
        }
        let port = free_port()?;
        let state = root().join("target/state/tests").join(format!("{}-{port}", std::process::id()));
        let url = format!("http://127.0.0.1:{port}");
        let main = PathBuf::from(main);
        let mut edge = Self { program: None, port, state, bindings, faults, main, disk, url };
        edge.revive()?;
        Ok(edge)
    }

    /// Kills it at once, as a power cut would.
    pub fn kill(&mut self) {
        self.program = None;
    }

    /// Kills it, and starts another build in its place, on the same port and state.
    pub fn deploy(&mut self, main: &Path) -> Result<()> {
        self.kill();
        main.clone_into(&mut self.main);
        self.revive()
    }

    /// Starts it again on the same port and state.
    pub fn revive(&mut self) -> Result<()> {
        let main = root().join(&self.main);
        ensure!(main.exists(), "the edge is not built; run `cargo xtask build`");
        let page = is_dev_build().then(|| root().join("target/page/dev"));
        let node = root().join("node_modules/.bin/node");
        let (mut serve, state) = match &self.disk {
            Some(disk) => (disk.command(node), disk.path()),
            None => (Command::new(node), self.state.as_path()),
        };
        let options = json!({"port": self.port, "state": state, "main": main, "page": page, "bindings": self.bindings, "faults": self.faults});
        std::fs::create_dir_all(&self.state)?;
        let file = self.state.join("options.json"); // They can be longer than a variable may be.
        std::fs::write(&file, options.to_string())?;
        serve
            .current_dir(root())
            .arg("edge/serve.mjs")
            .env("PULSE_EDGE_OPTIONS", format!("@{}", file.display()));
        let program = Program::start(&mut serve)?;
        program.wait_for("edge ready ", PATIENCE)?;
        self.program = Some(program);
        Ok(())
    }

    /// Leaves no byte on the disk that it was started on.
    pub fn fill_disk(&self) -> Result<()> {
        self.disk.as_ref().context("it has no disk of its own")?.fill()
    }

    /// Gives its disk room again.
    pub fn free_disk(&self) -> Result<()> {
        self.disk.as_ref().context("it has no disk of its own")?.free()
    }

    /// Copies what the objects of a class hold, while the edge does not run.
    pub fn save(&self, class: &str) -> Result<Saved> {
        ensure!(self.program.is_none(), "it runs");
        let mut files = Vec::new();
        for file in std::fs::read_dir(self.objects(class))? {
            let file = file?;
            if is_database(&file.file_name()) {
                files.push((file.file_name(), std::fs::read(file.path())?));
            }
        }
        Ok(Saved { class: class.to_owned(), files })
    }

    /// Sets the objects of a class back to what they held, while the edge does not run.
    pub fn restore(&self, saved: &Saved) -> Result<()> {
        ensure!(self.program.is_none(), "it runs");
        let folder = self.objects(&saved.class);
        for file in std::fs::read_dir(&folder)? {
            let file = file?;
            if is_database(&file.file_name()) {
                std::fs::remove_file(file.path())?;
            }
        }
        for (name, contents) in &saved.files {
            std::fs::write(folder.join(name), contents)?;
        }
        Ok(())
    }

    fn objects(&self, class: &str) -> PathBuf {
        self.state.join(format!("do/pulse-{class}"))
    }

    /// Drops the room from memory, as the platform may at any moment; its sockets stay.
    pub fn evict_room(&self) -> Result<()> {
        self.evict("Room", "room")
    }

    /// Drops an object from memory.
    pub fn evict(&self, class: &str, name: &str) -> Result<()> {
        let program = self.program()?;
        program.say(&format!("evict {class} {name}"))?;
        let answer = program.wait_for("evict", PATIENCE)?;
        ensure!(answer == format!("evicted {class} {name}"), "{answer}");
        Ok(())
    }

    /// Lets a statement run in the database of the next object of this class that is asked something.
    pub fn let_run(&self, class: &str, statement: &str) -> Result<()> {
        self.tell(&format!("sql {class} {statement}"))
    }

    /// Requests and calls to objects so far.
    pub fn objects_asked(&self) -> Result<u64> {
        let program = self.program()?;
        program.say("count")?;
        let answer = program.wait_for("counted ", PATIENCE)?;
        Ok(answer["counted ".len()..].parse()?)
    }

    /// The same, once nothing that was asked for is under way any more: an answered command is told to the room after it.
    pub async fn settled_objects_asked(&self) -> Result<u64> {
        let mut before = self.objects_asked()?;
        loop {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let now = self.objects_asked()?;
            if now == before {
                return Ok(now);
            }
            before = now;
        }
    }

    /// The status with which an object of this class answers that was made without a name.
    pub fn ask_nameless(&self, class: &str) -> Result<String> {
        let (program, asked) = (self.program()?, format!("nameless {class} "));
        program.say(asked.trim_end())?;
        let answer = program.wait_for(&asked, PATIENCE)?;
        Ok(answer[asked.len()..].to_owned())
    }

    /// The texts that a question finds in the databases of a class: of those that have such tables.
    pub fn rows(&self, class: &str, question: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for file in std::fs::read_dir(self.state.join(format!("do/pulse-{class}")))? {
            let file = file?.path();
            if file.extension().is_none_or(|extension| extension != "sqlite")
                || file.ends_with("metadata.sqlite")
            {
                continue;
            }
            let database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            let Ok(mut rows) = database.prepare(question) else { continue };
            for row in rows.query_map([], |row| row.get::<_, String>(0))? {
                found.push(row?);
            }
        }
        Ok(found)
    }

    /// The files of the databases of all objects of a class, byte for byte, write-ahead logs included.
    pub fn stored(&self, class: &str) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for file in std::fs::read_dir(self.state.join(format!("do/pulse-{class}")))? {
            bytes.extend(std::fs::read(file?.path())?);
        }
        Ok(bytes)
    }

    /// The process that serves it; workerd is a child of it.
    pub fn process(&self) -> Result<u32> {
        Ok(self.program()?.id())
    }

    fn program(&self) -> Result<&Program> {
        self.program.as_ref().context("the edge is not running")
    }

    /// Waits until its log says these words.
    pub fn wait_for_log(&self, words: &str) -> Result<String> {
        self.program()?.wait_for(words, PATIENCE)
    }

    /// A browser's session, by the one-time link of the build for developers: the value of its `Cookie` header. The edge
    /// has to be started with [`LINK`].
    pub async fn session(&self) -> Result<String> {
        let client =
            reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
        let response = client.get(format!("{}/login/local?ticket={TICKET}", self.url)).send().await?;
        let cookie = response.headers().get("Set-Cookie").context("no session")?.to_str()?;
        Ok(cookie.split(';').next().unwrap_or_default().to_owned())
    }

    /// Lets the next answer of a server's books end in a trap, as a panic does.
    pub fn trap_books(&self) -> Result<()> {
        self.tell("trap Guild")
    }

    /// Lets every request to the room fail from now on.
    pub fn stop_room(&self) -> Result<()> {
        self.tell("stop Room")
    }

    /// Lets the room work again.
    pub fn start_room(&self) -> Result<()> {
        self.tell("start Room")
    }

    /// Lets the plan be out of `rows`, of `requests` or of `nothing`, from the next request to an object on.
    pub fn limit(&self, of: &str) -> Result<()> {
        self.tell(&format!("limit {of}"))
    }

    /// Tells its runner something, which it repeats when it is done.
    fn tell(&self, line: &str) -> Result<()> {
        let program = self.program()?;
        program.say(line)?;
        program.wait_for(line, PATIENCE).map(drop)
    }

    /// Posts what Discord would sign.
    pub fn discord(&self) -> EdgeClient {
        let client = EdgeClient::new(&self.url, signer()).and_then(|client| client.waiting(PATIENCE));
        client.expect("a client of the edge")
    }

    /// Posts all of them at once; gives the bodies of the answers, all of which have to be 200.
    pub async fn post_at_once(&self, interactions: Vec<Value>) -> Result<Vec<Vec<u8>>> {
        let client = self.discord();
        let posts: Vec<_> = interactions
            .into_iter()
            .map(|interaction| {
                let client = client.clone();
                tokio::spawn(async move { client.post(&interaction).await })
            })
            .collect();
        let mut replies = Vec::new();
        for post in posts {
            let answer = post.await??;
            ensure!(answer.status == 200, "answered {}: {}", answer.status, answer.json());
            replies.push(answer.body);
        }
        Ok(replies)
    }

    /// All events that the room has stored, oldest first.
    pub async fn events(&self) -> Result<Vec<(Seq, String)>> {
        let mut all: Vec<Event> = Vec::new();
        loop {
            let before = all.last().map(|event| format!("&before={}", event.seq)).unwrap_or_default();
            let page = self.get(&format!("/api/events?limit=200{before}")).await?;
            let page: Vec<Event> = serde_json::from_value(page)?;
            if page.is_empty() {
                return Ok(all.into_iter().rev().map(|event| (event.seq, event.id)).collect());
            }
            all.extend(page);
        }
    }

    /// The room's account of itself.
    pub async fn room(&self) -> Result<RoomState> {
        Ok(serde_json::from_value(self.get("/api/room").await?)?)
    }

    /// The ids of all objects that have an alarm, by the runtime's own tables.
    pub fn alarms(&self) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        for class in ["Guild", "Room"] {
            let file = self.state.join(format!("do/pulse-{class}/metadata.sqlite"));
            let table = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            let mut alarms = table.prepare("SELECT actor_id FROM _cf_ALARM")?;
            for id in alarms.query_map([], |row| row.get::<_, String>(0))? {
                ids.push(format!("{class} {}", id?));
            }
        }
        Ok(ids)
    }

    /// Asks as a program with `ADMIN_TOKEN`.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let response = http().get(format!("{}{path}", self.url)).bearer_auth(ADMIN_TOKEN).send().await?;
        let status = response.status();
        let body = response.text().await?;
        ensure!(status.is_success(), "{path} answered {status}: {body}");
        serde_json::from_str(&body).with_context(|| format!("{path} answered {body}"))
    }
}

/// The databases of a class, file by file.
#[derive(Debug)]
pub struct Saved {
    class: String,
    files: Vec<(OsString, Vec<u8>)>,
}

/// Whether a file is of an object, and not the runtime's own.
fn is_database(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.contains(".sqlite") && !name.starts_with("metadata."))
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.kill();
        // The tests' state is nobody's; what stays behind is only in target/.
        let _ = std::fs::remove_dir_all(&self.state);
    }
}

/// Signs as Discord would.
pub fn signer() -> Signer {
    Signer::from_seed([42; 32])
}

/// Waits until a condition holds, for as long as anything may take.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    let began = Instant::now();
    while !holds().await? {
        ensure!(began.elapsed() < 4 * PATIENCE, "it did not come to pass: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// A client without proxies.
pub fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("an HTTP client")
}
