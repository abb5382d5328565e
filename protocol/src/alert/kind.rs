//! The values that rules judge: what each means, and what is set when nobody has set anything.

use serde::{Deserialize, Serialize};

use super::{Cause, Rule};
use crate::Severity;

/// A value that can be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RuleKind {
    /// bot-worker does not report.
    BotSilent,
    /// A gateway connection is gone.
    GatewayLost,
    /// The gateway's latency, mean of ten seconds.
    GatewaySpike,
    /// The gateway's latency, mean of a minute.
    GatewayLatency,
    /// REST's latency, mean of a minute.
    RestLatency,
    /// Pulse's own reply time.
    ReplyTime,
    /// Commands that could not be carried out.
    FailedCommands,
    /// Commands that a rule of the economy refused.
    RefusedCommands,
    /// The sums of the books.
    BooksUnbalanced,
    /// Coins that are made.
    Minting,
    /// Coins that are made in one server, against its own past.
    ServerMinting,
    /// Books that take up nearly all of their storage.
    StorageFull,
    /// Journal rows that reach the room late.
    DeliveryLag,
    /// Messages of the bot that wait.
    JobsWaiting,
    /// Events that a receiver has still to take.
    EventBacklog,
}

/// The unit of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Seconds.
    S,
    /// Milliseconds.
    Ms,
    /// Percent.
    Percent,
    /// Times as much as usual.
    Times,
    /// Yes or no: 1 or 0.
    Flag,
}

/// A kind of rule in words and numbers.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Its kind.
    pub kind: RuleKind,
    /// Its name.
    pub title: &'static str,
    /// The value that it judges.
    pub about: &'static str,
    /// The unit of the value.
    pub unit: Unit,
    /// The part that is slow or fails.
    pub cause: Cause,
    /// Two lines of advice.
    pub advice: [&'static str; 2],
    /// The least and the greatest threshold.
    pub bounds: [u32; 2],
    /// The threshold, the time to hold in seconds, the hysteresis in percent, the cool-down in seconds.
    numbers: [u32; 4],
    severity: Severity,
}

impl RuleKind {
    /// All of them, in the order in which they are shown.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|about| about.kind)
    }

    /// Its words and numbers.
    pub fn about(self) -> &'static About {
        TABLE.iter().find(|about| about.kind == self).unwrap_or(&TABLE[0])
    }

    /// The rule that holds when nobody has set anything.
    pub fn default_rule(self) -> Rule {
        let About { numbers: [threshold, hold_s, hysteresis, cool_down_s], severity, .. } = *self.about();
        Rule { kind: self, on: true, threshold, hold_s, hysteresis, severity, cool_down_s, quiet: None }
    }
}

const STATUS: &str = "Look at https://discordstatus.com: while Discord is at fault, waiting is all there is.";
const NETWORK: &str =
    "If it lasts and Discord is well, look at the network of the machine that bot-worker runs on.";

