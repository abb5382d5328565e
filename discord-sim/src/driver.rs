//! Plays the crowd against the edge. An edge that is away is waited for, quietly.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use crate::{
    client::{EdgeClient, now},
    crowd::{Crowd, Move},
    payload::Payload,
    splitmix::SplitMix,
    state::State,
};

/// The wait of a crowd that is stopped before it looks again; each failure of the edge doubles it.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest wait for an edge that is away.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Of 100 commands, so many are preceded by a forged one, as Discord tests an endpoint.
const FORGERIES_PERCENT: u64 = 2;

/// Plays until it is aborted.
pub async fn play(state: Arc<State>, edge: EdgeClient, mut crowd: Crowd) {
    let mut failures: u32 = 0;
    let mut forgery = SplitMix::new(state.entropy);
    loop {
        if !state.playing.load(Ordering::Relaxed) {
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        let Some(next) = crowd.next(now()) else { return };
        tokio::time::sleep(Duration::from_millis(next.after_ms).max(wait_after(failures))).await;
        if forgery.chance(FORGERIES_PERCENT) {
            state.post_forged(&edge, &payload_of(&state, &next)).await;
        }
        let payload = payload_of(&state, &next);
        match state.post(&edge, &payload).await {
            Ok(answer) if answer.status == 200 => {
                crowd.taken(&next, &answer.json());
                failures = 0;
            }
            Ok(_) | Err(_) => failures = failures.saturating_add(1),
        }
    }
}

fn payload_of(state: &State, next: &Move) -> Payload {
    next.payload(protocol::InteractionId(state.fresh_id()))
}

fn wait_after(failures: u32) -> Duration {
    if failures == 0 {
        return Duration::ZERO;
    }
    PAUSE.saturating_mul(1 << failures.min(8)).min(LONGEST_WAIT)
}
