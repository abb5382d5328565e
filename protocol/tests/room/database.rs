//! The room's table, and the number of rows written to it.

use std::collections::BTreeMap;

use protocol::room::{Kind, Memory, Output, Row};

use crate::samples::EPOCH;

#[derive(Default)]
pub struct Database {
    pub rows: BTreeMap<(Kind, u64), String>,
    /// Rows written and deleted, alarms not counted.
    pub written: u64,
}

impl Database {
    /// Does to the table what an output asks for.
    pub fn perform(&mut self, output: &Output) {
        match output {
            Output::Store(row) => {
                self.rows.insert((row.kind(), row.key()), row.value().unwrap());
                self.written += 1;
            }
            Output::Forget(kind, below) => {
                let before = self.rows.len();
                self.rows.retain(|(kept, key), _| kept != kind || key >= below);
                self.written += (before - self.rows.len()) as u64;
            }
            Output::Delete(kind, key) => {
                self.written += u64::from(self.rows.remove(&(*kind, *key)).is_some());
            }
            _ => {}
        }
    }

    /// The rows that a room reads when it comes up.
    pub fn memory(&self) -> Memory {
        let mut memory = Memory::new(EPOCH);
        for ((kind, key), value) in self.rows.iter().filter(|((kind, _), _)| *kind != Kind::Past) {
            memory.add(*kind, &Row::key_text(*key), value).unwrap();
        }
        memory
    }
}