const TABLE: &[About] = &[
    About {
        kind: RuleKind::BotSilent,
        title: "The bot is silent",
        about: "Seconds since the report that bot-worker had promised. A bot that was stopped in good order is given a minute more.",
        unit: Unit::S,
        cause: Cause::Bot,
        advice: [
            "Look whether bot-worker runs, and at the end of its log; start it again.",
            "Slash commands go on without it; reminders, announcements and latency do not.",
        ],
        bounds: [10, 3_600],
        numbers: [10, 0, 0, 300],
        severity: Severity::Error,
    },
    About {
        kind: RuleKind::GatewayLost,
        title: "The gateway is lost",
        about: "Seconds since not all of the bot's gateway connections work, while bot-worker reports.",
        unit: Unit::S,
        cause: Cause::Gateway,
        advice: [STATUS, "If Discord is well, look at bot-worker's log for a refused token or intent."],
        bounds: [10, 3_600],
        numbers: [15, 0, 0, 300],
        severity: Severity::Error,
    },
    About {
        kind: RuleKind::GatewaySpike,
        title: "Gateway latency, 10 s",
        about: "Latency of Discord's gateway, mean of the last ten seconds that were measured.",
        unit: Unit::Ms,
        cause: Cause::Gateway,
        advice: [STATUS, NETWORK],
        bounds: [10, 60_000],
        numbers: [500, 10, 20, 600],
        severity: Severity::Warn,
    },
    About {
        kind: RuleKind::GatewayLatency,
        title: "Gateway latency, 1 min",
        about: "Latency of Discord's gateway, mean of a minute.",
        unit: Unit::Ms,
        cause: Cause::Gateway,
        advice: [STATUS, NETWORK],
        bounds: [10, 60_000],
        numbers: [300, 30, 10, 600],
        severity: Severity::Warn,
    },
    About {
        kind: RuleKind::RestLatency,
        title: "REST latency",
        about: "Round trip of a request to Discord's REST, mean of a minute.",
        unit: Unit::Ms,
        cause: Cause::Rest,
        advice: [STATUS, "Late answers, reminders and sign-ins are slow as long as it lasts."],
        bounds: [10, 60_000],
        numbers: [1_000, 30, 10, 600],
        severity: Severity::Warn,
    },
    About {
        kind: RuleKind::ReplyTime,
        title: "Reply time",
        about: "From a command's arrival at the edge to its commit: 99 % within so many milliseconds, over 5 minutes with 20 commands or more.",
        unit: Unit::Ms,
        cause: Cause::Replies,
        advice: [
            "Look at https://www.cloudflarestatus.com, and at the journal of the busiest servers.",
            "Players see an answer late from 2 s on, and none at all only if it fails.",
        ],
        bounds: [10, 60_000],
        numbers: [1_500, 30, 10, 600],
        severity: Severity::Warn,
    },
    About {
        kind: RuleKind::FailedCommands,
        title: "Failed commands",
        about: "Share of commands that could not be carried out, over 5 minutes with 10 commands or more.",
        unit: Unit::Percent,
        cause: Cause::Replies,
        advice: [
            "Open the events and filter by error: each names the command, the server and the reason.",
            "`npx wrangler tail` shows the edge's log; a release of an hour ago is the first suspect.",
        ],
        bounds: [1, 100],
        numbers: [5, 10, 20, 600],
        severity: Severity::Error,
    },
    About {
        kind: RuleKind::RefusedCommands,
        title: "Refused commands",
        about: "Share of commands that a rule of the economy refused, over 5 minutes with 50 commands or more.",
        unit: Unit::Percent,
        cause: Cause::Replies,
        advice: [
            "Look whether everything, or a large server, is paused.",
            "If not, a limit may be too low: a server's journal shows who was refused and why.",
        ],
        bounds: [1, 100],
        numbers: [90, 60, 10, 1_800],
        severity: Severity::Warn,
    },
    About {
        kind: RuleKind::BooksUnbalanced,
        title: "The books do not add up",
        about: "Whether any server's accounts, mint and sinks together are other than zero.",
        unit: Unit::Flag,
        cause: Cause::Books,
        advice: [
            "Pause the server, then open its page and let the proof run: it names the accounts that differ.",
            "Restore the books to the moment before, and report it: this must never happen.",
        ],
        bounds: [1, 1],
        numbers: [1, 0, 0, 3_600],
        severity: Severity::Error,
    },
    About {
        kind: RuleKind::Minting,
        title: "Coins out of line",
        about: "Coins made in ten minutes, as a multiple of the mean of the day before; not below 10 000 coins, and after six hours of history.",
        unit: Unit::Times,
        cause: Cause::Books,
        advice: [
            "Look at the newest events by amount: a rule that was set too generously, or an exploit, shows in them.",
            "Freeze the player or pause the server; what was done can be undone row by row.",
        ],
        bounds: [2, 10_000],
        numbers: [20, 0, 50, 3_600],
        severity: Severity::Warn,
    },
    About {
        kind: RuleKind::ServerMinting,
        title: "A server's coins out of line",
        about: "Coins made in one server in ten minutes, as a multiple of that server's own mean of about a day; not below 10 000 coins, and after six hours of history.",
        unit: Unit::Times,
        cause: Cause::Books,
        advice: [
            "Open the server's journal, newest first: a rule that was set too generously, a gift, or an exploit shows in it.",
            "Freeze the player or pause the server; what was done can be undone row by row.",
        ],
        bounds: [2, 10_000],
        numbers: [20, 0, 50, 3_600],
        severity: Severity::Warn,
    },
    About {
        kind: RuleKind::StorageFull,
        title: "A storage is nearly full",
        about: "How full the storage of the fullest server's books is, in percent.",
        unit: Unit::Percent,
        cause: Cause::Books,
        advice: [
            "From 98 % on players of this server can only look; `/economy` goes on.",
            "docs/deploy says what a plan allows; STORE_MAX_MB names it.",
        ],
        bounds: [50, 100],
        numbers: [80, 0, 5, 3_600],
        severity: Severity::Warn,
    },
    About {
        kind: RuleKind::DeliveryLag,
        title: "Deliveries lag",
        about: "Seconds between a journal row's commit and its arrival at the room, of the last minute.",
        unit: Unit::S,
        cause: Cause::Books,
        advice: [
            "The page is behind what players see; nothing is lost, and books deliver the rest by themselves.",
            "If it lasts, look at https://www.cloudflarestatus.com and the edge's log.",
        ],
        bounds: [5, 86_400],
        numbers: [60, 0, 50, 600],
        severity: Severity::Warn,
    },
    About {
        kind: RuleKind::JobsWaiting,
        title: "Messages wait",
        about: "Reminders and announcements that wait for bot-worker, in percent of the 20 000 that are kept.",
        unit: Unit::Percent,
        cause: Cause::Bot,
        advice: [
            "Look whether bot-worker runs, and whether its log tells of limits of Discord's.",
            "Beyond the limit new reminders are let go.",
        ],
        bounds: [1, 100],
        numbers: [80, 0, 10, 3_600],
        severity: Severity::Warn,
    },
    About {
        kind: RuleKind::EventBacklog,
        title: "Events wait for a receiver",
        about: "Events of the feed that the slowest webhook has still to take, in percent of the 50 000 that are kept.",
        unit: Unit::Percent,
        cause: Cause::Receiver,
        advice: [
            "Look at the channel's last answer under Alerts, and at the receiver.",
            "Beyond the limit it misses the oldest; switch the channel off if nobody needs it.",
        ],
        bounds: [1, 100],
        numbers: [50, 0, 20, 3_600],
        severity: Severity::Warn,
    },
];
