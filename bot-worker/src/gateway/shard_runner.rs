//! One shard, kept connected until it is to stop.

use std::sync::Arc;

use futures_util::StreamExt;
use tokio::sync::watch;
use twilight_gateway::{CloseFrame, ConfigBuilder, Message, Shard, ShardState, error::ReceiveMessageError};
use twilight_model::gateway::{payload::outgoing::UpdatePresence, presence::Status};

use super::{CLOSING, SharedState, activity, lock, refusal::Refusal};
use crate::{
    retry::{Change as HealthChange, Health},
    roster::Change,
    sessions::KeptSession,
};

/// After so many failed connections in a row a shard starts over, so that no wait is longer than 16 s.
const ATTEMPTS_IN_A_ROW: u8 = 5;

/// Keeps one shard connected, and writes its state to the shared one.
pub(super) struct ShardRunner {
    state: Arc<SharedState>,
    health: Health,
}

impl ShardRunner {
    pub(super) fn new(state: &Arc<SharedState>) -> Self {
        Self { state: Arc::clone(state), health: Health::default() }
    }

    /// Keeps it until told to stop; gives what resumes its session.
    pub(super) async fn keep(
        mut self,
        mut shard: Shard,
        mut stop: watch::Receiver<bool>,
        mut presence: watch::Receiver<String>,
    ) -> Option<KeptSession> {
        loop {
            tokio::select! {
                biased;
                _ = stop.changed() => return close(shard).await,
                Ok(()) = presence.changed() => {
                    let text = presence.borrow_and_update().clone();
                    if let Ok(update) = UpdatePresence::new([activity(&text)], false, None, Status::Online) {
                        shard.command(&update);
                    }
                }
                heard = shard.next() => {
                    // It ends when it was closed for good.
                    self.hear(shard.id().number(), heard?);
                    self.state.note(&shard);
                    if shard.state() == ShardState::Active {
                        self.tell(shard.id().number(), true, None);
                    }
                    shard = start_over_if_needed(shard);
                }
            }
        }
    }

    fn hear(&mut self, shard: u32, heard: Result<Message, ReceiveMessageError>) {
        match heard {
            Ok(Message::Text(text)) => {
                if let Some(change) = Change::read(&text) {
                    lock(&self.state.roster).apply(shard, change);
                }
            }
            Ok(Message::Close(frame)) => self.closed(shard, frame.map(|frame| frame.code)),
            Err(error) => {
                self.state.note_failure(shard);
                self.tell(shard, false, Some(&error));
            }
        }
    }

    fn closed(&self, shard: u32, code: Option<u16>) {
        tracing::debug!(shard, code, "the gateway connection was closed");
        match code {
            Some(4004) => _ = self.state.token_refused.send_replace(true),
            // Every shard is refused for the same reason.
            Some(code @ 4010..=4014) => {
                self.state.told_refusal.call_once(|| tracing::error!("{}", Refusal { code }));
            }
            _ => {}
        }
    }

    fn tell(&mut self, shard: u32, works: bool, error: Option<&ReceiveMessageError>) {
        match (self.health.observe(works), error) {
            (Some(HealthChange::Failing), Some(error)) => {
                let causes =
                    std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
                let reason = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
                tracing::warn!("shard {shard}: {reason}; trying again, and silent until it works");
            }
            (Some(HealthChange::Recovered(failures)), _) => {
                tracing::info!("shard {shard} is connected again, after {failures} failed tries");
            }
            _ => {}
        }
    }
}

/// Each try that fails doubles the wait for the next. A fresh shard with the same session begins at none.
fn start_over_if_needed(shard: Shard) -> Shard {
    let ShardState::Disconnected { reconnect_attempts: ATTEMPTS_IN_A_ROW.. } = shard.state() else {
        return shard;
    };
    let mut builder = ConfigBuilder::from(shard.config().clone());
    if let Some(session) = shard.session() {
        builder = builder.session(session.clone());
    }
    Shard::with_config(shard.id(), builder.build())
}

async fn close(mut shard: Shard) -> Option<KeptSession> {
    let kept = shard.session().cloned().zip(shard.resume_url().map(str::to_owned));
    let id = shard.id().number();
    shard.close(CloseFrame::RESUME);
    let closed = async { while let Some(Ok(Message::Text(_))) = shard.next().await {} };
    // A peer that does not answer the close is left; the session stays as it is.
    let _ = tokio::time::timeout(CLOSING / 2, closed).await;
    kept.map(|(session, resume_url)| KeptSession { id, session, resume_url })
}
