//! The power goes, at any moment, under load. Whatever was answered is in the books, nothing is there twice, and the
//! room ends with every event exactly once.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use discord_sim::{EdgeClient, Guild, Player};
use serde_json::Value;
use tests::{
    Edge,
    people::{daily, guild, pay, player},
};

const PLAYERS: usize = 8;
const AT_ONCE: usize = 4;
/// Answers between two power cuts.
const ANSWERS: usize = 60;

/// Players who type without end, and repeat what was not answered, as Discord may.
struct Load {
    client: EdgeClient,
    guild: Guild,
    players: Vec<Player>,
    answered: Mutex<Vec<(String, Vec<u8>)>>,
    count: AtomicUsize,
    over: AtomicBool,
}

impl Load {
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
        for turn in (worker..).step_by(AT_ONCE) {
            if self.over.load(Ordering::Relaxed) {
                return;
            }
            let body = self.next(turn);
            let reply = self.until_answered(&body).await;
            self.answered.lock().unwrap().push((body["id"].as_str().unwrap().to_owned(), reply));
            self.count.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn until_answered(&self, body: &Value) -> Vec<u8> {
        loop {
            match self.client.post(body).await {
                Ok(answer) if answer.status == 200 => return answer.body,
                // The edge is away: a short breath, so that the wait for it does not take its processor.
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    async fn until_count(&self, count: usize) {
        while self.count.load(Ordering::Relaxed) < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// All pages, oldest first.
async fn pages(edge: &Edge, path: &str) -> Result<Vec<Value>> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let before = all.last().map(|row| format!("&before={}", row["seq"])).unwrap_or_default();
        let page = edge.get(&format!("{path}?limit=200{before}")).await?;
        let page = page.as_array().unwrap();
        if page.is_empty() {
            all.reverse();
            return Ok(all);
        }
        all.extend(page.iter().cloned());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_every_power_cut() -> Result<()> {
    let cuts = if std::env::var("PULSE_SLOW").is_ok_and(|slow| slow == "1") { 50 } else { 5 };
    let mut edge = Edge::start()?;
    let load = Arc::new(Load {
        client: edge.discord(),
        guild: guild(),
        players: (0..PLAYERS).map(|number| player(&format!("P{number}"))).collect(),
        answered: Mutex::default(),
        count: AtomicUsize::new(0),
        over: AtomicBool::new(false),
    });
    let workers: Vec<_> = (0..AT_ONCE).map(|worker| tokio::spawn(Arc::clone(&load).play(worker))).collect();
    for cut in 1..=cuts {
        load.until_count(cut * ANSWERS).await;
        edge.kill();
        edge.revive()?;
    }
    load.until_count((cuts + 1) * ANSWERS).await;
    load.over.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.await?;
    }
    assert_all_is_well(&edge, &load).await
}

async fn assert_all_is_well(edge: &Edge, load: &Load) -> Result<()> {
    let proof = edge.get(&format!("/api/guilds/{}/proof", load.guild.id)).await?;
    assert_eq!((&proof["sum"], &proof["mismatches"]), (&"0".into(), &Value::Array(vec![])), "{proof}");

    let journal = pages(edge, &format!("/api/guilds/{}/journal", load.guild.id)).await?;
    let ids: Vec<&str> = journal.iter().map(|row| row["id"].as_str().unwrap()).collect();
    let unique: HashSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "no interaction is there twice");
    let answered = std::mem::take(&mut *load.answered.lock().unwrap());
    for (id, reply) in &answered {
        assert!(unique.contains(id.as_str()), "{id} was answered, and is not in the journal: {reply:?}");
    }
    assert_eq!(ids.len(), answered.len(), "and nothing is there that nobody was told");

    // The last answer pushed whatever the cuts had kept from the room.
    let paid: Vec<&str> = journal
        .iter()
        .filter(|row| row["debit"].is_string())
        .map(|row| row["id"].as_str().unwrap())
        .collect();
    let seen = loop {
        let events = pages(edge, "/api/events").await?;
        let seen: Vec<String> = events
            .iter()
            .filter(|event| event["source"] == "daily" || event["source"] == "transfer")
            .map(|event| event["id"].as_str().unwrap().to_owned())
            .collect();
        if seen.len() >= paid.len() {
            break seen;
        }
    };
    assert_eq!(seen, paid, "every event once, in the journal's order");
    Ok(())
}
