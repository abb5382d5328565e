//! The bot's heartbeat, as its reports tell it. What is not known is `None`, never an old number.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{
    Output,
    connection::Connection,
    row::{Kind, OpenSteps, ReportRow, Row},
    timeline::{Bucket, Resolution, percent_change},
    watch::Judge,
};
use crate::{
    Event, GuildId, Report, Severity, Source, Timestamp,
    alert::RuleKind,
    report::{NamedGuild, REPORT_EVERY_MS, ReportedGuilds},
    stats::{BotStatus, Gateway, Ping},
    time::{MINUTE_MS, SECOND_MS},
};

/// Without a report for this long the bot counts as offline, in milliseconds; at rest, when it has promised the next one for
/// later, that much later.
pub const OFFLINE_AFTER_MS: u64 = 15_000;
/// Of the reports, which come every five seconds, one is stored each so often, in milliseconds.
pub(super) const SAVE_EVERY_MS: u64 = MINUTE_MS;
/// How long a bot that was stopped in good order may take to come back, in milliseconds.
const RESTART_MS: u64 = MINUTE_MS;
/// How long a bot has to report once a room that was not in memory has come back, in milliseconds.
const RETURN_MS: u64 = 15_000;
/// The same after a room that was away for longer than the database can lag behind.
const LONG_RETURN_MS: u64 = 40_000;
const LONG_AWAY_MS: u64 = SAVE_EVERY_MS + 50_000;
/// The span of which `ping.avg` is the mean, in milliseconds.
const PING_WINDOW_MS: u64 = MINUTE_MS;

#[derive(Clone, Debug, Default)]
pub(super) struct BotState {
    last: Option<ReportRow>,
    names: BTreeMap<GuildId, NamedGuild>,
    samples: VecDeque<(Timestamp, f64)>,
    /// REST's latencies that reports of the last minute said.
    rest_samples: VecDeque<(Timestamp, f64)>,
    noticed: Option<BotStatus>,
    /// The next status is no change: the one before is not known.
    has_returned: bool,
    /// The last report is that of the database, and nothing has happened since.
    is_restored: bool,
    /// The room waits for a report since it has come back, and has not written so.
    has_come_back: bool,
}

impl BotState {
    pub(super) fn restore(
        last: Option<ReportRow>,
        names: BTreeMap<GuildId, NamedGuild>,
        buckets: &[(Resolution, Bucket)],
    ) -> Self {
        let samples = buckets
            .iter()
            .filter(|(resolution, _)| *resolution == Resolution::FiveSeconds)
            .filter_map(|(_, bucket)| Some((bucket.at, bucket.ping()?)))
            .collect();
        let noticed = last
            .as_ref()
            .map(|last| if last.noticed_offline { BotStatus::Offline } else { BotStatus::Online });
        let rest_samples = VecDeque::new();
        Self { last, names, samples, rest_samples, noticed, is_restored: true, ..Self::default() }
    }

    /// After a restart: of the reports of a minute only one is in the database. A bot that was online then still is, until it
    /// has had the time to say so; what it measured then is no number of now.
    pub(super) fn come_back(&mut self, now: Timestamp) {
        if !std::mem::take(&mut self.is_restored) || self.noticed != Some(BotStatus::Online) {
            return;
        }
        let may_be_there = |last: &&mut ReportRow| !last.report.is_at_rest() && last.excused_until.is_none();
        if let Some(last) = self.last.as_mut().filter(may_be_there)
            && (REPORT_EVERY_MS..SAVE_EVERY_MS + OFFLINE_AFTER_MS).contains(&now.since(last.received_at))
        {
            last.wait_from(now.minus(REPORT_EVERY_MS));
            last.excused_until = Some(now.plus(RETURN_MS));
            self.has_come_back = true;
        }
    }

    /// Whether the room waits for a report since it has come back, and has not written so. The next alarm may find it come back
    /// once more, and has to know.
    pub(super) fn take_come_back(&mut self) -> bool {
        std::mem::take(&mut self.has_come_back)
    }

