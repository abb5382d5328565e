//! A limit of the plan is reached: the storage takes no rows until midnight (UTC). What is shown goes on from memory; what has
//! to be durable is refused.

use super::{Output, Room, failing::edge_warning, row::Row};
use crate::{
    GuildId, Sentence, ServerMessage, Timestamp,
    message::{LIMIT_OVER, LIMIT_REACHED, Notice},
    time::MINUTE_MS,
};

impl Output {
    /// Whether it may stay undone where the storage takes no rows: numbers that are kept in memory, and are written again
    /// later. Events, deliveries and answers are none of them.
    pub fn may_wait(&self) -> bool {
        match self {
            Self::Store(row) => {
                matches!(row, Row::Report(_) | Row::Open(_) | Row::Page(..) | Row::Active(..))
            }
            Self::Delete(..) | Self::Acknowledge(_) | Self::Answer(_) | Self::Spread(..) => false,
            _ => true,
        }
    }
}

impl Room {
    /// Whether the storage has refused rows, and has not taken any since.
    pub fn is_limited(&self) -> bool {
        self.limited_at.is_some()
    }

    /// The storage has refused rows.
    pub(super) fn limited(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        if self.limited_at.is_none() {
            self.limited_at = Some(now);
            self.broadcast(now, limit_notice(true), outputs);
        }
    }

    /// It takes rows again.
    pub(super) fn unlimited(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        let Some(since) = self.limited_at.take() else { return };
        self.timeline.touch_since(since);
        let minutes = now.since(since).div_ceil(MINUTE_MS);
        let message = Sentence::new("The plan's limit of rows was reached: for ")
            .number(minutes)
            .words(if minutes == 1 { " minute" } else { " minutes" });
        let message = message.words(", commands that change something were refused");
        self.number(edge_warning(format!("limit-{since}"), now, GuildId::NONE, message), outputs);
        self.save_steps(now, outputs);
        self.flush(now, outputs);
        self.broadcast(now, limit_notice(false), outputs);
    }

    /// The notice to a viewer who joins while a limit is reached.
    pub(super) fn limit_notice(&self) -> Option<ServerMessage> {
        self.limited_at.map(|_| limit_notice(true))
    }
}

fn limit_notice(is_reached: bool) -> ServerMessage {
    let (code, message) = if is_reached {
        let message = "The plan that Pulse runs on allows no more rows today. Until midnight (UTC) commands that change \
                       something are refused, and nothing is lost.";
        (LIMIT_REACHED, message)
    } else {
        (LIMIT_OVER, "The plan allows rows again: commands are answered as before.")
    };
    ServerMessage::Notice { data: Notice { code: code.to_owned(), message: message.to_owned() } }
}
