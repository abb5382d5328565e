//! How near a plan's limits are: rows of the day, and the room's database.

use protocol::check::{EdgeCheck, Plan, RoomCheck};

use crate::line::Line;

const WHAT: &str = "limits";
/// Rows that the free plan lets be written from midnight to midnight (UTC).
const FREE_ROWS_A_DAY: u64 = 100_000;
/// Rows a month that the paid plan includes.
const PAID_ROWS_A_MONTH: u64 = 50_000_000;
/// The price of a million rows beyond them, in dollars.
const MILLION_ROWS_DOLLARS: u64 = 1;
/// The storage of all databases together on the free plan, and of one on the paid plan, in megabytes.
const FREE_MEGABYTES: u64 = 5_000;
const PAID_MEGABYTES: u64 = 10_000;
/// From this share of a limit on it is near, in percent.
const NEAR_PERCENT: u64 = 80;

const NAME_THE_PLAN: &str = "with the paid plan, write CLOUDFLARE_PLAN=paid into pulse.secrets and deploy; docs/deploy says what \
     takes how many rows";

/// The line about them; `None` where the edge does not tell.
pub fn line(check: &EdgeCheck) -> Option<Line> {
    let room = check.room?;
    let (today, last_day) = (room.rows_today?, room.rows_last_day?);
    if room.is_limited {
        let found = "the plan's rows of today are used up: until midnight (UTC), commands that change something are refused";
        return Some(Line::wrong(WHAT, found, NAME_THE_PLAN));
    }
    let is_paid = check.plan == Some(Plan::Paid);
    let megabytes = room.bytes.unwrap_or_default() / 1_000_000;
    let most_megabytes = if is_paid { PAID_MEGABYTES } else { FREE_MEGABYTES };
    if megabytes * 100 >= most_megabytes * NEAR_PERCENT {
        let found = format!("the room's database holds {megabytes} MB of {most_megabytes}");
        return Some(Line::note(
            WHAT,
            found,
            "a full database refuses commands: ask for help with `npx wrangler tail` at hand",
        ));
    }
    Some(if is_paid { of_a_month(last_day, room) } else { of_a_day(today, last_day, room) })
}

fn of_a_day(today: u64, last_day: u64, room: RoomCheck) -> Line {
    let most = FREE_ROWS_A_DAY;
    let percent = today.max(last_day) * 100 / most;
    let found = format!(
        "{} since midnight (UTC), {} in 24 hours; the free plan allows {} a day; the room holds {}",
        rows(today),
        rows(last_day),
        grouped(most),
        size(room)
    );
    if percent >= NEAR_PERCENT { Line::note(WHAT, found, NAME_THE_PLAN) } else { Line::well(WHAT, found) }
}

fn of_a_month(last_day: u64, room: RoomCheck) -> Line {
    let month = last_day * 30;
    let found = format!(
        "{} in 24 hours; the paid plan includes {} a month; the room holds {}",
        rows(last_day),
        grouped(PAID_ROWS_A_MONTH),
        size(room)
    );
    if month <= PAID_ROWS_A_MONTH {
        return Line::well(WHAT, found);
    }
    let dollars = (month - PAID_ROWS_A_MONTH) / 1_000_000 * MILLION_ROWS_DOLLARS;
    Line::note(WHAT, found, format!("a month of such days costs about ${} more", grouped(dollars)))
}

fn rows(count: u64) -> String {
    if count < 1_000 { "fewer than 1 000 rows".to_owned() } else { format!("{} rows", grouped(count)) }
}

fn size(room: RoomCheck) -> String {
    match room.bytes.unwrap_or_default() / 1_000_000 {
        0 => "less than 1 MB".to_owned(),
        megabytes => format!("{} MB", grouped(megabytes)),
    }
}

/// In groups of three digits, as the docs write numbers.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(plan: Option<Plan>, rows_today: u64, rows_last_day: u64, megabytes: u64) -> String {
        let room = RoomCheck {
            rows_today: Some(rows_today),
            rows_last_day: Some(rows_last_day),
            bytes: Some(megabytes * 1_000_000),
            ..RoomCheck::default()
        };
        let check = EdgeCheck { plan, room: Some(room), ..EdgeCheck::default() };
        line(&check).unwrap().to_string()
    }

    #[test]
    fn a_limit_is_told_before_it_is_reached() {
        let (free, paid) = (Some(Plan::Free), Some(Plan::Paid));
        for (plan, today, last_day, megabytes, words) in [
            (
                None,
                0,
                0,
                0,
                "✓ limits        fewer than 1 000 rows since midnight (UTC), fewer than 1 000 rows in 24 hours; the \
                free plan allows 100 000 a day; the room holds less than 1 MB",
            ),
            (
                free,
                19_700,
                36_400,
                12,
                "✓ limits        19 700 rows since midnight (UTC), 36 400 rows in 24 hours",
            ),
            (free, 80_000, 80_000, 0, "· limits        80 000 rows"),
            (None, 10, 90_000, 0, "· limits        fewer"),
            (
                paid,
                90_000,
                90_000,
                0,
                "✓ limits        90 000 rows in 24 hours; the paid plan includes 50 000 000 a month",
            ),
            (paid, 0, 3_000_000, 0, "costs about $40 more"),
            (free, 0, 0, 4_000, "· limits        the room's database holds 4000 MB of 5000"),
            (paid, 0, 0, 4_000, "✓ limits"),
            (paid, 0, 0, 8_000, "· limits"),
        ] {
            let told = told(plan, today, last_day, megabytes);
            assert!(told.contains(words), "{words}:\n{told}");
        }
    }

    #[test]
    fn a_limit_that_is_reached_is_wrong_and_an_edge_that_does_not_tell_is_not() {
        let room = RoomCheck {
            is_limited: true,
            rows_today: Some(1),
            rows_last_day: Some(1),
            ..RoomCheck::default()
        };
        let check = EdgeCheck { room: Some(room), ..EdgeCheck::default() };
        assert!(line(&check).unwrap().is_wrong());
        assert_eq!(line(&EdgeCheck::default()), None);
        assert_eq!(line(&EdgeCheck { room: Some(RoomCheck::default()), ..EdgeCheck::default() }), None);
    }
}