    /// Takes a report, and stores what is new in it; gives whether more than the numbers has changed. A server that the bot
    /// has left is forgotten, unless it has books here, which are still read under its name, or is another shard's to tell.
    pub(super) fn report(
        &mut self,
        now: Timestamp,
        mut report: Report,
        has_books: impl Fn(GuildId) -> bool,
        outputs: &mut Vec<Output>,
    ) -> bool {
        // Samples between two reports come in by their age, not by the clock of the machine that measured.
        let missed = report.missed.iter().map(|missed| (now.minus(report.at.since(missed.at)), missed.ms));
        self.samples.extend(missed.chain(report.sample().map(|sample| (now, sample))));
        self.rest_samples.extend(report.rest_ms.map(|sample| (now, sample)));
        for samples in [&mut self.samples, &mut self.rest_samples] {
            samples.retain(|&(at, _)| now.since(at) <= PING_WINDOW_MS);
        }
        let named = std::mem::take(&mut report.guilds.named);
        if !named.is_empty() && named.len() as u64 >= report.guilds.count {
            self.forget_all_but(&named, |guild| !report.knows_of(guild) || has_books(guild), outputs);
        }
        for guild in named {
            if self.names.get(&guild.id) != Some(&guild) {
                self.names.insert(guild.id, guild.clone());
                outputs.push(Output::Store(Row::Name(guild)));
            }
        }
        let before = self.last.as_ref().map(|last| (&last.report, last.connection));
        let connection = Connection::after(before, &report, now);
        let row = ReportRow {
            received_at: now,
            report,
            noticed_offline: false,
            connection,
            steps: None,
            judges: BTreeMap::new(),
            excused_until: None,
        };
        let is_news = self.last.as_ref().is_none_or(|last| !last.is_like(&row));
        self.last = Some(row);
        is_news
    }

    /// The last report, to be stored with the steps that are open then, and with what rules remember of values.
    pub(super) fn row(&self, steps: OpenSteps, judges: BTreeMap<RuleKind, Judge>) -> Option<Row> {
        let last = self.last.clone()?;
        Some(Row::Report(ReportRow { steps: Some(steps), judges, ..last }))
    }

    /// Whether the last report has promised the next one for later than while somebody watches. Each of those is stored: the
    /// room is not in memory for that long.
    pub(super) fn is_at_rest(&self) -> bool {
        self.last.as_ref().is_some_and(|last| last.report.is_at_rest())
    }

    fn forget_all_but(
        &mut self,
        named: &[NamedGuild],
        is_kept: impl Fn(GuildId) -> bool,
        outputs: &mut Vec<Output>,
    ) {
        let stay: BTreeSet<GuildId> = named.iter().map(|guild| guild.id).collect();
        self.names.retain(|&id, _| {
            let stays = stay.contains(&id) || is_kept(id);
            if !stays {
                outputs.push(Output::Delete(Kind::Name, id.0));
            }
            stays
        });
    }

    /// Forgets a report that is too old to say how the bot has been since: that is unknown, and no outage.
    pub(super) fn returned(&mut self, now: Timestamp) {
        if self.last.as_ref().is_some_and(|last| now.since(last.received_at) >= last.offline_after_ms()) {
            (self.last, self.noticed, self.has_returned) = (None, None, true);
        }
    }

    /// The event of a change between online and offline, once each; the report has to be stored with it.
    pub(super) fn notice(&mut self, now: Timestamp) -> Option<Event> {
        let status = self.status(now);
        if self.has_returned {
            self.has_returned = status == BotStatus::Unknown;
            self.noticed = Some(status);
            return None;
        }
        let before = self.noticed.replace(status);
        let (severity, message) = match (before, status) {
            (Some(BotStatus::Online), BotStatus::Offline) => {
                let last = self.last.as_ref()?;
                if last.report.leaving {
                    (Severity::Info, "went offline: bot-worker was asked to stop".to_owned())
                } else {
                    (Severity::Warn, last.words_for_silence())
                }
            }
            (Some(BotStatus::Offline), BotStatus::Online) => (Severity::Info, "is online again".to_owned()),
            (None | Some(BotStatus::Unknown), BotStatus::Online) => (Severity::Info, "is online".to_owned()),
            _ => return None,
        };
        let last = self.last.as_mut()?;
        last.noticed_offline = status == BotStatus::Offline;
        // A report after a long silence says both in one moment.
        let word = if last.noticed_offline { "offline" } else { "online" };
        let id = format!("bot-{word}-{now}");
        let message = format!("{} {message}", self.bot_name());
        Some(Event::new(id, now, GuildId::NONE, severity, Source::Bot, message))
    }

