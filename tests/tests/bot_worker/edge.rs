//! Before a real edge that refuses the worker, or that cannot be reached as it should: one clear line each,
//! and what was missed comes later.

use anyhow::Result;
use protocol::stats::BotStatus;
use tests::{
    Spoiler, Stack, bot,
    edge::PATIENCE,
    stack::{complaints, count},
};

const fn instead_of_204(status: u16, page: &'static str) -> Spoiler {
    Spoiler { path: "/api/report", method: "POST", answer: (status, page) }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_that_answers_nonsense_is_told_of_once() -> Result<()> {
    let mut stack = Stack::set().await?;
    stack.connected().await?;
    let cases: [(u16, &'static str, &str); 4] = [
        (401, "", "refuses BOT_TOKEN"),
        (500, "", "answered 500"),
        (200, "<html>Welcome</html>", "answered 200"),
        (404, "<html>Not here</html>", "does not know this route"),
    ];
    for (status, page, words) in cases {
        let before = stack.relay.until(|_| true).await?;
        stack.relay.spoil(Some(instead_of_204(status, page)));
        stack.relay.until(|now| now.spoilt >= before.spoilt + 2).await?;
        stack.relay.spoil(None);
        let lines = stack.worker.lines_to("takes reports again", PATIENCE)?;
        assert_eq!((count(&lines, words), complaints(&lines).len()), (1, 1), "{status} {page}");
        let back = stack.relay.until(|now| now.reports.len() > before.reports.len()).await?;
        let since = &back.reports[before.reports.len()..];
        assert!(since.iter().any(|report| !report.missed.is_empty()), "what was missed comes later");
    }
    stack.connected().await?;
    assert!(complaints(&stack.end()?).is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_that_answers_nothing_is_told_of_once_and_shows_no_stale_number() -> Result<()> {
    let mut stack = Stack::set().await?;
    stack.connected().await?;
    stack.relay.spoil(Some(instead_of_204(0, "")));
    stack.shown_offline().await?;
    stack.relay.spoil(None);
    let lines = stack.worker.lines_to("takes reports again", PATIENCE)?;
    assert_eq!((count(&lines, "no answer within 5 s"), complaints(&lines).len()), (1, 1));
    stack.relay.report(|report| !report.missed.is_empty()).await?;
    stack.relay.next_report(|report| report.missed.is_empty()).await?;
    stack.connected().await?;
    assert!(complaints(&stack.end()?).is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_that_knows_another_secret_is_told_of_once_and_shows_nothing() -> Result<()> {
    let discord = bot::discord_like(|_| {}).await?;
    let mut stack = Stack::set_with(discord, &[("BOT_TOKEN", "another-secret")]).await?;
    let lines = stack.worker.lines_to("the edge refuses BOT_TOKEN (401)", PATIENCE)?;
    assert_eq!(complaints(&lines).len(), 1);
    let heartbeats = stack.discord.state().gateway.watch().heartbeats;
    tests::edge::until("it goes on", async || {
        Ok(stack.discord.state().gateway.watch().heartbeats > heartbeats + 1)
    })
    .await?;
    stack.shown(|stats| stats.bot.status == BotStatus::Unknown && stats.ping.avg.is_none()).await?;
    let lines = stack.end()?;
    assert!(complaints(&lines).is_empty() && !lines.join("\n").contains("another-secret"), "{lines:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_that_is_nowhere_is_told_of_once() -> Result<()> {
    let discord = bot::discord_like(|_| {}).await?;
    let mut worker = bot::command("run", "https://nowhere.invalid", &discord, &[tests::stack::PACE])?;
    let lines = worker.lines_to("the edge cannot be reached", PATIENCE)?;
    assert_eq!(complaints(&lines).len(), 1);
    worker.terminate()?;
    assert_eq!(worker.exit_code(PATIENCE)?, Some(0));
    assert!(complaints(&worker.all_lines()).is_empty());
    Ok(())
}
