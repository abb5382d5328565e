//! Players who type without end, and repeat what was not answered, as Discord may.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use discord_sim::{EdgeClient, Guild, Player, client::Answer};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::{
    Edge,
    people::{daily, guild, pay, player},
};

const PLAYERS: usize = 8;

/// The players, what they are to type, and what they were answered.
#[derive(Debug)]
pub struct Load {
    client: EdgeClient,
    /// The server that they play in.
    pub guild: Guild,
    players: Vec<Player>,
    answered: Mutex<Vec<(String, Vec<u8>)>>,
    count: AtomicUsize,
    /// How many wait for an answer.
    waiting: AtomicUsize,
    paused: AtomicBool,
    over: AtomicBool,
}

impl Load {
    /// How many of them wait for an answer at a time.
    pub const AT_ONCE: usize = 4;

    /// Begins to play in a server of its own.
    pub fn begin(edge: &Edge) -> (Arc<Self>, Vec<JoinHandle<()>>) {
        let load = Arc::new(Self {
            client: edge.discord(),
            guild: guild(),
            players: (0..PLAYERS).map(|number| player(&format!("P{number}"))).collect(),
            answered: Mutex::default(),
            count: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            paused: AtomicBool::new(false),
            over: AtomicBool::new(false),
        });
        let workers = (0..Self::AT_ONCE).map(|worker| tokio::spawn(Arc::clone(&load).play(worker))).collect();
        (load, workers)
    }

    fn next(&self, turn: usize) -> Value {
        let from = &self.players[turn % PLAYERS];
        match turn / PLAYERS {
            0 => daily(&self.guild, from),
            round => pay(
                &self.guild,
                from,
                &self.players[(turn + round) % PLAYERS],
                1 + i64::try_from(turn % 7).unwrap_or(0),
            ),
        }
    }

    async fn play(self: Arc<Self>, worker: usize) {
        for turn in (worker..).step_by(Self::AT_ONCE) {
            if self.over.load(Ordering::Relaxed) {
                return;
            }
            self.waiting.fetch_add(1, Ordering::SeqCst);
            while self.paused.load(Ordering::SeqCst) {
                self.waiting.fetch_sub(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(5)).await;
                self.waiting.fetch_add(1, Ordering::SeqCst);
            }
            let body = self.next(turn);
            let reply = self.until_answered(&body).await;
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            let id = body["id"].as_str().unwrap_or_default().to_owned();
            self.answered.lock().expect("no test has failed in it").push((id, reply));
            self.count.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn until_answered(&self, body: &Value) -> Vec<u8> {
        loop {
            match self.client.post(body).await {
                Ok(answer) if is_carried_out(&answer) => return answer.body,
                // The edge is away: a short breath, so that the wait for it does not take its processor.
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// How many have been answered so far.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Waits until so many have been answered.
    pub async fn until_count(&self, count: usize) {
        while self.count() < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Lets nobody type until [`Load::go_on`], and waits until all are answered.
    pub async fn pause(&self) {
        self.paused.store(true, Ordering::SeqCst);
        while self.waiting.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Lets all type again.
    pub fn go_on(&self) {
        self.paused.store(false, Ordering::SeqCst);
    }

    /// Ends it; gives what was answered, by the interactions' ids.
    pub async fn end(&self, workers: Vec<JoinHandle<()>>) -> Result<Vec<(String, Vec<u8>)>> {
        self.over.store(true, Ordering::Relaxed);
        for worker in workers {
            worker.await?;
        }
        Ok(std::mem::take(&mut *self.answered.lock().expect("no test has failed in it")))
    }
}

/// Whether an answer is the books' own: no promise of one, and no refusal because they are full. The same interaction is carried
/// out when it is sent again.
pub fn is_carried_out(answer: &Answer) -> bool {
    let reply = answer.json();
    let code = &reply["data"]["embeds"][0]["footer"]["text"];
    answer.status == 200 && reply["type"] == 4 && code != "store_full"
}

/// All pages, oldest first.
pub async fn pages(edge: &Edge, path: &str) -> Result<Vec<Value>> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let before = all.last().map(|row| format!("&before={}", row["seq"])).unwrap_or_default();
        let page = edge.get(&format!("{path}?limit=200{before}")).await?;
        let page = page.as_array().context("a page is an array")?;
        if page.is_empty() {
            all.reverse();
            return Ok(all);
        }
        all.extend(page.iter().cloned());
    }
}

/// The server's journal, oldest row first; its proof is clean, and no interaction is in it twice.
pub async fn sound_journal(edge: &Edge, guild: &Guild) -> Result<Vec<Value>> {
    let proof = edge.get(&format!("/api/guilds/{}/proof", guild.id)).await?;
    ensure!(proof["sum"] == "0" && proof["mismatches"] == json!([]), "the proof: {proof}");
    let journal = pages(edge, &format!("/api/guilds/{}/journal", guild.id)).await?;
    let unique: HashSet<String> = journal.iter().map(id_of).collect();
    ensure!(journal.len() == unique.len(), "an interaction is there twice");
    Ok(journal)
}

/// The ids of the rows that moved coins, in order.
pub fn paid(journal: &[Value]) -> Vec<String> {
    journal.iter().filter(|row| row["debit"].is_string()).map(id_of).collect()
}

/// The ids of the room's events of payments and claims, in order.
pub async fn told(edge: &Edge) -> Result<Vec<String>> {
    let events = pages(edge, "/api/events").await?;
    let of_coins = |event: &&Value| event["source"] == "daily" || event["source"] == "transfer";
    Ok(events.iter().filter(of_coins).map(id_of).collect())
}

/// The id of a row, or of an event.
pub fn id_of(row: &Value) -> String {
    row["id"].as_str().unwrap_or_default().to_owned()
}
