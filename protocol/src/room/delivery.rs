//! A delivery of a server's books is one of four things: the rows that follow those that the room has, the first of another
//! life of the journal, rows that cannot be what they say, or rows after some that the room has not any more.

use super::{
    Output, Room,
    failing::edge_warning,
    row::{GuildRow, Row},
};
use crate::{
    Coins, Epoch, GuildId, JournalSeq, Sentence, Timestamp,
    message::CloseCode,
    record::{Acknowledgement, JobOrder, Push, Record},
};

/// The kinds of deliveries, given what the room knows of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delivery {
    /// Rows after this one are new.
    Continues(JournalSeq),
    /// Another life of the journal: what comes after this row is new, and so many that were told are gone.
    BeginsAnew(JournalSeq, u64),
    /// There are rows under numbers that the room has which it has not: the books were set back, and do not know it yet.
    Conflicts,
    /// The books have it from this room that it has rows which it has not, after this one: the room was set back.
    Misses(JournalSeq),
}

impl Delivery {
    fn of(push: &Push, known: Option<&GuildRow>) -> Self {
        match Self::of_rows(push, known) {
            Self::Continues(seen) | Self::BeginsAnew(seen, _)
                if push.after.is_some_and(|after| after > seen) =>
            {
                Self::Misses(seen)
            }
            delivery => delivery,
        }
    }

    fn of_rows(push: &Push, known: Option<&GuildRow>) -> Self {
        let Some(known) = known else { return Self::Continues(JournalSeq::default()) };
        if let Some(life) = push.life
            && known.life.map_or(life.is_set_back, |known| known != life.id)
        {
            let gone = known.acknowledged.0.saturating_sub(life.after.0);
            return Self::BeginsAnew(known.acknowledged.min(life.after), gone);
        }
        // Rows of an older version do not tell how late they are.
        let is_other = |record: &Record| record.seq <= known.acknowledged && record.at > known.latest_at;
        if known.latest_at != Timestamp::default() && push.records.iter().any(is_other) {
            return Self::Conflicts;
        }
        Self::Continues(known.acknowledged)
    }
}

impl Room {
    pub(super) fn recorded(&mut self, now: Timestamp, mut push: Push, outputs: &mut Vec<Output>) {
        let guild = push.guild_id;
        self.spent.add(now, push.rows);
        let seen = match Delivery::of(&push, self.aggregates.row(guild)) {
            Delivery::Continues(seen) => {
                if let Some(reminders) = push.reminders.take() {
                    self.replace_jobs_of(guild, reminders, outputs);
                }
                seen
            }
            Delivery::BeginsAnew(seen, gone) => {
                self.begin_anew(now, seen, gone, &mut push, outputs);
                seen
            }
            Delivery::Conflicts => {
                outputs.push(Output::Acknowledge(Acknowledgement {
                    conflicts: true,
                    ..self.acknowledgement(guild)
                }));
                return;
            }
            Delivery::Misses(seq) => {
                self.begin_another_log(now, outputs);
                let said = Acknowledgement { seq, misses: true, ..self.acknowledgement(guild) };
                outputs.push(Output::Acknowledge(said));
                self.flush_or_wait(now, outputs);
                return;
            }
        };
        push.records.retain(|record| record.seq > seen);
        if let Some(oldest) = push.records.first().map(|record| record.at) {
            self.busy_at = Some(now);
            self.note_lag(now, oldest);
            self.take_records(now, push, outputs);
            self.look_out_soon(now, outputs);
            self.send_events(now, outputs);
            self.arm_unwatched(now, outputs);
        }
        outputs.push(Output::Acknowledge(self.acknowledgement(guild)));
        self.flush_or_wait(now, outputs);
    }

    fn acknowledgement(&self, guild: GuildId) -> Acknowledgement {
        let known = self.aggregates.row(guild);
        Acknowledgement {
            seq: known.map(|row| row.acknowledged).unwrap_or_default(),
            latest_at: known.map(|row| row.latest_at).filter(|at| *at != Timestamp::default()),
            maintenance: Some(self.maintenance.current),
            ..Acknowledgement::default()
        }
    }