    /// The event of a gateway that was lost, or is back, once each; the report has to be stored with it.
    pub(super) fn notice_connection(&mut self, now: Timestamp) -> Option<Event> {
        if self.status(now) != BotStatus::Online {
            return None;
        }
        let name = self.bot_name();
        let last = self.last.as_mut()?;
        let (severity, words) = last.connection.notice(&last.report, now)?;
        let id = format!("gateway-{}-{now}", if severity == Severity::Warn { "lost" } else { "back" });
        let message = format!("{name} {words}");
        Some(Event::new(id, now, GuildId::NONE, severity, Source::Bot, message))
    }

    /// The gateway, while the bot is online.
    pub(super) fn gateway(&self, now: Timestamp) -> Option<Gateway> {
        let last = self.online(now)?;
        last.connection.shown(&last.report)
    }

    pub(super) fn reported_at(&self) -> Timestamp {
        self.last.as_ref().map(|last| last.received_at).unwrap_or_default()
    }

    /// The last report, as far as it concerns one server, if it came after `since` and the bot is online.
    pub(super) fn report_for(&self, now: Timestamp, guild: GuildId, since: Timestamp) -> Option<ReportRow> {
        let last = self.online(now).filter(|last| last.received_at > since)?;
        let named: Vec<NamedGuild> = self.names.get(&guild).cloned().into_iter().collect();
        let members = named.iter().map(|guild| guild.members).sum();
        let guilds = ReportedGuilds { count: 1, members, named };
        Some(ReportRow { report: Report { guilds, ..last.report.clone() }, ..last.clone() })
    }

    pub(super) fn status(&self, now: Timestamp) -> BotStatus {
        match &self.last {
            None => BotStatus::Unknown,
            Some(last) if last.report.leaving => BotStatus::Offline,
            Some(last) if now.since(last.received_at) < last.offline_after_ms() => BotStatus::Online,
            Some(_) => BotStatus::Offline,
        }
    }

    /// Until when the last report has promised the next one at the latest; a bot that was stopped in good order has a minute
    /// more to come back.
    pub(super) fn promised_at(&self) -> Option<Timestamp> {
        let last = self.last.as_ref()?;
        let restarts_ms = if last.report.leaving { RESTART_MS } else { 0 };
        Some(last.received_at.plus(last.report.next_in_ms.max(REPORT_EVERY_MS) + restarts_ms))
    }

    /// When the last report is waited for no more, as the room was away when the next one was due.
    pub(super) fn excused_until(&self) -> Option<Timestamp> {
        self.last.as_ref()?.excused_until
    }

    /// The room was away itself when it should have missed the bot: it has heard nothing, and waits for the next report from
    /// now on, once. A bot that has tried in vain for long tries every 30 s. Says whether that is so.
    pub(super) fn excuse(&mut self, now: Timestamp, threshold_ms: u64) -> bool {
        if self.noticed != Some(BotStatus::Online) {
            return false;
        }
        let may_be_there = |last: &&mut ReportRow| !last.report.leaving && last.excused_until.is_none();
        let Some(last) = self.last.as_mut().filter(may_be_there) else { return false };
        let is_recent = !last.report.is_at_rest() && now.since(last.received_at) < LONG_AWAY_MS;
        let grace_ms = if is_recent { RETURN_MS } else { LONG_RETURN_MS };
        let until = now.plus(grace_ms.max(threshold_ms));
        last.wait_from(until.minus(threshold_ms + last.report.next_in_ms));
        last.excused_until = Some(until);
        true
    }

    /// The gateway's mean latency of the newest so many milliseconds, in whole ones.
    pub(super) fn gateway_mean(&self, now: Timestamp, span_ms: u64) -> Option<u64> {
        self.online(now)?.report.gateway_ms()?;
        mean(&self.samples, now, span_ms)
    }

