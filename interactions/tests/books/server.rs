//! A server in which interactions are numbered by themselves.

use std::cell::Cell;

use interactions::{Books, Command, Person};
use protocol::Timestamp;

use crate::support::{NOON, Sqlite, answer, by_manager, call, press};

pub struct Server {
    pub sqlite: Sqlite,
    last: Cell<u64>,
}

impl Server {
    pub fn new() -> Self {
        Self { sqlite: Sqlite::new(), last: Cell::new(0) }
    }

    pub fn id(&self) -> u64 {
        self.last.set(self.last.get() + 1);
        self.last.get()
    }

    /// Has a player use a command; returns the reply.
    pub fn says(&self, who: &Person, command: Command) -> String {
        answer(&self.sqlite, NOON, &call(self.id(), who, command))
    }

    pub fn manages(&self, who: &Person, command: Command) -> String {
        answer(&self.sqlite, NOON, &by_manager(call(self.id(), who, command)))
    }

    pub fn presses(&self, now: Timestamp, who: &Person, reply: &str, label: &str) -> String {
        answer(&self.sqlite, now, &by_manager(press(self.id(), who, reply, label)))
    }

    pub fn held(&self, who: &Person) -> i64 {
        self.sqlite
            .number(&format!("SELECT COALESCE(SUM(balance), 0) FROM accounts WHERE user = '{}'", who.id))
    }

    pub fn prove(&self) {
        let proof = Books::new(&self.sqlite).prove().unwrap();
        assert_eq!((proof.sum.get(), proof.mismatches.len(), proof.lowest_balance.get()), (0, 0, 0));
        let wrong = "SELECT COUNT(*) FROM journal WHERE wealth + mint + burn + shop + house <> 0
            OR mint > 0 OR burn < 0 OR shop < 0 OR house < 0";
        assert_eq!(self.sqlite.number(wrong), 0);
    }
}
