//! The rows of the event list: what the filter lets through of the log, and the older pages below it.

use std::{collections::VecDeque, sync::Arc};

use protocol::{Event, Seq};

use super::{
    filter::Filter,
    log::{Change, Log},
};

/// The most rows one list holds; who wants to go further back narrows the filter.
pub const ROWS_MAX: usize = 20_000;

/// The list. Rows are newest first.
#[derive(Clone, Debug, Default)]
pub struct List {
    filter: Filter,
    rows: VecDeque<Arc<Event>>,
    /// The number of rows, at the end, that came with older pages.
    older: usize,
    /// The oldest event that was looked at for the rows above the older pages.
    floor: Seq,
    /// The `before` of the next older page.
    next: Seq,
    complete: bool,
}

impl List {
    /// The filter of the rows.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The number of rows, at most [`ROWS_MAX`].
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// A row by its place; 0 is the newest.
    pub fn get(&self, index: usize) -> Option<&Arc<Event>> {
        self.rows.get(index)
    }

    /// The row of an event.
    pub fn index_of(&self, seq: Seq) -> Option<usize> {
        self.rows.binary_search_by(|row| seq.cmp(&row.seq)).ok()
    }

    /// Filters by something else.
    pub fn refilter(&mut self, filter: Filter, log: &Log) {
        *self = Self { filter, ..Self::default() };
        self.update(log, Change::Anew);
    }

    /// Follows the log; gives how many rows came on top.
    pub fn update(&mut self, log: &Log, change: Change) -> usize {
        match change {
            Change::Nothing => 0,
            Change::Ahead(count) => {
                let fresh: Vec<_> =
                    log.run().take(count).filter(|event| self.filter.lets(event)).cloned().collect();
                let added = fresh.len();
                fresh.into_iter().rev().for_each(|event| self.rows.push_front(event));
                while self.rows.len() > ROWS_MAX {
                    self.rows.pop_back();
                    self.older = self.older.saturating_sub(1);
                    self.complete = false;
                    self.next = self.rows.back().map_or(self.next, |event| event.seq);
                }
                added
            }
            Change::Anew => self.rebuild(log),
        }
    }

    /// The `before` of the next older page; `None` when there is none, or no room for it.
    pub fn wants_before(&self) -> Option<Seq> {
        (!self.complete && self.next > Seq(1) && self.rows.len() < ROWS_MAX).then_some(self.next)
    }

    /// Whether the last row is the first event there ever was, or is kept.
    pub fn is_complete(&self) -> bool {
        self.complete || self.next <= Seq(1)
    }

    /// Takes a page that was asked for with `before` and this filter.
    pub fn add_older(&mut self, filter: &Filter, before: Seq, page: Vec<Event>) {
        if *filter != self.filter || before != self.next {
            return; // An answer to a question of before.
        }
        self.complete = page.is_empty();
        for event in page {
            if event.seq < self.next {
                self.next = event.seq;
                if self.filter.lets(&event) {
                    self.rows.push_back(Arc::new(event));
                    self.older += 1;
                }
            }
        }
    }

    fn rebuild(&mut self, log: &Log) -> usize {
        let newest = self.rows.front().map(|row| row.seq);
        let floor = log.run().last().map_or(Seq(0), |event| event.seq);
        let mut rows: VecDeque<_> = log.run().filter(|event| self.filter.lets(event)).cloned().collect();
        let added = rows.iter().take_while(|row| newest.is_none_or(|newest| row.seq > newest)).count();
        if floor == self.floor && self.next < floor {
            let older = self.rows.len() - self.older;
            rows.extend(self.rows.drain(older..));
        } else {
            (self.older, self.next, self.complete) = (0, floor, false);
        }
        self.floor = floor;
        self.rows = rows;
        added
    }
}

#[cfg(test)]
mod tests {
    use protocol::{Epoch, GuildId, ServerMessage, Snapshot, feed::Feed};

    use super::*;
    use crate::filter::tests::event;

    struct Desk {
        feed: Feed,
        log: Log,
        list: List,
    }

    impl Desk {
        fn new(first: u64, last: u64) -> Self {
            let golden = include_str!("../../../protocol/tests/golden/snapshot.json");
            let mut snapshot: Snapshot = serde_json::from_str(golden).unwrap();
            snapshot.epoch = Epoch(1);
            snapshot.events = (first..=last).rev().map(event).collect();
            snapshot.seq = Seq(last);
            let mut desk = Self { feed: Feed::default(), log: Log::default(), list: List::default() };
            desk.feed.merge_snapshot(snapshot);
            desk.follow();
            desk
        }

        fn follow(&mut self) -> usize {
            let change = self.log.sync(&self.feed);
            self.list.update(&self.log, change)
        }

        fn come(&mut self, seqs: std::ops::RangeInclusive<u64>) -> usize {
            self.feed.merge(Epoch(1), ServerMessage::Events { data: seqs.map(event).collect() });
            self.follow()
        }

        fn seqs(&self) -> Vec<u64> {
            self.list.rows.iter().map(|row| row.seq.0).collect()
        }
    }

    #[test]
    fn new_rows_come_on_top_and_old_pages_below() {
        let mut desk = Desk::new(5, 6);
        assert_eq!(desk.come(7..=8), 2);
        assert_eq!(desk.list.wants_before(), Some(Seq(5)));
        desk.list.add_older(&Filter::default(), Seq(5), vec![event(4), event(3)]);
        assert_eq!(desk.seqs(), [8, 7, 6, 5, 4, 3]);
        desk.list.add_older(&Filter::default(), Seq(5), vec![event(4), event(3)]);
        assert_eq!(desk.seqs(), [8, 7, 6, 5, 4, 3], "a late answer changes nothing");
        assert_eq!(desk.come(9..=9), 1);
        assert_eq!(desk.list.index_of(Seq(9)), Some(0));
        assert_eq!(desk.list.index_of(Seq(3)), Some(6));
        desk.list.add_older(&Filter::default(), Seq(3), Vec::new());
        assert_eq!(desk.list.wants_before(), None);
        assert!(desk.list.is_complete());
    }

    #[test]
    fn a_jump_lets_go_of_pages_that_no_longer_join() {
        let mut desk = Desk::new(5, 6);
        desk.list.add_older(&Filter::default(), Seq(5), vec![event(4)]);
        desk.come(20..=21);
        assert_eq!(desk.seqs(), [21, 20]);
        assert_eq!(desk.list.wants_before(), Some(Seq(20)));
        desk.list.add_older(&Filter::default(), Seq(20), (7..20).rev().map(event).collect());
        assert_eq!(desk.seqs().len(), 15);
    }

    #[test]
    fn a_filter_asks_for_older_pages_of_its_own() {
        let mut desk = Desk::new(5, 14);
        let filter = Filter { words: "did 1".to_owned(), ..Filter::default() };
        desk.list.refilter(filter.clone(), &desk.log);
        assert_eq!(desk.seqs(), [14, 13, 12, 11, 10]);
        assert_eq!(desk.list.wants_before(), Some(Seq(5)), "the rows begin below what was looked through");
        desk.list.add_older(&filter, Seq(5), vec![event(4), event(1)]);
        assert_eq!(desk.seqs(), [14, 13, 12, 11, 10, 1], "a server that filters less is filtered here");
        let none = Filter { guild: Some(GuildId(99)), ..Filter::default() };
        desk.list.refilter(none, &desk.log);
        assert_eq!(desk.list.count(), 0);
    }
}