    /// The room was set back: viewers may have events under the numbers that come next. Its log gets another name, once:
    /// viewers are closed, join again, and are sent all of it.
    fn begin_another_log(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        if std::mem::replace(&mut self.has_another_log, true) {
            return;
        }
        self.epoch = Epoch(self.epoch.0.wrapping_add(now.0 | 1));
        outputs.push(Output::Store(Row::Epoch(self.epoch)));
        for socket in self.viewers.keys().copied().collect::<Vec<_>>() {
            outputs.push(Output::Close(socket, CloseCode::Restart));
            self.left(now, socket, outputs);
        }
        let message = Sentence::new(
            "This log was set back to an earlier state; what the books have told since is told again",
        );
        self.number(edge_warning(format!("room-set-back-{now}"), now, GuildId::NONE, message), outputs);
    }

    /// Lets go of the work that a server's rows have asked for; this is what waits now.
    fn replace_jobs_of(&mut self, guild: GuildId, waiting: Vec<JobOrder>, outputs: &mut Vec<Output>) {
        self.waiting.remove_all_of(guild, outputs);
        for order in waiting {
            self.waiting.take(order, outputs);
        }
    }

    /// The books are not those of which the room has told: it says so, and lets go of the work that their rows asked for.
    fn begin_anew(
        &mut self,
        now: Timestamp,
        acknowledged: JournalSeq,
        gone: u64,
        push: &mut Push,
        outputs: &mut Vec<Output>,
    ) {
        let guild = push.guild_id;
        let message =
            Sentence::new("The books of this server are not the ones of before: ").number(gone).words(
                if gone == 1 { " row that was told of is gone" } else { " rows that were told of are gone" },
            );
        self.number(edge_warning(format!("set-back-{guild}-{now}"), now, guild, message), outputs);
        self.replace_jobs_of(guild, push.reminders.take().unwrap_or_default(), outputs);
        // Perhaps no row follows yet; the numbers are theirs all the same.
        let life = push.life.map(|life| life.id);
        let row = GuildRow { acknowledged, totals: push.totals.clone(), life, ..GuildRow::default() };
        self.aggregates.replace(guild, row.clone());
        self.timeline.set_standing(now, self.aggregates.wealth(), self.gauges(now));
        self.save_books(now, guild, row, outputs);
    }

    fn take_records(&mut self, now: Timestamp, push: Push, outputs: &mut Vec<Output>) {
        let guild = push.guild_id;
        let Some((acknowledged, committed_at)) = push.records.last().map(|record| (record.seq, record.at))
        else {
            return;
        };
        let life = push.life.map(|life| life.id);
        let is_same = |row: &&GuildRow| row.life.is_none() || row.life == life;
        let before = self.aggregates.row(guild).filter(is_same).map(|row| row.latest_at).unwrap_or_default();
        let latest_at = push.records.iter().map(|record| record.at).fold(before, Timestamp::max);
        let mut income = self.aggregates.row(guild).map(|row| row.income).unwrap_or_default();
        for record in &push.records {
            income.add(record.at, record.minted);
        }
        self.note_income(now, guild, &income);
        let row = GuildRow { acknowledged, totals: push.totals, life, latest_at, income, steps: None };
        self.aggregates.replace(guild, row.clone());
        let mut refused_jobs = 0;
        // The wealth at each record follows from the wealth after the last, less what was made since.
        let mut made_since: Coins =
            push.records.iter().fold(Coins::ZERO, |sum, record| sum.saturating_plus(record.made()));
        for record in push.records {
            made_since = made_since.saturating_minus(record.made());
            self.timeline.add_record(record.at, &record);
            self.timeline.set_wealth(record.at, self.aggregates.wealth().saturating_minus(made_since));
            for event in record.events {
                self.number(event, outputs);
            }
            for order in record.jobs {
                refused_jobs += usize::from(!self.waiting.take(order, outputs));
            }
        }
        self.tell_lost(now, guild, refused_jobs, "found no room among those that wait", outputs);
        for at in [committed_at, now] {
            self.timeline.set_standing(at, self.aggregates.wealth(), self.gauges(at));
        }
        self.save_books(now, guild, row, outputs);
    }
}
