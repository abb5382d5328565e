//! History at three resolutions: 5 s for an hour, 1 min for a day, 15 min for 30 days.

mod activity;
pub(super) mod step;

use std::collections::{BTreeMap, VecDeque};

use self::activity::Activity;
pub use self::step::{Bucket, Gauges, Months, Resolution};
use super::{
    Output,
    handling::{handling_bin, percentile},
    row::{OpenSteps, Row},
};
use crate::{
    Coins, Timestamp,
    history::{self, HistoryPoint},
    record::{Outcome, Record},
    report::Missed,
    stats::Handling,
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};

/// The span of the handling percentiles, in milliseconds.
const HANDLING_WINDOW_MS: u64 = 5 * MINUTE_MS;
/// `ping.changeFromLastHour` compares with the minutes this far around one hour ago, in milliseconds.
const HOUR_AGO_SLACK_MS: u64 = 5 * MINUTE_MS;

/// Sums over a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) commands: u64,
    pub(super) refused: u64,
    pub(super) failed: u64,
    pub(super) minted: Coins,
    pub(super) burned: Coins,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Timeline {
    fine: VecDeque<Bucket>,
    minutes: VecDeque<Bucket>,
    quarters: VecDeque<Bucket>,
    months: Months,
    activity: Activity,
    /// The oldest step of each resolution that has changed since it was stored.
    touched: [Option<Timestamp>; 3],
    /// The oldest of the finest steps that has changed since viewers were told.
    untold: Option<Timestamp>,
    /// The number of times that the open steps have been written.
    open_steps_written: u64,
}

impl Timeline {
    pub(super) fn restore(
        mut buckets: Vec<(Resolution, Bucket)>,
        months: Months,
        active: BTreeMap<Timestamp, u64>,
        open_steps_written: u64,
    ) -> Self {
        let activity = Activity::restore(active);
        let mut timeline = Self { months, activity, open_steps_written, ..Self::default() };
        // Single rows of an older version lie between pages.
        buckets.sort_by_key(|(_, bucket)| bucket.at);
        for (resolution, bucket) in buckets {
            timeline.ring_mut(resolution).push_back(bucket);
        }
        timeline.restore_fine_pings();
        timeline
    }

    /// Puts the mean latency of each minute of the last hour into the finest steps, at the minute's beginning, where no finer
    /// step was stored: see [`is_kept`].
    fn restore_fine_pings(&mut self) {
        let Some(newest) = self.minutes.back().map(|bucket| bucket.at) else { return };
        let last_hour = since(&self.minutes, newest.minus(HOUR_MS)).filter(|bucket| bucket.ping_count > 0);
        let measured: Vec<Bucket> = last_hour.cloned().collect();
        for minute in measured {
            let place = self.fine.partition_point(|bucket| bucket.at < minute.at);
            let next = self.fine.get(place).filter(|bucket| bucket.at < minute.at.plus(MINUTE_MS));
            if next.is_none() {
                let before = place.checked_sub(1).and_then(|before| self.fine.get(before));
                let mut step = Bucket::after(before, minute.at);
                (step.ping_sum, step.ping_count) = (minute.ping_sum, minute.ping_count);
                (step.started_at, step.wealth, step.gauges) =
                    (minute.started_at, minute.wealth, minute.gauges);
                self.fine.insert(place, step);
            }
        }
    }

    pub(super) fn add_record(&mut self, at: Timestamp, record: &Record) {
        self.add_outcome(at, record.outcome);
        if let Some(activity) = record.activity {
            self.activity.add(at, activity.previous);
        }
        self.update(at, |bucket| {
            bucket.minted = bucket.minted.saturating_plus(record.minted);
            bucket.burned = bucket.burned.saturating_plus(record.burned);
            *bucket.handling.entry(handling_bin(record.handled_ms)).or_default() += 1;
        });
    }

    pub(super) fn add_outcome(&mut self, at: Timestamp, outcome: Outcome) {
        self.update(at, |bucket| {
            bucket.commands += 1;
            bucket.refused += u64::from(outcome == Outcome::Refused);
            bucket.failed += u64::from(outcome == Outcome::Failed);
        });
        match at.month() {
            month if month == self.months.month => self.months.commands += 1,
            month if month > self.months.month => {
                let follows = month == self.months.month + 1;
                let previous = if follows { self.months.commands } else { 0 };
                self.months = Months { month, commands: 1, previous };
            }
            month if month + 1 == self.months.month => self.months.previous += 1,
            _ => {} // from before both months that are kept
        }
    }

