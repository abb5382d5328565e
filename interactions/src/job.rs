//! Messages that the bot writes by itself: that a daily is ready, and who has become the richest. The job's id makes it one
//! message, however often it is asked for.

use protocol::{
    GuildId, Timestamp, UserId,
    job::{Job, Task},
    record::JobOrder,
    time::{DAY_MS, Day, HOUR_MS, MINUTE_MS},
};

use crate::{rules::Account, text};

/// The time after which a reminder that was due is not worth a message any more, in milliseconds.
const REMINDER_MAX_MS: u64 = DAY_MS;
/// Reminders leave within so long after their day has begun, in milliseconds: all at once, Discord would refuse most.
const REMINDERS_LEAVE_WITHIN_MS: u64 = 15 * MINUTE_MS;
/// The time for which it is news who has become the richest, in milliseconds.
const ANNOUNCEMENT_MAX_MS: u64 = HOUR_MS;
/// A server has at most one announcement in so long, in milliseconds: two who pass each other fill no channel.
const ANNOUNCEMENT_EVERY_MS: u64 = 10 * MINUTE_MS;

/// A reminder when the next daily can be claimed: at once, if it can be claimed already, or else some minutes after the
/// day has begun, the same for a player each time.
pub fn remind(guild: GuildId, account: &Account, now: Timestamp) -> JobOrder {
    let day = next_daily(account, now);
    let due_at = if day.start() > now { day.start().plus(lateness_ms(account.user)) } else { now };
    let text = format!("Your daily is ready. Type `/daily` in <https://discord.com/channels/{guild}>.");
    JobOrder::Give(Job {
        id: reminder_id(guild, account.user, day),
        due_at,
        expires_at: due_at.plus(REMINDER_MAX_MS),
        task: Task::Remind { user_id: account.user, guild_id: guild, text },
    })
}

/// No reminder of the daily that this account can claim next.
pub fn remind_no_more(guild: GuildId, account: &Account, now: Timestamp) -> JobOrder {
    JobOrder::Withdraw(reminder_id(guild, account.user, next_daily(account, now)))
}

/// Returns the job that announces who has become the richest.
pub fn announce(guild: GuildId, channel_id: String, top: &Account, now: Timestamp) -> JobOrder {
    let (name, wealth) = (text::shown(&top.name), text::coins(top.balance));
    JobOrder::Give(Job {
        id: format!("announce:{guild}:{}", now.0 / ANNOUNCEMENT_EVERY_MS),
        due_at: now,
        expires_at: now.plus(ANNOUNCEMENT_MAX_MS),
        task: Task::Announce {
            guild_id: guild,
            channel_id,
            text: format!("**{name}** is now the richest here, with **{wealth}**."),
        },
    })
}

/// The first day on which this account can claim.
fn next_daily(account: &Account, now: Timestamp) -> Day {
    account.last_daily.map_or(now.day(), Day::next)
}

/// By how much a player's reminders come after the beginning of the day. An id holds the millisecond in which the account
/// was made, which is as good as chance.
fn lateness_ms(user: UserId) -> u64 {
    (user.0 >> 22) % REMINDERS_LEAVE_WITHIN_MS
}

fn reminder_id(guild: GuildId, user: UserId, day: Day) -> String {
    format!("remind:{guild}:{user}:{}", day.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Person;

    const GUILD: GuildId = GuildId(u64::MAX);

    fn account(last_daily: Option<u64>) -> Account {
        let person = Person { id: UserId(u64::MAX), name: "_Ann_".into(), bot: false, absent: false };
        Account { last_daily: last_daily.map(Day), ..Account::open(&person, Timestamp(0)) }
    }

    fn given(order: JobOrder) -> Job {
        let JobOrder::Give(job) = order else { panic!("{order:?}") };
        assert!(job.is_well_formed(), "{job:?}");
        job
    }

    #[test]
    fn a_reminder_is_due_with_the_next_daily_and_is_withdrawn_by_the_same_id() {
        let noon = Day(20_000).start().plus(12 * HOUR_MS);
        let late = |day: u64| Day(day).start().plus(lateness_ms(UserId(u64::MAX)));
        let cases = [
            (Some(20_000), 20_001, late(20_001)),
            (Some(19_999), 20_000, noon),
            (Some(19_000), 19_001, noon),
            (None, 20_000, noon),
            (Some(20_001), 20_002, late(20_002)),
        ];
        for (last, day, due) in cases {
            let account = account(last);
            let job = given(remind(GUILD, &account, noon));
            assert_eq!((job.due_at, job.expires_at), (due, due.plus(DAY_MS)), "{last:?}");
            assert_eq!(job.id, format!("remind:{GUILD}:{}:{day}", account.user), "{last:?}");
            assert_eq!(remind_no_more(GUILD, &account, noon), JobOrder::Withdraw(job.id));
        }
    }

    #[test]
    fn reminders_of_many_do_not_leave_together() {
        let ids = (0..900_u64).map(|number| UserId((number * 1_009) << 22 | number));
        let mut minutes = [0_u32; 15];
        for id in ids {
            minutes[usize::try_from(lateness_ms(id) / MINUTE_MS).unwrap()] += 1;
        }
        assert!(minutes.iter().all(|reminders| (50..=70).contains(reminders)), "{minutes:?}");
    }

    #[test]
    fn an_announcement_is_one_in_ten_minutes() {
        let top = account(None);
        let at = |minutes: u64| given(announce(GUILD, "77".into(), &top, Timestamp(minutes * MINUTE_MS)));
        assert_eq!(at(30).id, at(39).id);
        assert_ne!(at(39).id, at(40).id);
        assert!(
            matches!(at(30).task, Task::Announce { text, .. } if text.starts_with("**\\_Ann\\_** is now"))
        );
    }
}
