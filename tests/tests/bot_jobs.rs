//! Work that needs the bot's token reaches people exactly once, whatever dies in between.

#![allow(clippy::unwrap_used, reason = "a test may fail wherever it likes")]

use anyhow::Result;
use discord_sim::faults::{Effect, Fault};
use protocol::{
    GuildId, Timestamp, UserId,
    job::{Job, Settlement, Task},
};
use tests::{SmallEdge, bot, edge::PATIENCE, small_edge::Manner};

fn now() -> Timestamp {
    discord_sim::client::now()
}

fn job(id: &str, task: Task) -> Job {
    Job { id: id.into(), due_at: now(), expires_at: now().plus(3_600_000), task }
}

fn reminder() -> Job {
    let text = "Your daily is ready. @everyone".into();
    job("remind:7", Task::Remind { user_id: UserId(5_000), guild_id: GuildId(6), text })
}

fn announcement() -> Job {
    let text = "Kestrel tops the leaderboard.".into();
    job("announce:6:1", Task::Announce { guild_id: GuildId(6), channel_id: "77".into(), text })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_killed_between_the_two_steps_writes_once() -> Result<()> {
    let discord = bot::discord_like(|_| {}).await?;
    let edge = SmallEdge::start().await?;
    let jobs = vec![reminder(), announcement()];
    edge.behave(Manner { jobs: jobs.clone(), to_settlements: Some(500), ..Manner::default() });
    let mut worker = bot::command("run", &edge.url, &discord, &[])?;
    // The first job is written, the edge does not hear of it, and the worker dies.
    edge.until(|heard| heard.settled_in_vain >= 1).await?;
    worker.kill();
    assert_eq!(discord.state().messages().len(), 1);

    edge.behave(Manner { jobs, ..Manner::default() });
    let _worker = bot::command("run", &edge.url, &discord, &[])?;
    let heard = edge.until(|heard| heard.settled.len() == 2).await?;
    assert!(heard.settled.iter().all(|(_, settlement)| *settlement == Settlement::Done));
    let messages = discord.state().messages();
    let told: Vec<_> = messages.iter().map(|message| (&message["channel_id"], &message["content"])).collect();
    // A channel with one person has that person's id plus one here.
    assert_eq!(
        told,
        [
            (&"5001".into(), &"Your daily is ready. @everyone".into()),
            (&"77".into(), &"Kestrel tops the leaderboard.".into()),
        ]
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_takes_no_messages_and_a_job_too_late_are_dropped() -> Result<()> {
    let discord = bot::discord_like(|_| {}).await?;
    let edge = SmallEdge::start().await?;
    discord.state().faults.add(Fault::new("/channels/5001/messages", Effect::status(403)));
    // The announcement meets a server error first, and is tried again.
    discord.state().faults.add(Fault::new("/channels/77/messages", Effect::status(500)).times(1));
    let late = Job { id: "late".into(), expires_at: now(), ..reminder() };
    edge.behave(Manner { jobs: vec![reminder(), late, announcement()], ..Manner::default() });
    let mut worker = bot::command("run", &edge.url, &discord, &[])?;
    let heard = edge.until(|heard| heard.settled.len() == 3).await?;
    let settled = |id: &str| heard.settled.iter().find(|(job, _)| job == id).map(|(_, how)| how.clone());
    let Some(Settlement::Dropped { reason }) = settled("remind:7") else { panic!("{:?}", heard.settled) };
    assert!(reason.contains("403"), "{reason}");
    assert!(matches!(settled("late"), Some(Settlement::Dropped { .. })));
    assert_eq!(settled("announce:6:1"), Some(Settlement::Done));
    assert_eq!(discord.state().messages().len(), 1);
    worker.terminate()?;
    assert_eq!(worker.exit_code(PATIENCE)?, Some(0));
    Ok(())
}