    pub(super) fn add_report(&mut self, at: Timestamp, started_at: Timestamp, sample: Option<f64>) {
        self.update(at, |bucket| {
            bucket.started_at = started_at;
            if let Some(sample) = sample {
                bucket.ping_sum += sample;
                bucket.ping_count += 1;
            }
        });
    }

    /// A sample of a step that may be over already.
    pub(super) fn add_missed(&mut self, at: Timestamp, sample: f64) {
        self.update_step(at, false, |bucket| {
            bucket.ping_sum += sample;
            bucket.ping_count += 1;
        });
    }

    /// Sets what all players held from this moment on, also in the steps that are known after it.
    pub(super) fn set_wealth(&mut self, at: Timestamp, wealth: Coins) {
        self.update(at, |bucket| bucket.wealth = wealth);
        for resolution in Resolution::ALL {
            let ring = self.ring_mut(resolution);
            let after = ring.partition_point(|bucket| bucket.at <= at);
            for bucket in ring.range_mut(after..) {
                bucket.wealth = wealth;
            }
        }
    }

    pub(super) fn set_standing(&mut self, at: Timestamp, wealth: Coins, gauges: Gauges) {
        self.update(at, |bucket| (bucket.wealth, bucket.gauges) = (wealth, Some(gauges)));
    }

    /// Steps since this moment may not have been stored, though it was meant so.
    pub(super) fn touch_since(&mut self, from: Timestamp) {
        for resolution in Resolution::ALL {
            let touched = self.touched[resolution as usize].get_or_insert(from);
            *touched = from.min(*touched);
        }
    }

    /// Stores the steps that are over and have changed since the last time, and lets go of what is too old. Gives the rest,
    /// which changes with every command and every report: the caller has a row for it.
    pub(super) fn save(&mut self, now: Timestamp, outputs: &mut Vec<Output>) -> OpenSteps {
        for resolution in Resolution::ALL {
            if let Some(oldest) = self.touched[resolution as usize].take() {
                self.store_what_is_over(resolution, oldest, outputs);
            }
            self.forget_what_is_old(resolution, now, outputs);
        }
        self.activity.save(outputs);
        self.open_steps_written += 1;
        OpenSteps {
            buckets: Resolution::ALL.into_iter().flat_map(|resolution| self.open(resolution)).collect(),
            months: self.months,
            active: self.activity.newest(),
            number: self.open_steps_written,
            spent: Vec::new(),
        }
    }

    /// Stores the steps from `oldest` on that have left, or leave now, the row of the open ones.
    fn store_what_is_over(&self, resolution: Resolution, oldest: Timestamp, outputs: &mut Vec<Output>) {
        let ring = self.ring(resolution);
        let first_open = self.first_open(resolution);
        // Steps that became over since then were in the row of the open steps until now, too.
        let oldest = oldest.floor(resolution.saved_every_ms());
        let mut next = ring.partition_point(|bucket| bucket.at < oldest);
        let (kind, page_ms) = resolution.page();
        while next < first_open {
            let begins = ring[next].at.floor(page_ms);
            let first = ring.partition_point(|bucket| bucket.at < begins);
            next = ring.partition_point(|bucket| bucket.at < begins.plus(page_ms)).min(first_open);
            let kept = ring.range(first..next).filter(|bucket| is_kept(resolution, bucket));
            let steps: Vec<Bucket> = kept.cloned().collect();
            if !steps.is_empty() {
                outputs.push(Output::Store(Row::Page(kind, begins, steps)));
            }
        }
    }

    fn forget_what_is_old(&mut self, resolution: Resolution, now: Timestamp, outputs: &mut Vec<Output>) {
        let oldest = now.minus(resolution.span_ms());
        let ring = self.ring_mut(resolution);
        let kept = ring.partition_point(|bucket| bucket.at < oldest);
        // A step at a time would be a delete for each; a sixteenth of the span makes them rare.
        if kept > 0 && now.since(ring[0].at) > resolution.span_ms() / 16 * 17 {
            ring.drain(..kept);
            outputs.push(Output::Forget(resolution.kind(), oldest.0));
            let (kind, page_ms) = resolution.page();
            outputs.push(Output::Forget(kind, oldest.floor(page_ms).0));
        }
    }