    /// REST's mean latency of a minute, in whole milliseconds.
    pub(super) fn rest_mean(&self, now: Timestamp) -> Option<u64> {
        self.online(now)?;
        mean(&self.rest_samples, now, PING_WINDOW_MS)
    }

    /// For how long the bot is still online if it says nothing more, in milliseconds; `None` when it is not.
    pub(super) fn offline_in_ms(&self, now: Timestamp) -> Option<u64> {
        let last = self.online(now)?;
        Some(last.offline_after_ms() - now.since(last.received_at))
    }

    pub(super) fn ping(&self, now: Timestamp, one_hour_ago: Option<f64>) -> Ping {
        let Some(last) = self.online(now) else {
            return Ping {
                avg: None,
                gateway: None,
                rest: None,
                rest_failure: None,
                change_from_last_hour: None,
            };
        };
        let (mut sum, mut count) = (0.0, 0.0);
        for &(at, sample) in &self.samples {
            if now.since(at) <= PING_WINDOW_MS {
                sum += sample;
                count += 1.0;
            }
        }
        let avg = (count > 0.0).then(|| round_tenth(sum / count));
        Ping {
            avg,
            gateway: last.report.gateway_ms().map(round_tenth),
            rest: last.report.rest_ms.map(round_tenth),
            rest_failure: last.report.rest_failure.filter(|_| last.report.rest_ms.is_none()),
            change_from_last_hour: avg
                .zip(one_hour_ago)
                .and_then(|(avg, before)| percent_change(before, avg)),
        }
    }

    pub(super) fn uptime_seconds(&self, now: Timestamp) -> Option<u64> {
        let started_at = |last: &ReportRow| last.report.started_by(last.received_at);
        self.online(now).map(|last| now.since(started_at(last)) / 1_000)
    }

    pub(super) fn bot_name(&self) -> String {
        self.last.as_ref().map_or_else(|| "Pulse".to_owned(), |last| last.report.bot.name.clone())
    }

    pub(super) fn avatar_url(&self) -> Option<String> {
        self.last.as_ref().and_then(|last| last.report.bot.avatar_url.clone())
    }

    pub(super) fn guild_count(&self) -> Option<u64> {
        self.last.as_ref().map(|last| last.report.guilds.count)
    }

    pub(super) fn named(&self, id: GuildId) -> Option<&NamedGuild> {
        self.names.get(&id)
    }

    pub(super) fn named_ids(&self) -> impl Iterator<Item = GuildId> {
        self.names.keys().copied()
    }

    fn online(&self, now: Timestamp) -> Option<&ReportRow> {
        self.last.as_ref().filter(|_| self.status(now) == BotStatus::Online)
    }
}

impl ReportRow {
    /// Returns the silence after this report that makes the bot count as offline, in milliseconds.
    fn offline_after_ms(&self) -> u64 {
        OFFLINE_AFTER_MS + self.report.next_in_ms.saturating_sub(REPORT_EVERY_MS)
    }

    /// Nothing was heard of it because the room was away: the next report is waited for as though this one had come then.
    fn wait_from(&mut self, received_at: Timestamp) {
        self.report.at = self.report.at.plus(received_at.since(self.received_at)); // By it goes the uptime.
        self.received_at = received_at;
        self.report.rest_ms = None;
        for shard in &mut self.report.shards {
            shard.latency_ms = None;
        }
    }

    fn words_for_silence(&self) -> String {
        format!("went offline: no report for {} s", self.offline_after_ms() / SECOND_MS)
    }
}

/// The mean of the samples of the newest so many milliseconds, in whole ones.
fn mean(samples: &VecDeque<(Timestamp, f64)>, now: Timestamp, span_ms: u64) -> Option<u64> {
    let (sum, count) = samples
        .iter()
        .filter(|(at, _)| now.since(*at) < span_ms)
        .fold((0.0, 0.0), |(sum, count), (_, sample)| (sum + sample, count + 1.0));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "latencies are believed up to ten minutes"
    )]
    (count > 0.0).then(|| (sum / count).round() as u64)
}

fn round_tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