    /// The place of the first step that belongs to the row of the open ones.
    fn first_open(&self, resolution: Resolution) -> usize {
        let ring = self.ring(resolution);
        let newest = ring.back().map(|bucket| bucket.at).unwrap_or_default();
        let begins = newest.floor(resolution.saved_every_ms());
        ring.partition_point(|bucket| bucket.at < begins)
    }

    fn open(&self, resolution: Resolution) -> impl Iterator<Item = (Resolution, Bucket)> {
        let ring = self.ring(resolution);
        let newest = ring.back().map(|bucket| bucket.at);
        let open = ring.range(self.first_open(resolution)..);
        let open = open.filter(move |bucket| is_kept(resolution, bucket) || newest == Some(bucket.at));
        open.map(move |bucket| (resolution, bucket.clone()))
    }

    pub(super) fn last_hour(&self, now: Timestamp) -> Sums {
        Self::sums(&self.fine, now.minus(HOUR_MS))
    }

    /// Sums over the last so many milliseconds, of at most an hour.
    pub(super) fn last(&self, now: Timestamp, span_ms: u64) -> Sums {
        Self::sums(&self.fine, now.minus(span_ms))
    }

    /// Coins made since then, to a minute.
    pub(super) fn minted_since(&self, from: Timestamp) -> Coins {
        Self::sums(&self.minutes, from).minted
    }

    /// The beginning of the first minute that is known.
    pub(super) fn known_since(&self) -> Option<Timestamp> {
        self.minutes.front().map(|bucket| bucket.at)
    }

    pub(super) fn last_day(&self, now: Timestamp) -> Sums {
        Self::sums(&self.minutes, now.minus(DAY_MS))
    }

    /// Players with a command in the last 24 hours.
    pub(super) fn active(&self, now: Timestamp) -> u64 {
        self.activity.count(now)
    }

    pub(super) fn handling(&self, now: Timestamp) -> Handling {
        let mut all: BTreeMap<u16, u32> = BTreeMap::new();
        for bucket in since(&self.fine, now.minus(HANDLING_WINDOW_MS)) {
            for (&bin, &count) in &bucket.handling {
                *all.entry(bin).or_default() += count;
            }
        }
        Handling { p50: percentile(&all, 50), p99: percentile(&all, 99) }
    }

    pub(super) fn ping_one_hour_ago(&self, now: Timestamp) -> Option<f64> {
        let hour_ago = now.minus(HOUR_MS);
        let (sum, count) = since(&self.minutes, hour_ago.minus(HOUR_AGO_SLACK_MS))
            .take_while(|bucket| bucket.at <= hour_ago.plus(HOUR_AGO_SLACK_MS))
            .fold((0.0, 0), |(sum, count), bucket| (sum + bucket.ping_sum, count + bucket.ping_count));
        (count > 0).then(|| sum / f64::from(count))
    }

    pub(super) fn change_from_last_month(&self, now: Timestamp) -> Option<f64> {
        let (current, previous) = match now.month() {
            month if month == self.months.month => (self.months.commands, self.months.previous),
            month if month == self.months.month + 1 => (0, self.months.commands),
            _ => return None,
        };
        #[expect(clippy::cast_precision_loss, reason = "a percentage that is shown with one decimal")]
        percent_change(previous as f64, current as f64)
    }

    /// One point a step, oldest first, from the first step that begins at `from` or later; a step in which nothing
    /// happened has a point, too. Nothing is known before the first step that was kept.
    pub(super) fn points(
        &self,
        now: Timestamp,
        from: Timestamp,
        resolution: Resolution,
    ) -> Vec<HistoryPoint> {
        let (ring, step_ms) = (self.ring(resolution), resolution.step_ms());
        let Some(first) = ring.front() else { return Vec::new() };
        let from = from.max(now.minus(resolution.span_ms()));
        let mut at = from.plus(step_ms - 1).floor(step_ms).max(first.at);
        let before = ring.partition_point(|bucket| bucket.at < at).checked_sub(1);
        let mut last = before.and_then(|index| ring.get(index));
        let mut known = since(ring, at).peekable();
        let mut points = Vec::new();
        while at <= now {
            if let Some(bucket) = known.next_if(|bucket| bucket.at == at) {
                points.push(bucket.point());
                last = Some(bucket);
            } else {
                points.push(Bucket::after(last, at).point());
            }
            at = at.plus(step_ms);
        }
        points.extend(known.map(Bucket::point)); // A clock that stepped back has left them ahead.
        history::thin(&mut points);
        points
    }

    /// The mean latency of each finest step that begins after `since`, newest first.
    pub(super) fn pings_after(&self, since: Timestamp) -> impl Iterator<Item = Missed> {
        let later = self.fine.iter().rev().take_while(move |bucket| bucket.at > since);
        later.filter_map(|bucket| Some(Missed { at: bucket.at, ms: bucket.ping()? }))
    }

    /// The oldest of the finest steps that has changed since this was last asked.
    pub(super) fn take_untold(&mut self) -> Option<Timestamp> {
        self.untold.take()
    }

    fn sums(ring: &VecDeque<Bucket>, from: Timestamp) -> Sums {
        since(ring, from).fold(Sums::default(), |sums, bucket| Sums {
            commands: sums.commands + bucket.commands,
            refused: sums.refused + bucket.refused,
            failed: sums.failed + bucket.failed,
            minted: sums.minted.saturating_plus(bucket.minted),
            burned: sums.burned.saturating_plus(bucket.burned),
        })
    }

    /// Changes the step that `at` falls into, at each resolution. What has just missed it counts in the newest one: a step
    /// that is over would be stored once more for each.
    fn update(&mut self, at: Timestamp, change: impl Fn(&mut Bucket)) {
        self.update_step(at, true, change);
    }

    /// The same; the step may be over already, or between two that are known. What is older than a resolution keeps is left out
    /// of it.
    fn update_step(&mut self, at: Timestamp, may_follow: bool, change: impl Fn(&mut Bucket)) {
        for resolution in Resolution::ALL {
            let mut begins = at.floor(resolution.step_ms());
            let ring = self.ring_mut(resolution);
            let next = begins.plus(resolution.step_ms());
            if may_follow && ring.back().is_some_and(|last| last.at == next) {
                begins = next;
            }
            if ring.back().is_some_and(|last| last.at.since(begins) > resolution.span_ms()) {
                continue;
            }
            let place = ring.partition_point(|bucket| bucket.at < begins);
            // One that is over now gets a row of its own.
            let mut changed = begins;
            if ring.get(place).is_none_or(|found| found.at != begins) {
                let before = place.checked_sub(1).and_then(|before| ring.get(before));
                changed = before.map_or(begins, |before| before.at);
                ring.insert(place, Bucket::after(before, begins));
            }
            if let Some(bucket) = ring.get_mut(place) {
                change(bucket);
            }
            let touched = self.touched[resolution as usize].get_or_insert(changed);
            *touched = changed.min(*touched);
        }
        let begins = at.floor(Resolution::FiveSeconds.step_ms());
        self.untold = Some(self.untold.map_or(begins, |untold| untold.min(begins)));
    }

    fn ring(&self, resolution: Resolution) -> &VecDeque<Bucket> {
        match resolution {
            Resolution::FiveSeconds => &self.fine,
            Resolution::Minute => &self.minutes,
            Resolution::QuarterHour => &self.quarters,
        }
    }

    fn ring_mut(&mut self, resolution: Resolution) -> &mut VecDeque<Bucket> {
        match resolution {
            Resolution::FiveSeconds => &mut self.fine,
            Resolution::Minute => &mut self.minutes,
            Resolution::QuarterHour => &mut self.quarters,
        }
    }
}

/// Whether a step that is over is stored. One of five seconds without commands holds latencies alone, and its minute keeps
/// their mean: 17 280 steps of a quiet day are not worth it.
fn is_kept(resolution: Resolution, bucket: &Bucket) -> bool {
    resolution != Resolution::FiveSeconds || bucket.commands > 0
}

fn since(ring: &VecDeque<Bucket>, from: Timestamp) -> impl Iterator<Item = &Bucket> {
    ring.range(ring.partition_point(|bucket| bucket.at < from)..)
}

/// From `before` to `after` in percent, with one decimal; `None` when there is nothing to compare with.
pub(super) fn percent_change(before: f64, after: f64) -> Option<f64> {
    (before > 0.0).then(|| ((after - before) / before * 1_000.0).round() / 10.0)
}

#[cfg(test)]
mod tests;
